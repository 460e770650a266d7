"""A real IMAP server (pymap), with one mailbox."""

import imaplib
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tests.services import Server

USER, PASSWORD, FOLDER = "retours", "clé/@#?: très longue", "Retours lus"


class ImapServer(Server):
    def command(self) -> list[str]:
        program = str(Path(sys.executable).with_name("pymap"))
        words = f"--debug --host 127.0.0.1 --port {self.port} --no-tls dict --demo-user {USER} --demo-password"
        return [program, *shlex.split(words), PASSWORD]

    def answers(self) -> bool:
        with suppress(OSError, imaplib.IMAP4.error):
            imaplib.IMAP4("127.0.0.1", self.port, timeout=5).logout()
            return True
        return False

    @property
    def url(self) -> str:
        return f"imap://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{quote(FOLDER)}"

    @contextmanager
    def signed_in(self) -> Iterator[imaplib.IMAP4]:
        connection = imaplib.IMAP4("127.0.0.1", self.port, timeout=5)
        connection.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        try:
            connection.create(f'"{FOLDER}"')
            yield connection
        finally:
            connection.logout()

    def put(self, *messages: bytes) -> None:
        with self.signed_in() as connection:
            for message in messages:
                connection.append(f'"{FOLDER}"', "", "", message)

    def flags(self) -> list[str]:
        """Of each message that is there."""
        with self.signed_in() as connection:
            connection.select(f'"{FOLDER}"')
            found = connection.uid("FETCH", "1:*", "(FLAGS)")[1]
        return [part.decode() for part in found if isinstance(part, bytes)]

    def clear(self) -> None:
        with self.signed_in() as connection:
            connection.select(f'"{FOLDER}"')
            connection.uid("STORE", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
            connection.expunge()


@contextmanager
def imap() -> Iterator[ImapServer]:
    with tempfile.TemporaryDirectory(prefix="signons-imap-") as folder:
        server = ImapServer(Path(folder))
        try:
            yield server.start()
        finally:
            server.terminate()
