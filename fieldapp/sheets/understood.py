"""A sheet as it is understood, before anything is recorded: its columns, its rows, what is left out, what is asked.

This is what a preview shows and what an import goes by. Nothing here writes.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.sheets import columns, phone_export, phone_repeats
from fieldapp.sheets.cells import Place, SheetTable, Sign, cell_text
from fieldapp.sheets.headings import FieldTarget, Layout, UnclearColumns, field_named, find_layout, letters
from fieldapp.sheets.lines import left_out, lines_of
from fieldapp.sheets.old_letters import as_written
from fieldapp.sheets.questions import SheetQuestion
from fieldapp.sheets.reading import chosen, read_all
from fieldapp.sheets.rows import RowReader
from fieldapp.sheets.uncertain import UsedCells, cells_named, changed_over, check_answers, in_units, questions_about
from fieldapp.sheets.units_beside import units_beside, without_other_units
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import clean, search_key


@dataclass(frozen=True)
class ImportOptions:
    """How a sheet is to be imported."""

    kind: str
    sheet: str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)
    """heading -> field (``headings.field_named``); None leaves the column out"""
    given: Mapping[str, str] = field(default_factory=dict)
    """field -> value for each row that has none of its own"""
    year: int | None = None
    """of days that are written without one"""
    confirm: bool = False
    """unusual values are right"""
    again: bool = False
    """rows whose records were voided since are recorded again"""
    dry_run: bool = False
    hidden: bool = False
    """take rows and columns that are hidden, and what is struck out or not seen"""
    answers: Mapping[str, str] = field(default_factory=dict)
    """key of a question about the sheet -> key of the choice (``questions``)"""
    recall: bool = False
    """where ``columns`` says nothing, take what was chosen on the screen for a sheet with the same headings"""
    password: str | None = field(default=None, repr=False)
    """that opens the file"""
    first: int | None = None
    """only so many lines are looked at, and the first rows tried: nothing is recorded"""


@dataclass(frozen=True)
class SheetReading:
    """A sheet as it is understood."""

    table: SheetTable
    layout: Layout
    scope: str
    rows: Sequence[int]
    """indexes of the lines that are rows"""
    reader: RowReader
    notes: Sequence[str]
    """what is left out, and why"""
    questions: Sequence[SheetQuestion] = field(default=())
    """those that ``answers`` does not answer; nothing may be recorded before"""


def read_sheet(store: Store, path: Path, order: ImportOptions) -> SheetReading:
    """Read and understand a sheet; FieldappError if it cannot go in as a whole."""
    model = records.model_of(order.kind)
    if not model.TOP:
        raise FieldappError(_("Records of this kind are entered with the record that they belong to."))
    scope = records.writable_scope(store, model)
    tables, said_of_export, of_export = _tables(path, order, model)
    try:
        table, layout, recalled = _find_layout(store, model, tables, order)
    except FieldappError:
        _refuse_uncalculated(path, tables[0], [p for p, sign in tables[0].signs.items() if sign & Sign.UNCALCULATED])
        raise
    table, layout, joined = _names_together(table, layout)
    layout, other_units = without_other_units(store, table, layout, order.columns or recalled)
    targets = {name: field_named(store, model, name) for name in order.given}
    given = [target.name for target in targets.values() if isinstance(target, FieldTarget)]
    _check_needed(table, layout, given)
    lines = lines_of(table, layout, given, hidden=order.hidden)
    rows = [line.at for line in lines if line.sort == "row"]
    used = UsedCells(table, layout, frozenset(rows))
    _refuse_uncalculated(path, table, [*used.signed(Sign.UNCALCULATED, headings=True)])
    beside = units_beside(store, table, layout)
    questions = [*of_export.get(table.name, ()), *questions_about(used, beside, hidden=order.hidden)]
    check_answers(order.answers, questions)
    if order.answers.get("days") == "swapped":
        table = changed_over(used)
        used = replace(used, table=table)
    if order.answers.get("units") == "as-said":
        layout = in_units(layout, beside)
    reader = RowReader(
        store, table, layout, order.given, order.year, wall.today(), hidden=order.hidden,
        usual_years=_usual_years(used), like_sums=frozenset(line.at for line in lines if line.like_a_sum), rows=rows,
    )  # fmt: skip
    notes = [
        *_recalled_note(recalled),
        *joined,
        *said_of_export.get(table.name, ()),
        *other_units,
        *_column_notes(table, layout),
        *_unnamed_columns(table, layout, rows),
        *left_out(lines),
    ]
    if not rows:
        raise FieldappError(
            " ".join([_("There are no rows below the headings of {file}.").format(file=clean(path.name)), *notes])
        )
    open_questions = [question for question in questions if question.key not in order.answers]
    return SheetReading(table, layout, scope, rows, reader, notes, open_questions)


def _find_layout(
    store: Store, model: type[Record], tables: Sequence[SheetTable], order: ImportOptions
) -> tuple[SheetTable, Layout, Mapping[str, str | None]]:
    """The table with the records, its columns, and those of them that are as they were chosen on the screen."""
    try:
        table, layout = find_layout(store, model, tables, order.columns, hidden=order.hidden)
    except UnclearColumns as error:
        recalled = _recalled(store, error.layout, order)
        if not recalled:
            raise
    else:
        recalled = _recalled(store, layout, order)
        if not recalled:
            return table, layout, {}
    return *find_layout(store, model, tables, recalled, hidden=order.hidden), recalled


def _tables(
    path: Path, order: ImportOptions, model: type[Record]
) -> tuple[list[SheetTable], dict[str, Sequence[str]], dict[str, list[SheetQuestion]]]:
    """The tables of a file as any others would be; and of those that phones' servers export, by name, what to say and
    to ask."""
    there = read_all(path, order.password, order.first)
    tables = chosen(path, there, order.sheet)
    if order.answers.get("letters") == "keep":
        tables = [as_written(table) for table in tables]
    own = [table for table in tables if not phone_repeats.is_repeats(table)]
    if not own:
        raise phone_repeats.refuse_repeats(tables[0].name)
    of_others = {table.name for table in there if phone_repeats.is_repeats(table)}
    found, notes, questions = [], dict[str, Sequence[str]](), dict[str, list[SheetQuestion]]()
    for table in own:
        others = [other for other in there if other.name != table.name]
        answer = order.answers.get(phone_repeats.KEY)
        joined, question, said = phone_repeats.with_repeats(path, table, others, model, answer)
        made, said_of_rows = phone_export.understood(joined)
        notes[table.name] = [*said, *said_of_rows]
        found.append(replace(made, others=[name for name in made.others if name not in of_others]))
        questions[table.name] = [question] if question else []
    return found, notes, questions


_FAMILY_NAMES = ("ho", "ho dem", "ho lot", "ho va dem", "ho va ten dem", "ho va chu dem", "ho va lot")
"""Headings of the first part of people's names, beside “Tên”"""


