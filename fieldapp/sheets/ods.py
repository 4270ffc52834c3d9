"""Reads OpenDocument spreadsheets (.ods), with what a person sees of each cell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from pathlib import Path

from fieldapp.sheets import limits
from fieldapp.sheets.cells import EMPTY, Area, Place, SheetCell, SheetTable, Sign
from fieldapp.sheets.headings import letters
from fieldapp.sheets.xlsx_sheet import SheetPart, adds_up, as_read, column_number, note_look, shown_by_merging
from fieldapp.sheets.xlsx_styles import BLACK, WHITE, Font, Kind, Style, as_far_as_shown, says_another_number
from fieldapp.sheets.xml_parts import Enough, Node, Parts, local, parse
from fieldapp.vietnamese.text import clean

CELLS = 1_000_000
"""so many cells a sheet may repeat its few into"""
_CALCULATING = re.compile(r"office|excel|gnumeric|calligra|google|onlyoffice|wps", re.IGNORECASE)
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?")
_RAISED = re.compile(r"super|[1-9]")
"""Beginnings of a position of text that is above the line"""
_MILLIMETRES = {"mm": 1, "cm": 10, "in": 25.4, "pt": 0.353}
_AREA = re.compile(r"\.\$?([A-Z]{1,3})\$?(\d{1,7})(?::(?:\$?'[^']*'|[^.: ]*)\.\$?([A-Z]{1,3})\$?(\d{1,7}))?")
_LOGICAL = ("TRUE", "FALSE", "ĐÚNG", "SAI")
_BLOCKS = ("p", "h")
_OVERLAID = ("annotation", "frame", "custom-shape", "rect", "control", "g", "line", "ellipse")
"""Elements in a cell that are not its text: a comment, a picture, a box"""


@dataclass(frozen=True)
class _Look:
    """A style of a cell, as far as it says."""

    style: Style
    elapsed: bool = False
    """a time is shown as a length, such as 30:15"""
    ruled: bool = False
    """a rule of the style may strike the cell out or hide what it holds"""


@dataclass
class _Cell:
    """The cell that is being read."""

    attributes: Mapping[str, str]
    covered: bool
    paragraphs: list[list[tuple[str, str]]] = field(default_factory=list)
    """(text, style of the piece)"""
    spans: list[str] = field(default_factory=list)
    overlaid: bool = False


def read_ods(path: Path, data: bytes, first: int | None = None) -> list[SheetTable]:
    """The sheets of a file, or the ``first`` lines of its first one; FieldappError, or one of ``xml_parts.BROKEN``,
    says what is wrong."""
    parts = Parts(data, path.name)
    styles = _Styles()
    for name in ("styles.xml", "content.xml"):
        styles.add(_head(parts, name))
    generator = next(parts.tree("meta.xml").all("generator"), Node("")).text
    calculated = not generator or bool(_CALCULATING.search(generator))
    reader = _Reader(parts.file, styles, calculated=calculated, first=first)
    parse(parts.read("content.xml"), parts.file, reader.start, reader.end, reader.text)
    return reader.tables


def is_encrypted(parts: Parts) -> bool:
    """Whether the file only opens with a password."""
    return next(parts.tree("META-INF/manifest.xml").all("encryption-data"), None) is not None


def _head(parts: Parts, name: str) -> Node:
    """The styles of a part; its text is left out."""
    top = Node("")
    open_nodes = [top]
    skipped = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal skipped
        if local(name) == "body":
            raise Enough
        if skipped or local(name) == "master-styles":
            skipped += 1
            return
        node = Node(local(name), {key.rpartition(":")[2]: value for key, value in attributes.items()})
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_name: str) -> None:
        nonlocal skipped
        if skipped:
            skipped -= 1
        else:
            open_nodes.pop()

    if name in parts:
        parse(parts.read(name), parts.file, start, end, lambda _text: None)
    return top


class _Styles:
    """The styles of cells, of pieces of text, and of whole sheets."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[str, str], Node] = {}
        self._defaults: dict[str, Node] = {}
        self._faces: dict[str, str] = {}
        self._elapsed: set[str] = set()
        self._days: dict[str, Kind] = {}
        """formats of days -> how much of a day they show"""
        self._looks: dict[str, _Look] = {}

    def add(self, top: Node) -> None:
        """Add the styles of a part; later ones count."""
        for face in top.all("font-face"):
            self._faces[face.get("name")] = face.get("font-family").strip("'\"")
        for node in top.all("style"):
            self._nodes[node.get("family"), node.get("name")] = node
        for node in top.all("default-style"):
            self._defaults[node.get("family")] = node
        for node in top.all("time-style"):
            if node.get("truncate-on-overflow") == "false":
                self._elapsed.add(node.get("name"))
        for node in top.all("date-style"):
            shown = {part.name for part in node.children}
            if not shown & {"day", "day-of-week"}:
                self._days[node.get("name")] = "month" if "month" in shown else "year"

    def is_hidden(self, table_style: str) -> bool:
        """Whether a sheet is hidden."""
        node = self._nodes.get(("table", table_style), Node(""))
        return node.child("table-properties").get("display") == "false"

    def is_small(self, family: str, name: str, measure: str) -> bool:
        """Whether a row or column is so low or narrow that nobody sees it."""
        said = self._nodes.get((family, name), Node("")).child(f"{family}-properties").get(measure)
        found = re.match(r"([\d.]+)(mm|cm|in|pt)?", said)
        return found is not None and float(found[1]) * _MILLIMETRES.get(found[2], 1) < 0.6

    def cell(self, name: str, *, within_rule: bool = False) -> _Look:
        """The look of a cell; ``within_rule``: that a rule gives it, whose own rules do not count."""
        if name not in self._looks:
            look = self._looks.get("") or _Look(Style(self._font(self._defaults.get("table-cell", Node("")), Font())))
            for node in self._chain("table-cell", name):
                ground = node.child("table-cell-properties").get("background-color")
                style = replace(look.style, font=self._font(node, look.style.font))
                if ground:
                    style = replace(style, ground=_color(ground) or WHITE)
                if any(_crosses(node.child("table-cell-properties"), way) for way in ("tl-br", "bl-tr")):
                    style = replace(style, font=replace(style.font, struck=True))
                elapsed = look.elapsed
                if node.get("data-style-name"):
                    elapsed = node.get("data-style-name") in self._elapsed
                    style = replace(style, kind=self._days.get(node.get("data-style-name"), ""))
                ruled = look.ruled
                if node.child("map").name and not within_rule:
                    names = [child.get("apply-style-name") for child in node.children if child.name == "map"]
                    ruled = any(map(self.hides, names))
                look = _Look(style, elapsed, ruled)
            if within_rule:
                return look
            self._looks[name] = look
        return self._looks[name]

    def hides(self, name: str) -> bool:
        """Whether a style that a rule may give a cell strikes it out or hides what it holds."""
        style = self.cell(name, within_rule=True).style
        return style.font.struck or style.hides(style.font)

    def piece(self, name: str, font: Font) -> Font:
        """The font of a piece of the text of a cell with a font."""
        for node in self._chain("text", name):
            font = self._font(node, font)
        return font

    def _chain(self, family: str, name: str) -> list[Node]:
        """A style and those that it is based on, the most general first."""
        chain: list[Node] = []
        while name and (node := self._nodes.get((family, name))) is not None and node not in chain:
            chain.insert(0, node)
            name = node.get("parent-style-name")
        return chain

    def _font(self, node: Node, above: Font) -> Font:
        said = node.child("text-properties")
        if not said.name:
            return above
        name = self._faces.get(said.get("font-name"), said.get("font-name")) or said.get("font-family").strip("'\"")
        line = said.get("text-line-through-style") or said.get("text-line-through-type")
        size = re.fullmatch(r"([\d.]+)pt", said.get("font-size"))
        return Font(
            name or above.name,
            line != "none" if line else above.struck,
            _color(said.get("color")) or above.color or BLACK,
            float(size[1]) < 2 if size else above.tiny,
            _RAISED.match(said.get("text-position")) is not None if said.get("text-position") else above.raised,
        )


