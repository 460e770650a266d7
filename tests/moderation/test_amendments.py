"""Another text for a published petition goes to a moderator, who publishes it or says why not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.accounts.models import Account
from app.moderation import actions
from app.moderation.actions import Judgment
from app.petitions import actions as petition_actions
from app.petitions import importing, queries
from app.petitions.models import Amendment, PetitionText
from app.redress import actions as redress
from tests.moderation.desk import ME, OTHER
from tests.petitions.amended import AMENDED, REASON, TEXT, TITLE, amend, petition, propose, waiting
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
WHY = "Ce texte demande le contraire de ce qui a été signé."


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


@pytest.fixture
def moderator(site: Site) -> TestClient:
    return site.staff("moderator")


def amendments(site: Site) -> list[tuple[str, int | None]]:
    with site.database.read() as session:
        return [(row.state, row.version) for row in session.scalars(select(Amendment).order_by(Amendment.id))]


@pytest.mark.databases("sqlite", "postgresql")
def test_it_waits_in_the_queue_is_read_beside_the_text_and_becomes_a_version(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    site.confirmed(slug)
    assert propose(organiser, slug, title=f"{TITLE} vite") == 303
    queue = text_of(moderator.get("/moderation").text)
    assert "Amendements : 1" in queue
    path = waiting(moderator)
    page = text_of(moderator.get(path).text)
    assert REASON in page
    assert "[supprimé : trois fin]" in page
    assert "[ajouté : cinq fin]" in page
    assert moderator.post(f"{path}/decision", data={"decision": "publish"}).status_code == 303
    assert amendments(site) == [("published", 2)]
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert "version 2." in page
    assert "au moins cinq jours" in page
    assert f"{TITLE} vite" in page
    mail = site.mails()[-1]
    assert mail.to == "organiser@exemple.test"
    assert mail.link(f"/petitions/{slug}/versions")
    assert "Amendements" not in text_of(moderator.get("/moderation").text)
    assert f"/petitions/{slug}" in site.client.get("/?q=vite").text


@pytest.mark.databases("sqlite", "postgresql")
def test_a_refusal_says_why_and_the_text_stays(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    assert propose(organiser, slug) == 303
    path = f"{waiting(moderator)}/decision"
    for form in ({"decision": "refuse"}, {"decision": "refuse", "article": "99", "explanation": WHY}, {}):
        answer = moderator.post(path, data=form)
        assert answer.status_code == 422
    assert "Choisissez : publier, ou refuser." in text_of(answer.text)
    assert moderator.post(path, data={"decision": "refuse", "article": "10", "explanation": WHY}).status_code == 303
    assert amendments(site) == [("refused", None)]
    mail = site.mails()[-1]
    assert WHY in mail.text
    assert "10. " in mail.text
    assert WHY in text_of(organiser.get(mail.link("/organisation/petitions/")).text)
    assert "au moins trois jours" in text_of(site.client.get(f"/petitions/{slug}").text)
    assert propose(organiser, slug) == 303, "another one may be proposed"


@pytest.mark.databases("sqlite", "postgresql")
def test_of_eight_moderators_one_decides(site: Site, slug: str, organiser: TestClient) -> None:
    people = [site.staff("moderator", email=f"m{n}@exemple.test") for n in range(8)]
    assert propose(organiser, slug) == 303
    path = f"{waiting(people[0])}/decision"
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(person.post, path, data={"decision": "publish"}) for person in people]
    assert sorted(answer.result().status_code for answer in asked) == [303] + [409] * 7
    with site.database.read() as session:
        kept = session.scalars(select(PetitionText.version).order_by(PetitionText.version)).all()
    assert kept == [1, 2]
    assert [mail.to for mail in site.mails()] == ["organiser@exemple.test"]


def test_two_proposals_at_once_are_one(site: Site, slug: str, organiser: TestClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: propose(organiser, slug), range(4)))
    assert sorted(answers) == [303, 409, 409, 409]


@pytest.mark.parametrize("ending", ["closed", "taken back"])
def test_what_ended_meanwhile_is_told(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient, ending: str
) -> None:
    assert propose(organiser, slug) == 303
    path = waiting(moderator)
    act = "cloture" if ending == "closed" else "version/reprise"
    assert organiser.post(f"/organisation/petitions/{slug}/{act}").status_code == 303
    answer = moderator.post(f"{path}/decision", data={"decision": "publish"})
    assert (answer.status_code, "entre-temps" in text_of(answer.text)) == (409, True)
    assert moderator.get(path).status_code == 200
    assert "Amendements" not in text_of(moderator.get("/moderation").text)
    assert petition(site, slug).version == 1


def test_nobody_else_decides(site: Site, slug: str, organiser: TestClient, moderator: TestClient) -> None:
    assert propose(organiser, slug) == 303
    path = waiting(moderator)
    assert organiser.get(path).status_code == 404
    assert organiser.post(f"{path}/decision", data={"decision": "publish"}).status_code == 404
    assert moderator.post("/moderation/amendements/99/decision", data={"decision": "publish"}).status_code == 404
    assert moderator.get("/moderation/amendements/99999999999999999999").status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_a_refused_text_is_still_read_by_whoever_looks_again(site: Site) -> None:
    """Its author has written it again since, twice: the second opinion is about what was refused."""
    for email in (ME, OTHER):
        site.account("moderator", email=email)
    with site.database.write() as session:
        row = petition_actions.create(
            session, importing.parse(PETITION, "essai.md"), folder=None, image_store=Path("unused")
        )
        slug, first = row.slug, session.get_one(Account, site.account_id(ME))
        actions.submit(session, row)
        refusal = Judgment("refuse", [8], "la bibliothèque de Montfleur", "Pourquoi.")
        decision = actions.review(session, row.id, 1, first, refusal)
        number = decision.id
    for words in ("Un autre texte, plus doux, pour la bibliothèque.", "Un troisième texte."):
        with site.database.write() as session:
            row = queries.by_slug(session, slug) or row
            file = importing.parse(PETITION.replace("Depuis janvier", words), "essai.md")
            petition_actions.rewrite(session, row, file)
    reader = site.browser()
    signed = reader.post("/connexion", data={"email": OTHER, "password": "une phrase de passe"})
    assert signed.status_code == 303
    page = text_of(reader.get(f"/moderation/relectures/{number}").text)
    assert "Depuis janvier" in page
    assert "troisième" not in page
    with site.database.read() as session:
        assert [text.version for text in session.query(PetitionText)] == [1]


@pytest.mark.databases("sqlite", "postgresql")
def test_put_online_again_it_says_what_was_signed(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    """Taken down, its author wrote something else, that nobody has read."""
    site.account("moderator", email=OTHER)
    notice = {"category": "other", "reasons": "Elle est illicite.", "name": "Paul", "email": "paul@exemple.test"}
    assert site.client.post(f"/petitions/{slug}/signaler", data=notice | {"good_faith": "on"}).status_code == 200
    form = {"decision": "refuse", "article": "10", "passage": "la bibliothèque de Montfleur"}
    assert moderator.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    with site.database.write() as session:
        row = session.get_one(type(petition(site, slug)), petition(site, slug).id)
        file = importing.parse(PETITION.replace(TITLE, "Tout autre chose"), "essai.md")
        petition_actions.rewrite(session, row, file)
        redress.appeal(session, 1, "author", "Je conteste.")
        judge = session.get_one(Account, site.account_id(OTHER))
        redress.form_view(session, 1, judge, "publish", "Rien à redire.")
        redress.judge(session, 1, judge, "reversed", "Elle est permise.")
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert TITLE in page
    assert "Tout autre chose" not in page
    assert "version 1." in page


def test_hostile_text_is_text_in_every_place(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    hostile = f"{TEXT}\n\n<script>alert(1)</script> <del>non</del> [x](javascript:alert(1)) ![y](https://z.test/i.png)"
    assert propose(organiser, slug, hostile) == 303
    path = waiting(moderator)
    pages = [moderator.get(path).text, organiser.get(f"/organisation/petitions/{slug}/version").text]
    assert moderator.post(f"{path}/decision", data={"decision": "publish"}).status_code == 303
    history = f"/petitions/{slug}/versions"
    pages += [site.client.get(there).text for there in (history, f"{history}?lire=2", f"{history}?de=1&a=2")]
    for page in pages:
        assert "<script>alert" not in page
        assert "<del>non" not in page
        assert 'href="javascript' not in page
        assert "<img" not in page


def test_writing_again_after_the_amendment_begins_from_it(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    amend(site, slug, organiser, moderator)
    page = organiser.get(f"/organisation/petitions/{slug}/version").text
    assert "au moins cinq jours" in page
    assert AMENDED.splitlines()[0] in page
    assert "version 2" in text_of(page)
