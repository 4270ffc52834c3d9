"""What all screens share: the header, the footer and the open replica."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from textual import getters, work
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import ActiveBinding, Binding, BindingType
from textual.events import ScreenResume
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, OptionList

from fieldapp.errors import FieldappError
from fieldapp.i18n import _, again
from fieldapp.store.store import Store
from fieldapp.tui.host import Host
from fieldapp.tui.keys import is_shown
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.header import HeaderLine
from fieldapp.tui.widgets.scrolling import PassingList

FIRST_KEYS = ("enter", "tab", "shift+tab", "down", "up", "left", "right")
LAST_KEYS = ("delete", "ctrl+p", "ctrl+l", "ctrl+q", "escape", "f1")
CHOICES = (OptionList.OptionSelected, Input.Submitted)
"""What a person chooses on a screen, by Enter or a click"""


class OrderedKeys(Screen[Any]):
    """A screen with the same order of keys in its footer at all times: fields and arrows, F2 to F12, Esc, help."""

    app = getters.app(Host)
    WRITES: ClassVar[bool] = False
    """The screen is there to change records or to write a file, so it does not open in read-only mode"""
    CHANGES: ClassVar[frozenset[str]] = frozenset()
    """Actions that change records or write files: not in the footer in read-only mode"""
    DELIVERS: ClassVar[frozenset[str]] = frozenset()
    """Those of ``CHANGES`` that only make a file: in a browser it goes there, in read-only mode too"""
    DELIVERED: ClassVar[bool] = False
    """The same of the whole screen"""
    ALSO: ClassVar[frozenset[str]] = frozenset()
    """Actions of the application that the footer names here, although they work everywhere"""
    _left_with: tuple[Any] | None = None
    """What the screen was closed with while something covered it"""

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that work now, in the order of the footer; none while the file is locked."""
        if self.app.locked:
            return {}
        hidden = self.not_allowed
        keys = {
            key: _in_words_of_now(active)
            for key, active in super().active_bindings.items()
            if active.binding.action not in hidden
        }
        return dict(sorted(keys.items(), key=lambda item: _footer_place(item[0])))

    @property
    def not_allowed(self) -> frozenset[str]:
        """Actions that do nothing in read-only mode, while it lasts."""
        if not self.app.read_only:
            return frozenset()
        return self.CHANGES - (self.DELIVERS if self.app.is_web else frozenset())

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Focus a widget; for one that is not shown the next that is, or else the last before it: what is typed must
        be seen."""
        super().set_focus(widget and self._shown_for(widget), scroll_visible, from_app_focus)

    def _shown_for(self, widget: Widget) -> Widget:
        if is_shown(widget):
            return widget
        order = [*self.query("*")]
        at = order.index(widget) if widget in order else 0
        shown = [other for other in order if other.focusable and is_shown(other)]
        after = (other for other in shown if order.index(other) > at)
        return next(after, shown[-1] if shown else widget)

    def on_screen_suspend(self) -> None:
        for footer in self.query(KeyFooter):
            footer.refresh()

    def on_screen_resume(self) -> None:
        for footer in self.query(KeyFooter):
            footer.refresh()
        if self._left_with is not None and self.is_active:
            self.dismiss(*self._left_with)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close the screen, once. What covers it, as the help does while work ends here, is left first: Textual would
        close that in its place, and end the program when this one is left."""
        if self.is_active:
            return super().dismiss(result)
        if self in self.app.screen_stack:
            self._left_with = (result,)
        return AwaitComplete()

    async def _on_message(self, message: Message) -> None:
        """Take no choice that comes when another one has covered or closed the screen, as by Enter and a click at once:
        it would open a second screen over the first."""
        if self.is_active or not isinstance(message, CHOICES):
            await super()._on_message(message)


def _in_words_of_now(active: ActiveBinding) -> ActiveBinding:
    words = again(active.binding.description)
    if words == active.binding.description:
        return active
    return active._replace(binding=replace(active.binding, description=words))


