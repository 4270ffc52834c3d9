"""The report as a letter for Word: in a prescribed layout, or in headquarters' own template."""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import CONTENT_TYPE
from docx.opc.part import PartFactory
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.text.paragraph import CT_P
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.parts.story import StoryPart
from docx.shared import Emu, Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph as WordParagraph

from fieldapp.errors import FieldappError, os_error_text
from fieldapp.i18n import _
from fieldapp.reports.files.document import Document
from fieldapp.reports.files.letter import FONT, Letter, LetterLine, Paper, letter, placeholders, unbroken
from fieldapp.reports.files.letter_text import Block, Dots, Grid, Heading, Item, Photo, annex, body, photograph_annex
from fieldapp.reports.files.template_parts import BODY, Fixed, Placeholders, unbind

_NAMED = 5
"""Texts that are named in one sentence"""

# python-docx would read these parts as bytes; as stories they are filled like the text and the page headers.
PartFactory.part_type_for |= {CONTENT_TYPE.WML_FOOTNOTES: StoryPart, CONTENT_TYPE.WML_ENDNOTES: StoryPart}


def docx_bytes(document: Document, template: Path | None = None) -> bytes:
    """The bytes of the Word file.

    A template keeps its styles, header and footer. Its placeholders are filled, and its ``{{noi_dung}}`` becomes the
    text. Raises FieldappError if the template cannot be read, has a placeholder that is unknown, broken or where none
    can be filled, or lacks ``{{noi_dung}}``.
    """
    paper = _filled(document, template) if template is not None else _written(document)
    core = paper.core_properties
    core.title, core.author, core.subject = document.about, document.letterhead.issuer, ""
    core.comments, core.keywords, core.language = "", "", "vi-VN"
    core.last_modified_by = ""
    core.created = core.modified = document.provenance.moment.astimezone(UTC)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


# the prescribed layouts -----------------------------------------------------------------------------------------


def _written(document: Document) -> WordDocument:
    form = letter(document)
    paper = docx.Document()
    _set_up(paper, form.page)
    _frame(paper, form.head, form.head_shares, form.page.width)
    _stack(paper, form.title, form.page.width)
    paper.add_paragraph().paragraph_format.space_after = Pt(4)
    _blocks(paper, body(document), form.page.table)
    _foot(paper, form)
    if document.annexed:
        annexed = paper.add_section(WD_SECTION.NEW_PAGE)  # with page numbers of its own
        annexed._sectPr.append(_element("w:pgNumType", start="1"))
        _stack(paper, form.annex, form.page.width)
        paper.add_paragraph().paragraph_format.space_after = Pt(4)
        _blocks(paper, annex(document), form.page.table - 1)
    if document.photographs:
        heading = _stack(paper, form.photographs, form.page.width)
        heading.paragraph_format.page_break_before = True
        _blocks(paper, photograph_annex(document), form.page.table - 1)
    return paper


def _photo(paper: WordDocument, photo: Photo) -> None:
    """Add a photograph and its title, three on a page."""
    place, title = paper.add_paragraph(), paper.add_paragraph()
    place.paragraph_format.page_break_before = photo.begins_page
    width, height = photo.millimetres
    place.add_run().add_picture(io.BytesIO(photo.picture.data), Mm(width), Mm(height))
    run = title.add_run(photo.text)
    run.italic, run.font.size = True, Pt(11)
    for paragraph in (place, title):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.first_line_indent = Pt(0)
    place.paragraph_format.space_before = Pt(6)
    place.paragraph_format.keep_with_next = True


def _set_up(paper: WordDocument, page: Paper) -> None:
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(page.top), Mm(page.bottom)
    section.left_margin, section.right_margin = Mm(page.left), Mm(page.right)
    section.header_distance = section.footer_distance = Mm(page.number_at)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number._p.append(_element("w:fldSimple", number.add_run("2")._r, instr="PAGE"))
    normal: ParagraphStyle = paper.styles["Normal"]
    _font(normal, page.body)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    for level in (1, 2):
        style: ParagraphStyle = paper.styles[f"Heading {level}"]
        _font(style, page.heading)
        style.font.bold, style.font.color.rgb = True, RGBColor(0, 0, 0)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(8), Pt(4)
        style.paragraph_format.keep_with_next = True
        style.paragraph_format.first_line_indent = Mm(12.7)
    _font(paper.styles["Header"], page.body)


