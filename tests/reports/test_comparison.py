"""A report beside the period before and its plan, in words; and in one line, how complete it is."""

import io
import re
from datetime import date, timedelta
from pathlib import Path

import docx
import pytest
from field import Run, World, insert, of_another_post
from msgspec.structs import replace

from fieldapp.domain.dates import format_date
from fieldapp.records import lists, records
from fieldapp.reports import narrative
from fieldapp.reports.comparison import change
from fieldapp.reports.completeness import completeness_line, owed
from fieldapp.reports.coverage import Behind, Reported, laptops_heard
from fieldapp.reports.figure_names import measure_and_kind
from fieldapp.reports.figures import Figure
from fieldapp.reports.files import document, letter_text
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import Report, ReturnedRecord, report
from fieldapp.reports.sentences import of_unit
from fieldapp.reports.tables import table
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import enrolment
from fieldapp.work import review_queue

MARCH = Period(date(2013, 3, 1), date(2013, 3, 31))


def made(store: Store, period: Period = MARCH, today: date = date(2013, 5, 2), post: str | None = None) -> Report:
    return report(store, Query(period, post=post, today=today))


def labour(world: World, day: str, **amount: object) -> str:
    return world.well(
        activity_kind_id="lao_dong_san_xuat", date_from=day, measures=[{"measure_id": "ngay_cong", **amount}]
    )


def figure(
    value: int | None, unit: str = "ngày công", title: str = "Ngày công", decimals: int = 0, **more: object
) -> Figure:
    return Figure("labour", "x", title, value, decimals, unit, measure_id="m", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (figure(112), figure(100), "số ngày công tăng 12%"),
        (figure(88), figure(100), "số ngày công giảm 12%"),
        (figure(1001), figure(1000), "số ngày công tăng dưới 1%"),
        (figure(100), figure(100), None),
        (figure(350), figure(100), "số ngày công gấp 3,5 lần"),
        (figure(0), figure(100), "số ngày công giảm 100%"),
        (figure(7), figure(4), "tăng 3 ngày công"),  # from 4 to 7 is no “75%”
        (figure(40), figure(0), "tăng 40 ngày công"),
        (figure(7, "kg", "Gạo"), figure(4, "kg", "Gạo"), "gạo tăng 3 kg"),
        (figure(734, "km", "Chiều dài", 1), figure(700, "km", "Chiều dài", 1), "chiều dài tăng 5%"),
        (figure(15, "đồng", "Trị giá quà"), figure(10, "đồng", "Trị giá quà"), "trị giá quà tăng 50%"),
        (figure(5, "tờ", "Tờ rơi"), figure(2, "tờ", "Tờ rơi"), "tăng 3 tờ rơi"),
        (figure(112, approximate=True), figure(100), "số ngày công tăng khoảng 12%"),
        (figure(100, approximate=True), figure(100), None),
        (figure(None, in_words=["hàng chục"]), figure(100), None),
        (figure(112), figure(100, in_words=["hàng chục"]), None),
        (figure(112), figure(None), None),
    ],
)  # fmt: skip
def test_what_changed_is_told_where_both_are_known(now: Figure, before: Figure, said: str | None) -> None:
    assert change(now, before) == said


def test_no_unit_is_said_twice_and_turns_stay_turns(world: World) -> None:
    """In none of what is shipped: “3 lượt CBCS lượt cán bộ, chiến sĩ”, “4 m mét đường, cầu”."""
    told = {
        row["code"]: of_unit(f"3 {row['unit_name']}", row["unit_name"], row["name"])
        for row in world.hq.rows("SELECT code, unit_name, name FROM measure")
    }
    assert told["luot_cbcs"] == "3 lượt cán bộ, chiến sĩ"
    assert told["luot_phuong_tien"] == "3 lượt phương tiện"
    assert (told["met_duong"], told["km"], told["ha"]) == ("3 m đường, cầu", "3 km đường biên", "3 ha đất")
    assert (told["gao_kg"], told["can_nha"], told["ho_huong_loi"]) == ("3 kg gạo", "3 căn nhà", "3 hộ hưởng lợi")
    assert of_unit("3 lượt biểu dương", "lượt biểu dương", "Biểu dương, khen thưởng") == (
        "3 lượt biểu dương, khen thưởng"
    )
    turns = {code for code, text in told.items() if code.startswith("luot") and not text.startswith("3 lượt ")}
    assert not turns


