"""The command line: everything that the screen does, scripted. Thin: it reads arguments and prints answers.

Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage, 3 done in part.
"""

import json as jsonlib
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from fieldapp.errors import FieldappError, Unsure
from fieldapp.i18n import _

IN_PART = 3


class Context:
    """What the options before the command say; opens the replica when a command needs it."""

    def __init__(self) -> None:
        self.home = Path.home() / "fieldapp"
        self.user: str | None = None

    def open(self) -> Any:
        """The replica, unlocked with a passphrase that is asked for or read from ``FIELDAPP_PASSPHRASE_FILE``."""
        from fieldapp.sync import merge

        user = self.whose()
        return merge.unlock(self.home, user, _passphrase() if user else "")

    def whose(self) -> str:
        """Who works: named by --user, or the only one; empty where there is nobody yet."""
        from fieldapp.store import vault

        names = vault.users(self.home)
        if self.user is None and len(names) > 1:
            raise FieldappError(_("Several people use this laptop: name one by --user ({names}).").format(
                names=", ".join(names)))  # fmt: skip
        return (self.user or names[0]) if names else self.user or ""


def _passphrase(confirm: bool = False) -> str:
    named = os.environ.get("FIELDAPP_PASSPHRASE_FILE")
    if named:
        return _from_file(named)
    text: str = click.prompt(_("Passphrase"), hide_input=True, confirmation_prompt=confirm, err=True)
    return text


def _from_file(named: str) -> str:
    try:
        return Path(named).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FieldappError(_("The passphrase file cannot be read: {why}.").format(why=error)) from None


def say(text: str) -> None:
    """Print an answer. Text that came from outside may hold terminal escapes: they do not reach the terminal."""
    click.echo(_harmless(text))


def note(text: str) -> None:
    """Print a message beside the answer, on stderr."""
    click.echo(_harmless(text), err=True)


def _harmless(text: str) -> str:
    return "".join(c if c == "\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def say_json(value: Any) -> None:
    """Print one JSON document."""
    click.echo(jsonlib.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def _read_json(source: str) -> Any:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        return jsonlib.loads(text)
    except OSError as error:
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=source, why=error.strerror)) from None
    except (ValueError, RecursionError) as error:
        raise FieldappError(_("{path} is not JSON: {why}.").format(path=source, why=error)) from None


class Day(click.ParamType[date]):
    """A date as people write it."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date; wrong usage if it is none."""
        from fieldapp.domain.dates import parse_date

        if isinstance(value, date):
            return value
        try:
            return parse_date(str(value), date.today())
        except ValueError as error:
            self.fail(str(error), param, ctx)


PATH = click.Path(path_type=Path)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
confirmed = click.option(
    "--confirm", is_flag=True, help="Record what is unusual too: it was asked about, and is right."
)
layouts = click.option("--layout", type=click.Choice(["decree30", "party"]), default="decree30", show_default=True,
                       help="Letters of offices (Decree 30/2020), or of the Party (Guide 36-HD/VPTW).")  # fmt: skip
json_source = click.option("--json", "source", required=True, metavar="FILE|-", help="JSON file, - for stdin.")


@click.group(invoke_without_command=True)
@click.option("--home", type=PATH, envvar="FIELDAPP_HOME", default=Path.home() / "fieldapp", show_default=True,
              help="The workspace.")  # fmt: skip
@click.option("--user", envvar="FIELDAPP_USER", help="Who works, where several people use the laptop.")
@click.option("--read-only", is_flag=True, help="The screen to look at: nothing can be changed.")
@click.version_option(package_name="fieldapp")
@click.pass_context
def cli(ctx: click.Context, home: Path, user: str | None, read_only: bool) -> None:
    """Offline-first field records for border posts. Without a command: the screen."""
    ctx.obj.home, ctx.obj.user = home, user
    if ctx.invoked_subcommand is None:
        from fieldapp.tui.app import run

        run(home, read_only=read_only)
    elif read_only:
        raise click.UsageError(_("--read-only is for the screen: give it without a command."))


@cli.command()
@click.option("--workspace", type=PATH, help="Keep hq/, post/ and usb/ in this folder.")
def demo(workspace: Path | None) -> None:
    """The round trip on a real report's figures; on a terminal it then opens the post's screen."""
    from fieldapp import demo as round_trip

    with tempfile.TemporaryDirectory(prefix="fieldapp-demo-") as temporary:
        folder = workspace or Path(temporary)
        round_trip.run(folder, say)
        if workspace is not None:
            note(_("Kept in {folder}. The passphrase is: {passphrase}").format(
                folder=folder, passphrase=round_trip.PASSPHRASE))  # fmt: skip
        if sys.stdin.isatty() and sys.stdout.isatty():
            from fieldapp.tui.app import run

            click.pause(_("Any key opens the post's screen (passphrase: demo)."))
            run(folder / "post")


@cli.command()
@click.option("--workspace", type=PATH, default=Path.home() / "fieldapp-tutorial", show_default=True,
              help="Where the practice records are.")  # fmt: skip
@click.option("--again", is_flag=True, help="Begin anew; what was practised is forgotten.")
def tutorial(workspace: Path, again: bool) -> None:
    """A guided first quarter of an hour on practice records; without a terminal: the steps, and what is done."""
    from fieldapp import tutorial as practising

    store = practising.begin(workspace, again=again)
    if sys.stdin.isatty() and sys.stdout.isatty():
        from fieldapp.tui.tutorial import TutorialApp

        app = TutorialApp(store.home, store)
        app.run()
        sys.exit(app.return_code or 0)
    for number, step in enumerate(practising.steps(store), start=1):
        say(f"{'✓' if step.done else '·'} {number} {step.text}")
    store.close()


