"""News from the first word to the page: saved, looked at, tried on oneself, sent, called back, published."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select
from starlette.testclient import TestClient

from app import clock
from app.audit import AuditLine
from app.mail.models import CaughtMail, OutboxMail
from app.mail.sending import Sender
from app.petitions import queries as petition_queries
from app.updates import actions, jobs
from app.updates.models import Update
from tests.organising.telling import NEWS, base, draft, send, tell, write
from tests.privacy.crowd import crowd
from tests.site import PASSWORD, Site, text_of

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


def trusted(site: Site, slug: str) -> None:
    """Two of its news are on the page already, long ago."""
    for n in range(actions.REVIEWED):
        tell(site, slug, f"Ancienne {n}", mail=False, sent=False)


def follow(site: Site, slug: str, n: int) -> None:
    """So many sign, confirm, and ask for the news."""
    crowd(site, slug, [{"email": f"p{k}@exemple.test", "consent_updates": "on"} for k in range(n)])


def back(site: Site) -> TestClient:
    """The organiser, signed in again: a session lasts ten hours."""
    browser = site.browser()
    form = {"email": "organiser@exemple.test", "password": PASSWORD}
    assert browser.post("/connexion", data=form).status_code == 303
    return browser


def states(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(Update.state).order_by(Update.id)))


def public_places(site: Site, slug: str) -> Iterator[str]:
    for path in ("", "/nouvelles", "/nouvelles.atom", ".json"):
        yield site.client.get(f"/petitions/{slug}{path}").text
    yield site.client.get("/").text
    yield site.client.get("/petitions.atom").text


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.typed(
    "une nouvelle envoyée, puis rappelée avant dix minutes", "personne ne l’a vue ; elle est un brouillon"
)
def test_from_the_draft_to_the_page_with_ten_minutes_to_call_it_back(site: Site, slug: str) -> None:
    trusted(site, slug)
    site.confirmed(slug, consent_updates="on")
    organiser = site.staff("organiser", slug)
    path = send(organiser, slug)
    assert "Elle paraît le" in text_of(organiser.get(path).text)
    site.later(minutes=9)
    assert write(site)[-1].subject != "Des nouvelles de ce que vous suivez"
    assert not any(NEWS["title"] in page for page in public_places(site, slug))
    assert organiser.post(f"{path}/rappel").headers["location"] == f"{path}?fait=rappelee"
    site.later(minutes=9)
    write(site)
    assert not any(NEWS["title"] in page for page in public_places(site, slug))
    seen = re.search(r'name="seen" value="(\w+)"', organiser.get(path).text)
    assert seen is not None
    changed = {"title": "Une autre date", "text": NEWS["text"], "seen": seen[1], "go": "relire"}
    assert organiser.post(path, data=changed).headers["location"] == f"{path}/relire"
    assert "Envoyer à 1 personne" in text_of(organiser.get(f"{path}/relire").text)
    assert organiser.post(f"{path}/envoi", data={"act": "mail"}).status_code == 303
    assert organiser.post(f"{path}/envoi", data={"act": "mail"}).status_code == 409
    site.later(minutes=10)
    assert "Une autre date" in write(site)[-1].text
    assert all("Une autre date" in page for page in public_places(site, slug))
    assert organiser.post(f"{path}/rappel").status_code == 409
    assert states(site)[-1] == "published"
    assert "envoyée à 1 personne" in text_of(organiser.get(base(slug)).text)
    with site.database.read() as session:
        acts = session.scalars(select(AuditLine.act).where(AuditLine.act.like("update.%")).order_by(AuditLine.id)).all()
    assert acts[-5:] == ["update.written", "update.sent", "update.recalled", "update.sent", "update.published"]


def test_the_button_says_how_many_and_only_those_get_it(site: Site, slug: str, organiser: TestClient) -> None:
    """Exactly: who said no since, or never confirmed it, is not in the number."""
    trusted(site, slug)
    follow(site, slug, 11)
    site.confirmed(slug, email="part@exemple.test", consent_updates="on")
    site.confirmed(slug, email="signe@exemple.test")
    site.sign(slug, email="attend@exemple.test", consent_updates="on")
    link = re.search(r"/desabonnement/\S+", tell_one(site, slug))
    assert link is not None
    site.client.post(link[0])
    path = draft(organiser, slug)
    page = text_of(organiser.get(f"{path}/relire").text)
    assert "Publier sans courriel" in page
    told = re.search(r"Envoyer à (\d+) personnes", page)
    assert told is not None
    before = len(site.mails())
    organiser.post(f"{path}/envoi", data={"act": "mail"})
    site.later(minutes=10)
    assert len(write(site)) - before == int(told[1]) == 11


def tell_one(site: Site, slug: str) -> str:
    """The last mail of an answer that was told: it has the link that stops."""
    tell(site, slug, "Une réponse", kind="answer")
    return next(mail.text for mail in reversed(site.mails()) if mail.to == "part@exemple.test")


def test_without_anybody_who_follows_it_is_published_and_nothing_else(
    site: Site, slug: str, organiser: TestClient
) -> None:
    trusted(site, slug)
    path = draft(organiser, slug)
    page = organiser.get(f"{path}/relire").text
    assert "Sans courriel : personne" in text_of(page)
    assert re.findall(r'name="act" value="(\w+)">\s*([^<]*)<', page) == [("page", "Publier")]


def test_page_and_mail_are_seen_as_they_will_be(site: Site, slug: str, organiser: TestClient) -> None:
    text = "# Mardi\n\nNous serons **douze** <script>alert(1)</script> à la [mairie](https://mairie.fr)."
    path = draft(organiser, slug, text=text)
    look = organiser.get(f"{path}/relire")
    assert "<strong>douze</strong>" in look.text
    assert "Des nouvelles de ce que vous suivez" in look.text
    frame = re.search(r'<iframe class="mail-frame" src="([^"]+)"[^>]* sandbox>', look.text)
    assert frame is not None
    mail = organiser.get(frame[1])
    assert "<strong>douze</strong>" in mail.text
    assert "<script>alert" not in look.text + mail.text
    assert "default-src 'none'" in mail.headers["content-security-policy"]
    assert "sandbox" in mail.headers["content-security-policy"]
    assert mail.headers["x-frame-options"] == "SAMEORIGIN"
    assert "/desabonnement/" not in mail.text, "the link that stops is nobody's"
    assert 'lang="en"' in organiser.get(f"{path}/courriel?langue=en").text
    fragment = organiser.post(f"{base(slug)}/apercu", data={"text": text})
    assert fragment.text.startswith("<h2>Mardi</h2>")
    assert "<script>" not in fragment.text


@pytest.mark.typed("un essai de sa nouvelle", "à sa propre adresse, et qui dit que c’en est un")
def test_a_test_goes_to_its_author_alone_and_says_so(site: Site, slug: str, organiser: TestClient) -> None:
    site.confirmed(slug, consent_updates="on")
    path = draft(organiser, slug)
    before = len(site.mails())
    assert organiser.post(f"{path}/essai").headers["location"] == f"{path}/relire?fait=essai"
    (mail,) = write(site)[before:]
    assert mail.to == "organiser@exemple.test"
    assert mail.subject.startswith("Essai")
    assert "Ceci est un essai" in mail.text
    assert "Ceci est un essai" in text_of(mail.html)
    assert NEWS["text"] in mail.text
    assert "List-Unsubscribe" not in mail.message
    assert states(site) == ["draft"]
    for _ in range(9):
        organiser.post(f"{path}/essai")
    assert len(site.mails()) - before <= 6, "within the budget of an address"


@pytest.mark.databases("sqlite", "postgresql")
def test_one_mailing_a_week_and_the_page_as_often_as_one_likes(site: Site, slug: str) -> None:
    trusted(site, slug)
    site.confirmed(slug, consent_updates="on")
    organiser = site.staff("organiser", slug)
    send(organiser, slug)
    second = draft(organiser, slug, title="Une seconde")
    refused = organiser.post(f"{second}/envoi", data={"act": "mail"})
    assert refused.status_code == 409, "the first waits"
    assert "attend déjà d’être envoyée" in text_of(refused.text)
    site.later(minutes=10)
    write(site)
    site.later(days=6)
    organiser = back(site)
    refused = organiser.post(f"{second}/envoi", data={"act": "mail"})
    assert refused.status_code == 422
    assert re.search(r"pourra à partir du \d+", text_of(refused.text))
    page = organiser.get(f"{second}/relire").text
    assert 'value="mail"' not in page
    assert organiser.post(f"{second}/envoi", data={"act": "page"}).status_code == 303
    tell(site, slug, "La réponse", kind="answer")
    assert "La réponse" in site.mails()[-1].text, "what happened is told at once"
    third = draft(organiser, slug, title="Une troisième")
    site.later(days=1)
    organiser = back(site)
    assert organiser.post(f"{third}/envoi", data={"act": "mail"}).status_code == 303
    site.later(minutes=10)
    assert "Une troisième" in write(site)[-1].text


def race(site: Site, slug: str, n: int) -> list[int]:
    """One draft, sent *n* times at once, and a second one beside it as often."""
    trusted(site, slug)
    site.confirmed(slug, consent_updates="on")
    organiser = site.staff("organiser", slug)
    paths = [draft(organiser, slug, title=f"Nouvelle {k}") for k in range(2)]
    cookie = {"cookie": f"session={organiser.cookies['session']}"}

    def post(k: int) -> int:
        answer = site.browser().post(f"{paths[k % 2]}/envoi", data={"act": "mail"}, headers=cookie)
        return answer.status_code

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(post, range(n)))


@pytest.mark.databases("sqlite", "postgresql")
def test_of_many_sendings_at_once_one_leaves(site: Site, slug: str, database_url: str) -> None:
    """Sixty at once on SQLite: nobody is answered by an error of ours."""
    n = 60 if database_url.startswith("sqlite") else 16
    answers = race(site, slug, n)
    assert answers.count(303) == 1
    assert set(answers) <= {303, 409, 422, 503}
    before = len(site.mails())
    site.later(minutes=10)
    assert len(write(site)) == before + 1
    with site.database.read() as session:
        assert session.scalar(select(func.count()).where(Update.mail, Update.title.like("Nouvelle%"))) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_the_database_itself_lets_one_mailing_wait(site: Site, slug: str) -> None:
    """Should the lock ever be forgotten."""
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        for state in ("waiting", "scheduled"):
            now = clock.now()
            row = Update(petition_id=petition.id, title="a", markdown="a", html="a", created_at=now, finished_at=now)
            row.kind, row.state, row.mail = "news", state, True
            if state == "waiting":
                session.add(row)
                session.flush()
                continue
            with pytest.raises(Exception, match=r"(?i)unique"), session.begin_nested():
                session.add(row)


@pytest.mark.databases("sqlite", "postgresql")
def test_what_is_called_back_and_published_at_once_is_one_of_them(site: Site, slug: str) -> None:
    trusted(site, slug)
    organiser = site.staff("organiser", slug)
    path = send(organiser, slug, "page")
    site.later(minutes=10)
    with ThreadPoolExecutor(2) as pool:
        called = pool.submit(organiser.post, f"{path}/rappel")
        pool.submit(jobs.send_updates, site.database, site.settings.origin).result()
        status = called.result().status_code
    write(site)
    seen = NEWS["title"] in site.client.get(f"/petitions/{slug}").text
    assert (status, seen) in {(303, False), (409, True)}


@pytest.mark.parametrize("state", ["draft", "submitted", "refused"])
def test_of_a_petition_that_is_not_online_nothing_goes(
    site: Site, slug: str, organiser: TestClient, state: str
) -> None:
    site.confirmed(slug, consent_updates="on")
    waiting = send(organiser, slug)
    trusted(site, slug)
    path = draft(organiser, slug)
    due = send(organiser, slug, "page")
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        petition.state = state
    refused = organiser.post(f"{path}/envoi", data={"act": "page"})
    assert (refused.status_code, "n’est pas en ligne" in text_of(refused.text)) == (409, True)
    assert organiser.post(base(slug), data=NEWS).status_code == 409
    assert organiser.get(base(slug)).status_code == 200
    before, moderator = len(site.mails()), site.staff("moderator")
    decided = moderator.post(
        f"/moderation/nouvelles/{waiting.rpartition('/')[2]}/decision", data={"decision": "publish"}
    )
    assert decided.status_code == 409
    site.later(hours=1)
    assert len(write(site)) == before
    assert states(site)[-1] == "scheduled", due


@pytest.mark.databases("sqlite", "postgresql")
def test_mails_stop_while_the_petition_is_taken_down(site: Site, slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.updates.actions.sending.BATCH", 2)
    follow(site, slug, 5)
    tell(site, slug, sent=False)
    with site.database.write() as session:
        assert actions.send_some(session, site.settings.origin) == 2
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        petition.state = "refused"
    before = len(site.mails())
    assert len(write(site)) == before
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        petition.state = "open"
    assert len(write(site)) == before + 3


def test_two_windows_on_one_draft_overwrite_nothing(site: Site, slug: str, organiser: TestClient) -> None:
    path = draft(organiser, slug)
    seen = re.search(r'name="seen" value="(\w+)"', organiser.get(path).text)
    assert seen is not None
    by_itself = {"accept": "application/json"}
    first = organiser.post(path, data={"title": "Premier", "text": "a", "seen": seen[1]}, headers=by_itself)
    assert (first.status_code, set(first.json())) == (200, {"saved_at", "seen"})
    late = {"title": "Second", "text": "Ce que j’avais tapé.", "seen": seen[1]}
    assert organiser.post(path, data=late, headers=by_itself).json()["error"].startswith("Cette nouvelle a changé")
    answer = organiser.post(path, data=late)
    assert answer.status_code == 409
    assert "Ce que j’avais tapé." in answer.text
    assert "Premier" in organiser.get(path).text
    assert organiser.post(f"{path}/envoi", data={"act": "page", "seen": seen[1]}).status_code in {409, 422}
    assert states(site) == ["draft"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"title": "x"}, "title"),
        ({"title": "\u202e\u200b\u3164\u2800"}, "title"),
        ({"text": "\u200b" * 50}, "text"),
        ({"text": "Court."}, "text"),
        ({"text": "a" * 10_001}, "text"),
    ],
)
def test_what_nobody_could_read_does_not_leave(
    site: Site, slug: str, organiser: TestClient, typed: dict[str, str], field: str
) -> None:
    path = draft(organiser, slug, title="", text="")
    refused = organiser.post(path, data=NEWS | typed | {"go": "relire"})
    assert refused.status_code == 422
    assert f'href="#champ-{field}"' in refused.text
    organiser.post(path, data=NEWS | typed)
    assert organiser.post(f"{path}/envoi", data={"act": "page"}).status_code == 422
    assert organiser.post(f"{path}/essai").status_code in {422, 303}
    assert states(site) == ["draft"]


@pytest.mark.typed("👩🏽‍🚒 dans une nouvelle", "sur la page, dans le flux et dans le courriel")
def test_signs_of_every_kind_arrive(site: Site, slug: str, organiser: TestClient) -> None:
    trusted(site, slug)
    site.confirmed(slug, consent_updates="on")
    odd = {"title": "Merci 👩🏽‍🚒 et مرحبا", "text": "Une \u200bflamme 🔥 et \u202eun renversement, puis la fin."}
    send(organiser, slug, **odd)
    site.later(minutes=10)
    mail = write(site)[-1]
    for page in (mail.text, mail.html, *public_places(site, slug)):
        assert "👩🏽‍🚒" in page or "\\ud83d\\udc69" in page
        assert "\u202e" not in page
    assert "🔥" in mail.text


def test_a_draft_is_begun_once_and_thrown_away(site: Site, slug: str, organiser: TestClient) -> None:
    empty = {organiser.post(base(slug), data={}).headers["location"] for _ in range(3)}
    assert len(empty) == 1, "an empty one is gone on with"
    (path,) = empty
    assert organiser.post(f"{path}/suppression").headers["location"] == f"{base(slug)}?fait=supprimee"
    assert organiser.get(path).status_code == 404
    tell(site, slug)
    published = f"{base(slug)}/{1 + int(path.rpartition('/')[2])}"
    for act in ("suppression", "rappel", "envoi", "essai"):
        assert organiser.post(f"{published}/{act}", data={"act": "page"}).status_code in {404, 409}
    assert states(site) == ["published"]


def test_nobody_else_tells_the_news(site: Site, slug: str, organiser: TestClient) -> None:
    """Another organiser, of another petition, even through an address of their own; and who has no such right."""
    path = draft(organiser, slug)
    own = site.publish()
    other = site.staff("organiser", own, email="autre@exemple.test")
    there = path.replace(slug, own)
    for browser, where in ((other, path), (other, there), (site.staff("moderator"), path)):
        for page in ("", "/relire", "/courriel"):
            assert browser.get(where + page).status_code == 404
        for act in ("", "/essai", "/envoi", "/rappel", "/suppression"):
            assert browser.post(where + act, data=NEWS | {"act": "page"}).status_code == 404
    assert site.client.get(path).status_code == 303
    assert states(site) == ["draft"]


def test_confirmations_go_before_news(site: Site, slug: str) -> None:
    """Those who sign while five hundred are told wait for none of them."""
    follow(site, slug, 250)
    with site.database.write() as session:
        session.execute(delete(OutboxMail))
    tell(site, slug, sent=False)
    jobs.send_updates(site.database, site.settings.origin)
    with site.database.read() as session:
        waiting = select(func.count()).where(OutboxMail.template == "updates/news", OutboxMail.state == "waiting")
        assert session.scalar(waiting) == 200, "a group, and no more until it has left"
    site.later(minutes=1)
    site.sign(slug, email="nouvelle@exemple.test")
    before = len(sent(site))
    Sender(site.settings, site.database, site.app.state.templates).send_due()
    assert sent(site)[before:][0] == "nouvelle@exemple.test"


def sent(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(CaughtMail.recipient).order_by(CaughtMail.id)))


def test_a_subscriber_whose_mail_waits_for_tomorrow_holds_up_nobody(site: Site, slug: str) -> None:
    """Where a worker was killed twice over one mail, a third waits for the next day; the others do not."""
    site.confirmed(slug, consent_updates="on")
    tell(site, slug, sent=False)
    jobs.send_updates(site.database, site.settings.origin)
    with site.database.write() as session:
        row = session.scalars(select(OutboxMail).where(OutboxMail.template == "updates/news")).one()
        row.send_after = clock.now() + timedelta(days=1)
    other = site.publish()
    site.confirmed(other, email="b@exemple.test", consent_updates="on")
    tell(site, other)
    assert site.mails()[-1].to == "b@exemple.test"
