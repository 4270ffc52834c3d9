"""The sections of a report that an officer writes: assessment, shortcomings, causes, directions, proposals.

They belong to a period and an area, and are kept on this laptop: a draft about posts goes to no post. What the officer
has not changed is what the program proposes, so that it follows the figures. What they changed stays, also if they took
all of it away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from fieldapp.domain import lengths
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.reports.letterhead import LayoutCode
from fieldapp.reports.proposals import proposals
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import Report
from fieldapp.reports.units import report_key
from fieldapp.store import people, wall
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import tidy

SectionCode = Literal["assessment", "shortcomings", "causes", "directions", "proposals"]
SECTIONS: tuple[SectionCode, ...] = get_args(SectionCode)
TITLES: Mapping[SectionCode, str] = {
    "assessment": "What was done well",
    "shortcomings": "Shortcomings",
    "causes": "Causes",
    "directions": "Directions and tasks",
    "proposals": "Requests and proposals",
}
"""Section -> English message of its heading, in the order of the report"""
Origin = Literal["written", "proposed", "empty"]
NOT_SAID = "-"
"""Typed alone in a section for which nothing is proposed: the report goes without it"""


@dataclass(frozen=True)
class SectionText:
    """One section as it goes into the report."""

    section: SectionCode
    text: str
    """lines; ``NOT_SAID``, or empty where it was taken out: the report goes without it"""
    origin: Origin
    """``empty``: nobody has said anything; a letter has dotted lines there"""
    proposed: str
    """what the program proposes"""

    @property
    def title(self) -> str:
        return _(TITLES[self.section])

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n") if self.text not in ("", NOT_SAID) else []


def section_texts(store: Store, made: Report, layout: LayoutCode = "decree30") -> list[SectionText]:
    """All sections of a report, in its order. What the program proposes is in the words of the letter's layout."""
    kept = written(store, made.query)
    proposed = _proposed(store, made, layout)
    return [_section(code, kept.get(code), proposed.get(code, "")) for code in SECTIONS]


def _proposed(store: Store, made: Report, layout: LayoutCode = "decree30") -> dict[str, str]:
    return {code: "\n".join(lines) for code, lines in proposals(store, made, layout).items()}


def _section(code: SectionCode, kept: str | None, proposed: str) -> SectionText:
    if kept is not None:
        return SectionText(code, kept, "written", proposed)
    return SectionText(code, proposed, "proposed" if proposed else "empty", proposed)


def written(store: Store, query: Query) -> dict[SectionCode, str]:
    """What an officer wrote for this report: section -> lines."""
    rows = store.rows(
        "SELECT section, text FROM local_report_text WHERE date_from = ? AND date_to = ? AND area = ?",
        report_key(store, query),
    )
    return {row["section"]: row["text"] for row in rows}


def save_sections(
    store: Store, made: Report, given: Mapping[Any, str], proposed: Mapping[Any, str] | None = None
) -> None:
    """Keep the text of the sections that are given. FieldappError where one is unknown or too long, or the user is
    no officer; nothing is kept then.

    What equals the proposal is forgotten: it goes on following the figures. ``proposed``: the proposals by section,
    where they are known already.
    """
    people.check(store, people.Act.REPORT_FILES)
    if unknown := sorted(given.keys() - set(SECTIONS)):
        raise FieldappError(
            _("There is no section {unknown}. The sections are {sections}.").format(
                unknown=", ".join(unknown), sections=", ".join(SECTIONS)
            )
        )
    key = report_key(store, made.query)
    if proposed is None:
        proposed = _proposed(store, made)
    with store.transaction():
        for code in (c for c in SECTIONS if c in given):
            text = without_empty_lines(tidy(given[code], multiline=True))
            if len(text) > lengths.LONG:
                raise FieldappError(
                    _("“{section}” is longer than {n} letters: shorten it.").format(
                        section=_(TITLES[code]), n=lengths.LONG
                    )
                )
            if text == proposed.get(code, ""):
                store.db.execute(
                    "DELETE FROM local_report_text WHERE date_from = ? AND date_to = ? AND area = ? AND section = ?",
                    [*key, code],
                )
            else:
                store.db.execute(
                    "INSERT INTO local_report_text VALUES (?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (date_from, date_to, area, section) DO UPDATE"
                    " SET text = excluded.text, saved_at = excluded.saved_at, saved_by = excluded.saved_by",
                    [*key, code, text, wall.instant(), store.user],
                )


def without_empty_lines(text: str) -> str:
    """A section as it is kept: in the letter each of its lines is a paragraph."""
    return "\n".join(line for line in text.split("\n") if line.strip())


def text_before(store: Store, query: Query, section: SectionCode) -> tuple[str, str] | None:
    """(title of its period, lines) of what was written last in the section, for an earlier period of this area."""
    first, _last, area = report_key(store, query)
    row = store.row(
        "SELECT date_from, date_to, text FROM local_report_text"
        " WHERE area = ? AND section = ? AND date_from < ? AND text <> '' ORDER BY date_to DESC, date_from DESC",
        [area, section, first],
    )
    if row is None:
        return None
    return Period(date.fromisoformat(row["date_from"]), date.fromisoformat(row["date_to"])).title, row["text"]