def test_a_section_ends_with_what_changed(world: World) -> None:
    labour(world, "2013-02-05", amount=100)
    labour(world, "2013-03-05", amount=112)
    told = "Giúp Nhân dân 112 ngày công lao động sản xuất. So với tháng 2/2013, số ngày công tăng 12%."
    assert narrative.prose(made(world.post), "labour") == told
    month_before = Period(date(2013, 1, 1), date(2013, 1, 31))
    assert made(world.post, month_before).figures == []
    february = made(world.post, Period(date(2013, 2, 1), date(2013, 2, 28)))
    assert "So với" not in narrative.prose(february, "labour"), "that nothing is recorded is not zero"
    goes_on = made(world.post, today=date(2013, 3, 20))
    assert "So với" not in narrative.prose(goes_on, "labour"), "20 days are not compared with a month"
    some = Reported(2, [], complete=False, behind=[Behind("9", "Đồn A", date(2013, 3, 2), part=False)])
    assert "So với" not in narrative.prose(replace(made(world.post), reported=some), "labour"), "a post owes figures"
    days = made(world.post, Period(date(2013, 3, 1), date(2013, 3, 30)))
    assert "So với kỳ trước, số" in narrative.prose(days, "labour")
    grid = letter_text.figures_grid(document.make_document(world.post, days.query))
    assert grid.head[-1] == "Kỳ trước (từ ngày 30/01/2013 đến ngày 28/02/2013)", "once, in the table"


def test_what_changed_in_the_same_way_is_told_together_and_the_border_grows_not(world: World) -> None:
    for month, number in ((2, 3), (3, 5)):
        for kind, measures in (
            ("phong_chong_toi_pham", {"vu": number, "doi_tuong": number + month}),
            ("tu_quan_duong_bien", {"km": number, "moc": number, "luot_tuan_tra": number}),
        ):
            world.well(activity_kind_id=kind, date_from=f"2013-{month:02d}-05",
                       measures=[{"measure_id": m, "amount": n} for m, n in measures.items()])  # fmt: skip
    told = narrative.prose(made(world.post), "security")
    assert told == "Phối hợp giải quyết 5 vụ/8 đối tượng. So với tháng 2/2013, tăng 2 vụ, 3 đối tượng."
    assert narrative.prose(made(world.post), "border").endswith(" So với tháng 2/2013, tăng 2 lượt tuần tra.")


def test_the_plan_for_works_names_them_once(world: World) -> None:
    """“Số giếng khoan”, not “Số giếng (giếng khoan)”; turns of people are turns of people."""
    month = {"date_from": "2013-03-01", "date_to": "2013-03-31"}
    for measure, more in (("gieng", {"activity_kind_id": "gieng_khoan"}), ("luot_kham", {})):
        records.save(world.hq, "plan", {**month, "measure_id": measure, "target": 10, **more}, confirm=True)
    world.carry(world.hq, world.post)
    world.well(date_from="2013-03-05", measures=[{"measure_id": "gieng", "amount": 9}])
    visits = [{"measure_id": "luot_kham", "amount": 12}]
    world.well(activity_kind_id="kham_chua_benh", date_from="2013-03-06", measures=visits)
    world.carry(world.post, world.hq)
    assert narrative.plan_lines(made(world.hq)) == [
        "Số giếng khoan đạt 90% kế hoạch tháng 3/2013 (9/10 giếng).",
        "Số lượt người được khám, chữa bệnh vượt 20% kế hoạch tháng 3/2013 (12/10 lượt người).",
    ]
    assert measure_and_kind("Căn nhà · Nhà đại đoàn kết") == ("căn nhà đại đoàn kết", "")
    assert measure_and_kind("Ngày công · Khám, chữa bệnh") == ("ngày công", "khám, chữa bệnh")


