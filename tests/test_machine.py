"""`check-machine` names what a laptop lacks and what to do; a workspace in a bad place is warned about once."""

import json
import os
import shutil
import struct
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from field import Run, World

from fieldapp import machine
from fieldapp.machine import Check
from fieldapp.store import disk, place
from fieldapp.store.place import Volume
from fieldapp.store.store import FILE

MB = machine.MB
NAMES = ["python", "libraries", "encoding", "memory", "space", "writing", "names", "clock", "place", "paths", "colours",
         "widths", "typing"]  # fmt: skip


def test_the_page_has_a_line_for_each_check_and_leaves_nothing_behind(tmp_path: Path, run: Run) -> None:
    before = set(tmp_path.rglob("*"))
    code, out, _err = run("check-machine", "--json")
    found = json.loads(out)
    assert [check["name"] for check in found["checks"]] == NAMES
    assert code == (0 if found["will_do"] else 1)
    assert str(tmp_path) not in out  # it is sent to headquarters
    code, out, _err = run("check-machine")
    assert len([line for line in out.splitlines() if line[0] in "✓!✗·"]) == len(NAMES)
    assert {path for path in tmp_path.rglob("*") if path.name != "stdin.json"} == before  # that one is `run`'s


def test_what_stands_in_the_way_is_told_by_the_exit_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: (500 * MB, 10 * MB))
    code, out, _err = run("check-machine")
    assert code == 1
    assert "✗ Bộ nhớ: 500 MB, còn trống 10 MB" in out
    assert "→ Đóng bớt chương trình" in out
    assert "chưa dùng được" in out


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> str:
        raise PermissionError(13, "denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    found = {check.name: check for check in machine.disk_checks(tmp_path)}
    assert found["writing"].state == "bad"
    assert tmp_path.name in found["writing"].advice


@pytest.mark.parametrize(
    ("check", "state"),
    [
        (machine.memory_check(8000 * MB, 4000 * MB), "good"),
        (machine.memory_check(8000 * MB, 700 * MB), "warning"),
        (machine.memory_check(2000 * MB, 100 * MB), "bad"),
        (machine.memory_check(None, None), "unknown"),
        (machine.speed_check([0.001, 0.004, 0.9]), "good"),
        (machine.speed_check([0.3, 0.4, 0.001]), "warning"),
        (machine.colours_check("truecolor"), "good"),
        (machine.colours_check("none"), "warning"),
        (machine.widths_check((1, 1)), "good"),
        (machine.widths_check((1, 2)), "warning"),
        (machine.widths_check(None), "unknown"),
        (machine.typing_check("Việt"), "good"),
        (machine.typing_check("Vie\u0302\u0323t "), "good"),
        (machine.typing_check("Viet"), "warning"),
        (machine.typing_check("ViÖt"), "warning"),
        (machine.typing_check(None), "unknown"),
    ],
)
def test_what_is_measured_is_judged(check: Check, state: str) -> None:
    assert check.state == state
    assert bool(check.advice) == (state in ("warning", "bad"))
    assert len(check.lines()) == 1 + bool(check.advice)


def test_python_of_32_bits_or_a_version_never_tried_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 15, 0, "final", 0))
    assert machine.python_check().state == "warning"
    monkeypatch.setattr(sys, "version_info", (3, 14, 1, "final", 0))
    assert machine.python_check().state == "good"
    monkeypatch.setattr(sys, "executable", r"C:\Users\A\AppData\Local\Microsoft\WindowsApps\python.exe")
    assert machine.python_check().state == "warning"
    monkeypatch.setattr(struct, "calcsize", lambda _code: 4)
    assert machine.python_check().state == "bad"


def test_a_library_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LIBRARIES", ("json", "no_such_library"))
    found = machine.libraries_check()
    assert found.state == "bad"
    assert "no_such_library" in found.text
    assert "json" not in found.text


