"""Voids that were made without knowing: of another change of the record or of its lines, of what somebody entered that
belongs to it, or of each other in a pair.

A void takes a record, or a line of one, out of every figure, so nobody misses it. Whoever voids has decided about what
they saw. If somebody else changed the record meanwhile, or voided the other one of two that look the same, a person
who knows both decides again: the record stays voided, or it is taken back. Like every conflict this is a function of
the set of changes: the same on every replica that has both, whatever the order. Two posts hear nothing of each other:
about the deed that both recorded, and both voided, headquarters is asked, and its word about each settles it.

It is found out when somebody asks. Each part of the log is read only once: a local setting says how far it was read,
and which voids wait for a decision. A voided row is judged again when a change touches it, a line of it, or one that
looks the same.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec import Struct, field

from fieldapp.domain.assistance import Activity
from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND, PARENTS, RECORDS
from fieldapp.store import disk_errors, log
from fieldapp.store.log import Change
from fieldapp.store.migrations import BASELINE_LOG, SEGMENT_SCHEMA
from fieldapp.store.store import Row, Store
from fieldapp.sync.merge.knowledge import Knowledge

JUDGED = "voids"
"""Local setting: JSON with the shape of the logged tables, how far each log was read, the voids that wait for a
decision, and the rows to look at again"""

KINDS = [m.KIND for m in RECORDS if not m.ABOUT_A_POST]

MAX_TOLD = 20
"""Most changes that are stored of what somebody else did meanwhile: the last ones"""


class Place(NamedTuple):
    """A change, by its place in a log."""

    log_id: str
    seq: int


class UnknowingVoid(Struct, frozen=True):
    """A void whose author did not know what somebody else did meanwhile."""

    kind: str
    row: str
    void: Place
    others: tuple[Place, ...]
    """What the author did not know, in order: changes of the row or of its lines; rows that name it; voids of rows that
    look the same"""
    alike: frozenset[str]
    """The voided rows that look the same"""


def unknowing_voids(store: Store) -> list[UnknowingVoid]:
    """The voids that wait for a decision, by kind and then by row; lines of records that are voided are left out."""
    found = _judged(store)
    gone: set[str] = set()
    for kind in {v.kind for v in found if v.kind in PARENTS}:
        parent, child = PARENTS[kind]
        rows = store.rows(
            f"SELECT c.id FROM {kind} c JOIN {parent.KIND} p ON p.id = c.{child.parent} AND p.voided_at IS NOT NULL"
            " WHERE c.id IN (SELECT value FROM json_each(?))",
            [json.dumps([v.row for v in found if v.kind == kind])],
        )
        gone.update(row["id"] for row in rows)
    return sorted((v for v in found if v.row not in gone), key=lambda v: (KINDS.index(v.kind), v.row))


def undecided_records(store: Store) -> dict[str, set[str]]:
    """Kind -> the records that wait for a decision, because they or lines of them were voided so."""
    found: dict[str, set[str]] = {}
    for void in unknowing_voids(store):
        kind, row_id = void.kind, void.row
        if kind in PARENTS:
            parent, child = PARENTS[kind]
            kind, row_id = parent.KIND, store.value(f"SELECT {child.parent} FROM {kind} WHERE id = ?", [row_id])
        found.setdefault(kind, set()).add(row_id)
    return found


def judge_all_again(store: Store) -> None:
    """Forget what was found, because changes have left the log; inside a transaction."""
    store.db.execute("DELETE FROM local_setting WHERE key = ?", [JUDGED])


def _judged(store: Store) -> list[UnknowingVoid]:
    """All voids that wait; what is new in the log is judged first."""
    state = json.loads(store.setting(JUDGED) or "{}")
    begun = state.get("schema") == SEGMENT_SCHEMA
    reached = log.reached(store)
    waiting = [_from_json(values) for values in state["waiting"]] if begun else []
    if begun and reached == state["seen"]:
        return waiting
    if begun:
        touched = log.rows_changed_since(store, state["seen"])
        for kind, ids in state["again"].items():
            touched.setdefault(kind, set()).update(ids)
        rows = _voided_among(store, touched)
        every = {row_id for ids in touched.values() for row_id in ids}
        again = [v for v in waiting if not every.isdisjoint({v.row, *v.alike})]
        for void in again:
            rows.setdefault(void.kind, set()).add(void.row)
    else:
        rows = {kind: {r["id"] for r in store.rows(f"SELECT id FROM {kind} WHERE voided_at IS NOT NULL")}
                for kind in KINDS}  # fmt: skip
    knowledge = Knowledge(store)
    for kind, ids in rows.items():
        if ids:
            fresh, judged = _judge(store, knowledge, kind, ids)
            waiting = [v for v in waiting if v.row not in judged] + fresh
    again_later = {kind: sorted(ids) for kind, ids in log.rows_with_rejected_changes(store).items() if kind in KINDS}
    stored = {"schema": SEGMENT_SCHEMA, "seen": reached, "waiting": [_as_json(v) for v in waiting],
              "again": again_later}  # fmt: skip
    with suppress(disk_errors.DiskFull), store.transaction(derived=True):  # else it is judged again
        store.set_setting(JUDGED, json.dumps(stored))
    return waiting


def _as_json(void: UnknowingVoid) -> dict[str, Any]:
    return {"kind": void.kind, "row": void.row, "void": void.void, "others": void.others, "alike": sorted(void.alike)}


def _from_json(values: dict[str, Any]) -> UnknowingVoid:
    others = tuple(Place(*place) for place in values["others"])
    return UnknowingVoid(values["kind"], values["row"], Place(*values["void"]), others, frozenset(values["alike"]))


def _voided_among(store: Store, touched: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Kind -> those rows that are voided and were touched, or a line of which was, or a row that names them."""
    found: dict[str, set[str]] = {}
    for kind in KINDS:
        if not touched.get(kind):
            continue
        among = json.dumps(sorted(touched[kind]))
        for column, named in _named_by(kind):
            rows = store.rows(
                f"SELECT DISTINCT p.id FROM {kind} c JOIN {named} p ON p.id = c.{column}"
                " WHERE c.id IN (SELECT value FROM json_each(?)) AND p.voided_at IS NOT NULL",
                [among],
            )
            found.setdefault(named, set()).update(r["id"] for r in rows)
        which = "id IN (SELECT value FROM json_each(?)) AND voided_at IS NOT NULL"
        found.setdefault(kind, set()).update(
            r["id"] for r in store.rows(f"SELECT id FROM {kind} WHERE {which}", [among])
        )
    return found


