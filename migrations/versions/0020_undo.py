"""A minute in which what was withdrawn or erased may come back whole."""

import sqlalchemy as sa
from alembic import op

revision = "0020_undo"
down_revision = "0019_standing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "undo",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("undone_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_undo")),
    )
    op.create_index(op.f("ix_undo_expires_at"), "undo", ["expires_at"])
    op.add_column("withdrawal", sa.Column("undo_until", moment, nullable=True))


def downgrade() -> None:
    op.drop_column("withdrawal", "undo_until")
    op.drop_table("undo")
