"""Files that another program has open on Windows, and names that Windows refuses; by its error codes, anywhere."""

import ctypes
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from field import Run, World

from fieldapp import errors
from fieldapp.errors import FieldappError
from fieldapp.reports.files.write import save_file
from fieldapp.store import disk, disk_errors, place, vault
from fieldapp.store.store import FILE
from fieldapp.sync.format import drives

DENIED, HELD, LOCKED, ELSEWHERE = 5, 32, 33, 112
OPEN = "đang mở trong"


def windows_error(code: int, source: Path, target: Path | None = None) -> OSError:
    """The error that Windows gives; Linux' Python cannot make one itself."""
    error = PermissionError(13, "The process cannot access the file", str(source))
    if target is not None:
        error.filename2 = str(target)
    error.winerror = code  # type: ignore[attr-defined,unused-ignore]
    return error


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], list[float]]:
    """Let the next renames fail as on Windows: (code, how often); the list gets the seconds that were waited."""

    def prepare(code: int, times: int) -> list[float]:
        slept: list[float] = []
        left = [times]

        def refusing(really: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
            def rename(source: Any, target: Any) -> None:
                if left[0]:
                    left[0] -= 1
                    raise windows_error(code, source, target)
                really(source, target)

            return rename

        monkeypatch.setattr(os, "replace", refusing(os.replace))
        monkeypatch.setattr(disk, "_take_name", refusing(disk._take_name))
        monkeypatch.setattr(time, "sleep", slept.append)
        return slept

    return prepare


@pytest.mark.parametrize("code", [DENIED, HELD, LOCKED])
def test_a_file_that_a_scanner_holds_for_a_second_is_written(
    tmp_path: Path, refuse: Callable[[int, int], list[float]], code: int
) -> None:
    slept = refuse(code, 3)
    save_file(tmp_path / "a.docx", b"new")
    assert (tmp_path / "a.docx").read_bytes() == b"new"
    assert len(slept) == 3


def test_any_other_error_is_not_tried_again(tmp_path: Path, refuse: Callable[[int, int], list[float]]) -> None:
    slept = refuse(ELSEWHERE, 1)
    with pytest.raises(FieldappError):
        save_file(tmp_path / "a.docx", b"new")
    assert slept == []


def save(target: Path) -> None:
    save_file(target, b"new")


def put_on_stick(target: Path) -> None:
    with drives.atomic_file(target) as file:
        file.write(b"new")


@pytest.mark.parametrize("code", [DENIED, HELD])
def test_a_file_that_stays_held_is_named_and_nothing_is_left_beside_it(
    tmp_path: Path, refuse: Callable[[int, int], list[float]], code: int
) -> None:
    (tmp_path / "a.docx").write_bytes(b"old")
    slept = refuse(code, 99)
    with pytest.raises(FieldappError, match=OPEN) as refused:
        put_on_stick(tmp_path / "a.docx")
    assert "a.docx" in str(refused.value)
    assert sum(slept) < 3
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.docx", b"old")]


def test_access_denied_without_a_file_to_replace_is_not_said_to_be_held(
    tmp_path: Path, refuse: Callable[[int, int], list[float]]
) -> None:
    refuse(DENIED, 99)
    with pytest.raises(FieldappError, match="không có quyền") as refused:
        save_file(tmp_path / "a.docx", b"new")
    assert OPEN not in str(refused.value)


def test_a_part_that_a_scanner_holds_is_deleted_a_moment_later(
    tmp_path: Path, refuse: Callable[[int, int], list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(HELD, 99)
    really, left = Path.unlink, [2]

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if left[0]:
            left[0] -= 1
            raise windows_error(HELD, path)
        really(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(FieldappError, match=OPEN):
        put_on_stick(tmp_path / "a.docx")
    assert list(tmp_path.iterdir()) == []


def test_a_command_says_which_file_is_held(
    world: World, run: Run, refuse: Callable[[int, int], list[float]], tmp_path: Path
) -> None:
    """A key file too, which no sentence of its own stands for."""
    refuse(HELD, 99)
    with pytest.raises(PermissionError):
        vault.write_key_file(world.post.home, "a.age", b"x")
    code, out, err = run("backup", str(tmp_path))
    assert code == 1, out
    assert OPEN in err
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("bao-cao:quy 4.docx", "ký tự :"),
        ("mục/a:b.docx", "ký tự :"),
        ("a?.docx", "ký tự ?"),
        ("NUL", "thiết bị"),
        ("con.docx", "thiết bị"),
        ("thư mục/COM1/a.docx", "thiết bị"),
        ("lpt².txt", "thiết bị"),
        ("báo cáo.", "dấu chấm"),
        ("báo cáo /a.docx", "dấu cách"),
        ("a\tb.docx", "ký tự"),
        ("x" * 300 + ".docx", "259"),
    ],
)
def test_a_name_that_windows_cannot_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World, run: Run, name: str, why: str
) -> None:
    monkeypatch.setattr(disk, "WINDOWS", True)
    before = set(tmp_path.iterdir())
    for write in (save, put_on_stick):
        with pytest.raises(FieldappError) as refused:
            write(tmp_path / name)
        assert why in str(refused.value)
    code, _out, err = run("report", "--format", "html", "--out", name)
    assert code == 1
    assert why in err
    assert {path for path in tmp_path.iterdir() if path.name != "stdin.json"} == before  # that one is `run`'s


@pytest.mark.parametrize("name", ["báo cáo.docx", "CONG.docx", "COM.docx", "a.con", ".ẩn", "E:a.docx", "../a.docx"])
def test_usual_names_are_taken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(disk, "WINDOWS", True)
    disk.check_name(Path(name))


@pytest.mark.parametrize("command", [("list", "activity"), ("doctor",), ("doctor", "--rebuild")])
def test_a_data_file_that_another_program_holds_is_said_to_be_held(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """SQLite says only that it cannot be opened, as of a folder; which of both it is, Windows is asked."""
    world.close()
    path = world.root / "post" / FILE
    path.rename(path.with_name("away"))
    path.mkdir()
    code, _out, err = run(*command)
    assert code == 1
    assert "quyền của thư mục" in err
    monkeypatch.setattr(disk_errors, "code_of_opening", lambda name: HELD if name == str(path) else 0)
    code, _out, err = run(*command)
    assert code == 1
    assert f"{FILE} {OPEN}" in err
    assert "quyền" not in err


def test_a_file_to_be_read_that_another_program_holds_is_said_to_be_held(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's `open` says EACCES, without Windows' code."""
    sheet = tmp_path / "a.csv"
    sheet.write_text("họ tên\n", encoding="utf-8")
    monkeypatch.setattr(errors, "code_of_opening", lambda name: HELD if name == str(sheet) else 0)
    really = Path.open

    def refuse(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path == sheet:
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    code, _out, err = run("import-table", str(sheet), "--kind", "member")
    assert code == 1
    assert "cửa sổ hoặc chương trình khác" in err, err


class RestartManager:
    """rstrtmgr.dll, which knows who has a file open; the structure is laid out as Windows documents it."""

    def __init__(self, refuses: bool = False) -> None:
        self.refuses, self.ended = refuses, 0
        self.asked: list[str] = []

    def RmStartSession(self, _session: object, _flags: int, _key: object) -> int:  # noqa: N802
        return 0

    def RmRegisterResources(self, _session: object, _number: int, files: Any, *_more: object) -> int:  # noqa: N802
        self.asked += list(files)
        return 0

    def RmGetList(self, _session: object, _needed: object, count: Any, found: Any, _why: object) -> int:  # noqa: N802
        if self.refuses:
            return 5
        whole = b""
        for process, name in ((os.getpid(), "fieldapp"), (4711, "Microsoft Word")):
            entry = struct.pack("<I8s512s128siIIi", process, b"", name.encode("utf-16-le"), b"", 1, 1, 1, 1)
            assert len(entry) == 668
            whole += entry
        ctypes.memmove(found, whole, len(whole))
        count._obj.value = 2
        return 0

    def RmEndSession(self, _session: object) -> int:  # noqa: N802
        self.ended += 1
        return 0


def test_who_has_it_open_is_said_where_windows_knows(
    tmp_path: Path, refuse: Callable[[int, int], list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = RestartManager()
    assert disk.holders(tmp_path / "a.docx", manager) == ["Microsoft Word"]
    assert manager.asked == [str(tmp_path / "a.docx")]
    assert manager.ended == 1
    monkeypatch.setattr(disk, "holders", lambda _path: ["Microsoft Word"])
    refuse(HELD, 99)
    with pytest.raises(FieldappError, match=r"a\.docx đang mở trong Microsoft Word"):
        save(tmp_path / "a.docx")


def test_where_windows_does_not_tell_nobody_is_named(tmp_path: Path) -> None:
    manager = RestartManager(refuses=True)
    assert disk.holders(tmp_path / "a.docx", manager) == []
    assert manager.ended == 1
    assert disk.holders(tmp_path / "a.docx", object()) == []
    assert disk.holders(tmp_path / "a.docx") == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (19, "khóa chống ghi"),
        (21, "đã bị rút"),
        (1167, "đã bị rút"),
        (1117, "thiết bị"),
        (39, "hết chỗ"),
        (206, "tên quá dài"),
        (223, "quá lớn"),
    ],
)
def test_windows_own_codes_say_what_happened_to_a_stick(
    tmp_path: Path, refuse: Callable[[int, int], list[float]], code: int, words: str
) -> None:
    """Python has one number, EACCES or EINVAL, for most of them."""
    slept = refuse(code, 1)
    with pytest.raises(FieldappError) as refused:
        put_on_stick(tmp_path / "a.tar")
    assert words in str(refused.value)
    assert slept == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("system", "fits"), [("FAT32", False), ("vfat", False), ("exFAT", True), ("NTFS", True)])
def test_four_gigabytes_are_not_begun_on_fat32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, fits: bool
) -> None:
    monkeypatch.setattr(place, "volume", lambda _folder: place.Volume(system))
    monkeypatch.setattr(drives, "free_space", lambda _folder: 1 << 40)
    drives.check_space(tmp_path, (4 << 30) - 1)
    if fits:
        drives.check_space(tmp_path, 4 << 30)
        return
    with pytest.raises(FieldappError, match="FAT32"):
        drives.check_space(tmp_path, 4 << 30)


HOLDER = """
import ctypes, sys
from ctypes import wintypes
create = ctypes.WinDLL("kernel32").CreateFileW
create.restype = wintypes.HANDLE
handle = create(sys.argv[1], 0x80000000, 0, None, 3, 0, None)  # GENERIC_READ, no sharing, OPEN_EXISTING
print("held" if handle != wintypes.HANDLE(-1).value else "not held", flush=True)
sys.stdin.readline()
"""


if sys.platform == "win32":  # no other system refuses to replace a file that is open

    @contextmanager
    def held(target: Path) -> Iterator[None]:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        try:
            yield
        finally:
            holder.communicate("\n")

    def test_a_file_that_another_program_really_holds(tmp_path: Path) -> None:
        target = tmp_path / "a.docx"
        target.write_bytes(b"old")
        with held(target):
            with pytest.raises(FieldappError, match=OPEN):
                put_on_stick(target)
            assert [p.name for p in tmp_path.iterdir()] == ["a.docx"]
        put_on_stick(target)
        assert target.read_bytes() == b"new"

    @pytest.mark.parametrize("command", [("list", "activity"), ("doctor",), ("doctor", "--rebuild")])
    def test_a_data_file_that_another_program_really_holds(world: World, run: Run, command: tuple[str, ...]) -> None:
        world.close()
        with held(world.root / "post" / FILE):
            code, _out, err = run(*command)
        assert code == 1
        assert f"{FILE} {OPEN}" in err
        assert run(*command)[0] == 0

    def test_a_file_to_be_read_that_another_program_really_holds(run: Run, tmp_path: Path) -> None:
        sheet = tmp_path / "a.csv"
        sheet.write_text("họ tên\n", encoding="utf-8")
        with held(sheet):
            code, _out, err = run("import-table", str(sheet), "--kind", "member")
        assert code == 1
        assert "cửa sổ hoặc chương trình khác" in err, err