@cli.command()
@click.option("--role", type=click.Choice(["hq", "post"]))
@click.option("--name", help="Headquarters' name.")
@click.option("--code", default="SCH", show_default=True, help="Headquarters' short code, used in file names.")
@click.option("--province", default="66", show_default=True, help="Code of headquarters' province.")
@click.option("--pack", type=PATH, help="A post starts from the pack that headquarters wrote.")
@click.option("--laptop", default="A", show_default=True, help="What this laptop is called.")
@click.option("--user", "user_name", required=True, help="Who works on this laptop.")
@click.pass_obj
def init(
    obj: Context,
    role: str | None,
    name: str | None,
    code: str,
    province: str,
    pack: Path | None,
    laptop: str,
    user_name: str,
) -> None:
    """Begin a replica: headquarters by --role hq --name, a post by --pack, a further laptop of headquarters by
    --role hq --pack."""
    from fieldapp.store import people
    from fieldapp.sync import bundle, enrolment, peers, practice, recovery

    if pack is None and not (role == "hq" and name):
        raise click.UsageError(_("Give --role hq --name NAME, or --pack FILE for a post."))
    if pack is not None:
        practice.check_pack(bundle.inspect(pack, None).sender)
    passphrase = _passphrase(True)
    people.check_passphrase(passphrase)
    if pack is not None and role == "hq":
        store = enrolment.init_further_hq(
            obj.home, pack, user=user_name, passphrase=passphrase, laptop=laptop, province=province
        )
        say(_("Compare headquarters' fingerprint by telephone:"))
        for hq in peers.others(store):
            say(f"  {hq.title}: {hq.fingerprint}")
    elif pack is not None:
        store = enrolment.init_post(obj.home, pack, user=user_name, passphrase=passphrase, laptop=laptop)
        hq = peers.others(store)[0]
        say(_("{post} can record. Compare headquarters' fingerprint by telephone:").format(
            post=store.identity.post_name))  # fmt: skip
        say(f"  {hq.title}: {hq.fingerprint}")
    else:
        store = enrolment.init_hq(
            obj.home, name=name or "", user=user_name, passphrase=passphrase, code=code, province=province
        )
        _show_code(store, recovery.renew_code(store))
        say(_("{name} can begin. Its fingerprint:").format(name=name))
    own = peers.own(store)
    say(f"  {own.title}: {own.fingerprint}")
    store.close()


@cli.command()
@click.argument("kind")
@json_source
@confirmed
@click.pass_obj
def add(obj: Context, kind: str, source: str, confirm: bool) -> None:
    """Record one object or a list of them, all or none; prints the ids."""
    from fieldapp.store import records

    given = _read_json(source)
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
        say(row_id)


@cli.command()
@click.argument("kind")
def schema(kind: str) -> None:
    """JSON Schema of what `add KIND` takes."""
    from fieldapp.store import records

    model = records.model_of(kind)
    described = model.model_json_schema()
    for name, child in model.CHILDREN.items():
        described["properties"][name] = {"type": "array", "items": child.model.model_json_schema()}
    say_json(described)


@cli.command("list")
@click.argument("kind")
@as_json
@click.option("--search", default="", help="Words, without diacritics if you like.")
@click.option("--from", "first", type=Day())
@click.option("--to", "last", type=Day())
@click.option("--voided", is_flag=True, help="Voided ones too.")
@click.pass_obj
def list_records(
    obj: Context, kind: str, as_json: bool, search: str, first: date | None, last: date | None, voided: bool
) -> None:
    """Records of a kind, newest first."""
    from fieldapp.store import lists, records, words

    model = records.model_of(kind)
    store = obj.open()
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        page = lists.page(
            store, kind, text=search, date_from=first, date_to=last, after=after, limit=500, voided=voided
        )
        rows += page.rows
        if not as_json:
            for row, texts in zip(page.rows, words.display(store, kind, page.rows, model.LIST), strict=True):
                say(f"{row['id']}  {'  '.join(texts)}")
        after = page.after
        if after is None:
            break
    if as_json:
        say_json(rows)


@cli.command()
@click.argument("id")
@click.option("--history", is_flag=True, help="Who set what when.")
@as_json
@click.pass_obj
def show(obj: Context, id: str, history: bool, as_json: bool) -> None:
    """One record."""
    from fieldapp.store import history as past
    from fieldapp.store import records, view

    store = obj.open()
    found = records.get(store, id)
    steps = past.history(store, id) if history else []
    if as_json:
        document = {"kind": found.kind, **found.row, **found.children}
        if history:
            document["history"] = [asdict(s) for s in steps]
        say_json(document)
        return
    for title, text in view.describe(store, found):
        say(f"{title}: {text}")
    for step in past.history_lines(store, steps):
        say(step)


@cli.command()
@click.argument("id")
@json_source
@confirmed
@click.pass_obj
def edit(obj: Context, id: str, source: str, confirm: bool) -> None:
    """Change the fields that the JSON object names."""
    from fieldapp.store import records

    given = _read_json(source)
    if not isinstance(given, dict):
        raise FieldappError(_("A record is a JSON object, several are a list of them."))
    store = obj.open()
    say(records.save(store, records.get(store, id).kind, given, id, confirm=confirm))


@cli.command()
@click.argument("id")
@click.option("--reason", required=True)
@click.pass_obj
def void(obj: Context, id: str, reason: str) -> None:
    """Take a record out of all lists and figures; it stays readable."""
    from fieldapp.store import records

    records.void(obj.open(), id, reason)
    note(_("Voided. It stays readable with its reason."))


@cli.command("import-table")
@click.argument("file", type=PATH, required=False)
@click.option("--kind", help="The kind of record that the rows are, as for `add`.")
@click.option("--sheet", help="The sheet of a workbook; otherwise the first with headings.")
@click.option("--map", "mapped", metavar="FILE", help='JSON: {"heading": "field"}; null leaves a column out.')
@click.option("--set", "given", multiple=True, metavar="FIELD=VALUE", help="What holds for every row without its own.")
@click.option("--year", type=int, help="The year of days that are written without one.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--confirm", is_flag=True, help="Record what is unusual too: it was looked at, and is right.")
@click.option("--again", is_flag=True, help="Record rows anew whose records were voided since.")
@click.option("--batches", is_flag=True, help="The sheets that went in, with their numbers.")
@click.option("--take-back", type=int, metavar="BATCH", help="Void the records of a sheet, but for those edited since.")
@click.option("--reason", default="", help="Why it is taken back.")
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
    batches: bool,
    take_back: int | None,
    reason: str,
    as_json: bool,
) -> None:
    """Record the rows of an XLSX or CSV sheet; the refused go into FILE-refused.xlsx, to be mended and given again.

    Exit code 0: all rows are in; 3: some are refused; 1: none went in.
    """
    from fieldapp.sheets import batch, saying

    if batches or take_back is not None:
        _batches(obj, take_back, reason, as_json)
        return
    if file is None or kind is None:
        raise click.UsageError(_("Give FILE --kind KIND, or --batches, or --take-back BATCH --reason TEXT."))
    if not all("=" in text for text in given):
        raise click.UsageError(_("--set takes FIELD=VALUE."))
    order = batch.Order(
        kind,
        sheet,
        saying.read_map(_read_json(mapped)) if mapped else {},
        dict(text.split("=", 1) for text in given),
        year,
        confirm,
        again,
        dry_run,
    )
    outcome = batch.take_in(obj.open(), file, order)
    if as_json:
        say_json(outcome)
    else:
        say(saying.summary(outcome))
    for line in saying.details(outcome):
        note(line)
    if outcome.refused:
        sys.exit(IN_PART if outcome.added or outcome.known else 1)


