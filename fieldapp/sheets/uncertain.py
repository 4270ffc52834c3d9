"""What is uncertain about a sheet as a whole: each question, and the sheet as an answer makes it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from fieldapp.domain.dates import format_date
from fieldapp.domain.model import fields_of
from fieldapp.errors import FieldappError
from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.sheets.cells import Place, SheetTable, Sign
from fieldapp.sheets.days import WrittenDays, change_over, month_first
from fieldapp.sheets.headings import FieldTarget, FigureTarget, Layout, MarkTarget, letters
from fieldapp.sheets.questions import SheetChoice, SheetQuestion
from fieldapp.store import wall
from fieldapp.vietnamese.old_fonts import Converted
from fieldapp.vietnamese.text import clean

NAMED = 5
"""How many cells a sentence names"""


@dataclass(frozen=True)
class UsedCells:
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


def questions_about(used: UsedCells, units: Mapping[int, str], *, hidden: bool) -> list[SheetQuestion]:
    """All that must be asked about a sheet. ``units``: as ``units_beside`` gives them."""
    days = _days_question(used)
    return [
        *_letters_question(used),
        *_cell_questions(used, hidden),
        *_units_question(used.layout, units),
        *([days] if days else []),
    ]


def _letters_question(used: UsedCells) -> Iterator[SheetQuestion]:
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


def _cell_questions(used: UsedCells, hidden: bool) -> Iterator[SheetQuestion]:
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


def _days_changed(used: UsedCells) -> dict[int, str]:
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


def changed_over(used: UsedCells) -> SheetTable:
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


def _days_question(used: UsedCells) -> SheetQuestion | None:
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


def in_units(layout: Layout, beside: Mapping[int, str]) -> Layout:
    columns = [
        replace(c, target=replace(c.target, times=beside[c.at]))
        if c.at in beside and isinstance(c.target, FigureTarget)
        else c
        for c in layout.columns
    ]
    return replace(layout, columns=columns)


def check_answers(answers: Mapping[str, str], questions: Sequence[SheetQuestion]) -> None:
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
