"""Who was at a meeting: all members of the cell on one screen, marked by exception."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.model import Child
from fieldapp.domain.party import Member
from fieldapp.i18n import _, counted
from fieldapp.records import lists, persons, records, words
from fieldapp.store.store import Row, Store
from fieldapp.tui.keys import TypingField
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.entry import Entry, EntryReading
from fieldapp.tui.widgets.field_row import FieldRow, free_text_hint
from fieldapp.tui.widgets.lines import put
from fieldapp.tui.widgets.pick_list import LIMIT, AddingList, Addition, Choice, PickList
from fieldapp.tui.widgets.roster_grid import SIGNS, RosterGrid, Seat
from fieldapp.tui.widgets.section import FormSection
from fieldapp.vietnamese.text import tidy

IN_CONTENT = "content"
"""The field of a meeting that names guests whose cell is not in the list"""


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


class MissingField(AddingList):
    """Names who is missing in the roll call: a guest, or somebody who is recorded as one of the cell here."""

    def __init__(self, editor: "RosterEditor") -> None:
        super().__init__(editor.offer, editor.seat, editor.additions, namesakes=editor.namesakes)
        self._editor = editor

    def reading(self) -> EntryReading:
        if tidy(self.value) and not self._editor.is_known:
            return EntryReading(_("choose the cell and the date first"), understood=False)
        return super().reading()

    def added(self, addition: Addition, row_id: str | None) -> None:
        if row_id is None:
            super().added(addition, None)
            return
        self._show(None, "")
        self._editor.seat_new(addition.kind, row_id)


class RosterEditor(FormSection):
    """``data`` is ``[{member_id, status, reason}]`` of the marked members; of the others nothing is known, or what is
    stored differs and stays."""

    copies = False  # who was there last time says nothing about this time

    DEFAULT_CSS = """
    RosterEditor > #whole { height: auto; min-height: 1; padding: 0 1 0 3; display: none; }
    RosterEditor > #count, RosterEditor > #hint { padding: 0 1; color: $text-muted; }
    RosterEditor > #reason { display: none; }
    RosterEditor.-asking > #reason { display: block; }
    """

    def __init__(self, store: Store, key: str, child: Child) -> None:
        super().__init__(key, child)
        self._store = store
        self._shown: tuple[Any, ...] | None = None
        self._loaded_cell: Any = None
        self._marks: dict[str, tuple[str, str | None]] = {}
        self._loaded: list[str] = []
        self._guests: list[str] = []
        """Members who were there without being of the cell on that day"""
        self._guests_known = False
        """Those of the stored meeting are among them"""
        self._stored: dict[str, list[str]] = {}
        """Member -> the members that the stored rows name: another one too, if its record gave way to this one"""
        self._open: dict[str, list[dict[str, Any]]] = {}
        """Member -> the stored rows, which differ: they stay until a person says which is right"""
        self._asked: Seat | None = None
        self._second = SecondPress()
        self._grid = RosterGrid(self._ask, self._ask_to_take_out, self._name_missing)
        self._reason = FieldRow("reason", _("Reason"), ReasonField(self), indent=1, hint=free_text_hint(_("ill")))
        self._reason.id = "reason"
        self._whole = Static(id="whole", markup=False)
        """The chosen member with all that is said of them, where the grid cuts something"""
        self._count = Static(id="count", markup=False)
        self._hint = Static(Content(_("Members of the cell, and who is introduced to it. Who is missing:")), id="hint")
        self._missing = FieldRow("missing", _("Add somebody"), MissingField(self), indent=1)

    def compose_rows(self) -> ComposeResult:
        yield self._grid
        yield self._whole
        yield self._reason
        yield self._count
        yield self._hint
        yield self._missing

    def on_mount(self) -> None:
        self._show_count()
        self.watch(self._grid, "has_focus", self._show_heading, init=False)

    def _show_heading(self) -> None:
        """Name the keys of the list while they work: in other fields F6 means something else."""
        works = self._grid.items and self._grid.has_focus
        keys = _("F6 all present · ↑↓←→ choose · Space absent · [-] excused") if works else ""
        put(self._heading, " · ".join(filter(None, (self.title, keys))))

    @property
    def data(self) -> list[dict[str, Any]]:
        return [
            row
            for seat in self._grid.items
            for row in (
                self._open.get(seat.member_id, [])
                if seat.status is None
                else [
                    {"member_id": member, "status": seat.status, "reason": seat.reason}
                    for member in self._stored.get(seat.member_id, [seat.member_id])
                ]
            )
        ]

    @property
    def typed(self) -> dict[str, list[str | None]]:
        """Member -> status, reason, and a third word for a guest; under the empty key a name that is half typed."""
        self._remember()
        marks = {m: [*mark, *(["guest"] if m in self._guests else [])] for m, mark in sorted(self._marks.items())}
        named = tidy(self._missing.entry.value)
        return {**marks, **({"": [named, None]} if named else {})}

    def restore(self, typed: Any) -> None:
        self._marks = {str(member): (str(mark[0]), mark[1]) for member, mark in typed.items() if member}
        self._guests = [str(member) for member, mark in typed.items() if len(mark) > 2]
        self._missing.entry.value = str(typed.get("", [""])[0])
        self._show_seats()

    def load(self, value: Any) -> None:
        self._stored, self._marks, self._open = {}, {}, {}
        stored: dict[str, list[dict[str, Any]]] = {}
        for row in value or ():
            (person,) = persons.who_stays(self._store, "member", [row["member_id"]])
            members = self._stored.setdefault(person, [])
            members += [] if row["member_id"] in members else [row["member_id"]]
            mark = (row["status"], row.get("reason"))
            stored.setdefault(person, []).append({"member_id": row["member_id"], "status": mark[0], "reason": mark[1]})
            self._marks[person] = mark  # of two rows of one person the newer counts, and comes later
        for person, rows in stored.items():
            if len({row["status"] for row in rows}) > 1:  # for a person to say
                self._open[person] = rows
                del self._marks[person]
        self._loaded = list(self._stored)
        self._mark_seats()

    def follow(self, context: FormContext) -> None:
        """Show the members of the chosen cell on the day of the meeting."""
        self._missing.follow(context)
        cell, day = context.values.get("party_cell_id"), context.on
        if (cell, day) == self._shown:
            return
        self._remember()
        self._shown = (cell, day)
        self._loaded_cell = self._loaded_cell or cell
        if self._loaded and not self._guests_known and cell and day:  # they stay, whatever cell is chosen later
            self._guests_known = True
            of_cell = {row["id"] for row in lists.roster(self._store, cell, day)}
            self._guests += [member for member in self._loaded if member not in of_cell]
        self._show_seats()

    def _show_seats(self) -> None:
        cell, day = self._shown or (None, None)
        roster = lists.roster(self._store, cell, day) if cell and day else []
        seats = [Seat(m["id"], m["full_name"], _role(m)) for m in roster]
        seats += self._seats_of_others({seat.member_id for seat in seats}, cell)
        self._grid.show(seats)
        self._mark_seats()

    def resolve_typed(self) -> str | None:
        return self._missing.resolve_typed()

    def focus_problem(self) -> None:
        if tidy(self._missing.entry.value):
            self._missing.focus_problem()
        else:
            self._grid.focus()

    # who is missing ---------------------------------------------------------------------------------------------

    @property
    def is_known(self) -> bool:
        """Whether the cell and the day are given, so that its members are shown."""
        return self._shown is not None and all(self._shown)

    def offer(self, text: str, context: FormContext) -> list[Choice]:
        """The members who may have been there as guests: all who are not on the list."""
        if not self.is_known:
            return []
        there = {seat.member_id for seat in self._grid.items}
        found = lists.choices(self._store, "member", text, context.on, LIMIT + len(there))
        found = [(member, name) for member, name in found if member not in there][:LIMIT]
        cells = self._own_cells([member for member, _name in found])
        cells = {member: cell for member, cell in cells.items() if cell not in dict(found)[member]}
        return [(member, " · ".join(filter(None, (name, cells.get(member), _("guest"))))) for member, name in found]

    def namesakes(self, members: Sequence[str], typed: str, _context: FormContext) -> bool:
        """Whether these have one name."""
        return lists.are_namesakes(self._store, "member", members, typed)

    def _own_cells(self, members: list[str]) -> dict[str, str]:
        """Member -> the name of their own cell; not of members of the post."""
        own = "SELECT id, party_cell_id AS cell FROM member WHERE id IN (SELECT value FROM json_each(?))"
        cells = {row["id"]: row["cell"] for row in self._store.rows(own, [json.dumps(members)]) if row["cell"]}
        named = words.labels(self._store, "party_cell", set(cells.values()), short=True)
        return {member: named[cell] for member, cell in cells.items() if cell in named}

    def additions(self, name: str) -> list[Addition]:
        """Who somebody may be that is not recorded, or not as one of the cell; the likeliest and harmless first."""
        if self._shown is None or not (self.is_known and records.writable(self._store, Member)):
            return []
        who = _("“{name}”").format(name=name) if name else _("somebody new")
        cell = {"party_cell_id": self._shown[0]}
        guest = [Addition(IN_CONTENT, _("Guest, into the content: {who}").format(who=who), {"name": name})]
        return [
            *(guest if name else []),
            Addition(
                "introduction",
                _("Member of the post, introduced here: {who}…").format(who=who),
                {"member_id": name},
                cell,
            ),
            Addition(
                "member", _("Member of this cell, to be added: {who}…").format(who=who), {"full_name": name}, cell
            ),
        ]

    def on_pick_list_missing(self, event: PickList.Missing) -> None:
        """Write the name of a guest, whose cell nobody here knows, into the meeting's content: without a cell, a member
        counts as one of the post."""
        if event.addition.kind != IN_CONTENT:
            return
        event.stop()
        guest = _("Guest: {name}").format(name=event.addition.typed["name"])
        for row in self.screen.query(FieldRow):
            if row.key == IN_CONTENT:
                row.entry.value = ". ".join(filter(None, (tidy(row.entry.value).rstrip("."), guest)))
                self._missing.entry.value = ""
                self.app.notify(_("Written into the content: {text}").format(text=guest), markup=False, timeout=5)

    def _name_missing(self) -> TypingField | None:
        if not self.is_known:
            return None
        self.screen.set_focus(self._missing.entry)
        return self._missing.entry

    def seat_new(self, kind: str, row_id: str) -> None:
        """Show the member who was recorded, or introduced, just now."""
        self.seat(row_id if kind == "member" else records.get(self._store, row_id).row["member_id"])

    def seat(self, member: str) -> None:
        """Show a member on the list, as present; as a guest if not of the cell on that day."""
        self._remember()
        self._marks.setdefault(member, ("present", None))
        self._guests.append(member)
        self._show_seats()
        self._guests = [seat.member_id for seat in self._grid.items if seat.guest and seat.member_id in self._guests]
        self._changed()

    def _ask_to_take_out(self, seat: Seat) -> None:
        """Take somebody off the list who is not of the cell. It asks first where their attendance is recorded."""
        if seat.member_id not in self._loaded:
            self._take_out(seat)
            return
        question = _("{name} is recorded there. Del again takes them out.").format(name=seat.name)
        self._second.press(
            seat.member_id,
            lambda: self.show_problem(question, asks=True),
            lambda: self._take_out(seat),
        )

    def _take_out(self, seat: Seat) -> None:
        self._remember()
        self._marks.pop(seat.member_id, None)
        self._open.pop(seat.member_id, None)
        self._guests = [member for member in self._guests if member != seat.member_id]
        self._loaded = [member for member in self._loaded if member != seat.member_id]
        self._show_seats()
        self._changed()

    # ------------------------------------------------------------------------------------------------------------

    def reason_given(self) -> None:
        """Take the reason over and go back to the list."""
        if self._asked is not None:
            self._asked.reason = tidy(self._reason.entry.value) or None
            self._asked = None
        self.screen.set_focus(self._grid)
        self.remove_class("-asking")
        self._changed()

    def on_roster_grid_marked(self, event: RosterGrid.Marked) -> None:
        event.stop()
        self._changed()

    def on_roster_grid_highlighted(self, event: RosterGrid.Highlighted) -> None:
        event.stop()
        self._show_whole()

    def on_descendant_blur(self) -> None:
        self._show_whole()

    def on_resize(self) -> None:
        self._show_whole()

    def _show_whole(self) -> None:
        whole = self._grid.uncut
        self._whole.display = whole is not None
        self._whole.update(Content(whole or ""))

    def _ask(self, seat: Seat) -> None:
        self._asked = seat
        self._reason.show_title(f"{_('Reason')}: {seat.name}")
        self.add_class("-asking")
        self._reason.restore(seat.reason or "")
        self.screen.set_focus(self._reason.entry)

    def _changed(self) -> None:
        self._second.forget()
        self._grid.refresh()
        self._show_whole()
        self.show_problem(None)
        self._show_count()
        self.post_message(self.Changed())

    def _seats_of_others(self, shown: set[str], cell: Any) -> list[Seat]:
        """Members who do not belong to the cell on that day: guests, and whose attendance was recorded before.

        Of voided ones it is said that they are, in place of their role.
        """
        named_here = [*(self._loaded if cell == self._loaded_cell else []), *self._guests]
        others = [member for member in dict.fromkeys(named_here) if member not in shown]
        named = words.labels(self._store, "member", others)
        voided = "SELECT id FROM member WHERE id IN (SELECT value FROM json_each(?)) AND voided_at IS NOT NULL"
        gone = {row["id"] for row in self._store.rows(voided, [json.dumps(others)])}
        word = words.voided_word(Member).lower()
        roles = {member: word if member in gone else _("guest") for member in others}
        return [Seat(member, named.get(member, "?"), roles[member], guest=True) for member in others]

    def _mark_seats(self) -> None:
        for seat in self._grid.items:
            seat.status, seat.reason = self._marks.get(seat.member_id, (None, None))
        self._grid.refresh()
        self.call_after_refresh(self._show_whole)
        self._show_count()
        self._show_hidden()

    def _show_hidden(self) -> None:
        """Name who is marked and has no place on the list now: people of the cell that was chosen before."""
        seated = {seat.member_id for seat in self._grid.items}
        hidden = [member for member in self._marks if member not in seated] if self.is_known else []
        named = words.labels(self._store, "member", hidden, short=True)
        self.show_unseen((_("Not of this cell on that day, and not recorded: {lines}"), sorted(named.values())))

    def _remember(self) -> None:
        for seat in self._grid.items:
            if seat.status is None:
                self._marks.pop(seat.member_id, None)
            else:
                self._marks[seat.member_id] = (seat.status, seat.reason)

    def _show_count(self) -> None:
        seats = self._grid.items
        self._hint.display = self.is_known
        self._show_heading()
        self._grid.hint = (
            _("No members are recorded for this cell on that day.")
            if self.is_known
            else _("Choose the cell and the date: then its members are shown here.")
        )
        self._count.display = bool(seats)
        own = [seat for seat in seats if not seat.guest]
        marks = Counter(seat.status for seat in own)
        text = _("{members}: ✓ {present} present, – {excused} excused, ✗ {absent} absent").format(
            members=counted("{n} member", "{n} members", len(own)),
            present=marks["present"],
            excused=marks["excused"],
            absent=marks["absent"],
        )
        if marks[None]:
            text += f", {SIGNS[None]} {_('{n} not marked').format(n=marks[None])}"
        if guests := sum(seat.guest and seat.status == "present" for seat in seats):
            text += "; " + counted("{n} guest", "{n} guests", guests)
        self._count.update(Content(text))


def _role(member: Row) -> str:
    return str(member["role"] or member["position"] or (_("introduced") if member["introduced"] else ""))
