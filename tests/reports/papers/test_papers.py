"""Papers from records: every place of a template is filled, or refused by its name."""

import dataclasses
import io
import json
import re
import runpy
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.section import WD_SECTION
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from field import Run, World
from lxml import etree

from fieldapp.errors import FieldappError
from fieldapp.records import lists, records
from fieldapp.reports.papers import own
from fieldapp.reports.papers.fields import DOTS, TEXT_DOTS, cell_name, party_body
from fieldapp.reports.papers.paper import check, free_path, write_papers
from fieldapp.reports.papers.templates import Template, templates

MADE_BY_LIBREOFFICE = Path(__file__).parent / "data" / "libreoffice.docx"
"""From ``libreoffice.fodt`` by LibreOffice 7.4: fields in the head, foot, a footnote, two text boxes, a content
control, a tracked insertion, a table, a comment, a property, and one over two pieces of a line"""

ROOT = Path(__file__).parents[3]
FIELD = re.compile(rb"\{\{\w+\}\}")


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    """A member, introduced to a cell, and a meeting with its roll call."""
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    made = {"cell": cell}
    for name, more in (("Y Thanh Niê", {"position": "Thiếu tá, Đồn phó", "birth_year": 1985}),
                       ("H'Blŏm Êban", {"party_cell_id": cell}), ("Trần Văn Bảy", {})):  # fmt: skip
        made[name] = records.save(world.post, "member", {"full_name": name, **more}, confirm=True)
    made["introduction"] = records.save(
        world.post, "introduction",
        {"member_id": made["Y Thanh Niê"], "party_cell_id": cell, "letter_number": "05-GT/ĐU",
         "date_from": "2013-02-01", "role": "Phó bí thư"}, confirm=True,
    )  # fmt: skip
    made["other introduction"] = records.save(
        world.post, "introduction",
        {"member_id": made["Trần Văn Bảy"], "party_cell_id": cell, "date_from": "2013-03-01"}, confirm=True,
    )  # fmt: skip
    made["meeting"] = records.save(
        world.post, "meeting",
        {"party_cell_id": cell, "held_on": "2013-02-03", "content": "Dòng một\nDòng hai", "attendance": [
            {"member_id": made["Y Thanh Niê"], "status": "present"},
            {"member_id": made["H'Blŏm Êban"], "status": "excused", "reason": "ốm"},
            {"member_id": made["Trần Văn Bảy"], "status": "present"}]}, confirm=True,
    )  # fmt: skip
    return made


def template(kind: str, *texts: str | list[list[str]], **parts: Any) -> Template:
    """A template with these lines and tables."""
    paper = docx.Document()
    for text in texts:
        if isinstance(text, str):
            paper.add_paragraph(text)
        else:
            table = paper.add_table(rows=0, cols=len(text[0]))
            for cells in text:
                for cell, inner in zip(table.add_row().cells, cells, strict=True):
                    cell.text = inner
    for name, value in parts.items():
        getattr(paper.sections[0], name).paragraphs[0].text = value
    out = io.BytesIO()
    paper.save(out)
    return Template("thu", "Mẫu thử", kind, out.getvalue())


def lines(path: Path) -> list[str]:
    """The text of a paper: lines, and rows of tables with a bar between cells."""
    paper = docx.Document(str(path))
    return list(_lines(paper.element.body))


def _lines(body: Any) -> Iterator[str]:
    for element in body:
        if element.tag == qn("w:p"):
            yield _text(element)
        elif element.tag == qn("w:tbl"):
            yield from ("|".join(_text(cell) for cell in row.iter(qn("w:tc"))) for row in element.iter(qn("w:tr")))


def _text(element: Any) -> str:
    marks = {qn("w:br"): "\n", qn("w:tab"): "\t"}
    return "".join(node.text or "" if node.tag == qn("w:t") else marks.get(node.tag, "") for node in element.iter())


