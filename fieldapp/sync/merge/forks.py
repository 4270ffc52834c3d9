"""Forks: two histories of one log, because a disk was copied or set back to an older state.

A log is a chain of segments. In a fork one branch is applied, and the others are quarantined.

For a post's log, the headquarters that certified its author decides. It applies the branch that it read first, and the
other replicas follow what its bundles say it has. No replica is above all headquarters. So for their own logs the
branches themselves decide: the one that begins with the smaller hash is applied. If two headquarters followed each
other's receipts, they would never agree.

The author's own laptop begins a new log. There it logs the changes that the applied branch lacks, with their values,
times and authors. So the work of both laptops arrives.
"""

import json
from collections.abc import Iterator, Sequence

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import log as change_log
from fieldapp.store.log import Change
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock, keys, segment
from fieldapp.sync.merge import authors, merge, revocation
from fieldapp.sync.merge.admission import Schema
from fieldapp.sync.peers import logs, peers, receipts
from fieldapp.sync.peers.peers import Peer

MAX_SEQ = 1 << 53
CLOCK_AHEAD = "clock_ahead"
"""Reason of a held segment whose clock readings are implausible"""
FORK = "fork"
FORK_SETTLED = "settled"
"""Reason of a quarantined branch whose changes are all in applied logs as well"""


def begin_new_logs(store: Store) -> None:
    """After a backup was restored: begin new logs, to which all further changes go.

    So these never contradict the changes that this laptop had written after the backup. Those of them that headquarters
    has come back in its reply.
    """
    with store.transaction(applying=True):
        segment.seal_open_changes(store)
        for log in store.rows("SELECT scope FROM local_log WHERE own = 1 ORDER BY scope"):
            logs.begin_log(store, log["scope"])


def follow_headquarters(store: Store, followed: set[str]) -> bool:
    """Apply, in each log, the branch of the headquarters that certified its author; returns whether any was changed.

    Inside an applying transaction, with nothing unsealed. If it returns True, held segments may now be applied. Heads
    in ``followed`` are skipped, and those that are followed now are added. So a loop over this ends, whatever other
    replicas say.
    """
    changed = False
    for peer_id, log_id, head in receipts.unapplied_heads(store):
        log = store.row("SELECT * FROM local_log WHERE id = ?", [log_id])
        author = peers.get(store, log["replica_id"]) if log else None
        peer = peers.get(store, peer_id)
        if log is None or author is None or peer is None or log_id == BASELINE_LOG:
            continue
        if not _decides(peer, author) or head.hash in followed or _is_applied(store, head.hash):
            continue
        if log["own"] and head.last > log["seq"]:  # a copy of this disk is ahead of us, or we were set back
            logs.begin_log(store, log["scope"])
        branch = _branch(store, author, log_id, head.hash)
        last_common = receipts.branch_point(store, log_id, head.hash)
        if branch and last_common is not None and last_common < log["seq"]:
            if author.role == "hq" and branch[0]["hash"] > _first_after(store, log_id, last_common):
                continue
            _follow(store, log, author, last_common, branch)
            followed.add(head.hash)
            changed = True
        elif branch and branch[0]["state"] == "quarantined":  # it continues a branch that we have followed since
            _hold_branch(store, branch)
            followed.add(head.hash)
            changed = True
    return changed


def _is_applied(store: Store, hash_: str) -> bool:
    return store.value("SELECT 1 FROM local_segment WHERE hash = ? AND state = 'applied'", [hash_]) is not None


def _decides(peer: Peer, author: Peer) -> bool:
    """Whether a peer's receipts are followed for the logs of an author.

    For a post's log, only the headquarters that certified the author; before that, any headquarters. For a log of
    headquarters, every peer: there the branches themselves decide which is applied.
    """
    if author.role == "hq":
        return True
    return peer.id == author.issuer or (author.issuer == author.id and peer.role == "hq")


