"""The offices' formats beside XLSX: .xls, .ods, .xlsb and tables of .docx give what a person sees, or one sentence."""

import io
import random
import struct
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from pathlib import Path

import docx
import msoffcrypto.format.ooxml
import office_files
import olefile
import pytest
import xlwt
from docx.oxml import OxmlElement
from office_files import DATA
from old_letters import shown, stored
from python_calamine import CalamineWorkbook

from fieldapp.errors import FieldappError
from fieldapp.sheets import limits
from fieldapp.sheets.cells import SheetCell, SheetTable, Sign, cell_text
from fieldapp.sheets.office import NeedsPassword
from fieldapp.sheets.reading import read_tables
from fieldapp.vietnamese.old_fonts import Encoding

OFFICE = [
    ["Ngày", "Việc", "Số", "Giờ"],
    [date(2013, 11, 5), "Giúp bà con thôn Ba", 5, timedelta(hours=30, minutes=15)],
    [date(2013, 11, 6), "bị gạch", 10, time(6)],
    [date(2013, 11, 7), "ẩn", 7],
    [date(2013, 11, 8), "lỗi", "#DIV/0!"],
    ["gộp"],
    [],
    ["", "", "x"],
    ["dấu sửa đường xong", "", "", "", "cột ẩn"],
    ["", date(2023, 3, 15), "trắng"],
]


def rows(table: SheetTable) -> list[list[SheetCell]]:
    """The rows without blanks at their ends."""
    found = [[*row] for row in table.rows]
    for row in found:
        while row and row[-1] == "":
            row.pop()
    return found


def refused(path: Path) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(FieldappError) as error:
        read_tables(path)
    sentence = str(error.value)
    assert path.name in sentence
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("name", ["office.xlsx", "office.ods", "office-97.xls"])
def test_one_workbook_in_each_format_is_one_table(name: str, tmp_path: Path) -> None:
    path = DATA / name
    if name == "office.xlsx":
        path = tmp_path / name
        office_files.write(path)
    tables = {table.name: table for table in read_tables(path)}
    table = tables["Tháng 11"]
    assert rows(table) == OFFICE
    assert (table.hidden_rows, table.hidden_columns) == (frozenset({3}), frozenset({4}))
    assert table.signs == {(2, 1): Sign.STRUCK, (9, 2): Sign.UNSEEN}
    assert {change.after for change in table.old_letters.values()} == {"Giúp bà con thôn Ba", "dấu sửa đường xong"}
    assert {table.cell(row, column) for row in (5, 6, 7) for column in (0, 1)} == {"gộp"}
    assert "bí" in [table.cell(0, 0) for table in read_tables(path, "ẩn")]


def test_xls_that_no_spreadsheet_has_calculated(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("a")
    sheet.write(0, 0, 2)
    sheet.write(0, 1, xlwt.Formula("A1*2"))
    sheet.write(0, 2, xlwt.Formula("1/0"))
    book.save(str(tmp_path / "a.xls"))
    (table,) = read_tables(tmp_path / "a.xls")
    assert table.signs == {(0, 1): Sign.UNCALCULATED, (0, 2): Sign.UNCALCULATED}


def record(code: int, data: bytes) -> bytes:
    return struct.pack("<HH", code, len(data)) + data


def biff5(path: Path, page: int, cells: Sequence[bytes], font: bytes = b"Arial") -> Path:
    """A workbook of Excel 5 whose first column has these texts, stored in a code page."""
    look = record(0x31, struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0xA3, 0) + bytes([len(font)]) + font)
    cell_look = record(0xE0, struct.pack("<HHHHHHHH", 0, 0, 1, 0x20, 0, 0, 0, 0))
    begin = record(0x809, struct.pack("<HHHH", 0x500, 5, 0, 0))
    head = begin + record(0x42, struct.pack("<H", page)) + look + cell_look
    sheet = record(0x809, struct.pack("<HHHH", 0x500, 16, 0, 0))
    for row, text in enumerate(cells):
        sheet += record(0x204, struct.pack("<HHHH", row, 0, 0, len(text)) + text)
    name = b"a"
    at = len(head) + 4 + 7 + len(name) + 4
    bound = record(0x85, struct.pack("<IHB", at, 0, len(name)) + name)
    path.write_bytes(head + bound + record(0x0A, b"") + sheet + record(0x0A, b""))
    return path


