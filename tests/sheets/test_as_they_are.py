"""Offices' own sheets: what nobody sees is not recorded, and no cell that holds something is read as nothing."""

import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
import xlsxwriter
from field import Run, World

from fieldapp.errors import FieldappError
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions, SheetOutcome
from fieldapp.store import wall

Book = Any
Sheet = Any
Change = Callable[[Book, Sheet], object]

HEAD = ("STT", "Loại hoạt động", "Ngày", "Nơi", "Nội dung", "Ngày công")
KIND = "Giúp dân lao động sản xuất"
PLACES = ("Ia Rvê", "Ia Lốp")
SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"
CALCULATED = {BOOK: lambda xml: xml.replace(' fullCalcOnLoad="1"', "")}
"""As Excel leaves a file: what it holds was calculated"""


def rows(number: int = 4) -> list[list[Any]]:
    """Rows of labour days, in the order of ``HEAD``."""
    return [
        [n, KIND, date(2013, 9, 13 + n), PLACES[n % 2], f"Gặt lúa {n}", 10 + n] for n in range(1, number + 1)
    ]  # fmt: skip


def write(
    path: Path,
    change: Change = lambda _book, _sheet: None,
    parts: dict[str, Callable[[str], str]] | None = None,
    table: Sequence[Sequence[Any]] | None = None,
    head: Sequence[str] = HEAD,
    looks: dict[tuple[int, int], dict[str, Any]] | None = None,
) -> Path:
    """A workbook: headings in line 1, rows below. ``looks``: the format of single cells; ``parts``: edits of XML."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Tháng 9")
    sheet.write_row(0, 0, head)
    for line, row in enumerate(rows() if table is None else table, start=1):
        for column, value in enumerate(row):
            look = dict((looks or {}).get((line, column), {}))
            if isinstance(value, date):
                look.setdefault("num_format", "dd/mm/yyyy")
            sheet.write(line, column, value, book.add_format(look) if look else None)
    change(book, sheet)
    book.close()
    return edited(path, parts or {})


def edited(path: Path, parts: dict[str, Callable[[str], str]]) -> Path:
    with zipfile.ZipFile(path) as file:
        held = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in held.items():
            made = parts[name](data.decode()) if name in parts else None
            assert made is None or made != data.decode(), f"the edit of {name} does something"
            file.writestr(name, data if made is None else made)
    return path


@pytest.fixture
def give(world: World) -> Callable[..., SheetOutcome]:
    def call(path: Path, **order: Any) -> SheetOutcome:
        before = path.read_bytes()
        try:
            return importing.import_sheet(world.post, path, ImportOptions("activity", dry_run=True, **order))
        finally:
            assert path.read_bytes() == before, "the file is never changed"

    return call


Give = Callable[..., SheetOutcome]


def lines(outcome: SheetOutcome) -> list[int]:
    return [entered.line for entered in outcome.added]


def refusals(outcome: SheetOutcome) -> dict[int, str]:
    return {refused.line: refused.reason for refused in outcome.refused}


# what nobody sees -------------------------------------------------------------------------------------------------


def by_hand(_book: Book, sheet: Sheet) -> None:
    for line in (1, 3):
        sheet.set_row(line, None, None, {"hidden": True})


def by_filter(_book: Book, sheet: Sheet) -> None:
    sheet.autofilter(0, 0, 4, 5)
    sheet.filter_column(3, 'x == "Ia Rvê"')
    by_hand(_book, sheet)


def by_folding(_book: Book, sheet: Sheet) -> None:
    for line in (1, 3):
        sheet.set_row(line, None, None, {"level": 1, "hidden": True})
        sheet.set_row(line + 1, None, None, {"collapsed": True})


def flat(xml: str) -> str:
    return re.sub(r'<row r="([24])"', r'<row r="\1" ht="0" customHeight="1"', xml)


def test_hidden_rows_are_not_recorded(give: Give, tmp_path: Path, run: Run) -> None:
    ways: list[tuple[Change, dict[str, Any]]] = [(by_hand, {}), (by_filter, {}), (by_folding, {})]
    ways.append((lambda _book, _sheet: None, {SHEET: flat}))
    for number, (change, parts) in enumerate(ways):
        path = write(tmp_path / f"{number}.xlsx", change, parts)
        outcome = give(path)
        assert (lines(outcome), outcome.refused) == ([3, 5], [])
        (note,) = outcome.notes
        assert "2, 4" in note and "--hidden" in note
        assert lines(give(path, hidden=True)) == [2, 3, 4, 5]
    code, out, err = run("import-table", tmp_path / "0.xlsx", "--kind", "activity")
    assert (code, out.split()[2], "2, 4" in err) == (0, "2", True)
    code, out, err = run("import-table", tmp_path / "0.xlsx", "--kind", "activity", "--hidden")
    assert (code, out.split()[2], "Dòng bị ẩn" in err) == (0, "2", False)


def test_hidden_columns_are_not_recorded_unless_they_are_named(give: Give, tmp_path: Path, world: World) -> None:
    table = [[*row, n] for n, row in enumerate(rows(2), start=3)]
    ways: list[tuple[Change, dict[str, Any]]] = [
        (lambda _book, sheet: sheet.set_column(6, 6, None, None, {"hidden": True}), {}),
        (lambda _book, sheet: sheet.set_column(6, 6, 9), {SHEET: partial(re.sub, r'width="9[^"]*"', 'width="0"')}),
    ]  # fmt: skip
    for number, (change, parts) in enumerate(ways):
        path = write(tmp_path / f"{number}.xlsx", change, parts, table, (*HEAD, "Số hộ"))
        outcome = give(path)
        assert (lines(outcome), "G “Số hộ”" in outcome.notes[0]) == ([2, 3], True)
        for order in ({"hidden": True}, {"columns": {"Số hộ": "measures.ho"}}):
            assert give(path, **order).notes == []
    outcome = importing.import_sheet(world.post, tmp_path / "0.xlsx", ImportOptions("activity"))
    assert world.post.value("SELECT count(*) FROM activity_measure") == 2, "the hidden figures are not there"
    path = write(tmp_path / "day.xlsx", lambda _book, sheet: sheet.set_column(2, 2, None, None, {"hidden": True}))
    with pytest.raises(FieldappError, match=r"C “Ngày”.*--hidden"):
        give(path)


def test_hidden_sheets_are_read_only_by_their_name(give: Give, tmp_path: Path) -> None:
    for number, hide in enumerate(("hide", "very_hidden")):

        def change(book: Book, sheet: Sheet, hide: str = hide) -> None:
            other = book.add_worksheet("Cũ")
            other.write_row(0, 0, HEAD)
            other.write_row(1, 0, [1, KIND, "5/9/2025", "Ia Rvê", "cũ", 99])
            sheet.set_first_sheet()
            other.activate()
            getattr(sheet, hide)()

        path = write(tmp_path / f"{number}.xlsx", change)
        outcome = give(path)
        assert (outcome.sheet, lines(outcome)) == ("Cũ", [2])
        assert "Tháng 9 (ẩn)" in outcome.notes[0]
        assert lines(give(path, sheet="tháng 9")) == [2, 3, 4, 5]
        assert lines(give(path, sheet="Tháng 9 (ẩn)")) == [2, 3, 4, 5], "as its name is shown"


STRUCK = {"font_strikeout": True}


def test_struck_out_rows_are_not_recorded(give: Give, tmp_path: Path) -> None:
    whole = {(2, column): STRUCK for column in range(6)}
    but_for_the_number = {(2, column): STRUCK for column in range(1, 6)}

    def rich(book: Book, sheet: Sheet) -> None:
        struck = book.add_format(STRUCK)
        for column in (1, 3, 4):
            sheet.write_rich_string(2, column, struck, "Ia ", struck, "Lốp")

    figures = {(2, column): STRUCK for column in (0, 2, 5)}
    ways: list[tuple[Change, Any]] = [
        (lambda _b, _s: None, whole),
        (lambda _b, _s: None, but_for_the_number),
        (rich, figures),
    ]
    for number, (change, looks) in enumerate(ways):
        path = write(tmp_path / f"{number}.xlsx", change, looks=looks)
        outcome = give(path)
        assert (lines(outcome), outcome.refused) == ([2, 4, 5], []), number
        assert "gạch bỏ" in outcome.notes[0] and ": 3." in outcome.notes[0]
    assert lines(give(tmp_path / "0.xlsx", hidden=True)) == [2, 3, 4, 5]

    def styled(xml: str) -> str:  # the look of the row, for cells that have none of their own
        look = re.search(r'<c r="E3" s="(\d+)"', xml)
        assert look
        xml = re.sub(r'(<c r="[A-F]3") s="\d+"', r"\1", xml)
        return xml.replace('<row r="3"', f'<row r="3" s="{look[1]}" customFormat="1"')

    table = rows()
    table[1][2] = "15/9/2013"
    path = write(tmp_path / "row.xlsx", parts={SHEET: styled}, looks={(2, 4): STRUCK}, table=table)
    outcome = give(path)
    assert (lines(outcome), "gạch bỏ" in outcome.notes[0]) == ([2, 4, 5], True)


def test_a_cell_that_is_struck_out_alone_is_refused(give: Give, tmp_path: Path) -> None:
    def rich(book: Book, sheet: Sheet) -> None:
        sheet.write_rich_string(3, 3, "Ia Rvê ", book.add_format(STRUCK), "Ia Lốp")

    outcome = give(write(tmp_path / "a.xlsx", rich, looks={(2, 5): STRUCK}))
    assert lines(outcome) == [2, 5]
    assert "“Ngày công”: ô F3 bị gạch bỏ" in refusals(outcome)[3]
    assert "“Nơi”: ô D4 bị gạch bỏ" in refusals(outcome)[4]


def test_a_rule_that_strikes_out_is_asked_about(give: Give, tmp_path: Path, run: Run) -> None:
    def rule(book: Book, sheet: Sheet) -> None:
        look = book.add_format(STRUCK)
        sheet.conditional_format("A2:F5", {"type": "formula", "criteria": '=$E2="hủy"', "format": look})

    path = write(tmp_path / "a.xlsx", rule)
    with pytest.raises(FieldappError, match=r"B2.*--answer rules=keep"):
        give(path)
    assert lines(give(path, answers={"rules": "keep"})) == [2, 3, 4, 5]
    coloured = write(
        tmp_path / "b.xlsx",
        lambda book, sheet: sheet.conditional_format(
            "A2:F5", {"type": "formula", "criteria": "=$F2>9", "format": book.add_format({"bg_color": "#FFFF00"})}
        ),
    )
    assert lines(give(coloured)) == [2, 3, 4, 5]
    code, _out, err = run("import-table", path, "--kind", "activity", "--answer", "rules=no")
    assert (code, "keep" in err) == (1, True)


# a cell that holds something --------------------------------------------------------------------------------------


def test_what_is_no_figure_is_refused_with_its_cell(give: Give, tmp_path: Path) -> None:
    table = rows(7)
    wrong: list[Any] = [date(2013, 7, 5), time(2, 30), timedelta(hours=30), True, 12, 12, 12]
    for row, value in zip(table, wrong, strict=True):
        row[5] = value
    looks: dict[tuple[int, int], dict[str, Any]] = {
        (2, 5): {"num_format": "hh:mm:ss"}, (3, 5): {"num_format": "[hh]:mm"}, (5, 5): {"font_color": "#FFFFFF"},
        (6, 5): {"num_format": ";;;"}, (7, 5): {"font_color": "#1F4E79", "bg_color": "#1F4E79", "pattern": 1},
    }  # fmt: skip
    reasons = refusals(give(write(tmp_path / "a.xlsx", table=table, looks=looks)))
    parts = ("05/07/2013", "02:30", "30:00", "TRUE", "không thấy", "không thấy", "không thấy")
    for line, part in enumerate(parts, start=2):
        assert reasons[line].startswith(f"“Ngày công”: ô F{line} "), reasons[line]
        assert part in reasons[line]
    for heading, field in (("Nơi", 3), ("Loại hoạt động", 1), ("Ngày", 2)):
        table = rows(1)
        table[0][field] = True
        assert (
            f"“{heading}”: ô {'ABCD'[field]}2 đang là TRUE"
            in refusals(give(write(tmp_path / "b.xlsx", table=table)))[2]
        )


def test_a_name_that_a_spreadsheet_made_a_day_of_is_refused(give: Give, tmp_path: Path) -> None:
    table = [[*row, hamlet] for row, hamlet in zip(rows(2), ("Thôn 3", date(2026, 4, 3)), strict=True)]
    outcome = give(write(tmp_path / "a.xlsx", table=table, head=(*HEAD, "Thôn")))  # somebody typed 3-4
    assert lines(outcome) == [2]
    assert "“Thôn”: ô G3 đang là ngày 03/04/2026" in refusals(outcome)[3]


def test_a_number_that_is_shown_as_another_is_refused(give: Give, tmp_path: Path) -> None:
    table = rows(5)
    table[0][5], table[1][5], table[2][5], table[3][4] = 12, 12_000, 12_000, 0.5
    looks = {(1, 5): {"num_format": "0%"}, (2, 5): {"num_format": "#,##0,"}, (3, 5): {"num_format": "#,##0"},
             (4, 4): {"num_format": "0%"}, (5, 5): {"num_format": '#,##0" công";[Red]-#,##0'}}  # fmt: skip
    outcome = give(write(tmp_path / "a.xlsx", table=table, looks=looks), confirm=True)
    assert lines(outcome) == [4, 5, 6]
    assert ["định dạng làm hiện số khác" in reason for reason in refusals(outcome).values()] == [True, True]
    shown = ('0" triệu"', '0.0 "tr.đ"', '0",000"', r"0\ \t\r", '[<1000]0;0,"K"', '0" ngày công"', '0" đ"')
    looks = {(line, 5): {"num_format": code} for line, code in enumerate(shown, start=1)}
    outcome = give(write(tmp_path / "b.xlsx", table=rows(7), looks=looks), confirm=True)
    assert (lines(outcome), [*refusals(outcome)]) == ([7, 8], [2, 3, 4, 5, 6])


def test_the_mark_of_a_note_after_a_figure_is_none_of_its_digits(give: Give, tmp_path: Path) -> None:
    def change(book: Book, sheet: Sheet) -> None:
        above = book.add_format({"font_script": 1})
        sheet.write_rich_string(1, 5, "12", above, "1")
        sheet.write_rich_string(2, 4, "Đào 30 m", above, "3", " đất")

    outcome = give(write(tmp_path / "a.xlsx", change))
    assert (lines(outcome), "¹" in refusals(outcome)[2]) == ([3, 4, 5], True)


def test_white_headings_and_white_on_dark_are_seen(give: Give, tmp_path: Path) -> None:
    def change(book: Book, sheet: Sheet) -> None:
        sheet.write(1, 5, 11, book.add_format({"font_color": "white", "bg_color": "#C00000", "pattern": 1}))
        for column, heading in enumerate(HEAD):
            sheet.write(0, column, heading, book.add_format({"font_color": "white"}))

    assert lines(give(write(tmp_path / "a.xlsx", change))) == [2, 3, 4, 5]


def test_a_unit_of_money_above_the_table_or_below_the_heading_is_asked_about(world: World, tmp_path: Path) -> None:
    row = "Giếng khoan;5/9/2013;Ia Rvê;1;70.000"
    head = "Loại hoạt động;Ngày;Nơi;Giếng;Trị giá"
    sheets = [f"Đơn vị tính: 1.000 đồng;;;;\n{head}\n{row}", f"{head}\n;;;(cái);(nghìn đồng)\n{row}"]
    for number, text in enumerate(sheets):
        path = tmp_path / f"{number}.csv"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FieldappError, match=r"E “Trị giá” \(nghìn\).*--answer units=keep"):
            importing.import_sheet(world.post, path, ImportOptions("activity"))
    order = ImportOptions("activity", confirm=True, answers={"units": "as-said"})
    assert lines(importing.import_sheet(world.post, tmp_path / "0.csv", order)) == [3]
    assert world.post.value("SELECT max(amount) FROM activity_measure") == 70_000_000
    (tmp_path / "2.csv").write_text(f"Đơn vị: Đồn Biên phòng 743;;;;\n{head}\n{row}", encoding="utf-8")
    again = importing.import_sheet(world.post, tmp_path / "2.csv", ImportOptions("activity", confirm=True))
    assert len(again.known) == 1, "nothing is asked, and the row is the same"


def test_a_column_that_is_named_keeps_the_unit_of_its_heading(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Loại hoạt động;Ngày;Nơi;Giếng;Chi hết (nghìn đồng)\nGiếng khoan;5/9/2013;Ia Rvê;1;70.000",
                    encoding="utf-8")  # fmt: skip
    columns = {"Chi hết (nghìn đồng)": "measures.tri_gia_cong_trinh"}
    importing.import_sheet(world.post, path, ImportOptions("activity", columns=columns, confirm=True))
    assert world.post.value("SELECT max(amount) FROM activity_measure") == 70_000_000


def test_errors_of_every_sort_are_refused(give: Give, tmp_path: Path) -> None:
    errors = ("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#BUSY!")

    def change(_book: Book, sheet: Sheet) -> None:
        for line, error in enumerate(errors, start=1):
            sheet.write_formula(line, 5, "=Z1", None, error)
        sheet.write_formula(11, 3, "=Z1", None, "#N/A")

    def as_errors(xml: str) -> str:
        return re.sub(r' t="str"><f>Z1</f><v>#', ' t="e"><f>Z1</f><v>#', xml)

    path = write(tmp_path / "a.xlsx", change, {SHEET: as_errors, **CALCULATED}, rows(11))
    reasons = refusals(give(path))
    assert [*reasons] == [*range(2, 13)]
    assert all(error in reasons[line] and f"F{line}" in reasons[line] for line, error in enumerate(errors, start=2))
    assert "“Nơi”" in reasons[12]


def without_value(xml: str) -> str:
    return re.sub(r"(</f>|<f [^>]*/>)<v>[^<]*</v>", r"\1", xml)


def empty_value(xml: str) -> str:
    return re.sub(r"(</f>)<v>[^<]*</v>", r"\1<v></v>", xml)


def test_a_formula_without_its_result_is_refused(give: Give, tmp_path: Path) -> None:
    def formulas(_book: Book, sheet: Sheet) -> None:
        for line in (1, 2):
            sheet.write_formula(line, 5, f"=A{line + 1}*2")

    def array(_book: Book, sheet: Sheet) -> None:
        sheet.write_array_formula(1, 5, 3, 5, "{=A2:A4*2}")

    def only_first(xml: str) -> str:
        return re.sub(r'<c r="F[34]"[^/]*?<v>0</v></c>', "", without_value(xml))

    def shared(xml: str) -> str:
        xml = without_value(xml).replace("<f>A2*2</f>", '<f t="shared" ref="F2:F3" si="0">A2*2</f>')
        return xml.replace("<f>A3*2</f>", '<f t="shared" si="0"/>')

    ways = [(formulas, without_value, "F2, F3"), (formulas, empty_value, "F2, F3"), (formulas, shared, "F2, F3"),
            (array, only_first, "F2, F3, F4")]  # fmt: skip
    for number, (change, edit, cells) in enumerate(ways):
        for calculated in ({}, CALCULATED):
            path = write(tmp_path / f"{number}.xlsx", change, {SHEET: edit, **calculated})
            with pytest.raises(FieldappError, match=f"{cells}.*lưu lại"):
                give(path)
            assert lines(give(path, columns={"Ngày công": None}, confirm=True)) == [2, 3, 4, 5], "it is not needed"
    sums = write(
        tmp_path / "sums.xlsx", lambda _book, sheet: sheet.write_formula(5, 5, "=SUM(F2:F5)"), {SHEET: without_value},
        [*rows(), ["", "Tổng cộng", "", "", "", ""]],
    )  # fmt: skip
    assert lines(give(sums)) == [2, 3, 4, 5], "a total is not recorded, so nobody needs its result"


def test_a_result_that_no_program_has_calculated_is_asked_about(give: Give, tmp_path: Path) -> None:
    def formulas(_book: Book, sheet: Sheet) -> None:
        sheet.write_formula(1, 5, "=A2*0", None, 0)
        sheet.write_formula(2, 5, "=A3*2", None, 24)

    path = write(tmp_path / "a.xlsx", formulas)
    with pytest.raises(FieldappError, match=r"Ô F2 .*--answer zeros=keep"):
        give(path)
    assert lines(give(path, answers={"zeros": "keep"}, confirm=True)) == [2, 3, 4, 5]
    assert lines(give(write(tmp_path / "b.xlsx", formulas, CALCULATED), confirm=True)) == [2, 3, 4, 5]
    poi = {**CALCULATED, "docProps/app.xml": lambda xml: xml.replace("Microsoft Excel", "Apache POI")}
    with pytest.raises(FieldappError, match="Ô F2 "):
        give(write(tmp_path / "c.xlsx", formulas, poi))

    def nothing(_book: Book, sheet: Sheet) -> None:
        sheet.write_formula(1, 4, '=IF(A2=9,"x","")', None, "")

    text = {SHEET: lambda xml: xml.replace('<c r="E2"><f>', '<c r="E2" t="str"><f>')}
    path = write(tmp_path / "d.xlsx", nothing, {**CALCULATED, **text})
    assert lines(give(path)) == [2, 3, 4, 5], "a text of no letters is a result"
    with pytest.raises(FieldappError, match="Ô E2 "):
        give(write(tmp_path / "e.xlsx", nothing, text))


def test_a_comment_or_picture_in_place_of_a_figure_is_asked_about(give: Give, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221"
            "bc330000000049454e44ae426082"
        )
    )
    table = rows()
    table[0][5] = table[1][5] = table[2][5] = ""

    def change(_book: Book, sheet: Sheet) -> None:
        sheet.write_comment(1, 5, "12 công")
        sheet.insert_image(2, 5, str(picture), {"x_offset": 4, "y_offset": 4})
        sheet.insert_textbox(3, 5, "12", {"width": 30, "height": 15, "x_offset": 2, "y_offset": 2})
        sheet.write_comment(4, 5, "đã đối chiếu")

    table[2][5] = "-"
    outcome = give(write(tmp_path / "a.xlsx", change, table=table))
    assert lines(outcome) == [5]
    assert [f"ô F{line} trống, nhưng có hình" in reason for line, reason in refusals(outcome).items()] == [True] * 3
    assert lines(give(tmp_path / "a.xlsx", confirm=True)) == [2, 3, 4, 5]


def test_what_lies_below_a_merged_cell_is_refused(give: Give, tmp_path: Path) -> None:
    merged = '<mergeCells count="1"><mergeCell ref="F2:F3"/></mergeCells><pageMargins'
    path = write(tmp_path / "a.xlsx", parts={SHEET: lambda xml: xml.replace("<pageMargins", merged)})
    assert "F3 có “12” nhưng nhìn bảng không thấy" in refusals(give(path))[3]


def test_a_blank_far_below_does_no_harm(give: Give, tmp_path: Path) -> None:
    for number, blank in enumerate((" ", "\u200b", "\u00a0 ", "'")):
        text = f'<is><t xml:space="preserve">{blank}</t></is>'
        far = f'<row r="60000"><c r="B60000" t="inlineStr">{text}</c></row></sheetData>'
        path = write(tmp_path / f"{number}.xlsx", parts={SHEET: partial(re.sub, "</sheetData>", far)})
        if blank == "'":
            with pytest.raises(FieldappError, match=r"B60000.*20\.000"):
                give(path)
        else:
            assert lines(give(path)) == [2, 3, 4, 5]


def test_days_are_read_as_the_sheet_shows_them(give: Give, tmp_path: Path) -> None:
    table = rows(3)
    table[0][2], table[1][2], table[2][2] = datetime(2013, 9, 14, 23, 59), 60, 41531
    looks = {
        (line, 2): {"num_format": shown} for line, shown in enumerate(("dd/mm/yyyy", "dd/mm/yyyy", "d/m"), start=1)
    }
    old = {BOOK: lambda xml: re.sub(r"<workbookPr", '<workbookPr date1904="1"', xml)}
    outcome = give(write(tmp_path / "a.xlsx", table=table, looks=looks))
    assert (lines(outcome), "29/02/1900" in refusals(outcome)[3]) == ([2, 4], True)
    assert "14/09/2013" in outcome.added[0].label
    assert "15/09/2017" in give(write(tmp_path / "b.xlsx", table=rows(1), parts=old), confirm=True).added[0].label


def test_a_column_without_a_heading_is_named_if_it_holds_something(give: Give, tmp_path: Path) -> None:
    table = [[n, *row[1:], 30 + n] for n, row in enumerate(rows(), start=1)]
    outcome = give(write(tmp_path / "a.xlsx", table=table, head=("", *HEAD[1:], "")))
    assert (lines(outcome), outcome.notes) == (
        [2, 3, 4, 5],
        ["Cột G không có tiêu đề: 4 ô của cột này không được ghi."],
    )


# CSV --------------------------------------------------------------------------------------------------------------

TEXTS = [
    ["1", KIND, "14/9/2013", "Ia Rvê", "Gặt lúa", "12"],
    ["2", KIND, "15/9/2013", "Ia Lốp", 'Lá lành "đùm" lá rách', "8,5"],
    ["3", KIND, "16/9/2013", "Ia Rvê", "Làm cỏ", "7"],
    ["4", KIND, "17/9/2013", "Ia Lốp", "Đắp bờ", "5"],
]


def csv(path: Path, *table: Sequence[str], sign: str = ";") -> Path:
    path.write_text("\n".join(sign.join(row) for row in (HEAD, *table)) + "\n", encoding="utf-8")
    return path


def test_a_quote_without_its_end_is_refused_with_its_line(give: Give, tmp_path: Path, run: Run) -> None:
    one, _two, three, four = TEXTS
    for line, (wrong, last) in enumerate(
        [('"Lá lành: sửa nhà', four), ('"Lá lành" đùm lá rách', four), ('"Lá lành', [*four[:4], '"Đắp" bờ', "5"])],
        start=0,
    ):
        path = csv(tmp_path / f"{line}.csv", one, [*TEXTS[1][:4], wrong, "8"], three, last)
        with pytest.raises(FieldappError, match=f"{line}.csv, dòng 3: .*nháy.*Chưa ghi gì"):
            give(path)
    path = csv(tmp_path / "sep.csv", one, [*TEXTS[1][:4], '"Lá lành', "8"], three)
    path.write_text("sep=;\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert "dòng 4" in run("import-table", path, "--kind", "activity")[2]


def test_rows_swallowed_by_a_cell_are_asked_about(give: Give, tmp_path: Path) -> None:
    one, two, three, four = TEXTS
    table = (one, [*two[:4], '"Lá lành', "8"], three, [*four[:4], 'Đắp bờ"', "5"])
    path = csv(tmp_path / "a.csv", *table)
    with pytest.raises(FieldappError, match=r"Ô E3 .*--answer breaks=keep"):
        give(path)
    assert lines(give(path, answers={"breaks": "keep"})) == [2, 3]
    harmless = csv(tmp_path / "b.csv", one, [*two[:4], '"Lá lành\nđùm; lá rách"', "8"], three)
    assert lines(give(harmless)) == [2, 3, 4]


def test_a_separator_within_a_cell_is_refused(give: Give, tmp_path: Path) -> None:
    one, two, three, _four = TEXTS
    outcome = give(csv(tmp_path / "a.csv", one, [*two[:4], "gặt, phơi", "8"], three, sign=","))
    assert (lines(outcome), "thừa 1 ô" in refusals(outcome)[3]) == ([2, 4], True)


def test_a_decimal_comma_that_divides_a_cell_is_refused_though_the_last_cell_is_blank(
    give: Give, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    start = f"{KIND},5/9/2013,Ia Rvê,"
    for end in ("", ","):  # some programs end every line with a separator
        rest = [f"Gặt 1,1,5,{end}", f"Gặt 2,8,{end}", f"Gặt 3,9,{end}"]
        path.write_text("\n".join([",".join((*HEAD[1:], "Ghi chú")), *(start + row for row in rest)]), encoding="utf-8")
        outcome = give(path)
        assert (lines(outcome), "thừa 1 ô" in refusals(outcome)[2]) == ([3, 4], True)


def test_what_a_csv_has_for_true_days_times_and_errors(give: Give, tmp_path: Path) -> None:
    values = ("TRUE", "05/09/2013", "02:30:00", "#N/A")
    outcome = give(csv(tmp_path / "a.csv", *([*row[:5], value] for row, value in zip(TEXTS, values, strict=True))))
    assert [f"F{line}" in reason for line, reason in refusals(outcome).items()] == [True] * 4


def test_utf_16_without_a_mark_is_known_by_its_zeros(give: Give, tmp_path: Path) -> None:
    head = ("Đảng viên phụ trách", *HEAD)
    for encoding in ("utf-16-le", "utf-16-be"):
        text = "\n".join(";".join(row) for row in (head, *(["", *row] for row in TEXTS[2:])))
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(text.encode(encoding))
        assert lines(give(path)) == [2, 3]


def test_separators_and_decimal_commas(give: Give, tmp_path: Path) -> None:
    table = [[*row[:4], f"gặt, phơi, đập {row[0]}", row[5]] for row in TEXTS]
    for number, sign in enumerate((";", "\t", "|")):
        path = csv(tmp_path / f"{number}.csv", *table, sign=sign)
        assert lines(give(path)) == [2, 4, 5], sign
        assert "phần lẻ" in refusals(give(path))[3], "8,5 is a number, and no two columns"


# days that went through English -----------------------------------------------------------------------------------


def english(*typed: str) -> list[list[Any]]:
    """Rows whose days were typed into a spreadsheet in English."""
    table = []
    for number, text in enumerate(typed, start=1):
        first, second, year = map(int, text.split("/"))
        day: Any = date(year, first, second) if first <= 12 else text
        table.append([number, KIND, day, "Ia Rvê", f"Gặt lúa {number}", 12])
    return table


def days_of(outcome: SheetOutcome) -> list[str]:
    found = (re.search(r"\d\d/\d\d/\d{4}", entered.label) for entered in outcome.added)
    return [day[0] for day in found if day]


def test_days_that_a_spreadsheet_in_english_changed_over_are_asked_about(give: Give, tmp_path: Path, run: Run) -> None:
    typed = ["03/02/2013", "05/02/2013", "13/02/2013", "24/02/2013"]
    path = write(tmp_path / "a.xlsx", table=english(*typed))
    with pytest.raises(FieldappError) as error:
        give(path)
    for part in ("C “Ngày”", "--answer days=as-written", "--answer days=swapped", "02/03/2013 thành 03/02/2013",
                 "từ 02/03/2013 đến 02/05/2013", "từ 03/02/2013 đến 05/02/2013"):  # fmt: skip
        assert part.replace("02/05/2013", "02/05/2013") in str(error.value), part
    assert days_of(give(path, answers={"days": "swapped"})) == typed
    assert days_of(give(path, answers={"days": "as-written"})) == ["02/03/2013", "02/05/2013", *typed[2:]]
    code, out, _err = run("import-table", path, "--kind", "activity", "--answer", "days=swapped")
    assert (code, out.split()[2]) == (0, "4")


def test_at_a_terminal_the_question_is_asked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr("fieldapp.cli.sheets.sys.stdin", SimpleNamespace(isatty=lambda: True))
    asked = []

    def prompt(text: str, type: click.Choice[str], **_options: object) -> str:
        asked.append((text, [*type.choices]))
        return "swapped"

    monkeypatch.setattr(click, "prompt", prompt)
    path = write(tmp_path / "a.xlsx", table=english("03/02/2013", "13/02/2013"))
    code, _out, err = run("import-table", path, "--kind", "activity")
    assert (code, [choices for _text, choices in asked]) == (0, [["as-written", "swapped"]])
    assert "như 02/03/2013 thành 03/02/2013" in err
    days = {row["date_from"] for row in world.post.rows("SELECT date_from FROM activity")}
    assert days == {"2013-02-03", "2013-02-13"}


def test_a_day_that_somebody_typed_otherwise_does_not_hide_the_days_that_were_changed_over(
    give: Give, tmp_path: Path
) -> None:
    typed = ["03/02/2013", "05/02/2013", "13/02/2013", "24/02/2013"]
    table = [*english(*typed), [5, KIND, date(2013, 2, 14), "Ia Rvê", "Gặt lúa 5", 12]]
    path = write(tmp_path / "a.xlsx", table=table)
    with pytest.raises(FieldappError, match="từ 03/02/2013 đến 05/02/2013"):
        give(path)
    assert days_of(give(path, answers={"days": "swapped"})) == [*typed, "14/02/2013"]


def test_months_that_are_written_first_are_asked_about(give: Give, tmp_path: Path) -> None:
    table = [
        [*row[:2], day, *row[3:5], "5"] for row, day in zip(TEXTS, ("2/3/2013", "2/13/2013", "2/24/2013"), strict=False)
    ]
    path = csv(tmp_path / "a.csv", *table)
    with pytest.raises(FieldappError, match="2/13/2013 là ngày 13/2/2013"):
        give(path)
    assert days_of(give(path, answers={"days": "swapped"})) == ["03/02/2013", "13/02/2013", "24/02/2013"]
    assert lines(give(path, answers={"days": "as-written"})) == [2]


def test_a_column_that_mixes_both_ways_is_asked_about(give: Give, tmp_path: Path) -> None:
    days = ("14/9/2013", "9/15/2013", "10/2/2013", date(2013, 9, 20))
    table = [[*row[:2], day, *row[3:]] for row, day in zip(rows(), days, strict=True)]
    path = write(tmp_path / "a.xlsx", table=table)
    with pytest.raises(FieldappError, match="--answer days=swapped"):
        give(path)
    swapped = give(path, answers={"days": "swapped"})
    assert days_of(swapped) == ["14/09/2013", "15/09/2013", "02/10/2013", "20/09/2013"]
    assert lines(give(path, answers={"days": "as-written"})) == [2, 4, 5]


def test_one_slip_among_many_days_is_refused_in_its_row_and_nothing_is_asked(give: Give, tmp_path: Path) -> None:
    days = [*(f"{day}/10/2013" for day in range(9, 23)), "10/25/2013"]
    table = [[n, KIND, day, "Ia Rvê", f"Gặt lúa {n}", 7] for n, day in enumerate(days, start=1)]
    outcome = give(write(tmp_path / "a.xlsx", table=table))
    assert (len(outcome.added), [row.line for row in outcome.refused]) == (14, [16])


def test_days_that_nobody_changed_over_are_not_asked_about(give: Give, tmp_path: Path) -> None:
    sheets: list[list[Any]] = [
        [date(2013, 3, 2), date(2013, 3, 25), "13/02/2013"],  # no month is a 25th
        [date(2013, 3, 3), date(2013, 4, 4)],
        [date(2013, 3, 2), date(2013, 3, 4)],  # both ways are possible, and nothing speaks for the other one
        ["3/2/2013", "13/2/2013"],
        [date(2013, 3, 2), "ngày 13 tháng 2 năm 2013"],
    ]
    for number, days in enumerate(sheets):
        table = [[*row[:2], day, *row[3:]] for row, day in zip(rows(), days, strict=False)]
        assert len(lines(give(write(tmp_path / f"{number}.xlsx", table=table)))) == len(days)


def test_days_to_come_that_would_be_past_the_other_way_are_asked_about(
    give: Give, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall, "today", lambda: date(2013, 11, 30))
    days = (date(2013, 12, 11), date(2013, 12, 10))
    table = [[*row[:2], day, *row[3:]] for row, day in zip(rows(2), days, strict=True)]
    with pytest.raises(FieldappError, match="10/12/2013 thành 12/10/2013"):
        give(write(tmp_path / "a.xlsx", table=table))


def test_a_day_far_from_the_others_is_asked_about(give: Give, tmp_path: Path) -> None:
    table = rows(6)
    table[2][2], table[4][2] = date(2003, 9, 16), date(1950, 9, 18)
    outcome = give(write(tmp_path / "a.xlsx", table=table))
    assert lines(outcome) == [2, 3, 5, 7]
    assert all("“Ngày”" in reason and reason.endswith("không?") for reason in refusals(outcome).values())
    assert lines(give(tmp_path / "a.xlsx", confirm=True)) == [2, 3, 4, 5, 6, 7]


def test_the_sheet_of_refused_rows_keeps_what_was_found_out(world: World, tmp_path: Path) -> None:
    """Given again as it is, it is refused again; days that were changed over are so in it, and not asked about."""
    table = english("03/02/2013", "05/02/2013", "06/02/2013", "07/02/2013", "13/02/2013")
    table[0][3] = "Ia Rvex"
    table[3][5] = ""
    looks: dict[tuple[int, int], dict[str, Any]] = {(2, 5): STRUCK, (3, 5): {"font_color": "white"}}
    path = write(tmp_path / "a.xlsx", lambda _book, sheet: sheet.write_comment(4, 5, "12"), None, table, looks=looks)
    order = ImportOptions("activity", answers={"days": "swapped"})
    first = importing.import_sheet(world.post, path, order)
    assert (lines(first), [*refusals(first)]) == ([6], [2, 3, 4, 5])
    refused = Path(first.refused_file or "")
    again = importing.import_sheet(world.post, refused, ImportOptions("activity"))
    assert (lines(again), len(again.refused)) == ([], 4)
    assert ["gạch bỏ" in reason for reason in refusals(again).values()] == [False, True, True, True]
    days = [row.cells["Ngày"] for row in again.refused]
    assert days == ["03/02/2013", "05/02/2013", "06/02/2013", "07/02/2013"]


# what is no row ---------------------------------------------------------------------------------------------------


def noisy() -> tuple[list[list[Any]], list[int]]:
    """A printed table below its headings, and the lines of its rows."""
    one, two, three, four = rows()
    table: list[list[Any]] = [
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)=(4)+(5)"],
        ["I", "Xã Ia Rvê", "", "", "", 23],
        one, two,
        ["", "Cộng xã Ia Rvê", "", "", "", 23],
        [*HEAD],
        ["A", "B", "C", 1, 2, 3],
        ["II", "Xã Ia Lốp", "", "", "", 27],
        ["", "Tháng 9", "", "", "", ""],
        three, four,
        ["", "Cộng Ia Lốp", "", "", "", 27],
        [5, "", "", "", "", ""],
        [6, "", "", "", "", ""],
        ["Tổng cộng", "", "", "", "", 50],
        ["Lũy kế từ đầu năm", "", "", "", "", 500],
        [],
        ["", "", "", "Ia Rvê, ngày 30 tháng 9 năm 2013", "", ""],
        ["", "NGƯỜI LẬP BIỂU", "KIỂM TRA", "", "ĐỒN TRƯỞNG", ""],
        ["", "(Ký, ghi rõ họ tên)", "", "", "(Ký, đóng dấu)", ""],
        ["", "Thiếu tá Nguyễn Văn A", "", "", "Thượng tá Trần Văn B", ""],
        ["Nơi nhận:", "", "", "", "", ""],
        ["- Như trên;", "", "", "", "", ""],
    ]  # fmt: skip
    return table, [table.index(row) + 2 for row in (one, two, three, four)]


def test_what_is_no_row_is_told_in_one_line(give: Give, tmp_path: Path) -> None:
    table, meant = noisy()
    path = write(tmp_path / "a.xlsx", table=table)
    outcome = give(path)
    assert (lines(outcome), refusals(outcome)) == (meant, {})
    (note,) = outcome.notes
    assert note.startswith("Bỏ qua vì không phải dòng số liệu: dòng 7 (")
    for part in ("2, 8 (dòng đánh số cột)", "6, 13, 16, 17 (dòng cộng)", "14, 15 (để sẵn, chưa điền)", "19–24 (chữ ký"):
        assert part in note
    for row in table:
        if row and str(row[0]).startswith(("Tổng", "Lũy")):
            row[1] = row[0]
    bare = [row[1:] for row in table]
    path = write(tmp_path / "b.xlsx", table=bare, head=HEAD[1:])
    assert (lines(give(path)), refusals(give(path))) == (meant, {}), "without numbers"


def test_a_row_that_lacks_something_is_no_noise(give: Give, tmp_path: Path) -> None:
    table = rows(6)
    table[1][2] = ""
    table[2][3] = ""
    table[4][1:4] = ["", "", ""]
    table[5] = [6, KIND, "", "", "", 12]
    outcome = give(write(tmp_path / "a.xlsx", table=table))
    assert (lines(outcome), [*refusals(outcome)], outcome.notes) == ([2, 5], [3, 4, 6, 7], [])
    table = rows(2)
    table += [["", "Khám bệnh", "", "Ia Rvex", "Đồn trưởng đi khám cho bà con ở các thôn, buôn của xã", ""],
              ["", KIND, date(2013, 9, 20), "Ia Rvê", "Chỉ huy đồn", 5],
              ["", "", "", "", "Tổng vệ sinh", 4], ["", "", "", "", "Tổ chức khám bệnh", 12]]  # fmt: skip
    outcome = give(write(tmp_path / "c.xlsx", table=table))
    assert (lines(outcome), [*refusals(outcome)], outcome.notes) == ([2, 3, 5], [4, 6, 7], [])
    whole = rows(3)
    whole[1][1:5] = [KIND, date(2013, 9, 20), "Ia Rvê", "Tổng vệ sinh, ngày hội"]
    whole[2][0] = "Cộng"
    assert lines(give(write(tmp_path / "b.xlsx", table=whole))) == [2, 3, 4], "a row with all that it needs is a row"


def test_a_second_table_with_its_columns_in_another_order_is_refused(give: Give, tmp_path: Path) -> None:
    one, two = rows(2)
    below = [[*HEAD[:3], HEAD[5], HEAD[4], HEAD[3]], [*two[:3], 7, "Gặt lúa", "Ia Lốp"]]
    with pytest.raises(FieldappError, match="Từ dòng 3 là một bảng khác"):
        give(write(tmp_path / "a.xlsx", table=[one, *below]))
    assert lines(give(write(tmp_path / "b.xlsx", table=[one, [*HEAD], two]))) == [2, 4]


def test_a_total_is_asked_about_where_all_rows_are_given_what_they_need(give: Give, tmp_path: Path) -> None:
    table = [["Gặt lúa", 12], ["Cấy lúa", 3], ["Tổng cộng xã Ia Rvê", 15], ["Cộng tháng 9", 15], ["Công trình xã", 4],
             ["Tổng cộng", 15]]  # fmt: skip
    path = write(tmp_path / "a.xlsx", table=table, head=("Nội dung", "Ngày công"))
    given = {"activity_kind": KIND, "date_from": "5/9/2013", "unit": "Ia Rvê"}
    outcome = give(path, given=given)
    assert (lines(outcome), [*refusals(outcome)]) == ([2, 3, 6], [4, 5])
    assert all("giống dòng cộng" in reason for reason in refusals(outcome).values())
    assert "7 (dòng cộng)" in outcome.notes[0]
    assert lines(give(path, given=given, confirm=True)) == [2, 3, 4, 5, 6]


def test_family_names_that_are_spelled_like_totals_are_people(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    people = ("Họ và tên", "Lưu Kế", "Tống", "Tống Nam Hải", "Công", "Tống Xá", "Tổng số: 5 đồng chí", "Cộng")
    path.write_text("\n".join(people), encoding="utf-8")
    outcome = importing.import_sheet(world.post, path, ImportOptions("member"))
    assert (lines(outcome), [*refusals(outcome)]) == ([2, 3, 4, 5, 6], [7])
    assert "8 (dòng cộng)" in outcome.notes[0]


def test_a_word_of_totals_in_a_column_beside_them_takes_no_people_away(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    people = ("Diện;Chức vụ;Họ và tên", "TB;Đội trưởng;Nguyễn Văn An", "TC;Đội viên;Y Thanh Niê", "TB;;Lò Văn Em",
              "Tổng số;;5 đồng chí")  # fmt: skip
    path.write_text("\n".join(people), encoding="utf-8")
    outcome = importing.import_sheet(world.post, path, ImportOptions("member"))
    assert lines(outcome) == [2, 3]
    assert all("giống dòng cộng" in reason for reason in refusals(outcome).values())
    assert [*refusals(outcome)] == [4, 5]


def test_people_in_a_sheet_with_signatures(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    people = ("STT;Họ và tên", "1;Nguyễn Văn B", "2;Y Thanh Niê", "3;Trần Thị Cộng", ";Tổng số: 3 đồng chí",
              ";NGƯỜI LẬP", ";Lê Văn D")  # fmt: skip
    path.write_text("\n".join(people), encoding="utf-8")
    outcome = importing.import_sheet(world.post, path, ImportOptions("member"))
    assert (lines(outcome), len(outcome.notes)) == ([2, 3, 4], 1)