def _batches(obj: Context, number: int | None, reason: str, as_json: bool) -> None:
    """List the sheets that went in, or take one back."""
    from fieldapp.sheets import saying
    from fieldapp.sheets import take_back as taking

    store = obj.open()
    if number is None:
        listed = taking.batches(store)
        if as_json:
            say_json(listed)
        for line in [] if as_json else saying.batch_lines(listed):
            say(line)
        return
    taken = taking.take_back(store, number, reason)
    if as_json:
        say_json(taken)
    else:
        say(saying.taken_back(taken))
    for entered in taken.edited:
        note(_("Edited since, and kept: {record} ({id}).").format(record=entered.label, id=entered.id))
    if taken.edited:
        sys.exit(IN_PART if taken.voided else 1)


@cli.group()
def rekey() -> None:
    """A second look: key a sample of records again, blind, and see how often each field differs."""


@rekey.command("sample")
@click.argument("kind")
@click.option("--size", type=click.IntRange(1), default=10, show_default=True, help="How many records.")
@click.option("--seed", metavar="TEXT", help="The same draws the same records; otherwise this month, as 2026-11.")
@as_json
@click.pass_obj
def rekey_sample(obj: Context, kind: str, size: int, seed: str | None, as_json: bool) -> None:
    """Records to key again: · open, – of your own, ✓ keyed alike, ≠ keyed differently."""
    from fieldapp.store import records, rekeying

    records.model_of(kind)
    drawn = rekeying.draw(obj.open(), kind, size, seed or f"{date.today():%Y-%m}")
    if as_json:
        say_json(drawn)
        return
    for one in drawn:
        say(f"{rekeying.SIGNS[one.state]} {one.row_id}  {one.paper}  ({one.by})")


@rekey.command("enter")
@click.argument("id")
@json_source
@confirmed
@click.pass_obj
def rekey_enter(obj: Context, id: str, source: str, confirm: bool) -> None:
    """Compare a record with what was keyed again; what differs is printed, and the record stays as it is."""
    from fieldapp.store import rekeying

    given = _read_json(source)
    if not isinstance(given, dict):
        raise FieldappError(_("A record is a JSON object, several are a list of them."))
    for difference in rekeying.key_again(obj.open(), id, given, confirm=confirm).differences:
        say(f"≠ {difference.title}: {difference.recorded or _('(empty)')} ≠ {difference.keyed or _('(empty)')}")


@rekey.command("rates")
@click.option("--kind", help="Only records of this kind.")
@as_json
@click.pass_obj
def rekey_rates(obj: Context, kind: str | None, as_json: bool) -> None:
    """How often each field was keyed differently, what differs most first."""
    from fieldapp.store import records, rekeying

    found = rekeying.rates(obj.open(), records.model_of(kind).KIND if kind else None)
    if as_json:
        say_json([{**asdict(rate), "percent": round(rate.percent, 2)} for rate in found])
        return
    for line in rekeying.rate_lines(found):
        say(line)


@cli.command()
@as_json
@click.pass_obj
def todo(obj: Context, as_json: bool) -> None:
    """What must be done next, as on the first screen."""
    from fieldapp.store import todo as waiting
    from fieldapp.sync import exchange
    from fieldapp.tui import notices

    store = obj.open()
    today = date.today()
    found = [*notices.late_posts(store, today), *waiting.todo(store, today)]
    found += notices.todo(exchange.status(store), store.role)
    found += notices.to_review(store) if store.role == "hq" else []
    if as_json:
        say_json(found)
        return
    for item in found:
        say(f"{item.sign} {item.when:<16} {item.text}  {item.target}".rstrip())
    if not found:
        note(_("Nothing is open."))


# sync -----------------------------------------------------------------------------------------------------------


@cli.group()
def sync() -> None:
    """Carry changes on a stick."""


@sync.command("export")
@click.argument("dest", type=PATH)
@click.option("--to", metavar="REPLICA", help="For one recipient only.")
@as_json
@click.pass_obj
def sync_export(obj: Context, dest: Path, to: str | None, as_json: bool) -> None:
    """Write bundles into the folder DEST and read them back; a post also a backup that headquarters can open."""
    from fieldapp.sync import backup as backups
    from fieldapp.sync import exchange

    store = obj.open()
    results = exchange.export(store, dest, to)
    beside = backups.with_export(store, dest)
    if as_json:
        say_json(results)
        return
    for r in results:
        say(r.sentence)
    if beside:
        note(beside)
    note(_("The stick may be pulled."))


@sync.command("import")
@click.argument("paths", type=PATH, nargs=-1, required=True)
@click.option("--reply", is_flag=True, help="Write each sender's reply beside its bundle.")
@click.option("--reply-to", type=PATH, metavar="DIR", help="Write all senders' replies into one folder.")
@as_json
@click.pass_obj
def sync_import(obj: Context, paths: Sequence[Path], reply: bool, reply_to: Path | None, as_json: bool) -> None:
    """Apply bundles; a folder stands for the bundles in it. None that is bad keeps the others from going in."""
    from fieldapp.sync import exchange, replies

    if reply_to is not None and not reply_to.is_dir():
        raise FieldappError(_("There is no folder {dest}. Plug the stick in, or name another.").format(dest=reply_to))
    store = obj.open()
    results = exchange.import_files(store, paths)
    done = replies.reply(store, results, reply_to) if reply or reply_to else None
    if as_json:
        files = [
            {"state": r.state, **{k: v for k, v in asdict(r).items() if k not in ("arrived", "waiting")}}
            for r in results
        ]
        say_json(files if done is None else {"files": files, **asdict(done)})
    for r in results:
        if not as_json and not r.for_others:
            say(r.sentence)
        for line in r.problems:
            note(line)
    if not results:
        note(_("No bundles there."))
    for made in done.written if done and not as_json else []:
        say(made.sentence)
    for line in done.problems if done else []:
        note(line)
    if any(not r.complete for r in results) or (done and done.problems):
        sys.exit(1 if results and all(r.refused for r in results) else IN_PART)


