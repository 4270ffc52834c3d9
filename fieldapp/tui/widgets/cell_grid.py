"""A grid of cells, one of them chosen: the names of the lines stay in sight while the columns scroll."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from fieldapp.tui.widgets.scrolling import cut, filled

LEAST, MOST_NAME, SHARE = 14, 34, 4
"""Least width of a column; most of the names; the names take at most one of so many parts of the screen, or LEAST"""
TITLE_LINES = 2
HEADS = TITLE_LINES + 1
"""Lines above the cells: titles, then the heads of their parts"""


@dataclass(frozen=True)
class GridColumn:
    """A column: its title above the heads of its parts, and for each line the texts of these parts."""

    title: str
    heads: tuple[str, ...]
    lines: Sequence[tuple[str, ...]]

    @property
    def widths(self) -> list[int]:
        """The width of each part; the first has room for the title, up to a little."""
        found = [max(map(cell_len, texts)) for texts in zip(self.heads, *self.lines, strict=True)]
        found[0] += max(min(LEAST, cell_len(self.title)) - sum(found) - len(found) + 1, 0)
        return found

    @property
    def width(self) -> int:
        """Of all its parts, with a blank between two."""
        return sum(self.widths) + len(self.heads) - 1


class CellGrid(Widget, can_focus=False):
    """Shows the columns beside the names. It takes no keys: a field below it does."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--heads", "grid--chosen", "grid--line"}
    DEFAULT_CSS = """
    CellGrid { height: 1fr; width: 1fr; }
    CellGrid > .grid--heads { background: $panel; text-style: bold; }
    CellGrid > .grid--chosen { background: $block-cursor-background; color: $block-cursor-foreground; }
    CellGrid > .grid--line { text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.names: Sequence[str] = ()
        self.columns: Sequence[GridColumn] = ()
        self.line = 0
        self.column = 0
        self._top = 0
        """Index of the first line that is shown"""
        self._left = 0
        """Index of the first column that is shown"""
        self._widths: list[list[int]] = []

    def show(self, names: Sequence[str], columns: Sequence[GridColumn]) -> None:
        """Show these lines and columns instead; what is chosen keeps its place."""
        self.names, self.columns = names, columns
        self._widths = [column.widths for column in columns]
        self.choose(self.line, self.column)

    def choose(self, line: int, column: int) -> None:
        """Choose a cell, and scroll to it."""
        self.line = max(0, min(line, len(self.names) - 1))
        self.column = max(0, min(column, len(self.columns) - 1))
        self._bring_into_sight()
        self.refresh()

    class Refitted(Message):
        """Other columns fit now."""

    def on_resize(self) -> None:
        self._bring_into_sight()
        self.post_message(self.Refitted())

    @property
    def page(self) -> int:
        """How many lines there is room for."""
        return max(self.size.height - HEADS, 1)

    @property
    def lines_shown(self) -> range:
        """The lines that are shown."""
        return range(self._top, min(self._top + self.page, len(self.names)))

    @property
    def shown(self) -> range:
        """The columns that are shown, at least one."""
        room, last = self.size.width - self._name_width, self._left
        while last < len(self.columns) and room >= self._width(last):
            room -= self._width(last)
            last += 1
        return range(self._left, max(last, min(self._left + 1, len(self.columns))))

    def _width(self, column: int) -> int:
        """Of a column with what parts it from the one before."""
        return sum(self._widths[column]) + len(self._widths[column]) - 1 + 3

    @property
    def _name_width(self) -> int:
        longest = max(map(cell_len, self.names), default=0) + 2
        return min(longest, max(self.size.width // SHARE, LEAST), MOST_NAME)

    def _bring_into_sight(self) -> None:
        self._top = max(min(self._top, self.line), self.line - self.page + 1, 0)
        self._left = min(self._left, self.column)
        while self.columns and self.column not in self.shown:
            self._left += 1
        while self._left and self._fits(self._left - 1):
            self._left -= 1

    def _fits(self, first: int) -> bool:
        """Whether all columns from ``first`` to the last fit."""
        return sum(map(self._width, range(first, len(self.columns)))) <= self.size.width - self._name_width

    def render_line(self, y: int) -> Strip:
        heads, usual = self.get_component_rich_style("grid--heads"), self.rich_style
        if y < HEADS:
            texts = [self._head(column, y) for column in self.shown]
            return self._strip("", texts, heads, heads, heads)
        at = self._top + y - HEADS
        if at >= len(self.names):
            return Strip.blank(self.size.width, usual)
        texts = [self._parts(column, self.columns[column].lines[at]) for column in self.shown]
        chosen = self.get_component_rich_style("grid--chosen") if at == self.line else usual
        name = self.get_component_rich_style("grid--line") if at == self.line else usual
        return self._strip(self.names[at], texts, name, usual, chosen)

    def _head(self, column: int, y: int) -> str:
        """A line of a column's title, with signs where others lie beside what is shown; or the heads of its parts."""
        if y == TITLE_LINES:
            return self._parts(column, self.columns[column].heads)
        before = "‹ " if y == 0 and column == self.shown.start and column else ""
        after = " ›" if y == 0 and column == self.shown.stop - 1 and column < len(self.columns) - 1 else ""
        width = self._width(column) - 3
        lines = wrapped(f"{before}{self.columns[column].title}", width - 2, TITLE_LINES)
        return f"{filled(lines[y] if y < len(lines) else '', width - len(after))}{after}"

    def _parts(self, column: int, texts: Sequence[str]) -> str:
        return " ".join(
            " " * (width - cell_len(text)) + text for text, width in zip(texts, self._widths[column], strict=True)
        )

    def _strip(self, name: str, texts: Sequence[str], named: Style, usual: Style, chosen: Style) -> Strip:
        width = self._name_width
        segments = [Segment(filled(f" {cut(name, width - 1)}", width), named)]
        for column, text in zip(self.shown, texts, strict=True):
            segments += [
                Segment(" │", usual),
                Segment(text, chosen if column == self.column else usual),
                Segment(" ", usual),
            ]
        return Strip(segments).adjust_cell_length(self.size.width, usual)


def wrapped(text: str, width: int, most: int) -> list[str]:
    """The text in at most so many lines, parted between words; “…” ends what does not fit."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and cell_len(longer) > width and len(lines) < most:
            lines.append(word)
        else:
            lines[-1] = longer
    return [cut(line, width) for line in lines]