def _named_by(kind: str) -> list[tuple[str, str]]:
    """(column, kind of the row that it names) of each column of a kind that names a record of the same post."""
    model = BY_KIND[kind]
    named = [(shape.name, shape.ref) for shape in fields_of(model) if shape.ref is not None]
    if kind in PARENTS:
        parent, child = PARENTS[kind]
        named.append((child.parent, parent.KIND))
    return [(column, other) for column, other in named if not BY_KIND[other].REFERENCE and not model.REFERENCE]


class _Voided(Struct):
    """A voided row, while it is judged."""

    row: Row
    voids: list[Change] = field(default_factory=list)
    """All voids of it that count"""
    newest: list[Change] = field(default_factory=list)
    """Those that no other one knew, if all of them void it"""
    changes: list[Change] = field(default_factory=list)
    """The other changes that count: of it and of its lines, and those by which standing rows name it"""


def _judge(store: Store, knowledge: Knowledge, kind: str, ids: set[str]) -> tuple[list[UnknowingVoid], set[str]]:
    """(the voids that wait among some voided rows and those that look the same as one of them, all rows judged)."""
    from fieldapp.records import duplicates

    elsewhere: dict[str, list[str]] = {}
    if kind == Activity.KIND:
        ids = ids.union(*duplicates.voided_elsewhere(store, ids).values())
    groups = duplicates.voided_alike(store, BY_KIND[kind], ids)
    if kind == Activity.KIND:
        elsewhere = duplicates.voided_elsewhere(store, [row["id"] for group in groups for row in group])
    there = [row for group in groups for row in group]
    others = {i for found in elsewhere.values() for i in found} - {row["id"] for row in there}
    there += store.rows(
        f"SELECT * FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(sorted(others))]
    )
    voided = _read(store, knowledge, kind, there)
    by_headquarters = _logs_of_headquarters(store) if elsewhere else set()
    found = []
    for group in groups:
        rows = [voided[row["id"]] for row in group]
        for one in rows:
            alike = [o for o in rows if o is not one and duplicates.may_be_the_same(BY_KIND[kind], one.row, o.row)]
            if not any(change.log_id in by_headquarters for change in one.newest):
                alike += [voided[other] for other in elsewhere.get(one.row["id"], [])]
            void = _judge_row(knowledge, kind, one, alike)
            if void is not None:
                found.append(void)
    return found, ids | {row["id"] for group in groups for row in group}


