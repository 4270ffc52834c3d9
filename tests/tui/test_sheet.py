"""A sheet is imported on the screen: chosen, looked at, corrected, recorded, taken back."""

import csv
import io
import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msoffcrypto.format.ooxml
import pytest
import xlsxwriter
from field import Run, World
from screen_driver import ScreenDriver, at_post

from fieldapp.records import lists
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions, SheetOutcome
from fieldapp.store.store import Store
from fieldapp.sync.format import drives
from fieldapp.tui import second_press
from fieldapp.tui.screens import sheet as sheet_screen
from fieldapp.tui.screens.help import HelpScreen
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.sheet import SheetScreen

HEAD = ["Loại hoạt động", "Hôm nào", "Nơi", "Ngày công"]
ROWS = [
    ["Giúp dân lao động sản xuất", "05/10/2013", "Ia Rvê", "12"],
    ["Giúp dân lao động sản xuất", "06/10/2013", "Ia Rvê", "15"],
    ["Giúp dân lao động sản xuất", "07/10/2013", "Không đâu", "8"],
]


def sheet(path: Path, head: list[str] = HEAD, rows: list[list[str]] = ROWS) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def workdays(world: World) -> list[int]:
    said = "SELECT m.amount FROM activity_measure m JOIN activity a ON a.id = m.activity_id"
    return [row["amount"] for row in world.post.rows(f"{said} WHERE a.voided_at IS NULL ORDER BY a.date_from")]


async def open_sheet(s: ScreenDriver, path: Path) -> None:
    await s.press("f2", "excel", "enter", "hoat dong", "enter")
    await s.press(*([] if "Không thấy bảng nào" in s.text else ["tab"]), str(path), "enter")


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No sheets where people keep theirs."""
    home = tmp_path / "home"
    (home / "Documents").mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(drives, "drives", list)
    return home / "Documents"


def hold_imports(monkeypatch: pytest.MonkeyPatch, holds: Callable[[ImportOptions], bool]) -> threading.Event:
    """Let the screen's reading of a sheet wait, where it has such an order, until the event is set."""
    go_on, whole = threading.Event(), importing.import_sheet

    def waiting(store: Store, file: Path, order: ImportOptions, **more: Any) -> SheetOutcome:
        if holds(order):
            go_on.wait(20)
        return whole(store, file, order, **more)

    monkeypatch.setattr(sheet_screen, "import_sheet", waiting)
    return go_on


async def test_a_sheet_is_looked_at_corrected_and_recorded(
    world: World, nowhere: Path, tmp_path: Path, run: Run
) -> None:
    path = sheet(tmp_path / "thang 10.csv", rows=[["I. Xã Ia Rvê", "", "", "27"], *ROWS])
    async with at_post(world) as s:
        await open_sheet(s, path)
        await s.wait("! Ngày: chưa có cột nào")
        assert "B “Hôm nào” → không ghi   05/10/2013; 06/10/2013; 07/10/2013" in s.text
        assert "D “Ngày công” → Ngày công" in s.text
        await s.press("f2")
        assert "hãy trả lời các dòng" in s.text
        await s.press("down", "down", "enter", "ngay", "enter")
        await s.wait("Sẽ ghi 2 dòng, 0 dòng đã có từ trước, 1 dòng sẽ bị từ chối")
        assert workdays(world) == [], "nothing is recorded before F2"
        assert "D “Ngày công” → Ngày công   12; 15; 8" in s.text, "of its rows alone"
        assert "Giúp dân lao động sản xuất;" not in s.text, "and each value once"
        for _n in range(9):
            await s.press("down")
        assert "Không thấy: Không đâu" in " ".join(s.text.split()) or "Không tìm thấy" in s.text
        await s.press("f2")
        for _n in range(100):
            if not isinstance(s.app.screen, SheetScreen):
                break
            await s.pilot.pause(0.05)
        said = [note.message for note in s.app._notifications]
        assert any("Đã ghi 2 dòng" in text for text in said), said
        assert isinstance(s.app.screen, HomeScreen)
        assert workdays(world) == [12, 15]
        assert [*tmp_path.glob("*-refused.xlsx")]
        await open_sheet(s, sheet(tmp_path / "thang 11.csv", rows=[[*ROWS[0][:1], "09/10/2013", *ROWS[0][2:]]]))
        await s.wait("Sẽ ghi 1 dòng")
        assert "B “Hôm nào” → Ngày" in s.text, "what was chosen is remembered for the same headings"
        assert "12 ngày công" in " ".join(s.text.split()), "the first rows are shown with their figures"
    code, out, err = run("import-table", path, "--kind", "activity", "--json")
    assert code == 3, err
    said = json.loads(out)
    assert (len(said["known"]), said["added"]) == (2, []), "the command line knows what was chosen"
    assert "“Hôm nào” được hiểu như đã chọn trên màn hình" in said["notes"][0]
    _code, out, err = run("import-table", tmp_path / "thang 10-refused.xlsx", "--kind", "activity", "--json")
    assert [row["reason"] for row in json.loads(out)["refused"]] == ["“Nơi”: Không tìm thấy: Không đâu."], err


