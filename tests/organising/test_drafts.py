"""From the desk: one's own drafts, found again, written in again, never somebody else's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.accounts.models import Account
from app.drafting import actions
from app.drafting.models import Draft
from app.errors import Conflict
from app.petitions import queries
from app.petitions.models import Petition
from tests.drafting.writing import begun, proposed, saved, written
from tests.signatures.test_signing import change
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
CORRECT = {"decision": "correct", "line-1": "1", "remark-1": "Dites quelle gare.", "version": "1"}


def drafts_of(browser: TestClient, slug: str) -> str:
    """The address of a petition's draft."""
    return str(browser.get(f"/organisation/petitions/{slug}/texte").headers["location"]).rpartition("/")[0]


def test_a_petition_is_private_until_it_is_published(site: Site) -> None:
    organiser = site.staff("organiser")
    slug = proposed(organiser)
    assert slug.startswith("un-abri-pour-les-velos")
    assert site.client.get(f"/petitions/{slug}").status_code == 404
    assert "Un abri pour les vélos" in organiser.get(f"/organisation/petitions/{slug}").text


def test_a_draft_begun_signed_in_is_in_one_s_space_and_nobody_else_s(site: Site) -> None:
    organiser = site.staff("organiser")
    base = begun(organiser)
    assert f'href="{base}/relire"' in organiser.get("/organisation").text
    other = site.staff("organiser", email="autre@exemple.test")
    for browser, status in ((site.client, 303), (other, 404), (site.staff("moderator"), 303)):
        assert browser.get(f"{base}/demande").status_code == status
        assert browser.post(f"{base}/demande", data={"title": "Pris"}).status_code == 404
        assert browser.post(f"{base}/supprimer").status_code == 404
    assert base not in other.get("/organisation").text


def test_a_stranger_s_draft_goes_to_the_space_of_whoever_signs_in(site: Site) -> None:
    base = written(site.client)
    organiser = site.staff("organiser")
    assert "Proposer à la relecture" in organiser.get(f"{base}/relire").text
    assert organiser.post(f"{base}/garder").headers["location"] == f"{base}/relire?fait=garde"
    assert site.client.get(f"{base}/demande").status_code == 303
    assert f'href="{base}/relire"' in organiser.get("/organisation").text
    assert site.client.post(f"{base}/garder").status_code == 404


def test_whoever_comes_second_to_a_stranger_s_draft_takes_nothing(site: Site) -> None:
    """Both held its address when they asked: what decides is whose it is once it is locked."""
    written(site.client)
    first, second = (site.account_id(site.account("organiser", email=f"{n}@exemple.test")) for n in ("un", "deux"))
    with site.database.write() as session:
        draft = session.scalars(select(Draft)).one()
        actions.claim(session, draft.id, session.get_one(Account, first))
    with site.database.write() as session:
        other = session.get_one(Account, second)
        with pytest.raises(Conflict):
            actions.claim(session, draft.id, other)
        with pytest.raises(Conflict):
            actions.propose(session, site.settings, draft.id, other)
    with site.database.read() as session:
        assert session.scalars(select(Draft.account_id)).one() == first
        assert not session.scalar(select(func.count()).select_from(Petition))


@pytest.mark.databases("sqlite", "postgresql")
def test_corrections_are_written_in_the_same_draft_and_proposed_again(site: Site) -> None:
    organiser = site.staff("organiser")
    slug = proposed(organiser)
    assert organiser.get(f"/organisation/petitions/{slug}/texte").status_code == 404
    assert site.staff("moderator").post("/moderation/petitions/1/decision", data=CORRECT).status_code == 303
    base = drafts_of(organiser, slug)
    title = "Deux abris pour les vélos de la gare"
    assert saved(organiser, base, "demande", seen="1", title=title).status_code == 303
    again = organiser.post(f"/organisation/petitions/{slug}/proposer").headers["location"]
    assert again == f"{base}/relire"
    assert title in organiser.get(again).text
    assert organiser.post(f"{base}/proposer").status_code == 303
    assert title in organiser.get(f"/organisation/petitions/{slug}").text
    late = saved(organiser, base, "demande", seen="2", title="Trois abris")
    assert late.status_code == 409
    assert "ne change plus ici" in text_of(late.text)
    assert "Trois abris" in late.text


