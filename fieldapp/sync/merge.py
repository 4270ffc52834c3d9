"""The merge: a row is a fold over the changes of its cells, a pure function of the set of applied segments.

Per column the change with the greatest (hlc, log) wins. Which changes may count is decided per change, by rules that
every replica applies alike; those that may not are set aside with the reason. Two changes of one cell conflict when
neither's author knew the other and the values differ. Live import and ``doctor --rebuild`` use this one fold.
"""

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldapp.domain.records import BY_KIND
from fieldapp.store import search
from fieldapp.store.capture import synced_tables
from fieldapp.store.connection import IntegrityError
from fieldapp.store.migrations import BASELINE_LOG, REFOLD
from fieldapp.store.store import Row, Store
from fieldapp.sync import clock
from fieldapp.sync.segment import Change, Header

Cell = tuple[str, str]
"""(table, row id)"""

UNKNOWN_TABLE = "unknown_table"
NOT_ALLOWED = "not_allowed"
UNCLEAN_TEXT = "unclean_text"
NO_SUCH_ROW = "no_such_row"
IMPOSSIBLE = "impossible_value"

BEGINNING = ("created_at", "created_by")
"""Columns that only the first change of a row sets"""

MAX_INTEGER = 1 << 63
"""What SQLite holds"""


@dataclass(frozen=True)
class Logged:
    """A change together with who wrote it and what he knew."""

    log_id: str
    seq: int
    hlc: int
    table: str
    cols: dict[str, Any]
    scope: str
    role: str
    post_id: str | None
    """the author's post, as certified"""


class Schema:
    """What the fold needs to know of the tables, read once."""

    def __init__(self, store: Store) -> None:
        self.columns = {t: [c.name for c in store.db.table(t).columns] for t in synced_tables(store.db)}

    def is_reference(self, table: str) -> bool:
        """Written by headquarters for all."""
        return "post_id" not in self.columns[table]


def apply(store: Store, header: Header, changes: Iterable[Change]) -> int:
    """Enter a segment's changes into the log and fold the rows that they touch; inside an applying transaction."""
    touched: dict[Cell, None] = {}
    values = []
    last_hlc = 0
    for c in changes:
        cols = as_stored(c.cols)
        values.append((c.log_id, c.seq, c.hlc, c.table, c.row_id, cols, c.actor, c.at))
        touched[(c.table, c.row_id)] = None
        last_hlc = c.hlc
    store.db.conn.executemany("INSERT INTO local_change VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    store.db.execute(
        "INSERT INTO local_log (id, scope, replica_id, own, seq) VALUES (?, ?, ?, 0, ?)"
        " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq",
        [header.log, header.scope, header.replica, header.last],
    )
    clock.observe(store, last_hlc)
    fold(store, Schema(store), list(touched))
    return len(values)


def as_stored(cols: dict[str, Any]) -> str:
    """The columns of a change as the log keeps them."""
    return json.dumps(cols, ensure_ascii=False, separators=(",", ":"))


def fold(store: Store, schema: Schema, cells: Iterable[Cell]) -> None:
    """Make rows what their changes say.

    What was impossible is tried again while something changes: the row that it names may have come since, in the same
    segment or in one that this one's author did not know.
    """
    written: dict[str, dict[str, None]] = {}
    todo, seen = list(cells), None
    while todo:
        for table, row_id in todo:
            _clear(store, table, row_id)
            if _fold_row(store, schema, table, row_id):
                written.setdefault(table, {})[row_id] = None
        aside = store.rows("SELECT * FROM local_set_aside ORDER BY log_id, seq")
        todo = [] if aside == seen else _impossible(store)
        seen = aside
    for table, ids in written.items():
        if table in BY_KIND and (BY_KIND[table].TOP or BY_KIND[table].REFERRED):
            _index(store, table, list(ids))


def _impossible(store: Store) -> list[Cell]:
    """The rows of which a change could not be, in the order of their changes."""
    return [
        (r["table_name"], r["row_id"])
        for r in store.rows(
            "SELECT c.table_name, c.row_id FROM local_set_aside a JOIN local_change c ON c.log_id = a.log_id"
            " AND c.seq = a.seq WHERE a.reason = ? GROUP BY c.table_name, c.row_id ORDER BY min(c.hlc), c.row_id",
            [IMPOSSIBLE],
        )
    ]


def _index(store: Store, table: str, ids: list[str]) -> None:
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        search.index(store, table, store.rows(f"SELECT * FROM {table} WHERE id IN ({marks})", part))


