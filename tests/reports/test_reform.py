"""Units across a reform: what was recorded in a unit is found under what it was, and under what it became (rule 7).

The units are the tests' own: communes of two provinces that are kept, renamed, merged, divided, or changed twice.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
import uuid_utils
from field import Run, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.records import records
from fieldapp.reports import narrative
from fieldapp.reports.figures import behind, figures, grouped, unassigned
from fieldapp.reports.query import Period, Query, View
from fieldapp.reports.report import report
from fieldapp.reports.units import IN_USE
from fieldapp.store.store import Store

EXAMPLES = int(os.environ.get("FIELDAPP_EXAMPLES", "25"))

REFORM, AGAIN = date(2025, 7, 1), date(2026, 3, 1)
DAY = timedelta(days=1)
HALF, OTHER, YEAR = (Period(date(2025, a, 1), date(2025, b, c)) for a, b, c in ((1, 6, 30), (7, 12, 31), (1, 12, 31)))
BOTH_YEARS = Period(date(2025, 1, 1), date(2026, 12, 31))
TODAY = date(2026, 11, 30)
WELL = "gieng_khoan.gieng"


@dataclass
class Land:
    """Units that headquarters makes, by name."""

    world: World
    ids: dict[str, str] = field(default_factory=dict)

    def unit(self, name: str, code: str | None, first: date | None, last: date | None, **fields: Any) -> str:
        entry = {"name": name, "code": code, "level": "commune", "valid_from": first, "valid_to": last, **fields}
        self.ids[name] = records.save(self.world.hq, "unit", entry, confirm=True)
        return self.ids[name]

    def old(self, name: str, code: str, last: date = REFORM - DAY, **fields: Any) -> None:
        self.unit(name, code, None, last, **fields)

    def new(self, name: str, code: str, *before: str, first: date = REFORM, last: date | None = None) -> None:
        """A unit that began on ``first``, out of others or parts of them."""
        self.unit(name, code, first, last)
        for old in before:
            records.save(self.world.hq, "unit_succession", {
                "old_unit_id": self.ids[old], "new_unit_id": self.ids[name], "effective_on": first},
                confirm=True)  # fmt: skip

    def carry(self) -> None:
        self.world.carry(self.world.hq, self.world.post)

    def wells(self, name: str, day: str, number: int, **fields: Any) -> str:
        """An activity of so many wells in a unit; its id."""
        measures = [{"measure_id": "gieng", "amount": number}]
        if "unit_now_id" in fields:
            fields["unit_now_id"] = self.ids[fields["unit_now_id"]]
        return self.world.well(unit_id=self.ids[name], date_from=day, measures=measures, **fields)

    def count(self, period: Period, unit: str | None = None, view: str = "then", code: str = WELL) -> int:
        """A figure at the post; ``unit``: name or code."""
        query = Query(period, self.ids.get(unit or "", unit), None, view, TODAY)  # type: ignore[arg-type]
        return next((f.value or 0 for f in figures(self.world.post, query) if f.code == code), 0)

    def columns(self, period: Period, view: str = "then", code: str = WELL) -> dict[str | None, int]:
        """The same by commune, by name; None: not assigned."""
        names = {row_id: name for name, row_id in self.ids.items()}
        parts = grouped(self.world.post, Query(period, None, None, view, TODAY), "commune")  # type: ignore[arg-type]
        return {names[k] if k else None: f.value or 0 for k, fs in parts.items() for f in fs if f.code == code}

    def left_out(self, period: Period, unit: str | None = None, view: str = "then") -> dict[str, int]:
        query = Query(period, self.ids.get(unit or "", unit), None, view, TODAY)  # type: ignore[arg-type]
        return report(self.world.post, query).completeness.unassigned_kinds


@pytest.fixture
def land(world: World) -> Land:
    return Land(world)


def test_a_commune_is_found_on_every_day_of_the_reform_s_year(land: Land, run: Run) -> None:
    """Kept, and divided with a part that keeps the code: the year had less than its first half."""
    land.old("Giữ cũ", "90001")
    land.new("Giữ", "90001", "Giữ cũ")
    land.old("Chia cũ", "90002")
    land.new("Chia", "90002", "Chia cũ")
    land.new("Tách", "90003", "Chia cũ")
    land.carry()
    for old, new in (("Giữ cũ", "Giữ"), ("Chia cũ", "Chia")):
        land.wells(old, "2025-03-05", 3)
        land.wells(new, "2025-09-05", 2)
    for code in ("90001", "90002"):
        assert [land.count(p, code) for p in (HALF, OTHER, YEAR)] == [3, 2, 5]
        made = json.loads(run("report", "--unit", code, "--period", "2025", "--json")[1])
        assert [f["value"] for f in made["figures"] if f["code"] == WELL] == [5]
    assert land.columns(YEAR) == {"Giữ cũ": 3, "Giữ": 2, "Chia cũ": 3, "Chia": 2}
    assert land.left_out(YEAR) == {}
    assert land.columns(YEAR, "now") == {"Giữ": 5, "Chia": 2, None: 3}
    land.wells("Chia cũ", "2025-10-05", 8)  # that unit was not there in the period any more
    assert land.columns(OTHER) == {"Giữ": 2, "Chia": 2, "Chia cũ": 8}
    assert (land.left_out(OTHER), land.left_out(OTHER, "90002")) == ({}, {"activity": 1})


def test_a_commune_that_was_renamed_is_found_under_both_names(land: Land) -> None:
    land.old("Cũ", "90001")
    land.new("Mới", "90002", "Cũ")
    land.carry()
    land.wells("Cũ", "2025-03-05", 3)
    land.wells("Mới", "2025-09-05", 2)
    for name in ("Cũ", "Mới", "90001", "90002"):
        assert [land.count(p, name) for p in (HALF, OTHER, YEAR)] == [3, 2, 5], name
    assert [land.columns(p) for p in (HALF, OTHER, YEAR)] == [{"Cũ": 3}, {"Mới": 2}, {"Cũ": 3, "Mới": 2}]
    assert land.columns(YEAR, "now") == {"Mới": 5}


def test_a_merged_commune_has_all_of_the_old_ones_and_these_their_own(land: Land) -> None:
    for at in (1, 2):
        land.old(f"Cũ {at}", f"9000{at}")
    land.new("Chung", "90001", "Cũ 1", "Cũ 2")
    land.carry()
    land.wells("Cũ 1", "2025-03-05", 3)
    land.wells("Cũ 2", "2025-03-06", 4)
    land.wells("Chung", "2025-09-05", 2)
    assert [land.count(p, "90001") for p in (HALF, OTHER, YEAR)] == [3, 2, 9]
    assert [land.count(p, "Cũ 2") for p in (HALF, OTHER, YEAR)] == [4, 0, 4]
    assert land.columns(YEAR) == {"Cũ 1": 3, "Cũ 2": 4, "Chung": 2}
    assert land.columns(YEAR, "now") == {"Chung": 9}
    assert land.left_out(YEAR) == {}
    assert land.left_out(YEAR, "Cũ 2") == {"activity": 1}  # the wells of the merged one may be in its part


def test_what_is_recorded_in_a_later_unit_is_where_that_was_before(land: Land) -> None:
    """A record of March in the unit of July: in the only unit that it came from, or nobody knows in which."""
    for at in (1, 2, 3):
        land.old(f"Cũ {at}", f"9000{at}")
    land.new("Tên mới", "90004", "Cũ 1")
    land.new("Chung", "90005", "Cũ 2", "Cũ 3")
    land.carry()
    land.wells("Tên mới", "2025-03-05", 3)
    land.wells("Chung", "2025-03-05", 4)
    assert land.columns(HALF) == {"Tên mới": 3, "Chung": 4}
    assert [land.count(HALF, name) for name in ("Cũ 1", "Cũ 2", "Chung")] == [3, 0, 4]
    assert (land.left_out(HALF), land.left_out(HALF, "Cũ 2")) == ({}, {"activity": 1})
    assert land.columns(YEAR, "now") == {"Tên mới": 3, "Chung": 4}


def test_the_chosen_successor_counts_and_is_followed_when_it_is_succeeded_in_turn(land: Land) -> None:
    """Divided in 2025; of the parts one was renamed, the other divided in 2026."""
    land.old("Cũ", "90001")
    land.new("Một", "90002", "Cũ", last=AGAIN - DAY)
    land.new("Hai", "90003", "Cũ", last=AGAIN - DAY)
    land.new("Phường Một", "90004", "Một", first=AGAIN)
    land.new("Hai A", "90005", "Hai", first=AGAIN)
    land.new("Hai B", "90006", "Hai", first=AGAIN)
    land.carry()
    land.wells("Cũ", "2025-03-05", 1, unit_now_id="Một")
    land.wells("Cũ", "2025-03-06", 2, unit_now_id="Hai")
    land.wells("Cũ", "2025-03-07", 4, unit_now_id="Hai B")
    land.wells("Cũ", "2025-03-08", 8)
    assert land.columns(HALF) == {"Cũ": 15}
    assert land.columns(BOTH_YEARS) == {"Cũ": 15}
    assert land.columns(BOTH_YEARS, "now") == {"Phường Một": 1, "Hai B": 4, None: 10}
    for view in ("then", "now"):
        assert [land.count(BOTH_YEARS, n, view) for n in ("Phường Một", "Hai A", "Hai B")] == [1, 0, 4]
        assert land.left_out(BOTH_YEARS, None, view) == ({"activity": 2} if view == "now" else {})
        assert land.left_out(BOTH_YEARS, "Hai A", view) == {"activity": 2}
        assert land.left_out(BOTH_YEARS, "Phường Một", view) == {"activity": 1}
    query = Query(YEAR, view="now", today=date(2025, 12, 31))
    assert {f.value for f in grouped(land.world.post, query, "commune")[land.ids["Hai"]] if f.code == WELL} == {6}


def test_the_report_is_in_the_units_of_the_program_s_day_not_of_the_machine_s_clock(land: Land) -> None:
    land.old("Cũ", "90001", last=date(2090, 6, 30))
    land.new("Mới", "90002", "Cũ", first=date(2090, 7, 1))
    land.carry()
    land.wells("Cũ", "2025-03-05", 3)
    query = Query(YEAR, view="now")
    for today, name in ((date(2090, 6, 30), "Cũ"), (date(2090, 7, 1), "Mới")):
        assert set(grouped(land.world.post, replace(query, today=today), "commune")) == {land.ids[name]}


def strengthen(land: Land, day: str, name: str, *, now: str | None = None, of: str | None = None) -> None:
    records.save(land.world.post, "activity", {
        "activity_kind_id": "cung_co_co_so_chinh_tri", "date_from": day, "unit_id": land.ids[name],
        "unit_now_id": now and land.ids[now], "targets": [{"target_type": "commune", "unit_id": land.ids[of or name]}],
    }, confirm=True)  # fmt: skip


def test_a_commune_helped_under_its_old_and_its_new_name_is_one(land: Land) -> None:
    """In both views. Two that were merged later were two then, and are one in today's units."""
    land.old("Cũ 1", "90001")
    land.old("Cũ 2", "90002")
    land.new("Chung", "90003", "Cũ 1", "Cũ 2")
    land.old("Tên cũ", "90004")
    land.new("Tên mới", "90005", "Tên cũ")
    land.carry()
    for day, name in (("2025-03-01", "Tên cũ"), ("2025-09-01", "Tên mới"), ("2025-03-02", "Cũ 1"),
                      ("2025-03-03", "Cũ 2")):  # fmt: skip
        strengthen(land, day, name)
    code = "communes_strengthened"
    assert {view: land.count(YEAR, None, view, code) for view in ("then", "now")} == {"then": 2, "now": 2}
    assert {view: land.count(HALF, None, view, code) for view in ("then", "now")} == {"then": 3, "now": 2}
    assert land.columns(YEAR, "now", code) == {"Tên mới": 1, "Chung": 1}


