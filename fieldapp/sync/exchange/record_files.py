"""The files of records between replicas: which ones are here, what a recipient lacks, and what is said of them.

Records always go first and whole. Files fill what room is left on the stick: what does not fit, or is beyond the
officer's limit, goes with the next one.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from fieldapp.store import blobs
from fieldapp.store.store import Store
from fieldapp.sync.format.bundle import FilesHave
from fieldapp.sync.peers import peers, receipts
from fieldapp.sync.peers.peers import Peer

TAKE_SETTING = "files_from_below"
"""Local setting of a headquarters above others: ``on`` if it wants their files, too"""


class RecordFile(Struct, frozen=True):
    """A content that records name."""

    sha256: str
    size: int
    """bytes, as the newest row says"""
    day: str
    """ISO: when it was attached"""
    post_id: str


def named(store: Store) -> list[RecordFile]:
    """Every content that a standing row names, once for each post."""
    return [
        RecordFile(row["sha256"], row["size"], row["at"][:10], row["post_id"])
        for row in store.rows(
            "SELECT sha256, post_id, max(size) AS size, max(created_at) AS at FROM attachment"
            " WHERE voided_at IS NULL AND length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'"
            " GROUP BY sha256, post_id ORDER BY sha256"
        )
    ]


def takes_files(store: Store, me: Peer, others: Iterable[Peer]) -> bool:
    """Whether this replica wants the files of records: not if it is above other headquarters, unless it asks."""
    above_others = me.role == "hq" and any(p.role == "hq" and peers.is_below(me, p) for p in others)
    return not above_others or store.setting(TAKE_SETTING) == "on"


class Stock(Struct, frozen=True):
    """What this replica has of the files of records. It is read once for many recipients."""

    named: list[RecordFile]
    here: frozenset[str]
    """those of the contents that are stored here"""
    cleared: frozenset[str]
    """those that were taken away here on purpose, because headquarters has them"""
    takes: bool
    """whether this replica wants them"""

    @property
    def wanted(self) -> set[str]:
        """The contents that records name, and that are neither here nor were taken away here on purpose."""
        return {f.sha256 for f in self.named} - self.here - self.cleared if self.takes else set()


def take_stock(store: Store, me: Peer, others: Iterable[Peer]) -> Stock:
    """What there is of the files of records."""
    files = named(store)
    names = blobs.names_here(store.home) if files else set()
    here = frozenset(f.sha256 for f in files if blobs.name_of(store, f.sha256) in names)
    cleared = frozenset(row["sha256"] for row in store.rows("SELECT sha256 FROM local_file_cleared"))
    return Stock(files, here, cleared, takes_files(store, me, others))


def own_stock(store: Store) -> Stock:
    """The same, for who has not looked at the peers yet."""
    return take_stock(store, peers.own(store), peers.others(store))


def have_for(stock: Stock, reader: peers.Reader) -> FilesHave | None:
    """What the manifest for a recipient says of the files here; None if this replica wants none."""
    if not stock.takes:
        return None
    visible = {f.sha256 for f in stock.named if reader.sees(f.post_id, "")}
    return FilesHave(_encoded(visible & stock.here), _encoded((visible & stock.cleared) - stock.here))


def _encoded(hashes: Iterable[str]) -> str:
    return b64encode(b"".join(sorted(map(receipts.prefix_of, hashes)))).decode()


def lacking_at(store: Store, stock: Stock, others: Sequence[Peer], to: Peer) -> list[RecordFile]:
    """The files here that a peer lacks and wants, in the order in which they go: first what has been on no stick since
    its last receipt, of these the newest, of these the smallest."""
    at = receipts.files_at(store, to.id)
    if at is None or not stock.here or (to.above and not at.heard):
        return []
    reader = peers.reader_for(store, to, [*others])
    there = at.has | at.declined
    found = {
        f.sha256: f
        for f in stock.named
        if f.sha256 in stock.here and receipts.prefix_of(f.sha256) not in there and reader.sees(f.post_id, "")
    }
    times = times_sent(store, to, at.heard)
    order = sorted(found.values(), key=lambda f: (f.size, f.sha256))
    order.sort(key=lambda f: f.day, reverse=True)
    return sorted(order, key=lambda f: times[receipts.prefix_of(f.sha256)])


def times_sent(store: Store, to: Peer, heard: int) -> Counter[bytes]:
    """How often each file was put on a stick for a peer since its last receipt."""
    rows = store.rows("SELECT hashes FROM local_file_part WHERE recipient = ? AND heard = ?", [to.id, heard])
    return Counter(prefix for row in rows for prefix in receipts.prefixes(row["hashes"]))
