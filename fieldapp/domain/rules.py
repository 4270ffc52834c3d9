"""Rules over several rows, checked on entry. After a merge, rows that break them are listed for a person to correct."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from fieldapp.domain.assistance import Activity, ActivityMeasure
from fieldapp.domain.model import Record
from fieldapp.domain.party import Introduction
from fieldapp.domain.reference import Unit

OVERLAP = "This member has an introduction in that time already: {other}. End it first."
SAME_CODE = "{other} has this code at the same time. End that unit first, or give another code."
TWICE = "This is recorded already: {other}."
ONE_OR_PARTS = "Give either one figure or one for each part."
DAY_OUTSIDE = "This day lies outside the activity."

ONE_AT_A_TIME: Mapping[type[Record], tuple[str, ...]] = {Introduction: ("member_id",), Unit: ("code",)}
"""Kinds of which only one record with the same values in these fields may be in force on a day, from the first to the
last day of ``Record.ORDERED``; records without these values are not compared"""


def compared_by(model: type[Record]) -> tuple[str, ...]:
    """The fields that select stored records to compare a new record with: those with the same values in them."""
    return ONE_AT_A_TIME.get(model, model.UNIQUE)


def across(record: Record, others: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(field, English message, the other row) for each rule that the record breaks together with another record.

    ``others``: stored rows with the same values in the fields ``compared_by``.
    """
    for other in others:
        if isinstance(record, Introduction):
            if overlap(record.date_from, record.date_to, other["date_from"], other["date_to"]):
                yield "date_from", OVERLAP, other
        elif isinstance(record, Unit):
            if record.code is not None and overlap(
                record.valid_from, record.valid_to, other["valid_from"], other["valid_to"]
            ):
                yield "code", SAME_CODE, other
        else:
            yield type(record).UNIQUE[-1], TWICE, other


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


def overlap(first: date | None, last: date | None, other_first: str | None, other_last: str | None) -> bool:
    """Whether two inclusive periods share a day; None as the beginning means always, as the end still in force."""
    ends_before = other_last is not None and first is not None and date.fromisoformat(other_last) < first
    begins_after = other_first is not None and last is not None and date.fromisoformat(other_first) > last
    return not (ends_before or begins_after)
