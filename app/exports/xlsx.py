"""The same table as a workbook, for whoever double-clicks: postal codes stay text, with their zero; dates are dates.

No cell is a formula or a link: what people typed is text, and says so, or it would become one when somebody edits the
cell. A second sheet says what the file is. Unlike CSV it cannot be streamed (a
workbook is a zip whose index comes last); it is built in memory, never in a temporary file that a
crash would leave behind with names in it. Hence MOST, about 75 MB.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

MOST = 50_000
_OPTIONS = {
    "constant_memory": True,
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_TEXT = 49  # the format that every spreadsheet calls text
_WIDTH, _WIDE = 22, 90  # characters


def stream(
    header: Sequence[str], rows: Iterable[Sequence[object]], about: Callable[[int], Sequence[tuple[str, object]]]
) -> Iterator[tuple[bytes, int]]:
    """``(bytes, rows in them)``, in one piece; *about* is asked once their number is known."""
    buffer, n = io.BytesIO(), 0
    with xlsxwriter.Workbook(buffer, _OPTIONS) as workbook:
        sheet = workbook.add_worksheet("Signatures")
        bold, style = workbook.add_format({"bold": True, "valign": "top"}), _Styles(workbook)
        sheet.set_column(0, len(header) - 1, _WIDTH, style.text)
        sheet.freeze_panes(1, 0)
        _write(sheet, 0, header, style, bold)
        for n, row in enumerate(rows, start=1):
            _write(sheet, n, row, style)
        sheet = workbook.add_worksheet("À propos")
        sheet.set_column(0, 0, _WIDTH + 8)
        sheet.set_column(1, 1, _WIDE, style.wrapped)
        for line, (label, value) in enumerate(about(n)):
            _write(sheet, line, [label], style, bold)
            _cell(sheet, line, 1, value, style, style.wrapped)
    yield buffer.getvalue(), n


class _Styles:
    """What the cells of a workbook are: text whatever is typed into them, or a date."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self.text: Format = workbook.add_format({"num_format": _TEXT})
        self.date: Format = workbook.add_format({"num_format": "dd/mm/yyyy hh:mm:ss", "align": "left"})
        self.wrapped: Format = workbook.add_format({"num_format": _TEXT, "text_wrap": True, "valign": "top"})
        self.number: Format = workbook.add_format({"num_format": "0", "align": "left"})


def _write(sheet: Worksheet, line: int, cells: Sequence[object], style: _Styles, text: Format | None = None) -> None:
    for column, cell in enumerate(cells):
        _cell(sheet, line, column, cell, style, text or style.text)


def _cell(sheet: Worksheet, line: int, column: int, cell: object, style: _Styles, text: Format) -> None:
    if isinstance(cell, int):
        sheet.write_number(line, column, cell, style.number)
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, column, cell, style.date)
    else:
        sheet.write_string(line, column, str(cell), text)
