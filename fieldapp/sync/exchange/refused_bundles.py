"""Bundles that headquarters could not read: remembered until a later bundle of that laptop covers them.

A bundle holds everything that its recipient has not acknowledged. So a later one of the same laptop, read from
beginning to end, covers all that came before it, whichever of them is read first. What is open is therefore computed
from two facts that do not depend on an order: which bundles were refused, and which one of each laptop is the newest
that was read.

Who wrote a damaged file is known from its signed manifest, if the damage comes after that; otherwise its name says
whose it claims to be. A file that claims a laptop and is not signed by it is nobody's. Only names that are stored here
are ever shown, and the number of files that are remembered is bounded.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from msgspec import Struct

from fieldapp.domain.dates import format_date, read_instant
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _
from fieldapp.store import wall
from fieldapp.store.disk_errors import DiskError
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import outgoing, sticks
from fieldapp.sync.format import bundle, clock, keys
from fieldapp.sync.format.bundle import Manifest
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer

UNREADABLE = "unreadable"
"""The stick cannot be read at that place"""

CLAIMED = (bundle.DAMAGED, bundle.NEWER_FORMAT, UNREADABLE)
"""Reasons for which a file's own name tells who writes it again; what was forged is nobody's"""
REMEMBERED = (*CLAIMED, bundle.NO_SENDER, bundle.FORGED, peers.OTHER_KEYS)

MAX_KEPT = 100
"""Most refused files that are remembered: nobody must fill the first screen, or the disk, with them"""

_NUMBER = re.compile(r"z_([0-9]{1,15})(?![0-9])")
"""The number of a bundle, in the lower case of its file's name"""


class Written(Struct, frozen=True):
    """What is known of who wrote a refused file, and when."""

    by: Peer | None = None
    signed: bool = False
    """its author's signature says so, not only the file's name"""
    at: str | None = None
    """instant"""
    number: int | None = None
    hlc: int | None = None


class Refused(Struct, frozen=True):
    """A refused file that is still open."""

    id: str
    by: Peer | None
    signed: bool
    written_at: str | None
    file: str
    stick: str
    reason: str
    at: str
    """instant when it was refused first"""

    @property
    def sentence(self) -> str:
        """Whose bundle, of which day, what is wrong, and what to do."""
        what = {"day": _day(self.written_at or self.at), "why": _what_to_do(self.reason, self.by is not None)}
        file = _("{file} on {stick}").format(file=display_path(self.file), stick=display_path(self.stick))
        if self.by is None:
            return _("File {file}, read on {day}: {why}").format(file=file, **what)
        who = brief_text(self.by.title)
        if self.signed:
            return _("Bundle of {who}, {day}: {why}").format(who=who, **what)
        return _("Bundle named as one of {who}, {day}: {why}").format(who=who, **what)


def _day(instant: str) -> str:
    moment = read_instant(instant)
    day = wall.local_day(moment) if moment is not None else date.min
    return format_date(day)[:5] if day.year == wall.today().year else format_date(day)


def _what_to_do(reason: str | None, known: bool) -> str:
    if reason == bundle.NEWER_FORMAT:
        return _("written by a newer version; upgrade the program here, then read it again")
    if reason == UNREADABLE:
        return _("the stick cannot be read; call the post to export again onto another one")
    if reason == bundle.DAMAGED:
        return _("cut off or damaged; call the post to export again") if known else _(
            "cut off or damaged; ask who brought it to export again")  # fmt: skip
    return _("not signed by the laptop that it names, perhaps forged; keep the stick, and ask who brought it")


def short_text(reason: str | None, path: Path, laptop: str | None, *, signed: bool) -> str:
    """What is wrong with a refused file, for the line of its post; with its name where its laptop is not known.

    ``reason``: one of ``REMEMBERED``. ``signed``: its laptop is known by its signature, not only by its name.
    """
    why = _what_to_do(reason, laptop is not None)
    if laptop is None:
        return f"{display_path(path.name)}: {why}"
    words = _("bundle of laptop {name}: {why}") if signed else _("bundle named as one of laptop {name}: {why}")
    return words.format(name=brief_text(laptop), why=why)


def writer(store: Store, path: Path, reason: str | None) -> Written:
    """Who wrote a file that was refused, as far as it can be known; nothing for a file that may be forged."""
    if reason not in CLAIMED:
        return Written()
    known = [peer for peer in peers.others(store) if peer.trust == "certified"]
    secret = store.value("SELECT age_secret FROM local_replica WHERE own = 1")
    signed = bundle.signed_manifest(path, secret) if reason == bundle.DAMAGED else None
    if signed is not None:
        manifest, raw, signature = signed
        by = next((peer for peer in known if peer.id == manifest.sender), None)
        if by is None or not keys.verify(by.sign_key, raw, signature):
            return Written()
        hlc = manifest.hlc if clock.is_plausible(manifest.hlc) else None
        return Written(by, True, manifest.made_at, manifest.number, hlc)
    by, at = outgoing.sender_of_name(path.name, known), sticks.written_at(path.name)
    number = _NUMBER.search(path.name.lower())
    if by is None or not at or number is None:
        return Written(by)
    moment = read_instant(f"{at}Z")
    if moment is None or moment > wall.now() + timedelta(days=1):  # a name that nobody would write
        return Written()
    return Written(by, False, f"{at}Z", int(number[1]))


