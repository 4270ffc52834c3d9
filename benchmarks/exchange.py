"""Import, many small bundles, bytes, mirror and rebuild: beside the build before and the peers, in one run.

    python benchmarks/exchange.py --before TREE [--rounds 3] [--rows 200000] [--keep DIR] [--only import small …]

``TREE``: a checkout of the build before. Both builds read the same bundles into copies of the same file, in processes
of their own and in turn with the peers (``sync.py``, ``publish.py``, ``rebuild.py``); processor time. Needs the extra
``bench``, and PostgreSQL for the mirror. Linux only.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import rebuild
import sync
from memory import peak_mb
from work import Recorder, world_in

from fieldapp.store.store import Store

HERE = Path(__file__).parents[1]
PARTS = ("import", "small", "mirror", "rebuild")


class Work:
    """The work, prepared once: files of both sides before it, bundles and changesets."""

    def __init__(self, root: Path, rows: int) -> None:
        self.root = root
        self.world, recorder = world_in(root, rows)
        self.one, self.small = root / "one", root / "small"
        if not (root / "prepared").exists():
            self._prepare(recorder, rows)
            (root / "prepared").touch()
        self.key = self.world.keys["hq"].hex()

    def _prepare(self, recorder: Recorder, rows: int) -> None:
        work = recorder.work(min(1.0, rows / 200_000))
        scratch = self.root / "scratch"
        for folder in (scratch, self.one, self.small):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        with self.world.copy("post", scratch / "post") as post:
            sync.record(post, work)
            hq_id = post.value("SELECT id FROM local_replica WHERE role = 'hq'")
            sync.outgoing.export(post, self.one, hq_id)
        files, together = sync.small_bundles(self.world, work, scratch)
        for number, file in enumerate(files):
            file.rename(self.small / f"{number:03}.fieldapp.tar.age")
        together.rename(self.root / "together")
        with self.world.open("post") as store:
            for encrypted in (False, True):
                sync.peer_before(store, self.peer_file(encrypted), encrypted)
        shutil.copy(self.peer_file(False), scratch / "peer")
        sender = sync.peer_connect(scratch / "peer", False)
        session = sync.attach(sender)
        sync.peer_record(sender, work)
        packed = sync.zstandard.ZstdCompressor(level=19).compress(session.changeset())
        (self.one / "changeset").write_bytes(packed)
        session.close()
        sender.close()
        shutil.copy(self.peer_file(False), scratch / "peer")
        sender = sync.peer_connect(scratch / "peer", False)
        for number, part in enumerate(sync.small_changesets(sender, work)):
            (self.small / f"{number:03}.changeset").write_bytes(part)
        sender.close()
        shutil.rmtree(scratch)

    def peer_file(self, encrypted: bool) -> Path:
        """The peer's file before the work."""
        return self.root / f"peer-{'encrypted' if encrypted else 'plain'}.db"


def run_step(tree: Path, name: str, *given: str) -> Any:
    """The figures of one step by the program in ``tree``, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", name, *given],
        env=os.environ | {"PYTHONPATH": str(tree)}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def step_import(home: str, key: str, folder: str) -> dict[str, float]:
    """Import the bundles of a folder: seconds of the rows, then of the indexes; peak of memory in MB."""
    files = sorted(Path(folder).glob("*.age"))
    real, index = sync.search_index.index_imported, [0.0]

    def timed_index(*given: Any) -> None:
        index[0] += sync.timed(lambda: real(*given))

    with Store.open(Path(home), bytes.fromhex(key), "A") as store:
        real(store)
        sync.search_index.index_imported = timed_index  # type: ignore[assignment]
        results: list[Any] = []
        seconds = sync.timed(lambda: results.extend(sync.incoming.import_files(store, files)))
        assert all(r.complete for r in results)
        changes = sum(r.applied for r in results)
    return {"rows": seconds - index[0], "index": index[0], "changes": changes, "mb": peak_mb()}


def step_mirror(home: str, key: str, url: str) -> dict[str, float]:
    """Load the mirror anew: seconds of this process alone, with psycopg loaded, as it is for plain COPY."""
    import psycopg  # noqa: F401

    from fieldapp.publish.mirror import publish
    from fieldapp.publish.tables import Place

    rows: list[int] = []
    with Store.open(Path(home), bytes.fromhex(key), "A") as store:
        seconds = sync.timed(lambda: rows.append(publish(store, url, Place(1), anew=True).rows))
    return {"seconds": seconds, "rows": rows[0]}


STEPS: dict[str, Callable[..., dict[str, float]]] = {"import": step_import, "mirror": step_mirror}


def import_by(tree: Path, work: Work, folder: Path) -> dict[str, float]:
    """Import into a fresh copy of headquarters' file."""
    home = work.root / "copy"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(work.root / "hq", home)
    found: dict[str, float] = run_step(tree, "import", str(home), work.key, str(folder))
    shutil.rmtree(home)
    return found


