"""What tests of moderation share: verbs called as a moderator, rows read back."""

from sqlalchemy import text

from app.accounts.models import Account
from app.comments.models import Comment
from app.moderation import actions
from app.moderation.actions import Judgment
from app.moderation.models import Decision
from tests.site import Site

TEXT = "Je signe, et ce maire est un minable."
PASSAGE = "ce maire est un minable"
ME, OTHER = "moderator@exemple.test", "autre.mod@exemple.test"
PUBLISH = Judgment("publish")
REFUSE = Judgment("refuse", [1], PASSAGE, "Critiquez ce qu’il fait.")


def decide(site: Site, comment_id: int, judgment: Judgment, version: int = 0, by: str = ME) -> Decision:
    with site.database.write() as session:
        account = session.get_one(Account, site.account_id(by))
        return actions.decide(session, comment_id, version, account, judgment)


def again(site: Site, comment_id: int, judgment: Judgment, by: str = ME) -> Decision:
    """A new decision on what was decided before."""
    return decide(site, comment_id, judgment, comment(site, comment_id).version, by)


def comment(site: Site, comment_id: int) -> Comment:
    with site.database.read() as session:
        return session.get_one(Comment, comment_id)


def sql(site: Site, statement: str, **values: object) -> None:
    with site.database.write() as session:
        session.execute(text(statement), values)


def confirm_notifier(site: Site) -> None:
    """The address of the last notice is confirmed, by the link of its receipt."""
    link = next(link for mail in reversed(site.mails()) for link in mail.links if link.startswith("/signalements/"))
    assert site.client.post(link).status_code == 303
