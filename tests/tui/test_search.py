"""F3 finds a record of any kind by what people remember of it."""

from field import World
from form_driver import strokes
from textual.widgets import Static

from fieldapp.records import lists, records
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.search import SearchScreen
from fieldapp.tui.widgets.record_table import RecordTable
from fieldapp.work import review_queue


def shown(app: FieldApp) -> list[str]:
    return [" · ".join(columns) for _sign, columns in app.screen.query_one(RecordTable).lines]


async def test_any_record_by_a_person_a_number_or_an_old_district(world: World) -> None:
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    member = records.save(world.post, "member", {"full_name": "Y Hòa Êban"})
    letter = {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-01", "letter_number": "12-GT/ĐU"}
    introduction = records.save(world.post, "introduction", letter)
    world.well(description="Giếng khoan nghĩa tình")
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f3>", "y hoà eban")
        assert isinstance(app.screen, SearchScreen)
        assert len(shown(app)) == 2  # the member, and his introduction
        await strokes(pilot, *["<backspace>"] * 12, "12 gt")
        assert ["Giới thiệu sinh hoạt" in line for line in shown(app)] == [True]
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, RecordScreen)
        assert app.screen._record_id == introduction
        await strokes(pilot, "<escape>", *["<backspace>"] * 6, "huyen ea sup")
        assert "Giếng khoan" in shown(app)[0]  # what was recorded comes before the units of that name
        await strokes(pilot, *["<backspace>"] * 12, "khongcogi")
        assert shown(app) == []


async def test_kind_period_and_state_narrow(world: World) -> None:
    wrong = world.well(date_from="2013-01-05")
    sent_back = world.well(date_from="2013-03-05")
    world.well(date_from="2013-05-05")
    world.carry(world.post, world.hq)
    review_queue.review_record(world.hq, sent_back, "returned", comments=[review_queue.comment_on("", "xem lại")])
    world.carry(world.hq, world.post)
    records.void(world.post, wrong, "nhầm")
    records.save(world.post, "event", {"name": "Lũ lớn", "date_from": "2013-09-18"})
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f3>")
        assert len(shown(app)) == 3  # without words: the newest of all kinds, none that was voided
        await strokes(pilot, "<f4>", "su kien", "<enter>")
        assert ["Lũ lớn" in line for line in shown(app)] == [True]
        await strokes(pilot, "<f4>", "hoat dong", "<enter>", "<f7>", "tra lai", "<enter>")
        assert ["05/03/2013" in line for line in shown(app)] == [True]
        await strokes(pilot, "<f4>", "ia lop", "<enter>")
        assert shown(app) == []
        await strokes(pilot, "<f4>", "huyen ea sup", "<enter>")  # of which the commune was a part
        assert "Huyện Ea Súp" in str(app.screen.query_one("#sieve", Static).render())
        assert ["05/03/2013" in line for line in shown(app)] == [True]
        await strokes(pilot, "<f7>", "da huy", "<enter>")
        assert ["05/01/2013" in line for line in shown(app)] == [True]
        await strokes(pilot, "<f4>", "<enter>", "<f4>", "<enter>", "<f7>", "<enter>", "ba na")
        assert any("Chi bộ buôn Ba Na" in line for line in shown(app))
        await strokes(pilot, "<f4>", "ia lop", "<enter>")
        assert shown(app) == []
        await strokes(pilot, "<f4>", "nam 2026", "<enter>")
        assert shown(app) == []


async def test_each_line_says_the_day_and_at_headquarters_the_post(world: World) -> None:
    """The name of a cell is long, and its meeting's day came last in it."""
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    records.save(world.post, "meeting", {"party_cell_id": cell, "held_on": "2013-11-03", "meeting_type": "regular"})
    world.well()
    world.carry(world.post, world.hq)
    for store, post in ((world.post, ()), (world.hq, ("Đồn BP Ia Rvê",))):
        app = FieldApp(world.root, store)
        async with app.run_test(size=(80, 24)) as pilot:
            await strokes(pilot, "<f3>", "ba na")
            painted = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            (line,) = (line for line in painted.splitlines() if "Kỳ sinh hoạt" in line)
            assert all(words in line for words in ("03/11/2013", "Chi bộ buôn", *post)), line
            if post:
                app.push_screen(ListScreen("activity"))
                await strokes(pilot)
                painted = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
                (line,) = (line for line in painted.splitlines() if "Giếng khoan" in line)
                assert "05/10/2013" in line
                assert "Đồn BP Ia Rvê" in line
                app.pop_screen()
                await strokes(pilot)
