"""Files that never change under their address: ``/static/<hash>/name``."""

from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.templating import STATIC, static_url
from app.web.encodings import PACKED, PLAIN, chosen, packed
from app.web.pagecache import matches

TEXTS = (".css", ".js", ".svg")
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Text:
    """A file in one coding, ready to be sent."""

    content: bytes
    headers: dict[str, str]


class HashedFiles(StaticFiles):
    """Serves ``<hash>/name`` for the present hash only, cacheable for a year; texts packed when the program starts."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)
        self.texts = _texts()

    async def get_response(self, path: str, scope: Scope) -> Response:
        _, _, name = path.partition("/")
        try:
            known = static_url(name) == f"/static/{path}"
        except (OSError, ValueError):
            known = False
        if not known:
            raise HTTPException(404)
        asked = dict(scope["headers"])
        if name in self.texts and b"range" not in asked:
            return _sent(self.texts[name][chosen(asked.get(b"accept-encoding", b""))], asked.get(b"if-none-match", b""))
        response = await super().get_response(name, scope)
        response.headers["cache-control"] = FOREVER
        if name in self.texts:
            response.headers["vary"] = "accept-encoding"
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
