"""What was measured, as a table on the screen and as ``docs/bench.md`` and ``docs/bench.svg``."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from statistics import median


@dataclass(frozen=True)
class Result:
    """One line: the median of *runs* beside its ceiling (or its limit), and what is wanted of the ratio."""

    bench: str
    what: str
    unit: str
    runs: Sequence[float]
    against: str
    ceiling: Sequence[float]
    wanted: float | None = None
    at_most: bool = False
    note: str = ""
    # Rows in the table → the median there.
    points: Mapping[int, float] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return median(self.runs)

    @property
    def reference(self) -> float:
        return median(self.ceiling)

    @property
    def ratio(self) -> float:
        return self.value / self.reference

    @property
    def met(self) -> bool | None:
        if self.wanted is None:
            return None
        return self.ratio <= self.wanted if self.at_most else self.ratio >= self.wanted

    @property
    def wish(self) -> str:
        return "" if self.wanted is None else f"{'≤' if self.at_most else '≥'} {self.wanted:.2f}"

    @property
    def verdict(self) -> str:
        return {None: "", True: "reached", False: "NOT REACHED"}[self.met]

    def cells(self) -> list[str]:
        return [
            self.bench,
            self.what,
            f"{_short(self.value)} {self.unit}",
            f"{_short(min(self.runs))}–{_short(max(self.runs))} ({len(self.runs)})",
            f"{self.against} {_short(self.reference)}",
            f"{self.ratio:.2f}",
            self.wish,
            self.verdict,
            self.note,
        ]


HEAD = ("bench", "what", "median", "runs", "against", "ratio", "wanted", "", "note")


def _short(number: float) -> str:
    if abs(number) >= 100:
        return f"{number:,.0f}".replace(",", " ")
    return f"{number:.3g}"


def table(results: Iterable[Result]) -> str:
    """Columns that line up, and that are Markdown too."""
    rows = [list(HEAD), *(result.cells() for result in results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


ROW, LEFT, WIDTH = 30, 440, 420


def plot(results: Sequence[Result]) -> str:
    """One bar a line: the ratio, with a mark where it should be (bars stop at twice the mark); growth below."""
    shown = [result for result in results if result.wanted is not None]
    growing = [result for result in results if result.points]
    bars = ROW * len(shown) + 60
    height = bars + (PANEL + 90 if growing else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 130} {height}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        "<title>Signons: each measure against its ceiling or its limit, in the same run</title>",
        f'<rect width="{LEFT + WIDTH + 130}" height="{height}" fill="#fff"/>',
    ]
    for n, result in enumerate(shown):
        parts += _bar(result, 20 + n * ROW)
    parts.append(
        f'<text x="{LEFT}" y="{bars - 14}" fill="#555">Bar: ratio ÷ wanted ratio. Line: what is wanted'
        " (≥: to pass; ≤: not to pass).</text>"
    )
    if growing:
        parts += _growth(growing, bars + 40)
    return "\n".join([*parts, "</svg>"])


PANEL = 220
COLOURS = ("#2f6f4f", "#1f4e8c", "#8a4b08")


def _growth(results: Sequence[Result], top: int) -> Iterable[str]:
    """Cost by rows in the table, each relative to its own first point; the dashed line is what is allowed."""
    sizes = sorted(results[0].points)
    most = max(1.4, *(max(r.points.values()) / r.points[sizes[0]] for r in results))

    def x(size: int) -> float:
        return LEFT + (math.log10(size / sizes[0])) / math.log10(sizes[-1] / sizes[0]) * WIDTH

    def y(relative: float) -> float:
        return top + PANEL * (1 - relative / most)

    yield f'<text x="{LEFT}" y="{top - 12}">Cost when the table grows, relative to {_rows(sizes[0])} rows</text>'
    yield f'<path d="M{LEFT} {top}V{top + PANEL}H{LEFT + WIDTH}" fill="none" stroke="#111"/>'
    for mark, label in ((1.0, "1"), (1.2, "1.2, the most allowed")):
        dashes = ' stroke-dasharray="5 4"' if mark > 1 else ""
        yield f'<path d="M{LEFT} {y(mark):.1f}h{WIDTH}" stroke="#999"{dashes}/>'
        yield f'<text x="{LEFT - 10}" y="{y(mark) + 4:.1f}" text-anchor="end" fill="#555">{label}</text>'
    for size in sizes:
        yield f'<text x="{x(size):.1f}" y="{top + PANEL + 18}" text-anchor="middle">{_rows(size)}</text>'
    for n, (result, colour) in enumerate(zip(results, COLOURS, strict=False)):
        spots = [(x(size), y(result.points[size] / result.points[sizes[0]])) for size in sizes]
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in spots)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="{colour}"/>' for px, py in spots)
        yield f'<text x="{LEFT + 10}" y="{top + PANEL - 12 - n * 18}" fill="{colour}">{escape(result.what)}</text>'


def _rows(size: int) -> str:
    return f"{size:,}".replace(",", "\u202f")


def _bar(result: Result, y: int) -> Iterable[str]:
    assert result.wanted is not None
    share = min(result.ratio / result.wanted, 2.0) if result.wanted else 2.0 * (result.ratio > 0)
    mark = LEFT + WIDTH / 2
    colour = "#2f6f4f" if result.met else "#b3261e"
    label = escape(f"{result.bench}: {result.what}")
    yield f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{label}</text>'
    yield f'<rect x="{LEFT}" y="{y + 2}" width="{share * WIDTH / 2:.1f}" height="16" fill="{colour}"/>'
    yield f'<path d="M{mark} {y - 2}v24" stroke="#111" stroke-width="2"/>'
    yield f'<text x="{LEFT + WIDTH + 10}" y="{y + 14}">{result.ratio:.2f} ({result.wish})</text>'
