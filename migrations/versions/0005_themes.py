"""Themes are a list, and a petition has several: each spelling that is there becomes one, alike ones the same.

``petition.theme`` stays: the release before this one reads and writes it while both run. The next one drops it.
"""

import sqlalchemy as sa
from alembic import op

# Today's key, on purpose: what is added later is compared by the same function.
from app.petitions.words import theme_key

revision = "0005_themes"
down_revision = "0004_carries"
branch_labels = None
depends_on = None

# The most used first.
SPELLINGS = "SELECT theme FROM petition WHERE theme <> '' GROUP BY theme ORDER BY count(*) DESC, theme"


def upgrade() -> None:
    op.create_table(
        "theme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("english", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["merged_into"], ["theme.id"], name=op.f("fk_theme_merged_into_theme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme")),
        sa.UniqueConstraint("key", name=op.f("uq_theme_key")),
    )
    op.create_table(
        "petition_theme",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("theme_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_theme_petition_id_petition")),
        sa.ForeignKeyConstraint(["theme_id"], ["theme.id"], name=op.f("fk_petition_theme_theme_id_theme")),
        sa.PrimaryKeyConstraint("petition_id", "position", name=op.f("pk_petition_theme")),
        sa.UniqueConstraint("petition_id", "theme_id", name=op.f("uq_petition_theme_petition_id_theme_id")),
    )
    op.create_index(op.f("ix_petition_theme_theme_id"), "petition_theme", ["theme_id"])
    _fill()


def _fill() -> None:
    connection = op.get_bind()
    names: dict[str, list[str]] = {}
    for spelling in connection.scalars(sa.text(SPELLINGS)):
        names.setdefault(theme_key(spelling), []).append(spelling)
    for position, key in enumerate(sorted(names), 1):
        row = {"name": names[key][0], "key": key, "position": position}
        add = "INSERT INTO theme (name, english, key, position) VALUES (:name, '', :key, :position) RETURNING id"
        theme = connection.scalar(sa.text(add), row)
        give = "INSERT INTO petition_theme SELECT id, 0, :theme FROM petition WHERE theme = :spelling"
        connection.execute(sa.text(give), [{"theme": theme, "spelling": spelling} for spelling in names[key]])


def downgrade() -> None:
    op.drop_table("petition_theme")
    op.drop_table("theme")
