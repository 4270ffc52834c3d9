"""An activity of another kind: what that kind does not have does not stay, and does not go without a word."""

from datetime import date
from typing import Any

import pytest
from field import Run, World
from form_driver import form_driver
from sync_state import second_laptop

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.records.rule_violations import violations
from fieldapp.reports import narrative
from fieldapp.reports.query import Query, period_of
from fieldapp.reports.report import report

RELIEF: dict[str, Any] = {
    "activity_kind_id": "thien_tai",
    "date_from": "2019-05-01",
    "measures": [{"measure_id": "gao_kg", "amount": 50}, {"measure_id": "luot_cbcs", "amount": 7}],
}


def figures(world: World, row_id: str) -> dict[str, int]:
    rows = records.get(world.post, row_id).children["measures"]
    return {world.post.value("SELECT code FROM measure WHERE id = ?", [r["measure_id"]]): r["amount"] for r in rows}


def kind(world: World, row_id: str) -> str:
    kind_id = records.get(world.post, row_id).row["activity_kind_id"]
    return str(world.post.value("SELECT code FROM activity_kind WHERE id = ?", [kind_id]))


def test_figures_that_the_new_kind_lacks_are_asked_about(world: World, run: Run) -> None:
    """“lượt CBCS” is of both kinds, and stays."""
    row_id = world.well(**RELIEF)
    code, _out, err = run("edit", row_id, "--json", "-", stdin={"activity_kind_id": "lao_dong_san_xuat"})
    assert code == 1
    assert "Gạo · 50" in err and "Lượt cán bộ" not in err and "--confirm" in err
    assert (kind(world, row_id), figures(world, row_id)) == ("thien_tai", {"gao_kg": 50, "luot_cbcs": 7})
    code, _out, _err = run("edit", row_id, "--json", "-", "--confirm", stdin={"activity_kind_id": "lao_dong_san_xuat"})
    assert code == 0
    assert (kind(world, row_id), figures(world, row_id)) == ("lao_dong_san_xuat", {"luot_cbcs": 7})
    report = run("report", "--period", "2019-05")[1]
    assert "Gạo" not in report and "7 lượt CBCS" in report


@pytest.mark.parametrize("confirm", [(), ("--confirm",)])
def test_a_figure_given_for_a_kind_that_lacks_it_is_refused_as_in_a_new_record(
    world: World, run: Run, confirm: tuple[str, ...]
) -> None:
    row_id = world.well(**RELIEF)
    given = {"activity_kind_id": "lao_dong_san_xuat", "measures": RELIEF["measures"]}
    code, _out, err = run("edit", row_id, "--json", "-", *confirm, stdin=given)
    assert code == 1 and "không có số liệu đó" in err and "--confirm" not in err
    assert kind(world, row_id) == "thien_tai"


def test_the_limits_of_the_new_kind_hold_for_what_stays(world: World, run: Run) -> None:
    labour, people = (
        world.hq.value(f"SELECT id FROM {table} WHERE code = ?", [code])
        for table, code in (("activity_kind", "lao_dong_san_xuat"), ("measure", "luot_cbcs"))
    )
    line = world.hq.value("SELECT id FROM kind_measure WHERE activity_kind_id = ? AND measure_id = ?", [labour, people])
    records.save(world.hq, "kind_measure", {"maximum": 5}, line)
    world.carry(world.hq, world.post)
    row_id = world.well(**RELIEF)
    code, _out, err = run("edit", row_id, "--json", "-", "--confirm", stdin={"activity_kind_id": "lao_dong_san_xuat"})
    assert code == 1 and "5" in err
    assert kind(world, row_id) == "thien_tai"


def test_extra_fields_go_with_their_kind_and_those_of_the_new_one_are_needed(world: World, run: Run) -> None:
    for name, of, needed in (("do_sau", "gieng_khoan", False), ("ha_tang", "nha_dai_doan_ket", True)):
        records.save(world.hq, "kind_field", {"activity_kind_id": of, "code": name, "name": name,
                                              "field_type": "text", "needed": needed})  # fmt: skip
    world.carry(world.hq, world.post)
    row_id = world.well(extras=[{"kind_field": "do_sau", "value": "30 m"}])
    given: dict[str, Any] = {"activity_kind_id": "nha_dai_doan_ket"}
    code, _out, err = run("edit", row_id, "--json", "-", "--confirm", stdin=given)
    assert code == 1 and "extras" in err
    given["extras"] = [{"kind_field": "ha_tang", "value": "điện"}]
    code, _out, err = run("edit", row_id, "--json", "-", stdin=given)
    assert code == 1 and "30 m" in err and "Giếng · 1" in err
    assert run("edit", row_id, "--json", "-", "--confirm", stdin=given)[0] == 0
    assert [r["value"] for r in records.get(world.post, row_id).children["extras"]] == ["điện"]
    assert figures(world, row_id) == {"ho_huong_loi": 12}


