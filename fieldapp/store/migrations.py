"""The stored shape (tables, columns, indexes, views), from one version of the program to the next.

A new file is made from ``schema.sql``, which alone defines the shape. The numbered migrations below bring an old file
there. Both ways give the same shape (``tests/store/test_migrations.py``). After either, the capture triggers are
derived again from the tables.

Somebody may go back to the version before (``fieldapp upgrade --back``), which then opens a file that the newer version
has migrated. So a migration adds things. It removes what an older version needs only one version later. It must also be
possible to apply a migration again: the older version forgets the migrations that it does not know
(``tests/store/test_past_schemas.py``).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import capture
from fieldapp.store.connection import DatabaseError, in_memory
from fieldapp.store.database import Database

if TYPE_CHECKING:
    from fieldapp.store.baseline import BaselineChange


class Migration(NamedTuple):
    """One step, by the name under which a file remembers that it was applied."""

    name: str
    apply: Callable[[Database], None]


MIGRATIONS: list[Migration] = []
"""All of them, in their order"""
APPLIED = "_sqlite_migrations"
"""The table in which a file remembers those that it has had"""


def _migration(name: str) -> Callable[[Callable[[Database], None]], Callable[[Database], None]]:
    def enter(apply: Callable[[Database], None]) -> Callable[[Database], None]:
        MIGRATIONS.append(Migration(name, apply))
        return apply

    return enter


REINDEX = "reindex"
"""Local setting: the search index must be built again from the rows (``search_index.index_imported``)"""


@_migration("0001_first")
def initial_schema(_db: Database) -> None:
    """The first shape: ``schema.sql`` of version 0.1, with which every file begins."""


@_migration("0002_all_records")
def all_records(db: Database) -> None:
    """Every record of the domain, extra fields of kinds, limits, plans, answers to what was asked; more old units."""
    add_what_is_missing(db)


@_migration("0003_review")
def reviews(db: Database) -> None:
    """Headquarters' reviews of a post's records."""
    add_what_is_missing(db)


@_migration("0004_batches")
def imported_sheets(db: Database) -> None:
    """Imported sheets: stored in this replica alone, so the content of segments has not changed."""
    add_what_is_missing(db)


@_migration("0005_accidents")
def receipts_and_revocations(db: Database) -> None:
    """Receipts by database, revocations, parts of bundles that are not segments, bundles that were written."""
    add_what_is_missing(db)
    if "have" not in db.column_names("local_replica"):
        return
    db.execute(
        "INSERT INTO local_receipt (replica_id, log_id, have, hlc, at)"
        " SELECT id, '', have, have_hlc, have_at FROM local_replica WHERE have IS NOT NULL"
    )
    for column in ("have", "have_hlc", "have_at"):
        db.execute(f"ALTER TABLE local_replica DROP COLUMN {column}")


@_migration("0006_search_by_day")
def search_by_day(db: Database) -> None:
    """Entries of the search index get numbers made of kind and day. The next opening of the file builds it again."""
    db.execute("DROP TABLE local_search")
    db.execute("DELETE FROM local_search_row")
    add_what_is_missing(db)
    db.execute("INSERT OR REPLACE INTO local_setting VALUES (?, '')", [REINDEX])


@_migration("0007_people")
def roles_and_recovery_codes(db: Database) -> None:
    """Roles of those who work on the laptop, and recovery codes at headquarters."""
    add_what_is_missing(db)


@_migration("0008_heard")
def bundle_read_times(db: Database) -> None:
    """When a bundle was read here, and the version of the program that wrote it."""
    add_what_is_missing(db)


@_migration("0009_log_in_segments")
def log_in_segments(db: Database) -> None:
    """Changes of other replicas stay in the bytes of their segments; those already in ``local_change`` stay there."""
    add_what_is_missing(db)
    for column, source in (("last_hlc", "hlc"), ("last_at", "at")):
        db.execute(
            f"UPDATE local_segment SET {column} = (SELECT c.{source} FROM local_change c"
            " WHERE c.log_id = local_segment.log_id AND c.seq = local_segment.last) WHERE state = 'applied'"
        )


@_migration("0010_rekeying")
def double_entry(db: Database) -> None:
    """Records that were keyed a second time, blind: stored on this laptop alone."""
    add_what_is_missing(db)


@_migration("0011_segment_state")
def segment_state(db: Database) -> None:
    """Find held and quarantined segments without reading every segment."""
    add_what_is_missing(db)


@_migration("0012_years")
def activity_end_index(db: Database) -> None:
    """Two indexes: a report finds the activities that ended in its period without reading those of all years, and the
    state of a segment is found without reading the segment."""
    add_what_is_missing(db)


@_migration("0013_changes_by_row")
def changes_by_row(db: Database) -> None:
    """The index of a row's changes is brought up to date when somebody asks for them, not by each save.

    The index starts empty, also where the migration is applied again: the version before does not know the index and
    may have written changes meanwhile (``upgrade --back``).
    """
    add_what_is_missing(db)
    db.execute("DROP INDEX IF EXISTS local_change_row")
    db.execute("DELETE FROM local_touch_change")
    db.execute("DELETE FROM local_setting WHERE key = 'touched_changes'")


@_migration("0014_wall_clock")
def wall_clock(db: Database) -> None:
    """How far the wall clock is believed. The triggers, which are derived again, do not follow it beyond that.

    What rejected changes wait for: entered when they are folded again, as after every migration (``REFOLD``).

    The heads that receipts name, by log. They are entered anew, also where the migration is applied again: the version
    before may have kept receipts meanwhile.
    """
    add_what_is_missing(db)
    db.execute("DELETE FROM local_head")
    db.execute(
        "INSERT INTO local_head SELECT h.key, r.replica_id, r.log_id, h.value ->> '$.last', h.value ->> '$.hash'"
        " FROM local_receipt r, json_each(r.have) h"
    )


@_migration("0015_units")
def units(db: Database) -> None:
    """Units have the official codes, for the whole country before and after the reform, with border communes, earlier
    names and the shares of successions.

    What was recorded here before may have a unit by the code of another; applied again, that stays the same time.
    """
    add_what_is_missing(db)
    db.execute("INSERT OR IGNORE INTO local_setting SELECT ?, hlc FROM local_session", [OFFICIAL_CODES_SINCE])


@_migration("0016_one_person")
def one_person(db: Database) -> None:
    """A member's year of birth; and the member who is the same person, to whom a record gives way."""
    add_what_is_missing(db)


