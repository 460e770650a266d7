"""A recipient acknowledges and answers by a link that only the operator sends, to an address that stands in public."""

import threading
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from app import clock
from app.accounts.models import Account
from app.db import vault_of
from app.deliveries import links
from app.deliveries.models import RecipientLink
from app.moderation.actions import news
from app.privacy import retention
from app.privacy.actions import erasing
from app.updates import actions as updates
from app.updates import jobs as update_jobs
from app.updates.models import Update
from app.zone import day_of
from tests.deliveries.handing import desk, handed_over
from tests.site import Site, text_of

SOURCE = "https://www.montfleur.example/le-cabinet"
OFFICIAL = "cabinet@montfleur.example"
SENDING = {"address": OFFICIAL, "source": SOURCE, "checked": "on"}
ANSWER = "## Notre réponse\n\nNous rouvrirons la bibliothèque **trois jours** par semaine dès mars."


def send(admin: TestClient, at: str = "1/0", **changes: str) -> httpx2.Response:
    return admin.post(f"/administration/remises/{at}/lien", data={**SENDING, **changes})


def linked(site: Site, admin: TestClient) -> str:
    answer = send(admin)
    assert answer.status_code == 303, answer.text
    return next(mail for mail in reversed(site.mails()) if mail.to == OFFICIAL).link("/destinataire/")


@pytest.fixture
def admin(site: Site) -> TestClient:
    return site.staff("admin")


def test_asked_sent_acknowledged_answered_read_published(site: Site, admin: TestClient) -> None:
    slug, organiser = handed_over(site)
    asked = {"delivery": "1", "place": "0", "source": SOURCE}
    assert organiser.post(desk(slug, "/lien"), data=asked).status_code == 303
    assert "Lien demandé le" in text_of(organiser.get(desk(slug)).text)
    assert "Claire Vasseur, Maire de Montfleur — Rouvrir" in text_of(admin.get("/administration/remises").text)
    path = linked(site, admin)
    assert site.mails()[-1].subject == "Une pétition vous a été remise"
    page = site.client.get(path)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer, same-origin"
    assert OFFICIAL not in page.text
    assert "J’en accuse réception" in text_of(page.text)
    assert site.client.get("/en" + path).status_code == 200
    assert site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"][0]["receipts"] == []
    assert site.client.post(path + "/reception").status_code == 303
    (receipt,) = site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"][0]["receipts"]
    assert receipt["by"] == "Claire Vasseur, Maire de Montfleur"
    assert "Réception confirmée le" in text_of(site.client.get(f"/petitions/{slug}").text)
    before = len(site.mails())
    assert site.client.post(path + "/reception").status_code == 303  # pressed again: nothing more
    assert len(site.mails()) == before
    assert site.mails()[-1].to == "organiser@exemple.test"
    said = site.client.post(path + "/reponse", data={"text": ANSWER, "url": "https://www.montfleur.example/rep"})
    assert said.status_code == 303
    assert "dès mars" not in site.client.get(f"/petitions/{slug}").text
    _decide(site, publish=True)
    site.later(minutes=11)
    for _ in range(2):  # that it was handed over, then the answer
        update_jobs.send_updates(site.database, site.settings.origin)
        site.mails()
    public = site.client.get(f"/petitions/{slug}").text
    assert "Réponse de Claire Vasseur, Maire de Montfleur" in text_of(public)
    assert "<strong>trois jours</strong>" in public
    assert any(mail.to == "marie@exemple.test" and "dès mars" in mail.text for mail in site.mails())
    assert "Votre réponse est parue" in text_of(site.client.get(path).text)


def _decide(site: Site, *, publish: bool) -> None:
    email = "moderator@exemple.test"
    site.account("moderator", email=email)
    with site.database.write() as session:
        waiting = session.scalars(select(Update).where(Update.state == "waiting")).one()
        judge = session.scalars(select(Account).where(Account.email == email)).one()
        news.decide_news(session, waiting.id, judge, publish=publish, seen="", article=10, explanation="Hors sujet.")


