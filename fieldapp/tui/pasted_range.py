"""A range of cells that was copied in a spreadsheet, as it is pasted: cells parted by tabs, rows by line breaks."""

import csv
import io
from collections.abc import Sequence

from fieldapp.vietnamese.old_fonts import Converted, Written, convert
from fieldapp.vietnamese.text import clean, search_key

Rows = list[list[str]]


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
    keys = [search_key(title) for title in titles]
    heads = [search_key(cell) for cell in rows[0]]
    named = [keys.index(head) if head in keys else -1 for head in heads]
    if len([at for at in named if at >= 0]) < 2:
        named = list(range(first, first + max(map(len, rows))))
    else:
        rows = rows[1:]
    placed_rows = []
    for row in rows:
        cells = [""] * len(titles)
        for at, cell in zip(named, row, strict=False):
            if cell and not 0 <= at < len(titles):
                if at < 0:
                    continue
                return None
            if cell:
                cells[at] = cell
        placed_rows.append(cells)
    return placed_rows
