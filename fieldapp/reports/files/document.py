"""A report as a document, before any file format: its content, in order, in the user's language.

Texts are plain. Each writer escapes them for its own format, so that none becomes markup or a formula.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count, groupby
from typing import Literal

from fieldapp.domain.body_names import post_in_full, unshouted
from fieldapp.domain.dates import format_date, read_instant
from fieldapp.domain.indicators import BY_CODE, INDICATORS
from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.sentences import as_sentence, within
from fieldapp.escaping import brief_text
from fieldapp.i18n import _, counted
from fieldapp.records import words
from fieldapp.reports import narrative
from fieldapp.reports.comparison import OF_THE_BORDER, is_over, period_named, plan_result
from fieldapp.reports.completeness import as_of, completeness_line, completeness_sentences, disputed_texts
from fieldapp.reports.coverage import laptops_heard
from fieldapp.reports.figures import CALLED, Figure, behind, measure_and_kind, named, once, sums_by_kind, whole_unit
from fieldapp.reports.letterhead import Issue, LayoutCode, Letterhead, letterhead
from fieldapp.reports.photographs import Photograph, photographs
from fieldapp.reports.provenance import Provenance, provenance
from fieldapp.reports.query import Period, Query, find_post
from fieldapp.reports.report import PlanProgress, Report, report
from fieldapp.reports.sections import SectionCode, SectionText, section_texts
from fieldapp.reports.tables import TITLES, By, FigureTable, table
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key

SPLITS: tuple[By, ...] = ("month", "post", "commune", "kind")


@dataclass(frozen=True)
class ReportSection:
    """The figures under one heading."""

    title: str
    prose: str
    figures: list[Figure]


@dataclass(frozen=True)
class Split:
    """The figures of the parts, side by side."""

    by: By
    title: str
    table: FigureTable


@dataclass(frozen=True)
class FigureEntry:
    """One thing that a figure counts, with the words for the record that says so."""

    figure: Figure
    day: str
    amount: int | None
    """what it adds to the figure, in units of 10^-decimals"""
    words: str | None
    approximate: bool
    kind: str
    record: str
    """id"""
    label: str
    post: str


@dataclass(frozen=True)
class Document:
    """All that the files are written from, read from one state of the replica."""

    report: Report
    letterhead: Letterhead
    layout: LayoutCode
    issue: Issue
    annexed: bool
    """with a page on what the figures were computed from"""
    about: str
    up_to: str
    """“số liệu đến ngày 30/11/2026” where the period is not over; else empty"""
    facts: list[tuple[str, str]]
    """(what, value): period, area, units"""
    computed: str
    """when, on which laptop and by what the figures were computed"""
    sections: list[ReportSection]
    texts: list[SectionText]
    """what an officer wrote, or the program proposes"""
    late: list[Figure]
    """matters that were done late or are late and open"""
    completeness: str
    """how complete the figures are, in one line of words"""
    left_out: list[str]
    """the same as a machine has it, for the annex and files of figures"""
    received: list[str]
    """up to when the changes of each laptop are here, a line each"""
    laptops: list[tuple[str, str, date | None]]
    """(post, laptop, day up to which it is known), for the annex of a letter"""
    provenance: Provenance
    photographs: list[Photograph]
    """for an annex of their own"""
    splits: list[Split]
    entries: list[FigureEntry]
    kinds: dict[tuple[str, str | None], list[str]]
    """(section, measure) -> the kinds of activity that the figure of a measure is from"""
    codes: frozenset[str]
    """``section.code`` of every possible figure, also where nothing is recorded"""
    before: dict[tuple[str, str], Figure] = field(repr=False)
    """(section, code) -> the figure of the preceding period"""
    by_task: Mapping[tuple[str, str], list[Figure]]
    """(section, code) of a figure of the border -> those of each kind of activity, which a letter has instead;
    ``before`` has theirs too"""

    @property
    def number(self) -> str:
        """The letter's number; empty where it is filled in by hand."""
        return self.issue.number

    @property
    def dated(self) -> date:
        """The letter's day: that which was given, or the day on which the figures were computed."""
        return self.issue.dated or self.provenance.moment.date()

    def lines(self, section: SectionCode) -> list[str]:
        """What the report says in a section of the officer's; empty: it goes without it."""
        return next((t.lines for t in self.texts if t.section == section), [])

    def earlier(self, figure: Figure) -> Figure | None:
        """The figure of the preceding period."""
        return self.before.get((figure.section, figure.code))

    def was(self, figure: Figure) -> str:
        """The figure of the preceding period in words; empty where there is none."""
        found = self.earlier(figure)
        return _of_people(found).text if found else ""

    def is_of_several(self, figure: Figure) -> bool:
        """Whether the figure of a measure is the sum over several kinds of activity."""
        return figure.kind_id is None and len(self.kinds.get((figure.section, figure.measure_id), ())) > 1

    def is_disputed(self, figure: Figure) -> bool:
        """Whether a joint activity is in it on whose amount posts do not agree."""
        return self.report.is_disputed(figure)

    @property
    def disputes(self) -> list[str]:
        """What the mark of a disputed figure means, where it has but one meaning; none where no figure has it."""
        disputed = any(self.is_disputed(f) for section in self.sections for f in section.figures)
        return [_("{mark} Provisional: the posts do not agree on it yet.").format(mark=NOTED)] if disputed else []

    @staticmethod
    def told_once(figures: list[Figure]) -> list[Figure]:
        """The figures of a section without a line that says what another one says: the meetings of cells, where
        members of the post attended all of them; the communes, where all of them are on the border."""
        by_code = {f.code: f.value for f in figures}
        told = {one for one, other in _TOLD_BY.items() if by_code.get(one) == by_code.get(other)}
        return [f for f in figures if f.code not in told]

    def title(self, figure: Figure) -> str:
        """What a figure counts: “Buổi” alone says nothing, “Buổi tuyên truyền, phổ biến pháp luật” does."""
        if figure.title in CALLED:
            return CALLED[figure.title]
        if (part := _PARTS.get(figure.code)) is not None:
            whole = (f for f in self.report.figures if _TOLD_BY.get(f.code) == figure.code)
            if any(f.value != figure.value for f in whole):  # they are among those of the line above
                return part()
        if figure.code in _IN_LETTERS:
            return _IN_LETTERS[figure.code]()
        kinds = self.kinds.get((figure.section, figure.measure_id), ())
        if len(kinds) == 1 and (figure.title, kinds[0]) in _OF_KINDS:
            return _OF_KINDS[figure.title, kinds[0]]
        if search_key(figure.title) != search_key(figure.unit):
            return figure.title
        what = CALLED.get(kinds[0], kinds[0]) if len(kinds) == 1 else _(narrative.HEADINGS[figure.section])
        return f"{figure.title} {within(what)}"


