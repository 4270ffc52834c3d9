"""CSV as spreadsheet programs write it: UTF-8 or UTF-16, with semicolons, commas, tabs or bars."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fieldapp import textfile
from fieldapp.errors import FieldappError, reason_text
from fieldapp.i18n import _
from fieldapp.sheets import limits
from fieldapp.sheets.cells import Place, SheetCell, SheetTable, Sign
from fieldapp.vietnamese.old_fonts import Converted, Encoding, decode_bytes, western_text
from fieldapp.vietnamese.text import clean

DELIMITERS = (";", "\t", "|", ",")
"""Of those that fit equally well the first is meant: a comma is in many texts and numbers"""
_NAMED = re.compile(r"sep=([^\w\"])[^\r\n\S]*(?:\r\n|\r|\n)", re.IGNORECASE)
"""Excel's own first line that names the delimiter"""
_LOOKED_AT = 100
"""Lines that are looked at to find the delimiter"""


def read_csv(path: Path, data: bytes | None = None, first: int | None = None) -> list[SheetTable]:
    """The one table of a CSV file, whose bytes may be given, or its ``first`` lines; FieldappError says what is
    wrong."""
    text, old = _decoded(limits.read_bytes(path) if data is None else data, path)
    delimiter = None
    above = 0
    if found := _NAMED.match(text):
        delimiter, text = found[1], text[found.end() :]
        above = 1
    if delimiter is None or delimiter not in _first_line(text):
        delimiter = _delimiter(text)
    rows: list[list[SheetCell]] = []
    broken: dict[Place, int] = {}
    begun = blank = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if len(rows) + blank == first:
                break
            if not any(map(clean, row)):  # programs write thousands of them below, for what was only formatted
                blank += 1
                begun = reader.line_num
                continue
            rows += [[]] * min(blank, limits.LINES)
            blank = 0
            if len(rows) >= limits.LINES or len(row) > limits.COLUMNS:
                raise limits.too_large(path.name)
            if reader.line_num - begun > 1:
                broken |= {(len(rows), at): cell.count(delimiter) for at, cell in enumerate(row) if "\n" in cell}
            begun = reader.line_num
            rows.append([*row])
    except csv.Error as error:
        raise _not_csv(path, text, above + begun + 1, error) from None
    width = max((len(row) for row in rows), default=0)
    signs = {place: Sign.SEVERAL_ROWS for place, separators in broken.items() if separators >= max(width - 1, 1)}
    letters = _old_letters(rows, old, delimiter, above) if old is not None else {}
    return [SheetTable(path.stem, rows, signs=signs, separated=True, old_letters=letters)]


def _old_letters(
    rows: Sequence[Sequence[SheetCell]], old: "_OldText", delimiter: str, above: int
) -> dict[Place, Converted]:
    """What of a file in an old encoding is shown otherwise by a program that does not know the encoding."""
    shown = _NAMED.sub("", old.shown, count=1) if above else old.shown
    before = [*csv.reader(io.StringIO(shown, newline=""), delimiter=delimiter)]
    return {
        (at, column): Converted(was, str(cell), old.encoding)
        for at, (row, row_before) in enumerate(zip(rows, before, strict=False))
        for column, (cell, was) in enumerate(zip(row, row_before, strict=False))
        if cell != was
    }


def _not_csv(path: Path, text: str, line: int, error: csv.Error) -> FieldappError:
    """The error for a row that begins in a line: mostly a quote swallows what follows, or is closed within a cell."""
    if '"' not in text:
        sentence = _("{file}, line {line} cannot be read as CSV: {why}.")
        return FieldappError(sentence.format(file=path.name, line=line, why=reason_text(error)))
    sentence = _('{file}, line {line}: a quote (") is opened and not closed, or closed within a cell, and would swallow'
                 " what follows. Put the whole cell between quotes and double those within, or remove the quote."
                 " Nothing was recorded.")  # fmt: skip
    return FieldappError(sentence.format(file=path.name, line=line))


class _OldText(NamedTuple):
    """How a file in an old encoding is shown by a program that does not know the encoding."""

    encoding: Encoding
    shown: str


def _decoded(data: bytes, path: Path) -> tuple[str, _OldText | None]:
    """The text of a CSV file; one in an old Vietnamese encoding is known by its words."""
    try:
        text = textfile.decoded(data)
    except UnicodeDecodeError:
        found = decode_bytes(data)
        if found is not None and "\0" not in found[0]:
            return found[0], _OldText(found[1], western_text(data))
        raise FieldappError(
            _("{file} is not UTF-8. Save it as “CSV UTF-8”, or as .xlsx.").format(file=path.name)
        ) from None
    if "\0" in text:
        line = len(re.findall(r"\r\n|\r|\n", text[: text.index("\0")])) + 1
        raise FieldappError(
            _("{file}, line {line}: a byte that no text has: the file is damaged or no text. Save it as “CSV UTF-8”, or"
              " as .xlsx.").format(file=path.name, line=line)
        )  # fmt: skip
    return text, None


def _first_line(text: str) -> str:
    return text.partition("\n")[0].partition("\r")[0]


def _delimiter(text: str) -> str:
    """The delimiter that gives most lines the same number of columns; of equal ones, the one with most columns."""

    def columns(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in _first_rows(text, delimiter)]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(usual) if usual > 1 else 0), usual

    return max(DELIMITERS, key=columns)


def _first_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The first lines that are not blank, as far as they can be read."""
    left = _LOOKED_AT
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(row):
                yield row
                left -= 1
            if not left:
                return
    except csv.Error:
        return
