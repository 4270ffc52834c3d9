"""Who is missing: months, silence, gaps and clocks, as headquarters sees them."""

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import on_windows
import pytest
from field import Run, World
from sync_state import second_laptop

import fieldapp
from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.reports import coverage as reports
from fieldapp.reports.coverage import PostCoverage, coverage, post_details, set_limit_days
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, status
from fieldapp.sync.format import clock, segment
from fieldapp.sync.merge import forks
from fieldapp.sync.peers import peers
from fieldapp.work import review_queue

TODAY = date.today()
LAST_MONTH = TODAY.replace(day=1) - timedelta(days=1)
DAY = 86_400_000 << 16


def one(world: World, today: date = TODAY) -> PostCoverage:
    (post,) = coverage(world.hq, today).posts
    return post


def late_posts(store: Store, today: date) -> list[tuple[str, int]]:
    return [(late.name, late.days) for late in reports.late_posts(store, today)]


def states(post: PostCoverage) -> list[str]:
    return [m.state for m in post.months]


def test_a_month_is_whole_when_its_end_was_heard_of(world: World) -> None:
    for day in (LAST_MONTH, TODAY):
        world.well(date_from=day.isoformat())
    assert one(world).months[-1].records == 0
    world.carry(world.post, world.hq)
    post = one(world)
    assert [m.month for m in post.months][-2:] == [f"{LAST_MONTH:%Y-%m}", f"{TODAY:%Y-%m}"]
    assert states(post) == ["before"] * 4 + ["received", "partly"]
    assert (post.waiting, post.heard, post.silent_days, post.late) == (2, TODAY.isoformat(), 0, False)
    review_queue.accept_all(world.hq, review_queue.review_queue(world.hq, "activity"))
    post = one(world)
    assert states(post)[-2:] == ["accepted", "partly"]
    assert (post.waiting, post.months[-2].accepted) == (0, 1)
    row_id = world.hq.value("SELECT id FROM activity ORDER BY date_from LIMIT 1")
    records.save(world.post, "activity", {"hamlet": "Buôn B"}, row_id, confirm=True)
    world.carry(world.post, world.hq)
    assert states(one(world))[-2:] == ["received", "partly"], "changed since it was accepted"


def test_silence_is_late_after_the_limit(world: World) -> None:
    world.well(date_from=TODAY.isoformat())
    world.carry(world.post, world.hq)
    assert not one(world, TODAY + timedelta(days=30)).late
    later = TODAY + timedelta(days=31)
    post = one(world, later)
    assert post.late
    assert "31 ngày" in post_details(post, 30)[0]
    assert states(one(world, later + timedelta(days=31)))[-1] == "late"
    enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    found = coverage(world.hq, TODAY)
    assert [(p.code, p.heard, p.late) for p in found.posts] == [
        ("EABUNG", None, False),
        ("IARVE", TODAY.isoformat(), False),
    ]
    assert states(found.posts[0])[-1] == "awaited"
    assert coverage(world.hq, later).late == 2
    set_limit_days(world.hq, 40)
    assert coverage(world.hq, later).late == 0
    with pytest.raises(FieldappError, match="366"):
        set_limit_days(world.hq, 0)


def test_what_is_missing_is_named_and_leaves_months_in_part(world: World) -> None:
    world.well(date_from="2013-01-05")
    world.carry(world.post, world.hq)
    own = peers.own(world.post).id
    for _part in range(2):
        world.well(date_from="2013-01-06", hamlet=f"Buôn {_part}")
        with world.post.transaction():
            segment.seal_open_changes(world.post)
    hidden = world.post.value("SELECT hash FROM local_segment WHERE replica_id = ? AND first = 4", [own])
    world.post.db.execute("UPDATE local_segment SET state = 'quarantined' WHERE hash = ?", [hidden])
    world.carry(world.post, world.hq)
    with world.hq.transaction(applying=True):
        world.hq.db.execute("UPDATE post SET created_at = '2010-01-01T00:00:00Z'")
        world.hq.db.execute("UPDATE local_segment SET last_hlc = last_hlc - ? WHERE replica_id = ?", [75 * DAY, own])
    post = one(world)
    assert "4–6" in post.missing[0]
    assert post_details(post, 30)[0] == f"! {post.missing[0]}"
    assert states(post)[:2] == ["nothing"] * 2
    assert states(post)[-3:] == ["partly"] * 3


