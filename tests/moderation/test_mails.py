"""The author is told: published, or refused with a statement of reasons, one minute after the decision."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.mail.models import OutboxMail
from app.moderation.models import Decision
from app.templating import long_date
from tests.moderation.test_deciding import INSULT, decide, refuse
from tests.site import Received, Site

pytestmark = pytest.mark.databases("sqlite")


def _new_mails(site: Site, before: int) -> list[Received]:
    return site.mails()[before:]


def test_statement_of_reasons_leaves_after_sixty_seconds_not_before(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    before = len(site.mails())
    refuse(site.staff("moderator"), comment)
    site.later(seconds=58)
    assert _new_mails(site, before) == []
    site.later(seconds=3)
    assert [mail.to for mail in _new_mails(site, before)] == ["marie@exemple.test"]


def test_statement_says_what_which_article_why_and_how_to_contest(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, INSULT)
    before = len(site.mails())
    refuse(site.staff("moderator"), comment)
    site.later(seconds=61)
    (mail,) = _new_mails(site, before)
    with site.database.read() as session:
        decision = session.scalars(select(Decision)).one()
    for body in (mail.text, mail.html):
        flat = " ".join(body.replace("\u202f", " ").replace("&#39;", "'").split())
        assert "un minable" in flat
        assert decision.reference in flat
        assert "article 1" in flat
        assert "Visez l’acte." in flat
        assert "1881" in flat  # the law that the article rests on
    assert "Montfleur" not in mail.subject  # the cause is not on a lock screen
    assert "Auto-Submitted" in mail.message


def test_statement_is_kept_as_it_was_told_in_the_words_of_the_commission(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    refuse(site.staff("moderator"), comment)
    with site.database.read() as session:
        statement = session.scalars(select(Decision)).one().statement
    assert statement["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert statement["category"] == "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    assert statement["puid"].startswith("D-")
    assert "article 1" in statement["incompatible_content_ground"]
    assert statement["automated_detection"] == "No"
    assert statement["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert statement["source_type"] == "SOURCE_VOLUNTARY"
    assert "marie" not in repr(statement).lower()  # no personal data in what may be published


def test_last_day_to_contest_is_in_the_mail(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    before = len(site.mails())
    last_day = long_date(clock.now() + timedelta(days=183))
    refuse(site.staff("moderator"), comment)
    site.later(seconds=61)
    (mail,) = _new_mails(site, before)
    assert last_day in mail.text or (clock.now() + timedelta(days=183)).date().isoformat() in mail.text


def test_author_of_a_published_comment_is_told_with_the_link(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, "Bravo pour cette bibliothèque.")
    before = len(site.mails())
    decide(site.staff("moderator"), comment, decision="publish")
    assert _new_mails(site, before) == []
    site.later(seconds=61)
    (mail,) = _new_mails(site, before)
    assert mail.to == "marie@exemple.test"
    assert mail.link("/petitions/").startswith(f"/petitions/{slug}")


def test_moderator_is_named_in_no_mail(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    refuse(site.staff("moderator"), comment)
    site.later(seconds=61)
    assert not any("moderator" in mail.text + mail.html for mail in site.mails())


def test_waiting_mail_is_sealed_in_the_database(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    site.mails()
    refuse(site.staff("moderator"), comment)
    with site.database.read() as session:
        row = session.scalars(select(OutboxMail).where(OutboxMail.state == "waiting")).one()
    assert row.template == "moderation/refused"
    assert b"minable" not in row.sealed
    assert b"marie" not in row.sealed


def test_nobody_is_written_to_when_the_signature_is_gone(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, "Bravo pour cette bibliothèque.")
    decide(site.staff("moderator"), comment, decision="publish")
    site.client.post(next(mail.link("/pas-moi/") for mail in site.mails()))
    before = len(site.mails())
    site.later(seconds=61)
    assert _new_mails(site, before) == []
