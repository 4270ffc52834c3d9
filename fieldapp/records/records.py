"""Records of every kind: validate, save, void, read. The screens and the command ``add`` both use this module."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from msgspec import Struct

from fieldapp.domain import lengths, rules
from fieldapp.domain.assistance import Activity, ActivityExtra
from fieldapp.domain.model import Child, Record
from fieldapp.domain.party import Member
from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import (
    asked_once,
    dated_figures,
    limits,
    parts,
    persons,
    reviews,
    search_index,
    unit_codes,
    units,
    words,
)
from fieldapp.records.duplicates import duplicate_question
from fieldapp.records.joint_references import reused_reference_question
from fieldapp.records.kinds import model_of as model_of  # noqa: PLC0414 — who asks for records asks here
from fieldapp.records.reading import ChildRow, columns_of, read_children, read_record, refused, stored_fields
from fieldapp.records.sentence_rules import sentence_problem
from fieldapp.records.soft_limits import Question, answered, future_day_questions, unanswered
from fieldapp.store import log, people, wall
from fieldapp.store.ids import FIRST_DAY, derived_id, named_id, new_id
from fieldapp.store.people import Act
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import tidy

MEMBER = "member_id"

REMOVED = "removed from the form"
"""The ``void_reason`` of a row that belonged to a record and was removed from it"""


class Found(Struct, frozen=True):
    """One record with the rows that belong to it."""

    kind: str
    row: Row
    children: dict[str, list[Row]]
    """Name as in ``Record.CHILDREN`` -> rows that are not voided"""


def save(
    store: Store,
    kind: str,
    data: Mapping[str, Any],
    row_id: str | None = None,
    *,
    confirm: bool = False,
    fresh_id: str | None = None,
    compare: bool = True,
    taken_back: bool = False,
) -> str:
    """Record a new record, or change the fields in ``data`` of an old one; returns its id.

    ``data`` maps fields to values as people or programs write them: references by id, code or name, dates as ISO or in
    a short form, amounts as integers or as text. A key of ``Record.CHILDREN`` gives *all* rows of that sort: stored
    rows that are left out are voided. A row with an ``id`` changes the stored row with this id.

    All or nothing: FieldappError.fields says what is wrong with which field. Unusual values raise NeedsConfirmation;
    with ``confirm`` they are saved, and the answer is stored with the row.
    ``fresh_id``: the id of a new record; the ids of its child rows are then computed from it and their fields
    ``Child.about``.
    ``compare``: ask about a new record that may be a duplicate.
    ``taken_back``: take the void of the old record back, and ask about it beside others as if it were new.
    """
    model = model_of(kind)
    if not model.TOP:
        raise FieldappError(_("Records of this kind are entered with the record that they belong to."))
    with store.transaction():
        scope = writable_scope(store, model)
        old = _changeable(store, kind, row_id, scope, voided=taken_back) if row_id is not None else None
        own_id = old.row["id"] if old else fresh_id or new_id(scope)
        entry = _read_entry(store, model, data, old, own_id, compare)
        _ask_questions(entry, confirm)
        if taken_back:
            _update(store, kind, own_id, {"voided_at": None, "void_reason": None})
        _write(store, entry.record, old.row if old else None, scope, own_id, entry.questions[""])
        for name, rows in entry.children.items():
            before = old.children[name] if old else []
            _write_children(store, model.CHILDREN[name], rows, before, scope, entry.questions, fresh_id)
        for part in entry.lost:
            if part.name in model.CHILDREN and part.name not in entry.children:
                _void_rows(store, model.CHILDREN[part.name].model, [row["id"] for row in part.rows])
        search_index.index_ids(store, kind, [own_id])
        return own_id


class _Undo(Exception):
    """Rolls a transaction back; nothing was wrong."""


@contextmanager
def tried(store: Store) -> Iterator[None]:
    """Within the block something is done, with all its errors; afterwards nothing has happened."""
    with suppress(_Undo), store.transaction():
        yield
        raise _Undo


def preview(
    store: Store, kind: str, data: Mapping[str, Any], *, confirm: bool = False, instead_of: str | None = None
) -> Found:
    """A new record as it would be: saved, read and rolled back in one transaction. Raises the errors of ``save``.

    ``instead_of``: a record that counts as voided meanwhile, so that rules and questions do not compare with it.
    """
    with tried(store):
        if instead_of is not None:
            _update(store, kind, instead_of, {"voided_at": wall.instant(), "void_reason": "tried"})
        return get(store, save(store, kind, data, confirm=confirm, compare=False))


class _Entry(Struct, frozen=True):
    """The given data, read and valid; nothing is written yet."""

    record: Record
    children: dict[str, list[ChildRow]]
    duplicate: str | None
    """Id of a stored record that seems to be the same"""
    confirmed: dict[str, str | None]
    """Key of a row (empty: the record's own) -> the answers stored with it"""
    questions: dict[str, list[Question]]
    shift: int
    """Days by which the first day of an activity moves"""
    lost: list[parts.Unfit]
    """Stored parts that do not fit the record any more, and go"""


def confirmed_sentences(store: Store, found: Found) -> list[str]:
    """What the person who recorded this was asked, each with the figure and the rule, and what they answered."""
    rows = {"": found.row} | {row["id"]: row for part in found.children.values() for row in part}
    answers = {row_id: row["confirmed"].split("\n") for row_id, row in rows.items() if row.get("confirmed")}
    if not answers:
        return []
    known = _questions_about(store, found)
    asked = [known.get((row_id, answer)) or _other_question(store, found.kind, answer)
             for row_id, said in answers.items() for answer in said]  # fmt: skip
    told = _("Asked: “{question}” The post answered: {answer}.")
    return [told.format(question=text, answer=yes or _("it is right")) for text, yes in dict.fromkeys(asked)]


def _questions_about(store: Store, found: Found) -> dict[tuple[str, str], tuple[str, str]]:
    """(id of the row that belongs to the record, else empty; answer) -> the question about what is stored, its yes."""
    try:
        entry = _read_entry(store, BY_KIND[found.kind], as_data(found), found, found.row["id"], compare=False)
    except FieldappError:  # it breaks a rule since a merge: nothing more is asked about it
        return {}
    told = {("", question.answer): (question.sentence, question.yes) for question in entry.questions[""]}
    for row in (row for part in entry.children.values() for row in part if row.old):
        measure = getattr(row.record, "measure_id", None)
        about = f"{words.labels(store, 'measure', [measure])[measure]}: " if measure else ""
        row_id = row.old["id"] if row.old else ""
        told |= {(row_id, q.answer): (about + q.sentence, q.yes) for q in entry.questions[row.key]}
    return told


def _other_question(store: Store, kind: str, answer: str) -> tuple[str, str]:
    """The question that was answered so, where the record is not asked about that as it stands, and its yes."""
    field, _equals, value = answer.partition("=")
    if not field and (name := words.labels(store, kind, [value]).get(value)):
        same = _("The same is recorded already: {name}. Is this another one?").format(name=name)
        return same, _("it is another person") if kind == Member.KIND else _("it is another one")
    if (comment := store.value("SELECT comment FROM review WHERE id = ?", [value])) is not None:
        return _("Headquarters sent it back: “{comment}” Is it right as it is?").format(comment=comment), ""
    title = reviews.field_title(kind, field) if field else _(BY_KIND[kind].TITLE)
    return _("{title}: something unusual. Is it right?").format(title=title), ""


def _changeable(store: Store, kind: str, row_id: str, scope: str, *, voided: bool) -> Found:
    """The stored record, if this replica may change it; ``voided``: also a voided one."""
    found = get(store, row_id)
    if found.kind != kind:
        raise FieldappError(_("This record is of another kind."))
    if found.row["voided_at"] is not None and not voided:
        raise FieldappError(_("This record was voided; it can be read, no longer changed."))
    _check_scope(found.row, scope)
    return found


def _check_scope(row: Row, scope: str) -> None:
    if "post_id" in row and row["post_id"] != scope:
        raise FieldappError(_("This record belongs to another post. Only that post changes it."))


def _read_entry(
    store: Store, model: type[Record], data: Mapping[str, Any], old: Found | None, own_id: str, compare: bool
) -> _Entry:
    """Read all given data; FieldappError with every problem of every part."""
    problems: dict[str, str] = {}
    record = None
    try:
        own = {k: v for k, v in data.items() if k not in model.CHILDREN}
        record = read_record(store, model, own, old.row if old else None)
        problems |= _rules_across_records(store, record, old) | _fixed_changed(record, old)
        problems |= persons.merge_problem(own_id, record) if isinstance(record, Member) else {}
    except FieldappError as error:
        problems |= error.fields
    parent = {"id": own_id} | (columns_of(record) if record else {})
    first_day = model.first_day()
    on = getattr(record, first_day) if record and first_day else None
    children: dict[str, list[ChildRow]] = {}
    unfit = parts.unfit_parts(store, record, old.row, old.children) if record and old else []
    other_kind = old is not None and isinstance(record, Activity) and _kind_changes(record, old)
    for name, child in model.CHILDREN.items():
        if name not in data and not other_kind:
            continue
        try:
            before = old.children[name] if old else []
            stay = [_line_data(child, row) for row in before if row["id"] not in parts.ids_of(unfit)]
            children[name] = read_children(store, name, child, data.get(name, stay), parent, before, on)
        except FieldappError as error:
            problems |= error.fields
    if record is not None and not problems:
        problems |= _rules_within_record(store, record, children, parts.ids_of(unfit), whole=old is None or other_kind)
    if problems or record is None:
        raise refused(problems)
    rows = [r for group in children.values() for r in group]
    lost = parts.lost_parts(unfit, data.keys(), {r.old["id"] for r in rows if r.old})
    record = record.changed({part.name: None for part in lost if part.why == "unit"})
    before_row = old.row if old else None
    beside_others = compare and (old is None or old.row["voided_at"] is not None)
    duplicate = duplicate_question(store, record, children, before_row) if beside_others else None
    merges = persons.merge_question(store, own_id, record, before_row) if isinstance(record, Member) else []
    questions = {"": [*future_day_questions(record, wall.today()), *merges]}
    questions[""] += [duplicate] if duplicate else reused_reference_question(store, record, before_row)
    questions[""] += _returned_questions(store, record, old, data, children)
    questions[""] += dated_figures.outside_answered(record, before_row)
    questions[""] += parts.lost_questions(store, model, lost)
    stay_unseen = old.children.get("targets", []) if old and "targets" not in data else []
    questions[""] += parts.bodies_questions(store, record, before_row, stay_unseen)
    questions[""] += units.unit_questions(store, record, _units_of_rows(children, old))
    questions[""] += asked_once.questions_about(store, record, before_row, old.children if old else {}, children)
    if old is not None and not model.REFERENCE:
        questions[""] += _unit_code_questions(store, record, old, children)
    questions |= {
        r.key: [
            *future_day_questions(r.record, wall.today()),
            *asked_once.questions_about_row(store, record, r, other_kind=other_kind),
            *parts.guest_questions(store, record, r, unfit),
        ]
        for r in rows
    }
    confirmed = {"": old.row.get("confirmed") if old else None} | {r.key: r.old and r.old["confirmed"] for r in rows}
    shift = dated_figures.shift_of(record, before_row)
    alike = next((q.value for q in (*merges, duplicate) if q), None)
    return _Entry(record, children, alike, confirmed, questions, shift, lost)


def _returned_questions(
    store: Store, record: Record, old: Found | None, data: Collection[str], children: Mapping[str, list[ChildRow]]
) -> Iterable[Question]:
    """The questions about what headquarters' comments name and the person does not change."""
    return reviews.returned_questions(store, old.row, old.children, data, record, children) if old else ()


def _kind_changes(record: Activity, old: Found) -> bool:
    return bool(record.activity_kind_id != old.row["activity_kind_id"])


def _units_of_rows(children: Mapping[str, list[ChildRow]], old: Found | None) -> list[str | None]:
    """The units of the rows that belong to a record: of those that are given, otherwise of the stored ones."""
    stored = [row.get("unit_id") for name, rows in (old.children if old else {}).items() if name not in children
              for row in rows]  # fmt: skip
    return stored + [getattr(row.record, "unit_id", None) for rows in children.values() for row in rows]


def _unit_code_questions(
    store: Store, record: Record, old: Found, children: Mapping[str, list[ChildRow]]
) -> list[Question]:
    """The questions about stored units that stay, and may have been given by a code of another unit."""
    now = columns_of(record)
    lines = []
    for name, child in record.CHILDREN.items():
        stay = {r.old["id"]: columns_of(r.record) for r in children[name] if r.old} if name in children else None
        for row in old.children[name]:
            if stay is None:
                lines.append((child, name, row))
            elif row["id"] in stay:
                lines.append((child, name, {**row, **stay[row["id"]]}))
    return unit_codes.code_questions(store, type(record), {**old.row, **now}, lines)


def _ask_questions(entry: _Entry, confirm: bool) -> None:
    """Raise NeedsConfirmation with the questions that were not answered yet, unless ``confirm``."""
    asked: dict[str, str] = {}
    for key, questions in entry.questions.items():
        for q in unanswered(questions, entry.confirmed[key]):
            field = f"{key}.{q.field}".lstrip(".")
            asked[field] = f"{asked[field]} {q.sentence}" if field in asked else q.sentence
    if asked and not confirm:
        listed = " ".join(asked.values())
        raise NeedsConfirmation(_("Not saved yet. {questions}").format(questions=listed), asked, entry.duplicate,
                                entry.shift if any(part.why == "days" for part in entry.lost) else 0,
                                loses=bool(entry.lost))  # fmt: skip


def _fixed_changed(record: Record, old: Found | None) -> dict[str, str]:
    """Field -> sentence for each changed field by which past figures count."""
    sentence = _("Past figures count by this. Retire this record, and add another one.")
    now = columns_of(record)
    return {field: sentence for field in record.FIXED if old and now[field] != old.row[field]}


def _rules_across_records(store: Store, record: Record, old: Found | None) -> dict[str, str]:
    """Field -> sentence for each rule that the record breaks together with another record; the sentence names it."""
    kind, own_id = record.KIND, old.row["id"] if old else None
    problems = sentence_problem(store, record)
    for field, message, other in rules.across(record, _comparable_rows(store, record, own_id)):
        problems[field] = _(message).format(other=words.labels(store, kind, [other["id"]])[other["id"]])
    return problems


def _comparable_rows(store: Store, record: Record, own_id: str | None) -> list[Row]:
    """The stored rows that the rules compare the record with: equal in the fields of ``rules.compared_by``.

    Two members that were merged are equal.
    """
    fields = rules.compared_by(type(record))
    if not fields:
        return []
    columns = columns_of(record)
    if MEMBER in fields:
        columns[MEMBER] = persons.with_all_records(store, [columns[MEMBER]])
    among = "IN (SELECT value FROM json_each(?))"
    same = " AND ".join(f"{field} {among if field == MEMBER else 'IS ?'}" for field in fields)
    return store.rows(
        f"SELECT * FROM {record.KIND} WHERE {same} AND voided_at IS NULL AND id IS NOT ? ORDER BY id",
        [*(json.dumps(columns[f]) if f == MEMBER else columns[f] for f in fields), own_id],
    )


def _rules_within_record(
    store: Store, record: Record, children: Mapping[str, list[ChildRow]], unfit: Collection[str], *, whole: bool
) -> dict[str, str]:
    """Field -> sentence for each rule that the record and its rows break together.

    ``unfit``: ids of stored rows that do not fit the record any more: given again, they are refused like new ones.
    ``whole``: all its rows are here.
    """
    rows = [r for group in children.values() for r in group]
    problems = {
        r.key: _(message)
        for r in rows
        if (message := rules.within(record, r.record, [o.record for o in rows], stored=_fits(r, unfit)))
    }
    for r in rows:
        broken_limits = limits.hard_limit_violations(store, record, r.record, new=not _fits(r, unfit))
        problems |= {f"{r.key}.{field}": sentence for field, sentence in broken_limits}
    if whole or "extras" in children:
        given = {r.record.kind_field_id for r in rows if isinstance(r.record, ActivityExtra)}
        problems |= limits.missing_extras(store, record, given)
    return problems


def _fits(row: ChildRow, unfit: Collection[str]) -> bool:
    """Whether a row is stored already, and still fits its record."""
    return row.old is not None and row.old["id"] not in unfit


def void(store: Store, row_id: str, reason: str) -> None:
    """Take a record out of every list and figure. It is never deleted, and the reason is stored with it."""
    text = tidy(reason)
    if not text:
        raise FieldappError(_("Say why the record is voided."), {"reason": _("Say why the record is voided.")})
    if len(text) > lengths.LONG:
        sentence = _("Too long: at most {n} characters.").format(n=lengths.LONG)
        raise FieldappError(sentence, {"reason": sentence})
    with store.transaction():
        found = get(store, row_id)
        if found.row["voided_at"] is not None:
            raise FieldappError(_("This record was voided already."))
        if found.row["created_by"] != store.user:
            people.check(store, Act.VOID_OTHERS)
        _check_scope(found.row, writable_scope(store, BY_KIND[found.kind]))
        _update(store, found.kind, row_id, {"voided_at": wall.instant(), "void_reason": text})


def take_back(store: Store, row_id: str, *, confirm: bool = False) -> None:
    """Take the void of a record back: it counts again, with its lines. A change like any other.

    It is checked as when it is saved: FieldappError where it would break a rule together with another record now, and
    NeedsConfirmation with what is unusual about it, also where another record seems to be the same; with ``confirm`` it
    is taken back, and the answer is stored with it. The history keeps the void with its reason.
    """
    with store.transaction():
        found = get(store, row_id)
        model = BY_KIND[found.kind]
        if not model.TOP:
            raise FieldappError(_("Records of this kind are entered with the record that they belong to."))
        if found.row["voided_at"] is None:
            raise FieldappError(_("This record is not voided."))
        scope = writable_scope(store, model)
        _check_scope(found.row, scope)
        if {found.row["created_by"], _voided_by(store, row_id)} != {store.user}:
            people.check(store, Act.VOID_OTHERS)
        try:
            save(store, found.kind, {}, row_id, confirm=confirm, taken_back=True)
        except NeedsConfirmation as error:
            sentence = _("Not taken back yet. {questions}").format(questions=" ".join(error.fields.values()))
            raise NeedsConfirmation(sentence, error.fields) from None
        except FieldappError as error:
            sentence = _("Not taken back, it stays voided. {problems}")
            problems = " ".join(error.fields.values()) or str(error)
            raise FieldappError(sentence.format(problems=problems), error.fields) from None


def questions_when_taken_back(store: Store, row_id: str) -> list[str]:
    """What ``take_back`` would ask about; raises its errors, and changes nothing."""
    try:
        with tried(store):
            take_back(store, row_id)
    except NeedsConfirmation as asked:
        return [*asked.fields.values()]
    return []


def _voided_by(store: Store, row_id: str) -> str | None:
    """Who voided a record."""
    voids = [c for c in log.changes_of_rows(store, [row_id])[row_id] if "voided_at" in c.cols]
    return max(voids, key=lambda c: (c.hlc, c.log_id)).actor if voids else None


@contextmanager
def as_if(store: Store, kind: str, ids: Collection[str], *, voided: bool) -> Iterator[None]:
    """Within the block some records are voided, or not; afterwards nothing has happened."""
    with tried(store):
        store.db.execute(
            f"UPDATE {kind} SET voided_at = ? WHERE id IN (SELECT value FROM json_each(?))",
            [wall.instant() if voided else None, json.dumps([*ids])],
        )
        yield


def writable_scope(store: Store, model: type[Record]) -> str:
    """The scope in which this replica writes records of the model; FieldappError if it may not write them."""
    identity = store.identity
    if model.REFERENCE:
        if identity.role != "hq":
            raise FieldappError(_("Only headquarters changes this list; it reaches the posts with the next reply."))
        return "*"
    if identity.post_id is None:
        raise FieldappError(_("Headquarters does not record activities: the posts do."))
    return identity.post_id


def writable(store: Store, model: type[Record]) -> bool:
    """Whether this replica's people enter records of the model by themselves."""
    return not store.read_only and model.TOP and (store.role == "hq") == model.REFERENCE


def _write(store: Store, record: Record, old: Row | None, scope: str, row_id: str, questions: list[Question]) -> None:
    values = columns_of(record)
    if not record.REFERENCE:
        values["confirmed"] = answered(questions)
    if old is not None:
        changed = {k: v for k, v in values.items() if v != old[k]}
        if changed:
            _update(store, record.KIND, row_id, changed)
        return
    full = {"id": row_id, "created_at": wall.instant(), "created_by": store.user, **values}
    if not record.REFERENCE:
        full["post_id"] = scope
    names = ", ".join(full)
    store.db.execute(f"INSERT INTO {record.KIND} ({names}) VALUES ({', '.join('?' * len(full))})", list(full.values()))


def _update(store: Store, kind: str, row_id: str, values: Mapping[str, Any]) -> None:
    sets = ", ".join(f"{name} = ?" for name in values)
    store.db.execute(f"UPDATE {kind} SET {sets} WHERE id = ?", [*values.values(), row_id])


def _write_children(
    store: Store,
    child: Child,
    rows: Sequence[ChildRow],
    old: Sequence[Row],
    scope: str,
    questions: Mapping[str, list[Question]],
    fresh_id: str | None,
) -> None:
    """Write the given rows of one sort, and void the other stored rows of that sort."""
    kept = set()
    for row in rows:
        row_id = row.old["id"] if row.old else _child_id(child, row.record, fresh_id, scope)
        kept.add(row_id)
        _write(store, row.record, row.old, scope, row_id, questions[row.key])
    _void_rows(store, child.model, [row["id"] for row in old if row["id"] not in kept])
    if child.model.REFERRED:
        search_index.index_ids(store, child.model.KIND, [*kept])


def _void_rows(store: Store, model: type[Record], ids: Sequence[str]) -> None:
    for row_id in ids:
        _update(store, model.KIND, row_id, {"voided_at": wall.instant(), "void_reason": REMOVED})


def _child_id(child: Child, record: Record, fresh_id: str | None, scope: str) -> str:
    """The id of a new row; computed if the id of its record was given (``fresh_id``)."""
    if fresh_id is None:
        return new_id(scope)
    about = columns_of(record)
    computed = derived_id(child.model.KIND, FIRST_DAY, fresh_id, *(str(about[field]) for field in child.about))
    return named_id(computed, scope)


def get(store: Store, row_id: str) -> Found:
    """The record of any kind with this id; FieldappError if there is none."""
    for kind, model in BY_KIND.items():
        row = store.row(f"SELECT * FROM {kind} WHERE id = ?", [row_id])
        if row is not None:
            children = {
                name: store.rows(
                    f"SELECT * FROM {c.model.KIND} WHERE {c.parent} = ? AND voided_at IS NULL ORDER BY id", [row_id]
                )
                for name, c in model.CHILDREN.items()
            }
            return Found(kind, row, children)
    raise FieldappError(_("There is no record with the id {id}.").format(id=tidy(row_id)))


def as_data(found: Found) -> dict[str, Any]:
    """A record in the form that ``save`` takes, with ids for references.

    Child rows that other records refer to have their own ``id``.
    """
    model = BY_KIND[found.kind]
    data = stored_fields(model, found.row)
    for name, child in model.CHILDREN.items():
        data[name] = [_line_data(child, row) for row in found.children[name]]
    return data


def _line_data(child: Child, row: Row) -> dict[str, Any]:
    """A row that belongs to a record, in the form that ``save`` takes."""
    own = {k: v for k, v in stored_fields(child.model, row).items() if k != child.parent and v is not None}
    return own | ({"id": row["id"]} if child.model.REFERRED else {})
