#!/usr/bin/env bash
# pyxform makes typographic quotes straight, in the stored values of choices and in the texts of expressions too.
#
# Version: pyxform 4.5.0 (PyPI), the converter behind ODK Central, KoboToolbox and others.
# Seen: a choice whose value is Thôn “Đoàn Kết” becomes <name>Thôn "Đoàn Kết"</name>, so that is what a phone stores and
# exports; the constraint . != 'tên “cũ”' compares with 'tên "cũ"', which nobody types. No warning is given.
# Why it matters: Vietnamese offices write names between “ ”. A value that goes out by a form comes back as another one,
# so values from choices have to be compared without regard to the shape of quotes, and a rule must not name such a text.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install pyxform==4.5.0
cd "$folder"
env/bin/python - <<'PY'
import re
import sys

from pyxform.xls2xform import convert

FORM = """
| survey   |
|          | type          | name | label | constraint       |
|          | select_one c  | q    | Nơi   |                  |
|          | text          | t    | Tên   | . != 'tên “cũ”'  |
| choices  |
|          | list_name | name             | label |
|          | c         | Thôn “Đoàn Kết”  | Một   |
|          | c         | khác             | Hai   |
"""
made = convert(FORM, file_type=".md", validate=False)
values = re.findall(r"<name>(.*?)</name>", made.xform)
rules = re.findall(r'constraint="(.*?)"', made.xform)
print("values:", values)
print("rules:", rules)
print("warnings:", made.warnings)
sys.exit(values[0] != 'Thôn "Đoàn Kết"' or rules != [". != 'tên &quot;cũ&quot;'"] or bool(made.warnings))
PY
