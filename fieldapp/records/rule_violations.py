"""Rules that stored records break after a merge: each of two laptops kept the rule, their rows together do not.

Nothing here stops an import; a person corrects the records. Each part of the log is read only once: a local setting
says how far it was read, and which rows broke a rule then. The rows that new changes touch are compared with all stored
rows, through indexes, so a check costs only what has come since the last one. A row that broke a rule is checked again
until it is corrected.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache, partial
from heapq import nsmallest
from itertools import groupby, islice
from typing import NamedTuple

from msgspec import Struct

from fieldapp.domain import rules
from fieldapp.domain.assistance import Activity, ActivityExtra, ActivityMeasure
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Child, Record, fields_of
from fieldapp.domain.party import Attendance, Introduction, Member, MemberRating
from fieldapp.domain.records import BY_KIND, PARENTS, RECORDS
from fieldapp.domain.reference import Unit
from fieldapp.domain.review import Review
from fieldapp.i18n import _, counted
from fieldapp.records import persons, words
from fieldapp.records.dated_figures import OUTSIDE, UNASKED
from fieldapp.store import disk_errors, log
from fieldapp.store.migrations import SEGMENT_SCHEMA
from fieldapp.store.store import Row, Store

RULES = 3
"""Counts up with each new rule, so that all rows are checked once more"""

SHAPE = [SEGMENT_SCHEMA, RULES]
"""The shape of the logged tables, and the number of the rules: with other ones all rows are checked again"""

CHECKED_UNTIL = "checked"
"""Local setting: JSON with ``SHAPE``, how far each log was read, and the rows to check again. After ``SHAPE`` stand the
kinds of which all rows are checked again; the version before knows no such shape, and checks everything"""

CHECKED_KINDS = [m.KIND for m in RECORDS if m.KIND in PARENTS or m.ORDERED or rules.compared_by(m) or m is Review]
"""Kinds whose rows can break a rule"""

PERSONS_KINDS = (Introduction.KIND, MemberRating.KIND, Attendance.KIND)
"""Kinds of which two rows can break a rule because two members were merged"""

MAX_LISTED = 200
"""Most violations of one rule that are listed at once"""

AT_ONCE = 20_000
"""Changes whose rows are checked together: a file that was never checked may have millions"""

MOST = 50_000
"""Most rows of one kind that are remembered, to be checked again: their ids take 6 MB. Beyond that the whole kind is"""

_IS_OUTSIDE = f"v.activity_id = a.id AND v.voided_at IS NULL AND {OUTSIDE}"

_NOT_VOIDED = "a.id IN (SELECT value FROM json_each(?)) AND a.voided_at IS NULL"


class Violation(Struct, frozen=True):
    """A rule that stored records break."""

    kind: str
    target: str
    """The record to open; ``kind`` is its kind"""
    ids: tuple[str, ...]
    """The rows that break the rule: one, or two together"""
    post_id: str | None
    sentence: str
    """Which records, what is wrong with them and what to do"""


def violations(store: Store) -> list[Violation]:
    """Every violation of a rule, by one row or by two together; the same on every replica with the same segments.

    In the order of the models, then of the ids (the order of recording).
    """
    state = json.loads(store.setting(CHECKED_UNTIL) or "{}")
    if state.get("schema", [])[: len(SHAPE)] != SHAPE:
        state = {"schema": SHAPE, "seen": {}, "rows": {}, "moved": []}
    reached = log.reached(store)
    moved = set(state["moved"])
    first: dict[tuple[str, int], list[str]] = {}  # kind, and the place of its rule -> the first rows that break it
    again = _Again()
    known = _known(store, state["rows"], state["schema"][len(SHAPE) :])
    changes = log.changes_since(store, state["seen"])
    while True:
        changed, known_part = _next_rows(changes, moved), next(known, None)
        if not changed and known_part is None:
            break
        suspects = {} if known_part is None else {known_part[0]: {*known_part[1]}}
        for kind, ids in _touched(store, changed, moved):
            if kind in CHECKED_KINDS:
                suspects.setdefault(kind, set()).update(ids)
        for kind, ids in suspects.items():
            for place, rule in enumerate(_rules(kind, moved)):
                columns = "a.*" if rule.among else "a.id"
                rows = store.rows(f"SELECT DISTINCT {columns} {rule.rows}", [json.dumps(sorted(ids))])
                if found := {row["id"] for row in (rule.among(store, rows) if rule.among else rows)}:
                    again.add(kind, found)
                    # of so many rows, all pairs that are told are among these
                    first[(kind, place)] = nsmallest(2 * MAX_LISTED, found.union(first.get((kind, place), ())))
    told: dict[tuple[int, tuple[str, ...], str], Violation] = {}
    for (kind, place), breaking in first.items():
        rule = [*_rules(kind, moved)][place]
        described = rule.describe(store, rule.rows, json.dumps(breaking))
        told |= {(CHECKED_KINDS.index(kind), v.ids, v.sentence): v for v in described}
    if reached != state["seen"]:
        for kind, ids in log.rows_with_rejected_changes(store).items():
            if kind in CHECKED_KINDS:
                again.add(kind, ids)
        single = {kind: sorted(ids) for kind, ids in again.rows.items()}
        state = {"schema": [*SHAPE, *sorted(again.whole)], "seen": reached, "rows": single, "moved": sorted(moved)}
        with suppress(disk_errors.DiskFull), store.transaction(derived=True):  # else it is computed again
            store.set_setting(CHECKED_UNTIL, json.dumps(state))
    return [told[at] for at in sorted(told)]


class _Again:
    """The rows to check again: of a kind with more than ``MOST`` all rows, so that no memory is needed for them."""

    def __init__(self) -> None:
        self.rows: dict[str, set[str]] = {}
        self.whole: set[str] = set()

    def add(self, kind: str, ids: Collection[str]) -> None:
        """Add rows of a kind."""
        if kind not in self.whole:
            self.rows.setdefault(kind, set()).update(ids)
            if len(self.rows[kind]) > MOST:
                self.whole.add(kind)
                del self.rows[kind]


def _known(
    store: Store, rows: Mapping[str, Sequence[str]], whole: Collection[str]
) -> Iterator[tuple[str, Sequence[str]]]:
    """The rows that are checked again, in parts of ``AT_ONCE``: (kind, ids)."""
    for kind, ids in rows.items():
        yield from ((kind, ids[at : at + AT_ONCE]) for at in range(0, len(ids), AT_ONCE))
    for kind in whole:
        last = ""
        while part := store.rows(f"SELECT id FROM {kind} WHERE id > ? ORDER BY id LIMIT {AT_ONCE}", [last]):
            last = part[-1]["id"]
            yield kind, [row["id"] for row in part]


def _next_rows(changes: Iterator[log.Change], moved: set[str]) -> dict[str, set[str]]:
    """Kind -> ids of the rows that the next changes touch; adds to ``moved``."""
    changed: dict[str, set[str]] = {}
    for change in islice(changes, AT_ONCE):
        changed.setdefault(change.table, set()).add(change.row_id)
        if change.table == "meeting" and "created_at" not in change.cols and change.cols.keys() & _of_meeting():
            moved.add(change.row_id)
    return changed


@cache
def _of_meeting() -> frozenset[str]:
    """The columns of a meeting on which its attendance depends."""
    from fieldapp.records import parts

    return frozenset(parts.DEPENDS["cell"])


def _touched(store: Store, changed: Mapping[str, set[str]], moved: Collection[str]) -> Iterator[tuple[str, set[str]]]:
    """The rows that new changes touch, and those that may break a rule now because of them: kind -> ids.

    ``moved``: the meetings that had another cell or day before.
    """

    def ids_of(sql: str, ids: Collection[str]) -> set[str]:
        return {row["id"] for row in store.rows(sql, [json.dumps(sorted(ids))])}

    yield from changed.items()
    among = "IN (SELECT value FROM json_each(?))"
    if "activity_measure" in changed:
        dated = f"SELECT DISTINCT activity_id AS id FROM activity_measure WHERE measured_on IS NOT NULL AND id {among}"
        yield "activity", ids_of(dated, changed["activity_measure"])
    for part in (ActivityMeasure, ActivityExtra):
        if "activity" in changed:
            yield part.KIND, ids_of(f"SELECT id FROM {part.KIND} WHERE activity_id {among}", changed["activity"])
    if moved and changed.keys() & {"meeting", "attendance", "member", "introduction"}:
        yield "attendance", ids_of(f"SELECT id FROM attendance WHERE meeting_id {among}", moved)
    if Member.KIND in changed:
        yield from persons.rows_about(store, PERSONS_KINDS, changed[Member.KIND]).items()
    if "unit_succession" in changed:
        yield "activity", {row["id"] for row in store.rows("SELECT id FROM activity WHERE unit_now_id IS NOT NULL")}


class _Rule(NamedTuple):
    """One rule for the rows of one kind."""

    rows: str
    """SQL from FROM on: the rows ``a`` of a JSON list of ids that break the rule; if two rows break it together, the
    other one is ``b``"""
    describe: Callable[[Store, str, str], Iterator[Violation]]
    """Takes a store, ``rows`` and the list of ids; gives the first ``MAX_LISTED`` violations"""
    among: Callable[[Store, Sequence[Row]], Sequence[Row]] | None = None
    """Of the rows that SQL finds, those that break the rule"""


def _rules(kind: str, moved: Collection[str]) -> Iterator[_Rule]:
    """Each rule that rows of a kind can break. ``moved``: the meetings that had another cell or day before."""
    from fieldapp.records import parts

    model = BY_KIND[kind]
    for first, last in model.ORDERED:
        yield _Rule(_single_row_rules(model, f"a.{last} < a.{first}"), partial(_wrong_order, model, first, last))
    if model.UNIQUE:
        yield _Rule(_pair_rules(model, model.UNIQUE), partial(_duplicates, model))
        if kind in PERSONS_KINDS:
            yield _Rule(
                _person_rules(model, [f for f in model.UNIQUE if f != "member_id"]), partial(_duplicates, model)
            )
    elif model in rules.ONE_AT_A_TIME:  # ``rules.overlap``, in SQL
        fields, ((first, last), *_more) = rules.ONE_AT_A_TIME[model], model.ORDERED
        overlap = " AND ".join(f"a.{f} IS NOT NULL" for f in fields)
        for one, other in ("ab", "ba"):
            overlap += f" AND coalesce({one}.{first}, '') <= coalesce({other}.{last}, '9999')"
        yield _Rule(_pair_rules(model, fields, overlap), _same_codes if model is Unit else _overlapping)
        if kind in PERSONS_KINDS:
            yield _Rule(_person_rules(model, (), overlap), _overlapping)
    if kind in PARENTS:  # ``rules.within``
        parent, child = PARENTS[kind]
        about, wrong = child.about, f"EXISTS (SELECT 1 FROM {parent.KIND} p WHERE p.id = a.{child.parent}"
        wrong += " AND p.voided_at IS NULL)"
        if child.editor == "measures":
            about = ("measure_id",)
            wrong += " AND (a.measured_on IS b.measured_on OR a.measured_on IS NULL OR b.measured_on IS NULL)"
        yield _Rule(_pair_rules(child.model, (child.parent, *about), wrong), partial(_child_rules, parent, child))
        if kind in PERSONS_KINDS:  # two that say the same are no question: one of them counts
            differ = f"{wrong} AND a.status <> b.status"
            yield _Rule(_person_rules(child.model, (child.parent,), differ), partial(_child_rules, parent, child))
    if model is Activity:
        outside = f"EXISTS (SELECT 1 FROM activity_measure v WHERE {_IS_OUTSIDE})"
        yield _Rule(_single_row_rules(model, f"{UNASKED} AND {outside}"), _outside)
        yield _Rule(_single_row_rules(model, "a.unit_now_id IS NOT NULL"), _no_successor, parts.stale_successors)
    if model in parts.BELONGS:
        parent, child = PARENTS[kind]
        why, fits = parts.BELONGS[model]
        lacks = f"EXISTS (SELECT 1 FROM {parent.KIND} r WHERE r.id = a.{child.parent} AND r.voided_at IS NULL"
        rows = _single_row_rules(model, f"{lacks} AND NOT {fits('a', 'r')})")
        if why == "cell":
            yield _Rule(rows, _of_another_cell, partial(_misplaced, moved))
        else:
            yield _Rule(rows, partial(_of_no_such_kind, child))
    if model is Review:
        apart = "a.outcome <> b.outcome AND NOT EXISTS (SELECT 1 FROM review n WHERE n.replaces IN (a.id, b.id))"
        apart += " AND coalesce(CASE WHEN a.id > b.id THEN a.replaces ELSE b.replaces END, '') < min(a.id, b.id)"
        yield _Rule(_pair_rules(model, ("record_id", "seen"), apart), _opposed_reviews)


def _single_row_rules(model: type[Record], wrong: str) -> str:
    """SQL from FROM on: rows that are not voided and for which the condition ``wrong`` is true."""
    return f"FROM {model.KIND} a WHERE {_NOT_VOIDED} AND {wrong}"


def _pair_rules(model: type[Record], fields: Sequence[str], wrong: str = "1") -> str:
    """SQL from FROM on: pairs of rows of one scope with the same values in ``fields``, and ``wrong`` true for the pair.

    Voided rows are left out.
    """
    same = " AND ".join(f"b.{f} IS a.{f}" for f in (fields if model.REFERENCE else (*fields, "post_id")))
    both = f"{model.KIND} a JOIN {model.KIND} b ON {same} AND b.id <> a.id AND b.voided_at IS NULL"
    return f"FROM {both} WHERE {_NOT_VOIDED} AND {wrong}"


def _person_rules(model: type[Record], fields: Sequence[str], wrong: str = "1") -> str:
    """SQL from FROM on: the same for pairs of rows about two members who are one person."""
    same = " AND ".join(f"b.{f} IS a.{f}" for f in ("post_id", *fields))
    both = f"{model.KIND} a JOIN same_person s ON s.one_id = a.member_id JOIN {model.KIND} b ON {same}"
    both += " AND b.member_id = s.other_id AND b.voided_at IS NULL"
    return f"FROM {both} WHERE {_NOT_VOIDED} AND {wrong}"


def _wrong_order(
    model: type[Record], first: str, last: str, store: Store, breaking: str, among: str
) -> Iterator[Violation]:
    """The field ``last`` is a day before the field ``first``."""
    rows = store.rows(f"SELECT a.* {breaking} ORDER BY a.id LIMIT {MAX_LISTED}", [among])
    named = words.labels(store, model.KIND, [row["id"] for row in rows])
    titles = {shape.name: _(shape.title) for shape in fields_of(model)}
    for row in rows:
        sentence = _("{record}: “{last}” ({end}) is before “{first}” ({beginning}). Correct one of them.").format(
            record=named[row["id"]],
            last=titles[last],
            end=_day(row[last]),
            first=titles[first],
            beginning=_day(row[first]),
        )
        yield Violation(model.KIND, row["id"], (row["id"],), row.get("post_id"), sentence)


def _outside(store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """An activity has figures with days outside of it, and nobody was asked about that."""
    number = f"(SELECT count(*) FROM activity_measure v WHERE {_IS_OUTSIDE}) AS n"
    rows = store.rows(f"SELECT a.*, {number} {breaking} ORDER BY a.id LIMIT {MAX_LISTED}", [among])
    named = words.labels(store, Activity.KIND, [row["id"] for row in rows])
    for row in rows:
        sentence = _("{record} ({period}): {figures} on days outside of it. Correct its days or those of the figures.")
        text = sentence.format(
            record=named[row["id"]],
            period=_period({**row, "date_to": row["date_to"] or row["date_from"]}),
            figures=counted("{n} figure", "{n} figures", row["n"]),
        )
        yield Violation(Activity.KIND, row["id"], (row["id"],), row["post_id"], text)


def _duplicates(model: type[Record], store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two records with the same values in the fields that must be unique."""
    for first, second, named in _pairs(store, model, breaking, among):
        sentence = _("{what} twice: {name}, by {first} and by {second}. Void one of them.").format(
            what=_(model.TITLE), name=named[first["id"]], first=_origin(first), second=_origin(second)
        )
        yield Violation(model.KIND, first["id"], (first["id"], second["id"]), first.get("post_id"), sentence)


