"""The shipped reference data without the communes of most provinces.

Most tests make replicas and copy them, fold them, and search them. They need all kinds of activity, measures and ethnic
groups, but the communes of the post's own province only. With these, a new replica is a quarter as large.
Tests that are about the shipped data ask for all of it by the fixture ``whole_baseline``.
"""

from collections.abc import Iterable, Iterator
from functools import cache

from fieldapp.store.baseline import BaselineChange, baseline_changes

PROVINCES = {"66", "54"}
"""Codes of Đắk Lắk, before and since 2025, and of Phú Yên, which is a part of it now"""


@cache
def whole() -> list[BaselineChange]:
    """All of it, computed once."""
    return list(baseline_changes())


@cache
def few() -> list[BaselineChange]:
    """All provinces, the units below those of ``PROVINCES``, and all that is no unit."""
    return list(_few(whole()))


def _few(changes: Iterable[BaselineChange]) -> Iterator[BaselineChange]:
    without_units: set[str] = set()
    left_out: set[str] = set()
    for change in changes:
        table, row_id, cols, is_new = change
        if table == "unit" and is_new:
            if cols["parent_id"] in without_units or cols["parent_id"] in left_out:
                left_out.add(row_id)
                continue
            if cols["level"] == "province" and cols["code"] not in PROVINCES:
                without_units.add(row_id)
        if row_id not in left_out and left_out.isdisjoint(value for value in cols.values() if isinstance(value, str)):
            yield change
