"""Reference data without code: headquarters adds a kind with its figures and fields, the posts record with them, and
what is retired later is no longer offered while all that was recorded with it stands."""

from dataclasses import dataclass
from datetime import date

import pytest
from field import Run, World
from form_driver import FormDriver, form_driver
from textual.events import Paste

from fieldapp.domain.model import fields_of
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import extras, lists, records, view
from fieldapp.records.words import choice_title
from fieldapp.reports.figures import figures
from fieldapp.reports.query import Period, Query
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key

YEAR = Period(date(2013, 1, 1), date(2013, 12, 31))


async def put(form: FormDriver, key: str, text: str) -> None:
    """Paste into a field in place of what it holds, and go on; letter by letter would take its time."""
    form.row(key).focus_problem()
    await form.pilot.pause()
    field = form.row(key).entry
    await form.type(*["<backspace>"] * len(field.value))
    field.post_message(Paste(text))
    await form.type("<enter>")


async def fill(form: FormDriver, kind: str, **fields: str) -> str:
    """Fill in a form as a person does, save, and return the new record's id."""
    shapes = {s.name: s for s in fields_of(records.model_of(kind))}
    for name, text in fields.items():
        choice = shapes[name].type in ("choice", "boolean")
        await put(form, name, search_key(_(choice_title(text))) if choice else text)
    await form.type("<f2>")
    assert isinstance(form.app.result, str), form.text()
    return form.app.result


@dataclass(frozen=True)
class Added:
    """What headquarters added."""

    kind: str
    measure: str
    kind_measure: str
    field: str


async def add_by_hand(hq: Store) -> Added:
    """A kind with a measure, its limits and a field of its own, typed into the ordinary forms."""
    async with form_driver(hq, "activity_kind") as form:
        kind = await fill(
            form, "activity_kind", code="cap_cay_giong", name="Cấp cây giống, con giống", section="labour"
        )
    async with form_driver(hq, "measure") as form:
        measure = await fill(form, "measure", code="cay_giong", name="Cây giống", unit_name="cây", nature="quantity")
    async with form_driver(hq, "kind_measure") as form:
        pair = await fill(form, "kind_measure", activity_kind_id="cay giong", measure_id="cay giong", maximum="10.000",
                          usual_maximum="2.000")  # fmt: skip
    async with form_driver(hq, "kind_field") as form:
        field = await fill(form, "kind_field", activity_kind_id="cay giong", code="loai_giong", name="Loại giống",
                           field_type="choice", choices="Cà phê; Điều; Bò giống")  # fmt: skip
    return Added(kind, measure, pair, field)


def add(hq: Store) -> Added:
    """The same without a screen."""
    kind = records.save(
        hq, "activity_kind", {"code": "cap_cay_giong", "name": "Cấp cây giống, con giống", "section": "labour"}
    )
    measure = records.save(
        hq, "measure", {"code": "cay_giong", "name": "Cây giống", "unit_name": "cây", "nature": "quantity"}
    )
    pair = records.save(
        hq,
        "kind_measure",
        {"activity_kind": kind, "measure": measure, "maximum": "10.000", "usual_maximum": "2.000"},
    )
    choices = {"field_type": "choice", "choices": "Cà phê; Điều; Bò giống"}
    field = records.save(
        hq, "kind_field", {"activity_kind": kind, "code": "loai_giong", "name": "Loại giống", **choices}
    )
    return Added(kind, measure, pair, field)


SEEDLINGS = {
    "activity_kind": "cap_cay_giong",
    "date_from": "2013-10-05",
    "unit": "24221",
    "description": "Cấp cây cà phê cho bà con",
    "measures": [{"measure": "cay_giong", "amount": "1.500"}],
    "extras": {"loai_giong": "ca phe"},
}


def lines(store: Store, row_id: str) -> list[str]:
    return [text for _title, text in view.describe(store, records.get(store, row_id))]


def offered(store: Store, kind: str, text: str) -> list[str]:
    return [row_id for row_id, _label in lists.choices(store, kind, text)]


def counted(store: Store) -> dict[str, int | None]:
    return {f.code: f.value for f in figures(store, Query(YEAR))}


