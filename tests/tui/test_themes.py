"""The colours: text stands out in all of them, the choice is remembered, and without colours nothing is lost."""

import pytest
from contrast import faint, greys_only
from field import World
from screen_driver import at_post

from fieldapp.tui import themes

WAY = (
    (),
    ("f2",),
    ("enter", "nh"),
    ("enter", "31/2", "f2"),
    ("escape", "f3", "gi"),
    ("escape", "f4", "enter"),
    ("enter", "delete"),
    ("escape", "escape", "escape", "f8"),
    ("escape", "f9"),
    ("f1",),
)
"""Keys to menu, pick list, a problem, search, list, record with a reason, report, USB, help"""


async def test_text_stands_out(world: World) -> None:
    world.well()
    async with at_post(world) as s:
        for keys in WAY:
            await s.press(*keys)
            for theme in themes.THEMES:
                s.app.theme = theme.name
                await s.press()
                assert faint(s.app) == [], f"{theme.name}, {type(s.app.screen).__name__}:\n{s.text}"


async def test_without_colours_all_is_grey_and_says_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldapp.tui.screens.form.FormScreen.keep", lambda self: None)  # it says the time
    world.well()
    texts = []
    for colours in (True, False):
        if not colours:
            monkeypatch.setenv("NO_COLOR", "1")
        async with at_post(world) as s:
            seen = []
            for keys in (("f4", "enter"), ("escape", "f2", "enter", "31/2", "f2")):
                await s.press(*keys)
                seen.append(s.text)
                assert greys_only(s.app) != colours
                assert faint(s.app) == []
            texts.append(seen)
    assert texts[0] == texts[1]


async def test_colours_are_chosen_in_the_palette_and_remembered(world: World) -> None:
    async with at_post(world) as s:
        await s.press("ctrl+p", "nen sang", "enter")
        assert s.app.theme == themes.LIGHT.name
    async with at_post(world) as s:
        assert s.app.theme == themes.LIGHT.name


@pytest.mark.parametrize(("term", "theme"), [("linux", themes.SIXTEEN), ("xterm-256color", themes.DARK)])
async def test_a_console_begins_with_its_sixteen_colours(
    world: World, term: str, theme: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    async with at_post(world) as s:
        assert s.app.current_theme == theme
