"""A running application on a real encrypted store, its keys and what it shows."""

import asyncio
from pathlib import Path
from typing import Any

from field import World
from textual.pilot import Pilot

from fieldapp.tui.app import FieldApp

PATIENCE = 200
"""Turns of the loop until something that does not come is an error"""


class Screens:
    """A running application, its keys and what it shows."""

    def __init__(self, app: FieldApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Keys by name; a text of several letters is typed."""
        for key in keys:
            await self.pilot.press(*([key] if key in KEYS else key))
        for _ in range(3):
            await self.pilot.pause()

    async def wait(self, words: str) -> None:
        """Wait until ``words`` stand on the screen."""
        for _ in range(PATIENCE):
            if words in self.text:
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
        """What stands on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def footer(self) -> str:
        return self.text.splitlines()[-1]


KEYS = {
    "enter",
    "backspace",
    "escape",
    "tab",
    "up",
    "down",
    "delete",
    "home",
    "ctrl+l",
    "ctrl+p",
    "ctrl+q",
    "pageup",
    "pagedown",
}
KEYS |= {f"f{n}" for n in range(1, 13)}


def run(home: Path, store: Any = None) -> "Running":
    return Running(FieldApp(home, store))


class Running:
    """``async with run(...) as s``"""

    def __init__(self, app: FieldApp) -> None:
        self._app = app
        self._context = app.run_test(size=(80, 24))

    async def __aenter__(self) -> Screens:
        screens = Screens(self._app, await self._context.__aenter__())
        await screens.press()
        return screens

    async def __aexit__(self, *error: Any) -> None:
        await self._context.__aexit__(*error)


def at_post(world: World) -> Running:
    return run(world.root / "post", world.post.reopen())
