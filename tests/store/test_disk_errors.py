"""Full and read-only disks, failing reads and writes: a clear sentence, nothing lost, and the program goes on."""

import os
import subprocess
import sys

import on_windows
import pytest
from field import PASSPHRASE, Run, World
from screen_driver import at_post

from fieldapp.errors import FieldappError
from fieldapp.records import lists
from fieldapp.store import disk_errors, people
from fieldapp.store.store import FILE, Store
from fieldapp.sync.safety import doctor
from fieldapp.tui.screens.form import FormScreen

CHILD = """
import os, resource, sys
sys.path[:0] = sys.argv[3].split(os.pathsep)
from pathlib import Path
from fieldapp.errors import FieldappError
from fieldapp.records import lists, records, search_index, words, lists
from fieldapp.store.store import Store
from fieldapp.domain.records import RECORDS
os.chdir(sys.argv[1])
key, how = bytes.fromhex(sys.argv[2]), sys.argv[4]
well = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221", "measures": []}
store = Store.open(Path("post"), key, "Nguyễn Văn A")
print(records.save(store, "activity", {**well, "description": "trước"}, confirm=True))
if how == "io":
    size = os.path.getsize("post/fieldapp.db-wal") + 6000
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
if how == "read-only":
    store.close()
    if os.getuid() == 0:
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    if how == "read-only":
        store = Store.open(Path("post"), key, "Nguyễn Văn A")
    for number in range(2000):
        records.save(store, "activity", {**well, "description": "x" * 3000}, confirm=True)
        print("confirmed", flush=True)
except FieldappError as error:
    print(type(error).__name__, error, file=sys.stderr)
    sys.exit(1)
"""


def in_a_child(world: World, how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(world.root), world.keys["post"].hex(), os.pathsep.join(sys.path), how],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@on_windows.LIMITS
def test_a_write_that_fails(world: World) -> None:
    """The kernel refuses to let the write-ahead log grow (RLIMIT_FSIZE): SQLite sees an I/O error."""
    world.close()
    done = in_a_child(world, "io")
    assert done.returncode == 1, done.stderr
    assert "Ổ đĩa bị lỗi" in done.stderr
    confirmed = done.stdout.count("confirmed") + 1
    with Store.open(world.root / "post", world.keys["post"], "A") as store:
        assert store.value("SELECT count(*) FROM activity") == confirmed
        assert doctor.examine_replica(store).healthy


@on_windows.PERMISSIONS
def test_a_folder_that_cannot_be_written(world: World) -> None:
    """Opened by somebody who may read it and no more."""
    world.close()
    post = world.root / "post"
    for path in (world.root, post):
        path.chmod(0o755)
    (post / FILE).chmod(0o444)
    post.chmod(0o555)
    before = (post / FILE).read_bytes()
    done = in_a_child(world, "read-only")
    post.chmod(0o755)
    assert done.returncode == 1, done.stderr
    assert "Không ghi được" in done.stderr, done.stderr
    assert len((post / FILE).read_bytes()) >= len(before)


def test_a_full_disk(world: World) -> None:
    """SQLite's own limit of pages gives the very error of a full disk; when there is room again, saving works."""
    first = world.well()
    world.post.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = world.post.value("PRAGMA page_count")
    world.post.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(disk_errors.DiskError, match="Ổ đĩa đầy"):
        for _ in range(100):
            world.well(description="x" * 3000)
    confirmed = world.post.value("SELECT count(*) FROM activity")
    world.post.db.execute("PRAGMA max_page_count = 1000000")
    second = world.well()
    assert {first, second} <= {r["id"] for r in world.post.rows("SELECT id FROM activity")}
    assert world.post.value("SELECT count(*) FROM activity") == confirmed + 1
    assert doctor.examine_replica(world.post).healthy


async def test_a_full_disk_while_a_form_is_open(world: World) -> None:
    """The draft cannot be kept: it is said, what was typed stays on the screen, and is saved when there is room."""
    async with at_post(world) as s:
        store = s.app.store
        await s.press("ctrl+p", "ghi dang vien", "enter")
        form = s.app.screen
        assert isinstance(form, FormScreen)
        store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.db.execute(f"PRAGMA max_page_count = {store.value('PRAGMA page_count')}")
        for size in (3000, 300, 30):  # until no page of drafts has room
            with pytest.raises(disk_errors.DiskError):
                for number in range(1000):
                    store.save_draft(f"{size} {number}", "event", None, {"name": "x" * size})
        await s.press("Siu Bleh " + "x" * 150)
        form.keep()
        await s.wait("Ổ đĩa đầy")
        assert "chưa giữ được bản nháp" in s.text
        store.db.execute("PRAGMA max_page_count = 1000000")
        await s.press("f2")
        assert lists.count(store, "member") == 1


@pytest.mark.parametrize(
    ("number", "words"), [(28, "Ổ đĩa đầy"), (30, "Không ghi được"), (13, "Không ghi được"), (5, "Ổ đĩa bị lỗi")]
)
def test_what_the_operating_system_says(number: int, words: str) -> None:
    told = disk_errors.disk_error_text(OSError(number, "x"))
    assert told is not None
    assert words in str(told)
    assert disk_errors.disk_error_text(ValueError("x")) is None
    assert disk_errors.disk_error_text(FileNotFoundError(2, "x")) is None


def test_another_program_holds_the_file(world: World) -> None:
    world.post.db.execute("PRAGMA busy_timeout = 10")
    with world.post.reopen() as other:
        other.db.execute("BEGIN IMMEDIATE")
        with pytest.raises(FieldappError, match="Chương trình khác"):
            world.well()
        other.db.execute("ROLLBACK")
    world.well()


@pytest.mark.usefixtures("spared")
def test_a_file_that_is_damaged_where_it_begins(run: Run, world: World) -> None:
    people.change_passphrase(world.post, PASSPHRASE)
    world.close()
    path = world.root / "post" / FILE
    with path.open("r+b") as file:
        file.seek(50)
        file.write(b"?")
    code, _out, err = run("list", "activity")
    assert code == 1
    assert "restore" in err
