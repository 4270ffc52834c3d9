"""The query of a report: a period, an area, a post, and which units to use."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from fieldapp.domain.day_words import last_of_month
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import lists
from fieldapp.store import wall
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import clean

View = Literal["then", "now"]
"""``then``: units of the time; ``now``: today's units, by the succession table"""

PARTY_TERM = (date(2020, 1, 1), date(2025, 12, 31))
"""The party term 2020–2025"""


@dataclass(frozen=True)
class Period:
    """A first and a last day, both included."""

    first: date
    last: date

    @property
    def title(self) -> str:
        """“tháng 11/2026”, “quý IV/2026”, “6 tháng đầu năm 2026”, “năm 2026”, or its two days."""
        from fieldapp.domain.dates import format_date

        year, first, last = self.first.year, self.first.month, self.last.month
        whole = self.first.day == 1 and self.last.year == year and self.last == last_of_month(self.last)
        if whole and first == last:
            return _("month {month}/{year}").format(month=first, year=year)
        if whole and (first, last) in ((1, 3), (4, 6), (7, 9), (10, 12)):
            return _("quarter {quarter}/{year}").format(quarter=("I", "II", "III", "IV")[last // 3 - 1], year=year)
        if whole and (first, last) == (1, 6):
            return _("first half of {year}").format(year=year)
        if whole and (first, last) == (7, 12):
            return _("second half of {year}").format(year=year)
        if whole and (first, last) == (1, 12):
            return _("year {year}").format(year=year)
        if (self.first, self.last) == PARTY_TERM:
            return _("party term 2020–2025")
        if self.first == self.last:
            return _("day {day}").format(day=format_date(self.first))
        return _("from {first} to {last}").format(first=format_date(self.first), last=format_date(self.last))

    @property
    def when(self) -> str:
        """The period in a sentence: “trong quý IV/2026”, “từ ngày 01/11/2026 đến ngày 09/11/2026”."""
        return self.title if self.is_of_days else _("in {period}").format(period=self.title)

    @property
    def is_of_days(self) -> bool:
        """Whether the title is of its days: the period has no name."""
        from fieldapp.domain.dates import format_date

        return format_date(self.first) in self.title

    def months(self) -> list["Period"]:
        """The period, cut at the ends of months."""
        found, day = [], self.first
        while day <= self.last:
            end = min(last_of_month(day), self.last)
            found.append(Period(day, end))
            if end == self.last:  # perhaps the last day that there is
                break
            day = end + timedelta(days=1)
        return found

    def before(self) -> "Period":
        """The preceding period: as many months for whole months, else as many days; as far as there are years."""
        if self.first.day == 1 and self.last == last_of_month(self.last):
            n = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            at = max(self.first.year * 12 + self.first.month - 1 - n, date.min.year * 12)
            first = date(at // 12, at % 12 + 1, 1)
        else:
            days = (self.last - self.first).days + 1
            first = date.fromordinal(max(self.first.toordinal() - days, 1))
        return Period(first, self.first - timedelta(days=1))


def period_of(text: str, today: date) -> Period:
    """Read ``2026``, ``2026-11``, ``11/2026``, ``2026-Q4``, ``2026-H1`` or ``term``; FieldappError says what is
    expected."""
    import re

    typed = clean(text).upper()
    if typed == "TERM":
        return Period(*PARTY_TERM)
    typed = re.sub(r"^(\d\d?)/(\d{4})$", r"\2-\1", typed, flags=re.ASCII)
    found = re.fullmatch(r"((?:19|20)\d\d)(?:-(?:(0?[1-9]|1[0-2])|Q([1-4])|H([12])))?", typed, re.ASCII)
    if found is None:
        raise FieldappError(_("A period is written like 2026, 2026-11, 2026-Q4, 2026-H1 or term."))
    year = int(found[1])
    first, months = 1, 12
    if found[2]:
        first, months = int(found[2]), 1
    elif found[3]:
        first, months = int(found[3]) * 3 - 2, 3
    elif found[4]:
        first, months = int(found[4]) * 6 - 5, 6
    last = first + months - 1
    return Period(date(year, first, 1), last_of_month(date(year, last, 1)))


@dataclass(frozen=True)
class Query:
    """All that decides a report's figures besides the records."""

    period: Period
    unit: str | None = None
    """id or code; includes the units that belong to it"""
    post: str | None = None
    """id or code"""
    view: View = "then"
    today: date = field(default_factory=wall.today)

    def over(self, period: Period) -> "Query":
        """The same query over another period."""
        return replace(self, period=period)


def find_post(store: Store, query: Query) -> Row | None:
    """The post that a query is narrowed to; None where it names none. FieldappError where there is no such post."""
    if query.post is None:
        return None
    return lists.post_named(store, query.post)
