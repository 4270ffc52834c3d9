"""What ODK Central and KoboToolbox export of a form that ``kinds --xlsform`` wrote comes in as records, once."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from field import Run, World
from pyxform.xls2xform import convert

from fieldapp.records import lists, records
from fieldapp.store import wall

IDS = [f"{n:08x}-8f4e-4d2a-9c1b-0123456789ab" for n in range(9)]
CENTRAL = {"SubmissionDate": "2026-11-28T09:12:44.120Z", "SubmitterName": "Nam", "Status": "", "FormVersion": "1"}
KOBO = {"start": "2026-11-28T16:01:00.000+07:00", "_id": "41", "_submission_time": "2026-11-28T09:12:44"}


def questions(run: Run, kind: str, folder: Path) -> list[str]:
    """The names of the questions of a form, as the converter read them."""
    out = folder / "form.xlsx"
    assert run("kinds", kind, "--xlsform", str(out), home="post")[0] == 0
    survey = convert(out, validate=False)._survey
    assert survey is not None
    return [question.name for question in survey.children if question.name != "meta"]


def filled(world: World, run: Run, folder: Path) -> list[dict[str, str]]:
    """Three submissions of wells, as phones send them: ISO days, places by id, plain numbers."""
    commune = next(row["id"] for row in lists.communes_at_home(world.post, wall.today()))
    (kind,) = (row["id"] for row in lists.activity_kinds(world.post) if row["name"] == "Giếng khoan")
    answers = {"activity_kind": kind, "unit": commune, "hamlet": "Buôn Ba Na", "gieng": "1", "ho_huong_loi": "12"}
    days = ("2026-10-05", "2026-10-06", "2026-10-07")
    values = ("35000000.0", "3.5E7", "1250000")
    asked = questions(run, "gieng_khoan", folder)
    assert {*answers, "date_from", "tri_gia_cong_trinh"} <= {*asked}
    return [
        {**dict.fromkeys(asked, ""), **answers, "date_from": day, "tri_gia_cong_trinh": value}
        for day, value in zip(days, values, strict=True)
    ]


def export(path: Path, rows: Sequence[Mapping[str, str]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def central(path: Path, rows: Sequence[Mapping[str, str]], ids: Sequence[str] = IDS) -> Path:
    """Groups before a hyphen, the id last."""
    grouped = [
        {("viec-" + name if name.startswith("date") else name): text for name, text in row.items()} for row in rows
    ]
    return export(path, [{**CENTRAL, **row, "meta-instanceID": f"uuid:{i}", "KEY": f"uuid:{i}"}
                         for i, row in zip(ids, grouped, strict=False)])  # fmt: skip


def kobo(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Groups before a slash, semicolons, the id without its scheme."""
    grouped = [{"viec/" + name: text for name, text in row.items()} for row in rows]
    return export(path, [{**KOBO, **row, "_uuid": i, "_index": "1"} for i, row in zip(IDS, grouped, strict=False)], ";")


def take_in(run: Run, path: Path) -> tuple[int, dict[str, Any], str]:
    code, out, error = run("import-table", str(path), "--kind", "activity", "--json", "--confirm", home="post")
    return code, json.loads(out) if out else {}, error


def figures(world: World) -> list[tuple[str, list[int]]]:
    found = [
        records.get(world.post, row["id"]) for row in world.post.rows("SELECT id FROM activity ORDER BY date_from")
    ]
    return [(record.row["date_from"], sorted(m["amount"] for m in record.children["measures"])) for record in found]


@pytest.mark.parametrize("exported", [central, kobo])
def test_an_export_comes_in_with_its_figures_and_only_once(
    world: World, run: Run, tmp_path: Path, exported: object
) -> None:
    assert callable(exported)
    rows = filled(world, run, tmp_path)
    code, said, error = take_in(run, exported(tmp_path / "a.csv", rows[:2]))
    assert (code, len(said["added"]), len(said["notes"])) == (0, 2, 1), error
    assert "câu hỏi lặp" in said["notes"][0], "no server says in this file whether the form has repeats"
    assert "a-….csv" in said["notes"][0]
    expected = [("2026-10-05", [1, 12, 35_000_000]), ("2026-10-06", [1, 12, 35_000_000])]
    assert figures(world) == expected
    corrected = [{**rows[0], "hamlet": "Buôn Khác"}, *rows[1:]]
    code, said, _error = take_in(run, exported(tmp_path / "b.csv", corrected))
    assert (code, len(said["added"]), len(said["known"])) == (0, 1, 2)
    assert len(said["notes"]) == 2, "what was corrected on the server is said"
    assert figures(world) == [*expected, ("2026-10-07", [1, 12, 1_250_000])]


