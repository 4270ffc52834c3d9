"""Rule 6: on which day, and in which periods, a thing counts."""

from datetime import date, timedelta
from typing import Any

import pytest
from field import Run, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import records
from fieldapp.records.rule_violations import violations
from fieldapp.reports import narrative
from fieldapp.reports.figures import behind, figures
from fieldapp.reports.query import Period, Query, period_of
from fieldapp.reports.report import report
from fieldapp.reports.tables import table
from fieldapp.store.store import Store
from fieldapp.work.todo import todo

TODAY = date(2019, 12, 1)


def counted(store: Store, period: str, today: date = TODAY) -> dict[str, int | None]:
    return {f.code: f.value for f in figures(store, Query(period_of(period, today), today=today))}


def save(world: World, kind: str, **fields: Any) -> str:
    return records.save(world.post, kind, fields, confirm=True)


# elections ------------------------------------------------------------------------------------------------------


def stand(world: World, name: str, nominated: str, decided: str | None, outcome: str = "elected") -> str:
    return save(
        world, "candidacy", member_id=save(world, "member", full_name=name), body="peoples_council", level="commune",
        nominated_on=nominated, outcome=outcome, decided_on=decided,
    )  # fmt: skip


def test_members_elected_count_on_the_day_of_the_decision(world: World) -> None:
    """By the day of nomination, the report of 2018 would change in March 2019, and that of 2019 say nothing."""
    elected = stand(world, "Lê Văn Năm", "2018-12-20", "2019-03-05")
    stand(world, "Lê Văn Sáu", "2018-12-20", None)
    stand(world, "Lê Văn Bảy", "2018-12-20", "2019-03-05", "not_elected")
    assert counted(world.post, "2018") == {"candidacies": 3, "candidates_elected": 1}
    assert counted(world.post, "2019") == {"candidates_elected": 1}
    query = Query(period_of("2019-03", TODAY), today=TODAY)
    (figure,) = figures(world.post, query)
    assert [(b.record, b.day, b.amount) for b in behind(world.post, query, figure)] == [(elected, "2019-03-05", 1)]


# matters --------------------------------------------------------------------------------------------------------


def matter(world: World, opened: str, due: str | None, closed: str | None, subject: str = "Tin") -> str:
    return save(
        world, "matter", matter_type="information_exchange", counterpart="Đảng ủy xã", subject=subject,
        opened_on=opened, due_on=due, closed_on=closed,
    )  # fmt: skip


def states(store: Store, period: str, today: date = TODAY) -> str:
    """What a report says of a matter besides that there is one."""
    found = counted(store, period, today)
    if not found:
        return "–"
    assert found.pop("information_exchange") == 1
    return " ".join(code.removeprefix("information_exchange_") for code in found)


@pytest.mark.parametrize(("due", "closed", "said"), [
    ("2019-02-10", "2019-02-09", ["open", "on_time", "–", "–", "on_time"]),
    ("2019-02-10", "2019-02-11", ["open", "late", "–", "–", "late"]),
    ("2019-01-20", "2019-03-31", ["overdue", "overdue", "late", "–", "late"]),
    ("2019-02-28", "2019-04-01", ["open", "open", "overdue", "late", "late"]),
    (None, "2019-03-05", ["open", "open", "on_time", "–", "on_time"]),
    ("2019-03-31", None, ["open", "open", "open", "overdue", "overdue"]),
    (None, None, ["open", "open", "open", "open", "open"]),
])  # fmt: skip
def test_a_matter_counts_in_every_period_in_which_it_is_open_as_was_known_at_its_end(
    world: World, due: str | None, closed: str | None, said: list[str]
) -> None:
    """By the day of opening, it was told in January alone, and January's report changed when it was closed."""
    matter(world, "2019-01-15", due, closed)
    periods = ["2019-01", "2019-02", "2019-03", "2019-04", "2019"]
    assert states(world.post, "2018") == "–"
    assert [states(world.post, period) for period in periods] == said


def test_a_past_report_does_not_change_when_a_matter_is_closed_later(world: World) -> None:
    row_id = matter(world, "2018-11-05", "2018-12-01", None)
    before = [(states(world.post, p), report(world.post, Query(period_of(p, TODAY), today=TODAY)).late)
              for p in ("2018-11", "2018-12", "2018")]  # fmt: skip
    assert [said for said, _late in before] == ["open", "overdue", "overdue"]
    records.save(world.post, "matter", {"closed_on": "2019-01-15"}, row_id)
    assert before == [(states(world.post, p), report(world.post, Query(period_of(p, TODAY), today=TODAY)).late)
                      for p in ("2018-11", "2018-12", "2018")]  # fmt: skip
    assert states(world.post, "2019") == "late"


