"""The report as PDF, in the same layouts as the letter for Word, without any other program.

The font is Liberation Serif, embedded in the file. It is as wide as Times New Roman, so that lines break at the same
places, and it has every letter of Vietnamese and Ê Đê. A second mark over ê, ô, ơ or ư, as Ê Đê has it, is drawn to the
right of the first: the font has no other place for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import as_file, files
from io import BytesIO

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

from fieldapp.reports.files.document import Document
from fieldapp.reports.files.letter import Letter, LetterLine, letter, unbroken
from fieldapp.reports.files.letter_text import Block, Dots, Grid, Heading, Item, Photo, annex, body, photograph_annex

FONT = "Liberation Serif"
STYLES = {"": "Regular", "B": "Bold", "I": "Italic", "BI": "BoldItalic"}
LEADING = 1.2
"""Height of a line, as a multiple of its font size"""
INDENT = 36.0
"""Indent of the first line of a paragraph in points: 12.7 mm"""
DOTTED = 1.6
"""The same of a dotted line, which is written on by hand"""
PADDING = (2, 4, 2, 4)
"""Of a cell, in points: above, right, below, left"""


class PdfPaper(FPDF):
    """A4 in points, with the page number at the top from the second page on."""

    def __init__(self, form: Letter) -> None:
        super().__init__(unit="pt", format="A4")
        self._form = form
        self._first = 1
        millimetre = 72 / 25.4
        page = form.page
        self.set_margins(page.left * millimetre, page.top * millimetre, page.right * millimetre)
        self.set_auto_page_break(True, page.bottom * millimetre)
        self.c_margin = 0
        fonts = files("fieldapp.reports.files") / "fonts"
        for style, name in STYLES.items():
            with as_file(fonts / f"LiberationSerif-{name}.ttf") as path:
                self.add_font(FONT, style, path)

    def begin_annex(self) -> None:
        """Add a page; pages are numbered anew from it on."""
        self._first = self.page_no() + 1
        self.add_page()

    def header(self) -> None:
        """Draw the page number; the first page of the letter, and of its annex, has none."""
        number = self.page_no() - self._first + 1
        if number == 1:
            return
        self.set_font(FONT, "", self._form.page.body)
        self.set_y(self._form.page.number_at * 72 / 25.4)
        self.cell(0, self._form.page.body, str(number), align="C")
        self.set_y(self.t_margin)


def pdf_bytes(document: Document) -> bytes:
    """The bytes of the PDF file."""
    form = letter(document)
    paper = PdfPaper(form)
    paper.set_title(document.about)
    paper.set_author(document.letterhead.issuer)
    paper.set_lang("vi-VN")
    paper.set_creation_date(document.provenance.moment)
    paper.add_page()
    _head(paper, form)
    for line in form.title:
        _line(paper, line, paper.l_margin, form.page.width, "C")
    paper.ln(form.page.body)
    _blocks(paper, body(document), form.page.body, form.page.table, _foot_height(paper, form))
    _foot(paper, form)
    if document.annexed:
        paper.begin_annex()
        for line in form.annex:
            _line(paper, line, paper.l_margin, form.page.width, "C")
        paper.ln(form.page.body)
        _blocks(paper, annex(document), form.page.body, form.page.table - 1)
    if document.photographs:
        paper.add_page()
        for line in form.photographs:
            _line(paper, line, paper.l_margin, form.page.width, "C")
        for block in photograph_annex(document):
            _photo(paper, block)
    return bytes(paper.output())


def _photo(paper: PdfPaper, photo: Photo) -> None:
    """Draw a photograph and its title, three on a page."""
    if photo.begins_page:
        paper.add_page()
    width, height = (points * 72 / 25.4 for points in photo.millimetres)
    paper.ln(6)
    top = paper.get_y()
    left = paper.l_margin + (paper.epw - width) / 2
    paper.image(BytesIO(photo.picture.data), left, top, width, height, alt_text=photo.text)
    paper.set_xy(paper.l_margin, top + height + 3)
    paper.set_font(FONT, "I", 11)
    paper.multi_cell(paper.epw, 11 * LEADING, photo.text, align="C", new_x="LMARGIN", new_y="NEXT")


def _head(paper: PdfPaper, form: Letter) -> None:
    widths = [form.page.width * share for share in form.head_shares]
    for sides in form.head:
        _beside(paper, sides, widths, ("C", "C"))


def _foot(paper: PdfPaper, form: Letter) -> None:
    paper.ln(form.page.body)
    widths = [form.page.width * share for share in form.foot_shares]
    _beside(paper, (form.recipients, form.signature), widths, ("L", "C"))


def _foot_height(paper: PdfPaper, form: Letter) -> float:
    sides = zip((form.recipients, form.signature), form.foot_shares, strict=True)
    return form.page.body + max(_height(paper, lines, form.page.width * share) for lines, share in sides)


def _beside(
    paper: PdfPaper, sides: tuple[list[LetterLine], list[LetterLine]], widths: list[float], align: tuple[str, str]
) -> None:
    """Draw two columns of lines that begin at the same height."""
    top, low, left = paper.get_y(), paper.get_y(), paper.l_margin
    for lines, width, how in zip(sides, widths, align, strict=True):
        paper.set_y(top)
        for line in lines:
            _line(paper, line, left, width, how)
        low = max(low, paper.get_y())
        left += width
    paper.set_xy(paper.l_margin, low)


def _line(paper: PdfPaper, line: LetterLine, left: float, width: float, align: str) -> None:
    _font(paper, line)
    paper.set_xy(left, paper.get_y() + line.gap)
    paper.multi_cell(width, line.size * LEADING, line.text, align=align, new_x="LMARGIN", new_y="NEXT")
    if line.rule:
        paper.set_line_width(0.7)
        at = paper.get_y() + 1
        paper.line(left + (width - line.rule) / 2, at, left + (width + line.rule) / 2, at)
        paper.set_y(at + 3)


def _height(paper: PdfPaper, lines: Iterable[LetterLine], width: float) -> float:
    """The height of lines below each other, in points."""
    total = 0.0
    for line in lines:
        _font(paper, line)
        size = line.size * LEADING
        lines_of = paper.multi_cell(width, size, line.text or " ", dry_run=True, output="LINES")
        assert isinstance(lines_of, list)
        total += line.gap + size * len(lines_of)
    return total


def _font(paper: PdfPaper, line: LetterLine) -> None:
    paper.set_font(FONT, "B" * line.bold + "I" * line.italic + "U" * line.underline, line.size)


def _blocks(paper: PdfPaper, blocks: Iterable[Block], size: float, table_size: float, below: float = 0) -> None:
    """Draw blocks. Headings stay on one page with the beginning of what they head, and the last block with ``below``
    points for what is drawn below it: neither a heading nor a signature is alone on its page."""
    groups = list(_with_their_headings(blocks))
    for number, group in enumerate(groups, start=1):
        last = number == len(groups) and below > 0
        high = sum(_begins(paper, block, size, table_size, whole=last) for block in group)
        if high + (below if last else 0) > _room(paper) and paper.get_y() > paper.t_margin + 1:
            paper.add_page()
        for block in group:
            _block(paper, block, size, table_size)


def _with_their_headings(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Each block, with the headings before it."""
    group: list[Block] = []
    for block in blocks:
        group.append(block)
        if not isinstance(block, Heading):
            yield group
            group = []
    if group:
        yield group


