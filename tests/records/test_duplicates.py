"""What looks as if it were recorded already is asked about, and what does not is not."""

from typing import Any

import pytest
from field import Run, World

from fieldapp.errors import NeedsConfirmation
from fieldapp.records import records
from fieldapp.store.store import Store

WELL = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221"}
MATTER = {"matter_type": "support_request", "counterpart": "Đảng ủy xã", "subject": "Xin máy bơm",
          "opened_on": "2013-10-05"}  # fmt: skip
PRAISE = {"awarded_on": "2013-10-05", "recipient_type": "collective", "recipient": "Đội 3", "form": "Giấy khen"}
ENTRIES: dict[str, dict[str, Any]] = {"activity": WELL, "matter": MATTER, "commendation": PRAISE}

ONE: list[dict[str, Any]] = [{"measure_id": "gieng", "amount": 1}]
TWO: list[dict[str, Any]] = [{"measure_id": "gieng", "amount": 2}]
HOMES: list[dict[str, Any]] = [{"measure_id": "ho_huong_loi", "amount": 1}]
DOZENS: list[dict[str, Any]] = [{"measure_id": "gieng", "note": "hàng chục", "approximate": True}]


def asked(store: Store, kind: str, data: dict[str, Any]) -> str | None:
    """The record that a new one would be the same as; where there is none, it is recorded."""
    try:
        records.save(store, kind, data)
    except NeedsConfirmation as question:
        if question.alike is None:  # asked about something else: that no figure is given
            records.save(store, kind, data, confirm=True)
        return question.alike
    return None


@pytest.mark.parametrize("kind", ENTRIES)
def test_the_same_once_more_is_asked_about(world: World, kind: str) -> None:
    """Also where neither says a figure, as no matter does; and the answer makes it another one."""
    first = records.save(world.post, kind, ENTRIES[kind], confirm=True)
    assert asked(world.post, kind, ENTRIES[kind]) == first
    assert world.post.value(f"SELECT count(*) FROM {kind}") == 1
    second = records.save(world.post, kind, ENTRIES[kind], confirm=True)
    assert second != first
    assert asked(world.post, kind, ENTRIES[kind]) == second, "the newest that is the same"
    records.void(world.post, second, "nhập trùng")
    assert asked(world.post, kind, ENTRIES[kind]) == first
    records.void(world.post, first, "nhập trùng")
    assert asked(world.post, kind, ENTRIES[kind]) is None


@pytest.mark.parametrize(("kind", "other"), [
    ("activity", {"date_from": "2013-10-06"}), ("activity", {"unit_id": "24229"}),
    ("activity", {"activity_kind_id": "thien_tai"}), ("matter", {"opened_on": "2013-10-04"}),
    ("matter", {"matter_type": "problem_on_the_spot"}), ("matter", {"counterpart": "Công an xã"}),
    ("matter", {"subject": "Xin ống nước"}), ("commendation", {"awarded_on": "2013-10-06"}),
    ("commendation", {"recipient": "Đội 4"}), ("commendation", {"form": "Bằng khen"}), ("commendation", {"form": None}),
])  # fmt: skip
def test_what_differs_in_what_it_is_about_is_another(world: World, kind: str, other: dict[str, Any]) -> None:
    records.save(world.post, kind, ENTRIES[kind], confirm=True)
    assert asked(world.post, kind, ENTRIES[kind] | other) is None


@pytest.mark.parametrize(("kind", "other"), [
    ("activity", {"description": "Giếng thứ hai", "date_to": "2013-10-09"}), ("matter", {"direction": "received"}),
    ("commendation", {"recipient_type": "individual", "reason": "Giúp dân"}),
])  # fmt: skip
def test_what_differs_elsewhere_may_be_the_same(world: World, kind: str, other: dict[str, Any]) -> None:
    first = records.save(world.post, kind, ENTRIES[kind], confirm=True)
    assert asked(world.post, kind, ENTRIES[kind] | other) == first


