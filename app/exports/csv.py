"""CSV that a French Excel and LibreOffice open right, and that runs nothing when opened.

UTF-8 with BOM, ``;``, CRLF, one header line; a cell that a spreadsheet would take for a formula is
prefixed with an apostrophe (OWASP, CSV injection), full-width forms included. What cannot be one is
left as it was typed: an address that begins with ``+336`` must still reach its owner.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

BOM = "\ufeff"
# Blanks and invisible characters before the sign do not hide it.
_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
# Signs only, or an e-mail address: after a letter or a digit, no spreadsheet gives ``@`` a meaning.
# (After an operator Excel does: ``+1-@name`` is a formula.) What begins with ``=`` or ``@`` is never excused.
_HARMLESS = re.compile(r"[+-]+|[+-][A-Za-z0-9._+-]*[A-Za-z0-9]@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
CHUNK = 1000


def safe(value: object) -> str:
    """The cell's text, neutralised when it would start a formula."""
    text = str(value)
    if text[:1].isalnum():  # nearly always: a million lines have six cells each
        return text
    return "'" + text if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


def stream(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[tuple[bytes, int]]:
    """``(bytes, rows in them)``, a thousand rows at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    buffer.write(BOM)
    writer.writerow(header)
    n = 0
    for row in rows:
        writer.writerow(map(safe, row))
        n += 1
        if n == CHUNK:
            yield buffer.getvalue().encode(), n
            buffer.seek(0)
            buffer.truncate()
            n = 0
    yield buffer.getvalue().encode(), n
