"""Commands for reports and their letterhead."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from fieldapp.cli.base import (
    PATH,
    Context,
    DayParam,
    as_json,
    cli,
    goes_into_file,
    layouts,
    print_json,
    print_message,
    print_table,
    print_text,
    read_json,
    refuse_idle,
    typed,
)
from fieldapp.cli.working import LINE
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import wall

if TYPE_CHECKING:
    from fieldapp.reports.files.write import Form
    from fieldapp.reports.letterhead import LayoutCode
    from fieldapp.reports.query import Query, View
    from fieldapp.reports.tables import By
    from fieldapp.store.store import Store


SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@cli.command()
@click.option("--from", "first", type=DayParam())
@click.option("--to", "last", type=DayParam())
@click.option("--period", "named", metavar="P", help="2026, 2026-11, 2026-Q4, 2026-H1 or term (2020–2025).")
@click.option("--unit", metavar="CODE|NAME", help="Only this unit and what belongs to it.")
@click.option("--post", metavar="CODE", help="Only this post.")
@click.option(
    "--units",
    type=click.Choice(["then", "now"]),
    default="then",
    show_default=True,
    help="Units of the time, or today's.",
)
@click.option(
    "--by",
    type=click.Choice(["month", "post", "commune", "kind", "event", "ethnic_group"]),
    help="A table with a column for each.",
)
@click.option("--records", metavar="FIGURE", help="The records behind one figure, such as health.luot_kham.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "docx", "xlsx", "pdf", "html"]),
    default="text",
    show_default=True,
)
@click.option("--out", type=PATH, metavar="FILE", help="The new file, for docx, xlsx, pdf, html and csv.")
@click.option("--no-bom", is_flag=True, help="CSV for other programs than Excel: a file does not begin with a mark.")
@click.option(
    "--separator",
    type=click.Choice(list(SEPARATORS)),
    default="comma",
    show_default=True,
    help="Between the cells of CSV. Excel wants a semicolon where the machine writes 73,4.",
)
@layouts
@click.option("--number", help="The letter's number; it is kept with the report, for the next file.")
@click.option("--dated", type=DayParam(), help="The letter's day, instead of today; kept likewise.")
@click.option("--annex", is_flag=True, help="With a page on what the figures were computed from.")
@click.option("--photos", is_flag=True, help="With the photographs of its records, three on a page.")
@click.option("--template", type=PATH, metavar="FILE", help="A Word template of your own, with {{noi_dung}} in it.")
@click.option("--personal", is_flag=True, help="With names of people and free texts, in the records of xlsx.")
@as_json
@click.pass_obj
def report(
    obj: Context,
    first: date | None,
    last: date | None,
    named: str | None,
    unit: str | None,
    post: str | None,
    units: "View",
    by: "By | None",
    records: str | None,
    form: "Form | Literal['text', 'json', 'csv']",
    out: Path | None,
    no_bom: bool,
    separator: str,
    layout: "LayoutCode",
    number: str | None,
    dated: date | None,
    annex: bool,
    photos: bool,
    template: Path | None,
    personal: bool,
    as_json: bool,
) -> None:
    """Report the figures of a period; without dates, of this year up to today."""
    from fieldapp.records import units as units_in_time
    from fieldapp.reports import narrative, sections, tables
    from fieldapp.reports.files.write import FORMS, write_report
    from fieldapp.reports.provenance import provenance
    from fieldapp.reports.query import Period, Query, period_of
    from fieldapp.reports.report import report as make

    refuse_idle(["form"] if as_json else [], "--json")
    refuse_idle(["first", "last"] if named else [], "--period")
    refuse_idle(["by"] if records else [], "--records")
    form = "json" if as_json else form
    if form in FORMS and (out is None or by or records):
        raise click.UsageError(_("A {form} file is the whole report: give --out FILE, without --by, --records, --json.")
                               .format(form=form))  # fmt: skip
    _refuse_options_of_other_forms(form)
    today = wall.today()
    last = last or today
    period = period_of(named, today) if named else Period(first or date(last.year, 1, 1), last)
    if period.last < period.first:
        raise FieldappError(_("The end is before the beginning."))
    query = Query(period, unit, post, units, today)
    store = obj.open()
    if unit is not None:
        query = replace(query, unit=units_in_time.unit_named(store, unit, period.last if units == "then" else today))
    if form in FORMS and out is not None:
        write_report(
            store, query, form, out,
            layout=layout, number=number, dated=dated, annexed=annex, template=template, personal=personal,
            photos="all" if photos else (),
        )  # fmt: skip
        _print_written(out)
    elif records:
        _print_counted_records(store, query, records, form, out, no_bom, SEPARATORS[separator])
    elif by:
        table = tables.table(store, query, by)
        if form == "json":
            print_json(table)
        elif form == "csv":
            _print_csv(store, narrative.table_as_csv(table, SEPARATORS[separator]), out, no_bom)
        else:
            print_table(narrative.table_rows(table))
            for note in narrative.table_notes(table):
                print_text(note)
    elif form == "json":
        made = make(store, query)
        texts = {t.section: t.text for t in sections.section_texts(store, made)}
        print_json({**made.as_json(), "texts": texts, "computed_from": provenance(store)})
    elif form == "csv":
        _print_csv(store, narrative.as_csv(make(store, query), SEPARATORS[separator]), out, no_bom)
    else:
        made = make(store, query)
        print_text(narrative.as_text(made, [(t.title, t.lines) for t in sections.section_texts(store, made)]))


FORMS_OF = {
    "out": ("docx", "xlsx", "pdf", "html", "csv"),
    "no_bom": ("csv",),
    "separator": ("csv",),
    "layout": ("docx", "pdf", "html"),
    "number": ("docx", "pdf", "html"),
    "dated": ("docx", "pdf", "html"),
    "annex": ("docx", "pdf", "html"),
    "photos": ("docx", "pdf", "html"),
    "template": ("docx",),
    "personal": ("xlsx",),
}
"""Option of ``report`` -> the forms in which it has an effect; those that are not here have one in all"""


def _refuse_options_of_other_forms(form: str) -> None:
    for name, shown in typed().items():
        if form not in FORMS_OF.get(name, (form,)):
            raise click.UsageError(
                _("{option} is for --format {forms}.").format(option=shown, forms=", ".join(FORMS_OF[name]))
            )


def _print_csv(store: "Store", text: str, out: Path | None, no_bom: bool) -> None:
    """Write CSV into a new file, or to standard output.

    In a file it begins with a byte order mark, also where standard output is one: Excel takes other files for text in
    the old code page.
    """
    from fieldapp.reports.files.write import save_file
    from fieldapp.store import leftovers, people

    people.check(store, people.Act.REPORT_FILES)
    marked = not no_bom and (out is not None or goes_into_file())
    data = text.encode("utf-8-sig" if marked else "utf-8")
    if out is None:
        with LINE.aside():
            click.echo(data, nl=False)  # as bytes: Windows would end each line twice
        return
    leftovers.remember(store, out.parent)
    save_file(out, data)
    _print_written(out)


def _print_written(out: Path) -> None:
    print_message(_("{path} is written. It is not encrypted: protect it like a paper copy.").format(path=out))


@cli.command()
@layouts
@click.option("--json", "source", metavar="FILE|-", help="JSON object of the fields to change, - for stdin.")
@click.pass_obj
def letterhead(obj: Context, layout: "LayoutCode", source: str | None) -> None:
    """Show or change who a report comes from and goes to."""
    from fieldapp.reports import letterhead as heads

    given = read_json(source) if source is not None else {}
    if not isinstance(given, dict):
        raise FieldappError(_("A letterhead is a JSON object."))
    store = obj.open()
    kept = heads.save_letterhead(store, layout, given) if given else heads.letterhead(store, layout)
    print_json(kept.model_dump())


@cli.command("report-text")
@click.option("--period", "named", metavar="P", help="2026, 2026-11, 2026-Q4, 2026-H1 or term (2020–2025).")
@click.option("--unit", metavar="CODE|NAME", help="Of the report on this unit.")
@click.option("--post", metavar="CODE", help="Of the report on this post.")
@click.option("--json", "source", metavar="FILE|-", help="JSON object of the sections to change, - for stdin.")
@click.pass_obj
def report_text(obj: Context, named: str | None, unit: str | None, post: str | None, source: str | None) -> None:
    """Show or change what the officer says in a report: assessment, shortcomings, causes, directions, proposals."""
    from fieldapp.records import units as units_in_time
    from fieldapp.reports.query import Query, period_of
    from fieldapp.reports.report import report as make
    from fieldapp.reports.sections import save_sections, section_texts

    given = read_json(source) if source is not None else {}
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise FieldappError(_("What a report says is a JSON object: section and text."))
    today = wall.today()
    period = period_of(named or str(today.year), today)
    store = obj.open()
    place = units_in_time.unit_named(store, unit, period.last) if unit is not None else None
    made = make(store, Query(period, place, post, today=today))
    if given:
        save_sections(store, made, given)
    print_json({text.section: {"text": text.text, "origin": text.origin} for text in section_texts(store, made)})


def _print_counted_records(
    store: "Store", query: "Query", named: str, form: str, out: Path | None, no_bom: bool, separator: str
) -> None:
    """Print the records that a figure counts, each with what it adds."""
    from fieldapp.records import words
    from fieldapp.reports import narrative
    from fieldapp.reports.figures import behind, figures

    found = figures(store, query)
    figure = next((f for f in found if named in (f"{f.section}.{f.code}", f.code)), None)
    if figure is None:
        listed = ", ".join(f"{f.section}.{f.code}" for f in found)
        raise FieldappError(_("There is no figure {named} in this report. Figures: {listed}.").format(
            named=named, listed=listed or "–"))  # fmt: skip
    lines = behind(store, query, figure)
    if form == "json":
        print_json(lines)
        return
    kinds = {line.kind for line in lines}
    label = words.labels if form == "csv" else words.labels_with_post
    labels = {k: label(store, k, [x.record for x in lines if x.kind == k]) for k in kinds}
    if form == "csv":
        head = ["record", "kind", "day", "amount", "decimals", "unit", "approximate", "in_words", "label"]
        cells = (
            [x.record, x.kind, x.day, x.amount, figure.decimals, figure.unit, int(x.approximate), x.words or "",
             labels[x.kind][x.record]]
            for x in lines
        )  # fmt: skip
        _print_csv(store, narrative.csv_text(head, cells, separator), out, no_bom)
        return
    for line in lines:
        print_text(f"{line.record}  {line.day}  {line.text(figure.decimals) or '–'}  {labels[line.kind][line.record]}")
    print_text(f"{figure.title}: {figure.text}")