def test_the_chosen_successor_counts_for_bodies_too(land: Land) -> None:
    land.old("Cũ", "90001")
    land.new("Một", "90002", "Cũ")
    land.new("Hai", "90003", "Cũ")
    land.carry()
    strengthen(land, "2025-03-01", "Cũ", now="Một")
    strengthen(land, "2025-09-01", "Một")
    for view in ("then", "now"):
        assert land.count(YEAR, None, view, "communes_strengthened") == 1
    assert land.columns(YEAR, "now", "communes_strengthened") == {"Một": 1}


def test_a_household_under_the_old_and_the_new_name_of_its_commune_is_one(land: Land) -> None:
    land.old("Cũ", "90001")
    land.new("Mới", "90002", "Cũ")
    land.carry()
    for name in ("Trần Văn B", "Lê Văn C"):
        records.save(land.world.post, "member", {"full_name": name})
    for member, unit, day in (("Trần Văn B", "Cũ", "2025-02-01"), ("Lê Văn C", "Mới", "2025-08-01")):
        records.save(land.world.post, "household_charge", {
            "member_id": member, "household": "Y Thanh", "unit_id": land.ids[unit], "date_from": day},
            confirm=True)  # fmt: skip
    for view in ("then", "now"):
        assert land.count(YEAR, None, view, "households_in_charge") == 1


