"""The merge: a row is a fold over the changes of its cells, a pure function of the set of applied segments.

Per column the change with the greatest (hlc, log) wins. Rules that are the same in every replica decide for each change
whether it counts; one that does not is rejected, with the reason. Two changes of one cell (one column of one row)
conflict when neither author knew the other's change and the values differ. Live import and ``doctor --rebuild`` use the
same fold.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from fieldapp.domain.records import BY_KIND
from fieldapp.records import search_index
from fieldapp.store import log
from fieldapp.store.connection import IntegrityError
from fieldapp.store.log import Change
from fieldapp.store.migrations import BASELINE_LOG, REFOLD
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock
from fieldapp.sync.format.segment import Sealed
from fieldapp.sync.merge import authors, fast_path, log_by_row, voids
from fieldapp.sync.merge.admission import (
    BEGIN_COLUMNS,
    IMPOSSIBLE,
    AuthoredChange,
    RowKey,
    Schema,
    may_begin,
    rejection_reason,
    without_beginning,
)
from fieldapp.sync.merge.knowledge import Knowledge

NOT_IN_CONFLICT = frozenset({*BEGIN_COLUMNS, "confirmed"})
"""Columns whose values cannot contradict each other: a row may be begun twice, and answers belong to other columns"""

RULES = "2"
"""Counts up when other changes may count than before"""
FOLDED_BY = "folded_by"
"""Local setting: the ``RULES`` by which the rejected changes were looked at; without any, it need not be there"""

BATCH = 5_000
"""How many rows are folded at a time, with their changes in memory"""


def apply_changes(store: Store, sealed: Sealed, hash_: str, pending: fast_path.Pending | None = None) -> None:
    """Enter a segment's changes into the log and bring its rows up to date; inside an applying transaction.

    Most segments are a post's next ones, and nobody else wrote in between. Then their changes come last in the fold of
    each row, and are written directly (``fast_path``). Where that is not certain, rows are folded. With ``pending``,
    updates may wait until ``flush_pending``.
    """
    header, entries = sealed.header, sealed.entries
    by = authors.authors(store, header.log).get(header.log) or authors.author(store, header.scope, header.replica)
    excluded_ids = fast_path.rows_to_fold(store, sealed)  # before the segment itself is entered
    log.number_segment(store, hash_)
    log.store_last_change(store, hash_, entries[-1].hlc, sealed.change(len(entries) - 1).at)
    store.db.execute(
        "INSERT INTO local_log (id, scope, replica_id, own, seq) VALUES (?, ?, ?, 0, ?)"
        " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq",
        [header.log, header.scope, header.replica, header.last],
    )
    clock.observe(store, entries[-1].hlc)
    updates = pending or fast_path.Pending(store)
    to_fold = fast_path.write_rows(store, by, sealed, excluded_ids, updates)
    to_fold += _awaiting(store, [entry.row_id for entry in entries if "created_at" in entry.cols])
    if pending is None or to_fold:
        to_fold = list(dict.fromkeys([*updates.flush(), *to_fold]))
    if to_fold:
        fold_rows(store, updates.schema, to_fold)


def flush_pending(store: Store, pending: fast_path.Pending) -> None:
    """Write the waiting updates; inside an applying transaction."""
    to_fold = pending.flush()
    if to_fold:
        fold_rows(store, pending.schema, to_fold)


class StoredRows:
    """The rows of the tables as they are stored while some are folded."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store, self._schema = store, schema

    def scope(self, row: RowKey) -> str | None:
        """The scope of a row; None if there is no such row."""
        table, row_id = row
        found: str | None = self._store.value(f"SELECT {self._scope_sql(table)} FROM {table} WHERE id = ?", [row_id])
        return found

    def _scope_sql(self, table: str) -> str:
        return "'*'" if self._schema.is_reference(table) else "post_id"

    def write(self, row: RowKey, given: Mapping[str, Any]) -> None:
        """Make a row have these values, and NULL in all other columns; IntegrityError if it may not."""
        table, _row_id = row
        columns = self._schema.columns[table]
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        sets = ", ".join(f"{c} = excluded.{c}" for c in columns if c != "id")
        other = " OR ".join(f"{table}.{c} IS NOT excluded.{c}" for c in columns if c != "id")  # most are equal already
        self._store.db.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {sets} WHERE {other}",
            [given.get(column) for column in columns],
        )

    def delete(self, row: RowKey) -> None:
        """Delete a row that no change makes."""
        _delete_rows(self._store, [row])