@pytest.mark.parametrize(
    ("target", "today", "said"),
    [
        (144, "2013-05-02", "Số ngày công đạt 77% kế hoạch tháng 3/2013 (112/144 ngày công)."),
        (112, "2013-05-02", "Số ngày công hoàn thành kế hoạch tháng 3/2013 (112/112 ngày công)."),
        (100, "2013-05-02", "Số ngày công vượt 12% kế hoạch tháng 3/2013 (112/100 ngày công)."),
        (30, "2013-05-02", "Số ngày công gấp 3,7 lần kế hoạch tháng 3/2013 (112/30 ngày công)."),
        (20_000, "2013-05-02", "Số ngày công đạt 0,5% kế hoạch tháng 3/2013 (112/20.000 ngày công)."),
        (144, "2013-03-20", "Số ngày công đến nay đạt 77% kế hoạch tháng 3/2013 (112/144 ngày công)."),
    ],
)
def test_each_target_is_a_sentence(world: World, target: int, today: str, said: str) -> None:
    plan = {"date_from": "2013-03-01", "date_to": "2013-03-31", "measure_id": "ngay_cong", "target": target}
    records.save(world.hq, "plan", plan)
    labour(world, "2013-03-05", amount=112)
    world.carry(world.post, world.hq)
    assert narrative.plan_lines(made(world.hq, today=date.fromisoformat(today))) == [said]


@pytest.mark.parametrize(
    ("target", "words", "said"),
    [
        (50, False, "vượt khoảng 124% kế hoạch tháng 3/2013 (khoảng 112/50 ngày công)"),
        (112, False, "đạt khoảng 100% kế hoạch tháng 3/2013 (khoảng 112/112 ngày công)"),
        (
            50,
            True,
            "vượt ít nhất khoảng 124% kế hoạch tháng 3/2013 (khoảng 112/50 ngày công, chưa kể báo cáo ghi “hàng chục”)",
        ),
    ],
)
def test_about_so_much_is_about_so_many_percent(world: World, target: int, words: bool, said: str) -> None:
    plan = {"date_from": "2013-03-01", "date_to": "2013-03-31", "measure_id": "ngay_cong", "target": target}
    records.save(world.hq, "plan", plan)
    labour(world, "2013-03-05", amount=112, approximate=True)
    if words:
        labour(world, "2013-03-06", note="hàng chục", approximate=True)
    world.carry(world.post, world.hq)
    assert narrative.plan_lines(made(world.hq)) == [f"Số ngày công {said}."]


def test_many_targets_are_a_table_in_the_letter_s_words(world: World) -> None:
    """No “Ngày công · Đồn”, and no “khoảng 112 và hàng chục / 20.000 ngày công (0%)”."""
    post = world.hq.value("SELECT id FROM post")
    plan = {"date_from": "2013-03-01", "date_to": "2013-03-31", "measure_id": "ngay_cong", "target": 20_000}
    kind = {"activity_kind_id": "lao_dong_san_xuat", "target": 9}
    for more in ({}, {"for_post_id": post}, kind, *({"measure_id": code} for code in FEW_MEASURES)):
        records.save(world.hq, "plan", plan | more, confirm=True)
    labour(world, "2013-03-05", amount=112, approximate=True)
    labour(world, "2013-03-06", note="hàng chục", approximate=True)
    world.carry(world.post, world.hq)
    blocks = letter_text.body(document.make_document(world.hq, made(world.hq).query))
    (rows,) = (b.rows for b in blocks if isinstance(b, letter_text.Grid) and b.head[1] == "Chỉ tiêu")
    assert len(rows) == 9
    found = {row[1]: row[3] for row in rows}
    said = "khoảng 112/20.000 ngày công, chưa kể báo cáo ghi “hàng chục” (ít nhất khoảng 0,5%)"
    assert found["Ngày công"] == found["Đồn BP Ia Rvê: ngày công"] == said
    assert found["Ngày công (giúp Nhân dân lao động sản xuất)"].endswith("(ít nhất khoảng 1.244%)")
    assert found["Lượt người được khám, chữa bệnh"] == "0/20.000 lượt người (0%)"


FEW_MEASURES = ("luot_kham", "gao_kg", "suat_qua", "em", "buoi", "vu")


def test_what_is_unknown_is_no_percentage_of_a_plan(world: World) -> None:
    for measure in ("ngay_cong", "luot_cbcs"):
        plan = {"date_from": "2013-03-01", "date_to": "2013-03-31", "measure_id": measure, "target": 90}
        records.save(world.hq, "plan", plan)
    labour(world, "2013-03-05", note="hàng trăm", approximate=True)
    world.carry(world.post, world.hq)
    assert narrative.plan_lines(made(world.hq)) == [
        "Số ngày công mới ghi “hàng trăm”, chưa có số cụ thể để so với kế hoạch tháng 3/2013 (90 ngày công).",
        "Số lượt cán bộ, chiến sĩ chưa ghi nhận kết quả so với kế hoạch tháng 3/2013 (90 lượt người).",
    ]


