"""Submissions from phones, as ODK Central, KoboToolbox and Epi Info export them: each row has an id of its own.

The id of a submission (``KEY``, ``_uuid``, ``GlobalRecordId``) says that a row was taken in already, whatever else the
server added or somebody corrected there. What such tables have of their own, this module knows: columns of the server,
the names of groups before those of questions, numbers with a decimal point, records that are deleted there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets import marks
from fieldapp.sheets.cells import EMPTY, SheetCell, SheetTable, cell_text, is_pointed
from fieldapp.sheets.headings import OF_PROGRAM
from fieldapp.sheets.lines import ranges

IDS = ("KEY", "_uuid", "instanceID", "GlobalRecordId")
"""Headings of the id of a submission; the first that there is counts"""
OF_THE_SERVER = {
    "SubmissionDate", "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status",
    "ReviewState", "DeviceID", "Edits", "FormVersion", "instanceID", "instanceName", "start", "end", "today",
    "deviceid", "username", "phonenumber", "simserial", "subscriberid", "audit", "meta", "formhub", "uuid", "_id",
    "_uuid", "_submission_time", "_submitted_by", "_validation_status", "_notes", "_status", "_tags", "_index",
    "__version__", "_version_", "_attachments", "_geolocation", "_xform_id_string", "rootUuid", "deprecatedID",
    "UniqueKey", "RECSTATUS", "RecStatus", "GlobalRecordId", "FirstSaveLogonName", "FirstSaveTime", "LastSaveLogonName",
    "LastSaveTime", "FKEY",
}  # fmt: skip
"""Names of columns that say nothing about what was done"""

_STATUS = ("RECSTATUS", "RecStatus")
"""Headings of the column that says whether Epi Info still has a record"""
_DELETED = "0"

_SUBMISSION = re.compile(r"(?:uuid:)?\{?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\}?", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[Ee]\+?\d{1,2})?")


def understood(table: SheetTable) -> tuple[SheetTable, Sequence[str]]:
    """The table as any other sheet would be, every cell in its place; itself if it is no such export. And what to say.

    FieldappError if an id occurs twice, or is missing beside others: such a row would be read otherwise than they are.
    """
    headings = [cell_text(cell) for cell in table.rows[0]] if table.rows else []
    names = [*map(name_in, headings)]
    at = next((names.index(name) for name in IDS if name in names), None)
    if at is None:
        return (_with_points(table) if is_of_cspro(headings) else table), ()
    filled = [line for line in range(1, len(table.rows)) if any(cell not in EMPTY for cell in table.rows[line])]
    ids = {line: submission_in(cell_text(table.cell(line, at))) for line in filled}
    if not any(ids.values()):
        return table, ()
    status = next((names.index(name) for name in _STATUS if names[at] == "GlobalRecordId" and name in names), None)
    deleted = {line for line in filled if status is not None and cell_text(table.cell(line, status)) == _DELETED}
    ids = {line: found for line, found in ids.items() if line not in deleted}
    _refuse_without(ids, headings[at])
    _refuse_twice(ids)
    shown: list[SheetCell] = [
        "" if name in OF_THE_SERVER else name if names.count(name) == 1 else heading
        for name, heading in zip(names, headings, strict=True)
    ]
    shown[at] = _(marks.SUBMISSION)
    numbers = {place for place, heading in enumerate(shown) if heading != "" and _all_numbers(table, place)}
    rows: list[list[SheetCell]] = [shown]
    for line in range(1, len(table.rows)):
        row = list(table.rows[line]) if line not in deleted else []
        for place in range(min(len(row), len(shown))):
            row[place] = "" if shown[place] == "" else _number(row[place]) if place in numbers else row[place]
        row += [""] * (at + 1 - len(row))
        row[at] = ids.get(line) or ""
        rows.append(row)
    letters = {
        place: said for place, said in table.old_letters.items() if place[1] < len(shown) and shown[place[1]] != ""
    }
    notes = []
    if deleted:
        notes.append(
            _("Deleted in Epi Info, and not recorded: line {lines}.").format(
                lines=ranges([line + 1 for line in deleted])
            )
        )
    return replace(table, rows=rows, old_letters=letters), notes


def is_of_cspro(headings: Sequence[str]) -> bool:
    """Whether a table has the headings of CSPro's export, which writes no ids: names of capitals without blanks."""
    filled = [heading for heading in headings if heading]
    return all(map(OF_PROGRAM.fullmatch, filled)) and any("_" in heading for heading in filled)


def _with_points(table: SheetTable) -> SheetTable:
    """The table with its decimals as numbers, in columns where a point can only stand before decimals."""
    width = max(map(len, table.rows))
    columns = [at for at in range(width) if _all_numbers(table, at)]
    pointed = [at for at in columns if any(map(is_pointed, (table.cell(line, at) for line in range(len(table.rows)))))]
    if not pointed:
        return table
    rows = [[_number(cell) if at in pointed else cell for at, cell in enumerate(row)] for row in table.rows[1:]]
    return replace(table, rows=[table.rows[0], *rows])


def name_in(heading: str) -> str:
    """The name of a question, without those of its groups."""
    return heading[max(heading.rfind("/"), heading.rfind("-")) + 1 :]


def submission_in(text: str) -> str | None:
    """The id of a submission, out of what an export writes for it."""
    found = _SUBMISSION.fullmatch(text)
    return found[1].lower() if found else None


def _refuse_without(ids: Mapping[int, str | None], heading: str) -> None:
    for line, submission in ids.items():
        if submission is None:
            raise FieldappError(
                _(
                    "Line {line} has no id of a submission in the column “{heading}”, and the others have one. Export"
                    " it anew, or delete the line. Nothing was recorded."
                ).format(line=line + 1, heading=heading)
            )


def _refuse_twice(ids: Mapping[int, str | None]) -> None:
    seen: dict[str | None, int] = {}
    for line, submission in ids.items():
        first = seen.setdefault(submission, line)
        if first < line:
            raise FieldappError(
                _(
                    "Lines {first} and {line} are the same submission ({id}). Export it anew, or delete one of them."
                    " Nothing was recorded."
                ).format(first=first + 1, line=line + 1, id=submission)
            )


def _all_numbers(table: SheetTable, at: int) -> bool:
    """Whether a column has only numbers as phones write them, one of them with a point or an exponent."""
    texts = [cell for line in range(1, len(table.rows)) if (cell := table.cell(line, at)) != ""]
    written = [text for text in texts if isinstance(text, str)]
    return all(map(_NUMBER.fullmatch, written)) and not all(text.lstrip("-").isdigit() for text in written)


def _number(cell: SheetCell) -> SheetCell:
    return float(cell) if isinstance(cell, str) and cell else cell
