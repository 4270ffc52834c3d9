"""The text field in which typed Vietnamese arrives as typed.

An input method corrects a word by a burst of backspaces and new letters. A field must take them one by one, in order:
``fieldapp.tui.keys`` sees to it. Where the machine has no input method, the field composes words itself.
"""

import unicodedata
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual import events, getters
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widgets import Input

from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.tui.keys import TypingApp, is_shown
from fieldapp.tui.widgets.long_text import Cells, window
from fieldapp.tui.widgets.scrolling import cut
from fieldapp.vietnamese.text import WORD_START, as_meant, clean, composed, letter_end, letter_start

if TYPE_CHECKING:
    from textual.widgets.input import Selection

    from fieldapp.vietnamese.input_method import InputMethod

OPENKEY_MARK = "\u202f"
"""The narrow no-break space that OpenKey sends and then deletes: it counts as a character until the text is stored.
Pasted, it is a blank like others."""

HELD_MARK = "\u2060"
"""What stands in the text for OpenKey's, and for other characters that show nothing and are typed, so that the
backspace for it takes no letter: it is neither seen nor stored"""


SOFT_HYPHEN = "\xad"
"""What .VnTime draws as ư; it is kept until the field is left, and never stored as it is"""

EDITS = ("delete", "cursor", "home", "end", "select_all", "cut")
"""Beginnings of the names of actions that stay within the field"""


class Moment(NamedTuple):
    """The text of a field and its cursor at one moment."""

    value: str
    cursor: int


class LetterInput(Input):
    """An input line that moves and deletes by letters: ``ê̆``, a letter and a combining mark, is one.

    What arrives key by key is taken back so: an input method counts its backspaces in the characters that it sent.
    """

    _WORD_START = WORD_START
    sent_from: int | None = None
    """Where begins what was typed since the cursor was moved; None after anything else"""

    def validate_selection(self, selection: "Selection") -> "Selection":
        """Move a place within a letter to the end of the letter, or where the cursor goes left, to its beginning."""
        start, end = super().validate_selection(selection)
        return selection._replace(start=self._beside(start), end=self._beside(end, back=end < self.selection.end))

    def _beside(self, at: int, *, back: bool = False) -> int:
        text = self.value
        if not 0 < at < len(text) or not unicodedata.combining(text[at]):
            return at
        return letter_start(text, at) if back else letter_end(text, at)

    def action_delete_left(self) -> None:
        """Delete the letter left of the cursor, or the last character that was sent."""
        at = self.cursor_position
        if not self.selection.is_empty:
            self.delete_selection()
        elif self.sent_from is not None and at > self.sent_from:
            self.delete(at - 1, at)
        else:
            self.delete(self._start_of(at), at)

    def action_delete_right(self) -> None:
        """Delete the letter right of the cursor."""
        at = self.cursor_position
        if self.selection.is_empty:
            self.delete(at, self._end_of(at))
        else:
            self.delete_selection()

    def _start_of(self, at: int) -> int:
        """Where the letter begins that ends at ``at``."""
        return letter_start(self.value, at)

    def _end_of(self, at: int) -> int:
        """Where the letter ends that begins at ``at``."""
        return letter_end(self.value, at)


