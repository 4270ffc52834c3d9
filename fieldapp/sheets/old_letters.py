"""Text of a sheet that is written in an old Vietnamese font: made Unicode, with what it was before."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fieldapp.sheets.cells import FontRun, Place, SheetCell, SheetTable
from fieldapp.sheets.headings import LOOKED_AT
from fieldapp.vietnamese.old_fonts import Converted, Written, convert, font_letters
from fieldapp.vietnamese.text import tidy


def converted(table: SheetTable) -> SheetTable:
    """The table with its old text in Unicode; ``old_letters`` says what was changed."""
    pieces: list[tuple[Place, Written]] = []
    for at, row in enumerate(table.rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str) and not cell.isascii():
                runs = _runs(cell, table.fonts.get((at, column), ()))
                pieces += [((at, column), Written(run.text, run.font, column)) for run in runs]
    changed = convert([written for _place, written in pieces])
    if not changed:
        return table
    changed = _headings_like_their_line(pieces, changed) | changed
    before: dict[Place, list[str]] = {}
    after: dict[Place, list[str]] = {}
    encodings = {pieces[at][0]: change.encoding for at, change in changed.items()}
    for at, (place, written) in enumerate(pieces):
        if place in encodings:
            before.setdefault(place, []).append(written.text)
            after.setdefault(place, []).append(changed[at].after if at in changed else written.text)
    found = {
        place: Converted("".join(before[place]), "".join(after[place]), encoding)
        for place, encoding in encodings.items()
    }
    return replace(table, rows=_replaced(table.rows, {p: c.after for p, c in found.items()}), old_letters=found)


def _headings_like_their_line(
    pieces: Sequence[tuple[Place, Written]], changed: Mapping[int, Converted]
) -> dict[int, Converted]:
    """Headings that may be read either way, read as the others of their line are written."""
    above = [at for at, (place, _written) in enumerate(pieces) if place[0] < LOOKED_AT]
    found = convert([Written(pieces[at][1].text, pieces[at][1].font, ("line", pieces[at][0][0])) for at in above])
    sorts = {change.encoding for change in changed.values()}
    return {above[at]: change for at, change in found.items() if change.encoding in sorts}


def as_written(table: SheetTable) -> SheetTable:
    """The table as it stands in the file, where a person says that its text is right."""
    before = {place: tidy(change.before, multiline=True) for place, change in table.old_letters.items()}
    return replace(table, rows=_replaced(table.rows, before), old_letters={})


def _replaced(rows: Sequence[Sequence[SheetCell]], texts: dict[Place, str]) -> list[Sequence[SheetCell]]:
    changed = list(rows)
    for (at, column), text in texts.items():
        row = list(changed[at])
        row[column] = text
        changed[at] = row
    return changed


def _runs(text: str, runs: Sequence[FontRun]) -> Sequence[FontRun]:
    """The pieces of a cell that are to be read alike: the whole cell, unless fonts of different letters are in it."""
    sorts = {font_letters(run.font) for run in runs if run.text.strip()}
    if len(sorts) > 1 and "".join(run.text for run in runs) == text:
        return runs
    return [FontRun(text, next((run.font for run in runs if run.text.strip()), ""))]
