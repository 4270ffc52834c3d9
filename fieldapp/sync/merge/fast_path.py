"""The fast path of the merge: changes that come last in the fold of their rows are written directly.

Concurrent changes are rare. If a segment's author knew all that is here of a row, the segment's changes come at the end
of that row's fold, and the row need not be folded again. The changes become inserts and updates, many rows to a
statement. If that is not certain, a row is left to the fold: a row that somebody else changed meanwhile, one with a
conflict, and one with a change that may not count. If SQLite refuses one statement, or does not write a row because it
belongs to another post or names another post's record, the whole segment is left to the fold. So no savepoint is
needed, which would copy each page that it touches.

Updates may wait (``Pending``), as long as none is waiting when a row is folded or read.
"""

import json
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from msgspec import Struct, field

from fieldapp.domain.lengths import UNCHECKED
from fieldapp.store import log
from fieldapp.store.connection import IntegrityError
from fieldapp.store.ids import naming_others
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Store
from fieldapp.sync.format.segment import ChangeLine, Sealed
from fieldapp.sync.merge.admission import Author, RowKey, Schema, is_storable

KNOWS_ALL = 1 << 62
"""How far an author knows a log that they must know completely"""

Values = list[tuple[Any, ...]]
"""What one statement writes into many rows: for each row its id, then its columns"""

MAX_PENDING, MAX_PENDING_TEXT = 100_000, 8_000_000
"""How many rows, and how many characters of their values, may wait: about 40 MB"""


class _Columns(NamedTuple):
    """Columns of one table that changes set together."""

    table: str
    names: tuple[str, ...]


class _Update(NamedTuple):
    """A statement that updates rows of one table, by id."""

    table: str
    sql: str


class _Plan(Struct):
    """What is to be done with the changes of one segment."""

    inserts: dict[_Columns, Values] = field(default_factory=dict)
    updates: dict[_Columns, Values] = field(default_factory=dict)
    to_fold: set[str] = field(default_factory=set)
    """ids of the rows that are left to the fold"""


class _NotWritable(Exception):
    """A row does not exist, or belongs to another post, or names a record of another post."""


def rows_to_fold(store: Store, sealed: Sealed) -> set[str]:
    """Ids of the rows that must be folded: the changes of a segment may not come last in their fold.

    The segment must not be entered yet. The rows are those with a change that its author did not know, or with a
    reading that is not before the segment's first. (Only a wrong clock causes the second without the first.) The rows
    with a conflict are among them, too: a change may settle it.
    """
    ids = {e.row_id for e in sealed.entries}
    found: set[str] = set()
    if store.value("SELECT 1 FROM local_conflict LIMIT 1"):
        found |= {
            r["row_id"]
            for r in store.rows(
                "SELECT row_id FROM local_conflict WHERE row_id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(ids))],
            )
        }
    numbers, rows_too = _unknown_to_author(store, sealed)
    if not numbers and not rows_too:
        return found
    if rows_too:
        found |= {
            r["row_id"]
            for r in log.stored_changes(store, ids)
            if r["hlc"] >= sealed.entries[0].hlc or r["seq"] > _known_through(sealed, r["log_id"])
        }
    if numbers:
        log.index_touched_rows(store)
        touched = store.rows(
            "SELECT key, segment FROM local_touch WHERE key IN (SELECT value FROM json_each(?))", [log.touch_keys(ids)]
        )
        keys = {r["key"] for r in touched if r["segment"] in numbers}
        found |= {i for i in ids if log.touch_key(i) in keys}
    return found


def _unknown_to_author(store: Store, sealed: Sealed) -> tuple[set[int], bool]:
    """(numbers of the segments in the same scope with changes after those that the author knew, whether the rows of
    ``local_change`` have such changes, too)."""
    first = sealed.entries[0].hlc
    numbers: set[int] = set()
    rows_too = False
    for row in store.rows("SELECT id FROM local_log WHERE scope = ?", [sealed.header.scope]):
        known = _known_through(sealed, row["id"])
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


def _known_through(sealed: Sealed, log_id: str) -> int:
    """How far a segment's author knew a log; they know all of their own log and of the baseline."""
    if log_id in (sealed.header.log, BASELINE_LOG):
        return KNOWS_ALL
    return sealed.header.knows.get(log_id, 0)