def test_what_cannot_be_assigned_is_said_for_every_kind(land: Land) -> None:
    """Not for activities alone, in both views, and where the report is narrowed to a part."""
    land.old("Cũ", "90001")
    land.new("Một", "90002", "Cũ")
    land.new("Hai", "90003", "Cũ")
    land.old("Khác", "90004")
    records.save(land.world.hq, "party_cell", {"name": "Chi bộ Cũ", "unit_id": land.ids["Cũ"]})
    land.carry()
    post = land.world.post
    records.save(post, "member", {"full_name": "Trần Văn B"})
    there = {"unit_id": land.ids["Cũ"]}
    member, cell = {"member_id": "Trần Văn B"}, {"party_cell_id": "Chi bộ Cũ"}
    saved: list[tuple[str, dict[str, Any]]] = [
        ("introduction", {**member, **cell, "date_from": "2025-02-01"}),
        ("meeting", {**cell, "held_on": "2025-02-10", "attendance": [{**member, "status": "present"}]}),
        ("household_charge", {**member, **there, "household": "Y Thanh", "date_from": "2025-02-01"}),
        ("candidacy", {**member, **there, "body": "party_committee", "level": "commune", "nominated_on": "2025-02-01"}),
        ("cell_rating", {**cell, "year": 2025, "rating": "good"}),
        ("matter", {**there, "matter_type": "support_request", "counterpart": "Đảng ủy xã", "subject": "Xin máy bơm",
                    "opened_on": "2025-02-01"}),
        ("self_management_group", {**there, "name": "Tổ 1", "households": 12, "date_from": "2025-02-01"}),
    ]  # fmt: skip
    for kind, entry in saved:
        records.save(post, kind, entry, confirm=True)
    land.wells("Cũ", "2025-03-05", 3)
    expected = {"activity": 1, **{kind: 1 for kind, _entry in saved}}
    for view in ("then", "now"):
        for unit in ("Một", "90003"):
            assert land.left_out(YEAR, unit, view) == expected, (view, unit)
        assert land.left_out(YEAR, "Khác", view) == {}
    assert set(grouped(post, Query(YEAR, None, None, "now", TODAY), "commune")) == {None}
    assert land.left_out(YEAR, None, "now") == expected
    assert land.left_out(YEAR) == land.left_out(HALF, "Cũ") == {}
    assert None not in grouped(post, Query(YEAR), "commune")
    made = report(post, Query(YEAR, "90002"))
    assert (made.figures, made.completeness.unassigned) == ([], 8)
    (line,) = (x for x in narrative.left_out(made) if x.startswith("Chưa phân bổ"))
    assert "1 hoạt động" in line
    assert "1 giới thiệu sinh hoạt" in line
    records.void(post, post.value("SELECT id FROM activity"), "nhập trùng")
    assert "activity" not in land.left_out(YEAR, "Một")


