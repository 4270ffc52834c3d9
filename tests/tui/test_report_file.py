"""The report into a file, from the screen."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from field import World
from textual.pilot import Pilot
from textual.widgets import Static

from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.report import ReportScreen
from fieldapp.tui.screens.report_file import ReportFileScreen
from fieldapp.tui.widgets.text_field import TextField


async def to_files(pilot: Pilot[Any], folder: Path) -> ReportFileScreen:
    await pilot.press("f8", "f2")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, ReportFileScreen)
    screen.query_one(TextField).value = str(folder)
    return screen


async def write(pilot: Pilot[Any], screen: ReportFileScreen, *keys: str) -> str:
    """Press keys, wait until the file is written; what is then said."""
    await pilot.press(*keys)
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    assert not screen.busy
    return str(screen.query_one("#said", Static).render())


async def test_files_are_written_beside_each_other(world: World, tmp_path: Path) -> None:
    world.well()
    app = FieldApp(world.root / "post", world.post.reopen())
    folder = tmp_path / "báo cáo"
    folder.mkdir()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await to_files(pilot, folder)
        for number, keys in enumerate((["enter"], ["enter"], ["down", "enter"], ["end", "enter"]), start=1):
            assert (await write(pilot, screen, *keys)).startswith("✓ Đã ghi")
            assert len(list(folder.iterdir())) == number
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, ReportScreen)
    year = f"bao-cao_{date.today():%Y}0101-{date.today():%Y}1231"
    names = {f"{year}.docx", f"{year}_2.docx", f"{year}_dang.docx", f"{year}.html"}
    assert {p.name for p in folder.iterdir()} == names


async def test_what_is_typed_replaces_the_folder_that_is_offered(world: World, tmp_path: Path) -> None:
    world.well()
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await to_files(pilot, Path("/nowhere"))
        keys = {active.binding.key: active.binding.description for active in screen.active_bindings.values()}
        assert keys["enter"] == "Ghi ra tệp"
        await pilot.press("tab")
        keys = {active.binding.key: active.binding.description for active in screen.active_bindings.values()}
        assert keys["enter"] == "Ghi ra tệp"
        assert (await write(pilot, screen, *str(tmp_path), "enter")).startswith("✓ Đã ghi")
        assert list(tmp_path.glob("bao-cao_*.docx"))
        await pilot.press("left", "x")
        assert screen.query_one(TextField).value == f"{tmp_path}"[:-1] + "x" + f"{tmp_path}"[-1], "it is edited now"


@pytest.mark.parametrize("folder", ["/nowhere/here", "/" + "x" * 300])
async def test_a_folder_that_is_not_there_is_said(world: World, folder: str) -> None:
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await to_files(pilot, Path(folder))
        said = await write(pilot, screen, "tab", "enter")
        assert said.startswith(("! Không ghi được", "! Đường dẫn dài")), said  # on Windows, that path is refused before
