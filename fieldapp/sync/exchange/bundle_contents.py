"""What goes into a bundle: which segments and certificates for whom, and the manifest over them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import fieldapp
from fieldapp.store import log as change_log
from fieldapp.store import vault
from fieldapp.store.migrations import SEGMENT_SCHEMA
from fieldapp.store.store import Row, Store, now
from fieldapp.sync.format import bundle, clock
from fieldapp.sync.format.bundle import Head, Manifest, RejectedChange
from fieldapp.sync.merge import revocation
from fieldapp.sync.merge.forks import FORK, FORK_SETTLED
from fieldapp.sync.merge.revocation import REVOKED
from fieldapp.sync.peers import logs, peers, receipts
from fieldapp.sync.peers.peers import Peer

_SEGMENT = "hash, log_id, scope, replica_id, first, last, reason"
"""Columns of a segment without its bytes"""


@dataclass(frozen=True)
class Inventory:
    """What this replica has to give. Read once, however many bundles are written: headquarters writes a thousand."""

    me: Peer
    others: list[Peer]
    heads: list[Row]
    """the newest applied segment of each log"""
    beside: list[Row]
    """segments that are not applied and go out all the same: what waits, and branches that do not stand"""


@dataclass(frozen=True)
class BundleContents:
    """What goes to one recipient, or into a pack."""

    to: Peer | None
    chosen: list[Row]
    """segments, without their bytes, each log in order"""
    certificates: list[Peer]
    """our own first, then headquarters'"""
    have: dict[str, Head]
    """our version vector with head hashes, of the logs that the reader may know of"""


def take_inventory(store: Store) -> Inventory:
    """What there is to give; what is recorded is sealed already."""
    return Inventory(
        me=peers.own(store),
        others=peers.others(store),
        heads=store.rows(
            "SELECT log_id, scope, replica_id, max(last) AS last, hash FROM local_segment WHERE state = 'applied'"
            " GROUP BY log_id ORDER BY log_id"
        ),
        beside=store.rows(
            f"SELECT {_SEGMENT} FROM local_segment WHERE state = 'held'"
            f" UNION ALL SELECT {_SEGMENT} FROM local_segment WHERE state = 'quarantined' AND reason IN (?, ?, ?)",
            [FORK, FORK_SETTLED, REVOKED],
        ),
    )


def contents_for_peer(store: Store, stock: Inventory, to: Peer) -> BundleContents:
    """All that a peer may see and has not said it has, and the certificates of all whom it may exchange with."""
    reader = peers.reader_for(store, to, stock.others)
    visible = [head for head in stock.heads if reader.sees(head["scope"], head["replica_id"])]
    chosen = _missing_segments(store, stock, reader, visible, to)
    authors = {row["replica_id"] for row in chosen}
    known = [p for p in stock.others if p.id in authors or (p.trust != "pending" and reader.knows(p))]
    return BundleContents(to, chosen, _ordered(stock.me, known), _heads_by_log(visible))


def contents_for_pack(store: Store) -> BundleContents:
    """All reference data and its authors' certificates: what a new replica starts from."""
    have = take_inventory(store)
    heads = [head for head in have.heads if head["scope"] == "*"]
    chosen = [row for head in heads for row in _applied_since(store, head["log_id"], 0)]
    authors = {row["replica_id"] for row in chosen}
    return BundleContents(
        None, chosen, _ordered(have.me, [p for p in have.others if p.id in authors]), _heads_by_log(heads)
    )


def _missing_segments(store: Store, stock: Inventory, reader: peers.Reader, visible: list[Row], to: Peer) -> list[Row]:
    """Segments that a peer may see and has not said it has, each log in order.

    What it wrote itself too, where its disk was set back. Headquarters also gets the branches that do not stand, again
    and again until all of their changes are logged anew: it may be the one that lost them.
    """
    databases, heard_at = receipts.all_heads(store, to.id)
    reached: dict[str, int] = {}

    def beyond(row: Row) -> bool:
        log_id = row["log_id"]
        if log_id not in reached:
            reached[log_id] = receipts.acknowledged_through(store, databases, log_id)
        return bool(row["last"] > reached[log_id])

    chosen = [
        row
        for head in visible
        if (heard_at or head["replica_id"] != to.id) and beyond(head)
        for row in _applied_since(store, head["log_id"], reached[head["log_id"]])
    ]
    chosen += [
        row
        for row in stock.beside
        if (row["reason"] not in (FORK, FORK_SETTLED, REVOKED) or to.role == "hq")
        and reader.sees(row["scope"], row["replica_id"])
        and (row["reason"] == FORK or beyond(row))
        and (heard_at or row["replica_id"] != to.id)
    ]
    return sorted(chosen, key=lambda row: (row["scope"] != "*", row["log_id"], row["first"], row["hash"]))


