"""The screens around the form, as they are used: unlocking, what must be done, going about, the stick."""

import shutil
import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from field import PASSPHRASE, USER, World, statements
from screen_driver import ScreenDriver, at_post, run

from fieldapp.records import lists, records
from fieldapp.store import vault
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.format import drives
from fieldapp.tui import second_press
from fieldapp.tui.screens.conflicts import ConflictsScreen
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.sync import SyncScreen
from fieldapp.tui.screens.unlock import UnlockScreen
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.work import review_queue

# unlocking ------------------------------------------------------------------------------------------------------


async def test_a_wrong_passphrase_is_said_and_the_right_one_opens(world: World) -> None:
    async with run(world.root / "post") as s:
        assert isinstance(s.app.screen, UnlockScreen)
        await s.press("sai", "enter")
        await s.wait("Mật khẩu sai")
        await s.press(PASSPHRASE, "enter")
        await s.wait("Cần làm")
        assert s.app.store.user == USER


async def test_where_no_records_are_no_passphrase_is_asked(tmp_path: Path) -> None:
    async with run(tmp_path / "new") as s:
        await s.wait("F2 lập sổ của đồn")
        assert "Mật khẩu" not in s.text
        assert "Mở" not in s.footer
        await s.press("enter", "f2")
        await s.wait("Gói cấp của sở chỉ huy")


async def test_records_in_a_mirrored_folder_are_warned_about_once(world: World, tmp_path: Path) -> None:
    world.close()
    home = tmp_path / "OneDrive" / "fieldapp"
    shutil.copytree(world.root / "post", home)
    for warned in (True, False):
        async with run(home) as s:
            await s.press(PASSPHRASE, "enter")
            await s.wait("Cần làm")
            notes = [note.message for note in s.app._notifications]
            assert any("OneDrive đang sao chép" in note for note in notes) == warned


async def test_one_of_several_users_is_chosen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.post.add_user("Y [b]Thanh[/]", "khác")
    asked: list[str] = []

    def unseal(home: Path, user: str, passphrase: str) -> bytes:
        asked.append(user)
        return world.keys["post"]

    monkeypatch.setattr(vault, "unseal", unseal)
    async with run(world.root / "post") as s:
        assert "Y [b]Thanh[/]" in s.text
        await s.press("down", "enter", "khac", "enter")
        await s.wait("Cần làm")
    assert asked == [vault.users(world.root / "post")[1]]


