"""How much room files of records take on this laptop, and what of it can be cleared: what headquarters has."""

from collections.abc import Collection
from contextlib import suppress

from msgspec import Struct

from fieldapp.errors import FieldappError
from fieldapp.i18n import _, counted
from fieldapp.records import attachments
from fieldapp.store import blobs, people, wall
from fieldapp.store.disk_errors import DiskError
from fieldapp.store.people import Act
from fieldapp.store.store import Store
from fieldapp.sync.exchange import record_files
from fieldapp.sync.exchange.record_files import RecordFile
from fieldapp.sync.peers import peers, receipts


class Space(Struct, frozen=True):
    """Numbers of files and their bytes."""

    here: int
    here_size: int
    unreceived: int
    """files here of which no receipt of headquarters has come; at headquarters none"""
    unreceived_size: int
    clearable: list[RecordFile]
    """files here that headquarters has"""
    missing: int
    """files that have not come, and are asked for"""
    gone: list[str]
    """contents that were cleared here, and that headquarters no longer has by its receipts"""

    @property
    def lines(self) -> list[str]:
        """The numbers as sentences."""
        size = sum(f.size for f in self.clearable)
        lines = [_told(counted("{n} file of records is here", "{n} files of records are here", self.here),
                      self.here_size)]  # fmt: skip
        lines += self.unreceived_lines
        if self.clearable:
            text = counted("{n} of them is at headquarters, and can be cleared here",
                           "{n} of them are at headquarters, and can be cleared here", len(self.clearable))  # fmt: skip
            lines.append(_told(text, size))
        return [*lines, *self.missing_lines]

    @property
    def unreceived_lines(self) -> list[str]:
        """A sentence on what headquarters has not received, if there is any."""
        if not self.unreceived:
            return []
        text = counted("Headquarters has not received {n} file of records",
                       "Headquarters has not received {n} files of records", self.unreceived)  # fmt: skip
        return [_told(text, self.unreceived_size)]

    @property
    def missing_lines(self) -> list[str]:
        """Sentences on what is neither here nor, as far as is known, at headquarters, if there is any."""
        lines = []
        if self.missing:
            lines.append(counted("{n} file has not arrived yet.", "{n} files have not arrived yet.", self.missing))
        if self.gone:
            lines.append(
                counted(
                    "{n} file that was cleared here is no longer at headquarters: attach it again from the phone or a"
                    " backup, if it is still there.",
                    "{n} files that were cleared here are no longer at headquarters: attach them again from the phone"
                    " or a backup, if they are still there.",
                    len(self.gone),
                )
            )
        return lines


def _told(text: str, size: int) -> str:
    return f"{text} ({attachments.size_text(size)})." if size else f"{text}."


def exchange_lines(store: Store) -> list[str]:
    """What is still to be carried of the files of records, for the USB screen: sentences, none where all is well."""
    if store.value("SELECT 1 FROM attachment LIMIT 1") is None:
        return []
    found = space(store)
    return [*found.unreceived_lines, *found.missing_lines]


def space(store: Store) -> Space:
    """How much room files take here."""
    stock = record_files.own_stock(store)
    here = [*{f.sha256: f for f in stock.named if f.sha256 in stock.here}.values()]
    at_headquarters = _at_headquarters(store)
    received = [f for f in here if receipts.prefix_of(f.sha256) in at_headquarters]
    unreceived = [f for f in here if receipts.prefix_of(f.sha256) not in at_headquarters]
    if store.role == "hq":
        received, unreceived = [], []
    return Space(
        len(here),
        sum(f.size for f in here),
        len(unreceived),
        sum(f.size for f in unreceived),
        sorted(received, key=lambda f: (f.day, f.sha256)),
        len(stock.wanted),
        sorted(_gone(store, stock, at_headquarters)),
    )


def is_gone(store: Store, sha256: str) -> bool:
    """Whether a file was cleared here and headquarters no longer has it, by its receipts."""
    return sha256 in _gone(store, record_files.own_stock(store), _at_headquarters(store))


def _gone(store: Store, stock: record_files.Stock, at_headquarters: frozenset[bytes]) -> set[str]:
    """Only where headquarters' receipts say what it has."""
    if store.role == "hq" or not any(at.heard for at in _receipts_of_headquarters(store)):
        return set()
    cleared = {f.sha256 for f in stock.named} & stock.cleared - stock.here
    return {sha256 for sha256 in cleared if receipts.prefix_of(sha256) not in at_headquarters}


def _at_headquarters(store: Store) -> frozenset[bytes]:
    """What one of headquarters' laptops has by its receipts: of each, what all its databases have."""
    return frozenset().union(*(at.has for at in _receipts_of_headquarters(store)))


def _receipts_of_headquarters(store: Store) -> list[receipts.FilesAt]:
    """What those laptops of headquarters have that take files."""
    above = [p for p in peers.partners(store) if p.role == "hq"]
    return [at for p in above if (at := receipts.files_at(store, p.id)) is not None]


def clear(store: Store) -> tuple[int, int]:
    """Take away here the files that headquarters has; (files, bytes). Small pictures stay, records are not touched.

    Nothing goes before headquarters' receipt for it: what its disk may have lost meanwhile, it says in its next one.
    """
    people.check(store, Act.EXPORT)
    if store.role == "hq":
        raise FieldappError(_("Headquarters keeps the files: the posts may clear theirs because it does."))
    cleared = size = 0
    for file in space(store).clearable:
        small = _small_picture(store, file.sha256)
        with store.transaction():
            store.db.execute("INSERT OR REPLACE INTO local_file_cleared VALUES (?, ?)", [file.sha256, wall.instant()])
            store.db.execute("DELETE FROM local_file_asked WHERE sha256 = ?", [file.sha256])
        blobs.remove(store, file.sha256)
        if small is not None:  # on a full disk there is room for it now
            with suppress(DiskError):
                blobs.put_thumb(store, file.sha256, small)
        cleared, size = cleared + 1, size + file.size
    return cleared, size


def _small_picture(store: Store, sha256: str) -> bytes | None:
    record = store.value("SELECT record_id FROM attachment WHERE sha256 = ? AND voided_at IS NULL", [sha256])
    found = next((a for a in attachments.of_record(store, record) if a.sha256 == sha256), None)
    with suppress(blobs.DamagedBlob):
        return None if found is None else attachments.thumbnail(store, found)
    return None


def want_again(store: Store, hashes: Collection[str]) -> int:
    """Ask for files that were cleared or lost here: the next reply brings them. Returns how many were asked for.

    The next bundle asks: a manifest neither names them as here, nor as not wanted.
    """
    store.check_writable()
    stock = record_files.own_stock(store)
    if not stock.takes:
        raise FieldappError(
            _("This headquarters takes no files. `fieldapp user setting --files-from-below on` lets it take them.")
        )
    asked = {*hashes} & {f.sha256 for f in stock.named} - stock.here
    with store.transaction():
        for sha256 in asked:
            store.db.execute("DELETE FROM local_file_cleared WHERE sha256 = ?", [sha256])
            store.db.execute("INSERT OR REPLACE INTO local_file_asked VALUES (?, ?)", [sha256, wall.instant()])
    return len(asked)
