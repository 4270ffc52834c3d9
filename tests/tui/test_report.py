"""The report on the screen: each figure opens the records behind it, and they add up to it."""

from datetime import date
from typing import Any

import pytest
from field import World
from form_driver import strokes
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from fieldapp.records import records
from fieldapp.store import wall
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.record import RecordScreen


@pytest.fixture(autouse=True)
def on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall, "today", lambda: date(2013, 11, 24))


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(3):
        await pilot.pause()


def said(app: FieldApp, where: str) -> str:
    return str(app.screen.query_one(where, Static).render())


async def test_a_figure_opens_its_records_and_they_add_up(world: World) -> None:
    world.well(date_from="2012-02-01")
    first = world.well(date_from="2013-02-01", measures=[{"measure_id": "gieng", "amount": 2}])
    world.well(date_from="2013-10-01", measures=[{"measure_id": "gieng", "amount": 3}])
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f8")
        assert "năm 2013" in said(app, "#what")
        shown = " ".join(" ".join(strip.text for strip in app.screen._compositor.render_strips()).split())
        assert "Kỳ này (kỳ trước)" in shown
        await press(pilot, "enter")
        assert said(app, "#sum").startswith("tổng: 5 = 5 giếng")
        assert app.screen.query_one("#records", OptionList).option_count == 2
        await press(pilot, "enter")
        assert isinstance(app.screen, RecordScreen)
        assert app.screen._record_id == first


@pytest.mark.parametrize(("today", "month"), [
    (date(2013, 11, 24), "tháng 11/2013"), (date(2014, 1, 3), "tháng 12/2013"),
])  # fmt: skip
async def test_headquarters_begins_with_the_month_that_it_reports_of(
    world: World, monkeypatch: pytest.MonkeyPatch, today: date, month: str
) -> None:
    monkeypatch.setattr(wall, "today", lambda: today)
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f8")
        assert f"KẾT QUẢ: {month}" in said(app, "#what")


async def test_the_period_is_taken_from_a_list_or_typed(world: World) -> None:
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f8", "f4", "escape")
        assert "năm 2013" in said(app, "#what"), "there is a way back"
        for typed, period in (
            ("", "tháng 11/2013"), ("thang 9", "tháng 9/2013"), ("quy 3", "quý III/2013"),
            ("6 thang dau", "6 tháng đầu"), ("2011", "năm 2011"), ("2/2009", "tháng 2/2009"), ("nhiem ky", "nhiệm kỳ"),
        ):  # fmt: skip
            await strokes(pilot, "<f4>", typed, "<enter>")
            await press(pilot)
            assert period in said(app, "#what")


async def test_the_period_moves_and_changes_its_length(world: World) -> None:
    world.well(date_from="2013-10-01")
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f8", "f4")
        await strokes(pilot, "quy 4", "<enter>")
        await press(pilot)
        assert "quý IV/2013" in said(app, "#what")
        assert app.screen.query_one("#figures", OptionList).option_count == 3
        await press(pilot, "left")
        assert "quý III/2013" in said(app, "#what")
        assert app.screen.query_one("#figures", OptionList).option_count == 1
        await press(pilot, "f7")
        assert "hiện nay" in said(app, "#what")


async def test_the_arrows_stop_at_the_last_period_that_can_be_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall, "today", lambda: date(2098, 6, 1))
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f8", "right", "right", "right")
        assert "năm 2099" in said(app, "#what")
        await press(pilot, "left")
        assert "năm 2098" in said(app, "#what")


async def test_the_first_screen_shows_how_far_the_plan_is(world: World) -> None:
    records.save(world.hq, "plan", {
        "for_post_id": "IARVE", "date_from": "2013-01-01", "date_to": "2013-12-31", "measure_id": "gieng",
        "target": 4})  # fmt: skip
    world.carry(world.hq, world.post)
    world.well()
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot)
        assert "███" in said(app, "#plan")
        assert "1 / 4 giếng (25%)" in said(app, "#plan")
