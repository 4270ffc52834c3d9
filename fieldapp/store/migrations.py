"""The stored shape, from one version of the program to the next.

A new file is made from ``schema.sql``, the one truth; an old one is brought there by the numbered migrations below.
Both end in the same shape, and the capture triggers are derived anew after either.
"""

from importlib.resources import files
from pathlib import Path

from sqlite_utils import Database, Migrations

from fieldapp.store import capture
from fieldapp.store.baseline import baseline_rows

migrations = Migrations("fieldapp")


@migrations(name="0001_first")
def first(_db: Database) -> None:
    """The first shape: ``schema.sql`` of version 0.1, with which every file begins."""


SCHEMA_VERSION = 1
"""Number of the newest migration: written into segments, so that a reader knows what it may not understand."""

BASELINE_LOG = "baseline"
BASELINE_TIME = "2025-07-01T00:00:00Z"


def schema_sql() -> str:
    """The text of ``schema.sql``: from the package, or from the checkout beside it."""
    packaged = files("fieldapp") / "schema.sql"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "schema.sql").read_text(encoding="utf-8")


def create(db: Database) -> None:
    """Make a new, empty replica's tables, with the reference data that every copy of the program ships."""
    db.conn.executescript("BEGIN IMMEDIATE;" + schema_sql())
    db.execute("INSERT INTO local_session (one, hlc, actor, applying) VALUES (1, 0, 'fieldapp', 1)")
    _baseline(db)
    db.execute("UPDATE local_session SET applying = 0, actor = NULL")
    capture.install(db)
    db.execute("COMMIT")
    migrations.apply(db)


def migrate(db: Database) -> bool:
    """Bring an old file to the newest shape; True if something was done."""
    if not migrations.pending(db):
        return False
    migrations.apply(db)
    with db.atomic():
        capture.install(db)
    return True


def _baseline(db: Database) -> None:
    """Write the shipped reference rows and their changes: a log that every replica of this version holds by itself.

    It is never exported. Its clock readings lie before any real one, so that headquarters' changes win over it.
    """
    import msgspec

    seq = 0
    changes = []
    for table, row in baseline_rows():
        seq += 1
        full = {**row, "created_at": BASELINE_TIME, "created_by": "fieldapp"}
        names = ", ".join(full)
        db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(full))})", list(full.values()))
        cols = {k: v for k, v in full.items() if k != "id" and v is not None}
        changes.append(
            (BASELINE_LOG, seq, seq, table, row["id"], msgspec.json.encode(cols).decode(), None, BASELINE_TIME)
        )
    db.conn.executemany("INSERT INTO local_change VALUES (?, ?, ?, ?, ?, ?, ?, ?)", changes)
    db.execute("INSERT INTO local_log (id, scope, replica_id, own, seq) VALUES (?, '*', '', 0, ?)", [BASELINE_LOG, seq])
