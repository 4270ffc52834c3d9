#!/usr/bin/env bash
# DuckDB reads a CSV file as empty, without an error, whose first heading has a line break, where rows end in CR LF: what
# Python's csv.writer writes, and what a spreadsheet may save whose headings were broken by Alt+Enter.
#
# Version: duckdb 2.0.1 (PyPI).
# Seen: read_csv(auto_detect=false, header=true, columns=…) over such a file with 3,000 rows gives 0 rows and no error. With
# detection it is refused ("not possible to automatically detect the CSV parsing dialect"). Where rows end in LF, or the
# line break is in the second row, all rows are read; so they are with new_line='\r\n', or with strict_mode=false, though
# the file keeps RFC 4180, which strict mode is for. The first line break of the file seems to be taken for that of its rows.
# Why it matters: printed forms have headings over two lines ("Số\nhộ"), and a program gives columns by hand so that nothing
# is guessed; its figures are then silently none. fieldapp hands its rows to DuckDB as lists, not as CSV.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install duckdb==2.0.1
"$folder/env/bin/python" - "$folder/table.csv" <<'PY'
import csv
import sys

import duckdb

ROWS = 3_000
BY_HAND = ", auto_detect=false, header=true, columns={'post': 'VARCHAR', 'households': 'VARCHAR'}"


def read(options: str) -> int | str:
    try:
        return duckdb.execute(f"SELECT count(*) FROM read_csv(?{options})", [sys.argv[1]]).fetchone()[0]
    except duckdb.InvalidInputException:
        return "refused"


def write(heading: str, end: str, first: str = "Đồn 0") -> None:
    rows = [["Đồn", heading], [first, "0"], *([f"Đồn {n}", n] for n in range(1, ROWS))]
    with open(sys.argv[1], "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator=end).writerows(rows)


seen = []
write("Số\nhộ", "\r\n")
for options in ("", BY_HAND, BY_HAND + ", new_line='\\r\\n'", BY_HAND + ", strict_mode=false"):
    seen.append(read(options))
    print(f"heading with a line break, rows end in CR LF{options}: {seen[-1]}")
write("Số\nhộ", "\n")
seen.append(read(BY_HAND))
print(f"the same, rows end in LF: {seen[-1]}")
write("Số hộ", "\r\n", first="Đồn\n0")
seen.append(read(BY_HAND))
print(f"line break in the second row, rows end in CR LF: {seen[-1]}")
sys.exit(seen != ["refused", 0, ROWS, ROWS, ROWS, ROWS])
PY
