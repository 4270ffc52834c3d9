"""The plans of all posts side by side: planned, done, percent, and what the period will come to at this pace."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.indicators import BY_CODE
from fieldapp.i18n import _, counted
from fieldapp.records.plans import ALL_POSTS, Aim, AimWords, PlanCell, aim_words, stored_plans
from fieldapp.reports.figure_names import amount_in_words, once
from fieldapp.reports.figures import Figure, figures, grouped
from fieldapp.reports.query import Period, Query
from fieldapp.store.store import Store


@dataclass(frozen=True)
class PlanState:
    """One target of one post, and what became of it. Amounts are in units of 10^-decimals."""

    target: int | None
    """None: there is no plan"""
    done: Figure
    """its ``value`` is None where no record gives a number: unknown is not zero"""
    elapsed: int
    """days of the period that have begun; 0 before it"""
    days: int
    """days of the period"""
    steady: bool
    """whether the amount grows with the days; what is in force, or counts each thing once, does not"""

    @property
    def percent(self) -> int | None:
        """Percent of the target, rounded down: 99 is not done. None where either is unknown."""
        return self._share(self.done.value)

    @property
    def forecast(self) -> int | None:
        """What the whole period comes to if it goes on as up to today, rounded half up; None where nobody can say."""
        if self.done.value is None or not self.elapsed:
            return None
        if self.elapsed == self.days:
            return self.done.value
        return (2 * self.done.value * self.days + self.elapsed) // (2 * self.elapsed) if self.steady else None

    @property
    def forecast_percent(self) -> int | None:
        """Percent of the target that the forecast is, rounded down."""
        return self._share(self.forecast)

    def _share(self, value: int | None) -> int | None:
        return None if value is None or self.target is None else value * 100 // self.target

    @property
    def done_text(self) -> str:
        """“722”, “~70”, “12+” where some records give words besides, “–” where none gives a number."""
        if self.done.value is None:
            return "–"
        sign = "~" if self.done.approximate else ""
        return f"{sign}{format_amount(self.done.value, self.done.decimals)}{'+' if self.done.in_words else ''}"

    def sentences(self) -> list[str]:
        """The state in words: plan, done, and the forecast with how it is made."""
        planned = _("none") if self.target is None else self.in_words(self.target)
        done = self.done.text or _("no record gives a number")
        share = "" if self.percent is None else f" ({self.percent}%)"
        return [f"{_('Planned')}: {planned} · {_('Done so far')}: {done}{share}", self._forecast_words()]

    def _forecast_words(self) -> str:
        if not self.elapsed:
            return _("Forecast: none, the period has not begun.")
        if self.done.value is None:
            return _("Forecast: none yet. How much was done is unknown, and that is not zero.")
        if self.elapsed == self.days:
            return _("The period is over.")
        if self.forecast is None:
            return _("Forecast: none, this figure does not grow from day to day.")
        share = "" if self.forecast_percent is None else f" ({self.forecast_percent}%)"
        least = _("at least {amount}") if self.done.in_words else "{amount}"
        return _("Forecast: {amount}{share} by the end, if it goes on as in the first {elapsed} of {days}.").format(
            amount=least.format(amount=self.in_words(self.forecast)),
            share=share,
            elapsed=self.elapsed,
            days=counted("{n} day", "{n} days", self.days),
        )

    def in_words(self, value: int | None) -> str:
        """“800 ngày công”; “–” for what is not known."""
        return "–" if value is None else amount_in_words(value, self.done.decimals, self.done.unit)


@dataclass(frozen=True)
class PlanTable:
    """The states of all cells of a period."""

    period: Period
    posts: Sequence[tuple[str | None, str]]
    """(id, name), first all posts together: None"""
    columns: Sequence[tuple[Aim, AimWords]]
    states: Mapping[PlanCell, PlanState]

    def planned_by_posts(self, aim: Aim) -> int | None:
        """The sum of the posts' own targets; None where no post has one."""
        own = [self.states[PlanCell(post, aim)].target for post, _name in self.posts if post is not None]
        given = [target for target in own if target is not None]
        return sum(given) if given else None

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            "cells": [
                {
                    "post_id": post,
                    "post": name,
                    "measure_id": aim.measure_id,
                    "activity_kind_id": aim.kind_id,
                    "indicator": aim.indicator,
                    "title": words.title,
                    "unit": words.unit,
                    "decimals": words.decimals,
                    "target": state.target,
                    "done": state.done.value,
                    "approximate": state.done.approximate,
                    "in_words": state.done.in_words,
                    "percent": state.percent,
                    "forecast": state.forecast,
                    "forecast_percent": state.forecast_percent,
                }
                for post, name in self.posts
                for aim, words in self.columns
                for state in [self.states[PlanCell(post, aim)]]
            ],
        }


