"""How many mails leave by the hour; those set aside are found without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0021_mail_counts"
down_revision = "0020_undo"
branch_labels = None
depends_on = None

NAME = "ix_outbox_mail_aside"
ASIDE = sa.text("state = 'aside'")


def upgrade() -> None:
    # First, because what stands before it would be there already when it begins again.
    _add_index()
    op.create_table(
        "mail_count",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_mail_count")),
    )


def _add_index() -> None:
    """On PostgreSQL nobody waits, and a migration that was cut, or had to wait for a long reader, begins again."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(NAME, "outbox_mail", ["id"], sqlite_where=ASIDE)
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.create_index(NAME, "outbox_mail", ["id"], postgresql_where=ASIDE, postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index(NAME, "outbox_mail")
    op.drop_table("mail_count")
