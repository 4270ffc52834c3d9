"""The report as a workbook: figures as numbers, and the records behind each figure.

A sheet begins with its headings, which alone stay in sight. What is to be said of a table stands below it; of the
report as a whole, on a sheet of its own.

Every text is written as text: the content of a record never becomes a formula or a link.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter

from fieldapp.i18n import _
from fieldapp.reports.figures import STAR, Figure
from fieldapp.reports.files.document import NOTED, Document, FigureEntry, Split
from fieldapp.reports.narrative import table_notes


@dataclass(frozen=True)
class Provisional:
    """A figure on which posts do not agree: its cell shows a mark behind it."""

    figure: Figure


CellValue = str | int | date | Figure | Provisional | None
"""A figure is written as its number, “khoảng” by the format of the cell; where records give words, all as words"""

EXACT = 10**15
"""A cell holds numbers of 15 digits; longer ones are written as text, so that none is rounded."""

ROWS = 1_048_576
"""A sheet has no more rows."""

MARK = "* "

STARRED = f'"{STAR}"'
"""The end of a format of numbers: the cell shows the star and holds the number"""

DISPUTED = f'" {NOTED}"'
"""The same of a figure on which posts do not agree"""


def xlsx_bytes(document: Document) -> bytes:
    """The bytes of the workbook."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({
        "title": document.about, "author": document.letterhead.issuer,
        "created": document.provenance.moment.astimezone(UTC).replace(tzinfo=None),
    })  # fmt: skip
    sheets = Sheets(book)
    _figures(sheets, document)
    for split in document.splits:
        _split(sheets, document, split)
    if document.report.plan:
        _plan(sheets, document)
    _entries(sheets, document.entries)
    _notes(sheets, document)
    _sources(sheets, document)
    book.close()
    return out.getvalue()


