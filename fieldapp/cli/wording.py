"""What click itself says, and the help of the commands, in the user's language."""

import sys
from typing import Any

import click

from fieldapp.i18n import _

CLICK = (
    "Usage:",
    "Options",
    "Show this message and exit.",
    "Commands",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "No such option {name!r}.",
    "No such command {name!r}.",
    "Did you mean {possibility}?",
    "(Did you mean one of: {possibilities}?)",
    "Missing command.",
    "Missing argument",
    "Missing option",
    "Missing parameter",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "Choose from:\n\t{choices}",
    "{value!r} is not {choice}.",
    "{value!r} is not one of {choices}.",
    "{value!r} is not a valid {number_type}.",
    "{value} is not in the range {range}.",
    "Got unexpected extra argument ({args})",
    "Got unexpected extra arguments ({args})",
    "Option {name!r} requires an argument.",
    "Option {name!r} requires {nargs} arguments.",
    "Option {name!r} does not take a value.",
    "default: {default}",
    "required",
    "Repeat for confirmation",
    "Error: The two entered values do not match.",
    "Error: invalid input",
    "Aborted!",
    "Press any key to continue...",
    "Do you want to continue?",
)
"""click's own messages, as they stand in it"""
SHAPES = (
    "[OPTIONS]",
    "COMMAND [ARGS]...",
    "[COMMAND] [ARGS]...",
    "FILE",
    "FIGURE",
    "CODE",
    "FOLDER",
    "DIR",
    "BATCH",
    "REPLICA",
    "FILE|-",
    "P",
    "FIELD=VALUE",
    "TEXT",
    "DAY",
    "CODE|NAME",
    "INTEGER",
    "INTEGER RANGE",
    "DATE",
    "PATH",
    "DEST",
    "PERIOD",
    "PACK",
    "POST",
    "REQUEST",
    "KIT",
    "IDS",
    "NAME",
    "ANSWER",
    "KIND",
    "PATHS",
    "ARCHIVE",
    "CONFLICT",
    "OTHER",
    "TEMPLATE",
    "FILE|DIR",
)
"""What stands for values in the lines of usage"""


def speak(command: click.Command) -> None:
    """Put click's own messages, and the help of a command and of those below it, into the user's language.

    click takes its messages from gettext's global domain, by the environment of the process: what it calls is replaced.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("click."):
            for called, ours in (("_", _), ("ngettext", _one_or_many)):
                if hasattr(module, called):
                    setattr(module, called, ours)
    _translate(command)


def message_of(text: str) -> str:
    """The help of a command or an option as one message: a line for each paragraph."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def _one_or_many(one: str, many: str, n: int) -> str:
    return _(one if n == 1 else many)


def _translate(command: click.Command) -> None:
    command.help = _in_words(command, "help")
    command.options_metavar = _in_words(command, "options_metavar")
    vars(command)["_help_option"] = None  # made anew, in the language of now
    for param in command.params:
        if isinstance(param, click.Option):
            param.help = _in_words(param, "help")
        param.metavar = _in_words(param, "metavar") or _usual_metavar(param)
    if isinstance(command, click.Group):
        command.subcommand_metavar = _in_words(command, "subcommand_metavar") or ""
        if not getattr(command, "make", None):
            for below in command.commands.values():
                _translate(below)


def _in_words(part: click.Command | click.Parameter, name: str) -> str | None:
    """The translation of an attribute as the code gives it, whatever was put into it before."""
    given: Any = vars(part).setdefault("given", {}).setdefault(name, getattr(part, name))
    return _(message_of(given)) if given else None


def _usual_metavar(param: click.Parameter) -> str | None:
    """click's word for the value of an option or an argument, translated; None where it says more than a word."""
    if isinstance(param.type, click.Choice):
        return None
    if isinstance(param, click.Option):
        return None if param.is_flag or param.count else _(param.type.name.upper())
    word = _((param.name or "").upper())
    return (word if param.required else f"[{word}]") + ("..." if param.nargs != 1 else "")
