"""Finding records of any kind by what is known of them beside their words."""

import time
from datetime import UTC, date, datetime

import on_windows
import pytest
from field import World

from fieldapp.records import lists, records, search
from fieldapp.records.search import Filter
from fieldapp.reports.coverage import coverage
from fieldapp.store import wall
from fieldapp.work import review_queue
from fieldapp.work.month_counts import month_counts

DAYS = ("2013-10-05", "2013-10-06", "2013-10-07")


@pytest.fixture
def wells(world: World) -> list[str]:
    """Three wells, one a day."""
    return [world.well(date_from=day, hamlet=f"Buôn {n}") for n, day in enumerate(DAYS)]


def found(world: World, text: str, **sieve: object) -> list[str]:
    return [hit.row_id for hit in search.search_records(world.post, text, Filter(**sieve))]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "giếng"])
def test_by_days_both_of_which_count(world: World, wells: list[str], text: str) -> None:
    given = {"kind": "activity"}
    assert found(world, text, **given) == wells[::-1]
    assert found(world, text, **given, first=date(2013, 10, 6)) == [wells[2], wells[1]]
    assert found(world, text, **given, last=date(2013, 10, 6)) == [wells[1], wells[0]]
    assert found(world, text, **given, first=date(2013, 10, 6), last=date(2013, 10, 6)) == [wells[1]]
    assert found(world, text, **given, first=date(2013, 10, 8)) == []


def test_what_has_no_day_of_its_own_by_the_day_when_it_was_recorded(world: World) -> None:
    member = records.save(world.post, "member", {"full_name": "Trần Văn B"})
    recorded = date.fromisoformat(records.get(world.post, member).row["created_at"][:10])
    assert found(world, "", kind="member", first=recorded, last=recorded) == [member]


def test_what_is_recorded_after_midnight_is_of_the_new_day_and_month(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half past midnight in Vietnam, where it is still February in Greenwich: found, counted and covered in March."""
    if not hasattr(time, "tzset"):
        pytest.skip(on_windows.ABSENT + "a time zone of one process (time.tzset)")
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Ho_Chi_Minh")
        time.tzset()
        patched.setattr(wall, "shown", lambda: datetime(2030, 2, 28, 17, 30, tzinfo=UTC))
        member = records.save(world.post, "member", {"full_name": "Trần Văn B"})
        day = wall.today()
        assert day == date(2030, 3, 1)
        seen = found(world, "", kind="member", first=day, last=day)
        counted = [c.number for c in month_counts(world.post, day) if c.kind == "member"]
        world.carry(world.post, world.hq)
        months = {m.month: m.records for m in coverage(world.hq, day, 2).posts[0].months}
    time.tzset()
    assert (seen, counted, months["2030-03"]) == ([member], [1], 1)


def test_by_what_became_of_it(world: World, wells: list[str]) -> None:
    world.carry(world.post, world.hq)
    review_queue.review_record(world.hq, wells[0], "returned", comments=[review_queue.comment_on("", "Mấy giếng?")])
    world.carry(world.hq, world.post)
    records.void(world.post, wells[1], "nhập trùng")
    for text in ("", "giếng"):
        assert found(world, text, kind="activity") == [wells[2], wells[0]]
        assert found(world, text, kind="activity", state="voided") == [wells[1]]
        assert found(world, text, kind="activity", state="any") == wells[::-1]
        assert found(world, text, kind="activity", state="returned") == [wells[0]]


def test_by_where_it_lies(world: World, wells: list[str]) -> None:
    """Itself a unit, in one, or of a party cell in one."""
    there, elsewhere = (records.get(world.post, world.well(unit_id=u)).row["unit_id"] for u in ("24221", "24229"))
    other = world.post.value("SELECT id FROM activity WHERE unit_id = ?", [elsewhere])
    cell = lists.record_window(world.post, "party_cell").rows[0]
    meeting = records.save(world.post, "meeting", {"party_cell_id": cell["id"], "held_on": "2013-01-01"})
    records.save(world.post, "commendation", {
        "awarded_on": "2013-01-01", "recipient_type": "collective", "recipient": "Đội 3"})  # fmt: skip
    here = {"units": (there,)}
    assert set(wells) < set(found(world, "", kind="activity", **here))
    assert found(world, "", kind="activity", units=(elsewhere,)) == [other]
    assert found(world, "", kind="meeting", units=(cell["unit_id"], elsewhere)) == [meeting]
    assert found(world, "", kind="meeting", units=(elsewhere,)) == []
    assert found(world, "", kind="party_cell", units=(cell["unit_id"],)) == [cell["id"]]
    assert found(world, "Ia Rvê", kind="unit", **here) == [there]
    assert found(world, "", kind="commendation", **here) == []
    assert found(world, "", kind="commendation") != []


def test_without_words_reference_data_is_not_listed_unless_asked_for(world: World, wells: list[str]) -> None:
    assert {hit.kind for hit in search.search_records(world.post, "", Filter())} == {"activity"}
    assert {hit.kind for hit in search.search_records(world.post, "ia rvê", Filter())} >= {"activity", "unit"}
    assert found(world, "", kind="party_cell") != []
    assert found(world, "!!") == []
    assert [h.row_id for h in search.search_records(world.post, "", Filter(), limit=2)] == [wells[2], wells[1]]
