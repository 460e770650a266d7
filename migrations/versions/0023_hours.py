"""What happened since an hour, on all petitions, is summed along an index that holds the numbers too."""

from alembic import op

revision = "0023_hours"
down_revision = "0022_account_locale"
branch_labels = None
depends_on = None

NUMBERS = {"count_total": "confirmed", "paper_total": "signatures", "view_count": "views"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table, number in NUMBERS.items():
            name = f"ix_{table}_hour_{number}"
            if op.get_bind().dialect.name == "postgresql":
                op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(op.f(name), table, ["hour", number], postgresql_concurrently=True)


def downgrade() -> None:
    for table, number in NUMBERS.items():
        op.drop_index(op.f(f"ix_{table}_hour_{number}"), table)
