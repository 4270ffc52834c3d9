"""A certified post writes its own records alone, whatever it writes and whichever comes first."""

import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import random_records
from field import World
from forged import NOW, Segment, forge, new_id, other_post, sealed
from sync_state import state

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.records import records
from fieldapp.records.search import Filter, search_records
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.store import capture, ids
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import incoming, outgoing, status
from fieldapp.sync.format import clock, keys
from fieldapp.sync.merge import merge
from fieldapp.sync.safety import doctor

EARLY = 1
"""A clock of 1970"""
BEGUN = {"created_at": NOW, "created_by": "x"}

Change = tuple[int, str, str, dict[str, Any]]


@dataclass
class Intruder:
    """A laptop of another post, certified by headquarters, and what its owner makes of it."""

    world: World
    own: keys.Keys
    replica: str
    sender: Any
    scope: str
    bundles: int = 0

    def segment(self, changes: Sequence[Change], scope: str | None = None) -> Segment:
        return sealed(self.own, new_id(), scope or self.scope, self.replica, changes)

    def bundle(self, *segments: Segment) -> Path:
        self.bundles += 1
        path = self.world.root / f"intruder-{self.bundles}.fieldapp.tar.age"
        return forge(path, self.own, self.sender, self.world.hq, self.bundles, segments=segments)

    def new_id(self) -> str:
        """An id that the program would make at this post."""
        return ids.new_id(self.scope)


@pytest.fixture
def intruder(world: World) -> Intruder:
    own, sender = other_post(world.hq)
    assert sender.post_id
    return Intruder(world, own, sender.replica, sender, sender.post_id)


