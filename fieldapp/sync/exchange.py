"""What an officer does with a stick: export, import, and see who has what."""

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import fieldapp
from fieldapp.domain.amounts import format_amount
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.text import clean
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import capture, search
from fieldapp.store import log as change_log
from fieldapp.store.migrations import BASELINE_LOG, SCHEMA_VERSION
from fieldapp.store.store import Row, Store, now
from fieldapp.sync import bundle, clock, drives, keys, merge, objections, peers, segment
from fieldapp.sync.bundle import Head, Inspected, Manifest, SetAside
from fieldapp.sync.peers import Peer

Progress = Callable[[str, int, int], None]
"""Told (stage, done, of): stage is one of ``write``, ``verify``, ``read``, ``apply``, ``index``."""

EXPORTED = "exported_changes"
"""Local setting: how many own changes there were when a bundle for headquarters was last written."""

LARGE = 100_000
"""Bytes of a bundle from which on it is quicker to take the capture triggers, which only keep silent, away meanwhile"""

UNTRUSTED = "untrusted"
UNKNOWN_AUTHOR = "unknown_author"
WAITS = "waits"
BAD_SIGNATURE = "bad_signature"
CLOCK_AHEAD = "clock_ahead"
FORK = "fork"
FOREIGN_LOG = "foreign_log"


@dataclass(frozen=True)
class Exported:
    """A bundle that was written and read back."""

    path: Path
    recipient: str
    changes: int
    records: int
    size: int
    """bytes"""

    @property
    def sentence(self) -> str:
        """What was written, for people."""
        return _("{file} for {to}: {records} records, {changes} changes, {size} bytes, read back and compared.").format(
            file=self.path.name,
            to=self.recipient,
            records=self.records,
            changes=self.changes,
            size=format_amount(self.size),
        )


@dataclass
class Imported:
    """What became of one file."""

    path: Path
    sender: str = ""
    applied: int = 0
    """changes that were new and are in now"""
    known: int = 0
    """changes that were there already"""
    held: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    """changes of ours that the sender does not let count, and of the sender's that we do not"""
    refused: str | None = None
    for_others: bool = False

    @property
    def complete(self) -> bool:
        """Everything in it is applied."""
        return self.refused is None and not self.held and not self.quarantined

    @property
    def problems(self) -> list[str]:
        """A sentence for each thing that is not applied, or does not count."""
        return [*self.held, *self.quarantined, *self.set_aside, *([self.refused] if self.refused else [])]


@dataclass(frozen=True)
class PeerStatus:
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


@dataclass(frozen=True)
class Status:
    """The state of exchange."""

    unsent: int
    unsent_records: int
    peers: list[PeerStatus]
    held: list[str]
    quarantined: list[str]
    set_aside: list[str]
    conflicts: int
    clock_warning: str | None
    exported: bool
    """everything that is unsent lies in a bundle that was written since; its receipt has not come"""


# export ---------------------------------------------------------------------------------------------------------


def export(store: Store, dest: Path, to: str | None = None, progress: Progress | None = None) -> list[Exported]:
    """Write a bundle for each recipient into the folder ``dest``: all that he has not acknowledged, and our receipt.

    ``to`` names one recipient; otherwise a post writes for headquarters and its own other laptops, headquarters for
    every certified laptop. A file is complete or not there, and the replica's state does not depend on it.
    """
    if not dest.is_dir():
        raise FieldappError(_("There is no folder {dest}. Plug the stick in, or name another.").format(dest=dest))
    with store.transaction():
        segment.seal(store)
        sealed = _own_seq(store)
    recipients = [peers.find(store, to)] if to else _recipients(store)
    if not recipients:
        raise FieldappError(_("Nobody to write for: headquarters has certified no laptop yet (`hq trust`)."))
    done = [_export_to(store, dest, peer, progress) for peer in recipients]
    if any(p.role == "hq" for p in recipients):
        store.set_setting(EXPORTED, str(sealed))
    return done


def _own_seq(store: Store) -> int:
    """How many changes this replica has logged."""
    found: int = store.value("SELECT coalesce(sum(seq), 0) FROM local_log WHERE own = 1")
    return found


