"""The report as one page for a browser: nothing in it is fetched from elsewhere, and nothing in it can run."""

from base64 import b64encode
from dataclasses import replace
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from fieldapp.i18n import _, language
from fieldapp.reports.figures import Figure
from fieldapp.reports.files import charts
from fieldapp.reports.files.document import NOTED, Document, Split
from fieldapp.reports.files.letter import Letter, letter
from fieldapp.reports.files.letter_text import ROMAN, logs_grid, officer_sections, photograph_annex
from fieldapp.reports.narrative import shared_note

TEMPLATE = "report.html.j2"


def html_bytes(document: Document) -> bytes:
    """The page, UTF-8. Every text is escaped by the template engine."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = (files("fieldapp.reports.files") / TEMPLATE).read_text(encoding="utf-8")
    form: Letter = letter(document)
    page = environment.from_string(source).render(
        _=_,
        language=language(),
        document=document,
        letter=form,
        cards=[section.figures[0] for section in document.sections],
        charts=[(s.by, s.title, _charts(s)) for s in document.splits if s.by != "kind"],
        plan=charts.plan(document.report.plan),
        logs=logs_grid(document.provenance),
        photographs=[(b64encode(p.picture.data).decode(), p.text) for p in photograph_annex(document)],
        number=_number,
        said=lambda roman: officer_sections(document, roman, by_hand=False),
        roman=iter(ROMAN),
        next=next,
        shared_note=shared_note(),
        titled=document.title,
        disputed=lambda figure: f" {NOTED}" if document.is_disputed(figure) else "",
        bare=lambda figure: replace(figure, unit="").text.strip() if figure.unit != "đồng" else figure.text,
    )
    return page.encode()


def _charts(split: Split) -> list[charts.Chart]:
    """One chart for each figure whose parts add up."""
    draw = charts.months if split.by == "month" else charts.parts
    return [draw(split.table.titles, line) for line in split.table.lines if line.figure.adds_up and line.figure.value]


def _number(figure: Figure) -> str:
    """The number in a form for programs that read the page: ``73.4``; empty where there is none."""
    if figure.value is None:
        return ""
    whole, fraction = divmod(figure.value, 10**figure.decimals)
    return f"{whole}.{fraction:0{figure.decimals}d}" if figure.decimals else str(whole)