def test_the_figures_are_those_of_add(world: World, run: Run, tmp_path: Path) -> None:
    (row, *_rest) = filled(world, run, tmp_path)
    given = {"activity_kind": row["activity_kind"], "unit": row["unit"], "date_from": "05/10/2026", "hamlet": "Buôn X",
             "measures": [{"measure": "gieng", "amount": "1"}, {"measure": "ho_huong_loi", "amount": "12"},
                          {"measure": "tri_gia_cong_trinh", "amount": "35tr"}]}  # fmt: skip
    records.save(world.post, "activity", given, confirm=True)
    take_in(run, central(tmp_path / "a.csv", [row]))
    typed, sent = figures(world)
    assert typed == sent


def test_a_submission_that_is_there_twice_is_refused_as_a_whole(world: World, run: Run, tmp_path: Path) -> None:
    rows = filled(world, run, tmp_path)
    code, _said, error = take_in(run, central(tmp_path / "a.csv", rows, [IDS[0], IDS[1], IDS[0]]))
    assert code == 1
    assert "Dòng 2 và 4 là cùng một phiếu" in error or "Lines 2 and 4 are the same submission" in error
    assert figures(world) == []


def test_a_refused_row_goes_in_by_the_sheet_of_refused_rows_and_stays_the_same_submission(
    world: World, run: Run, tmp_path: Path
) -> None:
    rows = filled(world, run, tmp_path)
    wrong = [{**rows[0], "date_from": "2026-13-05"}]
    code, said, _error = take_in(run, central(tmp_path / "a.csv", wrong))
    assert (code, len(said["refused"])) == (1, 1)
    code, said, _error = take_in(run, central(tmp_path / "b.csv", rows[:1]))
    assert (code, len(said["added"])) == (0, 1)
    assert take_in(run, central(tmp_path / "c.csv", rows[:1]))[1]["added"] == []


def test_numbers_of_phones_are_read_alike_whether_they_are_text_or_not(world: World, run: Run, tmp_path: Path) -> None:
    rows = filled(world, run, tmp_path)
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet()
    heads = [*rows[0], "_uuid"]
    sheet.write_row(0, 0, heads)
    for line, (row, value) in enumerate(zip(rows, ("1250.000", 1_250_000, "2500.0"), strict=True), start=1):
        sheet.write_row(line, 0, {**row, "tri_gia_cong_trinh": value, "_uuid": IDS[line]}.values())
    book.close()
    code, _said, _error = take_in(run, tmp_path / "a.xlsx")
    assert code == 0
    assert [max(found) for _day, found in figures(world)] == [1_250, 1_250_000, 2_500]


def test_a_column_called_key_without_ids_is_an_ordinary_one(world: World, run: Run, tmp_path: Path) -> None:
    rows = filled(world, run, tmp_path)
    path = export(tmp_path / "a.csv", [{**rows[2], "KEY": "7"}])
    code, said, _error = take_in(run, path)
    assert (code, len(said["added"])) == (0, 1)
    assert "KEY" in str(said["notes"])


def test_a_blank_line_changes_nothing_and_a_line_without_an_id_is_refused(
    world: World, run: Run, tmp_path: Path
) -> None:
    rows = filled(world, run, tmp_path)
    path = central(tmp_path / "a.csv", rows[:1])
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "," * text.count(",", 0, text.index("\n")) + "\n", encoding="utf-8")
    code, said, _error = take_in(run, path)
    assert (code, len(said["added"]), len(said["notes"])) == (0, 1, 1)
    assert figures(world) == [("2026-10-05", [1, 12, 35_000_000])]
    code, said, error = take_in(run, central(tmp_path / "b.csv", rows, [*IDS[:2], ""]))
    assert (code, said) == (1, {})
    assert "Dòng 4 không có mã phiếu" in error
    assert len(figures(world)) == 1


