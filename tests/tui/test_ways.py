"""Everyday words find what is to be done: F2, F4 and Ctrl+P search one table, by one ranking."""

import csv
import os
from importlib.resources import files
from typing import Any

import pytest
from field import World
from screen_driver import ScreenDriver, at_post, run
from textual.widgets import OptionList

from fieldapp.records import records
from fieldapp.tui.app import LANGUAGE
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.lock import LockScreen
from fieldapp.tui.screens.quick import QuickScreen
from fieldapp.tui.screens.search import SearchScreen
from fieldapp.tui.screens.sync import SyncScreen
from fieldapp.tui.screens.ways import WayFinder, ways
from fieldapp.tui.widgets.record_table import RecordTable
from fieldapp.tui.widgets.text_field import TextField

WORDS = {
    "giếng": "Ghi › Giếng khoan",
    "gieng": "Ghi › Giếng khoan",
    "khoan gi": "Ghi › Giếng khoan",
    "thêm giếng": "Ghi › Giếng khoan",
    "khám": "Ghi › Khám, chữa bệnh, cấp thuốc miễn phí",
    "ngày công": "Ghi › Giúp dân lao động sản xuất",
    "ngay cong": "Ghi › Giúp dân lao động sản xuất",
    "trạm xá": "Ghi › Phòng khám quân dân y",
    "giếng đào": "Ghi › Giếng khoan",  # so called by headquarters
    "tru dien": "Ghi › Đèn đường",  # a kind of headquarters' own, by its measure
    "hứa": "Ghi › Việc phối hợp",
    "cam kết": "Ghi › Việc phối hợp",
    "họp": "Ghi › Kỳ sinh hoạt",
    "bàn giao giếng": "Ghi › Giếng khoan",
    "giếng khoan thôn 1": "Ghi › Giếng khoan",  # has some of the words, and nothing has all
    "cuộc họp": "Ghi › Kỳ sinh hoạt",
    "họp thôn": "Ghi › Kỳ sinh hoạt",
    "thêm người": "Ghi › Đảng viên",
    "thêm đảng viên": "Ghi › Đảng viên",
    "xem danh sach dang vien": "Sổ › Đảng viên",
    "nhanh": "Ghi › Ghi nhanh, mỗi dòng một bản",
    "khóa": "Cài đặt › Khóa màn hình (Ctrl+L)",
    "khoá": "Cài đặt › Khóa màn hình (Ctrl+L)",
    "ngôn ngữ": "Cài đặt › Ngôn ngữ › Tiếng Việt",
    "tiếng anh": "Cài đặt › Ngôn ngữ › English",
    "tieng anh": "Cài đặt › Ngôn ngữ › English",
    "english": "Cài đặt › Ngôn ngữ › English",
    "màu": "Cài đặt › Màu màn hình › nền tối",
    "báo cáo": "Màn hình › Báo cáo",
    "xem bao cao": "Màn hình › Báo cáo",
    "gửi": "Màn hình › USB",
    "xuất dữ liệu": "Màn hình › USB",
    "ghi ra usb": "Màn hình › USB",
    "sửa bản ghi": "Màn hình › Tìm bản ghi",
    "báo cáo tháng": "Màn hình › Báo cáo",
    "rút lại": "Màn hình › Các bảng đã nhập",
    "nhập nhầm bảng": "Màn hình › Các bảng đã nhập",
    "chưa gửi": "Màn hình › Bản ghi sở chỉ huy chưa nhận",
}


async def type_over(s: ScreenDriver, typed: str) -> str:
    """Type instead of what is typed; the line that Enter would take."""
    finder = s.app.screen
    assert isinstance(finder, WayFinder)
    finder.query_one(TextField).value = typed
    await s.press()
    shown = finder.query_one(OptionList)
    assert shown.highlighted is not None
    return str(shown.get_option_at_index(shown.highlighted).prompt).strip()


