"""What a report proposes to say about good and weak points, from its records alone."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from field import World, of_another_post
from msgspec.structs import replace

from fieldapp.domain.dates import format_date
from fieldapp.records import records
from fieldapp.reports.completeness import as_of, completeness_line
from fieldapp.reports.coordination import LateWith
from fieldapp.reports.coverage import Behind, NotReported, Reported
from fieldapp.reports.files import document
from fieldapp.reports.joint import Disputed, JointDeed
from fieldapp.reports.proposals import SECTIONS, proposals
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import ReturnedRecord, report
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment

TODAY = date.today()
THIS_MONTH = TODAY.replace(day=1)
LAST_MONTH = Period((THIS_MONTH - timedelta(days=1)).replace(day=1), THIS_MONTH - timedelta(days=1))


def proposed(store: Store, period: Period = LAST_MONTH, today: date = TODAY) -> Mapping[str, list[str]]:
    return proposals(store, report(store, Query(period, today=today)))


def labour(world: World, day: date, amount: object) -> str:
    return records.save(world.post, "activity", {
        "activity_kind_id": "lao_dong_san_xuat", "date_from": day.isoformat(), "unit_id": "24221",
        "measures": [{"measure_id": "ngay_cong", "amount": amount}]}, confirm=True)  # fmt: skip


def test_a_post_that_has_not_reported_a_month_is_named(world: World) -> None:
    enrolment.write_pack(world.hq, code="BOHENG", name="Đồn Bo Heng", dest=world.usb)
    labour(world, TODAY, 5)
    world.carry(world.post, world.hq)
    later = THIS_MONTH + timedelta(days=62)
    month = Period(THIS_MONTH, (THIS_MONTH + timedelta(days=31)).replace(day=1) - timedelta(days=1))
    found = proposed(world.hq, month, later)
    assert [*found] == list(SECTIONS)
    assert found["shortcomings"][0] == (
        f"Đến ngày {format_date(later)}, một số đồn chưa gửi đủ số liệu: Đồn Bo Heng chưa báo cáo {month.title}; Đồn BP"
        f" Ia Rvê báo cáo {month.title} chưa đầy đủ."
    )
    (seen_to,) = [s for s in found["directions"] if s.startswith("Chỉ đạo các đồn")]
    assert "Đồn Bo Heng" in seen_to
    assert proposed(world.hq, month, TODAY)["shortcomings"] == [], "a month that goes on is not missing"
    assert proposed(world.post, month, later)["shortcomings"] == [], "a post does not know of others"


def test_a_late_post_has_not_reported_the_month_that_goes_on_either(world: World) -> None:
    labour(world, TODAY, 5)
    world.carry(world.post, world.hq)
    later = THIS_MONTH + timedelta(days=100)
    found_period = Period(THIS_MONTH, later)
    found, months = proposed(world.hq, found_period, later), found_period.months()
    said = f"Đồn BP Ia Rvê báo cáo {months[0].title} chưa đầy đủ, chưa báo cáo "
    assert found["shortcomings"][0].startswith(said)
    assert months[-1].title in found["shortcomings"][0], "nothing of it has arrived for longer than is allowed"
    (seen_to,) = [s for s in found["directions"] if s.startswith("Chỉ đạo Đồn BP Ia Rvê ")]
    assert "nghiêm chế độ báo cáo, gửi đủ số liệu " in seen_to
    assert "và toàn bộ tháng " in seen_to


def test_on_the_day_after_a_month_nobody_is_blamed_for_its_last_evening_or_for_the_new_month(world: World) -> None:
    """What a post wrote on the month's last day, or a stick takes a week to bring, is no late report; and the letter is
    told up to the day up to which posts are known."""
    labour(world, TODAY, 5)
    world.carry(world.post, world.hq)
    enrolment.write_pack(world.hq, code="BOHENG", name="Đồn Bo Heng", dest=world.usb)
    silent = world.hq.value("SELECT id FROM post WHERE code = 'BOHENG'")
    last = Period(TODAY - timedelta(days=20), TODAY + timedelta(days=40))
    for later in (1, 7):
        found = report(world.hq, Query(last, today=TODAY + timedelta(days=later)))
        assert found.reported.missing == []
        assert found.reported.as_of == TODAY
        assert [post.post_id for post in found.reported.behind] == [silent]
        assert f"tính đến ngày {format_date(TODAY)}" in completeness_line(found)
        assert document.up_to(found.query, as_of(found)) == f"số liệu đến ngày {format_date(TODAY)}"
    ended = report(world.hq, Query(Period(THIS_MONTH, TODAY), today=TODAY + timedelta(days=30)))
    assert [post.post_id for post in ended.reported.missing] in ([], [silent]), "it is known up to its last day"


def test_the_posts_that_are_urged_are_those_that_are_blamed(world: World) -> None:
    """With what they still have to send: not with a month of which eighteen days are there."""
    made = report(world.hq, Query(Period(date(2026, 10, 1), date(2026, 12, 31)), today=date(2026, 11, 30)))
    behind = [
        Behind("1", "Đồn A", date(2026, 11, 18), part=False),
        Behind("2", "Đồn B", date(2026, 10, 21), part=False),
        Behind("3", "Đồn C", date(2026, 11, 18), part=True),
        Behind("4", "Đồn D", date(2026, 11, 27), part=False),
    ]
    october = [NotReported("2", "Đồn B", [], [made.query.period.months()[0]])]
    found = proposals(world.hq, replace(made, reported=Reported(4, october, complete=False, behind=behind)))
    assert found["shortcomings"] == [
        "Đến ngày 30/11/2026, một số đồn chưa gửi đủ số liệu: Đồn A, Đồn C báo cáo tháng 11/2026 chưa đầy đủ; Đồn B"
        " báo cáo tháng 10/2026 chưa đầy đủ, chưa báo cáo tháng 11/2026."
    ]
    assert found["directions"] == [
        "Chỉ đạo các đồn thực hiện nghiêm chế độ báo cáo, gửi đủ số liệu còn thiếu: Đồn A (số liệu từ ngày 19/11 đến"
        " ngày 30/11/2026); Đồn B (số liệu từ ngày 22/10 đến ngày 31/10/2026 và toàn bộ tháng 11/2026); Đồn C (phần"
        " số liệu còn thiếu từ ngày 19/11 đến ngày 30/11/2026)."
    ]


def test_what_the_note_says_is_not_settled_is_among_the_tasks(world: World) -> None:
    """What was returned, what posts do not agree on, and what has come and is not taken in."""
    made = report(world.hq, Query(Period(date(2026, 10, 1), date(2026, 12, 31)), today=date(2026, 11, 30)))
    sent_back = [
        ReturnedRecord("buổi tuyên truyền", "2026-11-12", "Đồn A"),
        ReturnedRecord("xếp loại chi bộ", None, "Đồn A"),
        ReturnedRecord("kỳ sinh hoạt", "2026-11-05", "Đồn B"),
    ]
    state = replace(made.completeness, returned=3, returned_records=sent_back, waiting=1, waiting_posts={"4": "Đồn D"})
    said = Disputed("TTC-11", "Lượt người tham gia", [("Đồn B", "40 lượt"), ("Đồn C", "45 lượt")])
    disputed = {"m": ("số lượt", said)}
    deed = JointDeed("security", "k", "cuộc tuần tra chung", "2026-11-05", "2026-11-05", ["Đồn B", "Đồn C"], disputed)
    found = proposals(world.hq, replace(made, completeness=state, joint=[deed]))
    assert found["directions"] == [
        "Chỉ đạo cơ quan chức năng đôn đốc các đồn chỉnh sửa, gửi lại số liệu: Đồn A (buổi tuyên truyền ngày 12/11/2026"
        " và xếp loại chi bộ), Đồn B (kỳ sinh hoạt ngày 05/11/2026); đôn đốc Đồn B và Đồn C thống nhất số liệu cuộc"
        " tuần tra chung ngày 05/11/2026; kiểm tra, tổng hợp bổ sung số liệu do Đồn D mới gửi về."
    ]
    assert found["shortcomings"][-2:] == [
        "Đồn A, Đồn B chưa gửi lại số liệu đã yêu cầu chỉnh sửa.",
        "Đồn B và Đồn C báo cáo số liệu chưa thống nhất về cuộc tuần tra chung ngày 05/11/2026.",
    ]


def test_one_record_that_was_returned_is_asked_for_by_its_name(world: World) -> None:
    made = report(world.hq, Query(Period(date(2026, 10, 1), date(2026, 12, 31)), today=date(2026, 11, 30)))
    sent_back = [ReturnedRecord("buổi tuyên truyền", "2026-11-12", "Đồn A")]
    state = replace(made.completeness, returned=1, returned_records=sent_back)
    asked = "Chỉ đạo cơ quan chức năng đôn đốc Đồn A chỉnh sửa, gửi lại số liệu buổi tuyên truyền ngày 12/11/2026."
    found = proposals(world.hq, replace(made, completeness=state))
    assert found["directions"] == [asked]
    assert found["shortcomings"] == [
        "Đồn A chưa gửi lại số liệu đã yêu cầu chỉnh sửa (buổi tuyên truyền ngày 12/11/2026)."
    ]
    own = replace(made, completeness=state, reported=replace(made.reported, own="Đồn A"))
    assert proposals(world.hq, own)["directions"] == [], "a post does not urge itself"


def test_what_the_plans_have_left_is_told_by_their_periods(world: World) -> None:
    for measure, first in (("ngay_cong", "2013-10-01"), ("luot_kham", "2013-10-01"), ("ngay_cong", "2013-01-01")):
        plan = {"date_from": first, "date_to": "2013-12-31", "measure_id": measure, "target": 90}
        records.save(world.hq, "plan", plan, confirm=True)
    labour(world, date(2013, 11, 5), 30)
    visits = [{"measure_id": "luot_kham", "amount": 30}]
    world.well(activity_kind_id="kham_chua_benh", date_from="2013-11-05", measures=visits)
    world.carry(world.post, world.hq)
    found = proposed(world.hq, Period(date(2013, 1, 1), date(2013, 12, 31)), date(2013, 11, 24))
    assert [line for line in found["directions"] if "kế hoạch" in line] == [
        "Tiếp tục thực hiện kế hoạch năm 2013; còn lại 60 ngày công.",
        "Tiếp tục thực hiện kế hoạch quý IV/2013; còn lại 60 ngày công, 60 lượt người được khám, chữa bệnh.",
    ]
    in_words = [{"measure_id": "luot_kham", "note": "hàng chục", "approximate": True}]
    world.well(activity_kind_id="kham_chua_benh", date_from="2013-11-06", measures=in_words)
    world.carry(world.post, world.hq)
    found = proposed(world.hq, Period(date(2013, 10, 1), date(2013, 12, 31)), date(2013, 11, 24))
    assert found["directions"][-1].endswith("; còn lại 60 ngày công, không quá 60 lượt người được khám, chữa bệnh.")


def test_a_committee_of_the_party_leads_and_the_staff_does_the_desk_work(world: World) -> None:
    """By the proposals of the Party's letter; what the officer wrote stays as written."""
    made = report(world.hq, Query(Period(date(2013, 1, 1), date(2013, 12, 31)), today=date(2013, 11, 24)))
    plan = {"date_from": "2013-01-01", "date_to": "2013-12-31", "measure_id": "ngay_cong", "target": 90}
    records.save(world.hq, "plan", plan, confirm=True)
    post = world.hq.value("SELECT id FROM post")
    records.save(world.hq, "plan", plan | {"for_post_id": post}, confirm=True)
    made = report(world.hq, made.query)
    behind = [Behind(name, name, date(2013, 9, 18), part=False) for name in ("Đồn A", "Đồn B")]
    state = replace(made.completeness, returned=1, returned_records=[ReturnedRecord("kỳ sinh hoạt", None, "Đồn A")])
    late = [LateWith("Đảng ủy xã Ia Lốp", "information_exchange", 2)]
    reported = Reported(2, [], complete=False, behind=behind)
    of_all = replace(made, completeness=state, late=late, reported=reported)
    tasks = proposals(world.hq, of_all, "party")["directions"]
    assert [re.split(" các đồn | gửi lại | năm ", task)[0] for task in tasks] == [
        "Lãnh đạo, chỉ đạo",
        "Chỉ đạo cơ quan chức năng đôn đốc Đồn A chỉnh sửa,",
        "Lãnh đạo thực hiện đúng thời hạn việc trao đổi thông tin.",
        "Lãnh đạo tiếp tục thực hiện kế hoạch",
        "Lãnh đạo, chỉ đạo Đồn BP Ia Rvê tiếp tục thực hiện kế hoạch",
    ]
    given = proposals(world.hq, of_all)["directions"]
    assert [task.split()[0] for task in given] == ["Chỉ", "Chỉ", "Thực", "Tiếp", "Chỉ"], "an office commands"


