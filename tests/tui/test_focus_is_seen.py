"""The focus is never on what is not shown, and stays where somebody types: what is typed is seen where it goes."""

from datetime import date
from itertools import cycle
from typing import Any

import pytest
from field import World
from form_driver import FormApp, FormDriver, form_driver, strokes
from screen_driver import Running, unseen
from textual.events import Click, Paste
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static
from tui.test_opened_in_a_burst import HQ, POST, Make, left, set_at_odds, the_conflict

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.i18n import _
from fieldapp.records import form_memory, lists, records
from fieldapp.reports.query import Period, Query
from fieldapp.sync.format import drives
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.conflicts import ConflictScreen
from fieldapp.tui.screens.form import FormFields, FormScreen
from fieldapp.tui.screens.quick import QuickScreen
from fieldapp.tui.screens.report_file import ReportFileScreen
from fieldapp.tui.widgets.pick_list import PickList
from fieldapp.tui.widgets.text_field import TextField

SMALL, USUAL = (60, 20), (80, 24)
TURNS = 20
"""Looks until what is wrong stays wrong: the screen may still be drawn"""


async def stays_unseen(app: FormApp, pilot: Pilot[Any]) -> str:
    problem = ""
    for _turn in range(TURNS):
        await pilot.pause()
        problem = unseen(app)
        if not problem:
            break
    return problem


async def test_in_every_form_whatever_is_pinned(world: World) -> None:
    """With no field pinned, with all up to one that is not always shown, with all; and when the window gets another
    size in the last of them."""
    wrong = []
    app = FormApp(world.post, FormScreen("event"))
    sizes = cycle((USUAL, SMALL))
    async with app.run_test(size=next(sizes)) as pilot:
        for model in (m for m in RECORDS if m.TOP and records.writable(world.post, m)):
            form = FormScreen(model.KIND)
            app.push_screen(form)
            await pilot.pause()
            for row in (*form._rows, None):
                if row in (None, form._rows[0]) or not row.display:
                    form._first_open().focus_problem()
                    if problem := await stays_unseen(app, pilot):
                        wrong.append(f"{model.KIND}, pinned up to {row and row.key}: {problem}")
                if row is not None:
                    row.pinned = True
            if form.query_one(FormFields).virtual_size.height < SMALL[1]:
                continue
            form.focus_chain[-1].focus()
            await pilot.resize_terminal(*next(sizes))
            if problem := await stays_unseen(app, pilot):
                wrong.append(f"{model.KIND}, its last field in {app.size}: {problem}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("size", [USUAL, SMALL])
async def test_what_an_empty_field_means_is_seen_in_every_field(world: World, size: tuple[int, int]) -> None:
    """Also in the last one, where Enter says that there is no further."""
    for model in (model for model in RECORDS if model.TOP and records.writable(world.post, model)):
        hints = {shape.name: _(shape.hint) for shape in fields_of(model) if shape.hint}
        if not hints:
            continue
        async with form_driver(world.post, model.KIND, size=size) as form:
            if model.KIND == "activity":
                await form.type("gieng", "<enter>")
            for key, hint in hints.items():
                form.row(key).entry.focus()
                await form.type()
                if form.app.focused is form.app.form.focus_chain[-1]:
                    await form.type("<enter>")
                for _turn in range(TURNS):
                    if not (lost := hint not in " ".join(form.text().split())):
                        break
                    await form.pilot.pause()
                assert not lost, (model.KIND, key)


async def test_after_kind_day_and_place_comes_the_hamlet(world: World) -> None:
    """The field between them is shown only for a divided commune."""
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "5/10/13", "<enter>", "ia rve", "<enter>")
        await form.type(*["<up>", "<f5>"] * 3, "<escape>")  # the arrows do so in a form that scrolls too
        assert len(form_memory.pins(world.post, "activity")) == 3
    async with form_driver(world.post, "activity", size=SMALL) as form:
        await form.type("Buôn")
        assert form.row("hamlet").data == "Buôn"
        assert unseen(form.app) == ""
        await form.type("<pagedown>", "<pagedown>")
        assert unseen(form.app)
        await form.type(" A")  # a field that was scrolled away comes back when one types
        assert form.row("hamlet").data == "Buôn A"
        assert unseen(form.app) == ""


