"""The short way of the merge: changes that come last in the fold of their rows are written as they are.

Concurrency is rare. A segment whose author knew all that is there of a row adds to the end of that row's fold, so the
fold need not be made anew: its changes are inserts and updates, many rows to a statement. Whatever is not surely so is
left to the fold: rows that somebody else changed meanwhile, that have a change set aside or a conflict, and changes
that may not count. If SQLite refuses anything, all that was to be written together is: no savepoint is needed, which
would copy each page that it touches.

Which change counts never depends on another row: so it does not matter that updates wait (``Pending``), as long as none
does when a row is folded or read.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from fieldapp.store import log
from fieldapp.store.connection import IntegrityError
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Store
from fieldapp.sync.objections import Author, Cell, Schema, is_storable
from fieldapp.sync.segment import Entry, Sealed

ALWAYS = 1 << 62
"""How far a log is known where nothing of it can be unknown"""

Params = list[tuple[Any, ...]]
"""Values of one statement for many rows: the row's id, then its columns"""


MAX_PENDING, MAX_PENDING_TEXT = 100_000, 8_000_000
"""Rows, and characters of their values, that wait at most: some 40 MB"""


class _Update(NamedTuple):
    """A statement that updates rows of one table, by id."""

    table: str
    sql: str


class _Refused(Exception):
    """A row is not there, or is another post's."""


