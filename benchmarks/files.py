"""What files of records cost: on a stick, and behind everything else.

    python benchmarks/files.py [--rounds 3] export [--mb 500]
    python benchmarks/files.py [--rounds 5] behind --before PYTHON [--rows 20000] [--photographs 5000]

``export``: a post puts photographs onto a stick, beside ``tar | age`` over the same files, which lie open in a folder.
Both take turns. Ours also opens what is sealed at rest, syncs, and reads back and compares; age does none of these.

``behind``: a post and its headquarters with so many records, and photographs of 300 kB each: start, list, search, save,
import of a bundle without files. ``--before`` is the interpreter of an environment with the build before there were
files; each build has its own copy of both laptops, and ours also one without photographs. All in processor time: other
work on the machine changes it least.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyrage
import screen
from memory import peak_mb
from work import make_world

from fieldapp.records import records
from fieldapp.store import blobs, vault
from fieldapp.store.ids import new_id
from fieldapp.store.store import Store
from fieldapp.store.wall import instant
from fieldapp.sync.exchange import enrolment, incoming, outgoing

SIZE = 300_000
"""Bytes of a photograph"""
OPERATIONS = """
import json, statistics, sys, tempfile, time
from datetime import date
from pathlib import Path
from fieldapp.records import records
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing
user = sys.argv[5]
hq, post = (Store.open(Path(sys.argv[at]), bytes.fromhex(sys.argv[at + 1]), user) for at in (1, 3))
found = {}
def timed(what, do):
    began = time.process_time()
    made = do()
    found.setdefault(what, []).append(1e3 * (time.process_time() - began))
    return made
for number in range(11):
    entry = {"name": f"Ngày hội {number}", "date_from": date.today().isoformat()}
    timed("saving a record, ms", lambda: records.save(post, "event", entry, confirm=True))
    with tempfile.TemporaryDirectory(dir=sys.argv[6]) as stick:
        hq_id = hq.identity.replica_id
        (made,) = timed("export without files, ms", lambda: outgoing.export(post, Path(stick), hq_id))
        (result,) = timed("import without files, ms", lambda: incoming.import_files(hq, [made.path]))
        assert result.applied and not result.problems, result.problems
        (reply,) = outgoing.export(hq, Path(stick), post.identity.replica_id)
        (result,) = timed("import of the reply, ms", lambda: incoming.import_files(post, [reply.path]))
        assert not result.problems, result.problems
print(json.dumps({what: statistics.median(values[1:]) for what, values in found.items()}))
"""


def photograph(number: int) -> bytes:
    """Bytes that no other number has, and that nothing packs smaller."""
    return number.to_bytes(8, "big") + BODY


BODY = os.urandom(SIZE - 8)
NONE = "ours without photographs"


def attach(store: Store, record_ids: Sequence[str], count: int) -> None:
    """Attach so many photographs to records; of another laptop's record as a fold writes it."""
    post_id = store.identity.post_id or store.value("SELECT id FROM post LIMIT 1")
    with store.transaction(applying=True):
        for number in range(count):
            data = photograph(number)
            store.db.conn.execute(
                "INSERT INTO attachment (id, post_id, created_at, created_by, record_kind, record_id, name, media_type,"
                " size, sha256) VALUES (?, ?, ?, 'A', 'activity', ?, ?, 'image/jpeg', ?, ?)",
                [new_id(post_id), post_id, instant(), record_ids[number % len(record_ids)], f"IMG_{number}.jpg",
                 len(data), blobs.put(store, data)],
            )  # fmt: skip


# export ---------------------------------------------------------------------------------------------------------


def export_once(home: Path, key: str, stick: Path) -> None:
    """In a process of its own: [seconds of the processor, by the clock, peak of memory in MB, bytes]."""
    with Store.open(home, bytes.fromhex(key), "A") as store:
        hq = store.value("SELECT id FROM local_replica WHERE role = 'hq'")
        used, began = time.process_time(), time.perf_counter()
        (made,) = outgoing.export(store, stick, hq, most=1 << 40)
        used, passed = time.process_time() - used, time.perf_counter() - began
        assert made.files.left == 0 and not made.files.problem, made.files
    print(json.dumps([used, passed, peak_mb(), sum(p.stat().st_size for p in made.files.parts)]))


def tar_and_age(folder: Path, target: Path, recipient: str) -> tuple[float, float]:
    """Seconds of the processor and by the clock that ``tar | age`` takes."""

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    before, began = used(), time.perf_counter()
    subprocess.run(f"tar -cf - -C {folder} . | age -r {recipient} -o {target}", shell=True, check=True)
    return used() - before, time.perf_counter() - began


