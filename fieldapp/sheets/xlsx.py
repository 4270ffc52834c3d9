"""Reads XLSX, cell by cell: what is read is what was measured, and what was measured is what was seen."""

import re
from pathlib import Path

from fieldapp.sheets.cells import SheetTable
from fieldapp.sheets.xlsx_sheet import Book, read_sheet, shared_texts
from fieldapp.sheets.xlsx_styles import Styles, on
from fieldapp.sheets.xml_parts import Node, Parts

NOT_CALCULATING = re.compile(r"openpyxl|xlsxwriter|apache poi|npoi|sheetjs|excelize|closedxml", re.IGNORECASE)
"""Programs that write formulas without calculating them"""


def read_xlsx(path: Path, data: bytes, first: int | None = None) -> list[SheetTable]:
    """The sheets of a file, or their ``first`` lines; FieldappError, or one of ``xml_parts.BROKEN``, says what is
    wrong."""
    return _tables(Parts(data, path.name), first)


def _tables(parts: Parts, first: int | None) -> list[SheetTable]:
    main = next((target for sort, target in parts.related("").values() if sort == "officeDocument"), "xl/workbook.xml")
    workbook = parts.tree(main)
    related = parts.related(main)
    named = dict(related.values())
    styles = Styles(parts.tree(named.get("styles", "")), parts.tree(named.get("theme", "")))
    properties = workbook.child("workbookPr")
    book = Book(parts, styles, on(properties.get("date1904")), _calculated(parts, workbook), first=first)
    if named.get("sharedStrings", "") in parts:
        book.texts = shared_texts(parts.read(named["sharedStrings"]), parts.file, styles)
    tables = []
    for sheet in workbook.child("sheets").children:
        sort, target = related.get(sheet.get(":id"), ("", ""))
        if sort == "worksheet":
            hidden = sheet.get("state") in ("hidden", "veryHidden")
            tables.append(read_sheet(book, target, sheet.get("name"), hidden=hidden))
    if not workbook.child("sheets").children:
        raise ValueError(main)
    for name in parts.unread() if first is None else ():  # nothing reads them: they are measured all the same
        read_sheet(book, name, "", hidden=True)
    return tables


def _calculated(parts: Parts, workbook: Node) -> bool:
    """Whether the file does not say of itself that its formulas are still to be calculated."""
    calculation = workbook.child("calcPr")
    if on(calculation.get("fullCalcOnLoad")) or calculation.get("calcCompleted") in ("0", "false"):
        return False
    writer = next((t for sort, t in parts.related("").values() if sort == "extended-properties"), "docProps/app.xml")
    return not NOT_CALCULATING.search(parts.tree(writer).child("Application").text)
