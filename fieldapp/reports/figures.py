"""Figures of a period, computed by SQL over the store, each with the records behind it.

An activity counts in the period in which it ended, a dated part of a figure on its own day (rule 6). A joint activity,
which several posts recorded under one joint reference, counts once (rule 5). Bodies and members count once (rules 3
and 4). Voided and returned records never count; they are reported separately (rule 8). Unknown is not zero (rule 9).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal

from fieldapp.domain.amounts import format_amount, format_money
from fieldapp.domain.indicators import BY_CODE, INDICATORS, Indicator, Source
from fieldapp.i18n import _
from fieldapp.records import reviews
from fieldapp.reports.query import Query, find_post, find_unit, inside
from fieldapp.reports.sources import JOINT, MEASURES, MOVED, MOVED_NOW, PLACE, SOURCES
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key

Group = Literal["post", "commune", "kind", "event", "ethnic_group"]

Part = tuple[Group, str | None]
"""A group, and the key of one of its parts"""

HIGH = 10**9
"""Amounts are summed in two parts, so that no sum exceeds 64 bits."""


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
    adds_up: bool = True
    """whether the figures of the parts of a period or an area add up to it"""
    measure_id: str | None = None
    kind_id: str | None = None
    """the kind of activity, where the figure is of one kind only"""

    @property
    def text(self) -> str:
        """“2.385 lượt”, “khoảng 70 triệu đồng”, “hàng chục phương tiện”, “12 phương tiện và hàng chục phương tiện”"""
        parts = []
        if self.value is not None:
            number = amount_in_words(self.value, self.decimals, self.unit)
            parts.append(_("about {amount}").format(amount=number) if self.approximate else number)
        parts += [f"{words} {self.unit}".rstrip() for words in self.in_words]
        return _(" and ").join(parts)


@dataclass(frozen=True)
class Behind:
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


def amount_in_words(value: int, decimals: int, unit: str) -> str:
    """“70 triệu đồng”, “73,4 km”"""
    return format_money(value) if unit == "đồng" else f"{format_amount(value, decimals)} {unit}".rstrip()


def figures(store: Store, query: Query) -> list[Figure]:
    """The figures of a query for which something was recorded."""
    return grouped(store, query, None).get(None, [])


def grouped(store: Store, query: Query, by: Group | None) -> dict[str | None, list[Figure]]:
    """The figures of each part: id of the post, commune, kind, event or ethnic group -> its figures.

    The key None has what belongs to none: not known, or not assigned to a unit of today.
    """
    params = narrowed(store, query)
    found: dict[str | None, list[Figure]] = {}
    for key, figure in (*_sums(store, params, by), *_counts(store, params, by)):
        found.setdefault(key, []).append(figure)
    return found


def behind(store: Store, query: Query, figure: Figure, part: Part | None = None) -> list[Behind]:
    """What a figure counts, by day: the amounts add up to its value.

    ``part``: the part for which ``grouped`` gave the figure. A figure without a section counts in all sections.
    """
    params, narrow = narrowed(store, query), NARROW
    if part is not None:
        params["part"] = part[1]
        narrow += f" AND {GROUPS[part[0]]} IS :part"
    if figure.measure_id is not None:
        params |= {"measure": figure.measure_id, "section": figure.section, "kind": figure.kind_id}
        rows = store.rows(
            f"{with_facts(MEASURES, joint=True)} SELECT f.record, f.kind, f.day, f.amount, f.note, f.approximate {FROM}"
            f" JOIN activity_kind k ON k.id = f.activity_kind_id WHERE {narrow} AND f.measure_id = :measure"
            " AND (:section = '' OR k.section = :section) AND (:kind IS NULL OR k.id = :kind)"
            " ORDER BY f.day, f.record, f.fact",
            params,
        )
        return [Behind(r["record"], r["kind"], r["day"], r["amount"], r["note"], bool(r["approximate"])) for r in rows]
    indicator = BY_CODE[figure.code]
    rows = store.rows(
        f"{with_facts(SOURCES[indicator.source])} SELECT f.record, f.kind, coalesce(f.last, f.first) AS day,"
        f" f.{indicator.of} AS thing {FROM} WHERE {narrow} AND {_condition(indicator)}"
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


def unassigned(store: Store, query: Query) -> int:
    """The number of activities of the period in an old unit that was split, where the record does not say the part."""
    if query.view == "then":
        return 0
    params = narrowed(store, replace(query, unit=None))
    return int(
        store.value(
            f"WITH moved AS MATERIALIZED ({MOVED}) SELECT count(*) FROM activity a JOIN moved USING (unit_id)"
            " WHERE a.voided_at IS NULL AND moved.today_id IS NULL AND a.unit_now_id IS NULL"
            " AND coalesce(a.date_to, a.date_from) BETWEEN :first AND :last"
            " AND (:post IS NULL OR a.post_id = :post) AND a.id NOT IN (SELECT value FROM json_each(:returned))",
            params,
        )
    )


def without_figure(store: Store, query: Query) -> int:
    """The number of activities of the period that do not say how much was done: no figure, or no number of works."""
    params = narrowed(store, replace(query, unit=None, view="then"))
    known = "SELECT 1 FROM activity_measure f WHERE f.activity_id = a.id AND f.voided_at IS NULL"
    known += " AND (f.amount IS NOT NULL OR f.note IS NOT NULL)"
    kinds = "SELECT m.id FROM kind_measure k JOIN measure m ON m.id = k.measure_id WHERE k.activity_kind_id"
    kinds += " = a.activity_kind_id AND k.voided_at IS NULL"
    return int(
        store.value(
            "SELECT count(*) FROM activity a WHERE a.voided_at IS NULL"
            " AND coalesce(a.date_to, a.date_from) BETWEEN :first AND :last"
            " AND (:post IS NULL OR a.post_id = :post) AND a.id NOT IN (SELECT value FROM json_each(:returned))"
            f" AND ((EXISTS ({kinds}) AND NOT EXISTS ({known})) OR (EXISTS ({kinds} AND m.nature = 'works')"
            f" AND NOT EXISTS ({known} AND f.measure_id IN ({kinds} AND m.nature = 'works'))))",
            params,
        )
    )


# the queries ----------------------------------------------------------------------------------------------------

FROM = "FROM facts f LEFT JOIN moved ON moved.unit_id = f.unit_id"

_UNITS = "(SELECT value FROM json_each(:units))"

NARROW = (
    "f.record NOT IN (SELECT value FROM json_each(:returned)) AND (:post IS NULL OR f.post_id = :post)"
    f" AND (:units IS NULL OR {PLACE} IN {_UNITS} OR f.unit_id IN {_UNITS})"
)
"""A query's condition on facts"""

