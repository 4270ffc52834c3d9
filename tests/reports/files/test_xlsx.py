"""The workbook: headings that stay in sight, the records behind each figure, names only when asked for."""

import re
from datetime import date
from typing import Any

from field import World
from report_files import Workbook, fill

from fieldapp.records import records
from fieldapp.reports.figures import figures
from fieldapp.reports.files import document
from fieldapp.reports.files.xlsx import xlsx_bytes
from fieldapp.reports.query import Query, period_of

YEAR = Query(period_of("2013", date(2026, 1, 1)))


def book(world: World, **how: Any) -> Workbook:
    return Workbook(xlsx_bytes(document.make_document(world.hq, YEAR, splits=True, entries=True, **how)))


def test_of_each_sheet_the_row_of_headings_stays_in_sight_and_nothing_else(world: World) -> None:
    fill(world)
    made = book(world)
    notes = "Ghi chú"
    sheets = {"Số liệu", "Theo tháng", "Theo loại hoạt động", "Kế hoạch, chỉ tiêu", "Bản ghi", "Nguồn số liệu"}
    assert sheets | {notes} <= set(made.names)
    for name in made.names:
        panes = re.findall(r"<pane [^>]*>", made.xml[name])
        assert panes == (
            [] if name == notes else ['<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>']
        )
        first = made.rows(name)[0]
        assert len([cell for cell in first if cell]) == (1 if name == notes else len(first)), name


def test_what_is_to_be_said_of_the_report_stands_on_a_sheet_of_its_own(world: World) -> None:
    fill(world)
    said = [row[0] for row in book(world).rows("Ghi chú") if row]
    for line in ("Kỳ: 01/01/2013 – 31/12/2013 (năm 2013)", "Mức độ đầy đủ của số liệu"):
        assert line in said
    assert any("1 nội dung đã hủy" in str(line) for line in said)


def test_what_a_star_means_stands_below_its_table(world: World) -> None:
    """Outside of what its filter sorts."""
    for month in (3, 4):
        world.well(date_from=f"2013-0{month}-05", activity_kind_id="cung_co_co_so_chinh_tri", measures=[],
                   targets=[{"target_type": "police", "name": "Công an xã"}])  # fmt: skip
    world.carry(world.post, world.hq)
    made = book(world)
    rows = made.rows("Theo tháng")
    starred = [at for at, row in enumerate(rows, start=1) if row and str(row[0]).startswith("* ")]
    note = [at for at, row in enumerate(rows, start=1) if row and str(row[0]).startswith("* Các phần cộng lại")]
    assert len(starred) > len(note) == 1
    (last,) = re.findall(r'<autoFilter ref="A1:[A-Z]+(\d+)"', made.xml["Theo tháng"])
    assert max(set(starred) - set(note)) == int(last) < note[0]


def test_a_row_is_as_high_as_its_text_and_codes_are_not_printed(world: World) -> None:
    """LibreOffice prints wrapped text over the row below it otherwise."""
    fill(world)
    made = book(world)
    longest = max(len(str(cell)) for cell in made.rows("Theo loại hoạt động")[0][2:])
    (high,) = re.findall(r'<row r="1"[^>]* ht="([\d.]+)"', made.xml["Theo loại hoạt động"])
    assert float(high) >= 15 * longest / 14 > 15, "its columns are 14 wide"
    areas = made.parts["xl/workbook.xml"].decode()
    assert re.search(r"Print_Area[^<]*>'?Số liệu'?!\$A\$1:\$F\$", areas), "its codes are for programs"


def test_the_records_behind_a_figure_add_up_to_it(world: World) -> None:
    fill(world)
    behind = book(world).table("Bản ghi", "Số liệu")
    for figure in figures(world.hq, YEAR):
        lines = [row for row in behind if row["Mã"] == f"{figure.section}.{figure.code}"]
        assert len({row["id"] for row in lines}) == figure.count
        added = sum(row["Góp vào"] or 0 for row in lines)
        assert round(added * 10**figure.decimals) == (figure.value or 0)


