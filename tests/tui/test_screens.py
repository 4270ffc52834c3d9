"""Every screen at 80×24 and 160×50, compared with its picture in ``docs/screens``.

``FIELDAPP_UPDATE_SCREENS=1`` draws the pictures anew: look at each before committing it.
"""

import asyncio
import os
from collections.abc import Callable, Generator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from field import World
from textual.pilot import Pilot

from fieldapp import demo
from fieldapp.reports import narrative
from fieldapp.store import history, lists, records, vault, view, words
from fieldapp.store import home as home_queries
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens import home, list, report, report_file
from fieldapp.tui.widgets.text_field import TextField

PICTURES = Path(__file__).parents[2] / "docs" / "screens"
SIZES = {"80x24": (80, 24), "160x50": (160, 50)}


class Then(date):
    """A day on which the pictures are taken."""

    @classmethod
    def today(cls) -> "Then":
        return cls(2013, 11, 24)


@pytest.fixture(scope="session")
def filled(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A post with the records of the source, none of them sent."""
    made = first_world.copy(tmp_path_factory.mktemp("filled"))
    cell = lists.page(made.post, "party_cell").rows[0]["id"]
    for name in ("Y Thanh Niê", "H'Bia Êban", "Siu Blêh", "Rơ Châm Hyeo", "Ksor H'Nan", "Nguyễn Thị Ánh", "Lê Văn Đạt"):
        records.save(made.post, "member", {"full_name": name, "party_cell_id": cell})
    member = records.save(made.post, "member", {"full_name": "Trần Văn Bình", "position": "Đội trưởng"})
    records.save(
        made.post,
        "introduction",
        {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-01", "date_to": "2013-12-06"},
    )
    flood = records.save(made.post, "event", {"name": "Lũ 2013 Ea Súp", "date_from": "2013-09-18"})
    for entry in demo._activities(flood, made.post):
        records.save(made.post, "activity", entry)
    made.close()
    return made


@pytest.fixture
def post(filled: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[World, None, None]:
    made = filled.copy(tmp_path / "w")
    for module in (home, report, home_queries):
        monkeypatch.setattr(module, "date", Then)
    for words_module in (words, view, history):
        monkeypatch.setattr(words_module, "instant", lambda at: "24/11/2013 21:40")
    monkeypatch.setattr(report_file, "_documents", lambda: Path("D:/Báo cáo"))
    monkeypatch.setattr(narrative, "_instant", lambda at: "21:40 24/11/2013")
    yield made
    made.close()


async def settle(pilot: Pilot[Any]) -> None:
    for _ in range(3):
        await pilot.pause()


async def write(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


async def show_home(pilot: Pilot[Any]) -> None:
    pass


async def show_menu(pilot: Pilot[Any]) -> None:
    await write(pilot, "f2")


async def show_list(pilot: Pilot[Any]) -> None:
    await write(pilot, "f4", "enter", *"kham")


async def show_record(pilot: Pilot[Any]) -> None:
    await show_list(pilot)
    await write(pilot, "enter")


async def show_form(pilot: Pilot[Any]) -> None:
    await write(pilot, "f2", "enter", *"kham chua", "enter", *"5/10/2013", "enter", "enter", *"24221", "enter")
    await write(pilot, *["enter"] * 4, *"185", "enter", "enter", *"5tr")


async def show_pick_list(pilot: Pilot[Any]) -> None:
    await write(pilot, "f2", "enter", *"nha")


async def show_problem(pilot: Pilot[Any]) -> None:
    await write(pilot, "f2", "enter", *"gieng", "enter", *"31/2/2013", "f2")


async def show_roster(pilot: Pilot[Any]) -> None:
    await write(pilot, "f6", "f2", *"ba na", "enter", "enter", *"3/11/2013", *["enter"] * 4)
    await write(pilot, "f6", "down", "space")


async def show_usb(pilot: Pilot[Any]) -> None:
    await write(pilot, "f9")


async def show_report(pilot: Pilot[Any]) -> None:
    await write(pilot, "f8")


async def show_dashboard(pilot: Pilot[Any]) -> None:
    await write(pilot, "f8", "f5", *["right"] * 4)


async def show_report_file(pilot: Pilot[Any]) -> None:
    await write(pilot, "f8", "f7")


async def show_help(pilot: Pilot[Any]) -> None:
    await write(pilot, "f1")


SCREENS: dict[str, Callable[[Pilot[Any]], Any]] = {
    name.removeprefix("show_"): function for name, function in globals().copy().items() if name.startswith("show_")
}


async def compare(app: FieldApp, pilot: Pilot[Any], name: str) -> None:
    for field in app.screen.query(TextField):
        field.cursor_blink = False
    drawn = ""
    while drawn != (drawn := app.export_screenshot(title="fieldapp")):  # what scrolls or is laid out comes to rest
        await settle(pilot)
    path = PICTURES / f"{name}.svg"
    if os.environ.get("FIELDAPP_UPDATE_SCREENS"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8"), f"{path.name} is not what the screen shows now"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_looks_as_in_its_picture(
    post: World, name: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldapp.sync.drives._linux_roots", lambda: iter(()))
    monkeypatch.setattr("fieldapp.tui.screens.form.FormScreen.keep", lambda self: None)
    app = FieldApp(post.root / "post", post.post.again())
    async with app.run_test(size=SIZES[size]) as pilot:
        await settle(pilot)
        await SCREENS[name](pilot)
        await compare(app, pilot, f"{name}-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_the_unlock_screen(tmp_path: Path, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "users", lambda home: ["Nguyễn Văn A"])
    app = FieldApp(tmp_path)
    async with app.run_test(size=SIZES[size]) as pilot:
        await settle(pilot)
        await compare(app, pilot, f"unlock-{size}")


async def test_a_list_reads_on_window_by_window(post: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list, "WINDOW", 5)
    app = FieldApp(post.root / "post", post.post.again())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await write(pilot, "f4", "enter")
        assert len(app.screen._rows) == 5  # type: ignore[attr-defined]
        await write(pilot, *["down"] * 30)
        assert len(app.screen._rows) == lists.count(post.post, "activity")  # type: ignore[attr-defined]


async def test_a_record_is_voided_with_its_reason(post: World) -> None:
    app = FieldApp(post.root / "post", post.post.again())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await write(pilot, "f4", "enter", *"so 6", "enter", "f8", *"nhap trung", "enter")
        rows = lists.page(post.post, "activity", text="so 6", voided=True).rows
        assert [r["void_reason"] for r in rows] == ["nhap trung"]
        await write(pilot, "escape")
        assert app.screen._rows == []  # type: ignore[attr-defined]


async def test_text_is_never_markup(post: World) -> None:
    harm = "[red]đỏ[/] [/] [link=x] \\[ $(x)"
    row_id = records.save(post.post, "event", {"name": harm, "date_from": "2013-11-01", "description": harm})
    app = FieldApp(post.root / "post", post.post.again())
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await write(pilot, "f4", *["s", "u", "space", "k", "i", "e", "n"], "enter")
        assert harm in "\n".join(str(app.screen.query_one("#record").render()).splitlines())
        await write(pilot, "enter", "f2")
        assert records.get(post.post, row_id).row["name"] == harm


async def test_what_was_not_foreseen_goes_to_the_log_file(post: World, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "bí" + " mật"

    def fail(*_args: object) -> None:
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(home_queries, "counts", fail)
    app = FieldApp(post.root / "post", post.post.again())
    await asyncio.wait_for(app.run_async(headless=True), 30)
    assert app.return_code == 1
    log = (post.root / "post" / "fieldapp.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in log
    assert secret not in log
