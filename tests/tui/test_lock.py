"""The covered screen, passphrases and people on the screen."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from field import PASSPHRASE, USER, World
from screen_driver import KEYS, PATIENCE, ScreenDriver, at_post, run
from tui.test_opened_in_a_burst import YEAR

from fieldapp.errors import FieldappError
from fieldapp.records import lists
from fieldapp.store import people, vault
from fieldapp.store.migrations import REFOLD, REINDEX
from fieldapp.store.people import Role
from fieldapp.sync.peers import peers, recovery
from fieldapp.tui import app as application
from fieldapp.tui import second_press
from fieldapp.tui.screens.dashboard import DashboardScreen
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.lock import LockScreen
from fieldapp.tui.screens.people import PassphraseScreen
from fieldapp.tui.screens.quick import QuickScreen
from fieldapp.tui.screens.sync import SyncScreen
from fieldapp.tui.widgets.pick_list import PickList

pytestmark = pytest.mark.usefixtures("spared")
KEYS.update(("ctrl+l", "shift+tab", "backspace", "end"))


@pytest.fixture(autouse=True)
def known(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first user's passphrase, whose file is real, costs no derivation either."""
    people.change_passphrase(world.post, PASSPHRASE)


async def type_a_member(s: ScreenDriver) -> None:
    await s.press("ctrl+p", "ghi dang vien", "enter")
    assert isinstance(s.app.screen, FormScreen)
    await s.press("Siu Bleh")


async def test_a_key_covers_the_screen_and_the_draft_stays(world: World) -> None:
    async with at_post(world) as s:
        await type_a_member(s)
        await s.press("ctrl+l")
        assert isinstance(s.app.screen, LockScreen)
        assert "Siu Bleh" not in s.text
        assert s.app.store._key == b""
        assert [d.data["full_name"] for d in world.post.drafts()] == ["Siu Bleh"]
        await s.press("sai", "enter")
        await s.wait("Mật khẩu sai")
        await s.press("ctrl+p", "ctrl+l", "escape")
        assert isinstance(s.app.screen, LockScreen)
        await s.press(PASSPHRASE, "enter")
        await s.wait("Siu Bleh")
        await s.press("f2")
    assert [m["full_name"] for m in lists.record_window(world.post, "member").rows] == ["Siu Bleh"]


async def test_the_way_of_typing_changes_where_the_file_is_not_open(world: World) -> None:
    """With the recovery code, before the first passphrase and while the screen is locked."""
    async with run(world.root / "post") as s:
        await s.press("f5", "f12")
        assert s.app.habit
        assert s.app.is_running
    async with at_post(world) as s:
        await s.press("ctrl+l", "f5", "f12")
        assert s.app.habit
        assert s.app._exception is None


async def test_a_pick_list_that_is_left_late_reads_nothing_from_a_closed_file(world: World) -> None:
    async with at_post(world) as s:
        await s.press("ctrl+p", "ghi hoat dong", "enter", "gieng")
        form = s.app.screen
        assert isinstance(form, FormScreen)
        assert isinstance(form.focused, PickList)
        await s.press("ctrl+l")
        form.set_focus(None)
        await s.press()
        assert s.app._exception is None
        await s.press(PASSPHRASE, "enter")
        await s.wait("gieng")


async def test_what_is_covered_reads_nothing_from_a_closed_file(world: World) -> None:
    """The window gets another size, and the program is left."""
    world.well()
    async with at_post(world) as s:
        for covered in (ListScreen("activity"), DashboardScreen(YEAR), QuickScreen("member")):
            s.app.push_screen(covered)
            await s.press("x", "ctrl+l")
            assert s.app.locked
            await s.pilot.resize_terminal(60, 20)
            await s.pilot.resize_terminal(100, 30)
            assert s.app._exception is None
            await s.press(PASSPHRASE, "enter")
            assert covered.is_current
            assert covered.size.width == 100
        await s.press("ctrl+l", "ctrl+q")
    assert not s.app.return_code
    assert [draft.data["full_name"] for draft in world.post.drafts()] == ["x"]


async def test_too_little_memory_for_the_backup_ends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(_store: object) -> None:
        raise MemoryError

    monkeypatch.setattr("fieldapp.sync.safety.backup.daily_backup", no_memory)
    async with run(world.root / "post") as s:
        await s.press(PASSPHRASE, "enter")
        await s.wait("Cần làm")
        while not s.app._notifications:
            await asyncio.sleep(0)
        assert [note.message for note in s.app._notifications] == ["Hôm nay chưa sao lưu được: thiếu bộ nhớ"]


async def test_somebody_else_begins_at_the_first_screen(world: World) -> None:
    people.add_person(world.post, "Trần Văn B", "mưa đầu mùa", Role.RECORDER)
    async with at_post(world) as s:
        await type_a_member(s)
        await s.press("ctrl+l")
        at = vault.users(world.root / "post").index("Trần Văn B")
        await s.press(*["down"] * at, "enter", "mưa đầu mùa", "enter")
        await s.wait("Cần làm")
        assert isinstance(s.app.screen, HomeScreen)
        assert s.app.store.user == "Trần Văn B"
        assert "Trần Văn B" in s.text
        assert "bản nháp" in s.text
        assert len(s.app.screen_stack) == 2


