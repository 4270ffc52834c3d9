"""The reference data that ships with the program."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import few_units
import pytest

from fieldapp.domain.reference import KindSection, Nature
from fieldapp.store import baseline, migrations
from fieldapp.store.baseline import (
    baseline_changes,  # itself: its name in the module is what ``whole_baseline`` replaces
)
from fieldapp.store.store import Store

pytestmark = pytest.mark.usefixtures("whole_baseline")

ROWS = [(table, {"id": row_id, **cols}) for table, row_id, cols, is_new in few_units.whole() if is_new]
SHIPPED_WITH = {
    "0013_changes_by_row": 4208, "0015_units": 26372, "0017_reports_and_papers": 26420, "0018_wanted_files": 26427
}  # fmt: skip
"""A migration -> how many changes the program ships since then"""
VERSION_0_2 = (4208, "1d41a12db5cbcf78de028294e3dd909a0c84c9bce4823785c7c9e5331123d345")
"""How many changes of the log version 0.2 shipped, and their hash"""
FIRST_VERSION = "d35945d882e8ba5863858817569d7f0d1a55693c724b78c89c08b2c57b1313a9"
VERSION_0_3 = (26372, "ee38ffe3f0d4a3e37703f70e7ef8258d90afbc59497093b3ab2bd23ecce26a80")
"""The same of the version with migration 15"""
WITH_SENTENCES = (26420, "e1f407eac1104e81c7128b09f21463e3e58713ecfade5d0093c6e90f5ff5929e")
"""The same of the version with migration 17"""

WITH_WANTED_FILES = (26427, "f00a3fa42cbe624435195b7d1f78895c483365cf94fe994807f999bfed1d3886")
"""The same of the version with migration 18"""


def _as_they_are() -> dict[str, dict[str, dict[str, Any]]]:
    """Table -> row's id -> row, with all changes of the log."""
    state: dict[str, dict[str, dict[str, Any]]] = {}
    for table, row_id, cols, _is_new in few_units.whole():
        state.setdefault(table, {}).setdefault(row_id, {"id": row_id}).update(cols)
    return state


STATE = _as_they_are()
UNITS = STATE["unit"]
SUCCESSIONS = [row for row in STATE["unit_succession"].values() if not row.get("voided_at")]


def old(code: str) -> dict[str, Any]:
    """The commune that had this code on the day before the reform."""
    (unit,) = [u for u in UNITS.values() if u["code"] == code and u["valid_to"] == "2025-06-30"
               and u["level"] == "commune"]  # fmt: skip
    return unit


def successors(code: str) -> dict[tuple[str, str], str]:
    """Code and name -> share."""
    unit_id = old(code)["id"]
    return {
        (UNITS[row["new_unit_id"]]["code"], UNITS[row["new_unit_id"]]["name"]): row["share"]
        for row in SUCCESSIONS
        if row["old_unit_id"] == unit_id
    }


def test_ids_are_unique_and_of_version_7() -> None:
    ids = [row["id"] for _table, row in ROWS]
    assert len(set(ids)) == len(ids)
    assert {UUID(i).version for i in ids} == {7}


def test_ids_never_change() -> None:
    by_code = {(t, r.get("code"), r.get("valid_to")): r["id"] for t, r in ROWS}
    assert by_code[("activity_kind", "gieng_khoan", None)] == "011732a5-c400-70f8-ae3b-cfd61280f220"
    assert by_code[("unit", "24221", "2025-06-30")] == "011732a5-c400-758a-a25f-5b6e81cc61d6"


def test_all_units_of_today_and_of_the_day_before_the_reform() -> None:
    today = [u for u in UNITS.values() if u["valid_to"] is None]
    assert Counter(u["level"] for u in today) == {"province": 34, "commune": 3321}
    assert Counter(u["name"].split()[0] for u in today if u["level"] == "commune") == {
        "Xã": 2599, "Phường": 709, "Đặc": 13}  # fmt: skip
    before = [u for u in UNITS.values() if u["valid_to"] == "2025-06-30" and u["code"]]
    assert Counter(u["level"] for u in before) == {"province": 63, "district": 696, "commune": 10035}
    for units in (today, before):
        assert set(Counter((u["level"], u["code"]) for u in units).values()) == {1}