@sync.command("status")
@as_json
@click.pass_obj
def sync_status(obj: Context, as_json: bool) -> None:
    """What each other replica has of our changes, and what waits."""
    from fieldapp.sync import exchange

    state = exchange.status(obj.open())
    if as_json:
        say_json(state)
        return
    say(_("{n} changes in {records} records not received by headquarters.").format(
        n=state.unsent, records=state.unsent_records))  # fmt: skip
    for p in state.peers:
        say(_("{name}: has {received} of {of} changes; last heard {when}.").format(
            name=p.name, received=p.received, of=p.of, when=p.heard_at or _("never")))  # fmt: skip
        if p.lacks:
            say("  " + _("It lacks {n} changes, the oldest of {when}.").format(n=p.lacks, when=p.lacks_since or "–"))
    for line in (*state.held, *state.quarantined, *state.set_aside):
        say(line)
    if state.clock_warning:
        note(state.clock_warning)


@sync.command("clean")
@click.argument("dest", type=PATH)
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def sync_clean(obj: Context, dest: Path, yes: bool, as_json: bool) -> None:
    """Clear old bundles from the folder DEST: those that were received or read. Other files are never touched."""
    from fieldapp.sync import sticks

    old = sticks.old(obj.open(), dest)
    if as_json:
        say_json(old)
    for file in old:
        if not as_json:
            say(file.sentence)
    if not old:
        note(_("There is nothing to clear."))
        return
    if yes or click.confirm(_("Take {n} bundles away?").format(n=len(old)), err=True):
        sticks.clear(old)
        note(_("{n} bundles were taken away.").format(n=len(old)))
    else:
        note(_("Nothing was changed."))


@sync.command("verify")
@click.argument("file", type=PATH)
@as_json
@click.pass_obj
def sync_verify(obj: Context, file: Path, as_json: bool) -> None:
    """Check a bundle from beginning to end, and change nothing."""
    import msgspec

    from fieldapp.sync import exchange

    inspected = exchange.verify(obj.open(), file)
    if as_json:
        say_json(msgspec.to_builtins(inspected.manifest))
        return
    say(_("{file} is whole and signed by {sender} ({fingerprint}).").format(
        file=file.name, sender=inspected.sender.post_name or inspected.sender.name,
        fingerprint=inspected.fingerprint))  # fmt: skip


@cli.command("verify-history")
@click.argument("archive", type=PATH, nargs=-1, required=True)
@click.option("--identity", type=PATH, multiple=True, help="File with an age identity that opens the bundles.")
@click.option(
    "--root", multiple=True, metavar="RW…", help="Headquarters' minisign key; with it, no workspace is opened."
)
@as_json
@click.pass_obj
def verify_history(
    obj: Context, archive: Sequence[Path], identity: Sequence[Path], root: Sequence[str], as_json: bool
) -> None:
    """Prove from bundles alone, files or folders, that each log is an unbroken chain as headquarters signed it."""
    from fieldapp.sync import archive as archives

    identities, roots = ([], set(root)) if root else archives.keys_of(obj.open())
    history = archives.examine(archive, [*identities, *archives.read_identities(identity)], roots)
    if as_json:
        say_json(history)
    else:
        for line in [*(log.sentence for log in history.logs), *history.notes]:
            say(line)
        for line in history.problems:
            note(line)
        if not history.problems:
            say(_("All is well: {n} bundles, each log is what its author signed.").format(n=history.bundles))
    if history.problems:
        sys.exit(1)


# headquarters ---------------------------------------------------------------------------------------------------


@cli.group()
def hq() -> None:
    """Headquarters: packs, laptops, conflicts."""


@hq.command()
@click.option("--code", help="The post's code, such as IARVE.")
@click.option("--name", help="The post's name.")
@click.option("--role", type=click.Choice(["post", "hq"]), default="post", show_default=True,
              help="hq: for a further laptop of headquarters, or for one below to join.")  # fmt: skip
@click.argument("dest", type=PATH)
@click.pass_obj
def pack(obj: Context, code: str | None, name: str | None, role: str, dest: Path) -> None:
    """Write the pack from which a post's laptops start, or headquarters' own."""
    from fieldapp.sync import enrolment

    if role == "hq":
        say(str(enrolment.write_hq_pack(obj.open(), dest=dest)))
    elif code and name:
        say(str(enrolment.write_pack(obj.open(), code=code, name=name, dest=dest)))
    else:
        raise click.UsageError(_("Give --code and --name of the post, or --role hq."))


@hq.command()
@click.argument("pack", type=PATH)
@click.pass_obj
def join(obj: Context, pack: Path) -> None:
    """Report to the headquarters above that wrote PACK (`hq pack --role hq`)."""
    from fieldapp.sync import enrolment

    above = enrolment.join(obj.open(), pack)
    say(_("Bundles are written for {name} too. Compare its fingerprint by telephone:").format(name=above.title))
    say(f"  {above.fingerprint}")


@hq.command()
@click.argument("post")
@click.option("--name", required=True, help="Its new name.")
@click.option("--code", help="Its new code.")
@click.pass_obj
def rename(obj: Context, post: str, name: str, code: str | None) -> None:
    """Give a post another name; its records and laptops stay. A merged post goes on so as a part of the other."""
    from fieldapp.sync import enrolment

    renewed = enrolment.rename_post(obj.open(), post, name=name, code=code)
    say(_("The post is called {name} now; {n} laptops learn it with the next reply.").format(name=name, n=len(renewed)))


@hq.command()
@click.argument("replica")
@click.pass_obj
def revoke(obj: Context, replica: str) -> None:
    """Trust a laptop no longer: what is here of it stands, what comes later is quarantined."""
    from fieldapp.sync import exchange

    peer = exchange.revoke(obj.open(), replica)
    say(_("{name} is revoked. The other laptops learn it with the next reply.").format(name=peer.title))


