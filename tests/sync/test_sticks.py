"""What lies on a stick, named and said: files of any name, of others, damaged, in folders."""

import json
from pathlib import Path

import on_windows
import pytest
from field import Run, World
from sync_state import new_post, no_unicode, second_laptop

from fieldapp.escaping import display_path
from fieldapp.sync.exchange import outgoing, sticks
from fieldapp.sync.format import drives

SUFFIX = ".fieldapp.tar.age"


def test_a_name_that_is_no_unicode_stops_nothing(world: World, run: Run) -> None:
    path = no_unicode(world.usb)
    world.well()
    (mine,) = outgoing.export(world.post, world.usb)
    assert sticks.old_bundles(world.post, world.usb) == []
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert (code, "1 bản ghi mới" in out) == (3, True)
    assert f"xau\ufffd\ufffd{SUFFIX}" in err
    _code, out, _err = run("sync", "import", world.usb, "--json", home="hq")
    assert [Path(f["path"]) for f in json.loads(out.encode())["files"]] == [mine.path, path], (
        "UTF-8, and the very names"
    )
    code, out, _err = run("sync", "clean", world.usb, "--yes", home="hq")
    assert (code, mine.path.name in out) == (0, True)
    assert drives.bundles_in(world.usb) == [path]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("x\nĐồn Yalop (A): 500 bản ghi mới (y", marks=on_windows.NAMES),
        "x\u2028✓ XONG. Có thể rút USB.",
        pytest.param("x\u202egnort\r\x1b[2K", marks=on_windows.NAMES),
        "x" + " " * 150 + "Đồn Yalop (A): 500 bản ghi mới",
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_name_is_taken_for_no_sentence(world: World, run: Run, name: str, whole: bool) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    path = made.path.rename(world.usb / f"{name}{SUFFIX}")
    if not whole:
        path.write_bytes(b"z")
    _code, out, err = run("sync", "import", world.usb, home="hq")
    _code, cleaned, _err = run("sync", "clean", world.usb, "--yes", home="hq")
    said = [line for line in (out + err + cleaned).split("\n") if line]
    assert all(line.isprintable() and len(line) < 250 for line in said), said
    assert all("“x" in line for line in said if "500" in line or "XONG" in line), said
    assert ("1 bản ghi mới" in out) == whole


def test_a_link_that_leads_to_itself_hides_no_bundle(world: World, run: Run) -> None:
    world.well()
    outgoing.export(world.post, world.usb)
    try:
        (world.usb / f"a{SUFFIX}").symlink_to(world.usb / f"a{SUFFIX}")
    except OSError:
        pytest.skip(on_windows.ABSENT + "symbolic links for everybody")
    assert "1 bản ghi mới" in run("sync", "import", world.usb, home="hq")[1]


def test_what_is_for_others_is_counted_and_ours_apart(world: World, run: Run) -> None:
    outgoing.export(world.post, world.usb)
    assert run("sync", "import", world.usb) == (
        0, "", "Tại đó không có gói nào gửi cho máy này. 1 gói: 1 do máy này ghi\n"
    )  # fmt: skip
    other = second_laptop(world)
    world.well()
    outgoing.export(world.post, world.usb)
    outgoing.export(world.hq, world.usb)
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert (code, "1 bản ghi mới" in out) == (0, True)
    assert err == "5 gói: 1 có thay đổi mới · 1 đã nhận từ trước · 1 gửi cho máy khác · 2 do máy này ghi\n"
    other.close()


