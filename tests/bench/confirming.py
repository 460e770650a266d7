"""confirm: the mailed link's button, all on one petition, against signing in the same run."""

import time
from collections.abc import Iterator

from app.privacy import counting
from tests.bench import load, people, signing, stage
from tests.bench.results import Result

RUNS = 3
SECONDS = 6


def confirm() -> Iterator[Result]:
    with stage.on_postgres() as site, site.serve() as server:
        signing.sign(site, server, 2)
        site.analyze()
        signed, confirmed = [], []
        for n in range(RUNS):
            done, _ = signing.sign(site, server, SECONDS)
            signed.append(done.rate)
            paths = people.pending(site, 1000, n * 1000)  # those that wrk has just left pending, and a thousand more
            file = site.folder / f"paths{n}"
            file.write_text("\n".join(paths))
            before = stage.cpu_seconds(server)
            rates = load.wrk(server.url, "confirm.lua", str(file), "0", seconds=SECONDS, connections=signing.CROWD)
            confirmed.append(min(rates.rate, len(paths) / SECONDS))
            used = (stage.cpu_seconds(server) - before) / rates.requests * 1e6
        time.sleep(2)  # wrk leaves without waiting for its last answers
        with site.database.read() as session:
            wrong = counting.differences(session)
        yield Result(
            "confirm",
            "POST on one petition, one web process",
            "/s",
            confirmed,
            "sign-pg",
            signed,
            0.80,
            note=f"p99 {rates.p99:.0f} ms, {used:.0f} µs of processor each, counts {'WRONG' if wrong else 'exact'}",
        )