def test_every_place_of_a_template_from_libreoffice_is_filled(
    world: World, ids: dict[str, str], tmp_path: Path
) -> None:
    chosen = Template("lo", "Mẫu", "introduction", MADE_BY_LIBREOFFICE.read_bytes())
    written = write_papers(world.post, chosen, [ids["introduction"]], tmp_path / "giấy.docx")
    with zipfile.ZipFile(tmp_path / "giấy.docx") as packed:
        parts = {name: packed.read(name).decode() for name in packed.namelist() if name.endswith(".xml")}
    assert not [name for name, xml in parts.items() if "{{" in xml or "}}" in xml]
    assert "Đầu trang 05-GT/ĐU" in parts["word/header1.xml"]
    assert "Cuối trang Đồn BP Ia Rvê" in parts["word/footer1.xml"]
    assert "Chân trang Chi bộ buôn Ba Na" in parts["word/footnotes.xml"]
    assert f"Nhận xét {DOTS}" in parts["word/comments.xml"]
    text = parts["word/document.xml"]
    assert text.count("Khung Chi bộ buôn Ba Na") == text.count("Hình Phó bí thư") == 2  # for new and for old programs
    assert "Thiếu tá, Đồn phó</w:t>" in text
    assert "từ ngày 01/02/2013</w:t></w:r></w:ins>" in text
    assert "Giới thiệu Y Thanh Niê sinh hoạt." in lines(tmp_path / "giấy.docx")[0]
    assert written.empty == ["Đến ngày"]


