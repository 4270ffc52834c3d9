"""Commands on sheets: import one, list what was imported, take it back."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldapp.cli.base import (
    IN_PART,
    PATH,
    Context,
    agrees_to,
    as_json,
    ask,
    cli,
    file_password,
    print_json,
    print_message,
    print_text,
    read_json,
    refuse_idle,
    typed,
)
from fieldapp.cli.working import LINE
from fieldapp.escaping import display_path
from fieldapp.i18n import _

if TYPE_CHECKING:
    from fieldapp.sheets.questions import SheetQuestion


@cli.command("import-table")
@click.argument("file", type=PATH, required=False)
@click.option("--kind", help="The kind of record that the rows are, as for `add`.")
@click.option("--sheet", help="The sheet of a workbook; otherwise the first with headings.")
@click.option("--map", "mapped", metavar="FILE", help='JSON: {"heading": "field"}; null leaves a column out.')
@click.option("--set", "given", multiple=True, metavar="FIELD=VALUE", help="Value for every row without its own.")
@click.option("--year", type=int, help="The year of days that are written without one.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--confirm", is_flag=True, help="Record unusual values too: they were looked at, and are right.")
@click.option("--again", is_flag=True, help="Record rows again whose records were voided since.")
@click.option("--hidden", is_flag=True, help="Record hidden rows and columns too, and what is struck out.")
@click.option("--answer", "answers", multiple=True, metavar="KEY=CHOICE", help="Answer to a question about the sheet.")
@click.option("--password-file", type=PATH, help="A file whose first line is the password that opens the sheet.")
@click.option("--batches", is_flag=True, help="List the imported sheets with their numbers.")
@click.option("--take-back", type=int, metavar="BATCH", help="Void the records of a sheet, except those edited since.")
@click.option("--reason", default="", help="Why it is taken back.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def import_table(
    obj: Context,
    file: Path | None,
    kind: str | None,
    sheet: str | None,
    mapped: str | None,
    given: Sequence[str],
    year: int | None,
    dry_run: bool,
    confirm: bool,
    again: bool,
    hidden: bool,
    answers: Sequence[str],
    password_file: Path | None,
    batches: bool,
    take_back: int | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Record the rows of an XLSX or CSV sheet; refused ones go into FILE-refused.xlsx: correct and import that.

    Exit code 0: all rows are in; 3: some are refused; 1: none went in.
    """
    from fieldapp.sheets import importing, messages
    from fieldapp.sheets.office import NeedsPassword
    from fieldapp.sheets.questions import NeedsAnswer

    if batches:
        refuse_idle(typed().keys() - {"batches", "as_json"}, "--batches")
    elif take_back is not None:
        refuse_idle(typed().keys() - {"take_back", "reason", "yes", "as_json"}, "--take-back")
    elif file is not None:
        refuse_idle(["reason", "yes"], "FILE")
        refuse_idle(["sheet"] if file.suffix.lower() == ".csv" else [], display_path(file.name))
    if batches or take_back is not None:
        _list_or_take_back(obj, take_back, reason, yes, as_json)
        return
    if file is None or kind is None:
        raise click.UsageError(_("Give FILE --kind KIND, or --batches, or --take-back BATCH --reason TEXT."))
    if not all("=" in text for text in given):
        raise click.UsageError(_("--set takes FIELD=VALUE."))
    if not all("=" in text for text in answers):
        raise click.UsageError(_("--answer takes KEY=CHOICE."))
    order = importing.ImportOptions(
        kind,
        sheet,
        messages.read_map(read_json(mapped)) if mapped else {},
        dict(text.split("=", 1) for text in given),
        year,
        confirm,
        again,
        dry_run,
        hidden,
        dict(text.split("=", 1) for text in answers),
        recall=True,
        password=file_password(password_file),
    )
    store = obj.open()
    while True:
        try:
            outcome = importing.import_sheet(store, file, order, progress=partial(LINE.tell, _("Reading the sheet")))
            break
        except NeedsAnswer as error:
            if not sys.stdin.isatty():
                raise
            order = replace(order, answers={**order.answers, **_asked(error.questions)})
        except NeedsPassword as error:
            if not sys.stdin.isatty() or not error.may_be_given:
                raise
            print_message(str(error))
            order = replace(order, password=ask(_("Password of the file"), hide_input=True))
    if as_json:
        print_json(outcome)
    else:
        print_text(messages.import_summary(outcome))
    for line in messages.import_details(outcome):
        print_message(line)
    if outcome.refused:
        sys.exit(IN_PART if outcome.added or outcome.known else 1)


def _asked(questions: Sequence["SheetQuestion"]) -> dict[str, str]:
    """The answers of the person at the terminal: key of the question -> key of the choice."""
    answers = {}
    for question in questions:
        print_message(question.text)
        for choice in question.choices:
            print_message(f"  {choice.key}: {choice.text}")
        keys = click.Choice([choice.key for choice in question.choices])
        answers[question.key] = ask(_("Which is right? (Ctrl+C: nothing is recorded)"), type=keys)
    return answers


def _list_or_take_back(obj: Context, number: int | None, reason: str, yes: bool, as_json: bool) -> None:
    """List the imported sheets, or take one back."""
    from fieldapp.records import records
    from fieldapp.reports import void_effect
    from fieldapp.sheets import messages
    from fieldapp.sheets import take_back as taking

    store = obj.open()
    if number is None:
        listed = taking.batches(store)
        if as_json:
            print_json(listed)
        for line in [] if as_json else messages.batch_lines(listed):
            print_text(line)
        return
    with records.tried(store):
        taking.take_back(store, number, reason)
    kind, ids = taking.records_to_void(store, number)
    if not agrees_to(void_effect.void_sentences(store, kind, ids), _("Take the sheet back?"), yes):
        return
    taken = taking.take_back(store, number, reason)
    if as_json:
        print_json(taken)
    else:
        print_text(messages.taken_back_text(taken))
    for entered in taken.edited:
        print_message(_("Edited since, and kept: {record} ({id}).").format(record=entered.label, id=entered.id))
    if taken.edited:
        sys.exit(IN_PART if taken.voided else 1)
