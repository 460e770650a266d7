"""Whom a mail greets: a name, and nothing that somebody else would have us say.

What stands for a name in a form may have been typed by a stranger, to an address that is not theirs.
"""

import re
import unicodedata

MAX_NAME = 60
MAX_WORDS = 6
# A mark above or below a letter is common; three in a row are not writing any more.
MARKS = 2
# Blanks, hyphens, apostrophes; a full stop ends an initial or a word, hence never stands inside a link.
_JOINT = re.compile(r"\.? |\.?-|['’]|\.$")
# Letters by their category, of which nothing is seen.
_BLANK = {"\u115f", "\u1160", "\u3164", "\uffa0"}


def greeted(name: str) -> str:
    """*name* when a mail may greet it: 60 signs of letters, no figure, no link; else ""."""
    name = unicodedata.normalize("NFC", name).strip()
    words = _JOINT.split(name.removesuffix("."))
    if len(name) > MAX_NAME or len(words) > MAX_WORDS or not all(map(_is_word, words)):
        return ""
    return name


def _is_word(word: str) -> bool:
    """Letters with their marks."""
    marks = 0
    for sign in word:
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind in {"Mn", "Mc"} else 0
        if marks > MARKS or sign in _BLANK or not (marks or kind.startswith("L")):
            return False
    return bool(word) and not unicodedata.category(word[0]).startswith("M")
