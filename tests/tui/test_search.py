"""F3 finds a record of any kind by what people remember of it."""

from field import World
from form_driver import strokes
from textual.widgets import Static

from fieldapp.records import lists, records
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.search import SearchScreen
from fieldapp.tui.widgets.record_table import RecordTable
from fieldapp.work import review_queue


def shown(app: FieldApp) -> list[str]:
    return [f"{kind} · {name}" for _sign, (kind, name) in app.screen.query_one(RecordTable).lines]


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
    review_queue.review_record(world.hq, sent_back, "returned", comment="xem lại")
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