def export(root: Path, megabytes: int, rounds: int) -> None:
    world = make_world(root / "world")
    plain = root / "plain"
    plain.mkdir()
    count = megabytes * 1_000_000 // SIZE
    for number in range(count):
        (plain / f"IMG_{number}.jpg").write_bytes(photograph(number))
    with world.open("post") as post:
        entry = {"name": "Ngày hội", "date_from": "2026-01-01"}
        attach(post, [records.save(post, "event", entry, confirm=True)], count)
        recipient = str(pyrage.x25519.Identity.generate().to_public())
    found: dict[str, list[float]] = {}
    for number in range(rounds):
        stick = root / f"usb-{number}"
        stick.mkdir()
        peer = tar_and_age(plain, root / "peer.age", recipient)
        command = [sys.executable, __file__, "export-once", str(world.root / "post"), world.keys["post"].hex()]
        printed = subprocess.run([*command, str(stick)], check=True, capture_output=True, text=True).stdout
        used, passed, peak, size = json.loads(printed)
        assert size > count * SIZE
        for what, value in (
            ("ours, s of the processor", used), ("ours, s by the clock", passed), ("ours, peak of memory, MB", peak),
            ("tar | age, s of the processor", peer[0]), ("tar | age, s by the clock", peer[1]),
            ("ratio, processor", used / peer[0]), ("ratio, clock", passed / peer[1]),
        ):  # fmt: skip
            found.setdefault(what, []).append(value)
        shutil.rmtree(stick)
    print(f"{count} files of {SIZE // 1000} kB; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for what, values in found.items():
        print(f"{what:<34}{statistics.median(values):8.2f}  [{min(values):.2f}–{max(values):.2f}]")


# behind everything else -----------------------------------------------------------------------------------------


def two_laptops(root: Path, rows: int) -> dict[str, str]:
    """A post with its headquarters, both with the records; the keys of their files."""
    screen.fill(root, rows)
    keys = {name: vault.unseal(root / name, screen.USER, screen.PASSPHRASE).hex() for name in ("hq", "post")}
    hq, post = opened(root, keys)
    with hq, post, tempfile.TemporaryDirectory(dir=root) as stick:
        outgoing.export(post, Path(stick))
        incoming.import_files(hq, [Path(stick)])
        enrolment.trust_replica(hq, "IARVE")
        columns = "id, post_id, created_at, created_by, activity_kind_id, date_from, unit_id, description"
        made = [tuple(row) for row in post.db.execute(f"SELECT {columns} FROM activity")]
        with hq.transaction(applying=True):
            hq.db.conn.executemany(f"INSERT INTO activity ({columns}) VALUES ({', '.join('?' * 8)})", made)
    return keys


def opened(root: Path, keys: dict[str, str]) -> tuple[Store, Store]:
    """Headquarters and its post."""
    hq, post = (Store.open(root / name, bytes.fromhex(keys[name]), screen.USER) for name in ("hq", "post"))
    return hq, post


def with_photographs(root: Path, keys: dict[str, str], count: int) -> None:
    """Attach so many photographs to their records at both, and let each hear what the other one has."""
    hq, post = opened(root, keys)
    with hq, post, tempfile.TemporaryDirectory(dir=root) as stick:
        ids = [row["id"] for row in post.rows("SELECT id FROM activity")]
        for store in (post, hq):
            attach(store, ids, count)
        for sender, to in ((hq, post), (post, hq)):
            outgoing.export(sender, Path(stick), to.identity.replica_id, most=0)
            incoming.import_files(to, [Path(stick)])


def copy_of(root: Path, to: Path) -> Path:
    """The same laptops elsewhere; sealed files never change, so they are linked."""

    def copy(source: str, target: str) -> None:
        (os.link if f"{os.sep}files{os.sep}" in source else shutil.copy2)(source, target)

    for name in ("hq", "post"):
        shutil.copytree(root / name, to / name, copy_function=copy)
    return to


def operations(places: dict[str, Path], keys: dict[str, str], builds: dict[str, str], found: screen.Values) -> None:
    for build, python in builds.items():
        at = places[build]
        homes = [str(at / "hq"), keys["hq"], str(at / "post"), keys["post"], screen.USER, str(at)]
        printed = subprocess.run(
            [python, "-P", "-c", OPERATIONS, *homes], check=True, capture_output=True, text=True, cwd="/"
        ).stdout
        for what, value in json.loads(printed).items():
            screen.enter(found, what, build, value)


def behind(root: Path, rows: int, photographs: int, before: str, rounds: int) -> None:
    keys = two_laptops(root / "made", rows)
    builds = {"ours": sys.executable, "before": before, NONE: sys.executable}
    places = {NONE: copy_of(root / "made", root / "none")}
    with_photographs(root / "made", keys, photographs)
    places |= {build: copy_of(root / "made", root / build) for build in ("ours", "before")}
    print(f"{rows:,} records, {photographs:,} photographs; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    found: screen.Values = {}
    for _ in range(rounds):
        for build, python in builds.items():
            place, alone = screen.Workplace({build: places[build] / "post"}, keys["post"]), {build: python}
            for part in (screen.starts, screen.searches):
                part(place, alone, found)
        operations(places, keys, builds, found)
        screen.print_found(found)  # after each round: all of it takes an hour on a busy machine


def main() -> None:
    parser = argparse.ArgumentParser(description="What files of records cost")
    parser.add_argument("--rounds", type=int, default=3)
    parts = parser.add_subparsers(dest="part", required=True)
    exporting = parts.add_parser("export")
    exporting.add_argument("--mb", type=int, default=500)
    once = parts.add_parser("export-once")
    once.add_argument("place", nargs=3)
    beside = parts.add_parser("behind")
    beside.add_argument("--before", metavar="PYTHON", required=True)
    beside.add_argument("--rows", type=int, default=20_000)
    beside.add_argument("--photographs", type=int, default=5_000)
    given = parser.parse_args()
    if given.part == "export-once":
        home, key, stick = given.place
        export_once(Path(home), key, Path(stick))
        return
    with tempfile.TemporaryDirectory() as folder:
        if given.part == "export":
            export(Path(folder), given.mb, given.rounds)
        else:
            behind(Path(folder), given.rows, given.photographs, given.before, given.rounds)


if __name__ == "__main__":
    main()