async def test_a_kind_is_added_on_the_screen_and_recorded_at_the_post(world: World) -> None:
    added = await add_by_hand(world.hq)
    world.carry(world.hq, world.post)
    assert added.kind in offered(world.post, "activity_kind", "giong")
    assert [m["id"] for m in lists.measures_of(world.post, added.kind)] == [added.measure]
    assert [f["id"] for f in extras.fields_of_kind(world.post, added.kind)] == [added.field]
    row_id = records.save(world.post, "activity", SEEDLINGS)
    assert {"Cây giống: 1.500 cây", "Loại giống: Cà phê"} <= {*lines(world.post, row_id)}
    with pytest.raises(NeedsConfirmation):
        records.save(world.post, "activity", SEEDLINGS | {"measures": [{"measure": "cay_giong", "amount": 5000}]})
    with pytest.raises(FieldappError) as refused:
        records.save(world.post, "activity", SEEDLINGS | {"extras": {"loai_giong": "lúa"}})
    assert list(refused.value.fields) == ["extras.0.value"]
    world.carry(world.post, world.hq)
    assert lines(world.hq, row_id) == lines(world.post, row_id)
    assert counted(world.hq) == counted(world.post) == {"cay_giong": 1500}


async def test_the_post_types_it_and_goes_on_changing_it_when_all_of_it_is_retired(world: World) -> None:
    added = add(world.hq)
    world.carry(world.hq, world.post)
    async with form_driver(world.post, "activity") as form:
        for key, text in (
            ("activity_kind_id", "cay giong"),
            ("date_from", "5/10/2013"),
            ("unit_id", "24221"),
            (added.measure, "1.500"),
            (added.field, "ca"),
        ):
            await put(form, key, text)
        await form.type("<f2>")
        row_id = form.app.result
        assert isinstance(row_id, str), form.text()
    assert {"Cây giống: 1.500 cây", "Loại giống: Cà phê"} <= {*lines(world.post, row_id)}
    for retired in (added.kind_measure, added.field, added.measure, added.kind):
        records.void(world.hq, retired, "không dùng nữa")
    world.carry(world.hq, world.post)
    async with form_driver(world.post, "activity", row_id) as form:
        for key, text in (("hamlet", "Buôn Ba Na"), (added.measure, "1.600")):
            await put(form, key, text)
        await form.type("<f2>")
        assert form.app.result == row_id, form.text()
    assert {"Cây giống: 1.600 cây", "Loại giống: Cà phê", "Buôn Ba Na"} <= {*lines(world.post, row_id)}
    async with form_driver(world.post, "activity") as form:
        await put(form, "activity_kind_id", "cay giong")
        await form.type("<f2>")
        assert form.app.result == "open"
        assert lists.count(world.post, "activity") == 1


def test_by_command_line(world: World, run: Run) -> None:
    kind = {"code": "trong_rung", "name": "Trồng rừng", "section": "labour", "also_called": "cây xanh"}
    code, out, _err = run("add", "activity_kind", "--json", "-", home="hq", stdin=kind)
    assert code == 0
    row_id = out.strip()
    assert run("edit", row_id, "--json", "-", home="hq", stdin={"also_called": "cây xanh, ươm cây"})[0] == 0
    world.carry(world.hq, world.post)
    assert offered(world.post, "activity_kind", "uom cay") == [row_id]
    assert run("add", "activity_kind", "--json", "-", stdin={**kind, "code": "x"})[0] == 1, "a post adds none"
    assert run("edit", row_id, "--json", "-", stdin={"name": "Y"})[0] == 1
    assert run("void", row_id, "--reason", "thử")[0] == 1
    assert run("void", row_id, "--reason", "không dùng nữa", home="hq")[0] == 0
    world.carry(world.hq, world.post)
    assert offered(world.post, "activity_kind", "uom cay") == []