@pytest.mark.parametrize(
    ("page", "encoding", "font"),
    [(1258, Encoding.CP1258, b"Arial"), (1252, Encoding.CP1258, b"Arial"), (1252, Encoding.TCVN3, b".VnTime"),
     (1258, Encoding.TCVN3, b".VnTime"), (1252, Encoding.VNI, b"VNI-Times"), (1258, Encoding.VNI, b"VNI-Times")],
)  # fmt: skip
def test_excel_5_by_its_code_page_and_font(page: int, encoding: Encoding, font: bytes, tmp_path: Path) -> None:
    texts = ["Nội dung", "Giúp bà con thôn Ba gặt lúa", "Sửa đường, đắp đập thủy lợi", "xã", "Hộ nghèo được giúp"]
    path = biff5(tmp_path / "a.xls", page, [stored(text, encoding) for text in texts], font)
    (table,) = read_tables(path)
    assert [row[0] for row in table.rows] == texts


# .ods ---------------------------------------------------------------------------------------------------------------

ODS = (
    '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s" xmlns:fo="f" '
    'xmlns:number="n"><office:automatic-styles><number:time-style style:name="N1" number:truncate-on-overflow="false"/>'
    '<style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1"/></office:automatic-styles>'
    "<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
)


def ods(path: Path, table: str, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", ODS.format(tables=f'<table:table table:name="a">{table}</table:table>'))
        for name, text in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), text)
    return path


def ods_row(*cells: str) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def typed(sort: str, attribute: str, value: str, more: str = "") -> str:
    said = f'{more} office:value-type="{sort}" office:{attribute}="{value}"'
    return f"<table:table-cell {said}><text:p>…</text:p></table:table-cell>"


def test_days_and_times_of_ods(tmp_path: Path) -> None:
    path = ods(
        tmp_path / "a.ods",
        ods_row(
            typed("time", "time-value", "PT30H15M00S", 'table:style-name="ce1"'),
            typed("time", "time-value", "PT30H15M00S"),
            typed("date", "date-value", "1900-01-05"),
            typed("date", "date-value", "2026-02-03T14:30:00"),
            typed("boolean", "boolean-value", "true"),
            typed("percentage", "value", "0.5"),
            typed("currency", "value", "2000000"),
        ),
    )
    (table,) = read_tables(path)
    assert table.rows == [
        [timedelta(hours=30, minutes=15), time(6, 15), date(1900, 1, 5), date(2026, 2, 3), True, 0.5, 2_000_000]
    ]
    assert cell_text(table.rows[0][0]) == "30:15"


def test_a_number_of_ods_that_is_shown_as_another_is_marked(tmp_path: Path) -> None:
    shown = [
        ("5", "5 triệu"),
        ("12000", "12"),
        ("12000", "12.000"),
        ("12.6", "13"),
        ("0.25", "0,3"),
        ("2", "2 hộ"),
        ("12", "0"),
        ("17", "17.000"),
        ("7", "007"),
        ("3", "ba"),
        ("0", "không"),
        ("1", "TRUE"),
    ]
    path = ods(tmp_path / "a.ods", ods_row(*(typed("float", "value", held).replace("…", s) for held, s in shown)))
    (table,) = read_tables(path)
    assert table.signs == {(0, at): Sign.SCALED for at in (0, 1, 6, 7, 9)}
    assert table.rows[0][-1] is True, "LibreOffice stores the result of =1=1 so"