def plan_table(store: Store, query: Query, more: Iterable[Aim] = ()) -> PlanTable:
    """The plans of the query's period: a column for all that any post has a plan of, and for ``more``.

    Without a plan in the period, the columns are those of the period before.
    """
    period = query.period
    plans = stored_plans(store, period.first, period.last)
    before = period.before()
    known = plans or stored_plans(store, before.first, before.last)
    order = list(dict.fromkeys([*(cell.aim for cell in known), *more]))
    columns = [(aim, aim_words(store, aim)) for aim in order]
    posts: list[tuple[str | None, str]] = [(None, _(ALL_POSTS)), *_posts(store, plans)]
    whole = figures(store, Query(period, today=query.today))
    by_post = grouped(store, Query(period, today=query.today), "post")
    days = (period.last - period.first).days + 1
    elapsed = max(0, min(days, (query.today - period.first).days + 1))
    states = {}
    for post, _name in posts:
        found = whole if post is None else by_post.get(post, [])
        for aim, words in columns:
            cell = PlanCell(post, aim)
            target = plans[cell]["target"] if cell in plans else None
            done = _done(store, query, cell, words, found)
            states[cell] = PlanState(target, done, elapsed, days, _steady(aim))
    return PlanTable(period, posts, columns, states)


def _posts(store: Store, plans: Iterable[PlanCell]) -> list[tuple[str, str]]:
    """The posts in use, and those with a plan; of two with one name each with its code."""
    with_plan = {cell.post_id for cell in plans}
    rows = store.rows("SELECT id, code, name, voided_at FROM post ORDER BY name COLLATE vietnamese, id")
    shown = [row for row in rows if row["voided_at"] is None or row["id"] in with_plan]
    times = Counter(row["name"] for row in shown)
    return [(row["id"], f"{row['name']} ({row['code']})" if times[row["name"]] > 1 else row["name"]) for row in shown]


def _done(store: Store, query: Query, cell: PlanCell, words: AimWords, found: Sequence[Figure]) -> Figure:
    """How much was done: the figures of the report that are of the aim, put together."""
    aim = cell.aim
    if aim.kind_id is not None and not _is_works(store, aim):
        own = Query(query.period, post=cell.post_id, today=query.today)
        found = grouped(store, own, "kind").get(aim.kind_id, [])
    of_aim = [
        figure
        for figure in found
        if (figure.code == aim.indicator if aim.measure_id is None else figure.measure_id == aim.measure_id)
        and (aim.kind_id is None or figure.kind_id in (None, aim.kind_id))
    ]
    empty = Figure("", aim.indicator or "", words.title, None, words.decimals, words.unit)
    given = [figure.value for figure in of_aim if figure.value is not None]
    return replace(
        empty,
        value=sum(given) if given else None,
        approximate=any(figure.approximate for figure in of_aim),
        in_words=once(text for figure in of_aim for text in figure.in_words),
        count=sum(figure.count for figure in of_aim),
        measure_id=aim.measure_id,
        kind_id=aim.kind_id,
    )


def _is_works(store: Store, aim: Aim) -> bool:
    """Whether the report has the measure apart for each kind."""
    return bool(store.value("SELECT nature = 'works' FROM measure WHERE id = ?", [aim.measure_id]))


def _steady(aim: Aim) -> bool:
    return aim.indicator is None or BY_CODE[aim.indicator].adds_up
