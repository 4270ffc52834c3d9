"""Exchange against other engines, on the same work in one run: capture, bytes, import, repeats, many small bundles.

    python benchmarks/sync.py [--rows 200000 …] [--rounds 3] [--part 1.0] [--small] [--geodiff] [--keep DIR]

The work: 100,000 new rows, 80,000 updates of one column, 20,000 voids, over ``--rows`` rows that both sides have.
The peers are SQLite's session extension, in an encrypted file (sqlite3mc, its ``sqlcipher`` scheme: same cipher, same
check of every page) and in a plain one, and pygeodiff (plain files only). They get the same tables with every
constraint and index, and the same ids, cache and checkpoint rule. They keep no history, sign nothing, and have no
search index: ours has all of these. Needs the extra ``bench``.
"""

import argparse
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import zstandard
from work import PER_TRANSACTION, Statement, World, record, world_in

from fieldapp.records import search_index
from fieldapp.store.capture import synced_tables
from fieldapp.store.store import BULK_CACHE_KB, Store
from fieldapp.sync.exchange import incoming, outgoing

CACHE_KB = BULK_CACHE_KB
"""Page cache of both sides while they import: the size that the program uses"""
SEGMENT = 1_000
KEY = "00112233445566778899aabbccddeeff" * 2


CLOCK = time.perf_counter if "--wall" in sys.argv else time.process_time
"""Processor time of all threads, in seconds: on a shared machine the wall clock says little."""


