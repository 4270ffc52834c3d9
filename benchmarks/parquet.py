"""One question over ten years of the nation: DuckDB over Parquet, SQLite and PostgreSQL over the same flat table.

The nation of ``nation.py`` sends one year by its own bundles; the other years and laptops are copies of these rows in
headquarters' file. ``hq open-data`` writes them; each engine is asked the same, in turn, and answers the same.

Copies share most digits of their ids, so their files are smaller than real ones; with one year and one laptop there are
none.

    pip install -e ".[bench,hq]"
    python benchmarks/parquet.py --posts 450 --changes 100 --laptops 2
"""

import argparse
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import duckdb
import postgres  # type: ignore[import-not-found]
import psycopg
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from nation import FIRST_YEAR, Nation
from publish import Clock

from fieldapp.domain.assistance import ActivityMeasure
from fieldapp.reports import open_data
from fieldapp.reports.flat_tables import AMOUNT, flat_table
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming

FLAT = "flat_activity_measure"
AT_ONCE = 20
"""Rows of one table that are copied in one transaction, in hundreds"""
QUESTION = (
    "SELECT {year} AS year, activity_province, measure, count(*), count(DISTINCT post_code), sum(amount)"
    " FROM {table} WHERE amount IS NOT NULL GROUP BY {year}, activity_province, measure"
)
TYPES = {"integer": "bigint", "boolean": "boolean", "date": "date", "datetime": "timestamptz", AMOUNT: "numeric(19, 3)"}


def fill(hq: Store, years: int, laptops: int) -> None:
    """Copy each activity and figure into the other years, and for each further laptop, directly into the file."""
    for table, of, days in (("activity", "", ("date_from", "date_to")), ("activity_measure", "activity_id", ())):
        names = [row["name"] for row in hq.rows(f"PRAGMA table_info({table})")]
        copied = [
            f"substr({c}, 1, 28) || printf('%08x', n)" if c in ("id", of)
            else f"date({c}, '+' || (n % {years}) || ' years')" if c in days
            else c
            for c in names
        ]  # fmt: skip
        hq.db.execute(f"CREATE TEMP TABLE came AS SELECT * FROM {table} ORDER BY id")
        step = 100 * AT_ONCE
        for first in range(1, hq.value("SELECT max(rowid) FROM came") + 1, step):
            with hq.transaction(applying=True):
                hq.db.execute(
                    "WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < ?)"
                    f" INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(copied)} FROM came CROSS JOIN copy"
                    " WHERE came.rowid BETWEEN ? AND ?",
                    [years * laptops - 1, first, first + step - 1],
                )
        hq.db.execute("DROP TABLE came")


def of_process(work: Callable[[], Any]) -> tuple[float, Any]:
    """(processor seconds, result)"""
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def in_postgres(url: str, question: str) -> tuple[float, Any]:
    """(processor seconds of the server, result); without those of a connection that asks nothing."""
    taken = []
    for asked in ("SELECT 1", question):
        clock = Clock(url)
        with psycopg.connect(url) as pg:
            result = pg.execute(asked).fetchall()
        taken.append(clock.read()[1])
    return max(taken[1] - taken[0], 0.01), result


def load(url: str, csv: Path) -> None:
    """Load the flat CSV into a table of PostgreSQL."""
    columns = flat_table(ActivityMeasure, personal=False).columns
    listed = ", ".join(f"{c.name} {TYPES.get(c.type, 'text')}" for c in columns)
    with psycopg.connect(url, autocommit=True) as pg:
        pg.execute(f"CREATE TABLE {FLAT} ({listed})")
        with csv.open("rb") as stream, pg.cursor().copy(f"COPY {FLAT} FROM STDIN (FORMAT csv, HEADER)") as copy:
            while block := stream.read(1 << 20):
                copy.write(block)
        pg.execute(f"VACUUM ANALYZE {FLAT}")


def same(one: Any, other: Any) -> bool:
    """Whether both answers are equal. SQLite has no decimals: its sums of them are floats, and are rounded."""
    return rounded(one) == rounded(other)


def rounded(answer: Any) -> list[Any]:
    return sorted((*row[:5], round(float(row[5]), 3)) for row in answer)


