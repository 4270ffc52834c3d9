"""Find records of any kind: by words, and by kind, day, state and place."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Literal

from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.records import reviews, search_index
from fieldapp.records.kinds import day_sql
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import is_too_long

RecordState = Literal["any", "standing", "voided", "returned", "unreceived"]
"""``unreceived``: those of ``Filter.ids``, voided or not; who asks knows what headquarters has received"""


@dataclass(frozen=True)
class Filter:
    """Conditions on a record, besides its words."""

    kind: str | None = None
    first: date | None = None
    last: date | None = None
    state: RecordState = "standing"
    units: tuple[str, ...] | None = None
    """Ids of units: the record is in one of them, or belongs to a party cell there"""
    ids: frozenset[str] | None = None
    """Only these records"""


@dataclass(frozen=True)
class Hit:
    """One record that was found."""

    kind: str
    row_id: str
    voided: bool


def search_records(store: Store, text: str, conditions: Filter, limit: int = 100) -> list[Hit]:
    """Records that meet ``conditions`` and that have, for each typed word, a word that begins with it; newest first."""
    query = None if is_too_long(text) else search_index.match(text)
    if query is None and text.strip():
        return []
    found: list[tuple[tuple[str, bool], Hit]] = []
    searched = search_index.kinds_with_entries(store) if query is not None else frozenset(BY_KIND)
    for model in RECORDS:
        asked = query is not None or conditions.ids is not None
        wanted = conditions.kind == model.KIND if conditions.kind else asked or not model.REFERENCE
        if model.TOP and wanted and model.KIND in searched:
            found += _of_kind(store, model.KIND, query, conditions, limit)
    return [hit for _place, hit in sorted(found, key=lambda f: f[0], reverse=True)[:limit]]


def _of_kind(
    store: Store, kind: str, query: str | None, conditions: Filter, limit: int
) -> list[tuple[tuple[str, bool], Hit]]:
    """((day, whether posts record it), hit) of one kind, newest first."""
    model = BY_KIND[kind]
    day = model.DATE or "created_at"
    where: list[str] = ["1"]
    params: list[str | int] = []
    source, order = f"{kind} t", f"t.{day} DESC, t.id DESC"
    if query is not None:
        source = f"local_search s CROSS JOIN {kind} t ON t.id = s.row_id"
        where.append("local_search MATCH ? AND s.rowid BETWEEN ? AND ?")
        params += [query, *search_index.entry_range(kind)]
        order = "s.rowid DESC"
    if conditions.state == "voided":
        where.append("t.voided_at IS NOT NULL")
    elif conditions.state not in ("any", "unreceived"):
        where.append("t.voided_at IS NULL")
    if conditions.units is not None:
        somewhere = _in_units(model)
        where.append(f"({' OR '.join(somewhere) or '0'})")
        params += [json.dumps(conditions.units)] * len(somewhere)
    if conditions.state == "returned":
        ids = [review.record for review in reviews.returned_records(store) if review.kind == kind]
        where.append("t.id IN (SELECT value FROM json_each(?))")
        params.append(json.dumps(ids))
    if conditions.ids is not None:
        where.append("t.id IN (SELECT value FROM json_each(?))")
        params.append(json.dumps(sorted(conditions.ids)))
    for bound, compare in ((conditions.first, ">="), (conditions.last, "<=")):
        if bound is not None:
            where.append(f"{day_sql(model, 't')} {compare} ?")
            params.append(bound.isoformat())
    rows = store.rows(
        f"SELECT t.id, t.{day} AS day, t.voided_at IS NOT NULL AS voided FROM {source} WHERE {' AND '.join(where)}"
        f" ORDER BY {order} LIMIT {limit}",
        params,
    )
    of_posts = not model.REFERENCE  # what posts record comes before the units and other lists that it names
    dated = model.DATE is not None and of_posts
    return [((r["day"] if dated else "", of_posts), Hit(kind, r["id"], bool(r["voided"]))) for r in rows]


def _in_units(model: type[Record]) -> list[str]:
    """SQL conditions; a record is in the given units if any of them is true.

    Each condition has one parameter: the ids of the units as a JSON list.
    """
    given = "(SELECT value FROM json_each(?))"
    found = ["t.id IN " + given] if model.KIND == "unit" else []
    for shape in fields_of(model):
        if shape.ref == "unit" and shape.heir_of is None:
            found.append(f"t.{shape.name} IN {given}")
        elif shape.ref == "party_cell":
            found.append(f"t.{shape.name} IN (SELECT id FROM party_cell WHERE unit_id IN {given})")
    return found
