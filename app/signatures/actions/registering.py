"""What the register lacks: signatures that were counted before it began, or by a release that does not know it.

Each signer is to find their own line: what is missing is told as it happened, in its own hour. Only what no row
explains any more becomes a correction of the whole.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.clock import hour_of
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.register import entries, queries
from app.register.actions.receipts import secret_of
from app.register.actions.writing import Log, Pen
from app.register.entries import PERSONAL, Entry, Kind
from app.signatures import queries as signature_queries
from app.signatures.models import SignatureState
from app.signatures.public import open_fields

ROWS = 1000


class Stretch(NamedTuple):
    """``last``: the row that the next stretch begins after, None at the end; ``left``: who changes at this moment."""

    last: uuid.UUID | None
    left: int


def tell_missing(
    session: Session, petition_id: int, pen: Pen, now: datetime, after: uuid.UUID | None, limit: int = ROWS
) -> Stretch | None:
    """A line for each of these rows that has none; None when somebody else appends now.

    Nothing is appended meanwhile but by us. Rows are read before the news: who changes in between has news that say
    otherwise than the row, and is left for another time.
    """
    if not queries.take_turn(session):
        return None
    log = Log(session, petition_id, pen, now)
    rows = signature_queries.counted_or_aside(session, petition_id, after, limit)
    if not rows:
        return Stretch(None, 0)
    lines = _lines_of(session, petition_id, log, rows)
    news = Counter(queries.commitments_in_news(session, petition_id))
    asked = [each for of_row in lines for each in of_row.values()] if log.row.size else []
    times = queries.times_in(session, petition_id, asked)
    left = 0
    for row, of_row in zip(rows, lines, strict=True):
        told = sum(
            PERSONAL[kind] * (times.get(queries.beginning(each), 0) + news[each]) for kind, each in of_row.items()
        )
        is_counted = row.state == SignatureState.CONFIRMED
        if told == is_counted:
            continue
        if any(news[each] for each in of_row.values()):
            left += 1
        elif is_counted and told < 1:
            log.append_people(Kind.CONFIRMED, row.text_version, hour_of(row.confirmed_at), of_row[Kind.CONFIRMED])
        elif not is_counted and told > 0:
            log.append_people(Kind.SET_ASIDE, row.text_version, hour_of(now), of_row[Kind.SET_ASIDE])
    log.keep()
    return Stretch(rows[-1].id, left)


def _lines_of(session: Session, petition_id: int, log: Log, rows: Sequence[Any]) -> list[dict[Kind, bytes]]:
    """What each of these may be found by, by kind."""
    keys = petition_keys.of(session, petition_id)
    emails = open_fields(keys, [row.email_sealed for row in rows], [row.id for row in rows], "email")
    return [
        {kind: entries.commitment(secret_of(keys, row.id), canonical(email), log.row.name, kind) for kind in PERSONAL}
        for row, email in zip(rows, emails, strict=True)
    ]


def settle(session: Session, petition_id: int, pen: Pen, now: datetime) -> bool:
    """What no row explains: sheets of paper, then the rest; False when somebody else appends now."""
    if not queries.take_turn(session):
        return False
    log = Log(session, petition_id, pen, now)
    missing = sum(one.shown - one.told for one in queries.differences(session, [petition_id]))
    for hour, version, n in _sheets(session, petition_id, log, now):
        log.append(Entry(Kind.PAPER, n, version, hour))
        missing -= n
    if missing:
        log.append(Entry(Kind.CORRECTED, missing, 0, hour_of(now)))
    petition = petition_queries.alone(session, petition_id)
    if petition.purged_at is not None and not log.row.closed:
        log.append(Entry(Kind.ERASED_TOTAL, 0, 0, hour_of(petition.purged_at), str(petition.final_count)))
    log.keep()
    return True


def _sheets(session: Session, petition_id: int, log: Log, now: datetime) -> list[tuple[datetime, int, int]]:
    """(hour, version of the text, how many): each as it was counted where the register tells of none."""
    missing = queries.paper_missing(session, petition_id)
    if not missing:
        return []
    counted = queries.paper_totals(session, petition_id)
    if sum(n for *_, n in counted) == missing:
        return list(counted)
    versions = Counter({version: n for _, version, n in counted})
    return [(hour_of(now), max(versions, default=0), missing)]
