"""What other replicas say that they have, and how far that is what we have."""

import json
from collections.abc import Sequence

from fieldapp.store.store import Store, now
from fieldapp.sync.format import clock
from fieldapp.sync.format.bundle import Head, Manifest
from fieldapp.vietnamese.text import clean

Heads = dict[str, Head]
"""log -> how far"""

SILENCE_MS = 90 * 86_400_000
FORK_SUFFIX = "#fork"
"""Ends the key of a database that writes another branch of a log than ours"""


def record_receipt(store: Store, manifest: Manifest) -> None:
    """Keep what a certified sender says it has, unless a later word of it is known; inside a transaction.

    A copied or restored disk is one replica with several databases: each is known by the log that it writes. One that
    begins a log is taken to go on in the place of the others, which come back when they are heard again.

    The clock moves past the manifest's: our own word must count as later where a disk that was set back speaks with the
    clock of then, and its first word would be taken for an old one.
    """
    sender = manifest.sender
    if not store.value("SELECT 1 FROM local_replica WHERE id = ? AND own = 0 AND trust = 'certified'", [sender]):
        return
    if manifest.hlc <= clock.latest_plausible():
        clock.observe(store, manifest.hlc)
    key = _database(store, manifest)
    last = store.value("SELECT hlc FROM local_receipt WHERE replica_id = ? AND log_id = ?", [sender, key])
    if last is not None and manifest.hlc <= last:
        return
    if last is None and not key.endswith(FORK_SUFFIX):
        store.db.execute(
            "UPDATE local_receipt SET have = NULL WHERE replica_id = ? AND hlc < ?", [sender, manifest.hlc]
        )
    have = json.dumps({g: {"last": h.last, "hash": h.hash, "replica": h.replica} for g, h in manifest.have.items()})
    store.db.execute(
        "INSERT OR REPLACE INTO local_receipt VALUES (?, ?, ?, ?, ?, ?, ?)",
        [sender, key, have, manifest.hlc, manifest.made_at, now(), clean(manifest.program)],
    )


def _database(store: Store, manifest: Manifest) -> str:
    head = manifest.have.get(manifest.log)
    state = head and store.value("SELECT state FROM local_segment WHERE hash = ?", [head.hash])
    return manifest.log + (FORK_SUFFIX if state == "quarantined" else "")


def latest_receipt(store: Store, replica_id: str) -> Heads:
    """What a replica said last that it has."""
    said = store.value(
        "SELECT have FROM local_receipt WHERE replica_id = ? AND have IS NOT NULL ORDER BY hlc DESC LIMIT 1",
        [replica_id],
    )
    return _heads(said)


def unapplied_heads(store: Store) -> list[tuple[str, str, Head]]:
    """(replica, log, head) of each head that a certified replica said last that it has, and that is not applied here;
    of headquarters' logs, where the branches themselves say which stands, also what another of its databases has.

    One query: headquarters asks after every bundle, and may have heard of a thousand laptops.
    """
    rows = store.rows(
        "SELECT p.id, h.key AS log_id, h.value AS head FROM local_replica p JOIN local_receipt r ON r.replica_id = p.id"
        " JOIN json_each(r.have) h WHERE p.own = 0 AND p.trust = 'certified' AND (r.hlc ="
        " (SELECT max(n.hlc) FROM local_receipt n WHERE n.replica_id = p.id AND n.have IS NOT NULL)"
        " OR EXISTS (SELECT 1 FROM local_log l JOIN local_replica a ON a.id = l.replica_id"
        " WHERE l.id = h.key AND a.role = 'hq'))"
        " AND NOT EXISTS (SELECT 1 FROM local_segment s WHERE s.hash = h.value ->> '$.hash' AND s.state = 'applied')"
        " ORDER BY p.post_code, p.name, p.id"
    )
    return [(row["id"], row["log_id"], Head(**json.loads(row["head"]))) for row in rows]


def all_heads(store: Store, replica_id: str) -> tuple[tuple[Heads, ...], str | None]:
    """What each database of a replica has, and when one was last heard. One that is silent while another speaks was
    set back, and would be sent everything for ever; if it is only in a drawer, it is known again by its next word."""
    rows = store.rows(
        "SELECT have, at FROM local_receipt WHERE replica_id = ?1 AND have IS NOT NULL"
        " AND hlc > (SELECT max(hlc) FROM local_receipt WHERE replica_id = ?1) - ?2",
        [replica_id, SILENCE_MS << 16],
    )
    return tuple(_heads(row["have"]) for row in rows), max((row["at"] for row in rows), default=None)


def _heads(said: str | None) -> Heads:
    return {log: Head(**head) for log, head in json.loads(said or "{}").items()}


def acknowledged_through(store: Store, databases: Sequence[Heads], log_id: str) -> int:
    """How far all databases of a peer have a log as we have it: up to where their branches and ours part.

    A head that is unknown here is that of a peer who is ahead of us, unless it lies before our own: then it is another
    branch, and where they part nobody here knows. Of our own logs such a head never counts: it may be the receipt of a
    copy of this disk.
    """
    log = store.row("SELECT seq, replica_id FROM local_log WHERE id = ?", [log_id])
    seq: int = log["seq"] if log else 0
    own = log is not None and log["replica_id"] == store.identity.replica_id
    return min((_acknowledged_in_log(store, heads.get(log_id), log_id, seq, own) for heads in databases), default=0)


def _acknowledged_in_log(store: Store, head: Head | None, log_id: str, seq: int, own: bool) -> int:
    if head is None:
        return 0
    parted = branch_point(store, log_id, head.hash)
    if parted is None:
        return head.last if head.last >= seq and not own else 0
    return head.last if parted == seq and not own else parted


def author_of_log(store: Store, log_id: str) -> str | None:
    """Replica id of who writes a log of which nothing has come, as somebody said who has it."""
    found: str | None = store.value(
        "SELECT json_extract(h.value, '$.replica') FROM local_receipt r, json_each(r.have) h WHERE h.key = ?"
        " AND json_extract(h.value, '$.replica') <> ''",
        [log_id],
    )
    return found


def branch_point(store: Store, log_id: str, hash_: str | None) -> int | None:
    """The last change that is both in the branch that ends with a segment, and in ours; None where a segment between
    is not here."""
    while hash_ is not None:
        row = store.row("SELECT last, prev, state FROM local_segment WHERE hash = ? AND log_id = ?", [hash_, log_id])
        if row is None:
            return None
        if row["state"] == "applied":
            return int(row["last"])
        hash_ = row["prev"]
    return 0
