"""What an officer says in a report beside its figures: kept with the period, in every file, never over the stick."""

import io
import json
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
from field import Run, World
from report_files import Page

from fieldapp.errors import FieldappError
from fieldapp.reports import sections
from fieldapp.reports.files import document, letter_text
from fieldapp.reports.letterhead import Issue, issue
from fieldapp.reports.query import Query, period_of
from fieldapp.reports.report import report
from fieldapp.reports.sections import save_sections, section_texts, text_before, written
from fieldapp.store import people
from fieldapp.store.people import Role

TODAY = date(2026, 1, 1)
Q3, Q4 = (Query(period_of(f"2013-Q{n}", TODAY)) for n in (3, 4))
SAID = {
    "assessment": "Giúp dân kịp thời & đúng chỗ.\nNhân dân <tin> tưởng.",
    "shortcomings": "Trao đổi thông tin còn chậm.",
    "directions": "Duy trì giao ban hằng tháng.",
    "proposals": "Đề nghị cấp trên bổ sung xuồng.",
}


def proposing(monkeypatch: pytest.MonkeyPatch, **lines: list[str]) -> None:
    monkeypatch.setattr(sections, "proposals", lambda _store, _made, _layout: lines)


def shown(world: World, query: Query = Q4) -> dict[str, tuple[str, str]]:
    return {t.section: (t.text, t.origin) for t in section_texts(world.hq, report(world.hq, query))}


def test_what_is_not_changed_follows_the_figures_and_what_is_changed_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposing(monkeypatch, assessment=["Tăng 12%."], shortcomings=["2 việc chậm."])
    save_sections(world.hq, report(world.hq, Q4), {"assessment": "Tăng 12%.", "shortcomings": " Chậm hai việc. "})
    proposing(monkeypatch, assessment=["Tăng 20%."], shortcomings=["3 việc chậm."])
    assert shown(world)["assessment"] == ("Tăng 20%.", "proposed")
    assert shown(world)["shortcomings"] == ("Chậm hai việc.", "written")
    save_sections(world.hq, report(world.hq, Q4), {"shortcomings": ""})
    assert shown(world)["shortcomings"] == ("", "written"), "taken out, and it stays out"
    save_sections(world.hq, report(world.hq, Q4), {"shortcomings": "3 việc chậm."})
    assert shown(world)["shortcomings"] == ("3 việc chậm.", "proposed")
    assert shown(world, Q3)["assessment"] == ("Tăng 20%.", "proposed")


def test_the_words_of_the_period_before_are_there_for_the_next(world: World) -> None:
    for query, said in (
        (Q3, "Q3"),
        (Query(period_of("2013-Q2", TODAY)), "Q2"),
        (Query(period_of("2014", TODAY)), "2014"),
    ):
        save_sections(world.hq, report(world.hq, query), {"directions": said})
    assert text_before(world.hq, Q4, "directions") == ("quý III/2013", "Q3")
    assert text_before(world.hq, Q4, "causes") is None
    of_a_post = Query(Q4.period, post="IARVE")
    assert text_before(world.hq, of_a_post, "directions") is None, "a post's report has words of its own"


def test_it_stands_in_every_file_under_headings_of_its_own(run: Run, world: World, tmp_path: Path) -> None:
    code, out, _err = run("report-text", "--period", "2013-Q4", "--json", "-", stdin=SAID, home="hq")
    assert (code, json.loads(out)["directions"]) == (0, {"text": SAID["directions"], "origin": "written"})
    read: dict[str, Callable[[bytes], str]] = {
        "docx": lambda data: "\n".join(p.text for p in docx.Document(io.BytesIO(data)).paragraphs),
        "pdf": lambda data: "\n".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(data)).pages),
        "html": lambda data: Page(data).text,
    }
    for form, layout in (("docx", "decree30"), ("docx", "party"), ("pdf", "party"), ("html", "decree30")):
        path = tmp_path / f"{layout}.{form}"
        assert (
            run("report", "--period", "2013-Q4", "--format", form, "--layout", layout, "--out", path, home="hq")[0] == 0
        )
        text = read[form](path.read_bytes())
        places = [text.index(heading) for heading in (
            "ĐÁNH GIÁ CHUNG", "1. Ưu điểm", "Giúp dân kịp thời & đúng chỗ.", "Nhân dân <tin> tưởng.",
            "2. Tồn tại, hạn chế", "Trao đổi thông tin còn chậm.", "PHƯƠNG HƯỚNG, NHIỆM VỤ", "Duy trì giao ban",
            "KIẾN NGHỊ, ĐỀ XUẤT", "Đề nghị cấp trên")]  # fmt: skip
        assert places == sorted(places), form
        assert ("3. Nguyên nhân" in text) == (form != "html"), "dots to write on, where somebody writes by hand"
    text = run("report", "--period", "2013-Q4", home="hq")[1]
    assert "Nhân dân <tin> tưởng." in text
    assert json.loads(run("report", "--period", "2013-Q4", "--json", home="hq")[1])["texts"] == {**SAID, "causes": ""}


