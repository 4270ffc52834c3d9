"""Units that headquarters added by hand, and that the program ships now: old communes from before the whole country
was shipped.

A unit is its row, so both stay: the records of the one that was added name it. A person retires it, so that nobody
chooses it any more; its records stay where they are, and follow its successions.
"""

import json
from collections.abc import Iterator

from msgspec import Struct

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.domain.reference import Unit
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, sort_key

_SHIPPED = "fieldapp"
"""The author of shipped rows"""


class UnitTwice(Struct, frozen=True):
    """A unit that was added by hand, and the shipped one of the same name, level, place and days."""

    added: str
    shipped: str
    by: str
    """Who added it"""
    records: int
    """How many records name the one that was added"""
    heirs: list[str]
    """The successors of the shipped one, if the one that was added ended and has none"""


def units_twice(store: Store) -> list[UnitTwice]:
    """The units that are there twice, in the order in which they were added."""
    return store.cached_until_changed("units twice", lambda: list(_units_twice(store)))


def _units_twice(store: Store) -> Iterator[UnitTwice]:
    added = store.rows("SELECT * FROM unit WHERE created_by <> ? AND voided_at IS NULL ORDER BY id", [_SHIPPED])
    if not added:
        return
    shipped: dict[tuple[str, object], list[Row]] = {}
    wanted = sorted({search_key(row["name"]) for row in added})
    for row in store.rows(
        "SELECT * FROM unit WHERE created_by = ? AND voided_at IS NULL"
        " AND plain(name) IN (SELECT value FROM json_each(?)) ORDER BY id",
        [_SHIPPED, json.dumps(wanted)],
    ):
        shipped.setdefault((row["level"], _key(row)), []).append(row)
    for row in added:
        for other in shipped.get((row["level"], _key(row)), []):
            if _meet(row, other) and _in_one_place(store, row, other):
                heirs = _heirs(store, other["id"]) if row["valid_to"] and not _heirs(store, row["id"]) else []
                yield UnitTwice(row["id"], other["id"], row["created_by"], _named_by(store, row["id"]), heirs)


def _key(row: Row) -> object:
    """A name's letters and tones, without capitals, apostrophes, blanks, and whatever vowel has the tone."""
    letters, tones, _text = sort_key(row["name"].casefold())
    return letters, tuple(tone for tone in tones if tone)


def _meet(one: Row, other: Row) -> bool:
    """Whether both are there on the same day."""
    days = [(row["valid_from"] or "", row["valid_to"] or "9999") for row in (one, other)]
    return max(first for first, _last in days) <= min(last for _first, last in days)


def _in_one_place(store: Store, one: Row, other: Row) -> bool:
    """Whether they belong to units of the same name, as far as both say it: a province, and a district."""
    above, beside = _above(store, one), _above(store, other)
    return all(above[level] == beside[level] for level in above.keys() & beside.keys())


def _above(store: Store, row: Row) -> dict[str, object]:
    """Level -> name of what a unit belongs to."""
    found: dict[str, object] = {}
    parent = store.row("SELECT * FROM unit WHERE id = ?", [row["parent_id"]])
    while parent is not None and parent["level"] not in found:
        found[parent["level"]] = _key(parent)
        parent = store.row("SELECT * FROM unit WHERE id = ?", [parent["parent_id"]])
    return found


def _heirs(store: Store, unit_id: str) -> list[str]:
    rows = store.rows(
        "SELECT new_unit_id FROM unit_succession WHERE old_unit_id = ? AND voided_at IS NULL ORDER BY id", [unit_id]
    )
    return [row["new_unit_id"] for row in rows]


def _named_by(store: Store, unit_id: str) -> int:
    return sum(
        store.value(f"SELECT count(*) FROM {model.KIND} WHERE {shape.name} = ? AND voided_at IS NULL", [unit_id])
        for model in RECORDS
        for shape in fields_of(model)
        if shape.ref == Unit.KIND and not model.KIND.startswith(Unit.KIND)
    )
