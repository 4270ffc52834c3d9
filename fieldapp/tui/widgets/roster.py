"""Who was at a meeting: all members of the cell on one screen, marked by exception."""

from collections import Counter
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.model import Child
from fieldapp.i18n import _, counted
from fieldapp.records import lists, persons, words
from fieldapp.store.store import Row, Store
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.entry import Entry
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.roster_grid import RosterGrid, Seat
from fieldapp.tui.widgets.section import FormSection
from fieldapp.vietnamese.text import clean


class ReasonField(Entry):
    """Asks why a member was excused; Enter and Esc go back to the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", _("Back to the list"), key_display="Esc"),
        Binding("up,down", "leave", show=False),
    ]

    def __init__(self, editor: "RosterEditor") -> None:
        super().__init__()
        self._editor = editor

    async def action_submit(self) -> None:
        self._editor.reason_given()

    def action_leave(self) -> None:
        """Go back to the list; the typed reason counts."""
        self._editor.reason_given()


class RosterEditor(FormSection):
    """``data`` is ``[{member_id, status, reason}]`` of the marked members; of the others nothing is known."""

    copies = False  # who was there last time says nothing about this time

    DEFAULT_CSS = """
    RosterEditor > #count, RosterEditor > #hint { padding: 0 1; color: $text-muted; }
    RosterEditor > FieldRow { display: none; }
    RosterEditor.-asking > FieldRow { display: block; }
    """

    def __init__(self, store: Store, key: str, child: Child) -> None:
        super().__init__(key, child)
        self._store = store
        self._shown: tuple[Any, ...] | None = None
        self._loaded_cell: Any = None
        self._marks: dict[str, tuple[str, str | None]] = {}
        self._loaded: list[str] = []
        self._stored: dict[str, list[str]] = {}
        """Member -> the members that the stored rows name: another one too, if its record gave way to this one"""
        self._asked: Seat | None = None
        self._grid = RosterGrid(self._ask)
        self._reason = FieldRow("reason", _("Reason"), ReasonField(self), indent=1)
        self._count = Static(id="count", markup=False)

    def compose_rows(self) -> ComposeResult:
        yield self._grid
        yield self._reason
        yield self._count

    def on_mount(self) -> None:
        self._show_count()

    @property
    def data(self) -> list[dict[str, Any]]:
        return [
            {"member_id": member, "status": seat.status, "reason": seat.reason}
            for seat in self._grid.items
            if seat.status is not None
            for member in self._stored.get(seat.member_id, [seat.member_id])
        ]

    @property
    def typed(self) -> dict[str, list[str | None]]:
        self._remember()
        return {member: list(mark) for member, mark in sorted(self._marks.items())}

    def restore(self, typed: Any) -> None:
        self._marks = {str(member): (str(mark[0]), mark[1]) for member, mark in typed.items()}
        self._mark_seats()

    def load(self, value: Any) -> None:
        self._stored = {}
        self._marks = {}
        for row in value or ():  # of two rows of one person the newer counts, and comes later
            (person,) = persons.who_stays(self._store, "member", [row["member_id"]])
            self._stored.setdefault(person, []).append(row["member_id"])
            self._marks[person] = (row["status"], row.get("reason"))
        self._loaded = list(self._marks)
        self._mark_seats()

    def follow(self, context: FormContext) -> None:
        """Show the members of the chosen cell on the day of the meeting."""
        cell, day = context.values.get("party_cell_id"), context.on
        if (cell, day) == self._shown:
            return
        self._remember()
        self._shown = (cell, day)
        self._loaded_cell = self._loaded_cell or cell
        seats = []
        if cell and day:
            seats = [Seat(m["id"], m["full_name"], _role(m)) for m in lists.roster(self._store, cell, day)]
        if cell == self._loaded_cell:
            seats += self._seats_of_others({seat.member_id for seat in seats})
        self._grid.show(seats)
        self._mark_seats()

    def focus_problem(self) -> None:
        self._grid.focus()

    def reason_given(self) -> None:
        """Take the reason over and go back to the list."""
        if self._asked is not None:
            self._asked.reason = clean(self._reason.entry.value) or None
            self._asked = None
        self.screen.set_focus(self._grid)
        self.remove_class("-asking")
        self._changed()

    def on_roster_grid_marked(self, event: RosterGrid.Marked) -> None:
        event.stop()
        self._changed()

    def _ask(self, seat: Seat) -> None:
        self._asked = seat
        self._reason.show_title(f"{_('Reason')}: {seat.name}")
        self.add_class("-asking")
        self._reason.restore(seat.reason or "")
        self.screen.set_focus(self._reason.entry)

    def _changed(self) -> None:
        self._grid.refresh()
        self.show_problem(None)
        self._show_count()
        self.post_message(self.Changed())

    def _seats_of_others(self, shown: set[str]) -> list[Seat]:
        """Members whose attendance was recorded, although they no longer belong to the cell on that day."""
        others = [member for member in self._loaded if member not in shown]
        named = words.labels(self._store, "member", others)
        return [Seat(member, named.get(member, "?"), "") for member in others]

    def _mark_seats(self) -> None:
        for seat in self._grid.items:
            seat.status, seat.reason = self._marks.get(seat.member_id, (None, None))
        self._grid.refresh()
        self._show_count()

    def _remember(self) -> None:
        for seat in self._grid.items:
            if seat.status is None:
                self._marks.pop(seat.member_id, None)
            else:
                self._marks[seat.member_id] = (seat.status, seat.reason)

    def _show_count(self) -> None:
        seats = self._grid.items
        known = self._shown is not None and all(self._shown)
        self._grid.hint = (
            _("No members are recorded for this cell on that day.")
            if known
            else _("Choose the cell and the date: then its members are shown here.")
        )
        self._count.display = bool(seats)
        marks = Counter(seat.status for seat in seats)
        text = _("{members}: {present} present, {excused} excused, {absent} absent").format(
            members=counted("{n} member", "{n} members", len(seats)),
            present=marks["present"],
            excused=marks["excused"],
            absent=marks["absent"],
        )
        if marks[None]:
            text += ", " + _("{n} not marked").format(n=marks[None])
        self._count.update(Content(text))


def _role(member: Row) -> str:
    return str(member["role"] or member["position"] or (_("introduced") if member["introduced"] else ""))
