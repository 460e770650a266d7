"""sign-pg and sign-sqlite: a form to its 303, against the database writing the same rows alone."""

import itertools
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from app import crypto
from tests.bench import load, stage
from tests.bench.people import COLUMNS
from tests.bench.results import Result
from tests.services import Signons

RUNS = 3
SECONDS = 8
# People at once: of wrk, and of pgbench.
CROWD = 128
GROUP = 64
run_numbers = itertools.count()

# What one signer adds, in one statement: the signature, two consents, the mail. No counter.
PGBENCH = """
\\set n random(1, 1000000000000)
WITH s AS (
  INSERT INTO signature SELECT {petition}, uuidv7(), decode(md5(:n::text), 'hex'), 'pending',
    'Marie-Thérèse', decode(repeat('5a', 36), 'hex'), decode(repeat('5a', 56), 'hex'), '35000', 'FR', '35',
    'initial', 'fr', 1, now(), NULL, NULL, NULL, 1, 1, current_date, false, 0, decode(md5(:n::text), 'hex')
  ON CONFLICT (petition_id, email_key) DO NOTHING RETURNING id),
c AS (
  INSERT INTO consent_event SELECT {petition}, id, purpose, now(), 'given', 1, 'web', decode(md5(:n::text), 'hex'),
    decode(md5(:n::text), 'hex')
  FROM s, (VALUES ('sign'), ('public_name')) AS p (purpose))
INSERT INTO outbox_mail (template, sealed, subject, state, created_at, send_after, attempts, error)
  SELECT 'signatures/confirm', decode(repeat('5a', 619), 'hex'), id, 'waiting', now(), now(), 0, '' FROM s;
"""


def pg_ceiling(site: stage.Stage) -> float:
    return load.pgbench(site.settings.database_url, PGBENCH.format(petition=999), clients=CROWD, seconds=SECONDS)


def sign(
    site: stage.Stage, server: Signons, seconds: int = SECONDS, connections: int = CROWD
) -> tuple[load.Load, float]:
    """One run, and the processor time of the web processes per signature in µs."""
    before = stage.cpu_seconds(server)
    done = load.wrk(
        f"{server.url}/petitions/{site.slug}/signatures",
        "sign.lua",
        str(next(run_numbers)),
        seconds=seconds,
        connections=connections,
    )
    return done, (stage.cpu_seconds(server) - before) / done.requests * 1e6


def sign_pg() -> Iterator[Result]:
    with stage.on_postgres() as site:
        for processes, wanted in ((1, 0.50), (2, 0.65)):
            ceiling, runs = [], []
            with site.serve(processes) as server:
                sign(site, server, 2)
                for _ in range(RUNS):
                    ceiling.append(pg_ceiling(site))
                    done, used = sign(site, server)
                    runs.append(done.rate)
            yield Result(
                "sign-pg",
                f"POST to 303, {processes} web process{'es' * (processes > 1)}",
                "/s",
                runs,
                "pgbench, same rows",
                ceiling,
                wanted,
                note=f"p99 {done.p99:.0f} ms, {used:.0f} µs of web processor each",
            )
            yield Result("sign-pg", "the same, against the goal", "/s", runs, "goal", [3000], 1.0)


def sign_sqlite() -> Iterator[Result]:
    with stage.on_sqlite() as site, site.serve() as server:
        ceiling, runs = [], []
        sign(site, server, 2)
        for n in range(RUNS):
            ceiling.append(sqlite_ceiling(site, site.folder / f"ceiling{n}.db"))
            done, used = sign(site, server)
            runs.append(done.rate)
        yield Result(
            "sign-sqlite",
            "POST to 303, one process",
            "/s",
            runs,
            "sqlite3 loop, groups of 64, which speaks no HTTP",
            ceiling,
            note=f"p99 {done.p99:.0f} ms, {used:.0f} µs of processor each",
        )


def sqlite_ceiling(site: stage.Stage, path: Path, seconds: float = 8) -> float:
    """Rows a second of a bare loop: the same tables, the same pragmas, nothing else."""
    source = sqlite3.connect(site.settings.database_url.removeprefix("sqlite:///"))
    tables = ("signature", "consent_event", "outbox_mail")
    schema = [
        sql
        for sql, name in source.execute("SELECT sql, tbl_name FROM sqlite_master WHERE sql IS NOT NULL")
        if name in tables
    ]
    source.close()
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000", "secure_delete=ON"):
        database.execute(f"PRAGMA {pragma}")
    for sql in schema:
        database.execute(sql)
    n, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        signatures, consents, mails = _rows(GROUP)
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            f"INSERT INTO signature ({COLUMNS}, form_digest) VALUES ({', '.join('?' * 23)})"
            " ON CONFLICT (petition_id, email_key) DO NOTHING",
            signatures,
        )
        database.executemany("INSERT INTO consent_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", consents)
        database.executemany(
            "INSERT INTO outbox_mail (template, sealed, subject, state, created_at, send_after, attempts, error)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, '')",
            mails,
        )
        database.execute("COMMIT")
        n += GROUP
    database.close()
    return n / seconds


def _rows(size: int) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]:
    signatures: list[tuple[object, ...]] = []
    consents: list[tuple[object, ...]] = []
    mails: list[tuple[object, ...]] = []
    now = time.strftime("%Y-%m-%d %H:%M:%S.000000")
    for _ in range(size):
        row_id, key = crypto.uuid7().hex, os.urandom(16)
        signatures.append(
            (
                1,
                row_id,
                key,
                "pending",
                "Marie-Thérèse",
                b"Z" * 36,
                b"Z" * 56,
                "35000",
                "FR",
                "35",
                "initial",
                "fr",
                1,
                now,
                None,
                None,
                None,
                1,
                1,
                now[:10],
                0,
                0,
                key,
            )
        )
        consents += [(1, row_id, purpose, now, "given", 1, "web", key, key) for purpose in ("sign", "public_name")]
        mails.append(("signatures/confirm", b"Z" * 619, row_id, "waiting", now, now))
    return signatures, consents, mails
