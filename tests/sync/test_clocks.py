"""A clock that stood far ahead, once: what it wrote and what others kept of it heals, and nothing is lost.

``ahead`` leaves a replica as the versions before 0.3 left it: their own clock followed whatever the wall clock showed.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clock_world import FAR, ahead, all_is_well, restore, rounds, save_disk, wells
from field import PASSPHRASE, Run, World
from screen_driver import run as run_app
from sync_state import state

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.store import connection, people, wall
from fieldapp.store.database import Database
from fieldapp.sync.exchange import enrolment, incoming, outgoing, status
from fieldapp.sync.format import clock, segment
from fieldapp.sync.merge import merge, release
from fieldapp.sync.peers import peers, receipts, recovery
from fieldapp.sync.safety import doctor
from fieldapp.tui.screens.conflicts import ConflictsScreen

DAYS = [0, 3_400, 3_800, 26_645]
FEAST = {"name": "Tết quân dân", "date_from": "2013-01-20"}


@pytest.mark.parametrize("restored", [False, True])
@pytest.mark.parametrize("days", DAYS)
def test_headquarters_clock_was_ahead_for_one_reply(world: World, days: int, restored: bool) -> None:
    world.well()
    rounds(world, 1)
    save_disk(world, "hq")
    world.well(date_from="2013-10-06")
    world.carry(world.post, world.hq)
    ahead(world.hq, days)
    records.save(world.hq, "party_cell", {"name": "Chi bộ năm 2099", "unit_id": "24214"})
    world.carry(world.hq, world.post)
    if restored:
        restore(world, "hq")
    world.well(date_from="2013-10-07")
    rounds(world)
    assert wells(world.hq) == 3, "what the post recorded comes, whatever headquarters' clock was"
    for store in (world.hq, world.post):
        if status.exchange_status(store).to_release:
            release.release(store)
    rounds(world)
    assert "Chi bộ năm 2099" in {r["name"] for r in world.post.rows("SELECT name FROM party_cell")}
    all_is_well(world, 3)


@pytest.mark.parametrize("restored", [False, True])
@pytest.mark.parametrize("days", DAYS)
def test_a_post_s_clock_was_ahead_for_one_entry(world: World, days: int, restored: bool) -> None:
    world.well()
    rounds(world, 1)
    save_disk(world, "post")
    ahead(world.post, days)
    world.well(date_from="2013-10-06")
    world.carry(world.post, world.hq)
    if restored:
        restore(world, "post")
    world.well(date_from="2013-10-07")
    rounds(world)
    for store in (world.post, world.hq):
        if status.exchange_status(store).to_release:
            release.release(store)
    rounds(world)
    all_is_well(world, 3)


def test_headquarters_releases_what_a_post_wrote_and_the_post_learns_it(world: World) -> None:
    """The post's laptop does nothing: it may be gone, or have a version that knows of no release."""
    ahead(world.post)
    well = world.well()
    (waits,) = world.carry(world.post, world.hq)
    assert "2099" in waits.held[0]
    told = status.exchange_status(world.hq)
    assert told.to_release is not None
    assert told.to_release.year == 2099
    assert release.release(world.hq) == 3
    assert wells(world.hq) == 1
    assert status.exchange_status(world.hq).held == []
    records.save(world.hq, "party_cell", {"name": "Chi bộ sau đó", "unit_id": "24214"})
    rounds(world)
    assert clock.is_plausible(clock.current(world.post))
    world.well(date_from="2013-10-07")
    records.save(world.post, "activity", {"description": "sau đó"}, well)
    rounds(world)
    assert merge.conflicts(world.hq) == []
    all_is_well(world, 2)


def test_both_release_the_same(world: World) -> None:
    ahead(world.post)
    world.well()
    world.carry(world.post, world.hq)
    release.release(world.hq)
    release.release(world.post)
    rounds(world)
    assert merge.conflicts(world.hq) == []
    all_is_well(world, 1)


