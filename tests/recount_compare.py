"""The program's figures beside those of the recount: each difference is one line that a person can follow."""

import random
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, get_args

import worlds
from recount import TABLES, Asked, Key, Recount, Row, Told

from fieldapp.reports.figures import Figure, Group, behind, figures, grouped
from fieldapp.reports.query import Period, Query, period_of
from fieldapp.reports.report import report
from fieldapp.store.store import Store

BY: tuple[Group, ...] = get_args(Group)
PERIODS = ("2018", "2024", "2025", "2026", "2025-H1", "2025-H2", "2026-H1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1",
           "2018-05", "2025-06", "2025-07", "2025-12", "2026-01", "2026-03", "term")  # fmt: skip
WHOLE = Period(date(2017, 1, 1), worlds.TODAY)


def rows_of(store: Store) -> dict[str, list[Row]]:
    """All rows of the tables that figures are made of, as they are stored."""
    return {table: [*store.rows(f"SELECT * FROM {table} ORDER BY id")] for table in TABLES}


def queries(made: worlds.Made, number: int) -> Iterator[tuple[Query, Group | None]]:
    """What is asked of a world: all of it in both views and by every part, then as chance will have it."""
    rng = random.Random(f"queries {made.seed}")
    units = [u["code"] for u in made.units] + [u["id"] for u in made.units]
    fixed = [(view, by) for view in ("then", "now") for by in (None, *BY)]
    for view, by in rng.sample(fixed, min(len(fixed), number // 3)):
        yield Query(WHOLE, view=view, today=worlds.TODAY), by  # type: ignore[arg-type]
    for _ in range(number - number // 3):
        period = rng.choice([WHOLE, *(period_of(p, worlds.TODAY) for p in rng.sample(PERIODS, 4))])
        unit = rng.choice([None, rng.choice(units), rng.choice(units)])
        post = rng.choice([None, None, *worlds.POSTS])
        by = rng.choice([None, None, *BY])
        yield Query(period, unit, post, rng.choice(["then", "now"]), worlds.TODAY), by


def asked_of(query: Query) -> Asked:
    first, last = query.period.first.isoformat(), query.period.last.isoformat()
    return Asked(first, last, query.today.isoformat(), query.unit, query.post, query.view)


def compare(store: Store, recount: Recount, query: Query, by: Group | None) -> Iterator[str]:
    """A line for each difference between the program and the recount."""
    asked = asked_of(query)
    unit = query.unit and recount.label(query.unit)
    name = f"{query.period.first} to {query.period.last}, unit {unit}, post {query.post}, {query.view}"
    if by is None:
        yield from (f"{name}: {x}" for x in _figures(store, query, None, figures(store, query), recount.figures(asked)))
        yield from (f"{name}: {x}" for x in _completeness(store, recount, query, asked))
        return
    found, told = grouped(store, query, by), recount.grouped(asked, by)
    for part in sorted(set(found) | set(told), key=str):
        parts = _figures(store, query, (by, part), found.get(part, []), told.get(part, {}))
        yield from (f"{name}, by {by} {recount.label(part)}: {x}" for x in parts)


def readable(lines: list[str], recount: Recount, most: int = 40) -> str:
    """The first differences, and the records that they name."""
    named = dict.fromkeys(word for line in lines[:most] for word in re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", line))
    told = [recount.tell(record) for record in [*named][:most]]
    return "\n".join([f"{len(lines)} differences", *lines[:most], "", *filter(None, told)])


def _figures(
    store: Store, query: Query, part: tuple[Group, str | None] | None, found: list[Figure], told: dict[Key, Told]
) -> Iterator[str]:
    by_key = {(f.section, f.code): f for f in found}
    assert len(by_key) == len(found)
    for key in sorted(set(by_key) | set(told)):
        figure, wanted = by_key.get(key), told.get(key)
        if figure is None or wanted is None:
            yield f"{'.'.join(key)}: expected {_short(wanted)}, got {figure and _of(figure)}"
            continue
        expected = (wanted.value, wanted.count, wanted.approximate, sorted(wanted.words))
        records = _records(store, query, figure, wanted, part)
        if expected != _of(figure):
            yield f"{'.'.join(key)}: expected {expected}, got {_of(figure)}{records}"
        elif records:
            yield f"{'.'.join(key)}: the records behind it:{records}"


def _of(figure: Figure) -> tuple[Any, ...]:
    return figure.value, figure.count, figure.approximate, sorted(figure.in_words)


def _short(told: Told | None) -> Any:
    return told and (told.value, told.count, told.approximate, told.words, told.records[:3])


def _records(store: Store, query: Query, figure: Figure, wanted: Told, part: tuple[Group, str | None] | None) -> str:
    """How the list behind a figure differs."""
    lines = behind(store, query, figure, part)
    listed: list[tuple[Any, ...]]
    if figure.measure_id is not None:
        listed = [(x.record, x.day, x.amount, x.words if x.amount is None else None) for x in lines]
    else:
        listed = sorted({(x.record,) for x in lines})
    missing, more = [*wanted.records], []
    for line in listed:
        if line in missing:
            missing.remove(line)
        else:
            more.append(line)
    total = sum(x.amount or 0 for x in lines)
    said = f" they add up to {total}, not {figure.value}" if total != (figure.value or 0) else ""
    return said + "".join(f" {word} {x}" for word, its in (("lacks", missing), ("has", more)) for x in its[:4])


def _completeness(store: Store, recount: Recount, query: Query, asked: Asked) -> Iterator[str]:
    made = report(store, query).completeness
    for name, wanted in (
        ("voided", recount.left_out(asked, "voided")),
        ("returned", recount.left_out(asked, "returned")),
        ("unassigned", recount.unassigned(asked)),
        ("joint", recount.joint(asked)),
        ("without_figure", recount.without_figure(asked)),
        ("outside", recount.outside(asked)),
    ):
        got = getattr(made, name, None)
        if got != len(wanted):
            yield f"completeness.{name}: expected {len(wanted)}, got {got}; {sorted(wanted)[:4]}"