@pytest.mark.databases("sqlite")
def test_an_answer_may_change_as_long_as_it_waits_and_is_another_line_afterwards(site: Site, admin: TestClient) -> None:
    slug, organiser = handed_over(site)
    path = linked(site, admin)
    post = path + "/reponse"
    assert site.client.post(post, data={"text": ANSWER}).status_code == 303
    assert "Vous pouvez encore la changer" in text_of(site.client.get(path).text)
    with site.database.read() as session:
        first = session.scalars(select(Update).where(Update.kind == "answer")).one()
    assert site.client.post(post, data={"text": ANSWER + " Et le samedi."}).status_code == 303
    with site.database.read() as session:
        answers = session.scalars(select(Update).where(Update.kind == "answer")).all()
        assert [one.markdown for one in answers] == [ANSWER + " Et le samedi."]
        assert (answers[0].state, answers[0].author_id, answers[0].facts["by_recipient"]) == ("waiting", None, True)
        number = answers[0].id
    assert number == first.id, "its number is nobody else's"
    site.account("moderator", email="lit@exemple.test")
    with site.database.write() as session:
        judge = session.scalars(select(Account).where(Account.email == "lit@exemple.test")).one()
        with pytest.raises(Exception, match="a changé pendant"):
            news.decide_news(session, number, judge, publish=True, seen=updates.mark(first))
    with site.database.write() as session, pytest.raises(Exception, match="celle du destinataire"):
        updates.recall(session, answers[0].petition_id, number, site.account_id("organiser@exemple.test"))
    _decide(site, publish=False)
    assert "Hors sujet." in text_of(site.client.get(path).text)
    with site.database.write() as session, pytest.raises(Exception, match="brouillon"):  # nobody else's to mend
        updates.save(session, answers[0].petition_id, number, "Autre titre", "Tout à fait d’accord avec eux.")
    assert site.client.post(post, data={"text": ANSWER}).status_code == 303
    with site.database.read() as session:
        assert len(session.scalars(select(Update).where(Update.kind == "answer")).all()) == 2
    assert organiser.get(desk(slug)).status_code == 200


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("values", "field"),
    [({"text": ""}, "text"), ({"text": "court"}, "text"), ({"text": "x" * 10_001}, "text"),
     ({"text": ANSWER, "url": "javascript:alert(1)"}, "url"), ({"text": "\u200b" * 30}, "text")],
)  # fmt: skip
def test_what_is_no_answer_is_refused(site: Site, admin: TestClient, values: dict[str, str], field: str) -> None:
    handed_over(site)
    path = linked(site, admin)
    answer = site.client.post(path + "/reponse", data=values)
    assert answer.status_code == 422
    assert f'href="#champ-{field}"' in answer.text


@pytest.mark.databases("sqlite")
def test_ten_answers_by_one_link_and_no_more(site: Site, admin: TestClient) -> None:
    handed_over(site)
    path = linked(site, admin)
    for _ in range(10):
        assert site.client.post(path + "/reponse", data={"text": ANSWER}).status_code == 303
        with site.database.write() as session:
            session.execute(update(Update).where(Update.kind == "answer").values(state="published"))
    assert site.client.post(path + "/reponse", data={"text": ANSWER}).status_code == 422


# The link


@pytest.mark.databases("sqlite")
def test_a_link_is_of_one_recipient_for_sixty_days(site: Site, admin: TestClient) -> None:
    handed_over(site)
    path = linked(site, admin)
    token = path.rpartition("/")[2]
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert site.client.get(f"/destinataire/{altered}").status_code == 404
    assert site.client.get("/destinataire/x").status_code == 404
    assert site.client.post(f"/destinataire/{altered}/reception").status_code == 404
    for elsewhere in ("/confirmer/", "/recours/", "/desabonnement/", "/mes-signatures/", "/invitation/"):
        assert site.client.get(elsewhere + token).status_code in {404, 410}
    foreign = site.sign(site.publish(), email="x@exemple.test")
    assert foreign.status_code == 303
    confirm = site.mails()[-1].link("/confirmer/").rpartition("/")[2]
    assert site.client.get(f"/destinataire/{confirm}").status_code == 404
    site.later(days=59)
    assert site.client.get(path).status_code == 200
    site.later(days=2)
    assert site.client.get(path).status_code == 410
    assert site.client.post(path + "/reception").status_code == 410