def test_a_clock_that_stands_wrong_is_told_and_deceives_nobody(world: World) -> None:
    world.well()
    world.carry(world.post, world.hq)
    world.hq.db.execute("UPDATE local_receipt SET at = '2010-01-01T07:00:00Z'")
    (laptop,) = one(world).laptops
    assert laptop.heard == TODAY.isoformat()
    assert laptop.clock
    assert "01/01/2010" in laptop.clock
    assert laptop.program == fieldapp.__version__
    world.hq.db.execute("UPDATE local_receipt SET at = '2061-01-01T07:00:00Z', hlc = hlc + ?", [1500 * DAY])
    (laptop,) = one(world).laptops
    assert laptop.heard == TODAY.isoformat()
    assert laptop.clock
    assert "nhanh" in laptop.clock
    world.hq.db.execute("UPDATE local_receipt SET at = '2026-01-02T07:00:00Z'")
    clock = one(world).laptops[0].clock
    assert clock is not None, "it had what headquarters wrote later"
    assert "chậm" in clock


def test_a_clock_that_ran_ahead_accuses_no_other(world: World) -> None:
    world.well()
    world.carry(world.post, world.hq)
    world.hq.db.execute("UPDATE local_receipt SET hlc = hlc + ?", [1500 * DAY])
    assert one(world).laptops[0].clock is None


def test_a_laptop_that_waits_is_not_forgotten(world: World) -> None:
    pack = enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    post = enrolment.init_post(world.root / "second", pack, user="B", passphrase="x y")
    world.carry(post, world.hq)
    post.close()
    lines = post_details(next(p for p in coverage(world.hq, TODAY).posts if p.code == "EABUNG"), 30)
    assert any("chờ chứng thực" in line for line in lines)


def test_on_the_command_line(world: World, run: Run) -> None:
    world.well(date_from=TODAY.isoformat())
    world.carry(world.post, world.hq)
    code, out, _err = run("hq", "coverage", "--json", "--months", 2, "--days", 20, home="hq")
    found = json.loads(out)
    assert code == 0
    assert (found["limit_days"], found["late"], len(found["posts"][0]["months"])) == (20, 0, 2)
    assert found["posts"][0]["waiting"] == 1
    code, out, _err = run("hq", "coverage", home="hq")
    assert "Đồn BP Ia Rvê (IARVE)" in out
    assert "1 chờ duyệt" in out
    code, _out, err = run("hq", "coverage")
    assert code == 1
    assert "sở chỉ huy" in err.lower()
    assert status.missing_segments_text(world.hq, found["posts"][0]["post_id"]) == []


def test_late_posts_are_those_of_the_grid(world: World) -> None:
    assert late_posts(world.hq, TODAY) == []
    later = TODAY + timedelta(days=45)
    assert late_posts(world.hq, later) == [("Đồn BP Ia Rvê", 45)]
    enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    assert late_posts(world.hq, later) == [("Đồn BP Ea Bung", 45), ("Đồn BP Ia Rvê", 45)]
    assert {(p.name, p.silent_days) for p in coverage(world.hq, later).posts if p.late} == {
        *late_posts(world.hq, later)
    }
    set_limit_days(world.hq, 60)
    assert late_posts(world.hq, later) == []