def test_a_retired_kind(world: World) -> None:
    added = add(world.hq)
    world.carry(world.hq, world.post)
    row_id = records.save(world.post, "activity", SEEDLINGS)
    records.void(world.hq, added.kind, "gộp vào kind khác")
    world.carry(world.hq, world.post)
    assert offered(world.post, "activity_kind", "cay giong") == []
    for named in ("cap_cay_giong", "Cấp cây giống, con giống", added.kind):
        with pytest.raises(FieldappError) as refused:
            records.save(world.post, "activity", {**SEEDLINGS, "activity_kind": named})
        assert refused.value.fields["activity_kind_id"] == _("No longer in use: {name}.").format(
            name="Cấp cây giống, con giống"
        )
    records.save(world.post, "activity", {"hamlet": "Buôn Ba Na", "date_from": "2013-10-06"}, row_id)
    records.save(world.post, "activity", records.as_data(records.get(world.post, row_id)), row_id)
    records.save(world.post, "activity", SEEDLINGS | {"activity_kind": added.kind}, row_id)
    assert {"Cây giống: 1.500 cây", "Loại giống: Cà phê"} <= {*lines(world.post, row_id)}
    assert any("Cấp cây giống, con giống" in line for line in lines(world.post, row_id))
    assert [r["id"] for r in lists.record_window(world.post, "activity", text="con giong").rows] == [row_id]
    assert counted(world.post) == {"cay_giong": 1500}


def test_a_retired_measure(world: World) -> None:
    added = add(world.hq)
    world.carry(world.hq, world.post)
    row_id = records.save(world.post, "activity", SEEDLINGS)
    records.void(world.hq, added.measure, "không đếm nữa")
    world.carry(world.hq, world.post)
    assert offered(world.post, "measure", "cay giong") == []
    assert lists.measures_of(world.post, added.kind) == []
    for measure in ("cay_giong", added.measure):
        for amount in (3, "3"):
            with pytest.raises(FieldappError) as refused:
                entry = SEEDLINGS | {"measures": [{"measure_id": measure, "amount": amount}]}
                records.save(world.post, "activity", entry)
            assert {*refused.value.fields.values()} == {_("No longer in use: {name}.").format(name="Cây giống")}
    records.save(world.post, "activity", {"hamlet": "Buôn Ba Na"}, row_id)
    for amount in (1200, "1.300"):
        changed = {"measures": [{"measure_id": added.measure, "amount": amount}]}
        records.save(world.post, "activity", changed, row_id)
    assert "Cây giống: 1.300 cây" in lines(world.post, row_id)
    assert counted(world.post) == {"cay_giong": 1300}


def test_a_measure_that_a_kind_no_longer_has(world: World) -> None:
    added = add(world.hq)
    world.carry(world.hq, world.post)
    row_id = records.save(world.post, "activity", SEEDLINGS)
    records.void(world.hq, added.kind_measure, "không đếm ở đây nữa")
    world.carry(world.hq, world.post)
    assert lists.measures_of(world.post, added.kind) == []
    with pytest.raises(FieldappError) as refused:
        records.save(world.post, "activity", SEEDLINGS)
    assert list(refused.value.fields) == ["measures.0.measure_id"]
    records.save(world.post, "activity", SEEDLINGS | {"hamlet": "Buôn Ba Na"}, row_id)
    assert "Cây giống: 1.500 cây" in lines(world.post, row_id)
    assert counted(world.post) == {"cay_giong": 1500}


def test_a_retired_extra_field(world: World) -> None:
    added = add(world.hq)
    world.carry(world.hq, world.post)
    row_id = records.save(world.post, "activity", SEEDLINGS)
    records.save(world.hq, "kind_field", {"needed": True}, added.field)
    records.void(world.hq, added.field, "không cần nữa")
    world.carry(world.hq, world.post)
    assert extras.fields_of_kind(world.post, added.kind) == []
    for named in ("loai_giong", "Loại giống", added.field):
        with pytest.raises(FieldappError) as refused:
            records.save(world.post, "activity", SEEDLINGS | {"extras": {named: "Điều"}})
        assert list(refused.value.fields) == ["extras.0.kind_field_id"]
    bare = {k: v for k, v in SEEDLINGS.items() if k != "extras"}
    assert records.save(world.post, "activity", bare, confirm=True)
    records.save(world.post, "activity", {"hamlet": "Buôn Ba Na"}, row_id)
    records.save(world.post, "activity", records.as_data(records.get(world.post, row_id)), row_id)
    records.save(world.post, "activity", {"extras": {added.field: "Điều"}}, row_id)
    assert "Loại giống: Điều" in lines(world.post, row_id)


@pytest.mark.parametrize("typed", ["lũ", "lu", "LŨ", "bão"])
def test_other_words_for_a_kind_find_it(world: World, typed: str) -> None:
    assert "Phòng, chống, khắc phục thiên tai" in dict(lists.choices(world.post, "activity_kind", typed)).values()
