"""What must be done: what is asked, in which order, of whom, and how little it costs."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import uuid_utils
from field import Run, World
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.records import lists, records
from fieldapp.store.ids import new_id
from fieldapp.store.store import Store
from fieldapp.work import month_counts
from fieldapp.work.todo import MANY, MAX_LISTED, MOST_OF_A_SORT, SORTS, Todo, in_order, in_short, todo

TODAY = date(2024, 11, 25)


def day(days: int) -> str:
    return (TODAY + timedelta(days)).isoformat()


def cell(world: World) -> str:
    found: str = lists.record_window(world.post, "party_cell").rows[0]["id"]
    return found


def member(world: World, name: str, **fields: object) -> str:
    return records.save(world.post, "member", {"full_name": name, **fields})


def introduce(world: World, member_id: str, first: str = "2024-01-01", last: str | None = None, **more: object) -> str:
    entry = {"member_id": member_id, "party_cell_id": cell(world), "date_from": first, "date_to": last}
    return records.save(world.post, "introduction", {**entry, **more})


def meet(world: World, held_on: str, **attendance: str) -> str:
    """A meeting of the cell; ``attendance`` maps a member's given name to his status."""
    ids = {row["full_name"].split()[-1]: row["id"] for row in lists.record_window(world.post, "member").rows}
    rows = [{"member_id": ids[name], "status": status} for name, status in attendance.items()]
    entry = {"party_cell_id": cell(world), "held_on": held_on, "attendance": rows}
    return records.save(world.post, "meeting", entry, confirm=True)


def matter(world: World, subject: str, due: str | None, **more: object) -> str:
    entry = {"matter_type": "information_exchange", "counterpart": "Đảng ủy xã Ia Lốp", "subject": subject}
    return records.save(world.post, "matter", {**entry, "opened_on": "2024-09-01", "due_on": due, **more})


def shown(store: Store, today: date = TODAY) -> list[tuple[str, str, str]]:
    return [(t.sign, t.when, t.target) for t in todo(store, today)]


def of_kind(store: Store, kind: str, today: date = TODAY) -> list[Todo]:
    return [t for t in todo(store, today) if t.kind == kind]


def test_what_matters_most_comes_first(world: World) -> None:
    agreement = records.save(
        world.post, "agreement", {"name": "Quy chế phối hợp", "date_from": "2014-01-01", "date_to": day(20)}
    )
    binh, siu, an = (member(world, name) for name in ("Trần Văn Bình", "Siu Blêh", "Lê Văn An"))
    ending = introduce(world, binh, last=day(12))
    ended = introduce(world, siu, last=day(-3))
    introduce(world, an, last="2023-12-31", first="2023-01-01", end_reason="hết hạn")
    charge = records.save(
        world.post,
        "household_charge",
        {"member_id": an, "household": "Y Thanh", "unit_id": "24221", "date_from": "2023-02-01"},
    )
    meet(world, day(-60), Bình="excused")
    meet(world, day(-40), Bình="absent")
    soon = matter(world, "Cột mốc", day(2))
    late = matter(world, "Tình hình biên giới", day(-3))
    later = matter(world, "Xã chậm trả lời", day(-9), matter_type="advice_to_committee")
    matter(world, "Xong rồi", day(-30), closed_on=day(-20))
    matter(world, "Còn lâu", day(8))
    matter(world, "Không hạn", None)
    records.void(world.post, matter(world, "Nhầm", day(-5)), "nhầm")
    world.post.save_draft("d" * 36, "event", None, {"name": {"text": "Lũ"}})
    assert shown(world.post) == [
        ("·", "bản nháp", "d" * 36),
        ("!", "trễ 9 ngày", later),
        ("!", "trễ 3 ngày", late),
        ("·", "còn 2 ngày", soon),
        ("!", "quá 3 ngày", ended),
        ("·", "còn 12 ngày", ending),
        ("·", "tháng 11/2024", ""),
        ("·", "vắng 2 kỳ", binh),
        ("·", "phụ trách hộ", charge),
        ("·", "còn 20 ngày", agreement),
    ]
    text = {t.target: t.text for t in todo(world.post, TODAY)}
    assert "Đảng ủy xã Ia Lốp: Tình hình biên giới (hạn 22/11)" in text[late]
    assert "Trần Văn Bình, Chi bộ buôn Ba Na" in text[ending]
    assert "Chi bộ buôn Ba Na, một kỳ không có lý do" in text[binh]
    assert "Y Thanh" in text[charge]


