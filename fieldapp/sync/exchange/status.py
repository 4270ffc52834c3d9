"""The state of exchange: what headquarters has not received, what waits here, and what other laptops lack."""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from fieldapp.i18n import _, counted
from fieldapp.records import belonging, words
from fieldapp.store import log as change_log
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import clock
from fieldapp.sync.merge import voids
from fieldapp.sync.peers import logs, peers, receipts
from fieldapp.sync.peers.peers import Peer

if TYPE_CHECKING:
    from fieldapp.sync.merge.release import ToRelease

OnWay = Literal["unsent", "awaited"]
"""How far a record that headquarters has not received is: ``unsent`` if one of its changes is in no bundle yet,
``awaited`` if all are in bundles that were written, and only the receipt is missing"""

EXPORTED_CHANGES = "exported_changes"
"""Local setting: how many own changes there were when a bundle for headquarters was last written."""


LEFT_HERE = "left_here"
"""Local setting: the folder of this laptop's own disk into which that bundle was written; empty for a stick."""


class PeerStatus(Struct, frozen=True):
    """What one other replica has of our own changes."""

    replica_id: str
    name: str
    role: str
    trust: str
    received: int
    of: int
    heard_at: str | None
    received_until: str | None
    """instant of the newest of our changes that it has"""
    lacks: int
    """number of changes, of any author but itself, that it may see and has not acknowledged"""
    lacks_since: str | None
    """instant of the oldest of them"""
    asks: bool
    """it waits for us to compare its fingerprint and certify it"""


class Status(Struct, frozen=True):
    """The state of exchange."""

    unsent: int
    """number of own changes that headquarters has not acknowledged"""
    unsent_records: int
    """number of records that it has not received completely; all that people are shown counts these"""
    awaited_records: int
    """how many of these records are in bundles that were written already, and only await the receipt"""
    laptops: int
    """number of laptops that we exchange with, or that wait to be certified"""
    asking: list[str]
    """names of those that wait to be certified"""
    to_confirm: list[str]
    """names of those about which a revoked laptop of headquarters had decided"""
    received_until: str | None
    """instant of the newest of a post's changes that its headquarters has"""
    held: list[str]
    uncertified: int
    """how many of those wait for nothing but the certificate of a laptop that asks for it"""
    quarantined: list[str]
    set_aside: list[str]
    conflicts: int
    """values that two people wrote without knowing of each other"""
    undecided: int
    """records that were voided, or lines of which were, by somebody who did not know what others did to them"""
    clock_warning: str | None
    left_here: str
    """the folder of this laptop with the last bundle, while its receipt is awaited; empty: it is on a stick"""
    to_release: "ToRelease | None"
    """what waits because a clock was far ahead, and can be released here"""

    @property
    def fresh_records(self) -> int:
        """The number of records with a change that is in no bundle yet."""
        return self.unsent_records - self.awaited_records

    @property
    def counts(self) -> str:
        """What became of the records that headquarters has not received: the same words wherever it is said."""
        if not self.awaited_records:
            return _("not on a stick yet")
        if not self.fresh_records:
            return _("the bundle lies on this laptop") if self.left_here else _("carried, the receipt is awaited")
        both = _("{n} to carry, {m} carried, their receipt is awaited")
        if self.left_here:
            both = _("{n} to carry, {m} in the bundle on this laptop")
        return both.format(n=self.fresh_records, m=self.awaited_records)

    @property
    def sentence(self) -> str:
        """A sentence that says how much headquarters has not received, and until when it has everything."""
        if not self.unsent_records:
            return _("Headquarters has received everything.")
        lacking = _("Headquarters has not received {records}: {counts}.").format(
            records=counted("{n} record", "{n} records", self.unsent_records), counts=self.counts
        )
        if self.received_until is None:
            return lacking
        has = _("It has what was written up to {moment}.").format(moment=words.local_instant(self.received_until))
        return f"{lacking} {has}"


def exchange_status(store: Store) -> Status:
    """What is not sent, what waits, and what was refused. Every screen calls this, some twice: it is asked of the file
    again when that was changed. What depends on the clock alone is asked each time."""
    found = store.cached_until_changed("exchange status", lambda: _status(store))
    warning = clock.warning(store)
    return found if warning == found.clock_warning else structs.replace(found, clock_warning=warning)


