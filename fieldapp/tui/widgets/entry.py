"""Fields of a form: a line of text (the base of all others), a code, and a text of several sentences."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from fieldapp.i18n import _
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import tidy

EMPTY = "—"
"""What stands in a field that is empty"""


@dataclass(frozen=True)
class EntryReading:
    """How the program understands a text; shown beside it at once."""

    text: str = ""
    understood: bool = True


class Entry(TextField):
    """A line of text, and the base of the other fields. What is typed is kept as it is until the record is saved."""

    DEFAULT_CSS = """
    Entry, Entry:focus { border: none; height: 1; padding: 0 1; background: $surface; }
    Entry:focus { background: $surface-lighten-2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Next"), key_display="Enter"),
        Binding("enter", "submit_last", _("Save"), key_display="Enter"),
    ]

    WIDTH: ClassVar[int | None] = None
    """Columns; None: as wide as the line, with the reading below."""

    EXPLAINS_BESIDE_HINT: ClassVar[bool] = True
    """While it is empty, what is expected stands behind what an empty field means"""

    waits = False
    """What the text means will be said by ``Understood``: something is sought for it first"""

    class Understood(Message):
        """``reading`` says now what the text means."""

    def __init__(self) -> None:
        super().__init__(placeholder=EMPTY)
        self.around = FormContext()
        self.at_enter: Callable[[], bool] = lambda: False
        """Called before Enter goes on; True if Enter was for something else"""
        self.ends: Callable[[], bool] = lambda: False
        """Whether Enter records what was typed, so that the keys below say so"""
        self.at_paste: Callable[[str], bool] = lambda _text: False
        """Called before text is pasted; True if it is not for this field alone"""

    def paste(self, text: str) -> None:
        """Insert pasted text, unless it is for several fields."""
        if not self.at_paste(text):
            super().paste(text)

    @property
    def data(self) -> Any:
        """The value as ``records.save`` takes it; None where nothing was entered."""
        return tidy(self.value) or None

    @property
    def lacks(self) -> bool:
        """Whether something is to be entered yet."""
        return self.data is None

    @property
    def wanted(self) -> bool:
        """Whether the field is shown at all, given what the other fields hold."""
        return True

    @property
    def typed(self) -> Any:
        """What was typed, as JSON."""
        return self.value

    def restore(self, typed: Any) -> None:
        """Show what was typed before."""
        self.value = str(typed)

    def load(self, value: Any) -> None:
        """Show a stored value."""
        self.value = "" if value is None else str(value)

    def follow(self, context: FormContext) -> None:
        """Adapt to what the other fields of the form now hold."""
        self.around = context

    def resolve_typed(self) -> str | None:
        """Decide what half-entered text means; returns a sentence if that is not possible."""
        return self.settle_old_letters()

    def reading(self) -> EntryReading:
        """What the text means, or what is expected here."""
        return EntryReading()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter goes on, or it records."""
        if action in ("submit", "submit_last"):
            return self.ends() == (action == "submit_last")
        return super().check_action(action, parameters)

    async def action_submit(self) -> None:
        """Go on to the next field, unless Enter is for something else here."""
        self.compose_letters()
        if not self.at_enter():
            await super().action_submit()

    async def action_submit_last(self) -> None:
        """Record; what Enter takes from a list is taken first."""
        await self.action_submit()

    def companion(self) -> Widget | None:
        """A widget below the field, such as a list of choices."""
        return None


class CodeEntry(Entry):
    """A code of reference data; each key counts as it is, without the input method."""

    VIETNAMESE = False


class LongEntry(Entry):
    """A text of several sentences, typed on one line and shown whole below it; ``⏎`` marks the end of a line."""

    LINE_END = "⏎"
    _BREAK = re.compile(f" ?{LINE_END} ?")
    """The sign and the blanks around it: one letter to the keys"""

    def _break_at(self, character: int) -> tuple[int, int] | None:
        """(beginning, end) of the line break that has this character."""
        if self.LINE_END not in self.value:
            return None
        spans = (found.span() for found in self._BREAK.finditer(self.value))
        return next((span for span in spans if span[0] <= character < span[1]), None)

    def _beside(self, at: int, *, back: bool = False) -> int:
        found = self._break_at(at)
        if found is None or at == found[0]:
            return super()._beside(at, back=back)
        return found[0] if back else found[1]

    def _start_of(self, at: int) -> int:
        found = self._break_at(at - 1)
        return found[0] if found else super()._start_of(at)

    def _end_of(self, at: int) -> int:
        found = self._break_at(at)
        return found[1] if found else super()._end_of(at)

    @property
    def data(self) -> Any:
        lines = [tidy(line) for line in self.value.split(self.LINE_END)]
        return "\n".join(lines).strip() or None

    def load(self, value: Any) -> None:
        self.value = "" if value is None else f" {self.LINE_END} ".join(str(value).split("\n"))

    def reading(self) -> EntryReading:
        fits = len(self.value) < self.content_size.width
        return EntryReading("" if fits else str(self.data or ""))
