"""How much of what was recorded lately: the figures of the first screen."""

from datetime import date

from fieldapp.domain.records import RECORDS
from fieldapp.store.store import Store

MAX_KINDS = 6
"""More kinds do not fit below what must be done"""


def month_counts(store: Store, today: date) -> list[tuple[str, int]]:
    """(kind, its records of this month) of the kinds that the posts recorded most of, those without any left out.

    Read through the indexes on dates: a count of all there ever was would read the whole table.
    """
    first = today.replace(day=1).isoformat()
    found = []
    for model in RECORDS:
        if model.TOP and not model.REFERENCE:
            column = model.DATE or "created_at"
            sql = f"SELECT count(*) FROM {model.KIND} WHERE voided_at IS NULL AND {column} BETWEEN ? AND ?"
            found.append((model.KIND, store.value(sql, [first, f"{today.isoformat()}T~"])))
    return sorted((c for c in found if c[1]), key=lambda c: -c[1])[:MAX_KINDS]
