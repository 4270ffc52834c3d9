"""A disk that is really full: what is said is what happened, reading works, and long work looks at the space before."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import light_seal
import pytest
from field import PASSPHRASE, USER, World
from small_disk import on_small_disk

from fieldapp.errors import FieldappError
from fieldapp.reports import open_data
from fieldapp.store import disk_errors, leftovers
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing, sticks
from fieldapp.sync.format import bundle, drives
from fieldapp.sync.safety import backup, salvage

MANY = 300
"""Records in the bundle that fills the disk"""
COMMANDS = """
import contextlib, io, json, os, shutil
from pathlib import Path
from fieldapp import cli
from fieldapp.store.store import Store
from fieldapp.sync.format import bundle, drives

disk, home, key, user = Path(sys.argv[3]), Path(sys.argv[4]), bytes.fromhex(sys.argv[5]), sys.argv[6]
more = sys.argv[7:]
os.environ["FIELDAPP_LANG"] = "en"

def command(*words):
    \"\"\"(exit code, what was said) of a command on the small disk.\"\"\"
    sys.argv = ["fieldapp", "--home", str(disk / "home"), "--user", user, *map(str, words)]
    said, code = io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    assert "Traceback" not in said.getvalue()
    return code, said.getvalue()

def afresh():
    for path in disk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(home, disk / "home")

def fill(leave):
    \"\"\"Somebody else's film; so many bytes stay free.\"\"\"
    with (disk / "film").open("wb", buffering=0) as film:
        while (free := os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize) > leave:
            try:
                film.write(bytes(min(free - leave, 1 << 20)))
            except OSError:
                break

def count(table="activity"):
    (disk / "film").unlink(missing_ok=True)
    with Store.open(disk / "home", key, user) as store:
        return store.value(f"SELECT count(*) FROM {table}")
"""


def on_disk(
    world: World, home: str, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, *more: object
) -> Any:
    world.close()
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE, encoding="utf-8")
    key = world.keys[home].hex()
    monkeypatch.setenv("FIELDAPP_PASSPHRASE_FILE", str(secret))
    code = f"{light_seal.usual()}\n{COMMANDS}{code}"
    return on_small_disk(tmp_path / "disk", 64, code, world.root / home, key, user, *more)


READ = """
found = {}
for free in (100_000, 28_000, 8_000, 0):
    afresh()
    fill(free)
    for words in ("list activity", "todo", "list activity --search gieng", "report", "sync status",
                  "show " + more[0] + " --history"):
        found[f"{words} with {free} bytes free"] = command(*words.split())
