"""Reads the files of Excel 5 to 2003 (.xls, BIFF5 and BIFF8), with what a person sees of each cell.

xlrd gives fonts, hidden rows and the pieces of a text, which python-calamine does not: .VnTime lives in these files. It
does not say which cells are formulas, so the records of the file are looked through for them.
"""

import io
import re
import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets import limits
from fieldapp.sheets.cells import EMPTY, Area, Place, SheetCell, SheetTable, Sign
from fieldapp.sheets.headings import letters
from fieldapp.sheets.xlsx_sheet import SheetPart, as_read, note_look, shown_by_merging
from fieldapp.sheets.xlsx_styles import BLACK, BUILT_IN, WHITE, Font, Style, shown_as, style_of
from fieldapp.vietnamese.text import clean

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Sheet

_FORMULAS = (0x0006, 0x0206, 0x0406)
_CELLS = (*_FORMULAS, 0x0203, 0x0204, 0x0205, 0x0201, 0x027E, 0x00BD, 0x00BE, 0x00D6, 0x00FD)
"""Records that begin with the number of a line"""
_RULED, _RULE = 0x01B0, 0x01B1
_NUMBERS, _FONTS, _ALIGNED, _BORDERED, _PATTERNED = (1 << bit for bit in range(25, 30))
"""Which blocks the look of a rule has"""
_STRUCK = 0x80
_BEGIN, _END, _SHEET_OF_CELLS = (0x0809, 0x0409), 0x000A, 0x0010
_EMPTY_TEXT = b"\x03"
_SUM = re.compile(
    rb"(?:\x1e..)?[\x25\x45\x65](.{8})(?:\x19\x10..|[\x22\x42\x62][\x01\x02](?:\x04\x00|\x58\x01))", re.DOTALL
)
"""An area as the one argument of SUM, or after a number that of SUBTOTAL"""
_LOW = 40
"""Twentieths of a point: a row of less height is not seen"""
_RAISED = 1
"""Number of what is written above the line"""
_NARROW = 128
"""256ths of a character: a column of less width is not seen"""


def read_xls(path: Path, data: bytes, first: int | None = None) -> list[SheetTable]:
    """The sheets of a file, or their ``first`` lines; FieldappError says what is wrong."""
    import xlrd

    try:
        data = _stream(data) if first is None else _cut(_stream(data), first)
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO())
        said = _Records(data)
        return [
            _Reader(book, sheet, said.formulas.get(number, {}), said.calculated, path.name).table(
                said.rules.get(number, ()), said.sums.get(number, ())
            )
            for number, sheet in enumerate(book.sheets())
        ]
    except FieldappError:
        raise
    except (xlrd.XLRDError, AssertionError, LookupError, ValueError, TypeError, ArithmeticError,
            AttributeError, struct.error, OSError, RecursionError):  # fmt: skip
        # xlrd trusts the numbers in a file: a damaged one fails anywhere
        raise broken_xls(path) from None


def _stream(data: bytes) -> bytes:
    """The records of a workbook, out of the container that most files have.

    xlrd would follow a chain of sectors that leads back to itself for ever; olefile does not.
    """
    if not data.startswith(b"\xd0\xcf\x11\xe0"):
        return data
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as file:
        name = next((name for name in ("Workbook", "Book") if file.exists(name)), None)
        if name is None:
            raise ValueError(name)
        return bytes(file.openstream(name).read())


def _cut(stream: bytes, first: int) -> bytes:
    """The records of a workbook whose sheets end before a line: what says where they begin is not touched."""
    cut = bytearray(stream)
    at, depth = 0, 0
    is_over = False
    while at + 4 <= len(stream):
        code, length = struct.unpack_from("<HH", stream, at)
        if code in _BEGIN:
            depth += 1
            is_over = False
        elif code == _END:
            depth -= 1
        elif code in _CELLS and depth == 1 and not is_over and struct.unpack_from("<H", stream, at + 4)[0] >= first:
            struct.pack_into("<HH", cut, at, _END, 0)
            is_over = True
        at += 4 + length
    return bytes(cut)


def broken_xls(path: Path) -> FieldappError:
    """The error for a file that is no .xls, or a damaged one."""
    return FieldappError(
        _("{file} cannot be read as a sheet. Open it in a spreadsheet program and save it as .xlsx.").format(
            file=path.name
        )
    )


@dataclass(frozen=True)
class _Rule:
    """What a rule of the sheet (conditional formatting) makes of cells."""

    areas: Sequence[Area]
    struck: bool
    color: int | None
    """number of the colour of its text"""
    ground: int | None


