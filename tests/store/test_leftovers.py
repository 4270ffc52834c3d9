"""What a kill leaves half made is taken away at the next start, and told once; what is somebody else's stays."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import on_windows
import pytest
from field import USER, Run, World

from fieldapp.store import disk, leftovers
from fieldapp.store.store import WRITING, Store
from fieldapp.tui.app import FieldApp

PATIENCE = 120
TOLD = "dở dang"
"""In the sentence that tells it"""

KILLED = """
import os, signal, sys
sys.path[:0] = sys.argv[1].split(os.pathsep)
from pathlib import Path
from fieldapp.reports import open_data
from fieldapp.reports.files.write import save_file
from fieldapp.store import disk, leftovers
from fieldapp.store.store import Store
from fieldapp.sync.exchange import outgoing
from fieldapp.sync.format import drives
from fieldapp.sync.safety import backup, salvage

def die(*_given):
    os.kill(os.getpid(), signal.SIGKILL)

what, home, key, dest = sys.argv[2], Path(sys.argv[3]), bytes.fromhex(sys.argv[4]), Path(sys.argv[5])
store = Store.open(home, key, sys.argv[6])
if what == "backup":
    drives._read_back = die
    backup.write_backup(store, dest)
elif what == "automatic backup":
    drives._read_back = die
    backup.daily_backup(store)
elif what == "snapshot of a backup":
    backup._key_files = die
    backup.write_backup(store, dest)
elif what == "backup on the stick":
    backup.shutil.copyfileobj = die
    backup.backup_to_stick(store, dest)
elif what == "export":
    drives._read_back = die
    outgoing.export(store, dest)
elif what == "open data":
    open_data._package = die
    open_data.write_package(store, dest / "data")
elif what == "rebuild":
    salvage.search_index.reindex = die
    salvage.salvage_file(store)
"""
AWAY = ("backup", "backup on the stick", "export", "open data")
"""What lies outside the workspace, where another program of ours may still be writing it"""
WORK = (*AWAY, "automatic backup", "snapshot of a backup", "rebuild")


def unfinished(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if disk.is_begun(path.name)]


def let_pass(paths: list[Path], seconds: float) -> None:
    for path in paths:
        for inside in [path, *path.rglob("*")]:
            os.utime(inside, (time.time() - seconds,) * 2)


@on_windows.KILL
@pytest.mark.parametrize("what", WORK)
def test_what_a_kill_left_is_taken_away_at_the_next_start_and_told_once(world: World, run: Run, what: str) -> None:
    world.well()
    world.post.close()
    arguments = [os.pathsep.join(sys.path), what, str(world.root / "post"), world.keys["post"].hex(), str(world.usb)]
    child = subprocess.run([sys.executable, "-c", KILLED, *arguments, USER], check=False, timeout=PATIENCE)
    assert child.returncode == -signal.SIGKILL
    left = unfinished(world.root)
    assert left, "nothing was left: the kill came too early or too late"
    assert not (world.usb / "data").exists(), "a half folder has no name that looks whole"
    if what in AWAY:
        assert any(path.is_relative_to(world.usb) for path in left)
        run("list", "event")
        assert any(path.is_relative_to(world.usb) for path in unfinished(world.root)), "it may still be written"
        let_pass(unfinished(world.root), 2 * leftovers.HOUR)
    code, _out, err = run("list", "event")
    assert (code, TOLD in err) == (0, True), err
    assert unfinished(world.root) == []
    code, _out, err = run("list", "event")
    assert (code, TOLD in err) == (0, False), err


def test_an_export_clears_the_stick_of_what_a_pulled_one_left(world: World, run: Run) -> None:
    left = [world.usb / f".fieldapp-{'0' * 16}.part", world.usb / "iarve_12ab_20261130T000000Z_1.fieldapp.tar.age.part"]
    for path in left:
        path.write_bytes(b"half")
    let_pass(left, 2 * leftovers.HOUR)
    assert run("sync", "export", world.usb)[0] == 0
    assert not any(path.exists() for path in left)


OLDER = {
    ".snapshot-abcdef12": "post", ".sealing-k2j3h4": "post", ".trial-0.3.0": "post", "fieldapp.part-wal": "post",
    "recovery-code.part": "post/keys", ".fieldapp-restore-abc": ".",
}  # fmt: skip


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("folder", [True, False])
def test_what_older_versions_left_is_taken_away_when_it_is_old(world: World, run: Run, old: bool, folder: bool) -> None:
    left = [world.root / where / name for name, where in OLDER.items()]
    for path in left:
        if folder:
            path.mkdir()
            (path / "fieldapp.db").write_bytes(b"x" * 1000)
        else:
            path.write_bytes(b"x" * 1000)
    if old:
        let_pass(left, 3 * 24 * leftovers.HOUR)
    _code, _out, err = run("list", "event")
    assert [path.exists() for path in left] == [not old] * len(left)
    assert (TOLD in err) == old


def test_what_is_of_others_stays(world: World, run: Run) -> None:
    names = ["film.mp4.part", ".fieldapp-x.part", "fieldapp-kit-0.2.0", "báo cáo.docx.part", ".snapshot-of-a-phone"]
    theirs = [world.root / name for name in names] + [world.root / "post" / name for name in names[:4]]
    for path in theirs:
        path.write_bytes(b"x")
    let_pass(theirs, 400 * 24 * leftovers.HOUR)
    assert TOLD not in run("list", "event")[2]
    assert all(path.exists() for path in theirs)


def test_what_another_window_is_writing_stays(world: World) -> None:
    living = world.post.home / f".fieldapp-{'a' * 16}.part"
    living.write_bytes(b"half")
    ready, done = threading.Event(), threading.Event()

    def other() -> None:
        with disk.alone(world.post.home / WRITING):
            ready.set()
            done.wait(PATIENCE)

    worker = threading.Thread(target=other)
    worker.start()
    ready.wait(PATIENCE)
    assert leftovers.take_away(world.post) == []
    assert living.exists()
    done.set()
    worker.join(PATIENCE)
    assert len(leftovers.take_away(world.post)) == 1
    assert not living.exists()


def test_in_a_read_only_store_nothing_is_taken_away(world: World) -> None:
    left = world.post.home / f".fieldapp-{'a' * 16}.part"
    left.write_bytes(b"half")
    world.post.set_read_only()
    assert leftovers.take_away(world.post) == []
    assert left.exists()


async def test_the_screen_tells_it(world: World) -> None:
    (world.post.home / f".fieldapp-{'a' * 16}.part").write_bytes(b"half")
    app = FieldApp(world.post.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.unlocked(Store.open(world.post.home, world.keys["post"], USER))
        await pilot.pause()
        await pilot.pause()
        told = [note.message for note in app._notifications]
        assert any(TOLD in message for message in told), told