class ReadRows(StoredRows):
    """The same for a fold of all rows: they are read beforehand, part by part, and it is noted what they were.

    Most are what their changes say; then no query is needed for them at all.
    """

    def __init__(self, store: Store, schema: Schema, *, noting: bool) -> None:
        super().__init__(store, schema)
        self._noting = noting
        self._table = ""
        self._rows: dict[str, Row] = {}
        """id -> row, all rows of the present part"""
        self._scopes: dict[RowKey, str | None] = {}
        """The scopes of the rows that the part's changes name"""
        self._before: dict[RowKey, bytes | None] = {}
        """The rows that were written or deleted -> a digest of their values before, None if there was no row"""

    def begin(self, part: log_by_row.Part) -> set[str]:
        """Read the rows of a part, and the scopes of those that its changes name; the ids of the part's rows."""
        if part.table not in self._schema.columns:
            return set()
        self._table = part.table
        bounds = [part.first, part.last or ""]
        before = "" if part.last is None else " AND id < ?2"
        found = self._store.rows(f"SELECT * FROM {part.table} WHERE id >= ?1{before}", bounds[: 1 + bool(before)])
        self._rows = {row["id"]: row for row in found}
        named: dict[str, set[str]] = {}
        for column, parent in self._schema.of_a_post[part.table].items():
            values = {change.cols.get(column) for changes in part.changes.values() for change in changes}
            named.setdefault(parent, set()).update(value for value in values if isinstance(value, str))
        for parent, ids in named.items():
            scopes = self._store.rows(
                f"SELECT id, {self._scope_sql(parent)} AS scope FROM {parent}"
                " WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(ids))],
            )
            self._scopes |= {(parent, row_id): None for row_id in ids} | {(parent, r["id"]): r["scope"] for r in scopes}
        return {*self._rows}

    def end(self) -> None:
        """Forget the rows of the part: until the next one, each row is asked for."""
        self._table, self._rows, self._scopes = "", {}, {}

    def differing(self) -> list[RowKey]:
        """The noted rows that are not what they were, in the order in which they were written."""
        return [row for row, before in self._before.items() if _digest(self._stored(row)) != before]

    def scope(self, row: RowKey) -> str | None:
        table, row_id = row
        if table == self._table:
            stored = self._rows.get(row_id)
            return None if stored is None else "*" if self._schema.is_reference(table) else stored["post_id"]
        return self._scopes[row] if row in self._scopes else super().scope(row)

    def write(self, row: RowKey, given: Mapping[str, Any]) -> None:
        table, row_id = row
        values = {column: given.get(column) for column in self._schema.columns[table]}
        stored = self._stored(row)
        if stored == values:
            return
        super().write(row, given)
        self._note(row, stored)
        if table == self._table:
            self._rows[row_id] = values

    def delete(self, row: RowKey) -> None:
        self._note(row, self._stored(row))
        super().delete(row)
        if row[0] == self._table:
            self._rows.pop(row[1], None)

    def _stored(self, row: RowKey) -> Row | None:
        table, row_id = row
        if table == self._table:
            return self._rows.get(row_id)
        return self._store.row(f"SELECT * FROM {table} WHERE id = ?", [row_id])

    def _note(self, row: RowKey, stored: Row | None) -> None:
        if self._noting:
            self._before.setdefault(row, _digest(stored))


def _digest(row: Row | None) -> bytes | None:
    return None if row is None else hashlib.blake2b(repr([*row.items()]).encode(), digest_size=16).digest()


def fold_rows(store: Store, schema: Schema, row_keys: Iterable[RowKey]) -> None:
    """Fold rows: make each what its changes say.

    Where a row appears, disappears or passes to another post by that, the rows that wait for it or refer to it are
    folded again. References form no circle, so this ends.
    """
    for table, ids in _fold(store, schema, row_keys, StoredRows(store, schema)).items():
        if table in BY_KIND and search_index.has_words(table):
            search_index.index_ids(store, table, list(ids))