async def test_every_word_finds_it_in_f2_and_in_ctrl_p(world: World) -> None:
    well = next(row for row in world.hq.rows("SELECT * FROM activity_kind") if row["code"] == "gieng_khoan")
    records.save(world.hq, "activity_kind", {"also_called": f"{well['also_called']}, giếng đào"}, well["id"])
    lamp = {"code": "den_duong", "name": "Đèn đường", "section": "works", "position": 99}
    kind = records.save(world.hq, "activity_kind", lamp)
    posts = {"code": "tru_dien", "name": "Trụ điện", "unit_name": "trụ", "decimals": 0, "nature": "works"}
    measure = records.save(world.hq, "measure", posts)
    joined = {"activity_kind_id": kind, "measure_id": measure, "position": 1}
    records.save(world.hq, "kind_measure", joined)
    world.carry(world.hq, world.post)
    async with at_post(world) as s:
        for key in ("f2", "ctrl+p"):
            await s.press(key)
            first = {typed: await type_over(s, typed) for typed in WORDS}
            assert first == WORDS
            await s.press("escape")
        await s.press("f4")
        assert await type_over(s, "giếng") == "Sổ › Giếng khoan", "books first in the chooser of books"
        await s.press("enter")
        assert isinstance(s.app.screen, ListScreen)
        await s.press("escape", "f2")
        assert await type_over(s, "xyzxyz") == "Tìm “xyzxyz” trong các bản ghi (F3)"
        assert "Không có mục nào tên như vậy. Ở đây có loại hoạt động" in s.text


async def test_a_letter_is_painted_before_it_is_searched_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """So of several letters that come at once only the last is; a key after them is about all of them."""
    searched: list[str] = []
    found = WayFinder.found

    def count(finder: WayFinder, typed: str) -> Any:
        searched.append(typed)
        return found(finder, typed)

    monkeypatch.setattr(WayFinder, "found", count)
    async with at_post(world) as s:
        await s.press("f2")
        searched.clear()
        await s.press("gieng")
        assert searched == ["gieng"]
        await s.press(" k", "f1", "escape")
        assert searched[-1] == "gieng k"
        await s.press("ho", "enter")
        assert searched[-1] == "gieng kho"
        assert isinstance(s.app.screen, FormScreen)


async def test_a_way_is_gone_at_once(world: World) -> None:
    world.well(description="Giếng nghĩa tình")
    async with at_post(world) as s:
        await s.press("f2", "gieng", "enter")
        assert isinstance(s.app.screen, FormScreen)
        assert "Giếng khoan" in s.text
        assert "Hộ hưởng lợi" in s.text, "the measures of the kind are there"
        await s.press("5/11/2013")
        assert "thứ ba, 05/11/2013" in s.text, "and the day comes next"
        await s.press("escape", "ctrl+p", "nghia tinh", "f3")
        assert isinstance(s.app.screen, SearchScreen)
        assert s.app.screen.query_one(RecordTable).lines[0][1][0] == "Hoạt động", "records are found from here too"
        await s.press("escape", "f2", "nhanh", "enter", "dang vien", "enter")
        assert isinstance(s.app.screen, QuickScreen)
        await s.press("escape", "f2", "nhanh", "enter", "enter", "ngay cong", "enter")
        assert "Giúp dân lao động sản xuất" in s.text, "the kinds are found by their other words there too"
        await s.press("escape", "f2", "gui", "enter")
        assert isinstance(s.app.screen, SyncScreen)
        await s.press("escape", "f2", "up")
        assert "Thoát" in s.text, "the settings are at the end of the menu"
        await s.press("escape", "ctrl+p", "khoa", "enter")
        assert isinstance(s.app.screen, LockScreen)


async def test_the_language_changes_at_once_and_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDAPP_LANG", "vi")
    async with at_post(world) as s:
        await s.press("f2", "gieng", "enter", "5/11", "ctrl+p", "english", "enter")
        assert isinstance(s.app.screen, HomeScreen)
        assert "To do" in s.text
        assert "draft" in s.text, "what was typed is kept"
        assert "F2 Add" in s.footer
        assert "Enter Go" in s.footer, "and not “Open”, which is the same word in Vietnamese"
        await s.press("f2")
        assert "What to record?" in s.text
        assert "Esc Back" in s.text
    monkeypatch.setenv("FIELDAPP_LANG", "vi")
    async with run(world.root / "post", world.post.reopen()) as s:
        assert "To do" in s.text
        await s.press("ctrl+p", "tieng viet", "enter")
        assert "Cần làm" in s.text
        assert "F2 Ghi" in s.footer
    assert (world.post.setting(LANGUAGE), os.environ["FIELDAPP_LANG"]) == ("vi", "vi")


def test_the_words_are_of_ways_that_there_are(world: World) -> None:
    text = (files("fieldapp") / "data" / "way_words.csv").read_text(encoding="utf-8")
    shipped = {line["way"]: line["also_called"] for line in csv.DictReader(text.splitlines())}
    called = [way.also_called for store in (world.post, world.hq) for way in ways(store)]
    verbs = {"write", "look", "screen", "setting"}
    assert {way for way, words in shipped.items() if way not in verbs and not any(words in c for c in called)} == set()
    lines = [way.line for way in ways(world.post)]
    assert len(lines) == len(set(lines))
