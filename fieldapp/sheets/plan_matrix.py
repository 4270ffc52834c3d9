"""A sheet of plans: posts in rows and what is planned in columns, or the other way round, a figure in each cell."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from fieldapp.domain.amounts import MONEY
from fieldapp.domain.dates import format_date
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.escaping import brief_text
from fieldapp.i18n import _, counted
from fieldapp.records import plans
from fieldapp.records.plans import PlanCell, PlansAsked, PlansRefused
from fieldapp.records.records import tried
from fieldapp.sheets.cells import Place, SheetTable, Sign, cell_text
from fieldapp.sheets.headings import NUMBERING, letters
from fieldapp.sheets.lines import TOTALS
from fieldapp.sheets.reading import read_tables
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import clean, search_key, tidy

LOOKED_AT = 60
"""The headings are among this many first lines"""
LABELS_AT = 6
"""The names of the lines are in one of this many first columns"""
LONGEST = 200
"""Characters of a cell that may be a name"""
MOST_LINES, MOST_COLUMNS = 2_000, 500

UNIT_HEADINGS = frozenset({"don vi tinh", "dvt", "don vi"})
BESIDE = NUMBERING | UNIT_HEADINGS | {"ghi chu", "note", "ma", "code"}
"""Headings of columns, and names of lines, that hold no targets"""
TIMES = {"nghin dong": "nghìn", "ngan dong": "nghìn", "trieu dong": "triệu", "ti dong": "tỷ"}
"""Unit of money -> the word that a figure gets"""
_UNIT_ABOVE = re.compile(r"(?:đơn vị tính|đvt)\s*:?\s*([^():]+)", re.IGNORECASE)
_YEAR = re.compile(r"\bnăm\s+((?:19|20)\d\d)\b|\b(?:quý|tháng)\s+\w+/((?:19|20)\d\d)\b", re.IGNORECASE)
_QUARTER = re.compile(r"\bquý\s+(iv|i{1,3}|[1-4])\b", re.IGNORECASE)
_ZERO = re.compile(r"0+(?:,0+)?(?:\s|$)")
_QUARTERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}
DOUBTED = (
    Sign.STRUCK | Sign.PARTLY_STRUCK | Sign.UNSEEN | Sign.UNCALCULATED | Sign.ASSUMED_ZERO | Sign.COVERED | Sign.SCALED
    | Sign.PART_OF_DAY
)  # fmt: skip
"""Signs of cells that are not taken for what they hold"""


@dataclass
class PlanSheet:
    """The targets of a sheet, as they stand there."""

    sheet: str
    targets: dict[PlanCell, str] = field(default_factory=dict)
    places: dict[PlanCell, Place] = field(default_factory=dict)
    """where each stands"""
    problems: list[tuple[Place, str]] = field(default_factory=list)
    """where a name or cell is not understood, and why"""
    notes: list[str] = field(default_factory=list)
    """what was left out"""
    titles: list[str] = field(default_factory=list)
    """what stands above the headings"""

    def other_period(self, first: date, last: date) -> str:
        """A question where a line above the headings is about another year or quarter; else empty."""
        own_quarters = {(month - 1) // 3 + 1 for month in range(first.month, last.month + 1)}
        one_quarter = first.year == last.year and len(own_quarters) == 1
        for title in self.titles:
            years = {int(year) for years in _YEAR.findall(title) for year in years if year}
            quarters = {_QUARTERS[quarter.casefold()] for quarter in _QUARTER.findall(title)}
            other_year = bool(years) and not years & {*range(first.year, last.year + 1)}
            other_quarter = bool(quarters) and not (one_quarter and quarters & own_quarters)
            if other_year or other_quarter:
                sentence = _("The sheet says “{title}”, and its figures become plans from {first} to {last}.")
                return sentence.format(title=brief_text(title), first=format_date(first), last=format_date(last))
        return ""


@dataclass(frozen=True)
class _Found:
    """Where the names are."""

    heads_at: int
    labels_at: int
    posts_in_lines: bool
    score: int


class _Names:
    """What texts name, each looked up once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[bool, str], tuple[Any, str]] = {}

    def post(self, text: str) -> tuple[Any, str]:
        """(id of the post or None for all, "") or (None, why not)."""
        return self._look_up(True, text, lambda: plans.post_named(self._store, text))

    def aim(self, text: str) -> tuple[Any, str]:
        """(aim, "") or (None, why not)."""
        return self._look_up(False, text, lambda: plans.aim_named(self._store, text))

    def of(self, is_post: bool, text: str) -> tuple[Any, str]:
        """The post or the aim."""
        return self.post(text) if is_post else self.aim(text)

    def _look_up(self, is_post: bool, text: str, find: Callable[[], Any]) -> tuple[Any, str]:
        key = (is_post, tidy(text))
        if key not in self._known:
            try:
                self._known[key] = find(), ""
            except ValueError as error:
                self._known[key] = None, str(error)
        return self._known[key]


