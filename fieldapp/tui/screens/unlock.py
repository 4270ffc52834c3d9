"""The first screen: who works, and their passphrase."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import getters, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import vault
from fieldapp.tui.host import Host
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.scrolling import PassingList
from fieldapp.tui.widgets.text_field import TextField

if TYPE_CHECKING:
    from fieldapp.store.store import Store

PAINTED_SECONDS = 0.1
"""After which this screen is painted, so that the next one may be loaded"""


class UserList(PassingList):
    """The people who use this laptop."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Choose"), key_display="Enter")]


class PassphraseField(TextField):
    """The passphrase that opens the replica."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Open"), key_display="Enter")]


class UnlockScreen(Screen[None]):
    """Opens the replica in ``home``."""

    app = getters.app(Host)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "start", _("Begin from a pack")),
        Binding("f5", "recover", _("Forgotten?")),
        Binding("f4", "app.moved('recover')", show=False),
        Binding("down", "app.focus_next", _("Next"), show=False),
        Binding("up", "app.focus_previous", _("Step back"), show=False),
        Binding("escape", "app.quit", _("Quit"), key_display="Esc"),
    ]

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home
        self._users = vault.users(home)
        self._empty = not self._users and _has_no_records(home)
        self._practice = vault.practice_passphrase(home)
        self._opening = False

    @property
    def keys_wait(self) -> bool:
        """While the passphrase is checked, keys that are typed ahead wait for the first screen."""
        return self._opening and self.is_active

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(Content(self._title()), id="title")
            if len(self._users) > 1:
                yield Static(Content(_("Who works?")))
                yield UserList(*[Option(Content(u)) for u in self._users], id="users", markup=False)
            elif self._users:
                yield Static(Content(self._users[0]))
            if self._users:
                yield Static(Content(_("Passphrase")))
                yield PassphraseField(password=True, stays=True, id="passphrase")
            if self._practice:
                yield Static(Content(_("For practice it is: {passphrase}").format(passphrase=self._practice)))
            yield Static(id="message", classes="problem", markup=False)
        yield KeyFooter()

    def _title(self) -> str:
        title = _("Field records of the border post")
        return f"{_('PRACTICE')} · {title}" if self._practice else title

    def on_mount(self) -> None:
        self.set_timer(PAINTED_SECONDS, self._load_first_screen)
        if self._users:
            self.query_one("#users" if len(self._users) > 1 else "#passphrase").focus()
        else:
            if self._empty:
                line = _("There are no records in {home} yet. F2 begins those of a post, from headquarters' pack.")
            else:
                line = _("There is no replica in {home}. Make one with `fieldapp init`.")
            self._say(line.format(home=self._home))

    def on_option_list_option_selected(self) -> None:
        self.query_one("#passphrase").focus()

    @work(thread=True)
    def _load_first_screen(self) -> None:
        """Import what the first screen needs while the passphrase is typed."""
        from fieldapp import replica  # noqa: F401
        from fieldapp.tui.screens import home  # noqa: F401

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        if self._opening:
            return
        self._opening = True
        self._say(_("Opening …"))
        self._open(self._chosen(), event.value)

    def _chosen(self) -> str:
        at = self.query_one("#users", OptionList).highlighted if len(self._users) > 1 else 0
        return self._users[at or 0]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Begin where there are no records, otherwise recover."""
        return self._empty if action == "start" else action != "recover" or bool(self._users)

    def action_start(self) -> None:
        """Begin the records of a post; then its words and those of headquarters are shown, to be compared."""
        from fieldapp.tui.screens.begin import BeginScreen
        from fieldapp.tui.screens.laptops import LaptopsScreen

        def begun(store: "Store | None") -> None:
            if store is not None:
                self._opened(store)
                self.app.call_later(self.app.push_screen, LaptopsScreen())

        self.app.push_screen(BeginScreen(self._home), begun)

    def action_recover(self) -> None:
        """Open the replica without the passphrase, by a code that headquarters reads out."""
        from fieldapp.tui.screens.people import RecoverScreen

        def opened(store: "Store | None") -> None:
            if store is not None:
                self._opened(store)

        if self._users and not self._opening:
            self.app.push_screen(RecoverScreen(self._home, self._chosen()), opened)

    @work(thread=True)
    def _open(self, user: str, passphrase: str) -> None:
        from fieldapp import replica

        try:
            store = replica.unlock(self._home, user, passphrase, read_only=self.app.read_only)
        except FieldappError as error:
            self.app.call_from_thread(self._refused, str(error))
        else:
            self.app.call_from_thread(self._opened, store)

    def _opened(self, store: "Store") -> None:
        for field in self.query(PassphraseField):
            field.value = ""
        self.app.unlocked(store)

    def _refused(self, sentence: str) -> None:
        self._opening = False
        self.query_one(TextField).value = ""
        self._say(sentence)

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(Content(text))


def _has_no_records(home: Path) -> bool:
    """Whether a folder holds no records at all, rather than such that nobody has a key to."""
    from fieldapp.store.store import FILE

    return not (home / FILE).exists()
