"""Triggers that write the change log, derived from the tables: nothing that writes the file can bypass them.

On each synced table, an insert or update writes its change in the same transaction. An update knows everything that is
here, so it also resolves the conflicts of the cells that it changes. The triggers refuse to delete or replace a row and
to change its identity. They do nothing while imported changes are folded in (``local_session.applying``).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fieldapp.store.database import Database

META_COLUMNS = ("id", "post_id", "created_at", "created_by", "voided_at", "void_reason", "confirmed")
"""Columns of a synced table that the store fills in; reference tables have neither ``post_id`` nor ``confirmed``."""

IDENTITY_COLUMNS = ("id", "post_id", "created_at", "created_by")

LAST_MS = 7_226_582_400_000
"""The year 2199: the log's clock follows no wall clock beyond it"""

_WALL = "(CAST(round(unixepoch('subsec') * 1000) AS INTEGER) + coalesce(wall_offset, 0))"
_BELIEVED = f"{_WALL} <= coalesce(wall_until, {LAST_MS})"
TICK = f"UPDATE local_session SET hlc = max(hlc + 1, CASE WHEN {_BELIEVED} THEN {_WALL} << 16 ELSE 0 END)"
"""Gives the next reading: the wall clock, unless it shows more than is believed (``sync/format/clock.py``)"""
NOW = (
    "(SELECT strftime('%Y-%m-%dT%H:%M:%fZ',"
    f" CASE WHEN {_BELIEVED} THEN {_WALL} ELSE (hlc >> 16) - coalesce(wall_lead, 0) END / 1000.0, 'unixepoch')"
    " FROM local_session)"
)
"""This instant, as a change's ``at``; that of the newest entry where the wall clock is not believed"""


def synced_tables(db: Database) -> list[str]:
    """Names of the tables whose rows are exchanged between replicas, parents before the tables that refer to them."""
    return [name for name in db.table_names() if not name.startswith(("local_", "sqlite_", "_sqlite_"))]


@contextmanager
def without_triggers(db: Database) -> Iterator[None]:
    """Remove the triggers while many imported changes are folded in; inside an applying transaction.

    Nobody else can write meanwhile, and after an error the rollback restores the triggers. Without this, triggers that
    do nothing would take half of the time.
    """
    assert db.conn.in_transaction
    removed = _remove_triggers(db)
    yield
    if removed:  # otherwise a block around this one has removed them
        install_triggers(db)


def install_triggers(db: Database) -> None:
    """Create the triggers of every synced table; replaces those that exist, after the tables have changed."""
    _remove_triggers(db)
    for table in synced_tables(db):
        for statement in _triggers(table, db.column_names(table)):
            db.execute(statement)
    if KEPT in db.table_names():
        for statement in _forgetting():
            db.execute(statement)


KEPT = "local_file_stock"
"""What is kept of the files of each post for manifests (``sync/exchange/record_files.py``)"""


def _forgetting() -> Iterator[str]:
    """Triggers that take away what is kept of files when their rows change: also while changes are folded in."""
    for action, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        yield f"""CREATE TRIGGER IF NOT EXISTS forget_files_{action.lower()} AFTER {action} ON attachment
            BEGIN DELETE FROM {KEPT} WHERE post_id = {row}.post_id; END"""
        yield f"""CREATE TRIGGER IF NOT EXISTS forget_cleared_{action.lower()} AFTER {action} ON local_file_cleared
            BEGIN DELETE FROM {KEPT}; END"""


def _remove_triggers(db: Database) -> int:
    """Remove the triggers; how many there were."""
    names = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'capture\\_%' ESCAPE '\\'"
    ).fetchall()
    for (name,) in names:
        db.execute(f"DROP TRIGGER {name}")
    return len(names)


def _triggers(table: str, columns: list[str]) -> Iterator[str]:
    live = "(SELECT applying FROM local_session) = 0"
    scope = "NEW.post_id" if "post_id" in columns else "'*'"
    carried = [c for c in columns if c not in ("id", "post_id")]
    identity = [c for c in IDENTITY_COLUMNS if c in columns]
    fixed = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in identity)
    yield f"""CREATE TRIGGER capture_new_{table} BEFORE INSERT ON {table} WHEN {live}
        BEGIN SELECT RAISE(ABORT, 'rows are never replaced') WHERE EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id);
        END"""
    yield f"""CREATE TRIGGER capture_identity_{table} BEFORE UPDATE OF {", ".join(identity)} ON {table}
        WHEN {live} AND ({fixed})
        BEGIN SELECT RAISE(ABORT, 'the identity of a row never changes'); END"""
    yield f"""CREATE TRIGGER capture_delete_{table} BEFORE DELETE ON {table} WHEN {live}
        BEGIN SELECT RAISE(ABORT, 'rows are never deleted: void the record'); END"""
    yield f"""CREATE TRIGGER capture_insert_{table} AFTER INSERT ON {table} WHEN {live}
        BEGIN {_log_trigger(table, scope, _fragment(carried, "NEW.{0} IS NOT NULL"))} END"""
    changed = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in carried)
    settled = " OR ".join(f"col = '{c}' AND NEW.{c} IS NOT OLD.{c}" for c in carried)
    yield f"""CREATE TRIGGER capture_update_{table} AFTER UPDATE ON {table} WHEN {live} AND ({changed})
        BEGIN {_log_trigger(table, scope, _fragment(carried, "NEW.{0} IS NOT OLD.{0}"))}
        DELETE FROM local_conflict WHERE row_id = NEW.id AND table_name = '{table}' AND ({settled}); END"""


def _fragment(columns: list[str], when: str) -> str:
    """SQL for a JSON object of the columns that ``when`` selects: cheaper than json_object over all columns."""
    parts = [f"CASE WHEN {when.format(c)} THEN ',\"{c}\":' || json_quote(NEW.{c}) END" for c in columns]
    return f"concat('{{', substr(concat({', '.join(parts)}), 2), '}}')"


def _log_trigger(table: str, scope: str, cols: str) -> str:
    return f"""
        {TICK};
        UPDATE local_log SET seq = seq + 1 WHERE own = 1 AND scope = {scope};
        INSERT INTO local_change (log_id, seq, hlc, table_name, row_id, cols, actor, at)
            SELECT coalesce(l.id, RAISE(ABORT, 'this replica may not write this scope')),
                l.seq, s.hlc, '{table}', NEW.id, {cols}, s.actor, {NOW}
            FROM local_session s LEFT JOIN local_log l ON l.own = 1 AND l.scope = {scope};
    """