async def test_what_no_column_has_is_given_for_all_rows_and_a_question_is_answered(
    world: World, nowhere: Path, tmp_path: Path
) -> None:
    book = xlsxwriter.Workbook(str(nowhere / "ngày công.xlsx"))
    page = book.add_worksheet("Tháng 10")
    days = book.add_format({"num_format": "dd/mm/yyyy"})
    page.write_row(0, 0, ["Ngày", "Nơi", "Ngày công"])
    for line, day in enumerate(("2013-10-01", "2013-10-02"), start=1):
        page.write_datetime(line, 0, datetime.fromisoformat(day), days)
        page.write_row(line, 1, ["Ia Rvê", "12"])
    page.set_row(2, options={"hidden": True})
    book.close()
    async with at_post(world) as s:
        await s.press("f2", "excel", "enter", "hoat dong", "enter")
        assert "ngày công.xlsx" in s.text, "found among the documents"
        await s.press("enter")
        await s.wait("! Loại hoạt động: chưa có cột nào")
        await s.press("enter", "Giúp dân lao động sản xuất", "enter")
        await s.wait("Sẽ ghi 1 dòng")
        assert "= Loại hoạt động: Giúp dân lao động sản xuất" in s.text
        assert "Dòng bị ẩn trong bảng (kể cả do lọc) nên không ghi: 3." in s.text
        assert "--" not in s.text, "keys and lines, no options of the command line"
        for _n in range(4):
            await s.press("down")
        await s.press("enter")
        await s.wait("Sẽ ghi 2 dòng")
        assert "[x] Ghi cả phần bị ẩn" in s.text
        await s.press("f2")
        await s.wait("Cần làm")
    assert workdays(world) == [12, 12]


