"""Rules made of patterns: links, telephone, e-mail, address, IBAN, NIR, capitals, repetition."""

import re
from collections.abc import Iterator

Found = tuple[str, int, int, int]

LABELS = {
    "link": "Lien",
    "phone": "Numéro de téléphone",
    "email": "Adresse électronique",
    "address": "Adresse postale",
    "iban": "IBAN",
    "nir": "Numéro de sécurité sociale",
    "capitals": "Texte en capitales",
    "repetition": "Répétition",
}
VERSIONS = dict.fromkeys(LABELS, 1)

# Every pattern is linear: bounded repetitions, no nested ones.
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>«»]{3,300}", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_PHONE = re.compile(
    r"(?<![\w+])(?:(?:\+|00)33[ .\-\u00a0\u202f]?(?:\(0\))?|0)[1-9](?:[ .\-\u00a0\u202f]?\d{2}){4}(?!\d)"
)
_ADDRESS = re.compile(
    r"\b\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|av\.|boulevard|bd|place|impasse|allée|chemin|route|quai|cours|square)"
    r"\b(?: [\w’'.-]{1,30}){1,4}",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b")
_NIR = re.compile(r"(?<!\d)([12]) ?(\d{2}) ?(0[1-9]|1[0-2]|[2-9]\d) ?(\d[\dAB]) ?(\d{3}) ?(\d{3})(?: ?(\d{2}))?(?!\d)")
_LETTERS = re.compile(r"[^\W\d_]")
_REPEATED_SIGN = re.compile(r"(\S)\1{7,}")
_REPEATED_WORD = re.compile(r"\b(\w{2,30})(?:\W{1,5}\1\b){3,}", re.IGNORECASE)


def look(text: str) -> Iterator[Found]:
    """``(rule, article, start, end)``"""
    for match in _LINK.finditer(text):
        yield "link", 9, *match.span()
    for match in _EMAIL.finditer(text):
        yield "email", 6, *match.span()
    for match in _PHONE.finditer(text):
        yield "phone", 6, *match.span()
    for match in _ADDRESS.finditer(text):
        yield "address", 6, *match.span()
    for match in _IBAN.finditer(text):
        if _iban_holds(match.group()):
            yield "iban", 6, *match.span()
    for match in _NIR.finditer(text):
        if _nir_holds(match):
            yield "nir", 6, *match.span()
    yield from _shape(text)


def _shape(text: str) -> Iterator[Found]:
    letters = _LETTERS.findall(text)
    if len(letters) >= 20 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters):
        yield "capitals", 10, 0, len(text)
    for pattern in (_REPEATED_SIGN, _REPEATED_WORD):
        for match in pattern.finditer(text):
            yield "repetition", 10, *match.span()


def _iban_holds(text: str) -> bool:
    """The two check digits (ISO 7064)."""
    code = text.replace(" ", "")
    digits = "".join(str(int(sign, 36)) for sign in code[4:] + code[:4])
    return int(digits) % 97 == 1


def _nir_holds(match: re.Match[str]) -> bool:
    """The key, when it is there; without it thirteen digits of the right shape are enough."""
    if match.group(7) is None:
        return True
    number = "".join(match.group(n) for n in range(1, 7)).replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(match.group(7))
