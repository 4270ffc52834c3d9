"""Where bundles are written and found: which places are refused, names that copying changed, names for Windows."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from field import Run, World

from fieldapp.store import place
from fieldapp.sync.exchange import outgoing, sticks
from fieldapp.sync.format import drives

SUFFIX = ".fieldapp.tar.age"


def test_a_file_the_records_and_the_top_of_the_disk_are_no_place_for_a_bundle(world: World, run: Run) -> None:
    world.well()
    below = world.root / "post" / "gửi"
    below.mkdir()
    (world.usb / "ảnh.jpg").write_bytes(b"a picture")
    if sys.platform != "win32":  # where it needs a right of its own
        (world.root / "lối tắt").symlink_to(below)
    top = Path(world.root.anchor)
    for target, words in (
        (world.usb / "ảnh.jpg", "là tệp"),
        (world.root / "post", "là thư mục dữ liệu của máy"),
        (below, "là thư mục dữ liệu của máy"),
        (world.root / "lối tắt", "là thư mục dữ liệu của máy"),
        (top, "là gốc ổ đĩa của máy"),
    ):
        if not target.exists():
            continue
        folder = target.parent if target.is_file() else target
        before = {*folder.iterdir()}
        code, out, err = run("sync", "export", target)
        assert (code, out) == (1, ""), target
        assert words in err, target
        assert "Chưa ghi gì" in err, target
        assert {path.name for path in {*folder.iterdir()} - before} <= {"writing"}, target


def test_a_stick_may_be_pulled_and_a_folder_of_the_laptop_is_called_so(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _code, _out, err = run("sync", "export", world.usb)
    assert f"Đã ghi vào {world.usb}. Thư mục này nằm trên máy" in err
    monkeypatch.setattr(drives, "on_one_disk", lambda _folder, _home: False)
    _code, _out, err = run("sync", "export", world.usb)
    assert f"Đã ghi vào {world.usb}. Nếu đây là ổ cắm ngoài" in err
    monkeypatch.setattr(place, "volume", lambda _folder: place.Volume("vfat", removable=True))
    _code, _out, err = run("sync", "export", world.usb)
    assert f"Đã ghi vào {world.usb}. Có thể rút USB." in err


def test_bundles_are_found_under_the_names_that_copying_gives(world: World, run: Run) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    name = made.path.name
    stem = name.removesuffix(".age")
    renamed = [
        f"{stem} (1).age", f"{stem} - Copy.age", f"Bản sao của {name}", name.upper(), stem, f"{name}.txt",
        name.removesuffix(SUFFIX), "gửi sở chỉ huy",
    ]  # fmt: skip
    for number, other in enumerate(renamed):
        folder = world.root / str(number)
        folder.mkdir()
        shutil.copyfile(made.path, folder / other)
        for photo in range(20):
            (folder / f"IMG_{photo:04d}.jpg").write_bytes(b"a picture")
        (folder / f"{stem.removesuffix('.tar')}-backup.tar.age").write_bytes(b"age-encryption.org/v1\n of another kind")
        assert drives.bundles_in(folder) == [folder / other]
        assert sticks.is_own_bundle(world.post, folder / other), other
    code, out, _err = run("sync", "import", world.root / "7", home="hq")
    assert (code, "1 bản ghi mới" in out) == (0, True)
    (old,) = sticks.old_bundles(world.hq.reopen(), world.root / "0")
    assert (old.path.name, old.why) == (renamed[0], "read")
    (world.root / "2" / renamed[2]).write_bytes(b"cut")
    _code, _out, err = run("sync", "import", world.root / "2", home="hq")
    assert "Đã đọc gói sau của máy ấy, không mất gì." in err, "its name tells whose it was"
    _code, out, err = run("verify-history", world.root / "7", home="hq")
    assert "thay đổi 1–" in out + err, "it was read"


def test_a_laptop_begins_from_the_pack_of_a_folder_whatever_its_name(world: World, run: Run) -> None:
    new = ("init", "--user", "A", "--pack", world.usb)
    (pack,) = world.usb.glob("*.fieldapp-pack.tar")
    other = shutil.copyfile(pack, world.usb / "gói của đồn")
    code, _out, err = run(*new, home="new")
    assert (code, f"{pack.name}, “gói của đồn”" in err) == (1, True)
    pack.unlink()
    code, _out, err = run(*new, home="new")
    assert code == 0, err
    other.unlink()
    code, _out, err = run(*new, home="newer")
    assert (code, "không có gói cấp" in err) == (1, True)


def test_of_a_folder_with_many_other_files_only_some_are_opened(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(drives.LOOKED_INTO * 3):
        (world.usb / f"IMG_{number:04d}.jpg").write_bytes(b"a picture")
    (world.usb / "zz.age").write_bytes(b"age-encryption.org/v1\n")
    opened: list[Path] = []
    real = Path.open

    def count(path: Path, *args: object) -> object:
        opened.append(path)
        return real(path, *args)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", count)
    assert drives.bundles_in(world.usb) == [world.usb / "zz.age"]
    assert len(opened) == drives.LOOKED_INTO + 2  # the pack, too


def test_a_name_that_windows_cannot_have_is_refused_everywhere(world: World, run: Run, tmp_path: Path) -> None:
    (pack,) = world.usb.glob("*.fieldapp-pack.tar")
    new = ("--user", "A")
    for args, home in (
        (("hq", "pack", "--code", "con", "--name", "Đồn BP X", world.usb), "hq"),
        (("hq", "rename", "IARVE", "--name", "Đồn BP X", "--code", "LPT1"), "hq"),
        (("init", "--role", "hq", "--name", "X", "--code", "NUL", *new), "new"),
        (("init", "--pack", pack, "--laptop", "aux", *new), "new"),
        (("init", "--pack", pack, "--laptop", "B.", *new), "new"),
        (("init", "--pack", pack, *new), "COM1"),
        (("init", "--pack", pack, *new), "đồn."),
    ):
        code, _out, err = run(*args, home=home)
        assert (code, "Windows không cho phép đặt tên tệp" in err) == (1, True), (args, err)
        assert home == "hq" or not (world.root / home / "fieldapp.db").exists(), args
    document = tmp_path / "post.json"
    document.write_text(json.dumps({"code": "Prn", "name": "Đồn BP X"}), encoding="utf-8")
    code, _out, err = run("add", "post", "--json", document, home="hq")
    assert (code, "hãy chọn mã khác" in err) == (1, True)
