"""What is unusual is asked about once, what is impossible is refused; the answers stay with the record and travel."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from field import Run, World

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import lists, records, view
from fieldapp.records.soft_limits import hard_limit_text, limits_text
from fieldapp.store.store import Store

CLINIC = {
    "activity_kind": "kham_chua_benh",
    "date_from": "2013-10-05",
    "unit": "24221",
    "measures": [{"measure": "luot_kham", "amount": "5.000"}, {"measure": "tri_gia_kham", "amount": "5tr"}],
}
RELIEF = {"activity_kind": "thien_tai", "date_from": "2013-10-05", "unit": "24221"}
TOMORROW = (date.today() + timedelta(1)).isoformat()


def visits(amount: int | str) -> dict[str, object]:
    return {"measures": [{"measure": "luot_kham", "amount": amount}]}


def answered(store: Store, row_id: str) -> list[str | None]:
    """What the record's figures keep of answers, in the order of their amounts."""
    rows = sorted(records.get(store, row_id).children["measures"], key=lambda m: m["amount"])
    return [m["confirmed"] for m in rows]


def test_an_unusual_amount_is_asked_about_once(world: World) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, "activity", CLINIC)
    assert list(asked.value.fields) == ["measures.0.amount"]
    assert "5.000" in asked.value.fields["measures.0.amount"]
    assert "1.500" in asked.value.fields["measures.0.amount"]
    assert world.post.value("SELECT count(*) FROM activity") == 0
    row_id = records.save(world.post, "activity", CLINIC, confirm=True)
    assert answered(world.post, row_id) == ["amount=5000", None]
    records.save(world.post, "activity", {"description": "Khám cho bà con"}, row_id)
    records.save(world.post, "activity", CLINIC | {"hamlet": "Buôn Ba Na"}, row_id)
    assert answered(world.post, row_id) == ["amount=5000", None]


def test_another_amount_is_another_question(world: World) -> None:
    row_id = records.save(world.post, "activity", CLINIC, confirm=True)
    with pytest.raises(NeedsConfirmation):
        records.save(world.post, "activity", visits(5001), row_id)
    assert answered(world.post, row_id) == ["amount=5000", None], "what was asked about was not saved"
    records.save(world.post, "activity", visits(300), row_id)
    assert answered(world.post, row_id) == [None]
    with pytest.raises(NeedsConfirmation):
        records.save(world.post, "activity", visits(5000), row_id)


@pytest.mark.parametrize(("amount", "asks"), [(2, True), (20, False), (2_000, False), (60_000, True)])
def test_tonnes_typed_where_kilograms_are_meant(world: World, amount: int, asks: bool) -> None:
    entry = RELIEF | {"measures": [{"measure": "gao_kg", "amount": amount}]}
    if asks:
        with pytest.raises(NeedsConfirmation, match="kg"):
            records.save(world.post, "activity", entry)
    row_id = records.save(world.post, "activity", entry, confirm=asks)
    assert answered(world.post, row_id) == [f"amount={amount}" if asks else None]


def test_a_hard_limit_is_no_question(world: World) -> None:
    limit = world.hq.value(
        "SELECT k.id FROM kind_measure k JOIN measure m ON m.id = k.measure_id WHERE m.code = 'luot_kham'"
    )
    records.save(world.hq, "kind_measure", {"minimum": 1, "maximum": "4.000"}, limit)
    world.carry(world.hq, world.post)
    for amount in (0, 4001):
        for confirm in (False, True):
            with pytest.raises(FieldappError) as refused:
                records.save(world.post, "activity", CLINIC | visits(amount), confirm=confirm)
            assert not isinstance(refused.value, NeedsConfirmation)
            assert list(refused.value.fields) == ["measures.0.amount"]
    assert records.save(world.post, "activity", CLINIC | visits(4000), confirm=True)


