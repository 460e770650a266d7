"""One news item from draft to page: sent, read by a moderator when it is one of the first, called back or published.

Each verb locks the petition, then the item; what is mailed at the same time is decided by an index of the table.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Conflict, NotFound, Refused
from app.locale import Spoken
from app.petitions import markdown
from app.petitions.models import Petition
from app.petitions.outcomes import Told
from app.petitions.queries import PUBLIC_STATES
from app.templating import long_datetime
from app.updates import effects, queries
from app.updates.actions import sending
from app.updates.forms import lacking
from app.updates.models import Update, UpdateKind, UpdateState

# The first of a petition are read by a moderator before they go.
REVIEWED = 2
# Its author may call it back so long; nobody has seen it.
CALL_BACK = timedelta(minutes=10)
# One mailing in the organiser's words a petition, whatever its kind; and one of a delivery.
A_WEEK = timedelta(days=7)
# In the organiser's words and on their way, of one petition: nobody fills the moderators' desk.
MAX_COMING = 5
# Drafts of one petition at a time: nobody fills the disk.
MAX_DRAFTS = 50

log = structlog.get_logger("updates")
NOT_ONLINE = "Cette pétition n’est pas en ligne : une nouvelle ne paraîtrait nulle part."
NO_SUCH = "Cette nouvelle n’existe pas."
GONE = "Cette nouvelle n’est plus un brouillon : elle est partie, ou quelqu’un l’a envoyée entre-temps."
PENDING = (
    "Une autre nouvelle de cette pétition attend déjà d’être envoyée par courriel. Attendez qu’elle soit partie, "
    "rappelez-la, ou publiez celle-ci sans courriel."
)
ONCE_A_WEEK = (
    "Une nouvelle par semaine au plus part par courriel : celle-ci le pourra à partir du %(when)s. Vous pouvez la "
    "publier dès maintenant sans courriel."
)
TOO_MANY = "Cinquante nouvelles ne sont pas encore parties : reprenez l’une d’elles, ou supprimez-en une."
MANY_COMING = (
    "Cinq nouvelles de cette pétition sont déjà en route : attendez que l’une d’elles paraisse, ou rappelez-en une."
)
OURS = (
    "Ce qu’une remise annonce est écrit par le site, d’après ce que vous en avez noté : vous pouvez l’envoyer tel quel "
    "ou le supprimer."
)
CHANGED = "Ce texte a changé pendant que vous le lisiez. Rien n’est décidé : relisez-le, tel qu’il est maintenant."
STALE = "Cette nouvelle a changé depuis que vous avez ouvert cette page. Rien n’est écrasé : voyez ce qu’elle dit."


def mark(update: Update) -> str:
    """What a page keeps of what it shows: whoever acts on an older one is told."""
    shown = json.dumps([update.kind, update.title, update.markdown, update.facts], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:32]


def _petition(session: Session, petition_id: int) -> None:
    """Ours alone until the commit. Raises Conflict when nobody may open its page."""
    if queries.hold_petition(session, petition_id) not in PUBLIC_STATES:
        raise Conflict(NOT_ONLINE)


def _one(session: Session, petition_id: int, update_id: int) -> Update:
    """Raises NotFound."""
    update = queries.hold(session, update_id)
    if update is None or update.petition_id != petition_id:
        raise NotFound(NO_SUCH)
    return update


def _writable(session: Session, petition_id: int, update_id: int, seen: str) -> Update:
    """Raises NotFound, Conflict (it went, or says something else now)."""
    update = _one(session, petition_id, update_id)
    if not update.is_writable:
        raise Conflict(GONE)
    if seen and seen != mark(update):
        raise Conflict(STALE)
    return update


def begin(session: Session, petition_id: int, title: str, text: str, by: int) -> Update:
    """A draft, seen by those who tell the news of this petition. Raises Conflict, Refused."""
    _petition(session, petition_id)
    if not title and not text and (found := queries.empty_draft(session, petition_id, by)) is not None:
        return found
    if queries.drafts(session, petition_id) >= MAX_DRAFTS:
        raise Refused(TOO_MANY)
    update = _new(session, petition_id, UpdateKind.NEWS, title, text, by, {})
    audit.record(session, "update.written", "petition", petition_id, by, update=update.id)
    return update


def _new(
    session: Session, petition_id: int, kind: str, title: str, text: str, by: int | None, facts: dict[str, Any]
) -> Update:
    now = clock.now()
    update = Update(
        petition_id=petition_id,
        kind=kind,
        state=UpdateState.DRAFT,
        title=title,
        markdown=text,
        html=markdown.render(text),
        facts=facts,
        author_id=by,
        created_at=now,
        saved_at=now,
        finished_at=now,  # no mail is to be written
    )
    session.add(update)
    session.flush()
    return update


def save(session: Session, petition_id: int, update_id: int, title: str, text: str, seen: str = "") -> Update:
    """Raises NotFound, Conflict."""
    update = _writable(session, petition_id, update_id, seen)
    if not update.is_rewritable:
        raise Conflict(OURS)
    update.title, update.markdown, update.html = title, text, markdown.render(text)
    update.saved_at = clock.now()
    session.flush()
    return update


def send(session: Session, petition_id: int, update_id: int, by: int, *, mail: bool, seen: str = "") -> Update:
    """Off it goes, in the name of *by*: to a moderator first, or in ten minutes.

    Raises NotFound, Conflict, Refused, Invalid (an outcome that may not be told any more).
    """
    _petition(session, petition_id)
    update = _writable(session, petition_id, update_id, seen)
    if missing := lacking(update.title, update.markdown):
        raise Refused(missing[0])
    if update.kind == UpdateKind.OUTCOME:
        effects.check_outcome(session, session.get_one(Petition, petition_id), Told.of(update.facts))
    update.author_id = by
    _go(session, update, by, mail=mail, review=None, now=clock.now())
    return update


def post(
    session: Session,
    petition: Petition,
    *,
    kind: str,
    title: str,
    text: str,
    by: int | None,
    mail: bool,
    facts: dict[str, Any] | None = None,
    review: bool | None = None,
    now: datetime | None = None,
) -> Update:
    """What happened to a petition, told the ordinary way: read first when due, else ten minutes to call it back.

    *review*: whether a moderator reads it first; None, as for any other news. Raises Conflict, Refused.
    """
    queries.hold_petition(session, petition.id)
    if petition.state not in PUBLIC_STATES:
        raise Conflict(NOT_ONLINE)
    update = _new(session, petition.id, kind, title, text, by, facts or {})
    _go(session, update, by, mail=mail, review=review, now=now or clock.now())
    return update


def _go(session: Session, update: Update, by: int | None, *, mail: bool, review: bool | None, now: datetime) -> None:
    if update.in_own_words and queries.coming(session, update.petition_id) >= MAX_COMING:
        raise Refused(MANY_COMING)
    if mail:
        _check_mailing(session, update, now)
    if review is None:
        review = read_first(session, update)
    try:
        with session.begin_nested():
            update.mail, update.submitted_at = mail, now
            update.article, update.explanation, update.decided_at, update.decided_by = None, "", None, None
            if review:
                update.state, update.not_before = UpdateState.WAITING, None
            else:
                update.state, update.not_before = UpdateState.SCHEDULED, now + CALL_BACK
    except IntegrityError:
        raise Conflict(PENDING) from None
    audit.record(session, "update.sent", "petition", update.petition_id, by, update=update.id, mail=mail, read=review)


def _check_mailing(session: Session, update: Update, now: datetime) -> None:
    """Nothing limits what a recipient wrote. Raises Refused, Conflict."""
    delivery = update.kind == UpdateKind.DELIVERY
    if not delivery and not update.in_own_words:
        return
    if when := mailing_from(session, update.petition_id, now, delivery=delivery):
        raise Refused(ONCE_A_WEEK, when=Spoken(long_datetime, when))
    if queries.mailing_pending(session, update.petition_id, delivery=delivery) is not None:
        raise Conflict(PENDING)


def read_first(session: Session, update: Update) -> bool:
    """Whether a moderator would read it before it goes: always an outcome, which the home page tells as well; an answer
    that was called back, where somebody else's words may have been changed; and what was refused once."""
    called_back = update.kind == UpdateKind.ANSWER and update.state != UpdateState.DRAFT
    if update.kind == UpdateKind.OUTCOME or update.refused_at is not None or called_back:
        return True
    return queries.let_through(session, update.petition_id) < REVIEWED