def test_the_order_within_what_is_released_is_kept(world: World) -> None:
    event = records.save(world.post, "event", {**FEAST, "name": "một"})
    ahead(world.post)
    for name in ("hai", "ba"):
        records.save(world.post, "event", {"name": name}, event)
        with world.post.transaction():
            segment.seal_open_changes(world.post)
    release.release(world.post)
    assert world.post.value("SELECT name FROM event") == "ba"
    records.save(world.post, "event", {"name": "bốn"}, event)
    rounds(world)
    assert world.hq.value("SELECT name FROM event") == "bốn"
    assert merge.conflicts(world.hq) == []


def test_a_receipt_that_an_older_version_kept_does_not_count(world: World) -> None:
    world.well()
    rounds(world, 1)
    have = world.post.row("SELECT have, log_id FROM local_receipt")
    assert have is not None
    save_disk(world, "hq")
    world.well(date_from="2013-10-06")
    rounds(world, 1)
    world.post.db.execute("UPDATE local_receipt SET hlc = ?", [clock.reading(datetime(2099, 11, 12, tzinfo=UTC))])
    assert status.exchange_status(world.post).unsent == world.post.value(
        "SELECT sum(seq) FROM local_log WHERE replica_id = ?", [world.post.identity.replica_id]
    )
    restore(world, "hq")
    rounds(world, 2)
    all_is_well(world, 2)


def test_a_receipt_of_2099_hides_no_other_one(world: World) -> None:
    """Who has applied a segment is asked before the receipts that an older version kept are taken away."""
    world.well()
    rounds(world, 1)
    log, other = world.post.value("SELECT id FROM local_log WHERE own = 1"), world.hq.identity.replica_id
    ahead_of_it = receipts.databases_ahead(world.post, log, 1)
    known = receipts.all_heads(world.post, other)
    assert [replica for replica, _database, _head in ahead_of_it] == [other]
    world.post.db.execute(
        "INSERT INTO local_receipt SELECT replica_id, 'of 0.2', have, ?, at, heard_at, program FROM local_receipt",
        [clock.reading(datetime(2099, 11, 12, tzinfo=UTC))],
    )
    assert receipts.all_heads(world.post, other) == known
    assert receipts.databases_ahead(world.post, log, 1) == ahead_of_it


def test_a_new_post_does_not_take_headquarters_clock_from_its_pack(world: World) -> None:
    ahead(world.hq)
    pack = enrolment.write_pack(world.hq, code="IARVE", dest=world.usb)
    with enrolment.init_post(world.root / "new", pack, user="B", passphrase="x y", laptop="B") as post:
        assert clock.is_plausible(clock.current(post))


def test_a_pack_with_entries_of_2099_is_refused_and_after_a_release_a_new_one_is_not(world: World) -> None:
    ahead(world.hq)
    pack = enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    with pytest.raises(FieldappError, match="2099"):
        enrolment.init_post(world.root / "new", pack, user="B", passphrase="x y")
    release.release(world.hq)
    pack = enrolment.write_pack(world.hq, code="EABUNG", dest=world.usb)
    with enrolment.init_post(world.root / "new", pack, user="B", passphrase="x y") as post:
        records.save(post, "event", FEAST, confirm=True)
        world.carry(post, world.hq)
        enrolment.trust_replica(world.hq, "EABUNG")
        assert world.hq.value("SELECT count(*) FROM event") == 1


def test_a_laptop_that_was_certified_and_revoked_in_2099_is_what_headquarters_says_today(world: World) -> None:
    pack = enrolment.write_pack(world.hq, code="IARVE", dest=world.usb)
    with enrolment.init_post(world.root / "b", pack, user="B", passphrase="x y", laptop="B") as b:
        world.carry(b, world.hq)
        enrolment.trust_replica(world.hq, b.identity.replica_id)
        rounds(world, 1)

        def trust() -> str | None:
            found = peers.get(world.post, b.identity.replica_id)
            return found.trust if found else None

        assert trust() == "certified"
        ahead(world.hq)
        enrolment.revoke_replica(world.hq, b.identity.replica_id)
        rounds(world, 1)
        assert trust() == "certified", "no later word would count beside one of 2099"
        release.release(world.hq)
        rounds(world, 1)
        assert trust() == "revoked"
        world.post.db.execute("UPDATE local_revocation SET hlc = ?", [clock.reading(datetime(2099, 1, 1, tzinfo=UTC))])
        enrolment.trust_replica(world.hq, b.identity.replica_id)
        rounds(world, 1)
        assert trust() == "certified"
        enrolment.revoke_replica(world.hq, b.identity.replica_id)
        rounds(world, 1)
        assert trust() == "revoked"


