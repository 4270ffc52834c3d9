"""The table of figures in a letter."""

import io
from dataclasses import replace
from datetime import date
from importlib.resources import files
from typing import Any

import docx
import pypdf
from field import World
from fontTools.ttLib import TTFont

from fieldapp.records import records
from fieldapp.reports import narrative
from fieldapp.reports.files import document, letter_text
from fieldapp.reports.files.docx import docx_bytes
from fieldapp.reports.files.pdf import pdf_bytes
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.reports.sentences import cells_told

MARCH = Query(Period(date(2013, 3, 1), date(2013, 3, 31)), today=date(2013, 5, 2))
SELF, JOINT = "tu_quan_duong_bien", "quan_ly_duong_bien"


def enter(world: World, kind: str, month: int, *amounts: dict[str, Any], **numbers: Any) -> None:
    measures = [*amounts, *({"measure_id": name, "amount": amount} for name, amount in numbers.items())]
    world.well(activity_kind_id=kind, date_from=f"2013-{month:02d}-05", measures=measures)


def rows(world: World) -> dict[str, list[str]]:
    """Title -> unit, result and the period before."""
    grid = letter_text.figures_grid(document.make_document(world.post, MARCH))
    return {row[1]: row[2:] for row in grid.rows if row[1:]}


def points(text: str) -> float:
    """The width of a text of 12 points."""
    font = TTFont(files("fieldapp.reports.files") / "fonts" / "LiberationSerif-Regular.ttf")
    names, widths = font.getBestCmap(), font["hmtx"]
    return float(sum(widths[names[ord(letter)]][0] for letter in text) * 12 / font["head"].unitsPerEm)


def test_no_number_is_broken_also_with_its_mark(world: World) -> None:
    """29.324.500.00 and a 0 below it are read as three billion."""
    told = (("luot_kham", "hàng chục"), ("nguoi_kham", "nhiều"), ("tri_gia_kham", "rất nhiều"))
    words = [{"measure_id": measure, "note": note, "approximate": True} for measure, note in told]
    for month in (2, 3):
        enter(world, "kham_chua_benh", month, tri_gia_kham=999_999_999_999)
        enter(world, "kham_chua_benh", month, *words)
    number = "999.999.999.999 (***)"
    assert rows(world)["Trị giá khám, chữa bệnh, cấp thuốc"] == ["đồng", number, number]
    made = document.make_document(world.post, MARCH)
    for one in (made, replace(made, layout="party")):
        (table,) = (t for t in docx.Document(io.BytesIO(docx_bytes(one))).tables if t.cell(0, 0).text == "TT")
        for cell in table.rows[-1].cells[3:]:
            assert cell.width.pt - 2 * 5.4 > points(number)
        text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf_bytes(one))).pages)
        assert text.count(number) == 2


def test_what_two_tasks_on_the_border_have_is_not_added_up(world: World) -> None:
    """They may lie on one stretch; other figures of the report and its files stay as they are counted."""
    for month in (2, 3):
        enter(world, SELF, month, km="45,6", moc=28 + month)
    enter(world, JOINT, 3, km="57", moc=32, ha="26,2")
    assert rows(world) == {
        "Đường biên giới tự quản": ["km", "45,6", "45,6"],
        "Đường biên giới phối hợp quản lý, bảo vệ": ["km", "57", "-"],
        "Mốc quốc giới tự quản": ["mốc", "31", "30"],
        "Mốc quốc giới phối hợp quản lý, bảo vệ": ["mốc", "32", "-"],
        "Diện tích đất khu vực biên giới giao, nhận quản lý": ["ha", "26,2", "-"],
    }
    made = report(world.post, MARCH)
    assert {f.code: f.value for f in made.figures} == {"km": 1026, "moc": 63, "ha": 2620}
    assert "; giao, nhận quản lý 26,2 ha đất khu vực biên giới." in narrative.prose(made, "border")


def test_what_is_nothing_in_both_periods_has_no_row_beside_others(world: World) -> None:
    for month in (2, 3):
        enter(world, "tuyen_truyen", month, buoi=month, to_roi=0)
        enter(world, "kham_chua_benh", month, luot_kham=0)
    found = rows(world)
    assert "Tờ rơi" not in found
    assert found["Lượt người được khám, chữa bệnh"][1:] == ["0", "0"], "no group is without a row"


def test_absences_are_of_the_same_cells_as_meetings(world: World) -> None:
    """All that is counted from the meetings of some cells has the mark that says so."""
    cells = [
        records.save(world.hq, "party_cell", {"name": f"Chi bộ buôn {n}", "unit_id": "24221"}, confirm=True)
        for n in range(2)
    ]
    world.carry(world.hq, world.post)
    members = []
    for n, cell in enumerate(cells):
        member = records.save(world.post, "member", {"full_name": f"Nguyễn Văn {n}"}, confirm=True)
        records.save(world.post, "introduction", {
            "member_id": member, "party_cell_id": cell, "date_from": "2013-01-15",
        }, confirm=True)  # fmt: skip
        members.append(member)
    for day, status in (("2013-03-03", "present"), ("2013-03-17", "absent")):
        records.save(world.post, "meeting", {
            "party_cell_id": cells[0], "held_on": day, "content": "Sinh hoạt thường kỳ",
            "attendance": [{"member_id": members[0], "status": status}],
        }, confirm=True)  # fmt: skip
    found = rows(world)
    assert cells_told(world.post, MARCH, report(world.post, MARCH).figures) == "mới có số liệu sinh hoạt của 1/2 chi bộ"
    marked = {title: row[1] for title, row in found.items() if row[1].endswith("(*)")}
    assert marked == {
        "Kỳ sinh hoạt chi bộ": "2 (*)",
        "Trong đó: kỳ có đảng viên của đồn dự": "1 (*)",
        "Lượt đảng viên của đồn vắng mặt": "1 (*)",
    }


def test_the_last_row_of_a_group_stays_with_the_one_before_it(world: World) -> None:
    enter(world, "lao_dong_san_xuat", 3, ngay_cong=5)
    enter(world, "kham_chua_benh", 3, luot_kham=5, nguoi_kham=3, tri_gia_kham=100)
    made = docx.Document(io.BytesIO(docx_bytes(document.make_document(world.post, MARCH))))
    (table,) = (t for t in made.tables if t.cell(0, 0).text == "TT")
    bound = {row.cells[0].text: bool(row.cells[0].paragraphs[0].paragraph_format.keep_with_next) for row in table.rows}
    assert [text for text, with_next in bound.items() if not with_next] == ["1.1", "2.1", "2.3"]
