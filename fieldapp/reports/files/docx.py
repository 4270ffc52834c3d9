"""The report as a letter for Word: in a layout prescribed, or into a template of headquarters' own."""

import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.reports.files.document import Block, Document, Grid, Heading, Item, Paragraph, annex, body
from fieldapp.reports.files.letter import FONT, Letter, Line, letter, placeholders

BODY = "noi_dung"
PLACE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def docx_bytes(document: Document, template: Path | None = None) -> bytes:
    """The file. A template's styles, head and foot stay; its placeholders are filled, its ``{{noi_dung}}`` becomes
    the text. FieldappError where the template cannot be read, or names what is not there."""
    paper = _filled(document, template) if template is not None else _written(document)
    core = paper.core_properties
    core.title, core.author, core.subject = document.about, document.letterhead.issuer, ""
    core.comments, core.keywords, core.language = "", "", "vi-VN"
    core.last_modified_by = ""
    core.created = core.modified = datetime.fromisoformat(document.provenance.made_at).astimezone(UTC)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


# the prescribed layouts -----------------------------------------------------------------------------------------


def _written(document: Document) -> Any:
    form = letter(document)
    paper = docx.Document()
    _set_up(paper, form)
    _head(paper, form)
    for line in form.title:
        _line(paper.add_paragraph(), line, form.page.width, WD_ALIGN_PARAGRAPH.CENTER)
    paper.add_paragraph().paragraph_format.space_after = Pt(4)
    _blocks(paper, body(document), form.page.table)
    _foot(paper, form)
    for line in form.annex:
        heading = paper.add_paragraph()
        heading.paragraph_format.page_break_before = line is form.annex[0]
        _line(heading, line, form.page.width, WD_ALIGN_PARAGRAPH.CENTER)
    paper.add_paragraph().paragraph_format.space_after = Pt(4)
    _blocks(paper, annex(document), form.page.table - 1)
    return paper


def _set_up(paper: Any, form: Letter) -> None:
    page = form.page
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(page.top), Mm(page.bottom)
    section.left_margin, section.right_margin = Mm(page.left), Mm(page.right)
    section.header_distance = section.footer_distance = Mm(page.number_at)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _page_number(number.add_run())
    normal = paper.styles["Normal"]
    _font(normal, page.body)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    for level in (1, 2):
        style = paper.styles[f"Heading {level}"]
        _font(style, page.heading)
        style.font.bold, style.font.color.rgb = True, RGBColor(0, 0, 0)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(8), Pt(4)
        style.paragraph_format.keep_with_next = True
        style.paragraph_format.first_line_indent = Mm(12.7)
    _font(paper.styles["Header"], page.body)


def _font(style: Any, size: float) -> None:
    """Times New Roman for all letters; the theme's fonts, which Word would prefer, are taken off."""
    style.font.name, style.font.size = FONT, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), FONT)
        fonts.attrib.pop(qn(f"w:{script}Theme"), None)
    fonts.attrib.pop(qn("w:cstheme"), None)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    style.element.get_or_add_rPr().append(language)


def _page_number(run: Any) -> None:
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        if kind is not None:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.set(qn("xml:space"), "preserve")
            part.text = text
        run._r.append(part)


def _head(paper: Any, form: Letter) -> None:
    table = _frame(paper, len(form.head), form, form.head_shares)
    for row, sides in zip(table.rows, form.head, strict=True):
        for cell, lines, share in zip(row.cells, sides, form.head_shares, strict=True):
            _stack(cell, lines, form.page.width * share, WD_ALIGN_PARAGRAPH.CENTER)


def _foot(paper: Any, form: Letter) -> None:
    paper.add_paragraph()
    for paragraph in paper.paragraphs[-2:]:  # a signature does not stand alone on its page
        paragraph.paragraph_format.keep_with_next = True
    table = _frame(paper, 1, form, form.foot_shares)
    sides = ((form.recipients, WD_ALIGN_PARAGRAPH.LEFT), (form.signature, WD_ALIGN_PARAGRAPH.CENTER))
    for cell, (lines, align), share in zip(table.rows[0].cells, sides, form.foot_shares, strict=True):
        _stack(cell, lines, form.page.width * share, align)
    row = table.rows[0]._tr.get_or_add_trPr()
    row.append(OxmlElement("w:cantSplit"))