GROUPS: Mapping[Group | None, str] = {
    None: "NULL",
    "post": "f.post_id",
    "kind": "f.activity_kind_id",
    "event": "f.event_id",
    "ethnic_group": "f.ethnic_group_id",
    "commune": f"(SELECT CASE u.level WHEN 'hamlet' THEN u.parent_id ELSE u.id END FROM unit u WHERE u.id = {PLACE})",
}


def with_facts(facts: str, joint: bool = False) -> str:
    """The beginning of a query over ``facts``; ``joint``: also define ``joint``, the figures of joint activities."""
    parts = [f"moved AS MATERIALIZED ({MOVED})"]
    if joint:
        parts.append(f"joint AS MATERIALIZED ({JOINT})")
    return f"WITH {', '.join(parts)}, facts AS ({facts})"


def narrowed(store: Store, query: Query) -> dict[str, Any]:
    """The parameters that narrow the SQL of figures to a query."""
    unit, post = find_unit(store, query), find_post(store, query)
    moved = store.rows(MOVED_NOW) if query.view == "now" else []
    return {
        "first": query.period.first.isoformat(),
        "last": query.period.last.isoformat(),
        "today": query.today.isoformat(),
        "post": post["id"] if post else None,
        "moved": json.dumps([[r["unit_id"], r["today_id"]] for r in moved]),
        "units": json.dumps(inside(store, unit["id"])) if unit else None,
        "returned": json.dumps([review.record for review in reviews.returned_records(store)]),
    }


