"""An administrator exports people of a petition that is not theirs with a second person, a reason, for a day."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.accounts.models import Account
from app.audit import AuditLine
from app.errors import Conflict
from app.exports import permissions
from app.exports.models import ExportPermission, ExportRecord
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

REASON = "Réquisition du 12 mars, dossier 4."


@pytest.fixture
def slug(site: Site) -> str:
    slug = site.publish()
    site.confirmed(slug, consent_organiser="on")
    return slug


def url(slug: str) -> str:
    return f"/organisation/petitions/{slug}/exports"


def ask(browser: TestClient, slug: str, purpose: str = "contact", reason: str = REASON) -> int:
    return browser.post(url(slug) + "/demandes", data={"asked": purpose, "reason": reason}).status_code


def export(browser: TestClient, slug: str, purpose: str) -> int:
    return browser.post(url(slug), data={"purpose": purpose}).status_code


def answer(browser: TestClient, number: int, said: str = "yes") -> int:
    return browser.post(f"/administration/exports/{number}/reponse", data={"answer": said}).status_code


def test_states_without_identity_are_the_administrators_and_people_are_not(site: Site, slug: str) -> None:
    admin = site.staff("admin")
    assert export(admin, slug, "audit") == 200
    for purpose in ("delivery", "contact"):
        refused = admin.post(url(slug), data={"purpose": purpose})
        assert refused.status_code == 422
        assert "avec l’accord d’une autre personne" in text_of(refused.text)
        assert "marie@exemple.test" not in refused.text
    with site.database.read() as session:
        assert [record.purpose for record in session.scalars(select(ExportRecord))] == ["audit"]
    page = admin.get(url(slug)).text
    assert 'value="audit"' in page
    assert 'name="purpose" value="contact"' not in " ".join(page.split())
    assert admin.post(url(slug) + "/apercu", data={"purpose": "contact"}).status_code == 422
    assert "Demander les signataires" in text_of(page)


def test_an_administrator_who_owns_it_is_an_organiser_like_others(site: Site, slug: str) -> None:
    admin = site.staff("admin", slug)
    assert [export(admin, slug, purpose) for purpose in ("delivery", "contact", "audit")] == [200, 200, 200]
    assert "Demander les signataires" not in admin.get(url(slug)).text


@pytest.mark.databases("sqlite", "postgresql")
def test_a_second_person_agrees_for_a_day_to_that_and_nothing_else(site: Site, slug: str) -> None:
    admin, other = site.staff("admin"), site.staff("admin", email="autre@exemple.test")
    assert ask(admin, slug) == 303
    assert "Votre demande est faite" in text_of(admin.get(url(slug) + "?demande=envoyee").text)
    assert export(admin, slug, "contact") == 422
    waiting = text_of(other.get("/administration/exports").text)
    assert REASON in waiting
    assert "admin@exemple.test" in waiting
    assert answer(other, 1) == 303
    assert export(admin, slug, "contact") == 200
    assert export(admin, slug, "delivery") == 422
    assert export(other, slug, "contact") == 422  # it was not theirs to use
    site.later(hours=1)
    admin.get("/organisation")
    site.later(hours=1)
    with site.database.read() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.act.in_(["export.asked", "export.granted"]))).all()
        assert [(line.act, line.account_id) for line in lines] == [
            ("export.asked", site.account_id("admin@exemple.test")),
            ("export.granted", site.account_id("autre@exemple.test")),
        ]
        assert REASON not in repr([line.details for line in lines])
        asker = session.get_one(Account, site.account_id("admin@exemple.test"))
        petition = session.scalars(select(ExportRecord.petition_id)).first()
    site.later(hours=22, seconds=1)
    with site.database.read() as session:
        from app.petitions.models import Petition

        assert permissions.held(session, session.get_one(Petition, petition), asker) == set()


def test_nobody_agrees_with_themselves(site: Site, slug: str) -> None:
    admin = site.staff("admin")
    ask(admin, slug)
    assert answer(admin, 1) == 422
    assert "C’est votre demande" in text_of(admin.get("/administration/exports").text)
    assert export(admin, slug, "contact") == 422


@pytest.mark.databases("sqlite", "postgresql")
def test_a_refusal_and_a_day_without_answer_end_a_request(site: Site, slug: str) -> None:
    admin, other = site.staff("admin"), site.staff("admin", email="autre@exemple.test")
    ask(admin, slug)
    assert ask(admin, slug) == 409
    assert answer(other, 1, "no") == 303
    assert answer(other, 1) == 409
    assert export(admin, slug, "contact") == 422
    assert ask(admin, slug) == 303
    site.later(hours=24, seconds=1)
    again = site.browser()
    again.post("/connexion", data={"email": "autre@exemple.test", "password": "une phrase de passe"})
    assert answer(again, 2) == 409
    assert "Aucune demande n’attend." in text_of(again.get("/administration/exports").text)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"asked": "audit", "reason": REASON}, "Choisissez ce que vous demandez"),
        ({"asked": "", "reason": REASON}, "Choisissez ce que vous demandez"),
        ({"asked": "contact", "reason": "parce que"}, "Dites pourquoi, en 10 à 500 caractères."),
        ({"asked": "contact", "reason": " \u200b " * 9}, "Dites pourquoi"),
        ({"asked": "contact", "reason": "😀" * 501}, "Dites pourquoi"),
    ],
)
def test_a_request_says_what_and_why(site: Site, slug: str, form: dict[str, str], sentence: str) -> None:
    admin = site.staff("admin")
    answered = admin.post(url(slug) + "/demandes", data=form)
    assert answered.status_code == 422
    assert sentence in text_of(answered.text)
    with site.database.read() as session:
        assert session.scalars(select(ExportPermission)).all() == []


def test_odd_answers_and_other_roles(site: Site, slug: str) -> None:
    admin, organiser = site.staff("admin"), site.staff("organiser", slug)
    ask(admin, slug)
    for number in ("0", "999", "1" * 20, "x"):
        assert admin.post(f"/administration/exports/{number}/reponse", data={"answer": "yes"}).status_code == 404
    assert admin.post("/administration/exports/1/reponse", data={"answer": "peut-être"}).status_code == 422
    assert answer(organiser, 1) == 404
    assert organiser.get("/administration/exports").status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_of_two_who_answer_at_once_one_does(site: Site, slug: str) -> None:
    admin = site.staff("admin")
    for n in range(2):
        site.account("admin", email=f"autre{n}@exemple.test")
    ask(admin, slug)
    gate = threading.Barrier(2)

    def say(n: int) -> str:
        gate.wait()
        try:
            with site.database.write() as session:
                by = session.get_one(Account, site.account_id(f"autre{n}@exemple.test"))
                permissions.answer(session, 1, n == 0, by)
        except Conflict:
            return "too late"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(say, range(2))) == ["done", "too late"]
