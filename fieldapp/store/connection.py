"""The one way to open the encrypted file: SQLCipher, with the pragmas that the guarantees rest on.

Import database exceptions from here: sqlcipher3 has its own classes, and catching those of the standard library's
``sqlite3`` would catch nothing.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import disk_errors
from fieldapp.store.database import Database
from fieldapp.vietnamese.text import search_key, sort_key

DatabaseError: type[Exception] = sqlcipher.DatabaseError
IntegrityError: type[Exception] = sqlcipher.IntegrityError
OperationalError: type[Exception] = sqlcipher.OperationalError

SQLITE_CORRUPT = 11
FETCH_ROWS = 500
"""Rows that are read between two checks whether all pages were undamaged"""
CACHED_STATEMENTS = 400
"""The driver keeps those in use longest: once its cache is full, each new one is prepared again whenever it is used. A
session of the screen has about 300; the driver's own limit is 100"""

CACHE_KB = 16 * 1024
"""Most memory for pages that were read: for a report of 20,000 records 32,700 pages are read with SQLite's 2 MB, each
decrypted and checked, and 2,700 with this; the first screen needs less than 2 MB"""


class CannotOpen(FieldappError):
    """The key does not fit, or the first page of the file is damaged."""


class _Connection(sqlcipher.Connection):  # type: ignore[misc]
    """A connection that never returns a row from a damaged page.

    Where a page fails its HMAC, SQLCipher replaces it with zeros and lets the next page fail. A page that only
    continues a long value has no structure that SQLite could check: its zeros would be read as text and numbers,
    without an error. From then on, ``PRAGMA cipher_status`` reports the failure.
    """

    sound = False
    """Whether SQLCipher has reported that pages can be read; a new file has no pages yet"""

    def cursor(self, factory: Any = None) -> Any:
        """A cursor that checks the pages before it returns rows."""
        return super().cursor(factory or _Cursor)

    def look(self) -> None:
        """Raise DatabaseError if a page that was read is damaged."""
        held, asked = super().cursor(sqlcipher.Cursor), super().cursor(sqlcipher.Cursor)
        # SQLCipher answers while it prepares the statement. A statement that is in use is prepared again: so keep the
        # first one in use, and read the answer of the second.
        held.execute("PRAGMA cipher_status")
        sound = asked.execute("PRAGMA cipher_status").fetchone() == ("1",)
        asked.close()
        held.close()
        if self.sound and not sound:
            raise _damaged()
        self.sound = sound


def _damaged() -> Exception:
    """SQLite's error for a damaged page.

    Made here, not where it is raised: a frame that holds its own exception lives until the garbage is collected, and
    with it the cursor and the open file, which Windows then does not let anyone replace.
    """
    error: Exception = sqlcipher.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = SQLITE_CORRUPT  # type: ignore[attr-defined]
    return error


class _Cursor(sqlcipher.Cursor):  # type: ignore[misc]
    def fetchone(self) -> Any:
        row = super().fetchone()
        self.connection.look()
        return row

    def fetchmany(self, size: int = FETCH_ROWS) -> Any:
        rows = super().fetchmany(size)
        self.connection.look()
        return rows

    def fetchall(self) -> Any:
        rows = super().fetchall()
        self.connection.look()
        return rows

    def __next__(self) -> Any:
        row = super().__next__()
        self.connection.look()
        return row

    def __iter__(self) -> Iterator[Any]:
        while rows := self.fetchmany():
            yield from rows


def connect(path: Path, key: bytes) -> Database:
    """Open or create the encrypted database at ``path`` with a raw 32-byte ``key``.

    A transaction that has returned is on the disk (WAL, ``synchronous=FULL``), if the disk itself works correctly.
    Raises FieldappError when the key does not fit or the file is not such a database.
    """
    try:
        connection = _open(str(path), key)
    except sqlcipher.DatabaseError as error:
        if os.name == "posix" and disk_errors.is_full(error, path.parent):
            # There is no room for the file by which processes share the write-ahead log. This process keeps that in
            # memory, and no other one can open the records meanwhile: so they can be read. Windows has no such way.
            connection = _open(f"{path.absolute().as_uri()}?vfs=unix-excl", key)
        elif disk_errors.is_damage(error):
            raise CannotOpen(
                _("The data file cannot be opened: its key does not fit or it is damaged. Nothing was changed.")
            ) from error
        else:
            raise disk_errors.opening_error_text(error, path) or error from error
    connection.create_collation("vietnamese", _compare)
    connection.create_function("plain", 1, _comparison_text, deterministic=True)
    connection.create_function("fingerprint", 1, _fingerprint, deterministic=True)
    return Database(connection)


def _open(name: str, key: bytes) -> Any:
    """A connection with the settings; ``name``: a path, or an address of SQLite (``file:``)."""
    connection = sqlcipher.connect(
        name,
        isolation_level=None,
        check_same_thread=False,
        factory=_Connection,
        uri=name.startswith("file:"),
        cached_statements=CACHED_STATEMENTS,
    )
    try:
        for pragma in (
            "cipher_log_level = NONE",  # otherwise a wrong key is reported on stderr
            f"key = \"x'{key.hex()}'\"",
            "temp_store = MEMORY",  # no readable temporary files
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KB}",
            "busy_timeout = 5000",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlcipher.DatabaseError:
        connection.close()
        raise
    return connection


def check_alone(path: Path, key: bytes) -> None:
    """FieldappError while another window has the file open: it would go on with what is to be changed or replaced."""
    db = connect(path, key)
    try:
        db.execute("PRAGMA busy_timeout = 0")
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        db.execute("ROLLBACK")
    except sqlcipher.OperationalError as error:
        raise FieldappError(
            _("The program is open in another window. Nothing was changed: close it there, then do this again.")
        ) from error
    finally:
        db.close()


def in_memory() -> Database:
    """An empty database of the same SQLite, to compare tables and columns with."""
    return Database(sqlcipher.connect(":memory:", isolation_level=None))


def connect_to_read(path: Path, key: bytes) -> Any:
    """A plain read-only connection, cheap to open: for a file with many damaged pages.

    Another connection has the file open.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        connection = sqlcipher.connect(uri, uri=True, isolation_level=None, factory=_Connection)
    except sqlcipher.DatabaseError as error:
        raise disk_errors.opening_error_text(error, path) or error from error
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.sound = True
    return connection


def _compare(left: str, right: str) -> int:
    a, b = sort_key(left), sort_key(right)
    return (a > b) - (a < b)


def _fingerprint(text: str) -> str:
    """SQL ``fingerprint(text)``: BLAKE2b of 12 bytes, hex. It distinguishes states of a record."""
    from hashlib import blake2b

    return blake2b(text.encode(), digest_size=12).hexdigest()


def _comparison_text(text: object) -> str | None:
    """SQL ``plain(text)``: a form of the text that is equal for different spellings of the same thing."""
    return None if text is None else search_key(str(text))
