"""The text of a letter: headings, paragraphs, lists and tables in their order, before any file format.

Texts are plain. Each writer escapes them for its own format, so that none becomes markup or a formula.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import count

from fieldapp.domain.body_names import unshouted
from fieldapp.domain.dates import format_date
from fieldapp.domain.indicators import BY_CODE
from fieldapp.domain.sentences import as_sentence, within
from fieldapp.i18n import _, counted
from fieldapp.reports import narrative
from fieldapp.reports.comparison import period_named, plan_result
from fieldapp.reports.completeness import completeness_sentences, disputed_texts
from fieldapp.reports.figure_names import measure_and_kind, named, once
from fieldapp.reports.figures import Figure
from fieldapp.reports.files.document import Document, ReportSection, with_whole_unit
from fieldapp.reports.photographs import Photograph
from fieldapp.reports.provenance import Provenance
from fieldapp.reports.report import PlanProgress
from fieldapp.reports.sections import SectionCode, SectionText


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 (I., II.) or 2 (1., 2.)."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Item:
    """A line of a list."""

    text: str


@dataclass(frozen=True)
class Dots:
    """Dotted lines, to be written on by hand."""

    lines: int = 2


@dataclass(frozen=True)
class Grid:
    """A table; a row of one cell is a title over all columns."""

    head: list[str]
    rows: list[list[str]]
    shares: tuple[float, ...]
    """widths of the columns, relative"""
    right: frozenset[int] = frozenset()
    """columns whose cells are aligned right"""

    def goes_with_next(self, at: int) -> bool:
        """Whether a row stands on one page with the next one: a title, and the last but one of its group, so that no
        row is carried on alone."""
        ends = at + 2 == len(self.rows) or (at + 2 < len(self.rows) and len(self.rows[at + 2]) == 1)
        return len(self.rows[at]) == 1 or (ends and len(self.rows[at + 1]) > 1)


Block = Heading | Paragraph | Item | Dots | Grid

ON_PAGE = 3
"""Photographs on one page"""
WIDEST, HIGHEST = 150.0, 60.0
"""Millimetres of a photograph on paper"""


@dataclass(frozen=True)
class Photo:
    """A photograph with its title below it."""

    picture: Photograph
    text: str
    number: int
    """from 1"""

    @property
    def begins_page(self) -> bool:
        """Whether it is the first on a page other than that with the heading."""
        return self.number > 1 and self.number % ON_PAGE == 1

    @property
    def millimetres(self) -> tuple[float, float]:
        """(width, height) on paper, in the shape of the picture."""
        scale = min(WIDEST / self.picture.width, HIGHEST / self.picture.height)
        return self.picture.width * scale, self.picture.height * scale


ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")
"""Numbers of the headings of level 1"""
ASSESSED: tuple[SectionCode, ...] = ("assessment", "shortcomings", "causes")
"""Sections of the officer's that stand under one heading"""


MOST_STARS = 3
"""Marks that are stars"""
MOST_LINES = 8
"""More targets of the plan than these are a table"""


def body(document: Document) -> Iterator[Block]:
    """The text of a letter: results with a note on how complete they are, plan, and what the officer wrote."""
    made = document.report
    yield Paragraph(_opening(document))
    roman = iter(ROMAN)
    yield Heading(f"{next(roman)}. {_('RESULTS')}")
    for number, section in enumerate(document.sections, start=1):
        yield Heading(f"{number}. {section.title}", 2)
        yield Paragraph(section.prose)
    numbers = count(len(document.sections) + 1)
    if made.tasks:
        yield Heading(f"{next(numbers)}. {_('Tasks of the agreements')}", 2)
        yield from map(Item, narrative.task_lines(made))
    if document.sections:
        yield Heading(f"{next(numbers)}. {_('Table of figures')}", 2)
        yield figures_grid(document)
        yield from map(Paragraph, _marks_explained(document))
        yield from _note(document)
        if any(figure.shared for figure in made.figures):
            yield Paragraph(narrative.shared_note())
    else:
        yield Paragraph(as_sentence(_("no activity is on record {when}").format(when=made.query.period.when)))
        yield from _note(document)
    if made.plan:
        yield Heading(f"{next(roman)}. {_('RESULTS AGAINST THE PLAN')}")
        yield from map(Item, narrative.plan_lines(made)) if len(made.plan) <= MOST_LINES else [plan_grid(made.plan)]
    yield from officer_sections(document, roman)
    closing = _("This is the report: {about}.").format(about=_lower_about(document))
    yield Paragraph(closing if document.layout == "party" else f"{closing.removesuffix('.')}./.")


