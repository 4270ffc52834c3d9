"""Import from a stick: a file is checked from beginning to end, then its certificates and segments are taken in."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from msgspec import Struct

from fieldapp.errors import Cancelled, FieldappError, FileRefused, os_error_text, reason_text
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _, counted
from fieldapp.records import search_index
from fieldapp.store import capture, people, wall
from fieldapp.store.connection import DatabaseError
from fieldapp.store.disk_errors import DiskError
from fieldapp.store.people import Act
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import incoming_files, messages, outgoing, refused_bundles, sticks
from fieldapp.sync.format import bundle, drives, file_parts, segment
from fieldapp.sync.format.bundle import Inspected, Progress
from fieldapp.sync.merge import authors, fast_path, forks, merge, revocation, segment_state
from fieldapp.sync.merge.forks import FORK_SETTLED
from fieldapp.sync.merge.segment_state import BAD_SIGNATURE, WAITS
from fieldapp.sync.peers import peers, practice, receipts, recovery

MAX_NAMES = 3
"""How many folders a sentence names"""

ROOM_FACTOR = 50
"""Bytes of the disk that an import takes at most for each byte of its segments, which are compressed: rows, indexes,
and the write-ahead log until it is checkpointed. Measured: 28 for large bundles, 49 for small ones"""
TOGETHER = 1_000_000
"""Bytes of bundles that are imported in one transaction: some seconds, in which no other window can write"""

LARGE_IMPORT = 100_000
"""Bytes of a bundle from which it is faster to drop the capture triggers meanwhile: they do nothing in an import"""

MAX_BROKEN = 64 * 1024 * 1024
"""Total bytes that are kept of members that are not segments"""


FileOutcome = Literal[
    "applied", "known", "uncertified", "certified", "waits", "quarantined", "refused", "for_others", "own"
]

OUTCOME_WORDS: dict[FileOutcome, str] = {
    "applied": "with new changes",
    "known": "that had come before",
    "uncertified": "from laptops that wait to be certified",
    "certified": "from laptops that were certified just now",
    "waits": "that wait",
    "quarantined": "in quarantine",
    "refused": "refused",
    "for_others": "for other laptops",
    "own": "that this laptop wrote",
}
"""How the summary names the bundles of each outcome, in this order"""


@dataclass
class Imported:
    """The result of importing one file."""

    path: Path
    sender: str = ""
    """the post's name, or headquarters'"""
    sender_id: str = ""
    laptop: str = ""
    """the sender's name for itself"""
    asks: bool = False
    """the sender waits for us to compare its fingerprint and certify it"""
    certified: bool = False
    """it asked, and was certified since: what it brought is applied, and not counted here"""
    applied: int = 0
    """number of new changes that were applied"""
    known: int = 0
    """number of changes that were already here"""
    held: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    """a sentence for each change of ours that the sender rejected, and for each of the sender's rejected here"""
    refused: str | None = None
    reason: str | None = None
    """why it was refused: one of the reasons in ``format/bundle.py``, ``peers`` or ``practice``"""
    writer_id: str = ""
    """who wrote a refused file, by the signature of its manifest or by its name"""
    writer_signed: bool = False
    """the signature says so"""
    remembered: bool = False
    """headquarters remembers the refused file"""
    covered: bool = False
    """nothing need be done about a refused file: a later bundle of its author was read"""
    for_others: bool = False
    own: bool = False
    """it is for others, and this laptop wrote it"""
    arrived: list[str] = field(default_factory=list)
    """hashes of the segments that were applied or quarantined, and are reported in this result"""
    files: int = 0
    """number of files of records that arrived with it"""
    file_problems: list[str] = field(default_factory=list)
    """a sentence for each part with files of which not all was taken in"""
    later: str | None = None
    """what could not be done after it was taken in, and will be"""
    clock: str | None = None
    """a sentence about the sender's clock, if its reading is implausible"""
    waiting: list[str] = field(default_factory=list)
    """hashes of the segments that wait; they are reported when all files have been read"""

    @property
    def state(self) -> FileOutcome:
        """The outcome in one word; ``known``: all of it had come before."""
        if self.for_others:
            return "own" if self.own else "for_others"
        if self.refused is not None:
            return "refused"
        if self.quarantined:
            return "quarantined"
        if self.asks:
            return "certified" if self.certified else "uncertified"
        return "waits" if self.held else "applied" if self.applied or self.files else "known"

    @property
    def complete(self) -> bool:
        """Whether everything in it is applied."""
        return self.refused is None and not self.held and not self.quarantined

    @property
    def sentence(self) -> str:
        """Whose file it is, what is new in it, and what had come before."""
        files = (
            counted("{n} file of records arrived.", "{n} files of records arrived.", self.files) if self.files else ""
        )
        if not self.sender and files:
            return f"{display_path(self.path.name)}: {files}"
        if not self.sender:
            return _("{file}: nothing of it was taken in.").format(file=display_path(self.path.name))
        if self.certified:
            done = _("{who}: certified, so the changes in it count ({file}).")
            return done.format(who=self.title, file=display_path(self.path.name))
        changes = _("{who}: {n} new changes, {known} had come before ({file}).").format(
            file=display_path(self.path.name), who=self.title, n=self.applied, known=self.known
        )
        return f"{changes} {files}".rstrip()

    @property
    def title(self) -> str:
        """The sender's name for people."""
        return self.sender if self.sender == self.laptop else f"{self.sender} ({self.laptop})"

    @property
    def problems(self) -> list[str]:
        """A sentence for each segment that is not applied, each rejected change, the sender's clock, a refused file,
        and what could not be done afterwards."""
        more = filter(None, [self.clock, self.refused, self.later])
        return [*self.held, *self.quarantined, *self.set_aside, *more, *self.file_problems]


