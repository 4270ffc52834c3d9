"""The mirror holds what headquarters' file holds: after every run, and whatever became of the run before."""

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import random_records
from field import Run, World
from odd_values import carry_odd_rows
from postgres import new_database, rows, rows_here

from fieldapp.domain.records import RECORDS
from fieldapp.errors import FieldappError
from fieldapp.publish import mirror
from fieldapp.publish.mirror import publish
from fieldapp.publish.tables import Place, tables
from fieldapp.records import records
from fieldapp.reports import open_data
from fieldapp.store.store import Store
from fieldapp.sync.exchange import status

LIMIT = 120
"""Seconds for a run in a process of its own"""

KILLS = int(os.environ.get("FIELDAPP_KILLS", "3"))


def same(pg: psycopg.Connection[Any], store: Store) -> None:
    there, here = rows(pg, store), rows_here(store)
    for table, found in here.items():
        assert there[table] == found, table


def test_whatever_a_row_holds_it_is_published(world: World, database: str, pg: psycopg.Connection[Any]) -> None:
    """Every value that a bundle may bring, in every column: an instant that is no day of the calendar ends nothing."""
    carry_odd_rows(world)
    assert publish(world.hq, database).loaded
    same(pg, world.hq)


def test_first_everything_then_what_changed(world: World, database: str, pg: psycopg.Connection[Any]) -> None:
    random_records.fill(world.hq, 1, 30)
    assert publish(world.hq, database).loaded
    same(pg, world.hq)
    again = publish(world.hq, database)
    assert not again.loaded
    assert again.rows == 0
    well = world.well(description="Nước sạch\tcho \\N buôn")
    gone = world.well()
    records.void(world.post, gone, "nhập trùng")
    world.carry(world.post, world.hq)
    records.save(world.hq, "party_cell", {"name": "Chi bộ buôn Mới", "unit_id": "24221", "hamlet": "Buôn Mới"})
    changed = publish(world.hq, database)
    assert changed.tables == {"party_cell": 1, "activity": 2, "activity_measure": 4}
    same(pg, world.hq)
    records.save(world.post, "activity", {"description": "Sửa lại"}, well)
    world.carry(world.post, world.hq)
    assert publish(world.hq, database).tables == {"activity": 1}
    same(pg, world.hq)


def test_what_a_later_version_left_in_the_file_ends_nothing(
    world: World, database: str, pg: psycopg.Connection[Any]
) -> None:
    """Its columns arrive as what they are, and its views with them; views over its new kinds are left out."""
    well = world.well()
    world.carry(world.post, world.hq)
    for statement in (
        "ALTER TABLE activity ADD COLUMN households INTEGER CHECK (households >= 0)",
        "ALTER TABLE activity ADD COLUMN handed_over_on TEXT CHECK (handed_over_on IS NULL OR"
        " date(handed_over_on) IS handed_over_on)",
        "CREATE TABLE guard_post (id TEXT NOT NULL PRIMARY KEY) STRICT",
        "CREATE VIEW handed_over AS SELECT a.id, coalesce(a.households, 0) AS households,"
        " coalesce(a.handed_over_on, a.date_from) AS handed_over_on FROM activity a",
        "CREATE VIEW guarded AS SELECT g.id FROM guard_post g",
        "CREATE VIEW guarded_once AS SELECT g.id FROM guarded g LIMIT 1",
    ):
        world.hq.db.execute(statement)
    with world.hq.transaction(applying=True):
        world.hq.db.execute("UPDATE activity SET households = 12, handed_over_on = '2013-12-24'")
    assert publish(world.hq, database).loaded
    same(pg, world.hq)
    found = pg.execute("SELECT id, households, handed_over_on::text FROM fieldapp.handed_over").fetchall()
    assert found == [(well, 12, "2013-12-24")]
    assert pg.execute("SELECT to_regclass('fieldapp.guarded_once')").fetchone() == (None,)


@pytest.mark.parametrize("mark", ["\x1f", "\x1e", "\x1d", "\x1d\x1e\x1f\\N\t\n\r\\"])
def test_what_another_program_wrote_into_the_file_arrives_as_it_is(
    world: World, database: str, pg: psycopg.Connection[Any], mark: str
) -> None:
    random_records.fill(world.hq, 2, 20)
    for change in (f"{mark}giữa{mark}hai{mark}", f"{mark}{mark}"):
        with world.hq.transaction(applying=True):  # without a change in the log
            world.hq.db.execute(
                "UPDATE activity SET description = ?, hamlet = NULL WHERE id IN (SELECT id FROM activity LIMIT 3)",
                [change],
            )
        publish(world.hq, database, anew=True)
        same(pg, world.hq)


def test_a_returned_record_counts_again_once_it_is_corrected(
    world: World, database: str, pg: psycopg.Connection[Any], run: Run
) -> None:
    wells = "SELECT sum(value) FROM fieldapp.figures('2013-01-01', '2013-12-31') WHERE code = 'gieng_khoan.gieng'"

    def count() -> Any:
        row = pg.execute(wells).fetchone()
        assert row is not None
        return row[0]

    well = world.well()
    world.well()
    world.carry(world.post, world.hq)
    publish(world.hq, database)
    assert count() == 2
    assert run("hq", "return", well, "--comment", "xem lại", home="hq")[0] == 0
    publish(world.hq, database)
    assert count() == 1
    world.carry(world.hq, world.post)
    records.save(world.post, "activity", {"description": "đã xem"}, well, confirm=True)
    world.carry(world.post, world.hq)
    publish(world.hq, database)
    assert count() == 2