def test_a_clock_before_the_program_or_the_records_is_told(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert machine.build_day() is not None
    assert machine.clock_check(tmp_path, datetime(2020, 1, 1, tzinfo=UTC)).state == "bad"
    assert machine.clock_check(tmp_path, now).state != "bad"
    (tmp_path / FILE).touch()
    later = (now + timedelta(days=3)).timestamp()
    os.utime(tmp_path / FILE, (later, later))
    found = machine.clock_check(tmp_path, now)
    assert found.state == "bad"
    assert "lần ghi dữ liệu" in found.text


def test_a_path_that_grows_too_long_on_windows_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ("x" * 120) / ("y" * 120)
    monkeypatch.setattr(disk, "long_paths", lambda: False)
    assert machine.paths_check(home).state == "bad"
    monkeypatch.setattr(disk, "long_paths", lambda: True)
    assert machine.paths_check(home).state == "good"


@pytest.mark.parametrize(
    ("folder", "service"),
    [
        ("OneDrive/fieldapp", "OneDrive"),
        ("OneDrive - Bộ đội/a/b", "OneDrive"),
        ("Dropbox (Cá nhân)/x", "Dropbox"),
        ("Google Drive/x", "Google Drive"),
        ("iCloudDrive/x", "iCloud"),
        ("fieldapp", None),
        ("Ảnh OneDrive/x", None),
        ("OneDriveX/x", None),
    ],
)
def test_a_folder_that_is_mirrored_is_known_by_its_name(tmp_path: Path, folder: str, service: str | None) -> None:
    assert place.mirrored_by(tmp_path / folder) == service


def test_it_is_known_by_windows_own_word_by_marks_and_behind_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Tài liệu").mkdir()
    monkeypatch.setenv("OneDrive", str(tmp_path / "Tài liệu"))
    assert place.mirrored_by(tmp_path / "Tài liệu" / "fieldapp") == "OneDrive"
    assert place.mirrored_by(tmp_path / "fieldapp") is None
    (tmp_path / "khác").mkdir()
    (tmp_path / "khác" / ".dropbox.cache").mkdir()
    assert place.mirrored_by(tmp_path / "khác" / "fieldapp") == "Dropbox"
    if hasattr(os, "geteuid"):  # Windows asks for a right to make links
        (tmp_path / "sổ").symlink_to(tmp_path / "Tài liệu")
        assert place.mirrored_by(tmp_path / "sổ") == "OneDrive"


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
/dev/sdb1 /media/a/USB\\040E vfat rw 0 0
/dev/sdc1 /media/a/Số\\040\\0432 vfat rw 0 0
//server/x /srv/chung cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "known"),
    [
        ("/home/a/fieldapp", Volume("ext4")),
        ("/media/a/USB E/fieldapp", Volume("vfat", removable=True)),
        ("/media/a/Số #2", Volume("vfat", removable=True)),
        ("/srv/chung/a", Volume("cifs", network=True)),
        ("/srv/chung2", Volume("ext4")),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths of Linux")
def test_the_volume_on_linux(folder: str, known: Volume) -> None:
    assert place.linux_volume(Path(folder), MOUNTS) == known


class Kernel:
    """kernel32 with one drive."""

    def __init__(self, kind: int, system: str, label: str) -> None:
        self.GetDriveTypeW: Callable[[Any], int] = lambda _root: kind
        self._system, self._label = system, label

    def GetVolumeInformationW(self, *arguments: Any) -> int:  # noqa: N802 — Windows calls it so
        arguments[1].value, arguments[6].value = self._label, self._system
        return 1


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        (Kernel(3, "NTFS", "Windows"), ""),
        (Kernel(2, "NTFS", "USB"), "USB hoặc ổ đĩa FAT"),
        (Kernel(3, "exFAT", ""), "USB hoặc ổ đĩa FAT"),
        (Kernel(4, "NTFS", "chung"), "ổ đĩa mạng"),
        (Kernel(3, "FAT32", "Google Drive"), "Google Drive"),
    ],
)
def test_the_volume_on_windows(kernel: Kernel, words: str) -> None:
    found = place.warnings(Path("fieldapp"), place.windows_volume(Path("fieldapp"), kernel))
    assert words in "\n".join(found)
    assert bool(found) == bool(words)


def test_opening_records_in_a_mirrored_folder_warns_once(world: World, run: Run, tmp_path: Path) -> None:
    world.close()
    home = tmp_path / "OneDrive" / "fieldapp"
    shutil.copytree(world.root / "post", home)
    code, _out, err = run("--home", str(home), "todo")
    assert code == 0
    assert "OneDrive đang sao chép thư mục dữ liệu" in err
    assert "OneDrive" not in run("--home", str(home), "todo")[2]
    moved = tmp_path / "Dropbox" / "fieldapp"
    shutil.copytree(home, moved)
    assert "Dropbox đang sao chép" in run("--home", str(moved), "todo")[2]
    code, out, _err = run("--home", str(home), "check-machine")
    assert code == 0, out
    assert "! Thư mục dữ liệu: OneDrive" in out


def test_the_tutorial_begins_with_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: (8000 * MB, 700 * MB))
    err = run("tutorial", "--workspace", str(tmp_path / "tập"))[2]
    assert "! Bộ nhớ: 8.000 MB, còn trống 700 MB" in err
    assert "check-machine" in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudoterminal")
@pytest.mark.parametrize("answers", [True, False])
def test_a_terminal_is_asked_and_one_that_does_not_answer_is_not_waited_for(tmp_path: Path, answers: bool) -> None:
    import pexpect

    environment = {**os.environ, "FIELDAPP_LANG": "vi", "TERM": "xterm-256color", "PYTHONUTF8": "1"}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "fieldapp", "--home", str(tmp_path / "h"), "check-machine"],
        env=environment, encoding="utf-8", timeout=60, cwd=str(Path(machine.__file__).parents[1]),
    )  # fmt: skip
    child.expect_exact("\x1b[6n")
    if answers:
        child.send("\x1b[1;2R")
        child.expect_exact("\x1b[6n")
        child.send("\x1b[1;3R")
    child.expect_exact("Gõ từ Việt")
    child.send("Viet\n")
    child.expect_exact("! Gõ tiếng Việt: nhận được “Viet”" if not answers else "! Bề rộng chữ: ế 1, ê̆ 2")
    child.expect(pexpect.EOF)
    child.close()
