"""A report comes by a pipe, from a mailbox or from the sending service: counted once, and nobody stands in its way."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from standardwebhooks import Webhook

from app.bounces import actions, jobs
from app.cli import main
from app.mail import bounced, envelope
from app.mail.models import Bounce
from app.operations import doctor
from app.settings import Settings
from app.templating import Templates
from app.worker import Worker
from tests.bounces import reports
from tests.bounces.desk import BOUNCES, counted, stopped
from tests.conftest import SECRET, settings_for
from tests.imapserver import PASSWORD, ImapServer, imap
from tests.services import free_port
from tests.site import Site

ADA, ZOE = "ada@exemple.test", "zoe@exemple.test"
HOOK = "whsec_" + base64.b64encode(b"un secret de vingt-quatre octets").decode()
PATH = "/retours/courriel"


@pytest.fixture(scope="module")
def box() -> Iterator[ImapServer]:
    with imap() as running:
        yield running


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path, bounce_address=BOUNCES, bounce_webhook_secret=HOOK)


def sender_to(site: Site, email: str, mail_id: int = 1) -> str:
    return envelope.sender_of(site.database.info["vault"].bounces, BOUNCES, mail_id, email)


# A pipe


def signons(settings: Settings, *words: str, stdin: bytes = b"", **env: str) -> Result:
    values = {
        "SIGNONS_DATABASE_URL": settings.database_url,
        "SIGNONS_VAR_DIR": str(settings.var),
        "SIGNONS_SECRET_KEY": SECRET,
        "SIGNONS_LOG_LEVEL": "ERROR",
        "SIGNONS_BOUNCE_ADDRESS": BOUNCES,
        **{f"SIGNONS_{name}": value for name, value in env.items()},
    }
    done = CliRunner().invoke(main, list(words), input=stdin, env=values)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.mark.databases("sqlite")
def test_a_message_on_standard_input(site: Site) -> None:
    done = signons(site.settings, "bounces", "read", stdin=reports.qmail(sender_to(site, ADA), ADA))
    assert (done.exit_code, done.output) == (0, "")
    assert stopped(site, ADA) == {ADA}
    # What is not understood, or is far too long, is taken all the same: a server must not keep it.
    for stdin in (b"", b"\xff\0" * 5000, b"x: " + b"y" * 3_000_000):
        assert signons(site.settings, "bounces", "read", stdin=stdin).exit_code == 0
    assert counted(site) == {"hard": 1, "ignored": 3}


@pytest.mark.slow
@pytest.mark.databases("sqlite")
@given(st.binary(max_size=2000))
@examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_on_standard_input(site: Site, raw: bytes) -> None:
    done = signons(site.settings, "bounces", "read", stdin=raw)
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "broken",
    [
        {"DATABASE_URL": f"postgresql://qui@127.0.0.1:{free_port()}/personne"},
        {"DATABASE_URL": "sqlite:////dev/null/nowhere.db"},
        {"BOUNCE_ADDRESS": "Retours <retours@exemple.fr>"},
    ],
    ids=["no server", "no folder", "settings"],
)
def test_without_database_the_server_is_asked_to_try_again(site: Site, broken: dict[str, str]) -> None:
    done = signons(site.settings, "bounces", "read", stdin=reports.dsn(sender_to(site, ADA), ADA), **broken)
    assert done.exit_code == 75
    assert "présentez-le de nouveau" in done.output
    assert "ada@" not in done.output


@pytest.mark.slow
@pytest.mark.databases("sqlite")
def test_the_program_itself_as_a_mail_server_starts_it(site: Site) -> None:
    program = str(Path(sys.executable).with_name("signons"))
    env = {
        "SIGNONS_DATABASE_URL": site.settings.database_url,
        "SIGNONS_VAR_DIR": str(site.settings.var),
        "SIGNONS_SECRET_KEY": SECRET,
        "SIGNONS_BOUNCE_ADDRESS": BOUNCES,
    }
    raw = reports.gmail(sender_to(site, ADA), ADA)
    done = subprocess.run([program, "bounces", "read"], input=raw, env=env, cwd=site.settings.var, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert stopped(site, ADA) == {ADA}


# A mailbox


@pytest.fixture
def reading(site: Site, box: ImapServer) -> Settings:
    box.clear()
    return site.settings.model_copy(update={"bounce_imap_url": box.url})


def test_a_mailbox_is_emptied(site: Site, box: ImapServer, reading: Settings) -> None:
    box.put(
        reports.dsn(sender_to(site, ADA), ADA),
        b"Subject: rien\n\nrien\n",
        reports.abuse(sender_to(site, ZOE, 2), ZOE),
        b"\xff" * 400_000,
    )
    assert jobs.fetch(site.database, reading) == jobs.Fetched(4, 0)
    assert stopped(site, ADA, ZOE) == {ADA, ZOE}
    assert counted(site) == {"hard": 1, "complaint": 1, "ignored": 2}
    assert box.flags() == []
    assert jobs.fetch(site.database, reading) == jobs.Fetched(0, 0)


@pytest.mark.databases("sqlite")
def test_one_that_fails_is_left_for_a_person_and_stops_nobody_behind_it(
    site: Site, box: ImapServer, reading: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = actions.receive

    def fails(session: Any, raw: bytes, *rest: Any) -> Bounce | None:
        if b"poison" in raw:
            raise IntegrityError("", {}, Exception())
        return receive(session, raw, *rest)

    monkeypatch.setattr(actions, "receive", fails)
    box.put(b"Subject: poison\n\n", reports.dsn(sender_to(site, ADA), ADA))
    assert jobs.fetch(site.database, reading) == jobs.Fetched(1, 1)
    assert stopped(site, ADA) == {ADA}
    assert len(box.flags()) == 1
    assert jobs.fetch(site.database, reading) == jobs.Fetched(0, 0)
    (check,) = [check for check in doctor._mail_checks(reading) if check.name == "retours du courrier"]
    assert (check.ok, check.detail) == (True, "messages à lire : 0, laissés pour quelqu’un : 1")


@pytest.mark.databases("postgresql")
def test_two_workers_read_it_one_at_a_time(site: Site, box: ImapServer, reading: Settings) -> None:
    box.put(*[reports.dsn(sender_to(site, ADA, n), ADA) for n in range(30)])
    gate = threading.Barrier(4)

    def work(_n: int) -> jobs.Fetched | None:
        gate.wait()
        return jobs.fetch(site.database, reading)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(work, range(4)))
    assert sum(each.taken for each in done if each) == 30
    assert None in done
    assert counted(site) == {"hard": 30}


@pytest.mark.databases("sqlite")
def test_a_mailbox_that_is_away_says_no_secret(
    site: Site, box: ImapServer, reading: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = box.url.replace("cl%C3%A9", "autre")
    nowhere = box.url.replace(f":{box.port}", f":{free_port()}")
    for url in (wrong, nowhere):
        jobs.fetch_quietly(site.database, reading.model_copy(update={"bounce_imap_url": url}))
        done = signons(site.settings, "bounces", "fetch", BOUNCE_IMAP_URL=url)
        assert done.exit_code == 1
        assert done.output.startswith("La boîte des retours ne répond pas (")
        (check,) = [
            check
            for check in doctor._mail_checks(reading.model_copy(update={"bounce_imap_url": url}))
            if check.name == "retours du courrier"
        ]
        assert not check.ok
        said = done.output + check.detail + capsys.readouterr().err
        assert "très longue" not in said
        assert PASSWORD not in said
    assert "SIGNONS_BOUNCE_IMAP_URL est vide" in signons(site.settings, "bounces", "fetch").output
    box.put(reports.dsn(sender_to(site, ADA), ADA))
    assert signons(site.settings, "bounces", "fetch", BOUNCE_IMAP_URL=box.url).output == (
        "Retours lus : 1, laissés dans la boîte : 0.\n"
    )


@pytest.mark.databases("sqlite")
def test_the_worker_reads_it_beside_its_other_work(site: Site, box: ImapServer, reading: Settings) -> None:
    box.put(reports.dsn(sender_to(site, ADA), ADA))
    worker = Worker(reading, site.database, Templates(reading))
    (job,) = [job for job in worker.slow_jobs if job.name == "fetch_bounces"]
    assert job.name not in {each.name for each in worker.jobs}
    worker._run(job)
    assert stopped(site, ADA) == {ADA}


# A sending service


def post(
    site: Site,
    body: object,
    headers: Mapping[str, str] = {},
    *,
    event: str = "msg_1",
    at: datetime | None = None,
    secret: str = HOOK,
) -> httpx2.Response:
    raw = body if isinstance(body, str) else json.dumps(body)
    at = at or datetime.now(UTC)
    signed = {
        "webhook-id": event,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event, at, raw),
        "content-type": "application/json",
    }
    return site.client.post(
        PATH, content=raw, headers=[(k.encode(), v.encode()) for k, v in {**signed, **headers}.items()]
    )


def test_what_the_service_posts_is_believed_once(site: Site) -> None:
    gone = {"type": "bounce", "recipient": ADA, "status": "5.1.1", "diagnostic": "550 5.1.1 unknown", "more": [1]}
    assert post(site, gone).status_code == 204
    assert post(site, gone).status_code == 204
    assert counted(site) == {"hard": 1}
    assert stopped(site, ADA, ZOE) == {ADA}
    assert post(site, {"type": "complaint", "recipient": ZOE}, event="msg_2").status_code == 204
    assert stopped(site, ADA, ZOE) == {ADA, ZOE}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(site, gone, event="msg_3").status_code, range(8)))
    assert answers == [204] * 8
    assert counted(site) == {"hard": 2, "complaint": 1}


@pytest.mark.databases("sqlite")
def test_a_report_that_is_passed_on_whole(site: Site) -> None:
    """Of whom the service names; of others it proves nothing."""
    sent = [(reports.office, ADA, ADA), (reports.spam_refused, ZOE, ZOE), (reports.a_person, ZOE, "")]
    for n, (writes, email, named) in enumerate(sent):
        event = {"type": "bounce", "recipient": named, "message": writes("service@relais.test", email).decode()}
        assert post(site, event, event=f"msg_{n}").status_code == 204
    forged = {"type": "complaint", "message": reports.office("service@relais.test", ZOE).decode()}
    assert post(site, forged, event="msg_forged").status_code == 204
    long = {"type": "bounce", "recipient": ZOE, "status": "5.2.2", "message": "x" * 900_000}
    assert post(site, long, event="msg_long").status_code == 204
    assert post(site, long | {"message": "x" * 1_100_000}, event="msg_longer").status_code == 413
    assert counted(site) == {"hard": 1, "blocked": 1, "soft": 1, "ignored": 2}
    assert stopped(site, ADA, ZOE) == {ADA}


@pytest.mark.databases("sqlite")
def test_a_wrong_signature_changes_nothing(site: Site) -> None:
    gone, now = {"type": "bounce", "recipient": ADA, "status": "5.1.1"}, datetime.now(UTC)
    other = "whsec_" + base64.b64encode(b"x" * 24).decode()
    for answer in (
        post(site, gone, secret=other),
        post(site, gone, at=now - timedelta(minutes=6)),
        post(site, gone, at=now + timedelta(minutes=6)),
        post(site, gone, {"webhook-id": "msg_2"}),
        post(site, gone, {"webhook-signature": ""}),
        post(site, gone, {"webhook-signature": "v1"}),
        post(site, gone, {"webhook-signature": "v1,é"}),
        post(site, gone, {"webhook-signature": "v1,%%%"}),
        post(site, gone, {"webhook-timestamp": "9" * 400}),
        post(site, gone, {"webhook-timestamp": "nan"}),
        site.client.post(PATH),
        site.client.post(PATH, content=b"\xff\xfe", headers={"webhook-id": "a", "webhook-signature": "v1,aa",
                                                             "webhook-timestamp": "1"}),
    ):  # fmt: skip
        assert answer.status_code == 401, answer.request.headers
    assert counted(site) == {}
    assert stopped(site, ADA) == set()


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", "null", "[" * 60_000, '{"type": "other"}', '{"type": "bounce", "recipient": 5}',
     '{"type": "bounce", "recipient": "' + "a" * 500 + '@x.test"}', '{"type": "bounce", "n": ' + "9" * 5000 + "}"],
)  # fmt: skip
def test_a_body_that_is_signed_and_makes_no_sense(site: Site, body: str) -> None:
    assert post(site, body).status_code == 400
    assert counted(site) == {}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("recipient", ["", "personne", "@", "a@" + "é" * 300, "\ud800@x.test", "a\0b@x.test"])
def test_an_address_that_is_none_stops_nobody(site: Site, recipient: str) -> None:
    answer = post(site, {"type": "bounce", "recipient": recipient, "status": "5.1.1"})
    assert answer.status_code in {204, 400}
    assert stopped(site, ADA) == set()


@pytest.mark.databases("sqlite")
def test_without_secret_there_is_no_such_place(site: Site) -> None:
    site.app.state.settings = site.settings.model_copy(update={"bounce_webhook_secret": ""})
    assert post(site, {"type": "bounce", "recipient": ADA, "status": "5.1.1"}).status_code == 404
    assert site.client.get(PATH).status_code in {404, 405}
    assert counted(site) == {}


@pytest.mark.databases("sqlite")
def test_which_mail_it_was_where_the_service_knows_the_envelope(site: Site) -> None:
    event = {"type": "bounce", "recipient": ZOE, "status": "5.1.1", "envelope": sender_to(site, ZOE)}
    assert post(site, event).status_code == 204
    with site.database.read() as session:
        assert bounced.counts(session)["hard"] == 1
