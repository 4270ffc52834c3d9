"""The screen is covered: nothing can be read, what was typed waits, and a passphrase uncovers it."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from fieldapp.i18n import _
from fieldapp.tui.screens.unlock import UnlockScreen


class LockScreen(UnlockScreen, inherit_bindings=False):
    """Covers everything until one of the laptop's users is there; the file is closed meanwhile, its key forgotten."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f4", "recover", _("Forgotten?"))]

    def on_mount(self) -> None:
        self.app.lock_store()
