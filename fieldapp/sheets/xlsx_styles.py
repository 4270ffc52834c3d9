"""How the cells of an XLSX look: as what a number is shown, what is struck out, what nobody sees, in which font."""

import colorsys
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import cached_property
from typing import Literal, TypeVar

from fieldapp.sheets.cells import SheetCell, old_font
from fieldapp.sheets.xml_parts import Node

T = TypeVar("T")
Kind = Literal["", "date", "month", "year", "time", "duration"]

WHITE, BLACK = "FFFFFF", "000000"
BUILT_IN: dict[int, Kind] = {
    **dict.fromkeys((14, 15, 16, 22, *range(27, 32), 36, *range(50, 59)), "date"),
    17: "month",
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47), "time"),
    46: "duration",
}  # fmt: skip
"""Numbers of formats that are not written out in the file; those from 27 on are days and times in eastern Asia"""
_UNSPOKEN = re.compile(r'"[^"]*"|\\.|_.|\*.|am/pm|a/p', re.IGNORECASE | re.DOTALL)
_SPOKEN = re.compile(r'"[^"]*"|\\.')
_THOUSANDS = re.compile(r"[0#?],+(?![0#?,])")
_OTHER_NUMBER = re.compile(
    r"(?:\d+|(?:trăm|nghìn|ngàn|vạn|triệu|tr|tỷ|tỉ|k|m|b|chục|tá|tấn|tạ|yến)(?:đồng|đ|vnđ|vnd)?)(?:/.*)?"
)
"""Digits, or a word that makes another number of the one that is held: ``0" triệu"``, ``0",000"``"""
_SPACE = re.compile(r"_.|\* ")
_WHITE = re.compile(r"\[(?:white|color ?2)\]", re.IGNORECASE)
_ZERO = re.compile(r'_.|\*.|["\\ ?–—-]', re.DOTALL)
"""What the part of a format for zeros has where it shows nothing or a dash"""
_BRACKETS = re.compile(r"\[[^\]]*\]")
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_STANDARD = (
    "000000 FFFFFF FF0000 00FF00 0000FF FFFF00 FF00FF 00FFFF " * 2
    + "800000 008000 000080 808000 800080 008080 C0C0C0 808080 9999FF 993366 FFFFCC CCFFFF 660066 FF8080 0066CC CCCCFF"
    " 000080 FF00FF FFFF00 00FFFF 800080 800000 008080 0000FF 00CCFF CCFFFF CCFFCC FFFF99 99CCFF FF99CC CC99FF FFCC99"
    " 3366FF 33CCCC 99CC00 FFCC00 FF9900 FF6600 666699 969696 003366 339966 003300 333300 993300 993366 333399 333333"
    f" {BLACK} {WHITE}"
).split()  # fmt: skip
"""The colours that are named by a number; the last two are those of the window"""
_THEME = ("lt1", "dk1", "lt2", "dk2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")
PARTS_OF_DAY: Mapping[Kind, str] = {"month": "%m/%Y", "year": "%Y"}
"""Kinds of formats that show only a part of a day -> how"""
_SAME = 16
"""Steps of 255 by which the red, green and blue of two colours may differ that nobody tells apart"""
_TINY = 2.0
"""Points; nobody reads a smaller font"""


@dataclass(frozen=True)
class Font:
    """The font of a cell or of a piece of its text."""

    name: str = ""
    struck: bool = False
    color: str = BLACK
    tiny: bool = False
    raised: bool = False
    """written small and above the line, as the mark of a note"""


@dataclass(frozen=True)
class Style:
    """The look of a cell."""

    font: Font = Font()
    ground: str | None = WHITE
    """None if it has a pattern or several colours"""
    kind: Kind = ""
    shows: tuple[bool, bool, bool] = (True, True, True)
    """whether its format shows positive numbers, negative ones, and texts"""
    white: bool = False
    """its format writes in white"""
    scaled: bool = False
    """its format shows percent, or thousands"""
    shows_zero: bool = True
    """as a number, not as nothing or a dash"""

    @cached_property
    def plain(self) -> bool:
        """Whether there is nothing to say about a cell that looks so."""
        seen = all(self.shows) and not (self.scaled or self.kind in PARTS_OF_DAY) and not self.hides(self.font)
        return seen and not (self.font.struck or is_old(self.font))

    def hides(self, font: Font) -> bool:
        """Whether text in a font is not seen on the cell's ground."""
        color = WHITE if self.white else font.color
        return font.tiny or (self.ground is not None and _alike(color, self.ground))

    def hides_value(self, value: SheetCell) -> bool:
        """Whether the cell's format shows nothing for a value; a hidden 0 is what a blank is."""
        if isinstance(value, str):
            return not self.shows[2]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return not self.shows[value < 0] and value != 0
        return not self.shows[0]


