"""Sessions that their owner recognises, and failures counted by origin instead of by account.

Sessions last ten hours at most: the table is made anew, and whoever is in signs in again.
"""

import sqlalchemy as sa
from alembic import op

revision = "own_sessions"
down_revision = "audit_chain"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_column("account", "failures")
    op.drop_column("account", "locked_until")
    op.add_column("account", sa.Column("link_served", MOMENT, nullable=True))
    op.drop_table("staff_session")
    _sessions(
        sa.Column("proved_at", MOMENT, nullable=False),
        sa.Column("browser", sa.String(length=16), nullable=False),
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("network", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "sign_in_throttle",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("closed_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_throttle_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "origin", name=op.f("pk_sign_in_throttle")),
    )
    op.create_index("ix_sign_in_throttle_since", "sign_in_throttle", ["since"])


def _sessions(*more: sa.Column[object]) -> None:
    op.create_table(
        "staff_session",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        *more,
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_staff_session_account_id_account")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_staff_session")),
    )
    op.create_index("ix_staff_session_account_id", "staff_session", ["account_id"])
    op.create_index("ix_staff_session_expires_at", "staff_session", ["expires_at"])


def downgrade() -> None:
    op.drop_table("sign_in_throttle")
    op.drop_table("staff_session")
    _sessions()
    op.drop_column("account", "link_served")
    op.add_column("account", sa.Column("locked_until", MOMENT, nullable=True))
    op.add_column("account", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
