"""Several web processes and workers on one database: one site, whoever answers; also when a host stops."""

import http.client
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import func, select

from app.mail.models import OutboxMail
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.privacy import counting
from app.settings import Settings
from app.signatures.models import Signature
from tests.conftest import opened, prepare, settings_for
from tests.mailserver import MailServer, smtp
from tests.services import Postgres, Signons, SignonsWorker, Valkey, postgres, serve, valkey, wait_for, worker
from tests.site import FORM, PETITION

LAG = 2.0


def post(url: str, path: str, form: dict[str, str], timeout: float = 10) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("POST", path, urlencode(form), {"content-type": "application/x-www-form-urlencoded"})
        with connection.getresponse() as response:
            response.read()
            return response.status
    finally:
        connection.close()


class Viewer:
    """Somebody who watches the counter of one process."""

    def __init__(self, url: str, slug: str) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        with ExitStack() as refused:  # nobody else can close what was not made
            refused.callback(self.connection.close)
            self.connection.request("GET", f"/petitions/{slug}/direct")
            assert self.connection.sock is not None
            self.socket: socket.socket = self.connection.sock  # http.client lets go of it at the answer
            self.response = refused.enter_context(self.connection.getresponse())
            assert self.response.status == 200
            refused.pop_all()
        self.counts: list[tuple[float, int]] = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        event = ""
        with suppress(OSError, http.client.HTTPException, ValueError), self.response as lines:
            for raw in lines:
                line = raw.decode().strip()
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: ") and event == "count":
                    self.counts.append((time.monotonic(), json.loads(line.removeprefix("data: "))["count"]))

    @property
    def count(self) -> int:
        return self.counts[-1][1] if self.counts else -1

    def close(self) -> None:
        """Like a tab: the connection is cut."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.connection.close()


def published(settings: Settings) -> str:
    with opened(settings) as database, database.write() as session:
        petition = petition_actions.create(
            session, importing.parse(PETITION, "essai.md"), folder=None, image_store=Path("unused")
        )
        petition_actions.publish(session, petition)
        return petition.slug


def environment(settings: Settings) -> dict[str, str]:
    names = (
        "database_url", "redis_url", "smtp_url", "secret_key", "var_dir", "rate_sign", "rate_post", "base_url",
        "pace_network", "pace_site",
    )  # fmt: skip
    return {f"SIGNONS_{name.upper()}": str(getattr(settings, name)) for name in names}


def links(mails: MailServer, since: int = 0) -> dict[str, str]:
    found = {}
    for mail in mails.mails[since:]:
        body = mail.message.get_body(("plain",))
        assert body is not None
        link = re.search(r"https?://[^/\s]+(/confirmer/\S+)", body.get_content())
        if link:
            found[mail.recipients[0]] = link[1]
    return found


@pytest.fixture(params=["with Valkey", "with LISTEN/NOTIFY"])
def shared(
    request: pytest.FixtureRequest, server: Postgres, postgres_template: str, tmp_path: Path
) -> Iterator[Settings]:
    with ExitStack() as stack:
        redis_url = stack.enter_context(valkey()).url() if request.param == "with Valkey" else ""
        mails = stack.enter_context(smtp())
        request.node.mails = mails
        yield settings_for(
            server.create_database("signons_processes", template=postgres_template),
            tmp_path,
            redis_url=redis_url,
            smtp_url=mails.url,
            rate_post="1000/minute",
        )


def test_two_web_processes_and_two_workers_are_one_site(shared: Settings, request: pytest.FixtureRequest) -> None:
    mails: MailServer = request.node.mails
    slug, env, people = published(shared), environment(shared), [f"personne{n}@exemple.test" for n in range(40)]
    with serve(env) as one, serve(env) as two, worker(env), worker(env), closing(Viewer(two.url, slug)) as viewer:
        for web, email in zip(itertools.cycle((one, two)), people, strict=False):
            assert post(web.url, f"/petitions/{slug}/signatures", FORM | {"email": email}) == 303
        mails.wait(len(people), 30)
        found = links(mails)
        assert set(found) == set(people)
        wait_for(lambda: viewer.count == 0, "the viewer is told the present count")
        # Confirmed through one process, seen on the other's live feed, one after the other.
        lags = list[float]()
        for n, email in enumerate(people[:3], 1):
            began = time.monotonic()
            assert post(one.url, found[email], {}) == 303
            wait_for(lambda n=n: viewer.count == n, f"the other process shows {n}")  # type: ignore[misc]
            lags.append(time.monotonic() - began)
        assert min(lags) < LAG  # of three, as others want the processor too
        threads = [
            threading.Thread(target=post, args=(web.url, found[email], {}))
            for web, email in zip(itertools.cycle((one, two)), people[3:] + people[3:], strict=False)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for(lambda: viewer.count == len(people), "the counter moved", 2 * LAG)
        time.sleep(3)  # both workers have folded the counts meanwhile
        with opened(shared) as database, database.read() as session:
            assert counting.differences(session) == []
            assert session.scalar(select(func.count()).where(Signature.state == "confirmed")) == len(people)
            assert session.scalar(select(func.count()).where(OutboxMail.attempts != 1)) == 0
    assert Counter(mail.recipients[0] for mail in mails.mails) == Counter(people)


def test_when_valkey_dies_under_load_people_sign_and_counters_move(
    server: Postgres, postgres_template: str, tmp_path: Path
) -> None:
    """Two processes: while one petition is signed and confirmed all the time, the other one's counter goes on too."""
    with ExitStack() as stack:
        broker, mails = stack.enter_context(valkey()), stack.enter_context(smtp())
        settings = settings_for(
            server.create_database("without_valkey", template=postgres_template), tmp_path, redis_url=broker.url(),
            smtp_url=mails.url, rate_post="10000/minute", rate_sign="10000/minute",
        )  # fmt: skip
        busy, quiet, env = published(settings), published(settings), environment(settings)
        one, two = stack.enter_context(serve(env)), stack.enter_context(serve(env))
        stack.enter_context(worker(env))
        viewers = [stack.enter_context(closing(Viewer(two.url, slug))) for slug in (busy, quiet)]
        for email in (later := [f"calme{n}@exemple.test" for n in range(3)]):
            assert post(one.url, f"/petitions/{quiet}/signatures", FORM | {"email": email}) == 303
        mails.wait(len(later), 30)
        found, stop, statuses = links(mails), threading.Event(), list[int]()

        def sign() -> None:
            numbers = itertools.count()
            while not stop.is_set():
                form = FORM | {"email": f"personne{threading.get_ident()}-{next(numbers)}@exemple.test"}
                statuses.append(post((one, two)[len(statuses) % 2].url, f"/petitions/{busy}/signatures", form))
                time.sleep(0.05)

        def confirm() -> None:
            """On the process that is watched: it is woken all the time."""
            seen = len(later)
            while not stop.is_set():
                new = links(mails, seen)
                seen += len(new)
                statuses.extend(post(two.url, link, {}) for link in new.values())
                time.sleep(0.05)

        threads = [threading.Thread(target=work) for work in (sign, sign, confirm)]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: viewers[0].count > 5, "the busy counter moves", 30)
            broker.kill()
            for n, email in enumerate(later, 1):
                assert post(one.url, found[email], {}) == 303
                wait_for(lambda n=n: viewers[1].count == n, "seen from the other process", 3 * LAG)  # type: ignore[misc]
            before = viewers[0].count
            wait_for(lambda: viewers[0].count > before + 5, "the busy counter goes on", 30)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert set(statuses) == {303}


