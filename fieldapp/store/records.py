"""Records of every kind: validate, save, void, read. The screen and ``add`` both end here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pydantic
import uuid_utils

from fieldapp.domain import rules
from fieldapp.domain.amounts import parse_amount
from fieldapp.domain.dates import parse_date
from fieldapp.domain.model import Child, FieldShape, Record, fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.text import clean, search_key
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import search
from fieldapp.store.store import Row, Store, now
from fieldapp.store.words import labels


@dataclass(frozen=True)
class Found:
    """One record with the rows that belong to it."""

    kind: str
    row: Row
    children: dict[str, list[Row]]
    """Name as in ``Record.CHILDREN`` -> rows that are not voided"""


def model_of(kind: str) -> type[Record]:
    """The model of a kind; FieldappError names the kinds if there is none such."""
    model = BY_KIND.get(kind)
    if model is None:
        raise FieldappError(
            _("There is no kind of record “{kind}”. Kinds: {kinds}.").format(
                kind=clean(kind), kinds=", ".join(k for k, m in BY_KIND.items() if m.TOP)
            )
        )
    return model


def save(store: Store, kind: str, data: Mapping[str, Any], row_id: str | None = None) -> str:
    """Record a new record, or change the fields in ``data`` of an old one; returns its id.

    ``data`` maps fields to values as people or programs write them: references by id, code or name, dates as ISO or in
    a short form, amounts as integers or as text. A key of ``Record.CHILDREN`` gives *all* rows of that sort: those
    left out are voided. All or nothing; FieldappError.fields says what is wrong with which field.
    """
    model = model_of(kind)
    if not model.TOP:
        raise FieldappError(_("Records of this kind are entered with the record that they belong to."))
    with store.transaction():
        scope = _writable_scope(store, model)
        old = get(store, row_id) if row_id is not None else None
        if old is not None and old.kind != kind:
            raise FieldappError(_("This record is of another kind."))
        if old is not None and old.row["voided_at"] is not None:
            raise FieldappError(_("This record was voided; it can be read, no longer changed."))
        if old is not None and "post_id" in old.row and old.row["post_id"] != scope:
            raise FieldappError(_("This record belongs to another post. Only that post changes it."))
        own = {k: v for k, v in data.items() if k not in model.CHILDREN}
        base = _fields(model, old.row) if old else {}
        record = _validate(store, model, {**base, **own})
        problems = dict(rules.across(kind, record, _others(store, kind, record, row_id)))
        if problems:
            raise _refused({f: _(m) for f, m in problems.items()})
        new_id = _write(store, kind, record, old.row if old else None, scope)
        on = getattr(record, model.DATE) if model.DATE else None
        for name, child in model.CHILDREN.items():
            if name in data:
                _save_children(store, name, child, data[name], new_id, old.children[name] if old else [], scope, on)
        search.index(store, kind, store.rows(f"SELECT * FROM {kind} WHERE id = ?", [new_id]))
        return new_id


def void(store: Store, row_id: str, reason: str) -> None:
    """Take a record out of every list and figure, for a reason that stays with it. It is never deleted."""
    text = clean(reason)
    if not text:
        raise FieldappError(_("Say why the record is voided."), {"reason": _("Say why the record is voided.")})
    with store.transaction():
        found = get(store, row_id)
        if found.row["voided_at"] is not None:
            raise FieldappError(_("This record was voided already."))
        scope = _writable_scope(store, BY_KIND[found.kind])
        if "post_id" in found.row and found.row["post_id"] != scope:
            raise FieldappError(_("This record belongs to another post. Only that post changes it."))
        _update(store, found.kind, row_id, {"voided_at": now(), "void_reason": text})


def _writable_scope(store: Store, model: type[Record]) -> str:
    """The scope in which this replica writes records of the model; refused where that is not its part."""
    identity = store.identity
    if model.REFERENCE:
        if identity.role != "hq":
            raise FieldappError(_("Only headquarters changes this list; it reaches the posts with the next reply."))
        return "*"
    if identity.post_id is None:
        raise FieldappError(_("Headquarters does not record activities: the posts do."))
    return identity.post_id


def _validate(store: Store, model: type[Record], data: Mapping[str, Any], on: date | None = None) -> Record:
    """The record, or FieldappError with a sentence for each field that is wrong."""
    shapes = {s.name: s for s in fields_of(model)}
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}
    aliases = {s.name.removesuffix("_id"): s.name for s in shapes.values() if s.ref}
    given = {aliases.get(k, k): v for k, v in data.items()}
    for name in given.keys() - shapes.keys():
        problems[clean(name)] = _("There is no such field.")
    if model.DATE and on is None:
        on = _maybe_date(given.get(model.DATE))
    for name, shape in shapes.items():
        if name not in given:
            continue
        try:
            values[name] = _read(store, shape, given[name], on)
        except ValueError as error:
            problems[name] = str(error)
    try:
        record = model.model_validate({k: v for k, v in values.items() if k not in problems})
    except pydantic.ValidationError as error:
        for detail in error.errors():
            name = str(detail["loc"][0]) if detail["loc"] else ""
            problems.setdefault(name, _pydantic_sentence(detail["type"], detail.get("ctx", {})))
        raise _refused(problems) from None
    if not problems:
        problems = {f: _(m) for f, m in record.rule_breaks()}
    if problems:
        raise _refused(problems)
    return record


def _pydantic_sentence(kind: str, context: Mapping[str, Any]) -> str:
    if kind in ("missing", "string_type", "date_type", "int_type") or (context.get("input") is None and "none" in kind):
        return _("This field is needed.")
    if kind == "string_too_long":
        return _("Too long: at most {n} characters.").format(n=context["max_length"])
    if kind == "string_too_short":
        return _("This field is needed.")
    if kind == "literal_error":
        return _("Choose one of: {choices}.").format(choices=context["expected"])
    if kind in ("greater_than_equal", "less_than_equal"):
        return _("Out of range.")
    return _("This cannot be understood.")


def _refused(problems: Mapping[str, str]) -> FieldappError:
    listed = "; ".join(f"{field}: {sentence}" for field, sentence in problems.items())
    return FieldappError(_("Not saved. {problems}").format(problems=listed), problems)


def _maybe_date(value: Any) -> date | None:
    try:
        return _read_date(value)
    except ValueError:
        return None


def _read_date(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise ValueError(_("A date is a text such as 05/11/2026."))
    return parse_date(value, date.today()) if clean(value) else None


def _read(store: Store, shape: FieldShape, value: Any, on: date | None) -> Any:
    """A value as given, in the form that the model checks; ValueError with a sentence."""
    if shape.type == "date":
        return _read_date(value)
    if shape.type == "ref" and value is not None:
        assert shape.ref is not None
        if not isinstance(value, str):
            raise ValueError(_("Name it by its id, code or name."))
        return _resolve(store, shape.ref, clean(value), on) if clean(value) else None
    if shape.type == "choice" and isinstance(value, str):
        return clean(value) or None
    if shape.type == "integer" and isinstance(value, str):
        return parse_amount(value) if clean(value) else None
    return value


def _resolve(store: Store, kind: str, text: str, on: date | None) -> str:
    """The id of the record of ``kind`` that ``text`` names: its id, its code, or its name."""
    if len(text) == 36 and store.value(f"SELECT 1 FROM {kind} WHERE id = ?", [text]):
        return text
    model = BY_KIND[kind]
    named = [s.name for s in fields_of(model) if s.name in ("code", "name", "full_name")]
    key = search_key(text)
    query = search.match(text)
    candidates = store.rows(f"SELECT * FROM {kind} WHERE code = ?", [text]) if "code" in named else []
    if not candidates and query:
        candidates = [
            row
            for row in store.rows(
                f"SELECT t.* FROM local_search s JOIN {kind} t ON t.id = s.row_id WHERE local_search MATCH ?", [query]
            )
            if any(search_key(row[f] or "") == key for f in named)
        ]
        exact = [row for row in candidates if any(clean(row[f] or "").casefold() == text.casefold() for f in named)]
        candidates = exact or candidates
    candidates = [row for row in candidates if row["voided_at"] is None]
    day = (on or date.today()).isoformat()
    if kind == "unit" and len(candidates) > 1:
        candidates = [
            row
            for row in candidates
            if (row["valid_from"] or "") <= day and (row["valid_to"] is None or day <= row["valid_to"])
        ] or candidates
    if len(candidates) == 1:
        found: str = candidates[0]["id"]
        return found
    if not candidates:
        raise ValueError(_("Not found: {text}.").format(text=text))
    listed = "; ".join(list(labels(store, kind, [row["id"] for row in candidates[:5]]).values()))
    raise ValueError(_("{text} names several: {listed}. Give the code or the id.").format(text=text, listed=listed))


def _fields(model: type[Record], row: Row) -> dict[str, Any]:
    values = {s.name: row[s.name] for s in fields_of(model)}
    for s in fields_of(model):
        if s.type == "boolean":
            values[s.name] = bool(values[s.name])
    return values


def _columns(record: Record) -> dict[str, Any]:
    values = record.model_dump(mode="json")
    return {k: int(v) if isinstance(v, bool) else v for k, v in values.items()}


def _write(store: Store, kind: str, record: Record, old: Row | None, scope: str) -> str:
    values = _columns(record)
    if old is not None:
        changed = {k: v for k, v in values.items() if v != old[k]}
        if changed:
            _update(store, kind, old["id"], changed)
        row_id: str = old["id"]
        return row_id
    row_id = str(uuid_utils.uuid7())
    full = {"id": row_id, "created_at": now(), "created_by": store.user, **values}
    if not type(record).REFERENCE:
        full["post_id"] = scope
    names = ", ".join(full)
    store.db.execute(f"INSERT INTO {kind} ({names}) VALUES ({', '.join('?' * len(full))})", list(full.values()))
    return row_id


def _update(store: Store, kind: str, row_id: str, values: Mapping[str, Any]) -> None:
    sets = ", ".join(f"{name} = ?" for name in values)
    store.db.execute(f"UPDATE {kind} SET {sets} WHERE id = ?", [*values.values(), row_id])


def _save_children(
    store: Store,
    name: str,
    child: Child,
    given: Any,
    parent_id: str,
    old: Sequence[Row],
    scope: str,
    on: date | None,
) -> None:
    """Make the rows of one sort under a parent those that are given: match by what they are about, void the rest."""
    if not isinstance(given, list) or not all(isinstance(item, Mapping) for item in given):
        raise _refused({name: _("A list of objects is expected here.")})
    kind = child.model.KIND
    about = _about(child)
    left: dict[tuple[Any, ...], list[Row]] = {}
    for row in old:  # a merge may have left two rows about the same
        left.setdefault(tuple(row[f] for f in about), []).append(row)
    seen: set[tuple[Any, ...]] = set()
    for number, item in enumerate(given):
        try:
            values = _child_amount(store, item) if child.editor == "measures" else dict(item)
            record = _validate(store, child.model, {**values, child.parent: parent_id}, on)
        except FieldappError as error:
            where = {f"{name}.{number}.{field}": sentence for field, sentence in error.fields.items()}
            raise _refused(where or {f"{name}.{number}": str(error)}) from None
        key = tuple(_columns(record)[f] for f in about)
        if key in seen:
            raise _refused({f"{name}.{number}": _("This is given twice.")})
        seen.add(key)
        same = left.get(key)
        _write(store, kind, record, same.pop(0) if same else None, scope)
    for row in (row for rows in left.values() for row in rows):
        _update(store, kind, row["id"], {"voided_at": now(), "void_reason": "removed from the form"})


def _about(child: Child) -> tuple[str, ...]:
    """The columns that say what a child row is about: two rows of one parent that agree in them are the same row."""
    return {
        "measures": ("measure_id",),
        "targets": ("target_type", "unit_id", "party_cell_id", "name"),
        "roster": ("member_id",),
    }[child.editor]


def _child_amount(store: Store, item: Mapping[str, Any]) -> dict[str, Any]:
    """Read an amount that is written as text by the decimals of its measure."""
    values = dict(item)
    amount = values.get("amount")
    if isinstance(amount, bool | float):
        raise _refused({"amount": _('Write the amount as a whole number or as text, such as "2.100" or "1,5".')})
    if isinstance(amount, str):
        try:
            measure = _resolve(store, "measure", clean(str(values.get("measure_id", values.get("measure", "")))), None)
            decimals = store.value("SELECT decimals FROM measure WHERE id = ?", [measure])
            values["amount"] = parse_amount(amount, decimals)
        except ValueError as error:
            raise _refused({"amount": str(error)}) from None
    return values


def _others(store: Store, kind: str, record: Record, row_id: str | None) -> list[Row]:
    """Rows that a rule across records compares with: those of the same member, for an introduction."""
    field = rules.COMPARED_BY.get(kind)
    if field is None:
        return []
    return store.rows(
        f"SELECT * FROM {kind} WHERE {field} = ? AND voided_at IS NULL AND id IS NOT ?",
        [getattr(record, field), row_id],
    )


def get(store: Store, row_id: str) -> Found:
    """A record by its id, whatever its kind."""
    for kind, model in BY_KIND.items():
        row = store.row(f"SELECT * FROM {kind} WHERE id = ?", [row_id])
        if row is not None:
            children = {
                name: store.rows(
                    f"SELECT * FROM {c.model.KIND} WHERE {c.parent} = ? AND voided_at IS NULL ORDER BY id", [row_id]
                )
                for name, c in model.CHILDREN.items()
            }
            return Found(kind, row, children)
    raise FieldappError(_("There is no record with the id {id}.").format(id=clean(row_id)))


def as_data(found: Found) -> dict[str, Any]:
    """A record in the form that ``save`` takes, ids for references."""
    model = BY_KIND[found.kind]
    data = _fields(model, found.row)
    for name, child in model.CHILDREN.items():
        data[name] = [
            {k: v for k, v in _fields(child.model, row).items() if k != child.parent and v is not None}
            for row in found.children[name]
        ]
    return data
