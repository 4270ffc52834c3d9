"""All records for analysts: one plain SQLite file, CSV files, and a dictionary of every column (Frictionless).

Everything is derived from the models: a new kind of record or a new column is included by itself. Columns that are
marked personal are left out unless asked for. Ids stay, so that records can be joined; they do not name a person.
Beside the tables there is a flat one for each kind (``flat_tables``), and all as Parquet files if they are asked for.
"""

import csv
import errno
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite

from fieldapp.domain.assistance import ActivityExtra
from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.errors import FieldappError, os_error_text
from fieldapp.escaping import for_csv
from fieldapp.i18n import _
from fieldapp.records.words import choice_title
from fieldapp.reports.flat_tables import AMOUNT, FlatTable, flat_table
from fieldapp.reports.parquet import ParquetWriter
from fieldapp.reports.provenance import provenance
from fieldapp.store import disk, disk_errors, leftovers, people
from fieldapp.store.store import Store
from fieldapp.sync.format import drives

DATABASE = "records.sqlite"
PACKAGE = "datapackage.json"
FLAT_FOLDER, PARQUET_FOLDER = "flat", "parquet"

CHOSEN_VALUE = "CASE WHEN (SELECT f.field_type FROM kind_field f WHERE f.id = kind_field_id) = 'choice' THEN value END"
"""SQL over a row of ``activity_extra``: the value if it was chosen from a list, which says who nobody is. The type of
such a field never changes"""

TYPES = {"integer": "integer", "year": "integer", "boolean": "boolean", "date": "date"}
"""Kind of field -> type of the table schema; the others are strings"""

AT_ONCE = 5_000
"""Rows held in memory at once"""


@dataclass(frozen=True)
class DataColumn:
    """One column of one table."""

    name: str
    title: str
    type: str
    """of the Frictionless table schema"""
    required: bool
    description: str = ""
    ref: str | None = None
    choices: tuple[str, ...] = ()
    personal: bool = False


@dataclass(frozen=True)
class Written:
    """What was written into the folder."""

    path: Path
    rows: dict[str, int]
    """table -> rows"""
    left_out: list[str]
    """personal columns that were left out: ``table.column``, or the name of a column that every table has"""


def data_columns(model: type[Record]) -> list[DataColumn]:
    """The columns of a kind of record: those that every record has, then those of its model."""
    return [*_recorded(model.REFERENCE), *(_column(shape) for shape in fields_of(model))]


def _recorded(reference: bool) -> list[DataColumn]:
    return [
        DataColumn("id", "id", "string", True, "UUID"),
        *([] if reference else [DataColumn("post_id", _("Post"), "string", True, ref="post")]),
        DataColumn("created_at", _("Recorded at"), "datetime", True),
        DataColumn("created_by", _("Recorded by"), "string", True, personal=True),
        DataColumn(
            "voided_at", _("Voided at"), "datetime", False, _("Empty: it counts. Otherwise it counts in no figure.")
        ),
        DataColumn("void_reason", _("Reason"), "string", False, personal=True),
    ]


def _column(shape: FieldShape) -> DataColumn:
    description = ""
    if shape.scaled_by is not None:
        description = _("Whole number in units of 10^-decimals; {by} says how many decimals.").format(
            by=shape.scaled_by
        )
    if shape.choices:
        description = "; ".join(f"{code}: {_(choice_title(code))}" for code in shape.choices)
    return DataColumn(
        shape.name, _(shape.title), TYPES.get(shape.type, "string"), shape.required, description, shape.ref,
        shape.choices, shape.personal,
    )  # fmt: skip


def write_package(store: Store, dest: Path, *, personal: bool = False, parquet: bool = False) -> Written:
    """Write all records into ``dest``, a new or empty folder; ``personal``: with the personal columns.

    The folder is there when it is whole. Raises FieldappError if it is not empty or cannot be written, or ``parquet``
    files are asked for and DuckDB is not installed.
    """
    writer = ParquetWriter() if parquet else None
    people.check(store, people.Act.PUBLISH if personal else people.Act.REPORT_FILES)
    try:
        if dest.exists() and (not dest.is_dir() or any(dest.iterdir())):
            raise _not_empty(dest)
        dest.parent.mkdir(parents=True, exist_ok=True)
        # the tables and the flat ones as CSV, the tables in SQLite, without indexes and history
        drives.check_space(dest.parent, 3 * store.path.stat().st_size)
        leftovers.remember(store, dest.parent)
        with disk.begun(dest.parent) as part:
            part.mkdir(0o700 if personal else 0o777)
            with store.transaction():
                rows, left_out = _write(store, part, personal, writer)
            for path in part.rglob("*") if personal else ():
                path.chmod(0o700 if path.is_dir() else 0o600)
            if dest.exists():
                dest.rmdir()
            disk.take_name(part, dest)
        return Written(dest, rows, left_out)
    except FileExistsError:
        raise _not_empty(dest) from None
    except disk_errors.DiskFull:  # the records are only read
        raise _cannot_be_written(dest, OSError(errno.ENOSPC, "")) from None
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:
            raise _not_empty(dest) from None
        held = disk.held_text(error)
        if held:
            raise FieldappError(held) from None
        raise _cannot_be_written(dest, error) from None