def _first_after(store: Store, log_id: str, last_common: int) -> str:
    """Hash of the applied segment that begins after a change."""
    found: str = store.value(
        "SELECT hash FROM local_segment WHERE log_id = ? AND first > ? AND state = 'applied' ORDER BY first LIMIT 1",
        [log_id, last_common],
    )
    return found


def _branch(store: Store, author: Peer, log_id: str, head: str) -> list[Row]:
    """The segments of a branch, from where it leaves ours up to its head.

    Empty unless all of them are here, are signed by the author, and can be applied.
    """
    found: list[Row] = []
    hash_: str | None = head
    while hash_ is not None:
        row = store.row("SELECT * FROM local_segment WHERE hash = ? AND log_id = ?", [hash_, log_id])
        if row is None:
            return []
        if row["state"] == "applied":
            break
        if row["state"] == "quarantined" and row["reason"] not in (FORK, FORK_SETTLED):
            return []
        if row["replica_id"] != author.id or not keys.verify(author.sign_key, row["bytes"], row["signature"]):
            return []
        if is_ahead(segment.read(row["bytes"])):
            return []
        found.append(row)
        hash_ = row["prev"]
    return [] if any(missing_knowledge(store, row) for row in found) else found[::-1]


def _follow(store: Store, log: Row, author: Peer, last_common: int, branch: list[Row]) -> None:
    """Replace our branch with headquarters' one, after the last change that they have in common."""
    ours = store.rows(
        "SELECT * FROM local_segment WHERE log_id = ? AND first > ? AND state = 'applied' ORDER BY first",
        [log["id"], last_common],
    )
    if author.id == store.identity.replica_id:
        if log["own"]:
            logs.begin_log(store, log["scope"])
        applied = {_identity(change) for row in branch for change in segment.decode(row["bytes"])[1]}
        for row in ours:
            _relog_segment(store, row, applied, last_common)
    for row in ours:
        store.db.execute(
            "UPDATE local_segment SET state = 'quarantined', reason = ? WHERE hash = ?", [FORK, row["hash"]]
        )
    merge.refold(store, merge.withdraw_log(store, log["id"]))
    for row in branch:
        store.db.execute("UPDATE local_segment SET state = 'applied', reason = NULL WHERE hash = ?", [row["hash"]])
        merge.apply_changes(store, segment.read(row["bytes"]), row["hash"])


def is_ahead(sealed: segment.Sealed) -> bool:
    """Whether a segment's last clock reading is implausibly late: it would move the clock of all replicas ahead."""
    return not clock.is_plausible(sealed.entries[-1].hlc)


def _hold_branch(store: Store, branch: list[Row]) -> None:
    for row in branch:
        store.db.execute("UPDATE local_segment SET state = 'held' WHERE hash = ?", [row["hash"]])


def _relog_segment(
    store: Store, ours: Row, applied: set[tuple[object, ...]], last_common: int, *, of_another: bool = False
) -> None:
    """Log and seal, in the current own log, the changes of a segment that the applied branch lacks.

    ``applied``: the identities of the changes of that branch. The new segment names the same version vector as the old
    one, so that conflicts stay what they were.
    """
    changes = [c for c in segment.decode(ours["bytes"])[1] if _identity(c) not in applied]
    changes = not_logged(store, changes, besides=ours["log_id"])
    changes = permitted(store, ours, changes) if of_another else changes
    knows = {**json.loads(ours["knows"]), ours["log_id"]: last_common}
    log_again(store, ours["scope"], changes, knows, [c.hlc for c in changes])


