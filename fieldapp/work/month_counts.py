"""The figures of the first screen: how many records of each kind there are in this month, and the plans in force."""

from datetime import date

from fieldapp.domain.records import RECORDS
from fieldapp.store.store import Row, Store

MAX_KINDS = 6
"""Most kinds that fit below the list of things to do"""


def month_counts(store: Store, today: date) -> list[tuple[str, int]]:
    """(kind, number of its records in this month) for the kinds with most records; kinds without any are left out.

    This uses the indexes on dates: to count all records ever would read the whole table.
    """
    first = today.replace(day=1).isoformat()
    found = []
    for model in RECORDS:
        if model.TOP and not model.REFERENCE:
            column = model.DATE or "created_at"
            sql = f"SELECT count(*) FROM {model.KIND} WHERE voided_at IS NULL AND {column} BETWEEN ? AND ?"
            found.append((model.KIND, store.value(sql, [first, f"{today.isoformat()}T~"])))
    return sorted((c for c in found if c[1]), key=lambda c: -c[1])[:MAX_KINDS]


def plans_on(store: Store, day: date) -> list[Row]:
    """The plans of this post that are in force on a day; at headquarters, those for all posts together."""
    return store.rows(
        "SELECT * FROM plan WHERE voided_at IS NULL AND date_from <= ? AND ? <= date_to AND for_post_id IS ?"
        " ORDER BY date_to, id",
        [day.isoformat(), day.isoformat(), store.identity.post_id],
    )
