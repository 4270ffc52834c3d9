"""The members of a cell in two columns, each with the sign of whether he was there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import set_cell_size
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from fieldapp.i18n import _
from fieldapp.tui.widgets.scrolling import show_line

SIGNS = {"present": "✓", "excused": "–", "absent": "✗", None: "·"}
TWO_COLUMNS_FROM = 60
COLUMN_AT_MOST = 56


@dataclass
class Seat:
    """One member and what is known of his attendance; ``status`` None while nothing was said."""

    member_id: str
    name: str
    role: str
    status: str | None = None
    reason: str | None = None


class RosterGrid(Widget, can_focus=True):
    """Marks are set by keys on the highlighted member; the widget changes the seats that it was given."""

    DEFAULT_CSS = "RosterGrid { height: auto; margin: 0 1; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", _("Up"), show=False),
        Binding("down", "move(1)", _("Down"), show=False),
        Binding("left", "across(-1)", _("Left"), show=False),
        Binding("right", "across(1)", _("Right"), show=False),
        Binding("f6", "all_present", _("All present"), key_display="F6"),
        Binding("space", "mark", _("Present?"), key_display="Space"),
        Binding("f7,l,L", "excuse", _("Reason"), key_display="F7"),
        Binding("enter", "app.focus_next", _("Next"), key_display="Enter"),
    ]

    class Marked(Message):
        """Somebody's attendance was changed."""

    def __init__(self, ask_reason: Callable[[Seat], None]) -> None:
        super().__init__()
        self._ask_reason = ask_reason
        self.seats: list[Seat] = []
        self.hint = ""
        """What is said while there is nobody to show"""
        self._at = 0

    def show(self, seats: Sequence[Seat]) -> None:
        """Show these members instead."""
        self.seats = list(seats)
        self._at = 0
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, self._lines_at(width))

    def render(self) -> Text:
        if not self.seats:
            return Text(f"{'▸' if self.has_focus else ' '}{self.hint}")
        width = self.content_size.width
        lines = self._lines_at(width)
        column = min(width // 2, COLUMN_AT_MOST) if width >= TWO_COLUMNS_FROM else width
        shown = Text(no_wrap=True)
        for line in range(lines):
            for number in range(line, len(self.seats), lines):
                here = self.has_focus and number == self._at
                shown.append(set_cell_size(self._words(number, here), column), "reverse" if here else "")
            shown.append("\n")
        return shown

    def on_focus(self) -> None:
        self._show_seat()

    def action_move(self, step: int) -> None:
        """Highlight the member above or below."""
        self._at = max(0, min(len(self.seats) - 1, self._at + step))
        self._show_seat()

    def action_across(self, step: int) -> None:
        """Highlight the member beside."""
        there = self._at + step * self._lines_at(self.content_size.width)
        if 0 <= there < len(self.seats):
            self._at = there
        self._show_seat()

    def action_all_present(self) -> None:
        """Everybody was there; the exceptions are marked afterwards."""
        for seat in self.seats:
            seat.status, seat.reason = "present", None
        self._marked()

    def action_mark(self) -> None:
        """Present, or absent if present already."""
        if not self.seats:
            return
        seat = self.seats[self._at]
        seat.status, seat.reason = ("absent" if seat.status == "present" else "present"), None
        self._marked()

    def action_excuse(self) -> None:
        """Absent with a reason, which is asked for."""
        if not self.seats:
            return
        seat = self.seats[self._at]
        seat.status = "excused"
        self._marked()
        self._ask_reason(seat)

    def _marked(self) -> None:
        self.refresh()
        self.post_message(self.Marked())

    def _show_seat(self) -> None:
        self.refresh()
        lines = self._lines_at(self.content_size.width)
        self.call_after_refresh(show_line, self, self._at % lines if lines else 0)

    def _lines_at(self, width: int) -> int:
        return -(-len(self.seats) // 2) if width >= TWO_COLUMNS_FROM else len(self.seats)

    def _words(self, number: int, here: bool) -> str:
        seat = self.seats[number]
        beside = seat.reason if seat.status == "excused" and seat.reason else seat.role
        name = f"{seat.name}  {beside}" if beside else seat.name
        return f"{'▸' if here else ' '}{number + 1:>3} {SIGNS[seat.status]} {name} "
