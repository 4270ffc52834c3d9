"""The merge: a row is a fold over the changes of its cells, a pure function of the set of applied segments.

Per column the change with the greatest (hlc, log) wins. Rules that are the same in every replica decide for each change
whether it counts; one that does not is rejected, with the reason. Two changes of one cell (one column of one row)
conflict when neither author knew the other's change and the values differ. Live import and ``doctor --rebuild`` use the
same fold.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fieldapp.domain.records import BY_KIND
from fieldapp.records import search_index
from fieldapp.store import log
from fieldapp.store.connection import IntegrityError
from fieldapp.store.log import Change
from fieldapp.store.migrations import BASELINE_LOG, REFOLD
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock
from fieldapp.sync.format.segment import Sealed
from fieldapp.sync.merge import fast_path
from fieldapp.sync.merge.admission import IMPOSSIBLE, Author, AuthoredChange, RowKey, Schema, rejection_reason

BATCH = 5_000
"""How many rows are folded at a time, with their changes in memory"""


def apply_changes(store: Store, sealed: Sealed, hash_: str, pending: fast_path.Pending | None = None) -> None:
    """Enter a segment's changes into the log and bring its rows up to date; inside an applying transaction.

    Most segments are a post's next ones, and nobody else wrote in between. Then their changes come last in the fold of
    each row, and are written directly (``fast_path``). Where that is not certain, rows are folded. With ``pending``,
    updates may wait until ``flush_pending``.
    """
    header, entries = sealed.header, sealed.entries
    author = _authors(store, header.log).get(header.log) or _author(store, header.scope, header.replica)
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
    to_fold = fast_path.write_rows(store, author, sealed, excluded_ids, updates)
    retry = store.value("SELECT 1 FROM local_set_aside WHERE reason = ? LIMIT 1", [IMPOSSIBLE])
    if pending is None or to_fold or retry:
        to_fold = list(dict.fromkeys([*updates.flush(), *to_fold]))
    if to_fold or retry:
        fold_rows(store, updates.schema, to_fold)


def flush_pending(store: Store, pending: fast_path.Pending) -> None:
    """Write the waiting updates; inside an applying transaction."""
    to_fold = pending.flush()
    if to_fold:
        fold_rows(store, pending.schema, to_fold)


def _author(store: Store, scope: str, replica_id: str) -> Author:
    row = store.row("SELECT role, post_id FROM local_replica WHERE id = ?", [replica_id])
    return Author(scope, row["role"] if row else "hq", row["post_id"] if row else None)


def _authors(store: Store, only: str | None = None) -> dict[str, Author]:
    """Log id -> its author; the baseline's author is headquarters. ``only``: id of the one log that is wanted."""
    return {
        r["id"]: Author(r["scope"], r["role"] or "hq", r["post_id"])
        for r in store.rows(
            "SELECT l.id, l.scope, p.role, p.post_id FROM local_log l LEFT JOIN local_replica p ON p.id = l.replica_id"
            " WHERE ?1 IS NULL OR l.id = ?1",
            [only],
        )
    }


def fold_rows(store: Store, schema: Schema, row_keys: Iterable[RowKey]) -> None:
    """Fold rows: make each what its changes say.

    A change that was rejected as impossible is tried again as long as something changes. The row that it refers to may
    have come meanwhile, in the same segment or in one that this segment's author did not know.
    """
    written: dict[str, dict[str, None]] = {}
    authors = _authors(store)
    todo, seen = list(row_keys), None
    while todo or seen is None:
        for start in range(0, len(todo), BATCH):
            part = todo[start : start + BATCH]
            changes = log.changes_of_rows(store, [row_id for _table, row_id in part])
            rows = {
                (table, row_id): [
                    AuthoredChange(c.log_id, c.seq, c.hlc, table, c.cols, authors[c.log_id])
                    for c in changes.get(row_id, [])
                    if c.table == table
                ]
                for table, row_id in part
            }
            _forget_findings(store, rows)
            for (table, row_id), logged in rows.items():
                if _fold_row(store, schema, table, row_id, logged):
                    written.setdefault(table, {})[row_id] = None
        rejected = store.rows("SELECT * FROM local_set_aside ORDER BY log_id, seq")
        todo = [] if rejected == seen else _impossible_rows(store)
        seen = rejected
    for table, ids in written.items():
        if table in BY_KIND and (BY_KIND[table].TOP or BY_KIND[table].REFERRED):
            search_index.index_ids(store, table, list(ids))


