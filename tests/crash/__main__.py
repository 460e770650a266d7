"""Play every scene, print the tables, write them to docs/crash.md: all of it, or the sections that were played."""

import argparse
import platform
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from tests.crash import hosts, mailing
from tests.crash.rush import OFFERED
from tests.crash.scenes import SCENES, NotRun, run
from tests.crash.stage import Audit

REPORT = Path(__file__).parents[2] / "docs" / "crash.md"
HEAD = (
    "what is stopped", "database", "kills", "signatures promised", "lost", "twice", "confirmations promised", "lost",
    "people without a mail", "mailed twice", "most mails to one address", "counts", "no answer or 5xx", "longest wait",
)  # fmt: skip
# Who follow a petition whose news are mailed.
PEOPLE = 10_000
MAILING, HOST = "News to thousands", "Two hosts, one dies"
MAILED = ("database", "people", "kills", "reached", "mails written", "twice", "doubtful", "most mails to one", "took")
KILLED = (
    "kills", "people a second", "signatures promised", "lost", "twice", "confirmations promised", "lost", "counts",
    "written again after a promotion, at worst", "half of them within", "without any promise, at worst",
    "no answer or 5xx", "longest wait", "pages looked at meanwhile",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="scene", help=", ".join((*SCENES, "mailing", "host")))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--database", choices=("sqlite", "postgresql"))
    wanted = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    wrong: list[str] = []
    for scene in (scene for scene in wanted.scenes or SCENES if scene in SCENES):
        blow, databases = SCENES[scene]
        for database in databases:
            if wanted.database not in {None, database}:
                continue
            name = (blow.__doc__ or scene).rstrip(".")
            try:
                audit = run(scene, database, wanted.kills, lambda line: print(line, file=sys.stderr, flush=True))
            except NotRun as reason:
                rows.append((name, database, f"not run: {reason}", *[""] * (len(HEAD) - 3)))
                continue
            except Exception as error:  # the other scenes are worth playing all the same
                traceback.print_exc()
                wrong.append(f"{scene} on {database}: {error}")
                rows.append((name, database, "FAILED", *[""] * (len(HEAD) - 3)))
                continue
            rows.append((name, database, *_cells(audit)))
            wrong += [f"{scene} on {database}: {problem}" for problem in audit.problems]
            print(rows[-1], *audit.problems, flush=True)
    table, sections = _table(HEAD, rows), dict[str, str]()
    if not wanted.scenes or "mailing" in wanted.scenes:
        told, problems = _mailings(wanted.kills, wanted.database)
        sections[MAILING] = _of_mailings(told)
        wrong += problems
    if wanted.database != "sqlite" and (not wanted.scenes or "host" in wanted.scenes):
        sections[HOST], problems = _hosts(wanted.kills)
        wrong += problems
    print(table if rows else "", *sections.values(), sep="\n\n")
    if not wanted.scenes and wanted.database is None:
        REPORT.write_text(_report(table, wanted.kills))
    if wanted.database is None:
        for name, text in sections.items():
            _rewrite(name, text)
    print(*wrong, sep="\n")
    return 1 if wrong else 0


def _rewrite(name: str, text: str) -> None:
    """The section of this name, or a new one at the end; the others stay."""
    section, report = f"## {name}\n\n{text}\n", REPORT.read_text()
    written = re.sub(rf"^## {re.escape(name)}\n.*?(?=^## |\Z)", lambda _: section, report, flags=re.M | re.S)
    REPORT.write_text(written if section in written else f"{report.rstrip()}\n\n{section}")


