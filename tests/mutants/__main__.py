"""Change the code, a sample of all changes with a fixed seed, and write what the tests notice to docs/mutants.md."""

import argparse
import json
import math
import os
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from mutmut.__main__ import create_mutants
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "mutants.md"
MEASURED = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- /measured -->)", re.DOTALL)
SEED = 11
# What mutmut notes of a mutant: pytest failed, or broke; or the time was over.
KILLED = {1, 3, 24, 36, 152, 255, -24, -11}
Verdicts = dict[str, int | None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=300, help="how many, at random; 0: all of them")
    parser.add_argument("--survivors", action="store_true", help="try again those of the sample that survived only")
    parser.add_argument("--rooms", nargs="*", default=[], help="domains to keep to, their tests with them")
    parser.add_argument("--processes", type=int, default=1)
    wanted = parser.parse_args()
    _generate()
    names = sorted(name for name in _verdicts() if not wanted.rooms or name.split(".")[1] in wanted.rooms)
    sample = names if not wanted.sample else random.Random(SEED).sample(names, min(wanted.sample, len(names)))
    known = _verdicts()
    tried = [name for name in sample if not (wanted.survivors and known[name] in KILLED)]
    mutmut = Path(sys.executable).with_name("mutmut")
    if tried:
        # By names even for all of them: a verdict of before the tests changed is no verdict.
        subprocess.run(
            [mutmut, "run", "--max-children", str(wanted.processes), *tried],
            cwd=ROOT,
            env=os.environ | {"MUTANTS_ROOMS": " ".join(wanted.rooms)},
            check=True,
        )
    known = _verdicts()
    table = _table(names, {name: known[name] for name in sample})
    print(table)
    REPORT.write_text(MEASURED.sub(lambda _: table, REPORT.read_text()))
    return 0


def _generate() -> None:
    """What ``mutmut run`` does first and does not do again: the sample is drawn from the names."""
    set_mutant_under_test("mutant_generation")
    copy_src_dir()
    copy_also_copy_files()
    create_mutants(1)
    # Tests that start the program find it where they look for it; that one knows of no mutant.
    program = ROOT / "mutants" / ".venv"
    if not program.is_symlink():
        program.symlink_to(ROOT / ".venv")


def _verdicts() -> Verdicts:
    found: Verdicts = {}
    for path in sorted((ROOT / "mutants" / "app").rglob("*.meta")):
        if (ROOT / path.relative_to(ROOT / "mutants").with_suffix("")).exists():
            found |= json.loads(path.read_text())["exit_code_by_key"]
    return found


def _module(name: str) -> str:
    """``app.moderation.actions.urgent.x_take_down__mutmut_3`` → ``moderation.actions``."""
    return ".".join(name.partition(".x")[0].split(".")[1:3])


def interval(killed: int, n: int) -> tuple[float, float]:
    """Wilson's, at 95 %."""
    z, p = 1.96, killed / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def _table(names: list[str], sample: Verdicts) -> str:
    every = Counter(map(_module, names))
    drawn = Counter(map(_module, sample))
    killed = Counter(_module(name) for name, verdict in sample.items() if verdict in KILLED)
    n, total = len(sample), sum(killed.values())
    lines = [
        f"Mesuré le {datetime.now(UTC):%d/%m/%Y} : {n} mutants tirés au sort (graine {SEED}) sur {len(names)}."
        if n < len(names)
        else f"Mesuré le {datetime.now(UTC):%d/%m/%Y} : les {n} mutants, tous.",
        f"Tués : {total}, soit **{_percent(total / n)}**"
        + (f" (intervalle à 95 % : {' à '.join(map(_percent, interval(total, n)))})." if n < len(names) else "."),
        "",
        "| module | mutants | essayés | tués | part |",
        "|---|---:|---:|---:|---:|",
    ]
    for module in sorted(drawn):
        part = _percent(killed[module] / drawn[module])
        lines.append(f"| `{module}` | {every[module]} | {drawn[module]} | {killed[module]} | {part} |")
    left = sorted(name for name, verdict in sample.items() if verdict not in KILLED)
    lines += ["", f"Restent vivants ({len(left)}) :", "", *(f"- `{name.removeprefix('app.')}`" for name in left)]
    return "\n".join(lines) + "\n"


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %".replace(".", ",")


if __name__ == "__main__":
    sys.exit(main())
