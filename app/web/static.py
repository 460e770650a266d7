"""Files that never change under their address: ``/static/<hash>/name``."""

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.templating import STATIC, static_url


class HashedFiles(StaticFiles):
    """Serves ``<hash>/name`` for the present hash only, cacheable for a year."""

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
        return response