def make_document(
    store: Store,
    query: Query,
    layout: LayoutCode = "decree30",
    issue: Issue | None = None,
    *,
    annexed: bool = False,
    splits: bool = False,
    entries: bool = False,
    personal: bool = False,
    photos: Collection[str] | Literal["all"] = (),
) -> Document:
    """The document of a query.

    ``issue``: the letter's number and day. ``annexed``: with the annex on what the figures were computed from.
    ``splits``: with the tables by month, post, commune and kind. ``entries``: with the records behind each figure.
    ``personal``: with names of people and free texts in them. ``photos``: the ids of photographs for an annex.
    """
    with store.transaction(derived=True):  # one state of all that is read, in read-only mode too
        made = report(store, query)
        state = provenance(store)
        tables = [Split(by, _(TITLES[by]), table(store, query, by)) for by in SPLITS] if splits else []
        found = _entries(store, query, made.figures, personal) if entries else []
        head = letterhead(store, layout)
        texts = section_texts(store, made, layout)
        codes = _codes(store)
        shown = photographs(store, query, None if photos == "all" else photos) if photos else []
        kinds = _kinds(store, query)
        post = find_post(store, query)
        laptops = laptops_heard(store, post["id"] if post else None) if annexed else []
        by_task = _by_task(store, query)
        tasks_before = _by_task(store, query.over(query.period.before()))
    figures = narrative.in_order(made.figures)
    before = [*made.before, *(f for found in tasks_before.values() for f in found)]
    return Document(
        report=made,
        letterhead=head,
        layout=layout,
        issue=issue or Issue(),
        annexed=annexed,
        about=about(query.period, made.post or made.reported.only, made.unit, layout),
        up_to=up_to(query, as_of(made)),
        facts=_facts(made),
        computed=f"{instant_with_seconds(state.made_at)}, {state.replica}, fieldapp {state.program}",
        sections=[
            ReportSection(_(narrative.HEADINGS[section]), narrative.prose(made, section), group)
            for section, group in ((s, list(g)) for s, g in groupby(figures, key=lambda f: f.section))
        ],
        texts=texts,
        late=[f for f in figures if f.section == "coordination" and f.code.endswith(("_late", "_overdue"))],
        completeness=completeness_line(made),
        left_out=narrative.left_out(made),
        received=narrative.received(made),
        laptops=laptops,
        provenance=state,
        photographs=shown,
        splits=[s for s in tables if len(s.table.titles) > 1],
        entries=found,
        kinds=kinds,
        codes=codes,
        before={(f.section, f.code): f for f in before},
        by_task=by_task,
    )