def test_a_figure_that_went_out_of_use_stays_while_the_kind_does(world: World, run: Run) -> None:
    row_id = world.well(**RELIEF)
    line = world.hq.value(
        "SELECT k.id FROM kind_measure k JOIN measure m ON m.id = k.measure_id JOIN activity_kind a"
        " ON a.id = k.activity_kind_id WHERE a.code = 'thien_tai' AND m.code = 'gao_kg'"
    )
    records.void(world.hq, line, "không dùng")
    world.carry(world.hq, world.post)
    assert run("edit", row_id, "--json", "-", stdin={"activity_kind_id": "thien_tai", "hamlet": "Buôn A"})[0] == 0
    assert run("edit", row_id, "--json", "-", stdin={"measures": RELIEF["measures"]})[0] == 0
    assert figures(world, row_id)["gao_kg"] == 50


def test_what_past_figures_count_by_does_not_change_later(world: World) -> None:
    """They would leave every report with it, or count tenfold. It is retired, and the right one is added."""
    added = {"activity_kind_id": "gieng_khoan", "code": "do_sau", "name": "Độ sâu", "field_type": "text"}
    field = records.save(world.hq, "kind_field", added)
    line = world.hq.row("SELECT k.* FROM kind_measure k JOIN measure m ON m.id = k.measure_id WHERE m.code = 'gieng'")
    assert line is not None
    for kind_of, row_id, given in (
        ("kind_measure", line["id"], {"measure_id": "gao_kg"}),
        ("kind_measure", line["id"], {"activity_kind": "thien_tai"}),
        ("kind_field", field, {"activity_kind_id": "thien_tai"}),
        ("kind_field", field, {"field_type": "number"}),
        ("kind_field", field, {"decimals": 1}),
        ("measure", line["measure_id"], {"decimals": 1}),
    ):
        with pytest.raises(FieldappError, match="ngừng dùng"):
            records.save(world.hq, kind_of, given, row_id, confirm=True)
    records.save(world.hq, "kind_measure", {"measure_id": "gieng", "hint": "số giếng"}, line["id"])
    records.void(world.hq, line["id"], "đổi số liệu")
    records.save(world.hq, "kind_measure", {"activity_kind_id": line["activity_kind_id"], "measure_id": "gieng"})


async def test_the_form_asks_too(world: World) -> None:
    """F2 says what would be lost; F2 again says yes. With new figures typed as well as without."""
    for typed in ("", "5"):
        row_id = world.well(**RELIEF, hamlet=f"Buôn {typed}")
        async with form_driver(world.post, "activity", row_id) as form:
            form.row("activity_kind_id").entry.focus()
            await form.type("lao dong", "<enter>")
            if typed:
                form.row(str(world.post.value("SELECT id FROM measure WHERE code = 'ngay_cong'"))).entry.focus()
                await form.type(typed)
            await form.type("<f2>")
            assert form.app.result == "open"
            assert "Gạo · 50" in " ".join(form.note("activity_kind_id").split())
            assert kind(world, row_id) == "thien_tai"
            await form.type("<f2>")
            assert form.app.result == row_id
        assert kind(world, row_id) == "lao_dong_san_xuat"
        assert figures(world, row_id) == {"luot_cbcs": 7} | ({"ngay_cong": 5} if typed else {})


@pytest.mark.parametrize("first", [0, 1])
def test_what_two_laptops_make_of_it_is_listed_for_a_person(world: World, first: int) -> None:
    """One changes the kind, the other one adds a figure of the old kind: neither knew."""
    row_id = world.well(**RELIEF | {"measures": RELIEF["measures"][1:]})
    b = second_laptop(world)
    world.carry(world.post, b)
    records.save(world.post, "activity", {"activity_kind_id": "lao_dong_san_xuat"}, row_id)
    records.save(b, "activity", {"measures": RELIEF["measures"]}, row_id)
    for sender in (world.post, b)[:: 1 - 2 * first]:
        world.carry(sender, world.hq)
        violations(world.hq)
    (found,) = violations(world.hq)
    assert "không có số liệu Gạo: 50 kg" in found.sentence and found.target == row_id
    made = report(world.hq, Query(period_of("2019-05", date(2019, 6, 1)), today=date(2019, 6, 1)))
    assert [(f.code, f.value) for f in made.figures] == [("luot_cbcs", 7)]
    assert "1 số liệu không thuộc loại hoạt động" in narrative.as_text(made)
    world.carry(b, world.post)
    assert [v.sentence for v in violations(world.post)] == [found.sentence]
    records.save(world.post, "activity", {"measures": RELIEF["measures"][1:]}, row_id)
    assert violations(world.post) == []
    b.close()
