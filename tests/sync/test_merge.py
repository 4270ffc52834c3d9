"""The merge is a pure function of the set of segments: laptops that record apart, meet in any order, and agree."""

import hashlib
import json
import os
import random
import shutil
from pathlib import Path

import pytest
from field import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sync_state import second_laptop, state

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import incoming, status
from fieldapp.sync.format import segment
from fieldapp.sync.merge import fast_path, merge, segment_state
from fieldapp.sync.safety import doctor

FIELDS = ("hamlet", "description", "people")
ORDERS = int(os.environ.get("FIELDAPP_ORDERS", "20"))
EXAMPLES = int(os.environ.get("FIELDAPP_EXAMPLES", "4"))


@pytest.fixture(scope="session")
def trio(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Headquarters and two laptops of one post that know each other."""
    made = first_world.copy(tmp_path_factory.mktemp("trio"))
    b = second_laptop(made)
    made.keys["laptop-b"] = b._key
    b.close()
    made.close()
    return made.root


def open_all(world: World) -> dict[str, Store]:
    return {
        "hq": world.hq,
        "a": world.post,
        "b": Store.open(world.root / "laptop-b", world.keys["laptop-b"], "Trần Văn B"),
    }


def everything(store: Store) -> tuple[dict[str, list[Row]], list[Row], list[Row]]:
    aside = store.rows("SELECT log_id, seq, reason FROM local_set_aside ORDER BY log_id, seq")
    return state(store), merge.conflicts(store), aside


step = st.one_of(
    st.tuples(st.just("new"), st.sampled_from("ab"), st.just(0)),
    st.tuples(st.just("edit"), st.sampled_from("ab"), st.integers(0, 9)),
    st.tuples(st.just("void"), st.sampled_from("ab"), st.integers(0, 9)),
    st.tuples(st.just("take back"), st.sampled_from("ab"), st.integers(0, 9)),
    st.tuples(st.just("carry"), st.sampled_from(["a b", "b a", "a hq", "b hq", "hq a", "hq b"]), st.just(0)),
)


def play(world: World, stores: dict[str, Store], action: tuple[str, str, int], rng: random.Random) -> None:
    """One step of a schedule; what the program refuses is no step."""
    what, who, number = action
    if what == "carry":
        sender, to = who.split()
        world.carry(stores[sender], stores[to])
        return
    store = stores[who]
    if what == "new":
        entry = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221",
                 "measures": [{"measure_id": "gieng", "amount": 1}]}  # fmt: skip
        records.save(store, "activity", entry, confirm=True)
        return
    voided = "NOT NULL" if what == "take back" else "NULL"
    known = store.rows(f"SELECT id FROM activity WHERE voided_at IS {voided} ORDER BY id")
    if not known:
        return
    row_id = known[number % len(known)]["id"]
    if what == "edit":
        change = {rng.choice(FIELDS): f"{who}{rng.randint(0, 99)}",
                  "measures": [{"measure_id": "gieng", "amount": rng.randint(1, 9)}]}  # fmt: skip
        records.save(store, "activity", change, row_id)
    elif what == "take back":
        records.take_back(store, row_id, confirm=True)
    else:
        records.void(store, row_id, f"{who} thấy trùng")


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(schedule=st.lists(step, min_size=4, max_size=25), seed=st.integers(0, 2**16))
def test_after_a_full_exchange_all_agree(
    trio: Path, first_world: World, tmp_path_factory: pytest.TempPathFactory,
    schedule: list[tuple[str, str, int]], seed: int,
) -> None:  # fmt: skip
    root = tmp_path_factory.mktemp("run")
    shutil.copytree(trio, root, dirs_exist_ok=True)
    world = World(root, first_world.keys)
    stores = open_all(world)
    try:
        rng = random.Random(seed)
        for action in schedule:
            play(world, stores, action, rng)
        for path in ("a b", "b a", "a hq", "b hq", "hq a", "hq b"):
            sender, to = path.split()
            world.carry(stores[sender], stores[to])
        seen = {name: everything(store) for name, store in stores.items()}
        assert seen["hq"] == seen["a"] == seen["b"]
        for store in stores.values():
            assert status.exchange_status(store).held == []
            assert status.exchange_status(store).quarantined == []
        one = sorted(stores)[seed % len(stores)]  # all have the same rows: folding one anew is enough
        assert doctor.examine_replica(stores[one]).healthy
    finally:
        for store in stores.values():
            store.close()
        shutil.rmtree(root)  # of many examples, as in a soak, the files would fill the disk


def test_one_set_of_segments_in_random_orders_is_one_state(
    trio: Path, first_world: World, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The segments of a busy month, each taken in alone, in many orders: held until what they know is there."""
    root = tmp_path_factory.mktemp("orders")
    shutil.copytree(trio, root, dirs_exist_ok=True)
    world = World(root, first_world.keys)
    stores = open_all(world)
    shutil.copytree(root / "hq", tmp_path / "before")
    rng = random.Random(7)
    for number in range(80):
        what = rng.choice(["new", "edit", "edit", "edit", "void", "void", "take back", "carry", "carry"])
        who = rng.choice(["a b", "b a"]) if what == "carry" else rng.choice("ab")
        play(world, stores, (what, who, number), rng)
    for sender, to in (("a", "b"), ("b", "a"), ("a", "hq"), ("b", "hq")):
        world.carry(stores[sender], stores[to])
    expected = everything(stores["hq"])
    assert expected[1], "no conflict came up: the schedule is too tame"
    new = stores["hq"].rows(
        "SELECT bytes, signature FROM local_segment WHERE scope <> '*' AND state = 'applied' AND first >= 1"
    )
    hashes = set()
    for turn in range(ORDERS):
        home = tmp_path / f"t{turn}"
        shutil.copytree(tmp_path / "before", home)
        store = Store.open(home, world.keys["hq"], "Trực ban")
        rng.shuffle(new)
        for row in new:
            with store.transaction(applying=True):
                pending = fast_path.Pending(store)
                incoming._store_arrived(store, row["bytes"], row["signature"], incoming.Imported(home), pending)
                merge.flush_pending(store, pending)
                segment_state.apply_held(store)
        assert everything(store) == expected
        hashes.add(hashlib.sha256(json.dumps(everything(store)).encode()).hexdigest())
        store.close()
        shutil.rmtree(home)
    print(f"{len(new)} segments in {ORDERS} orders: {len(hashes)} state, {', '.join(hashes)}")
    assert len(hashes) == 1
    for store in stores.values():
        store.close()


def test_a_refused_save_leaves_no_trace(world: World) -> None:
    before = everything(world.post), world.post.value("SELECT max(seq) FROM local_log WHERE own = 1")
    with pytest.raises(FieldappError):
        world.well(measures=[{"measure_id": "gieng", "amount": 1}, {"measure_id": "gieng", "amount": "x"}])
    assert (everything(world.post), world.post.value("SELECT max(seq) FROM local_log WHERE own = 1")) == before
    with world.post.transaction():
        assert segment.seal_open_changes(world.post) == 0
