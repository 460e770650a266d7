"""Where the time of the hot path goes, and the memory of the live feed: ``docs/profile.md``.

``python -m tests.bench profile``, and at the end of ``make bench``. py-spy looks at the web process
while a crowd is at it; each look counts for the innermost layer of LAYERS that its stack is in.
"""

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench import exporting, load, people, signing, stage
from tests.bench.load import Failed
from tests.services import Server, Signons, _directory

SECONDS = 8
VIEWERS = 5_000
ROWS = 1_000_000
# What a file of a stack belongs to; the first that fits.
LAYERS = {
    "the protections in front": (
        r"app/web/(?!forms)|app/main\.py|app/operations|app/live|uvicorn/middleware|prometheus|limits/"
    ),
    "the server: HTTP and its event loop": r"uvicorn|uvloop|httptools|asyncio/|starlette/|h11|anyio",
    "reading the form": r"urllib/parse|app/web/forms\.py",
    "checking what was typed": r"pydantic|app/signatures/(forms|places)|email_validator|idna|app/mail/addresses",
    "keys, seals and tokens": r"app/crypto|app/signatures/(links|public)|app/petitions/keys|cryptography",
    "waiting for the database, and its driver": r"sqlalchemy|psycopg|sqlite3|app/db\.py",
    "making rows and mails": r"app/signatures|app/consents|app/mail|app/subscriptions|app/petitions|app/moderation",
    "writing the CSV": r"app/exports",
}
HEAD = """# Where the time goes

Written by `make bench` ({where}). Shares of what the interpreter of one web process did while a crowd
was at it, seen by py-spy; and the memory of the live feed beside that of the smallest one there can be.
"""


def looked_at(server: Signons, folder: Path, work: Callable[[], object]) -> Counter[str]:
    """Looks by layer while *work* is done."""
    pid, file = max(stage.processes(server)), folder / "looks"
    command = [
        str(Path(sys.executable).with_name("py-spy")),
        "record",
        "--gil",
        "--pid",
        str(pid),
        "--duration",
        str(SECONDS - 2),
        "--rate",
        "250",
    ]
    looking = threading.Thread(
        target=subprocess.run,
        args=([*command, "--format", "raw", "--output", str(file)],),
        kwargs={"capture_output": True, "check": True},
    )
    looking.start()
    work()
    looking.join()
    found: Counter[str] = Counter()
    for line in file.read_text().splitlines():
        stack, _, looks = line.rpartition(" ")
        found[_layer(stack.split(";"))] += int(looks)
    if not found:
        raise Failed("py-spy saw nothing")
    return found


def _layer(stack: list[str]) -> str:
    for call in reversed(stack):
        for layer, files in LAYERS.items():
            if re.search(files, call):
                return layer
    return "the rest"


def _table(seen: Mapping[str, Counter[str]]) -> str:
    lines = [f"| layer | {' | '.join(seen)} |", f"|---|{'---|' * len(seen)}"]
    for layer in [*LAYERS, "the rest"]:
        shares = [looks[layer] / looks.total() for looks in seen.values()]
        lines.append(f"| {layer} | {' | '.join(f'{share:.0%}' for share in shares)} |")
    return "\n".join(lines)


def crowds() -> str:
    """Signing on both databases, confirming and exporting on PostgreSQL."""
    seen: dict[str, Counter[str]] = {}
    with stage.on_sqlite() as site, site.serve() as server:
        signing.sign(site, server, 2)
        seen["signing, SQLite"] = looked_at(server, site.folder, lambda: signing.sign(site, server, SECONDS))
    with stage.on_postgres() as site, site.serve() as server:
        seen["signing, PostgreSQL"] = looked_at(server, site.folder, lambda: signing.sign(site, server, SECONDS))
        paths = site.folder / "paths"
        paths.write_text("\n".join(people.pending(site, 40_000)))
        seen["confirming, PostgreSQL"] = looked_at(
            server,
            site.folder,
            lambda: load.wrk(server.url, "confirm.lua", str(paths), "0", seconds=SECONDS, connections=signing.CROWD),
        )
    with stage.on_postgres() as site, site.serve() as server:
        people.confirmed(site, ROWS)
        cookie = exporting.sign_in(server, "organisatrice@demo.test")
        seen["a CSV, PostgreSQL"] = looked_at(
            server, site.folder, lambda: [exporting._export(site, server, cookie) for _ in range(2)]
        )
    return _table(seen)


class Bare(Server):
    """The smallest live feed that the same server can run."""

    def command(self) -> list[str]:
        options = ["--no-access-log", "--backlog", "4096", "--port", str(self.port)]
        return [sys.executable, "-m", "uvicorn", "tests.bench.bare:app", *options]

    def answers(self) -> bool:
        return b"running on" in self.log.read_bytes()


@contextmanager
def _bare() -> Iterator[Server]:
    with _directory() as folder:
        server = Bare(folder)
        try:
            yield server.start()
        finally:
            server.terminate()


def _memory(server: Server, path: str) -> tuple[float, float]:
    """In MB: before the first viewer; and in KB: what each viewer adds."""
    before = stage.resident_mb(server)
    command = [sys.executable, "-m", "tests.bench.viewers", path, str(server.port), str(VIEWERS)]
    viewers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert viewers.stdout is not None
    assert viewers.stdin is not None
    if viewers.stdout.readline().strip() != "ready":
        raise Failed("the viewers did not all get in")
    time.sleep(2)
    added = stage.resident_mb(server) - before
    viewers.stdin.close()
    viewers.wait(30)
    return before, added * 1024 / VIEWERS


def live() -> str:
    with stage.on_postgres() as site, site.serve() as server:
        ours = _memory(server, f"/petitions/{site.slug}/direct")
    with _bare() as server:
        bare = _memory(server, "/")
    lines = ["| live feed | before the first viewer | each viewer |", "|---|---|---|"]
    for name, (before, each) in {"Signons": ours, "an application of six lines, same server": bare}.items():
        lines.append(f"| {name} | {before:.0f} MB | {each:.1f} KB |")
    return "\n".join(lines)


def page(where: str) -> str:
    return f"{HEAD.format(where=where)}\n{crowds()}\n\n{live()}\n"
