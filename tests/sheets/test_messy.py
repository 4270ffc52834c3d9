"""500 rows of a messy sheet: right ones in, wrong ones back with line and reason, and never anything twice."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import messy_sheet
import pytest
import xlsxwriter
from field import World
from python_calamine import CalamineWorkbook

from fieldapp.reports.figures import figures
from fieldapp.reports.query import Period, Query
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions, SheetOutcome
from fieldapp.store.store import Store

pytestmark = pytest.mark.usefixtures("whole_baseline")

ORDER = ImportOptions("activity")


def reported(store: Store) -> Counter[tuple[int, str]]:
    """(year, measure) -> what the report says."""
    found: Counter[tuple[int, str]] = Counter()
    for year in (2013, 2026):
        for figure in figures(store, Query(Period(date(year, 1, 1), date(year, 12, 31)))):
            measure = store.value("SELECT code FROM measure WHERE id = ?", [figure.measure_id])
            if measure is not None:
                found[year, measure] += figure.value or 0
    return found


def recounted(rows: list[messy_sheet.Row]) -> Counter[tuple[int, str]]:
    """The same, from what was meant when the sheet was made."""
    found: Counter[tuple[int, str]] = Counter()
    for row in rows:
        for measure, amount in row.figures.items():
            found[row.day.year, measure] += amount
    return found


def cells_of(path: Path) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)


def mend(refused: Path, mended: Path, rows: list[messy_sheet.Row]) -> None:
    """The sheet of refused rows as somebody saves it who has mended its cells and left the rest."""
    table = cells_of(refused)
    by_line = {row.line: row for row in rows}
    book = xlsxwriter.Workbook(str(mended))
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for at, line in enumerate(table):
        for column, cell in enumerate(line):
            value = cell
            if at:
                value = by_line[int(line[1])].corrected.get(table[0][column], cell)
            if isinstance(value, date):
                sheet.write_datetime(at, column, value, day)
            elif isinstance(value, str):
                sheet.write_string(at, column, value)
            else:
                sheet.write_number(at, column, value)
    book.close()


@pytest.fixture
def sheet(tmp_path: Path) -> tuple[Path, list[messy_sheet.Row]]:
    rows = messy_sheet.rows(500)
    path = tmp_path / "Sổ giúp dân.xlsx"
    messy_sheet.write(path, rows)
    return path, rows


def test_500_rows(world: World, sheet: tuple[Path, list[messy_sheet.Row]], tmp_path: Path) -> None:
    path, rows = sheet
    good, bad = ([r for r in rows if (r.wrong is None) is right] for right in (True, False))
    assert (len(good), len(bad)) == (455, 45)

    outcome = importing.import_sheet(world.post, path, ORDER)
    assert [e.line for e in outcome.added] == [r.line for r in good]
    assert {r.line: r.wrong for r in bad if (r.wrong or "") not in _reasons(outcome)[r.line]} == {}
    assert [r.line for r in outcome.refused] == [r.line for r in bad]
    assert reported(world.post) == recounted(good)
    assert any("Ghi chú" in note for note in outcome.notes), "what is left out is said"

    refused = Path(outcome.refused_file or "")
    assert refused == tmp_path / "Sổ giúp dân-refused.xlsx"
    heading, *lines = cells_of(refused)
    assert heading[:4] == ["Lý do bị từ chối", "Dòng bị từ chối", "STT", "Ngày tháng"]
    assert [int(line[1]) for line in lines] == [r.line for r in bad]
    assert [line[heading.index("Ghi chú")] for line in lines] == [r.cells["Ghi chú"] for r in bad], "original cells"

    before = world.post.value("SELECT count(*) FROM local_change")
    again = importing.import_sheet(world.post, path, ORDER)
    assert (len(again.added), len(again.known), len(again.refused), again.batch) == (0, 455, 45, None)
    assert world.post.value("SELECT count(*) FROM local_change") == before

    mended = tmp_path / "mended.xlsx"
    mend(refused, mended, bad)
    third = importing.import_sheet(world.post, mended, ORDER)
    assert [(r.line, r.reason) for r in third.refused] == []
    assert len(third.added) == len(bad)
    assert reported(world.post) == recounted(rows)
    for file in (path, mended, refused):
        assert importing.import_sheet(world.post, file, ORDER).added == []
    assert reported(world.post) == recounted(rows)


def _reasons(outcome: SheetOutcome) -> dict[int, str]:
    return {refused.line: refused.reason for refused in outcome.refused}
