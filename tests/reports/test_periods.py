"""The edges of a period: the first and the last day belong to it, the days beside them do not, whatever is counted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from field import Run, World
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.indicators import INDICATORS
from fieldapp.records import lists, records
from fieldapp.reports.figures import behind, figures, grouped
from fieldapp.reports.query import Period, Query, period_of
from fieldapp.reports.report import Completeness, report
from fieldapp.reports.tables import table
from fieldapp.store.store import Store
from fieldapp.work import month_counts, review_queue

FIRST, LAST = date(2011, 12, 31), date(2012, 2, 29)
"""A span that begins on the last day of a year and ends on the day that only leap years have"""

DAY = timedelta(days=1)
SPAN = {"date_from": FIRST, "date_to": LAST}
CELL, MEMBER, GUEST = "Chi bộ buôn Ba Na", "Trần Văn B", "Lê Văn C"


def around(first: date, last: date) -> Iterator[tuple[Period, bool]]:
    """(a period, whether it has a day of the span): those that end or begin at its edges, and single days."""
    long = timedelta(days=45)
    yield Period(first - long, first - DAY), False
    yield Period(first - long, first), True
    yield Period(first, first), True
    yield Period(last, last), True
    yield Period(last, last + long), True
    yield Period(last + DAY, last + long), False


@dataclass(frozen=True)
class Counted:
    """One record, the codes of what it counts as, and the days on which it does."""

    kind: str
    data: dict[str, Any]
    codes: frozenset[str]
    first: date
    last: date
    inside: bool = True
    """whether it counts on the days between the first and the last too, as what is in force does"""


def day(kind: str, column: str, data: dict[str, Any], *codes: str) -> Counted:
    """What counts on its one day."""
    return Counted(kind, {column: LAST, **data}, frozenset(codes), LAST, LAST)


def span(kind: str, data: dict[str, Any], *codes: str) -> Counted:
    """What counts as long as it is in force."""
    return Counted(kind, {**SPAN, **data}, frozenset(codes), FIRST, LAST)


TARGETS = {
    "commune": "communes_strengthened", "party_cell": "cells_strengthened", "police": "police_strengthened",
    "militia": "militia_strengthened", "women_union": "women_unions_strengthened",
    "farmers_union": "farmers_unions_strengthened", "hamlet": "hamlets_strengthened",
    "household_group": "household_groups_helped",
}  # fmt: skip
GROUP = {"name": "Tổ tự quản 1", "unit_id": "24221", "households": 12, "markers": 2, "length_m": 900}
ROSTER = [{"member_id": MEMBER, "status": "present"}, {"member_id": GUEST, "status": "excused"}]
MATTER = {"matter_type": "support_request", "counterpart": "Đảng ủy xã", "subject": "Xin máy bơm"}

RECORDS = [
    Counted(
        "activity",
        {"activity_kind_id": "gieng_khoan", "unit_id": "24221", **SPAN,
         "measures": [{"measure_id": "gieng", "amount": 1}],
         "targets": [{"target_type": target, "name": "Buôn Ba Na"} for target in TARGETS]},
        frozenset({"gieng_khoan.gieng", *TARGETS.values()}), LAST, LAST,
    ),
    span("introduction", {"member_id": MEMBER, "party_cell_id": CELL}, "members_introduced", "cells_with_members"),
    day("meeting", "held_on", {"party_cell_id": CELL, "attendance": ROSTER},
        "meetings_held", "meetings_attended", "attendance_missed"),
    span("household_charge", {"member_id": MEMBER, "household": "Y Thanh", "unit_id": "24221"},
         "households_in_charge", "members_in_charge"),
    day("candidacy", "nominated_on",
        {"member_id": MEMBER, "body": "party_committee", "level": "commune", "outcome": "elected"},
        "candidacies", "candidates_elected"),
    Counted("cell_rating", {"party_cell_id": CELL, "year": 2012, "rating": "good"}, frozenset({"cells_good"}),
            date(2012, 12, 31), date(2012, 12, 31)),
    Counted("member_rating", {"member_id": MEMBER, "year": 2012, "rating": "excellent"},
            frozenset({"members_excellent"}), date(2012, 12, 31), date(2012, 12, 31)),
    day("matter", "opened_on", {"closed_on": LAST, **MATTER}, "support_request", "support_request_on_time"),
    span("self_management_group", GROUP,
         "self_management_groups", "group_households", "group_markers", "group_length"),
    day("review_meeting", "held_on", {"review_type": "final_review"}, "final_reviews"),
    day("commendation", "awarded_on", {"recipient_type": "collective", "recipient": "Đội 3"},
        "commendations", "commendations_collective"),
]  # fmt: skip


@pytest.fixture
def post(world: World) -> Store:
    """A post with two members."""
    for name in (MEMBER, GUEST):
        records.save(world.post, "member", {"full_name": name})
    return world.post


def found(store: Store, period: Period) -> set[str]:
    """The codes of all that is counted in a period, which ``behind``, ``grouped`` and the report say too."""
    query = Query(period)
    counted = figures(store, query)
    for figure in counted:
        assert behind(store, query, figure), figure.code
    for by in ("post", "commune"):
        parts = grouped(store, query, "post" if by == "post" else "commune")
        assert {f.code for part in parts.values() for f in part} == {f.code for f in counted}
    assert [f.code for f in report(store, Query(following(period))).before] == [f.code for f in counted]
    return {f.code for f in counted}


def following(period: Period) -> Period:
    """A period, before which the report looks at this one."""
    for last in (period.last + (period.last - period.first) + DAY, *(m.last for m in _months_from(period.last + DAY))):
        after = Period(period.last + DAY, last)
        if after.before() == period:
            return after
    raise AssertionError(period)


def _months_from(day: date) -> list[Period]:
    return Period(day, day + timedelta(days=400)).months()


def test_every_source_has_a_record_here() -> None:
    codes = {code for record in RECORDS for code in record.codes}
    assert {i.source for i in INDICATORS} == {i.source for i in INDICATORS if i.code in codes}


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.kind)
def test_a_record_counts_from_its_first_day_to_its_last(post: Store, record: Counted) -> None:
    records.save(post, record.kind, record.data)
    for period, counts in around(record.first, record.last):
        assert found(post, period) == (record.codes if counts else set()), period
    between = Period(FIRST + DAY, LAST - DAY)
    if "date_from" in record.data:
        in_force = record.first < record.last
        assert found(post, between) == (record.codes if in_force else set()), "an activity counts where it ended"


@pytest.mark.parametrize("record", [r for r in RECORDS if r.first < r.last], ids=lambda r: r.kind)
def test_what_is_in_force_still_counts_from_its_first_day_on(post: Store, record: Counted) -> None:
    records.save(post, record.kind, {**record.data, "date_to": None})
    assert found(post, Period(date(2011, 1, 1), FIRST - DAY)) == set()
    for last in (FIRST, LAST, LAST + DAY, date(2031, 12, 31)):
        assert found(post, Period(last, last)) == record.codes


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.kind)
def test_what_was_voided_is_told_in_the_periods_in_which_it_would_count(post: Store, record: Counted) -> None:
    records.void(post, records.save(post, record.kind, record.data), "nhập trùng")
    for period, told in around(record.first, record.last):
        assert report(post, Query(period)).completeness.voided == told, period
        assert figures(post, Query(period)) == []


def test_a_period_of_the_command_line_has_both_its_days(post: Store, run: Run) -> None:
    """Introductions that end on the first day, or begin on the last; meetings on both, and on those beside them."""
    for member, days in ((MEMBER, ("2013-06-01", "2013-07-01")), (GUEST, ("2013-09-30", None))):
        records.save(post, "introduction", {
            "member_id": member, "party_cell_id": CELL, "date_from": days[0], "date_to": days[1]})  # fmt: skip
    for held_on in ("2013-06-30", "2013-07-01", "2013-09-30", "2013-10-01"):
        records.save(post, "meeting", {"party_cell_id": CELL, "held_on": held_on}, confirm=True)
    for words in (["--from", "2013-07-01", "--to", "2013-09-30"], ["--period", "2013-q3"]):
        code, out, _err = run("report", *words, "--json")
        told = {f["code"]: (f["value"], f["before"]) for f in json.loads(out)["figures"]}
        assert code == 0
        assert told == {"members_introduced": (2, 1), "cells_with_members": (1, 1), "meetings_held": (2, 1)}
    assert "2 đảng viên" in run("report", "--period", "2013-Q3")[1]


@pytest.mark.parametrize("shift", [0, 1])
def test_a_dated_part_counts_on_its_own_day(world: World, shift: int) -> None:
    """The parts of an activity that reaches over the period on both sides: on its first and last day, and beside."""
    quarter = Period(date(2012, 1, 1), date(2012, 3, 31))
    days = [quarter.first - DAY, quarter.first, quarter.last, quarter.last + DAY]
    world.well(
        activity_kind_id="kham_chua_benh",
        date_from=quarter.first - DAY * (1 + shift),
        date_to=quarter.last + DAY * (1 + shift),
        measures=[{"measure_id": "luot_kham", "amount": 10**n, "measured_on": d} for n, d in enumerate(days)],
    )
    (figure,) = figures(world.post, Query(quarter))
    assert figure.value == 10 + 100
    assert [line.day for line in behind(world.post, Query(quarter), figure)] == [str(days[1]), str(days[2])]
    made = table(world.post, Query(quarter), "month")
    assert [p and p.value for line in made.lines for p in line.parts] == [10, None, 100]


def told(store: Store, period: Period) -> Completeness:
    return report(store, Query(period, view="now")).completeness


@pytest.mark.parametrize("ends", [LAST, None])
def test_what_a_report_leaves_out_is_told_where_the_activity_ended(world: World, ends: date | None) -> None:
    """Joint, in a unit that was split, without a number of works, and returned."""
    households = [{"measure_id": "ho_huong_loi", "amount": 12}]
    split = "22228"  # Xã Ea Bia
    well = world.well(unit_id=split, date_from=FIRST, date_to=ends, joint_reference="PH-1", measures=households)
    end = ends or FIRST
    for period, there in around(end, end):
        made = told(world.post, period)
        assert (made.joint, made.unassigned, made.without_figure, made.returned) == (there, there, there, 0), period
    world.carry(world.post, world.hq)
    review_queue.review_record(world.hq, well, "returned", comments=[review_queue.comment_on("", "Mấy giếng?")])
    for period, there in around(end, end):
        made = told(world.hq, period)
        assert (made.unassigned, made.without_figure, made.returned) == (0, 0, there), period


def test_a_task_is_listed_while_its_agreement_is_in_force(world: World) -> None:
    agreement = {"name": "Quy chế", **SPAN, "tasks": [{"number": 1, "title": "Tuyên truyền"}]}
    records.save(world.post, "agreement", agreement)
    for period, there in around(FIRST, LAST):
        assert len(report(world.post, Query(period)).tasks) == there, period
    records.save(world.post, "agreement", {**agreement, "name": "Kế hoạch", "date_from": LAST, "date_to": None})
    assert len(report(world.post, Query(Period(LAST, LAST))).tasks) == 2
    assert len(report(world.post, Query(Period(LAST + DAY, LAST + DAY))).tasks) == 1


def test_a_task_is_served_on_the_days_of_what_names_it(world: World) -> None:
    """Also where the agreement is not in force any more."""
    agreement = records.save(world.post, "agreement", {
        "name": "Quy chế", "date_from": "2008-01-01", "date_to": "2008-12-31",
        "tasks": [{"number": 1, "title": "Tuyên truyền"}]})  # fmt: skip
    task = records.get(world.post, agreement).children["tasks"][0]["id"]
    world.well(**SPAN, agreement_task_id=task)
    records.save(world.post, "matter", {**MATTER, "opened_on": LAST, "closed_on": LAST, "agreement_task_id": task})
    for period, there in around(LAST, LAST):
        tasks = report(world.post, Query(period)).tasks
        assert [(t.activities, t.matters) for t in tasks] == [(1, 1)] * there, period


@pytest.mark.parametrize(("due", "closed", "state"), [
    (LAST, LAST - DAY, "on_time"), (LAST, LAST, "on_time"), (LAST, LAST + DAY, "late"),
    (LAST, None, "open"), (LAST - DAY, None, "overdue"), (LAST + DAY, None, "open"), (None, None, "open"),
    (None, LAST, "on_time"),
])  # fmt: skip
def test_a_matter_may_be_done_on_the_day_when_it_is_due(
    post: Store, due: date | None, closed: date | None, state: str
) -> None:
    """Said on that day, ``LAST``, or on the one after it where it was done then."""
    records.save(post, "matter", {**MATTER, "opened_on": LAST - DAY * 9, "due_on": due, "closed_on": closed})
    on = max(LAST, closed or LAST)
    query = Query(Period(LAST - DAY * 9, on), today=on)
    assert {f.code for f in figures(post, query)} == {"support_request", f"support_request_{state}"}
    assert [x.number for x in report(post, query).late] == [1] * (state in ("late", "overdue"))


def test_with_whom_matters_are_late_is_told_while_they_are_open(post: Store) -> None:
    records.save(post, "matter", {**MATTER, "opened_on": FIRST, "due_on": FIRST, "closed_on": LAST})
    for period, there in around(FIRST, LAST):
        assert len(report(post, Query(period)).late) == (there and period.last > FIRST), period


def test_a_plan_is_of_the_report_whose_period_holds_all_of_it(world: World) -> None:
    records.save(world.hq, "plan", {**SPAN, "for_post_id": "IARVE", "measure_id": "gieng", "target": 3})
    world.carry(world.hq, world.post)
    for first, last, whole in ((FIRST, LAST, 1), (FIRST - DAY, LAST + DAY, 1), (FIRST + DAY, LAST, 0),
                               (FIRST, LAST - DAY, 0)):  # fmt: skip
        assert len(report(world.post, Query(Period(first, last))).plan) == whole
    on = [FIRST - DAY, FIRST, LAST, LAST + DAY]
    assert [len(month_counts.plans_on(world.post, d)) for d in on] == [0, 1, 1, 0]


def test_a_plan_has_what_was_done_on_its_first_and_last_day(world: World) -> None:
    records.save(world.hq, "plan", {**SPAN, "for_post_id": "IARVE", "measure_id": "gieng", "target": 3})
    records.save(world.hq, "plan", {**SPAN, "for_post_id": "IARVE", "indicator": "commendations", "target": 3})
    world.carry(world.hq, world.post)
    for number, on in enumerate([FIRST - DAY, FIRST, LAST, LAST + DAY]):
        world.well(date_from=on, hamlet=f"Buôn {number}")
        records.save(world.post, "commendation", {
            "awarded_on": on, "recipient_type": "individual", "recipient": f"Y {number}"})  # fmt: skip
    made = report(world.post, Query(Period(FIRST - DAY * 9, LAST + DAY * 9)))
    assert [p.done for p in made.plan] == [2, 2]


@pytest.mark.parametrize("both_ended", [False, True])
def test_a_code_means_the_unit_of_the_period_s_last_day(world: World, both_ended: bool) -> None:
    """Two units bore it, one after the other."""
    (old,) = world.post.rows("SELECT id, valid_to AS day FROM unit WHERE code = '24250' AND valid_to IS NOT NULL")
    (new,) = world.post.rows("SELECT id, valid_from AS day FROM unit WHERE code = '24250' AND valid_to IS NULL")
    ended, begins = date.fromisoformat(old["day"]), date.fromisoformat(new["day"])
    assert begins == ended + DAY
    assert old["id"] < new["id"]
    names = {old["id"]: "Xã cũ", new["id"]: "Xã mới"}
    with world.post.transaction(applying=True):
        for row_id, name in names.items():
            world.post.db.execute("UPDATE unit SET name = ? WHERE id = ?", [name, row_id])
        if both_ended:
            world.post.db.execute("UPDATE unit SET valid_to = '2099-12-31' WHERE id = ?", [new["id"]])
    days = [(ended, "Xã cũ"), (begins, "Xã mới"), *[(date(2099, 12, 31), "Xã mới")] * both_ended]
    for last, name in days:
        assert report(world.post, Query(Period(last - DAY * 60, last), unit="24250")).unit == name
        today = Query(Period(date(2013, 1, 1), date(2013, 1, 1)), unit="24250", view="now", today=last)
        assert report(world.post, today).unit == name


# periods themselves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "last", "before_first", "before_last"), [
    ("2012-03-01", "2012-03-31", "2012-02-01", "2012-02-29"),  # a month, before it the 29 days of a leap February
    ("2013-03-01", "2013-03-31", "2013-02-01", "2013-02-28"),
    ("2012-02-01", "2012-02-29", "2012-01-01", "2012-01-31"),
    ("2013-01-01", "2013-01-31", "2012-12-01", "2012-12-31"),
    ("2013-01-01", "2013-03-31", "2012-10-01", "2012-12-31"),  # quarters
    ("2012-04-01", "2012-06-30", "2012-01-01", "2012-03-31"),
    ("2013-01-01", "2013-06-30", "2012-07-01", "2012-12-31"),  # half years
    ("2013-07-01", "2013-12-31", "2013-01-01", "2013-06-30"),
    ("2013-01-01", "2013-12-31", "2012-01-01", "2012-12-31"),  # years
    ("2012-01-01", "2012-12-31", "2011-01-01", "2011-12-31"),
    ("2020-01-01", "2025-12-31", "2014-01-01", "2019-12-31"),  # the term
    ("2013-12-01", "2014-01-31", "2013-10-01", "2013-11-30"),  # whole months over the end of a year
    ("2013-03-10", "2013-03-10", "2013-03-09", "2013-03-09"),  # days
    ("2012-03-01", "2012-03-01", "2012-02-29", "2012-02-29"),
    ("2012-03-01", "2012-03-30", "2012-01-31", "2012-02-29"),  # a day short of the month: by days
    ("2013-03-02", "2013-03-31", "2013-01-31", "2013-03-01"),  # from the second day on: by days
    ("2012-02-01", "2012-02-28", "2012-01-04", "2012-01-31"),  # no whole month in a leap year
    ("2013-02-01", "2013-02-28", "2013-01-01", "2013-01-31"),  # one in others
    ("2012-02-29", "2012-03-06", "2012-02-22", "2012-02-28"),
    ("2013-01-01", "2013-11-29", "2012-02-03", "2012-12-31"),  # this year up to today
])  # fmt: skip
def test_the_period_before(first: str, last: str, before_first: str, before_last: str) -> None:
    before = Period(date.fromisoformat(first), date.fromisoformat(last)).before()
    assert (before.first.isoformat(), before.last.isoformat()) == (before_first, before_last)


@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.integers(0, 2300))
def test_the_period_before_is_as_long_and_ends_the_day_before(first: date, days: int) -> None:
    period = Period(first, first + timedelta(days=days))
    before = period.before()
    assert before.last == first - DAY
    if first.day == 1 and (period.last + DAY).day == 1:
        assert before.first.day == 1
        assert len(before.months()) == len(period.months())
    else:
        assert before.last - before.first == period.last - period.first


@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.integers(0, 2300))
def test_months_are_cut_at_their_ends_and_leave_out_no_day(first: date, days: int) -> None:
    period = Period(first, first + timedelta(days=days))
    months = period.months()
    assert (months[0].first, months[-1].last) == (period.first, period.last)
    assert all(b.first == a.last + DAY and b.first.day == 1 for a, b in pairwise(months))
    assert all((m.first.year, m.first.month) == (m.last.year, m.last.month) for m in months)


@pytest.mark.parametrize(("text", "first", "last"), [
    ("2026", "2026-01-01", "2026-12-31"), ("2024-02", "2024-02-01", "2024-02-29"),
    ("2100-2", None, None), ("2099-2", "2099-02-01", "2099-02-28"), ("1900-02", "1900-02-01", "1900-02-28"),
    ("2000-02", "2000-02-01", "2000-02-29"), ("1899", None, None),
    ("2026-1", "2026-01-01", "2026-01-31"), ("2026-12", "2026-12-01", "2026-12-31"), ("2026-13", None, None),
    ("2026-0", None, None), ("2026-Q0", None, None), ("2026-Q5", None, None), ("2026-H3", None, None),
    ("2026-Q1", "2026-01-01", "2026-03-31"), ("2026-Q2", "2026-04-01", "2026-06-30"),
    ("2026-Q3", "2026-07-01", "2026-09-30"), ("2026-Q4", "2026-10-01", "2026-12-31"),
    ("2026-H1", "2026-01-01", "2026-06-30"), ("2026-H2", "2026-07-01", "2026-12-31"),
    ("term", "2020-01-01", "2025-12-31"),
])  # fmt: skip
def test_a_period_that_is_named(run: Run, text: str, first: str | None, last: str | None) -> None:
    code, out, err = run("report", "--period", text, "--json")
    if first is None:
        assert code == 1
        assert "2026-Q4" in err
        return
    made = json.loads(out)
    assert (made["from"], made["to"]) == (first, last)


@pytest.mark.parametrize(("text", "title"), [
    ("2026-q1", "quý I/2026"), ("2026-q2", "quý II/2026"), ("2026-q3", "quý III/2026"), ("2026-q4", "quý IV/2026"),
    ("2026-h2", "6 tháng cuối năm 2026"), ("2024-2", "tháng 2/2024"),
])  # fmt: skip
def test_the_title_of_whole_periods(text: str, title: str) -> None:
    period = period_of(text, date(2026, 11, 30))
    assert period.title == title
    for other in (Period(period.first + DAY, period.last), Period(period.first, period.last - DAY),
                  Period(period.first - DAY, period.last), Period(period.first, period.last + DAY)):  # fmt: skip
        assert other.title.startswith("từ "), other
    assert Period(period.first.replace(year=period.first.year - 1), period.last).title.startswith("từ ")


def test_a_list_has_both_days_of_its_span(world: World) -> None:
    for number, on in enumerate([FIRST - DAY, FIRST, LAST, LAST + DAY]):
        world.well(date_from=on, hamlet=f"Buôn {number}")
    for text in ("", "giếng"):
        rows = lists.record_window(world.post, "activity", text=text, date_from=FIRST, date_to=LAST).rows
        assert [r["date_from"] for r in rows] == [str(LAST), str(FIRST)]


def test_a_roster_has_who_is_introduced_on_the_day(post: Store) -> None:
    records.save(post, "introduction", {**SPAN, "member_id": MEMBER, "party_cell_id": CELL})
    cell = lists.record_window(post, "party_cell").rows[0]["id"]
    there = [[r["full_name"] for r in lists.roster(post, cell, on)] for on in (FIRST - DAY, FIRST, LAST, LAST + DAY)]
    assert there == [[], [MEMBER], [MEMBER], []]