def _hosts(kills: int) -> tuple[str, list[str]]:
    """The section of the two hosts, and what went wrong."""
    try:
        found = hosts.run(kills, lambda line: print(line, file=sys.stderr, flush=True))
    except NotRun as reason:
        return f"Not run: {reason}.", []
    audit, back = found.audit, sorted(found.back)
    cells = (
        *map(str, (audit.kills, round(found.offered), audit.signed, audit.signed_lost, audit.doubled)),
        *map(str, (audit.confirmed, audit.confirmed_lost)),
        "exact" if audit.counts_exact else "WRONG",
        *(f"{seconds:.2f} s" for seconds in (back[-1], back[len(back) // 2], max(found.silent))),
        _counted(audit.refusals),
        f"{audit.slowest:.1f} s",
        _counted(found.pages),
    )
    text = f"""Written by `make crash`, or `python -m tests.crash host` ({_where()}).

PostgreSQL on two loopback addresses, the standby synchronous (`synchronous_commit=on`): nothing is promised before
both hosts have it. {OFFERED} people a second come to sign, whatever becomes of the site, and confirm when their mail
is there; those without an answer come again a second later. Every process of the primary is killed at once (SIGKILL),
the standby promoted {hosts.NOTICED[0]:g} to {hosts.NOTICED[1]:g} s later, the dead host rebuilt as its standby; then
its turn comes. The web process and the worker are never started again: they know both hosts by
`SIGNONS_DATABASE_URL`, and read the standby by `SIGNONS_DATABASE_READ_URL`.

*Written again*: from the promotion to the first person who is told that the signature is there, {hosts.LIMIT} s at
most. *Without any promise*: from the last such answer to the next, the time included in which somebody notices that
the primary is gone (with Patroni, its `ttl`). *Pages*: home, search, lists and JSON, read ten times a second all the
while, by their status.

{_table(KILLED, [cells])}"""
    return text, [f"host: {problem}" for problem in found.problems]


def _mailings(kills: int, only: str | None) -> tuple[str, list[str]]:
    """The table of the mailings, and what went wrong in them."""
    rows, wrong = [], []
    for database in ("sqlite", "postgresql"):
        if only in {None, database}:
            found = mailing.run(database, PEOPLE, kills, lambda line: print(line, file=sys.stderr, flush=True))
            numbers = (found.people, found.kills, found.reached, found.written, found.twice, found.doubtful, found.most)
            rows.append((database, *map(str, numbers), f"{found.seconds:.0f} s"))
            wrong += [f"mailing on {database}: {problem}" for problem in found.problems]
    return _table(MAILED, rows), wrong


def _cells(audit: Audit) -> tuple[str, ...]:
    return (
        *map(str, (audit.kills, audit.signed, audit.signed_lost, audit.doubled, audit.confirmed, audit.confirmed_lost)),
        *map(str, (audit.unmailed, audit.mailed_twice, audit.most_mails)),
        "exact" if audit.counts_exact else "WRONG",
        _counted(audit.refusals),
        f"{audit.slowest:.1f} s",
    )


def _counted(found: dict[str, int]) -> str:
    return " ".join(f"{what}: {n}" for what, n in found.items()) or "0"


def _where() -> str:
    day = datetime.now(UTC).strftime("%d %B %Y")
    return f"{day}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _of_mailings(told: str) -> str:
    return f"""News mailed to {PEOPLE:,} people by a worker that is killed as often. *Twice*: by the mail server's own
count; a mail that was leaving at the moment of a kill, which the outbox marks as doubtful, and no other.

{told}"""


def _report(table: str, kills: int) -> str:
    return f"""# Killed for real

Written by `make crash` ({_where()}):
{kills} kills of each kind, while twelve people at a time sign and others confirm.

*Promised* is what a client saw answered 303; people without an answer send the same form again, as
they do. Afterwards the ledger of the promises is held against the rows, the mailboxes and
`signons counts verify`. *Mailed twice*: a person who had no answer and sent the form again, or a
mail that was leaving at the moment of a kill and leaves again, since nobody knows whether it had.
*No answer or 5xx*: each try that failed, by what was met; sixteen people knock again every tenth of a
second while there is nobody at the door (ConnectionRefusedError).

{table}
"""


if __name__ == "__main__":
    sys.exit(main())
