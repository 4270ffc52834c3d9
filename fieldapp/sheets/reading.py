"""The tables of a file, whether XLSX or CSV."""

from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets.cells import SheetTable
from fieldapp.sheets.csvfile import read_csv
from fieldapp.sheets.xlsx import read_xlsx

SUFFIXES = (".xlsx", ".xlsm", ".csv", ".txt", ".tsv")


def read_tables(path: Path, sheet: str | None = None) -> list[SheetTable]:
    """The tables of a file that are not empty, or only the one named ``sheet``; FieldappError says what is wrong."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FieldappError(
            _("{file} is neither .xlsx nor .csv. Open it in a spreadsheet program and save it as .xlsx.").format(
                file=path.name
            )
        )
    tables = read_xlsx(path, sheet) if suffix in (".xlsx", ".xlsm") else [read_csv(path)]
    tables = [table for table in tables if any(cell != "" for row in table.rows for cell in row)]
    if not tables:
        raise FieldappError(_("There is nothing on {file}.").format(file=path.name))
    return tables
