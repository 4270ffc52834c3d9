"""A record and its parts stay consistent, whatever of it is changed by whatever road.

Afterwards nothing is stored that ``add`` would refuse, except what a merge left and the list of broken rules names.
"""

import io
import json
import random
from collections.abc import Generator
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from field import World
from form_driver import form_driver
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_state import second_laptop

from fieldapp.cli.program import cli
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import lists, parts, records, rule_violations
from fieldapp.records.rule_violations import violations
from fieldapp.records.words import labels
from fieldapp.sheets.importing import ImportOptions, import_sheet
from fieldapp.store.store import Store
from fieldapp.sync.safety.doctor import examine_replica
from fieldapp.work.todo import todo

KINDS = ("thien_tai", "lao_dong_san_xuat", "kham_chua_benh", "gieng_khoan")
DAYS = [date(2019, 3, 1) + timedelta(20 * n) for n in range(12)]
COLD = "24187"
"""A commune whose successors are others than those of ``WARM``"""
WARM = "24221"


@dataclass
class Field:
    """One world for all tests of this file: two laptops, two cells and their people."""

    world: World
    other: Store
    cells: list[str]
    own: list[str]
    """A member of each cell"""
    lent: str
    """Introduced to the first cell until June 2019, then to the second"""
    guest: str
    heirs: dict[str, list[str]]
    """Old commune -> its successors"""


