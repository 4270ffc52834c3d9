"""Several people on one laptop: who may do what, passphrases, and tries that are slowed."""

import json
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from field import PASSPHRASE, USER, Run, World

from fieldapp.errors import FieldappError
from fieldapp.publish import mirror
from fieldapp.records import records
from fieldapp.reports import open_data
from fieldapp.store import people, throttle, vault
from fieldapp.store.people import Act, Role
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.peers import logs


@pytest.fixture
def recorder(world: World, spared: None) -> Store:
    """Somebody who only records, at the post."""
    people.add_person(world.post, "Siu Blêh", "mưa đầu mùa", Role.RECORDER)
    return Store.open(world.root / "post", world.keys["post"], "Siu Blêh")


def test_the_first_user_is_administrator(world: World) -> None:
    assert people.people(world.post)[0].role is Role.ADMINISTRATOR
    assert people.role_of(world.post, "somebody else") is Role.RECORDER


def test_a_recorder_records_and_no_more(world: World, recorder: Store, tmp_path: Path) -> None:
    of_others = world.well()
    own = records.save(recorder, "event", {"name": "Lũ", "date_from": "2013-09-18"})
    records.save(recorder, "activity", {"hamlet": "Buôn B"}, of_others)
    records.void(recorder, own, "ghi trùng")
    refused: tuple[Callable[[], object], ...] = (
        lambda: records.void(recorder, of_others, "ghi trùng"),
        lambda: outgoing.export(recorder, world.usb),
        lambda: incoming.import_files(recorder, [world.usb]),
        lambda: people.add_person(recorder, "Ai đó", "mưa đầu mùa", Role.RECORDER),
        lambda: people.set_role(recorder, "Siu Blêh", Role.ADMINISTRATOR),
        lambda: people.remove_person(recorder, USER),
    )
    before = recorder.rows("SELECT * FROM local_change ORDER BY log_id, seq"), recorder.rows("SELECT * FROM local_user")
    for act in refused:
        with pytest.raises(FieldappError, match="Không có gì thay đổi"):
            act()
    after = recorder.rows("SELECT * FROM local_change ORDER BY log_id, seq"), recorder.rows("SELECT * FROM local_user")
    assert after == before
    assert list(world.usb.glob("*.age")) == []
    recorder.close()


@pytest.mark.parametrize("act", list(Act))
def test_each_role_may_what_the_one_before_it_may(world: World, act: Act) -> None:
    may = []
    for role in Role:
        world.post.db.execute("INSERT OR REPLACE INTO local_user VALUES ('A', ?, '2026-01-01T00:00:00Z')", [role.value])
        world.post.user = "A"
        may.append(people.may(world.post, act))
    assert may == sorted(may)
    assert may[-1]


def test_an_officer_exports_and_voids_what_others_wrote(world: World, spared: None) -> None:
    row_id = world.well()
    people.add_person(world.post, "Trần Văn B", "mưa đầu mùa", Role.OFFICER)
    officer = Store.open(world.root / "post", world.keys["post"], "Trần Văn B")
    records.void(officer, row_id, "ghi trùng")
    assert len(outgoing.export(officer, world.usb)) == 1
    with pytest.raises(FieldappError, match="quản trị"):
        people.remove_person(officer, USER)
    officer.close()


def test_all_records_with_names_leave_by_an_administrator_alone(world: World, spared: None, tmp_path: Path) -> None:
    people.add_person(world.hq, "Trần Văn B", "mưa đầu mùa", Role.OFFICER)
    officer = Store.open(world.root / "hq", world.keys["hq"], "Trần Văn B")
    with pytest.raises(FieldappError, match="quản trị"):
        mirror.publish(officer, "postgresql:///nowhere")
    with pytest.raises(FieldappError, match="quản trị"):
        open_data.write_package(officer, tmp_path / "open", personal=True)
    assert not (tmp_path / "open").exists()
    assert open_data.write_package(officer, tmp_path / "open").rows
    officer.close()
    assert open_data.write_package(world.hq, tmp_path / "personal", personal=True).rows


def test_one_administrator_stays(world: World) -> None:
    acts: tuple[Callable[[], object], ...] = (
        lambda: people.remove_person(world.post, USER),
        lambda: people.set_role(world.post, USER, Role.OFFICER),
    )
    for act in acts:
        with pytest.raises(FieldappError, match="duy nhất"):
            act()
    assert vault.users(world.root / "post") == [USER]


def test_a_removed_user_gets_in_no_longer_and_his_records_stay(world: World, recorder: Store) -> None:
    row_id = records.save(recorder, "event", {"name": "Lũ", "date_from": "2013-09-18"})
    recorder.close()
    people.remove_person(world.post, "Siu Blêh")
    assert [p.name for p in people.people(world.post)] == [USER]
    with pytest.raises(FieldappError, match="không có người dùng"):
        vault.unseal(world.root / "post", "Siu Blêh", "mưa đầu mùa")
    assert records.get(world.post, row_id).row["created_by"] == "Siu Blêh"


def test_a_file_from_before_there_were_roles(world: World, spared: None) -> None:
    """Who was in may do everything, until somebody gets a role."""
    world.post.db.execute("DELETE FROM local_user")
    assert people.role_of(world.post, USER) is Role.ADMINISTRATOR
    people.add_person(world.post, "Siu Blêh", "mưa đầu mùa", Role.RECORDER)
    assert {p.name: p.role for p in people.people(world.post)} == {
        USER: Role.ADMINISTRATOR,
        "Siu Blêh": Role.RECORDER,
    }


