"""The mirror's tables: columns of ``schema.sql``, types and titles of the models, keys that begin with the post.

A table of posts' records is partitioned by post into ``partitions`` parts, which may be on other servers
(``postgres_fdw``). With one part it is a plain table, as Citus distributes it. Keys and indexes are made on the parts:
PostgreSQL has no unique index over parts on other servers. There are no foreign keys: rows come in the order of their
changes, and headquarters' file keeps the foreign keys already.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fieldapp.domain.assistance import ActivityExtra
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.i18n import _
from fieldapp.publish.dialect import PLAIN, literal, plain_columns, to_postgres
from fieldapp.records.words import choice_title
from fieldapp.reports.open_data import CHOSEN_VALUE, data_columns
from fieldapp.reports.sources import DEEDS_NOW, MEASURES, SOURCES
from fieldapp.store.capture import synced_tables
from fieldapp.store.store import Store

TEXT = 'text COLLATE "C"'
"""Texts compare byte by byte, as in SQLite"""

SCHEMA = "fieldapp"

PATH = f"SET search_path = {SCHEMA}, pg_temp"
"""Set on every function, so that names mean the mirror's tables for every caller"""

RETURNED = "returned_record"
"""Table of the returned records about which nothing was done yet: they count in no figure"""


@dataclass(frozen=True)
class MirrorColumn:
    """One column, and the expression that reads it from SQLite."""

    name: str
    type: str
    required: bool
    personal: bool
    comment: str
    source: str
    """expression over the row of SQLite's table"""


@dataclass(frozen=True)
class MirrorTable:
    """One kind of record."""

    name: str
    title: str
    reference: bool
    columns: tuple[MirrorColumn, ...]
    indexes: tuple[tuple[str, str], ...]
    """(name, columns and condition)"""

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key; the post comes first."""
        return ("id",) if self.reference else ("post_id", "id")


@dataclass(frozen=True)
class Place:
    """How the parts are spread over servers."""

    partitions: int = 4
    servers: tuple[str, ...] = ()
    """names of foreign servers: the parts go by turns to this server and to each of these"""

    def server(self, part: int) -> str | None:
        """The server that holds a part; None: this one."""
        return (None, *self.servers)[part % (len(self.servers) + 1)]


def tables(store: Store) -> list[MirrorTable]:
    """All tables, parents first."""
    plain = plain_columns([*SOURCES.values(), MEASURES, DEEDS_NOW])
    found = []
    for model in RECORDS:
        described = {c.name: c for c in data_columns(model)}
        made_by = store.value("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [model.KIND])
        columns = []
        for row in store.rows(f"PRAGMA table_info({model.KIND})"):
            name = row["name"]
            known = described.get(name)
            sort = _type(name, row["type"], made_by)
            personal = known.personal if known else True
            comment = _comment(model.KIND, known)
            columns.append(MirrorColumn(name, sort, bool(row["notnull"]), personal, comment, name))
            if (model.KIND, name) in plain:
                words = _("{title}: as it is compared, without case, tone and diacritics").format(
                    title=known.title if known else name
                )
                # most are NULL, and to call a function in Python takes as long as ten columns
                source = f"CASE WHEN {name} IS NOT NULL THEN plain({name}) END"
                columns.append(MirrorColumn(name + PLAIN, TEXT, False, personal, words, source))
        if model is ActivityExtra:
            words = _("The value, where it was chosen from a list")
            columns.append(MirrorColumn("chosen_value", TEXT, False, False, words, CHOSEN_VALUE))
        found.append(
            MirrorTable(
                model.KIND, _(model.PLURAL), model.REFERENCE, tuple(columns), tuple(_indexes(store, model.KIND))
            )
        )
    return found


def _type(name: str, stored: str, made_by: str) -> str:
    """PostgreSQL's type of a column, by the statement that made its table: a later version may have added columns, and
    views that read them."""
    if stored == "INTEGER":
        return "boolean" if re.search(rf"\b{name} IN \(0, 1\)", made_by) else "bigint"
    return "date" if re.search(rf"\bdate\({name}\) IS {name}\b", made_by) else TEXT


def _comment(kind: str, column: Any) -> str:
    if column is None:
        return _("What was asked about on entry, and was right")
    parts = [column.title, column.description]
    if column.ref:
        parts.append("→ " + _(BY_KIND[column.ref].PLURAL))
    if column.choices and not column.description:
        parts.append("; ".join(f"{code}: {_(choice_title(code))}" for code in column.choices))
    return " · ".join(p for p in parts if p)


def _indexes(store: Store, table: str) -> Iterator[tuple[str, str]]:
    """(name, columns and condition) of the indexes of ``schema.sql``."""
    for row in store.rows(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY name",
        [table],
    ):
        yield row["name"], re.sub(r"^CREATE INDEX \w+ ON \w+ ", "", row["sql"])


def views(store: Store) -> Iterator[tuple[str, str]]:
    """(name, query) of the views of ``schema.sql``, in its order."""
    for row in store.rows("SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY rowid"):
        yield row["name"], to_postgres(re.sub(r"^CREATE VIEW \w+ AS\s", "", row["sql"]))


def create_views(store: Store, tables: Sequence[MirrorTable]) -> Iterator[str]:
    """The statements that make the views. A view over records of posts shows readers only the rows they may see.

    Left out are views of a later version over kinds of record that are not mirrored.
    """
    of_posts = [t.name for t in tables if not t.reference]
    lacking = {*synced_tables(store.db)} - {t.name for t in tables}
    for name, query in views(store):
        if _names_any(query, lacking):
            lacking.add(name)
            continue
        yield f"CREATE VIEW {name} {'WITH (security_invoker) ' if _names_any(query, of_posts) else ''}AS {query}"


def _names_any(query: str, tables: Iterable[str]) -> bool:
    return any(re.search(rf"\b{table}\b", query) for table in tables)


def parts(table: MirrorTable, place: Place) -> list[tuple[str, str | None]]:
    """(name, server) of the tables that hold a table's rows."""
    if table.reference or place.partitions == 1:
        return [(table.name, None)]
    return [(f"{table.name}_{n}", place.server(n)) for n in range(place.partitions)]