def mailing_from(session: Session, petition_id: int, now: datetime, *, delivery: bool = False) -> datetime | None:
    """When its organiser's words, or that it was handed over, may be mailed again; None: now."""
    last = queries.last_mailing(session, petition_id, delivery=delivery)
    return last + A_WEEK if last is not None and last + A_WEEK > now else None


def may_mail_delivery(session: Session, petition_id: int, now: datetime) -> bool:
    """None was mailed for a week, nor is about to be."""
    pending = queries.mailing_pending(session, petition_id, delivery=True)
    return pending is None and mailing_from(session, petition_id, now, delivery=True) is None


def replace(session: Session, update: Update, text: str, facts: dict[str, Any]) -> None:
    """Other words in one that waits, and is held with its petition: whoever was reading it is told."""
    now = clock.now()
    update.markdown, update.html, update.facts = text, markdown.render(text), facts
    update.saved_at = update.submitted_at = now
    session.flush()


def recall(session: Session, petition_id: int, update_id: int, by: int | None) -> Update:
    """Back to where its author may write in it: nobody has seen it. Raises NotFound, Conflict (it went meanwhile)."""
    queries.hold_petition(session, petition_id)
    update = _one(session, petition_id, update_id)
    if update.state not in {UpdateState.WAITING, UpdateState.SCHEDULED}:
        raise Conflict("Trop tard pour la rappeler : elle est parue, ou quelqu’un l’a rappelée entre-temps.")
    if update.by_recipient and by is not None:
        raise Conflict("Cette réponse est celle du destinataire : elle ne se rappelle pas.")
    update.state, update.not_before = UpdateState.RECALLED, None
    audit.record(session, "update.recalled", "petition", petition_id, by, update=update.id)
    return update


