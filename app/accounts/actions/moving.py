"""A change of address: the new one confirms by its link; the old one is told, and may say no for a week."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import emails, links, queries
from app.accounts.actions.managing import address_of
from app.accounts.links import Move
from app.accounts.models import Account
from app.db import vault_of
from app.errors import Gone, Refused
from app.mail import accents, outbox

LINKS = ((timedelta(hours=1), 3), (timedelta(days=1), 6))
LATE = "Ce lien ne sert plus : il a servi, il a été refusé, ou son temps est passé."
TAKEN = "Cette adresse a un compte entre-temps. Rien n’est changé."


def ask(session: Session, account: Account, email: str, locale: str) -> None:
    """Nothing tells whether the new address has an account: then it gets no link. Raises Refused."""
    account = queries.lock(session, account.id)
    new, now, vault = address_of(email), clock.now(), vault_of(session)
    accents.reachable(session, new)
    if new == account.email:
        raise Refused("C’est déjà l’adresse de ce compte.")
    if any(
        queries.mails_since(session, account.about, "accounts/address_notice", now - time) >= n for time, n in LINKS
    ):
        raise Refused("Vous avez demandé plusieurs changements aujourd’hui. Attendez demain.")
    veto = links.vetoing(vault, account.id, account.email, new, now)
    mails = [emails.address_notice(account, account.email, "asked", veto, locale)]
    if queries.by_email(session, new) is None:
        token = links.confirming(vault, account, new, now)
        mails.append(emails.address_confirm(account, new, token, locale))
    audit.record(session, "account.address_asked", "account", account.id, account.id)
    outbox.enqueue(session, mails)


def confirming(session: Session, token: str, *, lock: bool = False) -> tuple[Account, Move]:
    """Raises Gone."""
    move = links.confirmed(vault_of(session), token, clock.now())
    account = _of(session, move, lock=lock)
    settled = account.address_settled if account is not None else None
    if account is None or move is None or not move.is_other(account.email) or (settled and move.made_at <= settled):
        raise Gone(LATE)
    return account, move


def confirm(session: Session, token: str, locale: str) -> None:
    """Raises Gone, Refused."""
    account, move = confirming(session, token, lock=True)
    old = account.email
    _take(session, account, move.address)
    audit.record(session, "account.address_changed", "account", account.id, account.id)
    veto = links.vetoing(vault_of(session), account.id, old, account.email, clock.now())
    outbox.enqueue(session, [emails.address_notice(account, old, "changed", veto, locale)])


def vetoing(session: Session, token: str, *, lock: bool = False) -> tuple[Account, Move]:
    """Raises Gone."""
    move = links.vetoed(vault_of(session), token, clock.now())
    account = _of(session, move, lock=lock)
    # However many times it has moved since: whoever stole a session cannot outrun the address that was there.
    if account is None or move is None or (account.vetoed_at and move.made_at <= account.vetoed_at):
        raise Gone(LATE)
    return account, move


def veto(session: Session, token: str, locale: str) -> None:
    """The old address stays, or comes back; whoever is in has to sign in again. Raises Gone, Refused."""
    account, move = vetoing(session, token, lock=True)
    if account.email != move.address:
        _take(session, account, move.address)
    account.address_settled = account.vetoed_at = clock.now()
    queries.end_sessions(session, account.id)
    audit.record(session, "account.address_vetoed", "account", account.id, account.id)
    outbox.enqueue(session, [emails.address_notice(account, account.email, "kept", "", locale)])


def _of(session: Session, move: Move | None, *, lock: bool) -> Account | None:
    read = queries.lock if lock else queries.by_id
    account = read(session, move.account_id) if move is not None else None
    return account if account is not None and account.disabled_at is None else None


def _take(session: Session, account: Account, email: str) -> None:
    """Raises Refused."""
    if queries.by_email(session, email) is not None or not queries.rename(session, account, email):
        raise Refused(TAKEN)
    account.address_settled = clock.now()