def test_formulas_folded_rows_and_comments_of_ods(tmp_path: Path) -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    path = ods(
        tmp_path / "a.ods",
        ods_row(cell.format("a"), '<table:table-cell table:formula="of:=[.A1]"/>')
        + '<table:table-row-group table:display="false">' + ods_row(cell.format("gộp")) + "</table:table-row-group>"
        + '<table:table-row table:visibility="filter">' + cell.format("lọc") + "</table:table-row>"
        + ods_row(cell.format("b<text:s text:c='2'/>c<text:line-break/>d"),
                  "<table:table-cell><office:annotation><text:p>xem</text:p></office:annotation></table:table-cell>"),
    )  # fmt: skip
    (table,) = read_tables(path)
    assert rows(table) == [["a"], ["gộp"], ["lọc"], ["b  c\nd"]]
    assert table.hidden_rows == {1, 2}
    assert table.signs == {(0, 1): Sign.UNCALCULATED, (3, 1): Sign.COVERED}


# .xlsb --------------------------------------------------------------------------------------------------------------


def seven(value: int) -> bytes:
    out = b""
    while True:
        value, byte = value >> 7, value & 0x7F
        out += bytes([byte | (0x80 if value else 0)])
        if not value:
            return out


def part(*records: tuple[int, bytes]) -> bytes:
    return b"".join(seven(code) + seven(len(data)) + data for code, data in records)


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(path: Path, *cells: tuple[int, bytes], below: Sequence[tuple[int, bytes]] = ()) -> Path:
    """A binary workbook with one sheet of one row. A cell: its record without column and look, which is its number."""
    rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    sort = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    one = f'<Relationship Id="{{}}" Type="{sort}{{}}" Target="{{}}"/>'
    font = struct.pack("<HHHHBBBB", 220, 0, 400, 0, 0, 0, 0, 0) + bytes(8) + b"\0"
    struck = struct.pack("<HHHHBBBB", 220, 8, 400, 0, 0, 0, 0, 0) + bytes(8) + b"\0"
    raised = struct.pack("<HHHHBBBB", 220, 0, 400, 1, 0, 0, 0, 0) + bytes(8) + b"\0"
    white = bytes([1, 0, 0, 0]) + b"\xff\xff\xff\xff"  # a colour of its own, white
    looks = [(0, 0), (14, 0), (0, 1), (0, 2), (164, 0)]
    styles = part(
        (615, b"\1\0\0\0"), (44, struct.pack("<H", 164) + wide("[h]:mm")), (616, b""),
        (611, b"\4\0\0\0"), (43, font + wide("Arial")), (43, font + wide(".VnTime")), (43, struck + wide("Arial")),
        (43, raised + wide("Arial")), (612, b""),
        (617, struct.pack("<I", len(looks))),
        *((47, struct.pack("<HHHHH", 0, number, look, 0, 0) + bytes(6)) for number, look in looks), (618, b""),
        (505, b"\2\0\0\0"), (507, struct.pack("<HHHHH", 0, 0, 1, 29, 5) + b"\1"),
        (507, struct.pack("<HHHHH", 0, 0, 1, 5, 12) + white), (506, b""),
    )  # fmt: skip
    header = struct.pack("<IIH", 0, 0, 300) + bytes([0, 0, 0]) + struct.pack("<I", 0)
    hidden = struct.pack("<IIH", 1, 0, 300) + bytes([0, 0x10, 0]) + struct.pack("<I", 0)
    sheet = part(
        (129, b""), (148, struct.pack("<IIII", 0, 1, 0, max(len(cells) - 1, 0))), (145, b""), (0, header),
        *((code, struct.pack("<II", at, at) + data) for at, (code, data) in enumerate(cells)),
        (0, hidden), (6, struct.pack("<II", 0, 0) + wide("ẩn")), (146, b""), *below, (130, b""),
    )  # fmt: skip
    book = part(
        (131, b""),
        (143, b""),
        (156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Tháng 11")),
        (144, b""),
        (132, b""),
    )
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("_rels/.rels", rels.format(one.format("rId1", "officeDocument", "xl/workbook.bin")))
        both = one.format("rId1", "worksheet", "worksheets/sheet1.bin") + one.format("rId2", "styles", "styles.bin")
        made.writestr("xl/_rels/workbook.bin.rels", rels.format(both))
        for name, data in {"workbook": book, "styles": styles, "worksheets/sheet1": sheet}.items():
            made.writestr(f"xl/{name}.bin", data)
    return path


def test_a_binary_workbook(tmp_path: Path) -> None:
    old = shown("Giúp bà con thôn Ba", Encoding.TCVN3)
    path = xlsb(
        tmp_path / "a.xlsb",
        (6, wide("Ngày")),
        (5, struct.pack("<d", 41583)),
        (6, wide(old)),
        (2, struct.pack("<i", (1250 << 2) | 3)),
        (9, struct.pack("<d", 1.25) + bytes(2)),
        (11, b"\x07" + bytes(2)),
        (4, b"\1"),
    )
    (table,) = read_tables(path)
    assert (table.name, table.hidden_rows) == ("Tháng 11", frozenset({1}))
    assert rows(table) == [
        ["Ngày", date(2013, 11, 5), "Giúp bà con thôn Ba", 12.5, timedelta(hours=30), "#DIV/0!", True],
        ["ẩn"],
    ]
    assert table.signs == {(0, 3): Sign.STRUCK}
    peer = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[0]
    assert [peer[0], peer[1], peer[2], peer[3], peer[6]] == ["Ngày", date(2013, 11, 5), old, 12.5, True]


@pytest.mark.parametrize(
    ("look", "shown", "hides"), [(0, 1, True), (1, 1, True), (0xFFFFFFFF, 0, True), (0xFFFFFFFF, 1, False)]
)
def test_rules_and_raised_marks_of_a_binary_workbook(tmp_path: Path, look: int, shown: int, hides: bool) -> None:
    runs = struct.pack("<IHHHH", 2, 0, 0, 2, 3)
    below = [
        (461, struct.pack("<III4I", 1, 0, 1, 0, 9, 1, 2)), (463, struct.pack("<III", 1, 0, look) + bytes(20)),
        (467, bytes([10, 90, shown])), (468, b""), (464, b""), (462, b""),
    ]  # fmt: skip
    cells = [(6, wide("Ngày")), (62, b"\1" + wide("121") + runs)]
    (table,) = read_tables(xlsb(tmp_path / "a.xlsb", *cells, below=below))
    assert table.rows[0] == ["Ngày", "12¹"]
    assert table.hiding_rules == ([(0, 1, 9, 2)] if hides else [])


# .docx --------------------------------------------------------------------------------------------------------------


def test_tables_of_a_document(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("BÁO CÁO")
    document.add_paragraph("Bảng 1. Công trình")
    first = document.add_table(3, 3)
    for row, texts in enumerate([["Ngày", "Nơi", "Số"], ["5/11/2013", "Ea Súp", "3"], ["6/11/2013", "", "4"]]):
        for column, text in enumerate(texts):
            first.cell(row, column).text = text
    first.cell(1, 1).merge(first.cell(2, 1))
    document.add_paragraph("Bảng 2. Ngày công")
    second = document.add_table(2, 3)
    second.cell(0, 0).merge(second.cell(0, 1)).text = "Việc"
    second.cell(0, 2).text = "Công"
    run = second.cell(1, 0).paragraphs[0].add_run(shown("Sửa đường", Encoding.TCVN3))
    run.font.name = ".VnTime"
    second.cell(1, 1).paragraphs[0].add_run("bỏ").font.strike = True
    second.cell(1, 2).text = "1.200"
    document.save(str(tmp_path / "a.docx"))
    tables = read_tables(tmp_path / "a.docx")
    assert [table.name for table in tables] == ["Bảng 1. Công trình", "Bảng 2. Ngày công"]
    assert rows(tables[0]) == [["Ngày", "Nơi", "Số"], ["5/11/2013", "Ea Súp", "3"], ["6/11/2013", "", "4"]]
    assert tables[0].cell(2, 1) == "Ea Súp"
    assert rows(tables[1]) == [["Việc", "", "Công"], ["Sửa đường", "bỏ", "1.200"]]
    assert (tables[1].cell(0, 1), tables[1].signs) == ("Việc", {(1, 1): Sign.STRUCK})
    assert [table.name for table in read_tables(tmp_path / "a.docx", "bảng 2. ngày công")] == ["Bảng 2. Ngày công"]


def test_a_table_or_a_sign_within_a_cell_is_not_read_as_nothing(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Bảng 1")
    table = document.add_table(1, 2)
    table.cell(0, 0).add_table(1, 1).cell(0, 0).text = "5"
    table.cell(0, 1).paragraphs[0].add_run()._r.append(OxmlElement("w:sym"))
    document.save(str(tmp_path / "a.docx"))
    within, outer = read_tables(tmp_path / "a.docx")
    assert (within.rows, outer.name, within.name != "Bảng 1") == ([["5"]], "Bảng 1", True)
    assert outer.signs == {(0, 0): Sign.COVERED, (0, 1): Sign.COVERED}


def document(path: Path, cell: str) -> Path:
    """A document with one cell."""
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="w"><w:body><w:tbl><w:tr><w:tc>{cell}</w:tc></w:tr></w:tbl></w:body></w:document>',
        )
    return path


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<w:p><w:del><w:r><w:delText>5</w:delText></w:r></w:del><w:ins><w:r><w:t>7</w:t></w:r></w:ins></w:p>", "7"),
        ("<w:p><w:moveFrom><w:r><w:t>5</w:t></w:r></w:moveFrom><w:r><w:t>7</w:t></w:r></w:p>", "7"),
        ("<w:p><w:r><w:t>7</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>5</w:t></w:r></w:p>", "7"),
        ("<w:p><w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t></w:r></w:p><w:p><w:r><w:t>d</w:t></w:r></w:p>",
         "a\nb c\nd"),
        ("<w:sdt><w:sdtContent><w:p><w:r><w:t>7</w:t></w:r></w:p></w:sdtContent></w:sdt>", "7"),
        ("<w:p><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>Nhập</w:t></w:r></w:sdtContent></w:sdt>"
         "<w:r><w:t>7</w:t></w:r></w:p>", "7"),
        ('<w:p><w:r><w:t>12</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>1)</w:t></w:r></w:p>',
         "12¹)"),
        ("<w:p><w:r><w:instrText>DATE</w:instrText></w:r><w:r><w:t>7</w:t></w:r></w:p>", "7"),
    ],
)  # fmt: skip
def test_what_a_person_reads_in_a_cell_of_a_document(cell: str, text: str, tmp_path: Path) -> None:
    (table,) = read_tables(document(tmp_path / "a.docx", cell))
    assert rows(table) == [[text]]


