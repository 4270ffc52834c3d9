"""Reads binary workbooks (.xlsb) record by record, with what a person sees of each cell.

A record is a number and a size, each of 7 bits a byte, then its bytes ([MS-XLSB] 2.1.4).
"""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from fieldapp.sheets import limits
from fieldapp.sheets.cells import Area, SheetCell, SheetTable, Sign
from fieldapp.sheets.headings import letters
from fieldapp.sheets.xlsx import NOT_CALCULATING
from fieldapp.sheets.xlsx_sheet import SheetPart, as_read, note_look, shown_by_merging
from fieldapp.sheets.xlsx_styles import BLACK, BUILT_IN, WHITE, Font, Style, shown_as, style_of
from fieldapp.sheets.xml_parts import Parts
from fieldapp.vietnamese.text import clean

_ROW, _BLANK, _RK, _ERROR, _BOOL, _REAL, _TEXT, _SHARED = range(8)
_FORMULA_TEXT, _FORMULA_NUMBER, _FORMULA_BOOL, _FORMULA_ERROR = range(8, 12)
_SHARED_ITEM, _FONT, _FORMAT, _FILL, _XF, _COLUMN, _RICH_TEXT = 19, 43, 44, 45, 47, 60, 62
_BOOK_PROPERTIES, _SHEET, _CALCULATION, _MERGED = 153, 156, 157, 176
_RULED, _RULE, _BAR, _RULE_LOOK = 461, 463, 467, 507
_BEGIN_CELL_XFS, _END_CELL_XFS, _COMMENT = 617, 618, 635
_FOREGROUND, _BACKGROUND, _TEXT_COLOR, _STRUCK = 1, 2, 5, 29
"""Numbers of the properties of a rule's look ([MS-XLSB] XFProp)"""
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
_RAISED = 1
"""Number of what is written above the line"""
_LOW, _NARROW = 40, 128
"""Twentieths of a point, 256ths of a character: a row or column of less is not seen"""

Rich = tuple[str, list[tuple[int, int]]]
"""A text, and where in it (characters) which font begins"""


def read_xlsb(path: Path, data: bytes, first: int | None = None) -> list[SheetTable]:
    """The sheets of a file, or their ``first`` lines; FieldappError, ``struct.error`` or one of ``xml_parts.BROKEN``
    says what is wrong."""
    parts = Parts(data, path.name, ".bin")
    main = next((target for sort, target in parts.related("").values() if sort == "officeDocument"), "xl/workbook.bin")
    related = parts.related(main)
    named = dict(related.values())
    book = _Book(parts)
    if named.get("styles", "") in parts:
        book.read_styles(parts.read(named["styles"]))
    if named.get("sharedStrings", "") in parts:
        book.texts = [_rich(r) for code, r in records(parts.read(named["sharedStrings"])) if code == _SHARED_ITEM]
    sheets = []
    for code, record in records(parts.read(main)):
        if code == _BOOK_PROPERTIES:
            book.from_1904 = bool(record[0] & 1)
        elif code == _CALCULATION and len(record) >= 26:
            book.calculated = book.calculated and not record[24] & 1
        elif code == _SHEET:
            (state,) = struct.unpack_from("<I", record)
            relation, at = _wide(record, 8)
            sort, target = related.get(relation, ("", ""))
            if sort == "worksheet":
                sheets.append((_wide(record, at)[0], target, state != 0))
    return [_Reader(book).table(name, target, hidden=hidden, first=first) for name, target, hidden in sheets]


