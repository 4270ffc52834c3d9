"""A range of cells that was copied in a spreadsheet, as it is pasted: cells parted by tabs, rows by line breaks."""

import csv
import io
from collections.abc import Sequence

from fieldapp.vietnamese.old_fonts import Converted, Written, convert
from fieldapp.vietnamese.text import clean, search_key

Rows = list[list[str]]
Names = frozenset[str]
"""What a heading may call a column: its title in every language, of now and of earlier versions"""

NUMBERING = frozenset({"stt", "tt", "so tt", "so thu tu", "no"})
"""Search keys of the heading of a column that counts the rows"""


def pasted_rows(text: str) -> Rows | None:
    """The rows of a pasted range; None where the text has no tab, and so is no range.

    A spreadsheet puts a cell with a line break, a tab or a quote of its own between quotes.
    """
    if "\t" not in text.strip(" \r\n"):
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        rows = [*csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True)]
        whole = not any("\t" in cell and "\n" in cell for row in rows for cell in row)
    except csv.Error:
        whole = False
    if not whole:  # a quote of the text itself, which may swallow rows: then no cell is between quotes
        rows = [line.split("\t") for line in text.split("\n")]
    kept = [[" ".join(cell.split("\n")) for cell in row] for row in rows if any(cell.strip() for cell in row)]
    return kept or None


def in_unicode(rows: Rows) -> tuple[Rows, Sequence[Converted]]:
    """The cells clean, those in letters of an old font in Unicode; and what was changed."""
    cells = [(at, column, cell) for at, row in enumerate(rows) for column, cell in enumerate(row)]
    changed = convert([Written(cell, place=column) for _at, column, cell in cells])
    made = [list(row) for row in rows]
    for number, (at, column, cell) in enumerate(cells):
        made[at][column] = clean(changed[number].after if number in changed else cell)
    return made, list(changed.values())


def placed(rows: Rows, columns: Sequence[Names], first: int) -> Rows | None:
    """The rows with a cell for each column; None if some would have no place.

    The first row decides where it names at least two columns; otherwise the cells lie side by side from column
    ``first`` on.
    """
    named = _by_heading(rows, columns)
    if named:
        rows = rows[1:]
    else:
        named = list(range(first, first + max(map(len, rows))))
    placed_rows = []
    for row in rows:
        cells = [""] * len(columns)
        for at, cell in zip(named, row, strict=False):
            if cell and at >= len(columns):
                return None
            if cell and at >= 0:
                cells[at] = cell
        placed_rows.append(cells)
    return placed_rows


def left_out(rows: Rows, columns: Sequence[Names]) -> list[str]:
    """The headings that hold something below and name none of the columns, without the numbering."""
    return [
        rows[0][column]
        for column, at in enumerate(_by_heading(rows, columns))
        if at < 0
        and search_key(rows[0][column]) not in NUMBERING
        and any(row[column : column + 1] not in ([], [""]) for row in rows[1:])
    ]


def _by_heading(rows: Rows, columns: Sequence[Names]) -> list[int]:
    """For each column of the first row the index of the one that it names, -1 if it names none or one that was named
    before; empty if the row is no heading."""
    places = {search_key(name): at for at, names in reversed([*enumerate(columns)]) for name in names}
    named: list[int] = []
    for cell in rows[0]:
        at = places.get(search_key(cell), -1)
        named.append(-1 if at in named else at)
    return named if len([at for at in named if at >= 0]) > 1 else []
