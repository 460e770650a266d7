"""An author may be kept from commenting one petition: told each time, free elsewhere, given everything back."""

import pytest
from sqlalchemy import func, select

from app.comments.models import Comment
from app.moderation.actions import Judgment
from app.privacy import retention
from tests.moderation.desk import REFUSE, TEXT, again, decide
from tests.site import Received, Site

pytestmark = pytest.mark.databases("sqlite")

LIMIT = REFUSE.within(effects=frozenset({"limit_author"}))
AGAIN = "Un deuxième avis, plus calme."


@pytest.fixture
def slug(site: Site) -> str:
    site.account("moderator")
    return site.publish()


def comments(site: Site) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).select_from(Comment)) or 0


def leave(site: Site) -> None:
    """The author withdraws the signature, with everything said with it."""
    assert site.client.post(next(mail.link("/pas-moi/") for mail in site.mails())).status_code == 303


def told(site: Site) -> list[Received]:
    return [mail for mail in site.mails() if "n’a pas été reçu" in mail.subject]


def test_statement_of_reasons_says_that_its_author_is_limited(site: Site, slug: str) -> None:
    decision = decide(site, site.comment(slug, TEXT), LIMIT)
    site.later(seconds=61)
    assert "Vous ne pouvez plus commenter cette pétition." in site.mails()[-1].text
    assert decision.statement["decision_provision"] == "DECISION_PROVISION_PARTIAL_SUSPENSION"


def test_new_comment_of_a_limited_author_is_not_queued_and_the_mail_says_why(site: Site, slug: str) -> None:
    decision = decide(site, site.comment(slug, TEXT), LIMIT)
    leave(site)
    site.confirmed(slug, comment=AGAIN)
    assert comments(site) == 1
    assert site.count(slug) == 1  # the signature counts
    (mail,) = told(site)
    assert mail.to == "marie@exemple.test"
    for body in (mail.text, mail.html):
        flat = " ".join(body.split())
        assert "Votre signature est bien comptée" in flat
        assert AGAIN in flat
        assert decision.reference in flat
        assert "article 1" in flat
        assert "minable" not in flat  # withdrawn, hence forgotten
        assert "La limite prend fin quarante-cinq jours après" in flat
        assert "http://127.0.0.1:8000/contact" in body  # nobody can judge again a text that is gone


def test_others_and_other_petitions_are_free(site: Site, slug: str) -> None:
    decide(site, site.comment(slug, TEXT), LIMIT)
    site.comment(slug, "Une voisine.", email="voisine@exemple.test")
    other = site.publish()
    site.comment(other, AGAIN)
    assert comments(site) == 3
    assert told(site) == []


def test_restored_author_may_comment_again(site: Site, slug: str) -> None:
    comment_id = site.comment(slug, TEXT)
    decide(site, comment_id, LIMIT)
    again(site, comment_id, Judgment("restore"))
    leave(site)
    site.confirmed(slug, comment=AGAIN)
    assert comments(site) == 2


@pytest.mark.databases("sqlite", "postgresql")
def test_limit_ends_with_the_last_mark_of_whoever_left(site: Site, slug: str) -> None:
    decide(site, site.comment(slug, TEXT), LIMIT)
    leave(site)
    site.later(days=46)
    retention.run(site.database, site.settings)
    site.confirmed(slug, comment=AGAIN)
    assert comments(site) == 2
    assert told(site) == []