def _recipients(store: Store) -> list[Peer]:
    me = peers.own(store)
    return [
        p
        for p in peers.others(store)
        if p.trust == "certified" and (me.role == "hq" or p.role == "hq" or p.post_id == me.post_id)
    ]


def _export_to(store: Store, dest: Path, to: Peer, progress: Progress | None) -> Exported:
    if to.trust != "certified":
        raise FieldappError(
            _("{name} is not certified. Compare its fingerprint, then `fieldapp hq trust {id}`.").format(
                name=to.title, id=to.id
            )
        )
    secret: bytes = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    chosen = _lacking(store, to)
    number = int(store.setting("bundle_number", "0") or 0) + 1
    store.set_setting("bundle_number", str(number))
    target = dest / _file_name(store, to, number)
    manifest = make_manifest(store, "bundle", chosen, to, number)
    signature = keys.sign(secret, bundle.encode_manifest(manifest), "fieldapp manifest")
    done = 0

    def members() -> Iterator[tuple[str, bytes]]:
        nonlocal done
        for name, data in _members(store, chosen, to):
            yield name, data
            done += 1
            if progress is not None:
                progress("write", done, len(manifest.members))

    def verified(size: int) -> None:
        if progress is not None:
            progress("verify", size, 0)

    with drives.whole_file(target, verified) as file:
        _encrypt_tar(file, manifest, signature, members(), [to.age_key])
    return Exported(
        path=target,
        recipient=to.title,
        changes=sum(s["last"] - s["first"] + 1 for s in chosen),
        records=sum(n for t, n in manifest.counts.items() if BY_KIND.get(t) is None or BY_KIND[t].TOP),
        size=target.stat().st_size,
    )


def _encrypt_tar(
    target: IO[bytes], manifest: Manifest, signature: bytes, members: Iterator[tuple[str, bytes]], recipients: list[str]
) -> None:
    """age runs in a thread of its own, over a pipe from the tar, so that no more than a member is in memory."""
    import pyrage

    to = [pyrage.x25519.Recipient.from_str(r) for r in recipients]
    read_fd, write_fd = os.pipe()
    failed: list[BaseException] = []

    def encrypt() -> None:
        with os.fdopen(read_fd, "rb") as source:
            try:
                pyrage.encrypt_io(source, target, to)
            except BaseException as error:
                failed.append(error)

    worker = threading.Thread(target=encrypt, daemon=True)
    worker.start()
    try:
        with suppress(OSError), os.fdopen(write_fd, "wb") as plain:
            bundle.write(plain, manifest, signature, members)
    finally:
        worker.join()
    if failed:
        raise failed[0] if isinstance(failed[0], OSError) else OSError(str(failed[0]))


def _lacking(store: Store, to: Peer) -> list[Row]:
    """Segments that a peer may see and has not said it has, without their bytes, each log in order."""
    rows = store.rows(
        "SELECT hash, log_id, scope, replica_id, first, last FROM local_segment WHERE state <> 'quarantined'"
        " ORDER BY scope <> '*', log_id, first"
    )
    own = {r["id"] for r in store.rows("SELECT id FROM local_log WHERE own = 1")}
    has = {log: _reached(store, to.have, log) if log in own else head.last for log, head in to.have.items()}
    return [r for r in rows if to.sees(r["scope"]) and r["replica_id"] != to.id and r["last"] > has.get(r["log_id"], 0)]


def _members(store: Store, chosen: Sequence[Row], to: Peer | None) -> Iterator[tuple[str, bytes]]:
    """(name, content) of what goes into the tar: certificates, the sender's first, then segments."""
    for peer in _certificates(store, chosen, to):
        yield f"certs/{peer.id}.json", peer.certificate
        yield f"certs/{peer.id}.json{bundle.SIGNATURE}", peer.certificate_signature
    for row in chosen:
        stored = store.row("SELECT bytes, signature FROM local_segment WHERE hash = ?", [row["hash"]])
        assert stored is not None
        name = f"segments/{row['log_id']}-{row['first']:010d}.jsonl.zst"
        yield name, stored["bytes"]
        yield name + bundle.SIGNATURE, stored["signature"]