def import_files(store: Store, paths: Sequence[Path], progress: Progress | None = None) -> list[Imported]:
    """Apply bundles; a folder means all bundles in it. One bad file never stops those after it.

    Idempotent, in any order, all or nothing per segment. The results say what still waits after the last file: a
    segment may wait for a part that a later file brings.
    """
    people.check(store, Act.IMPORT)
    results: list[Imported] = []
    files: list[tuple[Path, bool]] = []
    for path in paths:
        if file_parts.stem_of(path.name):
            continue  # files of records: read when all bundles are in
        try:
            files += [(file, True) for file in drives.bundles_in(path)] if path.is_dir() else [(path, False)]
        except OSError as error:
            why = _("{path} cannot be read: {why}.").format(path=display_path(path), why=os_error_text(error))
            results.append(Imported(path, refused=why))
    with store.bulk():
        try:
            _import_in_turn(store, files, results, progress)
        except Cancelled:
            with suppress(DiskError):
                _index_imported(store, None)  # the files before this one are in
            raise
        try:
            _index_imported(store, progress)
        except DiskError as error:
            if results:
                results[-1].later = _("What was taken in is recorded. Searching finds it later. {why}").format(
                    why=error.why
                )
    _take_in_files(store, paths, results, progress)
    reported = {hash_ for result in results for hash_ in result.arrived}
    for result in results:
        waited, result.waiting, result.held = result.waiting, [], []
        _report_arrived(store, waited, result, reported)
    _say_what_to_do(store, results)
    return results


class _Read(Struct, frozen=True):
    """A file whose turn has come."""

    path: Path
    from_folder: bool
    """its folder was named, not the file itself"""
    inspected: Inspected | None
    """what is in it; None if it is not whole, or not for this laptop"""

    @property
    def size(self) -> int:
        """Bytes of its members; of a file that is imported by itself, more than there is room for."""
        return sum(m.size for m in self.inspected.manifest.members) if self.inspected is not None else TOGETHER


