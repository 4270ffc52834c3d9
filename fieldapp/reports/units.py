"""Where a record belongs: its unit, followed along the successions to the day in whose units the report is (rule 7).

That day is the last one of the period (view “then”), or today (“now”). A unit that was there on it is itself. One that
had ended became its successors, one that begins later was its predecessors; each step leads nearer to the day. Where
the steps end in one unit, the records belong there. Where they end in several, ``unit_now_id`` says in which, or the
record is not assigned. The SQL is the mirror's too (``publish/figures.py``).
"""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import Struct

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.reports.query import Query, find_post
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import clean

FOLLOWED = """
    SELECT s.old_unit_id, s.new_unit_id, s.effective_on FROM unit_succession s WHERE s.voided_at IS NULL
        AND NOT (s.share IS NOT DISTINCT FROM 'land_only' AND EXISTS (SELECT 1 FROM unit_succession p
            WHERE p.old_unit_id = s.old_unit_id AND p.effective_on = s.effective_on AND p.voided_at IS NULL
                AND p.share = 'all_people'))"""
"""The successions that records follow: of a divided unit all of whose people went to one successor, that one"""

_STEPS = f"""
    known AS ({FOLLOWED}),
    step AS MATERIALIZED (
        SELECT old_unit_id AS unit_id, new_unit_id AS next_id FROM known WHERE effective_on <= :day
        UNION ALL SELECT new_unit_id, old_unit_id FROM known WHERE effective_on > :day)"""
"""Each succession as a step towards ``:day``"""


def there(unit: str) -> str:
    """SQL: whether a unit was there on ``:day``."""
    return (
        f"(({unit}.valid_from IS NULL OR {unit}.valid_from <= :day)"
        f" AND ({unit}.valid_to IS NULL OR {unit}.valid_to >= :day))"
    )


UNIT_NAMED = f"""
    SELECT * FROM unit u WHERE (u.id = :text OR u.code = :text) AND u.voided_at IS NULL ORDER BY
        {there("u")} DESC, (u.valid_from IS NULL OR u.valid_from <= :day) DESC, u.valid_to IS NULL DESC,
        u.valid_to DESC, u.id"""
"""The units with an id or code: first that of ``:day``, then the latest before it"""

SAME_CODE = f"""
    WITH RECURSIVE known AS ({FOLLOWED}),
    before (id) AS (
        SELECT id FROM unit WHERE id = :unit
        UNION SELECT k.old_unit_id FROM before b JOIN known k ON k.new_unit_id = b.id)
    SELECT u.id FROM before b JOIN unit u ON u.id = b.id JOIN unit c ON c.id = :unit
    WHERE u.id = c.id OR (:view = 'then' AND u.code = c.code AND u.level = c.level AND u.valid_to >= :first)"""
"""A unit, and in the units of the time those before it that had its code on some day of the period"""

INSIDE = f"""
    WITH {_STEPS}, inside AS (SELECT value AS id FROM json_each(:inside))
    SELECT u.id FROM unit u WHERE u.parent_id IN (SELECT id FROM inside)
        AND (:former OR {there("u")} OR NOT EXISTS (SELECT 1 FROM step t WHERE t.unit_id = u.id))
    UNION
    SELECT t.unit_id FROM step t JOIN unit u ON u.id = t.unit_id
    WHERE t.next_id IN (SELECT id FROM inside) AND NOT {there("u")} AND NOT EXISTS (
        SELECT 1 FROM step o WHERE o.unit_id = t.unit_id AND o.next_id NOT IN (SELECT id FROM inside))
    UNION
    SELECT k.old_unit_id FROM known k
    WHERE :former AND k.new_unit_id IN (SELECT id FROM inside) AND NOT EXISTS (
        SELECT 1 FROM known o WHERE o.old_unit_id = k.old_unit_id AND o.new_unit_id NOT IN (SELECT id FROM inside))
    UNION
    SELECT k.new_unit_id FROM known k
    WHERE :former AND k.old_unit_id IN (SELECT id FROM inside) AND NOT EXISTS (
        SELECT 1 FROM known o WHERE o.new_unit_id = k.new_unit_id AND o.old_unit_id NOT IN (SELECT id FROM inside))"""
