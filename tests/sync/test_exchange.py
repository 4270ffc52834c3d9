"""The way of a bundle: through files on disk, there and back."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from field import World, statements
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sync_state import second_laptop, state, stick_that_fails

from fieldapp.errors import FieldappError
from fieldapp.records import lists, records
from fieldapp.store import people, vault, wall
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing, status
from fieldapp.sync.format import keys, segment
from fieldapp.sync.merge import merge
from fieldapp.sync.peers import peers, receipts
from fieldapp.sync.safety import doctor
from fieldapp.vietnamese.text import clean


def test_there_and_back(world: World) -> None:
    row_id = world.well(description="Giếng [red]khoan[/] =1+1")
    assert row_id in status.unreceived(world.post, [row_id])
    (there,) = world.carry(world.post, world.hq)
    assert there.complete
    assert there.applied == 3
    assert state(world.hq) == state(world.post)
    (back,) = world.carry(world.hq, world.post)
    assert back.complete
    assert not status.unreceived(world.post, [row_id])
    assert status.exchange_status(world.post).unsent == 0
    records.save(world.post, "activity", {"hamlet": "Buôn B"}, row_id)
    assert row_id in status.unreceived(world.post, [row_id])


def test_a_lost_stick_costs_nothing(world: World) -> None:
    world.well()
    lost = world.root / "lost"
    lost.mkdir()
    outgoing.export(world.post, lost)
    shutil.rmtree(lost)
    world.well()
    (there,) = world.carry(world.post, world.hq)
    assert there.applied == 6
    assert state(world.hq) == state(world.post)


def test_the_same_again_and_old_after_new_change_nothing(world: World) -> None:
    sticks = []
    for number in range(2):
        world.well()
        sticks.append(world.root / f"s{number}")
        sticks[-1].mkdir()
        outgoing.export(world.post, sticks[-1])
    assert incoming.import_files(world.hq, [sticks[1]])[0].applied == 6
    before = state(world.hq)
    for stick in (sticks[0], sticks[1], sticks[0]):
        (again,) = incoming.import_files(world.hq, [stick])
        assert (again.applied, again.complete) == (0, True)
    assert state(world.hq) == before


def test_a_gap_waits_and_is_named(world: World) -> None:
    hq = peers.others(world.post)[0]
    world.well()
    with world.post.transaction():
        segment.seal_open_changes(world.post)
    world.well()
    with world.post.transaction():
        segment.seal_open_changes(world.post)
    first, second = world.root / "first", world.root / "second"
    for stick in (first, second):
        stick.mkdir()
    outgoing.export(world.post, first)
    hidden = world.post.row(
        "SELECT * FROM local_segment WHERE replica_id = ? AND first = 1", [world.post.identity.replica_id]
    )
    assert hidden is not None
    world.post.db.execute("UPDATE local_segment SET state = 'quarantined' WHERE hash = ?", [hidden["hash"]])
    outgoing.export(world.post, second, hq.id)
    (result,) = incoming.import_files(world.hq, [second])
    assert not result.complete
    assert "1–3" in result.held[0]
    (result,) = incoming.import_files(world.hq, [first])
    assert result.complete
    assert len(lists.record_window(world.hq, "activity").rows) == 2
    assert status.exchange_status(world.hq).held == []


def test_not_certified_waits_and_is_not_lost(world: World) -> None:
    pack = enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    post = enrolment.init_post(world.root / "second", pack, user="B", passphrase="x y")
    records.save(post, "event", {"name": "Tết quân dân", "date_from": "2013-01-20"})
    (held,) = world.carry(post, world.hq)
    assert held.applied == 0
    assert "Đồn BP Ea Bung" in held.held[0]
    assert lists.record_window(world.hq, "event").rows == []
    _peer, changes = enrolment.trust_replica(world.hq, "EABUNG")
    assert changes == 1
    assert [r["name"] for r in lists.record_window(world.hq, "event").rows] == ["Tết quân dân"]
    assert len(peers.own(post).fingerprint.split()) == 10
    assert peers.own(post).fingerprint == peers.find_peer(world.hq, "EABUNG").fingerprint
    post.close()


def test_headquarters_reference_data_reaches_the_post(world: World) -> None:
    records.save(world.hq, "party_cell", {"name": "Chi bộ thôn 5", "unit": "24214"})
    world.carry(world.hq, world.post)
    assert [label for _id, label in lists.choices(world.post, "party_cell", "thon 5")] == [
        "Chi bộ thôn 5 · Xã Ia Lốp · Tỉnh Đắk Lắk"
    ]
    with pytest.raises(FieldappError, match="Chỉ sở chỉ huy"):
        records.save(world.post, "party_cell", {"name": "x", "unit": "24214"})


def damaged(data: bytes, way: str) -> bytes:
    return {
        "cut": data[: len(data) // 2],
        "a bit": data[:900] + bytes([data[900] ^ 1]) + data[901:],
        "empty": b"",
        "text": b"xin ch\xc3\xa0o",
        "longer": data + b"x",
    }[way]


@pytest.mark.parametrize("way", ["cut", "a bit", "empty", "text", "longer"])
def test_a_damaged_bundle_is_refused_and_the_next_goes_on(world: World, way: str) -> None:
    world.well()
    (good,) = outgoing.export(world.post, world.usb)
    bad = world.usb / "a_bad.fieldapp.tar.age"
    bad.write_bytes(damaged(good.path.read_bytes(), way))
    before = state(world.hq)
    (refused,) = incoming.import_files(world.hq, [bad])
    assert refused.refused
    assert state(world.hq) == before
    first, second = incoming.import_files(world.hq, [world.usb])
    assert first.refused
    assert (second.complete, second.applied) == (True, 3)


def test_for_somebody_else(world: World) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    (result,) = incoming.import_files(world.post, [made.path])
    assert result.for_others
    assert result.refused is not None
    (result,) = incoming.import_files(world.post, [world.usb])
    assert result.refused is None


def test_a_forged_sender_is_refused(world: World) -> None:
    world.well()
    other = keys.new_keys()
    world.post.db.execute("UPDATE local_replica SET sign_secret = ? WHERE own = 1", [other.sign_secret])
    (result,) = world.carry(world.post, world.hq)
    assert result.refused is not None
    assert lists.record_window(world.hq, "activity").rows == []


def test_a_change_outside_its_authors_part_is_set_aside_and_told(world: World) -> None:
    """A post that writes headquarters' tables, another post's rows, impossible values: the rest is applied."""
    good = world.well()
    log = world.post.row("SELECT * FROM local_log WHERE own = 1")
    assert log is not None
    forged = [
        ("unit", "011732a5-c400-758a-a25f-5b6e81cc61d6", '{"name":"Xã của tôi"}'),
        ("activity", good, '{"date_from":"31/12"}'),
        ("activity", good, '{"description":"a\\u001b[31m"}'),
        ("activity", good, '{"post_id":"x"}'),
        ("weather", good, '{"rain":1}'),
        ("activity", "01a21028-e504-733d-a09e-2ffb5a3b3fff", '{"hamlet":"không có"}'),
        ("activity", good, '{"hamlet":"Buôn C"}'),
    ]
    with world.post.transaction():
        for number, (table, row_id, cols) in enumerate(forged, start=1):
            world.post.db.execute("UPDATE local_session SET hlc = hlc + 1")
            world.post.db.execute(
                "INSERT INTO local_change SELECT ?, ?, hlc, ?, ?, ?, 'x', '2026-11-24T00:00:00Z' FROM local_session",
                [log["id"], log["seq"] + number, table, row_id, cols],
            )
        world.post.db.execute("UPDATE local_log SET seq = seq + ? WHERE own = 1", [len(forged)])
    (result,) = world.carry(world.post, world.hq)
    assert result.complete
    assert len(result.set_aside) == 6
    row = records.get(world.hq, good).row
    assert (row["date_from"], row["hamlet"], row["description"]) == ("2013-10-05", "Buôn C", None)
    assert world.hq.value("SELECT name FROM unit WHERE id = ?", [forged[0][1]]) != "Xã của tôi"
    (told,) = world.carry(world.hq, world.post)
    assert len(told.set_aside) == 6
    assert doctor.examine_replica(world.hq).healthy


def test_doctor_finds_and_mends_what_was_changed_behind_its_back(world: World) -> None:
    row_id = world.well()
    world.carry(world.post, world.hq)
    world.hq.db.execute("UPDATE local_session SET applying = 1")
    world.hq.db.execute("UPDATE activity_measure SET amount = 9")
    world.hq.db.execute("UPDATE local_session SET applying = 0")
    assert not doctor.examine_replica(world.hq).healthy
    assert len(doctor.examine_replica(world.hq, mend=True).differing) == 2
    assert doctor.examine_replica(world.hq).healthy
    assert sorted(m["amount"] for m in records.get(world.hq, row_id).children["measures"]) == [1, 12]


def test_two_laptops_of_a_post_conflict_and_agree(world: World) -> None:
    b = second_laptop(world)
    row_id = world.well()
    world.carry(world.post, b)
    records.save(world.post, "activity", {"hamlet": "Buôn A", "people": "A"}, row_id)
    records.save(b, "activity", {"hamlet": "Buôn B", "partners": "Trạm y tế"}, row_id)
    world.carry(b, world.post)
    world.carry(world.post, world.hq)
    world.carry(world.post, b)
    assert state(world.hq) == state(world.post) == state(b)
    row = records.get(world.hq, row_id).row
    assert (row["hamlet"], row["people"], row["partners"]) == ("Buôn B", "A", "Trạm y tế")
    (conflict,) = merge.conflicts(world.hq)
    assert conflict["column"] == "hamlet"
    assert (conflict["winner"]["value"], conflict["loser"]["value"]) == ("Buôn B", "Buôn A")
    assert merge.conflicts(world.post) == merge.conflicts(b) == [conflict]
    records.save(b, "activity", {"hamlet": "Buôn Ba Na"}, row_id)
    assert merge.conflicts(b) == []
    world.carry(b, world.hq)
    assert merge.conflicts(world.hq) == []
    b.close()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_of_sticks_ends_in_the_same_state(world: World, data: st.DataObject) -> None:
    """Several exports, imported in any order, some twice: one state."""
    sticks = []
    for number in range(3):
        row_id = world.well(description=f"Giếng {number}")
        records.save(world.post, "activity", {"hamlet": f"Buôn {number}"}, row_id)
        stick = world.root / f"x{len(list(world.root.glob('x*')))}"
        stick.mkdir()
        outgoing.export(world.post, stick)
        sticks.append(stick)
    for stick in data.draw(st.lists(st.sampled_from(sticks), max_size=4)) + data.draw(st.permutations(sticks)):
        incoming.import_files(world.hq, [stick])
    assert state(world.hq) == state(world.post)
    assert status.exchange_status(world.hq).held == []


def test_a_full_stick_leaves_nothing_that_looks_complete(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.well()
    stick_that_fails(monkeypatch, OSError(28, "No space left on device"))
    with pytest.raises(FieldappError, match="hết chỗ trống"):
        outgoing.export(world.post, world.usb)
    assert list(world.usb.glob("*.age*")) == []
    monkeypatch.undo()
    (there,) = world.carry(world.post, world.hq)
    assert there.complete


def test_a_pack_is_no_bundle_and_a_broken_pack_leaves_nothing(world: World) -> None:
    pack = next(world.usb.glob("*.tar"))
    (result,) = incoming.import_files(world.hq, [pack])
    assert result.refused is not None
    broken = world.usb / "broken.tar"
    broken.write_bytes(pack.read_bytes()[:-3000])
    home = world.root / "new"
    with pytest.raises(FieldappError):
        enrolment.init_post(home, broken, user="B", passphrase="x y")
    assert not [p for p in Path(home).rglob("*") if p.is_file()]


@pytest.mark.usefixtures("whole_baseline")
def test_units_of_one_s_own_province_are_offered_first(world: World) -> None:
    day = date(2026, 11, 24)
    offered = [label for _id, label in lists.choices(world.post, "unit", "phu hoa", day, limit=60)]
    there = [label for label in offered if "(cũ)" not in label]
    very = [label.split(" · ")[0] in ("Xã Phú Hòa", "Phường Phú Hòa") for label in there]
    assert very == sorted(very, reverse=True), "the very name stands above a longer one of the own province"
    assert very[0]
    here = [label.endswith("Tỉnh Đắk Lắk") for label in there[very.index(False) :]]
    assert here[0]
    assert not here[-1]
    assert here == sorted(here, reverse=True)
    with pytest.raises(FieldappError, match="nay thuộc Tỉnh Lâm Đồng"):
        enrolment.init_hq(world.root / "x", name="x", user="x", passphrase="x", province="67")


def test_a_record_may_name_one_that_was_made_after_it(world: World) -> None:
    """The well was recorded before the event that it belongs to; both cross in one segment."""
    row_id = world.well()
    event = records.save(world.post, "event", {"name": "Lũ 2013", "date_from": "2013-09-18"})
    records.save(world.post, "activity", {"event_id": event}, row_id)
    (result,) = world.carry(world.post, world.hq)
    assert result.set_aside == []
    assert records.get(world.hq, row_id).row["event_id"] == event
    assert state(world.hq) == state(world.post)
    assert doctor.examine_replica(world.hq).healthy


def test_a_receipt_for_a_copy_of_this_disk_is_not_ours(world: World) -> None:
    """Both go on after the disk was cloned: what headquarters has of the one is not what the other recorded."""
    world.post.close()
    shutil.copytree(world.root / "post", world.root / "clone")
    world.post = Store.open(world.root / "post", world.keys["post"], "A")
    clone = Store.open(world.root / "clone", world.keys["post"], "B")
    world.well()
    entry = {"name": "Tết quân dân", "date_from": "2013-01-20"}
    row_id = records.save(clone, "event", entry)
    for _number in range(3):
        records.save(clone, "event", entry, confirm=True)
    world.carry(world.post, world.hq)
    (refused,) = world.carry(clone, world.hq)
    assert refused.quarantined
    world.carry(world.hq, clone)
    assert row_id in status.unreceived(clone, [row_id])
    assert status.exchange_status(clone).unsent == 4
    clone.close()


@pytest.mark.parametrize("name", ["Nguye\u0302\u0303n Va\u0306n A ", "  Trần\tB", "x" * 60])
def test_a_user_s_name_is_kept_clean_and_his_records_arrive(world: World, tmp_path: Path, name: str) -> None:
    pack = next(world.usb.glob("*.tar"))
    post = enrolment.init_post(tmp_path / "p", pack, user=name, passphrase="x y", laptop="Ma\u0301y ")
    records.save(post, "event", {"name": "Tết quân dân", "date_from": "2013-01-20"})
    world.carry(post, world.hq)
    enrolment.trust_replica(world.hq, post.identity.replica_id)
    assert [r["created_by"] for r in lists.record_window(world.hq, "event").rows] == [clean(name)]
    assert vault.users(tmp_path / "p") == [clean(name)]
    post.close()


def test_names_that_are_one_file_on_windows_are_two_people_on_none(world: World) -> None:
    with pytest.raises(FieldappError, match="đã là người dùng của máy này"):
        world.post.add_user("nguyễn văn a", "x y")


def test_rows_that_a_merge_left_twice_become_one_on_saving(world: World) -> None:
    row_id = world.well()
    world.post.db.execute(
        "INSERT INTO activity_measure (id, post_id, created_at, created_by, activity_id, measure_id, amount,"
        " approximate)"
        " SELECT '01a21028-e504-733d-a09e-2ffb5a3b3fc1', post_id, created_at, created_by, activity_id, measure_id, 5, 0"
        " FROM activity_measure WHERE activity_id = ? LIMIT 1",
        [row_id],
    )
    found = records.get(world.post, row_id)
    assert len(found.children["measures"]) == 3
    with pytest.raises(FieldappError, match="hai lần"):
        records.save(world.post, "activity", records.as_data(found), row_id)
    records.save(world.post, "activity", {"measures": [{"measure_id": "gieng", "amount": 2}]}, row_id)
    assert [m["amount"] for m in records.get(world.post, row_id).children["measures"]] == [2]


def test_voided_on_two_laptops_is_no_conflict_of_times(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both say that the row is void; only the reasons may contradict each other."""
    b = second_laptop(world)
    people.enter_first(b)
    well = world.well()
    for name, to in ((world.post, world.hq), (world.hq, b)):
        world.carry(name, to)
    for number, store in enumerate((world.post, b)):
        monkeypatch.setattr(wall, "instant", lambda number=number: f"2026-11-25T19:0{number}:00Z")
        records.void(store, well, "ghi trùng")
    for sender in (world.post, b):
        world.carry(sender, world.hq)
    assert merge.conflicts(world.hq) == []
    b.close()


