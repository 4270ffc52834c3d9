"""A sheet goes in: each row is a record of its own, refused alone; the same row goes in once.

What makes a row the same is its content, and how often the sheet has said just that before: the id of its record is
computed from them. So a sheet that is given again adds nothing, be it on another laptop of the post, and a record that
was voided since does not come back by itself. A refused row carries that id along in the sheet of refused rows: mended,
it is still the same row.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from fieldapp.domain.model import Record, fields_of
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.duplicates import possible_duplicates
from fieldapp.records.words import labels
from fieldapp.sheets import marks
from fieldapp.sheets.cells import SheetTable, cell_text
from fieldapp.sheets.headings import FieldTarget, Layout, field_named, find_layout, letters
from fieldapp.sheets.lines import lines_of
from fieldapp.sheets.reading import read_tables
from fieldapp.sheets.refused_rows import RefusedRow, free_name, write_refused
from fieldapp.sheets.rows import ParsedRow, RowCells, RowReader
from fieldapp.store.ids import FIRST_DAY, derived_id
from fieldapp.store.store import Store, now
from fieldapp.vietnamese.text import clean

_MARK = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class ImportOptions:
    """How a sheet is to be taken in."""

    kind: str
    sheet: str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)
    """heading -> field (``headings.field_named``); None leaves the column out on purpose"""
    given: Mapping[str, str] = field(default_factory=dict)
    """field -> what holds for each row that does not say it"""
    year: int | None = None
    """of days that do not say theirs"""
    confirm: bool = False
    """what is unusual is right"""
    again: bool = False
    """rows whose records were voided since are recorded anew"""
    dry_run: bool = False


@dataclass(frozen=True)
class ImportedRow:
    """A row and its record."""

    line: int
    id: str
    label: str


@dataclass
class SheetOutcome:
    """What became of a sheet."""

    file: str
    sheet: str
    kind: str
    dry_run: bool
    batch: int | None = None
    """number to take it back with; None if nothing was added"""
    added: list[ImportedRow] = field(default_factory=list)
    known: list[ImportedRow] = field(default_factory=list)
    """in already, from an earlier time"""
    voided: list[ImportedRow] = field(default_factory=list)
    """recorded once and voided since: not recorded again"""
    refused: list[RefusedRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """what was left out, and why"""
    refused_file: str | None = None


class _Undo(Exception):
    """Everything was tried; nothing is kept."""


def import_sheet(store: Store, path: Path, order: ImportOptions) -> SheetOutcome:
    """Record the rows of a sheet; FieldappError if none can be, then nothing was changed.

    The sheet of refused rows is written before the records are kept: either both are there or neither.
    """
    model = records.model_of(order.kind)
    if not model.TOP:
        raise FieldappError(_("Records of this kind are entered with the record that they belong to."))
    scope = records.writable_scope(store, model)
    table, layout = find_layout(store, model, read_tables(path, order.sheet), order.columns)
    given = {name: field_named(store, model, name) for name in order.given}
    _check_needed(model, layout, [t.name for t in given.values() if isinstance(t, FieldTarget)])
    outcome = SheetOutcome(clean(path.name), table.name, order.kind, order.dry_run)
    _note_columns(outcome, table, layout)
    taking = _Import(store, model, scope, order, table, layout)
    try:
        with store.transaction():
            taking.enter(outcome)
            if outcome.added:
                outcome.batch = _keep(store, outcome, taking.fingerprints)
            if order.dry_run:
                raise _Undo
            if outcome.refused:
                file = free_name(path)
                write_refused(file, table, layout, outcome.refused)
                outcome.refused_file = str(file)
    except _Undo:
        outcome.batch = None
    return outcome


def _check_needed(model: type[Record], layout: Layout, given: Sequence[str]) -> None:
    """Refuse a sheet in which every row would lack the same."""
    there = {c.target.name for c in layout.columns if isinstance(c.target, FieldTarget)} | {*given}
    missing = [s for s in fields_of(model) if s.required and s.default is None and s.name not in there]
    if missing:
        raise FieldappError(
            _("No column says {fields}. The headings are: {headings}. Name the column by --map, or give the same for"
              " all rows by --set {field}=….").format(
                fields=", ".join(f"“{_(s.title)}”" for s in missing),
                headings=", ".join(f"“{h}”" for h in layout.headings if h),
                field=missing[0].name.removesuffix("_id"),
            )
        )  # fmt: skip


def _note_columns(outcome: SheetOutcome, table: SheetTable, layout: Layout) -> None:
    """Say which columns are left out because nobody knows what they are, and which other sheets."""
    for at in layout.unknown:
        filled = sum(1 for line in range(layout.line + 1, len(table.rows)) if table.cell(line, at) != "")
        if filled:
            outcome.notes.append(
                _("Column {column} “{heading}” is not known: its {n} values are left out. Say by --map what it is.")
                .format(column=letters(at), heading=layout.headings[at], n=filled)
            )  # fmt: skip
    if table.others:
        outcome.notes.append(
            _("Only the sheet “{sheet}” is read; choose another by --sheet: {others}.").format(
                sheet=table.name, others=", ".join(table.others)
            )
        )


class _Import:
    """One sheet on its way in, inside a transaction."""

    def __init__(
        self, store: Store, model: type[Record], scope: str, order: ImportOptions, table: SheetTable, layout: Layout
    ) -> None:
        self._store = store
        self._model = model
        self._scope = scope
        self._order = order
        self._table = table
        self._layout = layout
        self._reader = RowReader(store, table, layout, order.given, order.year, date.today())
        self._seen: Counter[str] = Counter()
        self._here: set[str] = set()
        """records that rows of this sheet stand for"""
        self.fingerprints: dict[str, str] = {}
        """of the rows that were added, by the ids of their records"""

    def enter(self, outcome: SheetOutcome) -> None:
        """Every row of the sheet; FieldappError if there is none."""
        rows = []
        for at, why_not in lines_of(self._table, self._layout):
            if why_not is not None:
                outcome.notes.append(_("Line {line} is left out: {why}.").format(line=at + 1, why=why_not))
                continue
            said = self._reader.said(at)
            row_id = self._identity(said)
            standing = self._standing(row_id)
            self._here.update(standing)
            rows.append((at + 1, said, row_id, standing))
        for line, said, row_id, standing in rows:
            self._enter_row(outcome, line, said, row_id, standing)
        if not rows:
            raise FieldappError(_("There are no rows below the headings of {file}.").format(file=outcome.file))

    def _enter_row(
        self, outcome: SheetOutcome, line: int, said: RowCells, row_id: str, standing: Mapping[str, bool]
    ) -> None:
        last = list(standing)[-1] if standing else None
        if last is not None and not standing[last]:
            outcome.known.append(self._entered(line, last))
            self._note_change(outcome, line, said, last)
        elif last is not None and not self._order.again:
            outcome.voided.append(self._entered(line, last))
        else:
            new_id = row_id if last is None else self._next(row_id, len(standing))
            reason = self._save(said, new_id)
            if reason is None:
                self._here.add(new_id)
                self.fingerprints[new_id] = said.fingerprint()
                outcome.added.append(self._entered(line, new_id))
            else:
                outcome.refused.append(RefusedRow(line, reason, row_id, self._original(line - 1)))

    def _note_change(self, outcome: SheetOutcome, line: int, said: RowCells, row_id: str) -> None:
        """Say that a row which is in already was mended once more: its record is not touched."""
        then = self._store.value("SELECT said FROM local_batch_row WHERE row_id = ? ORDER BY batch_id DESC", [row_id])
        if then is not None and then != said.fingerprint():
            outcome.notes.append(
                _(
                    "Line {line} is in already, and was changed on the sheet since: correct the record {id} itself."
                ).format(line=line, id=row_id)
            )

    def _original(self, at: int) -> dict[str, str]:
        """The cells of a row as they were, those of unknown columns too."""
        texts = [cell_text(self._table.cell(at, column)) for column in range(len(self._layout.headings))]
        return {
            h or letters(n): text for n, (h, text) in enumerate(zip(self._layout.headings, texts, strict=True)) if text
        }

    def _identity(self, said: RowCells) -> str:
        """The id that the record of a row has or will have."""
        mark = said.marks.get(marks.ROW, "")
        if _MARK.fullmatch(mark) and not self._of_another(mark):
            key = mark
            self._seen[key] += 1
            if self._seen[key] == 1:
                return mark
        else:
            key = said.fingerprint()
            self._seen[key] += 1
        return derived_id(self._model.KIND, FIRST_DAY, "sheet", self._scope, key, str(self._seen[key]))

    def _of_another(self, mark: str) -> bool:
        """Whether an id is that of a record of another kind or post."""
        try:
            found = records.get(self._store, mark)
        except FieldappError:
            return False
        return found.kind != self._model.KIND or found.row.get("post_id", self._scope) != self._scope

    def _next(self, row_id: str, number: int) -> str:
        """The id of the record that takes the place of one that was voided."""
        return derived_id(self._model.KIND, FIRST_DAY, "again", row_id, str(number))

    def _standing(self, row_id: str) -> dict[str, bool]:
        """The records that a row has had, in order: id -> whether it is voided."""
        found: dict[str, bool] = {}
        own = row_id
        while True:
            row = self._store.row(f"SELECT voided_at FROM {self._model.KIND} WHERE id = ?", [own])
            if row is None:
                return found
            found[own] = row["voided_at"] is not None
            own = self._next(row_id, len(found))

    def _entered(self, line: int, row_id: str) -> ImportedRow:
        return ImportedRow(line, row_id, labels(self._store, self._model.KIND, [row_id])[row_id])

    def _record(self, data: Mapping[str, Any], row_id: str) -> None:
        """Rows of one sheet that say the same are two; with others each is compared by ``_alike``."""
        confirm = self._order.confirm
        records.save(self._store, self._model.KIND, data, confirm=confirm, fresh_id=row_id, compare=False)

    def _save(self, said: RowCells, row_id: str) -> str | None:
        """Record one row; the reason if it is refused, and then nothing of it is there."""
        reading = self._reader.read(said)
        confirm = self._order.confirm
        problems: dict[str, str] = {}
        try:
            with self._store.transaction():
                try:
                    self._record(reading.data, row_id)
                except NeedsConfirmation as error:
                    problems = error.fields
                if not confirm and not problems:
                    problems = self._alike(row_id, marked=bool(said.marks.get(marks.ROW)))
                if reading.problems or problems or (reading.questions and not confirm):
                    raise _Undo
        except FieldappError as error:
            problems = error.fields or {"": str(error)}
        except _Undo:
            pass
        else:
            self._reader.forget(self._model.KIND)
            return None
        questions = {} if confirm else reading.questions
        told = {**problems, **questions, **reading.problems}
        return " ".join(_sentence(self._store, self._model, reading, key, text) for key, text in told.items())

    def _alike(self, row_id: str, *, marked: bool) -> dict[str, str]:
        """The question whether a row is a record that is there already, though this sheet did not make it: one written
        by hand, or one of a row that was different then, in an amount too. A row that is marked as refused was never
        recorded: its neighbours on the sheet that it comes from are others."""
        columns = self._store.row(f"SELECT * FROM {self._model.KIND} WHERE id = ?", [row_id])
        assert columns is not None
        ids = [row["id"] for row in possible_duplicates(self._store, self._model, columns)]
        found = next((i for i in ids if i != row_id and i not in self._here and not (marked and self._came(i))), None)
        if found is None:
            return {}
        label = labels(self._store, self._model.KIND, [found])[found]
        question = _("Like a record that is there already: {record} ({id}). If it is another one, confirm.")
        return {"": question.format(record=label, id=found)}

    def _came(self, row_id: str) -> bool:
        """Whether a record came with a sheet."""
        return self._store.value("SELECT 1 FROM local_batch_row WHERE row_id = ?", [row_id]) is not None


def _sentence(store: Store, model: type[Record], reading: ParsedRow, key: str, text: str) -> str:
    """A problem with the heading of the cell that it is about."""
    parts = key.split(".")
    titles = {shape.name: _(shape.title) for shape in fields_of(model)}
    if parts[0] == "extras" and len(parts) == 2:
        name = store.value("SELECT name FROM kind_field WHERE id = ?", [parts[1]])
        if name:
            return f"“{name}”: {text}"
    title = reading.titles.get(".".join(parts[:2])) or reading.titles.get(key) or titles.get(key)
    title = title or (key if key and parts[0] not in model.CHILDREN else "")
    return f"“{clean(title)}”: {text}" if title else text


def _keep(store: Store, outcome: SheetOutcome, fingerprints: Mapping[str, str]) -> int:
    """Remember which records came with this sheet."""
    hlc = store.value("SELECT hlc FROM local_session")
    cursor = store.db.execute(
        "INSERT INTO local_batch (kind, file, sheet, given_at, given_by, hlc, refused) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [outcome.kind, clean(outcome.file), outcome.sheet, now(), store.user, hlc, len(outcome.refused)],
    )
    number = int(cursor.lastrowid or 0)
    store.db.conn.executemany(
        "INSERT INTO local_batch_row (batch_id, row_id, line, said) VALUES (?, ?, ?, ?)",
        [(number, entered.id, entered.line, fingerprints[entered.id]) for entered in outcome.added],
    )
    return number
