"""Files that never change under their address: ``/static/<hash>/name``."""

import re
from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.templating import STATIC, static_url
from app.web.encodings import PACKED, PLAIN, chosen, matches, packed

TEXTS = (".css", ".js", ".svg")
HASH = re.compile(r"[0-9a-f]{12}")
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Text:
    """A file in one coding, ready to be sent."""

    content: bytes
    headers: dict[str, str]


class HashedFiles(StaticFiles):
    """Serves ``<hash>/name``, for the present hash cacheable for a year; texts packed when the program starts."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)
        self.texts = _texts()

    async def get_response(self, path: str, scope: Scope) -> Response:
        asked_for, _, name = path.partition("/")
        try:
            known = static_url(name) == f"/static/{path}"
        except (OSError, ValueError):
            raise HTTPException(404) from None
        if not known:
            return await self._of_another_release(asked_for, name, scope)
        asked = dict(scope["headers"])
        if name in self.texts and b"range" not in asked:
            return _sent(self.texts[name][chosen(asked.get(b"accept-encoding", b""))], asked.get(b"if-none-match", b""))
        response = await super().get_response(name, scope)
        response.headers["cache-control"] = FOREVER
        if name in self.texts:
            response.headers["vary"] = "accept-encoding"
        return response

    async def _of_another_release(self, asked_for: str, name: str, scope: Scope) -> Response:
        """During an upgrade a page of the other release looks as ours do, rather than bare; nobody keeps that.

        A script may count on a page as it is no longer made: without it, that page works all the same.
        """
        if not HASH.fullmatch(asked_for) or name.endswith(".js"):
            raise HTTPException(404)
        response = await super().get_response(name, scope)
        response.headers["cache-control"] = "no-store"
        return response


def _sent(text: Text, known: bytes) -> Response:
    if matches(known, text.headers["etag"].encode()):
        kept = {name: value for name, value in text.headers.items() if name in {"cache-control", "etag", "vary"}}
        return Response(status_code=304, headers=kept)
    return Response(text.content, headers=text.headers)


@cache
def _texts() -> dict[str, dict[str, Text]]:
    """Of each text, what is sent in each coding: a tenth of a second, once a process."""
    names = (str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.name.endswith(TEXTS))
    return {name: {coding: _text(name, coding) for coding in (*PACKED, PLAIN)} for name in names}


def _text(name: str, coding: str) -> Text:
    kind, _ = guess_type(name)
    content = (STATIC / name).read_bytes()
    headers = {
        "content-type": f"{kind or 'text/plain'}; charset=utf-8",
        "cache-control": FOREVER,
        "vary": "accept-encoding",
        # Each coding has other bytes, hence another fingerprint.
        "etag": f'"{static_url(name).split("/")[2]}-{coding}"',
    }
    if coding == PLAIN:
        return Text(content, {**headers, "accept-ranges": "bytes"})
    return Text(packed(coding, content, once=True), {**headers, "content-encoding": coding})
