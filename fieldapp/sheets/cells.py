"""What a cell holds, and the same as a person would have typed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from fieldapp.domain.dates import format_date
from fieldapp.vietnamese.text import clean

SheetCell = str | int | float | bool | date
"""Text is clean (``domain.text.clean``), a day has no time."""

EMPTY = ("", "-", "–", "—")
"""What stands in a cell of a printed table where there is nothing"""

ERRORS = frozenset({"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
"""What a spreadsheet shows where a formula has failed"""


@dataclass(frozen=True)
class SheetTable:
    """One sheet of a file: ``rows[n]`` is its line n + 1."""

    name: str
    rows: Sequence[Sequence[SheetCell]]
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """Place (row, column, from 0) of a merged cell that is not its first -> the place of the first"""
    others: Sequence[str] = ()
    """names of the file's other sheets that are not empty"""

    def origin(self, row: int, column: int) -> tuple[int, int]:
        """Where the value that a cell shows is kept."""
        return self.merged.get((row, column), (row, column))

    def cell(self, row: int, column: int) -> SheetCell:
        """What a cell shows: of a merged one, what is kept in its first."""
        row, column = self.origin(row, column)
        cells = self.rows[row]
        return cells[column] if column < len(cells) else ""


def cell_of(value: Any) -> SheetCell:
    """A value of a spreadsheet as a cell."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, timedelta):
        hours, seconds = divmod(round(value.total_seconds()), 3600)
        return f"{hours:02d}:{seconds // 60:02d}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, bool | int | float | date):
        return value
    return clean(str(value), multiline=True)


def cell_text(cell: SheetCell) -> str:
    """What a person would have typed for it: ``05/11/2013``, ``24211``, ``73,4``; numbers to the 15 digits that a
    spreadsheet keeps."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return f"{Decimal(f'{cell:.15g}'):f}".replace(".", ",")
    if isinstance(cell, date):
        return format_date(cell)
    return "" if cell in EMPTY else cell
