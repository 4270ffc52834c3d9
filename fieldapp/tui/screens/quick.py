"""Many records of one kind, one per line: Enter goes from cell to cell, and after the last one records the line."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import uuid_utils
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.widgets import Static

from fieldapp.domain.assistance import MEASURES
from fieldapp.domain.dates import iso_date
from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.escaping import brief_text
from fieldapp.i18n import _, counted, everywhere
from fieldapp.records import lists, records, words
from fieldapp.store.store import Store
from fieldapp.tui.host import Host
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.finder import Finder
from fieldapp.tui.screens.form import ask_for_missing
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.entries import ENTRIES
from fieldapp.tui.widgets.entry import Entry
from fieldapp.tui.widgets.figure_field import FigureField
from fieldapp.tui.widgets.kind_rows import KIND
from fieldapp.tui.widgets.pick_list import PickList
from fieldapp.tui.widgets.scrolling import cut

WIDTHS: Mapping[str, int] = {"date": 13, "ref": 20, "choice": 14, "integer": 11, "year": 8, "boolean": 8}
TEXT, FIGURE = 18, 12
"""Columns of a cell for text, and for a figure"""
STAYS = ("date", "ref", "choice", "year")
"""Types of field that keep their value from line to line"""


@dataclass(frozen=True)
class EntryColumn:
    """One column: the field or measure that is typed in it, and its widget."""

    key: str
    title: str
    names: frozenset[str]
    """What the heading of a pasted range may call it"""
    width: int
    entry: Entry
    stays: bool
    measure: bool = False


class QuickScreen(Page):
    """The lines recorded here, and below them the one that is being typed."""

    WRITES = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "record", _("Save")),
        Binding("shift+tab", "app.focus_previous", _("Step back"), key_display="⇧Tab"),
        Binding("escape", "leave", _("Leave"), key_display="Esc"),
    ]
    DEFAULT_CSS = """
    QuickScreen #done { height: 1fr; }
    QuickScreen #titles, QuickScreen #row { height: 1; padding: 0 1; }
    QuickScreen #titles { text-style: bold; }
    QuickScreen #row Entry { margin: 0 1 0 0; }
    QuickScreen #menus { height: auto; max-height: 12; padding: 0 1; }
    QuickScreen #reading { height: 1; padding: 0 1; color: $text-muted; }
    """

    def __init__(self, kind: str, activity_kind: str | None = None) -> None:
        """``activity_kind``: id of the kind that the activities of all lines have."""
        super().__init__()
        self._model = records.model_of(kind)
        self._activity_kind = activity_kind
        self._cells: list[EntryColumn] = []
        self._lines: list[str] = []
        self._asked: dict[str, Any] | None = None
        self._begun: dict[str, Any] = {}
        """What the cells held when the line was begun: what stays from the one before"""
        self._pasted: list[list[str]] = []
        """Rows of pasted ranges that are still to come; texts for the columns, from the first one on"""
        self._leaves_pasted = False
        """Esc was pressed once while rows of a range are still to come"""
        self._draft_id = str(uuid_utils.uuid7())
        self._kept: dict[str, Any] = {}
        """What the draft has of the line"""
        self._leaves: dict[str, Any] = {}
        """What Esc was pressed on once, though it could not be kept"""
        self._why_unkept = ""

    def body(self) -> ComposeResult:
        self._cells = _cells(self.store, self._model, self._activity_kind)
        title = _(self._model.TITLE)
        if self._activity_kind:
            title = words.labels(self.store, "activity_kind", [self._activity_kind])[self._activity_kind]
        yield Static(Content(f"{_('Quick entry')} › {title}"), classes="section")
        with VerticalScroll(id="done", can_focus=False):
            yield Static(id="lines", classes="line", markup=False)
        yield Static(id="titles")
        with Horizontal(id="row"):
            for cell in self._cells:
                yield cell.entry
        with Vertical(id="menus"):
            for cell in self._cells:
                menu = cell.entry.companion()
                if menu is not None:
                    yield menu
        yield Static(id="reading", markup=False)
        yield Static(id="message", classes="problem", markup=False)

    def on_mount(self) -> None:
        self._cells[0].entry.focus()
        self._follow()
        self._begun = self._typed()

    def on_resize(self) -> None:
        """Show as many cells as there is room for; Enter on the last of them records the line."""
        shown = _fitting(self._cells, self.app.size.width - 3)
        for cell in self._cells:
            last = cell is shown[-1]
            cell.entry.display = cell in shown
            cell.entry.styles.width = "1fr" if last else cell.width
            cell.entry.at_enter = self._record if last else lambda: False
            cell.entry.ends = partial(bool, last)
            cell.entry.at_paste = partial(self._paste_range, cell)
        self.query_one("#titles", Static).update(Content(_in_columns(shown, [c.title for c in shown])))

    # following --------------------------------------------------------------------------------------------------

    def on_input_changed(self) -> None:
        self._follow()
        self._show_reading()

    def on_entry_understood(self) -> None:
        self._show_reading()

    def on_descendant_focus(self, _event: DescendantFocus) -> None:
        self._show_reading()

    def _follow(self) -> None:
        data = {c.key: c.entry.data for c in self._cells if not c.measure}
        day = iso_date(data.get(self._model.first_day() or ""))
        context = FormContext({KIND: self._activity_kind, **data}, day, adds=True)
        for cell in self._cells:
            cell.entry.follow(context)

    def on_pick_list_missing(self, event: PickList.Missing) -> None:
        event.stop()
        self.keep()
        ask_for_missing(self.app, event)

    def _show_reading(self) -> None:
        cell = next((c for c in self._cells if c.entry.has_focus), None)
        if cell and cell.entry.waits:
            return
        reading = cell.entry.reading() if cell else None
        text = f"{cell.title}: {reading.text}" if cell and reading and reading.text else ""
        self.query_one("#reading", Static).update(Content(text[: self.size.width]))  # one line

    # a range of a spreadsheet -------------------------------------------------------------------------------------

    def _paste_range(self, cell: EntryColumn, text: str) -> bool:
        """Begin to enter a range that was copied in a spreadsheet; False if the text is none."""
        from fieldapp.tui import pasted_range

        rows = pasted_range.pasted_rows(text)
        if rows is None:
            return False
        rows, changed = pasted_range.in_unicode(rows)
        shown = [c for c in self._cells if c.entry.display]
        placed = pasted_range.placed(rows, [c.names for c in shown], shown.index(cell))
        if placed is None:
            self._say("! " + _("The range has more columns than there are from here on. Nothing was pasted."))
            return True
        if not placed:  # headings alone
            return False
        if changed:
            first = changed[0]
            self.notify(
                _("Pasted in letters of an old font, {sort}: “{before}” is now “{after}”.").format(
                    sort=first.encoding.value, before=brief_text(first.before), after=brief_text(first.after)
                ),
                markup=False,
                timeout=10,
            )
        if left_out := pasted_range.left_out(rows, [c.names for c in shown]):
            self.notify(
                _("Not pasted, because this line has no column for it: {columns}.").format(
                    columns=", ".join(f"“{brief_text(title)}”" for title in left_out)
                ),
                severity="warning",
                markup=False,
                timeout=10,
            )
        waits = self._pasted or self._is_taken(placed[0])
        self._pasted += placed
        self._leaves_pasted = False
        if waits:
            self._say_pasted()
        else:
            self._next_pasted()
        return True

    def _is_taken(self, row: list[str]) -> bool:
        """Whether a cell that the row has a text for holds something already that is not recorded yet."""
        typed = self._typed()
        return any(text and typed[c.key] != self._begun[c.key] for c, text in zip(self._cells, row, strict=False))

    def _next_pasted(self) -> None:
        """Put the next row of the range into the line; what it does not hold stays."""
        if not self._pasted:
            return
        for cell, text in zip(self._cells, self._pasted.pop(0), strict=False):
            if text:
                cell.entry.load(None)
                cell.entry.value = text
                cell.entry.compose_letters()
        self._leaves_pasted = False
        self._say_pasted()

    def _say_pasted(self) -> None:
        """Say how many rows are still to come."""
        text = counted(
            "{n} row of the range is still to come: F2 records this one.",
            "{n} rows of the range are still to come: F2 records this one.",
            len(self._pasted),
        )
        self._say(text if self._pasted else "")

    # recording --------------------------------------------------------------------------------------------------

    def action_record(self) -> None:
        """Record the line as it stands."""
        self._record()

    def _record(self) -> bool:
        """Record the line and begin the next. Always True: Enter does nothing else."""
        for cell in self._cells:
            cell.entry.compose_letters()
            cell.entry.resolve_typed()
        self._follow()
        if self._typed() == self._begun:
            self._say(_("The line is empty."))
            self._next_pasted()
            return True
        data = self._data()
        try:
            with self.store.transaction():
                row_id = records.save(self.store, self._model.KIND, data, confirm=data == self._asked)
                self.store.drop_draft(self._draft_id)
        except NeedsConfirmation as question:
            self._asked = data
            self._point_at(question.fields)
            self._say("? " + _("{question} F2 again says yes.").format(question=str(question)))
            return True
        except FieldappError as error:
            self._point_at(error.fields)
            self._say("! " + " ".join(self._sentences(error.fields) or [str(error)]))
            return True
        self._lines.append(f"✓ {words.labels(self.store, self._model.KIND, [row_id])[row_id]}  {self._figures()}")
        self.query_one("#lines", Static).update(Content("\n".join(self._lines)))
        self.query_one("#done", VerticalScroll).scroll_end(animate=False)
        self._say("")
        self._begin_again()
        self._next_pasted()
        return True

    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = {c.key: c.entry.data for c in self._cells if not c.measure and c.entry.data is not None}
        if self._activity_kind:
            data[KIND] = self._activity_kind
            data[MEASURES] = [row for c in self._cells if c.measure for row in c.entry.data or []]
        return data

    def _typed(self) -> dict[str, Any]:
        """What each cell holds, as a draft keeps it."""
        return {c.key: c.entry.typed for c in self._cells}

    def _figures(self) -> str:
        return " · ".join(f"{c.title}: {c.entry.value}" for c in self._cells if not c.stays and c.entry.value)

    def _begin_again(self) -> None:
        for cell in self._cells:
            if not cell.stays:
                cell.entry.load(None)
        self._asked = None
        self._kept, self._begun = {}, self._typed()
        self.set_focus(self._cells[0].entry)

    def _point_at(self, problems: Mapping[str, str]) -> None:
        """Focus the first cell that a sentence is about."""
        figures = [c for c in self._cells if c.measure and c.entry.data]
        for key in problems:
            part, _dot, rest = key.partition(".")
            number = rest.partition(".")[0]
            if part == MEASURES and number.isdecimal() and int(number) < len(figures):
                self.set_focus(figures[int(number)].entry)
                return
            for cell in self._cells:
                if cell.key == part:
                    self.set_focus(cell.entry)
                    return

    def _sentences(self, problems: Mapping[str, str]) -> list[str]:
        """The sentences; of cells that the window has no room for, what to do."""
        narrow = _("“{field}” has no room in this window. Esc keeps the line as a draft; its form has all fields.")
        hidden = {cell.key: narrow.format(field=cell.title) for cell in self._cells if not cell.entry.display}
        return list(dict.fromkeys(hidden.get(key, sentence) for key, sentence in problems.items()))

    def _say(self, sentence: str) -> None:
        self.query_one("#message", Static).update(Content(sentence))

    # leaving ----------------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Go back; a line that was begun stays as a draft of the form."""
        if self._pasted and not self._leaves_pasted:
            self._leaves_pasted = True
            self._say(
                counted(
                    "{n} row of the range is not recorded. Esc again leaves it out.",
                    "{n} rows of the range are not recorded. Esc again leaves them out.",
                    len(self._pasted),
                )
            )
            return
        self.keep()
        if self._is_unkept and (typed := self._typed()) != self._leaves:
            self._leaves = typed
            self._say(f"{self._why_unkept} {_('Nothing of this is kept. Esc again leaves.')}")
            return
        self.dismiss(None)

    def on_unmount(self) -> None:
        self.keep()

    @property
    def unkept(self) -> bool:
        """Rows of a range are still to come, which no draft has; or the line that was begun could not be kept."""
        return bool(self._pasted) or self._is_unkept

    @property
    def _is_unkept(self) -> bool:
        return self._typed() not in (self._begun, self._kept)

    def keep(self) -> None:
        """Keep the line that was begun, as a draft of the form."""
        if self.app.locked or not self._is_unkept:
            return
        cells = self._typed()
        typed = {c.key: cells[c.key] for c in self._cells if not c.measure}
        if self._activity_kind:
            name = words.labels(self.store, "activity_kind", [self._activity_kind])[self._activity_kind]
            typed[KIND] = {"value": self._activity_kind, "text": name}
            typed[MEASURES] = {c.key: cells[c.key] for c in self._cells if c.measure}
        try:
            self.store.save_draft(self._draft_id, self._model.KIND, None, typed)
        except FieldappError as error:
            self._why_unkept = str(error)
            return
        self._kept = cells


