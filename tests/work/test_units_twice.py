"""Old communes that headquarters added by hand before the program shipped the whole country."""

from collections.abc import Sequence
from datetime import date

import pytest
from field import Run, World

from fieldapp.records import records
from fieldapp.work.todo import todo

pytestmark = pytest.mark.usefixtures("whole_baseline")


def old(world: World, code: str, level: str = "commune") -> dict[str, str]:
    (found,) = world.hq.rows(
        "SELECT * FROM unit WHERE code = ? AND level = ? AND valid_to = '2025-06-30'", [code, level]
    )
    return found


def add(world: World, name: str, above: Sequence[tuple[str, str]] = (), **fields: object) -> str:
    """Headquarters adds an old unit without a code; ``above``: levels and names of what it belongs to, added too."""
    parent = None
    for level, title in above:
        parent = records.save(
            world.hq,
            "unit",
            {"level": level, "name": title, "parent_id": parent, "valid_to": "2025-06-30"},
            confirm=True,
        )
    given = {"level": "commune", "name": name, "parent_id": parent, "valid_to": "2025-06-30"} | fields
    return records.save(world.hq, "unit", given, confirm=True)


def listed(world: World) -> dict[str, str]:
    found = todo(world.hq, date(2026, 11, 30))
    return {t.target: t.text for t in found if "danh mục của chương trình" in t.text}


def test_a_unit_that_was_added_and_is_shipped_now_is_listed_with_what_to_do(world: World, run: Run) -> None:
    """Phường Thụy Khuê of Hà Nội; its parents too."""
    above = [("province", "Thành phố Hà Nội"), ("district", "Quận Tây Hồ")]
    added = add(world, "Phường Thuỵ Khuê", above)
    world.carry(world.hq, world.post)
    world.well(unit_id=added)
    world.carry(world.post, world.hq)
    found = listed(world)
    assert len(found) == 3, "the province, the district and the ward"
    assert "do Trực ban thêm" in found[added]
    assert "1 bản ghi đang dùng" in found[added]
    assert "ghi đơn vị kế thừa: Phường" in found[added]
    assert "Phường Tây Hồ" in found[added]
    assert "danh mục của chương trình" in run("todo", home="hq")[1]
    (heir,) = world.hq.rows(
        "SELECT new_unit_id FROM unit_succession WHERE old_unit_id = ? AND share = 'all_people'",
        [old(world, "00112")["id"]],
    )
    succession = {"old_unit_id": added, "new_unit_id": heir["new_unit_id"], "effective_on": "2025-07-01"}
    records.save(world.hq, "unit_succession", succession | {"share": "whole"})
    assert "Trước hết" not in listed(world)[added]
    by_commune = ("report", "--period", "2013", "--by", "commune", "--units", "now", "--format", "csv")
    before = run(*by_commune, home="hq")
    assert "Phường Tây Hồ" in before[1]
    records.void(world.hq, added, "đã có sẵn")
    assert added not in listed(world)
    assert run(*by_commune, home="hq") == before, "its records stay, and follow its successions"


def test_units_of_one_name_elsewhere_or_at_another_time_are_two(world: World) -> None:
    """Names repeat between districts; tones make another name; a new unit takes an old one's name."""
    hanoi = ("province", "Thành phố Hà Nội")
    add(world, "Phường Thụy Khuê", [hanoi, ("district", "Quận Ba Đình")])
    add(world, "Phường Thủy Khuê", [("province", "Thành phố Hà Nội xưa")])
    add(world, "Phường Thụy Khuê", valid_from="2027-01-01", valid_to=None)
    assert [text for text in listed(world).values() if text.startswith("Phường")] == []
