"""Laptops, sticks and bad luck: a machine that draws schedules, and a model that knows what must result.

The model keeps every value that a save confirmed, with its author and what that replica knew then. It folds them by the
rules of ``docs/bundle-format.md`` in a few lines of its own, so that its expectations do not come from the code under
test.
"""

import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
import uuid_utils
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sync_state import arrived_or_recorded

from fieldapp.errors import FieldappError
from fieldapp.records import attachments, records, search_index
from fieldapp.store import baseline, blobs, capture, people, vault
from fieldapp.store import log as change_log
from fieldapp.store.connection import connect
from fieldapp.store.store import FILE, Row, Store
from fieldapp.sync.exchange import enrolment, file_space, incoming, outgoing, record_files, status
from fieldapp.sync.merge import forks, merge
from fieldapp.sync.peers import peers, receipts
from fieldapp.sync.safety import doctor

NAMES = ("hq", "p-a", "p-b", "q-a", "hq-b", "nation")
"""The province; laptops of the posts P and Q; the province's second laptop; the nation above it. A schedule of n
replicas has the first n, and perhaps a clone."""
POSTS = {"p": "PPP", "q": "QQQ"}
HEADQUARTERS = ("hq", "hq-b", "nation")
ROUNDS = 6
"""Full exchanges after which no replica may lack anything"""
ADOPT = 2
"""The exchange after which headquarters adopts what is still in quarantine"""

EDITS = {
    "party_cell": ("hamlet",),
    "activity": ("hamlet", "description", "people"),
    "activity_measure": ("amount", "note"),
    "event": ("name", "date_to"),
    "member": ("position",),
    "introduction": ("role", "end_reason"),
    "matter": ("result",),
}
"""Table -> columns that are edited in place; the baseline has no rows in these tables."""

SAME = {
    "party_cell": ("name", "unit_id"),
    "activity": ("activity_kind_id", "unit_id", "date_from"),
    "event": ("name", "date_from"),
    "member": ("full_name", "position"),
    "introduction": ("member_id",),  # all of them begin on one day
    "matter": ("opened_on", "matter_type", "counterpart", "subject"),
}
"""Table -> columns in which two rows for one thing are equal"""
APART = ("hamlet", "event_id")
"""Columns that tell them apart, where both have a value"""

NAMES_A_RECORD = ("event_id", "member_id")
"""Columns that name a record of a post, which is not the parent of the row"""

OLD_LACKS_TABLE = "matter"
OLD_LACKS_COLUMNS = {"activity_measure": "note", "event": "date_to"}
"""The table and columns that the older version of the program does not have"""

ACTIONS = (
    *("work",) * 8,
    *("carry",) * 6,
    *("export",) * 3,
    *("take",) * 4,
    *("lose_a_file", "lose_a_stick", "damage", "clock_jumps", "upgrade", "restart", "clone"),
    *("back_up", "restore") * 2,
    *("clear",) * 2,
    *("photograph",) * 4,
)
"""What may happen; repeated ones are drawn more often. Methods of ``Laptops`` that take the name of a replica."""

CLONE = "'"
"""Ends the name of a laptop onto which the disk of another was copied"""

Key = tuple[str, str]
"""(table, row id)"""


@dataclass(frozen=True)
class Written:
    """A value that a save confirmed."""

    key: Key
    col: str
    value: Any
    log: str
    seq: int
    hlc: int
    knew: dict[str, int] = field(hash=False)
    """log -> last change that its author had"""


# the state from which the machine starts -------------------------------------------------------------------------


@contextmanager
def small_baseline() -> Iterator[None]:
    """Make replicas that ship four units instead of fourteen thousand, and derive no keys from passphrases.

    A schedule copies such replicas in milliseconds.
    """
    codes = {"66", "646", "24221", "24214"}
    rows = [
        (table, row_id, cols, is_new)
        for table, row_id, cols, is_new in baseline.baseline_changes()
        if table != "unit_succession" and (table != "unit" or cols.get("code") in codes)
    ]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(baseline, "baseline_changes", lambda: iter(rows))
        patched.setattr(vault, "seal_for_user", lambda *_given: None)
        yield


