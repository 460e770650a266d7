"""News of petitions, and the platform's letters."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Sending:
    """A text that goes to subscribers in batches, and where that stands."""

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    markdown: Mapped[str]
    html: Mapped[str]
    created_at: Mapped[datetime]
    # The last subscriber written to: where to go on.
    sent_after: Mapped[uuid.UUID | None]
    # Mails written to the outbox; finished once everybody's was.
    sent: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]


class Update(Sending, Base):
    __tablename__ = "petition_update"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)


class Letter(Sending, Base):
    """No two bear the same title: what is posted twice leaves once."""

    __tablename__ = "letter"
    __table_args__ = (UniqueConstraint("title"),)


# The folder of its mail, under templates/email.
LETTER_MAIL = "updates/letter"
