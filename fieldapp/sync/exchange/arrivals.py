"""What an import brought, post by post and in records: the words for the officer who read the sticks.

A post may have several laptops, and a stick several bundles of each: all of them are one line. What waited here and
was applied because of this import counts too.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct, field

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.attachment import Attachment
from fieldapp.domain.dates import format_date
from fieldapp.domain.records import BY_KIND, PARENTS
from fieldapp.domain.review import Review
from fieldapp.escaping import brief_text
from fieldapp.i18n import _, counted
from fieldapp.records import belonging
from fieldapp.store import log, wall
from fieldapp.store.store import Store
from fieldapp.sync.exchange import refused_bundles
from fieldapp.sync.exchange.incoming import Imported
from fieldapp.sync.format import clock
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer
from fieldapp.vietnamese.text import sort_key

MOST_UNKNOWN = 3
"""Up to so many files that nobody is known to have written are named one by one"""


class Arrival(Struct):
    """What came from one post, or from one laptop of headquarters, in one import."""

    name: str
    """the post's name, or the title of headquarters' laptop; empty for files that nobody is known to have written"""
    post_id: str | None = None
    new: int = 0
    """number of records that were recorded"""
    changed: int = 0
    voided: int = 0
    accepted: int = 0
    """number of records that a review accepted"""
    returned: int = 0
    files: int = 0
    """number of files of records whose bytes came"""
    last: str | None = None
    """day of the newest change of it that is here; ISO"""
    asks: list[str] = field(default_factory=list)
    """ids of its laptops that wait for us to certify them"""
    laptops: list[str] = field(default_factory=list)
    """names of these laptops within the post"""
    certified: list[str] = field(default_factory=list)
    """names of its laptops that waited when they were read, and were certified since"""
    refused: list[str] = field(default_factory=list)
    """in a few words, what is wrong with its bundles that were refused, and what to do"""
    waits: bool = False
    """a part of it waits for something that has not come"""
    quarantined: bool = False
    rejected: int = 0
    """number of changes that do not count"""
    later: bool = False
    """something could not be done after a bundle was taken in; its details say what"""
    slow: bool = False
    """the clock of one of its laptops was years ahead"""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it needs a person."""
        return not (self.asks or self.refused or self.waits or self.quarantined or self.rejected or self.later
                    or self.slow)  # fmt: skip

    @property
    def sign(self) -> str:
        """``!`` something is to be done, ``✓`` something came, ``·`` nothing new."""
        return "!" if not self.is_whole else "✓" if self._counts() or self.certified else "·"

    @property
    def sentence(self) -> str:
        """“Ia Lốp: 8 bản ghi mới, 2 sửa”."""
        told = [", ".join(self._counts())] if self._counts() else []
        if not told and not self.asks and not self.certified and not self.refused and not self.waits:
            told = [self._nothing()]
        told += [_("laptop {name} waits to be certified").format(name=name) for name in self.laptops]
        told += [_("laptop {name} is now certified").format(name=name) for name in self.certified]
        told += dict.fromkeys(self.refused)
        if self.waits:
            told.append(_("a part waits for changes that have not come"))
        if self.quarantined:
            told.append(_("a part is in quarantine"))
        if self.rejected:
            told.append(counted("{n} change does not count", "{n} changes do not count", self.rejected))
        if self.slow:
            told.append(_("the laptop's clock is wrong"))
        if self.later:
            told.append(_("not everything could be finished"))
        line = "; ".join(told)
        return f"{self.name}: {line}" if self.name else line

    def _counts(self) -> list[str]:
        """“8 bản ghi mới”, “2 sửa”; “2 bản ghi sửa” where the records were not named before."""
        sorts = ((_("{n} new"), self.new), (_("{n} changed"), self.changed), (_("{n} voided"), self.voided),
                 (_("{n} accepted"), self.accepted), (_("{n} returned"), self.returned))  # fmt: skip
        found: list[str] = []
        for words, number in sorts:
            if number:
                shown = format_amount(number)
                named = shown if found else counted("{n} record", "{n} records", number, shown)
                found.append(words.format(n=named))
        if self.files:
            found.append(counted("{n} file of records", "{n} files of records", self.files))
        return found

    def _nothing(self) -> str:
        if self.last is None:
            return _("no record yet")
        day = date.fromisoformat(self.last)
        shown = format_date(day)
        return _("nothing new since {day}").format(day=shown[:5] if day.year == wall.today().year else shown)


