"""Headquarters reviews what posts record: by bundles on a stick, as in the field."""

import json
from contextlib import suppress
from datetime import date

import pytest
import uuid_utils
from field import Run, World, insert, of_another_post, statements

from fieldapp.domain.dates import format_date
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import records, reviews, view
from fieldapp.reports.figures import figures
from fieldapp.reports.narrative import left_out
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.store import capture, wall
from fieldapp.store.migrations import REFOLD
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, status
from fieldapp.sync.merge import merge
from fieldapp.work import review_hints, review_queue
from fieldapp.work.todo import todo

YEAR = Query(Period(date(2013, 1, 1), date(2013, 12, 31)))


def state(store: Store, row_id: str) -> str | None:
    said = reviews.last_reviews(store, records.get(store, row_id).kind, [row_id]).get(row_id)
    return said.state if said else None


def wells(store: Store) -> int:
    return sum(f.value or 0 for f in figures(store, YEAR) if f.code == "gieng_khoan.gieng")


def hints_for(store: Store, ids: list[str]) -> dict[str, list[str]]:
    """Activity's id -> sentences of its hints."""
    doubted = review_hints.doubts_about(store, "activity", ids)
    return {row_id: [doubt.sentence for doubt in doubts] for row_id, doubts in doubted.items()}


def returned_well(world: World, field: str = "measures") -> str:
    """A well that headquarters sent back; the post has the reply."""
    well = world.well()
    world.carry(world.post, world.hq)
    review_queue.review_record(world.hq, well, "returned", comments=[review_queue.comment_on(field, "Mấy hộ? Xem lại")])
    world.carry(world.hq, world.post)
    return well


