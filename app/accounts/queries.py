"""Every SELECT about accounts and staff sessions."""

import unicodedata
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.models import Account, Passkey, RecoveryCode, SignInThrottle, StaffSession
from app.mail.models import OutboxMail


def by_email(session: Session, email: str) -> Account | None:
    written = unicodedata.normalize("NFC", email.strip().lower())
    return session.scalars(select(Account).where(Account.email == written)).one_or_none()


def by_id(session: Session, account_id: int) -> Account | None:
    return session.get(Account, account_id)


def lock(session: Session, account_id: int) -> Account:
    return session.scalars(
        select(Account).where(Account.id == account_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def lock_all(session: Session, ids: Collection[int]) -> dict[int, Account]:
    """Those that exist, locked in one order for everybody."""
    rows = session.scalars(
        select(Account)
        .where(Account.id.in_(ids))
        .order_by(Account.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {account.id: account for account in rows}


def all_accounts(session: Session) -> Sequence[Account]:
    """In use first, then by role and address."""
    return session.scalars(
        select(Account).order_by(Account.disabled_at.is_not(None), Account.role, Account.email)
    ).all()


def open_sessions(session: Session, now: datetime, idle_since: datetime) -> dict[int, int]:
    """How many living sessions each account has."""
    rows = session.execute(
        select(StaffSession.account_id, func.count())
        .where(StaffSession.complete, StaffSession.expires_at > now, StaffSession.seen_at >= idle_since)
        .group_by(StaffSession.account_id)
    )
    return dict(rows.all())


def demo_accounts(session: Session) -> Sequence[Account]:
    """A password and nothing else: they exist in the local demo only."""
    alone = (Account.totp_sealed.is_(None), Account.password_hash != "", Account.disabled_at.is_(None))
    return session.scalars(select(Account).where(*alone).order_by(Account.id)).all()


def administrators(session: Session) -> Sequence[Account]:
    """Those in use."""
    return session.scalars(
        select(Account).where(Account.role == "admin", Account.disabled_at.is_(None)).order_by(Account.id)
    ).all()


def is_last_administrator(session: Session, account_id: int) -> bool:
    """All of them are locked, so that of two who leave at once one stays."""
    query = select(Account.id).where(Account.role == "admin", Account.disabled_at.is_(None)).order_by(Account.id)
    return list(session.scalars(query.with_for_update())) == [account_id]


def staff_session(session: Session, key: bytes, now: datetime) -> StaffSession | None:
    return session.scalars(
        select(StaffSession).where(StaffSession.key == key, StaffSession.expires_at > now)
    ).one_or_none()


def note_seen(session: Session, key: bytes, at: datetime) -> None:
    session.execute(
        update(StaffSession).where(StaffSession.key == key, StaffSession.seen_at < at).values(seen_at=at),
        execution_options={"synchronize_session": False},
    )


def sessions_of(session: Session, account_id: int, now: datetime, idle_since: datetime) -> Sequence[StaffSession]:
    """Complete and living, the last seen first."""
    return session.scalars(
        select(StaffSession)
        .where(
            StaffSession.account_id == account_id,
            StaffSession.complete,
            StaffSession.expires_at > now,
            StaffSession.seen_at >= idle_since,
        )
        .order_by(StaffSession.seen_at.desc())
    ).all()


def renew_session(session: Session, key: bytes, new_key: bytes, now: datetime) -> None:
    """The same session under another id, proved now."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.key == key)
        .values(key=new_key, proved_at=now, seen_at=now)
        .execution_options(synchronize_session=False)
    )


def end_sessions(session: Session, account_id: int, but: bytes | None = None) -> None:
    ending = delete(StaffSession).where(StaffSession.account_id == account_id)
    session.execute(ending.where(StaffSession.key != but) if but is not None else ending)


def end_session(session: Session, key: bytes) -> None:
    session.execute(delete(StaffSession).where(StaffSession.key == key))


def purge_sessions(session: Session, now: datetime) -> None:
    session.execute(delete(StaffSession).where(StaffSession.expires_at <= now))


def purge_throttles(session: Session, before: datetime) -> None:
    session.execute(delete(SignInThrottle).where(SignInThrottle.since <= before))


def throttles(session: Session, account_id: int, origins: Collection[bytes]) -> Sequence[SignInThrottle]:
    return session.scalars(
        select(SignInThrottle).where(SignInThrottle.account_id == account_id, SignInThrottle.origin.in_(origins))
    ).all()


def end_throttle(session: Session, account_id: int, origin: bytes) -> None:
    session.execute(
        delete(SignInThrottle).where(SignInThrottle.account_id == account_id, SignInThrottle.origin == origin)
    )


def closed_to_strangers(session: Session, now: datetime) -> set[int]:
    """Accounts that only a browser where they have been, or a mailed link, opens at the moment."""
    everywhere = select(SignInThrottle.account_id).where(
        SignInThrottle.origin == b"", SignInThrottle.closed_until > now
    )
    return set(session.scalars(everywhere))


def mails_since(session: Session, about: uuid.UUID, template: str, since: datetime) -> int:
    """How many mails of a kind were written about this."""
    return (
        session.scalar(
            select(func.count()).where(
                OutboxMail.subject == about,
                OutboxMail.template == template,
                OutboxMail.created_at > since,
            )
        )
        or 0
    )


def add(session: Session, row: Account | Passkey) -> bool:
    """False when its address, or its key, is there already: of two at once, the database takes one."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def rename(session: Session, account: Account, email: str) -> bool:
    """False when another account has this address."""
    try:
        with session.begin_nested():
            account.email = email
    except IntegrityError:
        return False
    return True


def replace_codes(session: Session, account_id: int, digests: Collection[bytes], now: datetime) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    session.add_all(RecoveryCode(account_id=account_id, digest=digest, made_at=now) for digest in digests)


def spend_code(session: Session, account_id: int, digest: bytes) -> bool:
    """True when there was such a code: there is none any more."""
    spent = delete(RecoveryCode).where(RecoveryCode.account_id == account_id, RecoveryCode.digest == digest)
    return bool(session.execute(spent).rowcount)  # type: ignore[attr-defined]


def codes_left(session: Session, account_id: int) -> int:
    left = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.account_id == account_id)
    return session.scalar(left) or 0


@dataclass(frozen=True)
class Factors:
    """How many passkeys an account has, and recovery codes."""

    passkeys: int = 0
    codes: int = 0


def factors(session: Session) -> dict[int, Factors]:
    """Of every account that has some."""
    keys, codes = (
        dict(session.execute(select(table.account_id, func.count()).group_by(table.account_id)).all())
        for table in (Passkey, RecoveryCode)
    )
    return {n: Factors(keys.get(n, 0), codes.get(n, 0)) for n in {*keys, *codes}}


def forget_factors(session: Session, account_id: int) -> None:
    """Recovery codes and passkeys go."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    session.execute(delete(Passkey).where(Passkey.account_id == account_id))


def passkeys_of(session: Session, account_id: int) -> list[Passkey]:
    """The newest last."""
    return list(session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)))


def passkey(session: Session, credential_id: bytes) -> Passkey | None:
    """As the database has it now."""
    found = select(Passkey).where(Passkey.credential_id == credential_id)
    return session.scalars(found.execution_options(populate_existing=True)).one_or_none()
