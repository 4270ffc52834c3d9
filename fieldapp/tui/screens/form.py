"""The form for any kind of record, made from its model: what happened?

Nothing typed is lost: at most a second after a key the form is kept as a draft, and dropped when it is recorded.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Literal

import uuid_utils
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.css.query import QueryType
from textual.widget import Widget
from textual.widgets import Static

from fieldapp.domain.model import Child, FieldShape, Record, fields_of
from fieldapp.errors import FieldappError, Unsure
from fieldapp.i18n import _
from fieldapp.store import lists, records, words
from fieldapp.store.store import Draft, Store
from fieldapp.tui.screens.base import Page
from fieldapp.tui.widgets.editor import Context, Editor
from fieldapp.tui.widgets.entries import field_row
from fieldapp.tui.widgets.extras import ExtrasEditor
from fieldapp.tui.widgets.measures import MeasuresEditor
from fieldapp.tui.widgets.roster import RosterEditor
from fieldapp.tui.widgets.row_list import RowList
from fieldapp.tui.widgets.rows import RowsEditor
from fieldapp.tui.widgets.targets import TargetsEditor

KEEP_EVERY_SECONDS = 1.0

EDITORS: Mapping[str, Callable[[Store, str, Child], Editor]] = {
    "measures": MeasuresEditor,
    "extras": ExtrasEditor,
    "targets": TargetsEditor,
    "roster": RosterEditor,
    "rows": RowsEditor,
}
"""How the rows that belong to a record are entered."""


class FormScreen(Page):
    """Enter or change one record of ``kind``; dismisses with its id, or with None when it was left."""

    HELP = (
        "What happened? Fields with * are needed. What is typed is kept as a draft until F2 records it. "
        "Work over several days may be given in parts: 120 @30/11; 80 @1/12."
    )

    DEFAULT_CSS = """
    FormScreen #top { height: 2; border-bottom: solid $primary; }
    FormScreen #title { width: 1fr; padding: 0 1; text-style: bold; }
    FormScreen #kept { width: auto; padding: 0 1; color: $text-muted; }
    FormScreen #fields { height: 1fr; scrollbar-size-vertical: 1; }
    FormScreen #message { height: auto; padding: 0 1; text-style: bold; display: none; }
    FormScreen #message.-wrong { color: $text-error; }
    FormScreen #message.-asked { color: $text-warning; }
    FormScreen #message.-shown { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.focus_next", _("Next field"), key_display="Enter"),
        Binding("shift+tab", "app.focus_previous", _("Step back"), key_display="⇧Tab"),
        Binding("f2", "save", _("Save"), key_display="F2"),
        Binding("f5", "copy", _("As before"), key_display="F5"),
        Binding("escape", "leave", _("Leave"), key_display="Esc"),
    ]

    def __init__(
        self,
        kind: str,
        row_id: str | None = None,
        draft: Draft | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.row_id = row_id
        self.model = records.model_of(kind)
        self._draft = draft
        self._initial = initial or {}
        self._draft_id = draft.id if draft else str(uuid_utils.uuid7())
        self._draft_exists = draft is not None
        self._editors: list[Editor] = []
        self._at_start: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._kept_line = Static(id="kept", markup=False)
        self._said_of: dict[str, Any] | None = None
        """What was typed when the message was shown; None while there is none"""
        self._asked: dict[str, Any] | None = None
        """What was entered when saving asked whether it is right"""
        self._follow_due = False
        self._over = False

    # showing ----------------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        with Horizontal(id="top"):
            action = _("Change") if self.row_id else _("New")
            yield Static(Content(f"{action} › {_(self.model.TITLE)}"), id="title", markup=False)
            yield self._kept_line
        children = self.model.CHILDREN.items()
        first: list[Editor] = [field_row(self.store, shape) for shape in _first_fields(self.model)]
        first += [EDITORS[child.editor](self.store, name, child) for name, child in children]
        more = [field_row(self.store, shape) for shape in _more_fields(self.model)]
        self._editors = [*first, *more]
        with VerticalScroll(id="fields", can_focus=False):
            yield from first
            if more:
                yield Static(Content(_("More")), classes="section")
            yield from more
        yield Static(id="message", markup=False)

    def on_mount(self) -> None:
        self._load(self._stored())
        self._follow()
        self._at_start = self._typed()
        for editor in self._editors:
            if editor.key in self._initial:
                editor.load(self._initial[editor.key])
        if self._draft is not None:
            self._restore(self._draft.data)
        self._kept = self._typed()
        self._follow()
        self._editors[0].focus_problem()
        self.set_interval(KEEP_EVERY_SECONDS, self.keep)

    def _stored(self) -> dict[str, Any]:
        if self.row_id is not None:
            return records.as_data(records.get(self.store, self.row_id))
        return {shape.name: shape.default for shape in fields_of(self.model) if shape.default is not None}

    def _load(self, data: Mapping[str, Any]) -> None:
        for editor in self._editors:
            editor.load(data.get(editor.key))

    def _restore(self, typed: Mapping[str, Any]) -> None:
        for editor in self._editors:
            if editor.key in typed:
                editor.restore(typed[editor.key])

    # following what is typed ------------------------------------------------------------------------------------

    def on_editor_changed(self, event: Editor.Changed) -> None:
        event.stop()
        if self._said_of is not None and self._typed() != self._said_of:  # otherwise it is late news
            self._say(None)
        if not self._follow_due:
            self._follow_due = True
            self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        """Let every part know what the others say."""
        self._follow_due = False
        if self._over or getattr(self.app, "locked", False):
            return
        context = Context({e.key: e.data for e in self._editors if e.key not in self.model.CHILDREN}, self._day())
        for editor in self._editors:
            editor.follow(context)

    def _day(self) -> date | None:
        field = next((e for e in self._editors if e.key == self.model.DATE), None)
        try:
            return date.fromisoformat(str(field.data)) if field else None
        except ValueError:
            return None

    # drafts -----------------------------------------------------------------------------------------------------

    def _typed(self) -> dict[str, Any]:
        return {editor.key: editor.typed for editor in self._editors}

    def _changed(self) -> dict[str, Any]:
        """What was typed in the parts that differ from what was there at first."""
        return {key: typed for key, typed in self._typed().items() if typed != self._at_start.get(key)}

    def keep(self) -> None:
        """Keep the form as it stands, if it changed since it was kept last."""
        if self._over or (typed := self._typed()) == self._kept:
            return
        self._kept = typed
        if changed := self._changed():
            try:
                self.store.save_draft(self._draft_id, self.kind, self.row_id, changed)
            except FieldappError as error:
                self._kept_line.update(Content(_("draft not kept")))
                self._say(str(error))
                return
            self._draft_exists = True
            kept = _("draft {time}").format(time=datetime.now().strftime("%H:%M:%S"))
            self._kept_line.update(Content(kept))
        else:
            self._drop()

    def on_unmount(self) -> None:
        self.keep()  # the program is quit while the form is open

    def _drop(self) -> None:
        if self._draft_exists:
            self.store.drop_draft(self._draft_id)
            self._draft_exists = False
        self._kept_line.update("")

    # keys -------------------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Go back; what was typed stays as a draft."""
        if self._over:
            return
        self.keep()
        self._over = True
        if self._draft_exists:
            self.app.notify(_("Kept as a draft; nothing was recorded yet."), markup=False)
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy the focused field from the previous record of this kind."""
        editor = self._focused_editor()
        window = lists.page(self.store, self.kind, limit=2).rows
        previous = next((row for row in window if row["id"] != self.row_id), None)
        if editor is None or previous is None:
            self._say(_("There is no earlier record of this kind to copy from."))
        elif not editor.copy_from(records.as_data(records.get(self.store, previous["id"])).get(editor.key)):
            self._say(_("The previous record has nothing to copy here."))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer copying only where it makes sense."""
        editor = self._focused_editor() if action == "copy" else None
        return editor is None or editor.copies

    def _focused_editor(self) -> Editor | None:
        return next((e for e in self._editors if e.has_focus_within), None)

    def action_save(self) -> None:
        """Record what was entered, or say what is wrong with which field."""
        if self._over:
            return
        for editor in self._editors:
            editor.show_problem(None)
        unsettled = {e.key: sentence for e in self._editors if (sentence := e.settle())}
        self._follow()  # a kind chosen just now has its own measures
        if unsettled:
            self._show_problems(unsettled, "")
            return
        data = self._data()
        try:
            row_id = records.save(self.store, self.kind, data, self.row_id, confirm=data == self._asked)
        except Unsure as question:
            self._show_problems(question.fields, str(question), asks=True)
            self._asked = data
            return
        except FieldappError as error:
            self._show_problems(error.fields, str(error))
            return
        self._over = True
        self._drop()
        name = words.labels(self.store, self.kind, [row_id])[row_id]
        self.app.notify(_("✓ Recorded: {name}").format(name=name), markup=False)
        self.dismiss(row_id)

    def _data(self) -> dict[str, Any]:
        """What was entered; of a record that exists, only what was changed."""
        if self.row_id is not None:
            changed = self._changed()
            return {e.key: e.data for e in self._editors if e.key in changed}
        return {e.key: e.data for e in self._editors if e.data not in (None, [])}

    def focus_next(self, selector: str | type[QueryType] = "*") -> Widget | None:
        """Go on to the next field; at the last one stay, and say how to save."""
        self._follow()  # what was chosen just now may show a further field
        chain = self.focus_chain
        if chain and self.focused is chain[-1]:
            self._say(_("This was the last field. F2 saves."), "-told")
            return self.focused
        found = super().focus_next(selector)
        while isinstance(found, RowList) and found.passed_over:
            found = super().focus_next(selector)
        return found

    # problems ---------------------------------------------------------------------------------------------------

    def _show_problems(self, problems: Mapping[str, str], message: str, *, asks: bool = False) -> None:
        """Each sentence beside its field, the focus on the first; what belongs to no field goes below."""
        wrong = []
        for editor in self._editors:
            for key, sentence in problems.items():
                if key == editor.key or key.startswith(f"{editor.key}."):
                    editor.show_problem(sentence, key[len(editor.key) + 1 :], asks=asks)
                    wrong.append(editor)
        if wrong:
            wrong[0].focus_problem()
            self.call_after_refresh(self._show_focus)
        if asks:
            self._say(_("Not saved yet. Look at what is marked with “?”: F2 again confirms it."), "-asked")
        elif wrong:
            self._say(_("Not saved. {n} to be mended, marked with “!”.").format(n=len(wrong)))
        else:
            self._say(message)

    def _show_focus(self) -> None:
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    def _say(self, message: str | None, sort: Literal["-wrong", "-asked", "-told"] = "-wrong") -> None:
        self._said_of = self._typed() if message else None
        line = self.query_one("#message", Static)
        sign = {"-wrong": "!", "-asked": "?", "-told": "·"}[sort]
        line.update(Content(f"{sign} {message}" if message else ""))
        line.set_classes([sort, *(["-shown"] if message else [])])


def _first_fields(model: type[Record]) -> list[FieldShape]:
    """The fields before the children: in the model's order, but each heir of a unit beside that unit."""
    shapes = [shape for shape in fields_of(model) if shape.name not in model.MORE]
    heirs = {shape.heir_of: shape for shape in shapes if shape.heir_of}
    placed = []
    for shape in shapes:
        if not shape.heir_of:
            placed += [shape, heirs[shape.name]] if shape.name in heirs else [shape]
    return placed


def _more_fields(model: type[Record]) -> list[FieldShape]:
    """The fields behind the children."""
    shapes = {shape.name: shape for shape in fields_of(model)}
    return [shapes[name] for name in model.MORE]
