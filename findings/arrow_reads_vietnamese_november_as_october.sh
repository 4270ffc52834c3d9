#!/usr/bin/env bash
# arrow reads the November and the December that it wrote in Vietnamese as October, where the month stands last.
#
# Version: arrow 1.4.0 (PyPI).
# Seen: with locale="vi", format("YYYY, D MMMM") writes "2026, 5 Tháng Mười Một" and "2026, 5 Tháng Mười Hai" of 5
# November and 5 December; arrow.get with the same format and locale makes 5 October of both. "Tháng Mười" (October) is
# the beginning of both names and is tried first; what is left over, " Một" or " Hai", is passed over. The ten other
# months come back, and with a year behind the month ("D MMMM YYYY") all twelve do. No error.
# Why it matters: two months of the fourth quarter fall into its first, and who tries it in any other quarter sees nothing.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install arrow==1.4.0
"$folder/env/bin/python" - <<'PY'
import sys

import arrow


def read_again(form: str) -> dict[int, int]:
    """Month -> the month that is read of what was written, where it is another one."""
    other = {}
    for month in range(1, 13):
        written = arrow.Arrow(2026, month, 5).format(form, locale="vi")
        read = arrow.get(written, form, locale="vi")
        if read.month != month:
            other[month] = read.month
            print(written, "->", read.date())
    return other


last, before_the_year = read_again("YYYY, D MMMM"), read_again("D MMMM YYYY")
print("the month stands last:", last, "a year behind it:", before_the_year)
sys.exit((last, before_the_year) != ({11: 10, 12: 10}, {}))
PY