class Styles:
    """The styles of a workbook; a cell names its own by number."""

    def __init__(self, styles: Node, theme: Node) -> None:
        self._theme = [_scheme_color(next(theme.all(name), Node(""))) for name in _THEME]
        custom = [_six_digits(node.get("rgb")) for node in next(styles.all("indexedColors"), Node("")).children]
        self._indexed = [*custom, *_STANDARD[len(custom) :]]
        codes = {node.get("numFmtId"): node.get("formatCode") for node in styles.child("numFmts").children}
        fonts = [self.font(node) for node in styles.child("fonts").children]
        grounds = [self._ground(node) for node in styles.child("fills").children]
        borders = enumerate(styles.child("borders").children)
        crossed = {str(number) for number, node in borders if _crosses(node)}
        self._cells: list[Style] = []
        self._otherwise = Style()
        for xf in styles.child("cellXfs").children:
            font = _at(fonts, xf.get("fontId"), Font())
            if xf.get("borderId") in crossed:
                font = replace(font, struck=True)
            ground = _at(grounds, xf.get("fillId"), WHITE)
            self._cells.append(style_of(font, ground, xf.get("numFmtId"), codes.get(xf.get("numFmtId"))))
        self.hiding_rules = [self.hides(dxf) for dxf in styles.child("dxfs").children]
        """For each look that a rule may give a cell: whether it strikes it out or hides it"""

    def __getitem__(self, number: int) -> Style:
        return self._cells[number] if 0 <= number < len(self._cells) else self._otherwise

    def font(self, node: Node) -> Font:
        """The font that ``font`` of the styles, or ``rPr`` of a piece of text, describes."""
        name, size, color = (
            node.child("name").get("val") or node.child("rFont").get("val"),
            node.child("sz").get("val"),
            node.child("color"),
        )
        struck = any(child.name == "strike" and on(child.attributes.get("val", "1")) for child in node.children)
        return Font(
            name, struck, (self._color(color) if color.name else None) or BLACK, bool(size) and number_of(size) < _TINY,
            node.child("vertAlign").get("val") == "superscript",
        )  # fmt: skip

    def hides(self, dxf: Node) -> bool:
        """Whether the look that a rule gives a cell strikes it out or hides what it holds."""
        font = self.font(dxf.child("font"))
        ground = self._ground(dxf.child("fill"), "bgColor") if dxf.child("fill").name else WHITE
        code = dxf.child("numFmt").get("formatCode")
        style = style_of(font, ground, "", code or None)
        return font.struck or style.hides(font) or not any(style.shows)

    def _ground(self, fill: Node, solid: str = "fgColor") -> str | None:
        pattern = fill.child("patternFill")
        if not pattern.name:
            return None if fill.children else WHITE
        sort = pattern.get("patternType") or ("solid" if pattern.child(solid).name else "none")
        if sort == "none":
            return WHITE
        return self._color(pattern.child(solid)) if sort == "solid" else None

    def _color(self, node: Node) -> str | None:
        """Six digits, or None if it is not known."""
        if rgb := node.get("rgb"):
            return _six_digits(rgb)
        tint = number_of(node.get("tint"))
        if node.get("theme"):
            return _tinted(_at(self._theme, node.get("theme"), None), tint)
        if node.get("indexed"):
            return _tinted(_at(self._indexed, node.get("indexed"), None), tint)
        return None


def _crosses(border: Node) -> bool:
    """Whether a border goes across the cell: that is how people strike out what is printed."""
    return (on(border.get("diagonalUp")) or on(border.get("diagonalDown"))) and bool(
        border.child("diagonal").get("style").replace("none", "")
    )


def on(value: str) -> bool:
    """Whether an attribute says yes."""
    return value in ("1", "true", "on")


def _at(listed: Sequence[T], number: str, otherwise: T) -> T:
    at = int(number) if number.isdecimal() else 0
    return listed[at] if at < len(listed) else otherwise


def number_of(text: str, otherwise: float = 0.0) -> float:
    """A number in an attribute; files made by hand have others."""
    try:
        return float(text)
    except ValueError:
        return otherwise