def build(root: Path, size: int = len(NAMES)) -> dict[str, bytes]:
    """Enrol the first replicas into ``root``; ``root/n`` has the first n of them. Returns their database keys."""
    usb = root / "usb"
    usb.mkdir(parents=True)
    homes = root / "all"
    hq = enrolment.init_hq(homes / "hq", name="Sở chỉ huy", user="hq", passphrase="x")
    stores = {"hq": hq}
    for number, name in enumerate(NAMES[1:size], start=2):
        stores[name] = _enrol(name, hq, homes / name, usb)
        for _turn in range(2):
            for sender, to in ((s, t) for s in stores.values() for t in stores.values()):
                if to.identity.replica_id in {p.id for p in peers.partners(sender)}:
                    _carry(sender, to, usb)
        for store in stores.values():
            store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copytree(homes, root / str(number), ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    keys = {name: store._key for name, store in stores.items()}
    for store in stores.values():
        store.close()
    return keys


def _enrol(name: str, hq: Store, home: Path, usb: Path) -> Store:
    if name == "nation":
        nation = enrolment.init_hq(home, name="Bộ Tư lệnh", user=name, passphrase="x", code="BTL")
        enrolment.join_headquarters(hq, enrolment.write_hq_pack(nation, dest=usb))
        _carry(hq, nation, usb)
        enrolment.trust_replica(nation, hq.identity.replica_id)
        return nation
    if name == "hq-b":
        pack = enrolment.write_hq_pack(hq, dest=usb)
        store = enrolment.init_further_hq(home, pack, user=name, passphrase="x", laptop="B")
    else:
        post, laptop = name.split("-")
        known = hq.value("SELECT name FROM post WHERE code = ?", [POSTS[post]])
        pack = enrolment.write_pack(hq, code=POSTS[post], name=known or f"Đồn {post}", dest=usb)
        store = enrolment.init_post(home, pack, user=name, passphrase="x", laptop=laptop)
    _carry(store, hq, usb)
    enrolment.trust_replica(hq, store.identity.replica_id)
    return store


def _carry(sender: Store, to: Store, folder: Path) -> None:
    (made,) = outgoing.export(sender, folder, to.identity.replica_id)
    (result,) = incoming.import_files(to, [made.path])
    assert not result.quarantined
    made.path.unlink()


def as_old(template: Path, size: int, name: str, key: bytes) -> Path:
    """The home of a replica in an older version of the program, which lacks a table and two columns; made once."""
    home = template / f"{size}-old" / name
    if home.exists():
        return home
    shutil.copytree(template / str(size) / name, home)
    db = connect(home / FILE, key)
    db.execute("PRAGMA foreign_keys = OFF")
    made = db.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchall()
    for kind, named, _sql in made:
        db.execute(f"DROP {kind} {named}")
    db.execute(f"DROP TABLE {OLD_LACKS_TABLE}")
    for table, column in OLD_LACKS_COLUMNS.items():
        db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for kind, _named, sql in made:
        if kind == "view":  # by which saving asks who is the same person
            db.execute(sql)
    capture.install_triggers(db)
    newest = db.execute("SELECT max(name) FROM _sqlite_migrations").fetchone()[0]
    db.execute("DELETE FROM _sqlite_migrations WHERE name = ?", [newest])
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return home


# the model -------------------------------------------------------------------------------------------------------


def rows_of(store: Store) -> dict[Key, Row]:
    """Every row of the tables that schedules write to, as this replica has it."""
    tables = list(EDITS)
    if not store.value("SELECT 1 FROM sqlite_master WHERE name = ?", [OLD_LACKS_TABLE]):
        tables.remove(OLD_LACKS_TABLE)
    return {(t, r["id"]): r for t in tables for r in store.rows(f"SELECT * FROM {t}")}


def as_seen(conflict: Row, mine: dict[Key, Row]) -> Row | None:
    """A conflict of headquarters, as a replica lists it that has some of the rows; None if it has nothing of it."""
    if (conflict["table"], conflict["row"]) not in mine:
        return None
    if "unknown" not in conflict:
        return conflict
    unknown = [c for c in conflict["unknown"] if (c["table"], c["row"]) in mine]
    origin = {name: unknown[-1][name] for name in ("actor", "at", "log", "seq")} if unknown else {}
    return {**conflict, "unknown": unknown, "loser": {"value": None, **origin}} if unknown else None


def vector(store: Store) -> dict[str, int]:
    """log -> its last applied change."""
    return {r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log")}


def knew(later: Written, earlier: Written) -> bool:
    """Whether the author of one change had the other."""
    if later.log == earlier.log:
        return later.seq > earlier.seq
    return later.knew.get(earlier.log, 0) >= earlier.seq


class Model:
    """All confirmed values, and the rows and conflicts that must result from a set of them."""

    def __init__(self) -> None:
        self.cells: dict[tuple[Key, str], list[Written]] = defaultdict(list)
        self.lost: set[Written] = set()
        """values that no disk has any more, though a stick may: their disk was set back before anybody else had them"""

    def confirm(self, store: Store, before: dict[Key, Row], had: dict[str, int]) -> None:
        """Add what a save changed, as its user sees it; each value must be in the log."""
        after = rows_of(store)
        assert before.keys() <= after.keys()
        logged = store.rows(
            "SELECT c.* FROM local_change c JOIN local_log l ON l.id = c.log_id WHERE l.own = 1 ORDER BY c.hlc"
        )
        new = {(c["table_name"], c["row_id"]): c for c in logged if c["seq"] > had.get(c["log_id"], 0)}
        for key, row in after.items():
            old = before.get(key, {})
            for col, value in row.items():
                if col not in ("id", "post_id") and value != old.get(col):
                    change = new[key]
                    self.cells[key, col].append(
                        Written(key, col, value, change["log_id"], change["seq"], change["hlc"], had)
                    )

    def known(self, store: Store) -> dict[tuple[Key, str], list[tuple[Written, str]]]:
        """The values that a replica has of each cell, with the log that holds them, oldest first.

        A change is found by its clock reading and its row: a laptop whose disk was copied logs it again, in another
        log.
        """
        logged = defaultdict(list)
        for c in arrived_or_recorded(store):
            logged[c.hlc, c.table, c.row_id].append((c.log_id, c.cols))
        found: dict[tuple[Key, str], list[tuple[Written, str]]] = {}
        for (key, col), written in self.cells.items():
            there = [
                (w, log)
                for w in written
                for log, cols in logged.get((w.hlc, *key), ())
                if col in cols and cols[col] == w.value
            ]
            if there:
                found[key, col] = sorted(there, key=lambda pair: (pair[0].hlc, pair[1]))
        return found

    def rows(self, store: Store) -> dict[Key, dict[str, Any]]:
        """The rows that a replica must show for the changes that it has: in each column the newest."""
        found: dict[Key, dict[str, Any]] = defaultdict(dict)
        for (key, col), there in self.known(store).items():
            found[key][col] = there[-1][0].value
        return dict(found)

    def conflicts(self, store: Store) -> set[tuple[Any, ...]]:
        """(table, row, column, winning value, losing log, losing seq) of each conflict, where no log has a fork."""
        found = set()
        for ((table, row_id), col), there in self.known(store).items():
            written = [w for w, _log in there]
            newest = [w for w in written if not any(knew(other, w) for other in written if other is not w)]
            winner = newest[-1]
            losers = [w for w in newest[:-1] if w.value != winner.value and col != "voided_at"]  # both are void
            found |= {(table, row_id, col, winner.value, w.log, w.seq) for w in losers}
        return found

    def unknowing_voids(self, store: Store) -> dict[Key, list[tuple[str, int]]]:
        """Each void that waits -> (log, seq) of what its author did not know, where no log has a fork."""
        known, rows = self.known(store), self.rows(store)
        posts = {key: row.get("post_id") for key, row in rows_of(store).items()}
        voids = {key: {w for w, _log in there} for (key, col), there in known.items() if col == "voided_at"}
        voiding = {(w.log, w.seq) for there in voids.values() for w in there}
        edits: dict[Key, set[Written]] = defaultdict(set)
        for (key, _col), there in known.items():
            edits[key] |= {w for w, _log in there if (w.log, w.seq) not in voiding}
        found = {}
        for key, mine in voids.items():
            newest = [v for v in mine if not any(knew(o, v) for o in mine if o is not v)]
            own = [key, *(k for k, row in rows.items() if (key[0], row.get("activity_id")) == ("activity", key[1]))]
            alike = [
                k for k in voids if k != key and self.alike(k[0], key[0], rows[k], rows[key], posts[k] != posts[key])
            ]
            naming = {w for k, row in rows.items() for col in NAMES_A_RECORD if row.get(col) == key[1]
                      and row.get("voided_at") is None for w, _log in known[k, col] if w.value == key[1]}  # fmt: skip
            others = {w for k in own for w in edits[k]} | {w for k in alike for w in voids[k]} | naming
            unknown = {(w.hlc, w.log, w.seq) for w in others if not any(knew(v, w) or knew(w, v) for v in newest)}
            if unknown:
                found[key] = [(log, seq) for _hlc, log, seq in sorted(unknown)][-20:]
        return found

    def alike(self, kind: str, of: str, one: dict[str, Any], other: dict[str, Any], elsewhere: bool) -> bool:
        """Whether two voided rows look the same. ``elsewhere``: they are of two posts."""
        if kind != of or any(one.get(f) != other.get(f) for f in SAME[kind]) or (elsewhere and kind != "activity"):
            return False
        apart = [f for f in APART if not (elsewhere and f == "event_id")]
        return not any(one.get(f) and other.get(f) and one[f] != other[f] for f in apart)


# the machine -----------------------------------------------------------------------------------------------------


class Laptops(RuleBasedStateMachine):
    """2 to 6 replicas and 2 sticks. ``template`` is the folder of ``build``, ``folder`` is where a run may write."""

    template: ClassVar[Path]
    keys: ClassVar[dict[str, bytes]]
    folder: ClassVar[Path]
    runs: ClassVar[Iterator[int]] = count()
    seen: ClassVar[dict[str, int]] = defaultdict(int)
    """Counts of what happened in all schedules: a machine that never had a conflict proves nothing"""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.folder / f"run-{next(self.runs)}"
        self.stores: dict[str, Store] = {}
        self.old: set[str] = set()
        self.forked = False
        """whether a disk was copied or set back: a log may then have a fork"""
        self.model = Model()

    @initialize(draw=st.integers(0, 2**64 - 1))
    def begin(self, draw: int) -> None:
        self.rng = random.Random(draw)
        size = self.rng.choice((2, 3, 3, 3, 4, 5, 6, 6))
        self.old = {n for n in NAMES[:size] if self.rng.random() < 0.2}
        note(f"{size} replicas, old: {sorted(self.old)}")
        shutil.copytree(self.template / str(size), self.root)
        for name in NAMES[:size]:
            home = self.root / name
            if name in self.old:
                shutil.copytree(as_old(self.template, size, name, self.keys[name]), home, dirs_exist_ok=True)
                self.stores[name] = Store(connect(home / FILE, self.keys[name]), home / FILE, self.keys[name], name)
            else:
                self.stores[name] = Store.open(home, self.keys[name], name)
                people.enter_first(self.stores[name])
        self.sticks = [self.root / "stick-0", self.root / "stick-1"]
        for stick in self.sticks:
            stick.mkdir()
        self.record("p-a")  # so that two laptops share a record from the beginning
        if "p-b" in self.stores:
            self.bring("p-a", "p-b")

    @contextmanager
    def confirming(self, name: str) -> Iterator[Store]:
        """Run a save that may be refused; what it confirms goes into the model."""
        store = self.stores[name]
        before, had = rows_of(store), vector(store)
        try:
            yield store
        except FieldappError:
            assert (rows_of(store), vector(store)) == (before, had)
            return
        self.model.confirm(store, before, had)

    @rule(draw=st.integers(0, 2**64 - 1))
    def step(self, draw: int) -> None:
        """Do one action; all of it comes from one number.

        Hypothesis leaves out rules at random and prefers small values. When it chose rules and arguments itself, half
        of its schedules had no save, and two laptops hardly ever wrote the same cell. A failure shrinks by leaving out
        steps; the remaining ones stay as they are.
        """
        self.rng = random.Random(draw)
        what, name = self.rng.choice(ACTIONS), self.rng.choice(list(self.stores))
        note(f"{name}: {what}")
        getattr(self, what)(name)

    # what people do

    def work(self, name: str) -> None:
        """A few saves in a row: edits more than new records."""
        saves = self.rng.randint(1, 4)
        self.seen["saves"] += saves
        for _ in range(saves):
            save = self.rng.choice([self.record, *[self.edit] * 8, *[self.void] * 2])
            save(name)

    def record(self, name: str) -> None:
        kind = self.rng.choice(["activity", "activity", "event", "member", "introduction", "matter"])
        if name.removesuffix(CLONE) in HEADQUARTERS:
            kind = "party_cell"
        mark = f"{name} {self.rng.randint(0, 999)}"
        store = self.stores[name]
        if name in self.old and kind not in ("member", "party_cell"):
            kind = "event"
        cell = store.value("SELECT id FROM party_cell ORDER BY id DESC")
        member = store.value("SELECT id FROM member ORDER BY id DESC")
        event = store.value("SELECT id FROM event ORDER BY id DESC")
        entry: dict[str, Any] = {
            "party_cell": {"name": mark, "unit_id": "24221"},
            "activity": {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221",
                         "event_id": event, "measures": [{"measure_id": "gieng", "amount": self.rng.randint(1, 9)}]},
            "event": {"name": mark, "date_from": "2013-09-18"},
            "member": {"full_name": mark, "party_cell_id": cell},
            "introduction": {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-01"},
            "matter": {"matter_type": "information_exchange", "counterpart": "Xã Ia Rvê", "subject": mark,
                       "opened_on": "2013-10-01"},
        }[kind]  # fmt: skip
        with self.confirming(name):
            if name in self.old and kind == "event":
                self.insert_event(store, entry)
            else:
                records.save(store, kind, entry)

    def photograph(self, name: str) -> None:
        """A few files at a record; now and then one that other records have too."""
        key = self.pick(name)
        if key is None or key[0] in ("party_cell", "activity_measure") or name in self.old:
            return
        store = self.stores[name]
        for number in {self.rng.randint(0, 3), *(1000 + self.rng.randint(0, 10**9) for _ in range(3))}:
            data = b"photograph %d" % number + bytes(number % 3000)
            with suppress(FieldappError):  # the record was voided
                attachments.add(store, key[1], [attachments.Prepared("a.jpg", "image/jpeg", data)])
                self.seen["files"] += 1

    def clear(self, name: str) -> None:
        """A post takes away what headquarters has, after a round with it, and perhaps asks for it again."""
        store = self.stores[name]
        above = [other for other in self.partners(name) if self.stores[other].role == "hq"]
        if store.role != "post" or name in self.old or not above:
            return
        other = self.rng.choice(above)
        self.bring(name, other)
        self.bring(other, name)
        self.seen["cleared"] += file_space.clear(store)[0]
        if self.rng.random() < 0.4:
            away = [row["sha256"] for row in store.rows("SELECT sha256 FROM local_file_cleared")]
            self.seen["asked for again"] += file_space.want_again(store, away)

    def insert_event(self, store: Store, entry: dict[str, Any]) -> None:
        """Save an event as the older version does: this version's save would name a missing column."""
        row = {"id": str(uuid_utils.uuid7()), "post_id": store.identity.post_id,
               "created_at": "2013-01-01T00:00:00Z", "created_by": store.user, **entry}  # fmt: skip
        with store.transaction():
            marks = ", ".join("?" * len(row))
            store.db.execute(f"INSERT INTO event ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    def pick(self, name: str) -> Key | None:
        """One of the rows that this replica may write, mostly one of the oldest, which others have too."""
        post = self.stores[name].identity.post_id
        rows = sorted(rows_of(self.stores[name]).items(), key=lambda pair: pair[0][1])
        mine = [k for k, r in rows if r.get("post_id") == post]
        if self.rng.random() < 0.6:
            mine = mine[:2]
        return self.rng.choice(mine) if mine else None

    def edit(self, name: str) -> None:
        """Change a row as any other program may: the log must record it."""
        key = self.pick(name)
        if key is None:
            self.record(name)
            return
        table, row_id = key
        columns = [c for c in EDITS[table] if name not in self.old or OLD_LACKS_COLUMNS.get(table) != c]
        column, value = self.rng.choice(columns), self.rng.randint(1, 20)
        new: Any = f"{name} {value}"
        if column == "amount":
            new = value
        elif column == "date_to":
            new = f"2013-11-{value:02d}"
        with self.confirming(name) as store, store.transaction():
            store.db.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", [new, row_id])

    def void(self, name: str) -> None:
        key = self.pick(name)
        if key is None or key[0] == "activity_measure" or name in self.old:
            return
        with self.confirming(name) as store:
            records.void(store, key[1], f"{name} thấy trùng")

    # what sticks go through

    def partners(self, name: str) -> list[str]:
        """The replicas for which a replica writes: headquarters for all, a post's laptops for each other too."""
        ids = {p.id for p in peers.partners(self.stores[name])}
        return [n for n, s in self.stores.items() if s.identity.replica_id in ids]

    def export(self, name: str) -> None:
        partners = self.partners(name)
        chosen = partners if self.rng.random() < 0.3 else [self.rng.choice(partners)]
        stick = self.rng.choice(self.sticks)
        for other in chosen:
            self.export_to(name, other, stick, self.rng.choice((None, 0, 8_000, 20_000)))

    def export_to(self, name: str, other: str, stick: Path, most: int | None) -> None:
        """Export to one recipient; of files of records so many bytes."""
        sender, to = self.stores[name], self.stores[other]
        at = receipts.files_at(sender, to.identity.replica_id)
        (made,) = outgoing.export(sender, stick, to.identity.replica_id, most=most)
        assert not made.files.problem
        self.seen["files sent"] += made.files.number
        for part in made.files.parts:
            row = sender.row("SELECT hashes FROM local_file_part WHERE name = ?", [part.name])
            assert at is not None and row is not None
            assert not receipts.prefixes(row["hashes"]) & (at.has | at.declined), "sent to who has it"

    def carry(self, name: str) -> None:
        """Export to a partner and import there at once, over a separate stick."""
        self.bring(name, self.rng.choice(self.partners(name)), self.rng.choice((None, 0, 8_000)))

    def bring(self, name: str, other: str, most: int | None = None) -> None:
        stick = self.root / "between"
        stick.mkdir()
        self.export_to(name, other, stick, most)
        self.take_files(other, sorted(stick.iterdir()))
        shutil.rmtree(stick)

    def take(self, name: str) -> None:
        """Import what a stick has, in any order, perhaps twice."""
        files = sorted(self.rng.choice(self.sticks).iterdir()) * self.rng.randint(1, 2)
        self.rng.shuffle(files)
        self.take_files(name, files)

    def take_files(self, name: str, files: list[Path]) -> None:
        with pytest.MonkeyPatch.context() as patched:
            if name in self.old:  # the older version's search has no words of a kind that it does not know
                indexed = search_index._words_of
                patched.setattr(
                    search_index, "_words_of", lambda k: frozenset() if k == OLD_LACKS_TABLE else indexed(k)
                )
            imported = incoming.import_files(self.stores[name], files)
        for result in imported:
            assert self.forked or result.quarantined == []
            assert result.refused is None or result.for_others or result.path.name.startswith("bad-")
            self.seen["held"] += len(result.held)
            self.seen["imported"] += result.applied > 0
        self.as_expected(name)

    def lose_a_stick(self, _name: str) -> None:
        stick = self.rng.choice(self.sticks)
        shutil.rmtree(stick)
        stick.mkdir()

    def a_file(self) -> Path | None:
        files = sorted(p for stick in self.sticks for p in stick.iterdir() if not p.name.startswith("bad-"))
        return self.rng.choice(files) if files else None

    def lose_a_file(self, _name: str) -> None:
        file = self.a_file()
        if file:
            file.unlink()

    def damage(self, _name: str) -> None:
        """Put a copy of a bundle beside it that ends early, or has a flipped bit."""
        file = self.a_file()
        if file is None:
            return
        data = bytearray(file.read_bytes())
        at = self.rng.randrange(len(data))
        if self.rng.random() < 0.5:
            del data[at:]
        else:
            data[at] ^= 1 << self.rng.randrange(8)
        file.with_name("bad-" + file.name).write_bytes(data)

    # what laptops go through

    def clock_jumps(self, name: str) -> None:
        """Set the logical clock as a wall clock that ran ahead leaves it. With one in 2010, readings go on by one."""
        self.stores[name].db.execute(
            "UPDATE local_session SET hlc = max(hlc, ((CAST(unixepoch() AS INTEGER) + ? * 86400) * 1000) << 16)",
            [self.rng.randint(-3000, 1000)],
        )

    def upgrade(self, name: str) -> None:
        if name in self.old:
            self.old.discard(name)
            self.restart(name)
            self.as_expected(name)
            self.seen["upgraded"] += 1

    def restart(self, name: str) -> None:
        if name not in self.old:
            self.stores[name].close()
            self.open(name)
            merge.fold_after_upgrade(self.stores[name])

    def open(self, name: str) -> None:
        self.stores[name] = Store.open(self.root / name, self.keys[name.removesuffix(CLONE)], name)
        people.enter_first(self.stores[name])

    def copy_disk(self, name: str, to: str) -> None:
        self.stores[name].db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.rmtree(self.root / to, ignore_errors=True)
        shutil.copytree(self.root / name, self.root / to, ignore=shutil.ignore_patterns("*-wal", "*-shm"))

    def clone(self, name: str) -> None:
        """Copy the disk onto another laptop; both go on."""
        if name in self.old or any(n.endswith(CLONE) for n in self.stores):
            return
        self.copy_disk(name, name + CLONE)
        self.open(name + CLONE)
        self.forked = True
        self.seen["cloned"] += 1

    def back_up(self, name: str) -> None:
        if name not in self.old:
            self.copy_disk(name, f"backup-{name}")

    def restore(self, name: str) -> None:
        """Set the disk back, with or without notice to the program. What no other replica has is lost."""
        if name in self.old or not (self.root / f"backup-{name}").exists():
            return
        before = self.known(name)
        self.stores[name].close()
        shutil.rmtree(self.root / name)
        shutil.copytree(self.root / f"backup-{name}", self.root / name)
        self.open(name)
        if self.rng.random() < 0.5:
            forks.begin_new_logs(self.stores[name])
        self.model.lost |= before.difference(*(self.known(n) for n in self.stores))
        self.forked = True
        self.seen["restored"] += 1

    def known(self, name: str) -> set[Written]:
        return {w for there in self.model.known(self.stores[name]).values() for w, _log in there}

    # what must hold

    def as_expected(self, name: str) -> None:
        """Check that a replica's rows and conflicts are exactly those of the changes that it has."""
        store = self.stores[name]
        rows, expected = rows_of(store), self.model.rows(store)
        if self.forked:  # the first change of a row may be in a branch that does not count, until it is logged again
            places = [(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")]
            rejected = {(c.table, c.row_id) for c in change_log.changes_at(store, places).values()}
            rows = {k: v for k, v in rows.items() if k not in rejected}
            expected = {k: v for k, v in expected.items() if k not in rejected}
        if name in self.old:
            expected = {
                (t, i): {c: v for c, v in cols.items() if OLD_LACKS_COLUMNS.get(t) != c}
                for (t, i), cols in expected.items()
                if t != OLD_LACKS_TABLE
            }
        assert rows.keys() == expected.keys()
        for key, row in rows.items():
            shown = {c: v for c, v in row.items() if c not in ("id", "post_id") and v is not None}
            assert shown == {c: v for c, v in expected[key].items() if v is not None}, key
        if name not in self.old and not self.forked:
            listed = merge.conflicts(store)
            found = {
                (c["table"], c["row"], c["column"], c["winner"]["value"], c["loser"]["log"], c["loser"]["seq"])
                for c in listed
                if "unknown" not in c
            }
            assert found == self.model.conflicts(store)
            voids = {
                (c["table"], c["row"]): [(o["log"], o["seq"]) for o in c["unknown"]] for c in listed if "unknown" in c
            }
            assert voids == self.model.unknowing_voids(store)
            self.seen["conflicts"] += len(found)
            self.seen["unknowing voids"] += len(voids)
        if not self.forked:
            above = [vector(s) for n, s in self.stores.items() if n.removesuffix(CLONE) in HEADQUARTERS]
            for log, reached in status._acknowledged(store).items():
                assert any(reached <= have.get(log, 0) for have in above), "a receipt for what headquarters lacks"

    def everybody_meets(self) -> None:
        """Let all exchange, over a separate stick, until no replica lacks anything.

        Rounds to headquarters and rounds back take turns; within a round the order is random.
        """
        for turn in range(2 * ROUNDS):
            ways = [(n, o) for n in self.stores for o in self.partners(n) if self.is_up(n, o) == (turn % 2 == 0)]
            self.rng.shuffle(ways)
            for sender, to in ways:
                self.bring(sender, to)
            informed = turn >= (3 if self.forked else 1)  # only its receipt tells others what a disk set back lacks
            if informed and all(self.is_quiet(n) and self.agrees(n) and not self.lacking(n) for n in self.stores):
                return
            if turn == 2 * ADOPT + 1 and self.forked:  # the author has lost it: headquarters adopts it
                forks.adopt_branches(self.stores["hq"])
        left = {n: [p for p in (state.held, state.quarantined, state.unsent) if p] for n, s in self.stores.items()
                if (state := status.exchange_status(s))}  # fmt: skip
        raise AssertionError(f"after {ROUNDS} full exchanges somebody still lacks something: {left}")

    def is_up(self, sender: str, to: str) -> bool:
        """Whether an exchange goes towards headquarters, or from one laptop to a later one of the same kind."""
        rank = {"p": 0, "q": 0, "h": 1, "n": 2}
        return (rank[sender[0]], sender) < (rank[to[0]], to)

    def is_quiet(self, name: str) -> bool:
        """Whether nothing waits, and no replica for which this one writes lacks what it has.

        If a disk was set back more than once, nobody knows which of its states goes on: everything is then sent again
        and again.
        """
        store = self.stores[name]
        state, ids = status.exchange_status(store), {p.id for p in peers.partners(store)}
        lacking = not self.forked and any(p.lacks for p in status.peers_status(store) if p.replica_id in ids)
        return not (state.held or state.quarantined or state.unsent or lacking)

    def teardown(self) -> None:
        try:
            if self.stores:
                for name in self.stores:
                    self.upgrade(name)
                for name in [n for n in self.stores if n.endswith(CLONE)]:
                    self.record(name)  # both go on: to all others, two identical disks are one
                    self.record(name.removesuffix(CLONE))
                self.everybody_meets()
                self.nothing_is_missing()
        finally:
            for store in self.stores.values():
                store.close()
            shutil.rmtree(self.root, ignore_errors=True)

    def seen_by(self, name: str, everywhere: dict[Key, Row]) -> dict[Key, Row]:
        """The rows of headquarters that a replica may see."""
        post = self.stores[name].identity.post_id
        return {k: r for k, r in everywhere.items() if post is None or r.get("post_id", post) == post}

    def agrees(self, name: str) -> bool:
        """Whether a replica has exactly the rows of headquarters that it may see, and their conflicts."""
        hq, store = self.stores["hq"], self.stores[name]
        mine = self.seen_by(name, rows_of(hq))
        conflicts = [c for c in (as_seen(c, mine) for c in merge.conflicts(hq)) if c is not None]
        return rows_of(store) == mine and merge.conflicts(store) == conflicts

    def lacking(self, name: str) -> set[str]:
        """The files that some replica has, and this one wants and has not."""
        wanted = record_files.own_stock(self.stores[name]).wanted
        return {f for f in wanted if any(blobs.is_here(other, f) for other in self.stores.values())}

    def nothing_is_missing(self) -> None:
        """Check that all replicas have exactly the rows that they may see, and every confirmed value of these."""
        self.seen["schedules"] += 1
        self.seen["replicas"] += len(self.stores)
        everywhere = rows_of(self.stores["hq"])
        for name, store in self.stores.items():
            mine = self.seen_by(name, everywhere)
            assert self.agrees(name), name
            assert store.rows("SELECT * FROM local_set_aside") == [], name
            there = self.known(name)
            for (key, _col), written in self.model.cells.items():
                for w in set(written) - self.model.lost:
                    assert w in there or key not in mine, (name, w)
            self.as_expected(name)
            lost = record_files.own_stock(store).wanted
            assert lost == set() or self.forked, f"{name} has not got {lost}, which nobody has any more"
            assert not self.lacking(name)
        assert {k for (k, _c), ws in self.model.cells.items() if set(ws) - self.model.lost} <= everywhere.keys()
        if self.seen["schedules"] % 4 == 0:  # all have the same rows: to examine one, now and then, is enough
            one = self.rng.choice(list(self.stores.values()))
            assert doctor.examine_replica(one).healthy
