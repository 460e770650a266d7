"""Signatures on paper: sheets, what is on them, what was taken out of the count, and their part of the totals."""

import sqlalchemy as sa
from alembic import op

revision = "0014_paper"
down_revision = "0013_deliveries"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
WAITS = sa.text("state IN ('entered')")


def upgrade() -> None:
    op.create_table(
        "paper_total",
        sa.Column("petition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "hour", "version", name=op.f("pk_paper_total")),
    )
    op.create_table(
        "sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=True),
        sa.Column("entered_at", MOMENT, nullable=True),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("checked_by", sa.Integer(), nullable=True),
        sa.Column("returned_at", MOMENT, nullable=True),
        sa.Column("scan", sa.String(40), nullable=True),
        sa.Column("scan_kind", sa.String(4), nullable=False),
        sa.Column("scan_sha256", sa.String(64), nullable=True),
        sa.CheckConstraint("state IN ('issued', 'entered', 'counted', 'set_aside')", name=op.f("ck_sheet_state")),
        sa.CheckConstraint("number BETWEEN 1 AND 5000", name=op.f("ck_sheet_number")),
        sa.CheckConstraint("signatures BETWEEN 1 AND 12", name=op.f("ck_sheet_signatures")),
        sa.CheckConstraint("state = 'issued' OR signatures IS NOT NULL", name=op.f("ck_sheet_entered")),
        sa.CheckConstraint("checked_by <> entered_by", name=op.f("ck_sheet_second_person")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_sheet_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet")),
        sa.UniqueConstraint("petition_id", "number", name=op.f("uq_sheet_petition_id_number")),
    )
    op.create_index("ix_sheet_waiting", "sheet", ["petition_id"], postgresql_where=WAITS, sqlite_where=WAITS)
    op.create_table(
        "sheet_line",
        sa.Column("sheet_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("postal_code", sa.String(12), nullable=False),
        sa.Column("departement", sa.String(3), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.CheckConstraint("signatures BETWEEN 1 AND 12", name=op.f("ck_sheet_line_signatures")),
        sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_line_sheet_id_sheet")),
        sa.PrimaryKeyConstraint("sheet_id", "postal_code", name=op.f("pk_sheet_line")),
    )
    op.create_table(
        "sheet_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("by_account", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('typed', 'copied', 'unreadable', 'withdrawn', 'doubtful')",
            name=op.f("ck_sheet_correction_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_sheet_correction_petition_id_petition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_correction")),
    )
    op.create_index(op.f("ix_sheet_correction_petition_id"), "sheet_correction", ["petition_id"])


def downgrade() -> None:
    """What was counted on paper stays in the count, told apart no more: the release before knows of none."""
    for table in ("sheet_correction", "sheet_line", "sheet", "paper_total"):
        op.drop_table(table)
