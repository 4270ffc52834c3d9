"""Commands for papers: Word files made from records."""

from collections.abc import Sequence
from pathlib import Path

import click

from fieldapp.cli.base import PATH, Context, as_json, cli, print_json, print_message, print_table, print_text
from fieldapp.i18n import _


@cli.command()
@click.argument("template")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--out", type=PATH, required=True, metavar="FILE|DIR", help="The new file, or a folder: a file for each.")
@click.pass_obj
def paper(obj: Context, template: str, ids: Sequence[str], out: Path) -> None:
    """Write papers about records, by a template or a .docx of your own; without ID, write the template itself."""
    from fieldapp.records import records
    from fieldapp.reports.files.write import save_file
    from fieldapp.reports.papers import paper as papers
    from fieldapp.reports.papers import templates

    store = obj.open()
    path = Path(template)
    if path.suffix.lower() == ".docx" and ids:
        kind = records.get(store, ids[0]).kind
        chosen = templates.Template(path.stem, path.stem, kind, templates.read_template(path))
    else:
        chosen = templates.template_named(store, template)
    if not ids:
        save_file(out, chosen.content)
        print_message(
            _("{path} is written: the template, as it is. Change it in Word; headquarters takes it in (paper templates,"
            " F2; or “hq paper”).")
            .format(path=out)
        )  # fmt: skip
        return
    written = papers.write_papers(store, chosen, ids, out, each=out.is_dir())
    for made in written.paths:
        print_text(str(made))
    for sentence in written.sentences:
        print_message(sentence)


@cli.command()
@click.argument("kind", required=False)
@click.option("--fields", is_flag=True, help="The fields that a template about KIND can have.")
@as_json
@click.pass_obj
def papers(obj: Context, kind: str | None, fields: bool, as_json: bool) -> None:
    """List the templates of papers, about all kinds of record or about KIND."""
    from fieldapp.records import records
    from fieldapp.reports.papers.fields import common_names, field_names
    from fieldapp.reports.papers.templates import templates

    if kind is not None:
        records.model_of(kind)
    if fields:
        if kind is None:
            raise click.UsageError(_("--fields takes one KIND."))
        named = [*field_names(kind), *common_names()]
        if as_json:
            print_json([{"name": name, "about": about} for name, about in named])
        else:
            print_table([(f"{{{{{name}}}}}", about) for name, about in named])
        return
    found = templates(obj.open(), kind)
    if as_json:
        print_json([{"code": t.code, "kind": t.kind, "name": t.name, "id": t.id or None} for t in found])
        return
    print_table([(t.code, t.kind, t.name, _("of headquarters") if t.id else "") for t in found])
