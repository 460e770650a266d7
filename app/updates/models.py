"""News of petitions."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Update(Base):
    __tablename__ = "petition_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    title: Mapped[str]
    markdown: Mapped[str]
    html: Mapped[str]
    created_at: Mapped[datetime]
    # Where the sending stands: the last subscriber written to; null once everybody was.
    sent_after: Mapped[uuid.UUID | None]
    sent: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
