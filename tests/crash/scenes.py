"""What is killed, and how: each scene stops one thing for real and lets it come back."""

import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from tests.crash.crowd import Crowd, Ledger
from tests.crash.stage import Audit, Stage
from tests.services import Server, wait_for

Blow = Callable[[Stage], None]


class NotRun(Exception):
    """This machine cannot; the message says why."""


def _kill(server: Server | None, down: float) -> None:
    assert server is not None
    server.kill()
    time.sleep(random.uniform(0, down))
    server.start()


def kill_web(stage: Stage) -> None:
    """SIGKILL of the web process, and a new one."""
    _kill(stage.web, 0.2)


def kill_worker(stage: Stage) -> None:
    """SIGKILL of the worker, and a new one."""
    _kill(stage.worker, 0.2)


def stop_postgres(stage: Stage) -> None:
    """PostgreSQL's immediate stop: no checkpoint, the journal is replayed."""
    _kill(stage.postgres, 1)


def kill_valkey(stage: Stage) -> None:
    """SIGKILL of Valkey, which comes back empty."""
    _kill(stage.valkey, 1)


def kill_smtp(stage: Stage) -> None:
    """SIGKILL of the mail server."""
    _kill(stage.smtp, 1)


def fill_disk(stage: Stage) -> None:
    """Not one byte is left where the database is, for a while."""
    ballast = stage.folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)
        deadline = time.monotonic() + random.uniform(0.5, 1.0)
        while time.monotonic() < deadline:
            with suppress(OSError):  # what the others free is taken too
                while True:
                    file.write(b"\0" * 4096)
            time.sleep(0.02)
    ballast.unlink()
    postgres = stage.postgres
    if postgres is not None:
        with suppress(TimeoutError):
            wait_for(postgres.answers, "PostgreSQL has come back by itself", 10)
            return
        postgres.kill()
        postgres.start()


def step_clock(stage: Stage) -> None:
    """The clock of the web process and of the worker jumps by up to an hour, either way."""
    _set_clock(stage.folder / "clock", random.choice((-1, 1)) * random.uniform(1, 3600))


def _set_clock(file: Path, seconds: float) -> None:
    part = file.with_suffix(".part")
    part.write_text(f"{seconds:+.1f}\n")
    part.replace(file)


SCENES: dict[str, tuple[Blow, tuple[str, ...]]] = {
    "web": (kill_web, ("sqlite", "postgresql")),
    "worker": (kill_worker, ("sqlite", "postgresql")),
    "postgres": (stop_postgres, ("postgresql",)),
    "valkey": (kill_valkey, ("sqlite", "postgresql")),
    "smtp": (kill_smtp, ("sqlite", "postgresql")),
    "disk": (fill_disk, ("sqlite", "postgresql")),
    "clock": (step_clock, ("sqlite", "postgresql")),
}


@contextmanager
def _folder(scene: str, database: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="signons-crash-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as nobody when we are root
        if scene != "disk":
            yield folder
            return
        if os.geteuid() != 0:
            raise NotRun("mounting a small disk needs root")
        size = "48m" if database == "sqlite" else "160m"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "signons-crash", folder],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if mounted.returncode:
            raise NotRun(f"a small disk cannot be mounted here ({mounted.stderr.strip()})")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", folder], check=False)


def _faketime(folder: Path) -> dict[str, str]:
    spec = find_spec("libfaketime")
    found = list(Path(spec.origin or "").parent.glob("vendor/**/libfaketime.so.1")) if spec is not None else []
    if not found:
        raise NotRun("libfaketime is not here")
    _set_clock(folder / "clock", 0)
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def run(scene: str, database: str, kills: int, tell: Callable[[str], None] = lambda _: None) -> Audit:
    """Play one scene. Raises NotRun, or AssertionError when people were failed."""
    blow, _ = SCENES[scene]
    with _folder(scene, database) as folder, ExitStack() as stack:
        env = _faketime(folder) if scene == "clock" else {}
        stage = Stage(folder, stack, postgres=database == "postgresql", valkey=scene == "valkey", env=env)
        ledger = Ledger()
        crowd = Crowd([stage.web.url], stage.slug, stage.smtp.mails, ledger)
        stack.callback(crowd.end)
        crowd.start()
        wait_for(lambda: len(ledger.confirmed) > 20 or bool(crowd.failures), "the crowd signs and confirms")
        for n in range(kills):
            signed, mailed = len(ledger.signed) + 5, len(crowd.mailed) + (0 if scene == "clock" else 5)
            wait_for(
                lambda signed=signed, mailed=mailed: (  # type: ignore[misc]
                    bool(crowd.failures) or (len(ledger.signed) >= signed and len(crowd.mailed) >= mailed)
                ),
                "people sign again and have mail",
            )
            time.sleep(random.uniform(0.1, 0.6))
            blow(stage)
            tell(f"{scene} {database} {n + 1}/{kills}: {len(ledger.signed)} signed, {len(ledger.confirmed)} confirmed")
        crowd.stop_signing()
        stage.worker.terminate()
        stage.send_what_is_left()
        with suppress(TimeoutError):
            wait_for(crowd.everyone_confirmed, "everyone has confirmed", 60)
        crowd.end()
        stage.web.terminate()
        assert not crowd.failures, crowd.failures
        return stage.audit(ledger, kills)
