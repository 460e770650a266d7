"""What is written to people who work here about their own account: our words, never a stranger's."""

from datetime import datetime

from app.accounts.models import Account
from app.mail.outbox import Mail
from app.templating import in_language, long_datetime


def link(account: Account, token: str, locale: str) -> Mail:
    """A way in past the failures of others; password and code are still asked."""
    context = {"path": in_language(locale, f"/connexion/lien/{token}")}
    return Mail("accounts/sign_in_link", account.email, locale, context, account.about)


def new_browser(account: Account, browser: str, system: str, when: datetime) -> Mail:
    context = {"browser": browser, "system": system, "when": long_datetime(when)}
    return Mail("accounts/new_browser", account.email, "fr", context, account.about)


def locked(account: Account) -> Mail:
    return Mail("accounts/locked", account.email, "fr", {}, account.about)


def password_changed(account: Account, when: datetime) -> Mail:
    context = {"when": long_datetime(when)}
    return Mail("accounts/password_changed", account.email, "fr", context, account.about)


def new_administrator(to: Account, new: Account, by: str) -> Mail:
    """*by*: who made it, "" on the command line."""
    return Mail("accounts/new_administrator", to.email, "fr", {"email": new.email, "by": by}, new.about)
