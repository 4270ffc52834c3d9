"""A field with a list of choices that narrows down while one types: by code or words, without diacritics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Blur
from textual.message import Message
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from fieldapp.domain import lengths
from fieldapp.domain.records import BY_KIND
from fieldapp.i18n import _
from fieldapp.records import lists, records, words
from fieldapp.store.store import Store
from fieldapp.tui.after_painting import Soon
from fieldapp.tui.host import Host
from fieldapp.tui.widgets.editor import FormContext
from fieldapp.tui.widgets.entry import Entry, EntryReading
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.scrolling import cut_apart
from fieldapp.vietnamese.finding import nearest, nearness
from fieldapp.vietnamese.text import search_key, spelling, tidy

Choice = tuple[str, str]
"""The value and the words for it"""

Offer = Callable[[str, FormContext], Sequence[Choice]]
"""Gives the choices that fit the text typed so far"""

LIMIT = 60
ROWS_IN_SIGHT, FEWEST_ROWS = 8, 3
"""Rows of a list that is dropped down: at most, and on a small screen; more are reached with the arrows"""
FRAME = 2
"""Lines of its frame, and columns"""
LEFT, WIDEST = 22, 72
"""Columns left of a list, below the labels; those that it takes at most"""


@dataclass(frozen=True)
class Addition:
    """A record that the list lacks and that can be added here: the last rows of the list offer it."""

    kind: str
    words: str
    """The row of the list"""
    typed: Mapping[str, Any] = field(default_factory=dict)
    """What the short form holds as if it was typed there"""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Values that it begins with"""


Additions = Callable[[str], Sequence[Addition]]
"""Gives what the list may be lacking of the text typed so far"""


Namesakes = Callable[[Sequence[str], str, FormContext], bool]
"""Says whether these values have one name for who typed this text, so that only what is shown beside it tells them
apart"""


def nothing(_text: str) -> Sequence[Addition]:
    """The additions of a list that is complete."""
    return ()


class ChoiceMenu(OptionList, can_focus=False):
    """The list that drops down; the keys stay with the field."""

    DEFAULT_CSS = """
    ChoiceMenu, ChoiceMenu:focus {
        overlay: screen; constrain: inside inflect; display: none; height: auto; max-height: 10; width: 1fr;
        max-width: 72; margin: 0 1 1 22; padding: 0; border: solid $accent; background: $panel;
        scrollbar-size-vertical: 1; text-wrap: nowrap; text-overflow: ellipsis;
        border-subtitle-color: $text-muted;
    }
    ChoiceMenu.-open { display: block; }
    """

    choices: Sequence[Choice] = ()
    additions: Sequence[Addition] = ()
    _footer: KeyFooter | None = None

    def show(self, choices: Sequence[Choice], additions: Sequence[Addition] = (), *, unsure: bool = False) -> None:
        """Offer these, the first one highlighted; ``unsure``: the first have one name, so that none is."""
        self.clear_options()
        lines = self._cut([*(words for _value, words in choices), *(addition.words for addition in additions)])
        self.add_options([Option(Content(f" {line}")) for line in lines[: len(choices)]])
        if len(choices) >= LIMIT:
            self.add_option(Option(Content(_(" … type to narrow down")), disabled=True))
        self.choices, self.additions = choices, additions
        self.add_options([Option(Content.styled(f" {line}", "bold")) for line in lines[len(choices) :]])
        self.highlighted = 0 if self.option_count and not unsure else None
        rows = self._place()
        hidden = self.option_count > rows
        self.border_subtitle = _("{n} lines: ↓").format(n=len(choices)) if hidden else ""
        if unsure:
            self.border_subtitle = _("several have this name: ↓ chooses one")
        self._set_open(bool(self.option_count))

    def _cut(self, lines: Sequence[str]) -> list[str]:
        """The lines as there is room for them, each with what tells it from the others."""
        room = self.parent.size.width if isinstance(self.parent, Widget) else 0
        return cut_apart(lines, min(room - LEFT - 1, WIDEST) - FRAME - 2) if room else [*lines]

    def _place(self) -> int:
        """Open below the field where there is room, so that the keys at the bottom are still seen; else above it.
        Gives the number of rows in sight."""
        if self._footer is None:  # looked for once: this runs at each key
            self._footer = next(iter(self.screen.query(KeyFooter)), None)
        rows, above = min(self.option_count, ROWS_IN_SIGHT), False
        if self._footer is not None and isinstance(self.parent, Widget):
            field = self.parent.region.y
            below = self._footer.region.y - field - 1 - FRAME
            above = below < min(rows, FEWEST_ROWS) and field - FRAME > below
            rows = min(rows, field - FRAME if above else max(below, FEWEST_ROWS))
        self.styles.max_height = rows + FRAME
        self.styles.offset = (0, -(rows + FRAME + 1) if above else 0)
        return rows

    @property
    def choice(self) -> Choice | None:
        """The highlighted choice; None if the list is closed, or another row is highlighted."""
        at = self.highlighted
        return self.choices[at] if self.is_open and at is not None and at < len(self.choices) else None

    @property
    def addition(self) -> Addition | None:
        """What the highlighted row would add; None if the list is closed, or another row is highlighted."""
        at = -1 if self.highlighted is None else self.highlighted - self.option_count + len(self.additions)
        return self.additions[at] if self.is_open and at >= 0 else None

    def go_to_additions(self) -> None:
        """Highlight the first row that adds something."""
        if self.additions:
            self.highlighted = self.option_count - len(self.additions)

    @property
    def is_open(self) -> bool:
        """Whether the list is dropped down."""
        return self.has_class("-open")

    def hide(self) -> None:
        """Close the list."""
        self._set_open(False)

    def _set_open(self, is_open: bool) -> None:
        if is_open != self.has_class("-open"):
            self.set_class(is_open, "-open")
            self.screen.refresh_bindings()  # Esc closes the list, or leaves the form