def _crosses(properties: Node, way: str) -> bool:
    """Whether a line goes across the cell."""
    return properties.get(f"diagonal-{way}") not in ("", "none")


def _color(text: str) -> str | None:
    return text[1:].upper() if re.fullmatch(r"#[0-9a-fA-F]{6}", text) else None


class _Reader:
    """Reads the sheets; its handlers run for every element."""

    def __init__(self, file: str, styles: _Styles, *, calculated: bool, first: int | None) -> None:
        self._first = first
        self.tables: list[SheetTable] = []
        self._file = file
        self._styles = styles
        self._calculated = calculated
        self._part = SheetPart()
        self._name, self._hidden = "", False
        self._depth = 0
        """tables within tables (a chart's own data) are not read"""
        self._row = self._column = self._cells = 0
        self._row_attributes: Mapping[str, str] = {}
        self._ruled: list[Area] = []
        """cells whose style has a rule that may hide them"""
        self._folded: list[bool] = []
        self._column_styles: dict[int, str] = {}
        self._rule_area = ""
        self._cell: _Cell | None = None
        self._pending: list[tuple[int, int, _Cell]] = []
        """(column, repeated, cell) of this row that hold something"""
        self._skipped = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name = local(name)
        if self._skipped:
            self._skipped += 1
        elif name == "table":
            self._depth += 1
            if self._depth == 1:
                self._begin_table(attributes)
        elif self._depth != 1:
            return
        elif self._cell is not None:
            self._start_in_cell(name, attributes)
        elif name in ("table-cell", "covered-table-cell"):
            self._cell = _Cell(attributes, name == "covered-table-cell")
        elif name == "table-row":
            if self._first is not None and self._row >= self._first:
                self._end_table()
                raise Enough
            self._row_attributes, self._column, self._pending = attributes, 0, []
        elif name == "table-column":
            self._read_column(attributes)
        elif name in ("table-row-group", "table-column-group"):
            self._folded.append(attributes.get("table:display") == "false")
        elif name == "conditional-format":
            self._rule_area = attributes.get("calcext:target-range-address", "")
        elif name in ("condition", "date-is", "data-bar", "icon-set"):
            look, is_shown = attributes.get("calcext:apply-style-name", ""), attributes.get("calcext:show-value")
            style = attributes.get("calcext:style", look)
            if is_shown == "false" or (style and self._styles.hides(style)):
                self._part.rules += [(area, 0) for area in [self._rule_area] if area]
        elif name in ("shapes", "forms", "named-expressions", "dde-links"):
            self._skipped = 1

    def _start_in_cell(self, name: str, attributes: Mapping[str, str]) -> None:
        cell = self._cell
        assert cell is not None
        if name in _OVERLAID:
            cell.overlaid = True
            self._skipped = 1
        elif name in _BLOCKS:
            cell.paragraphs.append([])
        elif name == "span":
            cell.spans.append(attributes.get("text:style-name", ""))
        elif cell.paragraphs and name == "s":
            self.text(" " * min(_number(attributes.get("text:c", "1")), limits.CELL))
        elif cell.paragraphs and name in ("tab", "line-break"):
            self.text("\t" if name == "tab" else "\n")

    def text(self, data: str) -> None:
        """Text of an element."""
        if self._cell is not None and not self._skipped and self._cell.paragraphs:
            self._cell.paragraphs[-1].append((data, self._cell.spans[-1] if self._cell.spans else ""))

    def end(self, name: str) -> None:
        """An element ends."""
        name = local(name)
        if self._skipped:
            self._skipped -= 1
        elif name == "table":
            self._depth -= 1
            if self._depth == 0:
                self._end_table()
        elif self._depth != 1:
            return
        elif self._cell is not None:
            if name == "span" and self._cell.spans:
                self._cell.spans.pop()
            elif name in ("table-cell", "covered-table-cell"):
                self._end_cell(self._cell)
                self._cell = None
        elif name == "table-row":
            self._end_row()
        elif name in ("table-row-group", "table-column-group") and self._folded:
            self._folded.pop()

    def _begin_table(self, attributes: Mapping[str, str]) -> None:
        self._part = SheetPart()
        self._name = attributes.get("table:name", "")
        self._hidden = self._styles.is_hidden(attributes.get("table:style-name", ""))
        self._row = self._column = self._cells = 0
        self._column_styles, self._folded, self._ruled = {}, [], list[Area]()

    def _end_table(self) -> None:
        part = self._part
        merged = shown_by_merging(part)
        rules = [area for said, _look in part.rules for area in _areas(said)]
        self.tables.append(
            SheetTable(
                self._name, part.rows, merged, (), self._hidden, frozenset(part.hidden_rows),
                frozenset(part.hidden_columns), part.signs, part.fonts, [*rules, *self._ruled],
            )
        )  # fmt: skip

    def _read_column(self, attributes: Mapping[str, str]) -> None:
        many = _number(attributes.get("table:number-columns-repeated", "1"))
        columns = range(min(self._column, limits.COLUMNS), min(self._column + many, limits.COLUMNS))
        unseen = attributes.get("table:visibility", "visible") != "visible" or any(self._folded)
        style = attributes.get("table:style-name", "")
        if unseen or self._styles.is_small("table-column", style, "column-width"):
            self._part.hidden_columns.update(columns)
        self._column_styles.update(dict.fromkeys(columns, attributes.get("table:default-cell-style-name", "")))
        self._column += many

    def _end_cell(self, cell: _Cell) -> None:
        many = _number(cell.attributes.get("table:number-columns-repeated", "1"))
        said = cell.paragraphs or cell.overlaid or "table:formula" in cell.attributes
        spans = "table:number-columns-spanned" in cell.attributes or "table:number-rows-spanned" in cell.attributes
        if said or spans or "office:value-type" in cell.attributes:
            self._pending.append((self._column, many, cell))
        self._column += many

    def _end_row(self) -> None:
        many = _number(self._row_attributes.get("table:number-rows-repeated", "1"))
        style = self._row_attributes.get("table:style-name", "")
        unseen = (
            self._row_attributes.get("table:visibility", "visible") != "visible"
            or any(self._folded)
            or self._styles.is_small("table-row", style, "row-height")
        )
        if unseen and self._row < limits.LINES:
            self._part.hidden_rows.update(range(self._row, min(self._row + many, limits.LINES)))
        filled = sum(repeated for _column, repeated, cell in self._pending if cell.paragraphs)
        self._cells += min(many, limits.LINES) * min(filled, limits.COLUMNS)
        if self._cells > CELLS:
            raise limits.too_large(self._file)
        for row in range(self._row, self._row + many) if self._pending else ():
            for column, repeated, cell in self._pending:
                for at in range(column, column + repeated):
                    self._put((row, at), cell)
        self._row += many

    def _put(self, place: Place, cell: _Cell) -> None:
        style_name = (
            cell.attributes.get("table:style-name")
            or self._row_attributes.get("table:default-cell-style-name")
            or self._column_styles.get(place[1], "")
        )
        look = self._styles.cell(style_name)
        value = self._value(cell, look)
        formula = "table:formula" in cell.attributes
        typed = cell.attributes.get("office:value-type", "")
        rows, columns = (_number(cell.attributes.get(f"table:number-{w}-spanned", "1")) for w in ("rows", "columns"))
        if value == "" and not (formula and not typed) and not cell.overlaid and rows * columns < 2:
            return
        if place[0] >= limits.LINES or place[1] >= limits.COLUMNS:
            if value == "":
                return
            raise limits.too_far(self._file, f"{letters(place[1])}{place[0] + 1}")
        self._part.put(place, value)
        if rows * columns > 1 and not cell.covered:
            self._part.merges.append((place[0], place[1], place[0] + rows - 1, place[1] + columns - 1))
        if value == "":
            if formula and not typed:
                self._part.signs[place] = Sign.UNCALCULATED
            elif cell.overlaid:
                self._part.signs[place] = Sign.COVERED
            return
        if look.ruled:
            self._ruled.append((*place, *place))
        if formula and value == 0 and not isinstance(value, bool) and not self._calculated:
            self._part.signs[place] = Sign.ASSUMED_ZERO
        elif value == 0 and not isinstance(value, bool) and cell.paragraphs and _shown(cell) in EMPTY:
            self._part.put(place, EMPTY[1])
            return
        if formula and adds_up(re.sub(r"[\[\].]", "", cell.attributes["table:formula"].partition("=")[2]), place):
            self._part.signs[place] = self._part.signs.get(place, Sign(0)) | Sign.SUM
        if (typed == "percentage" and value) or (isinstance(value, float) and _shows_another(value, cell.paragraphs)):
            self._part.signs[place] = self._part.signs.get(place, Sign(0)) | Sign.SCALED
        pieces = [piece for paragraph in cell.paragraphs for piece in paragraph] if isinstance(value, str) else []
        fonts = [as_read(text, self._styles.piece(name, look.style.font)) for text, name in pieces]
        if not look.style.plain or any(font != look.style.font for _text, font in fonts):
            alike = "".join(text for text, _font in fonts) == value
            note_look(
                self._part, place, value, fonts if alike else [(str(value), f) for _t, f in fonts[:1]], look.style
            )

    def _shown(self, text: str, style: str, look: _Look) -> str:
        return as_read(text, self._styles.piece(style, look.style.font))[0] if style else text

    def _value(self, cell: _Cell, look: _Look) -> SheetCell:
        said = cell.attributes
        text = "\n".join("".join(self._shown(*piece, look) for piece in paragraph) for paragraph in cell.paragraphs)
        if said.get("calcext:value-type") == "error":
            return text or "#N/A"
        match said.get("office:value-type", ""):
            case "float" | "percentage" | "currency":
                number = float(said.get("office:value", ""))
                if not abs(number) < 1e300:
                    raise ValueError(said["office:value"])
                # LibreOffice stores a logical value as a number where no format of the cell says so
                return number == 1 if text.strip().upper() in _LOGICAL else number
            case "date":
                day = _day(said.get("office:date-value", ""))
                return as_far_as_shown(day, look.style.kind) if isinstance(day, date) else day
            case "time":
                return _time(said.get("office:time-value", ""), elapsed=look.elapsed)
            case "boolean":
                return said.get("office:boolean-value") == "true"
            case _:
                shown = text or said.get("office:string-value", "")
                return shown if clean(shown) else ""


