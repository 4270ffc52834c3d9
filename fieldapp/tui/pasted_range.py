"""A range of cells that was copied in a spreadsheet, as it is pasted: cells parted by tabs, rows by line breaks."""

import csv
import io
from collections.abc import Sequence

from fieldapp.vietnamese.old_fonts import Converted, Written, convert
from fieldapp.vietnamese.text import clean, search_key

Rows = list[list[str]]

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
    except csv.Error:  # a quote of the text itself: then no cell is between quotes
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


def placed(rows: Rows, titles: Sequence[str], first: int) -> Rows | None:
    """The rows with a cell for each title; None if some would have no place.

    The first row decides where it holds at least two titles; otherwise the cells lie side by side from title ``first``
    on.
    """
    named = _by_heading(rows, titles)
    if named:
        rows = rows[1:]
    else:
        named = list(range(first, first + max(map(len, rows))))
    placed_rows = []
    for row in rows:
        cells = [""] * len(titles)
        for at, cell in zip(named, row, strict=False):
            if cell and at >= len(titles):
                return None
            if cell and at >= 0:
                cells[at] = cell
        placed_rows.append(cells)
    return placed_rows


def left_out(rows: Rows, titles: Sequence[str]) -> list[str]:
    """The headings of columns that hold something and are none of the titles, without the numbering."""
    return [
        rows[0][column]
        for column, at in enumerate(_by_heading(rows, titles))
        if at < 0
        and search_key(rows[0][column]) not in NUMBERING
        and any(row[column : column + 1] not in ([], [""]) for row in rows[1:])
    ]


def _by_heading(rows: Rows, titles: Sequence[str]) -> list[int]:
    """For each column of the first row the index of its title, -1 if it is none or stands there before; empty if the
    row is no heading."""
    keys = [search_key(title) for title in titles]
    heads = [search_key(cell) for cell in rows[0]]
    named = [
        keys.index(head) if head in keys and head not in heads[:column] else -1 for column, head in enumerate(heads)
    ]
    return named if len([at for at in named if at >= 0]) > 1 else []