@pytest.fixture(params=["UTC", "Asia/Ho_Chi_Minh", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where headquarters' clock stands: a day begins there when it does."""
    if not hasattr(time, "tzset"):
        pytest.skip(on_windows.ABSENT + "a time zone of one process (time.tzset)")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def heard_at(world: World, moment: datetime) -> None:
    """The newest that came of the post was written at a moment, as its clock says."""
    world.hq.db.execute("UPDATE local_receipt SET hlc = ?", [clock.reading(moment)])
    world.hq.db.execute("UPDATE local_segment SET last_hlc = ? WHERE scope <> '*'", [clock.reading(moment)])


def post_since(world: World, moment: datetime) -> None:
    """Headquarters has the post from a moment on."""
    with world.hq.transaction(applying=True):
        world.hq.db.execute("UPDATE post SET created_at = ?", [moment.astimezone().isoformat()])


BEGINS = datetime(2026, 3, 1)
"""Of March, after a February of 28 days; local time"""
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_month_is_whole_once_the_day_after_it_was_heard_of(world: World, zone: str, recorded: bool) -> None:
    """What is written on its last day may be followed by more of that day."""
    if recorded:
        world.well(date_from="2026-02-28")
    else:
        world.well(date_from="2025-01-01")
    world.carry(world.post, world.hq)
    post_since(world, datetime(2024, 1, 1))
    whole, partly = ("received", "partly") if recorded else ("nothing", "partly")
    for moment, february, march in (
        (datetime(2026, 2, 1) - SECOND, "partly" if recorded else "awaited", "awaited"),
        (datetime(2026, 2, 1), partly, "awaited"),
        (datetime(2026, 2, 28), partly, "awaited"),
        (BEGINS - SECOND, partly, "awaited"),
        (BEGINS, whole, "partly"),
        (datetime(2026, 3, 31), whole, "partly"),
    ):
        heard_at(world, moment)
        post = one(world, date(2026, 3, 2))
        assert [m.month for m in post.months][-2:] == ["2026-02", "2026-03"], zone
        assert states(post)[-2:] == [february, march], moment
        assert post.heard == moment.date().isoformat()
    heard_at(world, BEGINS)
    review_queue.accept_all(world.hq, review_queue.review_queue(world.hq, "activity"))
    assert states(one(world, date(2026, 3, 2)))[-2] == ("accepted" if recorded else "nothing")


def test_a_month_before_the_post_is_not_missing(world: World, zone: str) -> None:
    """One in which headquarters had the post for its last day is; whether all of it is known, or nothing."""
    world.well(date_from="2025-01-01")
    world.carry(world.post, world.hq)
    for since, february in ((BEGINS - SECOND, "nothing"), (BEGINS, "before")):
        post_since(world, since)
        heard_at(world, datetime(2026, 3, 2))
        assert states(one(world, date(2026, 3, 25)))[-2:] == [february, "partly"], zone
    world.hq.db.execute("DELETE FROM local_receipt")
    world.hq.db.execute("UPDATE local_segment SET last_hlc = NULL WHERE scope <> '*'")
    for since, february in ((BEGINS - SECOND, "awaited"), (BEGINS, "before")):
        post_since(world, since)
        assert states(one(world, date(2026, 3, 25)))[-2:] == [february, "awaited"]
        assert states(one(world, date(2026, 5, 25)))[-4:] == [february.replace("awaited", "late"), *["late"] * 3]


def test_what_is_missing_begins_where_the_log_is_known_to(world: World) -> None:
    """A later part waits: a month is whole only if the day after it was heard of before the gap."""
    world.well(date_from="2026-02-10")
    world.carry(world.post, world.hq)
    own = peers.own(world.post).id
    for number in range(2):
        world.well(date_from="2026-03-10", hamlet=f"Buôn {number}")
        with world.post.transaction():
            segment.seal_open_changes(world.post)
    hidden = world.post.value("SELECT hash FROM local_segment WHERE replica_id = ? AND first = 4", [own])
    world.post.db.execute("UPDATE local_segment SET state = 'quarantined' WHERE hash = ?", [hidden])
    world.carry(world.post, world.hq)
    assert status.exchange_status(world.hq).held
    post_since(world, datetime(2024, 1, 1))
    for moment, february in ((BEGINS - SECOND, "partly"), (BEGINS, "received")):
        heard_at(world, datetime(2026, 3, 20))
        reading = clock.reading(moment.astimezone())
        world.hq.db.execute("UPDATE local_segment SET last_hlc = ? WHERE replica_id = ?", [reading, own])
        assert states(one(world, date(2026, 3, 25)))[-2:] == [february, "partly"]


def test_each_laptop_of_a_post_is_told_by_what_came_of_it(world: World) -> None:
    """The newest of both is what was heard of the post; a program and a clock are a laptop's own."""
    b = second_laptop(world)
    world.carry(world.post, world.hq)
    forks.begin_new_logs(world.post)  # as after a backup was restored: it is told by its newest word
    for store in (world.post, b):
        world.carry(store, world.hq)
    days = {peers.own(world.post).id: date(2026, 3, 5), peers.own(b).id: date(2026, 3, 8)}
    world.hq.db.execute("UPDATE local_segment SET last_hlc = NULL WHERE scope <> '*'")
    for (replica, on), program in zip(days.items(), ("1.0.0", "2.0.0"), strict=True):
        reading = clock.reading(datetime(on.year, on.month, on.day, 12))
        at = f"{on.isoformat()}T12:00:00Z"
        world.hq.db.execute(
            "UPDATE local_receipt SET hlc = ?, at = ?, heard_at = ?, program = ?, have = '{}' WHERE replica_id = ?",
            [reading, at, at, program, replica],
        )
    (post,) = coverage(world.hq, date(2026, 3, 10)).posts
    told = {x.replica_id: (x.heard, x.program, x.clock) for x in post.laptops}
    assert len(post.laptops) == 2
    assert told == {
        replica: (on.isoformat(), program, None)
        for (replica, on), program in zip(days.items(), ("1.0.0", "2.0.0"), strict=True)
    }
    assert (post.heard, post.silent_days) == ("2026-03-08", 2)
    assert late_posts(world.hq, date(2026, 4, 8)) == [("Đồn BP Ia Rvê", 31)]
    b.close()


def test_who_is_late_stands_first_then_by_name(world: World) -> None:
    for code, name in (("ZETA", "Đồn BP Ya Tmốt"), ("EABUNG", "Đồn BP Ea Bung")):
        enrolment.write_pack(world.hq, code=code, name=name, dest=world.usb)
    world.carry(world.post, world.hq)
    heard_at(world, datetime(2026, 3, 2))
    with world.hq.transaction(applying=True):
        world.hq.db.execute("UPDATE post SET created_at = '2026-04-01T00:00:00Z'")
        world.hq.db.execute("UPDATE post SET created_at = '2026-01-01T00:00:00Z' WHERE code = 'ZETA'")
    found = coverage(world.hq, date(2026, 4, 10))
    assert [(p.code, p.late) for p in found.posts] == [("IARVE", True), ("ZETA", True), ("EABUNG", False)]
    assert late_posts(world.hq, date(2026, 4, 10)) == [("Đồn BP Ya Tmốt", 99), ("Đồn BP Ia Rvê", 39)]


def test_records_are_counted_in_the_month_of_their_day(world: World) -> None:
    for number, on in enumerate(["2025-10-31", "2025-11-01", "2025-11-30", "2025-12-01", "2026-02-28", "2026-03-01"]):
        world.well(date_from=on, hamlet=f"Buôn {number}")
    world.carry(world.post, world.hq)
    (post,) = coverage(world.hq, date(2026, 2, 28), months=4).posts
    assert [(m.month, m.records) for m in post.months] == [
        ("2025-11", 2), ("2025-12", 1), ("2026-01", 0), ("2026-02", 1)]  # fmt: skip


@pytest.mark.parametrize(("today", "months", "first", "last"), [
    (date(2026, 1, 1), 1, "2026-01", "2026-01"), (date(2026, 1, 31), 2, "2025-12", "2026-01"),
    (date(2026, 12, 31), 12, "2026-01", "2026-12"), (date(2024, 2, 29), 3, "2023-12", "2024-02"),
    (date(2026, 6, 30), 6, "2026-01", "2026-06"), (date(2026, 6, 1), 18, "2025-01", "2026-06"),
])  # fmt: skip
def test_the_months_of_the_grid(world: World, today: date, months: int, first: str, last: str) -> None:
    (post,) = coverage(world.hq, today, months).posts
    assert len(post.months) == months
    assert (post.months[0].month, post.months[-1].month) == (first, last)


def test_the_limit_of_silence_has_bounds(world: World) -> None:
    for days in (1, 366):
        set_limit_days(world.hq, days)
        assert coverage(world.hq, TODAY).limit_days == days
    for days in (0, 367):
        with pytest.raises(FieldappError, match="366"):
            set_limit_days(world.hq, days)
    set_limit_days(world.hq, 1)
    assert [one(world, TODAY + timedelta(days=n)).late for n in (0, 1, 2)] == [False, False, True]


def test_a_clock_may_stand_wrong_by_an_hour(world: World) -> None:
    world.carry(world.post, world.hq)
    read = datetime.fromisoformat(world.hq.value("SELECT heard_at FROM local_receipt"))
    for ahead, told in ((timedelta(hours=1), False), (timedelta(hours=1, seconds=1), True)):
        world.hq.db.execute("UPDATE local_receipt SET at = ?", [(read + ahead).isoformat()])
        assert bool(one(world).laptops[0].clock) == told
    for wrong, told in ((timedelta(hours=-1), False), (timedelta(hours=-1, seconds=-1), True)):
        world.hq.db.execute("UPDATE local_receipt SET at = ?", [(clock.BUILT + wrong).isoformat()])
        world.hq.db.execute("UPDATE local_receipt SET have = '{}'")
        assert bool(one(world).laptops[0].clock) == told
