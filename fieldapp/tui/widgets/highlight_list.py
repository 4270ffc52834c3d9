"""A list of items with one highlighted: the base of the row list and the roster."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from rich.cells import set_cell_size
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widget import Widget

from fieldapp.i18n import _
from fieldapp.tui.widgets.scrolling import show_line

T = TypeVar("T")


class HighlightList(Widget, Generic[T], can_focus=True):
    """As high as its items need. While it has the focus, one item is highlighted and stays in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", _("Up"), show=False),
        Binding("down", "move(1)", _("Down"), show=False),
    ]

    def __init__(self, *, classes: str = "") -> None:
        super().__init__(classes=classes)
        self.items: list[T] = []
        self._at = 0

    def text_of(self, number: int, width: int) -> str:
        """The text of an item, after the place for the highlight mark, in at most ``width`` columns."""
        raise NotImplementedError

    def column_width(self, width: int) -> int:
        """How wide the items are in a widget of this width; if two fit, the list has two columns."""
        return width

    def show(self, items: Sequence[T]) -> None:
        """Show these items instead."""
        self.items = list(items)
        self._at = max(0, min(self._at, len(items) - 1))
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._lines_at(width)

    def render(self) -> Text:
        width = self.content_size.width
        lines, column = self._lines_at(width), self.column_width(width)
        shown = Text(no_wrap=True)
        for line in range(lines):
            for number in range(line, len(self.items), lines):
                here = self.has_focus and number == self._at
                text = f"{'▸' if here else ' '}{self.text_of(number, column - 1)}"
                shown.append(set_cell_size(text, column), "reverse" if here else "")
            shown.append("\n")
        return shown

    def on_focus(self) -> None:
        self._highlight(self._at)

    def action_move(self, step: int) -> None:
        """Highlight the item above or below; above the first one is the field before."""
        if self._at + step < 0:
            self.screen.focus_previous()
        elif self._at + step < len(self.items):
            self._highlight(self._at + step)
        else:
            self.passed_end()

    def passed_end(self) -> None:
        """Go on to the field after the list."""
        self.screen.focus_next()

    def _highlight(self, number: int) -> None:
        self._at = number
        self.refresh()
        lines = self._lines_at(self.content_size.width)
        self.call_after_refresh(show_line, self, number % lines if lines else 0)

    def _lines_at(self, width: int) -> int:
        columns = 2 if self.column_width(width) < width else 1
        return -(-len(self.items) // columns)
