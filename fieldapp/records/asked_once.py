"""What is unusual about a new or changed record, by itself or beside others: the person is asked once.

Nothing is asked about what stands already and is not touched: it was recorded before the program asked, or it came from
another laptop. ``soft_limits`` has the questions about single values, ``limits`` those about figures, ``duplicates``
those about two records of one thing.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from fieldapp.domain.assistance import MEASURES, Activity
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record
from fieldapp.domain.party import Meeting, Member
from fieldapp.domain.reference import KindField, Measure
from fieldapp.i18n import _, counted
from fieldapp.records import limits, lists, persons, units
from fieldapp.records.reading import ChildRow, columns_of
from fieldapp.records.soft_limits import Question, raised_now, unusual_value_questions
from fieldapp.records.words import labels
from fieldapp.store import wall
from fieldapp.store.store import Row, Store

MAX_NAMED = 3
"""Most names in a question"""

ROLL_CALL = "attendance"


def questions_about(
    store: Store, record: Record, old: Row | None, stored: Mapping[str, list[Row]], given: Mapping[str, list[ChildRow]]
) -> Iterator[Question]:
    """The questions about a record that is saved with the rows ``given``, where it has the rows ``stored`` so far."""
    yield from _value_questions(record, old)
    if isinstance(record, Activity):
        yield from _no_figure(store, record, old, stored, given)
        yield from _no_successor(store, record, old)
    if isinstance(record, Meeting):
        yield from _roll_call(store, record, old, stored, given)
        yield from _second_meeting(store, record, old)
    if isinstance(record, Measure | KindField):
        yield from _another_unit(store, record, old)


def questions_about_row(store: Store, record: Record, row: ChildRow, *, other_kind: bool) -> Iterator[Question]:
    """The questions about a row that belongs to a record. ``other_kind``: the record's kind is another one now."""
    yield from _value_questions(row.record, row.old)
    for question in limits.soft_limit_questions(store, record, row.record):
        changed = other_kind or row.old is None or row.old[question.field] != columns_of(row.record)[question.field]
        yield from raised_now([question], row.old, changed=changed)


def _value_questions(record: Record, old: Row | None) -> Iterator[Question]:
    columns = columns_of(record)
    for question in unusual_value_questions(record, wall.today()):
        changed = old is None or old[question.field] != columns[question.field]
        yield from raised_now([question], old, changed=changed)


def _another_unit(store: Store, record: Measure | KindField, old: Row | None) -> Iterator[Question]:
    """Whether the unit of amounts that are stored only has another name: their numbers stay."""
    if old is None or not old["unit_name"] or old["unit_name"] == record.unit_name:
        return
    amounts = (
        "activity_measure WHERE measure_id" if isinstance(record, Measure) else "activity_extra WHERE kind_field_id"
    )
    if store.value(f"SELECT 1 FROM {amounts} = ? LIMIT 1", [old["id"]]) is not None:
        sentence = _("What is recorded in “{old}” so far will be read in “{new}”, with the same numbers. Is that only"
                     " another name for the same unit?")  # fmt: skip
        new = record.unit_name or ""
        yield Question("unit_name", new, sentence.format(old=old["unit_name"], new=new))


def _no_figure(
    store: Store,
    record: Activity,
    old: Row | None,
    stored: Mapping[str, list[Row]],
    given: Mapping[str, list[ChildRow]],
) -> list[Question]:
    """An activity of a kind that has figures, without any."""
    before = stored.get(MEASURES, [])
    if given.get(MEASURES, before):
        return []
    names = [measure["name"] for measure in lists.measures_of(store, record.activity_kind_id)]
    if not names:
        return []
    sentence = _("No figure is given ({figures}). Is it right?").format(figures=_some(names))
    same = not before and old is not None and old["activity_kind_id"] == record.activity_kind_id
    return raised_now([Question(MEASURES, "none", sentence)], old, changed=not same)


def _no_successor(store: Store, record: Activity, old: Row | None) -> list[Question]:
    """A unit whose people live in several units of today, and the record does not say in which it was."""
    if record.unit_now_id is not None or units.people_went(store, record.unit_id):
        return []
    after = lists.successors(store, record.unit_id)
    if len(after) < 2:
        return []
    sentence = _("{unit} was divided: {units}. In which of them was it? Leave it open?").format(
        unit=labels(store, "unit", [record.unit_id])[record.unit_id], units=_some([name for _id, name in after])
    )
    question = Question("unit_now_id", f"{record.unit_id} none", sentence)
    same = old is not None and (old["unit_id"], old["unit_now_id"]) == (record.unit_id, None)
    return raised_now([question], old, changed=not same)


def _roll_call(
    store: Store, record: Meeting, old: Row | None, stored: Mapping[str, list[Row]], given: Mapping[str, list[ChildRow]]
) -> list[Question]:
    """Members of the cell on the day of the meeting who are not marked."""
    members = {row["id"]: row["full_name"] for row in lists.roster(store, record.party_cell_id, record.held_on)}
    before = _persons(store, [row["member_id"] for row in stored.get(ROLL_CALL, [])])
    called = [columns_of(r.record)["member_id"] for r in given.get(ROLL_CALL, [])]
    now = _persons(store, called) if ROLL_CALL in given else before
    missing = sorted(members.keys() - now)
    if not missing:
        return []
    same = old is not None and (old["party_cell_id"], old["held_on"]) == (record.party_cell_id, f"{record.held_on}")
    sentence = _("{members} not called: {names}. Is it right?").format(
        members=counted("{n} member", "{n} members", len(missing)),
        names=_some([name for member, name in members.items() if member in missing]),
    )
    changed = not same or not set(missing) <= members.keys() - before  # who is called later brings up no question
    value = hashlib.sha256(" ".join(missing).encode()).hexdigest()[:16]
    return raised_now([Question(ROLL_CALL, value, sentence)], old, changed=changed)


def _persons(store: Store, members: Sequence[str]) -> set[str]:
    return set(persons.who_stays(store, Member.KIND, members))


def _second_meeting(store: Store, record: Meeting, old: Row | None) -> list[Question]:
    """A regular meeting of a cell that had one in this month; where its void is taken back, as of a new one."""
    if record.meeting_type != "regular":
        return []
    month = f"{record.held_on:%Y-%m}"
    other = store.row(
        "SELECT id, held_on FROM meeting WHERE party_cell_id = ? AND meeting_type = 'regular' AND voided_at IS NULL"
        " AND held_on BETWEEN ? || '-01' AND ? || '-31' AND id IS NOT ? ORDER BY held_on, id",
        [record.party_cell_id, month, month, old and old["id"]],
    )
    if other is None:
        return []
    sentence = _("{cell} has had a regular meeting in this month, on {day}. Is this another one?").format(
        cell=labels(store, "party_cell", [record.party_cell_id], short=True)[record.party_cell_id],
        day=format_date(date.fromisoformat(other["held_on"])),
    )
    same = old is not None and (old["party_cell_id"], old["meeting_type"], old["held_on"][:7], old["voided_at"]) == (
        record.party_cell_id, "regular", month, None,
    )  # fmt: skip
    question = Question("held_on", f"{record.party_cell_id} {month}", sentence, _("it is another meeting"))
    return raised_now([question], old, changed=not same)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_NAMED]) + (", …" if len(names) > MAX_NAMED else "")
