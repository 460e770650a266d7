"""What a petition carries: the heart of its picture, its place, what signers may show, the kinds of its sources."""

import sqlalchemy as sa
from alembic import op

revision = "0004_carries"
down_revision = "0003_accounts"
branch_labels = None
depends_on = None

# Table, column, type, what the rows of the release before have, what it may be.
COLUMNS = (
    ("petition", "display_most", sa.String(length=8), "full", "display_most IN ('hidden', 'initial', 'full')"),
    ("petition", "place_kind", sa.String(length=12), sa.text("''"), "place_kind IN ('', 'departement', 'commune')"),
    ("petition", "place_code", sa.String(length=5), sa.text("''"), ""),
    ("petition", "image_focus_x", sa.Integer(), "50", "image_focus_x BETWEEN 0 AND 100"),
    ("petition", "image_focus_y", sa.Integer(), "50", "image_focus_y BETWEEN 0 AND 100"),
    (
        "source",
        "kind",
        sa.String(length=16),
        "article",
        "kind IN ('article', 'investigation', 'study', 'video', 'official')",
    ),
)


def upgrade() -> None:
    for table, name, kind, default, allowed in COLUMNS:
        checks = [sa.CheckConstraint(allowed, name=op.f(f"ck_{table}_{name}"))] if allowed else []
        op.add_column(table, sa.Column(name, kind, *checks, nullable=False, server_default=default))


def downgrade() -> None:
    for table, name, *_ in reversed(COLUMNS):
        op.drop_column(table, name)