def test_a_section_of_which_nobody_said_anything_is_dotted_and_a_dash_leaves_it_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposing(monkeypatch, assessment=["Tăng 12%."], shortcomings=["2 việc chậm."])
    made = report(world.hq, Q4)

    def parts() -> dict[str, bool]:
        """Heading -> whether dots are below it."""
        blocks = list(letter_text.officer_sections(document.make_document(world.hq, Q4), iter(letter_text.ROMAN)))
        return {
            b.text: isinstance(to, letter_text.Dots) for b, to in pairwise(blocks) if isinstance(b, letter_text.Heading)
        }

    assert parts() == {
        "I. ĐÁNH GIÁ CHUNG": False, "1. Ưu điểm": True, "2. Tồn tại, hạn chế": True, "3. Nguyên nhân": True,
        "II. PHƯƠNG HƯỚNG, NHIỆM VỤ": True, "III. KIẾN NGHỊ, ĐỀ XUẤT": True,
    }  # fmt: skip
    said = {"assessment": "Tốt.", "shortcomings": "", "causes": "-", "directions": "Giao ban.", "proposals": "-"}
    save_sections(world.hq, made, said)
    assert parts() == {
        "I. ĐÁNH GIÁ CHUNG": False, "1. Ưu điểm": False, "II. PHƯƠNG HƯỚNG, NHIỆM VỤ": False}  # fmt: skip


def test_a_template_has_a_place_for_each_section(run: Run, world: World, tmp_path: Path) -> None:
    run("report-text", "--period", "2013", "--json", "-", stdin=SAID, home="hq")
    paper = docx.Document()
    for name in ("noi_dung", "danh_gia", "ton_tai", "nguyen_nhan", "phuong_huong", "kien_nghi"):
        paper.add_paragraph(f"{{{{{name}}}}}")
    paper.save(str(tmp_path / "mẫu.docx"))
    words = ("--period", "2013", "--format", "docx", "--template", tmp_path / "mẫu.docx", "--out", tmp_path / "a.docx")
    assert run("report", *words, home="hq")[0] == 0
    texts = [p.text for p in docx.Document(str(tmp_path / "a.docx")).paragraphs]
    assert texts[-5:] == [SAID["assessment"], SAID["shortcomings"], "", SAID["directions"], SAID["proposals"]]


def test_what_cannot_be_kept_is_told_and_nothing_of_it_is_kept(run: Run, world: World) -> None:
    made = report(world.hq, Q4)
    wrong: list[dict[str, Any]] = [{"causes": "a", "khac": "b"}, {"assessment": "a", "causes": "x" * 4001}]
    for given in wrong:
        with pytest.raises(FieldappError):
            save_sections(world.hq, made, given)
    assert written(world.hq, Q4) == {}
    code, _out, err = run("report-text", "--json", "-", stdin={"khac": "b"}, home="hq")
    assert (code, "Các mục là assessment, " in err) == (1, True)
    people.add_person(world.hq, "Người ghi", "lúa nước sông hồ", Role.RECORDER)
    world.hq.user = "Người ghi"
    with pytest.raises(FieldappError, match="cần vai trò cán bộ"):
        save_sections(world.hq, made, {"causes": "a"})


def test_a_draft_about_posts_goes_to_no_post(world: World) -> None:
    save_sections(world.hq, report(world.hq, Q4), {"shortcomings": "Đồn Ia Rvê chậm."})
    before = world.hq.value("SELECT count(*) FROM local_change")
    world.carry(world.hq, world.post)
    assert world.post.value("SELECT count(*) FROM local_report_text") == 0
    assert world.hq.value("SELECT count(*) FROM local_change") == before


def test_number_and_day_of_a_letter_are_kept_with_its_report(run: Run, world: World, tmp_path: Path) -> None:
    def letter(name: str, *words: str) -> str:
        path = tmp_path / name
        assert run("report", "--period", "2013", "--format", "docx", "--out", path, *words, home="hq")[0] == 0
        cells = docx.Document(str(path)).tables[0].rows[1].cells
        return f"{cells[0].text} {cells[1].text}"

    assert letter("1.docx", "--number", "12", "--dated", "2013-02-05").endswith("ngày 05 tháng 02 năm 2013")
    kept = letter("2.docx")
    assert kept.startswith("Số: 12/BC-…… ")
    assert kept.endswith("ngày 05 tháng 02 năm 2013")
    assert "12" not in letter("4.docx", "--layout", "party").split(" ")[1]
    assert letter("5.docx", "--number", "13").startswith("Số: 13/BC-…… ")
    year = Query(period_of("2013", TODAY))
    assert issue(world.hq, year, "decree30") == Issue("13", date(2013, 2, 5))
    assert issue(world.hq, Q4, "decree30") == Issue()