def _room(paper: PdfPaper) -> float:
    """The height that is left on the page, in points."""
    return float(paper.h - paper.b_margin - paper.get_y()) + 0.01


def _begins(paper: PdfPaper, block: Block, size: float, table_size: float, *, whole: bool) -> float:
    """The height of a block's beginning: all of a heading, two lines of a text, head and first row of a table."""
    if isinstance(block, Grid):
        rows = _fitting(_measured(paper, block, table_size), 0)
        return _row_height(paper, block, block.head, table_size, "B") + sum(high for _row, high, _with_next in rows)
    if isinstance(block, Dots):
        return block.lines * size * DOTTED
    paper.set_font(FONT, "B" if isinstance(block, Heading) else "", size)
    lines = paper.multi_cell(paper.epw - INDENT, size * 1.25, block.text, dry_run=True, output="LINES")
    assert isinstance(lines, list)
    if isinstance(block, Heading):
        return 8 + len(lines) * size * 1.25
    return 4 + (len(lines) if whole else min(len(lines), 2)) * size * 1.25


def _block(paper: PdfPaper, block: Block, size: float, table_size: float) -> None:
    if isinstance(block, Grid):
        _grid(paper, block, table_size)
        return
    if isinstance(block, Dots):
        paper.set_font(FONT, "", size)
        dots = "." * int(paper.epw / paper.get_string_width("."))
        for _line in range(block.lines):
            paper.cell(paper.epw, size * DOTTED, dots, align="R", new_x="LMARGIN", new_y="NEXT")
        return
    paper.set_font(FONT, "B" if isinstance(block, Heading) else "", size)
    text = unbroken(f"- {block.text}" if isinstance(block, Item) else block.text)
    if isinstance(block, Heading):
        paper.ln(4)
    align = "L" if isinstance(block, Heading) else "J"
    columns = paper.text_columns(text_align=align, line_height=1.25)
    with columns, columns.paragraph(first_line_indent=INDENT, bottom_margin=4) as paragraph:
        paragraph.write(text)


