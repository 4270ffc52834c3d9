"""Stored parts of a record that no longer fit it, because its kind, its days, its cell or its unit is another one now.

One rule for each sort of part: figures and extra fields belong to the kind of activity, figures with a day of their own
to the days of the activity, attendance to the cell on the day of its meeting, the successor to its unit. Before a
record is saved ``unfit_parts`` names them: the person is asked once, and they are voided with the change. What a merge
or an older version left is listed by ``rule_violations``, with the same conditions; figures of another kind are left
out of the report by them, too (``docs/counting-rules.md``).
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fieldapp.domain.assistance import MEASURES, Activity, ActivityExtra, ActivityMeasure
from fieldapp.domain.model import Child, Record
from fieldapp.domain.party import Attendance, Meeting
from fieldapp.i18n import _, counted
from fieldapp.records import dated_figures, units, words
from fieldapp.records.reading import ChildRow, columns_of
from fieldapp.records.soft_limits import Question
from fieldapp.store import log
from fieldapp.store.store import Row, Store

Why = Literal["kind", "days", "cell", "unit"]
"""What of the record a part does not fit"""

FIELDS: Mapping[Why, str] = {
    "kind": "activity_kind_id",
    "days": MEASURES,
    "cell": "attendance",
    "unit": "unit_id",
}
"""Where the form shows the question"""


DEPENDS: Mapping[Why, Sequence[str]] = {"kind": ("activity_kind_id",), "cell": ("party_cell_id", "held_on")}
"""Fields of the record on which it depends which parts its form shows"""


class Unfit(Struct, frozen=True):
    """Stored rows of one sort that do not fit; of the successor of a unit, the field itself."""

    why: Why
    name: str
    """Name in ``Record.CHILDREN``, or of the field"""
    rows: Sequence[Row]
    hidden: bool
    """The record is of another kind or cell than before: its form does not show them"""


def of_kind(part: str, record: str, *, in_use: bool = False) -> str:
    """SQL: the kind of the activity ``record`` has the measure of its figure ``part``.

    ``in_use``: has it now; otherwise also if it went out of use, since figures of that time stay.
    """
    used = " AND km.voided_at IS NULL" if in_use else ""
    return (
        f"EXISTS (SELECT 1 FROM kind_measure km WHERE km.activity_kind_id = {record}.activity_kind_id"
        f" AND km.measure_id = {part}.measure_id{used})"
    )


def field_of_kind(part: str, record: str, *, in_use: bool = False) -> str:
    """SQL: the extra field ``part`` is one of the kind of its activity ``record``."""
    used = " AND kf.voided_at IS NULL" if in_use else ""
    return (
        f"EXISTS (SELECT 1 FROM kind_field kf WHERE kf.id = {part}.kind_field_id"
        f" AND kf.activity_kind_id = {record}.activity_kind_id{used})"
    )


def of_cell(part: str, record: str, *, in_use: bool = False) -> str:
    """SQL: who is in the attendance ``part`` belonged to the cell on the day of the meeting ``record``, as its own
    member or introduced to it. ``in_use`` says nothing here."""
    return (
        f"EXISTS (SELECT 1 FROM person mm WHERE mm.member_id = {part}.member_id AND (mm.party_cell_id ="
        f" {record}.party_cell_id OR EXISTS (SELECT 1 FROM introduction mi JOIN person mo ON mo.member_id ="
        f" mi.member_id WHERE mo.id = mm.id AND mi.party_cell_id = {record}.party_cell_id AND mi.voided_at IS NULL"
        f" AND {record}.held_on BETWEEN mi.date_from AND coalesce(mi.date_to, '9999'))))"
    )


def kind_has(store: Store, child: Child, kind_id: str, about: str, *, in_use: bool = False) -> bool:
    """Whether a kind of activity has the measure or extra field that a part is about; or had, unless ``in_use``."""
    given = f"SELECT ? AS {child.about[0]}, ? AS activity_kind_id"
    _why, condition = BELONGS[child.model]
    found = store.value(f"WITH a AS ({given}) SELECT {condition('a', 'a', in_use=in_use)} FROM a", [about, kind_id])
    return bool(found)


BELONGS: Mapping[type[Record], tuple[Why, Callable[..., str]]] = {
    ActivityMeasure: ("kind", of_kind),
    ActivityExtra: ("kind", field_of_kind),
    Attendance: ("cell", of_cell),
}
"""Sort of part -> what it belongs to, and the SQL of the condition"""


def unfit_parts(store: Store, record: Record, old: Row, children: Mapping[str, Sequence[Row]]) -> list[Unfit]:
    """The stored parts that do not fit a record as it will be. ``old``: its stored row; ``children``: its stored parts.

    What was answered before stays: a figure outside of its activity, a guest at a meeting.
    """
    found = []
    kind_changes = isinstance(record, Activity) and record.activity_kind_id != old["activity_kind_id"]
    for name, child in record.CHILDREN.items():
        if child.model in BELONGS and children[name]:
            why, condition = BELONGS[child.model]
            wrong = f"NOT {condition('v', 'a', in_use=kind_changes)}"
            rows = _breaking(store, child.model, children[name], columns_of(record), wrong)
            if child.model is Attendance and rows:
                rows = misplaced_attendance(store, rows, {old["id"]: columns_of(record)})
            found.append(Unfit(why, name, rows, any(old[f] != columns_of(record)[f] for f in DEPENDS[why])))
    if isinstance(record, Activity):
        other_kind = {row["id"] for part in found for row in part.rows}
        rows = dated_figures.unanswered_outside(record, old, children[MEASURES])
        found.append(Unfit("days", MEASURES, [row for row in rows if row["id"] not in other_kind], False))
    if isinstance(record, Activity):
        stale = stale_successors(store, [{**old, "unit_id": record.unit_id}])
        found += [Unfit("unit", "unit_now_id", [{"id": row["unit_now_id"]}], False) for row in stale]
    return [part for part in found if part.rows]


def _breaking(
    store: Store, model: type[Record], rows: Sequence[Row], record: Mapping[str, object], wrong: str
) -> list[Row]:
    """The rows for which a condition on ``v``, the row, and ``a``, the columns of its record, is true."""
    columns = ", ".join(f":{name} AS {name}" for name in record)
    found = store.rows(
        f"WITH a AS (SELECT {columns}) SELECT v.id FROM {model.KIND} v, a"
        f" WHERE v.id IN (SELECT value FROM json_each(:among)) AND {wrong}",
        {**record, "among": json.dumps([row["id"] for row in rows])},
    )
    ids = {row["id"] for row in found}
    return [row for row in rows if row["id"] in ids]


def stale_successors(store: Store, rows: Sequence[Row]) -> list[Row]:
    """The activities that name a successor which is none of their unit, and of which nobody was asked."""
    known: dict[tuple[str, str], bool] = {}
    found = []
    for row in rows:
        pair = (row["unit_id"], row["unit_now_id"])
        if pair[1] is None or f"unit_now_id={pair[0]} {pair[1]}" in (row["confirmed"] or "").split("\n"):
            continue
        if pair not in known:
            known[pair] = units.is_successor(store, *pair)
        if not known[pair]:
            found.append(row)
    return found


def misplaced_attendance(store: Store, rows: Sequence[Row], meetings: Mapping[str, Mapping[str, object]]) -> list[Row]:
    """Of attendance of people who are not of the cell, that of people of a cell, or on a day, that the meeting had
    before; others are guests. What was confirmed is left out.

    ``meetings``: id -> its cell and day.
    """
    history = log.changes_of_rows(store, [*meetings]) if rows else {}
    found = []
    for row in rows:
        now = meetings[row["meeting_id"]]
        if guest_answer(now) in (row["confirmed"] or "").split("\n"):
            continue
        changes = history.get(row["meeting_id"], [])
        cells, days = ({c.cols[f] for c in changes if f in c.cols} for f in ("party_cell_id", "held_on"))
        for cell, day in sorted({*product(cells, days)} - {(now["party_cell_id"], now["held_on"])}):
            if _breaking(store, Attendance, [row], {"party_cell_id": cell, "held_on": day}, of_cell("v", "a")):
                found.append(row)
                break
    return found


def guest_answer(meeting: Mapping[str, object]) -> str:
    """The line in the ``confirmed`` of an attendance by which a person said that it is right: it is of a guest."""
    return f"member_id={meeting['party_cell_id']} {meeting['held_on']}"


def guest_questions(store: Store, record: Record, row: ChildRow, unfit: Sequence[Unfit]) -> Iterator[Question]:
    """The question about an attendance that is given although its member is of a cell that the meeting had before."""
    if not isinstance(record, Meeting) or row.old is None:
        return
    meeting = columns_of(record)
    answer = guest_answer(meeting)
    if row.old["id"] in ids_of(unfit) or answer in (row.old["confirmed"] or "").split("\n"):
        named = words.labels(store, "member", [row.old["member_id"]])[row.old["member_id"]]
        sentence = _("{member} is not of this cell on that day: there as a guest?").format(member=named)
        yield Question("member_id", answer.removeprefix("member_id="), sentence)


def bodies_questions(store: Store, record: Record, old: Row | None, targets: Sequence[Row]) -> Iterator[Question]:
    """The question about the bodies of an activity that belong to the unit that it had before. They may stay.

    ``targets``: the stored ones that stay without being given.
    """
    if not isinstance(record, Activity) or old is None or record.unit_id == old["unit_id"]:
        return
    cells = json.dumps([row["party_cell_id"] for row in targets if row["party_cell_id"]])
    at = {r["id"]: r["unit_id"] for r in store.rows(
        "SELECT id, unit_id FROM party_cell WHERE id IN (SELECT value FROM json_each(?))", [cells])}  # fmt: skip
    of_it = [r["id"] for r in targets if old["unit_id"] in (r["unit_id"], at.get(r["party_cell_id"]))]
    if of_it:
        named = words.labels(store, "activity_target", of_it)
        unit = words.labels(store, "unit", [old["unit_id"]])[old["unit_id"]]
        sentence = _("Of {unit} are: {bodies}. Do they stay?")
        yield Question("targets", f"of {old['unit_id']}", sentence.format(unit=unit, bodies="; ".join(named.values())))


def ids_of(unfit: Iterable[Unfit]) -> set[str]:
    """The ids of rows that do not fit."""
    return {row["id"] for part in unfit for row in part.rows}


def lost_parts(unfit: Sequence[Unfit], data: Collection[str], kept: Collection[str]) -> list[Unfit]:
    """Of what does not fit, what the record loses. ``data``: the fields that are given; ``kept``: ids of the rows that
    are given again.

    What a form hides is asked about even where others are given in its place.
    """
    left = [
        replace(part, rows=[row for row in part.rows if row["id"] not in kept])
        for part in unfit
        if part.hidden or part.name not in data
    ]
    return [part for part in left if part.rows]


def lost_questions(store: Store, model: type[Record], lost: Sequence[Unfit]) -> Iterator[Question]:
    """One question for each reason why parts of the record go."""
    for why, field in FIELDS.items():
        of_it = [part for part in lost if part.why == why]
        if of_it:
            ids = sorted(ids_of(of_it))
            value = hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16]
            yield Question(field, value, _sentence(store, model, why, of_it))


def _sentence(store: Store, model: type[Record], why: Why, lost: Sequence[Unfit]) -> str:
    texts = []
    for part in lost:
        kind = "unit" if why == "unit" else model.CHILDREN[part.name].model.KIND
        named = words.labels(store, kind, [row["id"] for row in part.rows])
        days = dated_figures.days_of_rows(part.rows) if why == "days" else {}
        texts += [named[row["id"]] + days.get(row["id"], "") for row in part.rows]
    sentences = {
        "kind": _("This kind of activity does not have: {lines}. It is taken out of the record. Is it right?"),
        "days": _("{figures} on days outside of the activity: {lines}. They are taken out of the record. Is it right?"),
        "cell": _("Not of this cell on that day: {lines}. It is taken out of the record. Is it right?"),
        "unit": _("{lines} is no successor of this unit. It is taken out of the record. Is it right?"),
    }
    return sentences[why].format(lines="; ".join(texts), figures=counted("{n} figure", "{n} figures", len(texts)))
