"""Nothing that writes the file can bypass the change log; kill -9 keeps both or neither."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import on_windows
import pytest
from field import USER, World

from fieldapp.records import history, records
from fieldapp.store.connection import IntegrityError, OperationalError, connect
from fieldapp.store.store import Store
from fieldapp.sync.merge import merge


def test_a_save_writes_its_changes(world: World) -> None:
    before = world.post.value("SELECT count(*) FROM local_change WHERE log_id <> 'baseline'")
    row_id = world.well(description="Giếng buôn Ba Na")
    changes = world.post.rows(
        "SELECT * FROM local_change WHERE log_id <> 'baseline' ORDER BY log_id, seq LIMIT -1 OFFSET ?", [before]
    )
    assert {c["table_name"] for c in changes} == {"activity", "activity_measure"}
    assert {c["actor"] for c in changes} == {USER}
    (own,) = [c for c in changes if c["row_id"] == row_id]
    assert json.loads(own["cols"])["description"] == "Giếng buôn Ba Na"
    records.save(world.post, "activity", {"description": "Giếng thứ hai"}, row_id)
    newest = world.post.row("SELECT cols FROM local_change WHERE row_id = ? ORDER BY hlc DESC", [row_id])
    assert newest is not None
    assert json.loads(newest["cols"]) == {"description": "Giếng thứ hai"}


def test_another_program_is_captured_too(world: World) -> None:
    row_id = world.well()
    other = connect(world.post.path, world.keys["post"])
    other.execute("UPDATE activity SET hamlet = 'Buôn B' WHERE id = ?", [row_id])
    newest = world.post.row("SELECT cols, actor FROM local_change WHERE row_id = ? ORDER BY hlc DESC", [row_id])
    assert newest is not None
    assert (json.loads(newest["cols"]), newest["actor"]) == ({"hamlet": "Buôn B"}, None)
    other.close()


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM activity WHERE id = :id",
        "INSERT OR REPLACE INTO activity SELECT * FROM activity WHERE id = :id",
        "UPDATE activity SET id = '00000000-0000-7000-8000-000000000000' WHERE id = :id",
        "UPDATE activity SET created_by = 'x' WHERE id = :id",
        "UPDATE activity SET date_from = '2013-02-30' WHERE id = :id",
        "UPDATE activity SET unit_id = 'nowhere' WHERE id = :id",
        "UPDATE post SET name = 'x'",
    ],
)
def test_what_may_not_be_written_is_refused(world: World, sql: str) -> None:
    row_id = world.well()
    before = history.history(world.post, row_id)
    with pytest.raises((IntegrityError, OperationalError)):
        world.post.db.execute(sql, {"id": row_id} if ":id" in sql else {})
    assert history.history(world.post, row_id) == before


def test_clock_never_goes_back(world: World) -> None:
    world.post.db.execute("UPDATE local_session SET hlc = ?", [(1 << 62)])
    ids = [world.well(), world.well()]
    hlcs = [world.post.value("SELECT hlc FROM local_change WHERE row_id = ?", [row_id]) for row_id in ids]
    assert (1 << 62) < hlcs[0] < hlcs[1]


KILLED = """
import os, signal, sys, traceback
sys.path[:0] = sys.argv[3].split(os.pathsep)
from pathlib import Path
from fieldapp.store.store import Store
from fieldapp.records import history, records

def save(left):
    store = Store.open(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), "A")
    real = store.db.execute
    def execute(sql, parameters=None):
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(sql, parameters) if parameters is not None else real(sql)
    store.db.execute = execute
    records.save(store, "activity", {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221",
        "description": "giữa chừng", "measures": [{"measure_id": "gieng", "amount": 1}]})

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            save(int(line))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Told on how many statements it is to die, it lets a child save and says how that ended; and so on"""
PATIENCE = 120
"""Seconds after which a process that says nothing is given up"""


@on_windows.FORK
def test_kill_between_any_two_statements_of_a_save(world: World) -> None:
    """Neither the record nor its changes, until the save has returned; then both."""
    key = world.keys["post"].hex()
    world.close()
    saving = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(world.root / "post"), key, os.pathsep.join(sys.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert saving.stdin is not None and saving.stdout is not None
    given_up = threading.Timer(PATIENCE, saving.kill)
    given_up.start()
    statement, done = 0, False
    while not done:
        saving.stdin.write(f"{statement}\n")
        saving.stdin.flush()
        ended = int(saving.stdout.readline() or "1")
        done = ended == 0
        assert done or ended == -signal.SIGKILL, "it ended by itself"
        store = Store.open(Path(world.root / "post"), world.keys["post"], "A")
        found = store.rows("SELECT id FROM activity WHERE description = 'giữa chừng'")
        changed = store.rows("SELECT row_id FROM local_change WHERE cols LIKE '%giữa chừng%'")
        assert [r["id"] for r in found] == [c["row_id"] for c in changed]
        assert len(found) == (1 if done else 0)
        if done or statement % 8 == 0:
            with store.transaction(applying=True):
                assert merge.rebuild(store) == []
        store.close()
        statement += 1
    saving.communicate(timeout=PATIENCE)
    given_up.cancel()
    assert statement > 15