NOTED = "(*)"
"""The first mark behind what is explained below a table"""
MOST_STARS = 3
"""Marks that are stars"""
_TOLD_BY = {"meetings_held": "meetings_attended", "communes_strengthened": "border_communes_strengthened"}
"""Code of a figure -> that of its part which tells it where both are equal"""
_PARTS: Mapping[str, Callable[[], str]] = {
    "meetings_attended": lambda: _("Of these: meetings with members of the post"),
    "border_communes_strengthened": lambda: _("Of these: communes on the border"),
}
"""Code of the part -> its title below the whole"""
_IN_LETTERS: Mapping[str, Callable[[], str]] = {
    "communes_strengthened": lambda: _("Communes whose political base was strengthened"),
    "border_communes_strengthened": lambda: _("Border communes whose political base was strengthened"),
    "members_introduced": lambda: _("Members introduced to temporary activity in party cells of hamlets"),
    "cells_with_members": lambda: _("Party cells of hamlets with members of the post"),
    "attendance_missed": lambda: _("Absences of members of the post from meetings"),
}
"""Code of an indicator -> what a letter's table calls it"""
_JOINTLY_MANAGED = "Bàn giao, quản lý đường biên, mốc giới, giao nhận đất"
_OF_KINDS = {
    ("Hộ", "Giúp dân lao động sản xuất"): "Hộ được giúp đỡ",
    ("Hộ", "Phòng, chống, khắc phục thiên tai"): "Hộ bị ảnh hưởng",
    ("Hộ", "Tự quản đường biên, cột mốc"): "Hộ tham gia tự quản đường biên, cột mốc",
    ("Vụ", "Phối hợp phòng, chống tội phạm"): "Vụ việc phối hợp giải quyết",
    ("Đối tượng", "Phối hợp phòng, chống tội phạm"): "Đối tượng trong các vụ việc",
    ("Ngày công", "Giúp dân lao động sản xuất"): "Ngày công giúp Nhân dân lao động sản xuất",
    ("Lượt người tham gia", "Tuần tra chung"): "Lượt người tham gia tuần tra chung",
    ("Chiều dài đường biên", "Tự quản đường biên, cột mốc"): "Đường biên giới tự quản",
    ("Mốc giới", "Tự quản đường biên, cột mốc"): "Mốc quốc giới tự quản",
    ("Chiều dài đường biên", _JOINTLY_MANAGED): "Đường biên giới phối hợp quản lý, bảo vệ",
    ("Mốc giới", _JOINTLY_MANAGED): "Mốc quốc giới phối hợp quản lý, bảo vệ",
    ("Diện tích đất", _JOINTLY_MANAGED): "Diện tích đất khu vực biên giới giao, nhận quản lý",
}
"""What a letter calls shipped measures whose name does not say of what they are: (name, kind) -> title"""


def _of_people(figure: Figure) -> Figure:
    """A figure with its whole unit."""
    return replace(figure, unit=whole_unit(figure.title, figure.unit))


def _bare(figure: Figure) -> str:
    """A figure without its unit, for a table that has a column of units: “2.385”, “70.000.000”. Words that records give
    for an amount are below the table."""
    return replace(figure, unit="", in_words=[] if figure.unit else figure.in_words).text


def _kinds(store: Store, query: Query) -> dict[tuple[str, str | None], list[str]]:
    names = {row["id"]: row["name"] for row in store.rows("SELECT id, name FROM activity_kind")}
    found: dict[tuple[str, str | None], list[str]] = {}
    for kind, figures in sums_by_kind(store, query).items():
        for figure in figures:
            found.setdefault((figure.section, figure.measure_id), []).append(names[kind])
    return found


def _by_task(store: Store, query: Query) -> dict[tuple[str, str], list[Figure]]:
    """The figures of the border by kind of activity, each with its own title and code."""
    kinds = {row["id"]: row["name"] for row in store.rows("SELECT id, name FROM activity_kind")}
    found: dict[tuple[str, str], list[Figure]] = {}
    for kind, figures in sums_by_kind(store, query).items():
        for figure in figures:
            if (figure.section, figure.code) in OF_THE_BORDER:
                title = _OF_KINDS.get((figure.title, kinds[kind])) or f"{figure.title} ({within(kinds[kind])})"
                task = replace(figure, title=title, code=f"{figure.code}.{kind}", kind_id=kind)
                found.setdefault((figure.section, figure.code), []).append(task)
    return found


