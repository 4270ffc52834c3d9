"""The layout of an official letter: the place and size of each line. The writers only draw it.

Letters of offices follow the annex to Decree 30/2020/NĐ-CP, letters of the Party follow Guide 36-HD/VPTW of 2018. The
fixed lines are Vietnamese by law, also where the program's language is English.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from math import ceil
from textwrap import wrap
from typing import Protocol

from fieldapp.domain.body_names import in_full, unshouted
from fieldapp.i18n import _
from fieldapp.reports.files.document import Document
from fieldapp.reports.letterhead import NOBODY, LayoutCode, Letterhead
from fieldapp.vietnamese.text import search_key

FONT = "Times New Roman"
BLANK = "\N{NO-BREAK SPACE}" * 6
"""Room for a number that is written by hand"""
DOTS = "…" * 10
"""What is written by hand: a name, a body"""
LINE_OF_MOTTO = 171.0
"""Width in points of “Độc lập - Tự do - Hạnh phúc” in 14 points bold, and so of the line below it"""
LINE_OF_PARTY = 207.0
"""The same for “ĐẢNG CỘNG SẢN VIỆT NAM” in 15 points bold"""
RULE = 0.4
"""The rule below a body's name or a topic, as a part of its line: a third to a half is prescribed"""


@dataclass(frozen=True)
class LetterLine:
    """One line of the head or foot."""

    text: str
    size: float
    """points"""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    rule: float = 0
    """width in points of a line drawn below it, centred"""
    gap: float = 0
    """points left free above it"""


@dataclass(frozen=True)
class Paper:
    """An A4 page, in millimetres."""

    top: float
    bottom: float
    left: float
    right: float
    number_at: float
    """distance of the page number from the upper edge; the first page has no number"""
    body: float
    """size of the text in points"""
    heading: float
    table: float

    @property
    def width(self) -> float:
        """Width of the text in points."""
        return (210 - self.left - self.right) * 72 / 25.4


@dataclass(frozen=True)
class Letter:
    """The parts around the text."""

    page: Paper
    head: list[tuple[list[LetterLine], list[LetterLine]]]
    """rows of two columns, all centred"""
    head_shares: tuple[float, float]
    title: list[LetterLine]
    recipients: list[LetterLine]
    """below, on the left; the lines from the second on are a list"""
    signature: list[LetterLine]
    """below, on the right, centred"""
    annex: list[LetterLine]
    """heading of the annex, centred"""
    photographs: list[LetterLine]
    """heading of the annex of photographs"""
    foot_shares: tuple[float, float] = (0.45, 0.55)


class Headed(Protocol):
    """What a letter is made from: a document, or what somebody types of its head."""

    @property
    def letterhead(self) -> Letterhead: ...
    @property
    def layout(self) -> LayoutCode: ...
    @property
    def number(self) -> str: ...
    @property
    def dated(self) -> date: ...
    @property
    def about(self) -> str: ...
    @property
    def up_to(self) -> str: ...


@dataclass(frozen=True)
class LetterDraft:
    """The head of a letter that somebody is typing."""

    letterhead: Letterhead
    layout: LayoutCode
    number: str
    dated: date
    about: str
    up_to: str = ""


def letter(document: Headed) -> Letter:
    """The letter of a document, in the document's layout."""
    return _party(document) if document.layout == "party" else _decree30(document)


