"""Wordings are installed and replaced; answers are appended, never changed."""

import hashlib
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from app import audit, clock
from app.consents import queries
from app.consents.models import PURPOSES, ConsentKind, ConsentText
from app.errors import Refused

FIRST_TEXTS = Path(__file__).with_name("texts.yaml")


def install_first_texts(session: Session) -> int:
    """The first version of every wording, once; returns how many were added."""
    added = 0
    for entry in yaml.safe_load(FIRST_TEXTS.read_text()):
        known = queries.latest_version(session, entry["purpose"], entry["variant"], entry["locale"])
        if known is None:
            _add(session, entry["purpose"], entry["variant"], entry["locale"], 1, entry["body"].strip())
            added += 1
    return added


def replace_text(
    session: Session, purpose: str, variant: str, locale: str, body: str, by: int | None = None
) -> ConsentText:
    """Another wording from now on; forms that show the earlier one are shown again."""
    try:
        body.format(petition="", controller="", organiser="")
    except (KeyError, IndexError, ValueError):
        raise Refused("Seuls {petition}, {controller} et {organiser} peuvent être entre accolades.") from None
    if not body.strip() or purpose not in PURPOSES:
        raise Refused("Ce texte est vide, ou cette finalité n’existe pas.")
    now = clock.now()
    earlier = queries.latest_version(session, purpose, variant, locale)
    if earlier is not None:
        earlier.valid_to = now
    text = _add(session, purpose, variant, locale, earlier.version + 1 if earlier else 1, body.strip(), now)
    audit.record(session, "consent.text_replaced", "consent_text", text.id, by)
    return text


def _add(
    session: Session,
    purpose: str,
    variant: str,
    locale: str,
    version: int,
    body: str,
    valid_from: datetime | None = None,
) -> ConsentText:
    text = ConsentText(
        purpose=purpose,
        variant=variant,
        locale=locale,
        version=version,
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        valid_from=valid_from or datetime.fromtimestamp(0, tz=clock.now().tzinfo),
    )
    session.add(text)
    session.flush()
    return text


def event(
    petition_id: int,
    signature_id: uuid.UUID,
    purpose: str,
    kind: str,
    text_id: int,
    subject: bytes,
    at: datetime,
    channel: str = "web",
) -> dict[str, Any]:
    """One row of evidence: no address of any kind, no user agent."""
    return {
        "petition_id": petition_id,
        "signature_id": signature_id,
        "purpose": purpose,
        "kind": kind,
        "text_id": text_id,
        "channel": channel,
        "subject": subject,
        "at": at,
    }


def give_again(session: Session, petition_id: int, signature_id: uuid.UUID, purpose: str, text_id: int) -> None:
    """A new yes of somebody whose mailbox is proven: given and confirmed in one."""
    latest = queries.latest(session, petition_id, signature_id)
    at = max([clock.now(), *(event.at + timedelta(microseconds=1) for event in latest.values())])
    subject = latest["sign"].subject
    queries.append(
        session,
        [event(petition_id, signature_id, purpose, ConsentKind.CONFIRMED, text_id, subject, at, "self_service")],
    )


def withdraw(
    session: Session,
    petition_id: int,
    signature_id: uuid.UUID,
    purposes: set[str] | None = None,
    channel: str = "web",
    kind: str = ConsentKind.WITHDRAWN,
) -> set[str]:
    """Append ``withdrawn`` (or ``expired``) where the last word was a yes; returns the purposes that changed."""
    now = clock.now()
    events = []
    for purpose, last in queries.latest(session, petition_id, signature_id).items():
        if last.kind in {ConsentKind.GIVEN, ConsentKind.CONFIRMED} and (purposes is None or purpose in purposes):
            # Two events of one purpose are never of the same instant: the later one is the truth.
            at = max(now, last.at.replace(microsecond=min(last.at.microsecond + 1, 999_999)))
            events.append(event(petition_id, signature_id, purpose, kind, last.text_id, last.subject, at, channel))
    queries.append(session, events)
    return {row["purpose"] for row in events}
