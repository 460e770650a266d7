"""The first door: broken bytes are answered 400, bodies that are too large 413, those that take too
long 408, and the language prefix is taken off the path (``/en/charte`` is ``/charte`` in English).
"""

import asyncio
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import refuse

MAX_BODY = 64 * 1024
# Where petitions and their news are written: 50,000 signs, of up to twelve bytes each once encoded; and mails that
# came back.
LONG_BODY = 1024 * 1024
LONG = ("/organisation/", "/lancer/", "/destinataire/", "/retours/")
# Of no request; a little more than a picture may have, so that who sends a larger one is told so.
MOST = 32 * 1024 * 1024
# A body is here in so many seconds, whole; pictures come from phones in the country.
BODY_SECONDS = 10.0
LONG_SECONDS = 60.0
CLOSE = {"connection": "close"}
TOO_LONG = "Cet envoi est trop long."
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
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            await refuse(scope, receive, send, 400, "La longueur annoncée est illisible.")
            return
        # Compared as digits first: a number of five thousand of them is an error of its own.
        if len(length) > 12 or int(length) > MOST:
            await refuse(scope, receive, send, 413, TOO_LONG)
            return
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            limits = (LONG_BODY, LONG_SECONDS) if path.startswith(LONG) else (MAX_BODY, BODY_SECONDS)
            receive = scope["state"]["body"] = Body(receive, int(length), *limits)
        await self.app(scope, receive, send)


class Body:
    """What may still come of a request: HTTPException 413 beyond *limit* bytes, 408 when it is late."""

    def __init__(self, receive: Receive, announced: int, limit: int, seconds: float) -> None:
        self._receive = receive
        self._announced = announced
        self._received = 0
        self._whole = False
        self._began = asyncio.get_running_loop().time()
        self.allow(limit, seconds)

    def allow(self, limit: int, seconds: float) -> None:
        """Once it is known which route it is for."""
        self._limit = limit
        self._until = self._began + seconds

    async def __call__(self) -> Message:
        if self._whole:  # what comes now is the end of the connection, for which nobody is in a hurry
            return await self._receive()
        if self._announced > self._limit:
            raise HTTPException(413, TOO_LONG, headers=CLOSE)
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, SLOW, headers=CLOSE) from None
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._received > self._limit:  # more than was announced, or nothing was
                raise HTTPException(413, TOO_LONG, headers=CLOSE)
        return message


def _clean(raw: bytes) -> bool:
    """True when the percent-decoded bytes are UTF-8 without control characters."""
    if raw.isascii() and b"%" not in raw:
        return b"\x00" not in raw
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return False
    return "\x00" not in text