def _overlapping(store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two introductions of a member in force on the same day, where only one may be."""
    for first, second, named in _pairs(store, Introduction, breaking, among):
        sentence = _("At one time: {first} and {second}. End one of them, or void the one that is wrong.").format(
            first=f"{named[first['id']]} ({_period(first)})", second=f"{named[second['id']]} ({_period(second)})"
        )
        yield Violation(Introduction.KIND, first["id"], (first["id"], second["id"]), first["post_id"], sentence)


def _same_codes(store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two units in force on the same day with one code."""
    for first, second, named in _pairs(store, Unit, breaking, among):
        sentence = _(
            "Code {code} stands for two units at one time: {first}, and {second}. End one of them, give it another code"
            " or retire it."
        ).format(
            code=first["code"],
            first=f"{named[first['id']]} ({_origin(first)})",
            second=f"{named[second['id']]} ({_origin(second)})",
        )
        yield Violation(Unit.KIND, first["id"], (first["id"], second["id"]), None, sentence)


def _child_rules(model: type[Record], child: Child, store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two rows of one record about the same thing, or a figure as a whole beside its parts."""
    from fieldapp.records import view

    pairs = _pairs(store, child.model, breaking, among)
    parents = words.labels(store, model.KIND, {first[child.parent] for first, _second, _named in pairs})
    twice = _("{record}: {what} twice, {first} and {second}. Open it and keep one of them.")
    parts = _("{record}: {what} as a whole beside its parts, {first} and {second}. Open it and keep one of them.")
    for first, second, _named in pairs:
        parent = first[child.parent]
        sentence = twice if first.get("measured_on") == second.get("measured_on") else parts
        text = sentence.format(
            record=parents[parent],
            what=_(child.model.TITLE),
            first=f"{view.child_text(store, child, first)} ({_origin(first)})",
            second=f"{view.child_text(store, child, second)} ({_origin(second)})",
        )
        yield Violation(model.KIND, parent, (first["id"], second["id"]), first["post_id"], text)


def _of_no_such_kind(child: Child, store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """A figure or field that the activity's kind has never had: the kind was changed, here or on another laptop."""
    from fieldapp.records import view

    rows = store.rows(f"SELECT a.* {breaking} ORDER BY a.id LIMIT {MAX_LISTED}", [among])
    parents = words.labels(store, "activity", {row["activity_id"] for row in rows})
    sentence = (
        _("{record}: this kind of activity has no figure such as {figure}. Correct the kind, or take it out.")
        if child.model is ActivityMeasure
        else _("{record}: this kind of activity has no field such as {figure}. Correct the kind, or take it out.")
    )
    for row in rows:
        text = sentence.format(record=parents[row["activity_id"]], figure=view.child_text(store, child, row))
        yield Violation("activity", row["activity_id"], (row["id"],), row["post_id"], text)


def _misplaced(moved: Collection[str], store: Store, rows: Sequence[Row]) -> list[Row]:
    from fieldapp.records import parts

    rows = [row for row in rows if row["meeting_id"] in moved]
    ids = json.dumps(sorted({row["meeting_id"] for row in rows}))
    meetings = store.rows(
        "SELECT id, party_cell_id, held_on FROM meeting WHERE id IN (SELECT value FROM json_each(?))", [ids]
    )
    return parts.misplaced_attendance(store, rows, {row["id"]: row for row in meetings})


def _of_another_cell(store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Attendance of people of the cell, or on the day, that the meeting had before."""
    rows = store.rows(f"SELECT a.* {breaking} ORDER BY a.meeting_id, a.id LIMIT {MAX_LISTED}", [among])
    meetings = words.labels(store, "meeting", {row["meeting_id"] for row in rows})
    members = words.labels(store, "member", {row["member_id"] for row in rows}, short=True)
    for meeting, of_it in groupby(rows, key=lambda row: row["meeting_id"]):
        lines = list(of_it)
        sentence = _(
            "{record}: {members} are not of this cell on that day. Correct the cell or the day, or take them out."
        ).format(record=meetings[meeting], members=", ".join(members[row["member_id"]] for row in lines))
        yield Violation("meeting", meeting, tuple(row["id"] for row in lines), lines[0]["post_id"], sentence)


def _no_successor(store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """The successor that an activity names is none of its unit: the unit was changed, here or on another laptop."""
    rows = store.rows(f"SELECT a.* {breaking} ORDER BY a.id LIMIT {MAX_LISTED}", [among])
    named = words.labels(store, "activity", [row["id"] for row in rows])
    heirs = words.labels(store, "unit", {row["unit_now_id"] for row in rows})
    for row in rows:
        sentence = _("{record}: {unit} is no successor of its unit. Correct the unit, or choose its successor again.")
        text = sentence.format(record=named[row["id"]], unit=heirs[row["unit_now_id"]])
        yield Violation("activity", row["id"], (row["id"],), row["post_id"], text)


def _opposed_reviews(store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two officers decided differently about the same state of a record, without knowing of each other."""
    for first, second, _named in _pairs(store, Review, breaking, among):
        returned, accepted = sorted((first, second), key=lambda row: row["outcome"] == "accepted")
        kind, record = first["record_kind"], first["record_id"]
        if kind in BY_KIND and (label := words.labels(store, kind, [record]).get(record)):
            sentence = _(
                "{record}: returned by {a} (“{comment}”) and accepted by {b}, who did not know of each other."
                " Headquarters looks at it again."
            ).format(record=label, a=returned["created_by"], comment=returned["comment"], b=accepted["created_by"])
            yield Violation(kind, record, (first["id"], second["id"]), first["post_id"], sentence)


def _pairs(store: Store, model: type[Record], breaking: str, among: str) -> list[tuple[Row, Row, Mapping[str, str]]]:
    """The pairs of rows that break a rule together: (older row, newer row, labels of the rows of all pairs)."""
    kind = model.KIND
    pairs = store.rows(
        f"SELECT DISTINCT min(a.id, b.id) AS first, max(a.id, b.id) AS second {breaking}"
        f" ORDER BY 1, 2 LIMIT {MAX_LISTED}",
        [among],
    )
    ids = sorted({pair[side] for pair in pairs for side in ("first", "second")})
    rows = {
        row["id"]: row
        for row in store.rows(f"SELECT * FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)])
    }
    named = words.labels(store, kind, ids)
    return [(rows[pair["first"]], rows[pair["second"]], named) for pair in pairs]


def _period(row: Row) -> str:
    return f"{_day(row['date_from'])} – {_day(row['date_to']) if row['date_to'] else '…'}"


def _origin(row: Row) -> str:
    """Who recorded a row, and when: this distinguishes two records with the same content."""
    return f"{row['created_by']}, {words.local_instant(row['created_at'])}"


def _day(text: str) -> str:
    return format_date(date.fromisoformat(text))