def _frame(paper: Any, rows: int, form: Letter, shares: tuple[float, float]) -> Any:
    """An invisible table of two columns, as wide as the text."""
    table = paper.add_table(rows=rows, cols=2)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _no_margins(table)
    for column, share in zip(table.columns, shares, strict=True):
        column.width = Pt(form.page.width * share)
        for cell in column.cells:
            cell.width = Pt(form.page.width * share)
    return table


def _no_margins(table: Any) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), "0")
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")


def _stack(cell: Any, lines: Iterable[Line], width: float, align: WD_ALIGN_PARAGRAPH) -> None:
    paragraph = cell.paragraphs[0]
    for line in lines:
        _line(paragraph, line, width, align)
        paragraph = cell.add_paragraph()
    _remove(paragraph)


def _line(paragraph: Any, line: Line, width: float, align: WD_ALIGN_PARAGRAPH) -> None:
    paragraph.alignment = align
    paragraph.paragraph_format.space_before = Pt(line.gap)
    paragraph.paragraph_format.keep_with_next = True
    run = paragraph.add_run(line.text)
    run.font.size, run.bold, run.italic, run.underline = Pt(line.size), line.bold, line.italic, line.underline
    if line.rule:
        ruled = OxmlElement("w:p")
        paragraph._p.addnext(ruled)
        _rule(type(paragraph)(ruled, paragraph._parent), (width - line.rule) / 2)


def _rule(paragraph: Any, indent: float) -> None:
    """A thin line: the upper border of an empty paragraph that is drawn in from both sides."""
    shape = paragraph.paragraph_format
    shape.left_indent = shape.right_indent = Pt(indent)
    shape.line_spacing = Pt(4)
    borders = OxmlElement("w:pBdr")
    top = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _remove(paragraph: Any) -> None:
    paragraph._p.getparent().remove(paragraph._p)


# the text -------------------------------------------------------------------------------------------------------


def _blocks(paper: Any, blocks: Iterable[Block], table_size: float) -> None:
    for block in blocks:
        _block(paper, block, table_size)


def _block(paper: Any, block: Block, table_size: float) -> None:
    if isinstance(block, Grid):
        _grid(paper, block, table_size)
        return
    if isinstance(block, Heading):
        paper.add_heading(block.text, block.level)
        return
    paragraph = paper.add_paragraph(f"- {block.text}" if isinstance(block, Item) else block.text)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY if isinstance(block, Paragraph) else WD_ALIGN_PARAGRAPH.LEFT
    shape = paragraph.paragraph_format
    shape.first_line_indent, shape.space_after, shape.line_spacing = Mm(12.7), Pt(6), 1.15


def _grid(paper: Any, grid: Grid, size: float) -> None:
    section = paper.sections[0]
    width = section.page_width - section.left_margin - section.right_margin
    table = paper.add_table(rows=1, cols=len(grid.head))
    _border(table)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell, text in zip(head.cells, grid.head, strict=True):
        _cell(cell, text, size, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    for texts in grid.rows:
        row = table.add_row()
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        if len(texts) == 1:
            merged = row.cells[0].merge(row.cells[-1])
            _cell(merged, texts[0], size, bold=True)
            merged.paragraphs[0].paragraph_format.keep_with_next = True
            continue
        for at, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            align = WD_ALIGN_PARAGRAPH.RIGHT if at in grid.right else WD_ALIGN_PARAGRAPH.LEFT
            _cell(cell, text, size, align=align)
    for column, share in zip(table.columns, grid.shares, strict=True):
        column.width = int(width * share / sum(grid.shares))
    for row in table.rows:
        cells = row.cells
        if len(set(cells)) == len(cells):
            for cell, share in zip(cells, grid.shares, strict=True):
                cell.width = int(width * share / sum(grid.shares))
    paper.add_paragraph()


def _border(table: Any) -> None:
    """Lines around every cell, said in the table itself: a template may have no style for it."""
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "000000")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    table._tbl.tblPr.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")


