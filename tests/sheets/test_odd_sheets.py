"""Odd things of offices' sheets, in every format: marks of notes, months for days, units in a line, rules that hide."""

import shutil
import struct
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
import xlsxwriter
import xlwt
from docx.oxml import parse_xml
from field import World
from office_files import DATA

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions, SheetOutcome
from fieldapp.sheets.reading import read_tables

HEAD = ("STT", "Loại hoạt động", "Ngày", "Nơi", "Nội dung", "Ngày công")
KIND = "Giúp dân lao động sản xuất"
ROWS = [[n, KIND, date(2013, 9, 13 + n), "Ia Rvê", f"Gặt lúa {n}", 10 + n] for n in range(1, 5)]

Change = Callable[[Any, Any], object]


def xlsx(path: Path, change: Change, rows: Sequence[Sequence[Any]] = ROWS, head: Sequence[str] = HEAD) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Tháng 9")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, head)
    for line, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            sheet.write(line, column, value, day if isinstance(value, date) else None)
    change(book, sheet)
    book.close()
    return path


def xls(path: Path, change: Change) -> Path:
    book = xlwt.Workbook(encoding="utf-16")
    sheet = book.add_sheet("Tháng 9", cell_overwrite_ok=True)
    for line, row in enumerate([HEAD, *ROWS]):
        for column, value in enumerate(row):
            look = xlwt.easyxf(num_format_str="dd/mm/yyyy") if isinstance(value, date) else xlwt.Style.default_style
            sheet.write(line, column, value, look)
    change(book, sheet)
    book.save(str(path))
    return path


STYLES = """
<style:style style:name="up" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>
<number:date-style style:name="N1"><number:month/><number:text>/</number:text><number:year/></number:date-style>
<style:style style:name="mon" style:family="table-cell" style:data-style-name="N1"/>
<style:style style:name="gone" style:family="table-cell"><style:text-properties style:text-line-through-style="solid"/>
</style:style>
<style:style style:name="ruled" style:family="table-cell"><style:map style:condition="cell-content()&gt;12"
 style:apply-style-name="gone"/></style:style>
"""


def ods(path: Path, cells: dict[tuple[int, int], str], below: str = "") -> Path:
    """A table in which some cells are others; ``below``: what follows its rows."""
    lines = []
    for line, row in enumerate([HEAD, *ROWS]):
        made = ""
        for column, value in enumerate(row):
            sort, said = "string", ""
            if isinstance(value, date):
                sort, said = "date", f' office:date-value="{value}"'
            elif isinstance(value, int):
                sort, said = "float", f' office:value="{value}"'
            plain = f'<table:table-cell office:value-type="{sort}"{said}><text:p>{value}</text:p></table:table-cell>'
            made += cells.get((line, column), plain)
        lines.append(f"<table:table-row>{made}</table:table-row>")
    spaces = " ".join(f'xmlns:{n}="{n}"' for n in ("office", "table", "text", "calcext", "style", "number"))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:automatic-styles>{STYLES}</office:automatic-styles>"
            f'<office:body><office:spreadsheet><table:table table:name="Sổ">{"".join(lines)}{below}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


@pytest.fixture
def give(world: World) -> Callable[..., SheetOutcome]:
    def call(path: Path, **order: Any) -> SheetOutcome:
        return importing.import_sheet(world.post, path, ImportOptions("activity", **order))

    return call


Give = Callable[..., SheetOutcome]


def lines(outcome: SheetOutcome) -> list[int]:
    return [entered.line for entered in outcome.added]


def amounts(world: World, outcome: SheetOutcome) -> list[int]:
    return [m["amount"] for e in outcome.added for m in records.get(world.post, e.id).children["measures"]]


# the mark of a note -----------------------------------------------------------------------------------------------


def raised_xlsx(path: Path) -> Path:
    return xlsx(path, lambda book, sheet: sheet.write_rich_string(1, 5, "12", book.add_format({"font_script": 1}), "1"))


def raised_xls(path: Path) -> Path:
    above, plain = xlwt.Font(), xlwt.Font()
    above.escapement = xlwt.Font.ESCAPEMENT_SUPERSCRIPT
    return xls(path, lambda _book, sheet: sheet.write_rich_text(1, 5, (("12", plain), ("1", above))))


def raised_ods(path: Path) -> Path:
    cell = (
        '<table:table-cell office:value-type="string"><text:p>12<text:span text:style-name="up">1</text:span></text:p>'
    )
    return ods(path, {(1, 5): cell + "</table:table-cell>"})


@pytest.mark.parametrize(("make", "name"), [(raised_xlsx, "a.xlsx"), (raised_xls, "a.xls"), (raised_ods, "a.ods")])
def test_the_mark_of_a_note_is_none_of_the_digits_in_any_format(
    give: Give, tmp_path: Path, make: Callable[[Path], Path], name: str
) -> None:
    outcome = give(make(tmp_path / name))
    assert lines(outcome) == [3, 4, 5]
    assert "¹" in outcome.refused[0].reason


