"""The contents of a bundle: which segments and certificates a recipient gets, and the manifest of them."""

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

import fieldapp
from fieldapp.records import belonging
from fieldapp.store import log as change_log
from fieldapp.store import vault, wall
from fieldapp.store.migrations import SEGMENT_SCHEMA
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import record_files
from fieldapp.sync.format import bundle, clock
from fieldapp.sync.format.bundle import FilesHave, Manifest, RejectedChange
from fieldapp.sync.format.head import Head
from fieldapp.sync.merge import revocation
from fieldapp.sync.merge.forks import FORK, FORK_SETTLED
from fieldapp.sync.merge.revocation import REVOKED
from fieldapp.sync.peers import logs, peers, receipts
from fieldapp.sync.peers.peers import Peer

_SEGMENT = "hash, log_id, scope, replica_id, first, last, reason, number"
"""Columns of a segment without its bytes"""


class Inventory(Struct, frozen=True):
    """What this replica has to send. It is read once for many bundles: headquarters writes a thousand."""

    me: Peer
    others: list[Peer]
    heads: list[Row]
    """the newest applied segment of each log"""
    beside: list[Row]
    """segments that are not applied but may be sent: held ones, and those quarantined as a fork or as revoked"""
    files: record_files.Stock
    """files of records"""


class BundleContents(Struct, frozen=True):
    """The contents of a bundle for one recipient, or of a pack."""

    to: Peer | None
    chosen: list[Row]
    """segments, without their bytes, each log in order"""
    certificates: list[Peer]
    """our own first, then headquarters'"""
    have: dict[str, Head]
    """our version vector with head hashes, of the logs that the recipient may see"""
    files: FilesHave | None = None
    """the files of records that are here, of those that the recipient may see"""


