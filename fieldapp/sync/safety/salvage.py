"""Salvage of a file with damaged pages: copies what can be read into a new file, and folds the records from the log.

Our own log is stored twice, as sealed segments and as single changes, so most damage to one is repaired from the other.
The damaged file is kept beside the new one. Lost parts of other replicas' logs come again with their next bundles,
because our receipt then says that we have less. A log whose chain of segments is broken cannot be sent. So what is left
of an own log after the first lost segment is logged again in a new log, as after a restored backup.
"""

import heapq
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import search_index
from fieldapp.store import disk, disk_errors, migrations, wall
from fieldapp.store import log as change_log
from fieldapp.store.connection import DatabaseError, check_alone, connect, connect_to_read
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import FILE, WRITING, Row, Store
from fieldapp.sync.format import drives, segment
from fieldapp.sync.merge import merge
from fieldapp.sync.peers import logs, peers, receipts

DERIVED = ("local_search", "local_set_aside", "local_conflict", "local_awaited", "local_session", "local_touch",
           "local_file_stock")  # fmt: skip
"""Local tables that are not copied but derived again"""
MAX_FAILURES = 500
"""After this many failed reads of one table, the ranges that are still unread count as lost"""
PAGE, ROWS_OF_A_PAGE = 4096, 20
"""Bytes of a page, and the most rows on one: an upper limit if the number of rows cannot be read"""


@dataclass
class Lost:
    """What could not be read, and could not be repaired from elsewhere."""

    rows: dict[str, int] = field(default_factory=dict)
    """local table -> number of places that could not be read; some of them may have been empty"""
    changes: list[tuple[str, int, int]] = field(default_factory=list)
    """(log, first, last) of changes that are gone"""
    segments: bool = False
    """whether some segments could not be read: then it is unknown whether a log was sealed up to its end"""
    logged_anew: int = 0
    """number of own changes that were logged again in a new log"""
    kept: Path | None = None
    """the path of the damaged file"""

    def lines(self) -> list[str]:
        """What happened, in sentences."""
        found = [_("The records were folded again into a new file. The damaged one is kept: {path}").format(
            path=self.kept)]  # fmt: skip
        found += [
            _("Lost: changes {first}–{last} of log {log}. What others have of them comes with their bundles.").format(
                first=first, last=last, log=log[-4:]
            )
            for log, first, last in self.changes
        ]
        found += [_("Unreadable: up to {n} rows of {table}.").format(n=n, table=t) for t, n in self.rows.items()]
        if self.logged_anew:
            found.append(_("{n} changes were logged again; export soon.").format(n=self.logged_anew))
        return found


def salvage_file(store: Store) -> tuple[Store, Lost]:
    """Replace a damaged file with a new one; closes ``store``. Returns the new replica and what is lost."""
    drives.check_own_space(store.home, store.path.stat().st_size)
    with disk.alone(store.home / WRITING), disk.begun(store.home) as part:
        return _salvage(store, part)


def _salvage(store: Store, part: Path) -> tuple[Store, Lost]:
    path, key, user = store.path, store.key, store.user
    store.close()
    check_alone(path, key)
    store = Store.open(path.parent, key, user)
    lost = Lost()
    new = connect(part, key)
    migrations.create_schema(new)
    made = Store(new, part, key, user)
    part.chmod(0o600)
    with made.transaction(applying=True):
        _copy(path, made, lost)
        _check_own(made)
        _fill_from_segments(made)
        tail = _cut_broken_chains(made, lost)
        _begin_missing(made)
        _relog_tail(made, tail, lost)
        merge.rebuild(made, noting=False)
        made.db.execute(
            "UPDATE local_session SET hlc = max((SELECT max(hlc) FROM local_change),"
            " (SELECT coalesce(max(last_hlc), 0) FROM local_segment))"
        )
    search_index.reindex(made)
    made.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    made.close()
    store.close()
    try:
        check_alone(path, key)  # one may have been opened meanwhile
        lost.kept = _replace_file(path, part)
    except BaseException:
        disk.try_remove(part)
        raise
    return Store.open(path.parent, key, user), lost


