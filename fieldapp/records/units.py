"""Units through time: was a unit there on the days of a record, what came after it, and what was there before it."""

from collections.abc import Iterable, Iterator
from datetime import date

from fieldapp.domain.assistance import Activity
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.reference import Unit
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records.reading import resolve_reference
from fieldapp.records.soft_limits import Question
from fieldapp.records.words import labels
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import tidy

MAX_NAMED = 5
"""Most units that a question names"""

Days = tuple[date, date | None]
"""The first and the last day of a record; None as the last means that it still goes on"""


def unit_named(store: Store, text: str, on: date) -> str:
    """What names a unit in a report: a code or an id as it is given, for a name the id of the unit that has it.

    Of units with the same name the one of that day is meant. FieldappError where no unit, or several, may be meant.
    """
    named = tidy(text)
    if store.value("SELECT 1 FROM unit WHERE (id = ? OR code = ?) AND voided_at IS NULL", [named, named]) is not None:
        return named
    try:
        return resolve_reference(store, Unit.KIND, named, on)
    except ValueError as error:
        raise FieldappError(str(error)) from None


def days_of(record: Record) -> Days | None:
    """The days of a record; None for a record without days, such as a party cell.

    An activity without a last day is of one day. A household in charge, a matter, a candidacy or a group without one
    goes on.
    """
    first_field = record.first_day()
    if first_field is None:
        return None
    first = getattr(record, first_field)
    last_field = next((last for begin, last in reversed(record.ORDERED) if begin == first_field), None)
    last = getattr(record, last_field) if last_field else first
    return first, first if last is None and isinstance(record, Activity) else last


def unit_questions(store: Store, record: Record, children: Iterable[str | None]) -> Iterator[Question]:
    """Questions about units that were not there on any day of the record, and about a successor that is none.

    ``children``: the units of the rows that belong to the record. The question about one of them is about the whole
    record, because it comes up again when the record's day is changed and the rows are not.
    """
    own: str | None = getattr(record, "unit_id", None)
    days = days_of(record)
    given = {} if own is None else {own: "unit_id"}
    given |= {unit_id: "targets" for unit_id in children if unit_id not in (own, None)}
    if days is not None:
        for unit_id, field in given.items():
            yield from _in_force_question(store, field, unit_id, days)
    for shape in fields_of(type(record)):
        chosen = getattr(record, shape.name) if shape.heir_of is not None else None
        if own is not None and chosen is not None and chosen not in (known := _line(store, own, "heir", None)):
            yield Question(shape.name, f"{own} {chosen}", _no_successor(store, own, chosen, known))


def is_successor(store: Store, unit_id: str, chosen: str) -> bool:
    """Whether a unit is the other one itself, or one of what it became."""
    return chosen in _line(store, unit_id, "heir", None)


def people_went(store: Store, unit_id: str) -> str:
    """That all people of a divided unit went to one successor, and so its records; '' for other units."""
    heir = store.value(
        "SELECT s.new_unit_id FROM unit_succession s JOIN unit u ON u.id = s.new_unit_id WHERE s.old_unit_id = ?"
        " AND s.share = 'all_people' AND s.voided_at IS NULL AND u.voided_at IS NULL ORDER BY s.effective_on, s.id",
        [unit_id],
    )
    return _("all people went to {unit}").format(unit=labels(store, "unit", [heir])[heir]) if heir else ""


def _in_force_question(store: Store, field: str, unit_id: str, days: Days) -> Iterator[Question]:
    unit = store.row("SELECT * FROM unit WHERE id = ?", [unit_id])
    assert unit is not None
    first, last = days
    ended = unit["valid_to"] is not None and unit["valid_to"] < first.isoformat()
    if not ended and not (unit["valid_from"] is not None and last and last.isoformat() < unit["valid_from"]):
        return
    on = (first if ended else last or first).isoformat()
    line = _line(store, unit_id, "heir" if ended else "forebear", on)
    if ended:
        alone = _("{unit} was there until {day} only. Is it right?")
        named = _("{unit} was there until {day} only; after it: {units}. Is it right?")
    else:
        alone = _("{unit} has been there only since {day}. Is it right?")
        named = _("{unit} has been there only since {day}; before it: {units}. Is it right?")
    day = format_date(date.fromisoformat(unit["valid_to" if ended else "valid_from"]))
    sentence = (named if line else alone).format(
        unit=labels(store, "unit", [unit_id])[unit_id], day=day, units=_listed(store, line)
    )
    yield Question(field, f"{unit_id} {on}", sentence)


def _no_successor(store: Store, unit_id: str, chosen: str, known: list[str]) -> str:
    after = [i for i in known if i != unit_id]
    named = labels(store, "unit", [unit_id, chosen])
    if not after:
        sentence = _("{chosen} is no successor of {unit}, which has none on record. Is it right?")
    else:
        sentence = _("{chosen} is no successor of {unit}; its successors: {units}. Is it right?")
    return sentence.format(chosen=named[chosen], unit=named[unit_id], units=_listed(store, after))


def _listed(store: Store, ids: list[str]) -> str:
    named = labels(store, "unit", ids[:MAX_NAMED])
    return "; ".join(named[i] for i in ids[:MAX_NAMED]) + ("; …" if len(ids) > MAX_NAMED else "")


def _line(store: Store, unit_id: str, way: str, on: str | None) -> list[str]:
    """The units that a unit became (``heir``), or that became it (``forebear``), by the alphabet.

    ``on``: only those that were there on this day. For a unit without successions of its own (a district): those of the
    units that belonged to it. Without ``on`` the unit itself is one of them.
    """
    old, new = ("old_unit_id", "new_unit_id") if way == "heir" else ("new_unit_id", "old_unit_id")
    rows = store.rows(
        "WITH RECURSIVE passed AS (SELECT * FROM unit_succession WHERE voided_at IS NULL),"
        " line (id) AS ("
        " SELECT :unit UNION SELECT id FROM unit WHERE parent_id = :unit AND voided_at IS NULL"
        f" AND NOT EXISTS (SELECT 1 FROM passed WHERE {old} = :unit)"
        f" UNION SELECT p.{new} FROM line l JOIN passed p ON p.{old} = l.id)"
        " SELECT u.id FROM line l JOIN unit u ON u.id = l.id WHERE u.voided_at IS NULL"
        " AND (:on IS NULL OR :on BETWEEN coalesce(u.valid_from, '') AND coalesce(u.valid_to, '9999'))"
        " ORDER BY u.name COLLATE vietnamese, u.id",
        {"unit": unit_id, "on": on},
    )
    return [row["id"] for row in rows]