async def test_a_field_that_a_template_hides_gives_its_keys_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    divided = world.post.value(
        "SELECT old_unit_id FROM unit_succession GROUP BY 1 HAVING count(DISTINCT new_unit_id) > 1 LIMIT 1"
    )
    ((whole, name), *_more) = lists.choices(world.post, "unit", "Krông Na")
    form_memory.save_template(world.post, "activity", "A", {"unit_id": {"value": whole, "text": name}})
    async with form_driver(world.post, "activity") as form:
        form.row("unit_id").load(divided)
        await form.type(*["<enter>"] * 3)
        assert form.focus_is_at("unit_now_id")
        await form.type("<f6>", "<enter>", "B")
        assert not form.row("unit_now_id").display
        assert form.row("hamlet").data == "B"
        assert unseen(form.app) == ""
        rung: list[str] = []
        monkeypatch.setattr(form.app, "bell", lambda: rung.append("♪"))
        form.app.form.set_focus(None)
        await form.type("AB")
        form.app.post_message(Paste("AB"))
        await form.type("<f2>")
        assert rung == ["♪"] * 3, "where nothing takes letters they are refused with a sound"


async def test_a_message_does_not_stand_where_one_types(world: World) -> None:
    app = FormApp(world.post, FormScreen("member"))
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await pilot.pause()
        app.form.query_one(FormFields).styles.padding = (10, 0, 1, 0)
        app.form.set_focus(app.form.focus_chain[-2])
        await strokes(pilot, "<end>")
        app.notify("Đã ghi bản trước", timeout=60)
        await strokes(pilot, "12 tháng 10 năm")
        assert "Đã ghi bản trước" in FormDriver(app, pilot).text()
        assert await stays_unseen(app, pilot) == ""


async def test_quick_entry_says_which_cell_has_no_room(world: World) -> None:
    app = FormApp(world.post, FormScreen("event"))
    async with app.run_test(size=USUAL) as pilot:
        app.push_screen(QuickScreen("matter"))
        await pilot.pause()
        await strokes(pilot, "trao đổi", "<f2>")
        said = str(app.screen.query_one("#message", Static).content)
        assert "thiếu chỗ cho ô “Ngày" in said
        assert unseen(app) == ""


async def test_a_click_on_a_line_that_is_not_there_any_more_is_none(world: World) -> None:
    """It was painted still when the mouse was pressed; whoever types ahead has narrowed the list down meanwhile."""
    async with form_driver(world.post, "activity") as form:
        await form.type("gi")
        menu = form.app.form.query(PickList).first().menu
        at = menu.region.offset + Offset(3, 2)
        style = form.app.screen.get_style_at(*at)
        menu.post_message(Click(menu, 3, 2, 0, 0, 1, False, False, False, at.x, at.y, style))
        menu.clear_options()
        await form.type("<escape>", "<f1>")
        assert form.app._exception is None


@pytest.mark.parametrize("role", ["post", "hq"])
async def test_what_is_half_typed_is_typed_on_after_the_help(
    world: World, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each sort of field of each screen: a screen that is shown again reads its records again, but neither changes
    the text nor takes the focus away."""
    monkeypatch.setattr(drives, "drives", lambda: [drives.Drive(world.usb, "USB", 1, 0)])
    if role == "post":
        world.well()
    else:
        set_at_odds(world)
    screens: dict[type[Screen[Any]], Make] = POST if role == "post" else {**HQ, ConflictScreen: the_conflict}
    wrong = []
    async with Running(FieldApp(world.root / role, getattr(world, role).reopen())) as s:
        for screen_class, make in screens.items():
            screen = make(world, s.app.store)
            s.app.push_screen(screen)
            await s.press()
            sorts = {type(field): field for field in screen.focus_chain if isinstance(field, TextField)}
            for sort, field in sorts.items():
                screen.set_focus(field)
                await s.press("a")
                typed = field.value
                await s.press("f1", "escape")
                if (s.app.focused, field.value) != (field, typed):
                    wrong.append(f"{screen_class.__name__}, {sort.__name__}: {typed!r} became {field.value!r}")
                    wrong.append(f"    the focus is on {s.app.focused}")
            await left(s)
    assert not wrong, "\n".join(wrong)


async def test_a_long_text_that_stands_in_a_field_shows_its_end_where_typing_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A screen proposes the folder of the documents."""
    home = world.root / "Nguyễn Văn Thưởng ở đồn Ia Rvê" / "Tài liệu của đồn năm 2013"
    home.mkdir(parents=True)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    async with Running(FieldApp(world.root / "post", world.post.reopen()), SMALL) as s:
        s.app.push_screen(ReportFileScreen(Query(Period(date(2013, 1, 1), date(2013, 12, 31)))))
        await s.press()
        await s.press("tab")
        assert f"{home}"[-30:] in s.text
        assert not unseen(s.app)