def unlock(home: Path, user: str, passphrase: str) -> Store:
    """Open the replica in ``home`` as ``user``, in the state of this version of the program."""
    store = Store.unlock(home, user, passphrase)
    catch_up(store)
    return store


def catch_up(store: Store) -> None:
    """Fold in what an older version of the program logged without understanding it; once after each upgrade."""
    said = store.setting(REFOLD)
    if said is None:
        return
    with store.transaction(applying=True):
        fold(store, Schema(store), _not_understood(store, **json.loads(said)))
        store.db.execute("DELETE FROM local_setting WHERE key = ?", [REFOLD])


def _not_understood(store: Store, columns: dict[str, list[str]], shipped: int) -> list[Cell]:
    """Rows that an older version could not fold, or index, whole: a change was set aside, or sets one of ``columns``,
    which it had not, or is of the baseline and came after ``shipped``."""
    new = [(table, f'"{column}":') for table, names in columns.items() for column in names]
    return [
        (row["table_name"], row["row_id"])
        for row in store.rows(
            "SELECT table_name, row_id FROM local_change c WHERE log_id = ? AND seq > ?"
            " OR EXISTS (SELECT 1 FROM local_set_aside a WHERE a.log_id = c.log_id AND a.seq = c.seq)"
            + " OR table_name = ? AND instr(cols, ?) > 0" * len(new)
            + " GROUP BY table_name, row_id ORDER BY min(hlc), row_id",
            [BASELINE_LOG, shipped, *(part for pair in new for part in pair)],
        )
    ]


def withdraw(store: Store, log_id: str) -> list[Cell]:
    """Take back the changes of a log that no applied segment holds any more; returns their rows, to be refolded.

    Inside an applying transaction, with nothing of the log unsealed.
    """
    last = store.value("SELECT max(last) FROM local_segment WHERE log_id = ? AND state = 'applied'", [log_id]) or 0
    changes = "FROM local_change WHERE log_id = ? AND seq > ?"
    touched = store.rows(f"SELECT DISTINCT table_name, row_id {changes}", [log_id, last])
    store.db.execute("DELETE FROM local_set_aside WHERE log_id = ? AND seq > ?", [log_id, last])
    store.db.execute(f"DELETE {changes}", [log_id, last])
    store.db.execute("UPDATE local_log SET seq = ? WHERE id = ?", [last, log_id])
    return [(r["table_name"], r["row_id"]) for r in touched]


def refold(store: Store, cells: Iterable[Cell]) -> None:
    """Make rows what their changes say, after some were taken back: a row that nothing begins any more goes, and what
    names it is judged anew."""
    schema = Schema(store)
    wanted = [cell for cell in dict.fromkeys(cells) if cell[0] in schema.columns]
    gone = {cell: None for cell in wanted if not _begun(store, cell)}
    todo = list(gone)
    while todo:
        todo = [cell for cell in _naming(store, schema, todo) if cell not in gone]
        gone.update(dict.fromkeys(todo))
    store.db.execute("PRAGMA defer_foreign_keys = ON")
    for table, row_id in gone:
        store.db.execute(f"DELETE FROM {table} WHERE id = ?", [row_id])
    store.db.execute("PRAGMA defer_foreign_keys = OFF")
    search.forget(store, [row_id for _table, row_id in gone])
    fold(store, schema, _in_order(store, [*wanted, *gone]))


def _begun(store: Store, cell: Cell) -> bool:
    found = "SELECT 1 FROM local_change WHERE table_name = ? AND row_id = ? AND instr(cols, '\"created_at\":') > 0"
    return store.value(found, cell) is not None


def _naming(store: Store, schema: Schema, cells: list[Cell]) -> list[Cell]:
    """The rows that name one of some rows."""
    named: dict[str, list[str]] = {}
    for table, row_id in cells:
        named.setdefault(table, []).append(row_id)
    found = []
    for table in schema.columns:
        for key in store.rows(f"PRAGMA foreign_key_list({table})"):
            ids = json.dumps(named.get(key["table"], []))
            column = key["from"]
            rows = store.rows(f"SELECT id FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", [ids])
            found += [(table, row["id"]) for row in rows]
    return found