def test_a_petition_that_came_from_elsewhere_opens_as_a_draft(site: Site) -> None:
    slug = site.publish()
    change(site, slug, state="draft", opened_at=None)
    organiser = site.staff("organiser", slug)
    path = f"/organisation/petitions/{slug}/texte"
    assert "Ouvrir le brouillon" in organiser.get(path).text
    base = organiser.post(path).headers["location"].rpartition("/")[0]
    assert "Rouvrir la bibliothèque de Montfleur" in organiser.get(f"{base}/demande").text
    assert "Claire Vasseur" in organiser.get(f"{base}/destinataires").text
    assert 'value="2026-02-03"' in organiser.get(f"{base}/sources").text
    assert drafts_of(organiser, slug) == base
    assert organiser.post(path).headers["location"].startswith(base)
    other = site.staff("organiser", email="autre@exemple.test")
    assert other.get(path).status_code == 404
    assert other.post(path).status_code == 404
    assert other.get(f"{base}/demande").status_code == 404


def test_a_published_text_does_not_change(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    there = f"/organisation/petitions/{slug}/version"
    assert organiser.get(f"/organisation/petitions/{slug}/texte").headers["location"] == there
    assert organiser.post(f"/organisation/petitions/{slug}/texte").status_code == 409


def test_what_is_not_seen_is_in_no_text_of_a_petition(site: Site) -> None:
    organiser = site.staff("organiser")
    dirty = {"author": "Collectif \u202e\u200bdes pédales"}
    slug = proposed(organiser, reglages=dirty, histoire={"text": "Chaque matin\u202e, \u200bcent vélos. " * 4})
    with site.database.read() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        assert petition.author == "Collectif des pédales"
        assert petition.texts[0].markdown.startswith("Chaque matin, cent vélos.")


@pytest.mark.parametrize("title", ["أنقذوا المكتبة", "Спасём библиотеку", "救救我们的图书馆", "🙏🙏🙏🙏🙏"])
def test_a_title_in_any_script_makes_a_petition(site: Site, title: str) -> None:
    organiser = site.staff("organiser")
    base = written(organiser)
    saved(organiser, base, "demande", seen="1", title=title)
    page = organiser.get(organiser.post(f"{base}/proposer").headers["location"])
    assert title in page.text


def test_what_the_recipient_gets_is_not_changed_once_somebody_has_signed(site: Site) -> None:
    """Taken down, a petition may be written again; those who signed were promised what it said then."""
    slug = site.publish()
    site.confirmed(slug)
    change(site, slug, state="refused")
    organiser = site.staff("organiser", slug)
    base = organiser.post(f"/organisation/petitions/{slug}/texte").headers["location"].rpartition("/")[0]
    assert saved(organiser, base, "reglages").status_code == 303  # "count", it was "identities"
    response = organiser.post(f"{base}/proposer")
    assert response.status_code == 422
    assert "Des personnes ont signé sur cette promesse" in text_of(response.text)
    with site.database.read() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        assert (petition.delivery_mode, petition.title) == ("identities", "Rouvrir la bibliothèque de Montfleur")


@pytest.mark.databases("sqlite", "postgresql")
def test_petitions_close_to_a_draft_are_told_while_it_is_written(site: Site) -> None:
    near = site.publish(PETITION.replace("Rouvrir la bibliothèque de Montfleur", "Abriter les vélos devant la gare"))
    site.publish(PETITION.replace("Rouvrir la bibliothèque de Montfleur", "Un abri pour les chats"))
    base = written(site.client)
    for step in ("demande", "relire"):
        page = site.client.get(f"{base}/{step}").text
        assert "Des pétitions proches sont ouvertes Abriter les vélos devant la gare" in text_of(page)
        assert f'href="/petitions/{near}"' in page
        assert "chats" not in page
    saved(site.client, base, "demande", seen="1", title="Plus de bancs au marché")
    assert "Des pétitions proches" not in text_of(site.client.get(f"{base}/demande").text)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_text_opened_again_from_twelve_windows_is_one_draft(site: Site) -> None:
    organiser = site.staff("organiser")
    slug = proposed(organiser)
    assert site.staff("moderator").post("/moderation/petitions/1/decision", data=CORRECT).status_code == 303
    assert organiser.post(f"{drafts_of(organiser, slug)}/supprimer").status_code == 303
    together = threading.Barrier(12)

    def again(_: int) -> tuple[int, str]:
        together.wait()
        answer = organiser.post(f"/organisation/petitions/{slug}/texte")
        return answer.status_code, answer.headers.get("location", "")

    with ThreadPoolExecutor(12) as pool:
        answers = set(pool.map(again, range(12)))
    assert len({where for status, where in answers if status == 303}) == 1
    assert {status for status, _ in answers} <= {303, 503}
