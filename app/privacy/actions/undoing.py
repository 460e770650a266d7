"""To withdraw or erase, with a minute to think again.

Everything takes effect at once: the rows are gone from every table, as for whoever has no second thoughts. What the
act took away is kept for a minute, sealed with a secret that the page alone holds which says that it is done: we
cannot open it, and whoever can has what they had. Undone, everything is as it was; only the ledger of consents and
the journal say what happened. The words that decisions quote stay until the minute is over: the database lets none
of them come back.
"""

import json
import secrets
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.consents import actions as consents
from app.consents import queries as consent_queries
from app.consents.models import ConsentKind, said_yes
from app.db import changed, vault_of
from app.errors import Conflict, Gone, NotFound
from app.mail import bounced, outbox
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.privacy.actions import erasing
from app.privacy.actions.erasing import Kept
from app.privacy.models import Undo
from app.privacy.queries import comments as comment_texts
from app.privacy.queries import images, mailings, taken
from app.privacy.queries.images import Changes, Which
from app.register import actions as register
from app.register.entries import Kind
from app.signatures import links, seats
from app.signatures import queries as signature_queries
from app.signatures.actions.confirming import lock_beside
from app.signatures.models import Signature, SignatureState, Withdrawal
from app.signatures.public import open_field, reference
from app.subscriptions import actions as subscriptions
from app.subscriptions.models import MAILINGS, Subscription

NOT_OURS = "Ce lien est incomplet ou n’est pas de nous."
TOO_LATE = "La minute est passée : ce qui a été retiré ou effacé l’est pour de bon."
SIGNED_AGAIN = (
    "Cette adresse a signé de nouveau depuis : c’est cette signature-là qui compte. Confirmez-la depuis votre boîte si "
    "ce n’est pas fait."
)
ENDED = "Les signatures de cette pétition viennent d’être effacées, comme annoncé : il n’y a plus rien à rétablir."
Signed = tuple[int, uuid.UUID]


@dataclass(frozen=True)
class Look:
    """What a link to undo shows. ``open``: its minute is running; ``undone``: it has served."""

    open: bool
    undone: bool
    until: datetime | None = None
    everything: bool = False
    petitions: Sequence[Petition] = ()
    # Of these, those whose line of the register there is a receipt for.
    left: Sequence["Left"] = ()


@dataclass(frozen=True)
class Left:
    """A signature that was in the count until this act."""

    petition: Petition
    id: uuid.UUID
    email: str


@dataclass
class Watched:
    """What is looked at before and after an act, and whose consents it may end."""

    rows: list[Which] = field(default_factory=list)
    # What the act itself writes, and undoing takes off.
    notes: list[Which] = field(default_factory=list)
    signed: set[Signed] = field(default_factory=set)


def withdraw(session: Session, petition_id: int, signature_id: uuid.UUID, channel: str) -> str:
    """One signature and everything said with it; the link's token to undo it, "" where there is nothing to undo.

    Whoever says that they did not sign has a form erased that never counted: what somebody else typed is not kept.
    """
    taken.lock_comments(session, signature_id)
    beside = lock_beside(session, petition_id, signature_id)
    # Again: what they said while we waited for the signature is theirs to have back as well.
    comments = taken.lock_comments(session, signature_id)
    row = next((row for row in beside if row.id == signature_id), None)
    if row is None or (row.state == SignatureState.PENDING and channel == "not_me"):
        erasing.withdraw(session, petition_id, signature_id, channel)
        return ""
    with _remembered(session, _of_signature(session, row, comments)) as kept:
        erasing.withdraw(session, petition_id, signature_id, channel, kept.kept)
    return kept.token


def erase(session: Session, email: str, channel: str) -> str:
    """Everything of one address; the token to undo it. Raises Refused."""
    found = [row for _, row in erasing.signatures_of(session, email)]
    for row in found:
        taken.lock_comments(session, row.id)
    addresses = {(row.petition_id, seats.address_of(row.email_key)) for row in found}
    watched = _of_address(session, email)
    for row in (row for rows in signature_queries.lock_addresses(session, addresses).values() for row in rows):
        one = _of_signature(session, row, taken.lock_comments(session, row.id))
        watched.rows += one.rows
        watched.notes += one.notes
        watched.signed |= one.signed
    with _remembered(session, watched, everything=True) as kept:
        erasing.erase(session, email, channel, kept.kept)
    return kept.token


