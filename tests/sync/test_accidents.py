"""What goes wrong in the field, and what holds: a scenario for each row of the table in ``docs/sync.md``.

All go through bundles on disk. A stick goes round: each laptop reads what lies on it, then writes.
"""

import json
import re
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from field import World
from sync_state import arrived_or_recorded, state

from fieldapp.domain.review import ReviewOutcome
from fieldapp.errors import Cancelled, FieldappError
from fieldapp.records import lists, records, reviews, rule_violations
from fieldapp.store import capture, log, migrations, people, vault
from fieldapp.store.migrations import REFOLD
from fieldapp.store.store import Store
from fieldapp.sync.exchange import bundle_contents, enrolment, incoming, outgoing, status, sticks
from fieldapp.sync.exchange.incoming import Imported
from fieldapp.sync.format import bundle, drives, keys, segment
from fieldapp.sync.merge import forks, merge, resolve
from fieldapp.sync.peers import peers
from fieldapp.sync.safety import doctor
from fieldapp.work import review_queue

DOCS = Path(__file__).parents[2] / "docs" / "sync.md"
FEAST = {"name": "Tết quân dân", "date_from": "2013-01-20"}


class Field(World):
    """A world with further laptops, all closed at the end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.more: list[Store] = []

    def open(self, name: str) -> Store:
        """A replica that was made with the world."""
        store = self.keep(Store.open(self.root / name, self.keys[name], f"Người ở {name}"))
        people.enter_first(store)
        return store

    def keep(self, store: Store) -> Store:
        self.more.append(store)
        return store

    def laptop(self, name: str, code: str = "IARVE") -> Store:
        """A further laptop of a post, certified."""
        pack = enrolment.write_pack(self.hq, code=code, dest=self.usb)
        store = self.keep(enrolment.init_post(self.root / name, pack, user="Trần Văn B", passphrase="x", laptop=name))
        self.carry(store, self.hq)
        enrolment.trust_replica(self.hq, store.identity.replica_id)
        return store

    def copy_of_disk(self, name: str) -> Store:
        """A copy of the post's disk as it is now, in a second laptop."""
        self.save_disk(name)
        self.more.append(Store.open(self.root / name, self.keys["post"], "Lê Văn C"))
        return self.more[-1]

    def save_disk(self, name: str) -> None:
        self.post.close()
        shutil.copytree(self.root / "post", self.root / name)
        self.post = Store.open(self.root / "post", self.keys["post"], "Nguyễn Văn A")

    def set_back(self, name: str) -> None:
        """The post's laptop gets an old copy of its disk."""
        self.post.close()
        shutil.rmtree(self.root / "post")
        shutil.copytree(self.root / name, self.root / "post")
        self.post = Store.open(self.root / "post", self.keys["post"], "Nguyễn Văn A")

    def stick(self) -> Path:
        """A new, empty stick."""
        path = self.root / f"stick-{len(list(self.root.glob('stick-*')))}"
        path.mkdir()
        return path

    def round(self, *stores: Store, stick: Path | None = None) -> list[Imported]:
        """One stick goes from laptop to laptop: each reads, then writes."""
        stick = stick or self.stick()
        found = []
        for store in stores:
            found += [r for r in incoming.import_files(store, [stick]) if not r.for_others]
            outgoing.export(store, stick)
        return found

    def close(self) -> None:
        for store in self.more:
            store.close()
        super().close()


