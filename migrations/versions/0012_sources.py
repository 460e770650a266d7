"""Where signatures come from: the tags of our own links, and a tally of départements; what waits, by petition."""

import sqlalchemy as sa
from alembic import op

revision = "0012_sources"
down_revision = "0011_news"
branch_labels = None
depends_on = None

PENDING = sa.text("state = 'pending'")
STALE = sa.text("noted > seen")
# Those that have signatures: the first tally is made of what is there.
LIVING = """
INSERT INTO place_tally (petition_id, cells, made_at, noted, counted, seen, seen_count, due_at)
SELECT id, '{}', NULL, 1, 0, 0, 0, opened_at FROM petition WHERE opened_at IS NOT NULL AND final_count IS NULL
"""


def _swap_index(made: str, columns: list[str], dropped: str) -> None:
    """On PostgreSQL nobody waits, and a migration that was cut begins again."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(made, "signature", columns, sqlite_where=PENDING)
        op.drop_index(dropped, "signature")
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {made}")
        op.create_index(made, "signature", columns, postgresql_where=PENDING, postgresql_concurrently=True)
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {dropped}")


def upgrade() -> None:
    # First, because what stands before it would be there already when it begins again.
    _swap_index("ix_signature_waiting", ["created_at", "petition_id"], "ix_signature_pending")
    op.add_column("signature", sa.Column("came_by", sa.String(12), server_default=sa.text("''"), nullable=False))
    op.create_table(
        "tag_count",
        sa.Column("petition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("tag", sa.String(12), nullable=False),
        sa.Column("views", sa.Integer(), server_default="0", nullable=False),
        sa.Column("confirmed", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "day", "tag", name=op.f("pk_tag_count")),
    )
    op.create_table(
        "tag_delta",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("tag", sa.String(12), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_delta")),
    )
    op.create_index(op.f("ix_tag_delta_petition_id"), "tag_delta", ["petition_id"])
    op.create_table(
        "place_tally",
        sa.Column("petition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noted", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("seen_count", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_place_tally")),
    )
    op.create_index("ix_place_tally_stale", "place_tally", ["due_at"], sqlite_where=STALE, postgresql_where=STALE)
    op.execute(LIVING)


def downgrade() -> None:
    _swap_index("ix_signature_pending", ["created_at"], "ix_signature_waiting")
    op.drop_table("place_tally")
    op.drop_table("tag_delta")
    op.drop_table("tag_count")
    op.drop_column("signature", "came_by")