# passwords, and what files really are -------------------------------------------------------------------------------


def encrypted(path: Path, data: bytes, password: str) -> Path:
    out = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(data)).encrypt(password, out)
    path.write_bytes(out.getvalue())
    return path


def test_a_password_is_asked_for_and_opens_the_file(tmp_path: Path) -> None:
    office_files.write(tmp_path / "a.xlsx")
    path = encrypted(tmp_path / "b.xlsx", (tmp_path / "a.xlsx").read_bytes(), "đồn 743")
    assert "--password-file" in refused(path)
    with pytest.raises(NeedsPassword, match=r"b\.xlsx"):
        read_tables(path, password="khác")
    assert rows(read_tables(path, password="đồn 743")[0]) == OFFICE
    protected = encrypted(tmp_path / "c.xlsx", (tmp_path / "a.xlsx").read_bytes(), "VelvetSweatshop")
    assert rows(read_tables(protected)[0]) == OFFICE  # Excel opens it without being asked


def test_a_password_of_ods_is_said(tmp_path: Path) -> None:
    manifest = '<m:manifest xmlns:m="m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    path = ods(tmp_path / "a.ods", "", META_INF__manifest_xml="")
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("content.xml", b"\x93\x11\x00")
        made.writestr("META-INF/manifest.xml", manifest)
    sentence = refused(path)
    assert "--password-file" not in sentence


