"""Long texts at the cost of what changed in them: how many cells they take, and how they are wrapped.

Whoever types at the end of a long text changes one letter and one line. A plain ``Input`` measures the whole text six
times for it, and a plain ``Static`` wraps and paints all of it.
"""

from bisect import bisect_right
from collections.abc import Callable

from rich._wrap import divide_line
from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widgets import Static


def changed(old: str, new: str) -> tuple[int, int, int]:
    """Where two texts differ: where that begins, and where it ends in the old and in the new one."""
    start = _common(lambda n: old[:n] == new[:n], min(len(old), len(new)))
    behind = _common(lambda n: n == 0 or old[-n:] == new[-n:], min(len(old), len(new)) - start)
    return start, len(old) - behind, len(new) - behind


class Cells:
    """Counts the cells of a text; of the next one only what is different."""

    def __init__(self) -> None:
        self._text = ""
        self._cells = 0

    def of(self, text: str) -> int:
        """How many cells the text takes on the screen."""
        if text != self._text:
            start, old_end, new_end = changed(self._text, text)
            self._cells += cell_len(text[start:new_end]) - cell_len(self._text[start:old_end])
            self._text = text
        return self._cells


def window(text: str, at: int, cell: int, left: int, room: int) -> tuple[int, int, int]:
    """The piece of a text in one line that has the cells from ``left`` on, ``room`` of them and one more.

    ``at`` and ``cell``: a place near it, as index and as cell. Returns where it begins and ends, and its first cell.
    """
    start = at
    while start and cell > left:
        start -= 1
        cell -= get_character_cell_size(text[start])
    while start < len(text) and cell + get_character_cell_size(text[start]) <= left:
        cell += get_character_cell_size(text[start])
        start += 1
    end, last = start, cell
    while end < len(text) and last <= left + room:
        last += get_character_cell_size(text[end])
        end += 1
    return start, end, cell


class WrappedText(Static):
    """A text that grows while somebody types: only the lines that changed are wrapped and painted again."""

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes, markup=False)
        self._text = ""
        self._width = 0
        self._starts = [0]
        """Where the lines begin, for this width"""

    def show(self, text: str) -> None:
        """Show another text."""
        if text == self._text:
            return
        old, self._text = self._text, text
        before = len(self._starts)
        first = 0
        if self._width:
            first = self._wrap(*changed(old, text))
        if not self._width or len(self._starts) != before:
            self.refresh(layout=True)
        else:
            self.refresh(Region(0, first, self.size.width, self.size.height - first))

    def render(self) -> Content:
        return Content(self._text)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        self._fit(width)
        return len(self._starts)

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        self._fit(width)
        if y >= len(self._starts):
            return Strip.blank(width, self.rich_style)
        end = self._starts[y + 1] if y + 1 < len(self._starts) else len(self._text)
        line = self._text[self._starts[y] : end].rstrip()
        return Strip([Segment(line, self.rich_style)]).adjust_cell_length(width, self.rich_style)

    def _fit(self, width: int) -> None:
        if width != self._width:
            self._width, self._starts = width, [0]
            self._wrap(0, 0, len(self._text))

    def _wrap(self, start: int, old_end: int, new_end: int) -> int:
        """Wrap again from the line before the change until the lines are the old ones; the first line that was wrapped.

        The line before it too: a shorter word may now fit there.
        """
        first = max(bisect_right(self._starts, start) - 2, 0)
        old = {place + new_end - old_end for place in self._starts if place >= old_end}
        starts, place = self._starts[: first + 1], self._starts[first]
        while (place := self._next(place)) and not (place >= new_end and place in old):
            starts.append(place)
        if place:
            starts += sorted(there for there in old if there >= place)
        self._starts = starts
        return first

    def _next(self, place: int) -> int:
        """Where the line after the one that begins here begins; 0 if there is none."""
        length, whole = 2 * self._width, False
        while not whole:
            whole = place + length >= len(self._text)
            piece, newline, _rest = self._text[place : place + length].partition("\n")
            if breaks := divide_line(piece, self._width):
                return place + breaks[0]
            if newline:
                return place + len(piece) + 1
            length *= 2  # a long word, or letters with marks of their own
        return 0


def _common(same: Callable[[int], bool], most: int) -> int:
    """The greatest number up to ``most`` for which it holds; it holds for 0 and for all numbers below that."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if same(middle) else (low, middle - 1)
    return low
