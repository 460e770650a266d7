"""Finding a quoted passage in a text: by what is read, not by how it is coded (see :mod:`app.folding`)."""

from app import folding

Span = tuple[int, int]


def find_all(passage: str, text: str) -> list[Span]:
    """Where *passage* stands in *text*, as offsets in *text*; empty when it does not."""
    wanted = folding.located(passage)[0].strip()
    if not wanted:
        return []
    folded, starts = folding.located(text)
    spans = []
    at = folded.find(wanted)
    while at >= 0:
        after = end = at + len(wanted)
        while starts[after] == starts[end - 1]:  # half a ligature is the whole of it
            after += 1
        spans.append((starts[at], starts[after]))
        at = folded.find(wanted, end)
    return spans


def excerpt_end(text: str, span: Span) -> Span:
    """The span without the white space at its end."""
    start, end = span
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
