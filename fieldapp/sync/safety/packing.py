"""A database packed small, for a backup on a slow stick.

    packed file = SQLCipher, same key: table packed (number, bytes). The bytes, in order, are one zstd stream, flushed
    after each row. A row is a msgpack value: [name, sql, [row, …]] of a table, any number of rows at a time;
    [name, sql, null] of an index, view or trigger; at the end null.

An encrypted page cannot be compressed, so the rows are, before they are encrypted; nothing readable touches the disk.
Indexes are made again from their definitions, and the search index from the rows when the restored file is opened
(``REINDEX``).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from fieldapp.store.connection import DatabaseError, connect
from fieldapp.store.database import Database
from fieldapp.store.migrations import REINDEX

ZSTD_LEVEL = 9
MAX_WINDOW = 1 << 27
ROWS = 1_000
"""Rows that are packed together"""
LEFT_OUT = frozenset({"local_search", "local_search_row"})
"""Tables whose rows are made again"""


class _Part(msgspec.Struct, array_like=True, frozen=True):
    name: str
    sql: str
    rows: list[tuple[Any, ...]] | None


_DECODER = msgspec.msgpack.Decoder(_Part | None)


class NotPacked(Exception):
    """A file is not what ``pack`` writes."""


def pack(db: Database, target: Path, key: bytes) -> None:
    """Write ``db`` as it is at one moment into ``target``, an empty file or none; others may record meanwhile."""
    packed = connect(target, key)
    stream = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compressobj()
    enter = "INSERT INTO packed (bytes) VALUES (?)"
    try:
        packed.execute("PRAGMA synchronous = OFF")  # the backup is synced, and read back, when it is whole
        packed.execute("CREATE TABLE packed (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
        packed.execute("BEGIN")
        db.execute("BEGIN")
        try:
            for part in _parts(db):
                data = stream.compress(msgspec.msgpack.encode(part))
                packed.execute(enter, [data + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)])
        finally:
            db.execute("ROLLBACK")  # of a transaction that only read
        packed.execute(enter, [stream.compress(msgspec.msgpack.encode(None)) + stream.flush()])
        packed.execute("COMMIT")
        packed.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        packed.close()


def _parts(db: Database) -> Iterator[_Part]:
    """Tables first, each with its rows; then what is made from them."""
    shape = db.execute(
        "SELECT m.name, m.sql, m.type = 'table' FROM sqlite_master m LEFT JOIN pragma_table_list l ON l.name = m.name"
        " AND l.schema = 'main' WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " AND l.type IS NOT 'shadow' ORDER BY m.type <> 'table', m.rowid"
    ).fetchall()
    for name, sql, is_table in shape:
        if not is_table or name in LEFT_OUT:
            yield _Part(name, sql, [] if is_table else None)
            continue
        cursor = db.execute(f"SELECT * FROM {name}")
        rows = cursor.fetchmany(ROWS)
        yield _Part(name, sql, rows)
        while rows := cursor.fetchmany(ROWS):
            yield _Part(name, sql, rows)


def unpack(path: Path, target: Path, key: bytes) -> None:
    """Make the database of the packed file ``path`` in ``target``, an empty file or none.

    Raises NotPacked where the file is damaged or is not what ``pack`` writes.
    """
    packed, db = connect(path, key), connect(target, key)
    stream = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
    made: set[str] = set()
    ended = False
    try:
        db.execute("PRAGMA foreign_keys = OFF")  # they hold again when all rows are there
        db.execute("BEGIN")
        for (data,) in packed.execute("SELECT bytes FROM packed ORDER BY number"):
            part = _DECODER.decode(stream.decompress(data))
            if part is None:
                ended = True
                continue
            if part.name not in made:
                db.execute(part.sql)
                made.add(part.name)
            if part.rows:
                marks = ", ".join("?" * len(part.rows[0]))
                db.conn.executemany(f"INSERT INTO {part.name} VALUES ({marks})", part.rows)
        if not ended or not stream.eof or db.execute("PRAGMA foreign_key_check").fetchone():
            raise NotPacked(path.name)
        db.execute("INSERT OR REPLACE INTO local_setting VALUES (?, '')", [REINDEX])
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except (msgspec.MsgspecError, UnicodeDecodeError, zstandard.ZstdError, DatabaseError) as error:
        raise NotPacked(path.name) from error
    finally:
        packed.close()
        db.close()