def doubtful(store: Store, sealed: Sealed) -> set[str]:
    """The rows of a segment, not yet entered, whose fold may not simply end with its changes.

    These are rows with a change that the author did not know, or whose reading is not before the segment's first: only
    a clock that lies makes the second without the first. Also rows of which something is set aside or in conflict.
    """
    found = {r["row_id"] for r in store.rows("SELECT DISTINCT row_id FROM local_conflict")}
    aside = [(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")]
    found |= {c.row_id for c in log.at_places(store, aside).values()}
    numbers, rows_too = _beyond(store, sealed)
    if not numbers and not rows_too:
        return found
    ids = {e.row_id for e in sealed.entries}
    if rows_too:
        found |= {
            r["row_id"]
            for r in log.stored(store, ids)
            if r["hlc"] >= sealed.entries[0].hlc or r["seq"] > _known(sealed, r["log_id"])
        }
    if numbers:
        log.catch_up(store)
        touched = store.rows(
            "SELECT key, segment FROM local_touch WHERE key IN (SELECT value FROM json_each(?))", [log.touch_keys(ids)]
        )
        keys = {r["key"] for r in touched if r["segment"] in numbers}
        found |= {i for i in ids if log.touch_key(i) in keys}
    return found


def _beyond(store: Store, sealed: Sealed) -> tuple[set[int], bool]:
    """(numbers of the segments in the same scope that lie beyond what the author knew, whether rows of the log do)."""
    first = sealed.entries[0].hlc
    numbers: set[int] = set()
    rows_too = False
    for row in store.rows("SELECT id FROM local_log WHERE scope = ?", [sealed.header.scope]):
        known = _known(sealed, row["id"])
        newest = store.row("SELECT seq, hlc FROM local_change WHERE log_id = ? ORDER BY seq DESC LIMIT 1", [row["id"]])
        rows_too = rows_too or (newest is not None and (newest["seq"] > known or newest["hlc"] >= first))
        for found in store.rows(
            "SELECT number FROM local_segment WHERE state = 'applied' AND log_id = ? AND (last > ? OR last_hlc >= ?)",
            [row["id"], known, first],
        ):
            if found["number"] is None:
                rows_too = True
            else:
                numbers.add(found["number"])
    return numbers, rows_too


def _known(sealed: Sealed, log_id: str) -> int:
    """How far a segment's author knew a log: his own, and the baseline, wholly."""
    if log_id in (sealed.header.log, BASELINE_LOG):
        return ALWAYS
    return sealed.header.knows.get(log_id, 0)


class Pending:
    """Updates that wait for those of the segments behind them: written together in the order of the rows, they read,
    encrypt and write each page of a table once, and not once for every segment.

    Rows that are new do not wait. No two updates of one row do: the second makes the first be written.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._updates: dict[_Update, Params] = {}
        self._ids: set[str] = set()
        self._text = 0

    @cached_property
    def schema(self) -> Schema:
        """Read once, and only where something new came."""
        return Schema(self._store)

    def add(self, updates: Mapping[_Update, Params]) -> list[Cell]:
        """Let updates wait; returns the rows whose updates were refused meanwhile."""
        ids = [values[0] for rows in updates.values() for values in rows]
        refused = [] if self._ids.isdisjoint(ids) else self.flush()
        self._ids.update(ids)
        for update, rows in updates.items():
            self._updates.setdefault(update, []).extend(rows)
            self._text += sum([len(v) for values in rows for v in values[1:] if type(v) is str])
        if len(self._ids) > MAX_PENDING or self._text > MAX_PENDING_TEXT:
            refused += self.flush()
        return refused

    def flush(self) -> list[Cell]:
        """Write what waits; if any of it is refused, returns all of its rows, which are left to the fold."""
        updates, self._updates = self._updates, {}
        self._ids, self._text = set(), 0
        try:
            for update, rows in updates.items():
                rows.sort(key=itemgetter(0))
                if self._store.db.conn.executemany(update.sql, rows).rowcount != len(rows):
                    raise _Refused
        except (IntegrityError, _Refused):  # what was written before it is right, and the fold says the same again
            return [(update.table, values[0]) for update, rows in updates.items() for values in rows]
        return []


def write(store: Store, author: Author, sealed: Sealed, avoid: set[str], pending: Pending) -> list[Cell]:
    """Write what can be written straight, updates into ``pending``; returns the rows that are left to the fold, in the
    order of their changes."""
    statements = _Statements(pending.schema, author)
    left = statements.collect(sealed, avoid)
    refused: list[Cell] = []
    try:
        for sql, values in statements.inserts():
            store.db.conn.executemany(sql, values)
        refused = pending.add(statements.updates())
    except IntegrityError:
        left = {e.row_id for e in sealed.entries}
    if not left and not refused:
        return []
    return list(dict.fromkeys([*refused, *((e.table, e.row_id) for e in sealed.entries if e.row_id in left)]))


class _Statements:
    """The changes of one segment, put together by table and columns."""

    def __init__(self, schema: Schema, author: Author) -> None:
        self._schema = schema
        self._author = author
        self._inserts: dict[str, dict[tuple[str, ...], Params]] = {}
        self._updates: dict[tuple[str, tuple[str, ...]], Params] = {}

    def collect(self, sealed: Sealed, avoid: set[str]) -> set[str]:
        """Put the changes in their places; returns the ids of the rows that are left to the fold."""
        entries = sealed.entries
        apart = avoid | _repeated(entries)
        left: set[str] = set()
        rest: list[Entry] = []
        adders: dict[tuple[str, ...], Callable[[tuple[Any, ...]], None] | None] = {}
        for entry in entries:
            row_id, cols = entry.row_id, entry.cols
            if row_id in apart:
                rest.append(entry)
                continue
            shape = (entry.table, *cols)
            if shape not in adders:
                is_new = self._is_new(entry.table, cols)
                adders[shape] = None if is_new is None else self._place(entry.table, tuple(cols), is_new).append
            add = adders[shape]
            if add is None or not (sealed.plain or all(map(is_storable, cols.values()))):
                left.add(row_id)
            else:
                add((row_id, *cols.values()))
        self._several(rest, sealed.plain, avoid, left)
        return left

    def _several(self, entries: list[Entry], plain: bool, avoid: set[str], left: set[str]) -> None:
        """Rows that change several times: what their columns are in the end."""
        rows: dict[str, tuple[str, dict[str, Any], bool]] = {}
        for entry in entries:
            row_id, cols = entry.row_id, entry.cols
            is_new = None if row_id in avoid or row_id in left else self._is_new(entry.table, cols)
            before = rows.get(row_id)
            fits = is_new is not None and (plain or all(map(is_storable, cols.values())))
            if is_new is not None and fits and before is None:
                rows[row_id] = (entry.table, cols, is_new)
            elif fits and before is not None and before[0] == entry.table and not is_new:
                rows[row_id] = (entry.table, before[1] | cols, before[2])
            else:
                left.add(row_id)
                rows.pop(row_id, None)
        for row_id, (table, cols, is_new) in rows.items():
            self._place(table, tuple(cols), is_new).append((row_id, *cols.values()))

    def _is_new(self, table: str, cols: Mapping[str, Any]) -> bool | None:
        """Whether a change of these columns begins a row; None if it may not count, or has columns that are not
        known."""
        columns = self._schema.columns.get(table)
        if columns is None or not self._schema.may_write(self._author, table):
            return None
        if not cols.keys() <= set(columns) - {"id", "post_id"}:
            return None
        is_new = "created_at" in cols
        return None if not is_new and "created_by" in cols else is_new

    def _place(self, table: str, names: tuple[str, ...], is_new: bool) -> Params:
        if is_new:
            return self._inserts.setdefault(table, {}).setdefault(names, [])
        return self._updates.setdefault((table, names), [])

    def inserts(self) -> Iterator[tuple[str, Params]]:
        """(statement, its values), parents before those that refer to them."""
        for table in self._schema.columns:
            own = not self._schema.is_reference(table)
            for names, values in self._inserts.get(table, {}).items():
                columns = ["id", *names, *(["post_id"] if own else [])]
                marks = ["?"] * (len(names) + 1) + ([f"'{self._author.scope}'"] if own else [])
                yield f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(marks)})", values

    def updates(self) -> dict[_Update, Params]:
        """Statement -> its values, the row's id first."""
        return {self._update(table, names): values for (table, names), values in self._updates.items()}

    def _update(self, table: str, names: tuple[str, ...]) -> _Update:
        sets = ", ".join(f"{name} = ?{place}" for place, name in enumerate(names, start=2))
        scope = "" if self._schema.is_reference(table) else f" AND post_id = '{self._author.scope}'"
        return _Update(table, f"UPDATE {table} SET {sets} WHERE id = ?1{scope}")


def _repeated(entries: list[Entry]) -> set[str]:
    """The rows that change more than once."""
    ids = [e.row_id for e in entries]
    if len(set(ids)) == len(ids):
        return set()
    return {row_id for row_id, times in Counter(ids).items() if times > 1}
