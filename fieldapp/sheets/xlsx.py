"""Reads XLSX with care: what a file claims is measured before memory is used for it.

An XLSX is a zip of XML parts. Each part is unpacked here, up to a limit, and its cells are counted. The library gets
only what was counted, so the two never read different things.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from xml.parsers import expat

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets import limits
from fieldapp.sheets.cells import SheetCell, SheetTable, cell_of

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""First bytes of a file of Excel before 2007, and of an XLSX with a password"""

_CHUNK = 1 << 16
_REF = re.compile(r"([A-Za-z]{1,7})([0-9]{1,9})")
_ERROR_CELL = re.compile(rb'(<(?:\w+:)?c\b[^<>]*\bt=)(["\'])e\2')


def read_xlsx(path: Path) -> list[SheetTable]:
    """The sheets of a file; FieldappError says what is wrong."""
    data = limits.read_bytes(path)
    if data.startswith(OLD_EXCEL):
        raise FieldappError(
            _("{file} is of an old Excel, or has a password. Save it as .xlsx without a password.").format(
                file=path.name
            )
        )
    try:
        measured = _measured(data, path.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise unreadable(path) from None
    return _tables(measured, path)


def unreadable(path: Path) -> FieldappError:
    """The error for a file that is not a spreadsheet, or a broken one."""
    return FieldappError(
        _("{file} cannot be read as a sheet. Open it in a spreadsheet program and save it as .xlsx again.").format(
            file=path.name
        )
    )


def _measured(data: bytes, name: str) -> io.BytesIO:
    """The file's XML parts, unpacked and counted, as a new zip; pictures and the like are left out."""
    out = io.BytesIO()
    left = limits.UNPACKED
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as copy:
        parts = [info for info in archive.infolist() if info.filename.endswith((".xml", ".rels"))]
        names = {info.filename.lower() for info in parts}
        if len(names) < len(parts) or len(parts) > limits.PARTS or sum(p.file_size for p in parts) > left:
            raise limits.too_large(name)
        for info in parts:
            part = io.BytesIO()
            with archive.open(info) as packed:  # reads no more than was declared, and checks the checksum
                while chunk := packed.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise limits.too_large(name)
                    part.write(chunk)
            text = part.getvalue()
            _Extent(name).measure(text)
            # the library would read a failed formula as an empty cell; as text it can be refused
            copy.writestr(info.filename, _ERROR_CELL.sub(rb"\1\2str\2", text))
    out.seek(0)
    return out


class _Extent:
    """Measures how far the cells of an XML part reach; refuses one beyond the limits, or with a DOCTYPE (entities)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._row = self._column = 0
        self._in_cell = False
        self._merges = 0

    def measure(self, text: bytes) -> None:
        parser = expat.ParserCreate("UTF-8")  # as the library reads it, whatever encoding the part declares
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from None

    def _doctype(self, *_args: object) -> None:
        raise limits.too_large(self._name)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self._in_cell:
            self._check()
        if local == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
        elif local == "c":
            self._in_cell = True
            found = _REF.fullmatch(attributes.get("r", ""))
            self._column += 1
            if found:
                self._column, self._row = _column(found[1]), int(found[2])
        elif local == "mergeCell":
            self._merges += 1
            if self._merges > limits.ROWS:
                raise limits.too_large(self._name)

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "c":
            self._in_cell = False

    def _check(self) -> None:
        if self._row > limits.ROWS or self._column > limits.COLUMNS:
            raise limits.too_large(self._name)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _tables(data: io.BytesIO, path: Path) -> list[SheetTable]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    try:
        book = CalamineWorkbook.from_filelike(data)
        names = [meta.name for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        read = {name: book.get_sheet_by_name(name) for name in names}
        grids = {
            name: ([list(row) for row in sheet.to_python(skip_empty_area=False)], sheet.merged_cell_ranges or [])
            for name, sheet in read.items()
        }
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # a panic of the library is not an Exception
        raise unreadable(path) from None
    tables = []
    for name, (values, merges) in grids.items():
        rows: list[list[SheetCell]] = [[cell_of(value) for value in row] for row in values]
        tables.append(SheetTable(name, rows, _merged(rows, merges)))
    return tables


def _merged(
    rows: list[list[SheetCell]], merges: list[tuple[tuple[int, int], tuple[int, int]]]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Place of each cell that shows the value of another one -> place of that one; only within the sheet."""
    places: dict[tuple[int, int], tuple[int, int]] = {}
    left = limits.MERGED
    for (top, first), (bottom, last) in merges:
        if top >= len(rows) or first >= len(rows[top]) or rows[top][first] == "":
            continue
        bottom, last = min(bottom, len(rows) - 1), min(last, len(rows[top]) - 1)  # noqa: PLW2901
        left -= (bottom - top + 1) * (last - first + 1)
        if left < 0:
            break
        for row in range(top, bottom + 1):
            for column in range(first, last + 1):
                if (row, column) != (top, first) and rows[row][column] == "":
                    places[row, column] = (top, first)
    return places
