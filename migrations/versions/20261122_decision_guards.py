"""The database itself refuses to rewrite a decision or a published version of the charter.

A decision may be undone once, have its held mails noted, and have its quoted passage forgotten at
the end of its retention; nothing else of it changes, and it is never deleted.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FIXED = (
    "reference",
    "target",
    "target_id",
    "revision",
    "text_sha256",
    "kind",
    "effects",
    "ground",
    "charter_version",
    "article",
    "articles",
    "provision",
    "moderator_id",
    "decider",
    "decided_at",
    "waiting_since",
    "source",
    "case_id",
    "supersedes",
    "batch",
)
FORGOTTEN = (
    "(NEW.passage = '(effacé)' OR NEW.passage = '') AND NEW.explanation = ''"
    " AND (NEW.statement = '{}' OR NEW.statement = OLD.statement)"
)
TEXTS_KEPT = "NEW.passage = OLD.passage AND NEW.explanation = OLD.explanation AND NEW.statement = OLD.statement"
TABLES = ("decision", "charter_version", "charter_article")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
        return
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in FIXED)
    op.execute(
        f"""
        CREATE FUNCTION refuse_decision_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_TABLE_NAME <> 'decision' THEN
                RAISE EXCEPTION 'a version of the charter is immutable';
            END IF;
            IF TG_OP = 'UPDATE' AND {same} AND (({TEXTS_KEPT}) OR ({FORGOTTEN}))
                AND (OLD.undone_at IS NULL OR NEW.undone_at IS NOT DISTINCT FROM OLD.undone_at) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'a decision is immutable';
        END $$
        """
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_decision_change()"
        )


def _sqlite() -> None:
    abort = "BEGIN SELECT RAISE(ABORT, 'a decision is immutable'); END"
    op.execute(f"CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision {abort}")
    op.execute(f"CREATE TRIGGER decision_no_update BEFORE UPDATE OF {', '.join(FIXED)} ON decision {abort}")
    op.execute(
        "CREATE TRIGGER decision_undone_once BEFORE UPDATE OF undone_at ON decision"
        f" WHEN OLD.undone_at IS NOT NULL {abort}"
    )
    op.execute(
        "CREATE TRIGGER decision_text_kept BEFORE UPDATE OF passage, explanation, statement ON decision"
        f" WHEN NOT (({TEXTS_KEPT}) OR ({FORGOTTEN})) {abort}"
    )
    for table in TABLES[1:]:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'a version of the charter is immutable'); END"
            )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("decision_no_delete", "decision_no_update", "decision_undone_once", "decision_text_kept"):
            op.execute(f"DROP TRIGGER {trigger}")
        for table in TABLES[1:]:
            for act in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{act}")
        return
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_guard ON {table}")
    op.execute("DROP FUNCTION refuse_decision_change()")
