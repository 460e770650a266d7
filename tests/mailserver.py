"""A real mail server that keeps what it accepts, and fails when told to."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services import free_port, wait_for

# What ``signatures/already`` is made of.
CONTEXT = {
    "given_name": "Marie",
    "title": "Rouvrir la bibliothèque",
    "url": "http://127.0.0.1:8000/petitions/p",
    "manage_url": "http://127.0.0.1:8000/mes-signatures/jeton",
}
Stage = Literal["MAIL", "RCPT", "DATA", "ACCEPTED"]


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    # As it came over the wire.
    raw: bytes = b""


@dataclass
class Fault:
    reply: str | None
    recipient: str
    stage: Stage
    times: int | None


class _Counting(SMTP):
    """Takes no more connections than there is room for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        server: MailServer = self.event_handler
        server._open += 1
        if server.room is not None and server._open > server.room:
            assert isinstance(transport, asyncio.Transport)
            transport.write(b"421 4.7.0 Too many connections, slow down\r\n")
            transport.close()
            server._open -= 1
            return
        server.most_at_once = max(server.most_at_once, server._open)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.session is not None:
            self.event_handler._open -= 1
            super().connection_lost(error)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Counting(self.handler, **self.SMTP_kwargs | {"enable_SMTPUTF8": self.handler.accents})


@dataclass
class MailServer:
    port: int = field(default_factory=free_port)
    mails: list[Mail] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    # Seconds that each mail takes.
    slow: float = 0
    # Commands may be sent together (RFC 2920).
    pipelining: bool = True
    # Addresses with accents are taken (RFC 6531).
    accents: bool = True
    # How many connections are taken at once, and were; others hear 421.
    room: int | None = None
    most_at_once: int = 0
    # How many mails were being taken at one moment.
    most_handed: int = 0
    _open: int = 0
    _handed: int = 0
    _controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._controller = _Controller(self, "127.0.0.1", self.port, server_hostname="localhost")
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def fail(
        self,
        reply: str | None = "451 4.3.0 Try again later",
        *,
        recipient: str = "*",
        stage: Stage = "RCPT",
        times: int | None = None,
    ) -> None:
        """Answer `reply`, or cut the connection if it is None, always or so many times.

        At stage ACCEPTED the mail has been kept already, but the sender cannot know.
        """
        self.faults.append(Fault(reply, recipient, stage, times))

    def heal(self) -> None:
        self.faults.clear()

    def wait(self, count: int, timeout: float = 10) -> list[Mail]:
        wait_for(lambda: len(self.mails) >= count, f"{count} mails have arrived", timeout)
        return list(self.mails)

    async def _reply(self, server: SMTP, stage: Stage, recipients: list[str]) -> str:
        for fault in self.faults:
            concerned = fault.recipient == "*" or fault.recipient in recipients
            if fault.stage != stage or not concerned or fault.times == 0:
                continue
            if fault.times is not None:
                fault.times -= 1
            if fault.reply is not None:
                return fault.reply
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            await asyncio.Event().wait()  # for ever: aiosmtpd cancels this task
        return "250 OK"

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._reply(server, "MAIL", [])
        if reply.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = await self._reply(server, "RCPT", [address])
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self._handed += 1
        self.most_handed = max(self.most_handed, self._handed)
        try:
            await asyncio.sleep(self.slow)
        finally:
            self._handed -= 1
        reply = await self._reply(server, "DATA", envelope.rcpt_tos)
        if not reply.startswith("250"):
            return reply
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, EmailMessage, policy=policy.default)
        self.mails.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message, envelope.content))
        return await self._reply(server, "ACCEPTED", envelope.rcpt_tos)


@contextmanager
def smtp() -> Iterator[MailServer]:
    server = MailServer()
    try:
        yield server.start()
    finally:
        server.stop()
