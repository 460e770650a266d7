"""The platform's letter: read again before it leaves, only to those whose last word is yes."""

import pytest
from sqlalchemy import select

from app import clock
from app.consents import actions as consents
from app.mail.models import OutboxMail
from app.subscriptions import actions as subscriptions
from app.subscriptions import queries as subscription_queries
from app.subscriptions.models import Subscription
from app.updates import actions, jobs
from app.updates.actions import sending
from app.updates.models import Letter
from tests.organising.telling import NEWS, tell
from tests.site import Received, Site, text_of

LETTER = {"title": "La lettre d’octobre", "text": "Bonjour à **tous**.\n\n- un <b>mot</b>\n- [un lien](https://a.fr)"}
PAGE = "/administration/lettre"


@pytest.fixture
def slug(site: Site) -> str:
    """A petition that Marie, Ada and Zoé signed; the last two asked for the letter."""
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    for name in ("ada", "zoe"):
        site.confirmed(slug, email=f"{name}@exemple.test", consent_newsletter="on")
    return slug


def send(site: Site, **changes: str) -> None:
    """An administrator sends the letter; nothing is written to anybody yet."""
    email = f"admin{len(changes)}@exemple.test"
    answer = site.staff("admin", email=email).post(PAGE, data=LETTER | changes | {"act": "send"})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)


def write(site: Site) -> int:
    return jobs.send_updates(site.database, site.settings.origin)


def letters(site: Site) -> list[Received]:
    return [mail for mail in site.mails() if mail.subject == LETTER["title"]]


def unsubscribe_link(mail: Received) -> str:
    header = mail.message["List-Unsubscribe"]
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return str(header).strip("<>").removeprefix("http://127.0.0.1:8000")


def figures(site: Site) -> str:
    return text_of(site.staff("admin", email="chiffres@exemple.test").get(PAGE).text)


@pytest.mark.databases("sqlite")
def test_reading_again_keeps_nothing_and_asks_once(site: Site, slug: str) -> None:
    admin = site.staff("admin")
    assert "2 personnes ont demandé" in text_of(admin.get(PAGE).text)
    preview = admin.post(PAGE, data=LETTER)
    assert preview.status_code == 200
    assert "Envoyer cette lettre à 2 personnes ?" in text_of(preview.text).replace("\u202f", " ")
    assert "<strong>tous</strong>" in preview.text
    assert "<b>mot</b>" not in preview.text
    corrected = admin.post(PAGE, data=LETTER | {"act": "correct"})
    assert "Bonjour à **tous**." in corrected.text
    with site.database.read() as session:
        assert session.scalars(select(Letter)).all() == []
    assert write(site) == 0
    assert letters(site) == []


def test_it_reaches_those_who_asked_and_no_one_else(site: Site, slug: str) -> None:
    send(site)
    write(site)
    mails = letters(site)
    assert sorted(mail.to for mail in mails) == ["ada@exemple.test", "zoe@exemple.test"]
    assert "<strong>tous</strong>" in mails[0].html
    assert "<b>mot</b>" not in mails[0].html
    assert unsubscribe_link(mails[0]) in mails[0].text
    # From the mail provider, on behalf of its reader: one POST from another origin.
    one_click = {"sec-fetch-site": "cross-site", "origin": "https://mail.exemple.test"}
    answer = site.browser().post(unsubscribe_link(mails[0]), data={"List-Unsubscribe": "One-Click"}, headers=one_click)
    assert answer.status_code == 200
    with site.database.read() as session:
        assert len(session.scalars(select(Subscription).where(Subscription.purpose == "newsletter")).all()) == 1
    assert write(site) == 0
    assert len(letters(site)) == 1  # hers is forgotten with the subscription; nothing else left


def test_leaving_between_the_writing_and_the_sending_is_in_time(site: Site, slug: str) -> None:
    send(site, title="Une première")
    write(site)
    link = unsubscribe_link(next(m for m in site.mails() if m.subject == "Une première" and m.to == "ada@exemple.test"))
    send(site)
    write(site)
    with site.database.read() as session:
        assert len(session.scalars(select(OutboxMail).where(OutboxMail.state == "waiting")).all()) == 2
    assert site.client.post(link).status_code == 303
    with site.database.read() as session:
        assert len(session.scalars(select(OutboxMail).where(OutboxMail.state == "waiting")).all()) == 1
    assert [mail.to for mail in letters(site)] == ["zoe@exemple.test"]


