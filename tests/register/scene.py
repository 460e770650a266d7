"""One petition and its register, as a program elsewhere reads it: over HTTP, and nothing else."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from app import clock
from app.privacy import counting
from app.register import jobs, notes, tree
from app.register.entries import Entry
from app.register.notes import Head, Note, Verifier
from app.register.tree import ENTRIES, Tile
from app.signatures import jobs as signature_jobs
from app.signatures.models import Signature
from tests.site import Site


@dataclass(frozen=True)
class Scene:
    site: Site
    slug: str

    @cached_property
    def petition_id(self) -> int:
        from app.petitions import queries

        with self.site.database.read() as session:
            petition = queries.by_slug(session, self.slug)
            assert petition is not None
            return petition.id

    @cached_property
    def sequencer(self) -> jobs.Sequencer:
        return jobs.Sequencer(self.site.database, self.site.settings)

    @property
    def verifier(self) -> Verifier:
        return Verifier.read(self.sequencer.pen.vkey)

    def sequence(self) -> int:
        """What waits becomes lines, and public: a second later each time, as in the worker."""
        clock.travel(timedelta(seconds=2))
        return self.sequencer.sequence()

    def reconcile(self) -> int:
        return signature_jobs.reconcile_registers(self.site.database, self.sequencer.pen)

    def signature(self, n: int = -1) -> Signature:
        return self.site.signatures()[n]

    def ids(self) -> list[uuid.UUID]:
        return [row.id for row in self.site.signatures()]

    def confirmed(self, name: str) -> str:
        return self.site.confirmed(self.slug, email=f"{name}@exemple.test")

    def differences(self) -> list[counting.Difference]:
        with self.site.database.read() as session:
            return counting.verify(session)

    # What anybody reads

    def get(self, path: str) -> bytes:
        response = self.site.client.get(f"/registre/{self.slug}/{path}")
        assert response.status_code == 200, (path, response.status_code)
        return response.content

    def status(self, path: str) -> int:
        return self.site.client.get(f"/registre/{self.slug}/{path}").status_code

    def note(self) -> Note:
        return notes.opened(self.get("checkpoint").decode(), [self.verifier])

    def head(self) -> Head:
        return Head.read(self.note().text)

    def lines(self) -> list[bytes]:
        """Every one, from the bundles, found in the tree of the signed head."""
        head = self.head()
        stack, lines = tree.Stack(), []
        for tile in tree.all_tiles(head.size):
            content = self.get(tile.path)
            if tile.level == ENTRIES:
                lines += tree.entries_of(content)
            else:
                assert len(content) == 32 * tile.width
        for line in lines:
            stack.push(line)
        assert (stack.size, stack.root()) == (head.size, head.root)
        return lines

    def entries(self) -> list[Entry]:
        return [Entry.read(line) for line in self.lines()]

    def said(self) -> list[str]:
        """Kind and change of each line."""
        return [f"{entry.kind} {entry.change:+d}" for entry in self.entries()]

    def read(self, level: int, number: int) -> bytes:
        """A tile as wide as the present head has it."""
        size = self.head().size >> 8 * level
        width = min(256, size - number * 256)
        return self.get(Tile(level, number, width).path)
