"""Who is missing: months, silence, gaps and clocks, as headquarters sees them."""

import json
from datetime import date, timedelta

import pytest
from field import Run, World

import fieldapp
from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.reports.coverage import PostCoverage, coverage, late_posts, post_details, set_limit_days
from fieldapp.sync.exchange import enrolment, status
from fieldapp.sync.format import segment
from fieldapp.sync.peers import peers
from fieldapp.work import review_queue

TODAY = date.today()
LAST_MONTH = TODAY.replace(day=1) - timedelta(days=1)
DAY = 86_400_000 << 16


def one(world: World, today: date = TODAY) -> PostCoverage:
    (post,) = coverage(world.hq, today).posts
    return post


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
