"""The reference data that every copy of the program ships: units, kinds of activity, measures, ethnic groups.

It is a log. Each version of the program adds its changes after those of the version before, and never moves a change.
``units_2025.csv`` and ``unit_succession_2025.csv`` are what was shipped first, with its faults: ids are made of it.
Ids are computed from the rows' natural keys, so every replica has the same ids (``tests/store/test_baseline.py`` pins
some).
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from fieldapp.packaged import PACKAGE
from fieldapp.store import units_2026
from fieldapp.store.ids import FIRST_DAY, derived_id
from fieldapp.vietnamese.text import clean, sort_key

REFORM = "2025-07-01"
BEFORE_REFORM = "2025-06-30"

OLD_PROVINCES = {"Tỉnh Đắk Lắk": "66", "Tỉnh Phú Yên": "54"}
OLD_DISTRICTS = {
    ("Tỉnh Đắk Lắk", "Thành phố Buôn Ma Thuột"): "643",
    ("Tỉnh Đắk Lắk", "Thị xã Buôn Hồ"): "644",
    ("Tỉnh Đắk Lắk", "Huyện Ea H'leo"): "645",
    ("Tỉnh Đắk Lắk", "Huyện Ea Súp"): "646",
    ("Tỉnh Đắk Lắk", "Huyện Buôn Đôn"): "647",
    ("Tỉnh Đắk Lắk", "Huyện Cư M'gar"): "648",
    ("Tỉnh Đắk Lắk", "Huyện Krông Búk"): "649",
    ("Tỉnh Đắk Lắk", "Huyện Krông Năng"): "650",
    ("Tỉnh Đắk Lắk", "Huyện Ea Kar"): "651",
    ("Tỉnh Đắk Lắk", "Huyện M'Đrắk"): "652",
    ("Tỉnh Đắk Lắk", "Huyện Krông Bông"): "653",
    ("Tỉnh Đắk Lắk", "Huyện Krông Pắc"): "654",
    ("Tỉnh Đắk Lắk", "Huyện Krông A Na"): "655",
    ("Tỉnh Đắk Lắk", "Huyện Lắk"): "656",
    ("Tỉnh Đắk Lắk", "Huyện Cư Kuin"): "657",
    ("Tỉnh Phú Yên", "Thành phố Tuy Hòa"): "555",
    ("Tỉnh Phú Yên", "Thị xã Sông Cầu"): "557",
    ("Tỉnh Phú Yên", "Huyện Đồng Xuân"): "558",
    ("Tỉnh Phú Yên", "Huyện Tuy An"): "559",
    ("Tỉnh Phú Yên", "Huyện Sơn Hòa"): "560",
    ("Tỉnh Phú Yên", "Huyện Sông Hinh"): "561",
    ("Tỉnh Phú Yên", "Huyện Tây Hòa"): "562",
    ("Tỉnh Phú Yên", "Huyện Phú Hòa"): "563",
    ("Tỉnh Phú Yên", "Thị xã Đông Hòa"): "564",
}
"""Codes of old provinces and districts, which the succession file lacks. The spelling here is also the one that is
shipped: the file has some names with both habits of placing the tone."""

FIRST_DISTRICTS = ("Huyện Ea Súp", "Huyện Buôn Đôn")
"""The old districts that version 1 shipped."""

FIRST_LINES = {"activity_kinds.csv": 22, "measures.csv": 38}
FIRST_PAIRS = 63
"""How many lines of these files, and how many pairs of kind and measure in ``kind_measures.csv``, version 0.1 shipped.
What was appended since comes at the end of the log."""

BaselineRow = tuple[str, dict[str, Any]]
BaselineChange = tuple[str, str, dict[str, Any], bool]


def baseline_changes() -> Iterator[BaselineChange]:
    """The changes of the baseline: (table, row id, columns, whether the row is new), parents first.

    The columns of a new row lack only author, time and void columns.
    """
    first = [_as_new(*row) for row in _rows_of_0_2()]
    yield from first
    yield from _limits()
    yield from _synonyms()
    yield from units_2026.unit_changes(
        first,
        [units_2026.Line(*fields) for fields in _lines("units.csv")],
        _lines("unit_successions.csv"),
        dict(corrected_codes()),
    )
    yield from _sentences()
    yield from _wanted_files()
    for row in _kinds_since():
        yield _as_new(*row)


def _as_new(table: str, row: dict[str, Any]) -> BaselineChange:
    return table, row["id"], {name: value for name, value in row.items() if name != "id"}, True


def corrected_codes() -> list[tuple[str, str]]:
    """(code as it was shipped first, official code) of each unit that was shipped with a wrong one."""
    return [(code, official) for code, official in _lines("unit_codes_2025.csv")]


def provinces() -> tuple[dict[str, str], dict[str, str]]:
    """Code -> name of the provinces of today; and of those that are gone."""
    lines = [line for line in map(units_2026.Line._make, _lines("units.csv")) if len(line.code) == 2]
    today = {line.code: line.name for line in lines if not line.valid_to}
    return today, {line.code: line.name for line in lines if line.code not in today}


def province_now(code: str) -> str:
    """The code of the province of which one that is gone is a part today."""
    return next(new for old, new, *_more in _lines("unit_successions.csv") if old == code and len(new) == 2)


def _rows_of_0_2() -> Iterator[BaselineRow]:
    """The rows that version 0.2 shipped, before the limits and synonyms of its kinds."""
    new: dict[str, str] = {}
    seen: set[str] = set()
    successions = list(_table("unit_succession_2025.csv"))
    for table, row in (*_new_units(new), *_old_units(new, filter(_shipped_first, successions)), *_kinds()):
        seen.add(row["id"])
        yield table, row
    again = (*_old_units(new, successions), *_province_successions(new, successions))
    for table, row in (*again, *_ethnic_groups(), *_kind_fields()):
        if row["id"] not in seen:
            yield table, row


def _table(name: str) -> Iterator[dict[str, str]]:
    text = (PACKAGE / "data" / name).read_text(encoding="utf-8")
    yield from csv.DictReader(io.StringIO(text))


def _lines(name: str) -> Iterator[list[str]]:
    """The lines of a large table without its head; quicker than ``_table``."""
    text = (PACKAGE / "data" / name).read_text(encoding="utf-8")
    return islice(csv.reader(io.StringIO(text)), 1, None)


def _unit(level: str, code: str, name: str, parent: str | None, old: bool, place: str = "") -> BaselineRow:
    """The row of a unit. Without a code, its id is made with ``place`` instead: names repeat between districts."""
    day = FIRST_DAY if old else REFORM
    return "unit", {
        "id": derived_id("unit", day, level, code or place, clean(name)),
        "level": level,
        "code": code or None,
        "name": clean(name),
        "parent_id": parent,
        "valid_from": None if old else REFORM,
        "valid_to": BEFORE_REFORM if old else None,
    }


def _new_units(new: dict[str, str]) -> Iterator[BaselineRow]:
    """The units of today; puts the ids of the communes into ``new``, by code."""
    provinces: dict[str, str] = {}
    for line in _table("units_2025.csv"):
        parent = provinces[line["parent_code"]] if line["parent_code"] else None
        table, row = _unit(line["level"], line["code"], line["name"], parent, old=False)
        (new if parent else provinces)[line["code"]] = row["id"]
        yield table, row


def _shipped_first(line: dict[str, str]) -> bool:
    """Whether version 1 shipped a line of the succession file: the border districts of old Đắk Lắk."""
    return line["old_province"] == "Tỉnh Đắk Lắk" and line["old_district"] in FIRST_DISTRICTS


def _old_units(new: dict[str, str], lines: Iterable[dict[str, str]]) -> Iterator[BaselineRow]:
    """The old units of some lines, province by province, then their communes and the successions."""
    lines = sorted(lines, key=lambda line: not line["old_code"])
    provinces: dict[str, str] = {}
    districts: dict[tuple[str, str], str] = {}
    for province, name in sorted(
        {(line["old_province"], _district(line)) for line in lines},
        key=lambda pair: (pair[0], OLD_DISTRICTS.get(pair, "~"), pair[1]),
    ):
        if province not in provinces:
            table, row = _unit("province", OLD_PROVINCES.get(province, ""), province, None, old=True)
            provinces[province] = row["id"]
            yield table, row
        code = OLD_DISTRICTS.get((province, name), "")
        table, row = _unit("district", code, name, provinces[province], old=True, place=clean(province))
        districts[(province, name)] = row["id"]
        yield table, row
    communes: dict[tuple[str, tuple[str, tuple[int, ...]]], str] = {}
    passed: set[tuple[str, str]] = set()
    for line in lines:
        district = districts[(line["old_province"], _district(line))]
        # A line without a code is a part of the unit with that name. Different tones make different names (Phú Thạnh
        # and Phú Thành of one district are two communes); different places of the same tone do not.
        key = (district, _spelling(line["old_name"]))
        if key not in communes:
            place = clean(f"{line['old_province']}/{_district(line)}")
            table, row = _unit("commune", line["old_code"], line["old_name"], district, old=True, place=place)
            communes[key] = row["id"]
            yield table, row
        if line["new_code"] not in new:  # five codes that nobody could confirm: no successor, shown as "not assigned"
            continue
        old_id, new_id = communes[key], new[line["new_code"]]
        if (old_id, new_id) in passed:  # two parts of one unit went to the same successor
            continue
        passed.add((old_id, new_id))
        yield _succession(old_id, new_id)


def _succession(old_id: str, new_id: str) -> BaselineRow:
    return "unit_succession", {
        "id": derived_id("unit_succession", REFORM, old_id, new_id),
        "old_unit_id": old_id,
        "new_unit_id": new_id,
        "effective_on": REFORM,
    }


@cache
def _spelling(name: str) -> tuple[str, tuple[int, ...]]:
    """A name's letters and, separately, its tones: equal for both habits of placing a tone."""
    letters, tones, _text = sort_key(clean(name).casefold())
    return letters, tuple(tone for tone in tones if tone)