# a month, or a year, where there should be a day ----------------------------------------------------------------------


def month_xlsx(path: Path, code: str, column: int) -> Path:
    return xlsx(path, lambda book, sheet: sheet.write(1, column, 41_548, book.add_format({"num_format": code})))


def month_xls(path: Path, code: str, column: int) -> Path:
    return xls(path, lambda _book, sheet: sheet.write(1, column, 41_548, xlwt.easyxf(num_format_str=code)))


def month_ods(path: Path, _code: str, column: int) -> Path:
    cell = '<table:table-cell table:style-name="mon" office:value-type="date" office:date-value="2013-10-01"><text:p>'
    return ods(path, {(1, column): cell + "10/2013</text:p></table:table-cell>"})


@pytest.mark.parametrize(
    ("make", "name", "code", "shown"),
    [
        (month_xlsx, "a.xlsx", "mm/yyyy", "10/2013"),
        (month_xlsx, "b.xlsx", "mmm-yy", "10/2013"),
        (month_xlsx, "c.xlsx", '"tháng" m "năm" yyyy', "10/2013"),
        (month_xlsx, "d.xlsx", "yyyy", "2013"),
        (month_xls, "a.xls", "mm/yyyy", "10/2013"),
        (month_ods, "a.ods", "", "10/2013"),
    ],
)
def test_a_day_of_which_only_the_month_is_shown_is_refused(
    give: Give, world: World, tmp_path: Path, make: Callable[..., Path], name: str, code: str, shown: str
) -> None:
    for column in (2, 5):
        folder = tmp_path / str(column)
        folder.mkdir()
        outcome = give(make(folder / name, code, column), confirm=True)
        assert [row.line for row in outcome.refused] == [2]
        assert f"“{shown}”" in outcome.refused[0].reason, outcome.refused[0].reason
        assert outcome.refused_file is not None
        again = give(Path(outcome.refused_file), confirm=True)
        assert [len(again.added), len(again.refused)] == [0, 1], "the sheet of refused rows is no way around it"
    text = give(make(tmp_path / name, code, 4), confirm=True)
    assert records.get(world.post, text.added[0].id).row["description"] == shown, "as text it is what is shown"


# units in a line of their own ------------------------------------------------------------------------------------


def under(give: Give, path: Path, heading: str, unit: str, *above: str, value: object = 3) -> SheetOutcome:
    table = [[*above, *[""] * (6 - len(above))]] if above else []
    head = (*HEAD[:5], heading)
    kind = "thien_tai" if heading == "Gạo" else KIND
    made = [head, ["", "", "", "", "", unit], *([row[0], kind, *row[2:5], value] for row in ROWS)]
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for line, row in enumerate([*table, *made]):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell, day if isinstance(cell, date) else None)
    book.close()
    return give(path, confirm=True)


def test_a_line_of_units_is_no_row(give: Give, world: World, tmp_path: Path) -> None:
    for number, (heading, unit) in enumerate([("Ngày công", "công"), ("Số hộ", "(hộ)"), ("Gạo", "kg")]):
        outcome = under(give, tmp_path / f"{number}.xlsx", heading, unit, value=3 + number)
        assert (lines(outcome), outcome.refused) == ([3, 4, 5, 6], [])
        assert amounts(world, outcome) == [3 + number] * 4
        assert any("2 (đơn vị tính của các cột)" in note for note in outcome.notes)


@pytest.mark.parametrize(
    ("heading", "unit", "above"),
    [("Gạo", "tấn", ""), ("Gạo", "", "Đơn vị tính: tấn"), ("Số hộ", "người", ""), ("Ngày công", "giờ", "")],
)
def test_figures_in_another_unit_are_not_recorded_in_ours(
    give: Give, world: World, tmp_path: Path, heading: str, unit: str, above: str
) -> None:
    outcome = under(give, tmp_path / "a.xlsx", heading, unit, *([above] if above else []))
    assert amounts(world, outcome) == []
    (note,) = [note for note in outcome.notes if f"F “{heading}”" in note]
    assert f"“{unit or 'tấn'}”" in note
    field = {"Gạo": "measures.gao_kg", "Số hộ": "measures.ho", "Ngày công": "measures.ngay_cong"}[heading]
    named = give(tmp_path / "a.xlsx", columns={heading: field}, confirm=True, dry_run=True)
    assert not any(f"F “{heading}”" in note for note in named.notes), "a person may say that it is ours"


# rules of the sheet that hide what cells hold -----------------------------------------------------------------------


def bar(book: Any, sheet: Any) -> None:
    sheet.conditional_format("F2:F5", {"type": "data_bar", "bar_only": True, "data_bar_2010": True})


