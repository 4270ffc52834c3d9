"""The figures count rightly where naive programs go wrong."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from field import Run, World, of_another_post

from fieldapp import demo
from fieldapp.records import lists, records
from fieldapp.reports import narrative
from fieldapp.reports.figure_sql import by_source, counts_sql, narrowed, sums_sql
from fieldapp.reports.figures import Figure, behind, figures
from fieldapp.reports.files.document import make_document
from fieldapp.reports.files.letter_text import Paragraph, body, figures_grid
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import clean

SOURCE = ["6 giếng", "12 căn", "1 phòng khám", "722 ngày công", "4 xã", "32 chi bộ", "2.385 lượt", "70 triệu đồng",
          "111 lượt CBCS", "hàng chục phương tiện", "2.100 kg", "14 triệu đồng", "30 đảng viên"]  # fmt: skip


YEAR = Query(demo.PERIOD)


def year(store: Store, unit: str | None = None, query: Query = YEAR) -> dict[str, Figure]:
    found = figures(store, replace(query, unit=unit))
    return {f"{f.section}.{f.code}": f for f in found}


def test_a_report_reads_only_what_lies_in_its_period(world: World) -> None:
    """Not the years before it: by the plans of its queries."""
    params = narrowed(world.hq, YEAR)
    few = ("cell_rating", "member_rating", "election")
    queries = {str(s): counts_sql(s, i, "NULL") for s, i in by_source() if s not in few}
    queries = {s: sql for s, sql in queries.items() if "f.last IS NULL" not in sql} | {"sums": sums_sql("NULL", "NULL")}
    assert {"sums", "target", "meeting", "attendance", "candidacy"} <= set(queries)
    for source, sql in queries.items():
        plan = [row["detail"] for row in world.hq.rows(f"EXPLAIN QUERY PLAN {sql}", params)]
        assert any(re.search(r">\? AND .*<\?", step) for step in plan), (source, plan)
        assert not [step for step in plan if re.match(r"SCAN [a-z]\b(?! VIRTUAL)", step)], (source, plan)
        assert "SCAN moved LEFT-JOIN" not in plan, "the list of units is read for each fact"


def cells(world: World) -> None:
    """The cells that the demo's headquarters has."""
    for code, name in demo.COMMUNES.items():
        unit = demo._old_commune(world.hq, code)
        for number in range(demo.CELLS_PER_COMMUNE):
            records.save(world.hq, "party_cell", {"name": f"Chi bộ thôn {number} {name}", "unit_id": unit})
    cell = lists.record_window(world.hq, "party_cell", text="ba na").rows[0]
    records.void(world.hq, cell["id"], "của bài kiểm tra khác")
    world.carry(world.hq, world.post)


def test_the_source_s_figures_come_out_again(world: World) -> None:
    cells(world)
    demo.enter_activities(world.post)
    world.carry(world.post, world.hq)
    made = report(world.hq, YEAR)
    text = narrative.as_text(made)
    for figure in SOURCE:
        assert any(f": {figure}  (" in line or f": {figure} " in line for line in text.splitlines()), figure
    assert json.loads(json.dumps(made.as_json()))["figures"]
    page = (Path(__file__).parents[2] / "docs" / "report-files.md").read_text(encoding="utf-8")
    for section in {f.section for f in made.figures}:
        assert f"| {narrative.prose(made, section)} |" in page, "the article and the letter stand beside each other"
    for figure_of in made.figures:
        found = behind(world.hq, YEAR, figure_of)
        assert sum(line.amount or 0 for line in found) == (figure_of.value or 0)
        assert len({line.record for line in found}) == figure_of.count
        assert all(records.get(world.hq, line.record).row["voided_at"] is None for line in found)
    grid = figures_grid(make_document(world.hq, YEAR))
    titles = [row[1] for row in grid.rows if row[1:]]
    assert [title for title in titles if title.startswith(("Xã", "Trong đó"))] == [
        "Xã biên giới được củng cố cơ sở chính trị"
    ]
    letter = "\n".join(block.text for block in body(make_document(world.hq, YEAR)) if isinstance(block, Paragraph))
    for mark, said in (("(*)", "“hàng chục”"), ("(**)", "“nhiều”"), ("(***)", "1/30 chi bộ")):
        assert [row[3] for row in grid.rows if row[3:] and row[3].split()[-1] == mark], mark
        assert re.search(rf"^{re.escape(mark)} .*{said}", letter, re.MULTILINE), "each mark has one meaning"
    wells = year(world.hq)["works.gieng_khoan.gieng"]
    assert wells.count == 6
    records.void(world.post, behind(world.hq, YEAR, wells)[0].record, "nhập trùng")
    world.carry(world.post, world.hq)
    assert year(world.hq)["works.gieng_khoan.gieng"].text == "5 giếng"
    assert report(world.hq, YEAR).completeness.voided == 1


