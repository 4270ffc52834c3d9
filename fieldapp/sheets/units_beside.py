"""Units of figures that stand beside a heading: above the table, or directly below it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from fieldapp.domain.amounts import MONEY
from fieldapp.i18n import _
from fieldapp.sheets.cells import SheetTable
from fieldapp.sheets.days import LONGEST
from fieldapp.sheets.headings import FigureTarget, Layout, is_unit, letters, times_of, unit_in
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key, tidy

_UNIT = re.compile(r"(?:đvt|đơn vị(?: tính)?)\s*:?\s*(.+)$", re.IGNORECASE)
_MEASURED = (
    {"g": 1, "gam": 1, "gram": 1, "kg": 1_000, "can": 1_000, "ien": 10_000, "ta": 100_000, "tan": 1_000_000},
    {"cm": 1, "m": 100, "met": 100, "km": 100_000, "cai so": 100_000},
    {"m2": 1, "met vuong": 1, "sao": 360, "ha": 10_000, "hec ta": 10_000, "hecta": 10_000, "km2": 1_000_000},
    {"ml": 1, "lit": 1_000, "m3": 1_000_000, "khoi": 1_000_000},
)  # fmt: skip
_COUNTED = (
    {"phut": 1, "gio": 60, "buoi": 240, "ngai": 480, "cong": 480, "ngai cong": 480, "tuan": 3_360, "thang": 14_400},
    {"nguoi": 1, "khau": 1, "nhan khau": 1, "ho": 2, "gia dinh": 2, "luot": 3, "luot nguoi": 3},
)
"""Search keys of units of one sort, each with how much it is: a figure in one is another figure in the other. Those of
``_COUNTED`` only say so directly below a heading"""


def _units_above(table: SheetTable, layout: Layout) -> Iterator[str]:
    """What stands behind “ĐVT” or “đơn vị tính” in the lines above the headings, from the top."""
    for row in table.rows[: layout.line]:
        for cell in row:
            if isinstance(cell, str) and (found := _UNIT.search(tidy(cell)[:LONGEST])):
                yield found[1]


def units_beside(store: Store, table: SheetTable, layout: Layout) -> dict[int, str]:
    """Columns of money whose unit stands above the table or below the heading -> its word for thousands or millions."""
    money = {row["id"] for row in store.rows("SELECT id FROM measure WHERE unit_name = ?", [MONEY])}
    columns = [c for c in layout.columns if isinstance(c.target, FigureTarget) and not c.target.times]
    columns = [c for c in columns if isinstance(c.target, FigureTarget) and c.target.measures.keys() <= money]
    said = ""
    for unit in _units_above(table, layout):
        said = times_of(unit) or said
    below = layout.line + 1
    under = {c.at: table.cell(below, c.at) if below < len(table.rows) else "" for c in columns}
    found_units = {at: times_of(cell[:LONGEST]) if isinstance(cell, str) else "" for at, cell in under.items()}
    return {at: times for at, unit in found_units.items() if (times := unit or said)}


def without_other_units(
    store: Store, table: SheetTable, layout: Layout, chosen: Collection[str]
) -> tuple[Layout, Sequence[str]]:
    """The layout without the figures whose unit, above the table or below the heading, is another one; and what to say.

    ``chosen``: headings of columns that a person has named.
    """
    above = ""
    for unit in _units_above(table, layout):
        above = unit.strip("() ")
    measures = {row["id"]: row for row in store.rows("SELECT id, name, unit_name FROM measure")}
    kept, notes = [], []
    for column in layout.columns:
        target = column.target
        if not isinstance(target, FigureTarget) or column.heading in chosen:
            kept.append(column)
            continue
        under = table.cell(layout.line + 1, column.at) if layout.line + 1 < len(table.rows) else ""
        below = under.strip("() ") if isinstance(under, str) and is_unit(under[:LONGEST]) else ""
        said = below or ("" if unit_in(column.heading) else above)
        sorts = _MEASURED + _COUNTED if below else _MEASURED
        units = {m: measures[m]["unit_name"] for m in target.measures}
        fitting = {m: grade for m, grade in target.measures.items() if not _is_another(said, units[m], sorts)}
        if fitting:
            kept.append(replace(column, target=replace(target, measures=fitting)))
            continue
        sentence = _("Column {column} “{heading}” is in “{said}” (above the table or below the heading), and it is"
                     " counted in “{unit}”: its values are left out. Name its field by --map if the figures are in"
                     " “{unit}”.")  # fmt: skip
        notes.append(
            sentence.format(
                column=letters(column.at), heading=column.heading, said=said, unit=" / ".join(sorted({*units.values()}))
            )
        )
    return replace(layout, columns=kept), notes


def _is_another(said: str, own: str, sorts: Sequence[Mapping[str, int]]) -> bool:
    """Whether two units are of one sort, and not as much as each other."""
    one, other = (search_key(unit).replace("²", "2").replace("³", "3") for unit in (said, own))
    return any(one in sizes and other in sizes and sizes[one] != sizes[other] for sizes in sorts)
