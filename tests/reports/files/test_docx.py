"""Letters stand as they are prescribed, and fill headquarters' own templates."""

import io
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Pt
from field import World
from report_files import EDE, fill

from fieldapp.errors import FieldappError
from fieldapp.reports import letterhead
from fieldapp.reports.files import document
from fieldapp.reports.files.docx import docx_bytes
from fieldapp.reports.files.letter import LetterDraft
from fieldapp.reports.files.letter import letter as letter_of
from fieldapp.reports.letterhead import Issue, LayoutCode
from fieldapp.reports.query import Query, period_of

YEAR = Query(period_of("2013", date(2026, 1, 1)))
HEAD = {
    "superior": "Bộ Chỉ huy BĐBP tỉnh", "issuer": "Phòng Chính trị", "sign": "BC-PCT", "place": "Đắk Lắk",
    "recipients": ["Bộ Chỉ huy", "Lưu: VT, PCT"], "authority": "TM. phòng", "position": "Trưởng phòng",
    "signer": "Y Thanh Niê",
}  # fmt: skip


def test_the_body_above_is_not_broken_within_its_name() -> None:
    above = letterhead.Letterhead(superior="BỘ TƯ LỆNH BỘ ĐỘI BIÊN PHÒNG")
    made = letter_of(LetterDraft(above, "decree30", "1", date(2026, 11, 30), "Kết quả"))
    assert [line.text for line in made.head[0][0]][:2] == ["BỘ TƯ LỆNH", "BỘ ĐỘI BIÊN PHÒNG"]
    full = letterhead.Letterhead(issuer="BỘ CHỈ HUY BỘ ĐỘI BIÊN PHÒNG TỈNH ĐẮK LẮK")
    made = letter_of(LetterDraft(full, "decree30", "1", date(2026, 11, 30), "Kết quả"))
    assert [line.text for line in made.head[0][0]] == ["BỘ CHỈ HUY", "BỘ ĐỘI BIÊN PHÒNG", "TỈNH ĐẮK LẮK"]
    military = letterhead.Letterhead(superior="BỘ CHỈ HUY QUÂN SỰ TỈNH ĐẮK LẮK")
    about = (
        "Kết quả Đồn Biên phòng Ia Rvê giúp đỡ Nhân dân và phối hợp với cấp ủy, chính quyền địa phương trong năm 2013"
    )
    made = letter_of(LetterDraft(military, "decree30", "1", date(2026, 11, 30), about))
    assert [line.text for line in made.head[0][0]][:2] == ["BỘ CHỈ HUY QUÂN SỰ", "TỈNH ĐẮK LẮK"]
    assert not [line.text for line in made.title if line.text.endswith("phối")]
    party = letterhead.Letterhead(superior="TỈNH ỦY ĐẮK LẮK", issuer="ĐẢNG ỦY BỘ ĐỘI BIÊN PHÒNG TỈNH")
    made = letter_of(LetterDraft(party, "party", "1", date(2026, 11, 30), "Kết quả"))
    assert [line.text for line in made.head[0][0]][1:3] == ["ĐẢNG ỦY BỘ ĐỘI", "BIÊN PHÒNG TỈNH"], "no word alone"


def letter(world: World, layout: LayoutCode, template: Path | None = None) -> Any:
    letterhead.save_letterhead(world.hq, layout, HEAD)
    made = document.make_document(world.hq, YEAR, layout, Issue("12"), annexed=True)
    return docx.Document(io.BytesIO(docx_bytes(made, template)))


def look(paragraph: Any) -> tuple[str, float | None, bool, bool]:
    run = paragraph.runs[0]
    return paragraph.text, run.font.size and run.font.size.pt, bool(run.bold), bool(run.italic)


