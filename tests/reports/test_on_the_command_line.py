"""``report`` on the command line: tables in columns, CSV, and no option that is given for nothing."""

import csv
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
from field import Run, World
from report_files import fill
from rich.cells import cell_len

from fieldapp.cli.columns import in_columns

BOM = "\ufeff"
WIDE = "\N{IDEOGRAPHIC SPACE}\N{CJK UNIFIED IDEOGRAPH-6C34}"


@pytest.fixture
def filled(world: World) -> World:
    fill(world)
    return world


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Standard output becomes a terminal of this width."""

    def of_width(columns: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    return of_width


# tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("by", ["month", "post", "commune", "kind", "event", "ethnic_group"])
def test_a_table_stands_in_columns_on_a_terminal(filled: World, run: Run, terminal: Any, by: str, width: int) -> None:
    """No line is wider than the terminal; each cell of a pipe's table ends where its heading ends."""
    call = ("report", "--period", "2013", "--by", by)
    head, *rows = (line.split("\t") for line in run(*call, home="hq")[1].splitlines() if not line.startswith("*"))
    terminal(width)
    code, out, _err = run(*call, home="hq")
    assert code == 0 and "\ufffd" not in out and "\t" not in out
    at = 1
    for block in out.partition("\n* ")[0].split("\n\n"):
        title, *lines = [line.ljust(width) for line in block.splitlines()]
        assert {cell_len(line) for line in (title, *lines)} == {width}
        end = title.index("  ")
        while at < len(head) and title.startswith(head[at], len(title) - len(title[end:].lstrip())):
            end = title.index(head[at], end) + len(head[at])
            for row in rows:
                line = next(line for line in lines if row[0].startswith(line[:20].rstrip()))
                assert line[:end].endswith(row[at] or " "), (title, line)
            at += 1
        assert title[end:].strip() == ""
    assert at == len(head)


def test_a_narrow_terminal_gets_its_table_too(filled: World, run: Run, terminal: Any) -> None:
    terminal(30)
    out = run("report", "--period", "2013", "--by", "month", home="hq")[1].partition("\n* ")[0]
    assert max(map(cell_len, out.splitlines())) <= 50
    assert {"Giếng", "khoan", "12/2013", "tổng"} <= {*out.split()}


def test_a_pipe_gets_the_same_table_with_tabs(filled: World, run: Run) -> None:
    code, out, _err = run("report", "--period", "2013", "--by", "month", home="hq")
    rows = [line.split("\t") for line in out.splitlines() if not line.startswith("*")]
    assert code == 0
    assert {len(row) for row in rows} == {14}
    assert rows[0][0] == "Số liệu" and rows[0][1:3] == ["1/2013", "2/2013"] and rows[0][-1] == "tổng"


def test_letters_of_any_width_stay_in_their_columns() -> None:
    rows = [["Số liệu", "Đồn", "tổng"], ["Buôn Ƀă Čư Êgiê\u0306", WIDE, "1"], ["x\x1b[31m\u200b", "", "hàng chục"]]
    lines = list(in_columns(rows, 60))
    assert "\x1b" not in "".join(lines)
    assert max(map(cell_len, lines)) <= 60
    assert len({cell_len(line) for line in lines}) == 1


# CSV --------------------------------------------------------------------------------------------------------------


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_as_csv(filled: World, run: Run) -> None:
    code, out, _err = run("report", "--period", "2013", "--by", "month", "--format", "csv", home="hq")
    assert code == 0 and not out.startswith(BOM)
    found = {row["code"]: row for row in rows_of(out)}
    assert found["gieng_khoan.gieng"]["3/2013"] == "1" and found["gieng_khoan.gieng"]["4/2013"] == ""
    assert found["gieng_khoan.gieng"]["tổng"] == "2"
    assert (found["km"]["tổng"], found["km"]["decimals"]) == ("734", "1")
    assert found["gao_kg"]["6/2013"] == "khoảng 2.100 kg"


@pytest.mark.parametrize(("name", "other"), [("comma", "[;\t]"), ("semicolon", "[,\t]")])
def test_what_another_program_may_take_for_a_separator_is_in_quotes(
    filled: World, run: Run, name: str, other: str
) -> None:
    """LibreOffice divides a CSV file at commas, semicolons and tabs, unless somebody tells it otherwise."""
    out = run("report", "--period", "2013", "--format", "csv", "--separator", name, home="hq")[1]
    assert '"Lượt người khám, chữa bệnh"' in out
    assert not re.search(other, re.sub(r'"[^"]*"', "", out))


def test_the_records_behind_a_figure_as_csv_and_as_json(filled: World, run: Run) -> None:
    call = ("report", "--period", "2013", "--records", "relief.gao_kg", "--format")
    (row,) = rows_of(run(*call, "csv", home="hq")[1])
    assert (row["kind"], row["amount"], row["decimals"], row["unit"], row["approximate"]) == (
        "activity", "2100", "0", "kg", "1")  # fmt: skip
    assert "Ia RVê" in row["label"] or "Ia Rvê" in row["label"]
    assert run(*call, "json", home="hq")[1].startswith("[")
    assert "khoảng 2.100  " in run(*call, "text", home="hq")[1]
    assert "  73,4  " in run("report", "--period", "2013", "--records", "border.km", home="hq")[1]


