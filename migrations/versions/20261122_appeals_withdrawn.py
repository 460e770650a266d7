"""An appeal about a text that its author took back ends by itself: nobody judges it."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OUTCOMES = {
    "0007": "outcome IN ('', 'upheld', 'reversed')",
    "0008": "outcome IN ('', 'upheld', 'reversed', 'withdrawn')",
}
REASONS = {
    "0007": "outcome = '' OR (judge_id IS NOT NULL AND reasons <> '')",
    "0008": "outcome IN ('', 'withdrawn') OR (judge_id IS NOT NULL AND reasons <> '')",
}


def upgrade() -> None:
    _check(revision)


def downgrade() -> None:
    op.execute("DELETE FROM appeal WHERE outcome = 'withdrawn'")
    _check(down_revision)


def _check(version: str) -> None:
    with op.batch_alter_table("appeal") as table:
        for name, condition in (("outcome", OUTCOMES), ("reasons", REASONS)):
            table.drop_constraint(op.f(f"ck_appeal_{name}"), type_="check")
            table.create_check_constraint(op.f(f"ck_appeal_{name}"), condition[version])
