"""Damaged pages: never a wrong value, always found and told, and what can be read is saved into a new file."""

import os
import random
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from field import USER, Run, World
from sync_state import state

from fieldapp.errors import FieldappError
from fieldapp.store import disk, disk_errors
from fieldapp.store.connection import DatabaseError
from fieldapp.store.store import FILE, Store
from fieldapp.sync.exchange import status
from fieldapp.sync.safety import doctor, salvage

PAGE = 4096
FLIPS = int(os.environ.get("FIELDAPP_FLIPS", "40"))
PAGES = int(os.environ.get("FIELDAPP_PAGES", "2"))


@pytest.fixture(scope="session")
def filled_once(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A post with sealed and unsealed changes."""
    world = first_world.copy(tmp_path_factory.mktemp("filled"))
    for number in range(60):
        world.well(description=f"Giếng số {number}")
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    for number in range(60, 90):
        world.well(description=f"Giếng số {number}")
    world.post.save_draft("d", "event", None, {"name": "nháp"})
    world.close()
    return world


@pytest.fixture
def filled(filled_once: World, world: World, tmp_path: Path, run: Run) -> Generator[World, None, None]:
    """The same for this test alone, where ``run`` works at it too."""
    world.close()  # it lies in the same place; Windows replaces no file that is open
    made = filled_once.copy(tmp_path / "world")
    yield made
    made.close()


def close(world: World) -> Path:
    world.post.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    world.post.close()
    return world.root / "post" / FILE


def everything(store: Store) -> dict[str, list[dict[str, object]]]:
    found = {t: store.rows(f"SELECT * FROM {t}") for t in store.db.table_names() if not t.startswith("local_search")}
    found["search"] = store.rows("SELECT kind, row_id, words FROM local_search")
    return found


def test_one_flipped_bit_is_never_a_wrong_value(filled: World, tmp_path: Path) -> None:
    """At each place: either nothing that is read differs, or the reading is refused; and the doctor finds it."""
    truth = everything(filled.post)
    whole = close(filled).read_bytes()
    home = tmp_path / "flipped"
    home.mkdir()
    chance = random.Random(8)
    told = 0
    for _ in range(FLIPS):
        bit = chance.randrange(8 * len(whole))
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        for old in home.glob(FILE + "*"):
            old.unlink()
        (home / FILE).write_bytes(broken)
        try:
            with Store.open(home, filled.keys["post"], USER) as store:
                found = doctor._file_errors(store)
                assert found, f"bit {bit}"
                for table, rows in truth.items():
                    try:
                        assert everything_of(store, table) == rows, f"bit {bit}: {table}"
                    except DatabaseError as error:
                        assert disk_errors.disk_error_text(error) is not None
                        told += 1
        except (FieldappError, DatabaseError) as error:
            assert isinstance(error, FieldappError) or disk_errors.disk_error_text(error) is not None
            told += 1
    print(f"{FLIPS} flipped bits, {told} tables or files refused to be read")
    assert told > 10


def everything_of(store: Store, table: str) -> list[dict[str, object]]:
    if table == "search":
        return store.rows("SELECT kind, row_id, words FROM local_search")
    return store.rows(f"SELECT * FROM {table}")


def pages_of(store: Store, name: str) -> list[int]:
    """The page through which every row of a table is reached."""
    return [store.value("SELECT rootpage FROM sqlite_master WHERE name = ?", [name])]


def damage(path: Path, *pages: int) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE + 100)
            byte = file.read(1)
            file.seek((page - 1) * PAGE + 100)
            file.write(bytes([byte[0] ^ 0xFF]))


def test_damaged_records_are_folded_again_and_nothing_is_lost(filled: World, run: Run) -> None:
    truth = state(filled.post)
    tables = ["activity", "local_conflict", "activity_measure", "local_search_row"]
    pages = [page for table in tables for page in pages_of(filled.post, table)]
    damage(close(filled), *pages)
    code, out, _err = run("doctor")
    assert code == 1
    assert f"{pages[0]}" in out
    assert run("list", "activity")[0] == 1
    code, out, err = run("doctor", "--rebuild")
    assert code == 0, out + err
    filled.post = Store.open(filled.root / "post", filled.keys["post"], USER)
    assert state(filled.post) == truth
    assert [d.id for d in filled.post.drafts()] == ["d"]
    assert len(list((filled.root / "post").glob(FILE + ".damaged-*Z"))) == 1
    assert run("doctor")[0] == 0


def test_while_another_window_is_open_nothing_is_rebuilt(filled: World, run: Run) -> None:
    """It would go on writing into the file that is put away."""
    path = close(filled)
    with Store.open(path.parent, filled.keys["post"], USER) as other:
        pages = pages_of(other, "activity")
        other.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damage(path, *pages)
        before = path.read_bytes()
        code, _out, err = run("doctor", "--rebuild")
        assert code == 1
        assert "cửa sổ khác" in err
        assert path.read_bytes() == before
        assert [p.name for p in path.parent.glob(FILE + "*.damaged-*")] + [*path.parent.glob("*.part")] == []
    assert run("doctor", "--rebuild")[0] == 0


def test_a_file_that_stays_held_is_not_rebuilt_and_stays_as_it_was(
    filled: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows refuses it, while a program has the file open in another way than SQLite does."""
    pages = pages_of(filled.post, "activity")
    path = close(filled)
    damage(path, *pages)
    before, really = path.read_bytes(), os.replace

    def replace(source: Any, target: Any) -> None:
        if Path(target) == path:
            error = PermissionError(13, "x", str(source))
            error.filename2, error.winerror = str(target), 32  # type: ignore[attr-defined,unused-ignore]
            raise error
        really(source, target)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(disk, "WAITS", ())
    code, _out, err = run("doctor", "--rebuild")
    assert code == 1
    assert f"{FILE} đang mở" in err
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.suffix == ".part" or "damaged-" in p.name] == []
    monkeypatch.setattr(os, "replace", really)
    assert run("doctor", "--rebuild")[0] == 0


