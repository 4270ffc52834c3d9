"""Two histories of one log: a disk that was copied, or set back to an older state.

A log is a chain of segments. Where a post's has two branches, the headquarters that certified its author decides: the
one it took in first stands, and the others follow what its bundles say it has. Nobody stands above all headquarters: of
their logs the branch stands that begins with the smaller hash. If each followed the other's word, they would go round
in a circle. The author's own laptop takes a new log and logs there, with their values, times and authors, what the
branch that stands lacks: so both laptops' work arrives.
"""

import json
from collections.abc import Iterator

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import log as change_log
from fieldapp.store.log import Change
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import keys, segment
from fieldapp.sync.merge import merge, revocation
from fieldapp.sync.peers import logs, peers, receipts
from fieldapp.sync.peers.peers import Peer

MAX_SEQ = 1 << 53
FORK = "fork"
FORK_SETTLED = "settled"
"""A branch that does not stand, and all of whose changes are in the log all the same"""


def begin_new_logs(store: Store) -> None:
    """After a backup was restored: what is recorded from now on goes into new logs, so that it never contradicts what
    this laptop wrote after the backup. What headquarters has of that comes back in its reply."""
    with store.transaction(applying=True):
        segment.seal_open_changes(store)
        for log in store.rows("SELECT scope FROM local_log WHERE own = 1 ORDER BY scope"):
            logs.begin_log(store, log["scope"])


def follow_headquarters(store: Store, followed: set[str]) -> bool:
    """Follow, in each log, the branch of the headquarters that certified its author; inside an applying transaction,
    with nothing unsealed. True if a branch was changed, so that held segments may now be applied.

    Heads in ``followed`` are left; those that were followed now are added. So this ends, whatever others say.
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
        parted = receipts.branch_point(store, log_id, head.hash)
        if branch and parted is not None and parted < log["seq"]:
            if author.role == "hq" and branch[0]["hash"] > _first_beyond(store, log_id, parted):
                continue
            _follow(store, log, author, parted, branch)
            followed.add(head.hash)
            changed = True
        elif branch and branch[0]["state"] == "quarantined":  # it goes on where we have followed since
            _hold_branch(store, branch)
            followed.add(head.hash)
            changed = True
    return changed


def _is_applied(store: Store, hash_: str) -> bool:
    return store.value("SELECT 1 FROM local_segment WHERE hash = ? AND state = 'applied'", [hash_]) is not None


def _decides(peer: Peer, author: Peer) -> bool:
    """Whether a peer's word counts about the branch of a post's log: its certifier's; until there is one, any
    headquarters'. About headquarters' logs everybody's does: which branch stands, the branches say themselves."""
    if author.role == "hq":
        return True
    return peer.id == author.issuer or (author.issuer == author.id and peer.role == "hq")


def _first_beyond(store: Store, log_id: str, parted: int) -> str:
    found: str = store.value(
        "SELECT hash FROM local_segment WHERE log_id = ? AND first > ? AND state = 'applied' ORDER BY first LIMIT 1",
        [log_id, parted],
    )
    return found


def _branch(store: Store, author: Peer, log_id: str, head: str) -> list[Row]:
    """The segments from where a branch parts from ours up to its head, if all are here, sound, and can be applied."""
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
        found.append(row)
        hash_ = row["prev"]
    return [] if any(missing_knowledge(store, row) for row in found) else found[::-1]


def _follow(store: Store, log: Row, author: Peer, parted: int, branch: list[Row]) -> None:
    """Put the branch of headquarters in the place of ours, from where they part."""
    ours = store.rows(
        "SELECT * FROM local_segment WHERE log_id = ? AND first > ? AND state = 'applied' ORDER BY first",
        [log["id"], parted],
    )
    if author.id == store.identity.replica_id:
        if log["own"]:
            logs.begin_log(store, log["scope"])
        stands = {_identity(change) for row in branch for change in segment.decode(row["bytes"])[1]}
        for row in ours:
            _relog_segment(store, row, stands, parted)
    for row in ours:
        store.db.execute(
            "UPDATE local_segment SET state = 'quarantined', reason = ? WHERE hash = ?", [FORK, row["hash"]]
        )
    merge.refold(store, merge.withdraw_log(store, log["id"]))
    for row in branch:
        store.db.execute("UPDATE local_segment SET state = 'applied', reason = NULL WHERE hash = ?", [row["hash"]])
        merge.apply_changes(store, segment.read(row["bytes"]), row["hash"])


def _hold_branch(store: Store, branch: list[Row]) -> None:
    for row in branch:
        store.db.execute("UPDATE local_segment SET state = 'held' WHERE hash = ?", [row["hash"]])


