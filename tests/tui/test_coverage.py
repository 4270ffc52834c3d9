"""The grid of posts and months at headquarters."""

from datetime import date, timedelta

import pytest
from field import World
from screen_driver import run

import fieldapp
from fieldapp.records import reviews
from fieldapp.store import wall
from fieldapp.sync.exchange import enrolment
from fieldapp.tui.screens.coverage import CoverageScreen
from fieldapp.tui.screens.review_overview import ReviewOverviewScreen


async def test_from_the_grid_to_what_waits_of_one_post(world: World) -> None:
    world.well(date_from=date.today().isoformat())
    world.carry(world.post, world.hq)
    enrolment.write_pack(world.hq, code="EABUNG", name="Đồn [b]Ea Bung[/]", dest=world.usb)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        assert "F6 Đồn" in s.footer
        assert s.footer.endswith("Giúp")
        await s.press("f6")
        assert isinstance(s.app.screen, CoverageScreen)
        lines = s.text.splitlines()
        assert "2 đồn · 0 đồn quá 30 ngày chưa có tin" in s.text
        rows = {name: next(x for x in lines if name in x) for name in ("Ea Bung", "Ia Rvê", "tin cuối")}
        month = f"T{date.today().month}"
        column = rows["tin cuối"].split().index(month)
        assert column == 5
        assert "▒▒" in rows["Ia Rvê"]
        assert rows["Ia Rvê"].endswith("1")
        assert "[b]" in rows["Ea Bung"]
        assert "chưa lần nào" in rows["Ea Bung"]
        assert "Chưa biết máy nào" in s.text
        at = rows["tin cuối"].index(month) + len(month)
        assert rows["Ia Rvê"][at - 2 : at] == "▒▒", "each sign stands below its month"
        await s.press("down")
        assert "Máy A: tin cuối" in s.text
        assert rows["tin cuối"].endswith("chờ duyệt")  # the heading fits into one line of 80
        assert f"phiên bản {fieldapp.__version__}" in s.text
        assert s.footer.endswith("Giúp")
        await s.press("enter")
        assert isinstance(s.app.screen, ReviewOverviewScreen)
        assert "Đồn BP Ia Rvê" in s.text
        await s.press("escape", "up", "enter")
        assert "Không có gì chờ duyệt" in s.text
        await s.press("escape")
        assert s.app.screen.query_one("#posts").highlighted == 0  # type: ignore[attr-defined]
        assert reviews.waiting_counts(world.hq)


async def test_it_is_found_by_its_name_at_headquarters_only(world: World) -> None:
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("ctrl+p", "cac don: don nao", "enter")
        assert isinstance(s.app.screen, CoverageScreen)
    async with run(world.root / "post", world.post.reopen()) as s:
        await s.press("ctrl+p", "don nao chua gui", "enter")
        assert not isinstance(s.app.screen, CoverageScreen)
        await s.press("escape", "f6")
        assert not isinstance(s.app.screen, CoverageScreen)


async def test_a_post_that_is_silent_stands_on_the_first_screen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    today = date.today() + timedelta(days=45)

    async with run(world.root / "hq", world.hq.reopen()) as s:
        assert "chưa gửi dữ liệu" not in s.text
    monkeypatch.setattr(wall, "today", lambda: today)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        line = next(x for x in s.text.splitlines() if "chưa gửi dữ liệu" in x)
        assert " ".join(line.split()) == "! 45 ngày Đồn BP Ia Rvê: quá 30 ngày chưa gửi dữ liệu: liên hệ đồn"
        await s.press("home", "enter")
        assert isinstance(s.app.screen, CoverageScreen)
    monkeypatch.undo()
    async with run(world.root / "post", world.post.reopen()) as s:
        assert "quá 30 ngày" not in s.text