def icons(book: Any, sheet: Any) -> None:
    sheet.conditional_format("F2:F5", {"type": "icon_set", "icon_style": "3_arrows", "icons_only": True})


def white(book: Any, sheet: Any) -> None:
    look = book.add_format({"font_color": "#FFFFFF"})
    sheet.conditional_format("F2:F5", {"type": "cell", "criteria": ">", "value": 12, "format": look})


def newer(path: Path) -> Path:
    """A rule as newer Excel writes one that looks at another sheet: its look beside it, its area below."""
    made = xlsx(path, lambda _book, _sheet: None)
    rule = (
        '<extLst><ext xmlns:x14="x14"><x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="xm">'
        '<x14:cfRule type="expression"><xm:f>T!$A$1</xm:f><x14:dxf><font><strike/></font></x14:dxf></x14:cfRule>'
        "<xm:sqref>F2:F5</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst></worksheet>"
    )
    with zipfile.ZipFile(made) as file:
        held = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(made, "w") as file:
        for name, data in held.items():
            file.writestr(name, data.replace(b"</worksheet>", rule.encode()) if name.endswith("sheet1.xml") else data)
    return made


CALCEXT = (
    "<calcext:conditional-formats><calcext:conditional-format calcext:target-range-address=\"Sổ.F2:'Sổ'.F5\">"
    "{}</calcext:conditional-format></calcext:conditional-formats>"
)
RULED: dict[str, Callable[[Path], Path]] = {
    "bar.xlsx": lambda path: xlsx(path, bar),
    "icons.xlsx": lambda path: xlsx(path, icons),
    "white.xlsx": lambda path: xlsx(path, white),
    "newer.xlsx": newer,
    "rule.ods": lambda path: ods(path, {}, CALCEXT.format('<calcext:condition calcext:apply-style-name="gone"/>')),
    "bar.ods": lambda path: ods(path, {}, CALCEXT.format('<calcext:data-bar calcext:show-value="false"/>')),
    "map.ods": lambda path: ods(
        path,
        {
            (
                line,
                5,
            ): f'<table:table-cell table:style-name="ruled" office:value-type="float" office:value="{10 + line}">'
            "<text:p>1</text:p></table:table-cell>".replace("<text:p>1<", f"<text:p>{10 + line}<")
            for line in range(1, 5)
        },
    ),
    "rules-97.xls": lambda path: Path(shutil.copy(DATA / "rules-97.xls", path)),
}


@pytest.mark.parametrize("name", RULED)
def test_a_rule_that_hides_is_asked_about_in_any_format(give: Give, tmp_path: Path, name: str) -> None:
    path = RULED[name](tmp_path / name)
    with pytest.raises(FieldappError, match=r"F2, F3, F4, F5.*--answer rules=keep"):
        give(path)
    assert lines(give(path, answers={"rules": "keep"})) == [2, 3, 4, 5]


def test_a_rule_that_only_colours_asks_nothing(give: Give, tmp_path: Path) -> None:
    def change(book: Any, sheet: Any) -> None:
        sheet.conditional_format("F2:F5", {"type": "3_color_scale"})
        sheet.conditional_format("F2:F5", {"type": "data_bar", "data_bar_2010": True})
        sheet.conditional_format("F2:F5", {"type": "icon_set", "icon_style": "3_arrows"})

    assert lines(give(xlsx(tmp_path / "a.xlsx", change))) == [2, 3, 4, 5]


# headings that only look like others without their marks -----------------------------------------------------------


def test_a_heading_is_not_taken_for_half_a_word_or_for_other_marks(give: Give, world: World, tmp_path: Path) -> None:
    """“Tổng cộng” was “Công trình”, “Số tổ” the last day, “Điện” an area, “Tháng” months of help."""
    heads = ("Số tổ", "Tổng cộng", "Số đội", "Điện", "Tháng", "Học", "Số ngày", "Tri")
    path = xlsx(
        tmp_path / "a.xlsx",
        lambda _book, _sheet: None,
        [[*row, *range(21, 21 + len(heads))] for row in ROWS],
        (*HEAD[:5], "Số công", *heads),
    )
    outcome = give(path)
    assert (lines(outcome), amounts(world, outcome)) == ([2, 3, 4, 5], [11, 12, 13, 14])
    assert {head: sum(f"“{head}” chưa rõ" in note for note in outcome.notes) for head in heads} == dict.fromkeys(
        heads, 1
    )


def test_headings_in_few_words_are_known_with_their_marks(give: Give, world: World, tmp_path: Path) -> None:
    made = [[1, "kham_chua_benh", *ROWS[0][2:5], 120, 80, "2.000.000"]]
    heads = (*HEAD[:5], "Số lượt khám", "Người khám", "Trị giá khám")
    outcome = give(xlsx(tmp_path / "a.xlsx", lambda _book, _sheet: None, made, heads), confirm=True)
    assert outcome.notes == []
    assert sorted(amounts(world, outcome)) == [80, 120, 2_000_000]


