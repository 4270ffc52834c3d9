"""Joint references that a post uses again: a number of the plan, or one thing recorded twice? Entry asks (rule 5)."""

from collections.abc import Iterator
from datetime import date, timedelta

from fieldapp.domain.assistance import Activity
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record
from fieldapp.i18n import _
from fieldapp.records.soft_limits import Question, unanswered
from fieldapp.records.words import labels
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key

NEXT_DAY = timedelta(days=1)


def reused_reference_question(store: Store, record: Record, old: Row | None) -> Iterator[Question]:
    """The question about a joint reference that the post has in another record of the kind.

    ``old``: the stored row that the record changes. What was recorded before the program asked is asked about when its
    reference, kind or days change.
    """
    if not isinstance(record, Activity) or not search_key(record.joint_reference or ""):
        return
    about: dict[str, str | None] = {
        "joint_reference": record.joint_reference,
        "activity_kind_id": record.activity_kind_id,
        "date_from": record.date_from.isoformat(),
        "date_to": record.date_to.isoformat() if record.date_to else None,
    }
    others = _others(store, record, old)
    if not others:
        return
    first, last = record.date_from, record.date_to or record.date_from
    touching = [o for o in others if _first(o) <= last + NEXT_DAY and first <= _last(o) + NEXT_DAY]
    other = touching[0] if touching else min(others, key=lambda o: (abs(_first(o) - first), o["id"]))
    sentence = (
        _("{reference}: the post has recorded it already ({other}, {day}); both count. Is this another part of it?")
        if touching
        else _("{reference}: the post has used this code already ({other}, {day}). Is this another activity?")
    ).format(
        reference=record.joint_reference,
        other=labels(store, record.KIND, [other["id"]])[other["id"]],
        day=format_date(_first(other)),
    )
    yes = _("it is another part") if touching else _("it is another activity")
    value = " ".join(filter(None, [*about.values(), "touching" if touching else None]))
    question = Question("joint_reference", value, sentence, yes)
    unchanged = old is not None and all(old[field] == said for field, said in about.items())
    if not unchanged or not unanswered([question], old["confirmed"] if old else None):
        yield question


def _others(store: Store, record: Activity, old: Row | None) -> list[Row]:
    """The post's other records of the kind with the reference, oldest first; each spelling is compared once."""
    post = old["post_id"] if old else store.identity.post_id
    return store.rows(
        "SELECT a.id, a.date_from, a.date_to FROM activity a WHERE a.joint_reference IN (SELECT spelt FROM ("
        " SELECT DISTINCT joint_reference AS spelt FROM activity WHERE joint_reference IS NOT NULL)"
        " WHERE plain(spelt) = ?) AND a.activity_kind_id = ? AND a.post_id = ? AND a.voided_at IS NULL"
        " AND a.id IS NOT ? ORDER BY a.date_from, a.id",
        [search_key(record.joint_reference or ""), record.activity_kind_id, post, old and old["id"]],
    )


def _first(row: Row) -> date:
    return date.fromisoformat(row["date_from"])


def _last(row: Row) -> date:
    return date.fromisoformat(row["date_to"] or row["date_from"])
