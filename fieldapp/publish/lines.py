"""Rows of SQLite as COPY reads them, many at a time: escaping each field in SQL took most of the program's own part.

SQLite gives a row as one text, in which marks say where fields begin; marks and what COPY reads otherwise are put right
over thousands of rows at once. The marks are characters that no text may hold. Where one does, which another program
must have written, their number does not fit, and those rows are asked for once more, field by field.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

FILLED, EMPTY, ROW = b"\x1f", b"\x1e", b"\x1d"
"""Before a value, instead of none, and between rows"""

_ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\0", b""))
_FIELDS = ((EMPTY, b"\t\\N"), (FILLED, b"\t"), (ROW, b"\n"))


def line_sql(fields: Sequence[str]) -> str:
    """SQL for a row as one text; ``fields``: SQL for each field, of which the first is its id, and never NULL."""
    first, *others = fields
    marked = (f", coalesce(char({FILLED[0]}) || {sql}, char({EMPTY[0]}))" for sql in others)
    return f"concat({first}{''.join(marked)})"


def copy_text(rows: Sequence[str], fields: int, again: Callable[[], Iterable[Sequence[Any]]]) -> bytes:
    """Some rows in COPY's text format; ``again`` gives them as values."""
    text = ROW.decode().join(rows).encode()
    if text.count(FILLED) + text.count(EMPTY) != (fields - 1) * len(rows) or text.count(ROW) != len(rows) - 1:
        return b"".join(b"\t".join(map(_field, values)) + b"\n" for values in again())
    for mark, instead in (*_ESCAPES, *_FIELDS):
        text = text.replace(mark, instead)
    return text + b"\n"


def _field(value: Any) -> bytes:
    if value is None:
        return b"\\N"
    text = str(value).encode()
    for mark, instead in _ESCAPES:
        text = text.replace(mark, instead)
    return text
