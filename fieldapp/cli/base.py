"""What all commands share: the options before them, how they ask, and how they answer."""

import json as jsonlib
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

import fieldapp
from fieldapp import textfile
from fieldapp.cli import USUAL_HOME, terminal
from fieldapp.cli.working import LINE
from fieldapp.errors import FieldappError, os_error_text, reason_text
from fieldapp.escaping import display_path, for_terminal
from fieldapp.i18n import _
from fieldapp.store import wall

if TYPE_CHECKING:
    from fieldapp.cli.columns import Rows
    from fieldapp.store.store import Store

IN_PART = 3
SHORT = 60
"""Letters of what a command does, in the line that says so"""
_SURROGATE = re.compile("[\ud800-\udfff]")
"""How Python spells a byte of a file name that is not UTF-8: JSON can escape it, UTF-8 cannot encode it"""


class Context:
    """The options before the command; opens the replica when a command needs it."""

    def __init__(self) -> None:
        self.home = USUAL_HOME
        self.user: str | None = None
        self.today: date | None = None
        """the day that the person says it is"""
        self.store: Store | None = None
        """the replica, once a command has opened it"""

    def open(self) -> "Store":
        """The unlocked replica; the passphrase is asked for, or read from ``FIELDAPP_PASSPHRASE_FILE``."""
        from fieldapp import replica

        user = self.whose()
        passphrase = ask_passphrase() if user else ""
        with LINE.doing(_("Opening …")):
            self.store = replica.unlock(self.home, user, passphrase)
            ask_day(self.store, self.today)
            for line in replica.notices_at_start(self.store):
                print_message(line)
        return self.store

    def open_as_it_is(self) -> "Store":
        """The unlocked replica, without what ``open`` computes from its records: they may lie on damaged pages."""
        from fieldapp.store.store import Store

        user = self.whose()
        passphrase = ask_passphrase() if user else ""
        with LINE.doing(_("Opening …")):
            self.store = Store.unlock(self.home, user, passphrase)
        return self.store

    def whose(self) -> str:
        """Who works: the person named by --user, or the only user; empty if there is nobody yet."""
        from fieldapp.store import vault

        names = vault.users(self.home)
        if self.user is None and len(names) > 1:
            raise FieldappError(_("Several people use this laptop: name one by --user ({names}).").format(
                names=", ".join(names)))  # fmt: skip
        return (self.user or names[0]) if names else self.user or ""


def ask_day(store: "Store", today: date | None) -> None:
    """Where the machine's clock cannot be right, ask which day it is: on a terminal; otherwise only say so.

    ``today``: the day that was given by ``--today``.
    """
    from fieldapp.sync.format import clock

    if today is not None:
        clock.confirm(store, today)
    doubt = clock.doubt(store) if store.day_unknown else None
    if doubt is None:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print_message(str(clock.warning(store)))
        return
    print_message(doubt.sentence)
    while store.day_unknown:
        typed = ask(_("Which day is it today? (dd/mm/yyyy)"), type=DAY)
        try:
            clock.confirm(store, typed)
        except FieldappError as error:
            print_message(str(error))


def ask(question: str, **how: Any) -> Any:
    """What the person at the terminal answers; ``how`` as of ``click.prompt``."""
    with LINE.aside():
        return click.prompt(question, err=True, **how)


def agrees(question: str) -> bool:
    """Whether the person at the terminal says yes."""
    with LINE.aside():
        return click.confirm(question, err=True)


def agrees_to(sentences: Sequence[str], question: str, yes: bool) -> bool:
    """Say what will happen, and ask on a terminal. True without asking if ``yes`` or in a script."""
    for sentence in sentences:
        print_message(sentence)
    if yes or not sentences or not sys.stdin.isatty() or agrees(question):
        return True
    print_message(_("Nothing was changed."))
    return False


def ask_passphrase(confirm: bool = False) -> str:
    named = os.environ.get("FIELDAPP_PASSPHRASE_FILE")
    if named:
        return _from_file(named)
    text: str = ask(_("Passphrase"), hide_input=True, confirmation_prompt=confirm)
    return text


def _from_file(named: str) -> str:
    from fieldapp.store import place

    if place.readable_by_others(Path(named)):
        print_message(
            _("Others on this machine can read the passphrase file {path}. Keep it to yourself: chmod 600").format(
                path=display_path(named)
            )
        )
    try:
        return textfile.read(Path(named)).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FieldappError(_("The passphrase file cannot be read: {why}.").format(why=reason_text(error))) from None


def print_text(text: str) -> None:
    """Print an answer. Terminal escapes in text that came from outside do not reach the terminal."""
    with LINE.aside():  # also while a pager has the terminal, and does not read on
        click.echo(for_terminal(text))


def print_table(rows: "Rows") -> None:
    """Print a table: in columns on a terminal, otherwise with a tab between two cells, as ``cut`` reads it."""
    if not sys.stdout.isatty():
        for row in rows:
            print_text("\t".join(row))
        return
    import shutil

    from fieldapp.cli.columns import in_columns

    for line in in_columns(rows, shutil.get_terminal_size().columns):
        print_text(line)


