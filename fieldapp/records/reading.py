"""Read the data that people and programs give, as records.

References may be given by name, dates and amounts in short forms. Errors say what is wrong with which field.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from fieldapp.domain import validation
from fieldapp.domain.amounts import format_amount, parse_amount
from fieldapp.domain.dates import iso_date, parse_date, year_meant
from fieldapp.domain.model import Child, FieldShape, Record, fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import extras, naming, persons, search_index
from fieldapp.records.words import choice_title, labels, told_apart
from fieldapp.store import wall
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, tidy

MAX_DECIMALS = 3
"""Most decimals that amounts are scaled by. More are refused in the field for the number of decimals"""

MAX_NAME = 500
"""Most characters of a name with all that it belongs to; the search index must not get a text of any length"""


class ChildRow(Struct, frozen=True):
    """A row that belongs to a record, as it will be; ``old`` is the stored row that it replaces."""

    key: str
    """Its place in the given data: ``measures.0``"""
    record: Record
    old: Row | None


def refused(problems: Mapping[str, str]) -> FieldappError:
    """The error for wrong fields; ``problems``: field -> sentence."""
    listed = "; ".join(f"{field}: {sentence}" for field, sentence in problems.items())
    return FieldappError(_("Not saved. {problems}").format(problems=listed), problems)


def read_record(
    store: Store,
    model: type[Record],
    given: Mapping[str, Any],
    old: Row | None = None,
    on: date | None = None,
    kept: Collection[str] = (),
) -> Record:
    """The record that ``given`` describes; fields that are not given are taken from ``old``.

    FieldappError has a sentence for each wrong field. ``on``: names of units are looked up as of this day, those of
    successors as of today. ``kept``: ids that may be named although they are no longer in use.
    """
    shapes = {s.name: s for s in fields_of(model)}
    aliases = {s.name.removesuffix("_id"): s.name for s in shapes.values() if s.ref}
    changed = {aliases.get(k, k): v for k, v in given.items()}
    problems = {tidy(name): _("There is no such field.") for name in changed.keys() - shapes.keys()}
    problems |= {of: _("This is given twice.") for alias, of in aliases.items() if len({alias, of} & given.keys()) == 2}
    values = stored_fields(model, old) if old else {}
    kept = {*kept, *(str(v) for v in values.values())}
    first_day = model.first_day()
    on = on or (_maybe_date(changed.get(first_day, values.get(first_day))) if first_day else None)
    for shape in sorted(shapes.values(), key=lambda s: s.scaled_by is not None):  # first the fields that scale others
        if shape.name in changed:
            try:
                values[shape.name] = _read(store, shape, changed[shape.name], values, on, kept)
            except ValueError as error:
                problems[shape.name] = str(error)
    if model.CODE_MADE and not values.get("code") and isinstance(values.get("name"), str):
        from fieldapp.records import codes

        values["code"] = codes.new_code(store, model.KIND, values["name"])
    try:
        record = validation.validated(model, {k: v for k, v in values.items() if k not in problems})
    except validation.Invalid as error:
        for problem in error.problems:
            problems.setdefault(problem.field, _pydantic_sentence(problem.kind, problem.context))
        if model.CODE_MADE and "name" in problems and not values.get("code"):
            problems.pop("code", None)  # it is made from the name
        raise refused(problems) from None
    if not problems:
        problems = {f: _(m) for f, m in record.rule_breaks()}
    if problems:
        raise refused(problems)
    return record


def read_children(
    store: Store,
    name: str,
    child: Child,
    given: Any,
    parent: Mapping[str, Any],
    old: Sequence[Row],
    on: date | None,
) -> list[ChildRow]:
    """The rows of one sort that belong to a record, each matched with a stored row.

    A row with an ``id`` is matched with the stored row of this id, else with the stored row that has the same values in
    the fields ``child.about``. ``parent``: the columns of the record, as far as they are known. FieldappError has a
    sentence for each wrong field of each row.
    """
    if child.editor == "extras" and isinstance(given, Mapping):
        given = [{"kind_field_id": field, "value": value} for field, value in given.items()]
    if not isinstance(given, list) or not all(isinstance(item, Mapping) for item in given):
        raise refused({name: _("A list of objects is expected here.")})
    by_id = {row["id"]: row for row in old}
    named = {item["id"] for item in given if isinstance(item.get("id"), str)}
    left: dict[tuple[Any, ...], list[Row]] = {}
    for row in old:  # after a merge there may be two rows about the same thing
        if row["id"] not in named:
            left.setdefault(tuple(row[f] for f in child.about), []).append(row)
    kept = {parent["id"], *(str(v) for row in old for v in row.values())}
    problems: dict[str, str] = {}
    rows: list[ChildRow] = []
    seen: set[tuple[Any, ...]] = set()
    taken: set[str | None] = set()
    for number, item in enumerate(given):
        key = f"{name}.{number}"
        own = item.get("id")
        if own is not None and (not isinstance(own, str) or own not in by_id or own in taken):
            problems[f"{key}.id"] = _("There is no record with the id {id}.").format(id=tidy(str(own)))
            continue
        taken.add(own)
        try:
            values = _child_values(store, child, {k: v for k, v in item.items() if k != "id"}, parent)
            record = read_record(store, child.model, {**values, child.parent: parent["id"]}, on=on, kept=kept)
        except FieldappError as error:
            problems |= {f"{key}.{field}": sentence for field, sentence in error.fields.items()}
            continue
        about = tuple(columns_of(record)[f] for f in child.about)
        same = left.get(about)
        before = by_id[own] if own is not None else same.pop(0) if same else None
        as_stored = before is not None and all(before[f] == v for f, v in columns_of(record).items())
        undecided = as_stored and "member_id" in child.about  # present and absent at once: for a person to say
        if about in seen and not undecided:
            problems[key] = _("This is given twice.")
        seen.add(about)
        rows.append(ChildRow(key, record, before))
    if problems:
        raise refused(problems)
    return rows


def stored_fields(model: type[Record], row: Row) -> dict[str, Any]:
    """The fields of a stored row, as values for the model."""
    values = {s.name: row[s.name] for s in fields_of(model)}
    for s in fields_of(model):
        if s.type == "boolean":
            values[s.name] = bool(values[s.name])
    return values


def columns_of(record: Record) -> dict[str, Any]:
    """A record as columns of its table."""
    values = validation.plain_values(record)
    return {k: int(v) if isinstance(v, bool) else v for k, v in values.items()}


def resolve_reference(store: Store, kind: str, text: str, on: date | None = None) -> str:
    """The id of the record of ``kind`` that ``text`` names.

    ``text`` is its id, its code, its name, or its name as people say it (``naming.find_by_spoken_name``). Of two
    members that were merged it is the one who stays. Raises ValueError with a sentence if there is no such record, or
    several.
    """
    if len(text) > MAX_NAME:
        raise ValueError(_("Not found: {text}.").format(text=f"{text[:40]}…"))
    if len(text) == 36:
        named = store.row(f"SELECT id, voided_at FROM {kind} WHERE id = ?", [persons.who_stays(store, kind, [text])[0]])
        if named is not None and named["voided_at"] is not None:
            raise ValueError(_("No longer in use: {name}.").format(name=labels(store, kind, [text])[text]))
        if named is not None:
            return str(named["id"])
    candidates = _in_force(
        kind, _records_named(store, kind, text) or naming.find_by_spoken_name(store, kind, text), on or wall.today()
    )
    stay = persons.who_stays(store, kind, [row["id"] for row in naming.at_home(store, kind, candidates)])
    ids = _in_use(store, kind, stay)
    if len(ids) == 1:
        return ids[0]
    if not ids:
        retired = stay or [row["id"] for row in _records_named(store, kind, text, retired=True)]
        if retired:
            name = labels(store, kind, retired[:1])[retired[0]]
            raise ValueError(_("No longer in use: {name}.").format(name=name))
        raise ValueError(_("Not found: {text}.").format(text=text))
    listed = "; ".join(told_apart(store, kind, labels(store, kind, ids[:5])).values())
    raise ValueError(_("{text} names several: {listed}. Give the code or the id.").format(text=text, listed=listed))


def _records_named(store: Store, kind: str, text: str, *, retired: bool = False) -> list[Row]:
    """The records with the code ``text``, else with this name as spelled, else with this name without tones and marks.

    Only voided records if ``retired``, otherwise only those that are not voided.
    """
    in_use = f"voided_at IS {'NOT NULL' if retired else 'NULL'}"
    fields = [s.name for s in fields_of(BY_KIND[kind]) if s.name in ("code", "name", "full_name", "title")]
    if "code" in fields:
        coded = store.rows(f"SELECT * FROM {kind} WHERE code = ? AND {in_use}", [text])
        if kind == "unit" and not retired:
            coded = naming.with_zeros_lost(store, coded, text)
        if coded:
            return coded
    query = search_index.match(text)
    if query is None:
        return []
    key = search_key(text)
    found = [
        row
        for row in store.rows(
            f"SELECT t.* FROM local_search s JOIN {kind} t ON t.id = s.row_id"
            f" WHERE local_search MATCH ? AND s.rowid BETWEEN ? AND ? AND t.{in_use}",
            [query, *search_index.entry_range(kind)],
        )
        if any(search_key(row[f] or "") == key for f in fields)
    ]
    return [row for row in found if any(tidy(row[f] or "").casefold() == text.casefold() for f in fields)] or found


def _in_use(store: Store, kind: str, ids: Sequence[str]) -> list[str]:
    """Those that are not voided."""
    standing = f"SELECT id FROM {kind} WHERE id IN (SELECT value FROM json_each(?)) AND voided_at IS NULL"
    found = {row["id"] for row in store.rows(standing, [json.dumps([*ids])])}
    return [row_id for row_id in ids if row_id in found]


def _in_force(kind: str, rows: list[Row], day: date) -> list[Row]:
    """Of several units, those that existed on the day; all if none did."""
    if kind != "unit" or len(rows) < 2:
        return rows
    on = day.isoformat()
    return [r for r in rows if (r["valid_from"] or "") <= on <= (r["valid_to"] or "9999")] or rows


def _read(
    store: Store, shape: FieldShape, value: Any, others: Mapping[str, Any], on: date | None, kept: Collection[str]
) -> Any:
    """A given value in the form that the model takes; ValueError with a sentence."""
    if shape.type == "date":
        begun = iso_date(others.get(shape.after)) if shape.after else None
        return _read_date(value, begun, ahead=not shape.past)
    if shape.type == "ref" and value is not None:
        assert shape.ref is not None
        if not isinstance(value, str):
            raise ValueError(_("Name it by its id, code or name."))
        text = tidy(value)
        if text in kept:
            return text
        return resolve_reference(store, shape.ref, text, None if shape.heir_of else on) if text else None
    if shape.type == "choice" and isinstance(value, str):
        return tidy(value) or None
    if shape.type == "year":
        return _read_year(value)
    if shape.type == "integer" and isinstance(value, str):
        if not tidy(value):
            return None
        return parse_amount(value, _decimals(store, shape, others), _unit(store, shape, others))
    if shape.scaled_by is not None and isinstance(value, float):
        raise ValueError(_('Write the amount as a whole number or as text, such as "2.100" or "1,5".'))
    return value


def _read_year(value: Any) -> Any:
    """A year as people write it, and as the form takes it: 1990, 90, “sinh năm 1990”, 12/5/1988. Also 1.990, as
    spreadsheets show it."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return value
    if isinstance(value, str) and not tidy(value):
        return None
    year = year_meant(str(value), wall.today())
    if year is not None or isinstance(value, int):
        return value if year is None else year
    try:
        return parse_amount(value, 0, "")
    except ValueError:
        raise ValueError(_("A year has four digits: 1990.")) from None


