"""Files as they come: CSV of every sort, sheets of every sort, and files that mean harm."""

import csv
import io
import os
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import xlsxwriter

from fieldapp.errors import FieldappError
from fieldapp.sheets import limits
from fieldapp.sheets.cells import SheetTable, cell_text
from fieldapp.sheets.reading import read_tables

ROWS = [
    ["Ngày", "Nơi", "Nội dung"],
    ["5/11/2013", "Xã Ia Rvê; Ea Súp", 'Nói "Hòa", rồi\nvề'],
    ["6/11/2013", "Đừng, ơi", ""],
]


def texts(table: SheetTable) -> list[list[str]]:
    return [[cell_text(cell) for cell in row] for row in table.rows]


def refused(path: Path) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(FieldappError) as error:
        read_tables(path)
    sentence = str(error.value)
    assert path.name in sentence
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_csv_of_every_sort(tmp_path: Path, encoding: str, delimiter: str, newline: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(ROWS)
    bom = "\ufeff" if encoding == "utf-16-be" else ""
    path = tmp_path / "a.csv"
    path.write_bytes((bom + out.getvalue()).encode(encoding))
    (table,) = read_tables(path)
    assert texts(table) == ROWS


def test_csv_that_says_its_delimiter_and_has_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sep=;\na;b,c;d\n\n1;2,5;3\n", encoding="utf-8")
    assert texts(read_tables(path)[0]) == [["a", "b,c", "d"], [], ["1", "2,5", "3"]]


def test_a_csv_in_an_old_encoding_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Ngày,Nơi\n".encode("cp1258", errors="replace").replace(b"?", b"\xf0") + b"\xcc\xec,\xff")
    assert "UTF-8" in refused(path)


def test_what_a_sheet_holds_is_text_as_typed(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Tháng 11")
    day, hour = (book.add_format({"num_format": form}) for form in ("dd/mm/yyyy", "hh:mm"))
    sheet.write_row(0, 0, ["a", 24211.0, 73.4, 0.1 + 0.2, True, 7e15, -3])
    sheet.write_datetime(1, 0, datetime(2013, 11, 5), day)
    sheet.write_datetime(1, 1, datetime(2013, 11, 5, 14, 30), day)
    sheet.write_datetime(1, 2, time(7, 5), hour)
    sheet.write_datetime(1, 3, timedelta(hours=30), book.add_format({"num_format": "[h]:mm"}))
    sheet.write_formula(1, 4, "=1/0", None, "#DIV/0!")
    sheet.write_formula(1, 5, "=A1", None, "abc")
    sheet.write_string(1, 6, "=A1+1")
    sheet.merge_range(2, 0, 4, 1, "gộp")
    sheet.write(4, 2, "x")
    book.add_worksheet("trống")
    book.close()
    (table,) = read_tables(path)
    assert (table.name, table.others) == ("Tháng 11", [])
    assert texts(table)[0] == ["a", "24211", "73,4", "0,3", "1", "7000000000000000", "-3"]
    assert texts(table)[1] == ["05/11/2013", "05/11/2013", "07:05", "30:00", "#DIV/0!", "abc", "=A1+1"]
    assert table.rows[1][0] == date(2013, 11, 5)
    assert {table.cell(row, column) for row in (2, 3, 4) for column in (0, 1)} == {"gộp"}
    assert table.origin(4, 1) == (2, 0)


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name in ("T1", "Tháng Hai"):
        book.add_worksheet(name).write(0, 0, name)
    book.close()
    assert [(t.name, t.others) for t in read_tables(path)] == [("T1", ["Tháng Hai"]), ("Tháng Hai", ["T1"])]
    assert [t.rows for t in read_tables(path, "tháng hai")] == [[["Tháng Hai"]]]
    with pytest.raises(FieldappError, match="T1, Tháng Hai"):
        read_tables(path, "T3")


# files that mean harm ---------------------------------------------------------------------------------------------


def archive(path: Path, parts: dict[str, bytes]) -> Path:
    """A workbook in which some parts are others."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    book.add_worksheet().write(0, 0, "a")
    book.close()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *parts}:
            new.writestr(name, parts.get(name) or old.read(name))
    return path


SHEET = "xl/worksheets/sheet1.xml"
NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(data: str, head: str = "") -> dict[str, bytes]:
    return {SHEET: f'{head}<worksheet xmlns="{NS}"><sheetData>{data}</sheetData></worksheet>'.encode()}


def test_no_spreadsheet_at_all(tmp_path: Path) -> None:
    for name, data in {
        "a.xlsx": b"not a zip",
        "b.xlsx": b"",
        "c.xlsx": b"PK\x03\x04" + bytes(200),
        "d.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "e.csv": b"a,b\n\0\0\0,1\n",
        "f.csv": b"",
        "g.csv": b"PK\x03\x04\xff\xfe",
        "h.pdf": b"%PDF",
        "i.xlsx": os.urandom(5000),
        "j.csv": b'"' + b"x" * 200_000,
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        refused(path)
    with zipfile.ZipFile(tmp_path / "k.xlsx", "w") as empty:
        empty.writestr("a.txt", "x")
    refused(tmp_path / "k.xlsx")
    with pytest.raises(FieldappError, match="nowhere"):
        read_tables(tmp_path / "nowhere.csv")


def test_bombs_and_huge_dimensions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    entity = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    many = "".join(f'<c r="A{row}"><v>1</v></c>' for row in range(1, limits.LINES + 2))
    for name, parts in {
        "zeros.xlsx": {"xl/sharedStrings.xml": b" " * (limits.UNPACKED + 1)},
        "far.xlsx": sheet('<row r="1"><c r="A1"><v>1</v></c></row>' + far),
        "unnumbered.xlsx": sheet("<row><c><v>1</v></c></row>" * (limits.LINES + 1)),
        "rows.xlsx": sheet(f"<row>{many}</row>"),
        "wide.xlsx": sheet("<row>" + "<c><v>1</v></c>" * 300 + "</row>"),
        "entities.xlsx": sheet('<row r="1"><c r="A1"><v>&b;</v></c></row>', entity),
        "elsewhere.xlsx": {"xl/other.xml": sheet(far)[SHEET]},
    }.items():
        assert "20.000" in refused(archive(tmp_path / name, parts)), name
    archive(
        tmp_path / "styled.xlsx", sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="60000"><c r="A60000"/></row>')
    )
    assert texts(read_tables(tmp_path / "styled.xlsx")[0]) == [["1"]], "an empty cell far off is harmless"
    monkeypatch.setattr(limits, "BYTES", 100)
    assert "20.000" in refused(tmp_path / "far.xlsx")


def test_a_zip_that_lies_about_its_sizes(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.xlsx", {"xl/sharedStrings.xml": b"<sst>" + b" " * 1_000_000 + b"</sst>"})
    data = bytearray(path.read_bytes())
    told = (1_000_011).to_bytes(4, "little")
    assert data.count(told) == 2
    path.write_bytes(bytes(data).replace(told, (100).to_bytes(4, "little")))
    refused(path)


def test_two_parts_of_one_name(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.xlsx", {})
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(SHEET, b"<worksheet/>")
    refused(path)


def test_damaged_workbooks_are_refused_or_read(tmp_path: Path) -> None:
    """Each byte of a part may be wrong: one sentence, or a table; never anything else."""
    path = archive(
        tmp_path / "a.xlsx", sheet('<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>4e9</v></c></row>')
    )
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    seen: set[str] = set()
    for name in (SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"):
        for at in range(0, len(parts[name]), 17):
            for bad in (b"", b"9", b"<", b"\xff"):
                broken = parts[name][:at] + bad + parts[name][at + 1 :]
                with zipfile.ZipFile(path, "w") as file:
                    for part, data in parts.items():
                        file.writestr(part, broken if part == name else data)
                try:
                    seen.add(type(read_tables(path)).__name__)
                except FieldappError as error:
                    seen.add(type(error).__name__)
    assert seen == {"list", "FieldappError"}