def test_recording_goes_on_while_the_mirror_is_written(
    world: World, database: str, pg: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "PART", 500)
    monkeypatch.setattr(mirror, "AT_ONCE", 500)
    other = world.hq.reopen()
    made: list[str] = []

    def save(table: str, _rows: int) -> None:
        if len(made) < 5 or table == "party_cell":
            cell = {"name": f"Chi bộ {len(made)}", "unit_id": "24221", "hamlet": f"Buôn {len(made)}"}
            made.append(records.save(other, "party_cell", cell))

    publish(world.hq, database, progress=save)
    other.close()
    assert len(made) > 5
    publish(world.hq, database)
    same(pg, world.hq)


def test_killed_at_any_moment_it_goes_on(world: World, database: str, pg: psycopg.Connection[Any]) -> None:
    random_records.fill(world.hq, 2, 40)
    home, rng = world.hq.home, random.Random(os.environ.get("FIELDAPP_SEED", "7"))

    def begin(url: str) -> subprocess.Popen[str]:
        script = Path(__file__).with_name("run_mirror.py")
        command = [sys.executable, str(script), str(home), world.keys["hq"].hex(), url]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        assert started.stdout is not None
        assert select.select([started.stdout], [], [], LIMIT)[0], "the mirror did not begin in time"
        assert started.stdout.readline() == "begun\n"
        return started

    started, since = begin(new_database(database, f"measured_{os.getpid()}")), time.monotonic()
    assert started.wait(LIMIT) == 0
    whole = time.monotonic() - since
    for _ in range(KILLS):
        started = begin(database)
        time.sleep(rng.uniform(0, whole))
        started.send_signal(signal.SIGKILL)
        started.wait(LIMIT)
        world.well()
        world.carry(world.post, world.hq)
        cell = {"name": f"Chi bộ {rng.random()}", "unit_id": "24221"}
        records.save(world.hq, "party_cell", cell, confirm=True)
    started = begin(database)
    assert started.wait(LIMIT) == 0
    same(pg, world.hq)
    assert publish(world.hq, database, Place(2)).rows == 0


def test_an_older_state_of_headquarters_is_loaded_anew(
    world: World, database: str, pg: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """As after a backup was restored: the same numbers stand for other segments."""
    world.well()
    world.carry(world.post, world.hq)
    publish(world.hq, database)
    shutil.copytree(world.hq.home, tmp_path / "older")
    with Store.open(tmp_path / "older", world.keys["hq"], "Trực ban") as older:
        cell = {"unit_id": "24221", "hamlet": "Buôn Mới"}
        records.save(world.hq, "party_cell", {"name": "Chi bộ mất", **cell})
        assert not publish(world.hq, database).loaded
        records.save(older, "party_cell", {"name": "Chi bộ còn", **cell})
        assert publish(older, database).loaded
        same(pg, older)


def test_what_a_revoked_laptop_wrote_leaves_the_mirror(
    world: World, database: str, pg: psycopg.Connection[Any], run: Run
) -> None:
    world.well()
    world.carry(world.post, world.hq)
    publish(world.hq, database)
    laptop = world.post.identity.replica_id
    code, out, err = run("hq", "revoke", laptop, "--after", "0", home="hq")
    if code != 0:
        code, out, err = run("hq", "revoke", laptop, home="hq")
    assert code == 0, out + err
    publish(world.hq, database)
    same(pg, world.hq)


def test_a_password_in_the_address_is_refused_and_not_repeated(world: World, run: Run) -> None:
    for url in ("postgresql://u:bi-mat@db/x", "postgresql://db/x?password=bi-mat", "host=db password=bi-mat",
                "postgresql://[bi-mat"):  # fmt: skip
        code, out, err = run("hq", "publish", url, home="hq")
        assert code == 1
        assert "bi-mat" not in out + err
        assert err.count("\n") == 1
    assert run("hq", "publish", home="hq")[0] == 2


def test_the_command_says_what_it_did(world: World, database: str, pg: psycopg.Connection[Any], run: Run) -> None:
    world.well()
    world.carry(world.post, world.hq)
    code, out, err = run("hq", "publish", database, "--partitions", "1", home="hq")
    assert (code, err) == (0, "")
    code, out, err = run("hq", "publish", database, "--json", home="hq")
    assert (code, '"loaded": false' in out) == (0, True)
    same(pg, world.hq)
    code, _out, err = run("hq", "publish", "postgresql://fieldapp@/nothing?host=/nowhere", home="hq")
    assert code == 1
    assert err.count("\n") == 1
    assert run("publish", "x")[0] == 2
    with pytest.raises(FieldappError):
        publish(world.post, database)


def test_every_table_says_what_it_is(world: World, database: str, pg: psycopg.Connection[Any], run: Run) -> None:
    publish(world.hq, database, Place(2))
    wanted = {f"{t.name}.{c.name}" for t in tables(world.hq) for c in t.columns}
    said = pg.execute(
        "SELECT c.relname || '.' || a.attname, col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_attribute a"
        " ON a.attrelid = c.oid WHERE c.relnamespace = 'fieldapp'::regnamespace AND a.attnum > 0"
        " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    ).fetchall()
    assert {name for name, comment in said if comment} == wanted
    personal = {(t.name, c.name) for t in tables(world.hq) for c in t.columns if c.personal}
    assert {(m.KIND, c.name) for m in RECORDS for c in open_data.data_columns(m) if c.personal} <= personal
    keys = pg.execute(
        "SELECT indrelid::regclass::text, (SELECT attname FROM pg_attribute WHERE attrelid = indrelid AND attnum ="
        " indkey[0]) FROM pg_index WHERE indisprimary AND indrelid::regclass::text LIKE '%\\_1'"
    ).fetchall()
    assert {column for _table, column in keys} == {"post_id"}
    assert run("hq", "publish", "--sql", home="hq")[1].startswith("CREATE ROLE fieldapp_writer")
    assert status.exchange_status(world.hq).conflicts == 0