def create_tables(table: MirrorTable, schema: str, place: Place, elsewhere: str) -> Iterator[str]:
    """The statements that make an empty table without keys.

    Parts on another server must exist there, in the schema ``elsewhere``: see ``create_elsewhere``.
    """
    columns = _columns(table)
    split = not table.reference and place.partitions > 1
    yield f"CREATE TABLE {schema}.{table.name} ({columns}){' PARTITION BY HASH (post_id)' if split else ''}"
    if split:
        for number, (name, server) in enumerate(parts(table, place)):
            bounds = f"FOR VALUES WITH (MODULUS {place.partitions}, REMAINDER {number})"
            foreign = "" if server is None else "FOREIGN "
            options = f" SERVER {server} OPTIONS (schema_name '{elsewhere}', batch_size '1000')" if server else ""
            yield f"CREATE {foreign}TABLE {schema}.{name} PARTITION OF {schema}.{table.name} {bounds}{options}"
    yield f"COMMENT ON TABLE {schema}.{table.name} IS {literal(table.title)}"
    for column in table.columns:
        yield f"COMMENT ON COLUMN {schema}.{table.name}.{column.name} IS {literal(column.comment)}"


def create_elsewhere(tables: Sequence[MirrorTable], schema: str, place: Place, server: str) -> Iterator[str]:
    """The statements that another server runs to make the parts that it holds, with their keys."""
    yield f"CREATE SCHEMA {schema}"
    for table in tables:
        for name, where in parts(table, place):
            if where == server:
                yield f"CREATE TABLE {schema}.{name} ({_columns(table)})"
                yield from _keys(table, schema, name)


def keys(table: MirrorTable, schema: str, place: Place) -> Iterator[str]:
    """The statements that make the keys and indexes of the parts on this server."""
    for name, server in parts(table, place):
        if server is None:
            yield from _keys(table, schema, name)


def _columns(table: MirrorTable) -> str:
    return ", ".join(f"{c.name} {c.type}{' NOT NULL' if c.required else ''}" for c in table.columns)


def _keys(table: MirrorTable, schema: str, name: str) -> Iterator[str]:
    yield f"ALTER TABLE {schema}.{name} ADD PRIMARY KEY ({', '.join(table.key)})"
    for index, over in table.indexes:
        yield f"CREATE INDEX {index}{name.removeprefix(table.name)} ON {schema}.{name} {over}"


def shape_hash(statements: Sequence[str]) -> str:
    """A hash of the statements, which differs between shapes of the mirror."""
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()
