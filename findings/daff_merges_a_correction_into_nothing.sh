#!/usr/bin/env bash
# daff merge loses the correction of a row that the other copy deleted, and exits as a merge without conflicts does.
#
# Version: daff 1.4.2 (PyPI), which compares and merges tables.
# Seen: one post deletes well 2, the other corrects its users from 6 to 60. "daff merge --id id" of the two with the
# table that both began with writes a table without well 2, prints nothing and exits 0, whichever of the two is named
# first. Where both add a well 4, one with 10 users and one with 25, it writes both rows under the one id, and exits 0.
# It knows of conflicts: where both change the users of well 2, it prints "1 conflict", exits 1 and writes all three
# values.
# Why it matters: a script that asks for the exit code, as one does after a merge, takes the table for complete. What
# one post measured again is gone, and two works share a key. Compare the deleted ids with the changed ones before. In
# fieldapp a void whose author did not know of a change waits for a decision, and the change is kept.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install daff==1.4.2
cd "$folder"
env/bin/python - <<'PY'
import subprocess
import sys
from pathlib import Path

HEADING, FIRST, SECOND, THIRD = "id,name,users", "1,Giếng 1,5", "2,Giếng 2,6", "3,Giếng 3,7"
DELETED = [FIRST, THIRD]
CORRECTED = [FIRST, "2,Giếng 2,60", THIRD]
CASES = {
    "deleted, corrected": (DELETED, CORRECTED, (0, "", DELETED)),
    "corrected, deleted": (CORRECTED, DELETED, (0, "", DELETED)),
    "both add well 4": (
        [FIRST, SECOND, THIRD, "4,Giếng Ia Rvê,10"],
        [FIRST, SECOND, THIRD, "4,Giếng Ea Bung,25"],
        (0, "", [FIRST, SECOND, THIRD, "4,Giếng Ea Bung,25", "4,Giếng Ia Rvê,10"]),
    ),
    "both correct well 2": (
        CORRECTED,
        [FIRST, "2,Giếng 2,16", THIRD],
        (1, "1 conflict", [FIRST, "2,Giếng 2,((( 6 ))) 60 /// 16", THIRD]),
    ),
}


def written(path: str, rows: list[str]) -> str:
    """The path, at which the table with these rows now is."""
    Path(path).write_text("\n".join([HEADING, *rows, ""]), encoding="utf-8")
    return path


def merged(ours: list[str], theirs: list[str]) -> tuple[int, str, list[str]]:
    """Exit code, what was told, and the rows, of a merge of two copies of the three wells."""
    tables = (written("before.csv", [FIRST, SECOND, THIRD]), written("ours.csv", ours), written("theirs.csv", theirs))
    done = subprocess.run(
        ["env/bin/daff", "merge", "--id", "id", "--output", "merged.csv", *tables], capture_output=True, text=True
    )
    rows = Path("merged.csv").read_text(encoding="utf-8").split("\n")[1:]
    return done.returncode, (done.stdout + done.stderr).strip(), [row.strip() for row in rows if row.strip()]


still = True
for name, (ours, theirs, seen) in CASES.items():
    found = merged(ours, theirs)
    print(f"{name}: exit {found[0]}, told {found[1]!r}", *found[2], sep="\n    ")
    still &= found == seen
sys.exit(not still)
PY
