"""The review queue of headquarters: the records that wait for review, and the officer's decisions."""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.review import Review, ReviewOutcome
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import history, records, reviews
from fieldapp.records.reading import columns_of, read_record
from fieldapp.records.records import Found
from fieldapp.store import people, wall
from fieldapp.store.ids import new_id
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import tidy


@dataclass(frozen=True)
class QueuedRecord:
    """A record that headquarters has not reviewed, or that was changed since its last review."""

    kind: str
    row: Row
    seen: str
    """Its fingerprint now: pass it to ``review_record``"""
    again: bool
    """Whether it was reviewed before and changed since"""


def review_queue(store: Store, kind: str, post_id: str | None = None, limit: int = 100) -> list[QueuedRecord]:
    """Records of a kind that wait for review: those changed since a review, then the others; oldest first in each."""
    rows = store.rows(
        f"SELECT r.*, l.id AS looked_at, {reviews.fingerprint_sql(kind, 'r')} AS now {reviews.waiting_sql(kind)}"
        " AND (? IS NULL OR r.post_id = ?) ORDER BY l.id IS NULL, r.id LIMIT ?",
        [post_id, post_id, limit],
    )
    return [
        QueuedRecord(
            kind, {k: v for k, v in r.items() if k not in ("looked_at", "now")}, r["now"], bool(r["looked_at"])
        )
        for r in rows
    ]


def review_record(
    store: Store, row_id: str, outcome: ReviewOutcome, *, comment: str = "", field: str = "", seen: str | None = None
) -> str:
    """Accept a post's record, or return it with a comment; returns the review's id.

    ``field``: the field, or the name of the child rows, that the comment is about. ``seen``: the fingerprint of the
    record as the officer saw it; FieldappError if the record was changed since. The review reaches the post with the
    next reply.
    """
    if store.identity.role != "hq":
        raise FieldappError(_("Only headquarters reviews records."))
    people.check(store, people.Act.REVIEW)
    with store.transaction():
        found = records.get(store, row_id)
        _check(found, tidy(field))
        current = reviews.record_fingerprint(store, found.kind, row_id)
        if seen is not None and seen != current:
            raise FieldappError(_("The record was changed since you looked at it. Look again."))
        before = reviews.last_reviews(store, found.kind, [row_id]).get(row_id)
        given = {
            "record_kind": found.kind,
            "record_id": row_id,
            "outcome": outcome,
            "field": tidy(field) or None,
            "comment": tidy(comment) or None,
            "seen": current,
            "replaces": before.id if before else None,
        }
        values = columns_of(read_record(store, Review, given))
        values |= {
            "id": new_id(found.row["post_id"]),
            "post_id": found.row["post_id"],
            "created_at": wall.instant(),
            "created_by": store.user,
        }
        names = ", ".join(values)
        store.db.execute(f"INSERT INTO review ({names}) VALUES ({', '.join('?' * len(values))})", [*values.values()])
        return str(values["id"])


def reviewable(store: Store, found: Found) -> bool:
    """Whether the record can be accepted or returned on this replica."""
    may = not store.read_only and store.role == "hq"
    return may and found.kind in reviews.REVIEWED and found.row["voided_at"] is None


def accept_all(store: Store, waiting: Sequence[QueuedRecord]) -> int:
    """Accept records that were reviewed together, all or none; returns their number."""
    with store.transaction():
        for one in waiting:
            review_record(store, one.row["id"], "accepted", seen=one.seen)
    return len(waiting)


def _check(found: Found, field: str) -> None:
    if found.kind not in reviews.REVIEWED:
        raise FieldappError(_("Only what posts record is reviewed."))
    if found.row["voided_at"] is not None:
        raise FieldappError(_("This record was voided already."))
    model = BY_KIND[found.kind]
    if field and field not in {s.name for s in fields_of(model)} | model.CHILDREN.keys():
        raise FieldappError(_("There is no field “{field}” in this kind of record.").format(field=field))


def changed_since(store: Store, found: Found) -> list[str]:
    """What was changed in a record since its last review, as lines of its history."""
    review = reviews.last_reviews(store, found.kind, [found.row["id"]]).get(found.row["id"])
    if review is None or review.state not in ("corrected", "changed"):
        return []
    reviewed = history.history(store, review.id)[0]
    later = [
        step
        for step in history.history(store, found.row["id"])
        if step.hlc > reviewed.hlc or _arrived(store, step) > review.at
    ]
    return history.history_lines(store, later)


def _arrived(store: Store, step: history.Step) -> str:
    """When the change arrived at this replica; empty for a change that was made here."""
    found = store.value(
        "SELECT s.received_at FROM local_segment s JOIN local_log g ON g.id = s.log_id AND g.own = 0"
        " WHERE s.log_id = ? AND s.first <= ? AND ? <= s.last",
        [step.log_id, step.seq, step.seq],
    )
    return found or ""