def _cannot_be_written(dest: Path, error: OSError) -> FieldappError:
    return FieldappError(
        _("{path} cannot be written: {why}. Name another file or folder.").format(path=dest, why=os_error_text(error))
    )


def _not_empty(dest: Path) -> FieldappError:
    return FieldappError(_("{path} is not empty. Name a new folder: nothing in it was changed.").format(path=dest))


def _write(
    store: Store, folder: Path, personal: bool, parquet: ParquetWriter | None
) -> tuple[dict[str, int], list[str]]:
    """Write everything into an empty folder: (table -> rows, personal columns that were left out)."""
    rows: dict[str, int] = {}
    tables = {m: _columns_written(m, personal) for m in RECORDS}
    flats = [flat_table(m, personal=personal) for m in RECORDS]
    left_out = [] if personal else _left_out()
    (folder / FLAT_FOLDER).mkdir()
    with ExitStack() as open_files:
        plain = open_files.enter_context(closing(sqlite.connect(str(folder / DATABASE), isolation_level=None)))
        if parquet is not None:
            open_files.enter_context(closing(parquet))
            (folder / PARQUET_FOLDER).mkdir()
        plain.execute("BEGIN")
        _dictionary(plain, tables, flats)
        for model, columns in tables.items():
            names = [c.name for c in columns]
            plain.execute(_ddl(model, columns))
            insert = f"INSERT INTO {model.KIND} VALUES ({', '.join('?' * len(names))})"
            writer = _csv_writer(folder / f"{model.KIND}.csv", names, open_files)
            rows[model.KIND] = 0
            for batch in _read(store, model, columns, personal):
                plain.executemany(insert, batch)
                writer.writerows(
                    [for_csv(_csv_value(c.type, v)) for c, v in zip(columns, row, strict=True)] for row in batch
                )
                rows[model.KIND] += len(batch)
        for flat in flats:
            plain.execute(f"CREATE VIEW {flat.name} AS\n{flat.sql}")
            types = [c.type for c in flat.columns]
            path = folder / FLAT_FOLDER / f"{flat.model.KIND}.csv"
            writer = _csv_writer(path, [c.name for c in flat.columns], open_files)
            rows[flat.name] = 0
            for batch in _all_rows(plain, flat.name):
                writer.writerows([for_csv(_csv_value(t, v)) for t, v in zip(types, row, strict=True)] for row in batch)
                rows[flat.name] += len(batch)
        plain.execute("COMMIT")
        if parquet is not None:
            for table, kept in _all_columns(tables, flats):
                parquet.write(folder / PARQUET_FOLDER / f"{table}.parquet", kept, _all_rows(plain, table))
    package = _package(store, tables, flats, rows, left_out)
    (folder / PACKAGE).write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return rows, left_out


def _columns_written(model: type[Record], personal: bool) -> list[DataColumn]:
    """The columns of a table; without the personal ones, the values of fields of a kind's own only as far as they are
    choices, which say who nobody is."""
    columns = data_columns(model)
    if personal:
        return columns
    only = _("Only values that were chosen from a list; texts, numbers and days may say who a person is.")
    return [
        replace(c, required=False, description=only) if _in_part(model, c) else c
        for c in columns
        if not c.personal or _in_part(model, c)
    ]


def _in_part(model: type[Record], column: DataColumn) -> bool:
    return model is ActivityExtra and column.name == "value"


