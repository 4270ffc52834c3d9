"""What a field was called stays known where people have it: sheets, pasted ranges, templates of papers."""

import csv
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from docx import Document
from field import World
from form_driver import strokes
from textual.events import Paste

from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import BY_KIND, PARENTS
from fieldapp.i18n import _, everywhere
from fieldapp.records import lists
from fieldapp.reports.papers.fields import title_of
from fieldapp.reports.papers.paper import write_papers
from fieldapp.reports.papers.templates import Template, read_template
from fieldapp.sheets.cells import SheetTable
from fieldapp.sheets.headings import NUMBERING, FieldTarget, find_layout
from fieldapp.tui.app import FieldApp
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import search_key

AS_THEY_WERE = Path(__file__).parent / "data" / "field_labels.csv"
"""The labels of November 2026. Lines are only added: who renames a field enters the old label in
``fieldapp/data/former_labels.csv``"""
TWICE = {("attachment", "Loại tệp")}
"""(kind, label) that two fields had"""


def labels(language: str) -> Iterator[tuple[type[Record], dict[str, str]]]:
    """Each kind with the labels that its fields had: label -> field."""
    lines = [*csv.DictReader(AS_THEY_WERE.read_text(encoding="utf-8").splitlines())]
    for kind in dict.fromkeys(line["kind"] for line in lines):
        of_kind = {line[language]: line["field"] for line in lines if line["kind"] == kind}
        yield BY_KIND[kind], {label: name for label, name in of_kind.items() if (kind, label) not in TWICE}


def test_every_label_of_old_still_heads_a_column(world: World) -> None:
    for language in ("vietnamese", "english"):
        for model, named in labels(language):
            table = SheetTable("", [[*named], [""] * len(named)])
            _table, layout = find_layout(world.post, model, [table], {})
            found = {c.heading: c.target.name for c in layout.columns if isinstance(c.target, FieldTarget)}
            assert found == {label: named[label] for label in named if search_key(label) not in NUMBERING}, model.KIND


def test_every_label_of_old_is_a_field_of_papers() -> None:
    for language in ("vietnamese", "english"):
        for model, named in labels(language):
            parent = PARENTS[model.KIND][1].parent if model.KIND in PARENTS else ""
            titles = {shape.name: _(shape.title) for shape in fields_of(model) if shape.name != parent}
            wanted = {label: titles[name] for label, name in named.items() if name in titles}
            assert {label: title_of(model.KIND, label) for label in wanted} == wanted, model.KIND


def test_no_label_of_old_is_what_another_field_is_called_now() -> None:
    for model in BY_KIND.values():
        names = [{*map(search_key, everywhere(shape.title))} for shape in fields_of(model)]
        shared = {name for at, mine in enumerate(names) for other in names[:at] for name in mine & other}
        assert shared <= {search_key(label) for kind, label in TWICE if kind == model.KIND}, model.KIND


async def test_a_range_with_headings_of_old_is_pasted_as_it_was(world: World) -> None:
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(120, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>")
        assert "Xã, phường" in str(app.screen.query_one("#titles").render())
        for heading, day in (("Nơi", "5/11/2026"), ("Where", "6/11/2026"), ("xa phuong", "7/11/2026")):
            app.post_message(Paste(f"{heading}\tGiếng\tNgày\nIa Rvê\t2\t{day}\n"))
            await strokes(pilot)
            assert isinstance(app.focused, TextField)
            await strokes(pilot, "<f2>")
        found = lists.record_window(world.post, "activity").rows
    assert [row["date_from"] for row in found] == ["2026-11-07", "2026-11-06", "2026-11-05"]


def test_a_template_that_an_office_wrote_is_filled_as_it_was(world: World, tmp_path: Path) -> None:
    text = """
        {{noi}}|{{noi.trong_cau}}|{{xa_phuong}}|{{unit_id}}
        {{so_phoi_hop_chung}}|{{ma_viec_chung}}
    """
    paper = Document()
    for line in dedent(text).strip().splitlines():
        paper.add_paragraph(line)
    paper.save(str(tmp_path / "a.docx"))
    well = world.well(joint_reference="05/KH")
    chosen = Template("a", "A", "activity", read_template(tmp_path / "a.docx"))
    written = write_papers(world.post, chosen, [well], tmp_path / "b.docx")
    lines = [paragraph.text for paragraph in Document(str(written.paths[0])).paragraphs]
    place, in_sentence, *same = lines[0].split("|")
    assert place.startswith("Xã Ia Rvê")
    assert in_sentence == "xã Ia Rvê"
    assert same == [place] * 2
    assert lines[1] == "05/KH|05/KH"
