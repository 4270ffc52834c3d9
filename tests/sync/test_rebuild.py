"""``doctor --rebuild``: the records become what the log says, read part by part, whatever was wrong with them."""

import pytest
from field import World
from sync_state import state

from fieldapp.records import history, records
from fieldapp.store import log
from fieldapp.store.store import Store
from fieldapp.sync.merge import log_by_row, merge
from fieldapp.sync.safety import doctor


@pytest.fixture
def hq(world: World) -> Store:
    """Headquarters, with records of a post in segments: some of them changed, one voided."""
    wells = [world.well(description=f"Giếng thứ {number}") for number in range(6)]
    world.carry(world.post, world.hq)
    for number, well in enumerate(wells[:4]):
        records.save(world.post, "activity", {"hamlet": f"Buôn {number}"}, well)
    records.void(world.post, wells[4], "nhập trùng")
    world.carry(world.post, world.hq)
    return world.hq


def test_in_many_parts_it_mends_what_one_part_does(hq: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(hq)
    wells = [row["id"] for row in hq.rows("SELECT id FROM activity ORDER BY id")]
    with hq.transaction(applying=True):
        assert merge.rebuild(hq) == []
    for size in (1, 2_000):
        monkeypatch.setattr(log_by_row, "PART", size)
        monkeypatch.setattr(log_by_row, "EVERY", 1)
        with hq.transaction(applying=True):
            hq.db.execute("PRAGMA defer_foreign_keys = ON")
            hq.db.execute("UPDATE activity SET hamlet = 'khác' WHERE id = ?", wells[:1])
            hq.db.execute("DELETE FROM activity WHERE id = ?", wells[1:2])  # its figures stay
            hq.db.execute("UPDATE activity SET id = substr(id, 1, 35) || 'x' WHERE id = ?", wells[2:3])
            hq.db.execute("UPDATE unit SET name = 'khác' WHERE code = '24250'")
            hq.db.execute("DELETE FROM activity_measure WHERE id = (SELECT max(id) FROM activity_measure)")
            differing = merge.rebuild(hq)
        assert {table for table, _id in differing} == {"activity", "activity_measure", "unit"}
        assert {*wells[:3]} < {row_id for _table, row_id in differing}
        assert state(hq) == before
        assert doctor.examine_replica(hq).differing == []


def test_an_index_that_lacks_rows_costs_no_record(hq: Store) -> None:
    """The index for histories is derived from the segments: it is built again, and never believed against them."""
    before = state(hq)
    (well,) = [row["id"] for row in hq.rows("SELECT id FROM activity WHERE hamlet = 'Buôn 2'")]
    steps = history.history(hq, well)
    hq.db.execute("DELETE FROM local_touch")
    found = doctor.examine_replica(hq)
    assert (found.bad_segments, found.differing, found.healthy) == ([], [], False)
    assert "--rebuild" in found.lines()[-1]
    found = doctor.examine_replica(hq, mend=True)
    assert (found.unindexed, found.differing, found.healthy) == ([], [], True)
    assert state(hq) == before
    assert history.history(hq, well) == steps


@pytest.mark.parametrize("mend", [False, True])
@pytest.mark.parametrize("damage", ["changed", "cut"])
@pytest.mark.parametrize("is_indexed", [False, True])
def test_what_stands_in_a_damaged_segment_stays_in_the_records(
    hq: Store, damage: str, mend: bool, is_indexed: bool
) -> None:
    """The rows may be the last copy of it: they are not made equal to a log that lacks it."""
    if is_indexed:
        log.index_touched_rows(hq)
    before = state(hq)
    row = hq.rows("SELECT hash, bytes FROM local_segment WHERE number IS NOT NULL ORDER BY number")[-1]
    half = len(row["bytes"]) // 2
    left = row["bytes"][:half]
    damaged = left if damage == "cut" else left + bytes([row["bytes"][half] ^ 255]) + row["bytes"][half + 1 :]
    hq.db.execute("UPDATE local_segment SET bytes = ? WHERE hash = ?", [damaged, row["hash"]])
    found = doctor.examine_replica(hq, mend=mend)
    assert found.bad_segments == [row["hash"]]
    assert not found.healthy
    assert "restore" in found.lines()[-1]
    hq.db.execute("UPDATE local_segment SET bytes = ? WHERE hash = ?", [row["bytes"], row["hash"]])
    assert state(hq) == before