def _certificates(store: Store, chosen: Sequence[Row], to: Peer | None) -> list[Peer]:
    """Our own first, then those of the authors, and of all whom the recipient may exchange with."""
    authors = {row["replica_id"] for row in chosen}
    known = [
        p
        for p in peers.others(store)
        if p.id in authors
        or (
            to is not None and p.trust == "certified" and (p.role == "hq" or to.role == "hq" or p.post_id == to.post_id)
        )
    ]
    return [peers.own(store), *known]


def make_manifest(store: Store, kind: str, chosen: Sequence[Row], to: Peer | None, number: int) -> Manifest:
    """The manifest of a bundle for ``to``, or of a pack (``to`` None)."""
    with store.transaction():
        store.db.execute("UPDATE local_session SET hlc = max(hlc + 1, ?)", [clock.reading(datetime.now(UTC))])
        hlc = clock.current(store)
    return Manifest(
        format=bundle.FORMAT,
        kind=kind,
        sender=peers.own(store).id,
        made_at=now(),
        hlc=hlc,
        number=number,
        recipients=[to.id] if to else [],
        have=_have(store, to),
        members=[bundle.list_member(name, data) for name, data in _members(store, chosen, to)],
        counts=_counts(store, chosen),
        program=fieldapp.__version__,
        schema=SCHEMA_VERSION,
        set_aside=_told(store, to),
    )


def pack_members(store: Store) -> tuple[list[Row], Iterator[tuple[str, bytes]]]:
    """All reference data and headquarters' certificate: what a new post starts from."""
    chosen = store.rows(
        "SELECT hash, log_id, scope, replica_id, first, last FROM local_segment WHERE state = 'applied' AND scope = '*'"
        " ORDER BY log_id, first"
    )
    return chosen, _members(store, chosen, None)


def _have(store: Store, to: Peer | None) -> dict[str, Head]:
    """Our version vector with head hashes, of the logs that the reader may know of."""
    return {
        r["log_id"]: Head(r["last"], r["hash"])
        for r in store.rows(
            "SELECT log_id, scope, max(last) AS last, hash FROM local_segment WHERE state = 'applied' GROUP BY log_id"
            " ORDER BY log_id"
        )
        if (to.sees(r["scope"]) if to else r["scope"] == "*")
    }


def _counts(store: Store, chosen: Sequence[Row]) -> dict[str, int]:
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
            for table, _row in {(c.table, c.row_id) for c in change_log.since(store, place[0], place[1] - 1, place[2])}
        )
        for table, number in tables.items():
            counts[table] = counts.get(table, 0) + number
    return counts


def _told(store: Store, to: Peer | None) -> list[SetAside]:
    """The changes of a peer's own logs that do not count here."""
    if to is None:
        return []
    return [
        SetAside(r["log_id"], r["seq"], r["reason"])
        for r in store.rows(
            "SELECT a.* FROM local_set_aside a JOIN local_log l ON l.id = a.log_id WHERE l.replica_id = ?"
            " ORDER BY a.log_id, a.seq",
            [to.id],
        )
    ]


def _file_name(store: Store, to: Peer, number: int) -> str:
    """A name that FAT keeps and that says whose it is; a reply also names the post that it is for."""
    me = peers.own(store)
    who = f"{me.post_code}-{to.post_code}" if me.role == "hq" and to.role == "post" else f"{me.post_code}"
    return f"{who.lower()}_{me.id[-4:]}_{datetime.now(UTC):%Y%m%dT%H%M%SZ}_{number}{bundle.SUFFIX}"


# import ---------------------------------------------------------------------------------------------------------