def _copy(path: Path, made: Store, lost: Lost) -> None:
    tables = [t for t in made.db.table_names() if t.startswith("local_") and not t.startswith(DERIVED)]
    for table in sorted(tables, key=lambda t: t == "local_change"):  # last: to read it, the logs must be known
        columns = made.db.column_names(table)
        marks = ", ".join("?" * len(columns))
        reader = _Reader(path, made.key, table, columns)
        no_rowid = made.value("SELECT wr FROM pragma_table_list WHERE name = ?", [table])
        rows = (
            reader.by_log(made)
            if table == "local_change"
            else reader.from_both_ends()
            if no_rowid
            else reader.by_rowid()
        )
        if_present = "OR REPLACE" if table in ("local_log", "local_replica") else "OR IGNORE"
        for row in rows:
            made.db.execute(f"INSERT {if_present} INTO {table} ({', '.join(columns)}) VALUES ({marks})", row)
        lost.segments |= bool(reader.unreadable and table == "local_segment")
        if reader.unreadable and table not in ("local_change", "local_segment"):
            lost.rows[table] = reader.unreadable
    change_log.renumber(made)
    made.db.execute(
        "UPDATE local_log SET seq = (SELECT max(seq) FROM local_change WHERE log_id = id) WHERE id = ?", [BASELINE_LOG]
    )


def _check_own(made: Store) -> None:
    """Refuse to go on if the replica's own keys are lost."""
    if made.row("SELECT 1 FROM local_replica WHERE own = 1") is None:
        raise FieldappError(
            _("This laptop's own keys cannot be read. Nothing was changed; restore a backup: `fieldapp restore`.")
        )