def _status(store: Store) -> Status:
    me, known = peers.own(store), peers.others(store)
    partners = peers.partners(store, known, asking=True)
    above = [p for p in partners if p.role == "hq"] if me.role == "post" else []
    received = [p.received_until for p in _peers_status(store, above, known) if p.received_until]
    lacking, records = _on_way(store)
    asking = {p.id: p.title for p in partners if peers.awaits_certificate(me, p)}
    off = _not_applied(store, asking)
    quarantined = off.quarantined
    if me.trust == "revoked":
        revoked = _("Headquarters has revoked this laptop: what it writes from now on is not taken. Ask there.")
        quarantined = [revoked, *quarantined]
    return Status(
        unsent=lacking,
        unsent_records=len(records),
        awaited_records=sum(on_way == "awaited" for on_way in records.values()),
        laptops=len(partners),
        asking=list(asking.values()),
        to_confirm=[p.title for p in peers.to_confirm(store, known)],
        received_until=max(received, default=None),
        held=off.held,
        uncertified=off.uncertified,
        quarantined=quarantined,
        set_aside=off.set_aside,
        conflicts=store.value("SELECT count(*) FROM local_conflict"),
        undecided=sum(map(len, voids.undecided_records(store).values())),
        clock_warning=clock.warning(store),
        left_here=left_here(store),
        to_release=off.to_release,
    )


class _NotApplied(Struct, frozen=True):
    """What is here and does not count, as in ``Status``."""

    held: list[str] = []
    uncertified: int = 0
    quarantined: list[str] = []
    set_aside: list[str] = []
    to_release: "ToRelease | None" = None


def _not_applied(store: Store, asking: Container[str]) -> _NotApplied:
    """What waits, was refused, was rejected, or waits for a release; ``asking``: laptops that wait to be certified.

    Mostly there is nothing, and then the rules of merging need not be loaded before the first screen is there.
    """
    if clock.is_plausible(clock.current(store)) and not store.value(
        "SELECT EXISTS (SELECT 1 FROM local_segment WHERE state = 'held')"
        " OR EXISTS (SELECT 1 FROM local_segment WHERE state = 'quarantined')"
        " OR EXISTS (SELECT 1 FROM local_broken) OR EXISTS (SELECT 1 FROM local_set_aside)"
    ):
        return _NotApplied()
    from fieldapp.sync.exchange import messages
    from fieldapp.sync.merge import release
    from fieldapp.sync.merge.forks import FORK_SETTLED
    from fieldapp.sync.merge.revocation import UNTRUSTED

    segments = store.rows(
        f"SELECT {messages.SEGMENT_COLUMNS}, received_at FROM local_segment WHERE state = 'held'"
        f" UNION ALL SELECT {messages.SEGMENT_COLUMNS}, received_at FROM local_segment"
        " WHERE state = 'quarantined' AND reason <> ?"
        " ORDER BY received_at, log_id, first",
        [FORK_SETTLED],
    )
    broken = store.rows("SELECT why FROM local_broken ORDER BY received_at")
    return _NotApplied(
        held=[messages.waiting_text(store, s) for s in segments if s["state"] == "held"],
        uncertified=sum(s["reason"] == UNTRUSTED and s["replica_id"] in asking for s in segments),
        quarantined=[
            *(messages.quarantine_text(store, s) for s in segments if s["state"] == "quarantined"),
            *(messages.bad_segment_text(row["why"]) for row in broken),
        ],
        set_aside=[
            messages.rejected_change_text(r["log_id"], r["seq"], r["reason"])
            for r in store.rows("SELECT * FROM local_set_aside ORDER BY log_id, seq")
        ],
        to_release=release.to_release(store),
    )


def peers_status(store: Store) -> list[PeerStatus]:
    """The status of each laptop that we exchange with, or that waits to be certified."""
    known = peers.others(store)
    return _peers_status(store, peers.partners(store, known, asking=True), known)


def missing_segments_text(store: Store, post_id: str) -> list[str]:
    """A sentence for each segment of a post's logs that waits or was refused: what it waits for, or why."""
    from fieldapp.sync.exchange import messages
    from fieldapp.sync.merge.forks import FORK_SETTLED

    rows = store.rows(
        f"SELECT {messages.SEGMENT_COLUMNS} FROM local_segment"
        " WHERE scope = ? AND (state = 'held' OR state = 'quarantined' AND reason <> ?)"
        " ORDER BY state = 'quarantined', log_id, first",
        [post_id, FORK_SETTLED],
    )
    return [
        messages.waiting_text(store, row) if row["state"] == "held" else messages.quarantine_text(store, row)
        for row in rows
    ]


def left_here(store: Store) -> str:
    """The folder of this laptop with the last bundle, while its receipt is awaited; empty: it is on a stick."""
    return (store.setting(LEFT_HERE) or "") if "awaited" in _on_way(store)[1].values() else ""


def awaited_text(store: Store) -> str:
    """What is said of a record all of whose changes are in a bundle that was written."""
    return _("on this laptop") if left_here(store) else _("receipt awaited")


def unreceived_records(store: Store) -> dict[str, OnWay]:
    """Each record that headquarters has not received completely -> how far it is; none at headquarters."""
    return _on_way(store)[1]


def unreceived(store: Store, ids: Iterable[str]) -> dict[str, OnWay]:
    """The same for some records only."""
    on_way = _on_way(store)[1]
    return {row_id: on_way[row_id] for row_id in ids if row_id in on_way}


