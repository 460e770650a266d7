"""The first door: broken bytes are answered 400, bodies that are too large 413, and the language
prefix is taken off the path (``/en/charte`` is ``/charte`` in English).
"""

from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import refuse

MAX_BODY = 64 * 1024
MAX_UPLOAD = 6 * 1024 * 1024


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
        # Pictures are sent by signed-in organisers only.
        limit = MAX_UPLOAD if path.startswith("/organisation/") else MAX_BODY
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            await refuse(scope, receive, send, 400, "La longueur annoncée est illisible.")
            return
        if int(length) > limit:
            await refuse(scope, receive, send, 413, "Cet envoi est trop long.")
            return

        received = 0

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:  # more than was announced, or nothing was
                    raise HTTPException(413, "Cet envoi est trop long.")
            return message

        await self.app(scope, limited_receive, send)


def _clean(raw: bytes) -> bool:
    """True when the percent-decoded bytes are UTF-8 without control characters."""
    if raw.isascii() and b"%" not in raw:
        return b"\x00" not in raw
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return False
    return "\x00" not in text
