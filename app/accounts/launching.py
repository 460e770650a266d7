"""Who may launch a petition here, by the setting ``SIGNONS_LAUNCH``."""

from sqlalchemy.orm import Session

from app.accounts import queries
from app.settings import Settings

TEAM = {"moderator", "admin"}


def may(settings: Settings, session: Session, email: str) -> bool:
    """Whether whoever holds this address may: everybody, those who have an account, or the team alone.

    "" is somebody who has not said who they are. An invitation is a link that makes an account, hence those who
    were invited are those who have one.
    """
    if settings.launch == "open":
        return True
    account = queries.by_email(session, email)
    if account is None or account.disabled_at is not None:
        return False
    return settings.launch == "invited" or account.role in TEAM
