"""The kinds of record as menus have them: in which order, under which heading, and who writes them."""

from collections.abc import Iterable

from fieldapp.domain.model import Record
from fieldapp.i18n import _

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


def section_title(model: type[Record]) -> str:
    """The heading under which a kind stands."""
    return _sections()[model.__module__.rpartition(".")[2]]


def _sections() -> dict[str, str]:
    """Module of ``domain`` -> its heading, in the order of the menu."""
    return {
        "assistance": _("What was done for the people"),
        "party": _("Party activity in the hamlets"),
        "coordination": _("Coordination with local bodies"),
        "reference": _("Reference data"),
    }
