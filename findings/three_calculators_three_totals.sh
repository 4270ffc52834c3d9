#!/usr/bin/env bash
# Three Python packages that calculate workbooks give three totals of one column: 18, 27.1 and 28.1.
#
# Versions: formulas 1.3.4, pycel 1.0b30, xlcalculator 0.5.0, openpyxl 3.1.5 (PyPI).
# Seen: =SUM(A2:A8) over 6, 12, the texts "2.100", "7" and "khoảng 20", a blank and TRUE. Excel's SUM leaves texts, blanks
# and logical values of a range out: 18, as pycel says. formulas adds what looks like a number in English: 27.1, that
# is "2.100" (which in Vietnam is two thousand one hundred) as 2.1. xlcalculator adds TRUE as 1 as well: 28.1. COUNT is 2, 4
# and 2. None warns, and all three see that the cell is a text: ISTEXT(A4) is True.
# Why it matters: workbooks that a program has written hold formulas without results, and these packages are how a
# program gets the results. The total then is neither what Excel shows nor what the people meant.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install \
    formulas==1.3.4 pycel==1.0b30 xlcalculator==0.5.0 openpyxl==3.1.5
cd "$folder"
env/bin/python -W ignore - 2>errors.txt <<'PY' || { code=$?; cat errors.txt >&2; exit $code; }
import sys

import formulas
import openpyxl
import pycel
import xlcalculator

COLUMN = ("Số hộ", 6, 12, "2.100", "7", "khoảng 20", None, True)
ASKED = ("=SUM(A2:A8)", "=COUNT(A2:A8)", "=ISTEXT(A4)")

book = openpyxl.Workbook()
sheet = book.active
sheet.title = "S"
for line, value in enumerate(COLUMN, 1):
    sheet.cell(line, 1, value)
for line, formula in enumerate(ASKED, 1):
    sheet.cell(line, 3, formula)
book.save("book.xlsx")

by_pycel = pycel.ExcelCompiler(filename="book.xlsx")
by_formulas = formulas.ExcelModel().loads("book.xlsx").finish().calculate()
by_xlcalculator = xlcalculator.Evaluator(xlcalculator.ModelCompiler().read_and_parse_archive("book.xlsx"))
changed = False
for name, seen, calculated in (
    ("pycel", (18, 2, True), lambda cell: by_pycel.evaluate(f"S!{cell}")),
    ("formulas", (27.1, 4, True), lambda cell: by_formulas[f"'[book.xlsx]S'!{cell}"].value[0, 0]),
    ("xlcalculator", (28.1, 2, True), lambda cell: by_xlcalculator.evaluate(f"S!{cell}")),
):
    found = tuple(calculated(f"C{line}") for line in range(1, len(ASKED) + 1))
    print(name, *(f"{formula}: {value}" for formula, value in zip(ASKED, found)), sep="\n    ")
    changed |= any(abs(float(a) - b) > 1e-9 for a, b in zip(found, seen))
sys.exit(changed)
PY