class _Touched(Struct):
    """Records that the changes of one group touch: (kind, id) of each."""

    begun: set[tuple[str, str]] = field(default_factory=set)
    others: set[tuple[str, str]] = field(default_factory=set)
    void_set: set[tuple[str, str]] = field(default_factory=set)
    """those that a change voids or takes back"""
    reviews: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


def arrivals(store: Store, results: Sequence[Imported], since: int) -> list[Arrival]:
    """One entry for each post and each laptop of headquarters that an import read something of, by name.

    ``since``: ``log.last_number`` before the import. Files that nobody is known to have written are one entry each,
    at the end.
    """
    found: dict[str, Arrival] = {}
    unknown: list[Arrival] = []
    me = peers.own(store)
    for result in results:
        if result.for_others and result.refused is None:
            continue
        peer = peers.get(store, result.sender_id or result.writer_id) if result.sender_id or result.writer_id else None
        if peer is None or peer.id == me.id:
            if result.refused:
                unknown.append(Arrival("", refused=[_refused_text(result, None)]))
            continue
        _enter_file(_of(found, peer), me, peer, result)
    numbers = store.rows(
        "SELECT number, replica_id FROM local_segment WHERE number > ? AND state = 'applied' ORDER BY number", [since]
    )
    by_author: dict[str, list[int]] = {}
    for row in numbers:
        by_author.setdefault(row["replica_id"], []).append(row["number"])
    touched: dict[str, _Touched] = {}
    for replica_id, of_author in by_author.items():
        author = peers.get(store, replica_id)
        if author is None:
            continue
        _of(found, author)
        _count(store, of_author, touched.setdefault(_group(author), _Touched()))
    for group, records in touched.items():
        _fill(store, found[group], records, since)
    newest = _newest_days(store)
    for arrival in found.values():
        arrival.last = newest.get(arrival.post_id or arrival.name)
    if len(unknown) > MOST_UNKNOWN:
        told = counted("{n} file was refused, and nobody knows whose it is",
                       "{n} files were refused, and nobody knows whose they are", len(unknown))  # fmt: skip
        unknown = [Arrival("", refused=[told])]
    return [*sorted(found.values(), key=lambda a: (a.post_id is None, sort_key(a.name))), *unknown]


def awaiting_certificate(found: Sequence[Arrival]) -> list[str]:
    """Names of the laptops that wait for us to certify them."""
    return [_("{post} ({laptop})").format(post=a.name, laptop=name) for a in found for name in a.laptops]


def certified_text(store: Store, peer: Peer, since: int) -> str:
    """That a laptop is certified, and what came in with it; ``since``: ``log.last_number`` before."""
    told = "; ".join(arrival.sentence for arrival in arrivals(store, [], since))
    if not told:
        return _("{name} is certified.").format(name=brief_text(peer.title))
    return _("{name} is certified. {news}.").format(name=brief_text(peer.title), news=told)


def _group(peer: Peer) -> str:
    return peer.post_id or peer.title


def _of(found: dict[str, Arrival], peer: Peer) -> Arrival:
    return found.setdefault(_group(peer), Arrival(peer.post_name or peer.title, peer.post_id))


def _enter_file(arrival: Arrival, me: Peer, peer: Peer, result: Imported) -> None:
    if result.asks and peers.awaits_certificate(me, peer):
        if peer.id not in arrival.asks:
            arrival.asks.append(peer.id)
            arrival.laptops.append(peer.called)
    elif result.asks and peer.trust == "certified" and peer.called not in arrival.certified:
        arrival.certified.append(peer.called)
    if result.refused is not None and not result.covered:
        arrival.refused.append(_refused_text(result, peer.called))
    arrival.waits = arrival.waits or bool(result.held and not result.asks)
    arrival.quarantined = arrival.quarantined or bool(result.quarantined)
    arrival.rejected += len(result.set_aside)
    arrival.files += result.files
    arrival.slow = arrival.slow or result.clock is not None
    arrival.later = arrival.later or result.later is not None or bool(result.file_problems)