def test_what_is_late_is_named_with_whom(world: World) -> None:
    for day in (3, 7):
        records.save(world.post, "matter", {
            "matter_type": "information_exchange", "counterpart": "Đảng ủy xã Ia Lốp", "subject": f"Tình hình {day}",
            "opened_on": f"2013-11-{day:02d}", "due_on": "2013-11-10", "closed_on": "2013-11-20",
        }, confirm=True)  # fmt: skip
    found = proposed(world.post, Period(date(2013, 11, 1), date(2013, 11, 30)))
    assert found["shortcomings"] == ["Còn 2 việc trao đổi thông tin chậm (với Đảng ủy xã Ia Lốp)."]
    assert found["proposals"] == [], "the report goes to the body above, not to that committee"
    records.save(world.post, "matter", {
        "matter_type": "information_exchange", "counterpart": "Đảng ủy xã Ea Bung", "subject": "Tình hình",
        "opened_on": "2013-11-03", "due_on": "2013-11-10", "closed_on": "2013-11-20",
    }, confirm=True)  # fmt: skip
    found = proposed(world.post, Period(date(2013, 11, 1), date(2013, 11, 30)))
    assert found["shortcomings"] == [
        "Còn 3 việc trao đổi thông tin chậm (với Đảng ủy xã Ia Lốp 2 việc, với Đảng ủy xã Ea Bung 1 việc)."
    ]


