"""Headquarters looks at records on the screen, and the post sees what it said."""

from typing import Any

import pytest
from field import World, of_another_post
from form_driver import strokes
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from fieldapp.domain.dates import format_date
from fieldapp.records import records, reviews
from fieldapp.store import wall
from fieldapp.tui import second_press
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.conflicts import ConflictsScreen
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.record import ReasonField, RecordScreen
from fieldapp.tui.screens.review_list import ReviewListScreen
from fieldapp.tui.screens.review_overview import ReviewOverviewScreen
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.work import review_queue


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
        await strokes(pilot, "<f7>")
        assert isinstance(app.screen, ReviewOverviewScreen)
        assert "2 Đồn BP Ia Rvê" in lines(app)
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, ReviewListScreen)
        assert " · Giếng khoan · 05/10/2013 · Xã Ia Rvê · 1 giếng, 12 hộ" in lines(app)
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, RecordScreen)
        await strokes(pilot, "<delete>", "so lieu", "<enter>", "may ho?", "<enter>")
        said = reviews.last_reviews(world.hq, "activity", [well])[well]
        assert (said.state, said.comments, said.comment) == (
            "returned",
            (reviews.Comment("may ho?", "measures"),),
            "may ho?",
        )
        assert isinstance(app.screen, ReviewListScreen)
        assert "↩ Đã trả lại: gửi về đồn trong gói trả lời lần sau." in str(
            app.screen.query_one("#left", Static).render()
        )
        app.push_screen(RecordScreen(well))
        await pilot.pause()
        assert "· Đồn BP Ia Rvê ↩ trả lại" in lines(app)
        assert f"↩ trả lại {format_date(wall.today())}, Trực ban · Số liệu: “may ho?”" in lines(app)
        assert "Trực ban Sở chỉ huy: ↩ trả lại · Số liệu: “may ho?”" in lines(app)
        await strokes(pilot, "<escape>")
        await strokes(pilot, "<f6>")
        assert reviews.last_reviews(world.hq, "activity", [other])[other].state == "accepted"
        assert "Không có gì chờ duyệt" in lines(app)
        assert not {"enter", "f2", "f6"} & app.screen.active_bindings.keys(), "an empty list offers nothing"
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


async def test_several_comments_in_one_return_each_at_its_place_at_the_post(world: World) -> None:
    well = world.well(description="Giếng khoan")
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f7>", "<enter>", "<enter>", "<delete>", "ho huong loi", "<enter>", "12 hay 21?", "<f6>")
        await strokes(pilot, "noi dung", "<enter>")
        assert "↩ Hộ hưởng lợi: “12 hay 21?”" in lines(app), "what was written first stays in sight"
        await strokes(pilot, "<f2>")
        assert isinstance(app.screen, RecordScreen), "F2 does not accept what is being returned"
        await strokes(pilot, "<escape>")  # one comment back
        assert app.screen.query_one(ReasonField).value == "12 hay 21?"
        assert app.screen.unkept
        await strokes(pilot, "<f6>", "noi dung", "<enter>", "ghi ro.", "<f6>", "thieu chu ky", "<enter>")
        assert app.screen.query_one(ReasonField).value == "thieu chu ky", "typed into the list of fields"
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, ReviewListScreen)
        said = world.hq.row("SELECT * FROM review")
        assert said is not None
        told = "Hộ hưởng lợi: 12 hay 21?; Nội dung: ghi ro; thieu chu ky"
        assert (said["outcome"], said["field"], said["comment"]) == ("returned", None, told), (
            "as older versions read it"
        )
    again = world.copy(world.root.parent / "again")
    again.carry(again.hq, again.post)
    app = FieldApp(again.root / "post", again.post)
    async with app.run_test(size=(80, 40)) as pilot:
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, RecordScreen)
        assert "✓ SCH đã nhận" not in lines(app)
        said = "Hộ hưởng lợi: “12 hay 21?” · Nội dung: “ghi ro.” · “thieu chu ky”"
        assert f"↩ trả lại {format_date(wall.today())}, Trực ban · {said}" in lines(app)
        assert f"Trực ban Sở chỉ huy: ↩ trả lại · {said}" in lines(app), "in the history too"
        await strokes(pilot, "<f2>")
        assert isinstance(app.screen, FormScreen)
        assert "↩ trả lại: “thieu chu ky”" in lines(app)
        assert "↩ trả lại · Nội dung: “ghi ro.”" in lines(app)
        focused = app.screen.focused
        assert focused is not None
        row = next(w for w in focused.ancestors if isinstance(w, FieldRow))
        assert row.title == "Hộ hưởng lợi", "the first comment has the cursor"
        assert "↩ trả lại · Hộ hưởng lợi: “12 hay 21?”" in [str(w.content) for w in row.query(Static)]
        await strokes(pilot, "<backspace>", "<backspace>", "21")
        assert "✓ đã sửa · Hộ hưởng lợi: “12 hay 21?”" in lines(app)
        await strokes(pilot, "<f2>")
        assert "Sở chỉ huy trả lại: “ghi ro.” Giữ nguyên như hiện nay có đúng không?" in lines(app)
        assert "“12 hay 21?” Giữ nguyên" not in lines(app)
        await strokes(pilot, "<f2>")
        assert isinstance(app.screen, RecordScreen)
        assert reviews.last_reviews(again.post, "activity", [well])[well].state == "corrected"
        await strokes(pilot, "<f2>")
        assert isinstance(app.screen, FormScreen)
        assert "trả lại" not in lines(app), "correcting clears the comments"