def _names_together(table: SheetTable, layout: Layout) -> tuple[SheetTable, Layout, Sequence[str]]:
    """The table with people's names whole that stand in two columns, “Họ đệm” and “Tên”; and what to say."""
    keys = [*map(search_key, layout.headings)]
    for column in layout.columns:
        first = column.at - 1
        if keys[column.at] != "ten" or first not in layout.unknown or keys[first] not in _FAMILY_NAMES:
            continue
        rows, signs = [*table.rows], {**table.signs}
        for at in range(layout.line + 1, len(rows)):
            parts = [cell_text(table.cell(at, place)) for place in (first, column.at)]
            if all(parts):
                rows[at] = [*rows[at][: column.at], " ".join(parts), *rows[at][column.at + 1 :]]
                signs[at, column.at] = table.sign(at, first) | table.sign(at, column.at)
        said = _("The columns “{first}” and “{second}” are read together.").format(
            first=layout.headings[first], second=column.heading
        )
        joined = replace(table, rows=rows, signs={place: sign for place, sign in signs.items() if sign})
        unknown = [at for at in layout.unknown if at != first]
        return joined, replace(layout, unknown=unknown), [said]
    return table, layout, ()


def _recalled(store: Store, layout: Layout, order: ImportOptions) -> dict[str, str | None]:
    """What was chosen on the screen for the columns of such a sheet, if it is to be recalled."""
    if not order.recall or order.columns:
        return {}
    return {h: f for h, f in columns.remembered(store, layout).items() if h in layout.headings}