def test_the_first_of_several_posts_is_named_and_nobody_alone(world: World) -> None:
    of = Period(date(2013, 3, 1), date(2013, 3, 31))
    labour(world, date(2013, 3, 5), 120)
    assert proposed(world.post, of)["assessment"] == []
    of_another_post(world.post, labour(world, date(2013, 3, 6), 80))
    assert proposed(world.post, of)["assessment"] == [
        "Đơn vị có kết quả nổi bật: Đồn BP Ia Rvê giúp Nhân dân 120 ngày công (trong tổng số 200 ngày công)."
    ]
    of_another_post(world.post, labour(world, date(2013, 3, 7), 40))
    assert proposed(world.post, of)["assessment"] == [], "120 and 120: nobody is first"


def test_the_first_of_several_posts_held_so_many_of_so_many(world: World) -> None:
    for day, amount in ((5, 6), (6, 18)):
        measures = [{"measure_id": "buoi", "amount": amount}]
        talk = world.well(activity_kind_id="tuyen_truyen", date_from=f"2013-03-{day:02d}", measures=measures)
    of_another_post(world.post, talk)
    assert proposed(world.post, Period(date(2013, 3, 1), date(2013, 3, 31)))["assessment"] == [
        "Đơn vị có kết quả nổi bật: Đồn IALOP tổ chức 18 buổi tuyên truyền, phổ biến, giáo dục pháp luật (trong tổng"
        " số 24 buổi)."
    ]