class _Reader:
    """Reads one table around its damaged pages.

    A range that cannot be read is halved, the largest first, until it can be read, is one row, or too many reads have
    failed. SQLCipher does not use a connection any more after it has read a damaged page, so each failure opens another
    one.
    """

    def __init__(self, path: Path, key: bytes, table: str, columns: list[str]) -> None:
        self._path = path
        self._key = key
        self._table = table
        self._columns = ", ".join(columns)
        self._connection: Any = None
        self._failures_left = MAX_FAILURES
        self.unreadable = 0

    def by_rowid(self) -> Iterator[tuple[Any, ...]]:
        """All readable rows of a table with row numbers."""
        last = self._try(f"SELECT max(rowid) FROM {self._table}", ())
        high = last[0][0] or 0 if last else self._path.stat().st_size // PAGE * ROWS_OF_A_PAGE
        yield from self._range("rowid BETWEEN ? AND ?", (), high)

    def from_both_ends(self) -> Iterator[tuple[Any, ...]]:
        """The rows of a small table without row numbers, before the first damaged page and after the last."""
        keys = "1, 2"  # its key is its first columns
        for order in (keys, "1 DESC, 2 DESC"):
            rows: list[tuple[Any, ...]] = []
            complete = self._read(f"SELECT {self._columns} FROM {self._table} ORDER BY {order}", (), rows)
            yield from rows
            if complete:
                return
        self.unreadable += 1

    def by_log(self, made: Store) -> Iterator[tuple[Any, ...]]:
        """All readable changes of the known logs; those of the baseline are already in the new file."""
        for log in made.rows(
            "SELECT id, max(seq) AS seq FROM (SELECT id, seq FROM local_log UNION"
            " SELECT log_id, last FROM local_segment WHERE state = 'applied') WHERE id <> ? GROUP BY id",
            [BASELINE_LOG],
        ):
            found = self._try("SELECT max(seq) FROM local_change WHERE log_id = ?", (log["id"],))
            high = max(log["seq"], (found[0][0] or 0) if found else 0)
            yield from self._range("log_id = ? AND seq BETWEEN ? AND ?", (log["id"],), high)

    def _range(self, where: str, fixed: tuple[Any, ...], high: int) -> Iterator[tuple[Any, ...]]:
        waiting = [(-high, 1, high)]
        while waiting:
            size, low, high = heapq.heappop(waiting)
            if low > high:
                continue
            found = self._try(f"SELECT {self._columns} FROM {self._table} WHERE {where}", (*fixed, low, high))
            if found is not None:
                yield from found
            elif size == -1 or self._failures_left <= 0 or self._has_no_root:
                self.unreadable -= size
            else:
                middle = (low + high) // 2
                heapq.heappush(waiting, (low - middle - 1, low, middle))
                heapq.heappush(waiting, (middle - high, middle + 1, high))

    @cached_property
    def _has_no_root(self) -> bool:
        """Whether the table's root page is damaged: then no range can be read, however small.

        False if there is anything in the write-ahead log: SQLCipher checks only the database file, and the log may have
        the page complete.
        """
        log = self._path.with_name(self._path.name + "-wal")
        if log.exists() and log.stat().st_size:
            return False
        try:
            with closing(connect_to_read(self._path, self._key)) as connection:
                damaged = {row[0].split()[-1] for row in connection.execute("PRAGMA cipher_integrity_check")}
                root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [self._table]).fetchone()
        except DatabaseError:
            return False
        return root is not None and str(root[0]) in damaged

    def _try(self, sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]] | None:
        rows: list[tuple[Any, ...]] = []
        return rows if self._read(sql, params, rows) else None

    def _read(self, sql: str, params: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> bool:
        """Fetch into ``rows`` as far as possible; returns whether all were read."""
        try:
            if self._connection is None:
                self._connection = connect_to_read(self._path, self._key)
            rows.extend(self._connection.execute(sql, params))
        except DatabaseError as error:
            if not disk_errors.is_damage(error):
                raise
            self._failures_left -= 1
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return False
        return True


def _fill_from_segments(made: Store) -> None:
    """Enter changes that a segment holds and the log lacks, and logs that are known only by their segments.

    The changes of a numbered segment are not entered: the log reads them from the segment itself.
    """
    for row in made.rows(
        "SELECT hash, number, bytes FROM local_segment WHERE state = 'applied' ORDER BY log_id, first"
    ):
        try:
            header, changes = segment.decode(row["bytes"])
        except segment.BadSegment:
            made.db.execute("DELETE FROM local_segment WHERE hash = ?", [row["hash"]])
            continue
        made.db.execute(
            "INSERT OR IGNORE INTO local_log (id, scope, replica_id, own, seq) VALUES (?, ?, ?, 0, ?)",
            [header.log, header.scope, header.replica, header.last],
        )
        if row["number"] is None:
            made.db.conn.executemany(
                "INSERT OR REPLACE INTO local_change VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (c.log_id, c.seq, c.hlc, c.table, c.row_id, change_log.as_stored(c.cols), c.actor, c.at)
                    for c in changes
                ],
            )