def test_a_key_file_under_another_name_gives_no_other_role(world: World, recorder: Store) -> None:
    keys = world.root / "post" / "keys"
    (file,) = keys.glob("Siu*.user.age")
    file.rename(keys / "Zed.user.age")
    as_zed = Store.open(world.root / "post", vault.unseal(world.root / "post", "Zed", "mưa đầu mùa"), "Zed")
    assert people.role_of(as_zed, "Zed") is Role.RECORDER
    as_zed.close()
    recorder.close()


def test_passphrases_change_and_short_ones_are_refused(world: World, spared: None) -> None:
    with pytest.raises(FieldappError, match="quá ngắn"):
        people.change_passphrase(world.post, "ngắn")
    people.change_passphrase(world.post, "rừng khộp mùa khô")
    assert vault.unseal(world.root / "post", USER, "rừng khộp mùa khô") == world.keys["post"]


def test_users_on_the_command_line(
    run: Run, world: World, spared: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "new").write_text("mưa đầu mùa\n", encoding="utf-8")
    monkeypatch.setenv("FIELDAPP_NEW_PASSPHRASE_FILE", str(tmp_path / "new"))
    assert run("user", "add", "Siu Blêh")[0] == 0
    assert run("list", "event")[0] == 1  # two people: who?
    found = json.loads(run("--user", USER, "user", "list", "--json")[1])
    assert [(p["name"], p["role"]) for p in found] == [(USER, "administrator"), ("Siu Blêh", "recorder")]
    code, out, err = run("--user", "Siu Blêh", "sync", "export", world.usb)
    assert (code, out) == (1, "")
    assert "cán bộ" in err
    assert run("--user", USER, "user", "role", "Siu Blêh", "officer")[0] == 0
    assert run("--user", "Siu Blêh", "sync", "export", world.usb)[0] == 0
    assert run("--user", USER, "user", "remove", "Siu Blêh")[0] == 0
    assert run("user", "passphrase")[0] == 0
    assert not (world.root / "post" / "keys" / "Siu%20Bl%C3%AAh.user.age").exists()


# tries ----------------------------------------------------------------------------------------------------------


def test_wrong_tries_are_slowed_and_nobody_is_locked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    path = tmp_path / "a.tries"
    waits: list[int] = []
    for _ in range(20):
        try:
            throttle.count_attempt(path)
            waits.append(0)
        except throttle.TooManyAttempts as slowed:
            waits.append(slowed.seconds)
            clock[0] += slowed.seconds
            throttle.count_attempt(path)
    assert waits[:3] == [0, 0, 0]
    assert waits[3:] == sorted(waits[3:])
    assert waits[3] > 0
    assert waits[-1] == throttle.LONGEST_DELAY
    clock[0] -= 1e9  # the battery of the clock died
    with pytest.raises(throttle.TooManyAttempts):
        throttle.count_attempt(path)
    clock[0] += throttle.LONGEST_DELAY
    throttle.count_attempt(path)
    throttle.clear_attempts(path)
    throttle.count_attempt(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"wrong": "x", "last": 1}', '{"wrong": 9, "last": NaN}', "\xff"])
def test_a_damaged_count_keeps_nobody_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.tries").write_text(text, encoding="latin-1")
    throttle.count_attempt(tmp_path / "a.tries")


def test_the_right_passphrase_ends_the_waiting(world: World) -> None:
    home = world.root / "post"
    with pytest.raises(FieldappError, match="Mật khẩu sai"):
        vault.unseal(home, USER, "sai")
    assert len(list((home / "keys").glob("*.tries"))) == 1
    assert vault.unseal(home, USER, PASSPHRASE) == world.keys["post"]
    assert list((home / "keys").glob("*.tries")) == []


def test_the_program_lives_on_while_a_key_is_derived(derived: World) -> None:
    """The derivation holds Python's lock, so it must not run in this process: other threads go on meanwhile."""
    turns = 0
    done = threading.Event()

    def derive() -> None:
        vault.unseal(derived.root / "post", USER, PASSPHRASE)
        done.set()

    worker = threading.Thread(target=derive)
    worker.start()
    while not done.wait(0.001):
        turns += 1
    worker.join()
    assert turns > 20  # with the lock held it was two: before, and after


def test_a_packaged_program_derives_by_itself(openable: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = openable
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert vault.unseal(world.root / "post", USER, PASSPHRASE) == world.keys["post"]
    with pytest.raises(FieldappError, match="Mật khẩu sai"):
        vault.unseal(world.root / "post", USER, "sai")


def test_a_machine_that_is_too_busy_is_no_wrong_passphrase(openable: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """age refuses a file that would take this machine far too long: here one that says that it takes hours."""
    world = openable
    (file,) = (world.root / "post" / "keys").glob("*.user.age")
    file.write_bytes(re.sub(rb"(-> scrypt \S+ )\d+", rb"\g<1>30", file.read_bytes()))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(FieldappError, match="đang quá bận"):
        vault.unseal(world.root / "post", USER, PASSPHRASE)


def test_a_beginning_that_fails_leaves_nothing_and_takes_no_old_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spared: None
) -> None:
    home = tmp_path / "hq"
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "old.user.age").write_bytes(b"of a file that was moved elsewhere")

    def fail(*_args: object) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(logs, "begin_log", fail)
        with pytest.raises(OSError, match="no space"):
            enrolment.init_hq(home, name="SCH", user="A", passphrase="a b")
    assert [p.name for p in home.rglob("*") if p.is_file()] == ["old.user.age"]
    enrolment.init_hq(home, name="SCH", user="B", passphrase="a b").close()
    assert vault.users(home) == ["B"]
    assert len(list(home.rglob("old.user.age"))) == 1