def _decimals(store: Store, shape: FieldShape, others: Mapping[str, Any]) -> int:
    if shape.scaled_by is None:
        return 0
    by = others.get(shape.scaled_by)
    if isinstance(by, str):
        return int(store.value("SELECT decimals FROM measure WHERE id = ?", [by]) or 0)
    return by if isinstance(by, int) and 0 <= by <= MAX_DECIMALS else 0


def _unit(store: Store, shape: FieldShape, others: Mapping[str, Any]) -> str | None:
    """What a number counts; None for limits, whose unit is not known here."""
    by = others.get(shape.scaled_by) if shape.scaled_by else None
    if isinstance(by, str):
        return str(store.value("SELECT unit_name FROM measure WHERE id = ?", [by]) or "")
    return shape.unit if shape.scaled_by is None else None


def _read_date(value: Any, after: date | None = None, *, ahead: bool = False) -> date | None:
    if value is None or isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise ValueError(_("A date is a text such as 05/11/2026."))
    return parse_date(value, wall.today(), after, ahead=ahead) if tidy(value) else None


def _maybe_date(value: Any) -> date | None:
    try:
        return _read_date(value)
    except ValueError:
        return None


def _child_values(store: Store, child: Child, item: Mapping[str, Any], parent: Mapping[str, Any]) -> dict[str, Any]:
    """The given values of a child row; its amount or value is read according to its measure or extra field."""
    values = dict(item)
    if child.editor == "measures":
        return _with_amount(store, values)
    if child.editor == "extras":
        return _with_value(store, values, parent.get("activity_kind_id"))
    return values


