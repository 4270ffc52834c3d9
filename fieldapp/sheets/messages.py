"""The result of an import in sentences, and the map of headings that a person wrote."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from fieldapp.errors import FieldappError
from fieldapp.escaping import brief_text
from fieldapp.i18n import _, counted
from fieldapp.records.records import model_of
from fieldapp.records.words import local_instant
from fieldapp.sheets.importing import SheetOutcome
from fieldapp.sheets.plan_matrix import PlanImport
from fieldapp.sheets.take_back import Batch, TakenBack
from fieldapp.sheets.unit_list import UnitListOutcome
from fieldapp.vietnamese.text import clean

SHOWN = 10
"""How many changes of one sort are shown"""


def read_map(given: Any) -> dict[str, str | None]:
    """Heading -> field, from the JSON of a map file; None leaves a column out."""
    if not isinstance(given, dict) or not all(v is None or isinstance(v, str) for v in given.values()):
        raise FieldappError(_('A map is a JSON object such as {"Ngày làm": "date_from", "Ghi chú": null}.'))
    return {heading: field if field else None for heading, field in given.items()}


def import_summary(outcome: SheetOutcome) -> str:
    """One sentence: how many rows were recorded, were in already, were refused."""
    counts = {"added": len(outcome.added), "known": len(outcome.known), "refused": len(outcome.refused)}
    if outcome.dry_run:
        return _("{added} rows would be recorded, {known} are in already, {refused} would be refused.").format(**counts)
    return _("{added} rows recorded, {known} were in already, {refused} refused.").format(**counts)


def import_details(outcome: SheetOutcome) -> Iterator[str]:
    """Everything else that a person must know, line by line."""
    yield from outcome.notes
    for entered in outcome.voided:
        yield _("Line {line}: voided since, so not recorded again: {record}. With --again it is.").format(
            line=entered.line, record=entered.label
        )
    for refused in outcome.refused:
        yield _("Line {line}: {reason}").format(line=refused.line, reason=refused.reason)
    if outcome.refused_file:
        yield _("The refused rows are in {file}: correct them there, then import that file.").format(
            file=outcome.refused_file
        )
    if outcome.batch is not None:
        yield _("Batch {n}; to take it back: fieldapp import-table --take-back {n} --reason …").format(n=outcome.batch)
    if outcome.dry_run:
        yield _("This was a trial: nothing was changed.")


def without_options(text: str) -> str:
    """A sentence for the screen, without the parts that name an option of the command line: there it is a line."""
    kept = ""
    for part in re.split(r"(?=[.;])", text):
        begin = re.search(r"\s", part)
        if begin and kept + part[: begin.start()] and re.search(r"\s--\w", part):
            part = part[: begin.start()].rstrip(".;")  # noqa: PLW2901
        kept += part
    return kept


def unit_list_lines(outcome: UnitListOutcome) -> Iterator[str]:
    """What a list of units brings: for each sort of change how many, and the first of them."""
    titles = {
        "new": _("New units"), "renamed": _("Renamed"), "recoded": _("With another code"), "corrected": _("Corrected"),
        "ended": _("Ended"), "succeeded": _("Successions of units"),
    }  # fmt: skip
    if outcome.letters:
        told = "; ".join(f"“{brief_text(c.before)}” → “{brief_text(c.after)}”" for c in outcome.letters[:SHOWN])
        sorts = ", ".join(sorted({change.encoding.value for change in outcome.letters}))
        sentence = _("{n} cells are written in letters of an old font, {sorts}: {cells}.")
        yield sentence.format(n=len(outcome.letters), sorts=sorts, cells=told)
    for sort, number in outcome.counts().items():
        if number:
            yield f"{titles[sort]}: {number}"
            yield from [f"  {change.text}" for change in outcome.changes if change.sort == sort][:SHOWN]
            if number > SHOWN:
                yield "  …"
    if not outcome.changes:
        yield _("The list brings nothing new.")
    if outcome.unlisted:
        yield counted(
            "{n} unit in force is not on the list: it stays as it is.",
            "{n} units in force are not on the list: they stay as they are.",
            outcome.unlisted,
        )


def plans_text(done: PlanImport, period: str) -> str:
    """One sentence: how many targets were on the sheet, and how many of them are new or other ones."""
    text = _("Plans of {period}: {targets} targets on sheet “{sheet}”, {changed} of them new or changed.")
    if done.dry_run:
        text += " " + _("This was a trial: nothing was changed.")
    return text.format(period=period, targets=done.targets, sheet=done.sheet, changed=done.changed)


def batch_lines(batches: Sequence[Batch]) -> Iterator[str]:
    """One line for each imported sheet."""
    for batch in batches:
        line = _("{n}  {at}  {who}  {kind}  {file}  {records} records, {standing} of them standing, {refused} refused")
        text = line.format(
            n=batch.number, at=local_instant(batch.given_at), who=batch.given_by, kind=_(model_of(batch.kind).TITLE),
            file=clean(batch.file), records=batch.records, standing=batch.standing, refused=batch.refused,
        )  # fmt: skip
        yield text + (
            _("; taken back {at}").format(at=local_instant(batch.taken_back_at)) if batch.taken_back_at else ""
        )


def taken_back_text(taken: TakenBack) -> str:
    """One sentence: how many records were voided."""
    return _("Batch {n}: {voided} records voided, {edited} edited since and kept, {before} voided before.").format(
        n=taken.number, voided=len(taken.voided), edited=len(taken.edited), before=taken.before
    )