def sums_sql(part: str, narrow: str = NARROW) -> str:
    """The query for the figures of measures; ``part``: SQL to group them by."""
    return f"""
        {with_facts(MEASURES, joint=True)}
        SELECT {part} AS part, k.section, m.id AS measure_id, m.code, m.name, m.unit_name, m.decimals,
            CASE m.nature WHEN 'works' THEN k.id END AS kind_id, min(k.code) AS kind_code, min(k.name) AS kind_name,
            sum(f.amount / {HIGH}) AS high, sum(f.amount % {HIGH}) AS low,
            max(CASE WHEN f.amount IS NOT NULL THEN f.approximate ELSE 0 END) AS approximate,
            json_group_array(DISTINCT CASE WHEN f.amount IS NULL
                THEN f.folded || '\t' || f.day || f.record || '\t' || f.note END) AS words,
            count(DISTINCT f.record) AS records,
            min(k.position * 1000 + coalesce((SELECT min(km.position) FROM kind_measure km WHERE
                km.activity_kind_id = k.id AND km.measure_id = m.id AND km.voided_at IS NULL), 999)) AS place
        {FROM} JOIN activity_kind k ON k.id = f.activity_kind_id JOIN measure m ON m.id = f.measure_id
        WHERE {narrow}
        GROUP BY part, k.section, m.id, CASE m.nature WHEN 'works' THEN k.id END ORDER BY place, m.code
        """


def counts_sql(source: Source, indicators: Sequence[Indicator], part: str, narrow: str = NARROW) -> str:
    """The query for the indicators of a source: ``v0`` and ``n0`` are the first one's value and number of records."""
    return (
        f"{with_facts(SOURCES[source])} SELECT {part} AS part, {', '.join(_columns(indicators))} {FROM}"
        f" WHERE {narrow} AND {_within(indicators)} GROUP BY part"
    )


def _within(indicators: Sequence[Indicator]) -> str:
    """A condition on the days that any of the indicators counts, so that an index can be used."""
    if all(indicator.when == "day" for indicator in indicators):
        return "f.last BETWEEN :first AND :last"
    return "f.first <= :last AND (f.last IS NULL OR f.last >= :first)"


def by_source() -> Iterator[tuple[Source, list[Indicator]]]:
    """The indicators of each source."""
    for source, group in groupby(sorted(INDICATORS, key=lambda i: i.source), key=lambda i: i.source):
        yield source, list(group)


def _sums(store: Store, params: dict[str, Any], by: Group | None) -> Iterator[tuple[str | None, Figure]]:
    """The figures of measures: one for each kind of works; for others, one for each section."""
    rows = store.rows(sums_sql(GROUPS[by]), params)
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
                measure_id=r["measure_id"],
                kind_id=r["kind_id"],
            ),
        )


def _words(found: Iterable[str | None]) -> list[str]:
    """Words for a number, by where they occur first. ``found``: each between tabs, as they are compared, where they
    occur, and as written."""
    return once(words for _where, words in sorted(text.split("\t", 2)[1:] for text in found if text))


def once(words: Iterable[str | None]) -> list[str]:
    """Words for a number, each once in its first spelling: “hàng chục” is “Hàng chục”."""
    first: dict[str, str] = {}
    for text in filter(None, words):
        first.setdefault(search_key(text) or text, text)
    return list(first.values())


def _counts(store: Store, params: dict[str, Any], by: Group | None) -> Iterator[tuple[str | None, Figure]]:
    """The figures of the indicators, in their order; one query for each source."""
    found: dict[str, list[tuple[str | None, Figure]]] = {}
    for source, indicators in by_source():
        rows = store.rows(counts_sql(source, indicators, GROUPS[by]), params)
        for row in rows:
            for at, indicator in enumerate(indicators):
                if row[f"n{at}"]:
                    figure = _counted(indicator, row[f"v{at}"], row[f"n{at}"])
                    found.setdefault(indicator.code, []).append((row["part"], figure))
    for indicator in INDICATORS:
        yield from found.get(indicator.code, [])


def _columns(indicators: Iterable[Indicator]) -> Iterator[str]:
    for at, indicator in enumerate(indicators):
        condition = _condition(indicator)
        thing = f"CASE WHEN {condition} THEN f.{indicator.of} END"
        yield f"sum({thing}) AS v{at}" if indicator.counts == "sum" else f"count(DISTINCT {thing}) AS v{at}"
        yield f"count(DISTINCT CASE WHEN {condition} AND f.{indicator.of} IS NOT NULL THEN f.record END) AS n{at}"


def _condition(indicator: Indicator) -> str:
    """The condition of an indicator. Its codes are the program's own, so they may be written into the SQL."""
    if indicator.when == "day":
        parts = ["coalesce(f.last, f.first) BETWEEN :first AND :last"]
    else:
        parts = ["f.first <= :last AND (f.last IS NULL OR f.last >= :first)"]
    for column, values in indicator.where:
        listed = ", ".join(f"'{value}'" for value in values)
        parts.append(f"f.{column} IN ({listed})")
    return f"({' AND '.join(parts)})"


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