# how complete it is -------------------------------------------------------------------------------------------------


def test_one_line_of_words_says_whose_figures_they_are_and_what_they_lack(world: World) -> None:
    labour(world, "2013-03-05", amount=112)
    world.carry(world.post, world.hq)
    of_the_post = "Số liệu tháng 3/2013 được tổng hợp ngày 02/05/2013 từ báo cáo của Đồn BP Ia Rvê."
    assert completeness_line(made(world.hq)) == of_the_post, "the only post is named"
    assert completeness_line(made(world.hq, post="IARVE")) == of_the_post
    assert completeness_line(made(world.post)) == of_the_post.replace("báo cáo", "sổ ghi chép")
    well = {"activity_kind_id": "gieng_khoan", "date_from": "2013-03-06", "unit_id": "24221"}
    records.save(world.post, "activity", well, confirm=True)
    line = completeness_line(made(world.post, today=date(2013, 3, 20)))
    assert line == (
        "Số liệu tổng hợp từ sổ ghi chép của Đồn BP Ia Rvê, tính đến ngày 20/03/2013."
        " 1 hoạt động chưa rõ số lượng nên chưa cộng vào."
    )


def test_of_a_post_that_has_sent_nothing_nothing_else_is_said(world: World) -> None:
    """Not that its figures were put together from its reports, and that none of these were received."""
    enrolment.write_pack(world.hq, code="BOHENG", name="Đồn Bo Heng", dest=world.usb)
    month = Period(date.today().replace(day=1), date.today() + timedelta(days=40))
    line = completeness_line(made(world.hq, month, today=date.today(), post="BOHENG"))
    assert line == f"Đến ngày {format_date(date.today())} chưa nhận được số liệu {month.title} của Đồn Bo Heng."


def test_a_post_known_up_to_a_day_before_the_period_has_sent_nothing_of_it(world: World) -> None:
    """It is not told in November that its figures are there up to 21 October."""
    was = made(world.hq)
    behind = [Behind("1", "Đồn A", date(2013, 3, 2), part=False), Behind("2", "Đồn B", date(2013, 2, 1), part=False)]
    several = replace(was, reported=Reported(2, [], complete=False, behind=behind))
    assert completeness_line(several).endswith(
        "; riêng số liệu của Đồn A mới có đến hết ngày 02/03/2013; chưa nhận được số liệu của Đồn B."
    )
    alone = replace(was, post="Đồn B", reported=Reported(1, [], complete=False, behind=behind[1:]))
    assert completeness_line(alone) == "Đến ngày 02/05/2013 chưa nhận được số liệu tháng 3/2013 của Đồn B."


def test_it_claims_nothing_of_posts_that_were_never_heard_of(world: World) -> None:
    world.carry(world.post, world.hq)
    enrolment.write_pack(world.hq, code="BOHENG", name="Đồn Bo Heng", dest=world.usb)
    assert "đầy đủ" not in completeness_line(made(world.hq))
    first = date.today().replace(day=1)
    today = Period(first, date.today())
    assert "đầy đủ" not in completeness_line(made(world.hq, today, today=date.today())), "the last day goes on"


def test_posts_that_are_missing_are_named_and_the_rest_counted(world: World) -> None:
    for number in range(5):
        enrolment.write_pack(world.hq, code=f"P{number}", name=f"Đồn {number}", dest=world.usb)
    first = date.today().replace(day=1)
    month = Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
    line = completeness_line(made(world.hq, month, today=month.last + timedelta(days=9)))
    assert line.endswith("; chưa nhận được số liệu của Đồn 0, Đồn 1, Đồn 2, Đồn 3, Đồn 4, Đồn BP Ia Rvê.")
    for number in range(5, 10):
        enrolment.write_pack(world.hq, code=f"P{number}", name=f"Đồn {number}", dest=world.usb)
    line = completeness_line(made(world.hq, month, today=month.last + timedelta(days=9)))
    assert line.endswith("; 3 đồn khác cũng chưa gửi đủ số liệu.")


