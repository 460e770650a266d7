"""A link, a code and the evidence of consent are bound to the form as it was sent."""

import sqlalchemy as sa
from alembic import op

revision = "bound_forms"
down_revision = "fold_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signature", sa.Column("form_digest", sa.LargeBinary(), nullable=True))
    op.add_column("consent_event", sa.Column("form_digest", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("consent_event", "form_digest")
    op.drop_column("signature", "form_digest")
