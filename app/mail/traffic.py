"""How many mails left, by the hour; nothing about whom they were for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.mail.models import MailCount


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def add(session: Session, left: Mapping[datetime, int]) -> None:
    """So many more in each of these hours."""
    for hour, n in left.items():
        insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        statement = insert(MailCount).values(hour=hour, n=n)
        total = MailCount.__table__.c.n + statement.excluded.n
        session.execute(statement.on_conflict_do_update(index_elements=["hour"], set_={"n": total}))


def per_hour(session: Session, since: datetime) -> dict[datetime, int]:
    rows = session.execute(select(MailCount.hour, MailCount.n).where(MailCount.hour >= since))
    return dict(rows.all())
