"""Sheets of every kind of record: headings as people write them, names, merged cells, and the same row only once."""

import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from field import Run, World
from sync_state import second_laptop, state

from fieldapp.errors import FieldappError
from fieldapp.records import records, words
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions, SheetOutcome
from fieldapp.sheets.take_back import batches, take_back
from fieldapp.store import disk
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment
from fieldapp.sync.merge import merge

Line = Sequence[Any]
Give = Callable[..., SheetOutcome]


@pytest.fixture
def give(world: World, tmp_path: Path) -> Give:
    """Give a table to the post, or to headquarters; the file's name may say which sheet it is."""

    def call(kind: str, *lines: Line, store: Store | None = None, name: str = "a.csv", **order: Any) -> SheetOutcome:
        path = tmp_path / name
        text = "\n".join("\t".join(f'"{cell}"' for cell in line) for line in lines)
        path.write_text(text, encoding="utf-8")
        return importing.import_sheet(store or world.post, path, ImportOptions(kind, **order))

    return call


def reasons(outcome: SheetOutcome) -> list[str]:
    return [refused.reason for refused in outcome.refused]


def measures(store: Store, row_id: str) -> dict[str, Any]:
    """Code of a measure -> its amount, or its words."""
    found = {}
    for row in records.get(store, row_id).children["measures"]:
        code = store.value("SELECT code FROM measure WHERE id = ?", [row["measure_id"]])
        found[code] = row["note"] if row["amount"] is None else row["amount"]
    return found


CLINIC = ("Ngày", "Loại hoạt động", "Nơi", "Lượt người", "Trị giá (triệu đồng)")


# headings ---------------------------------------------------------------------------------------------------------


def test_the_unit_in_a_heading_counts(world: World, give: Give) -> None:
    outcome = give("activity", CLINIC, ("5/11/2013", "khám bệnh", "Ia Rvê", "185", "1,5"))
    assert measures(world.post, outcome.added[0].id) == {"luot_kham": 185, "tri_gia_kham": 1_500_000}
    outcome = give("activity", (*CLINIC[:3], "Gạo (tấn)"), ("6/11/2013", "thien_tai", "Ia Rvê", "2"))
    assert "Chưa có số liệu nào" in reasons(outcome)[0], "tonnes are no kilograms"
    assert "Gạo (tấn)" in outcome.notes[0]
    cases = {"Gạo (kg)": 200, "Tiền mặt (nghìn đồng)": 200_000, "Tiền mặt (1.000đ)": 200_000, "Tiền mặt (đồng)": None}
    for day, (heading, meant) in enumerate(cases.items(), start=7):
        outcome = give("activity", (*CLINIC[:3], heading), (f"{day}/11/2013", "thien_tai", "Ia Rvê", "200"))
        if meant is None:
            assert "ít hơn thường lệ" in reasons(outcome)[0]
        else:
            assert [*measures(world.post, outcome.added[0].id).values()] == [meant], heading


def test_the_kind_decides_what_a_heading_means(world: World, give: Give) -> None:
    head = (*CLINIC[:3], "Số hộ", "Giá trị")
    outcome = give(
        "activity",
        head,
        ("5/11/2013", "Giếng khoan", "Ia Rvê", "12", "35tr"),
        ("5/11/2013", "thiên tai", "Ia Rvê", "30", "14tr"),
        ("5/11/2013", "tang_qua_chinh_sach", "Ia Rvê", "", "5tr"),
        ("5/11/2013", "Tuyên truyền, phổ biến pháp luật", "Ia Rvê", "3", ""),
    )
    assert [measures(world.post, entered.id) for entered in outcome.added] == [
        {"ho_huong_loi": 12, "tri_gia_cong_trinh": 35_000_000},
        {"ho": 30, "hien_vat_tri_gia": 14_000_000},
        {"tri_gia_qua": 5_000_000},
    ]
    (reason,) = reasons(outcome)
    assert "“Số hộ”: Loại hoạt động này không có số liệu đó." in reason