def _note(document: Document) -> Iterator[Paragraph | Item]:
    """How complete the figures are: one sentence in a paragraph, several below each other."""
    said = completeness_sentences(document.report, disputes=not document.disputes)
    said += [_("Details are in the annex.")] if document.annexed else []
    if len(said) <= 2:
        yield Paragraph(_("Note: {text}").format(text=" ".join(said)))
        return
    yield Paragraph(_("Note:"))
    yield from map(Item, said)


def _marks_explained(document: Document) -> Iterator[str]:
    """What the marks in the table of figures mean."""
    yield from (f"{mark} {as_sentence(meaning)}" for meaning, mark in _marks(document).items())


def _marks(document: Document) -> dict[str, str]:
    """What is to be said of amounts in the table -> its mark, in their order: “(*)”, “(**)”; many have numbers."""
    found: dict[str, None] = {}
    for section in document.sections:
        for figure in _rows_of(document, section):
            found |= dict.fromkeys(_noted(document, figure))
            if earlier := document.earlier(figure):
                found |= dict.fromkeys(_words_noted(earlier))
    numbered = enumerate(found, start=1)
    return {text: f"({'*' * n if len(found) <= MOST_STARS else n})" for n, text in numbered}


def _noted(document: Document, figure: Figure) -> Iterator[str]:
    """What is to be said of an amount of the period."""
    yield from _words_noted(figure)
    of = BY_CODE.get(figure.code)
    if of is not None and of.source in ("meeting", "attendance") and document.report.cells:
        yield document.report.cells
    yield from disputed_texts(document.report, figure)


def _words_noted(figure: Figure) -> Iterator[str]:
    """That records give words for an amount; where there is no unit, the words are what is asked for."""
    if figure.in_words and figure.unit:
        words = ", ".join(f"“{within(words)}”" for words in once(figure.in_words))
        text = _("Records of posts say {words}, without an exact amount")
        if figure.value is not None:
            text = _("Records of posts say {words}, without an exact amount: that is not added up")
        yield text.format(words=words)


def officer_sections(
    document: Document, roman: Iterator[str], *, by_hand: bool = True
) -> Iterator[Heading | Paragraph | Dots]:
    """What the officer wrote: the assessment with its parts under one heading, then directions, then proposals.

    ``by_hand``: a section of which nobody has said anything has dotted lines; otherwise it is left out.
    """
    said = [text for text in document.texts if text.lines or (by_hand and text.origin == "empty")]
    parts = [text for text in said if text.section in ASSESSED]
    if parts:
        yield Heading(f"{next(roman)}. {_('ASSESSMENT')}")
    for number, part in enumerate(parts, start=1):
        yield Heading(f"{number}. {part.title}", 2)
        yield from _said(part, by_hand=by_hand)
    for text in said:
        if text.section not in ASSESSED:
            yield Heading(f"{next(roman)}. {_title(document, text).upper()}")
            yield from _said(text, by_hand=by_hand)


LONG_PAST = 366
"""Days after which a period is so long over that its letter says nothing of the time to come"""


def _title(document: Document, text: SectionText) -> str:
    query = document.report.query
    soon = text.section == "directions" and (query.today - query.period.last).days < LONG_PAST
    return _("Directions and tasks for the time to come") if soon else text.title