def test_no_post_is_told_to_be_known_up_to_a_day_that_it_is_not(world: World) -> None:
    labour(world, "2013-03-05", amount=112)
    world.carry(world.post, world.hq)
    today, last = date.today(), date.today() + timedelta(days=90)
    whole = Period(date(2013, 1, 1), last)
    line = completeness_line(made(world.hq, whole, today=today))
    assert line == f"Số liệu tổng hợp từ báo cáo của Đồn BP Ia Rvê, tính đến ngày {format_date(today)}."
    later = made(world.hq, whole, today=last)
    assert completeness_line(later) == line
    alone = completeness_line(made(world.hq, whole, today=last, post="IARVE"))
    assert alone == line
    parts = [Behind("1", "Đồn A", date(2013, 3, 2), part=False), Behind("2", "Đồn B", date(2013, 3, 2), part=True)]
    others = [Behind("3", "Đồn C", date(2013, 2, 1), part=False), Behind("4", "Đồn D", None, part=False)]
    told = replace(later, reported=Reported(4, [], complete=False, behind=[*parts, *others]))
    assert completeness_line(told).endswith(
        "; riêng số liệu của Đồn A và một phần số liệu của Đồn B mới có đến hết ngày 02/03/2013; số liệu của Đồn C"
        " mới có đến hết ngày 01/02/2013; chưa nhận được số liệu của Đồn D."
    )


def test_what_waits_is_named_alike_in_the_letter_and_its_annex(world: World) -> None:
    sent_back = [ReturnedRecord("buổi tuyên truyền", f"2013-03-{day:02d}", "Đồn A") for day in range(1, 9)]
    waits = replace(made(world.hq).completeness, returned=8, returned_records=sent_back, waiting=2,
                    waiting_others=2, voided=3)  # fmt: skip
    days = [f"buổi tuyên truyền ngày {day:02d}/03/2013" for day in range(1, 7)]
    text = f"Chưa tổng hợp số liệu {', '.join(days[:-1])} và {days[-1]} của Đồn A; 2 nội dung khác (các nội"
    text += " dung này đã yêu cầu chỉnh sửa, đồn chưa gửi lại); 2 phần số liệu gửi về còn chờ xử lý."
    told = replace(made(world.hq), completeness=waits)
    assert text in completeness_line(told)
    assert "hủy" not in completeness_line(told), "it is in the annex"
    assert narrative.left_out(told)[:2] == [text, "Không tính 3 nội dung đã hủy."]


def test_what_was_returned_is_named_by_its_kind_and_day(world: World) -> None:
    """An officer must know which record a post has to send again; a post need not be told its own name."""
    sent_back = labour(world, "2013-03-05", amount=112)
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    held = records.save(world.post, "meeting", {"party_cell_id": cell, "held_on": "2013-03-20"}, confirm=True)
    world.carry(world.post, world.hq)
    enrolment.write_pack(world.hq, code="BOHENG", name="Đồn Bo Heng", dest=world.usb)
    for record in (sent_back, held):
        review_queue.review_record(world.hq, record, "returned", comments=[review_queue.comment_on("", "Xem lại.")])
    what = "số liệu hoạt động giúp Nhân dân lao động sản xuất ngày 05/03/2013 và kỳ sinh hoạt ngày 20/03/2013"
    line = completeness_line(made(world.hq))
    assert f"Chưa tổng hợp {what} của Đồn BP Ia Rvê (các nội dung này đã yêu cầu chỉnh sửa, đồn chưa gửi lại)." in line
    alone = completeness_line(made(world.hq, post="IARVE"))
    assert f"Chưa tổng hợp {what} (các nội dung này đã yêu cầu chỉnh sửa, đồn chưa gửi lại)." in alone
    world.carry(world.hq, world.post)
    assert f"Chưa tổng hợp {what} (cấp trên đã yêu cầu chỉnh sửa, chưa gửi lại)." in completeness_line(made(world.post))


