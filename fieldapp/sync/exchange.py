"""What an officer does with a stick: export, import, and see who has what."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.text import clean
from fieldapp.errors import Cancelled, FieldappError, Refused
from fieldapp.i18n import _, counted
from fieldapp.store import capture, people, search
from fieldapp.store import log as change_log
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.people import Act
from fieldapp.store.store import Row, Store, now
from fieldapp.sync import (
    bundle,
    clock,
    drives,
    keys,
    logs,
    merge,
    objections,
    parcel,
    peers,
    practice,
    receipts,
    recovery,
    relog,
    revocation,
    segment,
    sticks,
    straight,
    tarball,
)
from fieldapp.sync.bundle import Inspected, Manifest
from fieldapp.sync.parcel import Stock
from fieldapp.sync.peers import Peer
from fieldapp.sync.relog import FORK, SETTLED
from fieldapp.sync.revocation import REVOKED

Progress = Callable[[str, int, int], None]
"""Told (stage, done, of): stage is one of ``write``, ``verify``, ``read``, ``apply``, ``index``. It may raise
``Cancelled``; at ``index`` that is too late."""

EXPORTED = "exported_changes"
"""Local setting: how many own changes there were when a bundle for headquarters was last written."""

LARGE = 100_000
"""Bytes of a bundle from which on it is quicker to take the capture triggers, which only keep silent, away meanwhile"""

MAX_BROKEN = 64 * 1024 * 1024
"""Bytes that are kept of what is no segment"""

UNTRUSTED = "untrusted"
UNKNOWN_AUTHOR = "unknown_author"
WAITS = "waits"
BAD_SIGNATURE = "bad_signature"
CLOCK_AHEAD = "clock_ahead"
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
        return _("{file} for {to}: {records}, {changes}, {size} bytes, read back and compared.").format(
            file=self.path.name,
            to=self.recipient,
            records=counted("{n} record", "{n} records", self.records),
            changes=counted("{n} change", "{n} changes", self.changes),
            size=format_amount(self.size),
        )


Outcome = Literal["applied", "known", "waits", "quarantined", "refused", "for_others"]


@dataclass
class Imported:
    """What became of one file."""

    path: Path
    sender: str = ""
    """the post's name, or headquarters'"""
    sender_id: str = ""
    laptop: str = ""
    """the sender's name for itself"""
    applied: int = 0
    """changes that were new and are in now"""
    known: int = 0
    """changes that were there already"""
    held: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    """changes of ours that the sender does not let count, and of the sender's that we do not"""
    refused: str | None = None
    reason: str | None = None
    """why it was refused, in the word of the format"""
    for_others: bool = False
    arrived: list[str] = field(default_factory=list)
    """hashes of the segments of which it is said what became of them"""
    waiting: list[str] = field(default_factory=list)
    """hashes of those that wait: to be said when all files were read"""

    @property
    def state(self) -> Outcome:
        """In a word; ``known``: all of it had come before."""
        if self.for_others:
            return "for_others"
        if self.refused is not None:
            return "refused"
        if self.quarantined:
            return "quarantined"
        return "waits" if self.held else "applied" if self.applied else "known"

    @property
    def complete(self) -> bool:
        """Everything in it is applied."""
        return self.refused is None and not self.held and not self.quarantined

    @property
    def sentence(self) -> str:
        """Whose file it is, what is new in it, and what had come before."""
        if not self.sender:
            return _("{file}: nothing of it was taken in.").format(file=self.path.name)
        who = self.sender if self.sender == self.laptop else f"{self.sender} ({self.laptop})"
        return _("{who}: {n} new changes, {known} had come before ({file}).").format(
            file=self.path.name, who=who, n=self.applied, known=self.known
        )

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
    lacks: int
    """changes that it may see, whoever made them, and has not said it has"""
    lacks_since: str | None
    """instant of the oldest of them"""
    asks: bool
    """it waits for us to compare its fingerprint and certify it"""


