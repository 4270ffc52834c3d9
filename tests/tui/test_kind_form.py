"""A kind of activity is made in one form at headquarters, and is recorded at a post after one round."""

from collections.abc import Sequence

import pytest
from field import World
from form_driver import FormApp, FormDriver, form_driver, strokes
from screen_driver import run
from textual.widgets import Static

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import extras, kind_form, lists, records
from fieldapp.reports import narrative
from fieldapp.reports.query import Query, period_of
from fieldapp.reports.report import report
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.tui.screens.kind import KindForm
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.row_list import RowList

MOST = 60
"""Keys beside names for a kind with three measures and two fields of its own"""

ON = "<enter>"


class Free(str):
    """A name, or other words that only a person can say."""


KIND = [
    "<f2>", "loai ho", ON,
    Free("Bắt giữ vi phạm"), ON, "an n", ON, Free("án"), ON,
    Free("Vụ bắt giữ"), ON, Free("vụ"), ON, ON, ON, ON,
    Free("Người bị bắt"), ON, Free("người"), ON, ON, ON, ON,
    "gao", ON, ON,
    Free("Nơi"), ON, ON, ON, ON,
    Free("Xử lý"), ON, "chon", ON, Free("Phạt; Khởi tố"), ON, "c", ON, ON, ON,
    # an empty line goes on to the sentence
    Free("bắt giữ {Vụ bắt giữ:n} vụ/{Người bị bắt}[, thu {Gạo:n} kg gạo]"),
    "<f2>",
]  # fmt: skip


def keys(typed: Sequence[str]) -> int:
    return sum(1 if part.startswith("<") else len(part) for part in typed if not isinstance(part, Free))


DATA = {
    "name": "Bắt giữ, xử lý vi phạm",
    "section": "security",
    "measures": [
        {"name": "Vụ bắt giữ", "unit_name": "vụ", "nature": "quantity"},
        {"name": "Đối tượng bị bắt", "unit_name": "đối tượng", "nature": "persons"},
    ],
    "fields": [{"name": "Hình thức xử lý", "field_type": "choice", "choices": "Khởi tố; Bàn giao", "needed": True}],
}


def made(store: Store) -> str:
    """A kind, without the screen."""
    return kind_form.save(store, DATA)


def count(store: Store) -> dict[str, int]:
    tables = ("activity_kind", "measure", "kind_measure", "kind_field", "local_change")
    return {table: store.value(f"SELECT count(*) FROM {table}") for table in tables}


async def test_a_kind_is_made_in_one_form_and_recorded_at_a_post_after_one_round(world: World) -> None:
    assert keys(KIND) <= MOST, keys(KIND)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await strokes(s.pilot, *KIND)
        await s.wait("▸Tên * —")  # recorded: the form for the next one is there
    kind = world.hq.row("SELECT * FROM activity_kind WHERE name LIKE 'Bắt giữ%'")
    assert kind is not None
    assert (kind["code"], kind["section"], kind["also_called"]) == (
        "bat_giu_vi_pham", "security", "án"
    )  # fmt: skip
    world.carry(world.hq, world.post)
    measures = lists.measures_of(world.post, kind["id"])
    assert [(m["code"], m["unit_name"], m["nature"], m["decimals"]) for m in measures] == [
        ("vu_bat_giu", "vụ", "quantity", 0),
        ("nguoi_bi_bat", "người", "persons", 0),
        ("gao_kg", "kg", "quantity", 0),
    ]
    fields = extras.fields_of_kind(world.post, kind["id"])
    assert [(f["code"], f["field_type"], f["needed"], f["choices"]) for f in fields] == [
        ("noi", "text", 0, None),
        ("xu_ly", "choice", 1, "Phạt; Khởi tố"),
    ]
    async with run(world.root / "post", world.post.reopen()) as s:
        await strokes(s.pilot, "<f2>", "bat giu", ON, "<f2>")
        await s.wait("Vụ bắt giữ")
        await strokes(s.pilot, "051126", ON, "ia rve", ON, ON, ON, ON, "Bắt", ON)
        await strokes(s.pilot, "4", ON, "5", ON, "200", ON, ON, "kh", ON, "<f2>")
        await s.wait("▸Loại hoạt động * —")
    world.carry(world.post, world.hq)
    text = narrative.as_text(report(world.hq, Query(period_of("2026", wall.today()), today=wall.today())))
    assert "bắt giữ 4 vụ/5 người, thu 200 kg gạo" in text.casefold(), text


