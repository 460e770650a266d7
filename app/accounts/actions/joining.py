"""An account of one's own: a link by mail, then a password with its code, or a passkey."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts import emails, launching, links, origins, queries
from app.accounts.actions import codes, keys
from app.accounts.actions.factors import Factors, take
from app.accounts.actions.managing import address_of
from app.accounts.actions.signing_in import Opened, open_session
from app.accounts.links import Welcome
from app.accounts.models import Account
from app.accounts.origins import Came
from app.accounts.passkeys import NewPasskey
from app.accounts.places import wanted
from app.db import vault_of
from app.errors import Gone, Refused
from app.mail import accents, outbox
from app.settings import Settings

# To one address, of either of the two mails.
LINKS = ((timedelta(hours=1), 4), (timedelta(days=1), 8))
LATE = "Ce lien n’ouvre plus rien : il valait deux jours, ou il n’est pas entier. Demandez-en un autre."


def welcome(session: Session, settings: Settings, email: str, then: str, locale: str) -> None:
    """Mail a link to make an account and go on to *then*, a path of ours; to sign in, to whoever has one.

    Nothing tells the caller which of the two left, nor that none did: the address is not invited here, its account
    is disabled, or it got several lately. Raises Refused for what is no address.
    """
    email = address_of(email)
    accents.reachable(session, email)
    account = queries.by_email(session, email)
    about = _about(session, email)
    if (account.disabled_at is not None) if account is not None else not launching.may(settings, session, email):
        return
    if _had_enough(session, about):
        return
    if account is not None:
        mail = emails.known(account, wanted(then), locale, about)
    else:
        token = links.welcome(vault_of(session), email, then, clock.now())
        mail = emails.welcome(email, token, locale, about)
    outbox.enqueue(session, [mail])


def invite(session: Session, email: str, by: int) -> None:
    """An administrator asks somebody in: the same link, whatever the setting. Raises Refused."""
    email = address_of(email)
    accents.reachable(session, email)
    if queries.by_email(session, email) is not None:
        raise Refused("Un compte existe déjà pour cette adresse.")
    about = _about(session, email)
    if _had_enough(session, about):
        raise Refused("Cette adresse a déjà reçu plusieurs liens aujourd’hui. Attendez demain.")
    token = links.welcome(vault_of(session), email, "/lancer", clock.now())
    audit.record(session, "account.invited", "account", "-", by)
    outbox.enqueue(session, [emails.welcome(email, token, "fr", about, invited=True)])


def way_in(session: Session, email: str, then: str) -> str:
    """Where whoever has shown that they read the mail of *email* signs in, or makes an account, and comes to *then*."""
    if queries.by_email(session, email) is not None:
        return f"/connexion?suite={quote(then)}"
    return f"/compte/creer/{links.welcome(vault_of(session), email, then, clock.now())}"


def _about(session: Session, email: str) -> uuid.UUID:
    """What these mails are about: an address that may have no account."""
    return uuid.UUID(bytes=crypto.digest(vault_of(session).recipients, b"welcome", email.encode()))


def _had_enough(session: Session, about: uuid.UUID) -> bool:
    now = clock.now()
    kinds = ("accounts/welcome", "accounts/known")
    return any(sum(queries.mails_since(session, about, kind, now - time) for kind in kinds) >= n for time, n in LINKS)


def welcomed(session: Session, token: str) -> tuple[Welcome, Account | None]:
    """What the link is for, and the account that its address has already. Raises Gone."""
    found = links.welcomed(vault_of(session), token, clock.now())
    if found is None:
        raise Gone(LATE)
    return found, queries.by_email(session, found.email)


@dataclass(frozen=True)
class Joined:
    opened: Opened
    codes: list[str]


def join(session: Session, email: str, factors: Factors | NewPasskey, came: Came) -> Joined | None:
    """The account, in already, with its ten codes; None when there is one for this address by now. Raises Refused."""
    now, vault = clock.now(), vault_of(session)
    account = Account(email=email, role="organiser", password_hash="", totp_step=0, created_at=now)
    if isinstance(factors, Factors):
        take(session, account, factors)
    if queries.by_email(session, email) is not None or not queries.add(session, account):
        return None
    audit.record(session, "account.created", "account", account.id, account.id, role=account.role)
    if isinstance(factors, NewPasskey):
        keys.keep(session, account, factors, " · ".join(filter(None, origins.names(came.agent))))
    drawn = codes.renew(session, account)
    origin = origins.origin(vault, account, came, now)
    return Joined(open_session(session, account, came, origin, complete=True, known=True), drawn)