@pytest.fixture(params=["the victim first", "the intruder first", "together"])
def arrive(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Any:
    """Take in an intruder's bundle, and the post's, in each order; or as one, through the laptop of headquarters that
    has both."""

    def take(attack: Path) -> Store:
        (made,) = outgoing.export(world.post, tmp_path)
        files = [made.path, attack] if request.param == "the victim first" else [attack, made.path]
        if request.param == "together":
            shutil.copy(attack, tmp_path / "0.fieldapp.tar.age")
            files = [tmp_path]
        incoming.import_files(world.hq, files)
        return world.hq

    return take


def of_post(store: Store, post_id: str | None) -> dict[str, list[Row]]:
    return {
        table: [row for row in rows if row.get("post_id") == post_id]
        for table, rows in state(store).items()
        if rows and "post_id" in rows[0]
    }


def figures(store: Store, post_id: str | None) -> list[tuple[str, str]]:
    code = store.value("SELECT code FROM post WHERE id = ?", [post_id])
    query = Query(Period(date(2000, 1, 1), date(2030, 12, 31)), post=code)
    return [(f.code, f.text) for f in report(store, query).figures]


def test_a_line_in_its_own_scope_does_not_count_in_another_post_s_record(
    world: World, intruder: Intruder, arrive: Any
) -> None:
    """Three wells do not become a thousand; members and meetings of another post are as little theirs."""
    well = world.well()
    cell = world.post.value("SELECT id FROM party_cell")
    member = records.save(world.post, "member", {"full_name": "Nguyễn Văn B"})
    meeting = records.save(world.post, "meeting", {"party_cell_id": cell, "meeting_type": "regular",
                                                   "held_on": "2013-10-05"})  # fmt: skip
    measure = world.post.value("SELECT id FROM measure WHERE code = 'gieng'")
    own_member = intruder.new_id()
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("activity_measure", intruder.new_id(), {"activity_id": well, "measure_id": measure, "amount": 1000,
                                                 "approximate": 0}),
        ("activity_target", intruder.new_id(), {"activity_id": well, "target_type": "commune"}),
        ("introduction", intruder.new_id(), {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-01"}),
        ("member", own_member, {"full_name": "Z"}),
        ("attendance", intruder.new_id(), {"meeting_id": meeting, "member_id": own_member, "status": "present"}),
        ("attendance", intruder.new_id(), {"meeting_id": meeting, "member_id": member, "status": "present"}),
    ]  # fmt: skip
    ahead = clock.current(world.hq) + (1 << 40)
    attack = [(ahead + n, table, row_id, BEGUN | cols) for n, (table, row_id, cols) in enumerate(rows)]
    mine = figures(world.post, world.post.identity.post_id)
    hq = arrive(intruder.bundle(intruder.segment(attack)))
    assert figures(hq, world.post.identity.post_id) == mine
    assert [r["id"] for r in hq.rows("SELECT id FROM member WHERE post_id = ?", [intruder.scope])] == [own_member]
    for table, row_id, _cols in rows:
        if row_id != own_member:
            assert hq.rows(f"SELECT * FROM {table} WHERE id = ?", [row_id]) == [], table
    assert len(status.exchange_status(hq).set_aside) == len(rows) - 1
    assert doctor.examine_replica(hq).healthy


@pytest.mark.parametrize("ahead", [None, 1 << 40], ids=["1970", "later"])
def test_a_row_that_is_begun_with_another_post_s_id_takes_nothing_over(
    world: World, intruder: Intruder, arrive: Any, ahead: int | None
) -> None:
    hlc = EARLY if ahead is None else clock.current(world.hq) + ahead
    well = world.well()
    mine = of_post(world.post, world.post.identity.post_id)
    counted = figures(world.post, world.post.identity.post_id)
    line = mine["activity_measure"][0]
    attack = [
        (hlc, "activity", well, {k: v for k, v in mine["activity"][0].items() if k not in ("id", "post_id") and v}),
        (hlc + 1, "activity_measure", line["id"], BEGUN | {"activity_id": well, "measure_id": line["measure_id"],
                                                          "amount": 999, "approximate": 0}),
        (hlc + 2, "event", well, BEGUN | {"name": "Giả", "date_from": "2013-01-01"}),
        (hlc + 3, "activity", well, {"voided_at": NOW, "void_reason": "giả"}),
    ]  # fmt: skip
    hq = arrive(intruder.bundle(intruder.segment(attack)))
    assert of_post(hq, world.post.identity.post_id) == mine
    assert figures(hq, world.post.identity.post_id) == counted
    assert len(status.exchange_status(hq).set_aside) == len(attack)
    assert records.get(hq, well).kind == "activity"
    assert doctor.examine_replica(hq).healthy


def test_of_a_row_whose_id_names_no_post_the_one_that_came_first_keeps_it(world: World, intruder: Intruder) -> None:
    """As records of versions before have: what headquarters has, nobody takes over by an earlier clock."""
    event = new_id()
    with world.post.transaction():
        world.post.db.execute(
            "INSERT INTO event (id, post_id, created_at, created_by, name, date_from) VALUES (?, ?, ?, 'A', 'Lũ', ?)",
            [event, world.post.identity.post_id, NOW, "2013-09-18"],
        )
    world.carry(world.post, world.hq)
    before = of_post(world.hq, world.post.identity.post_id)
    attack = [(EARLY, "event", event, BEGUN | {"name": "Giả", "date_from": "2013-01-01"})]
    incoming.import_files(world.hq, [intruder.bundle(intruder.segment(attack))])
    assert of_post(world.hq, world.post.identity.post_id) == before
    assert doctor.examine_replica(world.hq).healthy
    with world.hq.transaction(applying=True):
        assert merge.rebuild(world.hq) == []


def test_a_line_counts_when_the_record_that_it_belongs_to_comes_later(world: World, intruder: Intruder) -> None:
    """The line came in a part that did not know of the record; what it waits for is named, and comes."""
    member, line = intruder.new_id(), intruder.new_id()
    cell = world.hq.value("SELECT id FROM party_cell")
    late = [(1 << 50, "member", member, BEGUN | {"full_name": "Nguyễn Văn D"})]
    early = [(1 << 49, "introduction", line, BEGUN | {"member_id": member, "party_cell_id": cell,
                                                      "date_from": "2013-01-01"})]  # fmt: skip
    incoming.import_files(world.hq, [intruder.bundle(intruder.segment(early))])
    assert world.hq.value("SELECT count(*) FROM introduction") == 0
    incoming.import_files(world.hq, [intruder.bundle(intruder.segment(late))])
    assert [r["id"] for r in world.hq.rows("SELECT id FROM introduction")] == [line]
    assert status.exchange_status(world.hq).set_aside == []
    assert doctor.examine_replica(world.hq).healthy


# by exhaustion ----------------------------------------------------------------------------------------------------


def record_everything(store: Store) -> None:
    """Two records of each kind that a post writes, each by the id that the program gives it."""
    rng = random.Random(7)
    scope = store.identity.post_id
    known: dict[str, list[str]] = {}
    with store.transaction():
        for model in RECORDS:
            kind = model.KIND
            if model.REFERENCE:
                known[kind] = [r["id"] for r in store.rows(f"SELECT id FROM {kind} ORDER BY id LIMIT 3")]
            elif kind != "review":
                known[kind] = []
                for _n in range(2):
                    values = random_records._values(rng, fields_of(model), known)
                    row = {"id": ids.new_id(str(scope)), "post_id": scope, **BEGUN, **values}
                    names, marks = ", ".join(row), ", ".join("?" * len(row))
                    store.db.execute(f"INSERT INTO {kind} ({names}) VALUES ({marks})", list(row.values()))
                    known[kind].append(row["id"])


VALUES = (None, 0, 1, -1, 1000, 10**15, (1 << 63) - 1, "", "0", "x" * 61, "2013-10-05", "9999-12-31", NOW, "*", "'",
          "=1+1", "accepted", "present")  # fmt: skip


def attacks(store: Store, victim: str, intruder: Intruder) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(table, row id, columns) of each change that an author could think of, who knows everything of another post."""
    tables = capture.synced_tables(store.db)
    rows = {t: store.rows(f"SELECT * FROM {t} ORDER BY id LIMIT 2000") for t in tables}
    named = {t: [r["id"] for r in rows[t] if r.get("post_id", victim) == victim][-2:] for t in tables}
    for table in tables:
        columns = [c for c in store.db.column_names(table) if c != "id"]
        theirs = [r for r in rows[table] if r.get("post_id", victim) == victim][-2:]
        parents = {k["from"]: k["table"] for k in store.rows(f"PRAGMA foreign_key_list({table})")}
        for row in theirs:
            full = {k: v for k, v in row.items() if k not in ("id", "post_id") and v is not None}
            for row_id in (row["id"], intruder.new_id(), new_id()):
                yield table, row_id, full  # the same record: under its id, and under one of the intruder's
                yield table, row_id, full | {"voided_at": NOW, "void_reason": "r"}
                for column in columns:
                    for value in (*VALUES, *named.get(parents.get(column, ""), [])):
                        yield table, row_id, full | {column: value}
            for column in columns:
                for value in (*VALUES, *named.get(parents.get(column, ""), [])):
                    yield table, row["id"], {column: value}
        for other in tables:  # an id of another table
            for row_id in named[other][:1]:
                for row in theirs[:1]:
                    yield table, row_id, {k: v for k, v in row.items() if k not in ("id", "post_id") and v is not None}


def segments_of(intruder: Intruder, changes: Sequence[tuple[str, str, dict[str, Any]]], hlc: int) -> Iterator[Segment]:
    for start in range(0, len(changes), 5000):
        part = changes[start : start + 5000]
        yield intruder.segment([(hlc + n, *change) for n, change in enumerate(part, start)])


def seen_of(store: Store, post_id: str) -> dict[str, Any]:
    """What headquarters shows of a post, and of what is for all."""
    own = of_post(store, post_id)
    mine = {row["id"] for rows in own.values() for row in rows}
    return {
        "rows": own,
        "reference": {t: rows for t, rows in state(store).items() if rows and "post_id" not in rows[0]},
        "figures": figures(store, post_id),
        "records": {row_id: records.get(store, row_id) for row_id in mine},
        "found": {hit.row_id for hit in search_records(store, "buôn", Filter(), limit=10_000) if hit.row_id in mine},
        "units": {hit.row_id for hit in search_records(store, "xã ea", Filter(kind="unit"), limit=10_000)},
    }


@pytest.mark.slow
@pytest.mark.parametrize(("first", "ahead"), [("intruder", None), ("victim", 1 << 40)], ids=["1970", "later"])
def test_whatever_a_post_writes_no_other_post_s_figure_or_record_changes(
    world: World, intruder: Intruder, tmp_path: Path, ahead: int | None, first: str
) -> None:
    """Every table and column, every kind of value, every reference to another scope, under every id."""
    victim = str(world.post.identity.post_id)
    kind = world.hq.value("SELECT id FROM activity_kind WHERE code = 'gieng_khoan'")
    records.save(
        world.hq, "kind_field", {"activity_kind_id": kind, "code": "sau", "name": "Độ sâu", "field_type": "text"}
    )
    world.carry(world.hq, world.post)
    record_everything(world.post)
    shutil.copytree(world.root / "hq", world.root / "quiet")
    (made,) = outgoing.export(world.post, tmp_path)
    with closing(Store.open(world.root / "quiet", world.keys["hq"], "Trực ban")) as quiet:
        incoming.import_files(quiet, [made.path])
        wanted = seen_of(quiet, victim)
        changes = list(attacks(quiet, victim, intruder))
    assert len(changes) > 10_000
    hlc = EARLY if ahead is None else clock.current(world.hq) + ahead
    attack = intruder.bundle(*segments_of(intruder, changes, hlc))
    files = [made.path, attack] if first == "victim" else [attack, made.path]
    results = incoming.import_files(world.hq, files)
    assert all(r.complete for r in results)
    assert seen_of(world.hq, victim) == wanted
    before = state(world.hq)
    with world.hq.transaction(applying=True):
        assert merge.rebuild(world.hq) == []
    assert state(world.hq) == before