def _cells(store: Store, model: type[Record], activity_kind: str | None) -> list[EntryColumn]:
    """The columns for a kind, in this order: required fields, figures, other fields that its list shows."""
    shapes = [s for s in fields_of(model) if s.name != KIND and s.type != "long" and s.heir_of is None]
    needed = [_cell(store, s) for s in shapes if s.required]
    figures = [
        EntryColumn(m["id"], m["name"], frozenset({m["name"]}), FIGURE, FigureField(m, {}), stays=False, measure=True)
        for m in (lists.measures_of(store, activity_kind) if activity_kind else [])
    ]
    further = [_cell(store, s) for s in shapes if not s.required and (s.name in model.LIST or s.name == "hamlet")]
    return needed + figures + further


def _cell(store: Store, shape: FieldShape) -> EntryColumn:
    entry = ENTRIES[shape.type](store, shape)
    names = frozenset(everywhere(shape.title))
    width = WIDTHS.get(shape.type, TEXT)
    return EntryColumn(shape.name, _(shape.title), names, width, entry, stays=shape.type in STAYS)


def _fitting(cells: list[EntryColumn], room: int) -> list[EntryColumn]:
    """As many columns as there is room for."""
    fitted: list[EntryColumn] = []
    for cell in cells:
        room -= cell.width + 1
        if room < 0 and fitted:
            break
        fitted.append(cell)
    return fitted


def _in_columns(cells: list[EntryColumn], texts: list[str]) -> str:
    shown = [cut(text, cell.width - 1) for cell, text in zip(cells, texts, strict=True)]
    return "".join(t + " " * (c.width + 1 - cell_len(t)) for c, t in zip(cells, shown, strict=True))


def open_quick_entry(app: Host, kind: str) -> None:
    """Open quick entry for a kind of record; for activities, their kind is chosen first."""
    if kind != "activity":
        app.push_screen(QuickScreen(kind))
        return

    def chosen(activity_kind: str | None) -> None:
        if activity_kind is not None:
            app.push_screen(QuickScreen(kind, activity_kind))

    kinds = lists.activity_kinds(app.store)
    named = [(row["id"], row["name"]) for row in kinds]
    called = {row["id"]: row["called"] for row in kinds}
    app.push_screen(Finder(_("Quick entry of which kind?"), [("", named)], called), chosen)
