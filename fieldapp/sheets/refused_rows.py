"""The sheet of refused rows, to be corrected and imported: each has its line, the reason and its original cells."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from fieldapp.errors import FieldappError, reason_text
from fieldapp.escaping import looks_like_formula
from fieldapp.i18n import _
from fieldapp.sheets import marks
from fieldapp.sheets.cells import Place, SheetCell, SheetTable, Sign, cell_text
from fieldapp.sheets.headings import ExtraTarget, FigureTarget, Layout, MarkTarget
from fieldapp.store import disk

WIDEST = 60


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not recorded."""

    line: int
    """number as a spreadsheet counts, from 1"""
    reason: str
    mark: str
    """the id that its record will have"""
    cells: Mapping[str, str]
    """heading, or letters of the column -> text of the cell"""


def free_name(given: Path) -> Path:
    """The path for the refused rows of a file: beside it, and never an existing file, which may be half corrected."""
    stem = given.stem.rpartition("-refused")[0] or given.stem
    number, path = 1, given.with_name(f"{stem}-refused.xlsx")
    while path.exists():
        number += 1
        path = given.with_name(f"{stem}-refused-{number}.xlsx")
    return path


DOUBTED = Sign.STRUCK | Sign.PARTLY_STRUCK | Sign.UNSEEN | Sign.SCALED | Sign.PART_OF_DAY | Sign.COVERED
"""Signs of cells that nobody may take for what they hold; they are struck out on the sheet of refused rows"""


def write_refused(
    path: Path,
    table: SheetTable,
    layout: Layout,
    rows: Sequence[RefusedRow],
    *,
    doubted: Sign = DOUBTED,
    shared: Collection[Place] = (),
) -> None:
    """Write the sheet; the file is never left half written. Text is text, never a formula or a link.

    Cells with a sign of ``doubted``, and figures of merged cells that several rows have (``shared``: their first
    places), are struck out: so they are refused until somebody has looked at them.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    figures = {column.at for column in layout.columns if isinstance(column.target, FigureTarget | ExtraTarget)}
    own = {column.at for column in layout.columns if isinstance(column.target, MarkTarget)}
    kept = [at for at in range(len(layout.headings)) if at not in own]
    kept = [at for at in kept if layout.headings[at] or any(table.cell(row.line - 1, at) != "" for row in rows)]
    titles = [_(marks.REASON), _(marks.LINE), *(layout.headings[at] for at in kept), _(marks.ROW)]
    with disk.begun(path.parent) as part:
        try:
            book = xlsxwriter.Workbook(str(part), {"constant_memory": False, "in_memory": True})
            looks = {
                "head": book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"}),
                "text": book.add_format({"text_wrap": True, "valign": "top"}),
                "quoted": book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True}),
                "day": book.add_format({"num_format": "dd/mm/yyyy", "valign": "top"}),
                "hour": book.add_format({"num_format": "hh:mm", "valign": "top"}),
                "hours": book.add_format({"num_format": "[hh]:mm", "valign": "top"}),
                "grey": book.add_format({"font_color": "#808080", "valign": "top"}),
                "struck": book.add_format({"font_strikeout": True, "text_wrap": True, "valign": "top"}),
            }
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(titles):
                sheet.write_string(0, column, title, looks["head"])
                sheet.set_column(column, column, min(max(len(title), 12), WIDEST))
            sheet.set_column(0, 0, WIDEST)
            for number, row in enumerate(rows, start=1):
                sheet.write_string(number, 0, row.reason, looks["text"])
                sheet.write_number(number, 1, row.line, looks["grey"])
                for column, at in enumerate(kept, start=2):
                    cell = table.cell(row.line - 1, at)
                    is_shared = at in figures and table.origin(row.line - 1, at) in shared
                    if is_shared or table.sign(row.line - 1, at) & doubted:
                        sheet.write_string(number, column, cell_text(cell) or "?", looks["struck"])
                    else:
                        _write(sheet, looks, number, column, cell)
                sheet.write_string(number, len(kept) + 2, row.mark, looks["grey"])
            book.close()
            part.chmod(0o600)  # it has the names of people that were in the sheet
            disk.take_name(part, path)
        except (OSError, XlsxWriterException) as error:
            held = disk.held_text(error)
            if held:
                raise FieldappError(held) from None
            raise FieldappError(
                _(
                    "{path} cannot be written: {why}. Nothing was recorded. Copy the sheet to a folder that can be"
                    " written."
                ).format(path=path, why=reason_text(error))
            ) from None


def _write(sheet: Any, looks: Mapping[str, Any], row: int, column: int, cell: SheetCell) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell, looks["text"])
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell, looks["text"])
    elif isinstance(cell, date | time | timedelta):
        look = "day" if isinstance(cell, date) else "hour" if isinstance(cell, time) else "hours"
        sheet.write_datetime(row, column, cell, looks[look])
    elif cell:
        # without the quote, the text would become a formula once the cell is edited
        look = looks["quoted"] if looks_like_formula(cell) else looks["text"]
        sheet.write_string(row, column, cell, look)
