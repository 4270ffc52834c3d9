"""The plans of all posts side by side: planned, done, percent, and a forecast that is said in words."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from field import Run, World, of_another_post
from hypothesis import given
from hypothesis import strategies as st
from sheet_files import by_xlsxwriter

from fieldapp.errors import FieldappError
from fieldapp.records import lists, plans, records
from fieldapp.records.plans import Aim, PlanCell
from fieldapp.reports.figures import Figure
from fieldapp.reports.files.plans import save_plans_file
from fieldapp.reports.plan_table import PlanState, plan_table
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.sheets.plan_matrix import import_plans

YEAR = Period(date(2013, 1, 1), date(2013, 12, 31))


def ids(world: World) -> tuple[str, str, Aim, Aim]:
    """Both posts, and the measures “giếng” and “lượt khám”."""
    of_another_post(world.hq)
    one, other = (world.hq.value("SELECT id FROM post WHERE code = ?", [code]) for code in ("IARVE", "IALOP"))
    wells, visits = (world.hq.value("SELECT id FROM measure WHERE code = ?", [c]) for c in ("gieng", "luot_kham"))
    return one, other, Aim(wells), Aim(visits)


def save(world: World, targets: dict[PlanCell, Any], period: Period = YEAR, **more: Any) -> int:
    return plans.save_plans(world.hq, period.first, period.last, targets, reason="thử", **({"confirm": False} | more))


def test_every_cell_says_what_the_report_says_of_that_plan(world: World) -> None:
    one, other, wells, visits = ids(world)
    for joint in (None, "KH 5"):
        world.well(activity_kind_id="kham_chua_benh", joint_reference=joint,
                   measures=[{"measure_id": "luot_kham", "amount": 300}])  # fmt: skip
    ours, theirs = world.well(), world.well(measures=[{"measure_id": "gieng", "note": "vài"}])
    health = lists.record_window(world.post, "activity").rows[0]["activity_kind_id"]
    world.carry(world.post, world.hq)
    of_another_post(world.hq, theirs)
    cells = [PlanCell(post, aim) for post in (None, one, other) for aim in (wells, visits, Aim(visits[0], health))]
    cells += [PlanCell(None, Aim(indicator="commendations"))]
    assert save(world, dict.fromkeys(cells, "1.000")) == len(cells)
    told = {
        (p.query.post, p.figure.measure_id, p.figure.kind_id, p.figure.unit): (p.done, p.target, p.percent)
        for p in report(world.hq, Query(YEAR, today=date(2014, 1, 1))).plan
    }
    table = plan_table(world.hq, Query(YEAR, today=date(2014, 1, 1)))
    here = {
        (post, aim.measure_id, aim.kind_id, words.unit): (state.done.value or 0, state.target, state.percent or 0)
        for post, _name in table.posts
        for aim, words in table.columns
        if (state := table.states[PlanCell(post, aim)]).target is not None
    }
    assert here == told
    assert [name for _id, name in table.posts] == ["Tất cả các đồn", "Đồn BP Ia Rvê", "Đồn IALOP"]
    assert table.planned_by_posts(wells) == 2000
    assert ours != theirs


def test_unknown_is_not_zero(world: World) -> None:
    one, other, wells, _visits = ids(world)
    theirs = world.well(measures=[{"measure_id": "gieng", "note": "vài"}])
    world.carry(world.post, world.hq)
    of_another_post(world.hq, theirs)
    save(world, {PlanCell(one, wells): 4, PlanCell(other, wells): 4})
    states = plan_table(world.hq, Query(YEAR, today=date(2013, 7, 1))).states
    for post, done in ((one, "chưa có bản ghi nào nêu số"), (other, "vài giếng")):
        state = states[PlanCell(post, wells)]
        assert (state.done.value, state.percent, state.forecast, state.done_text) == (None, None, None, "–")
        planned, forecast = state.sentences()
        assert planned == f"Kế hoạch: 4 giếng · Thực hiện: {done}"
        assert "chưa biết không phải là 0" in forecast


def state_of(done: int | None, elapsed: int, days: int = 365, target: int | None = 100, **more: Any) -> PlanState:
    figure = Figure("", "gieng", "Giếng", done, 0, "giếng", **more)
    return PlanState(target, figure, elapsed, days, steady=True)


@pytest.mark.parametrize(
    ("state", "forecast", "words"),
    [
        (state_of(20, 73), 100, "Dự báo: 100 giếng (100%) đến hết kỳ, nếu vẫn như 73 ngày đầu trong 365 ngày."),
        (state_of(1, 365), 1, "Kỳ này đã hết."),
        (state_of(None, 0), None, "Dự báo: chưa có, vì kỳ chưa bắt đầu."),
        (state_of(2, 3, 9, None), 6, "Dự báo: 6 giếng đến hết kỳ, nếu vẫn như 3 ngày đầu trong 9 ngày."),
        (state_of(1, 2, 3), 2, "Dự báo: 2 giếng (2%) đến hết kỳ, nếu vẫn như 2 ngày đầu trong 3 ngày."),
        (state_of(1, 2, 4, in_words=["vài"]), 2,
         "Dự báo: ít nhất 2 giếng (2%) đến hết kỳ, nếu vẫn như 2 ngày đầu trong 4 ngày."),
    ],
)  # fmt: skip
def test_the_forecast_is_by_the_share_of_days_and_says_so(state: PlanState, forecast: int | None, words: str) -> None:
    assert state.forecast == forecast
    assert state.sentences()[1] == words


def test_what_is_in_force_has_no_forecast(world: World) -> None:
    world.post.db.execute("SELECT 1")
    member = records.save(world.post, "member", {"full_name": "Y Thanh Niê"})
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    records.save(world.post, "introduction", {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-15"})
    world.carry(world.post, world.hq)
    here = PlanCell(None, Aim(indicator="members_introduced"))
    save(world, {here: 30})
    state = plan_table(world.hq, Query(YEAR, today=date(2013, 7, 1))).states[here]
    assert (state.done.value, state.percent, state.forecast) == (1, 3, None)
    assert state.sentences()[1] == "Dự báo: không có, vì số này không tăng theo ngày."


@given(st.integers(0, 10**12), st.integers(1, 400), st.data())
def test_a_forecast_is_never_less_than_what_is_done(done: int, days: int, data: st.DataObject) -> None:
    elapsed = data.draw(st.integers(1, days))
    forecast = state_of(done, elapsed, days).forecast
    assert forecast is not None
    assert forecast >= done
    assert abs(forecast * elapsed - done * days) * 2 <= elapsed


def test_a_plan_is_of_its_period_and_goes_in_whole_or_not_at_all(world: World) -> None:
    one, _other, wells, visits = ids(world)
    next_year = Period(date(2014, 1, 1), date(2014, 12, 31))
    assert save(world, {PlanCell(one, wells): "4", PlanCell(one, visits): "2.100"}) == 2
    assert save(world, {PlanCell(one, wells): "7"}, next_year) == 1
    assert save(world, {PlanCell(one, wells): "5", PlanCell(one, visits): "2.100"}) == 1
    with pytest.raises(plans.PlansRefused, match="Chưa ghi gì") as refused:
        save(world, {PlanCell(one, wells): "9", PlanCell(one, visits): "nhiều"})
    assert [*refused.value.cells] == [PlanCell(one, visits)]
    assert "Đồn BP Ia Rvê, Lượt người khám, chữa bệnh" in str(refused.value)
    stored = world.hq.rows("SELECT date_from, target FROM plan WHERE voided_at IS NULL ORDER BY date_from, target")
    assert [(r["date_from"], r["target"]) for r in stored] == [
        ("2013-01-01", 5),
        ("2013-01-01", 2100),
        ("2014-01-01", 7),
    ]
    table = plan_table(world.hq, Query(Period(date(2015, 1, 1), date(2015, 12, 31)), today=date(2014, 1, 1)))
    assert [words.title for _aim, words in table.columns] == ["Giếng"], (
        "columns of the year before, to be planned again"
    )
    assert save(world, {PlanCell(one, wells): ""}) == 1
    voided = world.hq.row("SELECT target, void_reason FROM plan WHERE voided_at IS NOT NULL")
    assert voided == {"target": 5, "void_reason": "thử"}


def test_the_post_has_its_own_plan_after_the_reply_and_may_not_change_it(world: World) -> None:
    one, _other, wells, _visits = ids(world)
    save(world, {PlanCell(one, wells): 4})
    world.carry(world.hq, world.post)
    assert [p.text for p in report(world.post, Query(YEAR)).plan] == ["0 / 4 giếng (0%)"]
    with pytest.raises(FieldappError):
        plans.save_plans(world.post, YEAR.first, YEAR.last, {PlanCell(one, wells): 5}, reason="", confirm=False)


def test_the_command_shows_and_writes_them(run: Run, world: World, tmp_path: Path) -> None:
    one, other, wells, visits = ids(world)
    world.well()
    world.carry(world.post, world.hq)
    save(world, {PlanCell(one, wells): 4, PlanCell(other, visits): 2000})
    code, out, _err = run("hq", "plans", "2013", home="hq")
    assert code == 0
    assert "Đồn BP Ia Rvê\tGiếng\t4 giếng\t1 giếng\t25%\t1 giếng" in out.splitlines()
    assert "Đồn IALOP\tLượt người khám, chữa bệnh\t2.000 lượt\t–\t–\t–" in out.splitlines()
    code, out, _err = run("hq", "plans", "2013", "--json", home="hq")
    cells = json.loads(out)["cells"]
    assert len(cells) == 6
    assert next(c for c in cells if c["post_id"] == one and c["title"] == "Giếng")["percent"] == 25
    assert run("hq", "plans", "2013", "--out", tmp_path / "kh.csv", home="hq")[0] == 0
    with (tmp_path / "kh.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = [*csv.DictReader(stream)]
    assert {(x["post"], x["target"], x["done"], x["forecast"]) for x in lines} == {
        ("Tất cả các đồn", "", "1", "1"), ("Đồn BP Ia Rvê", "4", "1", "1"), ("Đồn IALOP", "2000", "", "")}  # fmt: skip
    assert run("hq", "plans", "2013", "--out", tmp_path / "kh.xlsx", home="hq")[0] == 0
    world.hq.db.execute("UPDATE plan SET voided_at = 'x', void_reason = 'x'")
    code, out, err = run("hq", "plans", "2013", "--import", tmp_path / "kh.xlsx", home="hq")
    assert (code, out) == (0, "Kế hoạch năm 2013: 2 chỉ tiêu trên trang “Kế hoạch”, 2 chỉ tiêu mới hoặc đã đổi.\n"), err


def test_two_posts_with_one_name_keep_their_plans_apart(world: World, tmp_path: Path) -> None:
    """On the table, in its file, and when the file comes back."""
    one, other, wells, _visits = ids(world)
    records.save(world.hq, "post", {"name": "Đồn BP Ia Rvê"}, other, confirm=True)
    save(world, {PlanCell(one, wells): 4, PlanCell(other, wells): 7})
    table = plan_table(world.hq, Query(YEAR, today=date(2014, 1, 1)))
    assert [name for _id, name in table.posts[1:]] == ["Đồn BP Ia Rvê (IALOP)", "Đồn BP Ia Rvê (IARVE)"]
    save_plans_file(world.hq, table, tmp_path / "kh.xlsx")
    assert import_plans(world.hq, tmp_path / "kh.xlsx", YEAR.first, YEAR.last).changed == 0
    by_xlsxwriter(tmp_path / "hai.xlsx", [["Đồn", "Giếng"], ["IARVE", 4], ["Đồn BP Ia Rvê", 9]])
    with pytest.raises(FieldappError, match=r"Dòng 3.*IARVE"):
        import_plans(world.hq, tmp_path / "hai.xlsx", YEAR.first, YEAR.last)
