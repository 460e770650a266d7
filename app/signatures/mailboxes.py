"""Where people read their mail in a browser, by the provider of their address. Links, nothing more."""

from typing import NamedTuple

from app.mail import destinations


class Mailbox(NamedTuple):
    name: str
    url: str


_OF_PROVIDER = {
    "aol": Mailbox("AOL", "https://mail.aol.com/"),
    "free": Mailbox("Free", "https://webmail.free.fr/"),
    "gmail": Mailbox("Gmail", "https://mail.google.com/mail/"),
    "icloud": Mailbox("iCloud", "https://www.icloud.com/mail/"),
    "laposte": Mailbox("La Poste", "https://www.laposte.net/accueil"),
    "orange": Mailbox("Orange", "https://messagerie.orange.fr/"),
    "outlook": Mailbox("Outlook", "https://outlook.live.com/mail/"),
    "proton": Mailbox("Proton", "https://mail.proton.me/"),
    "sfr": Mailbox("SFR", "https://webmail.sfr.fr/"),
    "yahoo": Mailbox("Yahoo", "https://mail.yahoo.com/"),
}
# These have a door of their own.
_OF_DOMAIN = {
    "gmx.com": Mailbox("GMX", "https://www.gmx.com/"),
    "gmx.fr": Mailbox("GMX", "https://www.gmx.fr/"),
    "gmx.net": Mailbox("GMX", "https://www.gmx.net/"),
    "mailo.com": Mailbox("Mailo", "https://www.mailo.com/"),
}


def of(email: str) -> Mailbox | None:
    """None where nobody knows: a list of others' mailboxes would be a riddle."""
    return _OF_PROVIDER.get(destinations.provider(email)) or _OF_DOMAIN.get(destinations.domain(email))
