"""Our reader says of every test vector of the format what a right reader must say (``tests/vectors/README.md``)."""

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from soak import small_baseline
from sync_state import arrived_or_recorded
from vector_files import FOLDER, INDEX, KEYS, PACK, VECTORS, Files, become_the_reader, part_of

from fieldapp.errors import FileRefused
from fieldapp.store.capture import synced_tables
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming
from fieldapp.sync.format import clock, file_parts, keys
from fieldapp.sync.merge import merge
from fieldapp.sync.peers import receipts
from fieldapp.sync.safety import doctor


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files.unpack(tmp_path_factory.mktemp("vectors"))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, bytes]]:
    """The reader of the vectors, who has read the pack: its home and key."""
    home = tmp_path_factory.mktemp("reader") / "home"
    with small_baseline():
        store = enrolment.init_post(home, PACK, user="B", passphrase="x", laptop="B")
        become_the_reader(store)
        store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
        yield home, store._key


@pytest.fixture
def reader(begun: tuple[Path, bytes], tmp_path: Path) -> Iterator[Store]:
    home, key = begun
    shutil.copytree(home, tmp_path / "reader")
    store = Store.open(tmp_path / "reader", key, "B")
    yield store
    store.close()


def rows(store: Store) -> dict[tuple[str, str], dict[str, Any]]:
    """Every row that came by stick, without its null columns and its post."""
    logged = {(c.table, c.row_id): None for c in arrived_or_recorded(store)}
    tables = synced_tables(store.db)
    found = {}
    for table, row_id in logged:
        row = store.row(f"SELECT * FROM {table} WHERE id = ?", [row_id]) if table in tables else None
        if row is not None:
            found[table, row_id] = {k: v for k, v in row.items() if v is not None and k not in ("id", "post_id")}
    return found


def expected(vector: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (r["table"], r["id"]): {k: v for k, v in r.items() if k not in ("table", "id")}
        for r in [*VECTORS["pack"]["records"], *vector["records"]]
    }


def everything(store: Store) -> tuple[Any, ...]:
    """What a refused file must leave as it is."""
    tables = ("local_change", "local_segment", "local_log", "local_replica", "local_set_aside", "local_conflict")
    return rows(store), clock.current(store), [store.rows(f"SELECT * FROM {t} ORDER BY 1, 2") for t in tables]


BUNDLES = [n for n, v in VECTORS.items() if v["form"] != "pack"]
PACKS = [n for n, v in VECTORS.items() if v["form"] == "pack"]


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle(reader: Store, files: Files, name: str) -> None:
    vector = VECTORS[name]
    for before in vector.get("after", []):
        (done,) = incoming.import_files(reader, [files.path(VECTORS[before])])
        assert done.refused is None
    was = everything(reader)
    (result,) = incoming.import_files(reader, [files.path(vector)])
    if vector["result"] == "refused":
        assert (result.refused is not None, result.reason) == (True, vector["reason"])
        assert everything(reader) == was
        return
    assert result.refused is None
    for told in vector["segments"]:
        kept = reader.row("SELECT state, reason FROM local_segment WHERE hash = ?", [told["sha256"]])
        if told["state"] in ("unreadable", "passed_over"):
            assert kept is None
            assert len(result.quarantined) == (told["state"] == "unreadable")
        else:
            assert kept == {"state": told["state"], "reason": told.get("reason")}
    aside = reader.rows("SELECT log_id, seq, reason FROM local_set_aside ORDER BY log_id, seq")
    assert [list(r.values()) for r in aside] == vector.get("set_aside", [])
    assert rows(reader) == expected(vector)
    conflicts = [
        [c["table"], c["row"], c["column"], c["winner"]["value"], c["loser"]["value"]] for c in merge.conflicts(reader)
    ]
    assert conflicts == vector.get("conflicts", [])
    if "have" in vector:
        said = receipts.latest_receipt(reader, KEYS["hq"]["replica"])
        assert {log: head.last for log, head in said.items()} == vector["have"]
    if "after" in vector or "set_aside" in vector:
        assert doctor.examine_replica(reader).healthy


@pytest.mark.parametrize("name", PACKS)
def test_a_pack(begun: tuple[Path, bytes], files: Files, tmp_path: Path, name: str) -> None:
    vector = VECTORS[name]
    home = tmp_path / "home"
    if vector["result"] == "refused":
        with pytest.raises(FileRefused) as refused:
            enrolment.init_post(home, files.path(vector), user="B", passphrase="x")
        assert refused.value.reason == vector["reason"]
        assert not [p for p in home.rglob("*") if p.is_file()]
        return
    store = enrolment.init_post(home, files.path(vector), user="B", passphrase="x")
    assert rows(store) == expected(vector)
    assert store.identity.post_id == INDEX["post"]["id"]
    store.close()


@pytest.mark.parametrize("seed", range(2))
def test_all_of_them_on_one_stick(reader: Store, files: Files, seed: int) -> None:
    """In any order: nothing crashes, nothing bad gets in, and the good is in whatever lay before it."""
    paths = [files.path(VECTORS[n]) for n in BUNDLES]
    random.Random(seed).shuffle(paths)
    results = incoming.import_files(reader, paths)
    assert len(results) == len(paths)
    for result, path in zip(results, paths, strict=True):
        name = path.name.removeprefix("v-").removesuffix(".fieldapp.tar.age")
        if VECTORS[name]["result"] == "refused":
            assert result.reason in (VECTORS[name]["reason"], "other_keys")
    states = {r["hash"]: r for r in reader.rows("SELECT hash, state, reason FROM local_segment")}
    for vector in VECTORS.values():
        for told in vector.get("segments", []):
            if told["state"] == "unreadable":
                assert told["sha256"] not in states
    assert doctor.examine_replica(reader).healthy


@pytest.mark.parametrize("part", INDEX["parts"], ids=lambda part: str(part["name"]))
def test_a_part_with_files(files: Files, part: dict[str, Any], tmp_path: Path) -> None:
    path, secret = part_of(files, part, tmp_path), KEYS["reader"]["age_secret"]
    whole: list[str] = []
    damaged = False
    try:
        listed = file_parts.listed(path, secret)
        for hash_, data in file_parts.read(path, secret, listed):
            whole += [hash_] if data is not None else []
    except file_parts.BadPart:
        damaged = True
    assert (sorted(whole), damaged) == (sorted(part["whole"]), part["damaged"])
    with pytest.raises(file_parts.PartForOthers):
        file_parts.listed(path, keys.new_keys().age_secret)


def test_the_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "vectors")
    subprocess.run([sys.executable, str(tmp_path / "vectors" / "make.py")], check=True)
    for path in FOLDER.rglob("*.*"):
        if "__pycache__" not in path.parts:
            assert (tmp_path / "vectors" / path.relative_to(FOLDER)).read_bytes() == path.read_bytes(), path.name
    assert sum(p.stat().st_size for p in FOLDER.rglob("*.*")) < 550_000