def test_what_has_come_and_is_not_taken_in_is_named_by_its_post_and_owed_by_nobody(world: World) -> None:
    """In the letter once: there it is said of which posts figures are missing."""
    was = made(world.hq)
    waits = replace(was.completeness, waiting=3, waiting_posts={"3": "Đồn C", "4": "Đồn D"})
    part = [Behind("3", "Đồn C", date(2013, 4, 30), part=True), Behind("3", "Đồn C", None, part=True)]
    told = replace(was, completeness=waits, reported=Reported(4, [], complete=False, behind=part))
    line = completeness_line(told)
    assert (
        "; một phần số liệu của Đồn C mới gửi về, đang kiểm tra, chưa tổng hợp."
        " Chưa tổng hợp phần số liệu của Đồn D mới" in line
    )
    assert "nhận được" not in line
    assert narrative.left_out(told)[0] == "Chưa tổng hợp phần số liệu của Đồn C, Đồn D mới gửi về, đang kiểm tra."
    assert owed(told) == []
    told = replace(told, completeness=replace(waits, waiting_others=1))
    assert "đang kiểm tra; 1 phần số liệu gửi về còn chờ xử lý" in completeness_line(told)


def test_the_report_of_one_post_says_nothing_of_what_waits_of_others(world: World) -> None:
    """What has come of another post is not its own, and not “1 phần số liệu gửi về”."""
    labour(world, "2013-03-05", amount=112)
    world.carry(world.post, world.hq)
    enrolment.write_pack(world.hq, code="BOHENG", name="Đồn Bo Heng", dest=world.usb)
    (row,) = world.hq.rows("SELECT * FROM local_segment WHERE number = 1")
    scope = world.hq.value("SELECT id FROM post WHERE code = 'BOHENG'")
    held = {"hash": "0" * 64, "scope": scope, "state": "held", "reason": "uncertified", "number": None}
    insert(world.hq, "local_segment", {**row, **held, "log_id": scope})
    assert "đang kiểm tra" not in completeness_line(made(world.hq, post="IARVE"))
    assert "chờ xử lý" not in completeness_line(made(world.hq, post="IARVE"))
    for post in ("BOHENG", None):
        assert "Chưa tổng hợp phần số liệu của Đồn Bo Heng mới gửi về" in completeness_line(made(world.hq, post=post))


def hold_again(world: World, row: Row, reason: str = "uncertified") -> None:
    """Let a segment be at headquarters once more, of a laptop whose deliveries wait."""
    held = {"hash": "0" * 64, "state": "held", "reason": reason, "number": None, "log_id": "0" * 36}
    insert(world.hq, "local_segment", {**row, **held})


def test_what_waits_is_told_in_the_letter_of_its_own_period(world: World, run: Run) -> None:
    """A new laptop's records of March are not “đang kiểm tra, chưa tổng hợp” in the letter of February."""
    labour(world, "2013-03-05", amount=112)
    world.carry(world.post, world.hq)
    (row,) = world.hq.rows("SELECT * FROM local_segment WHERE number = 1")
    hold_again(world, row)
    february = Period(date(2013, 2, 1), date(2013, 2, 28))
    for found, is_told in ((made(world.hq), True), (made(world.hq, february), False)):
        assert ("Đồn BP Ia Rvê mới gửi về" in completeness_line(found)) == is_told
        assert "chờ xử lý" not in completeness_line(found)
    assert run("report", "--period", "2013-02", "--json", home="hq")[0] == 0
    world.hq.db.execute("UPDATE local_segment SET bytes = x'00' WHERE number IS NULL")
    assert "Đồn BP Ia Rvê mới gửi về" in completeness_line(made(world.hq, february)), "damaged: nobody knows of when"


@pytest.mark.parametrize(
    "corrected", [{"description": "Gặt lúa"}, {"measures": [{"measure_id": "luot_cbcs", "amount": 9}]}]
)
def test_what_waits_and_changes_a_record_may_be_of_any_period(world: World, corrected: dict[str, object]) -> None:
    """A correction of February's record comes beside March's: its change does not say of which day the record is."""
    record = labour(world, "2013-02-05", amount=112)
    world.carry(world.post, world.hq)
    records.save(world.post, "activity", corrected, record, confirm=True)
    labour(world, "2013-03-05", amount=30)
    world.carry(world.post, world.hq)
    (row,) = world.hq.rows("SELECT * FROM local_segment ORDER BY number DESC LIMIT 1")
    hold_again(world, row)
    february = Period(date(2013, 2, 1), date(2013, 2, 28))
    assert "Đồn BP Ia Rvê mới gửi về" in completeness_line(made(world.hq, february))