def test_a_start_loads_little_more_than_a_bare_application() -> None:
    """Whoever starts the program on an old laptop types at once; what the first screen needs comes meanwhile.

    A budget of modules, not of seconds. What is over it: ``python -X importtime -c "from fieldapp.tui.screens import
    home"`` says who takes long, and it is imported where it is used.
    """
    code = """
import sys
import fieldapp.tui
import textual._xterm_parser
from textual.app import App
from textual.widgets import Input, OptionList, Static
print("ssl" in sys.modules)
for part in (
    "fieldapp.cli fieldapp.tui.app fieldapp.tui.screens.unlock",
    "fieldapp.replica fieldapp.tui.screens.home",
    "fieldapp.tui.screens.ways fieldapp.tui.screens.list fieldapp.tui.screens.forms fieldapp.tui.screens.search",
):
    before = set(sys.modules)
    for name in part.split():
        __import__(name)
    print(*sorted(sys.modules.keys() - before))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    tls, *loaded = told.splitlines()
    locked, opened, used = (set(line.split()) for line in loaded)
    assert tls == "False"  # 4 MB, which asyncio would load
    never = {"pydantic", "babel", "minisign", "pyrage", "docx", "xlsxwriter", "matplotlib", "psycopg"}
    assert not (locked | opened | used) & never
    assert not (locked | opened) & {"uuid_utils", "hashlib", "zstandard", "fieldapp.sync.format.bundle"}
    assert not locked & {"click", "msgspec", "zstandard", "sqlcipher3", "fieldapp.domain.model", "fieldapp.cli.records"}
    assert len(locked) <= 44, sorted(locked)
    assert len(opened) <= 85, sorted(opened)
    assert len(used) <= 85, sorted(used)  # the first list, form and search


# home -----------------------------------------------------------------------------------------------------------


async def test_home_says_what_must_be_done(world: World) -> None:
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    for name, days in (("Trần Văn Bình", 12), ("Siu Blêh", -3)):
        member = records.save(world.post, "member", {"full_name": name})
        end = (date.today() + timedelta(days)).isoformat()
        entry = {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-01", "date_to": end}
        records.save(world.post, "introduction", entry)
    async with at_post(world) as s:
        assert "! quá 3 ngày" in s.text
        assert "· còn 12 ngày" in s.text
        assert "! chưa xuất      4 bản ghi: F9" in s.text
        await s.press("down", "enter")
        assert isinstance(s.app.screen, RecordScreen)
        assert "Siu Blêh" in s.text
        await s.press("escape", "down", "down", "enter", "escape")
        assert s.app.screen.query_one("#todo").highlighted == 3  # type: ignore[attr-defined]


async def test_a_draft_is_dropped_at_the_second_press(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_press, "HELD_SECONDS", 0)
    async with at_post(world) as s:
        await s.press("f2", "dang vien", "enter", "Ro Cham", "escape", "escape")  # the list, then the form
        assert "bản nháp" in s.text
        await s.press("delete")
        assert len(s.app.store.drafts()) == 1
        await s.press("delete")
        assert s.app.store.drafts() == []
        assert "bản nháp " not in s.text


async def test_one_escape_too_many_does_not_leave(world: World) -> None:
    async with at_post(world) as s:
        await s.press("f4", "enter", "escape", "escape")
        assert isinstance(s.app.screen, HomeScreen)
        assert s.app.is_running


async def test_headquarters_sees_what_waits(world: World) -> None:
    (world.usb / "x.fieldapp.tar.age").write_bytes(b"junk")
    new = enrolment.init_post(world.root / "new", next(world.usb.glob("*.tar")), user="B", passphrase="x y")
    records.save(new, "event", {"name": "Tết quân dân", "date_from": "2013-01-20"})
    outgoing.export(new, world.usb)
    new.close()
    incoming.import_files(world.hq, [world.usb])
    async with run(world.root / "hq", world.hq.reopen()) as s:
        assert "chờ chứng thực" in s.text
        assert "gói bị từ chối" in s.text
        assert "đang chờ hoặc bị từ chối" not in s.text, "the laptop that waits has a line of its own"
        await s.press("down", "enter")
        assert isinstance(s.app.screen, ConflictsScreen)
        await s.press("escape", "f9")
        assert "Bấm F4" in s.text


async def test_what_waits_for_review_is_counted_again_only_after_a_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes long where there are many records, and headquarters comes back to its first screen all morning. F7 shows
    what the first screen counted."""
    counted: list[str] = []
    doubted = review_queue.doubted_counts

    def count(store: Store) -> dict[tuple[str, str], int]:
        counted.append("")
        return doubted(store)

    monkeypatch.setattr(review_queue, "doubted_counts", count)
    world.well()
    world.carry(world.post, world.hq)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.wait("1 bản ghi của 1 đồn")
        await s.press("f9", "escape", "f4", "escape", "f7", "escape")
        assert len(counted) == 1
        assert "1 bản ghi của 1 đồn" in s.text
        world.well(hamlet="Buôn khác")
        world.carry(world.post, world.hq)
        await s.press("f9", "escape")
        await s.wait("2 bản ghi của 1 đồn")
        assert len(counted) == 2


async def test_a_first_screen_that_did_not_change_asks_the_file_little(world: World) -> None:
    """People come back to it all day. What is to be done, the state of exchange and the counts of the month stay known
    until the file changes."""
    world.well()
    world.carry(world.post, world.hq)
    for home in ("hq", "post"):
        async with run(world.root / home, getattr(world, home).reopen()) as s:
            await s.press("f3", "escape")
            asked: list[str] = []
            with statements(asked):
                await s.press("f3", "escape")
            asked = [sql for sql in asked if not sql.startswith("PRAGMA data_version")]
            assert len(asked) <= 36, asked


