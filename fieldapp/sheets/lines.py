"""Which lines of a table are rows: printed tables also have totals, headings again, and numbers of columns."""

import re
from collections.abc import Iterator

from fieldapp.i18n import _
from fieldapp.sheets.cells import SheetTable, cell_text
from fieldapp.sheets.headings import FieldTarget, Layout
from fieldapp.vietnamese.text import search_key

TOTALS = frozenset({"tong", "tong so", "tong cong", "cong", "cong don", "tong hop"})
_NUMBER = re.compile(r"\(?(\d{1,3})\)?")


def lines_of(table: SheetTable, layout: Layout) -> Iterator[tuple[int, str | None]]:
    """The lines below the headings that are not blank: index, and for a line that is not a row the reason."""
    headings = [search_key(heading) for heading in layout.headings]
    for at in range(layout.line + 1, len(table.rows)):
        if all(cell_text(cell) == "" for cell in table.rows[at]):
            continue
        shown = [cell_text(table.cell(at, column)) for column in range(len(headings))]
        filled = [text for text in shown if text]
        if [search_key(text) for text in shown] == headings:
            yield at, _("the headings once more")
        elif at == layout.line + 1 and _numbers(filled):
            yield at, _("numbers of the columns")
        elif search_key(filled[0]) in TOTALS and not _dated(layout, shown):
            yield at, _("a total")
        else:
            yield at, None


def _numbers(filled: list[str]) -> bool:
    """Whether the cells only number the columns: (1) (2) (3) …"""
    found = [_NUMBER.fullmatch(text) for text in filled]
    numbers = [int(match[1]) for match in found if match]
    return len(numbers) == len(filled) >= 3 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _dated(layout: Layout, shown: list[str]) -> bool:
    """Whether a line has the day of a record: then it is a row, even if it looks like a total."""
    return any(
        shown[column.at]
        for column in layout.columns
        if isinstance(column.target, FieldTarget) and column.target.name == layout.model.DATE
    )
