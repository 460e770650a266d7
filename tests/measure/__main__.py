"""``python -m tests.measure [effort] [html] [lighthouse]``: print what is found; all of it goes to docs/effort.md."""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.measure import effort, html, lighthouse, npm
from tests.measure.effort import Figures
from tests.measure.html import Said
from tests.measure.lighthouse import Scores

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "effort.md"
BEFORE = Path(__file__).with_name("before.json")
STEPS = ("effort", "html", "lighthouse")
# What the design promises, by the name of the figure.
PROMISED = {
    "form reach 360": 720,
    "home petition 360": 500,
    "petition bytes": 60_000,
    "home bytes": 60_000,
    "petition style": 8000,
}
ROWS = {
    "taps": "taps from the petition’s page to a signature that counts, on a phone",
    "form reach 360": "sign form, 360 px: pixels from the first field to the button",
    "form height 360": "sign form, 360 px: height",
    "form words 360": "sign form: words to read",
    "form fields 360": "sign form: fields that show",
    "form reach 1440": "sign form, 1440 px: pixels from the first field to the button",
    "form height 1440": "sign form, 1440 px: height",
    "tabs form": "tab stops from the first field to the button, both counted, on a computer",
    "tabs page": "tab stops from the top of the page to the button",
    "confirm reach": "confirmation, 360 px: pixels from the top of the page to the end of its button",
    "confirm words": "confirmation: words above its button",
    "home petition 360": "home, 360 px: pixels above the first petition",
    "home controls 360": "home: controls before the first petition, those of the site’s head left out",
    "home petition 1440": "home, 1440 px: pixels above the first petition",
    "home pictures 1440": "home: pictures",
    "petition bytes": "petition, first visit, without pictures: bytes on the wire",
    "petition requests": "petition, first visit, without pictures: requests",
    "home bytes": "home, first visit, without pictures: bytes on the wire",
    "petition style": "of these, `signons.css`",
}
SCREENS = {"form reach 360", "home petition 360"}


@dataclass
class Found:
    """What the steps that were asked for have found."""

    figures: Figures | None = None
    html: Said | None = None
    lighthouse: list[Scores] = field(default_factory=list)

    def wrong(self) -> Iterator[str]:
        """Promises that do not hold, and tools that could not be run."""
        for name, most in PROMISED.items() if self.figures else ():
            value = (self.figures or {})[name]
            if isinstance(value, int) and value > most:
                yield f"{ROWS[name]}: {value}, {most} at most were promised"
        if self.html:
            yield from [self.html.not_run] if self.html.not_run else self.html.findings
        for page in self.lighthouse:
            if not page.whole:
                yield f"lighthouse, {page.page}: {page.not_run or page.scores} {'; '.join(page.short)}"


def find(steps: list[str], folder: Path) -> Found:
    found = Found()
    if "effort" in steps:
        found.figures = effort.measure()
    if "html" in steps:
        found.html = html.validate(folder / "html")
    if "lighthouse" in steps:
        found.lighthouse = lighthouse.judge(folder / "lighthouse")
    return found


def _value(figures: Figures, name: str) -> str:
    value: int | str | list[str] = figures.get(name, "–")
    if isinstance(value, list):
        value = len(value)
    if isinstance(value, str):
        return value
    return f"{value:,}" + (f" ({value / effort.PHONE_SCREEN['height']:.1f} screens)" if name in SCREENS else "")


def effort_lines(before: Figures, after: Figures) -> list[str]:
    def row(name: str, text: str) -> str:
        promised = f"≤ {PROMISED[name]:,}" if name in PROMISED else ""
        return f"| {text} | {_value(before, name)} | {_value(after, name)} | {promised} |"

    def taps(figures: Figures) -> str:
        one_by_one = figures["taps"]
        return ", ".join(one_by_one) if isinstance(one_by_one, list) else str(one_by_one)

    return [
        f"| | {before['commit']} | now | promised |",
        "|---|---|---|---|",
        *(row(name, text) for name, text in ROWS.items()),
        "",
        "## The taps, one by one",
        "",
        f"Before: {taps(before)}.",
        "",
        f"Now: {taps(after)}.",
        "",
        "## How it is counted",
        "",
        str(effort.__doc__).partition("\n\n")[2].strip(),
        "",
    ]


def html_lines(said: Said) -> list[str]:
    config = f"[`.htmlvalidate.mjs`](../{html.CONFIG.name})"
    head = f"html-validate {npm.VERSIONS['html-validate']}, recommended rules but for those in {config}"
    return [
        "## The source of the pages",
        "",
        f"{head}: **not run**: {said.not_run}"
        if said.not_run
        else f"{head}: {said.pages} pages and states, as"
        f" `tests/journeys/test_every_page.py` walks them, in French and in English: {len(said.findings)} mistakes.",
        "",
        *(f"- {finding}" for finding in said.findings),
        *([""] if said.findings else []),
    ]


def lighthouse_lines(pages: list[Scores]) -> list[str]:
    def row(page: Scores) -> str:
        if page.not_run:
            return f"| {page.page} | **not run**: {page.not_run} | | | | |"
        scores = (str(page.scores[key]) for key in lighthouse.CATEGORIES)
        return f"| {page.page} | {' | '.join(scores)} | {'; '.join(page.short)} |"

    reasons = [
        f"Left out on purpose, {page}: `{audit}` ({why})."
        for page, audits in lighthouse.ON_PURPOSE.items()
        for audit, why in audits.items()
    ]
    return [
        "## Lighthouse",
        "",
        f"Version {npm.VERSIONS['lighthouse']}, as a phone on a slow network; of {lighthouse.TRIES} runs, the best.",
        "",
        f"| page | {' | '.join(lighthouse.CATEGORIES)} | short of |",
        "|---|---|---|---|---|---|",
        *map(row, pages),
        "",
        *reasons,
        "",
    ]


def lines(found: Found) -> list[str]:
    return [
        *(effort_lines(json.loads(BEFORE.read_text()), found.figures) if found.figures else []),
        *(html_lines(found.html) if found.html else []),
        *(lighthouse_lines(found.lighthouse) if found.lighthouse else []),
    ]


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.measure", description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="step", help=", ".join(STEPS))
    parser.add_argument("--before", action="store_true", help="keep the figures as those to compare with from now on")
    parser.add_argument("--keep", type=Path, help="a folder for the sources of the pages and what the tools say")
    wanted = parser.parse_args()
    if unknown := set(wanted.steps) - set(STEPS):
        parser.error(f"no such step: {', '.join(unknown)}")
    if wanted.before:
        figures = {"commit": _commit(), **effort.measure()}
        BEFORE.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
        return 0
    with ExitStack() as stack:
        folder = wanted.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signons-measure-")))
        found = find(wanted.steps or list(STEPS), folder.resolve())
    text = "\n".join(lines(found))
    print(text)
    if not wanted.steps:
        where = f"{platform.system()} {platform.machine()}, Chromium, commit {_commit()}"
        head = f"# What signing costs a person\n\nWritten by `make measure` on {where}.\n"
        REPORT.write_text(f"{head}Phone: 360 × 800 with touch; computer: 1440 × 900.\n\n{text}")
    wrong = list(found.wrong())
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