def test_two_lines_of_headings_and_numbers_below(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for column, heading in enumerate(("TT", "Ngày", "Loại hoạt động", "Nơi")):
        sheet.merge_range(2, column, 3, column, heading)
    sheet.merge_range(2, 4, 2, 5, "Kết quả")
    sheet.write_row(3, 4, ["Lượt người", "Trị giá (triệu đồng)"])
    sheet.write_row(4, 0, [f"({n})" for n in range(1, 7)])
    sheet.merge_range(5, 1, 6, 1, "5/11/2013")
    sheet.merge_range(5, 5, 6, 5, 12)
    for line, commune in ((5, "Xã Ia Rvê"), (6, "Xã Ia Lốp"), (7, "Xã Ea Bung")):
        sheet.write_row(line, 2, ["kham_chua_benh", commune, 100 + line])
    sheet.write_row(8, 0, ["Cộng", "", "", "", 318])
    book.close()
    outcome = importing.import_sheet(world.post, path, ImportOptions("activity"))
    assert outcome.added == [], "the figure of two lines is not that of the first"
    assert [refused.line for refused in outcome.refused] == [6, 7, 8]
    assert all("gộp nhiều dòng" in refused.reason for refused in outcome.refused[:2])
    assert "“Ngày”" in outcome.refused[2].reason
    again = importing.import_sheet(world.post, Path(str(outcome.refused_file)), ImportOptions("activity"))
    assert [refused.line for refused in again.refused] == [2, 3, 4], (
        "nor is it counted twice by way of the refused rows"
    )
    (noise,) = outcome.notes
    assert "5 (dòng đánh số cột); 9 (dòng cộng)" in noise


def test_a_map_says_what_headings_mean(give: Give, world: World) -> None:
    head = ("Hôm nào", "Việc", "Nơi", "Số công", "Bỏ")
    row = ("5/11/2013", "Giúp dân lao động sản xuất", "Ia Rvê", "722", "x")
    with pytest.raises(FieldappError, match="“Loại hoạt động”, “Ngày”"):
        give("activity", head, row)
    columns = {"Hôm nào": "date_from", "viec": "activity_kind", "Số công": "measures.ngay_cong", "Bỏ": None}
    outcome = give("activity", head, row, columns=columns)
    assert measures(world.post, outcome.added[0].id) == {"ngay_cong": 722}
    assert outcome.notes == []
    for wrong in ({"Hôm nào": "weather"}, {"Cột khác": "date_from"}):
        with pytest.raises(FieldappError):
            give("activity", head, row, columns={**columns, **wrong})


def test_two_columns_of_one_meaning(give: Give) -> None:
    with pytest.raises(FieldappError, match="A và D"):
        give("activity", (*CLINIC[:3], "Ngày"), ("5/11/2013", "cung_co_co_so_chinh_tri", "Ia Rvê", "6/11/2013"))
    outcome = give("activity", (*CLINIC[:3], "Thời gian"), ("5/11/2013", "cung_co_co_so_chinh_tri", "Ia Rvê", "sáng"))
    assert len(outcome.added) == 1, "the label itself fits better than a word for it"
    assert "Thời gian" in outcome.notes[0]


def test_what_holds_for_all_rows(give: Give, world: World) -> None:
    head, row = ("Ngày", "Xã", "Số hộ"), ("5/11/2013", "Ia Rvê", "30")
    with pytest.raises(FieldappError, match="--set activity_kind"):
        give("activity", head, row)
    outcome = give("activity", head, row, given={"activity_kind": "Giúp dân lao động sản xuất"})
    assert measures(world.post, outcome.added[0].id) == {"ho": 30}


# values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("5/11/2013", "2013-11-05", None),
        ("5-7/11/2013", "2013-11-05", "2013-11-07"),
        ("từ 30/10 đến 7/11/2013", "2013-10-30", "2013-11-07"),
        ("05/11/2013 - 07/11/2013", "2013-11-05", "2013-11-07"),
        ("Thứ ba, 05/11/2013", "2013-11-05", None),
        ("05/11/2013 14:30", "2013-11-05", None),
        ("5-11-2013", "2013-11-05", None),
    ],
)
def test_days_and_periods(give: Give, world: World, written: str, first: str, last: str | None) -> None:
    outcome = give("activity", CLINIC[:3], (written, "cung_co_co_so_chinh_tri", "Ia Rvê"))
    row = records.get(world.post, outcome.added[0].id).row
    assert (row["date_from"], row["date_to"]) == (first, last)