def test_a_recovery_code_that_was_sent_in_2099_gives_way_to_a_later_one(world: World) -> None:
    ahead(world.post)
    world.carry(world.post, world.hq)
    before = world.hq.value("SELECT sealed FROM local_recovery_code")
    world.post.db.execute("UPDATE local_session SET hlc = ?", [clock.reading(datetime.now(UTC))])
    recovery.renew_code(world.post)
    world.carry(world.post, world.hq)
    assert world.hq.value("SELECT sealed FROM local_recovery_code") not in (None, before)


def test_a_recorder_may_not_release(world: World) -> None:
    ahead(world.post)
    world.well()
    people.add_person(world.post, "Người ghi", "mật khẩu dài", people.Role.RECORDER)
    world.post.user = "Người ghi"
    with pytest.raises(FieldappError):
        release.release(world.post)


def test_a_release_with_nothing_to_release_changes_nothing(world: World) -> None:
    world.well()
    rounds(world, 1)
    before = state(world.post)
    assert release.release(world.post) == 0
    assert state(world.post) == before
    all_is_well(world, 1)


async def test_on_the_screen_enter_and_f2_release(world: World) -> None:
    ahead(world.post)
    world.well()
    world.carry(world.post, world.hq)
    async with run_app(world.root / "hq", world.hq.reopen()) as s:
        assert "2099" in s.text
        s.app.push_screen(ConflictsScreen())
        await s.press("enter")
        assert "F2 ghi lại" in s.text
        await s.press("f2")
        assert "Không còn gì cần quyết định" in s.text
    assert wells(world.hq) == 1


def test_on_the_command_line_status_says_what_to_do_and_it_works(world: World, run: Run) -> None:
    ahead(world.post)
    world.well()
    world.carry(world.post, world.hq)
    code, out, _err = run("sync", "status", home="hq")
    assert code == 0
    assert "fieldapp sync release" in out
    code, out, err = run("sync", "release", home="hq")
    assert (code, "3" in out) == (0, True), err
    code, out, _err = run("sync", "status", "--json", home="hq")
    assert (json.loads(out)["to_release"], json.loads(out)["held"]) == (None, [])
    assert wells(world.hq) == 1


# which day it is ----------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Sets the machine's clock so many days ahead; everything that this process opens from then on sees it."""
    real, shift = wall.shown, timedelta()
    connected = connection.connect

    def connect(path: Path, key: bytes) -> Database:
        db = connected(path, key)
        db.conn.create_function("unixepoch", 1, lambda _part: (real() + shift).timestamp())
        return db

    def set_to(days: int) -> None:
        nonlocal shift
        shift = timedelta(days=days)

    monkeypatch.setattr("fieldapp.store.store.connect", connect)
    monkeypatch.setattr(wall, "shown", lambda: real() + shift)
    yield set_to
    monkeypatch.undo()
    wall.correct(timedelta())


Machine = Callable[[int], None]
TODAY = datetime.now(UTC).astimezone().date()
WELL = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221",
        "measures": [{"measure_id": "gieng", "amount": 1}]}  # fmt: skip


