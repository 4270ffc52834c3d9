"""Voids that were made without knowing of another change, or of each other: a person is asked, on all laptops."""

import json
from collections.abc import Callable, Generator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from sync_state import new_post, second_laptop, state
from two_laptops import TwoLaptops

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.reports.narrative import left_out
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.store import people
from fieldapp.store.store import Store
from fieldapp.sync.exchange import conflict_messages, enrolment, incoming, status
from fieldapp.sync.merge import merge, resolve
from fieldapp.sync.safety import doctor
from fieldapp.work import notices, todo

WELL, HOUSEHOLDS = {"measure_id": "gieng", "amount": 1}, {"measure_id": "ho_huong_loi", "amount": 12}


class Two(TwoLaptops):
    """A headquarters and two laptops, A and B, of one post."""

    def edit(self, store: Store, row_id: str, **fields: Any) -> None:
        records.save(store, "activity", fields, row_id, confirm=True)

    def figures(self, store: Store, row_id: str) -> list[tuple[str, int]]:
        """(measure, amount) of the lines of a record that stand."""
        codes = {r["id"]: r["code"] for r in store.rows("SELECT id, code FROM measure")}
        return [(codes[m["measure_id"]], m["amount"]) for m in records.get(store, row_id).children["measures"]]


@pytest.fixture(scope="module")
def both(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The laptops that ``two`` has; made once, then copied."""
    made = first_world.copy(tmp_path_factory.mktemp("both") / "two")
    b = second_laptop(made)
    b.close()
    made.close()
    return World(made.root, {**made.keys, "laptop-b": b._key})


@pytest.fixture
def two(both: World, tmp_path: Path) -> Generator[Two, None, None]:
    made = Two.copied(both, tmp_path / "two")
    yield made
    made.close()


def a_pair(two: Two) -> list[str]:
    """Two laptops each void one of two records that seem the same."""
    first, second = two.well(), two.well()
    two.meet()
    records.void(two.post, first, "ghi trùng, giữ bản kia")
    records.void(two.b, second, "trùng với bản trước")
    return [first, second]


def a_doubled_line(two: Two) -> list[str]:
    """A merge left two lines about the same; each laptop keeps another of them."""
    well = two.well(measures=[WELL])
    two.meet()
    for laptop, amount in ((two.post, 12), (two.b, 13)):
        two.edit(laptop, well, measures=[WELL, {**HOUSEHOLDS, "amount": amount}])
    two.meet()
    lines = [m for m in records.get(two.hq, well).children["measures"] if m["amount"] != 1]
    assert len(lines) == 2
    for laptop, kept in zip((two.post, two.b), lines, strict=True):
        two.edit(laptop, well, measures=[WELL, {**HOUSEHOLDS, "amount": kept["amount"], "id": kept["id"]}])
    return [line["id"] for line in lines]


def a_correction_and_a_line_taken_out(two: Two) -> list[str]:
    """One laptop corrects 12 to 120, the other one takes the line out."""
    well = two.well()
    two.meet()
    two.edit(two.post, well, measures=[WELL, {**HOUSEHOLDS, "amount": 120}])
    two.edit(two.b, well, measures=[WELL])
    return [m["id"] for m in records.get(two.post, well).children["measures"] if m["amount"] == 120]


def a_correction_and_a_void(two: Two) -> list[str]:
    """One laptop corrects a line of the record, the other one voids the record."""
    well = two.well()
    two.meet()
    two.edit(two.post, well, measures=[WELL, {**HOUSEHOLDS, "amount": 120}])
    records.void(two.b, well, "không có giếng này")
    return [well]


CASES = (a_pair, a_doubled_line, a_correction_and_a_line_taken_out, a_correction_and_a_void)


@pytest.mark.parametrize("case", CASES)
def test_a_void_made_without_knowing_is_listed_on_all_laptops(two: Two, case: Callable[[Two], list[str]]) -> None:
    asked = case(two)
    two.meet()
    for store in two.all:
        assert sorted(c["row"] for c in merge.conflicts(store)) == sorted(asked)


OF_2013 = Query(Period(date(2013, 1, 1), date(2013, 12, 31)))


def count(store: Store, code: str) -> int | None:
    """A figure of the year's report."""
    return next((f.value for f in report(store, OF_2013).figures if f.code.endswith(code)), None)


OF_2012 = OF_2013.over(Period(date(2012, 1, 1), date(2012, 12, 31)))
THE_WELL = "Giếng khoan · 05/10/2013 · Xã Ia Rvê · Huyện Ea Súp · Tỉnh Đắk Lắk"


def in_words(store: Store) -> list[tuple[str, ...]]:
    """(title, the void, what its author did not know) of each question."""
    told = conflict_messages
    return [
        (told.conflict_title(store, c), *(told.conflict_value(store, c, side) for side in told.SIDES))
        for c in merge.conflicts(store)
    ]


def test_both_stories_are_told(two: Two) -> None:
    a_correction_and_a_void(two)
    two.meet()
    title = f"Hoạt động · {THE_WELL}"
    for store, post in ((two.b, ""), (two.hq, "Đồn BP Ia Rvê · ")):
        assert in_words(store) == [(post + title, "hủy: “không có giếng này”", "Hộ hưởng lợi · Số: 12 → 120")]
    (asked,) = merge.conflicts(two.b)
    assert conflict_messages.conflict_author(asked, "winner").startswith("Trần Văn B, ")
    assert conflict_messages.conflict_author(asked, "loser").startswith("Nguyễn Văn A, ")


def test_of_a_pair_it_is_told_that_the_other_one_is_voided_too(two: Two) -> None:
    a_pair(two)
    two.meet()
    reasons = "ghi trùng, giữ bản kia", "trùng với bản trước"
    first, second = in_words(two.post)
    assert first[1:] == (f"hủy: “{reasons[0]}”", f"hủy bản ghi kia, giống bản này: “{reasons[1]}”")
    assert second[1:] == (f"hủy: “{reasons[1]}”", f"hủy bản ghi kia, giống bản này: “{reasons[0]}”")


@pytest.mark.parametrize("case", CASES)
def test_until_then_the_report_counts_the_lesser_and_says_that_it_waits(
    two: Two, case: Callable[[Two], list[str]]
) -> None:
    asked = case(two)
    two.meet()
    waiting = len(asked) if case is a_pair else 1
    for store in two.all:
        waits = f"{waiting} nội dung chờ quyết định"
        assert any(waits in line for line in left_out(report(store, OF_2013)))
        assert report(store, OF_2013).completeness.undecided == waiting
        assert report(store, OF_2012).completeness.undecided == 0
        assert count(store, "gieng") == (None if case in (a_pair, a_correction_and_a_void) else 1)
        assert count(store, "ho_huong_loi") is None
        todo = [t for t in notices.exchange_todo(status.exchange_status(store), store.role) if t.kind == notices.DECIDE]
        assert [t.text.split(":")[0] for t in todo] == [f"{waiting} bản ghi chờ quyết định"]


@pytest.mark.parametrize("case", CASES)
def test_what_is_taken_back_counts_again_on_all_laptops(two: Two, case: Callable[[Two], list[str]]) -> None:
    case(two)
    two.meet()
    question = merge.conflicts(two.post)[0]
    resolve.resolve_conflict(two.post, question["id"], "loser")
    assert merge.conflicts(two.post) == []
    two.meet()
    for store in two.all:
        assert merge.conflicts(store) == []
        assert report(store, OF_2013).completeness.undecided == 0
        assert count(store, "gieng") == 1
        assert count(store, "ho_huong_loi") == (12 if case in (a_pair, a_doubled_line) else 120)
        assert state(store) == state(two.hq)
    assert "Lấy lại" in " ".join(history_of(two.hq, question))


def history_of(store: Store, question: dict[str, Any]) -> list[str]:
    from fieldapp.records import history

    return history.history_lines(store, history.history(store, conflict_messages.conflict_record(store, question)))


@pytest.mark.parametrize("case", CASES)
def test_what_stays_voided_is_not_asked_again(two: Two, case: Callable[[Two], list[str]]) -> None:
    """Each of a pair is asked about: nobody who keeps one void learns only later that the other one stands as well."""
    asked = case(two)
    two.meet()
    for left in range(len(asked), 0, -1):
        questions = merge.conflicts(two.b)
        assert len(questions) == left
        resolve.resolve_conflict(two.b, questions[0]["id"], "winner")
    two.meet()
    for store in two.all:
        assert merge.conflicts(store) == []
        assert report(store, OF_2013).completeness.undecided == 0
        assert count(store, "ho_huong_loi") is None
        assert doctor.examine_replica(store).healthy


def test_one_void_of_a_pair_and_both_of_one_record_ask_nobody(two: Two) -> None:
    first, second, third = two.well(), two.well(), two.well(date_from="2013-11-05")
    two.meet()
    records.void(two.post, first, "ghi trùng")
    records.void(two.post, third, "không có")
    records.void(two.b, third, "không có")
    two.meet()
    records.void(two.b, second, "cũng không có")  # B knows that the first one is voided
    two.meet()
    for store in two.all:
        assert merge.conflicts(store) == []


def test_what_its_author_knew_is_no_question(two: Two) -> None:
    well = two.well()
    two.meet()
    two.edit(two.post, well, hamlet="Buôn A")
    two.meet()
    records.void(two.b, well, "không có giếng này")
    two.meet()
    for store in two.all:
        assert merge.conflicts(store) == []


def test_a_pair_may_be_spelled_in_two_ways(two: Two) -> None:
    """What entry asks about as the same is a pair, with capitals, tones and marks or without."""
    wells = [two.well(hamlet="Buôn A"), two.well(hamlet="buon a")]
    members = [records.save(two.post, "member", {"full_name": name}, confirm=True)
               for name in ("Lê Văn Tám", "LE VAN TAM")]  # fmt: skip
    two.meet()
    for first, second in (wells, members):
        records.void(two.post, first, "ghi trùng, giữ bản kia")
        records.void(two.b, second, "trùng với bản trước")
    two.meet()
    for store in two.all:
        assert {c["row"] for c in merge.conflicts(store)} == {*wells, *members}


def test_wells_of_other_places_are_no_pair(two: Two) -> None:
    first, second = two.well(hamlet="Buôn A"), two.well(hamlet="Buôn B")
    two.meet()
    records.void(two.post, first, "không có")
    records.void(two.b, second, "không có")
    two.meet()
    for store in two.all:
        assert merge.conflicts(store) == []


def test_who_takes_back_and_who_keeps_the_void_are_asked_again(two: Two) -> None:
    (well,) = a_correction_and_a_void(two)
    two.meet()
    for laptop, side in ((two.post, "loser"), (two.b, "winner")):
        (question,) = merge.conflicts(laptop)
        resolve.resolve_conflict(laptop, question["id"], side)  # type: ignore[arg-type]
    two.meet()
    for store in two.all:
        assert {c["row"] for c in merge.conflicts(store)} == {well}
    question = next(c for c in merge.conflicts(two.hq) if c["column"] == "voided_at")
    stands = "winner" if question["winner"]["value"] is None else "loser"
    assert conflict_messages.conflict_value(two.hq, question, stands) == "lấy lại"  # type: ignore[arg-type]
    resolve.resolve_conflict(two.hq, question["id"], stands)  # type: ignore[arg-type]
    two.meet()
    for store in two.all:
        assert merge.conflicts(store) == []
        assert records.get(store, well).row["void_reason"] is None


def a_member_and_an_introduction(two: Two) -> tuple[str, str]:
    """One laptop voids a member, the other one introduces the member to a party cell."""
    member = records.save(two.post, "member", {"full_name": "Nguyễn Văn D"})
    two.meet()
    records.void(two.post, member, "nhập nhầm người")
    cell = two.b.value("SELECT id FROM party_cell")
    entry = {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-01"}
    return member, records.save(two.b, "introduction", entry)


def an_event_and_an_activity(two: Two) -> tuple[str, str]:
    """One laptop voids an event, the other one records an activity that belongs to it."""
    event = records.save(two.post, "event", {"name": "Lũ", "date_from": "2013-09-18"})
    well = two.well()
    two.meet()
    records.void(two.post, event, "nhập nhầm")
    two.edit(two.b, well, event_id=event)
    return event, well


def a_member_and_an_attendance(two: Two) -> tuple[str, str]:
    """One laptop voids a member, the other one enters that the member took part in a meeting."""
    member = records.save(two.post, "member", {"full_name": "Nguyễn Văn D"})
    two.meet()
    records.void(two.post, member, "nhập nhầm người")
    cell = two.b.value("SELECT id FROM party_cell")
    entry = {"party_cell_id": cell, "meeting_type": "regular", "held_on": "2013-10-05",
             "attendance": [{"member_id": member, "status": "present"}]}  # fmt: skip
    return member, records.save(two.b, "meeting", entry, confirm=True)


def still_named(store: Store) -> list[str]:
    """What the first screen says of voided records that others name."""
    return [line.text for line in todo.todo(store, date(2013, 11, 30)) if line.sort == "dangling"]


NAMING = (a_member_and_an_introduction, an_event_and_an_activity, a_member_and_an_attendance)


@pytest.mark.parametrize("case", NAMING)
def test_a_void_of_what_somebody_else_named_meanwhile_is_listed(
    two: Two, case: Callable[[Two], tuple[str, str]]
) -> None:
    voided, _naming = case(two)
    two.meet()
    for store in two.all:
        (asked,) = merge.conflicts(store)
        assert asked["row"] == voided
        ((_title, void, other),) = in_words(store)
        assert void.startswith("hủy: “nhập nhầm")
        assert other.startswith("đã ghi nội dung thuộc bản ghi này: ")
        assert still_named(store) == [], "it waits for the decision, and stands on the first screen once"
    resolve.resolve_conflict(two.b, merge.conflicts(two.b)[0]["id"], "loser")
    two.meet()
    for store in two.all:
        assert merge.conflicts(store) == []
        assert records.get(store, voided).row["voided_at"] is None
        assert doctor.examine_replica(store).healthy


@pytest.mark.parametrize("case", NAMING)
def test_it_is_asked_no_longer_when_that_is_voided_too_or_the_void_is_kept(
    two: Two, case: Callable[[Two], tuple[str, str]]
) -> None:
    _voided, naming = case(two)
    two.meet()
    before = merge.conflicts(two.hq)
    records.void(two.b, naming, "cũng nhầm")
    two.meet()
    if case is not a_member_and_an_attendance:  # a line of a record that is voided stands itself
        assert all(merge.conflicts(store) == [] for store in two.all)
        return
    resolve.resolve_conflict(two.b, before[0]["id"], "winner")
    two.meet()
    assert all(merge.conflicts(store) == [] for store in two.all)


def test_a_void_of_what_its_author_knew_to_be_named_asks_nobody(two: Two) -> None:
    member = records.save(two.post, "member", {"full_name": "Nguyễn Văn D"})
    cell = two.post.value("SELECT id FROM party_cell")
    records.save(two.post, "introduction", {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-01"})
    two.meet()
    records.void(two.b, member, "nhập nhầm người")
    two.meet()
    assert all(merge.conflicts(store) == [] for store in two.all)
    assert [len(still_named(store)) for store in two.all] == [1, 1, 1]


# taking a void back -------------------------------------------------------------------------------------------------


def same_everywhere(two: Two, well: str, *, voided: bool) -> None:
    """Nobody is asked, and all replicas have the record alike."""
    for store in two.all:
        assert merge.conflicts(store) == []
        assert (records.get(store, well).row["voided_at"] is not None) == voided
        assert count(store, "gieng") == (None if voided else 1)
        assert state(store) == state(two.hq)
        assert doctor.examine_replica(store).healthy


def test_a_void_is_taken_back_while_others_correct_take_back_too_and_void_again(two: Two) -> None:
    well = two.well()
    records.void(two.post, well, "ghi trùng")
    two.meet()
    records.take_back(two.post, well)
    records.take_back(two.b, well)  # neither knows of the other
    two.meet()
    same_everywhere(two, well, voided=False)

    records.void(two.b, well, "không có giếng này")
    records.take_back(two.b, well)
    two.edit(two.post, well, hamlet="Buôn A")  # knows nothing of both
    two.meet()
    same_everywhere(two, well, voided=False)
    assert records.get(two.hq, well).row["hamlet"] == "Buôn A"

    records.void(two.post, well, "đúng là không có")
    two.meet()
    same_everywhere(two, well, voided=True)
    lines = " ".join(history_of(two.b, {"table": "activity", "row": well}))
    said = [lines.index(reason) for reason in ("ghi trùng", "không có giếng này", "đúng là không có")]
    assert said == sorted(said)
    assert lines.count("Lấy lại: Hoạt động") == 3


def test_a_correction_by_somebody_who_did_not_know_of_the_void_settles_with_its_taking_back(two: Two) -> None:
    (well,) = a_correction_and_a_void(two)
    two.meet()
    assert len(merge.conflicts(two.post)) == 1
    records.take_back(two.post, well)
    assert merge.conflicts(two.post) == []
    two.meet()
    same_everywhere(two, well, voided=False)
    assert ("ho_huong_loi", 120) in two.figures(two.hq, well)


def test_who_takes_back_and_who_voids_without_knowing_are_asked(two: Two) -> None:
    well = two.well()
    two.meet()
    records.void(two.post, well, "ghi trùng")
    records.take_back(two.post, well)
    records.void(two.b, well, "không có giếng này")
    two.meet()
    for store in two.all:
        assert {c["row"] for c in merge.conflicts(store)} == {well}


def test_a_void_and_its_taking_back_are_unsent_until_they_were_carried(two: Two) -> None:
    well = two.well()
    two.meet()
    for back in (False, True):
        if back:
            records.take_back(two.post, well)
        else:
            records.void(two.post, well, "nhầm")
        unsent = status.exchange_status(two.post)
        assert (unsent.unsent, unsent.unsent_records) == (1, 1)
        assert status.unreceived(two.post, [well]) == {well: "unsent"}
        two.meet()
        assert status.exchange_status(two.post).unsent == 0


# two posts ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def beside(world: World) -> Generator[Store, None, None]:
    """A second post of the same headquarters."""
    store = new_post(world, "EABUNG", "Đồn BP Ea Bung")
    incoming.import_files(world.hq, [world.usb])
    enrolment.trust_replica(world.hq, "EABUNG")
    world.carry(world.hq, store)
    yield store
    store.close()


def both_void(world: World, beside: Store, **fields: Any) -> list[str]:
    """Both posts recorded one deed; each voids its own, because the other one has it."""
    entry = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221",
             "measures": [WELL], **fields}  # fmt: skip
    wells = [records.save(store, "activity", entry, confirm=True) for store in (world.post, beside)]
    for store in (world.post, beside):
        world.carry(store, world.hq)
    for store, well in zip((world.post, beside), wells, strict=True):
        records.void(store, well, "đồn kia đã ghi")
        world.carry(store, world.hq)
    return wells


@pytest.mark.parametrize("fields", [{}, {"joint_reference": "KH 12"}], ids=["alike", "one joint reference"])
def test_of_a_deed_that_two_posts_each_void_headquarters_is_asked(
    world: World, beside: Store, fields: dict[str, Any]
) -> None:
    wells = both_void(world, beside, **fields)
    assert count(world.hq, "gieng") is None
    assert sorted(c["row"] for c in merge.conflicts(world.hq)) == sorted(wells)
    assert report(world.hq, OF_2013).completeness.undecided == 2
    said = {title.split(" · ")[0]: other for title, _void, other in in_words(world.hq)}
    assert said == {
        "Đồn BP Ia Rvê": "hủy bản ghi kia, giống bản này (Đồn BP Ea Bung): “đồn kia đã ghi”",
        "Đồn BP Ea Bung": "hủy bản ghi kia, giống bản này (Đồn BP Ia Rvê): “đồn kia đã ghi”",
    }
    question = next(c for c in merge.conflicts(world.hq) if c["row"] == wells[0])
    resolve.resolve_conflict(world.hq, question["id"], "loser")
    assert merge.conflicts(world.hq) == []
    assert count(world.hq, "gieng") == 1
    for store in (world.post, beside):
        world.carry(world.hq, store)
        assert merge.conflicts(store) == []
    assert records.get(world.post, wells[0]).row["voided_at"] is None
    assert records.get(beside, wells[1]).row["voided_at"] is not None


def test_headquarters_word_about_each_of_two_posts_records_settles_it(world: World, beside: Store) -> None:
    both_void(world, beside, joint_reference="KH 12")
    for left in (2, 1):
        questions = merge.conflicts(world.hq)
        assert len(questions) == left
        resolve.resolve_conflict(world.hq, questions[0]["id"], "winner")
    assert merge.conflicts(world.hq) == []
    assert report(world.hq, OF_2013).completeness.undecided == 0
    assert doctor.examine_replica(world.hq).healthy


def test_other_deeds_and_one_void_of_two_posts_ask_nobody(world: World, beside: Store) -> None:
    entry = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221", "measures": [WELL]}
    for store, fields in (
        (world.post, {"hamlet": "Buôn A"}), (beside, {"hamlet": "Buôn B"}),
        (world.post, {"joint_reference": "KH 12", "date_from": "2013-10-07"}),
        (beside, {"joint_reference": "KH 13", "date_from": "2013-10-07"}),
        (world.post, {"joint_reference": "KH 14", "date_from": "2013-10-01"}),  # each month's own
        (beside, {"joint_reference": "KH 14", "date_from": "2013-12-01"}),
        (world.post, {"date_from": "2013-11-05"}),
    ):  # fmt: skip
        well = records.save(store, "activity", {**entry, **fields}, confirm=True)
        records.void(store, well, "nhầm")
    records.save(beside, "activity", {**entry, "date_from": "2013-11-05"}, confirm=True)  # of a pair only one is voided
    for store in (world.post, beside):
        world.carry(store, world.hq)
    assert {c["row"] for c in merge.conflicts(world.hq)} == set()


def test_a_recorder_does_not_decide_about_voids(two: Two) -> None:
    a_correction_and_a_void(two)
    two.meet()
    with two.post.transaction():
        two.post.db.execute("UPDATE local_user SET role = 'recorder' WHERE name = ?", [two.post.user])
    assert people.role_of(two.post, two.post.user) == "recorder"
    (question,) = merge.conflicts(two.post)
    with pytest.raises(FieldappError):
        resolve.resolve_conflict(two.post, question["id"], "winner")
    assert merge.conflicts(two.post) == [question]


def test_the_command_line_lists_and_settles_them(world: World, run: Run) -> None:
    b = second_laptop(world)
    well = world.well()
    world.carry(world.post, world.hq)
    world.carry(world.hq, b)
    records.void(b, well, "không có giếng này")
    records.save(world.post, "activity", {"hamlet": "Buôn A"}, well, confirm=True)
    world.carry(b, world.hq)
    world.carry(world.post, world.hq)
    b.close()
    code, out, _err = run("hq", "conflicts", "--json", home="hq")
    (question,) = json.loads(out)
    assert (code, question["row"], question["loser"]["value"]) == (0, well, None)
    assert [c["cols"] for c in question["unknown"]] == [{"hamlet": "Buôn A"}]
    assert "hủy: “không có giếng này”" in run("hq", "conflicts", home="hq")[1]
    assert run("hq", "resolve", question["id"], "--take", "loser", home="hq")[0] == 0
    assert run("hq", "conflicts", home="hq")[1] == ""
    assert records.get(world.hq, well).row["voided_at"] is None