def records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a part: number and bytes; ValueError if it is cut."""
    at = 0
    while at < len(data):
        code, at = _seven_bits(data, at, 2)
        size, at = _seven_bits(data, at, 4)
        if at + size > len(data):
            raise ValueError(at)
        yield code, data[at : at + size]
        at += size


def _seven_bits(data: bytes, at: int, most: int) -> tuple[int, int]:
    value = 0
    for place in range(most):
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value, at + place + 1
    return value, at + most


def _wide(record: bytes, at: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    (length,) = struct.unpack_from("<I", record, at)
    if length == 0xFFFFFFFF:
        return "", at + 4
    end = at + 4 + 2 * length
    if end > len(record):
        raise ValueError(at)
    return record[at + 4 : end].decode("utf-16-le", "replace"), end


def _rich(record: bytes, at: int = 0) -> Rich:
    flags = record[at]
    text, end = _wide(record, at + 1)
    if not flags & 1:
        return text, []
    (many,) = struct.unpack_from("<I", record, end)
    return text, list(struct.iter_unpack("<HH", record[end + 4 : end + 4 + 4 * many]))


class _Book:
    """What the sheets of a workbook share."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.from_1904 = False
        self.texts: list[Rich] = []
        self.fonts: list[Font] = []
        self.styles: list[Style] = []
        self.hiding_rules: list[bool] = []
        """For each look that a rule may give a cell: whether it strikes it out or hides it"""
        writer = next((t for sort, t in parts.related("").values() if sort == "extended-properties"), "")
        self.calculated = not NOT_CALCULATING.search(parts.tree(writer).child("Application").text)

    def read_styles(self, data: bytes) -> None:
        """Read how the cells look."""
        codes: dict[int, str] = {}
        grounds: list[str | None] = []
        in_cells = False
        for code, record in records(data):
            if code == _FORMAT:
                codes[struct.unpack_from("<H", record)[0]] = _wide(record, 2)[0]
            elif code == _FONT:
                height, flags, _weight, script = struct.unpack_from("<4H", record)
                color = _color(record[12:20]) or BLACK
                name, _end = _wide(record, 21)
                self.fonts.append(Font(name, bool(flags & 8), color, 0 < height < _LOW, script == _RAISED))
            elif code == _FILL:
                (pattern,) = struct.unpack_from("<I", record)
                grounds.append(WHITE if pattern == 0 else _color(record[4:12]) if pattern == 1 else None)
            elif code == _RULE_LOOK:
                self.hiding_rules.append(_hides(record))
            elif code in (_BEGIN_CELL_XFS, _END_CELL_XFS):
                in_cells = code == _BEGIN_CELL_XFS
            elif code == _XF and in_cells:
                number, font, fill = struct.unpack_from("<HHH", record, 2)
                look = self.fonts[font] if font < len(self.fonts) else Font()
                ground = grounds[fill] if fill < len(grounds) else WHITE
                format_code = None if number in BUILT_IN and number not in codes else codes.get(number)
                self.styles.append(style_of(look, ground, str(number), format_code))


def _hides(record: bytes) -> bool:
    """Whether the look that a rule gives a cell strikes it out or hides what it holds."""
    at, said = 6, dict[int, bytes]()
    while at + 4 <= len(record):
        sort, size = struct.unpack_from("<HH", record, at)
        said[sort] = record[at + 4 : at + size]
        at += max(size, 4)
    ground = _color(said.get(_BACKGROUND, b"")) or _color(said.get(_FOREGROUND, b"")) or WHITE
    color = _color(said.get(_TEXT_COLOR, b"")) or BLACK
    return said.get(_STRUCK, b"\0")[:1] == b"\1" or Style(ground=ground).hides(Font(color=color))


