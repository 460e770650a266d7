"""Periodic work on the register: every second its news become lines, every minute its heads are looked after."""

from collections.abc import Sequence

from app import clock
from app.db import Database
from app.register import queries
from app.register.actions import sequencing
from app.register.actions.writing import Pen, behind
from app.settings import Settings

AT_ONCE = 500


class Sequencer:
    """What a worker does of it; it remembers what was published from here."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.pen = Pen.of(settings, database.info["vault"])
        self._compared = False

    def sequence(self) -> int:
        """Every line that waits; returns how many. A quiet second costs two small SELECTs."""
        lines = 0
        broken: set[int] = set()
        with self.database.read() as session:
            more, unsigned = queries.is_news(session), queries.to_sign(session, clock.now(), AT_ONCE)
        while more:
            with self.database.write() as session:
                done = sequencing.sequence_some(session, self.pen, clock.now(), broken)
            self.pen.published.note(done.heads)
            broken |= done.broken
            lines += done.lines
            more = done.lines > 0 or (bool(done.broken) and not done.elsewhere)
        if unsigned:
            self._sign(unsigned)
        return lines

    def look_after(self) -> int:
        """Registers that have not begun begin; heads that nobody has signed for an hour are signed again."""
        with self.database.read() as session:
            asked = {
                *queries.without(session, AT_ONCE),
                *queries.to_sign_again(session, self.pen.vkey, clock.now(), AT_ONCE),
            }
            if not self._compared:  # once, when the worker starts: whoever opens a log compares it anyway
                asked |= {row.petition_id for row, _ in behind(session, self.pen)}
        if asked:
            self._sign(sorted(asked))
        self._compared = True
        return len(asked)

    def _sign(self, petition_ids: Sequence[int]) -> None:
        for start in range(0, len(petition_ids), queries.PETITIONS):
            some = petition_ids[start : start + queries.PETITIONS]
            with self.database.write() as session:
                done = sequencing.sign_some(session, self.pen, clock.now(), some)
            self.pen.published.note(done.heads)