def _logs_of_headquarters(store: Store) -> set[str]:
    rows = store.rows("SELECT l.id FROM local_log l JOIN local_replica r ON r.id = l.replica_id WHERE r.role = 'hq'")
    return {row["id"] for row in rows}


def _judge_row(knowledge: Knowledge, kind: str, one: _Voided, alike: list[_Voided]) -> UnknowingVoid | None:
    if not one.newest:
        return None
    apart = [c for c in one.changes if all(knowledge.apart(v, c) for v in one.newest)]
    pairs = {
        o.row["id"]: there
        for o in alike
        if o.newest and (there := [v for v in o.voids if all(knowledge.apart(mine, v) for mine in one.newest)])
    }
    others = sorted([*apart, *(v for there in pairs.values() for v in there)], key=lambda c: (c.hlc, c.log_id))
    if not others:
        return None
    told = tuple(Place(c.log_id, c.seq) for c in others[-MAX_TOLD:])
    return UnknowingVoid(kind, one.row["id"], Place(one.newest[-1].log_id, one.newest[-1].seq), told, frozenset(pairs))


def _rows_that_name(store: Store, kind: str, ids: Iterable[str]) -> list[tuple[str, str, str]]:
    """(id, column, id that it names) of each standing row that names one of some records, but for their lines."""
    among = [json.dumps(sorted(ids))]
    own_lines = {child.model.KIND: child.parent for child in BY_KIND[kind].CHILDREN.values()}
    return [
        (row["id"], column, row["named"])
        for other in KINDS
        for column, named in _named_by(other)
        if named == kind and own_lines.get(other) != column
        for row in store.rows(
            f"SELECT id, {column} AS named FROM {other}"
            f" WHERE {column} IN (SELECT value FROM json_each(?)) AND voided_at IS NULL",
            among,
        )
    ]


def _read(store: Store, knowledge: Knowledge, kind: str, rows: list[Row]) -> dict[str, _Voided]:
    """Id -> each of some voided rows with its changes and those of its lines; rejected ones are left out."""
    found = {row["id"]: _Voided(row) for row in rows}
    owner = {row_id: row_id for row_id in found}
    for child in BY_KIND[kind].CHILDREN.values():
        lines = store.rows(
            f"SELECT id, {child.parent} AS record FROM {child.model.KIND}"
            f" WHERE {child.parent} IN (SELECT value FROM json_each(?))",
            [json.dumps(list(found))],
        )
        owner |= {line["id"]: line["record"] for line in lines}
    naming = _rows_that_name(store, kind, found)
    rejected = {(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")}
    for row_id, changes in log.changes_of_rows(store, {*owner, *(row_id for row_id, *_rest in naming)}).items():
        for change in changes:
            if change.log_id == BASELINE_LOG or (change.log_id, change.seq) in rejected:
                continue
            for named in (n for i, column, n in naming if i == row_id and change.cols.get(column) == n):
                found[named].changes.append(change)
            if row_id not in owner:
                continue
            one = found[owner[row_id]]
            if row_id == one.row["id"] and "voided_at" in change.cols:
                one.voids.append(change)
            else:
                one.changes.append(change)
    for one in found.values():
        newest = [c for c in one.voids if not any(knowledge.had(o, c) for o in one.voids if o is not c)]
        if all(c.cols["voided_at"] is not None for c in newest):  # otherwise it is a conflict of values
            one.newest = newest
        one.voids = [c for c in one.voids if c.cols["voided_at"] is not None]
    return found
