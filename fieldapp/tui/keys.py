"""The application that lets keys act in the order in which they were typed, over any change of focus or screen.

In a stock application printable keys act at once in the widget's own queue, while every binding (backspace, Enter, Tab)
runs only after the key has bubbled to the application, behind later letters; and what Enter took from a list acts later
still, by a message. Here each key acts within the application's own loop, and one that comes after more than typing
waits until what that set off has happened.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from inspect import isawaitable
from typing import Any, Protocol, TypeVar, runtime_checkable

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import Callback

from fieldapp.vietnamese.telex import TELEX, VNI, Method

Result = TypeVar("Result")

INPUT_METHODS: Mapping[str, tuple[Method, bool]] = {
    f"{method.name} {sample}": (method, sample == "hoà") for method in (TELEX, VNI) for sample in ("hòa", "hoà")
}
"""What F12 goes through: method, and where it places tones"""


@runtime_checkable
class TypingField(Protocol):
    """What the application asks of a field in which text is typed; ``TextField`` is one."""

    untouched: bool
    """No key has come since the focus came"""

    def take(self, event: events.Key) -> bool:
        """Insert a typed character; False if the key is none."""

    async def edit(self, key: str) -> bool:
        """Let a key act that changes the text or moves the cursor; False if it is none."""

    def paste(self, text: str) -> None:
        """Insert pasted text."""

    def finish_word(self) -> None:
        """The word that was being composed is over."""

    def compose_letters(self) -> None:
        """Compose letters and marks: nothing more is typed here for now."""


class TypingApp(App[Result]):
    """An application whose keys act one after the other. Its widgets take keys by bindings, not by ``on_key``."""

    method: Method | None = None
    """The program's own input method; None where the machine has one"""
    modern = False
    """Tones stand as in hoà, not hòa"""

    _served: TypingField | None = None
    """The field that got the last key"""
    _settled = True
    """Nothing can be on its way that moves the focus, changes the screen or fills a list"""

    @property
    def habit(self) -> str:
        """The program's own input method as the header shows it; empty while it is off."""
        return next((name for name, habit in INPUT_METHODS.items() if habit == (self.method, self.modern)), "")

    @habit.setter
    def habit(self, name: str) -> None:
        self.method, self.modern = INPUT_METHODS.get(name, (None, False))

    def __init__(self) -> None:
        self._due: deque[Callable[[], Any]] = deque()
        super().__init__()

    async def on_event(self, event: events.Event) -> None:
        """Let keys and pastes act here and now; leave everything else to Textual."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if not self.screen_stack:
            return
        if not self.app_focus:  # a terminal may tell that it lost the focus, and not that it has it again
            self.app_focus = True
        if not self._settled or not self.screen.is_mounted:
            await self._settle()
        if self._exit or not self.screen_stack:  # typed ahead of the end of the program
            return
        field = self.focused if isinstance(self.focused, TypingField) else None
        if field is not None:
            field.untouched = field is not self._served
        self._served = field
        if isinstance(event, events.Key):
            await self._press(event, field)
        elif field is not None:
            field.paste(event.text)
        if field is not None and self.focused is not field:
            field.compose_letters()  # now, and not on Blur, which may come when the field is being typed in again

    async def _press(self, event: events.Key, field: TypingField | None) -> None:
        self._settled = False
        if await self._check_bindings(event.key, priority=True):
            return
        if field is None:
            await self._check_bindings(event.key)
        elif field.take(event) or await field.edit(event.key):
            self._settled = True
        else:
            field.finish_word()
            await self._check_bindings(event.key)

    async def _settle(self) -> None:
        """Wait until what the last key set off has happened: messages handled, screens there, their lists filled.

        Messages go from a widget through its ancestors to the screen, first in, first out. So a note that is sent the
        same way arrives behind them all.
        """
        while not self._exit:
            await self._flush_next_callbacks()  # what a screen returned goes to who asked for it
            await self._do_due()
            if not self.screen_stack:  # the last key ended the program
                break
            screen = self.screen
            for node in (self.focused or screen).ancestors_with_self:
                if node is not self:
                    await self._passed(node)
            while self.screen is screen and getattr(screen, "keys_wait", False) and not self._exit:
                await asyncio.sleep(0.01)
            if self.screen is screen and not self._next_callbacks and not self._due:
                break
        self._settled = True

    async def _passed(self, node: DOMNode) -> None:
        """Wait until a node has handled the messages that are in its queue now."""
        passed = asyncio.Event()
        if node.call_later(passed.set):
            while not passed.is_set() and not self._exit and not node._closed:
                await asyncio.sleep(0)

    def call_later(self, callback: Callback, *args: Any, **kwargs: Any) -> bool:
        """Do something behind the messages that wait, but before a key that is typed ahead: ``focus`` works so."""
        self._due.append(partial(callback, *args, **kwargs))
        return super().call_later(self._do_due)

    async def _do_due(self) -> None:
        while self._due:
            done = self._due.popleft()()
            if isawaitable(done):
                await done

    def input_method_found(self) -> None:
        """A letter came that only an input method of the machine sends: two at once would break words."""
        self.method = None
