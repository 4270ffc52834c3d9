"""A kind of activity as one form: the kind, its measures and its own fields, read and saved together.

They stand in four books (``activity_kind``, ``measure``, ``kind_measure``, ``kind_field``). A measure of the kind is
``{"measure_id": ID}`` for one that exists, or the fields of a new one: ``{"name", "unit_name", "nature", "decimals",
"sentence"}``. Measures and fields that are stored already have an ``id`` besides: that of their own row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldapp.domain.reference import ActivityKind, KindField, KindMeasure, Measure
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.extras import fields_of_kind
from fieldapp.records.reading import refused, stored_fields
from fieldapp.store.store import Row, Store

MEASURES, FIELDS = "measures", "fields"
"""Keys of the form for what belongs to the kind"""

SENTENCE = "sentence"

OWN_FIELD = ("name", "field_type", "choices", "unit_name", "decimals", "needed", "hint")
"""What the form asks about a field of the kind; its limits are in its own book"""

Item = dict[str, Any]


def data_of(store: Store, kind_id: str) -> dict[str, Any]:
    """A stored kind in the form that ``save`` takes."""
    rows = store.rows(
        "SELECT id, measure_id FROM kind_measure WHERE activity_kind_id = ? AND voided_at IS NULL"
        " ORDER BY position, id",
        [kind_id],
    )
    fields = [stored_fields(KindField, row) | {"id": row["id"]} for row in fields_of_kind(store, kind_id)]
    return records.as_data(records.get(store, kind_id)) | {
        MEASURES: [dict(row) for row in rows],
        FIELDS: [{name: field[name] for name in ("id", *OWN_FIELD) if field[name] is not None} for field in fields],
    }


def save(store: Store, data: Mapping[str, Any], kind_id: str | None = None, *, confirm: bool = False) -> str:
    """Record a new kind with all that belongs to it, or change one; returns its id.

    One transaction: all of it or nothing. FieldappError and NeedsConfirmation name the fields of every part, such as
    ``measures.0.unit_name``. What ``data`` leaves out of the measures or the fields of a stored kind is retired; a kind
    keeps what ``data`` does not name at all.
    """
    own = {key: value for key, value in data.items() if key not in (MEASURES, FIELDS, SENTENCE)}
    with store.transaction():
        found = _Findings(store)
        if kind_id is None:
            own.setdefault("position", _next(store, ActivityKind.KIND))
        saved = found.save("", ActivityKind.KIND, own, kind_id)
        before = data_of(store, kind_id) if kind_id is not None else {MEASURES: [], FIELDS: []}
        for name, add in ((MEASURES, _add_measure), (FIELDS, _add_field)):
            if name in data:
                for number, item in enumerate(data[name]):
                    add(found, f"{name}.{number}.", saved, item)
                _retire(store, before[name], data[name])
        if saved is not None and SENTENCE in data:  # it may name measures that are new in this form
            found.save("", ActivityKind.KIND, {SENTENCE: data[SENTENCE]}, saved)
        found.raise_if_any(confirm)
        assert saved is not None
    return saved


class _Findings:
    """Saves records one after the other, and keeps what is wrong or asked about each, to be said together."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._problems: dict[str, str] = {}
        self._asked: dict[str, str] = {}

    def save(self, prefix: str, kind: str, data: Mapping[str, Any], row_id: str | None = None) -> str | None:
        """The record's id; None if something is wrong with it. ``prefix``: where its fields are in the form."""
        try:
            try:
                return records.save(self.store, kind, data, row_id)
            except NeedsConfirmation as question:
                about = {field or ("" if prefix else "name"): said for field, said in question.fields.items()}
                self._asked |= {(prefix + field).rstrip("."): said for field, said in about.items()}
                return records.save(self.store, kind, data, row_id, confirm=True)
        except FieldappError as error:
            if not error.fields:
                raise
            self._problems |= {prefix + field: sentence for field, sentence in error.fields.items()}
            return None

    def raise_if_any(self, confirm: bool) -> None:
        """Raise what was found; questions not if they are confirmed."""
        if self._problems:
            raise refused(self._problems)
        if self._asked and not confirm:
            listed = " ".join(self._asked.values())
            raise NeedsConfirmation(_("Not saved yet. {questions}").format(questions=listed), self._asked)


def _add_measure(found: _Findings, prefix: str, kind_id: str | None, item: Item) -> None:
    """Save a measure of the kind; one that is stored already stays the same measure, as past figures count by it."""
    if "id" in item:
        found.save(prefix, KindMeasure.KIND, {"measure_id": item.get("measure_id")}, item["id"])
        return
    measure: str | None = item.get("measure_id")
    if measure is None:
        measure = found.save(prefix, Measure.KIND, item)
    if kind_id is not None and measure is not None:
        position = _next(found.store, KindMeasure.KIND, kind_id)
        joined = {"activity_kind_id": kind_id, "measure_id": measure, "position": position}
        found.save(prefix, KindMeasure.KIND, joined)


def _add_field(found: _Findings, prefix: str, kind_id: str | None, item: Item) -> None:
    """Save a field of the kind; of a stored one, what is not asked about here stays."""
    if kind_id is None:
        return
    asked = {name: item.get(name) for name in OWN_FIELD}
    asked |= {"decimals": asked["decimals"] or 0, "needed": bool(asked["needed"])}
    if "id" in item:
        found.save(prefix, KindField.KIND, asked, item["id"])
    else:
        position = _next(found.store, KindField.KIND, kind_id)
        found.save(prefix, KindField.KIND, {**asked, "activity_kind_id": kind_id, "position": position})


def _retire(store: Store, before: Sequence[Item], now: Sequence[Item]) -> None:
    kept = {item.get("id") for item in now}
    for item in before:
        if item["id"] not in kept:
            records.void(store, item["id"], records.REMOVED)


def _next(store: Store, kind: str, of: str | None = None) -> int:
    """The place after the last: among all kinds, or among what belongs to one."""
    where = "" if of is None else " WHERE activity_kind_id = :of"
    last: int = store.value(f"SELECT coalesce(max(position), 0) FROM {kind}{where}", {"of": of} if of else {})
    return last + 1


def usual_nature(store: Store, unit_name: str) -> str | None:
    """What measures in a unit count, going by those that exist: None where they differ, a quantity if there is none."""
    unit = unit_name.casefold()
    rows = store.rows("SELECT DISTINCT unit_name, nature FROM measure WHERE voided_at IS NULL")
    natures = {row["nature"] for row in rows if row["unit_name"].casefold() == unit}
    return natures.pop() if len(natures) == 1 else None if natures else "quantity"


def measures_shown(store: Store, items: Sequence[Item]) -> list[Row]:
    """The measures of a form as an activity's form shows them; a new one has its name as its id."""
    return [_shown(store, item) for item in items]


def _shown(store: Store, item: Item) -> Row:
    if item.get("measure_id"):
        return records.get(store, item["measure_id"]).row
    return {"id": item["name"], "decimals": 0, "hint": None, **item}


def fields_shown(items: Sequence[Item]) -> list[Row]:
    """The kind's own fields as an activity's form shows them; a field has its name as its id."""
    nothing = dict.fromkeys((*OWN_FIELD, "minimum", "maximum", "usual_minimum", "usual_maximum"))
    return [{**nothing, "decimals": 0, **item, "id": item["name"]} for item in items]
