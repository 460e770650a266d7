"""What can be printed: an accessible PDF refuses a sign that none of its fonts has.

The fonts come with packages (Noto) and with Typst itself, never from the system, so that a
petition is the same paper everywhere. ``glyphs.txt`` lists the code points that they have, in
ranges; ``python -m app.petitions.glyphs`` makes it again after either changes (five minutes).
"""

import json
import re
import textwrap
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import typst

from app.text import WORD

# Stands where a sign cannot be printed; the paper says so at its end.
MARK = "▯"
PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")
_FIRST = ("Libertinus Serif", "Noto Sans")
_LAST = ("New Computer Modern", "New Computer Modern Math", "DejaVu Sans Mono")
_CJK = "Noto Sans CJK "
_LIST = Path(__file__).with_name("glyphs.txt")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Accents on signs that their fonts cannot carry would print alone.
_LOST = re.compile(
    r"(?<=[\u2e80-\ud7ff\uf900-\ufaff\U0001f000-\U0003ffff])[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
# Words without end leave the page: letters that may be parted anywhere, a screenful at once.
_LONG = 40
_ENDLESS = re.compile(rf"[!-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff{MARK}]{{{_LONG},}}")
_PIECE = re.compile(r".{20}(?=..)", re.DOTALL)


def printable(text: str) -> str:
    """*text* with nothing that the fonts lack: Word's signs as Unicode has them, the rest as MARK."""
    if not text.isascii():
        text = _LOST.sub("", unicodedata.normalize("NFC", text.translate(WORD))).replace("\ufeff", "\u2060")
        unknown = [c for c in set(text) if c >= "\u0300" and not _has(c)]
        text = text.translate(dict.fromkeys(map(ord, unknown), MARK)) if unknown else text
    text = _CONTROLS.sub(" ", text)
    return _ENDLESS.sub(_broken, text) if len(text) >= _LONG else text


def _broken(word: re.Match[str]) -> str:
    return _PIECE.sub("\\g<0>\u200b", word[0])


@lru_cache(maxsize=8192)
def _has(character: str) -> bool:
    starts, ends = _ranges()
    at = bisect_right(starts, ord(character)) - 1
    return at >= 0 and ord(character) <= ends[at]


@lru_cache(maxsize=1)
def _ranges() -> tuple[list[int], list[int]]:
    pairs = [part.partition("-") for part in _LIST.read_text("ascii").split()]
    return [int(start, 16) for start, _, _ in pairs], [int(end or start, 16) for start, _, end in pairs]


def families(text: str) -> list[str]:
    """Every family, in the order in which a sign of *text* is looked for: Chinese, Japanese and Korean
    share signs that each draws its own way."""
    if re.search(r"[\u3040-\u30ff]", text):
        tongue = "JP"
    elif re.search(r"[\u1100-\u11ff\uac00-\ud7af]", text):
        tongue = "KR"
    else:
        tongue = "TC" if re.search(r"[\u3100-\u312f]", text) else "SC"
    return [*_FIRST, *_scripts(), _CJK + tongue, *_LAST]


@lru_cache(maxsize=1)
def _scripts() -> list[str]:
    found = typst.Fonts(include_system_fonts=False, font_paths=folders()).families()
    return [family for family in found if family not in _FIRST + _LAST and not family.startswith(_CJK)]


def folders() -> list[str]:
    return [str(files(package)) for package in PACKAGES]


# Making the list: Typst is asked, by halves.

_TRIAL = b"""#set document(title: "x")
#let asked = json(bytes(sys.inputs.asked))
#set text(font: asked.families)
#for sign in asked.signs { box(text(sign)) }
"""


def refuses(compiler: typst.Compiler, signs: Iterable[str]) -> bool:
    """Whether one of *signs* alone is enough for Typst to refuse the page."""
    asked = json.dumps({"families": families(""), "signs": list(signs)})
    try:
        compiler.compile(input=_TRIAL, sys_inputs={"asked": asked}, pdf_standards=["ua-1"])
    except typst.TypstError:
        return True
    return False


def _printed(compiler: typst.Compiler, signs: list[str]) -> Iterator[str]:
    if signs and not refuses(compiler, signs):
        yield from signs
    elif len(signs) > 1:
        half = len(signs) // 2
        yield from _printed(compiler, signs[:half])
        yield from _printed(compiler, signs[half:])


def _write() -> None:
    compiler = typst.Compiler(font_paths=folders(), ignore_system_fonts=True)
    found: list[list[int]] = []
    for block in range(0, 0x110000, 0x100):
        signs = [chr(n) for n in range(block, block + 0x100)]
        for sign in _printed(compiler, [c for c in signs if unicodedata.category(c) not in {"Cc", "Cn", "Co", "Cs"}]):
            if found and found[-1][1] == ord(sign) - 1:
                found[-1][1] = ord(sign)
            else:
                found.append([ord(sign), ord(sign)])
    words = " ".join(f"{start:x}" if start == end else f"{start:x}-{end:x}" for start, end in found)
    _LIST.write_text(textwrap.fill(words, 118, break_on_hyphens=False) + "\n", "ascii")


if __name__ == "__main__":
    _write()
