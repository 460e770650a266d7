"""What a petition became: told by its organiser with its source, read by a moderator, then on its page and the home."""

import re
import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Select, select
from starlette.testclient import TestClient

from app import clock
from app.accounts.models import Account
from app.audit import AuditLine
from app.moderation.actions.news import decide_news, take_news_off
from app.organisations.models import Organisation
from app.organisations.rights import Right
from app.petitions import actions as petition_actions
from app.petitions import queries
from app.petitions.models import Petition
from app.updates import actions as updates
from app.updates import queries as update_queries
from app.zone import day_of
from tests.organisations.desk import found as founded
from tests.organisations.desk import join
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")
TEXT = "Le conseil municipal a voté la réouverture, trois jours par semaine."
SOURCE = {"source_title": "La bibliothèque rouvrira", "source_url": "https://gazette.exemple.fr/bibliotheque"}


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


@pytest.fixture
def moderator(site: Site) -> int:
    site.account("moderator")
    return site.account_id("moderator@exemple.test")


def tell(browser: TestClient, slug: str, **changes: str) -> tuple[int, str]:
    form = {"kind": "obtained", "on": day_of(clock.now()).isoformat(), "text": TEXT, **SOURCE} | changes
    answer = browser.post(f"/organisation/petitions/{slug}/issue", data=form)
    return answer.status_code, answer.text


def petition(site: Site, slug: str) -> Petition:
    with site.database.read() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        return found


def under_way(site: Site, slug: str) -> int:
    with site.database.read() as session:
        update = update_queries.outcome_under_way(session, petition(site, slug).id)
        assert update is not None
        return update.id


def decide(site: Site, slug: str, moderator: int, *, publish: bool = True) -> int:
    update_id = under_way(site, slug)
    why: Mapping[str, object] = {} if publish else {"article": 10, "explanation": "La source ne dit rien de tel."}
    with site.database.write() as session:
        decide_news(session, update_id, session.get_one(Account, moderator), publish=publish, seen="", **why)  # type: ignore[arg-type]
    return update_id


def appear(site: Site) -> None:
    """Its ten minutes are over."""
    with site.database.write() as session:
        updates.publish_due(session, clock.now() + updates.CALL_BACK)


def told(site: Site, slug: str) -> object:
    return site.client.get(f"/petitions/{slug}.json").json()["outcome"]


def home(site: Site) -> str:
    return site.client.get("/").text


@pytest.mark.databases("sqlite", "postgresql")
def test_a_victory_is_read_before_everybody_reads_it(
    site: Site, slug: str, organiser: TestClient, moderator: int
) -> None:
    assert "victoires" not in home(site).partition("<footer")[0]
    assert tell(organiser, slug)[0] == 303
    page = text_of(organiser.get(f"/organisation/petitions/{slug}/issue?fait=dite").text)
    assert "La modération lit cette issue avant qu’elle paraisse" in page
    assert "attend la modération depuis" in page
    assert (told(site, slug), "Victoires" in home(site).partition("<footer")[0]) == (None, False)
    decide(site, slug, moderator)
    assert told(site, slug) is None, "ten minutes to call it back"
    appear(site)
    day = day_of(clock.now()).isoformat()
    source = {"title": SOURCE["source_title"], "url": SOURCE["source_url"]}
    assert told(site, slug) == {"kind": "obtained", "at": day, "source": source}
    for path in ("/", "/petitions?etat=victoires", f"/petitions/{slug}", "/en/petitions?etat=victoires"):
        # Its title is somebody's words, which the English page says are French.
        theirs = 'dir="auto" lang="fr"' if path.startswith("/en/") else 'dir="auto"'
        link = f'<a rel="nofollow noopener" href="{SOURCE["source_url"]}" {theirs}>{SOURCE["source_title"]}</a>'
        assert link in site.client.get(path).text, path
    assert '<h2 id="titre-victoires">Victoires' in home(site)
    public = site.client.get(f"/petitions/{slug}").text
    assert "Obtenue" in text_of(public)
    assert TEXT in text_of(public), "in the words of its organiser, among the news"
    assert 'id="signer"' in public, "it is still open"
    with site.database.read() as session:
        acts = session.scalars(_acts()).all()
    assert acts == ["petition.outcome_told", "petition.outcome_shown"]


def _acts() -> Select[str]:
    return select(AuditLine.act).where(AuditLine.act.like("petition.outcome%")).order_by(AuditLine.id)


