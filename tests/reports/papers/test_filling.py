"""Whatever Word makes of a line and whatever a record holds: what is filled in is the value, and nothing else."""

import io
import zipfile

import docx
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fieldapp.reports.files.template_parts import Fixed, Placeholders

LINE = "a {{Họ_và_tên}}{{ so }} b"
VALUES = st.text(st.characters(codec="utf-8"), max_size=30)


def filled(pieces: list[str], name: str, number: str) -> tuple[str, bytes]:
    """A line that is cut into such pieces, filled: its text after it was saved and opened, and the file's XML."""
    paper = docx.Document()
    line = paper.add_paragraph()
    for piece in pieces:
        line.add_run(piece)
    places = Placeholders(paper.part.package, Fixed({"ho_va_ten": name, "so": number}), blank=lambda _name: "……")
    places.fill()
    assert not places.found.unknown
    assert not places.found.broken
    out = io.BytesIO()
    paper.save(out)
    with zipfile.ZipFile(out) as packed:
        return docx.Document(out).paragraphs[0].text, packed.read("word/document.xml")


@settings(max_examples=25)
@given(st.sets(st.integers(1, len(LINE) - 1)), VALUES, VALUES)
@example({3, 4, 15}, "{{so}} <w:p/> \x00\x0b", "")
def test_a_line_is_filled_however_it_is_cut_and_with_whatever_value(cuts: set[int], name: str, number: str) -> None:
    ends = [*sorted(cuts), len(LINE)]
    pieces = [LINE[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    text, xml = filled(pieces, name, number)
    expected = f"a {name or '……'}{number or '……'} b"
    plain = "".join(c if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in expected)
    assert text == plain
    assert xml.count(b"<w:p>") == 1
