"""To tell signers that the text they signed has another version: in groups that may be interrupted anywhere."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import clock
from app.db import vault_of
from app.mail import bounced, outbox
from app.petitions import edits, history, texts
from app.petitions.models import Amendment, Petition
from app.signatures import emails, queries
from app.signatures.actions.mailing import addressee_of

BATCH = 200
# A publication may be undone so long.
AFTER = timedelta(minutes=1)
# Characters of what changed that a mail shows; the page shows the rest.
LONGEST = 1500


def tell_some(session: Session, origin: str) -> int:
    """Write one group of mails to the outbox, once the last one has left; 0 when there is nothing to do now.

    Whoever withdraws meanwhile waits for the group, or the group does not see them. Who confirms later has read on
    the confirmation page that there is another version.
    """
    now = clock.now()
    amendment = texts.untold(session, now - AFTER)
    if amendment is None or outbox.waiting(session, emails.AMENDED):
        return 0
    assert amendment.version is not None, "a published one"
    petition = session.get_one(Petition, amendment.petition_id)
    rows = queries.signed_before(session, petition.id, amendment.version, amendment.told_after, BATCH)
    gist = {signed: _pieces(session, amendment, signed) for signed in {row.text_version for row in rows}}
    mails = []
    people = [(row, addressee_of(session, row, petition, origin)) for row in rows]
    unanswering = bounced.stopped(session, (to.email for _, to in people))
    for row, to in people:
        if to.email in unanswering:
            continue
        mails.append(
            emails.amended(
                vault_of(session),
                to,
                now,
                before=str(row.text_version),
                after=amendment.version,
                reason=amendment.reason,
                pieces=gist[row.text_version],
            )
        )
    outbox.enqueue(session, mails)
    amendment.told += len(mails)
    if len(rows) < BATCH:
        amendment.told_at, amendment.told_after = now, None
    else:
        amendment.told_after = rows[-1].id
    return len(rows) or 1


def _pieces(session: Session, amendment: Amendment, signed: int) -> list[list[str]]:
    """What changed since the version that one *signed*, as much as a mail should carry."""
    old = next((text for text in texts.published(session, amendment.petition_id) if text.version == signed), None)
    if old is None:
        return []
    found = history.between(old.title, old.markdown, amendment.title, amendment.markdown)
    pieces: list[list[str]] = []
    left = LONGEST
    for part in (found.title, found.text):
        if all(piece.op == "=" for piece in part):
            continue
        for op, text in edits.excerpts(part):
            if left <= 0:
                return [*pieces, ["=", " […]"]]
            pieces.append([op, text[:left]])
            left -= len(text)
        pieces.append(["=", "\n\n"])
    return pieces
