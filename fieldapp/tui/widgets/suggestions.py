"""A field for a text, with suggestions that may be taken and never must: Enter keeps what is typed."""

from collections.abc import Callable, Sequence
from typing import Any

from fieldapp.i18n import _
from fieldapp.records import near
from fieldapp.store.store import Store
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.entry import EntryReading
from fieldapp.tui.widgets.pick_list import PickList, fitting
from fieldapp.vietnamese.text import search_key, tidy

ID_LENGTH = 36
"""Of a unit that was chosen; else the field holds what is typed"""


class SuggestionField(PickList):
    """``data`` is the text. The list has what fits the letters typed so far, and what is just that text is left out;
    nothing in it is highlighted until ↓ or F4 asks for it."""

    def __init__(self, suggest: Callable[[FormContext], Sequence[str]]) -> None:
        """``suggest``: gives the texts that may be meant, the likeliest first; asked when the form changes."""
        super().__init__(lambda text, _context: self._fitting_texts(text), lambda value: value)
        self._suggest = suggest
        self._texts: Sequence[str] = ()

    def follow(self, context: FormContext) -> None:
        super().follow(context)
        texts = self._suggest(context)
        if texts != self._texts:
            self._texts, self._stale = texts, True
            if self.has_focus:  # F4 may work now, or no more
                self.screen.refresh_bindings()

    def _fitting_texts(self, text: str) -> list[tuple[str, str]]:
        offered = [(one, one) for one in self._texts if one != tidy(text)]
        return fitting(offered, text) if tidy(text) else offered

    @property
    def lacks(self) -> bool:
        return self.data is None

    @property
    def typed(self) -> Any:
        return self.value

    def restore(self, typed: Any) -> None:
        self._show(None, str(typed))
        self._hide()

    def load(self, value: Any) -> None:
        self.restore("" if value is None else str(value))

    def choose(self, choice: tuple[str, str]) -> None:
        self.restore(choice[1])

    def resolve_typed(self) -> str | None:
        return self.settle_old_letters()

    def reading(self) -> EntryReading:
        """Say of a text that is not in the list that it is taken all the same; nothing in blind keying."""
        text = search_key(self.value)
        known = not text or self.is_open or text in map(search_key, self._texts)
        return EntryReading("" if known or not self.around.adds else _("free text: not in the list yet"))

    @property
    def stands_whole(self) -> bool:
        return bool(self.value) and self.value == self.filled_in

    @property
    def makes_room(self) -> bool:
        return self.has_focus and self.stands_whole and not self.app.serves(self)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """F4 opens the list where there is one."""
        return (action != "open" or bool(self._texts)) and super().check_action(action, parameters)

    def take_highlighted(self) -> bool:
        choice = self.menu.choice
        self._hide()
        if choice is not None:
            self.choose(choice)
        return True

    def _drop_down(self) -> None:
        super()._drop_down()
        self._menu.highlighted = None
        if self._menu.is_open:
            self._menu.border_subtitle = _("↓ takes one; Enter keeps what is typed")


def hamlet_field(store: Store) -> SuggestionField:
    """The hamlet of a record, with those that are known in its commune; in blind keying nothing recorded is shown."""
    known: dict[str, Sequence[str]] = {}

    def suggest(context: FormContext) -> Sequence[str]:
        unit = str(context.values.get("unit_id") or "")
        if unit not in known:
            known.clear()
            known[unit] = near.hamlets(store, unit) if context.adds and len(unit) == ID_LENGTH else ()
        return known[unit]

    return SuggestionField(suggest)
