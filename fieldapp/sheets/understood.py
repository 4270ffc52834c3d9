"""A sheet as it is understood, before anything is recorded: its columns, its rows, what is left out, what is asked.

This is what a preview shows and what an import goes by. Nothing here writes.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from fieldapp.domain.amounts import MONEY
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.errors import FieldappError
from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.sheets import columns, phone_export, phone_repeats
from fieldapp.sheets.cells import Place, SheetTable, Sign, cell_text
from fieldapp.sheets.days import LONGEST, WrittenDays, change_over, month_first
from fieldapp.sheets.headings import (
    FieldTarget,
    FigureTarget,
    Layout,
    MarkTarget,
    UnclearColumns,
    field_named,
    find_layout,
    is_unit,
    letters,
    times_of,
    unit_in,
)
from fieldapp.sheets.lines import left_out, lines_of
from fieldapp.sheets.old_letters import as_written
from fieldapp.sheets.questions import SheetChoice, SheetQuestion
from fieldapp.sheets.reading import chosen, read_all
from fieldapp.sheets.rows import RowReader
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.vietnamese.old_fonts import Converted
from fieldapp.vietnamese.text import clean, search_key, tidy

NAMED = 5
"""How many cells a sentence names"""


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
    recalled: Sequence[str] = ()
    try:
        try:
            table, layout = find_layout(store, model, tables, order.columns, hidden=order.hidden)
        except UnclearColumns as error:
            recalled_map = _recalled(store, error.layout, order)
            if not recalled_map:
                raise
            layout = error.layout
        else:
            recalled_map = _recalled(store, layout, order)
        if recalled_map:
            table, layout = find_layout(store, model, tables, recalled_map, hidden=order.hidden)
            recalled = [*recalled_map]
    except FieldappError:
        _refuse_uncalculated(path, tables[0], [p for p, sign in tables[0].signs.items() if sign & Sign.UNCALCULATED])
        raise
    table, layout, joined = _names_together(table, layout)
    layout, other_units = _units_that_differ(store, table, layout, order.columns or recalled_map)
    targets = {name: field_named(store, model, name) for name in order.given}
    given = [target.name for target in targets.values() if isinstance(target, FieldTarget)]
    _check_needed(table, layout, given)
    lines = lines_of(table, layout, given, hidden=order.hidden)
    rows = [line.at for line in lines if line.sort == "row"]
    used = _Used(table, layout, frozenset(rows))
    _refuse_uncalculated(path, table, [*used.signed(Sign.UNCALCULATED, headings=True)])
    beside = _units_beside(store, table, layout)
    questions = [
        *of_export.get(table.name, ()),
        *_letters_question(used),
        *_questions(used, order.hidden),
        *_units_question(layout, beside),
    ]
    days = _days_question(used)
    if days is not None:
        questions.append(days)
    _check_answers(order.answers, questions)
    if order.answers.get("days") == "swapped":
        table = _changed_over(used)
        used = replace(used, table=table)
    if order.answers.get("units") == "as-said":
        layout = _in_units(layout, beside)
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


def _recalled_note(headings: Sequence[str]) -> Iterator[str]:
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


@dataclass(frozen=True)
class _Used:
    """The cells of a sheet that would be recorded."""

    table: SheetTable
    layout: Layout
    rows: frozenset[int]

    def columns(self) -> set[int]:
        return {c.at for c in self.layout.columns if not isinstance(c.target, MarkTarget)}

    def signed(self, sign: Sign, *, headings: bool = False) -> Iterator[Place]:
        """The cells with a sign, in their order; ``headings``: in the line of the headings too."""
        columns = self.columns()
        for (row, column), found in sorted(self.table.signs.items()):
            if found & sign and ((row in self.rows and column in columns) or (headings and row == self.layout.line)):
                yield row, column

    def days(self) -> dict[int, WrittenDays]:
        """Columns of days -> how they are written."""
        shapes = {shape.name: shape for shape in fields_of(self.layout.model)}
        rows = sorted(self.rows)
        return {
            c.at: WrittenDays.of([self.table.cell(row, c.at) for row in rows])
            for c in self.layout.columns
            if isinstance(c.target, FieldTarget) and shapes[c.target.name].type == "date"
        }


def cells_named(places: Sequence[Place]) -> str:
    """The names of cells, the first of many: ``F2, F3 …``"""
    named = [f"{letters(column)}{row + 1}" for row, column in places[:NAMED]]
    return ", ".join(named) + (" …" if len(places) > NAMED else "")


def _refuse_uncalculated(path: Path, table: SheetTable, places: Sequence[Place]) -> None:
    if places:
        sentence = _("{file}, sheet “{sheet}”: the results of formulas are not in the file (cells {cells}). Open the"
                     " file in a spreadsheet program, save it, and give it again. Nothing was recorded.")  # fmt: skip
        raise FieldappError(sentence.format(file=clean(path.name), sheet=table.name, cells=cells_named(places)))


def _letters_question(used: _Used) -> Iterator[SheetQuestion]:
    """Whether text was rightly taken for that of an old font: said before and after."""
    changed = used.table.old_letters
    columns = used.columns()
    places = [p for p in sorted(changed) if p[0] == used.layout.line or (p[0] in used.rows and p[1] in columns)]
    if places:
        sorts = ", ".join(sorted({changed[place].encoding.value for place in places}))
        told = "; ".join(
            f"{letters(place[1])}{place[0] + 1} “{brief_text(clean(changed[place].before))}” → “"
            f"{brief_text(changed[place].after)}”"
            for place in _told_apart(places, changed)
        )
        yield SheetQuestion(
            "letters",
            _("{n} cells are written in letters of an old font, {sorts}: {cells}.").format(
                n=len(places), sorts=sorts, cells=told
            ),
            [
                SheetChoice("unicode", _("record them in Unicode, as shown")),
                SheetChoice("keep", _("record them as they stand in the file")),
            ],
        )


def _told_apart(places: Sequence[Place], changed: Mapping[Place, Converted]) -> list[Place]:
    """The first of the cells, and of each old font at least one."""
    first = {changed[place].encoding: place for place in reversed(places)}
    return sorted({*places[: max(NAMED - len(first), 1)], *first.values()})


def _may_be_kept(key: str, places: Sequence[Place], sentence: str, keep: str) -> Iterator[SheetQuestion]:
    """A question about cells, if there are any, with the one answer that they are right as they are."""
    if places:
        yield SheetQuestion(key, sentence.format(cells=cells_named(places)), [SheetChoice("keep", keep)])


def _questions(used: _Used, hidden: bool) -> Iterator[SheetQuestion]:
    yield from _may_be_kept(
        "zeros", [*used.signed(Sign.ASSUMED_ZERO)],
        _("Cells {cells} hold formulas with the result 0 or nothing, and the file says that nobody has calculated"
          " it: open it in a spreadsheet program and save it there, or say that this is the result."),
        _("0 is the result"),
    )  # fmt: skip
    columns = used.columns()
    ruled = sorted(
        {
            (row, column)
            for top, first, bottom, last in used.table.hiding_rules
            for row in range(top, min(bottom + 1, len(used.table.rows)))
            if row in used.rows
            for column in columns
            if first <= column <= last and used.table.cell(row, column) != ""
        }
    )
    yield from _may_be_kept(
        "rules", [] if hidden else ruled,
        _("A rule of the sheet (conditional formatting) strikes out or hides some of the cells {cells}, and which"
          " of them is not known. Delete these rows or the rule, or say that all of them count."),
        _("all of them count"),
    )  # fmt: skip
    yield from _may_be_kept(
        "breaks", [*used.signed(Sign.SEVERAL_ROWS)],
        _("Cells {cells} hold line breaks and as many separators as a row: perhaps a quote is missing, and rows"
          " were swallowed. Look at these lines in the file, or say that they are one text."),
        _("each is one text"),
    )  # fmt: skip


def _days_changed(used: _Used) -> dict[int, str]:
    """Columns whose days may be changed over -> what of them: the "days" of the spreadsheet, or "texts"."""
    if any(isinstance(column.target, MarkTarget) for column in used.layout.columns):
        return {}  # this program wrote the sheet, with the days as they were understood
    today = wall.today()
    found = {}
    columns = used.days()
    for at, written in columns.items():
        if written.swapped_days(today) or written.left_over([columns[other] for other in columns if other != at]):
            found[at] = "days"
        elif written.month_written_first():
            found[at] = "texts"
    return found


def _changed_over(used: _Used) -> SheetTable:
    """The table with the days changed over that were asked about."""
    rows = [*used.table.rows]
    for column, what in _days_changed(used).items():
        for at in used.rows:
            cell = rows[at][column] if column < len(rows[at]) else ""
            if isinstance(cell, date):
                cell = change_over(cell) if what == "days" else cell
            elif isinstance(cell, str):
                cell = month_first(cell, always=what == "texts")
            if column < len(rows[at]):
                rows[at] = [*rows[at][:column], cell, *rows[at][column + 1 :]]
    return replace(used.table, rows=rows)


def _days_question(used: _Used) -> SheetQuestion | None:
    changed = _days_changed(used)
    if not changed:
        return None
    columns = used.days()
    turned_over = [at for at, what in changed.items() if what == "days"]
    days = sorted({day for at in turned_over for day in columns[at].days if day.day <= 12 and day.day != day.month})
    texts = [text for at in changed for text in (*columns[at].month_first, *columns[at].either)] if not days else []
    named = ", ".join(f"{letters(at)} “{used.layout.headings[at]}”" for at in sorted(changed))
    if days:
        right = _("{n} days as they are: {first} to {last}").format(
            n=len(days), first=format_date(days[0]), last=format_date(days[-1])
        )
        turned = sorted(map(change_over, days))
        swapped = _("month and day changed over, such as {one} for {other}: {first} to {last}").format(
            one=format_date(change_over(days[0])), other=format_date(days[0]),
            first=format_date(turned[0]), last=format_date(turned[-1]),
        )  # fmt: skip
    else:
        right = _("the day stands first; {n} of the texts are no days then").format(
            n=sum(len(columns[at].month_first) for at in changed)
        )
        swapped = _("the month stands first: {text} is {day}").format(
            text=texts[0], day=month_first(texts[0], always=True)
        )
    text = _(
        "The days of column {columns} may have come from a spreadsheet in English, which takes 3/2/2026 for 2 March."
    )
    return SheetQuestion(
        "days", text.format(columns=named), [SheetChoice("as-written", right), SheetChoice("swapped", swapped)]
    )


_UNIT = re.compile(r"(?:đvt|đơn vị(?: tính)?)\s*:?\s*(.+)$", re.IGNORECASE)
_MEASURED = (
    {"g": 1, "gam": 1, "gram": 1, "kg": 1_000, "can": 1_000, "ien": 10_000, "ta": 100_000, "tan": 1_000_000},
    {"cm": 1, "m": 100, "met": 100, "km": 100_000, "cai so": 100_000},
    {"m2": 1, "met vuong": 1, "sao": 360, "ha": 10_000, "hec ta": 10_000, "hecta": 10_000, "km2": 1_000_000},
    {"ml": 1, "lit": 1_000, "m3": 1_000_000, "khoi": 1_000_000},
)  # fmt: skip
_COUNTED = (
    {"phut": 1, "gio": 60, "buoi": 240, "ngai": 480, "cong": 480, "ngai cong": 480, "tuan": 3_360, "thang": 14_400},
    {"nguoi": 1, "khau": 1, "nhan khau": 1, "ho": 2, "gia dinh": 2, "luot": 3, "luot nguoi": 3},
)
"""Search keys of units of one sort, each with how much it is: a figure in one is another figure in the other. Those of
``_COUNTED`` only say so directly below a heading"""


def _units_beside(store: Store, table: SheetTable, layout: Layout) -> dict[int, str]:
    """Columns of money whose unit stands above the table or below the heading -> its word for thousands or millions."""
    money = {row["id"] for row in store.rows("SELECT id FROM measure WHERE unit_name = ?", [MONEY])}
    columns = [c for c in layout.columns if isinstance(c.target, FigureTarget) and not c.target.times]
    columns = [c for c in columns if isinstance(c.target, FigureTarget) and c.target.measures.keys() <= money]
    said = ""
    for row in table.rows[: layout.line]:
        for cell in row:
            if isinstance(cell, str) and (found := _UNIT.search(tidy(cell)[:LONGEST])):
                said = times_of(found[1]) or said
    below = layout.line + 1
    under = {c.at: table.cell(below, c.at) if below < len(table.rows) else "" for c in columns}
    found_units = {at: times_of(cell[:LONGEST]) if isinstance(cell, str) else "" for at, cell in under.items()}
    return {at: times for at, unit in found_units.items() if (times := unit or said)}


def _units_that_differ(
    store: Store, table: SheetTable, layout: Layout, chosen: Collection[str]
) -> tuple[Layout, Sequence[str]]:
    """The layout without the figures whose unit, above the table or below the heading, is another one; and what to say.

    ``chosen``: headings of columns that a person has named.
    """
    above = ""
    for row in table.rows[: layout.line]:
        for cell in row:
            if isinstance(cell, str) and (found := _UNIT.search(tidy(cell)[:LONGEST])):
                above = found[1].strip("() ")
    measures = {row["id"]: row for row in store.rows("SELECT id, name, unit_name FROM measure")}
    kept, notes = [], []
    for column in layout.columns:
        target = column.target
        if not isinstance(target, FigureTarget) or column.heading in chosen:
            kept.append(column)
            continue
        under = table.cell(layout.line + 1, column.at) if layout.line + 1 < len(table.rows) else ""
        below = under.strip("() ") if isinstance(under, str) and is_unit(under[:LONGEST]) else ""
        said = below or ("" if unit_in(column.heading) else above)
        sorts = _MEASURED + _COUNTED if below else _MEASURED
        units = {m: measures[m]["unit_name"] for m in target.measures}
        fitting = {m: grade for m, grade in target.measures.items() if not _is_another(said, units[m], sorts)}
        if fitting:
            kept.append(replace(column, target=replace(target, measures=fitting)))
            continue
        sentence = _("Column {column} “{heading}” is in “{said}” (above the table or below the heading), and it is"
                     " counted in “{unit}”: its values are left out. Name its field by --map if the figures are in"
                     " “{unit}”.")  # fmt: skip
        notes.append(
            sentence.format(
                column=letters(column.at), heading=column.heading, said=said, unit=" / ".join(sorted({*units.values()}))
            )
        )
    return replace(layout, columns=kept), notes


def _is_another(said: str, own: str, sorts: Sequence[Mapping[str, int]]) -> bool:
    """Whether two units are of one sort, and not as much as each other."""
    one, other = (search_key(unit).replace("²", "2").replace("³", "3") for unit in (said, own))
    return any(one in sizes and other in sizes and sizes[one] != sizes[other] for sizes in sorts)


def _units_question(layout: Layout, beside: Mapping[int, str]) -> Iterator[SheetQuestion]:
    if beside:
        named = ", ".join(f"{letters(at)} “{layout.headings[at]}” ({times})" for at, times in sorted(beside.items()))
        yield SheetQuestion(
            "units",
            _("The unit of columns {columns} is not in the heading, but above or below it.").format(columns=named),
            [
                SheetChoice("as-said", _("the figures are in this unit")),
                SheetChoice("keep", _("the figures are in đồng")),
            ],
        )


def _in_units(layout: Layout, beside: Mapping[int, str]) -> Layout:
    columns = [
        replace(c, target=replace(c.target, times=beside[c.at]))
        if c.at in beside and isinstance(c.target, FigureTarget)
        else c
        for c in layout.columns
    ]
    return replace(layout, columns=columns)


def _check_answers(answers: Mapping[str, str], questions: Sequence[SheetQuestion]) -> None:
    """Refuse an answer that no choice has; one to a question that is not asked does no harm."""
    for question in questions:
        given = answers.get(question.key)
        if given is not None and given not in [choice.key for choice in question.choices]:
            listed = ", ".join(choice.key for choice in question.choices)
            raise FieldappError(
                _("“{answer}” is no answer to “{key}”. Answers: {choices}.").format(
                    answer=clean(given), key=question.key, choices=listed
                )
            )


def _usual_years(used: _Used) -> frozenset[int]:
    """The years in which most of the records lie, by the day that a record has."""
    days = used.days()
    name = used.layout.model.DATE
    columns = [c.at for c in used.layout.columns if isinstance(c.target, FieldTarget) and c.target.name == name]
    years = sum((days[at].years() for at in columns), Counter[int]())
    most = max(years.values(), default=0)
    return frozenset(year for year, n in years.items() if n == most or n >= max(2, years.total() / 10))
