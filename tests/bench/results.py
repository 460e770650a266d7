"""What was measured, as a table on the screen and as ``docs/bench.md`` and ``docs/bench.svg``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


ROW, LEFT, WIDTH = 30, 330, 420


def plot(results: Sequence[Result]) -> str:
    """One bar a line: the ratio, with a mark where it should be. Bars that pass stop at twice the mark."""
    shown = [result for result in results if result.wanted is not None]
    height = ROW * len(shown) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 130} {height}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        "<title>Signons: each measure against its ceiling or its limit, in the same run</title>",
        f'<rect width="{LEFT + WIDTH + 130}" height="{height}" fill="#fff"/>',
    ]
    for n, result in enumerate(shown):
        parts += _bar(result, 20 + n * ROW)
    bottom = height - 14
    parts.append(
        f'<text x="{LEFT}" y="{bottom}" fill="#555">Bar: ratio ÷ wanted ratio. Line: what is wanted'
        " (≥: the bar should pass it; ≤: it should not).</text></svg>"
    )
    return "\n".join(parts)


def _bar(result: Result, y: int) -> Iterable[str]:
    assert result.wanted is not None
    share = min(result.ratio / result.wanted, 2.0)
    mark = LEFT + WIDTH / 2
    colour = "#2f6f4f" if result.met else "#b3261e"
    label = escape(f"{result.bench}: {result.what}")
    yield f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{label}</text>'
    yield f'<rect x="{LEFT}" y="{y + 2}" width="{share * WIDTH / 2:.1f}" height="16" fill="{colour}"/>'
    yield f'<path d="M{mark} {y - 2}v24" stroke="#111" stroke-width="2"/>'
    yield f'<text x="{LEFT + WIDTH + 10}" y="{y + 14}">{result.ratio:.2f} ({result.wish})</text>'