def test_codes_are_the_official_ones() -> None:
    """Hạ Lang is 01558; the first version shipped Lý Quốc under it, with the id that stays."""
    named = {u["code"]: u["name"] for u in UNITS.values() if u["valid_to"] is None}
    assert (named["01558"], named["01537"], named["23938"]) == ("Xã Hạ Lang", "Xã Lý Quốc", "Xã Ia Mơ")
    shipped = {row["id"]: row for table, row in ROWS if table == "unit"}
    (mended,) = [u for u in UNITS.values() if u["code"] == "01537" and u["valid_to"] is None]
    assert (shipped[mended["id"]]["code"], shipped[mended["id"]]["name"]) == ("01558", "Xã Lý Quốc")


def test_names_are_spelled_as_in_the_resolutions() -> None:
    names = {u["name"] for u in UNITS.values()}
    assert not [name for name in names if "  " in name or re.search("[’–]", name)]
    assert {"Xã Đắk Song", "Phường Đăk Bla", "Xã Đàm Thủy", "Xã M'Drắk", "Tỉnh Đắk Lắk"} <= names


def test_old_border_communes_and_their_successors() -> None:
    """Ia Rvê and Ia Lốp were both kept whole."""
    assert successors("24214") == {("24214", "Xã Ia Lốp"): "whole"}
    assert successors("24221") == {("24221", "Xã Ia Rvê"): "whole"}
    assert successors("24229") == {("24229", "Xã Ea Bung"): "whole"}
    assert successors("24235") == {("24235", "Xã Buôn Đôn"): "whole"}
    border = {u["name"] for u in UNITS.values() if u.get("border") and (u["parent_id"] == PINNED["Đắk Lắk"])}
    assert border == {"Xã Ia Lốp", "Xã Ia Rvê", "Xã Ea Bung", "Xã Buôn Đôn"}


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("24550", {"Xã Ea Ktur", "Xã Dray Bhăng"}),
        ("22225", {"Xã Ea Bá", "Xã Ea Ly"}),
        ("22228", {"Xã Sông Hinh", "Xã Đức Bình"}),
        ("22246", {"Phường Phú Yên", "Phường Hòa Hiệp"}),
        ("22252", {"Phường Phú Yên", "Xã Tây Hòa"}),
        ("22312", {"Phường Tuy Hòa", "Xã Phú Hòa 2"}),
        ("22315", {"Phường Tuy Hòa", "Xã Phú Hòa 1"}),
    ],
)
def test_divided_communes_have_all_their_successors(code: str, parts: set[str]) -> None:
    assert {name: share for (_code, name), share in successors(code).items()} == dict.fromkeys(parts, "part")


def test_every_unit_that_ended_has_successors() -> None:
    """All that had a code, but a district: its communes have them. 441 communes were divided, 60 of them with all
    people on one side."""
    parts: dict[str, list[str]] = {}
    for row in SUCCESSIONS:
        if UNITS[row["old_unit_id"]]["code"]:
            parts.setdefault(row["old_unit_id"], []).append(row["share"])
    ended = [u for u in UNITS.values() if u["valid_to"] and u["code"]]
    assert [u for u in ended if u["id"] not in parts and u["level"] != "district"] == []
    divided = [shares for unit, shares in parts.items() if len(shares) > 1]
    assert len(divided) == 441
    assert sum("all_people" in shares for shares in divided) == 60
    assert all(shares == ["whole"] for shares in parts.values() if len(shares) == 1)


def test_what_was_made_a_city_or_a_ward_in_2026_goes_on_as_a_new_unit() -> None:
    """25 units: they end, and have one successor with the same code. What belongs to a province belongs to the city."""
    ended = [u for u in UNITS.values() if u["valid_to"] and u["valid_to"] > "2026"]
    assert Counter(u["level"] for u in ended) == {"province": 3, "commune": 22}
    for unit in ended:
        (heir,) = [UNITS[row["new_unit_id"]] for row in SUCCESSIONS if row["old_unit_id"] == unit["id"]]
        assert (heir["code"], heir["valid_to"], heir["name"] != unit["name"]) == (unit["code"], None, True)
        assert heir["valid_from"] > unit["valid_to"]
    (city,) = [u for u in UNITS.values() if u["name"] == "Thành phố Đồng Nai"]
    assert sum(u["parent_id"] == city["id"] for u in UNITS.values()) == 95


