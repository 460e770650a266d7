"""Addresses that bounced or complained, how many mails came back each day, and the subscriptions that wait for them."""

import sqlalchemy as sa
from alembic import op

revision = "0017_bounces"
down_revision = "0016_widget_origins"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "bounced_address",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("first_at", moment, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("tried_at", moment, nullable=True),
        sa.CheckConstraint("kind IN ('soft', 'hard', 'complaint')", name=op.f("ck_bounced_address_kind")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bounced_address")),
    )
    op.create_index(op.f("ix_bounced_address_last_at"), "bounced_address", ["last_at"])
    op.create_table(
        "bounce_seen",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bounce_seen")),
    )
    op.create_index(op.f("ix_bounce_seen_at"), "bounce_seen", ["at"])
    op.create_table(
        "bounce_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("what", sa.String(12), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "what", name=op.f("pk_bounce_count")),
    )
    op.add_column("subscription", sa.Column("bounced_at", moment, nullable=True))


def downgrade() -> None:
    op.drop_column("subscription", "bounced_at")
    op.drop_table("bounce_count")
    op.drop_table("bounce_seen")
    op.drop_table("bounced_address")
