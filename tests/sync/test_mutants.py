"""Bundles mutated in structure: each is refused or accepted rightly, in little memory, and nothing lands elsewhere.

A short run goes with all tests. ``make soak`` reads ``FIELDAPP_MUTANTS`` of them, in shards over all processors.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutants
import on_windows
import pytest
from soak import small_baseline
from vector_files import become_the_reader

from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming

pytestmark = on_windows.LIMITS

MUTANTS = int(os.environ.get("FIELDAPP_MUTANTS", "150"))
FIRST = int(os.environ.get("FIELDAPP_MUTANTS_FIRST", "0"))
SHARD = 2_500
PATIENCE = 3600
"""Seconds for a shard"""


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, bytes]]:
    """The folder of both readers, and their key."""
    home = tmp_path_factory.mktemp("mutants")
    pack = home / "pack"
    pack.write_bytes(mutants.pack())
    with small_baseline():
        store = enrolment.init_post(home / "new", pack, user="B", passphrase="x", laptop="B")
        become_the_reader(store)
        store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
    yield home, store._key


def prepared(readers: tuple[Path, bytes], to: Path) -> Path:
    """A workspace with both readers, of one process alone."""
    home, key = readers
    for name in ("new", "later"):
        shutil.copytree(home / "new", to / name)
    (to / "stick").mkdir()
    first = to / "stick" / "first.fieldapp.tar.age"
    first.write_bytes(mutants.first_bundle())
    with Store.open(to / "later", key, "B") as store:
        (result,) = incoming.import_files(store, [first])
        assert (result.complete, result.applied) == (True, 4)
    first.unlink()
    return to


@pytest.mark.parametrize("first", range(FIRST, FIRST + MUTANTS, SHARD))
def test_mutated_bundles(readers: tuple[Path, bytes], tmp_path: Path, first: int) -> None:
    work = prepared(readers, tmp_path / "work")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(elsewhere), "TMPDIR": str(elsewhere),
        "MALLOC_ARENA_MAX": "2",
    }  # fmt: skip
    script = Path(__file__).parents[1] / "check_mutants.py"
    count = min(SHARD, FIRST + MUTANTS - first)
    done = subprocess.run(
        [sys.executable, str(script), str(work), readers[1].hex(), str(first), str(count)],
        check=False, capture_output=True, text=True, timeout=PATIENCE, env=environment, cwd=elsewhere,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == "", done.stderr[:5000]
    found: dict[str, Any] = json.loads(done.stdout)
    print({k: found[k] for k in ("seen", "peak_mb")})
    assert found["elsewhere"] == []
    assert found["peak_mb"] < 300
    assert list(elsewhere.iterdir()) == []
    assert sorted(p.name for p in work.iterdir()) == ["later", "new", "stick"]
    assert sum(found["seen"].values()) == count
    for wanted in ("accepted, applied", "damaged", "forged"):  # or the mutations are too tame, or too wild
        assert found["seen"].get(wanted, 0) > 0