@pytest.mark.parametrize(("before", "now", "same"), [
    ([], [], True), (ONE, ONE, True), (ONE, TWO, False), (ONE, HOMES, False), ([], ONE, False), (ONE, [], False),
    (ONE + HOMES, TWO + HOMES, True), (ONE, ONE + HOMES, True), (ONE + HOMES, TWO, False), ([], DOZENS, True),
    (DOZENS, DOZENS, True), (DOZENS, [], True),
    (DOZENS, ONE, False), (ONE, DOZENS, False),
    ([{"measure_id": "gieng", "amount": 0}], [], False), ([], [{"measure_id": "gieng", "amount": 0}], False),
])  # fmt: skip
def test_an_amount_that_both_have_makes_them_the_same(
    world: World, before: list[dict[str, Any]], now: list[dict[str, Any]], same: bool
) -> None:
    """Zero is an amount; that nobody said one is none."""
    first = records.save(world.post, "activity", WELL | {"measures": before}, confirm=True)
    assert asked(world.post, "activity", WELL | {"measures": now}) == (first if same else None)


def test_an_amount_that_was_taken_out_is_none(world: World) -> None:
    first = records.save(world.post, "activity", WELL | {"measures": ONE})
    records.save(world.post, "activity", {"measures": []}, first, confirm=True)
    assert asked(world.post, "activity", WELL | {"measures": ONE}) is None
    assert asked(world.post, "activity", WELL | {"measures": []}) == first


def test_a_figure_of_another_kind_is_none(world: World) -> None:
    """A merge left a figure that the kind of today does not have: it counts nowhere."""
    first = records.save(world.post, "activity", WELL | {"measures": ONE})
    labour = "SELECT id FROM activity_kind WHERE code = 'lao_dong_san_xuat'"
    with world.post.transaction():
        world.post.db.execute(f"UPDATE activity SET activity_kind_id = ({labour}) WHERE id = ?", [first])
    assert asked(world.post, "activity", WELL | {"activity_kind_id": "lao_dong_san_xuat"}) == first


@pytest.mark.parametrize("field", ["hamlet", "joint_reference", "event_id"])
def test_what_both_say_otherwise_tells_them_apart(world: World, field: str) -> None:
    for name in ("Một", "Hai"):
        records.save(world.post, "event", {"name": name, "date_from": "2013-01-20"})
    first = records.save(world.post, "activity", WELL | {field: "Một"}, confirm=True)
    assert asked(world.post, "activity", WELL | {field: "Hai"}) is None
    second = world.post.value("SELECT max(id) FROM activity")
    assert asked(world.post, "activity", WELL | {field: "Một"}) == first
    assert asked(world.post, "activity", WELL) == second, "one that says nothing may be either"
    if field != "event_id":
        assert asked(world.post, "activity", WELL | {field: "MOT"}) == first, "another spelling is no other place"


def test_an_edit_is_no_record_of_its_own(world: World) -> None:
    records.save(world.post, "activity", WELL, confirm=True)
    second = records.save(world.post, "activity", WELL | {"date_from": "2013-10-06"}, confirm=True)
    records.save(world.post, "activity", {"date_from": "2013-10-05"}, second)
    assert records.get(world.post, second).row["date_from"] == "2013-10-05"


def test_the_command_line_names_who_recorded_it(world: World, run: Run) -> None:
    well = WELL | {"measures": ONE}
    assert run("add", "activity", "--json", "-", stdin=well)[0] == 0
    code, out, err = run("add", "activity", "--json", "-", stdin=well)
    assert (code, out) == (1, "")
    assert "A đã ghi" in err
    assert "Giếng khoan · 05/10/2013" in err
    assert run("add", "activity", "--json", "-", "--confirm", stdin=well)[0] == 0
    assert world.post.value("SELECT count(*) FROM activity") == 2