def import_files(store: Store, paths: Sequence[Path], progress: Progress | None = None) -> list[Imported]:
    """Apply bundles; a folder stands for the bundles in it. One bad file never stops those behind it.

    Idempotent, in any order, all or nothing per segment.
    """
    results = []
    files = [(file, path.is_dir()) for path in paths for file in (drives.bundles_in(path) if path.is_dir() else [path])]
    with store.bulk():
        for number, (file, from_folder) in enumerate(files):
            if progress is not None:
                progress("read", number, len(files))
            try:
                results.append(_import_file(store, file, progress))
            except bundle.NotForUs as error:
                results.append(Imported(file, refused=None if from_folder else str(error), for_others=True))
            except FieldappError as error:
                results.append(Imported(file, refused=str(error)))
            except (OSError, RecursionError, MemoryError) as error:
                why = _("{path} cannot be read: {why}.").format(path=file.name, why=type(error).__name__)
                results.append(Imported(file, refused=why))
        search.catch_up(store, None if progress is None else lambda done, of: progress("index", done, of))
    return results


def verify(store: Store, path: Path) -> Inspected:
    """Check a bundle from beginning to end, and change nothing."""
    return bundle.inspect(path, _age_secret(store))


def _age_secret(store: Store) -> str:
    found: str = store.value("SELECT age_secret FROM local_replica WHERE own = 1")
    return found


def _import_file(store: Store, path: Path, progress: Progress | None) -> Imported:
    secret = _age_secret(store)
    inspected = bundle.inspect(path, secret)
    if inspected.manifest.kind != "bundle":
        raise FieldappError(_("{name} is no bundle for importing.").format(name=path.name))
    if store.value("SELECT id FROM local_replica WHERE own = 1") not in inspected.manifest.recipients:
        raise bundle.NotForUs(_("{name} is for somebody else.").format(name=path.name))
    peers.check_sender(store, inspected.sender, path.name)
    result = Imported(path, sender=inspected.sender.post_name or inspected.sender.name)
    with store.transaction(applying=True):
        segment.seal(store)
        receive(store, inspected, secret, result, progress)
        peers.heard(store, inspected.manifest)
        if store.value("SELECT trust FROM local_replica WHERE id = ?", [inspected.manifest.sender]) == "certified":
            result.set_aside += [_set_aside_sentence(s.log, s.seq, s.reason) for s in inspected.manifest.set_aside]
    return result


def receive(
    store: Store, inspected: Inspected, secret: str | None, result: Imported, progress: Progress | None = None
) -> None:
    """Take in the certificates and segments of a file that was inspected; inside an applying transaction."""
    for certificate, data, signature in inspected.certificates:
        peers.learn(store, certificate, data, signature)
    total = sum(1 for m in inspected.manifest.members if m.name.endswith(".zst"))
    arrived: list[str] = []
    large = sum(m.size for m in inspected.manifest.members) > LARGE
    with capture.lifted(store.db) if large else nullcontext():
        for number, (data, signature) in enumerate(bundle.contents(inspected, secret)):
            arrived += _take(store, data, signature, result)
            if progress is not None:
                progress("apply", number + 1, total)
        release(store)
    for hash_ in arrived:
        row = store.row(f"SELECT {_HEAD} FROM local_segment WHERE hash = ?", [hash_])
        assert row is not None
        if row["state"] == "applied":
            result.applied += row["last"] - row["first"] + 1
        elif row["state"] == "held":
            result.held.append(_held_sentence(store, row))
        else:
            result.quarantined.append(_quarantine_sentence(store, row))
    for row in store.rows(
        "SELECT a.* FROM local_set_aside a JOIN local_segment s ON s.log_id = a.log_id AND a.seq BETWEEN s.first"
        f" AND s.last WHERE s.hash IN ({', '.join('?' * len(arrived))})",
        arrived,
    ):
        result.set_aside.append(_set_aside_sentence(row["log_id"], row["seq"], row["reason"]))


