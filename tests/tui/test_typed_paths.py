"""Whatever is typed where a file or a folder is asked for, it is told, and the program goes on."""

import subprocess
import sys
from pathlib import Path

import pytest
from field import World
from screen_driver import at_post
from textual.screen import Screen
from tui.test_opened_in_a_burst import POST, Make

from fieldapp.tui.files import documents, typed_path
from fieldapp.tui.screens.attach_files import AttachScreen
from fieldapp.tui.screens.papers import WordFileFinder
from fieldapp.tui.screens.sheet_file import SheetFileScreen
from fieldapp.tui.screens.sync import SyncScreen
from fieldapp.tui.widgets.text_field import TextField

NOBODY_S, TOO_LONG = "~khongcoai/a.xlsx", "/" + "a" * 300


@pytest.mark.parametrize("screen", [SheetFileScreen, AttachScreen, WordFileFinder, SyncScreen])
async def test_what_is_no_path_is_told(world: World, screen: type[Screen[object]]) -> None:
    world.well()
    make: Make = POST[screen]
    async with at_post(world) as s:
        await s.app.push_screen(make(world, s.app.store))
        for typed in (NOBODY_S, TOO_LONG, f'"{TOO_LONG}"'):
            field = s.app.screen.query("FileField, FolderField, PathField, WordField").first(TextField)
            field.focus()
            field.value = ""
            await s.press(typed)
            assert field.value == typed
            await s.press("enter")
            assert isinstance(s.app.screen, screen)
        assert s.app._exception is None


def test_quotes_around_a_path_are_none_of_it() -> None:
    assert typed_path('"a b/c"') == Path("a b/c")
    assert typed_path("'a") == Path("'a")
    assert typed_path("~khongcoai/a") == Path("~khongcoai/a")


def test_what_tests_write_at_home_is_in_no_home_of_a_person(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files are proposed to be written there; also by what tests start."""
    asked = "from fieldapp.tui.files import documents; print(ascii(str(documents())))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert ascii(str(documents())) == told.strip()
    assert documents().is_relative_to(tmp_path_factory.getbasetemp())
