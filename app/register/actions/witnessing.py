"""Witnesses: somebody elsewhere has looked whether a log only grows, and signs its head too (C2SP cosignatures)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.errors import Conflict, Invalid, NotFound
from app.register import notes, queries
from app.register.actions.writing import Pen, tells
from app.register.models import RegisterHead
from app.register.notes import Head, Note, Verifier

NOWHERE = "Aucun témoin que cette instance connaisse n’a signé cela."
UNREADABLE = "Une tête signée par ce registre est attendue, suivie de la signature du témoin (C2SP)."
NOT_OURS = "Cette tête n’est pas de ce registre."
# Of a clock elsewhere.
AHEAD = timedelta(minutes=5)


def cosign(session: Session, register: RegisterHead, source: str, witnesses: Sequence[str], pen: Pen) -> None:
    """Keep what a witness says of a head that we have published, and that head; twice is once.

    Raises NotFound, Invalid, Conflict.
    """
    known = [Verifier.read(vkey) for vkey in witnesses]
    try:
        note = Note.read(source)
        head = Head.read(note.text)
        ours = note.signed_by([*map(Verifier.read, {register.signed_by, *pen.vkeys})])
        theirs = note.signed_by(known)
    except (notes.Malformed, notes.Unverified):
        raise Invalid({"note": UNREADABLE}) from None
    if not theirs:
        raise NotFound(NOWHERE)
    if not ours or head.origin != register.origin:
        raise Invalid({"note": UNREADABLE})
    if head.size > register.signed_size or not tells(session, register, head):
        raise Conflict(NOT_OURS)
    for verifier, signature in theirs:
        at = datetime.fromtimestamp(min(signature.time, _LAST), UTC)
        if at > clock.now() + AHEAD:
            raise Invalid({"note": "L’heure de cette signature n’est pas encore venue."})
        said = {"size": head.size, "root": head.root, "line": signature.line, "at": at}
        queries.keep_cosignature(session, register.petition_id, str(verifier), **said)
    signed = "".join(signature.line for _, signature in ours)
    queries.keep_head(session, register.petition_id, head.size, f"{note.text}\n{signed}", clock.now())


_LAST = int(datetime(2100, 12, 31, tzinfo=UTC).timestamp())
