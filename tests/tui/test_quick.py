"""Quick entry: one record a line, by keys alone."""

from typing import Any

from field import World
from form_driver import strokes
from old_letters import shown
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Static

from fieldapp.records import lists, records
from fieldapp.tui.app import FieldApp
from fieldapp.tui.pasted_range import in_unicode, left_out, pasted_rows, placed
from fieldapp.tui.screens.quick import QuickScreen
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.old_fonts import Encoding


async def paste(pilot: Pilot[Any], text: str) -> None:
    pilot.app.post_message(Paste(text))
    await strokes(pilot)


def said(app: FieldApp, where: str) -> str:
    return str(app.screen.query_one(where, Static).content)


async def test_lines_of_one_kind_with_day_and_place_staying(world: World) -> None:
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>")
        assert isinstance(app.screen, QuickScreen)
        await strokes(pilot, "5/11/26", "<enter>", "ia rve", "<enter>", "1", "<enter>", "12")
        assert "12 hộ" in said(app, "#reading")
        await strokes(pilot, "<f2>")
        await strokes(pilot, "6/11/26", "<enter>", "<enter>", "2", "<enter>", "<enter>", "70tr", "<enter>")
        found = lists.record_window(world.post, "activity").rows
        assert [r["date_from"] for r in found] == ["2026-11-06", "2026-11-05"]
        assert found[0]["unit_id"] == found[1]["unit_id"]
        figures = [[m["amount"] for m in records.get(world.post, r["id"]).children["measures"]] for r in found]
        assert figures == [[2, 70_000_000], [1, 12]]
        assert said(app, "#lines").count("✓") == 2


async def test_what_is_wrong_keeps_the_line_and_what_is_odd_asks_once(world: World) -> None:
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>")
        await strokes(pilot, "31/2/26", "<enter>", "ia rve", "<enter>", "1", "<f2>")
        assert lists.count(world.post, "activity") == 0
        assert said(app, "#message").startswith("!")
        await strokes(pilot, "5/11/26", "<f2>")  # the focus is on the day: typing takes its place
        assert lists.count(world.post, "activity") == 1
        await strokes(pilot, "<enter>", "<enter>", "1", "<f2>")
        assert said(app, "#message").startswith("?")
        await strokes(pilot, "<f2>")
        assert lists.count(world.post, "activity") == 2


async def test_a_line_that_was_begun_is_a_draft_of_the_form(world: World) -> None:
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>")
        await strokes(pilot, "5/11/26", "<enter>", "ia rve", "<enter>", "3", "<escape>", "<escape>")
        (draft,) = world.post.drafts()
        await strokes(pilot, "<enter>", "<f2>")
        (saved,) = lists.record_window(world.post, "activity").rows
        assert [m["amount"] for m in records.get(world.post, saved["id"]).children["measures"]] == [3]
        assert draft.kind == "activity"


async def test_a_line_that_could_not_be_kept_is_not_lost_unsaid(world: World) -> None:
    """Another window takes in bundles meanwhile: Esc says so first, and the program is not left without a word."""
    other = world.post.reopen()
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>", "5/11/26", "<enter>")
        world.post.db.execute("PRAGMA busy_timeout = 0")
        other.db.execute("BEGIN IMMEDIATE")
        await strokes(pilot, "<ctrl+q>")
        assert app.is_running
        await strokes(pilot, "<escape>")
        assert isinstance(app.screen, QuickScreen)
        assert "Bấm Esc lần nữa để ra" in said(app, "#message")
        other.db.execute("ROLLBACK")
        await strokes(pilot, "<escape>")
        assert not isinstance(app.screen, QuickScreen)
        assert len(other.drafts()) == 1
    other.close()


async def test_any_kind_can_be_entered_quickly(world: World) -> None:
    for kind in ("member", "commendation", "household_charge", "matter"):
        app = FieldApp(world.root / "post", world.post.reopen())
        async with app.run_test(size=(80, 24)) as pilot:
            await app.push_screen(QuickScreen(kind))
            await strokes(pilot, "<enter>", "<enter>")
            assert said(app, "#titles").strip()


async def test_a_kind_of_which_every_cell_stays_is_recorded_too(world: World) -> None:
    """Party cell, year and grade of a rating all stay for the next line; the same line again is none."""
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(QuickScreen("cell_rating"))
        await strokes(pilot, "<f2>")
        assert said(app, "#message") == "Dòng này còn trống."
        await strokes(pilot, "ba na", "<enter>", "2025", "<enter>", "tot", "<f2>")
        assert said(app, "#lines").count("✓") == 1
        await strokes(pilot, "<f2>")
        assert said(app, "#message") == "Dòng này còn trống."
        await strokes(pilot, "<enter>", "2024", "<escape>")
        assert [r["year"] for r in lists.record_window(world.post, "cell_rating").rows] == [2025]
        assert len(world.post.drafts()) == 1, "a line that was begun is kept"


