"""What an account opens with: a password and the seed of its codes."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import emails, queries, seeds
from app.accounts.actions.proving import held
from app.accounts.models import Account
from app.accounts.passwords import Hashed
from app.db import vault_of
from app.mail import outbox


@dataclass(frozen=True)
class Factors:
    """A password, None where it stays what it is, and a seed of which a code was right, at this half minute."""

    password: Hashed | None
    seed: str
    step: int


def take(session: Session, account: Account, factors: Factors) -> None:
    """From now on. The code that was typed does not serve again."""
    account.password_hash = factors.password or account.password_hash
    account.totp_sealed, account.totp_step = seeds.sealed(vault_of(session), factors.seed), factors.step


def change_code(session: Session, key: bytes, factors: Factors, locale: str) -> None:
    """Another application of codes; the person's other sessions end. Raises NotFound."""
    account = queries.lock(session, held(session, key).account_id)
    if account.password_hash:
        factors = Factors(None, factors.seed, factors.step)  # it has come meanwhile
    take(session, account, factors)
    queries.end_sessions(session, account.id, but=key)
    told(session, account, locale)


def told(session: Session, account: Account, locale: str) -> None:
    audit.record(session, "account.code_changed", "account", account.id, account.id)
    outbox.enqueue(session, [emails.factor_changed(account, "code_changed", clock.now(), locale)])
