"""A file of every past schema opens with this version: the shape of a new file, every row, change and draft kept.

With ``FIELDAPP_SOAK`` of every one, else of four.

``data/make.py`` tells how ``data/schemas.tar.zst`` was made. Version 1 has its own tests in ``test_migrations.py``.
"""

import io
import os
import tarfile
from collections.abc import Generator
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
import zstandard

from fieldapp import replica
from fieldapp.records import lists, records
from fieldapp.store import capture, migrations
from fieldapp.store.store import FILE, Store
from fieldapp.sync.exchange import outgoing, status
from fieldapp.sync.safety import doctor

pytestmark = pytest.mark.usefixtures("whole_baseline")

DATA = Path(__file__).parent / "data" / "schemas.tar.zst"
PAST = range(2, 19)
TRIED = PAST if os.environ.get("FIELDAPP_SOAK") else [PAST[0], migrations.OFFICIAL_CODES - 1, *PAST[-2:]]
"""All at full size; else the oldest, the last with other codes of units, and the two newest"""
KEY = b"p" * 32
USER = "Nguyễn Văn A"
CORRECTED = {"unit": ("code", "name", "parent_id", "valid_to"), "unit_succession": ("voided_at", "void_reason")}
"""Table -> columns of shipped rows that a later version corrects"""
Rows = dict[str, tuple[list[str], set[tuple[object, ...]]]]
"""Table -> its columns, and the values of its rows"""
Shape = dict[tuple[str, str], set[str]]
"""(sort, name) -> columns of a table"""


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("schemas")
    plain = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(DATA.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        tar.extractall(root, filter="data")
    return root


@pytest.fixture(params=TRIED)
def past(unpacked: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Generator[tuple[Store, Rows], None, None]:
    """A post's file of a past schema, opened with this version, and the rows that it had."""
    plain = sqlcipher.connect(str(unpacked / f"{request.param}.db"))
    tables = [row[0] for row in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    newest = plain.execute("SELECT name FROM _sqlite_migrations ORDER BY name DESC").fetchone()[0]
    assert newest.startswith(f"{request.param:04d}_")
    kept = ["local_draft", "local_segment", "local_replica", "local_change"]
    had: Rows = {}
    for table in tables:
        if not table.startswith(("local_", "sqlite_", "_sqlite")) or table in kept:
            cursor = plain.execute(f"SELECT * FROM {table}")
            had[table] = ([d[0] for d in cursor.description], set(cursor.fetchall()))
    home = tmp_path / "post"
    home.mkdir()
    plain.execute(f"ATTACH '{home / FILE}' AS encrypted KEY \"x'{KEY.hex()}'\"")
    plain.execute("SELECT sqlcipher_export('encrypted')")
    plain.close()
    store = replica.open_with_key(home, KEY, USER)
    yield store, had
    store.close()


def test_each_past_schema_is_stored() -> None:
    assert max(PAST) >= len(migrations.MIGRATIONS) - 1, "a new migration: see data/make.py"


@pytest.fixture(scope="module")
def shape(whole_baseline: None, tmp_path_factory: pytest.TempPathFactory) -> Shape:
    with Store.create(tmp_path_factory.mktemp("new") / "new", b"n" * 32, "A") as new:
        return shape_of(new)


def shape_of(store: Store) -> Shape:
    named = store.rows("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    return {
        (row["type"], row["name"]): set(store.db.column_names(row["name"])) if row["type"] == "table" else set()
        for row in named
    }


def test_the_version_before_could_go_on_with_what_this_one_has_made(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``fieldapp upgrade --back`` opens with it what this one has brought further: a migration only adds."""
    before = sqlcipher.connect(str(unpacked / f"{max(PAST)}.db"))
    statements = before.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    needed = ";".join(sql for (sql,) in statements if "VIRTUAL" not in sql and "_sqlite_" not in sql)
    before.close()
    with Store.create(tmp_path / "new", KEY, USER) as new:
        monkeypatch.setattr(migrations, "schema_sql", lambda: needed)
        assert migrations.unmet(new.db) == []


@pytest.mark.parametrize("past", PAST[-2:], indirect=True)
def test_what_an_older_version_forgot_is_applied_again(
    past: tuple[Store, Rows], shape: Shape, request: pytest.FixtureRequest
) -> None:
    """It forgets the migrations that it does not know; the newer one comes back to a file that has all of them."""
    store, _ = past
    known = request.node.callspec.params["past"]
    store.db.execute("DELETE FROM _sqlite_migrations WHERE name >= ?", [f"{known + 1:04d}"])
    assert migrations.migrate(store.db)
    replica.bring_up_to_date(store)
    assert shape_of(store) == shape
    assert {row["name"] for row in lists.record_window(store, "event").rows} == {"Lũ 2013", "Chưa gửi"}
    assert doctor.examine_replica(store).healthy


def test_a_past_file_is_brought_up_to_date_and_work_goes_on(
    past: tuple[Store, Rows], shape: Shape, tmp_path: Path
) -> None:
    store, had = past
    assert shape_of(store) == shape
    assert {"activity", "meeting", "attendance", "event"} <= set(capture.synced_tables(store.db)) & set(had)
    for table, (columns, rows) in had.items():
        still = set(store.db.column_names(table))
        places = [at for at, name in enumerate(columns) if name in still and name not in CORRECTED.get(table, ())]
        now = set(store.db.execute(f"SELECT {', '.join(columns[at] for at in places)} FROM {table}").fetchall())
        assert {tuple(row[at] for at in places) for row in rows} <= now, table
    assert {row["name"] for row in lists.record_window(store, "event").rows} == {"Lũ 2013", "Chưa gửi"}
    assert len(lists.record_window(store, "activity", text="gieng").rows) == 2
    assert [draft.data for draft in store.drafts()] == [{"name": "Đang gõ"}]
    before = status.exchange_status(store).unsent_records
    assert before >= 1
    records.save(store, "event", {"name": "Bản mới", "date_from": "2014-01-01"})
    (tmp_path / "usb").mkdir()
    (made,) = outgoing.export(store, tmp_path / "usb")
    assert made.records >= before + 1
    assert doctor.examine_replica(store).healthy