def test_the_name_of_a_file_does_not_decide(tmp_path: Path) -> None:
    office_files.write(tmp_path / "a.xls")
    assert rows(read_tables(tmp_path / "a.xls")[0]) == OFFICE
    (tmp_path / "b.xlsx").write_bytes((DATA / "office-97.xls").read_bytes())
    assert rows(read_tables(tmp_path / "b.xlsx")[0]) == OFFICE
    (tmp_path / "c.xls").write_text("<html><table><tr><td>1</td></tr></table></html>")
    assert "web" in refused(tmp_path / "c.xls")


# files that mean harm -----------------------------------------------------------------------------------------------


def test_repetitions_entities_and_far_cells_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = '<table:table-cell table:number-columns-repeated="{}"><text:p>a</text:p></table:table-cell>'
    many = '<table:table-row table:number-rows-repeated="{}">{}</table:table-row>'
    refused(ods(tmp_path / "a.ods", many.format(1048576, cell.format(1))))
    refused(ods(tmp_path / "b.ods", ods_row(cell.format(16384))))
    refused(ods(tmp_path / "c.ods", many.format(20_000, cell.format(256))))
    blank = ods(tmp_path / "d.ods", many.format(1048000, "<table:table-cell/>") + ods_row("<table:table-cell/>"))
    assert "không có gì" in refused(blank) or "nothing" in refused(blank)
    entity = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    for name, part_name in (("e.ods", "content.xml"), ("e.docx", "word/document.xml")):
        with zipfile.ZipFile(tmp_path / name, "w") as made:
            made.writestr(part_name, f"{entity}<a>&a;</a>")
        refused(tmp_path / name)
    far = xlsb(tmp_path / "f.xlsb", *[(6, wide("x"))] * 300)
    refused(far)
    monkeypatch.setattr(limits, "UNPACKED", 1 << 20)
    for name, part_name in (("g.docx", "word/document.xml"), ("g.ods", "content.xml"), ("g.xlsb", "xl/workbook.bin")):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr(part_name, b" " * (2 << 20))
        assert "MB" in refused(tmp_path / name)