def _of_signature(session: Session, row: Signature, comments: Sequence[int]) -> Watched:
    keys, petition_id = petition_keys.of(session, row.petition_id), row.petition_id
    email = open_field(keys, row.email_sealed, row.id.bytes, "email")
    listed, no = (
        subscriptions.address_key(session, "updates", petition_id, email, use=use) for use in (b"list", b"no")
    )
    references = [reference(keys, row.id, purpose) for purpose in ("delivery", "contact")]
    return Watched(
        rows=[
            *taken.of_signature(petition_id, row.id, seats.address_of(row.email_key), comments),
            *taken.of_subscriptions([listed]),
        ],
        notes=[*taken.written_down(petition_id, references), *taken.suppressed([no])],
        signed={(petition_id, row.id)},
    )


def _of_address(session: Session, email: str) -> Watched:
    scopes = [(purpose, petition.id) for petition in petition_queries.all_opened(session) for purpose in MAILINGS]
    every = {*scopes, ("newsletter", 0)}

    def keys(use: bytes) -> list[bytes]:
        return sorted({subscriptions.address_key(session, *scope, email, use) for scope in every})

    mails = mailings.mails_to(session, email)
    return Watched(
        rows=[
            *taken.of_address(email, bounced.key_of(session, email), mails),
            *taken.of_subscriptions(keys(b"list")),
            *taken.about(list(erasing.taken_back(session, email))),
        ],
        notes=taken.suppressed(keys(b"no")),
    )


@dataclass
class _Keeping:
    kept: Kept = field(default_factory=Kept)
    token: str = ""


@contextmanager
def _remembered(session: Session, watched: Watched, *, everything: bool = False) -> Iterator[_Keeping]:
    """What happens within is kept for a minute, under a new link."""
    keeping = _Keeping()
    before = images.look(session, [*watched.rows, *watched.notes])
    owned = [row for (name, _), row in before.items() if name == Subscription.__tablename__]
    before |= images.look(session, taken.about([row["id"] for row in owned]))
    watched.signed |= {(row["consent_petition_id"], row["signature_id"]) for row in owned if row["signature_id"]}
    said = {one: _said_yes(session, one) for one in watched.signed}
    yield keeping
    changes = images.compare(session, before, watched.notes)
    ended = [(one, sorted(yes & _withdrawn(session, one))) for one, yes in sorted(said.items()) if yes]
    # No export begins between the act and the commit.
    now = clock.now()
    until = now.replace(microsecond=0) + links.UNDO_FOR
    taken.tell_later(session, [row["id"] for row in images.rows(changes, "came", Withdrawal)], until)
    what = {
        "at": now.isoformat(),
        "everything": everything,
        "changes": changes,
        "ended": [[petition_id, signature_id.hex, purposes] for (petition_id, signature_id), purposes in ended],
        "mails": keeping.kept.mails,
    }
    secret = secrets.token_bytes(crypto.KEY_BYTES)
    session.add(
        Undo(
            key=_key(secret),
            sealed=crypto.seal(crypto.derive(secret, "undo"), json.dumps(what).encode()),
            comments=keeping.kept.comments,
            expires_at=until,
        )
    )
    session.flush()
    keeping.token = links.make_undo(vault_of(session), secret, until)


def _key(secret: bytes) -> bytes:
    return crypto.fingerprint(secret.hex())


def _said_yes(session: Session, one: Signed) -> set[str]:
    latest = consent_queries.latest(session, *one)
    return {purpose for purpose, event in latest.items() if said_yes(event)}


def _withdrawn(session: Session, one: Signed) -> set[str]:
    latest = consent_queries.latest(session, *one)
    return {purpose for purpose, event in latest.items() if event.kind == ConsentKind.WITHDRAWN}


def look(session: Session, token: str) -> Look:
    """What this link shows, which changes nothing. Raises NotFound."""
    secret, running = _read(session, token)
    row = taken.find_undo(session, _key(secret))
    if row is None or not running:
        return Look(open=False, undone=False)
    if row.undone_at is not None:
        return Look(open=False, undone=True)
    what = _opened(secret, row)
    signed = sorted({signature["petition_id"] for signature in images.rows(what["changes"], "gone", Signature)})
    petitions = [petition_queries.alone(session, petition_id) for petition_id in signed]
    return Look(
        open=True,
        undone=False,
        until=row.expires_at,
        everything=what["everything"],
        petitions=petitions,
        left=_left(session, what),
    )


def left(session: Session, token: str) -> Sequence[Left]:
    """What has left the count, as long as the minute runs. Raises NotFound, Gone."""
    found = look(session, token)
    if not found.open:
        raise Gone(TOO_LATE)
    return found.left


