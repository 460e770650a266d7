"""What is the same to a reader: case, accents, ligatures, apostrophes, dashes, white space, what cannot be seen.

Searches, names and quoted passages are compared by it, so that ``L’HÔPITAL`` finds ``l'hôpital``.
"""

import re
import unicodedata
from functools import lru_cache

_ALIKE = str.maketrans(
    dict.fromkeys("‘’‚‛ʹʻʼʽˈ′‵＇`´", "'")
    | dict.fromkeys("“”„‟«»″＂", '"')
    | dict.fromkeys("‐‑‒–—―−﹣－", "-")
    | {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d"}
    | {"ł": "l", "Ł": "l", "ħ": "h", "Ħ": "h", "ı": "i", "þ": "th", "Þ": "th"}
)
# Selectors, joiners and fillers that are not of category Cf.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def fold(text: str) -> str:
    """Lower case, no accent, one kind of apostrophe: what is searched, and what addresses are made of."""
    return "".join(map(_folded, text))


def located(text: str) -> tuple[str, list[int]]:
    """*text* folded, white space collapsed; for each of its characters, and for its end, where it began in *text*."""
    out: list[str] = []
    starts: list[int] = []
    for position, character in enumerate(text):
        for plain in _folded(character):
            if plain != " " or (out and out[-1] != " "):
                out.append(plain)
                starts.append(position)
    starts.append(len(text))
    return "".join(out), starts


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    """Of one character, whatever stands around: accents, which are characters too, become nothing."""
    if character.isspace():
        return " "
    parts = unicodedata.normalize("NFKD", character.translate(_ALIKE)).translate(_ALIKE)
    return "".join(c for c in parts if not (unicodedata.combining(c) or _is_unseen(c))).casefold()


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or _UNSEEN.match(character) is not None