def test_headings_without_marks_and_with_their_tones_elsewhere_are_known(give: Give, tmp_path: Path) -> None:
    heads = (("stt", "LOẠI HOẠT ĐỘNG", "NGÀY", "NƠI", "Noi dung", "ngay cong"), ("", "Loai hoat dong", "Ngaỳ", "Nơi"))
    for number, head in enumerate(heads):
        made = [[n, f"{KIND}", f"{number + 1}{n}/9/2013", *row[3 : len(head)]] for n, row in enumerate(ROWS, start=1)]
        outcome = give(xlsx(tmp_path / f"{number}.xlsx", lambda _book, _sheet: None, made, head), confirm=True)
        assert lines(outcome) == [2, 3, 4, 5]


# documents, points before decimals, lines that name a group ----------------------------------------------------------


def table(path: Path, change: Callable[[Any], object]) -> Path:
    document = docx.Document()
    made = document.add_table(5, 6)
    for line, row in enumerate([HEAD, *ROWS]):
        for column, value in enumerate(row):
            made.cell(line, column).text = f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)
    change(made)
    document.save(str(path))
    return path


def hide(made: Any) -> None:
    made.cell(1, 5).paragraphs[0].runs[0].font.hidden = True


def number(made: Any) -> None:
    made.cell(1, 5).text = ""
    made.cell(1, 5).paragraphs[0].style = "List Number"


@pytest.mark.parametrize(("change", "told"), [(hide, "nhìn bảng không thấy"), (number, "F2 trống, nhưng có")])
def test_a_figure_that_is_hidden_or_a_number_of_a_list_is_not_read_as_nothing(
    give: Give, tmp_path: Path, change: Callable[[Any], object], told: str
) -> None:
    outcome = give(table(tmp_path / "a.docx", change))
    assert lines(outcome) == [3, 4, 5]
    assert told in outcome.refused[0].reason


def test_a_point_before_decimals_makes_thousands_of_the_same_column_doubtful(give: Give, tmp_path: Path) -> None:
    head = "Loại hoạt động;Ngày;Nơi;Giếng;Trị giá (triệu đồng)"
    made = [head, *(f"Giếng khoan;1{n}/9/2013;Ia Rvê;1;{value}" for n, value in enumerate(("35.5", "1.250", "72")))]
    (tmp_path / "a.csv").write_text("\n".join(made), encoding="utf-8")
    outcome = give(tmp_path / "a.csv")
    assert [row.line for row in outcome.refused] == [2, 3]
    assert "E3 ghi 1.250" in outcome.refused[1].reason


def test_a_line_that_is_merged_into_the_name_of_a_group_is_no_row(give: Give, tmp_path: Path) -> None:
    made: list[list[Any]] = [[""] * 6, ROWS[0], [""] * 6, ROWS[1]]

    def change(_book: Any, sheet: Any) -> None:
        sheet.merge_range(1, 0, 1, 5, "I. Xã Ia Rvê")
        sheet.merge_range(3, 0, 3, 5, "II. Xã Ia Lốp")

    outcome = give(xlsx(tmp_path / "a.xlsx", change, made))
    assert (lines(outcome), outcome.refused) == ([3, 5], [])
    assert any("2, 4 (tên nhóm, ghi chú)" in note for note in outcome.notes)


