"""A row of a table as a record: what each cell means, in the form that ``records.save`` takes."""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from fieldapp.domain.assistance import MEASURES, Activity
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import FieldShape, fields_of
from fieldapp.escaping import brief_text
from fieldapp.i18n import _, everywhere
from fieldapp.records import lists
from fieldapp.records.reading import resolve_reference
from fieldapp.records.typed_figures import read_figures
from fieldapp.records.words import choice_title
from fieldapp.sheets.cells import SheetCell, SheetTable, Sign, cell_text, is_error, is_pointed
from fieldapp.sheets.days import LONGEST, read_day, split_range
from fieldapp.sheets.headings import (
    BodiesTarget,
    ColumnTarget,
    ExtraTarget,
    FieldTarget,
    FigureTarget,
    Layout,
    MarkTarget,
    ParentTarget,
    field_named,
    letters,
)
from fieldapp.sheets.phone_export import is_of_cspro
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, tidy

YES = frozenset({"1", "x", "co", "v", "dung", "ies", "true"})
NO = frozenset({"0", "khong", "no", "false"})
_TIME = re.compile(r"(\d{1,4}):([0-5]\d)(?::[0-5]\d)?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}\.\d{3}", re.ASCII)
_LOST = re.compile(r"\?[^\W\d_]|&#x?[0-9a-f]{2,6};|&[a-z]{2,8};", re.IGNORECASE)
"""What stands for a letter that is not there: “Nguy?n”, “Nguy&#7877;n”"""
_VAGUE = ("hang", "vai", "nhieu", "mot so", "mai", "chua", "khong ro", "it", "khoang", "duoi", "tren")
"""Beginnings of words for a number that nobody knows"""


@dataclass(frozen=True)
class FilledCell:
    """A cell that is not empty."""

    heading: str
    target: ColumnTarget
    text: str
    repeated: bool
    """it belongs to a merged cell that other rows, or other columns before it, have too"""
    place: str = ""
    """its name as a spreadsheet shows it: ``F3``"""
    trouble: str | None = None
    """why it cannot be taken for what its text says"""


@dataclass
class RowCells:
    """What the cells of a row hold."""

    cells: list[FilledCell] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    """one of ``marks.MARKS`` -> what this program wrote there, in a sheet of refused rows"""
    covered: dict[str, str] = field(default_factory=dict)
    """heading -> name of an empty cell on which there is a picture or a comment"""
    like_a_sum: bool = False
    """its only text is that of a total"""
    beyond: int = 0
    """cells after the last column, in a file whose cells are only separated by signs"""

    def fingerprint(self) -> str:
        """A hash that identifies the row: the same for the same content, in any order of the columns."""
        content = sorted((_place(cell), " ".join(tidy(cell.text).casefold().split())) for cell in self.cells)
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _place(cell: FilledCell) -> str:
    """What a cell is about; the same whatever reference data the program knows today."""
    match cell.target:
        case FieldTarget(name):
            return name
        case ParentTarget(name):
            return f"{name}/{search_key(cell.heading)}"
        case BodiesTarget(target_type):
            return f"targets.{target_type}"
        case ExtraTarget(name):
            return f"extras.{search_key(name)}"
        case _:
            return f"measures.{search_key(cell.heading)}"


@dataclass
class ParsedRow:
    """What a row means: data for a record, problems and questions."""

    data: dict[str, Any] = field(default_factory=dict)
    """For ``records.save``"""
    problems: dict[str, str] = field(default_factory=dict)
    """Where -> what is wrong; where: a key as in ``FieldappError.fields``"""
    questions: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    """Where -> the heading that a person sees"""