class Pending:
    """Updates that wait, to be written together with those of the segments after them.

    Written in the order of the rows, they read, encrypt and write each page of a table once, and not once for every
    segment. New rows do not wait. No two updates of one row wait: before a second one is added, the first is written.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._updates: dict[_Update, Values] = {}
        self._ids: set[str] = set()
        self._text = 0

    @cached_property
    def schema(self) -> Schema:
        """The schema, read only if it is needed."""
        return self._store.cached_for_shape("schema", lambda: Schema(self._store))

    def add(self, updates: Mapping[_Update, Values]) -> list[RowKey]:
        """Let updates wait; returns the rows whose earlier updates were written now, and refused."""
        ids = [values[0] for rows in updates.values() for values in rows]
        refused = [] if self._ids.isdisjoint(ids) else self.flush()
        self._ids.update(ids)
        for update, rows in updates.items():
            self._updates.setdefault(update, []).extend(rows)
            self._text += sum([len(v) for values in rows for v in values[1:] if type(v) is str])
        if len(self._ids) > MAX_PENDING or self._text > MAX_PENDING_TEXT:
            refused += self.flush()
        return refused

    def flush(self) -> list[RowKey]:
        """Write the waiting updates; if one is refused, returns all of their rows, which are left to the fold."""
        updates, self._updates = self._updates, {}
        self._ids, self._text = set(), 0
        try:
            for update, rows in updates.items():
                rows.sort(key=itemgetter(0))
                if self._store.db.conn.executemany(update.sql, rows).rowcount != len(rows):
                    raise _NotWritable
        except (IntegrityError, _NotWritable):  # updates written before it are right: the fold gives the same
            return [(update.table, values[0]) for update, rows in updates.items() for values in rows]
        return []


def write_rows(store: Store, author: Author, sealed: Sealed, excluded_ids: set[str], pending: Pending) -> list[RowKey]:
    """Write a segment's changes directly where possible; returns the rows left to the fold, in order of their changes.

    Updates wait in ``pending``. ``excluded_ids``: the rows that ``rows_to_fold`` gave.
    """
    schema = pending.schema
    plan = _Planner(schema, author, excluded_ids, clean=sealed.plain).plan(sealed.entries)
    to_fold = plan.to_fold
    refused: list[RowKey] = []
    rank = {table: place for place, table in enumerate(schema.columns)}
    try:
        begun: dict[str, set[str]] = {}
        for columns in sorted(plan.inserts, key=lambda c: rank[c.table]):
            rows = plan.inserts[columns]
            begun.setdefault(columns.table, set()).update([row[0] for row in rows])
            _check_references(store, schema, author.scope, columns, rows, begun)
            store.db.conn.executemany(_insert(schema, author.scope, columns), rows)
        refused = pending.add({_update(schema, author.scope, c): values for c, values in plan.updates.items()})
    except (IntegrityError, _NotWritable):
        to_fold = {e.row_id for e in sealed.entries}
    if not to_fold and not refused:
        return []
    return list(dict.fromkeys([*refused, *((e.table, e.row_id) for e in sealed.entries if e.row_id in to_fold)]))


def _check_references(
    store: Store, schema: Schema, scope: str, columns: _Columns, rows: Values, begun: Mapping[str, set[str]]
) -> None:
    """_NotWritable if new rows name a record that is not of this scope.

    ``begun``: table -> ids that the segment begins. The others are asked for at once: a condition in the statement
    would look up each record a second time, after the foreign key.
    """
    parents = schema.of_a_post[columns.table]
    for place, name in enumerate(columns.names, start=1):
        if name in parents:
            named = {row[place] for row in rows} - begun.get(parents[name], set()) - {None}
            if named and len(named) != store.value(
                f"SELECT count(*) FROM {parents[name]} WHERE id IN (SELECT value FROM json_each(?)) AND post_id = ?",
                [json.dumps(list(named)), scope],
            ):
                raise _NotWritable


def _insert(schema: Schema, scope: str, columns: _Columns) -> str:
    """The statement for new rows."""
    names, marks = ["id", *columns.names], ["?"] * (len(columns.names) + 1)
    if not schema.is_reference(columns.table):
        names.append("post_id")
        marks.append(_quoted(scope))
    return f"INSERT INTO {columns.table} ({', '.join(names)}) VALUES ({', '.join(marks)})"


def _update(schema: Schema, scope: str, columns: _Columns) -> _Update:
    """The statement for rows that exist; it changes no row of another post, and names no record of one."""
    table, names = columns
    sets = ", ".join(f"{name} = ?{place}" for place, name in enumerate(names, start=2))
    mine = [] if schema.is_reference(table) else [f"post_id = {_quoted(scope)}"]
    wanted = " AND ".join(["id = ?1", *mine, *_own_references(schema, scope, columns)])
    return _Update(table, f"UPDATE {table} SET {sets} WHERE {wanted}")


def _own_references(schema: Schema, scope: str, columns: _Columns) -> list[str]:
    """A condition for each value that names a record of a post: it is a record of this scope."""
    parents = schema.of_a_post[columns.table]
    return [
        f"(?{place} IS NULL OR EXISTS (SELECT 1 FROM {parents[name]} p"
        f" WHERE p.id = ?{place} AND p.post_id = {_quoted(scope)}))"
        for place, name in enumerate(columns.names, start=2)
        if name in parents
    ]


def _quoted(scope: str) -> str:
    """A scope as an SQL text: it comes from a segment's header."""
    return "'" + scope.replace("'", "''") + "'"


