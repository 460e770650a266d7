"""What became of a petition; lists of those that have ended or were won; a closing may be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0018_outcomes"
down_revision = "0017_bounces"
branch_labels = None
depends_on = None

KINDS = "'typo', 'goal', 'last_day', 'recipients', 'image'"
WON = "outcome IN ('obtained', 'partly')"
# Name, columns, of which petitions.
INDEXES = (
    ("ix_petition_ended", ["closed_at", "id", "state"], None),
    ("ix_petition_won", ["outcome_at", "id", "state"], sa.text(WON)),
)
NEW = (
    ("outcome", sa.String(length=12), "outcome IN ('', 'obtained', 'partly', 'refused', 'unanswered')"),
    ("outcome_source_title", sa.Text(), ""),
    ("outcome_source_url", sa.Text(), ""),
)


def upgrade() -> None:
    """On PostgreSQL the indexes wait for whoever reads, and give up; what was done before stays meanwhile."""
    aside = op.get_bind().dialect.name == "postgresql" or None
    for name, kind, allowed in NEW:
        checks = [sa.CheckConstraint(allowed, name=op.f(f"ck_petition_{name}"))] if allowed else []
        column = sa.Column(name, kind, *checks, nullable=False, server_default=sa.text("''"))
        op.add_column("petition", column, if_not_exists=aside)
    both = sa.CheckConstraint("(outcome = '') = (outcome_at IS NULL)", name=op.f("ck_petition_outcome_at"))
    op.add_column("petition", sa.Column("outcome_at", sa.Date(), both, nullable=True), if_not_exists=aside)
    _kinds(f"{KINDS}, 'reopened'")
    with op.get_context().autocommit_block():
        for name, columns, where in INDEXES:
            if op.get_bind().dialect.name == "postgresql":
                op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                "petition",
                columns,
                postgresql_where=where,
                sqlite_where=where,
                postgresql_concurrently=True,
            )


def _kinds(allowed: str) -> None:
    """Of a dated line: SQLite changes no constraint, and has few of them to write again."""
    check = f"kind IN ({allowed})"
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("petition_change") as batch:
            batch.create_check_constraint(op.f("ck_petition_change_kind"), check)
        return
    op.drop_constraint(op.f("ck_petition_change_kind"), "petition_change")
    op.create_check_constraint(op.f("ck_petition_change_kind"), "petition_change", check)


def downgrade() -> None:
    """The lines of what was opened again go: the release before has no words for them."""
    for name, *_ in reversed(INDEXES):
        op.drop_index(name, "petition")
    op.execute("DELETE FROM petition_change WHERE kind = 'reopened'")
    _kinds(KINDS)
    for column in ("outcome_at", "outcome_source_url", "outcome_source_title", "outcome"):
        op.drop_column("petition", column)
