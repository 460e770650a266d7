"""The platform's letter: written once to those who asked for it, on no page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Invalid
from app.mail.models import MailState
from app.petitions import markdown
from app.subscriptions import queries as subscription_queries
from app.updates import queries
from app.updates.models import Letter

ALREADY = "Une lettre porte déjà cet objet et elle est partie. Changez l’objet de celle-ci."


def write_letter(session: Session, title: str, text: str, by: int) -> Letter:
    """The worker sends it to those who asked for the letter. Raises Invalid."""
    check_letter(session, title)
    letter = Letter(title=title, markdown=text, html=markdown.render(text), created_at=clock.now())
    try:
        with session.begin_nested():
            session.add(letter)
    except IntegrityError:  # posted twice at the same moment
        raise Invalid({"title": ALREADY}) from None
    audit.record(session, "letter.written", "letter", letter.id, by)
    return letter


def check_letter(session: Session, title: str) -> None:
    """Raises Invalid when this letter may not leave now."""
    if queries.letter_titled(session, title) is not None:
        raise Invalid({"title": ALREADY})
    if queries.letter_under_way(session):
        raise Invalid({"title": "La lettre précédente est en cours d’envoi. Réessayez quand elle sera écrite à tous."})


@dataclass(frozen=True)
class Progress:
    """Where a letter stands; the outbox forgets a mail thirty days after it was written."""

    letter: Letter
    written: int
    left: int
    aside: int
    to_come: int


def progress(session: Session, letter: Letter, now: datetime) -> Progress:
    mails = queries.mails_of(session, letter, now)
    unwritten = 0
    if letter.finished_at is None:
        unwritten = subscription_queries.count_willing(session, "newsletter", 0, letter.sent_after)
    return Progress(
        letter,
        written=letter.sent,
        left=mails.get(MailState.SENT, 0),
        aside=mails.get(MailState.ASIDE, 0),
        to_come=unwritten + mails.get(MailState.WAITING, 0),
    )