class _Planner:
    """Decides what is to be done with the changes of one segment."""

    def __init__(self, schema: Schema, author: Author, excluded_ids: set[str], *, clean: bool) -> None:
        """``clean``: every value can be stored as it is, and need not be checked."""
        self._schema = schema
        self._author = author
        self._excluded_ids = excluded_ids
        self._clean = clean
        self._plan = _Plan()

    def plan(self, entries: list[ChangeLine]) -> _Plan:
        """Sort the changes into inserts, updates and those left to the fold, and by table and columns."""
        ids = [e.row_id for e in entries]
        repeated_ids = _repeated(ids)
        barred_ids = self._excluded_ids | naming_others(ids, self._author.scope)
        apart = repeated_ids | barred_ids
        repeated: list[ChangeLine] = []
        to_fold = self._plan.to_fold
        by_shape: dict[tuple[str, ...], Values | None] = {}
        for entry in entries:
            row_id, cols = entry.row_id, entry.cols
            if row_id in apart:
                if row_id in barred_ids:
                    to_fold.add(row_id)
                else:
                    repeated.append(entry)
                continue
            shape = (entry.table, *cols)
            if shape not in by_shape:
                is_new = self._is_new(entry.table, cols)
                by_shape[shape] = None if is_new is None else self._values(entry.table, cols, is_new)
            values = by_shape[shape]
            if values is None or not (self._clean or self._storable(cols)):
                to_fold.add(row_id)
            else:
                values.append((row_id, *cols.values()))
        self._plan_repeated(repeated)
        for planned in (self._plan.inserts, self._plan.updates):
            for columns, values in planned.items():
                self._leave_too_long(columns, values)
        return self._plan

    def _leave_too_long(self, columns: _Columns, values: Values) -> None:
        """Leave rows with a text that is too long to the fold, which rejects it."""
        for place, name in enumerate(columns.names, start=1):
            most = UNCHECKED.get(name)
            if most is None:
                continue
            long_texts = {v for v in {row[place] for row in values} if isinstance(v, str) and len(v) > most}
            if long_texts:
                self._plan.to_fold.update(row[0] for row in values if row[place] in long_texts)
                values[:] = [row for row in values if row[place] not in long_texts]

    def _plan_repeated(self, entries: list[ChangeLine]) -> None:
        """Plan the rows that change several times: each is written once, with its final values."""
        rows: dict[str, tuple[str, dict[str, Any], bool]] = {}
        to_fold = self._plan.to_fold
        for entry in entries:
            row_id, cols = entry.row_id, entry.cols
            is_new = None if row_id in to_fold else self._is_new(entry.table, cols)
            before = rows.get(row_id)
            if is_new is None or not self._storable(cols):
                to_fold.add(row_id)
                rows.pop(row_id, None)
            elif before is None:
                rows[row_id] = (entry.table, cols, is_new)
            elif before[0] == entry.table and not is_new:
                rows[row_id] = (entry.table, before[1] | cols, before[2])
            else:
                to_fold.add(row_id)
                del rows[row_id]
        for row_id, (table, cols, is_new) in rows.items():
            self._values(table, cols, is_new).append((row_id, *cols.values()))

    def _is_new(self, table: str, cols: Mapping[str, Any]) -> bool | None:
        """Whether a change of these columns begins a row; None if it may not count, or sets unknown columns."""
        columns = self._schema.columns.get(table)
        if columns is None or not self._schema.may_write(self._author, table):
            return None
        if not cols.keys() <= set(columns) - {"id", "post_id"}:
            return None
        is_new = "created_at" in cols
        return None if not is_new and "created_by" in cols else is_new

    def _storable(self, cols: Mapping[str, Any]) -> bool:
        return self._clean or all(map(is_storable, cols.values()))

    def _values(self, table: str, cols: Mapping[str, Any], is_new: bool) -> Values:
        planned = self._plan.inserts if is_new else self._plan.updates
        return planned.setdefault(_Columns(table, tuple(cols)), [])


def _repeated(ids: list[str]) -> set[str]:
    """Ids of the rows that change more than once."""
    if len(set(ids)) == len(ids):
        return set()
    return {row_id for row_id, times in Counter(ids).items() if times > 1}
