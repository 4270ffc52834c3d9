"""What two laptops of a post record apart, each rightly, and what their merge breaks: listed, everywhere alike."""

import json
from collections.abc import Generator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from field import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sync_state import second_laptop

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import lists, records, rule_violations
from fieldapp.reports.figures import figures
from fieldapp.reports.query import Period, Query
from fieldapp.store import log
from fieldapp.store.store import Store
from fieldapp.sync.safety import doctor


@pytest.fixture(scope="session")
def two_laptops(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = first_world.copy(tmp_path_factory.mktemp("laptops"))
    store = second_laptop(made)
    made.keys = {**made.keys, "laptop-b": store._key}
    store.close()
    made.close()
    return made


@pytest.fixture
def world(two_laptops: World, tmp_path: Path) -> Generator[World, None, None]:
    """A headquarters and a post with two laptops."""
    made = two_laptops.copy(tmp_path / "world")
    yield made
    made.close()


@pytest.fixture
def b(world: World) -> Generator[Store, None, None]:
    """The post's second laptop."""
    store = Store.open(world.root / "laptop-b", world.keys["laptop-b"], "Trần Văn B")
    yield store
    store.close()


def exchange_all(world: World, b: Store) -> None:
    """Everybody has everything; nothing was held back or refused."""
    for sender, to in ((world.post, b), (b, world.post), (world.post, world.hq), (b, world.hq)):
        for imported in world.carry(sender, to):
            assert imported.complete
            assert imported.set_aside == []


def cell(world: World) -> str:
    found: str = lists.record_window(world.post, "party_cell").rows[0]["id"]
    return found


def everywhere(world: World, b: Store) -> list[rule_violations.Violation]:
    """What is broken: the same for all three."""
    found = rule_violations.violations(world.post)
    assert rule_violations.violations(b) == found
    assert rule_violations.violations(world.hq) == found
    assert rule_violations.violations(world.post) == found, "a second look says something else"
    return found


def test_two_introductions_at_one_time(world: World, b: Store) -> None:
    member = records.save(world.post, "member", {"full_name": "Trần Văn Bình"})
    exchange_all(world, b)
    entry = {"member_id": member, "party_cell_id": cell(world)}
    first = records.save(world.post, "introduction", {**entry, "date_from": "2026-01-01", "date_to": "2026-06-30"})
    second = records.save(b, "introduction", {**entry, "date_from": "2026-06-01"})
    apart = records.save(b, "introduction", {**entry, "date_from": "2024-01-01", "date_to": "2025-12-31"})
    assert rule_violations.violations(world.post) == rule_violations.violations(b) == []
    exchange_all(world, b)
    (found,) = everywhere(world, b)
    assert (found.kind, found.target, found.ids) == ("introduction", first, (first, second))
    assert apart not in found.ids
    assert "Trần Văn Bình" in found.sentence
    assert "01/01/2026 – 30/06/2026" in found.sentence
    assert "01/06/2026 – …" in found.sentence
    records.save(world.post, "introduction", {"date_to": "2026-05-31", "end_reason": "chuyển chi bộ"}, first)
    assert rule_violations.violations(world.post) == []
    exchange_all(world, b)
    assert everywhere(world, b) == []


def cells_rated(store: Store) -> set[str]:
    told = figures(store, Query(Period(date(2025, 1, 1), date(2025, 12, 31))))
    return {f.code for f in told if f.code in ("cells_excellent", "cells_good")}


def test_one_year_rated_twice(world: World, b: Store) -> None:
    entry = {"party_cell_id": cell(world), "year": 2025}
    first = records.save(world.post, "cell_rating", {**entry, "rating": "good"})
    second = records.save(b, "cell_rating", {**entry, "rating": "excellent"})
    exchange_all(world, b)
    (found,) = everywhere(world, b)
    assert (found.target, found.ids) == (first, (first, second))
    assert {"Nguyễn Văn A", "Trần Văn B"} == {name for name in ("Nguyễn Văn A", "Trần Văn B") if name in found.sentence}
    assert cells_rated(world.hq) == {"cells_excellent"}, "the newer one"
    records.void(b, second, "trùng")
    exchange_all(world, b)
    assert everywhere(world, b) == []
    assert cells_rated(world.hq) == {"cells_good"}


def test_days_the_wrong_way_round(world: World, b: Store) -> None:
    entry = {"matter_type": "information_exchange", "counterpart": "Xã Ia Rvê", "subject": "Cột mốc"}
    matter = records.save(world.post, "matter", {**entry, "opened_on": "2026-01-05"})
    exchange_all(world, b)
    records.save(world.post, "matter", {"opened_on": "2026-03-10"}, matter)
    records.save(b, "matter", {"due_on": "2026-02-01"}, matter)
    exchange_all(world, b)
    (found,) = everywhere(world, b)
    assert (found.kind, found.ids) == ("matter", (matter,))
    assert "01/02/2026" in found.sentence
    assert "10/03/2026" in found.sentence
    records.save(b, "matter", {"due_on": "2026-04-01"}, matter)
    exchange_all(world, b)
    assert everywhere(world, b) == []


def test_one_thing_twice_in_one_record(world: World, b: Store) -> None:
    well = world.well(measures=[])
    meeting = records.save(world.post, "meeting", {"party_cell_id": cell(world), "held_on": "2026-03-03"})
    member = records.save(world.post, "member", {"full_name": "Siu Blêh", "party_cell_id": cell(world)})
    exchange_all(world, b)
    for store, amount, status in ((world.post, 1, "present"), (b, 2, "absent")):
        data = {
            "measures": [{"measure_id": "gieng", "amount": amount}],
            "targets": [{"target_type": "commune", "unit_id": "24221"}],
        }
        records.save(store, "activity", data, well)
        records.save(store, "meeting", {"attendance": [{"member_id": member, "status": status}]}, meeting)
    exchange_all(world, b)
    found = everywhere(world, b)
    assert [(f.kind, f.target) for f in found] == [("activity", well), ("activity", well), ("meeting", meeting)]
    assert "Giếng: 1 giếng" in found[0].sentence
    assert "Giếng: 2 giếng" in found[0].sentence
    records.save(b, "activity", {"measures": [{"measure_id": "gieng", "amount": 2}],
                                 "targets": [{"target_type": "commune", "unit_id": "24221"}]}, well)  # fmt: skip
    records.void(b, meeting, "ghi nhầm")
    exchange_all(world, b)
    assert everywhere(world, b) == []
    assert [m["amount"] for m in records.get(world.hq, well).children["measures"]] == [2]


def test_a_figure_as_a_whole_beside_its_parts(world: World, b: Store) -> None:
    well = world.well(date_to="2013-11-30", measures=[])
    exchange_all(world, b)
    records.save(world.post, "activity", {"measures": [{"measure_id": "gieng", "amount": 2}]}, well)
    part = {"measure_id": "gieng", "amount": 1, "measured_on": "2013-10-31"}
    records.save(b, "activity", {"measures": [part]}, well)
    exchange_all(world, b)
    (found,) = everywhere(world, b)
    assert (found.target, len(found.ids)) == (well, 2)
    records.save(world.post, "activity", {"measures": [part]}, well)
    exchange_all(world, b)
    assert everywhere(world, b) == []


@pytest.mark.parametrize("most", [50, 5])
def test_more_than_are_told_at_once(world: World, b: Store, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Nobody waits for ten years of them at every start: what was looked at once is not read again.

    The first of each rule are told, in however many steps the log is read, and however many rows are remembered.
    """
    monkeypatch.setattr(rule_violations, "MOST", most)
    monkeypatch.setattr(rule_violations, "MAX_LISTED", 2)
    monkeypatch.setattr(rule_violations, "AT_ONCE", 3)
    members = [records.save(world.post, "member", {"full_name": f"Đảng viên {number}"}) for number in range(4)]
    exchange_all(world, b)
    for member in members:
        for store, day in ((world.post, "2026-01-01"), (b, "2026-06-01")):
            records.save(store, "introduction", {"member_id": member, "party_cell_id": cell(world), "date_from": day})
    exchange_all(world, b)
    told = everywhere(world, b)
    assert len(told) == 2
    assert remembered(world.hq) == (["introduction"], 0) if most < 8 else ([], 8)
    with monkeypatch.context() as seen:
        seen.setattr(log, "changes_after", lambda *_: pytest.fail("what was seen is read again"))
        assert rule_violations.violations(world.hq) == told
        seen.setattr(rule_violations, "MAX_LISTED", 9)
        assert len(rule_violations.violations(world.hq)) == 4
    for breach in told:
        records.void(world.post, breach.ids[1], "trùng")
    exchange_all(world, b)
    rest = everywhere(world, b)
    assert len(rest) == 2
    assert not {breach.target for breach in rest} & {breach.target for breach in told}
    assert remembered(world.hq) == ([], 4)


def remembered(store: Store) -> tuple[list[str], int]:
    """The kinds of which all rows are checked again, and the number of single rows."""
    state = json.loads(store.setting(rule_violations.CHECKED_UNTIL) or "")
    return state["schema"][len(rule_violations.SHAPE) :], sum(map(len, state["rows"].values()))


def test_the_doctor_tells_it_and_is_content(world: World, b: Store) -> None:
    for store, rating in ((world.post, "good"), (b, "excellent")):
        records.save(store, "cell_rating", {"party_cell_id": cell(world), "year": 2025, "rating": rating})
    exchange_all(world, b)
    found = doctor.examine_replica(world.post)
    assert found.healthy
    assert [f.sentence for f in found.broken] == [f.sentence for f in rule_violations.violations(world.post)]
    assert found.broken[0].sentence in "\n".join(found.lines())


def test_every_rule_of_a_model_has_fields_that_are_there() -> None:
    for model in RECORDS:
        named = {*model.UNIQUE, *(f for pair in model.ORDERED for f in pair)}
        assert named <= {shape.name for shape in fields_of(model)}, model.KIND
    assert {"introduction", "cell_rating", "attendance", "activity_measure", "matter"} <= {
        *rule_violations.CHECKED_KINDS
    }
    assert "party_cell" not in rule_violations.CHECKED_KINDS


day = st.dates(date(2026, 1, 1), date(2026, 1, 12))
period = st.tuples(day, st.one_of(st.none(), st.integers(0, 12)))


@pytest.fixture(scope="session")
def members(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> Generator[World, None, None]:
    made = first_world.copy(tmp_path_factory.mktemp("members"))
    yield made
    made.close()


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(one=period, other=period)
def test_listed_is_what_entry_refuses(
    members: World, one: tuple[date, int | None], other: tuple[date, int | None]
) -> None:
    """Two introductions written by another hand break the rule just when the second would have been refused."""
    store = members.post
    member = records.save(store, "member", {"full_name": "Trần Văn Bình"}, confirm=True)

    def introduce(given: tuple[date, int | None], member: str) -> str:
        first, days = given
        last = None if days is None else (first + timedelta(days)).isoformat()
        entry = {"member_id": member, "party_cell_id": cell(members), "date_from": first.isoformat(), "date_to": last}
        return records.save(store, "introduction", entry)

    ids = [introduce(one, member)]
    refused = False
    try:
        ids.append(introduce(other, member))
    except FieldappError:
        refused = True
        ids.append(introduce(other, records.save(store, "member", {"full_name": "khác"}, confirm=True)))
        with store.transaction():
            store.db.execute("UPDATE introduction SET member_id = ? WHERE id = ?", [member, ids[1]])
    found = [b.ids for b in rule_violations.violations(store)]
    assert (tuple(sorted(ids)) in found) == refused
    for row_id in ids:
        with suppress(FieldappError):
            records.void(store, row_id, "thử")


def test_a_figure_that_a_merge_leaves_outside_of_its_activity(world: World, b: Store) -> None:
    """One laptop changes the days of the activity, the other adds a part: nobody was asked about it."""
    parts = [{"measure_id": "gieng", "amount": 2, "measured_on": "2019-07-31"}]
    row_id = world.well(date_from="2019-07-01", date_to="2019-09-30", measures=parts)
    exchange_all(world, b)
    records.save(b, "activity", {"date_to": "2019-07-31"}, row_id)
    assert rule_violations.violations(world.post) == rule_violations.violations(b) == []
    more = [*parts, {"measure_id": "gieng", "amount": 3, "measured_on": "2019-08-31"}]
    records.save(world.post, "activity", {"measures": more}, row_id)
    exchange_all(world, b)
    (found,) = everywhere(world, b)
    assert (found.kind, found.target, found.ids) == ("activity", row_id, (row_id,))
    assert "(01/07/2019 – 31/07/2019): 1 số liệu có ngày nằm ngoài" in found.sentence
    with pytest.raises(NeedsConfirmation, match="31/08/2019"):
        records.save(world.post, "activity", {"description": "đã xem"}, row_id)
    records.save(world.post, "activity", {"date_to": "2019-09-30"}, row_id)
    exchange_all(world, b)
    assert everywhere(world, b) == []
