#!/usr/bin/env bash
# Epi Info's risk ratio of one table is 4.0 where the answers are Có and Không, and 1.5 where they are Đúng and Sai.
#
# Version: epiinfo 1.2.0.18 (PyPI), the analysis of Epi Info for Python.
# Seen: 8 of 20 households with river water fell ill, 3 of 30 others. TablesAnalysis says 4.0 (0.4 to 0.1) for Yes/No,
# True/False and the numbers 1/0, which it knows, and for Có/Không. It says 1.5 for Đúng/Sai, rồi/chưa, Y/N and yes/no:
# other answers are sorted, and the first counts as "exposed" and as "ill", so that this is the chance to stay well
# without river water (27 of 30 to 12 of 20). Có goes before Không by its letters. The odds ratio is 6.0 in all, so that
# it gives no hint, and there is no warning.
# Why it matters: a form whose choices were translated, or only written smaller, says another risk of the same people.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install epiinfo==1.2.0.18
"$folder/env/bin/python" -W ignore - <<'PY'
import sys

from epiinfo.TablesAnalysis import TablesAnalysis

HOUSEHOLDS = {(True, True): 8, (True, False): 12, (False, True): 3, (False, False): 27}
SEEN = [
    ("Yes", "No", 4.0),
    (True, False, 4.0),
    (1, 0, 4.0),
    ("Có", "Không", 4.0),
    ("Đúng", "Sai", 1.5),
    ("rồi", "chưa", 1.5),
    ("Y", "N", 1.5),
    ("yes", "no", 1.5),
]
changed = False
for yes, no, seen in SEEN:
    rows = [
        {"river": yes if river else no, "ill": yes if ill else no}
        for (river, ill), number in HOUSEHOLDS.items()
        for _household in range(number)
    ]
    made = TablesAnalysis().Run({"outcomeVariable": "ill", "exposureVariables": ["river"]}, rows)
    risk, odds = (round(made["Statistics"][0][name], 6) for name in ("RiskRatio", "OR"))
    print(repr(yes), repr(no), "table", made["Tables"][0], "risk ratio", risk, "odds ratio", odds)
    changed |= (risk, odds) != (seen, 6.0)
sys.exit(changed)
PY
