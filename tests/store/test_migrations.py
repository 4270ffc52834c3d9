"""A file of version 0.1 opens with this version: the same shape as a new file, every row and change kept.

``data/v1.tar.zst`` holds what version 0.1 wrote (commit 5136af4): a headquarters and a post after one exchange, each
exported to an unencrypted file so that it compresses, and a bundle of the post that headquarters has not read.
"""

import hashlib
import io
import re
import shutil
import tarfile
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as sqlcipher
import zstandard
from field import PASSPHRASE, USER, Run, World
from sync_state import state

from fieldapp import replica
from fieldapp.domain.records import RECORDS
from fieldapp.errors import FieldappError
from fieldapp.records import lists, records
from fieldapp.store import baseline, capture, log, migrations, vault
from fieldapp.store.baseline import baseline_changes
from fieldapp.store.connection import connect
from fieldapp.store.database import Database
from fieldapp.store.migrations import BASELINE_LOG, REFOLD, REINDEX
from fieldapp.store.store import FILE, Row, Store
from fieldapp.sync.exchange import incoming
from fieldapp.sync.merge import merge
from fieldapp.sync.merge.admission import UNKNOWN_TABLE
from fieldapp.sync.safety import doctor

pytestmark = pytest.mark.usefixtures("whole_baseline")

DATA = Path(__file__).parent / "data" / "v1.tar.zst"
MOVED = {"have", "have_hlc", "have_at"}
"""What ``local_replica`` of version 0.1 said of receipts is ``local_receipt`` now"""
NOTHING_NEW = '{"columns": {}, "shipped": 1000000}'
KEYS = {"hq": b"h" * 32, "post": b"p" * 32}

SCHEMA_OF_NEWEST = ("0019_files_behind", "a4ca7cdbd509df7d58f161acbdf319d4b0d66f8c52849df68ed5de6b6c82acd9")
"""The newest migration, and the hash of the ``schema.sql`` that it leads to"""
CORRECTED = {"unit": ("code", "name", "parent_id", "valid_to"), "unit_succession": ("voided_at", "void_reason")}
"""Table -> columns of shipped rows that a later version corrects"""
LOGGED_TABLES = (19, "3d6995cf28536569669876fab1051ad43aeda6c9a343bc83d07f9819c19856fb")
"""``SEGMENT_SCHEMA``, and the hash of the tables whose rows are logged"""