def test_an_ended_introduction_is_settled_by_a_reason_or_a_successor(world: World) -> None:
    for name, more in (("An", {"end_reason": "chuyển đơn vị"}), ("Bình", {})):
        introduce(world, member(world, f"Trần Văn {name}"), last=day(-30), **more)
    (left,) = of_kind(world.post, "introduction")
    introduce(world, records.get(world.post, left.target).row["member_id"], first=day(-29), last=day(300))
    assert of_kind(world.post, "introduction") == []


@pytest.mark.parametrize(
    ("today", "month"),
    [(date(2024, 11, 19), "10/2024"), (date(2024, 11, 20), "11/2024"), (date(2024, 1, 5), "12/2023")],
)
def test_which_month_a_cell_should_have_met_in(world: World, today: date, month: str) -> None:
    introduce(world, member(world, "Trần Văn Bình"), first="2023-01-01")
    (found,) = of_kind(world.post, "meeting", today)
    assert (found.when, found.initial, found.target) == (f"tháng {month}", {"party_cell_id": cell(world)}, "")
    last = date(int(month[3:]), int(month[:2]), 1)
    meet(world, last.isoformat())
    assert of_kind(world.post, "meeting", today) == []


def test_only_cells_that_the_post_takes_part_in_are_waited_for(world: World) -> None:
    assert of_kind(world.post, "meeting") == []
    meeting = meet(world, "2024-08-01")
    assert len(of_kind(world.post, "meeting")) == 1, "it recorded a meeting three months before"
    assert of_kind(world.post, "meeting", date(2024, 12, 25)) == []
    records.void(world.post, meeting, "nhầm")
    introduce(world, member(world, "Trần Văn Bình"), last="2024-10-31", end_reason="hết")
    assert of_kind(world.post, "meeting") == []
    assert len(of_kind(world.post, "meeting", date(2024, 11, 10))) == 1, "in October it was in force"


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        (("absent", "absent"), "không có lý do"),
        (("excused", "absent"), "một kỳ không có lý do"),
        (("excused", "excused"), "có lý do"),
        (("absent", "present"), None),
        (("present", "absent"), None),
        (("absent",), None),
    ],
)
def test_who_missed_two_meetings_in_a_row(world: World, statuses: tuple[str, ...], words: str | None) -> None:
    binh = member(world, "Trần Văn Bình")
    member(world, "Siu Blêh", party_cell_id=cell(world))
    introduce(world, binh)
    meet(world, "2024-07-03", Bình="present")
    for number, status in enumerate(statuses):
        meet(world, f"2024-{8 + number:02}-03", Bình=status, Blêh="absent")
    records.void(world.post, meet(world, "2024-11-04", Bình="present"), "nhầm")
    found = of_kind(world.post, "member")
    assert [(t.target, t.text.endswith(f", {words}")) for t in found] == ([(binh, True)] if words else [])


