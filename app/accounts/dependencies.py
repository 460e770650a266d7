"""What a route may ask for: the person signed in, in the role that the page needs.

A stranger is sent to the sign-in page from a page, and gets 404 from anything else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app import clock
from app.accounts import actions
from app.accounts.models import Account, StaffSession
from app.accounts.presence import Presence
from app.db import Db
from app.errors import NotFound
from app.web.cookies import session_cookie


@dataclass(frozen=True)
class Shown:
    """Who is signed in, as pages say it; plain values, because a refused form's page comes after the rollback."""

    id: int
    email: str
    role: str


class SignInFirst(Exception):
    """Ask who it is, then come back to *path*, with its query."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def staff_session(request: Request, session: Db) -> StaffSession | None:
    """The session of the cookie, complete or not."""
    cookie = session_cookie(request)
    return actions.current(session, cookie) if cookie else None


def staff(request: Request, session: Db) -> Account:
    """Anybody who is signed in. Raises SignInFirst (pages) or NotFound (acts)."""
    found = staff_session(request, session)
    if found is None or not found.complete:
        if request.method == "GET":
            raise SignInFirst(f"{request.url.path}?{request.url.query}".removesuffix("?"))
        raise NotFound("Cette page n’existe pas, ou votre session a pris fin.")
    presence: Presence = request.app.state.presence
    presence.note(found.key, clock.now())
    request.state.staff = Shown(found.account.id, found.account.email, found.account.role)
    return found.account


def _in_role(*roles: str) -> Callable[..., Account]:
    def check(account: Annotated[Account, Depends(staff, scope="function")]) -> Account:
        if account.role not in roles:
            raise NotFound("Aucune page n’est à cette adresse.")
        return account

    check.__name__ = f"in_role_{'_'.join(roles)}"
    return check


Staff = Annotated[Account, Depends(staff, scope="function")]
Organiser = Annotated[Account, Depends(_in_role("organiser", "admin"), scope="function")]
Moderator = Annotated[Account, Depends(_in_role("moderator", "admin"), scope="function")]
Admin = Annotated[Account, Depends(_in_role("admin"), scope="function")]
HalfSession = Annotated[StaffSession | None, Depends(staff_session, scope="function")]