@hq.command()
@as_json
@click.pass_obj
def replicas(obj: Context, as_json: bool) -> None:
    """The laptops that are known, with their fingerprints."""
    from fieldapp.sync import peers

    known = peers.others(obj.open())
    if as_json:
        keys = ("id", "name", "role", "trust", "post_code", "post_name", "fingerprint", "have_at")
        say_json([{k: getattr(p, k) for k in keys} for p in known])
        return
    for p in known:
        say(f"{p.id}  {p.title}  {_(p.trust)}  {p.fingerprint}")


@hq.command()
@click.argument("replica")
@click.pass_obj
def trust(obj: Context, replica: str) -> None:
    """Certify a laptop whose fingerprint was compared, and apply what it sent."""
    from fieldapp.sync import exchange

    peer, changes = exchange.trust(obj.open(), replica)
    say(_("{name} is certified; {n} changes applied.").format(name=peer.title, n=changes))


@hq.command("recovery-code")
@click.argument("replica")
@click.pass_obj
def recovery_code(obj: Context, replica: str) -> None:
    """Read the recovery code of a laptop to somebody whom you know, by telephone."""
    from fieldapp.sync import peers, recovery

    store = obj.open()
    peer = peers.find(store, replica)
    code = recovery.code_of(store, peer)
    note(_("{name}: read the groups one by one; the post types `fieldapp user recover --code`. Good once.").format(
        name=peer.title))  # fmt: skip
    say(code)


@hq.command("open-backup")
@click.argument("file", type=PATH)
@click.argument("dest", type=PATH)
@click.pass_obj
def open_backup(obj: Context, file: Path, dest: Path) -> None:
    """Open a backup that lay on a post's stick; the post restores it with `fieldapp restore`."""
    from fieldapp.sync import backup as backups

    say(str(backups.open_sealed(obj.open(), file, dest)))


@hq.command()
@click.argument("request", type=PATH)
@click.option("--compared", is_flag=True, help="The words were compared by telephone, and are the same.")
@click.pass_obj
def recover(obj: Context, request: Path, compared: bool) -> None:
    """Answer a laptop's request to be opened again; the answer is written beside the request."""
    from fieldapp.sync import recovery

    asked = recovery.read_request(obj.open(), request)
    say(_("{user} at {laptop} asks. Let him read these words by telephone:").format(
        user=asked.user, laptop=asked.laptop))  # fmt: skip
    say(f"  {asked.words}")
    if compared:
        say(str(recovery.answer(asked, request.parent)))
    else:
        note(_("If they are the same, give the same again with --compared. Nothing was given out yet."))


@hq.command()
@as_json
@click.pass_obj
def conflicts(obj: Context, as_json: bool) -> None:
    """Cells that two people set without knowing of each other."""
    from fieldapp.sync import merge

    found = merge.conflicts(obj.open())
    if as_json:
        say_json(found)
        return
    for c in found:
        w, loser = c["winner"], c["loser"]
        say(f"{c['id']}: {c['table']} {c['column']}: {w['value']} ({w['actor']}, {w['at']})"
            f" ≠ {loser['value']} ({loser['actor']}, {loser['at']})")  # fmt: skip


@hq.command()
@click.argument("conflict", metavar="ID")
@click.option("--take", type=click.Choice(["winner", "loser"]), required=True, help="The value that is right.")
@click.pass_obj
def resolve(obj: Context, conflict: str, take: Any) -> None:
    """Settle a conflict: the value is written as a change, and all laptops take it."""
    from fieldapp.sync import resolve as conflict_work

    conflict_work.resolve(obj.open(), conflict, take)
    note(_("Settled."))


@hq.command()
@click.pass_obj
def adopt(obj: Context) -> None:
    """Take over the work of a copied disk that no laptop brings any more: it is in quarantine, and counts then."""
    from fieldapp.sync import relog

    say(_("{n} parts of logs were taken over.").format(n=relog.adopt(obj.open())))


@hq.command()
@as_json
@click.pass_obj
def quarantine(obj: Context, as_json: bool) -> None:
    """What was refused, and what waits."""
    from fieldapp.sync import exchange

    state = exchange.status(obj.open())
    if as_json:
        say_json({"quarantined": state.quarantined, "held": state.held, "set_aside": state.set_aside})
        return
    for line in (*state.quarantined, *state.held, *state.set_aside):
        say(line)


@hq.command("open-data")
@click.argument("dest", type=PATH)
@click.option("--personal", is_flag=True, help="With the columns that say who a person is.")
@as_json
@click.pass_obj
def open_data(obj: Context, dest: Path, personal: bool, as_json: bool) -> None:
    """All records for analysts, into the new folder DEST: SQLite, CSV and a data dictionary, not encrypted."""
    from fieldapp.reports import open_data as records

    written = records.write(obj.open(), dest, personal=personal)
    if as_json:
        say_json(written)
        return
    count = sum(written.rows.values())
    say(_("{path}: {n} rows in {tables} tables.").format(path=dest, n=count, tables=len(written.rows)))
    if written.left_out:
        note(_("Left out as personal: {columns}.").format(columns=", ".join(written.left_out)))
    note(_("{path} is written. It is not encrypted: keep it as the paper it is.").format(path=dest))


@hq.command("publish")
@click.argument("url", required=False, metavar="URL")
@click.option("--partitions", type=click.IntRange(1, 1024), help="Parts of each table, by post; counts at a new load.")
@click.option("--server", "servers", multiple=True, help="A foreign server that holds parts too; several are allowed.")
@click.option("--anew", is_flag=True, help="Load everything again, beside what is there.")
@click.option("--sql", is_flag=True, help="Print what PostgreSQL will be told, and do nothing.")
@as_json
@click.pass_obj
def hq_publish(
    obj: Context,
    url: str | None,
    partitions: int | None,
    servers: tuple[str, ...],
    anew: bool,
    sql: bool,
    as_json: bool,
) -> None:
    """Mirror all records into the PostgreSQL at URL (postgresql://host/name, without a password): at first all of
    them, then what changed. The password comes from ~/.pgpass, a service or the environment."""
    from fieldapp.publish import mirror, server, tables

    if url is None and not sql:
        raise click.UsageError(_("Name the database, such as postgresql://host/name, or give --sql."))
    place = tables.Place(partitions or 4, servers) if partitions or servers or sql else None
    if sql:
        for statement in mirror.statements(obj.open(), place or tables.Place()):
            say(statement + ";")
        return
    assert url is not None
    server.check_url(url)
    done = mirror.publish(obj.open(), url, place, anew=anew)
    if as_json:
        say_json(done)
    elif done.loaded:
        say(_("Everything was loaded: {n} rows in {tables} tables.").format(n=done.rows, tables=len(done.tables)))
    else:
        say(_("{n} rows were brought up to date.").format(n=done.rows))


