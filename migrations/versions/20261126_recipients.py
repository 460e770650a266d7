"""What each address got lately, whatever the door; and notifiers who showed that their address is theirs."""

import sqlalchemy as sa
from alembic import op

revision = "recipients"
down_revision = "bound_forms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_budget",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moments", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mail_budget")),
    )
    op.create_index(op.f("ix_mail_budget_at"), "mail_budget", ["at"])
    op.add_column("notice", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("notice", "confirmed_at")
    op.drop_table("mail_budget")
