"""What the shipped units became in 2026: the official codes and names, the old communes of the whole country, and what
has changed since the reform of 2025.

``units.csv`` and ``unit_successions.csv`` are complete lists; ``docs/units.md`` says where they come from. The changes
here lead from the first shipped units to these lists. A unit that was shipped before keeps its row, and its id, which
was computed from its first code and name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fieldapp.store.ids import FIRST_DAY, derived_id

LEVELS = {2: "province", 3: "district", 5: "commune"}
"""Digits of a unit's code -> its level"""

CORRECTED_AT = "2026-11-30T00:00:00Z"
WITHOUT_BASIS = "Không có trong nghị quyết"
"""The reason of a void, as data: it was shipped, and no resolution says so"""

UnitChange = tuple[str, str, dict[str, Any], bool]
"""As ``BaselineChange``: (table, row id, columns, whether the row is new)"""


class Line(NamedTuple):
    """A line of ``units.csv``. ``valid_from`` is empty for a unit that existed before the reform."""

    code: str
    name: str
    parent_code: str
    valid_from: str
    valid_to: str
    border: str
    also_called: str


def unit_changes(
    shipped: Iterable[UnitChange],
    lines: Sequence[Line],
    successions: Iterable[Sequence[str]],
    corrected: Mapping[str, str],
) -> Iterator[UnitChange]:
    """The changes that lead from the units in ``shipped`` to the lists.

    ``successions``: old code, new code, day, share. ``corrected``: code as shipped first -> official code.
    """
    had = {(table, row_id): cols for table, row_id, cols, is_new in shipped if is_new}
    ids = {_place(cols, corrected): row_id for (table, row_id), cols in had.items() if table == "unit" and cols["code"]}
    periods: dict[str, list[tuple[str, str, str]]] = {}
    for line in lines:
        level = LEVELS[len(line.code)]
        place = (line.code, line.valid_from)
        if place not in ids:
            ids[place] = derived_id("unit", line.valid_from or FIRST_DAY, level, line.code, line.name)
        periods.setdefault(line.code, []).append((line.valid_from, line.valid_to or "9999", ids[place]))
    moved: list[UnitChange] = []
    new: list[UnitChange] = []
    for line in lines:
        row_id = ids[line.code, line.valid_from]
        cols = _columns(line, periods)
        before = had.get(("unit", row_id))
        if before is None:
            new.append(("unit", row_id, cols, True))
            continue
        changed = {name: value for name, value in cols.items() if value != before.get(name)}
        parent = changed.pop("parent_id", None)
        if changed:
            yield "unit", row_id, changed, False
        if parent is not None:
            moved.append(("unit", row_id, {"parent_id": parent}, False))
    yield from new
    yield from moved
    yield from _successions(had, periods, successions)


def _place(cols: dict[str, Any], corrected: Mapping[str, str]) -> tuple[str, str]:
    """The official code of a shipped unit, and the day from which it is valid."""
    code, since = cols["code"], cols["valid_from"] or ""
    return (corrected.get(code, code) if since else code), since


def _columns(line: Line, periods: dict[str, list[tuple[str, str, str]]]) -> dict[str, Any]:
    day = line.valid_to or "9998"
    above = periods.get(line.parent_code, [])
    return {
        "level": LEVELS[len(line.code)],
        "code": line.code,
        "name": line.name,
        "parent_id": next((row_id for first, last, row_id in above if first <= day <= last), None),
        "valid_from": line.valid_from or None,
        "valid_to": line.valid_to or None,
        "border": line.border or None,
        "also_called": line.also_called or None,
    }


def _successions(
    had: dict[tuple[str, str], dict[str, Any]],
    periods: dict[str, list[tuple[str, str, str]]],
    successions: Iterable[Sequence[str]],
) -> Iterator[UnitChange]:
    coded = {row_id for rows in periods.values() for _first, _last, row_id in rows}
    wrong = {
        row_id: cols
        for (table, row_id), cols in had.items()
        if table == "unit_succession" and cols["old_unit_id"] in coded
    }
    known = {(cols["old_unit_id"], cols["new_unit_id"]): row_id for row_id, cols in wrong.items()}
    new: list[UnitChange] = []
    for old_code, new_code, day, share in successions:
        old_id = max((last, row_id) for _first, last, row_id in periods[old_code] if last < day)[1]
        new_id = next(row_id for first, _last, row_id in periods[new_code] if first == day)
        row_id = known.get((old_id, new_id))
        if row_id is not None:
            del wrong[row_id]
            yield "unit_succession", row_id, {"share": share}, False
            continue
        cols = {"old_unit_id": old_id, "new_unit_id": new_id, "effective_on": day, "share": share}
        new.append(("unit_succession", derived_id("unit_succession", day, old_id, new_id), cols, True))
    for row_id in wrong:
        yield "unit_succession", row_id, {"voided_at": CORRECTED_AT, "void_reason": WITHOUT_BASIS}, False
    yield from new
