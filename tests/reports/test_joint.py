"""Rule 5: a joint deed is several posts' record of one thing on days that touch; it counts once in the whole."""

import csv
import io
import itertools
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
from field import Run, World, insert, of_another_post
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_files import Workbook

from fieldapp.records import records
from fieldapp.reports import narrative
from fieldapp.reports.completeness import completeness_line
from fieldapp.reports.figures import Figure, behind, figures, grouped
from fieldapp.reports.files import document, letter_text
from fieldapp.reports.files.html import html_bytes
from fieldapp.reports.files.xlsx import xlsx_bytes
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.reports.tables import table
from fieldapp.store.ids import FIRST_DAY, derived_id
from fieldapp.store.store import Store
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.report import ReportScreen
from fieldapp.work import review_queue

YEAR = Query(Period(date(2013, 1, 1), date(2013, 12, 31)))
EXAMPLES = int(os.environ.get("FIELDAPP_EXAMPLES", "25"))


def visits(world: World, day: str, number: int, reference: str = "05/KH", **more: Any) -> str:
    """Record an examination at the post; its id."""
    measures = [{"measure_id": "luot_kham", "amount": number}]
    fields = {"activity_kind_id": "kham_chua_benh", "date_from": day, "joint_reference": reference}
    return world.well(**{**fields, "measures": measures, **more})


def value(store: Store, query: Query = YEAR) -> int | None:
    return next((f.value for f in figures(store, query) if f.code == "luot_kham"), None)


def test_a_number_that_is_used_again_next_year_is_another_thing(world: World) -> None:
    """Numbers of plans begin again each year; today the second year has nothing."""
    visits(world, "2013-03-10", 100)
    visits(world, "2014-04-10", 300)
    world.carry(world.post, world.hq)
    for store in (world.post, world.hq):
        for query in (YEAR, replace(YEAR, post="IARVE")):
            assert value(store, query) == 100
            assert value(store, query.over(Period(date(2014, 1, 1), date(2014, 12, 31)))) == 300


def test_records_of_one_post_never_make_each_other_vanish(world: World) -> None:
    """Three of one yearly plan, two of them on days that touch, count 320 and not 100, beside another's too."""
    for day, number in (("2013-03-10", 100), ("2013-03-11", 120), ("2013-08-01", 100)):
        visits(world, day, number)
    of_another_post(world.post, visits(world, "2013-03-12", 999))
    assert value(world.post) == 320
    (figure,) = [f for f in figures(world.post, YEAR) if f.code == "luot_kham"]
    assert sorted(line.amount or 0 for line in behind(world.post, YEAR, figure)) == [100, 100, 120]
    assert figure.count == 3


@pytest.mark.parametrize(("second", "whole"), [("2013-06-01", 200), ("2013-06-02", 410)])
def test_days_that_touch_are_one_thing_and_others_are_two(world: World, second: str, whole: int) -> None:
    visits(world, "2013-05-30", 200, date_to="2013-05-31")
    of_another_post(world.post, visits(world, second, 210, "05 kh"))
    assert value(world.post) == whole


def test_each_post_s_column_has_its_own_amount_with_a_star(world: World) -> None:
    """Today one post's column is empty where its own report says 210."""
    visits(world, "2013-05-31", 200)
    of_another_post(world.post, visits(world, "2013-06-01", 210, unit_id="24229"))
    visits(world, "2013-09-01", 7, "9/KH")
    made = table(world.post, YEAR, "post")
    (line,) = made.lines
    assert [(p and p.text) for p in line.parts] == ["207 lượt *", "210 lượt *"]
    assert (line.figure.text, line.differs) == ("207 lượt", True)
    assert "tổng hợp chung chỉ tính một lần" in "".join(narrative.table_notes(made))
    assert [(p and p.text) for x in table(world.post, YEAR, "commune").lines for p in x.parts] == [
        "210 lượt *", "207 lượt *"]  # fmt: skip
    for by in ("month", "kind", "event"):
        (line,) = table(world.post, YEAR, by).lines
        assert sum(p.value or 0 for p in line.parts if p) == 207
        assert not any(p.shared for p in line.parts if p)


