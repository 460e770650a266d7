"""Finding a quoted passage in a text: by what is read, not by how it is coded.

Spaces and line ends typed around do not matter, nor how accents are composed, nor the invisible
marks that set the direction of a text or join emoji.
"""

import re
import unicodedata

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufe0e\ufe0f]")
Span = tuple[int, int]


def find_all(passage: str, text: str) -> list[Span]:
    """Where *passage* stands in *text*, as offsets in *text*; empty when it does not."""
    wanted, _ = _folded(passage)
    wanted = wanted.strip()
    if not wanted:
        return []
    folded, starts = _folded(text)
    spans = []
    at = folded.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        spans.append((starts[at], starts[end]))
        at = folded.find(wanted, end)
    return spans


def find(passage: str, text: str) -> Span | None:
    """The first place, or None."""
    spans = find_all(passage, text)
    return spans[0] if spans else None


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as it is read, and for each of its characters (and its end) where it began."""
    out: list[str] = []
    starts: list[int] = []
    position, length = 0, len(text)
    spaced = True
    while position < length:
        end = position + 1
        while end < length and unicodedata.combining(text[end]):
            end += 1
        cluster = text[position:end]
        if cluster[0].isspace():
            if not spaced:
                out.append(" ")
                starts.append(position)
                spaced = True
        elif not _INVISIBLE.match(cluster):
            for character in unicodedata.normalize("NFC", cluster):
                out.append(character)
                starts.append(position)
            spaced = False
        position = end
    starts.append(length)
    return "".join(out), starts


def excerpt_end(text: str, span: Span) -> Span:
    """The span without the white space at its end."""
    start, end = span
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