def _footer_place(key: str) -> tuple[int, int]:
    if key in FIRST_KEYS:
        return 0, FIRST_KEYS.index(key)
    if key in LAST_KEYS:
        return 3, LAST_KEYS.index(key)
    number = key.removeprefix("shift+").removeprefix("f")
    return (2, 2 * int(number) + key.startswith("shift+")) if number.isdecimal() else (1, 0)


class Lines(PassingList):
    """A list of lines, which offers no key while there is no line to choose."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter takes a line."""
        return action != "select" or self.highlighted is not None


class Chooser(Lines):
    """A list of lines; the footer says that Enter takes one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Choose"), key_display="Enter")]


class OpenList(Lines):
    """A list of lines; the footer says that Enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Open"), key_display="Enter")]


MARK = "■"
"""The sign of a marked line"""


class MarkList(Lines):
    """A list of which several lines can be marked with ``MARK``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select", _("Mark"), key_display="Enter"),
    ]


class Page(OrderedKeys):
    """A whole screen: header, ``body``, footer. Esc goes back one step."""

    HELP: ClassVar[str] = ""
    """English message: which question the screen answers"""
    busy = False
    """Work is running that must end before the program may be left"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", _("Next"), show=False),
        Binding("up", "app.focus_previous", _("Step back"), show=False),
        Binding("escape", "back", _("Back"), key_display="Esc"),
    ]

    @property
    def store(self) -> Store:
        """The open replica."""
        return self.app.store

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield from self.app.banner()
        yield from self.arranged()
        yield KeyFooter()

    def arranged(self) -> ComposeResult:
        """The body, with what stands around it."""
        yield from self.body()

    def body(self) -> ComposeResult:
        """The widgets between header and footer."""
        yield from ()

    def _on_screen_resume(self, event: ScreenResume) -> None:
        if self.app.leads_on or not self.is_current:  # it is covered again
            event.prevent_default()
        else:
            self.come_back()

    def come_back(self) -> None:
        """Show the state of now."""
        for header in self.query(HeaderLine):  # a form on top of another page has none
            header.refresh_state()
        self.renew()

    def renew(self) -> None:
        """Read again what is shown: something may have been recorded on another screen."""

    def look_up(self, what: str, read: Callable[[Store], Any], show: Callable[[Any], None]) -> None:
        """Show something that may take long to read. It is read while the screen goes on, then shown if the screen is
        still there; what is known under the name ``what``, and no change came since, is shown at once."""
        known = self.store.kept(what)
        if known is None:
            self._look_up(what, self.store.state(), read, show)
        else:
            show(known)

    @work(thread=True, exclusive=True, group="look up")
    def _look_up(
        self, what: str, state: tuple[object, ...], read: Callable[[Store], Any], show: Callable[[Any], None]
    ) -> None:
        try:
            with self.store.reopen() as store:
                found = read(store)
        except FieldappError:  # the file was locked meanwhile
            return

        def known() -> None:
            self.store.keep_until_changed(what, state, found)
            if self.is_attached:
                show(found)

        self.app.call_from_thread(known)

    def keep(self) -> None:
        """Keep what is typed: the file is about to be closed."""

    @property
    def unkept(self) -> bool:
        """Something was typed or chosen here that no draft can keep."""
        return False

    def will_answer(self, _replica_id: str) -> bool:
        """Whether the reply for a laptop is written here as soon as it is certified."""
        return False

    def action_back(self) -> None:
        """Go back one step."""
        self.dismiss(None)


class Dialog(OrderedKeys, ModalScreen[Any]):
    """A small window over a screen; Esc closes it."""

    busy = False
    """Work is running that must end before the window is closed, the screen locked or the program left"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", _("Back"), key_display="Esc"),
        Binding("f1", "app.help", _("Help")),
    ]

    def action_close(self) -> None:
        """Close without a choice."""
        self.dismiss(None)
