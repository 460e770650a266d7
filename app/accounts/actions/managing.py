"""Accounts are made, looked after by administrators, and end."""

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import emails, queries, seeds
from app.accounts.models import ROLES, Account
from app.accounts.passwords import Hashed
from app.db import vault_of
from app.errors import NotFound, Refused
from app.mail import outbox


def create(
    session: Session,
    email: str,
    role: str,
    password: Hashed,
    *,
    second_factor: bool = True,
    site: str = "Signons",
    by: int | None = None,
) -> tuple[Account, str]:
    """A new account and its ``otpauth://`` URI ("" without second factor). Raises Refused."""
    if role not in ROLES:
        raise Refused("Rôle inconnu : %(role)s. Choisissez %(roles)s.", role=role, roles=", ".join(ROLES))
    email = address_of(email)
    account = Account(email=email, role=role, password_hash=password, created_at=clock.now(), totp_step=0)
    uri = ""
    if second_factor:
        seed = seeds.drawn()
        account.totp_sealed = seeds.sealed(vault_of(session), seed)
        uri = seeds.uri(seed, email, site)
    if queries.by_email(session, email) is not None or not queries.add(session, account):
        raise Refused("Un compte existe déjà pour cette adresse.")
    audit.record(session, "account.created", "account", account.id, by, role=role)
    _tell_administrators(session, account, by)
    return account, uri


def address_of(email: str) -> str:
    """As accounts keep it. Raises Refused."""
    try:
        valid = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Refused("« %(email)s » n’est pas une adresse e-mail.", email=email) from None
    return valid.normalized.lower()


def _tell_administrators(session: Session, account: Account, by: int | None) -> None:
    """Nobody gets all the powers without the others knowing."""
    if account.role != "admin":
        return
    author = queries.by_id(session, by) if by is not None else None
    others = [one for one in queries.administrators(session) if one.id != account.id and not one.is_demo]
    name = author.email if author is not None else ""
    outbox.enqueue(session, [emails.new_administrator(one, account, name) for one in others])


def end(session: Session, account: Account) -> None:
    """The person is forgotten; the row stays as the anonymous author of past acts."""
    queries.end_sessions(session, account.id)
    outbox.cancel(session, account.about)
    account.email = f"compte-{account.id}-supprime"
    account.password_hash, account.totp_sealed, account.locale = "", None, "fr"
    queries.forget_factors(session, account.id)
    account.disabled_at = clock.now()
    audit.record(session, "account.ended", "account", account.id)


def close_sessions(session: Session, account_id: int, by: int | None = None) -> None:
    """Whoever is in has to sign in again. Raises NotFound."""
    account = _managed(session, account_id, by)
    queries.end_sessions(session, account.id)
    audit.record(session, "account.sessions_closed", "account", account.id, by)


def disable(session: Session, account_id: int, by: int) -> None:
    """Out at once, until it is enabled again; never oneself. Raises NotFound, Refused."""
    account = _managed(session, account_id, by)
    if account.id == by:
        raise Refused("On ne désactive pas son propre compte. Demandez-le à une autre personne.")
    if account.disabled_at is not None:
        return
    account.disabled_at = clock.now()
    queries.end_sessions(session, account.id)
    audit.record(session, "account.disabled", "account", account.id, by)


def enable(session: Session, account_id: int, by: int) -> None:
    """As it was before. Raises NotFound, Refused."""
    account = _managed(session, account_id, by)
    if account.has_ended:
        raise Refused("Ce compte a été supprimé. Créez-en un autre.")
    if account.disabled_at is None:
        return
    account.disabled_at = None
    audit.record(session, "account.enabled", "account", account.id, by)
    _tell_administrators(session, account, by)


def _managed(session: Session, account_id: int, by: int | None) -> Account:
    """The account, locked with the one that acts: of two people who disable each other, one succeeds."""
    found = queries.lock_all(session, {account_id, *([by] if by is not None else [])})
    if by is not None and found[by].disabled_at is not None:
        raise NotFound("Cette page n’existe pas, ou votre session a pris fin.")
    if account_id not in found:
        raise NotFound("Ce compte n’existe pas.")
    return found[account_id]
