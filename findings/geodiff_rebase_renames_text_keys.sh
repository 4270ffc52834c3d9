#!/usr/bin/env bash
# A rebase of geodiff gives new rows whose primary key is text another key, though nobody else has that key.
#
# Version: pygeodiff 2.3.2 (PyPI).
# Seen: two copies of one SQLite file each add a row under a UUID of its own to one table. After GeoDiff.rebase our row
# has the key "1643675555" (a number, stored as text) in place of its UUID. A line of another table that names our row
# by its UUID is left as it was, and so names nothing. No conflict file is written, and the call reports no error.
# The other copy need not add anything: one row that it changed in that table is enough.
# Why it matters: UUIDs are chosen as keys so that copies can add rows apart from each other. With a whole number as the
# key, renumbering is what the library is for; with text it also renumbers where no two keys are the same.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install pygeodiff==2.3.2
cd "$folder"
env/bin/python - <<'PY'
import sqlite3
import sys
from pathlib import Path

import pygeodiff

WELL, VISIT, HOUSE = (f"0192f0c1-7a00-7000-8000-00000000000{n}" for n in "abc")
TABLES = (
    "CREATE TABLE activity (id TEXT PRIMARY KEY, name TEXT)",
    "CREATE TABLE measure (id TEXT PRIMARY KEY, activity_id TEXT, amount INTEGER)",
    f"INSERT INTO activity VALUES ('{WELL}', 'well')",
)


def run(path: str, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def rebased(of_the_other: str) -> tuple[list[str], list[str], bool]:
    """The keys of the activities, those that measures name, and whether a conflict was told."""
    for path in ("base.db", "ours.db", "theirs.db", "conflict.json"):
        Path(path).unlink(missing_ok=True)
    for path in ("base.db", "ours.db", "theirs.db"):
        run(path, *TABLES)
    run("ours.db", f"INSERT INTO activity VALUES ('{VISIT}', 'visit')", f"INSERT INTO measure VALUES ('m', '{VISIT}', 3)")
    run("theirs.db", of_the_other)
    geodiff.rebase("base.db", "theirs.db", "ours.db", "conflict.json")
    db = sqlite3.connect("ours.db")
    keys, named = ([row[0] for row in db.execute(f"SELECT {what} ORDER BY 1")] for what in (
        "id FROM activity", "activity_id FROM measure"))
    db.close()
    return keys, named, Path("conflict.json").exists()


geodiff = pygeodiff.GeoDiff()
still = geodiff.version() == "2.3.2"
for of_the_other in (
    f"INSERT INTO activity VALUES ('{HOUSE}', 'house')",
    f"UPDATE activity SET name = 'drilled well' WHERE id = '{WELL}'",
):
    keys, named, told = rebased(of_the_other)
    print("the other copy:", of_the_other)
    print("  activities:", *keys)
    print("  a measure names:", *named)
    print("  a conflict is told:", told)
    still &= VISIT not in keys and named == [VISIT] and not told
sys.exit(not still)
PY
