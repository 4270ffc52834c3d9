"""The PDF: A4, its letters inside the file, Vietnamese and Ê Đê as they were written."""

import io
import unicodedata
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Any

import pypdf
import pytest
from field import World
from fontTools.ttLib import TTFont
from report_files import EDE, fill

from fieldapp.reports.files import document
from fieldapp.reports.files.letter_text import Block, Grid, Heading, Paragraph
from fieldapp.reports.files.pdf import STYLES, pdf_bytes
from fieldapp.reports.letterhead import LayoutCode
from fieldapp.reports.query import Query, period_of

YEAR = Query(period_of("2013", date(2026, 1, 1)))
TONES = "\u0300\u0301\u0303\u0309\u0323"
VOWELS = "aăâeêioôơuưy"
CONSONANTS = "đbcdghklmnpqrstvxwzjf"
HIGHLANDS = "ƀčĕêĭñŏôơŭưʼ’" + "\u0306\u0324\u0304\u030c"
"""Letters of Ê Đê, Gia Rai, Ba Na, Xơ Đăng, Mnông and Cơ Ho, and marks that stand over or under other marks"""


def pdf(world: World, layout: LayoutCode = "decree30") -> Any:
    return pypdf.PdfReader(io.BytesIO(pdf_bytes(document.make_document(world.hq, YEAR, layout, annexed=True))))


@pytest.mark.parametrize("style", STYLES.values())
def test_the_font_has_every_letter(style: str) -> None:
    font = TTFont(files("fieldapp.reports.files") / "fonts" / f"LiberationSerif-{style}.ttf")
    known = set(font.getBestCmap())
    toned = {unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in ("", *TONES)}
    assert len({c for w in toned | {"đ"} for c in (w, w.upper()) if not c.isascii()}) == 134
    wanted = toned | set(CONSONANTS) | set(HIGHLANDS)
    missing = {c for w in wanted for c in (w, w.upper()) if not {ord(x) for x in c} <= known}
    assert missing == set()


def test_letters_arrive(world: World) -> None:
    world.well(date_from="2013-05-05", measures=[{"measure_id": "gieng", "note": EDE}])
    world.carry(world.post, world.hq)
    text = "".join(page.extract_text() for page in pdf(world).pages)
    assert "".join(EDE.split())[1:] in unicodedata.normalize("NFC", "".join(text.split()))


@pytest.mark.parametrize("layout", ["decree30", "party"])
def test_a_page_is_a4_with_its_number_from_the_second_on(world: World, layout: LayoutCode) -> None:
    fill(world)
    made = pdf(world, layout)
    assert [round(float(x)) for x in made.pages[0].mediabox[2:]] == [595, 842]
    assert not made.pages[0].extract_text().startswith("1\n")
    first = [page.extract_text().splitlines()[0].strip() for page in made.pages]
    annexed = first.index("Phụ lục")
    assert first[1:annexed] == [str(number) for number in range(2, annexed + 1)]
    assert first[annexed + 1 :] == [str(number) for number in range(2, len(first) - annexed + 1)], "numbered by itself"
    first = made.pages[0].extract_text()
    assert ("ĐẢNG CỘNG SẢN VIỆT NAM" in first) == (layout == "party")
    assert ("Độc lập - Tự do - Hạnh phúc" in first) == (layout == "decree30")
    for page in made.pages:
        fonts = page["/Resources"]["/Font"].values()
        assert all("LiberationSerif" in font.get_object()["/BaseFont"] for font in fonts)


def test_no_heading_is_last_on_its_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headings that follow each other, long ones, those of a table, titles over its rows, at every height of a page."""

    def blocks(_document: Any) -> Iterator[Block]:
        for number in range(60):
            yield from (Paragraph(f"Câu {number}") for _ in range(number % 9))
            yield Heading(f"ĐỀ MỤC LỚN {number}")
            yield Heading(f"ĐỀ MỤC {number} " + "rất dài " * (15 * (number % 3 == 0)), 2)
            if number % 2:
                yield Paragraph("Lời. " * 60)
            else:
                rows = [row for at in range(3) for row in ([f"TÊN NHÓM {at}"], ["hàng " * 12 * (at + 1), "1"])]
                yield Grid(["Đầu bảng " * 9, "Số"], rows, (2, 4))
        yield Paragraph("Hết.")

    monkeypatch.setattr("fieldapp.reports.files.pdf.body", blocks)
    pages = [page.extract_text().splitlines() for page in pdf(world).pages]
    assert len(pages) > 15
    for number, lines in enumerate(pages, start=1):
        assert not lines[-1].startswith(("ĐỀ MỤC", "TÊN NHÓM", "rất dài", "Đầu bảng")), (number, lines[-3:])
        assert lines[-1] not in ("Số",), (number, lines[-3:])
    words = " ".join(" ".join(lines) for lines in pages)
    assert words.count("TÊN NHÓM") == 90
    assert words.count("Lời.") == 30 * 60


def test_no_row_is_carried_alone_to_the_next_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row of a group goes with the one before it, at every height of a page."""

    def blocks(_document: Any) -> Iterator[Block]:
        for number in range(14):
            yield from (Paragraph(f"Câu {number}") for _ in range(number))
            rows = [row for at in range(9) for row in (["TÊN NHÓM"], *([f"hàng {n}", str(n)] for n in range(3)))]
            yield Grid(["Đầu bảng", "Số"], rows, (2, 4))

    monkeypatch.setattr("fieldapp.reports.files.pdf.body", blocks)
    pages = [page.extract_text() for page in pdf(world).pages]
    assert sum(text.count("hàng 2") for text in pages) == 14 * 9
    firsts = {text.partition("Đầu bảng")[2].split("hàng ")[1][0] for text in pages[1:] if text[:3].strip().isdigit()
              and text.split("\n")[1].startswith("Đầu bảng") and "NHÓM" not in text.split("hàng ")[0]}  # fmt: skip
    assert firsts == {"1"}
