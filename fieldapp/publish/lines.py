"""Turn rows of SQLite into COPY's text format, many at a time: to escape each field in SQL took most of our time.

SQLite gives a row as one text, in which marks stand between the fields, and in place of NULL. COPY is told the mark for
NULL; the others and special characters are replaced in thousands of rows at once.
"""

import secrets
from collections.abc import Container, Sequence

FIELD, ROW = b"\xfe", b"\xfd"
"""The marks between fields and between rows: bytes that UTF-8 never has"""
NULL = f"\x1e{secrets.token_hex(3)}"
"""A field that is NULL, another text in each run: SQLite would copy a blob for each NULL, but not a text"""
OPTIONS = f"(NULL '{NULL}')"
"""Options of COPY for ``copy_text``"""

_REPLACED = (
    (b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\0", b""),
    (FIELD, b"\t"), (ROW, b"\n"),
)  # fmt: skip


def line_sql(fields: Sequence[str], filled: Container[str]) -> str:
    """SQL for a row as one blob. ``fields``: SQL for each field, the row's id first; ``filled``: those never NULL."""
    marked = (sql if sql in filled else f"ifnull({sql}, '{NULL}')" for sql in fields)
    return f"CAST(concat_ws(x'{FIELD.hex()}', {', '.join(marked)}) AS BLOB)"


def copy_text(rows: Sequence[bytes]) -> bytes:
    """Rows in COPY's text format."""
    text = ROW.join(rows)
    for mark, instead in _REPLACED:
        text = text.replace(mark, instead)
    return text + b"\n"


def first_field(row: bytes) -> str:
    """The first field of a row: its id."""
    return row.partition(FIELD)[0].decode()