def _applied_since(store: Store, log_id: str, reached: int) -> list[Row]:
    return store.rows(
        f"SELECT {_SEGMENT} FROM local_segment WHERE log_id = ? AND last > ? AND state = 'applied' ORDER BY first",
        [log_id, reached],
    )


def _ordered(me: Peer, known: list[Peer]) -> list[Peer]:
    return [me, *sorted(known, key=lambda p: p.role != "hq")]


def _heads_by_log(heads: list[Row]) -> dict[str, Head]:
    return {row["log_id"]: Head(row["last"], row["hash"], row["replica_id"]) for row in heads}


def bundle_members(store: Store, parcel: BundleContents) -> Iterator[tuple[str, bytes]]:
    """(name, content) of what goes into the tar: certificates, the sender's first, revocations, then segments."""
    for peer in parcel.certificates:
        yield f"certs/{peer.id}.json", peer.certificate
        yield f"certs/{peer.id}.json{bundle.SIGNATURE}", peer.certificate_signature
    for paper in revocation.signed_revocations(store, [p.id for p in parcel.certificates]):
        yield f"revocations/{paper['replica_id']}.json", paper["paper"]
        yield f"revocations/{paper['replica_id']}.json{bundle.SIGNATURE}", paper["signature"]
    names: set[str] = set()
    for row in parcel.chosen:
        name = f"segments/{row['log_id']}-{row['first']:010d}.jsonl.zst"
        if name in names:  # two branches that begin in one place
            name = f"segments/{row['log_id']}-{10**10 - len(names)}.jsonl.zst"
        names.add(name)
        stored = store.row("SELECT bytes, signature FROM local_segment WHERE hash = ?", [row["hash"]])
        assert stored is not None
        yield name, stored["bytes"]
        yield name + bundle.SIGNATURE, stored["signature"]


def manifest_of(store: Store, parcel: BundleContents, number: int) -> Manifest:
    """The manifest of a bundle, or of a pack where the parcel is for nobody."""
    to = parcel.to
    with store.transaction():
        hlc = clock.tick(store)
    return Manifest(
        format=bundle.BUNDLE_FORMAT,
        kind="bundle" if to else "pack",
        sender=parcel.certificates[0].id,
        made_at=now(),
        hlc=hlc,
        number=number,
        recipients=[to.id] if to else [],
        have=parcel.have,
        members=[bundle.member_line(name, data) for name, data in bundle_members(store, parcel)],
        counts=_rows_per_table(store, parcel.chosen),
        program=fieldapp.__version__,
        schema=SEGMENT_SCHEMA,
        set_aside=_rejected_changes(store, to),
        recovery_code=vault.sealed_code(store.home) if to and to.role == "hq" else None,
        log=logs.current_log(store),
    )


def _rows_per_table(store: Store, chosen: Sequence[Row]) -> dict[str, int]:
    """Changed rows per table."""
    counts: dict[str, int] = {}
    for row in chosen:
        place = [row["log_id"], row["first"], row["last"]]
        found = store.rows(
            "SELECT table_name, count(DISTINCT row_id) AS n FROM local_change"
            " WHERE log_id = ? AND seq BETWEEN ? AND ? GROUP BY table_name",
            place,
        )
        tables = {r["table_name"]: r["n"] for r in found} or Counter(
            table
            for table, _row in {
                (c.table, c.row_id) for c in change_log.changes_after(store, place[0], place[1] - 1, place[2])
            }
        )
        for table, number in tables.items():
            counts[table] = counts.get(table, 0) + number
    return counts


def _rejected_changes(store: Store, to: Peer | None) -> list[RejectedChange]:
    """The changes of a peer's own logs that do not count here."""
    if to is None:
        return []
    return [
        RejectedChange(r["log_id"], r["seq"], r["reason"])
        for r in store.rows(
            "SELECT a.* FROM local_set_aside a JOIN local_log l ON l.id = a.log_id WHERE l.replica_id = ?"
            " ORDER BY a.log_id, a.seq",
            [to.id],
        )
    ]
