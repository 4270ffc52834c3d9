"""The reference data that ships with the program."""

from collections import Counter
from typing import Any, get_args
from uuid import UUID

from fieldapp.domain.records import Nature, Section
from fieldapp.store.baseline import baseline_rows

ROWS = list(baseline_rows())
UNITS = {row["id"]: row for table, row in ROWS if table == "unit"}


def old(code: str) -> dict[str, Any]:
    (unit,) = [u for u in UNITS.values() if u["code"] == code and u["valid_to"] and u["level"] == "commune"]
    return unit


def successors(code: str) -> set[tuple[str, str]]:
    return {
        (UNITS[row["new_unit_id"]]["code"], UNITS[row["new_unit_id"]]["name"])
        for table, row in ROWS
        if table == "unit_succession" and row["old_unit_id"] == old(code)["id"]
    }


def test_ids_are_unique_and_of_version_7() -> None:
    ids = [row["id"] for _table, row in ROWS]
    assert len(set(ids)) == len(ids)
    assert {UUID(i).version for i in ids} == {7}


def test_ids_never_change() -> None:
    by_code = {(t, r.get("code"), r.get("valid_to")): r["id"] for t, r in ROWS}
    assert by_code[("activity_kind", "gieng_khoan", None)] == "011732a5-c400-70f8-ae3b-cfd61280f220"
    assert by_code[("unit", "24221", "2025-06-30")] == "011732a5-c400-758a-a25f-5b6e81cc61d6"


def test_all_units_of_2025() -> None:
    new = Counter(u["level"] for u in UNITS.values() if u["valid_to"] is None)
    assert new == {"province": 34, "commune": 3321}


def test_old_border_communes_and_their_successors() -> None:
    assert successors("24214") == {("24214", "Xã Ia Lốp")}
    assert successors("24221") == {("24221", "Xã Ia Rvê"), ("24214", "Xã Ia Lốp")}
    assert successors("24229") == {("24229", "Xã Ea Bung")}
    assert successors("24235") == {("24235", "Xã Buôn Đôn")}


def test_a_code_is_not_an_identity() -> None:
    named = {(u["name"], u["valid_to"]) for u in UNITS.values() if u["code"] == "24250"}
    assert named == {("Xã Ea Bar", "2025-06-30"), ("Xã Ea Nuôl", None)}


def test_parents_come_first() -> None:
    seen: set[str] = set()
    for _table, row in ROWS:
        seen.add(row["id"])
        assert all(v in seen for k, v in row.items() if k.endswith("_id") and v is not None)


def test_sections_and_natures_are_known() -> None:
    assert {r["section"] for t, r in ROWS if t == "activity_kind"} == set(get_args(Section))
    assert {r["nature"] for t, r in ROWS if t == "measure"} <= set(get_args(Nature))