def test_a_hamlet_goes_with_its_commune(land: Land) -> None:
    land.old("Cũ", "90001")
    land.old("Chia", "90002")
    land.unit("Buôn A", None, None, None, level="hamlet", parent_id=land.ids["Cũ"])
    land.unit("Buôn B", None, None, None, level="hamlet", parent_id=land.ids["Chia"])
    land.new("Mới", "90003", "Cũ", "Chia")
    land.new("Hai", "90004", "Chia")
    land.carry()
    land.wells("Buôn A", "2025-03-05", 3)
    land.wells("Buôn B", "2025-03-05", 4)
    land.wells("Buôn B", "2025-03-05", 8, unit_now_id="Hai")
    assert land.columns(HALF) == {"Cũ": 3, "Chia": 12}
    for view in ("then", "now"):
        assert land.columns(YEAR, view) == ({"Mới": 3, "Hai": 8, None: 4} if view == "now" else {"Cũ": 3, "Chia": 12})
        assert [land.count(YEAR, n, view) for n in ("Mới", "Hai", "Buôn A", "Buôn B")] == [3, 8, 3, 12]
        assert land.left_out(YEAR, "Hai", view) == {"activity": 1}


def test_a_code_that_another_unit_has_now_does_not_bring_its_records(land: Land) -> None:
    """Used again without any succession between the two."""
    land.old("Cũ", "90001")
    land.new("Nơi khác", "90002", "Cũ")
    land.new("Mã dùng lại", "90001")
    land.carry()
    land.wells("Cũ", "2025-03-05", 3)
    land.wells("Mã dùng lại", "2025-09-05", 2)
    assert [land.count(p, "90001") for p in (HALF, OTHER, YEAR)] == [3, 2, 2]
    assert land.columns(YEAR, "now") == {"Nơi khác": 3, "Mã dùng lại": 2}


