"""Examines a replica: is the file undamaged, is the log what its authors signed, are the records what the log says?"""

from contextlib import suppress
from dataclasses import dataclass, field

from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.records import hanging, rule_violations, search_index
from fieldapp.records.hanging import Dangling
from fieldapp.records.rule_violations import Violation
from fieldapp.store import blobs, log, migrations, wall
from fieldapp.store.connection import DatabaseError
from fieldapp.store.disk_errors import DiskError
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import keys, segment
from fieldapp.sync.merge import merge
from fieldapp.sync.merge.admission import RowKey


@dataclass(frozen=True)
class Findings:
    """The result of an examination; empty lists are good."""

    file_errors: list[str]
    bad_segments: list[str]
    """hashes of applied segments that are not what was signed, or whose changes are not in the log"""
    differing: list[RowKey]
    """rows that differ from what the log says"""
    mended: bool
    """whether ``differing`` rows were corrected, and what the file lacks was added if possible"""
    broken: list[Violation]
    """rules that the merge of two laptops broke: not damage, but a person must correct the records"""
    lacking: list[str] = field(default_factory=list)
    """tables, columns, indexes and views that this version needs and the file lacks; then nothing else was examined"""
    dangling: list[Dangling] = field(default_factory=list)
    """voided records that standing ones still name: not damage either"""
    added: list[str] = field(default_factory=list)
    """names of tables, columns, indexes and views that were lacking and were added"""
    unindexed: list[str] = field(default_factory=list)
    """hashes of sound segments whose rows the index for histories does not find"""
    damaged_files: list[str] = field(default_factory=list)
    """names of files of records whose sealed bytes are damaged"""

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong, or everything that was wrong has been corrected."""
        sound = not self.file_errors and not self.lacking and not self.bad_segments and not self.unindexed
        return sound and (self.mended or not (self.differing or self.damaged_files))

    def lines(self) -> list[str]:
        """The findings as sentences."""
        found = [_("Damaged pages in the file: {what}").format(what=e) for e in self.file_errors]
        if found:
            found.append(_("`fieldapp doctor --rebuild` saves what can be read; `fieldapp restore` takes a backup."))
        if self.lacking:
            found.append(_("The file lacks what this version needs: {what}").format(what=", ".join(self.lacking)))
            found.append(
                _("It cannot be added. `fieldapp restore` takes a backup; a newer version may be able to go on.")
                if self.mended
                else _("`fieldapp doctor --rebuild` adds it; nothing else was examined.")
            )
        if self.added:
            found.append(_("Added to the file: {what}").format(what=", ".join(self.added)))
        found += [_("A sealed part of the log is not what its author signed: {hash}").format(hash=h)
                  for h in self.bad_segments]  # fmt: skip
        if self.bad_segments:
            found.append(_("No record was corrected by the log. `fieldapp restore` takes a backup."))
        if self.unindexed:
            found.append(
                _("The index for histories lacks changes; no record does. `fieldapp doctor --rebuild` makes it again.")
            )
        for table, row_id in self.differing:
            text = (
                _("Corrected from the log: {table} {id}") if self.mended else _("Not what the log says: {table} {id}")
            )
            found.append(text.format(table=table, id=row_id))
        for name in self.damaged_files:
            text = (
                _("Damaged, and asked for again: the file {name}")
                if self.mended
                else _("Damaged: the file {name}. `fieldapp doctor --rebuild` asks for it again.")
            )
            found.append(text.format(name=display_path(name)))
        found = found or [_("All is well: the file is sound, the log is signed, the records are what the log says.")]
        wrong = [*(b.sentence for b in self.broken), *(d.sentence for d in self.dangling)]
        return found + [_("A person must correct this: {what}").format(what=sentence) for sentence in wrong]


class _Undo(Exception):
    """Rolls back the transaction, so that folded rows are not kept."""


def examine_file(store: Store) -> Findings:
    """Check the pages of the file, and nothing that lies on them: the first thing to do with a damaged file."""
    return Findings(_file_errors(store), [], [], False, [])


def examine_replica(store: Store, mend: bool = False) -> Findings:
    """Check everything. ``mend``: correct the records to what the log says, and add what the file lacks."""
    found = examine_file(store)
    if found.file_errors:  # further checks would prove nothing
        return found
    needed = lacking = migrations.lacking(store.db)
    if needed and mend:
        store.check_writable()
        migrations.migrate(store.db, complete=True)
        merge.fold_after_upgrade(store)
        lacking = migrations.lacking(store.db)
    added = [name for name in needed if name not in lacking]
    if lacking:  # the other checks would query what is missing
        return Findings([], [], [], mend, [], lacking, added=added)
    bad, unindexed = _bad_segments(store)
    if unindexed and mend:
        log.index_anew(store)
        unindexed = []
    if bad:  # what stands in them alone would be taken out of the records, and so be lost
        return Findings([], bad, [], False, [], lacking, added=added)
    differing: list[RowKey] = []
    try:
        with store.transaction(applying=True):
            differing = merge.rebuild(store)
            if not mend:
                raise _Undo
            store.set_setting(migrations.REINDEX, "1")  # in a transaction of its own, or else at the next start
        search_index.reindex(store)
    except _Undo:
        pass
    return Findings([], [], differing, mend, rule_violations.violations(store), lacking,
                    hanging.dangling(store), added, unindexed, _damaged_files(store, mend))  # fmt: skip


def _damaged_files(store: Store, mend: bool) -> list[str]:
    """The names of files whose sealed bytes cannot be opened. ``mend``: they are set aside, and so asked for again."""
    damaged = []
    for row in store.rows("SELECT sha256, min(name) AS name FROM attachment GROUP BY sha256 ORDER BY name"):
        try:
            blobs.get(store, row["sha256"])
        except blobs.DamagedBlob:
            damaged.append(row["name"])
            if mend:
                blobs.set_damaged_aside(store, row["sha256"])
    return damaged


CHECKED_TO = "files_checked_to"
"""Local setting: day of the last check of some files, and the hash of the last one that was checked"""
CHECKED_A_DAY = 100_000_000
"""Bytes of files of records that are read through on a day"""


def check_some_files(store: Store) -> list[str]:
    """Read through those files that have not been for longest, once a day; the names of damaged ones.

    These are set aside: receipts no longer say that they are here, and they are asked for again.
    """
    today = wall.today().isoformat()
    day, _blank, last = (store.setting(CHECKED_TO) or "").partition(" ")
    if day == today:
        return []
    rows = store.rows(
        "SELECT sha256, min(name) AS name, max(size) AS size FROM attachment WHERE voided_at IS NULL"
        " GROUP BY sha256 ORDER BY sha256 <= ?, sha256",
        [last],
    )
    damaged, read = [], 0
    for row in rows:
        if read > CHECKED_A_DAY:
            break
        last, read = row["sha256"], read + row["size"]
        try:
            blobs.get(store, last)
        except blobs.DamagedBlob:
            damaged.append(row["name"])
            blobs.set_damaged_aside(store, last)
        except DiskError:  # the disk does not answer now: what is on it may be sound
            break
    if rows:
        store.set_setting(CHECKED_TO, f"{today} {last}")
    return damaged


def _file_errors(store: Store) -> list[str]:
    """The errors that SQLCipher (the HMAC of each page) and SQLite (the structure of the pages) find.

    SQLCipher checks only the database file. A power cut during a checkpoint leaves incomplete pages in it, but the
    write-ahead log still has those pages complete. That is no damage: a checkpoint is made first, which repairs them.
    """
    found = []
    if not store.db.conn.in_transaction:
        with suppress(DatabaseError):  # the checks below report pages that cannot be read
            store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    for pragma in ("cipher_integrity_check", "integrity_check"):
        try:
            found += [str(row[0]) for row in store.db.execute(f"PRAGMA {pragma}").fetchall() if row[0] != "ok"]
        except DatabaseError as error:
            found.append(str(error))
    return found


def _bad_segments(store: Store) -> tuple[list[str], list[str]]:
    """The hashes of segments that are not what their authors signed, or that the log holds otherwise; and of those that
    are sound, but whose rows the index does not find."""
    bad: list[str] = []
    sums: dict[int, tuple[str, int, int]] = {}
    heads: dict[str, str] = {}
    for row in store.rows("SELECT hash FROM local_segment WHERE state = 'applied' AND log_id <> ?"
                          " ORDER BY log_id, first",
                          [BASELINE_LOG]):  # fmt: skip
        found = store.row(
            "SELECT s.*, p.sign_key FROM local_segment s LEFT JOIN local_replica p ON p.id = s.replica_id"
            " WHERE s.hash = ?",
            [row["hash"]],
        )
        assert found is not None
        sealed = _signed(found)
        if sealed is None or found["prev"] != heads.get(found["log_id"]) or not _in_log(store, found, sealed):
            bad.append(found["hash"])
        elif found["number"] is not None:
            keys_of = {log.touch_key(entry.row_id) for entry in sealed.entries}
            sums[found["number"]] = (found["hash"], len(keys_of), sum(key & 0xFFFFFFFF for key in keys_of))
        heads[found["log_id"]] = found["hash"]
    if bad:  # the index cannot be made from them
        return bad, []
    log.index_touched_rows(store)
    touched: dict[int, tuple[int, int]] = {}
    # counted here: to group them SQLite would hold all of them in memory
    for number, low in store.db.execute("SELECT segment, key & 0xFFFFFFFF FROM local_touch"):
        n, total = touched.get(number, (0, 0))
        touched[number] = n + 1, total + low
    return [], [hash_ for number, (hash_, *entered) in sums.items() if touched.get(number) != tuple(entered)]


def _signed(row: Row) -> segment.Sealed | None:
    """What a stored segment holds; None if its bytes are not those that its author signed."""
    if segment.digest(row["bytes"]) != row["hash"]:
        return None
    if not keys.verify(row["sign_key"] or "", row["bytes"], row["signature"]):
        return None
    try:
        return segment.read(row["bytes"])
    except segment.BadSegment:
        return None


def _in_log(store: Store, row: Row, sealed: segment.Sealed) -> bool:
    """Whether the log has a segment where its header says, and holds exactly its changes.

    The log has them in the segment itself, if that is numbered, or as rows of ``local_change``.
    """
    header = sealed.header
    if (header.log, header.first, header.last) != (row["log_id"], row["first"], row["last"]):
        return False
    if row["number"] is not None:
        return True
    changes = [sealed.change(place) for place in range(len(sealed.entries))]
    return list(log.changes_after(store, header.log, header.first - 1, header.last)) == changes
