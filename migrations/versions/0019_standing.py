"""Which petitions the home page brings forward, as a job ranks them."""

import sqlalchemy as sa
from alembic import op

revision = "0019_standing"
down_revision = "0018_outcomes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standing",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('moving', 'near')", name=op.f("ck_standing_kind")),
        sa.PrimaryKeyConstraint("kind", "position", name=op.f("pk_standing")),
    )


def downgrade() -> None:
    op.drop_table("standing")