class _Records:
    """What xlrd does not say of the sheets: their formulas, and their rules."""

    def __init__(self, stream: bytes) -> None:
        self.formulas: dict[int, dict[Place, bytes]] = {}
        """for each sheet, place of a formula -> its result as stored (8 bytes)"""
        self.sums: dict[int, set[Place]] = {}
        """for each sheet, places of formulas that add up several cells of their column"""
        self.rules: dict[int, list[_Rule]] = {}
        areas: list[Area] = []
        sheet, depth, in_cells = -1, 0, False
        for code, record in _records(stream):
            if code in _BEGIN:
                depth += 1
                if depth == 1:
                    in_cells = len(record) >= 4 and struct.unpack_from("<H", record, 2)[0] == _SHEET_OF_CELLS
                    sheet += in_cells
            elif code == _END:
                depth -= 1
            elif code in _FORMULAS and depth == 1 and in_cells and len(record) >= 14:
                row, column = struct.unpack_from("<HH", record)
                self.formulas.setdefault(sheet, {})[row, column] = record[6:14]
                if _adds_up(record, column):
                    self.sums.setdefault(sheet, set()).add((row, column))
            elif code == _RULED and depth == 1 and in_cells:
                areas = [*_areas(record)]
            elif code == _RULE and depth == 1 and in_cells:
                self.rules.setdefault(sheet, []).append(_rule(areas, record))
        results = [result for cells in self.formulas.values() for result in cells.values()]
        self.calculated = any(any(result) and not _is_empty_text(result) for result in results)
        """False: a program wrote the formulas that does not calculate"""


def _adds_up(record: bytes, column: int) -> bool:
    """Whether a formula of Excel 97 and later ([MS-XLS] Rgce) is the sum of an area of its column."""
    found = _SUM.fullmatch(record[22:])
    if found is None:
        return False
    top, bottom, first, last = struct.unpack("<4H", found[1])
    return bool(first & 0xFF == last & 0xFF == column and bottom > top)


def _is_empty_text(result: bytes) -> bool:
    return result[6:] == b"\xff\xff" and result[:1] == _EMPTY_TEXT


def _areas(record: bytes) -> Iterator[Area]:
    """The areas of the rules that follow ([MS-XLS] CondFmt)."""
    (many,) = struct.unpack_from("<H", record, 12)
    for top, bottom, first, last in struct.iter_unpack("<4H", record[14 : 14 + 8 * many]):
        yield top, first, bottom, last


def _rule(areas: Sequence[Area], record: bytes) -> _Rule:
    """A rule ([MS-XLS] CF): its look is written in blocks, each there if its bit is set."""
    (flags,) = struct.unpack_from("<I", record, 6)
    at = 12
    struck, color, ground = False, None, None
    if flags & _NUMBERS:
        is_own = struct.unpack_from("<H", record, 10)[0] & 1
        at += struct.unpack_from("<H", record, at)[0] if is_own else 2
    if flags & _FONTS:
        (options,) = struct.unpack_from("<I", record, at + 68)
        (number,) = struct.unpack_from("<i", record, at + 80)
        (unsaid,) = struct.unpack_from("<I", record, at + 88)
        struck = bool(options & _STRUCK) and not unsaid & _STRUCK
        color = number if number >= 0 else None
        at += 118
    at += 8 * bool(flags & _ALIGNED) + 8 * bool(flags & _BORDERED)
    if flags & _PATTERNED:
        ground = struct.unpack_from("<H", record, at + 2)[0] >> 7 & 0x7F
    return _Rule(areas, struck, color, ground)


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        code, length = struct.unpack_from("<HH", stream, at)
        yield code, stream[at + 4 : at + 4 + length]
        at += 4 + length