def test_the_place_of_all_figures_is_no_heading_above_them(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    titles = [title for _comment, title in review_queue.comment_places(world.hq, records.get(world.hq, well))]
    assert titles[:4] == ["Toàn bộ bản ghi", "Số liệu: tất cả các dòng", "Giếng · 1 giếng", "Hộ hưởng lợi · 12 hộ"]


def test_return_see_correct_see_the_difference_accept(world: World) -> None:
    well = returned_well(world)
    (line,) = (t for t in todo(world.post, date(2013, 11, 1)) if t.sign == "↩")
    assert (line.target, line.when) == (well, "trả lại")
    assert "“Mấy hộ? Xem lại”" in line.text
    lines = dict(view.describe(world.post, records.get(world.post, well)))
    today = format_date(wall.today())
    assert lines["Sở chỉ huy"] == f"↩ trả lại {today}, Trực ban · Số liệu: “Mấy hộ? Xem lại”"
    assert wells(world.post) == wells(world.hq) == 0  # nobody signs what was sent back
    assert report(world.hq, YEAR).completeness.returned == 1
    told = "số liệu công trình giếng khoan ngày 05/10/2013 của Đồn BP Ia Rvê (đã yêu cầu chỉnh sửa, đồn chưa gửi lại)"
    assert told in left_out(report(world.hq, YEAR))[0]

    mended = [{"measure_id": "gieng", "amount": 1}, {"measure_id": "ho_huong_loi", "amount": 21}]
    records.save(world.post, "activity", {"measures": mended}, well)
    assert state(world.post, well) == "corrected"
    assert not [t for t in todo(world.post, date(2013, 11, 1)) if t.sign == "↩"]
    world.carry(world.post, world.hq)
    other = world.well(hamlet="Buôn Khác")
    world.carry(world.post, world.hq)
    first, second = review_queue.review_queue(world.hq, "activity")
    assert (first.row["id"], first.again, second.row["id"]) == (well, True, other)  # corrected ones come first
    (difference,) = review_queue.changed_since(world.hq, records.get(world.hq, well))
    assert difference.endswith("Hộ hưởng lợi · Số: 12 → 21")
    review_queue.accept_all(world.hq, [first])
    assert state(world.hq, well) == "accepted"
    assert wells(world.hq) == 2
    assert [w.row["id"] for w in review_queue.review_queue(world.hq, "activity")] == [other]
    world.carry(world.hq, world.post)
    assert state(world.post, well) == "accepted"
    assert dict(view.describe(world.post, records.get(world.post, well)))["Sở chỉ huy"] == "✓ đã duyệt (Trực ban)"


def test_a_post_of_the_version_before_reads_several_comments_in_one_line(world: World) -> None:
    """After the upgrade each is at its measure or field."""
    well = world.well()
    world.carry(world.post, world.hq)
    places = {"measures.gieng": "Mấy giếng?", "date_from": "Sai ngày"}
    comments = [review_queue.comment_on(place, text) for place, text in places.items()]
    review_queue.review_record(world.hq, well, "returned", comments=comments)
    for statement in (
        "DROP TRIGGER capture_insert_review",
        "DROP TRIGGER capture_update_review",
        "ALTER TABLE review DROP COLUMN comments",
    ):
        world.post.db.execute(statement)
    capture.install_triggers(world.post.db)
    world.carry(world.hq, world.post)
    assert world.post.value("SELECT comment FROM review") == "Giếng: Mấy giếng?; Ngày: Sai ngày"
    world.post.db.execute("ALTER TABLE review ADD COLUMN comments TEXT")
    capture.install_triggers(world.post.db)
    world.post.set_setting(REFOLD, '{"columns": {"review": ["comments"]}, "shipped": 1000000}')
    merge.fold_after_upgrade(world.post)
    (said,) = reviews.returned_records(world.post)
    measure = str(world.post.value("SELECT id FROM measure WHERE code = 'gieng'"))
    assert [(one.place, one.comment) for one in said.comments] == [
        (f"measures.{measure}", "Mấy giếng?"),
        ("date_from", "Sai ngày"),
    ]


@pytest.mark.parametrize("field", ["measures", "date_from", ""])
def test_what_was_returned_may_be_right_and_says_so(world: World, field: str) -> None:
    well = returned_well(world, field)
    other = {} if not field else {"description": "Giếng khoan nghĩa tình"}
    with pytest.raises(NeedsConfirmation, match="Mấy hộ") as asked:
        records.save(world.post, "activity", other, well)
    assert [*asked.value.fields] == [field], "it belongs beside the field that the comment is about"
    assert state(world.post, well) == "returned"
    records.save(world.post, "activity", other, well, confirm=True)
    assert state(world.post, well) == "corrected"
    world.carry(world.post, world.hq)
    assert [w.again for w in review_queue.review_queue(world.hq, "activity")] == [True]


def test_what_was_returned_and_voided_waits_for_nobody(world: World) -> None:
    well, other = returned_well(world), world.well(hamlet="Buôn B")
    world.carry(world.post, world.hq)
    review_queue.accept_all(
        world.hq, [w for w in review_queue.review_queue(world.hq, "activity") if w.row["id"] == other]
    )
    assert [r.record for r in reviews.returned_records(world.hq)] == [well]
    records.void(world.post, well, "nhập trùng")
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    for store in (world.post, world.hq):
        assert reviews.returned_records(store) == []
        assert report(store, YEAR).completeness.returned == 0
        assert {*reviews.last_reviews(store, "activity", [other])} == {other}
    assert not [t for t in todo(world.post, date(2013, 11, 1)) if t.sign == "↩"]


def test_a_record_that_changed_after_the_look_is_looked_at_again(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    (waiting,) = review_queue.review_queue(world.hq, "activity")
    records.save(world.post, "activity", {"description": "Sửa sau"}, well)
    world.carry(world.post, world.hq)
    with pytest.raises(FieldappError, match="đã được sửa"):
        review_queue.review_record(world.hq, well, "accepted", seen=waiting.seen)
    assert state(world.hq, well) is None
    review_queue.review_record(world.hq, well, "accepted")
    records.void(world.post, well, "nhầm")
    world.carry(world.post, world.hq)
    assert review_queue.review_queue(world.hq, "activity") == []  # voided: nothing to look at


def test_two_officers_who_did_not_know_each_other(world: World) -> None:
    """Each replica takes the same one of two reviews of one record; a later one that knew both replaces it."""
    well = world.well()
    world.carry(world.post, world.hq)
    review_queue.review_record(world.hq, well, "accepted")
    with world.hq.transaction():  # as a second officer's laptop would have written it
        copy = world.hq.row("SELECT * FROM review")
        assert copy is not None
        copy |= {"id": "f" * 36, "outcome": "returned", "comment": "Xem lại"}
        insert(world.hq, "review", copy)
    assert state(world.hq, well) == "returned"
    review_queue.review_record(world.hq, well, "accepted")
    assert state(world.hq, well) in ("accepted", "returned")
    review_queue.review_record(world.hq, well, "accepted")
    assert state(world.hq, well) == "accepted"


def test_a_post_reviews_nothing(world: World) -> None:
    well = world.well()
    with pytest.raises(FieldappError, match="Chỉ sở chỉ huy"):
        review_queue.review_record(world.post, well, "accepted")
    with world.post.transaction():  # and what it writes behind the program's back does not count elsewhere
        row = {
            "id": str(uuid_utils.uuid7()),
            "post_id": world.post.identity.post_id,
            "created_at": "2013-01-01T00:00:00Z",
            "created_by": "x",
            "record_kind": "activity",
            "record_id": well,
            "outcome": "accepted",
            "seen": reviews.record_fingerprint(world.post, "activity", well),
        }
        insert(world.post, "review", row)
    (result,) = world.carry(world.post, world.hq)
    assert result.set_aside
    assert state(world.hq, well) is None
    assert world.hq.value("SELECT count(*) FROM review") == 0
    assert status.exchange_status(world.hq).set_aside


def test_a_joint_activity_that_was_returned_leaves_the_word_to_the_other(world: World) -> None:
    mine = world.well(joint_reference="GK-1")
    other = world.well(joint_reference="GK-1", measures=[{"measure_id": "gieng", "amount": 3}])
    world.carry(world.post, world.hq)
    of_another_post(world.hq, other)
    before = wells(world.hq)
    speaker = mine if before == 1 else next(
        w.row["id"] for w in review_queue.review_queue(world.hq, "activity") if w.row["id"] != mine
    )  # fmt: skip
    review_queue.review_record(world.hq, speaker, "returned", comments=[review_queue.comment_on("", "xem lại")])
    assert {before, wells(world.hq)} == {1, 3}


class _Undo(Exception):
    """Nothing has happened."""


def of_another_kind(store: Store, row_id: str) -> None:
    """Change the kind as one laptop does while another one adds the figures: they count nowhere."""
    store.db.execute("UPDATE activity SET activity_kind_id = (SELECT id FROM activity_kind WHERE code = ?)"
                     " WHERE id = ?", ["kham_chua_benh", row_id])  # fmt: skip


def test_joint_activities_that_do_not_agree_are_listed_for_headquarters(world: World) -> None:
    """In the review and in the to-do list, once for each pair, until headquarters has accepted; agreement is not."""

    def told() -> list[str]:
        return [t.text for t in todo(world.hq, date(2026, 1, 1)) if t.when == "phối hợp"]

    def one(day: str, number: int, reference: str = "05/KH") -> str:
        return world.well(
            date_from=day, joint_reference=reference, measures=[{"measure_id": "gieng", "amount": number}]
        )

    enrolment.write_pack(world.hq, code="IALOP", name="Đồn IALOP", dest=world.usb)
    mine, theirs = one("2013-05-31", 2), one("2013-06-01", 3)
    same, as_well = one("2013-07-01", 4, "6/KH"), one("2013-07-02", 4, "6 kh")
    apart, later = one("2013-08-01", 1, "7/KH"), one("2013-08-20", 1, "7-KH")
    one("2013-09-01", 1, "8/KH"), one("2013-09-20", 1, "8/KH")
    world.carry(world.post, world.hq)
    of_another_post(world.hq, theirs, as_well, later)
    hints = hints_for(world.hq, [mine, theirs, same, as_well, apart, later])
    about = {
        row_id: [t for t in texts if ("hợp" in t or "việc chung" in t) and "Máy đã" not in t]
        for row_id, texts in hints.items()
    }
    different = "Hoạt động phối hợp 05/KH: Giếng ở đây là {} giếng, {} ghi {} giếng. Đề nghị xác minh: số nào đúng?"
    assert about[mine][0].startswith(different.format(2, "Đồn IALOP", 3))
    assert about[theirs][0].startswith(different.format(3, "Đồn BP Ia Rvê", 2))
    speaks = "Tổng chung chỉ tính một lần: báo cáo đang tính 2 giếng của Đồn BP Ia Rvê, đồn ghi trước."
    assert about[mine][0].endswith(speaks)
    assert about[theirs][0].endswith(speaks)
    assert "Đồn IALOP cũng dùng trong tháng này (20/08/2013)" in about[apart][0]
    assert [about.get(row_id, []) for row_id in (same, as_well)] == [[], []]
    listed = told()
    assert [("05/KH" in text, "7/KH" in text or "7-KH" in text) for text in listed] == [(True, False), (False, True)]
    assert all(text.endswith("?") for text in listed), "what it means for the report stands beside the records"
    with suppress(_Undo), world.hq.transaction():
        for row_id in (mine, theirs):
            of_another_kind(world.hq, row_id)
        assert ["7/KH" in text or "7-KH" in text for text in told()] == [True], "figures that count nowhere"
        raise _Undo
    for row_id in (mine, theirs):
        review_queue.review_record(world.hq, row_id, "accepted", confirm=True)
    assert len(told()) == 1
    review_queue.review_record(world.hq, later, "returned", comments=[review_queue.comment_on("", "ngày nào?")])
    assert told() == []


def test_what_a_post_recorded_before_is_looked_for_by_activity(world: World) -> None:
    """Not among all figures of a measure, of all posts and years, for each figure that waits for review."""
    asked: list[str] = []
    world.well()
    world.carry(world.post, world.hq)
    with statements(asked):
        review_queue.doubted_counts(world.hq)
    (sql,) = [one for one in asked if "AS most" in one]
    steps = [row["detail"] for row in world.hq.rows(f"EXPLAIN QUERY PLAN {sql}", {"ids": "[]"})]
    assert [step for step in steps if step.startswith("SEARCH o ")] == [
        "SEARCH o USING INDEX activity_measure_activity (activity_id=? AND measure_id=?)"
    ]


def test_what_is_odd_is_said(world: World) -> None:
    kind = {"activity_kind_id": "kham_chua_benh"}
    visits = [world.well(date_from=f"2013-0{m}-05", **kind, measures=[{"measure_id": "luot_kham", "amount": 100 + m}])
              for m in range(1, 7)]  # fmt: skip
    many = [{"measure_id": "luot_kham", "amount": 700}, {"measure_id": "nguoi_kham", "amount": 800}]
    odd = world.well(date_from="2013-08-01", **kind, measures=many)
    twice = [world.well(), world.well()]
    nothing = world.well(date_from="2013-09-01", measures=[])
    parts = [{"measure_id": "gieng", "amount": 1, "measured_on": "2013-07-31"}]
    outside = world.well(date_from="2013-07-01", date_to="2013-07-31", measures=parts)
    foreign = world.well(date_from="2013-10-01")
    with world.post.transaction():  # as a merge leaves it
        world.post.db.execute("UPDATE activity SET date_to = '2013-07-30' WHERE id = ?", [outside])
        of_another_kind(world.post, foreign)
    found = hints_for(world.post, [*visits, odd, *twice, outside, nothing, foreign])
    twice_over = "Cùng loại, nơi, ngày với bản ghi khác (Đồn BP Ia Rvê): ghi hai lần, hay là hoạt động chung?"
    again = "Máy đã hỏi: “Đã có bản ghi như vậy: Giếng khoan · 05/10/2013 · Xã Ia Rvê · Huyện Ea Súp · Tỉnh Đắk Lắk."
    again += " Đây có phải là việc khác không?”"
    again += " Đồn trả lời: là việc khác."
    none = "Máy đã hỏi: “Chưa có số liệu nào (Giếng, Hộ hưởng lợi, Trị giá công trình). Vẫn ghi như vậy?”"
    none += " Đồn trả lời: đúng."
    more = "Lượt người khám, chữa bệnh: 700 lượt; trước đó đồn ghi nhiều nhất là 106 lượt."
    assert found == {
        odd: [more, "Số người (800) nhiều hơn số lượt (700)."],
        twice[0]: [twice_over],
        twice[1]: [twice_over, again],
        outside: ["Số liệu có ngày nằm ngoài thời gian của hoạt động: 31/07/2013."],
        nothing: [none, "Không ghi số liệu nào."],
        foreign: ["Không ghi số liệu nào."],
    }


@pytest.mark.parametrize("accepted", range(3))
def test_of_three_that_look_the_same_a_second_one_is_accepted_only_when_asked(world: World, accepted: int) -> None:
    wells = [world.well() for _number in range(3)]
    world.carry(world.post, world.hq)
    review_queue.review_record(world.hq, wells[accepted], "accepted")
    for other in wells[:accepted] + wells[accepted + 1 :]:
        with pytest.raises(NeedsConfirmation, match="đã được duyệt") as asked:
            review_queue.review_record(world.hq, other, "accepted")
        assert asked.value.alike == wells[accepted], "the one that is accepted, not any one that looks the same"


def test_the_command_line(world: World, run: Run) -> None:
    well, twin = world.well(), world.well()
    world.carry(world.post, world.hq)
    world.close()
    hq = ["--home", str(world.root / "hq")]
    code, out, _err = run(*hq, "hq", "queue", "--json")
    assert (code, [w["id"] for w in json.loads(out)]) == (0, [well, twin])
    code, _out, err = run(*hq, "hq", "return", well, "--comment", "Xem lại", "--field", "khongco")
    assert (code, "không có mục" in err) == (1, True)
    told = ["--comment", "Xem lại", "--field", "measures.gieng", "--comment", "Ngày?", "--field", "date_from"]
    code, _out, err = run(*hq, "hq", "return", well, *told)
    assert code == 0
    assert ", Trực ban · Giếng: “Xem lại” · Ngày: “Ngày?”" in run(*hq, "show", well)[1]
    assert "Trực ban  Sở chỉ huy: ↩ trả lại · Giếng: “Xem lại”" in run(*hq, "show", well, "--history")[1]
    code, _out, err = run(*hq, "hq", "return", well, "--comment", "x", "--field", "measures.khongco")
    assert (code, "“measures.khongco”" in err) == (1, True)
    assert run(*hq, "hq", "return", well, "--field", "measures", "--comment", "x", "--field", "date_from")[0] == 2
    assert run(*hq, "hq", "queue")[1].count("  Đồn BP Ia Rvê · ") == 1
    code, _out, err = run(*hq, "hq", "accept", well)
    assert (code, "Đã duyệt 1" in err) == (0, True)
    code, _out, err = run(*hq, "hq", "accept", twin)
    assert (code, "Bản ghi đối chiếu đã được duyệt" in err) == (1, True)
    assert run(*hq, "hq", "accept", twin, "--confirm")[0] == 0