# other files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [("a.doc", ".docx"), ("a.rtf", ".docx"), ("a.pdf", "tệp bảng gốc"), ("a.jpg", "tệp bảng gốc"),
     ("a.zip", "Giải nén"), ("a.html", ".xlsx")],
)  # fmt: skip
def test_a_file_that_is_not_read_says_what_to_do(tmp_path: Path, name: str, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xd0\xcf\x11\xe0 WordDocument")
    with pytest.raises(FieldappError, match=told):
        read_tables(path)


def test_text_that_is_called_xls_and_a_workbook_that_is_called_csv(give: Give, tmp_path: Path) -> None:
    text = "\n".join("\t".join(map(str, row)) for row in [HEAD, [1, KIND, "14/9/2013", "Ia Rvê", "Gặt", 7]])
    (tmp_path / "a.xls").write_text(text, encoding="utf-16")
    assert lines(give(tmp_path / "a.xls")) == [2]
    xlsx(tmp_path / "b.csv", lambda _book, _sheet: None)
    assert lines(give(tmp_path / "b.csv", confirm=True)) == [2, 3, 4, 5]


def test_lines_that_end_as_on_old_macintoshes(give: Give, tmp_path: Path) -> None:
    text = "\r".join(["sep=;", ";".join(HEAD), f"1;{KIND};14/9/2013;Ia Rvê;Gặt;7"])
    (tmp_path / "a.csv").write_bytes(text.encode())
    assert lines(give(tmp_path / "a.csv")) == [3 - 1]


def test_days_with_a_time_that_are_written_month_first_are_asked_about(give: Give, tmp_path: Path) -> None:
    """As Epi Info and servers in English write them: 9/5/2026 0:00 was read as 9 May."""
    days = ("9/14/2013 0:00", "9/5/2013 12:00:00 AM", "10/2/2013 0:00")
    made = [";".join(HEAD), *(f"{n};{KIND};{day};Ia Rvê;Gặt {n};7" for n, day in enumerate(days, start=1))]
    (tmp_path / "a.csv").write_text("\n".join(made), encoding="utf-8")
    with pytest.raises(FieldappError, match="--answer days=swapped"):
        give(tmp_path / "a.csv")
    outcome = give(tmp_path / "a.csv", answers={"days": "swapped"})
    assert lines(outcome) == [2, 3, 4]


# siblings: the same kinds elsewhere in a file ---------------------------------------------------------------------


def docx_table(path: Path, change: Callable[[Any], object]) -> Path:
    paper = docx.Document()
    table = paper.add_table(0, len(HEAD))
    for row in [HEAD, *ROWS]:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)
    change(table)
    paper.save(str(path))
    return path


def word(inner: str) -> Any:
    return parse_xml(f'<w:{inner[1:].replace("<", "<w:").replace("<w:/", "</w:")}'.replace(
        ">", ' xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">', 1))  # fmt: skip


def crossed_xlsx(book: Any, sheet: Any) -> None:
    for column, value in enumerate(ROWS[1]):
        day = {"num_format": "dd/mm/yyyy"} if isinstance(value, date) else {}
        sheet.write(2, column, value, book.add_format({"diag_type": 3, "diag_border": 1, **day}))


def white_xlsx(book: Any, sheet: Any) -> None:
    for column, value in enumerate(ROWS[1]):
        day = {"num_format": "dd/mm/yyyy"} if isinstance(value, date) else {}
        sheet.write(2, column, value, book.add_format({"font_color": "#F2F2F2", **day}))


def crossed_xls(_book: Any, sheet: Any) -> None:
    for column, value in enumerate(ROWS[1]):
        look = xlwt.XFStyle()
        look.num_format_str = "dd/mm/yyyy" if isinstance(value, date) else "General"
        look.borders.diag, look.borders.need_diag1 = 1, 1
        sheet.write(2, column, value, look)


def crossed_docx(table: Any) -> None:
    for cell in table.rows[2].cells:
        cell._tc.get_or_add_tcPr().append(word('<tcBorders><tl2br w:val="single"/></tcBorders>'))


def deleted_docx(table: Any) -> None:
    for cell in table.rows[2].cells:
        (line,) = cell.paragraphs
        text = line.text
        line.runs[0]._r.getparent().remove(line.runs[0]._r)
        line._p.append(word(f'<del w:id="1" w:author="a"><r><delText>{text}</delText></r></del>'))


def unshown_docx(table: Any) -> None:
    for run in (run for cell in table.rows[2].cells for line in cell.paragraphs for run in line.runs):
        run.font.hidden = True


def test_rows_that_are_crossed_out_deleted_or_in_white_are_told_in_one_line(give: Give, tmp_path: Path) -> None:
    for path, told in (
        (xlsx(tmp_path / "a.xlsx", crossed_xlsx), "gạch bỏ"),
        (xlsx(tmp_path / "b.xlsx", white_xlsx), "bị ẩn"),
        (xls(tmp_path / "a.xls", crossed_xls), "gạch bỏ"),
        (docx_table(tmp_path / "a.docx", crossed_docx), "gạch bỏ"),
        (docx_table(tmp_path / "b.docx", deleted_docx), "gạch bỏ"),
        (docx_table(tmp_path / "c.docx", unshown_docx), "bị ẩn"),
    ):
        outcome = give(path, dry_run=True)
        assert (lines(outcome), outcome.refused) == ([2, 4, 5], []), path.name
        assert [told in note and note.endswith("3. Muốn ghi thì thêm --hidden.") for note in outcome.notes] == [True]