def _with_amount(store: Store, values: dict[str, Any]) -> dict[str, Any]:
    amount = values.get("amount")
    if isinstance(amount, bool | float):
        raise refused({"amount": _('Write the amount as a whole number or as text, such as "2.100" or "1,5".')})
    if isinstance(amount, str):
        named = tidy(str(values.get("measure_id", values.get("measure", ""))))
        try:
            measure = store.row("SELECT decimals, unit_name, name FROM measure WHERE id = ?", [_measure(store, named)])
        except ValueError as error:
            raise refused({"measure_id": str(error)}) from None
        assert measure is not None
        try:
            values["amount"] = parse_amount(amount, measure["decimals"], measure["unit_name"], measure["name"])
        except ValueError as error:
            raise refused({"amount": str(error)}) from None
    return values


def _measure(store: Store, text: str) -> str:
    """The id of a measure, also of a retired one: whether it may be used is checked where the field itself is read."""
    known = store.value("SELECT id FROM measure WHERE id = ?", [text])
    return known or resolve_reference(store, "measure", text)


def _with_value(store: Store, values: dict[str, Any], kind_id: str | None) -> dict[str, Any]:
    if {"kind_field", "kind_field_id"} <= values.keys():
        raise refused({"kind_field_id": _("This is given twice.")})
    named = tidy(str(values.pop("kind_field", values.get("kind_field_id", ""))))
    field = store.row("SELECT * FROM kind_field WHERE id = ?", [named])
    if field is None:
        key = search_key(named)
        offered = extras.fields_of_kind(store, kind_id) if kind_id else []
        field = next((f for f in offered if named == f["code"] or key == search_key(f["name"])), None)
    if field is None:
        raise refused({"kind_field_id": _("Not found: {text}.").format(text=named)})
    if kind_id is not None and field["activity_kind_id"] != kind_id:
        raise refused({"kind_field_id": _("This kind of activity has no such field.")})
    try:
        return {**values, "kind_field_id": field["id"], "value": extras.read_value(field, values.get("value"))}
    except ValueError as error:
        raise refused({"value": str(error)}) from None


def _bound(limit: int) -> str:
    """A limit as people write it; a number that may be a year has no points."""
    return format_amount(limit) if limit > 9999 else str(limit)


def _pydantic_sentence(kind: str, context: Mapping[str, Any]) -> str:
    if kind in ("missing", "string_type", "date_type", "int_type") or (context.get("input") is None and "none" in kind):
        return _("This field is needed.")
    if kind == "string_too_long":
        return _("Too long: at most {n} characters.").format(n=context["max_length"])
    if kind == "string_too_short":
        return _("This field is needed.")
    if kind == "literal_error":
        codes = re.findall(r"'([^']*)'", str(context["expected"]))
        return _("Choose one of: {choices}.").format(
            choices=", ".join(f"{_(choice_title(code))} ({code})" for code in codes)
        )
    if kind == "greater_than_equal":
        return _("Out of range: at least {least}.").format(least=_bound(context["ge"]))
    if kind == "less_than_equal":
        return _("Out of range: at most {most}.").format(most=_bound(context["le"]))
    return _("This cannot be understood.")