def test_in_a_period_that_goes_on_what_is_known_today_counts(world: World) -> None:
    matter(world, "2019-11-01", "2019-12-10", None)
    assert states(world.post, "2019", date(2019, 12, 10)) == "open"
    assert states(world.post, "2019", date(2019, 12, 11)) == "overdue"


def test_the_report_is_late_with_what_the_first_screen_lists(world: World) -> None:
    """What was opened last year and is still late was on the first screen, and not in this year's report."""
    late = [matter(world, "2018-11-05", "2018-12-01", None, "Cũ"), matter(world, "2019-11-05", "2019-11-30", None)]
    matter(world, "2019-11-05", "2019-12-01", None, "Hôm nay")
    query = Query(period_of("2019", TODAY), today=TODAY)
    assert counted(world.post, "2019")["information_exchange_overdue"] == 2
    assert [(x.counterpart, x.number) for x in report(world.post, query).late] == [("Đảng ủy xã", 2)]
    assert [t.target for t in todo(world.post, TODAY) if t.kind == "matter" and t.sign == "!"] == late
    (figure,) = (f for f in figures(world.post, query) if f.code == "information_exchange_overdue")
    assert [line.record for line in behind(world.post, query, figure)] == late
    world.carry(world.post, world.hq)
    (line,) = (t for t in todo(world.hq, TODAY) if t.kind == "matter")
    assert "2 việc phối hợp quá hạn" in line.text


def test_a_task_is_served_by_a_matter_in_every_period_in_which_it_is_open(world: World) -> None:
    agreement = save(world, "agreement", name="Quy chế", date_from="2015-01-01", tasks=[{"number": 1, "title": "Tin"}])
    (task,) = records.get(world.post, agreement).children["tasks"]
    records.save(world.post, "matter", {"agreement_task_id": task["id"]}, matter(world, "2018-11-05", None, None))
    made = report(world.post, Query(period_of("2019", TODAY), today=TODAY))
    assert [t.matters for t in made.tasks] == [1]


def test_months_show_what_the_year_s_end_no_longer_has(world: World) -> None:
    """Open in January, closed in February: the year has none open, and the line of January must not get lost."""
    matter(world, "2019-01-15", "2019-01-20", "2019-02-03")
    matter(world, "2019-12-30", None, None)
    made = table(world.post, Query(period_of("2019", date(2020, 1, 1)), today=date(2020, 1, 1)), "month")
    lines = {x.figure.code: ([p and p.value for p in x.parts], x.figure.value) for x in made.lines}
    none = [None] * 10
    assert lines["information_exchange"] == ([1, 1, *none[:9], 1], 2)
    assert lines["information_exchange_overdue"] == ([1, *none, None], 0)
    assert lines["information_exchange_late"] == ([None, 1, *none], 1)
    differ = {"information_exchange", "information_exchange_overdue"}
    assert differ <= {x.figure.code for x in made.lines if x.differs}
    assert not any(x.figure.adds_up for x in made.lines)
    assert "không bằng tổng" in "".join(narrative.table_notes(made))


# figures with a day of their own --------------------------------------------------------------------------------

PARTS = {"2019-07-31": 4, "2019-08-31": 5, "2019-09-30": 4}


def examined(world: World) -> str:
    """An activity of a quarter, with a figure for each of its months."""
    return world.well(
        activity_kind_id="kham_chua_benh", date_from="2019-07-01", date_to="2019-09-30",
        measures=[{"measure_id": "luot_kham", "amount": n, "measured_on": day} for day, n in PARTS.items()],
    )  # fmt: skip


def visits(store: Store, *periods: str) -> list[int | None]:
    return [counted(store, period).get("luot_kham") for period in periods]


def days_left_by_a_merge(world: World, row_id: str, first: str, last: str) -> None:
    """Change the days of an activity, and leave its figures: another laptop did the one or the other."""
    with world.post.transaction():
        world.post.db.execute("UPDATE activity SET date_from = ?, date_to = ? WHERE id = ?", [first, last, row_id])


def stored_days(world: World, row_id: str) -> list[str]:
    return sorted(row["measured_on"] for row in records.get(world.post, row_id).children["measures"])


def test_dated_figures_never_fall_out_of_every_month(world: World) -> None:
    """With the activity's days changed, each month had nothing, and the quarter too."""
    days_left_by_a_merge(world, examined(world), "2019-11-01", "2019-11-30")
    assert visits(world.post, "2019-07", "2019-08", "2019-09", "2019-Q3", "2019-11", "2019") == [4, 5, 4, 13, None, 13]


