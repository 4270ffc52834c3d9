"""An open database file, as all rooms above ask it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Database:
    """A connection with statements that are each committed at once, unless a transaction is open."""

    def __init__(self, connection: Any) -> None:
        self.conn = connection
        """The connection itself, of sqlcipher3: for ``executemany`` and ``in_transaction``"""
        self.execute("PRAGMA recursive_triggers = ON")

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        """Run one statement; its cursor."""
        return self.conn.execute(sql, parameters)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing; inside a transaction, a part of it that is undone alone."""
        nested = self.conn.in_transaction
        self.execute("SAVEPOINT part" if nested else "BEGIN")  # of one name SQLite means the innermost
        try:
            yield
            self.execute("RELEASE part" if nested else "COMMIT")
        except BaseException:
            if self.conn.in_transaction:  # an error may have ended it already
                self.execute("ROLLBACK TO part" if nested else "ROLLBACK")
                if nested:
                    self.execute("RELEASE part")
            raise

    def table_names(self) -> list[str]:
        """All tables, SQLite's own included, in the order in which they were made."""
        return [name for (name,) in self.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]

    def column_names(self, table: str) -> list[str]:
        """The columns of a table, in its order."""
        return [name for (name,) in self.execute("SELECT name FROM pragma_table_info(?)", [table]).fetchall()]

    def copy_into(self, path: Path) -> None:
        """Copy the file as it is now, encrypted with the same key, into an empty one or one that is not there.

        The path is given in bytes: folders may have names that are no Unicode.
        """
        self.execute("VACUUM INTO CAST(? AS TEXT)", [os.fsencode(path)])

    def close(self) -> None:
        """Close the file."""
        self.conn.close()
