"""What a route may ask for: the person signed in, in the role that the page needs.

A stranger is sent to the sign-in page from a page, and gets 404 from anything else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from app import clock
from app.accounts import actions, queries
from app.accounts.models import Account, StaffSession
from app.accounts.origins import Came
from app.accounts.passkeys import Here, is_numbers
from app.accounts.presence import Presence
from app.db import Db
from app.errors import NotFound
from app.web.cookies import browser_cookie, session_cookie
from app.web.forms import MAX_LONG_FIELDS, ShowAgain, read_pairs
from app.web.ratelimit import client_key
from app.web.rendering import EMPTY_FORM, locale_of, page, settings_of


class SignInFirst(Exception):
    """Ask who it is, then come back to *path*, with its query."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True)
class Shown:
    """What pages show of who is signed in: it outlives a transaction that was rolled back."""

    id: int
    email: str
    role: str


def staff_session(request: Request, session: Db) -> StaffSession | None:
    """The session of the cookie, complete or not."""
    cookie = session_cookie(request)
    return actions.current(session, cookie) if cookie else None


def staff(request: Request, session: Db) -> Account:
    """Anybody who is signed in. Raises SignInFirst (pages) or NotFound (acts)."""
    return _signed_in(request, staff_session(request, session)).account


def _signed_in(request: Request, found: StaffSession | None) -> StaffSession:
    if found is None or not found.complete:
        if request.method == "GET":
            raise SignInFirst(f"{request.url.path}?{request.url.query}".removesuffix("?"))
        raise NotFound("Cette page n’existe pas, ou votre session a pris fin.")
    presence: Presence = request.app.state.presence
    presence.note(found.key, clock.now())
    request.state.staff = Shown(found.account.id, found.account.email, found.account.role)
    return found


def staff_aside(request: Request) -> StaffSession:
    """As ``staff``, for a route that hashes a password, and so takes its sessions itself, before and after."""
    with request.app.state.database.read() as session:
        return _signed_in(request, staff_session(request, session))


def admin_aside(signed: Annotated[StaffSession, Depends(staff_aside, scope="function")]) -> StaffSession:
    if signed.account.role != "admin":
        raise NotFound("Aucune page n’est à cette adresse.")
    return signed


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
SignedAside = Annotated[StaffSession, Depends(staff_aside, scope="function")]
AdminAside = Annotated[StaffSession, Depends(admin_aside, scope="function")]


def came(request: Request, account_id: int | None = None, link: str = "") -> Came:
    """What this request tells of where it comes from; *account_id*: whose earlier visits are looked for."""
    return Came(
        network=client_key(request),
        agent=request.headers.get("user-agent", "")[:400],
        cookie=session_cookie(request) or "",
        browser=browser_cookie(request, account_id) if account_id is not None else "",
        link=link,
        locale=locale_of(request),
    )


def here(request: Request) -> Here:
    """This site, as browsers that keep passkeys know it."""
    return Here.of(settings_of(request), request.app.state.vault)


def elsewhere(request: Request) -> str:
    """Where passkeys work, when that is not here: a local instance whose address is numbers; "" otherwise."""
    asked, own = request.url.hostname or "", urlsplit(settings_of(request).origin).hostname or ""
    return here(request).origins[0] if is_numbers(asked) and is_numbers(own) else ""


async def posted(request: Request) -> list[tuple[str, str]]:
    """The whole form, field by field, to be sent once more after a proof."""
    return await read_pairs(request, MAX_LONG_FIELDS)


Posted = Annotated[list[tuple[str, str]], Depends(posted)]
PROOF = {"preuve", "cle", "vers"}


def require_fresh(request: Request, signed: StaffSession | None, fields: list[tuple[str, str]]) -> None:
    """For what is grave: code or password given within ten minutes. Raises ShowAgain with the page that asks.

    That page holds the form, and sends it again once the proof is given: nothing is typed twice.
    """
    if signed is None or not actions.is_fresh(signed):
        raise proof_asked(request, request.url.path, signed, fields)


def proof_asked(
    request: Request, path: str, signed: StaffSession | None, fields: list[tuple[str, str]], error: str = ""
) -> ShowAgain:
    """The page that asks for it, and says what was wrong with the last try."""
    account, by_key = signed.account if signed is not None else None, False
    by_code, by_password = (
        account is not None and account.totp_sealed is not None,
        account is not None and account.is_demo,
    )
    if account is not None and not elsewhere(request):
        with request.app.state.database.read() as session:
            by_key = bool(queries.passkeys_of(session, account.id))
    at = "preuve" if by_code or by_password else ""
    shown = page(
        request,
        "accounts/prove.html",
        422 if error else 403,
        form={"values": {}, "errors": {at: error}} if error else EMPTY_FORM,
        fields=[(name, value) for name, value in fields if name not in PROOF],
        vers=path,
        by_code=by_code,
        by_password=by_password,
        by_key=by_key,
    )
    return ShowAgain(shown)
