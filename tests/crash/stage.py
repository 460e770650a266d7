"""The site under test as its operators run it: a web process, a worker, their servers; and the audit."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select

from app import clock, crypto
from app.bus import Bus
from app.db import Database
from app.mail.addresses import canonical
from app.mail.models import OutboxMail
from app.mail.sending import Sender
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.signatures.models import Signature
from app.templating import Templates
from app.vault import open_vault
from tests.conftest import prepare, settings_for
from tests.crash.crowd import Ledger
from tests.failover import Pair
from tests.services import Postgres, Server, Signons, SignonsWorker, Valkey, free_port
from tests.site import PETITION

Started = TypeVar("Started", bound=Server)
# A mail may leave twice a day for one address and petition.
LIMIT = 2
# How far the clock of the last worker moves, until nothing waits: claims end, postponed mails are due.
HOPS = (0, 6, 6, 20, 60, 5 * 60, 13 * 60, 25 * 60, 25 * 60)


class Web(Signons):
    def command(self) -> list[str]:
        return [*super().command(), "--no-worker"]


class MailServer(Server):
    """A mail server in a process of its own, that can be killed; ``mails`` is what it accepted."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.mails = directory / "mails.jsonl"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.crash.smtpd", str(self.port), str(self.mails)]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def answers(self) -> bool:
        import socket

        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            return connection.recv(3) == b"220"
        return False


@dataclass
class Audit:
    """What was found afterwards, against the ledger."""

    kills: int
    signed: int
    signed_lost: int
    doubled: int
    confirmed: int
    confirmed_lost: int
    unmailed: int
    mailed_twice: int
    most_mails: int
    counts_exact: bool
    # Status or exception → how often it was met instead of an answer.
    refusals: dict[str, int]
    slowest: float

    @property
    def problems(self) -> list[str]:
        found = {
            "signatures lost": self.signed_lost,
            "signatures twice": self.doubled,
            "confirmations lost": self.confirmed_lost,
            "people without a mail": self.unmailed,
            "too many mails to one address": max(0, self.most_mails - LIMIT),
            "counts that differ": int(not self.counts_exact),
            "nobody signed": int(not self.signed),
            "nobody confirmed": int(not self.confirmed),
        }
        return [f"{what}: {n}" for what, n in found.items() if n]


class Stage:
    """Everything in *folder*; ``postgres`` and ``valkey`` are None where they do not apply.

    *hosts*: two of them, for a database that outlives one.
    """

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        *,
        postgres: bool,
        valkey: bool = False,
        env: dict[str, str] | None = None,
        hosts: Pair | None = None,
    ) -> None:
        self.folder = folder
        self.postgres = self._start(stack, Postgres(self._sub("postgres"), durable=True)) if postgres else None
        self.valkey = self._start(stack, Valkey(self._sub("valkey"))) if valkey else None
        # On a disk of its own: what it has accepted must be there to be counted.
        elsewhere = stack.enter_context(tempfile.TemporaryDirectory(prefix="signons-smtp-"))
        self.smtp = self._start(stack, MailServer(Path(elsewhere)))
        server = hosts or self.postgres
        url = server.create_database("crash") if server else f"sqlite:///{self._sub('var')}/signons.db"
        port = free_port()
        self.settings = settings_for(
            url,
            self._sub("var"),
            smtp_url=f"smtp://127.0.0.1:{self.smtp.port}",
            redis_url=self.valkey.url() if self.valkey else "",
            trusted_proxies=("127.0.0.1",),
            base_url=f"http://127.0.0.1:{port}",
        )
        prepare(self.settings)
        with self.database() as database, database.write() as session:
            petition = petition_actions.create(
                session, importing.parse(PETITION, "essai.md"), folder=None, image_store=Path("unused")
            )
            petition_actions.publish(session, petition)
            self.slug, self.petition_id = petition.slug, petition.id
        env = {
            **(env or {}),
            "SIGNONS_DATABASE_URL": url,
            "SIGNONS_SECRET_KEY": self.settings.secret_key,
            "SIGNONS_VAR_DIR": str(self.settings.var),
            "SIGNONS_SMTP_URL": self.settings.smtp_url,
            "SIGNONS_REDIS_URL": self.settings.redis_url,
            "SIGNONS_BASE_URL": self.settings.base_url,
            "SIGNONS_TRUSTED_PROXIES": "127.0.0.1",
            "SIGNONS_PACE_SITE": "1000000",
            **({"SIGNONS_DATABASE_READ_URL": url} if hosts else {}),
        }
        self.web = self._start(stack, Web(self._sub("web"), env, port, 1))
        self.worker = self._start(stack, SignonsWorker(self._sub("worker"), env))

    def _sub(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    @staticmethod
    def _start(stack: ExitStack, server: Started) -> Started:
        stack.callback(server.kill)
        server.start()
        return server

    @contextmanager
    def database(self) -> Iterator[Database]:
        bus = Bus(self.settings)
        database = Database(self.settings, open_vault(self.settings), bus)
        try:
            yield database
        finally:
            bus.stop()
            database.close()

    def send_what_is_left(self) -> None:
        """As a worker would in the hours that follow: claims of the killed ones end."""
        with self.database() as database:
            sender = Sender(self.settings, database, Templates(self.settings))
            try:
                for minutes in HOPS:
                    clock.travel(timedelta(minutes=minutes))
                    while sender.send_due():
                        pass
                    with database.read() as session:
                        if not session.scalar(select(func.count()).where(OutboxMail.state == "waiting")):
                            return
            finally:
                clock.reset()
                sender.close()

    def audit(self, ledger: Ledger, kills: int) -> Audit:
        with self.database() as database, database.read() as session:
            keys = petition_keys.of(session, self.petition_id)
            rows = session.execute(select(Signature.email_key, Signature.state)).all()
            found = Counter(row.email_key for row in rows)
            confirmed = {row.email_key for row in rows if row.state == "confirmed"}
            shown = petition_queries.count(session, self.petition_id)

        def key(email: str) -> bytes:
            return crypto.digest(keys.dedup, canonical(email).encode())

        mails = Counter(json.loads(line)["to"] for line in self.smtp.mails.read_text().splitlines())
        verify = subprocess.run(
            [Path(sys.executable).with_name("signons"), "counts", "verify"], env=self.web.environment(), check=False
        )
        return Audit(
            kills=kills,
            signed=len(ledger.signed),
            signed_lost=sum(key(email) not in found for email in ledger.signed),
            doubled=sum(n - 1 for n in found.values()) + max(0, shown - len(confirmed)),
            confirmed=len(ledger.confirmed),
            confirmed_lost=sum(key(email) not in confirmed for email in ledger.confirmed),
            unmailed=sum(email not in mails for email in ledger.signed),
            mailed_twice=sum(n > 1 for n in mails.values()),
            most_mails=max(mails.values(), default=0),
            counts_exact=verify.returncode == 0 and shown == len(confirmed),
            refusals=dict(ledger.refusals.most_common()),
            slowest=ledger.slowest,
        )