def _in_order(store: Store, cells: list[Cell]) -> list[Cell]:
    """Rows in the order of their first changes: what is named before what names it."""
    first = {
        cell: store.value("SELECT min(hlc) FROM local_change WHERE table_name = ? AND row_id = ?", cell) or 0
        for cell in dict.fromkeys(cells)
    }
    return sorted(first, key=lambda cell: (first[cell], cell[1]))


def rebuild(store: Store) -> list[Cell]:
    """Fold the whole log anew; returns the rows that were not what the log says. Inside an applying transaction."""
    schema = Schema(store)
    before = {t: {r["id"]: r for r in store.rows(f"SELECT * FROM {t}")} for t in schema.columns}
    cells = [
        (row["table_name"], row["row_id"])
        for row in store.rows(
            "SELECT table_name, row_id, min(hlc) AS first FROM local_change GROUP BY table_name, row_id"
            " ORDER BY first, row_id"
        )
    ]
    fold(store, schema, cells)
    known = set(cells)
    wrong = [(t, i) for t, rows in before.items() for i in rows if (t, i) not in known]
    for table, row_id in reversed(wrong):
        store.db.execute(f"DELETE FROM {table} WHERE id = ?", [row_id])
    for table in schema.columns:
        after = {r["id"]: r for r in store.rows(f"SELECT * FROM {table}")}
        wrong += [(table, i) for i, row in after.items() if before[table].get(i) != row]
        wrong += [(table, i) for i in before[table].keys() - after.keys() if (table, i) in known]
    return wrong


def _clear(store: Store, table: str, row_id: str) -> None:
    store.db.execute(
        "DELETE FROM local_set_aside WHERE (log_id, seq) IN"
        " (SELECT log_id, seq FROM local_change WHERE table_name = ? AND row_id = ?)",
        [table, row_id],
    )
    store.db.execute("DELETE FROM local_conflict WHERE table_name = ? AND row_id = ?", [table, row_id])


def _fold_row(store: Store, schema: Schema, table: str, row_id: str) -> bool:
    logged = [
        Logged(
            r["log_id"], r["seq"], r["hlc"], table, json.loads(r["cols"]), r["scope"], r["role"] or "hq", r["post_id"]
        )
        for r in store.rows(
            "SELECT c.log_id, c.seq, c.hlc, c.cols, l.scope, p.role, p.post_id FROM local_change c JOIN local_log l"
            " ON l.id = c.log_id LEFT JOIN local_replica p ON p.id = l.replica_id"
            " WHERE c.row_id = ? AND c.table_name = ? ORDER BY c.hlc, c.log_id",
            [row_id, table],
        )
    ]
    standing: list[Logged] = []
    for change in logged:
        reason = _objection(schema, change, standing)
        if reason is None:
            standing.append(change)
        else:
            _set_aside(store, change, reason)
    if not standing:
        return False
    try:
        _write(store, schema, table, row_id, standing)
    except IntegrityError:
        _clear(store, table, row_id)
        standing = _one_by_one(store, schema, table, row_id, logged)
    if len({c.log_id for c in standing}) > 1:
        _conflicts(store, schema, table, row_id, standing)
    return bool(standing)


def _objection(schema: Schema, change: Logged, before: list[Logged]) -> str | None:
    """The rule that forbids a change to count; ``before`` are the changes of the row that stand, in order."""
    if change.table not in schema.columns:
        return UNKNOWN_TABLE
    reference = schema.is_reference(change.table)
    if reference != (change.scope == "*") or (reference and change.role != "hq"):
        return NOT_ALLOWED
    if change.role != "hq" and change.table in BY_KIND and BY_KIND[change.table].ABOUT_A_POST:
        return NOT_ALLOWED
    if change.role == "post" and change.scope != change.post_id:
        return NOT_ALLOWED
    if before and (before[0].scope != change.scope or _begins_otherwise(change, before[0])):
        return NOT_ALLOWED
    if change.cols.keys() & {"id", "post_id"}:
        return NOT_ALLOWED
    if not before and "created_at" not in change.cols:
        return NO_SUCH_ROW
    if any(isinstance(v, int) and not -MAX_INTEGER <= v < MAX_INTEGER for v in change.cols.values()):
        return IMPOSSIBLE
    if not all(_clean(v) for v in change.cols.values()):
        return UNCLEAN_TEXT
    return None


def _begins_otherwise(change: Logged, first: Logged) -> bool:
    """Whether a later change says otherwise than the first when and by whom the row was begun. The same it may say: a
    change that is logged twice, by a copied disk, counts once."""
    return any(name in change.cols and change.cols[name] != first.cols.get(name) for name in BEGINNING)


