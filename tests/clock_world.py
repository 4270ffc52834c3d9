"""What tests of wrong clocks share: a disk that is set back, rounds of the stick, and how all must be in the end."""

import shutil
from datetime import UTC, datetime, timedelta

from field import USER, World
from sync_state import state

from fieldapp.records import records
from fieldapp.store.store import Store
from fieldapp.sync.exchange import status
from fieldapp.sync.format import clock
from fieldapp.sync.merge import forks
from fieldapp.sync.safety import doctor

FAR = 26_645
"""Days from 2026 to 2099"""


def ahead(store: Store, days: int = FAR) -> None:
    then = clock.reading(datetime.now(UTC) + timedelta(days=days))
    store.db.execute("UPDATE local_session SET hlc = max(hlc, ?)", [then])


def wells(store: Store) -> int:
    found: int = store.value("SELECT count(*) FROM activity WHERE voided_at IS NULL")
    return found


def save_disk(world: World, who: str) -> None:
    store: Store = getattr(world, who)
    store.close()
    shutil.copytree(world.root / who, world.root / f"backup of {who}")
    reopen(world, who)


def reopen(world: World, who: str) -> None:
    setattr(world, who, Store.open(world.root / who, world.keys[who], "Trực ban" if who == "hq" else USER))


def restore(world: World, who: str) -> None:
    """As ``fieldapp restore`` does: the old disk, which begins new logs."""
    getattr(world, who).close()
    shutil.rmtree(world.root / who)
    shutil.copytree(world.root / f"backup of {who}", world.root / who)
    reopen(world, who)
    forks.begin_new_logs(getattr(world, who))


def rounds(world: World, number: int = 3) -> None:
    for _ in range(number):
        world.carry(world.post, world.hq)
        world.carry(world.hq, world.post)


def all_is_well(world: World, number: int) -> None:
    """Everything is everywhere, nothing waits or is unsent, and later work goes on as if nothing had been."""
    assert (wells(world.post), wells(world.hq)) == (number, number)
    assert state(world.post) == state(world.hq)
    world.well(date_from="2013-12-30")
    records.save(world.hq, "party_cell", {"name": "Chi bộ sau đó", "unit_id": "24214"}, confirm=True)
    rounds(world, 2)
    assert (wells(world.post), wells(world.hq)) == (number + 1, number + 1)
    assert state(world.post) == state(world.hq)
    for store in (world.post, world.hq):
        told = status.exchange_status(store)
        assert (told.held, told.quarantined, told.unsent, told.to_release) == ([], [], 0, None)
        assert clock.is_plausible(clock.current(store))
        assert doctor.examine_replica(store).healthy