class _Reader:
    """Reads one sheet."""

    def __init__(self, book: "Book", sheet: "Sheet", formulas: dict[Place, bytes], calculated: bool, file: str) -> None:
        self._book = book
        self._sheet = sheet
        self._formulas = formulas
        self._calculated = calculated
        self._file = file
        self._part = SheetPart()
        self._styles: dict[int, Style] = {}

    def table(self, rules: Sequence[_Rule], sums: Collection[Place]) -> SheetTable:
        """The sheet as it was read; ``sums``: places of formulas that add up their column."""
        part, sheet = self._part, self._sheet
        for row in range(sheet.nrows):
            for column in range(sheet.row_len(row)):
                self._read_cell(row, column)
        rows = {row: info for row, info in sheet.rowinfo_map.items() if row < limits.LINES}
        part.hidden_rows = {row for row, info in rows.items() if info.hidden or 0 <= info.height < _LOW}
        columns = {at: info for at, info in sheet.colinfo_map.items() if at < limits.COLUMNS}
        part.hidden_columns = {at for at, info in columns.items() if info.hidden or info.width < _NARROW}
        part.merges = [(top, first, bottom - 1, last - 1) for top, bottom, first, last in sheet.merged_cells]
        for place in sums:
            part.signs[place] = part.signs.get(place, Sign(0)) | Sign.SUM
        for row, column in sheet.cell_note_map:
            if row < len(part.rows) and (column >= len(part.rows[row]) or part.rows[row][column] == ""):
                part.signs[row, column] = part.signs.get((row, column), Sign(0)) | Sign.COVERED
        merged = shown_by_merging(part)
        return SheetTable(
            sheet.name, part.rows, merged, (), sheet.visibility != 0, frozenset(part.hidden_rows),
            frozenset(part.hidden_columns), part.signs, part.fonts,
            [area for rule in rules if self._hides(rule) for area in rule.areas],
        )  # fmt: skip

    def _hides(self, rule: _Rule) -> bool:
        """Whether a rule strikes cells out or hides what they hold."""
        color = BLACK if rule.color is None else self._color(rule.color) or BLACK
        ground = WHITE if rule.ground is None else self._color(rule.ground) or WHITE
        return rule.struck or Style(ground=ground).hides(Font(color=color))

    def _read_cell(self, row: int, column: int) -> None:
        place = row, column
        style = self._style(self._sheet.cell_xf_index(row, column))
        cell = self._cell(row, column, style)
        pieces = self._pieces(place, cell)
        if pieces:
            cell = "".join(text for text, _font in pieces)
        result = self._formulas.get(place)
        if isinstance(cell, str) and not clean(cell):
            cell = ""
        elif cell == 0 and not isinstance(cell, bool) and (result is None or self._calculated):
            cell = cell if style.shows_zero and self._sheet.show_zero_values else EMPTY[1]
        if cell == "" and (result is None or self._calculated):
            return
        if row >= limits.LINES or column >= limits.COLUMNS:
            raise limits.too_far(self._file, f"{letters(column)}{row + 1}")
        self._part.put(place, cell)
        if result is not None and cell == "":
            self._part.signs[place] = Sign.UNCALCULATED
        elif result is not None and cell == 0 and not self._calculated:
            self._part.signs[place] = Sign.ASSUMED_ZERO
        if cell != "" and not (style.plain and not pieces):
            note_look(self._part, place, cell, pieces, style)

    def _cell(self, row: int, column: int, style: Style) -> SheetCell:
        import xlrd

        value: Any = self._sheet.cell_value(row, column)
        match self._sheet.cell_type(row, column):
            case xlrd.XL_CELL_TEXT:
                return str(value)
            case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
                return shown_as(float(value), style.kind, from_1904=self._book.datemode == 1)
            case xlrd.XL_CELL_BOOLEAN:
                return bool(value)
            case xlrd.XL_CELL_ERROR:
                return str(xlrd.error_text_from_code.get(int(value), "#N/A"))
            case _:
                return ""

    def _pieces(self, place: Place, cell: SheetCell) -> list[tuple[str, Font | None]]:
        """The pieces of a text that have fonts of their own."""
        begun = self._sheet.rich_text_runlist_map.get(place)
        if not begun or not isinstance(cell, str):
            return []
        starts = [(0, None), *((start, self._font(number)) for start, number in begun)]
        ends = [start for start, _font in starts[1:]] + [len(cell)]
        pieces = [as_read(cell[start:end], font) for (start, font), end in zip(starts, ends, strict=True)]
        return [(text, font) for text, font in pieces if text]

    def _style(self, number: int) -> Style:
        if number not in self._styles:
            xf = self._book.xf_list[number]
            key, ground = xf.format_key, WHITE
            known = None if key in BUILT_IN else self._book.format_map.get(key)
            if xf.background.fill_pattern == 1:
                ground = self._color(xf.background.pattern_colour_index) or WHITE
            font, lines = self._font(xf.font_index), xf.border
            if (lines.diag_down or lines.diag_up) and lines.diag_line_style:
                font = replace(font, struck=True)
            self._styles[number] = style_of(font, ground, str(key), None if known is None else known.format_str)
        return self._styles[number]

    def _font(self, number: int) -> Font:
        font = self._book.font_list[number]
        color = self._color(font.colour_index) or BLACK
        return Font(font.name, bool(font.struck_out), color, 0 < font.height < _LOW, font.escapement == _RAISED)

    def _color(self, number: int) -> str | None:
        """Six digits; None for the colours of the window."""
        rgb = self._book.colour_map.get(number)
        return None if rgb is None else "{:02X}{:02X}{:02X}".format(*rgb)