def test_a_letter_of_an_office(world: World) -> None:
    fill(world)
    paper = letter(world, "decree30")
    section = paper.sections[0]
    assert [round(m.mm) for m in (section.page_width, section.page_height)] == [210, 297]
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(m.mm) for m in margins] == [20, 20, 30, 15]
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header._element.xml
    assert "PAGE" not in section.first_page_header._element.xml
    normal = paper.styles["Normal"]
    assert (normal.font.name, normal.font.size) == ("Times New Roman", Pt(14))
    assert "Theme" not in paper.styles["Heading 1"].element.xml

    head = paper.tables[0]
    left, right = head.rows[0].cells
    assert [look(p) for p in left.paragraphs if p.text] == [
        ("BỘ CHỈ HUY BĐBP TỈNH", 13, False, False), ("PHÒNG CHÍNH TRỊ", 13, True, False)]  # fmt: skip
    assert [look(p) for p in right.paragraphs if p.text] == [
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 13, True, False),
        ("Độc lập - Tự do - Hạnh phúc", 14, True, False),
    ]
    assert "w:pBdr" in left._tc.xml
    assert "w:pBdr" in right._tc.xml
    number, place = head.rows[1].cells
    assert number.paragraphs[0].text == "Số: 12/BC-PCT"
    assert place.paragraphs[0].text.startswith("Đắk Lắk, ngày ")
    assert look(place.paragraphs[0])[3]

    texts = [p.text for p in paper.paragraphs if p.text]
    assert texts[0] == "BÁO CÁO"
    places = [texts.index(next(t for t in texts if t.startswith(start))) for start in ("I. ", "II. ", "III. ")]
    assert places == sorted(places)
    assert any(t.endswith("./.") for t in texts)
    annexed = next(n for n, p in enumerate(paper.paragraphs) if p.text == "Phụ lục")
    assert [s.different_first_page_header_footer for s in paper.sections] == [True, True], "numbered by itself"
    assert paper.sections[1]._sectPr.xpath("w:pgNumType/@w:start") == ["1"]
    assert [look(p)[1:] for p in paper.paragraphs[annexed : annexed + 3]] == [
        (14, True, False), (14, True, False), (14, False, True)]  # fmt: skip
    assert paper.paragraphs[annexed + 1].text == "NGUỒN SỐ LIỆU"
    assert paper.paragraphs[annexed + 2].text == "(Kèm theo Báo cáo số 12/BC-PCT"
    assert paper.paragraphs[annexed + 3].text.endswith(" của Phòng Chính trị)")
    foot = paper.tables[-2].rows[0].cells
    assert [look(p) for p in foot[0].paragraphs] == [
        ("Nơi nhận:", 12, True, True),
        ("- Như trên;", 11, False, False),
        ("- Lưu: VT, PCT.", 11, False, False),
    ]
    assert [p.text for p in foot[1].paragraphs] == ["TM. PHÒNG", "TRƯỞNG PHÒNG", "Y Thanh Niê"]


def test_a_letter_of_the_party(world: World) -> None:
    paper = letter(world, "party")
    left, right = paper.tables[0].rows[0].cells
    assert [p.text for p in left.paragraphs if p.text] == ["BỘ CHỈ HUY BĐBP TỈNH", "PHÒNG CHÍNH TRỊ", "*"]
    assert [look(p) for p in right.paragraphs if p.text] == [("ĐẢNG CỘNG SẢN VIỆT NAM", 15, True, False)]
    assert "CỘNG HÒA" not in paper.element.xml
    assert paper.tables[0].rows[1].cells[0].text == "Số 12-BC-PCT"
    assert paper.tables[-2].rows[0].cells[0].paragraphs[0].runs[0].underline
    assert "-----" in [p.text for p in paper.paragraphs[:5]], "the Party has no drawn line below the topic"
    assert "-----" not in [p.text for p in letter(world, "decree30").paragraphs[:5]]


ORDER = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs"
    " suppressAutoHyphens spacing ind contextualSpacing jc textAlignment outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike outline shadow color spacing w kern position sz szCs"
    " highlight u effect bdr shd vertAlign rtl cs em lang",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing"
    " tblInd tblBorders shd tblLayout tblCellMar tblLook",
    "tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark",
}
"""Children of an element in the order of its schema (ECMA-376, part 1, 17): with another order Word calls it broken"""