@_migration("0017_reports_and_papers")
def reports_and_papers(db: Database) -> None:
    """The sentence by which a kind of activity and a measure are told in a report; files of records; the bundles that
    headquarters refused, and the newest of each laptop that it or another headquarters read (all local).

    What an officer writes in a report, and the number and day of its letter (``local_report_…``).
    """
    add_what_is_missing(db)


@_migration("0018_wanted_files")
def wanted_files(db: Database) -> None:
    """How many photographs and minutes a kind of activity wants at its records; what a file of a record is.

    Which files somebody here asked headquarters for again (local).
    """
    add_what_is_missing(db)


@_migration("0019_files_behind")
def files_behind(db: Database) -> None:
    """Why an activity has no photograph or minute. What is said of files is kept from one export to the next (local).

    It is looked for anew where the migration is applied again: the version before may have brought files meanwhile.
    """
    add_what_is_missing(db)
    db.execute("DELETE FROM local_file_stock")


OFFICIAL_CODES = 15
"""The first ``schema`` of segments whose author had the official codes of units"""
OFFICIAL_CODES_SINCE = "official_codes_since"
"""Local setting: the clock when this file got them; not in a file that was made with them"""
SCHEMA_BEFORE_OFFICIAL_CODES = 4
"""The ``SEGMENT_SCHEMA`` of the versions before: of changes made before this file got them, sealed when they are"""

