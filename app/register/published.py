"""The last head of each log that was published from here, outside of the database: a backup does not take it back.

One small file for all logs, a line a head, appended to after the commit; of two lines on a log the later one holds.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import structlog

from app.register.notes import Head

# Beyond this the file is written anew, a line a log.
MOST_BYTES = 1 << 20
log = structlog.get_logger("register")


class Published:
    def __init__(self, var: Path) -> None:
        self._file = var / "register" / "heads"
        self._heads: dict[str, Head] | None = None

    @property
    def heads(self) -> dict[str, Head]:
        """By the log's origin."""
        if self._heads is None:
            self._heads = _read(self._file)
        return self._heads

    def get(self, origin: str) -> Head | None:
        return self.heads.get(origin)

    def note(self, heads: Iterable[Head]) -> None:
        """They are public now. A disk that is full stops no register: others keep heads, too."""
        new = list(heads)
        if not new:
            return
        self.heads.update({head.origin: head for head in new})
        try:
            self._append(new)
        except OSError as error:
            log.error("register_heads_not_kept", file=str(self._file), error=error.strerror)

    def _append(self, new: Iterable[Head]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole = not self._file.exists() or self._file.stat().st_size > MOST_BYTES
        if whole:
            part = self._file.with_name(f".heads.{os.getpid()}")
            with suppress(FileNotFoundError):
                part.unlink()
            _write(part, os.O_EXCL, self.heads.values())
            part.replace(self._file)
        else:
            _write(self._file, os.O_APPEND, new)


def _write(path: Path, how: int, heads: Iterable[Head]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    try:
        os.write(handle, "".join(f"{head.origin} {head.size} {head.root.hex()}\n" for head in heads).encode())
        os.fdatasync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, Head]:
    """A line that was cut is none."""
    found: dict[str, Head] = {}
    try:
        lines = path.read_text("utf-8", "replace").split("\n")[:-1]
    except FileNotFoundError:
        return found
    for line in lines:
        with suppress(ValueError):
            origin, size, root = line.split(" ")
            found[origin] = Head(origin, int(size), bytes.fromhex(root))
    return found
