"""Settles a conflict, by a change like any other: it sets one of the two values, and its author knew both."""

from typing import Any, Literal

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import capture, people
from fieldapp.store import log as change_log
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock
from fieldapp.sync.merge import merge
from fieldapp.sync.merge.admission import Schema
from fieldapp.vietnamese.text import clean

Side = Literal["winner", "loser"]


def resolve_conflict(store: Store, conflict_id: str, take: Side) -> None:
    """Settle a conflict with the value of one side: here at once, and everywhere with the next exchange.

    ``conflict_id`` is an ``id`` of ``merge.conflicts``. Whether a record stays voided is decided by those who may void
    the records of others.
    """
    with store.transaction(applying=True):
        found = next((c for c in merge.conflicts(store) if c["id"] == conflict_id), None)
        if found is None:
            raise FieldappError(_("There is no conflict {id}. `fieldapp hq conflicts` lists them.").format(
                id=clean(conflict_id)))  # fmt: skip
        if found["column"] == "voided_at":
            people.check(store, people.Act.VOID_OTHERS)
        schema = Schema(store)
        table, row_id = found["table"], found["row"]
        scope = "*" if schema.is_reference(table) else store.value(
            f"SELECT post_id FROM {table} WHERE id = ?", [row_id])  # fmt: skip
        log = store.value("SELECT id FROM local_log WHERE own = 1 AND scope = ?", [scope])
        if log is None:
            raise FieldappError(_("This laptop may not write that record: its post or its headquarters decides."))
        store.db.execute("UPDATE local_log SET seq = seq + 1 WHERE id = ?", [log])
        store.db.execute(
            "INSERT INTO local_change (log_id, seq, hlc, table_name, row_id, cols, actor, at)"
            f" SELECT id, seq, ?, ?, ?, ?, ?, {capture.NOW} FROM local_log WHERE id = ?",
            [
                clock.tick(store),
                table,
                row_id,
                change_log.as_stored(_columns(store, found, take)),
                store.user,
                log,
            ],
        )
        merge.fold_rows(store, schema, [(table, row_id)])


def _columns(store: Store, conflict: Row, take: Side) -> dict[str, Any]:
    """What the change sets: a void and its reason belong together."""
    column, side = conflict["column"], conflict[take]
    if column != "voided_at":
        return {column: side["value"]}
    if side["value"] is None:
        return {"voided_at": None, "void_reason": None}
    place = (side["log"], side["seq"])
    return {
        "voided_at": side["value"],
        "void_reason": change_log.changes_at(store, [place])[place].cols.get("void_reason"),
    }
