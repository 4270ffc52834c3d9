"""Figures of a period, computed by SQL over the store, each with the records behind it.

An activity counts in the period in which it ended, a dated part of a figure on its own day (rule 6). A joint activity,
which several posts recorded under one joint reference, counts once (rule 5). Bodies and members count once (rules 3
and 4). Voided and returned records never count; they are reported separately (rule 8). Unknown is not zero (rule 9).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import Any, Literal

from fieldapp.domain.amounts import MONEY, format_amount, format_money
from fieldapp.domain.indicators import BY_CODE, INDICATORS, Indicator, Source
from fieldapp.domain.sentences import within
from fieldapp.i18n import _
from fieldapp.records import reviews
from fieldapp.records.parts import of_kind
from fieldapp.records.words import post_names
from fieldapp.reports.query import Query, find_post
from fieldapp.reports.sources import (
    ACTIVITIES,
    ACTIVITIES_OF_PERIOD,
    BODIES,
    DEEDS,
    DEEDS_NOW,
    FIGURES_OF_OTHER_KINDS,
    JOINT_RECORDS,
    MEASURES,
    MOVED,
    NEWEST_LINE,
    OUTSIDE_FIGURES,
    PLACE,
    PLACED,
    SOURCES,
    joint,
)
from fieldapp.reports.units import units_of
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, sort_key

Group = Literal["post", "commune", "kind", "event", "ethnic_group"]

Part = tuple[Group, str | None]
"""A group, and the key of one of its parts"""

STAR = " *"
"""Behind a figure that counts only once in the whole together with those of others"""

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
    """“70 triệu đồng”, “73,4 km”, “22,5 m³” of “m3”"""
    unit = _POWERS.get(unit, unit)
    return format_money(value) if unit == MONEY else f"{format_amount(value, decimals)} {unit}".rstrip()


_POWERS: Mapping[str, str] = {"m2": "m²", "m3": "m³", "km2": "km²"}
"""Units as they are typed -> as they are written"""


SIZES = frozenset({MONEY, "kg", "tấn", "tạ", "m", "km", "ha", "m2", "m3", "m²", "m³", "lít"})
"""Units of size: what is measured in them is not numbered"""


def named(title: str, unit: str) -> str:
    """“số ngày công”, “trị giá quà”, “gạo”; of a kind: “số ngày công (giúp dân lao động sản xuất)”, “số giếng khoan”"""
    text, kind = measure_and_kind(title)
    if unit not in SIZES and not text.startswith(("số ", "tổng ", "tỷ lệ ", "trị giá ")):
        text = _("number of {things}").format(things=text)
    return f"{text} ({kind})" if kind else text


CALLED: Mapping[str, str] = {
    "Trị giá khám, thuốc": "Trị giá khám, chữa bệnh, cấp thuốc",
    "Mái ấm biên giới": "Nhà “Mái ấm biên giới”",
    "Phòng khám quân dân y": "Phòng khám quân dân y kết hợp",
    "Đường, cầu": "Đường, cầu làm mới, sửa chữa",
    "Lớp học": "Phòng học",
    "Em được giúp": "Em được giúp đỡ",
    "Hiện vật được giúp": "Hiện vật được giúp đỡ",
    "Ngày công được giúp": "Ngày công được giúp đỡ",
    "Trị giá được giúp": "Trị giá được giúp đỡ",
    "Lượt người khám, chữa bệnh": "Lượt người được khám, chữa bệnh",
    "Giúp dân lao động sản xuất": "Giúp Nhân dân lao động sản xuất",
    "Tuyên truyền, phổ biến pháp luật": "Tuyên truyền, phổ biến, giáo dục pháp luật",
}
"""Shipped names of measures and kinds -> what a letter calls them: the shipped log is signed. Other names stay"""


def measure_and_kind(title: str) -> tuple[str, str]:
    """“Ngày công · Khám, chữa bệnh” within a sentence: (“ngày công”, “khám, chữa bệnh”). A kind that goes on where the
    measure ends is one name with it: (“căn nhà đại đoàn kết”, “”) of “Căn nhà · Nhà đại đoàn kết”."""
    measure, _between, kind = (within(CALLED.get(part, part)) for part in title.partition(" · "))
    words, more = measure.split(), kind.split()
    for shared in range(min(len(words), len(more)), 0, -1):
        if search_key(" ".join(words[-shared:])) == search_key(" ".join(more[:shared])):
            return " ".join([*words, *more[shared:]]), ""
    return measure, kind


_PEOPLE = {("Lượt cán bộ, chiến sĩ", "lượt CBCS"): "lượt người", ("Lượt phương tiện", "phương tiện"): "lượt"}
"""The same of units of shipped measures: (name, unit) -> unit"""


def whole_unit(title: str, unit: str) -> str:
    """“lượt người”, not “lượt”, where the title says so."""
    if (title, unit) in _PEOPLE:
        return _PEOPLE[title, unit]
    people = f"{unit} người"
    return people if unit and title.lower().startswith(people) else _POWERS.get(unit, unit)


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
        f" f.{indicator.of} AS thing {FROM} WHERE {narrow} AND {_counted_by(indicator)}"
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
    for facts, counts in _facts_of_records():
        sql = (
            f"{with_facts(facts)} SELECT DISTINCT f.kind, f.record {FROM}"
            f" WHERE f.left_out IS NULL AND {_OF_POST} AND {counts} AND {_DOUBTFUL}"
        )
        for row in store.rows(sql, params):
            found.setdefault(row["kind"], set()).add(row["record"])
    return {kind: len(ids) for kind, ids in found.items()}


def _facts_of_records() -> Iterator[tuple[str, str]]:
    """The facts about activities and of each source, and the condition on those that count in the period."""
    yield ACTIVITIES_OF_PERIOD, "1"
    for source, indicators in by_source():
        yield SOURCES[source], f"{_within(indicators)} AND ({' OR '.join(map(_condition, indicators))})"


def records_with_files(store: Store, query: Query) -> set[str]:
    """The ids of those records with attached files that some figure of the query counts, or could count."""
    params = narrowed(store, query)
    found: set[str] = set()
    for facts, counts in _facts_of_records():
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
    for sql in _left_out_sqls():
        for row in store.rows(sql, params):
            found[row["left_out"]][row["record"]] = row["post_id"]
    return found


def _left_out_sqls() -> Iterator[str]:
    """For the sums and for each source: the records that are left out, and why. Those of ``attendance`` are meetings,
    which ``meeting`` has too."""
    chosen = f"SELECT DISTINCT f.record, f.left_out, f.post_id {FROM} WHERE f.left_out IS NOT NULL AND {OF_QUERY}"
    yield f"{with_measures('NULL')} {chosen}"
    for source, indicators in ((s, i) for s, i in by_source() if s != "attendance"):
        counted = " OR ".join(map(_counted_by, indicators))
        yield f"{with_facts(SOURCES[source])} {chosen} AND {_within(indicators)} AND ({counted})"


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


def joint_records(store: Store, query: Query) -> tuple[int, int]:
    """(number of records of the period with a joint reference, number of deeds that they are)."""
    row = store.row(
        f"{with_facts(JOINT_RECORDS, JOINT_DEEDS)} SELECT count(*) AS records, count(DISTINCT f.deed) AS deeds {FROM}"
        f" WHERE {NARROW} AND f.last BETWEEN :first AND :last",
        narrowed(store, query),
    )
    assert row is not None
    return row["records"], row["deeds"]


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


def cells_that_met(store: Store, query: Query) -> int:
    """Of the cells of the period with members of the posts, the number of those of which a meeting is recorded."""
    params = narrowed(store, query)

    def cells(source: Source, counts: str) -> set[str]:
        sql = f"{with_facts(SOURCES[source])} SELECT DISTINCT f.party_cell_id {FROM} WHERE {NARROW} AND {counts}"
        return {row["party_cell_id"] for row in store.rows(sql, params)}

    return len(cells("introduction", IN_FORCE) & cells("meeting", "f.last BETWEEN :first AND :last"))


@dataclass(frozen=True)
class Disputed:
    """One measure of a joint deed of which posts give different amounts."""

    reference: str
    measure: str
    said: list[tuple[str, str]]
    """(post, amount in words); the first one counts"""


@dataclass(frozen=True)
class JointDeed:
    """A joint activity of the period, as a letter names it."""

    section: str
    kind_id: str
    name: str
    """“cuộc tuần tra chung”, “hoạt động khám, chữa bệnh”"""
    first: str
    last: str
    """its days"""
    posts: list[str]
    """names of the posts whose records it is, by the alphabet"""
    disputed: dict[str, tuple[str, Disputed]]
    """id of a measure -> (“số lượt người tham gia”, what the posts say), where they do not agree"""

    def is_in(self, figure: Figure) -> bool:
        """Whether the figure of a measure may count it."""
        return self.section == figure.section and figure.kind_id in (None, self.kind_id)


def joint_deeds_done(store: Store, query: Query) -> list[JointDeed]:
    """The joint activities of the period, by day."""
    params = narrowed(store, query)
    within = f"SELECT DISTINCT f.deed {FROM} WHERE {NARROW} AND f.last BETWEEN :first AND :last"
    rows = store.rows(
        f"{with_facts(JOINT_RECORDS, JOINT_DEEDS)} SELECT x.deed, x.activity_kind_id, x.post_id, x.first, x.last"
        f" FROM facts x WHERE x.deed IN ({within}) ORDER BY x.last, x.record",
        params,
    )
    of_deed: dict[str, list[Row]] = {}
    for row in rows:
        of_deed.setdefault(row["deed"], []).append(row)
    names, kinds = post_names(store), kinds_named(store) if rows else {}
    said = _disputed(store, query, params, [*of_deed])
    return [
        JointDeed(
            *kinds[parts[0]["activity_kind_id"]],
            min(part["first"] for part in parts),
            max(part["last"] for part in parts),
            sorted({names[part["post_id"]] for part in parts}, key=sort_key),
            said.get(deed, {}),
        )
        for deed, parts in of_deed.items()
    ]


_OCCASIONS = ("cuộc", "buổi", "đợt", "lần")
"""Units that say what an activity is: “cuộc tuần tra chung”"""


def kinds_named(store: Store) -> dict[str, tuple[str, str, str]]:
    """Id of a kind of activity -> (its section, its id, what one of it is called within a sentence)."""
    rows = store.rows(
        "SELECT k.id, k.section, k.name, (SELECT m.unit_name FROM kind_measure p JOIN measure m ON m.id = p.measure_id"
        " WHERE p.activity_kind_id = k.id AND p.voided_at IS NULL ORDER BY p.position LIMIT 1) AS unit,"
        " EXISTS (SELECT 1 FROM kind_measure p JOIN measure m ON m.id = p.measure_id"
        " WHERE p.activity_kind_id = k.id AND m.nature = 'works') AS works FROM activity_kind k"
    )
    found = {}
    for row in rows:
        name = within(CALLED.get(row["name"], row["name"]))
        if row["works"]:
            said = _("works {name}") if not search_key(name).startswith("cong trinh") else "{name}"
        else:
            said = f"{row['unit']} {{name}}" if row["unit"] in _OCCASIONS else _("activity {name}")
        found[row["id"]] = (row["section"], row["id"], said.format(name=name))
    return found


def _disputed(
    store: Store, query: Query, params: Mapping[str, Any], deeds: Sequence[str]
) -> dict[str, dict[str, tuple[str, Disputed]]]:
    """Deed -> the measures of which posts give different amounts; none where the report is narrowed to a post or an
    area, which has its own amount."""
    if not deeds or query.post is not None or query.unit is not None:
        return {}
    among, names = said_of_deeds("SELECT value FROM json_each(:among)"), post_names(store)
    found: dict[tuple[str, str], list[Row]] = {}
    for row in store.rows(
        f"WITH {JOINT_DEEDS}, said AS MATERIALIZED ({among}) SELECT s.*,"
        " a.joint_reference AS reference, m.name AS measure, m.unit_name, m.decimals"
        " FROM said s JOIN activity a ON a.id = s.first JOIN measure m ON m.id = s.measure_id"
        " ORDER BY s.deed, s.measure_id, s.first",
        {**params, "among": json.dumps(deeds)},
    ):
        found.setdefault((row["deed"], row["measure_id"]), []).append(row)
    by_deed: dict[str, dict[str, tuple[str, Disputed]]] = {}
    for (deed, measure_id), rows in found.items():
        if len({row["amount"] for row in rows}) > 1:
            unit, measure = rows[0]["unit_name"] or "", rows[0]["measure"]
            whole = whole_unit(measure, unit)
            said = [(names[r["post_id"]], amount_in_words(r["amount"], r["decimals"], whole)) for r in rows]
            told = Disputed(rows[0]["reference"], measure, said)
            by_deed.setdefault(deed, {})[measure_id] = (named(told.measure, unit), told)
    return by_deed


# the queries ----------------------------------------------------------------------------------------------------

FROM = f"FROM facts f {PLACED}"

_UNITS = "(SELECT value FROM json_each(:units))"

WITHIN = (
    f"(:units IS NULL OR CASE WHEN :former THEN f.unit_id IN {_UNITS} OR {PLACE} IN {_UNITS}"
    f" OR f.unit_now_id IN {_UNITS}"
    f" ELSE coalesce({PLACE}, f.unit_now_id, f.unit_id) IN {_UNITS} END)"
)
"""Whether a fact belongs to the area: by its place; without one, because all that might be its place is in the area.
An area that was not there on the day of the view also has what was recorded in it."""

_OF_POST = "(:post IS NULL OR f.post_id = :post)"

OF_QUERY = f"{_OF_POST} AND {WITHIN}"
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
def _counts_sqls(part: str) -> list[tuple[list[Indicator], str]]:
    """The indicators of each source, with the query for them: a table by month asks for a hundred months."""
    return [(indicators, counts_sql(source, indicators, part)) for source, indicators in by_source()]


def _within(indicators: Sequence[Indicator]) -> str:
    """A condition on the days that any of the indicators counts, so that an index can be used."""
    if all(indicator.when == "day" for indicator in indicators):
        return "f.last BETWEEN :first AND :last"
    return IN_FORCE


_DOUBTFUL = f"""CASE WHEN :doubtful IS NULL THEN {PLACE} IS NULL AND f.unit_id IS NOT NULL
    ELSE coalesce(f.unit_now_id, f.unit_id) IN (SELECT value FROM json_each(:doubtful))
        AND CASE WHEN :former THEN NOT coalesce({WITHIN}, 0) ELSE {PLACE} IS NULL END END"""


def by_source() -> Iterator[tuple[Source, list[Indicator]]]:
    """The indicators of each source."""
    for source, group in groupby(sorted(INDICATORS, key=lambda i: i.source), key=lambda i: i.source):
        yield source, list(group)


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


def once(words: Iterable[str | None]) -> list[str]:
    """Words for a number, each once in its first spelling: “hàng chục” is “Hàng chục”."""
    first: dict[str, str] = {}
    for text in filter(None, words):
        first.setdefault(search_key(text) or text, text)
    return list(first.values())


def _counts(store: Store, params: dict[str, Any], by: Group | None) -> Iterator[tuple[str | None, Figure]]:
    """The figures of the indicators, in their order; one query for each source."""
    found: dict[str, list[tuple[str | None, Figure]]] = {}
    for indicators, sql in _counts_sqls(GROUPS[by]):
        for row in store.rows(sql, params):
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
        yield f"count(DISTINCT CASE WHEN {_counted_by(indicator)} THEN f.record END) AS n{at}"


def _counted_by(indicator: Indicator) -> str:
    """The condition of an indicator, and that the fact has what it counts."""
    return f"({_condition(indicator)} AND f.{indicator.of} IS NOT NULL)"


def _condition(indicator: Indicator) -> str:
    """The condition of an indicator. Its codes are the program's own, so they may be written into the SQL."""
    parts = [IN_FORCE if indicator.when == "in_force" else "coalesce(f.last, f.first) BETWEEN :first AND :last"]
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
