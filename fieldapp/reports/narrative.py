"""The report as text: the figures under their headings, then what they leave out."""

import csv
import io
from datetime import datetime
from itertools import groupby

from fieldapp.domain.dates import format_date
from fieldapp.i18n import _
from fieldapp.reports.figures import Report

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
    "party": "Party activity in the hamlets",
}
"""Section -> English message of its heading, in the order of the report."""


def as_text(report: Report) -> str:
    """The report as lines for a terminal."""
    lines = [
        _("REPORT ON RESULTS"),
        _("From {first} to {last}").format(first=format_date(report.period.first), last=format_date(report.period.last))
        + (f" · {report.unit}" if report.unit else ""),
        "",
    ]
    order = list(HEADINGS)
    figures = sorted(report.figures, key=lambda f: order.index(f.section))
    for number, (section, group) in enumerate(groupby(figures, key=lambda f: f.section), start=1):
        lines.append(f"{number}. {_(HEADINGS[section])}")
        for figure in group:
            behind = _("{n} records").format(n=len(figure.records))
            lines.append(f"   - {figure.title}: {figure.text}  ({behind})")
    if not figures:
        lines.append(_("Nothing is recorded in this period."))
    return "\n".join([*lines, "", *_left_out(report)])


def _left_out(report: Report) -> list[str]:
    c = report.completeness
    lines = [
        _("Left out: {voided} voided, {drafts} drafts, {waiting} parcels of changes that wait or were refused.").format(
            voided=c.voided, drafts=c.drafts, waiting=c.waiting
        )
    ]
    if c.set_aside or c.conflicts:
        lines.append(
            _("To look at: {conflicts} conflicts, {set_aside} changes that do not count.").format(
                conflicts=c.conflicts, set_aside=c.set_aside
            )
        )
    lines.append(_("An activity counts where it ended; bodies and members count once."))
    for name, at in c.posts:
        lines.append(_("{post}: recorded here up to {when}").format(post=name, when=_instant(at)))
    return lines


def _instant(at: str | None) -> str:
    if at is None:
        return _("nothing yet")
    moment = datetime.fromisoformat(at).astimezone()
    return f"{moment:%H:%M} {format_date(moment.date())}"


def as_csv(report: Report) -> str:
    """One line per figure; text that a spreadsheet would take for a formula is set behind an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["section", "code", "title", "value", "decimals", "unit", "approximate", "in_words", "records"])
    for f in report.figures:
        row = [f.section, f.code, f.title, f.value, f.decimals, f.unit, int(f.approximate), " ".join(f.in_words),
               " ".join(f.records)]  # fmt: skip
        writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue()


def _harmless(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
