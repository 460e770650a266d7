"""The index of the search: the words of public petitions, as app/petitions/words.py leaves them.

``petition.search`` stays: the release before this one reads and writes it while both run. The next one drops it.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

# Today's words, on purpose: what is looked for later is cut by the same function.
from app.petitions.words import indexed

revision = "0002_search"
down_revision = "doubts"
branch_labels = None
depends_on = None

# One token a word between spaces, letters beyond ASCII as they are; no position.
FTS5 = """
CREATE VIRTUAL TABLE petition_search USING fts5(petition_id UNINDEXED, version UNINDEXED, title UNINDEXED, words,
tokenize = 'ascii', detail = 'none')
"""
PETITIONS = """
SELECT p.id, p.version, p.title, p.theme, p.author, t.markdown,
  (SELECT coalesce({people}, '') FROM recipient r WHERE r.petition_id = p.id) AS people
FROM petition p JOIN petition_text t ON t.petition_id = p.id AND t.version = p.version
WHERE p.state IN ('open', 'closed', 'delivered', 'purged') AND p.id > :after ORDER BY p.id LIMIT 500
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(FTS5)
        _fill(
            "group_concat(r.name || ' ' || r.role, ' ')",
            "INSERT INTO petition_search (rowid, petition_id, version, title, words)"
            " VALUES (:id, :id, :version, :title, :words)",
            " ".join,
        )
        return
    op.create_table(
        "petition_search",
        sa.Column("petition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_petition_search")),
    )
    _fill(
        "string_agg(r.name || ' ' || r.role, ' ')",
        "INSERT INTO petition_search (petition_id, version, title, words)"
        " VALUES (:id, :version, :title, array_to_tsvector(CAST(:words AS text[])))",
        list,
    )
    op.create_index(op.f("ix_petition_search_words"), "petition_search", ["words"], postgresql_using="gin")


def _fill(people: str, insert: str, written: Any) -> None:
    connection = op.get_bind()
    for rows in _batches(connection, PETITIONS.format(people=people)):
        found = [(row, indexed(row.title, row.theme, row.author, row.people, row.markdown)) for row in rows]
        values = [
            {"id": row.id, "version": row.version, "title": " ".join(title), "words": written(everything)}
            for row, (title, everything) in found
        ]
        connection.execute(sa.text(insert), values)


def _batches(connection: sa.Connection, query: str) -> Iterator[Any]:
    after = 0
    while rows := connection.execute(sa.text(query), {"after": after}).all():
        yield rows
        after = rows[-1].id


def downgrade() -> None:
    op.drop_table("petition_search")
