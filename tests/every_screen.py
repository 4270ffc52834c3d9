"""A walk over all screens at several sizes, which looks at what everybody relies on.

Every key that works is named at the bottom, no words are cut, pop-ups fit, and the chosen line of a list can be seen in
sixteen colours. Each application is started once; its screens are opened one after the other, and resized.

A screen gets its words when its module is loaded, so the English walk is a process of its own: ``python -m every_screen
ROOT``. The screens are those of ``test_opened_in_a_burst``, which misses none.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from field import World
from key_bindings import bindings
from rich.color import Color, ColorSystem
from rich.style import Style
from screen_driver import Running, ScreenDriver, unseen
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import OptionList, Static
from tui.test_opened_in_a_burst import HQ, POST, Make, the_conflict, well_of

from fieldapp.records import lists
from fieldapp.store.store import Store
from fieldapp.tui.app import FieldApp
from fieldapp.tui.key_grammar import EVERYWHERE, MOVES
from fieldapp.tui.screens.base import Dialog
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.unlock import UnlockScreen
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.highlight_list import HighlightList
from fieldapp.tui.widgets.pick_list import ChoiceMenu, PickList
from fieldapp.tui.widgets.record_table import RecordTable

SIZES = ((60, 20), (80, 24), (160, 50))
OURS = {(key, action, words) for _name, key, action, words in bindings() if action != "app.moved"}
BODY = {"target_type": "other", "name": "A"}
TASK = {"number": 1, "title": "A"}
STANDING, VOIDED = "Lê Văn Sáu", "Lê Văn Bảy"
"""Names of members on whom records hang; one is voided"""
MOST_LINES = 2
"""Of keys"""

TURNS = 20
"""Looks until what is wrong stays wrong"""

Opened = tuple[Make, Sequence[str]]
"""What makes a screen, and the keys that are pressed then"""


async def walk(
    world: World, root: Path, store: Store, made: Mapping[str, Opened], sizes: Sequence[tuple[int, int]]
) -> list[str]:
    """Open each screen of one application, at each size; lists what is wrong."""
    wrong: list[str] = []
    async with Running(FieldApp(root, store.reopen())) as s:
        for name, (make, keys) in made.items():
            s.app.push_screen(make(world, s.app.store))
            await s.press(*keys)
            for size in sizes[::-1]:
                await s.pilot.resize_terminal(*size)
                looks = _look_everywhere(s) if size == SIZES[0] else _look(s)
                wrong += [f"{name} at {size[0]}×{size[1]}: {problem}" async for problem in looks]
            while len(s.app.screen_stack) > 2:
                s.app.pop_screen()
    return list(dict.fromkeys(wrong))


async def _look_everywhere(s: ScreenDriver) -> AsyncIterator[str]:
    """What is wrong on this screen, with the focus in each sort of field and list, and with an open list."""
    screen = s.app.screen
    async for problem in _look(s):
        yield problem
    seen = set()
    for widget in screen.focus_chain:
        if type(widget) in seen:
            continue
        seen.add(type(widget))
        screen.set_focus(widget)
        if isinstance(widget, PickList):
            widget.action_open()
        async for problem in _look(s):
            yield f"{type(widget).__name__}: {problem}"
        if isinstance(widget, PickList):
            widget.action_close()
        if widget is not screen.focus_chain[-1] and not _goes_on(s, widget):
            yield f"{type(widget).__name__}: ↓ does not go on to what follows"


def _goes_on(s: ScreenDriver, widget: Widget) -> bool:
    """Whether ↓ leaves a field, and a list at its end; where the footer names other work of the arrows, it need not."""
    down = s.app.screen.active_bindings.get("down")
    if down is None or down.binding.show:
        return down is not None
    if isinstance(widget, OptionList):
        if widget.highlighted is None:
            return True
        chosen = widget.highlighted
        widget.action_last()
        widget.action_cursor_down()
        widget.highlighted = chosen  # a list that was never drawn at this size would stand at the wrong line
    elif isinstance(widget, HighlightList):
        widget._at = max(len(widget.items) - 1, 0)
        widget.action_move(1)
    return s.app.screen.focused is not widget or not isinstance(widget, OptionList | HighlightList)


async def _look(s: ScreenDriver) -> AsyncIterator[str]:
    """What is wrong, and stays so: the screen may still be drawn."""
    for _turn in range(TURNS):
        await s.pilot.pause()
        found = [*_keys_not_named(s), *_cut(s), *_unseen(s)]
        if s.app.screen.focused is not None and (problem := unseen(s.app)):
            found.append(problem)
        if not found:
            break
    for problem in found:
        yield problem


def _keys_not_named(s: ScreenDriver) -> Iterator[str]:
    footer = s.app.screen.query_one(KeyFooter)
    drawn = s.footer
    if footer.size.height > MOST_LINES:
        yield f"{footer.size.height} lines of keys"
    for names, words, _key, _works in footer.shown:
        if f"{names} {words}" not in drawn:
            yield f"“{names} {words}” is cut"
    done: set[str] = set()
    for key, active in s.app.screen.active_bindings.items():
        binding: Binding = active.binding
        action = binding.action.partition("(")[0]
        if (
            key in MOVES | EVERYWHERE
            or (active.node is s.app and not binding.show)
            or action in done | {"app.moved"}
            or (key, action, binding.description) not in OURS
        ):
            continue
        name = s.app.get_key_display(binding)
        if any(words == binding.description and name in names.split("/") for names, words, *_ in footer.shown):
            done.add(action)
        else:
            yield f"{name} does “{action}” and is not named"


def _cut(s: ScreenDriver) -> Iterator[str]:
    """Words that do not fit in their place, and what lies outside of it."""
    screen = s.app.screen
    room = Region(0, 0, *s.app.size)
    above = Region(0, 0, s.app.size.width, screen.query_one(KeyFooter).region.y)
    for widget in screen.query(Widget):
        if not widget.is_on_screen or not widget.size or isinstance(widget, KeyFooter):
            continue
        if isinstance(screen, Dialog) and widget.id == "box" and not above.contains_region(widget.region):
            yield f"the window does not fit: {widget.region}"
        if isinstance(widget, ChoiceMenu) and widget.has_class("-open") and not room.contains_region(widget.region):
            yield f"the list does not fit: {widget.region}"
        if isinstance(widget, Static) and not widget.has_class("who"):
            needed = widget.get_content_height(s.app.size, s.app.size, widget.content_size.width)
            if needed > widget.content_size.height:
                yield f"“{_words(widget)}” is cut"
        if isinstance(widget, Static) and not _scrolls(widget) and str(widget.render()).strip():
            seen = screen.find_widget(widget).visible_region
            if seen.size != widget.region.size:
                yield f"“{_words(widget)}” is outside: {widget.region}, seen {seen}"


def _words(widget: Static) -> str:
    return " ".join(str(widget.render()).split())[:40]


def _scrolls(widget: Widget) -> bool:
    return any(isinstance(box, VerticalScroll) for box in widget.ancestors)


def _unseen(s: ScreenDriver) -> Iterator[str]:
    """Lists in which the chosen line looks like the others, in sixteen colours, in greys, or without any."""
    for widget in s.app.screen.query(Widget):
        if not widget.is_on_screen or not widget.size:
            continue
        chosen = (
            (isinstance(widget, OptionList) and widget.highlighted is not None)
            or (isinstance(widget, RecordTable) and widget.lines)
            or (isinstance(widget, HighlightList) and widget.items and widget.has_focus)
        )
        area = widget.content_region.intersection(s.app.screen.find_widget(widget).visible_region)
        if chosen and area and not _stands_out(s, widget, area):
            yield f"the chosen line of {type(widget).__name__} cannot be seen"


def _stands_out(s: ScreenDriver, widget: Widget, area: Region) -> bool:
    rows = s.app.screen._compositor.render_strips()[area.y : area.bottom]
    ground = _sixteen(widget.rich_style.bgcolor)
    for row in rows:
        for segment in row.crop(area.x, area.right):
            style = segment.style or Style()
            text, under = _sixteen(style.color), _sixteen(style.bgcolor)
            stands_out = style.reverse or under != ground
            if "▸" in segment.text or (segment.text.strip() and stands_out and (text != under or text is None)):
                return True
    return False


def _sixteen(color: Color | None) -> int | None:
    """The colour that a terminal with sixteen shows."""
    return color.downgrade(ColorSystem.STANDARD).number if color and not color.is_default else None


def at_post() -> Mapping[str, Opened]:
    """The screens of a post, and some in a state of their own."""
    opened: dict[str, Opened] = {made.__name__: (make, ()) for made, make in POST.items()}
    return opened | {
        "UnlockScreen": (lambda _w, s: UnlockScreen(s.home), ()),
        "a reason": (lambda _w, s: RecordScreen(well_of(s)), ("delete",)),
        "what hangs on a member": (lambda _w, s: RecordScreen(member(s, STANDING)), ("delete",)),
        "what hung on one": (lambda _w, s: RecordScreen(member(s, VOIDED)), ("f2",)),
        "a roll call": (lambda _w, s: FormScreen("meeting", initial=_meeting(s)), ()),
        "bodies": (lambda _w, _s: FormScreen("activity", initial={"targets": [BODY]}), ()),
        "tasks": (lambda _w, _s: FormScreen("agreement", initial={"tasks": [TASK]}), ()),
    }


def member(store: Store, name: str) -> str:
    """The id of the member of this name."""
    return str(store.value("SELECT id FROM member WHERE full_name = ?", [name]))


def _meeting(store: Store) -> dict[str, Any]:
    (cell, *_), *_more = lists.choices(store, "party_cell", "ba na")
    return {"party_cell_id": cell, "held_on": "2026-11-03"}


def at_headquarters() -> Mapping[str, Opened]:
    """The screens of headquarters."""
    opened: dict[str, Opened] = {made.__name__: (make, ()) for made, make in HQ.items()}
    return opened | {"ConflictScreen": (the_conflict, ())}


async def both(world: World, sizes: Sequence[tuple[int, int]] = SIZES) -> list[str]:
    """Walk at a post, whose screen is locked in the end, and at headquarters."""
    found = await walk(world, world.root / "post", world.post, at_post(), sizes)
    return found + await walk(world, world.root / "hq", world.hq, at_headquarters(), sizes)


if __name__ == "__main__":
    import gc

    import idle
    import pytest

    gc.freeze()  # as tests/conftest.py
    gc.set_threshold(50_000, 20, 20)
    given = World(Path(sys.argv[1]), {name: bytes.fromhex(key) for name, key in json.loads(sys.stdin.read()).items()})
    with pytest.MonkeyPatch.context() as patched:
        idle.without_a_clock(patched)
        idle.with_style_sheets_parsed_once(patched)
        print("\n".join(asyncio.run(both(given, SIZES[:2]))))  # where words are cut, they are in narrow windows
