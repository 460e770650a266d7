"""Passkeys of an account: added, removed, and the gesture that stands for both factors."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import emails, origins, passkeys, queries
from app.accounts.actions.signing_in import Opened, open_session
from app.accounts.models import Account, Passkey
from app.accounts.origins import Came
from app.accounts.passkeys import Here, NewPasskey
from app.db import vault_of
from app.errors import NotFound, Refused
from app.mail import outbox

MOST = 10
_ALERTS = timedelta(days=1)


def add(session: Session, account: Account, new: NewPasskey, name: str, locale: str) -> None:
    """Its owner is told. Raises Refused when it is known here already, or there are ten."""
    account = queries.lock(session, account.id)
    if len(queries.passkeys_of(session, account.id)) >= MOST:
        raise Refused("Dix clés d’accès au plus. Retirez-en une.")
    keep(session, account, new, name)
    outbox.enqueue(session, [emails.factor_changed(account, "key_added", clock.now(), locale)])


def keep(session: Session, account: Account, new: NewPasskey, name: str) -> None:
    """Raises Refused."""
    row = Passkey(
        account_id=account.id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        transports=new.transports,
        name=name,
        created_at=clock.now(),
        challenged_at=new.challenged_at,
    )
    if not queries.add(session, row):
        raise Refused("Cette clé d’accès est déjà celle d’un compte d’ici.")
    audit.record(session, "account.passkey_added", "account", account.id, account.id, passkey=row.id)


def remove(session: Session, account: Account, passkey_id: int, locale: str, *, local: bool) -> None:
    """Never the last way in. Raises NotFound, Refused."""
    account = queries.lock(session, account.id)
    keys = {key.id: key for key in queries.passkeys_of(session, account.id)}
    if passkey_id not in keys:
        raise NotFound("Cette clé d’accès n’est pas là.")
    if len(keys) == 1 and not has_password_way(account, local=local):
        raise Refused(
            "C’est la seule façon d’entrer dans ce compte. Ajoutez d’abord une autre clé d’accès, ou un mot de passe."
        )
    session.delete(keys[passkey_id])
    audit.record(session, "account.passkey_removed", "account", account.id, account.id, passkey=passkey_id)
    outbox.enqueue(session, [emails.factor_changed(account, "key_removed", clock.now(), locale)])


def has_password_way(account: Account, *, local: bool) -> bool:
    """Whether a password opens it, with its code; alone, on a local instance."""
    return bool(account.password_hash) and (account.totp_sealed is not None or local)


def used(session: Session, here: Here, answer: str, to: str, locale: str, of: int | None = None) -> Account | None:
    """Whose passkey has made the gesture that was asked of *to*, locked; None for anything else.

    *of*: whose it has to be.
    A counter that does not grow is the sign of a copy: refused, and its owner is told.
    """
    gesture = passkeys.read(here, answer, to, clock.now())
    found = queries.passkey(session, gesture.credential_id) if gesture is not None else None
    if gesture is None or found is None or of not in {None, found.account_id}:
        return None
    account = queries.lock(session, found.account_id)
    key = queries.passkey(session, gesture.credential_id)  # as it is now that nobody else has it
    if key is None or account.disabled_at is not None or gesture.challenged_at <= key.challenged_at:
        return None
    count = passkeys.count_of(here, gesture, key.public_key)
    if count is None:
        return None
    if (count or key.sign_count) and count <= key.sign_count:
        _copied(session, account, key, locale)
        return None
    key.sign_count, key.challenged_at, key.used_at = count, gesture.challenged_at, clock.now()
    return account


def _copied(session: Session, account: Account, key: Passkey, locale: str) -> None:
    audit.record(session, "account.passkey_copied", "account", account.id, passkey=key.id)
    if not queries.mails_since(session, account.about, "accounts/passkey_copied", clock.now() - _ALERTS):
        outbox.enqueue(session, [emails.passkey_copied(account, key.name, locale)])


def whose(session: Session, here: Here, answer: str) -> int | None:
    """Which account an answer speaks of, before anything of it is verified: its browser's cookie is looked for."""
    gesture = passkeys.read(here, answer, passkeys.ENTER, clock.now())
    found = queries.passkey(session, gesture.credential_id) if gesture is not None else None
    return found.account_id if found is not None else None


def enter(session: Session, here: Here, answer: str, came: Came) -> Opened | None:
    """A session at once: the key is one factor, what unlocks it the other. None when the gesture is not right.

    Failures on this account close no door to it: nobody guesses a signature.
    """
    account = used(session, here, answer, passkeys.ENTER, came.locale)
    if account is None:
        audit.record(session, "account.sign_in_failed", "account", "-", why="passkey")
        return None
    now, vault = clock.now(), vault_of(session)
    origin = origins.origin(vault, account, came, now)
    known = origins.knows(vault, account, came.browser, now)
    return open_session(session, account, came, origin, complete=True, known=known, by_passkey=True)
