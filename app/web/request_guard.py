"""The first door: broken bytes are answered 400, bodies that are too large 413, those that take too
long 408, and the language prefix is taken off the path (``/en/charte`` is ``/charte`` in English).
"""

import asyncio
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import refuse

MAX_BODY = 64 * 1024
MAX_UPLOAD = 6 * 1024 * 1024
# A body is here in so many seconds, whole; pictures come from phones in the country.
BODY_SECONDS = 10.0
UPLOAD_SECONDS = 60.0
CLOSE = {"connection": "close"}
SLOW = "Votre envoi n’est pas arrivé en entier à temps. Vérifiez votre connexion et recommencez."


class RequestGuard:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        scope.setdefault("state", {})["locale"] = "fr"
        if path == "/en" or path.startswith("/en/"):
            scope["state"]["locale"] = "en"
            path = scope["path"] = path[3:] or "/"
        if not _clean(scope.get("raw_path") or path.encode()) or not _clean(scope["query_string"]):
            await refuse(scope, receive, send, 400, "Cette adresse contient des caractères illisibles.")
            return
        # Pictures, and whole texts while they are written.
        uploading = path.startswith(("/organisation/", "/lancer/"))
        limit, seconds = (MAX_UPLOAD, UPLOAD_SECONDS) if uploading else (MAX_BODY, BODY_SECONDS)
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            await refuse(scope, receive, send, 400, "La longueur annoncée est illisible.")
            return
        # Compared as digits first: a number of five thousand of them is an error of its own.
        if len(length) > 12 or int(length) > limit:
            await refuse(scope, receive, send, 413, "Cet envoi est trop long.")
            return
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            receive = _bounded(receive, limit, seconds)
        await self.app(scope, receive, send)


def _bounded(receive: Receive, limit: int, seconds: float) -> Receive:
    """*receive* that raises HTTPException 413 beyond *limit* bytes and 408 when the body is late."""
    received, whole = 0, False
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds

    async def bounded() -> Message:
        nonlocal received, whole
        if whole:  # what comes now is the end of the connection, for which nobody is in a hurry
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, SLOW, headers=CLOSE) from None
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if received > limit:  # more than was announced, or nothing was
                raise HTTPException(413, "Cet envoi est trop long.", headers=CLOSE)
        return message

    return bounded


def _clean(raw: bytes) -> bool:
    """True when the percent-decoded bytes are UTF-8 without control characters."""
    if raw.isascii() and b"%" not in raw:
        return b"\x00" not in raw
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return False
    return "\x00" not in text