@hq.command("coverage")
@click.option("--months", type=click.IntRange(1, 36), default=6, show_default=True, help="How many, with this one.")
@click.option("--days", type=int, help="A post not heard of for longer is late; kept for the screen too.")
@as_json
@click.pass_obj
def hq_coverage(obj: Context, months: int, days: int | None, as_json: bool) -> None:
    """Who is missing: each post's months, what was heard of it last, what waits."""
    from fieldapp.reports import coverage

    store = obj.open()
    if days is not None:
        coverage.set_limit_days(store, days)
    found = coverage.coverage(store, date.today(), months)
    if as_json:
        say_json(found)
        return
    for post in found.posts:
        say(f"{'!' if post.late else '·'} {post.name} ({post.code}) · {coverage.heard_words(post)}"
            f" · {_('{n} to be looked at').format(n=post.waiting)}")  # fmt: skip
        say("    " + "  ".join(f"{m.month} {_(coverage.MARKS[m.state])}" for m in post.months))
        for line in coverage.details(post, found.limit_days):
            say(f"    {line}")


@hq.command("queue")
@click.option("--kind", help="Only records of this kind.")
@click.option("--post", metavar="CODE", help="Only this post's.")
@as_json
@click.pass_obj
def review_queue(obj: Context, kind: str | None, post: str | None, as_json: bool) -> None:
    """Records that wait to be looked at, changed ones first."""
    from fieldapp.store import desk, lists, records, words

    kinds = [records.model_of(kind).KIND] if kind else list(desk.REVIEWED)
    store = obj.open()
    post_id = lists.post_named(store, post)["id"] if post else None
    waiting = [one for k in kinds for one in desk.queue(store, k, post_id, limit=1000)]
    if as_json:
        say_json([{"kind": w.kind, "seen": w.seen, "again": w.again, **w.row} for w in waiting])
        return
    for one in waiting:
        name = words.labels(store, one.kind, [one.row["id"]])[one.row["id"]]
        say(f"{'~' if one.again else '·'} {one.row['id']}  {_(records.model_of(one.kind).TITLE)} · {name}")
    if not waiting:
        note(_("Nothing waits to be looked at."))


@hq.command("accept")
@click.argument("ids", nargs=-1, required=True)
@click.pass_obj
def accept(obj: Context, ids: Sequence[str]) -> None:
    """Accept records, all or none."""
    from fieldapp.store import desk

    store = obj.open()
    with store.transaction():
        for row_id in ids:
            desk.review(store, row_id, "accepted")
    note(_("{n} accepted.").format(n=len(ids)))


@hq.command("return")
@click.argument("id")
@click.option("--comment", required=True, help="What is to be mended.")
@click.option("--field", default="", help="The field that it is about, such as date_from or measures.")
@click.pass_obj
def send_back(obj: Context, id: str, comment: str, field: str) -> None:
    """Return a record to its post with a comment; the next reply carries it."""
    from fieldapp.store import desk

    say(desk.review(obj.open(), id, "returned", comment=comment, field=field))


# reports and care -----------------------------------------------------------------------------------------------


@cli.command()
@click.option("--from", "first", type=Day())
@click.option("--to", "last", type=Day())
@click.option("--period", "named", metavar="P", help="2026, 2026-11, 2026-Q4, 2026-H1 or term (2020–2025).")
@click.option("--unit", metavar="CODE", help="Only this unit and what belongs to it.")
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
    units: Any,
    by: Any,
    records: str | None,
    form: Any,
    out: Path | None,
    layout: Any,
    number: str,
    template: Path | None,
    personal: bool,
    as_json: bool,
) -> None:
    """The figures of a period; without dates, of this year up to today."""
    from fieldapp.reports import narrative, tables
    from fieldapp.reports.files.write import FORMS, write
    from fieldapp.reports.provenance import provenance
    from fieldapp.reports.query import Period, Query, period_of
    from fieldapp.reports.report import report as make
    from fieldapp.store import people

    today = date.today()
    period = period_of(named, today) if named else Period(first or date(today.year, 1, 1), last or today)
    if period.last < period.first:
        raise FieldappError(_("The end lies before the beginning."))
    query = Query(period, unit, post, units, today)
    if form in FORMS and (out is None or by or records or as_json):
        raise click.UsageError(_("A {form} file is the whole report: give --out FILE, without --by, --records, --json.")
                               .format(form=form))  # fmt: skip
    if form not in FORMS and out is not None:
        raise click.UsageError(_("--out is for --format docx, xlsx, pdf and html."))
    if template is not None and form != "docx":
        raise click.UsageError(_("--template is for --format docx."))
    store = obj.open()
    if form == "csv":
        people.check(store, people.Act.REPORT_FILES)
    if out is not None:
        write(store, query, form, out, layout=layout, number=number, template=template, personal=personal)
        note(_("{path} is written. It is not encrypted: keep it as the paper it is.").format(path=out))
        return
    if records:
        _show_behind(store, query, records, as_json)
        return
    if by:
        table = tables.table(store, query, by)
        if as_json or form == "json":
            say_json(table)
        else:
            say(narrative.as_table(table))
        return
    result = make(store, query)
    if as_json or form == "json":
        say_json({**result.as_json(), "computed_from": provenance(store)})
    elif form == "csv":
        click.echo(narrative.as_csv(result), nl=False)
    else:
        say(narrative.as_text(result))


@cli.command()
@layouts
@click.option("--json", "source", metavar="FILE|-", help="JSON object of the fields to change, - for stdin.")
@click.pass_obj
def letterhead(obj: Context, layout: Any, source: str | None) -> None:
    """Who a report comes from and goes to: show it, or change it."""
    from fieldapp.reports import letterhead as heads

    given = _read_json(source) if source is not None else {}
    if not isinstance(given, dict):
        raise FieldappError(_("A letterhead is a JSON object."))
    store = obj.open()
    kept = heads.keep(store, layout, given) if given else heads.letterhead(store, layout)
    say_json(kept.model_dump())