class RowReader:
    """Reads the rows of one table."""

    def __init__(
        self,
        store: Store,
        table: SheetTable,
        layout: Layout,
        given: Mapping[str, str],
        year: int | None,
        today: date,
        *,
        hidden: bool = False,
        usual_years: Collection[int] = (),
        like_sums: Collection[int] = (),
        rows: Collection[int] = (),
    ) -> None:
        """``given``: field as a map names it -> value for every row whose cell is empty or missing.

        ``hidden``: take what is struck out or not seen. ``usual_years``: in which most days of the sheet lie.
        ``like_sums``: indexes of rows that may be totals. ``rows``: indexes of all rows.
        """
        known = frozenset(rows)
        self.shared = {
            first for place, first in table.merged.items() if place[0] != first[0] and {place[0], first[0]} <= known
        }
        """first places of merged cells that several rows have"""
        figures = [column.at for column in layout.columns if isinstance(column.target, FigureTarget)]
        of_cspro = table.separated and is_of_cspro(layout.headings)
        self._pointed = {at for at in figures if of_cspro or any(is_pointed(table.cell(row, at)) for row in rows)}
        """columns in which a point stands before decimals"""
        if not hidden:
            self.shared |= {place for place, sign in table.signs.items() if sign & Sign.SPREAD}
        self._usual_years = usual_years
        self._like_sums = like_sums
        self._hidden = hidden
        self._store = store
        self._table = table
        self._layout = layout
        self._year = year
        self._today = today
        self._shapes = {shape.name: shape for shape in fields_of(layout.model)}
        columns = {repr(c.target) for c in layout.columns}
        constants = [(name, field_named(store, layout.model, name), value) for name, value in given.items()]
        self._given = [(n, t, tidy(v)) for n, t, v in constants if repr(t) not in columns]
        self._defaults = {repr(t): tidy(v) for _n, t, v in constants}
        widths = Counter(map(len, table.rows)) if table.separated else Counter[int]()
        self._headed = len(table.rows[layout.line])
        self._usual = max([self._headed, *widths], key=lambda width: (widths[width], width))
        """cells of most lines: a blank one beside them says that a cell was divided"""
        self._known: defaultdict[str, dict[tuple[str, date | None], str | ValueError]] = defaultdict(dict)
        """kind -> (name, day) -> the record's id, or why there is none"""
        self._measures: dict[str, Mapping[str, Row]] = {}

    def cells_of(self, at: int) -> RowCells:
        """What the cells of a row hold, before anything is looked up."""
        row = RowCells(like_a_sum=at in self._like_sums)
        if self._table.separated:
            cells = self._table.rows[at]
            row.beyond = sum(cell != "" for cell in cells[self._headed :])
            row.beyond = row.beyond or max(len(cells) - max(self._headed, self._usual), 0)
        signs = self._table.signs
        for column in self._layout.columns:
            cell = self._table.cell(at, column.at)
            text = cell_text(cell)
            if isinstance(column.target, MarkTarget):
                row.marks[column.target.name] = tidy(text)
                continue
            place = f"{letters(column.at)}{at + 1}"
            sign = self._table.sign(at, column.at) if signs else Sign(0)
            trouble = self._trouble(column.target, cell, sign, place, column.at) if text else None
            text = text or self._defaults.get(repr(column.target), "")
            if text:
                origin = self._table.origin(at, column.at)
                repeated = origin != (at, column.at) or origin in self.shared
                row.cells.append(FilledCell(column.heading, column.target, text, repeated, place, trouble))
            elif sign & Sign.COVERED:
                row.covered[column.heading] = place
        row.cells += [FilledCell(name, target, text, False) for name, target, text in self._given if text]
        return row

    def _trouble(self, target: ColumnTarget, cell: SheetCell, sign: Sign, place: str, column: int) -> str | None:
        """Why a cell that holds something cannot be taken for what its text says."""
        if isinstance(cell, str) and is_error(cell):
            return failed(cell, place)
        if isinstance(cell, str) and "\N{REPLACEMENT CHARACTER}" in cell:
            return _lost(cell, place)
        if sign and not self._hidden:
            if sign & (Sign.STRUCK | Sign.PARTLY_STRUCK):
                sentence = _("cell {cell} is struck out, in whole or in part. Take the line off or clear the cell; with"
                             " --hidden it is taken as it is.")  # fmt: skip
                return sentence.format(cell=place)
            if sign & Sign.UNSEEN:
                sentence = _("cell {cell} holds “{text}”, which nobody sees on the sheet. Show it or clear the cell;"
                             " with --hidden it is taken as it is.")  # fmt: skip
                return sentence.format(cell=place, text=tidy(cell_text(cell)))
        if column in self._pointed and isinstance(cell, str) and _THOUSANDS.fullmatch(tidy(cell)):
            sentence = _("cell {cell} holds {text}, and others of this column, or the program of this file, have a"
                         " point before decimals: is it thousands or a decimal? Type it without a point, or with a"
                         " decimal comma.")  # fmt: skip
            return sentence.format(cell=place, text=tidy(cell))
        sort = self._shapes[target.name].type if isinstance(target, FieldTarget) else None
        if isinstance(target, FigureTarget) or sort in ("integer", "year"):
            cell = _as_shown(cell)
        if sign & Sign.SCALED and sort not in ("text", "long"):
            sentence = _("cell {cell} holds {number}, and its format shows another number (percent or thousands). Type"
                         " what is meant, and give the cell the format General.")  # fmt: skip
            return sentence.format(cell=place, number=cell_text(cell))
        if sign & Sign.PART_OF_DAY and sort not in ("text", "long", "year"):
            sentence = _("cell {cell} holds a day, of which only {text} is shown: the rest was filled in by the"
                         " spreadsheet program. Type the whole day, or what is meant.")  # fmt: skip
            return sentence.format(cell=place, text=cell_text(cell))
        if isinstance(cell, bool) and sort != "boolean":
            return _("cell {cell} holds {value} in place of a value. Type what is meant.").format(
                cell=place, value="TRUE" if cell else "FALSE"
            )
        if isinstance(cell, time | timedelta) and sort not in ("text", "long"):
            sentence = _("cell {cell} holds the time {time}. Type what is meant, and give the cell the format General.")
            return sentence.format(cell=place, time=cell_text(cell))
        if isinstance(cell, date) and not isinstance(target, ExtraTarget) and sort not in ("date", "long"):
            sentence = _("cell {cell} holds the day {day}. Type what is meant, and give the cell the format General.")
            return sentence.format(cell=place, day=cell_text(cell))
        return None

    def read(self, row: RowCells) -> ParsedRow:
        """What a row means, right or wrong."""
        reading = ParsedRow()
        cells = [cell for cell in row.cells if cell.trouble is None]
        for cell in row.cells:
            if cell.trouble is not None:
                key = cell.target.name if isinstance(cell.target, FieldTarget) else cell.heading
                reading.titles[key] = cell.heading
                reading.problems[key] = cell.trouble
        if row.beyond:
            sentence = _("This row has {n} more cells than there are headings: a separator stands inside a cell. Put"
                         " that cell between quotes.")  # fmt: skip
            reading.problems[""] = sentence.format(n=row.beyond)
        if row.like_a_sum:
            reading.questions[""] = _("This line looks like the total of others. Is it a record of its own?")
        for cell in cells:
            if _LOST.search(cell.text) and "://" not in cell.text and cell.place:
                key = cell.target.name if isinstance(cell.target, FieldTarget) else cell.heading
                reading.titles[key] = cell.heading
                reading.questions[key] = _lost(cell.text, cell.place)
        for heading, place in row.covered.items():
            reading.titles[heading] = heading
            reading.questions[heading] = _(
                "cell {cell} is empty, and there is a picture, a box or a comment on it. Type the value, or confirm"
                " that there is none."
            ).format(cell=place)
        self._read_fields(reading, cells)
        if issubclass(self._layout.model, Activity):
            self._read_figures(reading, cells)
            self._read_bodies(reading, cells)
        return reading

    def forget(self, kind: str) -> None:
        """Forget names of this kind after a record of it was saved: they may mean something else now."""
        self._known.pop(kind, None)

    # fields ---------------------------------------------------------------------------------------------------

    def _read_fields(self, reading: ParsedRow, cells: list[FilledCell]) -> None:
        texts = {t.target.name: (t.heading, t.text) for t in cells if isinstance(t.target, FieldTarget)}
        above = [(t.target.name, t.text) for t in cells if isinstance(t.target, ParentTarget)]
        self._split_period(texts)
        date_field = self._layout.model.first_day()
        on: date | None = None
        ordered = sorted(texts.items(), key=lambda item: item[0] != date_field)  # a unit is looked up by the date
        for name, (heading, text) in ordered:
            shape = self._shapes[name]
            reading.titles[name] = heading
            try:
                value, question = self._value(shape, text, [t for n, t in above if n == name], on)
            except ValueError as error:
                reading.problems[name] = str(error)
                continue
            if question:
                reading.questions[name] = question
            reading.data[name] = value
            if name == date_field:
                on = date.fromisoformat(value)
                if not question and self._far_from_the_others(on):
                    reading.questions[name] = _("{day} is far from the other days of this sheet. Is it right?").format(
                        day=format_date(on)
                    )

    def _far_from_the_others(self, day: date) -> bool:
        years = self._usual_years
        return bool(years) and not min(years) - 1 <= day.year <= max(years) + 1

    def _split_period(self, texts: dict[str, tuple[str, str]]) -> None:
        """Split a period that was written in the column of its first day."""
        for first, last in self._layout.model.ORDERED:
            if first in texts and last not in texts and first == self._layout.model.DATE:
                heading, text = texts[first]
                parts = split_range(text)
                if parts and last == "date_to":
                    texts[first], texts[last] = (heading, parts[0]), (heading, parts[1])

    def _value(self, shape: FieldShape, text: str, above: list[str], on: date | None) -> tuple[Any, str | None]:
        if shape.type == "date":
            day = read_day(text, self._today, self._year)
            return day.day.isoformat(), day.question
        if shape.type == "ref":
            assert shape.ref is not None
            return self._named(shape.ref, ", ".join(map(tidy, [text, *above])), None if shape.heir_of else on), None
        if shape.type == "choice":
            return _choice(shape, text), None
        if shape.type == "boolean":
            key = search_key(text)
            if key not in YES | NO:
                raise ValueError(_("Write yes or no."))
            return key in YES, None
        return text, None

    def _named(self, kind: str, text: str, on: date | None) -> str:
        """The id of the record that a cell names; ValueError with a sentence. The same name is looked up only once."""
        known, asked = self._known[kind], (text, on)
        if asked not in known:
            try:
                known[asked] = resolve_reference(self._store, kind, text, on)
            except ValueError as error:
                known[asked] = error
        found = known[asked]
        if isinstance(found, ValueError):
            raise found
        return found

    # what belongs to an activity --------------------------------------------------------------------------------

    def _read_figures(self, reading: ParsedRow, cells: list[FilledCell]) -> None:
        kind = reading.data.get("activity_kind_id")
        if kind is None:
            return
        if kind not in self._measures:
            self._measures[kind] = {m["id"]: m for m in lists.measures_of(self._store, kind)}
        figures: list[dict[str, Any]] = []
        extras: list[dict[str, Any]] = []
        for cell in cells:
            if not isinstance(cell.target, FigureTarget | ExtraTarget):
                continue
            if cell.repeated:
                reading.problems[cell.heading] = _(
                    "This cell is merged over several lines: divide its figure, and give each line its own."
                )
            elif isinstance(cell.target, ExtraTarget):
                reading.titles[f"extras.{len(extras)}"] = cell.heading
                extras.append({"kind_field_id": cell.target.name, "value": cell.text})
            else:
                try:
                    rows = self._figures(reading, cell.heading, cell.target, cell.text, self._measures[kind])
                except ValueError as error:
                    reading.problems[cell.heading] = str(error)
                    continue
                for row in rows:
                    reading.titles[f"measures.{len(figures)}"] = cell.heading
                    figures.append(row)
        if figures:
            reading.data[MEASURES] = figures
        if extras:
            reading.data["extras"] = extras

    def _figures(
        self, reading: ParsedRow, heading: str, target: FigureTarget, text: str, measures: Mapping[str, Row]
    ) -> list[dict[str, Any]]:
        """The rows of one figure; ValueError with a sentence."""
        offered = {m: grade for m, grade in target.measures.items() if m in measures}
        best = [m for m, grade in offered.items() if grade == min(offered.values())]
        if not best:
            raise ValueError(_("This kind of activity has no such figure."))
        if len(best) > 1:
            listed = "; ".join(measures[m]["name"] for m in best)
            raise ValueError(
                _("This heading may mean several figures: {listed}. Name one of them.").format(listed=listed)
            )
        measure = measures[best[0]]
        if target.times and text.replace(".", "").replace(",", "").replace(" ", "").isdigit():
            text = f"{text} {target.times}"
        last = date.fromisoformat(
            reading.data.get("date_to") or reading.data.get("date_from") or self._today.isoformat()
        )
        rows = read_figures(text, measure, last)
        for row in rows:
            if row["amount"] is None and row["approximate"] and not search_key(row["note"]).startswith(_VAGUE):
                reading.questions[heading] = _("“{text}” is no number: kept as words. Is it right?").format(
                    text=tidy(text)
                )
        return [{"measure_id": measure["id"], **row} for row in rows]

    def _read_bodies(self, reading: ParsedRow, cells: list[FilledCell]) -> None:
        bodies: list[dict[str, Any]] = []
        day = reading.data.get("date_from")
        for cell in cells:
            if not isinstance(cell.target, BodiesTarget):
                continue
            sort = cell.target.target_type
            for name in filter(None, map(tidy, cell.text.replace("\n", ";").split(";"))):
                try:
                    body = self._body(sort, name, date.fromisoformat(day) if day else None, reading)
                except ValueError as error:
                    reading.problems[cell.heading] = str(error)
                    continue
                reading.titles[f"targets.{len(bodies)}"] = cell.heading
                bodies.append({"target_type": sort, **body})
        if bodies:
            reading.data["targets"] = bodies

    def _body(self, target_type: str, name: str, on: date | None, reading: ParsedRow) -> dict[str, Any]:
        """The body that is named: a party cell or a commune must be on record, others may be only a name."""
        if target_type == "party_cell":
            return {"party_cell_id": self._named("party_cell", name, None)}
        if target_type == "commune":
            return {"unit_id": self._named("unit", name, on)}
        unit = reading.data.get("unit_id")
        return {"name": name, **({"unit_id": unit} if unit else {})}


