"""The register of requests that came by letter, telephone or e-mail."""

from datetime import date

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.db import vault_of
from app.errors import Conflict, NotFound, Refused
from app.privacy.actions.ending import due_date
from app.privacy.models import CLOSING, DataRequest, RequestState


def note(session: Session, received_on: date, channel: str, text: str, by: int) -> DataRequest:
    """Write the request down; its answer is due in a month."""
    row = DataRequest(
        received_on=received_on,
        due_on=due_date(received_on),
        channel=channel,
        request_sealed=crypto.seal(vault_of(session).requests, text.encode()),
        state=RequestState.OPEN,
        answer="",
    )
    session.add(row)
    session.flush()
    audit.record(session, "data_request.noted", "data_request", row.id, by)
    return row


def reopen(session: Session, request_id: int, by: int) -> None:
    """Its answer was noted by mistake: it is due again, as it was. Raises NotFound, Conflict."""
    row = session.get(DataRequest, request_id, with_for_update=True)
    if row is None:
        raise NotFound("Cette demande n’existe pas.")
    if row.state == RequestState.OPEN:
        raise Conflict("Cette demande est déjà ouverte.")
    row.state, row.answer, row.closed_at = RequestState.OPEN, "", None
    audit.record(session, "data_request.reopened", "data_request", row.id, by)


def close(session: Session, request_id: int, state: str, answer: str, by: int) -> None:
    """Raises NotFound, Refused."""
    row = session.get(DataRequest, request_id)
    if row is None:
        raise NotFound("Cette demande n’existe pas.")
    if state not in CLOSING:
        raise Refused("Dites si la demande a été satisfaite ou refusée.")
    row.state, row.answer, row.closed_at = state, answer, clock.now()
    audit.record(session, f"data_request.{state}", "data_request", row.id, by)