def test_a_zero_that_the_sheet_does_not_show_is_nothing(give: Give, tmp_path: Path) -> None:
    def change(book: Any, sheet: Any) -> None:
        for line, code in ((1, "#,##0;-#,##0;"), (2, '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-'), (3, "0")):
            sheet.write(line, 5, 0, book.add_format({"num_format": code}))

    def unseen(_book: Any, sheet: Any) -> None:
        sheet.hide_zero()
        sheet.write(1, 5, 0)

    def zero(_book: Any, sheet: Any) -> None:
        sheet.write(1, 5, 0, xlwt.easyxf(num_format_str="0;-0;"))

    dash = '<table:table-cell office:value-type="float" office:value="0"><text:p>-</text:p></table:table-cell>'
    for path, blank in (
        (xlsx(tmp_path / "a.xlsx", change), [2, 3]),
        (xlsx(tmp_path / "b.xlsx", unseen), [2]),
        (xls(tmp_path / "a.xls", zero), [2]),
        (ods(tmp_path / "a.ods", {(1, 5): dash}), [2]),
    ):
        outcome = give(path, dry_run=True)
        assert [row.line for row in outcome.refused] == blank, path.name
        assert all("Chưa có số liệu nào" in row.reason for row in outcome.refused)


def test_a_figure_that_is_merged_over_figures_below_it_is_divided_by_a_person(give: Give, tmp_path: Path) -> None:
    cell = '<table:{0} office:value-type="float" office:value="{1}"{2}><text:p>{1}</text:p></table:{0}>'
    over = cell.format("table-cell", 30, ' table:number-rows-spanned="2"')
    below = cell.format("covered-table-cell", 12, "")
    outcome = give(ods(tmp_path / "a.ods", {(1, 5): over, (2, 5): below}), dry_run=True)
    assert lines(outcome) == [4, 5]
    assert "chia số" in outcome.refused[0].reason


def test_headings_in_lines_that_are_not_merged_are_read_together(give: Give, world: World, tmp_path: Path) -> None:
    lines_of_headings: Sequence[Sequence[Sequence[str]]] = [
        [(*HEAD[:5], "Kết quả"), ("", "", "", "", "", "Ngày công")],
        [("STT", "Loại", "", "", "Nội", "Ngày"), ("", "hoạt động", "Ngày", "Nơi", "dung", "công")],
        [tuple(f"{n}. {head}" for n, head in enumerate(HEAD, start=1))],
        [(*HEAD[:3], "Nơi (4)", "Nội dung *", "Ngày công²")],
        [("Stt", "LoaiHoatDong", "NgayThang", "Xa", "NoiDung", "NgayCong")],
    ]
    for number, (head, *more) in enumerate(lines_of_headings):
        path = xlsx(tmp_path / f"{number}.xlsx", lambda _book, _sheet: None, [*more, *ROWS], head)
        outcome = give(path, confirm=True)
        assert (amounts(world, outcome), outcome.refused) == ([11, 12, 13, 14], []), head


TOTALS = (
    "T.cộng",
    "T/cộng:",
    "TC",
    "∑",
    "Tổng (I+II)",
    "CỘNG LUỸ KẾ",
    "Bằng chữ: năm mươi",
    "Còn lại",
    "Số lũy kế",
    "Cộng danh sách",
)


def test_totals_in_other_words_without_any_or_by_a_formula_are_no_rows(give: Give, tmp_path: Path) -> None:
    made = [*ROWS, *[[word, "", "", "", "", 7] for word in TOTALS], ["", "", "", "", "", 50]]
    outcome = give(xlsx(tmp_path / "a.xlsx", lambda _b, _s: None, made), dry_run=True)
    assert (lines(outcome), outcome.refused) == ([2, 3, 4, 5], [])
    assert [note for note in outcome.notes if "6–16 (dòng cộng)" in note]

    more = (
        '=SUMIF(D2:D5,"Ia Rvê",F2:F5)',
        "=ROUND(SUM($F$2:$F$5),0)",
        "=SUBTOTAL(109,B[x])",
        "=SUM('T 8'!F2:F5)",
        "=A2*2",
    )

    def summed(book: Any, sheet: Any) -> None:
        sheet.write_formula(5, 5, "=SUBTOTAL(9,F2:F3)", None, 999)  # there may be more rows than one sees
        sheet.write_row(6, 0, [5, KIND, "17/9/2013", "Ia Rvê", "Cả đợt"])
        sheet.write_formula(6, 5, "=F2+F3", None, 23)
        sheet.write_row(7, 0, [6, KIND, "17/9/2013", "Ia Rvê", "Cộng ngày 17/9", 23])
        sheet.write_row(8, 0, [7, KIND, "17/9/2013", "Ia Rvê", "Cộng tác viên tập huấn"])
        sheet.write_formula(8, 5, "=A2+A3", None, 9)
        for line, formula in enumerate(more, start=9):
            sheet.write_row(line, 0, [line, KIND, "17/9/2013", "Ia Rvê", "Cả đợt"])
            sheet.write_formula(line, 5, formula, None, 12)

    outcome = give(xlsx(tmp_path / "b.xlsx", summed), dry_run=True)
    assert [note for note in outcome.notes if "dòng 6 (dòng cộng)" in note]
    assert lines(outcome) == [2, 3, 4, 5, 9, 13, 14], "another sheet's sum may be a row here"
    assert {row.line for row in outcome.refused if "giống dòng cộng" in row.reason} == {7, 8, 10, 11, 12}


