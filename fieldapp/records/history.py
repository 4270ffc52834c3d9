"""The history of a record, read from the change log: who set which field, when, from what to what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fieldapp.domain.attachment import Attachment
from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND, PARENTS
from fieldapp.i18n import _
from fieldapp.records import reviews
from fieldapp.records.records import get
from fieldapp.records.words import display, labels, local_instant, voided_word
from fieldapp.store import log
from fieldapp.store.store import Row, Store

PARTS = {*PARENTS, Attachment.KIND}
"""Kinds of rows that are shown in the history of their record"""


@dataclass(frozen=True)
class Step:
    """One line of a record's history: one change of the log set one cell."""

    at: str
    actor: str | None
    kind: str
    row_id: str
    field: str
    old: Any
    new: Any
    first: bool
    """Whether the change created the row"""
    hlc: int
    log_id: str
    seq: int


def history(store: Store, row_id: str) -> list[Step]:
    """The steps of a record, of the rows that belong to it and of its files, oldest first; without rejected changes."""
    found = get(store, row_id)
    ids = [row_id]
    for child in BY_KIND[found.kind].CHILDREN.values():
        ids += [r["id"] for r in store.rows(f"SELECT id FROM {child.model.KIND} WHERE {child.parent} = ?", [row_id])]
    named = [row_id, found.row.get("post_id")]
    ids += [r["id"] for r in store.rows("SELECT id FROM attachment WHERE record_id = ? AND post_id = ?", named)]
    changes = sorted(
        (c for found in log.changes_of_rows(store, ids).values() for c in found), key=lambda c: (c.hlc, c.log_id)
    )
    rejected = {(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")}
    seen: dict[tuple[str, str], Any] = {}
    steps = []
    for c in changes:
        if (c.log_id, c.seq) in rejected:
            continue
        for field, new in c.cols.items():
            cell = (c.row_id, field)
            steps.append(
                Step(
                    c.at,
                    c.actor,
                    c.table,
                    c.row_id,
                    field,
                    seen.get(cell),
                    new,
                    "created_at" in c.cols,
                    c.hlc,
                    c.log_id,
                    c.seq,
                )
            )
            seen[cell] = new
    return steps


def history_lines(store: Store, steps: Sequence[Step]) -> list[str]:
    """The steps of a history as a person reads them: when, who, which field, from what to what.

    All values that a row was created with make one line; each later step makes one line.
    """
    return [_line(s.at, s.actor, text) for s, text in step_texts(store, steps)]


def record_lines(store: Store, row_id: str) -> list[str]:
    """The history of a record as a person reads it, with what headquarters said about it, oldest first."""
    told = [(s.hlc, s.log_id, _line(s.at, s.actor, text)) for s, text in step_texts(store, history(store, row_id))]
    reviews_by_id = {r["id"]: r for r in store.rows("SELECT * FROM review WHERE record_id = ?", [row_id])}
    for review_id, changes in log.changes_of_rows(store, [*reviews_by_id]).items():
        said = reviews_by_id[review_id]
        told += [
            (c.hlc, c.log_id, _line(said["created_at"], said["created_by"], reviews.outcome_text(store, said)))
            for c in changes[:1]
        ]
    return [line for _hlc, _log, line in sorted(told, key=lambda one: one[:2])]


def _line(at: str, actor: str | None, text: str) -> str:
    return f"{local_instant(at)}  {actor or _('unknown')}  {text}"


def step_texts(store: Store, steps: Sequence[Step]) -> list[tuple[Step, str]]:
    """The steps of a history with what each did, in words: “Số hộ hưởng lợi · Số lượng: 12 → 120”."""
    lines: list[tuple[Step, str]] = []
    began: dict[str, Row] = {}
    for step in steps:
        if step.first:
            began.setdefault(step.row_id, {})[step.field] = step.new
    for step in steps:
        model = BY_KIND[step.kind]
        titles = {shape.name: shape.title for shape in fields_of(model)}
        row: Row = {**dict.fromkeys(titles), **began.get(step.row_id, {})}
        if step.field == "created_at":
            about = _first_label(store, step.kind, row) if step.kind in PARTS else ""
            lines.append((step, _("New: {what}").format(what=f"{_(model.TITLE)} {about}".strip())))
        elif step.field == "voided_at" and step.new is None:
            about = labels(store, step.kind, [step.row_id])[step.row_id] if step.kind in PARTS else ""
            lines.append((step, _("Taken back: {what}").format(what=f"{_(model.TITLE)} {about}".strip())))
        elif step.kind in PARTS and step.field == "voided_at":
            about = labels(store, step.kind, [step.row_id])[step.row_id]
            lines.append((step, _("Taken out: {what}").format(what=f"{_(model.TITLE)} {about}")))
        elif step.field == "voided_at":
            lines.append((step, voided_word(model)))
        elif step.first or (step.field not in titles and not _says_why(step)):
            continue
        else:
            title = _(titles[step.field]) if step.field in titles else _("Void reason")
            old, new = step.old, step.new
            if step.field in titles:
                rows = [{**row, step.field: value} for value in (old, new)]
                (old,), (new,) = display(store, step.kind, rows, [step.field])
            if step.kind in PARTS and (about := labels(store, step.kind, [step.row_id], short=True)[step.row_id]):
                title = f"{about} · {title}"
            lines.append((step, f"{title}: {old or '—'} → {new or '—'}"))
    return lines


def _says_why(step: Step) -> bool:
    """Whether a step gives the reason why a record is voided."""
    return step.kind not in PARTS and step.field == "void_reason" and step.new is not None


def _first_label(store: Store, kind: str, row: Row) -> str:
    """What a row was when it was created: its label, and of a line of a record what the line said besides."""
    model = BY_KIND[kind]
    fields = list(dict.fromkeys([*model.LABEL, *(model.LIST if kind in PARENTS else ())]))
    return " · ".join(text for text in display(store, kind, [row], fields)[0] if text)