def _areas(record: bytes) -> list[Area]:
    """The areas of the rules that follow."""
    return [
        (top, left, bottom, right)
        for top, bottom, left, right in struct.iter_unpack("<4I", record[12 : 12 + (len(record) - 12) // 16 * 16])
    ]


def _color(record: bytes) -> str | None:
    """Six digits, where the file says them."""
    return record[4:7].hex().upper() if record and record[0] & 1 else None


class _Reader:
    """Reads one sheet."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        self._part = SheetPart()

    def table(self, name: str, target: str, *, hidden: bool, first: int | None) -> SheetTable:
        """The sheet as it was read."""
        part, row = self._part, 0
        ruled, hiding = list[Area](), list[Area]()
        for code, record in records(self._book.parts.read(target)):
            if code == _ROW:
                row, _style, height = struct.unpack_from("<IIH", record)
                if first is not None and row >= first:
                    break
                if (record[11] & 0x10 or height < _LOW) and row < limits.LINES:
                    part.hidden_rows.add(row)
            elif _BLANK <= code <= _FORMULA_ERROR or code == _RICH_TEXT:
                self._read_cell(row, code, record)
            elif code == _COLUMN:
                begin, last, width, _style, flags = struct.unpack_from("<IIIIH", record)
                if flags & 1 or width < _NARROW:
                    part.hidden_columns.update(range(min(begin, limits.COLUMNS), min(last + 1, limits.COLUMNS)))
            elif code == _MERGED:
                top, bottom, begin, last = struct.unpack_from("<IIII", record)
                part.merges.append((top, begin, bottom, last))
                if len(part.merges) > limits.LINES:
                    raise limits.too_large(self._book.parts.file)
            elif code == _RULED:
                ruled = _areas(record)
            elif code == _RULE and len(record) >= 12:
                (look,) = struct.unpack_from("<I", record, 8)
                if look < len(self._book.hiding_rules) and self._book.hiding_rules[look]:
                    hiding += ruled
            elif code == _BAR and len(record) >= 3 and not record[2]:
                hiding += ruled
        merged = shown_by_merging(part)
        self._mark_comments(target)
        return SheetTable(
            name, part.rows, merged, (), hidden, frozenset(part.hidden_rows), frozenset(part.hidden_columns),
            part.signs, part.fonts, hiding,
        )  # fmt: skip

    def _read_cell(self, row: int, code: int, record: bytes) -> None:
        column, look = struct.unpack_from("<II", record)
        styles, number = self._book.styles, look & 0xFFFFFF
        style = styles[number] if number < len(styles) else Style()
        cell, runs = self._cell(code, record, style)
        pieces = self._pieces(str(cell), runs) if runs else []
        if pieces:
            cell = "".join(text for text, _font in pieces)
        formula = _FORMULA_TEXT <= code <= _FORMULA_ERROR
        if cell == "" and not (formula and not self._book.calculated):
            return
        place = row, column
        if row >= limits.LINES or column >= limits.COLUMNS:
            raise limits.too_far(self._book.parts.file, f"{letters(column)}{row + 1}")
        self._part.put(place, cell)
        if formula and not self._book.calculated and (cell == "" or (cell == 0 and not isinstance(cell, bool))):
            self._part.signs[place] = Sign.ASSUMED_ZERO
        if cell != "" and (pieces or not style.plain):
            note_look(self._part, place, cell, pieces, style)

    def _cell(self, code: int, record: bytes, style: Style) -> tuple[SheetCell, list[tuple[int, int]]]:
        if code in (_RK, _REAL, _FORMULA_NUMBER):
            number = _rk(record) if code == _RK else struct.unpack_from("<d", record, 8)[0]
            if not abs(number) < 1e300:
                raise ValueError(number)
            return shown_as(number, style.kind, from_1904=self._book.from_1904), []
        if code in (_BOOL, _FORMULA_BOOL):
            return bool(record[8]), []
        if code in (_ERROR, _FORMULA_ERROR):
            return _ERRORS.get(record[8], "#N/A"), []
        text, runs = "", list[tuple[int, int]]()
        if code in (_TEXT, _FORMULA_TEXT):
            text = _wide(record, 8)[0]
        elif code == _RICH_TEXT:
            text, runs = _rich(record, 8)
        elif code == _SHARED:
            text, runs = self._book.texts[struct.unpack_from("<I", record, 8)[0]]
        return text if text.strip() and clean(text) else "", runs

    def _pieces(self, text: str, runs: Sequence[tuple[int, int]]) -> list[tuple[str, Font | None]]:
        """The pieces of a text that have fonts of their own."""
        fonts = self._book.fonts
        starts = [(0, None), *((at, fonts[font] if font < len(fonts) else None) for at, font in runs)]
        ends = [at for at, _font in starts[1:]] + [len(text)]
        pieces = [as_read(text[start:end], font) for (start, font), end in zip(starts, ends, strict=True)]
        return [(piece, font) for piece, font in pieces if piece]

    def _mark_comments(self, target: str) -> None:
        """Mark the empty cells with a comment."""
        for sort, name in self._book.parts.related(target).values():
            for code, record in records(self._book.parts.read(name)) if sort == "comments" else ():
                if code == _COMMENT:
                    row, _last, column = struct.unpack_from("<III", record, 4)
                    rows = self._part.rows
                    if row < len(rows) and (column >= len(rows[row]) or rows[row][column] == ""):
                        self._part.signs[row, column] = self._part.signs.get((row, column), Sign(0)) | Sign.COVERED


def _rk(record: bytes) -> float:
    """A number in 4 bytes: whole or the upper half of a double, perhaps hundredths."""
    (packed,) = struct.unpack_from("<i", record, 8)
    number = packed >> 2 if packed & 2 else struct.unpack("<d", struct.pack("<q", (packed & ~3) << 32))[0]
    return float(number) / 100 if packed & 1 else float(number)