def import_by_peer(work: Work, folder: Path, encrypted: bool) -> float:
    """Apply the same changes by the session extension."""
    copy = work.root / "copy.db"
    shutil.copy(work.peer_file(encrypted), copy)
    packed = [file.read_bytes() for file in sorted(folder.glob("*changeset"))]
    db = sync.peer_connect(copy, encrypted)
    seconds = sync.timed(lambda: sync.peer_apply(db, packed))
    db.close()
    copy.unlink()
    return seconds


class Row:
    """One row of the table: what of ours against what of another, round by round."""

    def __init__(self, title: str, unit: str, target: float) -> None:
        self.title, self.unit, self.target = title, unit, target
        self.rounds: list[tuple[float, float]] = []

    def add(self, ours: float, other: float) -> None:
        """Add a round."""
        self.rounds.append((ours, other))

    def line(self) -> str:
        """Medians, the ratio's median and spread, and whether its target is reached."""
        ratios = sorted(ours / other for ours, other in self.rounds)
        ratio = statistics.median(ratios)
        ours, other = (statistics.median(side) for side in zip(*self.rounds, strict=True))
        reached = "reached" if ratio <= self.target else "NOT reached"
        return (f"{self.title:58}{ours:9.2f}{other:9.2f} {self.unit:3}{ratio:7.2f}×  ({ratios[0]:.2f}–{ratios[-1]:.2f})"
                f"  target {self.target:.2f}  {reached}")  # fmt: skip


def measure_import(work: Work, before: Path, rounds: int) -> list[Row]:
    """One bundle: against the build before, and the session extension."""
    all_ = Row("import until everything is findable, build before", "s", 0.45)
    rows = Row("  of it the rows, build before", "s", 1.0)
    index = Row("  of it search and history, build before", "s", 0.45)
    plain = Row("rows alone, plain session extension", "s", 1.25)
    encrypted = Row("rows alone, encrypted session extension", "s", 1.0)
    for _ in range(rounds):
        ours, theirs = import_by(HERE, work, work.one), import_by(before, work, work.one)
        all_.add(ours["rows"] + ours["index"], theirs["rows"] + theirs["index"])
        rows.add(ours["rows"], theirs["rows"])
        index.add(ours["index"], theirs["index"])
        plain.add(ours["rows"], import_by_peer(work, work.one, encrypted=False))
        encrypted.add(ours["rows"], import_by_peer(work, work.one, encrypted=True))
        print(f"import: ours {ours}, before {theirs}", flush=True)
    return [all_, rows, index, plain, encrypted]