def _relog_segment(store: Store, ours: Row, stands: set[tuple[object, ...]], parted: int) -> None:
    """Seal anew, in the log that is written now, what the branch that stands lacks of a segment: under the knowledge
    under which it was made, so that conflicts stay what they were."""
    changes = [c for c in segment.decode(ours["bytes"])[1] if _identity(c) not in stands]
    changes = _not_logged(store, changes, besides=ours["log_id"])
    log = store.row("SELECT * FROM local_log WHERE own = 1 AND scope = ?", [ours["scope"]])
    assert log is not None
    if not changes:
        return
    rows = [
        {
            "seq": number,
            "hlc": c.hlc,
            "table_name": c.table,
            "row_id": c.row_id,
            "cols": change_log.as_stored(c.cols),
            "actor": c.actor,
            "at": c.at,
        }
        for number, c in enumerate(changes, start=log["seq"] + 1)
    ]
    columns = ", ".join(rows[0])
    store.db.conn.executemany(
        f"INSERT INTO local_change (log_id, {columns}) VALUES (?, {', '.join('?' * len(rows[0]))})",
        [(log["id"], *row.values()) for row in rows],
    )
    store.db.execute("UPDATE local_log SET seq = ? WHERE id = ?", [rows[-1]["seq"], log["id"]])
    knows = {**json.loads(ours["knows"]), ours["log_id"]: parted}
    segment.seal_rows(store, log, rows, {known: last for known, last in knows.items() if last})


def adopt_branches(store: Store) -> int:
    """Log the work of branches that do not stand in headquarters' own log, with its values, times and authors; returns
    how many segments. For a laptop that will not do so itself: it is gone, or its disk was set back meanwhile. If it
    does after all, each change still counts once.
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
            parted = receipts.branch_point(store, row["log_id"], row["prev"])
            _relog_segment(store, row, set(), parted or 0)
            touched += [(c.table, c.row_id) for c in segment.decode(row["bytes"])[1]]
        merge.refold(store, touched)
        forget_settled(store)
    return len(found)


def _identity(change: Change) -> tuple[object, ...]:
    """What makes two logged changes the same one."""
    return change.hlc, change.table, change.row_id, json.dumps(change.cols, sort_keys=True)


def is_off_branch(store: Store, hash_: str | None) -> bool:
    """Whether a segment belongs to a branch that does not stand: so does what goes on from it."""
    found = "SELECT 1 FROM local_segment WHERE hash = ? AND state = 'quarantined' AND reason IN (?, ?)"
    return store.value(found, [hash_, FORK, FORK_SETTLED]) is not None


def forget_settled(store: Store) -> None:
    """Mark the branches that do not stand and of which nothing is missing: no longer anybody's concern; inside a
    transaction. At a post also what waits for the rest of such a branch, which headquarters does not send."""
    for row in store.rows(
        "SELECT hash, bytes FROM local_segment WHERE state = 'quarantined' AND reason = ?"
        " UNION ALL SELECT hash, bytes FROM local_segment WHERE state = 'held' AND reason = 'waits' AND ?",
        [FORK, store.identity.role == "post"],
    ):
        changes = segment.decode(row["bytes"])[1]
        if not _not_logged(store, changes[:1]) and not _not_logged(store, changes):  # one costs less, and often says it
            store.db.execute(
                "UPDATE local_segment SET state = 'quarantined', reason = ? WHERE hash = ?", [FORK_SETTLED, row["hash"]]
            )


def _not_logged(store: Store, changes: list[Change], besides: str = "") -> list[Change]:
    """Those of some changes that are in no log, ``besides`` one: with its reading and values a change is one's only."""
    found = change_log.changes_of_rows(store, {c.row_id for c in changes})
    there = {_identity(c) for same_row in found.values() for c in same_row if c.log_id != besides}
    return [c for c in changes if _identity(c) not in there]


def missing_knowledge(store: Store, row: Row) -> dict[str, int]:
    """log -> last change that a segment's author knew and that is not here.

    Nobody waits for what never comes: a branch that does not stand, or the log of a laptop that was revoked; and nobody
    for what a peer that has applied the segment has not, or may not name to us.
    """
    known = store.rows(
        "SELECT k.key AS log_id, k.value AS last, coalesce(l.seq, 0) AS seq"
        " FROM json_each(?) k LEFT JOIN local_log l ON l.id = k.key WHERE coalesce(l.seq, 0) < k.value",
        [row["knows"]],
    )
    if not known:
        return {}
    have, lacking = {r["log_id"]: r["seq"] for r in known}, {r["log_id"]: r["last"] for r in known}
    over = {
        r["log_id"]: r["last"]
        for r in store.rows(
            "SELECT log_id, max(last) AS last FROM local_segment WHERE state = 'quarantined' AND reason IN (?, ?, ?)"
            " GROUP BY log_id",
            [FORK, FORK_SETTLED, revocation.REVOKED],
        )
    }
    for revoked in store.rows("SELECT logs FROM local_revocation"):
        over.update(dict.fromkeys(json.loads(revoked["logs"]), MAX_SEQ))
    lacking = {log: last for log, last in lacking.items() if over.get(log, 0) < last}
    for heads in _applied_by(store, row) if lacking else ():
        lacking = {log: last for log, last in lacking.items() if log in heads and have[log] < heads[log].last}
    return lacking


def _applied_by(store: Store, row: Row) -> Iterator[receipts.Heads]:
    """What each peer says it has that has applied a segment."""
    for peer in peers.others(store):
        for heads in receipts.all_heads(store, peer.id)[0] if peer.trust == "certified" else ():
            head = heads.get(row["log_id"])
            hash_ = head.hash if head and head.last >= row["last"] else None
            while hash_ is not None and hash_ != row["hash"]:
                hash_ = store.value("SELECT prev FROM local_segment WHERE hash = ?", [hash_])
            if hash_ is not None:
                yield heads