def _clean(value: Any) -> bool:
    """Text as the store keeps it: NFC, no control characters beside the line feed, none that turn the reading."""
    if not isinstance(value, str):
        return value is None or (isinstance(value, int) and not isinstance(value, bool))
    if value.isascii() and value.isprintable():
        return True
    return unicodedata.is_normalized("NFC", value) and not any(
        unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n" for c in value
    )


def _write(store: Store, schema: Schema, table: str, row_id: str, changes: list[Logged]) -> None:
    columns = schema.columns[table]
    values: dict[str, Any] = {"id": row_id}
    if "post_id" in columns:
        values["post_id"] = changes[0].scope
    for change in changes:
        values.update((k, v) for k, v in change.cols.items() if k in columns)
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    sets = ", ".join(f"{c} = excluded.{c}" for c in columns if c != "id")
    store.db.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {sets}",
        [values.get(c) for c in columns],
    )


def _one_by_one(store: Store, schema: Schema, table: str, row_id: str, changes: list[Logged]) -> list[Logged]:
    """Find which changes cannot be: each is tried on top of those that stand. A CHECK says what one column of one
    row may hold, so the outcome does not depend on the others."""
    standing: list[Logged] = []
    for change in changes:
        reason = _objection(schema, change, standing)
        if reason is None:
            try:
                with store.db.atomic():
                    _write(store, schema, table, row_id, [*standing, change])
                standing.append(change)
                continue
            except IntegrityError:
                reason = IMPOSSIBLE
        _set_aside(store, change, reason)
    return standing


def _set_aside(store: Store, change: Logged, reason: str) -> None:
    store.db.execute("INSERT INTO local_set_aside VALUES (?, ?, ?)", [change.log_id, change.seq, reason])


def _conflicts(store: Store, schema: Schema, table: str, row_id: str, changes: list[Logged]) -> None:
    """List the cells where values differ of which neither author knew the other's, and none came later."""
    knows = {(c.log_id, c.seq): _knowledge(store, c) for c in changes}
    for column in schema.columns[table]:
        setting = [c for c in changes if column in c.cols and c.log_id != BASELINE_LOG]
        newest = [c for c in setting if not any(_knew(knows, o, c) for o in setting if o is not c)]
        if len(newest) < 2:
            continue
        winner = newest[-1]
        for loser in newest[:-1]:
            if loser.cols[column] != winner.cols[column]:
                store.db.execute(
                    "INSERT INTO local_conflict VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [table, row_id, column, winner.log_id, winner.seq, loser.log_id, loser.seq],
                )


def _knew(knows: dict[tuple[str, int], dict[str, int]], later: Logged, earlier: Logged) -> bool:
    if later.log_id == earlier.log_id:
        return later.seq > earlier.seq
    return knows[(later.log_id, later.seq)].get(earlier.log_id, 0) >= earlier.seq


def _knowledge(store: Store, change: Logged) -> dict[str, int]:
    """What the author of a change knew; an own change that is not sealed yet knows all that is here."""
    found = store.value(
        "SELECT knows FROM local_segment WHERE log_id = ? AND first <= ? AND ? <= last AND state = 'applied'",
        [change.log_id, change.seq, change.seq],
    )
    if found is not None:
        knows: dict[str, int] = json.loads(found)
        return knows
    return {r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log")}


def conflicts(store: Store) -> list[Row]:
    """Each conflict with both values, authors and times, and an ``id`` to name it by."""
    found: list[Row] = []
    for row in store.rows("SELECT * FROM local_conflict ORDER BY row_id, col, loser_log, loser_seq"):
        sides = {}
        for side in ("winner", "loser"):
            change = store.row(
                "SELECT cols, actor, at, hlc FROM local_change WHERE log_id = ? AND seq = ?",
                [row[f"{side}_log"], row[f"{side}_seq"]],
            )
            assert change is not None
            sides[side] = {
                "value": json.loads(change["cols"])[row["col"]],
                "actor": change["actor"],
                "at": change["at"],
                "log": row[f"{side}_log"],
                "seq": row[f"{side}_seq"],
            }
        cell = {"table": row["table_name"], "row": row["row_id"], "column": row["col"]}
        number = 1 + sum(c["row"] == cell["row"] and c["column"] == cell["column"] for c in found[-9:])
        found.append({"id": f"{row['row_id']}.{row['col']}.{number}", **cell, **sides})
    return found