@pytest.mark.databases("sqlite")
def test_a_new_link_replaces_the_earlier_and_a_cancelled_one_takes_its_receipt_back(
    site: Site, admin: TestClient
) -> None:
    slug, _ = handed_over(site)
    first = linked(site, admin)
    site.later(seconds=5)
    second = linked(site, admin)
    assert site.client.get(first).status_code == 410
    assert site.client.post(second + "/reception").status_code == 303
    assert admin.post("/administration/remises/1/0/annulation").status_code == 303
    assert site.client.get(second).status_code == 410
    assert site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"][0]["receipts"] == []
    assert admin.post("/administration/remises/1/0/annulation").status_code == 404


@pytest.mark.databases("sqlite")
@pytest.mark.typed("l’adresse de l’auteur donnée pour celle du destinataire", "refusée d’une phrase, rien ne part")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "organiser@exemple.test"}, "address"),
        ({"address": "ORGANISER@exemple.test"}, "address"),
        ({"address": "pas une adresse"}, "address"),
        ({"address": ""}, "address"),
        ({"source": ""}, "source"),
        ({"source": "la mairie"}, "source"),
        ({"checked": ""}, "checked"),
    ],
)
def test_never_to_an_address_that_the_author_vouches_for(
    site: Site, admin: TestClient, changes: dict[str, str], field: str
) -> None:
    handed_over(site)
    before = len(site.mails())
    answer = send(admin, **changes)
    assert answer.status_code == 422
    assert f'href="#champ-{field}-1-0"' in answer.text
    assert len(site.mails()) == before


@pytest.mark.databases("sqlite")
def test_an_administrator_does_not_vouch_for_their_own_petition(site: Site) -> None:
    slug, _ = handed_over(site)
    both = site.staff("admin", slug)
    answer = send(both)
    assert answer.status_code == 422
    assert "une autre personne de l’administration" in text_of(answer.text)
    assert send(both, "99/0").status_code == 404
    assert send(both, "1/7").status_code == 404
    site.later(minutes=11)
    asked = send(site.staff("admin", email="seconde@exemple.test"))
    assert asked.status_code == 303


@pytest.mark.databases("sqlite")
def test_sending_asks_once_more_who_it_is(site: Site, admin: TestClient) -> None:
    handed_over(site)
    site.later(minutes=11)
    before = len(site.mails())
    assert send(admin).status_code == 403
    assert len(site.mails()) == before
    for role in ("moderator", "organiser"):
        other = site.staff(role, email=f"{role}2@exemple.test")
        assert send(other).status_code == 404
        assert other.get("/administration/remises").status_code == 404