def test_leaving_cancels_the_news_that_wait_in_the_outbox(site: Site, slug: str) -> None:
    tell(site, slug)
    link = next(mail for mail in site.mails() if NEWS["text"] in mail.text)
    tell(site, slug, kind="answer", sent=False)
    assert write(site) == 1
    site.client.post(unsubscribe_link(link))
    with site.database.read() as session:
        assert session.scalars(select(OutboxMail).where(OutboxMail.template == "updates/news")).all() == []
    assert NEWS["text"] not in "".join(mail.text for mail in site.mails())


def test_the_ledger_decides_even_where_a_row_is_left(site: Site, slug: str) -> None:
    """As after a restore, or a bug: the subscription is there, the last event says no."""
    with site.database.write() as session:
        ada = session.scalars(select(Subscription).where(Subscription.purpose == "newsletter").limit(1)).one()
        assert ada.signature_id is not None
        consents.withdraw(session, ada.consent_petition_id, ada.signature_id, {"newsletter"})
    send(site)
    assert write(site) == 1
    assert len(letters(site)) == 1


def test_it_is_written_in_batches_that_go_on_where_they_stopped(
    site: Site, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BATCH", 1)
    send(site)
    with site.database.write() as session:
        assert actions.send_some(session, site.settings.origin) == 1
    assert "Écrites 1 Parties, sur trente jours 0 À venir 2" in figures(site)
    with site.database.write() as session:
        actions.send_some(session, site.settings.origin)
        session.rollback()  # killed before the commit
    write(site)
    assert sorted(mail.to for mail in letters(site)) == ["ada@exemple.test", "zoe@exemple.test"]


def test_the_figures_follow_it(site: Site, slug: str) -> None:
    send(site)
    assert "Écrites 0 Parties, sur trente jours 0 À venir 2" in figures(site)
    write(site)
    page = text_of(site.staff("admin", email="autre@exemple.test").get(PAGE).text)
    assert "Écrites 2 Parties, sur trente jours 0 À venir 2" in page
    site.mails()
    page = text_of(site.staff("admin", email="encore@exemple.test").get(PAGE).text)
    assert "Écrites 2 Parties, sur trente jours 2 À venir 0" in page


def test_what_is_posted_twice_leaves_once(site: Site, slug: str) -> None:
    admin = site.staff("admin")
    assert admin.post(PAGE, data=LETTER | {"act": "send"}).status_code == 303
    for title in (LETTER["title"], "Une autre, pendant la première"):
        again = admin.post(PAGE, data=LETTER | {"act": "send", "title": title})
        assert again.status_code == 422
        assert "Bonjour à **tous**." in again.text
    write(site)
    again = admin.post(PAGE, data=LETTER)
    assert again.status_code == 422
    assert "Une lettre porte déjà cet objet" in again.text
    write(site)
    assert len(letters(site)) == 2


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "changes", [{"title": "x"}, {"title": "\u202e\u200b\u3164\u2800"}, {"text": "Court."}, {"text": "a" * 10_001}]
)
def test_a_letter_that_cannot_be_read_is_refused(site: Site, changes: dict[str, str]) -> None:
    for act in ("", "send"):
        site_answer = site.staff("admin", email=f"a{act}@exemple.test").post(PAGE, data=LETTER | changes | {"act": act})
        assert site_answer.status_code == 422
    assert write(site) == 0


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("role", ["organiser", "moderator"])
def test_only_administrators_write_it(site: Site, role: str) -> None:
    browser = site.staff(role)
    assert browser.get(PAGE).status_code in {403, 404}
    assert browser.post(PAGE, data=LETTER | {"act": "send"}).status_code in {403, 404}
    assert site.client.get(PAGE).status_code == 303


@pytest.mark.parametrize("purpose", ["newsletter", "updates"])
def test_an_address_on_the_suppression_list_is_not_written_to(site: Site, slug: str, purpose: str) -> None:
    """As when an old backup brought back the subscription and its evidence, and the list was kept."""
    site.confirmed(slug, email="bea@exemple.test", consent_updates="on", consent_newsletter="on")
    with site.database.write() as session:
        rows = session.scalars(select(Subscription).where(Subscription.purpose == purpose)).all()
        bea = next(row for row in rows if subscriptions.email_of(session, row) == "bea@exemple.test")
        key = subscriptions.address_key(session, purpose, bea.petition_id, "bea@exemple.test", b"no")
        subscription_queries.suppress(session, purpose, bea.petition_id, key, clock.now())
    if purpose == "newsletter":
        send(site)
    else:
        tell(site, slug, sent=False)
    before = len(site.mails())
    write(site)
    told = {mail.to for mail in site.mails()[before:]}
    others = {"newsletter": {"ada@exemple.test", "zoe@exemple.test"}, "updates": {"marie@exemple.test"}}
    assert told == others[purpose]
