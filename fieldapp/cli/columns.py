"""A table in columns, for a terminal: widths are in cells as shown, and no line is wider than the terminal."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

from fieldapp.escaping import for_terminal

GAP = 2
"""Blanks between two columns"""
LEAST = 24
"""A terminal that is narrower than two of these is written over"""

Rows = Sequence[Sequence[str]]


def in_columns(rows: Rows, width: int) -> Iterator[str]:
    """The lines of a table whose first row is its head; the first column names the rows, the others stand right.

    A table that is wider than ``width`` is cut into parts below each other, each with the first column. A long cell
    takes several lines.
    """
    shown = [[for_terminal(cell) for cell in row] for row in rows]
    widest = [max(cell_len(cell) for cell in column) for column in zip(*shown, strict=True)]
    names = min(widest[0], max(width // 2 - GAP, LEAST))
    most = max(width - names - GAP, LEAST)
    parts: list[list[int]] = []
    left = 0
    for at, needed in enumerate(widest[1:], start=1):
        if min(needed, most) + GAP > left:
            parts.append([])
            left = width - names
        parts[-1].append(at)
        left -= min(needed, most) + GAP
    for number, part in enumerate(parts):
        if number:
            yield ""
        widths = [names, *(min(widest[at], most) for at in part)]
        for row in shown:
            yield from _lines([row[0], *(row[at] for at in part)], widths)


def _lines(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for at in range(max(map(len, wrapped))):
        pieces = [lines[at] if at < len(lines) else "" for lines in wrapped]
        padded = [" " * (width - cell_len(piece)) for piece, width in zip(pieces, widths, strict=True)]
        first, *others = zip(pieces, padded, strict=True)
        yield (" " * GAP).join(["".join(first), *(blank + piece for piece, blank in others)]).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most ``width`` cells, broken between words where that is possible."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if cell_len(joined) <= width:
            lines[-1] = joined
            continue
        first, *more = chop_cells(word, width)
        lines[-1:] = [*([lines[-1]] if lines[-1] else []), first, *more]
    return lines