@pytest.mark.parametrize("day", ["5/11", "0511"])
def test_a_day_without_its_year_is_asked_about(give: Give, world: World, day: str) -> None:
    row = (day, "cung_co_co_so_chinh_tri", "Ia Rvê")
    outcome = give("activity", CLINIC[:3], row)
    assert "--year" in reasons(outcome)[0]
    outcome = give("activity", CLINIC[:3], row, year=2013)
    assert records.get(world.post, outcome.added[0].id).row["date_from"] == "2013-11-05"
    for written in ("5", "hn", "hq"):
        assert reasons(give("activity", CLINIC[:3], (written, "cung_co_co_so_chinh_tri", "Ia Lốp"), year=2013))
        assert (
            len(give("activity", CLINIC[:3], (written, "cung_co_co_so_chinh_tri", "Ia Lốp"), confirm=True).added) == 1
        )


def test_a_year_alone_is_no_day(give: Give) -> None:
    outcome = give("activity", CLINIC[:3], ("2012", "cung_co_co_so_chinh_tri", "Ia Rvê"), confirm=True)
    assert "20/12" in reasons(outcome)[0]


def test_names_that_mean_several_are_refused_with_the_candidates(give: Give, world: World) -> None:
    for position in ("Đại úy", "Trung tá"):
        records.save(world.post, "member", {"full_name": "Nguyễn Văn B", "position": position}, confirm=True)
    head = ("Họ tên", "Chi bộ", "Từ ngày", "Số giấy")
    outcome = give(
        "introduction",
        head,
        ("Nguyễn Văn B", "buôn Ba Na", "1/3/2026", "12"),
        ("Đ/c Nguyễn Văn B, Đại uý", "CB Ba Na", "1/3/2026", "13"),
        ("Nguyễn Văn C", "Chi bộ buôn Ba Na", "1/3/2026", "14"),
    )
    assert "Đại úy; Nguyễn Văn B · Trung tá" in reasons(outcome)[0]
    assert "Nguyễn Văn C" in reasons(outcome)[1]
    found = records.get(world.post, outcome.added[0].id)
    assert words.labels(world.post, "introduction", [found.row["id"]])[found.row["id"]].startswith("Nguyễn Văn B")


def test_bodies_extras_events_and_words(give: Give, world: World) -> None:
    records.save(world.post, "event", {"name": "Lũ 2013 Ea Súp", "date_from": "2013-09-15"})
    head = (*CLINIC[:3], "Sự kiện", "Lượt phương tiện", "Chi bộ được củng cố", "Xã được giúp", "Chủ đề", "Buổi")
    outcome = give(
        "activity",
        head,
        ("5/11/2013", "thien_tai", "Ia Rvê", "lũ 2013 ea súp", "hàng chục", "buôn Ba Na", "Ia Rvê; Ia Lốp", "", ""),
        ("6/11/2013", "tuyen_truyen", "Ia Rvê", "", "", "", "", "Luật Biên phòng", "1"),
        ("7/11/2013", "thien_tai", "Ia Rvê", "Lũ 2014", "nhiều", "", "", "", ""),
        ("8/11/2013", "thien_tai", "Ia Rvê", "", "xe tải", "", "", "", ""),
    )
    first = records.get(world.post, outcome.added[0].id)
    assert first.row["event_id"] is not None
    assert measures(world.post, outcome.added[0].id) == {"luot_phuong_tien": "hàng chục"}
    assert sorted(t["target_type"] for t in first.children["targets"]) == ["commune", "commune", "party_cell"]
    assert records.get(world.post, outcome.added[1].id).children["extras"][0]["value"] == "Luật Biên phòng"
    assert ["Lũ 2014" in reasons(outcome)[0], "xe tải" in reasons(outcome)[1]] == [True, True]


