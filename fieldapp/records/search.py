"""Finding a record of any kind: by words, and by what is known of it."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Literal

from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.records import reviews, search_index
from fieldapp.store.store import Store

RecordState = Literal["any", "standing", "voided", "returned"]


@dataclass(frozen=True)
class Filter:
    """What a record must be, beside having the words."""

    kind: str | None = None
    first: date | None = None
    last: date | None = None
    state: RecordState = "standing"
    units: tuple[str, ...] | None = None
    """Ids of units: a record lies in one of them, or is of a party cell there"""


@dataclass(frozen=True)
class Hit:
    """One record that fits."""

    kind: str
    row_id: str


def search_records(store: Store, text: str, sieve: Filter, limit: int = 100) -> list[Hit]:
    """Records whose words begin with the words typed, and that the sieve lets through: the newest first."""
    query = search_index.match(text)
    if query is None and text.strip():
        return []
    found: list[tuple[str, Hit]] = []
    for model in RECORDS:
        wanted = sieve.kind == model.KIND if sieve.kind else query is not None or not model.REFERENCE
        if model.TOP and wanted and (query is None or search_index.has_entries(store, model.KIND)):
            found += _of_kind(store, model.KIND, query, sieve, limit)
    return [hit for _day, hit in sorted(found, key=lambda f: f[0], reverse=True)[:limit]]


def _of_kind(store: Store, kind: str, query: str | None, sieve: Filter, limit: int) -> list[tuple[str, Hit]]:
    """(day, hit) of one kind, newest first."""
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
    if sieve.state == "voided":
        where.append("t.voided_at IS NOT NULL")
    elif sieve.state != "any":
        where.append("t.voided_at IS NULL")
    if sieve.units is not None:
        somewhere = _within(model)
        where.append(f"({' OR '.join(somewhere) or '0'})")
        params += [json.dumps(sieve.units)] * len(somewhere)
    if sieve.state == "returned":
        ids = [said.record for said in reviews.returned_records(store) if said.kind == kind]
        where.append("t.id IN (SELECT value FROM json_each(?))")
        params.append(json.dumps(ids))
    for bound, compare in ((sieve.first, ">="), (sieve.last, "<=")):
        if bound is not None:
            where.append(f"substr(t.{day}, 1, 10) {compare} ?" if day == "created_at" else f"t.{day} {compare} ?")
            params.append(bound.isoformat())
    rows = store.rows(
        f"SELECT t.id, t.{day} AS day FROM {source} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT {limit}",
        params,
    )
    recorded = model.DATE is not None and not model.REFERENCE  # what posts wrote comes before the units that it names
    return [(r["day"] if recorded else "", Hit(kind, r["id"])) for r in rows]


def _within(model: type[Record]) -> list[str]:
    """SQL conditions, any of which says that a record of a kind lies in given units: a JSON list, once for each."""
    given = "(SELECT value FROM json_each(?))"
    found = ["t.id IN " + given] if model.KIND == "unit" else []
    for shape in fields_of(model):
        if shape.ref == "unit" and shape.heir_of is None:
            found.append(f"t.{shape.name} IN {given}")
        elif shape.ref == "party_cell":
            found.append(f"t.{shape.name} IN (SELECT id FROM party_cell WHERE unit_id IN {given})")
    return found
