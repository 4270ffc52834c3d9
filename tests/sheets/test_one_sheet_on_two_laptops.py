"""One sheet that is imported on two laptops makes the same records: nothing is rejected, nothing counts twice."""

from collections.abc import Generator, Sequence
from itertools import permutations
from pathlib import Path

import pytest
from field import World
from sync_state import second_laptop, state

from fieldapp import replica
from fieldapp.records import history, records
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions, SheetOutcome
from fieldapp.sheets.take_back import take_back
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.sync.exchange import status
from fieldapp.sync.merge import admission, forks, merge
from fieldapp.sync.safety import doctor

HEAD = ("Ngày", "Loại hoạt động", "Nơi", "Ngày công", "Hộ")
LINES = (
    ("5/10/2013", "lao_dong_san_xuat", "24221", "722", "30"),
    ("6/10/2013", "lao_dong_san_xuat", "24221", "80", ""),
)
ACTIVITIES = (HEAD, *LINES)


def give(store: Store, lines: Sequence[Sequence[str]], year: int | None = None) -> SheetOutcome:
    """Import a sheet of activities on a laptop."""
    path = store.home.parent / f"{store.home.name}.csv"
    path.write_text("\n".join("\t".join(line) for line in lines), encoding="utf-8")
    outcome = importing.import_sheet(store, path, ImportOptions("activity", confirm=True, year=year))
    assert not outcome.refused, outcome.refused
    return outcome


@pytest.fixture
def b(world: World) -> Generator[Store, None, None]:
    """The second laptop of the post."""
    store = second_laptop(world)
    yield store
    store.close()


def everybody_agrees(*stores: Store) -> None:
    """All have the same rows, nothing was rejected or is in conflict, and a rebuild changes nothing."""
    for store in stores:
        assert state(store) == state(stores[0])
        now = status.exchange_status(store)
        assert (now.set_aside, now.conflicts, now.held, now.quarantined) == ([], 0, [], [])
        assert doctor.examine_replica(store).healthy
        with store.transaction(applying=True):
            assert merge.rebuild(store) == []


def all_meet(world: World, *stores: Store) -> None:
    for _round in range(2):
        for sender in stores:
            for to in stores:
                if to is not sender:
                    world.carry(sender, to)


@pytest.mark.parametrize("order", [*permutations(range(4))][::5])
def test_whatever_the_order_in_which_they_meet(world: World, b: Store, order: tuple[int, ...]) -> None:
    """What either laptop adds to such a record later counts."""
    (first, second), _same = ([e.id for e in give(store, ACTIVITIES).added] for store in
                              (world.post, b))  # fmt: skip
    records.save(b, "activity", {"hamlet": "Buôn B"}, first)
    records.save(world.post, "activity", {"description": "Gặt lúa"}, second)
    ways = [(world.post, world.hq), (b, world.hq), (world.post, b), (b, world.post)]
    for n in order:
        world.carry(*ways[n])
    all_meet(world, world.post, b, world.hq)
    everybody_agrees(world.post, b, world.hq)
    assert records.get(world.hq, first).row["hamlet"] == "Buôn B"
    assert records.get(world.hq, second).row["description"] == "Gặt lúa"
    lines = history.history_lines(world.hq, history.history(world.hq, first))
    assert sum("Hoạt động" in line for line in lines) == 2, lines
    assert "Trần Văn B" in "".join(lines) and "Nguyễn Văn A" in "".join(lines)


def test_what_they_read_differently_is_a_conflict_for_a_person(world: World, b: Store) -> None:
    """A day without its year: one said 2012, the other one 2013. Neither is lost without a word."""
    sheet = (HEAD, ("5/10", *LINES[0][1:]))
    (entered,) = give(world.post, sheet, year=2012).added
    (other,) = give(b, sheet, year=2013).added
    assert entered.id == other.id
    all_meet(world, world.post, b, world.hq)
    for store in (world.post, b, world.hq):
        (conflict,) = merge.conflicts(store)
        assert conflict["column"] == "date_from"
        assert {conflict[side]["value"] for side in ("winner", "loser")} == {"2012-10-05", "2013-10-05"}
        assert status.exchange_status(store).set_aside == []


def test_one_who_takes_it_back_did_not_know_that_the_other_has_it_too(world: World, b: Store) -> None:
    outcome = give(world.post, ACTIVITIES)
    give(b, ACTIVITIES)
    take_back(world.post, outcome.batch or 0, "nhầm bảng")
    all_meet(world, world.post, b, world.hq)
    assert status.exchange_status(world.hq).set_aside == []
    assert [c["column"] for c in merge.conflicts(world.hq)] == ["voided_at"] * 2


def test_a_laptop_that_was_restored_takes_the_sheet_in_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has lost is at headquarters already, and comes back by the reply."""
    before = world.copy(tmp_path / "before")
    give(world.post, ACTIVITIES)
    world.carry(world.post, world.hq)
    with before.post.transaction():
        forks.begin_new_logs(before.post)
    monkeypatch.setattr(wall, "instant", lambda: "2026-12-01T07:00:00Z")
    give(before.post, ACTIVITIES)
    before.carry(before.post, world.hq)
    assert status.exchange_status(world.hq).set_aside == []
    before.close()


def test_what_an_older_version_rejected_counts_after_the_upgrade(
    world: World, b: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for store in (world.post, b):
        give(store, ACTIVITIES)
    with monkeypatch.context() as older:
        older.setattr(admission, "_contradicts_beginning", _as_before)
        world.carry(world.post, world.hq)
        world.carry(b, world.hq)
    assert len(status.exchange_status(world.hq).set_aside) == 5
    replica.bring_up_to_date(world.hq)
    assert status.exchange_status(world.hq).set_aside == []
    all_meet(world, world.post, b, world.hq)
    everybody_agrees(world.post, b, world.hq)


def _as_before(change: admission.AuthoredChange, before: Sequence[admission.AuthoredChange]) -> bool:
    first = before[0]
    return any(
        name in change.cols and change.cols[name] != first.cols.get(name) for name in ("created_at", "created_by")
    )
