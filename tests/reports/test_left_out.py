"""Rule 8: what is voided or returned is told by the report from whose figures it is missing, whatever its kind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from field import Run, World

from fieldapp.records import lists, records
from fieldapp.reports.figures import behind, figures
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.store.store import Store
from fieldapp.work import review_queue

YEAR = Query(Period(date(2018, 1, 1), date(2018, 12, 31)))
NEXT = YEAR.over(Period(date(2019, 1, 1), date(2019, 12, 31)))


def told(store: Store, query: Query = YEAR) -> tuple[int, int]:
    """What the report says is left out: (voided, returned)."""
    complete = report(store, query).completeness
    return complete.voided, complete.returned


def codes(store: Store, query: Query = YEAR) -> set[str]:
    return {f.code for f in figures(store, query)}


def cell(store: Store) -> str:
    found: str = lists.record_window(store, "party_cell").rows[0]["id"]
    return found


def save(world: World, kind: str, **fields: Any) -> str:
    return records.save(world.post, kind, fields, confirm=True)


def member(world: World, name: str = "Lê Văn Sáu") -> str:
    return save(world, "member", full_name=name)


def one_of_each(world: World) -> dict[str, str]:
    """One record of every kind that a figure counts, all of 2018: kind -> id."""
    at, who = cell(world.post), member(world)
    matter = {"matter_type": "information_exchange", "counterpart": "Đảng ủy xã", "subject": "Tin"}
    return {
        "activity": world.well(date_from="2018-05-02"),
        "introduction": save(world, "introduction", member_id=who, party_cell_id=at, date_from="2016-05-01"),
        "meeting": save(world, "meeting", party_cell_id=at, held_on="2018-03-03"),
        "household_charge": save(world, "household_charge", member_id=who, household="Ama", unit_id="24221",
                                 date_from="2017-01-01"),
        "candidacy": save(world, "candidacy", member_id=who, body="peoples_council", level="commune",
                          nominated_on="2018-06-01"),
        "cell_rating": save(world, "cell_rating", party_cell_id=at, year=2018, rating="good"),
        "member_rating": save(world, "member_rating", member_id=who, year=2018, rating="good"),
        "matter": save(world, "matter", **matter, opened_on="2018-02-01"),
        "self_management_group": save(world, "self_management_group", name="Tổ 9", unit_id="24221",
                                      date_from="2016-05-02", households=9),
        "review_meeting": save(world, "review_meeting", review_type="periodic_review", held_on="2018-07-01"),
        "commendation": save(world, "commendation", awarded_on="2018-08-01", recipient_type="individual",
                             recipient="Ama"),
    }  # fmt: skip


def test_every_kind_that_is_returned_or_voided_is_told_where_it_is_missing(world: World) -> None:
    """By the days and in-force rule of the figures: of records that began in 2016, 2018 said “0 returned”."""
    made = one_of_each(world)
    world.carry(world.post, world.hq)
    assert told(world.hq) == (0, 0)
    for number, row_id in enumerate(made.values(), start=1):
        review_queue.review_record(world.hq, row_id, "returned", comments=[review_queue.comment_on("", "xem lại")])
        assert told(world.hq) == (0, number)
    assert codes(world.hq) == set()
    world.carry(world.hq, world.post)
    for number, row_id in enumerate(made.values(), start=1):
        records.void(world.post, row_id, "ghi nhầm")
        assert told(world.post) == (number, len(made) - number)  # what is both is voided
    assert codes(world.post) == set()


def test_only_what_would_count_in_this_very_report_is_told(world: World) -> None:
    """By post, unit, view, period and in-force rule; a naive count tells what belongs to other reports."""
    at, who = cell(world.post), member(world)
    ended = save(world, "introduction", member_id=who, party_cell_id=at, date_from="2016-05-01", date_to="2017-12-31")
    gone = [
        ended,
        world.well(date_from="2018-12-20", date_to="2019-01-03"),
        world.well(date_from="2018-05-02", unit_id="24229"),
        world.well(date_from="2018-05-03", measures=[]),
    ]
    for row_id in gone:
        records.void(world.post, row_id, "ghi nhầm")
    world.carry(world.post, world.hq)
    assert told(world.hq, YEAR.over(Period(date(2017, 1, 1), date(2017, 12, 31)))) == (1, 0)
    assert told(world.hq) == (1, 0)  # one ended before, one ends later, one has nothing to count
    assert told(world.hq, NEXT) == (1, 0)
    assert told(world.hq, replace(YEAR, unit="24229")) == (1, 0)
    assert told(world.hq, replace(YEAR, unit="24221")) == (0, 0)
    assert told(world.hq, replace(YEAR, post="IARVE")) == (1, 0)
    records.save(world.hq, "post", {"code": "IALOP", "name": "Đồn BP Ia Lốp", "unit_id": "24214"}, confirm=True)
    assert told(world.hq, replace(YEAR, post="IALOP")) == (0, 0)


@pytest.fixture
def of_a_member(world: World) -> Iterator[tuple[str, dict[str, str]]]:
    """A member, and the records of 2018 that are about this member."""
    made = one_of_each(world)
    who = records.get(world.post, made["introduction"]).row["member_id"]
    yield who, {k: i for k, i in made.items() if "member_id" in records.get(world.post, i).row}


def test_what_is_about_a_voided_member_leaves_all_figures_and_is_told(
    world: World, of_a_member: tuple[str, dict[str, str]]
) -> None:
    """Naive counting went on with the member's households, candidacies and ratings."""
    who, about = of_a_member
    assert set(about) == {"introduction", "household_charge", "candidacy", "member_rating"}
    before = codes(world.post)
    records.void(world.post, who, "ghi nhầm")
    assert told(world.post) == (4, 0)
    assert before - codes(world.post) == {
        "members_introduced", "cells_with_members", "households_in_charge", "members_in_charge", "candidacies",
        "members_good"}  # fmt: skip


