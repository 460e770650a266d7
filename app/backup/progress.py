"""A line on the terminal once something has lasted two seconds; nothing anywhere else."""

import sys
from time import monotonic
from types import TracebackType
from typing import IO, Self

PATIENCE = 2.0
OFTEN = 0.2


class Progress:
    """Told what is done of what; shows it on *stream* when that is a terminal."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self.stream = stream or sys.stderr
        self._next = monotonic() + PATIENCE if self.stream.isatty() else float("inf")
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def tell(self, what: str, done: int, total: int) -> None:
        if monotonic() < self._next:
            return
        self._next = monotonic() + OFTEN
        self._shown = True
        share = min(99, 100 * done // max(1, total))
        self.stream.write(f"\r\x1b[K{what} : {share} %")
        self.stream.flush()

    def reading(self, what: str, file: IO[bytes], total: int) -> "_Watched":
        return _Watched(self, what, file, total)


class _Watched:
    """A file whose reading is told."""

    def __init__(self, progress: Progress, what: str, file: IO[bytes], total: int) -> None:
        self.progress, self.what, self.file, self.total = progress, what, file, total
        self.done = 0

    def read(self, size: int = -1) -> bytes:
        piece = self.file.read(size)
        self.done += len(piece)
        self.progress.tell(self.what, self.done, self.total)
        return piece