def main() -> None:
    parser = argparse.ArgumentParser(description="One question over ten years of the nation")
    parser.add_argument("--posts", type=int, default=450)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--laptops", type=int, default=2, help="of each post")
    parser.add_argument("--changes", type=int, default=100, help="of a laptop in a year")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        nation = Nation(root, asked.posts, 1)
        stick = root / "stick"
        stick.mkdir()
        nation.year(FIRST_YEAR, asked.changes, 1, stick)
        incoming.import_files(nation.hq, [stick])
        shutil.rmtree(stick)
        if asked.years * asked.laptops > 1:
            fill(nation.hq, asked.years, asked.laptops)
        print(f"{platform.machine()} Python {platform.python_version()} DuckDB {duckdb.__version__}"
              f" SQLite {sqlite3.sqlite_version} load {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
        plain, _ = of_process(lambda: open_data.write_package(nation.hq, root / "plain"))
        both, written = of_process(lambda: open_data.write_package(nation.hq, root / "data", parquet=True))
        rows = written.rows
        print(f"{rows['activity']:,} activities, {rows['activity_measure']:,} figures; open-data {plain:.1f} s,"
              f" with Parquet {both:.1f} s processor ({both / plain:.2f}×)", flush=True)  # fmt: skip
        data = written.path
        parquet, csv = data / "parquet" / f"{FLAT}.parquet", data / "flat" / "activity_measure.csv"
        quacks = stack.enter_context(closing(duckdb.connect()))
        quacks.execute("SET threads = 1")
        lite = stack.enter_context(closing(sqlite3.connect(data / "records.sqlite")))
        lite.execute(f"CREATE TABLE as_table AS SELECT * FROM {FLAT}")
        lite.commit()
        url: str = stack.enter_context(postgres.cluster())
        load(url, csv)
        with psycopg.connect(url) as pg:
            size = pg.execute("SELECT pg_total_relation_size(%s)", [FLAT]).fetchone()
        assert size is not None
        pages = lite.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'as_table'").fetchone()[0]
        print(f"the flat table: Parquet {parquet.stat().st_size / 1e6:.1f} MB, CSV {csv.stat().st_size / 1e6:.1f} MB,"
              f" SQLite {pages / 1e6:.1f} MB, PostgreSQL {size[0] / 1e6:.1f} MB; of all tables in SQLite"
              f" {(data / 'records.sqlite').stat().st_size / 1e6:.1f} MB", flush=True)  # fmt: skip
        begin = time.process_time()
        assert pq.read_table(parquet).num_rows == rows[FLAT]
        print(f"pyarrow reads all of it in {time.process_time() - begin:.2f} s", flush=True)
        year, sqlite_year = "extract(year FROM counts_on)", "CAST(substr(counts_on, 1, 4) AS INTEGER)"
        engines: dict[str, Callable[[], tuple[float, Any]]] = {
            "DuckDB, Parquet": lambda: of_process(
                lambda: quacks.execute(QUESTION.format(year=year, table=f"'{parquet}'")).fetchall()),
            "SQLite, view": lambda: of_process(
                lambda: lite.execute(QUESTION.format(year=sqlite_year, table=FLAT)).fetchall()),
            "SQLite, table": lambda: of_process(
                lambda: lite.execute(QUESTION.format(year=sqlite_year, table="as_table")).fetchall()),
            "PostgreSQL, table": lambda: in_postgres(url, QUESTION.format(year=year, table=FLAT)),
        }  # fmt: skip
        compare(engines, asked.rounds)
        nation.hq.close()


def compare(engines: dict[str, Callable[[], tuple[float, Any]]], rounds: int) -> None:
    """Ask each in turn, and print the median time of each with its ratio to the first."""
    taken: dict[str, list[float]] = {name: [] for name in engines}
    answers: dict[str, Any] = {}
    for _ in range(rounds):
        for name, ask in engines.items():
            seconds, answers[name] = ask()
            taken[name].append(seconds)
    first = next(iter(engines))
    for name, answer in answers.items():
        assert same(answers[first], answer), (name, answers[first][:2], answer[:2])
    for name, of_name in taken.items():
        ratios = [own / base for own, base in zip(of_name, taken[first], strict=True)]
        print(f"{name:18} {statistics.median(of_name) * 1000:8.0f} ms processor, {statistics.median(ratios):6.1f}×")
    print(f"{len(answers[first])} groups")


if __name__ == "__main__":
    main()
