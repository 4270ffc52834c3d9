"""Helpers of lists: go on from the ends of one, keep a line in sight in a page that scrolls, cut a text to one line."""

import re
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import OptionList

LEAST_HEAD = 8
"""Cells that are left of a text's beginning where its end matters more"""
PLAIN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u1e00-\u1eff·…×✓→↩]*")
"""A text of letters of one cell each, as Vietnamese has: nobody need look at each of them"""


class PassingList(OptionList):
    """Below the last line ↓ goes to the field that follows, above the first one ↑ to the one before, as in a form.

    Alone on its screen a list begins again at the other end.
    """

    def action_cursor_down(self) -> None:
        """Highlight the line below, or go on."""
        if self._is_end(1):
            self.screen.focus_next()
        else:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """Highlight the line above, or go back."""
        if self._is_end(-1):
            self.screen.focus_previous()
        else:
            super().action_cursor_up()

    def _is_end(self, step: int) -> bool:
        at = self.highlighted
        if at is None or len(self.screen.focus_chain) < 2:
            return False
        rest = self.options[at + 1 :] if step > 0 else self.options[:at]
        return all(option.disabled for option in rest)


def show_line(widget: Widget, line: int) -> None:
    """Scroll the page that holds ``widget`` until its ``line`` can be seen."""
    for box in widget.ancestors:
        if isinstance(box, VerticalScroll):
            top = widget.content_region.y - box.region.y + round(box.scroll_y) + line
            box.scroll_to_region(Region(0, top, 1, 1), animate=False)
            return


def cut(text: str, width: int) -> str:
    """The text in one line; “…” replaces what does not fit."""
    line = text.replace("\n", " ")
    long = len(line) > width if PLAIN.fullmatch(line) else cell_len(line) > width
    return filled(line, width - 1).rstrip() + "…" if long else line


def cut_apart(lines: Sequence[str], width: int) -> list[str]:
    """The texts in one line each. Where cut ends would leave two alike, each keeps what tells it from the other."""
    shown = [cut(line, width) for line in lines]
    alike: dict[str, set[str]] = {}
    for line, short in zip(lines, shown, strict=True):
        alike.setdefault(short, set()).add(line)
    for number, line in enumerate(lines):
        twins = alike[shown[number]]
        if len(twins) > 1:
            first, last = min(twins), max(twins)
            apart = next((n for n, letter in enumerate(first) if letter != last[n : n + 1]), len(first))
            part, word = (line[line.rfind(parting, 0, apart) + len(parting) :] for parting in (" · ", " "))
            room = width - LEAST_HEAD - 1
            tail = part if cell_len(part) <= room else cut(word, room)
            shown[number] = f"{filled(line, width - cell_len(tail) - 1).rstrip()}…{tail}"
    return shown


def filled(text: str, width: int) -> str:
    """The text with blanks, or cut, to so many cells."""
    return text[:width].ljust(width) if PLAIN.fullmatch(text) else set_cell_size(text, width)
