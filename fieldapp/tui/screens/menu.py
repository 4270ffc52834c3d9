"""Which kind of record: made from the models."""

from collections.abc import Iterable
from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.model import Record
from fieldapp.domain.records import RECORDS
from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.tui.screens.base import Chooser, Dialog

FIRST = ("activity", "meeting", "introduction", "member", "event")
"""What is written most comes first; the others follow in the models' order."""


def writable(store: Store, model: type[Record]) -> bool:
    """Whether this replica's people enter records of the kind."""
    return model.TOP and (store.identity.role == "hq") == model.REFERENCE


def by_use(models: Iterable[type[Record]]) -> list[type[Record]]:
    """Those that are written most first."""
    return sorted(models, key=lambda m: FIRST.index(m.KIND) if m.KIND in FIRST else len(FIRST))


class KindMenu(Dialog):
    """Dismisses with the chosen kind, or None."""

    HELP = "Choose the kind of record with the arrows and Enter."

    def __init__(self, store: Store, purpose: Literal["write", "look"]) -> None:
        super().__init__()
        self._models = by_use(m for m in RECORDS if (writable(store, m) if purpose == "write" else m.TOP))
        self._title = _("What to record?") if purpose == "write" else _("Which book to open?")
        self._titles = [_(m.TITLE) if purpose == "write" else _(m.PLURAL) for m in self._models]

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(Content(self._title), classes="section")
            yield Chooser(*[Option(Content(f" {t}")) for t in self._titles], markup=False)
        yield Footer(show_command_palette=False, compact=True)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._models[event.option_index].KIND)