def may_name(text: str) -> bool:
    """Whether a cell may be a name at all: it has a letter, and is no long text."""
    return 0 < len(text) <= LONGEST and any(c.isalpha() for c in text)


def read_plan_sheet(store: Store, path: Path, sheet: str | None = None, password: str | None = None) -> PlanSheet:
    """The first sheet of a file on which posts and what is planned cross; FieldappError if there is none.

    Others of its sort are named in its notes: they may be of other periods.
    """
    tables = read_tables(path, sheet, password)
    for at, table in enumerate(tables):
        found = read_plan_table(store, table)
        if found is not None:
            others = [other.name for other in tables[at + 1 :] if read_plan_table(store, other) is not None]
            if others:
                not_read = _(
                    "Only sheet “{sheet}” is read. Not read: {others}; each of these is a file of its own, or --sheet."
                )
                names = ", ".join(f"“{brief_text(name)}”" for name in others)
                found.notes.insert(0, not_read.format(sheet=brief_text(table.name), others=names))
            return found
    raise FieldappError(
        _(
            "{file} has no table with posts in its lines and measures in its columns, or the other way round. Nothing"
            " was saved."
        ).format(file=clean(path.name))
    )


def read_plan_table(store: Store, table: SheetTable) -> PlanSheet | None:
    """The targets of a table; None if no posts and aims cross on it."""
    names = _Names(store)
    texts = [[cell_text(cell).strip() for cell in row[:MOST_COLUMNS]] for row in table.rows[:MOST_LINES]]
    found = _find_names(names, texts)
    return None if found is None else _Reader(store, table, names, texts, found).read()


def _find_names(names: _Names, texts: Sequence[Sequence[str]]) -> _Found | None:
    """The line of headings and the column of names that cross in the most cells."""
    best: _Found | None = None
    known: dict[tuple[bool, int], list[int]] = {}
    for posts_in_lines in (True, False):
        for column in range(LABELS_AT):
            known[posts_in_lines, column] = [
                at
                for at, row in enumerate(texts)
                if column < len(row) and may_name(row[column]) and not names.of(posts_in_lines, row[column])[1]
            ]
    for at, row in enumerate(texts[:LOOKED_AT]):
        for posts_in_lines in (True, False):
            heads = [n for n, text in enumerate(row) if may_name(text) and not names.of(not posts_in_lines, text)[1]]
            for column in range(LABELS_AT):
                below = [line for line in known[posts_in_lines, column] if line > at]
                right = [n for n in heads if n > column]
                score = len(right) * len(below)
                if score > (best.score if best else 0):
                    best = _Found(at, column, posts_in_lines, score)
    return best


