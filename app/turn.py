"""The writer's turn: one at a time, first come, first served."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Busy

LATE = "Beaucoup de monde écrit en ce moment. Rien n’a été enregistré ; réessayez dans quelques secondes."


class Turn:
    """A lock that is handed over in the order in which it was asked for; any thread may give it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._held = False

    @contextmanager
    def taken(self, patience: float | None = None) -> Iterator[None]:
        """Raises Busy after *patience* seconds; None waits for ever."""
        if not self._take(patience):
            raise Busy(LATE)
        try:
            yield
        finally:
            self._give_back()

    def _take(self, patience: float | None) -> bool:
        with self._lock:
            if not self._held:
                self._held = True
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
                self._waiting.popleft().release()
            else:
                self._held = False