def _take(store: Store, data: bytes, signature: bytes, result: Imported) -> list[str]:
    """Store a segment as held, or quarantine it; returns its hash if it is new, [] if it was there already."""
    hash_ = segment.digest(data)
    known = store.row("SELECT first, last, reason FROM local_segment WHERE hash = ?", [hash_])
    if known is not None and known["reason"] == BAD_SIGNATURE:
        store.db.execute(
            "UPDATE local_segment SET signature = ?, state = 'held', reason = ? WHERE hash = ?",
            [signature, WAITS, hash_],
        )
        return [hash_]
    if known is not None:
        result.known += known["last"] - known["first"] + 1
        return []
    try:
        sealed = segment.read(data)
    except segment.Broken as error:
        result.quarantined.append(_("A part of the bundle is no segment: {why}.").format(why=error))
        return []
    row = {"replica_id": sealed.header.replica, "log_id": sealed.header.log, "scope": sealed.header.scope,
           "first": sealed.header.first, "prev": sealed.header.prev, "knows": json.dumps(sealed.header.knows),
           "bytes": data, "signature": signature}  # fmt: skip
    if _judge(store, row)[0] == "applied" and not _is_ahead(sealed):  # the usual case: at once, while it is in memory
        segment.keep(store, sealed.header, data, signature, "applied")
        merge.apply(store, sealed, hash_)
    else:
        segment.keep(store, sealed.header, data, signature, "held", WAITS)
    return [hash_]


def release(store: Store) -> None:
    """Apply every held segment that can be applied, until none is left that can; inside an applying transaction."""
    progress = True
    while progress:
        progress = False
        held = store.rows("SELECT hash FROM local_segment WHERE state = 'held' ORDER BY log_id, first, hash")
        for row in (store.row("SELECT * FROM local_segment WHERE hash = ?", [h["hash"]]) for h in held):
            assert row is not None
            state, reason = _judge(store, row)
            sealed = segment.read(row["bytes"]) if state == "applied" else None
            if sealed is not None and _is_ahead(sealed):
                state, reason = "held", CLOCK_AHEAD
            if (state, reason) != (row["state"], row["reason"]):
                store.db.execute(
                    "UPDATE local_segment SET state = ?, reason = ? WHERE hash = ?", [state, reason, row["hash"]]
                )
            if sealed is not None and state == "applied":
                merge.apply(store, sealed, row["hash"])
                progress = True


def _is_ahead(sealed: segment.Sealed) -> bool:
    """Whether a segment would drag along the clock of everybody."""
    return sealed.entries[-1].hlc > clock.furthest()


def _judge(store: Store, row: Row) -> tuple[str, str | None]:
    """(state, reason) of a held segment, as things stand: applied means that it may be applied now."""
    author = store.row("SELECT sign_key, trust, own FROM local_replica WHERE id = ?", [row["replica_id"]])
    if author is None:
        return "held", UNKNOWN_AUTHOR
    if not keys.verify(author["sign_key"], row["bytes"], row["signature"]):
        return "quarantined", BAD_SIGNATURE
    if author["trust"] != "certified" and not author["own"]:
        return "held", UNTRUSTED
    log = store.row("SELECT scope, replica_id, seq FROM local_log WHERE id = ?", [row["log_id"]])
    if log is not None and (log["scope"], log["replica_id"]) != (row["scope"], row["replica_id"]):
        return "quarantined", FOREIGN_LOG
    reached = log["seq"] if log else 0
    if row["first"] <= reached:
        return "quarantined", FORK
    if row["first"] > reached + 1:
        return "held", WAITS
    head = store.value(
        "SELECT hash FROM local_segment WHERE log_id = ? AND last = ? AND state = 'applied'", [row["log_id"], reached]
    )
    if row["prev"] != head:
        return "quarantined", FORK
    if _missing(store, row):
        return "held", WAITS
    return "applied", None


