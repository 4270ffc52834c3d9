"""Keeping one line of a widget in sight inside the form that scrolls."""

from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.widget import Widget


def show_line(widget: Widget, line: int) -> None:
    """Scroll the form that holds ``widget`` until its ``line`` can be seen."""
    for box in widget.ancestors:
        if isinstance(box, VerticalScroll):
            top = widget.content_region.y - box.region.y + round(box.scroll_y) + line
            box.scroll_to_region(Region(0, top, 1, 1), animate=False)
            return
