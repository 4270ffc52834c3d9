"""Receipts: how far other replicas say they have each log, and how far that agrees with ours."""

import json
from base64 import b64decode
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.sync.format import clock
from fieldapp.sync.format.head import Head
from fieldapp.vietnamese.text import clean

if TYPE_CHECKING:
    from fieldapp.sync.format.bundle import Manifest

Heads = dict[str, Head]
"""log id -> how far a replica has that log"""

SILENCE_MS = 90 * 86_400_000
AHEAD_SUFFIX = "#ahead"
"""Ends the key of a manifest whose reading is implausible: no receipt, only what that laptop's clock showed"""
FORK_SUFFIX = "#fork"
"""Ends the key of a database that writes another branch of a log than ours. The key is the id of the log that it
writes."""


def record_receipt(store: Store, manifest: "Manifest") -> None:
    """Store what a certified sender says it has, unless a later receipt of it is known; inside a transaction.

    If a disk was copied or restored, one replica has several databases. Each is identified by the log that it writes.
    A database that writes a log not seen before is taken to replace the others. If a bundle of one of the others comes
    later, that database counts again.

    Our clock moves past the manifest's. If our own disk was set back, so was our clock, and peers would take our next
    receipt for an old one. A peer that has read our later bundles has a clock that is past all of them.

    An implausible reading (``clock.is_plausible``) is never kept: every later receipt would look old. Of such a
    manifest we keep only what that laptop's wall clock showed; the peer is sent too much until its clock is right.
    """
    sender = manifest.sender
    if not store.value("SELECT 1 FROM local_replica WHERE id = ? AND own = 0 AND trust = 'certified'", [sender]):
        return
    forget_implausible(store)  # from versions before 0.3
    if not clock.is_plausible(manifest.hlc):
        _keep(store, manifest, manifest.log + AHEAD_SUFFIX, None, clock.current(store))
        return
    clock.observe(store, manifest.hlc)
    key = _database(store, manifest)
    last = store.value("SELECT hlc FROM local_receipt WHERE replica_id = ? AND log_id = ?", [sender, key])
    if last is not None and manifest.hlc <= last:
        return
    if last is None and not key.endswith(FORK_SUFFIX):
        replaced = [sender, manifest.hlc]
        for row in store.rows("SELECT log_id FROM local_receipt WHERE replica_id = ? AND hlc < ?", replaced):
            _enter_heads(store, sender, row["log_id"], {})
        store.db.execute("UPDATE local_receipt SET have = NULL WHERE replica_id = ? AND hlc < ?", replaced)
    _enter_heads(store, sender, key, manifest.have)
    have = json.dumps({g: {"last": h.last, "hash": h.hash, "replica": h.replica} for g, h in manifest.have.items()})
    _keep(store, manifest, key, have, manifest.hlc)
    _keep_files(store, manifest, key)


class FilesAt:
    """Which files of records a replica has, by the receipts of all its databases: first bytes of their hashes."""

    def __init__(self, said: Sequence[tuple[bytes, bytes]] = (), heard: int = 0) -> None:
        """``said``: what each database says it has, and what it declines; ``_keep_files``."""
        self._said = said
        self.heard = heard
        """the reading of its latest receipt; 0 if it has sent none"""

    @cached_property
    def has(self) -> frozenset[bytes]:
        """What all its databases have."""
        return self._in_all(0)

    @cached_property
    def declined(self) -> frozenset[bytes]:
        """What none of them wants."""
        return self._in_all(1)

    def _in_all(self, at: int) -> frozenset[bytes]:
        return frozenset.intersection(*(prefixes(said[at]) for said in self._said)) if self._said else frozenset()

    def lacking_of(self, ours: bytes) -> frozenset[bytes]:
        """Those of ``ours`` that it neither has nor declines. Mostly it has the very same, and says so in the same
        bytes: then the thousands are not looked at one by one."""
        if self._said and all(has == ours for has, _declined in self._said):
            return frozenset()
        return prefixes(ours) - self.has - self.declined


PREFIX = 8
"""Bytes of a hash by which a receipt names it"""


