"""Exchange against other engines, on the same work in one run: capture, bytes, import, repeats, many small bundles.

    python benchmarks/sync.py [--rows 200000] [--rounds 3] [--part 1.0] [--small] [--geodiff] [--json FILE]

The work: 100,000 new rows, 80,000 updates of one column, 20,000 voids, over ``--rows`` rows that both sides have.
The peers are SQLite's session extension, in an encrypted file (sqlite3mc, its ``sqlcipher`` scheme: same cipher, same
check of every page) and in a plain one, and pygeodiff (plain files only). They get the same tables with every
constraint and index, the same ids, cache and checkpoint rule; they keep no history, sign nothing, and have no search
index: ours has all of these. Needs the extra ``bench``.
"""

import argparse
import json
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import zstandard
from work import PER_TRANSACTION, Statement, World, behind, make_world, record

from fieldapp.store import search
from fieldapp.store.capture import synced_tables
from fieldapp.store.store import BULK_CACHE_KB, Store
from fieldapp.sync import exchange

CACHE_KB = BULK_CACHE_KB
"""Page cache of both sides while they import: what the program takes"""
SEGMENT = 1_000
KEY = "00112233445566778899aabbccddeeff" * 2


CLOCK = time.perf_counter if "--wall" in sys.argv else time.process_time
"""Seconds of the processor, of all threads: on a machine that others use too, the wall clock says little."""


