"""Random records of every kind, made from the models. There are few values, so that records share them."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import uuid_utils

from fieldapp.domain.model import FieldShape, fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.records import reviews
from fieldapp.store.store import Store

WORDS = ("buôn Ba Na", "Buôn Ba na", "Hòa", "hoà", "=1+1", "a\tb\\N", "dòng\nhai", "Y Thanh Niê", "Đức", "\\.")
FIRST = date(2023, 6, 1)


REFERENCES = ("05/KH", "05-kh", "6/KH")


def fill(store: Store, seed: int, rows: int, posts: int = 3, *, joint: bool = False) -> None:
    """Write ``rows`` records of each kind, of several posts, into headquarters' file as a fold would.

    ``joint``: most activities have one of few joint references, and few days and kinds.
    """
    rng, own = random.Random(seed), random.Random(seed + 1)
    ids: dict[str, list[str]] = {}
    with store.transaction(applying=True):
        moved = [r["id"] for r in store.rows(
            "SELECT id FROM unit WHERE valid_to IS NOT NULL AND level = 'commune' ORDER BY id")]  # fmt: skip
        now = [r["id"] for r in store.rows("SELECT id FROM unit WHERE valid_to IS NULL ORDER BY id")]
        ids["unit"] = rng.sample(moved, 20) + rng.sample(now, 8)
        ids["unit"] += _lineage(store, rng)
        for model in RECORDS:
            kind = model.KIND
            if kind == "post":
                ids[kind] = [r["id"] for r in store.rows("SELECT id FROM post")]
                for n in range(len(ids[kind]), posts):
                    ids[kind].append(_write(store, rng, kind, {"code": f"P{n}", "name": f"Đồn {n}",
                                                               "unit_id": rng.choice(now)}))  # fmt: skip
            elif model.REFERENCE and kind != "party_cell":
                ids.setdefault(kind, [r["id"] for r in store.rows(f"SELECT id FROM {kind} ORDER BY id")][:8])
            elif kind != "review":
                ids[kind] = [
                    _write(
                        store,
                        rng,
                        kind,
                        _measured(store, own, kind, _values(rng, fields_of(model), ids))
                        | ({} if model.REFERENCE else {"post_id": rng.choice(ids["post"])})
                        | (_joint(rng, ids) if joint and kind == "activity" else {}),
                    )
                    for _ in range(8 if model.REFERENCE else rows)
                ]
        for kind in ("activity", "meeting", "matter", "introduction"):
            for record in rng.sample(ids[kind], rows // 4):
                seen = reviews.record_fingerprint(store, kind, record) if rng.random() < 0.7 else "0" * 24
                outcome = rng.choice(["returned", "returned", "accepted"])
                post = store.value(f"SELECT post_id FROM {kind} WHERE id = ?", [record])
                _write(store, rng, "review", {"post_id": post, "record_kind": kind, "record_id": record,
                                              "outcome": outcome, "seen": seen})  # fmt: skip


def _measured(store: Store, rng: random.Random, kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """A figure is mostly of a measure that the kind of its activity has."""
    if kind == "activity_measure" and rng.random() < 0.9:
        of_kind = store.rows(
            "SELECT k.measure_id AS id FROM kind_measure k JOIN activity a ON a.activity_kind_id = k.activity_kind_id"
            " WHERE a.id = ? ORDER BY 1", [values["activity_id"]])  # fmt: skip
        values["measure_id"] = rng.choice([row["id"] for row in of_kind] or [values["measure_id"]])
    return values


def _joint(rng: random.Random, ids: dict[str, list[str]]) -> dict[str, Any]:
    first = FIRST + timedelta(rng.randint(0, 40))
    last = first + timedelta(rng.randint(0, 3))
    kind = rng.choice(ids["activity_kind"][:2])
    return {"joint_reference": rng.choice([*REFERENCES, None]), "activity_kind_id": kind,
            "date_from": first.isoformat(), "date_to": rng.choice([None, last.isoformat()])}  # fmt: skip


def _lineage(store: Store, rng: random.Random) -> list[str]:
    """Communes of three generations, each become one or two of the next or nothing known, and hamlets in them."""
    days = [None, "2024-07-01", "2025-07-01", None]
    found: list[list[str]] = []
    for at, (first, then) in enumerate(pairwise(days)):
        last = then and (date.fromisoformat(then) - timedelta(1)).isoformat()
        found.append([
            _write(store, rng, "unit", {"level": "commune", "name": f"Xã {at} {n}", "code": f"9990{n}",
                                        "border": "land_border", "valid_from": first, "valid_to": last})
            for n in range(4)])  # fmt: skip
    for at in (0, 1):
        for old in found[at]:
            for new in rng.sample(found[at + 1], rng.choice([0, 1, 1, 2])):
                _write(store, rng, "unit_succession", {"old_unit_id": old, "new_unit_id": new,
                                                       "effective_on": days[at + 1]})  # fmt: skip
    hamlets = [_write(store, rng, "unit", {"level": "hamlet", "name": f"Buôn {n}", "parent_id": unit})
               for n, unit in enumerate(found[0])]  # fmt: skip
    return [*(unit for generation in found for unit in generation), *hamlets]


def _values(rng: random.Random, shapes: Sequence[FieldShape], ids: dict[str, list[str]]) -> dict[str, Any]:
    return {s.name: _value(rng, s, ids) for s in shapes if s.required or s.default is not None or rng.random() < 0.6}


def _value(rng: random.Random, shape: FieldShape, ids: dict[str, list[str]]) -> Any:
    if shape.ref:
        return rng.choice(ids[shape.ref]) if ids.get(shape.ref) else None
    if shape.choices:
        return rng.choice(shape.choices)
    if shape.type == "date":
        return (FIRST + timedelta(rng.randint(0, 900))).isoformat()
    if shape.type == "boolean":
        return rng.randint(0, 1)
    if shape.type == "year":
        return rng.randint(2023, 2026)
    if shape.type == "integer":
        return rng.choice([1, 7, 40, 999])
    return rng.choice(WORDS)


def _write(store: Store, rng: random.Random, kind: str, values: dict[str, Any]) -> str:
    row_id = str(uuid_utils.uuid7())
    row = {"id": row_id, "created_at": "2026-01-01T00:00:00Z", "created_by": "A", **values}
    if kind != "post" and rng.random() < 0.1:
        row["voided_at"] = "2026-02-01T00:00:00Z"
    marks = ", ".join("?" * len(row))
    store.db.execute(f"INSERT INTO {kind} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    return row_id
