"""Backups: made while somebody records, opened by nobody else, and back in a new log so that nothing forks."""

import errno
import io
import os
import tarfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import on_windows
import pyrage
import pytest
from field import PASSPHRASE, USER, Run, World
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_state import state, stick_that_fails

from fieldapp import replica
from fieldapp.errors import FieldappError
from fieldapp.records import attachments, lists
from fieldapp.store import migrations, people, vault, wall
from fieldapp.store.connection import connect
from fieldapp.store.people import Role
from fieldapp.store.store import FILE, Store
from fieldapp.sync.exchange import incoming, outgoing, status
from fieldapp.sync.format import drives
from fieldapp.sync.peers import peers, recovery
from fieldapp.sync.safety import backup, doctor, packing

pytestmark = pytest.mark.usefixtures("spared")


@pytest.fixture(autouse=True)
def known(world: World) -> None:
    """The first user's key file costs no derivation."""
    people.change_passphrase(world.post, PASSPHRASE)


def restored(path: Path, home: Path) -> Store:
    who = backup.restore_backup(path, home, USER, PASSPHRASE)
    store = replica.unlock(home, USER, PASSPHRASE)
    assert store.identity == who
    return store


def test_a_backup_while_somebody_records_and_back(world: World, tmp_path: Path) -> None:
    first = world.well(description="trước")
    with world.post.reopen() as other, other.transaction():
        other.db.execute("UPDATE activity SET hamlet = 'Buôn B' WHERE id = ?", [first])
        made = backup.write_backup(world.post, tmp_path)  # what is not confirmed yet is not in it
    before = state(world.post)
    world.well(description="sau")
    store = restored(made.path, tmp_path / "new")
    assert [r["description"] for r in state(store)["activity"]] == ["trước"]
    assert [r["hamlet"] for r in state(store)["activity"]] == [None]
    assert [r["hamlet"] for r in before["activity"]] == ["Buôn B"]
    assert doctor.examine_replica(store).healthy
    assert people.role_of(store, USER) is Role.ADMINISTRATOR
    store.close()


def test_after_a_restore_both_days_work_arrives(world: World, tmp_path: Path) -> None:
    """What was sent after the backup comes back with headquarters' reply; what is recorded after it arrives."""
    world.well(description="một")
    world.carry(world.post, world.hq)
    made = backup.write_backup(world.post, tmp_path)
    world.well(description="hai")
    world.carry(world.post, world.hq)
    world.post.close()
    world.post = restored(made.path, tmp_path / "new")
    world.well(description="ba")
    for _round in range(2):
        sent = world.carry(world.post, world.hq)
        back = world.carry(world.hq, world.post)
        assert all(r.complete for r in [*sent, *back] if not r.for_others), [r.problems for r in [*sent, *back]]
    for store in (world.post, world.hq):
        assert {r["description"] for r in state(store)["activity"]} == {"một", "hai", "ba"}
        assert status.exchange_status(store).quarantined == []
    assert state(world.post) == state(world.hq)


def test_a_restored_laptop_has_a_code_of_its_own(world: World, tmp_path: Path) -> None:
    world.carry(world.post, world.hq)
    old = recovery.code_of(world.hq, peers.others(world.hq)[0])
    store = restored(backup.write_backup(world.post, tmp_path).path, tmp_path / "new")
    with pytest.raises(FieldappError, match="đã được dùng"):
        recovery.accept_code(tmp_path / "new", USER, old, "một câu khác hẳn")
    store.close()


def test_it_takes_the_passphrase_of_that_day(world: World, tmp_path: Path) -> None:
    made = backup.write_backup(world.post, tmp_path)
    people.change_passphrase(world.post, "rừng khộp mùa khô")
    with pytest.raises(FieldappError, match="Mật khẩu sai"):
        backup.restore_backup(made.path, tmp_path / "new", USER, "rừng khộp mùa khô")
    assert not (tmp_path / "new").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    restored(made.path, tmp_path / "new").close()
    with pytest.raises(FieldappError, match="đã có"):
        restored(made.path, tmp_path / "new")


