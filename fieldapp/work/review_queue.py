"""The review queue of headquarters: the records that wait for review, and the officer's decisions."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.review import Review, ReviewOutcome
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import extras, history, lists, records, reviews, view, words
from fieldapp.records.reading import columns_of, read_record, resolve_reference
from fieldapp.records.records import Found
from fieldapp.records.reviews import Comment
from fieldapp.store import people, wall
from fieldapp.store.ids import new_id
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import tidy
from fieldapp.work import review_hints

MAX_DOUBTED = 1000
"""Most waiting records in which is looked for what is odd, before anybody opens their list"""
VOIDED_DAYS, MOST_VOIDED = 14, 3
"""A post's voided records are told with those that wait: for so many days, and at most so many"""


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


def lately_voided(store: Store, kind: str, post_id: str) -> list[str]:
    """The newest of a post's records that headquarters had looked at and the post voided since, with the reason."""
    since = (wall.today() - timedelta(days=VOIDED_DAYS)).isoformat()
    rows = store.rows(
        f"SELECT t.* FROM {kind} t WHERE t.post_id = ? AND t.voided_at >= ?"
        " AND EXISTS (SELECT 1 FROM review r WHERE r.record_id = t.id) ORDER BY t.voided_at DESC, t.id LIMIT ?",
        [post_id, since, MOST_VOIDED],
    )
    model = BY_KIND[kind]
    names = words.display(store, kind, rows, model.LABEL, short=True)
    return [
        f"{' · '.join(filter(None, texts))}: {words.voided_text(model, row)}"
        for row, texts in zip(rows, names, strict=True)
    ]


def doubted_counts(store: Store) -> dict[tuple[str, str], int]:
    """(post's id, kind) -> number of its records that wait for review and have a hint, of the newest ``MAX_DOUBTED``.

    It takes long if there are many records.
    """
    found: Counter[tuple[str, str]] = Counter()
    for kind in dict.fromkeys(hint.kind for hint in review_hints.HINTS):
        newest = f"SELECT r.id, r.post_id {reviews.waiting_sql(kind)} ORDER BY r.id DESC LIMIT ?"
        rows = store.rows(newest, [MAX_DOUBTED])
        post_of = {row["id"]: row["post_id"] for row in rows}
        found.update((post_of[row_id], kind) for row_id in review_hints.doubted(store, kind, [*post_of]))
    return found


def review_record(
    store: Store,
    row_id: str,
    outcome: ReviewOutcome,
    *,
    comments: Sequence[Comment] = (),
    seen: str | None = None,
    confirm: bool = False,
) -> str:
    """Accept a post's record, or return it with comments; returns the review's id.

    ``seen``: the fingerprint of the record as the officer saw it; FieldappError if the record was changed since.
    Accepting a record whose twin is accepted raises NeedsConfirmation without ``confirm``. The review reaches the post
    by the next reply.
    """
    if store.identity.role != "hq":
        raise FieldappError(_("Only headquarters reviews records."))
    people.check(store, people.Act.REVIEW)
    with store.transaction():
        found = records.get(store, row_id)
        _check(found)
        said = [_readable(store, found, one) for one in comments if one.field or tidy(one.comment)]
        current = reviews.record_fingerprint(store, found.kind, row_id)
        if seen is not None and seen != current:
            raise FieldappError(_("The record was changed since you looked at it. Look again."))
        if outcome == "accepted" and not confirm:
            _ask_about_twins(store, found.kind, row_id)
        before = reviews.last_reviews(store, found.kind, [row_id]).get(row_id)
        given = {
            "record_kind": found.kind,
            "record_id": row_id,
            "outcome": outcome,
            **reviews.columns_of_comments(store, found.kind, said),
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


def accept_all(store: Store, waiting: Sequence[QueuedRecord], *, confirm: bool = False) -> int:
    """Accept records that were reviewed together, all or none; returns their number.

    ``confirm``: they have no twins, or it is right to accept both.
    """
    with store.transaction():
        for one in waiting:
            review_record(store, one.row["id"], "accepted", seen=one.seen, confirm=confirm)
    return len(waiting)


def _ask_about_twins(store: Store, kind: str, row_id: str) -> None:
    """NeedsConfirmation where a record that seems to be the same, or differs in one joint activity, is accepted."""
    doubts = review_hints.doubts_about(store, kind, [row_id]).get(row_id, [])
    accepted = reviews.last_reviews(store, kind, {doubt.twin for doubt in doubts if doubt.twin})
    for doubt in doubts:
        twin = accepted.get(doubt.twin or "")
        if twin is not None and twin.state == "accepted":
            sentence = _("{question} The other one is accepted already ({by}). Accept both?")
            raise NeedsConfirmation(sentence.format(question=doubt.sentence, by=twin.by), alike=doubt.twin)


def comment_on(place: str, comment: str) -> Comment:
    """A comment on a field, on child rows or on one of them, such as ``measures.gieng``."""
    field, _dot, about = place.partition(".")
    return Comment(comment, field, about)


def comment_places(store: Store, found: Found) -> list[tuple[Comment, str]]:
    """What a comment can be about, as a comment without words, each with its title and what the record says there.

    The whole record, then the rows that belong to it, and each measure and extra field of its kind, then its fields.
    """
    model = BY_KIND[found.kind]
    places = [(Comment(""), _("The whole record"))]
    for name, child in model.CHILDREN.items():
        all_of_them = _("{rows}: all of them") if child.editor in ("measures", "extras") else "{rows}"
        places.append((Comment("", name), all_of_them.format(rows=_(child.model.PLURAL))))
        if child.editor in ("measures", "extras"):
            of_kind = lists.measures_of if child.editor == "measures" else extras.fields_of_kind
            titles = {row["id"]: row["name"] for row in of_kind(store, found.row["activity_kind_id"])}
            said = {row[child.about[0]]: view.child_text(store, child, row) for row in found.children[name]}
            for about in titles | said:
                title, _colon, text = said.get(about, titles.get(about, "")).partition(": ")
                places.append((Comment("", name, about), " · ".join(filter(None, (title, text)))))
    shapes = fields_of(model)
    texts = words.display(store, found.kind, [found.row], [shape.name for shape in shapes], short=True)[0]
    return places + [
        (Comment("", shape.name), " · ".join(filter(None, (_(shape.title), text))))
        for shape, text in zip(shapes, texts, strict=True)
    ]


def _check(found: Found) -> None:
    if found.kind not in reviews.REVIEWED:
        raise FieldappError(_("Only what posts record is reviewed."))
    if found.row["voided_at"] is not None:
        raise FieldappError(_("This record was voided already."))


def _readable(store: Store, found: Found, given: Comment) -> Comment:
    """A comment with the id of what it is about; FieldappError if there is no such place in this kind of record."""
    model = BY_KIND[found.kind]
    place, about = given.field, given.about
    if about and place in model.CHILDREN and (kind := reviews.about_kind(found.kind, place)):
        with suppress(ValueError):
            return Comment(tidy(given.comment), place, resolve_reference(store, kind, about))
    if about or (place and place not in {s.name for s in fields_of(model)} | model.CHILDREN.keys()):
        raise FieldappError(_("There is no field “{field}” in this kind of record.").format(field=given.place))
    return Comment(tidy(given.comment), place)


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