@pytest.fixture(scope="session")
def version_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What version 0.1 left: ``hq/`` and ``post/`` encrypted, ``*.db`` the same in plain, a bundle in ``stick/``."""
    root = tmp_path_factory.mktemp("version-1")
    with tarfile.open(fileobj=io.BytesIO(zstandard.decompress(DATA.read_bytes()))) as tar:
        tar.extractall(root, filter="data")
    for name, key in KEYS.items():
        (root / name).mkdir()
        plain = sqlcipher.connect(str(root / f"{name}.db"))
        plain.execute(f"ATTACH '{root / name / FILE}' AS encrypted KEY \"x'{key.hex()}'\"")
        plain.execute("SELECT sqlcipher_export('encrypted')")
        plain.close()
    (root / "stick").mkdir()
    (root / "post.fieldapp.tar.age").rename(root / "stick" / "post.fieldapp.tar.age")
    return root


def copied(version_1: Path, root: Path) -> Path:
    shutil.copytree(version_1, root, ignore=shutil.ignore_patterns("*.db"))
    for name in KEYS:
        shutil.copy(version_1 / name / FILE, root / name / FILE)
    return root


@pytest.fixture(scope="module")
def upgraded(whole_baseline: None, version_1: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(copied(version_1, tmp_path_factory.mktemp("upgraded") / "world"), KEYS)
    for store in (made.hq, made.post):
        assert store.setting(REFOLD) is not None
        assert store.setting(REINDEX) is not None
        replica.bring_up_to_date(store)
    made.close()
    return made


@pytest.fixture
def world(upgraded: World, tmp_path: Path) -> Generator[World, None, None]:
    """The replicas of version 0.1, opened with this version."""
    made = upgraded.copy(tmp_path / "world")
    yield made
    made.close()


def then(version_1: Path, name: str, sql: str) -> list[Row]:
    """What the file of version 0.1 answers."""
    plain = sqlcipher.connect(str(version_1 / f"{name}.db"))
    cursor = plain.execute(sql)
    names = [d[0] for d in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    plain.close()
    return rows


def shape(store: Store) -> dict[str, set[str]]:
    """Name -> definitions of columns, or the text of an index, a view; of triggers the names."""
    found = {}
    for row in store.rows(
        "SELECT type, name, coalesce(sql, '') AS sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    ):
        text = " ".join(re.sub(r"--[^\n]*", "", row["sql"]).split())
        if row["type"] == "table" and "VIRTUAL" not in text:
            body = text[text.index("(") + 1 : text.rindex(")")]
            found[row["name"]] = {part.strip() for part in re.split(r",(?![^()]*\))(?![^(]*\)\))", body)}
            found[row["name"]].add(text[text.rindex(")") :])
        else:
            found[row["name"]] = {"" if row["type"] == "trigger" else text}
    return found


def test_the_shape_is_that_of_a_new_file(world: World, tmp_path: Path) -> None:
    new = Store.create(tmp_path / "new", b"n" * 32, "A")
    assert shape(world.post) == shape(world.hq) == shape(new)
    for table in capture.synced_tables(new.db):
        columns = 'SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name'
        assert world.post.rows(columns, [table]) == new.rows(columns, [table])
    assert world.post.rows("PRAGMA foreign_key_check") == []
    new.close()


def digest(statements: Iterable[str]) -> str:
    """SHA-256 of statements, whatever their order and blanks."""
    return hashlib.sha256("\n".join(sorted(map(migrations._normalized, statements))).encode()).hexdigest()


def test_schema_sql_does_not_change_without_a_migration() -> None:
    """A file of before would not get what is new, and no other test would notice: they all begin with new files."""
    newest = [migration.name for migration in migrations.MIGRATIONS][-1]
    now = (newest, digest(text for _sort, _name, text in migrations._statements()))
    assert newest != SCHEMA_OF_NEWEST[0] or now == SCHEMA_OF_NEWEST, (
        "schema.sql has changed, and no migration brings the files of before to its new shape: add one at the end of"
        " fieldapp/store/migrations.py (mostly `add_what_is_missing(db)`), and the commit before it to"
        f" tests/store/data/make.py. If {newest} is new on this branch, write its new hash here instead: {now[1]}"
    )
    assert now == SCHEMA_OF_NEWEST, f"A new migration: write here SCHEMA_OF_NEWEST = {now!r}"
    assert migrations.schema_version() == len(migrations.MIGRATIONS), "numbered without gaps"


def test_the_logged_tables_do_not_change_without_a_number() -> None:
    """What segments and manifests state of their writer (docs/bundle-format.md, ``schema``)."""
    statements = list(migrations._statements())
    tables = [text for sort, name, text in statements if sort == "TABLE" and not name.startswith("local_")]
    now = (migrations.SEGMENT_SCHEMA, digest(tables))
    assert len(tables) > 20
    assert now == LOGGED_TABLES, (
        "A table whose rows are logged has changed. Set SEGMENT_SCHEMA in fieldapp/store/migrations.py to the number of"
        f" the migration that does it, and write here: LOGGED_TABLES = (that number, {now[1]!r})"
    )


@pytest.mark.parametrize("name", KEYS)
def test_rows_and_log_are_what_they_were(world: World, version_1: Path, name: str) -> None:
    store: Store = getattr(world, name)
    tables = [r["name"] for r in then(version_1, name, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    kept = [t for t in tables if t in capture.synced_tables(store.db)]
    kept += ["local_change", "local_segment", "local_log", "local_replica", "local_draft", "local_set_aside"]
    assert {"activity", "meeting", "attendance", "unit"} <= set(kept)
    for table in kept:
        before = then(version_1, name, f"SELECT * FROM {table}")
        left_out = {*MOVED, *CORRECTED.get(table, ())}
        before = [{name: value for name, value in row.items() if name not in left_out} for row in before]
        columns = ", ".join(before[0]) if before else "*"
        after = {tuple(r.values()) for r in store.rows(f"SELECT {columns} FROM {table}")}
        missing = [r for r in before if tuple(r.values()) not in after]
        if table == "local_log":  # this version ships more
            missing = [r for r in missing if r["id"] != BASELINE_LOG]
        assert missing == [], table
    said = "SELECT id, have, have_hlc, have_at FROM local_replica WHERE have IS NOT NULL"
    receipts = then(version_1, name, said)
    assert receipts
    assert [tuple(r.values()) for r in receipts] == [
        tuple(r.values()) for r in store.rows("SELECT replica_id, have, hlc, at FROM local_receipt")
    ]
    assert len(then(version_1, "post", "SELECT * FROM activity")) == 3
    own = "SELECT * FROM local_change WHERE log_id <> 'baseline' ORDER BY log_id, seq"
    assert store.rows(own) == then(version_1, name, own)


def test_the_doctor_finds_it_healthy(world: World, run: Run) -> None:
    assert doctor.examine_replica(world.hq).lines() == doctor.Findings([], [], [], False, []).lines()
    vault.seal_for_user(world.root / "post", USER, PASSPHRASE, KEYS["post"])
    assert run("doctor")[0] == 0


def test_reference_data_that_came_since_is_there_and_found(world: World, version_1: Path) -> None:
    assert lists.choices(world.post, "ethnic_group", "ê đê")
    assert "Phòng, chống, khắc phục thiên tai" in dict(lists.choices(world.post, "activity_kind", "lũ")).values()
    units = world.post.value("SELECT count(*) FROM unit")
    assert units > len(then(version_1, "post", "SELECT 1 FROM unit"))
    assert units == world.post.value("SELECT count(*) FROM local_search WHERE kind = 'unit'")


def test_what_is_new_can_be_recorded(world: World) -> None:
    save, post = records.save, world.post
    agreement = save(post, "agreement", {"name": "Quy chế phối hợp", "date_from": "2008-01-01",
                                         "tasks": [{"number": 1, "title": "Trao đổi thông tin"}]})  # fmt: skip
    task = records.get(post, agreement).children["tasks"][0]["id"]
    save(post, "matter", {"matter_type": "information_exchange", "counterpart": "Xã Ia Rvê", "subject": "Cột mốc",
                          "opened_on": "2013-10-01", "agreement_task_id": task})  # fmt: skip
    member = lists.choices(post, "member", "binh")[0][0]
    save(post, "household_charge", {"member_id": member, "household": "Y Thanh", "unit_id": "24221",
                                    "date_from": "2013-10-01"})  # fmt: skip
    talk = save(post, "activity", {"activity_kind_id": "tuyen_truyen", "date_from": "2013-10-01", "unit_id": "24221",
                                   "agreement_task_id": task, "extras": {"chu_de": "Luật Biên phòng"},
                                   "measures": [{"measure_id": "buoi", "amount": 1}]})  # fmt: skip
    old = post.value("SELECT id FROM activity WHERE description = 'Giếng buôn Ba Na'")
    save(post, "activity", {"ethnic_group_id": "Ê Đê"}, old)
    for imported in world.carry(post, world.hq):
        assert imported.problems == []
    assert records.get(world.hq, talk).row["agreement_task_id"] == task
    assert records.get(world.hq, old).row["ethnic_group_id"] is not None


def test_a_bundle_of_version_1_is_imported(world: World) -> None:
    (imported,) = incoming.import_files(world.hq, [world.root / "stick"])
    assert (imported.problems, imported.applied > 0) == ([], True)
    well = world.hq.value("SELECT id FROM activity WHERE description = 'Giếng buôn Ba Na'")
    assert records.get(world.hq, well).row["hamlet"] == "Buôn Ba Na"
    world.carry(world.post, world.hq)
    assert state(world.hq)["activity"] == state(world.post)["activity"]
    assert lists.choices(world.hq, "member", "sieu") == lists.choices(world.post, "member", "sieu")


def test_an_upgrade_is_done_as_a_whole_or_not_at_all(
    version_1: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copied(version_1, tmp_path / "w") / "post"

    def fail(_db: object) -> None:
        raise FieldappError("kaputt")

    with monkeypatch.context() as patched:
        patched.setattr(capture, "install_triggers", fail)
        with pytest.raises(FieldappError):
            Store.open(home, KEYS["post"], USER)
    untouched = connect(home / FILE, KEYS["post"])
    assert "agreement" not in untouched.table_names()
    untouched.close()
    store = Store.open(home, KEYS["post"], USER)
    assert store.value("SELECT count(*) FROM agreement") == 0
    store.close()


# what an older version kept without understanding -----------------------------------------------------------------


def set_aside(store: Store, table: str) -> None:
    """As a version does that has no such table."""
    store.db.conn.executemany(
        "INSERT INTO local_set_aside VALUES (?, ?, ?)",
        [(c.log_id, c.seq, UNKNOWN_TABLE) for c in log.all_changes(store) if c.table == table],
    )


def as_version_1_had_it(store: Store, version_1: Path) -> None:
    """Take away from a replica what version 0.1 would not have made of the same segments."""
    tables = {r["name"] for r in then(version_1, "hq", "SELECT name FROM sqlite_master WHERE type = 'table'")}
    db = store.db
    db.execute("PRAGMA foreign_keys = OFF")
    for row in store.rows("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')"):
        db.execute(f"DROP {row['type']} {row['name']}")
    for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"):
        db.execute(f"DROP INDEX {row['name']}")
    for table in [r.KIND for r in RECORDS]:
        if table not in tables:
            db.execute(f"DROP TABLE {table}")
            set_aside(store, table)
            continue
        old = {c["name"] for c in then(version_1, "hq", f"SELECT name FROM pragma_table_info('{table}')")}
        for column in store.rows(f"SELECT name FROM pragma_table_info('{table}')"):
            if column["name"] not in old:
                db.execute(f"ALTER TABLE {table} DROP COLUMN {column['name']}")
    db.execute("DELETE FROM _sqlite_migrations WHERE name = '0002_all_records'")
    db.execute("PRAGMA foreign_keys = ON")


def recorded_with_this_version(world: World) -> None:
    agreement = records.save(
        world.post,
        "agreement",
        {"name": "Quy chế phối hợp", "date_from": "2008-01-01", "tasks": [{"number": 1, "title": "Tuyên truyền"}]},
    )
    task = records.get(world.post, agreement).children["tasks"][0]["id"]
    world.well(agreement_task_id=task, ethnic_group_id="Ê Đê", description="Giếng mới")
    records.save(world.post, "matter", {"matter_type": "support_request", "counterpart": "Xã", "subject": "Xe",
                                        "opened_on": "2013-10-01", "agreement_task_id": task})  # fmt: skip


def test_what_was_not_understood_counts_after_the_upgrade(
    world: World, version_1: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_with_this_version(world)
    world.carry(world.post, world.hq)
    before, aside = state(world.hq), world.hq.rows("SELECT * FROM local_set_aside")
    assert aside == []
    as_version_1_had_it(world.hq, version_1)
    world.hq.close()
    monkeypatch.setattr(vault, "unseal", lambda home, user, passphrase: KEYS["hq"])
    world.hq = replica.unlock(world.root / "hq", "Trực ban", PASSPHRASE)
    assert state(world.hq) == before
    assert world.hq.rows("SELECT * FROM local_set_aside") == []
    assert world.hq.setting(REFOLD) is None
    assert lists.record_window(world.hq, "agreement", text="quy che").rows
    assert doctor.examine_replica(world.hq).healthy


def test_catching_up_is_done_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise AssertionError("folded again")

    monkeypatch.setattr(merge, "fold_rows", fail)
    merge.fold_after_upgrade(world.hq)
    world.hq.set_setting(REFOLD, NOTHING_NEW)
    with pytest.raises(AssertionError):
        merge.fold_after_upgrade(world.hq)
    assert world.hq.setting(REFOLD) == NOTHING_NEW, "what failed is tried again"


def test_a_table_set_aside_by_name_is_folded_in(world: World) -> None:
    """The rows only, as where a later version brings a table that this one has not."""
    recorded_with_this_version(world)
    world.carry(world.post, world.hq)
    before = state(world.hq)
    with world.hq.transaction(applying=True):
        world.hq.db.execute("DELETE FROM matter")
        set_aside(world.hq, "matter")
    world.hq.set_setting(REFOLD, NOTHING_NEW)
    merge.fold_after_upgrade(world.hq)
    assert state(world.hq) == before
    assert world.hq.rows("SELECT * FROM local_set_aside") == []


def test_what_is_shipped_later_does_not_win_over_headquarters(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer version ships other words for two kinds; headquarters had changed those of one before."""
    ids = [world.hq.value("SELECT id FROM activity_kind WHERE code = ?", [c]) for c in ("gieng_khoan", "thien_tai")]
    records.save(world.hq, "activity_kind", {"also_called": "giếng làng"}, ids[0])
    world.carry(world.hq, world.post)
    newer = [*baseline_changes(), *(("activity_kind", i, {"also_called": "tên mới"}, False) for i in ids)]
    monkeypatch.setattr(baseline, "baseline_changes", lambda: iter(newer))
    for store in (world.hq, world.post):
        store.db.execute("DELETE FROM _sqlite_migrations WHERE name = (SELECT max(name) FROM _sqlite_migrations)")
        assert migrations.migrate(store.db)
        merge.fold_after_upgrade(store)
        called = [store.value("SELECT also_called FROM activity_kind WHERE id = ?", [i]) for i in ids]
        assert called == ["giếng làng", "tên mới"]
        found = {text: [i for i, _label in lists.choices(store, "activity_kind", text)] for text in called}
        assert found == {"giếng làng": [ids[0]], "tên mới": [ids[1]]}
        assert doctor.examine_replica(store).healthy