async def test_what_is_wrong_with_one_part_keeps_all_of_it_from_being_recorded(world: World) -> None:
    before = count(world.hq)
    twice = [*DATA["measures"], {"name": "Vụ khác", "unit_name": "vụ", "nature": "nothing"}]
    with pytest.raises(FieldappError) as refused:
        kind_form.save(world.hq, {**DATA, "measures": twice, "fields": [{"name": "X", "field_type": "choice"}]})
    assert set(refused.value.fields) == {"measures.2.nature", "fields.0.choices"}
    assert count(world.hq) == before
    made(world.hq)
    before = count(world.hq)
    with pytest.raises(NeedsConfirmation) as asked:  # the kind, and both measures, seem to be there already
        made(world.hq)
    assert set(asked.value.fields) == {"name", "measures.0", "measures.1"}
    assert count(world.hq) == before
    with pytest.raises(FieldappError):
        kind_form.save(world.post, DATA)


async def test_a_measure_that_is_not_complete_says_what_it_lacks(world: World) -> None:
    """Saved while the list is open, without its name, and taken up again."""
    app = FormApp(world.hq, KindForm())
    async with app.run_test(size=(80, 24)) as pilot:
        form = FormDriver(app, pilot)
        measures = form.part("measures")
        form.row("measure_id").focus_problem()
        await form.type("Vụ bắt giữ", "<f2>")
        assert "Chưa điền ô này" in form.note("unit_name"), form.text()
        form.row("unit_name").entry.focus()
        await form.type("vụ", ON, ON, ON, ON)
        assert [(item["name"], item["unit_name"]) for item in measures.data] == [("Vụ bắt giữ", "vụ")]
        measures.query_one(RowList).focus()
        await form.type(ON, ON, "<ctrl+k>", "lần", ON, ON, ON, ON)
        assert [(item["name"], item["unit_name"]) for item in measures.data] == [("Vụ bắt giữ", "lần")], form.text()
        form.row("measure_id").focus_problem()
        await form.type("Bẫy thú", ON, "bẫy", "<shift+tab>", "<ctrl+a>", "<ctrl+k>", "<f2>")
        assert "Chưa điền ô này" in form.note("measure_id"), form.text()


async def test_a_draft_does_not_retire_what_another_laptop_added_meanwhile(world: World) -> None:
    kind = made(world.hq)
    app = FormApp(world.hq, KindForm(kind))
    async with app.run_test(size=(80, 24)) as pilot:
        form = FormDriver(app, pilot)
        form.row("measure_id").focus_problem()
        await form.type("Lượt mật phục", ON, "lượt", ON, ON, ON, ON, "<escape>")
    measure = records.save(
        world.hq, "measure", {"name": "Xe máy", "unit_name": "xe", "nature": "quantity"}, confirm=True
    )
    records.save(world.hq, "kind_measure", {"activity_kind_id": kind, "measure_id": measure, "position": 9})
    (draft,) = world.hq.drafts()
    app = FormApp(world.hq, KindForm(kind, draft))
    async with app.run_test(size=(80, 24)) as pilot:
        await FormDriver(app, pilot).type("<f2>")
        assert app.result == kind
    names = [m["name"] for m in lists.measures_of(world.hq, kind)]
    assert sorted(names) == ["Lượt mật phục", "Vụ bắt giữ", "Xe máy", "Đối tượng bị bắt"]


async def test_a_kind_is_changed_in_the_same_form_but_not_what_past_figures_count_by(world: World) -> None:
    kind = made(world.hq)
    (field,) = extras.fields_of_kind(world.hq, kind)
    records.save(world.hq, "kind_field", {"hint": "theo biên bản"}, field["id"])
    app = FormApp(world.hq, KindForm(kind))
    async with app.run_test(size=(80, 24)) as pilot:
        form = FormDriver(app, pilot)
        assert "Vụ bắt giữ · vụ" in form.text()
        form.row("measure_id").focus_problem()
        await form.type("Lượt mật phục", ON, "lượt", ON, ON, ON, ON)
        next(row for row in app.form.query(FieldRow) if row.key == "sentence" and row.display).focus_problem()
        await form.type("bắt giữ {vụ", "<f2>")
        assert "ngoặc" in form.text()
        await form.type("}", "<f2>")
        assert "Loại này không đếm “vụ”" in form.text()
        await form.type(*["<backspace>"] * 3, "Vụ bắt giữ}")
        assert "→ Bắt giữ 12 vụ" in form.text()
        await form.type("<f2>")
        assert app.result == kind, form.text()
    assert [m["name"] for m in lists.measures_of(world.hq, kind)] == ["Vụ bắt giữ", "Đối tượng bị bắt", "Lượt mật phục"]
    assert world.hq.value("SELECT sentence FROM activity_kind WHERE id = ?", [kind]) == "bắt giữ {Vụ bắt giữ}"
    data = kind_form.data_of(world.hq, kind)
    with pytest.raises(FieldappError) as refused:
        kind_form.save(world.hq, {"fields": [{**data["fields"][0], "field_type": "text"}]}, kind)
    assert list(refused.value.fields) == ["fields.0.field_type"]
    with pytest.raises(FieldappError) as refused:
        kind_form.save(
            world.hq, {"measures": [{**data["measures"][0], "measure_id": data["measures"][1]["measure_id"]}]}, kind
        )
    assert list(refused.value.fields) == ["measures.0.measure_id"]
    fewer = {"measures": data["measures"][1:], "fields": []}
    with pytest.raises(FieldappError) as refused:  # the sentence tells of it
        kind_form.save(world.hq, fewer, kind)
    assert list(refused.value.fields) == ["sentence"]
    kind_form.save(world.hq, {**fewer, "sentence": None}, kind)
    assert [m["name"] for m in lists.measures_of(world.hq, kind)] == ["Đối tượng bị bắt", "Lượt mật phục"]
    assert extras.fields_of_kind(world.hq, kind) == []
    assert world.hq.value("SELECT hint FROM kind_field WHERE id = ?", [field["id"]]) == "theo biên bản"