DAY = st.dates(date(2018, 12, 1), date(2020, 1, 31))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=DAY, days=st.integers(0, 120), parts=st.dictionaries(DAY, st.integers(1, 99), max_size=5))
def test_months_add_up_whatever_the_days_of_an_activity_are(
    world: World, first: date, days: int, parts: dict[date, int]
) -> None:
    """A merge may leave any days in any order: each dated figure counts in its month, and the sum is the whole."""
    store = world.post
    store.db.execute("BEGIN IMMEDIATE")
    try:
        store.db.execute("UPDATE local_session SET actor = 'x', applying = 0")
        row_id = world.well(
            activity_kind_id="kham_chua_benh", date_from="2018-12-01", date_to="2020-01-31",
            measures=[{"measure_id": "luot_kham", "amount": n, "measured_on": d} for d, n in parts.items()],
        )  # fmt: skip
        store.db.execute("UPDATE activity SET date_from = ?, date_to = ? WHERE id = ?",
                         [str(first), str(first + timedelta(days)), row_id])  # fmt: skip
        whole = Period(date(2018, 12, 1), date(2020, 1, 31))
        for month in whole.months():
            value = sum(n for d, n in parts.items() if month.first <= d <= month.last)
            assert [f.value for f in figures(store, Query(month))] == ([value] if value else [])
        outside = sum(not first <= d <= first + timedelta(days) for d in parts)
        made = report(store, Query(whole))
        assert [f.value for f in made.figures] == ([sum(parts.values())] if parts else [])
        assert made.completeness.outside == outside
    finally:
        store.db.execute("ROLLBACK")


def test_the_report_says_which_figures_have_a_day_outside_of_their_activity(world: World) -> None:
    row_id = examined(world)
    days_left_by_a_merge(world, row_id, "2019-08-01", "2019-08-31")
    said = {p: report(world.post, Query(period_of(p, TODAY), today=TODAY)) for p in ("2019-08", "2019-09", "2019")}
    assert [made.completeness.outside for made in said.values()] == [0, 1, 2]
    assert "2 số liệu có ngày nằm ngoài" in narrative.as_text(said["2019"])
    assert "nằm ngoài" not in narrative.as_text(said["2019-08"])
    records.void(world.post, row_id, "nhầm")
    assert report(world.post, Query(period_of("2019", TODAY))).completeness.outside == 0


def test_changing_the_days_of_an_activity_asks_about_its_dated_figures(world: World) -> None:
    row_id = examined(world)
    moved = {"date_from": "2019-07-06", "date_to": "2019-09-25"}
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, "activity", moved, row_id)
    assert asked.value.shift == 5
    assert "30/09/2019" in asked.value.fields["measures"]
    assert records.get(world.post, row_id).row["date_from"] == "2019-07-01"
    records.save(world.post, "activity", moved, row_id, confirm=True)
    assert stored_days(world, row_id) == ["2019-07-31", "2019-08-31"]
    records.save(world.post, "activity", {"description": "khám lưu động"}, row_id)
    with pytest.raises(NeedsConfirmation):  # other days are another question
        records.save(world.post, "activity", {"date_to": "2019-08-30"}, row_id)
    given = [{"measure_id": "luot_kham", "amount": n, "measured_on": d.replace("09-30", "09-20")}
             for d, n in PARTS.items()]  # fmt: skip
    records.save(world.post, "activity", {"date_to": "2019-09-24", "measures": given}, row_id)
    assert stored_days(world, row_id) == ["2019-07-31", "2019-08-31", "2019-09-20"]
    with pytest.raises(FieldappError, match="nằm ngoài") as refused:  # a new day must lie inside
        records.save(world.post, "activity", {"measures": [{**given[0], "measured_on": "2019-10-01"}]}, row_id)
    assert not isinstance(refused.value, NeedsConfirmation)


def test_the_command_line_says_what_to_do_about_dated_figures(world: World, run: Run) -> None:
    row_id = examined(world)
    world.post.close()
    moved = {"date_from": "2019-10-01", "date_to": "2019-10-31"}
    code, _out, err = run("edit", row_id, "--json", "-", stdin=moved)
    assert code == 1
    assert "3 số liệu" in err
    assert "--confirm" in err
    assert run("edit", row_id, "--json", "-", "--confirm", stdin=moved)[0] == 0
    code, out, _err = run("show", row_id, "--json")
    assert (code, '"measured_on"' in out) == (0, False)


def test_what_an_earlier_version_was_told_to_leave_outside_stays(world: World) -> None:
    """It asked whether the figures stay outside of these days; a later change asks anew."""
    row_id = examined(world)
    days_left_by_a_merge(world, row_id, "2019-08-01", "2019-08-31")
    assert [v.target for v in violations(world.post)] == [row_id]
    with world.post.transaction():
        answer = "measures=2019-08-01/2019-08-31"
        world.post.db.execute("UPDATE activity SET confirmed = ? WHERE id = ?", [answer, row_id])
    assert violations(world.post) == []
    records.save(world.post, "activity", {"description": "khám lưu động"}, row_id)
    assert (stored_days(world, row_id), violations(world.post)) == (list(PARTS), [])
    with pytest.raises(NeedsConfirmation, match="31/07/2019"):
        records.save(world.post, "activity", {"date_from": "2019-08-02"}, row_id)
