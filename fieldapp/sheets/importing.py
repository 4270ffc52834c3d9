"""Import of a sheet: each row becomes a record of its own or is refused alone, and the same row goes in only once.

Two rows are the same if they have the same content and the same number of equal rows before them. The id of a row's
record is computed from both. So a sheet that is imported again adds nothing, even on another laptop of the post, and a
record that was voided since does not come back by itself. In the sheet of refused rows each row carries this id, so a
corrected row is still the same row.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fieldapp.domain.model import Record, fields_of
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.duplicates import possible_duplicates
from fieldapp.records.view import figures_of
from fieldapp.records.words import labels
from fieldapp.sheets import marks
from fieldapp.sheets.cells import Sign, cell_text
from fieldapp.sheets.headings import letters
from fieldapp.sheets.questions import NeedsAnswer
from fieldapp.sheets.refused_rows import DOUBTED, RefusedRow, free_name, write_refused
from fieldapp.sheets.rows import ParsedRow, RowCells
from fieldapp.sheets.understood import ImportOptions, SheetReading, read_sheet
from fieldapp.store import wall
from fieldapp.store.ids import FIRST_DAY, derived_id, may_name, named_id
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import clean

__all__ = ["ImportOptions", "ImportedRow", "SheetOutcome", "import_sheet"]

FEW = 5
"""So many rows are tried for a first look"""
_MARK = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class ImportedRow:
    """A row and its record."""

    line: int
    id: str
    label: str
    figures: str = field(default="", compare=False)
    """of an activity, where it was only tried"""


@dataclass
class SheetOutcome:
    """The result of importing a sheet."""

    file: str
    sheet: str
    kind: str
    dry_run: bool
    batch: int | None = None
    """number by which the import can be taken back; None if nothing was added"""
    added: list[ImportedRow] = field(default_factory=list)
    known: list[ImportedRow] = field(default_factory=list)
    """recorded by an earlier import"""
    voided: list[ImportedRow] = field(default_factory=list)
    """recorded earlier and voided since: not recorded again"""
    refused: list[RefusedRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """what was left out, and why"""
    refused_file: str | None = None


class _Undo(Exception):
    """Rolls a transaction back: everything was tried, nothing is kept."""


def import_sheet(
    store: Store,
    path: Path,
    order: ImportOptions,
    *,
    shown: Callable[[SheetReading], object] = lambda _reading: None,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> SheetOutcome:
    """Record the rows of a sheet; FieldappError if the sheet as a whole cannot go in, and then nothing was changed.

    ``NeedsAnswer`` if something about the sheet as a whole is to be answered first. The sheet of refused rows is
    written before the records are committed: either both are there or neither. ``shown`` is given the sheet as it is
    understood, before any row is tried. ``progress`` is told how many of how many rows were tried; if it raises
    Cancelled, nothing was changed.
    """
    reading = read_sheet(store, path, order)
    shown(reading)
    outcome = SheetOutcome(clean(path.name), reading.table.name, order.kind, order.dry_run, notes=[*reading.notes])
    if reading.questions:
        raise NeedsAnswer(reading.questions)
    sheet_import = _Import(store, reading, order)
    try:
        with store.transaction():
            sheet_import.enter(outcome, progress)
            if outcome.added:
                outcome.batch = _store_batch(store, outcome, sheet_import.fingerprints)
            if order.dry_run or order.first is not None:
                told = figures_of(store, [entered.id for entered in outcome.added])
                outcome.added = [replace(entered, figures=told.get(entered.id, "")) for entered in outcome.added]
                raise _Undo
            if outcome.refused:
                file = free_name(path)
                doubted = Sign.SCALED | Sign.PART_OF_DAY if order.hidden else DOUBTED
                shared = reading.reader.shared
                write_refused(file, reading.table, reading.layout, outcome.refused, doubted=doubted, shared=shared)
                outcome.refused_file = str(file)
    except _Undo:
        outcome.batch = None
    return outcome


class _Import:
    """The import of one sheet, inside a transaction."""

    def __init__(self, store: Store, reading: SheetReading, order: ImportOptions) -> None:
        self._store = store
        self._model = reading.layout.model
        self._scope = reading.scope
        self._order = order
        self._table = reading.table
        self._layout = reading.layout
        self._lines = reading.rows[:FEW] if order.first is not None else reading.rows
        self._reader = reading.reader
        self._seen: Counter[str] = Counter()
        self._ids_here: set[str] = set()
        """ids of the records of this sheet's rows"""
        self.fingerprints: dict[str, str] = {}
        """id of a record -> fingerprint of its row, for the rows that were added"""

    def enter(self, outcome: SheetOutcome, progress: Callable[[int, int], object]) -> None:
        """Import every row of the sheet."""
        rows = []
        for at in self._lines:
            cells = self._reader.cells_of(at)
            row_id = self._identity(cells)
            earlier = self._records_of_row(row_id)
            self._ids_here.update(earlier)
            rows.append((at + 1, cells, row_id, earlier))
        for done, (line, cells, row_id, earlier) in enumerate(rows):
            progress(done, len(rows))
            self._enter_row(outcome, line, cells, row_id, earlier)

    def _enter_row(
        self, outcome: SheetOutcome, line: int, cells: RowCells, row_id: str, earlier: Mapping[str, bool]
    ) -> None:
        last = list(earlier)[-1] if earlier else None
        if last is not None and not earlier[last]:
            outcome.known.append(self._entered(line, last))
            self._note_change(outcome, line, cells, last)
        elif last is not None and not self._order.again:
            outcome.voided.append(self._entered(line, last))
        else:
            new_id = row_id if last is None else self._replacement_id(row_id, len(earlier))
            reason = self._save(cells, new_id)
            if reason is None:
                self._ids_here.add(new_id)
                self.fingerprints[new_id] = cells.fingerprint()
                outcome.added.append(self._entered(line, new_id))
            else:
                outcome.refused.append(RefusedRow(line, reason, row_id, self._original(line - 1)))

    def _note_change(self, outcome: SheetOutcome, line: int, cells: RowCells, row_id: str) -> None:
        """Note a row that is in already but was changed on the sheet since: its record is not touched."""
        then = self._store.value("SELECT said FROM local_batch_row WHERE row_id = ? ORDER BY batch_id DESC", [row_id])
        if then is not None and then != cells.fingerprint():
            outcome.notes.append(
                _(
                    "Line {line} is in already, and was changed on the sheet since: correct the record {id} itself."
                ).format(line=line, id=row_id)
            )

    def _original(self, at: int) -> dict[str, str]:
        """Heading or letters of a column -> the text of its cell as it was; unknown columns too."""
        texts = [cell_text(self._table.cell(at, column)) for column in range(len(self._layout.headings))]
        return {
            h or letters(n): text for n, (h, text) in enumerate(zip(self._layout.headings, texts, strict=True)) if text
        }

    def _identity(self, cells: RowCells) -> str:
        """The id that the record of a row has or will have."""
        submission = cells.marks.get(marks.SUBMISSION)
        if submission:
            return self._computed_id("submission", self._scope, submission)
        mark = cells.marks.get(marks.ROW, "")
        if _MARK.fullmatch(mark) and not self._of_another(mark):
            key = mark
            self._seen[key] += 1
            if self._seen[key] == 1:
                return mark
        else:
            key = cells.fingerprint()
            self._seen[key] += 1
        return self._computed_id("sheet", self._scope, key, str(self._seen[key]))

    def _computed_id(self, *key: str) -> str:
        """The id that follows from a key. A record that an earlier version made of the row keeps the id it has."""
        computed = derived_id(self._model.KIND, FIRST_DAY, *key)
        there = self._store.value(f"SELECT 1 FROM {self._model.KIND} WHERE id = ?", [computed])
        return computed if there else named_id(computed, self._scope)

    def _of_another(self, mark: str) -> bool:
        """Whether an id belongs to a record of another kind or post."""
        if not may_name(mark, self._scope):
            return True
        try:
            found = records.get(self._store, mark)
        except FieldappError:
            return False
        return found.kind != self._model.KIND or found.row.get("post_id", self._scope) != self._scope

    def _replacement_id(self, row_id: str, number: int) -> str:
        """The id of the record that replaces voided record ``number`` of a row."""
        return self._computed_id("again", row_id, str(number))

    def _records_of_row(self, row_id: str) -> dict[str, bool]:
        """The records that a row has had, in order: id -> whether it is voided."""
        found: dict[str, bool] = {}
        own = row_id
        while True:
            row = self._store.row(f"SELECT voided_at FROM {self._model.KIND} WHERE id = ?", [own])
            if row is None:
                return found
            found[own] = row["voided_at"] is not None
            own = self._replacement_id(row_id, len(found))

    def _entered(self, line: int, row_id: str) -> ImportedRow:
        return ImportedRow(line, row_id, labels(self._store, self._model.KIND, [row_id])[row_id])

    def _record(self, data: Mapping[str, Any], row_id: str) -> None:
        """Save a record. Equal rows of one sheet are two records; ``_duplicate_question`` compares with all others."""
        confirm = self._order.confirm
        records.save(self._store, self._model.KIND, data, confirm=confirm, fresh_id=row_id, compare=False)

    def _save(self, cells: RowCells, row_id: str) -> str | None:
        """Record one row; returns the reason if it is refused, and then nothing of it is kept."""
        reading = self._reader.read(cells)
        confirm = self._order.confirm
        problems: dict[str, str] = {}
        asked: dict[str, str] = {}
        try:
            with self._store.transaction():
                try:
                    self._record(reading.data, row_id)
                except NeedsConfirmation as error:
                    asked = error.fields
                if not confirm and not asked:
                    asked = self._duplicate_question(row_id, marked=bool(cells.marks.get(marks.ROW)))
                if reading.problems or asked or (reading.questions and not confirm):
                    raise _Undo
        except FieldappError as error:
            problems = error.fields or {"": str(error)}
        except _Undo:
            pass
        else:
            self._reader.forget(self._model.KIND)
            return None
        if not reading.problems:  # otherwise it may be asked about what is not there because it is wrong
            problems |= asked
        questions = {} if confirm else reading.questions
        sentences = {**problems, **questions, **reading.problems}
        return " ".join(_sentence(self._store, self._model, reading, key, text) for key, text in sentences.items())

    def _duplicate_question(self, row_id: str, *, marked: bool) -> dict[str, str]:
        """Ask whether a row is a duplicate of a record that does not belong to a row of this sheet.

        Such a record was entered by hand, or its row was different then, perhaps in an amount. A row that is ``marked``
        as refused was never recorded, so a record that came with a sheet belongs to another row.
        """
        columns = self._store.row(f"SELECT * FROM {self._model.KIND} WHERE id = ?", [row_id])
        assert columns is not None
        ids = [row["id"] for row in possible_duplicates(self._store, self._model, columns)]
        others = (i for i in ids if i != row_id and i not in self._ids_here)
        found = next((i for i in others if not (marked and self._came_with_sheet(i))), None)
        if found is None:
            return {}
        label = labels(self._store, self._model.KIND, [found])[found]
        question = _("Like a record that exists already: {record} ({id}). If it is another one, confirm.")
        return {"": question.format(record=label, id=found)}

    def _came_with_sheet(self, row_id: str) -> bool:
        """Whether a record came with a sheet."""
        return self._store.value("SELECT 1 FROM local_batch_row WHERE row_id = ?", [row_id]) is not None


