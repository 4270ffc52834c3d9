"""Each figure in every format is that of ``report --json``; a file is whole or not there."""

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
from field import Run, World
from report_files import FORMULA, SCRIPT, Page, Workbook, fill

import fieldapp
from fieldapp.records import records
from fieldapp.reports.figures import Figure

FORMS = ("docx", "xlsx", "pdf", "html")


@pytest.fixture
def filled(world: World) -> World:
    fill(world)
    return world


def write(run: Run, folder: Path, form: str, *more: object) -> bytes:
    out = folder / f"báo cáo.{form}"
    out.unlink(missing_ok=True)
    code, _out, err = run("report", "--period", "2013", "--format", form, "--out", out, *more, home="hq")
    assert code == 0, err
    assert not list(folder.glob("*.part"))
    return out.read_bytes()


def told(run: Run, *more: str) -> list[dict[str, Any]]:
    code, out, _err = run("report", "--period", "2013", "--json", *more, home="hq")
    assert code == 0
    figures: list[dict[str, Any]] = json.loads(out)["figures"]
    return figures


LETTERS_OWN = {
    "Trị giá khám, thuốc": ("Trị giá khám, chữa bệnh, cấp thuốc", "đồng"),
    "Lượt cán bộ, chiến sĩ": ("Lượt cán bộ, chiến sĩ", "lượt người"),
    "Lượt người khám, chữa bệnh": ("Lượt người được khám, chữa bệnh", "lượt"),
    "Lượt phương tiện": ("Lượt phương tiện", "lượt"),
    "Xã được củng cố": ("Xã được củng cố cơ sở chính trị", "xã"),
    "Xã biên giới được củng cố": ("Trong đó: xã biên giới", "xã"),
    "Đảng viên được giới thiệu về sinh hoạt ở chi bộ thôn, buôn": (
        "Đảng viên được giới thiệu về sinh hoạt tạm thời tại chi bộ thôn, buôn",
        "đảng viên",
    ),
    "Chi bộ có đảng viên đồn sinh hoạt": ("Chi bộ thôn, buôn có đảng viên của đồn sinh hoạt tạm thời", "chi bộ"),
    "Chiều dài đường biên": ("Đường biên giới tự quản", "km"),
    "Lượt vắng của đảng viên đồn": ("Lượt đảng viên của đồn vắng mặt", "lượt"),
}
"""Title -> what a letter says instead, and its unit"""


def test_each_figure_is_the_same_in_every_format(run: Run, filled: World, tmp_path: Path) -> None:
    figures = told(run)
    codes = {f"{f['section']}.{f['code']}": f for f in figures}
    assert {"works.gieng_khoan.gieng", "health.tri_gia_kham", "relief.luot_phuong_tien", "border.km"} <= codes.keys()
    assert any(f["value"] is None for f in figures)
    assert any(f["decimals"] for f in figures)

    rows = [[c.text for c in row.cells] for t in docx.Document(io.BytesIO(write(run, tmp_path, "docx"))).tables
            for row in t.rows]  # fmt: skip
    in_word = [row[1:4] for row in rows if len(row) > 3]
    for f in figures:
        title, its_unit, number = in_a_letter(f)
        assert any(what.casefold().startswith((title.casefold(), f"tổng số {title}".casefold()))
                   and unit.startswith(its_unit) and re.sub(r"\*+", "*", said) == number
                   for what, unit, said in in_word), title  # fmt: skip

    table = {row["Mã"]: row for row in Workbook(write(run, tmp_path, "xlsx")).table("Số liệu", "Số liệu")}
    assert table.keys() == codes.keys()
    for code, f in codes.items():
        if f["value"] is None:
            assert table[code]["Số"] == f["text"]
        else:
            assert table[code]["Số"] == f["value"] / 10 ** f["decimals"]
        assert (table[code]["Viết thành lời"], table[code]["Số bản ghi"]) == (f["text"], f["count"])

    page = Page(write(run, tmp_path, "html"))
    assert page.data.keys() == codes.keys()
    for code, f in codes.items():
        value, text = page.data[code]
        assert text == f["text"]
        assert (float(value) if value else None) == (None if f["value"] is None else f["value"] / 10 ** f["decimals"])

    pages = pypdf.PdfReader(io.BytesIO(write(run, tmp_path, "pdf"))).pages
    printed = "".join("".join(p.extract_text().split()) for p in pages)
    for f in figures:
        what, unit, said = (re.escape("".join(text.split())) for text in in_a_letter(f))
        said = said.replace(r"\*", r"\*+")  # each meaning has its own mark
        assert re.search(f"(?i){what}[^0-9]{{,60}}{unit}(người)?{said}", printed), f["title"]


