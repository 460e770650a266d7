"""``python -m tests.bench [name… | profile]``: run the benches, print the table, write it to docs/.

All of them make the page anew; some of them, its last part: what was measured since.
"""

import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import (
    confirming,
    drill,
    exporting,
    flow,
    following,
    growth,
    live,
    mailing,
    page,
    profiling,
    queue,
    registering,
    searching,
    signing,
)
from tests.bench.results import Result, plot, table

BENCHES: dict[str, Callable[[], Iterator[Result]]] = {
    "page": page.page,
    "sign-pg": signing.sign_pg,
    "sign-sqlite": signing.sign_sqlite,
    "confirm": confirming.confirm,
    "flow": flow.flow,
    "mail": mailing.mail,
    "live": live.live,
    "export": exporting.export,
    "follow": following.follow,
    "growth": growth.growth,
    "queue": queue.queue,
    "register": registering.register,
    "search": searching.search_bench,
    "drill": drill.drill,
}
DOCS = Path(__file__).parents[2] / "docs"
SINCE = "\n## Measured since\n"


def main(names: list[str]) -> int:
    if names == ["profile"]:
        _write_profile()
        return 0
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 1
    began, results = time.monotonic(), []
    for name in names or BENCHES:
        print(f"{name}…", file=sys.stderr, flush=True)
        mine = list(BENCHES[name]())
        print(table(mine), flush=True)
        results += mine
    if names:
        _write_since(results, time.monotonic() - began)
    else:
        _write(results, time.monotonic() - began)
        _write_profile()
    return 0 if all(result.met is not False for result in results) else 2


def _where() -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, commit {commit}"


def _write_profile() -> None:
    page = profiling.page(_where())
    print(page, flush=True)
    (DOCS / "profile.md").write_text(page)


def _write(results: list[Result], seconds: float) -> None:
    (DOCS / "bench.md").write_text(
        f"# Measured in one run\n\n`make bench` on {_where()}, {seconds / 60:.0f} minutes."
        " Each line is the median of its runs beside a ceiling measured in the same minutes; compare ratios.\n\n"
        f"{table(results)}\n\n![Each measure against its ceiling](bench.svg)\n"
    )
    (DOCS / "bench.svg").write_text(plot(results))


def _write_since(results: list[Result], seconds: float) -> None:
    page = (DOCS / "bench.md").read_text().partition(SINCE)[0]
    (DOCS / "bench.md").write_text(
        f"{page}{SINCE}\nAlone, on {_where()}, {seconds / 60:.0f} minutes.\n\n{table(results)}\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
