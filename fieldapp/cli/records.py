"""Commands on records: add, show, list, attach files, change, void, merge, and what must be done."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fieldapp.cli.base import (
    IN_PART,
    PATH,
    Context,
    DayParam,
    agrees_to,
    as_json,
    cli,
    confirmed,
    json_source,
    print_json,
    print_message,
    print_text,
    read_json,
    refuse_idle,
)
from fieldapp.errors import FieldappError
from fieldapp.escaping import display_path
from fieldapp.i18n import _, counted
from fieldapp.store import wall
from fieldapp.vietnamese.text import tidy

if TYPE_CHECKING:
    from fieldapp.domain.attachment import FileSort


@cli.command()
@click.argument("kind", required=False)
@click.option("--xlsform", type=PATH, metavar="FILE", help="Write KIND as an XLSForm for ODK Collect or KoboToolbox.")
@as_json
@click.pass_obj
def kinds(obj: Context, kind: str | None, xlsform: Path | None, as_json: bool) -> None:
    """List the kinds of activity with their figures, or only KIND, by its code or name."""
    from fieldapp.records import lists
    from fieldapp.records.reading import resolve_reference
    from fieldapp.reports.files.write import save_file
    from fieldapp.reports.files.xlsform import form_of_kind, xlsform_bytes

    store = obj.open()
    if xlsform is not None:
        refuse_idle(["as_json"] if as_json else [], "--xlsform")
        if kind is None:
            raise click.UsageError(_("--xlsform takes one KIND."))
    try:
        chosen = resolve_reference(store, "activity_kind", kind) if kind is not None else None
    except ValueError as error:
        raise FieldappError(str(error)) from None
    if xlsform is not None and chosen is not None:
        save_file(xlsform, xlsform_bytes(form_of_kind(store, chosen, wall.today())))
        print_message(_("{path} is written: put it on the server of the phones.").format(path=xlsform))
        return
    found = [row for row in lists.activity_kinds(store) if chosen in (None, row["id"])]
    listed = [{**row, "measures": lists.measures_of(store, row["id"])} for row in found]
    if as_json:
        print_json(listed)
        return
    for row in listed:
        figures = ", ".join(f"{m['name']} ({m['unit_name']})" for m in row["measures"])
        print_text(f"{row['code']:<28}{row['name']}" + (f": {figures}" if figures else ""))


@cli.command()
@click.argument("kind")
@json_source
@confirmed
@click.pass_obj
def add(obj: Context, kind: str, source: str, confirm: bool) -> None:
    """Record one JSON object or a list of them, all or none, and print the ids."""
    from fieldapp.domain.assistance import Activity
    from fieldapp.records import old_letters, records, wanted_files

    given = old_letters.in_unicode(read_json(source), confirm=confirm)
    items = given if isinstance(given, list) else [given]
    if not all(isinstance(item, dict) for item in items):
        raise FieldappError(_("A record is a JSON object, several are a list of them."))
    records.model_of(kind)
    store = obj.open()
    with store.transaction():
        ids = []
        for number, item in enumerate(items, start=1):
            try:
                ids.append(records.save(store, kind, item, confirm=confirm))
            except FieldappError as error:
                where = _("Record {n}: ").format(n=number) if isinstance(given, list) else ""
                raise type(error)(where + str(error), error.fields) from None
    for row_id in ids:
        print_text(row_id)
    for row_id in ids if kind == Activity.KIND else ():
        if lacks := wanted_files.lacking(store, row_id).words:
            print_message(_("{id} has no {files} yet: fieldapp attach {id} FILE…").format(id=row_id, files=lacks))


@cli.command()
@click.argument("kind")
def schema(kind: str) -> None:
    """Print the JSON Schema of what `add KIND` takes."""
    from fieldapp.domain import validation
    from fieldapp.records import records

    model = records.model_of(kind)
    described = validation.json_schema(model)
    for name, child in model.CHILDREN.items():
        described["properties"][name] = {"type": "array", "items": validation.json_schema(child.model)}
    print_json(described)


@cli.command("list")
@click.argument("kind")
@as_json
@click.option("--search", default="", help="Words, without diacritics if you like.")
@click.option("--from", "first", type=DayParam())
@click.option("--to", "last", type=DayParam())
@click.option("--voided", is_flag=True, help="Voided ones too.")
@click.pass_obj
def list_records(
    obj: Context, kind: str, as_json: bool, search: str, first: date | None, last: date | None, voided: bool
) -> None:
    """List the records of a kind, newest first."""
    from fieldapp.records import lists, records, words

    model = records.model_of(kind)
    if model.DATE is None:
        refuse_idle(["first", "last"], kind)
    if first is not None and last is not None and last < first:
        raise FieldappError(_("The end is before the beginning."))
    store = obj.open()
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        page = lists.record_window(
            store, kind, text=search, date_from=first, date_to=last, after=after, limit=500, voided=voided
        )
        rows += page.rows
        if not as_json:
            posts = words.posts_of(store, page.rows) if store.role == "hq" else {}
            for row, texts in zip(page.rows, words.display(store, kind, page.rows, model.LIST), strict=True):
                named = "  ".join([*texts, *filter(None, [posts.get(row.get("post_id", ""))])])
                shown = words.marked_if_voided(kind, named, row["voided_at"] is not None)
                print_text(f"{row['id']}  {shown}")
        after = page.after
        if after is None:
            break
    if as_json:
        print_json(rows)


@cli.command()
@click.argument("id")
@click.option("--history", is_flag=True, help="Also show who set what, and when.")
@as_json
@click.pass_obj
def show(obj: Context, id: str, history: bool, as_json: bool) -> None:
    """Show one record."""
    from fieldapp.records import attachments, hanging, records, view
    from fieldapp.records import history as past

    store = obj.open()
    found = records.get(store, id)
    steps = past.history(store, id) if history else []
    if as_json:
        document = {"kind": found.kind, **found.row, **found.children}
        document["attachments"] = attachments.of_record(store, id)
        if history:
            document["history"] = [asdict(s) for s in steps]
        print_json(document)
        return
    for title, text in view.describe(store, found):
        print_text(f"{title}: {text}")
    for text in records.confirmed_sentences(store, found):
        print_text(f"{_('Confirmed')}: {text}")
    naming = hanging.records_naming(store, found.kind, id) if found.row["voided_at"] is not None else []
    for kind, number, newest in naming:
        print_text(f"{_('Still names it')}: {hanging.number_of(kind, number)}")
        for row_id, text in newest:
            print_text(f"  {row_id}  {text}")
    for line in past.record_lines(store, id) if history else ():
        print_text(line)


@cli.command()
@click.argument("id")
@click.argument("paths", type=PATH, nargs=-1, required=True)
@click.option("--caption", default="", help="What the files show; the same for all.")
@click.option("--sort", type=click.Choice(["photograph", "minute", "paper"]), help="What they are; the same for all.")
@click.option("--original", is_flag=True, help="Keep photographs as they are, with what the camera wrote into them.")
@as_json
@click.pass_obj
def attach(
    obj: Context, id: str, paths: Sequence[Path], caption: str, sort: "FileSort | None", original: bool, as_json: bool
) -> None:
    """Attach photographs (JPEG, PNG, HEIC) and papers (PDF, DOCX) to the record ID, and print the ids of the files.

    Exit code 0: all are attached; 3: some are refused; 1: none is attached.
    """
    from fieldapp.records import attachments

    store = obj.open()
    before = {a.id for a in attachments.of_record(store, id)}
    if len(paths) == 1:
        done = attachments.add(store, id, [attachments.prepare(paths[0], original=original)], caption, sort)
        refused: dict[Path, str] = {}
    else:
        done, refused = attachments.add_each(store, id, paths, caption, sort, original=original)
    for line in attachments.refusals_text(refused, len(paths)):
        print_message(line)
    found = {a.id: a for a in attachments.of_record(store, id)}
    for kept in [found[file] for file in done if file in before]:
        if (caption and kept.caption != tidy(caption)) or sort not in (None, kept.sort):
            line = _("{name} is at the record already; what is said of it stays.")
            print_message(line.format(name=display_path(kept.name)))
    if as_json:
        print_json([found[file] for file in done])
    else:
        for file in done:
            print_text(f"{file}  {found[file].sentence}")
    if refused:
        sys.exit(IN_PART if done else 1)


@cli.command()
@click.argument("id")
@click.option("--save", type=PATH, metavar="FOLDER", help="Write the files into this folder, readable by anybody.")
@click.option("--fetch", is_flag=True, help="Ask for those that are not here: the next reply brings them.")
@as_json
@click.pass_obj
def attached(obj: Context, id: str, save: Path | None, fetch: bool, as_json: bool) -> None:
    """List the files of the record ID."""
    from fieldapp.records import attachments, records
    from fieldapp.store import people
    from fieldapp.sync.exchange import file_space

    store = obj.open()
    records.get(store, id)  # FieldappError where there is no such record
    if fetch:
        away = [file.sha256 for file in attachments.of_record(store, id) if file.state != "here"]
        number = file_space.want_again(store, away)
        print_message(
            counted("{n} file is asked for: export now, the reply brings it.",
                    "{n} files are asked for: export now, the reply brings them.", number)
            if number else _("All files of the record are here.")
        )  # fmt: skip
    found = attachments.of_record(store, id)
    if save is not None:
        people.check(store, people.Act.REPORT_FILES)
        for written in attachments.save_all(store, found, save):
            print_message(_("{path} is written.").format(path=display_path(written)))
    if as_json:
        print_json(found)
        return
    for file in found:
        print_text(f"{file.id}  {file.sentence}")
    if not found:
        print_message(_("The record has no files."))


@cli.command()
@click.argument("id")
@json_source
@confirmed
@click.pass_obj
def edit(obj: Context, id: str, source: str, confirm: bool) -> None:
    """Change the fields that the JSON object names."""
    from fieldapp.records import old_letters, records

    given = old_letters.in_unicode(read_json(source), confirm=confirm)
    if not isinstance(given, dict):
        raise FieldappError(_("A record is a JSON object, several are a list of them."))
    store = obj.open()
    print_text(records.save(store, records.get(store, id).kind, given, id, confirm=confirm))


@cli.command()
@click.argument("id")
@click.option("--reason", required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def void(obj: Context, id: str, reason: str, yes: bool) -> None:
    """Take a record out of all lists and figures; it stays readable."""
    from fieldapp.domain.attachment import Attachment
    from fieldapp.records import records
    from fieldapp.reports import void_effect

    store = obj.open()
    kind = records.get(store, id).kind
    if kind != Attachment.KIND and not records.model_of(kind).TOP:
        raise FieldappError(_("Records of this kind are entered with the record that they belong to."))
    with records.tried(store):
        records.void(store, id, reason)
    sentences = void_effect.void_sentences(store, kind, [id])
    if agrees_to(sentences, _("Void it?"), yes):
        records.void(store, id, reason)
        print_message(_("Voided. It stays readable with its reason."))


@cli.command()
@click.argument("id")
@confirmed
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def unvoid(obj: Context, id: str, confirm: bool, yes: bool) -> None:
    """Take the void of a record back: it counts again; its history keeps the void and its reason."""
    from fieldapp.domain.attachment import Attachment
    from fieldapp.records import attachments, records
    from fieldapp.reports import void_effect

    store = obj.open()
    if records.get(store, id).kind == Attachment.KIND:
        attachments.put_back(store, id)
        print_message(_("Taken back: the file is at its record again."))
        return
    with records.tried(store):
        records.take_back(store, id, confirm=confirm)
    sentences = void_effect.figure_sentences(store, records.get(store, id).kind, [id], voided=False)
    if agrees_to(sentences, _("Take the void back?"), yes):
        records.take_back(store, id, confirm=confirm)
        print_message(_("Taken back: it counts again."))


@cli.command()
@click.argument("id")
@click.argument("other")
@confirmed
@click.pass_obj
def merge(obj: Context, id: str, other: str, confirm: bool) -> None:
    """Record that two members are one person: ID gives way, OTHER stays."""
    from fieldapp.records import persons, records

    store = obj.open()
    found = records.get(store, id)
    if found.kind != "member":
        raise FieldappError(_("Only members are merged. Of two records of another kind, void one."))
    records.save(store, found.kind, {persons.SAME_AS: other}, id, confirm=confirm)
    print_message(_('Merged. To take it back: `fieldapp edit` with {"same_as": null}.'))


@cli.command()
@as_json
@click.pass_obj
def todo(obj: Context, as_json: bool) -> None:
    """List what must be done next, as on the first screen."""
    from fieldapp.sync.exchange import status
    from fieldapp.work import desk, notices
    from fieldapp.work import todo as waiting

    store = obj.open()
    today = wall.today()
    found = [
        *notices.exchange_todo(status.exchange_status(store), store.role, keys=False),
        *desk.everything(store, today),
        *(notices.review_line(notices.to_review(store), keys=False) if store.role == "hq" else []),
        *desk.unwritten_replies(store),
    ]
    found = waiting.in_order(found)
    if as_json:
        print_json(found)
        return
    for item in found:
        print_text(f"{item.sign} {item.when:<16} {item.text}  {item.target}".rstrip())
    if not found:
        print_message(_("Nothing is open."))
