"""A small picture as half blocks: each character is two points, one above the other.

Any terminal shows it, also through SSH and in a browser. Textual makes of its colours what the terminal has; of
sixteen they are chosen here, and where one half is bright it is drawn in front, because consoles show only dark
colours behind a character.
"""

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from fieldapp.records import pictures
from fieldapp.records.pictures import Colour

UPPER, LOWER, WHOLE = "▀", "▄", "█"


class Picture(Widget):
    """Shows one small picture, as large as there is room; nothing at first."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._small: bytes | None = None
        self._lines: list[Strip] = []

    def show(self, small: bytes | None) -> None:
        """Show another picture, a JPEG, or none."""
        if small != self._small:
            self._small = small
            self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        self._lines = []
        if self._small is not None and self.size:
            drawn = _drawn(self._small, *self.size, self.app.console)
            self._lines = [Strip(segments) for segments in drawn]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the picture, and blanks beside and below it."""
        line = self._lines[y] if y < len(self._lines) else Strip([])
        return line.extend_cell_length(self.size.width, self.rich_style)


class PictureBeside:
    """A small picture among other text, as wide as there is room, and at most so many ``lines`` high."""

    def __init__(self, small: bytes, lines: int) -> None:
        self._small = small
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segments in _drawn(self._small, options.max_width, self._lines, console):
            yield from segments
            yield Segment.line()

    def __rich_measure__(self, _console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, options.max_width)


def _drawn(small: bytes, columns: int, lines: int, console: Console) -> list[list[Segment]]:
    sixteen = console.color_system in ("standard", "windows")
    rows = pictures.half_blocks(small, columns, lines, sixteen=sixteen)
    return [[_block(*halves) for halves in row] for row in rows]


def _block(upper: Colour, lower: Colour) -> Segment:
    if lower in pictures.SIXTEEN[pictures.DARK_COLOURS :]:
        return Segment(WHOLE if upper == lower else LOWER, _style(lower, upper))
    return Segment(UPPER, _style(upper, lower))


def _style(front: Colour, behind: Colour) -> Style:
    return Style.parse("#{:02x}{:02x}{:02x} on #{:02x}{:02x}{:02x}".format(*front, *behind))
