"""News written or timed to break something: a link that no parser reads, words changed under their reader, mailings
that add up, rights that are not given."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app import clock
from app.accounts.models import Account
from app.moderation.actions.news import decide_news
from app.organisations.models import Organisation
from app.petitions.markdown import absolute, render
from app.petitions.models import Petition
from app.updates import actions, emails, jobs
from app.updates.models import Update
from app.zone import day_of
from tests.deliveries.handing import form, hand_over
from tests.organisations.desk import found, join
from tests.organising.telling import NEWS, draft, send, tell, write
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")
BROKEN = (
    'Bonjour href="http://[" et href="//℀.com", [ici](http://[) et [là](//℀.com), puis [la charte](/charte "href=").'
)
ANSWER = {"who": "Claire Vasseur, maire", "text": "Nous rouvrirons dès le mois de mars.", "source_title": "Courrier"}
REFUSE = {"decision": "refuse", "article": "10", "explanation": "Ce n’est pas le sujet."}
OUTCOME = {"kind": "obtained", "text": "Le conseil municipal a voté la réouverture.", "source_title": "La gazette"}


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


@pytest.fixture
def moderator(site: Site) -> TestClient:
    return site.staff("moderator")


def trusted(site: Site, slug: str) -> None:
    for n in range(actions.REVIEWED):
        tell(site, slug, f"Ancienne {n}", mail=False, sent=False)


def last(site: Site) -> Update:
    with site.database.read() as session:
        return session.scalars(select(Update).order_by(Update.id.desc()).limit(1)).one()


def where(moderator: TestClient, site: Site) -> tuple[str, dict[str, str]]:
    """The page of the last news, as a moderator has it open."""
    path = f"/moderation/nouvelles/{last(site).id}"
    seen = re.search(r'name="seen" value="(\w+)"', moderator.get(path).text)
    assert seen is not None
    return path, {"seen": seen[1]}


def decide(site: Site, *, publish: bool) -> None:
    email = f"juge{int(publish)}@exemple.test"
    site.account("moderator", email=email)
    with site.database.write() as session:
        judge = session.scalars(select(Account).where(Account.email == email)).one()
        waiting = session.scalars(select(Update).where(Update.state == "waiting")).one()
        decide_news(session, waiting.id, judge, publish=publish, seen="", article=10, explanation="Hors sujet.")


def report(organiser: TestClient, slug: str, **changes: str) -> tuple[int, str]:
    whole = ANSWER | {"on": day_of(clock.now()).isoformat()} | changes
    answer = organiser.post(f"/organisation/petitions/{slug}/reponse", data=whole)
    return answer.status_code, text_of(answer.text)


def outcome(organiser: TestClient, slug: str, **changes: str) -> tuple[int, str]:
    whole = OUTCOME | {"on": day_of(clock.now()).isoformat()} | changes
    answer = organiser.post(f"/organisation/petitions/{slug}/issue", data=whole)
    return answer.status_code, text_of(answer.text)


# A link that no parser reads


def test_only_links_are_made_absolute_and_what_is_none_leads_nowhere() -> None:
    html = absolute(render(BROKEN), "https://signons.exemple/petitions/p")
    assert 'Bonjour href="http://[" et href="//℀.com",' in html, "words stay words"
    assert '<a href="https://signons.exemple/charte" title="href=" rel="nofollow noopener ugc">la charte</a>' in html
    assert (
        absolute('<a href="http://[" rel="nofollow">ici</a>', "https://signons.exemple/") == '<a rel="nofollow">ici</a>'
    )
    assert absolute('<a href="//℀.com">là</a>', "https://signons.exemple/") == "<a >là</a>"


def test_a_text_that_looks_like_a_broken_link_stops_no_page_and_no_mail(
    site: Site, slug: str, organiser: TestClient
) -> None:
    trusted(site, slug)
    site.confirmed(slug, consent_updates="on")
    path = draft(organiser, slug, text=BROKEN)
    for page in ("/relire", "/courriel"):
        assert organiser.get(path + page).status_code == 200
    assert organiser.post(f"{path}/essai").status_code == 303
    assert organiser.post(f"{path}/envoi", data={"act": "mail"}).status_code == 303
    site.later(minutes=10)
    assert any(mail.to == "marie@exemple.test" and "Bonjour href" in mail.text for mail in write(site))
    for feed in ("/petitions.atom", f"/petitions/{slug}/nouvelles.atom"):
        assert "Bonjour href" in site.client.get(feed).text


def test_one_mailing_that_fails_holds_up_no_other(site: Site, slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = site.publish()
    for one in (slug, other):
        site.confirmed(one, consent_updates="on", email=f"{one}@exemple.test")
    tell(site, slug, "La première", sent=False)
    tell(site, other, "La seconde", sent=False)
    before, real = len(site.mails()), emails.news_context

    def failing(update: Update, petition: Petition, origin: str, locale: str) -> dict[str, object]:
        if update.title == "La première":
            raise ValueError(update.title)
        return real(update, petition, origin, locale)

    monkeypatch.setattr(emails, "news_context", failing)
    assert jobs.send_updates(site.database, site.settings.origin) < 5, "no tight loop"
    (mail,) = site.mails()[before:]
    assert "La seconde" in mail.text
    monkeypatch.undo()
    assert "La première" in write(site)[-1].text, "the next run tries it again"


# Words changed under their reader


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("decision", [{"decision": "publish"}, REFUSE])
def test_what_was_not_read_is_not_decided(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient, decision: dict[str, str]
) -> None:
    path = send(organiser, slug, "page")
    there, seen = where(moderator, site)
    organiser.post(f"{path}/rappel")
    organiser.post(path, data=NEWS | {"text": "Tout autre chose, que personne n’a lu jusqu’ici."})
    assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 303
    for mark in (seen, {}):
        answer = moderator.post(f"{there}/decision", data=decision | mark)
        assert answer.status_code == 409
    assert "a changé pendant que vous le lisiez" in text_of(answer.text)
    assert "que personne n’a lu" in text_of(answer.text), "shown anew"
    assert last(site).state == "waiting"
    assert moderator.post(f"{there}/decision", data=decision | where(moderator, site)[1]).status_code == 303


def test_what_went_by_itself_makes_nobody_trusted(site: Site, slug: str, organiser: TestClient) -> None:
    """Two deliveries in our words; then old news that nobody read."""
    assert hand_over(organiser, slug).status_code == 303
    assert hand_over(organiser, slug, seen="1").status_code == 303
    site.later(minutes=10)
    write(site)
    with site.database.write() as session:
        rows = session.scalars(select(Update)).all()
        assert [row.state for row in rows] == ["published", "published"]
        old = {"petition_id": rows[0].petition_id, "html": "", "markdown": "", "created_at": clock.now()}
        for n in range(2):
            session.add(Update(title=f"Avant {n}", state="published", finished_at=clock.now(), **old))
    send(organiser, slug, "page")
    assert last(site).state == "waiting"


def test_a_delivery_called_back_keeps_our_words(site: Site, slug: str, organiser: TestClient) -> None:
    trusted(site, slug)
    assert hand_over(organiser, slug).status_code == 303
    path = f"/organisation/petitions/{slug}/nouvelles/{last(site).id}"
    assert organiser.post(f"{path}/rappel").status_code == 303
    before = last(site).markdown
    assert (
        organiser.post(path, data={"title": "Votez pour moi", "text": "Dimanche prochain, votez."}).status_code == 409
    )
    page = organiser.get(path).text
    assert "Ses mots sont ceux du site" in text_of(page)
    assert "<textarea" not in page
    assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 303
    assert (last(site).markdown, last(site).state) == (before, "scheduled")
    organiser.post(f"{path}/rappel")
    assert organiser.post(f"{path}/suppression").status_code == 303


def test_an_answer_called_back_is_read_and_not_emptied(site: Site, slug: str, organiser: TestClient) -> None:
    trusted(site, slug)
    assert report(organiser, slug)[0] == 303
    path = f"/organisation/petitions/{slug}/nouvelles/{last(site).id}"
    assert last(site).state == "scheduled"
    organiser.post(f"{path}/rappel")
    organiser.post(path, data={"title": "Réponse", "text": ""})
    assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 422
    organiser.post(path, data={"title": "Réponse", "text": "Elle a dit tout le contraire, en fait."})
    assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 303
    assert last(site).state == "waiting"


def test_what_was_refused_is_read_whatever_its_author_does(site: Site, slug: str, organiser: TestClient) -> None:
    path = send(organiser, slug, "page")
    decide(site, publish=False)
    trusted(site, slug)
    for _ in range(2):
        assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 303
        with site.database.read() as session:
            assert session.get_one(Update, int(path.rpartition("/")[2])).state == "waiting"
        assert organiser.post(f"{path}/rappel").status_code == 303
    assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 303
    decide(site, publish=True)
    organiser.post(f"{path}/rappel")
    organiser.post(f"{path}/envoi", data={"act": "page"})
    with site.database.read() as session:
        assert session.get_one(Update, int(path.rpartition("/")[2])).state == "scheduled", "a moderator has said yes"


def test_who_sends_it_last_is_its_author(site: Site, slug: str, organiser: TestClient) -> None:
    path = draft(organiser, slug)
    admin = site.staff("admin")
    assert admin.post(f"{path}/envoi", data={"act": "page"}).status_code == 303
    assert last(site).author_id == site.account_id("admin@exemple.test")


# Mailings that add up


def test_all_that_an_organiser_writes_is_mailed_once_a_week(site: Site, slug: str, organiser: TestClient) -> None:
    trusted(site, slug)
    site.confirmed(slug, consent_updates="on")
    assert report(organiser, slug, mail="on")[0] == 303
    assert report(organiser, slug, text="Une autre réponse, tout à fait.", mail="on")[0] == 409, "the first waits"
    assert outcome(organiser, slug, mail="on")[0] == 409
    path = draft(organiser, slug)
    assert organiser.post(f"{path}/envoi", data={"act": "mail"}).status_code == 409
    site.later(minutes=10)
    write(site)
    for status, page in (
        report(organiser, slug, text="Une autre réponse, tout à fait.", mail="on"),
        outcome(organiser, slug, mail="on"),
    ):
        assert status == 422
        assert re.search(r"pourra à partir du \d+", page)
        assert "tout à fait" in page or "a voté la réouverture" in page, "what was typed is still there"
    assert organiser.post(f"{path}/envoi", data={"act": "mail"}).status_code == 422
    for there in ("reponse", "issue"):
        page = organiser.get(f"/organisation/petitions/{slug}/{there}").text
        assert 'name="mail"' not in page
        assert "Celle-ci le pourra à partir du" in text_of(page)
    assert outcome(organiser, slug)[0] == 303
    assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 303


def test_of_two_deliveries_in_a_week_one_is_mailed(site: Site, slug: str, organiser: TestClient) -> None:
    site.confirmed(slug, consent_updates="on")
    assert hand_over(organiser, slug).status_code == 303
    asked = organiser.post(f"/organisation/petitions/{slug}/remise", data=form(act="look", seen="1"))
    assert "une remise a déjà été annoncée par courriel" in text_of(asked.text)
    assert hand_over(organiser, slug, seen="1").status_code == 303
    with site.database.read() as session:
        assert session.scalars(select(Update.mail).order_by(Update.id)).all() == [True, False]


def test_five_wait_and_no_more(site: Site, slug: str, organiser: TestClient) -> None:
    for n in range(5):
        send(organiser, slug, "page", title=f"Nouvelle {n}")
    path = draft(organiser, slug, title="La sixième")
    refused = organiser.post(f"{path}/envoi", data={"act": "page"})
    assert (refused.status_code, "déjà en route" in text_of(refused.text)) == (422, True)
    assert report(organiser, slug)[0] == 422


@pytest.mark.databases("sqlite", "postgresql")
def test_the_same_answer_six_times_at_once_is_one(site: Site, slug: str, organiser: TestClient) -> None:
    cookie = {"cookie": f"session={organiser.cookies['session']}"}
    whole = ANSWER | {"on": day_of(clock.now()).isoformat()}

    def post(_: int) -> int:
        there = f"/organisation/petitions/{slug}/reponse"
        return site.browser().post(there, data=whole, headers=cookie).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(post, range(6))) <= {303, 503}
    with site.database.read() as session:
        assert len(session.scalars(select(Update)).all()) == 1


def test_a_member_who_tells_no_news_hands_over_and_mails_nobody(site: Site, slug: str) -> None:
    maker = found(site)
    with site.database.write() as session:
        organisation = session.scalars(select(Organisation)).one()
        session.scalars(select(Petition).where(Petition.slug == slug)).one().organisation_id = organisation.id
    site.confirmed(slug, consent_updates="on")
    writer = join(site, maker, "ecrit@exemple.test", "petitions")
    asked = writer.post(f"/organisation/petitions/{slug}/remise", data=form(act="look"))
    assert "Aucun message ne part : écrire à ceux qui suivent" in text_of(asked.text)
    assert hand_over(writer, slug).status_code == 303
    assert (last(site).kind, last(site).mail) == ("delivery", False)


# Two outcomes at once


def test_an_outcome_sent_again_is_checked_again(site: Site, slug: str, organiser: TestClient) -> None:
    assert outcome(organiser, slug)[0] == 303
    first = f"/organisation/petitions/{slug}/nouvelles/{last(site).id}"
    assert organiser.post(f"{first}/rappel").status_code == 303
    assert outcome(organiser, slug, kind="refused")[0] == 303
    refused = organiser.post(f"{first}/envoi", data={"act": "page"})
    assert (refused.status_code, "Une issue est déjà en route" in text_of(refused.text)) == (409, True)
    organiser.post(f"/organisation/petitions/{slug}/issue/rappel")
    with site.database.write() as session:
        row = session.get_one(Update, int(first.rpartition("/")[2]))
        row.facts = row.facts | {"at": (day_of(clock.now()) - timedelta(days=400)).isoformat()}
    assert organiser.post(f"{first}/envoi", data={"act": "page"}).status_code == 422
