"""Placeholders ``{{name}}`` of a Word template wherever they stand: none may be left in a file for others.

A template is a zip of parts: the text, page headers and notes; but also charts, diagrams, properties, links, and whole
workbooks within. What can be filled is filled; the rest is found and named. A row of a table, or a line outside of one,
with a field of a list is repeated for each row of the list; the text as a whole may be, for several records.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, unquote

from docx.opc.package import OpcPackage
from docx.opc.part import Part, XmlPart
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.text.paragraph import CT_P
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.parts.story import StoryPart
from lxml import etree

PLACE = re.compile(r"(?<!\{)\{\{\s*([\w.\u0300-\u0323]+)\s*\}\}(?!\})")
BODY = "noi_dung"
_LEFT = re.compile(r"\{\{|\}\}|[{｛]\s*[{｛]|[}｝]\s*[}｝]")
_IN_BYTES = re.compile(rb"(?:\\?\{\0?){2}[\s\w.\0]{1,160}(?:\\?\}\0?){2}")
"""In RTF a brace has a stroke before it"""
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_SORTS_OF_TEXT = {
    qn("w:p"): (qn("w:t"), qn("w:delText"), qn("w:instrText"), qn("w:delInstrText"), f"{{{_M}}}t"),
    f"{{{_A}}}p": (f"{{{_A}}}t",),
}
"""Paragraph -> the elements that hold its text; text of one sort is read as one line"""
_CODES = frozenset({qn("w:instrText"), qn("w:delInstrText"), qn("w:instr")})
"""Elements and the attribute with the code of a field: Word obeys what stands there"""
_ONCE = tuple(map(qn, ("w:footnoteReference", "w:endnoteReference", "w:commentReference", "w:commentRangeStart")))
"""What names a thing of another part, and stands once in a text"""
_MARKS = (qn("w:bookmarkStart"), qn("w:bookmarkEnd"))
_WORD_2010 = "http://schemas.microsoft.com/office/word/2010/wordml"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_BEFORE_NUMBERS = frozenset(
    qn(f"w:{name}")
    for name in ("headerReference", "footerReference", "footnotePr", "endnotePr", "type", "pgSz", "pgMar", "paperSrc",
                 "pgBorders", "lnNumType")
)  # fmt: skip
"""What stands before the numbering of pages among the properties of a section"""
_ONE_BRACE = re.compile(r"([{｛])?\s*([\w.]+)\s*([}｝])?")
_BRACES = "{}｛｝"
_NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHOWN = 40
"""Characters of a text that is named"""


class Values(Protocol):
    """What placeholders are filled with."""

    def text(self, name: str) -> str | None:
        """The text for a name; empty where nothing is known, None where there is no such name."""

    def rows(self, name: str) -> "Sequence[Values] | None":
        """The rows of the list that a name belongs to; None where it belongs to none."""


class Fixed:
    """Texts by their names."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {name_key(name): text for name, text in texts.items()}

    def text(self, name: str) -> str | None:
        return self._texts.get(name_key(name))

    def rows(self, _name: str) -> None:
        return None


def name_key(name: str) -> str:
    """A name as it is compared: ``{{Họ_và_tên}}`` is ``{{ho_va_ten}}``."""
    letters = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return ".".join("_".join(re.findall(r"[^\W_]+", part)) for part in plain.split("."))


@dataclass
class Found:
    """What a template asks for that it cannot have; and what it was filled with."""

    unknown: set[str] = field(default_factory=set)
    """names that are none"""
    broken: list[str] = field(default_factory=list)
    """texts that are no placeholder but look like one, or stand where none can be filled"""
    once: set[str] = field(default_factory=set)
    """elements that stand once, such as the mark of a footnote, in what would have to be repeated"""
    names: set[str] = field(default_factory=set)
    """all names that it asks for"""
    empty: set[str] = field(default_factory=set)
    """those of which nothing is known"""