def goes_into_file() -> bool:
    """Whether standard output is a file."""
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def print_message(text: str) -> None:
    """Print a message on stderr, apart from the answer."""
    with LINE.aside():
        click.echo(for_terminal(text), err=True)


def print_json(value: Any) -> None:
    """Print one JSON document."""
    text = jsonlib.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    with LINE.aside():
        click.echo(_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _plain(value: Any) -> Any:
    import msgspec.structs

    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    return str(value)


def read_json(source: str) -> Any:
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return jsonlib.loads(textfile.decoded(data), object_pairs_hook=_without_repeats)
    except OSError as error:
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=source, why=os_error_text(error))) from None
    except (ValueError, RecursionError) as error:
        raise FieldappError(_("{path} is not JSON: {why}.").format(path=source, why=reason_text(error))) from None


def _without_repeats(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names are different: of two of one name Python would keep the last, without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        ((repeated, _times),) = Counter(name for name, _value in pairs).most_common(1)
        raise FieldappError(_("“{name}” stands twice in one JSON object. Keep one of them.").format(name=repeated))
    return found


class DayParam(click.ParamType[date]):
    """A date as people write it."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date; a usage error if it is not one."""
        from fieldapp.domain.dates import parse_date

        if isinstance(value, date):
            return value
        try:
            return parse_date(str(value), wall.today())
        except ValueError as error:
            self.fail(str(error), param, ctx)


DAY = DayParam()


class FileParam(click.Path):
    """A path; on Windows a name that no file can have is refused with a sentence."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path as a ``Path``."""
        from fieldapp.store import disk

        if value in ("", b""):  # of a variable that is not set: it would mean the folder of the command
            self.fail(_("The path is empty."), param, ctx)
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        disk.check_name(path)
        return path


PATH = FileParam(path_type=Path)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


confirmed = click.option(
    "--confirm", is_flag=True, help="Record unusual values too: they were asked about, and are right."
)


layouts = click.option("--layout", type=click.Choice(["decree30", "party"]), default="decree30", show_default=True,
                       help="Letters of offices (Decree 30/2020), or of the Party (Guide 36-HD/VPTW).")  # fmt: skip


json_source = click.option("--json", "source", required=True, metavar="FILE|-", help="JSON file, - for stdin.")


def typed() -> dict[str, str]:
    """The options and arguments that were given on the command line, as a person writes them: ``by`` -> ``--by``."""
    context = click.get_current_context()
    return {
        p.name: p.opts[0] if isinstance(p, click.Option) else p.make_metavar(context).strip("[].")
        for p in context.command.params
        if p.name and context.get_parameter_source(p.name) is ParameterSource.COMMANDLINE
    }


def refuse_idle(names: Iterable[str], beside: str) -> None:
    """Refuse options that do nothing ``beside`` others: whoever gives one believes that it has an effect."""
    given = typed()
    names = {*names}
    idle = [shown for name, shown in given.items() if name in names]
    if idle:
        raise click.UsageError(
            _("{options}: does nothing together with {beside}. Leave it out.").format(
                options=", ".join(idle), beside=beside
            )
        )


class Command(click.Command):
    """A command that says what it does, once it takes long."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        LINE.begin(self.get_short_help_str(SHORT))
        return super().invoke(ctx)


class Commands(click.Group):
    """Its commands are made when somebody asks for one: the screen opens without them."""

    command_class = Command
    group_class = type
    make: Callable[[], None] | None = None
    """Adds the commands to the group; None once it has done so"""

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        """Name -> command."""
        if self.make is not None:
            make, self.make = self.make, None
            make()
        return self._commands

    @commands.setter
    def commands(self, given: MutableMapping[str, click.Command]) -> None:
        self._commands = given


@click.group(cls=Commands, invoke_without_command=True)
@click.option("--home", type=PATH, envvar="FIELDAPP_HOME", default=USUAL_HOME, show_default=True,
              help="Folder of the workspace.")  # fmt: skip
@click.option("--user", envvar="FIELDAPP_USER", help="Who works, where several people use the laptop.")
@click.option("--today", type=DAY, metavar="DAY", help="The day, where the machine's clock is wrong: 30/11/2026.")
@click.option("--read-only", is_flag=True, help="Open the screen for reading only: nothing can be changed.")
@click.version_option(fieldapp.__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, home: Path, user: str | None, today: date | None, read_only: bool) -> None:
    """Offline-first field records for border posts. Without a command, the screen opens."""
    ctx.obj.home, ctx.obj.user, ctx.obj.today = home, user, today
    if ctx.invoked_subcommand is None:
        with terminal.silent():
            from fieldapp.tui.app import run_app

            run_app(home, read_only=read_only)
    elif read_only:
        raise click.UsageError(_("--read-only is for the screen: give it without a command."))


def ask_new_passphrase() -> str:
    named = os.environ.get("FIELDAPP_NEW_PASSPHRASE_FILE")
    if named:
        return _from_file(named)
    text: str = ask(_("New passphrase"), hide_input=True, confirmation_prompt=True)
    return text


def file_password(file: Path | None) -> str | None:
    """The first line of a file, or None if none is given."""
    if file is None:
        return None
    try:
        return textfile.read(file).partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=file, why=reason_text(error))) from None
