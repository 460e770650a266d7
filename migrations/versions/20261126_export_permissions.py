"""An administrator exports people of a petition that is not theirs with another's agreement only."""

import sqlalchemy as sa
from alembic import op

revision = "export_permissions"
down_revision = "own_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "export_permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("purpose IN ('delivery', 'contact')", name=op.f("ck_export_permission_purpose")),
        sa.CheckConstraint("answered_by <> asked_by", name=op.f("ck_export_permission_two_people")),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_export_permission_petition_id_petition")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name=op.f("fk_export_permission_asked_by_account")),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_export_permission_answered_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_permission")),
    )
    op.create_index("ix_export_permission_petition_id", "export_permission", ["petition_id"])


def downgrade() -> None:
    op.drop_table("export_permission")
