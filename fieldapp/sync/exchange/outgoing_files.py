"""Put files of records beside the bundles on a stick: in parts, as many as the room and the officer's limit allow."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from fieldapp.errors import Cancelled, FieldappError, reason_text
from fieldapp.i18n import _, counted
from fieldapp.records import attachments
from fieldapp.store.blobs import DamagedBlob
from fieldapp.store.store import Store
from fieldapp.sync.exchange import record_files
from fieldapp.sync.exchange.bundle_contents import Inventory
from fieldapp.sync.exchange.record_files import RecordFile
from fieldapp.sync.format import drives, file_parts
from fieldapp.sync.format.bundle import Progress
from fieldapp.sync.peers import receipts
from fieldapp.sync.peers.peers import Peer

LIMIT_SETTING = "files_limit"
"""Local setting: bytes of files that one export takes along at most"""
USUAL_LIMIT = 200 * drives.MB
_SIZE = re.compile(r"([1-9]\d{0,2}(?:\.\d{3})+|\d+(?:[.,]\d{1,2})?)\s*([kmg]?)b?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


class SentFiles(Struct, frozen=True):
    """The files that an export put on the stick for one recipient."""

    number: int = 0
    size: int = 0
    """bytes"""
    left: int = 0
    """files that go with the next stick"""
    left_size: int = 0
    """bytes"""
    parts: tuple[Path, ...] = ()
    problem: str = ""
    """why not all that had room went along"""

    @property
    def sentence(self) -> str:
        """What went along, and what goes with the next stick; empty where there are no files."""
        if not (self.number or self.left or self.problem):
            return ""
        told = []
        if self.number:
            went = counted("{n} file of records", "{n} files of records", self.number)
            told.append(f"{went} ({attachments.size_text(self.size)})")
        if self.left:
            left = counted("{n} file goes with the next stick", "{n} files go with the next stick", self.left)
            told.append(f"{left} ({attachments.size_text(self.left_size)})")
        return ". ".join(filter(None, ["; ".join(told), self.problem])) + ("" if self.problem else ".")


class Room:
    """The bytes of files that one export may still write, over all recipients."""

    def __init__(self, store: Store, most: int | None, kept: int) -> None:
        self.limit = limit(store) if most is None else most
        self.kept = kept
        """bytes of the stick that stay free for what comes after the files"""

    def left_on(self, dest: Path) -> int:
        """The bytes that may be written there now."""
        return min(self.limit, drives.free_space(dest) - drives.RESERVE - self.kept)


def limit(store: Store) -> int:
    """The officer's limit for one export, in bytes."""
    found = store.setting(LIMIT_SETTING)
    return int(found) if found and found.isdigit() else USUAL_LIMIT


