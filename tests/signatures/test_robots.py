"""Robots: nothing is asked at an ordinary pace; above it a proof of work, without which a signature waits."""

import asyncio
import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import altcha
import pytest
from starlette.testclient import TestClient

from app import clock
from app.operations import metrics
from app.signatures import doubts
from app.signatures.pace import GRACE, WINDOW, Pace
from app.signatures.proof import LASTS, Proofs
from app.web.ratelimit import network_of
from tests.conftest import settings_for
from tests.services import valkey
from tests.site import FORM, Site, text_of

NETWORK = 4
DESK = "/administration/fraude"
WAITS = "Elle sera comptée quand une personne l’aura regardée"


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with Site(settings_for(database_url, tmp_path, pace_network=NETWORK)) as running:
        yield running


def asked(site: Site, slug: str, browser: TestClient | None = None) -> dict[str, object]:
    answer = (browser or site.client).get(f"/petitions/{slug}/preuve")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    found: dict[str, object] = answer.json()
    return found


def solved(challenge: dict[str, object]) -> str:
    read = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(read)
    assert solution is not None
    # As the script writes it: what it was given, and what it found.
    return base64.b64encode(json.dumps({"challenge": challenge, "solution": solution.to_dict()}).encode()).decode()


def rush(site: Site, slug: str) -> None:
    """Far above the pace, for longer than anybody needs to send a form."""
    for n in range(2 * NETWORK):
        site.sign(slug, email=f"foule{n}@exemple.test")
    site.later(seconds=GRACE + 1)


def states(site: Site) -> dict[str, tuple[str, str | None]]:
    """Of those who signed with a name of their own."""
    return {row.given_name: (row.state, row.doubt) for row in site.signatures() if row.given_name != "Marie"}


def outcomes() -> dict[str, float]:
    found = {}
    for metric in metrics.proofs.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                found[sample.labels["outcome"]] = sample.value
    return found


@pytest.mark.databases("sqlite")
def test_the_first_signers_are_asked_for_nothing(site: Site) -> None:
    slug = site.publish()
    for n in range(NETWORK):
        assert asked(site, slug) == {}
        path = site.confirmed(slug, email=f"p{n}@exemple.test")
        assert "Votre signature est comptée" in site.client.get(path).text
    assert {row.doubt for row in site.signatures()} == {None}
    assert asked(site, slug) == {}