async def test_it_locks_by_itself_when_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = [100.0, 1_000_000.0]
    monkeypatch.setattr(application, "_clocks", lambda: tuple(clocks))
    async with at_post(world) as s:
        s.app._lock_when_left()
        await s.press()
        assert isinstance(s.app.screen, HomeScreen)
        clocks[1] += 9 * 60  # asleep: only the wall clock went on
        s.app._lock_when_left()
        await s.press()
        assert isinstance(s.app.screen, HomeScreen)
        await s.press("down")  # a key puts it off
        clocks[1] += 9 * 60
        s.app._lock_when_left()
        await s.press()
        assert isinstance(s.app.screen, HomeScreen)
        clocks[0] += 10 * 60
        s.app._lock_when_left()
        await s.press()
        assert isinstance(s.app.screen, LockScreen)


async def test_it_waits_for_the_stick(world: World) -> None:
    async with at_post(world) as s:
        await s.press("f9")
        assert isinstance(s.app.screen, SyncScreen)
        s.app.screen.busy = True
        await s.press("ctrl+l")
        assert isinstance(s.app.screen, SyncScreen)


async def test_a_new_passphrase(world: World) -> None:
    async with at_post(world) as s:
        await s.press("ctrl+p", "mat khau", "enter")
        await s.press("sai", "enter", "rung khop", "enter", "rung khop", "f2")
        await s.wait("Mật khẩu sai")
        await s.press(*["backspace"] * 3, PASSPHRASE, "f2")  # the cursor is where it is wrong
        await s.wait("Cần làm")
    assert vault.unseal(world.root / "post", USER, "rung khop") == world.keys["post"]


async def test_a_new_passphrase_is_finished_before_anything_is_locked_or_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key that is sealed is the one of the open file: locked meanwhile, there would be none."""
    go_on, begun = threading.Event(), threading.Event()
    unseal = vault.unseal

    def slowly(*of: Any) -> bytes:
        begun.set()
        assert go_on.wait(30)
        return unseal(*of)

    async with at_post(world) as s:
        await s.press("ctrl+p", "mat khau", "enter")
        monkeypatch.setattr(s.app, "NOTIFICATION_TIMEOUT", 60)
        monkeypatch.setattr(vault, "unseal", slowly)
        await s.press(PASSPHRASE, "enter", "rung khop", "enter", "rung khop", "f2")
        assert await asyncio.to_thread(begun.wait, 30)
        await s.press("ctrl+l", "escape")
        assert isinstance(s.app.screen, PassphraseScreen)
        go_on.set()
        await s.wait("Cần làm")
        assert isinstance(s.app.screen, HomeScreen)
        for _turn in range(PATIENCE):
            if s.app._notifications:
                break
            await s.pilot.pause(0.05)
        assert [note.message for note in s.app._notifications] == ["Từ nay dùng mật khẩu mới."]
    assert unseal(world.root / "post", USER, "rung khop") == world.keys["post"]


def test_a_replica_that_is_locked_seals_no_key(world: World) -> None:
    before = {path.name: path.read_bytes() for path in (world.root / "post" / vault.KEYS_FOLDER).iterdir()}
    world.post.lock()
    with pytest.raises(FieldappError, match="bị khóa giữa chừng"):
        people.change_passphrase(world.post, "rung khop kho")
    with pytest.raises(FieldappError, match="bị khóa giữa chừng"):
        world.post.seal_under_code("1234", None)
    assert {path.name: path.read_bytes() for path in (world.root / "post" / vault.KEYS_FOLDER).iterdir()} == before


async def test_people_are_let_in_and_removed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_press, "now", lambda: 0.0)
    async with at_post(world) as s:
        await s.press("ctrl+p", "nguoi dung", "enter")
        await s.press("f2")
        await s.press("Y Thanh", "enter", "mua dau mua", "enter", "mua dau", "f2")
        await s.wait("khác nhau")
        await s.press(" mua", "f2")
        await s.wait("Y Thanh")
        assert people.role_of(world.post, "Y Thanh") is Role.RECORDER
        await s.press("home" if vault.users(world.root / "post")[0] == "Y Thanh" else "end")
        await s.press("enter")
        assert people.role_of(world.post, "Y Thanh") is Role.OFFICER
        await s.press("delete")
        assert "Del lần nữa" in s.text
        await s.press("delete", "delete")
        assert "Y Thanh" in vault.users(world.root / "post"), "a key that is held is no answer"
        monkeypatch.setattr(second_press, "now", lambda: 2.0)
        await s.press("enter", "delete")
        assert "Del lần nữa" in s.text, "after something else it asks anew"
        monkeypatch.setattr(second_press, "now", lambda: 4.0)
        await s.press("delete")
    assert vault.users(world.root / "post") == [USER]


async def test_the_code_opens_on_the_first_screen(world: World) -> None:
    """In the state of this version, though an older one wrote the file."""
    world.carry(world.post, world.hq)
    code = recovery.code_of(world.hq, peers.others(world.hq)[0])
    world.post.set_setting(REFOLD, '{"columns": {}, "shipped": 1000000}')
    world.post.set_setting(REINDEX, "")
    async with run(Path(world.root / "post")) as s:
        await s.press("f5", code, "enter", "rung khop kho", "enter", "rung khop kho", "f2")
        await s.wait("Cần làm")
        assert s.app.store.user == USER
        assert (s.app.store.setting(REFOLD), s.app.store.setting(REINDEX)) == (None, None)