def _codes(store: Store) -> frozenset[str]:
    rows = store.rows(
        "SELECT k.section, CASE m.nature WHEN 'works' THEN k.code || '.' ELSE '' END || m.code AS code"
        " FROM kind_measure km JOIN activity_kind k ON k.id = km.activity_kind_id"
        " JOIN measure m ON m.id = km.measure_id"
    )
    return frozenset(f"{r['section']}.{r['code']}" for r in rows) | {f"{i.section}.{i.code}" for i in INDICATORS}


def about(period: Period, post: str | None = None, unit: str | None = None, layout: LayoutCode = "decree30") -> str:
    """What a report is about: “Kết quả Đồn BP Ia Rvê giúp đỡ Nhân dân và phối hợp với cấp ủy, chính quyền địa phương
    trên địa bàn xã Ia Rvê trong quý IV/2026”. A post and an area stand where nothing else can be meant by them."""
    text = _("Results of helping the people and of coordination with the local bodies")
    if post:
        text = _("Results of {post} in helping the people and in coordination with the local bodies")
        text = text.format(post=post_in_full(post))
    elif layout == "party":
        text = _("Results of leading the help for the people and the coordination with the local bodies")
    if unit:
        text = _("{what} in the area of {unit}").format(what=text, unit=within(unit))
    return f"{text} {period.when}"


def up_to(query: Query, known: date | None = None) -> str:
    """“số liệu đến ngày 30/11/2026”; empty of a period that is over. ``known``: the day up to which posts are known."""
    if query.today >= query.period.last:
        return ""
    return _("figures up to {day}").format(day=format_date(known or query.today))


def _facts(made: Report) -> list[tuple[str, str]]:
    period = made.query.period
    days = f"{format_date(period.first)} – {format_date(period.last)} ({period.title})"
    area = ", ".join(name for name in (made.post, made.unit) if name)
    units = _("In today's units") if made.query.view == "now" else _("In the units of the time")
    return [
        (_("Period"), days if is_over(made) else f"{days}; {_('the period is not over')}"),
        (_("Area"), area or made.reported.own or _("all that the posts have reported")),
        (_("Units"), within(units)),
    ]


def instant_with_seconds(at: str) -> str:
    """“07:48:12 25/11/2026” by this laptop's time."""
    moment = read_instant(at)
    return brief_text(at) if moment is None else f"{moment:%H:%M:%S} {format_date(moment.date())}"


def _entries(store: Store, query: Query, figures: list[Figure], personal: bool) -> list[FigureEntry]:
    found = [(f, line) for f in narrative.in_order(figures) for line in behind(store, query, f)]
    ids: dict[str, set[str]] = {}
    for _figure, line in found:
        ids.setdefault(line.kind, set()).add(line.record)
    labels = {kind: _labels(store, kind, sorted(wanted), personal) for kind, wanted in ids.items()}
    return [
        FigureEntry(
            f, x.day, x.amount, x.words, x.approximate, _(BY_KIND[x.kind].TITLE), x.record, *labels[x.kind][x.record]
        )
        for f, x in found
    ]


def _labels(store: Store, kind: str, ids: list[str], personal: bool) -> dict[str, tuple[str, str]]:
    """id -> (the fields that a list shows of the record, in words; the name of its post)."""
    model = BY_KIND[kind]
    fields = [f for f in model.LIST if f != model.DATE and (personal or not names_people(model, f))]
    named: dict[str, tuple[str, str]] = {}
    posts = words.post_names(store)
    for at in range(0, len(ids), 500):
        part = json.dumps(ids[at : at + 500])
        rows = store.rows(f"SELECT * FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [part])
        for row, texts in zip(rows, words.display(store, kind, rows, fields, short=True), strict=True):
            named[row["id"]] = (" · ".join(t for t in texts if t), posts.get(row["post_id"], ""))
    return named


def names_people(model: type[Record], name: str) -> bool:
    """Whether a field tells who a person is: it is marked personal, or refers to a record whose label is."""
    shape = next(s for s in fields_of(model) if s.name == name)
    if shape.ref is None or shape.ref == model.KIND:
        return shape.personal
    target = BY_KIND[shape.ref]
    return any(names_people(target, label) for label in target.LABEL)


# what is read from top to bottom --------------------------------------------------------------------------------


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
            rows.append([f"{number}.{at}", title[:1].upper() + title[1:], _of_people(f).unit or NONE, result, was])
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
