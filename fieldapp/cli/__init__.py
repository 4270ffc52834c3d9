"""The command line: everything that the screen does, for scripts. It only reads arguments and prints answers.

Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage, 3 done in part.
"""

import gc
import importlib
import io
import os
import sys

import click

from fieldapp.cli import wording
from fieldapp.cli.base import Context, cli, print_message
from fieldapp.cli.working import LINE
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _

__all__ = ["cli", "main"]

COMMANDS = ("records", "sync", "reports", "papers", "hq", "laptop", "user")
"""The modules with commands; each adds its own to ``cli``"""


def _make_commands() -> None:
    for name in COMMANDS:
        importlib.import_module(f"fieldapp.cli.{name}")
    wording.speak(cli)


cli.make = _make_commands


def _no_core_dump() -> None:
    """Forbid core dumps: what is in memory must not reach the disk."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _speak_utf8() -> None:
    """Read and write UTF-8 whatever the code page: cp1252 has no ế, and would record other letters than were given."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=stream.errors)


def collect_seldom() -> None:
    """Look for objects to throw away after each 50,000 new ones, not after 700: a start makes many, and no rubbish."""
    gc.set_threshold(50_000, 20, 20)


def main() -> None:
    """The console script: no traceback reaches a user."""
    # searching all packages for plugins takes a tenth of the start
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    collect_seldom()
    _no_core_dump()
    _speak_utf8()
    wording.speak(cli)
    context = Context()
    try:
        try:
            cli.main(prog_name="fieldapp", standalone_mode=False, obj=context)
        finally:
            LINE.end()
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        print_message(_("Cancelled. Nothing was changed."))
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except FieldappError as error:
        print_message(str(error))
        if isinstance(error, NeedsConfirmation):
            print_message(_("If it is right, give the same again with --confirm."))
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        from fieldapp.crash import is_short_of_memory, log_crash, unexpected
        from fieldapp.store import disk_errors, migrations

        disk_error = disk_errors.disk_error_text(error, context.home)
        if disk_error is not None:
            print_message(str(disk_error))
            sys.exit(1)
        path = log_crash(error, context.home)
        lacking = migrations.explain(context.store.db) if context.store and not is_short_of_memory(error) else None
        print_message(str(lacking or unexpected(error, path)))
        sys.exit(1)
