"""Turn rows of SQLite into COPY's text format, many at a time: to escape each field in SQL took most of our time.

SQLite gives thousands of rows as one text, in which marks stand between the rows, between the fields, and in place of
NULL: to fetch each row by itself took a sixth of the time of reading them. COPY is told the mark for NULL; the others
and special characters are replaced in the whole text at once.
"""

import secrets
from typing import NamedTuple

from fieldapp.publish.tables import MirrorTable

FIELD, ROW = b"\xfe", b"\xfd"
"""The marks between fields and between rows: bytes that UTF-8 never has"""
NULL = f"\x1e{secrets.token_hex(3)}"
"""A field that is NULL, another text in each run: SQLite would copy a blob for each NULL, but not a text"""
OPTIONS = f"(NULL '{NULL}')"
"""Options of COPY for ``copy_text``"""

_ESCAPED = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\0", b""))
_MARKS = bytes.maketrans(FIELD + ROW, b"\t\n")


class Block(NamedTuple):
    """Rows as ``block_sql`` gives them."""

    text: bytes
    rows: int
    last: str
    """the greatest id; empty without rows"""


def block_sql(table: MirrorTable, which: str) -> str:
    """SQL that gives the rows of a table that meet a condition as one ``Block``."""
    fields = (c.source if c.required else f"ifnull({c.source}, '{NULL}')" for c in table.columns)
    line = f"concat_ws(x'{FIELD.hex()}', {', '.join(fields)})"
    return (
        f"SELECT CAST(ifnull(group_concat(line, x'{ROW.hex()}'), '') AS BLOB), count(*), ifnull(max(id), '')"
        f" FROM (SELECT id, {line} AS line FROM {table.name} WHERE {which})"
    )


def copy_text(text: bytes) -> bytes:
    """The text of a block in COPY's text format."""
    for special, instead in _ESCAPED:
        text = text.replace(special, instead)
    return text.translate(_MARKS) + b"\n"
