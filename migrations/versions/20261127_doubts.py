"""What looked like a robot when a signature was typed."""

import sqlalchemy as sa
from alembic import op

revision = "doubts"
down_revision = "recipients"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signature", sa.Column("doubt", sa.String(4), nullable=True))


def downgrade() -> None:
    op.drop_column("signature", "doubt")
