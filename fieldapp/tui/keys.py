"""The application that handles keys in the order in which they were typed, even if the focus or the screen changes.

In a plain Textual application a printable key acts at once, in the widget's own queue. The binding of a key (backspace,
Enter, Tab) runs only after the key has bubbled to the application, so later letters can come before it. What Enter
takes from a list acts later still, through a message. Here each key is handled in the application's own loop. After a
key that did more than type text, the next key waits until everything that it started has happened.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from functools import cache, partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.driver import Driver
from textual.message_pump import Callback
from textual.widget import Widget

from fieldapp.tui.terminal import lenient
from fieldapp.tui.terminal_keys import BROKEN

if TYPE_CHECKING:
    from fieldapp.vietnamese.telex import Method

Result = TypeVar("Result")


@cache
def input_methods() -> "Mapping[str, tuple[Method, bool]]":
    """The input methods that F12 goes through: name -> method, and whether it places tones as in hoà."""
    from fieldapp.vietnamese.telex import TELEX, VNI

    return {
        f"{method.name} {sample}": (method, sample == "hoà") for method in (TELEX, VNI) for sample in ("hòa", "hoà")
    }


@runtime_checkable
class TypingField(Protocol):
    """What the application needs of a field for text; ``TextField`` is one."""

    untouched: bool
    """No key has come since the field got the focus"""

    def take(self, event: events.Key) -> bool:
        """Insert a typed character; False if the key is not one."""

    async def edit(self, key: str) -> bool:
        """Handle a key that changes the text or moves the cursor; False if it is another key."""

    def paste(self, text: str) -> None:
        """Insert pasted text."""

    def finish_word(self) -> None:
        """End the word that is being composed."""

    def compose_letters(self) -> None:
        """Compose letters and marks into single characters, when nothing more is typed here for now."""


@runtime_checkable
class PassesLetters(Protocol):
    """A widget that is no field for text, and knows which one a letter is meant for."""

    def pass_letter(self) -> TypingField | None:
        """Give the focus to that field, and return it; None where a letter means nothing."""


def is_shown(widget: Widget) -> bool:
    """Whether a widget has a place on its screen, be it scrolled out of sight."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


class TypingApp(App[Result]):
    """An application that handles keys one after the other. Its widgets take keys by bindings, not by ``on_key``."""

    method: "Method | None" = None
    """The program's own input method; None where the machine has one"""
    modern = False
    """Tones are placed as in hoà, not hòa"""

    _served: TypingField | None = None
    """The field that got the last key"""
    _settled = True
    """Nothing is pending that moves the focus, changes the screen or fills a list"""
    last_key = ""
    """The key that was pressed last"""
    repeated = False
    """The last key was the same as the one before: pressed again, or held down"""

    def serves(self, field: TypingField) -> bool:
        """Whether the last key went to this field."""
        return self._served is field

    @property
    def habit(self) -> str:
        """The program's own input method as the header shows it; empty while it is off."""
        if self.method is None:
            return ""
        return next((name for name, habit in input_methods().items() if habit == (self.method, self.modern)), "")

    @habit.setter
    def habit(self, name: str) -> None:
        self.method, self.modern = input_methods().get(name, (None, False)) if name else (None, False)

    def __init__(self) -> None:
        self._due: deque[Callable[[], Any]] = deque()
        super().__init__()

    def get_driver_class(self) -> type[Driver]:
        """The driver of this machine, which goes on after bytes that are no letters."""
        return lenient(super().get_driver_class())

    async def on_event(self, event: events.Event) -> None:
        """Handle keys and pastes here, at once; leave everything else to Textual."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if not self.screen_stack:
            return
        if not self.app_focus:  # a terminal may report a lost focus and then not its return
            self.app_focus = True
        if not self._settled or not self.screen.is_mounted:
            await self._settle()
        if self._exit or not self.screen_stack:  # typed before the program ended
            return
        if self.focused is not None and not is_shown(self.focused):  # its screen knows what is, in its place
            self.screen.set_focus(self.focused)
        field = self.focused if isinstance(self.focused, TypingField) else None
        if field is not None:
            field.untouched = field is not self._served
        self._served = field
        if BROKEN in ((event.character or "") if isinstance(event, events.Key) else event.text):
            self.letter_broken()
        if isinstance(event, events.Key):
            await self._press(event, field)
        else:
            self._paste(event.text.replace(BROKEN, ""), field)
        if field is not None and self.focused is not field:
            field.compose_letters()  # now, not on Blur: that may come when somebody types here again

    async def _press(self, event: events.Key, field: TypingField | None) -> None:
        self.repeated, self.last_key = event.key == self.last_key, event.key
        if event.character == BROKEN:
            return
        self._settled = False
        if await self._check_bindings(event.key, priority=True):
            return
        if field is not None and (field.take(event) or await field.edit(event.key)):
            self.show_focus()
            self._settled = True
            return
        if field is not None:
            field.finish_word()
        if not await self._check_bindings(event.key):
            self._pass_on(event)

    def _paste(self, text: str, field: TypingField | None) -> None:
        """Paste into the field, or the one that a letter typed here is meant for; ring where there is none."""
        self._settled, self.last_key = False, ""
        if field is None and text and isinstance(self.focused, PassesLetters):
            field = self.focused.pass_letter()
        if field is not None:
            field.paste(text)
            self.show_focus()
        elif text:
            self.bell()

    def show_focus(self) -> None:
        """Scroll what has the focus back into sight, and let messages stand in the other half of the screen."""
        focused = self.focused
        if focused is None:
            return
        if not self.screen.can_view_partial(focused):
            focused.scroll_visible(animate=False)
        if self._notifications:
            below = 2 * focused.region.y > self.size.height
            for messages in self.screen.query("ToastRack"):
                messages.styles.dock = "top" if below else "bottom"

    def _pass_on(self, event: events.Key) -> None:
        """Type a letter that is no key here into the field that it is meant for, or ring; say so of a function key."""
        if re.fullmatch(r"f\d+", event.key):
            self.key_unused(event.key)
        if isinstance(self.focused, PassesLetters) and (event.character or "").isalpha():
            field = self.focused.pass_letter()
            if field is not None:
                field.take(event)
                return
        if (event.character or "").isalnum():
            self.bell()

    async def _settle(self) -> None:
        """Wait for all that the last key started: messages are handled, screens are there, their lists are filled.

        Messages go from a widget through its ancestors to the screen, first in, first out. So a callback that is
        sent the same way arrives after all of them.
        """
        while not self._exit:
            await self._flush_next_callbacks()  # what a screen returned goes to its caller
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
        """Run a callback after the waiting messages, but before a key that was typed ahead: ``focus`` relies on it."""
        self._due.append(partial(callback, *args, **kwargs))
        return super().call_later(self._do_due)

    async def _do_due(self) -> None:
        while self._due:
            done = self._due.popleft()()
            if isawaitable(done):
                await done

    def input_method_found(self) -> None:
        """A letter came that only the machine's input method sends. Turn ours off: two at once would break words."""
        self.method = None

    def key_unused(self, key: str) -> None:
        """A function key was pressed that does nothing here."""

    def letter_broken(self) -> None:
        """What came is no letter, and was left out."""
