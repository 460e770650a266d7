"""Reading what a browser posts: ``application/x-www-form-urlencoded``, UTF-8, no NUL.

Numbers, days and moments from outside are of the types below: bounded, so that no column, no
calendar and no zone can overflow on them, and refused with a sentence.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Path, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from starlette.responses import Response

from app.errors import Invalid, NotFound
from app.locale import Message
from app.zone import ZONE

Values = dict[str, str]
# A row's number in an address; what no table can hold is not there (404).
RowId = Annotated[int, Path(gt=0, lt=2**31)]
MAX_FIELDS = 200
# Of staff who tick lines one by one, 500 at most.
MAX_LONG_FIELDS = 520


async def read_pairs(request: Request, most: int = MAX_FIELDS) -> list[tuple[str, str]]:
    """``(field, value)`` as they were posted. Raises HTTPException 400 or 415."""
    if (posted := getattr(request.state, "posted", None)) is not None:  # with a file, see ``uploads``
        return list(posted)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if body and kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Ce formulaire est attendu dans le format habituel des navigateurs.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError:  # UnicodeDecodeError is one
        raise HTTPException(400, "Cet envoi contient des caractères illisibles.") from None
    if "\x00" in "".join(chain.from_iterable(pairs)):
        raise HTTPException(400, "Cet envoi contient des caractères illisibles.")
    return pairs


async def read_form(request: Request) -> Values:
    """Field → last value typed."""
    return dict(await read_pairs(request))


async def read_long_form(request: Request) -> Values:
    """The same, longer."""
    return dict(await read_pairs(request, MAX_LONG_FIELDS))


Form = Annotated[Values, Depends(read_form)]
LongForm = Annotated[Values, Depends(read_long_form)]


# What comes from outside, bounded

MAX_NUMBER = 2**63 - 1
# What the key of a table holds.
MAX_ID = 2**31 - 1
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 12, 31)
T = TypeVar("T")


def number(value: object, least: int = 0, most: int = MAX_NUMBER, sentence: str = "") -> int:
    """A whole number as people type it, blanks between its digits. Raises ValueError with a sentence."""
    digits = "".join(str(value).split())
    # No more digits than the largest has: Python itself refuses to read thousands of them.
    if digits.isascii() and digits.isdecimal() and len(digits) <= 19:
        found = int(digits)
        if least <= found <= most:
            return found
    if not sentence:
        sentence = Message("Indiquez un nombre entier, de %(least)s à %(most)s.", least=least, most=most)
    raise ValueError(sentence)


def day(value: object) -> dt.date:
    """``2026-11-22``. Raises ValueError with a sentence."""
    found = value if type(value) is dt.date else None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        try:
            found = dt.date.fromisoformat(value.strip())
        except ValueError:
            found = None  # 2026-02-30
    if found is None or not FIRST_DAY <= found <= LAST_DAY:
        raise ValueError("Indiquez un jour entre 2000 et 2100, par exemple 2026-11-22.")
    return found


def moment(value: object) -> dt.datetime:
    """``2026-11-22T09:30``, in France, as a browser sends it. Raises ValueError with a sentence."""
    date, _, time = str(value).strip().partition("T")
    try:
        if re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?", time):
            return dt.datetime.combine(day(date), dt.time.fromisoformat(time), ZONE)
    except ValueError:
        pass
    raise ValueError("Indiquez un jour et une heure, par exemple 2026-11-22T09:30.")


def identifier(value: object) -> int:
    """A row's number, typed by somebody. Raises ValueError."""
    return number(value, 1, MAX_ID, "Donnez un numéro.")


def _identifier_or_zero(value: object) -> int:
    return 0 if value == 0 or str(value).strip() == "" else identifier(value)


Number = Annotated[int, BeforeValidator(number)]
Day = Annotated[dt.date, BeforeValidator(day)]
Moment = Annotated[dt.datetime, BeforeValidator(moment)]
IdOrZero = Annotated[int, BeforeValidator(_identifier_or_zero)]


def asked(text: str, read: Callable[[object], T], otherwise: T) -> T:
    """A query parameter read by one of the functions above; *otherwise* when it is left out or is none."""
    try:
        return read(text)
    except ValueError:
        return otherwise


def cursor(text: str, last: Callable[[str], T]) -> tuple[dt.datetime, T] | None:
    """Where an older page begins: ``<microseconds>-<last>``; None for the newest. Raises NotFound."""
    if not text:
        return None
    micros, _, end = text.partition("-")
    try:
        seconds, rest = divmod(number(micros, most=_LAST_MICROSECOND), 1_000_000)
        return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(microsecond=rest), last(end)
    except ValueError:
        raise NotFound("Cette page n’existe pas.") from None


def cursor_text(at: dt.datetime, last: object) -> str:
    """The inverse of :func:`cursor`."""
    return f"{int(at.timestamp()) * 1_000_000 + at.microsecond}-{last}"


_LAST_MICROSECOND = int(dt.datetime(2101, 1, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000


class PostedForm(BaseModel):
    """What a browser may post: every field has a value, and what is not a field is not read."""

    model_config = ConfigDict(extra="ignore", validate_default=True)


# A checkbox that is ticked sends something.
Box = Annotated[bool, BeforeValidator(bool)]
Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: Values) -> Model:
    """The model made of what was typed; raises Invalid with a sentence a field."""
    # A field without default that was not sent is empty, and refused in the words of its type.
    needed = {name: "" for name, field in model.model_fields.items() if field.is_required()}
    try:
        return model.model_validate(needed | values)
    except ValidationError as error:
        errors: dict[str, str] = {}
        for problem in error.errors(include_url=False, include_input=False):
            # As it was raised: pydantic finishes the sentence.
            raised = problem.get("ctx", {}).get("error")
            message = raised.args[0] if isinstance(raised, ValueError) else str(problem["msg"])
            errors.setdefault(str(problem["loc"][0]) if problem["loc"] else "", message)
        raise Invalid(errors) from None


# What a page shows of a form: ``values`` as they were typed, ``errors`` with a sentence a field.
Shown = dict[str, dict[str, str]]


class ShowAgain(Exception):
    """The page of a form that is refused: raised, not returned, so that nothing of it is kept.

    ``page`` is made already: once the transaction is rolled back, no row of it can be read any more.
    """

    def __init__(self, page: Response) -> None:
        super().__init__("form refused")
        self.page = page


@contextmanager
def shown_again(values: Values, page: Callable[[Shown], Response]) -> Iterator[None]:
    """Whatever is Invalid within, found by the form or by a verb, is answered with *page* and all that was typed."""
    try:
        yield
    except Invalid as invalid:
        raise ShowAgain(page({"values": values, "errors": invalid.errors})) from None