def test_a_day_in_the_future_is_asked_about(world: World) -> None:
    entry = CLINIC | visits(30) | {"date_from": TOMORROW}
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, "activity", entry)
    assert list(asked.value.fields) == ["date_from"]
    row_id = records.save(world.post, "activity", entry, confirm=True)
    records.save(world.post, "activity", {"hamlet": "Buôn Ba Na"}, row_id)
    with pytest.raises(NeedsConfirmation):
        records.save(world.post, "activity", {"date_from": (date.today() + timedelta(2)).isoformat()}, row_id)


def test_all_questions_are_asked_together_and_after_all_problems(world: World) -> None:
    both = CLINIC | {"date_from": TOMORROW}
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, "activity", both)
    assert asked.value.fields.keys() == {"date_from", "measures.0.amount"}
    with pytest.raises(FieldappError) as refused:
        records.save(world.post, "activity", both | {"unit": "99999"})
    assert list(refused.value.fields) == ["unit_id"]


def test_the_answer_travels_and_is_shown(world: World, run: Run) -> None:
    row_id = records.save(world.post, "activity", CLINIC | {"date_from": TOMORROW}, confirm=True)
    world.carry(world.post, world.hq)
    assert answered(world.hq, row_id) == ["amount=5000", None]
    mark = f"({_('confirmed')})"
    lines = [line for line in run("show", row_id, home="hq")[1].splitlines() if mark in line]
    assert len(lines) == 2
    assert "5.000" in lines[1]


def test_the_command_line_asks_too(run: Run) -> None:
    code, out, err = run("add", "activity", "--json", "-", stdin=CLINIC)
    assert (code, out) == (1, "")
    assert "5.000" in err
    assert "--confirm" in err
    assert json.loads(run("list", "activity", "--json")[1]) == []
    code, out, _err = run("add", "activity", "--json", "-", "--confirm", stdin=[CLINIC])
    assert code == 0
    row_id = out.strip()
    assert run("edit", row_id, "--json", "-", stdin={"description": "Khám cho bà con"})[0] == 0
    code, _out, err = run("edit", row_id, "--json", "-", stdin=visits(6000))
    assert (code, "6.000" in err) == (1, True)
    assert run("edit", row_id, "--json", "-", "--confirm", stdin=visits(6000))[0] == 0
    assert run("add", "activity", "--json", "-", "--confirm", stdin=CLINIC | visits(-1))[0] == 1


@pytest.mark.parametrize(("least", "most", "shown"), [
    (None, None, []), (5, None, ["Ít nhất 0,5 km."]), (None, 20, ["Không quá 2 km."]),
    (0, 0, ["Ít nhất 0 km.", "Không quá 0 km."]), (5, 20, ["Ít nhất 0,5 km.", "Không quá 2 km."]),
])  # fmt: skip
def test_limits_are_told_where_there_are_some(least: int | None, most: int | None, shown: list[str]) -> None:
    """And what lies on them is within them."""
    limits = {"minimum": least, "maximum": most, "decimals": 1, "unit_name": "km"}
    assert limits_text(limits) == shown
    for amount in (4, 5, 20, 21):
        sentence = hard_limit_text(amount, limits)
        assert sentence == (
            shown[0]
            if least is not None and amount < least
            else shown[-1]
            if most is not None and amount > most
            else None
        )


# extra fields ---------------------------------------------------------------------------------------------------


@pytest.fixture
def depth(world: World) -> str:
    """A field that headquarters added to drilled wells: needed, a number with one decimal, 1 to 300 m, mostly to 80."""
    field = {
        "activity_kind": "gieng_khoan",
        "code": "do_sau",
        "name": "Độ sâu",
        "field_type": "number",
        "decimals": 1,
        "unit_name": "m",
        "needed": True,
        "minimum": "1",
        "maximum": "300",
        "usual_maximum": "80",
    }
    field_id = records.save(world.hq, "kind_field", field)
    world.carry(world.hq, world.post)
    return field_id


