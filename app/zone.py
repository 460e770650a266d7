"""A day is a date, its end is a moment; both are those of France.

What lasts until a day lasts until the midnight after it: that moment is kept, the day is shown.
"""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Paris")


def day_of(moment: datetime) -> date:
    """The day it is in France at *moment*."""
    return moment.astimezone(ZONE).date()


def time_of(moment: datetime) -> str:
    """``14:05``, in France."""
    return moment.astimezone(ZONE).strftime("%H:%M")


def start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def end_of(day: date) -> datetime:
    """The midnight after *day*. Raises OverflowError on the last day of the calendar."""
    return start_of(day + timedelta(days=1))


def last_day_before(end: datetime) -> date:
    """The last day of what ends at *end*: ``last_day_before(end_of(day)) == day``."""
    return day_of(end - timedelta(microseconds=1))


def day_typed(text: str) -> date:
    """``2027-01-31`` or ``31/01/2027``. Raises ValueError."""
    iso = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    french = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", text)
    if iso:
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    if french:
        return date(int(french[3]), int(french[2]), int(french[1]))
    raise ValueError(text)
