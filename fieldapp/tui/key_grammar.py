"""What each key means, on every screen. ``tests/tui/test_key_grammar.py`` holds all bindings to it.

A key has one meaning, and an action one key. A new action is entered here, beside the key whose meaning it has.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Meaning(NamedTuple):
    """What a key means, and the actions that mean this."""

    words: str
    actions: frozenset[str]


def _means(words: str, *actions: str) -> Meaning:
    return Meaning(words, frozenset(actions))


MEANINGS: Mapping[str, Meaning] = {
    "enter": _means(
        "open, take, go on; record at the end",
        "submit",
        "submit_comment",
        "submit_last",
        "select",
        "work",
        "take",
        "app.focus_next",
    ),
    "escape": _means("back one step", "back", "close", "leave", "app.quit"),
    "f1": _means("help", "help", "app.help"),
    "f2": _means(
        "record, save, carry out: what the screen is for",
        *("write", "save", "record", "finish", "start", "add", "file", "change", "accept", "certify"),
        *("release", "take_back", "settle"),
    ),
    "f3": _means("find", "search", "app.search"),
    "f4": _means(
        "choose from a list", "books", "open", "narrow", "length", "open_record", "laptops", "photographs", "sort"
    ),
    "f5": _means("again, as before", "copy", "pin", "key_again", "renew", "recover", "fetch"),
    "shift+f5": _means("all as before", "copy_all"),
    "f6": _means(
        "many or all at once",
        *(
            "meetings",
            "posts",
            "decide",
            "quick",
            "templates",
            "take_along",
            "all_present",
            "all",
            "more",
            "accept_all",
            "from_sheet",
        ),
    ),
    "f7": _means(
        "look otherwise, look at what waits",
        *(
            "review",
            "voided",
            "retired",
            "state",
            "units",
            "split",
            "batches",
            "files",
            "arrivals",
            "preview",
            "fields",
        ),
    ),
    "f8": _means("report, figures, papers", "report", "bars", "rates", "plans_file", "papers"),
    "f9": _means("USB", "usb"),
    "f12": _means("input method", "typing"),
    "delete": _means(
        "take away, after a question where it cannot be undone",
        *("void", "retire", "send_back", "remove", "discard", "forget", "clear", "stop", "revoke", "take_sheet_back"),
    ),
    "space": _means("mark", "mark", "select"),
    "minus": _means("excused, with the reason", "excuse"),
    "tab": _means("the other part", "other"),
    "shift+tab": _means("the field before", "app.focus_previous"),
    "ctrl+p": _means("go to", "palette"),
    "ctrl+l": _means("lock", "lock"),
    "ctrl+q": _means("quit", "quit"),
    "ctrl+z": _means("undo", "undo"),
    "ctrl+y": _means("redo", "redo"),
    "ctrl+backspace": _means("take the word before away", "delete_left_word"),
    "ctrl+delete": _means("take the word after away", "delete_right_word"),
}

MOVES = frozenset({"up", "down", "left", "right", "pageup", "pagedown", "home", "end", *"0123456789"})
"""Keys that only move"""
EVERYWHERE = frozenset({"ctrl+p", "ctrl+l", "ctrl+q", "ctrl+z", "ctrl+y", "ctrl+backspace", "ctrl+delete"})
"""Keys that work on all screens, or in all fields: F1 names them, footers need not"""
ON_PAGES = frozenset({"f3", "f8", "f9"})
"""Keys that open the search, the report and the USB screen from every page that has no other work for them"""
