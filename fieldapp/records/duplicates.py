"""Possible duplicates: ask once about a new record that looks like a stored one, before it counts twice."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldapp.domain.assistance import ActivityMeasure
from fieldapp.domain.model import Record
from fieldapp.i18n import _
from fieldapp.records.reading import columns_of
from fieldapp.records.soft_limits import Question
from fieldapp.records.words import labels
from fieldapp.store.store import Row, Store


def duplicate_question(store: Store, record: Record, children: Mapping[str, Sequence[Any]]) -> Question | None:
    """The question about a new record that may be a duplicate; None if there is no such question.

    The record may be a duplicate if a stored record has the same values in the fields ``ALIKE`` of the model, and an
    amount in common. Models without ``ALIKE`` give no question.
    """
    model = type(record)
    if not model.ALIKE:
        return None
    amounts = {
        (c.record.measure_id, c.record.amount)
        for c in children.get("measures", ())
        if isinstance(c.record, ActivityMeasure) and c.record.amount is not None
    }
    for row in possible_duplicates(store, model, columns_of(record)):
        if not _shares_amount(store, row, amounts):
            continue
        name = labels(store, model.KIND, [row["id"]])[row["id"]]
        sentence = _("{by} recorded the same already: {name}. Is this another one?")
        return Question("", row["id"], sentence.format(by=row["created_by"], name=name))
    return None


def possible_duplicates(store: Store, model: type[Record], columns: Mapping[str, Any]) -> Iterator[Row]:
    """The stored records that have the same values as ``columns`` in the fields ``ALIKE`` of the model, newest first.

    Models without ``ALIKE``: in the fields of the label and the day.
    """
    fields = model.ALIKE or [*dict.fromkeys([*model.LABEL, *([model.DATE] if model.DATE else [])])]
    same = " AND ".join(f"r.{field} IS ?" for field in fields)
    rows = store.rows(
        f"SELECT r.* FROM {model.KIND} r WHERE {same} AND r.voided_at IS NULL ORDER BY r.id DESC",
        [columns[field] for field in fields],
    )
    return (row for row in rows if not _is_told_apart(columns, row, model))


def _is_told_apart(columns: Mapping[str, Any], row: Row, model: type[Record]) -> bool:
    """Whether both have a value, and not the same one, in a field that distinguishes records of one day and place."""
    return any(
        columns[field] is not None and row[field] is not None and columns[field] != row[field] for field in model.APART
    )


def _shares_amount(store: Store, row: Row, amounts: set[tuple[str, int]]) -> bool:
    """Whether both have the same amount of a measure, or neither has any amount."""
    stored = store.rows(
        "SELECT measure_id, amount FROM activity_measure"
        " WHERE activity_id = ? AND voided_at IS NULL AND amount IS NOT NULL",
        [row["id"]],
    )
    return any((v["measure_id"], v["amount"]) in amounts for v in stored) or not (amounts or stored)