def prefix_of(sha256: str) -> bytes:
    """What a receipt names a hash by."""
    return bytes.fromhex(sha256[: 2 * PREFIX])


def files_at(store: Store, replica_id: str) -> FilesAt | None:
    """Which files a replica has; None if by its latest receipt it takes none, as versions up to 0.2 do.

    What only one of its databases has, it does not have: a disk may have been set back.
    """
    rows = store.rows(
        "SELECT r.hlc, f.has, f.declined FROM local_receipt r"
        " LEFT JOIN local_file_receipt f ON f.replica_id = r.replica_id AND f.log_id = r.log_id"
        " WHERE r.replica_id = ?1 AND r.have IS NOT NULL AND r.hlc <= ?3"
        " AND r.hlc > (SELECT max(hlc) FROM local_receipt WHERE replica_id = ?1 AND hlc <= ?3) - ?2"
        " ORDER BY r.hlc DESC",
        [replica_id, SILENCE_MS << 16, clock.latest_plausible()],
    )
    if not rows:
        return FilesAt()
    if rows[0]["has"] is None:
        return None
    return FilesAt([(row["has"] or b"", row["declined"] or b"") for row in rows], rows[0]["hlc"])


def prefixes(data: bytes) -> frozenset[bytes]:
    """The prefixes that lie one after the other in ``data``."""
    return frozenset(data[at : at + PREFIX] for at in range(0, len(data), PREFIX))


def _keep_files(store: Store, manifest: "Manifest", key: str) -> None:
    """Store what the sender says of files. Most bundles say the same as the one before, of thousands of files: then
    nothing is written."""
    place = [manifest.sender, key]
    if manifest.files is None:
        store.db.execute("DELETE FROM local_file_receipt WHERE replica_id = ? AND log_id = ?", place)
        return
    said = [_decoded(manifest.files.has), _decoded(manifest.files.declined)]
    known = store.row("SELECT has, declined FROM local_file_receipt WHERE replica_id = ? AND log_id = ?", place)
    if known is None or [known["has"], known["declined"]] != said:
        store.db.execute("INSERT OR REPLACE INTO local_file_receipt VALUES (?, ?, ?, ?)", [*place, *said])


