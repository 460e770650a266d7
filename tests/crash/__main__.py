"""Play every scene, print the table, write it to docs/crash.md."""

import argparse
import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from tests.crash import mailing
from tests.crash.scenes import SCENES, NotRun, run
from tests.crash.stage import Audit

REPORT = Path(__file__).parents[2] / "docs" / "crash.md"
HEAD = (
    "what is stopped", "database", "kills", "signatures promised", "lost", "twice", "confirmations promised", "lost",
    "people without a mail", "mailed twice", "most mails to one address", "counts", "no answer or 5xx", "longest wait",
)  # fmt: skip
# Who follow a petition whose news are mailed.
PEOPLE = 10_000
MAILED = ("database", "people", "kills", "reached", "mails written", "twice", "doubtful", "most mails to one", "took")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="scene", help=", ".join((*SCENES, "mailing")))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--database", choices=("sqlite", "postgresql"))
    wanted = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    wrong: list[str] = []
    for scene in (scene for scene in wanted.scenes or SCENES if scene != "mailing"):
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
    table, told = _table(HEAD, rows), ""
    if not wanted.scenes or "mailing" in wanted.scenes:
        told, problems = _mailings(wanted.kills, wanted.database)
        wrong += problems
    print(table, told, sep="\n\n")
    if not wanted.scenes and wanted.database is None:
        REPORT.write_text(_report(table, told, wanted.kills))
    print(*wrong, sep="\n")
    return 1 if wrong else 0


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
        " ".join(f"{what}: {n}" for what, n in audit.refusals.items()) or "0",
        f"{audit.slowest:.1f} s",
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _report(table: str, told: str, kills: int) -> str:
    day = datetime.now(UTC).strftime("%d %B %Y")
    return f"""# Killed for real

Written by `make crash` ({day}, {platform.system()} {platform.machine()}, Python {platform.python_version()}):
{kills} kills of each kind, while twelve people at a time sign and others confirm.

*Promised* is what a client saw answered 303; people without an answer send the same form again, as
they do. Afterwards the ledger of the promises is held against the rows, the mailboxes and
`signons counts verify`. *Mailed twice*: a person who had no answer and sent the form again, or a
mail that was leaving at the moment of a kill and leaves again, since nobody knows whether it had.
*No answer or 5xx*: each try that failed, by what was met; sixteen people knock again every tenth of a
second while there is nobody at the door (ConnectionRefusedError).

{table}

News mailed to {PEOPLE:,} people by a worker that is killed as often. *Twice*: by the mail server's own count; a mail
that was leaving at the moment of a kill, which the outbox marks as doubtful, and no other.

{told}
"""


if __name__ == "__main__":
    sys.exit(main())
