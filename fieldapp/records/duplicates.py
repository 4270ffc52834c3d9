"""Possible duplicates: ask once about a new record that looks like a stored one, before it counts twice."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from fieldapp.domain import rules
from fieldapp.domain.assistance import MEASURES, Activity, ActivityMeasure
from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.party import Introduction, Member
from fieldapp.domain.records import PARENTS
from fieldapp.domain.reference import Unit
from fieldapp.i18n import _
from fieldapp.records import naming, persons
from fieldapp.records.parts import of_kind
from fieldapp.records.reading import columns_of
from fieldapp.records.soft_limits import Question
from fieldapp.records.words import labels
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key


def duplicate_question(
    store: Store, record: Record, children: Mapping[str, Sequence[Any]], voided: Row | None
) -> Question | None:
    """The question about a record that may be a duplicate; None if there is no such question.

    ``voided``: the stored row of one whose void is taken back, with its stored figures; others are new.

    The record may be a duplicate if a stored record has the same values in the fields ``ALIKE`` of the model, or else
    in those of its label and its day, and an amount in common. Two that rules compare are refused, not asked about.
    """
    model = type(record)
    if model.UNIQUE:
        return None
    amounts = _amounts(store, voided["id"]) if voided else {
        (c.record.measure_id, c.record.amount)
        for c in children.get(MEASURES, ())
        if isinstance(c.record, ActivityMeasure) and c.record.amount is not None
    }  # fmt: skip
    for row in possible_duplicates(store, model, columns_of(record)):
        stored = _amounts(store, row["id"])
        if amounts.isdisjoint(stored) and (amounts or stored):
            continue
        stays = persons.who_stays(store, model.KIND, [row["id"]])[0]
        name = labels(store, model.KIND, [stays])[stays]
        sentence = _("{by} recorded the same already: {name}. Is this another one?")
        if model is Member:
            sentence = _("{by} recorded {name} already. Is this another person?")
        yes = _("it is another person") if model is Member else _("it is another one")
        return Question("", stays, sentence.format(by=row["created_by"], name=name), yes)
    return None


def possible_duplicates(store: Store, model: type[Record], columns: Mapping[str, Any]) -> Iterator[Row]:
    """The stored records that have the same values as ``columns`` in the fields ``ALIKE`` of the model, newest first.

    Models without ``ALIKE``: in the fields of the label and the day. Capitals, tones and marks make no difference, nor
    does a rank before a member's name.
    """
    fields = _alike_fields(model)
    same = " AND ".join(f"{_compared(model, f, f'r.{f}')} IS {_compared(model, f, '?')}" for f in fields)
    given = [columns[field] for field in fields]
    if model is Member:
        same = f"({same} OR r.id IN (SELECT value FROM json_each(?))) AND r.id NOT IN {persons.OUT_OF_USE}"
        given.append(json.dumps(naming.with_this_name(store, Member.KIND, columns["full_name"])))
    rows = store.rows(f"SELECT r.* FROM {model.KIND} r WHERE {same} AND r.voided_at IS NULL ORDER BY r.id DESC", given)
    return (row for row in rows if not _are_told_apart(model, model.APART, columns, row))


def voided_alike(store: Store, model: type[Record], ids: Collection[str]) -> list[list[Row]]:
    """Voided rows of a kind, together with all voided rows of their post that have the same values in the fields by
    which two rows are taken for one: a list for each such set. ``may_be_the_same`` says which of a set are a pair."""
    fields = _sameness(model)[0] if model.REFERENCE else (*_sameness(model)[0], "post_id")
    same = " AND ".join(f"{_compared(model, field, f'r.{field}')} IS s.{field}" for field in fields)
    rows = store.rows(
        f"SELECT r.* FROM (SELECT DISTINCT {', '.join(f'{_compared(model, f, f)} AS {f}' for f in fields)}"
        f" FROM {model.KIND} WHERE id IN (SELECT value FROM json_each(?)) AND voided_at IS NOT NULL) s"
        f" CROSS JOIN {model.KIND} r ON r.voided_at IS NOT NULL AND {same} ORDER BY r.id",
        [json.dumps(sorted(ids))],
    )
    sets: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        sets.setdefault(tuple(_key(model, field, row[field]) for field in fields), []).append(row)
    return list(sets.values())


def voided_elsewhere(store: Store, ids: Collection[str]) -> dict[str, list[str]]:
    """Voided activity -> the voided ones of other posts that may be the same deed.

    They are of one kind and joint reference, on days that overlap or touch (as in the counting rules), or have the same
    values in the fields ``ALIKE``. Events are each post's own, and tell nothing apart.
    """
    fields, (apart, *_others) = Activity.ALIKE, Activity.APART
    same = " AND ".join(f"{_compared(Activity, f, f'b.{f}')} IS {_compared(Activity, f, f'a.{f}')}" for f in fields)
    one, other = (_compared(Activity, apart, f"{row}.{apart}") for row in "ab")
    rows = store.rows(
        "WITH a AS MATERIALIZED (SELECT * FROM activity WHERE id IN (SELECT value FROM json_each(?))"
        " AND voided_at IS NOT NULL), joint AS MATERIALIZED (SELECT * FROM activity"
        " WHERE joint_reference IS NOT NULL AND voided_at IS NOT NULL AND EXISTS (SELECT 1 FROM a))"
        f" SELECT a.id AS one, b.id AS other FROM a CROSS JOIN activity b ON {same}"
        " WHERE b.voided_at IS NOT NULL AND b.post_id <> a.post_id"
        f" AND ({one} IS {other} OR a.{apart} IS NULL OR b.{apart} IS NULL)"
        " AND (a.joint_reference IS NULL OR b.joint_reference IS NULL"
        " OR plain(a.joint_reference) = plain(b.joint_reference))"
        " UNION SELECT a.id, b.id FROM a CROSS JOIN joint b ON b.activity_kind_id = a.activity_kind_id"
        " AND plain(b.joint_reference) = plain(a.joint_reference) WHERE b.post_id <> a.post_id"
        " AND b.date_from <= date(coalesce(a.date_to, a.date_from), '+1 day')"
        " AND a.date_from <= date(coalesce(b.date_to, b.date_from), '+1 day') ORDER BY one, other",
        [json.dumps(sorted(ids))],
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["one"], []).append(row["other"])
    return found


def may_be_the_same(model: type[Record], one: Row, other: Row) -> bool:
    """Whether two rows of a set of ``voided_alike`` may be one thing that was recorded twice."""
    if model is Introduction:
        last = one["date_to"] and date.fromisoformat(one["date_to"])
        return rules.overlap(date.fromisoformat(one["date_from"]), last, other["date_from"], other["date_to"])
    return not _are_told_apart(model, _sameness(model)[1], one, other)


def _sameness(model: type[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(the fields in which two rows for one thing are equal, the fields that tell them apart where both are filled)."""
    if model.KIND in PARENTS:
        _parent, child = PARENTS[model.KIND]
        if child.editor == "measures":  # a part of a figure has its own day
            return (child.parent, "measure_id"), ("measured_on",)
        return (child.parent, *child.about), ()
    if model is Unit:  # two that are not the same may have had one code, or rightly have none
        return _alike_fields(model), model.APART
    return rules.compared_by(model) or _alike_fields(model), model.APART


