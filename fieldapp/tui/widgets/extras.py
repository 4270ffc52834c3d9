"""The extra fields of an activity: one row for each field that headquarters gave its kind."""

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from fieldapp.domain.reference import split_choices
from fieldapp.domain.text import clean, search_key
from fieldapp.store import extras, records
from fieldapp.store.store import Row, Store
from fieldapp.tui.widgets.editor import Context, Editor
from fieldapp.tui.widgets.entry import Entry, Reading, TextEntry
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.pick_list import PickList
from fieldapp.tui.widgets.section import Section


class ExtraField(TextEntry):
    """A text, a number or a date, as the field says."""

    WIDTH = 24

    def __init__(self, field: Row) -> None:
        super().__init__()
        self._field = field

    def reading(self) -> Reading:
        text = clean(self.value)
        if not text:
            return Reading(self._field["hint"] or self._field["unit_name"] or "")
        if self._field["field_type"] == "text":
            return Reading()
        try:
            value = extras.read_value(self._field, text)
        except ValueError as error:
            return Reading(str(error), understood=False)
        return Reading(f"→ {extras.value_text(self._field, value)}")


class ExtrasEditor(Section):
    """``data`` is ``[{kind_field_id, value}]`` of the fields that hold something."""

    DEFAULT_CSS = "ExtrasEditor.-empty { display: none; }"

    def __init__(self, store: Store, key: str, title: str) -> None:
        super().__init__(key, title)
        self._store = store
        self._kind: str | None = None
        self._values: dict[str, str] = {}
        """Field -> what was typed"""
        self._loaded: dict[str, Row] = {}
        self._rows: list[FieldRow] = []
        self._box = Vertical()
        self._box.styles.height = "auto"

    def compose_rows(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        self.set_class(not self._rows, "-empty")

    @property
    def data(self) -> list[dict[str, Any]]:
        return [
            {"kind_field_id": row.key, "value": text}
            for row in self._rows
            if (text := clean(str(row.entry.data or "")))
        ]

    @property
    def typed(self) -> dict[str, str]:
        self._remember()
        return {field: text for field, text in sorted(self._values.items()) if text.strip()}

    def restore(self, typed: Any) -> None:
        self._values = {str(field): str(text) for field, text in typed.items()}
        self._fill()

    def load(self, value: Any) -> None:
        for item in value or ():
            field = records.get(self._store, item["kind_field_id"]).row
            self._loaded[field["id"]] = field
            self._values[field["id"]] = extras.value_typed(field, item["value"])
        self._fill()

    def copy_from(self, value: Any) -> bool:
        """Take over the value of the focused row alone."""
        row = next((r for r in self._rows if r.has_focus_within), None)
        item = next((i for i in value or () if row is not None and i["kind_field_id"] == row.key), None)
        if row is None or item is None:
            return False
        field = records.get(self._store, row.key).row
        self._values[row.key] = extras.value_typed(field, item["value"])
        self._fill()
        return True

    def follow(self, context: Context) -> None:
        """Show the fields of the chosen kind, with those that the record already had."""
        kind = context.values.get("activity_kind_id")
        if kind == self._kind:
            return
        self._remember()
        self._kind = kind
        fields = {f["id"]: f for f in extras.fields_of_kind(self._store, kind)} if kind else {}
        fields |= {i: f for i, f in self._loaded.items() if f["activity_kind_id"] == kind and i not in fields}
        self._rows = [
            FieldRow(i, str(f["name"]), _entry(f), required=bool(f["needed"]), indent=1) for i, f in fields.items()
        ]
        self._fill()
        self.set_class(not self._rows, "-empty")
        with self.app.batch_update():
            self._box.remove_children()
            self._box.mount(*self._rows)

    def settle(self) -> str | None:
        for row in self._rows:
            row.settle()
        return None

    def show_problem(self, sentence: str | None, where: str = "") -> None:
        key = where.split(".", maxsplit=1)[0]
        filled = [row for row in self._rows if clean(str(row.entry.data or ""))]
        named = [row for row in self._rows if row.key == key]
        if key.isdigit() and int(key) < len(filled):
            named = [filled[int(key)]]
        if sentence is not None and named:
            named[0].show_problem(sentence)
        else:
            super().show_problem(sentence)

    def focus_problem(self) -> None:
        wrong = [row for row in self._rows if row.has_class("-wrong")] or self._rows
        if wrong:
            wrong[0].focus_problem()

    def on_editor_changed(self, _event: Editor.Changed) -> None:
        super().show_problem(None)

    def _remember(self) -> None:
        self._values |= {row.key: str(row.entry.value) for row in self._rows}

    def _fill(self) -> None:
        for row in self._rows:
            row.load(self._values.get(row.key) or None)


def _entry(field: Mapping[str, Any]) -> Entry:
    """The field's entry: a choice from its list, or what is typed."""
    if field["field_type"] != "choice":
        return ExtraField(dict(field))
    offered = [(choice, choice) for choice in split_choices(field["choices"])]

    def fitting(text: str, _context: Context) -> list[tuple[str, str]]:
        key = search_key(text)
        return [c for c in offered if key in search_key(c[0])]

    return PickList(fitting, lambda value: value)
