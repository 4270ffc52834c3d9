"""The parts of a form that hold rows of their own: figures, bodies helped, attendance."""

from field import World
from form_driver import cell, form_driver, members
from textual.widgets import Static

from fieldapp.records import records
from fieldapp.tui.widgets.field_row import FieldRow


async def test_a_meeting_of_eighteen_is_marked_by_exception(world: World) -> None:
    ids = members(world, 18)
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", *["<enter>"] * 4)
        assert "Trần Văn 18" in form.text()
        await form.type("<f6>", "<down>", "<space>", "<down>", "<minus>", "đi công tác", "<enter>")
        assert "16" in str(form.part("attendance").query_one("#count", Static).render())
        await form.type("<f2>")
        found = records.get(world.post, form.app.result)
    marks = {a["member_id"]: (a["status"], a["reason"]) for a in found.children["attendance"]}
    assert len(marks) == 18
    assert marks[ids[1]] == ("absent", None)
    assert marks[ids[2]] == ("excused", "đi công tác")
    assert marks[ids[17]] == ("present", None)


async def test_the_roster_is_reached_however_fast_enter_is_pressed(world: World) -> None:
    members(world, 3)
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26")
        await form.pilot.press(*["enter"] * 4, "f6", "f2")
        await form.pilot.pause()
        assert len(records.get(world.post, form.app.result).children["attendance"]) == 3


async def test_figures_of_another_kind_are_kept_and_not_saved(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "5/10/13", "<enter>", "ia rve", *["<enter>"] * 5)
        await form.type("3", "<enter>", "~20", "<enter>", "5tr")
        measures = form.part("measures")
        assert [m["amount"] for m in measures.data] == [3, 20, 5_000_000]
        assert measures.data[1]["approximate"] is True
        form.row("activity_kind_id").entry.focus()
        await form.type("nha dai", "<enter>")
        assert [m["amount"] for m in measures.data] == [20, 5_000_000]
        form.row("activity_kind_id").entry.focus()
        await form.type("gieng", "<enter>")
        assert [m["amount"] for m in measures.data] == [3, 20, 5_000_000]


async def test_a_figure_that_cannot_be_read_is_refused_in_its_row(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "5/10/13", "<enter>", "ia rve", *["<enter>"] * 5)
        await form.type("1", "<enter>", "<enter>", "2.1", "<f2>")
        assert form.app.result == "open"
        wrong = [row for row in form.part("measures").query(FieldRow) if row.has_class("-wrong")]
        assert len(wrong) == 1
        assert wrong[0].has_focus_within
        assert wrong[0].entry.value == "2.1"


async def test_bodies_are_added_one_after_the_other(world: World) -> None:
    activity = world.well(activity_kind_id="cung_co_co_so_chinh_tri", measures=[])
    async with form_driver(world.post, "activity", activity) as form:
        form.part("targets").focus_problem()
        await form.type("<shift+tab>", "thon", "<enter>", "Thôn 5", "<enter>", "Thôn 6", "<enter>", "Thôn 6", "<enter>")
        names = [target["name"] for target in form.part("targets").data]
        assert names == ["Thôn 5", "Thôn 6"]
        await form.type("<enter>", "<delete>", "<shift+tab>", "<shift+tab>", "cong an", "<enter>", "ia rve", "<enter>")
        await form.type("<f2>")
        found = records.get(world.post, form.app.result)
    assert [t["target_type"] for t in found.children["targets"]] == ["hamlet", "police"]
    assert found.children["targets"][0]["unit_id"] == found.row["unit_id"]


async def test_all_cells_of_the_commune_at_one_key(world: World) -> None:
    named = records.get(world.post, cell(world)).row["unit_id"]
    activity = world.well(activity_kind_id="cung_co_co_so_chinh_tri", measures=[], unit_id=named)
    async with form_driver(world.post, "activity", activity) as form:
        form.part("targets").focus_problem()
        await form.type("<f6>", "<f6>", "<f2>")
        found = records.get(world.post, form.app.result)
    assert [t["party_cell_id"] for t in found.children["targets"]] == [cell(world)]


async def test_a_name_that_was_not_added_is_not_lost_by_saving(world: World) -> None:
    async with form_driver(world.post, "activity", world.well()) as form:
        form.part("targets").focus_problem()
        await form.type("<shift+tab>", "khac", "<enter>", "Trạm xá", "<f2>")
        assert form.app.result == "open"
        assert "! “Trạm xá”" in form.text()
        assert form.app.focused is not None
        assert form.app.focused.region.y < 22