@pytest.fixture(autouse=True, scope="module")
def no_key_derivation() -> Generator[None, None, None]:
    """The key derivation of new laptops, seconds long by intention, is spared."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(vault, "seal_for_user", lambda *_args: None)
        yield


@pytest.fixture(scope="module")
def made(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Field]:
    """Made once, then copied: a world with the laptops B and C of the post, and one with two more headquarters."""
    found = {}
    for name in ("plain", "laptops", "nation"):
        root = tmp_path_factory.mktemp(name) / "field"
        shutil.copytree(first_world.root, root)
        found[name] = Field(root, dict(first_world.keys))
    three = found["laptops"]
    three.round(three.hq, three.laptop("B"), three.laptop("C"), three.post)
    three.round(three.hq, *three.more, three.post)
    root = found["nation"].root
    for name, code, title in (("nation", "BTL", "Bộ Tư lệnh"), ("other", "GL", "Gia Lai")):
        found["nation"].keep(
            enrolment.init_hq(root / name, name=title, user="x", passphrase="x", code=code, province="66")
        )
    for world in found.values():
        world.keys.update({store.home.name: store._key for store in world.more})
        world.close()
    return found


@pytest.fixture
def field(made: dict[str, Field], tmp_path: Path, request: pytest.FixtureRequest) -> Generator[Field, None, None]:
    """The world of this test."""
    base = made[getattr(request, "param", "plain")]
    shutil.copytree(base.root, tmp_path / "field")
    world = Field(tmp_path / "field", base.keys)
    yield world
    world.close()


three_laptops = pytest.mark.parametrize("field", ["laptops"], indirect=True, ids=[""])
three_headquarters = pytest.mark.parametrize("field", ["nation"], indirect=True, ids=[""])


def event(store: Store, name: str) -> str:
    return records.save(store, "event", {**FEAST, "name": name}, confirm=True)


def events(store: Store) -> list[str]:
    return sorted(r["name"] for r in lists.record_window(store, "event", limit=100).rows)


def quiet(*stores: Store) -> None:
    """Nothing waits, nothing is in quarantine, nothing was set aside, and the records are what the log says."""
    for store in stores:
        found = status.exchange_status(store)
        assert (found.held, found.quarantined, found.set_aside) == ([], [], [])
        assert is_what_the_log_says(store)


class Undo(Exception):
    """Leaves the transaction without keeping what was folded."""


def is_what_the_log_says(store: Store) -> bool:
    """What `doctor --rebuild` asks, of what was recorded here: the reference data that is shipped takes its time."""
    before = everything(store)
    cells = [(c.table, c.row_id) for c in arrived_or_recorded(store)]
    try:
        with store.transaction(applying=True):
            merge.refold(store, cells)
            after = everything(store)
            raise Undo
    except Undo:
        return before == after


def everything(store: Store) -> tuple[Any, ...]:
    """Rows, conflicts, and what was set aside."""
    return state(store), merge.conflicts(store), store.rows("SELECT * FROM local_set_aside ORDER BY log_id, seq")


def logged_once(store: Store) -> bool:
    """Each change is in the log once."""
    changes = [(c.hlc, c.table, c.row_id, json.dumps(c.cols)) for c in arrived_or_recorded(store)]
    return len(set(changes)) == len(changes)


# sticks and bundles -------------------------------------------------------------------------------------------------


def test_a_stick_is_lost(field: Field) -> None:
    event(field.post, "một")
    shutil.rmtree(outgoing.export(field.post, field.stick())[0].path.parent)
    event(field.post, "hai")
    field.round(field.post, field.hq)
    assert events(field.hq) == ["hai", "một"]


def test_a_reply_is_lost(field: Field) -> None:
    event(field.post, "một")
    field.round(field.post, field.hq)  # the stick with the reply does not come back
    event(field.post, "hai")
    assert status.exchange_status(field.post).unsent == 2
    field.round(field.post, field.hq, field.post)
    assert status.exchange_status(field.post).unsent == 0
    assert state(field.hq) == state(field.post)
    quiet(field.hq, field.post)


def test_the_same_comes_twice_and_old_after_new(field: Field) -> None:
    old, new = field.stick(), field.stick()
    row_id = event(field.post, "một")
    field.round(field.post, field.hq, field.post, stick=old)
    records.save(field.post, "event", {"name": "hai"}, row_id)
    field.round(field.post, field.hq, field.post, stick=new)
    before = state(field.hq), state(field.post), status.peers_status(field.post)
    for stick in (old, new, old):
        for store in (field.hq, field.post):
            assert [r.applied for r in incoming.import_files(store, [stick]) if not r.for_others][:1] == [0]
    assert (state(field.hq), state(field.post), status.peers_status(field.post)) == before
    quiet(field.hq, field.post)


@three_laptops
def test_a_part_is_missing_and_is_named(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """Laptop A reads B's changes and goes on; headquarters gets only A's, without those of B."""
    b = field.open("B")
    for number in range(3):
        event(b, f"B{number}")
    field.round(field.hq, b, field.post, stick=field.stick())
    event(field.post, "A")
    a_alone = field.stick()
    lacking = bundle_contents._missing_segments
    with monkeypatch.context() as part:
        part.setattr(bundle_contents, "_missing_segments", lambda *given: [
            row for row in lacking(*given) if row["replica_id"] != b.identity.replica_id])  # fmt: skip
        outgoing.export(field.post, a_alone)
    (waits,) = [r for r in incoming.import_files(field.hq, [a_alone]) if not r.for_others]
    (sentence,) = waits.held
    assert re.search(r"thay đổi 1–3 của Đồn BP Ia Rvê \(B\) chưa đến", sentence), sentence
    assert events(field.hq) == []
    field.round(b, field.hq)
    assert events(field.hq) == ["A", "B0", "B1", "B2"]
    quiet(field.hq)


def test_the_stick_is_full(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    event(field.post, "một")
    stick = field.stick()
    monkeypatch.setattr(drives, "free_space", lambda _folder: 4096)
    with pytest.raises(FieldappError, match="MB"):
        outgoing.export(field.post, stick)
    assert list(stick.iterdir()) == []
    monkeypatch.undo()
    field.round(field.post, field.hq)
    assert events(field.hq) == ["một"]


def test_the_stick_is_pulled_during_export(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    event(field.post, "một")
    stick = field.stick()
    before = status.exchange_status(field.post)

    def pulled(_path: Path, _progress: Any) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(drives, "_read_back", pulled)
    with pytest.raises(FieldappError, match="thiết bị đọc ghi bị lỗi"):
        outgoing.export(field.post, stick)
    assert list(stick.iterdir()) == []
    assert status.exchange_status(field.post) == before


def test_the_stick_is_pulled_once_the_bundle_is_there(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was read back and has its name: from then on nothing more is asked of the stick to say so."""
    event(field.post, "một")
    stick, gone = field.stick(), field.root / "gone"
    record = sticks.record_written_bundle

    def pulled(*given: Any) -> None:
        record(*given)
        stick.rename(gone)

    monkeypatch.setattr(sticks, "record_written_bundle", pulled)
    (made,) = outgoing.export(field.post, stick)
    assert made.size == (gone / made.path.name).stat().st_size


@three_laptops
def test_work_is_cancelled_between_members(field: Field) -> None:
    """Neither a file nor a change is left, whenever it is broken off."""
    event(field.post, "một")
    field.round(field.hq, field.post)
    event(field.post, "hai")
    sent = field.stick()
    outgoing.export(field.post, sent)
    before = state(field.hq), status.exchange_status(field.hq), status.exchange_status(field.post)

    def after(steps: int) -> bundle.Progress:
        left = iter(range(steps))

        def progress(stage: str, done: int, of: int) -> None:
            if next(left, None) is None:
                raise Cancelled

        return progress

    whole: list[int] = []
    outgoing.export(field.hq, field.stick(), progress=lambda *_args: whole.append(1))
    for steps in range(0, len(whole), 5):
        stick = field.stick()
        with pytest.raises(Cancelled):
            outgoing.export(field.hq, stick, progress=after(steps))
        assert list(stick.iterdir()) == []
    for steps in range(2):
        with pytest.raises(Cancelled):
            incoming.import_files(field.hq, [sent], after(steps))
        assert (state(field.hq), status.exchange_status(field.hq), status.exchange_status(field.post)) == before
    (done, *_others) = [r for r in incoming.import_files(field.hq, [sent]) if not r.for_others]
    assert done.complete
    assert events(field.hq) == ["hai", "một"]


