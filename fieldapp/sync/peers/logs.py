"""The logs that this replica writes: one at a time for each scope, each with an id of its own."""

from fieldapp.store import log
from fieldapp.store.store import Store


def begin_log(store: Store, scope: str) -> None:
    """Begin a new log for ``scope``, to which all further changes go; inside a transaction.

    The log that was written until now is kept, and gets no more changes.
    """
    import uuid_utils

    store.db.execute("UPDATE local_log SET own = 0 WHERE own = 1 AND scope = ?", [scope])
    store.db.execute(
        "INSERT INTO local_log (id, scope, replica_id, own, seq) VALUES (?, ?, ?, 1, 0)",
        [str(uuid_utils.uuid7()), scope, store.identity.replica_id],
    )


def begin_missing_logs(store: Store) -> None:
    """At headquarters: begin a log for each of its own posts that has none here; inside a transaction.

    Another laptop of headquarters may have entered the post.
    """
    me = store.identity
    if me.role != "hq":
        return
    without = store.rows(
        "SELECT p.id FROM post p WHERE NOT EXISTS (SELECT 1 FROM local_log o WHERE o.own = 1 AND o.scope = p.id)"
    )
    if not without:
        return
    ours = {
        row["id"]
        for row in store.rows(
            "SELECT l.id FROM local_log l JOIN local_replica r ON r.id = l.replica_id"
            " WHERE r.role = 'hq' AND r.post_code = ?",
            [me.post_code],
        )
    }
    for post_id, changes in log.changes_of_rows(store, [row["id"] for row in without]).items():
        if any(c.table == "post" and c.log_id in ours for c in changes):
            begin_log(store, post_id)


def own_logs(store: Store) -> list[str]:
    """Ids of all logs that this replica has ever written."""
    found = store.rows("SELECT id FROM local_log WHERE replica_id = ? ORDER BY id", [store.identity.replica_id])
    return [row["id"] for row in found]


def current_log(store: Store) -> str:
    """Id of the log that distinguishes this database from a copy: a post's only log, headquarters' in scope '*'."""
    found: str = store.value("SELECT id FROM local_log WHERE own = 1 ORDER BY scope <> '*', id")
    return found


def changes_written(store: Store) -> int:
    """How many changes this replica has logged."""
    found: int = store.value(
        "SELECT coalesce(sum(seq), 0) FROM local_log WHERE replica_id = ?", [store.identity.replica_id]
    )
    return found
