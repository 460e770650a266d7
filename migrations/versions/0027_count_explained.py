"""The count, explained: dated corrections of it with their reason, and when it was last compared."""

import sqlalchemy as sa
from alembic import op

revision = "0027_count_explained"
down_revision = "0026_register"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "count_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_correction")),
    )
    op.create_index(op.f("ix_count_correction_petition_id"), "count_correction", ["petition_id"])
    op.create_table(
        "count_check",
        sa.Column("petition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("agreed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_count_check")),
    )


def downgrade() -> None:
    op.drop_table("count_check")
    op.drop_table("count_correction")
