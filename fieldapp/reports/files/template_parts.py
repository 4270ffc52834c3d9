"""Placeholders ``{{name}}`` of a Word template wherever they stand: none may be left in a file for others.

A template is a zip of parts: the text, page headers and notes; but also charts, diagrams, properties, links, and whole
workbooks within. What can be filled is filled; the rest is found and named.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from docx.opc.package import OpcPackage
from docx.opc.part import Part, XmlPart
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.text.paragraph import CT_P
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.parts.story import StoryPart
from lxml import etree

PLACE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
BODY = "noi_dung"
_LEFT = re.compile(r"\{\{|\}\}|[{｛]\s*[{｛]|[}｝]\s*[}｝]")
_IN_BYTES = re.compile(rb"\{(?:\0)?\{(?:\0)?[\s\w.\0]{1,160}\}(?:\0)?\}")
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_SORTS_OF_TEXT = {
    qn("w:p"): (qn("w:t"), qn("w:delText"), qn("w:instrText"), qn("w:delInstrText"), f"{{{_M}}}t"),
    f"{{{_A}}}p": (f"{{{_A}}}t",),
}
"""Paragraph -> the elements that hold its text; text of one sort is read as one line"""
_TEXTS = frozenset(tag for tags in _SORTS_OF_TEXT.values() for tag in tags)
_SHOWN = 40
"""Characters of a text that is named"""


@dataclass
class Found:
    """What a template asks for that it cannot have."""

    unknown: set[str] = field(default_factory=set)
    """names that are none"""
    broken: list[str] = field(default_factory=list)
    """texts that are no placeholder but look like one, or stand where none can be filled"""


class Placeholders:
    """Fills the placeholders of a template."""

    def __init__(self, package: OpcPackage, known: Mapping[str, str]) -> None:
        self.found = Found()
        self.body: list[CT_P] = []
        """the paragraphs with ``{{noi_dung}}``"""
        self._package = package
        self._known = known
        names = "|".join(map(re.escape, sorted({*known, BODY})))
        self._one_brace = re.compile(rf"[{{｛]\s*(?:{names})\s*[}}｝]")

    def fill(self) -> None:
        """Fill what can be filled; ``found`` and ``body`` say what is left."""
        for part in self._package.iter_parts():
            element = _element_of(part)
            if element is not None:
                self._fill_paragraphs(element, in_story=isinstance(part, StoryPart))
                self._fill_rest(element)
                if not isinstance(part, XmlPart):
                    part._blob = etree.tostring(element, xml_declaration=True, encoding="UTF-8", standalone=True)
            elif not part.content_type.startswith("image/"):
                self.found.broken += _within(part.blob, str(part.partname))
            self._fill_links(part)

    def _fill_paragraphs(self, element: Any, *, in_story: bool) -> None:
        for tag, sorts in _SORTS_OF_TEXT.items():
            for paragraph in list(element.iter(tag)):
                for sort in sorts:
                    pieces = [t for t in paragraph.iter(sort) if next(t.iterancestors(tag)) is paragraph]
                    if pieces:
                        self._fill_pieces(paragraph, sort, pieces, in_story=in_story)

    def _fill_pieces(self, paragraph: Any, sort: str, pieces: list[BaseOxmlElement], *, in_story: bool) -> None:
        """Fill one line of text.

        Word may cut a line into pieces anywhere: a placeholder may span several, and its value gets the format of the
        first. A value is not searched for placeholders, so a record's text with braces stays text.
        """
        text = "".join(piece.text or "" for piece in pieces)
        if "{" not in text and "}" not in text and "｛" not in text:
            return
        self._look_at_rest(text)
        found = list(PLACE.finditer(text))
        values = dict(self._known)
        if any(match[1] == BODY for match in found):
            if sort == qn("w:t") and in_story:
                self.body.append(paragraph)
                return
            if sort in (qn("w:delText"), qn("w:delInstrText")):
                values[BODY] = ""
            else:
                self.found.broken.append(text[:_SHOWN])
                return
        unknown = {match[1] for match in found} - values.keys()
        self.found.unknown |= unknown
        if unknown or not found:
            return
        for match in reversed(found):  # from the end, so that earlier places stay valid
            value, at = values[match[1]], 0
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

    def _fill_rest(self, element: Any) -> None:
        """Fill attributes, and text that is in no paragraph: properties, names of a chart's columns."""
        for node in element.iter():
            if isinstance(node.tag, str):
                if node.tag not in _TEXTS and len(node) == 0 and "{{" in (node.text or ""):
                    node.text = self._filled(node.text)
                for name, value in node.attrib.items():
                    if "{{" in value:
                        node.set(name, self._filled(value).replace("\n", " "))

    def _fill_links(self, part: Part) -> None:
        """Fill the addresses of links."""
        for relation in part.rels.values():
            if relation.is_external and "{{" in unquote(relation.target_ref):
                relation._target = quote(self._filled(unquote(relation.target_ref)), safe=":/?#@!$&'()*+,;=%~")

    def _filled(self, text: str) -> str:
        """A text that is no line, with its placeholders filled."""
        self._look_at_rest(text)
        names = {match[1] for match in PLACE.finditer(text)}
        if BODY in names:
            self.found.broken.append(text[:_SHOWN])
        self.found.unknown |= names - self._known.keys() - {BODY}
        return PLACE.sub(lambda match: self._known.get(match[1], match[0]), text)

    def _look_at_rest(self, text: str) -> None:
        """Note braces that are no placeholder: one is missing, or the name is cut in two."""
        rest = PLACE.sub("", text)
        found = _LEFT.search(rest) or self._one_brace.search(rest)
        if found:
            begin = max(found.start() - _SHOWN // 2, 0)
            self.found.broken.append(rest[begin : begin + _SHOWN].strip())


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
