"""Same origin, without a token: pages stay the same for everybody, hence cacheable.

The algorithm is that of Go 1.25's ``http.CrossOriginProtection``: Sec-Fetch-Site decides where the
browser sends it; else Origin must be the host that was asked, or the site's own where a proxy asks by
another name; neither means not a browser. "null" is nobody: a sandboxed frame of any site says it too.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.errors import refuse

SAFE = {"GET", "HEAD", "OPTIONS"}


class SameOrigin:
    """Answers 403 to a request from another site that would change something."""

    def __init__(self, app: ASGIApp, origin: str, exempt: Callable[[str], bool]) -> None:
        self.app = app
        self.origin = origin.lower().encode()
        self.exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE and not self.exempt(scope["path"]):
            headers = dict(scope["headers"])
            if not self._same_origin(headers):
                await refuse(scope, receive, send, 403, "Cet envoi vient d’un autre site : il n’a rien changé.")
                return
        await self.app(scope, receive, send)

    def _same_origin(self, headers: dict[bytes, bytes]) -> bool:
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site in {b"same-origin", b"none"}
        origin = headers.get(b"origin")
        if origin is None or origin == self.origin:
            return True
        try:
            return urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1").encode()
        except ValueError:
            return False
