"""News as a dated timeline: their kind, where each stands, who wrote it, and what a moderator said of it.

The defaults are what the release before writes while both run: news, published at once and mailed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_news"
down_revision = "0010_lists"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PENDING = (
    "mail AND state IN ('waiting', 'scheduled')"
    " AND (kind IN ('news', 'outcome') OR kind = 'answer' AND author_id IS NOT NULL)"
)
# Both engines take them so; Alembic would make a new table on SQLite.
CHECKED = (
    "kind VARCHAR(12) DEFAULT 'news' NOT NULL CONSTRAINT ck_petition_update_kind"
    " CHECK (kind IN ('news', 'answer', 'delivery', 'outcome'))",
    "state VARCHAR(12) DEFAULT 'published' NOT NULL CONSTRAINT ck_petition_update_state"
    " CHECK (state IN ('draft', 'waiting', 'scheduled', 'published', 'refused', 'recalled'))",
    "author_id INTEGER CONSTRAINT fk_petition_update_author_id_account REFERENCES account (id)",
    "decided_by INTEGER CONSTRAINT fk_petition_update_decided_by_account REFERENCES account (id)",
)
NAMES = (
    "kind", "state", "author_id", "decided_by", "mail", "facts", "submitted_at", "not_before", "published_at",
    "article", "explanation", "decided_at", "refused_at", "saved_at",
)  # fmt: skip


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("mail", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("facts", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=True),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("article", sa.Integer(), nullable=True),
        sa.Column("explanation", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("refused_at", MOMENT, nullable=True),
    ]


def upgrade() -> None:
    for column in CHECKED:
        op.execute(f"ALTER TABLE petition_update ADD COLUMN {column}")
    for added in _columns():
        op.add_column("petition_update", added)
    op.execute("UPDATE petition_update SET published_at = created_at")
    where = sa.text(PENDING)
    op.create_index(
        "uq_petition_update_pending",
        "petition_update",
        ["petition_id"],
        unique=True,
        postgresql_where=where,
        sqlite_where=where,
    )
    op.create_index("ix_petition_update_state", "petition_update", ["state", "not_before"])


def downgrade() -> None:
    """What was never published goes: the release before would show it."""
    op.execute("DELETE FROM petition_update WHERE state <> 'published'")
    op.drop_index("ix_petition_update_state", "petition_update")
    op.drop_index("uq_petition_update_pending", "petition_update")
    for name in reversed(NAMES):
        op.execute(f"ALTER TABLE petition_update DROP COLUMN {name}")
