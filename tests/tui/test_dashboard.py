"""Figures as bars: each bar opens the records behind it, and they add up to it."""

from datetime import date
from typing import Any

import pytest
from field import World
from report_files import fill
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from fieldapp.records import records
from fieldapp.reports.figures import behind, figures
from fieldapp.reports.query import Query, View, period_of
from fieldapp.reports.tables import TITLES, split_parts
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.dashboard import DashboardScreen
from fieldapp.tui.screens.record import RecordScreen

YEAR = Query(period_of("2013", date(2026, 1, 1)), today=date(2026, 1, 1))


@pytest.mark.parametrize("view", ["then", "now"])
def test_the_records_behind_a_part_add_up_to_it(world: World, view: View) -> None:
    fill(world)
    world.well(date_from="2013-04-01", unit_id="24250")
    world.well(date_from="2013-04-02", unit_id="24221", joint_reference="PH-01")
    world.well(date_from="2013-05-02", unit_id="24214", joint_reference="PH-01")
    world.carry(world.post, world.hq)
    query = Query(YEAR.period, view=view, today=YEAR.today)
    whole = {(f.section, f.code): f.value or 0 for f in figures(world.hq, query) if f.adds_up}
    for by in TITLES:
        split = split_parts(world.hq, query, by)
        for piece in split:
            for figure in piece.figures:
                lines = behind(world.hq, piece.query, figure, piece.part)
                assert sum(line.amount or 0 for line in lines) == (figure.value or 0), (piece.title, figure.title)
                assert len({line.record for line in lines}) == figure.count
        for key, value in whole.items():
            assert value == sum(f.value or 0 for p in split for f in p.figures if (f.section, f.code) == key)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(3):
        await pilot.pause()


def said(app: FieldApp, where: str) -> str:
    return str(app.screen.query_one(where, Static).render())


async def test_a_bar_opens_its_records(world: World) -> None:
    fill(world)
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DashboardScreen(YEAR))
        await press(pilot)
        assert "Theo tháng · Giếng khoan: 2 giếng (1/" in said(app, "#what")
        assert app.screen.query_one("#bars", OptionList).option_count == 12
        await press(pilot, "end", "up", "up", "enter")
        assert said(app, "#sum").startswith("tổng: 1 = 1 giếng")
        await press(pilot, "enter")
        assert isinstance(app.screen, RecordScreen)
        assert records.get(world.hq, app.screen._record_id).row["date_from"] == "2013-10-05"
        await press(pilot, "escape", "escape", "f7", "enter")
        assert "Xã Ia Rvê" in said(app, "#what")
        assert said(app, "#sum").startswith("tổng: 2 = 2 giếng")
        await press(pilot, "escape", "right")
        assert "Hộ hưởng lợi" in said(app, "#what")


async def test_it_is_found_by_its_name(world: World) -> None:
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "ctrl+p", *"bieu do", "enter")
        assert isinstance(app.screen, DashboardScreen)


async def test_a_plan_opens_what_was_done(world: World) -> None:
    fill(world)
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DashboardScreen(YEAR))
        await press(pilot, *["f7"] * 4)
        assert "Kế hoạch" in said(app, "#what")
        await press(pilot, "enter")
        assert said(app, "#sum").startswith("tổng: 2.385 = 2.385 lượt")
