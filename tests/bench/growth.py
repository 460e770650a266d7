"""growth: the page, the list and signing with 10⁴, 10⁶ and 10⁷ signatures of one petition."""

import statistics
import time
import urllib.request
from collections.abc import Iterator

from tests.bench import people, signing, stage
from tests.bench.results import Result
from tests.services import Signons

SIZES = (10_000, 1_000_000, 10_000_000)
RUNS = 3
RENDERINGS = 200
# Until PostgreSQL has written down what a crowd has just signed.
SETTLED = 5


def growth() -> Iterator[Result]:
    page: dict[int, list[float]] = {}
    listed: dict[int, list[float]] = {}
    signed: dict[int, list[float]] = {}
    with stage.on_postgres() as site:
        there = 0
        for size in SIZES:
            people.in_bulk(site, size - there, there)
            there = size
            with site.serve() as server:
                signing.sign(site, server, 2)
                signed[size] = [1e6 / signing.sign(site, server, 6)[0].rate for _ in range(RUNS)]
                time.sleep(SETTLED)
                page[size], listed[size] = [], []
                for n in range(RENDERINGS):  # pages with a query string are rendered each time
                    page[size].append(_milliseconds(server, f"/petitions/{site.slug}?rendu={n}"))
                    listed[size].append(_milliseconds(server, f"/petitions/{site.slug}/signatures?avant=&n={n}"))
    for what, unit, times in (
        ("rendering the page", "ms", page),
        ("rendering the list", "ms", listed),
        ("time a signature", "µs", signed),
    ):
        yield Result(
            "growth", f"{what}, 10⁷ rows", unit, times[SIZES[-1]], "10⁴ rows", times[SIZES[0]], 1.2, at_most=True,
            note=f"10⁶ rows: {statistics.median(times[SIZES[1]]):.3g} {unit}",
            points={size: statistics.median(times[size]) for size in SIZES},
        )  # fmt: skip


def _milliseconds(server: Signons, path: str) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(server.url + path) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000