@pytest.mark.parametrize("what", [(), ("--by", "month"), ("--records", "border.km")])
def test_a_csv_file_begins_as_excel_expects(filled: World, run: Run, tmp_path: Path, what: tuple[str, ...]) -> None:
    call = ("report", "--period", "2013", "--format", "csv", *what)
    printed = run(*call, home="hq")[1].replace("\r\n", "\n")
    for more, begin in (((), BOM), (("--no-bom",), "")):
        out = tmp_path / f"số liệu{len(more)}.csv"
        code, told, err = run(*call, "--out", out, *more, home="hq")
        assert (code, told) == (0, "") and "không mã hóa" in err
        assert out.read_bytes().decode().replace("\r\n", "\n") == begin + printed
        assert run(*call, "--out", out, home="hq")[0] == 1, "a file that is there stays"


@pytest.mark.parametrize("what", [(), ("--by", "month"), ("--records", "border.km")])
def test_csv_opens_where_a_comma_is_in_numbers(filled: World, run: Run, what: tuple[str, ...]) -> None:
    """Excel parts cells as the machine says; of what it shows, ``text`` is to be read: 734 is 73,4 km."""
    call = ("report", "--period", "2013", "--format", "csv", *what)
    plain = list(csv.reader(io.StringIO(run(*call, home="hq")[1])))
    for name, sign in (("semicolon", ";"), ("tab", "\t")):
        code, out, _err = run(*call, "--separator", name, home="hq")
        assert (code, list(csv.reader(io.StringIO(out), delimiter=sign))) == (0, plain)
    if not what:
        assert dict(zip(plain[0], next(row for row in plain if "km" in row), strict=True))["text"] == "73,4 km"


def test_standard_output_that_is_a_file_begins_so_too(
    filled: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "a.csv").open("w") as file:
        monkeypatch.setattr(sys.stdout, "fileno", file.fileno)
        assert run("report", "--period", "2013", "--format", "csv", home="hq")[1].startswith(BOM)
        assert not run("report", "--period", "2013", "--format", "csv", "--no-bom", home="hq")[1].startswith(BOM)
        assert not run("report", "--period", "2013", "--by", "month", home="hq")[1].startswith(BOM)


# options that do nothing ------------------------------------------------------------------------------------------

FORMS = ("text", "json", "csv", "csv file", "docx", "xlsx", "pdf", "html")
WHAT: dict[str, tuple[str, ...]] = {"all": (), "by": ("--by", "month"), "records": ("--records", "health.luot_kham")}
OPTIONS: dict[str, tuple[str, ...]] = {
    "--json": ("--json",),
    "--layout": ("--layout", "party"),
    "--number": ("--number", "12"),
    "--dated": ("--dated", "2013-12-31"),
    "--annex": ("--annex",),
    "--separator": ("--separator", "semicolon"),
    "--template": ("--template", "mau.docx"),
    "--personal": ("--personal",),
    "--no-bom": ("--no-bom",),
    "--by": ("--by", "post"),
    "--records": ("--records", "border.km"),
    "--out": ("--out", "a.txt"),
    "--period": ("--period", "2013-06"),
    "--from": ("--from", "2013-06-01"),
    "--to": ("--to", "2030-01-01"),
    "--unit": ("--unit", "24221"),
    "--post": ("--post", "IARVE"),
    "--units": ("--units", "now"),
    "--photos": ("--photos",),
}
"""Option -> how it is given"""
NARROWS = {"--period", "--from", "--to", "--unit", "--post", "--units", "--photos"}
"""Whether a report is another by these depends on the records"""


def test_every_option_of_a_report_is_tried_here() -> None:
    from fieldapp.cli.reports import report

    assert {p.opts[0] for p in report.params} == {*OPTIONS, "--format"}


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("form", FORMS)
def test_each_option_has_an_effect_or_is_refused(
    filled: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, what: str
) -> None:
    """In each form: the answer is another one with the option, or a sentence says that it does nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fieldapp.store.wall.instant", lambda: "2026-12-01T07:00:00Z")
    paper = docx.Document()
    paper.add_paragraph("{{noi_dung}}")
    paper.save("mau.docx")
    number = 0

    def answer(*more: str) -> tuple[int, Any, str]:
        nonlocal number
        number += 1
        out = Path(f"out{number}")
        given = ("--format", form.partition(" ")[0]) if form != "text" else ()
        into = ("--out", str(out)) if form not in ("text", "json", "csv") else ()
        period = () if {"--period", "--from", "--to"} & {*more} else ("--period", "2013")
        code, printed, err = run("report", *period, *given, *into, *WHAT[what], *more, home="hq")
        return code, content(out) if out.exists() else printed, err

    code, plain, err = answer()
    if code:
        assert code == 2 and "--format" not in plain and err
        return  # this form has no such tables
    for option, words in OPTIONS.items():
        if option in NARROWS or option in WHAT[what] or (form == "csv" and option in ("--out", "--no-bom")):
            continue  # the shell says whether standard output is a file
        code, other, err = answer(*words)
        assert (code == 2 and option in err) or (code == 0 and other != plain), (option, code, err)
    code, _other, err = answer("--period", "2013", "--from", "2013-01-01")
    assert code == 2 and "--from" in err


def content(path: Path) -> Any:
    """What a reader of a file sees of it, whenever it was made; its rights too."""
    data = path.read_bytes()
    mode = path.stat().st_mode
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return mode, {name: packed.read(name) for name in packed.namelist() if "docProps" not in name}
    if data[:4] == b"%PDF":
        return mode, "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(data)).pages)
    return mode, data