@pytest.mark.parametrize(
    "part", ["word/document.xml", "word/header1.xml", "word/footer1.xml", "word/footnotes.xml", "word/comments.xml"]
)
def test_an_unknown_field_is_refused_by_its_name_and_nothing_is_written(
    world: World, ids: dict[str, str], tmp_path: Path, part: str
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(MADE_BY_LIBREOFFICE) as packed, zipfile.ZipFile(out, "w") as changed:
        for info in packed.infolist():
            data = packed.read(info)
            changed.writestr(info, FIELD.sub(b"{{chi_bo_co_so}}", data, 1) if info.filename == part else data)
    chosen = Template("lo", "Mẫu", "introduction", out.getvalue())
    with pytest.raises(FieldappError, match="chi_bo_co_so"):
        write_papers(world.post, chosen, [ids["introduction"]], tmp_path / "a.docx")
    assert not list(tmp_path.glob("*.docx"))


def test_a_row_is_repeated_for_each_of_a_list(world: World, ids: dict[str, str], tmp_path: Path) -> None:
    rows = [["TT", "Họ tên", "Lý do"], ["{{diem_danh.stt}}", "{{ Điểm_danh.Đảng_viên }}", "{{diem_danh.ly_do}}"]]
    chosen = template("meeting", rows, "- {{co_mat.dang_vien}} ({{co_mat.dang_vien.nam_sinh}})",
                      "{{so_co_mat}}/{{so_dang_vien}}; vắng {{so_vang}}: {{vang}}; khách: {{khach}}")  # fmt: skip
    write_papers(world.post, chosen, [ids["meeting"]], tmp_path / "a.docx")
    assert (
        lines(tmp_path / "a.docx")[:7]
        == [
            "TT|Họ tên|Lý do",
            "1|Trần Văn Bảy|",
            "2|H'Blŏm Êban|ốm",
            "3|Y Thanh Niê|",
            "- Y Thanh Niê (1985)",
            "1/2; vắng 1: H'Blŏm Êban (ốm); khách: Trần Văn Bảy",
        ][:7]
    )


def test_a_list_of_nothing_leaves_a_row_to_write_in(world: World, ids: dict[str, str], tmp_path: Path) -> None:
    meeting = records.save(world.post, "meeting", {"party_cell_id": ids["cell"], "held_on": "2013-04-03"}, confirm=True)
    chosen = template(
        "meeting", [["{{diem_danh.stt}}. {{diem_danh.dang_vien}}", "{{vang.dang_vien}}"]], "{{so_co_mat}}"
    )
    with pytest.raises(FieldappError, match="vang"):  # a row of two lists
        write_papers(world.post, chosen, [meeting], tmp_path / "a.docx")
    chosen = template("meeting", [["{{diem_danh.stt}}. {{diem_danh.dang_vien}}"]], "{{so_co_mat}}, {{vang}}")
    write_papers(world.post, chosen, [meeting], tmp_path / "a.docx")
    assert lines(tmp_path / "a.docx") == [f"1. {DOTS}", f"{DOTS}, {DOTS}"]


def test_text_of_records_is_data(world: World, ids: dict[str, str], tmp_path: Path) -> None:
    """Braces, markup and codes stay what was typed; line breaks too."""
    text = '{{nguoi_ky}} <w:br/> & "x" HYPERLINK "http://a.vn"\nhai'
    records.save(world.post, "meeting", {"content": text}, ids["meeting"], confirm=True)
    chosen = template("meeting", "Nội dung: {{noi_dung}}", [["{{diem_danh.dang_vien}}"]], header="{{noi_dung}}")
    write_papers(world.post, chosen, [ids["meeting"]], tmp_path / "a.docx")
    assert lines(tmp_path / "a.docx")[0] == f"Nội dung: {text}"
    with zipfile.ZipFile(tmp_path / "a.docx") as packed:
        xml = packed.read("word/document.xml").decode()
    assert "instrText" not in xml
    assert "w:hyperlink" not in xml


def test_no_field_of_word_and_no_link_is_made_of_a_record(world: World, ids: dict[str, str], tmp_path: Path) -> None:
    for xml in (
        '<w:r {n}><w:instrText>HYPERLINK "{{{{noi_dung}}}}"</w:instrText></w:r>',
        '<w:fldSimple {n} w:instr="INCLUDETEXT {{{{noi_dung}}}}"><w:r><w:t>x</w:t></w:r></w:fldSimple>',
    ):
        paper = docx.Document()
        name = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        paper.add_paragraph()._p.append(parse_xml(xml.format(n=name)))
        out = io.BytesIO()
        paper.save(out)
        with pytest.raises(FieldappError, match=r"noi_dung.*không điền được"):
            write_papers(
                world.post, Template("x", "x", "meeting", out.getvalue()), [ids["meeting"]], tmp_path / "a.docx"
            )
    paper = docx.Document()
    paper.part.relate_to("https://a.vn/{{noi_dung}}", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    out = io.BytesIO()
    paper.save(out)
    with pytest.raises(FieldappError, match="noi_dung"):
        write_papers(world.post, Template("x", "x", "meeting", out.getvalue()), [ids["meeting"]], tmp_path / "a.docx")


def test_several_records_in_one_file_or_a_file_for_each(world: World, ids: dict[str, str], tmp_path: Path) -> None:
    both = [ids["introduction"], ids["other introduction"]]
    chosen = template("introduction", "Đồng chí {{dang_vien}}", "từ {{tu_ngay.chu}}", footer="{{don}}")
    write_papers(world.post, chosen, both, tmp_path / "a.docx")
    assert lines(tmp_path / "a.docx") == [
        "Đồng chí Y Thanh Niê",
        "từ ngày 01 tháng 02 năm 2013",
        "Đồng chí Trần Văn Bảy",
        "từ ngày 01 tháng 3 năm 2013",
    ]
    paper = docx.Document(str(tmp_path / "a.docx"))
    assert len(paper.sections) == 2
    assert all(s.start_type == WD_SECTION.NEW_PAGE for s in paper.sections)
    folder = tmp_path / "giấy"
    folder.mkdir()
    written = write_papers(world.post, chosen, both, folder, each=True)
    assert [lines(path)[0] for path in written.paths] == ["Đồng chí Y Thanh Niê", "Đồng chí Trần Văn Bảy"]
    assert {path.name for path in written.paths} == {"thu_y-thanh-nie-chi-bo-buon-ba-na.docx",
                                                     "thu_tran-van-bay-chi-bo-buon-ba-na.docx"}  # fmt: skip


@pytest.mark.parametrize("code", ["../../ngoai", "../ngoai/../..", "a\x00b", "..", "a/b\\c:d"])
def test_the_code_of_a_template_is_no_path(world: World, ids: dict[str, str], tmp_path: Path, code: str) -> None:
    folder = tmp_path / "x" / "y"
    folder.mkdir(parents=True)
    made = dataclasses.replace(template("introduction", "{{dang_vien}}"), code=code)
    write_papers(world.post, made, [ids["introduction"], ids["other introduction"]], folder, each=True)
    assert len([*folder.glob("*.docx")]) == len([*tmp_path.rglob("*.docx")]) == 2
    assert free_path(folder, made.code).parent == folder


def test_what_is_there_once_for_all_records_must_be_the_same(world: World, ids: dict[str, str], tmp_path: Path) -> None:
    both = [ids["introduction"], ids["other introduction"]]
    chosen = template("introduction", "Đồng chí {{dang_vien}}", header="Số {{so_giay_gioi_thieu}}, {{chi_bo}}")
    with pytest.raises(FieldappError, match=r"so_giay_gioi_thieu"):
        write_papers(world.post, chosen, both, tmp_path / "a.docx")
    assert not list(tmp_path.glob("*.docx"))
    write_papers(world.post, chosen, both[:1], tmp_path / "a.docx")


def test_a_note_stands_once(world: World, ids: dict[str, str], tmp_path: Path) -> None:
    chosen = Template("lo", "Mẫu", "introduction", MADE_BY_LIBREOFFICE.read_bytes())
    with pytest.raises(FieldappError, match="Chú thích"):
        write_papers(world.post, chosen, [ids["introduction"], ids["other introduction"]], tmp_path / "a.docx")
    written = write_papers(world.post, chosen, [ids["introduction"], ids["other introduction"]], tmp_path, each=True)
    assert len(written.paths) == 2


def test_a_list_of_the_chosen_records_is_one_paper(world: World, ids: dict[str, str], tmp_path: Path) -> None:
    both = [ids["introduction"], ids["other introduction"]]
    rows = [["{{danh_sach.stt}}", "{{danh_sach.dang_vien}}", "{{danh_sach.den_ngay}}"]]
    chosen = template("introduction", "Tại {{chi_bo}}", rows)
    assert check(world.post, chosen)
    written = write_papers(world.post, chosen, both, tmp_path, each=True)
    assert lines(written.paths[0]) == ["Tại Chi bộ buôn Ba Na", "1|Y Thanh Niê|", "2|Trần Văn Bảy|"]
    assert written.empty == ["Đến ngày"]


def test_the_shipped_templates_are_what_their_script_makes() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "make_papers.py"))
    folder = ROOT / "fieldapp" / "data" / "papers"
    assert {path.stem for path in folder.glob("*.docx")} == set(made["PAPERS"])
    for code in made["PAPERS"]:
        with zipfile.ZipFile(folder / f"{code}.docx") as packed:
            assert packed.read("word/document.xml").decode() == made["document"](code)


