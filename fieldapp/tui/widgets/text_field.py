"""The text field in which typed Vietnamese arrives as typed.

Input methods correct by backspaces and new letters in one burst, which a field must take letter by letter, in order:
see ``fieldapp.tui.keys`` for how keys get here. Where the machine has no input method, the field composes words itself.
"""

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from textual import events, getters
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from fieldapp.tui.keys import TypingApp
from fieldapp.vietnamese.input_method import InputMethod
from fieldapp.vietnamese.text import clean

OPENKEY_MARK = "\u202f"
"""The narrow no-break space that OpenKey sends and then deletes: it counts as a character until it is stored."""


EDITS = ("delete", "cursor", "home", "end", "select_all", "cut")
"""What the actions that stay within the field begin with"""


@dataclass(frozen=True)
class Moment:
    """What stood in a field, and where the cursor was."""

    value: str
    cursor: int


class TextField(Input):
    """One line of text; Enter goes on to the next field."""

    app = getters.app(TypingApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "undo", "Undo", show=False),
        Binding("ctrl+y", "redo", "Redo", show=False),
    ]
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)
    """How long the text is. A field does not grow with it, so it needs no new layout of the screen at each key."""
    VIETNAMESE = True
    """The program's own input method works here; not in fields for codes, numbers, dates and paths"""
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
        self._typist: InputMethod | None = None
        self._past: list[Moment] = []
        self._future: list[Moment] = []
        self._last = Moment("", 0)
        """How the last edit left the field"""
        self._deleted = False
        """The last edit took something away"""

    @property
    def text(self) -> str:
        """What was typed as it is stored: NFC, trimmed, without control characters."""
        return clean(self.value)

    def take(self, event: events.Key) -> bool:
        """Insert a typed character; False if the key is none, and may be bound to something."""
        typed = event.character
        if typed is None or not (event.is_printable or typed == OPENKEY_MARK):
            return False
        before = self._moment
        self._begin()
        self._type(typed)
        self._remember(before)
        return True

    async def edit(self, key: str) -> bool:
        """Let a key act that changes the text or moves the cursor; False if it is none."""
        binding = next((b for b in self._bindings.key_to_bindings.get(key, ()) if b.action.startswith(EDITS)), None)
        if binding is None:
            return False
        before = self._moment
        await self.app.run_action(binding.action, self)
        within = binding.action == "delete_left" and not before.value[: before.cursor][-1:].isspace()
        self._remember(before, step=not within)
        return True

    def paste(self, text: str) -> None:
        """Insert pasted text: lines are joined by spaces, tabs become some, letters composed; nothing is dropped."""
        before = self._moment
        self._begin()
        kept = "".join(
            c for c in " ".join(text.replace("\t", " ").splitlines()) if c.isprintable() or c == OPENKEY_MARK
        )
        self._insert(unicodedata.normalize("NFC", kept))
        self._remember(before, step=True)

    def _begin(self) -> None:
        """Something is about to be typed."""
        if self.OVERWRITES and self.untouched:
            self.value = ""

    def _insert(self, text: str) -> None:
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)

    # the program's own input method -----------------------------------------------------------------------------

    def _type(self, key: str) -> None:
        """Insert a key, or let it act on the word before the cursor."""
        app = self.app
        if key.isalpha() and not key.isascii() and app.method:
            app.input_method_found()
        if app.method is None or not self.VIETNAMESE or self.password:
            self._typist = None
            self._insert(key)
            return
        if self._typist is None or (self._typist.method, self._typist.modern) != (app.method, app.modern):
            self._typist = InputMethod(app.method, app.modern)
        self.delete_selection()
        here = self.cursor_position
        before = self._typist.press(self.value[:here], key)
        self._put(before, here)

    def finish_word(self) -> None:
        """The word that was being composed is over: if it is no Vietnamese one, it stands as it was typed."""
        if self._typist is not None:
            unedited, here = self._moment == self._last, self.cursor_position
            self._put(self._typist.finish(self.value[:here]), here)
            if unedited:
                self._last = self._moment

    def _put(self, before: str, here: int) -> None:
        if before != self.value[:here]:
            self.value = before + self.value[here:]
            self.cursor_position = len(before)

    def _correct(self, value: str, cursor: int) -> None:
        """Change what stands there as a part of the last edit."""
        unedited = self._moment == self._last
        self.value, self.cursor_position = value, cursor
        if unedited:
            self._last = self._moment

    # undo -------------------------------------------------------------------------------------------------------

    @property
    def _moment(self) -> Moment:
        return Moment(self.value, self.cursor_position)

    def _remember(self, before: Moment, *, step: bool = False) -> None:
        """Keep what stood before an edit, once for each word: what an input method corrects belongs to its word.

        ``step``: the edit is more than a letter of a word.
        """
        after = self._moment
        if after.value == before.value:
            return
        grown = len(after.value) > len(before.value)
        typed = after.value[: after.cursor][-1:]
        begins = grown and not self._deleted and typed.isalnum() and not before.value[: before.cursor][-1:].isalnum()
        if before.value != self._last.value:  # the text was set by something else
            self._past.clear()
        if step or begins or before != self._last or not self._past:
            self._past.append(before)
        self._future.clear()
        self._deleted = not grown
        self._last = after

    def action_undo(self) -> None:
        """Take the last word back, typed or deleted."""
        self._go(self._past, self._future)

    def action_redo(self) -> None:
        """Put it there again."""
        self._go(self._future, self._past)

    def _go(self, source: list[Moment], other: list[Moment]) -> None:
        if self.value != self._last.value:
            self._past.clear()
            self._future.clear()
        if source:
            moment = source.pop()
            other.append(self._moment)
            self._typist = None
            self.value, self.cursor_position = moment.value, moment.cursor
            self._last, self._deleted = self._moment, False

    # leaving ----------------------------------------------------------------------------------------------------

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
        self.finish_word()
        composed = _composed(self.value)
        if composed != self.value:
            self._correct(composed, len(_composed(self.value[: self.cursor_position])))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace(OPENKEY_MARK, ""))
