"""What pick lists offer first: whoever types a name takes the first line without looking."""

from datetime import date, timedelta

import pytest
from field import World

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
