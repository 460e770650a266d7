"""Postal codes and countries: what is accepted, what is shown, which département it is."""

import re
import unicodedata
from functools import lru_cache

from babel import Locale

_FRENCH = re.compile(
    r"(?:0[1-9]|[1-8]\d|9[0-5])\d{3}"  # metropolitan, Corsica's 20 included
    r"|97[1-8]\d{2}|98[46-9]\d{2}"  # overseas
    r"|980\d{2}"  # Monaco
)
_ABROAD = re.compile(r"[0-9A-Z](?:[0-9A-Z -]{0,10}[0-9A-Z])?")


def postal_code(typed: str, country: str) -> str:
    """The code as it is kept. Raises ValueError with a sentence that says what to do."""
    code = unicodedata.normalize("NFKC", typed).upper()
    code = re.sub(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff]+", " ", code).strip()
    if country == "FR":
        code = re.sub(r"^F-?(?=\d)|[ .]", "", code)
        if not code:
            raise ValueError("Indiquez votre code postal, par exemple 35000.")
        if not _FRENCH.fullmatch(code) or not code.isascii():
            raise ValueError(
                "Indiquez un code postal français de cinq chiffres, par exemple 35000, ou choisissez votre pays."
            )
        return code
    if code and not (_ABROAD.fullmatch(code) and code.isascii()):
        raise ValueError("Indiquez votre code postal tel qu’il s’écrit dans votre pays, ou laissez vide.")
    return code


def departement(code: str, country: str) -> str:
    """Number of the département (``2A``, ``971``, ``980`` for Monaco); "" abroad."""
    if country != "FR" or not code:
        return ""
    if code.startswith("20"):
        return "2A" if code[2] in "01" else "2B"
    return code[:3] if code.startswith(("97", "98")) else code[:2]


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