def _recalled_note(headings: Collection[str]) -> Iterator[str]:
    if headings:
        listed = ", ".join(f"“{heading}”" for heading in headings)
        yield _("Columns {columns} are taken for what was chosen on the screen; --map says otherwise.").format(
            columns=listed
        )


def lacking(layout: Layout, given: Collection[str]) -> list[FieldShape]:
    """The fields that every record needs, and that neither a column nor ``given`` has."""
    there = {c.target.name for c in layout.columns if isinstance(c.target, FieldTarget)} | {*given}
    return [s for s in fields_of(layout.model) if s.required and s.default is None and s.name not in there]


def _check_needed(table: SheetTable, layout: Layout, given: Collection[str]) -> None:
    """Refuse a sheet in which every row would lack the same required field."""
    missing = lacking(layout, given)
    if missing:
        sentence = _("No column gives {fields}. The headings are: {headings}. Name the column by --map, or give the"
                     " same for all rows by --set {field}=….").format(
            fields=", ".join(f"“{_(s.title)}”" for s in missing),
            headings=", ".join(f"“{h}”" for h in layout.headings if h),
            field=missing[0].name.removesuffix("_id"),
        )  # fmt: skip
        raise UnclearColumns(" ".join([sentence, *_hidden_columns(layout)]), table, layout)


def _column_notes(table: SheetTable, layout: Layout) -> Iterator[str]:
    """Which columns and sheets are not read."""
    for at in layout.unknown:
        filled = sum(1 for line in range(layout.line + 1, len(table.rows)) if table.cell(line, at) != "")
        if filled:
            yield _(
                "Column {column} “{heading}” is not known: its {n} values are left out. Name its field by --map."
            ).format(column=letters(at), heading=layout.headings[at], n=filled)
    yield from _hidden_columns(layout)
    if table.others:
        yield _("Only the sheet “{sheet}” is read; choose another by --sheet: {others}.").format(
            sheet=table.name, others=", ".join(table.others)
        )


def _unnamed_columns(table: SheetTable, layout: Layout, rows: Sequence[int]) -> Iterator[str]:
    """Columns without a heading that hold something beside the number of the line."""
    for at, heading in enumerate(layout.headings):
        if heading:
            continue
        filled = [text for row in rows if at < len(table.rows[row]) and (text := cell_text(table.rows[row][at]))]
        numbers = [str(number) for number in range(1, len(filled) + 1)]
        if [text.rstrip(".") for text in filled] != numbers:
            yield _("Column {column} has no heading: its {n} values are left out.").format(
                column=letters(at), n=len(filled)
            )


def _hidden_columns(layout: Layout) -> Iterator[str]:
    if layout.hidden:
        named = ", ".join(f"{letters(at)} “{layout.headings[at]}”" for at in layout.hidden)
        yield _(
            "Hidden on the sheet and not recorded: columns {columns}. With --hidden, or named by --map, they are."
        ).format(columns=named)


def _refuse_uncalculated(path: Path, table: SheetTable, places: Sequence[Place]) -> None:
    if places:
        sentence = _("{file}, sheet “{sheet}”: the results of formulas are not in the file (cells {cells}). Open the"
                     " file in a spreadsheet program, save it, and give it again. Nothing was recorded.")  # fmt: skip
        raise FieldappError(sentence.format(file=clean(path.name), sheet=table.name, cells=cells_named(places)))


def _usual_years(used: UsedCells) -> frozenset[int]:
    """The years in which most of the records lie, by the day that a record has."""
    days = used.days()
    name = used.layout.model.DATE
    columns = [c.at for c in used.layout.columns if isinstance(c.target, FieldTarget) and c.target.name == name]
    years = sum((days[at].years() for at in columns), Counter[int]())
    most = max(years.values(), default=0)
    return frozenset(year for year, n in years.items() if n == most or n >= max(2, years.total() / 10))
