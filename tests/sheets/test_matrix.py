"""Every program's files with every sort of content: what is meant is recorded, or the row is refused; nothing else."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from field import World
from sheet_files import PRODUCERS, Failed, Formula

from fieldapp.records import records
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions
from fieldapp.store.store import Store

HEAD = ("TT", "Loại hoạt động", "Ngày", "Nơi", "Nội dung", "Ngày công", "Số hộ", "Chi bộ được củng cố")
KIND = "Giúp dân lao động sản xuất"


@dataclass(frozen=True)
class Row:
    """The cells of a row after the kind, and what is meant."""

    cells: Sequence[Any]
    day: str = ""
    place: str = ""
    content: str = ""
    labour: int | None = None
    households: int | None = None
    cell: bool = False
    """a party cell was helped"""
    wrong: str = ""
    """part of the reason for which it is refused"""


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


DAY = date(2013, 9, 25)
ROWS = [
    Row([DAY, "Ia Rvê", "Gặt lúa", 12, 3, "buôn Ba Na"], "2013-09-25", "Xã Ia Rvê", "Gặt lúa", 12, 3, True),
    Row(["26/9/2013", 24221, "Làm cỏ,\nđắp bờ", "13", None, None], "2013-09-26", "Xã Ia Rvê", "Làm cỏ,\nđắp bờ", 13),
    Row([date(2013, 10, 31), "xã ia lốp, Ea Súp", "=SUM(A1:A9)", Formula(14), "-", ""],
        "2013-10-31", "Xã Ia Lốp", "=SUM(A1:A9)", 14),
    Row(["ngày 8 tháng 9 năm 2013", "Ia Rve", 'Nói "Hòa"; xong | rồi', 15.0, 1, None],
        "2013-09-08", "Xã Ia Rvê", 'Nói "Hòa"; xong | rồi', 15, 1),
    Row(["2013-09-09", decomposed("Ia Lốp"), decomposed("Đào giếng ở đồi"), 120, 4, ""],
        "2013-09-09", "Xã Ia Lốp", "Đào giếng ở đồi", 120, 4),
    Row([Formula("10/9/2013"), Formula("Ia Rvê"), Formula("Dọn kênh"), "~16", "5 hộ", Formula("Chi bộ buôn Ba Na")],
        "2013-09-10", "Xã Ia Rvê", "Dọn kênh", 16, 5, True),
    Row([DAY, "Ia Rvê", "a", True, None, None], wrong="F{line}"),
    Row([DAY, "Ia Rvê", "b", DAY, None, None], wrong="F{line}"),
    Row([DAY, "Ia Rvê", "c", time(2, 30), None, None], wrong="F{line}"),
    Row([DAY, "Ia Rvê", "d", Failed("#DIV/0!"), None, None], wrong="F{line}"),
    Row([DAY, "Ia Rvê", "e", 12.5, None, None], wrong="“Ngày công”"),
    Row([DAY, "Ia Rvê", "f", "12.5", None, None], wrong="“Ngày công”"),
    Row([DAY, "Ia Rvex", "g", 12, None, None], wrong="“Nơi”"),
    Row([DAY, Failed("#N/A"), "h", 12, None, None], wrong="D{line}"),
    Row(["31/2/2013", "Ia Rvê", "i", 12, None, None], wrong="“Ngày”"),
    Row([41542, "Ia Rvê", "j", 12, None, None], wrong="“Ngày”"),
    Row([None, "Ia Rvê", "k", 12, None, None], wrong="“Ngày”"),
    Row([True, "Ia Rvê", "l", 12, None, None], wrong="“Ngày”"),
    Row([DAY, "Ia Rvê", "m", 12, None, "Chi bộ không có"], wrong="“Chi bộ được củng cố”"),
    Row([DAY, "Ia Rvê", "n", "xe tải", None, None], wrong="“Ngày công”"),
]  # fmt: skip


def recorded(store: Store, row_id: str) -> tuple[Any, ...]:
    found = records.get(store, row_id)
    figures = {
        store.value("SELECT code FROM measure WHERE id = ?", [row["measure_id"]]): row["amount"]
        for row in found.children["measures"]
    }
    place = store.value("SELECT name FROM unit WHERE id = ?", [found.row["unit_id"]])
    helped = [target["target_type"] for target in found.children["targets"]] == ["party_cell"]
    return found.row["date_from"], place, found.row["description"], figures.get("ngay_cong"), figures.get("ho"), helped


@pytest.mark.parametrize("producer", PRODUCERS)
def test_no_cell_is_silently_wrong(producer: str, world: World, tmp_path: Path) -> None:
    path = tmp_path / producer
    PRODUCERS[producer](path, [HEAD, *([n, KIND, *row.cells] for n, row in enumerate(ROWS, start=1))])
    data = path.read_bytes()
    outcome = importing.import_sheet(world.post, path, ImportOptions("activity", answers={"letters": "unicode"}))
    assert path.read_bytes() == data
    meant = {
        line: (row.day, row.place, row.content, row.labour, row.households, row.cell)
        for line, row in enumerate(ROWS, start=2)
        if not row.wrong
    }
    assert {entered.line: recorded(world.post, entered.id) for entered in outcome.added} == meant
    reasons = {refused.line: refused.reason for refused in outcome.refused}
    wrong = {line: row.wrong.format(line=line) for line, row in enumerate(ROWS, start=2) if row.wrong}
    assert reasons.keys() == wrong.keys()
    assert {line: part for line, part in wrong.items() if part not in reasons[line]} == {}
