"""Files that never change under their address: ``/static/<hash>/name``."""

import gzip
import re
from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.templating import STATIC, static_url

TEXTS = (".css", ".js", ".svg")
_GZIP = re.compile(rb"(^|,)\s*(gzip|\*)\s*(?!;\s*q=0(\.0*)?\s*(,|$))(;|,|$)")


class HashedFiles(StaticFiles):
    """Serves ``<hash>/name`` for the present hash only, cacheable for a year, compressed where nobody else does."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        _, _, name = path.partition("/")
        try:
            known = static_url(name) == f"/static/{path}"
        except (OSError, ValueError):
            known = False
        if not known:
            raise HTTPException(404)
        response = await super().get_response(name, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        if name.endswith(TEXTS):
            response.headers["vary"] = "accept-encoding"
            asked = dict(scope["headers"])
            if (
                isinstance(response, FileResponse)
                and b"range" not in asked
                and _GZIP.search(asked.get(b"accept-encoding", b""))
            ):
                headers = {name: response.headers[name] for name in ("cache-control", "content-type", "vary")}
                return Response(_gzipped(path), headers={**headers, "content-encoding": "gzip"})
        return response


@lru_cache(maxsize=64)
def _gzipped(path: str) -> bytes:
    return gzip.compress((STATIC / path.partition("/")[2]).read_bytes(), mtime=0)