def test_no_segment_is_read_to_know_which_of_all_laptops_heads_stand(world: World) -> None:
    """Headquarters asks after every bundle: reading them took a third of an import from 900 laptops."""
    asked: list[str] = []
    with statements(asked):
        receipts.unapplied_heads(world.hq)
    plan = [row["detail"] for row in world.hq.rows(f"EXPLAIN QUERY PLAN {asked[-1]}")]
    assert any("COVERING INDEX local_segment_stands" in step for step in plan), plan


def test_an_import_looks_through_no_segments_but_those_that_wait_or_were_refused(world: World) -> None:
    """Headquarters has very many that are applied: looking through them took a third of an import of many bundles."""
    world.well()
    hq_id = world.hq.identity.replica_id
    (made,) = outgoing.export(world.post, world.usb, hq_id)
    asked: list[str] = []
    with statements(asked):
        assert incoming.import_files(world.hq, [made.path])[0].applied
    of_segments = {sql for sql in asked if re.match("SELECT|UPDATE|DELETE", sql) and "local_segment" in sql}
    plans = {sql: world.hq.rows("EXPLAIN QUERY PLAN " + re.sub(r"\?\d*", "'x'", sql)) for sql in of_segments}
    assert len(plans) > 5
    all_read = re.compile(r"SCAN (local_segment|s)(?! USING INDEX local_segment_(held|refused))")
    assert [sql for sql, plan in plans.items() if any(all_read.match(row["detail"]) for row in plan)] == []
