"""The SQL that figures are counted by: conditions on the facts of ``sources.py``, and their parameters."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any, Literal

from fieldapp.domain.indicators import INDICATORS, Indicator, Source
from fieldapp.records import reviews
from fieldapp.records.parts import of_kind
from fieldapp.reports.query import Query, find_post
from fieldapp.reports.sources import (
    ACTIVITIES_OF_PERIOD,
    BODIES,
    DEEDS,
    DEEDS_NOW,
    MEASURES,
    MOVED,
    NEWEST_LINE,
    PLACE,
    PLACED,
    SOURCES,
    joint,
)
from fieldapp.reports.units import units_of
from fieldapp.store.store import Store

Group = Literal["post", "commune", "kind", "event", "ethnic_group"]

HIGH = 10**9
"""Amounts are summed in two parts, so that no sum exceeds 64 bits."""

FROM = f"FROM facts f {PLACED}"

_UNITS = "(SELECT value FROM json_each(:units))"

WITHIN = (
    f"(:units IS NULL OR CASE WHEN :former THEN f.unit_id IN {_UNITS} OR {PLACE} IN {_UNITS}"
    f" OR f.unit_now_id IN {_UNITS}"
    f" ELSE coalesce({PLACE}, f.unit_now_id, f.unit_id) IN {_UNITS} END)"
)
"""Whether a fact belongs to the area: by its place; without one, because all that might be its place is in the area.
An area that was not there on the day of the view also has what was recorded in it."""

OF_POST = "(:post IS NULL OR f.post_id = :post)"

OF_QUERY = f"{OF_POST} AND {WITHIN}"
"""A query's condition on the post and the place of facts"""

NARROW = f"f.left_out IS NULL AND {OF_QUERY}"
"""A query's condition on the facts that count"""

IN_FORCE = "f.first <= :last AND (f.last IS NULL OR f.last >= :first)"
"""That a fact is in force on at least one day of the period"""

GROUPS: Mapping[Group | None, str] = {
    None: "NULL",
    "post": "f.post_id",
    "kind": "f.activity_kind_id",
    "event": "f.event_id",
    "ethnic_group": "f.ethnic_group_id",
    "commune": "(SELECT CASE u.level WHEN 'hamlet' THEN u.parent_id ELSE u.id END FROM unit u"
    f" WHERE u.id = CASE WHEN :view = 'then' THEN f.unit_id ELSE {PLACE} END)",
}
"""SQL for the part of a fact. In the units of the time a commune is the one that the record names, as it was then."""


SPEAKERS: Mapping[Group | None, str] = {by: sql if by in ("post", "commune") else "NULL" for by, sql in GROUPS.items()}
"""The parts in each of which another post may speak of a joint deed; of kinds and events the parts add up"""


def with_facts(facts: str, *before: str) -> str:
    """The beginning of a query over ``facts``, which may ask for what is defined ``before``."""
    parts = [f"moved AS MATERIALIZED ({MOVED})", f"bodies AS MATERIALIZED ({BODIES})", *before]
    return f"WITH {', '.join(parts)}, facts AS ({facts})"


JOINT_DEEDS = f"deed AS MATERIALIZED ({DEEDS})"


def with_measures(speaker: str, narrow: str = NARROW) -> str:
    """The beginning of a query over the figures of activities; ``speaker``: one of ``SPEAKERS``."""
    return with_facts(MEASURES, JOINT_DEEDS, f"joint AS MATERIALIZED ({joint(speaker, narrow)})")


def narrowed(store: Store, query: Query) -> dict[str, Any]:
    """The parameters that narrow the SQL of figures to a query."""
    post = find_post(store, query)
    return {
        **units_of(store, query).params(),
        "view": query.view,
        "first": query.period.first.isoformat(),
        "last": query.period.last.isoformat(),
        "today": query.today.isoformat(),
        "post": post["id"] if post else None,
        **joint_deeds(store),
    }


def joint_deeds(store: Store) -> dict[str, str]:
    """The parameters of ``JOINT_DEEDS``, as JSON: the returned records; record with a joint reference -> its deed."""
    returned = json.dumps([review.record for review in reviews.returned_records(store)])

    def compute() -> str:
        return json.dumps({r["record"]: r["deed"] for r in store.rows(DEEDS_NOW, {"returned": returned})})

    return {"returned": returned, "deeds": store.cached_until_changed("deeds", compute)}