@pytest.mark.parametrize("layout", ["decree30", "party"])
def test_word_is_given_its_order(world: World, layout: LayoutCode) -> None:
    fill(world)
    paper = letter(world, layout)
    roots = [paper.element, paper.styles.element, paper.sections[0].header._element]
    checked = 0
    for name, order in ORDER.items():
        place = {child: at for at, child in enumerate(order.split())}
        for element in (e for root in roots for e in root.iter(qn(f"w:{name}"))):
            children = [child.tag.rpartition("}")[2] for child in element]
            assert [place[c] for c in children] == sorted(place[c] for c in set(children)), (name, children)
            checked += 1
    assert checked > 500


def template(tmp_path: Path, *lines: list[str] | str) -> Path:
    """A template whose lines are cut into runs as Word cuts them."""
    paper = docx.Document()
    paper.sections[0].header.paragraphs[0].text = "Mẫu của {{co_quan}}"
    for line in lines:
        paragraph = paper.add_paragraph()
        for part in [line] if isinstance(line, str) else line:
            paragraph.add_run(part)
    paper.add_table(1, 1).rows[0].cells[0].text = "Khám: {{health.luot_kham}}"
    paper.paragraphs[0].runs[-1].italic = True
    path = tmp_path / "mẫu.docx"
    paper.save(str(path))
    return path


def test_a_template_keeps_its_look(world: World, tmp_path: Path) -> None:
    fill(world)
    world.well(activity_kind_id="kham_chua_benh", hamlet=EDE,
               measures=[{"measure_id": "luot_kham", "note": "{{nguoi_ky}}"}])  # fmt: skip
    world.carry(world.post, world.hq)
    path = template(tmp_path, ["Kỳ: {", "{k", "y}", "}, ký: ", "{{ nguoi_ky }}"], "{{noi_dung}}", "hết")
    paper = letter(world, "decree30", path)
    texts = [p.text for p in paper.paragraphs]
    assert texts[0] == "Kỳ: năm 2013, ký: Y Thanh Niê"
    assert paper.paragraphs[0].runs[-1].italic
    assert paper.sections[0].header.paragraphs[0].text == "Mẫu của Phòng Chính trị"
    assert texts[-1] == "hết"
    assert any(t.startswith("III. ") for t in texts)
    assert paper.tables[-1].rows[0].cells[0].text == "Khám: 2.385 lượt và {{nguoi_ky}} lượt"
    assert ["km", "73,4"] in [
        [c.text for c in row.cells[2:4]] for t in paper.tables for row in t.rows if len(row.cells) > 3
    ]


def test_a_figure_of_which_nothing_is_recorded_is_no_mistake(world: World, tmp_path: Path) -> None:
    """Nor is it zero."""
    paper = letter(world, "decree30", template(tmp_path, "{{noi_dung}}"))
    assert paper.tables[-1].rows[0].cells[0].text == "Khám: chưa ghi nhận"


def test_a_template_that_cannot_be_filled_is_told(world: World, tmp_path: Path) -> None:
    with pytest.raises(FieldappError, match=r"khong_co.*noi_dung"):
        letter(world, "decree30", template(tmp_path, "{{khong_co}}", "{{noi_dung}}"))
    with pytest.raises(FieldappError, match="chưa có dòng"):
        letter(world, "decree30", template(tmp_path, "{{nguoi_ky}}"))
    broken = tmp_path / "hỏng.docx"
    broken.write_bytes(b"PK\x03\x04 no")
    with pytest.raises(FieldappError, match=r"không phải tệp Word"):
        letter(world, "decree30", broken)
    with pytest.raises(FieldappError, match="Không đọc được"):
        letter(world, "decree30", tmp_path / "không có.docx")


NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
)
LINE = "<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
VML = (
    '<w:pict><v:shape id="b" style="width:9cm"><v:textbox><w:txbxContent>{inside}</w:txbxContent></v:textbox>'
    "</v:shape></w:pict>"
)
DRAWING = (
    '<w:drawing><wp:inline><wp:extent cx="3240000" cy="720000"/><wp:docPr id="7" name="b"/><a:graphic>'
    '<a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr/>'
    "<wps:spPr/><wps:txbx><w:txbxContent>{inside}</w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData>"
    "</a:graphic></wp:inline></w:drawing>"
)
BOX = (
    "<w:p><w:r><w:t>{text}</w:t></w:r><w:r><mc:AlternateContent>"
    f'<mc:Choice Requires="wps">{DRAWING}</mc:Choice><mc:Fallback>{VML}</mc:Fallback></mc:AlternateContent></w:r></w:p>'
)
"""A text box as Word writes it: twice, the second time for older programs"""
CONTROL = (
    "<w:sdt><w:sdtPr><w:showingPlcHdr/><w:dataBinding w:xpath='/x' w:storeItemID='{{}}'/><w:text/></w:sdtPr>"
    "<w:sdtContent>{inside}</w:sdtContent></w:sdt>"
)
TABLE = "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/></w:tblGrid><w:tr><w:tc>{inside}<w:p/></w:tc></w:tr></w:tbl>"
INLINE = "<w:p><w:r><w:t xml:space='preserve'>Kỳ </w:t></w:r>{inside}</w:p>"
RUN = "<w:r><w:t>{text}</w:t></w:r>"

PLACES = {
    "text box": BOX.replace("{inside}", LINE),
    "text box of older programs": f"<w:p><w:r>{VML}</w:r></w:p>".replace("{inside}", LINE),
    "text box in a nested table": TABLE.replace("{inside}", TABLE).replace("{inside}", BOX).replace("{inside}", LINE),
    "content control": CONTROL.replace("{inside}", LINE),
    "content control in a line": INLINE.replace("{inside}", CONTROL).replace("{inside}", RUN),
    "content control in a text box": BOX.replace("{inside}", CONTROL).replace("{inside}", LINE),
    "content control around a table": CONTROL.replace("{inside}", TABLE).replace("{inside}", LINE),
    "nested table in a content control": TABLE.replace("{inside}", CONTROL).replace("{inside}", TABLE + "<w:p/>")
    .replace("{inside}", LINE),
    "tracked insertion": INLINE.replace("{inside}", f"<w:ins w:id='1' w:author='a'>{RUN}</w:ins>"),
    "field": INLINE.replace("{inside}", f"<w:fldSimple w:instr='TITLE'>{RUN}</w:fldSimple>"),
    "link": INLINE.replace("{inside}", f"<w:hyperlink w:anchor='x'>{RUN}</w:hyperlink>"),
    "drawing's text without a line": INLINE.replace("{inside}", "<w:r><w:drawing><a:t>{text}</a:t></w:drawing></w:r>"),
}  # fmt: skip


def placed(tmp_path: Path, where: str, xml: str, text: str) -> Path:
    """A template that has the text in such a place of its body, head, foot or of a footnote."""
    paper = docx.Document()
    section = paper.sections[0]
    element = parse_xml(xml.format(text=text).replace(">", f" {NAMES}>", 1))
    if where == "footnote":
        notes = f"<w:footnotes {NAMES}><w:footnote w:id='2'>{xml.format(text=text)}</w:footnote></w:footnotes>"
        part = Part(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, notes.encode(), paper.part.package)
        paper.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    else:
        parents = {"body": paper.paragraphs, "head": section.header.paragraphs, "foot": section.footer.paragraphs}
        first = (parents[where] or [paper.add_paragraph("Mẫu")])[0]
        first._p.addnext(element)
    paper.add_paragraph("{{noi_dung}}")
    path = tmp_path / "mẫu.docx"
    paper.save(str(path))
    return path


def parts(world: World, path: Path) -> dict[str, str]:
    """The XML of each part of the letter that a template was filled for."""
    letterhead.save_letterhead(world.hq, "decree30", HEAD)
    made = docx_bytes(document.make_document(world.hq, YEAR, "decree30", Issue("12"), annexed=True), path)
    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist() if name.endswith(".xml")}


@pytest.mark.parametrize("where", ["body", "head", "foot", "footnote"])
def test_a_placeholder_is_filled_wherever_it_stands(world: World, tmp_path: Path, where: str) -> None:
    name = {"body": "document", "head": "header1", "foot": "footer1", "footnote": "footnotes"}[where]
    for place, xml in PLACES.items():
        found = parts(world, placed(tmp_path, where, xml, "của {{ ky }}."))
        filled = found[f"word/{name}.xml"]
        assert filled.count("của năm 2013.") == xml.count("{text}"), place
        assert not [part for part, text in found.items() if "{{" in text], place
        for mark in ("w:showingPlcHdr", "w:dataBinding", "<w:text/>"):  # Word would show something else there
            assert mark not in filled, place
        with pytest.raises(FieldappError, match="khong_co"):
            parts(world, placed(tmp_path, where, xml, "{{khong_co}}"))


