"""The first news of a petition are read before they go; what is online may be taken off; its author is told why."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx2 import Response
from sqlalchemy import select, update
from starlette.testclient import TestClient

from app import clock
from app.mail.models import OutboxMail
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.updates import actions
from app.updates.models import Update, UpdateKind
from tests.organisations.desk import MAKER, found, join
from tests.organising.telling import NEWS, base, draft, send, tell, write
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
WHY = "Ce texte parle d’autre chose que de la pétition."
REFUSE = {"decision": "refuse", "article": "10", "explanation": WHY}


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


@pytest.fixture
def moderator(site: Site) -> TestClient:
    return site.staff("moderator")


def waiting(moderator: TestClient) -> str:
    """Where the news that waits is read."""
    found = re.search(r'href="(/moderation/nouvelles/\d+)"', moderator.get("/moderation").text)
    assert found is not None
    return found[1]


def mark(moderator: TestClient, path: str) -> dict[str, str]:
    """What the page of the news keeps of what it shows; of none, nothing."""
    found = re.search(r'name="seen" value="(\w+)"', moderator.get(path).text)
    return {"seen": found[1]} if found is not None else {}


def decide(moderator: TestClient, path: str, form: dict[str, str]) -> Response:
    return moderator.post(f"{path}/decision", data=mark(moderator, path) | form)


def take_off(moderator: TestClient, path: str, form: dict[str, str]) -> Response:
    return moderator.post(f"{path}/retrait", data=mark(moderator, path) | form)


def states(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(Update.state).order_by(Update.id)))


@pytest.mark.databases("sqlite", "postgresql")
def test_the_first_two_are_read_and_the_third_goes_by_itself(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    for n in range(2):
        send(organiser, slug, "page", title=f"Nouvelle {n}")
        site.later(minutes=20)
        write(site)
        assert f"Nouvelle {n}" not in site.client.get(f"/petitions/{slug}").text
        assert "Nouvelles : 1" in text_of(moderator.get("/moderation").text)
        path = waiting(moderator)
        page = text_of(moderator.get(path).text)
        assert f"Nouvelle {n}" in page
        assert "Collectif des lectrices" in page
        assert "organiser@exemple.test" not in page
        assert decide(moderator, path, {"decision": "publish"}).status_code == 303
        mail = site.mails()[-1]
        assert mail.to == "organiser@exemple.test"
        assert "dans dix minutes" in mail.text
        assert f"Nouvelle {n}" not in site.client.get(f"/petitions/{slug}").text, "ten minutes to call it back"
        assert "Rappeler" in text_of(organiser.get(mail.link("/organisation/")).text)
        site.later(minutes=10)
        write(site)
        assert f"Nouvelle {n}" in site.client.get(f"/petitions/{slug}").text
    send(organiser, slug, "page", title="Nouvelle 2")
    assert "Nouvelles" not in text_of(moderator.get("/moderation").text)
    site.later(minutes=10)
    write(site)
    assert "Nouvelle 2" in site.client.get(f"/petitions/{slug}").text


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.typed(
    "une nouvelle refusée par la modération", "l’auteur lit l’article et les raisons, corrige et renvoie"
)
def test_a_refusal_says_why_and_does_not_count(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    tell(site, slug, "Une première", mail=False)
    path = send(organiser, slug, "page")
    there = waiting(moderator)
    for form in ({}, {"decision": "refuse"}, REFUSE | {"article": "99"}, REFUSE | {"explanation": " "}):
        answer = decide(moderator, there, form)
        assert answer.status_code == 422
    assert decide(moderator, there, REFUSE).status_code == 303
    mail = site.mails()[-1]
    assert mail.link("/organisation/") == path
    assert WHY in mail.text
    assert "10. " in mail.text
    page = organiser.get(path)
    assert WHY in text_of(page.text)
    seen = re.search(r'name="seen" value="(\w+)"', page.text)
    assert seen is not None
    assert organiser.post(path, data=NEWS | {"title": "Corrigée", "seen": seen[1]}).status_code == 303
    assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 303
    assert states(site)[-1] == "waiting", "it is read again"
    assert decide(moderator, waiting(moderator), {"decision": "publish"}).status_code == 303
    site.later(minutes=10)
    write(site)
    send(organiser, slug, "page", title="La suivante")
    assert states(site)[-1] == "scheduled", "two were let through"


@pytest.mark.databases("sqlite", "postgresql")
def test_of_eight_moderators_one_decides(site: Site, slug: str, organiser: TestClient) -> None:
    people = [site.staff("moderator", email=f"m{n}@exemple.test") for n in range(8)]
    send(organiser, slug, "page")
    path = waiting(people[0])
    seen = mark(people[0], path)
    with ThreadPoolExecutor(8) as pool:
        forms = [{"decision": "publish"}, REFUSE]
        asked = [
            pool.submit(person.post, f"{path}/decision", data=forms[n % 2] | seen) for n, person in enumerate(people)
        ]
    assert sorted(answer.result().status_code for answer in asked) == [303] + [409] * 7
    assert states(site) in (["scheduled"], ["refused"])
    assert [mail.to for mail in site.mails()] == ["organiser@exemple.test"]


@pytest.mark.parametrize("ending", ["rappel", "decided"])
def test_who_comes_too_late_is_told(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient, ending: str
) -> None:
    path = send(organiser, slug, "page")
    there = waiting(moderator)
    if ending == "rappel":
        assert organiser.post(f"{path}/rappel").status_code == 303
    else:
        assert decide(moderator, there, REFUSE).status_code == 303
    answer = decide(moderator, there, {"decision": "publish"})
    assert answer.status_code in {404, 409}
    assert moderator.get(there).status_code == (404 if ending == "rappel" else 200)
    assert "Nouvelles" not in text_of(moderator.get("/moderation").text)


@pytest.mark.databases("sqlite", "postgresql")
def test_nobody_decides_about_their_own(site: Site, slug: str) -> None:
    """An administrator who wrote it; a moderator who is a member of its organisation."""
    admin = site.staff("admin")
    organiser = site.staff("organiser", slug)
    send(admin, slug, "page")
    path = waiting(admin)
    assert "une autre personne en décide" in text_of(admin.get(path).text)
    answer = decide(admin, path, {"decision": "publish"})
    assert (answer.status_code, states(site)) == (422, ["waiting"])
    assert organiser.get(path).status_code == 404
    assert decide(organiser, path, {"decision": "publish"}).status_code == 404
    both = site.staff("moderator", slug, email="deux@exemple.test")
    assert decide(both, path, {"decision": "publish"}).status_code == 422
    other = site.staff("moderator", email="tiers@exemple.test")
    assert decide(other, path, {"decision": "publish"}).status_code == 303
    assert other.get("/moderation/nouvelles/99").status_code == 404
    assert other.post("/moderation/nouvelles/99/decision", data={"decision": "publish"}).status_code == 404


def test_a_member_may_tell_the_news_by_that_right_alone_and_is_told(
    site: Site, slug: str, moderator: TestClient
) -> None:
    """Without it, the pages are not there; with it, the answer comes to whoever wrote."""
    maker = found(site)
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        petition_actions.add_owner(session, petition, site.account_id(MAKER))
    carrier = {"organisation": "les-amis-de-la-lanterne"}
    assert maker.post(f"/organisation/petitions/{slug}/porteur", data=carrier).status_code == 303
    reader, writer = (join(site, maker, f"{right}@exemple.test", right) for right in ("signatures", "updates"))
    for page in (base(slug), f"{base(slug)}/1"):
        assert reader.get(page).status_code == 404
    assert reader.post(base(slug), data=NEWS).status_code == 404
    send(writer, slug, "page")
    assert decide(moderator, waiting(moderator), REFUSE).status_code == 303
    assert site.mails()[-1].to == "updates@exemple.test"


@pytest.mark.databases("sqlite", "postgresql")
def test_what_is_online_is_taken_off_with_reasons(site: Site, slug: str, moderator: TestClient) -> None:
    organiser = site.staff("organiser", slug)
    site.confirmed(slug, consent_updates="on")
    path = send(organiser, slug)
    assert decide(moderator, waiting(moderator), {"decision": "publish"}).status_code == 303
    site.later(minutes=10)
    with site.database.write() as session:
        assert actions.publish_due(session, clock.now()) == 1
    there = f"/moderation/nouvelles/{path.rpartition('/')[2]}"
    assert "Retirer de la page" in text_of(moderator.get(there).text)
    assert take_off(moderator, there, {"article": "10"}).status_code == 422
    before = len(site.mails())
    assert take_off(moderator, there, REFUSE).status_code == 303
    assert take_off(moderator, there, REFUSE).status_code == 409
    (mail,) = write(site)[before:]
    assert (mail.to, WHY in mail.text) == ("organiser@exemple.test", True), "nobody else is written to any more"
    for place in (f"/petitions/{slug}", f"/petitions/{slug}/nouvelles", f"/petitions/{slug}/nouvelles.atom",
                  f"/petitions/{slug}.json", "/", "/petitions.atom"):  # fmt: skip
        assert NEWS["title"] not in site.client.get(place).text, place
    whole = site.client.get(f"/petitions/{slug}/nouvelles").text
    assert "retirée par la modération, article 10" in text_of(whole)
    assert f'id="n{path.rpartition("/")[2]}"' in whole, "the link of the mails still leads somewhere"
    page = text_of(organiser.get(path).text)
    assert WHY in page
    assert organiser.post(f"{path}/envoi", data={"act": "mail"}).status_code == 409, "it comes back no more"
    assert draft(organiser, slug) != path


@pytest.mark.databases("sqlite", "postgresql")
def test_a_copy_that_has_not_left_goes_with_its_news_or_its_petition(
    site: Site, slug: str, moderator: TestClient
) -> None:
    elsewhere = site.publish(PETITION.replace("bibliothèque", "piscine"))
    for of in (slug, elsewhere):
        site.confirmed(of, consent_updates="on")
    site.mails()
    off = _copied(site, slug, "Retirée", UpdateKind.NEWS)
    page = f"/moderation/nouvelles/{off}"
    assert moderator.post(f"{page}/retrait", data=mark(moderator, page) | REFUSE).status_code == 303
    assert _copies(site) == [("cancelled", False)]
    _copied(site, slug, "Emportée", UpdateKind.ANSWER)
    _copied(site, elsewhere, "Restée", UpdateKind.NEWS)
    notice = {"category": "other", "reasons": "La pétition est fausse.", "name": "Paul", "email": "p@exemple.test"}
    assert site.client.post(f"/petitions/{slug}/signaler", data=notice | {"good_faith": "on"}).status_code == 200
    down = {"decision": "refuse", "article": "10", "passage": "la bibliothèque de Montfleur"}
    assert moderator.post("/moderation/dossiers/1/decision", data=down).status_code == 303
    assert _copies(site) == [("cancelled", False), ("cancelled", False), ("waiting", True)]
    site.later(hours=1)
    told = [mail.text for mail in site.mails() if mail.message["List-Unsubscribe"]]
    assert [title for title in ("Retirée", "Emportée", "Restée") if title in "".join(told)] == ["Restée"]


def _copied(site: Site, slug: str, title: str, kind: str) -> int:
    """Told, its mail written; a server was away when it was tried."""
    number = tell(site, slug, title, kind=kind, sent=False)
    with site.database.write() as session:
        assert actions.send_some(session, site.settings.origin) == 1
        session.execute(update(OutboxMail).where(OutboxMail.state == "waiting").values(attempts=1))
    return number


def _copies(site: Site) -> list[tuple[str, bool]]:
    """Where each stands, and whether anything of it is kept."""
    with site.database.read() as session:
        rows = session.scalars(select(OutboxMail).where(OutboxMail.template == "updates/news").order_by(OutboxMail.id))
        return [(row.state, bool(row.sealed)) for row in rows]


def test_a_notice_about_the_petition_leads_to_its_news(site: Site, slug: str, moderator: TestClient) -> None:
    number = tell(site, slug, mail=False)
    assert f'href="/petitions/{slug}/signaler"' in site.client.get(f"/petitions/{slug}/nouvelles").text
    notice = {"category": "other", "reasons": "La nouvelle est fausse.", "name": "Paul", "email": "p@exemple.test"}
    assert site.client.post(f"/petitions/{slug}/signaler", data=notice | {"good_faith": "on"}).status_code == 200
    assert f"/moderation/nouvelles/{number}" in moderator.get("/moderation/dossiers/1").text
