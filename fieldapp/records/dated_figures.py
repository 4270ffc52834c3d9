"""Figures with a day of their own, where it lies outside of the days of their activity.

Such a figure counts on its own day all the same (``docs/counting-rules.md``, rule 6). It comes about where the days of
an activity are changed, or where two laptops changed the one and the other. On entry the person is asked, and the
answer is stored with the activity, for these days of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from fieldapp.domain.assistance import Activity
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record
from fieldapp.i18n import _, counted
from fieldapp.records.reading import ChildRow
from fieldapp.records.soft_limits import Question
from fieldapp.store.store import Row

FIELD = "measures"
"""The part of an activity that the question is about"""

OUTSIDE = "v.measured_on NOT BETWEEN a.date_from AND coalesce(a.date_to, a.date_from)"
"""SQL: the day of a figure ``v`` lies outside of its activity ``a``; NULL where it has none"""

UNASKED = f"""instr(char(10) || coalesce(a.confirmed, '') || char(10), char(10) || '{FIELD}=' || a.date_from || '/'
    || coalesce(a.date_to, a.date_from) || char(10)) = 0"""
"""SQL: nobody was asked about the figures outside of these days of the activity ``a``"""


def outside_questions(
    record: Record, old: Sequence[Row] | None, given: Sequence[ChildRow] | None
) -> Iterator[Question]:
    """The question about the stored figures that a changed activity keeps on days outside of it.

    ``old``: the stored rows of the activity, None for a new one. ``given``: the rows that it gets; None: the stored
    ones.
    """
    if not isinstance(record, Activity) or old is None:
        return
    kept = [r.old for r in given if r.old is not None] if given is not None else old
    last = record.date_to or record.date_from
    days = sorted(date.fromisoformat(row["measured_on"]) for row in kept if row["measured_on"])
    outside = [day for day in days if not record.date_from <= day <= last]
    if outside:
        sentence = _("{figures} would count on days outside of the activity ({days}). Leave it so?").format(
            figures=counted("{n} figure", "{n} figures", len(outside)),
            days=", ".join(map(format_date, dict.fromkeys(outside))),
        )
        yield Question(FIELD, f"{record.date_from}/{last}", sentence)


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
