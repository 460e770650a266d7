"""Mails leave side by side: the urgent ones first, no more to one provider than it takes."""

import sqlalchemy as sa
from alembic import op

revision = "0024_mail_side_by_side"
down_revision = "0023_hours"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.add_column("outbox_mail", sa.Column("urgency", sa.SmallInteger(), nullable=False, server_default=sa.text("1")))
    op.add_column(
        "outbox_mail", sa.Column("destination", sa.String(length=12), nullable=False, server_default=sa.text("''"))
    )
    op.create_table(
        "mail_route",
        sa.Column("name", sa.String(length=12), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("room", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_route")),
    )
    _index("ix_outbox_mail_turn", ["urgency", "send_after"], instead_of="ix_outbox_mail_due")


def downgrade() -> None:
    _index("ix_outbox_mail_due", ["send_after"], instead_of="ix_outbox_mail_turn")
    op.drop_table("mail_route")
    op.drop_column("outbox_mail", "destination")
    op.drop_column("outbox_mail", "urgency")


def _index(name: str, columns: list[str], instead_of: str) -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    with op.get_context().autocommit_block():
        if postgres:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(
            name,
            "outbox_mail",
            columns,
            postgresql_where=WAITING,
            sqlite_where=WAITING,
            postgresql_concurrently=True,
        )
        op.drop_index(instead_of, "outbox_mail", postgresql_concurrently=True, if_exists=True)