class Sheets:
    """The sheets of one workbook, all in the same format."""

    def __init__(self, book: Any) -> None:
        self._book = book
        common = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
        self._text = book.add_format(common | {"text_wrap": True})
        self._head = book.add_format(
            common | {"bold": True, "text_wrap": True, "bg_color": "#DDE7EE", "border": 1, "align": "center"}
        )
        self._note = book.add_format(common)
        self._bold = book.add_format(common | {"bold": True})
        self._title = book.add_format(common | {"bold": True, "font_size": 14})
        self._day = book.add_format(common | {"num_format": "dd/mm/yyyy", "align": "left"})
        before, after = _("about {amount}").split("{amount}")
        self._numbers = {
            (decimals, about, star): book.add_format(
                common | {"num_format": (f'"{before}"{digits}"{after}"' if about else digits) + star}
            )
            for decimals, digits in enumerate(("#,##0", "#,##0.0", "#,##0.00", "#,##0.000"))
            for about in (False, True)
            for star in ("", STARRED, DISPUTED)
        }

    def write(
        self, name: str, title: str, notes: Sequence[str], head: Sequence[str], rows: Iterable[Sequence[CellValue]],
        widths: Sequence[int], printed: int | None = None,
    ) -> None:  # fmt: skip
        """Write a sheet: a table whose headings stay in sight, then notes. On paper ``title`` is above each page.

        ``printed``: the number of columns that are printed; the others are for programs.
        """
        sheet = self._book.add_worksheet(name)
        _heighten(sheet, 0, head, widths)
        for column, (text, width) in enumerate(zip(head, widths, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, text, self._head)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        last = 0
        for last, row in enumerate(rows, start=1):
            if last >= ROWS:
                break
            for column, value in enumerate(row):
                self._cell(sheet, last, column, value)
            _heighten(sheet, last, row[:printed], widths)
        if last:
            sheet.autofilter(0, 0, last, len(head) - 1)
        for at, note in enumerate(notes, start=last + 2):
            sheet.write_string(at, 0, note, self._note)
        if printed is not None:
            sheet.print_area(0, 0, last + 1 + len(notes), printed - 1)
        self._for_paper(sheet, title)

    def write_notes(self, name: str, title: str, parts: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Write a sheet of text: a title, then parts, each with its heading."""
        sheet = self._book.add_worksheet(name)
        sheet.set_column(0, 0, 120)
        sheet.write_string(0, 0, title, self._title)
        at = 2
        for heading, lines in parts:
            sheet.write_string(at, 0, heading, self._bold)
            for line in lines:
                at += 1
                sheet.write_string(at, 0, line, self._text)
                _heighten(sheet, at, [line], [120])
            at += 2
        self._for_paper(sheet, title)

    def _for_paper(self, sheet: Any, title: str) -> None:
        sheet.set_header('&C&"Times New Roman,Bold"&12' + title.replace("&", "&&")[:200])
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _cell(self, sheet: Any, row: int, column: int, value: CellValue) -> None:
        if isinstance(value, Provisional):
            self._figure(sheet, row, column, value.figure, f" {NOTED}", DISPUTED)
        elif isinstance(value, Figure):
            self._figure(sheet, row, column, value, "", STARRED if value.shared else "")
        elif isinstance(value, int):
            sheet.write_number(row, column, value, self._numbers[0, False, ""])
        elif isinstance(value, date):
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), self._day)
        elif value:
            sheet.write_string(row, column, value, self._text)

    def _figure(self, sheet: Any, row: int, column: int, figure: Figure, mark: str, form: str) -> None:
        """``mark``: what stands behind words; ``form``: the end of the format of a number."""
        if figure.value is None or figure.in_words or abs(figure.value) >= EXACT:
            sheet.write_string(row, column, figure.text + mark, self._text)
        else:
            number = self._numbers[figure.decimals, figure.approximate, form]
            sheet.write_number(row, column, figure.value / 10**figure.decimals, number)


LINE = 15.75
"""Points of a line of text"""


def _heighten(sheet: Any, row: int, cells: Sequence[CellValue], widths: Sequence[int]) -> None:
    """Make a row as high as the text that wraps in it: not every program does so when it opens a file."""
    texts = ((c if isinstance(c, str) else c.text if isinstance(c, Figure) and c.in_words else "") for c in cells)
    lines = max((-(-len(text) // width) for text, width in zip(texts, widths, strict=False) if text), default=1)
    if lines > 1:
        sheet.set_row(row, LINE * lines)


def _figures(sheets: Sheets, document: Document) -> None:
    head = [_("Figure"), _("Number"), _("Unit of measure"), _("In words"), _("Period before"), _("Number of records"),
            _("Section"), _("Code")]  # fmt: skip
    rows = [
        [f.title, _marked(document, f if f.value is None else replace(f, in_words=[])), f.unit, f.text,
         document.before.get((f.section, f.code)), f.count, section.title, f"{f.section}.{f.code}"]
        for section in document.sections
        for f in section.figures
    ]  # fmt: skip
    sheets.write(_("Figures"), document.about, document.disputes, head, rows, (44, 18, 16, 34, 18, 12, 36, 36), 6)


def _marked(document: Document, figure: Figure) -> Figure | Provisional:
    return Provisional(figure) if document.is_disputed(figure) else figure


def _split(sheets: Sheets, document: Document, split: Split) -> None:
    head = [_("Figure"), _("Unit of measure"), *split.table.titles, _("whole")]
    rows: list[list[CellValue]] = [
        [(MARK if line.differs else "") + line.figure.title, line.figure.unit, *line.parts,
         _marked(document, line.figure)]
        for line in split.table.lines
    ]  # fmt: skip
    widths = (44, 16, *([14] * (len(split.table.titles) + 1)))
    notes = [*table_notes(split.table), *document.disputes]
    sheets.write(split.title, split.title, notes, head, rows, widths)


def _plan(sheets: Sheets, document: Document) -> None:
    head = [_("Target"), _("Post"), _("Period"), _("Done"), _("Target"), _("Unit of measure"), "%"]
    rows: list[list[CellValue]] = [
        [p.title, p.post or "", p.period.title, p.figure if p.figure.in_words else replace(p.figure, value=p.done),
         _number(p.target, p.figure.decimals), p.figure.unit, p.percent]
        for p in document.report.plan
    ]  # fmt: skip
    sheets.write(_("Plan"), _("Plan"), [], head, rows, (44, 24, 20, 16, 16, 16, 8))


def _number(value: int, decimals: int, approximate: bool = False) -> Figure:
    return Figure("", "", "", value, decimals, "", approximate)


def _entries(sheets: Sheets, entries: Sequence[FigureEntry]) -> None:
    head = [_("Figure"), _("Date"), _("Adds"), _("Unit of measure"), _("In words"), _("Kind"), _("Record"), _("Post"),
            _("Code"), "id"]  # fmt: skip
    rows: list[list[CellValue]] = [
        [e.figure.title, date.fromisoformat(e.day) if e.day >= "1900-03-01" else e.day,
         None if e.amount is None else _number(e.amount, e.figure.decimals, e.approximate), e.figure.unit,
         e.words or "", e.kind, e.label, e.post, f"{e.figure.section}.{e.figure.code}", e.record]
        for e in entries
    ]  # fmt: skip
    title = _("The records behind each figure")
    sheets.write(_("Records"), title, [], head, rows, (36, 12, 16, 16, 24, 20, 60, 24, 30, 38), 8)


def _notes(sheets: Sheets, document: Document) -> None:
    """What is to be said of the report as a whole."""
    behind = [_("Adds: what the record adds to the figure; empty where an earlier line counted the same already.")]
    if len(document.entries) >= ROWS:
        behind.append(_("Cut off: a sheet has no more rows. `fieldapp hq open-data` writes all records."))
    parts = [
        (_("Report"), [f"{what}: {value}" for what, value in document.facts]),
        (_("How complete the figures are"), [document.completeness, *document.left_out, *document.received]),
        *((text.title, text.lines) for text in document.texts if text.lines),
        (_("Records"), behind),
    ]
    sheets.write_notes(_("Notes"), document.about, parts)


def _sources(sheets: Sheets, document: Document) -> None:
    state = document.provenance
    head = [_("Laptop"), _("Records of"), _("Changes"), _("Sealed"), _("Log"), _("SHA-256 of its newest segment")]
    rows: list[list[CellValue]] = [
        [x.author or _("shipped with the program"), _("reference data") if x.scope == "*" else x.scope, x.seq, x.sealed,
         x.log, x.head or ""]
        for x in state.logs
    ]  # fmt: skip
    notes = [
        _("Anyone with the same logs up to the same changes computes the same figures."),
        f"{_('Computed')}: {document.computed}, schema {state.schema}",
    ]
    sheets.write(_("Sources"), _("What the figures were computed from"), notes, head, rows, (36, 20, 12, 12, 40, 70))