@pytest.fixture(scope="module")
def field(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> Generator[Field, None, None]:
    world = first_world.copy(tmp_path_factory.mktemp("parts") / "world")
    for kind, code in (("thien_tai", "cap_bao"), ("gieng_khoan", "do_sau")):
        records.save(world.hq, "kind_field", {"activity_kind_id": kind, "code": code, "name": code,
                                              "field_type": "text"})  # fmt: skip
    records.save(world.hq, "party_cell", {"name": "Chi bộ thôn 2", "unit_id": COLD, "hamlet": "Thôn 2"})
    world.carry(world.hq, world.post)
    other = second_laptop(world)
    cells = [row["id"] for row in world.post.rows("SELECT id FROM party_cell ORDER BY name")]

    def member(name: str, **more: str) -> str:
        return records.save(world.post, "member", {"full_name": name, **more})

    own = [member(f"Y Ba {n}", party_cell_id=cell) for n, cell in enumerate(cells)]
    lent, guest = member("Lê Văn Biệt"), member("Trần Khách")
    for cell, first, last in ((cells[0], "2019-01-01", "2019-06-30"), (cells[1], "2019-07-01", None)):
        records.save(world.post, "introduction", {"member_id": lent, "party_cell_id": cell, "date_from": first,
                                                  "date_to": last})  # fmt: skip
    heirs = {}
    for code in (COLD, WARM):
        rows = world.post.rows(
            "SELECT s.new_unit_id AS id FROM unit u JOIN unit_succession s ON s.old_unit_id = u.id"
            " WHERE u.code = ? AND u.valid_to IS NOT NULL ORDER BY 1", [code])  # fmt: skip
        heirs[code] = [row["id"] for row in rows]
    yield Field(world, other, cells, own, lent, guest, heirs)
    other.close()
    world.close()


# what may be changed --------------------------------------------------------------------------------------------


def activity(field: Field, chance: random.Random, store: Store) -> dict[str, Any]:
    """A valid activity with parts of every sort."""
    kind, first = chance.choice(KINDS), chance.choice(DAYS)
    last = first + timedelta(chance.choice([0, 15, 45]))
    unit = chance.choice([COLD, WARM])
    extras = [{"kind_field_id": f["id"], "value": "30"} for f in lists_of_fields(store, kind)]
    return {
        "activity_kind_id": kind, "date_from": str(first), "date_to": str(last), "unit_id": unit,
        "unit_now_id": chance.choice([None, *field.heirs[unit]]),
        "measures": figures(chance, store, kind, first, last), "extras": extras,
        "targets": [{"target_type": "hamlet", "name": "Thôn 5", "unit_id": unit}],
    }  # fmt: skip


def figures(chance: random.Random, store: Store, kind: str, first: date, last: date) -> list[dict[str, Any]]:
    kind_id = store.value("SELECT id FROM activity_kind WHERE code = ? OR id = ?", [kind, kind])
    found: list[dict[str, Any]] = []
    for measure in lists.measures_of(store, kind_id):
        days = [first, last] if chance.random() < 0.4 and first != last else [None]
        found += [{"measure_id": measure["id"], "amount": chance.randint(1, 9), "measured_on": day and str(day)}
                  for day in days]  # fmt: skip
    return found


def lists_of_fields(store: Store, kind: str) -> list[Any]:
    return store.rows(
        "SELECT f.id FROM kind_field f JOIN activity_kind k ON k.id = f.activity_kind_id WHERE k.code = ?", [kind]
    )


def change(field: Field, chance: random.Random, store: Store, row_id: str) -> dict[str, Any]:
    """A change of a record's kind, days, unit or cell, or of a part as it fits the record that this laptop knows."""
    found = records.get(store, row_id)
    if found.kind == "meeting":
        member = chance.choice([*field.own, field.lent])
        on_roster = {m["id"] for m in lists.roster(store, found.row["party_cell_id"],
                                                   date.fromisoformat(found.row["held_on"]))}  # fmt: skip
        there = [r for r in records.as_data(found)["attendance"] if r["member_id"] != member]
        if chance.random() < 0.3 and member in on_roster:
            return {"attendance": [*there, {"member_id": member, "status": "excused"}]}
        return chance.choice([{"party_cell_id": chance.choice(field.cells)}, {"held_on": str(chance.choice(DAYS))}])
    first, last = (date.fromisoformat(found.row[f]) for f in ("date_from", "date_to"))
    day, unit = chance.choice(DAYS), chance.choice([COLD, WARM])
    code = store.value("SELECT code FROM unit WHERE id = ?", [found.row["unit_id"]])
    return chance.choice([
        {"activity_kind_id": chance.choice(KINDS)},
        {"activity_kind_id": chance.choice(KINDS)},
        {"date_from": str(day), "date_to": str(day + timedelta(chance.choice([0, 15, 45])))},
        {"unit_id": unit},
        {"unit_id": unit, "unit_now_id": chance.choice([None, *field.heirs[unit]])},
        {"unit_now_id": chance.choice(field.heirs[code])} if code in field.heirs else {},
        {"measures": figures(chance, store, found.row["activity_kind_id"], first, last)},
    ])  # fmt: skip


def refused(field: Field, store: Store, row_id: str) -> str:
    """Why ``add`` would not take the record as it is stored; '' if it would. Guests are of no cell."""
    found = records.get(store, row_id)
    data = {k: v for k, v in records.as_data(found).items() if v is not None}
    try:
        records.preview(store, found.kind, data, confirm=True)
    except FieldappError as error:
        return str(error)
    if found.kind == "meeting":
        there = {r["member_id"] for r in found.children["attendance"]} - {field.guest}
        on = date.fromisoformat(found.row["held_on"])
        return " ".join(there - {m["id"] for m in lists.roster(store, found.row["party_cell_id"], on)})
    code = store.value("SELECT code FROM unit WHERE id = ?", [found.row["unit_id"]])
    heir = found.row["unit_now_id"]
    return "" if heir is None or heir in field.heirs[code] else heir


def start(field: Field, chance: random.Random) -> str:
    """A new record with parts, an activity or a meeting; its id."""
    store = field.world.post
    if chance.random() < 0.6:
        return records.save(store, "activity", activity(field, chance, store), confirm=True, compare=False)
    cell, day = chance.choice(field.cells), chance.choice(DAYS)
    there = [m["id"] for m in lists.roster(store, cell, day)] + [field.guest]
    marks = [{"member_id": member, "status": "present"} for member in there]
    given = {"party_cell_id": cell, "held_on": str(day), "attendance": marks}
    return records.save(store, "meeting", given, confirm=True, compare=False)


# the roads ------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_after_any_changes_nothing_is_stored_that_add_would_refuse(field: Field, seed: int) -> None:
    """By ``edit`` on the command line, which asks and takes ``--confirm``, and by what forms save with."""
    chance, store = random.Random(seed), field.world.post
    file = field.world.root / "given.json"
    store.db.execute("BEGIN IMMEDIATE")
    try:
        store.db.execute("UPDATE local_session SET actor = 'x', applying = 0")
        row_id = start(field, chance)
        assert refused(field, store, row_id) == ""
        for _step in range(3):
            given = change(field, chance, store, row_id)
            before = refused(field, store, row_id), records.as_data(records.get(store, row_id))
            try:
                if chance.random() < 0.5:
                    records.save(store, records.get(store, row_id).kind, given, row_id, confirm=True)
                else:
                    file.write_text(json.dumps(given), encoding="utf-8")
                    command(store, "edit", row_id, "--json", file)
            except NeedsConfirmation:
                assert before == (refused(field, store, row_id), records.as_data(records.get(store, row_id)))
                command(store, "edit", row_id, "--json", file, "--confirm")
            except FieldappError:
                continue
            assert refused(field, store, row_id) == "", given
    finally:
        store.db.execute("ROLLBACK")


def command(store: Store, *arguments: object) -> None:
    """A command on the open store; what it refuses is raised."""

    class Opened:
        def open(self) -> Store:
            return store

    name, *rest = map(str, arguments)
    with redirect_stdout(io.StringIO()):
        cli.commands[name].main(rest, obj=Opened(), standalone_mode=False)


def test_a_sheet_brings_in_nothing_that_add_would_refuse(field: Field, tmp_path: Path) -> None:
    """Its columns are of several kinds; a row of one kind with a figure of another is refused."""
    store, chance = field.world.post, random.Random(3)
    columns = {"Gạo (kg)": "thien_tai", "Ngày công": "lao_dong_san_xuat", "Giếng": "gieng_khoan"}
    lines = ["Loại hoạt động;Ngày;Nơi;" + ";".join(columns)]
    wrong = []
    for n in range(12):
        kind = chance.choice([*columns.values()])
        filled = [chance.choice(["", "", "5"]) for _column in columns]
        wrong += [n + 2] * any(text and of != kind for text, of in zip(filled, columns.values(), strict=True))
        lines.append(f"{kind};{n + 1}/5/2019;{WARM};" + ";".join(filled))
    file = tmp_path / "bang.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    outcome = import_sheet(store, file, ImportOptions("activity", confirm=True))
    assert [row.line for row in outcome.refused] == wrong and wrong
    assert outcome.added and not any(refused(field, store, row.id) for row in outcome.added)


@settings(max_examples=2)
@given(seed=st.integers(0, 10**6))
def test_what_a_merge_leaves_is_listed_and_saving_the_record_mends_it(field: Field, seed: int) -> None:
    """Two laptops change the same twenty records without knowing of each other."""
    chance, world = random.Random(seed), field.world
    laptops = (world.post, field.other)
    made = [start(field, chance) for _n in range(20)]
    exchange(field)
    for laptop in laptops:
        for row_id in made:
            given = change(field, chance, laptop, row_id)
            try:
                records.save(laptop, records.get(laptop, row_id).kind, given, row_id, confirm=True)
            except FieldappError:
                continue
    exchange(field)
    listed = {v.target for v in violations(world.hq)}
    for laptop in laptops:
        assert {v.target for v in violations(laptop)} == listed
    assert {row_id for row_id in made if refused(field, world.post, row_id)} <= listed
    for row_id in sorted(listed):
        kind = records.get(world.post, row_id).kind
        try:
            records.save(world.post, kind, {}, row_id, confirm=True)
        except FieldappError:  # the end before the beginning: the person corrects that first
            continue
        left = [v.sentence for v in violations(world.post) if v.target == row_id]
        assert all("lần" in sentence or "bên cạnh" in sentence for sentence in left), left
    exchange(field)
    assert violations(world.hq) == violations(world.post) == violations(field.other)


def exchange(field: Field) -> None:
    """Bundles of both laptops to headquarters, and its replies."""
    for laptop in (field.world.post, field.other):
        field.world.carry(laptop, field.world.hq)
    for laptop in (field.other, field.world.post):
        field.world.carry(field.world.hq, laptop)


# one by one -----------------------------------------------------------------------------------------------------


def meeting(field: Field, day: str = "2019-05-05", cell: int = 0) -> str:
    """A meeting of the first cell: its own member, the one introduced to it, and a guest."""
    there = [field.own[cell], field.lent, field.guest]
    given = {"party_cell_id": field.cells[cell], "held_on": day,
             "attendance": [{"member_id": member, "status": "present"} for member in there]}  # fmt: skip
    return records.save(field.world.post, "meeting", given, confirm=True, compare=False)


def present(field: Field, row_id: str, store: Store | None = None) -> set[str]:
    return {r["member_id"] for r in records.get(store or field.world.post, row_id).children["attendance"]}


def test_the_people_of_the_other_cell_are_asked_about_once(field: Field) -> None:
    """So are those who belong to it no longer on another day. The guest stays, and who is given again."""
    store, row_id = field.world.post, meeting(field)
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(store, "meeting", {"party_cell_id": field.cells[1]}, row_id)
    assert "Y Ba 0 · Có mặt; Lê Văn Biệt" in asked.value.fields["attendance"]
    assert len(present(field, row_id)) == 3
    records.save(store, "meeting", {"party_cell_id": field.cells[1]}, row_id, confirm=True)
    assert present(field, row_id) == {field.guest}
    row_id = meeting(field)
    later = {"held_on": "2019-07-05"}
    with pytest.raises(NeedsConfirmation, match="Lê Văn Biệt") as asked:
        records.save(store, "meeting", later, row_id)
    assert "Y Ba" not in str(asked.value)
    again = later | {"attendance": records.as_data(records.get(store, row_id))["attendance"]}
    with pytest.raises(NeedsConfirmation, match="khách"):
        records.save(store, "meeting", again, row_id)
    records.save(store, "meeting", again, row_id, confirm=True)
    records.save(store, "meeting", {"content": "Quý III"}, row_id)  # answered
    assert present(field, row_id) == {field.own[0], field.lent, field.guest}
    assert violations(store) == []


def test_the_unit_takes_its_successor_along_and_asks_about_its_bodies(field: Field) -> None:
    store = field.world.post
    given = {"activity_kind_id": "cung_co_co_so_chinh_tri", "date_from": "2019-05-05", "unit_id": WARM,
             "unit_now_id": field.heirs[WARM][0],
             "targets": [{"target_type": "hamlet", "name": "Thôn 5", "unit_id": WARM},
                         {"target_type": "police", "unit_id": COLD}]}  # fmt: skip
    row_id = records.save(store, "activity", given, confirm=True)
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(store, "activity", {"unit_id": COLD}, row_id)
    heir = labels(store, "unit", field.heirs[WARM][:1])[field.heirs[WARM][0]]
    assert heir in asked.value.fields["unit_id"]
    assert "Thôn 5" in asked.value.fields["targets"] and "Công an" not in asked.value.fields["targets"]
    records.save(store, "activity", {"unit_id": COLD}, row_id, confirm=True)
    found = records.get(store, row_id)
    assert (found.row["unit_now_id"], len(found.children["targets"])) == (None, 2)


async def test_the_form_names_what_it_no_longer_shows_and_asks(field: Field) -> None:
    """As soon as another kind is chosen; what a merge left has a line, and a word beside it."""
    store = field.world.post
    rice = [{"measure_id": "gao_kg", "amount": 50}]
    given = {"activity_kind_id": "thien_tai", "date_from": "2019-05-01", "unit_id": WARM, "measures": rice}
    relief = records.save(store, "activity", given, confirm=True, compare=False)
    async with form_driver(store, "activity", relief) as form:
        form.row("activity_kind_id").entry.focus()
        await form.type("lao dong", "<enter>")
        assert "sẽ không ghi: Gạo 50" in " ".join(form.text().split())
    with store.transaction():
        store.db.execute("UPDATE activity SET activity_kind_id = (SELECT id FROM activity_kind WHERE code = ?)"
                         " WHERE id = ?", ["gieng_khoan", relief])  # fmt: skip
    async with form_driver(store, "activity", relief) as form:
        assert "Loại này không có: Gạo." in " ".join(form.text().split())
        await form.type("<f2>")
        assert form.app.result == "open" and "Gạo · 50" in " ".join(form.text().split())
        await form.type("<f2>")
        assert form.app.result == relief
    assert records.get(store, relief).children["measures"] == []


async def test_the_roll_call_names_the_people_of_the_cell_before_and_asks(field: Field) -> None:
    """With new marks as well as without; the guest stays on the list."""
    store = field.world.post
    for marked in (False, True):
        row_id = meeting(field, "2019-05-05")
        async with form_driver(store, "meeting", row_id) as form:
            form.row("party_cell_id").entry.focus()
            await form.type("thôn 2", "<enter>")
            assert "sẽ không ghi: Lê Văn Biệt; Y Ba 0" in " ".join(form.text().split())
            if marked:
                form.part("attendance").focus_problem()
                await form.type("<space>")
            await form.type("<f2>")
            assert form.app.result == "open" and "Y Ba 0 · Có mặt" in " ".join(form.text().split())
            await form.type("<f2>")
            assert form.app.result == row_id
        assert present(field, row_id) == ({field.own[1], field.guest} if marked else {field.guest})


def test_what_an_older_version_left_is_listed(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changed the cell, the kind or the unit, and the parts stayed; the list had been read by its rules."""
    store = field.world.post
    well = {"activity_kind_id": "gieng_khoan", "date_from": "2019-05-05", "unit_id": WARM,
            "unit_now_id": field.heirs[WARM][0], "extras": {"do_sau": "30 m"},
            "measures": [{"measure_id": "gieng", "amount": 1}]}  # fmt: skip
    row_id = records.save(store, "activity", well, confirm=True, compare=False)
    with monkeypatch.context() as older:
        older.setattr(parts, "unfit_parts", lambda *_: [])
        older.setattr(rule_violations, "SHAPE", [rule_violations.SHAPE[0], 2])
        older.setattr(parts, "BELONGS", {})
        older.setattr(parts, "stale_successors", lambda *_: [])
        held = meeting(field)
        records.save(store, "meeting", {"party_cell_id": field.cells[1]}, held, confirm=True)
        for column, table, code in (("activity_kind_id", "activity_kind", "thien_tai"), ("unit_id", "unit", COLD)):
            with store.transaction():
                store.db.execute(
                    f"UPDATE activity SET {column} = (SELECT id FROM {table} WHERE code = ? AND voided_at IS NULL"
                    " ORDER BY id LIMIT 1) WHERE id = ?", [code, row_id])  # fmt: skip
        assert [v for v in violations(store) if v.target in (held, row_id)] == []
    said = [v.sentence for v in violations(store) if v.target in (held, row_id)]
    assert [s for s in said if "Y Ba 0" in s and "Lê Văn Biệt" in s and "Khách" not in s]
    assert all(any(word in s for s in said) for word in ("Giếng", "30 m", "kế thừa"))
    assert len(said) == 4
    first_screen = " ".join(t.text for t in todo(store, date(2019, 12, 1)))
    doctor = " ".join(examine_replica(store).lines())
    assert all(s in first_screen and s in doctor for s in said)
    for row in (held, row_id):
        records.save(store, records.get(store, row).kind, {}, row, confirm=True)
        assert refused(field, store, row) == ""
    assert violations(store) == []