@pytest.mark.parametrize("table", ["local_change", "local_segment", "local_log"])
def test_damage_to_the_log_is_mended_from_its_other_half(filled: World, table: str) -> None:
    """The root page: nothing of the table can be read any more. What is lost is said, and what arrived is not."""
    truth = state(filled.post)
    damage(close(filled), *pages_of_closed(filled, table))
    filled.post, lost = salvage.salvage_file(Store.open(filled.root / "post", filled.keys["post"], USER))
    assert doctor.examine_replica(filled.post).healthy
    assert lost.lines()
    for _round in range(2):
        results = [*filled.carry(filled.post, filled.hq), *filled.carry(filled.hq, filled.post)]
        assert [r.problems for r in results if r.problems] == []
    now, there = state(filled.post), state(filled.hq)
    assert now == there
    gone = {r["id"] for r in truth["activity"]} - {r["id"] for r in now["activity"]}
    arrived = {r["id"] for r in truth["activity"] if int(str(r["description"]).rsplit(" ", 1)[1]) < 60}
    assert not gone & arrived
    assert bool(gone) == (table == "local_change")  # the unsealed ones lay nowhere else
    assert status.exchange_status(filled.post).quarantined == []
    filled.well(description="Giếng số 99")
    filled.carry(filled.post, filled.hq)
    assert state(filled.post) == state(filled.hq)


def pages_of_closed(world: World, table: str) -> list[int]:
    with Store.open(world.root / "post", world.keys["post"], USER) as store:
        return pages_of(store, table)


def test_every_page_in_turn(filled: World, tmp_path: Path) -> None:
    """Whichever page is damaged: the new file is healthy, or a sentence says to take a backup."""
    truth = state(filled.post)
    whole = close(filled).read_bytes()
    chance = random.Random(9)
    saved = 0
    for page in chance.sample(range(2, len(whole) // PAGE), PAGES):
        home = tmp_path / str(page)
        home.mkdir()
        (home / FILE).write_bytes(whole)
        damage(home / FILE, page)
        try:
            store, _lost = salvage.salvage_file(Store.open(home, filled.keys["post"], USER))
        except (FieldappError, DatabaseError) as error:
            assert isinstance(error, FieldappError) or disk_errors.disk_error_text(error)
            assert (home / FILE).exists()
            continue
        with store:
            assert doctor.examine_replica(store).healthy
            for table, rows in state(store).items():
                known = {r["id"]: r for r in truth[table]}
                assert all(known[r["id"]] == r for r in rows)
            saved += 1
    assert saved


@pytest.mark.parametrize(
    ("table", "saved"),
    [
        ("local_change", True),
        ("local_segment", True),
        ("local_log", True),
        ("local_setting", True),
        ("local_session", True),
        ("local_touch", True),
        ("_sqlite_migrations", False),
        ("local_replica", False),
    ],
)
def test_whatever_is_damaged_the_doctor_says_what_helps(filled: World, run: Run, table: str, saved: bool) -> None:
    """``--rebuild`` never tells to run itself: it saves the file, or says to take a backup."""
    pages = pages_of(filled.post, table)
    before = close(filled)
    damage(before, *pages)
    bytes_before = before.read_bytes()
    code, out, err = run("doctor")
    assert code == 1
    assert "doctor --rebuild" in out + err
    code, out, err = run("doctor", "--rebuild")
    if saved:
        assert code == 0, out + err
        assert "doctor --rebuild" not in out + err
        assert "damaged-" in err
        assert run("doctor")[0] == 0
        assert run("list", "activity")[0] == 0
    else:
        assert code == 1
        assert "restore" in err
        assert before.read_bytes() == bytes_before
        assert list(before.parent.glob("*.damaged-*")) == []