def sums_sql(part: str, speaker: str, narrow: str = NARROW) -> str:
    """The query for the figures of measures; ``part``: SQL to group them by; ``speaker``: one of ``SPEAKERS``."""
    return f"""
        {with_measures(speaker, narrow)}
        SELECT {part} AS part, k.section, m.id AS measure_id, m.code, m.name, m.decimals,
            CASE WHEN m.nature = 'text' AND count(f.amount) = 0 THEN '' ELSE m.unit_name END AS unit_name,
            CASE m.nature WHEN 'works' THEN k.id END AS kind_id, min(k.code) AS kind_code, min(k.name) AS kind_name,
            sum(f.amount / {HIGH}) AS high, sum(f.amount % {HIGH}) AS low,
            max(CASE WHEN f.amount IS NOT NULL THEN f.approximate ELSE 0 END) AS approximate,
            json_group_array(DISTINCT CASE WHEN f.amount IS NULL
                THEN f.folded || '\t' || f.day || f.record || '\t' || f.note END) AS words,
            count(DISTINCT f.record) AS records, max(f.shared) AS shared,
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


@cache
def counts_sqls(part: str) -> list[tuple[list[Indicator], str]]:
    """The indicators of each source, with the query for them: a table by month asks for a hundred months."""
    return [(indicators, counts_sql(source, indicators, part)) for source, indicators in by_source()]


def _within(indicators: Sequence[Indicator]) -> str:
    """A condition on the days that any of the indicators counts, so that an index can be used."""
    if all(indicator.when == "day" for indicator in indicators):
        return "f.last BETWEEN :first AND :last"
    return IN_FORCE


DOUBTFUL = f"""CASE WHEN :doubtful IS NULL THEN {PLACE} IS NULL AND f.unit_id IS NOT NULL
    ELSE coalesce(f.unit_now_id, f.unit_id) IN (SELECT value FROM json_each(:doubtful))
        AND CASE WHEN :former THEN NOT coalesce({WITHIN}, 0) ELSE {PLACE} IS NULL END END"""


def by_source() -> Iterator[tuple[Source, list[Indicator]]]:
    """The indicators of each source."""
    for source, group in groupby(sorted(INDICATORS, key=lambda i: i.source), key=lambda i: i.source):
        yield source, list(group)


def _columns(indicators: Iterable[Indicator]) -> Iterator[str]:
    for at, indicator in enumerate(indicators):
        condition = _condition(indicator)
        thing = f"CASE WHEN {condition} THEN f.{indicator.of} END"
        yield f"sum({thing}) AS v{at}" if indicator.counts == "sum" else f"count(DISTINCT {thing}) AS v{at}"
        yield f"count(DISTINCT CASE WHEN {counted_by(indicator)} THEN f.record END) AS n{at}"


def counted_by(indicator: Indicator) -> str:
    """The condition of an indicator, and that the fact has what it counts."""
    return f"({_condition(indicator)} AND f.{indicator.of} IS NOT NULL)"


def _condition(indicator: Indicator) -> str:
    """The condition of an indicator. Its codes are the program's own, so they may be written into the SQL."""
    parts = [IN_FORCE if indicator.when == "in_force" else "coalesce(f.last, f.first) BETWEEN :first AND :last"]
    for column, values in indicator.where:
        listed = ", ".join(f"'{value}'" for value in values)
        parts.append(f"f.{column} IN ({listed})")
    return f"({' AND '.join(parts)})"


def facts_of_records() -> Iterator[tuple[str, str]]:
    """The facts about activities and of each source, and the condition on those that count in the period."""
    yield ACTIVITIES_OF_PERIOD, "1"
    for source, indicators in by_source():
        yield SOURCES[source], f"{_within(indicators)} AND ({' OR '.join(map(_condition, indicators))})"


def left_out_sqls() -> Iterator[str]:
    """For the sums and for each source: the records that are left out, and why. Those of ``attendance`` are meetings,
    which ``meeting`` has too."""
    chosen = f"SELECT DISTINCT f.record, f.left_out, f.post_id {FROM} WHERE f.left_out IS NOT NULL AND {OF_QUERY}"
    yield f"{with_measures('NULL')} {chosen}"
    for source, indicators in ((s, i) for s, i in by_source() if s != "attendance"):
        counted = " OR ".join(map(counted_by, indicators))
        yield f"{with_facts(SOURCES[source])} {chosen} AND {_within(indicators)} AND ({counted})"


def said_of_deeds(among: str) -> str:
    """The query for what each post says of each measure of joint deeds; it asks for ``deed``.

    ``among``: SQL for the deeds. ``first``: the post's first record with a number; where it is least, the post speaks.
    """
    return f"""
        SELECT d.deed, a.post_id, v.measure_id, sum(v.amount) AS amount, min(a.id) AS first
        FROM deed d CROSS JOIN activity a CROSS JOIN activity_measure v
        WHERE a.id = d.record AND v.activity_id = a.id AND v.voided_at IS NULL AND v.amount IS NOT NULL
            AND {NEWEST_LINE} AND {of_kind("v", "a")} AND d.deed IN ({among})
        GROUP BY d.deed, a.post_id, v.measure_id"""
