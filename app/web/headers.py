"""Security headers on every response."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors {ancestors}"
)
FIXED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), interest-cohort=()",
}


Headers = list[tuple[bytes, bytes]]


class SecurityHeaders:
    """Adds what a response did not set itself; only the widget may be framed by others."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        common = {**FIXED, **({"strict-transport-security": "max-age=31536000"} if https else {})}
        self.framed = _bytes({**common, "content-security-policy": POLICY.format(ancestors="*")})
        self.others = _bytes(
            {**common, "content-security-policy": POLICY.format(ancestors="'none'"), "x-frame-options": "DENY"}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        added = self.framed if "/widget/" in scope["path"] else self.others

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"]
                names = {name for name, _ in own}
                message["headers"] = [*own, *(header for header in added if header[0] not in names)]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _bytes(headers: dict[str, str]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
