"""CSV as spreadsheet programs write it: UTF-8 or UTF-16, with commas, semicolons or tabs."""

import csv
import io
from pathlib import Path

from fieldapp import textfile
from fieldapp.errors import FieldappError, reason_text
from fieldapp.i18n import _
from fieldapp.sheets import limits
from fieldapp.sheets.cells import SheetCell, SheetTable

DELIMITERS = (";", ",", "\t")
_LOOKED_AT = 100
"""Lines that are looked at to find the delimiter"""


def read_csv(path: Path) -> list[SheetTable]:
    """The one table of a CSV file; FieldappError says what is wrong."""
    text = _decoded(limits.read_bytes(path), path)
    delimiter = None
    if text[:4].lower() == "sep=":  # Excel's own line that names the delimiter
        first_line, _newline, text = text.partition("\n")
        delimiter = first_line.strip()[4:] or "\t"
    if delimiter not in DELIMITERS:
        delimiter = _delimiter(text)
    rows: list[list[SheetCell]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(rows) == limits.ROWS or len(row) > limits.COLUMNS:
                raise limits.too_large(path.name)
            rows.append([*row])
    except csv.Error as error:
        raise FieldappError(
            _("{file}, line {line} cannot be read as CSV: {why}.").format(
                file=path.name, line=len(rows) + 1, why=reason_text(error)
            )
        ) from None
    return [SheetTable(path.stem, rows)]


def _decoded(data: bytes, path: Path) -> str:
    """The text of a CSV file."""
    try:
        text = textfile.decoded(data)
    except UnicodeDecodeError:
        raise FieldappError(
            _("{file} is not UTF-8. Save it as “CSV UTF-8”, or as .xlsx.").format(file=path.name)
        ) from None
    if "\0" in text:
        raise FieldappError(_("{file} is not a text file. Save it as “CSV UTF-8”, or as .xlsx.").format(file=path.name))
    return text


def _delimiter(text: str) -> str:
    """The delimiter that gives most lines the same number of columns; of equal ones, the one with most columns."""

    def columns(delimiter: str) -> tuple[int, int]:
        widths = []
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                if any(row):
                    widths.append(len(row))
                if len(widths) == _LOOKED_AT:
                    break
        except csv.Error:
            return 0, 0
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(usual) if usual > 1 else 0), usual

    return max(DELIMITERS, key=columns)
