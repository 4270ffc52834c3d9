"""Repeated questions of phones' forms: each repeat is a row of a table of its own, and belongs to a submission.

ODK Central and Briefcase write such a table as a file beside the form's (``form-child.csv``, with ``PARENT_KEY``),
KoboToolbox as a sheet of the workbook (``_parent_index``), or as columns (``child[1]/name``). For an activity, figures
of the repeats are added up for each submission and texts joined, after a question; nothing is left out unsaid.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fieldapp.domain.assistance import Activity
from fieldapp.domain.model import Record
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets.cells import SheetCell, SheetTable, cell_text
from fieldapp.sheets.headings import LONGEST
from fieldapp.sheets.phone_export import IDS, OF_THE_SERVER, name_in, submission_in
from fieldapp.sheets.questions import SheetChoice, SheetQuestion
from fieldapp.sheets.reading import TEXT, read_all
from fieldapp.vietnamese.text import clean

KEY = "repeats"
"""Of the question"""
_OF_EPI_INFO = "GlobalRecordId"
"""Heading of its ids; its forms have no repeats"""
FILES = 50
"""so many files beside the form's are looked at"""
_HEADINGS = 16_384
"""Bytes of a file among which its headings are"""
_PARENTS = ("PARENT_KEY", "_submission__uuid")
_KEY = "KEY"
_PARENT_LINE, _LINE = "_parent_index", "_index"
_PARENT_TABLE = "_parent_table_name"
_OWN = {*_PARENTS, _PARENT_LINE, _PARENT_TABLE}
_FILE_OF = "SET-OF-"
"""Beginning of a column of Briefcase that says in which file the repeats are"""
_FLAT = re.compile(r".*\[\d+\]/([^/]+)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Repeats:
    """The repeats of a form: what each submission has in them."""

    names: Sequence[str]
    """of the tables or questions"""
    rows: int
    said: Mapping[int, Mapping[str, Sequence[str]]]
    """line of the form's table -> question -> what its repeats say"""


def is_repeats(table: SheetTable) -> bool:
    """Whether a table holds repeats, not submissions."""
    names = _names(table)
    if "PARENT_KEY" in names:
        return True
    at = names.index(_PARENT_LINE) if _PARENT_LINE in names else None
    return at is not None and any(
        cell_text(table.cell(line, at)) not in ("", "-1") for line in range(1, len(table.rows))
    )


def refuse_repeats(name: str) -> FieldappError:
    """The error for a table of repeats that is given as if it were the form's own."""
    return FieldappError(
        _(
            "“{name}” holds repeats of a form, which belong to its submissions. Give the form's own file or sheet: the"
            " repeats beside it are read with it. Nothing was recorded."
        ).format(name=clean(name))
    )


def with_repeats(
    path: Path, table: SheetTable, others: Sequence[SheetTable], model: type[Record], answer: str | None
) -> tuple[SheetTable, SheetQuestion | None, Sequence[str]]:
    """The form's table with a column for each repeated question, what is asked about them, and what to say of them;
    FieldappError.

    ``others``: the other tables of the file; ``answer``: to the question, if it was given.
    """
    if not {*IDS} & {*_names(table)}:
        return table, None, ()
    tables = [other for other in others if is_repeats(other)]
    if not tables and path.suffix.lower() in TEXT:
        tables = [*_beside(path, _lines_by_id(table, _names(table)))]
    _refuse_missing(path, table, tables)
    flat = [at for at, heading in enumerate(_headings(table)) if _FLAT.fullmatch(heading)]
    if not tables and not flat:
        return _without(table, ()), None, [*_perhaps_missing(path, table)]
    found = _collected(table, tables, flat)
    if not found.rows:
        return _without(table, flat), None, ()
    question = _question(found, model)
    if answer == "sum" and issubclass(model, Activity):
        return _joined(_without(table, flat), found), question, ()
    return _without(table, flat), question, ()


def _perhaps_missing(path: Path, table: SheetTable) -> Iterator[str]:
    """What to say of a CSV of submissions alone: no server writes into it whether the form has repeats."""
    names = _names(table)
    if path.suffix.lower() in TEXT and _OF_EPI_INFO not in names and _lines_by_id(table, names):
        yield _(
            "If the form has repeated questions, they are not in this file, and nothing of them is recorded: ODK"
            " Central writes them into files of their own ({file}), to be put beside it; KoboToolbox only into XLSX."
        ).format(file=f"{clean(path.stem)}-….csv")


def _headings(table: SheetTable) -> list[str]:
    return [cell_text(cell)[:LONGEST] for cell in table.rows[0]] if table.rows else []


def _names(table: SheetTable) -> list[str]:
    return [name_in(heading) for heading in _headings(table)]


def _beside(path: Path, ids: Collection[str]) -> Iterator[SheetTable]:
    """The tables of repeats in the files beside the form's: those named after it, and, as people rename files, those
    whose repeats belong to its submissions ``ids``."""
    begin = f"{path.stem}-".casefold()
    beside = sorted(p for p in path.parent.iterdir() if p.suffix.lower() == ".csv" and p.name != path.name)
    named = [p for p in beside if p.name.casefold().startswith(begin)]
    others = [p for p in beside if p not in named and _may_be_repeats(p)]
    for file in [*named, *others][:FILES]:
        for table in read_all(file):
            if is_repeats(table) and (file in named or _belongs(table, ids)):
                yield table


def _may_be_repeats(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return _PARENTS[0].encode() in opened.read(_HEADINGS)
    except OSError:
        return False


def _belongs(table: SheetTable, ids: Collection[str]) -> bool:
    """Whether the repeats of a table belong to some of the submissions."""
    columns = [at for at, name in enumerate(_names(table)) if name == _PARENTS[0]]
    parents = (cell_text(table.cell(line, at)) for at in columns for line in range(1, len(table.rows)))
    return any(submission_in(parent.partition("/")[0]) in ids for parent in parents)


def _refuse_missing(path: Path, table: SheetTable, tables: Sequence[SheetTable]) -> None:
    """Refuse a form whose own table names repeats that are not there."""
    there = " ".join(other.name for other in tables)
    for at, heading in enumerate(_headings(table)):
        name = heading.rpartition(_FILE_OF)[2]
        filled = any(cell_text(table.cell(line, at)) for line in range(1, len(table.rows)))
        if _FILE_OF in heading and filled and name not in there:
            raise FieldappError(
                _(
                    "The form has repeats “{name}”, and the file {file} with them is not beside it. Put it there, or"
                    " delete the column “{heading}”: then they are not recorded. Nothing was recorded."
                ).format(name=clean(name), file=f"{path.stem}-{name}.csv", heading=clean(heading))
            )


def _collected(table: SheetTable, tables: Sequence[SheetTable], flat: Sequence[int]) -> Repeats:
    names = _names(table)
    ids, lines = _lines_by_id(table, names), _lines_by_index(table, names)
    said: dict[int, dict[str, list[str]]] = {}
    rows = 0
    keys: dict[str, str] = {}
    for other in tables:
        if other.signs or other.hidden_rows or other.hidden_columns:
            raise FieldappError(
                _(
                    "The repeats “{name}” were changed in a spreadsheet: something is hidden, struck out or not"
                    " calculated there. Give the export as it came. Nothing was recorded."
                ).format(name=other.name)
            )
        heads = _names(other)
        for at in range(1, len(other.rows)):
            texts = {head: cell_text(other.cell(at, column)) for column, head in enumerate(heads)}
            if not any(texts.values()):
                continue
            if (key := texts.get(_KEY)) and keys.setdefault(key, other.name) != other.name:
                raise FieldappError(
                    _(
                        "“{first}” and “{second}” hold the same repeats ({key}), which would count twice. Leave one of"
                        " these files beside the form's. Nothing was recorded."
                    ).format(first=keys[key], second=other.name, key=clean(key))
                )
            line = _submission_of(texts, ids, lines)
            if line is None:
                raise FieldappError(
                    _(
                        "Line {line} of the repeats “{name}” belongs to no submission of the form. Export both anew."
                        " Nothing was recorded."
                    ).format(line=at + 1, name=other.name)
                )
            rows += 1
            for head, text in texts.items():
                if text and head not in OF_THE_SERVER and head not in _OWN:
                    said.setdefault(line, {}).setdefault(head, []).append(text)
    headings = _headings(table)
    for at in range(1, len(table.rows)) if flat else ():
        for column in flat:
            if text := cell_text(table.cell(at, column)):
                said.setdefault(at, {}).setdefault(name_in(headings[column]), []).append(text)
                rows += 1
    flat_names = sorted({headings[column].rpartition("[")[0].rpartition("/")[2] for column in flat})
    return Repeats([*(other.name for other in tables), *flat_names], rows, said)


def _lines_by_id(table: SheetTable, names: Sequence[str]) -> dict[str, int]:
    at = next(names.index(name) for name in IDS if name in names)
    found = {submission_in(cell_text(table.cell(line, at))): line for line in range(1, len(table.rows))}
    return {key: line for key, line in found.items() if key is not None}


def _lines_by_index(table: SheetTable, names: Sequence[str]) -> dict[str, int]:
    if _LINE not in names:
        return {}
    return {cell_text(table.cell(line, names.index(_LINE))): line for line in range(1, len(table.rows))}


def _submission_of(texts: Mapping[str, str], ids: Mapping[str, int], lines: Mapping[str, int]) -> int | None:
    """The line of the submission that a repeat belongs to; a repeat within a repeat belongs to the same."""
    for parent in _PARENTS:
        if key := texts.get(parent):
            submission = submission_in(key.partition("/")[0])
            return None if submission is None else ids.get(submission)
    return lines.get(texts.get(_PARENT_LINE, ""))


def _question(found: Repeats, model: type[Record]) -> SheetQuestion:
    text = _("The form has repeated questions ({names}): {n} repeats belong to its submissions.").format(
        n=found.rows, names=clean(", ".join(found.names))
    )
    choices = []
    if issubclass(model, Activity):
        told = _("add up their figures for each submission, and join their texts: {example}")
        choices.append(SheetChoice("sum", told.format(example=_example(found))))
    choices.append(SheetChoice("leave-out", _("do not record the repeats")))
    return SheetQuestion(KEY, text, choices)


def _example(found: Repeats) -> str:
    """The first figure that is added up of several."""
    for line, questions in found.said.items():
        for name, texts in questions.items():
            if len(texts) > 1 and all(map(_NUMBER.fullmatch, texts)):
                shown = " + ".join(texts[:5]) + (" + …" if len(texts) > 5 else "")
                return f"{clean(name)} = {shown} = {_together(texts)} " + _("(line {line})").format(line=line + 1)
    return "–"


def _together(texts: Sequence[str]) -> str:
    """What repeats say together: the sum of numbers, or the different texts."""
    if all(map(_NUMBER.fullmatch, texts)):
        from decimal import Decimal

        return f"{sum(map(Decimal, texts)):f}"
    return "; ".join(dict.fromkeys(texts))


def _without(table: SheetTable, columns: Sequence[int]) -> SheetTable:
    """The table without the cells of some columns, and without those that say where repeats are."""
    gone = {*columns, *(at for at, heading in enumerate(_headings(table)) if _FILE_OF in heading)}
    if not gone:
        return table
    return replace(table, rows=[["" if at in gone else cell for at, cell in enumerate(row)] for row in table.rows])


def _joined(table: SheetTable, found: Repeats) -> SheetTable:
    """The table with a column for each repeated question; one that the form has too stays apart by its name."""
    names = [*dict.fromkeys(name for questions in found.said.values() for name in questions)]
    width = max(map(len, table.rows))
    own = {*_names(table)}
    rows: list[list[SheetCell]] = []
    for line, row in enumerate(table.rows):
        said = found.said.get(line, {})
        more: list[SheetCell] = [_together(said[name]) if name in said else "" for name in names]
        if line == 0:
            more = [f"{name} ({_('in repeats')})" if name in own else name for name in names]
        rows.append([*row, *[""] * (width - len(row)), *more])
    return replace(table, rows=rows)
