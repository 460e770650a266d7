"""Wordings are installed and replaced; answers are appended, never changed."""

import hashlib
import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from sqlalchemy.orm import Session

from app import audit, clock
from app.consents import queries
from app.consents.models import PURPOSES, UNDONE, ConsentKind, ConsentText, said_yes
from app.errors import Refused

TEXTS = Path(__file__).with_name("texts.yaml")
# What a wording may leave to each petition.
BLANKS = ("petition", "controller", "organiser")
RECIPIENT = "[destinataire]"


def worded(body: str, recipient: str, **blanks: str) -> str:
    """A text with the names of its petition."""
    return body.format(**blanks).replace(RECIPIENT, recipient)


def install_texts(session: Session) -> int:
    """Every wording that is missing; a new one where ours of before is in force, never where the operator wrote theirs.

    Returns how many were added.
    """
    added = 0
    for entry in yaml.safe_load(TEXTS.read_text()):
        place = entry["purpose"], entry["variant"], entry["locale"]
        body, ours = entry["body"].strip(), entry.get("replaces", [])
        known = queries.latest_version(session, *place)
        if known is None:
            _add(session, *place, version=1, body=body, valid_from=datetime.fromtimestamp(0, tz=UTC))
        elif known.sha256 in ours and known.valid_to is None:
            replace_text(session, *place, body)
        else:
            continue
        added += 1
    return added


def replace_text(
    session: Session, purpose: str, variant: str, locale: str, body: str, by: int | None = None
) -> ConsentText:
    """Another wording from now on; forms that show the earlier one are shown again."""
    try:
        body.format(**dict.fromkeys(BLANKS, ""))
    except (KeyError, IndexError, ValueError):
        raise Refused("Seuls {petition}, {controller} et {organiser} peuvent être entre accolades.") from None
    if not body.strip() or purpose not in PURPOSES:
        raise Refused("Ce texte est vide, ou cette finalité n’existe pas.")
    now = clock.now()
    earlier = queries.latest_version(session, purpose, variant, locale)
    if earlier is not None:
        earlier.valid_to = now
    version = earlier.version + 1 if earlier else 1
    text = _add(session, purpose, variant, locale, version=version, body=body.strip(), valid_from=now)
    audit.record(session, "consent.text_replaced", "consent_text", text.id, by)
    return text


def _add(
    session: Session, purpose: str, variant: str, locale: str, *, version: int, body: str, valid_from: datetime
) -> ConsentText:
    text = ConsentText(
        purpose=purpose,
        variant=variant,
        locale=locale,
        version=version,
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        valid_from=valid_from,
    )
    session.add(text)
    session.flush()
    return text


def give_again(
    session: Session,
    petition_id: int,
    signature_id: uuid.UUID,
    purpose: str,
    text_id: int,
    channel: str = "self_service",
) -> None:
    """A new yes of somebody whose mailbox is proven: given and confirmed in one."""
    latest = queries.latest(session, petition_id, signature_id)
    at = max([clock.now(), *(event.at + timedelta(microseconds=1) for event in latest.values())])
    event = {"purpose": purpose, "text_id": text_id, "subject": latest["sign"].subject, "at": at}
    same = {
        "petition_id": petition_id,
        "signature_id": signature_id,
        "kind": ConsentKind.CONFIRMED,
        "channel": channel,
    }
    queries.append(session, [event], same)


def hold_again(session: Session, petition_id: int, signature_id: uuid.UUID, purposes: Collection[str]) -> None:
    """Their end is undone: it stays written, and so does this."""
    now = clock.now()
    events = [
        {
            "purpose": purpose,
            "text_id": last.text_id,
            "subject": last.subject,
            "at": max(now, last.at + timedelta(microseconds=1)),
        }
        for purpose, last in queries.latest(session, petition_id, signature_id).items()
        if purpose in purposes and last.kind == ConsentKind.WITHDRAWN
    ]
    same = {"petition_id": petition_id, "signature_id": signature_id, "kind": ConsentKind.CONFIRMED, "channel": UNDONE}
    queries.append(session, events, same)


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
    events: dict[str, dict[str, object]] = {}
    for purpose, last in queries.latest(session, petition_id, signature_id).items():
        if said_yes(last) and (purposes is None or purpose in purposes):
            # Two events of one purpose are never of the same instant: the later one is the truth.
            at = max(now, last.at + timedelta(microseconds=1))
            events[purpose] = {"purpose": purpose, "text_id": last.text_id, "subject": last.subject, "at": at}
    same = {"petition_id": petition_id, "signature_id": signature_id, "kind": kind, "channel": channel}
    queries.append(session, list(events.values()), same)
    return set(events)
