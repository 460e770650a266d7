"""What is written to people who work here about their own account: our words, never a stranger's."""

import uuid
from datetime import datetime
from urllib.parse import quote

from app.accounts.models import Account
from app.mail.outbox import Mail
from app.templating import in_language, long_datetime


def welcome(to: str, token: str, locale: str, about: uuid.UUID, *, invited: bool = False) -> Mail:
    """The way to an account for whoever reads the mail of this address."""
    context = {"path": in_language(locale, f"/compte/creer/{token}"), "invited": invited}
    return Mail("accounts/welcome", to, locale, context, about)


def known(account: Account, then: str, locale: str, about: uuid.UUID) -> Mail:
    """To somebody who is asked to make an account and has one."""
    path = f"/connexion?suite={quote(then)}" if then else "/connexion"
    return Mail("accounts/known", account.email, locale, {"path": in_language(locale, path)}, about)


def code_used(account: Account, left: int, when: datetime, locale: str) -> Mail:
    context = {"left": left, "when": long_datetime(when, locale)}
    return Mail("accounts/code_used", account.email, locale, context, account.about)


def mending(account: Account, kind: str, token: str, locale: str) -> Mail:
    """*kind*: "password" or "factor"; whoever has passkeys alone has no password to mend."""
    path = "/connexion/mot-de-passe" if kind == "password" else "/connexion/second-facteur"
    if kind == "password" and not account.password_hash:
        context = {"path": in_language(locale, "/connexion/second-facteur"), "no_password": True}
    else:
        context = {"path": in_language(locale, f"{path}/{token}"), "no_password": False}
    return Mail(f"accounts/new_{kind}", account.email, locale, context, account.about)


def address_confirm(account: Account, new: str, token: str, locale: str) -> Mail:
    context = {"path": in_language(locale, f"/connexion/adresse/{token}")}
    return Mail("accounts/address_confirm", new, locale, context, account.about)


def address_notice(account: Account, to: str, what: str, veto: str, locale: str) -> Mail:
    """To the old address. *what*: asked, changed, kept."""
    path = f"/connexion/adresse-refusee/{veto}" if veto else "/connexion/mot-de-passe-oublie"
    context = {"what": what, "path": in_language(locale, path)}
    return Mail("accounts/address_notice", to, locale, context, account.about)


def factor_changed(account: Account, what: str, when: datetime, locale: str) -> Mail:
    """*what*: key_added, key_removed, code_changed."""
    context = {"what": what, "when": long_datetime(when, locale)}
    return Mail("accounts/factor_changed", account.email, locale, context, account.about)


def passkey_copied(account: Account, name: str, locale: str) -> Mail:
    return Mail("accounts/passkey_copied", account.email, locale, {"key": name}, account.about)


def link(account: Account, token: str, locale: str) -> Mail:
    """A way in past the failures of others; password and code are still asked."""
    context = {"path": in_language(locale, f"/connexion/lien/{token}")}
    return Mail("accounts/sign_in_link", account.email, locale, context, account.about)


def new_browser(account: Account, browser: str, system: str, when: datetime, locale: str, *, by_passkey: bool) -> Mail:
    context = {"browser": browser, "system": system, "when": long_datetime(when, locale), "by_passkey": by_passkey}
    return Mail("accounts/new_browser", account.email, locale, context, account.about)


def locked(account: Account) -> Mail:
    return Mail("accounts/locked", account.email, "fr", {}, account.about)


def password_changed(account: Account, when: datetime, locale: str) -> Mail:
    context = {"when": long_datetime(when, locale)}
    return Mail("accounts/password_changed", account.email, locale, context, account.about)


def closed(to: str, locale: str) -> Mail:
    """The last one: the address is forgotten with it."""
    return Mail("accounts/closed", to, locale)


def new_administrator(to: Account, new: Account, by: str) -> Mail:
    """*by*: who made it, "" on the command line."""
    return Mail("accounts/new_administrator", to.email, to.locale, {"email": new.email, "by": by}, new.about)
