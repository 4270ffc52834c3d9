"""Reads the tables of a Word document (.docx), each as a sheet: what is deleted, moved away or hidden is not read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldapp.i18n import _
from fieldapp.sheets import limits
from fieldapp.sheets.cells import SheetTable, Sign
from fieldapp.sheets.headings import letters
from fieldapp.sheets.xlsx_sheet import SheetPart, as_read, note_look, shown_by_merging
from fieldapp.sheets.xlsx_styles import BLACK, Font, Style
from fieldapp.sheets.xml_parts import Node, Parts, local, parse
from fieldapp.vietnamese.text import clean

_GONE = ("moveFrom", "Fallback")
"""Elements whose text nobody reads; a fallback says again what stands before it"""
_CODES = ("instrText", "delInstrText", "fldSimple")
"""Elements of a field that Word calculates"""
_OVERLAID = ("drawing", "pict", "object", "txbxContent", "sym")
_NAME = 80
"""Characters; a longer paragraph above a table is no title"""


def read_docx(path: Path, data: bytes) -> list[SheetTable]:
    """The tables of a file; FieldappError, or one of ``xml_parts.BROKEN``, says what is wrong."""
    parts = Parts(data, path.name)
    main = next((target for sort, target in parts.related("").values() if sort == "officeDocument"), "")
    main = main or "word/document.xml"
    named = dict(parts.related(main).values())
    reader = _Reader(parts.file, _Fonts(parts.tree(named.get("styles", "word/styles.xml"))))
    parse(parts.read(main), parts.file, reader.start, reader.end, reader.text)
    return reader.tables


@dataclass(frozen=True)
class _Run:
    """How text looks: its font, and whether it is hidden."""

    font: Font
    hidden: bool = False


class _Fonts:
    """The fonts of paragraph and character styles."""

    def __init__(self, styles: Node) -> None:
        self._nodes = {node.get("w:styleId"): node for node in styles.all("style")}
        defaults = next(styles.all("rPrDefault"), Node("")).child("rPr")
        self.plain = changed(_Run(Font()), defaults)
        usual = [n for n in self._nodes.values() if n.get("w:default") in ("1", "true")]
        paragraph = next((n.get("w:styleId") for n in usual if n.get("w:type") == "paragraph"), "")
        self.plain = self.styled(paragraph, self.plain)

    def numbers(self, name: str) -> bool:
        """Whether paragraphs in a style are numbered."""
        return bool(self._nodes.get(name, Node("")).child("pPr").child("numPr").name)

    def styled(self, name: str, run: _Run) -> _Run:
        """The look of text in a style."""
        chain: list[Node] = []
        while (node := self._nodes.get(name)) is not None and node not in chain:
            chain.insert(0, node)
            name = node.child("basedOn").get("w:val")
        for node in chain:
            run = changed(run, node.child("rPr"))
        return run


def changed(run: _Run, said: Node) -> _Run:
    """A look with what run properties say."""
    font, hidden = run.font, run.hidden
    for node in said.children:
        value = node.get("w:val")
        is_on = value not in ("0", "false", "off", "none")
        if node.name == "rFonts":
            font = replace(font, name=node.get("w:ascii") or node.get("w:hAnsi") or font.name)
        elif node.name in ("strike", "dstrike"):
            font = replace(font, struck=is_on)
        elif node.name == "color":
            font = replace(font, color=value.upper() if len(value) == 6 else BLACK)
        elif node.name == "vanish":
            hidden = is_on
        elif node.name == "vertAlign":
            font = replace(font, raised=value == "superscript")
    return _Run(font, hidden)


@dataclass
class _Cell:
    """The cell that is being read."""

    width: int = 1
    continued: bool = False
    """it belongs to the cell above"""
    pieces: list[tuple[str, Font | None]] = field(default_factory=list)
    paragraphs: int = 0
    overlaid: bool = False
    hidden: list[str] = field(default_factory=list)
    """text that is there and not shown"""
    deleted: list[str] = field(default_factory=list)
    """text whose deletion nobody has accepted yet: Word shows it struck out"""
    crossed: bool = False
    """a line goes across it"""


@dataclass
class _Table:
    """The table that is being read."""

    name: str
    part: SheetPart = field(default_factory=SheetPart)
    row: int = -1
    column: int = 0
    cell: _Cell | None = None
    begun: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """column -> first row, last row, last column of the merged cell there"""


class _Reader:
    """Reads the tables; its handlers run for every element."""

    def __init__(self, file: str, fonts: _Fonts) -> None:
        self.tables: list[SheetTable] = []
        self._file = file
        self._fonts = fonts
        self._open: list[_Table] = []
        self._above: list[str] = []
        self._title = ""
        self._paragraph = self._run = fonts.plain
        self._properties: list[Node] = []
        self._skipped = 0
        self._in_t = self._in_deleted = False
        self._placeholder: list[bool] = []

    @property
    def _cell(self) -> _Cell | None:
        return self._open[-1].cell if self._open else None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name = local(name)
        if self._skipped or name in _GONE or (name == "sdtContent" and self._placeholder and self._placeholder[-1]):
            self._skipped += 1
        elif self._cell is not None and name in _OVERLAID:
            self._cell.overlaid = True
            self._skipped = 1
        elif name in ("rPr", "pPr", "tcPr", "trPr") or self._properties:
            node = Node(name, attributes)
            if self._properties:
                self._properties[-1].children.append(node)
            self._properties.append(node)
        elif name == "tbl":
            number = len(self.tables) + len(self._open) + 1
            if self._cell is not None:  # what a table within a cell says is not the cell's
                self._cell.overlaid = True
            title = self._title if not self._open else ""
            self._open.append(_Table(title or _("Table {n}").format(n=number)))
        elif name == "tr" and self._open:
            self._open[-1].row += 1
            self._open[-1].column = 0
            if self._open[-1].row >= limits.LINES:
                raise limits.too_large(self._file)
        elif name == "tc" and self._open:
            self._open[-1].cell = _Cell()
        elif name == "sdt":
            self._placeholder.append(False)
        elif name == "showingPlcHdr" and self._placeholder:
            self._placeholder[-1] = True
        elif name == "p":
            self._begin_paragraph()
        elif name == "r":
            self._run = self._paragraph
        elif name == "t":
            self._in_t = True
        elif name == "delText":
            self._in_deleted = True
        elif name in _CODES and self._cell is not None:  # a result is text beside it
            self._cell.overlaid = True
        elif name in ("tab", "br", "cr", "noBreakHyphen"):
            self._add({"tab": " ", "noBreakHyphen": "-"}.get(name, "\n"))

    def end(self, name: str) -> None:
        """An element ends."""
        name = local(name)
        if self._skipped:
            self._skipped -= 1
        elif self._properties:
            node = self._properties.pop()
            if not self._properties:
                self._apply(node)
        elif name == "tbl":
            self._end_table(self._open.pop())
        elif name == "tc" and self._open:
            self._end_cell(self._open[-1])
        elif name == "sdt" and self._placeholder:
            self._placeholder.pop()
        elif name == "p" and not self._open:
            text = clean("".join(self._above))
            self._title = text if text and len(text) <= _NAME else self._title if not text else ""
        elif name == "t":
            self._in_t = False
        elif name == "delText":
            self._in_deleted = False

    def text(self, data: str) -> None:
        """Text of an element."""
        if self._in_t and not self._skipped:
            self._add(data)
        elif self._in_deleted and self._cell is not None:
            self._cell.deleted.append(data)

    def _begin_paragraph(self) -> None:
        self._paragraph = self._run = self._fonts.plain
        cell = self._cell
        if cell is None:
            self._above = []
            return
        if cell.paragraphs:
            cell.pieces.append(("\n", None))
        cell.paragraphs += 1

    def _add(self, text: str) -> None:
        if self._run.hidden:
            if self._cell is not None:
                self._cell.hidden.append(text)
            return
        piece = as_read(text, self._run.font)
        if self._cell is not None:
            self._cell.pieces.append(piece)
        elif not self._open:
            self._above.append(piece[0])

    def _apply(self, node: Node) -> None:
        """Heed the properties of a run, paragraph, cell or row."""
        if node.name == "rPr":
            self._run = changed(self._fonts.styled(node.child("rStyle").get("w:val"), self._paragraph), node)
        elif node.name == "pPr":
            style = node.child("pStyle").get("w:val")
            if style:
                self._paragraph = self._run = self._fonts.styled(style, self._fonts.plain)
            if self._cell is not None and (node.child("numPr").name or self._fonts.numbers(style)):
                self._cell.overlaid = True  # Word shows a number there that is no text
        elif node.name == "tcPr" and self._cell is not None:
            self._cell.width = _number(node.child("gridSpan").get("w:val"), 1)
            merging = node.child("vMerge")
            self._cell.continued = bool(merging.name) and merging.get("w:val") != "restart"
            lines = (node.child("tcBorders").child(way).get("w:val") for way in ("tl2br", "tr2bl"))
            self._cell.crossed = any(line not in ("", "nil", "none") for line in lines)
        elif node.name == "trPr" and self._open:
            table = self._open[-1]
            table.column += _number(node.child("gridBefore").get("w:val"), 0)
            if node.child("hidden").name and node.child("hidden").get("w:val") not in ("0", "false"):
                table.part.hidden_rows.add(table.row)
            if node.child("del").name:  # the whole row was deleted, and the deletion is not accepted yet
                table.part.hidden_rows.add(table.row)

    def _end_cell(self, table: _Table) -> None:
        cell, table.cell = table.cell, None
        assert cell is not None
        at, last = table.column, table.column + cell.width - 1
        table.column += cell.width
        if table.column > limits.COLUMNS:
            raise limits.too_far(self._file, f"{letters(last)}{table.row + 1}")
        if cell.continued and at in table.begun:
            first, _last, right = table.begun[at]
            table.begun[at] = (first, table.row, right)
            return
        self._end_merged(table, at)
        table.begun[at] = (table.row, table.row, last)
        text = "".join(text for text, _font in cell.pieces).strip()
        place = table.row, at
        for unread, sign in ((cell.hidden, Sign.UNSEEN), (cell.deleted, Sign.STRUCK)):
            if not clean(text) and clean("".join(unread)):
                table.part.put(place, "".join(unread).strip())
                table.part.signs[place] = sign
                return
        if not clean(text):
            if cell.overlaid:
                table.part.put(place, "")
                table.part.signs[place] = Sign.COVERED
            return
        table.part.put(place, text)
        pieces = [(text, font) for text, font in cell.pieces if text.strip()]
        note_look(table.part, place, text, pieces, Style())
        if cell.crossed:
            table.part.signs[place] = table.part.signs.get(place, Sign(0)) | Sign.STRUCK

    def _end_merged(self, table: _Table, at: int) -> None:
        if at in table.begun:
            first, bottom, right = table.begun.pop(at)
            if bottom > first or right > at:
                table.part.merges.append((first, at, bottom, right))

    def _end_table(self, table: _Table) -> None:
        for at in list(table.begun):
            self._end_merged(table, at)
        part = table.part
        merged = shown_by_merging(part)
        names = [other.name for other in self.tables]
        name = table.name if table.name not in names else f"{table.name} ({len(names) + 1})"
        self.tables.append(
            SheetTable(
                name, part.rows, merged, (), False, frozenset(part.hidden_rows), frozenset(), part.signs, part.fonts
            )
        )
        self._title = "" if not self._open else self._title


def _number(text: str, otherwise: int) -> int:
    return min(int(text), limits.COLUMNS) if text.isdecimal() else otherwise
