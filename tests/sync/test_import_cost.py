"""An import costs what is new in it, whatever one valid bundle left behind (docs/scale.md has the curves)."""

from pathlib import Path

import pytest
from field import World, statements
from forged import SORTS, large_bundle
from sync_state import state

from fieldapp.errors import Cancelled, FieldappError
from fieldapp.records import records, search_index
from fieldapp.store import log
from fieldapp.store.connection import OperationalError
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing
from fieldapp.sync.format import bundle
from fieldapp.sync.merge import merge
from fieldapp.sync.peers import recovery
from fieldapp.sync.safety import doctor

SIZE = 600


def work_of_an_import(world: World, stick: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Statements, changes read and rows folded by the import of one small bundle."""
    world.well()
    stick.mkdir()
    (made,) = outgoing.export(world.post, stick, world.hq.identity.replica_id)
    work: list[object] = []
    changes_at, fold_rows = log.changes_at, merge.fold_rows

    def reading(store: Store, places: object) -> object:
        given = list(places)  # type: ignore[call-overload]
        work.extend(given)
        return changes_at(store, given)

    def folding(store: Store, schema: object, row_keys: object) -> None:
        given = list(row_keys)  # type: ignore[call-overload]
        work.extend(given)
        fold_rows(store, schema, given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched, statements(work):
        patched.setattr(log, "changes_at", reading)
        patched.setattr(merge, "fold_rows", folding)
        (result,) = incoming.import_files(world.hq, [made.path])
    assert result.complete and result.applied == 3
    (reply,) = outgoing.export(world.hq, stick, world.post.identity.replica_id)
    incoming.import_files(world.post, [reply.path])
    return len(work)


@pytest.mark.parametrize("sort", [sort for sort in SORTS if sort != "nothing"])
def test_an_import_costs_what_is_new_in_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    for number in range(2):  # the first one enters what every later one finds
        normal = work_of_an_import(world, tmp_path / f"before-{number}", monkeypatch)
    large_bundle(world, sort, SIZE, tmp_path / "large.fieldapp.tar.age")
    work_of_an_import(world, tmp_path / "after", monkeypatch)
    behind = work_of_an_import(world, tmp_path / "behind", monkeypatch)
    assert behind <= 1.5 * normal, SORTS[sort]


@pytest.fixture
def sticks(world: World) -> list[Path]:
    """Four bundles, each with a further record and all those before it."""
    made = []
    for number in range(4):
        world.well(hamlet=f"Buôn {number}")
        stick = world.root / f"of-{number}"
        stick.mkdir()
        outgoing.export(world.post, stick, world.hq.identity.replica_id)
        made.append(stick)
    return made


def here(world: World) -> list[str]:
    """The villages of the records at headquarters, where all that the log says is there, and what is new is logged."""
    assert doctor.examine_replica(world.hq).healthy
    before = world.hq.value("SELECT seq FROM local_log WHERE own = 1 AND scope = '*'")
    records.save(world.hq, "party_cell", {"name": f"Chi bộ {before}", "unit_id": "24221"}, confirm=True)
    assert world.hq.value("SELECT seq FROM local_log WHERE own = 1 AND scope = '*'") > before
    return [r["hamlet"] for r in world.hq.rows("SELECT hamlet FROM activity ORDER BY hamlet")]


def test_small_bundles_are_written_together(world: World, sticks: list[Path]) -> None:
    """The rows of all of them in one transaction, and the indexes in another."""
    asked: list[str] = []
    with statements(asked):
        results = incoming.import_files(world.hq, sticks)
    assert [result.applied for result in results] == [3, 3, 3, 3]
    assert asked.count("COMMIT") <= 3
    assert here(world) == [f"Buôn {number}" for number in range(4)]
    assert state(world.hq)["activity"] == state(world.post)["activity"]


def test_the_index_for_histories_comes_after_the_rows(
    world: World, sticks: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entries go to places all over it: entered bundle by bundle, they cost more than the rows."""
    monkeypatch.setattr(search_index, "index_imported", lambda *_given: None)
    before = world.hq.value("SELECT count(*) FROM local_touch")
    incoming.import_files(world.hq, sticks)
    assert world.hq.value("SELECT count(*) FROM activity") == 4
    assert world.hq.value("SELECT count(*) FROM local_touch") == before
    assert here(world) == [f"Buôn {number}" for number in range(4)]


@pytest.mark.parametrize("place", range(4))
def test_a_bundle_that_is_refused_at_the_end_is_undone_alone(
    world: World, sticks: list[Path], monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    real, seen = recovery.take_recovery_code, dict[int, int]()

    def take(store: Store, manifest: bundle.Manifest) -> None:
        real(store, manifest)
        if seen.setdefault(manifest.number, len(seen)) == place:
            raise FieldappError("refused")

    monkeypatch.setattr(recovery, "take_recovery_code", take)
    results = incoming.import_files(world.hq, sticks)
    assert [result.refused for result in results] == ["refused" if n == place else None for n in range(4)]
    assert sum(result.applied for result in results) == (12 if place < 3 else 9)
    assert here(world) == [f"Buôn {number}" for number in range(4 if place < 3 else 3)]


def test_what_is_cancelled_keeps_the_bundles_before_it(world: World, sticks: list[Path]) -> None:
    applied: list[int] = []

    def progress(stage: str, done: int, _of: int) -> None:
        if stage == "apply":
            applied.append(done)
            if len(applied) == 4:  # the first bundle has one segment, the second two
                raise Cancelled

    with pytest.raises(Cancelled):
        incoming.import_files(world.hq, sticks, progress)
    assert here(world) == ["Buôn 0", "Buôn 1"]
    with pytest.raises(Cancelled):
        incoming.import_files(world.hq, sticks, cancel_at_the_last)
    assert here(world) == ["Buôn 0", "Buôn 1", "Buôn 2"]


def cancel_at_the_last(stage: str, done: int, of: int) -> None:
    """Progress that is cancelled while the last file is read."""
    if (stage, done) == ("read", of - 1):
        raise Cancelled


def test_where_the_disk_fails_for_all_each_bundle_is_tried_alone(
    world: World, sticks: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, begun = merge.apply_changes, iter([False] * 2 + [True] + [False] * 99)

    def apply_changes(*given: object) -> None:
        if next(begun):
            error = OperationalError("disk I/O error")
            error.sqlite_errorcode = 10  # type: ignore[attr-defined]
            raise error
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(merge, "apply_changes", apply_changes)
    results = incoming.import_files(world.hq, sticks)
    assert [(result.refused, result.applied) for result in results] == [(None, 3)] * 4
    assert here(world) == [f"Buôn {number}" for number in range(4)]


@pytest.mark.parametrize("place", [0, 2])
def test_where_all_is_undone_for_lack_of_memory_what_is_new_is_told_as_new(
    world: World, sticks: list[Path], monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """SQLite then ends the transaction, of those bundles too that were in."""
    real, taken = recovery.take_recovery_code, iter(range(99))

    def take(store: Store, manifest: bundle.Manifest) -> None:
        real(store, manifest)
        if next(taken) == place:
            store.db.execute("ROLLBACK")
            raise MemoryError

    monkeypatch.setattr(recovery, "take_recovery_code", take)
    results = incoming.import_files(world.hq, sticks)
    assert [(result.refused, result.applied) for result in results] == [(None, 3)] * 4
    assert here(world) == [f"Buôn {number}" for number in range(4)]
