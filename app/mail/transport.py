"""How a message leaves: over SMTP, or into the local mailbox of the demo."""

import re
import select
import smtplib
import socket
import ssl
from urllib.parse import unquote, urlsplit

from app.mail import verdicts
from app.mail.models import Bounce

TIMEOUT = 20


# Answers about whoever is written to: no such mailbox, moved, full or closed; not "you may not", which is about us.
_NOBODY_THERE = re.compile(rb"5\.(1\.(?![78]\b)|2\.)\d+")
_ENHANCED = re.compile(rb"[245]\.\d+\.\d+")
# For now, and of whoever is written to alone (RFC 3463: address, mailbox).
_OF_ONE = re.compile(rb"4\.[12]\.")
_PLAIN = {550, 551, 553}
# "Not now": too many at once, too fast, not yet known, no room.
SLOWER = {421, 450, 451, 452}
GO_ON = 354
Reply = tuple[int, bytes]
NOT_ASKED: Reply = (503, b"")
# A line that begins with a dot would end the text (RFC 5321, 4.5.2).
_END = re.compile(rb"\r\n\.")


class Rejected(Exception):
    """Nobody can be written to at this address; the reason holds no address.

    ``bounce``: what its server says of it, when one was asked.
    """

    def __init__(self, reason: str, bounce: Bounce | None = None) -> None:
        super().__init__(reason)
        self.bounce = bounce


class Deferred(Exception):
    """This mail did not pass: try it again, but not for ever; the reason holds no address.

    ``slower``: where it goes, fewer are taken for now.
    """

    def __init__(self, reason: str, *, slower: bool = False) -> None:
        super().__init__(reason)
        self.slower = slower


class Unavailable(Exception):
    """No mail leaves this way, whichever: our server or our settings. The reason holds no address.

    ``slower``: it takes fewer for now; connections when it says so before any mail (``greeting``), or mails.
    """

    def __init__(self, reason: str, *, slower: bool = False, greeting: bool = False) -> None:
        super().__init__(reason)
        self.slower = slower
        self.greeting = greeting


class SmtpTransport:
    """One connection, kept while it works; ``smtp``, ``smtp+starttls`` or ``smtps`` URL. Of one thread at a time."""

    def __init__(self, url: str, mails: int = 0) -> None:
        """*mails*: how many go over one connection before another is opened; 0: as many as the server takes."""
        self.url = urlsplit(url)
        self.most = mails
        self.connection: smtplib.SMTP | None = None
        # Whether the server takes addresses with accents; None until it was asked.
        self.accents: bool | None = None
        self._sent = 0

    def send(self, message: bytes, envelope: str, to: str) -> None:
        """*message*: with CRLF; *envelope*: where it goes back to. Raises Rejected, Deferred or Unavailable."""
        try:
            connection = self._living_connection()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self.close()
            raise Unavailable(_said(error), slower=_code(error) in SLOWER, greeting=True) from None
        try:
            sender, recipient, data = self._commands(connection, envelope, to)
            code, answer = sender
            if code >= 400:
                self.close()
                raise Unavailable(f"sender refused ({code})", slower=code in SLOWER)
            code, answer = recipient
            if code >= 400:
                self._reset(empty=data[0] == GO_ON)
                raise _recipient_refused(code, answer)
            if data[0] == GO_ON:
                connection.send(_END.sub(b"\r\n..", message) + b".\r\n")
                data = connection.getreply()
            if data[0] >= 300:
                self._reset()
                raise Deferred(f"server answered {data[0]}", slower=data[0] in SLOWER)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            # It may have left: whatever fails from here on counts.
            self.close()
            raise Deferred(_said(error), slower=_code(error) in SLOWER) from None
        self._sent += 1
        if self._sent == self.most:
            self.close()

    def _commands(self, connection: smtplib.SMTP, envelope: str, to: str) -> tuple[Reply, Reply, Reply]:
        """The answers to MAIL, RCPT and DATA: sent in one where the server takes that (RFC 2920)."""
        accents = "" if f"{envelope}{to}".isascii() else " SMTPUTF8"
        if accents and not connection.has_extn("smtputf8"):
            raise Rejected("address with accents before the @: this server does not take it")
        lines = [f"MAIL FROM:{smtplib.quoteaddr(envelope)}{accents}", f"RCPT TO:{smtplib.quoteaddr(to)}", "DATA"]
        if any(re.search(r"[\r\n]", line) for line in lines):
            raise Rejected("not an address")
        together = connection.has_extn("pipelining")
        replies = list[Reply]()
        for n, line in enumerate(["\r\n".join(lines)] if together else lines):
            connection.send(f"{line}\r\n".encode())
            replies += [connection.getreply() for _ in (lines if together else [line])]
            if replies[n][0] >= 400:
                break
        sender, recipient, data = (*replies, NOT_ASKED, NOT_ASKED)[:3]
        return sender, recipient, data

    def _living_connection(self) -> smtplib.SMTP:
        """The one at hand, or another when the server closed it while nothing was sent."""
        if self.connection is not None and self._hung_up(self.connection):
            self.close()
        if self.connection is None:
            self.connection, self._sent = self._connect(), 0
            self.accents = self.connection.has_extn("smtputf8")
        return self.connection

    @staticmethod
    def _hung_up(connection: smtplib.SMTP) -> bool:
        """Between two mails a server says nothing, unless to say goodbye."""
        return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])

    def open(self) -> None:
        """Greet the server, for what will leave; raises Unavailable."""
        try:
            self._living_connection()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self.close()
            raise Unavailable(_said(error)) from None

    def check(self, sender: str) -> bool:
        """Greet the server, say who writes, and no more (``doctor``): does it take addresses with accents?

        Raises Unavailable.
        """
        try:
            connection = self._connect()
            code, _ = connection.mail(sender)
            connection.quit()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise Unavailable(_said(error)) from None
        if code >= 400:
            raise Unavailable(f"sender refused ({code})")
        return connection.has_extn("smtputf8")

    def _connect(self) -> smtplib.SMTP:
        host, port = self.url.hostname or "localhost", self.url.port
        connection: smtplib.SMTP
        if self.url.scheme == "smtps":
            connection = smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
        else:
            connection = smtplib.SMTP(host, port or 25, timeout=TIMEOUT)
            if self.url.scheme == "smtp+starttls":
                connection.starttls(context=ssl.create_default_context())
        if self.url.username:
            connection.login(unquote(self.url.username), unquote(self.url.password or ""))
        connection.ehlo_or_helo_if_needed()
        if connection.sock is not None:  # a mail is a few lines, each waited for
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _reset(self, *, empty: bool = False) -> None:
        """After a refusal; *empty*: the server waits for a text that has nobody to go to."""
        try:
            if self.connection is not None:
                if empty:
                    self.connection.send(b".\r\n")
                    self.connection.getreply()
                self.connection.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _recipient_refused(code: int, answer: bytes) -> Deferred | Rejected:
    reason = f"recipient refused ({code})"
    if not _nobody_there(code, answer):
        return Deferred(reason, slower=code in SLOWER and _OF_ONE.match(answer) is None)
    return Rejected(reason, verdicts.judged("", f"{code} {answer.decode('utf-8', 'replace')}"))


def _nobody_there(code: int, answer: bytes) -> bool:
    if enhanced := _ENHANCED.match(answer):
        return _NOBODY_THERE.match(enhanced[0]) is not None
    return code in _PLAIN


def _code(error: Exception) -> int:
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"server answered {error.smtp_code}"
    return type(error).__name__
