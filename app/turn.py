"""The writer's turn: one at a time, first come, first served, and it is known who has waited how long."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from app.errors import Busy

LATE = "Beaucoup de monde écrit en ce moment. Rien n’a été enregistré ; réessayez dans quelques secondes."


class Turn:
    """A lock that is handed over in the order in which it was asked for; any thread may give it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        # When the present holder took it (monotonic seconds); None when it is free.
        self._since: float | None = None

    @contextmanager
    def taken(self, patience: float | None = None) -> Iterator[None]:
        """Raises Busy after *patience* seconds; None waits for ever."""
        if not self._take(patience):
            raise Busy(LATE)
        try:
            yield
        finally:
            self._give_back()

    @property
    def held_for(self) -> float:
        """Seconds since the present holder took it."""
        since = self._since
        return 0.0 if since is None else monotonic() - since

    def _take(self, patience: float | None) -> bool:
        with self._lock:
            if self._since is None:
                self._since = monotonic()
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=-1 if patience is None else patience):
            return True
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
        return True  # handed over at the last moment

    def _give_back(self) -> None:
        with self._lock:
            if self._waiting:
                self._since = monotonic()
                self._waiting.popleft().release()
            else:
                self._since = None
