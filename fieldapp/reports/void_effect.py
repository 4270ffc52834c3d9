"""What a void changes in the reports: said before a record is voided, and before a void is taken back."""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import date

from fieldapp.domain.day_words import last_of_month
from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.i18n import _, counted
from fieldapp.records import hanging, records
from fieldapp.reports.figure_names import amount_in_words
from fieldapp.reports.figure_sql import by_source, with_facts
from fieldapp.reports.figures import Figure, before_and_after
from fieldapp.reports.narrative import HEADINGS
from fieldapp.reports.query import Period, Query
from fieldapp.reports.sources import SOURCES
from fieldapp.store import wall
from fieldapp.store.store import Store

MAX_PERIODS = 3
"""Most reports that are named: of months; where these are more, of years; otherwise one over all"""

MAX_FIGURES = 6
"""Most figures that are named, in all reports together: what is asked must fit on a small screen"""


def void_sentences(store: Store, kind: str, ids: Collection[str]) -> list[str]:
    """All that is said before some records of a kind are voided: what hangs on them, and which figures change."""
    return [*hanging.sentences(store, kind, ids), *figure_sentences(store, kind, ids, voided=True)]


def figure_sentences(store: Store, kind: str, ids: Collection[str], *, voided: bool) -> list[str]:
    """A sentence for each report whose figures change when some records of a kind are voided, or taken back:
    “Báo cáo tháng 11/2026: Lượt khám −185 lượt”."""
    if BY_KIND[kind].REFERENCE:  # goes out of use; what was counted still counts
        return []
    queries = [Query(period, today=wall.today()) for period in _periods(store, kind, ids)]
    found = []
    most = MAX_FIGURES // max(len(queries), 1)
    counted_both_ways = before_and_after(store, queries, records.as_if(store, kind, ids, voided=voided))
    for query, (one, other) in zip(queries, counted_both_ways, strict=True):
        changes = _changes(one, other)
        if changes:
            more = len(changes) - most
            unnamed = [counted("{n} more figure", "{n} more figures", more)] if more > 0 else []
            listed = "; ".join([*changes[:most], *unnamed])
            found.append(_("Report of {period}: {changes}.").format(period=query.period.title, changes=listed))
    return found


def _changes(before: Collection[Figure], after: Collection[Figure]) -> list[str]:
    """What changes from some figures to others: “Lượt khám −185 lượt”."""
    places = {(f.section, f.code, f.kind_id): f for f in (*after, *before)}
    now = {place: replace(f, value=0 if f.value is not None else None, in_words=[]) for place, f in places.items()}
    was = now | {(f.section, f.code, f.kind_id): f for f in before}
    now |= {(f.section, f.code, f.kind_id): f for f in after}
    changed = [place for place in places if _counted(was[place]) != _counted(now[place])]
    titles = Counter(places[place].title for place in changed)
    return [
        f"{_title(places[place], alone=titles[places[place].title] == 1)} {_change(was[place], now[place])}"
        for place in changed
    ]


def _counted(figure: Figure) -> tuple[int | None, list[str]]:
    return figure.value, figure.in_words


def _title(figure: Figure, *, alone: bool) -> str:
    """The title of a figure, with its section where another one has the same."""
    return figure.title if alone else f"{figure.title} ({_(HEADINGS[figure.section]).lower()})"


def _change(one: Figure, other: Figure) -> str:
    """“−185 lượt”; where words stand for a number: “hàng chục lượt → —”."""
    if one.in_words != other.in_words:
        return f"{one.text or '—'} → {other.text or '—'}"
    by = (other.value or 0) - (one.value or 0)
    return f"{'−' if by < 0 else '+'}{amount_in_words(abs(by), one.decimals, one.unit)}"


def _periods(store: Store, kind: str, ids: Collection[str]) -> list[Period]:
    """The reports in which some records of a kind count, with what leaves the figures with them: by months, where
    these are more than a few by years, otherwise one over all. What is in force today is seen in today's report."""
    days, years = _days(store, _leaving(store, kind, ids))
    months = {Period(day.replace(day=1), last_of_month(day)) for day in days if day.year not in years}
    if len(months) > MAX_PERIODS:
        months, years = set(), years | {day.year for day in days}
    found = months | {Period(date(year, 1, 1), date(year, 12, 31)) for year in years}
    if len(found) > MAX_PERIODS:
        found = {Period(min(p.first for p in found), max(p.last for p in found))}
    return sorted(found, key=lambda period: (period.first, period.last))


def _leaving(store: Store, kind: str, ids: Collection[str]) -> list[str]:
    """Some records of a kind, and those that count only together with them."""
    found = [*ids]
    for about in hanging.ABOUT_A_MEMBER if kind == "member" else ():
        named = f"SELECT id FROM {about} WHERE member_id IN (SELECT value FROM json_each(?)) AND voided_at IS NULL"
        found += [row["id"] for row in store.rows(named, [json.dumps([*hanging.whole(store, kind, ids)])])]
    return found


def _days(store: Store, ids: Collection[str]) -> tuple[set[date], set[int]]:
    """The days on which the facts of some records count, as the figures count them; and the years of ratings."""
    today = wall.today().isoformat()
    given = {"ids": json.dumps([*ids]), "today": today, "first": today, "last": today, "view": "then",
             "returned": "[]", "moved": "{}", "bodies": "{}"}  # fmt: skip
    among = "IN (SELECT value FROM json_each(:ids))"
    figures_on = "SELECT DISTINCT coalesce(v.measured_on, a.date_to, a.date_from) AS day FROM activity a"
    figures_on += f" JOIN activity_measure v ON v.activity_id = a.id AND v.voided_at IS NULL WHERE a.id {among}"
    days = {row["day"] for row in store.rows(figures_on, given)}
    years = set()
    for source, indicators in by_source():
        for when in {indicator.when for indicator in indicators}:
            on = "coalesce(f.last, f.first)"
            if when == "in_force":
                on = "max(f.first, min(coalesce(f.last, :today), :today))"
            facts = f"{with_facts(SOURCES[source])} SELECT DISTINCT f.kind, {on} AS day FROM facts f"
            for row in store.rows(f"{facts} WHERE f.record {among}", given):
                if any(shape.name == "year" for shape in fields_of(BY_KIND[row["kind"]])):
                    years.add(int(row["day"][:4]))
                else:
                    days.add(row["day"])
    return {date.fromisoformat(day) for day in days}, years