def test_a_joint_activity_counts_once(world: World) -> None:
    world.well(joint_reference="PH-01")
    of_another_post(world.post, world.well(joint_reference="PH-01"))
    world.well()
    assert year(world.post)["works.gieng_khoan.gieng"].value == 2


def test_the_one_with_figures_speaks_for_a_joint_activity(world: World) -> None:
    world.well(joint_reference="PH-01", measures=[])
    of_another_post(world.post, world.well(joint_reference="PH-01"))
    assert year(world.post)["works.gieng_khoan.gieng"].value == 1


SPOKEN: dict[str, dict[str, object] | None] = {
    "number": {"amount": 7},
    "zero": {"amount": 0},
    "words": {"note": "hàng chục", "approximate": True},
    "nothing": None,
}
"""What one of the posts says of the wells of a joint activity"""


@pytest.mark.parametrize(("first", "second", "text"), [
    ("words", "number", "7 giếng"), ("number", "words", "7 giếng"),
    ("words", "zero", "0 giếng"), ("zero", "words", "0 giếng"),
    ("nothing", "words", "hàng chục giếng"), ("words", "nothing", "hàng chục giếng"),
    ("nothing", "number", "7 giếng"), ("number", "nothing", "7 giếng"),
    ("zero", "number", "0 giếng"), ("number", "zero", "7 giếng"), ("nothing", "nothing", None),
])  # fmt: skip
def test_of_a_joint_activity_a_number_counts_before_words(
    world: World, first: str, second: str, text: str | None
) -> None:
    """Whichever was recorded first; of two numbers, and of two in words, the first."""
    for says in (SPOKEN[first], SPOKEN[second]):
        measures = [] if says is None else [{"measure_id": "gieng", **says}]
        row_id = world.well(joint_reference="PH-01", measures=measures)
    of_another_post(world.post, row_id)
    counted = year(world.post).get("works.gieng_khoan.gieng")
    assert (counted and counted.text) == text
    made = report(world.post, YEAR).completeness
    assert (made.joint, made.joint_deeds) == (2, 1)
    if counted:
        assert (counted.count, len(behind(world.post, YEAR, counted))) == (1, 1)


def test_of_a_joint_activity_each_measure_has_the_number_that_anybody_said(world: World) -> None:
    """One post counted the wells, the other the households."""
    world.well(
        joint_reference="PH-01",
        measures=[
            {"measure_id": "gieng", "amount": 3},
            {"measure_id": "ho_huong_loi", "note": "cả buôn", "approximate": True},
        ],
    )
    other = world.well(
        joint_reference="ph 01",
        measures=[
            {"measure_id": "gieng", "note": "vài", "approximate": True},
            {"measure_id": "ho_huong_loi", "amount": 20},
        ],
    )
    of_another_post(world.post, other)
    found = {code: f.text for code, f in year(world.post).items()}
    assert found == {"works.gieng_khoan.gieng": "3 giếng", "works.ho_huong_loi": "20 hộ"}


def test_a_measure_that_a_kind_has_twice_is_summed_once(world: World) -> None:
    world.well()
    world.hq.db.execute(
        "INSERT INTO kind_measure (id, created_at, created_by, activity_kind_id, measure_id, position)"
        " SELECT '01a21028-e504-733d-a09e-2ffb5a3b3fc1', created_at, created_by, activity_kind_id, measure_id, 9"
        " FROM kind_measure WHERE measure_id = (SELECT id FROM measure WHERE code = 'gieng')"
    )
    world.carry(world.post, world.hq)
    assert year(world.hq)["works.gieng_khoan.gieng"].value == 1


def test_sums_beyond_64_bits_are_exact(world: World) -> None:
    worth = {"measure_id": "ho_huong_loi", "amount": 10**15}
    row_id = world.well(measures=[worth], date_from="1980-01-01", date_to="2013-10-05")
    world.post.db.execute(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
        " INSERT INTO activity_measure (id, post_id, created_at, created_by, activity_id, measure_id, amount,"
        " approximate, measured_on) SELECT printf('01a21028-e504-733d-a09e-%012d', i), m.post_id, m.created_at,"
        " m.created_by, m.activity_id, m.measure_id, m.amount, 0, date('1980-01-01', i || ' days')"
        " FROM n, activity_measure m WHERE m.activity_id = ?",
        [row_id],
    )
    (figure,) = figures(world.post, Query(Period(date(1980, 1, 1), date(2013, 12, 31))))
    assert figure.value == 10**19