def _decree30(document: Headed) -> Letter:
    head, page = document.letterhead, Paper(20, 20, left=30, right=15, number_at=10, body=14, heading=14, table=12)
    shares, sign = (0.385, 0.615), _signed(head.sign, "-")
    return Letter(
        page,
        head=[
            (
                [*(LetterLine(text, 13) for text in _superior(head, 13, page.width * shares[0])),
                 *_ruled(head.issuer.upper() or DOTS, 13, page.width * shares[0])],
                [LetterLine("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 13, bold=True),
                 LetterLine("Độc lập - Tự do - Hạnh phúc", 14, bold=True, rule=LINE_OF_MOTTO)],
            ),
            (
                [LetterLine(f"Số: {document.number or BLANK}/{sign}", 13, gap=6)],
                [LetterLine(_place_and_date(document), 14, italic=True, gap=6)],
            ),
        ],
        head_shares=shares,
        title=[
            LetterLine("BÁO CÁO", 14, bold=True, gap=18),
            *_underlined(_topic(document, _first_upper(document.about), page.width)),
            *_addressed(head),
        ],
        recipients=[
            LetterLine("Nơi nhận:", 12, bold=True, italic=True),
            *(LetterLine(text, 11) for text in _listed(_office_recipients(head), ";")),
        ],
        signature=[
            *([LetterLine(head.authority.upper(), 14, bold=True)] if head.authority else []),
            LetterLine(head.position.upper(), 14, bold=True),
            LetterLine(head.signer or DOTS, 14, bold=bool(head.signer), gap=70),
        ],
        annex=_annex(document, f"số {document.number or BLANK}/{sign}", page.width),
        photographs=_annex(document, f"số {document.number or BLANK}/{sign}", page.width, "HÌNH ẢNH"),
    )  # fmt: skip


def _party(document: Headed) -> Letter:
    head, page = document.letterhead, Paper(20, 20, left=30, right=15, number_at=10, body=14, heading=14, table=12)
    about = document.about[:1].lower() + document.about[1:]
    shares, sign = (0.42, 0.58), _signed(head.sign, "/")
    return Letter(
        page,
        head=[
            (
                [*(LetterLine(text, 14) for text in _superior(head, 14, page.width * shares[0])),
                 *(LetterLine(text, 14, bold=True) for text in _wrapped(
                     head.issuer.upper() or DOTS, 14, page.width * shares[0])),
                 LetterLine("*", 14)],
                [LetterLine("ĐẢNG CỘNG SẢN VIỆT NAM", 15, bold=True, rule=LINE_OF_PARTY)],
            ),
            (
                [LetterLine(f"Số {document.number or BLANK}-{sign}", 14)],
                [LetterLine(_place_and_date(document), 14, italic=True)],
            ),
        ],
        head_shares=shares,
        title=[
            LetterLine("BÁO CÁO", 16, bold=True, gap=18),
            *_topic(document, about, page.width),
            LetterLine("-----", 14),  # not a drawn line: guideline 36-HD/VPTW, 1.5
        ],
        recipients=[
            LetterLine("Nơi nhận:", 14, underline=True),
            *(LetterLine(text, 12) for text in _listed(_recipients(head.recipients), ",")),
        ],
        signature=[
            *([LetterLine(head.authority.upper(), 14, bold=True)] if head.authority else []),
            LetterLine(head.position.upper(), 14),
            LetterLine(head.signer or DOTS, 14, bold=bool(head.signer), gap=70),
        ],
        annex=_annex(document, f"số {document.number or BLANK}-{sign}", page.width),
        photographs=_annex(document, f"số {document.number or BLANK}-{sign}", page.width, "HÌNH ẢNH"),
    )  # fmt: skip


def _topic(document: Headed, about: str, width: float) -> list[LetterLine]:
    """What the letter is about. It breaks between its parts, not within a term."""
    for term in ("phối hợp", "cấp ủy", "chính quyền", "địa phương"):
        about = about.replace(term, term.replace(" ", "\N{NO-BREAK SPACE}"))
    about = unbroken(about)
    parts = [about, f"({document.up_to})"] if document.up_to else [about]
    return [LetterLine(line, 14, bold=True) for part in parts for line in _wrapped(part, 14, width)]


def _ruled(text: str, size: float, width: float) -> list[LetterLine]:
    """A bold text on one line or several, with a rule below."""
    return _underlined([LetterLine(line, size, bold=True) for line in _wrapped(text, size, width)])


def _underlined(lines: Sequence[LetterLine]) -> list[LetterLine]:
    """The same lines with a rule below that is part as long as the last one."""
    *above, last = lines
    return [*above, replace(last, rule=_width(last.text, last.size) * RULE)]


def _superior(head: Letterhead, size: float, width: float) -> list[str]:
    return _wrapped(head.superior.upper(), size, width) if head.superior else []


_BOUND = "\0"
_TERMS = (
    ("BỘ ĐỘI BIÊN PHÒNG", "BỘ TƯ LỆNH", "BỘ CHỈ HUY QUÂN SỰ", "BỘ CHỈ HUY", "ĐẢNG ỦY", "TỈNH ỦY", "BAN CHỈ HUY"),
    ("BỘ ĐỘI", "BIÊN PHÒNG", "BỘ TƯ LỆNH", "BỘ CHỈ HUY", "QUÂN SỰ", "ĐẢNG ỦY", "TỈNH ỦY", "BAN CHỈ HUY"),
)
"""Words of a head between which no line ends: the first of these with which all lines are narrow enough"""


def _wrapped(text: str, size: float, width: float) -> list[str]:
    """The lines of a centred text, about equally long, so that the last is no word alone. Rather than break within a
    term it takes a line more."""
    least = ceil(_width(text, size) / (width * 0.95))
    for number, terms in (*product((least, least + 1), _TERMS), (least, ())):
        bound = text
        for term in terms:
            bound = bound.replace(term, term.replace(" ", _BOUND))
        for most in range(ceil(len(text) / number), len(text) + 1):
            lines = wrap(bound, most, break_long_words=False, break_on_hyphens=False)
            if len(lines) <= number:
                break
        if not terms or all(_width(line, size) <= width * 0.95 for line in lines):
            return [line.replace(_BOUND, " ") for line in lines]
    return [text]


def _addressee(head: Letterhead) -> str:
    """To whom a report of an office goes: the body above, unless another one or nobody was named."""
    return "" if head.addressed == NOBODY else head.addressed or in_full(head.superior)


def _addressed(head: Letterhead) -> list[LetterLine]:
    """“Kính gửi: Bộ Tư lệnh Bộ đội Biên phòng.”, as a report to a higher body has it (Decree 30/2020/NĐ-CP, annex I,
    II.9)."""
    addressee = _addressee(head)
    return [LetterLine(f"Kính gửi: {addressee}.", 14, gap=12)] if addressee else []


AS_ABOVE = "Như trên"


def _office_recipients(head: Letterhead) -> list[str]:
    """The recipients of a report of an office: the addressee, also by the first words of its name, is “Như trên” and
    the first, whoever typed that. Of a report to nobody, nobody is above."""
    named = [text for text in head.recipients if _body_key(text) != _body_key(AS_ABOVE)]
    given, addressee = _recipients(named), _addressee(head)
    if not addressee:
        return given
    above = f"{_body_key(addressee)} "
    others = (text for text in given if text != DOTS and not above.startswith(f"{_body_key(text)} "))
    return [AS_ABOVE, *others]


def _body_key(name: str) -> str:
    """A body's full name, to be compared, without what it gets the letter for."""
    return search_key(in_full(re.sub(r"\(.*", "", name))).strip()


def _recipients(given: Sequence[str]) -> list[str]:
    """The recipients. Where nobody is named but the office that keeps it, a dotted line is left."""
    found = [text for text in given if text]
    if all(text.startswith("Lưu") for text in found):
        return [DOTS, *found]
    return found


def _signed(sign: str, between: str) -> str:
    """The sign with the issuing body, dotted where it is not known: “BC-……”."""
    return sign if not sign or "-" in sign or "/" in sign else f"{sign}{between}……"


def _annex(document: Headed, number: str, width: float, name: str = "NGUỒN SỐ LIỆU") -> list[LetterLine]:
    """The heading of the annex: its name, and the letter that it belongs to, with a line below."""
    issuer = unshouted(document.letterhead.issuer) or DOTS
    day = f"ngày {_day(document.dated)}".replace(" ", "\N{NO-BREAK SPACE}")
    belongs = f"(Kèm theo Báo cáo {number} {day} của {issuer})"
    return [
        LetterLine("Phụ lục", 14, bold=True),
        LetterLine(name, 14, bold=True),
        *(replace(line, bold=False, italic=True) for line in _ruled(belongs, 14, width)),
    ]


def _place_and_date(document: Headed) -> str:
    """“Đắk Lắk, ngày 05 tháng 02 năm 2026”: days below 10 and months below 3 have a leading zero."""
    return f"{document.letterhead.place or '............'}, ngày {_day(document.dated)}"


def _day(day: date) -> str:
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"{day.day:02d} tháng {month} năm {day.year}"


def _listed(texts: list[str], between: str) -> list[str]:
    given = [text.rstrip(" ;,.") for text in texts if text]
    return [f"- {text}{'.' if at == len(given) else between}" for at, text in enumerate(given, start=1)]


def _width(text: str, size: float) -> float:
    """The width of a bold text in points, estimated: a letter is about half as wide as high, a capital more."""
    return len(text.replace("…", "..")) * size * (0.61 if text.isupper() else 0.45)


_PART_AND_NOUN = re.compile(r"(?<![\d/])(\d+/\d+) (?=(?:kỳ|chi bộ|chỉ tiêu)\b)")
_NUMBER_AND_NOUN = re.compile(r"(?<![\d/.,])(?<!năm )(\d(?:[\d.,]*\d)?) (?=[^\W\d_])")
_WITHIN_A_UNIT = re.compile(r"(\d\N{NO-BREAK SPACE}(?:lượt|triệu|tỷ|nghìn|ngày|học)) (?=(?:người|đồng|công|viên)\b)")
_OF_A_DATE = re.compile(r"\b([Tt]háng|[Nn]ăm|[Qq]uý) (?=[\dIV])")
_TWO_WORDS = re.compile(r"([^\W\d_][\w'’]*) (?=([^\W\d_][\w'’]*))")


def unbroken(text: str) -> str:
    """A text in which no line ends between a number and what it counts (“6 giếng”, “396 lượt người”), within “quý
    IV/2026”, nor within a name (“Đắk Ruê”). More would leave wide gaps in justified lines."""
    for pair in (_PART_AND_NOUN, _NUMBER_AND_NOUN, _WITHIN_A_UNIT, _OF_A_DATE):
        text = pair.sub("\\1\N{NO-BREAK SPACE}", text)
    return _TWO_WORDS.sub(_within_a_name, text)


def _within_a_name(found: re.Match[str]) -> str:
    """Two words with capitals belong together, but not with an abbreviation: “Đồn BP Đắk Ruê” breaks before “Đắk”."""
    named = all(word[0].isupper() and (len(word) == 1 or not word.isupper()) for word in found.groups())
    return f"{found[1]}\N{NO-BREAK SPACE}" if named else found[0]


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def placeholders(document: Document) -> dict[str, str]:
    """The values of the placeholders ``{{name}}`` in a template: parts of the letter, and figures by ``section.code``.

    The text itself, ``{{noi_dung}}``, is not among them.
    """
    head, facts = document.letterhead, dict(document.facts)
    recipients = [AS_ABOVE if text == head.superior else text for text in _recipients(head.recipients)]
    plain = {
        "ten_loai": "BÁO CÁO",
        "trich_yeu": f"{document.about} ({document.up_to})" if document.up_to else document.about,
        "ky": document.report.query.period.title,
        "pham_vi": facts[_("Area")],
        "don_vi": facts[_("Units")],
        "tinh_luc": document.computed,
        "cap_tren": head.superior,
        "co_quan": head.issuer,
        "so": document.number,
        "ky_hieu": head.sign,
        "dia_danh_ngay": _place_and_date(document),
        "thay_mat": head.authority,
        "chuc_vu": head.position,
        "nguoi_ky": head.signer,
        "kinh_gui": _addressee(head),
        "noi_nhan": "\n".join(_listed(recipients, ";")),
        "day_du": document.completeness,
        "danh_gia": "\n".join(document.lines("assessment")),
        "ton_tai": "\n".join(document.lines("shortcomings")),
        "nguyen_nhan": "\n".join(document.lines("causes")),
        "phuong_huong": "\n".join(document.lines("directions")),
        "kien_nghi": "\n".join(document.lines("proposals")),
    }
    nothing = dict.fromkeys(document.codes, _("nothing recorded"))
    return nothing | {f"{f.section}.{f.code}": f.text for f in document.report.figures} | plain
