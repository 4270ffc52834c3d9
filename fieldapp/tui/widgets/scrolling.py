"""Helpers: keep a line of a widget visible inside a scrolling page, and cut a text to one line."""

from rich.cells import cell_len, set_cell_size
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.widget import Widget


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
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"