def _fold(store: Store, schema: Schema, row_keys: Iterable[RowKey], stored: StoredRows) -> dict[str, dict[str, None]]:
    """Fold rows, but do not index them; returns table -> ids of the rows of which a change counts."""
    written: dict[str, dict[str, None]] = {}
    by_log = authors.authors(store)
    todo = dict.fromkeys(row_keys)
    while todo:
        part = [*todo][:BATCH]
        changes = log.changes_of_rows(store, [row_id for _table, row_id in part])
        rows = {
            (table, row_id): [
                AuthoredChange(c.log_id, c.seq, c.hlc, table, c.cols, by_log[c.log_id])
                for c in changes.get(row_id, [])
                if c.table == table
            ]
            for table, row_id in part
        }
        _forget_findings(store, rows)
        again: list[RowKey] = []
        for row, logged in rows.items():
            del todo[row]
            counts, others = _fold_row(store, schema, stored, row, logged)
            again += others
            if counts:
                written.setdefault(row[0], {})[row[1]] = None
        todo |= dict.fromkeys(again)
    return written


def _awaiting(store: Store, ids: Sequence[str]) -> list[RowKey]:
    """The rows with a change that was rejected because a row with one of these ids was not there, or another post's."""
    if not ids or store.value("SELECT 1 FROM local_awaited LIMIT 1") is None:
        return []
    given = [json.dumps(list(ids))]
    found = store.rows(
        "SELECT DISTINCT table_name, row_id FROM local_awaited WHERE awaited_id IN (SELECT value FROM json_each(?))"
        " ORDER BY row_id",
        given,
    )
    if found:
        store.db.execute("DELETE FROM local_awaited WHERE awaited_id IN (SELECT value FROM json_each(?))", given)
    return [(row["table_name"], row["row_id"]) for row in found]


def fold_after_upgrade(store: Store) -> None:
    """Fold the rows that an older version of the program logged without understanding them; once after each upgrade."""
    stored = store.setting(REFOLD)
    if stored is None:
        _fold_by_new_rules(store)
        return
    with store.transaction(applying=True):
        refold = json.loads(stored)
        _index_shipped(store, refold["shipped"])
        fold_rows(store, Schema(store), _not_understood(store, **refold))
        store.db.execute("DELETE FROM local_setting WHERE key = ?", [REFOLD])
        voids.judge_all_again(store)