def test_the_fields_that_the_document_promises_are_there(world: World) -> None:
    """Templates that people wrote ask for them: a title that is changed later must not take one away."""
    said = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8").partition("## Các chỗ điền")[2]
    common, *parts = re.split(r"\(`(\w+)`\): ", said)
    named = re.compile(r"\{\{\w[\w.]*\}\}")
    for kind, text in zip(parts[::2], parts[1::2], strict=True):
        check(world.post, template(kind, *named.findall(text), *named.findall(common.partition("Loại khác")[0])))
    assert len(parts) > 10


@pytest.mark.parametrize("shipped", [
    "gioi_thieu_sinh_hoat", "danh_sach_sinh_hoat", "bien_ban_sinh_hoat", "giay_moi_sinh_hoat", "bien_ban_ban_giao",
    "phieu_kham", "giay_moi", "ke_hoach"])  # fmt: skip
def test_each_shipped_template_is_filled(
    world: World, ids: dict[str, str], tmp_path: Path, run: Run, shipped: str
) -> None:
    by_kind = {
        "introduction": ids["introduction"],
        "meeting": ids["meeting"],
        "activity": world.well(description="Giếng khoan", people="Y Thanh Niê", date_to="2013-10-07"),
        "event": records.save(world.post, "event", {"name": "Lũ", "date_from": "2013-09-01"}, confirm=True),
    }
    records.save(world.hq, "plan", {"date_from": "2013-01-01", "date_to": "2013-12-31", "measure_id": "luot_kham",
                                    "target": 2000})  # fmt: skip
    world.carry(world.hq, world.post)
    by_kind["plan"] = world.post.value("SELECT id FROM plan")
    (chosen,) = [t for t in templates(world.post) if t.code == shipped]
    code, out, err = run("paper", shipped, by_kind[chosen.kind], "--out", tmp_path / "a.docx")
    assert code == 0, err
    assert out.strip() == str(tmp_path / "a.docx")
    text = "\n".join(lines(tmp_path / "a.docx"))
    assert "{{" not in text
    assert {"gioi_thieu_sinh_hoat": "Kính gửi: Chi bộ buôn Ba Na", "danh_sach_sinh_hoat": "1|Y Thanh Niê|1985",
            "bien_ban_sinh_hoat": "2|H'Blŏm Êban|Vắng có lý do|ốm", "giay_moi_sinh_hoat": "ngày 03 tháng 02 năm 2013",
            "bien_ban_ban_giao": "1|Giếng|1 giếng|", "phieu_kham": "Thời gian: từ ngày 05/10/2013 đến ngày 07/10/2013.",
            "giay_moi": "tới dự: Lũ.", "ke_hoach": "2.000 lượt người|01/01/2013"}[shipped] in text  # fmt: skip