def test_two_posts_in_one_commune_are_once_in_its_column(world: World) -> None:
    visits(world, "2013-05-31", 200)
    of_another_post(world.post, visits(world, "2013-06-01", 210))
    (line,) = table(world.post, YEAR, "commune").lines
    assert [(p and p.text) for p in line.parts] == ["200 lượt"]


def test_a_star_reaches_every_format_and_says_what_it_means(run: Run, world: World, tmp_path: Path) -> None:
    visits(world, "2013-05-31", 200)
    other = visits(world, "2013-06-01", 210)
    world.carry(world.post, world.hq)
    of_another_post(world.hq, other)
    ask = ("report", "--period", "2013")
    means = "đồn, xã khác cũng báo cáo"

    def told(*more: object) -> str:
        code, out, err = run(*ask, *more, home="hq")
        assert code == 0, err
        return out

    text = told("--post", "IALOP")
    assert "210 lượt *" in text and means in text
    assert means not in told()
    assert means in told("--by", "post")
    assert [f["shared"] for f in json.loads(told("--json", "--post", "IALOP"))["figures"]] == [True]
    (row,) = csv.DictReader(io.StringIO(told("--format", "csv", "--post", "IALOP").removeprefix("\ufeff")))
    assert (row["value"], row["shared"]) == ("210", "1")
    files = {}
    for form in ("docx", "xlsx", "pdf", "html"):
        files[form] = tmp_path / f"r.{form}"
        told("--format", form, "--post", "IALOP", "--out", files[form])
    word = docx.Document(str(files["docx"]))
    assert ["lượt người", "210 *"] in [[c.text for c in r.cells[2:4]] for t in word.tables for r in t.rows]
    letter = "\n".join(p.text for p in word.paragraphs)
    assert means in letter
    assert letter.count("chỉ tính một lần") == 1, "once in the letter of a part"
    printed = " ".join(p.extract_text() for p in pypdf.PdfReader(files["pdf"]).pages).replace("\n", " ")
    assert "lượt người 210 *" in printed and means in printed
    page = files["html"].read_text(encoding="utf-8")
    assert "210 lượt *</data>" in page and means in page
    shown = Workbook(files["xlsx"].read_bytes()).shown("Số liệu")
    assert [form.endswith('" *"') for number, form in shown if number == 210] == [True]
    told("--format", "xlsx", "--out", tmp_path / "all.xlsx")
    book = Workbook((tmp_path / "all.xlsx").read_bytes())
    assert [(number, form.endswith('" *"')) for number, form in book.shown("Theo đồn")] == [
        (200, True), (210, True), (200, False)]  # fmt: skip
    assert means in str(book.rows("Theo đồn"))


def test_the_report_says_how_many_records_are_how_many_joint_activities(world: World) -> None:
    """Of the same post, unit and period as its figures, without what was returned or voided."""
    visits(world, "2013-05-31", 200)
    other = visits(world, "2013-06-01", 210)
    visits(world, "2013-08-01", 5)
    records.void(world.post, visits(world, "2013-05-30", 9), "nhập trùng")
    of_another_post(world.post, other)
    said = "2 hoạt động phối hợp có trong 3 nội dung báo cáo"
    assert said in narrative.as_text(report(world.post, YEAR))
    made = report(world.post, replace(YEAR, post="IALOP")).completeness
    assert (made.joint, made.joint_deeds) == (1, 1)
    made = report(world.post, YEAR.over(Period(date(2013, 8, 1), date(2013, 8, 31)))).completeness
    assert (made.joint, made.joint_deeds) == (1, 1)


