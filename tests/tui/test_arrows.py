"""The arrows go where one looks; a key that moved says where its work is now; Del takes away, and asks."""

from field import World
from form_driver import form_driver, members
from screen_driver import at_post
from textual.widgets import OptionList

from fieldapp.records import records
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.sync import SyncScreen
from fieldapp.tui.widgets.pick_list import PickList
from fieldapp.tui.widgets.roster_grid import RosterGrid

MANY = 60
"""More fields than a form has"""


async def test_up_and_down_do_the_same_in_every_field(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        down = [form.app.focused]
        await form.type("<down>")
        while form.app.focused is not down[-1]:  # at the last field it stays
            down.append(form.app.focused)
            assert len(down) < MANY
            await form.type("<down>")
        up = [form.app.focused]
        while form.app.focused is not down[0] and len(up) < MANY:
            await form.type("<up>")
            up.append(form.app.focused)
        assert up == down[::-1]
        assert sum(isinstance(field, PickList) for field in down) > 2, "fields with lists are passed as others are"
        assert not any(field.is_open for field in down if isinstance(field, PickList))


async def test_in_an_open_list_the_arrows_move_in_it(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        kind = form.app.focused
        assert isinstance(kind, PickList)
        for opening in ("<f4>", "n"):
            await form.type(opening, "<down>", "<down>", "<up>")
            assert form.app.focused is kind
            assert kind.menu.highlighted == 1
            await form.type("<escape>")


async def test_right_in_the_roll_call_lands_in_the_nearest_row(world: World) -> None:
    members(world, 5)  # three on the left, two on the right
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26")
        grid = form.app.form.query_one(RosterGrid)
        form.app.form.set_focus(grid)
        await form.type("<down>", "<down>", "<right>")
        assert grid._at == 4, "there is none beside the third, so the one above"
        await form.type("<right>")
        assert grid._at == 4
        await form.type("<left>", "<right>", "<up>", "<left>")
        assert grid._at == 0
        await form.type("<up>")
        assert form.app.focused is not grid, "above the first member is the field before"
        form.app.form.set_focus(grid)
        await form.type(*["<down>"] * 5)
        assert form.focus_is_at("missing"), "below the last member is the field for who is missing"
        await form.type("<up>")
        assert form.app.focused is grid
        assert grid._at == 4


async def test_a_key_that_voided_in_older_versions_voids_no_more(world: World) -> None:
    row_id = world.well()
    async with at_post(world) as s:
        s.app.push_screen(RecordScreen(row_id))
        await s.press("f8", "nham", "escape")
        assert records.get(world.post, row_id).row["voided_at"] is None
        assert isinstance(s.app.screen, RecordScreen), "F8 had opened the papers"
        await s.press("delete", "delete", "x", "home", "delete")
        assert s.app.screen.query_one("#reason").value == "", "within the text Del takes letters away"  # type: ignore[attr-defined]
        s.app.push_screen(SyncScreen())
        await s.press("f8")
        assert [note.message for note in s.app._notifications][-1].startswith("F8 "), "nothing runs to be broken off"


async def test_a_search_is_narrowed_in_one_list_by_kind_place_and_time(world: World) -> None:
    world.well(hamlet="Buôn Ba Na")
    async with at_post(world) as s:
        await s.press("f3", "f4")
        assert s.app.screen.query_one(OptionList).option_count > 10
        await s.press("su kien", "enter")
        assert "0 bản ghi · Sự kiện" in " ".join(s.text.split())
        await s.press("f4", "enter", "f4", "ia rve", "enter", "f5")
        assert "1 bản ghi · Xã Ia Rvê" in " ".join(s.text.split())
        assert "Lọc: F4" in [note.message for note in s.app._notifications]


async def test_help_names_the_keys_that_work_everywhere(world: World) -> None:
    async with at_post(world) as s:
        await s.press("f3", "f1")
        shown = "\n".join(str(static.render()) for static in s.app.screen.query("Static"))
        for key in ("F4 ", "F7 ", "Ctrl+P", "Ctrl+L", "Ctrl+Q", "Ctrl+Z", "Esc"):
            assert f"\n{key}" in shown