@pytest.mark.parametrize("days", [-400, *DAYS[1:]])
def test_a_wall_clock_that_cannot_be_right_is_not_used(world: World, run: Run, machine: Machine, days: int) -> None:
    """It may show what it likes: what is recorded meanwhile keeps its order and gets a plausible time."""
    world.well()
    newest = clock.current(world.post)
    machine(days)
    code, _out, err = run("add", "activity", "--confirm", "--json", "-", stdin=[WELL])
    assert code == 0
    assert "hôm nay là ngày nào" in err
    last = world.post.row("SELECT hlc, at FROM local_change ORDER BY hlc DESC LIMIT 1")
    assert last is not None
    assert newest < last["hlc"] < newest + (1000 * 3600 << 16)
    assert abs(datetime.fromisoformat(last["at"]) - datetime.now(UTC)) < timedelta(hours=1)


@pytest.mark.parametrize("days", [-400, *DAYS[1:]])
def test_nothing_is_exported_until_somebody_has_said_the_day(
    world: World, run: Run, machine: Machine, days: int
) -> None:
    world.well()
    stick = world.root / "stick"
    stick.mkdir()
    machine(days)
    code, _out, err = run("sync", "export", stick)
    assert (code, "--today" in err, list(stick.iterdir())) == (1, True, [])
    code, _out, err = run("--today", f"{TODAY:%d/%m/%Y}", "sync", "export", stick)
    assert code == 0, err
    (result,) = incoming.import_files(world.hq, [stick])
    assert (result.complete, result.clock) == (True, None)
    assert abs(clock.milliseconds(clock.current(world.hq)) / 1000 - datetime.now(UTC).timestamp()) < 3600


