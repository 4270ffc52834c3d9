#!/usr/bin/env bash
# 7 "suất" becomes 0 "suất": xlsx2csv writes the format of a cell in place of its number, where the format names a unit.
#
# Versions: xlsx2csv 0.8.6, pylightxl 1.61, xlsx2html 0.6.4, openpyxl 3.1.5 (PyPI).
# Seen: cells with 12, 722, 7 and 45 have the formats 0 "nhà", #,##0 "ngày công", 0 "suất" and General" người", so that a
# person reads 12 nhà, 722 ngày công, 7 suất, 45 người. openpyxl says 12, 722, 7, 45. xlsx2csv says 0 "n12à",
# #,##0 "ngày công", 0 "suất", 45; pylightxl says 00:00:00, 722, 00:00:00, 45; xlsx2html says General" người" for the
# last and has the others. The first two take letters of the quoted unit (h, s, m, d, y) for hours, seconds … of a time.
# None of them warns.
# Why it matters: that is how offices keep a figure a number and show its unit. Of 722 workdays not one digit is left, and
# what stands in its place looks like a mistake of the office. Which figures are lost goes by the letters of their unit.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install \
    xlsx2csv==0.8.6 pylightxl==1.61 xlsx2html==0.6.4 openpyxl==3.1.5
cd "$folder"
env/bin/python -W ignore - <<'PY'
import csv
import io
import re
import sys

import openpyxl
import pylightxl
from xlsx2csv import Xlsx2csv
from xlsx2html import xlsx2html

CELLS = {12: '0 "nhà"', 722: '#,##0 "ngày công"', 7: '0 "suất"', 45: 'General" người"'}
SEEN = {
    "openpyxl": [12, 722, 7, 45],
    "xlsx2csv": ['0 "n12à"', '#,##0 "ngày công"', '0 "suất"', "45"],
    "pylightxl": ["00:00:00", 722, "00:00:00", 45],
    "xlsx2html": ['12 "nhà"', '722 "ngày công"', '7 "suất"', 'General" người"'],
}
book = openpyxl.Workbook()
for row, (number, shown) in enumerate(CELLS.items(), 1):
    book.active.cell(row, 1, number).number_format = shown
book.save("book.xlsx")

text = io.StringIO()
Xlsx2csv("book.xlsx").convert(text)
page = xlsx2html("book.xlsx", locale="vi")
page.seek(0)
sheet = pylightxl.readxl("book.xlsx").ws("Sheet")
found = {
    "openpyxl": [cell.value for cell in openpyxl.load_workbook("book.xlsx").active["A"]],
    "xlsx2csv": [row[0] for row in csv.reader(io.StringIO(text.getvalue()))],
    "pylightxl": [sheet.index(row, 1) for row in range(1, len(CELLS) + 1)],
    "xlsx2html": re.findall("<td[^>]*>(.*?)</td>", page.read()),
}
for name, values in found.items():
    print(name, *values, sep="\n    ")
sys.exit(found != SEEN)
PY
