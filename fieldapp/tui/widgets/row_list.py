"""The rows added so far, one a line; Delete takes one out, and Enter may take one up to change it."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widget import Widget

from fieldapp.i18n import _
from fieldapp.tui.widgets.scrolling import cut, show_line


class RowList(Widget, can_focus=True):
    """Lines of which one is highlighted while the list has the focus; empty, it cannot be reached.

    A list whose rows can be taken up stands above their fields, and going forward passes over it.
    """

    DEFAULT_CSS = """
    RowList { height: auto; margin: 0 1 0 22; }
    RowList.-above { margin: 0 1 0 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", _("Up"), show=False),
        Binding("down", "move(1)", _("Down"), show=False),
        Binding("delete,backspace", "remove", _("Take out"), key_display="Del"),
        Binding("enter", "take", _("Change"), key_display="Enter"),
        Binding("enter", "app.focus_next", _("Next"), key_display="Enter"),
    ]

    def __init__(self, remove: Callable[[int], None], take: Callable[[int], None] | None = None) -> None:
        super().__init__(classes="-above" if take else "")
        self._remove = remove
        self._take = take
        self._lines: list[str] = []
        self._at = 0
        self.can_focus = False

    def show(self, lines: Sequence[str]) -> None:
        """Show these lines instead."""
        self._lines = list(lines)
        self._at = max(0, min(self._at, len(lines) - 1))
        if not lines and self.has_focus:
            self.screen.focus_previous()
        self.can_focus = bool(lines)
        self.refresh(layout=True)

    @property
    def passed_over(self) -> bool:
        """Whether going forward does not stop here."""
        return self._take is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer changing only where rows can be taken up."""
        return action != "take" or self._take is not None

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render(self) -> Text:
        width = self.content_size.width
        shown = Text(no_wrap=True)
        for number, line in enumerate(self._lines):
            here = self.has_focus and number == self._at
            text = set_cell_size(f"{'▸' if here else ' '} {cut(line, width - 2)}", width)
            shown.append(text + "\n", style="reverse" if here else "")
        return shown

    def on_focus(self) -> None:
        self._show_line()

    def action_move(self, step: int) -> None:
        """Highlight the line above or below; below the last one are the fields, where the list stands above them."""
        if self._take is not None and self._at + step == len(self._lines):
            self.screen.focus_next()
            return
        self._at = max(0, min(len(self._lines) - 1, self._at + step))
        self.refresh()
        self._show_line()

    def action_take(self) -> None:
        """Take the highlighted line up, to change it."""
        if self._take is not None and self._lines:
            self._take(self._at)

    def action_remove(self) -> None:
        """Take the highlighted line out."""
        if self._lines:
            self._remove(self._at)

    def _show_line(self) -> None:
        self.call_after_refresh(show_line, self, self._at)
