#!/usr/bin/env bash
# The codename of a commune of today is not a key, not even within its province: eight pairs share one.
#
# Version: vietnam-provinces 2025.10.1 (PyPI), a list of today's 34 provinces and 3,321 communes.
# Seen: names are unique within each province, but the field "codename" is not: Quảng Ngãi has two xa_ba_to (Xã Ba Tô,
# 21523, and Xã Ba Tơ, 21484) and two xa_son_ha; Thái Nguyên, Hải Phòng, Đồng Nai, Thành phố Hồ Chí Minh, Tây Ninh and Đồng
# Tháp one pair each. "short_codename", without the sort of unit, is shared by ten pairs. The package's own lookup is by
# code; a dict of codenames drops eight communes without a word.
# Why it matters: who joins tables by province and codename, or reads a name that was typed without marks, files the records
# of one commune under the other; there is no district any more that an address could name beside it.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install vietnam-provinces==2025.10.1
"$folder/env/bin/python" - <<'PY'
import json
import sys
from collections import defaultdict
from pathlib import Path

from vietnam_provinces import NESTED_DIVISIONS_JSON_PATH

PROVINCES = json.loads(Path(NESTED_DIVISIONS_JSON_PATH).read_text(encoding="utf-8"))


def shared(field: str) -> list[list[str]]:
    """The names of communes of one province that have the same value in a field."""
    pairs = []
    for province in PROVINCES:
        named = defaultdict(list)
        for commune in province["wards"]:
            named[commune[field]].append(commune["name"])
        pairs += [names for names in named.values() if len(names) > 1]
    return pairs


for field in ("name", "codename", "short_codename"):
    print(f"{field}: {len(shared(field))}", *("  ".join(sorted(names)) for names in shared(field)), sep="\n    ")
still = [len(shared(field)) for field in ("name", "codename", "short_codename")] == [0, 8, 10]
sys.exit(not (still and sorted(["Xã Ba Tô", "Xã Ba Tơ"]) in map(sorted, shared("codename"))))
PY