def test_the_report_says_of_which_joint_activity_posts_differ_and_which_figure_counts(world: World) -> None:
    """In the letter's line and in the annex; not in the report of one post, and no more after a return."""
    mine, other = visits(world, "2013-05-31", 40, "TTC-11"), visits(world, "2013-06-01", 45, "TTC-11")
    world.carry(world.post, world.hq)
    assert report(world.hq, YEAR).completeness.disputed == [], "they are records of one post"
    of_another_post(world.hq, other)
    deed = "hoạt động khám, chữa bệnh, cấp thuốc miễn phí từ ngày 31/05/2013 đến ngày 01/06/2013"
    said = f"Số lượt người được khám, chữa bệnh của {deed} chưa thống nhất giữa báo cáo của 2 đồn (Đồn BP Ia Rvê:"
    said += " 40 lượt người; Đồn IALOP: 45 lượt người); trong khi chờ thống nhất, tạm tính theo số liệu"
    said += " của Đồn BP Ia Rvê (đơn vị báo cáo trước)."
    made = report(world.hq, YEAR)
    once = f"H{deed[1:]} do 2 đồn (Đồn BP Ia Rvê, Đồn IALOP) phối hợp thực hiện, chỉ tính một lần."
    assert f"{once} {said}" in completeness_line(made)
    assert said in narrative.left_out(made)
    assert "cho 40 lượt người (tạm tính)." in narrative.prose(made, "health"), "it is not settled"
    blocks = [*letter_text.body(document.make_document(world.hq, YEAR))]
    (grid,) = (block for block in blocks if isinstance(block, letter_text.Grid))
    assert [row[3] for row in grid.rows if row[3:]] == ["40 (*)"]
    whole = "\n".join(block.text for block in blocks if isinstance(block, letter_text.Paragraph | letter_text.Item))
    assert letter_text.Paragraph(f"(*) {said}") in blocks
    assert whole.count("chưa thống nhất giữa") == 1, "the mark's line says it, the note does not say it again"
    book = Workbook(xlsx_bytes(document.make_document(world.hq, YEAR, splits=True)))
    for sheet in ("Số liệu", "Theo đồn"):
        assert (40, '#,##0" (*)"') in book.shown(sheet), "the table marks it as the letter does"
        assert "(*) Số liệu tạm tính, chưa thống nhất" in str(book.rows(sheet))
    page = html_bytes(document.make_document(world.hq, YEAR, splits=True)).decode()
    assert page.count("40 lượt</data> (*)</td>") == page.count("<strong>40 lượt (*)</strong>") == 1
    tables = 1 + page.count("<strong>40 (*)</strong>")
    assert page.count("(*) Số liệu tạm tính, chưa thống nhất") == tables > 1, "below each table"
    visits(world, "2013-09-01", 5, "TTC-12")
    which = "ngày 01/09/2013 do Đồn BP Ia Rvê phối hợp với đồn khác thực hiện, chỉ tính một lần."
    assert which in completeness_line(report(world.post, YEAR))
    assert report(world.hq, replace(YEAR, post="IALOP")).completeness.disputed == []
    review_queue.review_record(world.hq, mine, "returned", comments=[review_queue.comment_on("", "bao nhiêu?")])
    assert report(world.hq, YEAR).completeness.disputed == []


def test_what_is_provisional_is_marked_at_its_amount(world: World) -> None:
    """And not behind the clause: “có 40 lượt người tham gia (tạm tính)”."""
    for day, amount in (("2013-05-31", 40), ("2013-06-01", 45)):
        measures = [{"measure_id": "cuoc", "amount": 1}, {"measure_id": "luot_tham_gia", "amount": amount}]
        given = {"date_from": day, "measures": measures, "joint_reference": "TTC-11"}
        other = world.well(activity_kind_id="tuan_tra_chung", **given)
    world.carry(world.post, world.hq)
    of_another_post(world.hq, other)
    told = "Tổ chức 1 cuộc tuần tra chung, có 40 lượt người (tạm tính) tham gia."
    assert narrative.prose(report(world.hq, YEAR), "security") == told


async def test_the_screen_says_which_figure_is_provisional(world: World) -> None:
    visits(world, "2013-05-31", 40, "TTC-11")
    other = visits(world, "2013-06-01", 45, "TTC-11")
    visits(world, "2012-06-01", 7)
    world.carry(world.post, world.hq)
    of_another_post(world.hq, other)
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = ReportScreen()
        await app.push_screen(screen)
        screen._period = YEAR.period
        screen.renew()
        await pilot.pause()
        shown = "\n".join(strip.text for strip in screen._compositor.render_strips())
    assert "40 lượt (tạm tính)" in shown
    assert "(7 lượt)" in shown, "the period before is settled"


