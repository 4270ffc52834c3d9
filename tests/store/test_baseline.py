"""The reference data that ships with the program."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest

from fieldapp.domain.reference import KindSection, Nature
from fieldapp.store import baseline, migrations
from fieldapp.store.baseline import baseline_rows
from fieldapp.store.store import Store

pytestmark = pytest.mark.usefixtures("whole_baseline")

ROWS = list(baseline_rows())
SHIPPED_WITH = {"0013_changes_by_row": 4208}
"""A migration -> how many changes the program ships since then"""
VERSION_0_2 = (4208, "1d41a12db5cbcf78de028294e3dd909a0c84c9bce4823785c7c9e5331123d345")
"""How many changes of the log version 0.2 shipped, and their hash"""
FIRST_VERSION = "d35945d882e8ba5863858817569d7f0d1a55693c724b78c89c08b2c57b1313a9"
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
    names = {r["id"]: r["name"] if t == "unit" else r["code"] for t, r in ROWS if "name" in r}
    for _table, row in ROWS:
        if "old_unit_id" in row:
            names[row["id"]] = f"{names[row['old_unit_id']]} > {names[row['new_unit_id']]}"
        elif "measure_id" in row:
            names[row["id"]] = f"{names[row['activity_kind_id']]} > {names[row['measure_id']]}"
    assert [i for i, name in names.items() if name == what] == [row_id]


def test_ids_have_the_form_of_rfc_9562() -> None:
    for _table, row in ROWS:
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", row["id"])


def test_old_units_are_those_of_what_is_dak_lak_today() -> None:
    aged = [u for u in UNITS.values() if u["valid_to"] is not None]
    assert [(u["code"], u["name"]) for u in aged if u["level"] == "province"] == [
        ("66", "Tỉnh Đắk Lắk"), ("54", "Tỉnh Phú Yên")]  # fmt: skip
    districts = [u for u in aged if u["level"] == "district"]
    assert len(districts) == len({u["code"] for u in districts}) == 24
    assert {UNITS[u["parent_id"]]["name"] for u in districts} == {"Tỉnh Đắk Lắk", "Tỉnh Phú Yên"}
    communes = Counter(UNITS[u["parent_id"]]["name"] for u in aged if u["level"] == "commune")
    assert (communes["Huyện Ea Súp"], communes["Huyện Buôn Đôn"]) == (10, 7)
    # written with both habits of placing the tone in the file: one district, one set of communes
    assert communes["Thành phố Tuy Hòa"] > 10
    assert "Thành phố Tuy Hoà" not in communes


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
        " grow, at their ends."
    )


def test_what_is_shipped_comes_with_a_migration() -> None:
    """Files take in shipped data only while a migration is pending."""
    names = [migration.name for migration in migrations.migrations._migrations]
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
    before = list(baseline.baseline_changes())
    Store.create(tmp_path / "post", key, "A").close()
    lists_of = {name: list(baseline._table(name)) for name in ("measures.csv", "kind_measures.csv")}
    lists_of["measures.csv"].append({"code": "cay_giong", "name": "Cây giống", "unit_name": "cây", "decimals": "0",
                                     "nature": "quantity"})  # fmt: skip
    lists_of["kind_measures.csv"].append({"kind": "lao_dong_san_xuat", "measures": "cay_giong"})
    real = baseline._table
    monkeypatch.setattr(baseline, "_table", lambda name: iter(lists_of[name]) if name in lists_of else real(name))
    after = list(baseline.baseline_changes())
    assert after[: len(before)] == before
    assert [table for table, *_rest in after[len(before) :]] == ["measure", "kind_measure"]
    monkeypatch.setattr(migrations, "baseline_changes", lambda: iter(after))
    newer = [*migrations.migrations._migrations, type(migrations.migrations)._Migration("9999", lambda _db: None)]
    monkeypatch.setattr(migrations.migrations, "_migrations", newer)
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


def test_shipping_every_old_unit_is_one_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all lines let through: insertable, one unit for each old code, and the rows of today as they are."""
    monkeypatch.setattr(baseline, "_is_shipped", lambda line: bool(line["old_name"]))
    wide = list(baseline_rows())
    by_id: dict[str, dict[str, Any]] = {}
    for _table, row in wide:
        assert row["id"] not in by_id
        assert all(v in by_id for k, v in row.items() if k.endswith("_id") and v is not None)
        by_id[row["id"]] = row
    assert all(by_id[row["id"]] == row for _table, row in ROWS)
    coded = {line["old_code"] for line in baseline._table("unit_succession_2025.csv") if line["old_code"]}
    aged = [r["code"] for t, r in wide if t == "unit" and r["valid_to"] and r["level"] == "commune" and r["code"]]
    assert Counter(aged) == dict.fromkeys(coded, 1)
