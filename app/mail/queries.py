"""SELECTs of the local mailbox."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail.models import CaughtMail


def caught(session: Session, limit: int = 100) -> Sequence[CaughtMail]:
    return session.scalars(select(CaughtMail).order_by(CaughtMail.id.desc()).limit(limit)).all()


def caught_mail(session: Session, mail_id: int) -> CaughtMail | None:
    return session.get(CaughtMail, mail_id)