def test_a_code_means_the_latest_unit_before_the_day(land: Land) -> None:
    """Not one that begins later, and not one before it."""
    land.unit("Thứ nhất", "90001", None, date(2024, 6, 30))
    land.unit("Thứ hai", "90001", date(2024, 7, 1), date(2024, 12, 31))
    land.unit("Thứ ba", "90001", date(2026, 1, 1), None)
    land.carry()
    assert report(land.world.post, Query(YEAR, "90001")).unit == "Thứ hai"


def test_a_province_has_what_is_divided_within_it(land: Land) -> None:
    """But not what is divided between it and another."""
    for name in ("T1", "T2"):
        land.unit(name, None, None, None, level="province")
    for name, code, at in (("Trong", "90001", "T1"), ("Giữa", "90002", "T1")):
        land.old(name, code, parent_id=land.ids[at])
    for name, code, at, before in (("A", "90003", "T1", ["Trong", "Giữa"]), ("B", "90004", "T1", ["Trong"]),
                                   ("C", "90005", "T2", ["Giữa"])):  # fmt: skip
        land.new(name, code, *before)
        records.save(land.world.hq, "unit", {"parent_id": land.ids[at]}, row_id=land.ids[name], confirm=True)
    land.carry()
    land.wells("Trong", "2025-03-05", 1)
    land.wells("Giữa", "2025-03-05", 2)
    assert [land.count(p, "T1") for p in (HALF, YEAR)] == [3, 1]
    assert land.columns(YEAR) == {"Trong": 1, "Giữa": 2}
    assert land.columns(YEAR, "now") == {None: 3}
    assert [land.left_out(YEAR, n) for n in ("T1", "T2", "B")] == [{"activity": 2}, {"activity": 1}, {"activity": 1}]


def test_the_units_in_use_are_those_of_every_kind_that_names_one() -> None:
    for model in RECORDS:
        if model.KIND in ("unit", "unit_succession", "post"):
            continue
        for shape in fields_of(model):
            if shape.ref == "unit":
                assert re.search(rf"\b{shape.name}\b.*\b{model.KIND}\b", IN_USE, re.DOTALL), (model.KIND, shape.name)


# any lineage ----------------------------------------------------------------------------------------------------

COMMUNES = 4
"""of each generation: before the reform, after it, and after the next one"""
BEGINS = (date.min, REFORM, AGAIN)