@pytest.mark.parametrize(("reason", "may_lack"), [("uncertified", False), ("waits", True)])
def test_what_came_before_a_delivery_that_waits_for_it_is_still_missing(
    world: World, reason: str, may_lack: bool
) -> None:
    """March's delivery came without the one before it, which may have February's records."""
    labour(world, "2013-03-05", amount=30)
    world.carry(world.post, world.hq)
    (row,) = world.hq.rows("SELECT * FROM local_segment ORDER BY number DESC LIMIT 1")
    hold_again(world, row, reason)
    february = made(world.hq, Period(date(2013, 2, 1), date(2013, 2, 28)))
    assert (row["scope"] in february.completeness.waiting_elsewhere) == (not may_lack)


def test_a_period_that_is_not_over_says_so(world: World, run: Run, tmp_path: Path) -> None:
    last = date.today() + timedelta(days=3)
    for form in ("docx", "html"):
        out = tmp_path / f"thu.{form}"
        days = ("--from", "2013-01-01", "--to", last.isoformat())
        assert run("report", *days, "--format", form, "--out", out, home="hq")[0] == 0
        text = (
            out.read_text(encoding="utf-8") if form == "html"
            else "\n".join(p.text for p in docx.Document(str(out)).paragraphs).replace("\N{NO-BREAK SPACE}", " ")
        )  # fmt: skip
        said = f"số liệu đến ngày {format_date(date.today())}"
        assert text.count(f"({said})") >= (1 if form == "html" else 2), "in the title and at the beginning"


def test_the_party_s_letter_is_about_what_it_led_and_an_empty_period_is_named(world: World, run: Run) -> None:
    world.carry(world.post, world.hq)
    enrolment.write_pack(world.hq, code="BOHENG", name="Đồn Bo Heng", dest=world.usb)
    paper = document.make_document(world.hq, made(world.hq).query, "party")
    assert paper.about.startswith("Kết quả lãnh đạo giúp đỡ Nhân dân")
    text = [block.text for block in letter_text.body(paper) if isinstance(block, letter_text.Paragraph)]
    assert "Chưa ghi nhận hoạt động nào trong tháng 3/2013." in text


MACHINES = ("SHA-256", "bản nháp", "phần thay đổi", "fieldapp", "xung đột", "(A)", "gói", "nhật ký", "Số bản ghi", ":")


@pytest.mark.parametrize("layout", ["decree30", "party"])
def test_nothing_of_a_machine_is_in_the_letter(world: World, run: Run, tmp_path: Path, layout: str) -> None:
    """And a name in capitals is not shouted inside a sentence."""
    labour(world, "2013-03-05", amount=112)
    world.carry(world.post, world.hq)
    out = tmp_path / "thu.docx"
    issuer = tmp_path / "dau.json"
    issuer.write_text('{"issuer": "BỘ CHỈ HUY BĐBP TỈNH ĐẮK LẮK"}', encoding="utf-8")
    assert run("letterhead", "--layout", layout, "--json", issuer, home="hq")[0] == 0
    code, _said, err = run(
        "report", "--period", "2013-03", "--format", "docx", "--layout", layout, "--out", out, home="hq"
    )
    assert code == 0, err
    paper = docx.Document(io.BytesIO(out.read_bytes()))
    text = [p.text.replace("\N{NO-BREAK SPACE}", " ") for p in paper.paragraphs if p.text]
    as_set = "\n".join(p.text for p in paper.paragraphs)
    assert not re.search(r"Ia Rvê|tháng \d|112 ngày", as_set), "no line ends within a name, a month, an amount"
    assert "Ia\N{NO-BREAK SPACE}Rvê" in as_set
    assert text[-1].endswith("./." if layout == "decree30" else " trong tháng 3/2013."), "as the layout ends"
    assert (
        "Bộ Chỉ huy BĐBP tỉnh Đắk Lắk báo cáo kết quả Đồn Biên phòng Ia Rvê giúp đỡ Nhân dân và phối hợp với cấp ủy,"
        " chính quyền địa phương trong tháng 3/2013 như sau:" in text
    )
    assert any(line.startswith("Ghi chú: Số liệu tháng 3/2013 được tổng hợp ngày ") for line in text)
    whole = "\n".join(line for line in text if not line.endswith("như sau:")).replace("Ghi chú: ", "")
    assert [word for word in MACHINES if word in whole] == []
    assert any(
        line.startswith("Trên đây là báo cáo kết quả Đồn Biên phòng Ia Rvê giúp đỡ Nhân dân") for line in text
    ), "of what"
    assert [cell.text for cell in paper.tables[1].rows[0].cells] == ["TT", "Nội dung", "Đơn vị tính", "Kết quả"]
    assert [cell.text for cell in paper.tables[1].rows[2].cells] == [
        "1.1", "Ngày công giúp Nhân dân lao động sản xuất", "ngày công", "112"]  # fmt: skip
    assert "2. Bảng số liệu" in text, "it has a number"


