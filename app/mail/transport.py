"""How a message leaves: over SMTP, or into the local mailbox of the demo."""

import select
import smtplib
import ssl
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT = 20


class Rejected(Exception):
    """The server will never take this message; the reason holds no address."""


class Unavailable(Exception):
    """Not now: try again later; the reason holds no address."""


class Transport(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Raises Rejected or Unavailable."""

    def close(self) -> None:
        """No more for now."""


class SmtpTransport:
    """One connection, kept while it works; ``smtp``, ``smtp+starttls`` or ``smtps`` URL."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)
        self.connection: smtplib.SMTP | None = None

    def send(self, message: EmailMessage) -> None:
        try:
            self._living_connection().send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            self._reset()
            raise (Rejected if code >= 500 else Unavailable)(f"recipient refused ({code})") from None
        except smtplib.SMTPResponseException as error:
            self.close()
            # A sender refused for good, or a text refused for good: another try changes nothing.
            final = error.smtp_code >= 500 and isinstance(error, smtplib.SMTPDataError | smtplib.SMTPSenderRefused)
            raise (Rejected if final else Unavailable)(f"server answered {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self.close()
            raise Unavailable(type(error).__name__) from None

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

    def check(self) -> None:
        """Greet the server and say nothing (``doctor``); raises Unavailable."""
        try:
            self._connect().quit()
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"{type(error).__name__}") from None

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
