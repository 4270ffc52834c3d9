"""Which period is meant: one of a list, or any that is typed."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import ClassVar

from fieldapp.domain.day_words import last_of_month
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.reports.query import PARTY_TERM, Period, period_of
from fieldapp.store import wall
from fieldapp.tui.screens.finder import Finder, Group
from fieldapp.vietnamese.text import tidy

OFFERED = {1: 12, 3: 4, 6: 2, 12: 5}
"""Months of a period -> how many of these are offered, the newest first"""


class PeriodFinder(Finder):
    """Periods, and what else may be chosen beside them; any period may be typed, and comes first."""

    HELP = "Type a month such as 10/2026, a year, or a word such as “quarter 3”. Enter takes the line."
    ASKS: ClassVar[str] = "such as: 10/2026, quarter 3, 2025"

    def __init__(self, title: str, groups: Sequence[Group]) -> None:
        quarters = [p for _h, lines in groups for p, _t in lines if isinstance(p, Period) and len(p.months()) == 3]
        said = _("quarter {quarter}/{year}")  # with digits, as they are typed
        also_called = {p: said.format(quarter=p.last.month // 3, year=p.last.year) for p in quarters}
        super().__init__(title, groups, also_called)

    def groups(self, typed: str) -> Sequence[Group]:
        """The period that is typed comes first; each is found by its two numbers, too."""
        try:
            period = period_of(typed, wall.today())
        except FieldappError:
            return self._groups
        return [("", [(period, f"{period.title} ({tidy(typed)})")]), *self._groups]


def periods_to_report(today: date) -> list[Group]:
    """The month, quarter, half-year and year that a day is in, each with those before it; and the party term."""
    headings = {1: _("Months"), 3: _("Quarters"), 6: _("Half-years"), 12: _("Years")}
    term = Period(*PARTY_TERM)
    return [
        *(
            (headings[months], [(p, p.title) for p in _back(today, months, number)])
            for months, number in OFFERED.items()
        ),
        (_("Term"), [(term, term.title)]),
    ]


def months_from(year: int, month: int, months: int) -> Period:
    """The period of so many months from this one on; months 0 and 13 are those beside the year."""
    first = year * 12 + month - 1
    last = first + months - 1
    return Period(date(first // 12, first % 12 + 1, 1), last_of_month(date(last // 12, last % 12 + 1, 1)))


def _back(today: date, months: int, number: int) -> Iterator[Period]:
    begun = (today.month - 1) // months * months + 1
    return (months_from(today.year, begun - at * months, months) for at in range(number))
