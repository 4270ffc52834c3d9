"""How large a sheet may be: more is refused before memory is taken for it."""

from collections.abc import Sequence
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets.cells import SheetCell

BYTES = 20 << 20
"""of the file"""
UNPACKED = 64 << 20
"""bytes of what an XLSX packs, without pictures"""
PARTS = 1_000
ROWS = 20_000
COLUMNS = 256
CELL = 32_767
"""characters; what a spreadsheet holds in a cell"""
MERGED = 500_000
"""cells that may be merged into others"""


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that is not too large."""
    try:
        with path.open("rb") as file:
            data = file.read(BYTES + 1)
    except OSError as error:
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    if len(data) > BYTES:
        raise too_large(path.name)
    return data


def too_large(name: str) -> FieldappError:
    """The file, or what it unpacks to, is beyond the limits."""
    return FieldappError(
        _("{file} is too large or not an ordinary sheet: at most {rows} lines, {columns} columns, {size} MB."
          " Divide it.").format(file=name, rows=f"{ROWS:,}".replace(",", "."), columns=COLUMNS, size=BYTES >> 20)
    )  # fmt: skip


def check_cells(name: str, rows: Sequence[Sequence[SheetCell]]) -> None:
    """Refuse more lines and columns, or more text in a cell, than there may be."""
    if len(rows) > ROWS:
        raise too_large(name)
    for number, row in enumerate(rows, start=1):
        if len(row) > COLUMNS:
            raise too_large(name)
        if any(isinstance(cell, str) and len(cell) > CELL for cell in row):
            raise FieldappError(
                _("{file}, line {line}: a cell holds more than {n} characters.").format(file=name, line=number, n=CELL)
            )
