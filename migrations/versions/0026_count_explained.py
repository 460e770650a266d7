"""The count, explained: its terms, dated corrections with their reason, the last check, and who cosigns."""

import sqlalchemy as sa
from alembic import op

revision = "0026_count_explained"
down_revision = "0025_register"
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
    op.create_table(
        "register_sum",
        sa.Column("petition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "kind", name=op.f("pk_register_sum")),
    )
    op.create_table(
        "register_cosignature",
        sa.Column("petition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "witness", name=op.f("pk_register_cosignature")),
    )


def downgrade() -> None:
    op.drop_table("register_cosignature")
    op.drop_table("register_sum")
    op.drop_table("count_check")
    op.drop_table("count_correction")