def in_a_letter(figure: dict[str, Any]) -> tuple[str, str, str]:
    """Its title, unit and amount in the table of a letter: a mark stands for words, which are below the table."""
    in_words = bool(figure["unit"] and figure["in_words"])
    said = f"{bare({**figure, 'in_words': []})} (*)".lstrip() if in_words else bare(figure)
    return *LETTERS_OWN.get(figure["title"], (figure["title"], figure["unit"])), said


def bare(figure: dict[str, Any]) -> str:
    """A figure without its unit, which stands in a column of its own on paper."""
    names = ("value", "decimals", "approximate", "in_words", "shared")
    return Figure("", "", "", unit="", **{name: figure[name] for name in names}).text


@pytest.mark.parametrize("form", FORMS)
def test_each_format_says_what_it_was_computed_from(run: Run, filled: World, tmp_path: Path, form: str) -> None:
    data = write(run, tmp_path, form, "--units", "now", *([] if form == "xlsx" else ["--annex"]))
    text = text_of(data, form)
    heads = filled.hq.rows("SELECT log_id, hash FROM local_segment WHERE state = 'applied' AND scope <> '*'")
    assert heads
    on_paper = form in ("docx", "pdf")
    assert {row["hash"] in text or row["log_id"] in text for row in heads} == {not on_paper}
    for said in ("năm 2013", "01/01/2013 – 31/12/2013", "theo đơn vị hành chính hiện nay",
                 "1 nội dung đã hủy",
                 *(["Đồn BP Ia Rvê", "Số liệu đã nhận đến", "1 đồn, 1 máy"] if on_paper
                   else [f"fieldapp {fieldapp.__version__}", "Đồn BP Ia Rvê (A): đã nhận đến"])):  # fmt: skip
        assert "".join(said.split()) in text, said


@pytest.mark.parametrize("form", ["docx", "pdf", "html"])
def test_a_letter_has_nothing_of_a_machine_unless_the_annex_is_asked_for(
    run: Run, filled: World, tmp_path: Path, form: str
) -> None:
    text = text_of(write(run, tmp_path, form), form)
    heads = filled.hq.rows("SELECT log_id, hash FROM local_segment WHERE state = 'applied'")
    assert not any(row["hash"] in text or row["log_id"] in text for row in heads)
    assert not re.search(r"[0-9a-f]{32}|SHA-?256|fieldapp|\d\d:\d\d:\d\d", text)
    for said in ("phụ lục", "bản nháp", "phần thay đổi", "đã nhận đến"):
        assert "".join(said.split()) not in text.lower(), said


def text_of(data: bytes, form: str) -> str:
    """The words of a file, without what is between them."""
    if form == "docx":
        text = "".join(p.text for p in docx.Document(io.BytesIO(data)).element.body.iter() if p.text)
    elif form == "xlsx":
        text = Workbook(data).parts["xl/sharedStrings.xml"].decode()
    elif form == "pdf":
        text = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(data)).pages)
    else:
        text = Page(data).text
    return "".join(text.split())


def test_text_of_records_is_text(run: Run, filled: World, tmp_path: Path) -> None:
    book = Workbook(write(run, tmp_path, "xlsx", "--personal"))
    behind = book.table("Bản ghi", "Số liệu")
    assert FORMULA in [row["Viết thành lời"] for row in behind]
    assert any(FORMULA in (row["Bản ghi"] or "") for row in behind)
    assert all("<f>" not in xml and "hyperlink" not in xml for xml in book.xml.values())
    page = Page(write(run, tmp_path, "html"))
    assert "script" not in [tag for tag, _attributes in page.tags]
    assert SCRIPT in page.text
    paper = docx.Document(io.BytesIO(write(run, tmp_path, "docx")))
    assert any(SCRIPT in paragraph.text for paragraph in paper.paragraphs)