FEW = st.sets(st.integers(0, COMMUNES - 1), max_size=2)
COMMUNE = st.fixed_dictionaries({"ends": st.booleans(), "after": FEW, "code": st.integers(1, 3), "at": st.booleans()})
ANYWHERE = st.integers(0, 3 * COMMUNES - 1)
WORK = st.fixed_dictionaries({
    "unit": st.integers(0, 4 * COMMUNES - 1), "day": st.dates(date(2025, 1, 1), date(2026, 10, 31)),
    "now": st.none() | ANYWHERE, "body": st.none() | ANYWHERE, "amount": st.integers(1, 99)})  # fmt: skip


@dataclass
class Told:
    """A lineage as drawn, and rule 7 told again in plain Python: units are numbers, hamlets come last."""

    drawn: Sequence[Mapping[str, Any]]
    hamlets: int = COMMUNES

    def commune(self, unit: int) -> int:
        """A hamlet's commune: of the first generation; a commune itself."""
        return unit if unit < len(self.drawn) else unit - len(self.drawn)

    def span(self, unit: int) -> tuple[date, date]:
        at = unit // COMMUNES
        return BEGINS[at], BEGINS[at + 1] - DAY if at < 2 and self.drawn[unit]["ends"] else date.max

    def there(self, unit: int, day: date) -> bool:
        first, last = self.span(unit)
        return first <= day <= last

    def after(self, unit: int) -> list[int]:
        at = unit // COMMUNES
        return (
            [(at + 1) * COMMUNES + n for n in sorted(self.drawn[unit]["after"])]
            if self.span(unit)[1] < date.max
            else []
        )

    def ends(self, unit: int, day: date) -> set[int]:
        """The units of the day that a unit became or was, and dead ends on the way."""
        if self.there(unit, day):
            return {unit}
        past = self.span(unit)[1] < day
        steps = self.after(unit) if past else [u for u in range(len(self.drawn)) if unit in self.after(u)]
        return set().union(*(self.ends(u, day) for u in steps)) if steps else {unit}

    def place(self, unit: int, day: date, view: View, first: date, now: int | None = None) -> int | None:
        """The commune of the day where a record belongs; None: not assigned."""
        unit = self.commune(unit)
        if self.there(unit, day):
            return unit
        ends = self.ends(unit, day)
        sure = min(ends) if len(ends) == 1 else None
        if view == "now" and sure is not None and self.span(sure)[1] < day:
            sure = None
        if view == "then" and sure is None and first <= self.span(unit)[1] < day:
            same = [u for u in ends if self.drawn[u]["code"] == self.drawn[unit]["code"]]
            sure = min(same, default=None)
        if now is None or (view == "then" and sure is not None):
            return sure
        return self.place(now, day, view, first)


