#!/usr/bin/env bash
# The Python reader of CSPro's data files reads 73.4 as 734: it leaves out the decimal point that the dictionary implies.
#
# Version: pycspro 1.1.0 (PyPI). CSPro's guide, "Decimal Places": "CSPro does not expect the decimal point to be in the
# data file"; an item of length 4 with Decimal=1 that is stored as 0734 is 73.4. A point that is stored is the exception
# (DecimalChar=Yes).
# Seen: DictionaryParser reads "Decimal": "1" out of such a dictionary, and CaseParser gives the whole number 734. With
# DecimalChar=Yes and 73.4 in the file it gives 73.4. Of an item with Occurrences=3 (visits of three days) it gives the
# first alone, 40, and no column for the two others. No error or warning in either case.
# Why it matters: lengths, areas and weights of a survey come ten or a hundred times too large into tables whose counts
# are right, and those of another survey, made with the other setting, come right by the same lines of code.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install pycspro==1.1.0
"$folder/env/bin/python" - <<'PY'
import sys

from pycspro import CaseParser, DictionaryParser

DICTIONARY = """[Dictionary]
Version=CSPro 7.2
Label=Works
Name=WORKS
RecordTypeStart=1
RecordTypeLen=1
Positions=Relative
ZeroFill=Yes
DecimalChar=No

[Level]
Label=Work
Name=WORK

[IdItems]

[Item]
Label=Number of the work
Name=WORK_ID
Start=2
Len=3
ZeroFill=Yes

[Record]
Label=Road
Name=ROAD
RecordTypeValue='1'
RecordLen=14

[Item]
Label=Length in km
Name=LENGTH
Start=5
Len=4
Decimal=1
{stored}ZeroFill=Yes

[Item]
Label=Visits on a day
Name=VISITS
Start=9
Len=2
Occurrences=3
ZeroFill=Yes
"""


def read(stored: str, line: str) -> tuple[object, ...]:
    dictionary = DictionaryParser(DICTIONARY.format(stored=stored)).parse()
    road = CaseParser(dictionary).parse([line])["ROAD"]
    return road["LENGTH"], road["VISITS"], sorted(road)


implied = read("", "10010734403525")
point = read("DecimalChar=Yes\n", "100173.4403525")
print("73.4 stored as 0734, one implied decimal:", implied)
print("73.4 stored as 73.4, DecimalChar=Yes:", point)
columns = ["CASE_ID", "LENGTH", "VISITS"]
sys.exit((implied, point) != (([734], [40], columns), ([73.4], [40], columns)))
PY
