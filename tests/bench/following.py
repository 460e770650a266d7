"""follow: the organiser's page of a petition that ten million have signed, on both databases.

The page is asked for over HTTP, whole, as its organiser does; the tally of départements is the worker's.
"""

import http.client
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from statistics import median, quantiles

import psycopg
from sqlalchemy import insert

from app import clock
from app.petitions import tallies
from app.petitions.choices import TAGS
from app.petitions.models import CountTotal, PlaceTally, TagCount, ViewCount
from app.signatures import jobs
from app.zone import day_of
from tests.bench import people, stage
from tests.bench.exporting import sign_in
from tests.bench.load import Failed
from tests.bench.results import Result
from tests.services import Signons

SIZE = 10_000_000
# Of these, so many forms wait for their confirmation.
PENDING = 60_000
DAYS = 300
RUNS = 60
LIMIT = 200
NAMES = (
    "petition_id, id, email_key, state, given_name, family_name_sealed, email_sealed, postal_code, country,"
    " departement, display, locale, text_version, created_at, confirmed_at, place, mails, mails_today, mailed_on,"
    " reminded, code_failures"
)
ON_SQLITE = f"""
INSERT INTO signature ({NAMES})
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SIZE})
SELECT ?1, printf('%032x', i), CAST(printf('%032d', i) AS BLOB), iif(i > {SIZE - PENDING}, 'pending', 'confirmed'),
  'Marie-Thérèse', zeroblob(36), zeroblob(56), '35000', 'FR', printf('%02d', 1 + (i * i) % 95), 'initial', 'fr', 1,
  at, iif(i > {SIZE - PENDING}, NULL, at), i, 1, 1, '2026-01-01', 0, 0
FROM (SELECT i,
  strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || (({SIZE} - i) / 400) || ' minutes') || '.000000' AS at FROM n)
"""
ON_POSTGRES = f"""
INSERT INTO signature ({NAMES})
SELECT %(petition)s, uuidv7(make_interval(mins => (n - {SIZE})::int / 400)), decode(md5(n::text), 'hex'),
  CASE WHEN n > {SIZE - PENDING} THEN 'pending' ELSE 'confirmed' END, 'Marie-Thérèse',
  decode(repeat('5a', 36), 'hex'), decode(repeat('5a', 56), 'hex'), '35000', 'FR',
  lpad((1 + n * n %% 95)::text, 2, '0'), 'initial', 'fr', 1, at,
  CASE WHEN n > {SIZE - PENDING} THEN NULL ELSE at END, n, 1, 1, current_date, false, 0
FROM (SELECT n, now() - make_interval(mins => ({SIZE} - n)::int / 400) AS at
  FROM generate_series(1::bigint, {SIZE}) AS n)
"""


def follow() -> Iterator[Result]:
    for name, place in (("SQLite", stage.on_sqlite), ("PostgreSQL", stage.on_postgres)):
        yield from _on(name, place)


def _on(name: str, place: Callable[[], AbstractContextManager[stage.Stage]]) -> Iterator[Result]:
    with place() as site:
        _signatures(site)
        _totals(site)
        site.analyze()
        began = time.monotonic()
        jobs.tally_places(site.database)
        tallied = time.monotonic() - began
        with site.serve() as server:
            cookie = sign_in(server, "organisatrice@demo.test")
            taken = [_page(server, site.slug, cookie) for _ in range(RUNS + 1)][1:]
        rounds = [taken[n::3] for n in range(3)]
    million = f"{SIZE // 1_000_000} million signatures"
    note = f"p50 {median(taken):.0f} ms, worst {max(taken):.0f} ms; places tallied by the worker in {tallied:.1f} s"
    p99s = [quantiles(one, n=100, method="inclusive")[98] for one in rounds]
    yield Result(
        "follow",
        f"organiser's page, {million}, {name}, p99",
        "ms",
        p99s,
        "limit",
        [LIMIT],
        1.0,
        at_most=True,
        note=note,
    )


def _page(server: Signons, slug: str, cookie: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    began = time.perf_counter()
    connection.request("GET", f"/organisation/petitions/{slug}?courbe=semaine", headers={"Cookie": cookie})
    answer = connection.getresponse()
    body = answer.read().decode()
    taken = (time.perf_counter() - began) * 1000
    if answer.status != 200 or "trame-5" not in body:
        raise Failed(f"the page answered {answer.status}")
    return taken


def _signatures(site: stage.Stage) -> None:
    if site.database.is_sqlite:
        connection = sqlite3.connect(site.folder / "signons.db", isolation_level=None)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-1000000")
        connection.execute(ON_SQLITE, (site.petition_id,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return
    with psycopg.connect(site.settings.database_url, autocommit=True) as postgres:
        postgres.execute("SET maintenance_work_mem = '512MB'")
        postgres.execute(f"ALTER TABLE signature DROP CONSTRAINT {people.UNIQUE}")
        postgres.execute(ON_POSTGRES, {"petition": site.petition_id})
        postgres.execute(f"ALTER TABLE signature ADD CONSTRAINT {people.UNIQUE} UNIQUE (petition_id, email_key)")
        postgres.execute("VACUUM (ANALYZE) signature")


def _totals(site: stage.Stage) -> None:
    """What the verbs would have left of three hundred days: by the hour, by the day, by the link."""
    now = clock.now()
    hours = [clock.hour_of(now) - timedelta(hours=n) for n in range(DAYS * 24)]
    of = {"petition_id": site.petition_id}
    each = (SIZE - PENDING) // len(hours)
    with site.database.write() as session:
        site.petition(session).opened_at = hours[-1]
        site.petition(session).closes_at = now + timedelta(days=60)
        session.execute(insert(CountTotal), [of | {"hour": hour, "confirmed": each} for hour in hours])
        session.execute(insert(ViewCount), [of | {"hour": hour, "views": each * 3} for hour in hours])
        days = [day_of(now) - timedelta(days=n) for n in range(DAYS)]
        session.execute(
            insert(TagCount),
            [of | {"day": day, "tag": tag, "views": 900, "confirmed": 300} for day in days for tag in TAGS],
        )
        session.query(PlaceTally).delete()
        tallies.note(session, {site.petition_id: SIZE - PENDING}, now)