def test_another_unit_for_amounts_that_are_stored_is_asked_about(world: World) -> None:
    weight = {"name": "Tang vật", "field_type": "number", "unit_name": "kg"}
    kind = kind_form.save(world.hq, {**DATA, "fields": [weight]})
    data = kind_form.data_of(world.hq, kind)
    (field,), measure = data["fields"], data["measures"][0]["measure_id"]
    tonnes = {"fields": [{**field, "unit_name": "tấn"}]}
    kind_form.save(world.hq, tonnes, kind)  # nothing is recorded in it yet
    kind_form.save(world.hq, data, kind)
    world.carry(world.hq, world.post)
    figures, extra = [{"measure_id": measure, "amount": 3}], [{"kind_field_id": field["id"], "value": "12"}]
    world.well(activity_kind_id=kind, measures=figures, extras=extra)
    world.carry(world.post, world.hq)
    with pytest.raises(NeedsConfirmation) as asked:
        kind_form.save(world.hq, tonnes, kind)
    assert list(asked.value.fields) == ["fields.0.unit_name"]
    assert "“kg”" in str(asked.value) and "“tấn”" in str(asked.value)
    assert kind_form.data_of(world.hq, kind) == data
    with pytest.raises(NeedsConfirmation):
        records.save(world.hq, "measure", {"unit_name": "người"}, measure)
    records.save(world.hq, "measure", {"unit_name": "người"}, measure, confirm=True)
    kind_form.save(world.hq, tonnes, kind, confirm=True)


async def test_the_form_that_a_post_will_see_is_shown_beside_or_by_f7(world: World) -> None:
    app = FormApp(world.hq, KindForm(made(world.hq)))
    async with app.run_test(size=(80, 24)) as pilot:
        form = FormDriver(app, pilot)
        for wide in (False, True):
            if wide:
                await pilot.resize_terminal(160, 40)
                while "Phiếu ở đồn" not in form.text():
                    await pilot.pause(0.02)
            await form.type(*([] if wide else ["<f7>"]))
            shown = [str(line.render()) for line in app.screen.query_one("#preview").query(Static) if line.display]
            assert "Bắt giữ, xử lý vi phạm" in form.text()
            assert any("Vụ bắt giữ" in line for line in shown) and any("Hình thức xử lý *" in line for line in shown)
            assert not any(widget.can_focus for widget in app.screen.query_one("#preview").query("*"))
            await form.type(*([] if wide else ["<escape>"]))
            assert app.screen is app.form and app.screen.focused is not None


async def test_a_half_made_kind_comes_back_as_a_draft(world: World) -> None:
    app = FormApp(world.hq, KindForm())
    async with app.run_test(size=(80, 24)) as pilot:
        form = FormDriver(app, pilot)
        await form.type("Bắt", ON, "an n", ON, ON, "Vụ bắt", ON, "vụ", ON, ON, ON, ON, "Đối")
        await form.type("<escape>", "<escape>")
        assert app.result is None
    (draft,) = world.hq.drafts()
    app = FormApp(world.hq, KindForm(draft=draft))
    async with app.run_test(size=(80, 24)) as pilot:
        form = FormDriver(app, pilot)
        assert "Vụ bắt · vụ · mới" in form.text()
        assert form.row("measure_id").entry.value == "Đối"


async def test_no_code_has_to_be_typed_for_reference_data(world: World) -> None:
    async with form_driver(world.hq, "measure") as form:
        await form.type(ON, "Cây giống", ON, "cây", ON, ON, "so luong", ON, "<f2>")
        measure = form.app.result
        assert isinstance(measure, str), form.text()
    assert records.get(world.hq, measure).row["code"] == "cay_giong"
    same = {"name": "Cây giống!", "unit_name": "cây", "nature": "quantity"}
    again = records.save(world.hq, "measure", same, confirm=True)
    assert records.get(world.hq, again).row["code"] == "cay_giong_2"
