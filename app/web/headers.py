"""Security headers on every response."""

from collections.abc import Sequence

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
EVERYBODY = ("*",)


def framed_by(ancestors: Sequence[str]) -> dict[str, str]:
    """Of a page that these origins may show in a frame; nobody when there is none."""
    if not ancestors:
        return {"content-security-policy": POLICY.format(ancestors="'none'"), "x-frame-options": "DENY"}
    return {"content-security-policy": POLICY.format(ancestors=" ".join(ancestors))}


def security_headers(hsts: str, *, framed: bool = False) -> Headers:
    headers = {**FIXED, **framed_by(EVERYBODY if framed else ())}
    if hsts:
        headers["strict-transport-security"] = hsts
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class SecurityHeaders:
    """Adds what a response did not set itself. A page of the widget says by whom it may be framed
    (:func:`framed_by`); an error met in its frame is a sentence there, not a blank.
    """

    def __init__(self, app: ASGIApp, hsts: str) -> None:
        self.app = app
        self.framed = security_headers(hsts, framed=True)
        self.others = security_headers(hsts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        widget = scope["path"].removeprefix("/en").startswith("/widget/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"]
                names = {name for name, _ in own}
                framed = widget and (message["status"] >= 400 or b"content-security-policy" in names)
                added = self.framed if framed else self.others
                message["headers"] = [*own, *(header for header in added if header[0] not in names)]
            await send(message)

        await self.app(scope, receive, send_with_headers)