def _import_in_turn(
    store: Store, files: Sequence[tuple[Path, bool]], results: list[Imported], progress: Progress | None
) -> None:
    """Import files one after the other, small ones in one transaction; adds a result for each.

    ``files``: (path, whether its folder was named). When ``Cancelled`` is raised, those before it are in.
    """
    secret = _age_secret(store)
    small: list[_Read] = []
    try:
        for number, (path, from_folder) in enumerate(files):
            if progress is not None:
                progress("read", number, len(files))
            file = _Read(path, from_folder, _inspected(path, secret))
            if sum(before.size for before in small) + file.size > TOGETHER:
                _import_together(store, small, results, progress)
            small.append(file)
    except Cancelled:
        _import_together(store, small, results, None)
        raise
    _import_together(store, small, results, progress)


def _inspected(path: Path, secret: str) -> Inspected | None:
    try:
        return bundle.inspect(path, secret)
    except (FieldappError, OSError, RecursionError, MemoryError):  # told when it is imported
        return None


def _import_together(store: Store, files: list[_Read], results: list[Imported], progress: Progress | None) -> None:
    """Import files in one transaction; clears ``files``. So the pages that they share are encrypted and written once.

    If one is refused after a part of it was written, or the disk fails, all is undone and each is imported by itself.
    (A savepoint for each, to undo it alone, would take a quarter of the time: SQLite then copies every page first.) If
    it is cancelled, those before it are imported again, without asking.
    """
    together, files[:] = [*files], []
    done: list[Imported] = []
    if len(together) > 1:
        try:
            with store.transaction(applying=True), capture.without_triggers(store.db):
                for file in together:
                    done.append(_import_or_refuse(store, file, progress))
                    if not store.db.conn.in_transaction:  # SQLite undoes all of it where memory is lacking
                        raise DatabaseError("the transaction has ended")
        except Cancelled:
            _import_together(store, together[: len(done)], results, None)
            raise
        except (DiskError, DatabaseError, _HalfImported):
            done = []
    results += done
    for file in together[len(done) :]:
        results.append(_import_or_refuse(store, file, progress))


class _HalfImported(Exception):
    """A file was refused, after a part of it was written in the transaction of several."""


@contextmanager
def _all_or_nothing(store: Store) -> Iterator[None]:
    """The transaction of a file. In that of several the files before it are undone too, if anything goes wrong."""
    if not store.db.conn.in_transaction:
        with store.transaction(applying=True):
            yield
        return
    try:
        yield
    except (FieldappError, OSError, RecursionError, MemoryError) as error:
        raise _HalfImported from error


def _take_in_files(store: Store, paths: Sequence[Path], results: list[Imported], progress: Progress | None) -> None:
    """Take in the files beside bundles, when all bundles are in: a record may have come with a later one."""
    of_bundle = {(r.path.parent, r.path.name.split(".fieldapp.tar")[0]): r for r in results}
    for taken in incoming_files.take_in(store, incoming_files.parts_beside(paths), progress):
        if not (taken.arrived or taken.problem):
            continue
        stem = file_parts.stem_of(taken.path.name)
        result = of_bundle.get((taken.path.parent, stem))
        if result is None:
            writer = outgoing.sender_of_name(taken.path.name, peers.others(store))
            result = Imported(taken.path, writer_id=writer.id if writer else "")
            of_bundle[taken.path.parent, stem] = result
            results.append(result)
        result.files += taken.arrived
        result.file_problems += [taken.problem] if taken.problem else []


def _import_or_refuse(store: Store, read: _Read, progress: Progress | None) -> Imported:
    file, from_folder = read.path, read.from_folder
    try:
        return _import_file(store, read.inspected or bundle.inspect(file, _age_secret(store)), progress)
    except bundle.NotForUs as error:
        why = None if from_folder else str(error)
        return Imported(file, refused=why, reason=error.reason, for_others=True, own=sticks.is_own_bundle(store, file))
    except FileRefused as error:
        return _refused(store, file, str(error), error.reason)
    except DiskError as error:
        why = _("{file}: nothing of it was taken in. {why}").format(file=display_path(file.name), why=error.why)
        return Imported(file, refused=why)
    except FieldappError as error:
        return Imported(file, refused=str(error))
    except (OSError, RecursionError, MemoryError) as error:
        why = _("{path} cannot be read: {why}.").format(path=display_path(file.name), why=reason_text(error))
        return _refused(store, file, why, refused_bundles.UNREADABLE if isinstance(error, OSError) else None)