def _refused_text(result: Imported, laptop: str | None) -> str:
    """What is wrong with a refused file; what is wrong here, such as a full disk, in its own words."""
    if result.reason not in refused_bundles.REMEMBERED:
        return result.refused or ""
    return refused_bundles.short_text(result.reason, result.path, laptop, signed=result.writer_signed)


def _count(store: Store, numbers: Iterable[int], touched: _Touched) -> None:
    """Sort the records that segments touch; a row that belongs to a record counts as that."""
    rows: dict[str, set[str]] = {}
    for number in numbers:
        for head in log.heads_of_segment(store, number):
            if head.table == Review.KIND:
                touched.reviews.add(head.row_id)
            elif head.table == Attachment.KIND:
                touched.files.add(head.row_id)
            elif head.table in PARENTS:
                rows.setdefault(head.table, set()).add(head.row_id)
            else:
                kind = touched.begun if "created_at" in head.cols else touched.others
                kind.add((head.table, head.row_id))
                if "voided_at" in head.cols:
                    touched.void_set.add((head.table, head.row_id))
    for table, ids in rows.items():
        parent = PARENTS[table][0].KIND
        touched.others |= {(parent, record) for record in belonging.records_of(store, table, ids).values()}


def _fill(store: Store, arrival: Arrival, touched: _Touched, since: int) -> None:
    """Count each record once: what was here before is not new, what is voided is neither new nor changed."""
    named = store.rows(
        "SELECT DISTINCT record_kind, record_id FROM attachment WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(sorted(touched.files))],
    )
    touched.others |= {(row["record_kind"], row["record_id"]) for row in named}
    before = log.touched_before(store, [row_id for _kind, row_id in touched.begun], since)
    standing, voided = _standing(store, touched.begun | touched.others)
    gone = touched.void_set & voided
    new = {record for record in touched.begun & standing if record[1] not in before}
    arrival.new += len(new)
    arrival.voided += len(gone)
    arrival.changed += len(((touched.begun | touched.others) & (standing | voided)) - new - gone)
    for row in store.rows(
        "SELECT outcome, count(DISTINCT record_id) AS n FROM review"
        " WHERE id IN (SELECT value FROM json_each(?)) GROUP BY outcome",
        [json.dumps(sorted(touched.reviews))],
    ):
        if row["outcome"] == "returned":
            arrival.returned += row["n"]
        else:
            arrival.accepted += row["n"]


_Records = set[tuple[str, str]]


def _standing(store: Store, records: _Records) -> tuple[_Records, _Records]:
    """Those records that stand, and those that are voided; what was rejected, or is of an unknown kind, is neither."""
    found: tuple[_Records, _Records] = (set(), set())
    by_kind: dict[str, list[str]] = {}
    for kind, row_id in records:
        by_kind.setdefault(kind, []).append(row_id)
    for kind in by_kind.keys() & BY_KIND.keys():
        rows = store.rows(
            f"SELECT id, voided_at IS NOT NULL AS gone FROM {kind} WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps(by_kind[kind])],
        )
        for row in rows:
            found[row["gone"]].add((kind, row["id"]))
    return found


def _newest_days(store: Store) -> dict[str, str]:
    """Post's id, or title of headquarters' laptop -> day of the newest change of it that is here."""
    found: dict[str, str] = {}
    of = {peer.id: _group(peer) for peer in peers.others(store)}
    now = wall.now()
    for row in store.rows(
        "SELECT l.replica_id, max(s.last_hlc) AS newest FROM local_log l JOIN local_segment s"
        " ON s.log_id = l.id AND s.last = l.seq AND s.state = 'applied' GROUP BY l.replica_id"
    ):
        if row["newest"] is not None and row["replica_id"] in of:
            moment = min(wall.moment_of(clock.milliseconds(row["newest"])), now)
            group = of[row["replica_id"]]
            found[group] = max(found.get(group, ""), wall.local_day(moment).isoformat())
    return found
