"""One sheet of an XLSX: what its cells hold, and what a person who looks at it sees of them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import NamedTuple

from fieldapp.sheets import limits
from fieldapp.sheets.cells import EMPTY, Area, FontRun, Place, SheetCell, SheetTable, Sign, is_error, is_symbol, raised
from fieldapp.sheets.headings import letters
from fieldapp.sheets.xlsx_styles import (
    PARTS_OF_DAY,
    Font,
    Style,
    Styles,
    as_far_as_shown,
    is_old,
    number_of,
    on,
    shown_as,
)
from fieldapp.sheets.xml_parts import Enough, Node, Parts, local, parse
from fieldapp.vietnamese.text import clean

_REF = re.compile(r"([A-Za-z]{1,7})([0-9]{1,9})")
_AREA = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})(?::\$?([A-Za-z]{1,3})\$?(\d{1,7}))?")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LOW = 2.0
"""Points: a row of less height is not seen"""
_NARROW = 0.5
"""Characters: a column of less width is not seen"""
_SHORT = 8
"""Characters; a longer text is not all blanks, or is cleaned later"""
HIDES = -1
"""In place of the number of a look: nothing is shown"""
_FAR = 1 << 20
"""More rows or columns than any sheet has"""


class RichText(NamedTuple):
    """A text, and the pieces of it that have a font of their own; None: that of the cell."""

    text: str
    runs: Sequence[tuple[str, Font | None]] = ()


@dataclass
class Book:
    """What the sheets of a workbook share."""

    parts: Parts
    styles: Styles
    from_1904: bool
    calculated: bool
    """False: the file says of itself that nobody has calculated its formulas"""
    texts: Sequence[RichText] = ()
    first: int | None = None
    """so many lines of each sheet are read; None: all"""


_NOTHING = RichText("")


class Texts:
    """Collects the texts of ``si`` or ``is`` elements, whose runs may have fonts of their own."""

    def __init__(self, font: Callable[[Node], Font]) -> None:
        self._font = font
        self._said: list[str] = []
        self._runs: list[tuple[str, Font | None]] = []
        self._nodes: list[Node] = []
        self._in_t = False
        self._skipped = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._skipped or name in ("rPh", "phoneticPr"):
            self._skipped += 1
        elif name == "t":
            self._in_t = True
        elif name == "r":
            self._runs = self._runs or ([("".join(self._said), None)] if self._said else [])
            self._said, self._nodes = [], []
        elif name == "rPr" or self._nodes:
            node = Node(name, attributes)
            if self._nodes:
                self._nodes[0].children.append(node)
            else:
                self._nodes.append(node)

    def text(self, data: str) -> None:
        if self._in_t:
            self._said.append(data)

    def end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif name == "t":
            self._in_t = False
        elif name == "r":
            font = self._font(self._nodes[0]) if self._nodes else None
            self._runs.append(as_read(_said(self._said), font))
            self._said, self._nodes = [], []

    def taken(self) -> RichText:
        """What was collected; then the next text begins."""
        text = "".join(text for text, _font in self._runs) if self._runs else _said(self._said)
        found = RichText(text, self._runs) if text else _NOTHING
        self._said, self._runs, self._nodes, self._in_t, self._skipped = [], [], [], False, 0
        return found


def shared_texts(data: bytes, file: str, styles: Styles) -> list[RichText]:
    """The texts that the cells of all sheets refer to by number."""
    found: list[RichText] = []
    texts = Texts(styles.font)

    def start(name: str, attributes: Mapping[str, str]) -> None:
        texts.start(local(name), attributes)

    def end(name: str) -> None:
        name = local(name)
        if name == "si":
            found.append(texts.taken())
        else:
            texts.end(name)

    parse(data, file, start, end, texts.text)
    return found


def as_read(text: str, font: Font | None) -> tuple[str, Font | None]:
    """A piece of a text with its font: the mark of a note after a figure is none of its digits."""
    return raised(text) if font is not None and font.raised else text, font


def _said(pieces: Sequence[str]) -> str:
    """The text of a cell; nothing if nobody would see that there is one."""
    text = "".join(pieces)
    if "_x" in text:
        text = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
    return "" if len(text) < _SHORT and not clean(text) and not any(map(is_symbol, text)) else text


@dataclass
class SheetPart:
    """What the part of one sheet says."""

    rows: list[list[SheetCell]] = field(default_factory=list)
    signs: dict[Place, Sign] = field(default_factory=dict)
    fonts: dict[Place, Sequence[FontRun]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merges: list[Area] = field(default_factory=list)
    arrays: list[Area] = field(default_factory=list)
    """cells that one formula fills"""
    hides_zeros: bool = False
    """the sheet shows no zeros"""
    rules: list[tuple[str, int]] = field(default_factory=list)
    """areas of a rule, number of the look that it gives; ``HIDES`` for one that shows nothing"""

    def put(self, place: Place, cell: SheetCell) -> None:
        """Enter what a cell holds."""
        row, column = place
        rows = self.rows
        while len(rows) <= row:
            rows.append([])
        cells = rows[row]
        if len(cells) == column:
            cells.append(cell)
        elif len(cells) < column:
            cells.extend([""] * (column - len(cells)))
            cells.append(cell)
        else:
            cells[column] = cell


def read_sheet(book: Book, part: str, name: str, *, hidden: bool) -> SheetTable:
    """A sheet of a workbook."""
    read = _Reader(book).read(part)
    places = shown_by_merging(read)
    _mark_arrays(book, read)
    _mark_covered(book, part, read)
    looks = book.styles.hiding_rules
    hiding = [areas for areas, look in read.rules if look == HIDES or (look < len(looks) and looks[look])]
    rules = [area for areas in hiding for area in _areas(areas)]
    return SheetTable(
        name, read.rows, places, (), hidden, frozenset(read.hidden_rows), frozenset(read.hidden_columns), read.signs,
        read.fonts, rules,
    )  # fmt: skip


class _Reader:
    """Reads the part of one sheet; its handlers run for every element, so they are plain."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._part = SheetPart()
        self._row = self._column = 0
        self._row_style: int | None = None
        self._column_styles: dict[int, int] = {}
        self._texts = Texts(book.styles.font)
        self._said: list[str] | None = None
        self._in_cell = self._in_text = False
        self._layered = False
        """there are rows or columns with a style of their own"""
        self._looks: dict[str | None, Style] = {}
        self._type = ""
        self._style: str | None = None
        self._value: str | None = None
        self._formula: str | None = None
        self._rule_area = ""
        self._rules: list[int] = []
        """looks that rules of the area give"""
        self._look_nodes: list[Node] = []
        """the look that a rule of newer Excel describes, as far as it is read"""
        self._elements: dict[str, str] = {}
        """name of an element -> without its prefix"""

    def read(self, part: str) -> SheetPart:
        parse(self._book.parts.read(part), self._book.parts.file, self._start, self._end, self._text)
        return self._part

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        name = self._elements.get(name) or self._elements.setdefault(name, local(name))
        if name == "c":
            self._in_cell = True
            found = _REF.fullmatch(attributes.get("r", ""))
            self._column += 1
            if found:
                self._column, self._row = column_number(found[1]), int(found[2])
            self._type = attributes.get("t", "n")
            self._style = attributes.get("s")
            self._value, self._formula = None, None
        elif name in ("v", "f"):
            self._said = []
            if name == "f":
                self._formula = ""
                if attributes.get("t") in ("array", "dataTable") and attributes.get("ref"):
                    self._part.arrays += _areas(attributes["ref"])
        elif name == "row":
            self._start_row(attributes)
        elif self._in_text:
            self._texts.start(name, attributes)
        elif self._in_cell:
            if name == "is":
                self._in_text = True
        elif name == "col":
            self._start_column(attributes)
        elif name == "sheetView":
            self._part.hides_zeros = attributes.get("showZeros") in ("0", "false")
        elif name == "mergeCell":
            self._part.merges += _areas(attributes.get("ref", ""))
            if len(self._part.merges) > limits.LINES:
                raise limits.too_large(self._book.parts.file)
        elif name == "conditionalFormatting":
            self._rule_area, self._rules = attributes.get("sqref", ""), []
        elif name == "cfRule" and attributes.get("dxfId", "").isdecimal():
            self._rules.append(int(attributes["dxfId"]))
        elif name in ("dataBar", "iconSet") and attributes.get("showValue") in ("0", "false"):
            self._rules.append(HIDES)
        elif name == "sqref":  # newer Excel writes the area below its rules
            self._said = []
        elif name == "dxf" or self._look_nodes:
            node = Node(name, attributes)
            if self._look_nodes:
                self._look_nodes[-1].children.append(node)
            self._look_nodes.append(node)

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self._row, self._column = int(attributes.get("r", self._row + 1)), 0
        if self._book.first is not None and self._row > self._book.first:
            raise Enough
        self._row_style = None
        if len(attributes) > 1:
            if on(attributes.get("hidden", "")) or number_of(attributes.get("ht", ""), _LOW) < _LOW:
                self._part.hidden_rows.add(self._row - 1)
            if on(attributes.get("customFormat", "")):
                self._row_style = _whole(attributes.get("s", ""))
                self._layered = True

    def _start_column(self, attributes: Mapping[str, str]) -> None:
        first, last = _whole(attributes.get("min", "")), _whole(attributes.get("max", ""))
        columns = range(max(first - 1, 0), min(last, limits.COLUMNS))
        if on(attributes.get("hidden", "")) or number_of(attributes.get("width", ""), _NARROW) < _NARROW:
            self._part.hidden_columns.update(columns)
        if attributes.get("style"):
            self._column_styles.update(dict.fromkeys(columns, _whole(attributes["style"])))
            self._layered = True

    def _text(self, data: str) -> None:
        if self._said is not None:
            self._said.append(data)
        elif self._in_text:
            self._texts.text(data)

    def _end(self, name: str) -> None:
        name = self._elements[name]
        if name in ("v", "f"):
            said, self._said = "".join(self._said or ()), None
            if name == "v":
                self._value = said
            else:
                self._formula = said
        elif name == "c":
            self._in_cell = self._in_text = False
            self._end_cell()
        elif name == "is":
            self._in_text = False
        elif self._in_text:
            self._texts.end(name)
        elif name == "sqref":
            self._rule_area, self._said = "".join(self._said or ()), None
        elif name == "conditionalFormatting":
            self._part.rules += [(self._rule_area, look) for look in self._rules]
        elif self._look_nodes:
            node = self._look_nodes.pop()
            if not self._look_nodes and self._book.styles.hides(node):
                self._rules.append(HIDES)

    def _end_cell(self) -> None:
        rich = None
        cell: SheetCell = ""
        style = self._looks.get(self._style) or self._look(self._style)
        value = self._value
        if self._type == "inlineStr":
            rich = self._texts.taken()
            cell = rich.text
        elif value:
            cell, rich = self._cell(value, style)
        known = self._type == "str" and value is not None  # a formula whose result is no text, but was calculated
        is_formula = self._formula is not None
        if cell == "" and not (is_formula and not (known and self._book.calculated)):
            return
        place = (self._row - 1, self._column - 1)
        if self._row > limits.LINES or self._column > limits.COLUMNS or min(place) < 0:
            raise limits.too_far(self._book.parts.file, f"{letters(place[1])}{self._row}")
        if cell == 0 and not isinstance(cell, bool) and (self._book.calculated or not is_formula):
            cell = cell if style.shows_zero and not self._part.hides_zeros else EMPTY[1]
        self._part.put(place, cell)
        if self._formula is not None:
            if adds_up(self._formula, place):
                self._part.signs[place] = Sign.SUM
            if cell == "":
                self._part.signs[place] = Sign.ASSUMED_ZERO if known else Sign.UNCALCULATED
            elif cell == 0 and not self._book.calculated:
                self._part.signs[place] = Sign.ASSUMED_ZERO
        if cell != "" and not (rich is None and style.plain and (self._style is not None or not self._layered)):
            self._note_look(place, cell, rich, style)

    def _look(self, number: str | None) -> Style:
        """The style that a cell names; Excel shows one that names none plainly."""
        style = self._looks[number] = self._book.styles[_whole(number or "")]
        return style

    def _cell(self, value: str, style: Style) -> tuple[SheetCell, RichText | None]:
        """What ``v`` means."""
        sort = self._type
        if sort == "s":
            rich = self._book.texts[int(value)]
            return rich.text, rich if rich.runs else None
        if sort == "b":
            return on(value.strip().lower()), None
        if sort == "str":
            return _said([value]), None
        if sort == "e":
            return value if is_error(value) else "#VALUE!", None
        if sort == "d":
            day = _iso(value.strip())
            return as_far_as_shown(day, style.kind) if isinstance(day, date) else day, None
        number = float(value)
        if not abs(number) < 1e300:  # neither is a number that a sheet can hold
            raise ValueError(value)
        return shown_as(number, style.kind, from_1904=self._book.from_1904) if style.kind else number, None

    def _note_look(self, place: Place, cell: SheetCell, rich: RichText | None, style: Style) -> None:
        """Note what the look of a cell that holds something says, and old fonts."""
        if self._style is None:  # LibreOffice shows such a cell like its row or column
            number = self._row_style if self._row_style is not None else self._column_styles.get(place[1], 0)
            style = self._book.styles[number]
        note_look(self._part, place, cell, rich.runs if rich else (), style)


