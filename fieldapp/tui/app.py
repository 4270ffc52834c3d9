"""The application: opens the replica, shows the first screen, and lets no traceback through."""

import gc
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import events, work
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.worker import WorkerFailed

from fieldapp.crash import is_short_of_memory, log_crash, unexpected
from fieldapp.errors import FieldappError, ReadOnly, reason_text
from fieldapp.escaping import display_path
from fieldapp.i18n import LANGUAGES, _, speak
from fieldapp.store import disk_errors
from fieldapp.tui import themes
from fieldapp.tui.host import Host
from fieldapp.tui.keys import input_methods
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.stylesheet import StyleSheet
from fieldapp.tui.terminal import InputEnded
from fieldapp.tui.wait_sign import WaitSign
from fieldapp.tui.widgets.text_field import TextField

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.notifications import SeverityLevel
    from textual.screen import Screen

    from fieldapp.store.store import Store

KEY_NAMES = {"escape": "Esc", "shift+tab": "⇧Tab", "left": "←", "right": "→", "up": "↑", "down": "↓"}

LOCK_MINUTES = "lock_minutes"
"""Local setting: minutes without a key press after which the screen locks; 0 means never"""
DEFAULT_LOCK_MINUTES = 10
LOOK_SECONDS = 5.0
BROKEN_SECONDS = 6.0
QUIT_SECONDS = 10.0
"""For which the question before quitting stands"""
COUNT_SECONDS = 2
"""From which on a person who waits is told how long"""
YOUNG = 5_000
"""New objects after which those to throw away are looked for, once the first screen is there"""


def _collect_in_short_pauses() -> None:
    """Look for objects to throw away more often than while the program starts, and never again among those it made.

    A key leaves some hundred behind: of 50,000 the pause is 15 ms, amid the letter of whoever types.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


def _clocks() -> tuple[float, float]:
    return time.monotonic(), time.time()


TYPING = "typing"
"""Local setting: a name in ``input_methods``; unset or empty where the machine's own input method is used"""


LANGUAGE = "language"
"""Local setting: a key of ``i18n.LANGUAGES``, once somebody chose it on the screen"""


THEME = "theme"
"""Local setting: the name of one of ``themes.THEMES``"""