def _district(line: dict[str, str]) -> str:
    """The old district of a line, in the shipped spelling."""
    return _shipped_spelling(line["old_province"], clean(line["old_district"]))


@cache
def _shipped_spelling(province: str, district: str) -> str:
    same = (d for p, d in OLD_DISTRICTS if p == province and _spelling(d) == _spelling(district))
    return next(same, district)


def _province_successions(new: dict[str, str], lines: list[dict[str, str]]) -> Iterator[BaselineRow]:
    """Successions of the shipped old provinces: the new province is the one that got most of their communes."""
    units = {line["code"]: line for line in _table("units_2025.csv")}
    for name, code in OLD_PROVINCES.items():
        successors = Counter(
            units[line["new_code"]]["parent_code"]
            for line in lines
            if line["old_province"] == name and line["new_code"] in new
        )
        ((new_code, _communes),) = successors.most_common(1)
        old_id = _unit("province", code, name, None, old=True)[1]["id"]
        yield _succession(old_id, _unit("province", new_code, units[new_code]["name"], None, old=False)[1]["id"])


def _ethnic_groups() -> Iterator[BaselineRow]:
    """The 54 groups of the official list (General Statistics Office, Decision 121-TCTK/PPCĐ of 1979); foreigners."""
    for line in _table("ethnic_groups.csv"):
        yield (
            "ethnic_group",
            {
                "id": derived_id("ethnic_group", FIRST_DAY, line["code"]),
                "code": line["code"],
                "name": line["name"],
                "also_called": line["also_called"] or None,
            },
        )