class _Reader:
    """Reads one table whose names are found."""

    def __init__(
        self, store: Store, table: SheetTable, names: _Names, texts: Sequence[Sequence[str]], found: _Found
    ) -> None:
        self._store, self._table, self._names, self._texts, self._found = store, table, names, texts, found
        self._made = PlanSheet(table.name)
        self._merged = {*table.merged.values()}
        self._words: dict[int, str] = {}
        """Column -> the word for thousands or millions that its figures are of"""
        above = [text for row in texts[: found.heads_at] for text in row if text]
        self._made.titles = [*above]
        self._unit_above = next((said[1] for text in above if (said := _UNIT_ABOVE.search(text))), "").strip(" .;,")
        """The unit of money of the whole table"""
        self._unit_column: int | None = None
        self._unknown: list[int] = []
        """Columns with figures below a heading that is not understood"""

    def read(self) -> PlanSheet:
        heads = self._heads()
        for at in range(self._found.heads_at + 1, len(self._texts)):
            row = self._texts[at]
            label = row[self._found.labels_at] if self._found.labels_at < len(row) else ""
            filled = [column for column in heads if column < len(row) and self._held(at, column)]
            if not filled and not any(column < len(row) and row[column] for column in self._unknown):
                continue
            if at in self._table.hidden_rows:
                self._made.notes.append(at_place((at, None), _("hidden on the sheet, and left out.")))
            elif _is_total(label):
                self._made.notes.append(at_place((at, None), _("a total, and left out.")))
            else:
                self._line(at, label, heads, filled)
        return self._made

    def _heads(self) -> dict[int, Any]:
        """Column -> what it is of, for the columns right of the names."""
        at, heads = self._found.heads_at, {}
        for column, text in enumerate(self._texts[at]):
            key = search_key(text)
            if key in UNIT_HEADINGS:
                self._unit_column = column
            if column <= self._found.labels_at or not text or key in BESIDE:
                continue
            if column in self._table.hidden_columns:
                self._made.notes.append(at_place((at, column), _("hidden on the sheet, and left out.")))
                continue
            if _is_total(text):
                self._made.notes.append(at_place((at, column), _("a total, and left out.")))
                continue
            named, why = self._names.of(not self._found.posts_in_lines, text)
            below = any(column < len(row) and row[column] for row in self._texts[at + 1 :])
            if why and below:
                self._made.problems.append(((at, column), why))
                self._unknown.append(column)
            elif not why:
                heads[column] = named
                if self._found.posts_in_lines:
                    self._words[column] = self._times((at, column), named, _unit_in(text))
        return heads

    def _held(self, at: int, column: int) -> bool:
        return bool(self._texts[at][column]) or bool(self._table.sign(at, column) & DOUBTED)

    def _line(self, at: int, label: str, heads: Mapping[int, Any], filled: Sequence[int]) -> None:
        """The targets of one line."""
        place: Place = (at, self._found.labels_at)
        named: Any = None
        why = _("figures without a name.")
        if label:
            named, why = self._names.of(self._found.posts_in_lines, label)
        if why:
            self._made.problems.append((place, why))
            return
        times = ""
        if not self._found.posts_in_lines:
            row = self._texts[at]
            beside = row[self._unit_column] if self._unit_column is not None and self._unit_column < len(row) else ""
            times = self._times(place, named, beside or _unit_in(label))
        for column in filled:
            place = (at, column)
            cell = PlanCell(named, heads[column]) if self._found.posts_in_lines else PlanCell(heads[column], named)
            if self._table.sign(at, column) & DOUBTED:
                why = _("the cell is struck out, not seen or not calculated, or shows another number.")
                self._made.problems.append((place, why))
            elif place in self._merged:
                self._made.problems.append((place, _("the cell is merged with others: whose figure is it?")))
            elif cell in self._made.targets:
                why = _("{what} stands there twice.").format(what=plans.cell_words(self._store, cell))
                self._made.problems.append((place, why))
            else:
                self._made.targets[cell] = f"{self._texts[at][column]} {self._words.get(column, times)}".strip()
                self._made.places[cell] = place

    def _times(self, place: Place, aim: Any, unit: str) -> str:
        """The word for thousands or millions in a unit of money; another unit than the figure's own is a problem."""
        own = plans.aim_words(self._store, aim)
        if own.unit == MONEY:
            unit = unit or self._unit_above
        if own.unit == MONEY and search_key(unit) in TIMES:
            return TIMES[search_key(unit)]
        if unit and search_key(unit) not in (search_key(own.unit), search_key(own.title)):
            sentence = _("it is counted in “{own}”, not in “{unit}”.").format(own=own.unit, unit=unit)
            self._made.problems.append((place, sentence))
        return ""


