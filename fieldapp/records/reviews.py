"""Headquarters' reviews of records, and whether a record was changed since its review.

A review stores the fingerprint of the record as the officer saw it. To find out whether the record was changed since,
compare it with the fingerprint of today. So every replica with the same rows gives the same answer, whatever its clock.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct

from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.i18n import _
from fieldapp.records.soft_limits import Question
from fieldapp.store.store import Row, Store

REVIEWED = tuple(m.KIND for m in RECORDS if m.TOP and not m.REFERENCE)
"""Kinds that posts record and headquarters reviews"""

ReviewState = Literal["accepted", "changed", "returned", "corrected"]
"""``changed``: the record was changed since it was accepted. ``corrected``: it was changed since it was returned"""


class LastReview(Struct, frozen=True):
    """The newest review of one record."""

    id: str
    kind: str
    record: str
    state: ReviewState
    field: str | None
    """The field, or the name of the child rows, that the comment is about; None: the whole record"""
    comment: str | None
    by: str
    at: str
    seen: str

    @property
    def returned(self) -> bool:
        """Whether the record was returned and not changed since."""
        return self.state == "returned"


def fingerprint_sql(kind: str, alias: str) -> str:
    """SQL for the fingerprint of a record with the rows that belong to it.

    Empty columns do not count, so that a new column in a later version does not change any fingerprint.
    """
    model = BY_KIND[kind]
    parts = [_filled(model, alias)]
    for child in model.CHILDREN.values():
        rows = (
            f"SELECT c.id || {_filled(child.model, 'c')} AS said FROM {child.model.KIND} c"
            f" WHERE c.{child.parent} = {alias}.id AND c.voided_at IS NULL ORDER BY c.id"
        )
        parts.append(f"coalesce((SELECT group_concat(said, ';') FROM ({rows})), '')")
    return f"fingerprint({' || char(10) || '.join(parts)})"


def _filled(model: type[Record], alias: str) -> str:
    fields = [shape.name for shape in fields_of(model)]
    columns = sorted(["voided_at", *fields, *([] if model.REFERENCE else ["confirmed"])])
    return " || ".join(
        f"CASE WHEN {alias}.{c} IS NULL THEN '' ELSE ',{c}:' || json_quote({alias}.{c}) END" for c in columns
    )


def record_fingerprint(store: Store, kind: str, row_id: str) -> str:
    """The fingerprint of a record as it is now."""
    found: str = store.value(f"SELECT {fingerprint_sql(kind, 'r')} FROM {kind} r WHERE r.id = ?", [row_id])
    return found


def waiting_sql(kind: str) -> str:
    """SQL from FROM on: the records ``r`` of a kind that wait for review, each with its newest review ``l``."""
    return (
        f"FROM {kind} r LEFT JOIN review l ON l.id = (SELECT n.id FROM review_latest n WHERE n.record_id = r.id)"
        f" WHERE r.voided_at IS NULL AND (l.id IS NULL OR l.seen <> {fingerprint_sql(kind, 'r')})"
    )


def waiting_counts(store: Store) -> list[tuple[str, str, int]]:
    """(post's id, kind, number of its records that wait for review), for each post and kind where some wait."""
    found = []
    for kind in REVIEWED:
        rows = store.rows(f"SELECT r.post_id, count(*) AS n {waiting_sql(kind)} GROUP BY r.post_id")
        found += [(r["post_id"], kind, r["n"]) for r in rows]
    return found


def last_reviews(store: Store, kind: str, ids: Collection[str]) -> dict[str, LastReview]:
    """Record's id -> its last review, for some records of a kind; records that were never reviewed are left out."""
    among = "l.record_id IN (SELECT value FROM json_each(?))"
    return {s.record: s for s in _last_reviews(store, kind, among, [json.dumps([*ids])])}


def returned_records(store: Store) -> list[LastReview]:
    """The last reviews of all records that were returned and not changed since, the newest review first."""
    return store.cached_until_changed("returned", lambda: _returned(store))


def _returned(store: Store) -> list[LastReview]:
    kinds = store.rows("SELECT DISTINCT record_kind AS kind FROM review WHERE outcome = 'returned' ORDER BY kind")
    found: list[LastReview] = []
    for row in kinds:
        if row["kind"] in BY_KIND:
            sent_back = "l.outcome = 'returned' AND r.voided_at IS NULL"
            found += [s for s in _last_reviews(store, row["kind"], sent_back, []) if s.returned]
    return sorted(found, key=lambda s: (s.at, s.id), reverse=True)


def _last_reviews(store: Store, kind: str, where: str, params: list[Any]) -> Iterable[LastReview]:
    for r in store.rows(
        f"SELECT l.*, {fingerprint_sql(kind, 'r')} AS now FROM review_latest l JOIN {kind} r ON r.id = l.record_id"
        f" WHERE l.record_kind = ? AND {where}",
        [kind, *params],
    ):
        unchanged = r["seen"] == r["now"]
        state: ReviewState
        if r["outcome"] == "returned":
            state = "returned" if unchanged else "corrected"
        else:
            state = "accepted" if unchanged else "changed"
        yield LastReview(
            r["id"], kind, r["record_id"], state, r["field"], r["comment"], r["created_by"], r["created_at"], r["seen"]
        )


def review_text(review: LastReview) -> str:
    """A review in one line: “Đã duyệt (Trực ban)”, “Trả lại, Số liệu: “xem lại””."""
    if review.state == "accepted":
        return _("✓ accepted ({by})").format(by=review.by)
    if review.state == "changed":
        return _("~ accepted, changed since ({by})").format(by=review.by)
    about = f" · {field_title(review.kind, review.field)}" if review.field else ""
    if review.state == "corrected":
        return _("~ returned{about}: “{comment}”; changed since").format(about=about, comment=review.comment)
    return _("↩ returned{about}: “{comment}”").format(about=about, comment=review.comment)


def field_title(kind: str, field: str) -> str:
    """The title of a field, or of the rows that belong to a record."""
    model = BY_KIND[kind]
    if field in model.CHILDREN:
        return _(model.CHILDREN[field].model.PLURAL)
    return next((_(s.title) for s in fields_of(model) if s.name == field), field)


def returned_questions(
    store: Store, old: Row | None, kind: str, given: Mapping[str, Any], now: Row
) -> Iterable[Question]:
    """The question to a person who saves a returned record without changing the field that the comment is about.

    ``given``: the fields to be saved; ``now``: the record's columns as they will be.
    """
    review = last_reviews(store, kind, [old["id"]]).get(old["id"]) if old else None
    if old is None or review is None or not review.returned:
        return
    if review.field is None:
        untouched = not given
    elif review.field in now:
        untouched = now[review.field] == old[review.field]
    else:
        untouched = review.field not in given
    if untouched:
        sentence = _("Headquarters sent it back: “{comment}” Is it right as it is?").format(comment=review.comment)
        yield Question(review.field or "", review.id, sentence)