def test_two_rows_of_one_person_at_a_meeting_are_one_absence(world: World) -> None:
    """As a merge leaves them, of two records of one member or of two laptops: the newer row counts, as in reports."""
    binh, again = member(world, "Trần Văn Bình"), member(world, "Trần Văn Minh")
    introduce(world, binh)
    introduce(world, again, "2024-02-01")
    meet(world, "2024-09-03", Bình="excused", Minh="excused")
    meeting = meet(world, "2024-10-03", Bình="absent")
    records.save(world.post, "member", {"same_as_id": binh}, again, confirm=True)

    def said() -> list[tuple[str, str]]:
        return [(t.target, t.text.split(", ")[-1]) for t in of_kind(world.post, "member") if "vắng" in t.when]

    assert said() == [(binh, "một kỳ không có lý do")]
    columns = "post_id, created_at, created_by, meeting_id, member_id"
    for status, words in (("present", []), ("excused", [(binh, "có lý do")])):
        world.post.db.execute(
            f"INSERT INTO attendance (id, {columns}, status) SELECT ?, {columns}, ? FROM attendance"
            " WHERE meeting_id = ? LIMIT 1", [new_id(str(world.post.identity.post_id)), status, meeting],
        )  # fmt: skip
        assert said() == words


def test_a_meeting_without_the_member_on_its_list_says_nothing(world: World) -> None:
    introduce(world, member(world, "Trần Văn Bình"))
    meet(world, "2024-09-03", Bình="absent")
    meet(world, "2024-10-03", Bình="absent")
    assert len(of_kind(world.post, "member")) == 1
    meet(world, "2024-11-03")
    assert of_kind(world.post, "member") == []


def test_more_of_one_sort_are_not_listed_one_by_one(world: World) -> None:
    for number in range(MAX_LISTED + 5):
        matter(world, f"Việc {number}", day(-number - 1))
    assert len(of_kind(world.post, "matter")) == MAX_LISTED


def test_nobody_is_asked_about_the_households_of_a_voided_member(world: World) -> None:
    who = member(world, "Lê Văn An")
    introduce(world, who, first="2023-01-01", last="2023-12-31", end_reason="hết hạn")
    entry = {"member_id": who, "household": "Y Thanh", "unit_id": "24221", "date_from": "2023-02-01"}
    records.save(world.post, "household_charge", entry)
    assert len(of_kind(world.post, "household_charge")) == 1
    records.void(world.post, who, "nhầm")
    assert of_kind(world.post, "household_charge") == []


# headquarters ---------------------------------------------------------------------------------------------------


def fill(hq: Store, posts: int) -> None:
    """Posts with late matters and ended introductions, as their bundles would bring them."""
    cell_id, unit_id = hq.value("SELECT id FROM party_cell"), hq.value("SELECT unit_id FROM party_cell")

    def put(table: str, **values: object) -> str:
        row = {"id": str(uuid_utils.uuid7()), "created_at": "2024-01-01T00:00:00Z", "created_by": "A", **values}
        hq.db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()])
        return str(row["id"])

    with hq.transaction(applying=True):
        for number in range(posts):
            post = put("post", code=f"P{number}", name=f"Đồn {number}", unit_id=unit_id)
            who = put("member", post_id=post, full_name=f"Lê Văn {number}")
            put("introduction", post_id=post, member_id=who, party_cell_id=cell_id, date_from="2024-01-01",
                date_to=day(-number - 1))  # fmt: skip
            for kind, late in (("information_exchange", 2), ("information_exchange", 4), ("advice_to_committee", 1)):
                put("matter", post_id=post, matter_type=kind, direction="sent", counterpart="Xã", subject="Tin",
                    opened_on="2024-01-01", due_on=day(-late - number))  # fmt: skip


def statements(store: Store, act: Callable[[], object]) -> list[str]:
    """The SQL that runs, its parameters in place."""
    said: list[str] = []
    store.db.conn.set_trace_callback(said.append)
    act()
    store.db.conn.set_trace_callback(None)
    return said


