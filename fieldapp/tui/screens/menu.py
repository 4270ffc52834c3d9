"""The menu of the kinds of record, made from the models."""

from collections.abc import Iterable
from typing import Literal

from fieldapp.domain.model import Record
from fieldapp.domain.records import RECORDS
from fieldapp.i18n import _
from fieldapp.records.records import writable
from fieldapp.store.store import Store
from fieldapp.tui.screens.finder import Finder, Group

FIRST = (
    "activity",
    "meeting",
    "introduction",
    "member",
    "household_charge",
    "matter",
    "agreement",
    "self_management_group",
    "party_cell",
    "plan",
    "kind_field",
)
"""What is written most comes first; the others follow in the models' order."""


def by_use(models: Iterable[type[Record]]) -> list[type[Record]]:
    """The models, those that are written most first."""
    return sorted(models, key=lambda m: FIRST.index(m.KIND) if m.KIND in FIRST else len(FIRST))


class KindMenu(Finder):
    """Dismisses with the chosen kind, or None."""

    HELP = "Choose the kind of record with the arrows and Enter, or type a word of its name."

    def __init__(self, store: Store, purpose: Literal["write", "look"]) -> None:
        writes = purpose == "write"
        models = by_use(m for m in RECORDS if (writable(store, m) if writes else m.TOP))
        named = [(m, (m.KIND, _(m.TITLE if writes else m.PLURAL))) for m in models]
        groups: list[Group] = [
            (title, [choice for model, choice in named if _section(model) == section])
            for section, title in _sections().items()
        ]
        super().__init__(_("What to record?") if writes else _("Which book to open?"), groups)


def _sections() -> dict[str, str]:
    """Module of ``domain`` -> its heading, in the order of the menu."""
    return {
        "assistance": _("What was done for the people"),
        "party": _("Party activity in the hamlets"),
        "coordination": _("Coordination with local bodies"),
        "reference": _("Reference data"),
    }


def _section(model: type[Record]) -> str:
    return model.__module__.rpartition(".")[2]