def _refused(store: Store, file: Path, why: str, reason: str | None) -> Imported:
    """The result for a file that is refused, and remembered."""
    written = refused_bundles.writer(store, file, reason)
    remembered = refused_bundles.remember(store, file, reason, written)
    by = written.by.id if written.by is not None else ""
    return Imported(file, refused=why, reason=reason, writer_id=by, writer_signed=written.signed, remembered=remembered)


def _say_what_to_do(store: Store, results: Sequence[Imported]) -> None:
    """Add to the sentence of each damaged bundle who must export it again, or that nobody need: a later file may have
    been read since."""
    waiting = refused_bundles.uncovered(store)
    for result in results:
        if result.refused is None or result.reason not in refused_bundles.CLAIMED:
            continue
        result.covered = result.remembered and bool(result.writer_id) and result.writer_id not in waiting
        if result.covered:
            result.refused += " " + _("A later bundle of that laptop was read: nothing is lost.")
        elif result.reason == bundle.DAMAGED:
            result.refused += " " + _resend_advice(store, result)


def _resend_advice(store: Store, result: Imported) -> str:
    """A sentence that says who must export a damaged bundle again."""
    writer = peers.get(store, result.writer_id)
    if writer is None:
        writer = outgoing.sender_of_name(result.path.name, [peers.own(store), *peers.others(store)])
    if writer is None:
        return _("Ask for it to be exported again.")
    if writer.id == store.identity.replica_id:
        return _("Export it again.")
    return _("Ask {name} to export again.").format(name=brief_text(writer.title))


def _index_imported(store: Store, progress: Progress | None) -> None:
    """Enter imported records into the search index. They are stored already, so ``Cancelled`` is ignored."""

    def report(done: int, of: int) -> None:
        with suppress(Cancelled):
            if progress is not None:
                progress("index", done, of)

    search_index.index_imported(store, report)


def files_summary(results: Sequence[Imported]) -> str:
    """“40 gói: 34 có thay đổi mới · 3 bị từ chối · 2 còn chờ · 1 gửi cho máy khác”.

    Empty for a single file: that has a sentence of its own. Bundles in a folder that are for others are skipped, and
    only this summary mentions them.
    """
    skipped = [r for r in results if r.for_others and r.refused is None]
    if not results or (len(results) == 1 and not skipped):
        return ""
    numbers = Counter(r.state for r in results)
    parts = " · ".join(f"{numbers[state]} {_(word)}" for state, word in OUTCOME_WORDS.items() if numbers[state])
    line = f"{counted('{n} bundle', '{n} bundles', len(results))}: {parts}"
    return _("No bundle there is for this laptop. {line}").format(line=line) if results == skipped else line


def unread_folders_text(paths: Sequence[Path]) -> str:
    """A sentence that names the folders inside ``paths`` that hold bundles too; empty if there are none."""
    below = [display_path(found) for path in paths for found in drives.folders_with_bundles(path) if found not in paths]
    if not below:
        return ""
    named = ", ".join(below[:MAX_NAMES]) + (" …" if len(below) > MAX_NAMES else "")
    return _("Bundles in folders below were not read. Name a folder to read it: {named}").format(named=named)


def verify_bundle(store: Store, path: Path) -> Inspected:
    """Check a bundle from beginning to end, and change nothing."""
    return bundle.inspect(path, _age_secret(store))


def _age_secret(store: Store) -> str:
    found: str = store.value("SELECT age_secret FROM local_replica WHERE own = 1")
    return found


