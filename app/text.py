"""What people type: cleaned of what nobody sees, folded to what it looks like, and what may be a name."""

import re
import unicodedata
from collections.abc import Iterable

from app.locale import Message

MAX_NAME = 120
# Hebrew and Arabic letters carry three marks, Tibetan ones too; a fourth in a row only climbs over the lines around.
MARKS = 3

# Word's line break, NEL and the separators of Unicode end a line as well.
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Letters and symbols without ink: fillers of Hangul, the empty cell of Braille.
_BLANKS = re.compile(r"[\u115f\u1160\u2800\u3164\uffa0]")
# Controls, direction marks, joiners of nothing, tags outside of a flag, private signs that no font has.
_UNSEEN = re.compile(
    r"(?P<flag>\U0001f3f4[\U000e0061-\U000e007a]{5}\U000e007f)|"
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\ufffc\ufffe\uffff\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U0010ffff]"
)
# Persian, the scripts of India and emoji join signs; Latin never does. A variant is one of the sign before it.
_LONELY = re.compile(
    r"(?<![^\x00-\u02ff\s\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u02ff\s\u200c\u200d])"
    r"|(?<![^\s\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef])"
    r"[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
# What French, and most of Europe, is written with: nothing to look for in it.
_PLAIN = re.compile("[\n -~\xa1-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u20ac]*")
_MARKED = re.compile(r"[\u0300-\u1fff\u20d0-\u20ff\u2cef-\U000effff]")

# Word's bullets, arrows and boxes, pasted from its Symbol and Wingdings fonts.
WORD = str.maketrans(
    dict(
        zip(
            "\uf0b7\uf0a7\uf0a8\uf06f\uf0d8\uf076\uf0fc\uf0fe\uf0e0\uf0e8\uf0f0\uf04a\uf04c",
            "•▪◻□➢❖✓☑→➔➔☺☹",
            strict=True,
        )
    )
)


def visible(text: str) -> str:
    """Its lines and spaces as they are, without what nobody sees; NFC."""
    if _PLAIN.fullmatch(text):
        return text
    text = _BLANKS.sub(" ", _LINE_ENDS.sub("\n", text)).translate(WORD)
    text = _LONELY.sub("", _UNSEEN.sub(lambda found: found["flag"] or "", text))
    text = unicodedata.normalize("NFC", text)
    return _bounded(text) if _MARKED.search(text) else text


def _bounded(text: str) -> str:
    """No sign carries more than MARKS marks."""
    kept, run = [], 0
    for sign in text:
        run = run + 1 if unicodedata.category(sign) in {"Mn", "Me"} else 0
        if run <= MARKS:
            kept.append(sign)
    return "".join(kept)


def clean_line(text: str) -> str:
    """One line: what is visible, spaces folded."""
    return " ".join(visible(text).split())


def clean_text(text: str) -> str:
    """Several lines: as :func:`clean_line`, line by line, at most one empty line in a row."""
    lines = [" ".join(line.split()) for line in visible(text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def clean_address(text: str) -> str:
    """An e-mail address without what a copy brings along."""
    return visible(text).strip()


def has_ink(text: str) -> bool:
    """Something of it can be seen."""
    return any(
        unicodedata.category(sign)[0] in "LNPS" or unicodedata.category(sign) == "Cn" for sign in _BLANKS.sub("", text)
    )


def first_letters(text: str, n: int) -> str:
    """Its first *n* letters, without the signs between them; a ligature is two."""
    letters = (sign for sign in unicodedata.normalize("NFKC", text) if sign.isalpha())
    return "".join(sign for _, sign in zip(range(n), letters, strict=False))


# Letters of other scripts that are drawn like Latin ones, lower case.
_TWINS = str.maketrans(
    "авсԁеѕіјкмнорԛгтуѵԝхӏһпьαβεηικνορτυχγωςօոսհզցᎥᏚᏀᏢᏞᏟᎢᎷᏃ。․⁄∕⧸",
    "abcdesijkmhopqrtyvwxlhnbabenikvoptuxywsonuhqgisgplctmz..///",
)
_LATIN = re.compile(r"(?:LATIN|REGIONAL INDICATOR) .*?LETTER (?:[A-Z]+ )*?([A-Z])\b")


def look(text: str) -> str:
    """What it looks like, in lower case and plain Latin letters as far as there are any."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible(text)).casefold())
    if text.isascii():
        return text
    text = unicodedata.normalize("NFD", text).translate(_TWINS)
    return "".join(_latin(sign) for sign in text if not unicodedata.combining(sign))


def _latin(sign: str) -> str:
    if sign.isascii():
        return sign
    found = _LATIN.match(unicodedata.name(sign, ""))
    return found[1].lower() if found else sign


# Each letter, then how French readers would write it.
_ROMAN = (
    "аa бb вv гg дd еe жj зz иi йi кk лl мm нn оo пp рr сs тt уou фf хkh цts чtch шch щchtch ъ ыy ь эe юiou "
    "яia ёio єie іi їi ґg ўou јj љlj њnj ћc ђdj џdz ѓg ќk ѕdz αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo "
    "πp ρr σs ςs τt υy φf χch ψps ωo"
)
_ROMANISED = str.maketrans({pair[0]: pair[1:] for pair in _ROMAN.split()})


def romanised(lower: str) -> str:
    """Cyrillic and Greek in Latin letters; other scripts as they are."""
    return "".join(_latin(sign) for sign in lower.translate(_ROMANISED))


# The names of this site: nobody else signs with them.
_ours: set[str] = set()
_at_sight = re.compile(r"(?!)")
_DIGITS = str.maketrans("0123456789@$€|!i", "olzeasgtbgaselll")
_SIGHT = "".join(map(chr, [*range(0x27, 0x7B), *range(0xC0, 0x180)]))


def reserve(names: Iterable[str]) -> None:
    """Replace the names that people may not bear."""
    global _at_sight
    _ours.clear()
    _ours.update(own for own in map(_skeleton, names) if len(own) > 3)
    _at_sight = re.compile("|".join(map(_drawn_like, _ours)) or "(?!)")


def _drawn_like(own: str) -> str:
    """A pattern of what plain Latin letters are taken for these."""
    twins: dict[str, str] = {}
    for sign in _SIGHT:
        twins[_skeleton(sign)] = twins.get(_skeleton(sign), "") + sign
    return "".join(f"[{re.escape(twins[sign])}]" if sign in twins and sign != " " else "." for sign in own)


def _skeleton(text: str) -> str:
    """Its words, in which signs that are taken for one another are the same."""
    return " ".join(re.findall(r"\w+", look(text).translate(_DIGITS)))


def may_be_ours(latin: str) -> bool:
    """Quick, for plain Latin letters: worth asking :func:`is_ours`."""
    return _at_sight.search(latin) is not None


def is_ours(text: str) -> bool:
    """It reads as a name of this site, or has one among its words."""
    words = _skeleton(text)
    return any(f" {own} " in f" {words} " or words.replace(" ", "") == own.replace(" ", "") for own in _ours)


_COMMON = "com|net|org|info|biz|fr|eu|io|uk|ru|cn|gg|tv|cc|tk"
_OTHERS = (
    "xyz|top|site|online|shop|store|app|dev|club|vip|icu|link|click|live|lol|bet|casino|win|pro|tech|space|website|page"
    "|blog|news|social|chat|world|life|email|mobi|asia|paris|bzh|fun|zip|edu|gov"
)
_DOT = re.compile(rf"\s*[\[({{]\s*(?:\.|dot|point)\s*[\])}}]\s*|\s+(?:dot|point)\s+(?=(?:{_COMMON})\b)")
_LINK = re.compile(
    r"://|\bhttps?\b|\bhxxps?\b|\bwww\b|@"
    r"|\w\.\w+[/?#]"  # t.me/xx
    r"|\bt\.me\b|\w\.de\b(?!\s[^\W\d])"  # a particle has its name after it
    rf"|\w\.(?:{_COMMON}|{_OTHERS})\b"
    r"|\w{3,}\s?\.\s?(?:com|net|org|fr)\b"
    # Any other country; a short word before it is an abbreviation: Dr.No, St.Jo.
    r"|(?:\w*\d\w*|\w{4,})\.[^\W\d_]{2}\b"
)


def has_link(text: str) -> bool:
    """An address of a site in any clothing: ``t.me/xx``, ``ev1l.gg``, ``exemple point fr``."""
    return _LINK.search(_DOT.sub(".", look(text))) is not None


def proper_name(text: str, missing: str) -> str:
    """The name of a person or of a group as it will be shown. Raises ValueError with a sentence."""
    name = clean_line(text)
    if not has_ink(name):
        raise ValueError(missing)
    if len(name) > MAX_NAME:
        raise ValueError(Message("Raccourcissez ce nom : %(most)s caractères au plus.", most=MAX_NAME))
    if has_link(name):
        raise ValueError("Un nom ne contient pas d’adresse de site. Si ce n’en est pas une, espacez après le point.")
    if is_ours(name):
        raise ValueError("Ce nom se confond avec celui de la plateforme : écrivez le vôtre.")
    if not any(sign.isalpha() for sign in name):
        raise ValueError("Écrivez ce nom avec des lettres.")
    return name