print(json.dumps(found))
"""


def test_reading_works_on_a_full_disk(openable: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    well = openable.well(description="khoan")
    found = on_disk(openable, "post", USER, tmp_path, monkeypatch, READ, well)
    assert {what: said for what, (code, said) in found.items() if code or "disk failed" in said} == {}


IMPORT = """
bundle, activities = more[0], int(more[1])
drives.check_own_space = lambda *_given: None  # another program fills the disk after it was asked
found = []
size = (home / "fieldapp.db").stat().st_size
for tenths in (*range(0, 24, 2), 30, 40, 50):
    afresh()
    fill(100_000 + size * tenths // 20)
    code, said = command("sync", "import", bundle)
    found.append([code, said, count()])
print(json.dumps(found))
"""


def test_what_is_said_of_an_import_is_what_happened(
    openable: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = openable.hq.value("SELECT count(*) FROM activity")
    for number in range(MANY):
        openable.well(description=f"khoan giếng số {number} " * 20)
    (made,) = outgoing.export(openable.post, openable.usb)
    ways: Counter[tuple[str, bool]] = Counter()
    for code, said, there in on_disk(openable, "hq", "Trực ban", tmp_path, monkeypatch, IMPORT, made.path, MANY):
        assert there in (before, before + MANY), "half a bundle"
        assert "disk failed" not in said
        if there == before:
            assert (code, "nothing of it was taken in" in said, "disk is full" in said) == (1, True, True), said
        else:
            assert (code, "othing" in said) == (0, False), said
        ways["taken in" if there > before else "refused", "disk is full" in said] += 1
    assert ways["refused", True], "the disk was never too small"
    assert ways["taken in", True], "it never became full after everything was recorded"
    assert ways["taken in", False], "it was never large enough"


RECORD = """
import io as streams
found = {}
well = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221", "description": "x" * 3000}
given = Path(more[0]) / "given.json"
given.write_text(json.dumps([{**well, "hamlet": f"Buôn {n}"} for n in range(50)]), encoding="utf-8")
afresh()
before = count()
fill(40_000)
found["add"] = [*command("add", "activity", "--json", given, "--confirm"), count() - before]
fill(0)
found["export"] = [*command("sync", "export", more[0]), len(list(Path(more[0]).glob("*.age")))]
found["backup"] = [*command("backup", more[0]), len(list(Path(more[0]).glob("*.fieldapp-backup.tar")))]
print(json.dumps(found))
"""


def test_what_is_refused_leaves_nothing_and_a_backup_needs_no_room_here(
    openable: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openable.well()
    stick = tmp_path / "stick"
    stick.mkdir()
    found = on_disk(openable, "post", USER, tmp_path, monkeypatch, RECORD, stick)
    code, said, recorded = found["add"]
    assert (code, "Nothing was recorded." in said, "disk is full" in said, recorded) == (1, True, True, 0), said
    code, said, written = found["export"]
    assert (code, "disk is full" in said, written) == (1, True, 0), said
    code, said, written = found["backup"]
    assert (code, written) == (0, 1), said
    (made,) = stick.glob("*.fieldapp-backup.tar")
    backup.restore_backup(made, tmp_path / "restored", USER, PASSPHRASE)
    with Store.open(tmp_path / "restored", openable.keys["post"], USER) as restored:
        assert restored.value("SELECT count(*) FROM activity") == 1


def everything(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in root.rglob("*") if path.suffix != ".lock"}


@pytest.mark.parametrize("what", ["import", "backup", "rebuild", "restore", "open data"])
def test_long_work_looks_at_the_space_before(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    kept = backup.write_backup(world.post, world.usb).path
    leftovers.remember(world.post, world.root)
    (tmp_path / "out").mkdir()
    work: dict[str, Callable[[], object]] = {
        "import": lambda: [r.refused for r in incoming.import_files(world.hq, [made.path])],
        "backup": lambda: backup.write_backup(world.post, world.usb),
        "rebuild": lambda: salvage.salvage_file(world.post),
        "restore": lambda: backup.restore_backup(kept, world.root / "restored", USER, PASSPHRASE),
        "open data": lambda: open_data.write_package(world.post, world.root / "data"),
    }
    monkeypatch.setattr(drives, "free_space", lambda _folder: 100_000)
    before = everything(world.usb), world.hq.value("SELECT count(*) FROM activity")
    try:
        said = str(work[what]())
    except FieldappError as error:
        said = str(error)
    assert "0 MB" in said
    assert "Chưa" in said or "Không có gì thay đổi" in said
    assert (everything(world.usb), world.hq.value("SELECT count(*) FROM activity")) == before
    assert not any((world.root / name).exists() for name in ("restored", "data"))


def test_a_bundle_that_cannot_be_noted_is_taken_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise disk_errors.DiskFull("voll", undone=True)

    monkeypatch.setattr(sticks, "record_written_bundle", full)
    world.well()
    with pytest.raises(disk_errors.DiskFull):
        outgoing.export(world.post, world.usb)
    assert list(world.usb.glob("*.age")) == []


def test_a_stick_that_cannot_be_read_is_not_called_the_disk_of_the_records(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> Any:
        raise OSError(5, "Input/output error")

    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    monkeypatch.setattr(bundle, "read_segments", fail)
    (result,) = incoming.import_files(world.hq, [made.path])
    assert "sao lưu" not in str(result.refused)
    assert made.path.name in str(result.refused)


SCREEN = """
import asyncio
from fieldapp import replica
from fieldapp.tui.app import FieldApp

async def look():
    app = FieldApp(disk / "home")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.unlocked(replica.open_with_key(disk / "home", key, user))
        for keys in ((), ("ctrl+p",), tuple("hoat dong"), ("enter",), ("escape",)):
            await pilot.press(*keys)
            await pilot.pause(0.2)
        told = [note.message for note in app._notifications]
        return [type(app.screen).__name__, app.return_code, told]

found = []
for free in (28_000, 0):
    afresh()
    fill(free)
    found.append(asyncio.run(look()))
print(json.dumps(found))
"""


def test_the_screen_opens_on_a_full_disk_and_says_that_it_is_full(
    openable: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openable.well()
    for screen, code, told in on_disk(openable, "post", USER, tmp_path, monkeypatch, SCREEN):
        assert (screen, code) == ("HomeScreen", None), told
        assert any("disk of the records is full" in line for line in told)
