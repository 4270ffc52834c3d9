"""Imported sheets, and taking one back: its records are voided, except those that somebody has changed since."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.words import labels
from fieldapp.sheets.importing import ImportedRow
from fieldapp.store import log, wall
from fieldapp.store.store import Row, Store


@dataclass(frozen=True)
class Batch:
    """An imported sheet."""

    number: int
    kind: str
    file: str
    sheet: str
    given_at: str
    given_by: str
    records: int
    refused: int
    """rows that were refused then"""
    standing: int
    """of its records, those that are not voided"""
    taken_back_at: str | None


@dataclass
class TakenBack:
    """What taking a batch back did to its records."""

    number: int
    kind: str
    voided: list[ImportedRow] = field(default_factory=list)
    edited: list[ImportedRow] = field(default_factory=list)
    """changed since: they stay"""
    before: int = 0
    """number of records that were voided already"""


def batches(store: Store) -> list[Batch]:
    """All imported sheets, newest first."""
    return [_batch(store, row) for row in store.rows("SELECT * FROM local_batch ORDER BY id DESC")]


def _batch(store: Store, row: Row) -> Batch:
    rows = "FROM local_batch_row r WHERE r.batch_id = ?"
    standing = store.value(
        f"SELECT count(*) FROM local_batch_row r JOIN {records.model_of(row['kind']).KIND} t ON t.id = r.row_id"
        " WHERE r.batch_id = ? AND t.voided_at IS NULL",
        [row["id"]],
    )
    return Batch(
        row["id"], row["kind"], row["file"], row["sheet"], row["given_at"], row["given_by"],
        store.value(f"SELECT count(*) {rows}", [row["id"]]), row["refused"], standing, row["taken_back_at"],
    )  # fmt: skip


def records_to_void(store: Store, number: int) -> tuple[str, list[str]]:
    """The kind of a batch, and its records that taking it back voids."""
    batch, rows, changed = _examine(store, number)
    return batch["kind"], [r["row_id"] for r in rows if r["voided_at"] is None and r["row_id"] not in changed]


def take_back(store: Store, number: int, reason: str) -> TakenBack:
    """Void the records of a batch for a reason, all or nothing. Those changed since stay, and the result names them."""
    with store.transaction():
        batch, rows, changed = _examine(store, number)
        kind = batch["kind"]
        taken = TakenBack(number, kind)
        named = labels(store, kind, [row["row_id"] for row in rows])
        for row in rows:
            entered = ImportedRow(row["line"], row["row_id"], named[row["row_id"]])
            if row["voided_at"] is not None:
                taken.before += 1
            elif row["row_id"] in changed:
                taken.edited.append(entered)
            else:
                records.void(store, row["row_id"], reason)
                taken.voided.append(entered)
        if taken.voided:
            store.db.execute("UPDATE local_batch SET taken_back_at = ? WHERE id = ?", [wall.instant(), number])
    return taken


def _examine(store: Store, number: int) -> tuple[Row, list[Row], set[str]]:
    """A batch; its records by line: row_id, line, voided_at; and those that were changed since."""
    batch = store.row("SELECT * FROM local_batch WHERE id = ?", [number])
    if batch is None:
        raise FieldappError(
            _("There is no batch {number} on this laptop. `fieldapp import-table --batches` lists them.").format(
                number=number
            )
        )
    kind = batch["kind"]
    rows = store.rows(
        f"SELECT r.row_id, r.line, t.voided_at FROM local_batch_row r JOIN {BY_KIND[kind].KIND} t"
        " ON t.id = r.row_id WHERE r.batch_id = ? ORDER BY r.line",
        [number],
    )
    standing = [row["row_id"] for row in rows if row["voided_at"] is None]
    return batch, rows, _changed_since(store, kind, standing, batch["hlc"])


def _changed_since(store: Store, kind: str, ids: Sequence[str], hlc: int) -> set[str]:
    """The records that were changed after the batch, themselves or their children, here or on another replica."""
    belongs = {row_id: record for record in ids for row_id in (record, *_children(store, kind, record))}
    rejected = {(row["log_id"], row["seq"]) for row in store.rows("SELECT log_id, seq FROM local_set_aside")}
    return {
        belongs[row_id]
        for row_id, changes in log.changes_of_rows(store, belongs).items()
        for c in changes
        if (c.log_id, c.seq) not in rejected
        and ("created_at" not in c.cols or (c.hlc > hlc and c.hlc == changes[0].hlc))
    }


def _children(store: Store, kind: str, row_id: str) -> Sequence[str]:
    return [
        row["id"]
        for child in BY_KIND[kind].CHILDREN.values()
        for row in store.rows(f"SELECT id FROM {child.model.KIND} WHERE {child.parent} = ?", [row_id])
    ]
