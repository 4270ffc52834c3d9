"""The state of a segment: applied, held until something else comes, or quarantined (``docs/bundle-format.md``)."""

from fieldapp.store.store import Row, Store
from fieldapp.sync.format import keys, segment
from fieldapp.sync.merge import fast_path, forks, merge, release, revocation
from fieldapp.sync.merge.forks import CLOCK_AHEAD, FORK
from fieldapp.sync.merge.revocation import REVOKED, UNTRUSTED
from fieldapp.sync.peers import logs

UNKNOWN_AUTHOR = "unknown_author"
WAITS = "waits"
BAD_SIGNATURE = "bad_signature"
FOREIGN_LOG = "foreign_log"


def classify(store: Store, row: Row) -> tuple[str, str | None]:
    """(state, reason) that a held segment should have now; ``applied`` means that it can be applied."""
    author = store.row("SELECT sign_key, trust, own FROM local_replica WHERE id = ?", [row["replica_id"]])
    if author is None:
        return "held", UNKNOWN_AUTHOR
    if not keys.verify(author["sign_key"], row["bytes"], row["signature"]):
        return "quarantined", BAD_SIGNATURE
    if author["trust"] == "revoked" and not author["own"]:
        if not revocation.is_within_revocation(store, row):
            return "quarantined", REVOKED
    elif author["trust"] != "certified" and not author["own"]:
        return "held", UNTRUSTED
    log = store.row("SELECT scope, replica_id, seq FROM local_log WHERE id = ?", [row["log_id"]])
    if log is not None and (log["scope"], log["replica_id"]) != (row["scope"], row["replica_id"]):
        return "quarantined", FOREIGN_LOG
    reached = log["seq"] if log else 0
    if row["first"] <= reached or forks.is_off_branch(store, row["prev"]):
        return "quarantined", FORK
    if row["first"] > reached + 1:
        return "held", WAITS
    head = store.value(
        "SELECT hash FROM local_segment WHERE log_id = ? AND last = ? AND state = 'applied'", [row["log_id"], reached]
    )
    if row["prev"] != head:
        return "quarantined", FORK
    if forks.missing_knowledge(store, row):
        return "held", WAITS
    return "applied", None


def apply_segment(store: Store, sealed: segment.Sealed, hash_: str, pending: fast_path.Pending | None = None) -> None:
    """Apply a segment for which ``classify`` gave ``applied``; if it is of a log that we write, begin a new log."""
    header = sealed.header
    merge.apply_changes(store, sealed, hash_, pending)
    if store.value("SELECT own FROM local_log WHERE id = ?", [header.log]):  # written by a copy of this disk
        logs.begin_log(store, header.scope)


_HELD = "SELECT hash FROM local_segment WHERE state = 'held' ORDER BY log_id, first, hash"
_HELD_OF = (
    "SELECT s.hash FROM local_replica r CROSS JOIN local_segment s ON s.replica_id = r.id AND s.state = 'held'"
    " WHERE (r.post_id = ? OR r.role = 'hq') AND r.trust <> 'pending' ORDER BY s.log_id, s.first, s.hash"
)


def apply_held(store: Store, post_id: str | None = None) -> None:
    """Apply held segments until none is left that can be applied; inside an applying transaction.

    ``post_id``: only those of this post's certified laptops and of headquarters. After a bundle that brought changes of
    that post alone, no other segment can be applied: each waits for changes of its own post, or for what is for all.
    """
    progress = True
    while progress:
        progress = False
        held = store.rows(_HELD) if post_id is None else store.rows(_HELD_OF, [post_id])
        for row in (store.row("SELECT * FROM local_segment WHERE hash = ?", [h["hash"]]) for h in held):
            assert row is not None
            state, reason = classify(store, row)
            sealed = segment.read(row["bytes"]) if state == "applied" else None
            if sealed is not None and forks.is_ahead(sealed):
                state, reason = "held", CLOCK_AHEAD
            if (state, reason) != (row["state"], row["reason"]):
                store.db.execute(
                    "UPDATE local_segment SET state = ?, reason = ? WHERE hash = ?", [state, reason, row["hash"]]
                )
            if sealed is not None and state == "applied":
                apply_segment(store, sealed, row["hash"])
                progress = True


def settle_forks(store: Store, post_id: str | None = None) -> None:
    """Follow headquarters in logs that have two branches, and forget what is logged elsewhere.

    Inside an applying transaction. Held segments that waited for that are applied. ``post_id``: nothing but this post's
    changes has come since the last time.
    """
    followed: set[str] = set()
    while forks.follow_headquarters(store, followed):
        apply_held(store)
        post_id = None
    release.release_if_logged_elsewhere(store)
    while forks.forget_settled(store, post_id):  # what follows a settled segment is settled with it
        apply_held(store, post_id)
    logs.begin_missing_logs(store)
