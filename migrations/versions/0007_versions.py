"""Versions of a text are those that were published; amendments, dated changes, earlier addresses, counts by version.

Drafts that nobody could ever sign become version 1, what was judged before them goes below zero. What was opened keeps
its number, whatever it is: signatures, notices and decisions name it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_versions"
down_revision = "0006_review"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NEVER_OPENED = "SELECT id FROM petition WHERE opened_at IS NULL AND state IN ('draft', 'submitted', 'refused')"
# Opened, and written more than once: few.
SEVERAL = "SELECT id FROM petition WHERE opened_at IS NOT NULL AND version > 1"


def upgrade() -> None:
    op.add_column("petition_text", sa.Column("published_at", MOMENT, nullable=True))
    op.add_column("petition_text", sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("count_delta", sa.Column("version", sa.Integer(), server_default="0", nullable=False))
    _amendments()
    _history()
    _number()


def _amendments() -> None:
    op.create_table(
        "petition_amendment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("article", sa.Integer(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("told_after", sa.Uuid(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'published', 'refused', 'taken_back')", name=op.f("ck_petition_amendment_state")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_amendment_petition_id_petition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_amendment")),
    )
    op.create_index(op.f("ix_petition_amendment_petition_id"), "petition_amendment", ["petition_id"])
    for name, column, condition, unique in (
        ("uq_petition_amendment_waiting", "petition_id", "state = 'waiting'", True),
        ("ix_petition_amendment_untold", "id", "state = 'published' AND told_at IS NULL", False),
    ):
        where = sa.text(condition)
        op.create_index(name, "petition_amendment", [column], unique=unique, postgresql_where=where, sqlite_where=where)


def _history() -> None:
    op.create_table(
        "petition_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('typo', 'goal', 'last_day', 'recipients', 'image')", name=op.f("ck_petition_change_kind")
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_change_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_change")),
    )
    op.create_index(op.f("ix_petition_change_petition_id"), "petition_change", ["petition_id"])
    op.create_table(
        "petition_address",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_address_petition_id_petition")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_petition_address")),
    )
    op.create_index(op.f("ix_petition_address_petition_id"), "petition_address", ["petition_id"])
    op.create_table(
        "version_total",
        sa.Column("petition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "version", name=op.f("pk_version_total")),
    )


def _number() -> None:
    current = "(SELECT version FROM petition p WHERE p.id = petition_text.petition_id)"
    op.execute(
        f"UPDATE petition_text SET version = -1000 - version"
        f" WHERE petition_id IN ({NEVER_OPENED}) AND version <> {current}"
    )
    op.execute(f"UPDATE petition_text SET version = 1 WHERE petition_id IN ({NEVER_OPENED}) AND version = {current}")
    op.execute(f"UPDATE petition SET version = 1 WHERE id IN ({NEVER_OPENED})")
    op.execute(
        "UPDATE petition_text SET published_at = (SELECT opened_at FROM petition p WHERE p.id = petition_id)"
        f" WHERE petition_id IN (SELECT id FROM petition WHERE opened_at IS NOT NULL) AND version = {current}"
    )
    # Taken down once, written again and published again: both were signed.
    op.execute(
        f"UPDATE petition_text SET published_at = created_at WHERE published_at IS NULL AND petition_id IN ({SEVERAL})"
        " AND EXISTS (SELECT 1 FROM signature s WHERE s.petition_id = petition_text.petition_id"
        " AND s.text_version = petition_text.version)"
    )
    op.execute(
        "INSERT INTO version_total (petition_id, version, confirmed)"
        " SELECT petition_id, text_version, count(*) FROM signature"
        f" WHERE state = 'confirmed' AND text_version > 1 AND petition_id IN ({SEVERAL})"
        " GROUP BY petition_id, text_version"
    )


def downgrade() -> None:
    for table in ("version_total", "petition_address", "petition_change", "petition_amendment"):
        op.drop_table(table)
    op.drop_column("count_delta", "version")
    op.drop_column("petition_text", "reason")
    op.drop_column("petition_text", "published_at")
