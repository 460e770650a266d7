"""The sites that may show a petition's sign form in a frame."""

import sqlalchemy as sa
from alembic import op

revision = "0016_widget_origins"
down_revision = "0011_news"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "widget_origin",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_widget_origin_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", "origin", name=op.f("pk_widget_origin")),
    )


def downgrade() -> None:
    op.drop_table("widget_origin")