def test_a_backup_of_a_newer_program_is_refused_with_what_to_do(
    run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer by one migration; its number is stated by every backup."""
    world.keys["new"] = world.keys["post"]
    ours = migrations.MIGRATIONS
    with monkeypatch.context() as newer:
        newer.setattr("fieldapp.__version__", "9.8.7")
        number = f"{len(ours) + 1:04d}"
        later = type(ours[0])(f"{number}_of_the_next_version", lambda _db: None)
        newer.setattr(migrations, "MIGRATIONS", [*ours, later])
        made = backup.write_backup(world.post, tmp_path)
        restored(made.path, tmp_path / "there").close()
    code, _out, err = run("--user", USER, "restore", made.path, home="new")
    assert (code, "phiên bản mới hơn (9.8.7)" in err) == (1, True), err
    assert not (world.root / "new").exists()


def test_keys_that_lie_there_are_not_lost(world: World, tmp_path: Path) -> None:
    made = backup.write_backup(world.post, tmp_path)
    (tmp_path / "new" / "keys").mkdir(parents=True)
    (tmp_path / "new" / "keys" / "Ai.user.age").write_bytes(b"of a file that was moved elsewhere")
    restored(made.path, tmp_path / "new").close()
    assert len(list((tmp_path / "new").rglob("Ai.user.age"))) == 1
    assert vault.users(tmp_path / "new") == [USER]


@pytest.fixture(scope="session")
def made_once(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    root = tmp_path_factory.mktemp("backup")
    copy = first_world.copy(root / "world")
    data = backup.write_backup(copy.post, root).path.read_bytes()
    copy.close()
    return data


@given(st.data())
def test_a_damaged_backup_is_refused_whole(
    made_once: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, 8 * len(made_once) - 1), label="bit")
    cut = data.draw(st.booleans(), label="cut")
    broken = bytearray(made_once)
    broken[at // 8] ^= 1 << at % 8
    folder = tmp_path_factory.mktemp("broken")
    (folder / "x").write_bytes(made_once[: at // 8] if cut else broken)
    made = folder / "made"
    made.mkdir()
    try:
        backup._unpack(folder / "x", made)
    except FieldappError:
        return
    # what nobody looks at: padding, times and owners in the tar's headers
    with tarfile.open(fileobj=io.BytesIO(made_once)) as tar:
        for info in tar.getmembers()[1:]:
            source = tar.extractfile(info)
            assert source is not None
            assert (made / info.name).read_bytes() == source.read()


@pytest.mark.parametrize(
    "name", ["../x.user.age", "/tmp/x.user.age", "keys/../x.user.age", "keys/x.sh", "fieldapp.log"]
)
def test_a_backup_writes_nowhere_else(world: World, tmp_path: Path, name: str) -> None:
    made = backup.write_backup(world.post, tmp_path)
    forged = tmp_path / "forged"
    with tarfile.open(made.path) as source, tarfile.open(forged, "w") as target:
        for info in source.getmembers():
            found = source.extractfile(info)
            assert found is not None
            content = found.read()
            if info.name == backup.BACKUP_MANIFEST:
                content = content.replace(b'"keys/recovery.age"', f'"{name}"'.encode())
            info.name = name if info.name == "keys/recovery.age" else info.name
            info.size = len(content)
            target.addfile(info, io.BytesIO(content))
    before = {p for p in tmp_path.rglob("*") if world.root not in p.parents}
    with pytest.raises(FieldappError, match="không phải bản sao lưu"):
        restored(forged, tmp_path / "deep" / "new")
    after = {p for p in tmp_path.rglob("*") if world.root not in p.parents}
    assert after - before == {tmp_path / "deep"}


# automatic ------------------------------------------------------------------------------------------------------


def test_one_a_day_and_the_old_ones_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = b"one of that day"
    monkeypatch.setattr(
        backup, "_write", lambda _store, target: target.write_bytes(copied) and backup.Backup(target, 9)
    )
    for number in range(60):
        moment = datetime(2026, 1, 1, 8) + timedelta(days=number)
        monkeypatch.setattr(wall, "now", lambda moment=moment: moment)
        assert backup.daily_backup(world.post) is not None
        assert backup.daily_backup(world.post) is None
    kept = [backup._day(path) for path in backup.automatic_backups(world.post.home)]
    weeks, days = [date(2026, 2, day) for day in (8, 15, 22)], [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert kept == [*weeks, *days][::-1]


def test_the_day_of_the_daily_ones_is_the_day_here(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half past midnight in Vietnam is a new day, though it is still the old one in Greenwich."""
    if not hasattr(time, "tzset"):
        pytest.skip(on_windows.ABSENT + "a time zone of one process (time.tzset)")
    checked: list[tuple[str | None, str | None]] = []
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Ho_Chi_Minh")
        time.tzset()
        attachments.add(world.post, world.well(), [attachments.Prepared("a.jpg", "image/jpeg", b"one")])
        for hour in (16, 17, 23):  # 23:30, then 00:30 and 06:30 of the next day
            patched.setattr(wall, "shown", lambda hour=hour: datetime(2026, 1, 1, hour, 30, tzinfo=UTC))
            made = backup.daily_backup(world.post)
            doctor.check_some_files(world.post)
            day = (world.post.setting(doctor.CHECKED_TO) or "").partition(" ")[0]
            checked.append((str(backup._day(made.path)) if made else None, day))
    time.tzset()
    assert checked == [("2026-01-01", "2026-01-01"), ("2026-01-02", "2026-01-02"), (None, "2026-01-02")]


def test_none_where_the_disk_is_nearly_full(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drives, "free_space", lambda _folder: 1_000_000)
    assert backup.daily_backup(world.post) is None
    assert backup.backup_to_stick(world.post, world.usb) is None
    assert backup.backup_with_export(world.post, world.usb) == ""


def test_the_automatic_one_restores(world: World, tmp_path: Path) -> None:
    row_id = world.well()
    made = backup.daily_backup(world.post)
    assert made is not None
    assert os.name == "nt" or oct(made.path.stat().st_mode)[-3:] == "600"
    store = restored(made.path, tmp_path / "new")
    assert [r["id"] for r in state(store)["activity"]] == [row_id]
    store.close()


# on the stick ---------------------------------------------------------------------------------------------------


def test_on_the_stick_for_headquarters_alone(world: World, tmp_path: Path) -> None:
    row_id = world.well()
    assert "sao lưu" in backup.backup_with_export(world.post, world.usb)
    assert "sao lưu" in backup.backup_with_export(world.post, world.usb)
    (sealed,) = world.usb.glob("*" + backup.SEALED_SUFFIX)  # the newer in place of the older
    with pytest.raises(FieldappError, match="niêm phong"):
        restored(sealed, tmp_path / "new")
    with pytest.raises(FieldappError, match="Chỉ sở chỉ huy"):
        backup.open_sealed_backup(world.post, sealed, tmp_path)
    opened = backup.open_sealed_backup(world.hq, sealed, tmp_path)
    store = restored(opened, tmp_path / "new")
    assert [r["id"] for r in state(store)["activity"]] == [row_id]
    store.close()
    assert backup.backup_to_stick(world.hq, world.usb) is None
    world.post.set_setting(backup.STICK_SETTING, "off")
    assert backup.backup_to_stick(world.post, world.usb) is None
    assert [p for p in world.root.rglob("*") if p.name.startswith((".sealing-", ".snapshot-"))] == []


def unsealed(world: World, folder: Path) -> Path:
    """The stick's backup, as headquarters hands it to the post."""
    backup.backup_with_export(world.post, world.usb)
    (sealed,) = world.usb.glob("*" + backup.SEALED_SUFFIX)
    return backup.open_sealed_backup(world.hq, sealed, folder)


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every stored row but those that opening the file computes."""
    names = set(store.db.table_names()) - {"local_session"}
    names = {n for n in names if not n.startswith(("local_search", "sqlite_"))}
    return {n: sorted(store.db.execute(f"SELECT * FROM {n}").fetchall(), key=repr) for n in names}


def test_on_the_stick_it_is_small_and_all_of_it_comes_back(world: World, tmp_path: Path) -> None:
    """The shipped lists are most of a new post's file: a slow stick takes 2 MB a second."""
    world.well(hamlet="Buôn Đrăng Phốk")
    world.post.save_draft("d", "activity", None, {"hamlet": "Buôn B"})
    with world.post.reopen() as other, other.transaction():
        other.db.execute("UPDATE activity SET hamlet = 'Buôn C'")
        opened = unsealed(world, tmp_path)  # what is not confirmed yet is not in it
        with world.post.reopen() as reader:
            before, shape = everything(reader), migrations._shape(reader.db)
    assert opened.stat().st_size < world.post.path.stat().st_size / 8
    made = tmp_path / "made"
    made.mkdir()
    assert backup._unpack(opened, made).format == backup.PACKED_FORMAT
    backup._unpack_database(opened, made, world.post.key)
    with Store.open(made, world.post.key, USER) as raw:
        assert migrations._shape(raw.db) == shape
        assert migrations.lacking(raw.db) == []
        after = everything(raw)
    assert set(map(tuple, after.pop("local_setting"))) - set(before.pop("local_setting")) == {("reindex", "")}
    assert after == before
    store = restored(opened, tmp_path / "new")
    assert doctor.examine_replica(store).healthy
    assert lists.choices(store, "unit", "krong na")  # the search index is there again
    store.close()


def test_a_backup_that_an_older_version_left_on_the_stick_restores(world: World, tmp_path: Path) -> None:
    row_id = world.well()
    whole = backup.write_backup(world.post, tmp_path).path
    to = world.post.setting(recovery.RECOVERY_RECIPIENT)
    assert to is not None
    sealed = tmp_path / f"old{backup.SEALED_SUFFIX}"
    sealed.write_bytes(pyrage.encrypt(whole.read_bytes(), [pyrage.x25519.Recipient.from_str(to)]))
    store = restored(backup.open_sealed_backup(world.hq, sealed, tmp_path), tmp_path / "new")
    assert [r["id"] for r in state(store)["activity"]] == [row_id]
    store.close()


def test_a_format_of_a_later_version_is_refused_with_what_to_do(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So do the versions before the packed format with it."""
    monkeypatch.setattr(backup, "PACKED_FORMAT", "fieldapp-backup/3")
    opened = unsealed(world, tmp_path)
    monkeypatch.undo()
    with pytest.raises(FieldappError, match="phiên bản mới hơn"):
        restored(opened, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.fixture(scope="session")
def packed_once(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A packed database, and its key."""
    root = tmp_path_factory.mktemp("packed")
    copy = first_world.copy(root / "world")
    packing.pack(copy.post.db, root / "packed", copy.post.key)
    key = copy.post.key
    copy.close()
    return (root / "packed").read_bytes(), key


@settings(max_examples=30)
@given(st.data())
def test_a_damaged_packed_database_is_refused_whole(
    packed_once: tuple[bytes, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    packed, key = packed_once
    at = data.draw(st.integers(0, 8 * len(packed) - 1), label="bit")
    broken = bytearray(packed)
    broken[at // 8] ^= 1 << at % 8
    cut = data.draw(st.booleans(), label="cut")
    folder = tmp_path_factory.mktemp("broken")
    (folder / FILE).write_bytes(packed[: at // 8] if cut else broken)
    with pytest.raises(FieldappError, match="không phải bản sao lưu"):
        backup._unpack_database(Path("x"), folder, key)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM packed",
        "DELETE FROM packed WHERE number = (SELECT max(number) FROM packed)",
        "DELETE FROM packed WHERE number = 20",
        "UPDATE packed SET bytes = x'00' WHERE number = 20",
        "DROP TABLE packed",
    ],
)
def test_a_packed_database_with_parts_missing_is_refused(
    packed_once: tuple[bytes, bytes], tmp_path: Path, damage: str
) -> None:
    packed, key = packed_once
    (tmp_path / FILE).write_bytes(packed)
    db = connect(tmp_path / FILE, key)
    db.execute(damage)
    db.close()
    with pytest.raises(FieldappError, match="không phải bản sao lưu"):
        backup._unpack_database(Path("x"), tmp_path, key)


def test_a_stick_that_fails_under_it_is_told_in_a_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """age hides what the system says in an error of its own."""
    there = list(world.usb.iterdir())
    stick_that_fails(monkeypatch, PermissionError(errno.EPERM, "Operation not permitted"))
    with pytest.raises(FieldappError, match="không có quyền truy cập"):
        backup.backup_to_stick(world.post, world.usb)
    assert list(world.usb.iterdir()) == there


def test_bundles_beside_it_are_read_as_before(world: World) -> None:
    outgoing.export(world.post, world.usb)
    backup.backup_with_export(world.post, world.usb)
    (result,) = incoming.import_files(world.hq, [world.usb])
    assert result.complete


def test_on_the_command_line(run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.well()
    code, out, _err = run("backup", tmp_path)
    assert code == 0
    assert run("backup", tmp_path / "nowhere")[0] == 1
    world.keys["new"] = world.keys["post"]
    assert run("restore", out.strip(), home="new")[0] == 1  # asks who
    assert run("--user", USER, "restore", out.strip(), home="new")[0] == 0
    assert len(run("list", "activity", home="new")[1].splitlines()) == 1
    assert run("backup")[0] == 0
    assert len(list((world.root / "post" / "backups").iterdir())) == 1
    code, _out, err = run("sync", "export", world.usb)
    assert "sao lưu" in err
    (sealed,) = world.usb.glob("*" + backup.SEALED_SUFFIX)
    assert run("hq", "open-backup", sealed, tmp_path, home="hq")[0] == 0
    assert (world.root / "new" / FILE).exists()


@on_windows.NAMES
def test_in_a_folder_whose_name_is_no_unicode(run: Run, world: World) -> None:
    """As another system, or an old one, may have written it: the records lie there, or backups and bundles."""
    home = world.root / "xau\udcff\udcfe"
    (world.root / "post").rename(home)
    with Store.open(home, world.keys["post"], user=USER) as post:
        assert backup.daily_backup(post) is not None
    out = world.root / "b\udcff"
    out.mkdir()
    assert run("backup", out, home=home.name)[0] == 0
    assert len(list(out.glob("*.fieldapp-backup.tar"))) == 1
    assert run("add", "event", "--json", "-", stdin={"name": "Lũ", "date_from": "3/11/2013"}, home=home.name)[0] == 0
    assert run("sync", "export", out, home=home.name)[0] == 0
    assert "chưa chép ra USB" in run("sync", "status", home=home.name)[1]
    assert "b\ufffd, trên máy này" in run("todo", home=home.name)[1]
