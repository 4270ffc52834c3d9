"""Joint activities of a period: what several posts recorded under one joint reference (rule 5)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from fieldapp.domain.sentences import within
from fieldapp.i18n import _
from fieldapp.records.words import post_names
from fieldapp.reports.figure_names import CALLED, amount_in_words, named, whole_unit
from fieldapp.reports.figure_sql import FROM, JOINT_DEEDS, NARROW, narrowed, said_of_deeds, with_facts
from fieldapp.reports.figures import Figure
from fieldapp.reports.query import Query
from fieldapp.reports.sources import JOINT_RECORDS
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, sort_key


def joint_records(store: Store, query: Query) -> tuple[int, int]:
    """(number of records of the period with a joint reference, number of deeds that they are)."""
    row = store.row(
        f"{with_facts(JOINT_RECORDS, JOINT_DEEDS)} SELECT count(*) AS records, count(DISTINCT f.deed) AS deeds {FROM}"
        f" WHERE {NARROW} AND f.last BETWEEN :first AND :last",
        narrowed(store, query),
    )
    assert row is not None
    return row["records"], row["deeds"]


class Disputed(Struct, frozen=True):
    """One measure of a joint deed of which posts give different amounts."""

    reference: str
    measure: str
    said: list[tuple[str, str]]
    """(post, amount in words); the first one counts"""


class JointDeed(Struct, frozen=True):
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