def discard(session: Session, petition_id: int, update_id: int, by: int | None) -> None:
    """Thrown away, for good; never what was on the page. Raises NotFound, Conflict."""
    update = _writable(session, petition_id, update_id, "")
    session.delete(update)
    audit.record(session, "update.discarded", "petition", petition_id, by, update=update_id)


# What a moderator does


def check_read(update: Update, seen: str) -> None:
    """*seen*: the mark of what was read; "" when nobody reads from a page. Raises Conflict."""
    if seen and seen != mark(update):
        raise Conflict(CHANGED)


def under_review(session: Session, update_id: int) -> Update:
    """To be decided, its petition locked. Raises NotFound, Conflict (decided, called back or taken down meanwhile)."""
    found = queries.get(session, update_id)
    if found is None:
        raise NotFound(NO_SUCH)
    state = queries.hold_petition(session, found.petition_id)
    update = _one(session, found.petition_id, update_id)
    if update.state != UpdateState.WAITING:
        raise Conflict("Cette nouvelle a été décidée ou reprise entre-temps.")
    if state not in PUBLIC_STATES:
        raise Conflict("Cette pétition n’est plus en ligne : ses nouvelles attendent qu’elle y revienne.")
    return update


def accept(session: Session, update: Update, by: int) -> None:
    """In ten minutes, as any other; *update* is :func:`under_review`."""
    now = clock.now()
    update.state, update.decided_at, update.decided_by = UpdateState.SCHEDULED, now, by
    update.not_before, update.refused_at = now + CALL_BACK, None


def refuse(session: Session, update: Update, by: int, article: int | None, explanation: str) -> None:
    """Its author may correct it and send it again; *update* is :func:`under_review`."""
    update.state, update.decided_at, update.decided_by = UpdateState.REFUSED, clock.now(), by
    update.article, update.explanation, update.refused_at = article, explanation, update.decided_at


def take_off(session: Session, update_id: int, by: int, article: int | None, explanation: str, seen: str) -> Update:
    """Off the page for good, and what was not mailed yet is not. Raises NotFound, Conflict."""
    found = queries.get(session, update_id)
    if found is None:
        raise NotFound(NO_SUCH)
    queries.hold_petition(session, found.petition_id)
    update = _one(session, found.petition_id, update_id)
    if update.state != UpdateState.PUBLISHED:
        raise Conflict("Cette nouvelle n’est pas en ligne, ou ne l’est plus.")
    check_read(update, seen)
    now = clock.now()
    update.state, update.decided_at, update.decided_by = UpdateState.REFUSED, now, by
    update.article, update.explanation = article, explanation
    update.finished_at = update.finished_at or now
    sending.stop(session, update.petition_id, update.id)
    effects.come_or_gone(session, update)
    changed(session, update.petition_id)
    return update


# What happens by itself


def publish_due(session: Session, now: datetime, limit: int = 50) -> int:
    """On the page, and its mails begin: those whose ten minutes are over. One of a petition taken down waits.

    How many; what fails of itself stays where it is, and holds up no other.
    """
    done = 0
    for update in queries.due(session, now, limit):
        update_id = update.id
        try:
            with session.begin_nested():
                _publish(session, update, now)
        except SQLAlchemyError:  # of the database, whatever is published
            raise
        except Exception as error:
            log.error("publishing_failed", update=update_id, error=type(error).__name__, exc_info=error)
        else:
            done += 1
    return done


def _publish(session: Session, update: Update, now: datetime) -> None:
    update.state, update.published_at = UpdateState.PUBLISHED, now
    update.finished_at = None if update.mail else now
    audit.record(session, "update.published", "petition", update.petition_id, None, update=update.id)
    effects.come_or_gone(session, update)
    changed(session, update.petition_id)
