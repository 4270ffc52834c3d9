"""A second look on the screen: what another person recorded is keyed again blind, and he who keys it chooses."""

import pytest
from field import World
from form_driver import strokes
from screen_driver import at_post

from fieldapp.records import records
from fieldapp.tui import second_press
from fieldapp.tui.app import QUIT_SECONDS
from fieldapp.tui.screens.double_entry import BlindForm, DifferencesScreen, SampleScreen
from fieldapp.work import double_entry

OTHER = "Lê Văn C"
FORM = ("<f4>", "<enter>", "<f5>", "<enter>")
PLACE = ("<enter>", "<enter>", "ia rve", "<enter>")
TYPED = (*PLACE, "Buon Khac", *["<enter>"] * 4, "1", "<enter>", "21")


def recorded(world: World, **fields: object) -> str:
    """A well that another person recorded."""
    me, world.post.user = world.post.user, OTHER
    row_id = world.well(hamlet="Buôn Ba Na", date_from="2026-03-15", **fields)
    world.post.user = me
    return row_id


async def test_a_sample_is_keyed_again_and_the_right_value_chosen(world: World) -> None:
    row_id = recorded(world)
    async with at_post(world) as s:
        await s.press("f4", "enter", "f5")
        assert isinstance(s.app.screen, SampleScreen)
        assert "· 15/03/2026 · Giếng khoan" in s.text
        await s.press("enter")
        assert isinstance(s.app.screen, BlindForm)
        assert "15/03/2026" in s.text
        assert "Ba Na" not in s.text
        assert "F5" not in s.footer
        await strokes(s.pilot, *TYPED, "<f5>", "<f7>", "<f6>", "<f2>")
        assert isinstance(s.app.screen, DifferencesScreen), s.text
        assert f"● đã ghi ({OTHER}): Buôn Ba Na" in s.text
        assert "○ gõ lại (Nguyễn Văn A): Buon Khac" in s.text
        assert "Hộ hưởng lợi: 21" in s.text
        await s.press("down", "enter")
        assert "● gõ lại (Nguyễn Văn A): Hộ hưởng lợi: 21" in s.text
        await s.press("f2")
        assert "≠ 15/03/2026" in s.text
        await s.press("enter")
        assert "đã được gõ lại" in s.text
        await s.press("f8")
        assert [line.split()[-3:] for line in s.text.splitlines() if "Số liệu" in line] == [["2", "1", "50,0"]]
    found = records.get(world.post, row_id)
    assert found.row["hamlet"] == "Buôn Ba Na"
    assert sorted(row["amount"] for row in found.children["measures"]) == [1, 21]
    (change,) = world.post.rows("SELECT actor FROM local_change WHERE table_name = 'activity_measure' ORDER BY seq")[2:]
    assert change["actor"] == world.post.user
    assert world.post.value("SELECT count(*) FROM activity") == 1
    assert world.post.drafts() == []


async def test_ones_own_work_is_for_another_person(world: World) -> None:
    world.well(date_from="2026-03-15")
    async with at_post(world) as s:
        await s.press("ctrl+p", "go lai", "enter", "hoat dong", "enter")
        assert "– 15/03/2026 · Giếng khoan" in s.text
        await s.press("enter")
        assert isinstance(s.app.screen, SampleScreen)
        assert "người khác" in s.text


async def test_esc_leaves_a_blind_form_when_it_comes_twice_and_keeps_nothing(world: World) -> None:
    recorded(world)
    async with at_post(world) as s:
        await strokes(s.pilot, *FORM, *PLACE, "Buôn", "<escape>")
        assert isinstance(s.app.screen, BlindForm)
        await strokes(s.pilot, "<escape>")
        assert isinstance(s.app.screen, SampleScreen)
    assert world.post.drafts() == []
    assert double_entry.error_rates(world.post) == []


async def test_what_is_kept_nowhere_is_lost_neither_by_a_language_nor_by_quitting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDAPP_LANG", "vi")
    now = 0.0
    monkeypatch.setattr(second_press, "now", lambda: now)
    recorded(world)
    async with at_post(world) as s:
        await strokes(s.pilot, *FORM, *TYPED)
        for screen in (BlindForm, DifferencesScreen):
            await s.press("ctrl+p", "english", "enter")
            assert isinstance(s.app.screen, screen)
            assert any("Chưa đổi được" in note.message for note in s.app._notifications)
            await s.press("ctrl+q", "ctrl+q")
            assert any("Ctrl+Q lần nữa" in note.message for note in s.app._notifications)
            assert s.app.is_running
            s.app.clear_notifications()
            now += QUIT_SECONDS + 1
            await strokes(s.pilot, "<f2>")
        assert isinstance(s.app.screen, SampleScreen)
        await s.press("ctrl+q")
        assert s.app._exit


async def test_both_values_may_be_the_same_word(world: World) -> None:
    recorded(world, description="Hoà giải ở buôn.")
    async with at_post(world) as s:
        await strokes(s.pilot, *FORM, *PLACE, "buôn Ba Na", *["<enter>"] * 3, "hòa giải ở buôn")
        await strokes(s.pilot, "<enter>", "1", "<enter>", "12", "<f2>")
        assert isinstance(s.app.screen, SampleScreen)
        assert "✓ 15/03/2026" in s.text


async def test_what_differs_is_left_as_it_is(world: World) -> None:
    row_id = recorded(world, description="Khoan giếng")
    async with at_post(world) as s:
        await strokes(s.pilot, *FORM, *TYPED, "<f2>", "<enter>", "<escape>")
        assert isinstance(s.app.screen, SampleScreen)
    found = records.get(world.post, row_id).row
    assert (found["hamlet"], found["description"]) == ("Buôn Ba Na", "Khoan giếng")
    assert {rate.field for rate in double_entry.error_rates(world.post) if rate.different} == {
        "hamlet",
        "description",
        "measures",
    }
