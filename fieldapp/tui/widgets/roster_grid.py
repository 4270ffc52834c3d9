"""The members of a cell in two columns, each with a sign for their attendance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message

from fieldapp.i18n import _
from fieldapp.tui.keys import TypingApp, TypingField
from fieldapp.tui.widgets.highlight_list import HighlightList
from fieldapp.tui.widgets.scrolling import cut

SIGNS = {"present": "✓", "excused": "–", "absent": "✗", None: "·"}
TWO_COLUMNS_FROM = 60
COLUMN_AT_MOST = 56
ONE_COLUMN_UP_TO = 3
"""Members; with so few, each has a line, on which all that is said of them has room"""


@dataclass
class Seat:
    """One member and their attendance; ``status`` is None while it is not marked."""

    member_id: str
    name: str
    role: str
    status: str | None = None
    reason: str | None = None
    guest: bool = False
    """Not of the cell on that day; can be taken off the list"""


class RosterGrid(HighlightList[Seat]):
    """Marks are set by keys on the highlighted member; the widget changes the seats that it was given."""

    DEFAULT_CSS = "RosterGrid { height: auto; margin: 0 1; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", _("Choose"), key_display="↑↓←→"),
        Binding("left", "across(-1)", _("Left"), show=False),
        Binding("right", "across(1)", _("Right"), show=False),
        Binding("f6", "all_present", _("All present"), key_display="F6"),
        Binding("space", "mark", _("Present?"), key_display="Space"),
        Binding("minus", "excuse", _("Excused?"), key_display="[-]"),  # a letter begins a name: Lê, Lò
        Binding("f7", "app.moved('excuse')", show=False),
        Binding("enter", "app.focus_next", _("Add others"), key_display="Enter"),
        Binding("delete", "remove", _("Take out"), key_display="Del"),
        Binding("0,1,2,3,4,5,6,7,8,9", "number", _("Go to the number"), show=False),
    ]

    class Marked(Message):
        """Somebody's attendance was changed."""

    class Highlighted(Message):
        """Another member is highlighted."""

    def __init__(
        self,
        ask_reason: Callable[[Seat], None],
        take_out: Callable[[Seat], None],
        name_missing: Callable[[], TypingField | None],
    ) -> None:
        super().__init__()
        self._ask_reason = ask_reason
        self._take_out = take_out
        self._typed = 0
        """The number that is being typed"""
        self.pass_letter = name_missing
        """Whoever types a name here means somebody who is not on the list; the blanks of the name are no marks then"""
        self.hint = ""
        """What is shown while there are no members"""

    def show(self, items: Sequence[Seat]) -> None:
        """Show these members instead, the first of them highlighted."""
        self._at = 0
        super().show(items)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, super().get_content_height(container, viewport, width))

    def render(self) -> Text:
        return super().render() if self.items else Text(f"{'▸' if self.has_focus else ' '}{self.hint}")

    def column_width(self, width: int) -> int:
        if width < TWO_COLUMNS_FROM or len(self.items) <= ONE_COLUMN_UP_TO:
            return width
        return min(width // 2, COLUMN_AT_MOST)

    def text_of(self, number: int, width: int) -> str:
        return f"{cut(self._words(number), width - 1)} "

    def _words(self, number: int) -> str:
        seat = self.items[number]
        beside = seat.reason if seat.status == "excused" and seat.reason else seat.role
        name = f"{seat.name}  {beside}" if beside else seat.name
        return f"{number + 1:>3} {SIGNS[seat.status]} {name}"

    @property
    def uncut(self) -> str | None:
        """All that is said of the highlighted member, if it is cut; None where nobody's is."""
        room = self.column_width(self.content_size.width) - 3
        cuts = [cell_len(self._words(number)) > room for number in range(len(self.items))]
        if not any(cuts):
            return None
        return self._words(self._at).strip() if self.has_focus and cuts[self._at] else ""

    def action_across(self, step: int) -> None:
        """Highlight the member in the other column: the one beside, or the last one above that place."""
        lines = self._lines_at(self.content_size.width)
        if step < 0 <= self._at - lines:
            self._highlight(self._at - lines)
        elif step > 0 and self._at < lines < len(self.items):
            self._highlight(min(self._at + lines, len(self.items) - 1))

    def action_all_present(self) -> None:
        """Mark everybody as present; the exceptions are marked afterwards."""
        for seat in self.items:
            seat.status, seat.reason = "present", None
        self._marked()

    def action_mark(self) -> None:
        """Mark as present, or as absent if present already."""
        if not self.items:
            return
        seat = self.items[self._at]
        seat.status, seat.reason = ("absent" if seat.status == "present" else "present"), None
        self._marked()

    def action_excuse(self) -> None:
        """Mark as excused, and ask for the reason."""
        if not self.items:
            return
        seat = self.items[self._at]
        seat.status = "excused"
        self._marked()
        self._ask_reason(seat)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to take out only who is not of the cell."""
        return action != "remove" or (bool(self.items) and self.items[self._at].guest)

    def action_remove(self) -> None:
        """Take the highlighted guest off the list; whoever is recorded there, on the second press."""
        self._take_out(self.items[self._at])

    def action_number(self) -> None:
        """Highlight the member with the typed number; a further digit belongs to it while there is such a member."""
        assert isinstance(self.app, TypingApp)
        digit = int(self.app.last_key)
        typed = next((n for n in (10 * self._typed + digit, digit) if 0 < n <= len(self.items)), 0)
        if typed:
            self._highlight(typed - 1)
        self._typed = typed

    def _highlight(self, number: int) -> None:
        self._typed = 0
        super()._highlight(number)
        self.refresh_bindings()
        self.post_message(self.Highlighted())

    def _marked(self) -> None:
        self._typed = 0
        self.refresh()
        self.post_message(self.Marked())
