"""The sites that an organiser names: they, and no others, may show the sign form in a frame."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import idna
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Invalid, NotFound
from app.locale import Message
from app.petitions import queries
from app.petitions.models import Petition, WidgetOrigin
from app.text import clean_line

MOST = 20
# A site that somebody is still making, on their own machine.
OWN_MACHINE = {"localhost", "127.0.0.1"}
_PORTS = {"https": 443, "http": 80}
NOT_ONE = "Écrivez l’adresse d’un site comme https://www.exemple.fr, sans page ni étoile."


def of_petition(session: Session, petition_id: int) -> Sequence[str]:
    """In the order in which they were named."""
    named = select(WidgetOrigin.origin).where(WidgetOrigin.petition_id == petition_id)
    return session.scalars(named.order_by(WidgetOrigin.added_at, WidgetOrigin.origin)).all()


def read(typed: str) -> str:
    """*typed* as a browser writes an origin. Raises ValueError with a sentence."""
    text = clean_line(typed)
    if not re.match(r"[a-z]+://", text, re.IGNORECASE):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        scheme, port, host = parts.scheme, parts.port, _host(parts.hostname or "")
    except ValueError:  # idna's too
        raise ValueError(NOT_ONE) from None
    if (
        scheme not in _PORTS
        or "@" in parts.netloc
        or port == 0
        or parts.path not in {"", "/"}
        or set(text) & {"?", "#"}
    ):
        raise ValueError(NOT_ONE)
    if scheme == "http" and host not in OWN_MACHINE:
        raise ValueError("Ce site doit être en https : sans cela, d’autres pourraient lire ce qui y est tapé.")
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")


def _host(name: str) -> str:
    """In ASCII. Raises ValueError."""
    if name in OWN_MACHINE:
        return name
    host = idna.encode(name, uts46=True).decode().lower()
    if not re.search(r"\.[a-z][a-z0-9-]*[a-z0-9]$", host):  # a number, or one word
        raise ValueError
    return host


def name(session: Session, petition: Petition, typed: str, by: int) -> None:
    """Raises Invalid."""
    try:
        origin = read(typed)
    except ValueError as wrong:
        raise Invalid({"origin": wrong.args[0]}) from None
    queries.lock(session, petition.id)  # two who name one at once: the second sees what the first has named
    named = of_petition(session, petition.id)
    if origin in named:
        raise Invalid({"origin": "Ce site est déjà dans la liste."})
    if len(named) >= MOST:
        raise Invalid({"origin": Message("%(most)s sites au plus : retirez-en un d’abord.", most=MOST)})
    session.add(WidgetOrigin(petition_id=petition.id, origin=origin, added_at=clock.now()))
    audit.record(session, "petition.origin_named", "petition", petition.id, by, sites=len(named) + 1)
    changed(session, petition.id)


def remove(session: Session, petition: Petition, origin: str, by: int) -> None:
    """Raises NotFound when it is not there, or not any more."""
    queries.lock(session, petition.id)
    gone = delete(WidgetOrigin).where(WidgetOrigin.petition_id == petition.id, WidgetOrigin.origin == origin)
    if session.execute(gone.returning(WidgetOrigin.origin)).one_or_none() is None:
        raise NotFound("Ce site n’est pas, ou n’est plus, dans la liste.")
    left = len(of_petition(session, petition.id))
    audit.record(session, "petition.origin_removed", "petition", petition.id, by, sites=left)
    changed(session, petition.id)