class PickList(Entry, Soon):
    """A choice. ``data`` is the chosen value, or the text as typed while nothing is chosen: saving resolves it."""

    app = getters.app(Host)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", _("Next choice"), show=False),
        Binding("up", "move(-1)", _("Previous choice"), show=False),
        Binding("f4", "open", _("Pick"), key_display="F4"),
        Binding("escape", "close", _("Close"), key_display="Esc"),
    ]

    class Missing(Message):
        """Somebody wants to add what the list lacks; the screen asks for it, and answers by ``added``."""

        def __init__(self, pick_list: "PickList", addition: Addition) -> None:
            super().__init__()
            self.pick_list = pick_list
            self.addition = addition

    def __init__(
        self,
        offer: Offer,
        name_of: Callable[[str], str],
        additions: Additions = nothing,
        lack: Callable[[], str] = lambda: _("not in the list"),
        namesakes: Namesakes = lambda _values, _typed, _context: False,
    ) -> None:
        """``lack``: says that nothing fits, and cannot be added here. ``namesakes``: whether two values have one name;
        where the first two have, Enter takes neither, until one is highlighted."""
        super().__init__()
        self._offer = offer
        self._name_of = name_of
        self._additions = additions
        self._lack = lack
        self._namesakes = namesakes
        self._taken: Choice | None = None
        self._choices: list[Choice] = []
        self._stale = True
        self._menu = ChoiceMenu(markup=False)

    def companion(self) -> Widget | None:
        return self._menu

    @property
    def menu(self) -> ChoiceMenu:
        """The list, with what fits all that is typed."""
        self.catch_up()
        return self._menu

    def search(self) -> None:
        """Drop the list down for what is typed."""
        self._drop_down()
        self.post_message(self.Understood())

    @property
    def data(self) -> Any:
        return self._taken[0] if self._taken else tidy(self.value) or None

    @property
    def lacks(self) -> bool:
        return self._taken is None

    @property
    def typed(self) -> Any:
        return {"value": self._taken[0], "text": self._taken[1]} if self._taken else {"text": self.value}

    def restore(self, typed: Any) -> None:
        text = str(typed["text"])
        self._show(typed.get("value"), text)

    def load(self, value: Any) -> None:
        self._show(value, "" if value is None else self._name_of(str(value)))

    def resolve_typed(self) -> str | None:
        """Take the typed text for a choice if it can mean only one. Where the list may lack what is meant, only a
        whole name can: “Hoàng Văn An” is nobody yet, and not Hoàng Văn Anh."""
        text = tidy(self.value)
        if self._taken or not text:
            return None
        choices = self._fitting(text)
        same = [c for c in choices if search_key(text) in map(search_key, _names(c))]
        if len(same) > 1:  # which differ in diacritics
            same = [c for c in same if spelling(text) in map(spelling, _names(c))] or same
        meant = same if same or self._lacking() else choices
        if len(meant) == 1:
            self._show(*meant[0])
        return None

    def reading(self) -> EntryReading:
        if self._taken or not tidy(self.value):
            return EntryReading()
        if not self._current():
            return EntryReading("" if self.is_open else self._absence(), understood=self.is_open)
        return EntryReading() if self.is_open else EntryReading(_("choose from the list: F4"), understood=False)

    @property
    def is_open(self) -> bool:
        """Whether the list is dropped down."""
        return self.menu.is_open

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
            self.search_soon()
        else:
            self._hide()

    @property
    def stands_whole(self) -> bool:
        return self._taken is not None

    @property
    def makes_room(self) -> bool:
        return self.has_focus and self.stands_whole

    def _begin(self) -> None:
        """Begin a new search when somebody types over a choice: its words are not changed."""
        self._forget()
        super()._begin()

    def action_delete_left(self) -> None:
        """Remove the choice, or delete one character of a search."""
        if not self._forget():
            super().action_delete_left()

    def action_delete_right(self) -> None:
        """Remove the choice, or delete one character of a search."""
        if not self._forget():
            super().action_delete_right()

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
        """Drop the whole list down, whatever is typed; if nothing fits it, the row that adds it is highlighted."""
        fits = self._taken is not None or not tidy(self.value) or bool(self._current())
        self._choices, self._stale = list(self._offer("", self.around)), False
        self.waits = False
        self._menu.show(self._choices, self._lacking(), unsure=self._is_unsure())
        if not fits:
            self._menu.go_to_additions()

    def action_close(self) -> None:
        """Close the list; what is typed stays."""
        self._hide()

    async def action_submit(self) -> None:
        """Take the highlighted choice and go on to the next field, or ask for what is to be added."""
        if self.take_highlighted():
            await super().action_submit()

    def take_highlighted(self) -> bool:
        """Take what is highlighted and close the list; False if it is a record that is yet to be added, or if nothing
        is, because several have the name."""
        choice, addition = self.menu.choice, self.menu.addition
        if self.is_open and choice is None and addition is None:
            self.app.bell()
            return False
        self._hide()
        if choice is not None:
            self.choose(choice)
        if addition is not None:
            self.post_message(self.Missing(self, addition))
        return addition is None

    def added(self, addition: Addition, row_id: str | None) -> None:
        """Take the record that was added and go on, as after a choice; None: it was not, so that the list is there
        again with what was typed."""
        if row_id is None:
            self._stale = True
            self._drop_down()
        else:
            self.load(row_id)
            if not self.at_enter():
                self.screen.focus_next()

    def _on_blur(self, event: Blur) -> None:
        super()._on_blur(event)
        if self.screen.focused is not self:  # otherwise the event is late: somebody types here again
            self._hide()
            if self.app.readable is not None:  # not where the screen was locked, or the program left
                self.resolve_typed()

    def _hide(self) -> None:
        self.waits = False
        self._menu.hide()

    def _drop_down(self) -> None:
        self._menu.show(self._current(), self._lacking(), unsure=self._is_unsure())

    def _is_unsure(self) -> bool:
        first = [value for value, _words in self._choices[:2]]
        return len(first) > 1 and self._namesakes(first, "" if self._taken else tidy(self.value), self.around)

    def _lacking(self) -> Sequence[Addition]:
        text = "" if self._taken else tidy(self.value)
        return self._additions(text) if self.around.adds and len(text) <= lengths.NAME else ()

    def _absence(self) -> str:
        return _("not in the list: F4 adds it") if self._lacking() else self._lack()

    def _current(self) -> list[Choice]:
        if self._stale:
            self._choices, self._stale = self._fitting("" if self._taken else self.value), False
        return self._choices

    def _fitting(self, text: str) -> list[Choice]:
        return list(self._offer(text, self.around))

    def _show(self, value: str | None, text: str) -> None:
        self._taken = (value, text) if value is not None else None
        self._stale, self.waits = True, False
        if self.value == text and self.is_mounted:
            self.post_message(self.Changed(self, text))
        self.value = text
        self.cursor_position = 0 if self._taken else len(text)  # a long choice is shown from its beginning