# one log with two histories -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["post", "clone"])
@pytest.mark.parametrize("received", [True, False])
def test_a_disk_is_cloned_and_both_go_on(field: Field, first: str, received: bool) -> None:
    """Whichever headquarters reads first, and whether it knew the log before: both laptops' work arrives, once."""
    row_id = event(field.post, "trước")
    if received:
        field.round(field.post, field.hq, field.post)
    clone = field.copy_of_disk("clone")
    for number in range(2):
        event(field.post, f"gốc {number}")
    for number in range(3):
        event(clone, f"bản sao {number}")
    records.save(field.post, "event", {"description": "gốc"}, row_id)
    records.save(clone, "event", {"description": "bản sao"}, row_id)
    order = [field.post, clone] if first == "post" else [clone, field.post]
    stick = field.stick()
    assert any(r.quarantined for s in order for r in field.round(s, field.hq, stick=stick))
    for _turn in range(2):
        event(field.post, "gốc nữa")
        event(clone, "bản sao nữa")
        for store in order:
            field.round(field.hq, store, field.hq)
        field.round(field.hq, *order)
    assert events(field.hq) == sorted(
        ["trước", "gốc 0", "gốc 1", "bản sao 0", "bản sao 1", "bản sao 2", *["gốc nữa", "bản sao nữa"] * 2]
    )
    stores = (field.hq, field.post, clone)
    assert state(field.hq) == state(field.post) == state(clone)
    assert merge.conflicts(field.hq) == merge.conflicts(field.post) == merge.conflicts(clone)
    (conflict,) = merge.conflicts(field.hq)
    assert {conflict["winner"]["value"], conflict["loser"]["value"]} == {"gốc", "bản sao"}
    assert all(logged_once(store) for store in stores)
    assert status.exchange_status(clone).unsent == status.exchange_status(field.post).unsent == 0
    quiet(*stores)


def test_an_old_backup_is_restored(field: Field) -> None:
    """What headquarters has of the log comes back; what was recorded meanwhile goes on in a new log."""
    event(field.post, "trước")
    field.round(field.post, field.hq, field.post)
    event(field.post, "chưa gửi lúc sao lưu")
    field.save_disk("backup")
    event(field.post, "sau sao lưu")
    field.round(field.post, field.hq)
    field.set_back("backup")
    forks.begin_new_logs(field.post)
    event(field.post, "sau khôi phục")
    assert events(field.post) == ["chưa gửi lúc sao lưu", "sau khôi phục", "trước"]
    field.round(field.post, field.hq, field.post, field.hq, field.post)
    assert events(field.post) == events(field.hq) == ["chưa gửi lúc sao lưu", "sau khôi phục", "sau sao lưu", "trước"]
    assert state(field.post) == state(field.hq)
    assert logged_once(field.post)
    assert logged_once(field.hq)
    assert status.exchange_status(field.post).unsent == 0
    quiet(field.post, field.hq)


def test_an_old_state_is_copied_back_unnoticed(field: Field) -> None:
    """Nobody told the program: the head that headquarters has is not its own, and that is enough."""
    event(field.post, "trước")
    field.round(field.post, field.hq, field.post)
    field.save_disk("backup")
    event(field.post, "đã gửi")
    field.round(field.post, field.hq)
    field.set_back("backup")
    event(field.post, "ghi lại")
    event(field.post, "ghi thêm")
    field.round(field.post, field.hq, field.post, field.hq, field.post)
    assert events(field.post) == events(field.hq) == ["ghi lại", "ghi thêm", "trước", "đã gửi"]
    assert state(field.post) == state(field.hq)
    assert logged_once(field.hq)
    quiet(field.post, field.hq)


def test_a_copy_that_only_reads_is_kept_up_to_date(field: Field) -> None:
    """It writes nothing that could contradict, and headquarters reads its bundles together with the other's."""
    field.round(field.post, field.hq, field.post)
    clone = field.copy_of_disk("clone")
    for number in range(3):
        event(field.post, f"gốc {number}")
        stick = field.stick()
        for store in (clone, field.post):
            outgoing.export(store, stick)
        field.round(field.hq, field.post, clone, stick=stick)
    assert len(events(clone)) == 3
    event(clone, "bản sao")
    for _turn in range(2):
        field.round(field.post, clone, field.hq)
        field.round(field.hq, field.post, clone)
    assert state(clone) == state(field.post) == state(field.hq)
    assert logged_once(field.hq)
    quiet(field.hq, field.post, clone)


def test_a_copied_disk_is_gone_before_its_work_was_logged_anew(field: Field) -> None:
    """Its branch lies in quarantine at headquarters, which takes it over: with its values, times and authors."""
    row_id = event(field.post, "trước")
    field.round(field.post, field.hq, field.post)
    clone = field.copy_of_disk("clone")
    event(field.post, "gốc")
    lost = event(clone, "bản sao")
    records.save(clone, "event", {"description": "sửa ở bản sao"}, row_id)
    field.round(field.post, field.hq)
    field.round(clone, field.hq)  # and is never seen again
    assert events(field.hq) == ["gốc", "trước"]
    with pytest.raises(FieldappError, match="Chỉ sở chỉ huy"):
        forks.adopt_branches(field.post)
    assert forks.adopt_branches(field.hq) == 1
    assert forks.adopt_branches(field.hq) == 0
    field.round(field.hq, field.post, field.hq)
    assert events(field.post) == events(field.hq) == ["bản sao", "gốc", "trước"]
    assert state(field.post) == state(field.hq)
    assert records.get(field.hq, lost).row == records.get(clone, lost).row
    assert log.changes_of_rows(field.hq, [lost])[lost][0].actor == "Lê Văn C"
    quiet(field.hq, field.post)
    for _turn in range(2):
        field.round(clone, field.hq, field.post, clone)  # it turns up after all
    assert state(clone) == state(field.hq)
    quiet(field.hq, field.post, clone)


