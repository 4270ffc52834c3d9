"""Headquarters looks at records on the screen, and the post sees what it said."""

from typing import Any

from field import World
from form_driver import strokes
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from fieldapp.records import records, reviews
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.review_list import ReviewListScreen
from fieldapp.tui.screens.review_overview import ReviewOverviewScreen


def lines(app: FieldApp) -> str:
    """What stands on the screen, in one line."""
    strips = app.screen._compositor.render_strips()
    return " ".join(" ".join(strip.text for strip in strips).split())


async def signs_of_list(app: FieldApp, pilot: Pilot[Any]) -> dict[str, str]:
    """Record -> the sign with which its line of the list begins."""
    screen = ListScreen("activity")
    app.push_screen(screen)
    await pilot.pause()
    shown = [strip.text.strip()[:1] for strip in screen._compositor.render_strips()]
    signs = [sign for sign in shown if sign in set("↩✓·×")][: len(screen._rows)]  # below them is the legend
    found = dict(zip([str(row["id"]) for row in screen._rows], signs, strict=True))
    app.pop_screen()
    await pilot.pause()
    return found


async def test_return_at_headquarters_mend_at_the_post(world: World) -> None:
    well = world.well()
    other = world.well(hamlet="Buôn Khác", date_from="2013-11-06")
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.workers.wait_for_complete()
        assert "· chờ duyệt 2 bản ghi của 1 đồn" in lines(app)
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, ReviewOverviewScreen)
        assert "2 Đồn BP Ia Rvê" in lines(app)
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, ReviewListScreen)
        assert " · Giếng khoan · 05/10/2013 · Xã Ia Rvê · 1 giếng, 12 hộ" in lines(app)
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, RecordScreen)
        await strokes(pilot, "<delete>", "so lieu", "<enter>", "may ho?", "<enter>")
        said = reviews.last_reviews(world.hq, "activity", [well])[well]
        assert (said.state, said.field, said.comment) == ("returned", "measures", "may ho?")
        assert isinstance(app.screen, ReviewListScreen)
        await strokes(pilot, "<f6>")
        assert reviews.last_reviews(world.hq, "activity", [other])[other].state == "accepted"
        assert "Không có gì chờ duyệt" in lines(app)
    again = world.copy(world.root.parent / "again")
    again.carry(again.hq, again.post)
    app = FieldApp(again.root / "post", again.post)
    async with app.run_test(size=(80, 24)) as pilot:
        assert isinstance(app.screen, HomeScreen)
        assert await signs_of_list(app, pilot) == {well: "↩", other: "✓"}
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, RecordScreen)
        await strokes(pilot, "<f2>")
        assert isinstance(app.screen, FormScreen)
        shown = "\n".join(str(s.content) for s in app.screen.query(Static) if s.display)
        assert "↩ trả lại · Số liệu: “may ho?”" in shown
        await strokes(pilot, "<f2>")
        assert isinstance(app.screen, FormScreen)  # asked: is it right as it is?
        await strokes(pilot, "<f2>")
        assert isinstance(app.screen, RecordScreen)
        assert reviews.last_reviews(again.post, "activity", [well])[well].state == "corrected"
        assert (await signs_of_list(app, pilot))[well] == "·"
    again2 = again.copy(world.root.parent / "again2")
    again2.carry(again2.post, again2.hq)
    app = FieldApp(again2.root / "hq", again2.hq)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f7>", "<enter>")
        assert "~" in lines(app)
        await strokes(pilot, "<f2>")
        assert records.get(again2.hq, well)
        assert reviews.last_reviews(again2.hq, "activity", [well])[well].state == "accepted"


async def test_accepting_waits_for_a_second_look_where_something_is_odd(world: World) -> None:
    twice = [world.well(), world.well()]
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f7>", "<enter>", "<f6>")
        assert reviews.last_reviews(world.hq, "activity", twice) == {}
        assert "ghi hai lần" in lines(app)
        await strokes(pilot, "<enter>", "<f2>")
        assert isinstance(app.screen, ReviewListScreen)
        assert len(reviews.last_reviews(world.hq, "activity", twice)) == 1


async def test_a_long_pile_keeps_its_heading_in_sight(world: World) -> None:
    for number in range(40):
        records.save(world.post, "member", {"full_name": f"Trần Văn {number:02}"})
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f7>", "<enter>", "<end>")
        pile = app.screen.query_one(OptionList)
        assert pile.max_scroll_y > 0  # the list scrolls, and not the page
        assert app.screen.max_scroll_y == 0
        assert app.screen.query_one("#what", Static).region.y == 2
