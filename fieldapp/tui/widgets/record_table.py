"""Records in columns, one per line, one of them chosen. Only visible lines are painted, which makes it fast."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from fieldapp.tui.widgets.scrolling import cut, filled

TableLine = tuple[str, Sequence[str]]
"""A sign, one character wide, and the text of each column"""


class RecordTable(Widget, can_focus=False):
    """Shows ``lines`` below the titles of their columns. It takes no keys: a field beside it does."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--titles", "table--chosen"}
    DEFAULT_CSS = """
    RecordTable { height: 1fr; width: 1fr; }
    RecordTable > .table--titles { background: $panel; text-style: bold; }
    RecordTable > .table--chosen { background: $block-cursor-background; color: $block-cursor-foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._columns: Sequence[tuple[str, int]] = ()
        self._lines: list[TableLine] = []
        self._first = 0
        """Index of the line at the top"""
        self.chosen = 0
        self._usual = Style()
        """The style of a line that is not chosen"""

    def set_columns(self, columns: Sequence[tuple[str, int]]) -> None:
        """Set the title and width of each column, without the sign's."""
        self._columns = columns
        self.refresh()

    @property
    def lines(self) -> Sequence[TableLine]:
        """The lines that can be chosen."""
        return self._lines

    def clear(self) -> None:
        """Remove all lines."""
        self._lines = []
        self.choose(0)

    def add(self, lines: Sequence[TableLine]) -> None:
        """Add lines below those that are there."""
        self._lines += lines
        self.refresh()

    def choose(self, line: int) -> None:
        """Choose a line, and scroll to it."""
        self.chosen = max(0, min(line, len(self._lines) - 1))
        self._bring_into_sight()
        self.refresh()

    def on_resize(self) -> None:
        self._bring_into_sight()

    def _bring_into_sight(self) -> None:
        fit = max(self.size.height - 1, 1)
        self._first = max(min(self._first, self.chosen), self.chosen - fit + 1, 0)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The visible lines; their style is made once for all of them."""
        self._usual = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        if y == 0:
            return self._titles()
        at = self._first + y - 1
        if at >= len(self._lines) or not self._columns:
            return Strip.blank(self.size.width, self._usual)
        return self._strip(self._lines[at], self._style("table--chosen") if at == self.chosen else self._usual)

    def _titles(self) -> Strip:
        """The titles of the columns; in front of them a sign if lines lie below what is shown."""
        below = len(self._lines) > self._first + self.size.height - 1
        return self._strip(("▼" if below else " ", [t for t, _width in self._columns]), self._style("table--titles"))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name)

    def _strip(self, line: TableLine, style: Style) -> Strip:
        sign, texts = line
        cells = [f" {sign} "]
        for text, (_title, width) in zip(texts, self._columns, strict=True):
            cells.append(f" {filled(cut(text, width), width)} ")
        return Strip([Segment(filled("".join(cells), self.size.width), style)], self.size.width)
