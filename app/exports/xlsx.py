"""The same table as a workbook, for whoever double-clicks: postal codes stay text, with their zero.

Every cell is text, so nothing in it can be a formula or a link. Unlike CSV it cannot be streamed (a
workbook is a zip whose index comes last); it is built in memory, never in a temporary file that a
crash would leave behind with names in it. Hence MOST, about 75 MB.
"""

import io
from collections.abc import Iterable, Iterator, Sequence

import xlsxwriter

MOST = 50_000
_OPTIONS = {
    "constant_memory": True,
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDTH = 22  # characters


def stream(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[tuple[bytes, int]]:
    """``(bytes, rows in them)``, in one piece."""
    buffer, n = io.BytesIO(), 0
    with xlsxwriter.Workbook(buffer, _OPTIONS) as workbook:
        sheet = workbook.add_worksheet("Signatures")
        sheet.set_column(0, len(header) - 1, _WIDTH)
        sheet.freeze_panes(1, 0)
        _write(sheet, 0, header, workbook.add_format({"bold": True}))
        for n, row in enumerate(rows, start=1):
            _write(sheet, n, row, None)
    yield buffer.getvalue(), n


def _write(sheet: xlsxwriter.worksheet.Worksheet, line: int, cells: Sequence[object], style: object) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, int):
            sheet.write_number(line, column, cell, style)
        else:
            sheet.write_string(line, column, str(cell), style)
