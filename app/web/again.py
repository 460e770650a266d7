"""A page that a standby failed in the middle is asked for once more, of the primary: who reads notices nothing.

Pure ASGI. Of what changes nothing only; the first answer, which carries MARK, is not sent.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MARK = b"x-signons-again"
CHANGES_NOTHING = {"GET", "HEAD"}


class Again:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in CHANGES_NOTHING:
            await self.app(scope, receive, send)
            return
        failed = False

        async def watch(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                failed = any(name == MARK for name, _ in message["headers"])
            if not failed:
                await send(message)

        first = dict(scope)  # those inside write into it
        try:
            await self.app(first, receive, watch)
        finally:
            if not failed:
                scope.update(first)  # those outside read it
        if failed:
            await self.app(scope, receive, send)