def _font(style: ParagraphStyle, size: float) -> None:
    """Set Times New Roman for the letters of all scripts."""
    style.font.name = None  # removes the theme's fonts, which Word would prefer
    style.font.name, style.font.size = FONT, Pt(size)
    look = style.element.rPr
    for script in ("eastAsia", "cs"):
        look.rFonts.set(qn(f"w:{script}"), FONT)
    look.append(_element("w:lang", val="vi-VN"))


def _foot(paper: WordDocument, form: Letter) -> None:
    paper.add_paragraph()
    for paragraph in paper.paragraphs[-2:]:  # a signature must not be alone on its page
        paragraph.paragraph_format.keep_with_next = True
    sides = (form.recipients, form.signature)
    table = _frame(paper, [sides], form.foot_shares, form.page.width, WD_ALIGN_PARAGRAPH.LEFT)
    _mark(table.rows[0], "w:cantSplit")


def _frame(
    paper: WordDocument,
    rows: Sequence[tuple[list[LetterLine], list[LetterLine]]],
    shares: tuple[float, float],
    width: float,
    left: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.CENTER,
) -> Table:
    """Add lines side by side, in an invisible table of two columns that is as wide as the text."""
    table: Table = paper.add_table(rows=len(rows), cols=2)
    _columns(table, [Pt(width * share) for share in shares])
    margins = _element("w:tblCellMar", *(_element(f"w:{side}", w="0", type="dxa") for side in ("left", "right")))
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")
    for row, sides in zip(table.rows, rows, strict=True):
        aligns = (left, WD_ALIGN_PARAGRAPH.CENTER)
        for cell, lines, share, align in zip(row.cells, sides, shares, aligns, strict=True):
            empty = cell.paragraphs[0]
            _stack(cell, lines, width * share, align)
            _remove(empty._p)
    return table


def _stack(
    place: WordDocument | _Cell,
    lines: Iterable[LetterLine],
    width: float,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.CENTER,
) -> WordParagraph:
    """Add lines below each other; return the first."""
    written = []
    for line in lines:
        paragraph = place.add_paragraph()
        paragraph.alignment = align
        paragraph.paragraph_format.space_before = Pt(line.gap)
        paragraph.paragraph_format.keep_with_next = True
        run = paragraph.add_run(line.text)
        run.font.size, run.bold, run.italic, run.underline = Pt(line.size), line.bold, line.italic, line.underline
        written.append(paragraph)
        if line.rule:
            _rule(place.add_paragraph(), (width - line.rule) / 2)
    return written[0]


