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
    layouts,
    print_json,
    print_message,
    print_text,
    read_json,
)
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import wall

if TYPE_CHECKING:
    from fieldapp.reports.files.write import Form
    from fieldapp.reports.letterhead import LayoutCode
    from fieldapp.reports.query import Query, View
    from fieldapp.reports.tables import By
    from fieldapp.store.store import Store


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
@click.option("--out", type=PATH, metavar="FILE", help="The new file, for docx, xlsx, pdf and html.")
@layouts
@click.option("--number", default="", help="The letter's number.")
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
    layout: "LayoutCode",
    number: str,
    template: Path | None,
    personal: bool,
    as_json: bool,
) -> None:
    """Report the figures of a period; without dates, of this year up to today."""
    from fieldapp.records import units as units_in_time
    from fieldapp.reports import narrative, tables
    from fieldapp.reports.files.write import FORMS, write_report
    from fieldapp.reports.provenance import provenance
    from fieldapp.reports.query import Period, Query, period_of
    from fieldapp.reports.report import report as make
    from fieldapp.store import people

    today = wall.today()
    period = period_of(named, today) if named else Period(first or date(today.year, 1, 1), last or today)
    if period.last < period.first:
        raise FieldappError(_("The end is before the beginning."))
    query = Query(period, unit, post, units, today)
    if form in FORMS and (out is None or by or records or as_json):
        raise click.UsageError(_("A {form} file is the whole report: give --out FILE, without --by, --records, --json.")
                               .format(form=form))  # fmt: skip
    if form not in FORMS and out is not None:
        raise click.UsageError(_("--out is for --format docx, xlsx, pdf and html."))
    if template is not None and form != "docx":
        raise click.UsageError(_("--template is for --format docx."))
    store = obj.open()
    if unit is not None:
        query = replace(query, unit=units_in_time.unit_named(store, unit, period.last if units == "then" else today))
    if form == "csv":
        people.check(store, people.Act.REPORT_FILES)
    if form in FORMS and out is not None:
        write_report(store, query, form, out, layout=layout, number=number, template=template, personal=personal)
        print_message(_("{path} is written. It is not encrypted: protect it like a paper copy.").format(path=out))
        return
    if records:
        _print_counted_records(store, query, records, as_json)
        return
    if by:
        table = tables.table(store, query, by)
        if as_json or form == "json":
            print_json(table)
        else:
            print_text(narrative.as_table(table))
        return
    result = make(store, query)
    if as_json or form == "json":
        print_json({**result.as_json(), "computed_from": provenance(store)})
    elif form == "csv":
        click.echo(narrative.as_csv(result).encode(), nl=False)  # as bytes: Windows would end each line twice
    else:
        print_text(narrative.as_text(result))


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


def _print_counted_records(store: "Store", query: "Query", named: str, as_json: bool) -> None:
    """Print the records that a figure counts, each with what it adds."""
    from fieldapp.records import words
    from fieldapp.reports.figures import behind, figures

    found = figures(store, query)
    figure = next((f for f in found if named in (f"{f.section}.{f.code}", f.code)), None)
    if figure is None:
        listed = ", ".join(f"{f.section}.{f.code}" for f in found)
        raise FieldappError(_("There is no figure {named} in this report. Figures: {listed}.").format(
            named=named, listed=listed or "–"))  # fmt: skip
    lines = behind(store, query, figure)
    if as_json:
        print_json(lines)
        return
    kinds = {line.kind for line in lines}
    labels = {k: words.labels(store, k, [x.record for x in lines if x.kind == k]) for k in kinds}
    for line in lines:
        amount = line.words if line.amount is None else str(line.amount)
        print_text(f"{line.record}  {line.day}  {amount or '–'}  {labels[line.kind][line.record]}")
    print_text(f"{figure.title}: {figure.text}")
