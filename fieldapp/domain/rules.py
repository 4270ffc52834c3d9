"""Rules over several rows, checked on entry. After a merge, rows that break them are listed for a person to correct."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from fieldapp.domain.assistance import Activity, ActivityMeasure
from fieldapp.domain.model import Record
from fieldapp.domain.party import Introduction

OVERLAP = "This member has an introduction in that time already: {other}. End it first."
TWICE = "This is recorded already: {other}."
ONE_OR_PARTS = "Give either one figure or one for each part."
DAY_OUTSIDE = "This day lies outside the activity."


def compared_by(model: type[Record]) -> tuple[str, ...]:
    """The fields that select stored records to compare a new record with: those with the same values in them."""
    return ("member_id",) if model is Introduction else model.UNIQUE


def across(record: Record, others: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(field, English message, the other row) for each rule that the record breaks together with another record.

    ``others``: stored rows with the same values in the fields ``compared_by``.
    """
    for other in others:
        if not isinstance(record, Introduction):
            yield type(record).UNIQUE[-1], TWICE, other
        elif overlap(record.date_from, record.date_to, other["date_from"], other["date_to"]):
            yield "date_from", OVERLAP, other


def within(record: Record, row: Record, rows: Sequence[Record], *, stored: bool) -> str | None:
    """The English message of the rule that a child row breaks together with its record and its other rows, or None.

    ``stored``: the row was there with its day; whether that may lie outside of an activity is asked, not refused.
    """
    if not isinstance(record, Activity) or not isinstance(row, ActivityMeasure):
        return None
    if row.measured_on is None:
        dated = (o for o in rows if isinstance(o, ActivityMeasure) and o.measure_id == row.measure_id and o.measured_on)
        return ONE_OR_PARTS if any(dated) else None
    if not stored and not record.date_from <= row.measured_on <= (record.date_to or record.date_from):
        return DAY_OUTSIDE
    return None


def overlap(first: date, last: date | None, other_first: str, other_last: str | None) -> bool:
    """Whether two inclusive periods share a day; None as the end means still in force."""
    ends_before = other_last is not None and date.fromisoformat(other_last) < first
    begins_after = last is not None and date.fromisoformat(other_first) > last
    return not (ends_before or begins_after)