def paper_of(run: Run, path: Path, shipped: str, *of: str) -> str:
    """The text of a paper of a shipped template."""
    assert run("paper", shipped, *of, "--out", path)[0] == 0
    return "\n".join(lines(path))


def test_papers_of_the_party_are_issued_by_its_body_and_name_no_unit_as_a_rank(
    world: World, ids: dict[str, str], run: Run, tmp_path: Path
) -> None:
    records.save(world.post, "member", {"position": "Đồn Biên phòng Ia Rvê"}, ids["Y Thanh Niê"], confirm=True)
    as_set = paper_of(run, tmp_path / "a.docx", "gioi_thieu_sinh_hoat", ids["introduction"])
    assert "Đảng ủy Đồn Biên\N{NO-BREAK SPACE}phòng Ia Rvê*" in as_set, "no line of the head begins within it"
    letter = as_set.replace("\N{NO-BREAK SPACE}", " ")
    assert "Đảng ủy Đồn Biên phòng Ia Rvê giới thiệu đồng chí: Y Thanh Niê." in letter
    assert f"; cấp bậc, chức vụ: {TEXT_DOTS}; đơn vị: Đồn Biên phòng Ia Rvê.\n" in letter
    assert "trở về sinh hoạt tại Đảng bộ Đồn Biên phòng Ia Rvê." in letter
    assert letter.count("Chi bộ buôn Ba Na") == letter.count("Chi bộ buôn Ba Na, xã Ia Rvê") == 3
    assert "Nơi nhận:- Như trên,- Đồng chí Y Thanh Niê,- Đảng ủy" in letter
    assert f"BÍ THƯ{TEXT_DOTS}" in letter
    assert "đến ngày ……/……/…………." in letter
    assert letter.count("Đồng chí Y Thanh Niê") == 2  # also among those who get it
    both = [ids["other introduction"], ids["introduction"]]
    listed = paper_of(run, tmp_path / "b.docx", "danh_sach_sinh_hoat", *both).replace("\N{NO-BREAK SPACE}", " ")
    assert "1|Y Thanh Niê|1985||Đồn BP Ia Rvê|" in listed  # by the letter's number
    assert "Danh sách có 02 đồng chí." in listed
    for shipped, text in (("a", letter), ("b", listed)):
        assert "- Đảng ủy Sở chỉ huy,- Lưu Đảng ủy." in text.replace("\n", ""), shipped
        assert "Đồn BP Ia Rvê*" not in text, shipped
    assert party_body("ĐẢNG ỦY ĐỒN BP IA RVÊ") == "Đảng ủy Đồn Biên phòng Ia Rvê"
    assert party_body("Huyện ủy Ea Súp") == "Huyện ủy Ea Súp"
    assert party_body("ĐẢNG ỦY BĐBP TỈNH ĐẮK LẮK") == "Đảng ủy BĐBP tỉnh Đắk Lắk"