"""One step: the units that belong to some units, and others all of whose steps lead into these.

``:former``: these were not there on ``:day``. Then also those whose successors, or predecessors, are all among these.
"""

BESIDE = f"""
    WITH RECURSIVE known AS ({FOLLOWED}), inside AS (SELECT value AS id FROM json_each(:inside)),
    after (id) AS (
        SELECT id FROM inside UNION SELECT k.new_unit_id FROM after a JOIN known k ON k.old_unit_id = a.id),
    before (id) AS (
        SELECT id FROM inside UNION SELECT k.old_unit_id FROM before b JOIN known k ON k.new_unit_id = b.id),
    line AS (SELECT id FROM after UNION SELECT id FROM before)
    SELECT id FROM line
    UNION SELECT u.id FROM unit u WHERE u.level = 'hamlet' AND u.parent_id IN (SELECT id FROM line)"""
"""Some units with all that they became and all that became them, in part or wholly, and the hamlets of these"""

IN_USE = """
    SELECT e.unit_id, e.unit_now_id FROM activity e WHERE coalesce(e.date_to, e.date_from) BETWEEN :first AND :last
    UNION SELECT d.unit_id, d.unit_now_id FROM activity d WHERE d.id IN (
        SELECT v.activity_id FROM activity_measure v WHERE v.measured_on BETWEEN :first AND :last)
    UNION SELECT j.unit_id, j.unit_now_id FROM activity j WHERE j.joint_reference IS NOT NULL
    UNION SELECT t.unit_id, NULL FROM activity e JOIN activity_target t ON t.activity_id = e.id
        WHERE coalesce(e.date_to, e.date_from) BETWEEN :first AND :last
    UNION SELECT unit_id, NULL FROM party_cell UNION SELECT unit_id, NULL FROM household_charge
    UNION SELECT unit_id, NULL FROM candidacy UNION SELECT unit_id, NULL FROM matter
    UNION SELECT unit_id, NULL FROM self_management_group"""
"""The units that facts of a period name, and some more; few beside all units of the nation, old and new"""

PLACES = f"""
    WITH RECURSIVE {_STEPS},
    start AS (
        SELECT u.id AS unit_id, CASE WHEN u.level = 'hamlet' AND u.parent_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM known k WHERE k.old_unit_id = u.id OR k.new_unit_id = u.id) THEN u.parent_id ELSE u.id END
            AS base_id
        FROM unit u WHERE u.id IN (SELECT value FROM json_each(:used))),
    way (unit_id, base_id, heir_id) AS (
        SELECT s.unit_id, s.base_id, s.base_id FROM start s JOIN unit b ON b.id = s.base_id WHERE NOT {there("b")}
        UNION SELECT w.unit_id, w.base_id, t.next_id FROM way w JOIN unit h ON h.id = w.heir_id
            JOIN step t ON t.unit_id = w.heir_id WHERE NOT {there("h")})
    SELECT w.unit_id, min(w.base_id) AS base_id, coalesce(
        CASE WHEN count(h.id) = 1 THEN min(
            CASE WHEN :view = 'then' OR h.valid_to IS NULL OR h.valid_to >= :day THEN h.id END) END,
        min(CASE WHEN :view = 'then' AND h.code = b.code AND h.level = b.level AND b.valid_to BETWEEN :first AND :day
            THEN h.id END)) AS place_id
    FROM way w JOIN unit b ON b.id = w.base_id LEFT JOIN unit h ON h.id = w.heir_id
        AND ({there("h")} OR NOT EXISTS (SELECT 1 FROM step t WHERE t.unit_id = w.heir_id))
    GROUP BY w.unit_id"""
"""The place on ``:day`` of each of the units ``:used`` that was not there on it; NULL: not assigned.

In the units of the time, a divided unit of the period lives on in the one with its code. A hamlet without successions
of its own goes with its commune (``base_id``).
"""


