"""All bindings of the program."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from textual.binding import Binding
from textual.dom import DOMNode

import fieldapp.tui
from fieldapp.tui.key_grammar import ALIASES


def bindings() -> Iterator[tuple[str, str, str, str]]:
    """(class, key, action without its parameters, words) of each binding of our own."""
    for module in walk_packages(fieldapp.tui.__path__, "fieldapp.tui."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                for made in vars(value).get("BINDINGS", ()):
                    assert isinstance(made, Binding), f"{value.__name__}: name the words of {made}"
                    for key in made.key.split(","):
                        yield value.__name__, ALIASES.get(key, key), made.action.partition("(")[0], made.description