def _names(choice: Choice) -> tuple[str, str]:
    """The words of a choice, and these without what tells it from others."""
    return choice[1], choice[1].partition(" · ")[0]


class AddingList(PickList):
    """Names one after the other: Enter adds one to rows below and empties the field; in an empty field it goes on."""

    def __init__(self, offer: Offer, add: Callable[[str], None], *rest: Any, **named: Any) -> None:
        """``add``: takes the value of what was chosen. ``rest``, ``named``: what a ``PickList`` takes besides."""
        super().__init__(offer, lambda value: value, *rest, **named)
        self._add = add

    def choose(self, choice: Choice) -> None:
        self._show(None, "")
        self._add(choice[0])

    async def action_submit(self) -> None:
        if self.is_open:
            self.take_highlighted()
        elif not tidy(self.value):
            await super().action_submit()

    def resolve_typed(self) -> str | None:
        """Object to a name that was typed but not added: saving must not lose it."""
        if tidy(self.value):
            return _("“{text}” was not added: choose it from the list, or delete it.").format(text=tidy(self.value))
        return None


def reference_field(store: Store, kind: str, *, adds: bool = True) -> PickList:
    """A field that holds the id of a record of ``kind``; records in force on the day of the form come first.

    The record of the form itself is not offered. ``adds``: one that is not recorded yet can be meant.
    """

    def offered(text: str, context: FormContext) -> list[Choice]:
        found = lists.choices(store, kind, text, context.on, LIMIT)
        return [choice for choice in found if choice[0] != context.values.get("id")]

    return PickList(
        offered,
        lambda value: words.labels(store, kind, [value]).get(value, value),
        (lambda text: addition_of(store, kind, text)) if adds else nothing,
        lambda: lack_of(store, kind),
        lambda values, typed, context: lists.are_namesakes(store, kind, values, typed, context.on),
    )


def addition_of(store: Store, kind: str, name: str) -> list[Addition]:
    """The row that adds a record of ``kind`` with this name; none where this replica's people may not add one."""
    model = BY_KIND[kind]
    if model.CLOSED or not records.writable(store, model):
        return []
    row = _("Add “{name}”…").format(name=name) if name else _("Add: {kind}…").format(kind=_(model.TITLE))
    return [Addition(kind, row, {lists.name_field(model): name} if name else {})]


def lack_of(store: Store, kind: str) -> str:
    """The sentence about a name that is no record of ``kind``: who can add it."""
    model = BY_KIND[kind]
    if kind == "unit":
        return _("no unit has this name; hamlets have a field of their own")
    if model.REFERENCE and not model.CLOSED and store.role != "hq":
        return _("not there; F4: the list, which headquarters writes")
    return _("not in the list")


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
    """The choices that fit, the nearest first."""
    return [choice for _near, choice, _words in nearest((nearness(text, c[1]), c, c[1]) for c in choices)]


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
