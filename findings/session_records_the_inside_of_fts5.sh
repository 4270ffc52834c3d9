#!/usr/bin/env bash
# A session of SQLite on all tables records the inner tables of a full-text index; applied to another copy, they make the
# rows of that copy impossible to find.
#
# Version: SQLite 3.54.1 (apsw 3.54.1.0, PyPI). Its description of sessions says that virtual tables are not supported:
# changes to them are not captured.
# Seen: attached to all tables (what NULL, or no name, means), a session records rows of names_data, names_idx and others,
# the ordinary tables in which FTS5 keeps the index "names". Their keys are small numbers that every copy has. Applied to
# a copy with records of its own, where a conflict is answered by REPLACE (the incoming row wins): all rows of the table
# itself are there, one of the three is found by the index, MATCH for the two others gives no row and no error. Only
# PRAGMA integrity_check tells. A session that is attached to the table alone leaves everything to be found.
# Why it matters: who looks for a name, finds nothing and records it once more makes a double. Name the tables to attach.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install apsw==3.54.1.0
"$folder/env/bin/python" - <<'PY'
import sys

import apsw

SCHEMA = """
CREATE TABLE activity (id TEXT PRIMARY KEY, name TEXT);
CREATE VIRTUAL TABLE names USING fts5(id UNINDEXED, name);
CREATE TRIGGER added AFTER INSERT ON activity BEGIN INSERT INTO names VALUES (new.id, new.name); END;
"""


def copy(*names: str) -> apsw.Connection:
    db = apsw.Connection(":memory:")
    db.execute(SCHEMA)
    for name in names:
        db.execute("INSERT INTO activity VALUES (?, ?)", (name.casefold(), name))
    return db


def incoming_wins(reason: int, _change: object) -> int:
    may_replace = reason in (apsw.SQLITE_CHANGESET_DATA, apsw.SQLITE_CHANGESET_CONFLICT)
    return apsw.SQLITE_CHANGESET_REPLACE if may_replace else apsw.SQLITE_CHANGESET_OMIT


def merged(attached: str | None) -> tuple[list[str], list[str], list[str], str]:
    """Tables in the changeset, rows of the table, rows that are found by a word, what integrity_check says."""
    theirs, ours = copy(), copy("Nhà đại đoàn kết", "Khám bệnh")
    session = apsw.Session(theirs, "main")
    session.attach(attached)
    theirs.execute("INSERT INTO activity VALUES ('giếng khoan', 'Giếng khoan')")
    changes = session.changeset()
    apsw.Changeset.apply(changes, ours, conflict=incoming_wins)
    words = ("giếng", "nhà", "khám")
    found = [word for word in words if ours.execute("SELECT 1 FROM names WHERE names MATCH ?", (word,)).fetchall()]
    rows = [row[0] for row in ours.execute("SELECT id FROM activity ORDER BY id")]
    tables = sorted({change.name for change in apsw.Changeset.iter(changes)})
    return tables, rows, found, ours.execute("PRAGMA integrity_check").fetchone()[0]


all_tables, one_table = merged(None), merged("activity")
for title, seen in (("all tables attached", all_tables), ("the table alone attached", one_table)):
    print(title, *seen, sep="\n    ")
rows = ["giếng khoan", "khám bệnh", "nhà đại đoàn kết"]
still = (
    apsw.sqlite_lib_version() == "3.54.1"
    and {"names_data", "names_idx"} < set(all_tables[0])
    and all_tables[1:3] == (rows, ["giếng"])
    and one_table == (["activity"], rows, ["giếng", "nhà", "khám"], "ok")
)
sys.exit(not still)
PY
