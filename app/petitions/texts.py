"""Every SELECT about the versions of a text, the amendments and the dated changes."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, literal_column, or_, select
from sqlalchemy.orm import Session

from app.petitions import queries
from app.petitions.models import Amendment, AmendmentState, Change, Petition, PetitionText


def judged(session: Session, petition: Petition, sha256: str) -> PetitionText:
    """The text that a decision was about, by the digest that it keeps; the present one where none has it.

    Of decisions of earlier releases: later ones keep the whole page, see moderation.models.ReviewedPetition.
    """
    for written in (queries.text_of(session, petition), *kept(session, petition.id)):
        if hashlib.sha256(written.markdown.encode()).hexdigest() == sha256:
            return written
    return queries.text_of(session, petition)


def kept(session: Session, petition_id: int) -> Sequence[PetitionText]:
    """Everything that is kept of it, the newest first."""
    return session.scalars(
        select(PetitionText).where(PetitionText.petition_id == petition_id).order_by(PetitionText.version.desc())
    ).all()


def published(session: Session, petition_id: int) -> Sequence[PetitionText]:
    """The versions that everybody may read, the newest first."""
    return [row for row in kept(session, petition_id) if row.published_at is not None]


def numbers(session: Session, petition_id: int) -> Sequence[int]:
    """Their numbers, from the first."""
    return session.scalars(
        select(PetitionText.version)
        .where(PetitionText.petition_id == petition_id, PetitionText.published_at.is_not(None))
        .order_by(PetitionText.version)
    ).all()


def amendment(session: Session, amendment_id: int) -> Amendment | None:
    """As it stands now: its petition is locked first."""
    query = select(Amendment).where(Amendment.id == amendment_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def amendments(session: Session, petition_id: int) -> Sequence[Amendment]:
    """The newest first."""
    return session.scalars(
        select(Amendment).where(Amendment.petition_id == petition_id).order_by(Amendment.id.desc())
    ).all()


def waiting_amendment(session: Session, petition_id: int) -> Amendment | None:
    return session.scalars(
        select(Amendment).where(Amendment.petition_id == petition_id, Amendment.state == AmendmentState.WAITING)
    ).one_or_none()


def untold(session: Session, before: datetime) -> Amendment | None:
    """A version, there for good since *before*, whose earlier signers are not all told; ours alone until the commit."""
    return session.scalars(
        select(Amendment)
        .join(Petition, Petition.id == Amendment.petition_id)
        .where(
            # Literals: their index is used.
            Amendment.state == literal_column("'published'"),
            Amendment.told_at.is_(None),
            # Without a reason it was a petition that had been taken down: publishing it again may be undone.
            or_(Amendment.reason != "", Amendment.decided_at <= before),
            Petition.state.in_(queries.PUBLIC_STATES),
        )
        .order_by(Amendment.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Amendment)
    ).one_or_none()


def changes(session: Session, petition_id: int) -> Sequence[Change]:
    """The newest first."""
    return session.scalars(select(Change).where(Change.petition_id == petition_id).order_by(Change.id.desc())).all()


def corrected(session: Session, petition_id: int, version: int) -> int:
    """Characters that corrections of this version have changed."""
    total = select(func.sum(Change.size)).where(Change.petition_id == petition_id, Change.version == version)
    return session.scalar(total) or 0
