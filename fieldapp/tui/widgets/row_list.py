"""The rows added so far, one per line. Delete removes one; Enter takes one up to change it, if that is offered."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from fieldapp.i18n import _
from fieldapp.tui.widgets.highlight_list import HighlightList
from fieldapp.tui.widgets.scrolling import cut


class RowList(HighlightList[str]):
    """An empty list cannot be focused.

    A list whose rows can be taken up is above their fields, and going forward passes over it.
    """

    DEFAULT_CSS = """
    RowList { height: auto; margin: 0 1 0 22; }
    RowList.-above { margin: 0 1 0 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete", "remove", _("Take out"), key_display="Del"),
        Binding("enter", "take", _("Change"), key_display="Enter"),
        Binding("enter", "app.focus_next", _("Next"), key_display="Enter"),
    ]

    def __init__(self, remove: Callable[[int], None], take: Callable[[int], None] | None = None) -> None:
        super().__init__(classes="-above" if take else "")
        self._remove = remove
        self._take = take
        self.can_focus = False

    def show(self, items: Sequence[str]) -> None:
        super().show(items)
        if not items and self.has_focus:
            self.screen.focus_previous()
        self.can_focus = bool(items)

    @property
    def passed_over(self) -> bool:
        """Whether going forward skips this list."""
        return self._take is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer changing only where rows can be taken up."""
        return action != "take" or self._take is not None

    def text_of(self, number: int, width: int) -> str:
        return f" {cut(self.items[number], width - 1)}"

    def action_take(self) -> None:
        """Take the highlighted line up, to change it."""
        if self._take is not None and self.items:
            self._take(self._at)

    def action_remove(self) -> None:
        """Remove the highlighted line."""
        if self.items:
            self._remove(self._at)