def remember(store: Store, path: Path, reason: str | None, written: Written) -> bool:
    """Remember a refused file at headquarters; returns whether it is remembered."""
    if store.role != "hq" or reason not in REMEMBERED or (written.by is not None and written.by.id == _own(store)):
        return False
    digest = _digest(path)
    try:
        with store.transaction():
            if store.value("SELECT 1 FROM local_refused WHERE sha256 = ?", [digest]) is None:
                _make_room(store)
                store.db.execute(
                    "INSERT INTO local_refused (sha256, replica_id, signed, written_at, number, hlc, file, stick,"
                    " reason, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        digest,
                        written.by.id if written.by is not None else None,
                        int(written.signed),
                        written.at,
                        written.number,
                        written.hlc,
                        brief_text(path.name),
                        brief_text(path.parent.name or str(path.parent)),
                        reason,
                        wall.instant(),
                    ],
                )
    except DiskError:
        return False
    return True


def record_read(store: Store, manifest: Manifest, *, news: bool) -> None:
    """Remember that a bundle was read from beginning to end, if it is the newest of its laptop; in a transaction.

    ``news``: something of it was applied, so that its laptop waits for a reply.
    """
    if store.role != "hq":
        return
    hlc = manifest.hlc if clock.is_plausible(manifest.hlc) else clock.current(store)
    store.db.execute(
        "INSERT INTO local_read VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (replica_id) DO UPDATE SET hlc = excluded.hlc,"
        " number = excluded.number, made_at = excluded.made_at, read_at = excluded.read_at WHERE excluded.hlc > hlc",
        [manifest.sender, hlc, manifest.number, manifest.made_at, wall.instant()],
    )
    if news:
        store.db.execute("UPDATE local_read SET answered = 0 WHERE replica_id = ?", [manifest.sender])


def open_refusals(store: Store) -> list[Refused]:
    """The refused files that no later bundle covers and nobody has dismissed, those of one laptop as one: its newest.

    The newest comes first.
    """
    rows = store.rows("SELECT * FROM local_refused WHERE dismissed_at IS NULL ORDER BY coalesce(written_at, at) DESC")
    if not rows:
        return []
    known = {peer.id: peer for peer in peers.others(store)}
    found: list[Refused] = []
    told: set[str] = set()
    for row in _not_covered(store, rows):
        by = known.get(row["replica_id"])
        if by is not None and (by.id in told or by.trust != "certified"):
            continue
        if by is not None:
            told.add(by.id)
        found.append(Refused(row["sha256"], by, bool(row["signed"]), row["written_at"], row["file"], row["stick"],
                             row["reason"], row["at"]))  # fmt: skip
    return found


def uncovered(store: Store) -> set[str]:
    """Ids of the laptops of which no later bundle has come than one that was refused, dismissed or not."""
    rows = store.rows("SELECT * FROM local_refused WHERE replica_id IS NOT NULL")
    return {row["replica_id"] for row in _not_covered(store, rows)} if rows else set()


def dismiss(store: Store, refused_id: str) -> None:
    """A person has settled a refused file, and with it the earlier ones of that laptop; it is not told again."""
    with store.transaction():
        store.db.execute(
            "UPDATE local_refused SET dismissed_at = ?1 WHERE sha256 = ?2 OR replica_id ="
            " (SELECT replica_id FROM local_refused WHERE sha256 = ?2)",
            [wall.instant(), refused_id],
        )


def _not_covered(store: Store, rows: Iterable[Row]) -> list[Row]:
    read = {row["replica_id"]: row for row in store.rows("SELECT * FROM local_read")}
    arrived = {
        row["replica_id"]: row["at"]
        for row in store.rows(
            "SELECT l.replica_id, max(s.last_at) AS at FROM local_log l JOIN local_segment s"
            " ON s.log_id = l.id AND s.last = l.seq AND s.state = 'applied' GROUP BY l.replica_id"
        )
    }
    return [row for row in rows if not _is_covered(row, read.get(row["replica_id"]), arrived.get(row["replica_id"]))]


def _is_covered(refused: Row, read: Row | None, arrived: str | None) -> bool:
    """Whether what a refused file held has come since, or before.

    ``read``: the newest bundle of its laptop that was read; ``arrived``: instant of the newest change of that laptop
    that is here, whoever carried it; one from the future, of a wrong clock, says nothing.
    """
    written = refused["written_at"]
    if written is not None and arrived is not None and written[:19] < arrived[:19] <= wall.instant()[:19]:
        return True
    if read is None:
        return False
    if refused["hlc"] is not None:
        return bool(read["hlc"] >= refused["hlc"])
    if refused["number"] is None:
        return bool(read["read_at"] >= refused["at"])
    # A disk that was set back gives numbers again, so that what was read before may have a higher one; and a wrong
    # clock may have written an earlier bundle's name with a later day.
    later = read["made_at"][:19] >= written[:19] or read["read_at"] >= refused["at"]
    return bool(later and read["number"] >= refused["number"])


def _make_room(store: Store) -> None:
    """Forget what need not be remembered; if there is still no room, first what nobody is known to have written."""
    rows = store.rows("SELECT * FROM local_refused ORDER BY at")
    if len(rows) < MAX_KEPT:
        return
    standing = {row["sha256"] for row in _not_covered(store, rows)}
    rows.sort(key=lambda row: (row["sha256"] in standing, row["dismissed_at"] is None, row["replica_id"] is not None,
                               row["signed"], row["at"]))  # fmt: skip
    for row in rows[: len(rows) - MAX_KEPT + 1]:
        store.db.execute("DELETE FROM local_refused WHERE sha256 = ?", [row["sha256"]])


def _digest(path: Path) -> str:
    """SHA-256 of a file; of its name, if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return hashlib.sha256(str(path.name).encode("utf-8", "surrogatepass")).hexdigest()


def _own(store: Store) -> str:
    return store.identity.replica_id