def test_a_code_is_not_an_identity() -> None:
    named = {(u["name"], u["valid_to"]) for u in UNITS.values() if u["code"] == "24250"}
    assert named == {("Xã Ea Bar", "2025-06-30"), ("Xã Ea Nuôl", None)}


def test_names_that_had_gone_before_are_other_names_of_todays_units() -> None:
    (unit,) = [u for u in UNITS.values() if u["name"] == "Phường Ninh Kiều"]
    assert "Phường An Cư" in unit["also_called"]


def test_parents_come_first() -> None:
    seen: set[str] = set()
    for _table, row in ROWS:
        seen.add(row["id"])
        assert all(v in seen for k, v in row.items() if k.endswith("_id") and v is not None)


def test_sections_and_natures_are_known() -> None:
    assert {r["section"] for t, r in ROWS if t == "activity_kind"} == set(get_args(KindSection))
    assert {r["nature"] for t, r in ROWS if t == "measure"} <= set(get_args(Nature))


# Records point at these rows under these ids, on every replica of every version. Never edit a line here.
PINNED = {
    "Đắk Lắk": "0197c348-8800-71ca-8b52-a7ea102b1b79",
    "Xã Ia Rvê": "0197c348-8800-7fd0-8749-4946b0cf9c01",
    "Tỉnh Đắk Lắk": "011732a5-c400-74a4-b420-b2634095337c",
    "Huyện Ea Súp": "011732a5-c400-73d0-a508-b89507d9734e",
    "Huyện Buôn Đôn": "011732a5-c400-7609-b1fb-942dfcf50793",
    "luot_kham": "011732a5-c400-78ca-ab23-5bdf362cb5fe",
    "Xã Ia RVê > Xã Ia Rvê": "0197c348-8800-7555-93fe-11c6c8cfc09f",
    "Xã Ia RVê > Xã Ia Lốp": "0197c348-8800-7e5c-8911-d22663efcc15",
    "kham_chua_benh > luot_kham": "011732a5-c400-7ade-8895-9d0bdbf5115f",
}


@pytest.mark.parametrize(("what", "row_id"), PINNED.items())
def test_ids_never_change_in_any_table(what: str, row_id: str) -> None:
    first = ROWS[:3516]
    names = {r["id"]: r["name"] if t == "unit" else r["code"] for t, r in first if "name" in r}
    for _table, row in first:
        if "old_unit_id" in row:
            names[row["id"]] = f"{names[row['old_unit_id']]} > {names[row['new_unit_id']]}"
        elif "measure_id" in row:
            names[row["id"]] = f"{names[row['activity_kind_id']]} > {names[row['measure_id']]}"
    assert [i for i, name in names.items() if name == what] == [row_id]


def test_ids_have_the_form_of_rfc_9562() -> None:
    for _table, row in ROWS:
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", row["id"])


def test_what_version_1_shipped_comes_first_and_unchanged() -> None:
    """A newer version goes on behind what older ones wrote: 3516 rows, hashed as version 0.1 made them."""
    first = [[table, row] for table, row in ROWS[:3516]]
    assert hashlib.sha256(json.dumps(first, ensure_ascii=False).encode()).hexdigest() == FIRST_VERSION


def test_the_log_of_version_0_2_comes_first_and_unchanged() -> None:
    """Limits and synonyms too. Existing files continue after the number that they have."""
    number, digest = VERSION_0_2
    first = list(baseline.baseline_changes())[:number]
    assert hashlib.sha256(json.dumps(first, ensure_ascii=False).encode()).hexdigest() == digest, (
        "A line was changed, or does not come last: only measures.csv, activity_kinds.csv and kind_measures.csv may"
        " grow, at their ends, and sentences.csv by lines for what is new in them."
    )
    for number, digest in (VERSION_0_3, WITH_SENTENCES, WITH_WANTED_FILES):
        first = list(baseline.baseline_changes())[:number]
        assert hashlib.sha256(json.dumps(first, ensure_ascii=False).encode()).hexdigest() == digest