def _all_columns(
    tables: dict[type[Record], list[DataColumn]], flats: Sequence[FlatTable]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each table and flat table with the names and types of its columns."""
    for model, columns in tables.items():
        yield model.KIND, [(c.name, c.type) for c in columns]
    for flat in flats:
        yield flat.name, [(c.name, c.type) for c in flat.columns]


def _csv_writer(path: Path, names: Sequence[str], open_files: ExitStack) -> Any:
    """Begin a CSV file with its headings."""
    writer = csv.writer(open_files.enter_context(path.open("w", encoding="utf-8", newline="")), lineterminator="\n")
    writer.writerow(names)
    return writer


def _all_rows(plain: Any, table: str) -> Iterator[list[tuple[Any, ...]]]:
    cursor = plain.execute(f"SELECT * FROM {table} ORDER BY id")
    while rows := cursor.fetchmany(AT_ONCE):
        yield rows


def _left_out() -> list[str]:
    """The personal columns: those of every table by their name, others as ``table.column``."""
    common = [c.name for c in _recorded(False) if c.personal]
    return [*common, *(f"{m.KIND}.{s.name}" for m in RECORDS for s in fields_of(m) if s.personal)]


def _read(
    store: Store, model: type[Record], columns: Sequence[DataColumn], personal: bool
) -> Iterator[list[tuple[Any, ...]]]:
    chosen = [c.name if personal or not _in_part(model, c) else CHOSEN_VALUE for c in columns]
    cursor = store.db.execute(f"SELECT {', '.join(chosen)} FROM {model.KIND} ORDER BY id")
    while rows := cursor.fetchmany(AT_ONCE):
        yield rows


def _csv_value(sort: str, value: Any) -> Any:
    return ("true" if value else "false") if sort == "boolean" and value is not None else value


def _ddl(model: type[Record], columns: Sequence[DataColumn]) -> str:
    lines = []
    for c in columns:
        line = f"{c.name} {'INTEGER' if c.type in ('integer', 'boolean') else 'TEXT'}"
        line += " PRIMARY KEY" if c.name == "id" else " NOT NULL" if c.required else ""
        lines.append(line + (f" REFERENCES {c.ref} (id)" if c.ref else ""))
    listed = ",\n    ".join(lines)
    return f"CREATE TABLE {model.KIND} (\n    {listed}\n) STRICT"


def _dictionary(plain: Any, tables: dict[type[Record], list[DataColumn]], flats: Sequence[FlatTable]) -> None:
    plain.execute(
        "CREATE TABLE dictionary (place INTEGER PRIMARY KEY, table_name TEXT, table_title TEXT, column_name TEXT,"
        " title TEXT, type TEXT, refers_to TEXT, description TEXT) STRICT"
    )
    plain.executemany(
        "INSERT INTO dictionary VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
        [
            (m.KIND, _(m.PLURAL), c.name, c.title, c.type, c.ref, c.description or None)
            for m, columns in tables.items()
            for c in columns
        ]
        + [
            (f.name, f.title, c.name, c.title, SCHEMA_TYPES.get(c.type, c.type), None, _flat_description(c.type))
            for f in flats
            for c in f.columns
        ],
    )


SCHEMA_TYPES = {AMOUNT: "number"}
"""Type of a column -> the name of that type in the table schema"""


def _flat_description(sort: str) -> str | None:
    if sort != AMOUNT:
        return None
    return _("A decimal number, exact: a whole number, or digits with a point. In Parquet DECIMAL(19, 3).")


def _package(
    store: Store,
    tables: dict[type[Record], list[DataColumn]],
    flats: Sequence[FlatTable],
    rows: dict[str, int],
    left_out: list[str],
) -> dict[str, Any]:
    """The data package's descriptor (Frictionless Data Package 1.0, tabular)."""
    state = provenance(store)
    return {
        "profile": "tabular-data-package",
        "name": "fieldapp-records",
        "title": _("Records of the border posts"),
        "description": _(
            "Columns that say who a person is were left out: {columns}. Ids stand for people: a reader who knows"
            " the post may still recognize them. A text that begins with = + - @ has an apostrophe before it in the"
            " CSV files, so that no spreadsheet computes it; {database} has it as it was typed."
        ).format(columns=", ".join(left_out) or "–", database=DATABASE),
        "created": state.made_at,
        "fieldapp": {"database": DATABASE, **asdict(state)},
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": model.KIND.replace("_", "-"),
                "title": _(model.PLURAL),
                "path": f"{model.KIND}.csv",
                "encoding": "utf-8",
                "rows": rows[model.KIND],
                "schema": _schema(columns),
            }
            for model, columns in tables.items()
        ]
        + [
            {
                "profile": "tabular-data-resource",
                "name": flat.name.replace("_", "-"),
                "title": flat.title,
                "description": _(
                    "Names in place of ids and words in place of codes. Voided records are not in it; returned ones and"
                    " joint activities are, so sums may differ from the report, which follows the counting rules."
                ),
                "path": f"{FLAT_FOLDER}/{flat.model.KIND}.csv",
                "encoding": "utf-8",
                "rows": rows[flat.name],
                "schema": _flat_schema(flat),
            }
            for flat in flats
        ],
    }


def _flat_schema(flat: FlatTable) -> dict[str, Any]:
    fields = [
        {"name": c.name, "title": c.title, "type": SCHEMA_TYPES.get(c.type, c.type),
         **({"description": text} if (text := _flat_description(c.type)) else {}),
         "constraints": {"required": c.name == "id", **({"unique": True} if c.name == "id" else {})}}
        for c in flat.columns
    ]  # fmt: skip
    return {"fields": fields, "missingValues": [""], "primaryKey": "id"}


def _schema(columns: Sequence[DataColumn]) -> dict[str, Any]:
    return {
        "fields": [
            {
                "name": c.name,
                "title": c.title,
                "type": c.type,
                **({"description": c.description} if c.description else {}),
                "constraints": {
                    "required": c.required,
                    **({"unique": True} if c.name == "id" else {}),
                    **({"enum": list(c.choices)} if c.choices else {}),
                },
            }
            for c in columns
        ],
        "missingValues": [""],
        "primaryKey": "id",
        "foreignKeys": [
            {"fields": c.name, "reference": {"resource": c.ref.replace("_", "-"), "fields": "id"}}
            for c in columns
            if c.ref
        ],
    }
