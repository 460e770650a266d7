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
    op.create_table(
        "mail_count",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_mail_count")),
    )
    with op.get_context().autocommit_block():
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.create_index(
            NAME, "outbox_mail", ["id"], postgresql_where=ASIDE, sqlite_where=ASIDE, postgresql_concurrently=True
        )


def downgrade() -> None:
    op.drop_index(NAME, "outbox_mail")
    op.drop_table("mail_count")
