"""The tables of a file, whatever its format."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets import limits
from fieldapp.sheets.cells import SheetCell, SheetTable, clean_cell
from fieldapp.sheets.csvfile import read_csv
from fieldapp.sheets.office import read_office
from fieldapp.sheets.old_letters import converted
from fieldapp.vietnamese.text import clean


def _read_csv(path: Path, _password: str | None) -> Sequence[SheetTable]:
    return read_csv(path)


READERS: Mapping[str, Callable[[Path, str | None], Sequence[SheetTable]]] = {
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xls", ".xlsb", ".ods", ".docx", ".docm"), read_office),
    **dict.fromkeys((".csv", ".txt", ".tsv"), _read_csv),
}  # fmt: skip
"""Ending of a file -> what reads all its sheets, in their order; FieldappError says what is wrong with the file"""


def read_tables(path: Path, sheet: str | None = None, password: str | None = None) -> list[SheetTable]:
    """The tables of a file that are not empty nor hidden, or only the one named ``sheet``.

    FieldappError says what is wrong.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise FieldappError(
            _("{file} is none of these: {listed}. Open it in a spreadsheet program and save it as .xlsx.").format(
                file=path.name, listed=" ".join(READERS)
            )
        )
    filled = []
    for table in map(converted, reader(path, password)):
        rows = [row if all(map(_is_clean, row)) else [*map(clean_cell, row)] for row in table.rows]
        if table.signs or any(cell != "" for row in rows for cell in row):
            limits.check_cells(path.name, rows)
            filled.append(replace(table, name=clean(table.name), rows=rows))
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


def _is_clean(cell: SheetCell) -> bool:
    return clean_cell(cell) is cell
