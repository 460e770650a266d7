"""Pictures: opened by a child process that may take little, and kept in clean copies of several sizes.

Nothing hidden in the file (place, device) is published: a copy is made of what is seen, see ``decoding``.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import Refused
from app.petitions import decoding

MAX_BYTES = 10 * 1024 * 1024
# Of a child: its own limit of time ends it before, unless the machine is very busy.
PATIENCE = 60.0
EXPECTED = "un fichier JPEG, PNG, WebP, AVIF ou HEIC entier est attendu"


@dataclass(frozen=True)
class Kept:
    """A picture of the store: *name* is what ``Petition.image`` holds; the size is that of its largest copy."""

    name: str
    width: int
    height: int


@dataclass(frozen=True)
class Prepared:
    """Clean copies of a picture, not written yet: ``(width, height, kind, content)``, the largest last."""

    copies: tuple[tuple[int, int, str, bytes], ...]

    def keep(self, store: Path) -> Kept:
        """Put them under *store*; the same picture twice is there once."""
        whole = hashlib.sha256(b"".join(content for *_, content in self.copies)).hexdigest()[:24]
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        for width, _, kind, content in self.copies:
            unfinished = store / f".{whole}-{width}-{os.getpid()}.{kind}"
            unfinished.write_bytes(content)
            unfinished.replace(store / f"{whole}-{width}.{kind}")
        width, height, _, _ = self.copies[-1]
        return Kept(whole, width, height)


_OF_STORE = re.compile(r"[0-9a-f]{24}(-[0-9]{1,4})?\.(avif|webp)")


def address(name: str, width: int) -> str:
    """The largest copy, for those who read one address only. A picture of an earlier release is one WebP file."""
    return f"/images/{name}" if name.endswith(".webp") else f"/images/{name}-{width}.webp"


def sets(name: str, width: int) -> list[tuple[str, str]]:
    """``(type, srcset)``, the best first; none for a picture that has one copy."""
    if name.endswith(".webp"):
        return []
    widths = decoding.widths_of(width)
    return [
        (f"image/{kind}", ", ".join(f"/images/{name}-{one}.{kind} {one}w" for one in widths))
        for kind in ("avif", "webp")
    ]


def type_of(file: str) -> str:
    """The content type of a file of the store; "" for a name that none has."""
    found = _OF_STORE.fullmatch(file)
    return f"image/{found[2]}" if found else ""


def read(path: Path) -> bytes:
    """The content of a file that may be a picture. Raises Refused with half a sentence."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Refused(
            "%(path)s illisible (%(why)s)", path=path, why=getattr(error, "strerror", None) or error
        ) from None


def look(content: bytes) -> None:
    """Raises Refused, with half a sentence, when it could not be kept."""
    _child(content, "look")


def prepared(content: bytes) -> Prepared:
    """Takes seconds: hold no transaction meanwhile. Raises Refused with half a sentence."""
    said, copies, at = *_child(content, "keep"), 0
    made = []
    for width, height, kind, size in said["copies"]:
        made.append((int(width), int(height), str(kind), copies[at : at + size]))
        at += size
    return Prepared(tuple(made))


def kept(content: bytes, store: Path) -> Kept:
    """:func:`prepared`, and put under *store*."""
    return prepared(content).keep(store)


def _child(content: bytes, plan: str) -> tuple[dict[str, Any], bytes]:
    """What the child said, and the copies it made."""
    if len(content) > MAX_BYTES:
        raise Refused("%(most)s Mo au plus", most=MAX_BYTES // 1024 // 1024)
    if not decoding.kind_of(content[:64]):
        raise Refused(EXPECTED)
    command = [sys.executable, "-I", decoding.__file__, plan]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, env={})  # noqa: S603
    except subprocess.TimeoutExpired:
        raise Refused("cette image demande trop de calcul ; enregistrez-la plus petite") from None
    line, _, copies = done.stdout.partition(b"\n")
    if done.returncode or not line:  # ended by its limits, or by the picture
        raise Refused("cette image demande trop de calcul ; enregistrez-la plus petite")
    said: dict[str, Any] = json.loads(line)
    if fault := said.get("fault"):
        if fault == "pixels":
            raise Refused("%(most)s millions de points au plus", most=decoding.MAX_PIXELS // 1_000_000)
        if fault == "moving":
            raise Refused("une image fixe est attendue, pas une animation")
        raise Refused(EXPECTED)
    return said, copies