def test_what_a_screen_needs_only_for_a_later_key_is_loaded_then() -> None:
    """The first opening of a screen is slower by what it loads. Ratchets of modules, not of seconds."""
    code = """
import sys
import fieldapp.tui.screens.home, fieldapp.tui.screens.list
for name in ("ways", "sync", "record", "forms", "review_overview", "report"):
    before = set(sys.modules)
    __import__(f"fieldapp.tui.screens.{name}")
    print(name, *sorted(sys.modules.keys() - before))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    loaded = {name: modules for name, *modules in map(str.split, told.splitlines())}
    most = {"ways": 4, "sync": 2, "record": 11, "forms": 23, "review_overview": 1, "report": 24}
    for name, modules in loaded.items():
        assert len([one for one in modules if one.startswith("fieldapp")]) <= most[name], modules
        assert not {"zipfile", "tarfile", "importlib.resources", "pydantic_core", "pyrage"} & {*modules}


# going about ----------------------------------------------------------------------------------------------------


async def test_the_palette_goes_anywhere_by_name(world: World) -> None:
    async with at_post(world) as s:
        await s.press("ctrl+p", "so su kien", "enter")
        assert isinstance(s.app.screen, ListScreen)
        assert s.app.screen.kind == "event"
        await s.press("ctrl+p", "khong co", "enter", "escape", "escape")
        assert isinstance(s.app.screen, HomeScreen)


async def test_what_the_first_screen_opens_is_one_key_away_everywhere(world: World) -> None:
    async with at_post(world) as s:
        await s.press("f1")
        assert all(line in s.text for line in ("F3         Tìm", "F8         Báo cáo", "F9         USB"))
        await s.press("escape", "f4", "so su kien", "enter", "f1")
        assert "F9         USB" in s.text
        await s.press("escape", "f9")
        assert isinstance(s.app.screen, SyncScreen), "from a book"
        await s.press("f9")
        said = [note.message for note in s.app._notifications]
        assert said == ["F9 không dùng ở đây. Esc: quay lại."], "it is there already"
        await s.press("escape", "escape", "f2", "su kien", "enter", "Lu quet", "f9")
        assert isinstance(s.app.screen, SyncScreen), "from a form, too"
        await s.press("escape")
        assert "Lu quet" in s.text, "which is as it was"


async def test_every_footer_fits_into_80_columns(world: World) -> None:
    world.well()
    async with at_post(world) as s:
        for keys in (
            (),
            ("f2",),
            ("enter",),
            ("escape", "f4", "enter"),
            ("enter",),
            ("escape", "escape", "f8"),
            ("f2",),
            ("escape", "f8"),
            ("escape", "escape", "f9"),
        ):
            await s.press(*keys)
            names = [b.binding.description for b in s.app.screen.active_bindings.values() if b.binding.show]
            assert s.footer.endswith(names[-1]), s.footer


async def test_reference_data_is_only_looked_at_by_a_post(world: World) -> None:
    async with at_post(world) as s:
        await s.press("ctrl+p", "cac chi bo", "enter")
        assert "F2" not in s.footer
        await s.press("f2", "enter")
        assert isinstance(s.app.screen, RecordScreen)
        assert "F2" not in s.footer
        assert "Del" not in s.footer


async def test_a_record_is_not_voided_by_typing(world: World) -> None:
    row_id = world.well()
    async with at_post(world) as s:
        await s.press("f4", "enter", "enter", "abc", "enter")
        assert isinstance(s.app.screen, RecordScreen)
        assert records.get(world.post, row_id).row["voided_at"] is None
        await s.press("delete", "enter")
        assert records.get(world.post, row_id).row["voided_at"] is None
        await s.press("escape", "delete", "nham", "enter")
        assert records.get(world.post, row_id).row["void_reason"] == "nham"
        assert "Del" not in s.footer


async def test_the_list_is_at_the_same_row_afterwards(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldapp.tui.screens.list.WINDOW", 5)
    for day in range(1, 21):
        world.well(date_from=f"2013-10-{day:02d}")
    async with at_post(world) as s:
        await s.press("f4", "enter", *["down"] * 13, "enter")
        assert "07/10/2013" in s.text
        await s.press("escape", "enter")
        assert "07/10/2013" in s.text


# the stick ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["/nowhere", "~nobody", "/" + "x" * 300])
async def test_a_folder_that_is_not_there_is_said(world: World, folder: str) -> None:
    async with at_post(world) as s:
        await s.press("f9", folder, "enter")
        await s.wait("! Không có thư mục")
        await s.press("escape")
        assert isinstance(s.app.screen, HomeScreen)


async def test_a_drive_is_chosen_and_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drives, "drives", lambda: [drives.Drive(world.usb, "KING[b]STON", 12_400_000_000, 0)])
    world.well()
    async with at_post(world) as s:
        await s.press("f9")
        assert "KING[b]STON" in s.text
        assert "còn 12,4 GB" in " ".join(s.text.split())
        await s.press("enter")
        await s.wait("✓ XONG.")
    assert len(list(world.usb.glob("*.fieldapp.tar.age"))) == 1


async def test_headquarters_takes_all_sticks_in_one_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sticks = [world.root / "A", world.root / "B"]
    for stick in sticks:
        stick.mkdir()
    monkeypatch.setattr(drives, "drives", lambda: [drives.Drive(s, s.name, 12_400_000_000, 1) for s in sticks])
    world.well()
    (there,) = outgoing.export(world.post, sticks[0])
    for number in range(20):
        (sticks[1] / f"{number:02d}.fieldapp.tar.age").write_bytes(b"junk")
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9")
        assert "Cả 2 USB" in s.text
        await s.press("enter")
        await s.wait("! XONG, 20 gói bị từ chối.")
        assert "1 gói cũ trên USB" in s.text
        assert "✓ Đồn BP Ia Rvê: 1 bản ghi mới" in s.text
        assert "! 20 tệp bị từ chối, không rõ của máy nào" in s.text
        assert there.path.name not in s.text
        await s.press("f7")
        assert "PgUp/PgDn Cuộn" in s.footer
        assert s.footer.endswith("Giúp")
        assert "21 gói: 1 có thay đổi mới · 20 bị từ chối" in s.text
        assert "✓ Đồn BP Ia Rvê (A): 3 thay đổi mới" in s.text
        assert there.path.name in s.text
        await s.press("f7")
        assert "! XONG, 20 gói" in s.text
    assert len(list(sticks[0].glob("sch-iarve*.age"))) == 1
    assert list(sticks[1].glob("sch-*.age")) == []


async def test_without_a_stick_nothing_is_begun(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drives, "drives", list)
    async with at_post(world) as s:
        await s.press("f9", "enter")
        assert "! Cắm USB" in s.text


async def test_a_stick_that_fails_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(incoming, "import_files", fail)
    async with at_post(world) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("! ")
        await s.wait("thiết bị đọc ghi bị lỗi")
        assert "XONG" not in s.text


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Reading the stick waits until this is set."""
    held = threading.Event()

    def wait(*_args: object) -> list[incoming.Imported]:
        assert held.wait(30)
        return []

    monkeypatch.setattr(incoming, "import_files", wait)
    return held


