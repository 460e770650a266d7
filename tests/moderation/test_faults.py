"""Bad luck: everything at once, an article retired, a worker killed. One clear answer, one mail, nothing lost."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app import clock
from app.mail.models import OutboxMail
from app.moderation.models import Appeal, Case, Notice
from app.moderation.queries import decisions
from app.zone import ZONE
from tests.mailserver import smtp
from tests.moderation.desk import OTHER, REFUSE, TEXT, comment, decide, sql
from tests.moderation.test_deciding import refuse
from tests.services import wait_for, worker
from tests.site import Site, text_of

NOTICE = {
    "category": "other", "reasons": "Ce texte est illicite.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip


@pytest.fixture
def slug(site: Site) -> str:
    site.account("moderator")
    return site.publish()


def at_once(act: Callable[[int], int], n: int = 6) -> Counter[int]:
    with ThreadPoolExecutor(n) as pool:
        return Counter(pool.map(act, range(n)))


def rows(site: Site, model: type) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_six_appeals_at_once_are_one(site: Site, slug: str) -> None:
    decide(site, site.comment(slug, TEXT), REFUSE)
    site.later(seconds=61)
    link = site.mails()[-1].link("/recours/")
    people = [site.browser() for _ in range(6)]
    form = {"text": "Ce n’est pas une insulte."}
    assert at_once(lambda n: people[n].post(link, data=form).status_code) == {200: 1, 409: 5}
    assert rows(site, Appeal) == 1
    late = site.client.post(link, data=form)
    assert "Cette décision a déjà fait l’objet de votre recours." in text_of(late.text)


def test_six_first_notices_at_once_make_one_case(site: Site, slug: str) -> None:
    people = [site.browser() for _ in range(6)]

    def report(n: int) -> int:
        form = NOTICE | {"email": f"p{n}@exemple.test"}
        return people[n].post(f"/petitions/{slug}/signaler", data=form).status_code

    assert at_once(report) == {200: 6}
    assert (rows(site, Case), rows(site, Notice)) == (1, 6)
    assert len({mail.to for mail in site.mails()}) == 6


@pytest.mark.databases("sqlite")
def test_article_retired_meanwhile_still_judges_what_was_written_before(site: Site, slug: str) -> None:
    before = site.comment(slug, TEXT)
    admin = site.staff("admin")
    day = (clock.now().astimezone(ZONE) + timedelta(days=1)).date().isoformat()
    form = {"summary": "Sans l’article 10", "effective_from": day, "retired-10": "on"}
    assert admin.post("/administration/charte", data=form).status_code == 303
    site.later(days=2)
    moderator = site.staff("moderator", email=OTHER)
    after = site.comment(slug, TEXT, email="apres@exemple.test")
    assert '<option value="10"' in moderator.get(f"/moderation?commentaire={before}").text
    assert '<option value="10"' not in moderator.get(f"/moderation?commentaire={after}").text
    late = refuse(moderator, after, article="10", passage="minable")
    assert late.status_code == 422
    assert "Choisissez l’article de la charte qui n’est pas respecté." in text_of(late.text)
    assert comment(site, after).state == "waiting"
    assert refuse(moderator, before, article="10", passage="minable").status_code == 303


@pytest.mark.parametrize(
    ("text", "passage"),
    [
        ("مرحبا يا سيد نذل للغاية", "سيد نذل"),
        ("Quel \u202eelbanim\u202c ce maire", "elbanim ce maire"),
        ("Bravo 👨‍👩‍👧 pour ce minable 🤬 là", "minable 🤬"),
        ("Cet e\u0301lu est de\u0301bile", "élu est débile"),
    ],
    ids=["arabic", "bidi marks", "emoji", "combining"],
)
def test_any_script_is_read_refused_and_quoted_through_the_pages(
    site: Site, slug: str, text: str, passage: str
) -> None:
    comment_id = site.comment(slug, text)
    moderator: TestClient = site.staff("moderator", email=OTHER)
    page = moderator.get(f"/moderation?commentaire={comment_id}").text
    assert f'id="texte" dir="auto">{comment(site, comment_id).text}<' in page
    assert refuse(moderator, comment_id, passage="pas dans le texte").status_code == 422
    assert refuse(moderator, comment_id, passage=passage).status_code == 303
    site.later(seconds=61)
    with site.database.read() as session:
        (decision,) = decisions(session, "comment", comment_id)
    assert decision.passage
    assert decision.passage in comment(site, comment_id).text
    assert decision.passage in site.mails()[-1].text.replace("\r\n", "\n")


@pytest.mark.slow
def test_worker_killed_between_decision_and_mail_sends_one_in_the_end(site: Site, slug: str) -> None:
    decision = decide(site, site.comment(slug, TEXT), REFUSE)
    with smtp() as mails:
        names = ("database_url", "secret_key", "var_dir", "base_url")
        settings = {f"SIGNONS_{name.upper()}": str(getattr(site.settings, name)) for name in names}
        settings["SIGNONS_SMTP_URL"] = mails.url
        mails.slow = 60  # the server is still listening when the worker dies
        sql(site, "UPDATE outbox_mail SET send_after = created_at WHERE state = 'waiting'")
        with worker(settings) as running:
            wait_for(lambda: _attempts(site) == 1, "the worker has taken the mail", 20)
            running.kill()
            assert mails.mails == []
            mails.slow = 0
            sql(site, "UPDATE outbox_mail SET send_after = created_at WHERE state = 'waiting'")  # five minutes later
            running.start()
            (mail,) = mails.wait(1, 20)
            wait_for(lambda: rows_waiting(site) == 0, "it is written down as sent", 20)
        assert mail.recipients == ("marie@exemple.test",)
        body = mail.message.get_body(("plain",))
        assert body is not None
        assert decision.reference in body.get_content()
        assert len(mails.mails) == 1


def _attempts(site: Site) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.max(OutboxMail.attempts)).where(OutboxMail.state == "waiting")) or 0


def rows_waiting(site: Site) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).where(OutboxMail.state == "waiting")) or 0