def test_for_a_task_each_record_of_the_post_that_speaks_counts(world: World) -> None:
    """A number that is used again each month is as many activities; two posts' record of one thing is one."""
    tasks = [{"number": 1, "title": "Khám bệnh"}]
    agreement = records.save(world.post, "agreement", {"name": "Quy chế", "date_from": "2008-01-01", "tasks": tasks})
    task = records.get(world.post, agreement).children["tasks"][0]["id"]
    visits(world, "2013-05-31", 200, agreement_task_id=task)
    of_another_post(world.post, visits(world, "2013-06-01", 210, agreement_task_id=task))
    visits(world, "2013-08-01", 5, agreement_task_id=task)
    visits(world, "2013-09-01", 5, agreement_task_id=task)
    assert [t.activities for t in report(world.post, YEAR).tasks] == [3]
    june = Period(date(2013, 6, 1), date(2013, 6, 30))
    assert [t.activities for t in report(world.post, YEAR.over(june)).tasks] == [0]


def test_marks_without_a_letter_are_no_reference(world: World) -> None:
    """People type a dash for “none”; all dashes are not one joint activity."""
    for day, mark in (("2013-05-30", "-"), ("2013-05-31", "—")):
        row_id = visits(world, day, 100, mark)
    of_another_post(world.post, row_id)
    assert value(world.post) == 200


# a recount of random worlds -------------------------------------------------------------------------------------

POSTS = ("A", "B", "C")
UNITS = ("24221", "24229", "24250")
MEASURES = ("luot_kham", "nguoi_kham")
REFERENCES = {"05/KH": "05 kh", "05-kh": "05 kh", "6/KH": "6 kh", None: None}


@dataclass(frozen=True)
class Entry:
    post: str
    unit: str
    first: date
    days: int
    reference: str | None
    amounts: Mapping[str, int | str]
    voided: bool

    @property
    def last(self) -> date:
        return self.first + timedelta(self.days)


ENTRY = st.builds(
    Entry,
    post=st.sampled_from(POSTS),
    unit=st.sampled_from(UNITS),
    first=st.dates(date(2013, 5, 20), date(2013, 6, 20)),
    days=st.integers(0, 3),
    reference=st.sampled_from([*REFERENCES]),
    amounts=st.dictionaries(st.sampled_from(MEASURES), st.integers(0, 900) | st.just("hàng chục")),
    voided=st.booleans().map(lambda voided: False) | st.booleans(),
)


def write(store: Store, entries: Iterable[Entry]) -> list[str]:
    """Write entries as a fold would; their ids, in their order."""
    about = {"created_at": "2026-01-01T00:00:00Z", "created_by": "A"}
    ids = []
    unit = {code: store.value("SELECT id FROM unit WHERE code = ? AND valid_to IS NOT NULL", [code]) for code in UNITS}
    kind = store.value("SELECT id FROM activity_kind WHERE code = 'kham_chua_benh'")
    measure = {code: store.value("SELECT id FROM measure WHERE code = ?", [code]) for code in MEASURES}
    post = {code: derived_id("post", FIRST_DAY, code) for code in POSTS}
    for code, row_id in post.items():
        insert(store, "post", {"id": row_id, **about, "code": code, "name": f"Đồn {code}", "unit_id": unit[UNITS[0]]})
    for n, e in enumerate(entries):
        ids.append(derived_id("activity", FIRST_DAY, str(n)))
        row = {"id": ids[-1], **about, "post_id": post[e.post], "activity_kind_id": kind, "unit_id": unit[e.unit],
               "date_from": e.first.isoformat(), "date_to": e.last.isoformat(), "joint_reference": e.reference,
               "voided_at": "2026-02-01T00:00:00Z" if e.voided else None}  # fmt: skip
        insert(store, "activity", row)
        for code, said in e.amounts.items():
            row = {"id": derived_id("activity_measure", FIRST_DAY, str(n), code), **about, "post_id": post[e.post],
                   "activity_id": ids[-1], "measure_id": measure[code], "approximate": 0,
                   "amount": said if isinstance(said, int) else None,
                   "note": said if isinstance(said, str) else None}  # fmt: skip
            insert(store, "activity_measure", row)
    return ids


Told = tuple[str, Entry]
"""A record's id, and what it says"""