SEGMENT_SCHEMA = 19
"""The ``schema`` number in segments and manifests: the shape of the tables whose rows are logged, not of the file.

Those tables have not changed since migration 19. Later migrations only change what a replica keeps for itself. So this
is a constant, and the same changes give the same bytes in every version of the program. Readers do not check it. If you
change a logged table, set it to the number of your migration (``tests/store/test_migrations.py`` requires it).

It also tells which units an author had: before 15, some had the code of another (``records/unit_codes.py``).
"""

BASELINE_LOG = "baseline"
BASELINE_TIME = "2025-07-01T00:00:00Z"

REFOLD = "refold"
"""Local setting: the file got new columns, so changes that an older version of the program did not understand must be
folded in. JSON: ``columns``, table -> columns that it lacked; ``shipped``, the last change of the baseline it had"""


def schema_version() -> int:
    """The number of the newest migration: the file's shape that this version of the program works with."""
    return max(int(migration.name.partition("_")[0]) for migration in MIGRATIONS)


def schema_sql() -> str:
    """The text of ``schema.sql``: from the package, or from the checkout beside it."""
    from importlib.resources import files

    packaged = files("fieldapp") / "schema.sql"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "schema.sql").read_text(encoding="utf-8")


def create_schema(db: Database) -> None:
    """Create the tables of a new replica, with the reference data that every copy of the program ships."""
    db.conn.executescript("BEGIN IMMEDIATE;" + schema_sql())
    db.execute("INSERT INTO local_session (one, hlc, actor, applying) VALUES (1, 0, 'fieldapp', 1)")
    _baseline(db)
    db.execute("UPDATE local_session SET applying = 0, actor = NULL")
    capture.install_triggers(db)
    db.execute("COMMIT")
    _enter_as_applied(db)


def _enter_as_applied(db: Database) -> None:
    """A new file has the newest shape: its migrations have nothing to do."""
    with db.atomic():
        for migration in MIGRATIONS:
            _enter(db, migration)


def _enter(db: Database, migration: Migration) -> None:
    """Remember that a migration was applied, as sqlite-utils does, by which versions up to 0.2 read it."""
    if APPLIED not in db.table_names():
        db.execute(
            f'CREATE TABLE "{APPLIED}" (\n   "id" INTEGER PRIMARY KEY,\n   "migration_set" TEXT,\n   "name" TEXT,\n'
            '   "applied_at" TEXT\n)'
        )
        db.execute(
            f'CREATE UNIQUE INDEX "idx_{APPLIED}_migration_set_name"\n    ON "{APPLIED}" ("migration_set", "name")'
        )
    db.execute(
        f"INSERT INTO {APPLIED} (migration_set, name, applied_at) VALUES ('fieldapp', ?, ?)",
        [migration.name, datetime.now(UTC).isoformat(" ")],
    )


def applied(db: Database) -> list[str]:
    """The names of the migrations that a file has had."""
    if APPLIED not in db.table_names():
        return []
    return [name for (name,) in db.execute(f"SELECT name FROM {APPLIED} ORDER BY id").fetchall()]


def pending(db: Database) -> list[Migration]:
    """The migrations that a file has not had."""
    had = {*applied(db)}
    return [migration for migration in MIGRATIONS if migration.name not in had]


def migrate(db: Database, *, complete: bool = False) -> bool:
    """Bring an old file to the newest shape, all or nothing; True if something was done.

    With a pending migration the file also takes in the reference data that has been shipped since.

    ``complete``: also add what the file lacks although no migration is pending, for example where a version changed
    ``schema.sql`` and forgot the migration.
    """
    _step_back(db)
    if not (complete or pending(db)):
        return False
    db.execute("BEGIN IMMEDIATE")
    try:
        had, shipped = _columns(db), _last_baseline_change(db)
        for migration in pending(db):  # another window may have applied them while this one waited
            migration.apply(db)
            _enter(db, migration)
        if complete:
            add_what_is_missing(db)
        db.execute("INSERT OR REPLACE INTO local_setting VALUES (?, '')", [REINDEX])  # words and keys may be others now
        db.execute("UPDATE local_session SET applying = 1")
        _baseline(db)
        db.execute("UPDATE local_session SET applying = 0")
        capture.install_triggers(db)
        _store_refold(db, had, shipped)
        db.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        raise
    return True


