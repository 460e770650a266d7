"""page: the petition's page from one process, against nginx serving the same bytes."""

import urllib.request
from collections.abc import Iterator

from tests.bench import load, stage
from tests.bench.results import Result

RUNS = 3


def page() -> Iterator[Result]:
    with stage.on_sqlite(full=True) as site, site.serve() as server:
        address = f"{server.url}/petitions/{site.slug}"
        with urllib.request.urlopen(address) as answer:
            body = answer.read()
        with load.nginx(body) as static:
            ceiling, runs = [], []
            for _ in range(RUNS):
                ceiling.append(load.wrk(static).rate)
                before = stage.cpu_seconds(server)
                done = load.wrk(address)
                runs.append(done.rate)
                used = (stage.cpu_seconds(server) - before) / done.requests
        yield Result(
            "page",
            f"GET, {len(body) / 1024:.0f} KB, one process",
            "/s",
            runs,
            "nginx, same bytes",
            ceiling,
            0.40,
            note=f"p99 {done.p99:.1f} ms, {used * 1e6:.0f} µs of processor each",
        )