def test_voiding_a_member_says_what_leaves_the_figures_with_it(
    world: World, run: Run, of_a_member: tuple[str, dict[str, str]]
) -> None:
    who, about = of_a_member
    records.void(world.post, about["member_rating"], "ghi nhầm")
    world.post.close()
    code, _out, err = run("void", who, "--reason", "ghi nhầm", home="post")
    assert code == 0
    assert "1 giới thiệu sinh hoạt, 1 hộ phụ trách, 1 lần ứng cử" in err
    assert "xếp loại" not in err


def test_taking_back_a_sheet_of_members_says_what_leaves_the_figures(world: World, run: Run, tmp_path: Path) -> None:
    sheet = tmp_path / "members.csv"
    sheet.write_text("Họ và tên\nLê Văn Năm\nLê Văn Sáu\n", encoding="utf-8")
    assert run("import-table", sheet, "--kind", "member")[0] == 0
    for row in lists.record_window(world.post, "member").rows:
        save(world, "introduction", member_id=row["id"], party_cell_id=cell(world.post), date_from="2018-01-01")
    code, _out, err = run("import-table", "--take-back", "1", "--reason", "nhầm")
    assert code == 0
    assert "2 giới thiệu sinh hoạt" in err
    assert told(world.post) == (2, 0)


def test_only_what_makes_a_figure_is_behind_it(world: World, run: Run) -> None:
    """Groups of which nobody wrote the households were listed behind the households."""
    group = {"unit_id": "24221", "date_from": "2018-05-02"}
    known = save(world, "self_management_group", name="Tổ 1", **group, households=9)
    none = save(world, "self_management_group", name="Tổ 2", **group, households=0)
    save(world, "self_management_group", name="Tổ 3", **group)
    (figure,) = (f for f in figures(world.post, YEAR) if f.code == "group_households")
    lines = behind(world.post, YEAR, figure)
    assert ([line.record for line in lines], figure.count) == ([known, none], 2)


def test_what_does_not_say_how_much_is_told_by_post_and_unit(world: World) -> None:
    world.well(date_from="2018-05-02", measures=[])
    assert report(world.post, replace(YEAR, unit="24221")).completeness.without_figure == 1
    assert report(world.post, replace(YEAR, unit="24229")).completeness.without_figure == 0