def _kind_fields() -> Iterator[BaselineRow]:
    for position, line in enumerate(_table("kind_fields.csv"), start=1):
        kind_id = derived_id("activity_kind", FIRST_DAY, line["kind"])
        yield (
            "kind_field",
            {
                "id": derived_id("kind_field", FIRST_DAY, kind_id, line["code"]),
                "activity_kind_id": kind_id,
                "code": line["code"],
                "name": line["name"],
                "field_type": line["field_type"],
                "choices": line["choices"] or None,
                "decimals": 0,
                "needed": 0,
                "hint": line["hint"] or None,
                "position": position,
            },
        )


def _limits() -> Iterator[BaselineChange]:
    """Usual limits of figures, so that the program asks about a typing error."""
    for line in _table("kind_limits.csv"):
        ids = [
            derived_id(table, FIRST_DAY, line[column])
            for table, column in (("activity_kind", "kind"), ("measure", "measure"))
        ]
        cols: dict[str, Any] = {name: int(line[name]) for name in ("usual_minimum", "usual_maximum") if line[name]}
        if line["hint"]:
            cols["hint"] = line["hint"]
        yield "kind_measure", derived_id("kind_measure", FIRST_DAY, *ids), cols, False


def _synonyms() -> Iterator[BaselineChange]:
    """Other words by which people look for a kind."""
    for line in _table("kind_synonyms.csv"):
        yield (
            "activity_kind",
            derived_id("activity_kind", FIRST_DAY, line["kind"]),
            {"also_called": line["also_called"]},
            False,
        )