def test_of_a_damaged_bundle_it_is_said_who_writes_it_again(world: World, run: Run) -> None:
    world.well()
    (mine,) = outgoing.export(world.post, world.usb)
    (reply,) = outgoing.export(world.hq, world.usb)
    for made in (mine, reply):
        made.path.write_bytes(made.path.read_bytes()[:-100])
    (world.usb / f"a{SUFFIX}").write_bytes(b"junk")
    (pack := next(world.usb.glob("*.fieldapp-pack.tar"))).rename(world.usb / f"b{SUFFIX}")
    code, _out, err = run("sync", "import", world.usb, home="hq")
    assert (code, "no age file" in err) == (1, False)
    said = {name: line for line in err.splitlines() for name in [line.split()[0].removesuffix(SUFFIX)]}
    assert said["a"].endswith("Không có gì thay đổi. Hãy đề nghị nơi gửi xuất lại.")
    assert "là gói cấp" in said["b"]
    assert said[mine.path.name.removesuffix(SUFFIX)].endswith("Hãy đề nghị Đồn BP Ia Rvê (A) xuất lại.")
    _code, _out, err = run("sync", "import", reply.path)
    assert err.rstrip().endswith("Hãy đề nghị Sở chỉ huy xuất lại.")
    code, _out, err = run("init", "--pack", mine.path, "--user", "B", home="other")
    assert (code, "Hãy đề nghị sở chỉ huy ghi gói cấp mới" in err, pack.exists()) == (1, True, False)


def test_a_laptop_that_waits_to_be_certified_is_named_with_what_to_do(world: World, run: Run) -> None:
    for post, name in (("EABUNG", "Đồn BP Ea Bung"), ("YALOP", "Đồn BP Yalop")):
        new_post(world, post, name).close()
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert code == 0
    assert out.splitlines() == [f"{name}: máy A chờ chứng thực" for name in ("Đồn BP Ea Bung", "Đồn BP Yalop")]
    assert "Chờ chứng thực: Đồn BP Ea Bung (A), Đồn BP Yalop (A)." in err
    assert "`fieldapp hq trust`" in err
    assert run("hq", "trust", "EABUNG", home="hq")[0] == 0
    assert "Chờ chứng thực: Đồn BP Yalop (A)." in run("sync", "import", world.usb, home="hq")[2]


def test_bundles_in_folders_below_are_not_read_and_that_is_said(world: World, run: Run) -> None:
    for name in ("tháng 11", ".Trash-1000", "ảnh"):
        (world.usb / name).mkdir()
    world.well()
    (made,) = outgoing.export(world.post, world.usb / "tháng 11")
    outgoing.export(world.post, world.usb / ".Trash-1000")
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "Tại đó không có gói nào.",
        f"Chưa đọc các gói trong thư mục con. Muốn đọc thì nêu thư mục đó: {display_path(made.path.parent)}",
    ]
    code, out, err = run("sync", "import", world.usb, made.path.parent, home="hq")
    assert (code, "1 bản ghi mới" in out, err) == (0, True, "")
    code, _out, err = run("sync", "verify", made.path.parent, home="hq")
    assert (code, "hãy nêu một tệp trong đó" in err) == (1, True)


def test_what_the_system_says_is_vietnamese(world: World, run: Run) -> None:
    for arguments in (("import", world.usb / "x"), ("verify", world.usb / "x")):
        code, _out, err = run("sync", *arguments, home="hq")
        assert (code, err) == (1, f"Không đọc được {display_path(world.usb / 'x')}: không có tệp nào tên như vậy.\n")


def test_another_stick_in_the_same_place_is_not_cleared(world: World) -> None:
    """What was named is taken away if it is still that: a stick may be changed between two keys."""
    made = [outgoing.export(world.post, world.usb)[0].path for _turn in range(3)]
    named = sticks.old_bundles(world.post, world.usb)
    assert [old.path for old in named] == made[:2]
    made[0].write_bytes(b"somebody else's")
    assert sticks.delete_bundles(world.post, named) == 1
    assert drives.bundles_in(world.usb) == [made[0], made[2]]


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b\x08"])
def test_a_bundle_or_pack_that_somebody_packed_is_to_be_unpacked_and_not_asked_for_again(
    world: World, run: Run, head: bytes
) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    packed = made.path.rename(world.usb / f"{made.path.name}.zip")
    packed.write_bytes(head + packed.read_bytes())
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert (code, "giải nén" in err, "xuất lại" in out + err) == (1, True, False)
    assert "từ chối" not in run("todo", home="hq")[1]
    code, _out, err = run("init", "--pack", packed, "--user", "B", home="other")
    assert (code, "giải nén" in err) == (1, True)