# back to the version before ------------------------------------------------------------------------------------------


def brought_further(world: World, *statements: str) -> None:
    """As a newer version leaves the post's file."""
    for statement in statements:
        world.post.db.execute(statement)
    world.post.db.execute("INSERT INTO _sqlite_migrations VALUES (999, 'fieldapp', '9999_next', 'now')")
    world.post.close()


def test_what_a_newer_version_has_brought_further_goes_on_here(world: World) -> None:
    well = world.well()
    view = world.post.value("SELECT sql FROM sqlite_master WHERE name = 'unit_today'")
    brought_further(
        world,
        "ALTER TABLE event ADD COLUMN colour TEXT",
        "CREATE TABLE matter_of_tomorrow (id TEXT PRIMARY KEY, post_id TEXT NOT NULL, text TEXT NOT NULL) STRICT",
        "DROP VIEW unit_today",
        "CREATE VIEW unit_today AS SELECT 1 AS something_else",
    )
    world.post = Store.open(world.root / "post", KEYS["post"], USER)
    store = world.post
    assert store.value("SELECT sql FROM sqlite_master WHERE name = 'unit_today'") == view
    assert store.value("SELECT count(*) FROM _sqlite_migrations WHERE name = '9999_next'") == 0
    assert "colour" in store.db.column_names("event"), "what it added stays"
    row_id = records.save(store, "event", {"name": "Lũ sau", "date_from": "2026-11-24"})
    store.db.execute("UPDATE event SET colour = 'xanh' WHERE id = ?", [row_id])
    logged = store.value("SELECT cols FROM local_change WHERE row_id = ? ORDER BY seq DESC LIMIT 1", [row_id])
    assert logged == '{"colour":"xanh"}', "and what is set there is logged"
    assert store.value("SELECT 1 FROM activity WHERE id = ?", [well]) == 1
    assert doctor.examine_replica(store).healthy


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("ALTER TABLE local_draft RENAME COLUMN data TO typed", "local_draft.data"),
        ("ALTER TABLE event DROP COLUMN description", "event.description"),
        ("DROP TABLE local_rekeyed", "local_rekeyed.row_id"),
        ("CREATE TABLE local_draft (id TEXT, kind TEXT, row_id TEXT, data TEXT, saved_at TEXT, who TEXT NOT NULL)",
         "local_draft.who"),
    ],
)  # fmt: skip
def test_a_file_that_lacks_what_this_version_needs_is_not_touched(world: World, statement: str, what: str) -> None:
    statements = ["DROP TABLE local_draft"] if statement.startswith("CREATE") else []
    statements += [f"DROP TRIGGER capture_{on}_event" for on in ("insert", "update")] if "event" in statement else []
    brought_further(world, *statements, statement)
    for _again in range(2):
        with pytest.raises(FieldappError, match=f"bản mới hơn.*{what}"):
            Store.open(world.root / "post", KEYS["post"], USER)
    db = connect(world.root / "post" / FILE, KEYS["post"])
    assert db.execute("SELECT count(*) FROM _sqlite_migrations WHERE name = '9999_next'").fetchone() == (1,)
    db.close()


def test_two_windows_that_open_an_old_file_at_once_bring_it_up_to_date_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = world.post.reopen()
    newest = migrations.MIGRATIONS[-1].name
    other.db.execute(f"DELETE FROM {migrations.APPLIED} WHERE name = ?", [newest])
    looked = migrations._step_back

    def meanwhile(db: Database) -> None:
        looked(db)
        monkeypatch.undo()
        begin = db.execute

        def wait(sql: str, *given: Sequence[Any]) -> object:
            if sql == "BEGIN IMMEDIATE":
                migrations.migrate(other.db)
            return begin(sql, *given)

        monkeypatch.setattr(db, "execute", wait)

    monkeypatch.setattr(migrations, "_step_back", meanwhile)
    migrations.migrate(world.post.db)
    assert migrations.applied(world.post.db).count(newest) == 1
    other.close()
