"""A replica that is open to be read: no way to change it, and everything can be read."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from field import PASSPHRASE, USER, World
from sync_state import kept

from fieldapp import replica
from fieldapp.errors import ReadOnly
from fieldapp.records import form_memory, history, records
from fieldapp.reports import coverage, letterhead, open_data
from fieldapp.reports.files.write import write_report
from fieldapp.reports.query import Period, Query
from fieldapp.store import people
from fieldapp.store.connection import DatabaseError
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.safety import backup
from fieldapp.work import review_queue

YEAR = Query(Period(date(2013, 1, 1), date(2013, 12, 31)), today=date(2013, 12, 31))

CHANGES: dict[str, Callable[[Store, str, Path], object]] = {
    "record": lambda s, _id, _to: records.save(s, "party_cell", {"name": "Chi bộ thôn 5", "unit_id": "24221"}),
    "edit": lambda s, row, _to: records.save(s, "activity", {"hamlet": "Thôn 5"}, row),
    "void": lambda s, row, _to: records.void(s, row, "nhập trùng"),
    "accept": lambda s, row, _to: review_queue.review_record(s, row, "accepted"),
    "draft": lambda s, _id, _to: s.save_draft("1", "activity", None, {}),
    "drop a draft": lambda s, _id, _to: s.drop_draft("1"),
    "pin": lambda s, _id, _to: form_memory.save_pins(s, "activity", {}),
    "setting": lambda s, _id, _to: coverage.set_limit_days(s, 7),
    "letterhead": lambda s, _id, _to: letterhead.save_letterhead(s, "decree30", {}),
    "person": lambda s, _id, _to: people.add_person(s, "Người lạ", "mật khẩu dài", people.Role.OFFICER),
    "passphrase": lambda s, _id, _to: people.change_passphrase(s, "mật khẩu khác"),
    "export": lambda s, _id, to: outgoing.export(s, to),
    "import": lambda s, _id, to: incoming.import_files(s, [to]),
    "pack": lambda s, _id, to: enrolment.write_pack(s, code="EABUNG", name="Đồn BP Ea Bung", dest=to),
    "certify": lambda s, _id, _to: enrolment.trust_replica(s, "IARVE"),
    "backup": lambda s, _id, to: backup.write_backup(s, to),
    "report file": lambda s, _id, to: write_report(s, YEAR, "html", to / "report.html"),
    "open data": lambda s, _id, to: open_data.write_package(s, to / "open"),
}


HQ_ONLY = ("accept", "pack", "certify")


@pytest.mark.parametrize(
    ("home", "change"), [(h, c) for h in ("post", "hq") for c in CHANGES if h == "hq" or c not in HQ_ONLY]
)
def test_every_change_is_refused_by_a_sentence(world: World, tmp_path: Path, home: str, change: str) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    store: Store = getattr(world, home)
    keys = {p: p.read_bytes() for p in (store.home / "keys").iterdir()}
    to = tmp_path / "to"
    to.mkdir()
    before = kept(store)
    store.set_read_only()
    with store.reopen() as again:
        for one in (store, again):
            with pytest.raises(ReadOnly):
                CHANGES[change](one, well, to)
    assert kept(store) == before
    assert not list(to.iterdir())
    assert {p: p.read_bytes() for p in (store.home / "keys").iterdir()} == keys


def test_what_goes_round_the_program_is_refused_by_the_database(world: World) -> None:
    well = world.well()
    before = kept(world.post)
    world.post.set_read_only()
    for statement in (
        "DELETE FROM local_setting",
        "UPDATE activity SET hamlet = 'Thôn 5'",
        "INSERT INTO local_draft VALUES ('1', 'activity', NULL, '{}', '')",
    ):
        with pytest.raises(DatabaseError):
            world.post.db.execute(statement)
    assert kept(world.post) == before
    assert records.get(world.post, well).row["hamlet"] is None


def test_what_another_window_takes_in_meanwhile_can_be_read(world: World) -> None:
    with world.hq.reopen() as reader:
        reader.set_read_only()
        well = world.well(hamlet="Buôn Ba Na")
        world.carry(world.post, world.hq)
        assert records.get(reader, well).row["hamlet"] == "Buôn Ba Na"
        assert history.history(reader, well)
        with pytest.raises(ReadOnly):
            review_queue.review_record(reader, well, "accepted")


def test_a_screen_that_was_locked_still_only_reads(world: World) -> None:
    world.post.set_read_only()
    world.post.lock()
    world.post.resume(replica.unlock(world.root / "post", USER, PASSPHRASE))
    with pytest.raises(ReadOnly):
        world.well()
