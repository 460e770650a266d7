"""Two PostgreSQL on two addresses of this machine: a primary, and a standby that has all that the primary promised.

What Patroni does between two hosts in its synchronous mode is done here by hand, so that a host can die at a chosen
moment: promote the standby, which then waits for nobody; rebuild the other behind it, and wait for it again.
"""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.services import Postgres, _directory, wait_for

ADDRESSES = ("127.0.0.2", "127.0.0.3")


class Host(Postgres):
    """One of the two. *follows*: as a copy of that one."""

    def __init__(self, directory: Path, address: str, follows: "Host | None" = None, *, durable: bool) -> None:
        directory.mkdir()
        self.follows = follows
        super().__init__(directory, durable=durable, address=address)

    def _make(self) -> None:
        if self.follows is not None:
            self.password = self.follows.password
            self.copy(self.follows)
            return
        super()._make()
        with (self.directory / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all,replication all 127.0.0.0/8 password\n")

    def copy(self, primary: "Host") -> None:
        """A fresh copy of what *primary* has, to follow it."""
        data = self.directory / "data"
        shutil.rmtree(data, ignore_errors=True)
        subprocess.run(
            [self.bin / "pg_basebackup", "-D", data, "-d", primary.url(), "-R", "-X", "stream", "-c", "fast", "-N"],
            check=True, cwd=self.directory, **self.identity,
        )  # fmt: skip

    def command(self) -> list[str]:
        """Not durable: what the machine would lose, never what the other host has not got."""
        standing = ["--synchronous_commit=on", "--wal_receiver_timeout=5s"]
        return [*super().command(), *standing, f"--cluster_name=host{self.address[-1]}"]

    def asked(self, query: str) -> Any:
        with psycopg.connect(self.url(), connect_timeout=5, autocommit=True) as connection:
            row = connection.execute(query).fetchone()
        return row[0] if row else None

    def told(self, statement: str) -> None:
        with psycopg.connect(self.url(), connect_timeout=5, autocommit=True) as connection:
            connection.execute(statement)

    def fall_behind(self) -> None:
        """A standby that receives everything and replays nothing, until ``catch_up``."""
        self.asked("SELECT pg_wal_replay_pause()")
        wait_for(lambda: self.asked("SELECT pg_get_wal_replay_pause_state()") == "paused", "nothing is replayed")

    def catch_up(self) -> None:
        self.asked("SELECT pg_wal_replay_resume()")

    def die(self) -> None:
        """As a host does: every process at once, whatever it was doing."""
        assert self.process is not None
        pids = [self.process.pid, *_children(self.process.pid)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        wait_for(lambda: not any(_runs(pid) for pid in pids), "they are gone")


class Pair:
    """``primary`` and ``standby``; after ``die`` and ``promote``, ``rebuild`` makes a pair of them again."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.primary = Host(folder / "one", ADDRESSES[0], durable=durable).start()
        self.standby = Host(folder / "two", ADDRESSES[1], self.primary, durable=durable)
        self.in_order = (self.primary, self.standby)
        self.standby.start()
        self._wait_for_each_other()

    def url(self, database: str = "postgres") -> str:
        """Both, as libpq writes it."""
        hosts = ",".join(f"{host.address}:{host.port}" for host in self.in_order)
        return f"postgresql://postgres:{self.primary.password}@{hosts}/{database}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """On both; the URL of both."""
        self.primary.create_database(name, template)
        there = self.primary.asked("SELECT pg_current_wal_lsn()")
        wait_for(
            lambda: bool(self.standby.asked(f"SELECT pg_last_wal_replay_lsn() >= '{there}'")), "the standby has it too"
        )
        return self.url(name)

    def promote(self) -> None:
        """The standby takes over, and waits for nobody: the other is gone."""
        self.primary, self.standby = self.standby, self.primary
        self.primary.told("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.primary.asked("SELECT pg_reload_conf()")
        assert self.primary.asked("SELECT pg_promote(true, 60)")

    def rebuild(self) -> None:
        """The one that has died comes back as the standby of the other."""
        self.standby.copy(self.primary)
        self.standby.start()
        self._wait_for_each_other()

    def _wait_for_each_other(self) -> None:
        """From now on nothing is promised that the standby has not got."""
        self.primary.told("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.asked("SELECT pg_reload_conf()")
        wait_for(
            lambda: self.primary.asked("SELECT sync_state FROM pg_stat_replication") == "sync",
            "the standby has all that was promised",
        )

    def kill(self) -> None:
        for host in self.in_order:
            host.kill()


def cannot() -> str:
    """Why there cannot be two hosts here, or ""."""
    for address in ADDRESSES:
        try:
            socket.create_server((address, 0)).close()
        except OSError:
            return f"{address} is not an address of this machine"
    return ""


@contextmanager
def pair(*, durable: bool = False) -> Iterator[Pair]:
    with _directory() as folder:
        if os.geteuid() == 0:
            folder.chmod(0o755)
        found = Pair(folder, durable=durable)
        try:
            yield found
        finally:
            found.kill()


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    return [int(child) for child, parent in map(str.split, listed.stdout.splitlines()) if int(parent) == pid]


def _runs(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
