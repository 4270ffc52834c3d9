"""The short way of the merge: changes that come last in the fold of their rows are written as they are.

Concurrency is rare. A segment whose author knew all that is there of a row adds to the end of that row's fold, so the
fold need not be made anew: its changes are inserts and updates, many rows to a statement. Whatever is not surely so is
left to the fold: rows that somebody else changed meanwhile, that have a change set aside or a conflict, and changes
that may not count. If SQLite refuses anything, all of the segment is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from fieldapp.store import log
from fieldapp.store.connection import IntegrityError
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Store
from fieldapp.sync.objections import Author, Cell, Schema, is_storable
from fieldapp.sync.segment import Entry, Sealed

ALWAYS = 1 << 62
"""How far a log is known where nothing of it can be unknown"""

Rows = dict[str, tuple[str, dict[str, Any], bool]]
"""Row id -> its table, the columns to write, whether the row is new"""


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
        for part in _parts(sorted(ids)):
            marks = ", ".join("?" * len(part))
            found |= {
                r["row_id"]
                for r in store.rows(
                    f"SELECT row_id, log_id, seq, hlc FROM local_change WHERE row_id IN ({marks})", part
                )
                if r["hlc"] >= sealed.entries[0].hlc or r["seq"] > _known(sealed, r["log_id"])
            }
    if numbers:
        keys = set()
        for part in _parts(sorted({log.touch_key(i) for i in ids})):
            marks = ", ".join("?" * len(part))
            touched = store.rows(f"SELECT key, segment FROM local_touch WHERE key IN ({marks})", part)
            keys |= {r["key"] for r in touched if r["segment"] in numbers}
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


def write(store: Store, schema: Schema, author: Author, sealed: Sealed, avoid: set[str]) -> list[Cell]:
    """Write what can be written straight; returns the rows that are left to the fold, in the order of their changes."""
    rows, left = _collect(schema, author, sealed, avoid)
    try:
        with store.db.atomic():
            _insert(store, schema, author.scope, rows)
            _update(store, schema, author.scope, rows)
    except (IntegrityError, _Refused):
        left.update(dict.fromkeys(row_id for row_id in rows))
    return list(dict.fromkeys((e.table, e.row_id) for e in sealed.entries if e.row_id in left)) if left else []


def _collect(schema: Schema, author: Author, sealed: Sealed, avoid: set[str]) -> tuple[Rows, dict[str, None]]:
    """(what to write of each row, rows that are left to the fold)."""
    rows: Rows = {}
    left: dict[str, None] = {}
    sorts: dict[tuple[str, tuple[str, ...]], bool | None] = {}
    for entry in sealed.entries:
        row_id, cols = entry.row_id, entry.cols
        if row_id in avoid or row_id in left:
            left[row_id] = None
            continue
        shape = (entry.table, tuple(cols))
        if shape not in sorts:
            sorts[shape] = _is_new(schema, author, entry)
        is_new = sorts[shape]
        before = rows.get(row_id)
        if is_new is None or (not sealed.plain and not all(map(is_storable, cols.values()))):
            left[row_id] = None
            rows.pop(row_id, None)
        elif before is None:
            rows[row_id] = (entry.table, cols, is_new)
        elif before[0] == entry.table and not is_new:
            rows[row_id] = (entry.table, before[1] | cols, before[2])
        else:
            left[row_id] = None
            del rows[row_id]
    return rows, left


def _is_new(schema: Schema, author: Author, entry: Entry) -> bool | None:
    """Whether a change of these columns begins a row; None if it may not count, or has columns that are not known."""
    columns = schema.columns.get(entry.table)
    if columns is None or not author.may_write(schema.is_reference(entry.table)):
        return None
    if not entry.cols.keys() <= set(columns) - {"id", "post_id"}:
        return None
    is_new = "created_at" in entry.cols
    return None if not is_new and "created_by" in entry.cols else is_new


def _insert(store: Store, schema: Schema, scope: str, rows: Rows) -> None:
    groups: dict[str, dict[tuple[str, ...], list[Sequence[Any]]]] = {}
    for row_id, (table, cols, is_new) in rows.items():
        if is_new:
            if table in schema.refers_to_itself:  # one statement keeps the order: parents first
                cols = dict.fromkeys(c for c in schema.columns[table] if c not in ("id", "post_id")) | cols  # noqa: PLW2901
            groups.setdefault(table, {}).setdefault(tuple(cols), []).append((row_id, *cols.values()))
    for table in schema.columns:
        for names, values in groups.get(table, {}).items():
            columns, marks = ["id", *names], ["?"] * (len(names) + 1)
            if not schema.is_reference(table):
                columns.append("post_id")
                marks.append(f"'{scope}'")
            store.db.conn.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(marks)})", values)


def _update(store: Store, schema: Schema, scope: str, rows: Rows) -> None:
    groups: dict[tuple[str, tuple[str, ...]], list[Sequence[Any]]] = {}
    for row_id, (table, cols, is_new) in rows.items():
        if not is_new:
            groups.setdefault((table, tuple(cols)), []).append((*cols.values(), row_id))
    for (table, names), values in groups.items():
        own = "" if schema.is_reference(table) else f" AND post_id = '{scope}'"
        sets = ", ".join(f"{name} = ?" for name in names)
        cursor = store.db.conn.executemany(f"UPDATE {table} SET {sets} WHERE id = ?{own}", values)
        if cursor.rowcount != len(values):
            raise _Refused


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + 500] for start in range(0, len(values), 500))
