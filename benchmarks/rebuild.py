"""``doctor`` and ``doctor --rebuild`` of a headquarters: processor time and peak memory, beside another version's.

    python benchmarks/rebuild.py [--rows 200000] [--keep DIR] [--before TREE] [--rounds 3]

Linux only. The log has ``--rows`` new rows and 200,000 more changes (``work.py``). ``--before``: a
checkout of the version to compare with, on the same file. Target: at most 200 MB at a million changes.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from memory import peak_mb
from work import World, record, world_in

from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing
from fieldapp.sync.safety import doctor

HERE = Path(__file__).parents[1]


def bring_work(root: Path, rows: int) -> tuple[Path, str]:
    """Make headquarters' file with the rows and the work; (its folder, its key)."""
    world, recorder = world_in(root, rows)
    made = root / "worked"
    if not made.exists():
        part = root / "worked.part"
        with world.copy("hq", part) as hq, world.copy("post", root / "post.part") as post:
            record(post, recorder.work(min(1.0, rows / 200_000)))
            for file in outgoing.export(post, root, hq.identity.replica_id):
                incoming.import_files(hq, [file.path])
                file.path.unlink()
        shutil.rmtree(root / "post.part")
        part.rename(made)
    return made, World(root, world.keys).keys["hq"].hex()


def step(home: Path, key: str, mend: bool) -> None:
    """One examination, in this process."""
    with Store.open(home, bytes.fromhex(key), "A") as store:
        changes = store.value("SELECT sum(seq) FROM local_log")
        began = time.process_time()
        found = doctor.examine_replica(store, mend=mend)
        taken = time.process_time() - began
        assert not found.differing and not found.bad_segments, found
    print(f"{changes} {taken:.2f} {peak_mb():.0f} {resource.getrusage(resource.RUSAGE_SELF).ru_stime:.2f}")


def measure(tree: Path, home: Path, key: str, mend: bool) -> tuple[int, float, int]:
    """(changes, processor seconds, peak MB) of one examination by the program in ``tree``."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", str(home), key, str(int(mend))],
        env=os.environ | {"PYTHONPATH": str(tree)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    changes, seconds, peak, _system = done.stdout.split()
    return int(changes), float(seconds), int(peak)


def main() -> None:
    parser = argparse.ArgumentParser(description="doctor --rebuild: time and memory")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder that keeps the file for the next time")
    parser.add_argument("--before", type=Path, help="a checkout of another version")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        step(Path(asked.step[0]), asked.step[1], asked.step[2] == "1")
        return
    with nullcontext(asked.keep / str(asked.rows)) if asked.keep else tempfile.TemporaryDirectory() as folder:
        made, key = bring_work(Path(folder), asked.rows)
        for what, mend in (("doctor", False), ("doctor --rebuild", True)):
            for _ in range(asked.rounds):
                changes, mine, peak = measure(HERE, made, key, mend)
                text = f"{what}, {changes:,} changes: {mine:.1f} s, {1000 * mine / changes:.3f} ms a change, {peak} MB"
                if asked.before:
                    _changes, before, peak = measure(asked.before, made, key, mend)
                    text += f"; before {before:.1f} s, {peak} MB: {mine / before:.2f}×"
                print(text, flush=True)


if __name__ == "__main__":
    main()
