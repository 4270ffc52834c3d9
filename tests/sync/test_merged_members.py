"""Two records of one member become one person: a change like any other, on all laptops, and it can be taken back."""

import random
from collections.abc import Generator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from recount import Recount
from recount_compare import rows_of
from sync_state import second_laptop, state
from two_laptops import TwoLaptops

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import lists, records, rule_violations, view, words
from fieldapp.records.reading import resolve_reference
from fieldapp.reports import figures
from fieldapp.reports.query import Period, Query
from fieldapp.store.store import Store
from fieldapp.sync.merge import merge
from fieldapp.sync.safety import doctor
from fieldapp.work import todo

TODAY = date(2026, 11, 30)
YEAR = Query(Period(date(2026, 1, 1), date(2026, 12, 31)), today=TODAY)
SPELLED = "Nguyen Van An"


class Two(TwoLaptops):
    """A headquarters and two laptops, A and B, of one post; two records of one member, and a third member."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cell = self.hq.value("SELECT id FROM party_cell")
        there = [str(row["id"]) for row in self.post.rows("SELECT id FROM member ORDER BY id")]
        self.an, self.again, self.ba = there or ["", "", ""]

    def member(self, name: str, **fields: Any) -> str:
        return records.save(self.post, "member", {"full_name": name, **fields}, confirm=True)

    def introduce(self, member: str, first: str = "2026-03-01", last: str | None = None) -> str:
        given = {"member_id": member, "party_cell_id": self.cell, "date_from": first, "date_to": last}
        return records.save(self.post, "introduction", given, confirm=True)

    def meeting(self, **attendance: str) -> str:
        marks = [{"member_id": getattr(self, name), "status": status} for name, status in attendance.items()]
        given = {"party_cell_id": self.cell, "held_on": "2026-04-05", "content": "Thường kỳ", "attendance": marks}
        return records.save(self.post, "meeting", given, confirm=True)


@pytest.fixture(scope="module")
def both(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = first_world.copy(tmp_path_factory.mktemp("both") / "two")
    b = second_laptop(made)
    two = Two(made.root, {**made.keys, "laptop-b": b._key})
    b.close()
    for name, position in (("Nguyễn Văn An", "Đại úy"), (SPELLED, None), ("Lê Văn Ba", None)):
        two.member(name, position=position)
    two.meet()
    two.close()
    made.close()
    return World(made.root, two.keys)


@pytest.fixture
def two(both: World, tmp_path: Path) -> Generator[Two, None, None]:
    made = Two.copied(both, tmp_path / "two")
    yield made
    made.close()


def one_person(store: Store, gives_way: str, stays: str | None) -> None:
    records.save(store, "member", {"same_as_id": stays}, gives_way, confirm=True)


def merged(store: Store) -> dict[str, str]:
    return {r["member_id"]: r["person_id"] for r in store.rows("SELECT * FROM member_merged")}


def figure(store: Store, code: str) -> int | None:
    return next((f.value for f in figures.figures(store, YEAR) if f.code == code), None)


def sentences(store: Store) -> list[str]:
    return [v.sentence for v in rule_violations.violations(store)]


def test_thirty_members_count_once_and_all_that_is_about_them_follows(two: Two) -> None:
    others = [two.member(f"Người {number}") for number in range(27)]
    for member in (two.an, two.ba, *others):
        two.introduce(member)
    second = two.introduce(two.again, "2026-07-01")
    charge = {"member_id": two.again, "household": "Ama A", "unit_id": "24221", "date_from": "2026-07-01"}
    records.save(two.post, "household_charge", charge)
    meeting = two.meeting(again="present", ba="present")
    before = state(two.post)
    assert figure(two.post, "members_introduced") == 30
    one_person(two.post, two.again, two.an)
    two.meet()
    for store in two.all:
        assert figure(store, "members_introduced") == 29
        assert figure(store, "meetings_attended") == 1
        assert [words.display(store, "introduction", [records.get(store, second).row], ["member_id"])] == [
            [["Nguyễn Văn An · Đại úy"]]
        ]
        seen = [text for _title, text in view.describe(store, records.get(store, meeting))]
        assert "Nguyễn Văn An · Đại úy · Có mặt" in seen
        assert [row["id"] for row in lists.record_window(store, "member").rows if row["id"] == two.again] == []
        assert lists.choices(store, "member", "nguyen van an") == [(two.an, "Nguyễn Văn An · Đại úy")]
        assert resolve_reference(store, "member", SPELLED) == resolve_reference(store, "member", two.again) == two.an
        assert [seat["id"] for seat in lists.roster(store, two.cell, date(2026, 8, 1))].count(two.an) == 1
    one_person(two.b, two.again, None)
    two.meet()
    for store in two.all:
        assert figure(store, "members_introduced") == 30
        after = state(store)
        for table in ("introduction", "attendance", "household_charge", "meeting"):
            assert after[table] == before[table], "nothing was written anew"
    assert doctor.examine_replica(two.hq).healthy


def test_it_is_asked_with_what_follows_and_a_record_never_gives_way_to_itself(two: Two) -> None:
    two.introduce(two.again)
    two.meeting(again="present")
    with pytest.raises(NeedsConfirmation, match="1 giới thiệu sinh hoạt, 1 lượt điểm danh của bản này") as asked:
        records.save(two.post, "member", {"same_as": "Nguyễn Văn An, Đại úy"}, two.again)
    assert asked.value.alike == two.an
    one_person(two.post, two.again, two.an)
    for wrong in (two.an, two.again):
        with pytest.raises(FieldappError, match="Đây chính là bản này"):
            records.save(two.post, "member", {"same_as": wrong}, two.an, confirm=True)
    records.save(two.post, "member", {"note": "đã kiểm tra"}, two.again)
    assert dict(view.describe(two.post, records.get(two.post, two.again)))["Đã gộp"].endswith(
        "tính cho Nguyễn Văn An · Đại úy."
    )
    assert dict(view.describe(two.post, records.get(two.post, two.an)))["Gồm cả"].startswith(
        f"{SPELLED} (đã gộp): 1 giới"
    )


def test_each_lets_the_record_of_the_other_give_way_and_one_person_is_left(two: Two) -> None:
    two.introduce(two.an, "2026-03-01", "2026-03-31")
    two.introduce(two.again, "2026-05-01")
    two.meet()
    one_person(two.post, two.an, two.again)
    one_person(two.b, two.again, two.an)
    two.meet()
    for store in two.all:
        assert merged(store) == {two.again: two.an}, "the oldest stays"
        assert figure(store, "members_introduced") == 1
        assert lists.choices(store, "member", "nguyen van an") == [(two.an, "Nguyễn Văn An · Đại úy")]
    one_person(two.post, two.ba, two.again)
    one_person(two.b, two.an, None)
    two.meet()
    for store in two.all:
        assert merged(store) == {two.again: two.an, two.ba: two.an}, "a chain ends at who stays"


def test_a_conflict_about_who_it_is_is_listed_like_any_other(two: Two) -> None:
    one_person(two.post, two.again, two.an)
    one_person(two.b, two.again, two.ba)
    two.meet()
    for store in two.all:
        assert [(c["row"], c["column"]) for c in merge.conflicts(store)] == [(two.again, "same_as_id")]
        assert len(merged(store)) == 1


@pytest.mark.parametrize("who", ["an", "again"])
def test_a_void_by_somebody_who_did_not_know_of_it_is_listed(two: Two, who: str) -> None:
    two.introduce(two.again)
    two.meet()
    one_person(two.post, two.again, two.an)
    records.void(two.b, getattr(two, who), "nhập trùng")
    two.meet()
    for store in two.all:
        assert [c["id"] for c in merge.conflicts(store)] == [f"{getattr(two, who)}.voided_at.void"]
        assert figure(store, "members_introduced") is None, "until then what somebody declared wrong counts nowhere"


def test_who_gave_way_to_a_record_that_was_voided_is_offered_no_more(two: Two) -> None:
    """They count nowhere, so nothing new is recorded about them, by whatever name."""
    one_person(two.post, two.ba, two.an)
    records.void(two.post, two.an, "nhập nhầm")
    for named in (two.ba, "Lê Văn Ba", "le van ba"):
        with pytest.raises(ValueError, match="Không còn dùng"):
            resolve_reference(two.post, "member", named)
        with pytest.raises(FieldappError, match="Không còn dùng"):
            two.introduce(named)
    assert lists.choices(two.post, "member", "le van ba") == []
    assert [row_id for row_id, _name in lists.choices(two.post, "member", "")] == [two.again]
    records.save(two.post, "member", {"full_name": "Lê Văn Ba"})  # nobody is asked whether it is the same


def ratings(store: Store) -> dict[str, int | None]:
    told = figures.figures(store, YEAR.over(Period(date(2025, 1, 1), date(2025, 12, 31))))
    return {f.code: f.value for f in told if f.code.startswith("members_")}


def test_what_differs_is_listed_for_a_person_and_counts_once_until_then(two: Two) -> None:
    two.introduce(two.an, "2026-03-01")
    two.introduce(two.again, "2026-05-01")
    for member, rating in ((two.an, "excellent"), (two.again, "good")):
        records.save(two.post, "member_rating", {"member_id": member, "year": 2025, "rating": rating})
    same = two.meeting(an="present", again="present")
    other = two.meeting(an="absent", again="present", ba="present")
    assert sentences(two.post) == []
    one_person(two.post, two.again, two.an)
    two.meet()
    for store in two.all:
        found = sentences(store)
        assert [s.split(":")[0] for s in found[:1]] == ["Trùng thời gian"] and len(found) == 3
        assert sum("Điểm danh" in s for s in found) == 1, "where both say the same nobody is asked"
        assert figure(store, "members_introduced") == 1
        assert ratings(store) == {"members_good": 1}, "the newer one"
        assert [t for t in todo.todo(store, TODAY) if t.when == "cần sửa"] != []
    with pytest.raises(FieldappError, match="giới thiệu"):
        two.introduce(two.an, "2026-09-01")
    assert len(records.get(two.post, same).children["attendance"]) == 2
    one_person(two.b, two.again, None)
    two.meet()
    assert [sentences(store) for store in two.all] == [[], [], []]
    assert ratings(two.hq) == {"members_excellent": 1, "members_good": 1}
    assert len(records.get(two.hq, other).children["attendance"]) == 3


@pytest.mark.parametrize("seed", range(4))
def test_random_merges_on_two_laptops_come_to_the_same_persons_everywhere(two: Two, seed: int) -> None:
    rng = random.Random(seed)
    members = [two.an, two.again, two.ba, *(two.member(f"Người {n}") for n in range(2))]
    for member in members:
        two.introduce(member)
    two.meet()
    for _ in range(14):
        store, row = rng.choice([two.post, two.b]), rng.choice(members)
        match rng.choice(["merge", "merge", "merge", "back", "edit", "void", "carry", "meet"]):
            case "merge" | "back" as what if records.get(store, row).row["voided_at"] is None:
                with suppress(FieldappError):  # voided, or the same
                    one_person(store, row, rng.choice(members) if what == "merge" else None)
            case "edit" if records.get(store, row).row["voided_at"] is None:
                records.save(store, "member", {"note": f"{rng.random()}"}, row)
            case "void" if rng.random() < 0.3 and records.get(store, row).row["voided_at"] is None:
                records.void(store, row, "nhập nhầm")
            case "carry":
                two.carry(store, two.hq)
            case "meet":
                two.carry(two.hq, store)
    two.meet()
    two.meet()
    told = Recount(rows_of(two.hq), set())
    persons = {m: told.person(m) for m in members if told.person(m) != m}
    for store in two.all:
        assert merged(store) == persons
        assert state(store)["member"] == state(two.hq)["member"]
        assert merge.conflicts(store) == merge.conflicts(two.hq)
        assert sentences(store) == sentences(two.hq)
        standing = {told.person(m) for m in members if records.get(store, m).row["voided_at"] is None}
        standing = {p for p in standing if records.get(store, p).row["voided_at"] is None}
        assert (figure(store, "members_introduced") or 0) == len(standing)


def test_members_are_merged_on_the_command_line(world: World, run: Run) -> None:
    ids: list[str] = []
    for name in ("Nguyễn Văn An", "nguyễn văn an"):
        given = {"full_name": name}
        code, out, err = run("add", "member", "--json", "-", stdin=given)
        if ids:
            assert code == 1 and "Có phải người khác không?" in err
            code, out, _err = run("add", "member", "--json", "-", "--confirm", stdin=given)
        ids.append(out.strip())
    first, second = ids
    code, _out, err = run("merge", second, first)
    assert code == 1 and "Cùng một người với Nguyễn Văn An" in err
    assert run("merge", second, first, "--confirm")[0] == 0
    cell = world.post.value("SELECT id FROM party_cell")
    given = {"member_id": second, "party_cell_id": cell, "date_from": "2026-01-01"}
    assert run("add", "introduction", "--json", "-", stdin=given)[0] == 0
    assert world.post.value("SELECT member_id FROM introduction") == first, "who gave way is not named any more"
    world.post.db.execute("UPDATE introduction SET member_id = ?", [second])
    assert len(run("list", "member")[1].splitlines()) == 1
    assert "Trùng với: Nguyễn Văn An" in run("show", second)[1]
    assert "Trùng với" in run("show", second, "--history")[1]
    assert run("edit", second, "--json", "-", stdin={"same_as": None})[0] == 0
    assert len(run("list", "member")[1].splitlines()) == 2
    assert run("merge", second, first, "--confirm")[0] == 0
    assert "1 giới thiệu sinh hoạt" in "".join(run("void", first, "--reason", "nhập nhầm")[1:]), "it goes along"
    code, _out, err = run("merge", world.well(), first, "--confirm")
    assert code == 1 and "Chỉ gộp được đảng viên" in err
