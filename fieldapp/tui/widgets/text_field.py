"""The text field in which typed Vietnamese arrives as typed.

Input methods correct by backspaces and new letters in one burst. In a stock ``Input`` letters act at once in the
widget's own queue, while every binding (backspace, Enter, Tab) runs only after the key has bubbled to the application,
behind later letters. Here the application hands each key to the field in focus within its own loop and waits until it
has acted, whether it is a letter or a binding; so keys act in the order in which they were typed, also over a change
of focus.
"""

import asyncio
import unicodedata
from typing import TypeVar

from textual import events
from textual.app import App
from textual.widgets import Input

from fieldapp.domain.text import clean

OPENKEY_MARK = "\u202f"
"""The narrow no-break space that OpenKey sends and then deletes: it counts as a character until it is stored."""

Result = TypeVar("Result")


class TypingApp(App[Result]):
    """An application whose text fields get their keys and pastes one after the other."""

    _served: "TextField | None" = None
    """The field that got the last key"""

    async def on_event(self, event: events.Event) -> None:
        """Serve a text field in focus here and now; leave everything else to Textual."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            if not self.app_focus:  # a terminal may tell that it lost the focus, and not that it has it again
                self.app_focus = True
            while not self.screen.is_mounted:  # a key typed ahead waits until the screen it was meant for is there
                await asyncio.sleep(0)
            field = self.focused
            if isinstance(field, TextField):
                await self._serve(field, event)
                return
            self._served = None
        await super().on_event(event)

    async def _serve(self, field: "TextField", event: events.Key | events.Paste) -> None:
        field.untouched = field is not self._served
        self._served = field
        if isinstance(event, events.Paste):
            field.paste(event.text)
        elif not await self._check_bindings(event.key, priority=True) and not field.take(event):
            await self._check_bindings(event.key)
        if self.focused is not field:  # now, and not on Blur, which may come when the field is being typed in again
            field.compose_letters()


class TextField(Input):
    """One line of text; Enter goes on to the next field."""

    OVERWRITES = False
    """The first character typed after coming back to the field replaces what is there, as in a field for a number."""

    untouched = False
    """No key has come since the focus came"""

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        stays: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """``stays``: Enter does not move on, and only ``Submitted`` tells of it."""
        super().__init__(
            value, placeholder=placeholder, password=password, select_on_focus=False, id=id, classes=classes
        )
        self.stays = stays
        self.cursor_blink = False

    @property
    def text(self) -> str:
        """What was typed as it is stored: NFC, trimmed, without control characters."""
        return clean(self.value)

    def take(self, event: events.Key) -> bool:
        """Insert a typed character; False if the key is none, and may be bound to something."""
        if event.character is None or not (event.is_printable or event.character == OPENKEY_MARK):
            return False
        self._begin()
        self._insert(event.character)
        return True

    def paste(self, text: str) -> None:
        """Insert pasted text: lines are joined by spaces, letters composed; nothing is dropped."""
        self._begin()
        kept = "".join(c for c in " ".join(text.splitlines()) if c.isprintable() or c == OPENKEY_MARK)
        self._insert(unicodedata.normalize("NFC", kept))

    def _begin(self) -> None:
        if self.OVERWRITES and self.untouched:
            self.value = ""

    def _insert(self, text: str) -> None:
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)

    async def action_submit(self) -> None:
        """Go on to the next field, now: what is typed ahead lands there."""
        self.compose_letters()
        if self.stays:
            await super().action_submit()
        else:
            self.screen.focus_next()

    def _on_blur(self, event: events.Blur) -> None:
        if self.screen.focused is not self:  # otherwise this is late news: the field is being typed in again
            self.compose_letters()
        super()._on_blur(event)

    def compose_letters(self) -> None:
        """Compose letters and marks. Not while typing: an input method counts its backspaces in what it sent.

        The cursor stays behind the letter that it was behind.
        """
        composed = _composed(self.value)
        if composed != self.value:
            before = len(_composed(self.value[: self.cursor_position]))
            self.value = composed
            self.cursor_position = before


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace(OPENKEY_MARK, ""))