def _missing(store: Store, row: Row) -> dict[str, int]:
    """log -> last change that a segment's author knew and that is not here."""
    have = {r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log")}
    return {log: last for log, last in json.loads(row["knows"]).items() if have.get(log, 0) < last}


def trust(store: Store, text: str) -> tuple[Peer, int]:
    """Certify a replica, and apply what it sent before; returns it and how many changes came in."""
    with store.transaction(applying=True):
        segment.seal(store)
        peer = peers.find(store, text)
        peers.trust(store, peer)
        before = store.value("SELECT coalesce(sum(seq), 0) FROM local_log")
        release(store)
        arrived = store.value("SELECT coalesce(sum(seq), 0) FROM local_log") - before
    search.catch_up(store)
    return peer, arrived


# state ----------------------------------------------------------------------------------------------------------


_HEAD = "hash, log_id, scope, replica_id, first, last, prev, knows, state, reason"
"""Columns of a segment without its bytes"""


def status(store: Store) -> Status:
    """Who has what, what waits, and what was refused."""
    own_logs = store.rows("SELECT id, seq FROM local_log WHERE own = 1 AND id <> ?", [BASELINE_LOG])
    unsent = _unsent(store)
    warning = None
    if clock.wall_is_behind(store):
        warning = _("This laptop's clock stands before the newest entry: set the date and time. Order is kept anyway.")
    segments = store.rows(
        f"SELECT {_HEAD} FROM local_segment WHERE state <> 'applied' ORDER BY received_at, log_id, first"
    )
    return Status(
        unsent=len(unsent),
        unsent_records=len(_records_of(store, unsent)),
        peers=[_peer_status(store, p, own_logs) for p in peers.others(store)],
        held=[_held_sentence(store, s) for s in segments if s["state"] == "held"],
        quarantined=[_quarantine_sentence(store, s) for s in segments if s["state"] == "quarantined"],
        set_aside=[
            _set_aside_sentence(r["log_id"], r["seq"], r["reason"])
            for r in store.rows("SELECT * FROM local_set_aside ORDER BY log_id, seq")
        ],
        conflicts=store.value("SELECT count(*) FROM local_conflict"),
        clock_warning=warning,
        exported=int(store.setting(EXPORTED, "0") or 0) >= _own_seq(store),
    )


def received(store: Store, ids: Sequence[str]) -> set[str]:
    """Those of the records whose changes headquarters has all acknowledged; at headquarters, all."""
    if store.identity.role == "hq":
        return set(ids)
    wanted = json.dumps(list(ids))
    lacking: set[str] = set()
    for log_id, reached in _acknowledged(store).items():
        lacking |= _touched(store, "SELECT value FROM json_each(?)", wanted, log_id, reached)
        for kind, parent in _parents().items():
            rows = f"SELECT id FROM {kind} WHERE {parent} IN (SELECT value FROM json_each(?))"
            for row_id in _touched(store, rows, wanted, log_id, reached):
                lacking.add(store.value(f"SELECT {parent} FROM {kind} WHERE id = ?", [row_id]))
    return set(ids) - lacking


def _touched(store: Store, rows: str, wanted: str, log_id: str, after: int) -> set[str]:
    """Those of some rows that a log changed after a point."""
    found = store.rows(
        f"SELECT DISTINCT row_id FROM local_change WHERE row_id IN ({rows}) AND log_id = ? AND seq > ?",
        [wanted, log_id, after],
    )
    return {r["row_id"] for r in found}


def _acknowledged(store: Store) -> dict[str, int]:
    """Own log -> its last change that headquarters has acknowledged."""
    heads = [p.have for p in peers.others(store) if p.role == "hq" and p.trust == "certified"]
    return {
        log["id"]: max((_reached(store, h, log["id"]) for h in heads), default=0)
        for log in store.rows("SELECT id FROM local_log WHERE own = 1")
    }


def _reached(store: Store, have: dict[str, Head], log_id: str) -> int:
    """How far a peer has one of our own logs. Only a head whose hash is a segment of ours counts: another one is the
    receipt of a copy of this disk."""
    head = have.get(log_id)
    if head is None:
        return 0
    ours = store.value(
        "SELECT 1 FROM local_segment WHERE log_id = ? AND last = ? AND hash = ? AND state = 'applied'",
        [log_id, head.last, head.hash],
    )
    return head.last if ours else 0


def _parents() -> dict[str, str]:
    """Kind of rows that belong to a record -> the column that names it."""
    return {c.model.KIND: c.parent for m in BY_KIND.values() for c in m.CHILDREN.values()}


def _unsent(store: Store) -> list[Row]:
    """(table_name, row_id) of each own change that headquarters has not acknowledged; none at headquarters."""
    if store.identity.role == "hq":
        return []
    found = []
    for log_id, reached in _acknowledged(store).items():
        found += store.rows(
            "SELECT table_name, row_id FROM local_change WHERE log_id = ? AND seq > ?", [log_id, reached]
        )
    return found


def _records_of(store: Store, changes: Sequence[Row]) -> set[str]:
    """The records that changed rows belong to: a figure belongs to its activity."""
    by_table: dict[str, set[str]] = {}
    for change in changes:
        by_table.setdefault(change["table_name"], set()).add(change["row_id"])
    records: set[str] = set()
    parents = _parents()
    for table, ids in by_table.items():
        if table in parents:
            for row_id in ids:
                records.add(store.value(f"SELECT {parents[table]} FROM {table} WHERE id = ?", [row_id]))
        else:
            records |= ids
    return records


def _peer_status(store: Store, peer: Peer, own_logs: Sequence[Row]) -> PeerStatus:
    reached = {log["id"]: _reached(store, peer.have, log["id"]) for log in own_logs}
    until = None
    for log_id, last in reached.items():
        at = store.value("SELECT at FROM local_change WHERE log_id = ? AND seq = ?", [log_id, last])
        until = max(filter(None, (until, at)), default=None)
    return PeerStatus(
        replica_id=peer.id,
        name=peer.title,
        role=peer.role,
        trust=peer.trust,
        received=sum(reached.values()),
        of=sum(
            log["seq"]
            for log in own_logs
            if peer.sees(store.value("SELECT scope FROM local_log WHERE id = ?", [log["id"]]))
        ),
        heard_at=peer.have_at,
        received_until=until,
    )


def _author_name(store: Store, replica_id: str) -> str:
    found = store.row("SELECT name, post_name FROM local_replica WHERE id = ?", [replica_id])
    if found is None:
        return _("an unknown laptop ({id})").format(id=replica_id[-4:])
    return f"{found['post_name']} ({found['name']})" if found["post_name"] else str(found["name"])


def _held_sentence(store: Store, row: Row) -> str:
    who = _author_name(store, row["replica_id"])
    what = {"first": row["first"], "last": row["last"], "who": who}
    if row["reason"] in (UNTRUSTED, UNKNOWN_AUTHOR):
        return _("Changes {first}–{last} of {who} wait until headquarters has certified that laptop.").format(**what)
    if row["reason"] == CLOCK_AHEAD:
        return _("Changes {first}–{last} of {who} wait: that laptop's clock runs years ahead.").format(**what)
    reached = store.value("SELECT seq FROM local_log WHERE id = ?", [row["log_id"]]) or 0
    if row["first"] > reached + 1:
        return _("Changes {first}–{last} of {who} wait: changes {a}–{b} of it have not arrived.").format(
            **what, a=reached + 1, b=row["first"] - 1
        )
    for log, last in _missing(store, row).items():
        known = store.row("SELECT replica_id, seq FROM local_log WHERE id = ?", [log])
        return _("Changes {first}–{last} of {who} wait: changes {a}–{b} of {other} have not arrived.").format(
            **what,
            a=(known["seq"] if known else 0) + 1,
            b=last,
            other=_author_name(store, known["replica_id"] if known else log),
        )
    return _("Changes {first}–{last} of {who} wait.").format(**what)


def _quarantine_sentence(store: Store, row: Row) -> str:
    reasons = {
        BAD_SIGNATURE: _("the signature is not its author's"),
        FORK: _("it contradicts what came before: the laptop's disk was copied, or an old state was restored"),
        FOREIGN_LOG: _("it claims a log that belongs to another laptop"),
    }
    return _("Changes {first}–{last} of {who} are in quarantine: {why}.").format(
        first=row["first"],
        last=row["last"],
        who=_author_name(store, row["replica_id"]),
        why=reasons.get(row["reason"], row["reason"]),
    )


def _set_aside_sentence(log: str, seq: int, reason: str) -> str:
    reasons = {
        objections.UNKNOWN_TABLE: _("this version does not know that kind of record"),
        objections.NOT_ALLOWED: _("its author may not write that"),
        objections.UNCLEAN_TEXT: _("its text has characters that are never stored"),
        objections.NO_SUCH_ROW: _("it changes a record that is not there"),
        objections.IMPOSSIBLE: _("its value is out of range or names a record that is not there"),
    }
    return _("Change {seq} of log {log} does not count: {why}.").format(
        seq=seq, log=clean(log)[-4:], why=reasons.get(reason, _("for a reason that this version does not know"))
    )
