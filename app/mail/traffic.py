"""How many mails left, by the hour; nothing about whom they were for."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bulk import insert_for
from app.mail.models import MailCount


def add(session: Session, left: Mapping[datetime, int]) -> None:
    """So many more in each of these hours."""
    for hour, n in left.items():
        statement = insert_for(session)(MailCount).values(hour=hour, n=n)
        total = MailCount.__table__.c.n + statement.excluded.n
        session.execute(statement.on_conflict_do_update(index_elements=["hour"], set_={"n": total}))


def per_hour(session: Session, since: datetime) -> dict[datetime, int]:
    rows = session.execute(select(MailCount.hour, MailCount.n).where(MailCount.hour >= since))
    return dict(rows.all())
