"""What an export was made of and why; when a signature was out of the count; who agreed to be contacted, and when."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015_exports"
down_revision = "0014_paper"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
# On big tables: made while people sign.
INDEXES = (
    ("ix_signature_back", "signature", ["petition_id", "back_at"], "back_at IS NOT NULL"),
    (
        "ix_consent_event_contact",
        "consent_event",
        ["petition_id", "at", "signature_id"],
        "purpose = 'organiser_contact' AND kind = 'confirmed'",
    ),
)


def _columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        ("export_record", sa.Column("format", sa.String(length=8), server_default="csv", nullable=False)),
        ("export_record", sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False)),
        ("export_record", sa.Column("counted", sa.Integer(), nullable=True)),
        ("export_record", sa.Column("since", MOMENT, nullable=True)),
        ("export_record", sa.Column("waits_until", MOMENT, nullable=True)),
        ("export_record", sa.Column("told", sa.Boolean(), server_default=sa.false(), nullable=False)),
        ("signature", sa.Column("aside_at", MOMENT, nullable=True)),
        ("signature", sa.Column("back_at", MOMENT, nullable=True)),
    ]


def upgrade() -> None:
    """On PostgreSQL it may be begun again from any point: what precedes an index made aside is kept."""
    aside = op.get_bind().dialect.name == "postgresql"
    for table, column in _columns():
        op.add_column(table, column, if_not_exists=aside or None)
    for name, table, columns, condition in INDEXES:
        where = sa.text(condition)
        if not aside:
            op.create_index(name, table, columns, sqlite_where=where)
            continue
        with op.get_context().autocommit_block():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, table, columns, postgresql_concurrently=True, postgresql_where=where)


def downgrade() -> None:
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table)
    for table, column in reversed(_columns()):
        op.drop_column(table, column.name)
