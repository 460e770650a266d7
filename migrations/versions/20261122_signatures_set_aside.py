"""The few signatures that are set aside are found without reading all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ASIDE = sa.text("state IN ('quarantined', 'invalidated')")


def upgrade() -> None:
    op.create_index(
        "ix_signature_aside",
        "signature",
        ["petition_id", "confirmed_at", "id"],
        postgresql_where=ASIDE,
        sqlite_where=ASIDE,
    )


def downgrade() -> None:
    op.drop_index("ix_signature_aside", table_name="signature")
