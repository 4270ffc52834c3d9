"""The mirror in PostgreSQL: rows per second against plain COPY of the same rows, and the cost of 1,000 changes later.

python benchmarks/publish.py --rows 1000000          in a cluster of its own
python benchmarks/publish.py --rows 10000000 --by-bundle 30000 --rounds 1
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import postgres  # type: ignore[import-not-found]
import psycopg
from work import make_world, record, record_rows  # type: ignore[import-not-found]

from fieldapp.publish.mirror import publish
from fieldapp.publish.tables import SCHEMA, Place, tables
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing

PART = 100
"""Rows that are multiplied in one transaction"""


class Clock:
    """Processor time of this process and of the tests' cluster: on a shared machine the wall clock says less."""

    def __init__(self, url: str) -> None:
        self._pid = int((Path(url.split("host=")[1]) / "data" / "postmaster.pid").read_text().split()[0])
        self.begin()

    def begin(self) -> None:
        """Start again from zero; no connection may be open."""
        self._wall, self._from = time.monotonic(), self._now()

    def _now(self) -> float:
        return time.process_time() + self.server()

    def server(self) -> float:
        """Processor seconds of the cluster's connections that are closed."""
        time.sleep(0.1)  # until the server has seen that its child is gone
        fields = Path(f"/proc/{self._pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def read(self) -> tuple[float, float]:
        """(wall, processor) seconds."""
        wall = time.monotonic() - self._wall
        return wall, self._now() - self._from


def plain_copy(url: str, store: Store) -> tuple[float, float]:
    """(wall, processor) seconds of a plain COPY by psycopg into the same tables, with keys and indexes made after it.

    The same rows are in memory already, in COPY's format.
    """
    found = []
    with psycopg.connect(url, autocommit=True) as pg:
        for table in tables(store):
            names = ", ".join(c.name for c in table.columns)
            with pg.cursor().copy(f"COPY {SCHEMA}.{table.name} ({names}) TO STDOUT") as copy:
                data = [bytes(part) for part in copy]
            found.append((table, names, [b"".join(data[n : n + 5_000]) for n in range(0, len(data), 5_000)]))
    clock = Clock(url)
    with psycopg.connect(url, autocommit=True) as pg:
        for table, names, blocks in found:
            pg.execute(f"CREATE TABLE peer_{table.name} (LIKE {SCHEMA}.{table.name})")
            with pg.cursor().copy(f"COPY peer_{table.name} ({names}) FROM STDIN") as copy:
                for block in blocks:
                    copy.write(block)
            pg.execute(f"ALTER TABLE peer_{table.name} ADD PRIMARY KEY ({', '.join(table.key)})")
            for _name, over in table.indexes:
                pg.execute(f"CREATE INDEX ON peer_{table.name} {over}")
            pg.execute(f"ANALYZE peer_{table.name}")
    taken = clock.read()
    with psycopg.connect(url, autocommit=True) as pg:
        for table, _names, _blocks in found:
            pg.execute(f"DROP TABLE peer_{table.name}")
    return taken


def fill(hq: Store, times: int) -> None:
    """Copy each row that came by bundle so many times, directly into headquarters' file and without a log.

    Through a post and its bundles ten million rows take hours. A copy's id sorts after the row's own; the activity of a
    copied figure is a copy too.
    """
    for table, of in (("activity", ""), ("activity_measure", "activity_id")):
        names = [row["name"] for row in hq.rows(f"PRAGMA table_info({table})")]
        copied = [f"substr({c}, 1, 24) || printf('%012x', n)" if c in ("id", of) else c for c in names]
        hq.db.execute(f"CREATE TEMP TABLE came AS SELECT * FROM {table} ORDER BY id")
        for first in range(1, hq.value("SELECT max(rowid) FROM came") + 1, PART):
            with hq.transaction(applying=True):
                hq.db.execute(
                    "WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < ?)"
                    f" INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(copied)} FROM came CROSS JOIN copy"
                    " WHERE came.rowid BETWEEN ? AND ?",
                    [times, first, first + PART - 1],
                )
        hq.db.execute("DROP TABLE came")
    hq.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def main() -> None:
    parser = argparse.ArgumentParser(description="The mirror against plain COPY")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--by-bundle", type=int, help="so many of them; the others are put into headquarters' file as copies"
    )
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url: str = stack.enter_context(postgres.cluster())
        world = make_world(Path(folder))
        by_bundle = min(asked.by_bundle or asked.rows, asked.rows)
        recorder = record_rows(world, by_bundle, asked.rows // by_bundle)
        hq: Any = world.open("hq")
        if by_bundle < asked.rows:
            fill(hq, asked.rows // by_bundle - 1)
        print(f"{platform.machine()} Python {platform.python_version()} load {os.getloadavg()[0]:.1f}", flush=True)
        ratios = []
        for _ in range(asked.rounds):
            clock = Clock(url)
            done = publish(hq, url, Place(1), anew=True)
            ours, peer = clock.read(), plain_copy(url, hq)
            all_rows = done.rows
            ratios.append(ours[1] / peer[1])
            print(f"{done.rows:,} rows: mirror {ours[0]:.2f} s wall, {ours[1]:.2f} s processor,"
                  f" {done.rows / ours[1]:,.0f} rows/s; plain COPY {peer[0]:.2f} s, {peer[1]:.2f} s,"
                  f" {done.rows / peer[1]:,.0f} rows/s; {ours[1] / peer[1]:.2f}× processor,"
                  f" {ours[0] / peer[0]:.2f}× wall", flush=True)  # fmt: skip
        print(f"median {statistics.median(ratios):.2f}×")
        post = world.open("post")
        for _ in range(asked.rounds):
            edits, _voids = recorder.changes(1000, 0)
            record(post, [edits])
            for file in outgoing.export(post, world.root, hq.identity.replica_id):
                incoming.import_files(hq, [file.path])
                file.path.unlink()
            for what in ("1,000 changes", "nothing new"):
                clock = Clock(url)
                done = publish(hq, url)
                assert not done.loaded
                wall, processor = clock.read()
                print(f"{what} over {all_rows:,} rows: {done.rows} rows, {wall:.2f} s wall,"
                      f" {processor:.2f} s processor", flush=True)  # fmt: skip
        hq.close()
        post.close()


if __name__ == "__main__":
    main()
