"""Mails about a signature that exists: how many may go, one more on demand, one reminder."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from app import clock, crypto
from app.db import vault_of
from app.mail import bounced, outbox
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions.keys import Keys
from app.petitions.models import Petition
from app.signatures import bound, emails, links, queries, seats
from app.signatures.models import Signature, SignatureState
from app.signatures.public import open_field
from app.templating import in_language
from app.zone import ZONE

MAILS_A_DAY = 2
MAILS_IN_ALL = 5


def may_mail(session: Session, rows: Sequence[Signature], row: Signature, today: date) -> bool:
    """Count one more mail about *row*, unless the *rows* of its address had two today or five in all.

    Those of a form that was taken back (following.py) count as well.
    """
    before = outbox.left(session, seats.mails_of(row.email_key))
    sent_today = sum(each.mails_today for each in rows if each.mailed_on == today)
    sent_today += sum(at.astimezone(ZONE).date() == today for at in before)
    if sent_today >= MAILS_A_DAY or len(before) + sum(each.mails for each in rows) >= MAILS_IN_ALL:
        return False
    row.mails += 1
    row.mails_today = (row.mails_today if row.mailed_on == today else 0) + 1
    row.mailed_on = today
    return True


def confirmation(
    session: Session,
    to: emails.Addressee,
    row: Signature,
    rows: Sequence[Signature],
    keys: Keys,
    people: int,
    *,
    again: bool = False,
) -> outbox.Mail:
    """The link that confirms *row*, one of the *rows* of its address; says whom it would replace, or sit beside.

    *again*: it was corrected since its last mail.
    """
    expires, vault = row.created_at + links.CONFIRM_FOR, vault_of(session)
    waits, taken = seats.waits(row.email_key), seats.taken(rows, people, row)
    other = taken.instead_of if taken is not None else None
    if other is not None:
        name, shown = seats.full_name(keys, other), bound.shown(keys, row, other)
        return emails.replacement(vault, to, expires, shown, name, counted=other.state == SignatureState.CONFIRMED)
    beside = [seats.full_name(keys, each) for each in rows if each is not row and not seats.waits(each.email_key)]
    return emails.confirm(vault, to, expires, waits=waits, again=again, beside=beside[0] if beside else "")


def token_of(session: Session, row: Signature, rows: Sequence[Signature], keys: Keys, people: int) -> str:
    """The same link, for a page."""
    taken = seats.taken(rows, people, row)
    shown = bound.shown(keys, row, taken.instead_of if taken is not None else None)
    purpose = "other" if seats.waits(row.email_key) else "confirm"
    expires = row.created_at + links.CONFIRM_FOR
    return links.make(vault_of(session), purpose, row.petition_id, row.id, expires, shown)


def addressee_of(session: Session, signature: Signature, petition: Petition, origin: str) -> emails.Addressee:
    """The addressee of a mail about a stored signature."""
    keys = petition_keys.of(session, petition.id)
    origin += in_language(signature.locale, "")
    return emails.Addressee(
        petition_id=petition.id,
        signature_id=signature.id,
        email=open_field(keys, signature.email_sealed, signature.id.bytes, "email"),
        given_name=signature.given_name,
        locale=signature.locale,
        title=petition.title,
        url=f"{origin}/petitions/{petition.slug}",
        origin=origin,
        form_digest=signature.form_digest or b"",
    )


def resend(session: Session, petition: Petition, email: str, origin: str, people: int) -> None:
    """Send what waits again, the latest form first, within the limits; silent about what it found."""
    now = clock.now()
    keys = petition_keys.of(session, petition.id)
    address = (petition.id, crypto.digest(keys.dedup, canonical(email).encode()))
    rows = queries.lock_addresses(session, [address])[address]
    waiting = [row for row in rows if row.state == SignatureState.PENDING and now - row.created_at < links.CONFIRM_FOR]
    counted = [row for row in rows if row.state != SignatureState.PENDING][:1]
    for row in sorted(waiting, key=lambda row: row.created_at, reverse=True) or counted:
        if not may_mail(session, rows, row, now.astimezone(ZONE).date()):
            continue
        to = addressee_of(session, row, petition, origin)
        if row in waiting:
            mail = confirmation(session, to, row, rows, keys, people)
        else:
            mail = emails.already(vault_of(session), to, now)
        outbox.enqueue(session, [mail])


def remind(session: Session, origin: str) -> int:
    """One reminder after 48 hours, never two; none while a petition is closed, nor to where mail comes back from."""
    now = clock.now()
    rows = queries.to_remind(session, now)
    for row in rows:
        row.reminded = True
        petition = session.get_one(Petition, row.petition_id)
        if seats.waits(row.email_key):
            continue
        to = addressee_of(session, row, petition, origin)
        of_address = queries.of_address(session, row.petition_id, seats.address_of(row.email_key))
        if not bounced.stopped(session, [to.email]) and may_mail(session, of_address, row, now.astimezone(ZONE).date()):
            expires = row.created_at + links.CONFIRM_FOR
            outbox.enqueue(session, [emails.confirm(vault_of(session), to, expires, reminder=True)])
    return len(rows)
