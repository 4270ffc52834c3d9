"""A code stands for one unit at a time: a second one is refused, and listed where a merge brings it about."""

from datetime import date

import pytest
from field import Run, World

from fieldapp.errors import FieldappError
from fieldapp.records import records, rule_violations
from fieldapp.sync.exchange import enrolment
from fieldapp.work import todo

DAK_LAK = "SELECT id FROM unit WHERE code = '66' AND level = 'province' AND valid_to IS NULL"


def new_unit(world: World, **fields: object) -> dict[str, object]:
    return {"level": "commune", "code": "24999", "name": "Xã Mới", "parent_id": world.hq.value(DAK_LAK)} | fields


def test_a_second_unit_with_the_code_of_one_in_force_is_refused(world: World, run: Run) -> None:
    records.save(world.hq, "unit", new_unit(world, valid_from="2027-01-01"))
    for second in (
        new_unit(world, name="Xã Khác"),
        new_unit(world, name="Xã Khác", level="hamlet"),
        new_unit(world, name="Xã Khác", valid_from="2030-01-01"),
        new_unit(world, name="Xã Khác", valid_from="2020-01-01", valid_to="2027-01-01"),
    ):
        code, _out, err = run("add", "unit", "--json", "-", "--confirm", home="hq", stdin=second)
        assert code == 1
        assert "Xã Mới" in err
    before = new_unit(world, name="Xã Khác", valid_from="2020-01-01", valid_to="2026-12-31")
    assert run("add", "unit", "--json", "-", home="hq", stdin=before)[0] == 0, "it had the code before"


def test_nor_does_a_change_bring_it_about(world: World, run: Run) -> None:
    records.save(world.hq, "unit", new_unit(world, valid_from="2025-07-01"))
    other = records.save(world.hq, "unit", new_unit(world, code="24998", name="Xã Khác"))
    earlier = records.save(world.hq, "unit", new_unit(world, name="Xã Xưa", valid_to="2025-06-30"))
    for row_id, change in ((other, {"code": "24999"}), (earlier, {"valid_to": None}), (earlier, {"code": "24221"})):
        assert run("edit", row_id, "--json", "-", "--confirm", home="hq", stdin=change)[0] == 1, change
    assert run("edit", other, "--json", "-", home="hq", stdin={"code": None})[0] == 0
    assert run("edit", other, "--json", "-", home="hq", stdin={"name": "Xã Khác nữa"})[0] == 0


def test_units_without_codes_are_not_compared(world: World) -> None:
    for name in ("Buôn A", "Buôn B"):
        records.save(world.hq, "unit", new_unit(world, level="hamlet", name=name, code=None))


def test_a_retired_unit_leaves_its_code_free(world: World) -> None:
    first = records.save(world.hq, "unit", new_unit(world))
    with pytest.raises(FieldappError) as refused:
        records.save(world.hq, "unit", new_unit(world, name="Xã Khác"))
    assert [*refused.value.fields] == ["code"]
    records.void(world.hq, first, "nhập nhầm")
    records.save(world.hq, "unit", new_unit(world, name="Xã Khác"))


def test_two_laptops_of_headquarters_each_made_one(world: World) -> None:
    pack = enrolment.write_hq_pack(world.hq, dest=world.usb)
    b = enrolment.init_further_hq(world.root / "hq-b", pack, user="Phó", passphrase="x y", laptop="B")
    world.carry(b, world.hq)
    enrolment.trust_replica(world.hq, b.identity.replica_id)
    world.carry(world.hq, b)
    assert rule_violations.violations(world.hq) == []
    one = records.save(world.hq, "unit", new_unit(world))
    other = records.save(b, "unit", new_unit(world, name="Xã Khác"))
    world.carry(b, world.hq)
    world.carry(world.hq, b)
    (found,) = rule_violations.violations(world.hq)
    assert rule_violations.violations(b) == [found]
    assert found.ids == (one, other)
    for told in ("24999", "Xã Mới", "Xã Khác"):
        assert told in found.sentence
    assert [item.target for item in todo.todo(world.hq, date(2026, 11, 30)) if item.kind == "unit"] == [one]
    records.save(b, "unit", {"code": "24998"}, other)
    world.carry(b, world.hq)
    assert rule_violations.violations(world.hq) == []
    b.close()


@pytest.mark.usefixtures("whole_baseline")
def test_what_ships_has_each_code_once_at_a_time(world: World) -> None:
    assert rule_violations.violations(world.hq) == []
    again = world.hq.rows(
        "SELECT a.code FROM unit a JOIN unit b ON b.code = a.code AND a.id < b.id AND a.voided_at IS NULL"
        " AND b.voided_at IS NULL WHERE coalesce(a.valid_from, '') <= coalesce(b.valid_to, '9999')"
        " AND coalesce(b.valid_from, '') <= coalesce(a.valid_to, '9999')"
    )
    assert again == []
