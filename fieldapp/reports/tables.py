"""Figures side by side: by month, post, commune, kind, event or ethnic group, with the whole in the last column."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fieldapp.i18n import _
from fieldapp.reports.figures import Figure, Group, figures, grouped
from fieldapp.reports.query import Query
from fieldapp.store import words
from fieldapp.store.store import Store

By = Group | Literal["month"]

KINDS: dict[Group, str] = {
    "post": "post",
    "commune": "unit",
    "kind": "activity_kind",
    "event": "event",
    "ethnic_group": "ethnic_group",
}
"""What the parts of a group are records of."""


@dataclass(frozen=True)
class Line:
    """One figure over all parts."""

    figure: Figure
    """of the whole"""
    parts: list[Figure | None]
    """one for each part, None where it has nothing"""

    @property
    def differs(self) -> bool:
        """Whether the parts do not add up to the whole, as where one body occurs in several of them."""
        return sum(p.value or 0 for p in self.parts if p is not None) != (self.figure.value or 0)


@dataclass(frozen=True)
class Table:
    """Lines of figures under the titles of the parts."""

    titles: list[str]
    lines: list[Line]


def table(store: Store, query: Query, by: By) -> Table:
    """The figures of a query, split."""
    whole = figures(store, query)
    if by == "month":
        months = query.period.months()
        titles = [f"{m.first.month}/{m.first.year}" for m in months]
        return Table(titles, _lines(whole, [figures(store, query.over(m)) for m in months]))
    parts = grouped(store, query, by)
    named = words.labels(store, KINDS[by], [key for key in parts if key is not None], short=True)
    keys = sorted((key for key in parts if key is not None), key=lambda key: (named[key], key))
    titles = [named[key] for key in keys]
    if None in parts:
        titles.append(_("not assigned") if by == "commune" else _("not said"))
    return Table(titles, _lines(whole, [parts[key] for key in [*keys, *([None] if None in parts else [])]]))


def _lines(whole: Iterable[Figure], parts: list[list[Figure]]) -> list[Line]:
    found = [{(f.section, f.code): f for f in part} for part in parts]
    return [Line(f, [part.get((f.section, f.code)) for part in found]) for f in whole]