def _cell(
    cell: Any, text: str, size: float, *, bold: bool = False, align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT
) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.first_line_indent = Pt(0)
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    run = paragraph.add_run(text)
    run.font.size, run.bold = Pt(size), bold


# a template of headquarters' own --------------------------------------------------------------------------------


def _filled(document: Document, template: Path) -> Any:
    try:
        paper = docx.Document(io.BytesIO(template.read_bytes()))
    except OSError as error:
        why = error.strerror or str(error)
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=template, why=why)) from None
    except Exception:
        raise FieldappError(
            _("{path} is no Word document (.docx). Save the template in Word as .docx and give that.").format(
                path=template
            )
        ) from None
    known = placeholders(document)
    unknown: set[str] = set()
    places = []
    for paragraph in list(_paragraphs(paper)):
        if any(name == BODY for name in PLACE.findall(paragraph.text)):
            places.append(paragraph)
        else:
            unknown |= _fill(paragraph, known)
    if unknown:
        raise FieldappError(
            _("The template asks for {unknown}, which is not there. It can have: {known}.").format(
                unknown=", ".join(sorted(unknown)),
                known=", ".join([BODY, *sorted(n for n in known if n not in document.codes), "health.luot_kham, …"]),
            )
        )
    if not places:
        raise FieldappError(
            _("The template has no line {{noi_dung}}, where the text of the report goes. Write it into one.")
        )
    for paragraph in places:
        heading = Heading(_("ANNEX: WHAT THE FIGURES WERE COMPUTED FROM"))
        _replace(paper, paragraph, [*body(document), heading, *annex(document)])
    return paper


def _paragraphs(paper: Any) -> Iterator[Any]:
    """Those of the text, of its tables, and of the heads and feet of its pages."""
    parts = [paper]
    for section in paper.sections:
        parts += [section.header, section.first_page_header, section.even_page_header]
        parts += [section.footer, section.first_page_footer, section.even_page_footer]
    for part in parts:
        if part is not paper and part.is_linked_to_previous:
            continue
        yield from _inside(part)


def _inside(part: Any) -> Iterator[Any]:
    yield from part.paragraphs
    for table in part.tables:
        seen = set()
        for cell in table._cells:
            if cell._tc not in seen:
                seen.add(cell._tc)
                yield from _inside(cell)


def _fill(paragraph: Any, known: dict[str, str]) -> set[str]:
    """Put in what the placeholders stand for; the names that are unknown.

    Word cuts a line into runs anywhere: a placeholder may lie over several. What is put in is not read again, so a
    record's text with braces stays text.
    """
    found = list(PLACE.finditer(paragraph.text))
    unknown = {m[1] for m in found if m[1] not in known}
    if unknown or not found:
        return unknown
    runs = [run for run in paragraph.runs if run.text]
    if "".join(run.text for run in runs) != paragraph.text:
        # A placeholder inside a link or field: the line keeps the look of its first run.
        text = PLACE.sub(lambda m: known[m[1]], paragraph.text)
        paragraph.text = text
        return set()
    starts, at = [], 0
    for run in runs:
        starts.append(at)
        at += len(run.text)
    texts = [run.text for run in runs]
    for match in reversed(found):
        first = max(n for n, start in enumerate(starts) if start <= match.start())
        last = max(n for n, start in enumerate(starts) if start < match.end())
        head = texts[first][: match.start() - starts[first]]
        tail = texts[last][match.end() - starts[last] :]
        if first == last:
            texts[first] = head + known[match[1]] + tail
        else:
            texts[first], texts[last] = head + known[match[1]], tail
            for between in range(first + 1, last):
                texts[between] = ""
    for run, text in zip(runs, texts, strict=True):
        if run.text != text:
            run.text = text
    return set()


def _replace(paper: Any, place: Any, blocks: Iterable[Block]) -> None:
    """Put the blocks where a paragraph is. They are written at the end of the text, then moved there."""
    text = paper.element.body
    before = list(text)
    for level in (1, 2):
        if f"Heading {level}" not in [s.name for s in paper.styles]:
            paper.styles.add_style(f"Heading {level}", 1).font.bold = True
    for block in blocks:
        _block(paper, block, 12)
    known = set(before)
    for element in [e for e in text if e not in known]:
        place._p.addprevious(element)
    _remove(place)
