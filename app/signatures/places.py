"""Postal codes and countries: what is accepted, what is shown, which département it is."""

import re
import unicodedata
from functools import lru_cache

from babel import Locale

from app.signatures import postal_codes
from app.text import clean_line

CODES = postal_codes.read()
_DEPARTEMENTS = frozenset(CODES.values())
# In France, nobody knows where: the army, a code that is no place's.
NOWHERE = "00"
# Chosen as a country, though their codes and their signatures are French.
OVERSEAS = frozenset({"BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"})
_FRENCH = re.compile(r"(?:FR?[ -]*)?((?:\d[ .]?){5})(?:[ ,-]+[^\W\d_].*)?", re.ASCII)
_ABROAD = re.compile(r"[0-9A-Z](?:[0-9A-Z -]{0,10}[0-9A-Z])?")


def postal_code(typed: str, country: str) -> str:
    """The code as it is kept. Raises ValueError with a sentence that says what to do."""
    if country == "FR" and typed in CODES:
        return typed
    code = clean_line(unicodedata.normalize("NFKC", typed)).upper()
    if country == "FR":
        if not code:
            raise ValueError("Indiquez votre code postal, par exemple 35000.")
        found = _FRENCH.fullmatch(code)
        if not found:
            raise ValueError(
                "Indiquez un code postal français de cinq chiffres, par exemple 35000, ou choisissez votre pays."
            )
        return re.sub("[ .]", "", found[1])
    if code and not (_ABROAD.fullmatch(code) and code.isascii()):
        raise ValueError("Indiquez votre code postal tel qu’il s’écrit dans votre pays, ou laissez vide.")
    return code


def country_code(chosen: str) -> str:
    """``FR`` for its parts overseas. Raises ValueError."""
    code = chosen.strip().upper() or "FR"
    if code not in COUNTRY_CODES:
        raise ValueError("Choisissez votre pays dans la liste.")
    return "FR" if code in OVERSEAS else code


def is_odd(code: str, country: str) -> bool:
    """A French code that no commune has: a CEDEX, the army, a mistake, an invention."""
    return country == "FR" and code not in CODES


def departement(code: str, country: str) -> str:
    """Number of the département (``2A``, ``971``, ``980`` for Monaco), perhaps NOWHERE; "" abroad."""
    if country != "FR" or not code:
        return ""
    found = CODES.get(code)
    if found is None:
        if code.startswith("20"):
            found = "2A" if code[2] in "01" else "2B"
        else:
            found = code[:3] if code.startswith(("97", "98")) else code[:2]
    return found if found in _DEPARTEMENTS else NOWHERE


@lru_cache(maxsize=4)
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """``(ISO code, name)``, France first, then in the order of the language."""
    names = {
        code: name
        for code, name in Locale(locale).territories.items()
        if len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"}
    }

    def order(item: tuple[str, str]) -> tuple[bool, str]:
        folded = unicodedata.normalize("NFKD", item[1].replace("Î", "I"))
        return item[0] != "FR", "".join(c for c in folded if not unicodedata.combining(c)).lower()

    return tuple(sorted(names.items(), key=order))


@lru_cache(maxsize=1024)
def country_name(code: str, locale: str) -> str:
    return dict(countries(locale)).get(code, code)


COUNTRY_CODES = frozenset(code for code, _ in countries("fr"))
