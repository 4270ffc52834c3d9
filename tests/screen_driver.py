"""A driver of the running application on a real encrypted store: it presses keys and reads the screen."""

import asyncio
from pathlib import Path
from typing import Any

from field import World
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from fieldapp.tui.app import FieldApp
from fieldapp.tui.widgets.footer import KeyFooter

PATIENCE = 200
"""Turns of the loop that a test waits for something"""


class ScreenDriver:
    """Presses keys in a running application and reads its screen."""

    def __init__(self, app: FieldApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys by name; a text that is not the name of a key is typed."""
        for key in keys:
            await self.pilot.press(*([key] if key in KEYS else key))
        for _ in range(3):
            await self.pilot.pause()

    async def wait(self, words: str) -> None:
        """Wait until ``words`` are on the screen, perhaps on two lines of it."""
        for _ in range(PATIENCE):
            if words in self.text or words in " ".join(self.text.split()):
                return
            await self.pilot.pause(0.05)
        raise AssertionError(f"“{words}” did not come:\n{self.text}")

    async def wait_for_the_end(self) -> None:
        """Wait until the program has ended."""
        for _ in range(PATIENCE):
            if self.app._exit:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"the program goes on:\n{self.text}")

    @property
    def text(self) -> str:
        """The screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def footer(self) -> str:
        """The lines of keys."""
        at = self.app.screen.query_one(KeyFooter).region
        return "\n".join(self.text.splitlines()[at.y : at.bottom])


KEYS = {
    "enter",
    "backspace",
    "escape",
    "tab",
    "up",
    "down",
    "left",
    "right",
    "delete",
    "home",
    "ctrl+l",
    "ctrl+p",
    "ctrl+q",
    "pageup",
    "pagedown",
}
KEYS |= {f"f{n}" for n in range(1, 13)}


def unseen(app: App[Any]) -> str:
    """What is wrong with the place of the focus; '' if its cursor is on the screen."""
    focused = app.screen.focused
    if focused is None:
        return "nothing has the focus"
    name = type(focused).__name__
    if not focused.is_on_screen:
        return f"{name} has the focus and is not shown"
    seen = app.screen.find_widget(focused).visible_region
    if not seen and not focused.size and not isinstance(focused, Input):
        return ""  # an empty list
    if not seen:
        return f"{name} has the focus and is scrolled out of sight, to {focused.region}"
    if not isinstance(focused, Input):
        return ""
    at = focused.cursor_screen_offset
    if not focused.region.contains_point(at):  # at the end of a text Textual says the cell behind the cursor
        return f"the cursor of {name}, at {at}, is scrolled out of sight"
    over, _region = app.screen.get_widget_at(*at)
    return "" if over is focused else f"the cursor of {name}, at {at}, is covered by {type(over).__name__}"


def run(home: Path, store: Any = None) -> "Running":
    return Running(FieldApp(home, store))


class Running:
    """``async with run(...) as s``"""

    def __init__(self, app: FieldApp, size: tuple[int, int] = (80, 24), *, messages: bool = False) -> None:
        """``messages``: those of ``notify`` are drawn, as they are outside of tests."""
        self._app = app
        self._context = app.run_test(size=size, notifications=messages)

    async def __aenter__(self) -> ScreenDriver:
        driver = ScreenDriver(self._app, await self._context.__aenter__())
        await driver.press()
        return driver

    async def __aexit__(self, *error: Any) -> None:
        await self._context.__aexit__(*error)


def at_post(world: World) -> Running:
    return run(world.root / "post", world.post.reopen())
