"""News and letters are written once and sent in batches that may be interrupted anywhere."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.crypto import Unsealable
from app.errors import Conflict, NotFound, Refused
from app.mail import outbox
from app.mail.outbox import Mail
from app.petitions.models import Petition
from app.petitions.readable import readable
from app.subscriptions import actions as subscriptions
from app.subscriptions import queries as subscription_queries
from app.subscriptions.models import Subscription
from app.templating import in_language
from app.updates import emails, queries
from app.updates.models import NEWS_MAIL, Letter, Sending, Update

log = structlog.get_logger("updates")
BATCH = 200
# Subscriber, address, the site in their language, the link that stops → their copy.
Copy = Callable[[Subscription, str, str, str], Mail]


@dataclass
class Aside:
    """What could not be written during one run: those behind it go on, and the next run tries it again."""

    news: set[int] = field(default_factory=set)
    letters: set[int] = field(default_factory=set)


def send_some(session: Session, origin: str, aside: Aside | None = None) -> int:
    """Write one group of mails to the outbox, of news once the last group has left; 0: nothing to do now."""
    aside = aside or Aside()
    update = queries.unfinished_news(session, aside.news)
    if update is not None and not outbox.waiting(session, NEWS_MAIL):
        copy = _copies_of_update(update, session.get_one(Petition, update.petition_id))
        return _tried(session, update, "updates", update.petition_id, origin, copy, aside.news)
    letter = queries.unfinished_letter(session, aside.letters)
    if letter is not None:
        return _tried(session, letter, "newsletter", 0, origin, _copies_of_letter(letter), aside.letters)
    return 0


def _tried(
    session: Session, sending: Sending, purpose: str, petition_id: int, origin: str, copy: Copy, aside: set[int]
) -> int:
    """The next group; what fails of itself is set aside, so that it holds up no other."""
    sending_id = sending.id
    try:
        with session.begin_nested():
            return _send_batch(session, sending, purpose, petition_id, origin, copy)
    except SQLAlchemyError:  # of the database, whatever is sent
        raise
    except Exception as error:
        log.error("sending_failed", purpose=purpose, id=sending_id, error=type(error).__name__, exc_info=error)
        aside.add(sending_id)
        return 1


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


def stop(session: Session, petition_id: int, update_id: int | None = None) -> None:
    """Copies that have not left of what is taken off, that news or all of its petition's: a group, and a few late ones.

    One that is with the server at this moment leaves.
    """
    ends = tuple(f"#n{n}" for n in queries.mailed(session, petition_id, update_id))
    for row in queries.copies_waiting(session) if ends else ():
        try:
            mine = outbox.opened(session, row).context["url"].endswith(ends)
        except Unsealable:  # nobody sends it either
            continue
        if mine:
            outbox.refused(session, row.id, outbox.TAKEN_OFF)


def _copies_of_update(update: Update, petition: Petition) -> Copy:
    contexts: dict[str, dict[str, Any]] = {}

    def copy(subscription: Subscription, email: str, site: str, stop: str) -> Mail:
        if site not in contexts:
            contexts[site] = emails.news_context(update, petition, site, subscription.locale)
        return emails.news(email, subscription.locale, subscription.id, contexts[site], stop)

    return copy


def try_out(session: Session, petition: Petition, update_id: int, account: Account, origin: str) -> None:
    """The mail as subscribers would get it, to its author alone. Raises NotFound, Conflict, Invalid."""
    update = queries.get(session, update_id)
    if update is None or update.petition_id != petition.id:
        raise NotFound("Cette nouvelle n’existe pas.")
    if not update.is_writable:
        raise Conflict("Cette nouvelle n’est plus un brouillon.")
    if not update.title or not update.markdown:
        raise Refused("Écrivez un titre et un texte avant d’en faire l’essai.")
    site = origin + in_language(account.locale, "")
    desk = f"{site}/organisation/petitions/{petition.slug}/nouvelles/{update.id}"
    context = emails.news_context(update, petition, site, account.locale)
    outbox.enqueue(session, [emails.test(account.email, account.locale, context, desk)])
    audit.record(session, "update.tested", "petition", petition.id, account.id, update=update.id)


def _copies_of_letter(letter: Letter) -> Copy:
    @cache
    def text() -> str:
        return readable(letter.markdown)

    def copy(subscription: Subscription, email: str, _site: str, stop: str) -> Mail:
        return emails.letter(
            email,
            subscription.locale,
            subscription.id,
            n=letter.id,
            title=letter.title,
            text=text(),
            html=letter.html,
            unsubscribe=stop,
        )

    return copy
