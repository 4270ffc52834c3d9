"""Waiting until an application has nothing to do, by what it has to do instead of by the clock.

Textual's ``Pilot`` sends a message to every widget of the screen and waits for each, then sleeps a fiftieth of a second
and looks how much of the processor was used meanwhile. Tests of screens did little but that, and on a busy machine they
went on too early. Here the event loop is asked.
"""

import asyncio
import os
from time import monotonic
from typing import Any
from weakref import WeakSet

import pytest
from textual._compositor import Compositor
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.screen import Screen
from textual.worker import Worker

from fieldapp.tui.after_painting import Soon

CALM = 2
"""Turns of the loop with nothing to do: the first may have been the one in which a thread woke somebody"""
TURN = 0.02 if os.name == "nt" else 0.0
"""Seconds of a turn"""
PATIENCE = 100.0
"""Seconds"""
TURNS_BESIDE_THREADS = 64 if os.name == "nt" else 900
"""A thread may be made to hang, and the test goes on beside it: after a second, or more where the machine is busy"""
SECONDS_PER_PICTURE = 0.25
"""Where nobody pauses: a slow machine draws no more often"""

PAINT = Compositor.render_update
"""Draws what has changed"""

_hanging: WeakSet[Worker[Any]] = WeakSet()


async def until_idle(pilot: Pilot[Any], _timeout: float = 0) -> bool:
    """Return when all messages are handled, the work of threads is done and what was typed is searched for.

    Other timers are not waited for.
    """
    loop = asyncio.get_running_loop()
    begun = monotonic()
    calm = turns = 0
    while calm < CALM:
        assert monotonic() - begun < PATIENCE, "the application does not come to rest"
        working = [worker for worker in pilot.app.workers if worker.is_running and worker not in _hanging]
        turns += 1
        if turns > TURNS_BESIDE_THREADS:
            _hanging.update(working)
        searching = _has_to_search(pilot.app)
        if searching and not loop._ready:  # type: ignore[attr-defined]
            _draw_now(pilot.app.screen)
        await asyncio.sleep(0.001 if working or searching else TURN)
        calm = 0 if working or searching or loop._ready else calm + 1  # type: ignore[attr-defined]
    return True


def _draw_now(screen: Screen[Any]) -> None:
    """What was typed is searched for once it is drawn, which here would be a quarter of a second later."""
    with screen._context():
        screen._on_timer_update()


def _has_to_search(app: App[Any]) -> bool:
    screen = app.screen_stack[-1] if app.screen_stack else None
    if screen is None or getattr(app, "locked", False):
        return False
    return any(isinstance(one, Soon) and one.waits for one in (screen, screen.focused))


def without_a_clock(patched: pytest.MonkeyPatch) -> None:
    """``Pilot.press`` sends its keys in one burst, as a keyboard does, and waits until all that they set off is done.

    Each pause draws the screen. What would be drawn by the clock in between, sixty times in a second, nobody looks at.
    """

    async def at_once(_least: float = 0) -> None:
        return

    patched.setattr("textual.app.wait_for_idle", at_once)
    patched.setattr("textual.pilot.wait_for_idle", at_once)
    patched.setattr(Pilot, "_wait_for_screen", until_idle)
    patched.setattr("textual.screen.UPDATE_PERIOD", SECONDS_PER_PICTURE)
    patched.setattr(Compositor, "render_update", _paint_nothing)


def _paint_nothing(compositor: Compositor, full: bool = False, **more: Any) -> Any:
    """Whoever reads the screen, or takes a picture, has it drawn then. Fixture ``painted``: also what nobody reads."""
    if full:
        return PAINT(compositor, full, **more)
    compositor._dirty_regions.clear()
    return None


def with_style_sheets_parsed_once(patched: pytest.MonkeyPatch) -> None:
    """A style sheet is parsed once for each set of colours, and not again by the application of each test."""
    parse, parsed = Stylesheet._parse_rules, dict[object, list[RuleSet]]()

    def once(sheet: Stylesheet, *source: Any, **more: Any) -> list[RuleSet]:
        key = (source, *more.items(), *sheet._variables.items())
        if key not in parsed:
            parsed[key] = parse(sheet, *source, **more)
        return parsed[key]

    patched.setattr(Stylesheet, "_parse_rules", once)
