"""The mailbox where bounces arrive, over IMAP: its own messages, read one by one and removed once they are counted.

What cannot be taken is flagged and left there for a person, behind nothing. An error says no address and no password:
servers repeat what they were sent.
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from app.bounces.reading import LONGEST

TIMEOUT = 20
# A message that is flagged was not to be understood by us, or by the database.
WAITING, LEFT = "UNDELETED UNFLAGGED", "UNDELETED FLAGGED"


class Unreachable(Exception):
    """No mailbox, whatever is in it; the reason holds nothing that is secret."""


@contextmanager
def opened(url: str) -> Iterator["Mailbox"]:
    """Raises Unreachable, also for what goes wrong within."""
    try:
        connection = _connect(url)
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        raise Unreachable(type(error).__name__) from None
    try:
        yield Mailbox(connection)
    except (OSError, imaplib.IMAP4.error) as error:
        raise Unreachable(type(error).__name__) from None
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            connection.logout()


def _connect(url: str) -> imaplib.IMAP4:
    """Signed in, its folder opened."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port
    connection: imaplib.IMAP4
    if parts.scheme == "imaps":
        connection = imaplib.IMAP4_SSL(host, port or 993, timeout=TIMEOUT, ssl_context=ssl.create_default_context())
    else:
        connection = imaplib.IMAP4(host, port or 143, timeout=TIMEOUT)
    try:
        if parts.scheme == "imap+starttls":
            connection.starttls(ssl.create_default_context())
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if "AUTH=PLAIN" in connection.capabilities:  # the only way that has accents
            connection.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        else:
            connection.login(user, password)
        _said(connection.select(f'"{unquote(parts.path.strip("/")) or "INBOX"}"'))
    except BaseException:
        connection.shutdown()
        raise
    return connection


class Mailbox:
    """An open folder."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def waiting(self) -> list[str]:
        """Messages to take, the oldest first."""
        return self._found(WAITING)

    def left(self) -> int:
        """How many wait for a person."""
        return len(self._found(LEFT))

    def source(self, uid: str) -> bytes:
        """As much of it as is read; b"" when somebody else has removed it."""
        answer = _said(self._connection.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LONGEST}>)"))
        return next((bytes(part[1]) for part in answer if isinstance(part, tuple)), b"")

    def remove(self, uid: str) -> None:
        self._flag(uid, r"\Deleted")

    def leave(self, uid: str) -> None:
        self._flag(uid, r"\Flagged")

    def empty(self) -> None:
        """What was removed is gone for good."""
        _said(self._connection.expunge())

    def _found(self, which: str) -> list[str]:
        (uids,) = _said(self._connection.uid("SEARCH", which))[:1] or [b""]
        return bytes(uids or b"").decode().split()

    def _flag(self, uid: str, flag: str) -> None:
        _said(self._connection.uid("STORE", uid, "+FLAGS.SILENT", f"({flag})"))


def _said(answer: tuple[str, list[Any]]) -> list[Any]:
    """What a server gives when it says yes. Raises IMAP4.error."""
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(kind)
    return data
