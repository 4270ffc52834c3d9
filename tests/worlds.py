"""Random worlds for the recount: a headquarters and three posts, with all that makes a figure hard to count.

Units end, are renamed, merged and divided on 1 July 2025 and again in 2026; posts record things together and use a
reference again; dated figures lie inside and outside their activity's days; records of every kind are voided and
returned. Each post writes its own rows, as its laptop or an older version would, and real bundles carry them.
``Made`` remembers what no row says plainly: which records are returned.
"""

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from field import PASSPHRASE, USER, World

from fieldapp.records import reviews
from fieldapp.store import ids, vault
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing

TODAY = date(2026, 11, 30)
REFORM = date(2025, 7, 1)
LATER = date(2026, 3, 1)
"""The second succession of some units"""
POSTS = {"IARVE": "post", "IALOP": "post2", "EABUNG": "post3"}
"""Code -> folder"""
WRITTEN = {"created_at": "2026-11-25T01:19:06Z", "created_by": "A"}

KINDS = {
    "kham_chua_benh": ("luot_kham", "nguoi_kham", "tri_gia_kham"),
    "thien_tai": ("luot_cbcs", "luot_phuong_tien", "gao_kg", "tien_mat", "ho"),
    "gieng_khoan": ("gieng", "ho_huong_loi", "tri_gia_cong_trinh"),
    "nha_dai_doan_ket": ("can_nha", "ho_huong_loi"),
    "mai_am_bien_gioi": ("can_nha", "ho_huong_loi"),
    "tu_quan_duong_bien": ("km", "moc", "ho"),
    "dia_phuong_giup_don": ("ngay_cong_nhan", "hien_vat_nhan"),
    "cung_co_co_so_chinh_tri": (),
}
WORDS = ("hàng chục", "Hàng chục", "hàng  chục", "vài", "Vài", "rất nhiều", "?")
REFERENCES = (("05/KH", "05/kh", "05 KH"), ("PH-01/2025", "ph 01 2025"), ("12-KH/ĐU", "12-kh/đu"), ("–", "..."))
"""Three references, each in the spellings that people use, and none"""
BODIES = ("commune", "party_cell", "police", "militia", "women_union", "farmers_union", "hamlet", "household_group",
          "other")  # fmt: skip
NAMES = ("Buôn Ba Na", "buôn Ba Na", "Thôn 5", "Tổ 1", "tổ 1")
OUTCOMES = ("pending", "elected", "elected", "not_elected", "withdrawn")
RATINGS = ("excellent", "good", "completed", "not_completed")
MATTERS = ("information_exchange", "advice_to_committee", "problem_on_the_spot", "support_request")


HARD = frozenset(
    {
        "reform",
        "hamlets",
        "not_in_force",
        "chosen",
        "joint",
        "used_again",
        "dated_outside",
        "foreign_measure",
        "twice",
        "no_figure",
        "void",
        "void_member",
        "merge_members",
        "void_line",
        "return",
        "decided_later",
        "open_matters",
        "bodies",
    }
)
"""What makes figures hard: a world may have some of it only, so that a difference is found in a smaller one"""
HUGE = HARD | {"beyond_64_bits"}


@dataclass
class Base:
    """Folders of a headquarters and three certified posts, closed, and the raw keys of their files."""

    root: Path
    keys: dict[str, bytes]


def base(first: World, root: Path) -> Base:
    """Make a headquarters and three posts, once for all worlds, out of the first of them with its post."""
    world = first.copy(root)
    homes = list(POSTS.items())[1:]
    for code, folder in homes:
        stick = root / f"first-{folder}"
        stick.mkdir()
        pack = enrolment.write_pack(world.hq, code=code, name=f"Đồn {code}", dest=stick)
        post = enrolment.init_post(root / folder, pack, user=USER, passphrase=PASSPHRASE)
        outgoing.export(post, stick)
        incoming.import_files(world.hq, [stick])
        enrolment.trust_replica(world.hq, code)
        post.close()
    keys = world.keys | {folder: vault.unseal(root / folder, USER, PASSPHRASE) for _code, folder in homes}
    world.close()
    return Base(root, keys)