def take_inventory(store: Store) -> Inventory:
    """Read what this replica has to send; own changes must be sealed already."""
    me, others = peers.own(store), peers.others(store)
    return Inventory(
        me=me,
        others=others,
        files=record_files.take_stock(store, me, others),
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


def contents_for_peer(store: Store, inventory: Inventory, to: Peer) -> BundleContents:
    """All that a peer may see and has not acknowledged, with the certificates of all whom it may exchange with."""
    reader = peers.reader_for(store, to, inventory.others)
    visible = [head for head in inventory.heads if reader.sees(head["scope"], head["replica_id"])]
    chosen = _missing_segments(store, inventory, reader, visible, to)
    authors = {row["replica_id"] for row in chosen}
    known = [p for p in inventory.others if p.id in authors or (p.trust != "pending" and reader.knows(p))]
    files = record_files.have_for(inventory.files, reader)
    return BundleContents(to, chosen, _ordered(inventory.me, known), _heads_by_log(visible), files)


def contents_for_pack(store: Store) -> BundleContents:
    """All reference data and its authors' certificates: what a new replica starts from."""
    inventory = take_inventory(store)
    heads = [head for head in inventory.heads if head["scope"] == "*"]
    chosen = [row for head in heads for row in _applied_since(store, head["log_id"], 0)]
    authors = {row["replica_id"] for row in chosen}
    known = _ordered(inventory.me, [p for p in inventory.others if p.id in authors])
    files = FilesHave("", "") if inventory.files.takes else None
    return BundleContents(None, chosen, known, _heads_by_log(heads), files)


def _missing_segments(
    store: Store, inventory: Inventory, reader: peers.Reader, visible: list[Row], to: Peer
) -> list[Row]:
    """Segments that a peer may see and has not acknowledged, each log in order.

    Once a receipt of the peer has come, also those that it wrote itself: its disk may have been set back. Headquarters
    also gets the quarantined branches, again and again until all of their changes are logged in another log: it may be
    the one that lost them.
    """
    databases, heard_at = receipts.all_heads(store, to.id)
    acknowledged: dict[str, int] = {}

    def is_missing(row: Row) -> bool:
        log_id = row["log_id"]
        if log_id not in acknowledged:
            acknowledged[log_id] = receipts.acknowledged_through(store, databases, log_id)
        return bool(row["last"] > acknowledged[log_id])

    chosen = [
        row
        for head in visible
        if (heard_at or head["replica_id"] != to.id) and is_missing(head)
        for row in _applied_since(store, head["log_id"], acknowledged[head["log_id"]])
    ]
    chosen += [
        row
        for row in inventory.beside
        if (row["reason"] not in (FORK, FORK_SETTLED, REVOKED) or to.role == "hq")
        and reader.sees(row["scope"], row["replica_id"])
        and (row["reason"] == FORK or is_missing(row))
        and (heard_at or row["replica_id"] != to.id)
    ]
    return sorted(chosen, key=_as_applied)


def _as_applied(row: Row) -> tuple[object, ...]:
    """In the order in which segments were applied here, those for all first: of a row that two posts begin, another
    headquarters then keeps the same one."""
    number = row["number"]
    return row["scope"] != "*", number is None, number or 0, row["log_id"], row["first"], row["hash"]


def _applied_since(store: Store, log_id: str, after: int) -> list[Row]:
    return store.rows(
        f"SELECT {_SEGMENT} FROM local_segment WHERE log_id = ? AND last > ? AND state = 'applied' ORDER BY first",
        [log_id, after],
    )


def _ordered(me: Peer, known: list[Peer]) -> list[Peer]:
    return [me, *sorted(known, key=lambda p: p.role != "hq")]


def _heads_by_log(heads: list[Row]) -> dict[str, Head]:
    return {row["log_id"]: Head(row["last"], row["hash"], row["replica_id"]) for row in heads}


def bundle_members(store: Store, contents: BundleContents) -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file in the tar: certificates, the sender's first, then revocations, then segments."""
    for peer in contents.certificates:
        yield f"certs/{peer.id}.json", peer.certificate
        yield f"certs/{peer.id}.json{bundle.SIGNATURE}", peer.certificate_signature
    for revoked in revocation.signed_revocations(store, [p.id for p in contents.certificates]):
        yield f"revocations/{revoked['replica_id']}.json", revoked["paper"]
        yield f"revocations/{revoked['replica_id']}.json{bundle.SIGNATURE}", revoked["signature"]
    names: set[str] = set()
    for row in contents.chosen:
        name = f"segments/{row['log_id']}-{row['first']:010d}.jsonl.zst"
        if name in names:  # a segment of another branch that begins at the same change
            name = f"segments/{row['log_id']}-{10**10 - len(names)}.jsonl.zst"
        names.add(name)
        stored = store.row("SELECT bytes, signature FROM local_segment WHERE hash = ?", [row["hash"]])
        assert stored is not None
        yield name, stored["bytes"]
        yield name + bundle.SIGNATURE, stored["signature"]


def manifest_of(store: Store, contents: BundleContents, number: int) -> Manifest:
    """The manifest of a bundle, or of a pack if the contents have no recipient."""
    to = contents.to
    with store.transaction():
        hlc = clock.tick(store)
    return Manifest(
        format=bundle.BUNDLE_FORMAT,
        kind="bundle" if to else "pack",
        sender=contents.certificates[0].id,
        made_at=wall.instant(),
        hlc=hlc,
        number=number,
        recipients=[to.id] if to else [],
        have=contents.have,
        members=[bundle.member_line(name, data) for name, data in bundle_members(store, contents)],
        counts=_rows_per_table(store, contents.chosen),
        program=fieldapp.__version__,
        schema=SEGMENT_SCHEMA,
        set_aside=_rejected_changes(store, to),
        recovery_code=vault.sealed_code(store.home) if to and to.role == "hq" else None,
        log=logs.current_log(store),
        heard=_heard(store, contents),
        files=contents.files,
    )


def _heard(store: Store, contents: BundleContents) -> dict[str, int] | None:
    """For another headquarters: when each laptop that it may know of was last heard of here."""
    if contents.to is None or contents.to.role != "hq" or contents.certificates[0].role != "hq":
        return None
    known = {peer.id for peer in contents.certificates[1:]}
    return {replica: hlc for replica, hlc in receipts.last_heard(store).items() if replica in known}


def _rows_per_table(store: Store, chosen: Sequence[Row]) -> dict[str, int]:
    """Table -> number of rows that the segments change, summed over the segments."""
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


def records_in(store: Store, chosen: Sequence[Row]) -> int:
    """The number of records that the segments change, or of which they change a row: a figure is its activity's."""
    by_table: dict[str, set[str]] = {}
    for row in chosen:
        for change in change_log.changes_after(store, row["log_id"], row["first"] - 1, row["last"]):
            by_table.setdefault(change.table, set()).add(change.row_id)
    records: set[str] = set()
    for table, ids in by_table.items():
        of_record = belonging.records_of(store, table, ids)
        records |= {of_record.get(row_id, row_id) for row_id in ids}
    return len(records)


def _rejected_changes(store: Store, to: Peer | None) -> list[RejectedChange]:
    """The changes of a peer's own logs that are rejected here."""
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
