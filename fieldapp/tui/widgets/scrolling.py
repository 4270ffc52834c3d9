"""Helpers: keep a line of a widget visible inside a scrolling page, and cut a text to one line."""

import re

from rich.cells import cell_len, set_cell_size
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.widget import Widget

PLAIN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u1e00-\u1eff·…×✓→↩]*")
"""A text of letters of one cell each, as Vietnamese has: nobody need look at each of them"""


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


def filled(text: str, width: int) -> str:
    """The text with blanks, or cut, to so many cells."""
    return text[:width].ljust(width) if PLAIN.fullmatch(text) else set_cell_size(text, width)