def test_an_activity_counts_where_it_ended(world: World) -> None:
    world.well(date_from="2012-12-20", date_to="2013-01-05")
    world.well(date_from="2013-12-20", date_to="2014-01-05")
    assert year(world.post)["works.gieng_khoan.gieng"].value == 1


def test_a_dated_part_counts_on_its_own_day(world: World) -> None:
    """By the activity's end all 200 would be of 2014."""
    parts = [{"measure_id": "luot_kham", "amount": 120, "measured_on": "2013-12-31"},
             {"measure_id": "luot_kham", "amount": 80, "measured_on": "2014-01-02"}]  # fmt: skip
    world.well(activity_kind_id="kham_chua_benh", date_from="2013-12-30", date_to="2014-01-02", measures=parts)
    assert year(world.post)["health.luot_kham"].value == 120


def test_unknown_is_not_zero_and_about_is_said(world: World) -> None:
    world.well(measures=[{"measure_id": "gieng", "note": "hàng chục", "approximate": True}])
    assert year(world.post)["works.gieng_khoan.gieng"].text == "hàng chục giếng"
    world.well(measures=[{"measure_id": "gieng", "amount": 3, "approximate": True}])
    assert year(world.post)["works.gieng_khoan.gieng"].text == "khoảng 3 giếng và hàng chục giếng"


def test_bodies_and_members_count_once(world: World) -> None:
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    for month in (2, 9):
        records.save(world.post, "activity", {
            "activity_kind_id": "cung_co_co_so_chinh_tri", "date_from": f"2013-{month:02d}-01", "unit_id": "24221",
            "targets": [{"target_type": "party_cell", "party_cell_id": cell},
                        {"target_type": "police", "unit_id": "24221"}, {"target_type": "police", "unit_id": "24214"}],
        })  # fmt: skip
    member = records.save(world.post, "member", {"full_name": "Trần Văn B"})
    for first, last in (("2013-01-01", "2013-03-31"), ("2013-06-01", None)):
        records.save(world.post, "introduction", {
            "member_id": member, "party_cell_id": cell, "date_from": first, "date_to": last})  # fmt: skip
    found = year(world.post)
    assert found["political_base.cells_strengthened"].value == 1
    assert found["political_base.police_strengthened"].value == 2
    assert found["party.members_introduced"].value == 1
    spring = figures(world.post, Query(Period(date(2013, 4, 1), date(2013, 5, 31))))
    assert [f for f in spring if f.code == "members_introduced"] == []


def test_a_unit_of_today_holds_the_old_ones_that_became_part_of_it(world: World) -> None:
    world.well(unit_id="24229")  # Ea Bung of 2013
    world.well(unit_id="24250")  # Ea Bar of 2013, Ea Nuôl today
    assert year(world.post, "24229")["works.gieng_khoan.gieng"].value == 1
    assert year(world.post, "24250")["works.gieng_khoan.gieng"].value == 1
    assert year(world.post, "66")["works.gieng_khoan.gieng"].value == 2
    assert "works.gieng_khoan.gieng" not in year(world.post, "24214")


@pytest.mark.parametrize("harm", ["=1+1", "@SUM(A1)", "+x", "-x"])
def test_text_is_no_formula_in_csv(world: World, harm: str) -> None:
    world.well(measures=[{"measure_id": "gieng", "note": harm, "approximate": True}])
    assert f"'{harm}" in narrative.as_csv(report(world.post, Query(demo.PERIOD)))
    assert clean(harm) == harm


def test_parts_side_by_side_keep_their_columns_on_a_terminal(world: World, run: Run) -> None:
    world.well()
    code, out, _err = run("report", "--from", "2013-01-01", "--to", "2013-12-31", "--by", "month")
    lines = out.splitlines()
    assert code == 0
    assert {line.count("\t") for line in lines if not line.startswith("*")} == {13}
    assert "\ufffd" not in out


def test_what_has_no_number_is_told(world: World) -> None:
    """Unknown is not zero: wells of which nobody wrote how many are no wells in the figure, and are told beside it."""
    world.well()
    world.well(hamlet="Buôn A", measures=[])
    world.well(hamlet="Buôn B", measures=[{"measure_id": "ho_huong_loi", "amount": 12}])
    world.well(hamlet="Buôn C", measures=[{"measure_id": "gieng", "amount": None, "note": "hàng chục"}])
    found = report(world.post, YEAR)
    assert found.completeness.without_figure == 2
    (line,) = (line for line in narrative.left_out(found) if line.startswith("Chưa rõ không có nghĩa là bằng 0"))
    assert "2 hoạt động" in line
