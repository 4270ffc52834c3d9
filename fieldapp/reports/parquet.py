"""Tables as Parquet files, by DuckDB: dates are dates, amounts are decimals, nothing is a float, nulls stay nulls."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.reports.flat_tables import AMOUNT

STORED = {"integer": "BIGINT", "boolean": "BIGINT"}
"""Type of a column -> the type as which its values are handed over; the others are text"""

TYPES = {"boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP", AMOUNT: "DECIMAL(19, 3)"}
"""Type of a column -> the type in the file, where it is another one. A moment is in UTC"""


class ParquetWriter:
    """Writes files one after the other. FieldappError if DuckDB is not installed."""

    def __init__(self) -> None:
        try:
            import duckdb
        except ModuleNotFoundError as error:
            raise FieldappError(
                _(
                    "Parquet files need a part of the program that is not installed here ({module}). Nothing was"
                    ' written. Install it: pip install "fieldapp[parquet]"; or leave out --parquet: SQLite and CSV'
                    " are written without it."
                ).format(module=error.name)
            ) from None
        self._db = duckdb.connect(":memory:")
        for setting in ("autoinstall_known_extensions = false", "autoload_known_extensions = false", "threads = 1"):
            self._db.execute(f"SET {setting}")

    def close(self) -> None:
        """Free the memory."""
        self._db.close()

    def write(self, path: Path, columns: Sequence[tuple[str, str]], batches: Iterable[Sequence[Sequence[Any]]]) -> None:
        """Write one table into the new file ``path``. ``columns``: (name, type of the table schema)."""
        stored = [STORED.get(sort, "VARCHAR") for _name, sort in columns]
        listed = ", ".join(f'"{name}" {sort}' for (name, _type), sort in zip(columns, stored, strict=True))
        self._db.execute(f"CREATE OR REPLACE TABLE rows ({listed})")
        insert = f"INSERT INTO rows SELECT {', '.join(f'unnest(?::{sort}[])' for sort in stored)}"
        for rows in batches:
            values = [
                [None if value is None else str(value) for value in column] if sort == "VARCHAR" else list(column)
                for column, sort in zip(zip(*rows, strict=True), stored, strict=True)
            ]
            if rows:
                self._db.execute(insert, values)
        chosen = ", ".join(self._cast(name, sort) for name, sort in columns)
        self._db.execute(f"COPY (SELECT {chosen} FROM rows) TO {_quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")
        self._db.execute("DROP TABLE rows")

    def _cast(self, name: str, sort: str) -> str:
        """SQL for a column in its type; as text where a value cannot be one, so that none is lost."""
        wanted = TYPES.get(sort)
        if wanted is None:
            return f'"{name}"'
        odd = self._db.execute(f'SELECT count("{name}") - count(TRY_CAST("{name}" AS {wanted})) FROM rows').fetchone()
        return f'CAST("{name}" AS {wanted}) AS "{name}"' if odd == (0,) else f'CAST("{name}" AS VARCHAR) AS "{name}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