OF_THE_OFFICER: tuple[SectionCode, ...] = ("assessment", "shortcomings", "directions")
"""Sections that begin with what only an officer can say: what the program proposes stands below dotted lines"""


def _said(text: SectionText, *, by_hand: bool) -> Iterator[Paragraph | Dots]:
    if by_hand and (not text.lines or (text.origin == "proposed" and text.section in OF_THE_OFFICER)):
        yield Dots()
    yield from map(Paragraph, text.lines)


def _opening(document: Document) -> str:
    made, issuer = document.report, unshouted(document.letterhead.issuer)
    text = _("{issuer} reports: {about}, as follows:") if issuer else _("Report: {about}, as follows:")
    notes = [document.up_to] if document.up_to else []
    if made.query.view == "now":
        notes.append(_("in today's units"))
    about = _lower_about(document)
    return text.format(issuer=issuer, about=f"{about} ({'; '.join(notes)})" if notes else about)


def _lower_about(document: Document) -> str:
    return document.about[:1].lower() + document.about[1:]


def annex(document: Document) -> Iterator[Block]:
    """What the figures leave out and up to when the posts are known, without its heading. Hashes are in files of
    figures: nobody reads them on paper."""
    moment = document.provenance.moment
    put_together = _("{hour}:{minute} on {day}").format(
        hour=moment.hour, minute=f"{moment:%M}", day=format_date(moment.date())
    )
    for what, value in [*document.facts, (_("Put together"), put_together)]:
        yield Item(as_sentence(f"{what}: {value}"))
    yield from map(Item, document.left_out)
    if document.laptops:
        posts = counted("{n} post", "{n} posts", len({post for post, _laptop, _day in document.laptops}))
        laptops = counted("{n} laptop", "{n} laptops", sum(laptop != "" for _post, laptop, _day in document.laptops))
        yield Paragraph(_("What was received: {posts}, {laptops}.").format(posts=posts, laptops=laptops))
        yield _received_grid(document.laptops, document.report.completeness.waiting_posts.values())


def _received_grid(laptops: list[tuple[str, str, date | None]], waiting: Collection[str]) -> Grid:
    """Up to which day each laptop of each post is known; a post is named once.

    ``waiting``: the posts of which something has come that is not taken in.
    """
    rows, above = [], ""
    for post, laptop, day in laptops:
        nothing = _("come, not put together yet") if post in waiting else _("no figures received")
        until = format_date(day) if day else nothing
        rows.append(["" if post == above else post, laptop, until])
        above = post
    return Grid([_("Post"), _("Laptop"), _("Figures received up to")], rows, (9, 3, 7))


def photograph_annex(document: Document) -> Iterator[Photo]:
    """The chosen photographs, without the heading of their annex."""
    for number, one in enumerate(document.photographs, start=1):
        yield Photo(one, _("Photograph {n}. {title}").format(n=number, title=one.title), number)


def _bare(figure: Figure) -> str:
    """A figure without its unit, for a table that has a column of units: “2.385”, “70.000.000”. Words that records give
    for an amount are below the table."""
    return replace(figure, unit="", in_words=[] if figure.unit else figure.in_words).text


