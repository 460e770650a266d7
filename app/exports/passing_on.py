"""Lines of files that have gone out and have to be dropped from them: a reference, no name."""

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.exports import queries, table
from app.exports.about import PURPOSES
from app.exports.models import ExportRecord
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.signatures.models import Withdrawal


def lines(session: Session, petition: Petition) -> list[dict[str, Any]]:
    """Whoever left after a file had gone out with them in it, the latest first, and which files.

    Not in the minute in which they may still come back.
    """
    now = clock.now()
    exports = [one for one in queries.begun(session, petition.id) if table.names_people(petition, one.purpose)]
    return [
        {
            "reference": row.reference,
            "at": row.withdrawn_at,
            "purpose_label": PURPOSES[row.purpose],
            "exports": found,
        }
        for row in signature_queries.withdrawals_after_export(session, petition.id)
        if (row.undo_until is None or row.undo_until <= now)
        if (found := [one.started_at for one in exports if one.purpose == row.purpose and _was_in(row, one)])
    ]


def _was_in(row: Withdrawal, record: ExportRecord) -> bool:
    """What is only new since an earlier file is in it no second time."""
    return (
        row.confirmed_at is not None
        and row.confirmed_at <= record.started_at < row.withdrawn_at
        and (record.since is None or record.since < row.confirmed_at)
    )
