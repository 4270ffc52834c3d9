"""The nine counting rules, on data where naive counting gives another figure, and against a recount in plain Python."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from field import PASSPHRASE, World, of_another_post
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldapp.records import lists, records
from fieldapp.reports import narrative
from fieldapp.reports.figures import Figure, behind, figures, grouped
from fieldapp.reports.query import Period, Query, period_of
from fieldapp.reports.report import report
from fieldapp.reports.tables import table
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing

YEAR = Query(Period(date(2013, 1, 1), date(2013, 12, 31)))
EXAMPLES = int(os.environ.get("FIELDAPP_EXAMPLES", "25"))


def counted(store: Store, query: Query = YEAR) -> dict[str, Figure]:
    return {f"{f.section}.{f.code}": f for f in figures(store, query)}


def test_houses_of_two_kinds_are_two_figures(world: World) -> None:
    """Summing the measure “căn” gives 17 great-unity houses."""
    for kind, number in (("nha_dai_doan_ket", 12), ("mai_am_bien_gioi", 5)):
        world.well(activity_kind_id=kind, measures=[{"measure_id": "can_nha", "amount": number}])
    found = counted(world.post)
    assert found["works.nha_dai_doan_ket.can_nha"].value == 12
    assert found["works.mai_am_bien_gioi.can_nha"].value == 5


def test_turns_and_persons_never_add_up(world: World) -> None:
    """Rule 1; adding what is counted in “lượt” and “người” gives 260."""
    figures_of = [{"measure_id": "luot_kham", "amount": 170}, {"measure_id": "nguoi_kham", "amount": 90}]
    world.well(activity_kind_id="kham_chua_benh", measures=figures_of)
    found = counted(world.post)
    assert (found["health.luot_kham"].value, found["health.nguoi_kham"].value) == (170, 90)


def test_sorts_of_money_never_add_up(world: World) -> None:
    """Rule 2; adding all that is counted in đồng gives 84 million."""
    world.well(activity_kind_id="kham_chua_benh", measures=[{"measure_id": "tri_gia_kham", "amount": "70tr"}])
    world.well(activity_kind_id="thien_tai", measures=[{"measure_id": "tien_mat", "amount": "14tr"}])
    assert sorted(f.value or 0 for f in figures(world.post, YEAR)) == [14_000_000, 70_000_000]


def strengthen(world: World, day: str, *bodies: dict[str, str], unit: str = "24221") -> str:
    return records.save(world.post, "activity", {
        "activity_kind_id": "cung_co_co_so_chinh_tri", "date_from": day, "unit_id": unit, "targets": list(bodies),
    })  # fmt: skip


def test_a_year_of_bodies_is_not_the_sum_of_its_months(world: World) -> None:
    """Rule 3; the months add up to 2 cells, the year has 1, and the table says why."""
    cell = {"target_type": "party_cell", "party_cell_id": lists.record_window(world.post, "party_cell").rows[0]["id"]}
    strengthen(world, "2013-02-10", cell)
    strengthen(world, "2013-08-10", cell)
    made = table(world.post, YEAR, "month")
    (line,) = [x for x in made.lines if x.figure.code == "cells_strengthened"]
    assert (line.figure.value, sum(p.value or 0 for p in line.parts if p)) == (1, 2)
    assert line.differs
    assert "không bằng tổng" in "".join(narrative.table_notes(made))
    world.well()
    assert not next(x for x in table(world.post, YEAR, "month").lines if x.figure.code == "gieng_khoan.gieng").differs


def test_members_count_while_their_introduction_is_in_force(world: World) -> None:
    """Rule 4; two introductions of one member are 2 rows, and one that began before the period has no date in it."""
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    for name, spans in (("Trần Văn B", [("2012-01-01", "2012-06-30"), ("2012-07-01", None)]),
                        ("Lê Văn C", [("2011-01-01", "2012-12-31")])):  # fmt: skip
        member = records.save(world.post, "member", {"full_name": name})
        for first, last in spans:
            records.save(world.post, "introduction", {
                "member_id": member, "party_cell_id": cell, "date_from": first, "date_to": last})  # fmt: skip
    assert counted(world.post)["party.members_introduced"].value == 1
    before = Query(Period(date(2012, 1, 1), date(2012, 12, 31)))
    assert counted(world.post, before)["party.members_introduced"].value == 2


def second_post(world: World) -> Store:
    """Another post of the same headquarters, certified."""
    stick = world.root / "second"
    stick.mkdir()
    pack = enrolment.write_pack(world.hq, code="IALOP", name="Đồn BP Ia Lốp", dest=stick)
    post = enrolment.init_post(world.root / "post2", pack, user="Lê Văn D", passphrase=PASSPHRASE)
    outgoing.export(post, stick)
    incoming.import_files(world.hq, [stick])
    enrolment.trust_replica(world.hq, "IALOP")
    return post


def test_each_post_has_a_joint_activity_and_the_province_has_it_once(world: World) -> None:
    """Rule 5; adding the posts gives 400 visits, and cutting out the months first counts both in neighbouring ones."""
    other = second_post(world)
    entry = {"activity_kind_id": "kham_chua_benh", "unit_id": "24221", "joint_reference": "PH-01/2013"}
    both = [(world.post, "2013-05-31", "PH-01/2013", 200), (other, "2013-06-01", "ph 01 2013", 200)]
    for store, day, reference, visits in both:
        measures = [{"measure_id": "luot_kham", "amount": visits}]
        records.save(store, "activity", {
            **entry, "date_from": day, "joint_reference": reference, "measures": measures})  # fmt: skip
        world.carry(store, world.hq)
    assert counted(world.hq)["health.luot_kham"].value == 200
    for code in ("IARVE", "IALOP"):
        assert counted(world.hq, replace(YEAR, post=code))["health.luot_kham"].value == 200
    months = [counted(world.hq, YEAR.over(m)).get("health.luot_kham") for m in YEAR.period.months()]
    assert [m.value for m in months if m] == [200]
    assert "phối hợp" in narrative.as_text(report(world.hq, YEAR))
    other.close()


def test_both_views_of_units_have_the_same_figures_where_a_unit_has_one_heir(world: World) -> None:
    """Rule 7; by code, the well of old Xã Ea Bar (24250) would stand in today's Xã Ea Nuôl without a word, and those
    of old Xã Ea Bhốk, which was divided, in one of its two heirs. Old Xã Ia Rvê was kept whole."""
    world.well(unit_id="24250")
    world.well(unit_id="24221")
    world.well(unit_id="24550")
    heir = world.post.value("SELECT id FROM unit WHERE code = '24544' AND valid_to IS NULL")
    world.well(unit_id="24550", unit_now_id=heir)
    named = {
        view: {
            unit and records.get(world.post, unit).row["name"]: {f.code: f.value for f in found}["gieng_khoan.gieng"]
            for unit, found in grouped(world.post, replace(YEAR, view=view), "commune").items()
        }
        for view in ("then", "now")
    }
    assert named["then"] == {"Xã Ea Bar": 1, "Xã Ia Rvê": 1, "Xã Ea Bhốk": 2}
    assert named["now"] == {"Xã Ea Nuôl": 1, "Xã Ia Rvê": 1, "Xã Ea Ktur": 1, None: 1}
    now = replace(YEAR, view="now")
    assert counted(world.post, now)["works.gieng_khoan.gieng"].value == 4
    assert "chưa phân bổ" in narrative.table_rows(table(world.post, now, "commune"))[0]
    assert "1 hoạt động ở đơn vị đã bị chia" in narrative.as_text(report(world.post, now))


def test_records_follow_all_people_of_a_divided_unit(world: World) -> None:
    """Of old Xã Ea Bhốk all people went to Xã Ea Ktur, as headquarters says, and the other part is land only."""
    world.well(unit_id="24550")
    unit = "SELECT id FROM unit WHERE code = ? AND valid_to IS {}"
    old = world.post.value(unit.format("'2025-06-30'"), ["24550"])
    for code, share in (("24544", "all_people"), ("24561", "land_only")):
        heir = world.hq.value(unit.format("NULL"), [code])
        succession = world.hq.value(
            "SELECT id FROM unit_succession WHERE old_unit_id = ? AND new_unit_id = ?", [old, heir]
        )
        records.save(world.hq, "unit_succession", {"share": share}, succession)
    world.carry(world.hq, world.post)
    found = grouped(world.post, replace(YEAR, view="now"), "commune")
    assert [records.get(world.post, unit).row["name"] for unit in found if unit] == ["Xã Ea Ktur"]
    assert [label.split(" · ")[0] for _id, label in lists.successors(world.post, old)] == ["Xã Ea Ktur"]


def test_border_communes_that_were_strengthened_are_a_figure(world: World) -> None:
    """Distinct communes with the mark, which headquarters can take away; Ea Súp (24211) is not on the border."""
    targets = [{"target_type": "commune", "unit_id": code} for code in ("24221", "24214", "24211")]
    for day in ("2013-03-01", "2013-04-01"):
        records.save(world.post, "activity", {
            "activity_kind_id": "cung_co_co_so_chinh_tri", "date_from": day, "unit_id": "24221",
            "targets": targets})  # fmt: skip
    assert counted(world.post)["political_base.border_communes_strengthened"].value == 2
    assert counted(world.post)["political_base.communes_strengthened"].value == 3
    iarve = world.hq.value("SELECT id FROM unit WHERE code = '24221' AND valid_to = '2025-06-30'")
    records.save(world.hq, "unit", {"border": None}, iarve)
    world.carry(world.hq, world.post)
    assert counted(world.post)["political_base.border_communes_strengthened"].value == 1


def test_what_is_left_out_is_said(world: World) -> None:
    """Rule 8; counting all rows gives 2 wells."""
    world.well()
    records.void(world.post, world.well(), "nhập trùng")
    world.post.save_draft("d", "activity", None, {"description": "dở"})
    text = narrative.as_text(report(world.post, YEAR))
    assert counted(world.post)["works.gieng_khoan.gieng"].value == 1
    assert "Chưa tổng hợp 1 nội dung đang viết dở.\nKhông tính 1 nội dung đã hủy.\n" in text


def test_words_are_no_number(world: World) -> None:
    """Rule 9; zero, or a guess of ten, would be added to the 12."""
    for figure in ({"amount": 12}, {"note": "hàng chục", "approximate": True}):
        world.well(activity_kind_id="thien_tai", measures=[{"measure_id": "luot_phuong_tien", **figure}])
    found = counted(world.post)["relief.luot_phuong_tien"]
    assert (found.value, found.text) == (12, "12 phương tiện và hàng chục phương tiện")


def test_a_figure_that_a_merge_left_twice_counts_once(world: World) -> None:
    row_id = world.well()
    world.post.db.execute(
        "INSERT INTO activity_measure (id, post_id, created_at, created_by, activity_id, measure_id, amount,"
        " approximate) SELECT '01ffffff-e504-733d-a09e-000000000000', post_id, created_at, created_by, activity_id,"
        " measure_id, 2, 0 FROM activity_measure WHERE activity_id = ? AND amount = 1",
        [row_id],
    )
    assert counted(world.post)["works.gieng_khoan.gieng"].value == 2


def test_matters_are_told_by_type_and_state(world: World) -> None:
    for due, closed in (("2013-02-10", "2013-02-09"), ("2013-02-10", "2013-02-11"), ("2013-02-10", None), (None, None)):
        records.save(world.post, "matter", {
            "matter_type": "information_exchange", "counterpart": "Đảng ủy xã", "subject": f"Việc {due} {closed}",
            "opened_on": "2013-02-01", "due_on": due, "closed_on": closed})  # fmt: skip
    query = replace(YEAR, today=date(2013, 3, 1))
    found = {f.code.removeprefix("information_exchange"): f.value for f in figures(world.post, query)}
    assert found == {"": 4, "_on_time": 1, "_late": 1, "_overdue": 1, "_open": 1}


def test_a_plan_reaches_the_post_and_says_how_much_is_done(world: World) -> None:
    records.save(world.hq, "plan", {
        "for_post_id": "IARVE", "date_from": "2013-01-01", "date_to": "2013-12-31", "measure_id": "gieng",
        "target": 3})  # fmt: skip
    world.carry(world.hq, world.post)
    world.well()
    world.well()
    (made,) = report(world.post, YEAR).plan
    assert made.text == "2 / 3 giếng (66%)"


def test_a_plan_of_which_nothing_is_done_says_so(world: World) -> None:
    """Not about nothing, and not an unknown number."""
    plan = {"for_post_id": "IARVE", "date_from": "2013-01-01", "date_to": "2013-12-31", "target": 3}
    records.save(world.hq, "plan", {**plan, "indicator": "commendations"})
    records.save(world.hq, "plan", {**plan, "measure_id": "gieng"})
    world.carry(world.hq, world.post)
    made = report(world.post, YEAR).plan
    assert [(p.text, p.figure.count, p.percent) for p in made] == [
        ("0 / 3 lượt biểu dương (0%)", 0, 0), ("0 / 3 giếng (0%)", 0, 0)]  # fmt: skip
    assert made[0].figure.text == "0 lượt biểu dương"


def test_a_report_says_until_when_each_post_is_in(world: World) -> None:
    """By the newest change of each, though their logs are as long."""
    other = second_post(world)
    for store in (world.post, other):
        records.save(store, "event", {"name": "Tết quân dân", "date_from": "2013-01-20"})
        world.carry(store, world.hq)
    own = "SELECT max(at) AS at FROM local_change c JOIN local_log l ON l.id = c.log_id WHERE l.own = 1"
    until = [store.value(own) for store in (other, world.post)]
    assert until[0] > until[1]
    posts = report(world.hq, YEAR).completeness.posts
    assert [(name.split(" (")[0], at) for name, at in posts] == [
        ("Đồn BP Ia Lốp", until[0]), ("Đồn BP Ia Rvê", until[1])]  # fmt: skip
    other.close()


def test_plans_of_all_posts_come_before_those_of_one(world: World) -> None:
    """A report on one post has that post's alone, and so has the post's own."""
    world.post.close()
    world.post = second = second_post(world)
    plan = {"date_from": "2013-01-01", "date_to": "2013-12-31"}
    for number, code in enumerate(["IARVE", None, "IALOP", "IARVE"], start=1):
        measure = "can_nha" if number == 4 else "gieng"
        records.save(world.hq, "plan", {**plan, "measure_id": measure, "for_post_id": code, "target": number})
    first, other = "Đồn BP Ia Rvê", "Đồn BP Ia Lốp"
    made = report(world.hq, YEAR).plan
    assert [(p.post, p.target) for p in made] == [(None, 2), (other, 3), (first, 1), (first, 4)]
    assert [p.target for p in report(world.hq, replace(YEAR, post="IARVE")).plan] == [1, 4]
    world.carry(world.hq, second)
    assert [p.target for p in report(second, YEAR).plan] == [3]


@pytest.mark.parametrize(("text", "first", "last", "title"), [
    ("2026", "2026-01-01", "2026-12-31", "năm 2026"), ("2026-2", "2026-02-01", "2026-02-28", "tháng 2/2026"),
    ("2026-q4", "2026-10-01", "2026-12-31", "quý IV/2026"),
    ("2026-H1", "2026-01-01", "2026-06-30", "6 tháng đầu năm 2026"),
    ("term", "2020-01-01", "2025-12-31", "nhiệm kỳ 2020–2025"),
])  # fmt: skip
def test_periods(text: str, first: str, last: str, title: str) -> None:
    period = period_of(text, date(2026, 11, 25))
    assert (period.first.isoformat(), period.last.isoformat(), period.title) == (first, last, title)
    assert period.before().last == period.first - timedelta(days=1)
    assert sum((m.last - m.first).days + 1 for m in period.months()) == (period.last - period.first).days + 1


@pytest.mark.parametrize("days", [("9999-12-01", "9999-12-31"), ("1900-01-01", "9999-12-31"),
                                  ("1900-01-02", "9999-12-30")])  # fmt: skip
def test_a_report_goes_to_the_end_of_the_calendar(world: World, days: tuple[str, str]) -> None:
    period = Period(date.fromisoformat(days[0]), date.fromisoformat(days[1]))
    world.well()
    assert len(report(world.post, Query(period)).figures) == 2 * (days[0] < "2013")


KINDS = {"kham_chua_benh": "luot_kham", "lao_dong_san_xuat": "ngay_cong", "gieng_khoan": "gieng"}
DAY = st.dates(date(2012, 11, 1), date(2014, 2, 28))
ACTIVITY = st.fixed_dictionaries({
    "kind": st.sampled_from(sorted(KINDS)), "first": DAY, "days": st.integers(0, 40),
    "unit": st.sampled_from(["24221", "24229", "24250"]),
    "amount": st.none() | st.just("hàng chục") | st.integers(0, 900),
    "joint": st.sampled_from([None, None, None, "PH-1"]), "voided": st.booleans(),
    "bodies": st.sets(st.sampled_from(["24214", "24221", "24229"]), max_size=2),
})  # fmt: skip


def recount(entries: Sequence[tuple[str, Mapping[str, Any]]], period: Period) -> dict[str, int]:
    """The same figures, told again from the rules and from nothing else."""
    totals: dict[str, int] = defaultdict(int)
    bodies = set()
    for e in (e for _row_id, e in entries if not e["voided"]):
        end = e["first"] + timedelta(days=e["days"])
        if not period.first <= end <= period.last:
            continue
        bodies |= e["bodies"]
        if isinstance(e["amount"], int):  # all are of one post, which a joint reference takes nothing from
            measure = KINDS[e["kind"]]
            totals[f"{e['kind']}.{measure}" if measure == "gieng" else measure] += e["amount"]
    if bodies:
        totals["communes_strengthened"] = totals["border_communes_strengthened"] = len(bodies)
    return {code: n for code, n in totals.items() if n}


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTIVITY, max_size=10), DAY, st.integers(0, 400))
def test_the_figures_equal_a_recount(world: World, drawn: list[dict[str, Any]], first: date, days: int) -> None:
    period = Period(first, first + timedelta(days=days))
    store = world.post
    store.db.execute("BEGIN IMMEDIATE")
    try:
        store.db.execute("UPDATE local_session SET actor = 'x', applying = 0")
        entries = []
        for e in drawn:
            said = {"amount": e["amount"]} if isinstance(e["amount"], int) else {"note": e["amount"]}
            amount = [] if e["amount"] is None else [{"measure_id": KINDS[e["kind"]], **said}]
            row_id = records.save(store, "activity", {
                "activity_kind_id": e["kind"], "date_from": e["first"], "date_to": e["first"] + timedelta(e["days"]),
                "unit_id": store.value("SELECT id FROM unit WHERE code = ? AND valid_to IS NOT NULL", [e["unit"]]),
                "joint_reference": e["joint"], "measures": amount,
                "targets": [{"target_type": "commune", "unit_id": store.value(
                    "SELECT id FROM unit WHERE code = ? AND valid_to IS NOT NULL", [b])} for b in sorted(e["bodies"])],
            }, confirm=True)  # fmt: skip
            if e["voided"]:
                records.void(store, row_id, "x")
            entries.append((row_id, e))
        found = figures(store, Query(period))
        assert {f.code: f.value for f in found if f.value} == recount(entries, period)
        for figure in found:
            assert sum(line.amount or 0 for line in behind(store, Query(period), figure)) == (figure.value or 0)
        for view in ("then", "now"):
            parts = grouped(store, replace(Query(period), view=view), "commune")
            for figure in (f for f in found if f.measure_id):
                split = sum(f.value or 0 for part in parts.values() for f in part if f.code == figure.code)
                assert split == (figure.value or 0)
    finally:
        store.db.execute("ROLLBACK")


def test_tasks_of_one_agreement_that_two_posts_entered_are_one(world: World) -> None:
    """A naive count gives a task for each post's own entry of the regulation; joint activities count once."""
    given = {"name": "Quy chế phối hợp", "date_from": "2008-01-01"}
    tasks = [{"number": 1, "title": "Tuyên truyền"}, {"number": 2, "title": "Trao đổi thông tin"}]
    ids = []
    for name in (given["name"], "Quy chế phối hơp".replace("hơp", "hợp")):
        agreement = records.save(world.post, "agreement", {**given, "name": name, "tasks": tasks}, confirm=True)
        ids.append([t["id"] for t in records.get(world.post, agreement).children["tasks"]])
    wells = [world.well(agreement_task_id=of_post[0], joint_reference="C-1") for of_post in ids]
    of_another_post(world.post, wells[1])
    matter = {"matter_type": "information_exchange", "counterpart": "Đảng ủy xã Ia Lốp", "opened_on": "2013-05-01"}
    for at, due in enumerate(("2013-05-05", "2013-05-30")):
        records.save(
            world.post,
            "matter",
            {
                **matter,
                "subject": f"Việc {at}",
                "due_on": due,
                "closed_on": "2013-05-20",
                "agreement_task_id": ids[at][1],
            },
        )
    made = report(world.post, YEAR)
    assert [(t.number, t.activities, t.matters) for t in made.tasks] == [(1, 1, 0), (2, 0, 2)]
    assert [(x.counterpart, x.number) for x in made.late] == [("Đảng ủy xã Ia Lốp", 1)]
    text = narrative.as_text(made)
    assert "Quy chế phối hợp, nhiệm vụ 1: Tuyên truyền: 1 hoạt động" in text
    assert "Đảng ủy xã Ia Lốp: 1 việc phối hợp (trao đổi thông tin)" in text
