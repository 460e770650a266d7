"""The picture of the house, from import-linter's own graph.

``make picture`` (``python -m tests.picture``) writes the line into docs/architecture.md and the arrows into
docs/architecture.dot, from which graphviz draws docs/architecture.svg.
An arrow is an import; one that a longer way of arrows says already is left out, as is what everybody may use: the
foundations stand in one box. An arrow that runs up the line would be drawn in red, dashed.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "docs" / "architecture.md"
DOT = ROOT / "docs" / "architecture.dot"
SVG = ROOT / "docs" / "architecture.svg"
# Below it are the foundations.
LAST = "web"
Arrow = tuple[str, str]
STYLE = """\
digraph house {
  graph [rankdir=TB ranksep=0.35 nodesep=0.25 splines=true fontname="Helvetica" bgcolor="#ffffff"]
  node [shape=box style="rounded,filled" fillcolor="#faf5ea" color="#57246e" fontname="Helvetica" height=0.32]
  edge [color="#57246e" arrowsize=0.6]
"""
MISSING = (
    "docs/architecture.dot est écrit, mais graphviz manque pour le dessiner : installez-le (apt install graphviz), puis"
    " relancez « make picture »."
)


def line() -> list[list[str]]:
    """The layers of the first contract, top to bottom."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    return [layer.split(" | ") for layer in contract["layers"]]


@lru_cache(maxsize=1)
def imports() -> set[Arrow]:
    """Every arrow between two of them, as import-linter sees the code."""
    program = Path(sys.executable).with_name("import-linter")
    drawn = subprocess.run([program, "drawgraph", "app"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r'"\.(\w+)" *-> *"\.(\w+)"', drawn))


def shown(arrows: Collection[Arrow], places: dict[str, int]) -> list[Arrow]:
    """Without the foundations, and without what a longer way says already; those that run up are all kept."""
    above = [arrow for arrow in arrows if max(places[end] for end in arrow) <= places[LAST]]
    down = {arrow for arrow in above if places[arrow[0]] < places[arrow[1]]}
    further: dict[str, set[str]] = {}
    for name in sorted(places, key=lambda name: -places[name]):
        nexts = {end for start, end in down if start == name}
        further[name] = nexts.union(*(further[end] for end in nexts))
    implied = {(start, end) for start, via in down for end in further[via]}
    return sorted(set(above) - implied)


def dot() -> str:
    layers = line()
    places = {name: place for place, layer in enumerate(layers) for name in layer}
    rows, below = layers[: places[LAST] + 1], layers[places[LAST] + 1 :]
    foundations = r"\n".join(" · ".join(layer) for layer in below)
    lines = [f"{{ rank=same {' '.join(row)} }}" for row in rows]
    lines += [f'foundations [label="{foundations}" fillcolor="#ffffff" style="rounded,dashed"]']
    lines += [f"{row[0]} -> {under[0]} [style=invis weight=9]" for row, under in pairwise([*rows, ["foundations"]])]
    for start, end in shown(imports(), places):
        back = ' [color="#b3261e" style=dashed constraint=false]' if places[start] > places[end] else ""
        lines.append(f"{start} -> {end}{back}")
    return STYLE + "".join(f"  {each}\n" for each in lines) + "}\n"


def paper() -> str:
    """The paper with the line of today in its block."""
    rows = "".join(" | ".join(layer) + "\n" for layer in line())
    return re.sub(r"(?<=^```\n).*?(?=^```$)", rows, PAPER.read_text("utf-8"), count=1, flags=re.MULTILINE | re.DOTALL)


def main() -> None:
    PAPER.write_text(paper(), "utf-8")
    DOT.write_text(dot(), "utf-8")
    program = shutil.which("dot")
    if program is None:
        sys.exit(MISSING)
    subprocess.run([program, "-Tsvg", DOT, "-o", SVG], check=True)


if __name__ == "__main__":
    main()
