"""One's own sessions, seen and closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import origins, queries
from app.accounts.actions.signing_in import IDLE
from app.accounts.models import Account, StaffSession
from app.accounts.origins import Came
from app.db import vault_of
from app.errors import NotFound


@dataclass(frozen=True)
class OwnSession:
    """One of a person's sessions, as they are shown to them."""

    id: str
    browser: str
    system: str
    since: datetime
    seen_at: datetime
    here: bool
    same_network: bool


def own(session: Session, account: Account, here: bytes, came: Came) -> list[OwnSession]:
    """This one first, then by when they were last seen."""
    network = origins.network(vault_of(session), account, came)
    found = [
        OwnSession(
            id=_id(row),
            browser=row.browser,
            system=row.system,
            since=row.created_at,
            seen_at=row.seen_at,
            here=row.key == here,
            same_network=row.network == network,
        )
        for row in _living(session, account)
    ]
    return sorted(found, key=lambda one: not one.here)


def _living(session: Session, account: Account) -> Sequence[StaffSession]:
    now = clock.now()
    return queries.sessions_of(session, account.id, now, now - IDLE)


def _id(row: StaffSession) -> str:
    """Names a session on its owner's page; neither it nor the key opens anything."""
    return row.key.hex()[:16]


def close_one(session: Session, account: Account, session_id: str) -> None:
    """Raises NotFound when it is another's, or has ended."""
    for row in _living(session, account):
        if _id(row) == session_id:
            queries.end_session(session, row.key)
            audit.record(session, "account.session_closed", "account", account.id, account.id)
            return
    raise NotFound("Cette session a déjà pris fin.")


def close_others(session: Session, account: Account, here: bytes) -> None:
    queries.end_sessions(session, account.id, but=here)
    audit.record(session, "account.other_sessions_closed", "account", account.id, account.id)
