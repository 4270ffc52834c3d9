"""Names of places in every spelling that people use: with and without marks, apostrophes, hyphens and blanks."""

from datetime import date
from pathlib import Path

import pytest
from field import USER, Run, World
from hypothesis import given
from hypothesis import strategies as st

from fieldapp import replica
from fieldapp.records import lists, records, search
from fieldapp.records.reading import resolve_reference
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions
from fieldapp.tui.widgets.pick_list import fitting
from fieldapp.vietnamese.text import sort_key

pytestmark = pytest.mark.usefixtures("whole_baseline")

NOW = date(2026, 10, 5)
SPELLINGS = [
    ("Xã M'Drắk", ("mdrak", "m'drak", "m’đrắk", "MʼDrắk", "m drak", "M'Drăk", "m-drak", "mđrak", "xã mdrak")),
    ("Xã Ea H'Leo", ("ea hleo", "ea h'leo", "Ea H’leo", "eahleo", "ea h leo", "Ea-Hleo", "êa hleo")),
    ("Xã Cư M'gar", ("cu mgar", "cư m’gar", "cumgar", "cư m gar", "Cư Mgar", "Cư M´gar")),
    ("Xã Krông Ana", ("Krông A Na", "krong ana", "krongana", "Krông-Ana", "krong a na", "KRÔNG ANA")),
    ("Phường Đăk Bla", ("Đăk Bla", "Đắk Bla", "dak bla", "dakbla", "Đăk B'la", "ðăk bla")),
    ("Đặc khu Lý Sơn", ("lý sơn", "Lí Sơn", "ly son", "lyson")),
    ("Xã Dur Kmăl", ("dur kmal", "Dur K'mal", "dur k mal", "durkmal")),
    ("Tỉnh Đắk Lắk", ("daklak", "dak lak", "Đắk Lăk", "Đăklăk")),
]


def letters(name: str) -> str:
    """A unit's name without its kind, blanks and apostrophes, which our lists did not always write in one way."""
    bare = name.split(" · ", maxsplit=1)[0].casefold().removeprefix("tỉnh ").replace("mđr", "mdr")
    return "".join(c for c in bare if c.isalnum())


def test_what_was_not_there_yet_on_the_day_says_since_when(world: World) -> None:
    """As what is no longer there says so: old and new Ea H'Leo have one name."""
    offered = [label for _id, label in lists.choices(world.post, "unit", "ea hleo", date(2025, 6, 5))]
    assert offered[0] == "Xã Ea H'Leo · Huyện Ea H'leo · Tỉnh Đắk Lắk"
    assert "Xã Ea H'Leo · Tỉnh Đắk Lắk (từ 01/07/2025)" in offered
    offered = [label for _id, label in lists.choices(world.post, "unit", "ea hleo", date(2025, 7, 1))]
    assert offered[0] == "Xã Ea H'Leo · Tỉnh Đắk Lắk"
    assert "Xã Ea H'Leo · Huyện Ea H'leo · Tỉnh Đắk Lắk (cũ)" in offered


@pytest.mark.parametrize(("name", "typed"), [(name, text) for name, texts in SPELLINGS for text in texts])
def test_a_place_is_offered_first_and_found_by_name(world: World, name: str, typed: str) -> None:
    offered = [letters(label) for _id, label in lists.choices(world.post, "unit", typed, NOW)]
    assert offered[0] == letters(name), "before the own province's Liên Sơn, of which these are only the beginning"
    level = "commune" if not name.startswith("Tỉnh") else "province"
    found = records.get(
        world.post, resolve_reference(world.post, "unit", typed if level == "commune" else f"tỉnh {typed}", NOW)
    )
    assert letters(found.row["name"]) == letters(name)


@pytest.mark.parametrize("typed", ["ea hl", "eahl", "mdra", "cu mg", "krongan", "dakb"])
def test_the_list_narrows_down_while_one_types(world: World, typed: str) -> None:
    offered = lists.choices(world.post, "unit", typed, NOW, 60)
    assert offered
    assert letters(offered[0][1]) in {letters(name) for name, _texts in SPELLINGS}


@pytest.mark.parametrize("typed", ["th", "da", "t", "xa"])
def test_few_letters_offer_all_of_the_own_province_first(world: World, typed: str) -> None:
    """However many units of the country begin so."""
    offered = lists.choices(world.post, "unit", typed, NOW)
    assert [label for _id, label in offered if "Tỉnh Đắk Lắk" not in label] == []
    assert len(offered) == 12