def _sentences() -> Iterator[BaselineChange]:
    """The sentences of what version 0.1 shipped. What was appended since brings its own: see ``_kinds_since``."""
    first = {row["id"] for _table, row in _kinds()}
    for (table, row_id), sentence in _sentence_of().items():
        if row_id in first:
            yield table, row_id, {"sentence": sentence}, False


def _sentence_of() -> dict[tuple[str, str], str]:
    """(table, row's id) -> its sentence in reports."""
    lines = _table("sentences.csv")
    return {(line["table"], derived_id(line["table"], FIRST_DAY, line["code"])): line["sentence"] for line in lines}


def _wanted_files() -> Iterator[BaselineChange]:
    """How many files the kinds of version 0.1 want: works that are handed over have a photograph and a minute.

    Complete: what later kinds want stands in their own rows, behind these.
    """
    first = {row["id"] for _table, row in _kinds()}
    for kind, wanted in _wanted_of().items():
        if kind in first:
            yield "activity_kind", kind, wanted, False


def _wanted_of() -> dict[str, dict[str, Any]]:
    """Id of a kind of activity -> the columns that say how many files it wants."""
    return {
        derived_id("activity_kind", FIRST_DAY, line["kind"]): {
            "photographs_wanted": int(line["photographs"]), "minutes_wanted": int(line["minutes"])
        }
        for line in _table("kind_files.csv")
    }  # fmt: skip


def _kinds() -> Iterator[BaselineRow]:
    """The kinds, the measures and the measures of kinds that version 0.1 shipped."""
    for table, name in (("activity_kind", "activity_kinds.csv"), ("measure", "measures.csv")):
        for row in islice(_named(table, name).values(), FIRST_LINES[name]):
            yield table, row
    for _kind, _measure, row in islice(_measures_of_kinds(), FIRST_PAIRS):
        yield "kind_measure", row


def _kinds_since() -> Iterator[BaselineRow]:
    """The rows appended since 0.2, in the order of ``kind_measures.csv``: each after its kind and its measure."""
    shipped = {row["id"] for _table, row in _kinds()}
    sentences, wanted = _sentence_of(), _wanted_of()
    for kind, measure, pair in islice(_measures_of_kinds(), FIRST_PAIRS, None):
        for table, row in (("activity_kind", kind), ("measure", measure), ("kind_measure", pair)):
            if row["id"] not in shipped:
                shipped.add(row["id"])
                sentence = sentences.get((table, row["id"]))
                more = {} if sentence is None else {"sentence": sentence}
                yield table, {**row, **more, **wanted.get(row["id"], {})}


def _named(table: str, name: str) -> dict[str, dict[str, Any]]:
    """Code -> row of the kinds, or of the measures."""
    rows: dict[str, dict[str, Any]] = {}
    for position, line in enumerate(_table(name), start=1):
        row: dict[str, Any] = {"id": derived_id(table, FIRST_DAY, line["code"]), **line}
        if table == "measure":
            row["decimals"] = int(line["decimals"])
        else:
            row["position"] = position
        rows[line["code"]] = row
    return rows


def _measures_of_kinds() -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """(kind, measure, row that joins them); the later lines of a kind continue the positions of its first."""
    kinds, measures = _named("activity_kind", "activity_kinds.csv"), _named("measure", "measures.csv")
    positions: Counter[str] = Counter()
    for line in _table("kind_measures.csv"):
        kind = kinds[line["kind"]]
        for code in line["measures"].split():
            positions[line["kind"]] += 1
            ids = {"activity_kind_id": kind["id"], "measure_id": measures[code]["id"]}
            row_id = derived_id("kind_measure", FIRST_DAY, *ids.values())
            yield kind, measures[code], {"id": row_id, **ids, "position": positions[line["kind"]]}
