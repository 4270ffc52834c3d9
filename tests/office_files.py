"""One workbook with what makes trouble, and how LibreOffice has saved it in each of its formats (``sheets/data``).

``PYTHONPATH=. python tests/office_files.py`` makes these files; it needs ``soffice`` (Debian: libreoffice-calc). The
files are kept, so that the tests do not need it.
"""

import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

import xlsxwriter
from old_letters import shown

from fieldapp.vietnamese.old_fonts import Encoding

DATA = Path(__file__).parent / "sheets" / "data"


def write(path: Path) -> None:
    """One sheet with what makes trouble, and a hidden one."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Tháng 11")

    def form(**said: object) -> object:
        return book.add_format(said)

    old, day = form(font_name=".VnTime"), form(num_format="dd/mm/yyyy")
    sheet.write_row(0, 0, ["Ngày", "Việc", "Số", "Giờ"])
    for row, text in ((1, shown("Giúp bà con thôn Ba", Encoding.TCVN3)), (2, "bị gạch"), (3, "ẩn"), (4, "lỗi")):
        sheet.write_datetime(row, 0, datetime(2013, 11, 4 + row), day)
        sheet.write(row, 1, text, {1: old, 2: form(font_strikeout=True)}.get(row))
    sheet.write(1, 2, 5)
    sheet.write(1, 3, 1.25 + 1 / 96, form(num_format="[h]:mm"))
    sheet.write_formula(2, 2, "=C2*2", None, 10)
    sheet.write(2, 3, 0.25, form(num_format="hh:mm"))
    sheet.write(3, 2, 7)
    sheet.set_row(3, None, None, {"hidden": True})
    sheet.write_formula(4, 2, "=1/0", None, "#DIV/0!")
    sheet.merge_range(5, 0, 7, 1, "gộp")
    sheet.write(7, 2, "x")
    sheet.write_rich_string(8, 0, "dấu ", old, shown("sửa đường", Encoding.TCVN3), " xong")
    sheet.set_column(4, 4, None, None, {"hidden": True})
    sheet.write(8, 4, "cột ẩn")
    sheet.write(9, 1, 45000, form(num_format=27))
    sheet.write(9, 2, "trắng", form(font_color="white"))
    hidden = book.add_worksheet("ẩn")
    hidden.write(0, 0, "bí")
    hidden.hide()
    book.close()


def write_rules(path: Path) -> None:
    """Rows of labour days, in whose last column a rule writes in white, and in the first one only in yellow."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Tháng 9")
    day, white = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"font_color": "#FFFFFF"})
    yellow = book.add_format({"bg_color": "#FFFF00", "bold": True, "num_format": "0.0", "bottom": 1})
    sheet.write_row(0, 0, ["STT", "Loại hoạt động", "Ngày", "Nơi", "Nội dung", "Ngày công"])
    for n in range(1, 5):
        sheet.write_row(n, 0, [n, "Giúp dân lao động sản xuất", "", "Ia Rvê", f"Gặt lúa {n}", 10 + n])
        sheet.write_datetime(n, 2, datetime(2013, 9, 13 + n), day)
    sheet.conditional_format("F2:F5", {"type": "cell", "criteria": ">", "value": 12, "format": white})
    sheet.conditional_format("A2:A5", {"type": "cell", "criteria": ">", "value": 0, "format": yellow})
    book.close()


FILES = {
    "office.ods": (write, "ods"),
    "office-97.xls": (write, "xls:MS Excel 97"),
    "rules-97.xls": (write_rules, "xls:MS Excel 97"),
}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, sort) in FILES.items():
            made, out = Path(folder, "office.xlsx"), Path(folder, sort.partition(":")[0])
            make(made)
            subprocess.run(["soffice", "--headless", "--convert-to", sort, "--outdir", str(out), str(made)], check=True)
            shutil.copy(out / f"office.{sort.partition(':')[0]}", DATA / name)