async def test_a_sheet_is_taken_back_on_the_screen(
    world: World, nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sheet(tmp_path / "a.csv", ["Loại hoạt động", "Ngày", "Nơi", "Ngày công"], ROWS[:2])
    async with at_post(world) as s:
        await open_sheet(s, path)
        await s.wait("Sẽ ghi 2 dòng")
        await s.press("f2")
        await s.wait("Cần làm")
        await s.press("f2", "excel", "enter", "hoat dong", "enter", "f7")
        assert "a.csv  Hoạt động: còn 2 trong 2 bản ghi" in s.text
        assert "Del Rút lại bảng" in s.footer
        assert "Enter" not in s.footer, "it would open nothing"
        monkeypatch.setattr(second_press, "now", lambda: 0.0)
        await s.press("delete")
        assert "Bấm Del lần nữa để rút lại bảng." in " ".join(s.text.split())
        assert workdays(world) == [12, 15]
        monkeypatch.setattr(second_press, "now", lambda: 3.0)
        await s.press("delete")
        assert "còn 0 trong 2 bản ghi" in s.text
        assert "Del" not in s.footer
    assert workdays(world) == []


async def test_a_file_with_a_password_asks_for_it(world: World, nowhere: Path, tmp_path: Path) -> None:
    plain, path = io.BytesIO(), tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(plain)
    page = book.add_worksheet()
    for line, row in enumerate([["Loại hoạt động", "Ngày", *HEAD[2:]], *ROWS[:2]]):
        page.write_row(line, 0, row)
    book.close()
    with path.open("wb") as encrypted:
        msoffcrypto.format.ooxml.OOXMLFile(plain).encrypt("đồn 743", encrypted)
    async with at_post(world) as s:
        await open_sheet(s, path)
        await s.wait("Mật khẩu của tệp")
        await s.press("743", "enter")
        await s.wait("Mật khẩu của a.xlsx không đúng")
        await s.press("escape")
        assert "! Tệp có mật khẩu." in s.text
        await s.press("escape", "escape")
        await open_sheet(s, path)
        await s.wait("Mật khẩu của tệp")
        await s.press("đồn 743")
        assert "743" not in s.text
        await s.press("enter")
        await s.wait("Sẽ ghi 2 dòng")
        await s.press("f2")
        await s.wait("Cần làm")
    assert workdays(world) == [12, 15]


async def test_a_hidden_sheet_is_chosen_on_the_screen(world: World, nowhere: Path, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    for name in ("Mới", "Cũ"):
        page = book.add_worksheet(name)
        for line, row in enumerate([["Loại hoạt động", "Ngày", *HEAD[2:]], *ROWS[: 1 if name == "Cũ" else 2]]):
            page.write_row(line, 0, row)
    page.hide()
    book.close()
    async with at_post(world) as s:
        await open_sheet(s, tmp_path / "a.xlsx")
        await s.wait("Sẽ ghi 2 dòng")
        await s.press("home", "enter", "cu", "enter")
        await s.wait("Sẽ ghi 1 dòng")


async def test_a_file_that_is_none_is_said(world: World, nowhere: Path, tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"no sheet")
    async with at_post(world) as s:
        await open_sheet(s, tmp_path / "y.xlsx")
        assert "Không có tệp" in s.text
        await s.press(*["backspace"] * 6, "x.xlsx", "enter")
        await s.wait("! ")
        assert isinstance(s.app.screen, SheetScreen)
        await s.press("f2", "escape", "escape")
        assert lists.count(world.post, "activity") == 0


async def test_rows_that_are_recorded_below_the_help_close_their_screen_once_it_is_seen_again(
    world: World, nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sheet(tmp_path / "a.csv", ["Loại hoạt động", "Ngày", "Nơi", "Ngày công"], ROWS[:2])
    go_on = hold_imports(monkeypatch, lambda order: not order.dry_run)
    async with at_post(world) as s:
        await open_sheet(s, path)
        await s.wait("Sẽ ghi 2 dòng")
        page = s.app.screen
        assert isinstance(page, SheetScreen)
        await s.press("f2", "f1")
        go_on.set()
        while page.busy:
            await s.pilot.pause(0.05)
        assert isinstance(s.app.screen, HelpScreen), "what is read stays"
        await s.press("escape")
        assert isinstance(s.app.screen, HomeScreen)
        await s.press("escape", "f1")
        assert isinstance(s.app.screen, HelpScreen), "and the program goes on"
    assert workdays(world) == [12, 15]


async def test_the_first_rows_of_a_large_sheet_are_seen_before_all_is_read(
    world: World, nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sheet(tmp_path / "a.csv", ["Loại hoạt động", "Ngày", "Nơi", "Ngày công"], [*ROWS, *ROWS[:2] * 100])
    monkeypatch.setattr(sheet_screen, "LARGE", 1_000)
    go_on = hold_imports(monkeypatch, lambda order: order.first is None)
    async with at_post(world) as s:
        await open_sheet(s, path)
        await s.wait("Các dòng đầu, sẽ được ghi như sau:")
        assert "D “Ngày công” → Ngày công" in s.text
        assert "2: 05/10/2013" in s.text or "05/10/2013" in s.text
        assert "Sẽ ghi" not in s.text
        await s.press("f2")
        assert workdays(world) == [], "nothing is recorded before all rows were tried"
        go_on.set()
        await s.wait("Sẽ ghi 202 dòng")
        assert "Các dòng đầu" not in s.text