def test_what_is_shipped_comes_with_a_migration() -> None:
    """Files take in shipped data only while a migration is pending."""
    names = [migration.name for migration in migrations.MIGRATIONS]
    shipped = sum(1 for _change in baseline.baseline_changes())
    assert shipped == max(SHIPPED_WITH.values()), (
        f"More is shipped. Append a migration, which may do nothing; SHIPPED_WITH gets a line: its name, {shipped}."
    )
    assert [*SHIPPED_WITH] == [name for name in names if name in SHIPPED_WITH]
    assert sorted({*SHIPPED_WITH.values()}) == [*SHIPPED_WITH.values()]


def test_a_measure_that_is_shipped_later_reaches_existing_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a migration that changes nothing else."""
    key = b"k" * 32
    before = list(baseline_changes())
    Store.create(tmp_path / "post", key, "A").close()
    names = ("measures.csv", "kind_measures.csv", "activity_kinds.csv", "kind_files.csv")
    lists_of = {name: list(baseline._table(name)) for name in names}
    lists_of["measures.csv"].append({"code": "cay_giong", "name": "Cây giống", "unit_name": "cây", "decimals": "0",
                                     "nature": "quantity"})  # fmt: skip
    lists_of["kind_measures.csv"].append({"kind": "lao_dong_san_xuat", "measures": "cay_giong"})
    kind = lists_of["activity_kinds.csv"][-1] | {"code": "vuon_uom", "name": "Vườn ươm"}
    lists_of["activity_kinds.csv"].append(kind)
    lists_of["kind_measures.csv"].append({"kind": "vuon_uom", "measures": "cay_giong"})
    lists_of["kind_files.csv"].append({"kind": "vuon_uom", "photographs": "1", "minutes": "0"})
    real = baseline._table
    monkeypatch.setattr(baseline, "_table", lambda name: iter(lists_of[name]) if name in lists_of else real(name))
    after = list(baseline_changes())
    assert after[: len(before)] == before
    new = [table for table, *_rest in after[len(before) :]]
    assert new == ["measure", "kind_measure", "activity_kind", "kind_measure"]
    assert after[-2][2]["photographs_wanted"] == 1, "what it wants comes with it, behind all that was shipped"
    monkeypatch.setattr(baseline, "baseline_changes", lambda: iter(after))
    newer = [*migrations.MIGRATIONS, migrations.Migration("9999", lambda _db: None)]
    monkeypatch.setattr(migrations, "MIGRATIONS", newer)
    with Store.open(tmp_path / "post", key, "A") as store:
        found = store.row(
            "SELECT m.name, k.position FROM measure m JOIN kind_measure k ON k.measure_id = m.id WHERE m.code = ?",
            ["cay_giong"],
        )
        assert found is not None
        assert (found["name"], found["position"] > 1) == ("Cây giống", True)
        assert store.value("SELECT seq FROM local_log WHERE id = ?", [migrations.BASELINE_LOG]) == len(after)


def test_every_kind_has_measures_unless_it_counts_targets() -> None:
    kinds = {r["id"]: r["code"] for t, r in ROWS if t == "activity_kind"}
    measures = {r["id"] for t, r in ROWS if t == "measure"}
    used = [r for t, r in ROWS if t == "kind_measure"]
    assert set(kinds.values()) - {kinds[r["activity_kind_id"]] for r in used} == {"cung_co_co_so_chinh_tri"}
    assert {r["measure_id"] for r in used} == measures


def test_turns_and_persons_and_the_sorts_of_money_stay_apart() -> None:
    natures = {r["code"]: r["nature"] for t, r in ROWS if t == "measure"}
    assert (natures["luot_kham"], natures["nguoi_kham"]) == ("turns", "persons")
    assert (natures["tien_mat"], natures["hien_vat_tri_gia"], natures["tri_gia_kham"]) == ("cash", "in_kind", "service")