def note_look(
    part: SheetPart, place: Place, cell: SheetCell, pieces: Sequence[tuple[str, Font | None]], style: Style
) -> None:
    """Note what the look of a cell that holds something says, and old fonts.

    ``pieces``: of a text with several fonts; None is the font of the cell.
    """
    runs = [(text, font or style.font) for text, font in pieces]
    runs = runs or [(cell if isinstance(cell, str) else "0", style.font)]
    said = [font for text, font in runs if text.strip()]
    sign = part.signs.get(place, Sign(0))
    if all(font.struck for font in said):
        sign |= Sign.STRUCK
    elif any(font.struck for font in said):
        sign |= Sign.PARTLY_STRUCK
    if all(style.hides(font) for font in said) or style.hides_value(cell):
        sign |= Sign.UNSEEN
    if style.scaled and isinstance(cell, float) and cell:
        sign |= Sign.SCALED
    if style.kind in PARTS_OF_DAY and isinstance(cell, str) and cell[-4:].isdecimal():
        sign |= Sign.PART_OF_DAY
    if isinstance(cell, str) and any(is_old(font) for font in said):
        part.fonts[place] = [FontRun(text, font.name) for text, font in runs]
    if sign:
        part.signs[place] = sign


_OVER_ROWS = re.compile(r"(?<![!'\w.$])\$?([A-Za-z]{1,3})\$?(\d{1,7}):\$?([A-Za-z]{1,3})\$?(\d{1,7})\b")
_ADDED = re.compile(r"(?:\$?([A-Za-z]{1,3})\$?\d{1,7}\+)+\$?([A-Za-z]{1,3})\$?\d{1,7}")
_OF_ALL = re.compile(r"(?:SUBTOTAL|AGGREGATE)\(", re.IGNORECASE)