@pytest.mark.databases("sqlite")
def test_above_the_pace_a_challenge_is_given_and_asking_changes_nothing(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    before = len(site.signatures())
    one, other = asked(site, slug), asked(site, slug)
    assert one != other
    assert {"parameters", "signature"} == one.keys()
    assert len(site.signatures()) == before
    # Another network is at an ordinary pace, and so is this one ten minutes later.
    assert asked(site, slug, site.browser(client=("198.51.100.7", 5000))) == {}
    site.later(seconds=2 * WINDOW)
    assert asked(site, slug) == {}


@pytest.mark.databases("sqlite")
def test_what_is_not_signed_asks_for_nothing(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    assert site.client.get("/petitions/aucune/preuve").status_code == 404
    site.later(days=500)
    assert asked(site, slug) == {}


@pytest.mark.databases("sqlite")
def test_the_instance_above_its_pace_asks_everybody(database_url: str, tmp_path: Path) -> None:
    with Site(settings_for(database_url, tmp_path, pace_site=3)) as site:
        slug = site.publish()
        for n in range(4):
            browser = site.browser(client=(f"198.51.{n}.7", 5000))
            browser.post(f"/petitions/{slug}/signatures", data=FORM | {"email": f"p{n}@exemple.test"})
        assert asked(site, slug, site.browser(client=("192.0.2.7", 5000))) != {}


def test_with_its_proof_a_signature_counts_and_without_it_waits(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    before, count = outcomes(), site.count(slug)
    proof = solved(asked(site, slug))
    with_it = site.sign(slug, given_name="Avec", email="avec@exemple.test", altcha=proof)
    without = site.sign(slug, given_name="Sans", email="sans@exemple.test", comment="Il faut rouvrir.")
    # Nobody sees a difference on the screen.
    assert (with_it.status_code, with_it.headers["location"]) == (without.status_code, without.headers["location"])
    counted, waiting = (mail.link("/confirmer/") for mail in site.mails()[-2:])
    for path in (counted, waiting):
        assert site.client.post(path).headers["location"] == path
    assert states(site) == {"Avec": ("confirmed", None), "Sans": ("quarantined", "p")}
    assert site.count(slug) == count + 1
    assert "Votre signature est comptée" in site.client.get(counted).text
    page = site.client.get(waiting)
    assert page.status_code == 200
    assert WAITS in text_of(page.text)
    assert "Sans" not in text_of(site.client.get(f"/petitions/{slug}/signatures").text)
    # Once more changes nothing.
    assert site.client.post(waiting).headers["location"] == waiting
    assert site.count(slug) == count + 1
    now = outcomes()
    assert [now.get(name, 0) - before.get(name, 0) for name in ("asked", "solved", "missing")] == [1, 1, 1]


def test_who_waits_is_at_the_fraud_desk_and_counts_once_put_back(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    site.sign(slug, given_name="Sans", email="sans@exemple.test", display="full")
    path = site.mails()[-1].link("/confirmer/")
    site.client.post(path)
    admin, count = site.staff("admin"), site.count(slug)
    page = admin.get(f"{DESK}/{slug}").text
    assert "En attente d’un regard" in page
    assert doubts.WORDS["p"] in page
    line = f"ligne-{next(row for row in site.signatures() if row.given_name == 'Sans').id.hex}"
    answer = admin.post(f"{DESK}/{slug}/lots", data={"act": "put_back", "groupe": "attente", line: "on"})
    assert answer.status_code == 303
    assert site.count(slug) == count + 1
    assert "En attente d’un regard" not in admin.get(f"{DESK}/{slug}").text
    thanks = text_of(site.client.get(path).text)
    assert "Votre signature est comptée" in thanks
    assert "signature numéro" not in thanks  # it has no place of its own
    assert "Sans Durand" in text_of(site.client.get(f"/petitions/{slug}/signatures").text)


@pytest.mark.databases("sqlite")
def test_looked_at_and_refused_the_link_says_no_more(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    site.sign(slug, given_name="Sans", email="sans@exemple.test")
    path = site.mails()[-1].link("/confirmer/")
    site.client.post(path)
    line = f"ligne-{next(row for row in site.signatures() if row.given_name == 'Sans').id.hex}"
    lot = {"act": "invalidate", "reason": "robot", "groupe": "attente", line: "on"}
    assert site.staff("admin").post(f"{DESK}/{slug}/lots", data=lot).status_code == 303
    assert site.client.get(path).status_code == 410
    assert site.client.post(path).status_code == 410


def forged(proof: str, change: Callable[[dict[str, dict[str, object]]], None]) -> str:
    payload = json.loads(base64.b64decode(proof))
    change(payload)
    return base64.b64encode(json.dumps(payload).encode()).decode()


def other_solution(payload: dict[str, dict[str, object]]) -> None:
    payload["solution"] = {"counter": 1, "derivedKey": "00" * 32}


def longer_life(payload: dict[str, dict[str, object]]) -> None:
    parameters = payload["challenge"]["parameters"]
    assert isinstance(parameters, dict)
    parameters["expiresAt"] += 3600


def no_work(payload: dict[str, dict[str, object]]) -> None:
    parameters = payload["challenge"]["parameters"]
    assert isinstance(parameters, dict)
    parameters |= {"cost": 1, "keyPrefix": ""}
    del parameters["keySignature"]


@pytest.mark.databases("sqlite")
def test_a_proof_that_is_none_is_as_good_as_missing(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    proof = solved(asked(site, slug))
    strangers = Proofs(b"another instance's key, 32 bytes.")
    wrong = {
        "Solution": forged(proof, other_solution),
        "Durée": forged(proof, longer_life),
        "Facile": forged(proof, no_work),
        "Étranger": solved(strangers.challenge()),
        "Base": "%%%",
        "Liste": base64.b64encode(b"[]").decode(),
        "Texte": base64.b64encode(b'{"challenge": "x", "solution": {}}').decode(),
        "Nombres": base64.b64encode(b'{"challenge": {"parameters": {}}, "solution": 1}').decode(),
        "Profond": base64.b64encode(b"[" * 1400).decode(),
        "Emoji": "🙂",
        "Long": proof * 40,
    }
    for n, (name, typed) in enumerate(wrong.items()):
        assert site.sign(slug, given_name=name, email=f"faux{n}@exemple.test", altcha=typed).status_code == 303
    assert {name: doubt for name, (_, doubt) in states(site).items()} == dict.fromkeys(wrong, "p")
    # The proof itself has served nobody.
    site.sign(slug, given_name="Juste", email="juste@exemple.test", altcha=proof)
    assert states(site)["Juste"] == ("pending", None)


@pytest.mark.databases("sqlite")
def test_a_proof_serves_one_address_and_may_be_sent_again_by_it(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    proof = solved(asked(site, slug))
    for name, email in (("Une", "une@exemple.test"), ("Une", "UNE@exemple.test"), ("Autre", "autre@exemple.test")):
        site.sign(slug, given_name=name, email=email, altcha=proof)
    assert states(site) == {"Une": ("pending", None), "Autre": ("pending", "p")}


@pytest.mark.databases("sqlite")
def test_a_proof_ends_after_half_an_hour(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    proof = solved(asked(site, slug))
    site.later(seconds=LASTS.total_seconds() + 1)
    rush(site, slug)
    site.sign(slug, given_name="Tard", email="tard@exemple.test", altcha=proof)
    assert states(site) == {"Tard": ("pending", "p")}


def test_the_same_form_sent_again_with_its_proof_waits_no_more(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    typed = {"given_name": "Deux", "email": "deux@exemple.test"}
    site.sign(slug, **typed)
    assert states(site) == {"Deux": ("pending", "p")}
    site.sign(slug, **typed, altcha=solved(asked(site, slug)))
    assert states(site) == {"Deux": ("pending", None)}
    # And whoever sends it a third time, without, takes nothing away.
    site.sign(slug, **typed)
    assert states(site) == {"Deux": ("pending", None)}


@pytest.mark.databases("sqlite")
def test_who_was_told_nothing_a_moment_ago_is_not_doubted(site: Site) -> None:
    slug = site.publish()
    assert asked(site, slug) == {}
    for n in range(4 * NETWORK):  # all at once
        site.sign(slug, email=f"foule{n}@exemple.test")
    assert {row.doubt for row in site.signatures()} == {None}


def test_the_code_of_the_mail_ends_on_the_same_page(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    site.sign(slug, given_name="Code", email="code@exemple.test")
    (code,) = re.findall(r"\b\d{4} ?\d{4}\b", site.mails()[-1].text)
    for _ in range(2):
        answer = site.client.post(f"/petitions/{slug}/code", data={"email": "code@exemple.test", "code": code})
        assert answer.status_code == 303, text_of(answer.text)
        assert WAITS in text_of(site.client.get(answer.headers["location"]).text)
    assert states(site) == {"Code": ("quarantined", "p")}


def test_trap_and_haste_are_shown_and_change_nothing(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, given_name="Piège", email="a@exemple.test", objet="http://spam.test", secondes="1")
    site.confirmed(slug, given_name="Vite", email="b@exemple.test", secondes="2")
    for n, seconds in enumerate(("3", "", "-1", "abc", "9" * 30, "²", "1e0")):
        site.confirmed(slug, given_name="Calme", email=f"c{n}@exemple.test", secondes=seconds, objet="  ")
    found = states(site)
    assert found == {"Piège": ("confirmed", "tf"), "Vite": ("confirmed", "f"), "Calme": ("confirmed", None)}
    assert site.count(slug) == 9
    page = text_of(site.staff("admin").get(f"{DESK}/{slug}").text)
    assert "Signal : rempli en moins de trois secondes 2 signatures" in page
    assert "Signal : champ caché rempli 1 signature" in page
    assert "En attente d’un regard" not in page


def test_people_who_confirm_at_the_same_moment_with_and_without(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    count = site.count(slug)
    for n in range(12):
        proof = {"altcha": solved(asked(site, slug))} if n % 2 else {}
        site.sign(slug, given_name=f"Q{'abcdefghijkl'[n]}", email=f"q{n}@exemple.test", **proof)
    paths = [mail.link("/confirmer/") for mail in site.mails()[-12:]]
    gate = threading.Barrier(12)

    def confirm(path: str) -> set[int]:
        gate.wait()
        return {site.client.post(path).status_code for _ in range(3)}

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(confirm, paths)) == [{303}] * 12
    rows = [row for row in site.signatures() if row.given_name.startswith("Q")]
    assert [row.state for row in rows if row.doubt] == ["quarantined"] * 6
    assert [row.state for row in rows if not row.doubt] == ["confirmed"] * 6
    assert site.count(slug) == count + 6
    assert sorted(row.place or 0 for row in rows) == [0] * 6 + list(range(count + 1, count + 7))


# Pace and memory alone


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.9", "203.0.113"),
        ("::ffff:203.0.113.9", "203.0.113"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("testclient", "testclient"),
        ("fe80::1%eth0", "fe80::/48"),
    ],
)
def test_a_network_is_what_surrounds_an_address(host: str, network: str) -> None:
    assert network_of(host) == network


def at(seconds: float) -> None:
    clock.reset()
    clock.travel(timedelta(seconds=seconds))


def test_a_pace_slides_over_ten_minutes() -> None:
    pace = Pace(10, 1000)
    for _ in range(10):
        pace.note("a")
    assert not pace.asks("a")
    pace.note("a")
    assert pace.asks("a")
    assert not pace.asks("b")
    at(WINDOW * 1.5)  # half of them are still within ten minutes, about
    assert not pace.asks("a")
    for _ in range(6):
        pace.note("a")
    assert pace.asks("a")
    at(WINDOW * 3)
    assert not pace.asks("a")


def test_it_insists_far_above_and_after_a_while_only() -> None:
    pace = Pace(10, 1000)
    for _ in range(14):
        pace.note("a")
    at(GRACE + 1)
    assert pace.asks("a")
    assert not pace.insists("a")
    for _ in range(2):
        pace.note("a")
    assert pace.insists("a")
    assert not pace.insists("b")
    for _ in range(16):
        pace.note("c")
    assert not pace.insists("c")
    at(2 * GRACE + 2)
    assert pace.insists("c")


def test_processes_share_what_has_served_by_redis_and_do_without_when_it_is_away() -> None:
    async def walk(url: str, stop: Callable[[], object]) -> None:
        key = b"one key of one instance, 32 bytes"
        one, other = Proofs(key, url), Proofs(key, url)
        proof = solved(one.challenge())
        assert await one.good(proof, b"a@exemple.test")
        assert not await other.good(proof, b"b@exemple.test")
        assert await other.good(proof, b"a@exemple.test")
        stop()
        again = solved(other.challenge())
        assert await one.good(again, b"b@exemple.test")
        assert not await one.good(again, b"c@exemple.test")
        await one.close()
        await other.close()

    with valkey() as server:
        asyncio.run(walk(server.url(), server.kill))


def test_of_many_who_use_one_proof_at_once_one_address_has_it(site: Site) -> None:
    slug = site.publish()
    rush(site, slug)
    proof, gate = solved(asked(site, slug)), threading.Barrier(8)

    def sign(n: int) -> int:
        gate.wait()
        return site.sign(slug, given_name=f"R{'abcdefgh'[n]}", email=f"r{n}@exemple.test", altcha=proof).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(sign, range(8))) == [303] * 8
    assert sorted(doubt or "" for _, doubt in states(site).values()) == ["", *["p"] * 7]
