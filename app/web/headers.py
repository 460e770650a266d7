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


def security_headers(hsts: str, *, framed: bool = False) -> Headers:
    headers = {**FIXED, "content-security-policy": POLICY.format(ancestors="*" if framed else "'none'")}
    if not framed:
        headers["x-frame-options"] = "DENY"
    if hsts:
        headers["strict-transport-security"] = hsts
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class SecurityHeaders:
    """Adds what a response did not set itself; only the widget may be framed by others."""

    def __init__(self, app: ASGIApp, hsts: str) -> None:
        self.app = app
        self.framed = security_headers(hsts, framed=True)
        self.others = security_headers(hsts)

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
