"""What an organiser has to pass on says for which files: each purpose of export has its own references.

Lines of before keep the reference that all purposes shared: it is the one printed in those files.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("withdrawal") as table:
        table.add_column(sa.Column("purpose", sa.String(12), nullable=False, server_default="delivery"))
        table.create_check_constraint(op.f("ck_withdrawal_purpose"), "purpose IN ('delivery', 'contact')")


def downgrade() -> None:
    with op.batch_alter_table("withdrawal") as table:
        table.drop_constraint(op.f("ck_withdrawal_purpose"), type_="check")
        table.drop_column("purpose")