def test_limits_of_an_extra_field(world: World, depth: str) -> None:
    row_id = world.well(extras={"do_sau": "62,5"})
    assert "Độ sâu: 62,5 m" in [text for _title, text in view.describe(world.post, records.get(world.post, row_id))]
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, "activity", {"extras": {"do_sau": "100"}}, row_id)
    assert list(asked.value.fields) == ["extras.0.value"]
    records.save(world.post, "activity", {"extras": {"do_sau": "100"}}, row_id, confirm=True)
    records.save(world.post, "activity", {"extras": {"do_sau": "100"}, "hamlet": "Buôn Ba Na"}, row_id)
    for wrong in ("0,5", "301", "sâu"):
        with pytest.raises(FieldappError) as refused:
            records.save(world.post, "activity", {"extras": {"do_sau": wrong}}, row_id, confirm=True)
        assert not isinstance(refused.value, NeedsConfirmation)
        assert list(refused.value.fields) == ["extras.0.value"]
    (kept,) = records.get(world.post, row_id).children["extras"]
    assert (kept["value"], kept["confirmed"]) == ("1000", "value=1000")


def test_a_needed_extra_field_is_missing(world: World, depth: str) -> None:
    none: list[dict[str, object]] = [{}, {"extras": {}}, {"extras": []}]
    for given in none:
        with pytest.raises(FieldappError) as refused:
            world.well(**given)
        assert list(refused.value.fields) == [f"extras.{depth}"]
    row_id = world.well(extras={"do_sau": "40"})
    with pytest.raises(FieldappError):
        records.save(world.post, "activity", {"extras": {}}, row_id)


def test_what_was_recorded_before_a_field_was_needed_can_still_be_changed(world: World) -> None:
    row_id = world.well()
    field = {"activity_kind": "gieng_khoan", "code": "x", "name": "X", "field_type": "text", "needed": True}
    records.save(world.hq, "kind_field", field)
    world.carry(world.hq, world.post)
    records.save(world.post, "activity", {"hamlet": "Buôn Ba Na"}, row_id)
    with pytest.raises(FieldappError):
        world.well()


def test_what_is_out_of_range_is_told_the_range_and_a_choice_its_words(world: World) -> None:
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    with pytest.raises(FieldappError) as refused:
        records.save(world.post, "cell_rating", {"party_cell_id": cell, "year": 20266, "rating": "tốt lắm"})
    assert "nhiều nhất 2100" in refused.value.fields["year"]
    assert "Hoàn thành tốt nhiệm vụ (good)" in refused.value.fields["rating"]


@pytest.mark.parametrize(
    ("written", "year"),
    [("90", 1990), (90, 1990), ("sinh năm 1990", 1990), ("45", 1945), ("1.990", 1990)],
)
def test_a_year_is_understood_the_same_from_a_sheet_and_as_json(
    run: Run, world: World, tmp_path: Path, written: str | int, year: int
) -> None:
    """As in the form.."""
    given = {"full_name": "Siu Blêh", "birth_year": written}
    assert run("add", "member", "--json", "-", "--confirm", stdin=given)[0] == 0
    sheet = tmp_path / "a.csv"
    sheet.write_text(f"Họ và tên,Năm sinh\nY Thanh Niê,{written}\n", encoding="utf-8")
    code, out, err = run("import-table", sheet, "--kind", "member", "--confirm")
    assert code == 0, out + err
    assert [row["birth_year"] for row in world.post.rows("SELECT birth_year FROM member")] == [year, year]


@pytest.mark.parametrize("written", ["199", "mười", 199])
def test_what_is_no_year_is_refused_with_the_way_to_write_it(run: Run, written: str | int) -> None:
    code, _out, err = run("add", "member", "--json", "-", stdin={"full_name": "Siu Blêh", "birth_year": written})
    assert code == 1
    assert "1990" in err or "1900" in err