def test_an_export_that_was_edited_in_a_spreadsheet_keeps_what_the_sheet_shows(
    world: World, run: Run, tmp_path: Path
) -> None:
    rows = filled(world, run, tmp_path)
    table = [{"SubmissionDate": "2026-11-28", **row, "KEY": f"uuid:{i}"} for i, row in zip(IDS, rows, strict=False)]
    heads = [*table[0]]
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet()
    struck = book.add_format({"font_strikeout": True})
    sheet.write_row(0, 0, heads)
    for line, row in enumerate(table, start=1):
        sheet.write_row(line, 0, row.values(), struck if line == 1 else None)
    sheet.write_string(2, heads.index("gieng"), "9", struck)
    for name in ("SubmissionDate", "ho_huong_loi"):
        sheet.set_column(heads.index(name), heads.index(name), None, None, {"hidden": True})
    book.close()
    _code, said, _error = take_in(run, tmp_path / "a.xlsx")
    letter = chr(ord("A") + heads.index("ho_huong_loi"))
    assert [row["line"] for row in said["added"]] == [4]
    assert f"{letter} “ho_huong_loi”" in str(said["notes"]) and "gạch bỏ trong bảng nên không ghi: 2" in str(
        said["notes"]
    )
    (refused,) = said["refused"]
    assert f"{chr(ord('A') + heads.index('gieng'))}3 bị gạch bỏ" in str(refused["reason"])
    assert figures(world) == [("2026-10-07", [1, 1_250_000])]


# repeated questions -------------------------------------------------------------------------------------------------


def without_households(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{name: text for name, text in row.items() if name != "ho_huong_loi"} for row in rows]


HOUSEHOLDS = [(0, "5", "Y Blê"), (0, "7", "H’Len"), (1, "9", "Ông Ba")]
"""Number of the submission, households, whose they are"""


def repeats_of_central(path: Path, ids: Sequence[str] = IDS) -> None:
    """As the server writes them beside the form's own file: a repeat within a repeat names its parent's key."""
    rows = [
        {"ho_huong_loi": many, "ten": name, "PARENT_KEY": f"uuid:{ids[at]}", "KEY": f"uuid:{ids[at]}/nhom[{n}]"}
        for n, (at, many, name) in enumerate(HOUSEHOLDS, start=1)
    ]
    rows[1]["PARENT_KEY"] += "/nhom[1]"
    export(path, rows)


