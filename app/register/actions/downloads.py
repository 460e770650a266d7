"""A whole register as one text, to be verified where nobody can be asked."""

from collections.abc import Iterator

from app.db import Database
from app.register import queries, tree
from app.register.tree import WIDTH

BUNDLES = 40


def whole(database: Database, petition_id: int, size: int, note: str) -> Iterator[bytes]:
    """A line an entry, an empty line, the head. Entries never change: each piece is read by itself."""
    for first in range(0, -(-size // WIDTH), BUNDLES):
        with database.read() as session:
            bundles = queries.bundles(session, petition_id, first, BUNDLES)
        lines = [entry for content in bundles for entry in tree.entries_of(content)]
        yield b"".join(line + b"\n" for line in lines[: size - first * WIDTH])
    yield b"\n" + note.encode()
