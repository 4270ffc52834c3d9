"""The figures of the first screen: how many records of each kind there are in this month and the one before, and the
plans in force."""

import json
from datetime import date, timedelta

from msgspec import Struct

from fieldapp.domain.day_words import last_of_month
from fieldapp.domain.records import RECORDS
from fieldapp.records import reviews
from fieldapp.records.kinds import day_sql
from fieldapp.store.store import Row, Store

MAX_KINDS = 6
"""Most kinds that fit below the list of things to do"""


class MonthCount(Struct, frozen=True):
    """How many records of a kind are about this month, the one before, and later ones, as an introduction that begins
    later. In the first days of a month people record what was done in the last one, and look for it here."""

    kind: str
    number: int
    before: int = 0
    later: int = 0
    returned: int = 0
    """of both months, what headquarters returned and nothing was done about yet: no report counts it"""


def month_counts(store: Store, today: date) -> list[MonthCount]:
    """The kinds with most records of these two months or later; kinds without any are left out.

    This uses the indexes on dates: to count all records ever would read the whole table.
    """
    first, last, returned = today.replace(day=1), last_of_month(today), reviews.returned_records(store)
    begin = month_before(today)
    found = []
    for model in RECORDS:
        if model.TOP and not model.REFERENCE:
            day = day_sql(model, "r")
            (row,) = store.rows(
                f"SELECT count(*) AS number, coalesce(sum({day} > ?), 0) AS later,"
                f" coalesce(sum({day} < ?), 0) AS before FROM {model.KIND} r"
                f" WHERE r.voided_at IS NULL AND r.{model.DATE or 'created_at'} >= ? AND {day} >= ?",
                [when.isoformat() for when in (last, first, begin - timedelta(1), begin)],
            )
            later = row["later"] if model.DATE else 0
            among = json.dumps([review.record for review in returned if review.kind == model.KIND])
            sent_back = store.value(
                f"SELECT count(*) FROM {model.KIND} r WHERE r.id IN (SELECT value FROM json_each(?))"
                f" AND {day} BETWEEN ? AND ?",
                [among, begin.isoformat(), last.isoformat()],
            )
            found.append(MonthCount(model.KIND, row["number"] - row["before"] - later, row["before"], later, sent_back))
    some = (c for c in found if c.number or c.before or c.later)
    return sorted(some, key=lambda c: (-c.number - c.before, -c.later))[:MAX_KINDS]


def month_before(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - timedelta(1)).replace(day=1)


def plans_on(store: Store, day: date) -> list[Row]:
    """The plans of this post that are in force on a day; at headquarters, those for all posts together."""
    return store.rows(
        "SELECT * FROM plan WHERE voided_at IS NULL AND date_from <= ? AND ? <= date_to AND for_post_id IS ?"
        " ORDER BY date_to, id",
        [day.isoformat(), day.isoformat(), store.identity.post_id],
    )
