"""What is being written."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app import crypto
from app.db import Base


class Draft(Base):
    __tablename__ = "draft"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=crypto.uuid7)
    # SHA-256 of its address, which is made of the id by a key: the table alone opens nothing.
    key: Mapped[bytes] = mapped_column(unique=True)
    # Whose it is, once somebody with an account has written in it.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    # The petition that it was proposed as.
    petition_id: Mapped[int | None] = mapped_column(ForeignKey("petition.id"), unique=True)
    # Field → what was typed, of all steps.
    typed: Mapped[dict[str, Any]]
    # Step → how many times it was saved: two windows on one step see each other.
    saves: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime] = mapped_column(index=True)
