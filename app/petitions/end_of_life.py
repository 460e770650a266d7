"""When the personal data of a petition's signers is erased: the day called D.

``D = min(delivered + 1 month, closed + 6 months, opened + 21 months)``
(ECI Regulation 2019/788: 1 and 21 months; UK Parliament: 6 months).
"""

from datetime import datetime, timedelta

from app.petitions.models import Petition
from app.petitions.typed import LONGEST

AFTER_DELIVERY = timedelta(days=30)
# However long ago the day that its organiser gives: there is time to see it, and to say that it is wrong.
AT_LEAST = timedelta(days=7)
AFTER_CLOSING = timedelta(days=182)
AFTER_OPENING = timedelta(days=638)


def delivery_clock(handed: datetime, now: datetime) -> datetime:
    """The moment that ``delivered_at`` becomes, when it is noted *now* that it was handed over at *handed*."""
    return max(min(now, handed), now - AFTER_DELIVERY + AT_LEAST)


def erased_on(petition: Petition, now: datetime) -> datetime:
    """D as it stands today; for a petition still open, counted from its planned end."""
    opened = petition.opened_at or now
    closes = petition.ended_at(now) or petition.closes_at or opened + LONGEST
    days = [closes + AFTER_CLOSING, opened + AFTER_OPENING]
    if petition.delivered_at is not None:
        days.append(petition.delivered_at + AFTER_DELIVERY)
    return min(days)