def _import_file(store: Store, inspected: Inspected, progress: Progress | None) -> Imported:
    path, secret = inspected.path, _age_secret(store)
    if inspected.manifest.kind != "bundle":
        raise FileRefused(
            bundle.WRONG_KIND, _("{name} is no bundle for importing.").format(name=display_path(path.name))
        )
    if store.value("SELECT id FROM local_replica WHERE own = 1") not in inspected.manifest.recipients:
        raise bundle.NotForUs(_("{name} is for somebody else.").format(name=display_path(path.name)))
    practice.check_practice_sender(store, inspected.sender, display_path(path.name))
    peers.check_sender_keys(store, inspected.sender, display_path(path.name))
    sender = inspected.sender
    drives.check_own_space(store.home, ROOM_FACTOR * sum(m.size for m in inspected.manifest.members))
    result = Imported(path, brief_text(sender.post_name or sender.name), sender.replica, brief_text(sender.name))
    with _all_or_nothing(store):
        segment.seal_open_changes(store)
        receive(store, inspected, secret, result, progress)
        recovery.take_recovery_code(store, inspected.manifest)
        refused_bundles.record_read(store, inspected.manifest, news=result.applied > 0)
        known, me = peers.get(store, sender.replica), peers.own(store)
        result.asks = known is not None and me.role == "hq" and peers.awaits_certificate(me, known)
        if known is not None and known.trust == "certified":
            result.clock = messages.implausible_clock_text(known.title, inspected.manifest.hlc)
            result.set_aside += [
                messages.rejected_change_text(s.log, s.seq, s.reason) for s in inspected.manifest.set_aside
            ]
    return result


def receive(
    store: Store, inspected: Inspected, secret: str | None, result: Imported, progress: Progress | None = None
) -> None:
    """Take in the certificates, revocations and segments of an inspected file; inside an applying transaction."""
    before, could = _standings(store), authors.of_others(store)
    _take_statements(store, inspected)
    if before != _standings(store) and revocation.drop_unfounded(store):
        _take_statements(store, inspected)  # some of these may count in the place of what was dropped
        revocation.drop_unfounded(store)
    revocation.release_quarantined(store)
    merge.refold(store, authors.rows_decided_anew(store, could))
    total = sum(1 for m in inspected.manifest.members if m.name.endswith(".zst"))
    arrived: list[str] = []
    large = sum(m.size for m in inspected.manifest.members) > LARGE_IMPORT
    pending = fast_path.Pending(store)
    with (
        capture.without_triggers(store.db) if large else nullcontext(),
        closing(bundle.read_segments(inspected, secret)) as contents,
    ):
        for number, (data, signature) in enumerate(contents):
            arrived += _store_arrived(store, data, signature, result, pending)
            if progress is not None:
                progress("apply", number + 1, total)
        merge.flush_pending(store, pending)
        of_post = _only_post(store, inspected, arrived) if before == _standings(store) else None
        segment_state.apply_held(store, of_post)
    if inspected.manifest.kind == "bundle":
        receipts.record_receipt(store, inspected.manifest)
        receipts.record_heard(store, inspected.manifest)
        segment_state.apply_held(store, of_post)  # what the sender has applied need not wait here either
        segment_state.settle_forks(store, of_post)
    _report_arrived(store, arrived, result, set())


def _take_statements(store: Store, inspected: Inspected) -> None:
    """Take in who is certified, and then who is revoked."""
    for certificate, data, signature in inspected.certificates:
        peers.take_certificate(store, certificate, data, signature)
    if inspected.manifest.kind == "bundle":
        peers.review_pending_certificates(store)
    for revoked, data, signature in inspected.revocations:
        revocation.take_revocation(store, revoked, data, signature)


def _standings(store: Store) -> tuple[list[Row], list[Row]]:
    """Who is certified and who is revoked."""
    return (
        store.rows("SELECT id, trust FROM local_replica ORDER BY id"),
        store.rows("SELECT replica_id, hlc FROM local_revocation ORDER BY replica_id"),
    )


