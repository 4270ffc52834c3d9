"""The program's figures beside those of the recount: each difference is one line that a person can follow."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, get_args

import worlds
from recount import TABLES, Asked, Key, Recount, Row, Told, folded

from fieldapp.reports.figure_sql import Group
from fieldapp.reports.figures import Behind, Figure, behind, figures, grouped
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


def compare(store: Store, recount: Recount, query: Query, by: Group | None, lists: int = 1000) -> Iterator[str]:
    """A line for each difference between the program and the recount; at most ``lists`` lists behind figures."""
    rng = random.Random(f"{query.period} {query.view} {by}")
    asked = asked_of(query)
    unit = query.unit and recount.label(query.unit)
    name = f"{query.period.first} to {query.period.last}, unit {unit}, post {query.post}, {query.view}"

    def of(part: str | None) -> str:
        return f", by {by} {recount.label(part)}" if by else ""

    if by is None:
        assert figures(store, query) == grouped(store, query, None).get(None, [])
        yield from (f"{name}: {x}" for x in _report(store, recount, query, asked))
    found, told = grouped(store, query, by), recount.grouped(asked, by)
    for part in sorted(set(found) | set(told), key=str):
        parts = _figures(found.get(part, []), told.get(part, {}))
        yield from (f"{name}{of(part)}: {x}" for x in parts)
    listed = [(part, f) for part, its in found.items() for f in its if (f.section, f.code) in told.get(part, {})]
    for part, figure in rng.sample(listed, min(lists, len(listed))):
        wanted = told[part][figure.section, figure.code]
        differs = _records(behind(store, query, figure, by and (by, part)), figure, wanted)
        if differs:
            yield f"{name}{of(part)}: behind {figure.section}.{figure.code}:{differs}"


def readable(lines: list[str], recount: Recount, most: int = 40) -> str:
    """The first differences, and the records that they name."""
    named = dict.fromkeys(word for line in lines[:most] for word in re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", line))
    told = [recount.tell(record) for record in [*named][:most]]
    return "\n".join([f"{len(lines)} differences", *lines[:most], "", *filter(None, told)])


def _figures(found: list[Figure], told: dict[Key, Told]) -> Iterator[str]:
    by_key = {(f.section, f.code): f for f in found}
    assert len(by_key) == len(found)
    for key in sorted(set(by_key) | set(told)):
        figure, wanted = by_key.get(key), told.get(key)
        expected = wanted and (wanted.value, wanted.count, wanted.approximate, sorted(wanted.words))
        got = figure and (figure.value, figure.count, figure.approximate, sorted(figure.in_words))
        if expected != got:
            yield f"{'.'.join(key)}: expected {expected}, got {got}; of {wanted and wanted.records[:4]}"
        elif figure and wanted and figure.shared != wanted.shared:
            yield f"{'.'.join(key)}: starred {figure.shared}, expected {wanted.shared}"


def _records(lines: list[Behind], figure: Figure, wanted: Told) -> str:
    """How the list behind a figure differs."""
    listed: Counter[tuple[Any, ...]]
    if figure.measure_id is not None:
        listed = Counter((x.record, x.day, x.amount, x.words if x.amount is None else None) for x in lines)
    else:
        listed = Counter({(x.record,) for x in lines})
    expected = Counter(wanted.records)
    total = sum(x.amount or 0 for x in lines)
    said = f" it adds up to {total}, not {figure.value}" if total != (figure.value or 0) else ""
    both = (("lacks", expected - listed), ("has", listed - expected))
    return said + "".join(f" {word} {x}" for word, its in both for x in list(its)[:4])


def _report(store: Store, recount: Recount, query: Query, asked: Asked) -> Iterator[str]:
    """The rest of a report: what it leaves out, tasks, what is late, plans."""
    whole = report(store, query)
    made = whole.completeness
    served = (t for t in whole.tasks if t.activities or t.matters)
    tasks = {(folded(t.agreement), t.number): (t.activities, t.matters) for t in served}
    late = {(folded(x.counterpart), x.matter_type): x.number for x in whole.late}
    codes = {row["id"]: row["code"] for row in recount.tables["activity_kind"]}
    evidence = {
        codes[e.kind_id]: (e.activities, e.with_photographs, e.with_minutes, e.amount_with_photographs,
                           e.amount_with_minutes)
        for e in whole.evidence
    }  # fmt: skip
    plans = sorted(((p.query.post, p.done) for p in whole.plan), key=str)
    for name, wanted, got in (
        ("tasks", recount.tasks(asked), tasks),
        ("late", recount.late(asked), late),
        ("plans", recount.plans(asked, store.identity.post_id), plans),
        ("evidence", recount.evidence(asked), evidence),
    ):
        if wanted != got:
            yield f"{name}: expected {wanted}, got {got}"
    for name, records in (
        ("voided", recount.left_out(asked, "voided")),
        ("returned", recount.left_out(asked, "returned")),
        ("unassigned", recount.unassigned(asked)),
        ("joint", recount.joint(asked)),
        ("joint_deeds", recount.joint_deeds(asked)),
        ("without_figure", recount.without_figure(asked)),
        ("outside", recount.outside(asked)),
        ("of_other_kinds", recount.of_other_kinds(asked)),
    ):
        said = getattr(made, name, None)
        if said != len(records):
            yield f"completeness.{name}: expected {len(records)}, got {said}; {sorted(map(str, records))[:6]}"