def _fold_by_new_rules(store: Store) -> None:
    """Fold the rows with a change that older rules rejected; once after the rules were changed."""
    rejected = [(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")]
    if not rejected or store.setting(FOLDED_BY) == RULES:
        return
    with store.transaction(applying=True):
        fold_rows(store, Schema(store), _row_keys(log.changes_at(store, rejected).values()))
        voids.judge_all_again(store)
        store.set_setting(FOLDED_BY, RULES)


def _index_shipped(store: Store, after: int) -> None:
    """Enter the rows that the program ships since then into the search index."""
    ids: dict[str, dict[str, None]] = {}
    for c in log.changes_after(store, BASELINE_LOG, after):
        ids.setdefault(c.table, {})[c.row_id] = None
    for table, of_table in ids.items():
        if table in BY_KIND and search_index.has_words(table):
            search_index.index_ids(store, table, list(of_table))


def _not_understood(store: Store, columns: dict[str, list[str]], shipped: int) -> list[RowKey]:
    """Rows that an older version of the program could not fold completely.

    They have a change that was rejected, or that sets one of ``columns``, which that version did not have. Or a change
    of the baseline after number ``shipped`` was written over what somebody else has changed.
    """
    rejected = {(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")}
    new = {table: set(names) for table, names in columns.items()}
    written = {c.row_id for c in log.changes_after(store, BASELINE_LOG, shipped)}
    return _row_keys(
        c
        for c in log.all_changes(store)
        if not (c.log_id == BASELINE_LOG and c.seq > shipped)
        and (
            (c.row_id in written and c.log_id != BASELINE_LOG)
            or (c.log_id, c.seq) in rejected
            or not new.get(c.table, set()).isdisjoint(c.cols)
        )
    )


def _row_keys(changes: Iterable[Change]) -> list[RowKey]:
    """The rows that some changes belong to, in the order of the first change of each."""
    first: dict[RowKey, int] = {}
    for c in changes:
        row = (c.table, c.row_id)
        first[row] = min(c.hlc, first.get(row, c.hlc))
    return sorted(first, key=lambda row: (first[row], row[1]))


def withdraw_log(store: Store, log_id: str) -> list[RowKey]:
    """Remove the changes of a log that no applied segment holds any more; returns their rows, to be refolded.

    Inside an applying transaction, with nothing of the log unsealed.
    """
    touched = log.remove_segments(store, log_id)
    last = store.value("SELECT seq FROM local_log WHERE id = ?", [log_id])
    store.db.execute("DELETE FROM local_set_aside WHERE log_id = ? AND seq > ?", [log_id, last])
    voids.judge_all_again(store)
    return list(touched)


def refold(store: Store, row_keys: Iterable[RowKey]) -> None:
    """Fold rows again after some of their changes were removed; inside an applying transaction.

    A row that no change begins any more is deleted. The rows that refer to it are folded again as well.
    """
    row_keys = list(row_keys)
    if not row_keys:
        return
    schema = Schema(store)
    wanted = [row for row in dict.fromkeys(row_keys) if row[0] in schema.columns]
    begun = {row for row, change in _authored_changes(store, wanted) if "created_at" in change.cols}
    gone = {row: None for row in wanted if row not in begun}
    todo = list(gone)
    while todo:
        todo = [row for row in _rows_referring_to(store, schema, todo) if row not in gone]
        gone.update(dict.fromkeys(todo))
    _delete_rows(store, list(gone))
    fold_rows(store, schema, _in_order(store, [*wanted, *gone]))


def _delete_rows(store: Store, row_keys: Sequence[RowKey]) -> None:
    """Delete rows that no change makes; those that refer to them are to be folded again before the transaction ends."""
    store.db.execute("PRAGMA defer_foreign_keys = ON")
    for table, row_id in row_keys:
        store.db.execute(f"DELETE FROM {table} WHERE id = ?", [row_id])
    store.db.execute("PRAGMA defer_foreign_keys = OFF")
    search_index.unindex(store, [row_id for _table, row_id in row_keys])


def _authored_changes(store: Store, row_keys: list[RowKey]) -> Iterator[tuple[RowKey, Change]]:
    """The changes of some rows, each with its row."""
    for start in range(0, len(row_keys), BATCH):
        part = set(row_keys[start : start + BATCH])
        for changes in log.changes_of_rows(store, [row_id for _table, row_id in part]).values():
            yield from (((c.table, c.row_id), c) for c in changes if (c.table, c.row_id) in part)


def _rows_referring_to(store: Store, schema: Schema, row_keys: list[RowKey]) -> list[RowKey]:
    """The rows that refer to any of the given rows."""
    ids_by_table: dict[str, list[str]] = {}
    for table, row_id in row_keys:
        ids_by_table.setdefault(table, []).append(row_id)
    found = []
    for table in schema.columns:
        for key in store.rows(f"PRAGMA foreign_key_list({table})"):
            ids = json.dumps(ids_by_table.get(key["table"], []))
            column = key["from"]
            rows = store.rows(f"SELECT id FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", [ids])
            found += [(table, row["id"]) for row in rows]
    return found


def _in_order(store: Store, row_keys: list[RowKey]) -> list[RowKey]:
    """Rows in the order of their first changes, so that each comes before the rows that refer to it."""
    first = dict.fromkeys(row_keys, 0)
    for row, change in _authored_changes(store, list(first)):
        first[row] = min(first[row] or change.hlc, change.hlc)
    return sorted(first, key=lambda row: (first[row], row[1]))


def rebuild(store: Store, *, noting: bool = True) -> list[RowKey]:
    """Fold all logs again; returns the rows that differed from what the logs say. Inside an applying transaction.

    The search index is left as it is: whoever keeps the result builds it again. ``noting``: False if nobody asks which
    rows differed. A part of the log and of the rows is in memory at a time.
    """
    schema = Schema(store)
    stored = ReadRows(store, schema, noting=noting)
    voids.judge_all_again(store)
    for findings in ("local_set_aside", "local_conflict", "local_awaited"):
        store.db.execute(f"DELETE FROM {findings}")
    again: dict[RowKey, None] = {}
    for part in log_by_row.parts(store, [*schema.columns], authors.authors(store)):
        unlogged = stored.begin(part) - part.changes.keys()
        for row_id, logged in (*part.changes.items(), *((row_id, []) for row_id in sorted(unlogged))):
            again |= dict.fromkeys(_fold_row(store, schema, stored, (part.table, row_id), logged)[1])
        stored.end()
    _fold(store, schema, again, stored)
    return stored.differing()


def _forget_findings(store: Store, rows: Mapping[RowKey, list[AuthoredChange]]) -> None:
    """Delete the stored rejections and conflicts of some rows."""
    changes = [(c.log_id, c.seq) for logged in rows.values() for c in logged]
    store.db.conn.executemany("DELETE FROM local_set_aside WHERE log_id = ? AND seq = ?", changes)
    store.db.conn.executemany("DELETE FROM local_conflict WHERE table_name = ? AND row_id = ?", list(rows))


class _Folded(Struct):
    """What the changes of a row come to, if it belongs to one scope."""

    accepted: list[AuthoredChange] = field(default_factory=list)
    rejected: list[tuple[AuthoredChange, str]] = field(default_factory=list)
    awaited: set[str] = field(default_factory=set)
    """ids of the rows that rejected changes name, and that are not there or of another post"""


def _fold_row(
    store: Store, schema: Schema, stored: StoredRows, row: RowKey, logged: list[AuthoredChange]
) -> tuple[bool, list[RowKey]]:
    """Fold one row; returns whether any of its changes counts, and the rows that are to be folded again because of it.

    It belongs to the first of its ``_claims`` of which a change counts.
    """
    table, row_id = row
    known = table in schema.columns
    before = stored.scope(row) if known else None
    folded, awaited = _Folded(), set[str]()
    for owner in _claims(store, schema, row_id, logged):
        folded = _fold_as(schema, stored, row, logged, owner)
        awaited |= folded.awaited
        if folded.accepted:
            break
    for change, reason in folded.rejected:
        store.db.execute("INSERT INTO local_set_aside VALUES (?, ?, ?)", [change.log_id, change.seq, reason])
    for awaited_id in sorted(awaited):
        store.db.execute("INSERT OR IGNORE INTO local_awaited VALUES (?, ?, ?)", [awaited_id, table, row_id])
    after = folded.accepted[0].scope if folded.accepted else None
    if len({c.log_id for c in folded.accepted}) > 1:
        _conflicts(store, schema, table, row_id, folded.accepted)
    if after == before:
        return after is not None, []
    others = _awaiting(store, [row_id]) if after is not None else []
    if before is not None:
        others += _rows_referring_to(store, schema, [row])
    if after is None and before is not None:
        stored.delete(row)
    return after is not None, others


def _claims(store: Store, schema: Schema, row_id: str, logged: list[AuthoredChange]) -> list[str | None]:
    """The scopes that begin a row, the one that this replica applied first first; [None] if none may.

    Only a row whose id names no post can have several: an honest post begins no row of another one. What its author
    writes into a change does not count here, its clock reading least of all.
    """
    begun: dict[str | None, list[AuthoredChange]] = {}
    for change in logged:
        if may_begin(schema, row_id, change):
            begun.setdefault(change.scope, []).append(change)
    if len(begun) < 2:
        return [*begun] or [None]
    return sorted(begun, key=lambda scope: (min(log.arrival(store, c.log_id, c.seq) for c in begun[scope]), scope))


def _fold_as(
    schema: Schema, stored: StoredRows, row: RowKey, logged: list[AuthoredChange], owner: str | None
) -> _Folded:
    """Fold a row as one of a scope, and write it if any change counts."""
    folded = _Folded()
    values: dict[str, Any] = {}
    for change in logged:
        reason = rejection_reason(schema, row[1], change, folded.accepted, owner)
        if reason is None:
            values |= without_beginning(change.cols) if folded.accepted else change.cols
            folded.accepted.append(change)
        else:
            folded.rejected.append((change, reason))
    if not folded.accepted:
        return folded
    try:
        _write(schema, stored, row, folded.accepted[0].scope, values)
    except IntegrityError:
        return _one_by_one(schema, stored, row, logged, owner)
    return folded


def _write(schema: Schema, stored: StoredRows, row: RowKey, scope: str, values: Mapping[str, Any]) -> None:
    """Write a row; IntegrityError if it breaks a constraint, or names a record of another post."""
    if _missing(stored, schema.of_a_post[row[0]], values, scope):
        raise IntegrityError("a record that is not there, or another post's")
    stored.write(row, {**values, "id": row[1], "post_id": scope})


def _missing(stored: StoredRows, references: Mapping[str, str], values: Mapping[str, Any], scope: str) -> set[str]:
    """The ids among some values of a row that name a row that is not there, or a record of another post.

    ``references``: column -> the table of the row that it names.
    """
    found = set()
    for column, parent in references.items():
        named = values.get(column)
        if named is not None and stored.scope((parent, named)) not in ("*", scope):
            found.add(str(named))
    return found


def _one_by_one(
    schema: Schema, stored: StoredRows, row: RowKey, changes: list[AuthoredChange], owner: str | None
) -> _Folded:
    """Find the changes that break a constraint: each is tried on top of those that count.

    A CHECK limits one column of one row, so the result does not depend on other columns.
    """
    folded = _Folded()
    values: dict[str, Any] = {}
    for change in changes:
        reason = rejection_reason(schema, row[1], change, folded.accepted, owner)
        if reason is None:
            tried = values | (without_beginning(change.cols) if folded.accepted else change.cols)
            try:
                _write(schema, stored, row, change.scope, tried)
            except IntegrityError:
                reason = IMPOSSIBLE
                named = {**change.cols, "post_id": change.scope}
                folded.awaited |= _missing(stored, schema.references[row[0]], named, change.scope)
            else:
                folded.accepted.append(change)
                values = tried
                continue
        folded.rejected.append((change, reason))
    return folded


def _conflicts(store: Store, schema: Schema, table: str, row_id: str, changes: list[AuthoredChange]) -> None:
    """Store the conflicts of a row: for each column, look at the changes that no other change knew.

    The last of them is the winner. Each other one with a different value is stored as a loser.
    """
    knowledge = Knowledge(store)
    for column in schema.columns[table]:
        if column in NOT_IN_CONFLICT:
            continue
        setting = [c for c in changes if column in c.cols and c.log_id != BASELINE_LOG]
        last: dict[str, int] = {}  # all others of a log were known by its last one
        for c in setting:
            last[c.log_id] = max(c.seq, last.get(c.log_id, 0))
        newest = [
            c
            for c in setting
            if c.seq == last[c.log_id] and not any(knowledge.had(o, c) for o in setting if o is not c)
        ]
        if len(newest) < 2:
            continue
        winner = newest[-1]
        for loser in newest[:-1]:
            if _differ(column, loser.cols[column], winner.cols[column]):
                store.db.execute(
                    "INSERT INTO local_conflict VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [table, row_id, column, winner.log_id, winner.seq, loser.log_id, loser.seq],
                )


def _differ(column: str, one: Any, other: Any) -> bool:
    """Whether two values of a column contradict each other. Two times in ``voided_at`` do not: both void the row."""
    return bool(one != other) and not (column == "voided_at" and None not in (one, other))


def conflicts(store: Store) -> list[Row]:
    """Each conflict with both values, authors and times, and an ``id`` that names it; unknowing voids come last.

    A void that was made without knowing what somebody else did is a conflict of ``voided_at``: the void stands, and
    says when; the loser, which says that the row stands, is the last of the changes in ``unknown``.
    """
    found: list[Row] = []
    rows = store.rows("SELECT * FROM local_conflict ORDER BY row_id, col, loser_log, loser_seq")
    waiting = voids.unknowing_voids(store)
    changes = log.changes_at(
        store,
        [
            *((r[f"{side}_log"], r[f"{side}_seq"]) for r in rows for side in ("winner", "loser")),
            *(place for void in waiting for place in (void.void, *void.others)),
        ],
    )
    for row in rows:
        cell = {"table": row["table_name"], "row": row["row_id"], "column": row["col"]}
        number = 1 + sum(c["row"] == cell["row"] and c["column"] == cell["column"] for c in found[-9:])
        sides = {side: changes[(row[f"{side}_log"], row[f"{side}_seq"])] for side in ("winner", "loser")}
        values = {side: {"value": change.cols[row["col"]], **_origin(change)} for side, change in sides.items()}
        found.append({"id": f"{row['row_id']}.{row['col']}.{number}", **cell, **values})
    for void in waiting:
        there, others = changes[void.void], [changes[place] for place in void.others]
        found.append({
            "id": f"{void.row}.voided_at.void", "table": void.kind, "row": void.row, "column": "voided_at",
            "winner": {"value": there.cols["voided_at"], **_origin(there)},
            "loser": {"value": None, **_origin(others[-1])},
            "unknown": [{"table": c.table, "row": c.row_id, "cols": c.cols, **_origin(c)} for c in others],
        })  # fmt: skip
    return found


def _origin(change: Change) -> dict[str, Any]:
    return {"actor": change.actor, "at": change.at, "log": change.log_id, "seq": change.seq}