class Placeholders:
    """Fills the placeholders of a template."""

    def __init__(
        self,
        package: OpcPackage,
        values: Values,
        *,
        body: str | None = None,
        blank: Callable[[str], str] = lambda _name: "",
        codes: bool = True,
    ) -> None:
        """``body``: the name of a paragraph that is replaced by the caller. ``blank``: what is written in a line for
        a name of which nothing is known. ``codes``: also fill the codes of fields and the addresses of links, which
        Word obeys."""
        self.found = Found()
        self.body: list[CT_P] = []
        """the paragraphs with ``body``"""
        self._package = package
        self._values = values
        self._body = body
        self._blank = blank
        self._codes = codes
        self._scopes: dict[Any, Values] = {}
        """Element -> what it is filled with, with all that is in it"""
        self._repeated: set[Any] = set()
        """Rows and lines of lists, each with its item in ``_scopes``"""

    def fill(self, copies: Sequence[Values] = ()) -> None:
        """Fill what can be filled; ``found`` and ``body`` say what is left.

        ``copies``: the text is written once for each, from a new page on. What is not text, such as page headers, is
        there only once.
        """
        for part in self._package.iter_parts():
            element = _element_of(part)
            if element is not None:
                if copies and element.tag == qn("w:document"):
                    self._copy_text(element, copies)
                self._repeat(element)
                self._fill_paragraphs(element, in_story=isinstance(part, StoryPart))
                self._fill_rest(element)
                if self._scopes:
                    for number, picture in enumerate(element.iter(_PICTURE), start=1):
                        picture.set("id", str(number))
                if not isinstance(part, XmlPart):
                    part._blob = etree.tostring(element, xml_declaration=True, encoding="UTF-8", standalone=True)
            elif not part.content_type.startswith("image/"):
                self.found.broken += _within(part.blob, str(part.partname))
            self._fill_links(part)

    def _copy_text(self, document: Any, copies: Sequence[Values]) -> None:
        """Write the text once for each of ``copies``, each in sections of its own."""
        text = document.find(qn("w:body"))
        last = text.find(qn("w:sectPr"))
        first = [element for element in text if element is not last]
        if len(copies) > 1 and last is not None:
            self._refuse_once(first)
            _begin_anew(last)
        later = [[_copied(element) for element in first if element.tag not in _MARKS] for _values in copies[1:]]
        for number, (again, values) in enumerate(zip([first, *later], copies, strict=True)):
            if number:
                text[:] = [*(element for element in text if element is not last), *again]
            if number < len(copies) - 1 and last is not None and again:
                again.append(_end_of_section(again[-1], last))
            self._scopes |= dict.fromkeys(again, values)
        if last is not None:
            text.append(last)

    def _repeat(self, element: Any) -> None:
        """Repeat the rows of tables, and the lines outside of tables, that have fields of a list."""
        for paragraph in list(element.iter(qn("w:p"))):
            values = self._values_at(paragraph)
            rows = _rows_of(paragraph, values)
            if not rows or any(at in self._repeated for at in _outwards(paragraph)):
                continue
            whole = _repeated(paragraph)
            lists = {id(found) for line in whole.iter(qn("w:p")) for found in _rows_of(line, values).values()}
            if len(lists) > 1:
                self.found.broken.append(" ".join(sorted({f"{{{{{name}}}}}" for name in rows}))[:_SHOWN])
                continue
            self._refuse_once([whole])
            items = next(iter(rows.values()))
            for number, item in enumerate(items):
                again = whole if number == len(items) - 1 else _copied(whole)
                if again is not whole:
                    if len(items) > 1 and again.tag == qn("w:tr"):  # only the last row stays with what follows
                        for mark in list(again.iter(qn("w:keepNext"))):
                            mark.getparent().remove(mark)
                    for end in list(again.iter(qn("w:sectPr"))):
                        end.getparent().remove(end)
                    whole.addprevious(again)
                self._scopes[again] = item
                self._repeated.add(again)

    def _values_at(self, element: Any) -> Values:
        return next((self._scopes[at] for at in _outwards(element) if at in self._scopes), self._values)

    def _refuse_once(self, elements: Iterable[Any]) -> None:
        """Note what cannot be repeated."""
        for element in elements:
            self.found.once |= {etree.QName(found).localname for found in element.iter(*_ONCE)}

    def _text(self, values: Values, name: str) -> str | None:
        """The text for a name, as XML can hold it; notes the name."""
        self.found.names.add(name)
        text = values.text(name)
        if text == "":
            self.found.empty.add(name)
        return None if text is None else _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)

    def _fill_paragraphs(self, element: Any, *, in_story: bool) -> None:
        for tag, sorts in _SORTS_OF_TEXT.items():
            for paragraph in list(element.iter(tag)):
                for sort in sorts:
                    pieces = _pieces(paragraph, sort)
                    if pieces:
                        self._fill_pieces(paragraph, sort, pieces, in_story=in_story)

    def _fill_pieces(self, paragraph: Any, sort: str, pieces: list[BaseOxmlElement], *, in_story: bool) -> None:
        """Fill one line of text.

        Word may cut a line into pieces anywhere: a placeholder may span several, and its value gets the format of the
        first. A value is not searched for placeholders, so a record's text with braces stays text.
        """
        text = "".join(piece.text or "" for piece in pieces)
        if not any(brace in text for brace in _BRACES):
            return
        scope = self._values_at(paragraph)
        self._look_at_rest(text, scope, is_line=True)
        found = list(PLACE.finditer(text))
        if found and sort in _CODES and not self._codes:
            self.found.broken.append(text[:_SHOWN])
            return
        values = {match[1]: self._text(scope, match[1]) for match in found if not self._is_body(match[1])}
        if len(values) < len({match[1] for match in found}):
            if sort == qn("w:t") and in_story:
                if PLACE.fullmatch(text.strip()):
                    self.body.append(paragraph)
                else:  # what stands beside it would be lost
                    self.found.broken.append(text[:_SHOWN])
                return
            if sort in (qn("w:delText"), qn("w:delInstrText")):
                values |= {match[1]: "" for match in found if self._is_body(match[1])}
            else:
                self.found.broken.append(text[:_SHOWN])
                return
        unknown = {name for name, value in values.items() if value is None}
        self.found.unknown |= unknown
        if unknown or not found:
            return
        in_cell = self._is_cell_of_row(paragraph, text)
        for match in reversed(found):  # from the end, so that earlier places stay valid
            value, at = values[match[1]] or ("" if in_cell else self._blank(match[1])), 0
            if text[match.end() : match.end() + 1] == ".":  # one full stop is enough
                value = value.removesuffix(".")
            for piece in pieces:
                said = piece.text or ""
                start, end = max(match.start() - at, 0), max(match.end() - at, 0)
                at += len(said)
                if start < len(said) and end > 0:
                    piece.text, value = said[:start] + value + said[end:], ""
        for piece in pieces:
            if sort == qn("w:t"):
                _break_lines(piece)
            else:
                piece.text = (piece.text or "").replace("\n", " ")
        if paragraph.tag == qn("w:p"):
            unbind(paragraph)

    def _is_cell_of_row(self, paragraph: Any, text: str) -> bool:
        """Whether a line is nothing but one placeholder in a repeated row: an empty cell is room enough to write in."""
        rows = (at for at in paragraph.iterancestors(qn("w:tr")) if at in self._repeated)
        return PLACE.fullmatch(text.strip()) is not None and next(rows, None) is not None

    def _fill_rest(self, element: Any) -> None:
        """Fill attributes, and text that is in no paragraph: properties, names of a chart's columns."""
        for node in element.iter():
            if not isinstance(node.tag, str):  # a comment of the file itself, which nobody reads
                node.text = "" if _has_brace(node.text) else node.text
            else:
                if len(node) == 0 and _has_brace(node.text) and not _is_of_line(node):
                    node.text = self._filled(node.text, self._values_at(node))
                if _has_brace(node.tail):
                    node.tail = self._filled(node.tail, self._values_at(node))
                for name, value in node.attrib.items():
                    if _has_brace(value):
                        filled = self._filled(value, self._values_at(node), code=name in _CODES)
                        node.set(name, filled.replace("\n", " "))

    def _fill_links(self, part: Part) -> None:
        """Fill the addresses of links."""
        for relation in part.rels.values():
            if relation.is_external and "{{" in unquote(relation.target_ref):
                filled = self._filled(unquote(relation.target_ref), self._values, code=True)
                relation._target = quote(filled, safe=":/?#@!$&'()*+,;=%~")

    def _filled(self, text: str, scope: Values, *, code: bool = False) -> str:
        """A text that is no line, with its placeholders filled."""
        self._look_at_rest(text, scope)
        names = {match[1] for match in PLACE.finditer(text)}
        if any(map(self._is_body, names)) or (names and code and not self._codes):
            self.found.broken.append(text[:_SHOWN])
            return text
        values = {name: self._text(scope, name) for name in names}
        self.found.unknown |= {name for name, value in values.items() if value is None}
        return PLACE.sub(lambda match: match[0] if values[match[1]] is None else values[match[1]] or "", text)

    def _is_body(self, name: str) -> bool:
        return self._body is not None and name_key(name) == name_key(self._body)

    def _look_at_rest(self, text: str, scope: Values, *, is_line: bool = False) -> None:
        """Note braces that are no placeholder: one is missing, or the name is cut in two.

        A single brace before and after a name is noted in a line whatever the name is; elsewhere, and with one brace
        alone, only beside the name of a field.
        """
        rest = PLACE.sub("", text)
        named = (m for m in _ONE_BRACE.finditer(rest) if m[1] or m[3])
        single = (
            m for m in named if (is_line and m[1] and m[3]) or self._is_body(m[2]) or scope.text(m[2]) is not None
        )
        found = _LEFT.search(rest) or next(single, None)
        if found:
            begin = max(found.start() - _SHOWN // 2, 0)
            self.found.broken.append(rest[begin : begin + _SHOWN].strip())


def _has_brace(text: str | None) -> bool:
    return text is not None and any(brace in text for brace in _BRACES)


def _is_of_line(node: Any) -> bool:
    """Whether an element is a piece of a line, which was filled or refused with it."""
    lines = [tag for tag, sorts in _SORTS_OF_TEXT.items() if node.tag in sorts]
    return bool(lines) and next(node.iterancestors(*lines), None) is not None


def _pieces(paragraph: Any, sort: str) -> list[BaseOxmlElement]:
    """The elements with the text of a line, without those of lines within it, as in a text box."""
    return [t for t in paragraph.iter(sort) if next(t.iterancestors(paragraph.tag)) is paragraph]


def _outwards(element: Any) -> Iterator[Any]:
    """An element, then those around it from the nearest on."""
    yield element
    yield from element.iterancestors()


def _rows_of(paragraph: Any, values: Values) -> dict[str, Sequence[Values]]:
    """Name -> the rows of its list, for each placeholder of a line that belongs to a list."""
    texts = ("".join(piece.text or "" for piece in _pieces(paragraph, sort)) for sort in _SORTS_OF_TEXT[qn("w:p")])
    found = {}
    for text in texts:
        for match in PLACE.finditer(text):
            rows = values.rows(match[1])
            if rows is not None:
                found[match[1]] = rows
    return found


def _repeated(paragraph: Any) -> Any:
    """What is repeated with a line: the row of the table that it stands in, or the line alone."""
    for around in paragraph.iterancestors(qn("w:tr"), qn("w:txbxContent")):
        return around if around.tag == qn("w:tr") else paragraph
    return paragraph


def _copied(element: Any) -> Any:
    """A copy to stand beside an element: without the names that must be there once."""
    again = deepcopy(element)
    for mark in list(again.iter(*_MARKS)):
        mark.getparent().remove(mark)
    for node in again.iter():
        for name in ("paraId", "textId"):
            node.attrib.pop(f"{{{_WORD_2010}}}{name}", None)
    return again


def _end_of_section(last: Any, section: Any) -> Any:
    """End a section with the line ``last``, or with one of its own after it; returns the line."""
    line = last
    if last.tag != qn("w:p") or last.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") is not None:
        line = OxmlElement("w:p")
        last.addnext(line)
    line.get_or_add_pPr().insert_element_before(_copied(section), "w:pPrChange")
    return line


def _begin_anew(section: Any) -> None:
    """Let a section begin on a new page, with the number 1."""
    for mark in section.findall(qn("w:type")):
        section.remove(mark)
    numbers = section.find(qn("w:pgNumType"))
    if numbers is None:
        numbers = OxmlElement("w:pgNumType")
        section.insert(sum(element.tag in _BEFORE_NUMBERS for element in section), numbers)
    numbers.set(qn("w:start"), "1")


def _element_of(part: Part) -> Any:
    """The XML of a part; None if it is none."""
    if isinstance(part, XmlPart):
        return part.element
    if not part.content_type.endswith("xml") or b"{" not in part.blob.replace(b"\0", b""):
        return None
    try:
        return parse_xml(part.blob)
    except etree.XMLSyntaxError:
        return None


def _within(data: bytes, name: str) -> Iterator[str]:
    """Placeholders in a part that is a file of its own: nothing fills them there."""
    texts: Iterable[bytes] = [data]
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as inner:
                small = [info for info in inner.infolist() if info.file_size < 1 << 24]
                texts = [inner.read(info) for info in small]
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
            texts = [data]
    for text in texts:
        for found in _IN_BYTES.finditer(text):
            yield f"{found[0].replace(bytes(1), b'').decode('utf-8', 'replace')} ({name.lstrip('/')})"


def _break_lines(piece: BaseOxmlElement) -> None:
    first, *more = (piece.text or "").split("\n")
    for line in reversed(more):
        piece.addnext(_spaced(OxmlElement("w:t"), line))
        piece.addnext(OxmlElement("w:br"))
    _spaced(piece, first)


def _spaced(piece: Any, text: str) -> Any:
    piece.text = text
    piece.set(qn("xml:space"), "preserve")
    return piece


def unbind(paragraph: Any) -> None:
    """Unbind the content controls around and in a paragraph, so that they show the new text.

    Otherwise Word would show the data that a control is bound to, take the text for a prompt, or allow only one line.
    """
    for mark in paragraph.xpath(
        "(ancestor::w:sdt | .//w:sdt)/w:sdtPr"
        "/*[local-name()='dataBinding' or local-name()='showingPlcHdr' or local-name()='text']"
    ):
        mark.getparent().remove(mark)