def _rule(paragraph: WordParagraph, indent: float) -> None:
    """Draw a thin line: the upper border of an empty paragraph, indented on both sides."""
    shape = paragraph.paragraph_format
    shape.left_indent = shape.right_indent = Pt(indent)
    shape.line_spacing = Pt(4)
    border = _element("w:pBdr", _element("w:top", val="single", sz="6", space="1", color="000000"))
    paragraph._p.get_or_add_pPr().insert_element_before(
        border, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _columns(table: Table, widths: Iterable[Length]) -> None:
    """Set the widths of the columns; rows that are added later inherit them."""
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width


def _mark(row: _Row, name: str) -> None:
    row._tr.get_or_add_trPr().append(_element(name))


def _element(name: str, *children: BaseOxmlElement, **attributes: str) -> BaseOxmlElement:
    """An XML element for which python-docx has no call."""
    element = OxmlElement(name, {qn(f"w:{key}"): value for key, value in attributes.items()})
    element.extend(children)
    return element


def _remove(element: BaseOxmlElement) -> None:
    element.getparent().remove(element)


# the text -------------------------------------------------------------------------------------------------------


def _blocks(paper: WordDocument, blocks: Iterable[Block | Photo], table_size: float) -> None:
    for block in blocks:
        _block(paper, block, table_size)


def _block(paper: WordDocument, block: Block | Photo, table_size: float) -> None:
    if isinstance(block, Photo):
        _photo(paper, block)
        return
    if isinstance(block, Grid):
        _grid(paper, block, table_size)
        return
    if isinstance(block, Dots):
        for _line in range(block.lines):
            _dotted(paper.add_paragraph("\t"), _text_width(paper))
        return
    if isinstance(block, Heading):
        paper.add_heading(block.text, block.level)
        return
    paragraph = paper.add_paragraph(unbroken(f"- {block.text}" if isinstance(block, Item) else block.text))
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    shape = paragraph.paragraph_format
    shape.first_line_indent, shape.space_after, shape.line_spacing = Mm(12.7), Pt(6), 1.15


def _dotted(paragraph: WordParagraph, width: int) -> None:
    """Make an empty line dotted up to the margin."""
    shape = paragraph.paragraph_format
    shape.tab_stops.add_tab_stop(Emu(width), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    shape.space_after, shape.line_spacing = Pt(6), 1.15


def _text_width(paper: WordDocument) -> int:
    section = paper.sections[0]
    return (section.page_width or Mm(210)) - (section.left_margin or 0) - (section.right_margin or 0)


def _grid(paper: WordDocument, grid: Grid, size: float) -> None:
    width = _text_width(paper)
    table = paper.add_table(rows=1, cols=len(grid.head))
    _border(table)
    _columns(table, [Emu(int(width * share / sum(grid.shares))) for share in grid.shares])
    head = table.rows[0]
    _mark(head, "w:tblHeader")
    for cell, text in zip(head.cells, grid.head, strict=True):
        _cell(cell, text, size, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    for number, texts in enumerate(grid.rows):
        row = table.add_row()
        _mark(row, "w:cantSplit")
        if len(texts) == 1:
            merged = row.cells[0].merge(row.cells[-1])
            _cell(merged, texts[0], size, bold=True)
            merged.paragraphs[0].paragraph_format.keep_with_next = True
            continue
        for at, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            align = WD_ALIGN_PARAGRAPH.RIGHT if at in grid.right else WD_ALIGN_PARAGRAPH.LEFT
            _cell(cell, text, size, align=align)
            if grid.goes_with_next(number):
                cell.paragraphs[0].paragraph_format.keep_with_next = True
    paper.add_paragraph()


def _border(table: Table) -> None:
    """Draw lines around every cell, in the table itself: a template may have no style for it."""
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    lines = (_element(f"w:{side}", val="single", sz="4", space="0", color="000000") for side in sides)
    table._tbl.tblPr.insert_element_before(
        _element("w:tblBorders", *lines), "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook"
    )


def _cell(
    cell: _Cell, text: str, size: float, *, bold: bool = False, align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT
) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.first_line_indent = Pt(0)
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    run = paragraph.add_run(text)
    run.font.size, run.bold = Pt(size), bold
    if not text:  # the end of the paragraph alone makes the row as high as the font of the text
        mark = _element("w:rPr", _element("w:sz", val=f"{size * 2:g}"))
        paragraph._p.get_or_add_pPr().insert_element_before(mark, "w:sectPr")


# a template of headquarters' own --------------------------------------------------------------------------------


def _filled(document: Document, template: Path) -> WordDocument:
    try:
        paper = docx.Document(io.BytesIO(template.read_bytes()))
    except OSError as error:
        why = os_error_text(error)
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=template, why=why)) from None
    except Exception:
        raise FieldappError(
            _("{path} is no Word document (.docx). Save the template in Word as .docx and give that.").format(
                path=template
            )
        ) from None
    known = placeholders(document)
    places = Placeholders(paper.part.package, Fixed(known), body=BODY)
    places.fill()
    if places.found.broken:
        raise FieldappError(
            _("The template has {texts}, which cannot be filled there. One is written {{{{ky}}}}, with two braces"
              " on both sides, in one line; {{{{noi_dung}}}} is a line of the text. Correct the template.").format(
                texts=", ".join(f"“{text}”" for text in sorted(set(places.found.broken))[:_NAMED])
            )
        )  # fmt: skip
    if places.found.unknown:
        raise FieldappError(
            _("The template asks for {unknown}, which is not there. It can have: {known}.").format(
                unknown=", ".join(sorted(places.found.unknown)),
                known=", ".join([BODY, *sorted(n for n in known if n not in document.codes), "health.luot_kham, …"]),
            )
        )
    if not places.body:
        raise FieldappError(
            _("The template has no line {{noi_dung}}, where the text of the report goes. Write it into one.")
        )
    heading = Heading(_("ANNEX: WHAT THE FIGURES WERE COMPUTED FROM"))
    annexed: list[Block | Photo] = [heading, *annex(document)] if document.annexed else []
    if document.photographs:
        annexed += [Heading(_("ANNEX: PHOTOGRAPHS")), *photograph_annex(document)]
    for paragraph in places.body:
        _replace(paper, paragraph, [*body(document), *annexed])
    return paper


def _replace(paper: WordDocument, place: CT_P, blocks: Iterable[Block | Photo]) -> None:
    """Replace a paragraph by blocks. They are written at the end of the text, then moved."""
    for name in ("Heading 1", "Heading 2"):
        if name not in paper.styles:
            paper.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).font.bold = True
    text = paper.element.body
    before = set(text)
    for block in blocks:
        _block(paper, block, 12)
    for element in [e for e in text if e not in before]:
        place.addprevious(element)
    unbind(place)
    _remove(place)
