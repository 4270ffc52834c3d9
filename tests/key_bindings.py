"""All bindings of the program."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from textual.actions import parse
from textual.binding import Binding
from textual.dom import DOMNode

import fieldapp.tui


def bindings() -> Iterator[tuple[str, str, str, str]]:
    """(class, key, action without its parameters, words) of each binding of our own."""
    for name, made in _made():
        for key in made.key.split(","):
            yield name, key, made.action.partition("(")[0], made.description


def moved_actions() -> set[str]:
    """The actions to which a key of older versions points."""
    return {str(action) for _name, made in _made() if "moved(" in made.action for action in parse(made.action)[2]}


def _made() -> Iterator[tuple[str, Binding]]:
    for module in walk_packages(fieldapp.tui.__path__, "fieldapp.tui."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                for made in vars(value).get("BINDINGS", ()):
                    assert isinstance(made, Binding), f"{value.__name__}: name the words of {made}"
                    yield value.__name__, made
