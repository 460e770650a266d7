"""Accounts seen and kept by an administrator: created, put out, let in again."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from app import clock
from app.accounts import actions, queries
from app.accounts.models import Account
from app.audit import AuditLine
from app.errors import NotFound, Refused
from app.petitions import queries as petition_queries
from app.web import ratelimit
from tests.site import PETITION, Site, text_of
from tests.staff import PUBLIC, code, give_password, is_in, public_browser, public_settings, with_second_factor

pytestmark = pytest.mark.databases("sqlite")

HOME = "/administration/comptes"


def row(admin: TestClient, email: str) -> str:
    """What the page says of one account."""
    rows = re.findall(r"<tr id=.*?</tr>", admin.get(HOME).text, re.DOTALL)
    (found,) = [text_of(one) for one in rows if f">{email}<" in one]
    return found


def journal(site: Site, act: str) -> list[tuple[int | None, str]]:
    with site.database.read() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.act == act).order_by(AuditLine.id))
        return [(line.account_id, line.target_id) for line in lines]


@pytest.mark.databases("sqlite", "postgresql")
def test_the_list_says_who_and_how_and_whether_they_are_in(site: Site) -> None:
    admin = site.staff("admin")
    site.account("organiser")
    with_second_factor(site, email="double@exemple.test")
    site.staff("moderator")
    assert re.match(r"organiser@exemple.test organisation non jamais actif 0 ", row(admin, "organiser@exemple.test"))
    assert re.match(
        r"double@exemple.test modération code 0 code de secours jamais actif 0 ", row(admin, "double@exemple.test")
    )
    assert re.search(r"modération non \d.* actif 1 Fermer toutes", row(admin, "moderator@exemple.test"))
    assert row(admin, "admin@exemple.test").endswith(" vous")
    site.later(hours=3)  # idle sessions are no longer open
    with site.database.read() as session:
        assert queries.open_sessions(session, clock.now(), clock.now() - actions.IDLE) == {}


def test_an_account_is_created_with_secrets_shown_once_and_works(database_url: str, tmp_path: Path) -> None:
    with Site(public_settings(database_url, tmp_path)) as site:
        slug = site.publish()
        totp = with_second_factor(site, "admin", "admin@exemple.test")
        admin = public_browser(site)
        give_password(admin, "admin@exemple.test")
        admin.post("/connexion", data={"code": code(totp)})
        form = {
            "email": " Nouvelle@Exemple.test ",
            "role": "organiser",
            "petitions": f"{PUBLIC['base_url']}/petitions/{slug}/",
        }
        response = admin.post(HOME, data=form)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        assert "unsafe" not in response.headers["content-security-policy"]
        assert re.search(r"<svg [^>]*class=\"segno\"", response.text)
        assert "style=" not in response.text
        found = re.search(r'<dd class="mono">([a-z0-9-]{24})</dd>', response.text)
        uri = re.search(r"otpauth://[^<\"]+", response.text)
        assert found is not None
        assert uri is not None
        new = pyotp.parse_uri(unescape(uri[0]))
        assert isinstance(new, pyotp.TOTP)
        assert new.name == "nouvelle@exemple.test"
        assert found[1] not in admin.get(HOME).text
        assert "otpauth" not in admin.get(HOME).text

        person = public_browser(site)
        give_password(person, "nouvelle@exemple.test", found[1])
        assert person.post("/connexion", data={"code": code(new)}).status_code == 303
        assert slug in person.get("/organisation").text
        me = site.account_id("admin@exemple.test")
        assert journal(site, "account.created")[-1] == (me, str(site.account_id("nouvelle@exemple.test")))
        assert journal(site, "petition.owner_added")[-1][0] == me


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"email": "", "role": "organiser"}, "Indiquez l’adresse de la personne."),
        ({"email": "pas une adresse", "role": "organiser"}, "n’est pas une adresse e-mail."),
        ({"email": "admin@exemple.test", "role": "organiser"}, "Un compte existe déjà pour cette adresse."),
        ({"email": "x@x.test", "role": "roi"}, "Choisissez un rôle."),
        ({"email": "x@x.test", "role": "organiser", "petitions": "nulle"}, "Aucune pétition n’a l’adresse « nulle »."),
        ({"email": "x@x.test", "role": "admin", "petitions": "n"}, "Seul un compte d’organisation a des pétitions."),
    ],
)  # fmt: skip
def test_a_refused_account_keeps_what_was_typed_and_creates_nothing(
    site: Site, form: dict[str, str], sentence: str
) -> None:
    admin = site.staff("admin")
    response = admin.post(HOME, data=form)
    assert response.status_code == 422
    assert sentence in text_of(response.text)
    assert form["email"] in response.text
    assert form.get("petitions", "") in response.text
    assert "otpauth" not in response.text
    with site.database.read() as session:
        assert [account.email for account in queries.all_accounts(session)] == ["admin@exemple.test"]


def test_every_session_of_somebody_is_closed(site: Site) -> None:
    admin, person = site.staff("admin"), site.staff("moderator")
    number = site.account_id("moderator@exemple.test")
    assert is_in(person)
    assert admin.post(f"{HOME}/{number}/sessions").status_code == 303
    assert not is_in(person)
    assert "actif 0" in row(admin, "moderator@exemple.test")
    assert journal(site, "account.sessions_closed") == [(site.account_id("admin@exemple.test"), str(number))]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_disabled_person_is_out_and_stays_out_until_enabled(site: Site) -> None:
    admin, person = site.staff("admin"), site.staff("moderator")
    number = site.account_id("moderator@exemple.test")
    assert admin.post(f"{HOME}/{number}/desactivation").status_code == 303
    assert not is_in(person)
    assert give_password(person, "moderator@exemple.test") == 422
    assert "désactivé" in row(admin, "moderator@exemple.test")
    assert admin.post(f"{HOME}/{number}/desactivation").status_code == 303
    assert len(journal(site, "account.disabled")) == 1
    assert admin.post(f"{HOME}/{number}/reactivation").status_code == 303
    assert give_password(person, "moderator@exemple.test") == 303
    assert is_in(person)
    assert len(journal(site, "account.enabled")) == 1


def test_nobody_disables_themselves(site: Site) -> None:
    admin = site.staff("admin")
    response = admin.post(f"{HOME}/{site.account_id('admin@exemple.test')}/desactivation")
    assert response.status_code == 422
    assert "Demandez-le à une autre personne." in text_of(response.text)
    assert admin.get(HOME).status_code == 200


def test_an_account_that_has_ended_does_not_come_back(site: Site) -> None:
    admin = site.staff("admin")
    number = site.account_id(site.account("organiser"))
    with site.database.write() as session:
        actions.end(session, session.get_one(Account, number))
    assert admin.post(f"{HOME}/{number}/reactivation").status_code == 422
    assert "supprimé" in row(admin, f"compte-{number}-supprime")
    assert admin.post(f"{HOME}/999/reactivation").status_code == 404


def disable(site: Site, me: int, them: int, gate: threading.Barrier) -> str:
    gate.wait()
    try:
        with site.database.write() as session:
            actions.disable(session, them, me)
    except (NotFound, Refused):
        return "too late"
    return "done"


@pytest.mark.databases("sqlite", "postgresql")
def test_of_two_administrators_who_disable_each_other_one_stays(site: Site) -> None:
    emails = [site.account("admin", email=f"admin{n}@exemple.test") for n in range(2)]
    one, two = (site.account_id(email) for email in emails)
    for _ in range(5):
        gate = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            pair = [pool.submit(disable, site, me, them, gate) for me, them in ((one, two), (two, one))]
            assert sorted(future.result() for future in pair) == ["done", "too late"]
        with site.database.write() as session:
            assert sum(account.disabled_at is None for account in queries.all_accounts(session)) == 1
            session.execute(update(Account).values(disabled_at=None))


def test_owners_of_the_new_account_are_those_typed(site: Site) -> None:
    slug = site.publish()
    admin = site.staff("admin")
    form = {"email": "x@exemple.test", "role": "organiser", "petitions": f"{slug}\n{slug}"}
    assert admin.post(HOME, data=form).status_code == 200
    with site.database.read() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        assert [owner.email for owner in petition.owners] == ["x@exemple.test"]


def test_header_of_an_administrator_leads_to_every_desk(site: Site) -> None:
    admin = site.staff("admin")
    html = admin.get("/administration").text
    head = html[html.index("<nav") : html.index("<main")]
    for path in ("fraude", "comptes", "demandes", "journal"):
        assert f'href="/administration/{path}"' in head
        page = admin.get(f"/administration/{path}").text
        assert f'<a href="/administration/{path}" aria-current="page">' in page
    assert "/administration" not in site.staff("organiser").get("/organisation").text


def test_the_list_says_whose_account_was_tried_from_everywhere(site: Site) -> None:
    admin, email = site.staff("admin"), site.account("moderator")
    site.account("organiser")
    for n in range(30):
        ratelimit.limiter.reset()
        there = TestClient(site.app, base_url="http://127.0.0.1:8000", client=(f"203.0.{n // 8 + 1}.7", 50_000))
        there.post("/connexion", data={"email": email, "password": "pas le bon du tout"})
    assert "essais manqués" in row(admin, email)
    assert "essais manqués" not in row(admin, "organiser@exemple.test")


def test_petitions_are_given_to_an_account_that_exists(site: Site) -> None:
    slug, other = site.publish(), site.publish(PETITION.replace("Montfleur", "Valfleur"))
    admin, organiser = site.staff("admin"), site.staff("organiser")
    site.account("moderator")
    url = "/administration/comptes/petitions"
    assert organiser.get(f"/organisation/petitions/{slug}").status_code == 404
    form = {"compte": " Organiser@exemple.test", "donnees": f"http://127.0.0.1:8000/petitions/{slug}/\n{other}"}
    answer = admin.post(url, data=form)
    assert "C’est confié" in text_of(admin.get(answer.headers["location"]).text)
    for one in (slug, other):
        assert organiser.get(f"/organisation/petitions/{one}").status_code == 200
    assert admin.post(url, data=form).status_code == 303  # twice changes nothing
    for wrong in ({"compte": ""}, {"compte": "personne@exemple.test"}, {"compte": "moderator@exemple.test"},
                  {"donnees": ""}, {"donnees": "absente"},
                  {"donnees": "😀 \u202e"}, {"donnees": "9" * 5000}):  # fmt: skip
        assert admin.post(url, data=form | wrong).status_code == 422, wrong
    site.later(minutes=11)
    assert admin.post(url, data=form).status_code == 403