def style_of(font: Font, ground: str | None, number: str, code: str | None) -> Style:
    """The look that a font, a ground and a format make; ``code``: of the format, None for one known by its number."""
    if code is None:
        built_in = int(number) if number.isdecimal() else 0
        return Style(font, ground, BUILT_IN.get(built_in, ""), scaled=built_in in (9, 10))
    spoken = _SPOKEN.sub(lambda said: "¤" if said[0].strip('"\\').strip() else "", code)
    shown = [bool(_BRACKETS.sub("", _SPACE.sub("", section)).strip()) for section in spoken.split(";")]
    shows = (shown[0], shown[1] if len(shown) > 1 else shown[0], shown[3] if len(shown) > 3 else True)
    sections = _UNSPOKEN.sub("", code).split(";")
    scaled = any("%" in part or _THOUSANDS.search(_BRACKETS.sub("", part)) for part in sections)
    scaled = scaled or any(map(says_another_number, _said(code)))
    white = _WHITE.search(code) is not None
    zero = [_ZERO.sub("", section) for section in code.split(";")[2:3]]
    shows_zero = all(zero)
    return Style(font, ground, _kind(sections), shows, white, scaled, shows_zero)


def _said(code: str) -> Iterator[str]:
    """The words that a format of numbers adds to them, in one piece each."""
    for run in re.findall(r'(?:"[^"]*"|\\.|[. ])+', _BRACKETS.sub("", code)):
        yield run.replace('"', "").replace("\\", "")


def says_another_number(words: str) -> bool:
    """Whether words beside a number make another one of it: “triệu đồng”, “,000”."""
    return _OTHER_NUMBER.fullmatch(re.sub(r"[\s.,]", "", words).lower()) is not None


def _kind(sections: Sequence[str]) -> Kind:
    """What a format shows numbers as."""
    first = next(filter(None, sections), "")
    if _ELAPSED.search(first):
        return "duration"
    letters = _BRACKETS.sub("", first).lower()
    if letters.strip() in ("general", "standard", "@"):
        return ""
    is_month = "m" in letters and ("y" in letters or not set("hs") & set(letters))
    if "d" in letters or ("aaa" in letters and is_month):  # the last: weekdays in eastern Asia
        return "date"
    if "y" in letters or is_month:
        return "month" if is_month else "year"
    return "time" if set("hs") & set(letters) else ""


def _scheme_color(node: Node) -> str | None:
    child = node.children[0] if node.children else node
    return _six_digits(child.get("lastClr") or child.get("val"))


def _six_digits(text: str) -> str | None:
    """The colour that a text ends with; None if it does not."""
    found = re.search(r"[0-9A-F]{6}$", text.upper(), re.ASCII)
    return found[0] if found else None


def _tinted(color: str | None, tint: float) -> str | None:
    if color is None or not tint:
        return color
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _parts(color)))
    light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
    return "".join(f"{round(255 * part):02X}" for part in colorsys.hls_to_rgb(hue, light, saturation))


def _alike(one: str, other: str) -> bool:
    return one == other or all(abs(a - b) <= _SAME for a, b in zip(_parts(one), _parts(other), strict=True))


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[:2], 16), int(color[2:4], 16), int(color[4:6], 16)


def shown_as(value: float, kind: Kind, *, from_1904: bool) -> SheetCell:
    """The day, time of day or length of time as which a number is shown; ``#####`` where a spreadsheet shows that.

    Days are counted from 1900, as if that year had a 29 February, or from 1904.
    """
    if not kind:
        return value
    if value < 0 and not from_1904:
        return "#####"
    try:
        if kind == "duration":
            return timedelta(days=value)
        if kind == "time":
            seconds = min(round(value % 1 * 86400), 86399)
            return time(seconds // 3600, seconds // 60 % 60, seconds % 60)
        if from_1904:
            return as_far_as_shown(date(1904, 1, 1) + timedelta(int(value)), kind)
        if value < 1 or int(value) == 60:
            return "29/02/1900" if value >= 1 else "00/01/1900"
        return as_far_as_shown(date(1899, 12, 30 if value > 60 else 31) + timedelta(int(value)), kind)
    except OverflowError:
        return "#####"


def as_far_as_shown(day: date, kind: Kind) -> SheetCell:
    """A day, or the text that a format shows of it: ``10/2026``."""
    return f"{day:{PARTS_OF_DAY[kind]}}" if kind in PARTS_OF_DAY else day


def is_old(font: Font) -> bool:
    """Whether a font may be one of the time before Unicode."""
    return old_font(font.name)
