"""A closing is undone as long as nothing has come of it: within seven days, unless the petition was handed over."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Conflict
from app.petitions import indexing, queries
from app.petitions.models import Change, ChangeKind, Petition, PetitionState

UNDONE_FOR = timedelta(days=7)


def until(session: Session, petition: Petition, now: datetime) -> datetime | None:
    """The moment when it is too late; None when it may not be opened again."""
    if petition.closed_at is None or petition.closes_at is None or _why_not(session, petition, now):
        return None
    return min(petition.closed_at + UNDONE_FOR, petition.closes_at)


def reopen(session: Session, petition: Petition, by: int | None = None) -> None:
    """It may be signed again, until the last day it had; a dated line says so. Raises Conflict.

    Forms sent before it closed may be confirmed again, each as long as its link; an amendment that waited waits again.
    """
    queries.lock(session, petition.id)
    now = clock.now()
    why_not = _why_not(session, petition, now)
    if why_not:
        raise Conflict(why_not)
    assert petition.closed_at is not None
    line = {"closed": petition.closed_at.isoformat()}
    petition.state, petition.closed_at = PetitionState.OPEN, None
    session.add(
        Change(petition_id=petition.id, at=now, kind=ChangeKind.REOPENED, version=petition.version, details=line)
    )
    indexing.keep(session, petition)
    audit.record(session, "petition.reopened", "petition", petition.id, by)
    changed(session, petition.id)


def _why_not(session: Session, petition: Petition, now: datetime) -> str:
    """Why its closing cannot be undone; "" when it can."""
    if petition.state == PetitionState.DELIVERED:
        return "Cette pétition a été remise à ses destinataires : elle ne se rouvre plus."
    closed, ends = petition.closed_at, petition.closes_at
    if petition.state != PetitionState.CLOSED or closed is None or ends is None:
        return "Cette pétition n’est pas close."
    if closed >= ends or now >= ends:
        return "Le dernier jour de cette pétition est passé : elle ne se rouvre plus."
    if now >= closed + UNDONE_FOR:
        return "Une clôture se défait pendant sept jours : il est trop tard pour rouvrir cette pétition."
    written = queries.text_of(session, petition).published_at
    if written is None or written > closed:  # taken down, written again and put back
        return "Le texte de cette pétition a changé depuis sa clôture : elle ne se rouvre plus."
    return ""
