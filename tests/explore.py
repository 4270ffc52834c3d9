"""Every schedule of a small world: nothing is drawn at random, all orders of a few actions are tried, up to a depth.

A world has a beginning and a handful of actions: somebody writes, a bundle is carried, a disk is copied or set back, a
laptop is revoked, a program dies half-way. All of it is the program itself, on encrypted files and with bundles on
disk; ``soak.Model`` says what must result. After each action the replicas that it touched must show what the changes
that they have say; from each state all meet, and must agree with nothing missing.

Left out is only what another schedule shows: of two neighbours that touch different replicas one order is tried
(pruned); an action that changes nothing is not gone on from (idle); a state that was reached before, with as many
actions left, is not gone on from again (merged).
"""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from soak import CLONE, Laptops, Model, Written, rows_of
from sync_state import arrived_or_recorded

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.store import people
from fieldapp.store.connection import connect
from fieldapp.store.store import FILE, Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing, status, sticks
from fieldapp.sync.format import clock, segment
from fieldapp.sync.merge import merge, release
from fieldapp.sync.merge.forks import CLOCK_AHEAD, FORK_SETTLED
from fieldapp.sync.merge.revocation import REVOKED
from fieldapp.sync.safety import doctor

HQ, HQ_B, A, B = "hq", "hq-b", "p-a", "p-b"
COPY = A + CLONE
WELL = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221"}


class Killed(BaseException):
    """The program ends here."""