def adds_up(formula: str, place: Place) -> bool:
    """Whether a formula sums up several other cells of its column: ``SUM(F2:F9)``, ``SUMIF(D2:D9,"x",F2:F9)``,
    ``F5+F9``; or says of itself that it is a total among rows (``SUBTOTAL``)."""
    formula = formula.replace(" ", "")
    if _OF_ALL.match(formula):
        return True
    own = place[1] + 1
    if _ADDED.fullmatch(formula):
        return {column_number(letter) for letter in re.findall("[A-Za-z]+", formula)} == {own}
    return any(
        column_number(first) == own == column_number(last) and int(bottom) > int(top)
        for first, top, last, bottom in _OVER_ROWS.findall(formula)
    )


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _iso(value: str) -> SheetCell:
    """A day or time of day as ISO writes it."""
    if "T" in value:
        return date.fromisoformat(value.partition("T")[0])
    return time.fromisoformat(value) if ":" in value else date.fromisoformat(value)


def column_number(name: str) -> int:
    """The number of a column from its letters: ``A`` is 1, ``AA`` 27."""
    number = 0
    for letter in name.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _areas(ref: str) -> Iterator[Area]:
    """The areas that ``A1:C3 E5`` names."""
    for found in _AREA.finditer(ref):
        first, top = column_number(found[1]) - 1, int(found[2]) - 1
        last, bottom = (column_number(found[3]) - 1, int(found[4]) - 1) if found[3] else (first, top)
        if 0 <= top <= bottom < _FAR and 0 <= first <= last < _FAR:
            yield top, first, bottom, last


