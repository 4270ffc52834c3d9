"""A kind of activity as an XLSForm, read by the converter that the servers of the phones use."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from pyxform.xls2xform import convert

from fieldapp.records import lists, records
from fieldapp.store import wall
from fieldapp.store.store import Store

XFORMS = "{http://www.w3.org/2002/xforms}"


def kind_with_all_sorts(store: Store) -> str:
    """A kind with a figure of money, one with decimals and limits, and a field of each type."""
    kind = records.save(
        store, "activity_kind", {"code": "khao_sat", "name": "Khảo sát “bản” & thôn", "section": "works"}
    )
    for code, unit, decimals, limits in (
        ("kinh_phi", "đồng", 0, {}),
        ("dien_tich", "ha", 2, {"minimum": 1, "maximum": 12345}),
        ("ho", "hộ", 0, {"maximum": 500}),
    ):
        named = {"code": code, "name": f"Số {code}", "unit_name": unit, "decimals": decimals, "nature": "quantity"}
        measure = records.save(store, "measure", named, confirm=True)
        records.save(store, "kind_measure", {"activity_kind_id": kind, "measure_id": measure, "position": 1, **limits})
    sorts: dict[str, dict[str, Any]] = {
        "text": {"needed": True},
        "number": {"decimals": 1, "maximum": 99},
        "date": {},
        "choice": {"choices": "Đã xong; Chưa"},
    }
    for place, (sort, more) in enumerate(sorts.items()):
        named = {"activity_kind_id": kind, "code": f"o_{sort}", "name": f"Ô {sort}", "field_type": sort}
        records.save(store, "kind_field", {**named, "decimals": 0, "needed": False, "position": place, **more})
    return kind


def binds(xform: str) -> dict[str, dict[str, str]]:
    """Question -> what the form demands of it."""
    root = ET.fromstring(xform)
    return {bind.get("nodeset", "").rpartition("/")[2]: dict(bind.attrib) for bind in root.iter(f"{XFORMS}bind")}


def form(run: Run, kind: str, out: Path) -> str:
    code, _said, error = run("kinds", kind, "--xlsform", str(out), home="hq")
    assert code == 0, error
    converted = convert(out, validate=False)
    assert converted.warnings == []
    return str(converted.xform)


def test_every_kind_is_a_form_that_the_converter_takes(world: World, run: Run, tmp_path: Path) -> None:
    kind_with_all_sorts(world.hq)
    for number, kind in enumerate(lists.activity_kinds(world.hq)):
        form(run, kind["id"], tmp_path / f"{number}.xlsx")


def test_types_limits_and_places_are_those_of_the_kind(world: World, run: Run, tmp_path: Path) -> None:
    kind = kind_with_all_sorts(world.hq)
    xform = form(run, kind, tmp_path / "form.xlsx")
    asked = binds(xform)
    assert asked["activity_kind"]["calculate"] == f"'{kind}'"
    assert (asked["ho"]["type"], asked["ho"]["constraint"]) == ("int", ". >= 0 and . <= 500")
    assert (asked["dien_tich"]["type"], asked["dien_tich"]["constraint"]) == ("decimal", ". >= 0.01 and . <= 123.45")
    assert asked["kinh_phi"]["type"] == "decimal", "a phone takes no whole number of more than nine digits"
    assert asked["kinh_phi"]["constraint"] == ". >= 0 and . = int(.)"
    assert {name for name, bind in asked.items() if bind.get("required")} == {"date_from", "unit", "o_text"}
    assert (asked["o_date"]["type"], asked["o_number"]["constraint"]) == ("date", ". >= 0 and . <= 9.9")
    assert '<h:title>Khảo sát "bản" &amp; thôn</h:title>' in xform, "the converter makes all quotes straight"
    communes = {row["id"]: row["label"] for row in lists.communes_at_home(world.hq, wall.today())}
    names = re.findall(r"<name>(.*?)</name>", xform)
    assert {name for name in names if len(name) == 36} == communes.keys()
    assert {"Đã xong", "Chưa"} <= {*names}


def test_the_same_form_has_the_same_version(world: World, run: Run, tmp_path: Path) -> None:
    kind = kind_with_all_sorts(world.hq)
    one, other = (form(run, kind, tmp_path / name) for name in ("a.xlsx", "b.xlsx"))
    assert one == other
    records.save(world.hq, "kind_field", {"activity_kind_id": kind, "code": "moi", "name": "Mới", "field_type": "text",
                                    "needed": False, "decimals": 0, "position": 9})  # fmt: skip
    versions = [re.findall(r' version="([0-9a-f]{12})"', text) for text in (one, form(run, kind, tmp_path / "c.xlsx"))]
    assert [len(found) for found in versions] == [1, 1]
    assert versions[0] != versions[1]


@pytest.mark.parametrize("arguments", [("--xlsform", "x.xlsx"), ("khong_co", "--xlsform", "x.xlsx")])
def test_a_form_needs_one_kind_that_there_is(
    world: World, run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    out = tmp_path / "x.xlsx"
    code, _said, error = run("kinds", *(part.replace("x.xlsx", str(out)) for part in arguments), home="hq")
    assert code and error
    assert not out.exists()