class Replicas(Laptops):
    """The replicas of one state: the machine of the random schedules, without its dice.

    ``branch`` gives them as they are for one more action: those that it touches are copied, the others are shared.
    """

    def __init__(self, root: Path, stores: dict[str, Store], model: Model, forked: bool, done: tuple[str, ...]) -> None:
        self.root, self.stores, self.model, self.forked, self.done = root, stores, model, forked, done
        self.old: set[str] = set()
        self.rng = random.Random(0)
        self.saved: dict[str, Path] = {}
        """disks as they were at the beginning"""
        self.own: list[str] = []
        root.mkdir(parents=True)

    def branch(self, root: Path, touched: frozenset[str], action: str) -> "Replicas":
        model = Model()
        model.cells.update({cell: list(written) for cell, written in self.model.cells.items()})
        model.lost = set(self.model.lost)
        made = Replicas(root, dict(self.stores), model, self.forked, (*self.done, action))
        made.saved = self.saved
        for name in touched & self.stores.keys():
            made.take_disk(name, disk_of(self.stores[name]))
        return made

    def take_disk(self, name: str, disk: Path) -> None:
        """Let a replica go on with a copy of a disk."""
        home = self.root / name
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(disk, home, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
        key = self.keys[name.removesuffix(CLONE)]
        self.stores[name] = Store(connect(home / FILE, key), home / FILE, key, name)
        people.enter_first(self.stores[name])
        self.own.append(name)

    def reopen(self, name: str) -> None:
        """Start the program again after it has died."""
        self.stores[name].close()
        key = self.keys[name.removesuffix(CLONE)]
        self.stores[name] = Store.open(self.root / name, key, name)

    def close(self) -> None:
        for name in self.own:
            self.stores[name].close()
        shutil.rmtree(self.root)

    def write(self, name: str, kind: str, entry: dict[str, Any], row_id: str | None = None) -> str:
        with self.confirming(name) as store:
            row_id = records.save(store, kind, entry, row_id, confirm=True)
        assert row_id is not None
        return row_id

    def bring(self, name: str, other: str, most: int | None = None) -> None:
        stick = self.root / "between"
        stick.mkdir()
        with suppress(FieldappError):  # nobody writes for a laptop that is revoked
            outgoing.export(self.stores[name], stick, self.stores[other].identity.replica_id)
        incoming.import_files(self.stores[other], [stick])
        shutil.rmtree(stick)
        self.as_expected(other)

    def is_quiet(self, name: str) -> bool:
        """Whether nothing waits, and nobody who is there lacks what this replica has."""
        store = self.stores[name]
        state, ids = status.exchange_status(store), {s.identity.replica_id for s in self.stores.values()}
        lacking = not self.forked and any(p.lacks for p in status.peers_status(store) if p.replica_id in ids)
        return not (state.held or state.quarantined or state.unsent or lacking)

    def spread(self, *ways: tuple[str, str]) -> None:
        for name, other in ways:
            self.bring(name, other)

    def there(self, names: frozenset[str]) -> set[Written]:
        """The values that these replicas have in any log or segment, whether it counts or not."""
        found = set()
        for name in names & self.stores.keys():
            store = self.stores[name]
            kept = {(c.hlc, c.table, c.row_id) for r in store.rows("SELECT bytes FROM local_segment")
                    for c in segment.decode(r["bytes"])[1]}  # fmt: skip
            kept |= {(r["hlc"], r["table_name"], r["row_id"]) for r in store.rows("SELECT * FROM local_change")}
            found |= {w for written in self.model.cells.values() for w in written if (w.hlc, *w.key) in kept}
        return found

    def lose(self, name: str) -> None:
        """What only this replica has is lost, and no failure of the program."""
        others = frozenset(self.stores) - {name}
        self.model.lost |= self.there(frozenset({name})) - self.there(others)


def disk_of(store: Store) -> Path:
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store.home


@dataclass(frozen=True)
class Action:
    """What may happen next. ``touches``: the replicas that it reads or changes. ``once``: it happens at most once."""

    name: str
    touches: frozenset[str]
    do: Callable[[Replicas], None]
    once: bool = False


@dataclass(frozen=True)
class Small:
    """A small world. ``size``: of the template that it begins from."""

    name: str
    size: int
    replicas: tuple[str, ...]
    begin: Callable[[Replicas], None]
    actions: tuple[Action, ...]
    gone: frozenset[str] = frozenset()
    """Replicas that nobody meets any more at the end"""
    settle: Callable[[Replicas], None] | None = None
    """What a person does at the end, where something waits or is refused until then. Before it, all who are not
    ``aside`` must agree; after it, all, with nothing missing"""
    aside: frozenset[str] = frozenset()
    """Replicas that have, until then, what no other one may have"""


def carry(name: str, other: str) -> Action:
    return Action(f"{name} → {other}", frozenset({name, other}), lambda w: w.bring(name, other))


def ways(*pairs: str) -> tuple[Action, ...]:
    """“p-a hq” is a bundle from ``p-a`` that ``hq`` reads."""
    return tuple(carry(*pair.split()) for pair in pairs)


def lost_stick(name: str, other: str) -> Action:
    def do(w: Replicas) -> None:
        outgoing.export(w.stores[name], w.root, w.stores[other].identity.replica_id)

    return Action(f"{name} → {other}, the stick is lost", frozenset({name, other}), do)


def write(what: str, name: str, do: Callable[[Replicas], object]) -> Action:
    return Action(what, frozenset({name}), lambda w: (do(w), None)[1], once=True)


# the worlds ------------------------------------------------------------------------------------------------------


def first(w: Replicas, name: str, kind: str, number: int = 0) -> str:
    """The id of a row of a kind, in the order of recording."""
    found: str = w.stores[name].rows(f"SELECT id FROM {kind} ORDER BY id")[number]["id"]
    return found


def void(name: str, kind: str, number: int) -> Callable[[Replicas], None]:
    def do(w: Replicas) -> None:
        with w.confirming(name) as store:
            records.void(store, first(w, name, kind, number), f"{name} thấy trùng")

    return do


def edit(name: str, kind: str, column: str, value: Any) -> Callable[[Replicas], None]:
    """Change the first row of a kind in place, as any other program may."""

    def do(w: Replicas) -> None:
        with w.confirming(name) as store, store.transaction():
            store.db.execute(f"UPDATE {kind} SET {column} = ? WHERE id = ?", [value, first(w, name, kind)])

    return do


def event(name: str, title: str) -> Callable[[Replicas], object]:
    return lambda w: w.write(name, "event", {"name": title, "date_from": "2013-09-18"})


def two_wells(w: Replicas) -> None:
    for _ in range(2):
        w.write(A, "activity", {**WELL, "measures": [{"measure_id": "gieng", "amount": 1}]})
    w.spread((A, HQ), (HQ, B), (B, HQ), (HQ, A))


def one_event(w: Replicas) -> None:
    event(A, "Lũ")(w)
    w.spread((A, HQ), (HQ, B), (B, HQ), (HQ, A))


def ahead(days: int) -> Callable[[Replicas], None]:
    def begin(w: Replicas) -> None:
        one_event(w)
        w.stores[A].db.execute("UPDATE local_session SET hlc = (unixepoch() + ? * 86400) * 1000 << 16", [days])
        edit(A, "event", "name", "A trước")(w)

    return begin


def copied(w: Replicas) -> None:
    """The disk of A is copied; both went on, and wrote the same number of changes."""
    one_event(w)
    w.take_disk(COPY, disk_of(w.stores[A]))
    w.forked = True
    for name in (A, COPY):
        event(name, f"của {name}")(w)
        with w.stores[name].transaction():
            segment.seal_open_changes(w.stores[name])


def saved(name: str) -> Callable[[Replicas], None]:
    def begin(w: Replicas) -> None:
        one_event(w)
        w.saved = {name: w.root / "saved"}
        shutil.copytree(disk_of(w.stores[name]), w.saved[name], ignore=shutil.ignore_patterns("*-wal", "*-shm"))
        if name == A:
            event(A, "sau")(w)

    return begin


def set_back(name: str) -> Action:
    def do(w: Replicas) -> None:
        w.lose(name)
        w.stores[name].close()
        w.own.remove(name)
        w.take_disk(name, w.saved[name])
        w.forked = True

    return Action(f"{name} is set back", frozenset({name, A, B, HQ, HQ_B}), do, once=True)


def shared_cell(w: Replicas) -> None:
    w.write(HQ, "party_cell", {"name": "Chi bộ buôn", "unit_id": "24221"})
    w.spread((HQ, HQ_B), (HQ_B, HQ), (HQ, A))


def sent_by_b(w: Replicas) -> None:
    one_event(w)
    event(B, "trước khi mất")(w)
    w.spread((B, HQ), (HQ, A))
    w.forked = True  # what is withdrawn leaves changes that others still know


def revoke(w: Replicas) -> None:
    enrolment.revoke_replica(w.stores[HQ], w.stores[B].identity.replica_id)
    w.as_expected(HQ)  # as far as B's changes arrived, they stay


def trust_again(w: Replicas) -> None:
    with suppress(FieldappError):  # it was not revoked yet
        enrolment.trust_replica(w.stores[HQ], w.stores[B].identity.replica_id)
    w.as_expected(HQ)


def release_at_a(w: Replicas) -> None:
    """An officer lets A log again what it wrote while its clock was beyond the bound; the model gets its new places."""
    store = w.stores[A]
    release.release(store)
    logged = {(c.table, c.row_id, col, value): c
              for c in arrived_or_recorded(store) for col, value in c.cols.items()
              if clock.is_plausible(c.hlc)}  # fmt: skip
    for (key, col), written in w.model.cells.items():
        for at, one in enumerate(written):
            if not clock.is_plausible(one.hlc):
                now = logged[*key, col, one.value]
                written[at] = replace(one, log=now.log_id, seq=now.seq, hlc=now.hlc)
    w.as_expected(A)


def dies(what: str, name: str, other: str) -> Action:
    """A bundle is carried; one of both programs dies over it, and is started again."""

    def die(*_given: object, **_named: object) -> None:
        raise Killed

    def do(w: Replicas) -> None:
        stick = w.root / "between"
        stick.mkdir()
        with pytest.MonkeyPatch.context() as patched, suppress(Killed):
            if what == "exporting":  # the file is complete, and nothing is stored about it
                patched.setattr(sticks, "record_written_bundle", die)
            outgoing.export(w.stores[name], stick, w.stores[other].identity.replica_id)
        with pytest.MonkeyPatch.context() as patched, suppress(Killed):
            if what == "importing":  # segments are entered, their rows are not written yet
                patched.setattr(merge, "flush_pending", die)
            incoming.import_files(w.stores[other], [stick])
        shutil.rmtree(stick)
        for one in (name, other):
            w.reopen(one)
        w.as_expected(other)

    return Action(f"{name} → {other}, dies {what}", frozenset({name, other}), do)


STAR = ("p-a hq", "hq p-a", "p-b hq", "hq p-b")

WORLDS = (
    Small(
        "voids in pairs", 3, (HQ, A, B), two_wells,
        (write("A voids the first", A, void(A, "activity", 0)), write("B voids the second", B, void(B, "activity", 1)),
         write("B corrects a line of the first", B, edit(B, "activity_measure", "amount", 7)),
         *ways(*STAR, "p-a p-b")),
    ),
    Small(
        "a clock 1,000 days ahead", 3, (HQ, A, B), ahead(1000),
        (write("A edits", A, edit(A, "event", "name", "A")), write("B edits", B, edit(B, "event", "name", "B")),
         write("B edits again", B, edit(B, "event", "date_to", "2013-11-05")), *ways(*STAR, "p-a p-b")),
    ),
    Small(
        "a clock beyond the bound", 3, (HQ, A, B), ahead(4000),
        (write("B edits", B, edit(B, "event", "name", "B")), *ways(*STAR, "p-a p-b", "p-b p-a")),
        settle=release_at_a, aside=frozenset({A}),
    ),
    Small(
        "a copied disk, then gone", 3, (HQ, A, B), copied,
        (*ways("p-a' p-b", *STAR, "p-a' hq"), lost_stick(B, HQ)),
        gone=frozenset({COPY}),
    ),
    Small(
        "a copied disk, both go on", 3, (HQ, A, B), copied,
        (*ways("p-a' p-b", *STAR, "p-a' hq", "hq p-a'"), write("the copy writes", COPY, event(COPY, "thêm"))),
    ),
    Small(
        "a post's disk is set back", 3, (HQ, A, B), saved(A),
        (set_back(A), write("A writes", A, event(A, "mới")), *ways(*STAR, "p-a p-b")),
    ),
    Small(
        "headquarters' disk is set back", 3, (HQ, A, B), saved(HQ),
        (set_back(HQ), write("HQ writes", HQ, lambda w: w.write(HQ, "party_cell", {"name": "Mới", "unit_id": "24221"})),
         write("A writes", A, event(A, "mới")), *ways(*STAR)),
    ),
    Small(
        "two headquarters laptops", 5, (HQ, HQ_B, A), shared_cell,
        (write("HQ edits", HQ, edit(HQ, "party_cell", "hamlet", "HQ")),
         write("HQ-B edits", HQ_B, edit(HQ_B, "party_cell", "hamlet", "HQ-B")),
         write("HQ-B voids", HQ_B, void(HQ_B, "party_cell", 0)), write("A writes", A, event(A, "mới")),
         *ways("hq hq-b", "hq-b hq", "hq p-a", "hq-b p-a", "p-a hq-b")),
    ),
    Small(
        "a laptop is revoked", 3, (HQ, A, B), sent_by_b,
        (Action("HQ revokes B", frozenset({HQ}), revoke, once=True),
         Action("HQ certifies B again", frozenset({HQ}), trust_again, once=True),
         write("B writes", B, event(B, "sau khi mất")), *ways("p-b hq", "p-b p-a", "p-a hq", "hq p-a", "hq p-b")),
        settle=trust_again, aside=frozenset({B}),
    ),
    Small(
        "programs die half-way", 3, (HQ, A, B), one_event,
        (write("A writes", A, event(A, "A")), write("B edits", B, edit(B, "event", "name", "B")),
         dies("exporting", A, HQ), dies("importing", A, HQ), dies("importing", HQ, A),
         *ways("p-a hq", "p-b hq", "hq p-b")),
    ),
)  # fmt: skip


# the exploration -------------------------------------------------------------------------------------------------


@dataclass
class Explored:
    """What was tried. ``schedules``: sequences of actions that end at the depth, or where nothing changes any more."""

    world: str
    depth: int
    counts: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        told = ("schedules", "actions", "states", "pruned", "idle", "merged")
        return f"{self.world}, depth {self.depth}: " + ", ".join(f"{self.counts[what]} {what}" for what in told)


def explore(world: Small, depth: int, root: Path, template: Path) -> Explored:
    """Try all schedules of a world. Raises AssertionError with the schedule that does not end as it must."""
    found = Explored(world.name, depth)
    begun = Replicas(root / "begin", {}, Model(), False, ())
    try:
        for name in world.replicas:
            begun.take_disk(name, template / str(world.size) / name)
        world.begin(begun)
        for name in begun.stores:
            if name != COPY:
                with begun.stores[name].transaction():
                    segment.seal_open_changes(begun.stores[name])
        _Search(world, root, found).go_on(begun, depth, None)
    finally:
        begun.close()
    return found


class _Search:
    def __init__(self, world: Small, root: Path, found: Explored) -> None:
        self.world, self.root, self.counts = world, root, found.counts
        self.reached: dict[tuple[str, ...], int] = {}
        """state -> the most actions with which it was gone on from"""

    def go_on(self, w: Replicas, left: int, last: int | None) -> None:
        """Try everything that may come next."""
        state = tuple(sorted(f"{name} {fingerprint(store)}" for name, store in w.stores.items()))
        if state not in self.reached:
            self.counts["states"] += 1
            self.ends_well(w)
        elif self.reached[state] >= left:
            self.counts["merged"] += 1
            return
        self.reached[state] = left
        ended = True
        for number, action in enumerate(self.world.actions if left else ()):
            if action.once and action.name in w.done:
                continue
            if last is not None and number < last and action.touches.isdisjoint(self.world.actions[last].touches):
                self.counts["pruned"] += 1
                continue
            next_ = w.branch(self.root / str(left), action.touches, action.name)
            try:
                self.counts["actions"] += 1
                with told(next_):
                    action.do(next_)
                if all(fingerprint(next_.stores[n]) == fingerprint(s) for n, s in w.stores.items()):
                    self.counts["idle"] += 1
                    continue
                ended = False
                self.go_on(next_, left - 1, number)
            finally:
                next_.close()
        self.counts["schedules"] += ended

    def ends_well(self, w: Replicas) -> None:
        """Let all meet, in a copy of this state: they agree, and nothing is missing."""
        end = w.branch(self.root / "end", frozenset(w.stores), "all meet")
        try:
            with told(end):
                for name in self.world.gone & end.stores.keys():
                    end.lose(name)
                    end.stores.pop(name).close()
                    end.own.remove(name)
                if self.world.settle is not None:
                    self.agree(end)
                    self.world.settle(end)
                end.everybody_meets()
                end.nothing_is_missing()
                for name, store in end.stores.items() if self.world.settle is not None else ():
                    assert doctor.examine_replica(store).healthy, name
        finally:
            end.close()

    def agree(self, end: Replicas) -> None:
        """What waits or is refused may stay so; of what counts all show the same, and what their changes say."""
        for _turn in range(3):
            for up in (True, False):
                end.spread(*((n, o) for n in end.stores for o in end.partners(n) if end.is_up(n, o) == up))
        for name, store in end.stores.items():
            end.as_expected(name)
            if name not in self.world.aside:
                assert rows_of(store) == rows_of(end.stores[HQ]), name
                assert merge.conflicts(store) == merge.conflicts(end.stores[HQ]), name
                assert store.rows("SELECT * FROM local_set_aside") == [], name
            reasons = {row["reason"] for row in store.rows("SELECT reason FROM local_segment WHERE state <> 'applied'")}
            assert reasons <= {CLOCK_AHEAD, REVOKED, FORK_SETTLED}, (name, reasons)


@contextmanager
def told(w: Replicas) -> Iterator[None]:
    """Names the schedule in which something is wrong."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{' · '.join(w.done)}: {error!r}") from error


def fingerprint(store: Store) -> str:
    """What a replica has and knows: two in which it is equal go on in the same way, but for their clocks."""
    segments = store.rows("SELECT hash, state, reason FROM local_segment ORDER BY hash")
    logs = store.rows("SELECT id, own, seq FROM local_log ORDER BY id")
    receipts = store.rows("SELECT replica_id, log_id, have FROM local_receipt ORDER BY replica_id, log_id")
    trust = store.rows("SELECT id, trust FROM local_replica ORDER BY id")
    return json.dumps([segments, logs, receipts, trust], sort_keys=True)