def test_a_row_with_a_day_and_a_calculated_figure_that_lacks_its_commune_is_refused(give: Give, tmp_path: Path) -> None:
    def change(_book: Any, sheet: Any) -> None:
        sheet.write_row(5, 0, [5, KIND, "17/9/2013", "", "Làm đường"])
        sheet.write_formula(5, 5, "=SUM(F2:F3)", None, 12)

    outcome = give(xlsx(tmp_path / "a.xlsx", change), dry_run=True)
    assert [row.line for row in outcome.refused] == [6]
    assert not [note for note in outcome.notes if "dòng cộng" in note]


def test_a_sum_of_an_old_excel_is_known_by_its_formula(give: Give, tmp_path: Path) -> None:
    for number, formula in enumerate(("SUM(F2:F5)", "SUBTOTAL(9;F2:F5)", "SUM(F2:F2)")):

        def change(_book: Any, sheet: Any, formula: str = formula) -> None:
            for column, cell in enumerate((5, KIND, "17/9/2013", "Ia Rvê", "Chung", xlwt.Formula(formula))):
                sheet.write(5, column, cell)

        path = xls(tmp_path / f"{number}.xls", change)
        data = path.read_bytes()
        begin = data.index(struct.pack("<HH", 0x0006, 22 + len(xlwt.Formula(formula).rpn()) - 2), 512) + 4
        path.write_bytes(data[: begin + 6] + struct.pack("<d", 50) + data[begin + 14 :])  # as Excel stores its result
        outcome = give(path, dry_run=True)
        assert [row.line for row in outcome.refused if "giống dòng cộng" in row.reason] == ([6] if number < 2 else [])


def test_lines_that_were_prepared_and_not_filled_in_are_told_in_one_line(give: Give, tmp_path: Path) -> None:
    made = [*ROWS, *[[n, KIND, "", "", "", ""] for n in range(5, 30)], *[["", "", "", "", "", 0]] * 30]
    outcome = give(xlsx(tmp_path / "a.xlsx", lambda _b, _s: None, made), dry_run=True)
    assert (lines(outcome), outcome.refused) == ([2, 3, 4, 5], [])
    assert ["6–60 (để sẵn, chưa điền)" in note for note in outcome.notes] == [True]
    few = give(xlsx(tmp_path / "b.xlsx", lambda _b, _s: None, [*ROWS, [5, KIND, "", "", "", ""]]), dry_run=True)
    assert [row.line for row in few.refused] == [6], "one may be a row that was begun"


def text_of(rows: Sequence[Sequence[Any]], sign: str = ";") -> str:
    return "".join(
        sign.join(f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell) for cell in row) + "\r\n" for row in rows
    )


def test_blank_lines_far_below_separators_and_bytes_of_no_text(give: Give, tmp_path: Path) -> None:
    plain = text_of([HEAD, *ROWS])
    for number, text in enumerate((
        plain + ";;;;;\r\n" * 20_300, plain + " ; \t; ;\xa0; ; \r\n" * 20_300, "sep=,\r\n" + plain,
        "sep=:\r\n" + text_of([HEAD, *ROWS], ":"),
    )):  # fmt: skip
        path = tmp_path / f"{number}.csv"
        path.write_text(text, encoding="utf-8-sig", newline="")
        assert lines(give(path, dry_run=True)) == [2, 3, 4, 5], number
    path.write_text(plain.replace("lúa 2", "lúa \0"), encoding="utf-8")
    with pytest.raises(FieldappError, match="dòng 3: có byte"):
        give(path)
    path.write_text("a\n" + "b\n" * 20_000, encoding="utf-8")
    assert len(read_tables(path)[0].rows) == 20_001, "so many rows, and their headings"
    far = give(xls(tmp_path / "a.xls", lambda _book, sheet: sheet.write(65_000, 1, " ")), dry_run=True)
    assert lines(far) == [2, 3, 4, 5]


def test_letters_that_were_lost_are_asked_about(give: Give, tmp_path: Path) -> None:
    said = ("Nguy?n V?n A gặt", "Gi&#250;p d&acirc;n", "Gặt\ufffd lúa", "Gặt lúa xong chưa? Rồi.")
    made = [[*row[:4], text, row[5]] for row, text in zip(ROWS, said, strict=True)]
    path = tmp_path / "a.csv"
    path.write_text(text_of([HEAD, *[[*row[:4], f'"{row[4]}"', row[5]] for row in made]]), encoding="utf-8-sig")
    outcome = give(path, dry_run=True)
    assert lines(outcome) == [5]
    assert ["mất chữ" in row.reason for row in outcome.refused] == [True] * 3
    assert lines(give(path, dry_run=True, confirm=True)) == [2, 3, 5], "but what a program could not write is no text"


