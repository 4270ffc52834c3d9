"""What a reviewer's comment is about: a field, a measure, or the whole record."""

from collections.abc import Sequence
from typing import Any, ClassVar

from fieldapp.i18n import _
from fieldapp.records.reviews import Comment
from fieldapp.tui.screens.finder import Finder, Group
from fieldapp.tui.widgets.scrolling import cut
from fieldapp.vietnamese.finding import FAR
from fieldapp.vietnamese.text import tidy

WIDTH = 64
"""Columns for a line of the list"""


class PlaceFinder(Finder):
    """Dismisses with the comment that is to be written, at the place that was chosen, or with None.

    What fits no place is the comment itself, on the whole record: nobody types it twice.
    """

    ASKS: ClassVar[str] = "type a field, a measure, or the comment itself"

    def __init__(self, places: Sequence[tuple[Comment, str]]) -> None:
        super().__init__(_("What is the comment about?"), [("", [(one, cut(title, WIDTH)) for one, title in places])])

    def groups(self, typed: str) -> list[Group]:
        """The places, and what is typed as a comment on the whole record."""
        begun = tidy(typed)
        said = [(Comment(begun), _("“{comment}”: about the whole record").format(comment=begun))] if begun else []
        return [*super().groups(typed), ("", said)]

    def _nearness(self, typed: str, value: Any, name: str) -> int | None:
        """What is typed is a comment only if it fits the title of no place; what the record says there is no title."""
        return FAR - 1 if value.comment else super()._nearness(typed, value, name.partition(" · ")[0])
