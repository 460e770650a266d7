"""Mails about a signature that exists: how many may go, one more on demand, one reminder."""

from datetime import date

from sqlalchemy.orm import Session

from app import clock, crypto
from app.db import vault_of
from app.mail import outbox
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures import emails, links, queries
from app.signatures.models import Signature
from app.signatures.public import open_field
from app.templating import ZONE, in_language

MAILS_A_DAY = 2
MAILS_IN_ALL = 5


def may_mail(signature: Signature, today: date) -> bool:
    """Count one more mail, unless two have gone today or five in all."""
    sent_today = signature.mails_today if signature.mailed_on == today else 0
    if sent_today >= MAILS_A_DAY or signature.mails >= MAILS_IN_ALL:
        return False
    signature.mails += 1
    signature.mails_today = sent_today + 1
    signature.mailed_on = today
    return True


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
    )


def resend(session: Session, petition: Petition, email: str, origin: str) -> None:
    """Send the confirmation again within the limits; silent about what it found."""
    now = clock.now()
    keys = petition_keys.of(session, petition.id)
    found = queries.lock_by_keys(session, [(petition.id, crypto.digest(keys.dedup, canonical(email).encode()))])
    for row in found:
        if not may_mail(row, now.astimezone(ZONE).date()):
            continue
        to = addressee_of(session, row, petition, origin)
        if row.state == "pending":
            mail = emails.confirm(vault_of(session), to, row.created_at + links.CONFIRM_FOR)
        else:
            mail = emails.already(vault_of(session), to, now)
        outbox.enqueue(session, [mail])


def remind(session: Session, origin: str) -> int:
    """One reminder after 48 hours, never two, never for a petition that has ended."""
    now = clock.now()
    rows = queries.to_remind(session, now)
    for row in rows:
        row.reminded = True
        petition = session.get_one(Petition, row.petition_id)
        if petition.is_open(now) and may_mail(row, now.astimezone(ZONE).date()):
            to = addressee_of(session, row, petition, origin)
            expires = row.created_at + links.CONFIRM_FOR
            outbox.enqueue(session, [emails.confirm(vault_of(session), to, expires, reminder=True)])
    return len(rows)