def _alike_fields(model: type[Record]) -> tuple[str, ...]:
    return model.ALIKE or tuple(dict.fromkeys([*model.LABEL, *([model.DATE] if model.DATE else [])]))


def _compared(model: type[Record], field: str, sql: str) -> str:
    """SQL in which values of a field are compared; ``sql`` is one."""
    return f"plain({sql})" if field in _texts(model) else sql


def _key(model: type[Record], field: str, value: Any) -> Any:
    """What ``_compared`` makes of a value."""
    return search_key(value) if value is not None and field in _texts(model) else value


def _texts(model: type[Record]) -> Collection[str]:
    return {shape.name for shape in fields_of(model) if shape.type == "text"}


def _are_told_apart(
    model: type[Record], fields: Sequence[str], one: Mapping[str, Any], other: Mapping[str, Any]
) -> bool:
    """Whether both have a value, and not the same one, in a field that distinguishes what is equal otherwise."""
    return any(None not in (one[f], other[f]) and _key(model, f, one[f]) != _key(model, f, other[f]) for f in fields)


def _amounts(store: Store, activity_id: str) -> set[tuple[str, int]]:
    """(measure, amount) of the figures of an activity that count."""
    rows = store.rows(
        "SELECT v.measure_id, v.amount FROM activity_measure v JOIN activity a ON a.id = v.activity_id"
        f" WHERE a.id = ? AND v.voided_at IS NULL AND v.amount IS NOT NULL AND {of_kind('v', 'a')}",
        [activity_id],
    )
    return {(row["measure_id"], row["amount"]) for row in rows}
