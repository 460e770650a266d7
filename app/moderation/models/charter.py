"""The charter: numbered articles in versions that never change once published."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base


class CharterVersion(Base):
    __tablename__ = "charter_version"

    number: Mapped[int] = mapped_column(primary_key=True)
    summary: Mapped[str]
    effective_from: Mapped[datetime]
    articles: Mapped[list["CharterArticle"]] = relationship(order_by="CharterArticle.n")


class CharterArticle(Base):
    __tablename__ = "charter_article"

    version: Mapped[int] = mapped_column(ForeignKey("charter_version.number"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
    breaks: Mapped[str]
    ok: Mapped[str]
    effect: Mapped[str] = mapped_column(String(24))
    severity: Mapped[int]
    law: Mapped[str]
    category: Mapped[str]
    # Why a text breaks it, in a sentence for its author.
    applies: Mapped[str]