def test_posts_of_one_name_are_told_apart_by_their_commune_or_their_code(world: World) -> None:
    """In the letter, in its tables, and in what is received."""
    ours = [labour(world, "2013-03-05", amount=amount) for amount in (1, 2, 3, 4)]
    world.carry(world.post, world.hq)
    communes = [
        world.hq.value("SELECT id FROM unit WHERE code = ? AND valid_to IS NULL", [c]) for c in ("24214", "24221")
    ]
    for at, unit in ((0, 0), (1, 1), (2, 1)):
        of_another_post(world.hq, ours[at], code=f"P{at}")
        with world.hq.transaction():
            world.hq.db.execute("UPDATE post SET name = 'Đồn BP Bo Heng', unit_id = ? WHERE code = ?",
                                [communes[unit], f"P{at}"])  # fmt: skip
    bo_heng = ["(xã Ia Lốp)", "(xã Ia Rvê, mã P1)", "(xã Ia Rvê, mã P2)"]
    named = [*(f"Đồn BP Bo Heng {where}" for where in bo_heng), "Đồn BP Ia Rvê"]
    report_of_all = made(world.hq)
    assert table(world.hq, report_of_all.query, "post").titles == named
    assert [post for post, _laptop, _day in laptops_heard(world.hq)] == named
    assert made(world.hq, post="P0").post == "Đồn BP Bo Heng (xã Ia Lốp)"
    records.void(world.hq, world.hq.value("SELECT id FROM post WHERE code = 'P1'"), "Giải thể.")
    records.void(world.hq, world.hq.value("SELECT id FROM post WHERE code = 'P2'"), "Giải thể.")
    assert table(world.hq, report_of_all.query, "post").titles[0] == "Đồn BP Bo Heng", "the only one in use"


def test_posts_stand_in_the_order_of_the_alphabet(world: World) -> None:
    """“Đ” behind “D”, not behind “Y”: in what was received, and in tables."""
    names = ["Đồn BP Bo Heng", "Đồn BP Đắk Ruê", "Đồn BP Ia Rvê", "Đồn BP Yok M'Bre"]
    ours = [labour(world, "2013-03-05", amount=1) for _name in names]
    world.carry(world.post, world.hq)
    laptop = world.hq.row("SELECT * FROM local_replica WHERE role = 'post'")
    assert laptop is not None
    for at, name in enumerate(names):
        if name != "Đồn BP Ia Rvê":
            of_another_post(world.hq, ours[at], code=f"P{at}")
            with world.hq.transaction():
                world.hq.db.execute("UPDATE post SET name = ? WHERE code = ?", [name, f"P{at}"])
                post = world.hq.value("SELECT id FROM post WHERE code = ?", [f"P{at}"])
                insert(world.hq, "local_replica", {**laptop, "id": f"laptop {at}", "post_id": post})
    received = [name.removesuffix(" (A)") for name, _at in made(world.hq).completeness.posts]
    titles = table(world.hq, made(world.hq).query, "post").titles
    assert (received, titles) == (names, names)
    measure = world.hq.value("SELECT id FROM measure WHERE code = 'ngay_cong'")
    for post in world.hq.rows("SELECT id FROM post WHERE voided_at IS NULL"):
        plan = {"date_from": "2013-03-01", "date_to": "2013-03-31", "measure_id": measure, "target": 90}
        records.save(world.hq, "plan", {**plan, "for_post_id": post["id"]})
    assert [plan.post for plan in made(world.hq).plan] == names
