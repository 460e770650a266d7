"""Run every tool, print what each saw, write it into docs/security.md."""

import argparse
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.audit import tools
from tests.audit.stage import Target, standing
from tests.audit.tools import Seen
from tests.services import postgres

REPORT = Path(__file__).parents[2] / "docs" / "security.md"
MEASURED = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- /measured -->)", re.DOTALL)
HEAD = ("tool", "version", "of what", "how much", "answers by the server", "5xx", "findings", "time")
STEPS = ("sqlmap", "wapiti", "schemathesis", "bandit", "pip-audit")


@dataclass
class Line:
    """What a tool saw, and what the server counted meanwhile."""

    seen: Seen
    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def errors(self) -> int:
        """503 asks to come back, and the tools check that it says when."""
        return sum(n for status, n in self.statuses.items() if status >= 500 and status != 503)

    @property
    def wrong(self) -> list[str]:
        errors = [f"{self.errors} answers 5xx"] if self.errors else []
        return [*self.seen.findings, *errors, *sorted(set(self.broken))]

    def cells(self) -> tuple[str, ...]:
        seen = self.seen
        if seen.not_run:
            return (seen.tool, seen.version, seen.about, f"**not run**: {seen.not_run}", "", "", "", "")
        by_kind = Counter({f"{status // 100}xx": 0 for status in sorted(self.statuses)})
        for status, n in self.statuses.items():
            by_kind["503" if status == 503 else f"{status // 100}xx"] += n
        answers = ", ".join(f"{kind}: {n}" for kind, n in sorted(by_kind.items()) if n)
        errors = str(self.errors) if self.statuses else ""
        return (
            seen.tool, seen.version, seen.about, seen.tries, answers, errors, str(len(seen.findings)),
            f"{self.seconds:.0f} s",
        )  # fmt: skip


def meet(target: Target, tool: Callable[[], Seen]) -> Line:
    before, known, began = target.statuses(), len(target.broken()), time.monotonic()
    seen = tool()
    return Line(seen, target.statuses() - before, target.broken()[known:], time.monotonic() - began)


def lines(wanted: list[str], seconds: int, folder: Path, tell: Callable[[Line], None]) -> None:
    if {"sqlmap", "wapiti"} & set(wanted):
        with standing(folder / "first", f"sqlite:///{folder}/first/signons.db") as target:
            if "sqlmap" in wanted:
                tell(meet(target, lambda: tools.sqlmap(target, folder, 120)))
            if "wapiti" in wanted:
                tell(meet(target, lambda: tools.wapiti(target, folder, seconds)))
    if "schemathesis" in wanted:
        with standing(folder / "second", f"sqlite:///{folder}/second/signons.db") as target:
            tell(meet(target, lambda: tools.schemathesis(target, folder, seconds, "SQLite")))
        with postgres(durable=False) as server, standing(folder / "third", server.create_database("audit")) as target:
            tell(meet(target, lambda: tools.schemathesis(target, folder, seconds, "PostgreSQL")))
    for step, tool in (("bandit", tools.bandit), ("pip-audit", tools.pip_audit)):
        if step in wanted:
            began = time.monotonic()
            tell(Line(tool(folder), seconds=time.monotonic() - began))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="step", help=", ".join(STEPS))
    parser.add_argument("--seconds", type=int, default=30, help="of each tool, at each place of the site")
    parser.add_argument("--keep", type=Path, help="a folder for what the tools say")
    wanted = parser.parse_args()
    if unknown := set(wanted.steps) - set(STEPS):
        parser.error(f"no such step: {', '.join(unknown)}")
    found: list[Line] = []

    def tell(line: Line) -> None:
        found.append(line)
        print(" · ".join(cell for cell in line.cells() if cell), flush=True)
        print(*(f"  {problem}" for problem in line.wrong), sep="\n", file=sys.stderr, flush=True)

    with ExitStack() as stack:
        folder = wanted.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signons-audit-")))
        folder.mkdir(parents=True, exist_ok=True)
        lines(wanted.steps or list(STEPS), wanted.seconds, folder, tell)
    if not wanted.steps:
        REPORT.write_text(MEASURED.sub(lambda _: _measured(found), REPORT.read_text()))
    return 1 if any(line.wrong for line in found) else 0


def _measured(found: list[Line]) -> str:
    day = datetime.now(UTC).strftime("%d %B %Y")
    table = [HEAD, tuple("---" for _ in HEAD), *(line.cells() for line in found)]
    wrong = [f"- {line.seen.tool}: {problem}" for line in found for problem in line.wrong]
    return "\n".join([
        f"Written by `make audit` ({day}, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}).",
        "",
        *(f"| {' | '.join(line)} |" for line in table),
        "",
        *(wrong or ["Nothing found by the tools that ran."]),
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