def test_choices_by_their_words(give: Give, world: World) -> None:
    outcome = give(
        "cell_rating",
        ("Chi bộ", "Năm", "Xếp loại"),
        ("buôn Ba Na", "2024", "Hoàn thành tốt"),
        ("buôn Ba Na", "2025", "hoàn thành"),
        ("buôn Ba Na", "2024", "excellent"),
    )
    assert records.get(world.post, outcome.added[0].id).row["rating"] == "good"
    assert "Hoàn thành xuất sắc nhiệm vụ" in reasons(outcome)[0]
    assert "ghi rồi" in reasons(outcome)[1]


def test_soft_limits_refuse_with_the_question(give: Give, world: World) -> None:
    row = ("5/11/2013", "khám bệnh", "Ia Rvê", "5.000", "50")
    outcome = give("activity", CLINIC, row)
    assert "5.000" in reasons(outcome)[0]
    outcome = give("activity", CLINIC, row, confirm=True)
    assert [m["confirmed"] for m in records.get(world.post, outcome.added[0].id).children["measures"]].count(None) == 1
    assert give("activity", CLINIC, row).refused == [], "it is in"


# kinds ------------------------------------------------------------------------------------------------------------

TABLES: dict[str, tuple[Line, Line]] = {
    "event": (("Tên", "Từ ngày", "Đến ngày"), ("Lũ 2013", "15/9/2013", "30.9.13")),
    "member": (("Họ và tên", "Cấp bậc, chức vụ", "Ngày vào Đảng"), ("Y Thanh Niê", "Đại úy", "3/2/1998")),
    "meeting": (("Chi bộ", "Ngày", "Loại kỳ", "Nội dung"), ("buôn Ba Na", "3/11/2013", "Thường kỳ", "Nghị quyết")),
    "household_charge": (
        ("Đảng viên", "Chủ hộ", "Xã", "Thôn, buôn", "Từ ngày"),
        ("Nguyễn Văn B", "Siu Blêh", "Ia Rvê", "Buôn Ba Na", "1/1/2020"),
    ),
    "member_rating": (("Đảng viên", "Năm", "Xếp loại"), ("Nguyễn Văn B", 2024, "Hoàn thành xuất sắc nhiệm vụ")),
    "candidacy": (
        ("Đảng viên", "Ứng cử vào", "Cấp", "Ngày giới thiệu", "Kết quả bầu"),
        ("Nguyễn Văn B", "Cấp ủy", "Xã", "1/3/2025", "Trúng cử"),
    ),
    "agreement": (("Loại văn bản", "Tên", "Hiệu lực từ"), ("Quy chế phối hợp", "Quy chế 2008", "1/1/2008")),
    "matter": (
        ("Loại việc", "Phối hợp với", "Về việc", "Ngày bắt đầu", "Hạn"),
        ("Trao đổi thông tin", "Đảng ủy xã Ia Lốp", "Tình hình cột mốc", "1/11/2013", "21/11/2013"),
    ),
    "self_management_group": (
        ("Tên", "Xã", "Chiều dài (m)", "Hộ", "Từ ngày"),
        ("Tổ 1", "Ia Rvê", "2.100", 12, "1/1/2015"),
    ),
    "review_meeting": (("Loại hội nghị", "Ngày", "Nội dung"), ("Sơ kết", "30/6/2013", "6 tháng")),
    "commendation": (("Ngày", "Loại đối tượng", "Đối tượng khen"), ("1/12/2013", "Cá nhân", "Y Thanh Niê")),
}