def with_central(folder: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    repeats_of_central(folder / "gieng-nhom.csv")
    return central(folder / "gieng.csv", without_households(rows))


def with_kobo(folder: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Sheets of one workbook; the repeats name the line of the submission, and its id."""
    path = folder / "gieng.xlsx"
    book = xlsxwriter.Workbook(str(path))
    each = enumerate(zip(IDS, without_households(rows), strict=False), start=1)
    own = [{**KOBO, **row, "_uuid": i, "_index": str(n)} for n, (i, row) in each]
    sheet = book.add_worksheet("gieng")
    sheet.write_row(0, 0, [*own[0]])
    for line, row in enumerate(own, start=1):
        sheet.write_row(line, 0, row.values())
    sheet = book.add_worksheet("nhom")
    sheet.write_row(
        0, 0, ["nhom/ho_huong_loi", "nhom/ten", "_index", "_parent_table_name", "_parent_index", "_submission__uuid"]
    )
    for n, (at, many, name) in enumerate(HOUSEHOLDS, start=1):
        sheet.write_row(n, 0, [int(many), name, n, "gieng", at + 1, IDS[at]])
    book.close()
    return path


def with_columns(folder: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Each repeat in columns of its own, as the servers' older CSV has them."""
    made = []
    for at, row in enumerate(without_households(rows)):
        said = [many for line, many, _name in HOUSEHOLDS if line == at]
        made.append({**row, **{f"nhom[{n + 1}]/ho_huong_loi": said[n] if n < len(said) else "" for n in range(2)}})
    return kobo(folder / "gieng.csv", made)


def answered(run: Run, path: Path, answer: str, kind: str = "activity") -> tuple[int, dict[str, Any], str]:
    given = ("import-table", str(path), "--kind", kind, "--json", "--confirm", "--answer", f"repeats={answer}")
    code, out, error = run(*given, home="post")
    return code, json.loads(out) if out else {}, error


@pytest.mark.parametrize("exported", [with_central, with_kobo, with_columns])
def test_repeats_are_added_up_for_their_submission_or_left_out_after_a_question(
    world: World, run: Run, tmp_path: Path, exported: object
) -> None:
    assert callable(exported)
    path = exported(tmp_path, filled(world, run, tmp_path)[:2])
    code, _said, error = take_in(run, path)
    assert (code, figures(world)) == (1, [])
    assert "ho_huong_loi = 5 + 7 = 12 (dòng 2)" in error
    assert "--answer repeats=leave-out" in error
    code, said, error = answered(run, path, "sum")
    assert (code, len(said["added"])) == (0, 2), error
    assert figures(world) == [("2026-10-05", [1, 12, 35_000_000]), ("2026-10-06", [1, 9, 35_000_000])]
    notes = " ".join(map(str, said["notes"]))
    assert "“ten”" in notes or exported is with_columns, "what no figure holds is named"
    assert "--sheet" not in notes, "the sheet of repeats is no other sheet to choose"
    assert answered(run, path, "sum")[1]["added"] == []


def test_repeats_may_be_left_out(world: World, run: Run, tmp_path: Path) -> None:
    path = with_central(tmp_path, filled(world, run, tmp_path)[:2])
    assert answered(run, path, "leave-out")[0] == 0
    assert figures(world) == [("2026-10-05", [1, 35_000_000]), ("2026-10-06", [1, 35_000_000])]


def test_the_file_of_repeats_is_none_of_the_form_s_own(world: World, run: Run, tmp_path: Path) -> None:
    path = with_central(tmp_path, filled(world, run, tmp_path)[:2])
    code, _said, error = take_in(run, tmp_path / "gieng-nhom.csv")
    assert (code, "câu hỏi lặp" in error) == (1, True)
    export(path, [{"Chi bộ": "x", "Loại kỳ": "y", "Ngày": "z", "KEY": f"uuid:{i}"} for i in IDS[:2]])
    code, _said, error = answered(run, path, "sum", kind="meeting")
    assert code == 1
    assert "Trả lời một trong: leave-out." in error, "only an activity has figures to add up"


def test_repeats_without_their_submission_or_file_are_refused(world: World, run: Run, tmp_path: Path) -> None:
    rows = filled(world, run, tmp_path)[:2]
    path = central(tmp_path / "gieng.csv", without_households(rows))
    repeats_of_central(tmp_path / "gieng-nhom.csv", IDS[5:])
    assert "Dòng 2 của bảng câu hỏi lặp" in answered(run, path, "sum")[2]
    (tmp_path / "gieng-nhom.csv").unlink()
    export(
        path, [{**row, "SET-OF-nhom": f"uuid:{i}/nhom", "KEY": f"uuid:{i}"} for i, row in zip(IDS, rows, strict=False)]
    )
    code, _said, error = take_in(run, path)
    assert (code, "gieng-nhom.csv" in error) == (1, True)
    assert figures(world) == []


def test_repeats_are_found_though_the_form_s_file_was_renamed_and_count_once(
    world: World, run: Run, tmp_path: Path
) -> None:
    rows = filled(world, run, tmp_path)[:2]
    path = with_central(tmp_path, rows).rename(tmp_path / "Phiếu giếng (1).csv")
    repeats_of_central(tmp_path / "khac-nhom.csv", IDS[5:])
    code, _said, error = take_in(run, path)
    assert (code, "ho_huong_loi = 5 + 7 = 12 (dòng 2)" in error) == (1, True), error
    repeats_of_central(tmp_path / "gieng-nhom (1).csv")
    code, _said, error = answered(run, path, "sum")
    assert (code, "“gieng-nhom (1)” và “gieng-nhom”" in error, figures(world)) == (1, True, []), error
    (tmp_path / "gieng-nhom (1).csv").unlink()
    assert answered(run, path, "sum")[0] == 0
    assert figures(world) == [("2026-10-05", [1, 12, 35_000_000]), ("2026-10-06", [1, 9, 35_000_000])]


# Epi Info -----------------------------------------------------------------------------------------------------


def test_records_that_epi_info_has_deleted_are_not_recorded(world: World, run: Run, tmp_path: Path) -> None:
    rows = [
        {"UniqueKey": str(n), "RECSTATUS": "0" if n == 1 else "1", "GlobalRecordId": IDS[n].upper(), **row,
         "FirstSaveLogonName": "DON743\\nam", "FirstSaveTime": "11/28/2026 9:12:44 AM", "FKEY": ""}
        for n, row in enumerate(filled(world, run, tmp_path))
    ]  # fmt: skip
    path = export(tmp_path / "epi.csv", rows)
    code, said, error = take_in(run, path)
    assert (code, [row["line"] for row in said["added"]]) == (0, [2, 4]), error
    assert said["notes"] == ["Đã xóa trong Epi Info nên không ghi: dòng 3."]
    assert [day for day, _figures in figures(world)] == ["2026-10-05", "2026-10-07"]
    assert take_in(run, path)[1]["added"] == [], "each goes in once"


def test_a_file_as_epi_info_writes_it(world: World, run: Run, tmp_path: Path) -> None:
    """Names without a blank between their words, days with midnight in the words of Windows, doubled quotes."""
    head = "RECSTATUS,GlobalRecordId,FirstSaveTime,NgayThang,LoaiHoatDong,Xa,NoiDung,NgayCong"
    said = [
        f'1,{IDS[n]},9/2/2013 8:00:00 AM,{day} 12:00:00 SA,Giúp dân lao động sản xuất,Ia Rvê,"Gặt ""lúa"", làm cỏ",{n}'
        for n, day in enumerate(("25/09/2013", "5/9/2013"), start=1)
    ]
    path = tmp_path / "epi.csv"
    path.write_text("\r\n".join([head, *said, ""]), encoding="utf-8")
    code, out, error = take_in(run, path)
    assert (code, [row["line"] for row in out["added"]], out["notes"]) == (0, [2, 3], []), error
    assert figures(world) == [("2013-09-05", [2]), ("2013-09-25", [1])]


# CSPro --------------------------------------------------------------------------------------------------------


def cspro(path: Path, rows: Sequence[Sequence[object]], delimiter: str = ",", more: Sequence[str] = ()) -> Path:
    """As its export tool writes (zExportO of its published source): a mark of UTF-8, names of items in capitals, ``_1``
    for an occurrence, days as numbers with the year first, a blank for what was not asked, decimals as many as the
    dictionary says, and words for other special values."""
    head = ["SO_PHIEU", "NGAY", "LOAI_HOAT_DONG", "XA", "NOI_DUNG", "NGAY_CONG", "SO_HO", *more]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows([head, *rows])
    return path


LABOUR = "Giúp dân lao động sản xuất"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_as_cspro_writes_it(world: World, run: Run, tmp_path: Path, delimiter: str) -> None:
    rows = [
        [1, 20130925, "lao_dong_san_xuat", 24221, 'Gặt "lúa", làm cỏ; đắp bờ', "11.00", ""],
        [2, 20130926, LABOUR, "Ia Rvê", "Hai dòng", "120.00", 3],
    ]
    code, out, error = take_in(run, cspro(tmp_path / "a.csv", rows, delimiter))
    assert (code, len(out["added"])) == (0, 2), error
    assert figures(world) == [("2013-09-25", [11]), ("2013-09-26", [3, 120])]
    assert [note for note in out["notes"] if "“SO_PHIEU”" in note] == out["notes"], "what has no place here is named"
    assert take_in(run, tmp_path / "a.csv")[1]["added"] == []


def test_what_cspro_says_otherwise_is_asked_about_or_named(world: World, run: Run, tmp_path: Path) -> None:
    """Three decimals look like thousands; special values are words; codes may have their labels beside them."""
    rows = [
        [1, 20130925, LABOUR, 24221, "a", "12.500", 4, 7],
        [2, 20130926, LABOUR, 24221, "b", "0.750", 4, 7],
        [3, 20130927, LABOUR, 24221, "c", "REFUSED", 4, 7],
        [4, "DEFAULT", LABOUR, 24221, "d", "1.000", 4, 7],
    ]
    code, out, _err = run("import-table", str(cspro(tmp_path / "a.csv", rows, more=["SO_HO_1"])), "--kind", "activity",
                          "--json", home="post")  # fmt: skip
    said = json.loads(out)
    assert (code, said["added"], [row["line"] for row in said["refused"]]) == (1, [], [2, 3, 4, 5])
    assert any("“SO_HO_1”" in note for note in said["notes"])
    labels = [[*row[:2], 3, *row[3:5], row[0], "", LABOUR] for row in rows[:3]]
    code, said, error = take_in(run, cspro(tmp_path / "b.csv", labels, more=["Loại hoạt động"]))
    assert (code, len(said["added"])) == (0, 3), error
    assert any("“LOAI_HOAT_DONG”" in note for note in said["notes"]), "codes are left out where words are"