def read_size(text: str) -> int:
    """A size as people write it, ``200MB``, ``1.000MB``, ``1,5 GB``, ``0``, in bytes; FieldappError for anything else.

    As in all amounts, a point before three digits groups thousands; a comma before three may do so too, and is
    refused.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or len(found[1]) > 12:
        raise FieldappError(_("A size is written like 200MB or 1GB; 0: no files."))
    whole, _mark, fraction = re.sub(r"\.(?=\d{3})", "", found[1]).replace(",", ".").partition(".")
    unit = _UNITS[found[2].lower()]
    return int(whole) * unit + int(fraction or 0) * unit // int(10 ** len(fraction))


def write(
    store: Store, inventory: Inventory, to: Peer, dest: Path, stem: str, room: Room, progress: Progress | None = None
) -> SentFiles:
    """Write the files that a recipient lacks into parts in ``dest``, beside its bundle, which is whole already.

    Never raises: whatever happens here, the records are on the stick. ``stem``: the bundle's name without its ending.
    """
    done: list[RecordFile] = []
    parts: list[Path] = []
    waiting: list[RecordFile] = []
    problem = ""
    try:
        waiting = _not_there(store, inventory, to, dest)
        while chosen := _that_fit(waiting, room.left_on(dest)):
            target = dest / file_parts.name_of(stem, len(parts) + 1)
            went = _write_part(store, to, target, chosen)
            parts.append(target)
            done += went
            room.limit -= sum(f.size + file_parts.OVERHEAD for f in went)
            tried = {f.sha256 for f in chosen}
            waiting = [f for f in waiting if f.sha256 not in tried]
            if progress is not None:
                progress("write", len(done), len(done) + len(waiting))
    except Cancelled:
        problem = _("Cancelled; what is written is whole")
    except (FieldappError, OSError) as error:
        problem = reason_text(error)
    sent = {f.sha256 for f in done}
    left = [f for f in waiting if f.sha256 not in sent]
    return SentFiles(len(done), sum(f.size for f in done), len(left), sum(f.size for f in left), tuple(parts), problem)


def all_there(store: Store, inventory: Inventory, to: Peer, dest: Path) -> bool:
    """Whether all files that a peer lacks lie in parts on this stick."""
    return not _not_there(store, inventory, to, dest)


def _not_there(store: Store, inventory: Inventory, to: Peer, dest: Path) -> list[RecordFile]:
    """The files that a peer lacks, without those that lie in parts on this stick since its last receipt."""
    waiting = record_files.lacking_at(store, inventory.files, inventory.others, to)
    if not waiting:
        return []
    at = receipts.files_at(store, to.id)
    there: set[bytes] = set()
    for row in store.rows(
        "SELECT name, size, hashes FROM local_file_part WHERE recipient = ? AND heard = ?",
        [to.id, at.heard if at else 0],
    ):
        path = dest / row["name"]
        if path.is_file() and path.stat().st_size == row["size"]:
            there |= receipts.prefixes(row["hashes"])
    return [f for f in waiting if receipts.prefix_of(f.sha256) not in there]


def _that_fit(waiting: Sequence[RecordFile], room: int) -> list[RecordFile]:
    """The files of the next part: those that fit, in their order."""
    room -= 2 * file_parts.OVERHEAD  # the header of the part
    chosen: list[RecordFile] = []
    size = 0
    for file in waiting:
        taken = file.size + file_parts.OVERHEAD
        if size + taken > room or (chosen and size + taken > file_parts.PART):
            continue
        chosen.append(file)
        size += taken
    return chosen


def _write_part(store: Store, to: Peer, target: Path, chosen: Sequence[RecordFile]) -> list[RecordFile]:
    """Write one part, read it back, and remember it; returns the files that are in it."""
    went: list[RecordFile] = []
    written = 0

    def verified(size: int) -> None:
        nonlocal written
        written = size

    def contents() -> Iterator[bytes]:
        for file in chosen:
            try:
                data = attachments.content(store, file.sha256) or b""
            except DamagedBlob:  # it counts as not here from now on; the record says so
                data = b""
            went.extend([file] if data else [])
            yield data

    with drives.atomic_file(target, verified, new=True) as file:
        file_parts.write(file, [to.age_key], [f.sha256 for f in chosen], contents())
    at = receipts.files_at(store, to.id)
    with store.transaction():
        store.db.execute(
            "INSERT OR REPLACE INTO local_file_part VALUES (?, ?, ?, ?, ?)",
            [target.name, to.id, written, at.heard if at else 0,
             b"".join(receipts.prefix_of(f.sha256) for f in went)],
        )  # fmt: skip
    return went


def waiting_text(store: Store, stock: record_files.Stock, others: Sequence[Peer], to: Peer) -> str:
    """How many files wait for a recipient; empty if none does."""
    waiting = record_files.lacking_at(store, stock, others, to)
    if not waiting:
        return ""
    text = counted("{n} file of records not received", "{n} files of records not received", len(waiting))
    return f"{text} ({attachments.size_text(sum(f.size for f in waiting))})."