def test_jobs_are_not_doubled_by_a_second_worker(shared: Settings, request: pytest.FixtureRequest) -> None:
    """Reminders are due for thirty people: two workers start at once, each person has one."""
    mails: MailServer = request.node.mails
    slug, env, people = published(shared), environment(shared), [f"personne{n}@exemple.test" for n in range(30)]
    with serve(env) as web:
        for email in people:
            assert post(web.url, f"/petitions/{slug}/signatures", FORM | {"email": email}) == 303
    with opened(shared) as database, database.write() as session:
        for row in session.scalars(select(Signature)):
            row.created_at -= timedelta(days=3)
    with worker(env), worker(env):
        mails.wait(2 * len(people), 60)
        time.sleep(2)
    assert Counter(mail.recipients[0] for mail in mails.mails) == Counter(dict.fromkeys(people, 2))


def test_workers_option_serves_with_several_processes(shared: Settings, request: pytest.FixtureRequest) -> None:
    """One of the two is killed: the other answers meanwhile, and it comes back."""
    slug, env = published(shared), environment(shared)
    with serve(env, workers=2) as web:
        assert web.process is not None
        pid, answered = web.process.pid, 0
        wait_for(lambda: len(_children(pid)) >= 2, "two processes")
        os.kill(_children(pid)[0], 9)
        for n in range(30):
            with suppress(OSError, http.client.HTTPException):
                answered += (
                    post(web.url, f"/petitions/{slug}/signatures", FORM | {"email": f"p{n}@exemple.test"}) == 303
                )
        assert answered >= 25
        wait_for(lambda: len(_children(pid)) >= 2 and web.answers(), "a new process has taken its place")
    with opened(shared) as database, database.read() as session:
        assert (session.scalar(select(func.count()).select_from(Signature)) or 0) >= answered


