"""What the officer says in a report, typed on the screen; and the letter around it."""

from datetime import date
from pathlib import Path

import docx
import pytest
from field import World
from screen_driver import Running
from textual.widgets import Static

from fieldapp.reports import sections
from fieldapp.reports.letterhead import Issue, issue, letterhead
from fieldapp.reports.query import Query, period_of
from fieldapp.reports.report import Report, report
from fieldapp.reports.sections import save_sections, section_texts
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.letterhead import LetterheadScreen
from fieldapp.tui.screens.report import ReportScreen
from fieldapp.tui.screens.report_file import ReportFileScreen
from fieldapp.tui.screens.report_text import ReportTextScreen
from fieldapp.tui.widgets.text_field import TextField

YEAR = Query(period_of("2013", date(2013, 11, 24)))
F8 = ("f8", "f4", "2013", "enter")
"""Headquarters' report of the year"""


@pytest.fixture(autouse=True)
def on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall, "today", lambda: date(2013, 11, 24))
    lines = {"assessment": ["Tăng 12%.", "Đạt kế hoạch."], "shortcomings": ["2 việc chậm."]}
    monkeypatch.setattr(sections, "proposals", lambda _store, _made, _layout: lines)


def at_headquarters(world: World) -> Running:
    return Running(FieldApp(world.root / "hq", world.hq.reopen()))


def said(world: World) -> dict[str, tuple[str, str]]:
    return {t.section: (t.text, t.origin) for t in section_texts(world.hq, report(world.hq, YEAR))}


async def test_the_proposal_stands_there_and_what_is_typed_stays_with_the_period(world: World) -> None:
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab")
        assert isinstance(s.app.screen, ReportTextScreen)
        assert "Tăng 12%. ⏎ Đạt kế hoạch." in s.text
        assert "Ưu điểm · gợi ý" in s.text
        await s.press("down", "down", "Duong xa.", "enter", "Thieu nguoi.")
        s.app.screen.keep()  # as the clock does each second
        await s.wait("✓ Đã giữ lời văn cùng báo cáo năm 2013.")
        await s.press("escape")
        assert isinstance(s.app.screen, ReportScreen)
    assert said(world)["causes"] == ("Duong xa.\nThieu nguoi.", "written")
    assert said(world)["assessment"] == ("Tăng 12%.\nĐạt kế hoạch.", "proposed")


async def test_what_could_not_be_kept_is_not_lost_unsaid(world: World) -> None:
    """The disk is full, or another window writes: Esc says so first."""
    other = world.hq.reopen()
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab", "down", "down", "Duong xa.")
        s.app.store.db.execute("PRAGMA busy_timeout = 0")
        other.db.execute("BEGIN IMMEDIATE")
        await s.press("escape")
        assert isinstance(s.app.screen, ReportTextScreen)
        assert "Bấm Esc lần nữa để ra" in " ".join(s.text.split())
        other.db.execute("ROLLBACK")
        await s.press("escape")
        assert isinstance(s.app.screen, ReportScreen)
    other.close()
    assert said(world)["causes"] == ("Duong xa.", "written")


async def test_what_is_typed_takes_the_place_of_the_sign_that_leaves_a_section_out(world: World) -> None:
    save_sections(world.hq, report(world.hq, YEAR), {"causes": "-"})
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab", "down", "down", "Duong xa.", "f2")
    assert said(world)["causes"] == ("Duong xa.", "written")


async def test_a_sentence_that_is_typed_stands_behind_what_is_there_on_a_line_of_its_own(world: World) -> None:
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab", "down", "up")
        await s.press("down", "Thieu xuong.", "f2")
    assert said(world)["shortcomings"] == ("2 việc chậm.\nThieu xuong.", "written")
    assert said(world)["assessment"] == ("Tăng 12%.\nĐạt kế hoạch.", "proposed"), "it was only looked at"


async def test_the_directions_of_the_period_before_are_offered_and_kept_by_f2(world: World) -> None:
    save_sections(world.hq, report(world.hq, Query(period_of("2012", date(2013, 1, 1)))), {"directions": "Giao ban."})
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab")
        assert "như năm 2012" in " ".join(s.text.split())
        await s.press("escape")
        assert said(world)["directions"] == ("", "empty"), "offered is not said"
        await s.press("tab", "f2")
        assert isinstance(s.app.screen, ReportScreen)
    assert said(world)["directions"] == ("Giao ban.", "written")


async def test_f5_goes_through_the_words_of_before_the_proposal_and_what_was_typed(world: World) -> None:
    before = Query(period_of("2012", date(2013, 1, 1)))
    save_sections(world.hq, report(world.hq, before), {"shortcomings": "Năm ngoái chậm."})
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab", "down", "home", "A ")
        assert "F5 lấy lời của năm 2012." in s.text
        seen = []
        for _ in range(4):
            await s.press("f5")
            seen.append(said(world)["shortcomings"])
        await s.press("down", "f5")
        await s.wait("Mục này kỳ trước chưa có lời")
    own = ("A 2 việc chậm.", "written")
    assert seen == [("Năm ngoái chậm.", "written"), ("2 việc chậm.", "proposed"), own, ("Năm ngoái chậm.", "written")]


