"""What changed between two texts, and whether it is a slip of the pen.

Between texts of any length the cost stays near their length: words that both have once hold them together, and what
nothing holds together has been replaced.
"""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from app.folding import fold
from app.locale import Message
from app.petitions.readable import readable

# Characters taken away and put in, all corrections of one version together.
MOST = 20
# Pairs of words that are compared one by one; and how deep one looks for words that hold together.
_PAIRS, _DEPTH = 40_000, 12
_TOKEN = re.compile(r"\s+|[^\W\d_]+(?:[’'-](?=[^\W\d_]))?|\d+|[^\w\s]|_")


class Piece(NamedTuple):
    """Some text that is the same (``=``), gone (``-``) or new (``+``)."""

    op: str
    text: str


def diff(old: str, new: str) -> list[Piece]:
    """Word by word; what is gone comes before what stands in its place."""
    pieces: list[Piece] = []
    for same, gone, come in _runs(_compared(_TOKEN.findall(old), _TOKEN.findall(new), _DEPTH)):
        pieces += [Piece(op, text) for op, text in (("=", same), ("-", gone), ("+", come)) if text]
    return pieces


def _runs(compared: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """What is the same, then what is gone and what has come after it. Blanks alone hold nothing together: between two
    replaced words they are replaced too."""
    runs: list[list[str]] = [["", "", ""]]
    for op, text in compared:
        if op == "=" and text and (runs[-1][1] or runs[-1][2]):
            runs.append([text, "", ""])
        else:
            runs[-1]["=-+".index(op)] += text
    kept = runs[:1]
    for same, gone, come in runs[1:]:
        before = kept[-1]
        replaced = (before[1] + gone).strip() and (before[2] + come).strip() and (gone or come)
        if replaced and not re.search(r"\w", same):
            before[1:] = [before[1] + same + gone, before[2] + same + come]
        else:
            kept.append([same, gone, come])
    return [(same, gone, come) for same, gone, come in kept]


def _compared(old: Sequence[str], new: Sequence[str], depth: int) -> Iterator[tuple[str, str]]:
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    yield "=", "".join(old[:start])
    yield from _between(old[start : len(old) - end], new[start : len(new) - end], depth)
    yield "=", "".join(old[len(old) - end :])


def _between(old: Sequence[str], new: Sequence[str], depth: int) -> Iterator[tuple[str, str]]:
    """Of what has neither its beginning nor its end in common."""
    anchors = _anchors(old, new) if depth and old and new else []
    if anchors:
        i = j = 0
        for at_old, at_new in [*anchors, (len(old), len(new))]:
            yield from _compared(old[i:at_old], new[j:at_new], depth - 1)
            yield "=", "".join(old[at_old : at_old + 1])
            i, j = at_old + 1, at_new + 1
    elif len(old) * len(new) <= _PAIRS:
        for op, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if op == "equal":
                yield "=", "".join(old[i1:i2])
            else:
                yield "-", "".join(old[i1:i2])
                yield "+", "".join(new[j1:j2])
    else:
        yield "-", "".join(old)
        yield "+", "".join(new)


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Where words (no blanks) stand that both have exactly once, in an order that both share: as many as possible."""
    in_old, in_new = Counter(old), Counter(new)
    places = {word: i for i, word in enumerate(new) if in_new[word] == 1 and not word.isspace()}
    pairs = [(i, places[word]) for i, word in enumerate(old) if in_old[word] == 1 and word in places]
    # The longest increasing run of the second places.
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for n, (_, place) in enumerate(pairs):
        length = bisect(ends, place)
        ends[length:] = [place, *ends[length + 1 :]] if length < len(ends) else [place]
        last[length:] = [n, *last[length + 1 :]] if length < len(last) else [n]
        before.append(last[length - 1] if length else -1)
    found, n = [], last[-1] if last else -1
    while n >= 0:
        found.append(pairs[n])
        n = before[n]
    return found[::-1]


def excerpts(pieces: Sequence[Piece], around: int = 40) -> list[Piece]:
    """The same with no more of what did not change than tells where one is."""
    found = []
    for n, (op, text) in enumerate(pieces):
        first, final = n == 0, n == len(pieces) - 1
        if op == "=" and len(text) > around * (1 if first or final else 2):
            start = "" if first else text[:around].rsplit(" ", 1)[0] if " " in text[:around] else text[:around]
            stop = "" if final else text[-around:].split(" ", 1)[-1]
            text = f"{start} […] {stop}"
        found.append(Piece(op, text))
    return found


def distance(old: str, new: str, most: int = MOST) -> int:
    """Characters to take away and to put in, the fewest; *most* + 1 for any more (Myers, in n × most)."""
    if abs(len(old) - len(new)) > most:
        return most + 1
    reach = {1: 0}
    for d in range(most + 1):
        for k in range(-d, d + 1, 2):
            x = reach[k + 1] if k == -d or (k != d and reach[k - 1] < reach[k + 1]) else reach[k - 1] + 1
            y = x - k
            # Long stretches at once, then sign by sign.
            while x < len(old) and y < len(new):
                if old[x : x + 64] == new[y : y + 64] and x + 64 <= len(old) and y + 64 <= len(new):
                    x, y = x + 64, y + 64
                elif old[x] == new[y]:
                    x, y = x + 1, y + 1
                else:
                    break
            reach[k] = x
            if x >= len(old) and y >= len(new):
                return d
    return most + 1


# What a correction may not touch

NEGATION = re.compile(
    "ne|n|pas|point|jamais|aucun|aucune|aucuns|aucunes|sans|ni|non|nul|nulle|nuls|nulles|rien|personne|"
    "guere|plus|moins|nullement|sauf|hormis|excepte|contre|hors|not|no|never|none|nobody|nothing|nor|"
    "cannot|without|against|except|less|more"
)
NUMBER = re.compile(
    "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt|vingts|"
    "trente|quarante|cinquante|soixante|septante|octante|nonante|cent|cents|mille|million|millions|"
    "milliard|milliards|zero|demi|demie|moitie|tiers|quart|quarts|double|triple|premier|premiere|second|"
    "seconde|dizaine|douzaine|centaine|millier|milliers|one|two|three|four|five|six|seven|eight|nine|ten|"
    "eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|billion|half|"
    "third|quarter|first"
)
# « possible », « impossible ».
_PREFIXES = ("in", "im", "il", "ir", "de", "des", "mal", "me", "anti", "non", "un", "dis", "mis")
# As somebody reads them: an address, a number with its signs, a word; « n’ » stands apart from what follows.
_WORD = re.compile(
    r"(?P<address>(?:https?://|mailto:|www\.)[^\s)]+|\S+@\S+\.\S+|(?<=\]\()[^)\s]+)"
    r"|(?P<number>[+−-]?\d+(?:[\s.,:/’'-]?\d+)*(?:\s?[%‰€$£°²³])?|[%‰€$£])"
    r"|(?P<negation>[^\W\d_]*n[’']t(?![^\W\d_]))|(?P<word>[^\W\d_]+)"
)
_BEFORE_SENTENCE = re.compile(r"(?:^|[.!?…\n])[\s«“\"(*_>#\-–—•’']*$")
_SHORTENED = re.compile(r"\b(?:MM?|Mme|Mlle|Mr|Mrs|Ms|Dr|Pr|Me|Ste?|[^\W\d_])\.\s*$")
TOO_LONG = (
    "Une coquille change %(most)s caractères au plus depuis la publication de cette version, corrections précédentes "
    "comprises. Proposez plutôt un amendement."
)
_SAID = {
    "address": "Une coquille ne touche pas à une adresse : « %(word)s ». Proposez plutôt un amendement.",
    "number": "Une coquille ne touche pas à un nombre : « %(word)s ». Proposez plutôt un amendement.",
    "name": "Une coquille ne touche pas à un nom : « %(word)s ». Proposez plutôt un amendement.",
    "negation": (
        "Une coquille ne touche pas à une négation, ni à un mot qui renverse le sens : « %(word)s ». "
        "Proposez plutôt un amendement."
    ),
}
Text = tuple[str, str]


def refusal(old: Text, new: Text, names: Iterable[str], before: int) -> str | None:
    """Why *new* (title, Markdown) is more than a slip of the pen in *old*; None when it is none.

    *names*: people and bodies that the petition names; *before*: characters corrected earlier. What is read counts as
    well as what is typed: a few signs may hide a line.
    """
    known = {
        fold(word) for name in names for word in re.findall(r"[^\W\d_]{2,}", name) if len(word) > 3 or _capital(word)
    }
    for was, now in [(old[0], new[0]), (old[1], new[1]), (readable(old[1]), readable(new[1]))]:
        if (found := _touched(was, now, known)) is not None:
            return Message(_SAID[found[0]], word=found[1])
    if before + size(old, new) > MOST:
        return Message(TOO_LONG, most=MOST)
    return None


def size(old: Text, new: Text) -> int:
    """Characters changed, of what is typed or of what is read, whichever are more; MOST + 1 for any more."""
    text = max(distance(old[1], new[1]), distance(readable(old[1]), readable(new[1])))
    return min(distance(old[0], new[0]) + text, MOST + 1)


def _touched(old: str, new: str, known: set[str]) -> tuple[str, str] | None:
    """The kind and the word that a correction must leave alone and does not; the first of them."""
    was, now = list(_WORD.finditer(old)), list(_WORD.finditer(new))
    inside = {fold(word[0]) for word in was if _is_name_at(old, word)}
    for i1, i2, j1, j2 in _changed([word[0] for word in was], [word[0] for word in now]):
        gone, come = was[i1:i2], now[j1:j2]
        for text, words in ((old, gone), (new, come)):
            for word in words:
                if (kind := _kind(text, word, known, inside)) is not None:
                    return kind, word[0]
        for one, other in zip(gone, come, strict=False):
            if _reverses(fold(one[0]), fold(other[0])):
                return "negation", other[0]
    return None


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Runs of words that differ."""
    i = j = n = m = 0
    for op, text in _compared([f"{word}\0" for word in old], [f"{word}\0" for word in new], _DEPTH):
        length = text.count("\0")
        if op == "=" and length:
            if n or m:
                yield i, i + n, j, j + m
            i, j, n, m = i + n + length, j + m + length, 0, 0
        elif op == "-":
            n += length
        else:
            m += length
    if n or m:
        yield i, i + n, j, j + m


def _kind(text: str, word: re.Match[str], known: set[str], inside: set[str]) -> str | None:
    if word.lastgroup != "word":
        return word.lastgroup
    plain = fold(word[0])
    if NEGATION.fullmatch(plain):
        return "negation"
    if NUMBER.fullmatch(plain):
        return "number"
    return "name" if plain in known or (_capital(word[0]) and plain in inside) or _is_name_at(text, word) else None


def _is_name_at(text: str, word: re.Match[str]) -> bool:
    """A capital inside a sentence; where everything is in capitals, they say nothing."""
    if word.lastgroup != "word" or not _capital(word[0]):
        return False
    at = word.start()
    before = text[max(0, at - 24) : at]
    if _BEFORE_SENTENCE.search(before) and not _SHORTENED.search(before):
        return False
    line = text[text.rfind("\n", 0, at) + 1 : text.find("\n", at) % (len(text) + 1)]
    return not line.isupper()


def _capital(word: str) -> bool:
    return word[0].isupper()


def _reverses(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) > 2 and any(long == prefix + short for prefix in _PREFIXES)
