"""Soft limits ask once and remember; hard ones refuse; problems of all parts are told together."""

import pytest
from field import World

from fieldapp.errors import FieldappError, Unsure
from fieldapp.store import records, view


def clinic(world: World, visits: int, **more: object) -> str:
    """A clinic day at the post."""
    entry = {"activity_kind_id": "kham_chua_benh", "date_from": "2013-11-05", "unit_id": "24221"}
    figures = [{"measure_id": "luot_kham", "amount": visits}]
    return records.save(world.post, "activity", {**entry, "measures": figures}, **more)  # type: ignore[arg-type]


def test_an_unusual_figure_is_asked_about_once_and_the_answer_travels(world: World) -> None:
    with pytest.raises(Unsure) as asked:
        clinic(world, 5000)
    assert "5.000 lượt" in asked.value.fields["measures.0.amount"]
    row_id = clinic(world, 5000, confirm=True)
    records.save(world.post, "activity", {"description": "cùng trạm y tế"}, row_id)
    again = [{"measure_id": "luot_kham", "amount": 5000}]
    records.save(world.post, "activity", {"measures": again}, row_id)
    with pytest.raises(Unsure):
        records.save(world.post, "activity", {"measures": [{"measure_id": "luot_kham", "amount": 6000}]}, row_id)
    world.carry(world.post, world.hq)
    shown = dict(view.describe(world.hq, records.get(world.hq, row_id)))
    assert shown["Số liệu"].endswith("5.000 lượt (đã xác nhận)")


def test_rice_in_tonnes_and_a_day_to_come_are_asked_about(world: World) -> None:
    entry = {"activity_kind_id": "thien_tai", "unit_id": "24229", "date_from": "2098-01-01"}
    with pytest.raises(Unsure) as asked:
        records.save(world.post, "activity", {**entry, "measures": [{"measure_id": "gao_kg", "amount": 2}]})
    assert set(asked.value.fields) == {"date_from", "measures.0.amount"}


def test_a_hard_limit_refuses_whoever_insists(world: World) -> None:
    limit = world.hq.row("SELECT k.id FROM kind_measure k JOIN measure m ON m.id = k.measure_id WHERE m.code = 'vu'")
    assert limit is not None
    records.save(world.hq, "kind_measure", {"maximum": 100}, limit["id"])
    world.carry(world.hq, world.post)
    entry = {"activity_kind_id": "phong_chong_toi_pham", "unit_id": "24221", "date_from": "2013-01-05"}
    with pytest.raises(FieldappError) as refused:
        figures = [{"measure_id": "vu", "amount": 101}]
        records.save(world.post, "activity", {**entry, "measures": figures}, confirm=True)
    assert not isinstance(refused.value, Unsure)
    assert "100" in refused.value.fields["measures.0.amount"]


def test_what_is_wrong_anywhere_is_told_at_once(world: World) -> None:
    with pytest.raises(FieldappError) as refused:
        records.save(world.post, "activity", {
            "activity_kind_id": "gieng_khoan", "date_from": "31/02/2013", "unit_id": "không có",
            "measures": [{"measure_id": "gieng", "amount": "2.1"}],
        })  # fmt: skip
    assert set(refused.value.fields) == {"date_from", "unit_id", "measures.0.amount"}


def test_an_extra_field_added_at_headquarters_is_recorded_at_the_post(world: World) -> None:
    kind = records.save(world.hq, "activity_kind", {"code": "trong_rung", "name": "Trồng rừng", "section": "labour"})
    measure = records.save(world.hq, "measure", {
        "code": "cay", "name": "Cây trồng", "unit_name": "cây", "nature": "quantity"})  # fmt: skip
    records.save(world.hq, "kind_measure", {"activity_kind_id": kind, "measure_id": measure, "usual_maximum": "5.000"})
    records.save(world.hq, "kind_field", {
        "activity_kind_id": kind, "code": "giong", "name": "Giống cây", "field_type": "choice",
        "choices": "Keo; Bạch đàn", "needed": True})  # fmt: skip
    world.carry(world.hq, world.post)
    entry = {"activity_kind_id": "trong_rung", "unit_id": "24221", "date_from": "2013-06-05"}
    figures = [{"measure_id": "cay", "amount": "1.200"}]
    with pytest.raises(FieldappError, match=r"bắt buộc|cần"):
        records.save(world.post, "activity", {**entry, "measures": figures})
    row_id = records.save(world.post, "activity", {**entry, "measures": figures, "extras": {"giong": "bach dan"}})
    assert ("Trường bổ sung", "Giống cây: Bạch đàn") in view.describe(world.post, records.get(world.post, row_id))
    records.void(world.hq, kind, "không dùng nữa")
    world.carry(world.hq, world.post)
    with pytest.raises(FieldappError):
        records.save(world.post, "activity", {**entry, "extras": {"giong": "Keo"}})
    records.save(world.post, "activity", {"description": "đợt 2"}, row_id)


@pytest.mark.parametrize(("kind", "entry"), [
    ("agreement", {"name": "Quy chế 2008", "date_from": "2008-01-01", "tasks": [
        {"number": 1, "title": "Tuyên truyền"}, {"number": 2, "title": "Trao đổi thông tin"}]}),
    ("matter", {"matter_type": "information_exchange", "counterpart": "Đảng ủy xã", "subject": "Cột mốc",
        "opened_on": "2013-01-01", "due_on": "2013-01-10"}),
    ("self_management_group", {"name": "Tổ 1", "unit_id": "24221", "date_from": "2013-01-01", "households": 12}),
    ("review_meeting", {"review_type": "final_review", "held_on": "2013-12-20"}),
    ("commendation", {"awarded_on": "2013-12-20", "recipient_type": "individual", "recipient": "Nguyễn Văn A"}),
    ("cell_rating", {"party_cell_id": "Chi bộ buôn Ba Na", "year": 2013, "rating": "good"}),
])  # fmt: skip
def test_every_new_kind_crosses_to_headquarters(world: World, kind: str, entry: dict[str, object]) -> None:
    row_id = records.save(world.post, kind, entry)
    world.carry(world.post, world.hq)
    assert records.get(world.hq, row_id) == records.get(world.post, row_id)


def test_the_task_of_an_agreement_keeps_its_identity_and_is_named_by_activities(world: World) -> None:
    tasks = [{"number": 1, "title": "Tuyên truyền"}, {"number": 2, "title": "Giúp dân"}]
    row_id = records.save(world.post, "agreement", {"name": "Quy chế", "date_from": "2008-01-01", "tasks": tasks})
    before = {t["number"]: t["id"] for t in records.get(world.post, row_id).children["tasks"]}
    tasks[1] = {"number": 2, "title": "Giúp dân sản xuất"}
    records.save(world.post, "agreement", {"tasks": tasks}, row_id)
    after = {t["number"]: t["id"] for t in records.get(world.post, row_id).children["tasks"]}
    assert after == before
    world.well(agreement_task_id="giúp dân sản xuất")


def test_a_year_is_rated_once(world: World) -> None:
    entry = {"party_cell_id": "Chi bộ buôn Ba Na", "year": 2013, "rating": "good"}
    records.save(world.post, "cell_rating", entry)
    with pytest.raises(FieldappError, match="Ba Na"):
        records.save(world.post, "cell_rating", {**entry, "rating": "excellent"})
