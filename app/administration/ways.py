"""Where mails go: per provider, how many wait, since when, how many it takes at once, and its last words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.locale import Message
from app.mail import outbox, queries
from app.mail.destinations import RELAY
from app.mail.models import MailRoute

# As people know them; names of firms, in every language the same.
PROVIDERS = {
    "aol": "AOL",
    "bbox": "Bbox (Bouygues)",
    "free": "Free",
    "gmail": "Gmail",
    "gmx": "GMX, mail.com, web.de",
    "icloud": "iCloud",
    "laposte": "La Poste",
    "orange": "Orange, Wanadoo",
    "outlook": "Outlook, Hotmail, Live, MSN",
    "proton": "Proton",
    "sfr": "SFR, Neuf",
    "yahoo": "Yahoo",
}
WAYS = {"relay": "Serveur d’envoi (tous les courriels)", "others": "Autres domaines"}
# What a mail or a provider was last answered → in words; what is not here is said as it is.
_WORDS: list[tuple[str, str]] = [
    (r"recipient refused \((\d+)\)", "Destinataire refusé (%(code)s)"),
    (r"sender refused \((\d+)\)", "Expéditeur refusé (%(code)s)"),
    (r"server answered (\d+)", "Réponse du serveur : %(code)s"),
    (r"not an address", "Ce n’est pas une adresse"),
    (r"address with accents before the @.*", "Un accent avant le @ : le serveur d’envoi ne prend pas ces adresses"),
    (r"cannot be opened", "Ne s’ouvre pas avec la clé de cette instance"),
    (re.escape(outbox.TOO_OFTEN), "Parti trop souvent sans que nous le sachions"),
    (r"ConnectionRefusedError", "La connexion est refusée"),
    (r"TimeoutError", "Pas de réponse à temps"),
    (r"gaierror", "Le nom du serveur est inconnu"),
    (r"SMTPServerDisconnected|Connection\w+Error|BrokenPipeError", "La connexion a été coupée"),
    (r"SSL\w+", "La connexion chiffrée a échoué"),
    (r"SMTPAuthenticationError", "L’identifiant ou le mot de passe est refusé"),
]
QUIET = ("", outbox.LEAVING, outbox.LEAVING_AGAIN)


def in_words(reason: str) -> str:
    for pattern, sentence in _WORDS:
        if found := re.fullmatch(pattern, reason):
            return Message(sentence, code=found[1]) if found.groups() else sentence
    return reason


@dataclass
class Way:
    """One line of the operator's table."""

    name: str
    waiting: int = 0
    oldest: datetime | None = None
    route: MailRoute | None = None
    words: str = ""
    # Nothing goes there before; None: something may.
    until: datetime | None = None


def _oldest(those: Iterable[Way]) -> datetime | None:
    return min((way.oldest for way in those if way.oldest), default=None)


def ways(session: Session, now: datetime) -> list[Way]:
    """Our own server first, when it takes fewer or none; then by how many wait."""
    found: dict[str, Way] = {}
    failed: dict[str, int] = {}
    for destination, error, n, oldest in queries.waiting_by_way(session):
        way = found.setdefault(destination, Way(PROVIDERS.get(destination, WAYS["others"])))
        way.waiting += n
        way.oldest = min(filter(None, (way.oldest, oldest)))
        if error not in QUIET and n > failed.get(destination, 0):
            failed[destination], way.words = n, in_words(error)
    relay = []
    for route in queries.slow_routes(session, now):
        if route.name == RELAY:
            relay = [Way(WAYS["relay"], sum(way.waiting for way in found.values()), _oldest(found.values()), route)]
        else:
            way = found.setdefault(route.name, Way(PROVIDERS.get(route.name, route.name)))
            way.route = route
    for way in (*relay, *found.values()):
        if way.route is not None:
            way.words = in_words(way.route.words)
            way.until = way.route.until if way.route.until > now else None
    return [*relay, *sorted(found.values(), key=lambda way: (-way.waiting, way.name))]
