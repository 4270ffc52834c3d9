"""How large a sheet may be: a larger one is refused before memory is used for it."""

from collections.abc import Sequence
from pathlib import Path

from fieldapp.errors import FieldappError, os_error_text
from fieldapp.i18n import _
from fieldapp.sheets.cells import SheetCell

BYTES = 20 << 20
"""size of the file"""
UNPACKED = 64 << 20
"""bytes that an XLSX unpacks to, without pictures"""
PARTS = 1_000
ROWS = 20_000
LINES = ROWS + 200
"""rows, and what stands above and below them: titles, headings, sums, signatures"""
COLUMNS = 256
CELL = 32_767
"""characters; the most that a spreadsheet holds in a cell"""
MERGED = 500_000
"""cells that may be merged into others"""


def read_bytes(path: Path) -> bytes:
    """The bytes of a file; FieldappError if it is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(BYTES + 1)
    except OSError as error:
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=path, why=os_error_text(error))) from None
    if len(data) > BYTES:
        raise too_large(path.name)
    return data


def too_large(name: str) -> FieldappError:
    """The error for a file that is beyond the limits, or unpacks to more."""
    return FieldappError(
        _("{file} is too large or not an ordinary sheet: at most {rows} lines, {columns} columns, {size} MB."
          " Divide it.").format(file=name, rows=f"{ROWS:,}".replace(",", "."), columns=COLUMNS, size=BYTES >> 20)
    )  # fmt: skip


def too_far(name: str, cell: str) -> FieldappError:
    """The error for a file in which a cell so far down or to the right holds something."""
    return FieldappError(
        _("{file}: cell {cell} holds something, and a sheet may have at most {rows} lines and {columns} columns. Clear"
          " what is there, or divide the sheet.").format(
            file=name, cell=cell, rows=f"{ROWS:,}".replace(",", "."), columns=COLUMNS)
    )  # fmt: skip


def check_cells(name: str, rows: Sequence[Sequence[SheetCell]]) -> None:
    """Refuse a sheet with too many lines or columns, or with too much text in a cell."""
    if len(rows) > LINES:
        raise too_large(name)
    for number, row in enumerate(rows, start=1):
        if len(row) > COLUMNS:
            raise too_large(name)
        if any(isinstance(cell, str) and len(cell) > CELL for cell in row):
            raise FieldappError(
                _("{file}, line {line}: a cell holds more than {n} characters.").format(file=name, line=number, n=CELL)
            )