@dataclass(frozen=True)
class Status:
    """The state of exchange."""

    unsent: int
    unsent_records: int
    laptops: int
    """whom we exchange with, and who asks to"""
    asking: list[str]
    """names of those that wait to be certified"""
    received_until: str | None
    """instant of the newest of a post's changes that its headquarters has"""
    held: list[str]
    quarantined: list[str]
    set_aside: list[str]
    conflicts: int
    clock_warning: str | None
    exported: bool
    """everything that is unsent lies in a bundle that was written since; its receipt has not come"""

    @property
    def sentence(self) -> str:
        """What headquarters has not received, for people."""
        return _("{changes} in {records} not received by headquarters.").format(
            changes=counted("{n} change", "{n} changes", self.unsent),
            records=counted("{n} record", "{n} records", self.unsent_records),
        )


# export ---------------------------------------------------------------------------------------------------------


def export(store: Store, dest: Path, to: str | None = None, progress: Progress | None = None) -> list[Exported]:
    """Write a bundle for each recipient into the folder ``dest``: all that he has not acknowledged, and our receipt.

    ``to`` names one recipient; otherwise a post writes for headquarters and its own other laptops, headquarters for
    every certified laptop. A file is complete or not there, and the replica's state does not depend on it.
    """
    people.check(store, Act.EXPORT)
    if not dest.is_dir():
        raise FieldappError(_("There is no folder {dest}. Plug the stick in, or name another.").format(dest=dest))
    practice.check_dest(store, dest)
    with store.transaction():
        segment.seal(store)
        sealed = _own_seq(store)
    stock = parcel.stock(store)
    recipients = [peers.find(store, to)] if to else peers.partners(store, stock.others)
    if not recipients:
        raise FieldappError(_("Nobody to write for: headquarters has certified no laptop yet (`hq trust`)."))
    done: list[Exported] = []
    try:
        for peer in recipients:
            done.append(export_to(store, dest, stock, peer, progress))
    except Cancelled:
        for made in done:
            made.path.unlink(missing_ok=True)
        raise
    if any(p.role == "hq" for p in recipients):
        store.set_setting(EXPORTED, str(sealed))
    return done


def _own_seq(store: Store) -> int:
    """How many changes this replica has logged."""
    found: int = store.value(
        "SELECT coalesce(sum(seq), 0) FROM local_log WHERE replica_id = ?", [store.identity.replica_id]
    )
    return found


