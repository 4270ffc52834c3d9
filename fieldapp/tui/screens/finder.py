"""A small window to find one thing: typing filters, the arrows choose, Enter takes it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.i18n import _
from fieldapp.tui.after_painting import Soon
from fieldapp.tui.screens.base import Dialog
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.more_below import MoreBelow
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.finding import FAR, nearest, nearness

Group = tuple[str, Sequence[tuple[Any, str]]]
"""A heading, and (value, name) of each line below it"""

Found = tuple[str, Sequence[tuple[int, Any, str]]]
"""A heading, and (nearness, value, name) of each line below it that fits what is typed"""


class WordField(TextField):
    """Words of a name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Choose"), key_display="Enter"),
        Binding("down", "screen.move(1)", _("Go through"), key_display="↑↓"),
        Binding("up", "screen.move(-1)", _("Previous"), show=False),
    ]


class Finder(Dialog, Soon):
    """Dismisses with the value that was taken, or with None."""

    ASKS: ClassVar[str] = "type a word of the name"
    """English message: what is said in the empty field"""
    NOTHING: ClassVar[str] = "No line has these words."
    """English message: what is said where nothing fits"""

    def __init__(self, title: str, groups: Sequence[Group], also_called: Mapping[Any, str] | None = None) -> None:
        """``also_called``: value -> other words for it, with commas between."""
        super().__init__()
        self._also_called = also_called or {}
        self._title = title
        self._groups = groups
        self._values: list[Any] = []
        """The value of each line of the list; None for a heading"""

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(Content(self._title), classes="section")
            yield WordField(stays=True, placeholder=_(self.ASKS))
            found = OptionList(markup=False)
            found.can_focus = False
            yield found
            yield MoreBelow(found)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.refilter()

    def on_screen_resume(self) -> None:
        """Search for what was typed just before another screen covered this one."""
        self.catch_up()

    def groups(self, typed: str) -> Sequence[Group]:
        """What can be found. ``typed`` matters where a new name may be given."""
        return self._groups

    @property
    def chosen(self) -> Any:
        """The value of the line that is highlighted for all that is typed; None where there is none."""
        self.catch_up()
        at = self.query_one(OptionList).highlighted
        return None if at is None else self._values[at]

    def refilter(self) -> None:
        """Filter again by the words typed."""
        self.waits = False
        self._filter(self.typed)

    def search(self) -> None:
        self._filter(self.typed)

    def on_input_changed(self) -> None:
        self.search_soon()

    @property
    def typed(self) -> str:
        """What is typed."""
        return self.query_one(WordField).value

    def found(self, typed: str) -> Sequence[Found]:
        """The lines that fit, the nearest first below each heading."""
        return [
            (heading, nearest((self._nearness(typed, value, name), value, name) for value, name in named))
            for heading, named in self.groups(typed)
        ]

    def _nearness(self, typed: str, value: Any, name: str) -> int | None:
        return nearness(typed, name, self._also_called.get(value, "") if self._also_called else "")

    def _filter(self, typed: str) -> None:
        groups = self.found(typed)
        self._values = []
        lines: list[Option] = []
        near: list[tuple[int, int]] = []

        def say(sentence: str) -> None:
            """Add a line that cannot be chosen."""
            self._values.append(None)
            lines.append(Option(Content.styled(sentence, "bold"), disabled=True))

        if not any(distance < FAR for _heading, named in groups for distance, _value, _name in named):
            say(_(self.NOTHING))
        for heading, named in groups:
            if heading and named:
                say(heading)
            for distance, value, name in named:
                near.append((distance, len(self._values)))
                self._values.append(value)
                lines.append(Option(Content(f"  {name}")))
        found = self.query_one(OptionList)
        found.clear_options()
        found.add_options(lines)
        found.highlighted = min(near)[1] if near else None

    def action_move(self, step: int) -> None:
        """Go up or down the list."""
        self.catch_up()
        found = self.query_one(OptionList)
        if step > 0:
            found.action_cursor_down()
        else:
            found.action_cursor_up()

    def on_input_submitted(self) -> None:
        if self.chosen is not None:
            self.dismiss(self.chosen)
