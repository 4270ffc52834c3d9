"""Figures of a period, each with the records behind it.

An activity counts in the period in which it ended, a dated part of a figure on its own day (rule 6). A joint activity,
which several posts recorded under one joint reference, counts once (rule 5). Bodies and members count once (rules 3
and 4). Voided and returned records never count; they are reported separately (rule 8). Unknown is not zero (rule 9).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.indicators import BY_CODE, INDICATORS, Indicator, Source
from fieldapp.i18n import _
from fieldapp.records.parts import of_kind
from fieldapp.reports.figure_names import amount_in_words, once
from fieldapp.reports.figure_sql import (
    DOUBTFUL,
    FROM,
    GROUPS,
    HIGH,
    IN_FORCE,
    NARROW,
    OF_POST,
    SPEAKERS,
    Group,
    counted_by,
    counts_sqls,
    facts_of_records,
    joint_deeds,
    left_out_sqls,
    narrowed,
    sums_sql,
    with_facts,
    with_measures,
)
from fieldapp.reports.query import Query
from fieldapp.reports.sources import ACTIVITIES, FIGURES_OF_OTHER_KINDS, OUTSIDE_FIGURES, SOURCES
from fieldapp.reports.units import units_of
from fieldapp.store.store import Store

Part = tuple[Group, str | None]
"""A group, and the key of one of its parts"""

STAR = " *"
"""Behind a figure that counts only once in the whole together with those of others"""


@dataclass(frozen=True)
class Figure:
    """One number of the report."""

    section: str
    """empty: over all sections"""
    code: str
    title: str
    value: int | None
    """in units of 10^-decimals; None where no record gives a number"""
    decimals: int
    unit: str
    approximate: bool = False
    in_words: list[str] = field(default_factory=list)
    """words that records give instead of a number, such as “hàng chục”"""
    count: int = 0
    """number of records that it counts: ``behind`` lists them"""
    shared: bool = False
    """whether it is of a part, and holds joint activities of which others have amounts of their own (rule 5)"""
    adds_up: bool = True
    """whether the figures of the parts of a period or an area add up to it"""
    measure_id: str | None = None
    kind_id: str | None = None
    """the kind of activity, where the figure is of one kind only"""

    @property
    def text(self) -> str:
        """“2.385 lượt”, “khoảng 70 triệu đồng”, “hàng chục phương tiện”, “12 phương tiện và hàng chục phương tiện”;
        with ``STAR`` where it is shared."""
        parts = []
        if self.value is not None:
            number = amount_in_words(self.value, self.decimals, self.unit)
            parts.append(_("about {amount}").format(amount=number) if self.approximate else number)
        parts += [f"{words} {self.unit}".rstrip() for words in self.in_words]
        text = _(" and ").join(parts)
        return text + STAR if self.shared else text


class Behind(Struct, frozen=True):
    """One thing that a figure counts, and the record that says so."""

    record: str
    kind: str
    day: str
    amount: int | None
    """what it adds to the figure, in units of 10^-decimals; None where the record gives words instead, or an earlier
    line counted the same thing"""
    words: str | None
    approximate: bool = False

    def text(self, decimals: int) -> str:
        """“2.100”, “khoảng 2.100”, or the words that the record gives instead; empty where it adds nothing."""
        if self.amount is None:
            return self.words or ""
        number = format_amount(self.amount, decimals)
        return _("about {amount}").format(amount=number) if self.approximate else number


def figures(store: Store, query: Query) -> list[Figure]:
    """The figures of a query for which something was recorded."""
    return grouped(store, query, None).get(None, [])


def grouped(store: Store, query: Query, by: Group | None) -> dict[str | None, list[Figure]]:
    """The figures of each part: id of the post, commune, kind, event or ethnic group -> its figures.

    The key None has what belongs to none: not known, or not assigned to a unit of today.
    """
    return _grouped(store, narrowed(store, query), by)


def _grouped(store: Store, params: dict[str, Any], by: Group | None) -> dict[str | None, list[Figure]]:
    found: dict[str | None, list[Figure]] = {}
    for key, figure in (*_sums(store, params, by), *_counts(store, params, by)):
        found.setdefault(key, []).append(figure)
    return found


def sums_by_kind(store: Store, query: Query) -> dict[str, list[Figure]]:
    """Id of a kind of activity -> the figures of its measures, in their order. Those of all kinds add up to the
    figures of the whole."""
    found: dict[str, list[Figure]] = {}
    for kind_id, figure in _sums(store, narrowed(store, query), "kind"):
        if kind_id is not None:
            found.setdefault(kind_id, []).append(figure)
    return found


def before_and_after(
    store: Store, queries: Sequence[Query], change: AbstractContextManager[None]
) -> list[tuple[list[Figure], list[Figure]]]:
    """The figures of each query, and those while ``change`` holds, which touches no unit and names no other one."""
    narrowed_to = [narrowed(store, query) for query in queries]
    before = [_grouped(store, params, None).get(None, []) for params in narrowed_to]
    with change:
        deeds = joint_deeds(store)
        after = [_grouped(store, {**params, **deeds}, None).get(None, []) for params in narrowed_to]
    return list(zip(before, after, strict=True))


def behind(store: Store, query: Query, figure: Figure, part: Part | None = None) -> list[Behind]:
    """What a figure counts, by day: the amounts add up to its value.

    ``part``: the part for which ``grouped`` gave the figure. A figure without a section counts in all sections.
    """
    params, narrow, speaker = narrowed(store, query), NARROW, SPEAKERS[part and part[0]]
    if part is not None:
        params["part"] = part[1]
        narrow += f" AND {GROUPS[part[0]]} IS :part"
    if figure.measure_id is not None:
        params |= {"measure": figure.measure_id, "section": figure.section, "kind": figure.kind_id}
        rows = store.rows(
            f"{with_measures(speaker)} SELECT f.record, f.kind, f.day, f.amount, f.note, f.approximate {FROM}"
            f" JOIN activity_kind k ON k.id = f.activity_kind_id WHERE {narrow} AND f.measure_id = :measure"
            " AND (:section = '' OR k.section = :section) AND (:kind IS NULL OR k.id = :kind)"
            " ORDER BY f.day, f.record, f.fact",
            params,
        )
        return [Behind(r["record"], r["kind"], r["day"], r["amount"], r["note"], bool(r["approximate"])) for r in rows]
    indicator = BY_CODE[figure.code]
    rows = store.rows(
        f"{with_facts(SOURCES[indicator.source])} SELECT f.record, f.kind, coalesce(f.last, f.first) AS day,"
        f" f.{indicator.of} AS thing {FROM} WHERE {narrow} AND {counted_by(indicator)}"
        " ORDER BY day, f.record, thing",
        params,
    )
    found, seen = [], set()
    for r in rows:
        if indicator.counts == "sum":
            amount = r["thing"]
        else:
            amount = None if r["thing"] in seen else 1
            seen.add(r["thing"])
        found.append(Behind(r["record"], r["kind"], r["day"], amount, None))
    return found


def unassigned(store: Store, query: Query) -> dict[str, int]:
    """Kind -> number of records of the period that belong to no single unit of the view's day.

    They are in a unit that was divided, or is made of several, and do not say which part is meant. Of a report that is
    narrowed to a unit: those of which nobody knows whether they belong to it.
    """
    units = units_of(store, query)
    if query.view == "then" and query.unit is None:  # each is in the unit that it names
        return {}
    if not (None in units.places.values() if units.doubtful is None else units.doubtful):
        return {}
    doubtful = None if units.doubtful is None else json.dumps(units.doubtful)
    params = narrowed(store, query) | {"doubtful": doubtful}
    found: dict[str, set[str]] = {}
    for facts, counts in facts_of_records():
        sql = (
            f"{with_facts(facts)} SELECT DISTINCT f.kind, f.record {FROM}"
            f" WHERE f.left_out IS NULL AND {OF_POST} AND {counts} AND {DOUBTFUL}"
        )
        for row in store.rows(sql, params):
            found.setdefault(row["kind"], set()).add(row["record"])
    return {kind: len(ids) for kind, ids in found.items()}


def records_with_files(store: Store, query: Query) -> set[str]:
    """The ids of those records with attached files that some figure of the query counts, or could count."""
    params = narrowed(store, query)
    found: set[str] = set()
    for facts, counts in facts_of_records():
        sql = (
            f"{with_facts(facts)} SELECT DISTINCT f.record {FROM} WHERE {NARROW} AND {counts}"
            " AND f.record IN (SELECT record_id FROM attachment WHERE voided_at IS NULL)"
        )
        found |= {row["record"] for row in store.rows(sql, params)}
    return found


def left_out(store: Store, query: Query) -> Mapping[str, Mapping[str, str]]:
    """``voided`` and ``returned``: the records that some figure of the query would count if they were not so, each with
    its post. They are found by the conditions of the figures themselves (rule 8). What is both is voided."""
    params = narrowed(store, query)
    found: dict[str, dict[str, str]] = {"voided": {}, "returned": {}}
    for sql in left_out_sqls():
        for row in store.rows(sql, params):
            found[row["left_out"]][row["record"]] = row["post_id"]
    return found


def without_figure(store: Store, query: Query) -> int:
    """The number of activities of the period that do not say how much was done: no figure, or no number of works."""
    known = "SELECT 1 FROM activity_measure f WHERE f.activity_id = a.id AND f.voided_at IS NULL"
    known += f" AND (f.amount IS NOT NULL OR f.note IS NOT NULL) AND {of_kind('f', 'a')}"
    kinds = "SELECT m.id FROM kind_measure k JOIN measure m ON m.id = k.measure_id WHERE k.activity_kind_id"
    kinds += " = a.activity_kind_id AND k.voided_at IS NULL"
    facts = (
        f"{ACTIVITIES} WHERE (EXISTS ({kinds}) AND NOT EXISTS ({known})) OR (EXISTS ({kinds} AND m.nature = 'works')"
        f" AND NOT EXISTS ({known} AND f.measure_id IN ({kinds} AND m.nature = 'works')))"
    )
    sql = f"{with_facts(facts)} SELECT count(*) {FROM} WHERE {NARROW} AND f.last BETWEEN :first AND :last"
    return int(store.value(sql, narrowed(store, query)))


def outside(store: Store, query: Query) -> int:
    """The number of figures of the period on a day of their own outside of the days of their activity (rule 6)."""
    sql = f"{with_facts(OUTSIDE_FIGURES)} SELECT count(*) {FROM} WHERE {NARROW}"
    return int(store.value(sql, narrowed(store, query)))


def of_other_kinds(store: Store, query: Query) -> int:
    """The number of figures of the period that count nowhere: the kind of their activity never had them."""
    sql = f"{with_facts(FIGURES_OF_OTHER_KINDS)} SELECT count(*) {FROM} WHERE {NARROW}"
    return int(store.value(sql, narrowed(store, query)))


def cells_that_met(store: Store, query: Query) -> int:
    """Of the cells of the period with members of the posts, the number of those of which a meeting is recorded."""
    params = narrowed(store, query)

    def cells(source: Source, counts: str) -> set[str]:
        sql = f"{with_facts(SOURCES[source])} SELECT DISTINCT f.party_cell_id {FROM} WHERE {NARROW} AND {counts}"
        return {row["party_cell_id"] for row in store.rows(sql, params)}

    return len(cells("introduction", IN_FORCE) & cells("meeting", "f.last BETWEEN :first AND :last"))


def _sums(store: Store, params: dict[str, Any], by: Group | None) -> Iterator[tuple[str | None, Figure]]:
    """The figures of measures: one for each kind of works; for others, one for each section."""
    rows = store.rows(sums_sql(GROUPS[by], SPEAKERS[by]), params)
    for r in rows:
        of_kind = r["kind_id"] is not None
        yield (
            r["part"],
            Figure(
                section=r["section"],
                code=f"{r['kind_code']}.{r['code']}" if of_kind else r["code"],
                title=r["kind_name"] if of_kind else r["name"],
                value=None if r["high"] is None else r["high"] * HIGH + r["low"],
                decimals=r["decimals"],
                unit=r["unit_name"],
                approximate=bool(r["approximate"]),
                in_words=_words(json.loads(r["words"])),
                count=r["records"],
                shared=bool(r["shared"]),
                measure_id=r["measure_id"],
                kind_id=r["kind_id"],
            ),
        )


def _words(found: Iterable[str | None]) -> list[str]:
    """Words for a number, by where they occur first. ``found``: each between tabs, as they are compared, where they
    occur, and as written."""
    return once(words for _where, words in sorted(text.split("\t", 2)[1:] for text in found if text))


def _counts(store: Store, params: dict[str, Any], by: Group | None) -> Iterator[tuple[str | None, Figure]]:
    """The figures of the indicators, in their order; one query for each source."""
    found: dict[str, list[tuple[str | None, Figure]]] = {}
    for indicators, sql in counts_sqls(GROUPS[by]):
        for row in store.rows(sql, params):
            for at, indicator in enumerate(indicators):
                if row[f"n{at}"]:
                    figure = _counted(indicator, row[f"v{at}"], row[f"n{at}"])
                    found.setdefault(indicator.code, []).append((row["part"], figure))
    for indicator in INDICATORS:
        yield from found.get(indicator.code, [])


def _counted(indicator: Indicator, value: int, records: int) -> Figure:
    return Figure(
        section=indicator.section,
        code=indicator.code,
        title=_(indicator.title),
        value=value,
        decimals=0,
        unit=_(indicator.unit),
        count=records,
        adds_up=indicator.adds_up,
    )
