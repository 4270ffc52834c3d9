"""The limits that headquarters sets for figures and extra fields of a kind.

A value beyond a hard limit is refused; a value beyond a soft limit raises a question.
"""

from collections.abc import Collection, Iterator, Mapping

from fieldapp.domain.assistance import MEASURES, Activity, ActivityExtra, ActivityMeasure
from fieldapp.domain.dates import iso_date
from fieldapp.domain.model import Record, UsualYears
from fieldapp.i18n import _
from fieldapp.records import extras
from fieldapp.records.parts import kind_has
from fieldapp.records.soft_limits import Question, far_off_text, hard_limit_text, soft_limit_question
from fieldapp.store import wall
from fieldapp.store.store import Row, Store

USUALLY_AT_MOST: Mapping[str, int] = {
    "households": 1_000, "persons": 2_000, "turns": 5_000, "labour": 5_000,
    "cash": 20 * 10**9, "in_kind": 20 * 10**9, "service": 20 * 10**9,
}  # fmt: skip
"""Nature of a measure -> the greatest amount that is usual, where headquarters says none for the kind of activity"""


def hard_limit_violations(store: Store, record: Record, row: Record, *, new: bool) -> Iterator[tuple[str, str]]:
    """(field, sentence) for a figure beyond a hard limit, and for a new figure that the kind of activity does not have.

    Extra fields are not checked here: ``reading`` refuses them.
    """
    if (
        new
        and isinstance(record, Activity)
        and isinstance(row, ActivityMeasure)
        and not kind_has(store, Activity.CHILDREN[MEASURES], record.activity_kind_id, row.measure_id, in_use=True)
    ):
        yield "measure_id", _("This kind of activity has no such figure.")
    found = _amount(store, record, row)
    if found is not None and isinstance(row, ActivityMeasure):
        field, amount, limits = found
        sentence = hard_limit_text(amount, limits)
        if sentence is not None:
            yield field, sentence


def soft_limit_questions(store: Store, record: Record, row: Record) -> Iterator[Question]:
    """The question about a figure or an extra field of an activity that is beyond a soft limit, or far from today."""
    found = _amount(store, record, row)
    if found is not None:
        yield from soft_limit_question(*found)
    if isinstance(row, ActivityExtra) and (day := iso_date(row.value)):
        is_day = store.value("SELECT field_type = 'date' FROM kind_field WHERE id = ?", [row.kind_field_id])
        sentence = far_off_text(day, UsualYears(), wall.today()) if is_day else None
        if sentence is not None:
            yield Question("value", row.value, sentence)


def missing_extras(store: Store, record: Record, given: Collection[str]) -> Mapping[str, str]:
    """Field -> sentence for each extra field that the activity's kind needs and that was not given."""
    if not isinstance(record, Activity):
        return {}
    return {
        f"extras.{field['id']}": _("This field is needed.")
        for field in extras.fields_of_kind(store, record.activity_kind_id)
        if field["needed"] and field["id"] not in given
    }


def _amount(store: Store, record: Record, row: Record) -> tuple[str, int, Row] | None:
    """(field, amount, limits) of a row of an activity; None if it has no amount or no limits."""
    limits = None
    if isinstance(record, Activity) and isinstance(row, ActivityMeasure) and row.amount is not None:
        limits = store.row(
            "SELECT k.minimum, k.maximum, k.usual_minimum, k.usual_maximum, m.decimals, m.unit_name, m.nature"
            " FROM kind_measure k JOIN measure m ON m.id = k.measure_id"
            " WHERE k.activity_kind_id = ? AND k.measure_id = ? AND k.voided_at IS NULL ORDER BY k.position, k.id",
            [record.activity_kind_id, row.measure_id],
        )
        if limits and limits["usual_maximum"] is None and limits["nature"] in USUALLY_AT_MOST:
            limits["usual_maximum"] = USUALLY_AT_MOST[limits["nature"]] * 10 ** limits["decimals"]
        return ("amount", row.amount, limits) if limits else None
    if isinstance(row, ActivityExtra):
        limits = store.row("SELECT * FROM kind_field WHERE id = ? AND field_type = 'number'", [row.kind_field_id])
        return ("value", int(row.value), limits) if limits else None
    return None