def _within(read: SheetPart, areas: Sequence[Area]) -> Iterator[tuple[Place, Place]]:
    """(Place, first place of its area) for each place of areas that is within the used part of the sheet."""
    width = max(map(len, read.rows), default=0)
    left = limits.MERGED
    for top, first, bottom, last in areas:
        bottom, last = min(bottom, len(read.rows) - 1), min(last, width - 1)  # noqa: PLW2901
        left -= max(bottom - top + 1, 0) * max(last - first + 1, 0)
        if left < 0:
            break
        for row in range(top, bottom + 1):
            for column in range(first, last + 1):
                yield (row, column), (top, first)


def _value(read: SheetPart, place: Place) -> SheetCell:
    cells = read.rows[place[0]]
    return cells[place[1]] if place[1] < len(cells) else ""


def shown_by_merging(read: SheetPart) -> dict[Place, Place]:
    """Place of each cell that shows the value of another one -> place of that one. What lies below is not seen."""
    places: dict[Place, Place] = {}
    for place, first in _within(read, read.merges):
        if place == first:
            continue
        if _value(read, place) != "":
            read.signs[place] = read.signs.get(place, Sign(0)) | Sign.UNSEEN
            if place[0] != first[0]:
                read.signs[first] = read.signs.get(first, Sign(0)) | Sign.SPREAD
        elif _value(read, first) != "" or first in read.signs:
            places[place] = first
    return places