def originals(tmp_path: Path) -> Iterator[Path]:
    yield DATA / "office.ods"
    yield DATA / "office-97.xls"
    yield xlsb(tmp_path / "a.xlsb", (6, wide("Ngày")), (5, struct.pack("<d", 41583)))
    yield document(tmp_path / "a.docx", "<w:p><w:r><w:t>7</w:t></w:r></w:p>")
    yield biff5(tmp_path / "b.xls", 1258, [b"Ng\xe0y"])


def test_damaged_files_are_refused_or_read(tmp_path: Path) -> None:
    rng = random.Random(22)
    for original in originals(tmp_path):
        data = original.read_bytes()
        for number in range(12):
            broken = bytearray(data)
            for _ in range(rng.choice((1, 8, 60))):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            path = tmp_path / f"broken{original.suffix}"
            path.write_bytes(broken[: rng.randrange(1, len(broken))] if number % 3 == 0 else broken)
            try:
                read_tables(path)
            except FieldappError as error:
                assert "\n" not in str(error)


def test_a_container_whose_sectors_lead_back_to_themselves_is_refused(tmp_path: Path) -> None:
    """The chain of short sectors of a small .xls, made a circle: xlrd alone would follow it for ever."""
    book = xlwt.Workbook()
    book.add_sheet("a").write(0, 0, "x")
    book.save(str(tmp_path / "a.xls"))
    stream = olefile.OleFileIO(str(tmp_path / "a.xls")).openstream("Workbook").read()
    short = stream[:512].ljust(512, b"\0")
    fat = [-2, -2, -2, -3] + [-1] * 124  # the short sectors, the directory, their table, this table
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6))
    header += bytes(10) + struct.pack("<IIIIIIIII", 1, 1, 0, 4096, 2, 1, 0xFFFFFFFE, 0, 3) + b"\xff" * 432
    root = "Root Entry".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBBiii", 22, 5, 1, -1, -1, 1) + bytes(36)
    root += struct.pack("<III", 0, 512, 0)
    own = "Workbook".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBBiii", 18, 2, 1, -1, -1, -1) + bytes(36)
    own += struct.pack("<III", 0, 512, 0)
    circle = struct.pack("<128i", *[1, 2, 0], *[-1] * 125)
    path = tmp_path / "b.xls"
    path.write_bytes(
        bytes(header).ljust(512, b"\xff") + short + (root + own).ljust(512, b"\0") + circle + struct.pack("<128i", *fat)
    )
    refused(path)