def test_headquarters_sees_what_is_late_post_by_post(world: World) -> None:
    fill(world.hq, 2)
    found = todo(world.hq, TODAY)
    assert [(t.sign, t.when, t.kind) for t in found] == [
        ("!", "trễ 5 ngày", "matter"),
        ("!", "trễ 4 ngày", "matter"),
        ("!", "quá 2 ngày", "introduction"),
        ("!", "quá 1 ngày", "introduction"),
    ]
    assert found[0].text.startswith("Đồn 1: 3 việc")
    assert found[2].text.startswith("Đồn 1: ")
    assert "Lê Văn 1, Chi bộ buôn Ba Na" in found[2].text
    assert records.get(world.hq, found[0].target).row["due_on"] == day(-5)
    fill(world.hq, 2)  # what is known until the file changes is asked again
    count = len(statements(world.hq, lambda: todo(world.hq, TODAY)))
    fill(world.hq, 60)
    assert len(statements(world.hq, lambda: todo(world.hq, TODAY))) == count
    assert len(of_kind(world.hq, "matter")) == len(of_kind(world.hq, "introduction")) == MAX_LISTED


def test_no_long_table_is_read_through(world: World) -> None:
    """What the first screen asks goes through indexes, whatever was recorded in all the years."""
    introduce(world, member(world, "Trần Văn Bình"))
    for store in (world.post, world.hq):
        asked = statements(store, lambda store=store: (todo(store, TODAY), month_counts.month_counts(store, TODAY)))  # type: ignore[misc]
        plans = [
            step["detail"]
            for sql in asked
            if sql.startswith("SELECT")
            for step in store.rows(f"EXPLAIN QUERY PLAN {sql}")
        ]
        assert len(plans) > 10
        assert [p for p in plans if re.match(r"SCAN (a|activity|t|meeting|l|matter|attendance|o)\b", p)] == []


def test_the_counts_are_those_of_the_month(world: World) -> None:
    assert month_counts.month_counts(world.post, TODAY) == []
    for date_from in ("2024-11-01", "2024-11-25", "2024-10-31", "2023-11-10"):
        world.well(date_from=date_from)
    records.void(world.post, world.well(date_from="2024-11-02"), "nhầm")
    meet(world, "2024-11-03")
    assert month_counts.month_counts(world.post, TODAY) == [
        month_counts.MonthCount("activity", 2, before=1),
        month_counts.MonthCount("meeting", 1),
    ]


# the command line -----------------------------------------------------------------------------------------------


def test_the_command_says_the_same(world: World, run: Run) -> None:
    assert run("todo")[0] == 0
    yesterday = (date.today() - timedelta(1)).isoformat()
    row_id = matter(world, "[red]Tin[/]", yesterday, opened_on="2013-01-01")
    code, out, _err = run("todo")
    assert (code, out.splitlines()[1].split()[:4], row_id in out) == (0, ["!", "trễ", "1", "ngày"], True)
    assert "[red]Tin[/]" in out
    found: list[dict[str, Any]] = json.loads(run("todo", "--json")[1])
    assert [(t["sign"], t["kind"], t["target"]) for t in found] == [
        ("!", "", ""), ("!", "matter", row_id), ("·", "unreceived", ""),
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from("!↩·"), st.sampled_from(["", *SORTS])), max_size=40),
    st.integers(5, 20),
)
def test_in_few_rows_nothing_is_left_out_and_what_is_late_comes_first(drawn: list[tuple[str, str]], room: int) -> None:
    lines = [
        Todo(sign, "", str(at), "matter", str(at), sort=sort)  # type: ignore[arg-type]
        for at, (sign, sort) in enumerate(drawn)
    ]
    short = in_short(lines, room)
    many = [line for line in short if line.kind == MANY]
    together = {line.target for line in many}
    shown = {line.target for line in short if line.kind != MANY}
    assert {line.target for line in lines} == shown | {line.target for line in lines if line.sort in together}
    assert not any(line.sort in together for line in short)
    for line in many:
        alike = [other for other in lines if other.sort == line.target]
        assert (line.sign, str(len(alike)) in line.text) == (in_order(alike)[0].sign, True)
    by_itself = Counter(line.sort for line in short if line.sort)
    assert all(number <= MOST_OF_A_SORT for number in by_itself.values())
    assert len(short) <= room or all(number == 1 for number in by_itself.values())
    ranks = ["!↩·".index(line.sign) for line in short if "drafts" not in (line.sort, line.target)]
    assert ranks == sorted(ranks)
