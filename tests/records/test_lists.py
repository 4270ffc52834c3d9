"""What pick lists offer first: whoever types a name takes the first line without looking."""

from datetime import date, timedelta

import pytest
from field import Run, World

from fieldapp.records import lists, records
from fieldapp.store import wall

MEMBERS = ("Hoàng Văn An", "Nguyễn Văn Hoà", "Hồ Văn Tư", "Trần Hoa Văn", "Lê Văn Hỏa")


@pytest.mark.parametrize(
    ("typed", "first"),
    [("văn hòa", "Nguyễn Văn Hoà"), ("văn hoà", "Nguyễn Văn Hoà"), ("Hồ Văn", "Hồ Văn Tư"), ("văn hỏa", "Lê Văn Hỏa"),
     ("hoa van", "Trần Hoa Văn"), ("hoang", "Hoàng Văn An"), ("Hoàng V", "Hoàng Văn An")],
)  # fmt: skip
def test_the_member_that_was_typed(world: World, typed: str, first: str) -> None:
    for name in MEMBERS:
        records.save(world.post, "member", {"full_name": name})
    assert lists.choices(world.post, "member", typed)[0][1].split(" · ")[0] == first


@pytest.mark.parametrize("typed", ["Krông Na", "krong na", "KRÔNG NA"])
def test_the_place_that_was_typed(world: World, typed: str) -> None:
    assert lists.choices(world.post, "unit", typed)[0][1].split(" · ")[0] == "Xã Krông Na"


@pytest.mark.parametrize(("typed", "first"), [("kham", "Khám"), ("qua", "quà"), ("giếng", "Giếng")])
def test_the_kind_that_was_typed(world: World, typed: str, first: str) -> None:
    assert first in lists.choices(world.post, "activity_kind", typed)[0][1]


def test_the_very_name_comes_before_those_that_only_begin_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Diacritics and the order of words weigh less: “Siu Hong An” has other words."""
    for name in ("Siu Hong An", "Hồng Siu Ba", "Siu Hồng", "Siu Hông Cúc", "A Siu Hồng"):
        records.save(world.post, "member", {"full_name": name})
    for typed in ("Siu Hồng", "siu hong", "SIU HONG", "siuhong", "hồng siu", "hong siu", "Siu Hông"):
        assert lists.choices(world.post, "member", typed)[0][1] == "Siu Hồng", typed
    monkeypatch.setattr(lists, "CONSIDERED", 2)  # it lies behind others that have all its words
    for typed in ("Siu Hồng", "siu hong", "siuhong"):
        assert lists.choices(world.post, "member", typed, limit=2)[0][1] == "Siu Hồng", typed


def test_the_very_name_comes_first_in_every_kind(world: World) -> None:
    commune = {"unit_id": "24221"}
    for name in ("Hè tình nguyện", "Hè tình nguyện 2026"):
        records.save(world.post, "event", {"name": name, "date_from": "2026-06-01"})
    for name in ("Chi bộ buôn Drai Xi", "Chi bộ buôn Drai"):
        records.save(world.hq, "party_cell", {"name": name, **commune})
    for name in ("Tổ tự quản Một A", "Tổ tự quản Một"):
        records.save(world.post, "self_management_group", {"name": name, "date_from": "2026-01-01", **commune})
    first = {
        ("event", "he tinh nguyen"): "Hè tình nguyện",
        ("party_cell", "drai"): "Chi bộ buôn Drai · Xã Ia Rvê · Tỉnh Đắk Lắk",
        ("self_management_group", "tổ tự quản một"): "Tổ tự quản Một · Xã Ia Rvê · Tỉnh Đắk Lắk",
    }
    for (kind, typed), label in first.items():
        store = world.hq if kind == "party_cell" else world.post
        assert lists.choices(store, kind, typed)[0][1] == label


def test_what_tells_records_of_one_name_apart_is_shown(world: World) -> None:
    cell = lists.choices(world.post, "party_cell", "ba na")[0][0]
    people: list[dict[str, object]] = [
        {"birth_year": 1980}, {"birth_year": 1991}, {"birth_year": 1991, "party_cell_id": cell}, {"position": "Đại úy"},
    ]  # fmt: skip
    ids = [records.save(world.post, "member", {"full_name": "Rơ Châm Hyeo", **p}, confirm=True) for p in people]
    ids.append(records.save(world.post, "member", {"full_name": "Rơ Châm Hyeo"}, confirm=True))
    offered = dict(lists.choices(world.post, "member", "ro cham hyeo"))
    assert [offered[i] for i in ids[:4]] == [
        "Rơ Châm Hyeo · Năm sinh 1980",
        "Rơ Châm Hyeo · Năm sinh 1991",
        "Rơ Châm Hyeo · Năm sinh 1991 · Chi bộ buôn Ba Na",
        "Rơ Châm Hyeo · Đại úy",
    ]
    days = [
        records.save(world.post, "event", {"name": "Lũ", "date_from": f"2026-{m}-01"}, confirm=True) for m in (6, 7)
    ]
    lately = dict(lists.choices(world.post, "event", "lũ"))
    assert [lately[i] for i in days] == ["Lũ · Từ ngày 01/06/2026", "Lũ · Từ ngày 01/07/2026"]
    same = [records.save(world.post, "member", {"full_name": "Y Thanh"}, confirm=True) for _n in (1, 2)]
    assert all("Đồn BP Ia Rvê" in dict(lists.choices(world.post, "member", "y thanh"))[i] for i in same)


def test_on_the_command_line_it_is_asked_which_of_the_two_is_meant(world: World, run: Run) -> None:
    for year in (1980, 1991):
        records.save(world.post, "member", {"full_name": "Y Thanh", "birth_year": year}, confirm=True)
    records.save(world.post, "member", {"full_name": "Y Thanh An"})
    charge = {"member": "Y Thanh", "household": "Hộ A", "date_from": "2026-01-01", "unit_id": "24221"}
    code, _out, err = run("add", "household_charge", "--json", "-", stdin=charge)
    assert code == 1
    assert "Y Thanh · Năm sinh 1980; Y Thanh · Năm sinh 1991" in err
    assert "Y Thanh An" not in err
    code, _out, err = run(
        "add", "household_charge", "--json", "-", stdin={**charge, "member": "Y Thanh · Năm sinh 1991"}
    )
    assert code == 0, err


def test_the_very_words_are_found_behind_many_that_begin_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "CONSIDERED", 3)
    for name in ("Hoan An", "Hoan Ba", "Hoan Cường", "Hoan Dũng", "Ksor Hoa"):
        records.save(world.post, "member", {"full_name": name})
    assert lists.choices(world.post, "member", "hoa", limit=2)[0][1] == "Ksor Hoa"


def test_what_a_unit_became_is_told_for_the_day_that_somebody_has_said(world: World) -> None:
    """A laptop whose clock shows another year: the list of successors goes by the program's day, not the machine's."""
    old = world.post.value("SELECT id FROM unit WHERE code = '24229' AND valid_to IS NOT NULL LIMIT 1")
    now = lists.successors(world.post, old)
    assert [unit for unit, _label in now] != [old]
    try:
        wall.correct(date(2025, 6, 30) - wall.shown().date())
        assert [unit for unit, _label in lists.successors(world.post, old)] == [old]
    finally:
        wall.correct(timedelta())
    assert lists.successors(world.post, old) == now