def test_closed_with_its_victory_and_opened_again(site: Site, slug: str, organiser: TestClient, moderator: int) -> None:
    assert "Clore la pétition dès maintenant" in organiser.get(f"/organisation/petitions/{slug}/issue").text
    assert tell(organiser, slug, close="on")[0] == 303
    assert petition(site, slug).state == "closed"
    decide(site, slug, moderator)
    appear(site)
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert "Ce qu’elle est devenue Obtenue" in page
    assert "se retrouve parmi les pétitions closes" in page
    assert slug in site.client.get("/petitions?etat=closes").text
    assert organiser.post(f"/organisation/petitions/{slug}/reouverture").status_code == 303
    assert told(site, slug) is not None


@pytest.mark.databases("sqlite", "postgresql")
def test_an_outcome_refused_or_taken_off_is_nobody_s_victory(
    site: Site, slug: str, organiser: TestClient, moderator: int
) -> None:
    tell(organiser, slug)
    decide(site, slug, moderator, publish=False)
    appear(site)
    assert told(site, slug) is None
    page = text_of(organiser.get(f"/organisation/petitions/{slug}/issue").text)
    assert "refusée par la modération La source ne dit rien de tel." in page
    tell(organiser, slug, kind="partly")
    first = decide(site, slug, moderator)
    appear(site)
    site.later(hours=1)
    tell(organiser, slug)
    second = decide(site, slug, moderator)
    appear(site)
    assert told(site, slug)["kind"] == "obtained"  # type: ignore[index]
    for update_id, left in ((second, "partly"), (first, None)):
        with site.database.write() as session:
            judge = session.get_one(Account, moderator)
            take_news_off(session, update_id, judge, 10, "La source ne dit rien de tel.", "")
        now = told(site, slug)
        assert (now["kind"] if now else None) == left  # type: ignore[index]
    assert "Victoires" not in home(site).partition("<footer")[0]


def test_each_outcome_is_read_even_of_those_who_are_trusted(
    site: Site, slug: str, organiser: TestClient, moderator: int
) -> None:
    """Two news have been read already: the third would go by itself, were it no outcome. Nor when it is sent again."""
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        for n in range(2):
            told_before = {"kind": "answer", "title": f"Réponse {n}", "text": "", "mail": False, "review": False}
            by = site.account_id("organiser@exemple.test")
            updates.post(session, found, by=by, **told_before).decided_at = clock.now()  # type: ignore[arg-type]
    tell(organiser, slug)
    assert organiser.post(f"/organisation/petitions/{slug}/issue/rappel").status_code == 303
    form = text_of(organiser.get(f"/organisation/petitions/{slug}/issue").text)
    assert " ".join(TEXT.split()) in form  # to be mended, not typed again
    with site.database.write() as session:
        (update,) = update_queries.outcomes(session, petition(site, slug).id)
        assert update.state == "recalled"
        again = updates.send(
            session, update.petition_id, update.id, site.account_id("organiser@exemple.test"), mail=False
        )
        assert again.state == "waiting"
    appear(site)
    assert told(site, slug) is None
    assert moderator