def test_a_file_that_is_there_stays(run: Run, filled: World, tmp_path: Path) -> None:
    there = tmp_path / "của tôi.docx"
    there.write_bytes(b"sua tay")
    code, _out, err = run("report", "--period", "2013", "--format", "docx", "--out", there, home="hq")
    assert (code, there.read_bytes()) == (1, b"sua tay")
    assert "giữ nguyên" in err
    code, _out, err = run("report", "--format", "html", "--out", tmp_path / "không có" / "a.html", home="hq")
    assert code == 1
    assert "Không ghi được" in err


def test_without_the_extra_there_is_a_way_on(
    run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for form, module in (("docx", "docx"), ("xlsx", "xlsxwriter"), ("pdf", "fpdf"), ("html", "jinja2")):
        monkeypatch.delitem(sys.modules, f"fieldapp.reports.files.{form}", raising=False)
        monkeypatch.setitem(sys.modules, module, None)
        code, _out, err = run("report", "--format", form, "--out", tmp_path / f"a.{form}", home="hq")
        assert code == 1
        assert 'pip install "fieldapp[hq]"' in err
    assert list(tmp_path.glob("a.*")) == []


@pytest.mark.parametrize(
    "words",
    [("--format", "docx"), ("--out", "a.txt"), ("--format", "pdf", "--out", "a.pdf", "--by", "month"),
     ("--format", "pdf", "--out", "a.pdf", "--template", "a.docx")],
)  # fmt: skip
def test_wrong_usage_is_told(run: Run, world: World, words: tuple[str, ...]) -> None:
    assert run("report", *words, home="hq")[0] == 2


def test_an_empty_period_is_a_file_too(run: Run, world: World, tmp_path: Path) -> None:
    for form in FORMS:
        out = tmp_path / f"trống.{form}"
        assert run("report", "--period", "2009-05", "--format", form, "--out", out, home="hq")[0] == 0
        assert out.stat().st_size > 1000


@pytest.mark.parametrize("form", ["text", "json", "csv", *FORMS])
def test_about_and_words_stand_beside_the_number_in_every_format(
    run: Run, world: World, tmp_path: Path, form: str
) -> None:
    """In the figure, in the period before, and in the plan."""
    for year in (2012, 2013):
        for amount in ({"amount": 12, "approximate": True}, {"note": "hàng chục", "approximate": True}):
            world.well(activity_kind_id="thien_tai", date_from=f"{year}-09-20",
                       measures=[{"measure_id": "luot_phuong_tien", **amount}])  # fmt: skip
    period = {"date_from": "2013-01-01", "date_to": "2013-12-31"}
    records.save(world.hq, "plan", {**period, "measure_id": "luot_phuong_tien", "target": 80})
    world.carry(world.post, world.hq)
    if form in FORMS:
        data = write(run, tmp_path, form)
    else:
        data = run("report", "--period", "2013", "--format", form, home="hq")[1].encode()
    if form == "docx":
        text = "".join(p.text for p in docx.Document(io.BytesIO(data)).element.body.iter() if p.text)
    elif form == "pdf":
        text = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(data)).pages)
    elif form == "xlsx":
        rows = [row for name in Workbook(data).names for row in Workbook(data).rows(name, shown=True)]
        text = " ".join(str(cell) for row in rows for cell in row)
    else:
        text = Page(data).text if form == "html" else data.decode()
    text = "".join(text.split())
    whole = "khoảng12phươngtiệnvàhàngchụcphươngtiện"
    if form == "csv":
        assert "12,0,phươngtiện,1,hàngchục" in text
        return
    on_paper = form in ("docx", "pdf")  # where the table has a column of units
    if on_paper:
        assert text.count("khoảng12(*)") >= 2, "words are no number: a mark in the column"
        assert "(*)Báocáocủađồnghi“hàngchục”,khôngcósốlượngcụthểnênkhôngcộngvàokếtquả." in text
        assert "khoảng12lượtphươngtiện" in text and "chưakểhàngchụclượtphươngtiện" in text, "in the sentence"
    else:
        assert text.count(whole) >= (1 if form == "json" else 2)
    in_figures = "khoảng12vàhàngchục/80phươngtiện(15%)"
    in_words = "ốlượtphươngtiệnđạtítnhấtkhoảng15%kếhoạchnăm2013(khoảng12/80lượt,chưakểbáocáoghi“hàngchục”)"
    assert form == "xlsx" or (in_words if on_paper else in_figures) in text
