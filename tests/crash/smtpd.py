"""``python -m tests.crash.smtpd PORT FILE``: a mail server to be killed.

What it accepts is in FILE, one JSON line a mail, before it says so: killed in between, it has the
mail and the sender cannot know.
"""

import asyncio
import json
import os
import re
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

LINK = re.compile(r"https?://[^/\s]+(/confirmer/\S+)")


class Keeper:
    def __init__(self, path: str) -> None:
        self.handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        line = json.dumps({"to": envelope.rcpt_tos[0], "link": _link(envelope.content)})
        os.write(self.handle, line.encode() + b"\n")
        return "250 OK"


def _link(content: bytes) -> str | None:
    """In the plain text: looked for in what was sent, and read as a mail when it is not there as it is."""
    found = LINK.search(content.replace(b"=\r\n", b"").decode("latin-1"))
    if found is None or "=" in found[1]:
        message = message_from_bytes(content, EmailMessage, policy=policy.default)
        text = message.get_body(("plain",))
        found = LINK.search(text.get_content()) if text is not None else None
    return found[1] if found else None


async def main(port: int, path: str) -> None:
    keeper = Keeper(path)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(keeper, hostname="localhost"), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
