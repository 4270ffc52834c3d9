"""The extra fields of an activity: one line for each field that headquarters gave its kind."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldapp.domain.reference import split_choices
from fieldapp.records import extras
from fieldapp.store.store import Row
from fieldapp.tui.widgets.date_field import DateField
from fieldapp.tui.widgets.entry import Entry
from fieldapp.tui.widgets.field_row import FieldRow, free_text_hint
from fieldapp.tui.widgets.kind_rows import KindRows
from fieldapp.tui.widgets.number_field import LimitedField
from fieldapp.tui.widgets.pick_list import named_field


class ExtrasEditor(KindRows):
    """``data`` is ``[{kind_field_id, value}]``, the values as typed or chosen."""

    def lines_of(self, kind: str) -> list[Row]:
        return extras.fields_of_kind(self._store, kind)

    def make_row(self, about: Mapping[str, Any]) -> FieldRow:
        return extra_field(about)

    def rows_of(self, row: FieldRow) -> list[dict[str, Any]]:
        return [] if row.data is None else [{"kind_field_id": row.key, "value": row.data}]

    def typed_of(self, about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Any:
        value = str(rows[0]["value"])
        if about["field_type"] == "choice":
            return {"value": value, "text": value}
        return extras.value_typed(about, value)


def extra_field(field: Mapping[str, Any]) -> FieldRow:
    """The line of a form for an extra field; its key is the field's id."""
    return FieldRow(
        field["id"],
        field["name"],
        _entry(field),
        required=bool(field["needed"]),
        indent=1,
        hint=field["hint"] or (free_text_hint() if field["field_type"] == "text" else ""),
    )


def _entry(field: Mapping[str, Any]) -> Entry:
    """The widget for an extra field of this type."""
    if field["field_type"] == "number":
        return LimitedField(field)
    if field["field_type"] == "date":
        return DateField()
    if field["field_type"] == "choice":
        return named_field([(choice, choice) for choice in split_choices(field["choices"])])
    return Entry()
