"""Tables that sort by their heads, in the address: ``?tri=nom`` upwards, ``?tri=-nom`` downwards. No script needed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request

from app.folding import fold
from app.templating import translate_said
from app.web.rendering import locale_of

T = TypeVar("T")
PARAMETER = "tri"


@dataclass(frozen=True)
class Sorting:
    """By which column, which way; *kept* is what else the address says."""

    column: str
    down: bool
    kept: tuple[tuple[str, str], ...] = ()
    locale: str = "fr"

    def to(self, column: str, falling: bool = False) -> str:
        """The address that sorts by *column*, or turns it round; *falling*: the most comes first."""
        down = not self.down if column == self.column else falling
        return f"?{urlencode([*self.kept, (PARAMETER, f'-{column}' if down else column)])}"

    def heard(self, column: str) -> str:
        """``aria-sort`` of its head."""
        return ("descending" if self.down else "ascending") if column == self.column else ""

    @property
    def value(self) -> str:
        return f"-{self.column}" if self.down else self.column


def sorting(request: Request, columns: Collection[str], otherwise: str, keep: Iterable[str] = ()) -> Sorting:
    """What the address asks for; *otherwise* when that is none of *columns*. *keep*: filters beside it."""
    asked = request.query_params
    wanted = asked.get(PARAMETER, "")
    if wanted.removeprefix("-") not in columns:
        wanted = otherwise
    kept = tuple((name, asked[name]) for name in keep if asked.get(name))
    return Sorting(wanted.removeprefix("-"), wanted.startswith("-"), kept, locale_of(request))


def in_order(rows: Iterable[T], by: Sorting, keys: Mapping[str, Callable[[T], Any]]) -> list[T]:
    """Words as readers sort them, in their language; what has no value comes last; equals stay as they were."""
    read = keys.get(by.column)
    if read is None:
        return list(rows)
    pairs = [(_plain(read(row), by.locale), row) for row in rows]
    known = [pair for pair in pairs if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=by.down)
    return [row for _, row in known] + [row for value, row in pairs if value is None]


def _plain(value: Any, locale: str) -> Any:
    return fold(translate_said(locale, value)) if isinstance(value, str) else value