def test_records_are_found_by_the_place_however_it_is_typed(world: World) -> None:
    well = world.well(unit_id="xã ea hleo", date_from="2026-10-05")
    for typed in ("ea hleo", "ea h'leo", "hleo", "giếng eahleo"):
        assert [hit.row_id for hit in search.search_records(world.post, typed, search.Filter(kind="activity"))] == [
            well
        ]
        assert [row["id"] for row in lists.record_window(world.post, "activity", text=typed).rows] == [well]


def test_add_sheets_and_report_take_it(world: World, run: Run, tmp_path: Path) -> None:
    well = [{"measure": "gieng", "amount": 1}]
    entry = {"activity_kind": "gieng_khoan", "date_from": "2026-10-05", "unit": "cu mgar", "measures": well}
    code, out, err = run("add", "activity", "--json", "-", stdin=entry)
    assert code == 0, err
    unit = records.get(world.post, out.strip()).row["unit_id"]
    path = tmp_path / "a.csv"
    path.write_text("Ngày;Loại hoạt động;Nơi;Giếng\n6/10/2026;giếng khoan;Cư Mgar;1\n", encoding="utf-8")
    outcome = importing.import_sheet(world.post, path, ImportOptions("activity"))
    assert records.get(world.post, outcome.added[0].id).row["unit_id"] == unit
    code, out, err = run("report", "--period", "2026-10", "--unit", "cu mgar")
    assert code == 0, err
    assert "Xã Cư M" in out
    assert "gar" in out
    assert run("report", "--period", "2026-10", "--unit", "không có xã này")[0] == 1


def test_short_lists_take_it_too() -> None:
    offered = [("1", "Xã Cư M'gar · Đắk Lắk"), ("2", "Xã Krông Ana · Đắk Lắk")]
    for typed, found in (
        ("cu mgar", "1"),
        ("m gar", "1"),
        ("krong a na", "2"),
        ("krongana dak", "2"),
        ("daklak", None),
    ):
        assert [value for value, _words in fitting(offered, typed)] == ([found] if found else ["1", "2"]), typed
    offered = [("1", "Tổ hợp tác"), ("2", "Tổ chức họp dân"), ("3", "Họp thôn")]
    for typed, ranked in (("họp", ["3", "2", "1"]), ("to h", ["1", "2"]), ("", ["1", "2", "3"])):
        assert [value for value, _words in fitting(offered, typed)] == ranked, "the nearest first, as everywhere"


def test_sorting_sees_neither_apostrophes_nor_blanks_nor_hyphens() -> None:
    same = ["Ea H'leo", "Ea Hleo", "Ea H’leo", "EaHleo", "Ea-H'leo", "Ea H leo"]
    assert len({sort_key(text)[:2] for text in same}) == 1
    names = [
        "Cư M'gar",
        "Cư Mlan",
        "Cư Mgar",
        "Cư M’ta",
        "Cuôr Đăng",
        "Krông Ana",
        "Krông A Na",
        "Krông Búk",
        "Krông Á",
    ]
    assert sorted(names, key=sort_key) == [
        "Cuôr Đăng", "Cư M'gar", "Cư Mgar", "Cư Mlan", "Cư M’ta", "Krông Á", "Krông A Na", "Krông Ana", "Krông Búk"
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["Krông", "A", "Na", "ea", "H'", "leo", "Đắk", "b", "Y"]), min_size=1, max_size=3))
def test_a_name_is_found_with_other_blanks(parts: list[str]) -> None:
    name = " ".join(parts)
    for typed in (
        name,
        "".join(parts),
        name.replace("'", ""),
        name.replace("'", " "),
        f"{''.join(parts[:2])} {' '.join(parts[2:])}",
    ):
        assert fitting([("1", name)], typed), typed


def test_an_upgrade_makes_the_words_of_older_versions_anew(world: World) -> None:
    home, key = world.post.home, world.keys["post"]
    with world.post.transaction(derived=True):
        world.post.db.execute("UPDATE local_search SET words = 'ea h leo'")
        world.post.db.execute("DELETE FROM _sqlite_migrations WHERE name = (SELECT max(name) FROM _sqlite_migrations)")
    world.post.close()
    world.post = replica.open_with_key(home, key, USER)
    assert letters(lists.choices(world.post, "unit", "ea hleo", NOW)[0][1]) == letters("Xã Ea H'Leo")