Row = tuple[list[str], float, bool]
"""The cells of a row, its height in points, and whether it goes with the next one"""


def _grid(paper: PdfPaper, grid: Grid, size: float) -> None:
    """Draw a table, on each page with its head."""
    rows = _measured(paper, grid, size)
    head = _row_height(paper, grid, grid.head, size, "B")
    while True:
        fitting = _fitting(rows, _room(paper) - head)
        _rows(paper, grid, [row for row, *_size in fitting], size)
        rows = rows[len(fitting) :]
        if not rows:
            break
        paper.add_page()
    paper.ln(8)


def _measured(paper: PdfPaper, grid: Grid, size: float) -> list[Row]:
    return [(row, _row_height(paper, grid, row, size), grid.goes_with_next(at)) for at, row in enumerate(grid.rows)]


def _fitting(rows: Sequence[Row], room: float) -> list[Row]:
    """The first rows that fit into the room; at least one row and those that it goes with."""
    taken, high, at = 0, 0.0, 0
    while at < len(rows):
        end = at
        while end < len(rows) - 1 and rows[end][2]:
            end += 1
        high += sum(h for _row, h, _with_next in rows[at : end + 1])
        if taken and high > room:
            break
        taken = at = end + 1
    return list(rows[:taken])


def _row_height(paper: PdfPaper, grid: Grid, row: Sequence[str], size: float, style: str = "") -> float:
    """The height of a row as ``_rows`` draws it."""
    paper.set_font(FONT, "B" if len(row) == 1 else style, size)
    shares = [1.0] if len(row) == 1 else [share / sum(grid.shares) for share in grid.shares]
    most = 1
    for text, share in zip(row, shares, strict=True):
        width = paper.epw * share - PADDING[1] - PADDING[3]
        lines = paper.multi_cell(width, size * LEADING, text or " ", dry_run=True, output="LINES")
        assert isinstance(lines, list)
        most = max(most, len(lines))
    return most * size * LEADING + PADDING[0] + PADDING[2]


def _rows(paper: PdfPaper, grid: Grid, rows: Iterable[list[str]], size: float) -> None:
    """Draw the head and these rows."""
    paper.set_font(FONT, "", size)
    paper.set_line_width(0.5)
    strong = FontFace(emphasis="BOLD")
    align = ["RIGHT" if at in grid.right else "LEFT" for at in range(len(grid.head))]
    with paper.table(
        col_widths=grid.shares, line_height=size * LEADING, text_align=align, padding=PADDING,
        borders_layout=TableBordersLayout.ALL, headings_style=strong, width=paper.epw, align="LEFT",
    ) as table:  # fmt: skip
        head = table.row()
        for text in grid.head:
            head.cell(text, align="CENTER")
        for texts in rows:
            row = table.row()
            if len(texts) == 1:
                row.cell(texts[0], colspan=len(grid.head), style=strong, align="LEFT")
                continue
            for text in texts:
                row.cell(text)