async def test_what_is_typed_is_kept_without_a_key_and_no_proposal_is_computed_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They read all records of the period; text is kept each second."""
    asked: list[Report] = []

    def proposals(_store: Store, made: Report, _layout: str) -> dict[str, list[str]]:
        asked.append(made)
        return {}

    monkeypatch.setattr(sections, "proposals", proposals)
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab")
        for word in ("Một. ", "Hai."):
            await s.press(word)
            s.app.screen.keep()  # type: ignore[attr-defined] # as the clock does each second
        assert len(asked) == 1
    assert said(world)["assessment"] == ("Một. Hai.", "written")


async def test_lines_that_are_pasted_stay_lines(world: World) -> None:
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab", "down", "down")
        field = s.app.screen.focused
        assert isinstance(field, TextField)
        field.paste("Một.\r\nHai.\n")
        for piece in (" Ba ", "bốn."):  # as some input methods send words
            field.paste(piece)
        await s.press("f2")
    assert said(world)["causes"] == ("Một.\nHai. Ba bốn.", "written")


async def test_a_line_break_is_one_letter_to_the_keys_and_no_empty_line_is_kept(world: World) -> None:
    async with at_headquarters(world) as s:
        await s.press(*F8, "tab", "down", "enter", "Cham.", "enter", "enter")
        field = s.app.screen.focused
        assert isinstance(field, TextField)
        assert field.value == "2 việc chậm. ⏎ Cham. ⏎ ", "Enter on a new line begins no other one"
        for keys, left in (
            (("backspace",), "2 việc chậm. ⏎ Cham."),
            (("left",) * 5, "2 việc chậm. ⏎ Cham."),
            (("backspace",), "2 việc chậm.Cham."),
            (("enter",), "2 việc chậm. ⏎ Cham."),
            (("left", "delete"), "2 việc chậm.Cham."),
            (("enter", "Rat "), "2 việc chậm. ⏎ Rat Cham."),
        ):
            await s.press(*keys)
            assert field.value == left, keys
        field.paste("a\n\n\nb\n")
        await s.press("enter", "enter", "f2")
    assert said(world)["shortcomings"] == ("2 việc chậm.\nRat a\nb\nCham.", "written")
    save_sections(world.hq, report(world.hq, YEAR), {"causes": "\nMột.\n \n\nHai.\n\n"})
    assert said(world)["causes"] == ("Một.\nHai.", "written"), "by any road"


async def test_the_letter_is_seen_while_it_is_typed_and_written_so(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    async with at_headquarters(world) as s:
        await s.press(*F8, "f2", "f2")
        assert isinstance(s.app.screen, LetterheadScreen)
        await s.press("12", "enter", "5/2/2013", "enter", "-BCH", "enter", "Bo Tu lenh", "enter")
        preview = str(s.app.screen.query_one("#preview > Static", Static).render())
        for line in ("BO TU LENH", "Số: 12/BC-BCH", "ngày 05 tháng 02 năm 2013", "CỘNG HÒA XÃ HỘI", "Nơi nhận:"):
            assert line in preview
        await s.press("f7")
        assert "ĐẢNG CỘNG SẢN" in s.text
        await s.press("f2")
        assert isinstance(s.app.screen, ReportFileScreen)
        assert "số 12, ngày 05/02/2013" in s.text
        s.app.screen.query_one(TextField).value = str(folder)
        await s.press("enter")
        await s.app.workers.wait_for_complete()
    assert letterhead(world.hq, "decree30").sign == "BC-BCH"
    assert issue(world.hq, YEAR, "decree30") == Issue("12", date(2013, 2, 5))
    (path,) = folder.iterdir()
    assert docx.Document(str(path)).tables[0].rows[1].cells[0].text == "Số: 12/BC-BCH"


async def test_a_letterhead_that_is_not_saved_or_whose_day_is_no_day_is_asked_about(world: World) -> None:
    async with at_headquarters(world) as s:
        await s.press(*F8, "f2", "f2", "12", "enter", "31/2/2013", "f2")
        await s.wait("Chưa hiểu ngày văn bản")
        await s.press(*["backspace"] * 9, "escape")
        await s.wait("Chưa lưu. F2 để lưu")
        assert s.app.screen.unkept  # type: ignore[attr-defined]
        await s.press("f2", "f2", "escape")
        assert isinstance(s.app.screen, ReportFileScreen)
    assert issue(world.hq, YEAR, "decree30").number == "12"


async def test_the_annex_is_a_choice(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    async with at_headquarters(world) as s:
        await s.press(*F8, "f2")
        s.app.screen.query_one(TextField).value = str(folder)
        for first in ((), ("space",)):
            await s.pilot.press(*first, "enter")
            await s.app.workers.wait_for_complete()
            await s.press()
        assert "có phụ lục nguồn số liệu" in s.text
    texts = [[p.text for p in docx.Document(str(path)).paragraphs] for path in sorted(folder.iterdir())]
    assert [("NGUỒN SỐ LIỆU" in lines) for lines in texts] == [False, True]


async def test_the_letterhead_is_found_by_its_words(world: World) -> None:
    async with at_headquarters(world) as s:
        await s.press("ctrl+p", "noi nhan", "enter")
        assert isinstance(s.app.screen, LetterheadScreen)
        assert "Số văn bản" not in s.text