def _show_behind(store: Any, query: Any, named: str, as_json: bool) -> None:
    """The records that a figure counts, each with what it adds."""
    from fieldapp.reports.figures import behind, figures
    from fieldapp.store import words

    found = figures(store, query)
    figure = next((f for f in found if named in (f"{f.section}.{f.code}", f.code)), None)
    if figure is None:
        listed = ", ".join(f"{f.section}.{f.code}" for f in found)
        raise FieldappError(_("There is no figure {named} in this report. Figures: {listed}.").format(
            named=named, listed=listed or "–"))  # fmt: skip
    lines = behind(store, query, figure)
    if as_json:
        say_json(lines)
        return
    kinds = {line.kind for line in lines}
    labels = {k: words.labels(store, k, [x.record for x in lines if x.kind == k]) for k in kinds}
    for line in lines:
        amount = line.words if line.amount is None else str(line.amount)
        say(f"{line.record}  {line.day}  {amount or '–'}  {labels[line.kind][line.record]}")
    say(f"{figure.title}: {figure.text}")


@cli.command()
@click.option("--write", is_flag=True, help="Records can be changed too; otherwise they are only shown.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Otherwise one that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on: of this machine alone.")
@click.option("--network", is_flag=True, help="--host may be one that other machines reach; nothing is encrypted.")
@click.pass_obj
def serve(obj: Context, write: bool, port: int, host: str, network: bool) -> None:
    """The screen in a browser of this machine, until Ctrl+C; only to look at, unless --write."""
    import asyncio

    try:
        from fieldapp.browser import serve as browser
    except ImportError:
        raise FieldappError(_('This needs further libraries: pip install "fieldapp[hq]".')) from None

    def announce(address: str) -> None:
        say(address)
        note(_("Open it in a browser of this machine; it opens one, once. Ctrl+C ends it."))
        note(_("Records can be changed there.") if write else _("Records can be looked at there, not changed."))

    address = browser.checked_address(host, network=network)
    desk = browser.Desk(browser.program(obj.home, write=write))
    try:
        asyncio.run(browser.serve(desk, address, port, announce))
    except KeyboardInterrupt:
        note(_("Ended."))


@cli.command()
@click.option("--rebuild", is_flag=True, help="Fold the log again and mend what differs.")
@as_json
@click.pass_obj
def doctor(obj: Context, rebuild: bool, as_json: bool) -> None:
    """Check the file, the log's signatures, and that every record is what the log says."""
    from fieldapp.sync import doctor as examination

    store = obj.open()
    found = examination.examine(store, mend=rebuild)
    if found.file_errors and rebuild:
        from fieldapp.sync import salvage

        store, lost = salvage.salvage(store)
        for line in lost.lines():
            note(line)
        found = examination.examine(store, mend=True)
    if as_json:
        say_json(found)
    else:
        for line in found.lines():
            say(line)
    if not found.healthy:
        sys.exit(1)


@cli.command()
@click.argument("dest", type=PATH, required=False)
@as_json
@click.pass_obj
def backup(obj: Context, dest: Path | None, as_json: bool) -> None:
    """Write a backup of everything into the folder DEST, or beside the automatic ones; work may go on meanwhile."""
    from fieldapp.sync import backup as backups

    store = obj.open()
    folder = dest or store.home / backups.FOLDER
    if dest is None:
        folder.mkdir(mode=0o700, exist_ok=True)
    made = backups.write(store, folder)
    if as_json:
        say_json(made)
        return
    say(str(made.path))
    note(_("{size} bytes, read back and compared. The passphrases of today open it.").format(size=made.size))


@cli.command()
@click.argument("file", type=PATH)
@click.pass_obj
def restore(obj: Context, file: Path) -> None:
    """Make the replica of a backup in --home, where there must be none. Name the person by --user."""
    from fieldapp.sync import backup as backups

    user = obj.user or click.prompt(_("Who works?"), err=True)
    store = backups.restore(file, obj.home, user, _passphrase())
    say(_("{name} is restored in {home}. What headquarters has of later days comes back with its next reply.").format(
        name=store.identity.post_name or store.identity.name, home=obj.home))  # fmt: skip
    store.close()


@cli.command()
@click.argument("dest", type=PATH)
@click.option("--platform", type=click.Choice(["windows", "linux", "all"]), default="all", show_default=True)
@click.option("--python", "pythons", type=click.Choice(["3.11", "3.12", "3.13"]), multiple=True,
              help="Only for this Python; may be given several times. Otherwise for all three.")  # fmt: skip
@click.option("--python-installer", type=PATH, metavar="FILE", help="Python for Windows, .exe or embeddable .zip.")
@click.option("--unsigned", is_flag=True, help="Headquarters signs it later, by `hq sign-kit`.")
@click.pass_obj
def kit(
    obj: Context,
    dest: Path,
    platform: str,
    pythons: Sequence[str],
    python_installer: Path | None,
    unsigned: bool,
) -> None:
    """Make a kit in the folder DEST that installs everything without a network. Needs a package index, once."""
    from fieldapp.kit import gather

    store = None if unsigned else obj.open()
    platforms = list(gather.PLATFORMS) if platform == "all" else [platform]
    made = gather.make(dest, gather.targets(platforms, pythons or gather.PYTHONS), note, python_installer)
    say(str(made))
    if store is None:
        note(_("Nobody has signed it yet: `fieldapp hq sign-kit {kit}` at headquarters.").format(kit=made))
    else:
        _sign_kit(store, made)


def _sign_kit(store: Any, folder: Path) -> None:
    from fieldapp.kit import gather

    words = gather.sign(store, folder)
    note(_("Signed. Whoever installs it reads these words:"))
    note(f"  {words}")


@cli.command()
@click.argument("kit", type=PATH)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def upgrade(obj: Context, kit: Path, yes: bool) -> None:
    """Take the new version in KIT: checked, tried on a copy of the records, and only then in use."""
    from fieldapp.kit import upgrade as upgrades

    store = obj.open()
    found = upgrades.examine(store, kit)
    say(_("{version}, signed by {signer} ({fingerprint}).").format(
        version=found.version, signer=found.signer, fingerprint=found.fingerprint))  # fmt: skip
    for line in found.lines:
        say(line)
    if not yes and not click.confirm(_("Upgrade to {version}?").format(version=found.version), err=True):
        note(_("Nothing was changed."))
        return
    upgrades.Upgrade(store, kit, found.version, note).run()


