"""No row is given out of a page that is not what was written."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as sqlcipher

from fieldapp.store import disk_errors
from fieldapp.store.connection import DatabaseError, connect, connect_to_read

KEY = b"k" * 32
PAGE = 4096
LONG = [("x" * 20_000, 7), ("y" * 9_000, 8)]


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    """A file with values that go on over several pages, and numbers behind them."""
    db = connect(tmp_path / "whole.db", KEY)
    db.execute("CREATE TABLE t (a TEXT, b INTEGER)")
    db.conn.executescript("".join(f"INSERT INTO t VALUES ('{a}', {b});" for a, b in LONG))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return (tmp_path / "whole.db").read_bytes()


def damaged(path: Path, whole: bytes, page: int) -> Path:
    content = bytearray(whole)
    content[page * PAGE + 1000] ^= 1
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("read", ["fetchall", "fetchone", "fetchmany", "iter", "next", "read only"])
def test_a_damaged_page_is_never_read_as_zeros(whole: bytes, tmp_path: Path, read: str) -> None:
    refused = 0
    for page in range(1, len(whole) // PAGE):
        path = damaged(tmp_path / f"{page}.db", whole, page)
        opened: Any = connect_to_read(path, KEY) if read == "read only" else connect(path, KEY)
        rows: list[tuple[str, int]] = []
        try:
            cursor = opened.execute("SELECT a, b FROM t ORDER BY rowid")
            if read == "fetchone":
                while (row := cursor.fetchone()) is not None:
                    rows.append(row)
            elif read == "fetchmany":
                while some := cursor.fetchmany(1):
                    rows += some
            elif read == "iter":
                rows += list(cursor)
            elif read == "next":
                rows += [next(cursor), next(cursor)]
            else:
                rows = cursor.fetchall()
        except DatabaseError as error:
            assert disk_errors.disk_error_text(error) is not None
            refused += 1
        else:
            assert rows == LONG
        assert rows == LONG[: len(rows)]
        opened.close()
    assert refused >= 7


def test_without_it_zeros_would_be_read(whole: bytes, tmp_path: Path) -> None:
    """What it is for: the driver itself gives them out. If this fails, the look can go."""
    wrong = 0
    for page in range(1, len(whole) // PAGE):
        bare = sqlcipher.connect(str(damaged(tmp_path / f"{page}.db", whole, page)), isolation_level=None)
        bare.execute("PRAGMA cipher_log_level = NONE")
        bare.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
        with suppress(DatabaseError):
            wrong += bare.execute("SELECT a, b FROM t ORDER BY rowid").fetchall() != LONG
        bare.close()
    assert wrong > 0


def test_a_page_that_fails_is_told_until_the_file_is_opened_anew(whole: bytes, tmp_path: Path) -> None:
    path = damaged(tmp_path / "a.db", whole, len(whole) // PAGE - 1)
    db = connect(path, KEY)
    for _ in range(2):
        with pytest.raises(DatabaseError):
            db.execute("SELECT * FROM t").fetchall()
    db.close()
    path.write_bytes(whole)
    db = connect(path, KEY)
    assert db.execute("SELECT a, b FROM t").fetchall() == LONG
    db.close()


def test_looking_leaves_no_statement_behind(whole: bytes, tmp_path: Path) -> None:
    """One that is open would forbid VACUUM, by which backups are made."""
    (tmp_path / "a.db").write_bytes(whole)
    db = connect(tmp_path / "a.db", KEY)
    assert db.execute("SELECT a, b FROM t").fetchall() == LONG
    db.execute("VACUUM")
    assert db.execute("SELECT a, b FROM t").fetchall() == LONG
    db.close()
