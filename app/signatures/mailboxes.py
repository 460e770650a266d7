"""Where people read their mail in a browser, by the domain of their address. Links, nothing more."""

from typing import NamedTuple


class Mailbox(NamedTuple):
    name: str
    url: str


_GMAIL = Mailbox("Gmail", "https://mail.google.com/mail/")
_ORANGE = Mailbox("Orange", "https://messagerie.orange.fr/")
_LAPOSTE = Mailbox("La Poste", "https://www.laposte.net/accueil")
_OUTLOOK = Mailbox("Outlook", "https://outlook.live.com/mail/")
_YAHOO = Mailbox("Yahoo", "https://mail.yahoo.com/")
_FREE = Mailbox("Free", "https://webmail.free.fr/")
_SFR = Mailbox("SFR", "https://webmail.sfr.fr/")
_ICLOUD = Mailbox("iCloud", "https://www.icloud.com/mail/")
_PROTON = Mailbox("Proton", "https://mail.proton.me/")
_BY_DOMAIN = {
    "gmail.com": _GMAIL, "googlemail.com": _GMAIL,
    "orange.fr": _ORANGE, "wanadoo.fr": _ORANGE,
    "laposte.net": _LAPOSTE,
    "free.fr": _FREE,
    "sfr.fr": _SFR, "neuf.fr": _SFR, "cegetel.net": _SFR, "club-internet.fr": _SFR,
    "icloud.com": _ICLOUD, "me.com": _ICLOUD, "mac.com": _ICLOUD,
    "proton.me": _PROTON, "protonmail.com": _PROTON, "protonmail.ch": _PROTON, "pm.me": _PROTON,
    "aol.com": Mailbox("AOL", "https://mail.aol.com/"),
    "mailo.com": Mailbox("Mailo", "https://www.mailo.com/"),
    "gmx.fr": Mailbox("GMX", "https://www.gmx.fr/"),
    "gmx.com": Mailbox("GMX", "https://www.gmx.com/"),
    "gmx.net": Mailbox("GMX", "https://www.gmx.net/"),
}  # fmt: skip
# These have the same door in every country.
_BY_NAME = {"outlook": _OUTLOOK, "hotmail": _OUTLOOK, "live": _OUTLOOK, "msn": _OUTLOOK, "yahoo": _YAHOO}
_COUNTRIES = {"com", "fr", "be", "ca", "ch", "de", "es", "it", "nl", "co.uk"}


def of(email: str) -> Mailbox | None:
    """None where nobody knows: a list of others' mailboxes would be a riddle."""
    domain = email.rpartition("@")[2].lower()
    name, _, country = domain.partition(".")
    return _BY_DOMAIN.get(domain) or (_BY_NAME.get(name) if country in _COUNTRIES else None)