class Units(Struct, frozen=True):
    """Where the records of a query belong."""

    unit: Row | None
    """the unit that the query is narrowed to"""
    places: dict[str, str | None]
    """each unit in use that was not there on the view's day -> the unit of that day; None: not assigned"""
    bodies: dict[str, str | None]
    """the same without hamlets that go with their commune: which bodies are one"""
    inside: list[str] | None
    """the units that the query is narrowed to"""
    former: bool
    """the unit was not there on the view's day: what is recorded in it counts, wherever that belongs by then"""
    doubtful: list[str] | None
    """units in use of which nobody knows whether they belong to the area; None: to any"""

    def params(self) -> dict[str, Any]:
        """Parameters of the SQL of figures."""
        return {
            "moved": json.dumps(self.places),
            "bodies": json.dumps(self.bodies),
            "units": None if self.inside is None else json.dumps(self.inside),
            "former": self.former,
        }


def units_day(query: Query) -> date:
    """The day in whose units a report is."""
    return query.period.last if query.view == "then" else query.today


def find_unit(store: Store, query: Query) -> Row | None:
    """The unit that a query is narrowed to; None where it names none.

    If several units have the code, the view's day decides. Raises FieldappError where no unit has it.
    """
    if query.unit is None:
        return None
    found = store.row(UNIT_NAMED, {"text": clean(query.unit), "day": units_day(query).isoformat()})
    if found is None:
        raise FieldappError(_("There is no unit with the code {code}.").format(code=clean(query.unit)))
    return found


def report_key(store: Store, query: Query) -> list[str]:
    """(first day, last day, area) by which what is written for a report is kept: the area is the ids of the post and
    the unit to which it is narrowed, empty for all."""
    area = " ".join(row["id"] for row in (find_post(store, query), find_unit(store, query)) if row is not None)
    return [query.period.first.isoformat(), query.period.last.isoformat(), area]


def units_of(store: Store, query: Query) -> Units:
    """Where the records of a query belong; FieldappError where it names a unit that there is not."""
    unit = find_unit(store, query)
    parts = (query.view, units_day(query), query.period.first, query.period.last, unit and unit["id"])
    return store.cached_until_changed(f"units of {parts}", lambda: _units_of(store, query, unit))


def _units_of(store: Store, query: Query, unit: Row | None) -> Units:
    days = {"first": str(query.period.first), "last": str(query.period.last)}
    used = {unit_id for row in store.rows(IN_USE, days) for unit_id in row.values() if unit_id is not None}
    seen = {"view": query.view, "day": units_day(query).isoformat(), "first": days["first"]}
    rows = store.rows(PLACES, {"used": json.dumps(sorted(used | ({unit["id"]} if unit else set()))), **seen})
    places = {r["unit_id"]: r["place_id"] for r in rows}
    bodies = {r["unit_id"]: r["place_id"] for r in rows if r["base_id"] == r["unit_id"]}
    if unit is None:
        return Units(None, places, bodies, None, False, None)
    former = unit["id"] in places
    roots = [r["id"] for r in store.rows(SAME_CODE, {"unit": unit["id"], **seen})]
    found = _inside(store, roots, seen["day"], former=former)
    unclear = used.difference(found) if former else {unit_id for unit_id, place in places.items() if place is None}
    beside = {r["id"] for r in store.rows(BESIDE, {"inside": json.dumps(found)})} if unclear else set()
    doubtful = sorted(unclear & beside)
    return Units(unit, places, bodies, found, former, doubtful)


def inside(store: Store, unit_id: str, day: date) -> list[str]:
    """The ids of a unit, of the units that belong to it, and of those that wholly became it, or a part of it."""
    row = store.row(f"SELECT {there('u')} AS there FROM unit u WHERE u.id = :unit", {"unit": unit_id, "day": str(day)})
    return _inside(store, [unit_id], str(day), former=row is not None and not row["there"])


def _inside(store: Store, roots: Iterable[str], day: str, *, former: bool) -> list[str]:
    found = set(roots)
    while True:
        rows = store.rows(INSIDE, {"inside": json.dumps(sorted(found)), "day": day, "former": former})
        more = {r["id"] for r in rows} - found
        if not more:
            return sorted(found)
        found |= more