@pytest.mark.parametrize(
    "place", ["text box of older programs", "content control", "nested table in a content control"]
)
def test_the_report_goes_where_its_placeholder_stands(world: World, tmp_path: Path, place: str) -> None:
    fill(world)
    found = parts(world, placed(tmp_path, "body", PLACES[place], "{{noi_dung}}"))["word/document.xml"]
    assert "{{" not in found
    assert "<w:text/>" not in found
    assert found.count("./.") == 2


def test_what_stands_beside_a_placeholder_stays(world: World, tmp_path: Path) -> None:
    """Breaks, tabs and pictures of the same run, the look of each run, and a value of several lines."""
    runs = (
        "<w:p><w:r><w:t>Nơi nhận:</w:t><w:br/><w:t>{{{{noi_</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:tab/>"
        "<w:t>nhan}}}} hết</w:t></w:r><w:hyperlink w:anchor='x'><w:r><w:rPr><w:i/></w:rPr><w:t>{{{{so}}}}/{text}</w:t>"
        "<w:sym w:font='Wingdings' w:char='F0FC'/></w:r></w:hyperlink></w:p>"
    )
    path = placed(tmp_path, "body", runs, "x")
    paper = letter(world, "decree30", path)
    line = next(p for p in paper.paragraphs if p.text.startswith("Nơi nhận"))
    assert line.text == "Nơi nhận:\n- Bộ Chỉ huy;\n- Lưu: VT, PCT.\t hết12/x"
    assert [bool(run.bold) for run in line.runs] == [False, True]
    assert line.hyperlinks[0].runs[0].italic
    assert "w:sym" in line._p.xml


# what is no line of text ------------------------------------------------------------------------------------------

CHART = (
    '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:chart><c:title><c:tx><c:rich><a:bodyPr/><a:p>'
    "<a:r><a:t>Kỳ {{</a:t></a:r><a:r><a:t>ky}}</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:ser><c:tx>"
    "<c:strRef><c:strCache><c:pt><c:v>{{co_quan}}</c:v></c:pt></c:strCache></c:strRef></c:tx></c:ser></c:plotArea>"
    "</c:chart></c:chartSpace>"
)
PROPERTIES = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"><property name="x">'
    "<lpwstr>{text}</lpwstr></property></Properties>"
)
COMMENTS = f"<w:comments {NAMES}><w:comment w:id='1'><w:p><w:r><w:t>{{text}}</w:t></w:r></w:p></w:comment></w:comments>"
NOTES = f"<w:endnotes {NAMES}><w:endnote w:id='2'><w:p><w:r><w:t>{{text}}</w:t></w:r></w:p></w:endnote></w:endnotes>"
CONTENT = "application/vnd.openxmlformats-officedocument."


