"""A sheet such as a post may have used for years, with every habit of writing, and the meaning of each row."""

import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

HEADINGS = (
    "STT", "Ngày tháng", "Loại hoạt động", "Xã", "Huyện", "Thôn, buôn", "Nội dung", "Ngày công", "Lượt người",
    "Số hộ", "Gạo (kg)", "Trị giá (triệu đồng)", "Tiền mặt", "Ghi chú",
)  # fmt: skip

KINDS = {
    "lao_dong_san_xuat": ("Giúp dân lao động sản xuất", {"ngay_cong": "Ngày công", "ho": "Số hộ"}),
    "kham_chua_benh": ("khám bệnh", {"luot_kham": "Lượt người", "tri_gia_kham": "Trị giá (triệu đồng)"}),
    "thien_tai": ("thien_tai", {"gao_kg": "Gạo (kg)", "tien_mat": "Tiền mặt", "ho": "Số hộ"}),
    "gieng_khoan": ("GIENG KHOAN", {"tri_gia_cong_trinh": "Trị giá (triệu đồng)", "ho_huong_loi": "Số hộ"}),
}
"""Code of a kind -> (its name in the sheet, {measure -> its column})"""

THEN = (("Ia Rvê", "Ea Súp"), ("xã Ia Lốp", "huyện Ea Súp"), (24229.0, ""), ("X. Krông Na", "Buôn Đôn"))
NOW = (("Phường Hòa Hiệp", ""), ("Phường Hoà Hiệp", ""), ("Xã Ia Rvê", ""), ("ia lop", ""))
HAMLETS = ("Buôn Ba Na", unicodedata.normalize("NFD", "Buôn Đừng"), "Thôn 5", "")
TEXTS = ("=SUM(A1:A9)", "+84 gọi điện cho già làng", "@cán bộ xã", "Khám cho bà con\nbuôn Ba Na", "<b>Giếng</b> [red]")

DAYS: Sequence[Callable[[date], Any]] = (
    lambda d: d,
    lambda d: f"{d.day}/{d.month}/{d.year}",
    lambda d: f"{d:%d.%m.%y}",
    lambda d: f"{d:%d%m%y}",
    lambda d: d.isoformat(),
    lambda d: f"ngày {d.day} tháng {d.month} năm {d.year}",
    lambda d: f"{d.day}-{d.day}/{d.month}/{d.year}",
)
COUNTS: Sequence[Callable[[int], Any]] = (
    lambda n: n,
    float,
    str,
    lambda n: f"{n:,}".replace(",", "."),
    lambda n: f" {n} ",
)
MILLIONS: Sequence[Callable[[int], Any]] = (
    lambda n: n,
    str,
    lambda n: f"{n}tr",
    lambda n: f"{n}.000.000 đồng",
    lambda n: f"{n},0",
)


@dataclass
class Row:
    """One row: its cells by heading, and its meaning."""

    cells: dict[str, Any]
    kind: str
    day: date
    figures: dict[str, int]
    wrong: str | None = None
    """part of the reason why it is refused"""
    line: int = 0
    corrected: dict[str, Any] = field(default_factory=dict)
    """cells to write so that it is accepted"""


def rows(number: int, wrong_each: int = 11) -> list[Row]:
    """So many rows, always the same; every ``wrong_each``-th is wrong in some way."""
    draw = random.Random(2013)
    made = [_row(draw, n) for n in range(number)]
    for at, row in enumerate(made[wrong_each - 1 :: wrong_each]):
        _spoil(row, WRONG[at % len(WRONG)])
    return made


def _row(draw: random.Random, number: int) -> Row:
    kind = draw.choice([*KINDS])
    old = draw.random() < 0.6
    day = (date(2013, 1, 1) if old else date(2026, 1, 1)) + timedelta(draw.randrange(300))
    commune, district = draw.choice(THEN if old else NOW)
    called, columns = KINDS[kind]
    cells: dict[str, Any] = {
        "STT": number + 1,
        "Ngày tháng": draw.choice(DAYS)(day),
        "Loại hoạt động": called,
        "Xã": commune,
        "Huyện": district,
        "Thôn, buôn": draw.choice(HAMLETS),
        "Nội dung": draw.choice(TEXTS),
        "Ghi chú": draw.choice(["", "đã báo cáo"]),
    }
    figures = {}
    for measure, column in columns.items():
        if column in ("Trị giá (triệu đồng)", "Tiền mặt"):
            millions = draw.randint(1, 80)
            figures[measure] = millions * 1_000_000
            writing = draw.choice(MILLIONS)
            bare = column == "Tiền mặt" and isinstance(writing(millions), int | str) and "tr" not in str(writing(1))
            cells[column] = f"{millions}tr" if bare else writing(millions)
        else:
            figures[measure] = draw.randint(20, 999)
            if column == "Gạo (kg)":
                figures[measure] += 2000
            cells[column] = draw.choice(COUNTS)(figures[measure])
    return Row(cells, kind, day, figures)


@dataclass(frozen=True)
class Mistake:
    cells: dict[str, Any]
    reason: str


WRONG = (
    Mistake({"Xã": "Xã Ia Rvex"}, "Không tìm thấy"),
    Mistake({"Ngày tháng": "31/2/2013"}, "Không có ngày 31/02/2013"),
    Mistake({"Ngày tháng": ""}, "Chưa điền ô này"),
    Mistake({"Số hộ": "2.1"}, "không rõ"),
    Mistake({"Loại hoạt động": "Trồng rừng"}, "Không tìm thấy"),
    Mistake({"Xã": "Xã Tân Lập", "Huyện": "", "Ngày tháng": date(2026, 3, 1)}, "tên của nhiều mục"),
    Mistake({"Ngày tháng": "5/11"}, "không ghi năm"),
    Mistake({"Số hộ": "#REF!"}, "Công thức"),
    Mistake({"Số hộ": -3}, "âm"),
    Mistake({"Ngày tháng": 51126}, "Ngày viết như"),
    Mistake({"Số hộ": "x"}, "không phải số"),
)


def _spoil(row: Row, mistake: Mistake) -> None:
    row.corrected = {heading: row.cells.get(heading, "") for heading in mistake.cells}
    if "Số hộ" in mistake.cells and "Số hộ" not in KINDS[row.kind][1].values():
        row.wrong = "không có số liệu đó" if mistake.reason != "Công thức" else mistake.reason
    else:
        row.wrong = mistake.reason
    row.cells.update(mistake.cells)


def write(path: Path, table: Sequence[Row]) -> None:
    """Write the sheet: a merged title, the headings below, blank lines between rows, a total at the end."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Sổ theo dõi")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.merge_range(0, 0, 0, len(HEADINGS) - 1, "SỔ THEO DÕI HOẠT ĐỘNG GIÚP DÂN")
    sheet.merge_range(1, 0, 1, 3, "Đồn BP Ia Rvê")
    for column, heading in enumerate(HEADINGS):
        sheet.write_string(3, column, heading)
        sheet.write_number(4, column, column + 1)
    line = 5
    for number, row in enumerate(table):
        line += number % 40 == 7  # a blank line
        row.line = line + 1
        for column, heading in enumerate(HEADINGS):
            value = row.cells.get(heading, "")
            if isinstance(value, date):
                sheet.write_datetime(line, column, value, day)
            elif isinstance(value, int | float):
                sheet.write_number(line, column, value)
            elif value == "#REF!":
                sheet.write_formula(line, column, "=Z1", None, value)
            elif value:
                sheet.write_string(line, column, value)
        line += 1
    sheet.write_string(line, 0, "Tổng cộng")
    sheet.write_number(line, 7, 123456)
    book.close()