def deeds(told: Iterable[Told]) -> Iterable[list[Told]]:
    """The records with a reference, in joint deeds, told from the rule alone."""
    named = sorted((x for x in told if x[1].reference), key=lambda x: (REFERENCES[x[1].reference], x[1].first, x[0]))
    for _reference, same in itertools.groupby(named, key=lambda x: REFERENCES[x[1].reference]):
        deed: list[Told] = []
        for x in same:
            if deed and x[1].first > max(o.last for _id, o in deed) + timedelta(days=1):
                yield deed
                deed = []
            deed.append(x)
        yield deed


def speaking(deed: list[Told], measure: str) -> list[Told]:
    """The records of the one post that speaks about a measure."""
    said = sorted(
        (x for x in deed if measure in x[1].amounts), key=lambda x: (isinstance(x[1].amounts[measure], str), x[0])
    )
    return [x for x in said if x[1].post == said[0][1].post]


def recounted(told: list[Told], measure: str, inside: Callable[[Entry], bool], period: Period) -> tuple[int, int, bool]:
    """(sum, number of records, whether it has a star) of a measure, for the entries that are inside."""
    counted = [x for x in told if not x[1].reference and inside(x[1]) and measure in x[1].amounts]
    shared = set()
    for deed in deeds(told):
        within = speaking([x for x in deed if inside(x[1])], measure)
        counted += within
        others = speaking([x for x in deed if not inside(x[1])], measure)
        if {x[1].post for x in within} != {x[1].post for x in others} and within and others:
            shared |= {row_id for row_id, _entry in within}
    counted = [x for x in counted if period.first <= x[1].last <= period.last]
    amounts = [e.amounts[measure] for _id, e in counted]
    return (
        sum(n for n in amounts if isinstance(n, int)),
        len(counted),
        any(row_id in shared for row_id, _e in counted),
    )


class _Undo(Exception):
    """Rolls back what an example wrote."""


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(ENTRY, max_size=12))
def test_parts_and_whole_equal_a_recount(world: World, entries: list[Entry]) -> None:
    """By post, commune and month, and narrowed to each; ``--post X`` and column X say the same, and so for communes."""
    with suppress(_Undo), world.hq.transaction(applying=True):
        told = [x for x in zip(write(world.hq, entries), entries, strict=True) if not x[1].voided]
        for query in (YEAR, YEAR.over(Period(date(2013, 6, 1), date(2013, 6, 30)))):
            _equals_the_recount(world.hq, query, told)
        raise _Undo


def _equals_the_recount(store: Store, query: Query, told: list[Told]) -> None:
    whole = figures(store, query)
    assert _said(whole) == _recounted(told, query, lambda _entry: True)
    months = [f for m in query.period.months() for f in figures(store, query.over(m))]
    for f in whole:
        assert sum(x.value or 0 for x in months if x.code == f.code) == (f.value or 0)
    for by, codes in (("post", POSTS), ("commune", UNITS)):
        parts = grouped(store, query, by)  # type: ignore[arg-type]
        for code in codes:
            one = replace(query, post=code) if by == "post" else replace(query, unit=code)
            key = store.value(
                "SELECT id FROM post WHERE code = :c" if by == "post" else
                "SELECT id FROM unit WHERE code = :c AND valid_to IS NOT NULL", {"c": code})  # fmt: skip
            column = parts.get(key, [])
            inside = partial(_inside, by, code)
            assert _said(column) == _said(figures(store, one)) == _recounted(told, query, inside), (by, code)
            for f in column:
                lines = behind(store, query, f, (by, key))  # type: ignore[arg-type]
                assert sum(line.amount or 0 for line in lines) == (f.value or 0)
                assert len({line.record for line in lines}) == f.count


def _inside(by: str, code: str, entry: Entry) -> bool:
    return code == (entry.post if by == "post" else entry.unit)


def _said(found: Iterable[Figure]) -> dict[str, tuple[int, int, bool]]:
    return {f.code: (f.value or 0, f.count, f.shared) for f in found}


def _recounted(
    told: list[Told], query: Query, inside: Callable[[Entry], bool]
) -> dict[str, tuple[int, int, bool]]:  # fmt: skip
    found = {measure: recounted(told, measure, inside, query.period) for measure in MEASURES}
    return {measure: of for measure, of in found.items() if of[1]}