def test_parts_stand_beside_the_whole(world: World) -> None:
    fill(world)
    (wells,) = [row for row in book(world).table("Theo tháng", "Số liệu") if row["Số liệu"] == "Giếng khoan"]
    assert {k: v for k, v in wells.items() if isinstance(v, float)} == {"3/2013": 1, "10/2013": 1, "tổng": 2}


def test_people_are_named_only_when_asked_for(world: World) -> None:
    fill(world)
    assert "Y Thanh Niê" not in book(world).parts["xl/sharedStrings.xml"].decode()
    assert "Y Thanh Niê" in book(world, personal=True).parts["xl/sharedStrings.xml"].decode()


def test_a_number_too_long_for_a_cell_is_written_out(world: World) -> None:
    """A cell rounds after 15 digits."""
    entry = {"activity_kind_id": "thien_tai", "date_from": "2013-09-20", "unit_id": "24221",
             "measures": [{"measure_id": "tien_mat", "amount": 10**15 - 1}]}  # fmt: skip
    for _ in range(3):
        records.save(world.post, "activity", entry, confirm=True)
    world.carry(world.post, world.hq)
    row = next(r for r in book(world).table("Số liệu", "Số liệu") if r["Mã"] == "relief.tien_mat")
    assert row["Số"] == "2.999.999.999.999.997 đồng"


def test_words_stand_where_no_record_says_a_number(world: World) -> None:
    records.save(world.post, "activity", {
        "activity_kind_id": "thien_tai", "date_from": "2013-09-20", "unit_id": "24221",
        "measures": [{"measure_id": "luot_phuong_tien", "note": "hàng chục", "approximate": True}]})  # fmt: skip
    world.carry(world.post, world.hq)
    (row,) = book(world).table("Số liệu", "Số liệu")
    assert (row["Số"], row["Kỳ trước"]) == ("hàng chục phương tiện", None)


def test_about_and_words_stay_beside_a_number_on_every_sheet(world: World) -> None:
    """“khoảng” is in the format, so that the cell still adds up; with words beside its number it is text."""
    kinds: list[tuple[str, dict[str, Any]]] = [
             ("gao_kg", {"amount": "2.100", "approximate": True}), ("luot_phuong_tien", {"amount": 12}),
             ("luot_phuong_tien", {"note": "Hàng chục", "approximate": True}),
             ("luot_phuong_tien", {"note": "hàng chục", "approximate": True})]  # fmt: skip
    for year in (2012, 2013):
        for month, (measure, given) in enumerate(kinds, start=1):
            records.save(world.post, "activity", {
                "activity_kind_id": "thien_tai", "date_from": f"{year}-{month:02d}-20", "unit_id": "24221",
                "measures": [{"measure_id": measure, **given}]}, confirm=True)  # fmt: skip
    for measure in ("gao_kg", "luot_phuong_tien"):
        records.save(world.hq, "plan", {
            "date_from": "2013-01-01", "date_to": "2013-12-31", "measure_id": measure, "target": 4000})  # fmt: skip
    world.carry(world.post, world.hq)
    made = book(world)
    rice, cars = (
        next(row for row in made.table("Số liệu", "Số liệu", shown=True) if row["Mã"].endswith(code))
        for code in ("gao_kg", "luot_phuong_tien")
    )
    assert (rice["Số"], rice["Kỳ trước"]) == ("khoảng 2100", "khoảng 2100")
    words = "12 phương tiện và Hàng chục phương tiện"
    assert (cars["Số"], cars["Kỳ trước"], cars["Viết thành lời"]) == (12, words, words)
    cars, rice = made.table("Theo tháng", "Số liệu", shown=True)
    assert (rice["1/2013"], rice["tổng"]) == ("khoảng 2100",) * 2
    assert (cars["2/2013"], cars["3/2013"], cars["tổng"]) == (12, "Hàng chục phương tiện", words)
    done = {row["Đã làm"] for row in made.table("Kế hoạch, chỉ tiêu", "Chỉ tiêu", shown=True)}
    assert done == {"khoảng 2100", words}
    behind = made.table("Bản ghi", "Số liệu", shown=True)
    assert [row["Góp vào"] or row["Viết thành lời"] for row in behind] == [12, "Hàng chục", "hàng chục", "khoảng 2100"]
