"""The journal of exports as pages show it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from app.exports.about import PURPOSES
from app.exports.models import ExportRecord

# Nobody takes longer over a file: what has no end by then was cut.
LONGEST = timedelta(hours=1)
OPERATOR = "ligne de commande"
# By what its lines may be in order.
ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "date": itemgetter("at"),
    "petition": itemgetter("title"),
    "finalite": itemgetter("purpose_label"),
    "format": itemgetter("format"),
    "etendue": itemgetter("since"),
    "lignes": itemgetter("rows"),
    "par": itemgetter("by"),
    "motif": lambda line: line["reason"] or None,
}
FORMATS = {"csv": "CSV", "xlsx": "Classeur", "zip": "Dossier"}


def lines(rows: Iterable[Any], now: datetime) -> list[dict[str, Any]]:
    """*rows*: of queries.journal, or of all."""
    return [
        {
            "id": row.ExportRecord.id,
            "at": row.ExportRecord.started_at,
            "purpose_label": PURPOSES[row.ExportRecord.purpose],
            "format": FORMATS[row.ExportRecord.format],
            "since": row.ExportRecord.since,
            "rows": row.ExportRecord.rows,
            "sha256": row.ExportRecord.sha256 or "",
            "reason": row.ExportRecord.reason,
            "by": row.email or OPERATOR,
            "state": state(row.ExportRecord, now),
            "title": getattr(row, "title", ""),
            "slug": getattr(row, "slug", ""),
        }
        for row in rows
    ]


def last(rows: Mapping[str, Any]) -> list[dict[str, Any]]:
    """*rows*: of queries.last_finished."""
    return [
        {
            "purpose_label": PURPOSES[purpose],
            "at": rows[purpose].ExportRecord.started_at,
            "by": rows[purpose].email or OPERATOR,
        }
        for purpose in PURPOSES
        if purpose in rows
    ]


def state(record: ExportRecord, now: datetime) -> str:
    """``waits``, ``never`` (fetched), ``under_way``, ``cut`` or ``whole``."""
    if record.waits_until is not None:
        return "waits" if now < record.waits_until else "never"
    if record.finished_at is not None:
        return "whole"
    return "under_way" if now - record.started_at < LONGEST else "cut"
