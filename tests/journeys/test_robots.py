"""Above the usual pace: a browser computes unseen, somebody without JavaScript waits and is told so."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep
from urllib.parse import parse_qs, urlencode
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from app.signatures.pace import GRACE
from tests.journeys.conftest import served
from tests.journeys.people import PERSON, PHONE, Demo, People, confirm, number, open_mail, sign, sign_in

pytestmark = pytest.mark.xdist_group("robots")  # by one process: the rush takes its quarter of a minute once


@pytest.fixture(scope="module")
def demo(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One that finds two signatures in ten minutes many, and has just had a rush."""
    with served(loaded, tmp_path_factory.mktemp("rush"), SIGNONS_PACE_NETWORK="2") as running:
        for n in range(4):
            posted = urlencode({**PERSON, "email": f"foule{n}@exemple.test"}).encode()
            urlopen(Request(f"{running.url}{running.petition('nuit')}/signatures", posted)).close()
        sleep(GRACE + 1)
        yield running


def proofs(demo: Demo) -> dict[str, float]:
    with urlopen(f"{demo.url}/metrics") as answer:
        lines = [
            line.split() for line in answer.read().decode().splitlines() if line.startswith("signons_proofs_total")
        ]
    return {name.split('"')[1]: float(n) for name, n in lines}


def test_a_browser_proves_its_work_unseen_and_the_signature_counts(people: People, demo: Demo) -> None:
    petition, email = demo.petition("nuit"), "navigateur@exemple.test"
    before, had = demo.count(petition), proofs(demo).get("solved", 0)
    page = people.arrive(**PHONE)
    bodies: list[str] = []
    page.on("request", lambda request: bodies.append(request.post_data or "") if request.method == "POST" else None)
    sign(page, petition, email)
    typed = parse_qs(bodies[0], keep_blank_values=True)
    assert typed["altcha"] != [""]
    assert typed["secondes"][0].isdigit()
    assert typed["objet"] == [""]
    assert proofs(demo)["solved"] == had + 1
    confirm(page, email)
    assert number(page.locator(".place")) == before + 1
    assert [cookie["name"] for cookie in page.context.cookies()] == ["inbox"]
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_gone_back_the_form_is_sent_with_a_proof_of_its_own(people: People, demo: Demo) -> None:
    """Two people at one screen: the second goes back, and changes what the first has typed."""
    petition = demo.petition("nuit")
    had = proofs(demo).get("solved", 0)
    page = people.arrive()
    sign(page, petition, "un@exemple.test")
    page.go_back()
    form = page.locator('form[action$="/signatures"]')
    form.locator('[name="email"]').fill("deux@exemple.test")
    form.locator('[name="given_name"]').fill("Deuxième")
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")
    assert proofs(demo)["solved"] == had + 2


def test_without_javascript_it_waits_says_so_and_counts_once_looked_at(people: People, demo: Demo) -> None:
    petition, email = demo.petition("nuit"), "sans-script@exemple.test"
    before = demo.count(petition)
    page = people.arrive(javascript=False, **PHONE)
    sign(page, petition, email, given_name="Sans-Script")
    open_mail(page, email, "/confirmer/")
    page.get_by_role("button", name="Confirmer ma signature").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre signature est confirmée")
    expect(page.locator(".notice").first).to_contain_text("vous n’avez rien à faire")
    assert demo.count(petition) == before
    admin = people.arrive()
    sign_in(admin, "admin@demo.test")
    admin.goto(f"/administration/fraude/{petition.rpartition('/')[2]}")
    waiting = admin.locator('section[aria-labelledby="titre-attente"]')
    expect(waiting).to_contain_text("sans la preuve de travail demandée")
    waiting.locator("table [type=checkbox]").first.check()
    waiting.get_by_role("button", name="Compter").click()
    expect(admin.locator(".notice.ok")).to_contain_text("1 signature remise dans le compte")
    assert demo.count(petition) == before + 1
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre signature est comptée")
