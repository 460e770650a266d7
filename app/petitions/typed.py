"""What people type for a number or a day, in a form and in a file alike.

Errors are halves of French sentences: a file names its line before, a form makes them whole.
"""

import re
from datetime import date, datetime, timedelta

from app import clock
from app.locale import Message, Spoken
from app.templating import long_date
from app.zone import day_of, day_typed

# Open for signatures so long at most.
LONGEST = timedelta(days=365)
MOST_SIGNATURES = 100_000_000
# Of a name, a function, a source's title; of a whole text.
MAX_LINE = 300
MAX_TEXT = 50_000
_FOCUS = re.compile(r"([0-9]{1,3})\s*%?[\s,;]+([0-9]{1,3})\s*%?")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:[ \u00a0\u2009\u202f'’][0-9]{3})+|[0-9]+")


def goal(text: str) -> int:
    """``5000``, ``5 000``. Not ``5.000``, which is five to some. Raises ValueError."""
    digits = re.sub(r"\D", "", text).lstrip("0") or "0"
    if not _THOUSANDS.fullmatch(text.strip()):
        raise ValueError("un nombre entier est attendu")
    if digits == "0":
        raise ValueError("ce nombre est trop petit")
    if len(digits) > 9 or int(digits) > MOST_SIGNATURES:
        raise ValueError("ce nombre est trop grand")
    return int(digits)


def focus(text: str) -> tuple[int, int]:
    """``50 30``, ``50 % 30 %``: from the left and from the top. Raises ValueError."""
    found = _FOCUS.fullmatch(text.strip())
    if not found or int(found[1]) > 100 or int(found[2]) > 100:
        raise ValueError("deux pourcentages sont attendus, de gauche et du haut, comme « 50 30 »")
    return int(found[1]), int(found[2])


def day(text: str) -> date:
    """Raises ValueError."""
    try:
        return day_typed(text.strip())
    except ValueError:
        raise ValueError("une date AAAA-MM-JJ est attendue") from None


def latest_day(now: datetime) -> date:
    """The last day that a petition published at *now* may have."""
    return day_of(now + LONGEST)


def last_day(wanted: date) -> date:
    """*wanted*, when a petition written today may end so. Raises ValueError."""
    now = clock.now()
    if wanted < day_of(now):
        raise ValueError("cette date est passée")
    if wanted > latest_day(now):
        too_far = "cette date est trop lointaine : au plus tard le %(day)s, dans un an"
        raise ValueError(Message(too_far, day=Spoken(long_date, latest_day(now))))
    return wanted