def _step_back(db: Database) -> None:
    """Let this version use a file that a newer version has migrated, if the file has everything that this one needs.

    What the newer version added stays. Its migrations are forgotten. So they are applied again when the newer version
    comes back, also to what was recorded meanwhile. Raises FieldappError if this version cannot use the file.
    """
    known = {migration.name for migration in MIGRATIONS}
    newer = [name for name in applied(db) if name not in known]
    if not newer:
        return
    missing = unmet(db)
    if missing:
        raise FieldappError(
            _(
                "A newer version has changed these records further than this one can follow ({what}). Nothing was "
                "changed. Start the newer version."
            ).format(what=", ".join(missing[:3]))
        )
    with db.atomic():
        db.conn.executemany(f"DELETE FROM {APPLIED} WHERE name = ?", [(name,) for name in newer])
        add_what_is_missing(db)
        capture.install_triggers(db)
        db.execute("INSERT OR REPLACE INTO local_setting VALUES (?, '')", [REINDEX])


def unmet(db: Database) -> list[str]:
    """The columns (``table.column``) that stop this version from using a file.

    These are columns that it needs and the file lacks, and columns of the file that must be given and that this version
    does not know.
    """
    file = _shape(db)
    found = []
    for table, here in _own_shape(schema_sql()).items():
        there = file.get(table, {})
        found += [f"{table}.{name}" for name, c in here.items() if name not in there or there[name].type != c.type]
        found += [f"{table}.{name}" for name, c in there.items() if name not in here and c.must_be_given]
    return found


class _Column(NamedTuple):
    type: str
    must_be_given: bool
    """It may not be empty and has no default"""


Shape = dict[str, dict[str, _Column]]
"""Table -> its columns by name"""


def _shape(db: Database) -> Shape:
    found: Shape = {}
    for table, name, sort, must in db.execute(
        'SELECT m.name, c.name, c.type, c."notnull" AND c.dflt_value IS NULL'
        " FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
    ).fetchall():
        found.setdefault(table, {})[name] = _Column(sort, bool(must))
    return found


@cache
def _own_shape(sql: str) -> Shape:
    own = in_memory()
    own.conn.executescript(sql)
    found = _shape(own)
    own.close()
    return found


def lacking(db: Database) -> list[str]:
    """What a file should have and lacks: tables, columns (``table.column``), and indexes and views that are missing or
    have another definition."""
    tables = set(db.table_names())
    found = [name if name.partition(".")[0] in tables else name.partition(".")[0] for name in unmet(db)]
    have = dict(db.execute("SELECT name, sql FROM sqlite_master").fetchall())
    found += [
        name
        for sort, name, text in _statements()
        if sort.endswith(("INDEX", "VIEW")) and _normalized(have.get(name, "")) != _normalized(text)
    ]
    return list(dict.fromkeys(found))


def explain(db: Database) -> FieldappError | None:
    """The sentence for an unexpected error, if the file lacks something; that is then taken as the cause."""
    try:
        what = lacking(db)
    except DatabaseError:  # closed, or damaged
        return None
    if not what:
        return None
    return FieldappError(
        _(
            "The data file lacks something that this version needs ({what}). Nothing was changed."
            " `fieldapp doctor --rebuild` adds it."
        ).format(what=", ".join(what[:3]))
    )


def _columns(db: Database) -> dict[str, list[str]]:
    return {table: db.column_names(table) for table in capture.synced_tables(db)}


def _last_baseline_change(db: Database) -> int:
    """The last change of the baseline that the file holds."""
    row = db.execute("SELECT seq FROM local_log WHERE id = ?", [BASELINE_LOG]).fetchone()
    return row[0] if row else 0


