"""A power cut at any moment: what was confirmed is there, whatever of the unsynced writes the disk kept.

A program that records, exports and imports runs once, on real files, with every call that changes one written down by
``recorder.c`` (LD_PRELOAD). From that many disks are built as a cut may leave them (``tests/power_cut.py`` says by
which model), and each is opened by the program. Short here; ``make soak`` builds ``FIELDAPP_CUTS`` disks.
"""

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import on_windows
import power_cut
import pytest
from field import USER, World
from field import build as build_world
from soak import small_baseline

from fieldapp.records import attachments, lists
from fieldapp.store import vault
from fieldapp.store.store import FILE, Store
from fieldapp.sync.exchange import outgoing
from fieldapp.sync.format import bundle, file_parts
from fieldapp.sync.safety import backup, doctor

CUTS = int(os.environ.get("FIELDAPP_CUTS", "30"))
PATIENCE = 300
"""Seconds for the program"""
COMPILER = shutil.which("gcc") or shutil.which("cc")
pytestmark = [
    on_windows.needs(os.name == "posix", "LD_PRELOAD, by which writes are recorded"),
    pytest.mark.skipif(
        COMPILER is None or not sys.platform.startswith("linux"),
        reason="the recorder needs a C compiler and LD_PRELOAD",
    ),
]

CHILD = """
import os, sys
from pathlib import Path
from fieldapp.store import people, vault
from fieldapp.records import attachments, records
from fieldapp.store.store import Store
from fieldapp.sync.safety import backup
from fieldapp.sync.exchange import incoming, outgoing
root, key, user = Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3]
vault.seal_with_passphrase = lambda secret, phrase: b"sealed under " + phrase.encode() + bytes(4000)
told = os.open(root / "told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def tell(what):
    os.write(told, f"{what}\\n".encode())
well = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221",
        "measures": [{"measure_id": "gieng", "amount": 1}]}
store = Store.open(root / "post", key, user)
if sys.argv[4] == "unsynced":
    store.db.execute("PRAGMA synchronous = NORMAL")
def work(count, size):
    for number in range(count):
        tell("recorded " + records.save(store, "activity", {**well, "description": "x" * size}, confirm=True))
def attach(text):
    one = attachments.Prepared("a.jpg", "image/jpeg", text * 4000)
    record = store.value("SELECT id FROM activity ORDER BY id DESC LIMIT 1")
    tell("attached " + attachments.add(store, record, [one])[0])
work(6, 10)
attach(b"one")
attach(b"two")
store.save_draft("d", "event", None, {"name": "nháp"})
tell("draft d")
for made in outgoing.export(store, root / "usb"):
    tell(f"written usb/{made.path.name}")
made = backup.write_backup(store, root / "usb")
tell(f"written usb/{made.path.name}")
attach(b"three")
work(3, 3000)
vault.write_key_file(store.home, "Y Nguyên.passphrase.age", b"another" * 300)
tell("written post/keys/Y Nguyên.passphrase.age")
assert all(r.complete for r in incoming.import_files(store, [root / "from-hq"]))
tell("imported")
work(8, 3000)
if sys.argv[4] == "close":
    store.close()
else:
    os._exit(0)
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A headquarters and a post with few units, in memory where that is possible: many disks are copied."""
    memory = Path("/dev/shm")
    root = Path(tmp_path_factory.mktemp("cut"))
    if memory.is_dir():
        root = memory / f"fieldapp-cut-{os.getpid()}"
    with small_baseline(), pytest.MonkeyPatch.context() as patched:
        keys: list[bytes] = []  # of headquarters, then of the post
        real = vault.new_key

        def new_key() -> bytes:
            keys.append(real())
            return keys[-1]

        patched.setattr(vault, "new_key", new_key)
        patched.setattr(vault, "unseal", lambda home, *_given: keys[home.name == "post"])
        made = build_world(root / "world")
        yield made
        made.close()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("recorder") / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    command = [str(COMPILER), "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"]
    subprocess.run(command, check=True, timeout=PATIENCE)
    return made