def _children(pid: int) -> list[int]:
    """The web processes that uvicorn has started (not the helper that watches semaphores)."""
    listed = subprocess.run(["ps", "-ww", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=False)
    lines = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [int(line[0]) for line in lines if int(line[1]) == pid and "spawn_main" in line[2]]


# Hosts: network namespaces, each with its own address on one bridge.


# One of this run: others may be under way.
NETWORK = f"10.{64 + os.getpid() // 250 % 64}.{os.getpid() % 250 + 1}"


class Host:
    """A machine of its own as far as the network can tell; it can vanish."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address

    def run(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.name, *command]

    def vanish(self) -> None:
        """The cable is cut: nobody is told, connections stay open on the other side."""
        _ip("link", "set", f"v{self.name}", "down")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def hosts(*names: str) -> Iterator[list[Host]]:
    tag = f"s{os.getpid() % 10000}"
    bridge, made = f"{tag}br", []
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{NETWORK}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for n, label in enumerate(names, 2):
            host = Host(f"{tag}{label}", f"{NETWORK}.{n}")
            _ip("netns", "add", host.name)
            made.append(host)
            _ip("link", "add", f"v{host.name}", "type", "veth", "peer", "name", "eth0", "netns", host.name)
            _ip("link", "set", f"v{host.name}", "master", bridge, "up")
            _ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", "eth0")
            _ip("-n", host.name, "link", "set", "eth0", "up")
            _ip("-n", host.name, "link", "set", "lo", "up")
        yield made
    finally:
        for host in made:
            subprocess.run(["ip", "link", "del", f"v{host.name}"], check=False, capture_output=True)
            subprocess.run(["ip", "netns", "del", host.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", bridge], check=False, capture_output=True)


class HostWeb(Signons):
    def __init__(self, directory: Path, env: dict[str, str], host: Host) -> None:
        super().__init__(directory, env, 8000, 1)
        self.host = host
        self.url = f"http://{host.address}:8000"

    def command(self) -> list[str]:
        return self.host.run(*super().command(), "--host", "0.0.0.0")

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(self.host.address, 8000, timeout=2)
        try:
            connection.request("GET", "/healthz")
            with connection.getresponse() as response:
                return response.status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class HostWorker(SignonsWorker):
    def __init__(self, directory: Path, env: dict[str, str], host: Host) -> None:
        super().__init__(directory, env)
        self.host = host

    def command(self) -> list[str]:
        return self.host.run(*super().command())


class Relay:
    """What the database's host lets the others reach: its address on the network, port → 127.0.0.1:port.

    Like a pooler, it keeps its side open when the other vanishes: the database cannot tell by the network.
    """

    def __init__(self, port: int) -> None:
        code = (
            "import asyncio,sys\n"
            "async def pump(r,w):\n"
            "    try:\n"
            "        while data:=await r.read(65536): w.write(data); await w.drain()\n"
            "    except OSError: pass\n"
            "    finally: w.close()\n"
            "async def serve(r,w):\n"
            "    r2,w2=await asyncio.open_connection('127.0.0.1',int(sys.argv[1]))\n"
            "    await asyncio.gather(pump(r,w2),pump(r2,w))\n"
            "async def main():\n"
            "    await (await asyncio.start_server(serve,sys.argv[2],int(sys.argv[1]))).serve_forever()\n"
            "asyncio.run(main())\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(port), f"{NETWORK}.1"], stderr=subprocess.DEVNULL
        )

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def _cannot() -> str:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "network namespaces need root and iproute2"
    tried = subprocess.run(["ip", "netns", "add", "signons-try"], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", "signons-try"], capture_output=True, check=False)
    return f"network namespaces cannot be made here ({tried.stderr.strip()})" if tried.returncode else ""


# Of each worker: as many mails are in doubt when its host vanishes, at most.
CONNECTIONS = 20


@pytest.mark.xdist_group("hosts")  # one after the other: both build the same network
@pytest.mark.parametrize("with_valkey", [True, False], ids=["with Valkey", "with LISTEN/NOTIFY"])
def test_one_of_two_hosts_vanishes_in_the_middle(with_valkey: bool, tmp_path: Path) -> None:
    if reason := _cannot():
        pytest.skip(reason)
    with ExitStack() as stack:
        first, second = stack.enter_context(hosts("a", "b"))
        database = stack.enter_context(postgres(durable=True))
        broker: Valkey | None = stack.enter_context(valkey()) if with_valkey else None
        mails = stack.enter_context(smtp())
        for port in (database.port, mails.port, *([broker.port] if broker else [])):
            stack.callback(Relay(port).close)
        near = settings_for(database.create_database("hosts"), tmp_path, rate_post="1000/minute")
        prepare(near)
        slug = published(near)
        env = environment(near) | {
            "SIGNONS_DATABASE_URL": near.database_url.replace("127.0.0.1", f"{NETWORK}.1"),
            "SIGNONS_SMTP_URL": mails.url.replace("127.0.0.1", f"{NETWORK}.1"),
            "SIGNONS_REDIS_URL": broker.url().replace("127.0.0.1", f"{NETWORK}.1") if broker else "",
            "SIGNONS_SMTP_CONNECTIONS": str(CONNECTIONS),
        }
        webs = []
        for host in (first, second):
            for name in ("web", "worker"):
                (tmp_path / host.name / name).mkdir(parents=True)
            web = HostWeb(tmp_path / host.name / "web", env, host)
            stack.callback(web.kill)
            webs.append(web.start())
            worker_there = HostWorker(tmp_path / host.name / "worker", env, host)
            stack.callback(worker_there.kill)
            worker_there.start()
        _sign_while_the_first_host_vanishes(stack, slug, first, webs, near, mails)


def _sign_while_the_first_host_vanishes(
    stack: ExitStack, slug: str, first: Host, webs: list[HostWeb], settings: Settings, mails: MailServer
) -> None:
    promised: set[str] = set()
    viewer = stack.enter_context(closing(Viewer(webs[1].url, slug)))
    cut = threading.Event()
    numbers = itertools.count()
    stop = threading.Event()

    def sign() -> None:
        while not stop.is_set():
            email = f"personne{next(numbers)}@exemple.test"
            while not stop.is_set():
                # A proxy would do the same: another host when one does not answer.
                web = webs[1] if cut.is_set() or len(promised) % 2 else webs[0]
                with suppress(OSError, http.client.HTTPException):
                    if post(web.url, f"/petitions/{slug}/signatures", FORM | {"email": email}, 2) == 303:
                        promised.add(email)
                        break
            time.sleep(0.02)

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(promised) > 40, "people sign on both hosts")
    first.vanish()
    cut.set()
    before, began = len(promised), time.monotonic()
    wait_for(lambda: len(promised) > before + 40, "people go on signing on the other host", 30)
    assert time.monotonic() - began < 30
    stop.set()
    for thread in threads:
        thread.join()
    # Locks of the vanished host's transactions do not outlive it by long.
    wait_for(lambda: len(set(links(mails)) & promised) > len(promised) - CONNECTIONS - 5, "the other worker sends", 60)
    found = links(mails)
    confirmed = [email for email in promised if email in found][:20]
    for email in confirmed:
        assert post(webs[1].url, found[email], {}) == 303
    wait_for(lambda: viewer.count == len(confirmed), "the live feed of the other host shows them", 2 * LAG)
    with opened(settings) as database, database.read() as session:
        rows = session.scalar(select(func.count()).select_from(Signature)) or 0
        assert counting.differences(session) == []

        def unsent() -> int:
            session.rollback()
            return session.scalar(select(func.count()).where(OutboxMail.state == "waiting")) or 0

        # What the vanished worker was handing over is another's in five minutes: none is forgotten.
        wait_for(lambda: unsent() <= CONNECTIONS, "all but that has left", 30)
        waiting = unsent()
        gone = session.scalar(select(func.count()).where(OutboxMail.state.in_(("aside", "cancelled"))))
    assert rows >= len(promised)
    assert gone == 0
    assert max(Counter(mail.recipients[0] for mail in mails.mails).values()) <= 2
    assert len(set(links(mails)) & promised) + waiting >= len(promised)
