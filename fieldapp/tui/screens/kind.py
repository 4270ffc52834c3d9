"""A kind of activity in one form, at headquarters: its measures, its own fields, and the form that posts will see."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize

from fieldapp.domain.model import fields_of
from fieldapp.domain.reference import ActivityKind
from fieldapp.i18n import _
from fieldapp.records import kind_form
from fieldapp.reports.sentences import example_of_kind
from fieldapp.store.store import Draft
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.widgets.editor import Editor
from fieldapp.tui.widgets.entries import field_row
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.kind_parts import FieldsOfKind, KindPreview, MeasuresOfKind, SentenceEntry

WIDE = 120
"""Columns of the screen from which on the post's form is shown at the right"""

SEEN = "seen"
"""In a draft: the ids of the stored lines that its form showed"""
FIRST, LAST = ("name", "section", "also_called"), ("sentence", "photographs_wanted", "minutes_wanted")
"""Fields of a kind before and after what belongs to it"""
LATER = ("code", "position")
"""Fields that the program fills in for a new kind"""


class KindForm(FormScreen):
    """All that makes a kind of activity, saved together or not at all."""

    HELP = (
        "A kind of activity with what posts count of it (measures) and ask about it besides (own fields). Type the name"
        " of a measure: one that exists is offered, otherwise a new one is made here. Enter in the last field adds the"
        " line. In the sentence {name of a measure} is its amount, and what stands in [ ] is left out where nothing was"
        " recorded; empty, it is made from the names. Posts are reminded of photographs and minutes that are wanted,"
        " and reports say how many are there; nobody is kept from saving without them. The form that posts will see is"
        " at the right on a wide screen, or F7 shows it. F2 records everything together; it reaches the posts with the"
        " next reply."
    )

    DEFAULT_CSS = """
    KindForm > #preview { display: none; dock: right; width: 50; margin: 1 0 2 0; border-left: solid $secondary; }
    KindForm.-wide > #preview { display: block; }
    KindForm.-wide > #fields { margin-right: 50; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7", "preview", _("Preview"))]

    def __init__(
        self, row_id: str | None = None, draft: Draft | None = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(ActivityKind.KIND, row_id, draft, initial)

    def make_editors(self) -> tuple[list[Editor], list[Editor]]:
        rows = {shape.name: field_row(self.store, shape) for shape in fields_of(self.model)}
        self._measures, self._own_fields = MeasuresOfKind(self.store), FieldsOfKind(self.store)
        rows["sentence"] = FieldRow("sentence", rows["sentence"].title, SentenceEntry(self._example))
        parts = [*(rows[n] for n in FIRST), self._measures, self._own_fields, *(rows[n] for n in LAST)]
        return parts, [] if self.row_id is None else [rows[n] for n in LATER]

    def _example(self) -> str:
        """How a report will tell of the kind as it is in the form; ValueError says what is wrong with a sentence."""
        held = {editor.key: editor.data for editor in self._editors if editor.key in ("name", "sentence")}
        measures = kind_form.measures_shown(self.store, self._measures.data)
        return example_of_kind(held.get("name") or "…", held.get("sentence"), measures)

    def beside(self) -> ComposeResult:
        self._preview = KindPreview(self.store, id="preview")
        yield self._preview

    def _changed(self) -> dict[str, Any]:
        """With the stored lines that were there: of these, what a draft lacks was taken out."""
        changed = super()._changed()
        for key in changed.keys() & {kind_form.MEASURES, kind_form.FIELDS}:
            changed[key] = {**changed[key], SEEN: [item["id"] for item in self._at_start[key]["rows"]]}
        return changed

    def _resume(self) -> None:
        """Show what the draft kept, and what another laptop has added to the kind since."""
        if self._draft is not None:
            data = dict(self._draft.data)
            for key in data.keys() & {kind_form.MEASURES, kind_form.FIELDS}:
                known = {*data[key].get(SEEN, ()), *(item.get("id") for item in data[key]["rows"])}
                later = [item for item in self._at_start[key]["rows"] if item["id"] not in known]
                data[key] = {**data[key], "rows": [*data[key]["rows"], *later]}
            self._draft = replace(self._draft, data=data)
        super()._resume()

    def _changed_elsewhere(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Of measures and own fields nobody is asked: what was added elsewhere is shown, and stays."""
        own = {k: v for k, v in data.items() if k not in (kind_form.MEASURES, kind_form.FIELDS)}
        return super()._changed_elsewhere(own)

    def read(self, row_id: str) -> dict[str, Any]:
        return kind_form.data_of(self.store, row_id)

    def write(self, data: Mapping[str, Any], *, confirm: bool) -> str:
        return kind_form.save(self.store, data, self.row_id, confirm=confirm)

    def on_resize(self, event: Resize | None = None) -> None:
        self.set_class(self.app.size.width >= WIDE, "-wide")
        super().on_resize()
        self._follow()

    def _follow(self) -> None:
        super()._follow()
        if self.has_class("-wide") and not self.app.locked:
            self._show(self._preview)

    def _show(self, preview: KindPreview) -> None:
        name = next(editor.data for editor in self._editors if editor.key == "name")
        try:
            told = self._example()
        except ValueError as error:
            told = f"? {error}"
        preview.show(name, self._measures.data, self._own_fields.data, told)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the post's form where it is not beside this one; no kind is like the one before."""
        if action == "preview":
            return not self.has_class("-wide")
        if action in ("copy", "copy_all", "pin", "templates"):
            return False
        return super().check_action(action, parameters)

    def action_preview(self) -> None:
        """Show the form that posts will see."""
        self.keep()
        self.app.push_screen(KindPreviewScreen(self._show))


class KindPreviewScreen(Page):
    """The form that posts will see, over the form for the kind."""

    HELP = "What posts will be asked about an activity of this kind. Esc goes back to the form for the kind."

    def __init__(self, show: Callable[[KindPreview], None]) -> None:
        """``show``: draws the form into the preview."""
        super().__init__()
        self._show = show

    def body(self) -> ComposeResult:
        yield KindPreview(self.store, id="preview")

    def on_mount(self) -> None:
        self._show(self.query_one(KindPreview))