class TextField(LetterInput):
    """One line of text; Enter goes on to the next field."""

    app = getters.app(TypingApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "undo", _("Undo typing"), show=False, key_display="Ctrl+Z"),
        Binding("ctrl+y", "redo", _("Redo typing"), show=False, key_display="Ctrl+Y"),
        Binding("ctrl+backspace", "delete_left_word", show=False),
        Binding("ctrl+delete", "delete_right_word", show=False),
    ]
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)
    """How long the text is. The field does not grow with it, so the screen needs no new layout at each key."""
    VIETNAMESE = True
    """The program's own input method works here; not in fields for codes, numbers, dates and paths"""
    OVERWRITES = False
    """The first character typed after coming back to the field replaces what is there, as in a field for a number."""

    untouched = False
    """No key has come since the field got the focus"""
    filled_in = ""
    """The text that the program put here, as a pinned one: it is replaced in the same way, while nobody changes it"""

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
        """``stays``: Enter does not move on; it only sends ``Submitted``."""
        self._cells, self._cells_before = Cells(), Cells()
        """Of the whole text, and of what stands before the cursor"""
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
        self._left_as_typed: set[str] = set()
        """Texts in letters of an old font that were changed once: where one is there again, a person wants it so"""

    @property
    def text(self) -> str:
        """The typed text as it is stored: NFC, trimmed, without control characters."""
        return clean(self.value)

    def _shows_nothing(self, typed: str) -> bool:
        return typed != SOFT_HYPHEN and not self.password and unicodedata.category(typed) == "Cf"

    def take(self, event: events.Key) -> bool:
        """Insert a typed character; False if the key is not one, and may have a binding."""
        typed = event.character
        if typed in ("\u2028", "\u2029"):  # ends of lines
            typed = " "
        if typed == OPENKEY_MARK or (typed and self._shows_nothing(typed)):
            typed = HELD_MARK
        elif typed is None or not (
            event.is_printable or typed == SOFT_HYPHEN or (as_meant(typed) == " " and not self.password)
        ):
            return False
        elif not self.password and not composed(typed):  # a form of the sign before
            return True
        before = self._moment
        if before != self._last or self.sent_from is None:
            self.sent_from = before.cursor
        self._begin()
        self._type(typed if self.password else as_meant(typed))
        self._remember(before)
        return True

    @property
    def stands_whole(self) -> bool:
        """Whether the text is replaced as a whole: by the first letter, or by Del with nothing right of the cursor."""
        return bool(self.value) and (self.OVERWRITES or self.value == self.filled_in)

    @property
    def makes_room(self) -> bool:
        """Whether the next letter replaces all of the text; it is shown marked then."""
        return self.has_focus and self.stands_whole and not self.app.serves(self)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where nothing is left to delete, Del is the screen's."""
        nothing = self._at_end and not self.stands_whole
        return not (action == "delete_right" and nothing) and super().check_action(action, parameters)

    @property
    def _at_end(self) -> bool:
        return self.selection.is_empty and self.cursor_position >= len(self.value)

    async def edit(self, key: str) -> bool:
        """Handle a key that changes the text or moves the cursor; False if it is another key."""
        binding = next((b for b in self._bindings.key_to_bindings.get(key, ()) if b.action.startswith(EDITS)), None)
        if binding is None or not self.check_action(binding.action, ()):
            return False
        before = self._moment
        if self.untouched:  # its text was shown marked
            self.refresh()
        if before != self._last or binding.action != "delete_left":
            self.sent_from = None
        await self.app.run_action(binding.action, self)
        within = binding.action == "delete_left" and not before.value[: before.cursor][-1:].isspace()
        self._remember(before, step=not within)
        return True

    def paste(self, text: str) -> None:
        """Insert pasted text: lines are joined by spaces, tabs become spaces, letters are composed; no text is lost.

        Text in the letters of an old font becomes Unicode: an edit of its own, so that Ctrl+Z brings it back.
        """
        before = self._moment
        self.sent_from = None
        self._begin()
        kept = _on_one_line(text if self.password else as_meant(text))
        self._insert(kept)
        self._remember(before, step=True)
        start = self.cursor_position - len(kept)
        if self.value[start : self.cursor_position] == kept:
            self._make_unicode(text, kept, start)

    def settle_old_letters(self) -> str | None:
        """Change what was typed in the letters of an old font, once, and say so; returns the sentence."""
        was_typed = self._past and self._moment == self._last
        return self._make_unicode(self.value, self.value, 0) if was_typed else None

    def _make_unicode(self, text: str, kept: str, start: int) -> str | None:
        """Change what stands from ``start`` on from the letters of an old font, and say so."""
        before = self._moment
        if text.isascii() or not self.VIETNAMESE or self.password or before.value in self._left_as_typed:
            return None
        from fieldapp.vietnamese.old_fonts import unicode_text

        change = unicode_text(text)
        if change is None:
            return None
        self._left_as_typed.add(before.value)
        after = _on_one_line(change.after)
        self.value = self.value[:start] + after + self.value[start + len(kept) :]
        self.cursor_position = start + len(after)
        self._remember(before, step=True)
        sentence = _("Letters of an old font, {sort}: “{before}” is now “{after}”. Ctrl+Z brings it back.").format(
            sort=change.encoding.value, before=brief_text(kept), after=brief_text(after)
        )
        self.app.notify(sentence, markup=False, timeout=10)
        return sentence

    def _begin(self) -> None:
        """Prepare for typing: what stands here as a whole makes room."""
        if self.untouched and self.stands_whole:
            self.value = ""
        self._initial_value = False  # else ``Input`` does not scroll to the end of the first text that it gets

    def _insert(self, text: str) -> None:
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)

    # painting: what a key costs must not grow with the text -----------------------------------------------------

    @property
    def content_width(self) -> int:
        """How many cells the text takes, with one for the cursor at its end."""
        if self.placeholder and not self.value:
            return cell_len(self.placeholder)
        return self._cells.of(self.value) + 1

    @property
    def _value(self) -> Text:
        text = super()._value
        if self.makes_room:
            text.stylize_before(self.get_component_rich_style("input--selection"))
        return text

    def _position_to_cell(self, position: int) -> int:
        return self._cells_before.of(self.value[:position])

    def render_line(self, y: int) -> Strip:
        """What can be seen of the text; where nobody types and it does not fit, its beginning and a sign for more."""
        room = self.scrollable_content_region.width
        if y or self.password or self._cells.of(self.value) <= room:
            return super().render_line(y)
        marked = self.makes_room and not self.cursor_position
        if marked or not self.has_focus:
            style = self.get_component_rich_style("input--selection") if marked else self.rich_style
            line = Strip([Segment(cut(self.value, room), style)])
            return line.extend_cell_length(room + 1, self.rich_style)
        here, left = self.cursor_position, self.scroll_offset.x
        start, end, cell = window(self.value, here, self._position_to_cell(here), left, room)
        shown = Text(self.value[start:end], no_wrap=True, overflow="ignore", end="")
        if self.makes_room:
            shown.stylize_before(self.get_component_rich_style("input--selection"))
        if not self.selection.is_empty:
            first, last = (min(max(place - start, 0), end - start) for place in sorted(self.selection))
            shown.stylize_before(self.get_component_rich_style("input--selection"), first, last)
        if self._cursor_visible:
            if self.cursor_at_end:
                shown.pad_right(1)
            if here >= start:
                shown.stylize(self.get_component_rich_style("input--cursor"), here - start, here - start + 1)
        strip = Strip(self.app.console.render(shown, self.app.console_options.update_width(2 * room)))
        return strip.crop_extend(left - cell, left - cell + room + 1, None).apply_style(self.rich_style)

    # the program's own input method -----------------------------------------------------------------------------

    def _type(self, key: str) -> None:
        """Insert a key, or let it change the word before the cursor."""
        if key.isalpha() and not key.isascii() and self.app.method:
            self.app.input_method_found()
        typist = self._own_method()
        if typist is None:
            self._insert(key)
            return
        self.delete_selection()
        self._put(*typist.press(*self._parted, key))

    def _own_method(self) -> "InputMethod | None":
        """The program's own input method with the words of this field; None while it is off here."""
        app = self.app
        if app.method is None or not self.VIETNAMESE or self.password:
            self._typist = None
        elif self._typist is None or (self._typist.method, self._typist.modern) != (app.method, app.modern):
            from fieldapp.vietnamese.input_method import InputMethod

            self._typist = InputMethod(app.method, app.modern)
        return self._typist

    def action_delete_left(self) -> None:
        """Take back the last key of a word that is composed here, or delete a letter."""
        typist = self._own_method()
        composed = typist and self.selection.is_empty and typist.backspace(*self._parted)
        if composed:
            self._put(*composed)
        else:
            super().action_delete_left()

    def action_delete_right(self) -> None:
        """Delete a letter; the word that it was in may be composed again by that. What stands as a whole goes whole."""
        if self.stands_whole and self._at_end:
            self.value = ""
            return
        typist = self._own_method()
        composed = typist and self.selection.is_empty and typist.delete(*self._parted)
        if composed:
            self._put(*composed)
        else:
            super().action_delete_right()

    def finish_word(self) -> None:
        """End the word that is being composed; if it is not Vietnamese, it becomes what was typed."""
        if self._typist is not None:
            unedited = self._moment == self._last
            self._put(*self._typist.finish(*self._parted))
            if unedited:
                self._last = self._moment

    @property
    def _parted(self) -> tuple[str, str]:
        """The text before and behind the cursor."""
        return self.value[: self.cursor_position], self.value[self.cursor_position :]

    def _put(self, before: str, after: str) -> None:
        if (before, after) != self._parted:
            self.value = before + after
            self.cursor_position = len(before)

    def _correct(self, value: str, cursor: int) -> None:
        """Change the text as a part of the last edit."""
        unedited = self._moment == self._last
        self.value, self.cursor_position = value, cursor
        if unedited:
            self._last = self._moment

    # undo -------------------------------------------------------------------------------------------------------

    @property
    def _moment(self) -> Moment:
        return Moment(self.value, self.cursor_position)

    def _remember(self, before: Moment, *, step: bool = False) -> None:
        """Keep the state before an edit, once for each word: corrections by an input method belong to their word.

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
        """Undo the last word that was typed or deleted."""
        self._go(self._past, self._future)

    def action_redo(self) -> None:
        """Redo what was undone."""
        self._go(self._future, self._past)

    def _go(self, source: list[Moment], other: list[Moment]) -> None:
        if self.value != self._last.value:
            self._past.clear()
            self._future.clear()
        if source:
            moment = source.pop()
            other.append(self._moment)
            self.value, self.cursor_position = moment.value, moment.cursor
            self._last, self._deleted = self._moment, False

    # leaving ----------------------------------------------------------------------------------------------------

    async def action_submit(self) -> None:
        """Go to the next field at once, so that what is typed ahead gets there."""
        self.compose_letters()
        if self.stays:
            await super().action_submit()
        else:
            self.screen.focus_next()

    def blur(self) -> Self:
        """Leave a field that is hidden now: the screen knows what is shown in its place."""
        if not self.is_attached or is_shown(self):
            return super().blur()
        self.screen.set_focus(self)
        return self

    def _on_focus(self, event: events.Focus) -> None:
        self._show_cursor()
        super()._on_focus(event)

    def on_resize(self) -> None:
        """Show the cursor in a field that has become narrower."""
        if self.has_focus:
            self._show_cursor()

    def _show_cursor(self) -> None:
        """Scroll to the cursor: Textual leaves a long text that the field began with at its beginning."""
        self.scroll_to_region(Region(self._cursor_offset, 0, 1, 1), force=True, animate=False, immediate=True)

    def _on_blur(self, event: events.Blur) -> None:
        if self.screen.focused is not self:  # otherwise the event is late: somebody types here again
            self.compose_letters()
        super()._on_blur(event)

    def compose_letters(self) -> None:
        """Compose letters and marks into single characters.

        Not while somebody types: an input method counts its backspaces in the characters that it sent. The cursor stays
        after the same letter.
        """
        self.finish_word()
        self.sent_from = None
        whole = _composed(self.value)
        if whole != self.value:
            self._correct(whole, len(_composed(self.value[: self.cursor_position])))
        self.settle_old_letters()


def _on_one_line(text: str) -> str:
    """Pasted text as it is inserted."""
    lines = " ".join(text.replace("\t", " ").splitlines())
    return composed("".join(c for c in lines if c.isprintable()))


def _composed(text: str) -> str:
    return composed(text.replace(HELD_MARK, ""))