@pytest.mark.parametrize(
    "moment", [datetime.min.replace(tzinfo=UTC), datetime(1954, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
@pytest.mark.parametrize("zone", ["UTC-14", "UTC+12"])
def test_every_instant_has_a_day(moment: datetime, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the ends of the calendar no system knows the local time, and Windows knows none before 1970."""
    if hasattr(time, "tzset"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
    try:
        assert abs(wall.local_day(moment).toordinal() - moment.toordinal()) <= 1
    finally:
        monkeypatch.undo()
        if hasattr(time, "tzset"):
            time.tzset()


@pytest.mark.parametrize("days", DAYS)
def test_headquarters_answers_when_the_day_is_said(world: World, run: Run, machine: Machine, days: int) -> None:
    world.well()
    stick = world.root / "stick"
    stick.mkdir()
    outgoing.export(world.post, stick)
    machine(days)
    code, _out, err = run("sync", "import", stick, "--reply", home="hq")
    assert (code, "--today" in err) == ((0, False) if days == 0 else (1, True)), "the records are in all the same"
    assert wells(world.hq) == 1
    code, _out, err = run("hq", "pack", "--code", "EABUNG", "--name", "Đồn BP Ea Bung", stick, home="hq")
    assert code == (0 if days == 0 else 1)
    assert run("--today", f"{TODAY:%d/%m/%Y}", "sync", "export", stick, home="hq")[0] == 0
    machine(0)
    incoming.import_files(world.post, [stick])
    assert status.exchange_status(world.post).unsent == 0
    all_is_well(world, 1)


def test_nobody_makes_it_2099_by_confirming_it(world: World, run: Run, machine: Machine) -> None:
    machine(FAR)
    code, _out, err = run("--today", "12/11/2099", "list", "activity")
    assert (code, "Hôm nay không thể là 12/11/2099" in err) == (1, True)


def test_a_day_that_is_confirmed_is_used_and_nobody_is_warned_any_more(
    world: World, run: Run, machine: Machine
) -> None:
    """A laptop that lay in a drawer for two years; and one whose newest entry is wrong, not its clock."""
    world.well()
    machine(800)
    then = TODAY + timedelta(days=800)
    assert run("list", "activity")[2] != ""
    assert run("--today", f"{then:%d/%m/%Y}", "list", "activity")[2] == ""
    assert run("list", "activity")[2] == ""
    assert run("add", "activity", "--confirm", "--json", "-", stdin=[WELL])[0] == 0
    assert status.exchange_status(world.post).clock_warning is None
    machine(0)
    assert run("list", "activity")[2] != "", "the newest entry is later now"
    assert run("--today", f"{TODAY:%d/%m/%Y}", "list", "activity")[2] == ""
    assert run("list", "activity")[2] == ""
    assert status.exchange_status(world.post).clock_warning is None


@pytest.mark.parametrize("days", DAYS[1:])
def test_a_right_clock_is_not_called_wrong_for_years(world: World, run: Run, days: int) -> None:
    """Others were ahead, and all readings are since. Who says that this clock is right is not asked again."""
    ahead(world.post, days)
    world.well()
    assert run("list", "activity")[2] != ""
    assert run("--today", f"{TODAY:%d/%m/%Y}", "list", "activity")[2] == ""
    world.well(date_from="2013-10-06")
    assert run("list", "activity")[2] == ""
    assert status.exchange_status(world.post).clock_warning is None
    row = world.post.row("SELECT at FROM local_change ORDER BY hlc DESC LIMIT 1")
    assert row is not None
    assert datetime.fromisoformat(row["at"]).date() == datetime.now(UTC).date()


def test_no_replica_begins_on_a_day_that_cannot_be(world: World, run: Run, machine: Machine) -> None:
    pack = enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    machine(FAR)
    code, _out, err = run("init", "--pack", pack, "--user", "B", home="new")
    assert (code, "--today" in err) == (1, True)
    assert run("--today", f"{TODAY:%d/%m/%Y}", "init", "--pack", pack, "--user", "B", home="new")[0] == 0


async def test_the_screen_asks_after_unlocking_and_before_an_export(world: World, run: Run, machine: Machine) -> None:
    world.well()
    stick = world.root / "stick"
    stick.mkdir()
    machine(FAR)
    async with run_app(world.root / "post") as s:
        await s.press(PASSPHRASE, "enter")
        await s.wait("Hôm nay là ngày nào?")
        assert "2099" in s.text
        await s.press("escape")
        await s.press("f9")
        await s.press("tab", str(stick), "enter")
        await s.wait("Hôm nay là ngày nào?")
        assert list(stick.iterdir()) == []
        await s.press(f"{TODAY:%d/%m/%Y}", "enter")
        await s.wait("Enter lần nữa")
        await s.press("enter")
        await s.wait("XONG.")
    (result,) = incoming.import_files(world.hq, [stick])
    assert (result.complete, result.clock) == (True, None)


async def test_the_day_that_the_clock_shows_is_confirmed_at_once(world: World, run: Run, machine: Machine) -> None:
    world.well()
    machine(800)
    async with run_app(world.root / "post") as s:
        await s.press(PASSPHRASE, "enter")
        await s.wait("Hôm nay là ngày nào?")
        await s.press(f"{TODAY + timedelta(days=800):%d/%m/%Y}", "enter")
        await s.wait("Cần làm")
        assert "Hôm nay là ngày nào?" not in s.text


@pytest.mark.parametrize("first", ["post", "hq"])
def test_both_were_ahead_together_and_took_in_each_other_s_work(world: World, machine: Machine, first: str) -> None:
    """An older version on both, with one wrong day: nothing waits then, but nobody else could read it."""
    well = world.well()
    rounds(world, 1)
    machine(FAR)
    ahead(world.post)
    records.save(world.post, "activity", {"description": "đồn"}, well)
    world.well(date_from="2013-10-06")
    assert world.carry(world.post, world.hq)[0].complete
    cell = records.save(world.hq, "party_cell", {"name": "Chi bộ năm 2099", "unit_id": "24214"})
    assert world.carry(world.hq, world.post)[0].complete
    records.save(world.post, "member", {"full_name": "Siu Blêh", "party_cell_id": cell})
    machine(0)
    for store in (world.post, world.hq) if first == "post" else (world.hq, world.post):
        assert status.exchange_status(store).to_release is not None
        release.release(store)
        assert doctor.examine_replica(store).healthy
    rounds(world)
    assert world.hq.value("SELECT full_name FROM member") == "Siu Blêh"
    assert merge.conflicts(world.hq) == []
    all_is_well(world, 2)
