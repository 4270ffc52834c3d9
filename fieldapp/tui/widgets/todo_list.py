"""Lines of what must be done, and below them the number of lines that are out of sight."""

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList

from fieldapp.i18n import _
from fieldapp.tui.widgets.lines import refill
from fieldapp.tui.widgets.more_below import MoreBelow
from fieldapp.work.todo import Todo, in_short

FEW_ROWS = 5
"""Rows that the list has in the smallest window"""


class TodoList(OptionList):
    """What must be done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Go"), key_display="Enter")]


class TodoLines(Vertical):
    """The list, and the line below it. ``whole``: no lines are put together to save rows."""

    DEFAULT_CSS = "TodoLines { height: 1fr; }"

    def __init__(self, *, whole: bool = False) -> None:
        super().__init__()
        self._whole = whole
        self._lines: Sequence[Todo] = ()
        self._nothing = ""
        self._filled = False
        self.shown: Sequence[Todo] = ()
        """The lines of the list"""

    def compose(self) -> ComposeResult:
        shown = TodoList(id="todo", markup=False)
        yield shown
        yield MoreBelow(shown)

    def on_resize(self) -> None:
        """With more rows or fewer, other lines are put together."""
        if self._fitted() != self.shown:
            self._fill()

    def show(self, lines: Sequence[Todo], nothing: str = "") -> None:
        """Show these lines; ``nothing``: text for none. Those that are shown already stay, as they are."""
        if self._filled and (lines, nothing) == (self._lines, self._nothing):
            self.query_one(TodoList).focus()
            return
        self._lines, self._nothing = lines, nothing
        self._fill()

    def _fitted(self) -> Sequence[Todo]:
        return self._lines if self._whole else in_short(self._lines, max(self.size.height - 1, FEW_ROWS))

    def _fill(self) -> None:
        self.shown = self._fitted()
        self._filled = True
        refill(self.query_one(TodoList), map(_in_columns, self.shown), self._nothing)


def _in_columns(todo: Todo) -> Table:
    """Sign, when, what; a long text wraps within its column."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2, justify="right")
    table.add_column(width=14)
    table.add_column(ratio=1)
    table.add_row(Text(todo.sign), Text(todo.when), Text(todo.text))
    return table