def _left(session: Session, what: dict[str, Any]) -> list[Left]:
    rows = [row for row in images.rows(what["changes"], "gone", Signature) if row["state"] == SignatureState.CONFIRMED]
    return [
        Left(
            petition_queries.alone(session, row["petition_id"]),
            row["id"],
            open_field(petition_keys.of(session, row["petition_id"]), row["email_sealed"], row["id"].bytes, "email"),
        )
        for row in rows
    ]


def _read(session: Session, token: str) -> tuple[bytes, bool]:
    found = links.read_undo(vault_of(session), token)
    if found is None:
        raise NotFound(NOT_OURS)
    return found


def _opened(secret: bytes, row: Undo) -> dict[str, Any]:
    what: dict[str, Any] = json.loads(crypto.unseal(crypto.derive(secret, "undo"), row.sealed))
    return what


def undo(session: Session, token: str) -> None:
    """Everything as it was, within the minute; twice is once. Raises NotFound, Gone, Conflict."""
    secret, running = _read(session, token)
    row = taken.lock_undo(session, _key(secret))
    if row is not None and running and row.undone_at is not None:
        return
    if row is None or not running:
        raise Gone(TOO_LATE)
    what = _opened(secret, row)
    changes: Changes = what["changes"]
    gone = list(images.rows(changes, "gone", Signature))
    _take_turns(session, gone)
    _check_seats(session, gone, changes, datetime.fromisoformat(what["at"]))
    if not outbox.cancel_held(session, what["mails"]):
        raise Gone(TOO_LATE)
    if Signature.__tablename__ in images.put_back(session, changes):
        raise Conflict(SIGNED_AGAIN)  # at this very moment
    _count_again(session, gone, datetime.fromisoformat(what["at"]))
    for petition_id, signature_id, purposes in what["ended"]:
        consents.hold_again(session, petition_id, uuid.UUID(signature_id), purposes)
    row.sealed, row.comments, row.undone_at = b"", [], clock.now()
    if what["everything"]:
        audit.record(session, "person.erasure_undone", "person", "-", signatures=len(gone))


def _take_turns(session: Session, gone: Sequence[images.Row]) -> None:
    """No export takes its moment, no petition ends and nobody signs with these addresses until the commit."""
    petition_ids = sorted({row["petition_id"] for row in gone})
    for petition_id in petition_ids:
        petition_queries.lock_shared(session, petition_id)
    petition_queries.hold_counting(session, petition_ids)
    for petition_id in petition_ids:
        petition = petition_queries.alone(session, petition_id)
        session.refresh(petition, ["final_count"])
        if petition.final_count is not None:
            raise Conflict(ENDED)


def _check_seats(session: Session, gone: Sequence[images.Row], changes: Changes, at: datetime) -> None:
    """The seats that they had are free, but for who moved up. Raises Conflict."""
    addresses = {(row["petition_id"], seats.address_of(row["email_key"])) for row in gone}
    now = {(row.petition_id, row.id): row for rows in signature_queries.lock_addresses(session, addresses).values()
           for row in rows}  # fmt: skip
    wanted = {(row["petition_id"], row["email_key"]) for row in gone}
    for key, was, is_ in images.changed(changes, Signature):
        row = now.get((key["petition_id"], key["id"]))
        if row is None or "email_key" not in was:
            continue
        if row.email_key != is_["email_key"] or (row.confirmed_at is not None and row.confirmed_at >= at):
            raise Conflict(SIGNED_AGAIN)
        del now[row.petition_id, row.id]
        wanted.add((row.petition_id, was["email_key"]))
    if any((row.petition_id, row.email_key) in wanted for row in now.values()):
        raise Conflict(SIGNED_AGAIN)


def _count_again(session: Session, gone: Sequence[images.Row], at: datetime) -> None:
    now = clock.now()
    for row in gone:
        petition_id, confirmed_at = row["petition_id"], row["confirmed_at"]
        if row["state"] == SignatureState.CONFIRMED and confirmed_at is not None:
            email = open_field(petition_keys.of(session, petition_id), row["email_sealed"], row["id"].bytes, "email")
            person = register.Person(row["id"], email, row["text_version"], clock.hour_of(confirmed_at))
            register.count(session, petition_id, Kind.RESTORED, [person], now)
            taken.back_in_files(session, petition_id, row["id"], at, now)
        audit.record(session, "signature.withdrawal_undone", "signature", row["id"], petition=petition_id)
        changed(session, petition_id)


def forget_expired(session: Session, now: datetime, limit: int) -> int:
    """Minutes that are over: what they kept goes, and what decisions quoted of it."""
    rows = taken.lock_expired(session, now, limit)
    comment_texts.forget_reasons(session, [comment_id for row in rows for comment_id in row.comments])
    taken.forget(session, rows)
    return len(rows)
