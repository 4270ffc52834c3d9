"""The search index: newest first, window by window, kinds apart, brought up from an older file."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from itertools import pairwise

import pytest
from field import World

from fieldapp import replica
from fieldapp.domain.records import BY_KIND
from fieldapp.records import lists, records, search_index
from fieldapp.store import log, migrations
from fieldapp.store.store import Store


def test_kinds_and_days_have_places_of_their_own() -> None:
    ranges = sorted(search_index.entry_range(kind) for kind in BY_KIND)
    assert all(0 <= low < high < 2**63 for low, high in ranges)
    assert all(one[1] < other[0] for one, other in pairwise(ranges)), "two kinds share their places"
    low, high = search_index.entry_range("activity")
    day = date(2013, 10, 5)
    assert (
        low
        < search_index.entry_range("activity", day, day)[0]
        < search_index.entry_range("activity", day + timedelta(1))[0]
        < high
    )


def test_what_is_found_comes_newest_first_in_windows(world: World) -> None:
    days = ["2013-10-05", "2012-01-31", "2013-10-05", "2013-12-01", "2011-06-15"]
    ids = [world.well(date_from=day, description=f"Giếng thứ {number}") for number, day in enumerate(days)]
    found, after = [], None
    while True:
        page = lists.record_window(world.post, "activity", text="gieng thu", after=after, limit=2)
        found += [row["id"] for row in page.rows]
        after = page.after
        if after is None:
            break
    assert found == [ids[3], ids[2], ids[0], ids[1], ids[4]]
    within = lists.record_window(
        world.post, "activity", text="gieng", date_from=date(2012, 1, 31), date_to=date(2013, 10, 5)
    ).rows
    assert [row["id"] for row in within] == [ids[2], ids[0], ids[1]]
    assert lists.record_window(world.post, "event", text="gieng").rows == []


def test_a_record_is_found_on_its_new_day(world: World) -> None:
    first = world.well(date_from="2013-10-05")
    second = world.well(date_from="2013-10-06")
    assert [row["id"] for row in lists.record_window(world.post, "activity", text="gieng").rows] == [second, first]
    records.save(world.post, "activity", {"date_from": "2013-10-07"}, first)
    assert [row["id"] for row in lists.record_window(world.post, "activity", text="gieng").rows] == [first, second]
    assert world.post.value("SELECT count(*) FROM local_search WHERE row_id = ?", [first]) == 1


def test_an_index_from_before_is_built_anew(world: World) -> None:
    """Also when the program was killed after the file was brought up, and before the index was."""
    well = world.well()
    with world.post.transaction():
        world.post.db.execute("DELETE FROM local_search")
        world.post.db.execute("INSERT INTO local_search VALUES ('activity', ?, 'gieng khoan')", [well])
        world.post.db.execute("UPDATE local_search_row SET search_rowid = 1 WHERE row_id = ?", [well])
    assert lists.record_window(world.post, "activity", text="gieng").rows == []
    world.post.set_setting(migrations.REINDEX, "")
    again = replica.open_with_key(world.root / "post", world.keys["post"], "A")
    assert again.setting(migrations.REINDEX) is None
    assert [row["id"] for row in lists.record_window(again, "activity", text="gieng").rows] == [well]
    again.close()


def test_a_large_import_is_entered_as_a_small_one_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """FTS5 is set otherwise meanwhile: what is found is the same, and so are its settings, even if it ends halfway."""
    monkeypatch.setattr(search_index, "MANY", 1)
    monkeypatch.setattr(search_index, "BATCH", 2)
    settings = "SELECT k, v FROM local_search_config WHERE k IN ('automerge', 'hashsize') ORDER BY k"
    as_ever = [{"k": "automerge", "v": 4}, {"k": "hashsize", "v": 1 << 20}]
    ids = [world.well(date_from=f"2013-10-{day:02}", description=f"Giếng thứ {day}") for day in (7, 3, 5, 1)]
    with monkeypatch.context() as patched:
        patched.setattr(search_index, "_enter_rows", fail)
        with pytest.raises(OSError, match="pulled"):
            world.carry(world.post, world.hq)
    assert world.hq.rows(settings) == as_ever
    search_index.index_imported(world.hq)
    assert world.hq.rows(settings) == as_ever
    found = [row["id"] for row in lists.record_window(world.hq, "activity", text="gieng thu").rows]
    assert found == [ids[0], ids[2], ids[1], ids[3]]
    records.save(world.post, "activity", {"description": "Bể nước"}, ids[2])
    records.save(world.post, "activity", {"date_from": "2013-10-09"}, ids[3])
    world.carry(world.post, world.hq)
    found = [row["id"] for row in lists.record_window(world.hq, "activity", text="gieng thu").rows]
    assert found == [ids[3], ids[0], ids[1]]
    assert [row["id"] for row in lists.record_window(world.hq, "activity", text="be nuoc").rows] == [ids[2]]


def parts_of_index(store: Store) -> int:
    found: int = store.value("SELECT count(DISTINCT segid) FROM local_search_idx")
    return found


def test_what_changed_and_what_is_new_make_one_part_of_the_index(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """FTS5 writes a part whenever a number is lower than the one before, and makes one of sixteen: a large import waits
    for that."""
    monkeypatch.setattr(search_index, "MANY", 1)
    changed = world.well(date_from="2013-10-05", description="Giếng sâu")
    world.carry(world.post, world.hq)
    before = parts_of_index(world.hq)
    records.save(world.post, "activity", {"description": "Bể nước"}, changed)
    earlier = world.well(date_from="2013-10-01", description="Bể nước")
    later = world.well(date_from="2013-10-09", description="Bể nước")
    world.carry(world.post, world.hq)
    assert parts_of_index(world.hq) == before + 1
    found = lists.record_window(world.hq, "activity", text="be nuoc").rows
    assert [row["id"] for row in found] == [later, changed, earlier]
    assert lists.record_window(world.hq, "activity", text="gieng sau").rows == []


def test_an_index_made_anew_has_nothing_of_the_one_before(world: World) -> None:
    """Nor its entries as deleted ones, which took twice the time, and all of it in memory."""
    wells = [world.well(date_from=f"2013-10-{day:02}", description="Bể nước") for day in (5, 3, 9)]
    search_index.reindex(world.post)
    assert parts_of_index(world.post) == 1
    found = lists.record_window(world.post, "activity", text="be nuoc").rows
    assert [row["id"] for row in found] == [wells[2], wells[0], wells[1]]
    world.post.db.execute("INSERT INTO local_search (local_search) VALUES ('integrity-check')")


@pytest.mark.parametrize("late", [log.index_touched_rows, search_index.index_imported])
def test_two_windows_enter_the_same_import(
    world: World, monkeypatch: pytest.MonkeyPatch, late: Callable[[Store], None]
) -> None:
    """One asks which segments are next, and waits to write; the other has entered them meanwhile."""
    with monkeypatch.context() as patched:
        patched.setattr(search_index, "index_imported", lambda *_args: None)
        well = world.well()
        world.carry(world.post, world.hq)
    other, transaction = world.hq.reopen(), Store.transaction
    begun: list[Store] = []

    def waits(store: Store, **how: bool) -> AbstractContextManager[None]:
        if store is world.hq and not begun:
            begun.append(store)
            search_index.index_imported(other)
        return transaction(store, **how)

    monkeypatch.setattr(Store, "transaction", waits)
    late(world.hq)
    other.close()
    assert begun
    assert [row["id"] for row in lists.record_window(world.hq, "activity", text="gieng").rows] == [well]
    assert len(log.changes_of_rows(world.hq, [well])[well]) == 1


def fail(*_args: object) -> None:
    raise OSError("pulled")
