"""Translate the program's SQL into PostgreSQL's.

Only what the program's own queries use is translated. PostgreSQL refuses anything else when a view or a function is
created, and a test compares every figure.
"""

import re
from collections.abc import Iterable, Mapping

PLAIN = "_plain"
"""Suffix of a column that holds another column's text as ``plain`` compares it (``fieldapp/store/connection.py``)"""

TODAY = "(now() AT TIME ZONE 'UTC')::date"

_RULES = (
    (r"\bplain\((\w+\.\w+)\)", rf"\1{PLAIN}"),
    (r"date\('now'\)", TODAY),
    (r"date\((\w+), '\+1 day'\)", r"(\1 + 1)"),
    (r"(\w+\.year) \|\| '(-\d\d-\d\d)'", r"(\1 || '\2')::date"),
    (r"\bjson_group_array\(", "array_agg("),
)


def to_postgres(sql: str, parameters: Mapping[str, str] | None = None, booleans: Iterable[str] = ()) -> str:
    """Translate a query.

    ``parameters``: name -> SQL that replaces ``:name``, or ``json_each(:name)`` where the name ends in ``[]``.
    ``booleans``: boolean columns, which are numbers in SQLite.
    """
    for pattern, instead in _RULES:
        sql = re.sub(pattern, instead, sql)
    for column in booleans:
        sql = re.sub(rf"(\b\w+\.{column}\b)(?!::)", r"\1::integer", sql)
    for name, instead in (parameters or {}).items():
        listed = name.removesuffix("[]")
        if listed != name:
            sql = re.sub(rf"\(SELECT value(?: AS \w+)? FROM json_each\(:{listed}\)\)", instead, sql)
        else:
            sql = re.sub(rf"(?<!:):{name}\b", instead, sql)
    return sql


def plain_columns(sqls: Iterable[str]) -> set[tuple[str, str]]:
    """(table, column) of the texts that the queries compare by ``plain``."""
    found = set()
    for sql in sqls:
        by_alias = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+) (\w+)", sql)}
        found |= {(by_alias[alias], column) for alias, column in re.findall(r"\bplain\((\w+)\.(\w+)\)", sql)}
    return found


def literal(text: str) -> str:
    """A text as an SQL literal; only for the program's own texts."""
    return "'" + text.replace("'", "''") + "'"