ODD = {
    "no kind": ({"kind": ""}, "Choisissez ce que la pétition est devenue."),
    "another kind": ({"kind": "victoire"}, "Choisissez ce que la pétition est devenue."),
    "no day": ({"on": ""}, "Indiquez un jour"),
    "no calendar's day": ({"on": "2026-02-30"}, "Indiquez un jour"),
    "far": ({"on": "9999-12-31"}, "Indiquez un jour"),
    "to come": ({"on": "2100-01-01"}, "Cette date est à venir"),
    "before the petition": ({"on": "2000-01-01"}, "avant la publication"),
    "no source": ({"source_title": " "}, "Dites où cela se vérifie"),
    "nothing to see": ({"source_title": "\u3164\u200b"}, "Dites où cela se vérifie"),
    "a long source": ({"source_title": "x" * 201}, "Raccourcissez : 200 caractères au plus."),
    "a script": ({"source_url": "javascript:alert(1)"}, "Vérifiez cette adresse"),
    "a password": ({"source_url": "https://moi:mdp@exemple.fr/"}, "Vérifiez cette adresse"),
    "no host": ({"source_url": "https:///article"}, "Vérifiez cette adresse"),
    "a port of letters": ({"source_url": "https://exemple.fr:port/"}, "Vérifiez cette adresse"),
    "too soon to be silent": ({"kind": "unanswered"}, "soixante jours après la remise, qui n’est pas notée"),
    "a word": ({"text": "Oui."}, "Écrivez la nouvelle en 20 à 10 000 caractères."),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_told_says_why_and_keeps_what_was_typed(
    site: Site, slug: str, organiser: TestClient, odd: str
) -> None:
    changes, why = ODD[odd]
    status, page = tell(organiser, slug, **({"text": "Un texte de vingt caractères."} | changes))
    assert status == 422
    assert why in text_of(page).replace("\u202f", " ")
    assert "Un texte de vingt caractères." in page or "text" in changes
    assert petition(site, slug).outcome == ""


@pytest.mark.parametrize(("days", "status"), [(59.99, 422), (60, 303)])
def test_silence_takes_sixty_days_after_the_delivery(
    site: Site, slug: str, organiser: TestClient, days: float, status: int
) -> None:
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        petition_actions.deliver(session, found)
        found.delivered_at = clock.now() - timedelta(days=days)
    got, page = tell(organiser, slug, kind="unanswered", source_title="", source_url="")
    assert got == status
    assert status == 303 or "à partir du" in text_of(page)


def test_an_answer_is_no_silence(site: Site, slug: str, organiser: TestClient) -> None:
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        petition_actions.deliver(session, found)
        found.delivered_at = clock.now() - timedelta(days=70)
        told_before = {"kind": "answer", "title": "Réponse", "text": "", "mail": False, "review": False}
        updates.post(session, found, by=None, **told_before)  # type: ignore[arg-type]
        updates.publish_due(session, clock.now() + updates.CALL_BACK)
    status, page = tell(organiser, slug, kind="unanswered")
    assert status == 422
    assert "ce n’est pas « sans réponse »" in text_of(page).replace("\u202f", " ")


def test_said_aloud_is_a_source_without_an_address(
    site: Site, slug: str, organiser: TestClient, moderator: int
) -> None:
    tell(organiser, slug, kind="refused", source_title="Annonce orale du maire <b>", source_url="")
    decide(site, slug, moderator)
    appear(site)
    page = site.client.get(f"/petitions/{slug}").text
    assert "<bdi>Annonce orale du maire &lt;b&gt;</bdi>" in page
    assert "Refusée" in text_of(page)
    assert "Victoires" not in home(site).partition("<footer")[0], "a refusal is none"


def test_only_those_who_write_it_tell_what_became_of_it(site: Site, slug: str, organiser: TestClient) -> None:
    stranger = site.staff("organiser", email="autre@exemple.test")
    for browser in (stranger, site.staff("moderator"), site.client):
        assert tell(browser, slug)[0] == 404
        assert browser.get(f"/organisation/petitions/{slug}/issue").status_code in {303, 404}
        assert browser.post(f"/organisation/petitions/{slug}/issue/rappel").status_code == 404
    assert organiser.post(f"/organisation/petitions/{slug}/issue/rappel").status_code == 409


def test_a_member_without_the_right_to_write_mails_nobody(site: Site) -> None:
    """Who writes petitions and tells no news: the outcome is told, and nobody is written to."""
    maker = founded(site)
    slug = site.publish()
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        found.organisation_id = session.scalars(select(Organisation.id)).one()
    site.confirmed(slug, consent_updates="on")
    writer = join(site, maker, "plume@exemple.test", Right.PETITIONS)
    reader = join(site, maker, "lecteur@exemple.test", Right.SIGNATURES)
    assert tell(reader, slug)[0] == 404
    assert 'name="mail"' not in writer.get(f"/organisation/petitions/{slug}/issue").text
    assert 'name="mail"' in maker.get(f"/organisation/petitions/{slug}/issue").text
    assert tell(writer, slug, mail="on")[0] == 303
    with site.database.read() as session:
        assert update_queries.outcome_under_way(session, petition(site, slug).id).mail is False  # type: ignore[union-attr]


@pytest.mark.databases("sqlite", "postgresql")
def test_two_at_once_tell_it_once(site: Site, slug: str, organiser: TestClient) -> None:
    begin, statuses = threading.Barrier(2), list[int]()

    def post(kind: str) -> None:
        mine = site.browser()
        mine.cookies.update(organiser.cookies)
        begin.wait()
        statuses.append(tell(mine, slug, kind=kind, close="on")[0])

    threads = [threading.Thread(target=post, args=(kind,)) for kind in ("obtained", "refused")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 409]
    again = tell(organiser, slug)
    assert again[0] == 409
    assert TEXT in again[1], "what came too late is still there, to be copied"
    assert re.search("Une issue est déjà en route", text_of(again[1]))
