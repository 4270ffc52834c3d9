"""A kind of activity as one form: the kind, its measures and its own fields, read and saved together.

They stand in four books (``activity_kind``, ``measure``, ``kind_measure``, ``kind_field``). A measure of the kind is
``{"measure_id": ID}`` for one that exists, or the fields of a new one: ``{"name", "unit_name", "nature", "decimals",
"sentence"}``. Measures and fields that are stored already have an ``id`` besides: that of their own row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldapp.domain import sentences
from fieldapp.domain.reference import ActivityKind, KindField, KindMeasure, Measure
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import lists, records
from fieldapp.records.extras import fields_of_kind
from fieldapp.records.reading import refused, stored_fields
from fieldapp.store.store import Row, Store

MEASURES, FIELDS = "measures", "fields"
"""Keys of the form for what belongs to the kind"""

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
    own = {key: value for key, value in data.items() if key not in (MEASURES, FIELDS)}
    with store.transaction():
        found = _Findings(store)
        if kind_id is None:
            own.setdefault("position", _next(store, ActivityKind.KIND))
        # the new measures first: the sentence of the kind may name them
        measures = [_measure(found, number, item) for number, item in enumerate(data.get(MEASURES, []))]
        before = data_of(store, kind_id) if kind_id is not None else {MEASURES: [], FIELDS: []}
        saved = found.save("", ActivityKind.KIND, own, kind_id)
        if MEASURES in data:
            for number, (item, measure) in enumerate(zip(data[MEASURES], measures, strict=True)):
                _join_measure(found, f"{MEASURES}.{number}.", saved, item, measure)
        for number, item in enumerate(data.get(FIELDS, [])):
            _add_field(found, f"{FIELDS}.{number}.", saved, item)
        for name in (MEASURES, FIELDS):
            if name in data:
                _retire(store, before[name], data[name])
        found.raise_if_any(confirm)
        assert saved is not None
        if "sentence" in own or MEASURES in data:
            _check_sentence(store, saved)
    return saved


def _check_sentence(store: Store, kind_id: str) -> None:
    """Refuse a sentence that names what the kind does not count: it would never be told."""
    kind = records.get(store, kind_id).row
    rows = lists.measures_of(store, kind_id)
    known = {sentences.key(row[field]) for row in rows for field in ("name", "code")}
    places = sentences.names(sentences.parse(kind["sentence"] or ""))
    unknown = dict.fromkeys(place.written for place in places if place.name not in known)
    if unknown:
        message = _("This kind does not count “{names}”. Its measures: {measures}.")
        listed = "; ".join(row["name"] for row in rows)
        raise refused({"sentence": message.format(names="”, “".join(unknown), measures=listed)})


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


def _measure(found: _Findings, number: int, item: Item) -> str | None:
    """The id of a measure of the form; a new one is saved. None if something is wrong with it."""
    if "id" in item or item.get("measure_id") is not None:
        return item.get("measure_id")
    return found.save(f"{MEASURES}.{number}.", Measure.KIND, item)


def _join_measure(found: _Findings, prefix: str, kind_id: str | None, item: Item, measure: str | None) -> None:
    """Let the kind count a measure; a line that is stored stays the same measure, as past figures count by it."""
    if "id" in item:
        found.save(prefix, KindMeasure.KIND, {"measure_id": measure}, item["id"])
    elif kind_id is not None and measure is not None:
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
