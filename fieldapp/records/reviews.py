"""What headquarters said of records, and whether the record still is what it was looked at.

A review names the record's fingerprint as it was seen. Whether the record was changed since is a comparison of two
values, so that every replica with the same rows says the same, whatever its clock.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.i18n import _
from fieldapp.records.soft_limits import Question
from fieldapp.store.store import Row, Store

REVIEWED = tuple(m.KIND for m in RECORDS if m.TOP and not m.REFERENCE)
"""Kinds that posts record, and headquarters looks at"""

ReviewState = Literal["accepted", "changed", "returned", "corrected"]
"""``changed``: other than when it was accepted. ``corrected``: other than when it was returned."""


@dataclass(frozen=True)
class LastReview:
    """The newest review of one record."""

    id: str
    kind: str
    record: str
    state: ReviewState
    field: str | None
    """the field, or the name of the rows, that the comment is about; None: the whole record"""
    comment: str | None
    by: str
    at: str
    seen: str

    @property
    def returned(self) -> bool:
        """Sent back, and nothing was done about it yet."""
        return self.state == "returned"


def fingerprint_sql(kind: str, alias: str) -> str:
    """SQL for the fingerprint of a record and of the rows that belong to it.

    Only what is filled in counts, so that a column that a later version adds changes no fingerprint.
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
    columns = sorted(["voided_at", *model.model_fields, *([] if model.REFERENCE else ["confirmed"])])
    return " || ".join(
        f"CASE WHEN {alias}.{c} IS NULL THEN '' ELSE ',{c}:' || json_quote({alias}.{c}) END" for c in columns
    )


def record_fingerprint(store: Store, kind: str, row_id: str) -> str:
    """A record's fingerprint as it stands now."""
    found: str = store.value(f"SELECT {fingerprint_sql(kind, 'r')} FROM {kind} r WHERE r.id = ?", [row_id])
    return found


def waiting_sql(kind: str) -> str:
    """SQL from FROM on: the records ``r`` of a kind that wait to be looked at, each with the newest review ``l``."""
    return (
        f"FROM {kind} r LEFT JOIN review l ON l.id = (SELECT n.id FROM review_latest n WHERE n.record_id = r.id)"
        f" WHERE r.voided_at IS NULL AND (l.id IS NULL OR l.seen <> {fingerprint_sql(kind, 'r')})"
    )


def waiting_counts(store: Store) -> list[tuple[str, str, int]]:
    """(post's id, kind, how many of its records wait to be looked at), only where some do."""
    found = []
    for kind in REVIEWED:
        rows = store.rows(f"SELECT r.post_id, count(*) AS n {waiting_sql(kind)} GROUP BY r.post_id")
        found += [(r["post_id"], kind, r["n"]) for r in rows]
    return found


def last_reviews(store: Store, kind: str, ids: Collection[str]) -> dict[str, LastReview]:
    """What headquarters said last of each of some records of a kind; nothing of those that it did not look at."""
    among = "l.record_id IN (SELECT value FROM json_each(?))"
    return {s.record: s for s in _last_reviews(store, kind, among, [json.dumps([*ids])])}


def returned_records(store: Store) -> list[LastReview]:
    """All records that were sent back and that nothing was done about yet, the newest comment first."""
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
        stands = r["seen"] == r["now"]
        state: ReviewState
        if r["outcome"] == "returned":
            state = "returned" if stands else "corrected"
        else:
            state = "accepted" if stands else "changed"
        yield LastReview(
            r["id"], kind, r["record_id"], state, r["field"], r["comment"], r["created_by"], r["created_at"], r["seen"]
        )


def review_text(said: LastReview) -> str:
    """What headquarters said, in a line: “Đã duyệt (Trực ban)”, “Trả lại, Số liệu: “xem lại””."""
    if said.state == "accepted":
        return _("✓ accepted ({by})").format(by=said.by)
    if said.state == "changed":
        return _("~ accepted, changed since ({by})").format(by=said.by)
    about = f" · {field_title(said.kind, said.field)}" if said.field else ""
    if said.state == "corrected":
        return _("~ returned{about}: “{comment}”; changed since").format(about=about, comment=said.comment)
    return _("↩ returned{about}: “{comment}”").format(about=about, comment=said.comment)


def field_title(kind: str, field: str) -> str:
    """The title of a field, or of the rows that belong to a record."""
    model = BY_KIND[kind]
    if field in model.CHILDREN:
        return _(model.CHILDREN[field].model.PLURAL)
    return next((_(s.title) for s in fields_of(model) if s.name == field), field)


def returned_questions(
    store: Store, old: Row | None, kind: str, given: Mapping[str, Any], now: Row
) -> Iterable[Question]:
    """What a person who saves a returned record is asked when what the comment is about stays as it was.

    ``given``: what was given to be saved; ``now``: the record's columns as they will be.
    """
    said = last_reviews(store, kind, [old["id"]]).get(old["id"]) if old else None
    if old is None or said is None or not said.returned:
        return
    if said.field is None:
        untouched = not given
    elif said.field in now:
        untouched = now[said.field] == old[said.field]
    else:
        untouched = said.field not in given
    if untouched:
        sentence = _("Headquarters sent it back: “{comment}” Is it right as it is?").format(comment=said.comment)
        yield Question(said.field or "", said.id, sentence)
