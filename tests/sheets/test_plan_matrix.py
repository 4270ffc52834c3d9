"""A sheet of plans: posts in lines and measures in columns, or the other way; all of it goes in, or nothing."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from field import Run, World, of_another_post
from sheet_files import Failed, by_xlsxwriter

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.sheets.plan_matrix import import_plans
from fieldapp.store.store import Store

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
POSTS: list[list[Any]] = [
    ["KẾ HOẠCH NĂM 2026"],
    ["TT", "Đồn", "Giếng (giếng)", "Nhà đại đoàn kết", "Lượt người khám, chữa bệnh", "Tiền mặt (đồng)", "Tổng",
     "Ghi chú"],
    ["1", "IARVE", 4, "2", "2.100", "70tr", 99, "làm trong quý I"],
    ["2", "Đồn Ialop", None, "-", 1200, None, None, None],
    [None, "Tổng cộng", 4, 2, 3300, None, None, None],
    [None, "Tất cả các đồn", 5, None, None, None, None, None],
]  # fmt: skip
EXPECTED = {("IARVE", "gieng", 4), ("IARVE", "can_nha", 2), ("IARVE", "luot_kham", 2100),
            ("IARVE", "tien_mat", 70_000_000), ("IALOP", "luot_kham", 1200), (None, "gieng", 5)}  # fmt: skip
MEASURES: list[list[Any]] = [
    ["Chỉ tiêu", "Đơn vị tính", "Đồn BP Ia Rvê", "Đồn IALOP", "Tất cả các đồn"],
    ["Giếng", "giếng", 4, None, 5],
    ["Nhà đại đoàn kết", "căn", 2, None, None],
    ["Lượt người khám, chữa bệnh", "lượt", 2100, 1200, None],
    ["Tiền mặt", "đồng", 70_000_000, None, None],
]  # fmt: skip


def sheet(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    by_xlsxwriter(path / "kế hoạch.xlsx", rows)
    return path / "kế hoạch.xlsx"


def stored(store: Store) -> set[tuple[str | None, str, int]]:
    return {
        (row["post"], row["measure"], row["target"])
        for row in store.rows(
            "SELECT p.code AS post, m.code AS measure, l.target FROM plan l JOIN measure m ON m.id = l.measure_id"
            " LEFT JOIN post p ON p.id = l.for_post_id WHERE l.date_from = '2026-01-01' AND l.voided_at IS NULL"
        )
    }


@pytest.mark.parametrize("rows", [POSTS, MEASURES], ids=["posts in lines", "measures in lines"])
def test_either_way_round_goes_in_once(world: World, tmp_path: Path, rows: Sequence[Sequence[Any]]) -> None:
    of_another_post(world.hq)
    path = sheet(tmp_path, rows)
    tried = import_plans(world.hq, path, FIRST, LAST, dry_run=True)
    assert (tried.changed, stored(world.hq)) == (6, set())
    done = import_plans(world.hq, path, FIRST, LAST)
    assert (done.targets, done.changed, stored(world.hq)) == (6, 6, EXPECTED)
    assert import_plans(world.hq, path, FIRST, LAST).changed == 0
    if rows is POSTS:
        assert any("Dòng 5" in note for note in done.notes)


def test_each_thing_that_is_not_understood_is_named_with_its_line(world: World, tmp_path: Path, run: Run) -> None:
    of_another_post(world.hq)
    rows: list[list[Any]] = [[*row] for row in POSTS]
    rows[1][4] = "Lượt bay"
    rows[3][1] = "Đồn Bo Heng"
    rows[2][5] = "nhiều"
    rows[5][2] = Failed("#DIV/0!")
    path = sheet(tmp_path, rows)
    with pytest.raises(FieldappError) as refused:
        import_plans(world.hq, path, FIRST, LAST)
    lines = str(refused.value).split("\n")
    assert [x.split(":")[0] for x in lines] == [
        "Dòng 2, cột E", "Dòng 3, cột F", "Dòng 4, cột B", "Dòng 6, cột C", "Chưa ghi gì."]  # fmt: skip
    assert "Lượt bay" in lines[0]
    assert "Đồn Bo Heng" in lines[2]
    assert stored(world.hq) == set()
    code, _out, err = run("hq", "plans", "2026", "--import", path, home="hq")
    assert code == 1
    assert "Đồn Bo Heng" in err


@pytest.mark.parametrize("unit", ["kg", "nghìn lượt"])
@pytest.mark.parametrize("way", ["above", "beside"])
def test_another_unit_is_refused(world: World, tmp_path: Path, unit: str, way: str) -> None:
    with pytest.raises(FieldappError, match=f"không phải “{unit}”"):
        import_plans(world.hq, sheet(tmp_path, of_money(unit, way)), FIRST, LAST)
    assert stored(world.hq) == set()


@pytest.mark.parametrize("way", ["above", "beside"])
def test_millions_are_millions(world: World, tmp_path: Path, way: str) -> None:
    import_plans(world.hq, sheet(tmp_path, of_money("triệu đồng", way)), FIRST, LAST)
    assert stored(world.hq) == {("IARVE", "tien_mat", 70_500_000)}


def of_money(unit: str, way: str) -> list[list[Any]]:
    if way == "above":
        return [["Đồn", f"Tiền mặt ({unit})"], ["IARVE", 70.5]]
    return [["Chỉ tiêu", "ĐVT", "Đồn BP Ia Rvê"], ["Tiền mặt", unit, 70.5]]


def test_a_zero_sets_no_target_and_is_told_and_takes_none_away(world: World, tmp_path: Path) -> None:
    """In sheets of plans it says that a post has nothing to do; it kept all the other targets out."""
    rows = [[0 if cell == "-" else cell for cell in row] for row in POSTS]
    of_another_post(world.hq)
    done = import_plans(world.hq, sheet(tmp_path, rows), FIRST, LAST)
    assert stored(world.hq) == EXPECTED
    assert "1 ô ghi 0: không đặt chỉ tiêu ở đó." in done.notes
    rows[2][2] = 0
    with pytest.raises(FieldappError, match="ít nhất 1"):
        import_plans(world.hq, sheet(tmp_path, rows), FIRST, LAST)
    assert stored(world.hq) == EXPECTED


def test_a_sheet_without_posts_or_measures_says_what_is_expected(world: World, tmp_path: Path) -> None:
    path = sheet(tmp_path, [["Họ tên", "Năm"], ["Y Thanh", 1990]])
    with pytest.raises(FieldappError, match="không có bảng"):
        import_plans(world.hq, path, FIRST, LAST)


def test_what_is_struck_out_or_stands_twice_is_refused(world: World, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Đồn", "Giếng"], ["IARVE", 4], ["Đồn BP Ia Rvê", 5]]
    with pytest.raises(FieldappError, match="hai lần"):
        import_plans(world.hq, sheet(tmp_path, rows), FIRST, LAST)
    path = tmp_path / "gạch.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page, struck = book.add_worksheet(), book.add_format({"font_strikeout": True})
    page.write_row(0, 0, ["Đồn", "Giếng", "Ngày công", "Gạo", "Hộ"])
    page.write_string(2, 0, "Tất cả các đồn")
    page.merge_range(1, 4, 2, 4, 12)
    page.write_string(1, 0, "IARVE")
    page.write_number(1, 1, 4, struck)
    page.write_number(1, 2, 70, book.add_format({"num_format": '0" nghìn"'}))
    page.write_formula(1, 3, "=1+1", None, "")
    book.close()
    with pytest.raises(FieldappError) as refused:
        import_plans(world.hq, path, FIRST, LAST)
    assert [line.split(":")[0] for line in str(refused.value).split("\n")] == [
        "Dòng 2, cột B", "Dòng 2, cột C", "Dòng 2, cột D", "Dòng 2, cột E", "Chưa ghi gì."]  # fmt: skip
    assert stored(world.hq) == set()


def test_what_is_hidden_is_left_out_and_said(world: World, tmp_path: Path) -> None:
    of_another_post(world.hq)
    path = tmp_path / "ẩn.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    for line, row in enumerate([["Đồn", "Giếng", "Ngày công"], ["IARVE", 4, 70], ["IALOP", 5, 80]]):
        page.write_row(line, 0, row)
    page.set_row(2, None, None, {"hidden": True})
    page.set_column(2, 2, None, None, {"hidden": True})
    book.close()
    done = import_plans(world.hq, path, FIRST, LAST)
    assert stored(world.hq) == {("IARVE", "gieng", 4)}
    assert [note.split(":")[0] for note in done.notes] == ["Dòng 1, cột C", "Dòng 3"]


@pytest.mark.parametrize("above", ["Đơn vị tính: triệu đồng", "(ĐVT: Triệu đồng)"])
def test_the_unit_above_a_table_holds_for_its_money(world: World, tmp_path: Path, above: str) -> None:
    rows: list[list[Any]] = [[above], ["Đồn", "Tiền mặt", "Giếng"], ["IARVE", 70, 4]]
    import_plans(world.hq, sheet(tmp_path, rows), FIRST, LAST)
    assert stored(world.hq) == {("IARVE", "tien_mat", 70_000_000), ("IARVE", "gieng", 4)}


def test_a_unit_above_a_table_that_is_not_understood_is_refused(world: World, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["ĐVT: 1.000 đồng"], ["Đồn", "Tiền mặt"], ["IARVE", 70]]
    with pytest.raises(FieldappError, match=re.escape("tính bằng “đồng”, không phải “1.000 đồng”")):
        import_plans(world.hq, sheet(tmp_path, rows), FIRST, LAST)


@pytest.mark.parametrize(("title", "asks"), [
    ("KẾ HOẠCH NĂM 2025", True), ("Kế hoạch quý II/2026", True), ("KẾ HOẠCH QUÝ II NĂM 2026", True),
    ("Kế hoạch tháng 3/2025", True), ("Kế hoạch năm 2026, tiếp theo năm 2025", False),
    ("Theo Quyết định số 2025/QĐ-BCH", False),
])  # fmt: skip
def test_a_title_of_another_period_is_asked_about(world: World, tmp_path: Path, title: str, asks: bool) -> None:
    path = sheet(tmp_path, [[title], ["Đồn", "Giếng"], ["IARVE", 4]])
    if asks:
        with pytest.raises(NeedsConfirmation, match=f"“{title}”.*từ 01/01/2026 đến 31/12/2026"):
            import_plans(world.hq, path, FIRST, LAST)
        assert stored(world.hq) == set()
    import_plans(world.hq, path, FIRST, LAST, confirm=asks)
    assert stored(world.hq) == {("IARVE", "gieng", 4)}


def test_the_title_of_its_own_quarter_asks_nothing(world: World, tmp_path: Path) -> None:
    path = sheet(tmp_path, [["Kế hoạch quý II/2026"], ["Đồn", "Giếng"], ["IARVE", 4]])
    assert import_plans(world.hq, path, date(2026, 4, 1), date(2026, 6, 30)).changed == 1


def test_tables_of_other_sheets_are_not_read_and_are_named(world: World, tmp_path: Path) -> None:
    """They may be of other quarters."""
    of_another_post(world.hq)
    path = tmp_path / "quý.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name, wells in (("Quý I", 4), ("Ghi chép", None), ("Quý II", 5)):
        page = book.add_worksheet(name)
        for line, row in enumerate([["Đồn", "Giếng"], ["IARVE", wells]] if wells else [["Chi", "tiêu"]]):
            page.write_row(line, 0, row)
    book.close()
    done = import_plans(world.hq, path, FIRST, LAST)
    assert stored(world.hq) == {("IARVE", "gieng", 4)}
    (note,) = done.notes
    assert note.startswith("Chỉ đọc trang tính “Quý I”. Chưa đọc: “Quý II”;")
