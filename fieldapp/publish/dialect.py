"""The program's SQL as PostgreSQL reads it.

Only what the program's own queries use is known here; what is not, PostgreSQL refuses when a view or a function is
made, and a test compares every figure.
"""

import re
from collections.abc import Iterable, Mapping

PLAIN = "_plain"
"""Ends the name of a column that holds another's text as ``plain`` compares it (``fieldapp/store/connection.py``)"""

TODAY = "(now() AT TIME ZONE 'UTC')::date"

_RULES = (
    (r"\bplain\((\w+\.\w+)\)", rf"\1{PLAIN}"),
    (r"date\('now'\)", TODAY),
    (r"(\w+\.year) \|\| '(-\d\d-\d\d)'", r"(\1 || '\2')::date"),
    (r"\bjson_group_array\(", "array_agg("),
)


def to_postgres(sql: str, parameters: Mapping[str, str] | None = None, booleans: Iterable[str] = ()) -> str:
    """Translate a query. ``parameters``: name -> what stands for ``:name``, or for ``json_each(:name)`` where it ends
    in ``[]``. ``booleans``: columns that are numbers in SQLite."""
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
    """(table, column) of the texts that some queries compare by ``plain``."""
    found = set()
    for sql in sqls:
        by_alias = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+) (\w+)", sql)}
        found |= {(by_alias[alias], column) for alias, column in re.findall(r"\bplain\((\w+)\.(\w+)\)", sql)}
    return found


def literal(text: str) -> str:
    """A text as a literal; only for what the program itself says."""
    return "'" + text.replace("'", "''") + "'"
