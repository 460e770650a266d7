"""To sign with an address that is known: nothing new counts, at most a mail goes.

Under the same name it corrects what waits; under another it waits beside, or behind (seats.py): nothing that
somebody else has typed is replaced before the mailbox has said so.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy.orm import Session

from app.consents import actions as consents
from app.consents import queries as consent_queries
from app.consents.models import ConsentKind
from app.db import vault_of
from app.mail.outbox import Mail
from app.signatures import doubts, emails, links, queries, seats
from app.signatures.actions import incoming
from app.signatures.actions.incoming import Coming
from app.signatures.actions.mailing import confirmation, may_mail
from app.signatures.models import Signature, SignatureState
from app.signatures.public import seal_field


def sign_again(
    session: Session, known: Sequence[Coming], now: datetime, today: date
) -> tuple[list[Mail], list[Coming]]:
    """Their mails; and those whose address has no signature any more, which may be new after all."""
    addresses: dict[tuple[int, bytes], list[Coming]] = {}
    for one in known:
        addresses.setdefault((one.row["petition_id"], one.row["email_key"]), []).append(one)
    mails, left = [], []
    rows = queries.lock_addresses(session, addresses)
    for address, forms in addresses.items():
        if not rows[address]:
            left += forms
            continue
        # Twenty identical posts in one group are one repetition, not nineteen.
        for _, same in groupby(forms, lambda one: one.row["form_digest"]):
            mails += _one(session, rows[address], next(same), now, today)
    return mails, left


def _one(session: Session, rows: list[Signature], one: Coming, now: datetime, today: date) -> list[Mail]:
    keys, form = one.request.signing.keys, one.request.form
    row = next((row for row in rows if seats.same_name(keys, row, form)), None)
    if row is not None and row.state == SignatureState.PENDING:
        return _correct(session, rows, row, one, now, today)
    if row is None and seats.taken(rows, one.request.people) is not None:
        return _beside(session, rows, one, now, today)
    row = row or rows[0]
    if not may_mail(session, rows, row, today):
        return []
    return [emails.already(vault_of(session), incoming.addressee(one, row.id), now)]


def _correct(
    session: Session, rows: list[Signature], row: Signature, one: Coming, now: datetime, today: date
) -> list[Mail]:
    """Not confirmed yet: the last form sent is the one that will be shown, whether or not a mail may go."""
    changed = row.form_digest != one.row["form_digest"]
    if changed:
        _rewrite(session, row, one, now)
    elif doubts.NO_PROOF not in (one.row["doubt"] or ""):
        row.doubt = one.row["doubt"]  # the same form, and now with its proof
    if now - row.created_at >= links.CONFIRM_FOR:
        row.mails, row.created_at = 0, now  # what was mailed then opens nothing any more
    if not may_mail(session, rows, row, today):
        return []  # the link of the last mail shows this form, and ends when that mail said
    row.created_at = now
    to = incoming.addressee(one, row.id)
    return [confirmation(session, to, row, rows, one.request.signing.keys, one.request.people, again=changed)]


def _rewrite(session: Session, row: Signature, one: Coming, now: datetime) -> None:
    keys, form = one.request.signing.keys, one.request.form
    # Whoever comes back to correct does not say again which link they had followed.
    kept = {"petition_id", "id", "email_key"} | ({"came_by"} if row.came_by else set())
    for name, value in one.row.items():
        if name not in kept and not name.endswith("_sealed"):
            setattr(row, name, value)
    # Sealed for the row in which they are.
    row.family_name_sealed = seal_field(keys, form.family_name, row.id.bytes, "family_name")
    row.email_sealed = seal_field(keys, form.email, row.id.bytes, "email")
    row.comment_sealed = seal_field(keys, form.comment, row.id.bytes, "comment") if form.comment else None
    session.flush()
    incoming.note_posting(session, one.request, row.id, now)
    latest = consent_queries.latest(session, row.petition_id, row.id)
    unticked = {purpose for purpose, event in latest.items() if event.kind == ConsentKind.GIVEN} - set(form.purposes)
    consents.withdraw(session, row.petition_id, row.id, unticked, one.request.channel)
    at = max([now, *(event.at + timedelta(microseconds=1) for event in latest.values())])
    consent_queries.append(session, incoming.events(one, row.id), incoming.GIVEN | {"at": at})


def _beside(session: Session, rows: list[Signature], one: Coming, now: datetime, today: date) -> list[Mail]:
    """A form of its own, with its own link; dropped only when too many names wait already."""
    request = one.request
    seat = seats.free(rows, request.people)
    if seat is None:
        return []
    key = seats.key(one.row["email_key"], seat)
    none_yet = {"mails": 0, "mails_today": 0}
    row = Signature(**(one.row | {"email_key": key} | incoming.pending(now, today) | none_yet))
    session.add(row)
    session.flush()
    rows.append(row)
    consent_queries.append(session, incoming.events(one, row.id), incoming.GIVEN | {"at": now})
    incoming.note_posting(session, request, row.id, now)
    if not may_mail(session, rows, row, today):
        return []
    return [confirmation(session, incoming.addressee(one, row.id), row, rows, request.signing.keys, request.people)]
