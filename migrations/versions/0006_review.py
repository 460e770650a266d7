"""Remarks on parts and blocks of a petition, and the petition as it was when it was decided on.

``petition_remark.line`` keeps its name: the release before this one reads and writes it while both run.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_review"
down_revision = "0005_themes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("petition_remark", sa.Column("part", sa.String(12), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "petition_reviewed",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_petition_reviewed_decision_id_decision")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_petition_reviewed")),
    )


def downgrade() -> None:
    op.drop_table("petition_reviewed")
    op.drop_column("petition_remark", "part")