def _mark_arrays(book: Book, read: SheetPart) -> None:
    """Mark what a formula over several cells has not filled."""
    for place, _first in _within(read, read.arrays):
        value = _value(read, place)
        if value == "":
            read.signs.setdefault(place, Sign.UNCALCULATED)
        elif value == 0 and not isinstance(value, bool) and not book.calculated:
            read.signs[place] = read.signs.get(place, Sign(0)) | Sign.ASSUMED_ZERO


def _mark_covered(book: Book, part: str, read: SheetPart) -> None:
    """Mark the empty cells on which there is a picture, a box or a comment."""
    areas: list[Area] = []
    for sort, target in book.parts.related(part).values():
        if sort in ("comments", "threadedComment"):
            told = book.parts.tree(target)
            for comment in (*told.all("comment"), *told.all("threadedComment")):
                areas += _areas(comment.get("ref"))
        elif sort == "drawing":
            areas += _anchors(book.parts.tree(target))
    for place, _first in _within(read, areas):
        if _value(read, place) in EMPTY:
            read.signs[place] = read.signs.get(place, Sign(0)) | Sign.COVERED


def _anchors(drawing: Node) -> Iterator[Area]:
    """The cells that each picture or box of a drawing covers; those that it only touches do not count."""
    for anchor in (*drawing.all("twoCellAnchor"), *drawing.all("oneCellAnchor")):
        begin, end = anchor.child("from"), anchor.child("to")
        top, first = int(begin.child("row").text or 0), int(begin.child("col").text or 0)
        bottom, last = int(end.child("row").text or top), int(end.child("col").text or first)
        bottom -= int(end.child("rowOff").text or 1) == 0
        last -= int(end.child("colOff").text or 1) == 0
        yield top, first, max(top, bottom), max(first, last)
