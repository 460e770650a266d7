"""live: ten thousand viewers of one petition on one process, one confirmation a second."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.bench import people, stage
from tests.bench.load import Failed
from tests.bench.results import Result

VIEWERS = 10_000
CHANGES = 20
RUNS = 3


def live() -> Iterator[Result]:
    lags, cores, memory = [], [], []
    for _ in range(RUNS):
        lag, core, resident, before = _run()
        lags.append(lag)
        cores.append(core)
        memory.append(resident - before)
    what = f"{VIEWERS} viewers, one change a second"
    yield Result("live", f"{what}: p99 from POST to screen", "s", lags, "limit", [0.5], 1.0, at_most=True)
    yield Result("live", f"{what}: core", "", cores, "limit", [0.3], 1.0, at_most=True)
    yield Result(
        "live",
        f"{what}: memory above the interpreter and the imports",
        "MB",
        memory,
        "limit",
        [150],
        1.0,
        at_most=True,
        note=f"{before:.0f} MB before the first came, {resident:.0f} with all of them",
    )


def _run() -> tuple[float, float, float, float]:
    with stage.on_postgres() as site, site.serve() as server:
        paths = people.pending(site, CHANGES + 5)
        at_rest = stage.resident_mb(server)
        command = [sys.executable, "-m", "tests.bench.viewers", f"/petitions/{site.slug}/direct"]
        viewers = subprocess.Popen(
            [*command, str(server.port), str(VIEWERS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert viewers.stdout is not None
        assert viewers.stdin is not None
        try:
            if viewers.stdout.readline().strip() != "ready":
                raise Failed("the viewers did not all get in")
            time.sleep(2)
            before, began, lags = stage.cpu_seconds(server), time.monotonic(), []
            for n in range(CHANGES):
                sent = time.time()
                _post(server.port, paths[n], n)
                line = viewers.stdout.readline().split()
                if line[0] != "count":
                    raise Failed(f"a viewer was {line}")
                lags.append(float(line[3]) - sent)
                time.sleep(max(0.0, began + n + 1 - time.monotonic()))
            core = (stage.cpu_seconds(server) - before) / (time.monotonic() - began)
            resident = stage.resident_mb(server)
        finally:
            viewers.stdin.close()
            viewers.wait(30)
        return sorted(lags)[int(len(lags) * 0.99)] if len(lags) > 100 else max(lags), core, resident, at_rest


def _post(port: int, path: str, n: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, headers={"X-Forwarded-For": f"10.9.9.{n}"})
    response = connection.getresponse()
    if response.status != 303:
        raise Failed(f"confirmation answered {response.status}")
    connection.close()
