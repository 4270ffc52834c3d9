"""Submissions from phones, as ODK Central and KoboToolbox export them: tables whose every row has an id of its own.

The id of a submission (``KEY``, ``_uuid``) says that a row was taken in already, whatever else the server added or
somebody corrected there. What such tables have of their own, this module knows: columns of the server, the names of
groups before those of questions, and numbers with a decimal point.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets import marks
from fieldapp.sheets.cells import SheetCell, SheetTable, cell_text

IDS = ("KEY", "_uuid", "instanceID")
"""Headings of the id of a submission; the first that there is counts"""
OF_THE_SERVER = {
    "SubmissionDate", "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status",
    "ReviewState", "DeviceID", "Edits", "FormVersion", "instanceID", "instanceName", "start", "end", "today",
    "deviceid", "username", "phonenumber", "simserial", "subscriberid", "audit", "meta", "formhub", "uuid", "_id",
    "_uuid", "_submission_time", "_submitted_by", "_validation_status", "_notes", "_status", "_tags", "_index",
    "__version__", "_version_", "_attachments", "_geolocation", "_xform_id_string", "rootUuid", "deprecatedID",
}  # fmt: skip
"""Names of columns that say nothing about what was done"""

_SUBMISSION = re.compile(r"(?:uuid:)?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})", re.IGNORECASE)
_GROUP = re.compile(r".*[/-]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[Ee]\+?\d{1,2})?")


def understood(table: SheetTable) -> SheetTable:
    """The table as any other sheet would be; itself if it is no such export. FieldappError if an id occurs twice."""
    headings = [cell_text(cell) for cell in table.rows[0]] if table.rows else []
    names = [_GROUP.sub("", heading) for heading in headings]
    at = next((names.index(name) for name in IDS if name in names), None)
    ids = [_id_at(table, line, at) for line in range(1, len(table.rows))] if at is not None else []
    if at is None or not ids or None in ids:
        return table
    _refuse_twice(ids)
    shown: list[SheetCell] = [
        "" if name in OF_THE_SERVER else name if names.count(name) == 1 else heading
        for name, heading in zip(names, headings, strict=True)
    ]
    kept = [place for place, heading in enumerate(shown) if heading != ""]
    numbers = {place for place in kept if _all_numbers(table, place)}
    rows: list[list[SheetCell]] = [[*(shown[place] for place in kept), _(marks.SUBMISSION)]]
    for line, submission in enumerate(ids, start=1):
        cells = [_number(table.cell(line, place)) if place in numbers else table.cell(line, place) for place in kept]
        rows.append([*cells, submission or "", *table.rows[line][len(headings) :]])
    letters = {(row, kept.index(at)): said for (row, at), said in table.old_letters.items() if at in kept}
    return replace(table, rows=rows, merged={}, signs={}, fonts={}, old_letters=letters)


def _id_at(table: SheetTable, line: int, at: int) -> str | None:
    found = _SUBMISSION.fullmatch(cell_text(table.cell(line, at)))
    return found[1].lower() if found else None


def _refuse_twice(ids: Sequence[str | None]) -> None:
    for line, submission in enumerate(ids):
        first = ids.index(submission)
        if first < line:
            raise FieldappError(
                _(
                    "Lines {first} and {line} are the same submission ({id}). Export it anew, or delete one of them."
                    " Nothing was recorded."
                ).format(first=first + 2, line=line + 2, id=submission)
            )


def _all_numbers(table: SheetTable, at: int) -> bool:
    """Whether a column has only numbers as phones write them, one of them with a point or an exponent."""
    texts = [cell for line in range(1, len(table.rows)) if (cell := table.cell(line, at)) != ""]
    written = [text for text in texts if isinstance(text, str) and _NUMBER.fullmatch(text)]
    return bool(written) and len(written) == len(texts) and not all(text.lstrip("-").isdigit() for text in written)


def _number(cell: SheetCell) -> SheetCell:
    return float(cell) if isinstance(cell, str) and cell else cell
