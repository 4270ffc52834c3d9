"""Turn rows of SQLite into COPY's text format, many at a time: to escape each field in SQL took most of our time.

SQLite gives a row as one text, in which marks show where fields begin. Marks and special characters are then replaced
in thousands of rows at once. The marks are characters that no text may hold. If a text that another program wrote does
hold one, the number of marks is wrong, and those rows are read again, field by field.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

FILLED, EMPTY, ROW = b"\x1f", b"\x1e", b"\x1d"
"""The marks: before a value, in place of NULL, and between rows"""

_ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\0", b""))
_FIELDS = ((EMPTY, b"\t\\N"), (FILLED, b"\t"), (ROW, b"\n"))


def line_sql(fields: Sequence[str], filled: Container[str]) -> str:
    """SQL for a row as one text. ``fields``: SQL for each field, the row's id first; ``filled``: those never NULL."""
    first, *others = fields
    value, empty = f"char({FILLED[0]})", f"char({EMPTY[0]})"
    marked = (f", {value}, {sql}" if sql in filled else f", coalesce({value} || {sql}, {empty})" for sql in others)
    return f"concat({first}{''.join(marked)})"


def copy_text(rows: Sequence[str], fields: int, read_values: Callable[[], Iterable[Sequence[Any]]]) -> bytes:
    """Rows in COPY's text format; ``read_values`` reads the same rows field by field."""
    text = ROW.decode().join(rows).encode()
    if text.count(FILLED) + text.count(EMPTY) != (fields - 1) * len(rows) or text.count(ROW) != len(rows) - 1:
        return b"".join(b"\t".join(map(_field, values)) + b"\n" for values in read_values())
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
