"""The work that benchmarks of exchange measure: a world of two replicas with rows, and 200,000 changes of them."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from fieldapp.store import vault
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing

INSERTS, UPDATES, VOIDS = 100_000, 80_000, 20_000
PER_TRANSACTION = 200
TEXT = """
giếng khoan buôn thôn xã nhà đại đoàn kết giúp dân gặt lúa thu hoạch mì đào mương làm đường sửa cầu khám bệnh
cấp thuốc miễn phí cho đồng bào tặng quà gia đình chính sách tuyên truyền phổ biến pháp luật tuần tra đường
biên cột mốc vận động nhân dân không xuất cảnh trái phép lũ lụt cứu trợ gạo tiền chăn màn học sinh nghèo vượt
khó
"""
WORDS = TEXT.split()

Statement = tuple[str, list[Any]]


@dataclass
class World:
    """A headquarters and a certified post; ``keys`` open the files of copies."""

    root: Path
    keys: dict[str, bytes]

    def open(self, name: str, home: Path | None = None) -> Store:
        """The replica ``hq`` or ``post``, or a copy of it in ``home``."""
        return Store.open(home or self.root / name, self.keys[name], "A")

    def copy(self, name: str, home: Path) -> Store:
        """A fresh copy of a replica."""
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.root / name, home)
        return self.open(name, home)


def make_world(root: Path) -> World:
    """Enrol a post with its headquarters, certified."""
    root.mkdir(parents=True, exist_ok=True)
    hq = enrolment.init_hq(root / "hq", name="SCH", user="A", passphrase="a b")
    pack = enrolment.write_pack(hq, code="X", name="X", dest=root)
    post = enrolment.init_post(root / "post", pack, user="A", passphrase="a b")
    outgoing.export(post, root)
    incoming.import_files(hq, [root])
    enrolment.trust_replica(hq, "X")
    hq.close()
    post.close()
    for file in root.glob("*.age"):
        file.unlink()
    return World(root, _keys(root))


def _keys(root: Path) -> dict[str, bytes]:
    return {name: vault.unseal(root / name, "A", "a b") for name in ("hq", "post")}


class Recorder:
    """Makes the statements of a post's records: activities, each with two figures.

    ``sparse``: the entries are so many times further apart in time.
    """

    def __init__(self, store: Store, seed: int, sparse: int = 1) -> None:
        self.random = random.Random(seed)
        self.sparse = sparse
        self.post_id = store.identity.post_id
        self.kinds = [r["id"] for r in store.rows("SELECT id FROM activity_kind")]
        self.units = [r["id"] for r in store.rows("SELECT id FROM unit WHERE level = 'commune' LIMIT 12")]
        self.measures = [r["id"] for r in store.rows("SELECT id FROM measure LIMIT 8")]
        self.made_at = datetime(2026, 1, 1, tzinfo=UTC)
        self.activities: list[str] = []
        self.figures: list[str] = []

    def text(self) -> str:
        """A sentence of four to twelve words."""
        return " ".join(self.random.choices(WORDS, k=self.random.randint(4, 12)))

    def stamp(self) -> str:
        """The next instant; an entry takes some seconds."""
        self.made_at += timedelta(seconds=self.random.randint(1, 90) * self.sparse)
        return f"{self.made_at:%Y-%m-%dT%H:%M:%SZ}"

    def new_id(self) -> str:
        """A UUIDv7 of the moment; its other bits are random, because entries are seconds apart."""
        ms, bits = round(self.made_at.timestamp() * 1000) + self.random.randint(0, 999), self.random.getrandbits(74)
        number = ms << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1
        return str(UUID(int=number))

    def rows(self, count: int) -> Iterator[Statement]:
        """New rows: every third an activity, the others its figures."""
        rng = self.random
        day = date(2026, 1, 1)
        for number in range(count):
            if number % 3 == 0:
                stamp = self.stamp()
            row_id = self.new_id()
            if number % 3 == 0:
                activity = row_id
                self.activities.append(row_id)
                on = (day + timedelta(rng.randint(0, 364))).isoformat()
                yield (
                    "INSERT INTO activity (id, post_id, created_at, created_by, activity_kind_id, date_from, unit_id,"
                    " hamlet, description) VALUES (?, ?, ?, 'A', ?, ?, ?, ?, ?)",
                    [row_id, self.post_id, stamp, rng.choice(self.kinds), on, rng.choice(self.units),
                     f"Buôn {rng.choice(WORDS)}", self.text()],
                )  # fmt: skip
            else:
                self.figures.append(row_id)
                yield (
                    "INSERT INTO activity_measure (id, post_id, created_at, created_by, activity_id, measure_id,"
                    " amount, approximate) VALUES (?, ?, ?, 'A', ?, ?, ?, 0)",
                    [row_id, self.post_id, stamp, activity, rng.choice(self.measures), rng.randint(1, 500)],
                )

    def changes(self, updates: int, voids: int) -> tuple[list[Statement], list[Statement]]:
        """Updates of one column each, and voids, spread over the existing rows; no row twice."""
        rng = self.random
        figures = rng.sample(self.figures, (updates + voids) * 2 // 3)
        activities = rng.sample(self.activities, updates + voids - len(figures))
        edits: list[Statement] = [
            ("UPDATE activity_measure SET amount = ? WHERE id = ?", [rng.randint(501, 999), i])
            for i in figures[voids * 2 // 3 :]
        ]
        edits += [
            ("UPDATE activity SET description = ? WHERE id = ?", [self.text(), i])
            for i in activities[voids - voids * 2 // 3 :]
        ]
        gone = [("activity_measure", i) for i in figures[: voids * 2 // 3]]
        gone += [("activity", i) for i in activities[: voids - voids * 2 // 3]]
        voided: list[Statement] = [
            (f"UPDATE {table} SET voided_at = ?, void_reason = ? WHERE id = ?", [self.stamp(), "nhập trùng", i])
            for table, i in gone
        ]
        rng.shuffle(edits)
        rng.shuffle(voided)
        return edits, voided

    def work(self, part: float = 1.0) -> list[list[Statement]]:
        """The measured work in transactions of 200: 100 new rows, 80 updates, 20 voids each."""
        counts = [round(n * part) for n in (INSERTS, UPDATES, VOIDS)]
        edits, voided = self.changes(counts[1], counts[2])
        new = list(self.rows(counts[0]))
        turns = sum(counts) // PER_TRANSACTION
        parts = (new, edits, voided)
        sizes = [len(p) // turns for p in parts]
        return [[s for p, n in zip(parts, sizes, strict=True) for s in p[t * n : (t + 1) * n]] for t in range(turns)]


def record(store: Store, transactions: list[list[Statement]]) -> None:
    """Run statements at a replica, each list in a transaction."""
    for statements in transactions:
        with store.transaction():
            for sql, params in statements:
                store.db.conn.execute(sql, params)


def record_rows(world: World, rows: int, sparse: int = 1) -> Recorder:
    """Enter ``rows`` rows at the post, bring them to headquarters by a bundle, and bring its receipt back."""
    post, hq = world.open("post"), world.open("hq")
    recorder = Recorder(post, 1, sparse)
    statements = recorder.rows(rows)
    while part := list(islice(statements, 20_000)):
        record(post, [part])
    for sender, to in ((post, hq), (hq, post)):
        for file in outgoing.export(sender, world.root, to.identity.replica_id):
            incoming.import_files(to, [file.path])
            file.path.unlink()
    for store in (post, hq):
        store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
    return recorder


def world_in(root: Path, rows: int) -> tuple[World, Recorder]:
    """A world with ``rows`` rows, and the recorder that goes on in it.

    A world that was made there before is used again: three million rows take long.
    """
    made = root / "made"
    if not made.exists():
        world = make_world(root)
        recorder = record_rows(world, rows)
        made.write_text(str(rows))
        return world, recorder
    if made.read_text() != str(rows):
        raise SystemExit(f"{root} holds {made.read_text()} rows, not {rows}")
    world = World(root, _keys(root))
    with world.open("post") as post:
        recorder = Recorder(post, 1)
    for _statement in recorder.rows(rows):  # the same ids again, by the same seed
        pass
    return world, recorder