@pytest.mark.parametrize(
    ("days", "until", "meant"),
    [
        (["9.13.2013", "9.1.2013"], [], ["2013-09-13 ", "2013-09-01 "]),
        (["9/13-9/15/2013", "9/1-9/2/2013"], [], ["2013-09-13 2013-09-15", "2013-09-01 2013-09-02"]),
        (
            [date(2013, 1, 9), date(2013, 2, 9)],
            ["13/09/2013", "14/09/2013"],
            ["2013-09-01 2013-09-13", "2013-09-02 2013-09-14"],
        ),
    ],
)
def test_days_with_points_periods_and_in_another_column_are_asked_about_too(
    give: Give, world: World, tmp_path: Path, days: Sequence[Any], until: Sequence[Any], meant: Sequence[str]
) -> None:
    head = (*HEAD[:2], "Từ ngày", *HEAD[3:], *(["Đến ngày"] if until else []))
    made = [
        [*row[:2], day, *row[3:], *until[at : at + 1]] for at, (row, day) in enumerate(zip(ROWS, days, strict=False))
    ]
    path = xlsx(tmp_path / "a.xlsx", lambda _book, _sheet: None, made, head)
    with pytest.raises(FieldappError, match="--answer days=swapped"):
        give(path)
    swapped = give(path, answers={"days": "swapped"}, confirm=True)
    found = [records.get(world.post, entered.id).row for entered in swapped.added]
    assert [f"{row['date_from']} {row['date_to'] or ''}" for row in found] == meant


def test_what_is_in_a_hidden_sheet_or_shown_by_a_sign_is_named(give: Give, tmp_path: Path) -> None:
    def cover(book: Any, sheet: Any) -> None:
        title = book.add_worksheet("Bìa")
        title.write(0, 0, "Bìa")
        title.activate()
        sheet.hide()

    with pytest.raises(FieldappError, match=r"Tháng 9 \(ẩn\)"):
        give(xlsx(tmp_path / "a.xlsx", cover))
    outcome = give(xlsx(tmp_path / "b.xlsx", lambda _book, sheet: sheet.write(1, 5, "\uf0fe")), dry_run=True)
    assert "F2" in outcome.refused[0].reason

    def field(table: Any) -> None:
        (line,) = table.cell(1, 5).paragraphs
        line.runs[0]._r.getparent().remove(line.runs[0]._r)
        line._p.append(word("<r><instrText>=A1*2</instrText></r>"))

    outcome = give(docx_table(tmp_path / "a.docx", field), dry_run=True)
    assert "F2" in outcome.refused[0].reason


def test_columns_of_a_lower_line_may_be_left_out(give: Give, tmp_path: Path) -> None:
    """The line that a person has chosen from stays the line of the headings."""
    head = (*HEAD[:5], "Kết quả", "")
    made: list[Sequence[Any]] = [["", "", "", "", "", "Ngày công", "Số hộ"], *[[*row, 3] for row in ROWS]]
    path = xlsx(tmp_path / "a.xlsx", lambda _book, _sheet: None, made, head)
    outcome = give(path, columns={"Ngày công": None, "Số hộ": None}, confirm=True, dry_run=True)
    assert lines(outcome) == [3, 4, 5, 6]


def test_names_of_people_in_two_columns_are_whole(world: World, tmp_path: Path) -> None:
    made = [[1, "Nguyễn Văn", "An", 1980], [2, "Y", "Blê", 1985]]
    path = xlsx(tmp_path / "a.xlsx", lambda _book, _sheet: None, made, ("STT", "Họ và tên đệm", "Tên", "Năm sinh"))
    outcome = importing.import_sheet(world.post, path, ImportOptions("member"))
    names = [records.get(world.post, entered.id).row["full_name"] for entered in outcome.added]
    assert (names, outcome.notes) == (["Nguyễn Văn An", "Y Blê"], ["Hai cột “Họ và tên đệm” và “Tên” được đọc chung."])


def test_a_first_and_a_last_day_below_one_heading(give: Give, world: World, tmp_path: Path) -> None:
    head = ("STT", "Loại hoạt động", "Thời gian", "", "Nơi", "Nội dung", "Ngày công(¹)")
    made: list[Sequence[Any]] = [
        ["", "", "Từ", "Đến", "", "", ""],
        *[[*row[:3], date(2013, 9, 30), *row[3:]] for row in ROWS],
    ]
    outcome = give(xlsx(tmp_path / "a.xlsx", lambda _book, _sheet: None, made, head), confirm=True)
    assert {records.get(world.post, entered.id).row["date_to"] for entered in outcome.added} == {"2013-09-30"}
    assert (amounts(world, outcome), outcome.refused) == ([11, 12, 13, 14], [])