class FieldApp(Host):
    """The application on one replica.

    ``store``: given if the replica is unlocked already. ``read_only``: records can be looked at, not changed.
    """

    CSS_PATH = "fieldapp.tcss"
    TITLE = "fieldapp"
    ENABLE_COMMAND_PALETTE = False  # Textual's own palette offers to save the screen to a readable file
    NOTIFICATION_TIMEOUT = 2.5
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", _("Help")),
        Binding("f12", "typing", _("IME"), priority=True),
        Binding("f3", "search", _("Find"), show=False),
        Binding("f8", "report", _("Report"), show=False),
        Binding("f9", "usb", _("USB"), show=False),
        Binding("ctrl+p", "palette", _("Go to"), show=False, priority=True, key_display="Ctrl+P"),
        Binding("ctrl+l", "lock", _("Lock"), show=False, priority=True, key_display="Ctrl+L"),
        Binding("ctrl+q", "quit", _("Quit"), show=False, priority=True, key_display="Ctrl+Q"),
    ]

    def __init__(self, home: Path, store: "Store | None" = None, *, read_only: bool = False) -> None:
        super().__init__(store, read_only=read_only)
        self.home = home
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = self._visible(themes.default_theme())
        self.stylesheet = self._styles_of_all = StyleSheet(variables=self.get_css_variables())
        self._touched = _clocks()
        self._broken_said = -BROKEN_SECONDS
        self._second = SecondPress(QUIT_SECONDS)
        self._wait_sign = WaitSign(self, self._waits_for)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Variables of the style sheet that not every theme has."""
        return {"header-text": "#ffffff"}

    def refresh_css(self, animate: bool = True) -> None:
        """Show other colours. Textual asks for it at each start too, where every style would be made a second time."""
        self._styles_of_all.set_variables(self.get_css_variables())
        if self._styles_of_all.changed:
            super().refresh_css(animate)
        for screen in self.screen_stack:
            screen._css_update_count = self._css_update_count

    def get_key_display(self, binding: Binding) -> str:
        """The name of a key as it is printed on the keyboard."""
        return binding.key_display or KEY_NAMES.get(binding.key) or binding.key.capitalize()

    def on_mount(self) -> None:
        self.set_interval(LOOK_SECONDS, self._lock_when_left)
        self.set_interval(LOOK_SECONDS, self._end_without_input)
        if self._store is not None:
            self.enter(self._store)
            return
        from fieldapp.tui.screens.unlock import UnlockScreen

        self.push_screen(UnlockScreen(self.home))

    def enter(self, store: "Store") -> None:
        """Show the first screen of an open replica."""
        from fieldapp.tui.screens.home import HomeScreen

        self._store = store
        if self.read_only:
            store.set_read_only()
        self.habit = store.setting(TYPING, "") or ""
        if (language := store.setting(LANGUAGE)) in LANGUAGES:
            speak(str(language))
        if (chosen := store.setting(THEME)) in themes.titles():
            self.theme = self._visible(str(chosen))
        self.push_screen(HomeScreen())
        self._ask_day()
        if not self.is_headless:
            self.call_after_refresh(_collect_in_short_pauses)

    def _ask_day(self) -> None:
        """Where the machine's clock cannot be right, ask which day it is."""
        if self.store.day_unknown and not self.read_only:
            from fieldapp.tui.screens.day import DayDialog

            self.push_screen(DayDialog())

    # locking ----------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Put the lock off at each key press, paste and mouse click."""
        if isinstance(event, events.Key | events.Paste | events.MouseDown):
            self._touched = _clocks()
            self._wait_sign.key_came()
        await super().on_event(event)

    def _lock_when_left(self) -> None:
        """Lock when nobody has pressed a key for the set number of minutes.

        Either of two clocks counts: one may stop while a laptop sleeps, the other may be set.
        """
        if self._store is None or self.locked:
            return
        minutes = self._store.setting(LOCK_MINUTES, str(DEFAULT_LOCK_MINUTES)) or ""
        limit = 60 * (int(minutes) if minutes.isdecimal() else DEFAULT_LOCK_MINUTES)
        if limit and any(now - then >= limit for now, then in zip(_clocks(), self._touched, strict=True)):
            self.action_lock()

    def _end_without_input(self) -> None:
        """Where the keyboard is read no more, end: nobody could do anything here, nor leave."""
        if getattr(self._driver, "input_ended", False):
            self._handle_exception(InputEnded())

    def action_lock(self) -> None:
        """Cover the screen until a passphrase is given; typed text stays. Not while something is being written."""
        from fieldapp.tui.screens.lock import LockScreen

        if self._store is not None and not self.locked and not self._is_busy():
            self.push_screen(LockScreen(self.home))

    @property
    def _background_screens(self) -> "list[Screen[Any]]":
        """The screens below that a new size is told; none while the file is closed: they would read it."""
        return [] if self.locked else super()._background_screens

    async def lock_store(self) -> None:
        """Keep what is typed, close the file and forget its key. Meanwhile the screens below do not change."""
        from fieldapp.tui.screens.base import Page

        for screen in self.screen_stack[:-1]:  # what has come to them already may read the file
            for node in screen.walk_children(with_self=True):
                await self._passed(node)
            if isinstance(screen, Page):
                screen.keep()
        self.locked = True
        self.store.lock()

    def unlocked(self, opened: "Store") -> None:
        """Show the first screen, or go on where the work was left.

        If another person unlocks, they begin at the first screen and find the drafts there.
        """
        from fieldapp import replica
        from fieldapp.tui.screens.home import HomeScreen

        if self._store is None:
            self.enter(opened)
            for line in replica.notices_at_start(opened):
                self.notify(line, markup=False, severity="warning", timeout=30)
            self.back_up()
            return
        another = opened.user != self.store.user
        self.store.resume(opened)
        self.locked = False
        self._touched = _clocks()
        self.back_up()
        self.pop_screen()
        while another and len(self.screen_stack) > 1 and not isinstance(self.screen, HomeScreen):
            self.pop_screen()
        self._ask_day()

    def _would_lose(self) -> bool:
        """Whether closing the screens would lose what is typed: what can be kept is kept now."""
        from fieldapp.tui.screens.base import Page

        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]
        for page in pages:
            page.keep()
        return any(page.unkept for page in pages)

    def _is_busy(self) -> bool:
        return any(getattr(screen, "busy", False) for screen in self.screen_stack)

    def _waits_for(self, seconds: int) -> str:
        """What a person is told whose key was taken, and who has waited so long. Asked by another thread."""
        text = _("Saving …") if self._store is not None and self._store.writing else _("Working …")
        return text if seconds < COUNT_SECONDS else _("{what} {seconds} s").format(what=text, seconds=seconds)

    def _display(self, screen: "Screen[Any]", renderable: Any) -> None:
        """Write a picture of the screen. On Windows it goes to the terminal in several parts."""
        with self._wait_sign.painting:
            super()._display(screen, renderable)

    # keys -------------------------------------------------------------------------------------------------------

    def notify(self, message: str, *, severity: "SeverityLevel" = "information", **named: Any) -> None:
        """Show a message in place of the one before, so that it takes one line; warnings stay beside it."""
        for told in list(self._notifications) if severity == "information" else ():
            if told.severity == severity:
                self._unnotify(told, refresh=False)
        super().notify(message, severity=severity, **named)

    @work(thread=True)
    def back_up(self) -> None:
        """Write the backup of the day in a thread. If it fails, a message says why, and the work goes on.

        Then some files of records are read through: what a disk has spoiled is noticed while others still have it.
        """
        from fieldapp.sync.safety import backup, doctor

        if self.read_only:
            return
        try:
            with self.store.reopen() as store:
                backup.daily_backup(store)
                for name in doctor.check_some_files(store):
                    text = _("Damaged, and asked for again: the file {name}").format(name=display_path(name))
                    self.call_from_thread(self.notify, text, markup=False, severity="warning", timeout=10)
        except (FieldappError, OSError, MemoryError) as error:
            text = _("No backup of today: {why}").format(why=reason_text(error))
            self.call_from_thread(self.notify, text, markup=False, severity="warning", timeout=10)

    def push_screen(self, screen: Any, *arguments: Any, **named: Any) -> Any:
        """Show a screen. In read-only mode a screen that writes does not open, and a message says so."""
        delivered = self.is_web and getattr(screen, "DELIVERED", False)
        if self.read_only and getattr(screen, "WRITES", False) and not delivered:
            self._say_read_only()
            return AwaitComplete()
        return super().push_screen(screen, *arguments, **named)

    async def run_action(self, action: Any, default_namespace: DOMNode | None = None, namespaces: Any = None) -> bool:
        """Run the action of a key. In read-only mode an action that changes records only shows a message."""
        if self.read_only and action in getattr(self.screen, "not_allowed", ()):
            self._say_read_only()
            return True
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except ReadOnly:
            self._say_read_only()
            return True

    def _say_read_only(self) -> None:
        self.notify(_("The records are open for reading only. Nothing was changed."), markup=False)

    def action_help_quit(self) -> None:
        """Ctrl+C, which people press by habit: say which key quits."""
        self.notify(_("Ctrl+Q quits. What is typed is kept as a draft."), markup=False)

    def action_typing(self) -> None:
        """Switch to the next way of typing Vietnamese, and remember it."""
        names = ["", *input_methods()]
        self.take_typing(names[(names.index(self.habit) + 1) % len(names)])
        text = _("The program's own input method is off: Vietnamese is typed by the machine's.")
        if self.habit:
            text = _("The program composes Vietnamese itself now: {way}. F12 again: another way.")
        self.notify(text.format(way=self.habit), markup=False)

    def take_theme(self, name: str) -> None:
        """Show these colours from now on, and remember them."""
        self.theme = self._visible(name)
        self._remember(THEME, name)

    def _remember(self, setting: str, value: str) -> None:
        """Keep a choice for the next start; in read-only mode, or while the file is not open, it holds only for now."""
        if self.readable is not None and not self.read_only:
            self.readable.set_setting(setting, value)

    def _visible(self, theme: str) -> str:
        """The theme, unless it cannot be seen: with ``NO_COLOR`` Textual makes all of the sixteen colours black."""
        return themes.DARK.name if self.no_color and theme == themes.SIXTEEN.name else theme

    def show_book(self, kind: str) -> None:
        """List the records of a kind."""
        from fieldapp.tui.screens.list import ListScreen

        self.push_screen(ListScreen(kind))

    def show_unreceived(self) -> None:
        """List the records that headquarters has not received; at a post, and not while work runs."""
        from fieldapp.tui.screens.search import SearchScreen

        if self.store.role == "post" and not self.locked and not self._is_busy():
            self.push_screen(SearchScreen(state="unreceived"))

    def input_method_found(self) -> None:
        """Turn the program's own input method off, and say so."""
        self.take_typing("")
        self.notify(
            _(
                "The machine's input method is on, so the program's own is off now: two at once would break words."
                " To use the program's, switch the machine's off, then press F12."
            ),
            markup=False,
            timeout=10,
        )

    def key_unused(self, key: str) -> None:
        """Say that a function key does nothing on this screen, and where the others are named."""
        text = _("{key} does nothing on this screen. Esc goes back.")
        if key == "f4" and isinstance(self.focused, TextField):
            text = _("This field has no list: type straight into it.")
        if key == "f12":
            text = _("{key} chooses how Vietnamese is typed. It works in fields for Vietnamese words only.")
        self.notify(text.format(key=key.upper()), markup=False, timeout=5)

    def letter_broken(self) -> None:
        """Say that a letter was lost, and where to look; once for all that come while the sentence is shown."""
        now = time.monotonic()
        if now < self._broken_said + BROKEN_SECONDS:
            return
        self._broken_said = now
        self.notify(
            _("A letter came broken and was left out: the terminal does not send UTF-8. Look at what you typed last."),
            markup=False,
            severity="warning",
            timeout=BROKEN_SECONDS,
        )

    def take_language(self, code: str) -> None:
        """Speak this language from now on, and remember it. What is typed is kept as drafts; the screens begin anew."""
        from fieldapp.tui.screens.base import Page
        from fieldapp.tui.screens.home import HomeScreen

        if self._would_lose():
            text = _("Not now: what is open here is kept nowhere. Finish it by F2 or leave it by Esc first.")
            self.notify(text, markup=False)
            return
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.keep()
        speak(code)
        self._remember(LANGUAGE, code)
        while not isinstance(self.screen, HomeScreen):
            self.pop_screen()
        self.switch_screen(HomeScreen())

    def take_typing(self, name: str) -> None:
        """Type Vietnamese in this way from now on, and remember it; empty: as the machine does."""
        from fieldapp.tui.widgets.header import HeaderLine

        self.habit = name
        self._remember(TYPING, name)
        for header in self.screen.query(HeaderLine):
            header.show_typing()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """F12 works only in fields where Vietnamese is typed."""
        if action != "typing":
            return True
        return isinstance(self.focused, TextField) and self.focused.VIETNAMESE and not self.focused.password

    def action_help(self) -> None:
        """Say what the screen is for and which keys work now."""
        from fieldapp.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_palette(self) -> None:
        """Go anywhere by its name."""
        if self._may_go():
            self.choose_way(_("Go to"), "write")

    def action_search(self) -> None:
        """Search all records, from wherever F3 has no other work."""
        from fieldapp.tui.screens.search import SearchScreen

        self._go_by_key(SearchScreen)

    def action_report(self) -> None:
        """Show the figures of a year."""
        from fieldapp.tui.screens.report import ReportScreen

        self._go_by_key(ReportScreen)

    def action_usb(self) -> None:
        """Carry changes on a stick."""
        from fieldapp.tui.screens.sync import SyncScreen

        self._go_by_key(SyncScreen)

    def _may_go(self) -> bool:
        """Not before the replica is open, and not while work runs or a window asks something."""
        from fieldapp.tui.screens.base import Page

        return isinstance(self.screen, Page) and not self.screen.busy

    def _go_by_key(self, place: "Callable[[], Screen[Any]]") -> None:
        """Show a screen, unless it is the one where the key was pressed."""
        if self._may_go() and type(self.screen) is not place:
            self.push_screen(place())
        else:
            self.key_unused(self.last_key)

    def choose_way(self, title: str, first: Literal["write", "look"]) -> None:
        """Let the user choose from everything that can be done, one sort of it first, and do it."""
        from fieldapp.tui.screens.ways import Go, WayFinder

        def chosen(go: Go | None) -> None:
            if go is not None:
                self.lead_on(lambda: go(self))

        self.push_screen(WayFinder(self.store, title, first), chosen)

    async def action_quit(self) -> None:
        """Leave the program, but not while something is being written. Ask first if what is typed would be lost."""
        if self._is_busy():
            self.notify(_("Wait: what was begun is not finished yet."), markup=False)
        elif self._would_lose():
            question = _("What is open here is kept nowhere. Ctrl+Q again quits.")
            self._second.press("quit", lambda: self.notify(question, markup=False, timeout=QUIT_SECONDS), self.exit)
        else:
            self.exit()

    def on_unmount(self) -> None:
        if self._store is not None and not self.locked:
            self._store.close()
            self.locked = True  # an event that comes late reads no more
        self._wait_sign.end()

    def _handle_exception(self, error: Exception) -> None:
        """End after an unexpected error: write the details to a log file and say where. Typed text stays a draft."""
        if self._exception is not None:
            return
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        self._exception = error
        disk_error = disk_errors.disk_error_text(error, self.home)
        if disk_error is not None:
            self.exit(return_code=1, message=str(disk_error))
            return
        from fieldapp.store import migrations

        path = log_crash(error, self.home)
        lacking = migrations.explain(self._store.db) if self._store and not is_short_of_memory(error) else None
        self.exit(return_code=1, message=str(lacking or unexpected(error, path)))


def run_app(home: Path, *, read_only: bool = False) -> None:
    """Open the screen on the replica in ``home``; ``read_only``: records can be looked at, not changed.

    FieldappError where nothing can ever be typed: the screen would wait, and read without end.
    """
    if _reads_nothing():
        raise FieldappError(_("The screen needs a terminal to type in. Commands do without one: `fieldapp --help`."))
    app = FieldApp(home, read_only=read_only)
    app.run()
    sys.exit(app.return_code or 0)


def _reads_nothing() -> bool:
    """Whether the keyboard is the null device, as for a timer or with a closed stream."""
    try:
        return os.path.samestat(os.fstat(sys.stdin.fileno()), os.stat(os.devnull))  # noqa: PTH116 — of an open file
    except (OSError, ValueError):
        return False
