"""Entry asks once about a record of any kind that seems to be there already, and names the one that is."""

from typing import Any

import pytest
from field import World

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.errors import NeedsConfirmation
from fieldapp.records import records

SAID: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "agreement": ({"name": "Quy chế phối hợp", "date_from": "2020-01-01"}, {"name": "quy chế phối hợp"},
                  {"date_from": "2021-01-01"}),
    "event": ({"name": "Lũ 2026", "date_from": "2026-09-01"}, {"name": "LŨ 2026"}, {"name": "Lũ quét"}),
    "member": ({"full_name": "Nguyễn Văn An", "position": "Đại úy", "birth_year": 1988},
               {"full_name": "nguyen van an", "position": "Thiếu tá", "birth_year": None}, {"birth_year": 1990}),
    "meeting": ({"party_cell_id": "Ba Na", "held_on": "2026-06-05", "content": "Thường kỳ"}, {"content": "Chuyên đề"},
                {"held_on": "2026-07-05"}),
    "household_charge": ({"member_id": "Lê Văn Ba", "household": "Ama A", "unit_id": "24221",
                          "date_from": "2026-06-05"}, {"household": "ama a"}, {"household": "Ama B"}),
    "candidacy": ({"member_id": "Lê Văn Ba", "body": "peoples_council", "level": "commune",
                   "nominated_on": "2026-03-01"}, {"level": "province"}, {"body": "party_committee"}),
    "self_management_group": ({"name": "Tổ 1", "unit_id": "24221", "hamlet": "Buôn A", "date_from": "2026-01-01"},
                              {"name": "tổ 1", "date_from": "2026-02-01"}, {"hamlet": "Buôn B"}),
    "review_meeting": ({"review_type": "periodic_review", "held_on": "2026-06-05"}, {"place": "Đồn"},
                       {"held_on": "2026-07-05"}),
    "party_cell": ({"name": "Chi bộ thôn 5", "unit_id": "24221", "hamlet": "Thôn 5"}, {"name": "chi bộ Thôn 5"},
                   {"hamlet": "Thôn 6"}),
    "ethnic_group": ({"code": "x1", "name": "Xa Xa"}, {"code": "x2", "name": "xa xa"}, {"name": "Xê Xê"}),
    "unit": ({"level": "hamlet", "name": "Thôn 12", "parent_id": "24221"}, {"name": "thôn 12"}, {"name": "Thôn 13"}),
}  # fmt: skip
"""Kind -> what is recorded first, what is said otherwise of the same, and what tells another one apart"""


def test_every_kind_asks_about_what_seems_to_be_there_already(world: World) -> None:
    records.save(world.post, "member", {"full_name": "Lê Văn Ba"})
    for kind, (first, same, other) in SAID.items():
        store = world.hq if records.model_of(kind).REFERENCE else world.post
        there = records.save(store, kind, first)
        with pytest.raises(NeedsConfirmation, match="khác không") as asked:
            records.save(store, kind, first | same)
        assert asked.value.alike == there, kind
        assert records.save(store, kind, first | other) != there, kind
        assert records.save(store, kind, first | same, confirm=True) != there, kind


@pytest.mark.parametrize("other", ["Đ/c Lê Văn Ba", "Đồng chí lê văn ba", "Thiếu tá Lê Văn Ba", "đ/c Đại úy Le Van Ba"])
def test_a_member_with_a_rank_before_the_name_is_the_same_one(world: World, other: str) -> None:
    """In lists of members the rank stands there as often as in a column of its own."""
    for first, then in (("Lê Văn Ba", other), (other, "Lê Văn Ba")):
        there = records.save(world.post, "member", {"full_name": first}, confirm=True)
        with pytest.raises(NeedsConfirmation, match="khác không") as asked:
            records.save(world.post, "member", {"full_name": then})
        assert asked.value.alike == there
        records.save(world.post, "member", {"full_name": "Lê Văn Bảy"}, confirm=True)
        records.void(world.post, there, "thử")


def test_a_kind_is_asked_about_by_its_label_and_day_unless_it_says_otherwise_or_is_refused() -> None:
    for model in RECORDS:
        assert not (model.ALIKE and model.UNIQUE), model.KIND
        assert {*model.ALIKE, *model.APART} <= {shape.name for shape in fields_of(model)}, model.KIND
