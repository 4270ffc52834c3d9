"""Figures side by side: by month, post, commune, kind, event or ethnic group, with the whole in the last column."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from msgspec import Struct

from fieldapp.i18n import _
from fieldapp.records import words
from fieldapp.reports.figure_sql import Group
from fieldapp.reports.figures import Figure, Part, figures, grouped
from fieldapp.reports.query import Query
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import sort_key

By = Group | Literal["month"]

KINDS: dict[Group, str] = {
    "post": "post",
    "commune": "unit",
    "kind": "activity_kind",
    "event": "event",
    "ethnic_group": "ethnic_group",
}
"""Group -> the kind of record that its parts are."""


TITLES: dict[By, str] = {
    "month": "By month",
    "post": "By post",
    "commune": "By commune",
    "kind": "By kind of activity",
    "event": "By event",
    "ethnic_group": "By ethnic group",
}


class FigureLine(Struct, frozen=True):
    """One figure over all parts."""

    figure: Figure
    """the figure of the whole"""
    parts: list[Figure | None]
    """one for each part, None where it has nothing"""

    @property
    def differs(self) -> bool:
        """Whether the parts do not add up to the whole, for example where one body occurs in several of them."""
        return sum(p.value or 0 for p in self.parts if p is not None) != (self.figure.value or 0)


class FigureTable(Struct, frozen=True):
    """Lines of figures under the titles of the parts."""

    titles: list[str]
    lines: list[FigureLine]

    @property
    def shared(self) -> bool:
        """Whether a figure in it has a star: it counts once in the whole together with those of others."""
        return any(p.shared for line in self.lines for p in (*line.parts, line.figure) if p is not None)


class SplitPart(Struct, frozen=True):
    """One part of a split, with its figures. ``query`` and ``part`` find the records behind them."""

    title: str
    query: Query
    part: Part | None
    figures: list[Figure]


def split_parts(store: Store, query: Query, by: By) -> list[SplitPart]:
    """The figures of each part: months in their order, others by name, records that belong to no part last."""
    if by == "month":
        return [
            SplitPart(f"{m.first.month}/{m.first.year}", query.over(m), None, figures(store, query.over(m)))
            for m in query.period.months()
        ]
    parts = grouped(store, query, by)
    by_id = [key for key in parts if key is not None]
    named = words.post_names(store) if by == "post" else words.labels(store, KINDS[by], by_id, short=True)
    keys = sorted(by_id, key=lambda key: (sort_key(named[key]), key))
    found = [SplitPart(named[key], query, (by, key), parts[key]) for key in keys]
    if None in parts:
        title = _("not assigned") if by == "commune" else _("not stated")
        found.append(SplitPart(title, query, (by, None), parts[None]))
    return found


def table(store: Store, query: Query, by: By) -> FigureTable:
    """The figures of a query, split into parts."""
    found = split_parts(store, query, by)
    return FigureTable([p.title for p in found], _lines(figures(store, query), [p.figures for p in found]))


def _lines(whole: Sequence[Figure], parts: list[list[Figure]]) -> list[FigureLine]:
    """A line for each figure of the whole, and for those of which only parts have something: a matter that was open at
    the end of a month, and is not at that of the year."""
    found = [{_key(f): f for f in part} for part in parts]
    there = {_key(f) for f in whole}
    nothing: dict[str, Any] = {"value": 0, "count": 0, "approximate": False, "in_words": []}
    only = {_key(f): replace(f, **nothing) for part in parts for f in part if _key(f) not in there}
    return [FigureLine(f, [part.get(_key(f)) for part in found]) for f in (*whole, *only.values())]


def _key(figure: Figure) -> tuple[str, str]:
    return figure.section, figure.code