def _as_shown(cell: SheetCell) -> SheetCell:
    """A text in a column of numbers that a spreadsheet wrote for a day, a time, or TRUE, as that."""
    if not isinstance(cell, str) or len(cell) > LONGEST:
        return cell
    if cell.upper() in ("TRUE", "FALSE", "ĐÚNG", "SAI"):
        return cell.upper() in ("TRUE", "ĐÚNG")
    if found := _TIME.fullmatch(cell):
        return timedelta(hours=int(found[1]), minutes=int(found[2]))
    if found := _DAY.fullmatch(cell):
        try:
            return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            return cell
    return cell


def _lost(text: str, place: str) -> str:
    """The sentence for a cell whose letters got lost when a program saved the file in an encoding without them."""
    sentence = _("letters of cell {cell} were lost when the file was saved: “{text}”. Save it again as “CSV UTF-8” or"
                 " .xlsx from where it is whole, or type the cell.")  # fmt: skip
    return sentence.format(cell=place, text=brief_text(tidy(text)))


def failed(text: str, place: str) -> str:
    """The sentence for a cell whose formula has failed."""
    sentence = _("The sheet's formula has failed here ({error}): mend it in cell {cell}, or type the value.")
    return sentence.format(error=text, cell=place)


def _choice(shape: FieldShape, text: str) -> str:
    """The code of the choice that a cell names by its code, its words, or the beginning of its words."""
    key = search_key(text)
    names = {
        choice: {search_key(choice), *map(search_key, everywhere(choice_title(choice)))} for choice in shape.choices
    }
    exact = [choice for choice, keys in names.items() if key in keys]
    begun = [choice for choice, keys in names.items() if any(k.startswith(f"{key} ") for k in keys)]
    found = exact or begun
    if len(found) != 1:
        raise ValueError(
            _("Choose one of: {choices}.").format(choices="; ".join(_(choice_title(c)) for c in shape.choices))
        )
    return found[0]