@three_laptops
def test_another_laptop_follows_headquarters_in_a_fork(field: Field) -> None:
    """B has the copy's branch, headquarters the other: B lets go of it, and has it again when it is logged anew."""
    b = field.open("B")
    clone = field.copy_of_disk("clone")
    event(field.post, "gốc")
    member = records.save(clone, "member", {"full_name": "Y Thanh"})
    field.round(clone, b)
    records.save(b, "household_charge", {"member_id": member, "household": "Y Bloom", "unit_id": "24221",
                                         "date_from": "2013-10-01"})  # fmt: skip
    field.round(field.post, field.hq, b)
    assert lists.record_window(b, "member").rows == []
    assert lists.record_window(b, "household_charge").rows == []
    assert doctor.examine_replica(b).healthy
    for _turn in range(3):
        field.round(b, field.hq, clone, field.hq, field.post, field.hq, b)
    for store in (field.hq, field.post, clone, b):
        assert [r["full_name"] for r in lists.record_window(store, "member").rows] == ["Y Thanh"]
        assert [r["household"] for r in lists.record_window(store, "household_charge").rows] == ["Y Bloom"]
    assert state(field.hq) == state(b) == state(clone) == state(field.post)
    quiet(field.hq, field.post, clone, b)


@three_laptops
@pytest.mark.parametrize("longer", [0, 1, 2])
def test_a_branch_that_another_laptop_has_is_sent_until_its_work_is_in(field: Field, longer: int) -> None:
    """The copy gave its work to B alone, and is gone. B follows headquarters, and sticks of B are lost: it goes on
    sending that branch, though what headquarters has of the log is as long, or longer."""
    b = field.open("B")
    clone = field.copy_of_disk("clone")
    lost = event(clone, "bản sao")
    field.carry(clone, b)
    for number in range(1 + longer):
        event(field.post, f"gốc {number}")
    field.round(field.post, field.hq, b)
    hq = peers.find_peer(b, field.hq.identity.replica_id)
    log_id = log.changes_of_rows(clone, [lost])[lost][0].log_id
    for _lost in range(2):
        outgoing.export(b, field.stick())
        assert log_id in [
            row["log_id"] for row in bundle_contents.contents_for_peer(b, bundle_contents.take_inventory(b), hq).chosen
        ]
    assert "bản sao" not in events(field.hq)
    field.carry(b, field.hq)
    assert status.exchange_status(field.hq).quarantined
    assert forks.adopt_branches(field.hq) == 1
    for store in (field.post, b):
        field.carry(field.hq, store)
    assert bundle_contents.contents_for_peer(b, bundle_contents.take_inventory(b), hq).chosen == [], (
        "its work is in: the branch is nobody's concern"
    )
    for store in (field.hq, field.post, b):
        assert events(store) == sorted(["bản sao", *(f"gốc {n}" for n in range(1 + longer))])
    field.round(b, field.hq, field.post, field.hq, b)
    quiet(field.hq, field.post, b)


def test_headquarters_disk_is_set_back(field: Field) -> None:
    """Its posts bring back what it wrote since, and its receipts begin anew."""
    field.round(field.post, field.hq, field.post)
    shutil.copytree(field.root / "hq", field.root / "hq-backup")
    records.save(field.hq, "party_cell", {"name": "Chi bộ thôn 5", "unit_id": "24214"})
    event(field.post, "một")
    field.round(field.post, field.hq, field.post)
    assert status.exchange_status(field.post).unsent == 0
    field.hq.close()
    shutil.rmtree(field.root / "hq")
    shutil.copytree(field.root / "hq-backup", field.root / "hq")
    field.hq = Store.open(field.root / "hq", field.keys["hq"], "Trực ban")
    forks.begin_new_logs(field.hq)
    records.save(field.hq, "party_cell", {"name": "Chi bộ thôn 6", "unit_id": "24214"})
    field.round(field.hq, field.post, field.hq, field.post)
    assert state(field.hq) == state(field.post)
    names = [r["name"] for r in lists.record_window(field.hq, "party_cell").rows]
    assert {"Chi bộ thôn 5", "Chi bộ thôn 6"} <= set(names)
    assert events(field.hq) == ["một"]
    quiet(field.hq, field.post)


# clocks and versions ------------------------------------------------------------------------------------------------


def test_the_clock_jumps(field: Field) -> None:
    """A dead battery puts the laptop into 2010: order holds, and there is a warning."""
    row_id = event(field.post, "một")
    assert status.exchange_status(field.post).clock_warning is None
    field.post.db.conn.create_function("unixepoch", 1, lambda _part: 1262304000.0)
    records.save(field.post, "event", {"name": "hai"}, row_id)
    readings = [
        r["hlc"] for r in field.post.rows("SELECT hlc FROM local_change WHERE row_id = ? ORDER BY seq", [row_id])
    ]
    assert readings == sorted(set(readings))
    field.round(field.post, field.hq, field.post)
    assert events(field.hq) == events(field.post) == ["hai"]
    field.post.db.conn.create_function("unixepoch", 1, lambda _part: 2524608000.0)  # 2050
    records.save(field.post, "event", {"name": "ba"}, row_id)
    (waits,) = field.carry(field.post, field.hq)
    assert "đồng hồ" in waits.held[0]
    assert status.exchange_status(field.post).clock_warning is not None


def test_a_newer_version_meets_an_older(field: Field) -> None:
    """A column and a table that headquarters does not know stay in the log, and count after its upgrade."""
    row_id = event(field.post, "một")
    newer = ["ALTER TABLE event ADD COLUMN weather TEXT",
             "CREATE TABLE flood AS SELECT id, post_id, created_at, created_by, name FROM event WHERE 0"]  # fmt: skip
    for statement in newer:
        field.post.db.execute(statement)
    capture.install_triggers(field.post.db)
    with field.post.transaction():
        field.post.db.execute("UPDATE event SET weather = 'mưa' WHERE id = ?", [row_id])
        field.post.db.execute(
            "INSERT INTO flood SELECT * FROM (SELECT id, post_id, created_at, created_by, name FROM event)"
        )
    (there,) = field.carry(field.post, field.hq)
    assert (there.complete, len(there.set_aside)) == (True, 1)
    assert events(field.hq) == ["một"]
    for statement in newer:
        field.hq.db.execute(statement.replace("ALTER TABLE event", "ALTER TABLE event"))
    capture.install_triggers(field.hq.db)
    field.hq.set_setting(REFOLD, '{"columns": {"event": ["weather"]}, "shipped": 1000000}')
    field.hq.db.execute("CREATE UNIQUE INDEX flood_id ON flood (id)")
    merge.fold_after_upgrade(field.hq)
    assert field.hq.value("SELECT weather FROM event") == "mưa"
    assert field.hq.value("SELECT name FROM flood") == "một"
    assert status.exchange_status(field.hq).set_aside == []