async def test_nobody_leaves_while_the_stick_is_written(world: World, go_on: threading.Event) -> None:
    world.well()
    async with at_post(world) as s:
        await s.press("f9", str(world.usb), "enter")
        assert "Bắt đầu" not in s.footer
        await s.press("escape", "f2", "ctrl+p", "ctrl+q")
        assert isinstance(s.app.screen, SyncScreen)
        assert s.app.is_running
        go_on.set()
        await s.wait("✓ XONG.")
        await s.press("escape")
        assert isinstance(s.app.screen, HomeScreen)
    assert len(list(world.usb.glob("*.fieldapp.tar.age"))) == 1


async def test_work_on_the_stick_can_be_broken_off(world: World, go_on: threading.Event) -> None:
    world.well()
    async with at_post(world) as s:
        await s.press("f9", str(world.usb), "enter")
        assert "Dừng" in s.footer
        await s.press("delete")
        go_on.set()
        await s.wait("! Đã dừng.")
        assert "XONG" not in s.text
        await s.wait("Esc")  # the footer has its keys again
        assert "Dừng" not in s.footer
        await s.press("escape")
        assert isinstance(s.app.screen, HomeScreen)
    assert list(world.usb.glob("*.age*")) == []


async def test_old_bundles_are_cleared_after_asking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_press, "now", lambda: 0.0)
    world.well()
    (old,) = outgoing.export(world.post, world.usb)
    (world.usb / "ảnh.jpg").write_bytes(b"x")
    async with at_post(world) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("1 gói cũ trên USB không cần nữa")
        assert old.path.exists()
        await s.press("home", *["delete"] * (len(str(world.usb)) + 9))
        assert s.app.screen.query_one(TextField).value == ""
        await s.wait("? Bấm Del lần nữa để xóa 1 gói này.")
        assert f"· {old.path.name}: " in s.text
        assert old.path.exists(), "a key that is held while it empties the field is no answer"
        monkeypatch.setattr(second_press, "now", lambda: 2.0)
        await s.press("delete")
        await s.wait("✓ Đã xóa 1 gói.")
        assert "Dọn gói cũ" not in s.footer
    assert not old.path.exists()
    assert (world.usb / "ảnh.jpg").exists()
    assert len(list(world.usb.glob("*.fieldapp.tar.age"))) == 1


