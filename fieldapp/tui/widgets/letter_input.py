"""An input line that moves and deletes by letters: ``ê̆``, a letter and a combining mark, is one."""

import unicodedata

from textual.widgets import Input
from textual.widgets.input import Selection

from fieldapp.vietnamese.letters import WORD_START, letter_end, letter_start


class LetterInput(Input):
    """The cursor never stands between a letter and its mark.

    What arrives key by key is taken back so: an input method counts its backspaces in the characters that it sent.
    """

    _WORD_START = WORD_START
    sent_from: int | None = None
    """Where begins what was typed since the cursor was moved; None after anything else"""

    def validate_selection(self, selection: Selection) -> Selection:
        """Move a place within a letter to the end of the letter, or where the cursor goes left, to its beginning."""
        start, end = super().validate_selection(selection)
        return Selection(self._beside(start), self._beside(end, back=end < self.selection.end))

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
            self.delete(letter_start(self.value, at), at)

    def action_delete_right(self) -> None:
        """Delete the letter right of the cursor."""
        at = self.cursor_position
        if self.selection.is_empty:
            self.delete(at, letter_end(self.value, at))
        else:
            self.delete_selection()
