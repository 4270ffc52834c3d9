"""The reference rows that every copy of the program ships: units, kinds of activity, measures.

Their ids are computed from what they are, so every replica of every version has the same; they must never change
(``tests/store/test_baseline.py`` pins some). They are UUIDv7 in form: the milliseconds of the row's natural date, then
SHA-256 of its natural key instead of random bits.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

from fieldapp.domain.text import clean

REFORM = "2025-07-01"
BEFORE_REFORM = "2025-06-30"
FIRST_DAY = "2008-01-01"
"""The coordination regulation of the source is in force since 2008: older rows than that are not needed."""

OLD_PROVINCE = "Tỉnh Đắk Lắk"
OLD_PROVINCE_CODE = "66"
OLD_DISTRICTS = {"Huyện Ea Súp": "646", "Huyện Buôn Đôn": "647"}

BaselineRow = tuple[str, dict[str, Any]]


def baseline_rows() -> Iterator[BaselineRow]:
    """(table, row) in an order in which parents come first; a row lacks only author, time and void columns."""
    yield from _units()
    yield from _kinds()


def baseline_id(table: str, day: str, *key: str) -> str:
    """The id of a shipped row: its table, its natural date and its natural key."""
    ms = round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
    rest = hashlib.sha256("|".join((table, *key)).encode()).digest()[:10]
    number = int.from_bytes(ms.to_bytes(6) + rest)
    number &= ~(0xF << 76) & ~(0x3 << 62)
    return str(UUID(int=number | (0x7 << 76) | (0x2 << 62)))


def _table(name: str) -> Iterator[dict[str, str]]:
    text = (files("fieldapp") / "data" / name).read_text(encoding="utf-8")
    yield from csv.DictReader(io.StringIO(text))


def _unit(level: str, code: str, name: str, parent: str | None, old: bool, place: str = "") -> BaselineRow:
    """``place`` stands for the code in the id of a unit that has none: names repeat between districts."""
    day = FIRST_DAY if old else REFORM
    return "unit", {
        "id": baseline_id("unit", day, level, code or place, clean(name)),
        "level": level,
        "code": code or None,
        "name": clean(name),
        "parent_id": parent,
        "valid_from": None if old else REFORM,
        "valid_to": BEFORE_REFORM if old else None,
    }


def _units() -> Iterator[BaselineRow]:
    new: dict[str, str] = {}
    provinces: dict[str, str] = {}
    for line in _table("units_2025.csv"):
        parent = provinces[line["parent_code"]] if line["parent_code"] else None
        table, row = _unit(line["level"], line["code"], line["name"], parent, old=False)
        (new if parent else provinces)[line["code"]] = row["id"]
        yield table, row
    yield from _old_units(new)


def _shipped(line: dict[str, str]) -> bool:
    """Whether a line of the succession file is shipped: the border districts of old Đắk Lắk.

    The one place to widen. A unit shipped without a code keeps the id made without it, so codes of provinces and
    districts, which the file lacks, go into the tables above in the same version.
    """
    return line["old_province"] == OLD_PROVINCE and line["old_district"] in OLD_DISTRICTS


def _old_units(new: dict[str, str]) -> Iterator[BaselineRow]:
    """The shipped old units, province by province, with their communes and what became of them."""
    lines = [line for line in _table("unit_succession_2025.csv") if _shipped(line)]
    lines.sort(key=lambda line: not line["old_code"])
    provinces: dict[str, str] = {}
    districts: dict[tuple[str, str], str] = {}
    for province, name in sorted(
        {(line["old_province"], line["old_district"]) for line in lines},
        key=lambda pair: (pair[0], _district_code(*pair) or "~", pair[1]),
    ):
        if province not in provinces:
            code = OLD_PROVINCE_CODE if province == OLD_PROVINCE else ""
            table, row = _unit("province", code, province, None, old=True)
            provinces[province] = row["id"]
            yield table, row
        table, row = _unit(
            "district", _district_code(province, name), name, provinces[province], old=True, place=clean(province)
        )
        districts[(province, name)] = row["id"]
        yield table, row
    communes: dict[tuple[str, str], str] = {}
    passed: set[tuple[str, str]] = set()
    for line in lines:
        district = districts[(line["old_province"], line["old_district"])]
        # A line without a code is a part of the unit of that name. Case alone is folded: Phú Thạnh and Phú Thành of
        # one district are two communes.
        key = (district, clean(line["old_name"]).casefold())
        if key not in communes:
            place = clean(f"{line['old_province']}/{line['old_district']}")
            table, row = _unit("commune", line["old_code"], line["old_name"], district, old=True, place=place)
            communes[key] = row["id"]
            yield table, row
        if line["new_code"] not in new:  # five codes that nobody could confirm: no successor, "not assigned"
            continue
        old_id, new_id = communes[key], new[line["new_code"]]
        if (old_id, new_id) in passed:  # two parts of one unit went to the same successor
            continue
        passed.add((old_id, new_id))
        yield (
            "unit_succession",
            {
                "id": baseline_id("unit_succession", REFORM, old_id, new_id),
                "old_unit_id": old_id,
                "new_unit_id": new_id,
                "effective_on": REFORM,
            },
        )


def _district_code(province: str, name: str) -> str:
    return OLD_DISTRICTS.get(name, "") if province == OLD_PROVINCE else ""


def _kinds() -> Iterator[BaselineRow]:
    ids: dict[tuple[str, str], str] = {}
    for table, name in (("activity_kind", "activity_kinds.csv"), ("measure", "measures.csv")):
        for position, line in enumerate(_table(name), start=1):
            row_id = ids[(table, line["code"])] = baseline_id(table, FIRST_DAY, line["code"])
            row: dict[str, Any] = {"id": row_id, **line}
            if table == "measure":
                row["decimals"] = int(line["decimals"])
            else:
                row["position"] = position
            yield table, row
    for line in _table("kind_measures.csv"):
        for position, measure in enumerate(line["measures"].split(), start=1):
            kind_id, measure_id = ids[("activity_kind", line["kind"])], ids[("measure", measure)]
            yield (
                "kind_measure",
                {
                    "id": baseline_id("kind_measure", FIRST_DAY, kind_id, measure_id),
                    "activity_kind_id": kind_id,
                    "measure_id": measure_id,
                    "position": position,
                },
            )