def test_what_two_sections_count_is_told_with_its_section(world: World) -> None:
    """“của tổng số 16 lượt” would be untrue of a letter that mobilised 16 against floods and 40 for labour."""
    floods = [{"measure_id": "luot_cbcs", "amount": amount} for amount in (4, 12)]
    for day, measure in zip((5, 6), floods, strict=True):
        relief = world.well(activity_kind_id="thien_tai", date_from=f"2013-03-{day:02d}", measures=[measure])
    both = [{"measure_id": "ngay_cong", "amount": 40}, {"measure_id": "luot_cbcs", "amount": 40}]
    world.well(activity_kind_id="lao_dong_san_xuat", date_from="2013-03-07", measures=both)
    of_another_post(world.post, relief)
    (said,) = proposed(world.post, Period(date(2013, 3, 1), date(2013, 3, 31)))["assessment"]
    assert "12 lượt cán bộ, chiến sĩ phòng, chống, khắc phục hậu quả thiên tai (trong tổng số 16 lượt)" in said


def test_what_several_kinds_share_has_a_verb_and_no_body_is_asked_for_what_is_not_its_own(world: World) -> None:
    """“tặng 7 suất quà” and not “có 7 suất quà”; nobody asks a committee that it be advised in time."""
    for amount in (2, 7):
        measures = [{"measure_id": "suat_qua", "amount": amount}]
        gifts = world.well(activity_kind_id="xuan_bien_phong", date_from="2013-01-20", measures=measures)
        world.well(activity_kind_id="tang_qua_chinh_sach", date_from="2013-07-20", measures=measures)
    month = Period(date(2013, 1, 1), date(2013, 12, 31))
    records.save(world.post, "matter", {
        "matter_type": "advice_to_committee", "counterpart": "Đảng ủy xã Ia Lốp", "subject": "Tình hình",
        "opened_on": "2013-11-03", "due_on": "2013-11-10", "closed_on": "2013-11-20",
    }, confirm=True)  # fmt: skip
    plan = {"date_from": "2013-01-01", "date_to": "2013-12-31", "measure_id": "suat_qua", "target": 90}
    records.save(world.hq, "plan", plan, confirm=True)
    world.carry(world.post, world.hq)
    of_another_post(world.hq, gifts)
    found = proposed(world.hq, month)
    assert found["assessment"][-1] == (
        "Đơn vị có kết quả nổi bật: Đồn BP Ia Rvê tặng 11 suất quà (trong tổng số 18 suất)."
    )
    assert found["proposals"] == []
    assert "Số suất quà chỉ đạt 20% kế hoạch năm 2013 (18/90 suất)." in found["shortcomings"]


def test_what_grew_and_what_fell_stands_under_its_heading(world: World) -> None:
    labour(world, date(2013, 2, 5), 200)
    labour(world, date(2013, 3, 5), 300)
    labour(world, date(2013, 4, 5), 100)
    grown = proposed(world.post, Period(date(2013, 3, 1), date(2013, 3, 31)))
    assert grown["assessment"] == ["So với tháng 2/2013, số ngày công tăng 50%."]
    fallen = proposed(world.post, Period(date(2013, 4, 1), date(2013, 4, 30)))
    assert (fallen["assessment"], fallen["shortcomings"]) == ([], ["So với tháng 3/2013, số ngày công giảm 67%."])
