"""Every SELECT about drafts."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.drafting.forms import PICTURE
from app.drafting.models import Draft
from app.organisations.models import Organisation
from app.petitions.models import Petition


def by_key(session: Session, key: bytes) -> Draft | None:
    return session.scalars(select(Draft).where(Draft.key == key)).one_or_none()


def lock(session: Session, draft_id: uuid.UUID) -> Draft | None:
    return session.scalars(
        select(Draft).where(Draft.id == draft_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()


def of_account(session: Session, account_id: int) -> Sequence[Draft]:
    """Those that are not proposed yet, the last written in first."""
    return session.scalars(
        select(Draft).where(Draft.account_id == account_id, Draft.petition_id.is_(None)).order_by(Draft.saved_at.desc())
    ).all()


def of_petition(session: Session, petition_id: int) -> Draft | None:
    return session.scalars(select(Draft).where(Draft.petition_id == petition_id)).one_or_none()


def count_of_account(session: Session, account_id: int) -> int:
    return session.scalar(select(func.count()).where(Draft.account_id == account_id)) or 0


def pictures(session: Session) -> set[str]:
    """The names of those that something here shows."""
    typed = (draft.get(PICTURE, "").partition(" ")[0] for draft in session.scalars(select(Draft.typed)))
    shown = session.scalars(select(Petition.image).where(Petition.image.is_not(None)))
    theirs = session.scalars(select(Organisation.picture).where(Organisation.picture.is_not(None)))
    return {name for name in (*typed, *shown, *theirs) if name}


def delete_one(session: Session, draft_id: uuid.UUID) -> None:
    session.execute(delete(Draft).where(Draft.id == draft_id))


def delete_of_account(session: Session, account_id: int) -> None:
    """Its own; what it writes in a petition that others carry too is theirs as well."""
    session.execute(delete(Draft).where(Draft.account_id == account_id, Draft.petition_id.is_(None)))