def with_part(tmp_path: Path, name: str, sort: str, blob: bytes) -> Path:
    """A template with one more part."""
    paper = docx.Document()
    paper.add_paragraph("{{noi_dung}}")
    part = Part(PackURI(name), sort, blob, paper.part.package)
    paper.part.relate_to(part, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/x")
    path = tmp_path / "mẫu.docx"
    paper.save(str(path))
    return path


def test_titles_of_charts_are_filled(world: World, tmp_path: Path) -> None:
    path = with_part(tmp_path, "/word/charts/chart1.xml", f"{CONTENT}drawingml.chart+xml", CHART.encode())
    found = parts(world, path)["word/charts/chart1.xml"]
    assert "năm 2013" in found
    assert "{{" not in found
    assert "}}" not in found


@pytest.mark.parametrize(
    ("name", "sort", "xml"),
    [
        ("/docProps/custom.xml", f"{CONTENT}custom-properties+xml", PROPERTIES),
        ("/word/comments.xml", f"{CONTENT}wordprocessingml.comments+xml", COMMENTS),
        ("/word/endnotes.xml", f"{CONTENT}wordprocessingml.endnotes+xml", NOTES),
        ("/customXml/item7.xml", "application/xml", "<a><b c='{text}'>{text}</b></a>"),
    ],
)
def test_properties_comments_and_endnotes_are_filled(
    world: World, tmp_path: Path, name: str, sort: str, xml: str
) -> None:
    path = with_part(tmp_path, name, sort, xml.replace("{text}", "Kỳ {{ky}}").encode())
    found = parts(world, path)[name[1:]]
    assert found.count("Kỳ năm 2013") == xml.count("{text}")
    assert "{{" not in found
    for text in ("{{khong_co}}", "{{ky}"):
        path = with_part(tmp_path, name, sort, xml.replace("{text}", text).encode())
        with pytest.raises(FieldappError, match=r"khong_co|\{\{ky"):
            parts(world, path)


@pytest.mark.parametrize("line", ["Kính gửi: {{noi_dung}}", "{{khong_co}} {{noi_dung}}", "{{noi_dung}} {{noi_dung}}"])
def test_what_stands_beside_the_text_of_the_report_is_not_lost(world: World, tmp_path: Path, line: str) -> None:
    with pytest.raises(FieldappError, match=f"“{re.escape(line)}”"):
        letter(world, "decree30", template(tmp_path, line))


def test_links_watermarks_descriptions_and_deleted_text_are_filled(world: World, tmp_path: Path) -> None:
    mark = '<w:p><w:r><w:pict><v:shape id="w" alt="{text}"><v:textpath string="{text}"/></v:shape></w:pict></w:r></w:p>'
    assert parts(world, placed(tmp_path, "head", mark, "{{ky}}"))["word/header1.xml"].count("năm 2013") == 2
    gone = "<w:p><w:del w:id='1' w:author='a'><w:r><w:delText>{text}</w:delText></w:r></w:del></w:p>"
    assert "{{" not in parts(world, placed(tmp_path, "body", gone, "{{ky}} {{noi_dung}}"))["word/document.xml"]
    paper = docx.Document()
    paper.add_paragraph("{{noi_dung}}")
    paper.core_properties.category = "{{ky}}"
    paper.part.relate_to("https://a.vn/{{so}}", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    paper.save(str(tmp_path / "mẫu.docx"))
    found = parts(world, tmp_path / "mẫu.docx")
    assert "năm 2013" in found["docProps/core.xml"]
    made = docx_bytes(
        document.make_document(world.hq, YEAR, "decree30", Issue("12"), annexed=True), tmp_path / "mẫu.docx"
    )
    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        assert b"https://a.vn/12" in packed.read("word/_rels/document.xml.rels")


BROKEN = ["{{ky}", "{ky}}", "{ky}", "{{ky", "ky}}", "{{kỳ báo cáo}}", "{{}}", "{ {ky} }", "{{ky|hoa}}", "｛｛ky｝｝",
          "{{k\u200by}}"]  # fmt: skip


def test_a_placeholder_with_a_brace_missing_is_named(world: World, tmp_path: Path) -> None:
    letterhead.save_letterhead(world.hq, "decree30", HEAD)
    made = document.make_document(world.hq, YEAR, "decree30", Issue("12"), annexed=True)
    for where, texts in (("body", BROKEN), ("foot", BROKEN[:2]), ("footnote", BROKEN[:2])):
        for text in texts:
            with pytest.raises(FieldappError, match=r"Hãy sửa mẫu"):
                docx_bytes(made, placed(tmp_path, where, LINE, f"Kỳ {text} này"))


def test_braces_that_mean_nothing_here_stay(world: World, tmp_path: Path) -> None:
    assert "tập {a; b}" in parts(world, placed(tmp_path, "body", LINE, "tập {a; b}"))["word/document.xml"]


def test_what_stands_in_a_workbook_within_is_named(world: World, tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", "<sst><si><t>{{ky}}</t></si></sst>")
    for name, blob in (("x.xlsx", made.getvalue()), ("x.bin", "a{{ky}}b".encode("utf-16-le"))):
        path = with_part(tmp_path, f"/word/embeddings/{name}", "application/octet-stream", blob)
        with pytest.raises(FieldappError, match=r"\{\{ky\}\}.*word/embeddings"):
            parts(world, path)
