"""The screen that is opened to be read: no key on any screen changes anything, and none ends the program."""

from datetime import date

import pytest
from field import World
from screen_driver import Running
from sync_state import kept

from fieldapp.i18n import _
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.people import PeopleScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.report import ReportScreen
from fieldapp.tui.screens.review_list import ReviewListScreen
from fieldapp.tui.screens.ways import TITLES, ways


@pytest.mark.parametrize("home", ["post", "hq"])
async def test_no_key_on_any_screen_changes_anything(world: World, home: str) -> None:
    well = world.well(date_from=str(date.today()), description="Khoan ở sân trường")
    world.carry(world.post, world.hq)
    world.post.save_draft("1", "activity", None, {"description": "gõ dở"})
    store = getattr(world, home)
    before = kept(store)
    screens: list[Page] = [HomeScreen(), ListScreen("activity"), RecordScreen(well), ReportScreen(), PeopleScreen()]
    if home == "hq":
        screens += [ListScreen("party_cell"), ReviewListScreen("activity", store.value("SELECT id FROM post"))]
    async with Running(FieldApp(world.root / home, store.reopen(), read_only=True)) as s:
        depth = len(s.app.screen_stack) + 1
        for screen in screens:
            s.app.push_screen(screen)
            await s.press()
            assert "Chỉ xem" in s.text
            for key in ("f2", "f6", "f8", "delete"):
                await s.press(key)
                while len(s.app.screen_stack) > depth:
                    s.app.pop_screen()
            s.app.pop_screen()
        await s.press()
        assert s.app.is_running
    assert kept(store) == before


async def test_the_footer_offers_no_key_that_changes_something(world: World) -> None:
    world.carry(world.post, world.hq)
    async with Running(FieldApp(world.root / "hq", world.hq.reopen(), read_only=True)) as s:
        assert "F2" not in s.footer and "F9" not in s.footer and "F8" in s.footer
        await s.press("f8")
        assert "F2" not in s.footer and "F7" in s.footer
        await s.press("escape", "f9")
        assert any("chỉ để xem" in note.message for note in s.app._notifications)
        assert isinstance(s.app.screen, HomeScreen)


async def test_a_draft_does_not_open(world: World) -> None:
    world.post.save_draft("1", "activity", None, {"description": "gõ dở"})
    async with Running(FieldApp(world.root / "post", world.post.reopen(), read_only=True)) as s:
        await s.press("enter")
        assert any("chỉ để xem" in note.message for note in s.app._notifications)
        assert isinstance(s.app.screen, HomeScreen)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("home", ["post", "hq"])
async def test_every_way_can_be_gone(world: World, home: str, read_only: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDAPP_LANG", "vi")  # one of the ways is to speak another language
    store = getattr(world, home)
    before, lock = kept(store), _(TITLES["lock"])
    async with Running(FieldApp(world.root / home, store.reopen(), read_only=read_only)) as s:
        for way in {getattr(way.go, "__code__", way.go): way for way in ways(s.app.store)}.values():
            if way.name == lock:
                continue  # ends with a passphrase
            way.go(s.app)
            await s.press()
            assert s.app._exception is None, way.line
            while not isinstance(s.app.screen, HomeScreen) and not s.app._exit:
                s.app.pop_screen()
        assert s.app._exit, "the last is to quit"
    assert (kept(store) == before) is read_only
