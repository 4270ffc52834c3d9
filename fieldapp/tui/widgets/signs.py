"""The sign of a record in a list, and the legend that says what the signs mean."""

from collections.abc import Collection, Mapping

from textual.content import Content
from textual.widgets import Static

from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.sync.exchange import status
from fieldapp.sync.exchange.status import OnWay
from fieldapp.tui.widgets.lines import put

SIGNS = {"unsent": "·", "awaited": "→", "received": "✓", "returned": "↩", "voided": "×"}
"""State of a record -> its sign"""
STATE_WORDS = {  # what is awaited, ``status`` says
    "unsent": "not sent",
    "received": "HQ has it",
    "returned": "returned",
    "voided": "voided",
}


def sign(row_id: str, *, voided: bool, returned: Collection[str], on_way: Mapping[str, OnWay]) -> str:
    """The sign of a record's state: the last one of the legend that holds."""
    state = "voided" if voided else "returned" if row_id in returned else on_way.get(row_id, "received")
    return SIGNS[state]


def state_text(store: Store, state: str) -> str:
    """The sign of a state, and what it means."""
    return f"{SIGNS[state]} {status.awaited_text(store) if state == 'awaited' else _(STATE_WORDS[state])}"


class Legend(Static):
    """What the signs mean, on one line below a list; at headquarters only those that it can have."""

    DEFAULT_CSS = "Legend { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, store: Store) -> None:
        super().__init__(Content(_meanings(store)))

    def renew(self, store: Store) -> None:
        """Say it again: a bundle may have been written meanwhile."""
        put(self, _meanings(store))


def _meanings(store: Store) -> str:
    states = (s for s in SIGNS if store.role == "post" or s not in ("unsent", "awaited"))
    return "  ".join(state_text(store, state) for state in states)
