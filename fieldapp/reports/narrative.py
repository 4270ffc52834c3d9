"""The report as text: the figures under their headings, then what they leave out."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from fieldapp.domain.dates import format_date, read_instant
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.sentences import as_sentence, joined
from fieldapp.escaping import brief_text, for_csv
from fieldapp.i18n import _, counted
from fieldapp.reports.comparison import changes, plan_words
from fieldapp.reports.completeness import disputed_texts, uncounted_texts
from fieldapp.reports.coordination import TaskDone
from fieldapp.reports.evidence import evidence_text
from fieldapp.reports.figures import Figure
from fieldapp.reports.report import Report
from fieldapp.reports.tables import FigureTable

HEADINGS = {
    "works": "Civil works handed over",
    "labour": "Help with work and production",
    "health": "Medical examination and treatment",
    "relief": "Prevention and relief of disasters",
    "gifts": "Gifts",
    "education": "Help with schooling",
    "political_base": "Strengthening the political base",
    "propaganda": "Propaganda and legal education",
    "border": "Border line and markers",
    "security": "Security and order",
    "support_received": "Help received from the localities",
    "coordination": "Coordination with local bodies",
    "party": "Party activity in the hamlets",
    "self_management": "Self-management of border line and markers",
    "reviews": "Periodic and final reviews",
    "commendations": "Commendations",
}
"""Section -> English message of its heading, in the order of the report."""


def as_text(report: Report, texts: Sequence[tuple[str, Sequence[str]]] = ()) -> str:
    """The report as lines for a terminal: prose of each section, its figures, the plan, what is left out.

    ``texts``: (heading, lines) of the officer's sections.
    """
    query = report.query
    about = " · ".join(name for name in (report.post, report.unit) if name)
    lines = [_("REPORT ON RESULTS"), query.period.title + (f" · {about}" if about else "")]
    if query.view == "now":
        lines.append(_("In today's units"))
    lines.append("")
    before = {(f.section, f.code): f for f in report.before}
    by_section = groupby(in_order(report.figures), key=lambda f: f.section)
    for number, (section, group) in enumerate(by_section, start=1):
        found = list(group)
        lines += [f"{number}. {_(HEADINGS[section])}", f"   {prose(report, section)}"]
        for figure in found:
            records = counted("{n} record", "{n} records", figure.count)
            earlier = before.get((figure.section, figure.code))
            was = f"; {_('before')}: {earlier.text}" if earlier is not None else ""
            lines.append(f"   - {figure.title}: {figure.text}  ({records}{was})")
    if not report.figures:
        lines.append(_("Nothing is recorded in this period."))
    if report.plan:
        lines += ["", _("Plan")]
        lines += [f"   - {p.title}{f' · {p.post}' if p.post else ''}, {p.period.title}: {p.text}" for p in report.plan]
    if report.tasks:
        lines += ["", _("Tasks of the agreements")]
        lines += [f"   - {task_title(t)}: {t.text}" for t in report.tasks]
    if report.late:
        lines += ["", _("Late with")]
        lines += [f"   - {late.text}" for late in report.late]
    for title, said in texts:
        if said:
            lines += ["", title, *(f"   {line}" for line in said)]
    return "\n".join([*lines, "", *left_out(report), *received(report)])


def plan_lines(report: Report) -> list[str]:
    """Each target of the plan in a sentence: “Số ngày công đạt 90% kế hoạch năm 2026 (722/800 ngày công).”"""
    return [
        as_sentence(f"{plan.post}: {text}" if plan.post else text)
        for plan in report.plan
        for text in [plan_words(plan, report.query.today)]
    ]


def task_lines(report: Report) -> list[str]:
    """“Quy chế phối hợp, nhiệm vụ 2 (Trao đổi thông tin): 3 hoạt động, 1 việc phối hợp.”"""
    return [
        as_sentence(
            _("{agreement}, task {number} ({title}): {done}").format(
                agreement=task.agreement, number=task.number, title=task.title.rstrip(" ."), done=task.text
            )
        )
        for task in report.tasks
    ]


def task_title(task: TaskDone) -> str:
    """“Quy chế phối hợp, nhiệm vụ 2: Trao đổi thông tin”"""
    return _("{agreement}, task {number}: {title}").format(
        agreement=task.agreement, number=task.number, title=task.title
    )


def in_order(figures: Sequence[Figure]) -> list[Figure]:
    """By section, in the order of the report."""
    order = list(HEADINGS)
    return sorted(figures, key=lambda f: order.index(f.section))


def prose(report: Report, section: str) -> str:
    """The figures of one section in sentences: “Giúp Nhân dân 722 ngày công lao động sản xuất.” They are followed by
    what changed since the period before."""
    told = as_sentence(joined(report.clauses.get(section, [])) or _("nothing of it occurred in the period"))
    return f"{told} {changes(report, [f for f in report.figures if f.section == section])}".rstrip()


def shared_note() -> str:
    """What ``STAR`` behind a figure means."""
    return _("* Others too have an amount of a joint activity in it: it counts once in the whole.")


def table_rows(table: FigureTable) -> list[list[str]]:
    """Parts side by side below their headings. A mark shows where parts do not add up; ``table_notes`` says why."""
    rows = [[_("Figure"), *table.titles, _("whole")]]
    for line in table.lines:
        mark = " *" if line.differs else ""
        parts = [p.text if p is not None else "" for p in line.parts]
        rows.append([line.figure.title + mark, *parts, line.figure.text])
    return rows


def table_notes(table: FigureTable) -> list[str]:
    """What the marks in a table mean."""
    notes = []
    if any(line.differs for line in table.lines):
        notes.append(_("* The parts do not add up: what occurs in several of them counts once in the whole."))
    if table.shared:
        notes.append(shared_note())
    return notes


def left_out(report: Report) -> list[str]:
    """What the figures leave out, and the rules by which they count."""
    c = report.completeness
    drafts = [counted("{n} item not finished", "{n} items not finished", c.drafts)] if c.drafts else []
    lines = [as_sentence(text) for text in uncounted_texts(report, drafts)]
    if c.voided:
        lines.append(_("Left out: {what}.").format(what=counted("{n} item voided", "{n} items voided", c.voided)))
    lines += map(as_sentence, disputed_texts(report))
    if c.set_aside or c.conflicts:
        lines.append(
            _("To look at: {conflicts}, {set_aside}.").format(
                conflicts=counted("{n} conflict", "{n} conflicts", c.conflicts),
                set_aside=counted("{n} change that does not count", "{n} changes that do not count", c.set_aside),
            )
        )
    if c.unassigned:
        what = ", ".join(f"{n} {_(BY_KIND[kind].TITLE).lower()}" for kind, n in c.unassigned_kinds.items())
        lines.append(
            _("Not assigned to any unit: {what} in units that were divided or put together.").format(what=what)
        )
    if c.without_figure:
        lines.append(
            counted(
                "Unknown is not zero: {n} activity does not say how much was done.",
                "Unknown is not zero: {n} activities do not say how much was done.",
                c.without_figure,
            )
        )
    if c.of_other_kinds:
        lines.append(
            counted(
                "{n} figure does not belong to its kind of activity: not counted until it is corrected.",
                "{n} figures do not belong to their kinds of activity: not counted until they are corrected.",
                c.of_other_kinds,
            )
        )
    if c.outside:
        lines.append(
            counted(
                "{n} figure has a day outside of the days of its activity: it counts on its own day.",
                "{n} figures have days outside of the days of their activities: each counts on its own day.",
                c.outside,
            )
        )
    if c.joint:
        lines.append(
            _("{activities} of several posts, in {records}: above the posts each counts once.").format(
                records=counted("{n} item", "{n} items", c.joint),
                activities=counted("{n} joint activity", "{n} joint activities", c.joint_deeds),
            )
        )
    if text := evidence_text(report.evidence):
        lines.append(text)
    if any(figure.shared for figure in report.figures):
        lines.append(shared_note())
    lines.append(_("An activity counts in the period in which it ended."))
    if any(figure.section in ("party", "political_base") for figure in report.figures):
        lines.append(_("Each body and each member counts once."))
    return lines


def received(report: Report) -> list[str]:
    """Up to when the changes of each laptop of a post are here."""
    lines = []
    for name, at in report.completeness.posts:
        heard = _("{post}: nothing received yet") if at is None else _("{post}: recorded here up to {when}")
        lines.append(heard.format(post=name, when="" if at is None else _instant(at)))
    return lines


def _instant(at: str) -> str:
    moment = read_instant(at)
    return brief_text(at) if moment is None else f"{moment:%H:%M} {format_date(moment.date())}"


def as_csv(report: Report, separator: str = ",") -> str:
    """One line per figure; ``text`` is what people read: “73,4 km”."""
    head = ["section", "code", "title", "value", "decimals", "unit", "approximate", "in_words", "records", "shared",
            "text"]  # fmt: skip
    return csv_text(head, (
        [f.section, f.code, f.title, f.value, f.decimals, f.unit, int(f.approximate), "; ".join(f.in_words), f.count,
         int(f.shared), f.text]
        for f in report.figures
    ), separator)  # fmt: skip


def table_as_csv(table: FigureTable, separator: str = ",") -> str:
    """Parts side by side: a number in units of 10^-decimals where it says all, else the figure in words."""

    def cell(figure: Figure | None) -> object:
        if figure is None or figure.value is None or figure.approximate or figure.in_words:
            return figure.text if figure is not None else ""
        return figure.value

    lines = (
        [f.section, f.code, f.title, f.decimals, f.unit, *map(cell, line.parts), cell(f)]
        for line in table.lines
        for f in [line.figure]
    )
    return csv_text(["section", "code", "title", "decimals", "unit", *table.titles, _("whole")], lines, separator)


def csv_text(head: Sequence[str], lines: Iterable[Sequence[object]], separator: str = ",") -> str:
    """A CSV file's text; a cell that a spreadsheet would take for a formula gets an apostrophe in front.

    A cell with any character that a program may take for a separator is in quotes: LibreOffice offers to divide at
    commas, semicolons and tabs at once.
    """
    return "".join(separator.join(map(_csv_cell, line)) + "\r\n" for line in (head, *lines))


def _csv_cell(cell: object) -> str:
    text = "" if cell is None else str(for_csv(cell))
    return '"{}"'.format(text.replace('"', '""')) if not _QUOTED.isdisjoint(text) else text


_QUOTED = frozenset(',;\t"\r\n')
