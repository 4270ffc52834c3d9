#!/usr/bin/env bash
# pandas reads every TRUE of a sheet (.ods) that was saved on a Vietnamese computer as False.
#
# Versions: pandas 3.1.1, odfpy 1.4.1, python-calamine 0.9.1 (PyPI); cells as LibreOffice 7.4 saves them.
# Seen: with the region set to Vietnam, LibreOffice stores a logical value as office:boolean-value="true" and shows it as
# "ĐÚNG" (false: "SAI"), as it shows "WAHR" in German. read_excel takes the shown text, not the value: what is not "TRUE"
# is False. The column comes as bool, all False, without a warning. The same sheet saved in English is read rightly,
# and so is this one with engine="calamine", which is not what read_excel chooses for .ods.
# Why it matters: present or absent, paid or not, has a minute or not: everybody who was there counts as absent, and the
# figure differs with the computer on which the office saved its sheet.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install pandas==3.1.1 odfpy==1.4.1 python-calamine==0.9.1
"$folder/env/bin/python" - "$folder/attendance.ods" <<'PY'
import sys

import pandas
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P


def save(yes: str, no: str) -> None:
    """Hòa and Y Wang were present, Bình was not; ``yes`` and ``no``: the words that the sheet shows."""
    document, table = OpenDocumentSpreadsheet(), Table(name="Điểm danh")
    document.spreadsheet.addElement(table)
    for name, value in (("Họ tên", None), ("Hòa", True), ("Y Wang", True), ("Bình", False)):
        row = TableRow()
        table.addElement(row)
        first = TableCell(valuetype="string")
        first.addElement(P(text=name))
        if value is None:
            second = TableCell(valuetype="string")
            second.addElement(P(text="Có mặt"))
        else:
            second = TableCell(valuetype="boolean", booleanvalue="true" if value else "false")
            second.addElement(P(text=yes if value else no))
        row.addElement(first)
        row.addElement(second)
    document.save(sys.argv[1])


def present(**options: str) -> list[bool]:
    return pandas.read_excel(sys.argv[1], **options)["Có mặt"].tolist()


save("TRUE", "FALSE")
english = present()
save("ĐÚNG", "SAI")
vietnamese, calamine = present(), present(engine="calamine")
print("saved in English:", english)
print("saved in Vietnamese:", vietnamese)
print("saved in Vietnamese, by calamine:", calamine)
sys.exit((english, vietnamese, calamine) != ([True, True, False], [False, False, False], [True, True, False]))
PY
