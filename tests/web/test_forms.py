"""What comes from outside is bounded before anything is made of it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from app.errors import Invalid, NotFound
from app.web.forms import (
    MAX_ID,
    MAX_NUMBER,
    Day,
    IdOrZero,
    Moment,
    Number,
    asked,
    cursor,
    cursor_text,
    day,
    identifier,
    moment,
    number,
    validated,
)

NO_NUMBER = [
    "", " ", "-1", "+1", "1e3", "1.5", "1,5", "²", "٣", "一", "NaN", "0x10", "1_000", "🙏", "9" * 20, "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("typed", NO_NUMBER)
def test_no_number_is_refused(typed: str) -> None:
    for read in (number, identifier):
        with pytest.raises(ValueError, match=r"^(Indiquez|Donnez)"):
            read(typed)


def test_numbers_have_bounds() -> None:
    assert [number(text) for text in ("0", "007", " 5 000 ", "5\u00a0000", "5\u202f000", str(MAX_NUMBER))] == [
        0, 7, 5000, 5000, 5000, MAX_NUMBER,
    ]  # fmt: skip
    assert identifier(str(MAX_ID)) == MAX_ID
    for read, typed in ((number, str(MAX_NUMBER + 1)), (identifier, str(MAX_ID + 1)), (identifier, "0")):
        with pytest.raises(ValueError):
            read(typed)


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        *((day, typed) for typed in ("0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31", "2026-02-30", "20261122",
                                     "2026-W47-7", "2026-11-22T10:00", "22/11/2026", "", "٢٠٢٦-11-22", "9" * 5000)),
        *((moment, typed) for typed in ("0001-01-01T00:00", "9999-12-31T23:59", "2026-11-22", "2026-11-22T24:00", "T",
                                        "2026-11-22T10:00+02:00", "2026-11-22 10:00", "", "2026-11-22T10")),
    ],
)  # fmt: skip
def test_no_date_is_refused(read: Callable[[object], Any], typed: str) -> None:
    with pytest.raises(ValueError, match=r"^Indiquez un jour"):
        read(typed)


def test_dates_have_bounds_and_moments_are_in_france() -> None:
    assert (day("2000-01-01"), day(" 2100-12-31 ")) == (dt.date(2000, 1, 1), dt.date(2100, 12, 31))
    for typed, utc in (("2026-07-14T09:30", "07:30"), ("2026-11-22T09:30:15.5", "08:30")):
        assert f"{moment(typed).astimezone(dt.UTC):%H:%M}" == utc
    for typed in ("2000-01-01T00:00", "2100-12-31T23:59"):
        assert moment(typed).astimezone(dt.UTC)


class Everything(BaseModel):
    model_config = {"validate_default": True}

    n: Number
    on: Day
    at: Moment
    id_or_zero: IdOrZero = 0


def test_form_says_what_is_wrong_field_by_field() -> None:
    with pytest.raises(Invalid) as refused:
        validated(Everything, {"id_or_zero": "0"})
    assert set(refused.value.errors) == {"n", "on", "at", "id_or_zero"}
    assert all(sentence.startswith(("Indiquez", "Donnez")) for sentence in refused.value.errors.values())
    form = validated(Everything, {"n": "3", "on": "2026-11-22", "at": "2026-11-22T10:00", "id_or_zero": " "})
    assert (form.n, form.id_or_zero) == (3, 0)


def test_query_parameter_that_is_none_of_ours_is_left_out() -> None:
    assert [asked(text, identifier, 0) for text in ("12", "", "douze", "9" * 5000)] == [12, 0, 0, 0]


def test_cursor_reads_what_it_wrote_and_nothing_else() -> None:
    at = dt.datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=dt.UTC)
    assert cursor(cursor_text(at, 12), identifier) == (at, 12)
    assert cursor("", identifier) is None
    for text in ("x", "1", "1-", "-1", "1-x", f"1-{'9' * 25}", f"{'9' * 25}-1", f"{'9' * 18}-1", "1-1-1", "-"):
        with pytest.raises(NotFound):
            cursor(text, identifier)