def test_sixty_acknowledge_at_once_and_it_is_done_once(site: Site, admin: TestClient) -> None:
    slug, _ = handed_over(site)
    path = linked(site, admin)
    begin, statuses = threading.Barrier(60), []

    def press() -> None:
        browser = site.browser()
        begin.wait()
        statuses.append(browser.post(path + "/reception").status_code)

    threads = [threading.Thread(target=press) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {303, 503}
    assert statuses.count(303) >= 1
    assert [mail.to for mail in site.mails() if "accusé réception" in mail.subject] == ["organiser@exemple.test"]
    (line,) = site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"]
    assert len(line["receipts"]) == 1


def test_two_answers_at_once_leave_one_that_waits(site: Site, admin: TestClient) -> None:
    handed_over(site)
    path = linked(site, admin)
    begin, statuses = threading.Barrier(6), []

    def press(n: int) -> None:
        browser = site.browser()
        begin.wait()
        statuses.append(browser.post(path + "/reponse", data={"text": f"{ANSWER} {n}"}).status_code)

    threads = [threading.Thread(target=press, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {303, 503}
    with site.database.read() as session:
        assert len(session.scalars(select(Update).where(Update.kind == "answer")).all()) == 1


# What the organiser reports, and what time takes away


@pytest.mark.databases("sqlite")
def test_an_answer_that_is_reported_has_its_source(site: Site) -> None:
    slug, organiser = handed_over(site)
    there = f"/organisation/petitions/{slug}/reponse"
    today = day_of(clock.now()).isoformat()
    whole = {"who": "Claire Vasseur, maire", "on": today, "text": ANSWER, "source_title": "Courrier du 3 mars"}
    for changes, field in (
        ({"source_title": ""}, "source_title"),
        ({"on": "9999-01-01"}, "on"),
        ({"on": "2001-01-01"}, "on"),
        ({"who": ""}, "who"),
        ({"text": ""}, "text"),
        ({"source_url": "ftp://x"}, "source_url"),
    ):
        answer = organiser.post(there, data=whole | changes)
        assert answer.status_code == 422
        assert f'href="#champ-{field}"' in answer.text
    assert organiser.post(there, data=whole).status_code == 303
    with site.database.read() as session:
        answer_row = session.scalars(select(Update).where(Update.kind == "answer")).one()
        assert answer_row.facts["by_recipient"] is False
        assert answer_row.facts["source_title"] == "Courrier du 3 mars"
        assert answer_row.mail is False
    assert site.staff("organiser", email="autre@exemple.test").post(there, data=whole).status_code == 404


def test_the_address_goes_at_day_d_and_the_receipt_stays(site: Site, admin: TestClient) -> None:
    slug, _ = handed_over(site)
    path = linked(site, admin)
    assert site.client.post(path + "/reception").status_code == 303
    assert OFFICIAL in admin.get("/administration/remises").text
    site.later(days=31)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        assert session.scalars(select(RecipientLink.address_sealed)).all() == [None]
    (line,) = site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"]
    assert len(line["receipts"]) == 1
    assert site.client.get(path).status_code == 200  # officials take their time
    again = site.staff("admin", email="seconde@exemple.test")
    assert send(again).status_code == 303
    with site.database.read() as session:
        link = session.scalars(select(RecipientLink)).one()
        assert link.address_sealed is None  # not kept any more
        assert links.make(vault_of(session), link) != path.rpartition("/")[2]
        assert link.sent_at is not None
        assert clock.now() - link.sent_at < timedelta(minutes=5)


def test_a_recipient_who_is_erased_is_written_to_no_more(site: Site, admin: TestClient) -> None:
    slug, organiser = handed_over(site)
    asked = {"delivery": "1", "place": "0", "source": SOURCE}
    assert organiser.post(desk(slug, "/lien"), data=asked).status_code == 303
    path = linked(site, admin)
    assert site.client.post(path + "/reception").status_code == 303
    with site.database.write() as session:
        erasing.erase(session, "quelquun@autre.example")
    assert site.client.get(path).status_code == 200
    with site.database.write() as session:
        erasing.erase(session, OFFICIAL.upper())
    with site.database.read() as session:
        link = session.scalars(select(RecipientLink)).one()
        assert (link.address_sealed, link.sent_at, link.asked_at) == (None, None, None)
    for answer in (site.client.get(path), site.client.post(path + "/reponse", data={"text": ANSWER})):
        assert answer.status_code == 410
    assert OFFICIAL not in admin.get("/administration/remises").text
    assert organiser.get(desk(slug)).status_code == 200
    (line,) = site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"]
    assert len(line["receipts"]) == 1


def test_an_answer_that_was_refused_goes_after_a_year(site: Site, admin: TestClient) -> None:
    handed_over(site)
    path = linked(site, admin)
    assert site.client.post(path + "/reponse", data={"text": ANSWER}).status_code == 303
    site.later(minutes=1)
    _decide(site, publish=False)
    for days, left in ((364, 1), (2, 0)):
        site.later(days=days)
        assert retention.dry_run(site.database, site.settings)["news_draft"] == 1 - left
        retention.run(site.database, site.settings)
        with site.database.read() as session:
            assert len(session.scalars(select(Update).where(Update.kind == "answer")).all()) == left
    with site.database.read() as session:
        assert session.scalars(select(RecipientLink.answer_id)).all() == [None]
