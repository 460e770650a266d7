"""A form with a file: ``multipart/form-data``, read before the route has anything, for marked routes only.

The file goes to the disk as it comes and is nobody's name: what it was called is never a path. A larger one than
MAX_FILE is cut there, and whoever reads it (``images``) says that it is too large, beside its field; its sender is
heard to the end, because a browser that is cut off shows no sentence.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.text import clean_line
from app.web.request_guard import LONG_SECONDS, MAX_BODY, MOST, TOO_LONG

MAX_FILE = 10 * 1024 * 1024
MAX_FIELDS = 200
IN_MEMORY = 1024 * 1024
UNREADABLE = "Cet envoi est illisible. Choisissez le fichier de nouveau et recommencez."
INCOMPLETE = "Cet envoi s’est arrêté en chemin."
ONE = "Un seul fichier à la fois."

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True)
class Sent:
    """A file that somebody chose: *name* is for people to read, never a path."""

    name: str
    size: int
    file: SpooledTemporaryFile[bytes]

    def read(self) -> bytes:
        """MAX_FILE + 1 bytes of it at most."""
        self.file.seek(0)
        return self.file.read()


def uploading(endpoint: Endpoint) -> Endpoint:
    """Decorate a route whose form may come with one file, an ``upload: Upload``; its fields are ``Values`` as ever."""
    endpoint.uploading = True  # type: ignore[attr-defined]
    return endpoint


def comes_with_file(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "multipart/form-data" and getattr(request.scope["endpoint"], "uploading", False)


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[None]:
    """``request.state`` has the fields and the file meanwhile. Raises HTTPException 400, 408, 413."""
    request.state.body.allow(MOST, LONG_SECONDS)
    with SpooledTemporaryFile(IN_MEMORY) as file:
        reading = _Reading(request.headers["content-type"], file)
        async for chunk in request.stream():
            reading.write(chunk)
        request.state.posted, request.state.upload = reading.finished()
        yield


class _Reading:
    """One form, as it comes."""

    def __init__(self, content_type: str, file: SpooledTemporaryFile[bytes]) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        events = {
            "on_part_begin": self._part,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header,
            "on_headers_finished": self._begun,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._over,
        }
        try:
            self._parser = MultipartParser(boundary, events)  # type: ignore[arg-type]
        except FormParserError:
            raise HTTPException(400, UNREADABLE) from None
        if not boundary:
            raise HTTPException(400, UNREADABLE)
        self._file = file
        self._pairs: list[tuple[str, str]] = []
        self._file_name: str | None = None
        self._size = self._small = 0
        self._whole = False

    def write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except (FormParserError, UnicodeDecodeError):
            raise HTTPException(400, UNREADABLE) from None

    def finished(self) -> tuple[list[tuple[str, str]], Sent | None]:
        if not self._whole:
            raise HTTPException(400, INCOMPLETE)
        # A field of a file that nobody chose comes without name and without content.
        chosen = self._file_name or self._size
        return self._pairs, Sent(clean_line(self._file_name or ""), self._size, self._file) if chosen else None

    def _part(self) -> None:
        self._name: str | None = None
        self._is_file = False
        self._header_is, self._header_says, self._value = bytearray(), bytearray(), bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_is += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_says += data[start:end]

    def _header(self) -> None:
        if self._header_is.lower() == b"content-disposition":
            said = parse_options_header(bytes(self._header_says))[1]
            self._name = _text(said[b"name"]) if b"name" in said else None
            if b"filename" in said:
                if self._file_name is not None:
                    raise HTTPException(400, ONE)
                self._is_file, self._file_name = True, _text(said[b"filename"])
        self._header_is.clear()
        self._header_says.clear()

    def _begun(self) -> None:
        if self._name is None or len(self._pairs) >= MAX_FIELDS:
            raise HTTPException(400, UNREADABLE)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            room = MAX_FILE + 1 - self._size
            self._size += self._file.write(data[start : min(end, start + room)])
            return
        self._small += end - start
        if self._small > MAX_BODY:
            raise HTTPException(413, TOO_LONG)
        self._value += data[start:end]

    def _end(self) -> None:
        if not self._is_file:
            self._pairs.append((self._name or "", _text(bytes(self._value))))

    def _over(self) -> None:
        self._whole = True


def _text(raw: bytes) -> str:
    """UTF-8 without NUL; browsers end lines with CRLF here as elsewhere."""
    if b"\0" in raw:
        raise HTTPException(400, UNREADABLE)
    return raw.decode()


def _upload(request: Request) -> Sent | None:
    found: Sent | None = getattr(request.state, "upload", None)
    return found


Upload = Annotated[Sent | None, Depends(_upload)]
