"""News and letters are written once and sent in batches that may be interrupted anywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Conflict, Invalid
from app.mail import outbox
from app.mail.models import MailState
from app.mail.outbox import Mail
from app.petitions import markdown
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.petitions.readable import readable
from app.subscriptions import actions as subscriptions
from app.subscriptions import queries as subscription_queries
from app.subscriptions.models import Subscription
from app.templating import in_language
from app.updates import emails, queries
from app.updates.models import Letter, Sending, Update

BATCH = 200
ALREADY = "Une lettre porte déjà cet objet et elle est partie. Changez l’objet de celle-ci."
# Subscriber, address, the site in their language, the link that stops → their copy.
Copy = Callable[[Subscription, str, str, str], Mail]


def write(session: Session, petition: Petition, title: str, text: str, by: int) -> Update:
    """Publish the news on the page; the worker sends it. Raises Conflict (nobody may open that page)."""
    if petition.state not in petition_queries.PUBLIC_STATES:
        raise Conflict("Cette pétition n’est pas en ligne : ses nouvelles ne paraîtraient nulle part.")
    update = Update(
        petition_id=petition.id, title=title, markdown=text, html=markdown.render(text), created_at=clock.now()
    )
    session.add(update)
    session.flush()
    audit.record(session, "update.written", "petition", petition.id, by, update=update.id)
    changed(session, petition.id)
    return update


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


def send_some(session: Session, origin: str) -> int:
    """Write one batch of mails to the outbox; 0 when there is nothing left to do."""
    update = queries.unfinished(session, Update)
    if update is not None:
        copy = _copies_of_update(update, session.get_one(Petition, update.petition_id))
        return _send_batch(session, update, "updates", update.petition_id, origin, copy)
    letter = queries.unfinished(session, Letter)
    if letter is not None:
        return _send_batch(session, letter, "newsletter", 0, origin, _copies_of_letter(letter))
    return 0


def _send_batch(session: Session, sending: Sending, purpose: str, petition_id: int, origin: str, copy: Copy) -> int:
    """The next subscribers whose last word is yes, held until the commit: nobody leaves meanwhile."""
    people = subscription_queries.willing(session, purpose, petition_id, sending.sent_after, BATCH)
    mails = []
    for subscription in people:
        email = subscriptions.email_of(session, subscription)
        if subscriptions.may_write(session, subscription, email):
            site = origin + in_language(subscription.locale, "")
            stop = f"{site}/desabonnement/{subscriptions.unsubscribe_token(session, subscription)}"
            mails.append(copy(subscription, email, site, stop))
    outbox.enqueue(session, mails)
    sending.sent += len(mails)
    if len(people) < BATCH:
        sending.finished_at = clock.now()
    else:
        sending.sent_after = people[-1].id
    return len(people) or 1


def _copies_of_update(update: Update, petition: Petition) -> Copy:
    text = readable(update.markdown)

    def copy(subscription: Subscription, email: str, site: str, stop: str) -> Mail:
        return emails.news(
            email,
            subscription.locale,
            subscription.id,
            petition=petition.title,
            title=update.title,
            text=text,
            html=update.html,
            url=f"{site}/petitions/{petition.slug}#nouvelles",
            unsubscribe=stop,
        )

    return copy


def _copies_of_letter(letter: Letter) -> Copy:
    text = readable(letter.markdown)

    def copy(subscription: Subscription, email: str, _site: str, stop: str) -> Mail:
        return emails.letter(
            email,
            subscription.locale,
            subscription.id,
            title=letter.title,
            text=text,
            html=letter.html,
            unsubscribe=stop,
        )

    return copy


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