def _decoded(text: str) -> bytes:
    """What a manifest says of files; nothing where it is not as it should be."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return b""
    return data if len(data) % PREFIX == 0 else b""


def last_heard(store: Store) -> dict[str, int]:
    """Replica -> the clock of its newest bundle that was read here, or by another headquarters that said so."""
    rows = store.rows(
        "SELECT replica_id, max(hlc) AS hlc FROM (SELECT replica_id, hlc FROM local_receipt WHERE hlc <= ?1"
        " UNION ALL SELECT replica_id, hlc FROM local_heard WHERE hlc <= ?1) GROUP BY replica_id",
        [clock.latest_plausible()],
    )
    return {row["replica_id"]: row["hlc"] for row in rows}


def record_heard(store: Store, manifest: "Manifest") -> None:
    """Store of which laptops another certified headquarters has heard, and when; inside a transaction."""
    if not manifest.heard or not store.value(
        "SELECT 1 FROM local_replica WHERE id = ? AND own = 0 AND role = 'hq' AND trust = 'certified'",
        [manifest.sender],
    ):
        return
    store.db.conn.executemany(
        "INSERT INTO local_heard SELECT id, ?2 FROM local_replica WHERE id = ?1 AND own = 0"
        " ON CONFLICT (replica_id) DO UPDATE SET hlc = excluded.hlc WHERE excluded.hlc > hlc",
        [(replica, hlc) for replica, hlc in manifest.heard.items() if hlc > 0 and clock.is_plausible(hlc)],
    )


def forget_implausible(store: Store) -> None:
    """Delete the receipts with readings that no clock can have had; inside a transaction."""
    bound = clock.latest_plausible()
    for row in store.rows("SELECT replica_id, log_id FROM local_receipt WHERE hlc > ?", [bound]):
        _enter_heads(store, row["replica_id"], row["log_id"], {})
    store.db.execute("DELETE FROM local_receipt WHERE hlc > ?", [bound])


def _keep(store: Store, manifest: "Manifest", key: str, have: str | None, hlc: int) -> None:
    store.db.execute(
        "INSERT OR REPLACE INTO local_receipt VALUES (?, ?, ?, ?, ?, ?, ?)",
        [manifest.sender, key, have, hlc, manifest.made_at, wall.instant(), clean(manifest.program)],
    )


def _enter_heads(store: Store, replica_id: str, database: str, heads: Heads) -> None:
    """Enter the heads of a receipt for look-ups by log, as far as they differ from those of the one before."""
    place = [replica_id, database]
    before = {
        row["log_id"]: (row["last"], row["hash"])
        for row in store.rows(
            "SELECT h.key AS log_id, h.value ->> '$.last' AS last, h.value ->> '$.hash' AS hash"
            " FROM local_receipt r, json_each(r.have) h WHERE r.replica_id = ? AND r.log_id = ?",
            place,
        )
    }
    store.db.conn.executemany(
        "DELETE FROM local_head WHERE log_id = ? AND replica_id = ? AND database = ?",
        [(log_id, *place) for log_id in before.keys() - heads.keys()],
    )
    store.db.conn.executemany(
        "INSERT OR REPLACE INTO local_head VALUES (?, ?, ?, ?, ?)",
        [(g, *place, h.last, h.hash) for g, h in heads.items() if before.get(g) != (h.last, h.hash)],
    )


def _database(store: Store, manifest: "Manifest") -> str:
    head = manifest.have.get(manifest.log)
    state = head and store.value("SELECT state FROM local_segment WHERE hash = ?", [head.hash])
    return manifest.log + (FORK_SUFFIX if state == "quarantined" else "")


def latest_receipt(store: Store, replica_id: str) -> Heads:
    """What a replica has according to its latest receipt."""
    have = store.value(
        "SELECT have FROM local_receipt WHERE replica_id = ? AND have IS NOT NULL AND hlc <= ?"
        " ORDER BY hlc DESC LIMIT 1",
        [replica_id, clock.latest_plausible()],
    )
    return _heads(have)


def unapplied_heads(store: Store) -> list[tuple[str, str, Head]]:
    """(replica, log, head) of each head in the latest receipt of a certified replica that is not applied here.

    Only heads of logs that are here. For logs of posts, only what headquarters says: nobody else decides about them.
    For logs of headquarters, the heads of all databases of every replica: there the branches themselves decide which of
    them counts (``forks``). One query: headquarters asks this after every bundle, and may know a thousand laptops.
    """
    bound = clock.latest_plausible()
    rows = store.rows(
        "SELECT p.id, h.log_id, h.last, h.hash FROM local_log l CROSS JOIN local_head h ON h.log_id = l.id"
        " JOIN local_replica p ON p.id = h.replica_id JOIN local_replica a ON a.id = l.replica_id"
        " JOIN local_receipt r ON r.replica_id = h.replica_id AND r.log_id = h.database"
        f" WHERE p.own = 0 AND p.trust = 'certified' AND r.hlc <= {bound} AND (a.role = 'hq' OR p.role = 'hq'"
        " AND r.hlc = (SELECT max(n.hlc) FROM local_receipt n"
        f" WHERE n.replica_id = p.id AND n.have IS NOT NULL AND n.hlc <= {bound}))"
        " AND NOT EXISTS (SELECT 1 FROM local_segment s WHERE s.hash = h.hash AND s.state = 'applied')"
        " ORDER BY p.post_code, p.name, p.id"
    )
    return [(row["id"], row["log_id"], Head(row["last"], row["hash"])) for row in rows]


def all_heads(store: Store, replica_id: str) -> tuple[tuple[Heads, ...], str | None]:
    """What each database of a replica has, and the instant of the latest of their receipts.

    A database that sends nothing for 90 days while another one of the same replica does is left out: it was probably
    set back, and would be sent everything for ever. If it was only in a drawer, its next bundle brings it back.
    """
    rows = store.rows(
        "SELECT have, at FROM local_receipt WHERE replica_id = ?1 AND have IS NOT NULL AND hlc <= ?3"
        " AND hlc > (SELECT max(hlc) FROM local_receipt WHERE replica_id = ?1 AND hlc <= ?3) - ?2",
        [replica_id, SILENCE_MS << 16, clock.latest_plausible()],
    )
    return tuple(_heads(row["have"]) for row in rows), max((row["at"] for row in rows), default=None)


def databases_ahead(store: Store, log_id: str, last: int) -> list[tuple[str, str, str]]:
    """(replica, database, hash of its head) of each database of a certified replica that has a log up to a change.

    Databases that ``all_heads`` leaves out are left out here too.
    """
    rows = store.rows(
        "SELECT h.replica_id, h.database, h.hash FROM local_head h"
        " JOIN local_replica p ON p.id = h.replica_id AND p.own = 0 AND p.trust = 'certified'"
        " JOIN local_receipt r ON r.replica_id = h.replica_id AND r.log_id = h.database"
        " WHERE h.log_id = ?1 AND h.last >= ?2 AND r.hlc <= ?4"
        " AND r.hlc > (SELECT max(n.hlc) FROM local_receipt n WHERE n.replica_id = p.id AND n.hlc <= ?4) - ?3"
        " ORDER BY p.post_code, p.name, p.id, h.database",
        [log_id, last, SILENCE_MS << 16, clock.latest_plausible()],
    )
    return [(row["replica_id"], row["database"], row["hash"]) for row in rows]


def heads_of(store: Store, replica_id: str, database: str, logs: Iterable[str]) -> dict[str, int]:
    """How far a database has some logs; one that its receipt does not name is left out."""
    rows = store.rows(
        "SELECT log_id, last FROM local_head WHERE log_id IN (SELECT value FROM json_each(?))"
        " AND replica_id = ? AND database = ?",
        [json.dumps(list(logs)), replica_id, database],
    )
    return {row["log_id"]: row["last"] for row in rows}


def _heads(have: str | None) -> Heads:
    return {log: Head(**head) for log, head in json.loads(have or "{}").items()}


def acknowledged_through(store: Store, databases: Sequence[Heads], log_id: str) -> int:
    """The last change up to which all databases of a peer have a log as we have it: where their branches leave ours.

    If a head is unknown here, the peer is ahead of us, and has all that we have. But if that head has a lower number
    than ours, it belongs to another branch, and it is not known here where the branches divide. For our own logs an
    unknown head never counts: it may be the receipt of a copy of this disk.
    """
    log = store.row("SELECT seq, replica_id FROM local_log WHERE id = ?", [log_id])
    seq: int = log["seq"] if log else 0
    own = log is not None and log["replica_id"] == store.identity.replica_id
    return min((_acknowledged_in_log(store, heads.get(log_id), log_id, seq, own) for heads in databases), default=0)


def _acknowledged_in_log(store: Store, head: Head | None, log_id: str, seq: int, own: bool) -> int:
    if head is None:
        return 0
    last_common = branch_point(store, log_id, head.hash)
    if last_common is None:
        return head.last if head.last >= seq and not own else 0
    return head.last if last_common == seq and not own else last_common


def author_of_log(store: Store, log_id: str) -> str | None:
    """Id of the replica that writes a log, according to a receipt; for a log that is known only from receipts."""
    found: str | None = store.value(
        "SELECT json_extract(h.value, '$.replica') FROM local_receipt r, json_each(r.have) h WHERE h.key = ?"
        " AND json_extract(h.value, '$.replica') <> ''",
        [log_id],
    )
    return found


def branch_point(store: Store, log_id: str, hash_: str | None) -> int | None:
    """The last change that is both in our branch of a log and in the branch that ends with the segment ``hash_``.

    0 if they have no change in common; None if a segment between is not here.
    """
    while hash_ is not None:
        row = store.row("SELECT last, prev, state FROM local_segment WHERE hash = ? AND log_id = ?", [hash_, log_id])
        if row is None:
            return None
        if row["state"] == "applied":
            return int(row["last"])
        hash_ = row["prev"]
    return 0
