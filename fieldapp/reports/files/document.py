"""What a report says, before any file format: read from one state of the replica, in the user's language.

Texts are plain. Each writer escapes them for its own format, so that none becomes markup or a formula.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Literal

from fieldapp.domain.body_names import post_in_full
from fieldapp.domain.dates import format_date, read_instant
from fieldapp.domain.indicators import INDICATORS
from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.sentences import within
from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.records import words
from fieldapp.reports import narrative
from fieldapp.reports.comparison import OF_THE_BORDER, is_over
from fieldapp.reports.completeness import as_of, completeness_line
from fieldapp.reports.coverage import laptops_heard
from fieldapp.reports.figure_names import CALLED, whole_unit
from fieldapp.reports.figures import Figure, behind, sums_by_kind
from fieldapp.reports.letterhead import Issue, LayoutCode, Letterhead, letterhead
from fieldapp.reports.photographs import Photograph, photographs
from fieldapp.reports.provenance import Provenance, provenance
from fieldapp.reports.query import Period, Query, find_post
from fieldapp.reports.report import Report, report
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
        return with_whole_unit(found).text if found else ""

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


def with_whole_unit(figure: Figure) -> Figure:
    """A figure with its whole unit."""
    return replace(figure, unit=whole_unit(figure.title, figure.unit))


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