def measure_small(work: Work, before: Path, rounds: int) -> list[Row]:
    """The same changes in 200 bundles; and the bytes of segments of 1,000 changes in one bundle."""
    many = Row("200 small bundles, rows, encrypted session extension", "s", 1.0)
    old = Row("200 small bundles, rows, build before", "s", 1.0)
    size = Row("bytes a change in segments of 1,000, session + zstd -19", "B", 0.95)
    for _ in range(rounds):
        ours, theirs = import_by(HERE, work, work.small), import_by(before, work, work.small)
        many.add(ours["rows"], import_by_peer(work, work.small, encrypted=True))
        old.add(ours["rows"], theirs["rows"])
        peer_bytes = sum(file.stat().st_size for file in work.small.glob("*changeset"))
        size.add((work.root / "together").stat().st_size / ours["changes"], peer_bytes / ours["changes"])
        print(f"small: ours {ours}, before {theirs}", flush=True)
    return [many, old, size]


def measure_mirror(work: Work, _before: Path, rounds: int) -> list[Row]:
    """The first load of the mirror against plain COPY of the same rows.

    Not beside the build before: it mirrors files of its own age, whose tables and views are others.
    """
    import publish

    row = Row("mirror's first load, plain COPY", "s", 1.3)
    with ExitStack() as stack:
        url: str = stack.enter_context(publish.postgres.cluster())
        for _ in range(rounds):
            clock = publish.Clock(url)
            own = clock.server()
            done = run_step(HERE, "mirror", str(work.root / "hq"), work.key, url)
            taken = done["seconds"] + clock.server() - own
            with work.world.open("hq") as hq:
                plain = publish.plain_copy(url, hq)[1]
            row.add(taken, plain)
            print(f"mirror: {done['rows']:,} rows, {taken:.2f} s ({done['seconds']:.2f} s without the server),"
                  f" COPY {plain:.2f} s", flush=True)  # fmt: skip
    return [row]


def measure_rebuild(root: Path, rows: int, before: Path, rounds: int) -> list[Row]:
    """``doctor --rebuild`` of a smaller file, which the build before can bear."""
    made, key = rebuild.bring_work(root / f"rebuild-{rows}", rows)
    seconds, memory = Row("doctor --rebuild, build before", "s", 0.5), Row("  its peak of memory", "MB", 1.0)
    for _ in range(rounds):
        changes, mine, peak = rebuild.measure(HERE, made, key, True)
        _changes, theirs, peak_before = rebuild.measure(before, made, key, True)
        seconds.add(mine, theirs)
        memory.add(peak, peak_before)
        print(f"rebuild of {changes:,} changes: {mine:.2f} s, {peak} MB; before {theirs:.2f} s, {peak_before} MB")
    return [seconds, memory]


def main() -> None:
    if "--step" in sys.argv:
        name, *given = sys.argv[sys.argv.index("--step") + 1 :]
        print(json.dumps(STEPS[name](*given)))
        return
    parser = argparse.ArgumentParser(description="Exchange beside the build before and the peers")
    parser.add_argument("--before", type=Path, required=True, help="a checkout of the build before")
    parser.add_argument("--rows", type=int, default=200_000, help="existing rows")
    parser.add_argument("--rebuild-rows", type=int, default=20_000, help="rows of the file that is rebuilt")
    parser.add_argument("--rounds", type=int, default=3, help="0 only prepares")
    parser.add_argument("--keep", type=Path, help="folder that keeps what is prepared for the next time")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    asked = parser.parse_args()
    print(f"{date.today()}  load {os.getloadavg()[0]:.1f}", flush=True)
    with nullcontext(str(asked.keep)) if asked.keep else tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        work = Work(root / f"exchange-{asked.rows}", asked.rows) if set(asked.only) - {"rebuild"} else None
        for part in asked.only if asked.rounds else ():
            lines: Sequence[Row]
            if part == "rebuild" or work is None:
                lines = measure_rebuild(root, asked.rebuild_rows, asked.before, asked.rounds)
            else:
                measure = {"import": measure_import, "small": measure_small, "mirror": measure_mirror}[part]
                lines = measure(work, asked.before, asked.rounds)
            print("\n" + "\n".join(row.line() for row in lines) + "\n", flush=True)


if __name__ == "__main__":
    main()
