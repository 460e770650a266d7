"""How many mails one address may get, whatever the door: 6 an hour and 20 a day, instance-wide.

Whoever knows an address could have every petition, notice and link of this instance write to it. An
address is known here by its keyed HMAC, for a day; what it got lately is one text: the moment of each
mail, newest first, in ten digits. So the limits hold for any hour and any day, and the database decides
between workers. Counted when a worker takes a mail, not when a door writes it: whoever signs in a crowd
pays nothing for it, and what is counted is what arrives.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import prometheus_client
from sqlalchemy import ColumnElement, delete, func, update
from sqlalchemy.orm import Session

from app import clock, crypto
from app.bulk import insert_for
from app.db import vault_of
from app.mail.addresses import mailbox
from app.mail.models import MailBudget

if TYPE_CHECKING:
    from app.mail.outbox import Mail

AN_HOUR, A_DAY = 6, 20
DAY = timedelta(days=1)
# Templates that no stranger can cause: what subscribers asked for, what moderators decided (the law has them
# told), what an author proposed once signed in, what the team is told, who has exported what one answers for, what
# whoever holds the factors of an account has done with it: a stranger who fills a mailbox must not keep its owner
# from learning that. Any other counts.
OUTSIDE = {
    "accounts/address_notice",
    "accounts/closed",
    "accounts/code_used",
    "accounts/factor_changed",
    "accounts/idle",
    "accounts/new_browser",
    "accounts/passkey_copied",
    "accounts/password_changed",
    "deliveries/told",
    "exports/made",
    "moderation/amendment",
    "moderation/appeal_judged",
    "moderation/charter",
    "moderation/digest",
    "moderation/limited",
    "moderation/news",
    "moderation/notice_decided",
    "moderation/notice_outcome",
    "moderation/petition",
    "moderation/published",
    "moderation/refused",
    "moderation/reply_decided",
    "moderation/restored",
    "moderation/submitted",
    "privacy/request_due",
    "signatures/amended",
    "updates/letter",
    "updates/news",
    "updates/renewal",
}
refused = prometheus_client.Counter(
    "signons_mails_over_budget", "Mails not sent: their address had enough", registry=None
)
_STAMP = 10


def over(session: Session, mails: Sequence["Mail"]) -> set[int]:
    """Which of *mails* (their places) would be too many for their address; the others are counted."""
    waiting: dict[bytes, list[int]] = defaultdict(list)
    for place, mail in enumerate(mails):
        if mail.template not in OUTSIDE:
            waiting[_key(session, mail)].append(place)
    left = set[int]()
    # A statement counts one mail an address; several to the same one are rare.
    while waiting:
        spent = _spend(session, sorted(waiting))
        left.update(place for key, places in waiting.items() if key not in spent for place in places)
        waiting = {key: places[1:] for key, places in waiting.items() if key in spent and places[1:]}
    refused.inc(len(left))
    return left


def _key(session: Session, mail: "Mail") -> bytes:
    return crypto.digest(vault_of(session).recipients, mailbox(mail.to))


def _spend(session: Session, keys: Sequence[bytes]) -> set[bytes]:
    """Count one mail more for each of *keys*, locked in their order; gives those that could afford it."""
    now = clock.now()
    stamp, hour, day = (f"{int(at.timestamp()):0{_STAMP}d}" for at in (now, now - timedelta(hours=1), now - DAY))
    insert = insert_for(session)(MailBudget)

    def moment(n: int) -> ColumnElement[str]:
        """Of the *n*-th mail before this one; "" when there were fewer."""
        return func.substr(MailBudget.moments, (n - 1) * _STAMP + 1, _STAMP)

    return set(
        session.scalars(
            insert.values([{"key": key, "at": now, "moments": stamp} for key in keys])
            .on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "at": insert.excluded.at,
                    "moments": func.substr(insert.excluded.moments + MailBudget.moments, 1, A_DAY * _STAMP),
                },
                where=(moment(AN_HOUR) <= hour) & (moment(A_DAY) <= day),
            )
            .returning(MailBudget.key)
        )
    )


def give_back(session: Session, mails: Sequence["Mail"]) -> None:
    """They were counted and have not left after all."""
    for key, n in sorted(Counter(_key(session, mail) for mail in mails if mail.template not in OUTSIDE).items()):
        session.execute(
            update(MailBudget)
            .where(MailBudget.key == key)
            .values(moments=func.substr(MailBudget.moments, n * _STAMP + 1))
            .execution_options(synchronize_session=False)
        )


def forget(session: Session) -> None:
    """Addresses that got nothing for a day."""
    session.execute(delete(MailBudget).where(MailBudget.at <= clock.now() - DAY))
