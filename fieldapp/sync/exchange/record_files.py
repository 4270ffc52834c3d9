"""The files of records between replicas: which ones are here, what a recipient lacks, and what is said of them.

Records always go first and whole. Files fill what room is left on the stick: what does not fit, or is beyond the
officer's limit, goes with the next one.
"""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec import Struct

from fieldapp.store import blobs
from fieldapp.store.disk_errors import DiskError
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


_SOUND = "voided_at IS NULL AND length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'"


def named(store: Store) -> list[RecordFile]:
    """Every content that a standing row names, once for each post."""
    return _named(store, "attachment", [])


def _named(store: Store, source: str, params: Sequence[str]) -> list[RecordFile]:
    return [
        RecordFile(row["sha256"], row["size"], row["at"][:10], row["post_id"])
        for row in store.rows(
            f"SELECT sha256, post_id, max(size) AS size, max(created_at) AS at FROM {source} WHERE {_SOUND}"
            " GROUP BY sha256, post_id ORDER BY sha256",
            params,
        )
    ]


def takes_files(store: Store, me: Peer, others: Iterable[Peer]) -> bool:
    """Whether this replica wants the files of records: not if it is above other headquarters, unless it asks."""
    above_others = me.role == "hq" and any(p.role == "hq" and peers.is_below(me, p) for p in others)
    return not above_others or store.setting(TAKE_SETTING) == "on"


class Said(Struct, frozen=True):
    """What manifests say of files: the first bytes of their hashes, sorted, one after the other."""

    has: bytes = b""
    declined: bytes = b""
    """those that were taken away here on purpose"""


class Stock:
    """What this replica has of the files of records. It is read once for many recipients."""

    def __init__(self, store: Store, takes: bool) -> None:
        self._store = store
        self.takes = takes
        """whether this replica wants them"""

    @cached_property
    def named(self) -> list[RecordFile]:
        """Every content that a standing row names, once for each post."""
        return named(self._store)

    @cached_property
    def here(self) -> frozenset[str]:
        """Those of the contents that are stored here."""
        names = blobs.names_here(self._store.home) if self.named else set()
        return frozenset(f.sha256 for f in self.named if blobs.name_of(self._store, f.sha256) in names)

    @cached_property
    def cleared(self) -> frozenset[str]:
        """Those that were taken away here on purpose, because headquarters has them."""
        return _cleared(self._store)

    @property
    def wanted(self) -> set[str]:
        """The contents that records name, and that are neither here nor were taken away here on purpose."""
        return {f.sha256 for f in self.named} - self.here - self.cleared if self.takes else set()

    def said_to(self, reader: peers.Reader) -> Said:
        """What is said to a recipient: of the files of those posts whose records it may see."""
        found = [said for post_id, said in self._said.items() if reader.sees(post_id, "")]
        if len(found) == 1:
            return found[0]
        return Said(_sorted(s.has for s in found), _sorted(s.declined for s in found))

    @cached_property
    def _said(self) -> dict[str, Said]:
        return _said_of_posts(self._store)


def _sorted(parts: Iterable[bytes]) -> bytes:
    return b"".join(sorted(frozenset[bytes]().union(*map(receipts.prefixes, parts))))


def _said_of_posts(store: Store) -> dict[str, Said]:
    """Post -> what is said of the files of its records.

    It is kept in ``local_file_stock``: an export without new files asks for none of the old ones. Triggers take it away
    when a row of the post's files changes (``store/capture.py``), and so does every change in the folder of sealed
    files.
    """
    state = blobs.folder_state(store.home)
    kept = {
        row["post_id"]: Said(row["has"], row["declined"])
        for row in store.rows("SELECT post_id, has, declined FROM local_file_stock WHERE folder = ?", [state])
    }
    new = [row["id"] for row in store.rows("SELECT id FROM post ORDER BY id") if row["id"] not in kept]
    if not new or state is None or store.read_only:
        return kept | _look_for(store, new)
    try:
        with store.transaction(derived=True):  # no row changes between looking and keeping
            found = _look_for(store, new)
            store.db.conn.executemany(
                "INSERT OR REPLACE INTO local_file_stock VALUES (?, ?, ?, ?)",
                [(post_id, state, said.has, said.declined) for post_id, said in found.items()],
            )
    except DiskError:  # full: found again the next time
        found = _look_for(store, new)
    return kept | found


def _look_for(store: Store, posts: Sequence[str]) -> dict[str, Said]:
    names = blobs.names_here(store.home) if posts else set()
    cleared = _cleared(store) if posts else frozenset()
    found: dict[str, Said] = {}
    for post_id in posts:
        has, declined = set(), set()
        for row in store.rows(f"SELECT DISTINCT sha256 FROM attachment WHERE post_id = ? AND {_SOUND}", [post_id]):
            sha256 = row["sha256"]
            if blobs.name_of(store, sha256) in names:
                has.add(receipts.prefix_of(sha256))
            elif sha256 in cleared:
                declined.add(receipts.prefix_of(sha256))
        found[post_id] = Said(b"".join(sorted(has)), b"".join(sorted(declined)))
    return found


def _cleared(store: Store) -> frozenset[str]:
    return frozenset(row["sha256"] for row in store.rows("SELECT sha256 FROM local_file_cleared"))


def take_stock(store: Store, me: Peer, others: Iterable[Peer]) -> Stock:
    """What there is of the files of records."""
    return Stock(store, takes_files(store, me, others))


def own_stock(store: Store) -> Stock:
    """The same, for who has not looked at the peers yet."""
    return take_stock(store, peers.own(store), peers.others(store))


def have_for(stock: Stock, reader: peers.Reader) -> FilesHave | None:
    """What the manifest for a recipient says of the files here; None if this replica wants none."""
    if not stock.takes:
        return None
    said = stock.said_to(reader)
    return FilesHave(b64encode(said.has).decode(), b64encode(said.declined).decode())


def lacking_at(store: Store, stock: Stock, others: Sequence[Peer], to: Peer) -> list[RecordFile]:
    """The files here that a peer lacks and wants, in the order in which they go: first what has been on no stick since
    its last receipt, of these the newest, of these the smallest."""
    at = receipts.files_at(store, to.id)
    if at is None or (to.above and not at.heard):
        return []
    reader = peers.reader_for(store, to, [*others])
    missing = at.lacking_of(stock.said_to(reader).has)
    if not missing:
        return []
    found = {f.sha256: f for f in _here_of(store, missing) if reader.sees(f.post_id, "")}
    times = times_sent(store, to, at.heard)
    order = sorted(found.values(), key=lambda f: (f.size, f.sha256))
    order.sort(key=lambda f: f.day, reverse=True)
    return sorted(order, key=lambda f: times[receipts.prefix_of(f.sha256)])


def _here_of(store: Store, prefixes: Iterable[bytes]) -> list[RecordFile]:
    """The files that are here, of those whose hashes begin like this."""
    source = "json_each(?) p CROSS JOIN attachment ON sha256 >= p.value AND sha256 < p.value || 'g'"
    begun = json.dumps([prefix.hex() for prefix in prefixes])
    return [file for file in _named(store, source, [begun]) if blobs.is_here(store, file.sha256)]


def times_sent(store: Store, to: Peer, heard: int) -> Counter[bytes]:
    """How often each file was put on a stick for a peer since its last receipt."""
    rows = store.rows("SELECT hashes FROM local_file_part WHERE recipient = ? AND heard = ?", [to.id, heard])
    return Counter(prefix for row in rows for prefix in receipts.prefixes(row["hashes"]))