def log_again(store: Store, scope: str, changes: list[Change], knows: dict[str, int], readings: Sequence[int]) -> None:
    """Log and seal changes once more, in the current own log of a scope; inside an applying transaction.

    They keep their values, authors and times. ``knows``: the version vector they were made with; ``readings``: one for
    each change, growing.
    """
    log = store.row("SELECT * FROM local_log WHERE own = 1 AND scope = ?", [scope])
    assert log is not None
    if not changes:
        return
    rows = [
        {
            "seq": number,
            "hlc": hlc,
            "table_name": c.table,
            "row_id": c.row_id,
            "cols": change_log.as_stored(c.cols),
            "actor": c.actor,
            "at": c.at,
        }
        for number, (c, hlc) in enumerate(zip(changes, readings, strict=True), start=log["seq"] + 1)
    ]
    columns = ", ".join(rows[0])
    store.db.conn.executemany(
        f"INSERT INTO local_change (log_id, {columns}) VALUES (?, {', '.join('?' * len(rows[0]))})",
        [(log["id"], *row.values()) for row in rows],
    )
    store.db.execute("UPDATE local_log SET seq = ? WHERE id = ?", [rows[-1]["seq"], log["id"]])
    segment.seal_rows(store, log, rows, {known: last for known, last in knows.items() if last})


def permitted(store: Store, row: Row, changes: list[Change]) -> list[Change]:
    """Those of a segment's changes that their author may write: in our own log they would count whoever wrote them."""
    schema, by = Schema(store), authors.author(store, row["scope"], row["replica_id"])
    return [c for c in changes if c.table in schema.columns and schema.may_write(by, c.table)]


def adopt_branches(store: Store) -> int:
    """Log the changes of quarantined branches in headquarters' own log; returns how many segments.

    The changes keep their values, times and authors. This is for a laptop that will not log them itself, because it is
    gone, or its disk was set back meanwhile. If it does so after all, each change still counts once.
    """
    if store.identity.role != "hq":
        raise FieldappError(_("Only headquarters takes over the work of a laptop that is gone."))
    with store.transaction(applying=True):
        segment.seal_open_changes(store)
        found = store.rows(
            "SELECT * FROM local_segment WHERE state = 'quarantined' AND reason = ? AND scope IN"
            " (SELECT scope FROM local_log WHERE own = 1) ORDER BY log_id, first, hash",
            [FORK],
        )
        touched = []
        for row in found:
            last_common = receipts.branch_point(store, row["log_id"], row["prev"])
            _relog_segment(store, row, set(), last_common or 0, of_another=True)
            touched += [(c.table, c.row_id) for c in segment.decode(row["bytes"])[1]]
        merge.refold(store, touched)
        forget_settled(store)
    return len(found)


def _identity(change: Change) -> tuple[object, ...]:
    """What identifies a change: if it is equal for two logged changes, they are the same change."""
    return change.hlc, change.table, change.row_id, json.dumps(change.cols, sort_keys=True)


def is_off_branch(store: Store, hash_: str | None) -> bool:
    """Whether a segment belongs to a quarantined branch; then every segment that follows it does, too."""
    found = "SELECT 1 FROM local_segment WHERE hash = ? AND state = 'quarantined' AND reason IN (?, ?)"
    return store.value(found, [hash_, FORK, FORK_SETTLED]) is not None


def forget_settled(store: Store, post_id: str | None = None) -> bool:
    """Mark the quarantined branches whose changes are all logged elsewhere as settled; inside a transaction.

    Also mark held segments with implausible clock readings, where somebody has released them, and at a post those that
    wait for the rest of such a branch: headquarters does not send it. ``post_id``: only those of the laptops of this
    post. Returns whether any was marked.
    """
    marked = False
    of_post = "" if post_id is None else " AND replica_id IN (SELECT id FROM local_replica WHERE post_id = ?4)"
    rows = store.rows(  # two queries, each with an index of its own: one with OR reads all segments
        f"SELECT hash, bytes FROM local_segment WHERE state = 'quarantined' AND reason = ?1{of_post} UNION ALL"
        " SELECT hash, bytes FROM local_segment"
        f" WHERE state = 'held' AND (reason = ?2 OR reason = 'waits' AND ?3){of_post}",
        [FORK, CLOCK_AHEAD, store.role == "post", *([post_id] if of_post else [])],
    )
    # Asking for the first change of each, for all at once, costs little, and it decides nearly always.
    first = [_changes(row)[:1] for row in rows]
    missing = {id(change) for change in not_logged(store, [change for of_one in first for change in of_one])}
    for row, of_one in zip(rows, first, strict=True):
        if not any(id(change) in missing for change in of_one) and not not_logged(store, _changes(row)):
            settle(store, row["hash"])
            marked = True
    return marked


