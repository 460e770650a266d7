"""The lists among many petitions: of the open ones, of a theme, and of a theme's that have words."""

import sqlalchemy as sa
from alembic import op

revision = "0010_lists"
down_revision = "0009_drafts"
branch_labels = None
depends_on = None

# What app/petitions/words.py writes for a theme.
SQLITE = """
UPDATE petition_search SET words = words || (
  SELECT group_concat(' ¤' || theme_id, '') FROM petition_theme t WHERE t.petition_id = petition_search.rowid
) WHERE rowid IN (SELECT petition_id FROM petition_theme)
"""
POSTGRESQL = """
UPDATE petition_search s SET words = s.words || t.words FROM (
  SELECT petition_id, array_to_tsvector(array_agg('¤' || theme_id)) AS words FROM petition_theme GROUP BY petition_id
) t WHERE t.petition_id = s.petition_id
"""


def upgrade() -> None:
    op.create_index("ix_petition_listed", "petition", ["state", "closes_at", "opened_at", "id"])
    op.create_index(op.f("ix_petition_theme_theme_id_petition_id"), "petition_theme", ["theme_id", "petition_id"])
    op.drop_index(op.f("ix_petition_theme_theme_id"), "petition_theme")
    op.execute(sa.text(SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL))


def downgrade() -> None:
    """The words stay: the release before asks for none of them."""
    op.create_index(op.f("ix_petition_theme_theme_id"), "petition_theme", ["theme_id"])
    op.drop_index(op.f("ix_petition_theme_theme_id_petition_id"), "petition_theme")
    op.drop_index("ix_petition_listed", "petition")