REFERENCE: dict[str, tuple[Line, Line]] = {
    "unit": (("Cấp", "Tên", "Thuộc"), ("Thôn, buôn", "Buôn Ba Na", "Xã Ia Rvê")),
    "unit_succession": (
        ("Đơn vị cũ", "Đơn vị mới", "Từ ngày"),
        ("Xã Ia Lốp, Ea Súp", "Xã Ia Rvê, Đắk Lắk", "1/7/2026"),
    ),
    "post": (("Mã", "Tên"), ("EASUP", "Đồn BP Ea Súp")),
    "ethnic_group": (("Mã", "Tên"), ("khac", "Dân tộc khác")),
    "activity_kind": (("Mã", "Tên", "Nhóm"), ("trong_rung", "Trồng rừng", "Công trình")),
    "measure": (("Mã", "Tên", "Đơn vị tính", "Tính chất"), ("cay", "Cây trồng", "cây", "Số lượng")),
    "kind_measure": (("Loại hoạt động", "Số liệu", "Nhiều nhất"), ("Giếng khoan", "Hộ", "2.000")),
    "kind_field": (
        ("Loại hoạt động", "Mã", "Tên", "Kiểu ô", "Bắt buộc"),
        ("Giếng khoan", "do_sau", "Độ sâu", "Số", "có"),
    ),
    "party_cell": (("Tên", "Đơn vị hành chính", "Thôn, buôn"), ("Chi bộ thôn 5", 24221, "Thôn 5")),
    "plan": (("Từ ngày", "Đến ngày", "Số liệu", "Chỉ tiêu"), ("1/1/2026", "31/12/2026", "Ngày công", "2.100")),
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_of_a_post(kind: str, give: Give, world: World) -> None:
    records.save(world.post, "member", {"full_name": "Nguyễn Văn B"})
    outcome = give(kind, *TABLES[kind])
    assert (len(outcome.added), reasons(outcome), outcome.notes) == (1, [], [])
    assert len(give(kind, *TABLES[kind]).known) == 1
    with pytest.raises(FieldappError):
        give(kind, *TABLES[kind], store=world.hq)


@pytest.mark.parametrize("kind", REFERENCE)
def test_reference_data_at_headquarters(kind: str, give: Give, world: World) -> None:
    outcome = give(kind, *REFERENCE[kind], store=world.hq)
    assert (len(outcome.added), reasons(outcome), outcome.notes) == (1, [], [])
    assert len(give(kind, *REFERENCE[kind], store=world.hq).known) == 1
    with pytest.raises(FieldappError):
        give(kind, *REFERENCE[kind])
    world.carry(world.hq, world.post)
    assert records.get(world.post, outcome.added[0].id).kind == kind


def test_a_row_may_name_one_above_it(give: Give, world: World) -> None:
    outcome = give(
        "unit",
        ("Cấp", "Tên", "Thuộc"),
        ("Xã", "Xã Mới", "Đắk Lắk"),
        ("Thôn, buôn", "Thôn Một", "Xã Mới"),
        store=world.hq,
    )
    assert len(outcome.added) == 2


def test_rows_that_live_on_a_form_have_no_sheet(give: Give) -> None:
    for kind in ("activity_measure", "attendance", "weather"):
        with pytest.raises(FieldappError):
            give(kind, ("a", "b"), ("c", "d"))


def test_cells_of_any_length_are_only_refused(give: Give) -> None:
    for long in ("x" * 30_000, "a" + " " * 30_000 + "b", "1 " * 15_000, "5-" * 15_000, "từ " * 10_000):
        outcome = give("activity", (*CLINIC, "(" * 30_000), (long, long, long, long, long), (*ONE[:3], long, long))
        assert [refused.line for refused in outcome.refused] == [2, 3]


# once, and back ---------------------------------------------------------------------------------------------------

LABOUR = ("Ngày", "Loại hoạt động", "Nơi", "Ngày công")
ONE = ("5/11/2013", "lao_dong_san_xuat", "Ia Rvê", "100")
TWO = ("6/11/2013", "lao_dong_san_xuat", "Ia Lốp", "200")


def test_twins_are_two_and_stay_two(give: Give) -> None:
    assert len(give("activity", LABOUR, ONE, ONE, TWO).added) == 3
    again = give("activity", LABOUR, TWO, ONE, ONE)
    assert (len(again.added), len(again.known)) == (0, 3)
    assert len(give("activity", LABOUR, ONE, ONE, ONE, TWO).added) == 1


def test_other_columns_and_their_order_do_not_make_other_rows(give: Give) -> None:
    give("activity", LABOUR, ONE, TWO)
    turned = [(*reversed(line), extra) for line, extra in ((LABOUR, "Đã nhập máy"), (TWO, "x"), (ONE, ""))]
    assert len(give("activity", *turned, name="b.csv").known) == 2


def test_a_row_like_a_record_that_is_there_is_asked_about(give: Give, world: World) -> None:
    by_hand = {"activity_kind": "lao_dong_san_xuat", "date_from": "2013-11-05", "unit": "Xã Ia Rvê, Ea Súp"}
    row_id = records.save(world.post, "activity", by_hand, confirm=True)
    outcome = give("activity", LABOUR, ONE, TWO)
    assert [row_id in reason for reason in reasons(outcome)] == [True]
    corrected = (*TWO[:3], "250")
    outcome = give("activity", LABOUR, TWO, corrected)
    assert len(outcome.added) == 1, "the first of both stands on the sheet: the other is another"
    outcome = give("activity", LABOUR, (*TWO[:3], "300"))
    assert "Giống một bản ghi đã có" in reasons(outcome)[0]
    assert len(give("activity", LABOUR, (*TWO[:3], "300"), confirm=True).added) == 1


def test_a_voided_record_does_not_come_back_by_itself(give: Give, world: World) -> None:
    row_id = give("activity", LABOUR, ONE).added[0].id
    records.void(world.post, row_id, "ghi nhầm")
    outcome = give("activity", LABOUR, ONE)
    assert (len(outcome.added), len(outcome.refused), [e.id for e in outcome.voided]) == (0, 0, [row_id])
    anew = give("activity", LABOUR, ONE, again=True)
    assert anew.added[0].id != row_id
    assert [e.id for e in give("activity", LABOUR, ONE, again=True).known] == [anew.added[0].id]


def test_taken_back_but_for_what_was_worked_on(give: Give, world: World) -> None:
    rows = [(f"{day}/10/2013", *ONE[1:]) for day in range(1, 9)]
    outcome = give("activity", LABOUR, *rows)
    ids = [entered.id for entered in outcome.added]
    records.save(world.post, "activity", {"hamlet": "Buôn Ba Na"}, ids[0])
    records.save(world.post, "activity", {"measures": [{"measure": "ngay_cong", "amount": 90}]}, ids[1])
    records.save(world.post, "activity", {"targets": [{"target_type": "other", "name": "Chợ"}]}, ids[2])
    records.save(world.post, "activity", {"date_from": "2013-10-04"}, ids[3])  # nothing changes
    records.void(world.post, ids[4], "ghi nhầm")
    world.carry(world.post, world.hq)
    with pytest.raises(FieldappError):
        take_back(world.post, outcome.batch or 0, "  ")
    with pytest.raises(FieldappError):
        take_back(world.post, 99, "nhầm bảng")
    taken = take_back(world.post, outcome.batch or 0, "nhầm bảng")
    assert [e.id for e in taken.edited] == ids[:3]
    assert [e.id for e in taken.voided] == [ids[3], *ids[5:]]
    assert taken.before == 1
    standing = {r["id"] for r in world.post.rows("SELECT id FROM activity WHERE voided_at IS NULL")}
    assert standing == set(ids[:3])
    (listed,) = batches(world.post)
    assert (listed.records, listed.standing, listed.taken_back_at is not None) == (8, 3, True)
    assert give("activity", LABOUR, *rows).added == []
    assert len(give("activity", LABOUR, *rows, again=True).added) == 5


def test_two_laptops_that_take_in_the_same_sheet(give: Give, world: World, tmp_path: Path) -> None:
    twin = world.copy(tmp_path / "twin")
    ids = [e.id for e in give("activity", LABOUR, ONE, TWO).added]
    other = give("activity", LABOUR, TWO, ONE, store=twin.post)
    assert {e.id for e in other.added} == set(ids)
    mine, theirs = (
        {(r["id"], r["amount"]) for r in store.rows("SELECT * FROM activity_measure")}
        for store in (world.post, twin.post)
    )
    assert mine == theirs
    twin.close()


@pytest.mark.parametrize("kind", TABLES)
def test_a_sheet_of_any_kind_that_both_laptops_take_in_is_in_once(kind: str, give: Give, world: World) -> None:
    """Each of them first; what else holds is in ``test_one_sheet_on_two_laptops.py``."""
    b = second_laptop(world)
    records.save(world.post, "member", {"full_name": "Nguyễn Văn B"})
    world.carry(world.post, b)
    ids = {e.id for store in (world.post, b) for e in give(kind, *TABLES[kind], store=store).added}
    for sender, to in [(b, world.hq), (world.post, world.hq), (world.post, b), (b, world.post)]:
        assert [result.set_aside for result in world.carry(sender, to)] == [[]]
    assert len(ids) == 1 and ids <= {row["id"] for row in world.hq.rows(f"SELECT id FROM {kind}")}
    assert state(world.post) == state(b) == state(world.hq)
    assert merge.conflicts(world.hq) == []
    b.close()


@pytest.mark.parametrize("kind", REFERENCE)
def test_so_is_one_that_both_laptops_of_headquarters_take_in(kind: str, give: Give, world: World) -> None:
    pack = enrolment.write_hq_pack(world.hq, dest=world.usb)
    other = enrolment.init_further_hq(world.root / "hq-b", pack, user="Phó", passphrase="x", laptop="B")
    world.carry(other, world.hq)
    enrolment.trust_replica(world.hq, other.identity.replica_id)
    world.carry(world.hq, other)
    ids = {e.id for store in (world.hq, other) for e in give(kind, *REFERENCE[kind], store=store).added}
    for sender, to in [(world.hq, world.post), (other, world.post), (world.hq, other), (other, world.hq)]:
        assert [result.set_aside for result in world.carry(sender, to)] == [[]]
    assert len(ids) == 1
    assert state(world.hq)[kind] == state(other)[kind] == state(world.post)[kind]
    assert merge.conflicts(world.hq) == []
    other.close()


def test_a_copied_mark_makes_another_row(give: Give) -> None:
    bad = (*ONE[:2], "Ia Rvex", ONE[3])
    outcome = give("activity", LABOUR, bad)
    mark = outcome.refused[0].mark
    head = (*LABOUR, "Mã dòng (không sửa)")
    mended = give("activity", head, (*ONE, mark), (*TWO, mark), (*TWO[:3], "300", "sai mã"), name="b.csv")
    assert [e.id == mark for e in mended.added] == [True, False, False]
    assert give("activity", head, (*ONE, mark), (*TWO, mark), name="b.csv").added == []
    assert len(give("activity", LABOUR, bad).known) == 1, "the row as it was is in by now"


def test_a_row_mended_once_more_is_told_and_its_record_not_touched(give: Give, world: World) -> None:
    mark = give("activity", LABOUR, (*ONE[:2], "Ia Rvex", ONE[3])).refused[0].mark
    head = (*LABOUR, "Mã dòng (không sửa)")
    give("activity", head, (*ONE, mark), name="b.csv")
    assert give("activity", head, (*ONE, mark), name="b.csv").notes == []
    outcome = give("activity", head, (*ONE[:3], "120", mark), name="b.csv")
    assert [e.id for e in outcome.known] == [mark]
    assert mark in outcome.notes[0]
    assert measures(world.post, mark) == {"ngay_cong": 100}


def test_a_mark_of_something_else_is_no_mark(give: Give, world: World) -> None:
    unit = world.post.value("SELECT id FROM unit WHERE code = '24221' AND valid_to IS NULL")
    outcome = give("activity", (*LABOUR, "Mã dòng (không sửa)"), (*ONE, unit))
    assert outcome.added[0].id != unit


def test_a_trial_changes_nothing_and_tells_the_same(give: Give, world: World, tmp_path: Path) -> None:
    def everything() -> dict[str, Any]:
        names = [r["name"] for r in world.post.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: world.post.rows(f"SELECT * FROM {name}") for name in names}

    before = everything()
    trial = give("activity", LABOUR, ONE, (*TWO[:2], "?", "1"), dry_run=True)
    assert everything() == before
    assert not [*tmp_path.glob("*refused*")]
    real = give("activity", LABOUR, ONE, (*TWO[:2], "?", "1"))
    assert (trial.added, trial.refused, trial.notes) == (real.added, real.refused, real.notes)
    assert (trial.batch, real.batch) == (None, 1)


def test_a_sheet_that_is_half_mended_is_not_written_over(give: Give, tmp_path: Path) -> None:
    for name in ("a-refused.xlsx", "a-refused-2.xlsx", "a-refused-3.xlsx"):
        assert Path(give("activity", LABOUR, (*ONE[:2], "?", "1")).refused_file or "").name == name


def test_nothing_is_recorded_where_the_refused_rows_cannot_be_written(
    give: Give, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "take_name", full)
    with pytest.raises(FieldappError, match="a-refused"):
        give("activity", LABOUR, ONE, (*ONE[:2], "?", "1"))
    assert world.post.value("SELECT count(*) FROM activity") == 0


# on the command line ----------------------------------------------------------------------------------------------


def test_exit_codes_and_json(run: Run, tmp_path: Path, world: World) -> None:
    path = tmp_path / "a.csv"

    def write(*lines: Line) -> None:
        path.write_text("\n".join(";".join(line) for line in lines), encoding="utf-8")

    write(LABOUR, ONE, TWO)
    code, out, err = run("import-table", path, "--kind", "activity", "--dry-run", "--json")
    assert (code, len(json.loads(out)["added"])) == (0, 2)
    code, out, err = run("import-table", path, "--kind", "activity")
    assert (code, out) == (0, "Đã ghi 2 dòng, 0 dòng đã có từ trước, 0 dòng bị từ chối.\n")
    assert "--take-back 1" in err
    write(LABOUR, ONE, TWO, ("31/2/2013", *ONE[1:]))
    code, out, err = run("import-table", path, "--kind", "activity", "--json")
    (refused,) = json.loads(out)["refused"]
    assert (code, refused["line"], refused["cells"]["Ngày"]) == (3, 4, "31/2/2013")
    assert "Dòng 4" in err
    write(LABOUR, ("31/2/2013", *ONE[1:]))
    assert run("import-table", path, "--kind", "activity")[0] == 1
    mapping = tmp_path / "map.json"
    mapping.write_text('{"Hôm": "date_from"}', encoding="utf-8")
    write(("Hôm", "Xã"), ("5", "Ia Rvê"))
    words = ("--set", "activity_kind=thien_tai", "--year", "2013")
    assert run("import-table", path, "--kind", "activity", "--map", mapping, *words)[0] == 1
    mapping.write_text("[1]", encoding="utf-8")
    assert run("import-table", path, "--kind", "activity", "--map", mapping)[0] == 1
    assert "2 bản ghi" in run("import-table", "--batches")[1]
    assert json.loads(run("import-table", "--batches", "--json")[1])[0]["number"] == 1
    assert run("import-table", "--take-back", "1")[0] == 1
    assert run("import-table", "--take-back", "1", "--reason", "nhầm")[0] == 0
    assert run("import-table", path)[0] == 2
    assert run("import-table", path, "--kind", "activity", "--set", "x")[0] == 2
    assert run("import-table", tmp_path / "b.csv", "--kind", "activity")[0] == 1


def test_days_of_the_sheet_are_real_days_in_the_sheet_of_refused_rows(world: World, tmp_path: Path) -> None:
    from python_calamine import CalamineWorkbook

    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, [*LABOUR, "Nội dung"])
    sheet.write_datetime(1, 0, date(2013, 11, 5), book.add_format({"num_format": "dd/mm/yyyy"}))
    sheet.write_row(1, 1, ["lao_dong_san_xuat", "?", 24211.5])
    sheet.write_string(1, 4, '=HYPERLINK("http://x")')
    book.close()
    outcome = importing.import_sheet(world.post, path, ImportOptions("activity"))
    file = outcome.refused_file or ""
    table = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    assert table[1][2:7] == [date(2013, 11, 5), "lao_dong_san_xuat", "?", 24211.5, '=HYPERLINK("http://x")']
    with zipfile.ZipFile(file) as parts:
        written = parts.read("xl/worksheets/sheet1.xml").decode()
        assert ("<f>" in written, "hyperlink" in written) == (False, False)
        assert 'quotePrefix="1"' in parts.read("xl/styles.xml").decode(), "it stays text when the cell is edited"
