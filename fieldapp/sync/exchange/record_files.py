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


def have_for(store: Store, me: Peer, others: Iterable[Peer], reader: peers.Reader) -> FilesHave | None:
    """What the manifest for a recipient says of the files here; None if this replica wants none."""
    if not takes_files(store, me, others):
        return None
    visible = {f.sha256 for f in named(store) if reader.sees(f.post_id, "")}
    has = here(store, visible)
    return FilesHave(_encoded(has), _encoded((visible & cleared(store)) - has))


def here(store: Store, hashes: set[str]) -> set[str]:
    """Those of the contents that are stored here."""
    if not hashes:
        return set()
    names = blobs.names_here(store.home)
    return {h for h in hashes if blobs.name_of(store, h) in names}


def cleared(store: Store) -> set[str]:
    """The contents that were taken away here on purpose."""
    return {row["sha256"] for row in store.rows("SELECT sha256 FROM local_file_cleared")}


def _encoded(hashes: Iterable[str]) -> str:
    return b64encode(b"".join(sorted(map(receipts.prefix_of, hashes)))).decode()


def lacking_at(store: Store, others: Sequence[Peer], to: Peer) -> list[RecordFile]:
    """The files here that a peer lacks and wants, in the order in which they go: first what has been on no stick since
    its last receipt, of these the newest, of these the smallest."""
    at = receipts.files_at(store, to.id)
    if at is None or (to.above and not at.heard):
        return []
    reader = peers.reader_for(store, to, [*others])
    wanted = {f.sha256: f for f in named(store) if reader.sees(f.post_id, "")}
    there = at.has | at.declined
    times = times_sent(store, to, at.heard)
    found = [wanted[h] for h in here(store, {h for h in wanted if receipts.prefix_of(h) not in there})]
    found.sort(key=lambda f: (f.size, f.sha256))
    found.sort(key=lambda f: f.day, reverse=True)
    return sorted(found, key=lambda f: times[receipts.prefix_of(f.sha256)])


def times_sent(store: Store, to: Peer, heard: int) -> Counter[bytes]:
    """How often each file was put on a stick for a peer since its last receipt."""
    rows = store.rows("SELECT hashes FROM local_file_part WHERE recipient = ? AND heard = ?", [to.id, heard])
    return Counter(prefix for row in rows for prefix in receipts.prefixes(row["hashes"]))


def wanted_here(store: Store) -> set[str]:
    """The contents that records name, and that are neither here nor were taken away here on purpose."""
    me, others = peers.own(store), peers.others(store)
    if not takes_files(store, me, others):
        return set()
    hashes = {f.sha256 for f in named(store)}
    return hashes - here(store, hashes) - cleared(store)