async def test_cells_of_a_pasted_range_go_to_their_columns(world: World) -> None:
    """Row after row: each is seen before it is recorded."""
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(120, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>")
        await paste(pilot, '05/11/2026\tIa Rvê\t1\t12\r\n"06/11/2026"\tIa Rvê\t2\t\r\n')
        assert lists.count(world.post, "activity") == 0
        assert "Còn 1 dòng" in said(app, "#message")
        await strokes(pilot, "<escape>")
        assert isinstance(app.screen, QuickScreen)
        assert "chưa ghi" in said(app, "#message")
        await strokes(pilot, "<f2>", "<f2>")
        found = lists.record_window(world.post, "activity").rows
        assert [r["date_from"] for r in found] == ["2026-11-06", "2026-11-05"]
        figures = [[m["amount"] for m in records.get(world.post, r["id"]).children["measures"]] for r in found]
        assert figures == [[2], [1, 12]]


async def test_a_second_range_comes_after_the_first(world: World) -> None:
    """Nothing that waits is replaced, nor what is typed in the line; and the program is not left over it unasked."""
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(120, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>", "4/11")
        await paste(pilot, "05/11/2026\tIa Rvê\t1\t12\r\n06/11/2026\tIa Rvê\t2\t\r\n")
        assert "Còn 2 dòng" in said(app, "#message")
        await strokes(pilot, "<ctrl+a>", "<ctrl+k>", "<f2>")
        assert "Còn 1 dòng" in said(app, "#message"), "an empty line gives way"
        await paste(pilot, "07/11/2026\tIa Rvê\t3\t\r\n08/11/2026\tIa Rvê\t4\t\r\n")
        assert "Còn 3 dòng" in said(app, "#message")
        await pilot.resize_terminal(80, 24)
        await strokes(pilot, "<ctrl+q>")
        assert app.is_running
        await strokes(pilot, "<f2>", "<f2>", "<f2>", "<f2>")
        found = lists.record_window(world.post, "activity").rows
        assert [r["date_from"] for r in found] == [f"2026-11-0{day}" for day in (8, 7, 6, 5)]
        figures = [[m["amount"] for m in records.get(world.post, r["id"]).children["measures"]] for r in found]
        assert figures == [[4], [3], [2], [1, 12]]


def test_a_range_as_a_spreadsheet_copies_it() -> None:
    """Quoted cells with line breaks, a line of headings in another order, numbering, an old font, a quote of a text."""
    text = shown("Giúp bà con thôn Ba", Encoding.TCVN3)
    rows = pasted_rows(f'STT\tNội dung\tNgày\r\n1\t"{text}\nđi ""chợ"""\t5/11/2026\r\n2\txã\t\r\n')
    assert rows is not None
    rows, changed = in_unicode(rows)
    assert [change.before for change in changed] == [f'{text} đi "chợ"']
    columns = [frozenset({name}) for name in ("Ngày", "Nơi", "Nội dung")]
    assert placed(rows, columns, 0) == [
        ["5/11/2026", "", 'Giúp bà con thôn Ba đi "chợ"'],
        ["", "", "xã"],
    ]
    assert placed([["a", "b"]], columns, 1) == [["", "a", "b"]]
    assert placed([["a", "b"]], columns, 2) is None
    twice = [["Ngày", "Ngày", "Nơi"], ["5/11", "6/11", "Ia Rvê"]]
    assert placed(twice, columns[:2], 0) == [["5/11", "Ia Rvê"]]
    assert left_out(twice, columns[:2]) == ["Ngày"]
    assert pasted_rows("một dòng\nhai dòng") is None
    assert pasted_rows('5"\tcao 3" rưỡi') == [['5"', 'cao 3" rưỡi']]
    assert pasted_rows('"Lá lành\t5\nb\t6\nc"\t7') == [['"Lá lành', "5"], ["b", "6"], ['c"', "7"]], (
        "no row is swallowed"
    )


async def test_a_range_that_is_too_wide_is_not_pasted(world: World) -> None:
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>")
        await paste(pilot, "\t".join("123456789012"))
        assert said(app, "#message").startswith("!")
        await paste(pilot, "5/11\n/2026")
        assert isinstance(app.focused, TextField)
        assert app.focused.value == "5/11 /2026", "two lines in one cell are no range"
        await strokes(pilot, "<enter>")
        await paste(pilot, "Ngày\tNơi\n")
        assert app.focused.value == "Ngày Nơi", "headings alone are typed"


async def test_a_column_of_a_range_that_has_no_place_is_named(world: World) -> None:
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>")
        await paste(pilot, "STT\tNgày\tNơi\tThôn, buôn\tTrống\n1\t5/11/2026\tIa Rvê\tBuôn A\t\n")
        (told,) = app._notifications
        assert "“Thôn, buôn”." in told.message
        assert isinstance(app.focused, TextField)
        assert app.focused.value == "05/11/2026"