def _cut_broken_chains(made: Store, lost: Lost) -> list[Row]:
    """Cut each log after the unbroken part of its chain of segments; returns own changes that must be logged again.

    These are the own changes after the cut that headquarters has not acknowledged. Those that it has acknowledged come
    back with its reply, as they were sealed.
    """
    tail: list[Row] = []
    me = made.value("SELECT id FROM local_replica WHERE own = 1")
    for log in made.rows("SELECT * FROM local_log WHERE id <> ?", [BASELINE_LOG]):
        last, head = 0, None
        broken = False
        for row in made.rows(
            "SELECT hash, first, last, prev FROM local_segment WHERE log_id = ? AND state = 'applied' ORDER BY first",
            [log["id"]],
        ):
            if not broken and (row["first"], row["prev"]) == (last + 1, head):
                last, head = row["last"], row["hash"]
                continue
            broken = True
            made.db.execute("DELETE FROM local_segment WHERE hash = ?", [row["hash"]])
        rest = made.rows("SELECT * FROM local_change WHERE log_id = ? AND seq > ? ORDER BY seq", [log["id"], last])
        lost.changes += _gaps(log["id"], last, max(log["seq"], last), [r["seq"] for r in rest])
        complete = (
            not broken
            and not (lost.segments and rest)
            and [r["seq"] for r in rest] == list(range(last + 1, log["seq"] + 1))
        )
        if log["own"] and complete:
            continue  # nothing is lost: changes that are not sealed yet stay in this log
        if log["replica_id"] == me:
            acknowledged = _acknowledged(made, log["id"])
            tail += [{**row, "scope": log["scope"]} for row in rest if row["seq"] > acknowledged]
            if acknowledged > last:
                lost.changes.append((log["id"], last + 1, acknowledged))
        made.db.execute("DELETE FROM local_change WHERE log_id = ? AND seq > ?", [log["id"], last])
        made.db.execute("UPDATE local_log SET seq = ? WHERE id = ?", [last, log["id"]])
        if log["own"] and rest:
            logs.begin_log(made, log["scope"])
    return tail


def _acknowledged(made: Store, log_id: str) -> int:
    """The last change of a log that a certified headquarters has, according to its receipts."""
    heads = [
        receipts.latest_receipt(made, p.id) for p in peers.others(made) if p.role == "hq" and p.trust == "certified"
    ]
    return max((head[log_id].last for head in heads if log_id in head), default=0)


def _begin_missing(made: Store) -> None:
    """Begin a log for each scope that is written here and has none."""
    me = made.identity
    for scope in [me.post_id] if me.post_id else ["*"]:
        if not made.value("SELECT 1 FROM local_log WHERE own = 1 AND scope = ?", [scope]):
            logs.begin_log(made, scope)
    logs.begin_missing_logs(made)


def _gaps(log: str, last: int, until: int, present: list[int]) -> list[tuple[str, int, int]]:
    """(log, first, last) of each run of changes after ``last`` and up to ``until`` that is not in ``present``."""
    found = []
    for seq in [*present, until + 1]:
        if seq > last + 1:
            found.append((log, last + 1, seq - 1))
        last = seq
    return found


def _relog_tail(made: Store, tail: list[Row], lost: Lost) -> None:
    """Log own changes again in the log that is written now, with their values, times and authors."""
    for row in sorted(tail, key=lambda r: r["hlc"]):
        log = made.row("SELECT id, seq FROM local_log WHERE own = 1 AND scope = ?", [row["scope"]])
        if log is None:
            continue
        made.db.execute("UPDATE local_log SET seq = seq + 1 WHERE id = ?", [log["id"]])
        values = [log["id"], log["seq"] + 1, *(row[c] for c in ("hlc", "table_name", "row_id", "cols", "actor", "at"))]
        made.db.execute("INSERT INTO local_change VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        lost.logged_anew += 1


def _replace_file(path: Path, part: Path) -> Path:
    """Replace the damaged file with the new one; returns its new path beside it, with the time in its name.

    Its write-ahead log is moved first: if it stayed, SQLite would take it for that of the new file.
    """
    kept = path.with_name(f"{FILE}.damaged-{wall.now():%Y%m%dT%H%M%SZ}")
    moved: list[tuple[Path, Path]] = []
    try:
        for suffix in ("-wal", "-shm"):
            beside, there = path.with_name(path.name + suffix), kept.with_name(kept.name + suffix)
            if beside.exists():
                disk.rename(beside, there)
                moved.append((beside, there))
        try:
            kept.hardlink_to(path)
        except OSError:  # this file system has no hard links
            shutil.copyfile(path, kept)
        disk.replace(part, path)
    except OSError:  # on Windows, because another program holds one of them: all is as it was
        for beside, there in moved:
            disk.rename(there, beside)
        disk.try_remove(kept)
        raise
    disk.sync_folder(path.parent)
    return kept
