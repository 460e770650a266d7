"""What is left of a word to search by: no case, accent, ligature or inflection.

Computed here, by Snowball's French stemmer and the few endings that it misses, and not by the database: FTS5 knows
no French, and PostgreSQL's ``french`` with ``unaccent`` needs an extension that hosted databases often refuse and
would find other things. Both engines are given the same words, so both find the same petitions.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from snowballstemmer.french_stemmer import FrenchStemmer

from app.folding import fold

# PostgreSQL refuses a word of 2 KB.
LONGEST = 64
# Those that a sentence is held together by: kept whole, so that "parc" is not found in "parce que".
_HELD_TOGETHER = """
a ai au aux avec c ce ces cet cette chez d dans de des du elle elles en entre est et eux il ils j je jusqu l la le les
leur leurs lorsqu m ma mais me mes moi mon n ne ni nos notre nous on ont ou par parce pas plus pour pourquoi puisqu qu
quand que quel quelle quelles quels qui quoi s sa sans se ses si sont sur t ta te tes toi ton tu un une vers vos votre
vous y"""
_FUNCTION_WORDS = frozenset(_HELD_TOGETHER.split())
# Before a function word: no sign that a word could have.
_WHOLE = "·"
# Before a word of a title.
_TITLE = "§"
# Before the number of a theme.
_THEME = "¤"
# Chinese and Japanese put no space between words: each sign is one.
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_PIECES = re.compile(rf"[{_SIGNS}]|[^\W_{_SIGNS}]+|[^\w\s]")
# Endings that Snowball leaves apart, or knows by their accent only: vélos, élus, fermée, infirmière, lectrice, actif…
_ENDINGS = tuple(
    (re.compile(ending), instead)
    for ending, instead in (
        (r"^(avant|en)?(j|f|l?i|mili|chev|nev|av|vo)eux$", r"\1\2eu"),
        (r"^travaux$", "travail"),
        (r"^(am|abr)is$", r"\1i"),
        (r"^(nouv|b|jum)elle?s?$", r"\1eau"),
        # "Sauvons…" is how many titles begin; "…ons" is how many nouns end.
        (
            r"^(aid|arret|cre|demand|donn|ferm|gard|laiss|liber|lutt|ouvr|plant|reclam|refus|rouvr|sauv|stopp)ons$",
            r"\1e",
        ),
        (r"geons?$", "ger"),
        (r"(?<=.)([ao]i)s(?:es?)?$", r"\1"),
        (r"(?<=..)([abcdfgklmnopt]|(?<!ve)r|(?<=[cdelnotv])u)s$", r"\1"),
        (r"ee(s?)$", r"e\1"),
        (r"(?<=..)ieres?$", "ier"),
        (r"(?<=..)trices?$", "teur"),
        (r"(?<=...)eu(?:re?s?|x|ses?)$", "eur"),
        (r"(?<=..)if$", "ive"),
        (r"(?<=..)ic$", "ique"),
        (r"(?<=[^a])it$", "ite"),
    )
)


def stems(text: str) -> list[str]:
    """Of each of its words once, in the order of the text."""
    return list(dict.fromkeys(_stem(piece[:LONGEST]) for piece in _PIECES.findall(fold(text)) if _is_word(piece)))


def indexed(title: str, *parts: str) -> tuple[list[str], list[str]]:
    """Those of a title, and those of everything, among which the title's are once more, marked."""
    of_title = stems(title)
    return of_title, [*stems(" ".join((title, *parts))), *in_title(of_title)]


def in_title(found: Iterable[str]) -> list[str]:
    """These words, said by a title: words of their own, so that a common one need not be looked for in every text."""
    return [f"{_TITLE}{stem}" for stem in found]


def of_themes(theme_ids: Iterable[int]) -> list[str]:
    """Words of their own too: an index that is asked for both need not look at all that have one of them."""
    return [f"{_THEME}{theme_id}" for theme_id in theme_ids]


def asked(text: str) -> list[str]:
    """What to look for: function words count only where there is nothing else."""
    return telling(text) or stems(text)


def telling(text: str) -> list[str]:
    """Its words without those that hold it together."""
    return [stem for stem in stems(text) if stem[0] != _WHOLE]


def _is_word(piece: str) -> bool:
    """Signs are not, but for pictures: a theme may be a tree."""
    return piece.isalnum() or unicodedata.category(piece[0]) == "So"


@lru_cache(maxsize=1 << 15)
def _stem(word: str) -> str:
    if word in _FUNCTION_WORDS:
        return _WHOLE + word
    for ending, instead in _ENDINGS:
        word = ending.sub(instead, word)
    stemmer = FrenchStemmer()  # each its own: they are not for several threads
    return str(stemmer.stemWord(word))


def theme_key(theme: str) -> str:
    """Neither case, accents, signs nor plurals make another theme."""
    return " ".join(re.sub(r"(?<=..)[sx]$", "", word) for word in re.findall(r"\w+", fold(theme))) or theme
