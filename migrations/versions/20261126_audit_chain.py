"""The journal's lines are chained, and the database itself refuses to rewrite them.

A line may be given its place and its seal once. It may be deleted only when the chain's anchor has
passed it, which is the end of its retention.
"""

import sqlalchemy as sa
from alembic import op

revision = "audit_chain"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIXED = ("id", "at", "account_id", "act", "target", "target_id", "details")
KEPT = "OLD.position IS NULL OR OLD.position > (SELECT coalesce(max(anchor_position), 0) FROM audit_chain)"


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("anchor_position", BIG, nullable=False),
        sa.Column("anchor_seal", sa.LargeBinary(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.add_column("audit_line", sa.Column("position", BIG, nullable=True))
    op.add_column("audit_line", sa.Column("seal", sa.LargeBinary(), nullable=True))
    op.create_index("ix_audit_line_position", "audit_line", ["position"], unique=True)
    unsealed = sa.text("position IS NULL")
    op.create_index("ix_audit_line_unsealed", "audit_line", ["id"], postgresql_where=unsealed, sqlite_where=unsealed)
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_guards()
    else:
        _postgresql_guards()


def _sqlite_guards() -> None:
    abort = "BEGIN SELECT RAISE(ABORT, 'audit_line is append-only'); END"
    op.execute(f"CREATE TRIGGER audit_line_no_delete BEFORE DELETE ON audit_line WHEN {KEPT} {abort}")
    op.execute(f"CREATE TRIGGER audit_line_no_update BEFORE UPDATE OF {', '.join(FIXED)} ON audit_line {abort}")
    op.execute(
        "CREATE TRIGGER audit_line_sealed_once BEFORE UPDATE OF position, seal ON audit_line"
        f" WHEN OLD.position IS NOT NULL {abort}"
    )


def _postgresql_guards() -> None:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in FIXED)
    op.execute(
        f"""
        CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND {same} THEN
                RETURN NEW;
            END IF;
            IF TG_OP = 'DELETE' AND NOT ({KEPT}) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'audit_line is append-only';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_line_guard BEFORE UPDATE OR DELETE ON audit_line"
        " FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("audit_line_no_delete", "audit_line_no_update", "audit_line_sealed_once"):
            op.execute(f"DROP TRIGGER {trigger}")
    else:
        op.execute("DROP TRIGGER audit_line_guard ON audit_line")
        op.execute("DROP FUNCTION refuse_audit_change()")
    op.drop_index("ix_audit_line_unsealed", "audit_line")
    op.drop_index("ix_audit_line_position", "audit_line")
    op.drop_column("audit_line", "seal")
    op.drop_column("audit_line", "position")
    op.drop_table("audit_chain")