def _impossible_rows(store: Store) -> list[RowKey]:
    """The rows that have a change rejected as impossible, in the order of those changes."""
    places = [
        (r["log_id"], r["seq"])
        for r in store.rows("SELECT log_id, seq FROM local_set_aside WHERE reason = ?", [IMPOSSIBLE])
    ]
    changes = sorted(log.changes_at(store, places).values(), key=lambda c: (c.hlc, c.row_id))
    return list(dict.fromkeys((c.table, c.row_id) for c in changes))


def fold_after_upgrade(store: Store) -> None:
    """Fold the rows that an older version of the program logged without understanding them; once after each upgrade."""
    stored = store.setting(REFOLD)
    if stored is None:
        return
    with store.transaction(applying=True):
        fold_rows(store, Schema(store), _not_understood(store, **json.loads(stored)))
        store.db.execute("DELETE FROM local_setting WHERE key = ?", [REFOLD])


def _not_understood(store: Store, columns: dict[str, list[str]], shipped: int) -> list[RowKey]:
    """Rows that an older version of the program could not fold or index completely.

    They have a change that was rejected, or that sets one of ``columns``, which that version did not have, or that is a
    change of the baseline after number ``shipped``.
    """
    rejected = {(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")}
    new = {table: set(names) for table, names in columns.items()}
    return _row_keys(
        c
        for c in log.all_changes(store)
        if (c.log_id == BASELINE_LOG and c.seq > shipped)
        or (c.log_id, c.seq) in rejected
        or not new.get(c.table, set()).isdisjoint(c.cols)
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
    return list(touched)


def refold(store: Store, row_keys: Iterable[RowKey]) -> None:
    """Fold rows again after some of their changes were removed; inside an applying transaction.

    A row that no change begins any more is deleted. The rows that refer to it are folded again as well.
    """
    schema = Schema(store)
    wanted = [row for row in dict.fromkeys(row_keys) if row[0] in schema.columns]
    begun = {row for row, change in _authored_changes(store, wanted) if "created_at" in change.cols}
    gone = {row: None for row in wanted if row not in begun}
    todo = list(gone)
    while todo:
        todo = [row for row in _rows_referring_to(store, schema, todo) if row not in gone]
        gone.update(dict.fromkeys(todo))
    store.db.execute("PRAGMA defer_foreign_keys = ON")
    for table, row_id in gone:
        store.db.execute(f"DELETE FROM {table} WHERE id = ?", [row_id])
    store.db.execute("PRAGMA defer_foreign_keys = OFF")
    search_index.unindex(store, [row_id for _table, row_id in gone])
    fold_rows(store, schema, _in_order(store, [*wanted, *gone]))


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


def rebuild(store: Store) -> list[RowKey]:
    """Fold all logs again; returns the rows that differed from what the logs say. Inside an applying transaction."""
    schema = Schema(store)
    before = {t: {r["id"]: r for r in store.rows(f"SELECT * FROM {t}")} for t in schema.columns}
    logged = _row_keys(log.all_changes(store))
    fold_rows(store, schema, logged)
    known = set(logged)
    wrong = [(t, i) for t, rows in before.items() for i in rows if (t, i) not in known]
    for table, row_id in reversed(wrong):
        store.db.execute(f"DELETE FROM {table} WHERE id = ?", [row_id])
    for table in schema.columns:
        after = {r["id"]: r for r in store.rows(f"SELECT * FROM {table}")}
        wrong += [(table, i) for i, row in after.items() if before[table].get(i) != row]
        wrong += [(table, i) for i in before[table].keys() - after.keys() if (table, i) in known]
    return wrong


def _forget_findings(store: Store, rows: Mapping[RowKey, list[AuthoredChange]]) -> None:
    """Delete the stored rejections and conflicts of some rows."""
    changes = [(c.log_id, c.seq) for logged in rows.values() for c in logged]
    store.db.conn.executemany("DELETE FROM local_set_aside WHERE log_id = ? AND seq = ?", changes)
    store.db.conn.executemany("DELETE FROM local_conflict WHERE table_name = ? AND row_id = ?", list(rows))


def _fold_row(store: Store, schema: Schema, table: str, row_id: str, logged: list[AuthoredChange]) -> bool:
    """Fold one row; returns whether any of its changes counts."""
    accepted: list[AuthoredChange] = []
    for change in logged:
        reason = rejection_reason(schema, change, accepted)
        if reason is None:
            accepted.append(change)
        else:
            _reject(store, change, reason)
    if not accepted:
        return False
    try:
        _write(store, schema, table, row_id, accepted)
    except IntegrityError:
        _forget_findings(store, {(table, row_id): logged})
        accepted = _one_by_one(store, schema, table, row_id, logged)
    if len({c.log_id for c in accepted}) > 1:
        _conflicts(store, schema, table, row_id, accepted)
    return bool(accepted)


def _write(store: Store, schema: Schema, table: str, row_id: str, changes: list[AuthoredChange]) -> None:
    columns = schema.columns[table]
    values: dict[str, Any] = {"id": row_id}
    if "post_id" in columns:
        values["post_id"] = changes[0].scope
    for change in changes:
        values.update((k, v) for k, v in change.cols.items() if k in columns)
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    sets = ", ".join(f"{c} = excluded.{c}" for c in columns if c != "id")
    other = " OR ".join(f"{table}.{c} IS NOT excluded.{c}" for c in columns if c != "id")  # most are equal already
    store.db.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {sets} WHERE {other}",
        [values.get(c) for c in columns],
    )


def _one_by_one(
    store: Store, schema: Schema, table: str, row_id: str, changes: list[AuthoredChange]
) -> list[AuthoredChange]:
    """Find the changes that break a constraint, and return the others: each is tried on top of those that count.

    A CHECK limits one column of one row, so the result does not depend on other columns.
    """
    accepted: list[AuthoredChange] = []
    for change in changes:
        reason = rejection_reason(schema, change, accepted)
        if reason is None:
            try:
                with store.db.atomic():
                    _write(store, schema, table, row_id, [*accepted, change])
                accepted.append(change)
                continue
            except IntegrityError:
                reason = IMPOSSIBLE
        _reject(store, change, reason)
    return accepted


def _reject(store: Store, change: AuthoredChange, reason: str) -> None:
    store.db.execute("INSERT INTO local_set_aside VALUES (?, ?, ?)", [change.log_id, change.seq, reason])


def _conflicts(store: Store, schema: Schema, table: str, row_id: str, changes: list[AuthoredChange]) -> None:
    """Store the conflicts of a row: for each column, look at the changes that no other change knew.

    The last of them is the winner. Each other one with a different value is stored as a loser.
    """
    knows = {(c.log_id, c.seq): _knowledge(store, c) for c in changes}
    for column in schema.columns[table]:
        setting = [c for c in changes if column in c.cols and c.log_id != BASELINE_LOG]
        newest = [c for c in setting if not any(_was_known(knows, o, c) for o in setting if o is not c)]
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


def _was_known(knows: dict[tuple[str, int], dict[str, int]], later: AuthoredChange, earlier: AuthoredChange) -> bool:
    if later.log_id == earlier.log_id:
        return later.seq > earlier.seq
    return knows[(later.log_id, later.seq)].get(earlier.log_id, 0) >= earlier.seq


def _knowledge(store: Store, change: AuthoredChange) -> dict[str, int]:
    """The version vector that the author of a change had; for an own change not sealed yet, all that is here."""
    found = store.value(
        "SELECT knows FROM local_segment WHERE log_id = ? AND first <= ? AND ? <= last AND state = 'applied'",
        [change.log_id, change.seq, change.seq],
    )
    if found is not None:
        knows: dict[str, int] = json.loads(found)
        return knows
    return {r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log")}


def conflicts(store: Store) -> list[Row]:
    """Each conflict with both values, authors and times, and an ``id`` that names it."""
    found: list[Row] = []
    rows = store.rows("SELECT * FROM local_conflict ORDER BY row_id, col, loser_log, loser_seq")
    changes = log.changes_at(
        store, [(r[f"{side}_log"], r[f"{side}_seq"]) for r in rows for side in ("winner", "loser")]
    )
    for row in rows:
        sides = {}
        for side in ("winner", "loser"):
            change = changes[(row[f"{side}_log"], row[f"{side}_seq"])]
            sides[side] = {
                "value": change.cols[row["col"]],
                "actor": change.actor,
                "at": change.at,
                "log": change.log_id,
                "seq": change.seq,
            }
        cell = {"table": row["table_name"], "row": row["row_id"], "column": row["col"]}
        number = 1 + sum(c["row"] == cell["row"] and c["column"] == cell["column"] for c in found[-9:])
        found.append({"id": f"{row['row_id']}.{row['col']}.{number}", **cell, **sides})
    return found
