"""The program with its commands: whatever is given before and after them is read here."""

import importlib
import sys
from typing import NoReturn

import click

from fieldapp.cli import wording
from fieldapp.cli.base import Context, cli, print_message
from fieldapp.cli.working import LINE
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _

__all__ = ["Context", "cli", "end", "run"]

COMMANDS = ("records", "sheets", "double_entry", "sync", "reports", "papers", "hq", "laptop", "user")
"""The modules with commands; each adds its own to ``cli``"""

OF_EXTRAS = ("aiohttp", "docx", "fpdf", "jinja2", "lxml", "packaging", "psycopg", "textual_serve")
"""Modules of the extra ``hq``: imported only where they are needed, before anything is done"""


def _make_commands() -> None:
    for name in COMMANDS:
        importlib.import_module(f"fieldapp.cli.{name}")
    wording.speak(cli)


cli.make = _make_commands


def run() -> None:
    """Do what the command line says."""
    wording.speak(cli)
    context = Context()
    try:
        try:
            cli.main(prog_name="fieldapp", standalone_mode=False, obj=context)
        finally:
            LINE.end()
    except Exception as error:
        end(error, context)


def end(error: BaseException, context: Context) -> NoReturn:
    """End the process after an error: with a sentence, never with a traceback."""
    if isinstance(error, click.exceptions.Exit):
        sys.exit(error.exit_code)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        print_message(_("Cancelled. Nothing was changed."))
    elif isinstance(error, click.ClickException):
        error.show()
        sys.exit(error.exit_code)
    elif isinstance(error, FieldappError):
        print_message(str(error))
        if isinstance(error, NeedsConfirmation):
            print_message(_("If it is right, give the same again with --confirm."))
    elif isinstance(error, BrokenPipeError):
        sys.stderr.close()
    elif isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in OF_EXTRAS:
        print_message(_('This needs a further library: pip install "fieldapp[hq]". Nothing was changed.'))
    else:
        _tell_unexpected(error, context)
    sys.exit(1)


def _tell_unexpected(error: BaseException, context: Context) -> None:
    from fieldapp.crash import is_short_of_memory, log_crash, unexpected
    from fieldapp.store import disk_errors, migrations

    disk_error = disk_errors.disk_error_text(error, context.home)
    if disk_error is not None:
        print_message(str(disk_error))
        return
    path = log_crash(error, context.home)
    lacking = migrations.explain(context.store.db) if context.store and not is_short_of_memory(error) else None
    print_message(str(lacking or unexpected(error, path)))
