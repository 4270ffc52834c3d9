"""Fewer keys for the next record: fields that stay, the record before, templates, what may be a double."""

import pytest
from field import World
from form_driver import form_driver, strokes

from fieldapp.records import form_memory, lists, records
from fieldapp.tui import second_press
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.duplicate import DuplicateDialog
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.home import HomeScreen

WELL = ("gieng", "<enter>", "5/11/26", "<enter>", "ia rve", "<enter>", "Buôn Ba Na")


async def test_a_pinned_field_stays_until_it_is_let_go(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("<f7>", "<f8>")
        assert list(form.app._notifications) == [], "what these keys did cannot be done now"
        await form.type("gieng", "<enter>", "5/11/26", "<f5>", "<enter>", "ia rve", "<enter>", "<shift+tab>")
        await form.type("<f5>", "<f2>", "<f2>")  # no figure: yes
        first = records.get(world.post, form.app.result).row
    async with form_driver(world.post, "activity") as form:
        assert "◆" in form.text()
        assert form.focus_is_at("activity_kind_id")  # the first that does not stay
        await form.type("<enter>", "<f5>")  # the date stays no longer, though what stands there is kept
        assert set(form_memory.pins(world.post, "activity")) == {"unit_id"}
        await form.type("<shift+tab>", "gieng", "<enter>", "<f2>", "<f2>")  # the same day and place again: yes
    (second,) = [r for r in lists.record_window(world.post, "activity").rows if r["id"] != first["id"]]
    assert second["unit_id"] == first["unit_id"]
    assert second["date_from"] == first["date_from"]
    async with form_driver(world.post, "activity") as form:
        assert form.row("unit_id").data == first["unit_id"]
        assert form.row("date_from").data is None


async def test_shift_f5_copies_the_record_that_this_person_recorded_last(world: World) -> None:
    world.well(description="của tôi", date_from="2013-01-05")
    before = world.post.user
    world.post.user = "Người khác"
    world.well(description="của người khác", date_from="2013-09-05")
    world.post.user = before
    async with form_driver(world.post, "activity") as form:
        await form.type("<enter>", "7/11/13", "<shift+f5>", "<f2>")
        saved = records.get(world.post, form.app.result)
    assert (saved.row["description"], saved.row["date_from"]) == ("của tôi", "2013-11-07")
    assert [m["amount"] for m in saved.children["measures"]] == [1, 12]


async def test_a_template_keeps_all_but_the_days(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type(*WELL, "<f6>", "Giếng hằng tháng", "<enter>")
        assert list(form_memory.templates(world.post, "activity")) == ["Giếng hằng tháng"]
        await form.type("<escape>")
    for draft in world.post.drafts():
        world.post.drop_draft(draft.id)
    async with form_driver(world.post, "activity") as form:
        await form.type("<f6>", "hang", "<enter>")
        assert form.row("date_from").data is None
        assert form.row("hamlet").data == "Buôn Ba Na"
        await form.type("<enter>", "6/11/26", "<f2>", "<f2>")
        assert records.get(world.post, form.app.result).row["hamlet"] == "Buôn Ba Na"
    async with form_driver(world.post, "activity") as form:
        monkeypatch.setattr(second_press, "now", lambda: 0.0)
        await form.type("<f6>", "<delete>", "<delete>")
        assert list(form_memory.templates(world.post, "activity")) == ["Giếng hằng tháng"], "it asks first"
        monkeypatch.setattr(second_press, "now", lambda: 2.0)
        await form.type("<delete>", "<escape>")
        assert form_memory.templates(world.post, "activity") == {}


async def test_what_may_be_a_double_is_shown_beside_it(world: World) -> None:
    other = world.well(hamlet="Buôn Ba Na", date_from="2026-11-05", description="Khoan giếng")
    async with form_driver(world.post, "activity") as form:
        await form.type(*WELL, *["<enter>"] * 4, "1", "<enter>", "12", "<f2>")
        assert isinstance(form.app.screen, DuplicateDialog)
        text = form.text()
        assert "đang ghi" in text
        assert "Khoan giếng" in text
        await form.type("<escape>")
        assert form.app.result == "open"
        assert lists.count(world.post, "activity") == 1  # what was shown was taken back
        assert world.post.value("SELECT count(*) FROM local_change WHERE table_name = 'activity'") == 1
        await form.type("<f2>", "<f2>")
        assert form.app.result not in ("open", other)
    assert lists.count(world.post, "activity") == 2


async def test_another_place_or_amount_is_no_double(world: World) -> None:
    world.well(hamlet="Buôn Ba Na", date_from="2026-11-05")
    async with form_driver(world.post, "activity") as form:
        await form.type(*WELL[:-1], "Buôn Khác", *["<enter>"] * 4, "1", "<f2>")
        assert form.app.result != "open"


async def test_f2_records_and_opens_the_next_form(world: World) -> None:
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f2>", "dang vien", "<enter>", "Siu Bleh", "<f2>")
        first = app.screen
        assert isinstance(first, FormScreen)
        await strokes(pilot, "Ksor Nan", "<f2>")
        assert isinstance(app.screen, FormScreen)
        assert app.screen is not first
        await strokes(pilot, "<escape>")
        assert isinstance(app.screen, HomeScreen)
        assert lists.count(world.post, "member") == 2
        assert world.post.drafts() == []
