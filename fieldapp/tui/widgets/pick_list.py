"""A field with a list of choices that narrows down while one types: by code or words, without diacritics."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Blur
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from fieldapp.i18n import _
from fieldapp.records import lists, words
from fieldapp.store.store import Store
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.entry import Entry, EntryReading
from fieldapp.vietnamese.text import clean, name_key, search_key, typed_words

Choice = tuple[str, str]
"""The value and the words for it"""

Offer = Callable[[str, FormContext], Sequence[Choice]]
"""Gives the choices that fit the text typed so far"""

LIMIT = 60


class ChoiceMenu(OptionList, can_focus=False):
    """The list that drops down; the keys stay with the field."""

    DEFAULT_CSS = """
    ChoiceMenu, ChoiceMenu:focus {
        overlay: screen; constrain: inside inflect; display: none; height: auto; max-height: 10; width: 1fr;
        max-width: 72; margin: 0 1 1 22; padding: 0; border: solid $accent; background: $panel;
        scrollbar-size-vertical: 1;
    }
    ChoiceMenu.-open { display: block; }
    """

    def show(self, choices: Sequence[Choice]) -> None:
        """Offer these, the first one highlighted."""
        self.clear_options()
        self.add_options([Option(Content(f" {words}")) for _value, words in choices])
        if len(choices) >= LIMIT:
            self.add_option(Option(Content(_(" … type to narrow down")), disabled=True))
        self.highlighted = 0 if choices else None
        self._set_open(bool(choices))

    def hide(self) -> None:
        """Close the list."""
        self._set_open(False)

    def _set_open(self, is_open: bool) -> None:
        if is_open != self.has_class("-open"):
            self.set_class(is_open, "-open")
            self.screen.refresh_bindings()  # Esc closes the list, or leaves the form


class PickList(Entry):
    """A choice. ``data`` is the chosen value, or the text as typed while nothing is chosen: saving resolves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", _("Next choice"), show=False),
        Binding("up", "move(-1)", _("Previous choice"), show=False),
        Binding("f4", "open", _("Pick"), key_display="F4"),
        Binding("escape", "close", _("Close"), key_display="Esc"),
    ]

    def __init__(self, offer: Offer, name_of: Callable[[str], str]) -> None:
        super().__init__()
        self._offer = offer
        self._name_of = name_of
        self._taken: Choice | None = None
        self._choices: list[Choice] = []
        self._stale = True
        self.menu = ChoiceMenu(markup=False)

    def companion(self) -> Widget | None:
        return self.menu

    @property
    def data(self) -> Any:
        return self._taken[0] if self._taken else clean(self.value) or None

    @property
    def typed(self) -> Any:
        return {"value": self._taken[0], "text": self._taken[1]} if self._taken else {"text": self.value}

    def restore(self, typed: Any) -> None:
        text = str(typed["text"])
        self._show(typed.get("value"), text)

    def load(self, value: Any) -> None:
        self._show(value, "" if value is None else self._name_of(str(value)))

    def resolve_typed(self) -> str | None:
        """Take the typed text for a choice if it can mean only one."""
        text = clean(self.value)
        if self._taken or not text:
            return None
        choices = self._fitting(text)
        same = [c for c in choices if search_key(c[1]) == search_key(text)]
        if len(same or choices) == 1:
            self._show(*(same or choices)[0])
        return None

    def reading(self) -> EntryReading:
        if self._taken or not clean(self.value):
            return EntryReading()
        if not self._current():
            return EntryReading(_("not in the list"), understood=False)
        return EntryReading() if self.is_open else EntryReading(_("choose from the list: F4"), understood=False)

    @property
    def is_open(self) -> bool:
        """Whether the list is dropped down."""
        return self.menu.has_class("-open")

    def choose(self, choice: Choice) -> None:
        """Make a choice the field's value."""
        self._show(*choice)

    def watch_value(self, value: str) -> None:
        """Offer the choices that fit the current text."""
        if self._taken and value == self._taken[1]:
            return
        self._taken = None
        self._stale = True
        if value and self.is_mounted and self.screen.focused is self:  # the focus event may still be on its way
            self._drop_down()
        else:
            self.menu.hide()

    def _begin(self) -> None:
        """Begin a new search when somebody types over a choice: its words are not changed."""
        self._forget()
        super()._begin()

    def action_delete_left(self) -> None:
        """Remove the choice, or delete one character of a search."""
        if not self._forget():
            super().action_delete_left()

    def _forget(self) -> bool:
        taken = self._taken is not None
        if taken:
            self._show(None, "")
        return taken

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the list is closed, Esc and the arrows belong to the form."""
        if action in ("close", "move"):
            return self.is_open
        return super().check_action(action, parameters)

    def action_move(self, step: int) -> None:
        """Go up or down the open list."""
        if step > 0:
            self.menu.action_cursor_down()
        else:
            self.menu.action_cursor_up()

    def action_open(self) -> None:
        """Drop the whole list down, whatever is typed."""
        self._choices, self._stale = list(self._offer("", self.around)), False
        self.menu.show(self._choices)

    def action_close(self) -> None:
        """Close the list; what is typed stays."""
        self.menu.hide()

    async def action_submit(self) -> None:
        """Take the highlighted choice and go on to the next field."""
        at = self.menu.highlighted
        if self.is_open and at is not None and at < len(self._choices):
            self.choose(self._choices[at])
        self.menu.hide()
        await super().action_submit()

    def _on_blur(self, event: Blur) -> None:
        super()._on_blur(event)
        if self.screen.focused is not self:  # otherwise the event is late: somebody types here again
            self.menu.hide()
            self.resolve_typed()

    def _drop_down(self) -> None:
        self.menu.show(self._current())

    def _current(self) -> list[Choice]:
        if self._stale:
            self._choices, self._stale = self._fitting("" if self._taken else self.value), False
        return self._choices

    def _fitting(self, text: str) -> list[Choice]:
        return list(self._offer(text, self.around))

    def _show(self, value: str | None, text: str) -> None:
        self._taken = (value, text) if value is not None else None
        self._stale = True
        if self.value == text and self.is_mounted:
            self.post_message(self.Changed(self, text))
        self.value = text
        self.cursor_position = 0 if self._taken else len(text)  # a long choice is shown from its beginning


def reference_field(store: Store, kind: str) -> PickList:
    """A field that holds the id of a record of ``kind``; records in force on the day of the form come first.

    The record of the form itself is not offered.
    """

    def offered(text: str, context: FormContext) -> list[Choice]:
        found = lists.choices(store, kind, text, context.on, LIMIT)
        return [choice for choice in found if choice[0] != context.values.get("id")]

    return PickList(
        offered,
        lambda value: words.labels(store, kind, [value]).get(value, value),
    )


class HeirField(PickList):
    """Which of today's units is meant, after a unit was split; hidden while there is only one or none."""

    def __init__(self, store: Store, of: str) -> None:
        """``of``: name of the field that holds the unit."""
        super().__init__(
            lambda text, _context: fitting(self._successors, text),
            lambda value: words.labels(store, "unit", [value]).get(value, value),
        )
        self._store = store
        self._of = of
        self._unit: Any = None
        self._successors: list[Choice] = []

    @property
    def data(self) -> Any:
        return super().data if self.wanted else None

    @property
    def wanted(self) -> bool:
        return len(self._successors) > 1

    def follow(self, context: FormContext) -> None:
        super().follow(context)
        unit = context.values.get(self._of)
        if unit == self._unit:
            return
        self._unit = unit
        self._successors = lists.successors(self._store, str(unit)) if unit else []
        if self._successors and self.typed.get("value") not in [value for value, _words in self._successors]:
            self.load(None)


def code_field(codes: Sequence[str]) -> PickList:
    """A field that holds one of these codes, shown in the user's language."""
    return named_field([(code, _(words.choice_title(code))) for code in codes])


def named_field(named: Sequence[Choice]) -> PickList:
    """A field that holds one of a few values, each shown by its words."""
    return PickList(lambda text, _context: fitting(named, text), lambda value: dict(named).get(value, value))


def fitting(choices: Sequence[Choice], text: str) -> list[Choice]:
    """The choices that fit: each typed word begins one of their words, whatever the blanks in a name."""
    typed = [tuple(either) for either in typed_words(text)]
    return [c for c in choices if all(any(w.startswith(t) for w in name_key(c[1]).split()) for t in typed)]


def boolean_field() -> PickList:
    """A field that holds yes or no."""
    named = [("true", _("yes")), ("false", _("no"))]
    return BooleanPick(
        lambda text, _context: [c for c in named if c[1].startswith(text.strip().lower())],
        lambda value: _("yes") if value == "True" else _("no"),
    )


class BooleanPick(PickList):
    """A choice whose ``data`` is a truth value."""

    @property
    def data(self) -> Any:
        return {"true": True, "false": False}.get(str(super().data).lower())