def files_below(root: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("end", ["close", "die"])
def test_a_power_cut_at_any_moment(small: World, recorder: Path, tmp_path: Path, end: str) -> None:
    cut(small, recorder, tmp_path, end, CUTS // 2)


def test_without_its_syncs_records_would_be_lost(small: World, recorder: Path, tmp_path: Path) -> None:
    """The simulation finds what it is for: with ``synchronous = NORMAL`` confirmed records are gone."""
    with pytest.raises(AssertionError, match="confirmed records are lost"):
        cut(small, recorder, tmp_path, "unsynced", 30)


def cut(small: World, recorder: Path, tmp_path: Path, end: str, count: int) -> None:
    """Record a run of the program, and look at so many disks that a cut of it may leave."""
    world = small.copy(small.root.parent / end)
    world.well(description="trước")
    world.carry(world.post, world.hq)
    (world.root / "from-hq").mkdir()
    outgoing.export(world.hq, world.root / "from-hq")
    world.close()
    before = files_below(world.root)
    record = tmp_path / "record"
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "LD_PRELOAD": str(recorder),
        "RECORD_ROOT": str(world.root) + "/", "RECORD_TO": str(record),
    }  # fmt: skip
    arguments = [str(world.root), world.keys["post"].hex(), USER, end]
    subprocess.run([sys.executable, "-c", CHILD, *arguments], check=True, env=environment, timeout=PATIENCE)
    calls = [c for c in power_cut.calls(record) if not c.name.endswith("-shm")]
    told = str(world.root / "told")
    assert Counter(c.kind for c in calls)["s"] > 5, "the recorder saw no syncs"
    whole = power_cut.Disk(before)
    for call in calls:
        whole.do(call)
    for name, file in whole.seen.items():
        file.sync()
        if not name.endswith("-wal"):
            assert bytes(file.sure) == Path(name).read_bytes(), f"the record of {name} is not what is there"
    chance = random.Random(11)
    seen: Counter[str] = Counter()
    shards = sorted(chance.randrange(len(calls) + 1) for _ in range(count))
    disk, done, said = power_cut.Disk(before), 0, list[str]()
    for cut in shards:
        for call in calls[done:cut]:
            if call.name == told:
                if call.kind == "w":
                    said += call.data.decode().split("\n")[:-1]
            else:
                disk.do(call)
        done = cut
        left = disk.after_a_cut(chance)
        home = world.root / "left"
        shutil.rmtree(home, ignore_errors=True)
        for name, content in left.items():
            path = home / Path(name).relative_to(world.root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        look(home, world, said, {n: bytes(f.sure) for n, f in whole.seen.items()}, seen)
    print(f"{len(shards)} disks after a power cut, of {len(calls)} calls ({end})", dict(seen))
    assert seen["with confirmed records"] > 0


def look(left: Path, world: World, said: list[str], whole: dict[str, bytes], seen: Counter[str]) -> None:
    """A disk after a cut: confirmed records are there, files are whole or not there, and the doctor finds nothing."""
    recorded = {line.split()[1] for line in said if line.startswith("recorded")}
    attached = {line.split()[1] for line in said if line.startswith("attached")}
    for line in said:
        if line.startswith("written"):
            assert (left / line.split(" ", 1)[1]).exists(), f"{line} was said, and it is not there"
    for path in left.rglob("*"):
        if path.name.endswith((bundle.BUNDLE_SUFFIX, backup.BACKUP_SUFFIX, ".passphrase.age", file_parts.SUFFIX)):
            name = str(world.root / path.relative_to(left))
            assert path.read_bytes() == whole[name], f"{path.name} looks complete and is not"
            seen["whole files"] += 1
    assert (left / "post" / FILE).exists()
    with Store.open(left / "post", world.keys["post"], USER) as store:
        there = {r["id"] for r in store.rows("SELECT id FROM activity")}
        assert recorded <= there, f"{len(recorded - there)} confirmed records are lost"
        files = store.rows("SELECT id, sha256 FROM attachment")
        assert attached <= {row["id"] for row in files}, "a confirmed file is lost"
        assert all(attachments.content(store, row["sha256"]) for row in files), "a row was there before its file"
        seen["files"] += len(files)
        assert len(there) == store.value("SELECT count(*) FROM activity_measure WHERE amount = 1")
        assert ("draft d" not in said) or [d.id for d in store.drafts()] == ["d"]
        assert doctor.examine_replica(store).healthy
        assert lists.count(store, "activity") == len(there)
        seen["with confirmed records"] += bool(recorded)