def _shown(cell: _Cell) -> str:
    """The text that the sheet shows."""
    return "".join(text for paragraph in cell.paragraphs for text, _style in paragraph).strip()


def _shows_another(value: float, paragraphs: Sequence[Sequence[tuple[str, str]]]) -> bool:
    """Whether the text that the sheet shows for a number is another one: in thousands, or followed by “triệu”."""
    shown = "".join(text for paragraph in paragraphs for text, _style in paragraph)
    if says_another_number(re.sub(r"\d", "", shown)):
        return value != 0
    digits = re.sub(r"\D", "", shown)
    if not digits and any(map(str.isalpha, shown)):
        return value != 0
    if not digits or abs(value) < 1 or "E+" in shown:
        return False
    whole = (str(abs(int(value))), str(abs(round(value))))
    return not digits.lstrip("0").startswith(whole) or (value == int(value) and digits == f"{whole[0]}000")


def _areas(addresses: str) -> Iterator[Area]:
    """The areas that ``Sổ.A2:Sổ.F9`` names."""
    for first, top, last, bottom in _AREA.findall(addresses):
        begin = int(top) - 1, column_number(first) - 1
        yield (*begin, *((int(bottom) - 1, column_number(last) - 1) if last else begin))


def _number(text: str) -> int:
    return max(int(text), 1)


def _day(text: str) -> SheetCell:
    """A day as the file writes it: ``2013-11-05``, with or without a time; as text where it is no day of a calendar."""
    try:
        return date.fromisoformat(text.partition("T")[0])
    except ValueError:
        return text


def _time(text: str, *, elapsed: bool) -> SheetCell:
    """A time as the file writes it: ``PT30H15M00S``."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return text
    days, hours, minutes = (int(part or 0) for part in found.groups()[1:4])
    length = timedelta(days, float((found[5] or "0").replace(",", ".")), hours=hours, minutes=minutes)
    if elapsed or found[1]:
        return -length if found[1] else length
    seconds = min(round(length.total_seconds() % 86400), 86399)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)