def _on_way(store: Store) -> tuple[int, dict[str, OnWay]]:
    """How many own changes headquarters has not acknowledged, and the records that they are of.

    Asked for by each screen, and at each key of a search; it stays until something is written.
    """

    def find() -> tuple[int, dict[str, OnWay]]:
        lacking = list(_unacknowledged(store))
        return len(lacking), _by_record(store, lacking)

    return store.cached_until_changed("on way", find)


def _further(known: OnWay | None, on_way: OnWay) -> OnWay:
    """How far a record is, of which one change is ``known`` and another ``on_way``."""
    return "unsent" if "unsent" in (known, on_way) else "awaited"


def _acknowledged(store: Store) -> dict[str, int]:
    """Own log id -> its last change that headquarters has acknowledged, by the latest receipt of any of its laptops."""
    above = [p.id for p in peers.others(store) if p.role == "hq" and p.trust == "certified"]
    heads = [receipts.latest_receipt(store, replica_id) for replica_id in above]
    return {
        log: max((receipts.acknowledged_through(store, [have], log) for have in heads), default=0)
        for log in logs.own_logs(store)
    }


def _exported(store: Store) -> dict[str, int]:
    """Own log id -> its last change that is in a bundle for headquarters that was written here.

    Changes are only ever appended to the newest log, so those that no bundle has are the last of them all.
    """
    own = store.rows("SELECT id, seq FROM local_log WHERE replica_id = ? ORDER BY id DESC", [store.identity.replica_id])
    fresh = logs.changes_written(store) - int(store.setting(EXPORTED_CHANGES, "0") or 0)
    found = {}
    for row in own:
        found[row["id"]] = row["seq"] - min(max(fresh, 0), row["seq"])
        fresh -= row["seq"]
    return found


def _unacknowledged(store: Store) -> Iterator[tuple[str, str, OnWay]]:
    """(table, row, how far it is) of each own change that headquarters has not acknowledged; none at headquarters."""
    if store.identity.role == "hq":
        return
    exported = _exported(store)
    for log_id, last in _acknowledged(store).items():
        for change in change_log.changes_after(store, log_id, last):
            yield change.table, change.row_id, "awaited" if change.seq <= exported[log_id] else "unsent"


def _by_record(store: Store, changes: Iterable[tuple[str, str, OnWay]]) -> dict[str, OnWay]:
    """The record that each changed row belongs to -> how far it is: a figure belongs to its activity."""
    by_table: dict[str, dict[str, OnWay]] = {}
    for table, row_id, on_way in changes:
        rows = by_table.setdefault(table, {})
        rows[row_id] = _further(rows.get(row_id), on_way)
    records: dict[str, OnWay] = {}
    for table, rows in by_table.items():
        of_record = belonging.records_of(store, table, rows)
        for row_id, on_way in rows.items():
            record = of_record.get(row_id, row_id)
            records[record] = _further(records.get(record), on_way)
    return records


def _peers_status(store: Store, about: Sequence[Peer], known: list[Peer]) -> list[PeerStatus]:
    me = peers.own(store)
    known_logs = store.rows(
        "SELECT id, seq, scope, replica_id FROM local_log WHERE id <> ? AND seq > 0", [BASELINE_LOG]
    )
    return [_peer_status(store, me, peer, peers.reader_for(store, peer, known), known_logs) for peer in about]


def _peer_status(store: Store, me: Peer, peer: Peer, reader: peers.Reader, known_logs: Sequence[Row]) -> PeerStatus:
    visible = [log for log in known_logs if reader.sees(log["scope"], log["replica_id"])]
    databases, heard_at = receipts.all_heads(store, peer.id)
    acknowledged = {log["id"]: receipts.acknowledged_through(store, databases, log["id"]) for log in visible}
    own = [log for log in visible if log["replica_id"] == me.id]
    lacking = [log for log in visible if log["replica_id"] != peer.id and acknowledged[log["id"]] < log["seq"]]
    has = [(log["id"], acknowledged[log["id"]]) for log in own]
    lacks = [(log["id"], acknowledged[log["id"]] + 1) for log in lacking]
    changes = change_log.changes_at(store, [*has, *lacks])
    return PeerStatus(
        replica_id=peer.id,
        name=peer.title,
        role=peer.role,
        trust=peer.trust,
        received=sum(acknowledged[log["id"]] for log in own),
        of=sum(log["seq"] for log in own),
        heard_at=heard_at,
        received_until=max((changes[place].at for place in has if place in changes), default=None),
        lacks=sum(log["seq"] - acknowledged[log["id"]] for log in lacking),
        lacks_since=min((changes[place].at for place in lacks if place in changes), default=None),
        asks=peers.awaits_certificate(me, peer),
    )
