"""The rules that decide which changes count (``docs/bundle-format.md``, Merge).

They look at the change, its author, and the row's earlier changes that count. They are the same in every replica. A
change that breaks one is rejected, with the reason.
"""

import unicodedata
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from fieldapp.domain.lengths import too_long
from fieldapp.domain.records import BY_KIND
from fieldapp.store import ids
from fieldapp.store.store import Store

RowKey = tuple[str, str]
"""(table, row id)"""

UNKNOWN_TABLE = "unknown_table"
NOT_ALLOWED = "not_allowed"
UNCLEAN_TEXT = "unclean_text"
NO_SUCH_ROW = "no_such_row"
IMPOSSIBLE = "impossible_value"

BEGIN_COLUMNS = ("created_at", "created_by")
"""Columns that only the first change of a row sets"""

MAX_INTEGER = 1 << 63
"""SQLite stores integers from its negative up to one below it"""


class Author(Struct, frozen=True):
    """The author of a log as certified, and the log's scope."""

    scope: str
    role: str
    in_scope: bool
    """whether the certificate allows to write in that scope (``authors``)"""


class AuthoredChange(Struct, frozen=True):
    """A change together with who wrote it."""

    log_id: str
    seq: int
    hlc: int
    table: str
    cols: dict[str, Any]
    author: Author

    @property
    def scope(self) -> str:
        return self.author.scope


class Schema:
    """What the fold needs to know about the tables, read once; a table comes after those that it refers to."""

    def __init__(self, store: Store) -> None:
        found: dict[str, list[str]] = {}
        for row in store.rows(
            "SELECT m.name AS name, c.name AS col FROM sqlite_master m, pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND m.name NOT LIKE 'local\\_%' ESCAPE '\\'"
            " AND m.name NOT LIKE '%sqlite\\_%' ESCAPE '\\' ORDER BY m.rowid, c.cid"
        ):
            found.setdefault(row["name"], []).append(row["col"])
        parents: dict[str, set[str]] = {table: set() for table in found}
        self.references: dict[str, dict[str, str]] = {table: {} for table in found}
        """Table -> its columns that name a row -> the table of that row"""
        for row in store.rows(
            'SELECT m.name AS name, f."from" AS col, f."table" AS parent'
            " FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
        ):
            if row["name"] in found:
                parents[row["name"]].add(row["parent"])
                self.references[row["name"]][row["col"]] = row["parent"]
        self.columns: dict[str, list[str]] = {}
        while len(self.columns) < len(found):
            ready = [t for t in found if t not in self.columns and parents[t] <= {*self.columns, t}]
            for table in ready or found.keys() - self.columns.keys():
                self.columns[table] = found[table]
        self.of_a_post = {
            table: {col: parent for col, parent in named.items() if not self.is_reference(parent)}
            for table, named in self.references.items()
        }
        """The same without the columns that name reference data"""

    @cached_property
    def _reference(self) -> frozenset[str]:
        return frozenset(table for table, columns in self.columns.items() if "post_id" not in columns)

    def is_reference(self, table: str) -> bool:
        """Whether a table is reference data: written by headquarters for all."""
        return table in self._reference

    def may_write(self, author: Author, table: str) -> bool:
        """Whether changes of a table by this author can count."""
        reference = self.is_reference(table)
        if reference != (author.scope == "*") or (reference and author.role != "hq"):
            return False
        if author.role != "hq" and table in BY_KIND and BY_KIND[table].ABOUT_A_POST:
            return False
        return author.in_scope


def may_begin(schema: Schema, row_id: str, change: AuthoredChange) -> bool:
    """Whether a change may begin a row: its author may write the table, and the id names no other post."""
    return (
        "created_at" in change.cols
        and change.table in schema.columns
        and schema.may_write(change.author, change.table)
        and ids.may_name(row_id, change.scope)
    )


def rejection_reason(
    schema: Schema, row_id: str, change: AuthoredChange, before: list[AuthoredChange], owner: str | None
) -> str | None:
    """The rule that a change of a row breaks, or None if it counts.

    ``before``: the row's earlier changes that count, in order. ``owner``: the scope to which the row belongs; None if
    no change may begin it.
    """
    if change.table not in schema.columns:
        return UNKNOWN_TABLE
    if not schema.may_write(change.author, change.table) or not ids.may_name(row_id, change.scope):
        return NOT_ALLOWED
    if owner not in (None, change.scope) or (before and _contradicts_beginning(change, before)):
        return NOT_ALLOWED
    if change.cols.keys() & {"id", "post_id"}:
        return NOT_ALLOWED
    if not before and "created_at" not in change.cols:
        return NO_SUCH_ROW
    if not all(map(_fits_column, change.cols.values())) or too_long(change.cols):
        return IMPOSSIBLE
    if not all(map(_is_clean, change.cols.values())):
        return UNCLEAN_TEXT
    return None


def _contradicts_beginning(change: AuthoredChange, before: list[AuthoredChange]) -> bool:
    """Whether a later change sets another time or author of the row's creation than its own log did, or else the first.

    The same values are allowed: a copied disk logs a change twice, and it counts once. Another log may begin the row
    too, with values of its own: two laptops import one sheet, whose rows have computed ids.
    """
    own = next((c for c in before if c.log_id == change.log_id), None)
    if own is None and change.cols.keys() >= {*BEGIN_COLUMNS}:
        return False
    said = before[0].cols | {name: own.cols[name] for name in BEGIN_COLUMNS if own is not None and name in own.cols}
    return any(name in change.cols and change.cols[name] != said.get(name) for name in BEGIN_COLUMNS)


def without_beginning(cols: Mapping[str, Any]) -> dict[str, Any]:
    """What a later change of a row sets: when and by whom the row was made is said by the first one alone."""
    return {name: value for name, value in cols.items() if name not in BEGIN_COLUMNS}


def is_storable(value: Any) -> bool:
    """Whether a change may set this value, judging by the value alone."""
    return _fits_column(value) and _is_clean(value)


def _fits_column(value: Any) -> bool:
    return not isinstance(value, int) or -MAX_INTEGER <= value < MAX_INTEGER


def _is_clean(value: Any) -> bool:
    """Whether a value is null, an integer, or text as the store keeps it.

    Such text is in NFC and has no character of the categories Cc, Cf and Cs (control, invisible, surrogate) other than
    the line feed.
    """
    if not isinstance(value, str):
        return value is None or (isinstance(value, int) and not isinstance(value, bool))
    if not value.isascii() and not unicodedata.is_normalized("NFC", value):
        return False
    return value.isprintable() or not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n" for c in value)
