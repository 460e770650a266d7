"""A petition read on its real page, sent back as often as needed, refused, taken down: each end has a way on."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.audit import AuditLine
from app.moderation.models import Appeal, Decision, PetitionRemark
from app.moderation.queries import reviews
from app.petitions import actions as petition_actions
from app.petitions import importing, queries
from app.petitions.models import Petition
from app.signatures.models import Signature
from tests.moderation.desk import OTHER
from tests.site import PETITION, Received, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

AUTHOR = "organiser@exemple.test"
REFUSE = {
    "decision": "refuse",
    "article": "10",
    "passage": "la bibliothèque de Montfleur",
    "explanation": "Trop vague.",
}
NOTICE = {
    "category": "other", "reasons": "Cette pétition est illicite.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip
WORDS = "Depuis janvier, la bibliothèque de Montfleur est fermée."


@pytest.fixture
def moderator(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


@pytest.fixture
def slug(site: Site) -> str:
    with site.database.write() as session:
        file = importing.parse(PETITION, "x.md")
        return petition_actions.create(session, file, folder=None, image_store=Path("unused")).slug


@pytest.fixture
def author(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


def petition(site: Site, slug: str) -> Petition:
    with site.database.read() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        return found


def propose(author: TestClient, slug: str) -> int:
    return author.post(f"/organisation/petitions/{slug}/proposer").status_code


def decide(site: Site, moderator: TestClient, slug: str, form: dict[str, str]) -> int:
    now = petition(site, slug)
    path = f"/moderation/petitions/{now.id}/decision"
    return moderator.post(path, data={"version": str(now.submissions)} | form).status_code


def rewrite(site: Site, slug: str, old: str, new: str) -> None:
    """What its author writes on, whatever the page on which it is written."""
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        petition_actions.rewrite(session, found, importing.parse(PETITION.replace(old, new), "x.md"))


def take_down(site: Site, moderator: TestClient, slug: str) -> None:
    assert site.client.post(f"/petitions/{slug}/signaler", data=NOTICE).status_code == 200
    (case,) = set(re.findall(r"/moderation/dossiers/(\d+)", moderator.get("/moderation").text))
    assert moderator.post(f"/moderation/dossiers/{case}/decision", data=REFUSE).status_code == 303
    assert petition(site, slug).state == "refused"


def told(site: Site) -> Received:
    site.later(seconds=61)
    return [mail for mail in site.mails() if mail.to == AUTHOR][-1]


def blocks(page: str) -> str:
    """The text as a reader sees it, without the room for remarks."""
    start = page.index('<div class="prose"')
    found = re.findall(r'<div class="words">(.*?)</div>', page[start:], re.DOTALL)
    return "".join(found)


# The page


@pytest.mark.databases("sqlite", "postgresql")
def test_the_moderator_sees_what_will_be_published(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    assert propose(author, slug) == 303
    at = f"/moderation/petitions/{petition(site, slug).id}"
    page = moderator.get(at).text
    said = text_of(page)
    for words in (
        "Claire Vasseur",
        "Maire de Montfleur",
        "La Gazette",
        "3 février 2026",
        "Collectif des lectrices",
        WORDS,
    ):
        assert words in said, words
    for setting in (
        "les noms et codes postaux",
        "un an après la publication",
        "500",
        "Culture",
        "Commentaires ouverts",
    ):
        assert setting in said, setting
    assert "C’est leur première pétition ici." in said
    for path in ("petition.pdf", "/signaler", "/droit-de-reponse", "/signatures", f'href="/petitions/{slug}'):
        assert path not in page, path
    assert "Publiée maintenant, elle pourra être signée" in said
    reviewed = blocks(page)
    assert decide(site, moderator, slug, {"decision": "publish"}) == 303
    public = site.client.get(f"/petitions/{slug}").text
    assert reviewed in public
    # Read by those who review it, and counted by nobody: a page never read by others says nothing of it.
    assert "Page lue" not in text_of(public)


def test_each_block_takes_a_remark_and_keeps_its_words(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    page = moderator.get(f"/moderation/petitions/{petition(site, slug).id}").text
    fields = set(re.findall(r'<textarea[^>]* form="decision"[^>]* name="remark-([^"]+)"', page))
    assert fields == {"title", "recipients", "sources", "settings", "1", "2", "3"}
    form = {f"remark-{key}": f"Sur {key}" for key in [*sorted(fields), "whole"]}
    assert decide(site, moderator, slug, form | {"decision": "correct"}) == 303
    with site.database.read() as session:
        rows = reviews.remarks(session, petition(site, slug))
        found = [(row.part, row.block, row.quoted, row.text) for row in rows]
    assert found == [
        ("whole", 0, "", "Sur whole"),
        ("title", 0, "Rouvrir la bibliothèque de Montfleur", "Sur title"),
        ("recipients", 0, "Claire Vasseur, Maire de Montfleur", "Sur recipients"),
        ("sources", 0, "La bibliothèque fermée", "Sur sources"),
        ("settings", 0, "", "Sur settings"),
        ("text", 1, WORDS, "Sur 1"),
        ("text", 2, "Ce que nous demandons", "Sur 2"),
        ("text", 3, "Rouvrir : au moins trois jours par semaine. Recruter : une personne de métier.", "Sur 3"),
    ]


def test_a_form_has_room_for_every_block_of_the_longest_text(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    rewrite(site, slug, "Depuis janvier, la", "\n\n".join(f"Ligne {n}." for n in range(900)) + "\n\nDepuis janvier, la")
    propose(author, slug)
    page = moderator.get(f"/moderation/petitions/{petition(site, slug).id}").text
    fields = re.findall(r'name="(remark-[^"]+)"', page)
    assert len(fields) > 220
    form = dict.fromkeys(fields, "") | {fields[100]: "Ici."}
    assert decide(site, moderator, slug, form | {"decision": "correct"}) == 303
    with site.database.read() as session:
        (row,) = reviews.remarks(session, petition(site, slug))
    assert row.quoted.startswith("Ligne ")
    shown = author.get(f"/organisation/petitions/{slug}/relecture").text
    assert shown.index(row.quoted.split(".")[0] + ".") < shown.index("Ici.")


def test_what_was_typed_is_still_there(site: Site, moderator: TestClient, author: TestClient, slug: str) -> None:
    propose(author, slug)
    path = f"/moderation/petitions/{petition(site, slug).id}/decision"
    for form, said in (
        ({"decision": "refuse", "article": "10", "passage": "absent"}, "Citez le passage en cause"),
        ({"decision": "publish"}, "Des remarques sont écrites"),
        ({"decision": "keep"}, "Choisissez"),
        ({}, "Choisissez"),
    ):
        answer = moderator.post(path, data=form | {"remark-2": "Dites <b>où</b>."})
        assert answer.status_code == 422, form
        assert said in text_of(answer.text)
        assert ">\nDites &lt;b&gt;où&lt;/b&gt;.</textarea>" in answer.text
    assert petition(site, slug).state == "submitted"
    assert moderator.post(path, data={"decision": "correct"}).status_code == 422


def test_the_second_to_decide_is_told_and_sees_who_came_first(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    assert decide(site, moderator, slug, REFUSE) == 303
    other = site.staff("moderator", email="seconde@exemple.test")
    path = f"/moderation/petitions/{petition(site, slug).id}/decision"
    answer = other.post(path, data={"decision": "correct", "version": "1", "remark-1": "Depuis <quand> ?"})
    assert answer.status_code == 409
    said = text_of(answer.text)
    assert "Depuis <quand> ?" in said
    assert "décidée ou modifiée entre-temps" in said
    assert OTHER in said
    assert "Trop vague." in said


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("form", [REFUSE, {"decision": "correct", "remark-1": "La date ?"}], ids=["refuse", "correct"])
def test_eight_moderators_at_once_decide_once(site: Site, author: TestClient, slug: str, form: dict[str, str]) -> None:
    people = [site.staff("moderator", email=f"m{n}@exemple.test") for n in range(8)]
    for submission in (1, 2):
        propose(author, slug)
        path = f"/moderation/petitions/{petition(site, slug).id}/decision"
        with ThreadPoolExecutor(8) as pool:
            data = form | {"version": str(submission)}
            answers = list(pool.map(lambda who, data=data, path=path: who.post(path, data=data).status_code, people))
        assert sorted(answers) == [303] + [409] * 7
        site.later(seconds=61)
        with site.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Decision)) == submission
            rows = session.scalar(select(func.count()).select_from(PetitionRemark))
        assert rows == (submission if form["decision"] == "correct" else 0)
    # One answer to each: two acknowledgements, two decisions.
    assert len([mail for mail in site.mails() if mail.to == AUTHOR]) == 4


@pytest.mark.databases("sqlite", "postgresql")
def test_proposed_twice_at_once_is_proposed_once(site: Site, author: TestClient, slug: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: propose(author, slug), range(4)))
    assert sorted(answers) == [303, 409, 409, 409]
    assert petition(site, slug).submissions == 1
    assert len(site.mails()) == 1


# Corrections


@pytest.mark.databases("sqlite", "postgresql")
def test_corrections_are_asked_and_answered_as_often_as_needed(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    days = ["mars", "avril", "mai", "juin"]
    for n, (was, now) in enumerate(zip(["janvier", *days], days, strict=False)):
        assert propose(author, slug) == 303
        assert decide(site, moderator, slug, {"decision": "correct", "remark-1": f"Remarque {n}"}) == 303
        assert petition(site, slug).state == "draft"
        mail = told(site)
        assert f"Remarque {n}" in mail.text
        assert f"« Depuis {was}, la bibliothèque" in mail.text.replace("\u202f", " ")
        rewrite(site, slug, "janvier", now)
    propose(author, slug)
    history = moderator.get(f"/moderation/petitions/{petition(site, slug).id}").text
    said = text_of(history)
    for n in range(4):
        assert f"Remarque {n}" in said
    assert '<del dir="auto">Depuis janvier, la bibliothèque de Montfleur est fermée.</del>' in history
    assert '<ins dir="auto">Depuis juin, la bibliothèque de Montfleur est fermée.</ins>' in history
    assert decide(site, moderator, slug, {"decision": "publish"}) == 303
    assert "Depuis juin" in site.client.get(f"/petitions/{slug}").text
    assert told(site).subject == "Votre pétition est publiée"


def test_each_step_is_told_with_the_announced_time(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    first = [mail for mail in site.mails() if mail.to == AUTHOR][-1]
    assert first.subject == "Votre pétition est en relecture"
    assert "25 novembre 2026" in first.text or "vous répond d’ici le" in first.text
    assert author.get(first.link("/organisation/")).status_code == 200
    decide(site, moderator, slug, {"decision": "correct", "remark-sources": "Le lien est mort."})
    mail = told(site)
    assert "Sources" in mail.text
    assert "Le lien est mort." in mail.text
    assert "nous répondons en 3 jours" in mail.text
    assert author.get(mail.link("/organisation/")).status_code == 200
    propose(author, slug)
    assert "votre texte corrigé" in [mail for mail in site.mails() if mail.to == AUTHOR][-1].text


# Refusals


@pytest.mark.databases("sqlite", "postgresql")
def test_after_a_refusal_one_free_resubmission_whatever_corrections_come_with_it(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    correct = {"decision": "correct", "remark-1": "La date ?"}
    for form in (correct, REFUSE, correct, correct, REFUSE):
        assert propose(author, slug) == 303
        assert decide(site, moderator, slug, form) == 303
    answer = author.post(f"/organisation/petitions/{slug}/proposer")
    assert answer.status_code == 422
    assert "vous pouvez contester" in text_of(answer.text)
    mail = told(site)
    assert "proposer une fois encore" not in mail.text
    assert "article 10" in mail.text
    assert "Trop vague." in mail.text
    assert mail.link("/recours/")


def test_refused_may_be_remarked_too(site: Site, moderator: TestClient, author: TestClient, slug: str) -> None:
    propose(author, slug)
    assert decide(site, moderator, slug, REFUSE | {"remark-1": "C’est ici."}) == 303
    assert "C’est ici." in text_of(author.get(f"/organisation/petitions/{slug}/relecture").text)


def win(site: Site, judge: TestClient) -> int:
    with site.database.read() as session:
        number = session.scalars(select(func.max(Appeal.id))).one()
    path = f"/moderation/recours/{number}"
    judge.post(f"{path}/avis", data={"view": "publish", "view_reasons": "Rien à redire."})
    return judge.post(f"{path}/jugement", data={"outcome": "reversed", "reasons": "Elle est claire."}).status_code


CONTEST = {"text": "Ma demande est précise, et voici pourquoi."}


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("written_on", [False, True])
def test_a_won_appeal_publishes_what_was_judged_and_no_other_text(
    site: Site, moderator: TestClient, author: TestClient, slug: str, written_on: bool
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    assert author.post(f"/organisation/petitions/{slug}/recours", data=CONTEST).status_code == 303
    if written_on:
        rewrite(site, slug, "janvier", "toujours, et tout ce que personne n’a relu")
    judge = site.staff("moderator", email="juge@exemple.test")
    page = text_of(judge.get("/moderation/recours/1").text)
    assert WORDS in page
    assert "personne n’a relu" not in page
    assert ("a changé le texte depuis la décision" in page) == written_on
    assert win(site, judge) == 303
    assert petition(site, slug).state == ("draft" if written_on else "open")
    assert site.client.get(f"/petitions/{slug}").status_code == (404 if written_on else 200)
    site.later(seconds=61)
    mails = " ".join(mail.text for mail in site.mails() if mail.to == AUTHOR)
    assert ("Votre pétition est publiée" in mails) != written_on
    assert ("proposez-le, pour qu’il soit relu" in mails) == written_on
    if written_on:
        assert "brouillon" in text_of(author.get("/organisation").text)
        assert propose(author, slug) == 303


@pytest.mark.databases("sqlite", "postgresql")
def test_proposing_another_text_ends_the_appeal(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    link = told(site).link("/recours/")
    author.post(f"/organisation/petitions/{slug}/recours", data=CONTEST)
    assert propose(author, slug) == 303
    judge = site.staff("moderator", email="juge@exemple.test")
    assert "Recours" not in text_of(judge.get("/moderation").text)
    assert win(site, judge) == 409
    with site.database.read() as session:
        assert session.scalars(select(Appeal.outcome)).all() == ["withdrawn"]
        acts = session.scalars(select(AuditLine.act)).all()
    assert "appeal.withdrawn" in acts
    # Nor can the link of the mail start it again.
    assert site.client.get(link).status_code == 409


# Taken down


@pytest.mark.databases("sqlite", "postgresql")
def test_a_petition_taken_down_comes_back_corrected_where_it_was_with_its_signatures(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    site.confirmed(slug)
    before = petition(site, slug)
    site.later(hours=1)
    take_down(site, moderator, slug)
    mail = told(site)
    assert "Votre pétition est retirée. Ses signatures et leur nombre sont gardés." in mail.text
    assert site.client.get(f"/petitions/{slug}").status_code == 404
    assert site.sign(slug, email="zoe@exemple.test").status_code == 404
    rewrite(site, slug, "janvier", "février")
    assert propose(author, slug) == 303
    # Corrections asked of it leave it taken down: a draft it is no more.
    assert decide(site, moderator, slug, {"decision": "correct", "remark-1": "La date exacte ?"}) == 303
    assert petition(site, slug).state == "refused"
    desk = text_of(author.get(f"/organisation/petitions/{slug}").text)
    assert "Corrections demandées" in desk
    assert "reste retirée d’ici là" in desk
    assert "Brouillon" not in desk
    rewrite(site, slug, "janvier", "le 3 février")
    assert propose(author, slug) == 303
    page = text_of(moderator.get(f"/moderation/petitions/{before.id}").text)
    assert "elle revient où elle était, avec ses signatures" in page
    assert decide(site, moderator, slug, {"decision": "publish"}) == 303
    after = petition(site, slug)
    assert (after.state, after.opened_at, after.closes_at) == ("open", before.opened_at, before.closes_at)
    assert "Depuis le 3 février" in site.client.get(f"/petitions/{slug}").text
    assert site.count(slug) == 1
    assert f"/petitions/{slug}" in site.client.get("/?q=bibliotheques").text
    assert "de nouveau en ligne, avec ses signatures" in told(site).text
    site.confirmed(slug, email="zoe@exemple.test")
    assert site.count(slug) == 2
    with site.database.read() as session:
        acts = session.scalars(select(AuditLine.act).where(AuditLine.target == "petition")).all()
        assert len(session.scalars(select(Signature)).all()) == 2
    assert acts.count("petition.put_online") == 1
    assert acts.count("petition.published") == 1


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("state", ["open", "closed", "delivered"])
def test_its_return_may_be_undone_and_taken_again(
    site: Site, moderator: TestClient, author: TestClient, slug: str, state: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    site.confirmed(slug)
    with site.database.write() as session:
        found = session.merge(petition(site, slug))
        if state != "open":
            getattr(petition_actions, {"closed": "close", "delivered": "deliver"}[state])(session, found)
    take_down(site, moderator, slug)
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    assert petition(site, slug).state == state
    with site.database.read() as session:
        last = session.scalar(select(func.max(Decision.id)))
    assert moderator.post(f"/moderation/decisions/{last}/annulation").status_code == 303
    assert petition(site, slug).state == "submitted"
    assert decide(site, moderator, slug, {"decision": "publish"}) == 303
    assert petition(site, slug).state == state
    assert site.count(slug) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_the_same_text_back_online_and_reported_again_is_decided_again(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    take_down(site, moderator, slug)
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    take_down(site, moderator, slug)
    assert site.client.get(f"/petitions/{slug}").status_code == 404


def test_a_last_day_that_passed_while_it_was_down_keeps_nothing_back(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    take_down(site, moderator, slug)
    site.later(days=380)
    # A year of rest signed everybody out.
    again = site.browser()
    again.post("/connexion", data={"email": AUTHOR, "password": "une phrase de passe"})
    judge = site.browser()
    judge.post("/connexion", data={"email": OTHER, "password": "une phrase de passe"})
    assert propose(again, slug) == 303
    assert decide(site, judge, slug, {"decision": "publish"}) == 303
    with site.database.write() as session:
        petition_actions.close_ended(session)
    assert petition(site, slug).state == "closed"


@pytest.mark.databases("sqlite", "postgresql")
def test_a_notifier_who_contests_is_right_and_the_petition_goes(site: Site, moderator: TestClient) -> None:
    slug = site.publish()
    site.client.post(f"/petitions/{slug}/signaler", data=NOTICE)
    link = next(link for mail in site.mails() for link in mail.links if link.startswith("/signalements/"))
    assert site.client.post(link).status_code == 303
    assert moderator.post("/moderation/dossiers/1/decision", data={"decision": "keep"}).status_code == 303
    site.later(seconds=61)
    link = next(link for mail in reversed(site.mails()) for link in mail.links if link.startswith("/recours/"))
    assert site.client.post(link, data={"text": "Elle est bien illicite."}).status_code == 200
    judge = site.staff("moderator", email="juge@exemple.test")
    judge.post("/moderation/recours/1/avis", data={"view": "refuse", "view_reasons": "Elle est illicite."})
    form = {"outcome": "reversed", "reasons": "Elle est illicite.", "article": "10", "passage": REFUSE["passage"]}
    answer = judge.post("/moderation/recours/1/jugement", data=form)
    assert answer.status_code == 303, text_of(unescape(answer.text))
    assert petition(site, slug).state == "refused"


def test_the_reviewer_knows_what_the_same_people_proposed(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    with site.database.write() as session:
        text = PETITION.replace("Montfleur", "Valfleur")
        other = petition_actions.create(session, importing.parse(text, "x.md"), folder=None, image_store=Path("unused"))
        petition_actions.add_owner(session, other, site.account_id(AUTHOR))
        never = petition_actions.create(
            session, importing.parse(text.replace("Valfleur", "Clairval"), "x.md"), folder=None, image_store=Path("x")
        )
        petition_actions.add_owner(session, never, site.account_id(AUTHOR))
        second = other.slug
    propose(author, second)
    form = REFUSE | {"passage": "la bibliothèque de Valfleur"}
    assert decide(site, moderator, second, form) == 303
    propose(author, slug)
    said = text_of(moderator.get(f"/moderation/petitions/{petition(site, slug).id}").text)
    assert "Rouvrir la bibliothèque de Valfleur refusée" in said
    assert "article 10" in said
    assert "Clairval" not in said  # a draft that nobody was shown
