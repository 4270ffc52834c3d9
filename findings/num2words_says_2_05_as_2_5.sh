#!/usr/bin/env bash
# num2words writes 2.05 in Vietnamese as "hai phẩy năm", which everybody reads as 2.5.
#
# Version: num2words 0.5.14 (PyPI).
# Seen: with lang="vi" the two decimals are said as one number, without the zero before it: 2.05 is "hai phẩy năm", as
# 73.05 is "bảy mươi ba phẩy năm", and 2.5 is "hai phẩy năm mươi". A third decimal is rounded away: 2.005 is "hai",
# 9.999 is "mười". In English 2.05 is "two point zero five", and a Decimal keeps all its decimals.
# Why it matters: minutes and receipts write an amount out in words so that nobody can change the figure. Of 2,05 ha, or of
# 12,05 million đồng, the words then say another amount than the digits beside them.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install num2words==0.5.14
"$folder/env/bin/python" - <<'PY'
import sys
from decimal import Decimal

from num2words import num2words

SEEN = {
    "2.05": ("hai phẩy năm", "two point zero five"),
    "73.05": ("bảy mươi ba phẩy năm", "seventy-three point zero five"),
    "2.5": ("hai phẩy năm mươi", "two point five"),
    "2.005": ("hai", "two point zero zero five"),
    "9.999": ("mười", "nine point nine nine nine"),
}
changed = False
for digits, seen in SEEN.items():
    said = tuple(num2words(Decimal(digits), lang=language) for language in ("vi", "en"))
    print(digits, *said, sep="  |  ")
    changed |= said != seen
sys.exit(changed)
PY