@dataclass
class Made:
    """One world: the open replicas, and the ids of the records that stand returned."""

    seed: int
    root: Path
    hq: Store
    posts: list[Store]
    units: list[Row] = field(default_factory=list)
    """its own units, in the order of their making"""
    returned: set[str] = field(default_factory=set)

    def close(self) -> None:
        for store in (self.hq, *self.posts):
            store.close()


def make(first: Base, root: Path, seed: int, hard: frozenset[str] = HARD) -> Made:
    """The world of a seed, in a new folder."""
    assert hard <= HUGE
    shutil.copytree(first.root, root)
    hq = Store.open(root / "hq", first.keys["hq"], "Trực ban")
    posts = [Store.open(root / folder, first.keys[folder], USER) for folder in POSTS.values()]
    made = Made(seed, root, hq, posts)
    _Maker(made, hard).run()
    return made


@dataclass
class _Unit:
    id: str
    code: str
    first: date | None
    last: date | None
    heirs: list[str] = field(default_factory=list)


class _Maker:
    def __init__(self, made: Made, hard: frozenset[str]) -> None:
        self.made = made
        self.hard_things = hard
        self.rng = random.Random(made.seed)
        self.stores: list[Store] = [made.hq, *made.posts]
        self.scopes = [s.identity.post_id or "*" for s in self.stores]
        self.pending: list[tuple[Store, str, Row]] = []
        self.known = {
            table: {r["code"]: r["id"] for r in made.hq.rows(f"SELECT id, code FROM {table}")}
            for table in ("activity_kind", "measure", "ethnic_group")
        }
        self.communes: list[_Unit] = []
        self.hamlets: list[_Unit] = []
        self.number = 0
        self.ids: dict[str, list[list[str]]] = {}
        self.bundles = 0
        self.voided: set[str] = set()
        self.member_of: dict[str, str] = {}

    # rows

    def add(self, at: int, table: str, **values: Any) -> str:
        """A row of a replica: 0 is headquarters. Written by ``flush``; its id is later than those before it."""
        scope = self.scopes[at]
        row = {"id": ids.new_id(scope), **({} if scope == "*" else {"post_id": scope}), **WRITTEN, **values}
        stored = {c: v.isoformat() if isinstance(v, date) else v for c, v in row.items()}
        self.pending.append((self.stores[at], table, stored))
        self.ids.setdefault(table, [[], [], [], []])[at].append(stored["id"])
        if "member_id" in stored:
            self.member_of[stored["id"]] = stored["member_id"]
        return str(stored["id"])

    def flush(self) -> None:
        for store in self.stores:
            with store.transaction():
                for _store, table, row in (p for p in self.pending if p[0] is store):
                    marks = ", ".join("?" * len(row))
                    store.db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        self.pending = []

    def change(self, at: int, table: str, row_id: str, **values: Any) -> None:
        sets = ", ".join(f"{c} = ?" for c in values)
        with self.stores[at].transaction():
            self.stores[at].db.execute(f"UPDATE {table} SET {sets} WHERE id = ?", [*values.values(), row_id])

    def carry(self, sender: Store, to: Store) -> None:
        self.bundles += 1
        stick = self.made.root / f"stick-{self.bundles}"
        stick.mkdir()
        outgoing.export(sender, stick, to.identity.replica_id)
        (arrived,) = incoming.import_files(to, [stick])
        assert arrived.complete and arrived.set_aside == []

    # chance

    def often(self, share: float) -> bool:
        return self.rng.random() < share

    def hard(self, thing: str, share: float = 1) -> bool:
        drawn = self.often(share)
        return drawn and thing in self.hard_things

    def day(self) -> date:
        """A day from 2018 on; every second one is near the reform."""
        first, last = (date(2025, 4, 1), date(2026, 6, 1)) if self.often(0.5) else (date(2018, 1, 1), TODAY)
        return min(first + timedelta(self.rng.randint(0, (last - first).days)), TODAY - timedelta(10))

    def maybe(self, share: float, value: Any) -> Any:
        return value if self.often(share) else None

    # units

    def unit(self, level: str, code: str | None, parent: str | None, first: date | None, last: date | None) -> _Unit:
        self.number += 1
        code = code or f"T{self.number:02d}"
        border = "land_border" if level == "commune" and self.number % 3 == 0 else None
        row_id = self.add(0, "unit", level=level, code=code, name=f"Xã {self.number}", parent_id=parent,
                          valid_from=first, valid_to=last, border=border)  # fmt: skip
        unit = _Unit(row_id, code, first, last)
        self.made.units.append(self.pending[-1][2])
        if level == "commune":
            self.communes.append(unit)
        return unit

    def old(self, code: str | None = None, district: int = 0) -> _Unit:
        return self.unit("commune", code, self.districts[district].id, None, REFORM - timedelta(1))

    def new(self, code: str | None = None, first: date = REFORM, last: date | None = None) -> _Unit:
        return self.unit("commune", code, self.province.id, first, last)

    def becomes(self, old: _Unit, *heirs: _Unit, on: date = REFORM, shares: Sequence[str] = ()) -> None:
        for place, heir in enumerate(heirs):
            share = {"share": shares[place]} if shares else {}
            self.add(0, "unit_succession", old_unit_id=old.id, new_unit_id=heir.id, effective_on=on, **share)
            old.heirs.append(heir.id)

    def make_units(self) -> None:
        end = REFORM - timedelta(1)
        self.province = self.unit("province", "T1", None, REFORM, None)
        before = [self.unit("province", code, None, None, end) for code in ("T1", "T2")]
        for one in before:
            self.becomes(one, self.province)
        self.districts = [self.unit("district", None, before[n // 2].id, None, end) for n in range(3)]
        lineages: list[Callable[[], None]] = [
            self.kept, self.renamed, self.merged, self.divided, self.part_joins_another, self.people_to_one,
            self.renamed_twice, self.divided_later, self.merged_later, self.code_used_again, self.ended,
        ]  # fmt: skip
        for _ in range(2):  # these go through all of it
            self.unit("commune", None, self.province.id, None, None)
        for lineage in [self.divided, *self.rng.sample(lineages, 6)] if self.hard("reform") else ():
            lineage()
        for commune in self.rng.sample(self.communes, 3) if self.hard("hamlets") else ():
            self.hamlets.append(self.unit("hamlet", None, commune.id, commune.first, None))

    def kept(self) -> None:
        old = self.old()
        self.becomes(old, self.new(old.code), shares=("whole",))

    def renamed(self) -> None:
        self.becomes(self.old(), self.new(), shares=("whole",))

    def merged(self) -> None:
        olds = [self.old(district=self.rng.randrange(3)) for _ in range(self.rng.randint(2, 3))]
        heir = self.new(olds[0].code)
        for old in olds:
            self.becomes(old, heir, shares=("whole",))

    def divided(self) -> None:
        old = self.old()
        heirs = [self.new(old.code), *(self.new() for _ in range(self.rng.randint(1, 2)))]
        self.becomes(old, *heirs, shares=("part",) * len(heirs))

    def part_joins_another(self) -> None:
        divided, whole = self.old(district=1), self.old(district=self.rng.randrange(3))
        other = self.new(whole.code)
        self.becomes(divided, self.new(divided.code), other, shares=("part", "part"))
        self.becomes(whole, other, shares=("whole",))

    def people_to_one(self) -> None:
        divided, whole = self.old(), self.old()
        other = self.new(whole.code)
        self.becomes(divided, self.new(divided.code), other, shares=("all_people", "land_only"))
        self.becomes(whole, other, shares=("whole",))

    def renamed_twice(self) -> None:
        old = self.old(district=2)
        between = self.new(old.code, last=LATER - timedelta(1))
        self.becomes(old, between, shares=("whole",))
        self.becomes(between, self.new(old.code, LATER), on=LATER, shares=("whole",))

    def divided_later(self) -> None:
        """Divided in 2025, and one part of it again in 2026."""
        old = self.old()
        between, other = self.new(old.code, last=LATER - timedelta(1)), self.new()
        self.becomes(old, between, other, shares=("part", "part"))
        self.becomes(between, self.new(old.code, LATER), self.new(None, LATER), on=LATER, shares=("part", "part"))

    def merged_later(self) -> None:
        """Each kept in 2025, one in 2026."""
        last = self.new(None, LATER)
        for _ in range(2):
            old = self.old()
            between = self.new(old.code, last=LATER - timedelta(1))
            self.becomes(old, between, shares=("whole",))
            self.becomes(between, last, on=LATER, shares=("whole",))

    def code_used_again(self) -> None:
        """The code of an old unit is another's now."""
        first, second = self.old(), self.old(district=1)
        self.becomes(first, self.new(), shares=("whole",))
        self.becomes(second, self.new(first.code), shares=("whole",))

    def ended(self) -> None:
        """Nobody knows what became of it."""
        self.old()

    def place(self, day: date) -> _Unit:
        """A commune or hamlet, nearly always one in force on the day."""
        units = [*self.communes, *self.hamlets]
        there = [u for u in units if (u.first is None or u.first <= day) and (u.last is None or u.last >= day)]
        return self.rng.choice(units if self.hard("not_in_force", 0.12) else there)

    def now(self, unit: _Unit) -> str | None:
        """What a record says to be today's unit: mostly of a divided one, seldom another, seldom none of its heirs."""
        if not self.hard("chosen"):
            return None
        if self.often(0.02):
            return self.rng.choice(self.communes).id
        return self.rng.choice(unit.heirs) if unit.heirs and self.often(0.55 if len(unit.heirs) > 1 else 0.1) else None

    # records

    def run(self) -> None:
        self.make_units()
        for number, unit in enumerate(self.rng.sample([*self.communes, *self.hamlets], min(6, len(self.communes)))):
            self.add(0, "party_cell", name=f"Chi bộ {number}", unit_id=unit.id)
        self.cells = self.ids["party_cell"][0]
        self.extra = self.add(0, "kind_field", activity_kind_id=self.known["activity_kind"]["gieng_khoan"], code="sau",
                              name="Độ sâu", field_type="text", decimals=0, needed=0, position=1)  # fmt: skip
        for at in (0, 1):
            self.add(0, "plan", for_post_id=self.scopes[1] if at else None, date_from="2025-01-01",
                     date_to="2025-12-31", measure_id=self.known["measure"]["luot_kham"], target=500)  # fmt: skip
        self.flush()
        for kind, wanted in {"nha_dai_doan_ket": (2, 0), "kham_chua_benh": (None, 1)}.items():
            self.change(0, "activity_kind", self.known["activity_kind"][kind],
                        photographs_wanted=wanted[0], minutes_wanted=wanted[1])  # fmt: skip
        for post in self.made.posts:
            self.carry(self.made.hq, post)
        for at in (1, 2, 3):
            self.make_ground(at)
        makers = [self.make_activity] * 26 + [self.make_meeting] * 8 + [self.make_introductions] * 4
        makers += [self.make_charge, self.make_matter] * 6 + [self.make_candidacy, self.make_group] * 4
        makers += [self.make_rating] * 5 + [self.make_rest] * 3
        work = [(maker, at) for maker in makers for at in (1, 2, 3)]
        deeds: list[tuple[Callable[[int], None], int]] = [(self.make_deed, 0)] * (14 if self.hard("joint") else 0)
        for maker, at in self.rng.sample(work + deeds, len(work) + len(deeds)):  # so that ids of the posts mix
            maker(at)
        for at in (1, 2, 3) if self.hard("beyond_64_bits") else ():
            self.make_huge(at)
        self.make_files(random.Random(f"files {self.made.seed}"))
        self.flush()
        self.merge_some()
        self.void_some()
        for post in self.made.posts:
            self.carry(post, self.made.hq)
        self.return_some()

    def make_ground(self, at: int) -> None:
        """What the other records of a post refer to."""
        for name in ("Nguyễn Văn Một", "Trần Văn Hai", "Lê Văn Ba", "Y Bốn"):
            self.add(at, "member", full_name=name)
        self.villager = self.add(at, "member", full_name="H' Năm", party_cell_id=self.rng.choice(self.cells))
        for name in ("Lũ", "Tết"):
            self.add(at, "event", name=name, date_from=self.day())
        agreement = self.add(at, "agreement", agreement_type="regulation", name="Quy chế phối hợp",
                             date_from="2018-01-01")  # fmt: skip
        for number in (1, 2):
            self.add(at, "agreement_task", agreement_id=agreement, number=number, title=f"Nhiệm vụ {number}")
        self.add(at, "agreement_amendment", agreement_id=agreement, amended_on="2020-02-02", content="Sửa điều 2")

    def one(self, at: int, table: str) -> str:
        return self.rng.choice(self.ids[table][at])

    def activity(self, at: int, kind: str, first: date, last: date | None, unit: _Unit, **more: Any) -> str:
        group = self.rng.choice(list(self.known["ethnic_group"].values())[:3])
        row_id = self.add(at, "activity", activity_kind_id=self.known["activity_kind"][kind], date_from=first,
                          date_to=last, unit_id=unit.id, unit_now_id=self.now(unit),
                          event_id=self.maybe(0.3, self.one(at, "event")), ethnic_group_id=self.maybe(0.3, group),
                          agreement_task_id=self.maybe(0.2, self.one(at, "agreement_task")), **more)  # fmt: skip
        if kind == "gieng_khoan":
            self.add(at, "activity_extra", activity_id=row_id, kind_field_id=self.extra, value="60 m")
        return row_id

    def measure(self, at: int, activity: str, measure: str, said: Row, on: date | None = None) -> None:
        row = {"amount": None, "approximate": 0, "note": None, **said}
        self.add(at, "activity_measure", activity_id=activity, measure_id=self.known["measure"][measure],
                 measured_on=on, **row)  # fmt: skip
        if "amount" in said and self.hard("twice", 0.04):  # a merge left it twice
            self.add(at, "activity_measure", activity_id=activity, measure_id=self.known["measure"][measure],
                     measured_on=on, amount=self.rng.randint(0, 9), approximate=0)  # fmt: skip

    def said(self) -> Row:
        """What a line of a figure says: a number, about one, words, or nothing."""
        amount = self.rng.choice([0, 1, 7, 40, 999, 12_345, *([10**15] if self.often(0.3) else [])])
        words = self.rng.choice(WORDS)
        nothing = [{"approximate": 1}] if self.hard("no_figure", 0.4) else []
        return self.rng.choice([
            *[{"amount": amount}] * 6, {"amount": amount, "approximate": 1}, {"amount": amount, "note": "theo sổ"},
            {"note": words, "approximate": 1}, {"note": words}, *nothing,
        ])  # fmt: skip

    def make_activity(self, at: int) -> None:
        kind, first = self.rng.choice(list(KINDS)), self.day()
        length = self.rng.choice([None, 0, 1, 3, 20, 45])
        last = None if length is None else min(first + timedelta(length), TODAY)
        reference = self.rng.choice(self.rng.choice(REFERENCES)) if self.hard("used_again", 0.15) else None
        row_id = self.activity(at, kind, first, last, self.place(first), joint_reference=reference)
        measures = [m for m in KINDS[kind] if self.often(0.6)]
        if self.hard("foreign_measure", 0.05):
            measures.append("ngay_cong")  # its kind was changed later: the figure is none of its kind's
        for measure in measures:
            if last is not None and self.often(0.4):
                for on in sorted({self.part_day(first, last) for _ in range(self.rng.randint(1, 3))}):
                    self.measure(at, row_id, measure, self.said(), on)
            else:
                self.measure(at, row_id, measure, self.said())
        if kind == "cung_co_co_so_chinh_tri" or self.often(0.25):
            self.make_targets(at, row_id)

    def make_files(self, rng: random.Random) -> None:
        """Photographs and papers at activities: some twice, some taken out, some that another post puts there, some as
        a version before wrote them."""
        activities = [(at, row_id) for at in (1, 2, 3) for row_id in self.ids["activity"][at]]
        for at, row_id in activities:
            for _ in range(rng.choice([0, 0, 1, 2, 4])):
                by = at if rng.random() < 0.9 else rng.choice([1, 2, 3])
                out = {"voided_at": "2026-11-26T00:00:00Z", "void_reason": "nhầm"} if rng.random() < 0.15 else {}
                self.add(by, "attachment", record_kind="activity", record_id=row_id, name="a", size=1,
                         media_type=rng.choice(["image/jpeg", "application/pdf"]), sha256=f"{rng.randrange(60):064x}",
                         sort=rng.choice([None, None, "photograph", "minute", "paper"]), **out)  # fmt: skip

    def make_huge(self, at: int) -> None:
        """Amounts of which three posts' sum has more than 64 bits."""
        first = date(2018, 1, 1)
        row_id = self.activity(at, "thien_tai", first, TODAY, self.place(first))
        for day in range(3_100):
            self.measure(at, row_id, "tien_mat", {"amount": 10**15}, first + timedelta(day))

    def part_day(self, first: date, last: date) -> date:
        """A day of the activity; sometimes one outside, after its days were changed."""
        if self.hard("dated_outside", 0.2):
            return min(self.rng.choice([first - timedelta(3), last + timedelta(40), first - timedelta(400)]), TODAY)
        return first + timedelta(self.rng.randint(0, (last - first).days))

    def make_targets(self, at: int, activity: str) -> None:
        for _ in range(self.rng.randint(1, 4)):
            body = self.rng.choice(BODIES)
            given: Row = {}
            if body == "party_cell" and self.often(0.7):
                given["party_cell_id"] = self.rng.choice(self.cells)
            elif body == "commune" or self.hard("bodies", 0.5):
                given["unit_id"] = self.rng.choice([*self.communes, *self.hamlets]).id
            if not given or (body not in ("commune", "party_cell") and self.hard("bodies", 0.4)):
                given["name"] = self.rng.choice(NAMES)
            self.add(at, "activity_target", activity_id=activity, target_type=body, **given)

    def make_deed(self, _at: int) -> None:
        """One thing that several posts did and each recorded; then, perhaps, the reference used again."""
        spellings = self.rng.choice(REFERENCES)
        kind = self.rng.choice(["kham_chua_benh", "thien_tai", "gieng_khoan"])
        first = self.rng.choice([self.day(), date(2025, 6, 30), date(2025, 12, 31), date(2018, 5, 31)])
        unit = self.place(first)
        again = self.rng.choice([None, 2, 5, 31, 365]) if self.hard("used_again") else None
        for start in (first, *([first + timedelta(again)] if again else [])):
            if start > TODAY - timedelta(10):
                continue
            posts = self.rng.choice([(1, 2), (1, 2), (2, 3), (1, 2, 3), (3, 3), (1, 1, 2), (self.rng.randint(1, 3),)])
            same = self.rng.choice([40, 200, 999])
            for number, at in enumerate(posts):
                began = start + timedelta(number * self.rng.choice([0, 0, 1]))
                last = self.maybe(0.5, began + timedelta(self.rng.choice([0, 1, 2])))
                where = unit if self.often(0.7) else self.place(began)
                row_id = self.activity(at, kind, began, last, where, joint_reference=self.rng.choice(spellings))
                for measure in KINDS[kind]:
                    said = self.rng.choice([{"amount": same}, {"amount": same}, {"amount": same + number}, self.said()])
                    if self.often(0.75):
                        on = self.maybe(0.15, began)
                        self.measure(at, row_id, measure, said, on)
                if self.often(0.2):
                    self.make_targets(at, row_id)

    def make_meeting(self, at: int) -> None:
        row_id = self.add(at, "meeting", party_cell_id=self.rng.choice(self.cells), meeting_type="regular",
                          held_on=self.day())  # fmt: skip
        for member in self.rng.sample(self.ids["member"][at], 3):
            for _ in range(2 if self.hard("twice", 0.08) else 1):  # a merge left two
                self.add(at, "attendance", meeting_id=row_id, member_id=member,
                         status=self.rng.choice(["present", "present", "excused", "absent"]))  # fmt: skip

    def make_introductions(self, at: int) -> None:
        """Two of one member, the second from the day of the first one's end, or from the day after it."""
        member, first = self.one(at, "member"), self.day()
        end = first + timedelta(self.rng.choice([0, 30, 200]))
        self.add(at, "introduction", member_id=member, party_cell_id=self.rng.choice(self.cells), date_from=first,
                 date_to=end)  # fmt: skip
        begin = end + timedelta(self.rng.choice([0, 1]))
        if self.often(0.6) and begin <= TODAY:
            self.add(at, "introduction", member_id=member, party_cell_id=self.rng.choice(self.cells), date_from=begin,
                     date_to=self.maybe(0.5, begin + timedelta(60)))  # fmt: skip

    def make_charge(self, at: int) -> None:
        first = self.day()
        self.add(at, "household_charge", member_id=self.one(at, "member"), unit_id=self.place(first).id,
                 hamlet=self.maybe(0.3, self.rng.choice(["Buôn A", "buôn A", "Buôn B"])),
                 household=self.rng.choice(["Ama A", "ama a", "Y Thanh", "Siu Hòa", "Siu Hoà"]), date_from=first,
                 date_to=self.maybe(0.6, first + timedelta(self.rng.choice([0, 20, 300]))))  # fmt: skip

    def make_candidacy(self, at: int) -> None:
        first = self.day()
        decided = min(first + timedelta(self.rng.choice([0, 40, 300])), TODAY) if self.hard("decided_later") else first
        outcome = self.rng.choice(OUTCOMES)
        self.add(at, "candidacy", member_id=self.one(at, "member"), body="peoples_council", level="commune",
                 unit_id=self.maybe(0.8, self.place(first).id), nominated_on=first, outcome=outcome,
                 decided_on=None if outcome == "pending" else self.maybe(0.8, decided))  # fmt: skip

    def make_matter(self, at: int) -> None:
        first = self.day()
        due = first + timedelta(self.rng.choice([0, 10, 200]))
        closed = first + timedelta(self.rng.choice([0, 9, 10, 11, 180, 220]))
        done = self.maybe(0.6, closed) if self.hard("open_matters") and closed <= TODAY else None
        self.add(at, "matter", matter_type=self.rng.choice(MATTERS), direction="sent",
                 counterpart=self.rng.choice(["Đảng ủy xã", "đảng uỷ xã", "Công an xã"]),
                 agreement_task_id=self.maybe(0.3, self.one(at, "agreement_task")),
                 subject=f"Việc {self.rng.randint(1, 999)}", unit_id=self.maybe(0.6, self.place(first).id),
                 opened_on=first, due_on=self.maybe(0.8, due), closed_on=done)  # fmt: skip

    def make_group(self, at: int) -> None:
        first = self.day()
        self.add(at, "self_management_group", name=f"Tổ {self.rng.randint(1, 9)}", unit_id=self.place(first).id,
                 households=self.maybe(0.7, self.rng.choice([0, 9, 12])), markers=self.maybe(0.5, 3),
                 length_m=self.maybe(0.5, 10**9), date_from=first,
                 date_to=self.maybe(0.4, first + timedelta(self.rng.choice([0, 200, 400]))))  # fmt: skip

    def make_rating(self, at: int) -> None:
        year = self.rng.choice([2018, 2024, 2025, 2025])
        self.add(at, "cell_rating", party_cell_id=self.rng.choice(self.cells), year=year,
                 rating=self.rng.choice(RATINGS))  # fmt: skip
        self.add(at, "member_rating", member_id=self.one(at, "member"), year=year, rating=self.rng.choice(RATINGS))

    def make_rest(self, at: int) -> None:
        self.add(at, "review_meeting", review_type=self.rng.choice(["periodic_review", "final_review"]),
                 held_on=self.day())  # fmt: skip
        self.add(at, "commendation", awarded_on=self.day(), recipient="Buôn Ba Na",
                 recipient_type=self.rng.choice(["collective", "individual"]))  # fmt: skip

    # merged, voided and returned

    def merge_some(self) -> None:
        """Some members give way to another one, here and there in a chain or in a circle."""
        for at in (1, 2, 3):
            for member in self.ids["member"][at]:
                if self.hard("merge_members", 0.15):
                    self.change(at, "member", member, same_as_id=self.one(at, "member"))

    def one_of_each(self, thing: str) -> set[str]:
        """One record of every kind that was not voided."""
        if thing not in self.hard_things:
            return set()
        gone = self.voided
        of_kinds = (
            [i for its in self.ids[table] for i in its if i not in gone and self.member_of.get(i) not in gone]
            for table in reviews.REVIEWED
        )
        return {self.rng.choice(standing) for standing in of_kinds}

    def void_some(self) -> None:
        sure = self.one_of_each("void")
        lines = ("activity_measure", "activity_target", "attendance")
        for at in (1, 2, 3):
            with self.stores[at].transaction():
                for table in (*reviews.REVIEWED, *lines):
                    share = 0.04 if table in lines else 0.1
                    thing = "void_line" if table in lines else "void_member" if table == "member" else "void"
                    for row_id in self.ids[table][at]:
                        if self.hard(thing, share) or (row_id in sure and table != "member"):
                            self.void(at, table, row_id)

    def void(self, at: int, table: str, row_id: str) -> None:
        self.change(at, table, row_id, voided_at="2026-11-26T00:00:00Z", void_reason="nhập nhầm")
        self.voided.add(row_id)

    def return_some(self) -> None:
        """Some stay returned; others were corrected, accepted after all, or voided since."""
        after: dict[str, list[tuple[int, str, str]]] = {"correct": [], "void": [], "accept": []}
        hq, sure = self.made.hq, self.one_of_each("return")
        for at in (1, 2, 3):
            with hq.transaction():
                for table in reviews.REVIEWED:
                    for row_id in self.ids[table][at]:
                        if self.hard("return", 0.12) or row_id in sure:
                            said = self.rng.choice(["stay"] * 4 + ["correct", "void", "accept"])
                            said = "stay" if row_id in sure else said
                            first = self.review(hq, at, table, row_id, "returned", None)
                            if said == "accept":
                                self.review(hq, at, table, row_id, "accepted", first)
                            elif said == "stay":
                                self.made.returned.add(row_id)
                            else:
                                after[said].append((at, table, row_id))
        for post in self.made.posts:
            self.carry(hq, post)
        for at, table, row_id in after["correct"]:
            self.change(at, table, row_id, confirmed="đã xem lại")
        for at, table, row_id in after["void"]:
            self.void(at, table, row_id)
        for post in self.made.posts:
            self.carry(post, hq)

    def review(self, hq: Store, at: int, table: str, row_id: str, outcome: str, replaces: str | None) -> str:
        scope = self.scopes[at]
        given = {"id": ids.new_id(scope), "post_id": scope, **WRITTEN, "record_kind": table, "record_id": row_id,
                 "outcome": outcome, "seen": reviews.record_fingerprint(hq, table, row_id), "comment": "xem lại",
                 "replaces": replaces}  # fmt: skip
        marks = ", ".join("?" * len(given))
        hq.db.execute(f"INSERT INTO review ({', '.join(given)}) VALUES ({marks})", list(given.values()))
        return str(given["id"])