@hq.command("sign-kit")
@click.argument("kit", type=PATH)
@click.pass_obj
def sign_kit(obj: Context, kit: Path) -> None:
    """Check the files of a KIT that was made elsewhere, and sign their list."""
    _sign_kit(obj.open(), kit)


@cli.group()
def user() -> None:
    """People who use this laptop."""


ROLES = click.Choice(["recorder", "officer", "administrator"])


@user.command("list")
@as_json
@click.pass_obj
def user_list(obj: Context, as_json: bool) -> None:
    """Who uses this laptop, and what he may do."""
    from fieldapp.store import people

    found = people.people(obj.open())
    if as_json:
        say_json(found)
        return
    for person in found:
        say(f"{person.name}  {people.role_name(person.role)}")


@user.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, default="recorder", show_default=True)
@click.pass_obj
def user_add(obj: Context, name: str, role: str) -> None:
    """Let a further person in; an administrator opens the file."""
    from fieldapp.store import people

    store = obj.open()
    people.check(store, people.Act.USERS)
    people.add(store, name, _new_passphrase(), people.Role(role))
    note(_("{name} can work on this laptop now.").format(name=name))


@user.command("role")
@click.argument("name")
@click.argument("role", type=ROLES)
@click.pass_obj
def user_role(obj: Context, name: str, role: str) -> None:
    """Give somebody another role."""
    from fieldapp.store import people

    people.set_role(obj.open(), name, people.Role(role))
    note(_("{name}: {role} from now on.").format(name=name, role=people.role_name(people.Role(role))))


@user.command("remove")
@click.argument("name")
@click.pass_obj
def user_remove(obj: Context, name: str) -> None:
    """Let somebody in no longer; what he recorded stays."""
    from fieldapp.store import people

    people.remove(obj.open(), name)
    note(_("{name} can no longer open this laptop. What he recorded stays.").format(name=name))


@user.command("setting")
@click.option("--lock-minutes", type=click.IntRange(0, 600), help="The screen locks after so long; 0 is never.")
@click.option("--stick-backup", type=click.Choice(["on", "off"]), help="A backup beside each export.")
@click.pass_obj
def user_setting(obj: Context, lock_minutes: int | None, stick_backup: str | None) -> None:
    """What holds on this laptop for all."""
    from fieldapp.store import people

    store = obj.open()
    people.check(store, people.Act.USERS)
    for key, value in (("lock_minutes", lock_minutes), ("stick_backup", stick_backup)):
        if value is not None:
            store.set_setting(key, str(value))
        say(f"{key}: {store.setting(key, '–')}")


@user.command("passphrase")
@click.pass_obj
def user_passphrase(obj: Context) -> None:
    """Take a new passphrase."""
    from fieldapp.store import people

    store = obj.open()
    people.change_passphrase(store, _new_passphrase())
    note(_("The new passphrase holds from now on."))


@user.command("code")
@click.pass_obj
def user_code(obj: Context) -> None:
    """Make a new recovery code: a post sends it to headquarters, headquarters keeps its own in the safe."""
    from fieldapp.store import people
    from fieldapp.sync import recovery

    store = obj.open()
    people.check(store, people.Act.USERS)
    _show_code(store, recovery.renew_code(store))


def _show_code(store: Any, code: str) -> None:
    """Headquarters has nobody to call: it writes its code down."""
    if store.identity.role == "hq":
        say(_("Recovery code. Write it down and lock it in the safe; it opens this file without a passphrase:"))
        say(f"  {code}")
    else:
        note(_("The new code goes to headquarters with the next bundle."))


@user.command("recover")
@click.argument("answer", type=PATH, required=False)
@click.option("--code", is_flag=True, help="With the code that headquarters read out by telephone.")
@click.option("--request", type=PATH, metavar="FOLDER", help="Without a code: write a request for headquarters there.")
@click.pass_obj
def user_recover(obj: Context, answer: Path | None, code: bool, request: Path | None) -> None:
    """Open the laptop again when the passphrase is forgotten: call headquarters. Name the person by --user."""
    from fieldapp.sync import recovery

    if sum(map(bool, (answer, code, request))) != 1:
        raise click.UsageError(_("Give --code, --request FOLDER, or the file with headquarters' answer."))
    if answer is not None:
        name = recovery.accept(obj.home, answer, _passphrase())
        note(_("{name} can work on this laptop again.").format(name=name))
        return
    name = obj.whose()
    if code:
        heard = click.prompt(_("Recovery code"), err=True)
        recovery.accept_code(obj.home, name, heard, _new_passphrase()).close()
        note(_("{name} can work on this laptop again.").format(name=name))
        note(_("The code is used up; the next export takes a new one to headquarters."))
    elif request is not None:
        path, words = recovery.request(obj.home, name, _new_passphrase(), request)
        say(str(path))
        note(_("Carry it to headquarters, and read them these words by telephone:"))
        say(f"  {words}")


def _new_passphrase() -> str:
    named = os.environ.get("FIELDAPP_NEW_PASSPHRASE_FILE")
    if named:
        return _from_file(named)
    text: str = click.prompt(_("New passphrase"), hide_input=True, confirmation_prompt=True, err=True)
    return text


def _no_core_dump() -> None:
    """What is in memory is not for the disk."""
    try:
        import resource
    except ImportError:  # Windows has none to forbid
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """The console script: no traceback reaches a user."""
    os.environ.setdefault(
        "PYDANTIC_DISABLE_PLUGINS", "1"
    )  # looking for some among all packages takes a tenth of a start
    _no_core_dump()
    context = Context()
    try:
        cli.main(prog_name="fieldapp", standalone_mode=False, obj=context)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        note(_("Broken off. Nothing was changed."))
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except FieldappError as error:
        note(str(error))
        if isinstance(error, Unsure):
            note(_("If it is right, give the same again with --confirm."))
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        from fieldapp.crash import log_crash
        from fieldapp.store import trouble

        told = trouble.explain(error)
        if told is not None:
            note(str(told))
            sys.exit(1)

        note(_("Something unexpected happened. What was confirmed is safe. The details are in {path}.").format(
            path=log_crash(error, context.home)))  # fmt: skip
        sys.exit(1)
