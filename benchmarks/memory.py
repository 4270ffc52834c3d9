"""Peak memory of a large bundle: a post exports it, headquarters verifies and imports it, each in a process of its own.

    python benchmarks/memory.py [--mb 500]

Linux only. Target: at most 200 MB each. The changes have long random texts, so that the bundle is large though its rows
are few. The texts are in a column that the search index leaves out. Each step reports its progress; one import is
cancelled halfway, and must leave nothing.
"""

import argparse
import random
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from work import World, make_world

from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing

TEXT = 4_000
LIMIT_MB = 200


class Cancelled(Exception):
    """Raised from the progress function, as a screen does when the user cancels."""


def fill(store: Store, megabytes: int) -> None:
    """Record activities with random texts, until their bundle has about this size."""
    rng = random.Random(1)
    post_id, kind = store.identity.post_id, store.value("SELECT id FROM activity_kind LIMIT 1")
    unit = store.value("SELECT id FROM unit WHERE level = 'commune' LIMIT 1")
    number, of = 0, megabytes * 1_000_000 // (TEXT * 3 // 4)
    while number < of:
        with store.transaction():
            for number in range(number, min(number + 500, of)):  # noqa: B020 - continues where it was
                store.db.conn.execute(
                    "INSERT INTO activity (id, post_id, created_at, created_by, confirmed, activity_kind_id, date_from,"
                    " unit_id) VALUES (?, ?, '2026-01-01T00:00:00Z', 'A', ?, ?, '2026-01-01', ?)",
                    [f"019c0000-{number >> 16:04x}-7{number >> 4 & 0xFFF:03x}-8{number & 0xF:03x}-{number:012x}",
                     post_id, "".join(rng.choices(string.ascii_letters + string.digits + "+/", k=TEXT)), kind, unit],
                )  # fmt: skip
            number += 1


def peak_mb() -> float:
    """The most memory that this process held; getrusage would count also what its parent held when it began."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def step(name: str, store: Store, stick: Path) -> None:
    """One measured step, in this process."""
    stages = []

    def progress(stage: str, done: int, of: int) -> None:
        stages.append(stage)
        if name == "cancel" and stage == "apply" and done > of // 2:
            raise Cancelled

    began = time.perf_counter()
    if name == "export":
        hq = store.value("SELECT id FROM local_replica WHERE role = 'hq'")
        outgoing.export(store, stick, hq, progress)
    elif name == "verify":
        incoming.verify_bundle(store, next(stick.glob("*.age")))
    else:
        before = store.value("SELECT count(*) FROM activity")
        try:
            (result,) = incoming.import_files(store, [stick], progress)
            assert result.complete and result.applied, result
        except Cancelled:
            assert store.value("SELECT count(*) FROM activity") == before
    peak = peak_mb()
    verdict = "reached" if peak <= LIMIT_MB else "NOT reached"
    print(f"{name:8} peak {peak:6.0f} MB of {LIMIT_MB} ({verdict})  {time.perf_counter() - began:6.1f} s"
          f"  {len(stages)} reports of progress", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Peak memory of a large bundle")
    parser.add_argument("--mb", type=int, default=500)
    parser.add_argument("--step", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        name, home, key, stick = asked.step
        step(name, Store.open(Path(home), bytes.fromhex(key), "A"), Path(stick))
        return
    with tempfile.TemporaryDirectory() as folder:
        world: World = make_world(Path(folder) / "world")
        post = world.open("post")
        fill(post, asked.mb)
        post.close()
        stick = Path(folder) / "usb"
        stick.mkdir()
        for name, side in (("export", "post"), ("verify", "hq"), ("cancel", "hq"), ("import", "hq")):
            home, key = str(world.root / side), world.keys[side].hex()
            subprocess.run([sys.executable, __file__, "--step", name, home, key, str(stick)], check=True)
            if name == "export":
                (file,) = stick.glob("*.age")
                print(f"         {file.stat().st_size / 1e6:.0f} MB on the stick")


if __name__ == "__main__":
    main()