async def test_a_defect_in_a_thread_is_logged_with_its_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(incoming, "import_files", fail)
    with pytest.raises(ZeroDivisionError):
        async with at_post(world) as s:
            await s.press("f9", str(world.usb), "enter")
            await s.wait_for_the_end()
    log = (world.root / "post" / "fieldapp.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in log
    assert "test_shell.py" in log


# typing ---------------------------------------------------------------------------------------------------------


def told(s: ScreenDriver) -> str:
    return " ".join(notice.message for notice in s.app._notifications)


async def test_the_own_input_method_is_switched_shown_and_remembered(world: World) -> None:
    async with at_post(world) as s:
        await s.press("f4", "enter")
        assert "F12 Kiểu gõ" in s.footer
        await s.press("f12")
        assert "Telex hòa" in s.text.splitlines()[0]
        assert "bằng bộ gõ của chương trình: Telex hòa. Bấm F12 lần nữa" in told(s)
        await s.press("gieesng ")
        assert "giếng" in s.text
        await s.press("escape", "f2", "enter", "tab")
        assert "F12" not in s.footer, "no letters in a date"
        await s.press("f12")
        assert "F12 chọn kiểu gõ tiếng Việt, chỉ dùng trong các ô gõ chữ." in told(s)
        await s.press("escape", "escape", "f8", "f2", "tab", "end", "aas")
        assert "F12" not in s.footer, "the name of a folder stays as it is typed"
        assert "aas" in s.text
    async with at_post(world) as s:
        assert "Telex hòa" in s.text.splitlines()[0]
        await s.press("f4", "enter")
        for habit in ("Telex hoà", "VNI hòa", "VNI hoà"):
            await s.press("f12")
            assert habit in s.text.splitlines()[0]
        await s.press("f12")
        assert "VNI" not in s.text.splitlines()[0]
        await s.press("gieesng")
        assert "gieesng" in s.text


async def test_it_gives_way_to_an_input_method_of_the_machine(world: World) -> None:
    async with at_post(world) as s:
        await s.press("f4", "enter", "f12", "tie")
        await s.press("backspace", "ê", "ng")
        assert "tiêng" in s.text
        assert "Telex" not in s.text.splitlines()[0]
        assert "tắt bộ gõ của máy rồi bấm F12" in told(s)
        await s.press("ddaay")
        assert "tiêngddaay" in s.text
