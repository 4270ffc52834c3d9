"""Figures with a day of their own, where it lies outside of the days of their activity.

Such a figure counts on its own day all the same (``docs/counting-rules.md``, rule 6). It comes about where the days of
an activity are changed, or where two laptops changed the one and the other. On entry such figures are taken along, or
taken out (``parts``); what a merge leaves is listed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from fieldapp.domain.assistance import MEASURES, Activity
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record
from fieldapp.records.soft_limits import Question
from fieldapp.store.store import Row

OUTSIDE = "v.measured_on NOT BETWEEN a.date_from AND coalesce(a.date_to, a.date_from)"
"""SQL: the day of a figure ``v`` lies outside of its activity ``a``; NULL where it has none"""

UNASKED = f"""instr(char(10) || coalesce(a.confirmed, '') || char(10), char(10) || '{MEASURES}=' || a.date_from || '/'
    || coalesce(a.date_to, a.date_from) || char(10)) = 0"""
"""SQL: nobody was asked about the figures outside of these days of the activity ``a``"""


def unanswered_outside(record: Activity, old: Row, rows: Sequence[Row]) -> list[Row]:
    """The stored figures on days outside of a changed activity; none if a person has said that these days are right.

    An earlier version asked whether they stay: what was answered then holds while the days do.
    """
    if _answer(record) in (old["confirmed"] or "").split("\n"):
        return []
    return [row for row in rows if row["measured_on"] and not _is_inside(record, row["measured_on"])]


def outside_answered(record: Record, old: Row | None) -> Iterator[Question]:
    """The answer of an earlier version that figures stay outside of the days that the activity still has."""
    if isinstance(record, Activity) and old is not None and _answer(record) in (old["confirmed"] or "").split("\n"):
        yield Question(MEASURES, _answer(record).removeprefix(f"{MEASURES}="), "")


def _answer(record: Activity) -> str:
    return f"{MEASURES}={record.date_from}/{record.date_to or record.date_from}"


def _is_inside(record: Activity, day: str) -> bool:
    return record.date_from <= date.fromisoformat(day) <= (record.date_to or record.date_from)


def days_of_rows(rows: Sequence[Row]) -> dict[str, str]:
    """Id of a figure -> its day in words: “ (05/11/2026)”."""
    return {row["id"]: f" ({format_date(date.fromisoformat(row['measured_on']))})" for row in rows}


def shift_of(record: Record, old: Row | None) -> int:
    """The number of days by which the first day of an activity moves; 0 for other records and new ones."""
    if not isinstance(record, Activity) or old is None:
        return 0
    return (record.date_from - date.fromisoformat(old["date_from"])).days


def shifted(rows: Sequence[Mapping[str, Any]], days: int) -> list[dict[str, Any]]:
    """Figures as ``records.save`` takes them, those with a day of their own so many days later."""
    return [
        {**row, "measured_on": (date.fromisoformat(row["measured_on"]) + timedelta(days)).isoformat()}
        if row.get("measured_on")
        else dict(row)
        for row in rows
    ]
