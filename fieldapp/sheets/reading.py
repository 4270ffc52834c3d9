"""The tables of a file, whatever its format."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets import limits
from fieldapp.sheets.cells import SheetCell, SheetTable, Sign, clean_cell, is_symbol
from fieldapp.sheets.csvfile import read_csv
from fieldapp.sheets.office import is_text, read_office
from fieldapp.sheets.old_letters import converted
from fieldapp.vietnamese.text import clean

READ = (".xlsx", ".xlsm", ".xltx", ".xls", ".xlsb", ".ods", ".docx", ".docm", ".csv", ".txt", ".tsv")
"""Endings of the files that are read; which of the formats it is shows in the bytes"""
TEXT = (".csv", ".txt", ".tsv", ".xls")
"""Of these, those that may be text: servers call text with tabs .xls"""
WORD = (".doc", ".dot", ".rtf", ".odt", ".wps")
PICTURES = (".pdf", ".jpg", ".jpeg", ".png", ".heic", ".tif", ".tiff", ".bmp")
ARCHIVES = (".zip", ".rar", ".7z")


def read_tables(path: Path, sheet: str | None = None, password: str | None = None) -> list[SheetTable]:
    """The tables of a file that are not empty nor hidden, or only the one named ``sheet``.

    FieldappError says what is wrong.
    """
    return chosen(path, read_all(path, password), sheet)


def read_all(path: Path, password: str | None = None, first: int | None = None) -> list[SheetTable]:
    """The tables of a file that are not empty, or at least their ``first`` lines; FieldappError says what is wrong."""
    filled = []
    for table in map(converted, _read(path, password, first)):
        rows = [row if all(map(_is_clean, row)) else [*map(clean_cell, row)] for row in table.rows]
        symbols = {
            (at, column): Sign.COVERED
            for at, (row, own) in enumerate(zip(rows, table.rows, strict=True))
            if row is not own
            for column, cell in enumerate(own)
            if row[column] == "" and isinstance(cell, str) and any(map(is_symbol, cell))
        }
        if symbols:
            table = replace(table, signs={**table.signs, **symbols})  # noqa: PLW2901
        if table.signs or any(cell != "" for row in rows for cell in row):
            limits.check_cells(path.name, rows)
            filled.append(replace(table, name=clean(table.name), rows=rows))
    return filled


def chosen(path: Path, filled: Sequence[SheetTable], sheet: str | None) -> list[SheetTable]:
    """Those of a file's tables that are not hidden, or only the one named ``sheet``; FieldappError if there is none."""
    names = {
        table.name: _("{sheet} (hidden)").format(sheet=table.name) if table.hidden else table.name for table in filled
    }
    if sheet is not None:
        asked = clean(sheet).casefold()
        tables = [table for table in filled if table.name.casefold() == asked]
        tables = (tables or [table for table in filled if names[table.name].casefold() == asked])[:1]
        if not tables:
            raise FieldappError(
                _("{file} has no sheet “{sheet}” with anything on it. Sheets: {listed}.").format(
                    file=path.name, sheet=clean(sheet), listed=", ".join(table.name for table in filled) or "–"
                )
            )
    else:
        tables = [table for table in filled if not table.hidden]
        if filled and not tables:
            listed = ", ".join(table.name for table in filled)
            raise FieldappError(
                _("All sheets of {file} that hold anything are hidden. Name one by --sheet: {listed}.").format(
                    file=path.name, listed=listed
                )
            )
    if not tables:
        raise FieldappError(_("There is nothing on {file}.").format(file=path.name))
    return [replace(table, others=[names[t.name] for t in filled if t.name != table.name]) for table in tables]


def _read(path: Path, password: str | None, first: int | None) -> Sequence[SheetTable]:
    """All sheets of a file, in their order; FieldappError says what is wrong with the file."""
    ending = path.suffix.lower()
    if ending not in READ:
        raise FieldappError(_not_read(ending).format(file=clean(path.name), listed=" ".join(READ)))
    data = limits.read_bytes(path)
    if ending in TEXT and is_text(data):
        return read_csv(path, data, first)
    return read_office(path, data, password, first)


def _not_read(ending: str) -> str:
    """What to say of a file that is not read, by the ending of its name."""
    if ending in WORD:
        return _("{file} is a document in a format that is not read. Open it in Word or LibreOffice, save it as .docx,"
                 " and give that file.")  # fmt: skip
    if ending in PICTURES:
        return _("{file} is a picture or a printed page: no cell can be read from it. Ask for the file that it was made"
                 " from, or type the rows.")  # fmt: skip
    if ending in ARCHIVES:
        return _("{file} is an archive. Unpack it, and give the sheet that is in it.")
    return _("{file} is none of these: {listed}. Open it in a spreadsheet program and save it as .xlsx.")


def _is_clean(cell: SheetCell) -> bool:
    return clean_cell(cell) is cell
