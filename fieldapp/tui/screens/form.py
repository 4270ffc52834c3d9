"""The form for any kind of record, made from its model: what happened?

Nothing typed is lost: within a second after a key the form is kept as a draft, until the record is saved.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from time import monotonic
from typing import Any, ClassVar, Literal

import uuid_utils
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.css.query import QueryType
from textual.widget import Widget
from textual.widgets import Static

from fieldapp.domain import validation
from fieldapp.domain.assistance import MEASURES, Activity
from fieldapp.domain.dates import iso_date
from fieldapp.domain.model import Child, FieldShape, Record, fields_of
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.records import dated_figures, form_memory, records, reviews, view, wanted_files, words
from fieldapp.store.store import Draft, Store
from fieldapp.tui.host import Host
from fieldapp.tui.screens.base import Dialog, Page
from fieldapp.tui.widgets.editor import Editor, FormContext
from fieldapp.tui.widgets.entries import field_row
from fieldapp.tui.widgets.entry import Entry
from fieldapp.tui.widgets.extras import ExtrasEditor
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.measures import MeasuresEditor
from fieldapp.tui.widgets.more_below import MoreBelow
from fieldapp.tui.widgets.pick_list import Addition, PickList
from fieldapp.tui.widgets.roster import RosterEditor
from fieldapp.tui.widgets.row_list import RowList
from fieldapp.tui.widgets.rows import RowsEditor
from fieldapp.tui.widgets.targets import TargetsEditor

OPENED = ""
"""Key in a draft of a change: each part that it changes, as the record had it when the form was opened"""
KEEP_EVERY_SECONDS = 1.0
KEEP_AGAIN_SECONDS = 10.0
CHECKS_SECONDS = 0.5
"""After which what checks the record is made: once the form is there, before it can be filled"""

EDITORS: Mapping[str, Callable[[Store, str, Child], Editor]] = {
    "measures": MeasuresEditor,
    "extras": ExtrasEditor,
    "targets": TargetsEditor,
    "roster": RosterEditor,
    "rows": RowsEditor,
}
"""``Child.editor`` -> the widget for the rows that belong to a record"""


class FormFields(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The fields of a form. Page Up and Page Down scroll it; the arrows go from field to field, also in a long form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", _("Page up"), show=False),
        Binding("pagedown", "page_down", _("Page down"), show=False),
    ]

    def on_resize(self) -> None:
        """Keep the focused field in sight, with what is said of it: a message below takes a line from the fields."""
        self.call_after_refresh(self._show_focused)

    def _show_focused(self) -> None:
        for row in self.query(FieldRow):
            if row.has_focus_within:
                row.scroll_visible(animate=False)


class FormScreen(Page):
    """Enter or change one record of ``kind``; dismisses with its id, or with None when it was left."""

    WRITES = True
    ADDS: ClassVar[bool] = True
    """A record that a pick list lacks may be added from here"""
    TAKES: ClassVar[bool] = False
    """Where a record is there already, that one may be taken instead of a new one"""

    DEFAULT_CSS = """
    FormScreen #top { height: 2; border-bottom: solid $secondary; }
    FormScreen #title { width: 1fr; padding: 0 1; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    FormScreen #top > MoreBelow { width: auto; }
    FormScreen #kept { width: auto; padding: 0 1; color: $text-muted; }
    FormScreen #fields { height: 1fr; scrollbar-size-vertical: 1; }
    FormScreen > .comment { color: $text-warning; text-style: bold; padding: 0 1; height: auto; }
    FormScreen #recorded { height: auto; padding: 0 1; color: $text-success; text-style: bold; }
    FormScreen #message { height: auto; padding: 0 1; text-style: bold; display: none; }
    FormScreen #message.-wrong { color: $text-error; }
    FormScreen #message.-asked { color: $text-warning; }
    FormScreen #message.-shown { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.focus_next", _("Next"), key_display="Enter"),
        Binding("shift+tab", "app.focus_previous", _("Step back"), key_display="⇧Tab"),
        Binding("f2", "save", _("Save"), key_display="F2"),
        Binding("f5", "copy", _("Copy"), key_display="F5"),
        Binding("f5", "pin", _("Pin"), key_display="F5"),
        Binding("shift+f5", "copy_all", _("Copy all"), key_display="⇧F5"),
        Binding("f6", "templates", _("Models"), key_display="F6"),
        Binding("f6", "take_along", _("Take the figures along"), key_display="F6", priority=True),
        Binding("f7", "files", _("Attach"), key_display="F7"),
        Binding("f8", "app.moved('take_along')", show=False),
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
        self._opened: dict[str, Any] = {}
        """An existing record, as it was when the person began to change it"""
        self._kept: dict[str, Any] = {}
        self._unkept_since: tuple[dict[str, Any], float] = ({}, 0.0)
        """What could not be kept when it was tried last, and when that was"""
        self._leaves: dict[str, Any] | None = None
        """What could not be kept when the form was to be left"""
        self._kept_line = Static(id="kept", markup=False)
        self._typed_at_message: dict[str, Any] | None = None
        """What was typed when the message was shown; None while there is none"""
        self._asked: dict[str, Any] | None = None
        """What was entered when saving asked for confirmation; saving the same again confirms it"""
        self._shift = 0
        """Days by which the activity moves while its dated figures are asked about; else 0"""
        self._pins = False
        """F5 pins the focused field; as it was when that was asked last"""
        self._copied: Editor | None = None
        """The field that the last copy filled"""
        self._comments: list[tuple[Editor, reviews.Comment]] = []
        """Headquarters' comments on a returned record, each with the part that shows it"""
        self._follow_due = False
        self._over = False
        """The form was recorded or left: nothing is kept any more"""
        self.goes_on = False
        """The next form opens after this one; it says what was recorded"""
        self._recorded_before: str | None = None
        """The id of the record that was made just before, in the same way"""
        self._lacks_files: str | None = None
        """The same, while it lacks files that its kind wants"""

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Close the form; what is below is not shown between two forms."""
        self.app.leads_on = self.goes_on and result is not None and self.is_active
        return super().dismiss(result)

    @property
    def purpose(self) -> str:
        """What the form is for, in a word."""
        return _("Change") if self.row_id else _("New")

    # showing ----------------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        fields = FormFields(id="fields")
        with Horizontal(id="top"):
            yield Static(Content(f"{self.purpose} › {_(self.model.TITLE)}"), id="title", markup=False)
            yield MoreBelow(fields)
            yield self._kept_line
        first, more = self.make_editors()
        self._editors = [*first, *more]
        if self._recorded_before is not None:
            day, name, _post = words.list_lines(self.store, self.kind, [self._recorded_before])[self._recorded_before]
            name = " · ".join(filter(None, (name, day)))
            told = _("✓ Recorded: {name}. This form is for one more; Esc leaves it.").format(name=name)
            yield Static(Content(told), id="recorded", markup=False)
        with fields:
            yield from first
            if more:
                yield Static(Content(_("More")), classes="section")
            yield from more
        yield from self.beside()
        yield Static(id="message", markup=False)

    def make_editors(self) -> tuple[list[Editor], list[Editor]]:
        """The parts of the form, and those of them that are mostly left empty."""
        children = self.model.CHILDREN.items()
        first: list[Editor] = [field_row(self.store, shape) for shape in first_fields(self.model)]
        first += [EDITORS[child.editor](self.store, name, child) for name, child in children]
        shapes = [shape for shape in _more_fields(self.model) if self.row_id is not None or not shape.later]
        return first, [field_row(self.store, shape) for shape in shapes]

    def beside(self) -> ComposeResult:
        """What is shown besides the fields."""
        yield from ()

    def on_mount(self) -> None:
        stored = self._stored()
        self._load(stored)
        self._opened = stored | (self._draft.data.get(OPENED, {}) if self._draft else {})
        self._follow()
        self._at_start = self._typed()
        self._pin_again()
        for editor in self._editors:
            if editor.key in self._initial:
                editor.load(self._initial[editor.key])
        self._resume()
        self._kept = self._typed()
        self._follow()
        self._first_open().focus_problem()
        self._load_comments()
        self.set_interval(KEEP_EVERY_SECONDS, self._keep_now_and_then)
        self._say_what_is_lacking()
        self.set_timer(CHECKS_SECONDS, self._make_checks)

    def _make_checks(self) -> None:
        """Make what checks the record while somebody types: the first that is saved need not wait for it."""
        self.run_worker(partial(validation.validator, self.model), thread=True)

    def on_resize(self) -> None:
        self.call_after_refresh(self.app.show_focus)

    def _resume(self) -> None:
        """Show what the draft kept."""
        if self._draft is not None:
            self._restore(self._draft.data)

    def _load_comments(self) -> None:
        """Show headquarters' comments on a returned record, each at its field or figure; those on all of it on top."""
        review = reviews.last_reviews(self.store, self.kind, [self.row_id]).get(self.row_id) if self.row_id else None
        if review is None or not review.returned:
            return
        parts = {editor.key: editor for editor in self._editors}
        self._comments = [(parts[one.field], one) for one in review.comments if one.field in parts]
        whole = [one for one in review.comments if one.field not in parts]
        if whole:
            text = self._comment_text(whole, corrected=False)
            self.mount(Static(Content(text), classes="comment", markup=False), after="#top")
        if self._comments:
            self._show_comments()
            editor, first = self._comments[0]
            editor.focus_place(first.about)

    def _show_comments(self) -> None:
        """Show each comment at its place, with a sign once what it is about is no more as it was."""
        shown: dict[Editor, dict[str, str]] = {}
        for editor, one in self._comments:
            text = self._comment_text([one], corrected=self._corrected(editor, one.about))
            at = shown.setdefault(editor, {})
            at[one.about] = f"{at[one.about]}\n{text}" if one.about in at else text
        for editor, comments in shown.items():
            editor.show_comments(comments)

    def _comment_text(self, comments: list[reviews.Comment], *, corrected: bool) -> str:
        said = reviews.comments_text(self.store, self.kind, comments)
        return (_("✓ corrected{comments}") if corrected else _("↩ returned{comments}")).format(comments=said)

    def _corrected(self, editor: Editor, about: str) -> bool:
        now, before = editor.typed, self._at_start.get(editor.key)
        if about and isinstance(now, dict) and isinstance(before, dict):
            now, before = now.get(about), before.get(about)
        return bool(now != before)

    def _stored(self) -> dict[str, Any]:
        if self.row_id is not None:
            return self.read(self.row_id)
        return {shape.name: shape.default for shape in fields_of(self.model) if shape.default is not None}

    def read(self, row_id: str) -> dict[str, Any]:
        """A stored record, as the parts of the form load it."""
        return records.as_data(records.get(self.store, row_id))

    def _pin_again(self) -> None:
        """Show the values that stay from the record before, and mark their fields."""
        if self.row_id is not None:
            return
        pinned = form_memory.pins(self.store, self.kind)
        if self._draft is None:
            self._fill_in(pinned)
        for row in self._rows:
            row.pin(row.key in pinned)

    @property
    def _rows(self) -> list[FieldRow]:
        return [editor for editor in self._editors if isinstance(editor, FieldRow)]

    def _first_open(self) -> Editor:
        """The first field shown that is neither pinned nor filled in for this form; the very first if all are.

        Behind one that is, what has a value already is passed over too.
        """
        shown = [editor for editor in self._editors if editor.display]
        left = [e for e in shown if not (isinstance(e, FieldRow) and e.pinned) and e.key not in self._initial]
        if self.row_id is None and left and left[0] is not shown[0]:
            left = [e for e in left if not (isinstance(e, FieldRow) and not e.entry.lacks)]
        return next(iter(left), shown[0])

    def _load(self, data: Mapping[str, Any]) -> None:
        for editor in self._editors:
            editor.load(data.get(editor.key))

    def _restore(self, typed: Mapping[str, Any]) -> None:
        for editor in self._editors:
            if editor.key in typed:
                editor.restore(typed[editor.key])

    def _fill_in(self, typed: Mapping[str, Any]) -> None:
        """Show what was typed another time: whoever types something else in its place replaces it."""
        self._restore(typed)
        for row in self._rows:
            if row.key in typed:
                row.entry.filled_in = row.entry.value

    # following what is typed ------------------------------------------------------------------------------------

    def on_editor_changed(self, event: Editor.Changed) -> None:
        event.stop()
        # with nothing typed since, the event is older than the message
        if self._typed_at_message is not None and self._typed() != self._typed_at_message:
            self._say(None)
        if not self._follow_due:
            self._follow_due = True
            self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        """Let every part know what the other fields hold."""
        self._follow_due = False
        if self._over or self.app.locked:
            return
        values = {"id": self.row_id} | {e.key: e.data for e in self._editors if e.key not in self.model.CHILDREN}
        context = FormContext(values, self._day(), self.ADDS)
        for editor in self._editors:
            editor.follow(context)
        self._show_comments()
        if self._pins != self.check_action("pin", ()):  # F5 copies into an empty field, and pins what is typed
            self.refresh_bindings()

    def _day(self) -> date | None:
        field = next((e for e in self._editors if e.key == self.model.first_day()), None)
        return iso_date(field.data) if field else None

    def on_pick_list_missing(self, event: PickList.Missing) -> None:
        event.stop()
        self.keep()
        ask_for_missing(self.app, event)

    # drafts -----------------------------------------------------------------------------------------------------

    def _typed(self) -> dict[str, Any]:
        return {editor.key: editor.typed for editor in self._editors}

    def _changed(self) -> dict[str, Any]:
        """What was typed in the parts that differ from their state at the start."""
        return {key: typed for key, typed in self._typed().items() if typed != self._at_start.get(key)}

    def keep(self) -> None:
        """Keep the form as a draft, if it changed since it was kept last."""
        if self._over or self.app.locked or (typed := self._typed()) == self._kept:
            return
        changed = self._changed()
        try:
            if changed:
                opened = {OPENED: {key: self._opened.get(key) for key in changed}} if self.row_id else {}
                self.store.save_draft(self._draft_id, self.kind, self.row_id, changed | opened)
            else:
                self._drop()
        except FieldappError as error:
            self._kept_line.update(Content(_("draft not kept")))
            self._say(str(error))
            self._unkept_since = (typed, monotonic())
            return
        self._kept = typed
        if changed:
            self._draft_exists = True
            kept = _("draft {time}").format(time=datetime.now().strftime("%H:%M:%S"))
            self._kept_line.update(Content(kept))

    def _keep_now_and_then(self) -> None:
        """Keep what was typed since; what could not be kept is tried again after a while, as each try may wait."""
        typed, since = self._unkept_since
        if monotonic() - since > KEEP_AGAIN_SECONDS or self._typed() != typed:
            self.keep()

    @property
    def unkept(self) -> bool:
        """What is typed could not be kept as a draft."""
        return not self._over and self._typed() != self._kept

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
        if (typed := self._typed()) not in (self._kept, self._leaves):
            self._leaves = typed
            self._say(_("Nothing of this is kept. Esc again leaves."), "-asked")
            return
        self._over = True
        if self._draft_exists:
            self.app.notify(_("Kept as a draft; nothing was recorded yet."), markup=False)
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy the focused field from the previous record."""
        editor, before = self._focused_editor(), self._before()
        if editor is None or before is None:
            return
        if editor.copy_from(before.get(editor.key)):
            self._copied = editor
        else:
            self._say(_("The previous record has nothing to copy here."))

    def action_copy_all(self) -> None:
        """Copy the previous record into all fields that are empty."""
        before = self._before()
        if before is not None:
            for editor in self._editors:
                if editor.data in (None, []):
                    editor.load(before.get(editor.key))
                    self._follow()

    def _before(self) -> dict[str, Any] | None:
        """The record that this person recorded last; None, with a message, if there is none."""
        found = form_memory.previous_record(self.store, self.kind, self.row_id)
        if found is None:
            self._say(_("There is no earlier record of this kind to copy from."))
            return None
        return self.read(found)

    def action_pin(self) -> None:
        """Pin the focused field, so that its value stays for the next record, or unpin it.

        Not while F5 only goes on after a copy: who holds it down has not asked for that.
        """
        editor = self._focused_editor()
        if self.app.repeated and editor is self._copied:
            self._say(_("Copied. To keep it for the next record too, press another key, then F5."), "-note")
            return
        self._copied = None
        if isinstance(editor, FieldRow):
            editor.pin(not editor.pinned)
            self._keep_pins()

    def _keep_pins(self) -> None:
        form_memory.save_pins(self.store, self.kind, {row.key: row.typed for row in self._rows if row.pinned})

    def action_templates(self) -> None:
        """Fill the form from a template, or keep this form as a template, without its days."""
        from fieldapp.tui.screens.templates import Choice, TemplateMenu

        def chosen(choice: Choice | None) -> None:
            if choice is None:
                return
            if choice.keep:
                days = {shape.name for shape in fields_of(self.model) if shape.type == "date"}
                typed = {key: value for key, value in self._changed().items() if key not in days}
                form_memory.save_template(self.store, self.kind, choice.name, typed)
                self.app.notify(_("Kept as “{name}”.").format(name=choice.name), markup=False)
                return
            self._fill_in(form_memory.templates(self.store, self.kind).get(choice.name, {}))
            self._follow()

        self.app.push_screen(TemplateMenu(self.store, self.kind), chosen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer copying into an empty field, and pinning what is typed."""
        if action == "take_along":
            return self._shift != 0
        if action == "files":
            return self._lacks_files is not None
        editor = self._focused_editor() if action in ("copy", "pin", "copy_all") else None
        if action in ("pin", "templates", "copy_all") and self.row_id is not None:
            return False
        pins = self.row_id is None and isinstance(editor, FieldRow) and (editor.pinned or bool(editor.entry.value))
        if action == "pin":
            self._pins = pins
            return pins
        return (action == "copy_all" or not pins) and (editor is None or editor.copies)

    def _focused_editor(self) -> Editor | None:
        return next((e for e in self._editors if e.has_focus_within), None)

    def action_save(self) -> None:
        """Record what was entered, or say what is wrong with which field."""
        if self._over:
            return
        for editor in self._editors:
            editor.show_problem(None)
        unsettled = {e.key: sentence for e in self._editors if (sentence := e.resolve_typed())}
        self._follow()  # a kind chosen just now has its own measures
        if unsettled:
            self._show_problems(unsettled, "")
            return
        data = self._data()
        if elsewhere := self._changed_elsewhere(data):
            self._show_problems(elsewhere, "", asks=True)
            return
        try:
            self.record(data, confirm=data == self._asked)
        except NeedsConfirmation as question:
            self._show_problems(question.fields, str(question), asks=True)
            self._asked = data
            self._shift = question.shift
            self.refresh_bindings()
            if question.alike is not None:
                self._show_duplicate(str(question), data, question.alike)
            return
        except FieldappError as error:
            if error.fields and self.row_id is None and not self._changed():  # F2 pressed once too often
                self._say(_("Nothing was typed into this form yet. What was recorded before is safe."), "-note")
            else:
                self._show_problems(error.fields, str(error))

    def _changed_elsewhere(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Part -> the question about what would be replaced though the person has not seen it: another window has
        recorded it since, or read it from a bundle. It is asked once."""
        if self.row_id is None:
            return {}
        now = self.read(self.row_id)
        changed = {key: now.get(key) for key in data if now.get(key) not in (self._opened.get(key), data[key])}
        seen = {key: self._opened.get(key) for key in changed}
        texts = view.texts_of_parts(self.store, records.get(self.store, self.row_id), seen)
        self._opened |= changed
        sentence = _("Changed elsewhere since this form was opened; now: {value}. Replace it?")
        return {key: sentence.format(value=brief_text(texts[key])) for key in changed}

    def follows(self, row_id: str) -> None:
        """Say that this record was made just before. If it lacks files that its kind wants, it is asked once, here."""
        self._recorded_before = row_id
        self._lacks_files = row_id if self.kind == Activity.KIND else None

    def _say_what_is_lacking(self, said: str = "") -> None:
        if self._lacks_files is None:
            return
        lacks = wanted_files.lacking(self.store, self._lacks_files).words
        if lacks:
            text = _("Recorded without {files}: F7 attaches; go on typing, and it stays for later.")
            said = f"{said} {text.format(files=lacks)}".strip()
        else:
            self._lacks_files = None
        self._say(said, "-note")
        self.refresh_bindings()

    def action_files(self) -> None:
        """Attach files to the record that was recorded just now."""
        from fieldapp.tui.screens.attach_files import AttachScreen

        if self._lacks_files is not None:
            self.app.push_screen(
                AttachScreen(self._lacks_files), lambda said: self._say_what_is_lacking((said or "").removeprefix("✓ "))
            )

    def action_take_along(self) -> None:
        """Give the dated figures days as much later as the activity is, and save."""
        figures = next(editor for editor in self._editors if editor.key == MEASURES)
        figures.load(dated_figures.shifted(figures.data, self._shift))
        self.action_save()

    def record(self, data: Mapping[str, Any], *, confirm: bool) -> None:
        """Record what was entered, and close the form. Raises what ``records.save`` raises."""
        with self.store.transaction():  # one: a draft of what is recorded would be recorded twice
            row_id = self.write(data, confirm=confirm)
            self.store.drop_draft(self._draft_id)
            if self.row_id is None:
                self._keep_pins()
        self._over = True
        if not self.goes_on:
            name = words.labels(self.store, self.kind, [row_id])[row_id]
            self.app.notify(_("✓ Recorded: {name}").format(name=name), markup=False, timeout=5)
        self.dismiss(row_id)

    def write(self, data: Mapping[str, Any], *, confirm: bool) -> str:
        """Save what was entered; the record's id."""
        return records.save(self.store, self.kind, data, self.row_id, confirm=confirm)

    def _show_duplicate(self, question: str, data: Mapping[str, Any], other: str) -> None:
        """Show the possible duplicate beside this record."""
        from fieldapp.tui.screens.duplicate import DuplicateDialog, MergeDialog

        there = view.describe(self.store, records.get(self.store, other))
        if self.row_id is None:
            mine = view.as_it_would_be(self.store, self.kind, data)
            dialog = DuplicateDialog(question, mine, there, other if self.TAKES else None)
        else:  # two stored records, one of which gives way
            dialog = MergeDialog(question, view.describe(self.store, records.get(self.store, self.row_id)), there)

        def answered(answer: bool | str | None) -> None:
            if answer is True:
                self.action_save()
            elif isinstance(answer, str):
                self._over = True
                self._drop()
                self.dismiss(answer)

        self.app.push_screen(dialog, answered)

    def _data(self) -> dict[str, Any]:
        """What was entered; for an existing record, only what was changed."""
        if self.row_id is not None:
            changed = self._changed()
            return {e.key: e.data for e in self._editors if e.key in changed}
        return {e.key: e.data for e in self._editors if e.data not in (None, [])}

    def focus_next(self, selector: str | type[QueryType] = "*") -> Widget | None:
        """Go to the next field; at the last one stay, and say how to save."""
        self._follow()  # what was chosen just now may show a further field
        chain = self.focus_chain
        if chain and self.focused is chain[-1]:
            self._say(_("This was the last field. F2 saves."), "-note")
            return self.focused
        found = super().focus_next(selector)
        while isinstance(found, RowList) and found.passed_over:
            found = super().focus_next(selector)
        return found

    @property
    def focus_chain(self) -> list[Widget]:
        """The widgets that can have the focus, in the order of the form.

        Textual orders them by their places on the screen, and a field that was shown just now has no place yet.
        """
        return [
            widget
            for editor in self._editors
            for widget in editor.query("*")
            if widget.focusable and all(w.display for w in widget.ancestors_with_self if isinstance(w, Widget))
        ]

    # problems ---------------------------------------------------------------------------------------------------

    def _show_problems(self, problems: Mapping[str, str], message: str, *, asks: bool = False) -> None:
        """Show each sentence beside its field and focus the first; ``message`` goes below if no field is named."""
        wrong = []
        for editor in self._editors:
            for key, sentence in problems.items():
                if key == editor.key or key.startswith(f"{editor.key}."):
                    editor.show_problem(sentence, key[len(editor.key) + 1 :], asks=asks)
                    wrong.append(editor)
        if wrong:
            wrong[0].focus_problem()
            self.call_after_refresh(self._show_focus)
        if asks and not wrong:
            self._say(_("{question} F2 again says yes.").format(question=message), "-asked")
        elif asks:
            self._say(_("Not saved yet. Look at what is marked with “?”: F2 again confirms it."), "-asked")
        elif wrong:
            self._say(_("Not saved. {n} to correct, marked with “!”.").format(n=len(wrong)))
        else:
            self._say(message)

    def _show_focus(self) -> None:
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    def _say(self, message: str | None, sort: Literal["-wrong", "-asked", "-note"] = "-wrong") -> None:
        if sort != "-asked" and self._shift:
            self._shift = 0
            self.refresh_bindings()
        self._typed_at_message = self._typed() if message else None
        line = self.query_one("#message", Static)
        sign = {"-wrong": "!", "-asked": "?", "-note": "·"}[sort]
        line.update(Content(f"{sign} {message}" if message else ""))
        line.set_classes([sort, *(["-shown"] if message else [])])


class ShortForm(FormScreen, Dialog):
    """What a new record needs, on top of the form in which it was missing; dismisses with its id, or with None.

    What is typed is a draft of its own. It comes back where the same name is added again.
    """

    DEFAULT_CSS = """
    ShortForm { align: center middle; background: $background; &:ansi { background: transparent; } }
    ShortForm > #box {
        width: 72; max-width: 100%; height: auto; border: round $accent; padding: 0 1; background: $surface;
    }
    ShortForm > #box > #top { height: 1; border: none; }
    ShortForm > #box > #fields { height: auto; max-height: 10; }
    """

    TAKES = True

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", _("Back"), key_display="Esc")]

    def __init__(self, addition: Addition) -> None:
        super().__init__(addition.kind, initial=addition.given)
        self._begun = addition.typed
        self._ended = False
        """Enter records, as the keys below say"""

    def compose(self) -> ComposeResult:
        shown = {*self.model.LABEL, *self._begun, *self._initial}
        shapes = [
            s
            for s in fields_of(self.model)
            if s.name in shown or (s.required and s.default is None) or (s.name in self.model.APART and s.ref is None)
        ]
        self._editors = [field_row(self.store, shape) for shape in shapes]
        for row in self._rows:
            row.entry.ends, row.entry.at_enter = self._ends, self._record_at_end
        with Vertical(id="box"):
            fields = FormFields(id="fields")
            with Horizontal(id="top"):
                title = _("Add › {kind}").format(kind=_(self.model.TITLE))
                yield Static(Content(title), id="title", classes="section")
                yield MoreBelow(fields)
                yield self._kept_line
            with fields:
                yield from self._editors
            yield Static(id="message", markup=False)
        yield KeyFooter()

    def _pin_again(self) -> None:
        """Show what was typed in the list; nothing stays from the record before."""
        for row in self._rows:
            if row.key in self._begun:
                row.entry.value = str(self._begun[row.key])
                row.resolve_typed()

    def _ends(self) -> bool:
        """Whether Enter records: in the last field, once something stands there."""
        chain = self.focus_chain
        return bool(chain) and self.focused is chain[-1] and isinstance(chain[-1], Entry) and bool(chain[-1].value)

    def _record_at_end(self) -> bool:
        if ends := self._ends():
            self.action_save()
        return ends

    def _follow(self) -> None:
        super()._follow()
        if self._ended != self._ends():
            self._ended = not self._ended
            self.refresh_bindings()

    def _first_open(self) -> Editor:
        """The first field that still needs something."""
        return next((row for row in self._rows if row.display and row.entry.lacks), self._rows[0])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide the keys of what a whole form is filled with."""
        return action not in ("copy", "copy_all", "pin", "templates") and super().check_action(action, parameters)

    def _resume(self) -> None:
        """Show again what was typed before Esc."""
        begun, shown = self._changed().items(), {editor.key for editor in self._editors}
        drafts = self.store.drafts() if any(self._begun.values()) else []
        of_kind = [draft for draft in drafts if (draft.kind, draft.row_id) == (self.kind, None)]
        for draft in of_kind:
            if begun <= draft.data.items() and draft.data.keys() <= shown:  # what is not shown would be lost here
                self._draft, self._draft_id, self._draft_exists = draft, draft.id, True
                break
        super()._resume()

    def _keep_pins(self) -> None:
        """Leave what the whole form has pinned as it is."""


def ask_for_missing(app: Host, event: PickList.Missing) -> None:
    """Open the short form for what a pick list lacks; then the field has the new record, or its list is there again."""
    addition = event.addition

    def answered(row_id: str | None) -> None:
        event.pick_list.added(addition, row_id)

    app.push_screen(ShortForm(addition), answered)


def first_fields(model: type[Record]) -> list[FieldShape]:
    """The fields before the children, in the model's order; the field for a unit's successor follows that unit."""
    shapes = [shape for shape in fields_of(model) if shape.name not in model.MORE]
    follows = {shape.name: model.PLACED.get(shape.name) or shape.heir_of for shape in shapes}
    placed: list[FieldShape] = []

    def place(after: str | None) -> None:
        for shape in shapes:
            if follows[shape.name] == after:
                placed.append(shape)
                place(shape.name)

    place(None)
    return placed


def _more_fields(model: type[Record]) -> list[FieldShape]:
    """The fields after the children."""
    shapes = {shape.name: shape for shape in fields_of(model)}
    return [shapes[name] for name in model.MORE]