def _sentence(store: Store, model: type[Record], reading: ParsedRow, key: str, text: str) -> str:
    """A problem, after the heading of the cell that it is about."""
    parts = key.split(".")
    titles = {shape.name: _(shape.title) for shape in fields_of(model)}
    if parts[0] == "extras" and len(parts) == 2:
        name = store.value("SELECT name FROM kind_field WHERE id = ?", [parts[1]])
        if name:
            return f"“{name}”: {text}"
    title = reading.titles.get(".".join(parts[:2])) or reading.titles.get(key) or titles.get(key)
    title = title or (key if key and parts[0] not in model.CHILDREN else "")
    return f"“{clean(title)}”: {text}" if title else text


def _store_batch(store: Store, outcome: SheetOutcome, fingerprints: Mapping[str, str]) -> int:
    """Store which records came with this sheet; returns the number of the batch."""
    hlc = store.value("SELECT hlc FROM local_session")
    cursor = store.db.execute(
        "INSERT INTO local_batch (kind, file, sheet, given_at, given_by, hlc, refused) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [outcome.kind, clean(outcome.file), outcome.sheet, wall.instant(), store.user, hlc, len(outcome.refused)],
    )
    number = int(cursor.lastrowid or 0)
    store.db.conn.executemany(
        "INSERT INTO local_batch_row (batch_id, row_id, line, said) VALUES (?, ?, ?, ?)",
        [(number, entered.id, entered.line, fingerprints[entered.id]) for entered in outcome.added],
    )
    return number
