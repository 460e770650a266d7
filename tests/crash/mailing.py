"""News mailed to thousands by a worker that is killed again and again: everybody gets them, once.

The one mail that was leaving at the moment of a kill leaves again, since nobody knows whether it had: the outbox marks
it, and none beside those may come twice.
"""

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from app import clock
from app.db import Database
from app.mail import outbox
from app.mail.models import OutboxMail
from app.mail.sending import Sender
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.petitions import queries as petition_queries
from app.settings import Settings
from app.signatures import actions as signatures
from app.signatures.forms import SignForm
from app.signatures.models import Signature
from app.templating import Templates
from app.updates import actions
from app.updates.models import NEWS_MAIL, Update
from tests.conftest import opened, prepare, settings_for
from tests.crash.stage import HOPS, MailServer
from tests.services import Postgres, SignonsWorker
from tests.site import FORM, PETITION

GROUP = 500
PATIENCE = 1800


@dataclass(frozen=True)
class Mailing:
    people: int
    kills: int
    # Of the mail server: how many got it, and how many of those twice.
    reached: int
    twice: int
    most: int
    # Of the outbox: mails written, whom they are for, and those that a killed worker had under way.
    written: int
    subjects: int
    doubtful: int
    seconds: float

    @property
    def problems(self) -> list[str]:
        found = {
            "people without it": self.people - self.reached,
            "mails written twice": self.written - self.subjects,
            "mails too few or too many": abs(self.people - self.written),
            "twice without a doubt": max(0, self.twice - min(self.doubtful, self.kills)),
            "three times": max(0, self.most - 2),
        }
        return [f"{what}: {n}" for what, n in found.items() if n]


def publish(database: Database, people: int) -> None:
    """A petition that so many follow, and its news, which are to be mailed now."""
    with database.write() as session:
        petition = petition_actions.create(
            session, importing.parse(PETITION, "essai.md"), folder=None, image_store=Path("unused")
        )
        petition_actions.publish(session, petition)
        signing = signatures.signing_of(session, petition)
        slug = petition.slug
    for start in range(0, people, GROUP):
        forms = [
            SignForm.model_validate(FORM | {"email": f"p{n}@exemple.test", "consent_updates": "on"})
            for n in range(start, min(people, start + GROUP))
        ]
        with database.write() as session:
            pending = select(Signature.id).where(Signature.state == "pending")
            signatures.sign_group(
                session, [signatures.SignRequest(signing, form, "fr", "http://127.0.0.1:8000") for form in forms]
            )
            targets = [signatures.Target(signing.petition_id, one) for one in session.scalars(pending)]
            signatures.confirm_group(session, targets, lambda *_: None)
            session.execute(delete(OutboxMail))
    with database.write() as session:
        found = petition_queries.by_slug(session, slug)
        assert found is not None
        actions.post(
            session, found, kind="news", title="Une date est fixée", text="Le conseil en parle le 12 : venez.", by=None,
            mail=True, review=False, now=clock.now() - actions.CALL_BACK,
        )  # fmt: skip


def play(
    settings: Settings, smtp: MailServer, folder: Path, people: int, kills: int, tell: Callable[[str], None] = print
) -> Mailing:
    """*settings* have the mail server's address; the news are published."""
    env = {
        "SIGNONS_DATABASE_URL": settings.database_url,
        "SIGNONS_SECRET_KEY": settings.secret_key,
        "SIGNONS_VAR_DIR": str(settings.var),
        "SIGNONS_SMTP_URL": smtp_url(smtp),
        "SIGNONS_LOG_LEVEL": "INFO",
    }
    begun, killed = time.monotonic(), 0
    with opened(settings) as database, ExitStack() as stack:
        worker = SignonsWorker(folder, env)
        stack.callback(worker.kill)
        while True:
            worker.start()
            had, step = accepted(smtp), people // (kills + 1)
            while not _finished(database) or accepted(smtp) < people - 20 * (killed + 1):
                assert time.monotonic() < begun + PATIENCE, f"{accepted(smtp)} of {people} after {PATIENCE} s"
                if killed < kills and accepted(smtp) >= had + random.randint(step // 2, step):
                    break
                time.sleep(0.005)
            worker.kill()
            if killed == kills:
                break
            killed += 1
            tell(f"{killed}/{kills}: {accepted(smtp)} of {people}")
        seconds = time.monotonic() - begun
        _hours_later(database, settings.model_copy(update={"smtp_url": smtp_url(smtp)}))
        return _counted(database, smtp, people, killed, seconds)


def smtp_url(smtp: MailServer) -> str:
    return f"smtp://127.0.0.1:{smtp.port}"


def accepted(smtp: MailServer) -> int:
    return smtp.mails.read_bytes().count(b"\n") if smtp.mails.exists() else 0


def _finished(database: Database) -> bool:
    with database.read() as session:
        row = session.execute(select(Update.state, Update.finished_at)).one()
    return row.state == "published" and row.finished_at is not None


def _hours_later(database: Database, settings: Settings) -> None:
    """As a worker would: what the killed ones had claimed is free again after five minutes."""
    sender = Sender(settings, database, Templates(settings))
    try:
        for minutes in (*HOPS, 24 * 60, 24 * 60):
            clock.travel(timedelta(minutes=minutes))
            with database.write() as session:
                actions.publish_due(session, clock.now())
                while actions.send_some(session, settings.origin):
                    pass
            while sender.send_due():
                pass
            with database.read() as session:
                if not session.scalar(select(func.count()).where(OutboxMail.state == "waiting")):
                    return
    finally:
        clock.reset()
        sender.close()


def _counted(database: Database, smtp: MailServer, people: int, kills: int, seconds: float) -> Mailing:
    got = Counter(json.loads(line)["to"] for line in smtp.mails.read_text().splitlines())
    with database.read() as session:
        about = OutboxMail.template == NEWS_MAIL
        written, subjects = session.execute(
            select(func.count(), func.count(OutboxMail.subject.distinct())).where(about)
        ).one()
        doubtful = session.scalar(select(func.count()).where(about, OutboxMail.error == outbox.LEFT_TWICE))
    return Mailing(
        people=people,
        kills=kills,
        reached=len(got),
        twice=sum(n > 1 for n in got.values()),
        most=max(got.values(), default=0),
        written=written,
        subjects=subjects,
        doubtful=doubtful or 0,
        seconds=seconds,
    )


def run(database: str, people: int, kills: int, tell: Callable[[str], None]) -> Mailing:
    """On a database of its own."""
    with tempfile.TemporaryDirectory(prefix="signons-crash-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as nobody when we are root
        with ExitStack() as stack:

            def sub(part: str) -> Path:
                made = folder / part
                made.mkdir()
                return made

            smtp = MailServer(sub("smtp"))
            stack.callback(smtp.kill)
            smtp.start()
            url = f"sqlite:///{folder}/signons.db"
            if database == "postgresql":
                server = Postgres(sub("postgres"), durable=True)
                stack.callback(server.kill)
                url = server.start().create_database("crash")
            settings = settings_for(url, sub("var"))
            prepare(settings)
            with opened(settings) as prepared:
                publish(prepared, people)
            tell(f"{people} people follow a petition ({database})")
            return play(settings, smtp, sub("worker"), people, kills, tell)
