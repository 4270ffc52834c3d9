"""Headquarters' reviews of records, and whether a record was changed since its review.

A review stores the fingerprint of the record as the officer saw it. To find out whether the record was changed since,
compare it with the fingerprint of today. So every replica with the same rows gives the same answer, whatever its clock.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from fieldapp.domain.model import Child, Record, fields_of
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.i18n import _
from fieldapp.records import words
from fieldapp.store.store import Row, Store

if TYPE_CHECKING:
    from fieldapp.records.reading import ChildRow
    from fieldapp.records.soft_limits import Question

REVIEWED = tuple(m.KIND for m in RECORDS if m.TOP and not m.REFERENCE)
"""Kinds that posts record and headquarters reviews"""

ReviewState = Literal["accepted", "changed", "returned", "corrected"]
"""``changed``: the record was changed since it was accepted. ``corrected``: it was changed since it was returned"""


class Comment(Struct, frozen=True):
    """What is to be corrected in a returned record, and where."""

    comment: str
    field: str = ""
    """The field, or the name of the child rows; empty: the whole record"""
    about: str = ""
    """Of child rows: what the line is about, such as the id of a measure; empty: all of them"""

    @property
    def place(self) -> str:
        """The key of the field or line in a form: ``date_from``, ``measures.0190…``; empty: the whole record."""
        return f"{self.field}.{self.about}" if self.about else self.field


class LastReview(Struct, frozen=True):
    """The newest review of one record."""

    id: str
    kind: str
    record: str
    state: ReviewState
    comments: tuple[Comment, ...]
    comment: str | None
    """All comments in one line"""
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
            id=r["id"],
            kind=kind,
            record=r["record_id"],
            state=state,
            comments=_comments(r),
            comment=r["comment"],
            by=r["created_by"],
            at=r["created_at"],
            seen=r["seen"],
        )


def _comments(row: Row) -> tuple[Comment, ...]:
    """The comments of a review; those that cannot be read are in its ``comment``."""
    if row["comments"] is not None:
        try:
            return tuple(msgspec.json.decode(row["comments"], type=list[Comment]))
        except msgspec.DecodeError:  # written by another program, or by a later version
            pass
    return (Comment(row["comment"], row["field"] or ""),) if row["comment"] is not None else ()


def columns_of_comments(store: Store, kind: str, comments: Sequence[Comment]) -> dict[str, str | None]:
    """The columns of a review that say its comments: ``field`` and ``comment`` as every version reads them, and
    ``comments`` where these do not say all."""
    if not comments or not all(one.comment for one in comments):
        return {"field": None, "comment": None, "comments": None}
    field = comments[0].field if len({one.field for one in comments}) == 1 else ""
    if len(comments) == 1 and not comments[0].about:
        return {"field": field or None, "comment": comments[0].comment, "comments": None}
    told = [": ".join(filter(None, (comment_title(store, kind, one), one.comment))) for one in comments]
    coded = msgspec.json.encode(comments).decode()
    line = "; ".join([*(text.rstrip(" .;,") for text in told[:-1]), told[-1]])
    return {"field": field or None, "comment": line, "comments": coded}


def review_text(store: Store, review: LastReview) -> str:
    """A review in one line: “✓ đã duyệt (Trực ban)”, “↩ trả lại 18/11/2026, Trực ban · Số liệu: “xem lại””."""
    if review.state == "accepted":
        return _("✓ accepted ({by})").format(by=review.by)
    if review.state == "changed":
        return _("~ accepted, changed since ({by})").format(by=review.by)
    said = f" {words.local_instant(review.at)[:10]}, {review.by}{comments_text(store, review.kind, review.comments)}"
    if review.state == "corrected":
        return _("~ returned{comments}; changed since").format(comments=said)
    return _("↩ returned{comments}").format(comments=said)


def outcome_text(store: Store, row: Row) -> str:
    """What one review said, as a line of the history of its record: “Sở chỉ huy: ✓ đã duyệt”."""
    said = comments_text(store, row["record_kind"], _comments(row))
    told = _("✓ accepted") if row["outcome"] == "accepted" else _("↩ returned{comments}").format(comments=said)
    return f"{_('Headquarters')}: {told}"


def comments_text(store: Store, kind: str, comments: Sequence[Comment]) -> str:
    """What follows the word “returned”: “: “xem lại””, “ · Số liệu: “mấy hộ?” · Ngày: “sai””."""
    text = ""
    for one in comments:
        title = comment_title(store, kind, one)
        text += f" · {title}: “{one.comment}”" if title else f"{' ·' if text else ':'} “{one.comment}”"
    return text


def comment_title(store: Store, kind: str, comment: Comment) -> str:
    """The title of what a comment is about: a field, child rows, a measure; empty: the whole record."""
    if comment.about and comment.field in BY_KIND[kind].CHILDREN:
        named = words.labels(store, about_kind(kind, comment.field), [comment.about], short=True)
        if comment.about in named:
            return named[comment.about]
    return field_title(kind, comment.field) if comment.field else ""


def about_kind(kind: str, name: str) -> str:
    """The kind of record that the child rows of this name are about: ``measure`` for an activity's ``measures``."""
    child = BY_KIND[kind].CHILDREN[name]
    about = next(shape for shape in fields_of(child.model) if shape.name == child.about[0])
    return about.ref or ""


def field_title(kind: str, field: str) -> str:
    """The title of a field, or of the rows that belong to a record."""
    model = BY_KIND[kind]
    if field in model.CHILDREN:
        return _(model.CHILDREN[field].model.PLURAL)
    return next((_(s.title) for s in fields_of(model) if s.name == field), field)


def returned_questions(
    store: Store,
    old: Row,
    old_children: Mapping[str, Sequence[Row]],
    given: Collection[str],
    record: Record,
    children: "Mapping[str, Sequence[ChildRow]]",
) -> "Iterable[Question]":
    """The questions to a person who saves a returned record without changing what the comments are about.

    ``old``, ``old_children``: as they are stored; ``given``: the names of what is to be saved; ``record``,
    ``children``: as they will be, without child rows that are not given.
    """
    from fieldapp.records.reading import columns_of
    from fieldapp.records.soft_limits import Question

    review = last_reviews(store, record.KIND, [old["id"]]).get(old["id"])
    if review is None or not review.returned:
        return
    now = columns_of(record)
    for one in review.comments:
        if one.field in now:
            untouched = now[one.field] == old[one.field]
        elif one.about and one.field in children:
            child = record.CHILDREN[one.field]
            will_be = [columns_of(row.record) for row in children[one.field]]
            untouched = _lines(child, one.about, old_children[one.field]) == _lines(child, one.about, will_be)
        else:
            untouched = not given if not one.field else one.field not in given
        if untouched:
            sentence = _("Headquarters sent it back: “{comment}” Is it right as it is?").format(comment=one.comment)
            yield Question(one.place, review.id, sentence)


def _lines(child: Child, about: str, rows: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """The content of the child rows that are about one thing, in an order that their content gives."""
    names = [shape.name for shape in fields_of(child.model) if shape.name != child.parent]
    return sorted([repr(row[name]) for name in names] for row in rows if row[child.about[0]] == about)
