"""How a message leaves: over SMTP, or into the local mailbox of the demo."""

import re
import select
import smtplib
import ssl
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

from app.mail import verdicts
from app.mail.models import Bounce

TIMEOUT = 20


# Answers about whoever is written to: no such mailbox, moved, full or closed; not "you may not", which is about us.
_NOBODY_THERE = re.compile(rb"5\.(1\.(?![78]\b)|2\.)\d+")
_ENHANCED = re.compile(rb"[245]\.\d+\.\d+")
_PLAIN = {550, 551, 553}


class Rejected(Exception):
    """Nobody can be written to at this address; the reason holds no address.

    ``bounce``: what its server says of it, when one was asked.
    """

    def __init__(self, reason: str, bounce: Bounce | None = None) -> None:
        super().__init__(reason)
        self.bounce = bounce


class Deferred(Exception):
    """This mail did not pass: try it again, but not for ever; the reason holds no address."""


class Unavailable(Exception):
    """No mail leaves, whichever: our server or our settings. The reason holds no address."""


class Transport(Protocol):
    def send(self, message: EmailMessage, envelope: str) -> None:
        """*envelope*: where it goes back to. Raises Rejected, Deferred or Unavailable."""

    def close(self) -> None:
        """No more for now."""


class SmtpTransport:
    """One connection, kept while it works; ``smtp``, ``smtp+starttls`` or ``smtps`` URL."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)
        self.connection: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, envelope: str) -> None:
        try:
            connection = self._living_connection()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self.close()
            raise Unavailable(_said(error)) from None
        try:
            connection.send_message(message, from_addr=envelope)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            self._reset()
            reason = f"recipient refused ({code})"
            if not _nobody_there(code, answer):
                raise Deferred(reason) from None
            raise Rejected(reason, verdicts.judged("", f"{code} {answer.decode('utf-8', 'replace')}")) from None
        except smtplib.SMTPSenderRefused as error:
            self.close()
            raise Unavailable(f"sender refused ({error.smtp_code})") from None
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            # It may have left: whatever fails from here on counts.
            self.close()
            raise Deferred(_said(error)) from None

    def _living_connection(self) -> smtplib.SMTP:
        """The one at hand, or another when the server closed it while nothing was sent."""
        if self.connection is not None and self._hung_up(self.connection):
            self.close()
        if self.connection is None:
            self.connection = self._connect()
        return self.connection

    @staticmethod
    def _hung_up(connection: smtplib.SMTP) -> bool:
        """Between two mails a server says nothing, unless to say goodbye."""
        return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])

    def check(self, sender: str) -> None:
        """Greet the server, say who writes, and no more (``doctor``); raises Unavailable."""
        try:
            connection = self._connect()
            connection.ehlo_or_helo_if_needed()
            code, _ = connection.mail(sender)
            connection.quit()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise Unavailable(_said(error)) from None
        if code >= 400:
            raise Unavailable(f"sender refused ({code})")

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
        return connection

    def _reset(self) -> None:
        try:
            if self.connection is not None:
                self.connection.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _nobody_there(code: int, answer: bytes) -> bool:
    if enhanced := _ENHANCED.match(answer):
        return _NOBODY_THERE.match(enhanced[0]) is not None
    return code in _PLAIN


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"server answered {error.smtp_code}"
    return type(error).__name__