def timed(work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    began = CLOCK()
    work()
    return CLOCK() - began


# ours -----------------------------------------------------------------------------------------------------------


def ours(world: World, work: list[list[Statement]], rounds: int, small: bool) -> dict[str, float]:
    """Capture, bytes, import and second import through the program's own functions."""
    found: dict[str, list[float]] = {}
    scratch = world.root / "ours"
    for turn in range(rounds):
        shutil.rmtree(scratch, ignore_errors=True)
        stick = scratch / "usb"
        stick.mkdir(parents=True)
        bare = world.copy("post", scratch / "bare")
        for (name,) in bare.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            bare.db.execute(f"DROP TRIGGER {name}")
        found.setdefault("bare", []).append(timed(partial(record, bare, work)))
        bare.close()
        post = world.copy("post", scratch / "post")
        found.setdefault("capture", []).append(timed(partial(record, post, work)))
        hq_id = post.value("SELECT id FROM local_replica WHERE role = 'hq'")
        found.setdefault("export", []).append(timed(partial(exchange.export, post, stick, hq_id)))
        post.close()
        (file,) = stick.glob("*.age")
        found.setdefault("bytes", []).append(file.stat().st_size)
        hq = world.copy("hq", scratch / "hq")
        results: list[exchange.Imported] = []

        with index_later() as index:
            found.setdefault("import", []).append(timed(partial(take_in, hq, file, results)))
        found.setdefault("search", []).append(timed(partial(index, hq)))
        assert results[0].complete and results[0].applied == sum(map(len, work)), results
        assert not results[0].set_aside
        found.setdefault("again", []).append(timed(partial(take_in, hq, file, results)))
        assert results[0].known == sum(map(len, work))
        hq.close()
        if small and turn == 0:
            found |= {k: [v] for k, v in ours_small(world, work, scratch).items()}
    return {name: statistics.median(values) for name, values in found.items()}


@contextmanager
def index_later() -> Iterator[Callable[[Store], None]]:
    """Leave out what follows an import, so that it can be measured apart: the peers have no index for search."""
    real = search.catch_up
    search.catch_up = lambda *_: None  # type: ignore[assignment]
    try:
        yield real
    finally:
        search.catch_up = real


def take_in(store: Store, file: Path, into: list[exchange.Imported]) -> None:
    """Import a bundle, checkpoint included."""
    into[:] = exchange.import_files(store, [file])


def ours_small(world: World, work: list[list[Statement]], scratch: Path) -> dict[str, float]:
    """The same work in segments of 1,000 changes: in 200 bundles, of which headquarters acknowledges each before the
    next is written; and in one."""
    stick, together = scratch / "small", scratch / "together"
    stick.mkdir()
    together.mkdir()
    post = world.copy("post", scratch / "post-small")
    hq_id = post.value("SELECT id FROM local_replica WHERE role = 'hq'")
    before = post.value("SELECT have FROM local_replica WHERE id = ?", [hq_id])
    per = SEGMENT // PER_TRANSACTION
    files = []
    for start in range(0, len(work), per):
        record(post, work[start : start + per])
        (made,) = exchange.export(post, stick, hq_id)
        files.append(made.path)
        have = {
            r["log_id"]: {"last": r["last"], "hash": r["hash"]}
            for r in post.rows("SELECT log_id, max(last) AS last, hash FROM local_segment GROUP BY log_id")
        }
        post.db.execute("UPDATE local_replica SET have = ? WHERE id = ?", [json.dumps(have), hq_id])
    post.db.execute("UPDATE local_replica SET have = ? WHERE id = ?", [before, hq_id])
    (one,) = exchange.export(post, together, hq_id)
    post.close()
    hq = world.copy("hq", scratch / "hq-small")

    def take() -> None:
        results = exchange.import_files(hq, files)
        assert sum(r.applied for r in results) == sum(map(len, work))

    with index_later():
        seconds = timed(take)
    hq.close()
    return {"small": seconds, "small_bytes": one.size, "many_bytes": sum(f.stat().st_size for f in files)}


# SQLite's session extension -------------------------------------------------------------------------------------


def peer_connect(path: Path, encrypted: bool) -> apsw.Connection:
    """A peer's file as both sides have it: WAL, full synchronous, checkpoint after the work."""
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
    """Carry the work out in a peer's file."""
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


def peer_apply(db: apsw.Connection, packed: list[bytes], *, again: bool = False) -> None:
    """Apply changesets as a program would: unpack, one transaction each, checkpoint after all."""
    answer = apsw.SQLITE_CHANGESET_OMIT if again else apsw.SQLITE_CHANGESET_ABORT
    db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    for data in packed:
        changeset = zstandard.ZstdDecompressor().decompress(data)
        apsw.Changeset.apply(changeset, db, conflict=lambda *_: answer)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def peer(world: World, work: list[list[Statement]], rounds: int, encrypted: bool, small: bool) -> dict[str, float]:
    """The same measures of the session extension."""
    scratch = world.root / "peer"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    before = scratch / "before.db"
    store = world.open("post")
    peer_before(store, before, encrypted)
    store.close()
    found: dict[str, list[float]] = {}

    def copy(name: str) -> apsw.Connection:
        shutil.copy(before, scratch / name)
        return peer_connect(scratch / name, encrypted)

    for turn in range(rounds):
        bare = copy("bare.db")
        found.setdefault("bare", []).append(timed(partial(peer_record, bare, work)))
        bare.close()
        sender = copy("sender.db")
        session = attach(sender)
        found.setdefault("capture", []).append(timed(partial(peer_record, sender, work)))
        packed: list[bytes] = []

        def pack(session: apsw.Session = session, into: list[bytes] = packed) -> None:
            into[:] = [zstandard.ZstdCompressor(level=19).compress(session.changeset())]

        if turn == 0:
            found["export"] = [timed(pack)]
            found["bytes"] = [len(packed[0])]
            kept = packed
        session.close()
        sender.close()
        reader = copy("reader.db")
        found.setdefault("import", []).append(timed(partial(peer_apply, reader, kept)))
        total = reader.execute("SELECT count(*) FROM activity WHERE voided_at IS NOT NULL").get
        assert total, "the changeset was not applied"
        found.setdefault("again", []).append(timed(partial(peer_apply, reader, kept, again=True)))
        reader.close()
        if small and turn == 0:
            sender, parts = copy("sender.db"), []
            per = SEGMENT // PER_TRANSACTION
            for start in range(0, len(work), per):
                session = attach(sender)
                peer_record(sender, work[start : start + per])
                parts.append(zstandard.ZstdCompressor(level=19).compress(session.changeset()))
                session.close()
            sender.close()
            reader = copy("reader.db")
            found["small"] = [timed(partial(peer_apply, reader, parts))]
            found["small_bytes"] = found["many_bytes"] = [sum(map(len, parts))]
            reader.close()
    return {name: statistics.median(values) for name, values in found.items()}


# pygeodiff ------------------------------------------------------------------------------------------------------


def geodiff(world: World, work: list[list[Statement]]) -> dict[str, float]:
    """pygeodiff compares two files: no capture; plain files only, and its SQLite knows no STRICT tables."""
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Exchange against other engines on the same work")
    parser.add_argument("--rows", type=int, default=200_000, help="rows behind")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many")
    parser.add_argument("--part", type=float, default=1.0, help="part of the 200,000 changes")
    parser.add_argument("--small", action="store_true", help="also in bundles of 1,000 changes")
    parser.add_argument("--geodiff", action="store_true", help="pygeodiff too")
    parser.add_argument("--wall", action="store_true", help="by the wall clock, not the processor's")
    parser.add_argument("--only", choices=["ours", "peers"], help="measure one side")
    parser.add_argument("--json", type=Path, help="write the figures there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        recorder = behind(world, asked.rows)
        work = recorder.work(asked.part)
        changes = sum(map(len, work))
        print(
            f"{date.today()}  {platform.machine()}  Python {platform.python_version()}"
            f"  SQLite {apsw.sqlite_lib_version()}"
        )
        clock = "wall clock" if asked.wall else "processor time"
        print(f"{changes:,} changes over {asked.rows:,} rows, medians of {asked.rounds}, {clock}\n")
        results = {}
        if asked.only != "peers":
            results["ours"] = ours(world, work, asked.rounds, asked.small)
        if asked.only != "ours":
            results["session encrypted"] = peer(world, work, asked.rounds, True, asked.small)
            results["session plain"] = peer(world, work, asked.rounds, False, asked.small)
        if asked.geodiff:
            results["pygeodiff"] = geodiff(world, work)
        print("\n".join(compare(results, changes)) if "ours" in results else json.dumps(results, indent=1))
        if asked.json:
            asked.json.write_text(json.dumps({"rows": asked.rows, "changes": changes, **results}, indent=1))


if __name__ == "__main__":
    main()