async def test_accepting_waits_for_a_second_look_where_something_is_odd(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both of two that seem to be one are seen beside each other, and accepting both asks."""
    twice = [world.well(), world.well(measures=[{"measure_id": "gieng", "amount": 2}])]
    plain = world.well(date_from="2013-11-06")
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq)
    async with app.run_test(size=(80, 24)) as pilot:
        monkeypatch.setattr(second_press, "now", lambda: 0.0)
        await strokes(pilot, "<f7>", "<enter>", "<f6>")
        assert [*reviews.last_reviews(world.hq, "activity", [*twice, plain])] == [plain]
        assert "Đã duyệt 1 bản ghi. Còn lại, cần xem từng bản: 2 bản có dấu “?”." in lines(app)
        assert "ghi hai lần" in lines(app)
        await strokes(pilot, "<enter>")
        assert "≠ Số liệu Giếng: 1 giếng Giếng: 2 giếng" in lines(app)
        await strokes(pilot, "<f4>")
        assert "≠ Số liệu Giếng: 2 giếng Giếng: 1 giếng" in lines(app), "the other one, beside the first"
        await strokes(pilot, "<escape>", "<f2>")
        assert isinstance(app.screen, ReviewListScreen)
        assert [*reviews.last_reviews(world.hq, "activity", twice)] == twice[:1]
        asked = "Bản ghi đối chiếu đã được duyệt (Trực ban). Duyệt cả hai? Nếu đúng, bấm F2 lần nữa."
        await strokes(pilot, "<f2>")
        assert asked in lines(app)
        await strokes(pilot, "<enter>", "<f2>")
        assert asked in lines(app)
        assert [*reviews.last_reviews(world.hq, "activity", twice)] == twice[:1]
        monkeypatch.setattr(second_press, "now", lambda: 2.0)
        await strokes(pilot, "<f2>")
        assert isinstance(app.screen, ReviewListScreen)
        assert {*reviews.last_reviews(world.hq, "activity", twice)} == {*twice}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (("<delete>", "ghi trung", "<enter>", "<enter>"), "↩ Đã trả lại bản ghi {which}; đây là bản ghi còn lại."),
        (("<f2>",), "✓ Đã duyệt bản ghi {which}; đây là bản ghi còn lại."),
    ],
)
async def test_after_a_decision_on_the_other_of_two_the_first_says_which_is_shown_now(
    world: World, keys: tuple[str, ...], told: str
) -> None:
    """And accepting on the screen of one record leaves a line on the list."""
    first, second = world.well(), world.well(measures=[{"measure_id": "gieng", "amount": 2}])
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f7>", "<enter>", "<enter>")
        assert isinstance(app.screen, RecordScreen)
        here = app.screen._record_id
        await strokes(pilot, "<f4>", *keys)
        assert isinstance(app.screen, RecordScreen)
        assert app.screen._record_id == here
        assert told.format(which="sau" if here == first else "trước") in lines(app)
        assert [*reviews.last_reviews(world.hq, "activity", [first, second])] == [second if here == first else first]
        await strokes(pilot, "<delete>", "so lieu", "<enter>")
        assert "Enter Trả lại" in lines(app)
        assert "đây là bản ghi còn lại" not in lines(app)
        if keys != ("<f2>",):
            await strokes(pilot, "<escape>", "<f2>")
            assert isinstance(app.screen, ReviewListScreen)
            assert str(app.screen.query_one("#left", Static).render()) == "✓ Đã duyệt."


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


async def test_what_its_post_voided_since_it_was_accepted_stands_below_what_waits(world: World) -> None:
    voided, other = world.well(), world.well(hamlet="Buôn Khác", date_from="2013-11-06")
    world.carry(world.post, world.hq)
    for row_id in (voided, other):
        review_queue.review_record(world.hq, row_id, "accepted", confirm=True)
    records.void(world.post, voided, "Ghi nhầm đồn.")
    records.save(world.post, "activity", {"description": "Sửa."}, other, confirm=True)
    never_seen = world.well(hamlet="Buôn Ba")
    records.void(world.post, never_seen, "Ghi nhầm ngày.")
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f7>", "<enter>")
        assert "× Giếng khoan · 05/10/2013 · Xã Ia Rvê: đã hủy" in lines(app)
        assert "Ghi nhầm đồn." in lines(app) and "Ghi nhầm ngày" not in lines(app)


async def test_a_wider_screen_shows_the_whole_name_of_a_post(world: World) -> None:
    world.well()
    world.carry(world.post, world.hq)
    with world.hq.transaction():
        world.hq.db.execute("UPDATE post SET name = 'Đồn Biên phòng cửa khẩu Đắk Ruê'")
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(60, 20)) as pilot:
        await strokes(pilot, "<f7>")
        assert "Đắk Ruê Hoạt động" not in lines(app)
        await pilot.resize_terminal(100, 24)
        await pilot.pause(0.05)  # Textual waits for the last size of several
        await pilot.pause()
        assert "Đồn Biên phòng cửa khẩu Đắk Ruê Hoạt động" in lines(app)


async def test_what_is_asked_about_two_records_is_on_the_first_screen_and_among_what_to_decide(world: World) -> None:
    """Also beside the number of each post; a twin that was returned asks no more."""
    twice = [world.well(), world.well()]
    patrol = world.well(joint_reference="TTC-11", date_from="2013-11-06")
    other = world.well(
        joint_reference="TTC-11", date_from="2013-11-06", measures=[{"measure_id": "gieng", "amount": 3}]
    )
    world.carry(world.post, world.hq)
    of_another_post(world.hq, other)
    app = FieldApp(world.root / "hq", world.hq)
    async with app.run_test(size=(80, 34)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "chờ duyệt 4 bản ghi của 2 đồn, 4 bản ghi có dấu “?”: F7" in lines(app)
        assert "! ghi hai lần? Đồn BP Ia Rvê: Giếng khoan · 05/10/2013 · Xã Ia Rvê" in lines(app)
        await strokes(pilot, "<f6>")
        assert "Enter/F7 Duyệt" in lines(app)
        assert "F6 Cần quyết định" in lines(app)
        await strokes(pilot, "<f7>")
        assert isinstance(app.screen, ReviewOverviewScreen), "F7 is the review, as on the first screen"
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "3 Đồn BP Ia Rvê Hoạt động ? 3" in lines(app)
        assert "1 Đồn IALOP Hoạt động ? 1" in lines(app)
        await strokes(pilot, "<escape>", "<f6>")
        assert isinstance(app.screen, ConflictsScreen)
        assert "? Đồn BP Ia Rvê: Hoạt động phối hợp TTC-11: Giếng ở đây là 1 giếng, Đồn IALOP ghi 3" in lines(app)
        assert "ghi hai lần, hay là hoạt động chung?" in lines(app)
        await strokes(pilot, "<enter>")
        assert isinstance(app.screen, RecordScreen)
        assert app.screen._record_id == patrol
        assert "báo cáo đang tính 1 giếng của Đồn BP Ia Rvê" in lines(app)
        assert "→ Gọi hai đồn. Del: trả lại bản ghi sai" in lines(app)
        app.push_screen(RecordScreen(twice[0]))
        await pilot.pause()
        assert "? Bản ghi đối chiếu: Máy đã hỏi: " in lines(app), "what its post answered"
        await strokes(pilot, "<escape>")
        await strokes(pilot, "<escape>", "<down>", "<enter>")
        assert app.screen._record_id in twice
        assert "→ Gọi đồn. Del: trả lại bản ghi thừa" in lines(app)
        await strokes(pilot, "<delete>", "ghi trung", "<enter>", "<enter>")
        assert isinstance(app.screen, ConflictsScreen)
        assert "ghi hai lần" not in lines(app), "one of the two was returned"
        left = next(row_id for row_id in twice if row_id not in reviews.last_reviews(world.hq, "activity", twice))
        app.push_screen(RecordScreen(left))
        await pilot.pause()
        assert "ghi hai lần" not in lines(app)


async def test_the_record_says_what_its_post_was_asked_and_confirmed(world: World) -> None:
    """Which figure and which rule, at headquarters and at the post."""
    well = world.well(measures=[{"measure_id": "gieng", "amount": 700}])
    world.carry(world.post, world.hq)
    asked = "Giếng: 700 giếng nhiều hơn thường lệ (thường không quá 10 giếng). Có đúng không?"
    for store in (world.hq, world.post):
        app = FieldApp(store.home, store)
        async with app.run_test(size=(160, 34)) as pilot:
            app.push_screen(RecordScreen(well))
            await pilot.pause()
            assert f"Máy đã hỏi: “{asked}” Đồn trả lời: đúng." in lines(app)