def timed(work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    began = CLOCK()
    work()
    return CLOCK() - began


# ours -----------------------------------------------------------------------------------------------------------


def ours(world: World, work: list[list[Statement]], small: bool) -> dict[str, float]:
    """Measure capture, bytes, import and second import through the program's own functions."""
    found: dict[str, float] = {}
    scratch = world.root / "ours"
    shutil.rmtree(scratch, ignore_errors=True)
    stick = scratch / "usb"
    stick.mkdir(parents=True)
    with world.copy("post", scratch / "post") as bare:
        for (name,) in bare.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            bare.db.execute(f"DROP TRIGGER {name}")
        found["bare"] = timed(partial(record, bare, work))
    with world.copy("post", scratch / "post") as post:
        found["capture"] = timed(partial(record, post, work))
        hq_id = post.value("SELECT id FROM local_replica WHERE role = 'hq'")
        found["export"] = timed(partial(outgoing.export, post, stick, hq_id))
    (file,) = stick.glob("*.age")
    found["bytes"] = file.stat().st_size
    results: list[incoming.Imported] = []
    with world.copy("hq", scratch / "hq") as hq:
        with index_later() as index:
            found["import"] = timed(partial(take_in, hq, file, results))
        found["search"] = timed(partial(index, hq))
        assert results[0].complete and results[0].applied == sum(map(len, work)), results
        assert not results[0].set_aside
        found["again"] = timed(partial(take_in, hq, file, results))
        assert results[0].known == sum(map(len, work))
    if small:
        found |= ours_small(world, work, scratch)
    shutil.rmtree(scratch)
    return found


@contextmanager
def index_later() -> Iterator[Callable[[Store], None]]:
    """Leave out the indexing after an import, to measure it apart: the peers have no index for search."""
    real = search_index.index_imported
    search_index.index_imported = lambda *_: None  # type: ignore[assignment]
    try:
        yield real
    finally:
        search_index.index_imported = real


def take_in(store: Store, file: Path, into: list[incoming.Imported]) -> None:
    """Import a bundle, checkpoint included."""
    into[:] = incoming.import_files(store, [file])


def ours_small(world: World, work: list[list[Statement]], scratch: Path) -> dict[str, float]:
    """Measure the same work in segments of 1,000 changes: in 200 bundles, and in one.

    Headquarters acknowledges each of the 200 bundles before the next is written.
    """
    files, one = small_bundles(world, work, scratch)
    hq = world.copy("hq", scratch / "hq")

    def take() -> None:
        results = incoming.import_files(hq, files)
        assert sum(r.applied for r in results) == sum(map(len, work))

    with index_later():
        seconds = timed(take)
    hq.close()
    many_bytes = sum(f.stat().st_size for f in files)
    return {"small": seconds, "small_bytes": one.stat().st_size, "many_bytes": many_bytes}


def small_bundles(world: World, work: list[list[Statement]], scratch: Path) -> tuple[list[Path], Path]:
    """The work in bundles of 1,000 changes each, and in one bundle of as small segments."""
    stick, together = scratch / "small", scratch / "together"
    stick.mkdir()
    together.mkdir()
    post = world.copy("post", scratch / "post")
    hq_id = post.value("SELECT id FROM local_replica WHERE role = 'hq'")
    before = post.value("SELECT have FROM local_receipt WHERE replica_id = ?", [hq_id])
    per = SEGMENT // PER_TRANSACTION
    files = []
    for start in range(0, len(work), per):
        record(post, work[start : start + per])
        (made,) = outgoing.export(post, stick, hq_id)
        files.append(made.path)
        have = json.loads(before) | {
            r["log_id"]: {"last": r["last"], "hash": r["hash"], "replica": r["replica_id"]}
            for r in post.rows("SELECT log_id, max(last) AS last, hash, replica_id FROM local_segment GROUP BY log_id")
        }
        post.db.execute("UPDATE local_receipt SET have = ? WHERE replica_id = ?", [json.dumps(have), hq_id])
    post.db.execute("UPDATE local_receipt SET have = ? WHERE replica_id = ?", [before, hq_id])
    (one,) = outgoing.export(post, together, hq_id)
    post.close()
    return files, one.path


# SQLite's session extension -------------------------------------------------------------------------------------


def peer_connect(path: Path, encrypted: bool) -> apsw.Connection:
    """Open a peer's file in the way of both sides: WAL, full synchronous, checkpoint after the work."""
    db = apsw.Connection(str(path))
    if encrypted:
        db.execute("PRAGMA cipher = 'sqlcipher'")
        db.execute("PRAGMA legacy = 4")
        db.execute(f"PRAGMA key = \"x'{KEY}'\"")
    for pragma in ("foreign_keys = ON", "temp_store = MEMORY", "journal_mode = WAL", "synchronous = FULL"):
        db.execute(f"PRAGMA {pragma}")
    return db


def peer_before(store: Store, path: Path, encrypted: bool, strict: bool = True) -> None:
    """Copy the tables, constraints, indexes and rows of a replica into a peer's file."""
    db = peer_connect(path, encrypted)
    db.execute("PRAGMA foreign_keys = OFF")
    tables = synced_tables(store.db)
    db.execute("BEGIN")
    for table in tables:
        sql = store.value("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table])
        db.execute(sql if strict else sql.removesuffix("STRICT"))
    for row in store.rows("SELECT sql, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"):
        if row["tbl_name"] in tables:
            db.execute(row["sql"])
    for table in tables:
        cursor = store.db.execute(f"SELECT * FROM {table} ORDER BY rowid")
        marks = ", ".join("?" * len(cursor.description))
        db.executemany(f"INSERT INTO {table} VALUES ({marks})", cursor)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def peer_record(db: apsw.Connection, transactions: list[list[Statement]]) -> None:
    """Do the work in a peer's file."""
    for statements in transactions:
        db.execute("BEGIN IMMEDIATE")
        for sql, params in statements:
            db.execute(sql, params)
        db.execute("COMMIT")


def attach(db: apsw.Connection) -> apsw.Session:
    """A session that watches every table."""
    session = apsw.Session(db, "main")
    session.attach()
    return session


def small_changesets(db: apsw.Connection, work: list[list[Statement]]) -> list[bytes]:
    """Do the work in a peer's file; a packed changeset for each 1,000 changes."""
    parts = []
    per = SEGMENT // PER_TRANSACTION
    for start in range(0, len(work), per):
        session = attach(db)
        peer_record(db, work[start : start + per])
        parts.append(zstandard.ZstdCompressor(level=19).compress(session.changeset()))
        session.close()
    return parts


def peer_apply(db: apsw.Connection, packed: list[bytes], *, again: bool = False) -> None:
    """Apply changesets as a program would: unpack, one transaction each, checkpoint after all."""
    answer = apsw.SQLITE_CHANGESET_OMIT if again else apsw.SQLITE_CHANGESET_ABORT
    db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    for data in packed:
        changeset = zstandard.ZstdDecompressor().decompress(data)
        apsw.Changeset.apply(changeset, db, conflict=lambda *_: answer)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def peer(world: World, work: list[list[Statement]], encrypted: bool, small: bool) -> dict[str, float]:
    """Measure the same of the session extension."""
    before = world.root / f"peer-{'encrypted' if encrypted else 'plain'}.db"
    if not before.exists():
        part = before.with_suffix(".part")
        part.unlink(missing_ok=True)
        with world.open("post") as store:
            peer_before(store, part, encrypted)
        part.rename(before)
    scratch = world.root / "peer"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    found: dict[str, float] = {}

    def copy() -> apsw.Connection:
        shutil.copy(before, scratch / "copy.db")
        return peer_connect(scratch / "copy.db", encrypted)

    bare = copy()
    found["bare"] = timed(partial(peer_record, bare, work))
    bare.close()
    sender = copy()
    session = attach(sender)
    found["capture"] = timed(partial(peer_record, sender, work))
    packed: list[bytes] = []

    def pack() -> None:
        packed[:] = [zstandard.ZstdCompressor(level=19).compress(session.changeset())]

    found["export"] = timed(pack)
    found["bytes"] = len(packed[0])
    session.close()
    sender.close()
    reader = copy()
    voided = "SELECT count(*) FROM activity WHERE voided_at IS NOT NULL"
    assert not reader.execute(voided).get
    found["import"] = timed(partial(peer_apply, reader, packed))
    assert reader.execute(voided).get, "the changeset was not applied"
    found["again"] = timed(partial(peer_apply, reader, packed, again=True))
    reader.close()
    if small:
        sender = copy()
        parts = small_changesets(sender, work)
        sender.close()
        reader = copy()
        found["small"] = timed(partial(peer_apply, reader, parts))
        found["small_bytes"] = found["many_bytes"] = sum(map(len, parts))
        reader.close()
    shutil.rmtree(scratch)
    return found


# pygeodiff ------------------------------------------------------------------------------------------------------


def geodiff(world: World, work: list[list[Statement]]) -> dict[str, float]:
    """Measure pygeodiff. It compares two plain files, without capture; its SQLite has no STRICT tables."""
    import pygeodiff

    scratch = world.root / "geodiff"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    store = world.open("post")
    peer_before(store, scratch / "before.db", encrypted=False, strict=False)
    store.close()
    shutil.copy(scratch / "before.db", scratch / "after.db")
    db = peer_connect(scratch / "after.db", encrypted=False)
    peer_record(db, work)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA journal_mode = DELETE")
    db.close()
    engine = pygeodiff.GeoDiff()
    before, after, diff = (str(scratch / n) for n in ("before.db", "after.db", "changes.diff"))
    found = {"export": timed(lambda: engine.create_changeset(before, after, diff))}
    found["bytes"] = len(zstandard.ZstdCompressor(level=19).compress(Path(diff).read_bytes()))
    found["import"] = timed(lambda: engine.apply_changeset(before, diff))
    return found


# report ---------------------------------------------------------------------------------------------------------


def compare(results: dict[str, dict[str, float]], changes: int) -> list[str]:
    """The figures side by side, then the ratios with their targets."""
    names = list(results)
    lines = [f"{'':34}" + "".join(f"{n:>20}" for n in names)]

    def line(title: str, value: Callable[[dict[str, float]], float], form: str = "{:.2f} s") -> None:
        texts = []
        for name in names:
            try:
                texts.append(form.format(value(results[name])))
            except KeyError:
                texts.append("-")
        lines.append(f"{title:34}" + "".join(f"{t:>20}" for t in texts))

    line("the work without capture", lambda r: r["bare"])
    line("the work with capture", lambda r: r["capture"])
    line("capture, times", lambda r: r["capture"] / r["bare"], "{:.2f}")
    line("export", lambda r: r["export"])
    line("bytes per change, one bundle", lambda r: r["bytes"] / changes, "{:.1f} B")
    line(f"  in segments of {SEGMENT:,}", lambda r: r["small_bytes"] / changes, "{:.1f} B")
    line(f"  in {changes // SEGMENT} bundles", lambda r: r["many_bytes"] / changes, "{:.1f} B")
    line("import", lambda r: r["import"])
    line("search and history index, then", lambda r: r["search"])
    line("second import of the same", lambda r: r["again"])
    line(f"import in {changes // SEGMENT} bundles", lambda r: r["small"])
    line("  against one", lambda r: r["small"] / r["import"], "{:.2f}")
    mine = results["ours"]
    targets = [("capture against without", mine["capture"] / mine["bare"], 1.5)]
    for name, limit in (("session encrypted", 1.0), ("session plain", 1.25)):
        if name in results:
            targets.append((f"import against {name}", mine["import"] / results[name]["import"], limit))
    if "session plain" in results:
        theirs = results["session plain"]
        targets.append(("bytes against session, one bundle", mine["bytes"] / theirs["bytes"], 1.0))
        if "small_bytes" in mine:
            ratio = mine["small_bytes"] / theirs["small_bytes"]
            targets.append((f"bytes against session, {SEGMENT:,} a segment", ratio, 1.0))
    lines.append("")
    lines += [f"{t:38}{r:6.2f}  target {n:.2f}  {'reached' if r <= n else 'NOT reached'}" for t, r, n in targets]
    return lines


def growth(sizes: dict[int, dict[str, dict[str, float]]]) -> list[str]:
    """The cost of more existing rows for each engine: seconds, and their ratio to those over the fewest rows."""
    fewest = next(iter(sizes))
    lines = [f"{'existing rows':34}" + "".join(f"{rows:>20,}" for rows in sizes)]
    for measure, title in (("import", "import"), ("again", "second import"), ("capture", "the work with capture")):
        for name in sizes[fewest]:
            found = {rows: results[name][measure] for rows, results in sizes.items() if measure in results[name]}
            texts = [f"{seconds:.2f} s ({seconds / found[fewest]:.2f}x)" for seconds in found.values()]
            if texts:
                lines.append(f"{f'{title}, {name}':34}" + "".join(f"{t:>20}" for t in texts))
    for name in ("session encrypted", "session plain"):
        if {"ours", name} <= sizes[fewest].keys():
            ratios = [results["ours"]["import"] / results[name]["import"] for results in sizes.values()]
            lines.append(f"{f'import against {name}':34}" + "".join(f"{ratio:>20.2f}" for ratio in ratios))
    return lines


def measure(root: Path, rows: int, asked: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure all engines by turns over ``rows`` rows, so that other load on the machine meets each of them.

    The least of each figure counts, because other load can only add to it.
    """
    world, recorder = world_in(root, rows)
    if asked.rounds == 0:
        return {}
    work = recorder.work(asked.part)
    changes = sum(map(len, work))
    clock = "wall clock" if asked.wall else "processor time"
    print(f"{changes:,} changes over {rows:,} rows, the least of {asked.rounds} rounds, {clock}\n", flush=True)
    engines: dict[str, Callable[[bool], dict[str, float]]] = {}
    if asked.only != "peers":
        engines["ours"] = lambda small: ours(world, work, small)
    if asked.only != "ours":
        engines["session encrypted"] = lambda small: peer(world, work, True, small)
        engines["session plain"] = lambda small: peer(world, work, False, small)
    if asked.geodiff:
        engines["pygeodiff"] = lambda _small: geodiff(world, work)
    results: dict[str, dict[str, float]] = {name: {} for name in engines}
    for turn in range(asked.rounds):
        for name, run in engines.items():
            for figure, value in run(asked.small and turn == 0).items():
                results[name][figure] = min(value, results[name].get(figure, value))
    print("\n".join(compare(results, changes)) if "ours" in results else json.dumps(results, indent=1), flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description="Exchange against other engines on the same work")
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000], help="existing rows; several for growth")
    parser.add_argument("--rounds", type=int, default=3, help="the least of so many; 0 only makes the existing rows")
    parser.add_argument("--part", type=float, default=1.0, help="part of the 200,000 changes")
    parser.add_argument("--small", action="store_true", help="also in bundles of 1,000 changes")
    parser.add_argument("--geodiff", action="store_true", help="pygeodiff too")
    parser.add_argument("--wall", action="store_true", help="by the wall clock, not the processor's")
    parser.add_argument("--only", choices=["ours", "peers"], help="measure one side")
    parser.add_argument("--keep", type=Path, help="folder that keeps the existing rows for the next time")
    parser.add_argument("--json", type=Path, help="write the figures there")
    asked = parser.parse_args()
    print(
        f"{date.today()}  {platform.machine()}  Python {platform.python_version()}  SQLite {apsw.sqlite_lib_version()}"
    )
    sizes: dict[int, dict[str, dict[str, float]]] = {}
    for rows in sorted(asked.rows):
        with nullcontext(asked.keep / str(rows)) if asked.keep else tempfile.TemporaryDirectory() as folder:
            sizes[rows] = measure(Path(folder), rows, asked)
        if asked.json:
            asked.json.write_text(json.dumps(sizes, indent=1))
    if len(sizes) > 1 and asked.rounds:
        print("\n" + "\n".join(growth(sizes)))


if __name__ == "__main__":
    main()