def export_to(store: Store, dest: Path, stock: Stock, to: Peer, progress: Progress | None = None) -> Exported:
    """Write one recipient's bundle; what is to go is sealed already."""
    if to.trust != "certified":
        raise FieldappError(
            _("{name} is not certified. Compare its fingerprint, then `fieldapp hq trust {id}`.").format(
                name=to.title, id=to.id
            )
        )
    secret: bytes = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    goes = parcel.for_peer(store, stock, to)
    number = int(store.setting("bundle_number", "0") or 0) + 1
    with drives.telling(dest):
        while (target := dest / _file_name(stock.me, to, number)).exists():  # a copy of this disk wrote it
            number += 1
    manifest = parcel.manifest(store, goes, number)
    signature = keys.sign(secret, bundle.encode_manifest(manifest), "fieldapp manifest")
    done = 0

    def members() -> Iterator[tuple[str, bytes]]:
        nonlocal done
        for name, data in parcel.members(store, goes):
            yield name, data
            done += 1
            if progress is not None:
                progress("write", done, len(manifest.members))

    def verified(size: int) -> None:
        if progress is not None:
            progress("verify", size, 0)

    me = stock.me
    archived = [me.age_key] if me.role == "hq" else []  # so that its archive tells what it signed: ``archive``
    drives.check_space(dest, sum(m.size + tarball.BLOCK * 2 for m in manifest.members))
    with drives.whole_file(target, verified) as file:
        _encrypt_tar(file, manifest, signature, members(), [to.age_key, *archived])
    sha256, size = drives.written_to(file)
    with store.transaction():
        store.set_setting("bundle_number", str(number))
        sticks.remember(store, target.name, to, number, sha256, goes.chosen)
    return Exported(
        path=target,
        recipient=to.title,
        changes=sum(s["last"] - s["first"] + 1 for s in goes.chosen),
        records=sum(n for t, n in manifest.counts.items() if BY_KIND.get(t) is None or BY_KIND[t].TOP),
        size=size,
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
        raise failed[0]


def _file_name(me: Peer, to: Peer, number: int) -> str:
    """A name that FAT keeps and that says whose it is; a reply also names the post that it is for."""
    who = name_of(me, to if me.role == "hq" and to.role == "post" else None)
    return f"{who}_{datetime.now(UTC):%Y%m%dT%H%M%SZ}_{number}{bundle.SUFFIX}"


def name_of(sender: Peer, to: Peer | None = None) -> str:
    """How the name of a sender's bundles begins."""
    code = f"{sender.post_code}-{to.post_code}" if to else f"{sender.post_code}"
    return f"{code.lower()}_{sender.id[-4:]}"


# import ---------------------------------------------------------------------------------------------------------


def import_files(store: Store, paths: Sequence[Path], progress: Progress | None = None) -> list[Imported]:
    """Apply bundles; a folder stands for the bundles in it. One bad file never stops those behind it.

    Idempotent, in any order, all or nothing per segment. What waited for a part that a later file brought does not wait
    in what is returned.
    """
    people.check(store, Act.IMPORT)
    results: list[Imported] = []
    files: list[tuple[Path, bool]] = []
    for path in paths:
        try:
            files += [(file, True) for file in drives.bundles_in(path)] if path.is_dir() else [(path, False)]
        except OSError as error:
            why = _("{path} cannot be read: {why}.").format(path=path, why=error.strerror or type(error).__name__)
            results.append(Imported(path, refused=why))
    with store.bulk():
        try:
            for number, (file, from_folder) in enumerate(files):
                if progress is not None:
                    progress("read", number, len(files))
                results.append(_import_or_refuse(store, file, from_folder, progress))
        except Cancelled:
            _index(store, None)  # of the files before
            raise
        _index(store, progress)
    said = {hash_ for result in results for hash_ in result.arrived}
    for result in results:
        waited, result.waiting, result.held = result.waiting, [], []
        _say_what_arrived(store, waited, result, said)
    return results


def _import_or_refuse(store: Store, file: Path, from_folder: bool, progress: Progress | None) -> Imported:
    try:
        return _import_file(store, file, progress)
    except bundle.NotForUs as error:
        return Imported(file, refused=None if from_folder else str(error), reason=error.reason, for_others=True)
    except Refused as error:
        return Imported(file, refused=str(error), reason=error.reason)
    except FieldappError as error:
        return Imported(file, refused=str(error))
    except (OSError, RecursionError, MemoryError) as error:
        why = _("{path} cannot be read: {why}.").format(path=file.name, why=type(error).__name__)
        return Imported(file, refused=why)


def _index(store: Store, progress: Progress | None) -> None:
    """Let what was imported be found. The records are in by now, so that nothing is left to cancel."""

    def told(done: int, of: int) -> None:
        with suppress(Cancelled):
            if progress is not None:
                progress("index", done, of)

    search.catch_up(store, told)


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
        raise Refused(bundle.WRONG_KIND, _("{name} is no bundle for importing.").format(name=path.name))
    if store.value("SELECT id FROM local_replica WHERE own = 1") not in inspected.manifest.recipients:
        raise bundle.NotForUs(_("{name} is for somebody else.").format(name=path.name))
    practice.check_sender(store, inspected.sender, path.name)
    peers.check_sender(store, inspected.sender, path.name)
    sender = inspected.sender
    result = Imported(path, sender.post_name or sender.name, sender.replica, sender.name)
    with store.transaction(applying=True):
        segment.seal(store)
        receive(store, inspected, secret, result, progress)
        recovery.learn(store, inspected.manifest)
        if store.value("SELECT trust FROM local_replica WHERE id = ?", [inspected.manifest.sender]) == "certified":
            result.set_aside += [_set_aside_sentence(s.log, s.seq, s.reason) for s in inspected.manifest.set_aside]
    return result


def receive(
    store: Store, inspected: Inspected, secret: str | None, result: Imported, progress: Progress | None = None
) -> None:
    """Take in the papers and segments of a file that was inspected; inside an applying transaction."""
    for certificate, data, signature in inspected.certificates:
        peers.learn(store, certificate, data, signature)
    if inspected.manifest.kind == "bundle":
        peers.learn_pending(store)
        for paper, data, signature in inspected.revocations:
            revocation.learn(store, paper, data, signature)
        revocation.release(store)
    total = sum(1 for m in inspected.manifest.members if m.name.endswith(".zst"))
    arrived: list[str] = []
    large = sum(m.size for m in inspected.manifest.members) > LARGE
    pending = straight.Pending(store)
    with (
        capture.lifted(store.db) if large else nullcontext(),
        closing(bundle.contents(inspected, secret)) as contents,
    ):
        for number, (data, signature) in enumerate(contents):
            arrived += _take(store, data, signature, result, pending)
            if progress is not None:
                progress("apply", number + 1, total)
        merge.finish(store, pending)
        release(store)
    if inspected.manifest.kind == "bundle":
        receipts.heard(store, inspected.manifest)
        release(store)  # what the sender has, and waits for nothing, need not wait here
        settle(store)
    _say_what_arrived(store, arrived, result, set())


def settle(store: Store) -> None:
    """Follow headquarters in logs that have two branches, and apply what waited for that; inside an applying
    transaction."""
    followed: set[str] = set()
    while relog.settle(store, followed):
        release(store)
    relog.forget_settled(store)
    logs.begin_missing(store)


def _say_what_arrived(store: Store, arrived: Sequence[str], result: Imported, said: set[str]) -> None:
    """Complete a result by what became of segments; those ``said`` already came by another file too."""
    decided = []
    for hash_ in arrived:
        row = store.row(f"SELECT {_HEAD} FROM local_segment WHERE hash = ?", [hash_])
        assert row is not None
        if row["state"] == "held":
            result.waiting.append(hash_)
            result.held.append(_held_sentence(store, row))
            continue
        if row["reason"] == SETTLED or (row["state"] == "applied" and hash_ in said):
            result.known += row["last"] - row["first"] + 1
        elif row["state"] == "applied":
            result.applied += row["last"] - row["first"] + 1
        else:
            result.quarantined.append(_quarantine_sentence(store, row))
        decided.append(hash_)
    for row in store.rows(
        "SELECT a.* FROM local_set_aside a JOIN local_segment s ON s.log_id = a.log_id AND a.seq BETWEEN s.first"
        " AND s.last WHERE s.state = 'applied' AND s.hash IN (SELECT value FROM json_each(?))",
        [json.dumps([hash_ for hash_ in decided if hash_ not in said])],
    ):
        result.set_aside.append(_set_aside_sentence(row["log_id"], row["seq"], row["reason"]))
    result.arrived += decided
    said.update(decided)


def _take(store: Store, data: bytes, signature: bytes, result: Imported, pending: straight.Pending) -> list[str]:
    """Store a segment as held, or quarantine it; returns its hash if it is new or still waits, [] if it was there."""
    hash_ = segment.digest(data)
    known = store.row("SELECT first, last, state, reason FROM local_segment WHERE hash = ?", [hash_])
    if known is not None and known["reason"] == BAD_SIGNATURE:
        store.db.execute(
            "UPDATE local_segment SET signature = ?, state = 'held', reason = ? WHERE hash = ?",
            [signature, WAITS, hash_],
        )
        return [hash_]
    if known is not None and known["state"] == "held":
        return [hash_]
    if known is not None:
        result.known += known["last"] - known["first"] + 1
        return []
    try:
        sealed = segment.read(data)
    except segment.Broken as error:
        _keep_broken(store, result.sender, str(error), data, signature)
        result.quarantined.append(_broken_sentence(str(error)))
        return []
    header = sealed.header
    row = {"hash": hash_, "replica_id": header.replica, "log_id": header.log, "scope": header.scope,
           "first": header.first, "last": header.last, "prev": header.prev, "knows": json.dumps(header.knows),
           "bytes": data, "signature": signature}  # fmt: skip
    if _judge(store, row)[0] == "applied" and not _is_ahead(sealed):  # the usual case: at once, while it is in memory
        segment.keep(store, header, data, signature, "applied")
        _apply(store, sealed, hash_, pending)
    else:
        segment.keep(store, header, data, signature, "held", WAITS)
    return [hash_]


def _keep_broken(store: Store, sender: str, why: str, data: bytes, signature: bytes) -> None:
    """Keep what is no segment, up to a limit: a stranger must not fill the disk with it."""
    there = store.value("SELECT coalesce(sum(length(bytes)), 0) FROM local_broken")
    if there + len(data) <= MAX_BROKEN:
        store.db.execute(
            "INSERT OR IGNORE INTO local_broken VALUES (?, ?, ?, ?, ?, ?)",
            [segment.digest(data), sender, why, data, signature, now()],
        )


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
                _apply(store, sealed, row["hash"])
                progress = True


def _apply(store: Store, sealed: segment.Sealed, hash_: str, pending: straight.Pending | None = None) -> None:
    header = sealed.header
    merge.apply(store, sealed, hash_, pending)
    if store.value("SELECT own FROM local_log WHERE id = ?", [header.log]):  # by a copy of this disk
        logs.begin(store, header.scope)


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
    if author["trust"] == "revoked" and not author["own"]:
        if not revocation.stands(store, row):
            return "quarantined", REVOKED
    elif author["trust"] != "certified" and not author["own"]:
        return "held", UNTRUSTED
    log = store.row("SELECT scope, replica_id, seq FROM local_log WHERE id = ?", [row["log_id"]])
    if log is not None and (log["scope"], log["replica_id"]) != (row["scope"], row["replica_id"]):
        return "quarantined", FOREIGN_LOG
    reached = log["seq"] if log else 0
    if row["first"] <= reached or relog.is_off(store, row["prev"]):
        return "quarantined", FORK
    if row["first"] > reached + 1:
        return "held", WAITS
    head = store.value(
        "SELECT hash FROM local_segment WHERE log_id = ? AND last = ? AND state = 'applied'", [row["log_id"], reached]
    )
    if row["prev"] != head:
        return "quarantined", FORK
    if relog.missing(store, row):
        return "held", WAITS
    return "applied", None


def trust(store: Store, text: str) -> tuple[Peer, int]:
    """Certify a replica, and apply what it sent before; returns it and how many changes came in."""
    people.check(store, Act.CERTIFY)
    with store.transaction(applying=True):
        segment.seal(store)
        peer = peers.find(store, text)
        peers.trust(store, peer)
        peers.learn_pending(store)
        revocation.release(store)
        before = store.value("SELECT coalesce(sum(seq), 0) FROM local_log")
        release(store)
        settle(store)
        arrived = store.value("SELECT coalesce(sum(seq), 0) FROM local_log") - before
    search.catch_up(store)
    return peer, arrived


def revoke(store: Store, text: str) -> Peer:
    """Trust a laptop no longer: what is here of it stands, what comes later is quarantined."""
    people.check(store, Act.CERTIFY)
    with store.transaction(applying=True):
        segment.seal(store)
        peer = peers.find(store, text)
        revocation.revoke(store, peer)
        return peer


# state ----------------------------------------------------------------------------------------------------------


_HEAD = "hash, log_id, scope, replica_id, first, last, prev, knows, state, reason"
"""Columns of a segment without its bytes"""


def status(store: Store) -> Status:
    """What is not sent, what waits, and what was refused: every screen asks."""
    me, known = peers.own(store), peers.others(store)
    partners = peers.partners(store, known, asking=True)
    above = [p for p in partners if p.role == "hq"] if me.role == "post" else []
    received = [p.received_until for p in _peers_status(store, above, known) if p.received_until]
    unsent = _unsent(store)
    warning = None
    if clock.wall_is_behind(store):
        warning = _("This laptop's clock stands before the newest entry: set the date and time. Order is kept anyway.")
    segments = store.rows(
        f"SELECT {_HEAD}, received_at FROM local_segment WHERE state = 'held'"
        f" UNION ALL SELECT {_HEAD}, received_at FROM local_segment WHERE state = 'quarantined' AND reason <> ?"
        " ORDER BY received_at, log_id, first",
        [SETTLED],
    )
    quarantined = [_quarantine_sentence(store, s) for s in segments if s["state"] == "quarantined"]
    quarantined += [_broken_sentence(r["why"]) for r in store.rows("SELECT why FROM local_broken ORDER BY received_at")]
    if me.trust == "revoked":
        quarantined.insert(
            0, _("Headquarters has revoked this laptop: what it writes from now on is not taken. Ask there.")
        )
    return Status(
        unsent=len(unsent),
        unsent_records=len(_records_of(store, unsent)),
        laptops=len(partners),
        asking=[p.title for p in partners if peers.is_asking(me, p)],
        received_until=max(received, default=None),
        held=[_held_sentence(store, s) for s in segments if s["state"] == "held"],
        quarantined=quarantined,
        set_aside=[
            _set_aside_sentence(r["log_id"], r["seq"], r["reason"])
            for r in store.rows("SELECT * FROM local_set_aside ORDER BY log_id, seq")
        ],
        conflicts=store.value("SELECT count(*) FROM local_conflict"),
        clock_warning=warning,
        exported=int(store.setting(EXPORTED, "0") or 0) >= _own_seq(store),
    )


def peers_status(store: Store) -> list[PeerStatus]:
    """Who has what: of each laptop that we exchange with, or that asks to."""
    known = peers.others(store)
    return _peers_status(store, peers.partners(store, known, asking=True), known)


def held_of(store: Store, post_id: str) -> list[str]:
    """A sentence for each part of a post's logs that waits, and for what."""
    rows = store.rows(
        f"SELECT {_HEAD} FROM local_segment WHERE state = 'held' AND scope = ? ORDER BY log_id, first", [post_id]
    )
    return [_held_sentence(store, row) for row in rows]


def received(store: Store, ids: Sequence[str]) -> set[str]:
    """Those of the records whose changes headquarters has all acknowledged; at headquarters, all."""
    if store.identity.role == "hq":
        return set(ids)
    belongs = {row_id: row_id for row_id in ids}
    for kind, parent in _parents().items():
        for row in store.rows(
            f"SELECT id, {parent} AS record FROM {kind} WHERE {parent} IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        ):
            belongs[row["id"]] = row["record"]
    lacking = {
        belongs[row_id]
        for log_id, reached in _acknowledged(store).items()
        for row_id in change_log.changed(store, belongs.keys(), log_id, reached)
    }
    return set(ids) - lacking


def _acknowledged(store: Store) -> dict[str, int]:
    """Own log -> its last change that headquarters has acknowledged, by what each of its laptops said last."""
    above = [p.id for p in peers.others(store) if p.role == "hq" and p.trust == "certified"]
    heads = [receipts.newest(store, replica_id) for replica_id in above]
    return {log: max((receipts.reached(store, [have], log) for have in heads), default=0) for log in logs.own(store)}


def _parents() -> dict[str, str]:
    """Kind of rows that belong to a record -> the column that names it."""
    return {c.model.KIND: c.parent for m in BY_KIND.values() for c in m.CHILDREN.values()}


def _unsent(store: Store) -> list[objections.Cell]:
    """The row of each own change that headquarters has not acknowledged; none at headquarters."""
    if store.identity.role == "hq":
        return []
    return [
        (c.table, c.row_id)
        for log_id, reached in _acknowledged(store).items()
        for c in change_log.since(store, log_id, reached)
    ]


def _records_of(store: Store, changes: Sequence[objections.Cell]) -> set[str]:
    """The records that changed rows belong to: a figure belongs to its activity."""
    by_table: dict[str, set[str]] = {}
    for table, row_id in changes:
        by_table.setdefault(table, set()).add(row_id)
    records: set[str] = set()
    parents = _parents()
    for table, ids in by_table.items():
        if table in parents:
            for row_id in ids:
                records.add(store.value(f"SELECT {parents[table]} FROM {table} WHERE id = ?", [row_id]))
        else:
            records |= ids
    return records


def _peers_status(store: Store, about: Sequence[Peer], known: list[Peer]) -> list[PeerStatus]:
    me = peers.own(store)
    known_logs = store.rows(
        "SELECT id, seq, scope, replica_id FROM local_log WHERE id <> ? AND seq > 0", [BASELINE_LOG]
    )
    return [_peer_status(store, me, peer, peers.reader(store, peer, known), known_logs) for peer in about]


def _peer_status(store: Store, me: Peer, peer: Peer, reader: peers.Reader, known_logs: Sequence[Row]) -> PeerStatus:
    visible = [log for log in known_logs if reader.sees(log["scope"], log["replica_id"])]
    databases, heard_at = receipts.all_heads(store, peer.id)
    reached = {log["id"]: receipts.reached(store, databases, log["id"]) for log in visible}
    own = [log for log in visible if log["replica_id"] == me.id]
    lacking = [log for log in visible if log["replica_id"] != peer.id and reached[log["id"]] < log["seq"]]
    has = [(log["id"], reached[log["id"]]) for log in own]
    lacks = [(log["id"], reached[log["id"]] + 1) for log in lacking]
    changes = change_log.at_places(store, [*has, *lacks])
    return PeerStatus(
        replica_id=peer.id,
        name=peer.title,
        role=peer.role,
        trust=peer.trust,
        received=sum(reached[log["id"]] for log in own),
        of=sum(log["seq"] for log in own),
        heard_at=heard_at,
        received_until=max((changes[place].at for place in has if place in changes), default=None),
        lacks=sum(log["seq"] - reached[log["id"]] for log in lacking),
        lacks_since=min((changes[place].at for place in lacks if place in changes), default=None),
        asks=peers.is_asking(me, peer),
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
    for log, last in relog.missing(store, row).items():
        known = store.row("SELECT replica_id, seq FROM local_log WHERE id = ?", [log])
        return _("Changes {first}–{last} of {who} wait: changes {a}–{b} of {other} have not arrived.").format(
            **what,
            a=(known["seq"] if known else 0) + 1,
            b=last,
            other=_author_name(store, known["replica_id"] if known else receipts.author(store, log) or log),
        )
    return _("Changes {first}–{last} of {who} wait.").format(**what)


def _quarantine_sentence(store: Store, row: Row) -> str:
    reasons = {
        BAD_SIGNATURE: _("the signature is not its author's"),
        FORK: _(
            "its disk was copied or set back. It brings this anew; if it is gone, `fieldapp hq adopt` takes it over"
        ),
        FOREIGN_LOG: _("it claims a log that belongs to another laptop"),
        REVOKED: _("headquarters has revoked that laptop"),
    }
    return _("Changes {first}–{last} of {who} are in quarantine: {why}.").format(
        first=row["first"],
        last=row["last"],
        who=_author_name(store, row["replica_id"]),
        why=reasons.get(row["reason"], row["reason"]),
    )


def _broken_sentence(why: str) -> str:
    return _("A part of the bundle is no segment: {why}.").format(why=why)


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
