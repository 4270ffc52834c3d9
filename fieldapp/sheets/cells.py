"""What a cell holds, and the text that a person would have typed for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from fieldapp.domain.dates import format_date
from fieldapp.vietnamese.text import clean

SheetCell = str | int | float | bool | date
"""Text is clean (``vietnamese.text.clean``), a day has no time."""

EMPTY = ("", "-", "–", "—")
"""What a cell of a printed table holds if there is nothing to say"""

ERRORS = frozenset({"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
"""What a spreadsheet shows if a formula has failed"""


@dataclass(frozen=True)
class SheetTable:
    """One sheet of a file: ``rows[n]`` is its line n + 1."""

    name: str
    rows: Sequence[Sequence[SheetCell]]
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """Place (row, column, from 0) of a cell covered by a merged one -> place of the first cell of the merged one"""
    others: Sequence[str] = ()
    """names of the file's other sheets that are not empty"""

    def origin(self, row: int, column: int) -> tuple[int, int]:
        """The place of the value that a cell shows: for a cell covered by a merged one, the first cell of that."""
        return self.merged.get((row, column), (row, column))

    def cell(self, row: int, column: int) -> SheetCell:
        """The value that a cell shows."""
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
    """The text that a person would have typed for a cell: ``05/11/2013``, ``24211``, ``73,4``.

    Numbers have up to 15 digits, as many as a spreadsheet keeps.
    """
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return f"{Decimal(f'{cell:.15g}'):f}".replace(".", ",")
    if isinstance(cell, date):
        return format_date(cell)
    return "" if cell in EMPTY else cell
