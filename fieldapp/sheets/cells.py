"""What a sheet holds, whatever the format of its file, and the text that a person would have typed for a cell.

Every reader makes ``SheetTable`` of a file: what its cells hold, and, for the few that need it, what a person who looks
at the sheet sees of them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Flag, auto
from typing import NamedTuple

from fieldapp.domain.dates import format_date
from fieldapp.vietnamese.old_fonts import Converted
from fieldapp.vietnamese.text import tidy

SheetCell = str | int | float | bool | date | time | timedelta
"""What a cell holds, as the kind of thing that the sheet shows it as: a day has no time, an error is its text"""

Place = tuple[int, int]
"""Row and column of a cell, from 0"""

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column, from 0"""

EMPTY = ("", "-", "–", "—")
"""What a cell of a printed table holds if there is nothing to say"""

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_ERROR = re.compile(r"#[A-Z0-9_/]{2,20}[!?]|#N/A|#GETTING_DATA|##+|Err:\d{3}")


class Sign(Flag):
    """What a cell's look says beside what it holds."""

    STRUCK = auto()
    """all of its text is struck out"""
    PARTLY_STRUCK = auto()
    UNSEEN = auto()
    """it holds something that nobody sees: in the colour of its ground, by a format that shows nothing, below a merged
    cell"""
    UNCALCULATED = auto()
    """a formula whose result the file does not have; the cell is empty"""
    ASSUMED_ZERO = auto()
    """a formula with 0, or nothing, for its result, in a file that says of itself that nobody has calculated it"""
    COVERED = auto()
    """it is empty, and a picture, a box or a comment is there in place of a value"""
    SCALED = auto()
    """a number whose format shows another one: percent, thousands"""
    PART_OF_DAY = auto()
    """a day of which the sheet shows only the month or the year: the spreadsheet program filled in the rest"""
    SUM = auto()
    """a formula that adds up other cells of its column"""
    SPREAD = auto()
    """it is merged over cells of other rows that hold something of their own"""
    SEVERAL_ROWS = auto()
    """a text over several lines that has as many separators as a row: perhaps a quote is missing"""


class FontRun(NamedTuple):
    """A piece of a cell's text, as it stands in the file."""

    text: str
    font: str


@dataclass(frozen=True)
class SheetTable:
    """One sheet of a file: ``rows[n]`` is its line n + 1.

    A reader gives text as it stands in the file; ``reading.read_tables`` hands it on clean (``vietnamese.text.tidy``).
    """

    name: str
    rows: Sequence[Sequence[SheetCell]]
    merged: Mapping[Place, Place] = field(default_factory=dict)
    """Place of a cell covered by a merged one -> place of the first cell of the merged one"""
    others: Sequence[str] = ()
    """names of the file's other sheets that are not empty"""
    hidden: bool = False
    """the sheet itself is"""
    hidden_rows: frozenset[int] = frozenset()
    """by hand, by a filter, by a folded group, or of no height"""
    hidden_columns: frozenset[int] = frozenset()
    signs: Mapping[Place, Sign] = field(default_factory=dict)
    """for the few cells that have one"""
    fonts: Mapping[Place, Sequence[FontRun]] = field(default_factory=dict)
    """the pieces of the cells in which a font of the time before Unicode is used (``old_font``)"""
    hiding_rules: Sequence[Area] = ()
    """areas in which a rule of the sheet strikes cells out or hides them; which of them is not known"""
    separated: bool = False
    """the cells of a row are only separated by signs: one too many moves all that follow"""
    old_letters: Mapping[Place, Converted] = field(default_factory=dict)
    """what was made Unicode of the letters of an old font"""

    def origin(self, row: int, column: int) -> Place:
        """The place of the value that a cell shows: for a cell covered by a merged one, the first cell of that."""
        return self.merged.get((row, column), (row, column))

    def cell(self, row: int, column: int) -> SheetCell:
        """The value that a cell shows."""
        row, column = self.origin(row, column)
        cells = self.rows[row]
        return cells[column] if column < len(cells) else ""

    def sign(self, row: int, column: int) -> Sign:
        """What the look of the value that a cell shows says."""
        return self.signs.get(self.origin(row, column), Sign(0)) if self.signs else Sign(0)


def is_symbol(letter: str) -> bool:
    """Whether a letter is one of those that fonts of signs (Wingdings) draw as they like: a box, a tick."""
    return "\ue000" <= letter <= "\uf8ff"


def is_error(text: str) -> bool:
    """Whether a text is what a spreadsheet shows if a formula has failed: ``#DIV/0!``, ``#N/A``, ``Err:502``."""
    return text[:1] in ("#", "E") and _ERROR.fullmatch(text) is not None


_DECIMALS = re.compile(r"\d+\.(?:\d{1,2}|\d{4,})|0+\.\d+|\d{4,}\.\d+|\d{1,3}(?:,\d{3})+\.\d+", re.ASCII)
_LONGEST_NUMBER = 40


def is_pointed(cell: SheetCell) -> bool:
    """Whether a text is a number whose point can only stand before decimals."""
    return isinstance(cell, str) and len(cell) <= _LONGEST_NUMBER and _DECIMALS.fullmatch(tidy(cell)) is not None


def old_font(name: str) -> bool:
    """Whether a font may be one in which Vietnamese was written before Unicode: .VnTime, VNI-Times, VNtimes …"""
    return name.lower().lstrip(". ").startswith("vn")


def raised(text: str) -> str:
    """A text that is written small and above the line: the mark of a note after a figure is none of its digits."""
    return text.translate(_RAISED)


def cell_text(cell: SheetCell) -> str:
    """The text that a person would have typed for a cell: ``05/11/2013``, ``24211``, ``73,4``, ``07:05``.

    Numbers have up to 15 digits, as many as a spreadsheet keeps.
    """
    if isinstance(cell, str):
        return "" if cell in EMPTY else cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return f"{Decimal(f'{cell:.15g}'):f}".replace(".", ",")
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, timedelta):
        hours, seconds = divmod(round(cell.total_seconds()), 3600)
        return f"{hours:02d}:{seconds // 60:02d}"
    return format_date(cell)


def clean_cell(cell: SheetCell) -> SheetCell:
    """A cell whose text is clean."""
    return tidy(cell, multiline=True) if isinstance(cell, str) else cell