def _changes(row: Row) -> list[Change]:
    return segment.decode(row["bytes"])[1]


def settle(store: Store, hash_: str) -> None:
    """Mark a segment whose changes are all logged elsewhere; inside a transaction."""
    store.db.execute("UPDATE local_segment SET state = 'quarantined', reason = ? WHERE hash = ?", [FORK_SETTLED, hash_])


def not_logged(store: Store, changes: list[Change], besides: str = "") -> list[Change]:
    """Those of some changes that are in no log other than ``besides``.

    The same clock reading with the same values means the same change. An implausible reading is replaced by another
    one when the change is released; there its author and time count instead.
    """
    found = change_log.changes_of_rows(store, {c.row_id for c in changes})
    logged = [c for same_row in found.values() for c in same_row if c.log_id != besides]
    there, released = set(map(_identity, logged)), set(map(_identity_when_released, logged))
    return [
        c
        for c in changes
        if _identity(c) not in there and (clock.is_plausible(c.hlc) or _identity_when_released(c) not in released)
    ]


def _identity_when_released(change: Change) -> tuple[object, ...]:
    return change.at, change.actor, *_identity(change)[1:]


def missing_knowledge(store: Store, row: Row) -> dict[str, int]:
    """log id -> last change that a segment's author knew, for each log whose changes up to there are not all here.

    A segment does not wait for changes that may never come: those of a quarantined branch, of a revoked laptop's logs,
    or of a laptop that such a one certified alone. It does not wait either for changes that a peer lacks which has
    applied the segment, or for logs that are not in that peer's receipt: the peer may not name some logs to us.
    """
    known = store.rows(
        "SELECT k.key AS log_id, k.value AS last, coalesce(l.seq, 0) AS seq"
        " FROM json_each(?) k LEFT JOIN local_log l ON l.id = k.key WHERE coalesce(l.seq, 0) < k.value",
        [row["knows"]],
    )
    if not known:
        return {}
    have, missing = {r["log_id"]: r["seq"] for r in known}, {r["log_id"]: r["last"] for r in known}
    not_awaited = {
        r["log_id"]: r["last"]
        for r in store.rows(
            "SELECT log_id, max(last) AS last FROM local_segment WHERE state = 'quarantined' AND reason IN (?, ?, ?)"
            " GROUP BY log_id",
            [FORK, FORK_SETTLED, revocation.REVOKED],
        )
    }
    for revoked in store.rows("SELECT logs FROM local_revocation"):
        not_awaited.update(dict.fromkeys(json.loads(revoked["logs"]), MAX_SEQ))
    not_awaited.update(dict.fromkeys(revocation.logs_of_orphaned(store), MAX_SEQ))
    missing = {log: last for log, last in missing.items() if not_awaited.get(log, 0) < last}
    for peer_id, database in _applied_by(store, row) if missing else ():
        heads = receipts.heads_of(store, peer_id, database, missing)
        missing = {log: last for log, last in missing.items() if log in heads and have[log] < heads[log]}
    return missing


def _applied_by(store: Store, row: Row) -> Iterator[tuple[str, str]]:
    """(replica, database) of each database of a certified peer that has applied a segment."""
    for peer_id, database, head in receipts.databases_ahead(store, row["log_id"], row["last"]):
        hash_: str | None = head
        while hash_ is not None and hash_ != row["hash"]:
            hash_ = store.value("SELECT prev FROM local_segment WHERE hash = ?", [hash_])
        if hash_ is not None:
            yield peer_id, database