def _store_refold(db: Database, had: Mapping[str, Sequence[str]], shipped: int) -> None:
    """Store which columns are new, together with what is still to be folded in since an earlier upgrade."""
    row = db.execute("SELECT value FROM local_setting WHERE key = ?", [REFOLD]).fetchone()
    before: dict[str, Any] = json.loads(row[0]) if row else {"columns": {}, "shipped": shipped}
    now = _columns(db)
    columns = {
        table: [*before["columns"].get(table, []), *(c for c in now[table] if c not in had[table])] for table in had
    }
    refold = json.dumps({"columns": {t: c for t, c in columns.items() if c}, "shipped": before["shipped"]})
    db.execute("INSERT OR REPLACE INTO local_setting VALUES (?, ?)", [REFOLD, refold])


def add_what_is_missing(db: Database) -> None:
    """Add the tables, columns, indexes and views that ``schema.sql`` has and the file lacks.

    Views and indexes whose definition has changed are created again. A column that is added later must allow NULL, so
    that SQLite adds it without writing the whole table again.
    """
    have = dict(db.execute("SELECT name, sql FROM sqlite_master").fetchall())
    columns = _shape(db)
    for sort, name, statement in _statements():
        if name in have and sort.endswith(("INDEX", "VIEW")) and have[name] != statement:
            db.execute(f"DROP {sort.split()[-1]} {name}")
            del have[name]
        if name not in have:
            db.execute(statement)
        elif sort == "TABLE":
            _add_columns(db, name, statement, columns[name])


def _statements() -> list[tuple[str, str, str]]:
    """The CREATE statements of ``schema.sql`` without comments: (what it creates, name, text)."""
    return _statements_of(schema_sql())


@cache
def _statements_of(sql: str) -> list[tuple[str, str, str]]:
    text = re.sub(r"--[^\n]*", "", sql)
    named = re.compile(r"CREATE (TABLE|UNIQUE INDEX|INDEX|VIEW|VIRTUAL TABLE) (\w+)")
    statements = (part.strip() for part in text.split(";"))
    return [(found[1], found[2], statement) for statement in statements if (found := named.match(statement))]


def _normalized(sql: str) -> str:
    """A statement without comments, and with single blanks."""
    return " ".join(re.sub(r"--[^\n]*", "", sql).split())


def _add_columns(db: Database, table: str, statement: str, have: Mapping[str, _Column]) -> None:
    body = statement[statement.index("(") + 1 : statement.rindex(")")]
    for definition in re.split(r", *\n {4}(?! )", body):
        name = definition.split()[0]
        if name not in have and name != "PRIMARY":
            db.execute(f"ALTER TABLE {table} ADD COLUMN {definition.strip()}")


def _baseline(db: Database) -> None:
    """Write the shipped reference data that the file lacks, and its log. Every replica writes this log itself.

    A newer version of the program continues where an older one ended. The log is never exported. Its clock readings are
    lower than any real one, so that headquarters' changes win over it.
    """
    import msgspec

    from fieldapp.store.baseline import baseline_changes

    done = _last_baseline_change(db)
    shipped = list(baseline_changes())
    missing: list[BaselineChange] = [
        (table, row_id, {**cols, "created_at": BASELINE_TIME, "created_by": "fieldapp"} if is_new else cols, is_new)
        for table, row_id, cols, is_new in shipped[done:]
    ]
    for (table, is_new, names), rows in groupby(missing, lambda change: (change[0], change[3], tuple(change[2]))):
        if is_new:
            marks = ", ".join("?" * len(names))
            statement = f"INSERT INTO {table} ({', '.join(names)}, id) VALUES ({marks}, ?)"
        else:
            statement = f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"
        db.conn.executemany(statement, [(*cols.values(), row_id) for _table, row_id, cols, _is_new in rows])
    logged = []
    for seq, (table, row_id, cols, _is_new) in enumerate(missing, start=done + 1):
        given = msgspec.json.encode({name: value for name, value in cols.items() if value is not None}).decode()
        logged.append((BASELINE_LOG, seq, seq, table, row_id, given, None, BASELINE_TIME))
    db.conn.executemany("INSERT INTO local_change VALUES (?, ?, ?, ?, ?, ?, ?, ?)", logged)
    db.execute(
        "INSERT INTO local_log (id, scope, replica_id, own, seq) VALUES (?, '*', '', 0, ?)"
        " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq",
        [BASELINE_LOG, max(len(shipped), done)],
    )
