"""How each type of field is entered."""

from collections.abc import Callable, Mapping

from fieldapp.domain.model import FieldShape
from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.tui.widgets.date_field import DateField
from fieldapp.tui.widgets.entry import CodeEntry, Entry, LongEntry
from fieldapp.tui.widgets.field_row import FieldRow, free_text_hint
from fieldapp.tui.widgets.number_field import NumberField, YearField, scale_of
from fieldapp.tui.widgets.pick_list import HeirField, boolean_field, code_field, reference_field
from fieldapp.tui.widgets.suggestions import hamlet_field

TEXTS: Mapping[str, Callable[[Store], Entry]] = {"code": lambda _store: CodeEntry(), "hamlet": hamlet_field}
"""Fields for a line of text that are more than that"""

ENTRIES: Mapping[str, Callable[[Store, FieldShape], Entry]] = {
    "text": lambda store, shape: TEXTS[shape.name](store) if shape.name in TEXTS else Entry(),
    "long": lambda store, shape: LongEntry(),
    "date": lambda store, shape: DateField(shape.after, ahead=not shape.past),
    "integer": lambda store, shape: NumberField(scale_of(store, shape)),
    "year": lambda store, shape: YearField(),
    "boolean": lambda store, shape: boolean_field(),
    "choice": lambda store, shape: code_field(shape.choices),
    "ref": lambda store, shape: (
        HeirField(store, shape.heir_of)
        if shape.heir_of
        else reference_field(store, str(shape.ref), adds=not shape.later)
    ),
}


def hint_of(shape: FieldShape) -> str:
    """What is said in the empty field: what that means, or that any text is taken, where a list might be looked for."""
    if shape.hint:
        return _(shape.hint)
    free = shape.type in ("text", "long") and shape.name != "code" and not shape.required
    return free_text_hint(_(shape.example) if shape.example else "") if free else ""


def field_row(store: Store, shape: FieldShape, indent: int = 0) -> FieldRow:
    """The line of a form for one field of a model."""
    return FieldRow(
        shape.name,
        _(shape.title),
        ENTRIES[shape.type](store, shape),
        required=shape.required,
        indent=indent,
        hint=hint_of(shape),
        copies=shape.scaled_by is None,
    )
