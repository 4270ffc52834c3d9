"""Commands of double entry: draw a sample, key it again, show error rates."""

from dataclasses import asdict

import click

from fieldapp.cli.base import (
    Context,
    as_json,
    cli,
    confirmed,
    json_source,
    print_json,
    print_text,
    read_json,
)
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import wall


@cli.group()
def rekey() -> None:
    """Double entry: key a sample of records again, blind, and see how often each field differs."""


@rekey.command("sample")
@click.argument("kind")
@click.option("--size", type=click.IntRange(1), default=10, show_default=True, help="How many records.")
@click.option("--seed", metavar="TEXT", help="The same seed draws the same records; otherwise this month, as 2026-11.")
@as_json
@click.pass_obj
def rekey_sample(obj: Context, kind: str, size: int, seed: str | None, as_json: bool) -> None:
    """List records to key again: · open, – your own, ✓ keyed the same, ≠ keyed differently."""
    from fieldapp.records import records
    from fieldapp.work import double_entry

    records.model_of(kind)
    drawn = double_entry.draw_sample(obj.open(), kind, size, seed or f"{wall.today():%Y-%m}")
    if as_json:
        print_json(drawn)
        return
    for one in drawn:
        print_text(f"{double_entry.KEYING_SIGNS[one.state]} {one.row_id}  {one.paper}  ({one.by})")


@rekey.command("enter")
@click.argument("id")
@json_source
@confirmed
@click.pass_obj
def rekey_enter(obj: Context, id: str, source: str, confirm: bool) -> None:
    """Compare a record with its second keying and print what differs; the record is not changed."""
    from fieldapp.work import double_entry

    given = read_json(source)
    if not isinstance(given, dict):
        raise FieldappError(_("A record is a JSON object, several are a list of them."))
    for difference in double_entry.compare_keying(obj.open(), id, given, confirm=confirm).differences:
        print_text(f"≠ {difference.title}: {difference.recorded or _('(empty)')} ≠ {difference.keyed or _('(empty)')}")


@rekey.command("rates")
@click.option("--kind", help="Only records of this kind.")
@as_json
@click.pass_obj
def rekey_rates(obj: Context, kind: str | None, as_json: bool) -> None:
    """Show how often each field was keyed differently, the most frequent first."""
    from fieldapp.records import records
    from fieldapp.work import double_entry

    found = double_entry.error_rates(obj.open(), records.model_of(kind).KIND if kind else None)
    if as_json:
        print_json([{**asdict(rate), "percent": round(rate.percent, 2)} for rate in found])
        return
    for line in double_entry.rate_lines(found):
        print_text(line)