def made(store: Store, drawn: Sequence[Mapping[str, Any]], works: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write a lineage and its records as a fold would; the units' ids, two provinces first."""
    told, ids = Told(drawn), [str(uuid_utils.uuid7()) for _ in range(2 + len(drawn) + COMMUNES)]
    meta = {"created_at": "2026-01-01T00:00:00Z", "created_by": "A"}

    def write(kind: str, **values: Any) -> str:
        row = {"id": str(uuid_utils.uuid7()), **meta, **values}
        store.db.execute(f"INSERT INTO {kind} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()])
        return str(row["id"])

    for at in (0, 1):
        write("unit", id=ids[at], level="province", name=f"Tỉnh {at}", code=f"T{at}")
    for unit, one in enumerate(drawn):
        first, last = (None if d in (date.min, date.max) else str(d) for d in told.span(unit))
        write("unit", id=ids[2 + unit], level="commune", name=f"Xã {unit}", code=f"9000{one['code']}", valid_from=first,
              valid_to=last, parent_id=ids[one["at"]])  # fmt: skip
    for unit in range(len(drawn)):
        for new in told.after(unit):
            write("unit_succession", old_unit_id=ids[2 + unit], new_unit_id=ids[2 + new],
                  effective_on=str(BEGINS[new // COMMUNES]))  # fmt: skip
    for hamlet in range(COMMUNES):
        write("unit", id=ids[2 + len(drawn) + hamlet], level="hamlet", name=f"Buôn {hamlet}", parent_id=ids[2 + hamlet])
    kind = store.value("SELECT id FROM activity_kind WHERE code = 'gieng_khoan'")
    measure = store.value("SELECT id FROM measure WHERE code = 'gieng'")
    meta["post_id"] = str(store.identity.post_id)
    for work in works:
        place, now, body = (None if work[n] is None else ids[2 + work[n]] for n in ("unit", "now", "body"))
        day = str(work["day"])
        activity = write("activity", activity_kind_id=kind, date_from=day, unit_id=place, unit_now_id=now)
        write("activity_measure", activity_id=activity, measure_id=measure, amount=work["amount"], approximate=0)
        if body is not None:
            write("activity_target", activity_id=activity, target_type="commune", unit_id=body)
    return ids


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(COMMUNE, min_size=3 * COMMUNES, max_size=3 * COMMUNES),
    st.lists(WORK, min_size=1, max_size=8),
    st.dates(date(2025, 1, 1), date(2026, 6, 30)),
    st.integers(0, 500),
    st.sampled_from([date(2025, 3, 1), date(2025, 12, 1), TODAY]),
)
def test_nothing_counts_twice_and_nothing_vanishes_whatever_became_of_the_units(
    world: World, drawn: list[dict[str, Any]], works: list[dict[str, Any]], first: date, days: int, today: date
) -> None:
    """By commune, what is not assigned and the columns make the whole; a commune of the day has what belongs to it."""
    store, told, period = world.post, Told(drawn), Period(first, first + DAY * days)
    store.db.execute("BEGIN IMMEDIATE")
    store.db.execute("UPDATE local_session SET actor = 'A', applying = 1")
    try:
        ids = made(store, drawn, works)
        for view, day in (("then", period.last), ("now", today)):
            query = Query(period, None, None, view, today)  # type: ignore[arg-type]
            check(store, query, told, ids, day, [w for w in works if period.first <= w["day"] <= period.last])
    finally:
        store.db.execute("ROLLBACK")


def check(store: Store, query: Query, told: Told, ids: list[str], day: date, works: list[dict[str, Any]]) -> None:
    """Compare all figures of one view with those of the drawn records."""
    view, first = query.view, query.period.first

    def wells(of: Query) -> int:
        return next((f.value or 0 for f in figures(store, of) if f.code == WELL), 0)

    columns: Counter[int | None] = Counter()
    named_in: Counter[int] = Counter()
    bodies, doubtful = set(), 0
    for work in works:
        place = told.place(work["unit"], day, view, first, work["now"])
        columns[place] += work["amount"]
        named_in[told.commune(work["unit"])] += work["amount"]
        doubtful += place is None
        if work["body"] is not None:
            now = work["now"] if work["body"] == work["unit"] else None
            body = told.place(work["body"], day, view, first, now)
            body = told.place(work["body"], day, view, first) if body is None else body
            bodies.add(work["body"] if body is None else body)
    named = {row_id: number - 2 for number, row_id in enumerate(ids)}
    parts = grouped(store, query, "commune")
    by_commune = {named[k] if k else None: f.value for k, fs in parts.items() for f in fs if f.code == WELL}
    assert by_commune == dict(columns if view == "now" else named_in)
    assert unassigned(store, query) == ({"activity": doubtful} if doubtful and view == "now" else {})
    assert next((f.value for f in figures(store, query) if f.code == "communes_strengthened"), 0) == len(bodies)
    for unit in range(len(told.drawn)):
        own = replace(query, unit=ids[2 + unit])
        if told.there(unit, day):
            assert wells(own) == columns[unit]
        else:
            assert wells(own) >= sum(w["amount"] for w in works if told.commune(w["unit"]) == unit)
    for at in (0, 1):
        inside = sum(n for unit, n in columns.items() if unit is not None and told.drawn[unit]["at"] == at)
        for work in works:
            if told.place(work["unit"], day, view, first, work["now"]) is None:
                said = told.commune(work["unit"] if work["now"] is None else work["now"])
                inside += work["amount"] * ({told.drawn[u]["at"] for u in told.ends(said, day)} == {at})
        own = replace(query, unit=ids[at])
        assert wells(own) == inside
        for figure in figures(store, own):
            assert sum(line.amount or 0 for line in behind(store, own, figure)) == figure.value