def test_a_paper_bears_the_day_of_what_it_is_about_or_dots(
    world: World, ids: dict[str, str], run: Run, tmp_path: Path
) -> None:
    """Never that of printing."""
    done = world.well(date_to="2013-10-07")
    event = records.save(world.post, "event", {"name": "Lũ", "date_from": "2013-09-01"}, confirm=True)
    for number, (shipped, of, day) in enumerate((
        ("bien_ban_ban_giao", done, "ngày 07 tháng 10 năm 2013"), ("phieu_kham", done, "ngày 07 tháng 10 năm 2013"),
        ("bien_ban_sinh_hoat", ids["meeting"], "ngày 03 tháng 02 năm 2013"),
        ("giay_moi_sinh_hoat", ids["meeting"], "ngày …… tháng …… năm …………"),
        ("giay_moi", event, "ngày …… tháng …… năm …………"),
        ("danh_sach_sinh_hoat", ids["introduction"], "ngày …… tháng …… năm …………"),
    )):  # fmt: skip
        text = paper_of(run, tmp_path / f"{number}.docx", shipped, of)
        assert f"……, {day}" in text, shipped
    assert "Hôm nay, ngày 07 tháng 10 năm 2013, tại" in "\n".join(lines(tmp_path / "0.docx"))


def test_a_commune_stands_within_a_sentence_once(world: World, ids: dict[str, str], run: Run, tmp_path: Path) -> None:
    cell = world.post.row("SELECT party_cell.*, unit.name AS unit FROM party_cell JOIN unit ON unit.id = unit_id")
    assert cell is not None
    where = cell["unit"][0].lower() + cell["unit"][1:]
    bare = where.partition(" ")[2]
    for name, short in ((f"Chi bộ thôn 8 {bare}", "Chi bộ thôn 8"), (f"Chi bộ thôn {bare}", f"Chi bộ thôn {bare}")):
        assert cell_name(name, where, full=False) == short
        assert cell_name(name, where, full=True) == f"{short}, {where}"


def test_what_is_handed_over_is_apart_from_whom_it_serves(world: World, run: Run, tmp_path: Path) -> None:
    measures = [{"measure_id": "gieng", "amount": 1}, {"measure_id": "ho_huong_loi", "amount": 17}]
    well = world.well(measures=measures, description="Bàn giao giếng số 6.")
    text = paper_of(run, tmp_path / "a.docx", "bien_ban_ban_giao", well)
    assert "Mô tả: Bàn giao giếng số 6.\n" in text
    assert "1|Giếng|1 giếng|" in text
    assert "Số hộ hưởng lợi: 17 hộ." in text
    assert "I. BÊN GIAO: Đồn Biên phòng Ia Rvê\n" in text
    assert text.startswith("Sở chỉ huyĐồn Biên phòng Ia Rvê|")
    assert "2|" not in text


def test_the_shipped_papers_leave_room_for_what_is_written_by_hand_once(
    world: World, ids: dict[str, str], run: Run, tmp_path: Path
) -> None:
    done = world.well(date_to="2013-10-07", description="Khám")
    for number, (shipped, of, wanted) in enumerate((
        ("bien_ban_sinh_hoat", ids["meeting"],
         ["Đảng viên sinh hoạt tạm thời: ………; miễn sinh hoạt: ………; tạm thời đi nơi khác: ……….", "- Lưu chi bộ."]),
        ("danh_sach_sinh_hoat", ids["introduction"],
         ["tham gia sinh hoạt đảng tạm thời tại chi bộ thôn, buôn", f"BÍ THƯ{TEXT_DOTS}"]),
        ("giay_moi_sinh_hoat", ids["meeting"], ["T/M CHI BỘBÍ THƯ…", "Nội dung: Dòng một\nDòng hai."]),
        ("phieu_kham", done, ["CHỈ HUY ĐƠN VỊ(Ký, ghi rõ họ tên, đóng dấu)", "NGƯỜI LẬP PHIẾU", "|Số lượng|",
                              "Kết quả khám bệnh, chữa bệnh, cấp thuốc cho Nhân dân"]),
        ("bien_ban_ban_giao", done, ["Ngày bàn giao: 07/10/2013.", "bảo quản công trình theo quy định.",
                                     "Bàn giao công trình giúp đỡ Nhân dân\n"]),
    )):  # fmt: skip
        text = paper_of(run, tmp_path / f"{number}.docx", shipped, of)
        assert [words for words in wanted if words not in text] == [], shipped
        assert text.count("……… giờ ……… phút") <= 2, shipped  # a meeting's beginning and its end
        assert not re.search(r"[^.]\.\.(?!\.)", text), shipped