def test_a_bundle_of_a_newer_format_is_refused_with_what_to_do(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = field.stick()
    with monkeypatch.context() as newer:
        newer.setattr(bundle, "BUNDLE_FORMAT", "fieldapp-bundle/2")
        outgoing.export(field.post, stick)
    (refused,) = incoming.import_files(field.hq, [stick])
    assert refused.refused is not None
    assert "fieldapp-bundle/2" in refused.refused
    assert migrations.SEGMENT_SCHEMA >= 3


# laptops and posts --------------------------------------------------------------------------------------------------


@three_laptops
def test_several_laptops_of_a_post_exchange_among_themselves(field: Field) -> None:
    b, c = field.open("B"), field.open("C")
    event(field.post, "A")
    field.round(field.post, b)
    event(b, "B")
    field.round(b, c, field.post)
    event(c, "C")
    field.round(c, field.hq)  # C alone goes to headquarters, with the work of all three
    assert events(field.hq) == ["A", "B", "C"]
    field.round(field.hq, field.post, b, c)
    assert state(field.hq) == state(field.post) == state(b) == state(c)
    quiet(field.hq, field.post, b, c)


def test_a_laptop_is_replaced(field: Field) -> None:
    """The new one starts from the pack and gets back the post's records; the old one is revoked."""
    event(field.post, "một")
    field.round(field.post, field.hq)
    new = field.laptop("mới")
    enrolment.revoke_replica(field.hq, field.post.identity.replica_id)
    field.round(field.hq, new)
    assert events(new) == ["một"]
    event(new, "hai")
    field.round(new, field.hq, new)
    assert state(new) == state(field.hq)
    assert status.exchange_status(new).unsent == 0
    quiet(new, field.hq)


@three_laptops
def test_a_lost_laptop_is_revoked(field: Field) -> None:
    """What headquarters had stands; what comes later is quarantined everywhere, also where it had been applied."""
    b = field.open("B")
    event(b, "trước khi mất")
    field.round(b, field.hq, field.post)
    event(b, "kẻ trộm")
    field.round(b, field.post)
    event(field.post, "biết kẻ trộm")
    assert events(field.post) == ["biết kẻ trộm", "kẻ trộm", "trước khi mất"]
    enrolment.revoke_replica(field.hq, b.identity.replica_id)
    with pytest.raises(FieldappError, match="đã bị thu hồi"):
        enrolment.revoke_replica(field.hq, b.identity.replica_id)
    (later,) = field.carry(b, field.hq)
    assert "thu hồi" in later.quarantined[0]
    field.round(field.hq, field.post, field.hq, field.post)
    for store in (field.hq, field.post):
        assert events(store) == ["biết kẻ trộm", "trước khi mất"]
        assert is_what_the_log_says(store)
    assert state(field.hq) == state(field.post)
    assert status.exchange_status(field.post).held == status.exchange_status(field.hq).held == []
    with pytest.raises(FieldappError):
        outgoing.export(field.hq, field.stick(), b.identity.replica_id)
    enrolment.trust_replica(field.hq, b.identity.replica_id)  # it was found, and nobody had opened it
    field.round(field.hq, field.post)
    assert state(field.hq) == state(field.post)
    assert "kẻ trộm" in events(field.post)


def test_only_the_headquarters_that_certified_revokes(field: Field) -> None:
    with pytest.raises(FieldappError):
        enrolment.revoke_replica(field.post, peers.others(field.post)[0].id)
    stick = field.stick()
    forged = keys.Revocation(
        keys.REVOCATION_FORMAT, peers.others(field.post)[0].id, peers.own(field.post).id, 1 << 60, {}
    )
    data = keys.encode_revocation(forged)
    secret = field.post.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    field.post.db.execute(
        "INSERT INTO local_revocation VALUES (?, 1, '{}', ?, ?)", [forged.replica, data, keys.sign(secret, data, "x")]
    )
    outgoing.export(field.post, stick)
    assert incoming.import_files(field.hq, [stick])[0].complete
    assert peers.own(field.hq).trust == "certified"


def test_a_post_is_renamed_or_merged_into_another(field: Field) -> None:
    """Its records and laptops go on under the name that headquarters gives it; certificates are renewed."""
    event(field.post, "một")
    field.round(field.post, field.hq, field.post)
    (renewed,) = enrolment.rename_post(field.hq, "IARVE", name="Đồn BP Ea Bung (Ia Rvê cũ)", code="EABUNG2")
    assert renewed.post_name == "Đồn BP Ea Bung (Ia Rvê cũ)"
    event(field.post, "hai")
    field.round(field.post, field.hq, field.post)
    assert field.post.identity.post_name == "Đồn BP Ea Bung (Ia Rvê cũ)"
    assert field.post.identity.post_code == "EABUNG2"
    event(field.post, "ba")
    stick = field.stick()
    (made,) = outgoing.export(field.post, stick)
    assert made.path.name.startswith("eabung2_")
    field.round(field.hq, stick=stick)
    assert events(field.hq) == ["ba", "hai", "một"]
    b = field.laptop("B", code="EABUNG2")
    field.round(field.hq, b)
    assert state(b) == state(field.hq)
    quiet(field.hq, field.post, b)


# headquarters -------------------------------------------------------------------------------------------------------


def test_a_headquarters_with_two_officers_laptops(field: Field) -> None:
    """Both write reference data and certify; posts send to both, and either reply is enough."""
    pack = enrolment.write_hq_pack(field.hq, dest=field.usb)
    second = field.keep(enrolment.init_further_hq(field.root / "hq-b", pack, user="Phó", passphrase="x", laptop="B"))
    event(field.post, "một")
    field.round(field.post, field.hq)
    with pytest.raises(FieldappError, match="Chỉ sở chỉ huy"):
        enrolment.write_pack(second, code="X", name="x", dest=field.usb)
    field.carry(second, field.hq)
    enrolment.trust_replica(field.hq, second.identity.replica_id)
    field.round(field.hq, second, field.hq, field.post)
    assert events(second) == ["một"]
    records.save(field.hq, "party_cell", {"name": "Chi bộ thôn 5", "unit_id": "24214"})
    records.save(second, "party_cell", {"name": "Chi bộ thôn 6", "unit_id": "24214"})
    other = enrolment.write_pack(second, code="EABUNG", name="Đồn BP Ea Bung", dest=field.usb)
    new = field.keep(enrolment.init_post(field.root / "ea-bung", other, user="B", passphrase="x"))
    event(new, "Ea Bung")
    field.carry(new, second)
    enrolment.trust_replica(second, "EABUNG")  # certified by the second laptop
    event(field.post, "hai")
    for _turn in range(2):
        field.round(field.post, second, field.hq, second, field.post, new, field.hq)
    assert events(field.hq) == events(second) == ["Ea Bung", "hai", "một"]
    assert state(field.hq) == state(second)
    assert status.exchange_status(field.post).unsent == status.exchange_status(new).unsent == 0
    assert [r["name"] for r in lists.record_window(new, "party_cell").rows] == [
        r["name"] for r in lists.record_window(field.hq, "party_cell").rows
    ]
    assert events(field.post) == ["hai", "một"]
    quiet(field.hq, second, field.post, new)
    enrolment.revoke_replica(field.hq, second.identity.replica_id)  # what it certified stands, by the first
    assert {p.trust for p in peers.others(field.hq) if p.role == "post"} == {"certified"}
    event(new, "sau thu hồi")
    field.round(new, field.hq, new)
    assert "sau thu hồi" in events(field.hq)


def test_two_officers_decide_otherwise_about_one_record(field: Field) -> None:
    """The later word counts, and both are told until somebody who knows both has looked again."""
    pack = enrolment.write_hq_pack(field.hq, dest=field.usb)
    second = field.keep(enrolment.init_further_hq(field.root / "hq-b", pack, user="Phó", passphrase="x", laptop="B"))
    field.carry(second, field.hq)
    enrolment.trust_replica(field.hq, second.identity.replica_id)
    ids = [event(field.post, name) for name in ("một", "hai", "ba")]
    field.round(field.post, field.hq, second)
    decided: tuple[ReviewOutcome, ...] = ("returned", "accepted", "returned")
    for record, here in zip(ids, decided, strict=True):
        comment = review_queue.comment_on("", "Sai ngày" if here == "returned" else "")
        review_queue.review_record(field.hq, record, here, comments=[comment])
        if record == ids[2]:
            field.round(field.hq, second)  # who knows what the other said decides
        review_queue.review_record(second, record, "accepted")
    field.round(second, field.hq, field.post, field.hq, second)
    for store in (field.hq, second, field.post):
        (told,) = rule_violations.violations(store)
        assert told.target == ids[0]
        assert "“Sai ngày”" in told.sentence
        assert "Phó đã duyệt" in told.sentence
    review_queue.review_record(second, ids[0], "returned", comments=[review_queue.comment_on("", "Sai ngày thật")])
    field.round(second, field.hq, field.post)
    for store in (field.hq, second, field.post):
        assert rule_violations.violations(store) == []
        assert [said.comment for said in reviews.returned_records(store)] == ["Sai ngày thật"]


@three_headquarters
def test_headquarters_above_headquarters(field: Field) -> None:
    """A province passes its posts' segments on as they are; the nation checks each signature itself, and nothing of one
    province reaches another."""
    nation, other = field.open("nation"), field.open("other")
    event(field.post, "Đắk Lắk")
    field.round(field.post, field.hq)
    records.save(other, "party_cell", {"name": "Chi bộ Gia Lai", "unit_id": "24214"})
    pack = enrolment.write_hq_pack(nation, dest=field.usb)
    for province in (field.hq, other):
        assert enrolment.join_headquarters(province, pack).above
    sent = field.stick()
    field.round(field.hq, other, stick=sent)
    incoming.import_files(nation, [sent])
    assert events(nation) == []
    assert status.exchange_status(nation).held
    enrolment.trust_replica(nation, "SCH")
    enrolment.trust_replica(nation, "GL")
    assert events(nation) == ["Đắk Lắk"]
    records.save(nation, "measure", {"code": "moi", "name": "Chỉ tiêu mới", "unit_name": "lượt", "decimals": 0,
                                     "nature": "turns"})  # fmt: skip
    field.round(nation, field.hq, other, field.post, field.hq, nation)
    assert state(field.hq) == state(field.post)
    assert field.post.value("SELECT name FROM measure WHERE code = 'moi'") == "Chỉ tiêu mới"
    assert [r["name"] for r in lists.record_window(other, "party_cell").rows] == ["Chi bộ Gia Lai"]
    assert "Chi bộ Gia Lai" in {r["name"] for r in lists.record_window(nation, "party_cell").rows}
    assert "Chi bộ Gia Lai" not in {r["name"] for r in lists.record_window(field.hq, "party_cell").rows}
    assert events(other) == []
    posts = "SELECT hash, signature FROM local_segment WHERE replica_id = ? AND state = 'applied' ORDER BY hash"
    author = field.post.identity.replica_id
    assert nation.rows(posts, [author]) == field.post.rows(posts, [author]) != []
    records.save(field.hq, "party_cell", {"name": "Chi bộ thôn 7", "unit_id": "24214"})
    enrolment.revoke_replica(field.hq, "IARVE")  # travels up
    field.round(field.hq, nation)
    assert peers.find_peer(nation, "IARVE").trust == "revoked"
    assert events(nation) == ["Đắk Lắk"]
    quiet(nation, field.hq, other)


@three_headquarters
def test_a_province_speaks_for_its_own_posts_only(field: Field) -> None:
    """It can neither certify a laptop of another province's post nor revoke one."""
    nation, other = field.open("nation"), field.open("other")
    pack = enrolment.write_hq_pack(nation, dest=field.usb)
    for province in (field.hq, other):
        enrolment.join_headquarters(province, pack)
    sent = field.stick()
    field.round(field.post, field.hq, other, stick=sent)
    incoming.import_files(nation, [sent])
    enrolment.trust_replica(nation, "SCH")
    enrolment.trust_replica(nation, "GL")
    field.round(field.hq, nation)
    laptop = peers.find_peer(nation, "IARVE")
    stolen = keys.new_keys()
    made = keys.Certificate(
        format=keys.CERTIFICATE_FORMAT, replica="01a21028-e504-733d-a09e-2ffb5a3b3fff", name="X", role="post",
        sign_key=stolen.sign_key, age_key=stolen.age_key, issuer=other.identity.replica_id, issued_at="x",
        post_code="IARVE", post_id=laptop.post_id, hlc=1 << 60,
    )  # fmt: skip
    secret = other.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    data = keys.encode_certificate(made)
    revoked = keys.Revocation(keys.REVOCATION_FORMAT, laptop.id, made.issuer, 1 << 60, {})
    paper = keys.encode_revocation(revoked)
    with other.transaction():
        peers.add_root(other, made, data, keys.sign(secret, data, "x"))
        peers.add_root(other, keys.decode_certificate(laptop.certificate) or made, laptop.certificate,
                       laptop.certificate_signature)  # fmt: skip
        other.db.execute(
            "INSERT INTO local_revocation VALUES (?, 1, '{}', ?, ?)", [laptop.id, paper, keys.sign(secret, paper, "x")]
        )
    field.round(other, nation)
    assert peers.find_peer(nation, "IARVE").id == laptop.id
    assert peers.find_peer(nation, laptop.id).trust == "certified"
    assert peers.get(nation, made.replica) is None


# what does not count, and conflicts -----------------------------------------------------------------------------------


def test_what_is_no_segment_is_kept(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    event(field.post, "một")
    stick = field.stick()
    outgoing.export(field.post, stick)
    garbage = b"not zstd at all"
    real = bundle.read_segments

    def with_garbage(inspected: bundle.Inspected, secret: str | None) -> Any:
        yield garbage, b"x"
        yield from real(inspected, secret)

    monkeypatch.setattr(bundle, "read_segments", with_garbage)
    (found,) = incoming.import_files(field.hq, [stick])
    assert found.applied == 1
    assert len(found.quarantined) == 1
    assert field.hq.value("SELECT bytes FROM local_broken") == garbage
    assert status.exchange_status(field.hq).quarantined == found.quarantined


def log_by_hand(store: Store, table: str, row_id: str, cols: str) -> None:
    """A change that the program would not write."""
    with store.transaction():
        store.db.execute("UPDATE local_log SET seq = seq + 1 WHERE own = 1")
        store.db.execute("UPDATE local_session SET hlc = hlc + 1")
        store.db.execute(
            "INSERT INTO local_change SELECT l.id, l.seq, s.hlc, ?, ?, ?, 'x', '2026-11-24T00:00:00Z'"
            " FROM local_log l, local_session s WHERE l.own = 1",
            [table, row_id, cols],
        )


@pytest.mark.parametrize(
    ("table", "cols", "reason"),
    [
        ("unit", '{"name":"Xã của tôi"}', "not_allowed"),
        ("event", '{"date_from":20131005}', "impossible_value"),
        ("event", '{"date_from":"31/12"}', "impossible_value"),
        ("weather", '{"rain":1}', "unknown_table"),
    ],
)
def test_a_change_that_may_not_be_is_set_aside_and_told(field: Field, table: str, cols: str, reason: str) -> None:
    """Outside its author's tables, of a wrong type, of an unknown table: the rest is applied, the author is told."""
    row_id = event(field.post, "một")
    target = "011732a5-c400-758a-a25f-5b6e81cc61d6" if table == "unit" else row_id
    log_by_hand(field.post, table, target, cols)
    records.save(field.post, "event", {"name": "hai"}, row_id)
    (there,) = field.carry(field.post, field.hq)
    assert (there.complete, there.applied, len(there.set_aside)) == (True, 3, 1)
    assert field.hq.value("SELECT reason FROM local_set_aside") == reason
    assert events(field.hq) == ["hai"]
    (told,) = field.carry(field.hq, field.post)
    assert told.set_aside == there.set_aside


def test_a_change_outside_its_author_s_scope_is_set_aside(field: Field) -> None:
    """A post that names another post's record: neither its row nor the other post sees anything of it."""
    pack = enrolment.write_pack(field.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=field.usb)
    other = field.keep(enrolment.init_post(field.root / "other", pack, user="B", passphrase="x"))
    theirs = event(other, "Ea Bung")
    field.carry(other, field.hq)
    enrolment.trust_replica(field.hq, "EABUNG")
    log_by_hand(field.post, "event", theirs, '{"name":"giả"}')
    (there,) = field.carry(field.post, field.hq)
    assert len(there.set_aside) == 1
    assert events(field.hq) == ["Ea Bung"]
    field.round(field.hq, other)
    assert events(other) == ["Ea Bung"]
    assert is_what_the_log_says(field.hq)


@three_laptops
@pytest.mark.parametrize("at", ["hq", "post"])
@pytest.mark.parametrize("take", ["winner", "loser"])
def test_a_conflict_is_resolved_by_a_change(field: Field, at: str, take: resolve.Side) -> None:
    b = field.open("B")
    row_id = event(field.post, "gốc")
    field.round(field.post, field.hq, b, field.hq, field.post)
    records.save(field.post, "event", {"name": "của A"}, row_id)
    records.save(b, "event", {"name": "của B"}, row_id)
    field.round(field.post, b, field.hq, field.post)
    (conflict,) = merge.conflicts(field.hq)
    assert merge.conflicts(field.post) == merge.conflicts(b) == [conflict]
    resolver = field.hq if at == "hq" else field.post
    with pytest.raises(FieldappError, match="Không có xung đột"):
        resolve.resolve_conflict(resolver, "x", take)
    resolve.resolve_conflict(resolver, conflict["id"], take)
    assert merge.conflicts(resolver) == []
    found = {
        text: [r["id"] for r in lists.record_window(resolver, "event", text=text).rows] for text in ("của A", "của B")
    }
    assert found == {text: [row_id] if text == conflict[take]["value"] else [] for text in found}
    field.round(resolver, field.hq, field.post, b)
    for store in (field.hq, field.post, b):
        assert merge.conflicts(store) == []
        assert events(store) == [conflict[take]["value"]]
    assert state(field.hq) == state(field.post) == state(b)
    quiet(field.hq, field.post, b)


@three_laptops
def test_a_conflict_has_a_name_that_others_do_not_change(field: Field) -> None:
    """By its row, its column, and which of those of this cell it is: a person writes it down."""
    b, c = field.open("B"), field.open("C")
    row_id = event(field.post, "gốc")
    field.round(field.post, b, c)
    for number, store in enumerate((field.post, b, c)):
        records.save(store, "event", {"name": f"tên {number}", "description": f"lời {number % 2}"}, row_id)
    field.round(field.post, b, c, field.hq)
    names = [c["id"].removeprefix(row_id) for c in merge.conflicts(field.hq)]
    assert names == [".description.1", ".name.1", ".name.2"]
    resolve.resolve_conflict(field.hq, f"{row_id}.description.1", "winner")
    assert [c["id"].removeprefix(row_id) for c in merge.conflicts(field.hq)] == [".name.1", ".name.2"]


# sticks ---------------------------------------------------------------------------------------------------------------


def test_old_bundles_are_cleared_and_other_files_are_not_touched(field: Field) -> None:
    stick = field.stick()
    for name in ("ảnh cưới.jpg", "x_1234_20261125T011906Z_1.fieldapp.tar.age", ".fieldapp.tar.age"):
        (stick / name).write_bytes(b"x")
    event(field.post, "một")
    (first,) = outgoing.export(field.post, stick)
    assert sticks.old_bundles(field.post, stick) == []
    event(field.post, "hai")
    (second,) = outgoing.export(field.post, stick)
    assert [(o.path, o.why) for o in sticks.old_bundles(field.post, stick)] == [(first.path, "newer")]
    (stick / "changed").mkdir()
    changed = stick / "changed" / first.path.name
    changed.write_bytes(first.path.read_bytes()[:-1])
    assert sticks.old_bundles(field.post, stick / "changed") == []
    field.round(field.hq, stick=stick)
    assert {(o.path, o.why) for o in sticks.old_bundles(field.hq, stick)} == {
        (first.path, "read"),
        (second.path, "read"),
    }
    (reply,) = [p for p in drives.bundles_in(stick) if p.name.startswith("sch-iarve")]
    assert reply not in {o.path for o in sticks.old_bundles(field.post, stick)}
    incoming.import_files(field.post, [stick])
    assert {(o.path, o.why) for o in sticks.old_bundles(field.post, stick)} == {
        (first.path, "newer"),
        (second.path, "received"),
        (reply, "read"),
    }
    sticks.delete_bundles(field.post, sticks.old_bundles(field.post, stick))
    assert sorted(p.name for p in stick.iterdir()) == sorted(
        ["ảnh cưới.jpg", "x_1234_20261125T011906Z_1.fieldapp.tar.age", ".fieldapp.tar.age", "changed"]
    )


@three_laptops
def test_status_says_what_each_peer_has_and_lacks_since_when(field: Field) -> None:
    b = field.open("B")
    field.round(b, field.post)
    event(field.post, "một")
    event(field.post, "hai")
    first_at = field.post.value("SELECT at FROM local_change ORDER BY hlc DESC LIMIT 1 OFFSET 1")
    by_name = {p.name: p for p in status.peers_status(field.post)}
    headquarters = next(p for name, p in by_name.items() if p.role == "hq")
    assert (headquarters.lacks, headquarters.lacks_since) == (2, first_at)
    field.round(field.post, field.hq, field.post)
    by_role = {p.role: p for p in status.peers_status(field.post)}
    assert (by_role["hq"].lacks, by_role["hq"].lacks_since, by_role["hq"].received) == (0, None, by_role["hq"].of)
    assert by_role["post"].lacks == 2


def test_windows_drives_are_listed_by_name(field: Field) -> None:
    """By the functions of kernel32.dll that the program calls: a stick, a card reader without a card, fixed drives."""

    class Kernel:
        modes: list[int]

        def __init__(self) -> None:
            self.modes = []

        def SetErrorMode(self, mode: int) -> int:  # noqa: N802
            self.modes.append(mode)
            return 7

        def GetLogicalDrives(self) -> int:  # noqa: N802
            return 0b111100

        def GetDriveTypeW(self, root: Any) -> int:  # noqa: N802
            return {"C:\\": 3, "D:\\": 5, "E:\\": 2, "F:\\": 2}[root.value]

        def GetVolumeInformationW(self, root: Any, label: Any, size: int, *rest: object) -> int:  # noqa: N802
            assert len(rest) == 5
            if root.value == "F:\\":
                return 0
            label.value = "KINGSTON"
            assert size == 261
            return 1

    kernel = Kernel()
    assert list(drives._windows_roots(kernel)) == [(Path("E:\\"), "KINGSTON (E:)")]
    assert kernel.modes == [1, 7]


# the table ------------------------------------------------------------------------------------------------------------


def test_each_test_that_the_table_names_exists() -> None:
    root = Path(__file__).parents[1]
    definition = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)
    defined = {
        name for path in root.rglob("test_*.py") for name in definition.findall(path.read_text(encoding="utf-8"))
    }
    text = DOCS.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= defined, row


def test_segments_are_untouched_by_what_is_done_to_them(field: Field) -> None:
    """Whatever state a segment is in, its bytes are those that its author signed."""
    clone = field.copy_of_disk("clone")
    event(field.post, "gốc")
    event(clone, "bản sao")
    for _turn in range(2):
        field.round(field.post, field.hq, clone, field.hq)
    for row in field.hq.rows("SELECT * FROM local_segment WHERE replica_id = ?", [clone.identity.replica_id]):
        assert segment.digest(row["bytes"]) == row["hash"]
        assert keys.verify(peers.own(clone).sign_key, row["bytes"], row["signature"])
