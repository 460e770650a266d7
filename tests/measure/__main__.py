"""``python -m tests.measure [effort | html | lighthouse …]``: all of it without a name; writes docs/effort.md."""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

from tests.measure import effort
from tests.measure.effort import Figures

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "effort.md"
BEFORE = Path(__file__).with_name("before.json")
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
    "home controls 360": "home, 360 px: controls before the first petition, those of the site’s head left out",
    "home petition 1440": "home, 1440 px: pixels above the first petition",
    "home pictures 1440": "home: pictures",
    "petition bytes": "petition, first visit, without pictures: bytes on the wire",
    "petition requests": "petition, first visit, without pictures: requests",
    "home bytes": "home, first visit, without pictures: bytes on the wire",
    "petition style": "of these, `signons.css`",
}


def _said(figures: Figures, name: str) -> str:
    value: int | str | list[str] = figures.get(name, "–")
    if isinstance(value, list):
        value = len(value)
    if isinstance(value, str):
        return value
    screens = f" ({value / 800:.1f} screens)" if name in {"form reach 360", "home petition 360"} else ""
    return f"{value:,}{screens}"


def broken(figures: Figures) -> list[str]:
    """Promises that do not hold."""
    return [
        f"{ROWS[name]}: {value}, not {most} at most"
        for name, most in PROMISED.items()
        if isinstance(value := figures[name], int) and value > most
    ]


def report(before: Figures, after: Figures, commit: str) -> str:
    rows = [
        f"| {text} | {_said(before, name)} | {_said(after, name)} | {f'≤ {PROMISED[name]:,}' if name in PROMISED else ''} |"
        for name, text in ROWS.items()
    ]
    lists = [
        f"{when}: {', '.join(figures['taps'])}."
        for when, figures in (("Before", before), ("Now", after))
        if isinstance(figures["taps"], list)
    ]
    rules = str(effort.__doc__).partition("\n\n")[2].strip()
    return "\n".join([
        "# What signing costs a person",
        "",
        f"Written by `make measure` on {commit}, {platform.system()}, Chromium; before: {before['commit']}.",
        "Phone: 360 × 800 with touch; computer: 1440 × 900.",
        "",
        f"| | before | now | promised |",
        "|---|---|---|---|",
        *rows,
        "",
        "## The taps, one by one",
        "",
        "\n\n".join(lists),
        "",
        "## How it is counted",
        "",
        rules,
        "",
    ])  # fmt: skip


def _commit() -> str:
    return subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.measure", description=__doc__)
    parser.add_argument("--before", action="store_true", help="keep today's figures as those to compare with")
    wanted = parser.parse_args()
    figures = effort.measure()
    if wanted.before:
        BEFORE.write_text(json.dumps({"commit": _commit(), **figures}, indent=2, ensure_ascii=False) + "\n")
        return 0
    text = report(json.loads(BEFORE.read_text()), figures, _commit())
    REPORT.write_text(text)
    print(text)
    print(*broken(figures), sep="\n", file=sys.stderr)
    return 1 if broken(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