def test_headquarters_template_reaches_posts_with_the_reply(
    world: World, ids: dict[str, str], run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "Biên bản mới.docx"
    path.write_bytes(template("meeting", "Họp ở {{chi_bo}}").content)
    code, _out, err = run("hq", "paper", path, "--kind", "meeting", "--code", "bien_ban_sinh_hoat", home="hq")
    assert code == 0, err
    world.carry(world.hq, world.post)
    code, out, _err = run("papers", "meeting", "--json")
    assert code == 0
    listed = {one["code"]: one for one in json.loads(out)}
    assert listed["bien_ban_sinh_hoat"]["name"] == "Biên bản mới"  # instead of the shipped one
    assert listed["giay_moi_sinh_hoat"]["id"] is None
    assert run("paper", "bien_ban_sinh_hoat", ids["meeting"], "--out", tmp_path / "a.docx")[0] == 0
    assert lines(tmp_path / "a.docx") == ["Họp ở Chi bộ buôn Ba Na"]
    assert len(run("show", listed["bien_ban_sinh_hoat"]["id"])[1]) < 1000  # not the whole file in base64
    own.retire(world.hq, next(t for t in templates(world.hq) if t.id))
    world.carry(world.hq, world.post)
    assert not [t for t in templates(world.post) if t.id]


def test_a_template_is_checked_when_it_is_taken_in(world: World, run: Run, tmp_path: Path) -> None:
    bomb = io.BytesIO(template("meeting", "{{ngay}}").content)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/media/a.bmp", bytes(25_000_000))
    for name, data, why in (
        ("a.docx", template("meeting", "{{khong_co}} và {{cung_khong}}").content, "cung_khong, khong_co"),
        ("b.docx", template("meeting", "Ngày {{ngay}").content, "{{ngay}"),
        ("c.docx", b"PK\x03\x04 no", "không phải tệp Word"),
        ("d.docx", bytes(300_001), "300 kB"),
        ("f.docx", bomb.getvalue(), "không phải tệp Word"),
    ):
        (tmp_path / name).write_bytes(data)
        code, _out, err = run("hq", "paper", tmp_path / name, "--kind", "meeting", "--code", "x", home="hq")
        assert (code, why in err) == (1, True), err
    assert world.hq.value("SELECT count(*) FROM paper_template") == 0
    (tmp_path / "e.docx").write_bytes(template("meeting", "{{ngay}}").content)
    code, _out, err = run("hq", "paper", tmp_path / "e.docx", "--kind", "meeting", "--code", "x")
    assert code == 1  # at a post


@pytest.mark.parametrize("text", [
    "{dang_vien", "dang_vien}", "{khong_co}", "{{dang_vien}", "{dang_vien}}", "{{{dang_vien}}}", "{ {dang_vien} }",
    "dang_vien｝｝", "｛dang_vien}", "{{dang vien}}", "{{dang_vien", "alt={dang_vien}", "alt=｛｛dang_vien｝｝",
    "alt={{dang_vien}"])  # fmt: skip
def test_a_brace_too_few_or_of_another_keyboard_is_refused_by_name(
    world: World, ids: dict[str, str], tmp_path: Path, text: str
) -> None:
    chosen = template("introduction", "" if "alt=" in text else f"Đồng chí {text} về")
    if "alt=" in text:
        paper = docx.Document(io.BytesIO(chosen.content))
        shape = '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" alt="{}"/>'.format(text.partition("=")[2])
        paper.paragraphs[0]._p.append(parse_xml(shape))
        out = io.BytesIO()
        paper.save(out)
        chosen = dataclasses.replace(chosen, content=out.getvalue())
    with pytest.raises(FieldappError, match="không điền được"):
        write_papers(world.post, chosen, [ids["introduction"]], tmp_path / "a.docx")
    assert not list(tmp_path.glob("*.docx"))


def test_marks_apart_comments_of_the_file_and_other_formats_within(
    world: World, ids: dict[str, str], tmp_path: Path
) -> None:
    paper = docx.Document()
    paper.add_paragraph(unicodedata.normalize("NFD", "{{Đảng_viên}} {1234-5678} f(x) = {0, 1}"))
    paper.element.body.append(etree.Comment(" {{dang_vien}} "))
    paper.save(str(tmp_path / "mẫu.docx"))
    content = (tmp_path / "mẫu.docx").read_bytes()
    write_papers(world.post, Template("x", "x", "introduction", content), [ids["introduction"]], tmp_path / "a.docx")
    assert lines(tmp_path / "a.docx")[0] == "Y Thanh Niê {1234-5678} f(x) = {0, 1}"
    with zipfile.ZipFile(tmp_path / "a.docx") as packed:
        assert b"{{" not in packed.read("word/document.xml")
    rtf = Part(PackURI("/word/a.rtf"), "application/rtf", rb"{\rtf1 \{\{dang_vien\}\}}", paper.part.package)
    paper.part.relate_to(rtf, RELATIONSHIP_TYPE.A_F_CHUNK)
    paper.save(str(tmp_path / "mẫu.docx"))
    content = (tmp_path / "mẫu.docx").read_bytes()
    with pytest.raises(FieldappError, match=r"a\.rtf"):
        write_papers(
            world.post, Template("x", "x", "introduction", content), [ids["introduction"]], tmp_path / "b.docx"
        )


def test_a_record_of_another_kind_or_voided_has_no_paper(
    world: World, ids: dict[str, str], run: Run, tmp_path: Path
) -> None:
    code, _out, err = run("paper", "bien_ban_sinh_hoat", ids["introduction"], "--out", tmp_path / "a.docx")
    assert (code, "Kỳ sinh hoạt" in err or "sinh hoạt" in err) == (1, True)
    records.void(world.post, ids["introduction"], "nhập trùng")
    code, _out, err = run("paper", "gioi_thieu_sinh_hoat", ids["introduction"], "--out", tmp_path / "a.docx")
    assert (code, "đã hủy" in err) == (1, True)
    assert run("paper", "khong_co", ids["meeting"], "--out", tmp_path / "a.docx")[0] == 1
    assert not list(tmp_path.glob("*.docx"))


def test_a_template_can_be_written_out_and_used_from_its_file(
    world: World, ids: dict[str, str], run: Run, tmp_path: Path
) -> None:
    assert run("paper", "bien_ban_sinh_hoat", "--out", tmp_path / "mẫu.docx")[0] == 0
    assert any("{{nghi_quyet}}" in line for line in lines(tmp_path / "mẫu.docx"))
    assert run("paper", tmp_path / "mẫu.docx", ids["meeting"], "--out", tmp_path / "a.docx")[0] == 0
    assert "Dòng một\nDòng hai." in lines(tmp_path / "a.docx")


def test_every_named_field_is_one(world: World, run: Run) -> None:
    """What ``papers KIND --fields`` lists can be asked for, also of records that are referred to."""
    for kind in ("introduction", "meeting", "activity", "agreement", "plan"):
        code, out, _err = run("papers", kind, "--fields")
        assert code == 0
        names = [line.split("\t")[0] for line in out.splitlines()]
        assert len(names) == len(set(names))
        check(world.post, template(kind, *names))
    assert run("papers", "--fields")[0] == 2


def test_without_the_library_for_word_files_a_sentence_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after ``make demo``: it installs no extra."""
    for name in [m for m in sys.modules if m.startswith(("docx", "fieldapp.reports.papers", "fieldapp.reports.files"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "docx", None)
    for words in (["papers"], ["papers", "meeting", "--fields"], ["paper", "bien_ban_sinh_hoat", "x", "--out", "x"]):
        code, _out, err = run(*words)
        assert (code, "fieldapp[hq]" in err, "ngoài dự kiến" in err) == (1, True, False), words
