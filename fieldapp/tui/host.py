"""The application as screens and widgets see it, so that none of them has to import ``fieldapp.tui.app``."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from textual.events import Click, ScreenResume
from textual.widget import Widget
from textual.widgets import OptionList

from fieldapp.i18n import _
from fieldapp.tui.keys import TypingApp

if TYPE_CHECKING:
    from fieldapp.store.store import Store


_on_click = OptionList._on_click


async def _click_what_is_there(clicked: OptionList, event: Click) -> None:
    """A click on a line that was painted and is not there any more is none: Textual's own ends the program by it."""
    at = event.style.meta.get("option")
    if at is None or at < clicked.option_count:
        await _on_click(clicked, event)


OptionList._on_click = _click_what_is_there  # type: ignore[method-assign, assignment]


class Host(TypingApp[None]):
    """What screens and widgets may ask of their application. They get it by ``app = getters.app(Host)``.

    A base class, not a Protocol, because Textual checks it at run time. ``FieldApp`` is the real one; a test that
    shows a single screen makes its own.
    """

    def __init__(self, store: "Store | None" = None, *, read_only: bool = False) -> None:
        super().__init__()
        self._store = store
        self.read_only = read_only
        """Records can be looked at, not changed"""
        self.locked = False
        """The screen is covered and the file closed"""
        self.leads_on = False
        """A window was answered, and what was chosen covers the screen below again: that is not painted meanwhile"""

    @property
    def store(self) -> "Store":
        """The open replica; every screen has one except the first, which opens it."""
        if self._store is None:
            raise RuntimeError("locked")
        return self._store

    @property
    def readable(self) -> "Store | None":
        """The replica while its file is open: None before the first passphrase, and while the screen is locked."""
        return None if self.locked else self._store

    def banner(self) -> Iterator[Widget]:
        """Widgets below the header of each page: none, except in the tutorial."""
        yield from ()

    def action_moved(self, *actions: str) -> None:
        """Say which key does now what the pressed one did in older versions: one of ``actions``, if it can be done."""
        bound = (active.binding for active in self.screen.active_bindings.values())
        binding = next((binding for binding in bound if binding.action in actions), None)
        if binding is None:
            self.key_unused(self.last_key)
            return
        line = _("{what}: {key}").format(what=binding.description, key=self.get_key_display(binding))
        self.notify(line, markup=False)

    def lead_on(self, go: Callable[[], object]) -> None:
        """Do what was chosen in a window that set ``leads_on``; the screen below is shown if nothing covers it."""
        self.leads_on, below = False, self.screen
        go()
        if self.screen is below:
            below.post_message(ScreenResume())

    async def lock_store(self) -> None:
        """Keep what is typed, close the file and forget its key."""
        raise NotImplementedError

    def unlocked(self, opened: "Store") -> None:
        """Go on with the replica that a passphrase opened."""
        raise NotImplementedError

    def take_theme(self, name: str) -> None:
        """Show these colours from now on."""
        raise NotImplementedError

    def choose_way(self, title: str, first: Literal["write", "look"]) -> None:
        """Let the user choose from everything that can be done."""
        raise NotImplementedError

    def take_language(self, code: str) -> None:
        """Speak this language from now on."""
        raise NotImplementedError

    def take_typing(self, name: str) -> None:
        """Type Vietnamese by this input method of ours from now on; empty for the machine's."""
        raise NotImplementedError

    def show_book(self, kind: str) -> None:
        """List the records of a kind."""
        raise NotImplementedError

    def show_unreceived(self) -> None:
        """List the records that headquarters has not received."""
        raise NotImplementedError
