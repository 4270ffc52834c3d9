"""Double entry: another person keys a sample of records a second time, blind, as in the verification of census data.

The results stay on this laptop: how well its people type concerns nobody else. Corrections reach headquarters as
ordinary changes, with the name of the person who made them. A record is keyed a second time only once, and never by a
person who wrote in it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fieldapp.domain.model import Child, Record, fields_of
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import records, reviews, words
from fieldapp.records.reading import stored_fields
from fieldapp.records.records import Found
from fieldapp.records.view import child_text
from fieldapp.store import log, wall
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import spelling, tidy

KeyingState = Literal["open", "own", "same", "different"]
"""``own``: the current user wrote in it, so another person must key it. ``same``, ``different``: the result of a second
keying that was done"""

KEYING_SIGNS: Mapping[KeyingState, str] = {"open": "·", "own": "–", "same": "✓", "different": "≠"}


@dataclass(frozen=True)
class SampledRecord:
    """One record of a sample."""

    row_id: str
    paper: str
    """The values that identify it in the paper files, in words"""
    by: str
    state: KeyingState


@dataclass(frozen=True)
class Difference:
    """One field, or one child row of the record, that differs between the two keyings."""

    field: str
    """The name of a field, or of the rows as in ``Record.CHILDREN``"""
    row: tuple[str, ...]
    """For a row: its values in the fields ``Child.about``; empty for a field"""
    title: str
    recorded: str
    keyed: str


@dataclass(frozen=True)
class Comparison:
    """Both keyings of one record."""

    row_id: str
    stored: Found
    keyed: Found
    compared: Mapping[str, int]
    """Field, or name of rows -> the number of its values that one or both keyings have"""
    differences: Sequence[Difference]


@dataclass(frozen=True)
class ErrorRate:
    """How often a field was keyed differently."""

    kind: str
    field: str
    title: str
    compared: int
    different: int

    @property
    def percent(self) -> float:
        """Percent of the compared values that differed."""
        return 100 * self.different / self.compared


def draw_sample(store: Store, kind: str, size: int, seed: str) -> list[SampledRecord]:
    """Draw the first ``size`` records of a kind, in an order that depends only on the seed and the records' ids.

    Everybody gets the same sample for the same seed. A larger sample contains the smaller one.
    """
    model = records.model_of(kind)
    scope = records.writable_scope(store, model)
    mine = "" if model.REFERENCE else " AND r.post_id = ?"
    candidates = store.rows(
        f"SELECT r.id FROM {kind} r WHERE r.voided_at IS NULL{mine}", [] if model.REFERENCE else [scope]
    )
    drawn = sorted((row["id"] for row in candidates), key=lambda i: hashlib.sha256(f"{seed}\n{i}".encode()).digest())
    rows = [
        row
        for row_id in drawn[: max(size, 0)]
        for row in store.rows(
            f"SELECT r.*, k.different AS checked FROM {kind} r LEFT JOIN local_rekeyed k ON k.row_id = r.id"
            " WHERE r.id = ?",
            [row_id],
        )
    ]
    papers = words.display(store, kind, rows, identifying_fields(model))
    return [
        SampledRecord(row["id"], " · ".join(filter(None, paper)), row["created_by"], _state(store, kind, row))
        for row, paper in zip(rows, papers, strict=True)
    ]


def _state(store: Store, kind: str, row: Row) -> KeyingState:
    if row["checked"] is not None:
        return "different" if row["checked"] else "same"
    return "own" if _is_own_work(store, kind, row) else "open"


def _is_own_work(store: Store, kind: str, row: Row) -> bool:
    """Whether the current user wrote in a record or in a row that belongs to it."""
    ids = [row["id"]]
    for child in records.model_of(kind).CHILDREN.values():
        ids += [r["id"] for r in store.rows(f"SELECT id FROM {child.model.KIND} WHERE {child.parent} = ?", [row["id"]])]
    writers = {change.actor for changes in log.changes_of_rows(store, ids).values() for change in changes}
    return store.user in writers | {row["created_by"]}


def identifying_fields(model: type[Record]) -> list[str]:
    """The fields that identify a record in the paper files.

    They are shown to the person who keys it again, and do not count in error rates.
    """
    return [*([model.DATE] if model.DATE else []), model.LABEL[0]]


def blind_form_data(store: Store, row_id: str) -> dict[str, Any]:
    """The values that the form for the second keying begins with, in the shape of ``records.as_data``."""
    found = records.get(store, row_id)
    return {field: found.row[field] for field in identifying_fields(records.model_of(found.kind))}


def compare_keying(store: Store, row_id: str, data: Mapping[str, Any], *, confirm: bool = False) -> Comparison:
    """Compare a record with its second, blind keying, and store how much of it differed.

    ``data`` and the errors are those of ``records.save``. The record itself does not change.
    """
    stored = records.get(store, row_id)
    model = records.model_of(stored.kind)
    scope = records.writable_scope(store, model)
    if not model.REFERENCE and stored.row["post_id"] != scope:
        raise FieldappError(_("This record belongs to another post. Only that post changes it."))
    if _is_own_work(store, stored.kind, stored.row):
        raise FieldappError(_("You wrote in this record yourself: another person keys it again."))
    if store.value("SELECT 1 FROM local_rekeyed WHERE row_id = ?", [row_id]):
        raise FieldappError(_("This record was keyed again already."))
    keyed = records.preview(store, stored.kind, data, confirm=confirm, instead_of=row_id)
    made = _compare(store, stored, keyed)
    different = dict.fromkeys(made.compared, 0)
    for difference in made.differences:
        if difference.field in different:
            different[difference.field] += 1
    counts = {field: [number, different[field]] for field, number in made.compared.items()}
    with store.transaction():
        store.db.execute(
            "INSERT INTO local_rekeyed VALUES (?, ?, ?, ?, ?, ?)",
            [row_id, stored.kind, wall.instant(), store.user, len(made.differences), json.dumps(counts)],
        )
    return made


def _compare(store: Store, stored: Found, keyed: Found) -> Comparison:
    model = records.model_of(stored.kind)
    shapes = fields_of(model)
    texts = words.display(store, stored.kind, [stored.row, keyed.row], [s.name for s in shapes])
    compared: dict[str, int] = {}
    differences = []
    for shape, recorded, rekeyed in zip(shapes, *texts, strict=True):
        values = (stored.row[shape.name], keyed.row[shape.name])
        if values == (None, None) or shape.later:
            continue
        if shape.name not in identifying_fields(model):
            compared[shape.name] = 1
        if _plain(values[0]) != _plain(values[1]):
            differences.append(Difference(shape.name, (), _(shape.title), recorded, rekeyed))
    for name, child in model.CHILDREN.items():
        there, here = (_by_subject(child, found.children[name]) for found in (stored, keyed))
        if there or here:
            compared[name] = len(there | here)
        for row in there | here:
            if _child_words(child, there.get(row)) != _child_words(child, here.get(row)):
                both = [child_text(store, child, rows[row]) if row in rows else "" for rows in (there, here)]
                differences.append(Difference(name, row, reviews.field_title(stored.kind, name), *both))
    return Comparison(stored.row["id"], stored, keyed, compared, differences)


def _by_subject(child: Child, rows: Sequence[Row]) -> dict[tuple[str, ...], Row]:
    """The rows by their values in the fields ``child.about``."""
    return {tuple(str(row[field] or "") for field in child.about): row for row in rows}


def _child_words(child: Child, row: Row | None) -> Any:
    if row is None:
        return None
    return {k: _plain(v) for k, v in stored_fields(child.model, row).items() if k != child.parent}


def _plain(value: Any) -> Any:
    """A text without details that people write differently: capitals, the place of a tone, a full stop at the end."""
    if not isinstance(value, str):
        return value
    return spelling(tidy(value).rstrip("."))


def take_keyed(store: Store, made: Comparison, chosen: Collection[Difference], *, confirm: bool = False) -> None:
    """Write the values of the second keying into the record, for the chosen differences: an ordinary change.

    What is unusual was asked about when it was keyed. NeedsConfirmation where stored parts do not fit what is chosen;
    with ``confirm`` they are taken out.
    """
    if not chosen:
        return
    model = records.model_of(made.stored.kind)
    stored, keyed = records.as_data(made.stored), records.as_data(made.keyed)
    data: dict[str, Any] = {}
    for difference in chosen:
        if not difference.row:
            data[difference.field] = keyed[difference.field]
            continue
        child = model.CHILDREN[difference.field]
        rows = data.setdefault(difference.field, stored[difference.field])
        there, here = (
            next((r for r in of if tuple(str(r.get(f) or "") for f in child.about) == difference.row), None)
            for of in (rows, keyed[difference.field])
        )
        changed = [r for r in rows if r is not there]
        if here is not None:
            same = {"id": there["id"]} if there is not None and "id" in there else {}
            changed.append({k: v for k, v in here.items() if k != "id"} | same)
        data[difference.field] = changed
    try:
        records.save(store, made.stored.kind, data, made.row_id, confirm=confirm)
    except NeedsConfirmation as asked:
        if asked.loses:
            raise
        records.save(store, made.stored.kind, data, made.row_id, confirm=True)


def error_rates(store: Store, kind: str | None = None) -> list[ErrorRate]:
    """How often each field of a kind, or of all kinds, was keyed differently; the highest rate first."""
    rows = store.rows(
        "SELECT k.kind, f.key AS field, sum(f.value ->> 0) AS compared, sum(f.value ->> 1) AS different"
        " FROM local_rekeyed k, json_each(k.fields) f WHERE ? IS NULL OR k.kind = ? GROUP BY k.kind, f.key",
        [kind, kind],
    )
    found = [ErrorRate(title=reviews.field_title(row["kind"], row["field"]), **row) for row in rows]
    return sorted(found, key=lambda rate: (-rate.percent, -rate.compared, rate.kind, rate.field))


def rate_lines(rates: Sequence[ErrorRate]) -> list[str]:
    """Error rates as the lines of a table, with a line for the whole."""
    if not rates:
        return [_("Nothing was keyed again yet.")]
    lines = [(f"{_(records.model_of(r.kind).TITLE)} · {r.title}", r.compared, r.different) for r in rates]
    lines.append((_("whole"), sum(r.compared for r in rates), sum(r.different for r in rates)))
    return [
        f"{_('Field'):<40}{_('compared'):>12}{_('different'):>12}{'%':>8}",
        *(
            f"{title[:39]:<40}{compared:>12}{different:>12}" + f"{100 * different / compared:>8.1f}".replace(".", ",")
            for title, compared, different in lines
        ),
    ]
