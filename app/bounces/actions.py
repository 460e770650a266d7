"""To take what came back: counted once, and stopping the address that it is proven for."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, clock
from app.bounces import reading
from app.bounces.forms import Event
from app.bounces.reading import Said
from app.db import vault_of
from app.mail import bounced, envelope, outbox
from app.mail.models import OF_ADDRESSES, Bounce
from app.mail.verdicts import judged
from app.petitions import queries as petition_queries
from app.subscriptions import actions as subscriptions
from app.subscriptions import queries as subscription_queries
from app.subscriptions.models import Subscription

COMPLAINED = "complaint"
# The link that stops, in a mailing that is given back.
_STOP = re.compile(rb"/desabonnement/([\w=-]{24,200})")


@dataclass(frozen=True)
class Proven:
    """Whom a report is about for sure, and for which subscription the mail was written, if for one."""

    bounce: Bounce
    email: str
    subscription: Subscription | None


def receive(session: Session, raw: bytes, said: list[Said], address: str) -> Bounce | None:
    """A message that came to *address* (SIGNONS_BOUNCE_ADDRESS), from anybody; None when it was taken before.

    *said* is what ``reading`` has found in it: that takes its time, and nobody else's.
    """
    if not bounced.once(session, b"message", raw):
        return None
    return _take(session, _by_envelope(session, said, address, raw), said, raw)


def receive_event(session: Session, event_id: str, event: Event, read: list[Said], address: str) -> Bounce | None:
    """What the sending service says under its signature, of the *recipient* that it names: it need not be proven again.

    A report that it passes on is anybody's: what it says of whom is proven by the envelope, or not believed.
    """
    if not bounced.once(session, b"event", event_id.encode()):
        return None
    raw = event.message.encode("utf-8", "replace")
    said = _as_told(event, read)
    known = _by_envelope(session, said, address, b"\n".join((event.envelope.encode("utf-8", "replace"), raw)))
    if not known:
        named = reading.addresses(event.recipient)
        known = [Proven(each.bounce, named[0], None) for each in said[:1] if named]
    return _take(session, known, said, raw)


def _as_told(event: Event, read: list[Said]) -> list[Said]:
    """Its own words about what happened to whom go before those of the report that it passes on."""
    said = read or [Said(judged(event.status, event.diagnostic), ())]
    if event.type == "complaint":
        said = [Said(Bounce.COMPLAINT, each.addresses) for each in said]
    return [Said(each.bounce, reading.addresses(event.recipient, *each.addresses)) for each in said]


def _take(session: Session, known: list[Proven], said: list[Said], raw: bytes) -> Bounce:
    """What it was, once it has had its effect."""
    for proven in known:
        _stop(session, proven)
    found = known[0].bounce if known else Bounce.IGNORED
    if not known and any(each.bounce == Bounce.COMPLAINT for each in said) and _end_by_link(session, raw):
        found = Bounce.COMPLAINT
    bounced.count(session, found)
    return found


def _by_envelope(session: Session, said: Iterable[Said], address: str, raw: bytes) -> list[Proven]:
    """Those that name a mail of ours, and the address that this mail went to."""
    found = []
    for token in envelope.found_in(address, raw) if address else ():
        subject = outbox.subject_of(session, token.mail_id)
        subscription = subscription_queries.get(session, subject) if subject is not None else None
        for each, email in _candidates(session, said, subscription):
            if envelope.went_to(vault_of(session).bounces, token, email):
                if subscription is not None:  # locked before its mails and its address, as everybody does
                    subscription = subscription_queries.lock(session, subscription.id)
                found.append(Proven(each.bounce, email, subscription))
                break
    return found


def _candidates(
    session: Session, said: Iterable[Said], subscription: Subscription | None
) -> Iterator[tuple[Said, str]]:
    """What may be the address, as the report has it; one that has none may be about a subscriber."""
    for each in said:
        for email in each.addresses:
            yield each, email
        if not each.addresses and subscription is not None:
            yield each, subscriptions.email_of(session, subscription)


def _stop(session: Session, proven: Proven) -> None:
    if proven.bounce == Bounce.COMPLAINT:
        _end_everything(session, proven.email)
    if proven.bounce not in OF_ADDRESSES:
        return
    stopped = bounced.note(session, proven.email, proven.bounce)
    if stopped and proven.subscription is not None and proven.bounce != Bounce.COMPLAINT:
        proven.subscription.bounced_at = proven.subscription.bounced_at or clock.now()


def _end_everything(session: Session, email: str) -> None:
    """Whoever complains gets no mailing of this platform any more, also once their address is forgotten here."""
    for petition in petition_queries.all_opened(session):
        subscriptions.end_by_address(session, petition.id, email, ("updates",), COMPLAINED)
    subscriptions.end_by_address(session, 0, email, ("newsletter",), COMPLAINED)


def _end_by_link(session: Session, raw: bytes) -> bool:
    """A complaint without address or envelope still has the mailing: what its own link may do, it does."""
    link = _STOP.search(raw[: reading.LONGEST])
    subscription = subscriptions.read_token(session, link[1].decode())[1] if link is not None else None
    if subscription is not None:
        subscriptions.end(session, subscription, channel=COMPLAINED)
    return subscription is not None


def forgive(session: Session, since: datetime) -> int:
    """A provider has refused everybody by mistake: whoever was not known before is written to again."""
    n = bounced.forgive(session, since)
    audit.record(session, "bounces.forgiven", "bounces", "-", None, addresses=n, since=since.isoformat())
    return n