def _only_post(store: Store, inspected: Inspected, arrived: Sequence[str]) -> str | None:
    """The post whose changes alone a bundle brings, from one of its certified laptops; None for every other bundle.

    Then an import costs what is new in it, however much waits or was refused of other posts.
    """
    sender = peers.get(store, inspected.sender.replica)
    if sender is None or sender.role != "post" or sender.trust != "certified":
        return None
    others = store.value(
        "SELECT 1 FROM local_segment s LEFT JOIN local_replica r ON r.id = s.replica_id"
        " WHERE s.hash IN (SELECT value FROM json_each(?))"
        " AND (r.id IS NULL OR r.role <> 'post' OR r.trust <> 'certified' OR r.post_id IS NOT ?) LIMIT 1",
        [json.dumps(list(arrived)), sender.post_id],
    )
    return None if others else sender.post_id


def _report_arrived(store: Store, arrived: Sequence[str], result: Imported, reported: set[str]) -> None:
    """Add the state of segments to a result; those in ``reported`` came in another file, too."""
    decided = []
    for hash_ in arrived:
        row = store.row(f"SELECT {messages.SEGMENT_COLUMNS} FROM local_segment WHERE hash = ?", [hash_])
        assert row is not None
        if row["state"] == "held":
            result.waiting.append(hash_)
            result.held.append(messages.waiting_text(store, row))
            continue
        if row["reason"] == FORK_SETTLED or (row["state"] == "applied" and hash_ in reported):
            result.known += row["last"] - row["first"] + 1
        elif row["state"] == "applied":
            result.applied += row["last"] - row["first"] + 1
        else:
            result.quarantined.append(messages.quarantine_text(store, row))
        decided.append(hash_)
    for row in store.rows(
        "SELECT a.* FROM local_segment s CROSS JOIN local_set_aside a ON s.log_id = a.log_id AND a.seq BETWEEN s.first"
        " AND s.last WHERE s.state = 'applied' AND s.hash IN (SELECT value FROM json_each(?))",
        [json.dumps([hash_ for hash_ in decided if hash_ not in reported])],
    ):
        result.set_aside.append(messages.rejected_change_text(row["log_id"], row["seq"], row["reason"]))
    result.arrived += decided
    reported.update(decided)


def _store_arrived(
    store: Store, data: bytes, signature: bytes, result: Imported, pending: fast_path.Pending
) -> list[str]:
    """Store a segment, and apply it if that is possible now; returns [its hash] if it is new or waits, otherwise []."""
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
    except segment.BadSegment as error:
        _store_bad_segment(store, result.sender, str(error), data, signature)
        result.quarantined.append(messages.bad_segment_text(str(error)))
        return []
    header = sealed.header
    row = {"hash": hash_, "replica_id": header.replica, "log_id": header.log, "scope": header.scope,
           "first": header.first, "last": header.last, "prev": header.prev, "knows": json.dumps(header.knows),
           "bytes": data, "signature": signature}  # fmt: skip
    if segment_state.classify(store, row)[0] == "applied" and not forks.is_ahead(
        sealed
    ):  # the usual case: apply it while it is in memory
        segment.store_segment(store, header, data, signature, "applied")
        segment_state.apply_segment(store, sealed, hash_, pending)
    else:
        segment.store_segment(store, header, data, signature, "held", WAITS)
    return [hash_]


def _store_bad_segment(store: Store, sender: str, why: str, data: bytes, signature: bytes) -> None:
    """Keep a member that is not a segment, up to a limit: nobody must fill the disk with such members."""
    kept = store.value("SELECT coalesce(sum(length(bytes)), 0) FROM local_broken")
    if kept + len(data) <= MAX_BROKEN:
        store.db.execute(
            "INSERT OR IGNORE INTO local_broken VALUES (?, ?, ?, ?, ?, ?)",
            [segment.digest(data), sender, why, data, signature, wall.instant()],
        )
