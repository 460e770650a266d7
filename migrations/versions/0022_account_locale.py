"""The language in which an account last signed in: its mails are written in it."""

import sqlalchemy as sa
from alembic import op

revision = "0022_account_locale"
down_revision = "0021_mail_counts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    locale = sa.Column("locale", sa.String(length=2), nullable=False, server_default=sa.text("'fr'"))
    op.add_column("account", locale)


def downgrade() -> None:
    op.drop_column("account", "locale")