def at_place(place: tuple[int, int | None], sentence: str) -> str:
    """A sentence about a cell, or about a line, of a sheet."""
    line, column = place
    if column is None:
        return _("Line {line}: {reason}").format(line=line + 1, reason=sentence)
    where = _("Line {line}, column {column}: {reason}")
    return where.format(line=line + 1, column=letters(column), reason=sentence)


def _unit_in(text: str) -> str:
    """“Trị giá quà (đồng)” -> “đồng”"""
    begin, bracket, end = text.rstrip().rpartition("(")
    return end[:-1].strip() if bracket and end.endswith(")") and begin.strip() else ""


def _is_total(text: str) -> bool:
    return search_key(text.rstrip(":")) in TOTALS


@dataclass(frozen=True)
class PlanImport:
    """The result of importing a sheet of plans."""

    file: str
    sheet: str
    dry_run: bool
    targets: int
    """targets on the sheet"""
    changed: int
    """plans that are new or have another target now"""
    notes: Sequence[str]


def import_plans(
    store: Store,
    path: Path,
    first: date,
    last: date,
    *,
    sheet: str | None = None,
    password: str | None = None,
    confirm: bool = False,
    dry_run: bool = False,
) -> PlanImport:
    """Save the targets of a sheet as the plans of a period: all or none. An empty cell leaves the plan that is there; 0
    sets none where none is.

    FieldappError names each post, measure or target that is not understood, with its line.
    """
    read = read_plan_sheet(store, path, sheet, password)
    _leave_out_zeros(store, first, last, read)
    problems = [*read.problems]
    changed = 0
    other = "" if confirm else read.other_period(first, last)
    if other:
        raise NeedsConfirmation(_("Not saved yet. {questions}").format(questions=other))
    try:
        if dry_run or problems:
            with tried(store):
                changed = _save(store, first, last, read, confirm)
        else:
            changed = _save(store, first, last, read, confirm)
    except PlansAsked as asked:
        if not problems:
            lines = [at_place(read.places[cell], sentence) for cell, sentence in asked.cells.items()]
            raise NeedsConfirmation(" ".join(lines)) from None
    except PlansRefused as refused:
        problems += [(read.places[cell], sentence) for cell, sentence in refused.cells.items()]
    if problems:
        lines = [at_place(place, sentence) for place, sentence in sorted(problems)]
        raise FieldappError("\n".join([*lines, _("Nothing was saved.")]))
    return PlanImport(clean(path.name), read.sheet, dry_run, len(read.targets), changed, read.notes)


def _leave_out_zeros(store: Store, first: date, last: date, read: PlanSheet) -> None:
    """Leave out targets of 0: the post has nothing to do. Where it has a plan, 0 is refused like any other target."""
    there = plans.stored_plans(store, first, last)
    zeros = [cell for cell, text in read.targets.items() if _ZERO.match(text) and cell not in there]
    for cell in zeros:
        del read.targets[cell]
    if zeros:
        read.notes.append(
            counted("{n} cell has 0: no target is set there.", "{n} cells have 0: no target is set there.", len(zeros))
        )


def _save(store: Store, first: date, last: date, read: PlanSheet, confirm: bool) -> int:
    return plans.save_plans(store, first, last, read.targets, reason="", confirm=confirm)