def figures_grid(document: Document) -> Grid:
    """All figures, each with that of the preceding period, if anything is recorded in that."""
    rows: list[list[str]] = []
    marks = _marks(document)

    def cell(figure: Figure, noted: Iterator[str]) -> str:
        return " ".join([_bare(figure), *(marks[text] for text in noted)]).lstrip()

    for number, section in enumerate(document.sections, start=1):
        rows.append([f"{number}. {section.title}"])
        for at, f in enumerate(_rows_of(document, section), start=1):
            of_all = any(one.kind_id for one in section.figures) and document.is_of_several(f)
            title = _("{things} in all").format(things=named(f.title, f.unit)) if of_all else document.title(f)
            result, earlier = cell(f, _noted(document, f)), document.earlier(f)
            was = cell(earlier, _words_noted(earlier)) if earlier else NONE
            rows.append([f"{number}.{at}", title[:1].upper() + title[1:], with_whole_unit(f).unit or NONE, result, was])
    head = [_("No."), _("What is counted"), _("Unit of measure"), _("Result"), _period_before(document)]
    if not any(row[4:] and row[4] != NONE for row in rows):
        head, rows = head[:4], [row[:4] for row in rows]
    amounts = range(3, len(head))
    share = _amount_share([row[at] for row in rows if row[1:] and row[2] != NONE for at in amounts])
    shares = (1.3, 18 - 1.3 - 2.9 - share * len(amounts), 2.9, *(share for _at in amounts))
    return Grid(head, rows, shares, frozenset(amounts))


NONE = "-"
"""In a cell of the table: nothing is recorded, or there is no unit"""
_NARROW = {".": 0.25, ",": 0.25, " ": 0.25, "(": 0.34, ")": 0.34}
"""Widths of characters that are less than half as wide as high"""


def _amount_share(amounts: Iterable[str]) -> float:
    """How wide a column of amounts is, in 18ths of a page: a number that ends on a second line is read as another."""
    widest = max((sum(_NARROW.get(letter, 0.5) for letter in text) for text in amounts), default=0)
    return min(max(3.4, (widest * 12 + 12) / 25), 5.5)  # letters of 12 points; with the sides of the cell


def _rows_of(document: Document, section: ReportSection) -> list[Figure]:
    """The figures of a section in the order of the table: those of all works are below the works that have them; of the
    border those of each task. What is nothing in both periods is not in it, unless all of the section is so."""
    works, figures = any(f.kind_id for f in section.figures), document.told_once(section.figures)
    found = sorted(figures, key=lambda figure: works and document.is_of_several(figure))
    by_task = [task for one in found for task in document.by_task.get((one.section, one.code), [one])]
    told = [figure for figure in by_task if not (_is_nothing(figure) and _is_nothing(document.earlier(figure)))]
    return told or by_task


def _is_nothing(figure: Figure | None) -> bool:
    return figure is not None and figure.value == 0 and not figure.in_words


def _period_before(document: Document) -> str:
    """“Kỳ trước”; with its days where it has no name."""
    before = document.report.query.period.before()
    named = period_named(before)
    return named[:1].upper() + named[1:] if before.is_of_days else _("Period before")


def _target_named(plan: PlanProgress) -> str:
    """“Ngày công (khám, chữa bệnh)”, “Đồn BP Ia Lốp: ngày công”"""
    measure, kind = measure_and_kind(plan.title)
    text = f"{measure} ({kind})" if kind else measure
    text = f"{plan.post}: {text}" if plan.post else text
    return text[:1].upper() + text[1:]


def plan_grid(plan: list[PlanProgress]) -> Grid:
    """Each target, its period, and how much was done."""
    rows = [[str(number), _target_named(p), p.period.title, plan_result(p)] for number, p in enumerate(plan, start=1)]
    return Grid([_("No."), _("Target"), _("Period"), _("Done of the target")], rows, (1.3, 7, 4, 6), frozenset({3}))


def logs_grid(state: Provenance) -> Grid:
    """The version vector as a table."""
    rows = [
        [
            log.author or _("shipped with the program"),
            _("reference data") if log.scope == "*" else log.scope,
            str(log.seq) if log.seq <= log.sealed or not log.author else _("{seq} ({sealed} sealed)").format(
                seq=log.seq, sealed=log.sealed),
            f"{log.log}\n{log.head or '–'}",
        ]
        for log in state.logs
    ]  # fmt: skip
    head = [_("Laptop"), _("Records of"), _("Changes"), _("Log, and SHA-256 of its newest segment")]
    return Grid(head, rows, (4, 2.8, 2.4, 9), frozenset({2}))
