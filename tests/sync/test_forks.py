"""Copies of a disk: what random schedules (``tests/soak.py``) found, each reduced to a story."""

import shutil
from pathlib import Path

import pytest
from field import USER, World
from sync_state import second_laptop, state

from fieldapp.records import lists, records
from fieldapp.store import people
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing, status
from fieldapp.sync.format import segment

FEAST = {"name": "Tết quân dân", "date_from": "2013-01-20"}


def copy_disk(world: World, to: Path) -> None:
    world.post.close()
    shutil.copytree(world.root / "post", to)
    world.post = Store.open(world.root / "post", world.keys["post"], USER)


@pytest.mark.parametrize("way", ["in order", "backwards"])
def test_the_branch_that_does_not_stand_is_the_longer_one(world: World, tmp_path: Path, way: str) -> None:
    """Its later segments lie beyond the end of the other; they must not wait for what lies between."""
    copy_disk(world, tmp_path / "clone")
    clone = Store.open(tmp_path / "clone", world.keys["post"], "Lê Văn C")
    records.save(world.post, "event", FEAST, confirm=True)
    world.carry(world.post, world.hq)
    sticks = []
    for number in (3, 1):
        for _ in range(number):
            records.save(clone, "event", FEAST, confirm=True)
        sticks.append(tmp_path / f"stick-{number}")
        sticks[-1].mkdir()
        outgoing.export(clone, sticks[-1], world.hq.identity.replica_id)
    incoming.import_files(world.hq, sticks if way == "in order" else sticks[::-1])
    assert status.exchange_status(world.hq).held == []
    for _ in range(2):
        for store in (clone, world.post):
            world.carry(world.hq, store)
            world.carry(store, world.hq)
    world.carry(world.hq, world.post)
    assert len(lists.record_window(world.hq, "event").rows) == 5
    assert state(world.hq) == state(world.post) == state(clone)
    for store in (world.hq, world.post, clone):
        found = status.exchange_status(store)
        assert (found.held, found.quarantined, found.unsent) == ([], [], 0)
    clone.close()


def test_two_posts_have_two_branches_of_headquarters_own_log(world: World, tmp_path: Path) -> None:
    """Each says which one it has. Headquarters must not follow the one, then the other, and never end."""
    b = second_laptop(world)
    world.hq.close()
    shutil.copytree(world.root / "hq", tmp_path / "clone")
    world.hq = Store.open(world.root / "hq", world.keys["hq"], "Trực ban")
    clone = Store.open(tmp_path / "clone", world.keys["hq"], "Phó")
    people.enter_first(clone)
    for number, store in enumerate((world.hq, clone)):
        records.save(store, "party_cell", {"name": f"Chi bộ thôn {number}", "unit_id": "24214"})
    world.carry(world.hq, world.post)
    world.carry(clone, b)
    for sender, to in ((b, world.hq), (world.post, clone), (world.post, world.hq), (b, clone)):
        world.carry(sender, to)
    for _ in range(3):
        for post in (world.post, b):
            for hq in (world.hq, clone):
                world.carry(hq, post)
                world.carry(post, hq)
    for store in (world.hq, clone, world.post, b):
        assert state(store) == state(world.hq)
        found = status.exchange_status(store)
        assert (found.held, found.quarantined, found.unsent) == ([], [], 0)
    assert {r["name"] for r in lists.record_window(b, "party_cell").rows} >= {"Chi bộ thôn 0", "Chi bộ thôn 1"}
    clone.close()
    b.close()


def test_a_copy_of_headquarters_is_heard_though_the_other_s_clock_stands_ahead(world: World, tmp_path: Path) -> None:
    """Of its log the branch with the smaller hash stands, whoever spoke last by the clock. A post that carries between
    both passes on the branch that it has."""
    world.hq.close()
    shutil.copytree(world.root / "hq", tmp_path / "clone")
    world.hq = Store.open(world.root / "hq", world.keys["hq"], "Trực ban")
    clone = Store.open(tmp_path / "clone", world.keys["hq"], "Phó")
    people.enter_first(clone)
    first = {}
    for number, store in enumerate((world.hq, clone)):
        records.save(store, "party_cell", {"name": f"Chi bộ thôn {number}", "unit_id": "24214"})
        with store.transaction():
            segment.seal_open_changes(store)
        newest = "SELECT hash FROM local_segment WHERE scope = '*' ORDER BY last_hlc DESC LIMIT 1"
        first[store.value(newest)] = store
    stands, other = first[min(first)], first[max(first)]
    other.db.execute("UPDATE local_session SET hlc = hlc + (365 * 86400000 << 16)")
    world.carry(other, world.post)
    world.carry(stands, world.post)
    assert world.post.value("SELECT state FROM local_segment WHERE hash = ?", [min(first)]) == "applied"
    clone.close()


def test_a_disk_is_set_back_whose_clock_stood_years_ahead(world: World, tmp_path: Path) -> None:
    """What it says now bears an earlier reading than what it said then. It must be heard all the same, or headquarters
    would not send again what the disk has lost."""
    copy_disk(world, tmp_path / "before")
    records.save(world.hq, "party_cell", {"name": "Chi bộ thôn 5", "unit_id": "24214"})
    world.carry(world.hq, world.post)
    world.post.db.execute("UPDATE local_session SET hlc = hlc + (3 * 365 * 86400000 << 16)")
    world.carry(world.post, world.hq)
    world.post.close()
    shutil.rmtree(world.root / "post")
    shutil.copytree(tmp_path / "before", world.root / "post")
    world.post = Store.open(world.root / "post", world.keys["post"], USER)
    for _ in range(2):
        world.carry(world.post, world.hq)
        world.carry(world.hq, world.post)
    assert "Chi bộ thôn 5" in {r["name"] for r in lists.record_window(world.post, "party_cell").rows}
    assert state(world.hq) == state(world.post)


def test_what_a_copied_disk_wrote_reaches_the_other_by_way_of_a_third(world: World, tmp_path: Path) -> None:
    """B's disk is copied. A works on what the copy wrote, but headquarters takes in B's own branch. B never gets the
    copy's first branch, and must not wait for it: headquarters has A's work, and has not that branch either."""
    b = second_laptop(world)
    key = b._key
    b.close()
    shutil.copytree(world.root / "laptop-b", tmp_path / "clone")
    b, clone = (Store.open(home, key, "Trần Văn B") for home in (world.root / "laptop-b", tmp_path / "clone"))
    feast = records.save(clone, "event", FEAST, confirm=True)
    records.save(clone, "event", FEAST, confirm=True)
    world.carry(clone, world.post)
    records.save(world.post, "event", {**FEAST, "description": "Có 120 người"}, feast)
    records.save(b, "event", FEAST, confirm=True)
    world.carry(b, world.hq)
    records.save(clone, "event", FEAST, confirm=True)
    replicas = (world.hq, world.post, b, clone)
    for _ in range(4):
        for store in replicas[1:]:
            world.carry(store, world.hq)
            world.carry(world.hq, store)
        for sender, to in ((world.post, b), (world.post, clone), (b, world.post), (clone, world.post)):
            world.carry(sender, to)
    assert len(lists.record_window(world.hq, "event").rows) == 4
    for store in replicas:
        found = status.exchange_status(store)
        assert (found.held, found.quarantined, found.unsent) == ([], [], 0)
        assert state(store) == state(world.hq)
    clone.close()
    b.close()
