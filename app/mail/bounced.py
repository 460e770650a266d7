"""Addresses that mail does not reach, or that complained: nobody subscribed them, nobody writes to them.

Known by a keyed HMAC, for a year after the last time. One that is full or away five days out of sixty is dead as
well. What its owner asks for still leaves, once a day at most: they may have mended their mailbox, and confirming
anything shows it. What accounts and the law need leaves always.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock, crypto
from app.bulk import insert_for
from app.db import vault_of
from app.mail import budget
from app.mail.addresses import mailbox
from app.mail.models import OF_ADDRESSES, Bounce, BounceCount, BouncedAddress, BounceSeen

if TYPE_CHECKING:
    from app.mail.outbox import Mail

KEPT = timedelta(days=365)
# News leave once a week at most: five of them.
SOFT_KEPT, SOFTS = timedelta(days=60), 5
# A provider that is not answered sends the same again, for days.
SEEN_KEPT = timedelta(days=7)
# What leaves all the same.
EVERY = timedelta(days=1)
STOPPING = (Bounce.HARD, Bounce.COMPLAINT)
# Templates that are written to many, or by a clock: nobody waits for this one now. So is whatever can be unsubscribed.
MAILINGS = {
    "signatures/amended",
    "signatures/reminder",
    "updates/letter",
    "updates/news",
    "updates/renewal",
}


def note(session: Session, email: str, bounce: Bounce) -> bool:
    """A mail to this address came back, or was complained of; True when it is written to no more.

    Locked after subscriptions and the outbox, by everybody.
    """
    now, key = clock.now(), key_of(session, email)
    first = {"key": key, "kind": Bounce.SOFT, "first_at": now, "last_at": now, "times": 0, "days": ""}
    session.execute(insert_for(session)(BouncedAddress).on_conflict_do_nothing(), [first])
    row = session.scalars(
        select(BouncedAddress)
        .where(BouncedAddress.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    row.times, row.last_at = row.times + 1, now
    if bounce == Bounce.SOFT:
        oldest = f"{now - SOFT_KEPT:%Y%m%d}"
        days = sorted({f"{now:%Y%m%d}", *(day for day in row.days.split() if day > oldest)}, reverse=True)
        row.days = " ".join(days[:SOFTS])
        bounce = Bounce.HARD if len(days) >= SOFTS else bounce
    row.kind = max(Bounce(row.kind), bounce, key=OF_ADDRESSES.index)
    return row.kind in STOPPING


def stopped(session: Session, emails: Iterable[str]) -> set[str]:
    """Those of *emails* to which no mailing goes."""
    keys = {email: key_of(session, email) for email in emails}
    found = _stopped(session, keys.values())
    return {email for email, key in keys.items() if key in found}


def _stopped(session: Session, keys: Iterable[bytes]) -> set[bytes]:
    return set(
        session.scalars(
            select(BouncedAddress.key).where(
                BouncedAddress.key.in_(set(keys)),
                BouncedAddress.kind.in_(STOPPING),
                BouncedAddress.last_at > clock.now() - KEPT,
            )
        )
    )


def lift(session: Session, emails: Iterable[str], *, also: Sequence[Bounce] = ()) -> None:
    """These addresses have just answered; a complaint is forgotten only for whoever asks for mails again."""
    keys = sorted({key_of(session, email) for email in emails})
    kinds = (Bounce.SOFT, Bounce.HARD, *also)
    if keys:
        session.execute(
            delete(BouncedAddress)
            .where(BouncedAddress.key.in_(keys), BouncedAddress.kind.in_(kinds))
            .execution_options(synchronize_session=False)
        )


def any_written_off(session: Session) -> bool:
    return session.scalar(select(BouncedAddress.key).limit(1)) is not None


def held(session: Session, mails: Sequence["Mail"]) -> set[int]:
    """Which of *mails* (their places) do not leave: mailings, and what is asked for a second time in a day."""
    keys = [key_of(session, mail.to) for mail in mails]
    dead = _stopped(session, keys)
    if not dead:
        return set()
    left = {place for place, mail in enumerate(mails) if keys[place] in dead and _to_many(mail)}
    asked = [place for place, mail in enumerate(mails) if keys[place] in dead and _asked(mail)]
    free = _try_again(session, {keys[place] for place in asked})
    for place in asked:
        if keys[place] in free:
            free.remove(keys[place])
        else:
            left.add(place)
    return left


def _to_many(mail: "Mail") -> bool:
    return bool(mail.unsubscribe) or mail.template in MAILINGS


def _asked(mail: "Mail") -> bool:
    """By whoever typed the address, who need not be its owner."""
    exempt = mail.template in budget.OUTSIDE or mail.template.startswith("accounts/")
    return not exempt and not _to_many(mail)


def _try_again(session: Session, keys: set[bytes]) -> set[bytes]:
    now = clock.now()
    rested = BouncedAddress.tried_at.is_(None) | (BouncedAddress.tried_at <= now - EVERY)
    return set(
        session.scalars(
            update(BouncedAddress)
            .where(BouncedAddress.key.in_(keys), rested)
            .values(tried_at=now)
            .returning(BouncedAddress.key)
            .execution_options(synchronize_session=False)
        )
    )


def give_back(session: Session, mails: Sequence["Mail"]) -> None:
    """They have not left after all."""
    keys = {key_of(session, mail.to) for mail in mails if _asked(mail)}
    if keys:
        session.execute(
            update(BouncedAddress)
            .where(BouncedAddress.key.in_(keys))
            .values(tried_at=None)
            .execution_options(synchronize_session=False)
        )


def forgive(session: Session, since: datetime) -> int:
    """Those that were first known since then are written to again, unless they complained; how many."""
    done = session.execute(
        delete(BouncedAddress).where(BouncedAddress.first_at >= since, BouncedAddress.kind != Bounce.COMPLAINT)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def forget(session: Session, email: str) -> None:
    """Its owner wants to be forgotten."""
    session.execute(delete(BouncedAddress).where(BouncedAddress.key == key_of(session, email)))


def once(session: Session, *parts: bytes) -> bool:
    """True the first time that this came back; whoever brings it at the same moment waits."""
    row = {"key": crypto.digest(vault_of(session).bounces, b"seen", *parts), "at": clock.now()}
    first = insert_for(session)(BounceSeen).values(row).on_conflict_do_nothing().returning(BounceSeen.key)
    return session.scalar(first) is not None


def count(session: Session, what: Bounce) -> None:
    """One more today."""
    statement = insert_for(session)(BounceCount).values(day=clock.now().date(), what=what, n=1)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["day", "what"], set_={"n": BounceCount.__table__.c.n + statement.excluded.n}
        )
    )


def counts(session: Session, since: date | None = None) -> dict[str, int]:
    """What came back, by kind; every kind is there."""
    query = select(BounceCount.what, func.sum(BounceCount.n)).group_by(BounceCount.what)
    if since is not None:
        query = query.where(BounceCount.day >= since)
    return {bounce.value: 0 for bounce in Bounce} | {what: int(n) for what, n in session.execute(query)}


def written_off(session: Session) -> int:
    """How many addresses no mailing goes to."""
    query = select(func.count()).where(BouncedAddress.kind.in_(STOPPING), BouncedAddress.last_at > clock.now() - KEPT)
    return session.scalar(query) or 0


def key_of(session: Session, email: str) -> bytes:
    return crypto.digest(vault_of(session).bounces, b"address", mailbox(email))
